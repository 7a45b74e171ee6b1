/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The RAM of a machine as a file without a name, with the image in it already. QEMU would copy the image to
 * memory of its own, which it keeps for as long as it runs, and from there to RAM.
 */
#ifndef TOPO_RUNNER_MACHINE_RAM_H
#define TOPO_RUNNER_MACHINE_RAM_H

#include <stdint.h>

/**
 * A file of @bytes, all zeros, that takes memory where it is written. The runner maps the windows of agents
 * (abi/agent.h) from it and nothing else. Returns -1 when there can be none: then QEMU has RAM of its own,
 * and agents the line.
 */
int machine_ram_make(uint64_t bytes);

/**
 * Put the image into the RAM, @at bytes from its start, which is where QEMU would. Returns a file with the
 * beginning of the image, all that QEMU is to load: by its header QEMU knows where it lies and how much is
 * to stay free of anything else. -1: QEMU has to load all of it, for it is short, cannot be read or does not fit.
 */
int machine_ram_load(int ram_fd, const char *image_path, uint64_t at);

#endif
