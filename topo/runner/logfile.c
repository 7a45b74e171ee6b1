/* SPDX-License-Identifier: BSD-2-Clause */
/* Log files of bounded size, as logfile.h declares them. */
#include "topo/runner/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "topo/base/say.h"

static int create_file(const struct logfile *log)
{
	return openat(log->directory_fd, log->name,
	              O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int logfile_open(struct logfile *log, int directory_fd, const char *name)
{
	*log = (struct logfile){.directory_fd = directory_fd, .fd = -1};
	const int length = snprintf(log->name, sizeof(log->name), "%s", name);
	if (length < 0 || (size_t)length >= sizeof(log->name)) {
		return -ENAMETOOLONG;
	}
	log->fd = create_file(log);
	return log->fd < 0 ? -errno : 0;
}

void logfile_close(struct logfile *log)
{
	if (log->fd >= 0) {
		(void)close(log->fd);
		log->fd = -1;
	}
}

static void name_predecessor(const struct logfile *log, char *out, size_t size)
{
	(void)snprintf(out, size, "%s.1", log->name);
}

static void give_up(struct logfile *log, int error)
{
	say(stderr, "topo: warning: the log %s ends here: %s\n", log->name, strerror(error));
	logfile_close(log);
}

static void start_anew(struct logfile *log)
{
	char older[LOGFILE_NAME_BYTES + 2];
	name_predecessor(log, older, sizeof(older));
	if (renameat(log->directory_fd, log->name, log->directory_fd, older) != 0) {
		give_up(log, errno);
		return;
	}
	logfile_close(log);
	log->bytes = 0;
	log->fd = create_file(log);
	if (log->fd < 0) {
		give_up(log, errno);
	}
}

void logfile_write(struct logfile *log, const void *bytes, size_t count)
{
	if (log->fd >= 0 && log->bytes + count > LOGFILE_BYTES) {
		start_anew(log);
	}
	const uint8_t *next = bytes;
	while (log->fd >= 0 && count > 0) {
		const ssize_t done = write(log->fd, next, count);
		if (done < 0 && errno == EINTR) {
			continue;
		}
		if (done < 0) {
			give_up(log, errno);
			return;
		}
		next += done;
		count -= (size_t)done;
		log->bytes += (uint64_t)done;
	}
}
