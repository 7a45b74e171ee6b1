/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hostile backend: any bytes at any time in the page that it writes, while the guest starts and
 * resets its devices. Whatever it does, the work for one ring is bounded, nothing but the devices'
 * own life cycle moves, and a new honest incarnation is served.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "tests/unit/vmm_machine.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

#define RINGS_MAX 16U /* that one ring of the peer's may cause */

struct input {
	const uint8_t *at;
	size_t left;
};

static uint32_t take(struct input *input, uint32_t bytes)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < bytes && input->left > 0; i++) {
		value |= (uint32_t)*input->at << (8 * i);
		input->at++;
		input->left--;
	}
	return value;
}

/* One word of the page: mostly of the header, with values that come near to mattering. */
static void poke(struct input *input, uint32_t number)
{
	volatile struct pv_iobuf_page *page = &machine.page_in[number];
	const volatile struct pv_iobuf_page *own = &machine.page_out[number];
	uint32_t how = take(input, 1);
	uint32_t near = (how >> 4) & 3;

	switch (how & 7) {
	case 0:
		page->epoch = take(input, 1);
		break;
	case 1:
		page->peer_epoch = near == 0 ? take(input, 4) : own->epoch;
		break;
	case 2:
		page->produced = near == 0 ? take(input, 4) : page->produced + take(input, 1) % 36;
		break;
	case 3:
		page->consumed = near == 0 ? take(input, 4) : own->produced - near;
		break;
	case 4:
		page->magic = near == 0 ? take(input, 4) : PV_IOBUF_MAGIC;
		page->version = near == 1 ? take(input, 1) : PV_IOBUF_VERSION;
		break;
	default: {
		volatile struct pv_iobuf_message *slot =
			&page->slots[take(input, 1) % PV_IOBUF_SLOTS];

		slot->kind = near == 0 ? take(input, 4) : PV_CTL_READY + take(input, 1) % 7;
		slot->device = near == 1 ? take(input, 4) : take(input, 1) & 1;
		slot->payload[0] = (uint8_t)take(input, 1);
		slot->payload[1] = slot->payload[2] = slot->payload[3] = 0;
		break;
	}
	}
}

static void guest(struct input *input)
{
	uint32_t what = take(input, 1);
	uint32_t device = what % MACHINE_DEVICES;

	if ((what & 0x40) != 0) { /* whatever the peer does, no reset takes longer */
		(void)machine_wait(CONNECTION_STOP_MS);
		for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
			assert(!machine.vm.devices[i].function.virtio.is_resetting);
		}
	} else if ((what & 0x80) != 0 || driver_status(device) != 0) {
		driver_set_status(device, 0);
	} else {
		driver_start(device);
	}
}

static void check(const struct machine_config *before)
{
	assert(memcmp(before, &machine.config, sizeof(*before)) == 0);
	for (uint32_t i = 0; i < MACHINE_CONNECTIONS; i++) {
		assert(fake.rings[FAKE_CAP_RING + i] <= RINGS_MAX);
		assert(machine.page_out[i].magic == PV_IOBUF_MAGIC);
		assert(machine.page_out[i].epoch == machine.vm.connections[i].iobuf.epoch);
	}
	for (uint32_t i = 0; i < MACHINE_DEVICES; i++) {
		const struct virtio *virtio = &machine.vm.devices[i].function.virtio;
		const struct connection *connection =
			&machine.vm.connections[virtio->config->connection];

		/* without a session nobody holds up a reset */
		assert(!virtio->is_resetting || connection->iobuf.state == IOBUF_STATE_UP);
		assert((virtio->status & VIRTIO_NEEDS_RESET) == 0 ||
		       (virtio->status & VIRTIO_DRIVER_OK) != 0);
	}
}

/* After all that, an honest backend gets the whole state of its devices. */
static void check_recovery(void)
{
	memset(&machine.page_in[0], 0, sizeof(machine.page_in[0]));
	peer_ring(0);
	assert(!machine.vm.devices[NET].function.virtio.is_resetting);
	if (driver_status(NET) != 0) {
		driver_set_status(NET, 0);
		assert(driver_status(NET) == 0);
	}
	peer_start(0);
	driver_start(NET);
	for (uint32_t i = 0; i < 8; i++) {
		struct pv_iobuf_message message;

		assert(peer_take(0, &message));
		if (message.kind == PV_CTL_START && message.device == 0) {
			return;
		}
	}
	assert(false);
}

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct input input = {data, bytes};
	struct machine_config before;

	machine_start(1);
	before = machine.config;
	while (input.left > 0) {
		uint32_t step = take(&input, 1);
		uint32_t number = step >> 7;

		fake_forget();
		if ((step & 0x0f) < 9) {
			poke(&input, number);
		} else if ((step & 0x0f) < 12) {
			peer_ring(number);
		} else if ((step & 0x0f) < 15) {
			guest(&input);
		} else {
			machine.page_in[number].epoch++;
			machine.page_in[number].peer_epoch = machine.page_out[number].epoch;
			peer_ring(number);
		}
		check(&before);
	}
	check_recovery();
	return 0;
}
