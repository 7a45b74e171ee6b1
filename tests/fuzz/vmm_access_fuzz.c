/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile guest: any load, store and call at every register of every device, in any width, with
 * input, time, requests and a peer coming and going in between, over many runs of its VM. The sanitizers watch memory, the fake kernel that
 * every call is right; here stands what must hold after each step.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/vmm_machine.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct input {
	const uint8_t *at;
	size_t left;
};

static uint64_t take(struct input *input, uint32_t bytes)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < bytes && input->left > 0; i++) {
		value |= (uint64_t)*input->at << (8 * i);
		input->at++;
		input->left--;
	}
	return value;
}

/* Windows and the parts of them where something is, so that offsets are seldom wasted. */
static const struct {
	uint64_t base;
	uint32_t mask; /* of the offset */
} places[] = {
	{GICD, 0xfff},
	{V2M, 0xfff},
	{TTY, 0xfff},
	{AGENT, 0xfff},
	{ECAM(0), 0xfffff},
	{ECAM(0), 0xff},
	{ECAM(0) + (1U << 15), 0xff},
	{ECAM(1) + (5U << 15), 0xff},
	{ECAM_HARDWARE, 0xfff},
	{ECAM_HARDWARE + (3U << 15), 0xff},
	{BAR(NET), 0x3fff},
	{BAR(NET), 0x3f},
	{BAR(BLK), 0x3f},
	{BAR(RNG), 0x3f},
	{BAR(NET) + PV_VMM_BAR_MSIX, 0x3f},
	{BAR(BLK) + PV_VMM_BAR_MSIX, 0x1f},
};
#define PLACES (ARRAY_COUNT(places))

static bool is_on(void)
{
	return machine.vm.life.power.state == POWER_ON;
}

static void access(struct input *input, bool is_write)
{
	uint32_t place = (uint32_t)take(input, 1) % PLACES;
	uint32_t offset = (uint32_t)take(input, 3) & places[place].mask;
	uint32_t shape = (uint32_t)take(input, 1);
	uint32_t bytes = 1U << (shape & 3);
	uint32_t vcpu = (shape >> 2) % fake.vcpu_count;

	if ((shape & 0x80) == 0) {
		offset &= ~(bytes - 1);
	}
	if (!is_on() || offset + bytes > places[place].mask + 1) {
		return; /* beyond the window: that is aborted, vmm_vm_test looks at it */
	}
	if (is_write) {
		uint64_t value = take(input, (shape & 0x40) != 0 ? 1 : bytes);

		guest_store_on(vcpu, places[place].base + offset, bytes, value);
	} else {
		(void)guest_load_on(vcpu, places[place].base + offset, bytes);
	}
}

static void call(struct input *input)
{
	static const uint32_t bases[] = {0x84000000, 0xc4000000, 0x80000000, PV_VMM_WATCHDOG_CALL};
	uint32_t number = (uint32_t)take(input, 1);
	struct message message = {
		{PV_MSG_CALL, (number >> 6) % fake.vcpu_count,
	         bases[(number >> 4) & 3] + (number & 0xf) * ((number & 0x30) != 0x30),
	         take(input, 1), take(input, 2), take(input, 1)}};
	uint32_t starts = machine.vm.life.power.starts;
	struct reply reply;

	if (!is_on()) {
		return;
	}
	reply = vm_serve(&machine.vm, &message);
	assert(reply.kind == PV_REPLY_RESUME || reply.kind == PV_REPLY_RESULTS ||
	       reply.kind == PV_REPLY_OFF || reply.kind == PV_REPLY_STOP ||
	       (reply.kind == PV_REPLY_NONE &&
	        (!is_on() || machine.vm.life.power.starts == starts + 1)));
	assert(reply.kind != PV_REPLY_STOP || (!is_on() && reply.value <= PV_STOP_RESET));
	if (reply.kind == PV_REPLY_OFF) {
		fake.vcpu_on[message.word[1]] = false;
	}
}

static void peer(struct input *input)
{
	uint32_t what = (uint32_t)take(input, 1);
	uint32_t number = what & 1;
	struct pv_iobuf_message message;

	if ((what & 0x0e) == 0 || machine.peer[number].state != IOBUF_STATE_UP) {
		peer_start(number);
	} else if ((what & 0x0e) == 2) {
		(void)peer_take(number, &message);
	} else {
		message = (struct pv_iobuf_message){.kind = (what >> 4) + 15,
		                                    .device = (uint32_t)take(input, 1) & 1};
		message.payload[0] = (uint8_t)take(input, 1);
		(void)!iobuf_send(&machine.peer[number], &message);
		peer_ring(number);
	}
}

/* By an event or a line. */
static void request(uint32_t what)
{
	static const char *const lines[] = {"start\n", "stop\n", "restart\n", "st"};

	if ((what & 1) == 0) {
		(void)machine_send(PV_MSG_EVENTS, UINT64_C(1) << (EVENT_ASK + (what >> 1) % 3), 0,
		                   0, 0);
	} else {
		fake_input(FAKE_CAP_LOG, lines[(what >> 1) & 3],
		           (uint32_t)strlen(lines[(what >> 1) & 3]));
		(void)machine_send(PV_MSG_EVENTS, 1U << 1, 0, 0, 0);
	}
}

static void check_life(void)
{
	const struct alarms *alarms = &machine.vm.alarms;
	uint64_t earliest = UINT64_MAX;

	for (uint32_t i = 0; i < fake.vcpu_count; i++) {
		assert(!fake.vcpu_on[i] || is_on());
	}
	for (uint32_t i = 0; i < ALARM_COUNT; i++) {
		earliest = alarms->at[i] < earliest ? alarms->at[i] : earliest;
	}
	assert(fake.timer == earliest);
	for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
		assert(machine.vm.devices[i].function.virtio.is_resetting ==
		       alarm_is_set(alarms, ALARM_DEVICE + i));
	}
	assert(machine.vm.life.power.state != POWER_STARTING || alarm_is_set(alarms, ALARM_POWER));
	assert(is_on() || !alarm_is_set(alarms, ALARM_WATCHDOG));
}

static void check_queue(const struct virtio *virtio, const struct virtqueue *queue)
{
	assert(queue->size != 0 && (queue->size & (queue->size - 1)) == 0);
	assert(queue->size <= virtio->config->queue_size);
	assert(queue->vector == VIRTIO_NO_VECTOR || queue->vector <= virtio->config->queue_count);
	if (queue->enabled) {
		assert(queue->desc % 16 == 0 && queue->driver % 2 == 0 && queue->device % 4 == 0);
		assert((virtio->status & VIRTIO_FEATURES_OK) != 0);
	}
}

static void check(void)
{
	for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
		const struct virtio *virtio = &machine.vm.devices[i].function.virtio;

		if ((virtio->status & VIRTIO_FEATURES_OK) != 0) {
			assert((virtio->driver_features & ~virtio->config->features) == 0);
			assert((virtio->driver_features & VIRTIO_F_ACCESS_PLATFORM) != 0);
		}
		for (uint32_t q = 0; q < virtio->config->queue_count; q++) {
			uint32_t bound = fake.bound[virtio->config->cap_recv_first + q];

			check_queue(virtio, &virtio->queues[q]);
			assert(bound == 0 || (bound >= V2M_FIRST && bound < V2M_FIRST + V2M_COUNT));
			assert(bound == machine.vm.devices[i].function.bound[q]);
		}
		/* A reset waits for nobody but a backend that knows of the device. */
		assert(!virtio->is_resetting || machine.vm.devices[i].link.phase == LINK_STOPPING ||
		       machine.vm.devices[i].link.next_queue != 0);
	}
	for (uint32_t i = 0; i < UART_COUNT; i++) {
		assert(machine.vm.uarts[i].rx_count <= PL011_FIFO);
	}
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {data, bytes};
	struct machine_config before;

	machine_start(1 + (uint32_t)take(&input, 1) % PV_DOMAIN_VCPUS_MAX);
	before = machine.config;
	while (input.left > 0) {
		uint32_t step = (uint32_t)take(&input, 1);

		if (step < 0xa0) {
			access(&input, step % 4 != 0);
		} else if (step < 0xb0) {
			call(&input);
		} else if (step < 0xe0) {
			peer(&input);
		} else if (step < 0xf0) {
			fake_input(FAKE_CAP_TTY + step % 2, "hostile input", step % 14);
			(void)machine_send(PV_MSG_EVENTS, take(&input, 1), 0, 0, 0);
		} else if (step < 0xf8 && is_on()) {
			driver_set_status(step % MACHINE_DEVICES, 0);
			if (driver_status(step % MACHINE_DEVICES) == 0) {
				driver_start(step % MACHINE_DEVICES);
			}
		} else if (step < 0xfc) {
			(void)machine_wait(take(&input, 2));
		} else {
			request((uint32_t)take(&input, 1));
		}
		check();
		check_life();
	}
	before.vm.kept = machine.config.vm.kept; /* is the VMM's to write */
	assert(memcmp(&before, &machine.config, sizeof(before)) == 0);
	return 0;
}
