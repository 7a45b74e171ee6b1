/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See medium.h. An announcement (uevent) is strings, each with its NUL; the kernel sends one for a
 * disk when it can be opened and its partitions are known.
 */
#include "backend/daemon/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/daemon/log.h"

#define KERNEL_GROUP 1U /* the kernel's own announcements; the second group is udev's */
#define EVENT_BYTES 8192U
#define BLOCK "SUBSYSTEM=block"

int medium_events(void)
{
	const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	                NETLINK_KOBJECT_UEVENT);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		log_errno("uevent", "devices that come are not announced");
		if (fd >= 0) {
			close(fd);
		}
		return -1;
	}
	return fd;
}

static bool is_of_block(const char *text, size_t bytes)
{
	for (const char *word = text; word < text + bytes; word += strlen(word) + 1) {
		if (strcmp(word, BLOCK) == 0) {
			return true;
		}
	}
	return false;
}

/* Take all announcements: one look is enough for them. Some may have been lost, where room was. */
static void on_events(void *owner, uint32_t events)
{
	struct medium *medium = owner;
	char text[EVENT_BYTES];
	bool changed = false;
	ssize_t bytes;

	(void)events;
	do {
		bytes = recv(medium->events.fd, text, sizeof(text) - 1, 0);
		if (bytes > 0) {
			text[bytes] = '\0';
			changed = changed || is_of_block(text, (size_t)bytes);
		}
		changed = changed || (bytes < 0 && errno == ENOBUFS);
	} while (bytes > 0 || (bytes < 0 && (errno == EINTR || errno == ENOBUFS)));
	if (bytes == 0) {
		loop_unwatch(medium->env->loop, &medium->events);
	}
	if (changed) {
		medium->changed(medium->owner);
	}
}

void medium_open(struct medium *medium, const struct backend_env *env, int fd,
                 void (*changed)(void *owner), void *owner)
{
	*medium = (struct medium){
		.env = env,
		.events = {.fd = -1, .ready = on_events, .owner = medium},
		.changed = changed,
		.owner = owner,
	};
	if (fd >= 0 && loop_watch(env->loop, &medium->events, fd, EPOLLIN) != OK) {
		close(fd);
	}
}

/* No two disks that this kernel has had have the same; 0: it does not count them (before 5.15). */
static uint64_t get_sequence(int fd)
{
	uint64_t sequence = 0;

	return ioctl(fd, BLKGETDISKSEQ, &sequence) == 0 ? sequence : 0;
}

/* Why a disk cannot lie there, NULL if it can. @sequence: of the block device. */
static const char *find_fault(const struct dt_device *config, uint64_t *sequence)
{
	int fd = open(config->disk, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *fault = NULL;
	struct stat status;

	if (fd < 0) {
		return "is not there";
	}
	if (fstat(fd, &status) < 0 || !S_ISBLK(status.st_mode)) {
		fault = "is no block device";
	} else {
		const off_t bytes = lseek(fd, 0, SEEK_END);

		if (bytes < 0 || (uint64_t)bytes < config->offset ||
		    (uint64_t)bytes - config->offset < config->capacity) {
			fault = "is smaller than where the disk ends";
		}
		*sequence = get_sequence(fd);
	}
	close(fd);
	return fault;
}

err_t medium_check(struct medium *medium)
{
	const struct dt_device *config = medium->env->config;
	const char *fault = find_fault(config, &medium->sequence);

	if (fault != NULL && fault != medium->said) {
		log_line(medium->env->peer, "device %u: %s %s: %llu bytes from %llu are wanted",
		         config->index, config->disk, fault, (unsigned long long)config->capacity,
		         (unsigned long long)config->offset);
	}
	medium->said = fault;
	return fault == NULL ? OK : ERR_EMPTY;
}

bool medium_is_gone(struct medium *medium)
{
	int fd = open(medium->env->config->disk, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		return errno == ENOENT || errno == ENXIO || errno == ENODEV;
	}
	const uint64_t sequence = get_sequence(fd);

	close(fd);
	if (medium->sequence == 0) {
		medium->sequence = sequence;
	}
	return sequence != medium->sequence;
}

void medium_close(struct medium *medium)
{
	int fd = medium->events.fd;

	if (fd >= 0) {
		loop_unwatch(medium->env->loop, &medium->events);
		close(fd);
	}
}
