/* SPDX-License-Identifier: BSD-2-Clause */
/* Our terminal, as terminal.h declares it. */
#include "topo/commands/terminal.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "lib/bits.h"

#define ROWS 24U
#define COLUMNS 80U

static struct termios before;
static volatile sig_atomic_t is_raw;

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

/* Of a signal that ends the process: put the terminal back first. */
static void end_by(int signal_number)
{
	terminal_restore();
	(void)raise(signal_number);
}

/* Those that nobody waits for or ignores, the closed reader of our output among them. */
static void restore_on_signals(void)
{
	static const int ends[] = {SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ,
	                           SIGQUIT, SIGABRT, SIGBUS,  SIGFPE,  SIGILL,  SIGSEGV};
	const struct sigaction ours = {.sa_handler = end_by,
	                               .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
	struct sigaction before_us;

	for (size_t i = 0; i < ARRAY_COUNT(ends); i++) {
		if (sigaction(ends[i], NULL, &before_us) == 0 && before_us.sa_handler == SIG_DFL) {
			(void)sigaction(ends[i], &ours, NULL);
		}
	}
}

void terminal_raw(void)
{
	if (is_raw || tcgetattr(STDIN_FILENO, &before) != 0) {
		return;
	}
	struct termios raw = before;
	cfmakeraw(&raw);
	restore_on_signals();
	is_raw = true; /* before it is: a signal may come in between */
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) {
		is_raw = false;
	}
}

bool terminal_is_raw(void)
{
	return is_raw != 0;
}

void terminal_restore(void)
{
	if (is_raw) {
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
		is_raw = false;
	}
}
