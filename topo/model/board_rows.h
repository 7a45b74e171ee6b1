/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the rows of a board (abi/boards/) to struct board. Each board has a file board_NAME.c, which
 * includes its rows and is one BOARD_DEFINE(NAME).
 */
#ifndef TOPO_MODEL_BOARD_ROWS_H
#define TOPO_MODEL_BOARD_ROWS_H

#include "abi/boards/boards.h"
#include "abi/boards/fits.h"
#include "lib/bits.h"
#include "lib/image_board.h"
#include "topo/model/board.h"

#define BOARD_DECLARE(name) extern const struct board board_##name;
PV_BOARDS(BOARD_DECLARE)

/* Words of the rows. */
#define ROW_SHOWN true
#define ROW_HIDDEN false
#define ROW_KERNEL false, "the kernel's own"
#define ROW_NOBODY false, "for no VM"
#define ROW_GUESTS true, "the kernel's own"
#define ROW_DMA true
#define ROW_QUIET false

#define ROW_RANGE(block, base, bytes, user, shown, name)                                           \
	{name, base, bytes, ROW_##shown, ROW_##user},
#define ROW_IRQS(block, first, count, name) {name, first, count},
#define ROW_DEVICE(path, base, bytes, irq, kind, dma)                                              \
	{path, base, bytes, irq, HARDWARE_##kind, ROW_##dma},
#define ROW_WINDOW(kind, base, bytes, irq) {BOARD_PCI_HOST, base, bytes, irq, HARDWARE_OTHER, true},
#define ROW_PCI(kind, base, bytes, irq) {BOARD_##kind, base, bytes},
#define ROW_CONTROLLER(path, powers) {path, powers},
#define ROW_COUNT(table) (ARRAY_COUNT(table))

#define BOARD_DEFINE(symbol)                                                                       \
	BOARD_FITS                                                                                 \
	IMAGE_BOARD(checked)                                                                       \
	static const struct board_range reserved[] = {BOARD_BLOCKS(ROW_RANGE)};                    \
	static const struct board_irqs irqs[] = {BOARD_IRQS(ROW_IRQS)};                            \
	static const struct board_device devices[] = {BOARD_TREE(ROW_DEVICE)                       \
	                                                      BOARD_PCI_WINDOWS(ROW_WINDOW)};      \
	static const struct board_window pci_windows[] = {BOARD_PCI_WINDOWS(ROW_PCI)};             \
	/* One more, which is not counted: a table has a row. */                                   \
	static const struct board_controller controllers[] = {                                     \
		BOARD_CONTROLLERS(ROW_CONTROLLER){"", 0}};                                         \
	const struct board board_##symbol = {                                                      \
		.name = BOARD_NAME,                                                                \
		.title = BOARD_TITLE,                                                              \
		.directory = BOARD_DIRECTORY,                                                      \
		.by_directory = BOARD_BY_DIRECTORY != 0,                                           \
		.id = BOARD_ID,                                                                    \
		.runs = BOARD_ID != 0,                                                             \
		.qemu_machine = BOARD_QEMU_MACHINE,                                                \
		.qemu_cpu = BOARD_QEMU_CPU,                                                        \
		.cpu_max = BOARD_CPUS,                                                             \
		.ram_base = BOARD_RAM_BASE,                                                        \
		.ram_bytes_max = BOARD_RAM_BYTES,                                                  \
		.ram_kernel_bytes = BOARD_RAM_TAKEN,                                               \
		.ram_zeroed = BOARD_RAM_ZEROED != 0,                                               \
		.gic_version = BOARD_GIC_VERSION,                                                  \
		.list_registers = BOARD_GIC_LIST_REGISTERS,                                        \
		.spi_count = BOARD_GIC_SPIS,                                                       \
		.smmu = BOARD_SMMU != 0,                                                           \
		.checked = &checked,                                                               \
		.reserved = reserved,                                                              \
		.reserved_count = ROW_COUNT(reserved),                                             \
		.irqs = irqs,                                                                      \
		.irq_count = ROW_COUNT(irqs),                                                      \
		.devices = devices,                                                                \
		.device_count = ROW_COUNT(devices),                                                \
		.controllers = controllers,                                                        \
		.controller_count = ROW_COUNT(controllers) - 1,                                    \
		.pci_host = BOARD_PCI_HOST,                                                        \
		.pci_irq = BOARD_PCI_IRQ,                                                          \
		.pci_windows = pci_windows,                                                        \
		.pci_window_count = ROW_COUNT(pci_windows),                                        \
		.msi_forgeable = BOARD_MSI_COUNT != 0,                                             \
	}

#endif
