/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which way round connections must stand so that no VM is driver VM of two: Linux takes one vsock
 * device in a guest, and a mesh is drawn without regard to that, since messages go both ways.
 */
#ifndef TOPO_CHECKS_ORIENTATION_H
#define TOPO_CHECKS_ORIENTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ORIENTATION_MAX 64U

struct orientation {
	uint32_t device_vm, driver_vm;
	bool turnable; /* it may stand the other way round */
	bool turned;   /* it must */
	bool left;     /* there is no way for it */
};

/**
 * Decide what is turned: as few as possible when there is a way for all. Otherwise as few as
 * possible are left without one. @count <= ORIENTATION_MAX. Cost: O(count^3).
 */
void orientation_find(struct orientation *connections, size_t count);

#endif
