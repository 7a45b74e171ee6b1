/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a VM, planned into a root file system: links that are there are followed, directories
 * that are there are left as they are, and what does not fit is refused with a reason.
 */
/* links: topo/rootfs topo/image/payload.c topo/base topo/diag */
/* links: topo/model/kernel_file.c */
/* links: tests/unit/temporary.c topo/model/medium.c topo/model/command_bounds.c */
/* links: topo/model/owned_paths.c */
/* libs: elf z lzma zstd lz4 json-c crypto */
/* flags: -D_GNU_SOURCE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/temporary.h"
#include "topo/image/payload.h"
#include "topo/rootfs/vm_files.h"

#define ROOM_BYTES 4096U

static int set_up(void **state)
{
	assert_int_equal(temporary_make(state), 0);
	assert_int_equal(mkdir(temporary_at("site"), 0700), 0);
	assert_int_equal(mkdir(temporary_at("site/img"), 0755), 0);
	temporary_text("site/index.html", "<p>", 0600);
	temporary_text("site/img/dot", "", 0640);
	temporary_text("run.sh", "#!/bin/sh\n", 0700);
	assert_int_equal(symlink("index.html", temporary_at("site/latest")), 0);
	return 0;
}

/* Its bytes stay until @arena goes. */
static void add_archive(struct arena *arena, struct vm_root *root, const struct cpio *cpio)
{
	uint8_t *bytes = arena_alloc(arena, cpio->bytes);

	memcpy(bytes, cpio->data, cpio->bytes);
	vm_root_add(root, bytes, cpio->bytes);
}

/* A root file system as Debian has it, where directories of old are links. */
static struct vm_root *debian_root(struct arena *arena, bool packed)
{
	struct vm_root *root = vm_root_new(arena);
	struct cpio cpio = {0};
	const uint8_t init[] = "init";
	const char passwd[] = "root:x:0:0:root:/root:/bin/sh\nwww:x:33:44:www:/var/www:";

	cpio_add_directory(&cpio, ".");
	cpio_add_directory(&cpio, "usr");
	cpio_add_directory(&cpio, "usr/bin");
	cpio_add_link(&cpio, "bin", "usr/bin");
	cpio_add_link(&cpio, "sbin", "/bin");
	cpio_add_link(&cpio, "round", "round");
	cpio_add_directory(&cpio, "./var");
	cpio_add_link(&cpio, "var/run", "../run");
	cpio_add_link(&cpio, "disks", "var/lib/peervisor");
	assert_int_equal(cpio_add_file(&cpio, "init", 0755, (struct blob){init, 4}), OK);
	cpio_add_directory(&cpio, "etc");
	assert_int_equal(cpio_add_file(&cpio, "etc/passwd", 0644,
	                               (struct blob){(const uint8_t *)passwd, strlen(passwd)}),
	                 OK);
	cpio_end(&cpio);
	if (packed) {
		uint8_t *room = arena_alloc(arena, ROOM_BYTES);
		z_stream stream = {.next_in = cpio.data, .avail_in = (unsigned)cpio.bytes};

		assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
		stream.next_out = room;
		stream.avail_out = ROOM_BYTES;
		assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
		vm_root_add(root, room, ROOM_BYTES - stream.avail_out);
		deflateEnd(&stream);
	} else {
		add_archive(arena, root, &cpio);
	}
	cpio_free(&cpio);
	return root;
}

struct expected {
	const char *path;
	uint32_t mode;
};

static void check_plan(struct vm_file *files, size_t count, bool packed,
                       const struct expected *expected, size_t expected_count)
{
	struct arena *arena = arena_new();
	const struct vm vm = {.files = files, .file_count = count};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	assert_true(vm_files_plan(debian_root(arena, packed), &vm, &plan, &fault));
	assert_int_equal(plan.count, expected_count);
	for (size_t i = 0; i < expected_count; i++) {
		assert_string_equal(plan.entries[i].path, expected[i].path);
		assert_int_equal(plan.entries[i].mode, expected[i].mode);
	}
	arena_free(arena);
}

static void check_refused(struct vm_file *files, size_t count, const char *why)
{
	struct arena *arena = arena_new();
	const struct vm vm = {.files = files, .file_count = count};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	assert_false(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	assert_int_equal(fault.place.line, count);
	if (strstr(fault.text, why) == NULL) {
		assert_string_equal(fault.text, why);
	}
	arena_free(arena);
}

static void test_directory(void **state)
{
	struct vm_file files[] = {{.from = temporary_at("site"), .to = "/srv/www"}};
	const struct expected expected[] = {
		{"srv", 040755},
		{"srv/www", 040755},
		{"srv/www/img", 040755},
		{"srv/www/img/dot", 0100644},
		{"srv/www/index.html", 0100644},
		{"srv/www/latest", 0120777},
	};

	(void)state;
	check_plan(files, 1, false, expected, 6);
}

/* Neither the links nor the directories on the way are told of: they are there. */
static void test_links_are_followed(void **state)
{
	struct vm_file files[] = {
		{.from = temporary_at("run.sh"), .to = "/bin/run"},
		{.from = temporary_at("run.sh"), .to = "/sbin/again", .mode = 04711},
		{.from = temporary_at("run.sh"), .to = "/var/run/x"},
		{.from = temporary_at("site/img"), .to = "/bin"},
	};
	const struct expected expected[] = {
		{"usr/bin/run", 0100755}, {"usr/bin/again", 0104711}, {"run", 040755},
		{"run/x", 0100755},       {"usr/bin/dot", 0100644},
	};

	(void)state;
	check_plan(files, 4, false, expected, 5);
	check_plan(files, 4, true, expected, 5);
}

/* A file may take the place of one that is there, or of a link. */
static void test_replaces(void **state)
{
	struct vm_file files[] = {
		{.from = temporary_at("run.sh"), .to = "/init"},
		{.from = temporary_at("run.sh"), .to = "/sbin"},
		{.from = temporary_at("site"), .to = "/"},
	};
	const struct expected expected[] = {
		{"init", 0100755},    {"sbin", 0100755},       {"img", 040755},
		{"img/dot", 0100644}, {"index.html", 0100644}, {"latest", 0120777},
	};

	(void)state;
	check_plan(files, 3, false, expected, 6);
}

static void test_refused(void **state)
{
	struct vm_file files[] = {
		{.from = temporary_at("run.sh"), .to = "/a", .place = {.line = 1}},
		{.from = NULL, .to = NULL, .place = {.line = 2}},
	};
	const struct {
		const char *from, *to, *why;
	} rows[] = {
		{"nothing", "/b", "nothing': No such file or directory"},
		{"run.sh", "/a", "two files are to be '/a'"},
		{"run.sh", "/a/b", "no file can be at '/a/b'"},
		{"run.sh", "/usr", "'/usr' is a directory"},
		{"run.sh", "/", "no file can be at '/'"},
		{"run.sh", "/round/x", "no file can be at '/round/x'"},
		{"run.sh", "/var/lib", "'/var/lib' is in the way of /var/lib/peervisor"},
		{"site", "/var/lib/peervisor", "'/var/lib/peervisor/img/dot' is in the way"},
		{"run.sh", "/disks/a.raw", "'/disks/a.raw' is in the way"},
		{"site", "/init", "'/init' is no directory"},
		{"site", "/a/b", "'/a/b' is no directory"},
		{"site", "/round", "'/round' is no directory"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		files[1].from = temporary_at(rows[i].from);
		files[1].to = rows[i].to;
		check_refused(files, 2, rows[i].why);
	}
	assert_int_equal(mkfifo(temporary_at("site/pipe"), 0600), 0);
	files[1].from = temporary_at("site");
	files[1].to = "/b";
	check_refused(files, 2, "site/pipe': it is no file, directory or symbolic link");
	assert_int_equal(unlink(temporary_at("site/pipe")), 0);
}

static void test_command(void **state)
{
	struct arena *arena = arena_new();
	const char *words[] = {"sh", "-c", "echo \"$0\" 'a'b", ""};
	const struct vm vm = {.command = {.words = words, .word_count = 4}};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	(void)state;
	assert_false(vm_files_any(&(struct vm){.command.words = words}));
	assert_true(vm_files_any(&vm));
	assert_true(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.entries[0].path, "etc/peervisor");
	assert_string_equal(plan.entries[1].path, "etc/peervisor/command");
	assert_int_equal(plan.entries[1].mode, 0100755);
	assert_string_equal(plan.entries[1].text,
	                    "#!/bin/sh\nexec 'sh' '-c' 'echo \"$0\" '\\''a'\\''b' ''\n");
	arena_free(arena);
}

/* What runs a command that is not always run again, before all else; not a health check. */
static void test_command_once(void **state)
{
	struct arena *arena = arena_new();
	const char *words[] = {"job"};
	struct vm vm = {.command = {.words = words,
	                            .word_count = 1,
	                            .directory = "/etc",
	                            .restart = RESTART_NO},
	                .health = {.words = (const char *[]){"true"}, .word_count = 1}};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	(void)state;
	assert_true(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	assert_string_equal(plan.entries[1].text,
	                    "#!/bin/sh\nexec /usr/sbin/once no /etc/peervisor/command.ended "
	                    "/usr/sbin/launch -d '/etc' -- 'job'\n");
	assert_string_equal(plan.entries[2].text,
	                    "#!/bin/sh\nexec /usr/sbin/launch -d '/etc' -- 'true'\n");
	vm.image.rootfs = "root";
	vm.command.restart = RESTART_ON_FAILURE;
	vm.command.directory = NULL;
	assert_true(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	assert_string_equal(plan.entries[1].text,
	                    "#!/.peervisor/bin/sh\nexec /.peervisor/bin/once on-failure "
	                    "/.peervisor/command.ended 'job'\n");
	assert_string_equal(vm_result_path(&vm), "/.peervisor/command.ended");
	vm.command.restart = RESTART_ALWAYS;
	assert_null(vm_result_path(&vm));
	arena_free(arena);
}

static void test_health(void **state)
{
	struct arena *arena = arena_new();
	const char *words[] = {"wget", "a b"};
	const struct vm vm = {.health = {.words = words, .word_count = 2}};
	const struct vm root = {.image.rootfs = "root"};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	(void)state;
	assert_true(vm_files_any(&vm));
	assert_true(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.entries[1].path, "etc/peervisor/health");
	assert_string_equal(plan.entries[1].text, "#!/bin/sh\nexec 'wget' 'a b'\n");
	assert_string_equal(vm_health_path(&root), "/.peervisor/health");
	arena_free(arena);
}

/* The text of the script that starts @command, or why there is none. */
static const char *script(struct arena *arena, struct vm vm)
{
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	vm.suffix = "web";
	if (!vm_files_plan(debian_root(arena, true), &vm, &plan, &fault)) {
		return fault.text;
	}
	return plan.entries[plan.count - 1].text;
}

static void test_command_of_a_user(void **state)
{
	struct arena *arena = arena_new();
	const char *words[] = {"id"};
	const char *env[] = {"A=b c", "my.name="};
	struct vm_command command = {.words = words,
	                             .word_count = 1,
	                             .env = env,
	                             .env_count = 2,
	                             .directory = "/srv/it's"};
	struct vm_file files[] = {{.from = temporary_at("users"), .to = "/etc/passwd"},
	                          {.from = temporary_at("groups"), .to = "/etc/group"}};

	(void)state;
	assert_string_equal(script(arena, (struct vm){.command = command}),
	                    "#!/bin/sh\nexec /usr/sbin/launch -e 'A=b c' -e 'my.name=' "
	                    "-d '/srv/it'\\''s' -- 'id'\n");
	command = (struct vm_command){.words = words, .word_count = 1, .user = "www"};
	assert_string_equal(script(arena, (struct vm){.command = command, .image.rootfs = "root"}),
	                    "#!/.peervisor/bin/sh\nexec /.peervisor/bin/launch -u 33 -g 44 "
	                    "-e 'HOME=/var/www' -- 'id'\n");
	command.user = "app";
	assert_string_equal(script(arena, (struct vm){.command = command}),
	                    "the command of 'web' is to run as 'app', and in its root file system "
	                    "is no user 'app' in /etc/passwd");
	temporary_text("users", "app:x:1000:1000::/srv/app:\n", 0644);
	temporary_text("groups", "audio:x:29:app\n", 0644);
	assert_string_equal(
		script(arena, (struct vm){.command = command, .files = files, .file_count = 2}),
		"#!/bin/sh\nexec /usr/sbin/launch -u 1000 -g 1000,29 -e 'HOME=/srv/app' "
		"-- 'id'\n");
	arena_free(arena);
}

/* The directory is made, unless something else is there. */
static void test_command_in_a_directory(void **state)
{
	struct arena *arena = arena_new();
	const char *words[] = {"id"};
	struct vm vm = {.command = {.words = words, .word_count = 1, .directory = "/sbin/x"}};
	struct vm_files_plan plan;
	struct vm_files_fault fault;

	(void)state;
	assert_true(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	assert_string_equal(plan.entries[0].path, "usr/bin/x");
	assert_int_equal(plan.entries[0].mode, 040755);
	vm.command.directory = "/init";
	assert_non_null(strstr(script(arena, vm), "'/init' is no directory"));
	arena_free(arena);
}

/* A file of the topology's is where the command is to be, or a directory. */
static void test_command_in_the_way(void **state)
{
	const char *words[] = {"sh"};
	struct vm_file file = {.from = temporary_at("site/index.html"),
	                       .to = "/etc/peervisor/command"};
	const struct vm vm = {
		.files = &file, .file_count = 1, .command = {.words = words, .word_count = 1}};

	(void)state;
	for (int below = 0; below < 2; below++) {
		struct arena *arena = arena_new();
		struct vm_files_plan plan;
		struct vm_files_fault fault;

		file.to = below == 0 ? "/etc/peervisor/command" : "/etc/peervisor/command/x";
		assert_false(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
		assert_non_null(strstr(fault.text, below == 0 ? "two files" : "is a directory"));
		arena_free(arena);
	}
}

/* Of what cannot be unpacked nobody knows the links. */
static void test_unseen(void **state)
{
	static const unsigned char packed[] = "BZh91AY&SY";
	static const unsigned char cut[] = "070701000000";
	struct vm_file file = {.from = temporary_at("site/index.html"), .to = "/srv/x"};
	const struct vm vm = {.files = &file, .file_count = 1};

	(void)state;
	for (int is_cut = 0; is_cut < 2; is_cut++) {
		struct arena *arena = arena_new();
		struct vm_root *root = debian_root(arena, true);
		struct vm_files_plan plan;
		struct vm_files_fault fault;

		vm_root_add(root, is_cut == 0 ? packed : cut, sizeof(packed) - 1);
		assert_false(vm_files_plan(root, &vm, &plan, &fault));
		assert_non_null(strstr(fault.text, is_cut == 0 ? "bzip2" : "broken"));
		assert_true(vm_files_plan(root, &(struct vm){.file_count = 0}, &plan, &fault));
		arena_free(arena);
	}
}

/* Between plan and image the file may become a link to one that the VM is not to have, or shorter. */
static void test_exchanged(void **state)
{
	struct vm_file files[] = {{.from = temporary_at("x"), .to = "/srv/x"},
	                          {.from = temporary_at("xs"), .to = "/srv/xs"}};
	const struct vm vm = {.files = files, .file_count = 2};
	struct arena *arena = arena_new();
	struct vm_files_plan plan;
	struct vm_files_fault fault;
	unsigned char read[8] = {0};

	(void)state;
	temporary_text("secret", "secret", 0600);
	temporary_text("x", "public", 0644);
	assert_int_equal(mkdir(temporary_at("xs"), 0755), 0);
	temporary_text("xs/y", "public", 0644);
	assert_true(vm_files_plan(debian_root(arena, false), &vm, &plan, &fault));
	const struct vm_files_entry *x = &plan.entries[1];
	const struct vm_files_entry *y = &plan.entries[3];

	assert_string_equal(x->path, "srv/x");
	assert_string_equal(y->path, "srv/xs/y");
	assert_true(vm_files_read(x, read));
	assert_true(vm_files_read(y, read));
	assert_memory_equal(read, "public", 6);
	temporary_text("x", "short", 0644);
	assert_false(vm_files_read(x, read));
	assert_int_equal(unlink(temporary_at("xs/y")), 0);
	assert_int_equal(symlink("../secret", temporary_at("xs/y")), 0);
	assert_false(vm_files_read(y, read));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_exchanged),
		cmocka_unit_test(test_links_are_followed),
		cmocka_unit_test(test_replaces),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_command_once),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_command_in_the_way),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_command_of_a_user),
		cmocka_unit_test(test_command_in_a_directory),
	};

	return cmocka_run_group_tests(tests, set_up, temporary_remove);
}
