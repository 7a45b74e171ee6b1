/* SPDX-License-Identifier: BSD-2-Clause */
/* See display.h. */
#include "backend/daemon/display.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "lib/bits.h"

/* vhost-user-gpu.rst, "Message types". */
enum request {
	GET_PROTOCOL_FEATURES = 1,
	SET_PROTOCOL_FEATURES = 2,
	GET_DISPLAY_INFO = 3,
	CURSOR_POS = 4,
	CURSOR_POS_HIDE = 5,
	CURSOR_UPDATE = 6,
	SCANOUT = 7,
	UPDATE = 8,
};

#define FLAG_REPLY 4U
#define HEADER_BYTES offsetof(struct display_message, words)
#define UPDATE_BYTES 20U /* of the rectangle, before the pixels */
#define PAYLOAD_BYTES_MAX (UINT32_C(1) << 27)
#define SCANOUTS_MAX 16U /* virtio 1.2, 5.7.6.8 */
#define RESP_OK_DISPLAY_INFO 0x1101U

/* virtio 1.2, 5.7.6.8: virtio_gpu_ctrl_hdr, then a row for each scanout. */
struct display_info {
	uint32_t type, flags;
	uint64_t fence;
	uint32_t context, padding;
	struct {
		uint32_t x, y, width, height, enabled, flags;
	} scanouts[SCANOUTS_MAX];
};

static void go_dark(struct display *display)
{
	display->frame->width = 0;
	display->frame->height = 0;
	screen_clear(display->screen);
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

/* Answers are short, and the program waits for each: they fit into the socket. */
static bool reply(const struct display *display, enum request request, const void *payload,
                  uint32_t bytes)
{
	const uint32_t header[] = {request, FLAG_REPLY, bytes};
	struct iovec parts[] = {
		{.iov_base = (void *)(uintptr_t)header, .iov_len = sizeof(header)},
		{.iov_base = (void *)(uintptr_t)payload, .iov_len = bytes},
	};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_COUNT(parts)};

	return sendmsg(display->source.fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)(sizeof(header) + bytes);
}

static bool reply_info(const struct display *display)
{
	struct display_info info = {.type = RESP_OK_DISPLAY_INFO};

	info.scanouts[0].width = display->head.width;
	info.scanouts[0].height = display->head.height;
	info.scanouts[0].enabled = 1;
	return reply(display, GET_DISPLAY_INFO, &info, sizeof(info));
}

static void set_scanout(struct display *display)
{
	const uint32_t *words = display->message.words;
	struct frame *frame = display->frame;

	if (words[0] == 0) {
		frame->width = at_most(words[1], display->width);
		frame->height = at_most(words[2], display->height);
		frame_clear(frame);
		screen_clear(display->screen);
	}
}

/* Bytes of pixels that came for the rectangle of the message; @offset: of the first of them. */
static void take_pixels(struct display *display, size_t offset, const uint8_t *bytes, size_t count)
{
	const uint32_t *rectangle = display->message.words; /* scanout, x, y, width, height */
	size_t line_bytes = (size_t)rectangle[3] * sizeof(uint32_t);
	size_t width_bytes = (size_t)display->width * sizeof(uint32_t);

	while (count > 0 && line_bytes > 0) {
		size_t x = offset % line_bytes + rectangle[1] * sizeof(uint32_t);
		size_t y = offset / line_bytes + rectangle[2];
		size_t rest = line_bytes - offset % line_bytes;
		size_t piece = count < rest ? count : rest;

		if (rectangle[0] == 0 && y < display->height && x < width_bytes) {
			size_t room = width_bytes - x;
			size_t seen = piece < room ? piece : room;
			memcpy((uint8_t *)display->frame->pixels[y] + x, bytes, seen);
			screen_put(display->screen, x, y, bytes, seen);
		}
		offset += piece;
		bytes += piece;
		count -= piece;
	}
}

/* A message is there whole. False: it is none of the protocol. */
static bool take_message(struct display *display)
{
	static const uint64_t no_features;
	const struct display_message *message = &display->message;

	switch (message->request) {
	case GET_PROTOCOL_FEATURES:
		return reply(display, GET_PROTOCOL_FEATURES, &no_features, sizeof(no_features));
	case GET_DISPLAY_INFO:
		return reply_info(display);
	case SCANOUT:
		set_scanout(display);
		return message->bytes == 12;
	case UPDATE:
		return message->bytes >= UPDATE_BYTES;
	case SET_PROTOCOL_FEATURES:
	case CURSOR_POS:
	case CURSOR_POS_HIDE:
	case CURSOR_UPDATE:
		return true;
	default:
		return false;
	}
}

/* How much of the message lies in struct display_message. */
static size_t kept_bytes(const struct display *display)
{
	size_t payload = display->got < HEADER_BYTES ? 0 : display->message.bytes;
	size_t kept = payload < UPDATE_BYTES ? payload : UPDATE_BYTES;

	return HEADER_BYTES + kept;
}

/* Take some of @bytes, up to the end of the message at most; the count. */
static size_t take_some(struct display *display, const uint8_t *bytes, size_t count)
{
	size_t kept = kept_bytes(display);

	if (display->got < kept) {
		size_t room = kept - display->got;
		count = count < room ? count : room;
		memcpy((uint8_t *)&display->message + display->got, bytes, count);
	} else {
		size_t room = HEADER_BYTES + display->message.bytes - display->got;
		count = count < room ? count : room;
		if (display->message.request == UPDATE) {
			take_pixels(display, display->got - kept, bytes, count);
		}
	}
	display->got += count;
	return count;
}

/*
 * Take of the *@count @bytes up to the end of the first message that clears the picture, which is much
 * work for few bytes: what else the loop watches comes first. *@count: what was taken.
 * False: something is none of the protocol.
 */
static bool take_bytes(struct display *display, const uint8_t *bytes, size_t *count)
{
	size_t given = *count;
	bool goes_on = true;

	for (*count = 0; *count < given && goes_on;) {
		*count += take_some(display, bytes + *count, given - *count);
		if (display->got < HEADER_BYTES) {
			continue;
		}
		if (display->message.bytes > PAYLOAD_BYTES_MAX) {
			return false;
		}
		if (display->got == HEADER_BYTES + display->message.bytes) {
			display->got = 0;
			if (!take_message(display)) {
				return false;
			}
			goes_on = display->message.request != SCANOUT;
			memset(&display->message, 0, sizeof(display->message));
		}
	}
	return true;
}

static void on_ready(void *owner, uint32_t events)
{
	struct display *display = owner;
	uint8_t bytes[DISPLAY_PIECE_BYTES];
	ssize_t count = recv(display->source.fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_PEEK);
	size_t taken = count > 0 ? (size_t)count : 0;

	(void)events;
	if (count < 0 && (errno == EAGAIN || errno == EINTR)) {
		return;
	}
	if (count <= 0 || !take_bytes(display, bytes, &taken)) {
		if (count > 0) {
			log_line(display->peer, "vhost-user-gpu: request %u makes no sense",
			         display->message.request);
		}
		display_disconnect(display);
		return;
	}
	/* The socket holds them still. */
	(void)!recv(display->source.fd, bytes, taken, MSG_DONTWAIT);
}

void display_open(struct display *display, struct loop *loop, const char *peer, struct frame *frame,
                  const struct screen *screen, struct display_size size)
{
	*display = (struct display){
		.loop = loop,
		.peer = peer,
		.frame = frame,
		.screen = screen,
		.head = size,
		.width = size.width > DISPLAY_USUAL_WIDTH ? size.width : DISPLAY_USUAL_WIDTH,
		.height = size.height > DISPLAY_USUAL_HEIGHT ? size.height : DISPLAY_USUAL_HEIGHT,
		.source = {.fd = -1, .ready = on_ready, .owner = display},
	};
	go_dark(display);
}

err_t display_connect(struct display *display, int *fd)
{
	int pair[2];

	*fd = -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		log_errno(display->peer, "socketpair");
		return ERR_STATE;
	}
	err_t err = loop_watch(display->loop, &display->source, pair[0], EPOLLIN);
	if (err != OK) {
		close(pair[0]);
		close(pair[1]);
		return err;
	}
	*fd = pair[1];
	return OK;
}

void display_disconnect(struct display *display)
{
	int fd = display->source.fd;

	loop_unwatch(display->loop, &display->source);
	if (fd >= 0) {
		close(fd);
	}
	memset(&display->message, 0, sizeof(display->message));
	display->got = 0;
	go_dark(display);
}
