/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the files of a topology for topo verify, see topo/verify/files.h.
 */
#include "topo/verify/files.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/image.h"
#include "topo/base/regular.h"
#include "topo/base/say.h"
#include "topo/model/board.h"
#include "topo/model/medium.h"
#include "topo/model/own_archives.h"
#include "topo/rootfs/rootfs.h"

/* A file that was read; several VMs boot the same. */
struct known_file {
	const char *path;
	struct bytes bytes;
};

struct reader {
	struct arena *arena;
	const struct model *model;
	const char *share;
	struct files *out;
	struct known_file *known;
	size_t known_count;
	bool failed;
};

bool files_read(struct arena *arena, const char *path, struct bytes *out)
{
	uint64_t bytes = 0;
	const int fd = regular_open(path, 0, &bytes);

	if (fd < 0) {
		return false;
	}
	uint8_t *data = arena_alloc(arena, (size_t)bytes + 1);
	const int64_t got = regular_read(fd, data, bytes);
	const int error = got < 0 ? errno : EIO;

	*out = (struct bytes){data, (size_t)bytes};
	close(fd);
	errno = error;
	return got == (int64_t)bytes;
}

static bool known(const struct reader *reader, const char *path, struct bytes *out)
{
	for (size_t i = 0; i < reader->known_count; i++) {
		if (strcmp(reader->known[i].path, path) == 0) {
			*out = reader->known[i].bytes;
			return true;
		}
	}
	return false;
}

static void remember(struct reader *reader, const char *path, struct bytes bytes)
{
	*ARENA_ADD(reader->arena, reader->known, reader->known_count) =
		(struct known_file){path, bytes};
}

static struct bytes get(struct reader *reader, const char *path)
{
	struct bytes bytes = {NULL, 0};

	if (known(reader, path, &bytes)) {
		return bytes;
	}
	if (!files_read(reader->arena, path, &bytes)) {
		say(stderr, "topo verify: cannot read '%s': %s\n", path, strerror(errno));
		reader->failed = true;
		bytes = (struct bytes){NULL, 0};
	}
	remember(reader, path, bytes);
	return bytes;
}

static struct bytes get_own(struct reader *reader, const char *name)
{
	return get(reader, arena_printf(reader->arena, "%s/%s", reader->share, name));
}

static bool read_segment(struct bytes elf, const Elf64_Phdr *phdr, struct program_segment *out)
{
	if (phdr->p_offset > elf.count || phdr->p_filesz > elf.count - phdr->p_offset ||
	    phdr->p_filesz > phdr->p_memsz || phdr->p_vaddr % PV_PAGE_BYTES ||
	    phdr->p_memsz > UINT32_MAX) {
		return false;
	}
	*out = (struct program_segment){
		.va = phdr->p_vaddr,
		.pages = (phdr->p_memsz + PV_PAGE_BYTES - 1) / PV_PAGE_BYTES,
		.rights = PV_RIGHT_READ | ((phdr->p_flags & PF_W) != 0 ? PV_RIGHT_WRITE : 0) |
	                  ((phdr->p_flags & PF_X) != 0 ? PV_RIGHT_EXEC : 0),
		.bytes = {elf.data + phdr->p_offset, phdr->p_filesz},
	};
	return true;
}

bool files_read_program(struct bytes elf, struct program *out)
{
	Elf64_Ehdr ehdr;

	*out = (struct program){.entry = 0};
	if (elf.count < sizeof(ehdr)) {
		return false;
	}
	memcpy(&ehdr, elf.data, sizeof(ehdr));
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) != 0 || ehdr.e_ident[EI_CLASS] != ELFCLASS64 ||
	    ehdr.e_machine != EM_AARCH64 || ehdr.e_phentsize != sizeof(Elf64_Phdr) ||
	    ehdr.e_phoff > elf.count ||
	    ehdr.e_phnum > (elf.count - ehdr.e_phoff) / sizeof(Elf64_Phdr)) {
		return false;
	}
	out->entry = ehdr.e_entry;
	for (uint32_t i = 0; i < ehdr.e_phnum; i++) {
		Elf64_Phdr phdr;

		memcpy(&phdr, elf.data + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
		if (phdr.p_type != PT_LOAD || phdr.p_memsz == 0) {
			continue;
		}
		if (out->segment_count == PROGRAM_SEGMENTS_MAX ||
		    !read_segment(elf, &phdr, &out->segments[out->segment_count])) {
			return false;
		}
		out->segment_count++;
	}
	return out->segment_count > 0;
}

/* Bit n: the VM serves a device of enum device_type n; bit DEVICE_TYPE_COUNT: it serves. */
static uint32_t served_by(const struct model *model, size_t vm)
{
	uint32_t served = 0;

	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *c = &model->connections[i];
		for (size_t j = 0; c->device_vm == vm && j < c->device_count; j++) {
			served |= 1U << c->devices[j].type;
		}
		served |= c->device_vm == vm ? 1U << DEVICE_TYPE_COUNT : 0;
	}
	return served;
}

/* The project's own root file system, or what goes behind one of the user's: what serves has more archives. */
static void load_own_archives(struct reader *reader, bool users, uint32_t served,
                              struct vm_files *out)
{
	for (size_t i = 0; i < OWN_ARCHIVE_COUNT; i++) {
		const struct own_archive *own = &own_archives[i];

		if (own->users == users && (own->all || (served & 1U << own->type) != 0)) {
			out->initrd[out->initrd_count++] = get_own(reader, own->path);
		}
	}
}

/* A root file system of the user's, by the code that the builder reads it with too. */
static void load_users(struct reader *reader, const char *path, struct vm_files *out)
{
	const char *key = arena_printf(reader->arena, "rootfs:%s", path);
	struct rootfs rootfs;
	struct bytes bytes = {NULL, 0};

	if (known(reader, key, &out->initrd[out->initrd_count])) {
		out->initrd_count++;
	} else {
		uint8_t *data =
			rootfs_read(reader->arena, path, &rootfs) ? rootfs_archive(&rootfs) : NULL;

		if (data != NULL) {
			bytes.count = rootfs.archive_bytes;
			bytes.data =
				memcpy(arena_alloc(reader->arena, bytes.count), data, bytes.count);
		} else {
			say(stderr, "topo verify: the root file system '%s' cannot be used: %s\n",
			    path, rootfs.why != NULL ? rootfs.why : "a file of it is gone");
			reader->failed = true;
		}
		free(data);
		rootfs_free(&rootfs);
		remember(reader, key, bytes);
		out->initrd[out->initrd_count++] = bytes;
	}
}

/* The attributes `files` and `command`: by the code that the builder plans them with too. It decides over what a VM
 * has in itself, not over what it may do. */
static void plan_files(struct reader *reader, const struct vm *vm, struct vm_files *out)
{
	struct vm_root *root = vm_root_new(reader->arena);
	struct vm_files_fault fault;

	for (uint32_t i = 0; i < out->initrd_count; i++) {
		vm_root_add(root, out->initrd[i].data, out->initrd[i].count);
	}
	if (!vm_files_plan(root, vm, &out->plan, &fault)) {
		say(stderr, "topo verify: the files of '%s': %s\n", vm->suffix, fault.text);
		reader->failed = true;
		out->plan.count = 0;
	}
	out->planned = arena_alloc(reader->arena, (out->plan.count + 1) * sizeof(*out->planned));
	for (size_t i = 0; i < out->plan.count; i++) {
		const struct vm_files_entry *entry = &out->plan.entries[i];

		if (entry->from != NULL) {
			out->planned[i] = get(reader, entry->from);
		} else {
			const char *text = entry->text != NULL     ? entry->text
			                   : entry->target != NULL ? entry->target
			                                           : "";

			out->planned[i] = (struct bytes){(const uint8_t *)text, strlen(text)};
		}
	}
}

static void load_vm(struct reader *reader, const struct vm *vm, uint32_t served,
                    struct vm_files *out)
{
	if (vm->image.own_kernel || !vm->image.kernel) {
		out->kernel = get_own(reader, "guest/Image");
	} else {
		out->kernel = get(reader, vm->image.kernel);
	}
	if (vm->image.initrd) {
		out->initrd[out->initrd_count++] = get(reader, vm->image.initrd);
	} else if (vm->image.rootfs) {
		load_users(reader, vm->image.rootfs, out);
		load_own_archives(reader, true, served, out);
	} else if (vm->image.own_rootfs) {
		load_own_archives(reader, false, served, out);
	}
	if (vm_files_any(vm)) {
		plan_files(reader, vm, out);
	}
	if (vm->image.dtb) {
		out->tree = get(reader, vm->image.dtb);
	}
}

static void load_disks(struct reader *reader)
{
	const struct model *model = reader->model;

	reader->out->disks = arena_alloc(reader->arena, (model->connection_count + 1) *
	                                                        sizeof(*reader->out->disks));
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *c = &model->connections[i];

		reader->out->disks[i] =
			arena_alloc(reader->arena, (c->device_count + 1) * sizeof(struct bytes));
		for (size_t j = 0; j < c->device_count; j++) {
			if (c->devices[j].type == DEVICE_BLK && device_image(&c->devices[j])) {
				reader->out->disks[i][j] = get(reader, c->devices[j].disk);
			}
		}
	}
}

struct files *files_load(struct arena *arena, const struct model *model, const char *share)
{
	struct files *out = arena_alloc(arena, sizeof(*out));
	struct reader reader = {.arena = arena, .model = model, .share = share, .out = out};

	out->kernel = get_own(&reader, arena_printf(arena, "kernel-%s.bin", model->board->name));
	out->loader = get_own(&reader, "loader.bin");
	struct bytes vmm = get_own(&reader, "vmm.elf");

	if (vmm.data && !files_read_program(vmm, &out->vmm)) {
		say(stderr, "topo verify: '%s/vmm.elf' is no program\n", share);
		reader.failed = true;
	}
	out->vms = arena_alloc(arena, (model->vm_count + 1) * sizeof(*out->vms));
	for (size_t i = 0; i < model->vm_count; i++) {
		load_vm(&reader, &model->vms[i], served_by(model, i), &out->vms[i]);
	}
	load_disks(&reader);
	return reader.failed ? NULL : out;
}
