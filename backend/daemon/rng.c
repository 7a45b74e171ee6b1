/* SPDX-License-Identifier: BSD-2-Clause */
/* rng devices: the daemon itself, with random bytes of the device VM's kernel. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/served.h"

#define REQUEST_BYTES_MAX 4096U /* a driver that asks for more gets less, as it must expect */

struct rng {
	struct backend_env env;
	struct served queue;
};

static bool serve(void *owner, const struct vring_request *request, uint32_t *written,
                  uint32_t *moved)
{
	uint8_t bytes[REQUEST_BYTES_MAX];
	uint64_t room = vring_room(request);
	ssize_t count = getrandom(bytes, room < sizeof(bytes) ? (size_t)room : sizeof(bytes),
	                          GRND_NONBLOCK);

	(void)owner;
	/* A kernel that has no randomness itself yet: nothing, rather than something weaker. */
	*written = count > 0 ? vring_write(request, bytes, (size_t)count) : 0;
	*moved = *written;
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

static void on_broken(void *owner)
{
	struct rng *rng = owner;

	backend_tell(&rng->env, BACKEND_FAILED, ERR_GUEST);
}

static void *rng_open(const struct backend_env *env)
{
	struct rng *rng = malloc(sizeof(*rng));

	if (rng == NULL) {
		return NULL;
	}
	*rng = (struct rng){.env = *env};
	rng->queue = (struct served){
		.env = &rng->env,
		.serve = serve,
		.broken = on_broken,
		.owner = rng,
	};
	backend_tell(env, BACKEND_READY, OK);
	return rng;
}

static void rng_start(void *backend, const struct control_setup *setup)
{
	struct rng *rng = backend;
	err_t err = served_open(&rng->queue, setup);

	backend_tell(&rng->env, err == OK ? BACKEND_STARTED : BACKEND_FAILED, err);
}

static void rng_stop(void *backend)
{
	struct rng *rng = backend;

	served_close(&rng->queue);
	backend_tell(&rng->env, BACKEND_STOPPED, OK);
}

static void rng_close(void *backend)
{
	struct rng *rng = backend;

	served_close(&rng->queue);
	free(rng);
}

const struct backend_type backend_rng = {
	.name = "rng",
	.open = rng_open,
	.start = rng_start,
	.stop = rng_stop,
	.close = rng_close,
};
