/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hardware that a topology gives to its VMs, as topo verify looks for it in an image: PCI
 * functions, registers, interrupt lines. What the image chooses for a function (its window, its
 * ranges) is filled in by topo/verify/windows.c.
 */
#ifndef TOPO_VERIFY_GIVEN_H
#define TOPO_VERIFY_GIVEN_H

#include "topo/model/board.h"
#include "topo/model/pci_models.h"
#include "topo/verify/verify.h"

#define NOT_FOUND UINT32_MAX

/* A range of a function, by what its window lets the address register say. */
struct aperture {
	uint64_t base;
	uint64_t bytes; /* 0 = none */
};

struct given_function {
	uint32_t vm;
	uint32_t id;                        /* bus << 8 | device << 3 | function */
	uint32_t irq;                       /* INTID, 0 = none is given */
	const struct pci_model *model;      /* NULL = unknown */
	bool leads_out;                     /* of its network: packets get out of that */
	const char *what;                   /* "function 0:2.0 (nic)" */
	const struct pv_vmm_function *view; /* in its VMM's configuration, NULL = it has none */
	uint32_t window;                    /* windows[], NOT_FOUND = it has none */
	struct aperture apertures[PV_VMM_BARS];
};

struct given_registers {
	uint32_t vm;
	uint64_t page;
	uint64_t pages;
	const char *what;                /* "pl031@9010000" */
	const struct board_device *node; /* NULL = given by address */
	bool inside;                     /* a page of it is in a range before it, of the VM */
};

struct given_line {
	uint32_t vm;
	uint32_t intid;
	const struct given_function *function; /* whose interrupt pin it is, NULL = nobody says */
};

struct given {
	struct given_function *functions;
	size_t function_count;
	struct given_registers *registers;
	size_t register_count;
	struct given_line *lines;
	size_t line_count;
};

/** All that the model gives; the functions' views and windows are not looked for yet. */
struct given *given_list(const struct verify *v);

/** How many functions @vm is given. */
uint32_t given_count(const struct verify *v, uint32_t vm);

/** Whether the function interrupts by its pin, which is a line of its VM: where it has no messages. */
bool given_has_pin(const struct given_function *function);

/** Whether the function writes its interrupts to memory: where that is unknown, if it has no line. */
bool given_has_msis(const struct given_function *function);

/** Whether a function of @vm does. */
bool given_vm_has_msis(const struct verify *v, uint32_t vm);

/** The domain of @vm in the image. */
static inline uint32_t given_domain(const struct verify *v, uint32_t vm)
{
	return v->vms[vm].domain;
}

#endif
