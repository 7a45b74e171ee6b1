/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a board has, as data: memory, CPUs, interrupt controller, what of it is the kernel's own,
 * and the device-tree nodes that a topology may give to a VM. All of it is read from abi/boards/.
 */
#ifndef TOPO_MODEL_BOARD_H
#define TOPO_MODEL_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/image.h"

struct image_board; /* lib/image_check.h */

/* Physical addresses with a name, of what is the kernel's own. */
struct board_range {
	const char *name;
	uint64_t base;
	uint64_t bytes;
	bool shown;  /* every VM has a virtual one of it: a node of it may stand for that */
	bool guests; /* guests reach it by themselves */
	const char *whose;
};

/* Interrupts with a name, of what is the kernel's own. */
struct board_irqs {
	const char *name;
	uint32_t first; /* INTID */
	uint32_t count;
};

/* What a device decides for other devices, bits. */
enum board_power {
	BOARD_CLOCKS = 1,
	BOARD_RESETS = 2,
	BOARD_SUPPLY = 4,
	BOARD_PINS = 8,
};
#define BOARD_POWERS 4U
#define PCI_LINES 4U /* INTA to INTD */

/* What of physical addresses a PCI host bridge takes, and for what. */
enum board_window_kind { BOARD_REGISTERS, BOARD_CONFIG, BOARD_IO, BOARD_MEMORY };

struct board_window {
	enum board_window_kind kind;
	uint64_t base;
	uint64_t bytes;
};

/* A device on which other devices depend. */
struct board_controller {
	const char *path;
	unsigned int powers;
};

/* Classes of devices. */
enum hardware_kind {
	HARDWARE_NIC,
	HARDWARE_STORAGE,
	HARDWARE_GPU,
	HARDWARE_USB,
	HARDWARE_SERIAL,
	HARDWARE_OTHER,
	HARDWARE_KIND_COUNT
};

/* A device that may be given to a VM: one row for each range of its registers. */
struct board_device {
	const char *path; /* in the board's device tree */
	uint64_t base;    /* of the range */
	uint64_t bytes;   /* 0 = it has no registers */
	uint32_t irq;     /* INTID, 0 = none */
	enum hardware_kind kind;
	bool dma; /* it reaches memory by itself */
};

struct board {
	const char *name;      /* "qemu-virt-v3": --board, and `board` in a configuration */
	const char *title;     /* for people */
	const char *directory; /* of its devices.camkes in deployed applications */
	bool by_directory;     /* it is what that directory stands for */
	enum pv_board id;
	bool runs;                           /* `topo build` and `topo run` know it */
	const char *qemu_machine, *qemu_cpu; /* QEMU's -M and -cpu of a board that runs */
	bool unknown; /* only its name is known: no address below is set, and it has no devices */
	uint32_t cpu_max;
	uint64_t ram_base;
	uint64_t ram_bytes_max;    /* largest memory of the board */
	uint64_t ram_kernel_bytes; /* taken by kernel, image tables, stage-2 tables and VMMs */
	bool ram_zeroed;           /* it starts as zeros, but for board_tree_at() and the system */
	uint32_t gic_version;      /* which guests have, too */
	uint32_t list_registers;   /* of the virtual CPU interface */
	uint32_t spi_count;        /* physical SPIs, from INTID 32 */
	bool smmu;                 /* DMA of a device can be confined to its VM */
	const struct image_board *checked;  /* what the kernel asks an image about */
	const struct board_range *reserved; /* the kernel's own, besides RAM */
	size_t reserved_count;
	const struct board_irqs *irqs; /* the kernel's own, from INTID 32 */
	size_t irq_count;
	const struct board_device *devices;
	size_t device_count;
	const struct board_controller *controllers;
	size_t controller_count;
	const char
		*pci_host; /* node of the PCI host bridge, whose rows hold all that is behind it */
	uint32_t pci_irq;  /* the first of the PCI_LINES of its functions, INTID; 0 = none */
	const struct board_window *pci_windows;
	size_t pci_window_count;
	bool msi_forgeable; /* nothing tells which function has written an MSI */
};

/**
 * Number @index of what is the kernel's own besides RAM; neighbours of one name are one. False
 * behind the last.
 */
bool board_reserved_at(const struct board *board, size_t index, struct board_range *out);

/**
 * Where files of the board's directory have the CPU interface that guests reach by themselves;
 * UINT64_MAX if none is known.
 */
uint64_t board_cpu_interface(const struct board *board);

/** What of the kernel's own lies in the pages of a range of addresses, NULL if nothing does. */
const char *board_kernel_at(const struct board *board, uint64_t base, uint64_t bytes);

/** The same of an interrupt. */
const char *board_kernel_irq(const struct board *board, uint32_t irq);

/** The first of pages [page, page + count) that no VM may reach, or RAM; UINT64_MAX = there is none. */
uint64_t board_kept_page(const struct board *board, uint64_t page, uint64_t count);

/** Whether no VM may have the line, since it is the kernel's, nobody's or raised by MSIs. */
bool board_keeps_line(const struct board *board, uint32_t irq);

/* Room for the device tree that QEMU makes of a board. */
#define BOARD_TREE_BYTES 0x200000U

/**
 * Where the boot loader of a machine whose RAM starts as zeros, which is QEMU, puts the device tree: 2 MiB
 * aligned, at 128 MiB of its RAM of @ram_bytes or at half of it, but not before @image_end (hw/arm/boot.c).
 */
uint64_t board_tree_at(const struct board *board, uint64_t ram_bytes, uint64_t image_end);

/** The page where configuration space begins, a page for each PCI function; 0 = there is none. */
uint64_t board_config_page(const struct board *board);

/** The SPIs [*first, *first + count) that MSIs raise, whoever writes them; returns the count. */
uint32_t board_msis(const struct board *board, uint32_t *first);

/** "clocks", "resets", … */
const char *board_power_name(enum board_power power);

/** Whether other devices depend on the device at that node, on any board. */
bool board_is_controller(const char *path);

/**
 * A board of which nothing is known, not even the name: what a topology is compared with when the
 * name of its board was refused.
 */
const struct board *board_nameless(void);

/**
 * The board of that name, or that a directory of that name stands for; NULL if there is none. Boards of deployed systems that topo knows by
 * name only are found too: nothing is assumed of their addresses, and none of their devices is
 * taken to be confined.
 */
const struct board *board_find(const char *name);

/** Board number @index in the order of the table, the default one first; NULL behind the last. */
const struct board *board_at(size_t index);

#endif
