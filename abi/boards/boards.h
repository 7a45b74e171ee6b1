/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every board, and what its rows mean. Two files have all facts about a board: what the kernel knows
 * too stands in abi/boards/BOARD.h, the rest in BOARD_topo.h. Nobody else has an address of a board:
 * the kernel, its linker script, topo, the runner, tests and documents read these. They are for the
 * preprocessor alone, so that a linker script can read them; no source reads those of two boards.
 *
 * BOARD.h:
 *   BOARD_NAME                for --board and system.board
 *   BOARD_ID                  enum pv_board, which an image is made for; 0: the kernel does not run
 *   BOARD_RAM_BASE, _BYTES    at most; whole blocks of 2 MiB
 *   BOARD_LOAD                where the kernel lies: a block of 2 MiB in RAM
 *   BOARD_GIC_VERSION         of the interrupt controller
 *   BOARD_ITS                 the version of its translation service, which makes interrupts of MSIs;
 *                             0: none
 *   BOARD_MSI_PAGE            address of the page that devices write MSIs to, 0: none
 *   BOARD_MSI_FIRST, _COUNT   SPIs that are raised by that, whoever writes; 0 where it tells devices
 *                             from each other and has interrupts of its own (an ITS)
 *   BOARD_SMMU                the version of the SMMU that PCI functions are behind; 0: none
 *   BOARD_BLOCKS(X)           registers that nobody may be given: X(block, base, bytes, whose:
 *                             KERNEL, GUESTS by a mapping, or NOBODY; SHOWN: every VM has a
 *                             virtual one, HIDDEN; its name)
 *   BOARD_IRQS(X)             the same of interrupts: X(block, first INTID, count, name)
 *   BOARD_WINDOWS(X)          areas of whole pages of which a VM may have a register window each:
 *                             X(base, bytes); the ECAM of PCI, which a bridge has there as
 *                             BOARD_ECAM_BASE, _BYTES. Where a function is not, or not now, its
 *                             host bridge has to answer with ones: an abort would end the machine
 * BOARD_topo.h:
 *   BOARD_TITLE               for people
 *   BOARD_DIRECTORY           of its devices.camkes in deployed applications
 *   BOARD_BY_DIRECTORY        1: the board that a directory of that name stands for; one of those
 *                             that share it
 *   BOARD_CPUS                at most
 *   BOARD_RAM_TAKEN           bytes taken by kernel, image tables, stage-2 tables and VMMs
 *   BOARD_RAM_ZEROED          1: when the machine starts, RAM holds zeros but for what its boot loader
 *                             puts there, the system and a device tree
 *   BOARD_GIC_LIST_REGISTERS, _GIC_SPIS
 *   BOARD_QEMU_MACHINE, _CPU  QEMU's -M and -cpu; "": QEMU is not this board
 *   BOARD_PCI_HOST            node of the PCI host bridge
 *   BOARD_PCI_IRQ             the first of the four lines of its functions, INTID; 0: unknown
 *   BOARD_PCI_WINDOWS(X)      X(REGISTERS, CONFIG, IO or MEMORY; base, bytes, INTID of the bridge)
 *   BOARD_TREE(X)             nodes of the device tree, a VM's unless BOARD_BLOCKS keeps them: X(node, base,
 *                             bytes, INTID, class, DMA: it reaches memory by itself, or QUIET); a
 *                             row for each range of registers, the one with the interrupt first;
 *                             0: none
 *   BOARD_CONTROLLERS(X)      those of them on which others depend, so that they should be
 *                             nobody's: X(node, what it decides)
 */
#ifndef ABI_BOARDS_BOARDS_H
#define ABI_BOARDS_BOARDS_H

/* The default one first. */
#define PV_BOARDS(X)                                                                               \
	X(qemu_virt_v3)                                                                            \
	X(qemu_virt)                                                                               \
	X(rpi4)

#endif
