/* SPDX-License-Identifier: BSD-2-Clause */
/* See temporary.h. */
#define _GNU_SOURCE
#include "tests/unit/temporary.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/ordered_cmocka.h"

#define PATHS 64U

static char directory[] = "/tmp/peervisor_test.XXXXXX";

int temporary_make(void **state)
{
	(void)state;
	memset(strchr(directory, '.') + 1, 'X', 6);
	return mkdtemp(directory) == NULL;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

int temporary_remove(void **state)
{
	(void)state;
	return nftw(directory, remove_one, 4, FTW_DEPTH | FTW_PHYS);
}

const char *temporary_at(const char *name)
{
	static char paths[PATHS][256];
	static unsigned next;
	char *path = paths[next++ % PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

void temporary_write(const char *name, const void *bytes, size_t count, mode_t mode)
{
	FILE *file = fopen(temporary_at(name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, count, file), count);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(temporary_at(name), mode), 0);
}

void temporary_text(const char *name, const char *text, mode_t mode)
{
	temporary_write(name, text, strlen(text), mode);
}
