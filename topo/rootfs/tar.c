/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads archives of tar, see topo/rootfs/tar.h. Whatever stands in one is checked before it is used. */
#include "topo/rootfs/tar.h"

#include <string.h>
#include <sys/stat.h>

#include "lib/bits.h"

#define BLOCK_BYTES 512U
#define TEXT_BYTES_MAX 65536U /* of an extended header, or a long name */

/* The fields of a header: where each begins, and its bytes. */
#define NAME_AT 0U
#define NAME_BYTES 100U
#define MODE_AT 100U
#define OWNER_AT 108U
#define GROUP_AT 116U
#define NUMBER_BYTES 8U
#define SIZE_AT 124U
#define SIZE_BYTES 12U
#define SUM_AT 148U
#define TYPE_AT 156U
#define TARGET_AT 157U
#define MAGIC_AT 257U
#define PREFIX_AT 345U
#define PREFIX_BYTES 155U

/* What an extended header says of the entry behind it: goes before the entry's own. */
struct said {
	const char *name;   /* NULL = nothing */
	const char *target; /* likewise */
	uint64_t size, owner, group;
	bool size_said, owner_said, group_said;
};

struct tar {
	struct root_tree *tree;
	struct arena *arena;
	const unsigned char *bytes;
	size_t count;
	size_t at; /* of the next header */
	struct said said;
};

/* The header and the content at hand. */
struct block {
	const unsigned char *header;
	const unsigned char *content;
	uint64_t size;
	char type;
};

static bool fail(struct tar *tar, const char *why)
{
	return root_tree_fail(tar->tree,
	                      arena_printf(tar->arena, "at byte %zu of it %s", tar->at, why));
}

/* Octal digits between spaces or zeros, or GNU tar's: a set bit, then the number, the highest byte first. */
static bool read_number(const unsigned char *field, size_t bytes, uint64_t *out)
{
	size_t at = 0;

	*out = 0;
	if ((field[0] & 0x80U) != 0) {
		*out = field[0] & 0x7fU;
		for (at = 1; at < bytes; at++) {
			if (*out >> 55 != 0) {
				return false;
			}
			*out = *out << 8 | field[at];
		}
		return true;
	}
	while (at < bytes && field[at] == ' ') {
		at++;
	}
	while (at < bytes && field[at] >= '0' && field[at] <= '7') {
		*out = *out << 3 | (uint64_t)(field[at] - '0'); /* 12 digits fit */
		at++;
	}
	return at == bytes || field[at] == ' ' || field[at] == '\0';
}

static const char *read_text(struct tar *tar, const unsigned char *field, size_t bytes)
{
	return arena_copy(tar->arena, (const char *)field, strnlen((const char *)field, bytes));
}

/* The sum of the header's bytes, its own field as spaces; old programs took the bytes with their signs. */
static bool sum_is_right(const unsigned char *header)
{
	uint64_t wanted = 0;
	int64_t with_signs = 0;
	uint64_t sum = 0;

	if (!read_number(header + SUM_AT, NUMBER_BYTES, &wanted)) {
		return false;
	}
	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		const unsigned char byte =
			i >= SUM_AT && i < SUM_AT + NUMBER_BYTES ? ' ' : header[i];

		sum += byte;
		with_signs += (signed char)byte;
	}
	return wanted == sum || (int64_t)wanted == with_signs;
}

static bool is_zero(const unsigned char *block)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++) {
		if (block[i] != 0) {
			return false;
		}
	}
	return true;
}

/* One record of a pax header: KEY=VALUE. */
static bool take_record(struct tar *tar, const char *key, size_t key_bytes, const char *value)
{
	static const char sparse[] = "GNU.sparse.";
	uint64_t *number = NULL;
	bool *is_said = NULL;

	if (key_bytes == 4 && memcmp(key, "path", 4) == 0) {
		tar->said.name = value;
	} else if (key_bytes == 8 && memcmp(key, "linkpath", 8) == 0) {
		tar->said.target = value;
	} else if (key_bytes == 4 && memcmp(key, "size", 4) == 0) {
		number = &tar->said.size;
		is_said = &tar->said.size_said;
	} else if (key_bytes == 3 && memcmp(key, "uid", 3) == 0) {
		number = &tar->said.owner;
		is_said = &tar->said.owner_said;
	} else if (key_bytes == 3 && memcmp(key, "gid", 3) == 0) {
		number = &tar->said.group;
		is_said = &tar->said.group_said;
	} else if (key_bytes >= sizeof(sparse) - 1 &&
	           memcmp(key, sparse, sizeof(sparse) - 1) == 0) {
		return fail(tar, "is a sparse file: make the archive without --sparse");
	}
	if (number == NULL) {
		return true;
	}
	const size_t digits = strspn(value, "0123456789");

	*is_said = true;
	*number = 0;
	for (size_t i = 0; i < digits && digits <= 18; i++) {
		*number = *number * 10 + (uint64_t)(value[i] - '0');
	}
	return (digits != 0 && digits <= 18 && value[digits] == '\0') ||
	       fail(tar, "is an extended header with a number that makes no sense");
}

/* "LENGTH KEY=VALUE\n", LENGTH being that of all of it in decimal. */
static bool read_records(struct tar *tar, const struct block *block)
{
	const char *text = (const char *)block->content;
	size_t left = (size_t)block->size;

	while (left != 0 && text[0] != '\0') {
		size_t digits = 0;
		size_t length = 0;

		while (digits < left && digits < 6 && text[digits] >= '0' && text[digits] <= '9') {
			length = length * 10 + (size_t)(text[digits] - '0');
			digits++;
		}
		const char *key = text + digits + 1;
		const char *equals = NULL;

		if (digits != 0 && length > digits + 1 && length <= left && text[digits] == ' ' &&
		    text[length - 1] == '\n') {
			equals = memchr(key, '=', length - digits - 1);
		}
		if (equals == NULL) {
			return fail(tar, "is an extended header that makes no sense");
		}
		const char *value = arena_copy(tar->arena, equals + 1,
		                               (size_t)(text + length - 1 - (equals + 1)));

		if (!take_record(tar, key, (size_t)(equals - key), value)) {
			return false;
		}
		text += length;
		left -= length;
	}
	return true;
}

static const char *name_of(struct tar *tar, const struct block *block)
{
	const unsigned char *header = block->header;
	const char *name = read_text(tar, header + NAME_AT, NAME_BYTES);

	if (tar->said.name != NULL) {
		return tar->said.name;
	}
	/* GNU's own form, "ustar " with a space, has something else there. */
	if (memcmp(header + MAGIC_AT, "ustar", 6) == 0 && header[PREFIX_AT] != '\0') {
		return arena_printf(tar->arena, "%s/%s",
		                    read_text(tar, header + PREFIX_AT, PREFIX_BYTES), name);
	}
	return name;
}

static uint32_t type_of(char type)
{
	/* clang-format off */
	static const struct {
		char type;
		uint32_t is;
	} rows[] = {
		{'\0', S_IFREG}, {'0', S_IFREG}, {'7', S_IFREG}, {'2', S_IFLNK},
		{'3', S_IFCHR},  {'4', S_IFBLK}, {'5', S_IFDIR}, {'6', S_IFIFO},
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].type == type) {
			return rows[i].is;
		}
	}
	return 0;
}

/* A file, a directory, a link: what the tree has. */
static bool take_entry(struct tar *tar, const struct block *block)
{
	const char *name = name_of(tar, block);
	const char *target = tar->said.target != NULL
	                             ? tar->said.target
	                             : read_text(tar, block->header + TARGET_AT, NAME_BYTES);
	uint32_t type = type_of(block->type);
	uint64_t mode = 0;
	uint64_t owner = 0;
	uint64_t group = 0;

	if (block->type == '1') {
		return root_tree_link(tar->tree, name, target);
	}
	if (type == 0) {
		return fail(tar, arena_printf(tar->arena, "is an entry of the unknown type 0x%02x",
		                              (unsigned char)block->type));
	}
	/* Before POSIX a directory was a file whose name ended so. */
	if (type == S_IFREG && name[0] != '\0' && name[strlen(name) - 1] == '/') {
		type = S_IFDIR;
	}
	if (!read_number(block->header + MODE_AT, NUMBER_BYTES, &mode) ||
	    !read_number(block->header + OWNER_AT, NUMBER_BYTES, &owner) ||
	    !read_number(block->header + GROUP_AT, NUMBER_BYTES, &group)) {
		return fail(tar, "is a header that makes no sense");
	}
	owner = tar->said.owner_said ? tar->said.owner : owner;
	group = tar->said.group_said ? tar->said.group : group;
	if (owner >= UINT32_MAX || group >= UINT32_MAX) {
		return fail(tar, "is an entry with an owner that Linux cannot have");
	}
	return root_tree_add(tar->tree,
	                     &(struct root_entry){
				     .name = name,
				     .mode = type | ((uint32_t)mode & 07777U),
				     .owner = (uint32_t)owner,
				     .group = (uint32_t)group,
				     .target = type == S_IFLNK ? target : NULL,
				     .content = {.data = block->content,
	                                         .bytes = type == S_IFREG ? block->size : 0},
			     });
}

/* A header that says more of the entry behind it, or of all. */
static bool is_text(char type)
{
	return type == 'x' || type == 'g' || type == 'L' || type == 'K';
}

static bool take_block(struct tar *tar, const struct block *block)
{
	if (is_text(block->type)) {
		if (block->size > TEXT_BYTES_MAX) {
			return fail(tar, "is a header with too long a text");
		}
		if (block->type == 'x') {
			return read_records(tar, block);
		}
		const char *text = read_text(tar, block->content, (size_t)block->size);

		tar->said.name = block->type == 'L' ? text : tar->said.name;
		tar->said.target = block->type == 'K' ? text : tar->said.target;
		return true; /* what is said of all entries ('g') is of no file */
	}
	const bool good = take_entry(tar, block);

	tar->said = (struct said){.name = NULL};
	return good;
}

/* The header at tar->at with its content; what is behind them becomes tar->at. */
static bool read_block(struct tar *tar)
{
	struct block block = {.header = tar->bytes + tar->at};

	if (tar->count - tar->at < BLOCK_BYTES || !sum_is_right(block.header)) {
		return fail(tar, tar->at == 0 ? "is no archive of tar" : "is no header");
	}
	block.type = (char)block.header[TYPE_AT];
	block.content = block.header + BLOCK_BYTES;
	if (!read_number(block.header + SIZE_AT, SIZE_BYTES, &block.size)) {
		return fail(tar, "is a header that makes no sense");
	}
	if (tar->said.size_said && !is_text(block.type)) {
		block.size = tar->said.size;
	}
	/* Links and directories have no content, whatever they say. */
	if (block.type >= '1' && block.type <= '6') {
		block.size = 0;
	}
	const size_t left = tar->count - tar->at - BLOCK_BYTES;

	if (block.size > left) {
		return fail(tar, "begins an entry that ends behind the archive");
	}
	if (!take_block(tar, &block)) {
		return false;
	}
	const size_t whole = ((size_t)block.size + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;

	tar->at += BLOCK_BYTES + (whole < left ? whole : left);
	return true;
}

bool tar_read(const unsigned char *bytes, size_t count, struct root_tree *tree, struct arena *arena)
{
	struct tar tar = {.tree = tree, .arena = arena, .bytes = bytes, .count = count};

	if (count == 0) {
		return fail(&tar, "is its end");
	}
	while (tar.at < count && !(count - tar.at >= BLOCK_BYTES && is_zero(bytes + tar.at))) {
		if (!read_block(&tar)) {
			return false;
		}
	}
	return true;
}
