/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Driver side of the control protocol against an honest peer that comes, goes and is slow, and
 * against one that lies.
 *
 * links: tests/unit/vmm_fake_kernel.c tests/unit/vmm_machine.c lib/iobuf.c
 * links: vmm/base vmm/gic vmm/pci vmm/serial vmm/session vmm/virtio vmm/vm lib/random.c
 */
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/vmm_machine.h"

#define RING FAKE_CAP_RING

static const char *log_text(void)
{
	return fake.output[FAKE_CAP_LOG];
}

/* Takes everything that waits and asserts that it is QUEUE for all queues, then START. */
static uint32_t take_start(uint32_t number, uint32_t device, uint32_t index)
{
	const struct pv_vmm_device *config = &machine.config.devices[device];
	struct pv_iobuf_message message;
	struct pv_ctl_start start;

	for (uint32_t i = 0; i < config->queue_count; i++) {
		struct pv_ctl_queue queue;
		uint64_t base = 0x48000000U + device * 0x100000U + i * 0x10000U;

		assert_true(peer_take(number, &message));
		assert_int_equal(message.kind, PV_CTL_QUEUE);
		assert_int_equal(message.device, index);
		memcpy(&queue, message.payload, sizeof(queue));
		assert_int_equal(queue.queue, i);
		assert_int_equal(queue.size, 128);
		assert_int_equal(queue.desc, base);
		assert_int_equal(queue.driver, base + 0x4000);
		assert_int_equal(queue.device, base + 0x8000);
	}
	assert_true(peer_take(number, &message));
	assert_int_equal(message.kind, PV_CTL_START);
	assert_int_equal(message.device, index);
	memcpy(&start, message.payload, sizeof(start));
	assert_int_equal(start.features, config->features);
	return start.sequence;
}

static uint32_t take_stop(uint32_t number, uint32_t index)
{
	struct pv_iobuf_message message;
	struct pv_ctl_stop stop;

	assert_true(peer_take(number, &message));
	assert_int_equal(message.kind, PV_CTL_STOP);
	assert_int_equal(message.device, index);
	memcpy(&stop, message.payload, sizeof(stop));
	return stop.sequence;
}

static void assert_nothing_waits(uint32_t number)
{
	struct pv_iobuf_message message;

	assert_false(peer_take(number, &message));
}

static void a_backend_serves_from_start_to_reset(void **state)
{
	uint32_t sequence;

	(void)state;
	machine_start(1);
	peer_start(0);
	assert_string_equal(log_text(), "connection gateway up\n");
	fake_forget();
	driver_start(NET);
	assert_int_equal(fake.rings[RING], 1); /* once for all messages */
	assert_int_equal(fake.rings[RING + 1], 0);
	sequence = take_start(0, NET, 0);
	assert_nothing_waits(0);
	peer_send(0, PV_CTL_STARTED, 0, sequence, 0);
	assert_string_equal(log_text(), "device gateway/0 started\n");
	peer_send(0, PV_CTL_STARTED, 0, sequence, 0); /* said once */
	assert_string_equal(log_text(), "device gateway/0 started\n");

	fake_forget();
	driver_set_status(NET, 0);
	assert_int_equal(fake.rings[RING], 1);
	assert_int_equal(driver_status(NET), 0x0f);
	driver_set_status(NET, 0); /* the driver waits; writes meanwhile change nothing */
	driver_set_status(NET, 0x80);
	guest_store(BAR(NET) + 0x1a, 2, 0);
	assert_int_equal(driver_status(NET), 0x0f);
	assert_int_equal(take_stop(0, 0), sequence + 1);
	assert_nothing_waits(0);
	peer_send(0, PV_CTL_STOPPED, 0, sequence, 0); /* of another STOP: no */
	assert_int_equal(driver_status(NET), 0x0f);
	peer_send(0, PV_CTL_STOPPED, 1, sequence + 1, 0); /* of another device: no */
	assert_int_equal(driver_status(NET), 0x0f);
	peer_send(0, PV_CTL_STOPPED, 0, sequence + 1, 0);
	assert_int_equal(driver_status(NET), 0);
	assert_string_equal(log_text(), "device gateway/0 stopped\n");
	driver_start(NET);
	assert_int_equal(take_start(0, NET, 0), sequence + 2);
}

static void a_backend_that_comes_late_gets_everything(void **state)
{
	(void)state;
	machine_start(1);
	driver_start(BLK);
	driver_start(NET);
	driver_start(RNG);
	assert_string_equal(log_text(), "");
	peer_start(0);
	(void)take_start(0, NET, 0);
	(void)take_start(0, BLK, 1);
	assert_nothing_waits(0);
	peer_start(1);
	(void)take_start(1, RNG, 0);
	assert_nothing_waits(1);
}

static void a_new_epoch_gets_everything_anew(void **state)
{
	uint32_t first;
	uint32_t second;

	(void)state;
	machine_start(1);
	driver_start(NET);
	driver_start(BLK);
	peer_start(0);
	first = take_start(0, NET, 0);
	(void)take_start(0, BLK, 1);
	peer_send(0, PV_CTL_STARTED, 0, first, 0);
	fake_forget();
	peer_start(0); /* the daemon was killed and came back */
	assert_string_equal(log_text(), "connection gateway down\nconnection gateway up\n");
	second = take_start(0, NET, 0);
	assert_int_equal(second, first); /* the same life of the rings: the same number */
	(void)take_start(0, BLK, 1);
	assert_nothing_waits(0);
	assert_int_equal(driver_status(NET), 0x0f);
	fake_forget();
	peer_send(0, PV_CTL_STARTED, 0, second, 0);
	assert_string_equal(log_text(), "device gateway/0 started\n");
}

static void a_reset_that_nobody_saw_counts(void **state)
{
	uint32_t first;

	(void)state;
	machine_start(1);
	driver_start(NET);
	peer_start(0);
	first = take_start(0, NET, 0);
	machine.page_in[0].epoch = 0; /* gone */
	peer_ring(0);
	driver_set_status(NET, 0);
	assert_int_equal(driver_status(NET), 0);
	driver_start(NET);
	peer_start(0);
	assert_int_equal(take_start(0, NET, 0), first + 1);
}

static void a_reset_ends_with_the_session(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	driver_start(NET);
	driver_set_status(NET, 0);
	assert_int_equal(driver_status(NET), 0x0f);
	machine.page_in[0].epoch = 0; /* gone */
	peer_ring(0);
	assert_int_equal(driver_status(NET), 0);
	assert_string_equal(log_text(), "connection gateway up\nconnection gateway down\n");
	peer_start(0);
	assert_nothing_waits(0);
}

static void a_reset_before_any_message_asks_nobody(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	driver_negotiate(NET);
	driver_set_status(NET, 0);
	assert_int_equal(driver_status(NET), 0);
	assert_nothing_waits(0);
}

/* A device VM may withhold its devices from a running guest, and nothing else. */
static void a_reset_does_not_wait_for_ever(void **state)
{
	uint32_t sequence;

	(void)state;
	machine_start(1);
	peer_start(0);
	driver_start(NET);
	driver_start(BLK);
	(void)take_start(0, NET, 0);
	sequence = take_start(0, BLK, 1);
	driver_set_status(NET, 0);
	machine_wait(CONNECTION_STOP_MS - 1);
	assert_int_equal(driver_status(NET), 0x0f);
	fake_forget();
	machine_wait(1);
	assert_int_equal(driver_status(NET), 0);
	assert_int_equal(driver_status(BLK), 0x0f);
	assert_string_equal(log_text(),
	                    "connection gateway does not answer: its session is given up\n"
	                    "connection gateway down\n");
	/* Now it is not there: no wait at all. */
	driver_start(NET);
	driver_set_status(NET, 0);
	assert_int_equal(driver_status(NET), 0);
	driver_start(NET);
	/* It was only slow. What still ran is started anew, as the same life of its rings. */
	for (uint32_t i = 0; i < 3; i++) {
		(void)!iobuf_poll_session(&machine.peer[0]);
		peer_ring(0);
	}
	(void)take_start(0, NET, 0);
	assert_int_equal(take_start(0, BLK, 1), sequence);
	assert_int_equal(fake.timer, UINT64_MAX);
}

/* Two devices of 16 queues and a peer that takes nothing: the ring is full in the middle of BLK. */
static void fill_ring(void)
{
	machine_configure(1);
	for (uint32_t i = 0; i < 2; i++) {
		machine.config.devices[i].queue_count = 16;
		machine.config.devices[i].cap_recv_first = FAKE_CAP_RECV + 16 * i;
	}
	machine.config.devices[RNG].cap_recv_first = FAKE_CAP_RECV;
	assert_int_equal(vm_init(&machine.vm, &machine.config.vm, 0), OK);
	peer_start(0);
	driver_start(NET);
	driver_start(BLK);
}

static void a_full_ring_loses_nothing(void **state)
{
	struct pv_iobuf_message message;
	uint32_t queues[2] = {0, 0};
	uint32_t starts = 0;

	(void)state;
	fill_ring();
	for (uint32_t i = 0; i < PV_IOBUF_SLOTS; i++) {
		assert_true(peer_take(0, &message));
		if (message.kind == PV_CTL_QUEUE) {
			queues[message.device] |= 1U << message.payload[0];
		} else {
			assert_int_equal(message.kind, PV_CTL_START);
			assert_int_equal(queues[message.device], 0xffff);
			starts++;
		}
	}
	assert_int_equal(starts, 1);
	assert_nothing_waits(0);
	peer_ring(0); /* room again */
	while (peer_take(0, &message)) {
		if (message.kind == PV_CTL_QUEUE) {
			queues[message.device] |= 1U << message.payload[0];
		} else {
			assert_int_equal(message.kind, PV_CTL_START);
			starts++;
		}
	}
	assert_int_equal(starts, 2);
	assert_int_equal(queues[0], 0xffff);
	assert_int_equal(queues[1], 0xffff);
}

/* START of BLK found no room; its reset must not be taken for one that nobody knows of. */
static void a_reset_in_the_middle_of_a_start_waits(void **state)
{
	struct pv_iobuf_message message;
	uint32_t stops = 0;
	uint32_t sequence = 0;

	(void)state;
	fill_ring();
	driver_set_status(BLK, 0);
	assert_int_equal(driver_status(BLK), 0x0f);
	for (uint32_t i = 0; i < PV_IOBUF_SLOTS; i++) {
		assert_true(peer_take(0, &message));
	}
	peer_ring(0);
	while (peer_take(0, &message)) {
		assert_int_equal(message.kind, PV_CTL_STOP); /* no START behind it */
		assert_int_equal(message.device, 1);
		memcpy(&sequence, message.payload, sizeof(sequence));
		stops++;
	}
	assert_int_equal(stops, 1);
	peer_send(0, PV_CTL_STOPPED, 1, sequence, 0);
	assert_int_equal(driver_status(BLK), 0);
}

static void a_failure_needs_reset(void **state)
{
	uint32_t sequence;

	(void)state;
	machine_start(1);
	peer_start(0);
	guest_store(ECAM(0) + 0x42, 2, 0x8000);
	guest_store(BAR(NET) + 0x10, 2, 0);
	guest_store(BAR(NET) + PV_VMM_BAR_MSIX, 8, V2M + 0x40);
	guest_store(BAR(NET) + PV_VMM_BAR_MSIX + 8, 8, V2M_FIRST + 9);
	driver_start(NET);
	sequence = take_start(0, NET, 0);
	fake_forget();
	peer_send(0, PV_CTL_FAILED, 0, sequence, ERR_RANGE);
	assert_string_equal(log_text(), "device gateway/0 failed: its rings are not in memdev; has "
	                                "the guest's kernel CONFIG_DMA_RESTRICTED_POOL?\n");
	assert_int_equal(driver_status(NET), 0x4f);
	assert_int_equal(fake_virq(0, V2M_FIRST + 9)->pending, 1);
	fake_forget();
	peer_send(0, PV_CTL_FAILED, 0, sequence, ERR_RANGE); /* told once */
	assert_string_equal(log_text(), "");
	assert_int_equal(fake.record_count, 0);
	driver_set_status(NET, 0);
	peer_send(0, PV_CTL_STOPPED, 0, take_stop(0, 0), 0);
	assert_int_equal(driver_status(NET), 0);
	driver_start(BLK);
	fake_forget();
	peer_send(0, PV_CTL_FAILED, 1, take_start(0, BLK, 1), ERR_STATE);
	assert_string_equal(log_text(), "device gateway/1 failed\n");
}

/* A late disk: 0 sectors, and no wait for anybody, until a back end is ready. */
static void a_late_disk_grows_when_it_is_served(void **state)
{
	const uint64_t capacity = BAR(BLK) + PV_VMM_BAR_DEVICE;

	(void)state;
	machine_start(1);
	machine.config.devices[BLK].flags = PV_VMM_DEVICE_LATE;
	guest_store(ECAM(0) + (1U << 15) + 0x42, 2, 0x8000);
	guest_store(BAR(BLK) + 0x10, 2, 0);
	guest_store(BAR(BLK) + PV_VMM_BAR_MSIX, 8, V2M + 0x40);
	guest_store(BAR(BLK) + PV_VMM_BAR_MSIX + 8, 8, V2M_FIRST + 9);
	driver_start(BLK);
	peer_start(0);
	assert_int_equal(guest_load(capacity, 8), 0);
	assert_int_equal(guest_load(capacity + 4, 4), 0);
	assert_int_equal(guest_load(capacity + 8, 4), 0x1c1b1a19);
	peer_send(0, PV_CTL_FULL, 1, 0, 0);
	assert_int_equal(guest_load(capacity, 8), 0);
	assert_int_equal(guest_load(BAR(BLK) + 0x15, 1), 0);
	assert_int_equal(fake_virq(0, V2M_FIRST + 9)->pending, 0);

	peer_send(0, PV_CTL_READY, 1, 0, 0);
	assert_int_equal(guest_load(capacity, 8), UINT64_C(0x1817161514131211));
	assert_int_equal(guest_load(BAR(BLK) + 0x15, 1), 1); /* config_generation */
	assert_int_equal(fake_virq(0, V2M_FIRST + 9)->pending, 1);
	assert_int_equal(driver_status(BLK), 0x0f);

	/* What was there once is waited for. */
	fake_forget();
	peer_send(0, PV_CTL_GONE, 1, 0, 0);
	peer_send(0, PV_CTL_READY, 1, 0, 0);
	assert_int_equal(guest_load(capacity, 8), UINT64_C(0x1817161514131211));
	assert_int_equal(guest_load(BAR(BLK) + 0x15, 1), 1);
	assert_int_equal(fake.record_count, 0);
}

/* A VM that starts anew finds the back end that is there. */
static void a_late_disk_that_is_served_has_its_size_at_power_on(void **state)
{
	(void)state;
	machine_start(1);
	machine.config.devices[BLK].flags = PV_VMM_DEVICE_LATE;
	peer_start(0);
	peer_send(0, PV_CTL_READY, 1, 0, 0);
	virtio_pci_reset(&machine.vm.devices[BLK].function);
	driver_set_status(BLK, 0);
	assert_int_equal(guest_load(BAR(BLK) + PV_VMM_BAR_DEVICE, 4), 0x14131211);
}

/* Other disks have their size at once. */
static void a_disk_has_its_size_before_it_is_served(void **state)
{
	(void)state;
	machine_start(1);
	assert_int_equal(guest_load(BAR(BLK) + PV_VMM_BAR_DEVICE, 8), UINT64_C(0x1817161514131211));
	peer_start(0);
	peer_send(0, PV_CTL_READY, 1, 0, 0);
	assert_int_equal(guest_load(BAR(BLK) + 0x15, 1), 0);
}

/* What the next START of NET says. */
static void check_start(uint32_t flags, uint64_t identity)
{
	struct pv_iobuf_message message;
	struct pv_ctl_start start;

	do {
		assert_true(peer_take(0, &message));
	} while (message.kind == PV_CTL_QUEUE);
	assert_int_equal(message.kind, PV_CTL_START);
	memcpy(&start, message.payload, sizeof(start));
	assert_int_equal(start.flags, flags);
	assert_int_equal(start.identity, identity);
}

static void ready(uint64_t identity)
{
	peer_send(0, PV_CTL_READY, 0, (uint32_t)identity, (int32_t)(identity >> 32));
}

static void a_life_keeps_the_storage_that_it_began_with(void **state)
{
	const uint64_t first = 0x123456789abcdef0;

	(void)state;
	machine_start(1);
	peer_start(0);
	fake_forget();
	ready(first);
	assert_int_equal(fake.rings[RING], 1); /* it is taken, and the peer may know */
	driver_start(NET);
	check_start(0, first);
	ready(first + 1);
	peer_start(0);
	ready(first + 2);
	check_start(PV_START_AGAIN, first);
	driver_set_status(NET, 0);
	peer_send(0, PV_CTL_STOPPED, 0, take_stop(0, 0), 0);
	driver_start(NET);
	check_start(0, first + 2);
}

static void a_life_takes_the_first_storage_that_comes(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	ready(1);
	peer_send(0, PV_CTL_GONE, 0, 0, 0);
	driver_start(NET);
	check_start(0, 0);
	ready(2);
	ready(3);
	peer_start(0);
	check_start(PV_START_AGAIN, 2);
	ready(4);
	peer_start(0);
	check_start(PV_START_AGAIN, 2);
}

/* What was announced over one storage knows nothing of it when the session is new. */
static void a_new_session_forgets_what_was_behind(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	ready(1);
	peer_start(0);
	driver_start(NET);
	check_start(0, 0);
}

static void lost_storage_needs_reset(void **state)
{
	uint32_t sequence;

	(void)state;
	machine_start(1);
	peer_start(0);
	driver_start(NET);
	sequence = take_start(0, NET, 0);
	fake_forget();
	peer_send(0, PV_CTL_LOST, 0, sequence + 1, 0); /* of another START */
	assert_int_equal(driver_status(NET), 0x0f);
	peer_send(0, PV_CTL_LOST, 0, sequence, 0);
	peer_send(0, PV_CTL_LOST, 0, sequence, 0);
	peer_send(0, PV_CTL_STARTED, 0, sequence, 0);
	assert_string_equal(log_text(), "device gateway/0 lost\n");
	assert_int_equal(driver_status(NET), 0x4f);
	driver_set_status(NET, 0);
	peer_send(0, PV_CTL_STOPPED, 0, take_stop(0, 0), 0);
	assert_int_equal(driver_status(NET), 0);
}

static void a_masked_configuration_vector_waits(void **state)
{
	uint64_t entry = BAR(NET) + PV_VMM_BAR_MSIX + 16;

	(void)state;
	machine_start(1);
	peer_start(0);
	guest_store(ECAM(0) + 0x42, 2, 0x8000);
	guest_store(BAR(NET) + 0x10, 2, 1);
	guest_store(entry, 8, V2M + 0x40);
	guest_store(entry + 8, 8, V2M_FIRST + 9 | UINT64_C(1) << 32);
	driver_start(NET);
	peer_send(0, PV_CTL_FAILED, 0, take_start(0, NET, 0), ERR_RANGE);
	assert_int_equal(fake_virq(0, V2M_FIRST + 9)->pending, 0);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_PBA, 8), 2);
	guest_store(entry + 12, 4, 0);
	assert_int_equal(fake_virq(0, V2M_FIRST + 9)->pending, 1);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_PBA, 4), 0);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_ISR, 1), 0);
}

static void without_msix_the_isr_tells(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	driver_start(NET);
	peer_send(0, PV_CTL_FAILED, 0, take_start(0, NET, 0), ERR_RANGE);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_ISR, 1), 2);
	assert_int_equal(guest_load(BAR(NET) + PV_VMM_BAR_ISR, 1), 0);
}

static void backends_that_come_and_go_are_told_of_once(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	fake_forget();
	peer_send(0, PV_CTL_GONE, 1, 0, 0);
	peer_send(0, PV_CTL_READY, 1, 0, 0);
	peer_send(0, PV_CTL_READY, 1, 0, 0);
	peer_send(0, PV_CTL_GONE, 1, 0, 0);
	peer_send(0, PV_CTL_FULL, 1, 0, 0);
	peer_send(0, PV_CTL_FULL, 1, 0, 0);
	peer_send(0, PV_CTL_ABSENT, 1, 0, 0);
	peer_send(0, PV_CTL_READY, 1, 0, 0);
	assert_string_equal(log_text(),
	                    "device gateway/1 backend ready\ndevice gateway/1 backend gone\n"
	                    "device gateway/1 backend full\ndevice gateway/1 backend absent\n"
	                    "device gateway/1 backend ready\n");
}

static void answers_to_nothing_change_nothing(void **state)
{
	static const enum pv_iobuf_kind kinds[] = {PV_CTL_STARTED, PV_CTL_STOPPED, PV_CTL_FAILED};

	(void)state;
	machine_start(1);
	peer_start(0);
	fake_forget();
	for (uint32_t i = 0; i < 3; i++) {
		peer_send(0, kinds[i], 0, 0, 0); /* sequence 0 is where it starts */
		assert_int_equal(driver_status(NET), 0);
	}
	driver_start(NET);
	peer_send(0, PV_CTL_STOPPED, 0, take_start(0, NET, 0), 0); /* nobody asked for it */
	assert_int_equal(driver_status(NET), 0x0f);
	assert_string_equal(log_text(), "");
}

static void nonsense_is_dropped(void **state)
{
	static const struct {
		uint32_t kind;
		uint32_t device;
	} nonsense[] = {{0, 0},
	                {PV_CTL_QUEUE, 0},
	                {15, 0},
	                {PV_CTL_ABSENT + 1, 0},
	                {0xffffffff, 0},
	                {PV_CTL_STARTED, 2},
	                {PV_CTL_READY, 0xffffffff}};

	(void)state;
	machine_start(1);
	peer_start(0);
	for (uint32_t i = 0; i < ARRAY_COUNT(nonsense); i++) {
		fake_forget();
		peer_send(0, (enum pv_iobuf_kind)nonsense[i].kind, nonsense[i].device, 0, 0);
		assert_string_equal(log_text(),
		                    "connection gateway sent a message that means nothing\n");
		assert_int_equal(machine.vm.connections[0].errors, i + 1);
	}
	driver_start(NET);
	(void)take_start(0, NET, 0);
}

static void a_broken_ring_is_dead_until_a_new_epoch(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	driver_start(NET);
	driver_set_status(NET, 0);
	fake_forget();
	machine.page_in[0].produced = 0x80000000;
	peer_ring(0);
	assert_string_equal(log_text(), "connection gateway down\n");
	assert_int_equal(machine.vm.connections[0].errors, 1);
	assert_int_equal(driver_status(NET), 0); /* nobody holds the queues any more */
	driver_start(NET);
	fake_forget();
	machine.page_in[0].produced = 0;
	peer_ring(0);
	assert_string_equal(log_text(), "");
	peer_start(0);
	assert_string_equal(log_text(), "connection gateway up\n");
	(void)take_start(0, NET, 0);
}

/* The breach is found when the guest's access sends, not by an event. */
static void a_broken_index_is_found_by_sending(void **state)
{
	(void)state;
	machine_start(1);
	peer_start(0);
	driver_start(NET);
	fake_forget();
	machine.page_in[0].consumed = 0x80000000;
	driver_set_status(NET, 0);
	assert_string_equal(log_text(), "connection gateway down\n");
	assert_int_equal(machine.vm.connections[0].errors, 1);
	assert_int_equal(driver_status(NET), 0);
}

static void work_and_words_are_bounded(void **state)
{
	uint32_t lines = 0;

	(void)state;
	machine_start(1);
	for (uint32_t i = 1; i < 10000; i++) {
		fake_forget();
		machine.page_in[0].magic = PV_IOBUF_MAGIC;
		machine.page_in[0].version = PV_IOBUF_VERSION;
		machine.page_in[0].epoch = i;
		machine.page_in[0].peer_epoch = machine.page_out[0].epoch;
		machine.page_in[0].produced = PV_IOBUF_SLOTS;
		peer_ring(0);
		assert_true(fake.rings[RING] <= 16);
		for (const char *at = log_text(); (at = strchr(at, '\n')) != NULL; at++) {
			lines++;
		}
		if (strstr(log_text(), "too much") != NULL) {
			assert_string_equal(strstr(log_text(), "connection gateway says"),
			                    "connection gateway says too much: no more lines\n");
		}
	}
	assert_int_equal(lines, 4096);
}

static void words_of_devices_are_bounded_too(void **state)
{
	uint32_t lines = 0;

	(void)state;
	machine_start(1);
	peer_start(0);
	for (uint32_t i = 0; i < 6000; i++) {
		fake_forget();
		peer_send(0, i % 2 == 0 ? PV_CTL_READY : PV_CTL_GONE, 0, 0, 0);
		lines += log_text()[0] != '\0' ? 1 : 0;
	}
	assert_int_equal(lines, 4095); /* "up" was the first */
	fake_forget();
	driver_start(NET);
	peer_send(0, PV_CTL_STARTED, 0, take_start(0, NET, 0), 0);
	assert_string_equal(log_text(), ""); /* silent, and served as before */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backend_serves_from_start_to_reset),
		cmocka_unit_test(a_backend_that_comes_late_gets_everything),
		cmocka_unit_test(a_new_epoch_gets_everything_anew),
		cmocka_unit_test(a_reset_that_nobody_saw_counts),
		cmocka_unit_test(a_reset_ends_with_the_session),
		cmocka_unit_test(a_reset_before_any_message_asks_nobody),
		cmocka_unit_test(a_reset_does_not_wait_for_ever),
		cmocka_unit_test(a_full_ring_loses_nothing),
		cmocka_unit_test(a_reset_in_the_middle_of_a_start_waits),
		cmocka_unit_test(a_failure_needs_reset),
		cmocka_unit_test(a_late_disk_grows_when_it_is_served),
		cmocka_unit_test(a_late_disk_that_is_served_has_its_size_at_power_on),
		cmocka_unit_test(a_disk_has_its_size_before_it_is_served),
		cmocka_unit_test(a_life_keeps_the_storage_that_it_began_with),
		cmocka_unit_test(a_life_takes_the_first_storage_that_comes),
		cmocka_unit_test(a_new_session_forgets_what_was_behind),
		cmocka_unit_test(lost_storage_needs_reset),
		cmocka_unit_test(a_masked_configuration_vector_waits),
		cmocka_unit_test(without_msix_the_isr_tells),
		cmocka_unit_test(backends_that_come_and_go_are_told_of_once),
		cmocka_unit_test(answers_to_nothing_change_nothing),
		cmocka_unit_test(nonsense_is_dropped),
		cmocka_unit_test(a_broken_ring_is_dead_until_a_new_epoch),
		cmocka_unit_test(a_broken_index_is_found_by_sending),
		cmocka_unit_test(work_and_words_are_bounded),
		cmocka_unit_test(words_of_devices_are_bounded_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
