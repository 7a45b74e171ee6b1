/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/image/payload.c and topo/image/payload_files.c: formats of foreign files, and a directory
 * with all the files of a system from which one after the other is taken away or spoilt.
 */
/* links: topo/image/payload.c topo/image/payload_files.c topo/image/payload_store.c */
/* links: tests/unit/layout_fixture.c */
/* links: topo/model/kernel_file.c */
/* links: topo/diag/diag.c topo/diag/print.c topo/diag/source.c topo/rootfs topo/model/command_bounds.c topo/base */
/* links: topo/model/medium.c tests/unit/temporary.c */
/* links: topo/model/own_archives.c topo/model/owned_paths.c */
/* libs: elf fdt z lzma zstd lz4 json-c crypto */
/* flags: -D_GNU_SOURCE */
#include <elf.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/image.h"
#include "layout_fixture.h"
#include "lib/bits.h"
#include "tests/unit/temporary.h"
#include "topo/image/payload.h"

/* An executable with two segments of a page, as the VMM's linker makes it. */
struct program {
	Elf64_Ehdr ehdr;
	Elf64_Phdr phdrs[2];
	uint8_t padding[4096 - sizeof(Elf64_Ehdr) - 2 * sizeof(Elf64_Phdr)];
	uint8_t text[0x1800];
	uint8_t data[0x100];
};

static void fill_program(struct program *p)
{
	memset(p, 0, sizeof(*p));
	memcpy(p->ehdr.e_ident, ELFMAG, SELFMAG);
	p->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
	p->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
	p->ehdr.e_ident[EI_VERSION] = EV_CURRENT;
	p->ehdr.e_type = ET_EXEC;
	p->ehdr.e_machine = EM_AARCH64;
	p->ehdr.e_version = EV_CURRENT;
	p->ehdr.e_entry = 0x200100;
	p->ehdr.e_phoff = sizeof(p->ehdr);
	p->ehdr.e_ehsize = sizeof(p->ehdr);
	p->ehdr.e_phentsize = sizeof(p->phdrs[0]);
	p->ehdr.e_phnum = 2;
	p->phdrs[0] = (Elf64_Phdr){.p_type = PT_LOAD,
	                           .p_flags = PF_R | PF_X,
	                           .p_offset = offsetof(struct program, text),
	                           .p_vaddr = 0x200000,
	                           .p_filesz = sizeof(p->text),
	                           .p_memsz = sizeof(p->text)};
	p->phdrs[1] = (Elf64_Phdr){.p_type = PT_LOAD,
	                           .p_flags = PF_R | PF_W,
	                           .p_offset = offsetof(struct program, data),
	                           .p_vaddr = 0x202000,
	                           .p_filesz = sizeof(p->data),
	                           .p_memsz = 0x3000};
}

static void check_program(const struct program *p, const char *expected)
{
	struct vmm_program out;
	const char *why = NULL;
	err_t err = vmm_program_read((struct blob){(const uint8_t *)p, sizeof(*p)}, &out, &why);

	if (expected) {
		assert_int_not_equal(err, OK);
		assert_string_equal(why, expected);
		return;
	}
	assert_int_equal(err, OK);
	assert_int_equal(out.entry, 0x200100);
	assert_int_equal(out.segment_count, 2);
	assert_int_equal(out.segments[0].bytes, 0x2000);
	assert_int_equal(out.segments[0].rights, PV_RIGHT_READ | PV_RIGHT_EXEC);
	assert_ptr_equal(out.segments[0].file.data, p->text);
	assert_int_equal(out.segments[1].bytes, 0x3000);
	assert_int_equal(out.segments[1].rights, PV_RIGHT_READ | PV_RIGHT_WRITE);
	assert_int_equal(out.segments[1].file.bytes, sizeof(p->data));
	assert_int_equal(out.end, 0x205000);
}

static void test_program(void **state)
{
	struct program *p = malloc(sizeof(*p));
	const struct {
		uint64_t *field;
		uint64_t value;
		const char *why;
	} spoilt[] = {
		{&p->phdrs[0].p_vaddr, 0x200800, "a segment does not start at a page"},
		{&p->phdrs[1].p_filesz, 0x101,
	         "a segment lies outside of the file or of the address space"},
		{&p->phdrs[1].p_offset, UINT64_MAX - 0x10,
	         "a segment lies outside of the file or of the address space"},
		{&p->phdrs[1].p_memsz, 0x80,
	         "a segment lies outside of the file or of the address space"},
		{&p->phdrs[1].p_memsz, UINT64_MAX,
	         "a segment lies outside of the file or of the address space"},
		{&p->phdrs[1].p_vaddr, 0x201000, "two segments share a page"},
		{&p->ehdr.e_entry, 0x202000, "its entry is in no executable segment"},
		{&p->ehdr.e_phoff, sizeof(*p), "it has no program headers"},
	};

	(void)state;
	fill_program(p);
	check_program(p, NULL);
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		fill_program(p);
		*spoilt[i].field = spoilt[i].value;
		check_program(p, spoilt[i].why);
	}
	fill_program(p);
	p->phdrs[0].p_flags |= PF_W;
	check_program(p, "a segment is both writable and executable");
	fill_program(p);
	p->ehdr.e_machine = EM_X86_64;
	check_program(p, "it is no AArch64 executable with fixed addresses");
	p->ehdr.e_ident[0] = 0;
	check_program(p, "it is no ELF file");
	free(p);
}

/* A hub with two spokes, as the model says it before any file is read. */
static void fill_model(struct fixture *f)
{
	fixture_start(f);
	fixture_vm(f, "hub");
	fixture_vm(f, "spoke_a");
	fixture_vm(f, "spoke_b");
	fixture_connect(f, 0, 1);
	fixture_connect(f, 0, 2);
}

static int set_up(void **state)
{
	struct program *program = malloc(sizeof(*program));
	struct fixture f;

	assert_int_equal(temporary_make(state), 0);
	assert_int_equal(mkdir(temporary_at("guest"), 0755), 0);
	fill_model(&f);
	fill_program(program);
	temporary_write("kernel-qemu-virt.bin", f.payloads.kernel.data, f.payloads.kernel.bytes,
	                0644);
	temporary_write("vmm.elf", program, sizeof(*program), 0644);
	temporary_write("loader.bin", f.payloads.loader.data, f.payloads.loader.bytes, 0644);
	temporary_write("guest/Image", f.vm_payloads[0].kernel.data, f.vm_payloads[0].kernel.bytes,
	                0644);
	temporary_write("guest/base.cpio", "base", 4, 0644);
	temporary_write("guest/device.cpio", "device", 6, 0644);
	temporary_write("guest/backend.cpio", "backend", 7, 0644);
	temporary_write("guest/front.cpio", "front", 5, 0644);
	temporary_write("guest/front-device.cpio", "its device", 10, 0644);
	temporary_write("guest/front-backend.cpio", "its backend", 11, 0644);
	temporary_write("guest/front-gpu.cpio", "its gpu", 7, 0644);
	free(program);
	fixture_end(&f);
	return 0;
}

static void test_files(void **state)
{
	struct fixture f;
	struct payloads *p;

	(void)state;
	fill_model(&f);
	p = payloads_load(&f.model, temporary_at("."), PAYLOADS_WHOLE, f.diag);
	assert_true(fixture_good(&f));
	assert_non_null(p);
	assert_int_equal(p->kernel.bytes, f.payloads.kernel.bytes);
	assert_int_equal(p->vmm.segment_count, 2);
	/* Only the VM that serves has the device parts; a file is read once. */
	assert_int_equal(p->vms[0].initrd_count, 3);
	assert_int_equal(p->vms[1].initrd_count, 1);
	assert_memory_equal(p->vms[0].initrd[2].data, "backend", 7);
	assert_ptr_equal(p->vms[0].initrd[0].data, p->vms[2].initrd[0].data);
	assert_ptr_equal(p->vms[0].kernel.data, p->vms[1].kernel.data);
	assert_null(p->vms[0].dtb.data);
	payloads_free(p);
	fixture_end(&f);
}

/* An archive, read field by field: the offset behind the entry, -1 behind the trailer. */
static long read_entry(struct blob archive, long offset, char *name, size_t name_max,
                       struct blob *content)
{
	const char *header = (const char *)archive.data + offset;
	char field[9] = {0};
	unsigned long file_bytes;
	unsigned long name_bytes;

	assert_true((size_t)offset + 110 <= archive.bytes);
	assert_memory_equal(header, "070701", 6);
	memcpy(field, &header[54], 8); /* filesize */
	file_bytes = strtoul(field, NULL, 16);
	memcpy(field, &header[94], 8); /* namesize */
	name_bytes = strtoul(field, NULL, 16);
	assert_true(name_bytes <= name_max);
	memcpy(name, header + 110, name_bytes);
	offset = (long)((unsigned long)offset + 110 + name_bytes + 3) & ~3L;
	*content = (struct blob){archive.data + offset, file_bytes};
	offset = (long)((unsigned long)offset + file_bytes + 3) & ~3L;
	assert_true((size_t)offset <= archive.bytes);
	return strcmp(name, "TRAILER!!!") == 0 ? -1 : offset;
}

/* Disk images go into an archive of the device VM, each file once. */
static void test_disks(void **state)
{
	static const char *const names[] = {"var", "var/lib", "var/lib/peervisor",
	                                    "var/lib/peervisor/a.raw", "TRAILER!!!"};
	char disk[256];
	struct fixture f;
	struct payloads *p;
	long offset = 0;

	(void)state;
	temporary_write("a.raw", "content of a", 12, 0644);
	snprintf(disk, sizeof(disk), "%s", temporary_at("a.raw"));
	fill_model(&f);
	f.devices[0][1].disk = disk;
	f.devices[1][1].disk = disk;
	p = payloads_load(&f.model, temporary_at("."), PAYLOADS_WHOLE, f.diag);
	assert_true(fixture_good(&f));
	assert_int_equal(p->vms[0].initrd_count, 4);
	assert_int_equal(p->vms[1].initrd_count, 1);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char name[64];
		struct blob content;

		assert_true(offset >= 0);
		offset = read_entry(p->vms[0].initrd[3], offset, name, sizeof(name), &content);
		assert_string_equal(name, names[i]);
		assert_int_equal(content.bytes, i == 3 ? 12 : 0);
		if (content.bytes) {
			assert_memory_equal(content.data, "content of a", 12);
		}
	}
	assert_int_equal(offset, -1);
	payloads_free(p);
	fixture_end(&f);
}

/* A user's own kernel, root file system and tree instead of the project's. */
static void test_own_files(void **state)
{
	uint8_t tree[256];
	struct fixture f;
	struct payloads *p;

	(void)state;
	assert_int_equal(fdt_create_empty_tree(tree, sizeof(tree)), 0);
	temporary_write("my.dtb", tree, sizeof(tree), 0644);
	temporary_write("my.cpio", "mine", 4, 0644);
	fill_model(&f);
	f.vms[1].image.kernel = temporary_at("guest/Image");
	f.vms[1].image.own_kernel = false;
	f.vms[2].image.dtb = temporary_at("my.dtb");
	f.vms[1].image.own_rootfs = false;
	p = payloads_load(&f.model, temporary_at("."), PAYLOADS_WHOLE, f.diag);
	assert_true(fixture_good(&f));
	assert_int_equal(p->vms[1].initrd_count, 0);
	assert_int_equal(p->vms[2].dtb.bytes, sizeof(tree));
	payloads_free(p);
	f.vms[1].image.initrd = temporary_at("my.cpio");
	f.vms[2].image.dtb = NULL;
	p = payloads_load(&f.model, temporary_at("."), PAYLOADS_WHOLE, f.diag);
	assert_int_equal(p->vms[1].initrd_count, 1);
	assert_memory_equal(p->vms[1].initrd[0].data, "mine", 4);
	payloads_free(p);
	fixture_end(&f);
}

/* A user's root file system: what starts it, and the back ends where it serves, without the project's own. */
static void test_users_root(void **state)
{
	struct fixture f;
	struct payloads *p;

	(void)state;
	assert_int_equal(mkdir(temporary_at("root"), 0755), 0);
	temporary_write("root/init", "mine", 4, 0755);
	fill_model(&f);
	for (size_t i = 0; i < 2; i++) {
		f.vms[i].image.rootfs = temporary_at("root");
		f.vms[i].image.own_rootfs = false;
	}
	p = payloads_load(&f.model, temporary_at("."), PAYLOADS_WHOLE, f.diag);
	assert_true(fixture_good(&f));
	assert_int_equal(p->vms[0].initrd_count, 4);
	assert_memory_equal(p->vms[0].initrd[1].data, "front", 5);
	assert_memory_equal(p->vms[0].initrd[2].data, "its device", 10);
	assert_memory_equal(p->vms[0].initrd[3].data, "its backend", 11);
	assert_int_equal(p->vms[1].initrd_count, 2);
	assert_memory_equal(p->vms[1].initrd[1].data, "front", 5);
	assert_int_equal(p->vms[2].initrd_count, 1);
	payloads_free(p);
	fixture_end(&f);
}

static void refuse(struct fixture *f, const char *why)
{
	assert_null(payloads_load(&f->model, temporary_at("."), PAYLOADS_WHOLE, f->diag));
	assert_true(fixture_said(f, why));
	fixture_end(f);
}

static void test_bad_files(void **state)
{
	static const uint8_t gzip[] = {0x1f, 0x8b, 8, 0};
	struct fixture f;

	(void)state;
	temporary_write("text", "not a kernel", 12, 0644);
	temporary_write("Image.gz", gzip, sizeof(gzip), 0644);
	fill_model(&f);
	f.board.runs = false;
	refuse(&f, "no image can be built for the board qemu-virt");
	fill_model(&f);
	f.vms[1].image.own_kernel = false;
	f.vms[1].image.kernel = "/none/Image";
	refuse(&f, "cannot read the kernel '/none/Image': No such file or directory");
	fill_model(&f);
	f.vms[1].image.own_kernel = false;
	f.vms[1].image.kernel = temporary_at(".");
	refuse(&f, "Is a directory");
	/* A FIFO that nobody writes to: to wait for that would be to hang. */
	assert_int_equal(mkfifo(temporary_at("pipe"), 0600), 0);
	fill_model(&f);
	f.vms[1].image.own_kernel = false;
	f.vms[1].image.kernel = temporary_at("pipe");
	refuse(&f, "Invalid argument");
	fill_model(&f);
	f.vms[1].image.own_kernel = false;
	f.vms[1].image.kernel = temporary_at("text");
	refuse(&f, "of 'spoke_a' is not an arm64 Image");
	fill_model(&f);
	f.vms[1].image.own_kernel = false;
	f.vms[1].image.kernel = temporary_at("text");
	f.vms[1].kernel_entry =
		0x40080000; /* it is a binary then, and another VM's kernel is none */
	f.vms[2].image.own_kernel = false;
	f.vms[2].image.kernel = temporary_at("text");
	refuse(&f, "of 'spoke_b' is not an arm64 Image");
	fill_model(&f);
	f.vms[1].image.own_kernel = false;
	f.vms[1].image.kernel = temporary_at("Image.gz");
	refuse(&f, "Image.gz' of 'spoke_a' is packed by gzip");
	fill_model(&f);
	f.vms[1].image.initrd = "/none/initrd";
	refuse(&f, "cannot read the initrd '/none/initrd'");
	fill_model(&f);
	f.vms[1].image.dtb = temporary_at("text");
	refuse(&f, "text' is not a device tree blob");
	fill_model(&f);
	f.devices[0][1].disk = "/none/disk.raw";
	refuse(&f, "cannot read the disk image '/none/disk.raw'");
}

static void test_bad_share(void **state)
{
	struct fixture f;

	(void)state;
	temporary_write("vmm.elf", "text", 4, 0644);
	temporary_write("kernel-qemu-virt.bin", "text", 4, 0644);
	fill_model(&f);
	refuse(&f, "/vmm.elf cannot be the VMM: it is no ELF file");
	fill_model(&f);
	refuse(&f, "/kernel-qemu-virt.bin is not the kernel of EL2");
	assert_int_equal(unlink(temporary_at("guest/backend.cpio")), 0);
	fill_model(&f);
	refuse(&f, "/guest/backend.cpio': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test_setup_teardown(test_files, set_up, temporary_remove),
		cmocka_unit_test_setup_teardown(test_disks, set_up, temporary_remove),
		cmocka_unit_test_setup_teardown(test_own_files, set_up, temporary_remove),
		cmocka_unit_test_setup_teardown(test_users_root, set_up, temporary_remove),
		cmocka_unit_test_setup_teardown(test_bad_files, set_up, temporary_remove),
		cmocka_unit_test_setup_teardown(test_bad_share, set_up, temporary_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
