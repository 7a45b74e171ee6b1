/* SPDX-License-Identifier: BSD-2-Clause */
/* See vhost.h. */
#include "backend/daemon/vhost.h"

#include <fcntl.h>
#include <linux/vhost.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "backend/daemon/log.h"
#include "lib/bits.h"

static err_t call(const struct backend_env *env, int fd, unsigned long request, const char *name,
                  void *argument)
{
	if (ioctl(fd, request, argument) < 0) {
		log_errno(env->peer, "device %u: %s", env->config->index, name);
		return ERR_STATE;
	}
	return OK;
}

#define CALL(request, argument) call(env, fd, request, #request, argument)

static err_t set_features(const struct backend_env *env, int fd, uint64_t features)
{
	uint64_t offered = 0;
	err_t err = CALL(VHOST_GET_FEATURES, &offered);

	if (err != OK) {
		return err;
	}
	if ((features & ~offered) != 0) {
		log_line(env->peer, "device %u: vhost lacks features 0x%llx", env->config->index,
		         (unsigned long long)(features & ~offered));
		return ERR_ARG;
	}
	return CALL(VHOST_SET_FEATURES, &features);
}

static err_t set_memory(const struct backend_env *env, int fd)
{
	struct vhost_memory *table = calloc(1, sizeof(*table) + sizeof(table->regions[0]));

	if (table == NULL) {
		return ERR_STATE;
	}
	table->nregions = 1;
	table->regions[0].guest_phys_addr = env->memory->driver_address;
	table->regions[0].memory_size = env->memory->bytes;
	table->regions[0].userspace_addr = (uintptr_t)env->memory->base;
	err_t err = CALL(VHOST_SET_MEM_TABLE, table);
	free(table);
	return err;
}

/* @index: of the queue for the kernel, @number: in the virtio device. */
static err_t set_queue(const struct backend_env *env, int fd, uint32_t index, uint32_t number,
                       const struct pv_ctl_queue *queue)
{
	const struct ring_memory *memory = env->memory;
	struct vhost_vring_state size = {.index = index, .num = queue->size};
	/* vhost answers requests in order, so that what is answered is what was taken. */
	struct vhost_vring_state base = {.index = index, .num = ring_used_index(memory, queue)};
	struct vhost_vring_addr address = {
		.index = index,
		.desc_user_addr = (uintptr_t)ring_pointer(memory, queue->desc),
		.avail_user_addr = (uintptr_t)ring_pointer(memory, queue->driver),
		.used_user_addr = (uintptr_t)ring_pointer(memory, queue->device),
	};
	struct vhost_vring_file kick = {.index = index, .fd = env->kick_fds[number]};
	struct vhost_vring_file called = {.index = index, .fd = env->call_fds[number]};
	err_t err = CALL(VHOST_SET_VRING_NUM, &size);

	if (err == OK) {
		err = CALL(VHOST_SET_VRING_BASE, &base);
	}
	if (err == OK) {
		err = CALL(VHOST_SET_VRING_ADDR, &address);
	}
	if (err == OK) {
		err = CALL(VHOST_SET_VRING_CALL, &called);
	}
	if (err == OK) {
		err = CALL(VHOST_SET_VRING_KICK, &kick);
	}
	return err;
}

static err_t set_up(const struct backend_env *env, int fd, const struct vhost_kind *kind,
                    const struct control_setup *setup)
{
	err_t err = CALL(VHOST_SET_OWNER, NULL);

	if (err == OK) {
		err = set_features(env, fd, setup->features & kind->features);
	}
	if (err == OK) {
		err = set_memory(env, fd);
	}
	for (uint32_t i = 0; err == OK && i < kind->queue_count; i++) {
		uint32_t q = kind->first_queue + i;
		if ((setup->given & BIT32(q)) == 0) {
			log_line(env->peer, "device %u: its driver does not use queue %u",
			         env->config->index, q);
			return ERR_GUEST;
		}
		err = set_queue(env, fd, i, q, &setup->queues[q]);
	}
	return err;
}

err_t vhost_open(const struct backend_env *env, const struct vhost_kind *kind,
                 const struct control_setup *setup, int *fd)
{
	*fd = open(kind->path, O_RDWR | O_CLOEXEC);
	if (*fd < 0) {
		log_errno(env->peer, "device %u: %s", env->config->index, kind->path);
		return ERR_STATE;
	}
	err_t err = set_up(env, *fd, kind, setup);
	if (err != OK) {
		close(*fd);
		*fd = -1;
	}
	return err;
}
