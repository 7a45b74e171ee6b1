/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A VMM with the windows of tests/baremetal/windows.py, on the configuration space of real functions:
 * at T_CAP_EXTRA one that it may have at work, then one that shares a word with another domain, then
 * one that the kernel has closed.
 */
#include "tests/baremetal/vmm.h"

#define OWN T_CAP_EXTRA
#define SHARED (T_CAP_EXTRA + 1)
#define CLOSED (T_CAP_EXTRA + 2)
#define ID 0
#define COMMAND 1
#define BAR 4
#define LATENCY 3 /* and the cache line's size */
#define LINE 15
#define EDU 0x11e81234
#define DECODE 6 /* memory, bus master */
#define INTX_OFF 0x400

static void check_read(const char *name, uint64_t window, uint64_t word, uint64_t want)
{
	uint64_t value = 0;

	vmm_check_equal(name, (uint64_t)vmm_call_out(PV_CALL_WINDOW_READ, window, word, 0, &value),
	                OK);
	vmm_check_equal("  its value", value, want);
}

static void check_write(const char *name, uint64_t window, uint64_t word, uint64_t value,
                        int64_t want)
{
	vmm_check_equal(name, (uint64_t)vmm_call(PV_CALL_WINDOW_WRITE, window, word, value, 0),
	                (uint64_t)want);
}

static uint64_t read_of(uint64_t window, uint64_t word)
{
	uint64_t value = 0;

	(void)vmm_call_out(PV_CALL_WINDOW_READ, window, word, 0, &value);
	return value;
}

static void check_own(void)
{
	uint64_t bar = params[0];
	uint64_t latency = read_of(OWN, LATENCY);

	check_read("identity", OWN, ID, EDU);
	vmm_check_equal("at rest", read_of(OWN, COMMAND) & 0xffff, INTX_OFF);
	check_read("base address", OWN, BAR, bar);
	check_write("base address, ones", OWN, BAR, UINT32_MAX, OK);
	check_read("it stays", OWN, BAR, bar);
	check_write("at work", OWN, COMMAND, UINT32_MAX, OK);
	vmm_check_equal("it is", read_of(OWN, COMMAND) & 0xffff, INTX_OFF | DECODE);
	check_write("identity, written", OWN, ID, 0, ERR_RIGHT);
	check_write("a word without a rule", OWN, LATENCY, UINT32_MAX, ERR_RIGHT);
	check_read("  it is as before", OWN, LATENCY, latency);
}

static void check_shared(void)
{
	check_write("a part of a word", SHARED, LINE, 0, OK);
	vmm_check_equal("  the rest is as before", read_of(SHARED, LINE) & 0xff, 0xf);
}

static void check_closed(void)
{
	uint64_t value = 0;

	vmm_check_equal("closed, read",
	                (uint64_t)vmm_call_out(PV_CALL_WINDOW_READ, CLOSED, ID, 0, &value),
	                (uint64_t)ERR_STATE);
	vmm_check_equal("  all ones", value, UINT32_MAX);
	check_write("closed, at work", CLOSED, COMMAND, DECODE, ERR_STATE);
}

PROGRAM(vmm_windows)
{
	check_own();
	check_shared();
	check_closed();
	vmm_print("ready\n");
	vmm_serve();
}
