/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The back end of vhost-user, as far as peervisord asks for it (backend/daemon/vhost_user.h): one
 * session is one connection of a daemon, and ends with it. Requests are carried out in the order in
 * which they come, each before the next is looked at: so where the used ring ends, there the next
 * session goes on, and no request is done by halves, or unknown, when this program dies.
 */
#ifndef BACKEND_DISK_SESSION_H
#define BACKEND_DISK_SESSION_H

#include "backend/disk/request.h"

/** Serve @disk to the daemon at the other end of @fd until it hangs up, or its driver's rings make
 * no sense. Then nothing of its memory is mapped any more; @fd is closed. */
void session_serve(const struct disk *disk, int fd);

#endif
