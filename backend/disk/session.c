/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See session.h. The daemon is trusted to mean well, but what it says is checked, so that a mistake
 * ends the session and not the program. What the driver wrote is vring.c's affair.
 */
#include "backend/disk/session.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "abi/vmm.h"
#include "backend/daemon/ring.h"
#include "backend/daemon/vhost_user_message.h"

#define FEATURES                                                                                   \
	(DISK_FEATURES | VRING_FEATURE_INDIRECT | VRING_FEATURE_EVENT_INDEX | BIT64(32) |          \
	 VHOST_USER_FEATURE_PROTOCOL)
#define PROTOCOL_FEATURES (VHOST_USER_PROTOCOL_REPLY_ACK | VHOST_USER_PROTOCOL_INFLIGHT)
#define SOCKET PV_VMM_QUEUES_MAX /* in events, where the numbers of queues are */
#define QUEUE_MASK 0xffU         /* in the payload of SET_VRING_CALL and _KICK */
#define QUEUE_SIZE_MAX 32768U

/* "Inflight I/O tracking": of the head of a region, where the version of its format is. */
#define INFLIGHT_VERSION_OFFSET 8U
#define INFLIGHT_VERSION 1U
#define INFLIGHT_BYTES 4096U

struct queue {
	struct pv_ctl_queue where; /* addresses are the driver VM's */
	int kick;                  /* -1: none */
	int call;
	bool runs;
	struct vring ring;
};

struct session {
	const struct disk *disk;
	int fd;
	int epoll;
	uint64_t features;
	struct ring_memory memory; /* base NULL: none */
	uint64_t user_address;     /* of the memory in the daemon */
	struct queue queues[PV_VMM_QUEUES_MAX];
	uint32_t busy; /* bits: queues that are to be looked at without a kick */
	bool over;
};

/* A request of the daemon, and our answer. */
struct call {
	struct vhost_user_message message;
	int fd;       /* that came along, ours until it is taken; -1: none */
	bool answers; /* the message is an answer by now */
};

static bool take(const struct call *call, void *to, size_t bytes)
{
	if (call->message.bytes < bytes) {
		return false;
	}
	memcpy(to, call->message.payload, bytes);
	return true;
}

static void answer(struct call *call, const void *from, size_t bytes)
{
	memcpy(call->message.payload, from, bytes);
	call->message.bytes = (uint32_t)bytes;
	call->answers = true;
}

static int keep_file(struct call *call)
{
	int fd = call->fd;

	call->fd = -1;
	return fd;
}

static struct queue *queue_at(struct session *session, uint64_t index)
{
	return index < PV_VMM_QUEUES_MAX ? &session->queues[index] : NULL;
}

static bool get_features(struct session *session, struct call *call)
{
	const uint64_t features = FEATURES;

	(void)session;
	answer(call, &features, sizeof(features));
	return true;
}

static bool set_features(struct session *session, struct call *call)
{
	uint64_t features = 0;

	if (!take(call, &features, sizeof(features)) || (features & ~FEATURES) != 0) {
		return false;
	}
	session->features = features;
	return true;
}

static bool get_protocol(struct session *session, struct call *call)
{
	const uint64_t features = PROTOCOL_FEATURES;

	(void)session;
	answer(call, &features, sizeof(features));
	return true;
}

static bool set_nothing(struct session *session, struct call *call)
{
	(void)session;
	(void)call;
	return true;
}

/* There is nothing to note: a page, for the version alone. */
static bool get_inflight(struct session *session, struct call *call)
{
	struct inflight_payload inflight;

	(void)session;
	if (!take(call, &inflight, sizeof(inflight))) {
		return false;
	}
	inflight.bytes = INFLIGHT_BYTES;
	answer(call, &inflight, sizeof(inflight));
	return true;
}

/* Say that we take part: nothing that is not answered was done by halves. */
static bool set_inflight(struct session *session, struct call *call)
{
	const uint16_t version = INFLIGHT_VERSION;
	struct inflight_payload inflight;

	(void)session;
	if (!take(call, &inflight, sizeof(inflight)) || inflight.bytes != INFLIGHT_BYTES) {
		return false;
	}
	char *region = mmap(NULL, INFLIGHT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, call->fd,
	                    (off_t)inflight.offset);
	if (region == MAP_FAILED) {
		return false;
	}
	memcpy(region + INFLIGHT_VERSION_OFFSET, &version, sizeof(version));
	munmap(region, INFLIGHT_BYTES);
	return true;
}

static bool set_memory(struct session *session, struct call *call)
{
	struct memory_table table;

	if (session->memory.base != NULL || !take(call, &table, sizeof(table)) ||
	    table.count != 1) {
		return false;
	}
	void *base = mmap(NULL, table.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, call->fd,
	                  (off_t)table.offset);
	if (base == MAP_FAILED) {
		return false;
	}
	session->user_address = table.user_address;
	session->memory = (struct ring_memory){
		.base = base,
		.bytes = table.bytes,
		.driver_address = table.guest_address,
		.fd = -1,
	};
	return true;
}

static bool set_number(struct session *session, struct call *call)
{
	struct vring_state state;
	struct queue *queue = NULL;

	if (take(call, &state, sizeof(state)) && state.number > 0 &&
	    state.number <= QUEUE_SIZE_MAX && (state.number & (state.number - 1)) == 0) {
		queue = queue_at(session, state.index);
	}
	if (queue == NULL || queue->runs) {
		return false;
	}
	queue->where.size = (uint16_t)state.number;
	return true;
}

static bool set_address(struct session *session, struct call *call)
{
	struct vring_address address;
	struct queue *queue =
		take(call, &address, sizeof(address)) ? queue_at(session, address.index) : NULL;

	if (queue == NULL || queue->runs) {
		return false;
	}
	const uint64_t more = session->memory.driver_address - session->user_address;

	queue->where.desc = address.desc + more;
	queue->where.driver = address.available + more;
	queue->where.device = address.used + more;
	return true;
}

static bool set_file(struct session *session, struct call *call, bool is_kick)
{
	uint64_t payload = 0;
	struct queue *queue = take(call, &payload, sizeof(payload)) && call->fd >= 0
	                              ? queue_at(session, payload & QUEUE_MASK)
	                              : NULL;
	if (queue == NULL || (is_kick ? queue->kick : queue->call) >= 0) {
		return false;
	}
	*(is_kick ? &queue->kick : &queue->call) = keep_file(call);
	return true;
}

static bool set_call(struct session *session, struct call *call)
{
	return set_file(session, call, false);
}

static bool set_kick(struct session *session, struct call *call)
{
	return set_file(session, call, true);
}

/* Begin. Kicks are not read: that one has come is all that there is to them. */
static bool set_enable(struct session *session, struct call *call)
{
	struct vring_state state;
	struct queue *queue =
		take(call, &state, sizeof(state)) ? queue_at(session, state.index) : NULL;
	struct epoll_event event = {.events = EPOLLIN | EPOLLET};

	if (queue == NULL || queue->runs || state.number != 1 || queue->where.size == 0 ||
	    queue->kick < 0 || queue->call < 0 || session->memory.base == NULL ||
	    ring_check(&session->memory, &queue->where) != OK) {
		return false;
	}
	event.data.u32 = state.index;
	if (epoll_ctl(session->epoll, EPOLL_CTL_ADD, queue->kick, &event) < 0) {
		return false;
	}
	vring_open(&queue->ring, &session->memory, &queue->where, session->features);
	queue->runs = true;
	session->busy |= BIT32(state.index);
	return true;
}

/* clang-format off */
static const struct {
	enum vhost_user_request request;
	bool (*serve)(struct session *session, struct call *call); /* false: refused */
} requests[] = {
	{ GET_FEATURES,          get_features },
	{ SET_FEATURES,          set_features },
	{ SET_OWNER,             set_nothing  },
	{ GET_PROTOCOL_FEATURES, get_protocol },
	{ SET_PROTOCOL_FEATURES, set_nothing  },
	{ GET_INFLIGHT_FD,       get_inflight },
	{ SET_INFLIGHT_FD,       set_inflight },
	{ SET_MEM_TABLE,         set_memory   },
	{ SET_VRING_NUM,         set_number   },
	{ SET_VRING_BASE,        set_nothing  }, /* the used ring says the same */
	{ SET_VRING_ADDR,        set_address  },
	{ SET_VRING_CALL,        set_call     },
	{ SET_VRING_KICK,        set_kick     },
	{ SET_VRING_ENABLE,      set_enable   },
};
/* clang-format on */

/* Wait for the whole of a request; false: there is none any more. */
static bool receive(int fd, struct call *call)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {.iov_base = &call->message, .iov_len = VHOST_USER_HEADER_BYTES};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	*call = (struct call){.fd = -1};
	if (recvmsg(fd, &msg, MSG_WAITALL | MSG_CMSG_CLOEXEC) != (ssize_t)VHOST_USER_HEADER_BYTES) {
		return false;
	}
	if (msg.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_type == SCM_RIGHTS) {
		memcpy(&call->fd, CMSG_DATA(&control.header), sizeof(call->fd));
	}
	return (call->message.flags & VHOST_USER_VERSION_MASK) == VHOST_USER_VERSION &&
	       call->message.bytes <= VHOST_USER_PAYLOAD_MAX &&
	       (call->message.bytes == 0 || recv(fd, call->message.payload, call->message.bytes,
	                                         MSG_WAITALL) == (ssize_t)call->message.bytes);
}

static bool serve_call(struct session *session, struct call *call)
{
	bool asked = (call->message.flags & VHOST_USER_NEED_REPLY) != 0;
	uint64_t status = 1;

	for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
		if (requests[i].request == (enum vhost_user_request)call->message.request) {
			status = requests[i].serve(session, call) ? 0 : 1;
		}
	}
	if (!call->answers && asked) {
		answer(call, &status, sizeof(status));
	}
	size_t bytes = VHOST_USER_HEADER_BYTES + call->message.bytes;

	call->message.flags = VHOST_USER_VERSION | VHOST_USER_REPLY;
	return call->answers
	               ? send(session->fd, &call->message, bytes, MSG_NOSIGNAL) == (ssize_t)bytes
	               : status == 0;
}

static void serve_socket(struct session *session)
{
	struct call call;

	session->over = !receive(session->fd, &call) || !serve_call(session, &call);
	if (call.fd >= 0) {
		close(call.fd);
	}
}

/* A queue's worth of requests at most: then it is another's turn, or the daemon's. */
static void serve_queue(struct session *session, uint32_t index)
{
	struct queue *queue = &session->queues[index];
	struct vring_request request;
	enum vring_answer found = VRING_TAKEN;

	session->busy &= ~BIT32(index);
	for (uint32_t i = 0; i < queue->where.size; i++) {
		found = vring_peek(&queue->ring, &request);
		if (found != VRING_TAKEN) {
			break;
		}
		vring_answer(&queue->ring, &request, disk_serve(session->disk, &request));
		if (vring_wants_call(&queue->ring)) {
			eventfd_write(queue->call, 1);
		}
	}
	if (found == VRING_BROKEN) {
		session->over = true;
	} else if (found == VRING_TAKEN || vring_listen(&queue->ring)) {
		session->busy |= BIT32(index);
	}
}

static void serve(struct session *session)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u32 = SOCKET};

	session->over = epoll_ctl(session->epoll, EPOLL_CTL_ADD, session->fd, &event) < 0;
	while (!session->over) {
		int count =
			epoll_pwait(session->epoll, &event, 1, session->busy != 0 ? 0 : -1, NULL);

		if (count > 0 && event.data.u32 == SOCKET) {
			serve_socket(session);
		} else if (count > 0) {
			session->busy |= BIT32(event.data.u32);
		}
		for (uint32_t q = 0; session->busy >> q != 0 && !session->over; q++) {
			if ((session->busy & BIT32(q)) != 0) {
				serve_queue(session, q);
			}
		}
	}
}

void session_serve(const struct disk *disk, int fd)
{
	struct session session = {
		.disk = disk,
		.fd = fd,
		.epoll = epoll_create1(EPOLL_CLOEXEC),
	};

	for (uint32_t q = 0; q < PV_VMM_QUEUES_MAX; q++) {
		session.queues[q].kick = -1;
		session.queues[q].call = -1;
	}
	if (session.epoll >= 0) {
		serve(&session);
		close(session.epoll);
	}
	for (uint32_t q = 0; q < PV_VMM_QUEUES_MAX; q++) {
		if (session.queues[q].kick >= 0) {
			close(session.queues[q].kick);
		}
		if (session.queues[q].call >= 0) {
			close(session.queues[q].call);
		}
	}
	if (session.memory.base != NULL) {
		munmap(session.memory.base, session.memory.bytes);
	}
	close(fd);
}
