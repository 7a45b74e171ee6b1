/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The emulated UARTs: what Linux's amba-pl011 relies on, and that no byte is lost or doubled.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define DR 0x00U
#define FR 0x18U
#define LCR_H 0x2cU
#define IFLS 0x34U
#define IMSC 0x38U
#define RIS 0x3cU
#define MIS 0x40U
#define ICR 0x44U
#define RX 0x10U
#define TX 0x20U
#define RT 0x40U
#define RXFE 0x10U
#define RXFF 0x40U

static void arrives(const char *text)
{
	fake_input(FAKE_CAP_TTY, text, (uint32_t)strlen(text));
	assert_int_equal(machine_send(PV_MSG_EVENTS, 1, 0, 0, 0).kind, PV_REPLY_NONE);
}

static bool line_is_high(void)
{
	return fake_virq(0, TTY_INTID)->line;
}

static void identifies_itself(void **state)
{
	uint32_t id = 0;
	uint32_t cell = 0;

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < 4; i++) {
		id |= (uint32_t)guest_load(TTY + 0xfe0 + 4 * i, 4) << (8 * i);
		cell |= (uint32_t)guest_load(TTY + 0xff0 + 4 * i, 4) << (8 * i);
	}
	assert_int_equal(id, 0x00341011);
	assert_int_equal(cell, 0xb105f00d);
}

static void writes_leave_in_order(void **state)
{
	static const char text[] = "Booting Linux on physical CPU 0x0000000000\r\n";

	(void)state;
	machine_start(1);
	fake.uart_room = 3; /* the kernel's UART is full again and again */
	for (uint32_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(guest_load(TTY + FR, 4) & 0xa0, 0x80); /* room, and empty */
		guest_store(TTY + DR, i % 3 == 0 ? 1 : i % 3 == 1 ? 2 : 4, (uint8_t)text[i]);
	}
	assert_string_equal(fake.output[FAKE_CAP_TTY], text);
	assert_string_equal(fake.output[FAKE_CAP_AGENT], "");
	guest_store(AGENT + DR, 1, 'a');
	assert_string_equal(fake.output[FAKE_CAP_AGENT], "a");
	assert_string_equal(fake.output[FAKE_CAP_TTY], text);
}

static void transmit_interrupt_keeps_a_driver_going(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(TTY + RIS, 2), 0);
	guest_store(TTY + IMSC, 2, TX);
	assert_false(line_is_high());
	guest_store(TTY + DR, 2, 'x');
	assert_true(line_is_high());
	assert_int_equal(guest_load(TTY + MIS, 2), TX);
	guest_store(TTY + ICR, 2, TX);
	assert_false(line_is_high());
	guest_store(TTY + DR, 2, 'y');
	assert_true(line_is_high());
	guest_store(TTY + IMSC, 2, 0);
	assert_false(line_is_high());
	assert_int_equal(guest_load(TTY + RIS, 2), TX);
	assert_int_equal(guest_load(TTY + MIS, 2), 0);
}

static void input_raises_until_it_is_read(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(TTY + FR, 4) & (RXFE | RXFF), RXFE);
	guest_store(TTY + IMSC, 2, RX | RT);
	arrives("ls");
	assert_true(line_is_high());
	assert_int_equal(guest_load(TTY + FR, 4) & (RXFE | RXFF), 0);
	guest_store(TTY + ICR, 2, 0x7ff); /* clearing does not lose what waits */
	assert_true(line_is_high());
	assert_int_equal(guest_load(TTY + DR, 2), 'l');
	assert_true(line_is_high());
	assert_int_equal(guest_load(TTY + DR, 2), 's');
	assert_false(line_is_high());
	assert_int_equal(guest_load(TTY + FR, 4) & RXFE, RXFE);
	assert_int_equal(guest_load(TTY + DR, 4), 0);
	assert_false(fake_virq(0, AGENT_INTID)->line);
}

static void receive_mark_follows_ifls(void **state)
{
	(void)state;
	machine_start(1);
	arrives("1234567");
	assert_int_equal(guest_load(TTY + RIS, 2), RX | RT); /* FIFOs off: one is enough */
	guest_store(TTY + LCR_H, 1, 0x70);
	assert_int_equal(guest_load(TTY + RIS, 2), RT);
	guest_store(TTY + IFLS, 2, 0); /* 1/8 */
	assert_int_equal(guest_load(TTY + RIS, 2), RX | RT);
	guest_store(TTY + IFLS, 2, 1 << 3); /* 1/4 */
	assert_int_equal(guest_load(TTY + RIS, 2), RT);
	arrives("8");
	assert_int_equal(guest_load(TTY + RIS, 2), RX | RT);
}

static void long_input_waits_in_the_kernel(void **state)
{
	char text[301];

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < 300; i++) {
		text[i] = (char)('A' + i % 50);
	}
	text[300] = '\0';
	guest_store(TTY + IMSC, 2, RX | RT);
	arrives(text);
	assert_int_equal(guest_load(TTY + FR, 2) & RXFF, RXFF);
	for (uint32_t i = 0; i < 300; i++) {
		assert_true(line_is_high());
		assert_int_equal(guest_load(TTY + DR, 2), text[i]);
	}
	assert_false(line_is_high());
	assert_int_equal(guest_load(TTY + FR, 2) & RXFE, RXFE);
	arrives("more");
	assert_int_equal(guest_load(TTY + DR, 2), 'm');
}

static void registers_keep_their_bits(void **state)
{
	static const struct {
		uint32_t offset;
		uint32_t mask;
		uint32_t reset;
	} kept[] = {{0x20, 0xff, 0},       {0x24, 0xffff, 0},  {0x28, 0x3f, 0}, {0x2c, 0xff, 0},
	            {0x30, 0xff87, 0x300}, {0x34, 0x3f, 0x12}, {0x38, 0x7ff, 0}};

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < ARRAY_COUNT(kept); i++) {
		assert_int_equal(guest_load(TTY + kept[i].offset, 4), kept[i].reset);
		guest_store(TTY + kept[i].offset, 4, 0xffffffff);
		assert_int_equal(guest_load(TTY + kept[i].offset, 4), kept[i].mask);
		assert_int_equal(guest_load(TTY + kept[i].offset, 2), kept[i].mask & 0xffff);
		guest_store(TTY + kept[i].offset + 1, 1, 0); /* no register starts there */
		assert_int_equal(guest_load(TTY + kept[i].offset, 4), kept[i].mask);
	}
}

/* amba-pl011: start-up drains twice the FIFO, then interrupts read until FR says empty. */
static void linux_gets_what_came_before_it(void **state)
{
	char text[101];
	uint32_t got = 0;

	(void)state;
	machine_start(1);
	memset(text, 'z', 100);
	text[100] = '\0';
	arrives(text);
	guest_store(TTY + ICR, 2, RT | RX);
	for (uint32_t i = 0; i < 64 && (guest_load(TTY + FR, 2) & RXFE) == 0; i++) {
		(void)guest_load(TTY + DR, 2);
		got++;
	}
	guest_store(TTY + IMSC, 2, RT | RX);
	while (line_is_high()) {
		guest_store(TTY + ICR, 2, guest_load(TTY + RIS, 2) & ~(uint64_t)(TX | RT | RX));
		while ((guest_load(TTY + FR, 2) & RXFE) == 0) {
			assert_int_equal(guest_load(TTY + DR, 2), 'z');
			got++;
		}
	}
	assert_int_equal(got, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identifies_itself),
		cmocka_unit_test(writes_leave_in_order),
		cmocka_unit_test(transmit_interrupt_keeps_a_driver_going),
		cmocka_unit_test(input_raises_until_it_is_read),
		cmocka_unit_test(receive_mark_follows_ifls),
		cmocka_unit_test(long_input_waits_in_the_kernel),
		cmocka_unit_test(registers_keep_their_bits),
		cmocka_unit_test(linux_gets_what_came_before_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
