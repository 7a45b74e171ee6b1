/* SPDX-License-Identifier: BSD-2-Clause */
/* See backend.h. */
#include "backend/daemon/backend.h"

#include <stdlib.h>
#include <string.h>

#include "backend/daemon/log.h"
#include "lib/bits.h"

void backend_tell(const struct backend_env *env, enum backend_event event, err_t err)
{
	env->event(env->owner, env->config->index, event, err);
}

/* A type that nobody serves here: the driver VM is told so, instead of waiting for ever. */
static void *none_open(const struct backend_env *env)
{
	struct backend_env *copy = malloc(sizeof(*copy));

	if (copy == NULL) {
		return NULL;
	}
	*copy = *env;
	log_line(env->peer, "device %u: there is no back end of type %s", env->config->index,
	         env->config->type);
	backend_tell(env, BACKEND_READY, OK);
	return copy;
}

static void none_start(void *backend, const struct control_setup *setup)
{
	(void)setup;
	backend_tell(backend, BACKEND_FAILED, ERR_ARG);
}

static void none_stop(void *backend)
{
	backend_tell(backend, BACKEND_STOPPED, OK);
}

static const struct backend_type backend_none = {
	.name = "none",
	.open = none_open,
	.start = none_start,
	.stop = none_stop,
	.close = free,
};

const struct backend_type *backend_find(const char *name)
{
	static const struct backend_type *const types[] = {
		&backend_net, &backend_blk, &backend_vsock, &backend_console,
		&backend_rng, &backend_gpu, &backend_fs,
	};

	for (size_t i = 0; i < ARRAY_COUNT(types); i++) {
		if (strcmp(types[i]->name, name) == 0) {
			return types[i];
		}
	}
	return &backend_none;
}
