/* SPDX-License-Identifier: BSD-2-Clause */
/* See link.h. */
#include "backend/daemon/link.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/daemon/log.h"

#define PATH_BYTES 256
#define CONTROL_FD_MIN 768

static const struct link closed = {.control_fd = -1, .memory.fd = -1, .inflight.fd = -1};

static int open_device(const char *dev_dir, const char *peer, const char *what)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s/%s", dev_dir, peer, what);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		log_errno(peer, "%s", path);
	}
	return fd;
}

/* MAP_FAILED becomes NULL. */
static void *map(const char *peer, int fd, uint64_t bytes, int prot, uint32_t offset)
{
	void *at = mmap(NULL, bytes, prot, MAP_SHARED, fd, (off_t)offset);

	if (at == MAP_FAILED) {
		log_errno(peer, "cannot map %s", prot == PROT_READ ? "control page" : "memory");
		return NULL;
	}
	return at;
}

static err_t read_info(struct link *link, const char *peer)
{
	if (ioctl(link->control_fd, PV_BACKEND_GET_INFO, &link->info) < 0) {
		log_errno(peer, "the kernel module does not answer");
		return ERR_STATE;
	}
	if (link->info.version != PV_BACKEND_VERSION) {
		log_line(peer, "the kernel module speaks version %u, we %u", link->info.version,
		         PV_BACKEND_VERSION);
		return ERR_VERSION;
	}
	return OK;
}

static err_t map_all(struct link *link, const char *peer)
{
	link->page_in =
		map(peer, link->control_fd, sizeof(*link->page_in), PROT_READ, PV_BACKEND_PAGE_IN);
	link->page_out = map(peer, link->control_fd, sizeof(*link->page_out),
	                     PROT_READ | PROT_WRITE, PV_BACKEND_PAGE_OUT);
	link->memory.base =
		map(peer, link->memory.fd, link->info.memory_bytes, PROT_READ | PROT_WRITE, 0);
	link->memory.bytes = link->info.memory_bytes;
	link->memory.driver_address = link->info.driver_address;
	return link->page_in != NULL && link->page_out != NULL && link->memory.base != NULL
	               ? OK
	               : ERR_STATE;
}

/*
 * At a crash kicks should stop before a back end sees us go. The kernel lets go of a dead process's
 * files in descending order of their numbers (fput defers to a list that is worked off from its
 * end), so the control device gets a number above all others. This is no promise of the kernel's,
 * and none is needed: it spares the storage program a restart.
 */
static void open_control(struct link *link, const char *dev_dir, const char *peer)
{
	int fd = open_device(dev_dir, peer, "control");

	link->control_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, CONTROL_FD_MIN);
	if (fd >= 0) {
		close(fd);
	}
}

/* A connection without storage has no such device. */
static void open_inflight(struct link *link, const char *dev_dir, const char *peer)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s/inflight", dev_dir, peer);
	link->inflight.fd = open(path, O_RDWR | O_CLOEXEC);
	off_t bytes = link->inflight.fd < 0 ? 0 : lseek(link->inflight.fd, 0, SEEK_END);
	link->inflight.bytes = bytes < 0 ? 0 : (uint64_t)bytes;
}

err_t link_open(struct link *link, const char *dev_dir, const char *peer)
{
	err_t err = ERR_STATE;

	*link = closed;
	open_control(link, dev_dir, peer);
	if (link->control_fd >= 0) {
		link->memory.fd = open_device(dev_dir, peer, "memory");
	}
	if (link->memory.fd >= 0) {
		err = read_info(link, peer);
	}
	if (err == OK) {
		err = map_all(link, peer);
	}
	open_inflight(link, dev_dir, peer);
	if (err != OK) {
		link_close(link);
	}
	return err;
}

static void unmap(const volatile void *at, uint64_t bytes)
{
	if (at != NULL) {
		/* munmap takes what mmap gave: the qualifiers are our own. */
		munmap((void *)(uintptr_t)at, bytes);
	}
}

void link_close(struct link *link)
{
	unmap(link->page_in, sizeof(*link->page_in));
	unmap(link->page_out, sizeof(*link->page_out));
	unmap(link->memory.base, link->memory.bytes);
	if (link->control_fd >= 0) {
		close(link->control_fd);
	}
	if (link->memory.fd >= 0) {
		close(link->memory.fd);
	}
	if (link->inflight.fd >= 0) {
		close(link->inflight.fd);
	}
	*link = closed;
}

err_t link_tie(const struct link *link, uint32_t number, int kick_fd, int call_fd)
{
	struct pv_backend_eventfd kick = {.number = number, .fd = kick_fd};
	struct pv_backend_eventfd call = {.number = number, .fd = call_fd};

	if (ioctl(link->control_fd, PV_BACKEND_SET_EVENT, &kick) < 0 ||
	    ioctl(link->control_fd, PV_BACKEND_SET_CALL, &call) < 0) {
		log_errno(link->info.peer, "line %u", number);
		return ERR_RANGE;
	}
	return OK;
}

void link_ring(const struct link *link, uint32_t number)
{
	if (ioctl(link->control_fd, PV_BACKEND_RING, (unsigned long)number) < 0) {
		log_errno(link->info.peer, "doorbell %u", number);
	}
}
