/* SPDX-License-Identifier: BSD-2-Clause */
/* See inflight.h. */
#include "backend/daemon/inflight.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/daemon/log.h"

#define MAGIC 0x32464e49U /* "INF2", little-endian */
#define PATH_BYTES 256U

struct header {
	uint32_t magic; /* 0: of no life */
	uint32_t sequence;
};

/* vhost-user.rst, "Inflight I/O tracking": the head of a queue's part of the region. */
struct region_head {
	uint64_t features;
	uint16_t version; /* 0: no program has taken note here */
	uint16_t entry_count;
	uint16_t last_batch_head;
	uint16_t used_index;
};

static struct header *header_of(const struct inflight *inflight)
{
	return (struct header *)(void *)inflight->base;
}

/* A file of this run of the VM. */
static int open_file(const struct backend_env *env, uint64_t bytes)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s-%u.inflight", env->run_dir, env->peer,
	         env->config->index);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && ftruncate(fd, (off_t)bytes) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

err_t inflight_open(struct inflight *inflight, const struct backend_env *env)
{
	const struct dt_device *config = env->config;
	uint64_t bytes = PV_BACKEND_INFLIGHT_BYTES((uint64_t)config->queue_count,
	                                           (uint64_t)config->queue_size);
	uint64_t at = env->inflight != NULL ? config->inflight : 0;

	*inflight = (struct inflight){.fd = -1};
	if (env->inflight != NULL &&
	    (at % INFLIGHT_REGION_OFFSET != 0 || at > env->inflight->bytes ||
	     bytes > env->inflight->bytes - at)) {
		log_line(env->peer, "device %u: its in-flight records lie outside of what there is",
		         config->index);
		return ERR_RANGE;
	}
	int fd = env->inflight != NULL ? fcntl(env->inflight->fd, F_DUPFD_CLOEXEC, 0)
	                               : open_file(env, bytes);
	void *base = fd < 0 ? MAP_FAILED
	                    : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);
	if (base == MAP_FAILED) {
		log_errno(env->peer, "device %u: no in-flight records", config->index);
		if (fd >= 0) {
			close(fd);
		}
		return ERR_STATE;
	}
	*inflight = (struct inflight){
		.fd = fd,
		.offset = at + INFLIGHT_REGION_OFFSET,
		.bytes = bytes - INFLIGHT_REGION_OFFSET,
		.base = base,
	};
	return OK;
}

void inflight_close(struct inflight *inflight)
{
	if (inflight->fd >= 0) {
		munmap(inflight->base, INFLIGHT_REGION_OFFSET + inflight->bytes);
		close(inflight->fd);
	}
	*inflight = (struct inflight){.fd = -1};
}

bool inflight_begin(struct inflight *inflight, const struct control_setup *setup)
{
	struct header *header = header_of(inflight);

	if (setup->again && header->magic == MAGIC && header->sequence == setup->sequence) {
		return true;
	}
	/* Whoever finds it half done finds it of no life. */
	__atomic_store_n(&header->magic, 0, __ATOMIC_SEQ_CST);
	memset(inflight->base + INFLIGHT_REGION_OFFSET, 0, inflight->bytes);
	header->sequence = setup->sequence;
	__atomic_store_n(&header->magic, MAGIC, __ATOMIC_SEQ_CST);
	return false;
}

bool inflight_is_used(const struct inflight *inflight)
{
	struct region_head head;

	memcpy(&head, inflight->base + INFLIGHT_REGION_OFFSET, sizeof(head));
	return head.version != 0;
}
