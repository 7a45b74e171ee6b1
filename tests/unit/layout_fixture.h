/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hand-written models for the tests of layout, image and device tree, without the front end and
 * without files: VMs and connections are added one by one, payloads are patterns made up here.
 */
#ifndef TESTS_UNIT_LAYOUT_FIXTURE_H
#define TESTS_UNIT_LAYOUT_FIXTURE_H

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "topo/diag/diag.h"
#include "topo/image/payload.h"
#include "topo/model/board.h"
#include "topo/model/model.h"

#define FIXTURE_VMS 8
#define FIXTURE_CONNECTIONS 12
#define FIXTURE_DEVICES 2

struct fixture {
	struct board board;
	struct model model;
	struct vm vms[FIXTURE_VMS];
	struct connection connections[FIXTURE_CONNECTIONS];
	struct device devices[FIXTURE_CONNECTIONS][FIXTURE_DEVICES];
	struct payloads payloads;
	struct vm_payload vm_payloads[FIXTURE_VMS];
	struct diag *diag;
};

/** A model with no VM. */
void fixture_start(struct fixture *f);
void fixture_end(struct fixture *f);

/** Add a VM with one vCPU and 64 MiB. Returns its index. */
uint32_t fixture_vm(struct fixture *f, const char *name);

/** Add a connection with a net and a blk device. Returns its index. */
uint32_t fixture_connect(struct fixture *f, uint32_t device_vm, uint32_t driver_vm);

/** Print what was reported and return whether there were no errors. */
bool fixture_good(struct fixture *f);

/** Does a message hold @text? Prints all of them when none does. */
bool fixture_said(struct fixture *f, const char *text);

/* The systems of the tests. */
void fixture_pair(struct fixture *f);    /* device, driver */
void fixture_islands(struct fixture *f); /* three VMs, one with two vCPUs */
void fixture_hub(struct fixture *f);     /* hub serves spoke_a, spoke_b, spoke_c */
void fixture_chain(struct fixture *f);   /* gateway serves app (hybrid) serves db */
void fixture_mesh(struct fixture *f);    /* a ring of four and both diagonals */

#endif
