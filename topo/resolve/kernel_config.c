/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/resolve/kernel_config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "topo/base/regular.h"
#include "topo/rootfs/unpack.h"

#define CONFIG_BYTES_MAX ((size_t)1 << 20)
#define PATH_BYTES 4096U

struct kernel_config {
	const char *text;
	size_t bytes; /* 0: nothing tells */
};

/* A configuration that is being read. */
struct config {
	char *text;
	size_t bytes;
	bool too_large;
};

static bool take(void *owner, const unsigned char *bytes, size_t count)
{
	struct config *config = owner;

	if (count > CONFIG_BYTES_MAX - config->bytes) {
		config->too_large = true;
		return false;
	}
	memcpy(config->text + config->bytes, bytes, count);
	config->bytes += count;
	return true;
}

/* Linux, kernel/configs.c: the marks stand around a gzip file. */
static void find_inside(const unsigned char *image, size_t bytes, struct config *config)
{
	static const char mark[] = "IKCFG_ST\x1f\x8b";
	const unsigned char *found = memmem(image, bytes, mark, sizeof(mark) - 1);

	if (found != NULL) {
		const unsigned char *packed = found + strlen("IKCFG_ST");
		const size_t left = bytes - (size_t)(packed - image);
		const struct packing *packing = packing_find(packed, left);

		if (packing->unpack(packed, left, take, config) == 0) {
			config->bytes = 0;
		}
	}
}

static void look_inside(const char *path, struct config *config)
{
	uint64_t bytes = 0;
	const int fd = regular_open(path, 0, &bytes);

	if (fd >= 0 && bytes > 0) {
		void *image = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);

		if (image != MAP_FAILED) {
			find_inside(image, bytes, config);
			munmap(image, bytes);
		}
	}
	if (fd >= 0) {
		close(fd);
	}
}

static void look_beside(const char *path, struct config *config)
{
	static const char kernel[] = "vmlinuz-";
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char beside[PATH_BYTES];

	if (strncmp(name, kernel, strlen(kernel)) != 0 ||
	    snprintf(beside, sizeof(beside), "%.*sconfig-%s", (int)(name - path), path,
	             name + strlen(kernel)) >= (int)sizeof(beside)) {
		return;
	}
	uint64_t bytes = 0;
	const int fd = regular_open(beside, 0, &bytes);

	if (fd < 0) {
		return;
	}
	config->too_large = bytes > CONFIG_BYTES_MAX;
	if (!config->too_large) {
		const int64_t got = regular_read(fd, config->text, bytes);

		config->bytes = got > 0 ? (size_t)got : 0;
	}
	close(fd);
}

/* A part of one would lack what stands behind it. */
static struct kernel_config *read_config(struct arena *arena, const char *path)
{
	struct kernel_config *kept = arena_alloc(arena, sizeof(*kept));
	struct config config = {malloc(CONFIG_BYTES_MAX), 0, false};

	if (config.text != NULL) {
		look_inside(path, &config);
		if (config.bytes == 0 && !config.too_large) {
			look_beside(path, &config);
		}
		kept->bytes = config.bytes;
		kept->text = arena_copy(arena, config.text, config.bytes);
	}
	free(config.text);
	return kept;
}

const struct kernel_config *kernel_config_of(struct strmap *known, const char *path)
{
	void **slot = strmap_slot(known, path, strlen(path));

	if (*slot == NULL) {
		*slot = read_config(known->arena, path);
	}
	return *slot;
}

/* A line OPTION=y, or OPTION=m. */
enum kernel_option kernel_config_has(const struct kernel_config *config, const char *option)
{
	const size_t length = strlen(option);
	const char *line = config->text;

	if (config->bytes == 0) {
		return KERNEL_OPTION_UNKNOWN;
	}
	const char *end = line + config->bytes;

	while (line < end) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		const size_t bytes = (size_t)((next == NULL ? end : next) - line);

		if (bytes == length + 2 && memcmp(line, option, length) == 0 &&
		    line[length] == '=') {
			return line[length + 1] == 'y'   ? KERNEL_OPTION_THERE
			       : line[length + 1] == 'm' ? KERNEL_OPTION_MODULE
			                                 : KERNEL_OPTION_MISSING;
		}
		line += bytes + 1;
	}
	return KERNEL_OPTION_MISSING;
}
