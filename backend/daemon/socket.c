/* SPDX-License-Identifier: BSD-2-Clause */
/* See socket.h. */
#include "backend/daemon/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backend/daemon/log.h"

#define BACKLOG 4 /* a daemon that died may have left a connection there */

static err_t set_path(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(address->sun_path)) {
		log_line(path, "is too long for a socket");
		return ERR_STATE;
	}
	memcpy(address->sun_path, path, strlen(path) + 1);
	return OK;
}

err_t socket_connect(const char *path, int *fd)
{
	struct sockaddr_un address;

	*fd = -1;
	if (set_path(&address, path) != OK) {
		return ERR_STATE;
	}
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s >= 0 && connect(s, (struct sockaddr *)&address, sizeof(address)) == 0) {
		*fd = s;
		return OK;
	}
	err_t err = errno == ENOENT || errno == ECONNREFUSED ? ERR_EMPTY : ERR_STATE;
	if (err == ERR_STATE) {
		log_errno(path, "cannot connect");
	}
	if (s >= 0) {
		close(s);
	}
	return err;
}

int socket_listen(const char *path)
{
	struct sockaddr_un address;

	if (set_path(&address, path) != OK) {
		return -1;
	}
	unlink(path);
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s < 0 || bind(s, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(s, BACKLOG) < 0) {
		log_errno(path, "cannot listen");
		if (s >= 0) {
			close(s);
		}
		return -1;
	}
	return s;
}
