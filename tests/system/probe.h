/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the system tests' program share; probe.c says what it is. */
#ifndef TESTS_SYSTEM_PROBE_H
#define TESTS_SYSTEM_PROBE_H

#include <stdint.h>

/** Say what failed, with errno, and end. */
_Noreturn void fail(const char *what);

/** A number from the command line. */
uint64_t number(const char *text);

/** Map [address, address + bytes) of physical memory. */
void *map_physical(uint64_t address, uint64_t bytes, int protection);

/** The next of a sequence. */
uint64_t next_random(uint64_t *state);

/** forge IN OUT BELL: attack a control ring (probe_forge.c). */
int command_forge(char **argument);

/** frames INTERFACE: send frames as they are (probe_net.c). */
int command_frames(char **argument);

/** sniff INTERFACE FILE LAST: note marked frames that come in (probe_net.c). */
int command_sniff(char **argument);

/** draw SEED: a picture on the first framebuffer, and its size on standard output (probe_draw.c). */
int command_draw(char **argument);

/** rings PAGE_0 DEVICE: where a device's queues lie; use SIZE AVAILABLE USED BELLS BELL ID LEN: forge an
 * element of one; shake BASE BYTES KICKS WRITES SEED: write odd words over them (probe_rings.c). */
int command_rings(char **argument);
int command_use(char **argument);
int command_shake(char **argument);

/** config FUNCTION, bars FUNCTION VALUE, dma FUNCTION ~SECRET FILE, faults FUNCTION ADDRESS: attack by a
 * physical function (probe_hardware.c). */
int command_config(char **argument);
int command_bars(char **argument);
int command_dma(char **argument);
int command_faults(char **argument);

#endif
