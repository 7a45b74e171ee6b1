/* SPDX-License-Identifier: BSD-2-Clause */
/* topo/model/kernel_file.c: headers of kernels, and files that are none. */
/* links: topo/model/kernel_file.c */
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "tests/unit/ordered_cmocka.h"
#include "topo/model/kernel_file.h"

#define ENTRY 0x40081000

static void test_header(void **state)
{
	uint8_t bytes[128] = {0};
	struct kernel_header header;

	(void)state;
	assert_int_equal(kernel_header_read(bytes, sizeof(bytes), &header), ERR_VERSION);
	memcpy(bytes + 56, "ARM\x64", 4);
	bytes[10] = 8;    /* text_offset 0x80000 */
	bytes[18] = 0x20; /* image_size 2 MiB */
	assert_int_equal(kernel_header_read(bytes, sizeof(bytes), &header), OK);
	assert_int_equal(header.text_offset, 0x80000);
	assert_int_equal(header.image_bytes, 0x200000);
	bytes[18] = 0; /* before Linux 3.17: none */
	assert_int_equal(kernel_header_read(bytes, sizeof(bytes), &header), OK);
	assert_int_equal(header.image_bytes, sizeof(bytes));
	bytes[8] = 1;
	assert_int_equal(kernel_header_read(bytes, sizeof(bytes), &header), ERR_RANGE);
	bytes[8] = 0;
	bytes[23] = 0xff;
	assert_int_equal(kernel_header_read(bytes, sizeof(bytes), &header), ERR_RANGE);
	assert_int_equal(kernel_header_read(bytes, 63, &header), ERR_VERSION);
}

/* What a file that begins with @count bytes at @begin is said to be; NULL: a kernel. */
static const char *said(const void *begin, size_t count, uint64_t entry,
                        struct kernel_header *header)
{
	uint8_t *bytes = malloc(count == 0 ? 1 : count); /* none behind it may be read */
	const char *help = NULL;

	memcpy(bytes, begin, count);
	const char *what = kernel_file_read(bytes, count, entry, header, &help);

	assert_true(what == NULL || help != NULL);
	free(bytes);
	return what;
}

/* A binary begins where the topology says. */
static void test_binary(void **state)
{
	static const uint8_t bytes[4] = {0x0a, 0, 0, 0x14};
	struct kernel_header header;

	(void)state;
	assert_null(said(bytes, sizeof(bytes), ENTRY, &header));
	assert_int_equal(header.text_offset, 0x81000);
	assert_int_equal(header.image_bytes, sizeof(bytes));
	assert_string_equal(said(bytes, sizeof(bytes), 0, &header), "is not an arm64 Image");
	assert_string_equal(said(bytes, 0, ENTRY, &header), "is empty");
	assert_string_equal(said(bytes, 0, 0, &header), "is empty");
}

/* What has to be unpacked, or taken out of something, is no binary either. */
static void test_forms(void **state)
{
	static const struct {
		const char *begin;
		size_t count;
		const char *what;
	} forms[] = {
		{"\x1f\x8b\x08\0", 4, "is packed by gzip"},
		{"BZh9", 4, "is packed by bzip2"},
		{"\xfd"
	         "7zXZ",
	         5, "is packed by xz"},
		{"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", 13, "is packed by lzma"},
		{"\x5d\0\0\0\x04\0\0\0\1\0\0\0\0", 13, "is packed by lzma"},
		{"\x89LZO", 4, "is packed by lzo"},
		{"\x02\x21L\x18", 4, "is packed by lz4"},
		{"\x04\x22M\x18", 4, "is packed by lz4"},
		{"\x28\xb5\x2f\xfd", 4, "is packed by zstd"},
		{"\x7f"
	         "ELF",
	         4, "is an ELF file"},
		{"MZ\0\0zimg", 8, "is packed in an EFI program"},
		{"MZ\x90\0", 4, "is an EFI program and no arm64 Image"},
		{"\x27\x05\x19\x56", 4, "is a uImage"},
		{"\xd0\x0d\xfe\xed", 4, "is a device tree or a FIT image"},
		{"ANDROID!", 8, "is a boot image of Android"},
	};
	uint8_t zimage[64] = {[36] = 0x18, [37] = 0x28, [38] = 0x6f, [39] = 0x01};
	struct kernel_header header;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		assert_string_equal(said(forms[i].begin, forms[i].count, 0, &header),
		                    forms[i].what);
		assert_string_equal(said(forms[i].begin, forms[i].count, ENTRY, &header),
		                    forms[i].what);
	}
	assert_string_equal(said(zimage, sizeof(zimage), ENTRY, &header),
	                    "is a zImage, a kernel for AArch32");
	assert_null(said(zimage, 39, ENTRY, &header));
	/* Instructions begin as lzma does. */
	assert_null(said("\x5d\0\0\x91\0\0\0\x14\x1f\x20\x03\xd5\0", 13, ENTRY, &header));
	assert_null(said("\x5d\0\0\x80", 4, ENTRY, &header));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
