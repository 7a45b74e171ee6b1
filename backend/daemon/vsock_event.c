/* SPDX-License-Identifier: BSD-2-Clause */
/* See vsock_event.h. In a file of its own since <linux/vhost.h> has a struct vring, too. */
#include "backend/daemon/vsock_event.h"

#include <endian.h>
#include <sys/eventfd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/vring.h"
#include "lib/bits.h"

#define QUEUE_EVENT 2U
#define EVENT_TRANSPORT_RESET 0U /* virtio 1.2, 5.10.6.7 */

void vsock_tell_reset(const struct backend_env *env, const struct control_setup *setup)
{
	const uint32_t event = htole32(EVENT_TRANSPORT_RESET);
	struct vring_request request;
	struct vring ring;

	if (!setup->again || (setup->given & BIT32(QUEUE_EVENT)) == 0) {
		return;
	}
	vring_open(&ring, env->memory, &setup->queues[QUEUE_EVENT], setup->features);
	if (vring_peek(&ring, &request) != VRING_TAKEN || vring_room(&request) < sizeof(event)) {
		log_line(env->peer, "device %u: its driver cannot be told that streams ended",
		         env->config->index);
		return;
	}
	vring_answer(&ring, &request, vring_write(&request, &event, sizeof(event)));
	eventfd_write(env->call_fds[QUEUE_EVENT], 1);
}
