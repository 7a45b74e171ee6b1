/* SPDX-License-Identifier: BSD-2-Clause */
/* One VM of a running system: topo start, stop, restart and wait. */
#ifndef TOPO_COMMANDS_LIFE_H
#define TOPO_COMMANDS_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct life_options {
	const char *system; /* NULL = the only one */
	uint32_t limit_ms;
	const char *until; /* wait: "up" or "off"; NULL = up */
	bool force;        /* nothing is asked of the guest itself */
};

/** Each returns the command's exit status, when @vm is so far; everything was reported. */
int life_start(const struct life_options *options, const char *vm);
int life_stop(const struct life_options *options, const char *vm);
int life_restart(const struct life_options *options, const char *vm);

#endif
