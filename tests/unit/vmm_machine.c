/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See vmm_machine.h.
 */
#include "tests/unit/vmm_machine.h"

#include <assert.h>
#include <string.h>

struct machine machine;

#define FEATURES (VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM)

static void configure_devices(void)
{
	static const struct {
		uint32_t connection, index, slot, type, queues, config_bytes;
		uint64_t features;
	} devices[MACHINE_DEVICES] = {
		[NET] = {0, 0, 0, 1, 2, 12, FEATURES | 1U << 5 | 1U << 16},
		[BLK] = {0, 1, 1, 2, 1, 60, FEATURES | 1U << 9},
		[RNG] = {1, 0, 5, 4, 1, 0, FEATURES},
	};
	uint32_t recv = FAKE_CAP_RECV;

	for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
		struct pv_vmm_device *device = &machine.config.devices[i];

		*device = (struct pv_vmm_device){
			.connection = devices[i].connection,
			.index = devices[i].index,
			.slot = devices[i].slot,
			.type = devices[i].type,
			.queue_count = devices[i].queues,
			.queue_size = 256,
			.cap_recv_first = recv,
			.cap_send_first = recv - FAKE_CAP_RECV + FAKE_CAP_SEND,
			.config_bytes = devices[i].config_bytes,
			.features = devices[i].features,
			.bar_ipa = BAR(i),
			.notify_ipa = NOTIFY(i),
		};
		recv += devices[i].queues;
		for (uint32_t n = 0; n < devices[i].config_bytes; n++) {
			device->config[n] = (uint8_t)(0x11 + n);
		}
	}
}

static void configure_functions(void)
{
	struct pv_vmm_function *functions = machine.config.functions;

	functions[NVME] = (struct pv_vmm_function){
		.cap_window = FAKE_CAP_WINDOW + NVME,
		.cap_stream = FAKE_CAP_STREAM + NVME,
		.id = 0x10,
		.slot = 0,
		.bars[0] = {PLACE(NVME, 0), BUS_PLACE(NVME, 0), 0x4000},
	};
	functions[CARD] = (struct pv_vmm_function){
		.cap_window = FAKE_CAP_WINDOW + CARD,
		.cap_stream = FAKE_CAP_STREAM + CARD,
		.id = 0x18,
		.slot = 3,
		.intx = CARD_INTID,
		.bars = {[0] = {PLACE(CARD, 0), BUS_PLACE(CARD, 0), 0x20000},
	                 [1] = {PLACE(CARD, 1), BUS_PLACE(CARD, 1), 0x20000},
	                 [3] = {PLACE(CARD, 3), BUS_PLACE(CARD, 3), 0x8000}},
	};
}

/* Registers as QEMU's nvme and e1000e show them, with ranges where they belong. */
static void fill_windows(void)
{
	static const struct {
		uint32_t function, offset, value, writable;
	} words[] = {
		{NVME, 0x00, 0x00101b36, 0},
		{NVME, 0x04, 0x00100000, 0x0006},
		{NVME, 0x08, 0x01080202, 0},
		{NVME, 0x10, BUS_PLACE(NVME, 0) | 4, 0},
		{NVME, 0x2c, 0x11001af4, 0},
		{NVME, 0x34, 0x40, 0},
		{NVME, 0x3c, 0x100, 0},
		{NVME, 0x40, 0x00408011, 0xc0000000},
		{NVME, 0x60, 0x00030001, 0},
		{NVME, 0x64, 0x8, 0x3},
		{NVME, 0x80, 0x00926010, 0},
		{NVME, 0x84, 0x10008020, 0},
		{CARD, 0x00, 0x10d38086, 0},
		{CARD, 0x04, 0x00100000, 0x0406},
		{CARD, 0x08, 0x02000000, 0},
		{CARD, 0x10, BUS_PLACE(CARD, 0), 0},
		{CARD, 0x14, BUS_PLACE(CARD, 1), 0},
		{CARD, 0x18, 1, 0},
		{CARD, 0x1c, BUS_PLACE(CARD, 3), 0x4000},
		{CARD, 0x34, 0xc8, 0},
		{CARD, 0x3c, 0x100, 0},
		{CARD, 0xc8, 0x0022d001, 0},
		{CARD, 0xd0, 0x0080e005, 0x10000},
		{CARD, 0xe0, 0x0091a010, 0},
		{CARD, 0xe4, 0x8020, 0},
		{CARD, 0x100, 0x14020001, 0},
		{CARD, 0x140, 0x00010003, 0},
	};

	for (uint32_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct fake_window *window = &fake.windows[words[i].function];

		window->words[words[i].offset / 4] = words[i].value;
		window->writable[words[i].offset / 4] = words[i].writable;
	}
}

void machine_configure(uint32_t vcpu_count)
{
	static const char *const peers[MACHINE_CONNECTIONS] = {"gateway", "noise"};
	struct pv_vmm_config *vm = &machine.config.vm;

	fake_reset(vcpu_count);
	memset(&machine, 0, sizeof(machine));
	*vm = (struct pv_vmm_config){
		.magic = PV_VMM_MAGIC,
		.version = PV_VMM_VERSION,
		.bytes = sizeof(machine.config),
		.name = "driver",
		.vcpu_count = vcpu_count,
		.connection_count = MACHINE_CONNECTIONS,
		.device_count = MACHINE_DEVICES,
		.cap_vcpu_first = FAKE_CAP_VCPU,
		.cap_vgic = FAKE_CAP_VGIC,
		.cap_log = FAKE_CAP_LOG,
		.gicd_ipa = GICD,
		.v2m_ipa = V2M,
		.v2m_first = V2M_FIRST,
		.v2m_count = V2M_COUNT,
		.uarts = {{.ipa = TTY, .intid = TTY_INTID, .cap = FAKE_CAP_TTY, .event = 0},
	                  {.ipa = AGENT, .intid = AGENT_INTID, .cap = FAKE_CAP_AGENT, .event = 2}},
		.entry = ENTRY,
		.entry_arg = ENTRY_ARG,
		.flags = PV_VMM_AUTOSTART,
		.restart = PV_VMM_RESTART_ON_FAILURE,
		.restart_limit = 3,
		.restart_delay_ms = 1000,
		.watchdog_ms = 30000,
		.event_log = PV_EVENT_CONSOLE(1),
		.event_start = EVENT_ASK,
		.event_stop = EVENT_ASK + 1,
		.event_restart = EVENT_ASK + 2,
		.function_count = MACHINE_FUNCTIONS,
		.hw_ecam_ipa = ECAM_HARDWARE,
	};
	for (uint32_t i = 0; i < MACHINE_CONNECTIONS; i++) {
		struct pv_vmm_connection *connection = &machine.config.connections[i];

		*connection = (struct pv_vmm_connection){
			.ecam_ipa = ECAM(i),
			.page_out = (uintptr_t)&machine.page_out[i],
			.page_in = (uintptr_t)&machine.page_in[i],
			.cap_ring = FAKE_CAP_RING + i,
			.event = EVENT(i),
			.device_first = i == 0 ? 0 : 2,
			.device_count = i == 0 ? 2 : 1,
		};
		memcpy(connection->peer, peers[i], strlen(peers[i]) + 1);
	}
	configure_devices();
	configure_functions();
	fill_windows();
}

static void begin(void)
{
	err_t err;

	err = vm_init(&machine.vm, &machine.config.vm, 0);
	assert(err == OK);
	machine.last = life_begin(&machine.vm, &machine.config.vm.kept, 0);
	assert(machine.last.kind == PV_REPLY_NONE);
	fake_forget();
}

void machine_start(uint32_t vcpu_count)
{
	machine_configure(vcpu_count);
	begin();
}

void machine_start_gicv3(uint32_t vcpu_count)
{
	machine_configure(vcpu_count);
	machine.config.vm.gicr_ipa = GICR;
	begin();
}

struct reply machine_wait(uint64_t ms)
{
	struct reply reply = {.kind = PV_REPLY_NONE};
	uint64_t end = fake.now + ms * 1000;

	while (fake.timer <= end) {
		fake.now = fake.timer > fake.now ? fake.timer : fake.now;
		fake.timer = UINT64_MAX;
		reply = machine_send(PV_MSG_EVENTS, UINT64_C(1) << PV_EVENT_TIMER, 0, 0, 0);
	}
	fake.now = end;
	return reply;
}

struct reply machine_send(enum pv_msg kind, uint64_t x1, uint64_t x2, uint64_t x3, uint64_t x4)
{
	const struct message message = {{(uint64_t)kind, x1, x2, x3, x4}};

	machine.last = vm_serve(&machine.vm, &message);
	return machine.last;
}

uint64_t guest_load_on(uint32_t vcpu, uint64_t ipa, uint32_t bytes)
{
	struct reply reply = machine_send(PV_MSG_READ, vcpu, ipa, bytes, 0);

	assert(reply.kind == PV_REPLY_RESUME);
	assert(bytes == 8 || reply.value >> (8 * bytes) == 0);
	return reply.value;
}

void guest_store_on(uint32_t vcpu, uint64_t ipa, uint32_t bytes, uint64_t value)
{
	struct reply reply = machine_send(PV_MSG_WRITE, vcpu, ipa, bytes, value);

	assert(reply.kind == PV_REPLY_RESUME);
}

uint64_t guest_load(uint64_t ipa, uint32_t bytes)
{
	return guest_load_on(0, ipa, bytes);
}

void guest_store(uint64_t ipa, uint32_t bytes, uint64_t value)
{
	guest_store_on(0, ipa, bytes, value);
}

void peer_ring(uint32_t number)
{
	struct reply reply = machine_send(PV_MSG_EVENTS, UINT64_C(1) << EVENT(number), 0, 0, 0);

	/* The last device VM may have let go of a VM that goes off. */
	assert(reply.kind == PV_REPLY_NONE ||
	       (reply.kind == PV_REPLY_STOP && machine.vm.life.power.state != POWER_ON));
}

void peer_start(uint32_t number)
{
	iobuf_start(&machine.peer[number], &machine.page_in[number], &machine.page_out[number]);
	for (uint32_t i = 0; i < 8 && machine.peer[number].state != IOBUF_STATE_UP; i++) {
		peer_ring(number);
		(void)!iobuf_poll_session(&machine.peer[number]);
	}
	assert(machine.peer[number].state == IOBUF_STATE_UP);
	peer_ring(number);
}

void peer_send(uint32_t number, enum pv_iobuf_kind kind, uint32_t device, uint32_t sequence,
               int32_t second)
{
	struct pv_iobuf_message message = {.kind = (uint32_t)kind, .device = device};
	const struct pv_ctl_failed payload = {sequence, second};
	err_t err;

	memcpy(message.payload, &payload, sizeof(payload));
	err = iobuf_send(&machine.peer[number], &message);
	assert(err == OK);
	peer_ring(number);
}

bool peer_take(uint32_t number, struct pv_iobuf_message *message)
{
	return iobuf_receive(&machine.peer[number], message) == OK;
}

void driver_set_status(uint32_t device, uint8_t status)
{
	guest_store(BAR(device) + 0x14, 1, status);
}

uint8_t driver_status(uint32_t device)
{
	return (uint8_t)guest_load(BAR(device) + 0x14, 1);
}

void driver_negotiate(uint32_t device)
{
	driver_set_status(device, VIRTIO_ACKNOWLEDGE);
	driver_set_status(device, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER);
	for (uint32_t word = 0; word < 2; word++) {
		guest_store(BAR(device) + 0x00, 4, word);
		guest_store(BAR(device) + 0x08, 4, word);
		guest_store(BAR(device) + 0x0c, 4, guest_load(BAR(device) + 0x04, 4));
	}
	driver_set_status(device, VIRTIO_ACKNOWLEDGE | VIRTIO_DRIVER | VIRTIO_FEATURES_OK);
	assert((driver_status(device) & VIRTIO_FEATURES_OK) != 0);
}

void driver_enable_queue(uint32_t device, uint32_t queue, uint16_t size)
{
	uint64_t base = 0x48000000U + device * UINT64_C(0x100000) + queue * UINT64_C(0x10000);

	guest_store(BAR(device) + 0x16, 2, queue);
	guest_store(BAR(device) + 0x18, 2, size);
	for (uint32_t part = 0; part < 3; part++) {
		guest_store(BAR(device) + 0x20 + UINT64_C(8) * part, 4,
		            base + UINT64_C(0x4000) * part);
		guest_store(BAR(device) + 0x24 + UINT64_C(8) * part, 4, 0);
	}
	guest_store(BAR(device) + 0x1c, 2, 1);
	assert(guest_load(BAR(device) + 0x1c, 2) == 1);
}

void driver_start(uint32_t device)
{
	driver_negotiate(device);
	for (uint32_t i = 0; i < machine.config.devices[device].queue_count; i++) {
		driver_enable_queue(device, i, 128);
	}
	driver_set_status(device, 0x0f);
}
