/* SPDX-License-Identifier: BSD-2-Clause */
/* Our terminal, as terminal.h declares it. */
#include "topo/commands/terminal.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define ROWS 24U
#define COLUMNS 80U

static struct termios before;
static bool is_raw;

struct control_size terminal_size(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct winsize size;
		if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row != 0 && size.ws_col != 0) {
			return (struct control_size){.rows = size.ws_row, .columns = size.ws_col};
		}
	}
	return (struct control_size){.rows = ROWS, .columns = COLUMNS};
}

void terminal_raw(void)
{
	if (is_raw || tcgetattr(STDIN_FILENO, &before) != 0) {
		return;
	}
	struct termios raw = before;
	cfmakeraw(&raw);
	is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void terminal_restore(void)
{
	if (is_raw) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
		is_raw = false;
	}
}
