/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line to the host: frames written whole, in the order in which they are said.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "images/agent/agent.h"

int line_open(const char *path)
{
	struct termios raw;
	int line = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (line < 0) {
		die(path);
	}
	if (tcgetattr(line, &raw) == 0) {
		cfmakeraw(&raw);
		raw.c_cflag |= CLOCAL | CREAD;
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		if (tcsetattr(line, TCSANOW, &raw) != 0) {
			die("tcsetattr");
		}
	}
	return line;
}

void line_send(const struct agent *agent, uint8_t type, uint8_t seq, uint32_t id,
               const uint8_t *payload, uint32_t payload_bytes)
{
	static uint8_t wire[PV_AGENT_FRAME_BYTES_MAX];
	const struct agent_frame frame = {type, seq, (uint16_t)payload_bytes, id, payload};
	uint32_t bytes = 0;

	if (agent_frame_encode(&frame, wire, sizeof(wire), &bytes) != OK) {
		abort();
	}
	for (uint32_t sent = 0; sent < bytes;) {
		ssize_t n = write(agent->line, &wire[sent], bytes - sent);
		if (n < 0 && errno != EINTR) {
			die("write to the host");
		}
		sent += n > 0 ? (uint32_t)n : 0;
	}
}
