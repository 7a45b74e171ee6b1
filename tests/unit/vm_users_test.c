/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the users of a VM are found: wherever Linux would, and nowhere else, for whom nobody knows would get the
 * group of root.
 */
/* links: topo/rootfs topo/base topo/model/command_bounds.c tests/unit/temporary.c */
/* links: topo/model/owned_paths.c */
/* libs: z lzma zstd lz4 json-c crypto */
/* flags: -D_GNU_SOURCE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/temporary.h"
#include "topo/rootfs/file_tree.h"
#include "topo/rootfs/vm_files.h"

struct bytes {
	uint8_t *data;
	size_t bytes;
};

/* An entry of an archive, byte for byte: a file or link of @links names, whose number is @number. */
static void add_raw(struct bytes *raw, uint32_t number, uint32_t mode, uint32_t links,
                    const char *path, const char *content)
{
	const size_t bytes = strlen(content);
	char header[128];

	snprintf(header, sizeof(header),
	         "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", number, mode, 0U,
	         0U, links, 0U, bytes, 8U, 1U, 0U, 0U, strlen(path) + 1, 0U);
	raw->data = realloc(raw->data, raw->bytes + bytes + strlen(path) + 256);
	assert_non_null(raw->data);
	memset(raw->data + raw->bytes, 0, bytes + strlen(path) + 256);
	memcpy(raw->data + raw->bytes, header, 110);
	memcpy(raw->data + raw->bytes + 110, path, strlen(path));
	raw->bytes = (raw->bytes + 110 + strlen(path) + 1 + 3) / 4 * 4;
	memcpy(raw->data + raw->bytes, content, bytes);
	raw->bytes = (raw->bytes + bytes + 3) / 4 * 4;
}

struct raw {
	const char *path, *content;
	uint32_t mode, links; /* of which all are number 7 */
};

#define LINE "app:x:5:6::/a:\n"
#define SCRIPT "#!/bin/sh\nexec /usr/sbin/launch -u 5 -g 6 -e 'HOME=/a' -- 'id'\n"

/* What becomes of the user @user of a root file system of @rows and, if it is not NULL, @file. */
static const char *script_of(struct arena *arena, const char *user, const struct raw *rows,
                             size_t count, struct vm_file *file)
{
	const char *words[] = {"id"};
	const struct vm vm = {.suffix = "web",
	                      .files = file,
	                      .file_count = file != NULL ? 1 : 0,
	                      .command = {.words = words, .word_count = 1, .user = user}};
	struct vm_root *root = vm_root_new(arena);
	struct bytes raw = {0};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	add_raw(&raw, 1, 040755, 2, "etc", "");
	for (size_t i = 0; i < count; i++) {
		add_raw(&raw, rows[i].links > 1 ? 7 : 100 + (uint32_t)i, rows[i].mode,
		        rows[i].links, rows[i].path, rows[i].content);
	}
	add_raw(&raw, 0, 0, 1, "TRAILER!!!", "");
	uint8_t *bytes = arena_alloc(arena, raw.bytes);

	memcpy(bytes, raw.data, raw.bytes);
	vm_root_add(root, bytes, raw.bytes);
	free(raw.data);
	return vm_files_plan(root, &vm, &plan, &fault) ? plan.entries[plan.count - 1].text
	                                               : fault.text;
}

/* Wherever the file is, it is read, and where it cannot be, there is no group that nobody gave. */
static void test_users_that_are_elsewhere(void **state)
{
	char *large = calloc(1, 70000);
	const struct {
		struct raw rows[3];
		const char *text;
	} rows[] = {
		{{{"etc/x", LINE, 0100644, 1}, {"etc/passwd", "x", 0120777, 1}}, SCRIPT},
		{{{"etc/passwd", "/usr/passwd", 0120777, 1},
	          {"usr", "", 040755, 2},
	          {"usr/passwd", LINE, 0100644, 1}},
	         SCRIPT},
		{{{"etc/x", LINE, 0100644, 2}, {"etc/passwd", "", 0100644, 2}}, SCRIPT},
		{{{"etc/passwd", "", 0100644, 2}, {"etc/x", LINE, 0100644, 2}}, SCRIPT},
		{{{"etc/x", "", 0100644, 2},
	          {"etc/passwd", "", 0100644, 2},
	          {"etc/x", LINE, 0100644, 1}},
	         SCRIPT},
		{{{"etc/passwd", LINE, 0100644, 2},
	          {"etc/x", "", 0100644, 2},
	          {"etc/x", "", 0100644, 1}},
	         "-u 5 -g 0 -- 'id'"},
		{{{"etc/passwd", "", 0100644, 2}}, "/etc/passwd is a hard link to what is not in"},
		{{{"etc/passwd", "x", 0120777, 1}}, "/etc/passwd is a link to what is not there"},
		{{{"etc/passwd", "passwd", 0120777, 1}}, "/etc/passwd is behind links in a circle"},
		{{{"etc/passwd", "", 040755, 2}}, "/etc/passwd is no file"},
		{{{"etc/passwd", large, 0100644, 1}}, "/etc/passwd is larger than 64 KiB"},
		{{{"etc/group", large, 0100644, 1}}, "/etc/group is larger than 64 KiB"},
		{{{"etc/group", "x", 0120777, 1}}, "/etc/group is a link to what is not there"},
		{{{"etc/x", "", 0100644, 1}}, "-u 5 -g 0 -- 'id'"},
	};

	(void)state;
	assert_non_null(large);
	memset(large, '\n', 69999);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct arena *arena = arena_new();
		size_t count = 0;

		while (count < 3 && rows[i].rows[count].path != NULL) {
			count++;
		}
		const char *text = script_of(arena, "5", rows[i].rows, count, NULL);

		if (strstr(text, rows[i].text) == NULL) {
			assert_string_equal(text, rows[i].text);
		}
		arena_free(arena);
	}
	free(large);
}

/* Of a file of the topology's likewise, and what it is written over has other names. */
static void test_users_of_the_topology(void **state)
{
	struct arena *arena = arena_new();
	struct vm_file file = {.from = temporary_at("few"), .to = "/etc/passwd"};
	const struct raw names[] = {{"etc/passwd", "", 0100644, 2}, {"etc/x", "", 0100644, 2}};
	FILE *out = NULL;

	(void)state;
	temporary_text("few", LINE, 0644);
	assert_string_equal(script_of(arena, "5", NULL, 0, &file), SCRIPT);
	assert_int_equal(symlink("few", temporary_at("link")), 0);
	file.from = temporary_at("link");
	assert_string_equal(script_of(arena, "5", NULL, 0, &file), SCRIPT);
	file.to = "/etc/x";
	assert_string_equal(script_of(arena, "5", names, 2, &file), SCRIPT);
	file = (struct vm_file){.from = temporary_at("many"), .to = "/etc/passwd"};
	out = fopen(file.from, "wb");
	assert_non_null(out);
	for (int i = 0; i < 70000; i++) {
		fputc('\n', out);
	}
	fclose(out);
	assert_non_null(
		strstr(script_of(arena, "5", NULL, 0, &file), "/etc/passwd is larger than 64 KiB"));
	out = fopen(file.from, "wb");
	assert_non_null(out);
	fwrite("root:x:0:0:::\n\0" LINE, 1, 30, out);
	fclose(out);
	assert_non_null(strstr(script_of(arena, "5", NULL, 0, &file),
	                       "/etc/passwd is no text, for it holds a zero"));
	arena_free(arena);
}

/* What stands there when a file is read again is not what was there when it was found. */
static void test_read_again(void **state)
{
	unsigned char out[8];

	(void)state;
	temporary_text("again", "12345", 0644);
	assert_true(file_tree_read(temporary_at("again"), 5, out));
	assert_false(file_tree_read(temporary_at("again"), 4, out)); /* it has grown */
	assert_false(file_tree_read(temporary_at("again"), 6, out));
	assert_int_equal(symlink("again", temporary_at("again-link")), 0);
	assert_false(file_tree_read(temporary_at("again-link"), 5, out));
	assert_int_equal(mkfifo(temporary_at("again-pipe"), 0600), 0);
	assert_false(file_tree_read(temporary_at("again-pipe"), 0, out));
	assert_false(file_tree_read("/dev/zero", 4, out));
	assert_false(file_tree_read(temporary_at("nothing"), 0, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_that_are_elsewhere),
		cmocka_unit_test(test_users_of_the_topology),
		cmocka_unit_test(test_read_again),
	};

	return cmocka_run_group_tests(tests, temporary_make, temporary_remove);
}
