/* SPDX-License-Identifier: BSD-2-Clause */
/* See control.h. */
#include "backend/daemon/control.h"

#include <string.h>

#include "backend/daemon/log.h"
#include "lib/bits.h"

/* Messages taken in one go, so that a peer that never stops cannot keep other connections waiting. */
#define BUDGET (2U * PV_IOBUF_SLOTS)
/* Changes of the session followed in one go; an honest peer causes three at most. */
#define CHANGES 8U

_Static_assert(PV_VMM_QUEUES_MAX <= 32, "control_setup.given has a bit for each queue");

static const enum control_report backend_reports[] = {
	[CONTROL_BACKEND_GONE] = CONTROL_REPORT_GONE,
	[CONTROL_BACKEND_READY] = CONTROL_REPORT_READY,
	[CONTROL_BACKEND_FULL] = CONTROL_REPORT_FULL,
	[CONTROL_BACKEND_ABSENT] = CONTROL_REPORT_ABSENT,
};

static bool is_owed(const struct control_device *device, enum control_report report)
{
	return (device->owed & BIT32(report)) != 0;
}

static void owe(struct control_device *device, enum control_report report)
{
	device->owed |= BIT32(report);
}

static void settle(struct control_device *device, enum control_report report)
{
	device->owed &= ~BIT32(report);
}

/* RUNNING, STARTING, STOPPING => IDLE. A STOP that waited for it is answered. */
static void become_idle(struct control_device *device)
{
	device->phase = CONTROL_IDLE;
	if (device->stop_asked) {
		device->stop_asked = false;
		owe(device, CONTROL_REPORT_STOPPED);
	}
}

/* Does the back end have what is wished for? If so it must stay as it is. */
static bool has_wish(const struct control_device *device)
{
	return device->wanted && device->wish.sequence == device->current.sequence;
}

/*
 * A life that has begun without storage begins over this one, and the peer must know that before
 * anything is read or written: else it could not say so to a daemon after us.
 */
static bool knows_storage(const struct control *control, const struct control_device *device)
{
	return device->identity == 0 || device->wish.identity != 0 ||
	       (!is_owed(device, CONTROL_REPORT_READY) &&
	        iobuf_has_taken(&control->iobuf, device->ready_position));
}

/* Bring the back end of a device one step nearer to what is wished. */
static void step(struct control *control, uint32_t index)
{
	struct control_device *device = &control->devices[index];

	switch (device->phase) {
	case CONTROL_IDLE:
		if (device->wanted && device->backend == CONTROL_BACKEND_READY && !device->failed &&
		    knows_storage(control, device)) {
			device->phase = CONTROL_STARTING;
			device->current = device->wish;
			device->wish.again = true; /* so it is after the end of a back end */
			control->host.start(control->host.owner, index, &device->current);
		}
		break;
	case CONTROL_STARTING:
	case CONTROL_RUNNING:
		if (!has_wish(device)) {
			device->phase = CONTROL_STOPPING;
			control->host.stop(control->host.owner, index);
		}
		break;
	case CONTROL_STOPPING:
		break;
	}
}

static void fill_report(const struct control_device *device, enum control_report report,
                        struct pv_iobuf_message *message)
{
	static const uint32_t kinds[CONTROL_REPORT_COUNT] = {
		[CONTROL_REPORT_GONE] = PV_CTL_GONE,       [CONTROL_REPORT_READY] = PV_CTL_READY,
		[CONTROL_REPORT_STOPPED] = PV_CTL_STOPPED, [CONTROL_REPORT_FAILED] = PV_CTL_FAILED,
		[CONTROL_REPORT_STARTED] = PV_CTL_STARTED, [CONTROL_REPORT_FULL] = PV_CTL_FULL,
		[CONTROL_REPORT_LOST] = PV_CTL_LOST,       [CONTROL_REPORT_ABSENT] = PV_CTL_ABSENT,
	};
	struct pv_ctl_ready ready = {.identity = device->identity};
	struct pv_ctl_stop done = {.sequence = report == CONTROL_REPORT_STOPPED
	                                               ? device->stop_sequence
	                                               : device->wish.sequence};
	struct pv_ctl_failed failed = {.sequence = device->wish.sequence, .error = device->err};

	message->kind = kinds[report];
	if (report == CONTROL_REPORT_FAILED) {
		memcpy(message->payload, &failed, sizeof(failed));
	} else if (report == CONTROL_REPORT_READY) {
		memcpy(message->payload, &ready, sizeof(ready));
	} else if (report == CONTROL_REPORT_STOPPED || report == CONTROL_REPORT_STARTED ||
	           report == CONTROL_REPORT_LOST) {
		memcpy(message->payload, &done, sizeof(done));
	}
}

/* Send what is owed of one device, as far as the ring has room. */
static bool report_device(struct control *control, uint32_t index)
{
	struct control_device *device = &control->devices[index];
	bool sent = false;

	for (uint32_t report = 0; report < CONTROL_REPORT_COUNT; report++) {
		struct pv_iobuf_message message = {.device = index};
		if (!is_owed(device, report)) {
			continue;
		}
		fill_report(device, report, &message);
		if (iobuf_send(&control->iobuf, &message) != OK) {
			break;
		}
		settle(device, report);
		if (report == CONTROL_REPORT_READY) {
			device->ready_position = iobuf_position(&control->iobuf);
		}
		sent = true;
	}
	return sent;
}

/* The session is over: nothing that it asked for is wished any longer. */
static void forget_wishes(struct control *control)
{
	for (uint32_t i = 0; i < control->config->device_count; i++) {
		struct control_device *device = &control->devices[i];
		device->wanted = false;
		device->failed = false;
		device->stop_asked = false;
		device->owed = 0;
		device->next = (struct control_setup){0};
		step(control, i);
	}
}

static void break_session(struct control *control, const char *why)
{
	log_line(control->config->peer, "%s; it is not listened to any longer", why);
	control->broken = true;
	forget_wishes(control);
}

static const char *take_queue(const struct control *control, uint32_t index,
                              struct control_device *device, const struct pv_iobuf_message *message)
{
	const struct dt_device *config = &control->config->devices[index];
	struct pv_ctl_queue queue;

	memcpy(&queue, message->payload, sizeof(queue));
	if (device->wanted) {
		return "QUEUE of a started device";
	}
	if (queue.queue >= config->queue_count) {
		return "QUEUE beyond the device";
	}
	if (!is_power_of_two(queue.size) || queue.size > config->queue_size) {
		return "QUEUE of a wrong size";
	}
	device->next.given |= BIT32(queue.queue);
	device->next.queues[queue.queue] = queue;
	return NULL;
}

/* What a guest may have done wrong behind its VMM's back. */
static err_t check_rings(const struct control *control, const struct control_setup *setup)
{
	if (setup->given == 0) {
		return ERR_GUEST;
	}
	for (uint32_t q = 0; q < PV_VMM_QUEUES_MAX; q++) {
		if ((setup->given & BIT32(q)) != 0 &&
		    ring_check(control->memory, &setup->queues[q]) != OK) {
			return ERR_RANGE;
		}
	}
	return OK;
}

static const char *take_start(const struct control *control, uint32_t index,
                              struct control_device *device, const struct pv_iobuf_message *message)
{
	struct pv_ctl_start start;

	memcpy(&start, message->payload, sizeof(start));
	if (device->wanted) {
		return "START of a started device";
	}
	if ((start.features & ~control->config->devices[index].features) != 0) {
		return "START with features that were not offered";
	}
	device->wish = device->next;
	device->next = (struct control_setup){0};
	device->wish.features = start.features;
	device->wish.sequence = start.sequence;
	device->wish.identity = start.identity;
	device->wish.again = (start.flags & PV_START_AGAIN) != 0;
	device->wanted = true;
	device->told = false;
	device->err = check_rings(control, &device->wish);
	if (device->err != OK) {
		log_line(control->config->peer,
		         "device %u: the driver's rings are not in memdev: with VMSWIOTLB=1 its "
		         "kernel must have CONFIG_DMA_RESTRICTED_POOL",
		         index);
		device->failed = true;
		owe(device, CONTROL_REPORT_FAILED);
	}
	return NULL;
}

static const char *take_stop(const struct control *control, uint32_t index,
                             struct control_device *device, const struct pv_iobuf_message *message)
{
	struct pv_ctl_stop stop;

	(void)control;
	(void)index;
	memcpy(&stop, message->payload, sizeof(stop));
	device->wanted = false;
	device->failed = false;
	device->next = (struct control_setup){0};
	device->stop_sequence = stop.sequence;
	settle(device, CONTROL_REPORT_FAILED);
	settle(device, CONTROL_REPORT_STARTED);
	settle(device, CONTROL_REPORT_LOST);
	device->stop_asked = true;
	if (device->phase == CONTROL_IDLE) {
		become_idle(device);
	}
	return NULL;
}

/* Indexed by kind. A function returns NULL, or what an honest VMM would not have sent. */
static const char *(*const takers[])(const struct control *, uint32_t, struct control_device *,
                                     const struct pv_iobuf_message *) = {
	[PV_CTL_QUEUE] = take_queue,
	[PV_CTL_START] = take_start,
	[PV_CTL_STOP] = take_stop,
};

static void take(struct control *control, const struct pv_iobuf_message *message)
{
	const char *wrong = NULL;

	if (message->kind >= ARRAY_COUNT(takers) || takers[message->kind] == NULL) {
		wrong = "message of an unknown kind";
	} else if (message->device >= control->config->device_count) {
		wrong = "message for a device that does not exist";
	} else {
		wrong = takers[message->kind](control, message->device,
		                              &control->devices[message->device], message);
	}
	if (wrong != NULL) {
		break_session(control, wrong);
	} else {
		step(control, message->device);
	}
}

/* A session begins: the peer knows nothing yet. */
static void greet(struct control *control)
{
	log_line(control->config->peer, "connected");
	control->broken = false;
	for (uint32_t i = 0; i < control->config->device_count; i++) {
		struct control_device *device = &control->devices[i];
		if (device->backend != CONTROL_BACKEND_GONE) {
			owe(device, backend_reports[device->backend]);
		}
	}
}

static void follow_session(struct control *control)
{
	for (uint32_t i = 0; i < CHANGES; i++) {
		enum iobuf_change change = iobuf_poll_session(&control->iobuf);
		if (change == IOBUF_NONE) {
			return;
		}
		forget_wishes(control);
		if (change == IOBUF_UP) {
			greet(control);
		} else if (change == IOBUF_DOWN) {
			log_line(control->config->peer, "disconnected");
		}
		control->host.ring(control->host.owner);
	}
}

/* Send what is owed, as far as the ring has room, and ring if there is news or @must_ring. */
static void send_reports(struct control *control, bool must_ring)
{
	bool sent = must_ring;

	if (control->iobuf.state == IOBUF_STATE_UP && !control->broken) {
		for (uint32_t i = 0; i < control->config->device_count; i++) {
			if (control->devices[i].owed != 0 && report_device(control, i)) {
				sent = true;
			}
		}
		/* An index of the peer's made no sense. It may never ring again. */
		if (control->iobuf.state == IOBUF_STATE_DEAD) {
			follow_session(control);
		}
	}
	if (sent) {
		control->host.ring(control->host.owner);
	}
}

bool control_poll(struct control *control)
{
	uint32_t taken = 0;

	follow_session(control);
	while (taken < BUDGET && !control->broken) {
		struct pv_iobuf_message message;
		err_t err = iobuf_receive(&control->iobuf, &message);
		if (err == ERR_PEER) {
			follow_session(control);
		}
		if (err != OK) {
			break;
		}
		taken++;
		take(control, &message);
	}
	/* It may have taken what a start waits for. */
	for (uint32_t i = 0; i < control->config->device_count; i++) {
		step(control, i);
	}
	/* The peer may wait for room. */
	send_reports(control, taken > 0);
	return taken == BUDGET;
}

void control_set_backend(struct control *control, uint32_t index, enum control_backend backend)
{
	struct control_device *device = &control->devices[index];

	if (device->backend == backend) {
		return;
	}
	settle(device, backend_reports[device->backend]);
	owe(device, backend_reports[backend]);
	device->backend = backend;
	if (backend != CONTROL_BACKEND_READY) {
		become_idle(device);
	}
	step(control, index);
	send_reports(control, false);
}

void control_set_identity(struct control *control, uint32_t index, uint64_t identity)
{
	control->devices[index].identity = identity;
}

static void answer_start(struct control *control, uint32_t index, enum control_report report)
{
	struct control_device *device = &control->devices[index];

	if (device->phase != CONTROL_STARTING) {
		return;
	}
	device->phase = CONTROL_RUNNING;
	/* Once for each START: the VMM need not know that a back end has come back. */
	if (!device->told) {
		device->told = true;
		owe(device, report);
	}
	send_reports(control, false);
}

void control_started(struct control *control, uint32_t index)
{
	answer_start(control, index, CONTROL_REPORT_STARTED);
}

void control_lost(struct control *control, uint32_t index)
{
	answer_start(control, index, CONTROL_REPORT_LOST);
}

void control_stopped(struct control *control, uint32_t index)
{
	struct control_device *device = &control->devices[index];

	if (device->phase != CONTROL_STOPPING) {
		return;
	}
	become_idle(device);
	step(control, index);
	send_reports(control, false);
}

void control_failed(struct control *control, uint32_t index, err_t err)
{
	struct control_device *device = &control->devices[index];

	if (device->phase == CONTROL_STOPPING) {
		control_stopped(control, index);
		return;
	}
	become_idle(device);
	if (device->wanted) {
		device->failed = true;
		device->err = err;
		settle(device, CONTROL_REPORT_STARTED);
		settle(device, CONTROL_REPORT_LOST);
		owe(device, CONTROL_REPORT_FAILED);
	}
	send_reports(control, false);
}

void control_open(struct control *control, const struct control_host *host,
                  const struct dt_connection *config, const struct ring_memory *memory)
{
	*control = (struct control){.host = *host, .config = config, .memory = memory};
}

void control_begin(struct control *control, volatile struct pv_iobuf_page *own,
                   const volatile struct pv_iobuf_page *peer)
{
	iobuf_start(&control->iobuf, own, peer);
	control->host.ring(control->host.owner);
}
