/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What goes into a command and comes out of it, without waiting for it.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "images/agent/agent.h"

#define TERMINAL_BYTES 65536 /* more than one holds */

void stream_close(struct command *command, int which)
{
	if (command->fd[which] >= 0) {
		close(command->fd[which]);
		command->fd[which] = -1;
	}
}

bool stream_type_rest(struct command *command)
{
	ssize_t n = command->rest_bytes == 0
	                    ? 0
	                    : write(command->fd[PIPE_STDIN], command->rest, command->rest_bytes);

	if (n < 0) {
		/* Nobody reads that terminal any more, or not now. */
		n = errno == EAGAIN || errno == EINTR ? 0 : (ssize_t)command->rest_bytes;
	}
	memmove(command->rest, &command->rest[n], command->rest_bytes - (size_t)n);
	command->rest_bytes -= (uint32_t)n;
	return command->rest_bytes == 0;
}

/* Of a terminal in its usual mode: what is typed before one of these is read. */
static const uint8_t line_ends[] = {'\n', '\r', END_KEY};

uint8_t stream_type(struct command *command, const uint8_t *bytes, uint32_t count)
{
	if (!stream_type_rest(command)) {
		return PV_AGENT_BUSY;
	}
	memcpy(command->rest, bytes, count);
	command->rest_bytes = count;
	command->line_open = memchr(line_ends, bytes[count - 1], sizeof(line_ends)) == NULL;
	(void)stream_type_rest(command);
	return PV_AGENT_OK;
}

uint32_t stream_pass(struct agent *agent, struct command *command, int which, uint32_t limit)
{
	uint8_t bytes[PV_AGENT_TO_HOST_MAX];
	struct iovec places[2];
	const int pieces = window_places(agent, limit, places);
	const uint8_t type = which == PIPE_STDOUT ? PV_AGENT_STDOUT : PV_AGENT_STDERR;
	ssize_t n = pieces > 0 ? readv(command->fd[which], places, pieces)
	                       : read(command->fd[which], bytes,
	                              limit < sizeof(bytes) ? limit : sizeof(bytes));

	if (n < 0 && errno != EIO) {
		return 0;
	}
	if (n <= 0) { /* EIO: nobody has the terminal open any more */
		stream_close(command, which);
		return 0;
	}
	if (pieces > 0) {
		window_send(agent, type, command->id, (uint32_t)n);
	} else {
		line_send(agent, type, 0, command->id, bytes, (uint32_t)n);
	}
	return (uint32_t)n;
}

void stream_finish(struct agent *agent, struct command *command)
{
	for (int which = PIPE_STDOUT; which <= PIPE_STDERR; which++) {
		int left = command->terminal ? TERMINAL_BYTES : 0;
		if (!command->terminal && command->fd[which] >= 0 &&
		    ioctl(command->fd[which], FIONREAD, &left) != 0) {
			left = 0;
		}
		while (left > 0 && command->fd[which] >= 0) {
			uint32_t n = stream_pass(agent, command, which, (uint32_t)left);
			if (n == 0) {
				break;
			}
			left -= (int)n;
		}
	}
	for (int which = 0; which < PIPE_COUNT; which++) {
		stream_close(command, which);
	}
}
