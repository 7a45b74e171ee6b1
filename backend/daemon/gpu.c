/* SPDX-License-Identifier: BSD-2-Clause */
/* gpu devices: QEMU's vhost-user-gpu, two-dimensional, with the daemon as its display. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend/daemon/backend.h"
#include "backend/daemon/display.h"
#include "backend/daemon/log.h"
#include "backend/daemon/program.h"
#include "lib/bits.h"

#define PATH_BYTES 256U

struct gpu {
	struct program program;
	struct display display;
	struct screen screen;
	struct frame *frame;
	int program_end; /* of the display's socket, kept until the program has got it; -1: none */
};

static const char *const argv[] = {"vhost-user-gpu", "--fd", "3", NULL};

static const struct program_kind kind = {
	/* virtio 1.2, 5.7.3 and 6 */
	.device_features = MASK64(0, 24) | BIT64(28) | BIT64(29) | BIT64(32),
	/* Its code and libraries, and pictures that the driver VM makes there. */
	.memory_bytes = UINT64_C(192) << 20,
	.argv = argv,
};

/* The picture of a program that is no more is no picture of the driver VM's. */
static void disconnect(struct gpu *gpu)
{
	display_disconnect(&gpu->display);
	if (gpu->program_end >= 0) {
		close(gpu->program_end);
		gpu->program_end = -1;
	}
}

static void *gpu_open(const struct backend_env *env)
{
	struct gpu *gpu = calloc(1, sizeof(*gpu));
	char path[PATH_BYTES];

	if (gpu == NULL) {
		return NULL;
	}
	snprintf(path, sizeof(path), "%s/%s-%u.frame", env->run_dir, env->peer, env->config->index);
	gpu->frame = frame_open(path);
	if (gpu->frame == NULL) {
		free(gpu);
		return NULL;
	}
	gpu->program_end = -1;
	screen_open(&gpu->screen);
	display_open(&gpu->display, env->loop, env->peer, gpu->frame, &gpu->screen,
	             (struct display_size){env->config->width, env->config->height});
	program_open(&gpu->program, env, &kind);
	return gpu;
}

static void gpu_start(void *backend, const struct control_setup *setup)
{
	struct gpu *gpu = backend;

	disconnect(gpu);
	if (display_connect(&gpu->display, &gpu->program_end) != OK) {
		backend_tell(&gpu->program.env, BACKEND_FAILED, ERR_STATE);
		return;
	}
	gpu->program.display_fd = gpu->program_end;
	program_start(&gpu->program, setup);
}

static void gpu_stop(void *backend)
{
	struct gpu *gpu = backend;

	disconnect(gpu);
	program_stop(&gpu->program);
}

static void gpu_close(void *backend)
{
	struct gpu *gpu = backend;

	program_close(&gpu->program);
	disconnect(gpu);
	screen_close(&gpu->screen);
	frame_close(gpu->frame);
	free(gpu);
}

const struct backend_type backend_gpu = {
	.name = "gpu",
	.open = gpu_open,
	.start = gpu_start,
	.stop = gpu_stop,
	.close = gpu_close,
};
