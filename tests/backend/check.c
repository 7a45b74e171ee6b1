/* SPDX-License-Identifier: BSD-2-Clause */
/* See check.h. */
#include "tests/backend/check.h"

#include <stdio.h>

static unsigned int passed;
static unsigned int failed;

void result(const char *name, bool ok, const char *why)
{
	/* The shell's prompt may stand on the line. */
	printf("\n%s %s%s%s\n", ok ? "ok" : "FAIL", name, ok ? "" : " ", ok ? "" : why);
	fflush(stdout);
	passed += ok ? 1 : 0;
	failed += ok ? 0 : 1;
}

int closing_line(void)
{
	printf("\n%u passed, %u failed\n", passed, failed);
	return failed == 0 ? 0 : 1;
}

struct device_ref {
	struct peer *peer;
	uint32_t device;
	uint32_t sequence;
};

bool is_ready(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->up && ref->peer->devices[ref->device].ready;
}

bool is_started(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].started == ref->sequence;
}

bool is_stopped(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].stopped == ref->sequence;
}

bool is_failed(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].failed == ref->sequence;
}

bool wait_for(struct peer *peer, uint32_t device, uint32_t sequence, bool (*done)(void *))
{
	struct device_ref ref = {.peer = peer, .device = device, .sequence = sequence};

	return peer_wait(peer, done, &ref, SECONDS);
}

bool is_lost(void *arg)
{
	const struct device_ref *ref = arg;

	return ref->peer->devices[ref->device].lost == ref->sequence;
}

bool send_setup(struct peer *peer, uint32_t device, const struct pv_ctl_start *start,
                const struct pv_ctl_queue *queues, uint32_t count)
{
	bool sent = true;

	for (uint32_t i = 0; i < count; i++) {
		sent = sent && peer_send(peer, PV_CTL_QUEUE, device, &queues[i], sizeof(*queues));
	}
	return sent && peer_send(peer, PV_CTL_START, device, start, sizeof(*start));
}

bool send_start(struct peer *peer, uint32_t device, uint32_t sequence, uint64_t features,
                const struct pv_ctl_queue *queues, uint32_t count)
{
	const struct pv_ctl_start start = {.features = features, .sequence = sequence};

	return send_setup(peer, device, &start, queues, count);
}

bool send_stop(struct peer *peer, uint32_t device, uint32_t sequence)
{
	const struct pv_ctl_stop stop = {.sequence = sequence};

	return peer_send(peer, PV_CTL_STOP, device, &stop, sizeof(stop));
}
