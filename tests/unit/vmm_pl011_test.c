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

/* A call of the guest with up to PV_VMM_AGENT_BYTES of @bytes in x1 to x3. */
static struct reply bulk(uint64_t function, const char *bytes, size_t count)
{
	struct message message = {{PV_MSG_CALL, 0, function}};

	memcpy(&message.word[3], bytes, count);
	return vm_serve(&machine.vm, &message);
}

static void agent_writes_many_at_once(void **state)
{
	static const char text[] = "0123456789abcdefghijklmn";

	(void)state;
	machine_start(1);
	assert_int_equal(bulk(PV_VMM_AGENT_CALL, "", 0).value, PV_VMM_AGENT_CALL_VERSION);
	assert_int_equal(bulk(PV_VMM_AGENT_WRITE + 24, text, 24).value, 24);
	assert_string_equal(fake.output[FAKE_CAP_AGENT], text);
	assert_int_equal(bulk(PV_VMM_AGENT_WRITE + 1, "X!", 2).value, 1);
	/* The upper half of x0 means nothing. */
	assert_int_equal(bulk(BIT64(40) | (PV_VMM_AGENT_WRITE + 17), text, 24).value, 17);
	guest_store(AGENT + DR, 1, '.');
	assert_string_equal(fake.output[FAKE_CAP_AGENT],
	                    "0123456789abcdefghijklmnX0123456789abcdefg.");
	assert_string_equal(fake.output[FAKE_CAP_TTY], "");
}

/* What does not fit is the guest's to offer again: none is lost, none comes twice. */
static void agent_learns_what_was_taken(void **state)
{
	static const char text[] = "0123456789abcdefghijklmn";
	uint32_t sent = 0;

	(void)state;
	machine_start(1);
	fake.uart_room = 5;
	for (uint32_t calls = 0; calls < 20 && sent < 24; calls++) {
		sent += (uint32_t)bulk(PV_VMM_AGENT_WRITE + 24 - sent, text + sent, 24 - sent)
		                .value;
	}
	assert_int_equal(sent, 24);
	assert_string_equal(fake.output[FAKE_CAP_AGENT], text);
}

static void agent_reads_many_at_once(void **state)
{
	char text[101];
	char got[sizeof(text)] = "";
	uint32_t at = 0;

	(void)state;
	machine_start(1);
	for (uint32_t i = 0; i < 100; i++) {
		text[i] = (char)('A' + i % 50);
	}
	text[100] = '\0';
	guest_store(AGENT + IMSC, 2, RT);
	fake_input(FAKE_CAP_AGENT, text, 100);
	(void)machine_send(PV_MSG_EVENTS, BIT64(machine.config.vm.uarts[UART_AGENT].event), 0, 0,
	                   0);
	assert_true(fake_virq(0, AGENT_INTID)->line);
	got[at++] = (char)guest_load(AGENT + DR, 1);
	for (uint32_t calls = 0; calls < 5; calls++) {
		const struct reply reply = bulk(PV_VMM_AGENT_READ, "", 0);

		assert_int_equal(reply.kind, PV_REPLY_RESULTS);
		assert_int_equal(reply.value, calls < 4 ? PV_VMM_AGENT_BYTES : 3);
		memcpy(&got[at], reply.more, reply.value);
		at += (uint32_t)reply.value;
		assert_int_equal(fake_virq(0, AGENT_INTID)->line, at < 100);
	}
	assert_string_equal(got, text);
	assert_int_equal(bulk(PV_VMM_AGENT_READ, "", 0).value, 0);
}

static void no_agent_no_calls(void **state)
{
	static const uint64_t functions[] = {PV_VMM_AGENT_CALL, PV_VMM_AGENT_READ,
	                                     PV_VMM_AGENT_WRITE + 1};

	(void)state;
	machine_start(1);
	/* Numbers around them are no calls, with an agent or without. */
	assert_int_equal(bulk(PV_VMM_AGENT_CALL - 1, "", 0).value, (uint64_t)-1);
	assert_int_equal(bulk(PV_VMM_AGENT_READ + 1, "", 0).value, (uint64_t)-1);
	assert_int_equal(bulk(PV_VMM_AGENT_WRITE, "", 0).value, (uint64_t)-1);
	assert_int_equal(bulk(PV_VMM_AGENT_WRITE + 25, "", 0).value, (uint64_t)-1);
	machine_configure(1);
	machine.config.vm.uarts[UART_AGENT] = (struct pv_vmm_uart){.ipa = 0};
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	for (uint32_t i = 0; i < ARRAY_COUNT(functions); i++) {
		assert_int_equal(bulk(functions[i], "x", 1).value, (uint64_t)-1);
	}
	assert_string_equal(fake.output[FAKE_CAP_AGENT], "");
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
		cmocka_unit_test(agent_writes_many_at_once),
		cmocka_unit_test(agent_learns_what_was_taken),
		cmocka_unit_test(agent_reads_many_at_once),
		cmocka_unit_test(no_agent_no_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
