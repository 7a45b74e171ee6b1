/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A topology as an application of seL4's CAmkES VM systems, in the form that deployed ones have:
 * VMs by number, a component for each, connections by macros, addresses in a board's
 * devices.camkes. topo/export/plan.c decides numbers, addresses and names of files once;
 * topo/export/camkes.c, topo/export/devices.c and topo/export/notes.c print from that plan, so
 * that the parts agree. What the form has no words for is named by export_notes, never dropped.
 */
#ifndef TOPO_EXPORT_EXPORT_H
#define TOPO_EXPORT_EXPORT_H

#include <stdio.h>

#include "topo/base/arena.h"
#include "topo/model/model.h"

/* One VM, under its number. Addresses are guest-physical. */
struct export_vm {
	uint32_t number;
	bool one_to_one; /* its devices do DMA: RAM lies where the guest believes it to lie */
	uint64_t ram_base;
	uint64_t ram_paddr; /* in the board's RAM; 0 = nowhere that is free */
	uint64_t entry;     /* 0 = where the kernel's header says */
	uint64_t initrd;
	uint64_t dtb;
	/* Names of its files, as the topology spells them; NULL = none, or the application's. */
	const char *kernel_name, *initrd_name, *dtb_name;
};

/* One connection. In this form both VMs see the shared memory at one address. */
struct export_link {
	uint64_t data_base;
	uint64_t data_bytes;
	uint64_t ctrl_base;
};

struct export_plan {
	const struct model *model;
	const char *name; /* of the application: letters, digits and _ - . */
	struct export_vm *vms;
	struct export_link *links;
	bool swiotlb; /* VMSWIOTLB of the whole application */
	bool mixed;   /* not all connections are as swiotlb says */
};

/* Room of the control regions of one device VM, as in deployed systems. */
#define EXPORT_CTRL_BYTES 0x80000U

/**
 * Plan the export of @model. The plan belongs to @arena.
 * @beside: files of the topology are named as they will be called beside the application, else by
 * their paths.
 */
struct export_plan export_plan(const struct model *model, struct arena *arena, bool beside);

/** Whether any device of the machine belongs to @vm. */
bool export_has_hardware(const struct vm *vm);

/** The connection that joins the VMs of number @index the other way round; SIZE_MAX = none. */
size_t export_way_back(const struct model *model, size_t index);

/** Whether a range is too small or too crooked for an untyped object, so that it goes by pages. */
bool export_by_pages(const struct range *range);

/**
 * Print the application.
 * @devices: it imports a board's devices.camkes; else print_devices follows in the same text.
 */
void export_print_application(const struct export_plan *plan, FILE *out, bool devices);

/** Print the board's devices.camkes. */
void export_print_devices(const struct export_plan *plan, FILE *out);

/** Print the file by which seL4's build system builds the application. */
void export_print_build(const struct export_plan *plan, FILE *out);

/** Print what the form cannot express, a line each, with @before before each. */
void export_print_notes(const struct export_plan *plan, FILE *out, const char *before);

#endif
