/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bounded wait for another CPU (again.h).
 */
#include "vmm/base/again.h"

#include "vmm/calls.h"

#define TRIES_MAX (1U << 20)

bool call_again(err_t err, uint32_t *tries)
{
	if (err != ERR_AGAIN || ++*tries == TRIES_MAX) {
		return false;
	}
	call_pause();
	return true;
}
