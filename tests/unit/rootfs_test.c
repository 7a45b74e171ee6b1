/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Root file systems of the user's: what a directory or an archive of tar becomes, and what is refused,
 * by whoever made the archive.
 */
/* links: topo/rootfs topo/model/command_bounds.c topo/base topo/diag tests/unit/temporary.c */
/* links: topo/model/owned_paths.c */
/* libs: z lzma zstd lz4 json-c crypto */
/* flags: -D_GNU_SOURCE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "tests/unit/temporary.h"
#include "topo/rootfs/archive.h"
#include "topo/rootfs/container_blob.h"
#include "topo/rootfs/root_tree.h"
#include "topo/rootfs/rootfs.h"
#include "topo/rootfs/tar.h"

#define BLOCK 512U
#define TAR_MAX ((size_t)1 << 20)

/* An archive under construction. */
struct tar_file {
	unsigned char *bytes;
	size_t count;
};

struct header {
	const char *name;
	char type;
	const char *content;
	const char *target;
	unsigned mode, owner, group;
	const char *size; /* as it is to stand there; NULL = that of the content */
};

static unsigned char room[TAR_MAX];

static struct tar_file tar_new(void)
{
	memset(room, 0, sizeof(room));
	return (struct tar_file){room, 0};
}

static void sign(unsigned char *header)
{
	unsigned sum = 0;

	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++) {
		sum += header[i];
	}
	snprintf((char *)header + 148, 8, "%06o", sum);
}

static void tar_bytes(struct tar_file *tar, struct header h, const void *content, size_t bytes)
{
	static const char magic[8] = {'u', 's', 't', 'a', 'r', '\0', '0', '0'};
	unsigned char *header = tar->bytes + tar->count;

	memcpy(header, h.name, strnlen(h.name, 100));
	snprintf((char *)header + 100, 8, "%07o", h.mode);
	snprintf((char *)header + 108, 8, "%07o", h.owner);
	snprintf((char *)header + 116, 8, "%07o", h.group);
	snprintf((char *)header + 124, 12, "%011zo", bytes);
	if (h.size != NULL) {
		memcpy(header + 124, h.size, 12);
	}
	header[156] = (unsigned char)h.type;
	if (h.target != NULL) {
		memcpy(header + 157, h.target, strnlen(h.target, 100));
	}
	memcpy(header + 257, magic, sizeof(magic));
	sign(header);
	if (bytes != 0) {
		memcpy(header + BLOCK, content, bytes);
	}
	tar->count += BLOCK + (bytes + BLOCK - 1) / BLOCK * BLOCK;
}

static void tar_add(struct tar_file *tar, struct header h)
{
	tar_bytes(tar, h, h.content, h.content != NULL ? strlen(h.content) : 0);
}

/* What an archive holds, a line for each entry. */
struct listing {
	char text[8192];
};

static void list(void *owner, const struct archive_entry *entry)
{
	struct listing *listing = owner;
	const size_t used = strlen(listing->text);

	snprintf(listing->text + used, sizeof(listing->text) - used, "%s %o%s%s\n", entry->name,
	         entry->mode, entry->target != NULL ? " " : "",
	         entry->target != NULL ? entry->target : "");
}

static void expect_tree(struct root_tree *tree, const char *wanted)
{
	static struct listing listing;
	uint64_t bytes = 0;
	uint64_t pages = 0;

	assert_null(root_tree_fault(tree));
	root_tree_measure(tree, &bytes, &pages);
	unsigned char *out = malloc(bytes);

	assert_non_null(out);
	assert_true(root_tree_write(tree, out));
	listing.text[0] = '\0';
	assert_null(archive_walk(out, bytes, list, &listing));
	free(out);
	assert_string_equal(listing.text, wanted);
}

static void expect_tar(const struct tar_file *tar, const char *wanted)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);

	if (!tar_read(tar->bytes, tar->count, tree, arena)) {
		fail_msg("%s", root_tree_fault(tree));
	}
	expect_tree(tree, wanted);
	arena_free(arena);
}

static void expect_fault(const struct tar_file *tar, const char *why)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);

	assert_false(tar_read(tar->bytes, tar->count, tree, arena));
	assert_non_null(root_tree_fault(tree));
	if (strstr(root_tree_fault(tree), why) == NULL) {
		fail_msg("'%s' is not in '%s'", why, root_tree_fault(tree));
	}
	arena_free(arena);
}

static void a_tar_becomes_an_archive(void **state)
{
	struct tar_file tar = tar_new();

	(void)state;
	tar_add(&tar, (struct header){.name = "./", .type = '5', .mode = 0700});
	tar_add(&tar, (struct header){.name = "./usr/", .type = '5', .mode = 0755});
	tar_add(&tar, (struct header){.name = "usr/bin/", .type = '5', .mode = 0711});
	tar_add(&tar, (struct header){.name = "bin", .type = '2', .target = "usr/bin"});
	tar_add(&tar,
	        (struct header){.name = "/bin/su", .type = '0', .mode = 04755, .content = "su"});
	tar_add(&tar, (struct header){.name = "a/b/c", .type = '\0', .mode = 0600, .content = "c"});
	tar_add(&tar, (struct header){.name = "dev/null", .type = '3', .mode = 0666});
	tar_add(&tar, (struct header){.name = "pipe", .type = '6', .mode = 0644});
	tar_add(&tar, (struct header){.name = "old/", .type = '\0', .mode = 0755});
	expect_tar(&tar,
	           "a 40755\na/b 40755\na/b/c 100600\nbin 120000 usr/bin\nold 40755\npipe 10644\n"
	           "usr 40755\nusr/bin 40711\nusr/bin/su 104755\n");
}

static void later_entries_replace_earlier_ones(void **state)
{
	struct tar_file tar = tar_new();

	(void)state;
	tar_add(&tar, (struct header){.name = "d/x", .type = '0', .mode = 0644});
	tar_add(&tar, (struct header){.name = "d", .type = '0', .mode = 0600});
	tar_add(&tar, (struct header){.name = "e", .type = '2', .target = "nowhere"});
	tar_add(&tar, (struct header){.name = "e", .type = '5', .mode = 0755});
	tar_add(&tar, (struct header){.name = "e/y", .type = '0', .mode = 0644});
	tar_add(&tar, (struct header){.name = "e", .type = '5', .mode = 0700});
	expect_tar(&tar, "d 100600\ne 40700\ne/y 100644\n");
}

static void add(struct root_tree *tree, const char *name, uint32_t mode)
{
	assert_true(root_tree_add(tree, &(struct root_entry){.name = name, .mode = mode}));
}

/* A directory of many files becomes a file and a directory again, as often as there are files: what
 * looked at all of them each time would still be at it when the suite is stopped. */
static void replacing_costs_what_adding_costs(void **state)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);
	char name[32];

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(name, sizeof(name), "d/e/%u", i);
		add(tree, name, S_IFREG | 0644);
	}
	for (unsigned i = 0; i < 100000; i++) {
		add(tree, "d", S_IFREG | 0644);
		add(tree, "d", S_IFDIR | 0755);
		add(tree, "d/e/7", S_IFREG | 0600);
	}
	add(tree, "d/f", S_IFDIR | 0700);
	expect_tree(tree, "d 40755\nd/e 40755\nd/e/7 100600\nd/f 40700\n");
	add(tree, "d/e", S_IFREG | 0644);
	expect_tree(tree, "d 40755\nd/e 100644\nd/f 40700\n");
	arena_free(arena);
}

/* Long names in both forms, a number of GNU tar's, an owner beyond the octal field. */
static void extensions_of_tar(void **state)
{
	static const unsigned char three[12] = {0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3};
	struct tar_file tar = tar_new();
	char record[400];
	char wanted[1200];
	char name[301];

	(void)state;
	memset(name, 'n', 240);
	name[240] = '\0';
	snprintf(record, sizeof(record), "252 path=%s/p\n", name);
	assert_int_equal(strlen(record), 252);
	tar_add(&tar, (struct header){.name = "pax", .type = 'x', .content = record});
	tar_add(&tar, (struct header){.name = "short", .type = '0', .mode = 0644, .content = "x"});
	tar_bytes(&tar, (struct header){.name = "gnu", .type = 'L'}, name, strlen(name) + 1);
	tar_add(&tar, (struct header){.name = "short", .type = '2', .target = "t"});
	tar_bytes(&tar, (struct header){.name = "gnu", .type = 'K'}, name, strlen(name) + 1);
	tar_add(&tar, (struct header){.name = "z", .type = '2', .target = "t"});
	tar_add(&tar, (struct header){.name = "g", .type = 'g', .content = "15 comment=xyz\n"});
	tar_bytes(&tar,
	          (struct header){
			  .name = "y", .type = '0', .mode = 0644, .size = (const char *)three},
	          "yyy", 3);
	snprintf(wanted, sizeof(wanted), "%s 120000 t\ny 100644\nz 120000 %s\n", name, name);
	/* The link replaces the directory that the first name made. */
	expect_tar(&tar, wanted);
}

/* A file of the oldest form, of which pax says the size, has that content and no other entry in it. */
static void nothing_hides_in_a_file(void **state)
{
	struct tar_file tar = tar_new();
	struct tar_file inside = {tar.bytes + (size_t)3 * BLOCK, 0};

	(void)state;
	tar_add(&tar, (struct header){.name = "pax", .type = 'x', .content = "12 size=512\n"});
	tar_bytes(&tar, (struct header){.name = "harmless", .type = '\0', .mode = 0644}, "", 0);
	tar_add(&inside, (struct header){.name = "hidden", .type = '0', .mode = 0755});
	tar.count += BLOCK;
	expect_tar(&tar, "harmless 100644\n");
}

static void hard_links_share_what_they_hold(void **state)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);
	struct tar_file tar = tar_new();
	uint64_t bytes = 0;
	uint64_t pages = 0;

	(void)state;
	tar_add(&tar,
	        (struct header){.name = "b", .type = '0', .mode = 0644, .content = "content"});
	tar_add(&tar, (struct header){.name = "a", .type = '1', .target = "./b"});
	assert_true(tar_read(tar.bytes, tar.count, tree, arena));
	root_tree_measure(tree, &bytes, &pages);
	unsigned char *out = malloc(bytes);

	assert_non_null(out);
	assert_true(root_tree_write(tree, out));
	/* "a" is first in the order of names and has it; both are inode 1 with 2 names. */
	assert_memory_equal(out,
	                    "070701"
	                    "00000001"
	                    "000081A4",
	                    22);
	assert_memory_equal(out + 38,
	                    "00000002"
	                    "00000000"
	                    "00000007",
	                    24);
	unsigned char *second = memmem(out + 6, bytes - 6, "070701", 6);

	assert_non_null(second);
	assert_memory_equal(second,
	                    "070701"
	                    "00000001"
	                    "000081A4",
	                    22);
	assert_memory_equal(second + 38,
	                    "00000002"
	                    "00000000"
	                    "00000000",
	                    24);
	free(out);
	arena_free(arena);
}

static void hostile_names_are_refused(void **state)
{
	/* clang-format off */
	static const struct {
		struct header header;
		const char *why;
	} rows[] = {
		{{.name = "../x", .type = '0'},                  "'../x' in it leads out"         },
		{{.name = "a/../../x", .type = '0'},             "'a/../../x' in it leads out"    },
		{{.name = "..", .type = '5'},                    "leads out of its directory"     },
		{{.name = "x", .type = '1', .target = "../y"},   "'../y' in it leads out"         },
		{{.name = "x", .type = '1', .target = "y"},      "which is no file of it"         },
		{{.name = "x", .type = '1', .target = "x"},      "which is no file of it"         },
		{{.name = "x", .type = '2', .target = ""},       "is a link to nothing"           },
		{{.name = "disk", .type = '4'},                  "'disk' in it is a device"       },
		{{.name = "etc/null", .type = '3'},              "'etc/null' in it is a device"   },
		{{.name = ".peervisor", .type = '5'},            "is where topo puts its own"     },
		{{.name = "/.peervisor/init", .type = '0'},      "is where topo puts its own"     },
		{{.name = "file/below", .type = '0'},            "is below what is no directory"  },
		{{.name = "round/below", .type = '0'},           "is below what is no directory"  },
		{{.name = "TRAILER!!!", .type = '0'},            "the name that ends an archive"  },
		{{.name = "x", .type = 'S'},                     "the unknown type 0x53"          },
		{{.name = "x", .type = '0', .size = "77777777777"}, "ends behind the archive"     },
		{{.name = "x", .type = '0', .size = "12x45678901"}, "makes no sense"              },
		{{.name = "x", .type = '0', .size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"}, "makes no sense"},
		{{.name = "p", .type = 'x', .content = "8 path=x\n"},        "header that makes no sense"},
		{{.name = "p", .type = 'x', .content = "999999 path=x\n"},   "header that makes no sense"},
		{{.name = "p", .type = 'x', .content = "0 path=x\n"},        "header that makes no sense"},
		{{.name = "p", .type = 'x', .content = "16 size=99999x9\n"}, "number that makes no sense"},
		{{.name = "p", .type = 'x', .content = "21 GNU.sparse.major=1\n"}, "header that makes no sense"},
		{{.name = "p", .type = 'x', .content = "22 GNU.sparse.major=1\n"}, "a sparse file"},
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		struct tar_file tar = tar_new();

		tar_add(&tar, (struct header){.name = "file", .type = '0', .mode = 0644});
		tar_add(&tar, (struct header){.name = "round", .type = '2', .target = "round"});
		tar_add(&tar, rows[i].header);
		expect_fault(&tar, rows[i].why);
	}
}

static void what_is_no_tar_is_refused(void **state)
{
	struct tar_file tar = tar_new();

	(void)state;
	expect_fault(&tar, "at byte 0 of it is its end");
	memset(tar.bytes, 'x', 2000);
	tar.count = 2000;
	expect_fault(&tar, "is no archive of tar");
	tar.count = 100;
	expect_fault(&tar, "is no archive of tar");
	tar = tar_new();
	tar_add(&tar, (struct header){.name = "a", .type = '0', .content = "a"});
	tar_add(&tar, (struct header){.name = "b", .type = '0', .content = "b"});
	for (size_t count = 1; count <= 513; count++) {
		struct tar_file cut = {tar.bytes, count};

		if (count != 513) {
			expect_fault(&cut, "");
		}
	}
	tar.bytes[1024 + 3]++;
	expect_fault(&tar, "at byte 1024 of it is no header");
}

/* Too much for the RAM of any VM, by a header alone, or by many names. */
static void what_is_too_large_is_refused(void **state)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);
	struct root_entry entry = {
		.name = "x", .mode = S_IFREG | 0644, .content = {.bytes = UINT32_MAX}};

	(void)state;
	assert_true(root_tree_add(tree, &entry));
	entry.name = "y";
	assert_false(root_tree_add(tree, &entry));
	assert_non_null(strstr(root_tree_fault(tree), "with 'y' in it are more than 4 GiB"));
	tree = root_tree_new(arena);
	entry.content.bytes = (uint64_t)UINT32_MAX + 1;
	assert_false(root_tree_add(tree, &entry));
	tree = root_tree_new(arena);
	char *name = memset(arena_alloc(arena, 5000), 'n', 4999);

	entry = (struct root_entry){.name = name, .mode = S_IFDIR | 0755};
	assert_false(root_tree_add(tree, &entry));
	assert_non_null(strstr(root_tree_fault(tree), "more than 255 bytes"));
	tree = root_tree_new(arena);
	for (size_t i = 200; i < 4999; i += 200) {
		name[i] = '/';
	}
	assert_false(root_tree_add(tree, &entry));
	assert_non_null(strstr(root_tree_fault(tree), "more than 4095 bytes"));
	arena_free(arena);
}

static void an_init_is_found(void **state)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);

	(void)state;
	assert_null(root_tree_init(tree));
	root_tree_add(tree, &(struct root_entry){.name = "init", .mode = S_IFREG | 0644});
	assert_null(root_tree_init(tree));
	root_tree_add(tree, &(struct root_entry){.name = "init", .mode = S_IFREG | 0755});
	assert_string_equal(root_tree_init(tree), "init");
	root_tree_add(tree,
	              &(struct root_entry){.name = "lib", .mode = S_IFLNK, .target = "usr/lib"});
	root_tree_add(tree, &(struct root_entry){.name = "usr/lib/systemd/systemd",
	                                         .mode = S_IFREG | 0755});
	assert_string_equal(root_tree_init(tree), "lib/systemd/systemd");
	root_tree_add(tree, &(struct root_entry){
				    .name = "sbin/init", .mode = S_IFLNK, .target = "/nowhere"});
	assert_string_equal(root_tree_init(tree), "lib/systemd/systemd");
	root_tree_add(tree, &(struct root_entry){.name = "sbin/init",
	                                         .mode = S_IFLNK,
	                                         .target = "/lib/systemd/systemd"});
	assert_string_equal(root_tree_init(tree), "sbin/init");
	arena_free(arena);
}

static void a_directory_keeps_its_modes(void **state)
{
	struct arena *arena = arena_new();
	struct rootfs rootfs;

	(void)state;
	assert_int_equal(mkdir(temporary_at("root"), 0755), 0);
	assert_true(rootfs_read(arena, temporary_at("root"), &rootfs));
	expect_tree(rootfs.tree, "");
	rootfs_free(&rootfs);
	assert_int_equal(mkdir(temporary_at("root/tmp"), 0755), 0);
	assert_int_equal(chmod(temporary_at("root/tmp"), 01777), 0);
	temporary_write("root/su", "su", 2, 04755);
	temporary_write("root/shadow", "", 0, 0640);
	assert_int_equal(symlink("tmp", temporary_at("root/t")), 0);
	assert_true(rootfs_read(arena, temporary_at("root"), &rootfs));
	expect_tree(rootfs.tree, "shadow 100640\nsu 104755\nt 120777 tmp\ntmp 41777\n");
	assert_int_equal(rootfs.unpacked_bytes, 4 * 4096);
	/* It has shrunk since it was measured. */
	temporary_write("root/su", "", 0, 0755);
	assert_null(rootfs_archive(&rootfs));
	rootfs_free(&rootfs);
	assert_false(rootfs_read(arena, temporary_at("nothing"), &rootfs));
	rootfs_free(&rootfs);
	arena_free(arena);
}

/* Who may write to the directory has no file of the builder's put into the image. */
static void a_link_that_came_later_is_not_followed(void **state)
{
	struct arena *arena = arena_new();
	struct rootfs rootfs;

	(void)state;
	assert_int_equal(mkdir(temporary_at("shared"), 0755), 0);
	temporary_write("secret", "secret", 6, 0600);
	temporary_write("shared/motd", "public", 6, 0644);
	assert_true(rootfs_read(arena, temporary_at("shared"), &rootfs));
	assert_int_equal(unlink(temporary_at("shared/motd")), 0);
	assert_int_equal(symlink("../secret", temporary_at("shared/motd")), 0);
	assert_null(rootfs_archive(&rootfs));
	rootfs_free(&rootfs);
	arena_free(arena);
}

/* Nor is one in a container image. */
static void a_blob_is_what_was_there(void **state)
{
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);
	struct root_entry entry = {.name = "a", .mode = S_IFREG | 0644, .content = {.bytes = 6}};
	struct blob blob;

	(void)state;
	temporary_write("secret", "secret", 6, 0600);
	temporary_write("a", "public", 6, 0644);
	entry.content.from = arena_printf(arena, "%s", temporary_at("a"));
	assert_true(root_tree_add(tree, &entry));
	assert_null(blob_read(arena, tree, "a", NULL, 6, &blob));
	assert_memory_equal(blob.bytes, "public", 6);
	blob_free(&blob);
	assert_int_equal(unlink(temporary_at("a")), 0);
	assert_int_equal(symlink("secret", temporary_at("a")), 0);
	assert_non_null(strstr(blob_read(arena, tree, "a", NULL, 6, &blob), "cannot be read"));
	assert_int_equal(unlink(temporary_at("a")), 0);
	assert_int_equal(mkfifo(temporary_at("a"), 0600), 0);
	assert_non_null(strstr(blob_read(arena, tree, "a", NULL, 6, &blob), "cannot be read"));
	arena_free(arena);
}

static size_t gzip(const struct tar_file *tar, unsigned char *out, size_t bytes)
{
	z_stream stream = {.next_in = tar->bytes, .avail_in = (unsigned)tar->count};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	stream.next_out = out;
	stream.avail_out = (unsigned)bytes;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return bytes - stream.avail_out;
}

/* "BZ" begins what bzip2 packed, and may begin the name of a file. */
static void a_packed_tar_is_unpacked(void **state)
{
	struct arena *arena = arena_new();
	struct tar_file tar = tar_new();
	unsigned char packed[4096];
	struct rootfs rootfs;

	(void)state;
	tar_add(&tar, (struct header){.name = "BZ", .type = '0', .mode = 0644, .content = "x"});
	temporary_write("plain", tar.bytes, tar.count, 0644);
	assert_true(rootfs_read(arena, temporary_at("plain"), &rootfs));
	expect_tree(rootfs.tree, "BZ 100644\n");
	rootfs_free(&rootfs);
	const size_t count = gzip(&tar, packed, sizeof(packed));

	temporary_write("packed", packed, count, 0644);
	assert_true(rootfs_read(arena, temporary_at("packed"), &rootfs));
	expect_tree(rootfs.tree, "BZ 100644\n");
	rootfs_free(&rootfs);
	temporary_write("packed", packed, count - 1, 0644);
	assert_false(rootfs_read(arena, temporary_at("packed"), &rootfs));
	assert_non_null(strstr(rootfs.why, "ends too early"));
	rootfs_free(&rootfs);
	temporary_write("bzip2", "BZh9", 4, 0644);
	assert_false(rootfs_read(arena, temporary_at("bzip2"), &rootfs));
	assert_non_null(strstr(rootfs.why, "packed by bzip2"));
	rootfs_free(&rootfs);
	temporary_write("empty", "", 0, 0644);
	assert_false(rootfs_read(arena, temporary_at("empty"), &rootfs));
	assert_string_equal(rootfs.why, "it is empty");
	rootfs_free(&rootfs);
	assert_false(rootfs_read(arena, "/dev/null", &rootfs));
	rootfs_free(&rootfs);
	arena_free(arena);
}

static void add_layer(struct root_tree *tree, struct arena *arena, const struct header *headers,
                      size_t count)
{
	struct tar_file tar = tar_new();

	for (size_t i = 0; i < count; i++) {
		tar_add(&tar, headers[i]);
	}
	unsigned char *bytes = arena_alloc(arena, tar.count);

	memcpy(bytes, tar.bytes, tar.count);
	root_tree_layer(tree);
	assert_true(tar_read(bytes, tar.count, tree, arena));
}

/* Whiteouts hide what layers before have, wherever in theirs they stand, and nothing of theirs. */
static void layers_hide(void **state)
{
	static const struct header lower[] = {
		{.name = "a/", .type = '5', .mode = 0700},
		{.name = "a/file", .type = '0', .mode = 0644, .content = "1"},
		{.name = "a/below/file", .type = '0', .mode = 0644, .content = "2"},
		{.name = "ab", .type = '0', .mode = 0644},
		{.name = "dir/old", .type = '0', .mode = 0644},
		{.name = "dir/sub/old", .type = '0', .mode = 0644},
		{.name = "link", .type = '2', .mode = 0777, .target = "dir"},
		{.name = "plain", .type = '0', .mode = 0644},
	};
	static const struct header upper[] = {
		{.name = "a/again", .type = '0', .mode = 0600, .content = "3"},
		{.name = ".wh.a", .type = '0'},
		{.name = "dir/sub/new", .type = '0', .mode = 0600},
		{.name = "link/.wh..wh..opq", .type = '0'},
		{.name = "dir/new", .type = '0', .mode = 0600},
		{.name = "./.wh.plain", .type = '0'},
		{.name = ".wh.nothing", .type = '0'},
		{.name = ".wh..wh.aufs", .type = '0'},
		{.name = "dev/.wh..wh..opq", .type = '0'},
	};
	static const struct header all[] = {{.name = "only", .type = '0', .mode = 0600},
	                                    {.name = ".wh..wh..opq", .type = '0'}};
	struct arena *arena = arena_new();
	struct root_tree *tree = root_tree_new(arena);

	(void)state;
	add_layer(tree, arena, lower, ARRAY_COUNT(lower));
	add_layer(tree, arena, upper, ARRAY_COUNT(upper));
	expect_tree(tree, "a 40700\na/again 100600\nab 100644\ndir 40755\ndir/new 100600\n"
	                  "dir/sub 40755\ndir/sub/new 100600\nlink 120777 dir\n");
	add_layer(tree, arena, all, ARRAY_COUNT(all));
	expect_tree(tree, "only 100600\n");
	arena_free(arena);
}

/* Outside of container images such a name is one like any other. */
static void no_layers_hide_nothing(void **state)
{
	struct tar_file tar = tar_new();

	(void)state;
	tar_add(&tar, (struct header){.name = "a", .type = '0', .mode = 0644});
	tar_add(&tar, (struct header){.name = ".wh.a", .type = '0', .mode = 0644});
	expect_tar(&tar, ".wh.a 100644\na 100644\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tar_becomes_an_archive),
		cmocka_unit_test(later_entries_replace_earlier_ones),
		cmocka_unit_test(replacing_costs_what_adding_costs),
		cmocka_unit_test(extensions_of_tar),
		cmocka_unit_test(nothing_hides_in_a_file),
		cmocka_unit_test(hard_links_share_what_they_hold),
		cmocka_unit_test(hostile_names_are_refused),
		cmocka_unit_test(what_is_no_tar_is_refused),
		cmocka_unit_test(what_is_too_large_is_refused),
		cmocka_unit_test(an_init_is_found),
		cmocka_unit_test_setup_teardown(a_directory_keeps_its_modes, temporary_make,
	                                        temporary_remove),
		cmocka_unit_test_setup_teardown(a_link_that_came_later_is_not_followed,
	                                        temporary_make, temporary_remove),
		cmocka_unit_test_setup_teardown(a_blob_is_what_was_there, temporary_make,
	                                        temporary_remove),
		cmocka_unit_test_setup_teardown(a_packed_tar_is_unpacked, temporary_make,
	                                        temporary_remove),
		cmocka_unit_test(layers_hide),
		cmocka_unit_test(no_layers_hide_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
