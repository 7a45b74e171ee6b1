/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/kernel_file.h"

#include <stddef.h>
#include <string.h>

#include "abi/image.h"
#include "lib/bits.h"
#include "topo/base/units.h"

/* The kernel lies less than this above a multiple of 2 MiB. */
#define TEXT_OFFSET_END 0x40000000U

/* A file that is no kernel as it stands in memory, by bytes of it. */
struct form {
	uint32_t at;
	uint32_t count;
	uint8_t bytes[4];
	const char *what;
	const char *help;
};

#define UNPACK(how) "unpack it: " how " FILE > Image"

/* The first that fits counts. What packs (Linux, lib/decompress.c, scripts/Makefile.lib), what boot loaders
 * read (U-Boot, boot/image.c), and kernels of others. */
static const struct form forms[] = {
	{0, 2, {0x1f, 0x8b}, "is packed by gzip", UNPACK("gzip -dc")},
	{0, 3, {'B', 'Z', 'h'}, "is packed by bzip2", UNPACK("bzip2 -dc")},
	{0, 4, {0xfd, '7', 'z', 'X'}, "is packed by xz", UNPACK("xz -dc")},
	{0, 4, {0x89, 'L', 'Z', 'O'}, "is packed by lzo", UNPACK("lzop -dc")},
	{0, 4, {0x02, 0x21, 'L', 0x18}, "is packed by lz4", UNPACK("lz4 -dc")},
	{0, 4, {0x04, 0x22, 'M', 0x18}, "is packed by lz4", UNPACK("lz4 -dc")},
	{0, 4, {0x28, 0xb5, 0x2f, 0xfd}, "is packed by zstd", UNPACK("zstd -dc")},
	{0,
         4,
         {0x7f, 'E', 'L', 'F'},
         "is an ELF file",
         "make it what lies in memory: objcopy -O binary FILE Image"},
	{4,
         4,
         {'z', 'i', 'm', 'g'},
         "is packed in an EFI program",
         "take arch/arm64/boot/Image of its build, or build it without CONFIG_EFI_ZBOOT"},
	{0,
         2,
         {'M', 'Z'},
         "is an EFI program and no arm64 Image",
         "a kernel of another architecture is one, as are boot loaders: take arch/arm64/boot/Image of a Linux build"},
	{0,
         4,
         {0x27, 0x05, 0x19, 0x56},
         "is a uImage",
         "take away its header, which has 64 bytes: tail -c +65 FILE > Image"},
	{0,
         4,
         {0xd0, 0x0d, 0xfe, 0xed},
         "is a device tree or a FIT image",
         "take the kernel out of a FIT image: dumpimage -T flat_dt -p 0 -o Image FILE"},
	{0,
         4,
         {'A', 'N', 'D', 'R'},
         "is a boot image of Android",
         "take the kernel out of it: unpack_bootimg --boot_img FILE"},
	{36,
         4,
         {0x18, 0x28, 0x6f, 0x01},
         "is a zImage, a kernel for AArch32",
         "VMs run AArch64: take arch/arm64/boot/Image of a Linux build"},
};

/* It has no mark, but a header: how it is packed, as always, the bytes of a dictionary, a multiple of 64 KiB,
 * and how many there were, or that this is not known. */
static const struct form lzma_form = {
	0, 3, {0x5d, 0, 0}, "is packed by lzma", UNPACK("xz -dc --format=lzma")};
#define LZMA_HEADER_BYTES 13U
#define LZMA_UNPACKED_END BIT64(40)

static uint64_t get_le(const uint8_t *bytes, uint32_t count)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < count; i++) {
		value |= (uint64_t)bytes[i] << (8 * i);
	}
	return value;
}

err_t kernel_header_read(const uint8_t *head, uint64_t bytes, struct kernel_header *out)
{
	if (bytes < KERNEL_HEADER_BYTES || memcmp(head + 56, "ARM\x64", 4) != 0) {
		return ERR_VERSION;
	}
	out->binary = false;
	out->text_offset = get_le(head + 8, 8);
	out->image_bytes = get_le(head + KERNEL_HEADER_SIZE_AT, 8);
	if (out->image_bytes < bytes) {
		out->image_bytes = bytes;
	}
	if (!is_aligned(out->text_offset, PV_PAGE_BYTES) || out->text_offset >= TEXT_OFFSET_END ||
	    out->image_bytes > BIT64(PV_IPA_BITS)) {
		return ERR_RANGE;
	}
	return OK;
}

static bool is_lzma(const uint8_t *head, uint64_t bytes)
{
	if (bytes < LZMA_HEADER_BYTES || memcmp(head, lzma_form.bytes, lzma_form.count) != 0) {
		return false;
	}
	const uint64_t unpacked = get_le(head + 5, 8);

	return get_le(head + 1, 4) != 0 && (unpacked == UINT64_MAX || unpacked < LZMA_UNPACKED_END);
}

static const struct form *form_of(const uint8_t *head, uint64_t bytes)
{
	for (size_t i = 0; i < ARRAY_COUNT(forms); i++) {
		const struct form *form = &forms[i];

		if (bytes >= form->at + form->count &&
		    memcmp(head + form->at, form->bytes, form->count) == 0) {
			return form;
		}
	}
	return is_lzma(head, bytes) ? &lzma_form : NULL;
}

const char *kernel_file_read(const uint8_t *head, uint64_t bytes, uint64_t entry,
                             struct kernel_header *out, const char **help)
{
	const err_t err = kernel_header_read(head, bytes, out);

	*help = "arch/arm64/boot/Image of a Linux build is one; another binary is taken where "
		"kernel_entry_addr says at which address it lies and begins";
	if (err == OK) {
		return NULL;
	}
	if (err != ERR_VERSION) {
		return "has the header of an arm64 Image, and what that says makes no sense";
	}
	const struct form *form = form_of(head, bytes);

	if (form != NULL) {
		*help = form->help;
		return form->what;
	}
	if (bytes == 0) {
		return "is empty";
	}
	if (entry == 0) {
		return "is not an arm64 Image";
	}
	out->binary = true;
	out->text_offset = entry & (MIB(2) - 1);
	out->image_bytes = bytes;
	return NULL;
}
