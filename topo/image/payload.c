/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats of payloads, see topo/image/payload.h: the segments of the VMM's ELF file, archives in the
 * form newc, and the names of disks in them. No file is opened here.
 */
#include "topo/image/payload.h"

#include <gelf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/image.h"
#include "lib/bits.h"
#include "lib/range.h"
#include "topo/base/units.h"
#include "topo/model/board.h"
#include "topo/model/medium.h"

static uint64_t page_up(uint64_t bytes)
{
	return (bytes + PV_PAGE_BYTES - 1) & ~(uint64_t)(PV_PAGE_BYTES - 1);
}

/* One PT_LOAD. Returns what is wrong with it, or NULL. */
static const char *read_segment(const GElf_Phdr *phdr, struct blob file, struct vmm_segment *out)
{
	if (!is_aligned(phdr->p_vaddr, PV_PAGE_BYTES)) {
		return "a segment does not start at a page";
	}
	if (phdr->p_memsz == 0 || phdr->p_filesz > phdr->p_memsz ||
	    !range_fits(phdr->p_offset, phdr->p_filesz, file.bytes) ||
	    !range_fits(phdr->p_vaddr, phdr->p_memsz, BIT64(PV_IPA_BITS) / 2)) {
		return "a segment lies outside of the file or of the address space";
	}
	out->va = phdr->p_vaddr;
	out->bytes = page_up(phdr->p_memsz);
	out->rights = PV_RIGHT_READ;
	out->rights |= (phdr->p_flags & PF_W) != 0 ? PV_RIGHT_WRITE : 0;
	out->rights |= (phdr->p_flags & PF_X) != 0 ? PV_RIGHT_EXEC : 0;
	if ((out->rights & PV_RIGHT_WRITE) && (out->rights & PV_RIGHT_EXEC)) {
		return "a segment is both writable and executable";
	}
	out->file = (struct blob){file.data + phdr->p_offset, phdr->p_filesz};
	return NULL;
}

/* All PT_LOADs, which ELF wants in ascending order. */
static const char *read_segments(Elf *elf, struct blob file, struct vmm_program *out)
{
	size_t count;

	if (elf_getphdrnum(elf, &count)) {
		return "it has no program headers";
	}
	for (size_t i = 0; i < count; i++) {
		struct vmm_segment *segment = &out->segments[out->segment_count];
		GElf_Phdr phdr;
		const char *why;

		if (!gelf_getphdr(elf, (int)i, &phdr)) {
			return "a program header lies outside of the file";
		}
		if (phdr.p_type != PT_LOAD || phdr.p_memsz == 0) {
			continue;
		}
		if (out->segment_count == VMM_SEGMENTS_MAX) {
			return "it has too many segments";
		}
		why = read_segment(&phdr, file, segment);
		if (why) {
			return why;
		}
		if (segment->va < out->end) {
			return "two segments share a page";
		}
		out->end = segment->va + segment->bytes;
		out->segment_count++;
	}
	return NULL;
}

static const char *read_program(Elf *elf, struct blob file, struct vmm_program *out)
{
	GElf_Ehdr ehdr;
	const char *why;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &ehdr)) {
		return "it is no ELF file";
	}
	if (ehdr.e_machine != EM_AARCH64 || ehdr.e_type != ET_EXEC ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB) {
		return "it is no AArch64 executable with fixed addresses";
	}
	out->entry = ehdr.e_entry;
	why = read_segments(elf, file, out);
	if (why) {
		return why;
	}
	for (uint32_t i = 0; i < out->segment_count; i++) {
		const struct vmm_segment *segment = &out->segments[i];

		if ((segment->rights & PV_RIGHT_EXEC) &&
		    range_inside(out->entry, 4, segment->va, segment->bytes)) {
			return NULL;
		}
	}
	return "its entry is in no executable segment";
}

err_t vmm_program_read(struct blob file, struct vmm_program *out, const char **why)
{
	uint8_t *copy = malloc(file.bytes + 1); /* elf_memory wants to be able to write */
	Elf *elf;

	memset(out, 0, sizeof(*out));
	if (!copy) {
		*why = "no memory";
		return ERR_FULL;
	}
	memcpy(copy, file.data, file.bytes);
	elf_version(EV_CURRENT);
	elf = elf_memory((char *)copy, file.bytes);
	*why = read_program(elf, file, out);
	elf_end(elf);
	free(copy);
	return *why ? ERR_ARG : OK;
}

#define NEWC_HEADER_BYTES 110U
#define NEWC_ALIGN 4U

/* Room for @bytes more. The process ends when there is no memory. */
static uint8_t *cpio_extend(struct cpio *cpio, size_t bytes)
{
	uint8_t *added;

	if (bytes > cpio->capacity - cpio->bytes) {
		size_t capacity = (cpio->bytes + bytes) * 2;
		uint8_t *data = realloc(cpio->data, capacity);

		if (!data) {
			fprintf(stderr, "topo: no memory for an archive of %zu bytes\n", capacity);
			exit(3);
		}
		cpio->data = data;
		cpio->capacity = capacity;
	}
	added = cpio->data + cpio->bytes;
	cpio->bytes += bytes;
	return added;
}

static void cpio_put(struct cpio *cpio, const void *data, size_t bytes)
{
	if (cpio->counted) {
		cpio->bytes += bytes;
	} else if (bytes > 0) {
		memcpy(cpio_extend(cpio, bytes), data, bytes);
	}
}

static void cpio_pad(struct cpio *cpio)
{
	static const uint8_t zeros[NEWC_ALIGN];

	cpio_put(cpio, zeros, (NEWC_ALIGN - cpio->bytes % NEWC_ALIGN) % NEWC_ALIGN);
}

static void cpio_add(struct cpio *cpio, const char *path, uint32_t mode, uint32_t links,
                     struct blob content)
{
	size_t name_bytes = strlen(path) + 1;
	char header[NEWC_HEADER_BYTES + 1] = "070701";
	/* ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize
	 * check */
	const uint32_t fields[] = {mode ? ++cpio->entry_count : 0,
	                           mode,
	                           0,
	                           0,
	                           links,
	                           0,
	                           (uint32_t)content.bytes,
	                           0,
	                           0,
	                           0,
	                           0,
	                           (uint32_t)name_bytes,
	                           0};

	for (size_t i = 0; i < ARRAY_COUNT(fields); i++) {
		snprintf(header + 6 + 8 * i, 9, "%08" PRIX32, fields[i]);
	}
	cpio_put(cpio, header, NEWC_HEADER_BYTES);
	cpio_put(cpio, path, name_bytes);
	cpio_pad(cpio);
	cpio_put(cpio, content.data, content.bytes);
	cpio_pad(cpio);
}

void cpio_add_directory(struct cpio *cpio, const char *path)
{
	cpio_add(cpio, path, 040755, 2, (struct blob){NULL, 0});
}

err_t cpio_add_file(struct cpio *cpio, const char *path, uint32_t mode, struct blob content)
{
	if (content.bytes > UINT32_MAX) {
		return ERR_RANGE;
	}
	cpio_add(cpio, path, 0100000 | (mode & 07777), 1, content);
	return OK;
}

void cpio_add_link(struct cpio *cpio, const char *path, const char *target)
{
	cpio_add(cpio, path, 0120777, 1, (struct blob){(const uint8_t *)target, strlen(target)});
}

void cpio_end(struct cpio *cpio)
{
	cpio_add(cpio, "TRAILER!!!", 0, 1, (struct blob){NULL, 0});
}

void cpio_free(struct cpio *cpio)
{
	free(cpio->data);
	memset(cpio, 0, sizeof(*cpio));
}

/* The name that a disk would like to have. */
static void wished_name(const struct model *model, const struct connection *connection,
                        const struct device *device, char name[DISK_NAME_BYTES])
{
	if (device->disk) {
		const char *slash = strrchr(device->disk, '/');

		snprintf(name, DISK_NAME_BYTES, "%s", slash ? slash + 1 : device->disk);
		return;
	}
	snprintf(name, DISK_NAME_BYTES, "%s-%u.%s", model->vms[connection->driver_vm].name,
	         device->id, device->format ? device->format : "raw");
}

/* A walk over the disks that one VM serves from files, in the order of the model. */
struct disk_walk {
	const struct model *model;
	uint32_t device_vm;
	size_t connection_index;
	size_t device_index; /* of the next */
	const struct connection *connection;
};

static const struct device *next_disk(struct disk_walk *walk)
{
	while (walk->connection_index < walk->model->connection_count) {
		walk->connection = &walk->model->connections[walk->connection_index];
		while (walk->connection->device_vm == walk->device_vm &&
		       walk->device_index < walk->connection->device_count) {
			const struct device *device =
				&walk->connection->devices[walk->device_index++];

			if (device->type == DEVICE_BLK && device_medium(device) == NULL) {
				return device;
			}
		}
		walk->connection_index++;
		walk->device_index = 0;
	}
	return NULL;
}

/* Does another disk have a better claim to @name than @owner: one without a file, whose name is
 * made up of names that are unique, or an earlier one with another file? Names that begin like
 * those for whom the wished one is taken are nobody's wish. */
static bool name_taken(struct disk_walk walk, const struct device *owner, const char *name)
{
	const struct device *disk;
	bool earlier = true;

	if (name[0] == '@') {
		return true;
	}
	while ((disk = next_disk(&walk)) != NULL) {
		char wish[DISK_NAME_BYTES];

		earlier = earlier && disk != owner;
		wished_name(walk.model, walk.connection, disk, wish);
		if (disk != owner && (earlier || !disk->disk) && strcmp(wish, name) == 0) {
			return true;
		}
	}
	return false;
}

void disk_name(const struct model *model, const struct connection *connection,
               const struct device *device, char name[DISK_NAME_BYTES])
{
	const struct disk_walk start = {.model = model, .device_vm = connection->device_vm};
	struct disk_walk walk = start;
	const struct device *owner; /* the first disk with the same file */
	char wish[DISK_NAME_BYTES];

	wished_name(model, connection, device, wish);
	snprintf(name, DISK_NAME_BYTES, "%s", wish);
	if (!device->disk) {
		return;
	}
	do {
		owner = next_disk(&walk);
	} while (owner && !(owner->disk && strcmp(owner->disk, device->disk) == 0));
	if (owner && name_taken(start, owner, wish)) {
		/* The name of a VM has no '@': no two disks get the same. */
		snprintf(name, DISK_NAME_BYTES, "@%s@%u@%.160s",
		         model->vms[walk.connection->driver_vm].name, owner->id, wish);
	}
}

bool payloads_board_runs(const struct board *board, struct diag *diag)
{
	if (!board->runs) {
		diag_error(diag, PLACE_NONE, "no image can be built for the board %s", board->name);
		diag_help(diag, "with `--board qemu-virt-v3 --without-hardware` what is not "
		                "hardware of that board runs in QEMU");
	}
	return board->runs;
}
