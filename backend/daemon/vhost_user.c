/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See vhost_user.h. A list of steps is a list of requests, each with a function that fills it in
 * and, if it has an answer of its own, one that takes the answer. All other requests are answered
 * by 0 or an error if the program knows REPLY_ACK, and not at all if it does not.
 */
#include "backend/daemon/vhost_user.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "backend/daemon/ring.h"
#include "backend/daemon/vhost_user_message.h"
#include "lib/bits.h"

enum scope { ONCE, EACH_QUEUE };

struct outgoing {
	struct vhost_user_message message;
	int fd; /* goes along; -1: none */
};

struct vhost_user_step {
	enum vhost_user_request request;
	enum scope scope;
	/* Fill in payload, bytes and file of a cleared message; false: leave this step out. */
	bool (*fill)(struct vhost_user *user, struct outgoing *out);
	/* The request has an answer of its own: take it; false: it makes no sense. */
	bool (*take)(struct vhost_user *user, const struct vhost_user_message *answer);
};

static const struct backend_env *env_of(const struct vhost_user *user)
{
	return user->config.env;
}

static const struct pv_ctl_queue *queue_of(const struct vhost_user *user)
{
	return &user->setup->queues[user->queue];
}

static void put(struct outgoing *out, const void *payload, size_t bytes)
{
	memcpy(out->message.payload, payload, bytes);
	out->message.bytes = (uint32_t)bytes;
}

static void put_u64(struct outgoing *out, uint64_t value)
{
	put(out, &value, sizeof(value));
}

static bool get_u64(const struct vhost_user_message *answer, uint64_t *value)
{
	if (answer->bytes != sizeof(*value)) {
		return false;
	}
	memcpy(value, answer->payload, sizeof(*value));
	return true;
}

static bool fill_nothing(struct vhost_user *user, struct outgoing *out)
{
	(void)user;
	(void)out;
	return true;
}

static bool take_features(struct vhost_user *user, const struct vhost_user_message *answer)
{
	return get_u64(answer, &user->offered);
}

static bool fill_if_protocol(struct vhost_user *user, struct outgoing *out)
{
	(void)out;
	return (user->offered & VHOST_USER_FEATURE_PROTOCOL) != 0;
}

static bool take_protocol(struct vhost_user *user, const struct vhost_user_message *answer)
{
	uint64_t offered = 0;

	if (!get_u64(answer, &offered)) {
		return false;
	}
	user->protocol = (offered | user->config.hidden_protocol) &
	                 (VHOST_USER_PROTOCOL_MQ | VHOST_USER_PROTOCOL_REPLY_ACK |
	                  VHOST_USER_PROTOCOL_INFLIGHT);
	return true;
}

static bool fill_protocol(struct vhost_user *user, struct outgoing *out)
{
	put_u64(out, user->protocol);
	return (user->offered & VHOST_USER_FEATURE_PROTOCOL) != 0;
}

static bool fill_features(struct vhost_user *user, struct outgoing *out)
{
	put_u64(out, (user->setup->features & user->config.device_features) |
	                     (user->offered & VHOST_USER_FEATURE_PROTOCOL));
	return true;
}

static bool has_inflight(const struct vhost_user *user)
{
	return (user->protocol & VHOST_USER_PROTOCOL_INFLIGHT) != 0 && user->inflight != NULL;
}

static bool fill_inflight(struct vhost_user *user, struct outgoing *out)
{
	const struct dt_device *device = env_of(user)->config;
	struct inflight_payload inflight = {
		.bytes = user->inflight_bytes,
		.queue_count = (uint16_t)device->queue_count,
		.queue_size = (uint16_t)device->queue_size,
	};

	if (!has_inflight(user)) {
		return false;
	}
	inflight.offset = user->inflight->offset;
	out->fd = user->inflight->fd;
	put(out, &inflight, sizeof(inflight));
	return true;
}

static bool fill_display(struct vhost_user *user, struct outgoing *out)
{
	out->fd = user->config.display_fd;
	return user->config.display_fd > 0;
}

static bool fill_get_inflight(struct vhost_user *user, struct outgoing *out)
{
	bool wanted = fill_inflight(user, out);

	out->fd = -1;
	return wanted;
}

/* It has made a region of its own, too, whose file we did not accept: only its size counts. */
static bool take_inflight(struct vhost_user *user, const struct vhost_user_message *answer)
{
	struct inflight_payload inflight;

	if (answer->bytes < offsetof(struct inflight_payload, padding) ||
	    answer->bytes > sizeof(inflight)) {
		return false;
	}
	memcpy(&inflight, answer->payload, offsetof(struct inflight_payload, padding));
	user->inflight_bytes = inflight.bytes;
	return inflight.bytes > 0 && inflight.bytes <= user->inflight->bytes;
}

static bool fill_memory(struct vhost_user *user, struct outgoing *out)
{
	const struct ring_memory *memory = env_of(user)->memory;
	struct memory_table table = {
		.count = 1,
		.guest_address = memory->driver_address,
		.bytes = memory->bytes,
		.user_address = (uintptr_t)memory->base,
	};

	out->fd = memory->fd;
	put(out, &table, sizeof(table));
	return true;
}

static void put_state(const struct vhost_user *user, struct outgoing *out, uint32_t number)
{
	struct vring_state state = {.index = user->queue, .number = number};

	put(out, &state, sizeof(state));
}

static bool fill_number(struct vhost_user *user, struct outgoing *out)
{
	put_state(user, out, queue_of(user)->size);
	return true;
}

/* Right after VHOST_USER_READY nothing is in flight that is not in the inflight file. */
static bool fill_base(struct vhost_user *user, struct outgoing *out)
{
	put_state(user, out, ring_used_index(env_of(user)->memory, queue_of(user)));
	return true;
}

static bool fill_address(struct vhost_user *user, struct outgoing *out)
{
	const struct ring_memory *memory = env_of(user)->memory;
	const struct pv_ctl_queue *queue = queue_of(user);
	struct vring_address address = {
		.index = user->queue,
		.desc = (uintptr_t)ring_pointer(memory, queue->desc),
		.used = (uintptr_t)ring_pointer(memory, queue->device),
		.available = (uintptr_t)ring_pointer(memory, queue->driver),
	};

	put(out, &address, sizeof(address));
	return true;
}

static bool fill_call(struct vhost_user *user, struct outgoing *out)
{
	out->fd = env_of(user)->call_fds[user->queue];
	put_u64(out, user->queue);
	return true;
}

static bool fill_kick(struct vhost_user *user, struct outgoing *out)
{
	out->fd = env_of(user)->kick_fds[user->queue];
	put_u64(out, user->queue);
	return true;
}

/* Queues are disabled at first exactly if there are protocol features. */
static bool fill_enable(struct vhost_user *user, struct outgoing *out)
{
	put_state(user, out, 1);
	return (user->offered & VHOST_USER_FEATURE_PROTOCOL) != 0;
}

/* Without acknowledgements an answer to anything says that all before it is done. */
static bool fill_barrier(struct vhost_user *user, struct outgoing *out)
{
	(void)out;
	return (user->protocol & VHOST_USER_PROTOCOL_REPLY_ACK) == 0;
}

/* clang-format off */
static const struct vhost_user_step handshake[] = {
	{ GET_FEATURES,          ONCE, fill_nothing,     take_features },
	{ GET_PROTOCOL_FEATURES, ONCE, fill_if_protocol, take_protocol },
	{ SET_PROTOCOL_FEATURES, ONCE, fill_protocol,    NULL          },
	{ SET_OWNER,             ONCE, fill_nothing,     NULL          },
	{ 0,                     ONCE, NULL,             NULL          },
};

static const struct vhost_user_step start[] = {
	{ GPU_SET_SOCKET,   ONCE,       fill_display,      NULL          },
	{ SET_FEATURES,     ONCE,       fill_features,     NULL          },
	{ GET_INFLIGHT_FD,  ONCE,       fill_get_inflight, take_inflight },
	{ SET_INFLIGHT_FD,  ONCE,       fill_inflight,     NULL          },
	{ SET_MEM_TABLE,    ONCE,       fill_memory,       NULL          },
	{ SET_VRING_NUM,    EACH_QUEUE, fill_number,       NULL          },
	{ SET_VRING_BASE,   EACH_QUEUE, fill_base,         NULL          },
	{ SET_VRING_ADDR,   EACH_QUEUE, fill_address,      NULL          },
	{ SET_VRING_CALL,   EACH_QUEUE, fill_call,         NULL          },
	{ SET_VRING_KICK,   EACH_QUEUE, fill_kick,         NULL          },
	{ SET_VRING_ENABLE, EACH_QUEUE, fill_enable,       NULL          },
	{ GET_FEATURES,     ONCE,       fill_barrier,      take_features },
	{ 0,                ONCE,       NULL,              NULL          },
};
/* clang-format on */

static void tell(struct vhost_user *user, enum vhost_user_event event)
{
	user->config.event(user->config.owner, event);
}

static bool send_message(const struct vhost_user *user, struct outgoing *out)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {
		.iov_base = &out->message,
		.iov_len = VHOST_USER_HEADER_BYTES + out->message.bytes,
	};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (out->fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), &out->fd, sizeof(out->fd));
	}
	/* One request at a time: it always fits into the socket, or the socket is of no use. */
	return sendmsg(user->source.fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)iov.iov_len;
}

/* Go on to the next request that is to be sent, from that at user->step and user->queue on. */
static bool find_request(struct vhost_user *user)
{
	for (; user->step->request != 0; user->step++, user->queue = 0) {
		if (user->step->scope == ONCE && user->queue == 0) {
			return true;
		}
		if (user->step->scope == EACH_QUEUE) {
			uint32_t count = env_of(user)->config->queue_count;
			while (user->queue < count &&
			       (user->setup->given & BIT32(user->queue)) == 0) {
				user->queue++;
			}
			if (user->queue < count) {
				return true;
			}
		}
	}
	return false;
}

/*
 * Does the program answer the request at user->step? SET_PROTOCOL_FEATURES it does not: only by
 * that request it learns that it has to.
 */
static bool is_answered(const struct vhost_user *user)
{
	return user->step->take != NULL || ((user->protocol & VHOST_USER_PROTOCOL_REPLY_ACK) != 0 &&
	                                    user->step->request != SET_PROTOCOL_FEATURES);
}

/* Send requests until one is sent that is answered, or the list ends. */
static void advance(struct vhost_user *user)
{
	for (; find_request(user); user->queue++) {
		bool answered = is_answered(user);
		bool asks = answered && user->step->take == NULL;
		struct outgoing out = {
			.message = {.request = user->step->request,
		                    .flags = VHOST_USER_VERSION |
		                             (asks ? VHOST_USER_NEED_REPLY : 0)},
			.fd = -1,
		};

		if (!user->step->fill(user, &out)) {
			continue;
		}
		if (!send_message(user, &out)) {
			tell(user, VHOST_USER_CLOSED);
			return;
		}
		if (answered) {
			return;
		}
	}
	user->step = NULL;
	tell(user, user->goal);
}

static void take_answer(struct vhost_user *user)
{
	const struct vhost_user_step *step = user->step;
	const struct vhost_user_message *answer = &user->answer;
	uint64_t status = 0;

	if (answer->request != step->request ||
	    (answer->flags & (VHOST_USER_VERSION_MASK | VHOST_USER_REPLY)) !=
	            (VHOST_USER_VERSION | VHOST_USER_REPLY)) {
		log_line(env_of(user)->peer, "vhost-user: answer %u to request %u", answer->request,
		         step->request);
		tell(user, VHOST_USER_CLOSED);
		return;
	}
	if (step->take != NULL ? !step->take(user, answer) : !get_u64(answer, &status)) {
		log_line(env_of(user)->peer, "vhost-user: bad answer to request %u", step->request);
		tell(user, VHOST_USER_CLOSED);
		return;
	}
	if (status != 0) {
		log_line(env_of(user)->peer, "vhost-user: request %u is refused", step->request);
		tell(user, VHOST_USER_REFUSED);
		return;
	}
	user->answer_bytes = 0;
	user->queue++;
	advance(user);
}

static void on_ready(void *owner, uint32_t events)
{
	struct vhost_user *user = owner;
	size_t wanted = VHOST_USER_HEADER_BYTES;

	(void)events;
	if (user->answer_bytes >= VHOST_USER_HEADER_BYTES) {
		wanted += user->answer.bytes;
	}
	/* Without room for control data the kernel drops files that come along. */
	ssize_t count = recv(user->source.fd, (char *)&user->answer + user->answer_bytes,
	                     wanted - user->answer_bytes, MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	/* Nothing is to come unless an answer is waited for. */
	if (count <= 0 || user->step == NULL) {
		tell(user, VHOST_USER_CLOSED);
		return;
	}
	user->answer_bytes += (size_t)count;
	if (user->answer_bytes < VHOST_USER_HEADER_BYTES) {
		return;
	}
	if (user->answer.bytes > VHOST_USER_PAYLOAD_MAX) {
		log_line(env_of(user)->peer, "vhost-user: answer of %u bytes", user->answer.bytes);
		tell(user, VHOST_USER_CLOSED);
		return;
	}
	if (user->answer_bytes == VHOST_USER_HEADER_BYTES + user->answer.bytes) {
		take_answer(user);
	}
}

static void begin(struct vhost_user *user, const struct vhost_user_step *steps,
                  enum vhost_user_event goal)
{
	user->step = steps;
	user->queue = 0;
	user->answer_bytes = 0;
	user->goal = goal;
	advance(user);
}

void vhost_user_open(struct vhost_user *user, const struct vhost_user_config *config, int fd)
{
	*user = (struct vhost_user){
		.config = *config,
		.source = {.fd = -1, .ready = on_ready, .owner = user},
	};
	if (loop_watch(config->env->loop, &user->source, fd, EPOLLIN) != OK) {
		close(fd);
		tell(user, VHOST_USER_CLOSED);
		return;
	}
	begin(user, handshake, VHOST_USER_READY);
}

void vhost_user_start(struct vhost_user *user, const struct control_setup *setup,
                      const struct inflight *inflight)
{
	uint64_t missing = setup->features & user->config.device_features & ~user->offered;

	if (missing != 0) {
		log_line(env_of(user)->peer, "vhost-user: no features 0x%llx",
		         (unsigned long long)missing);
		tell(user, VHOST_USER_REFUSED);
		return;
	}
	user->setup = setup;
	user->inflight = inflight;
	begin(user, start, VHOST_USER_STARTED);
}

void vhost_user_close(struct vhost_user *user)
{
	int fd = user->source.fd;

	if (fd >= 0) {
		loop_unwatch(env_of(user)->loop, &user->source);
		close(fd);
	}
	user->step = NULL;
}
