/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes that a system image carries besides its tables: kernel, VMM, loader, and for each VM
 * what it boots. topo/image/payload_files.c reads them from files; the formats (ELF, newc archives)
 * are decoded and written in topo/image/payload.c, headers of kernels in topo/model/kernel_file.c.
 * The formats are foreign data: each field is checked before it is used.
 */
#ifndef TOPO_IMAGE_PAYLOAD_H
#define TOPO_IMAGE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/err.h"
#include "topo/diag/diag.h"
#include "topo/model/kernel_file.h"
#include "topo/model/model.h"
#include "topo/model/own_archives.h"

/* Bytes in memory that somebody else owns. Two blobs with the same data are stored once. */
struct blob {
	const uint8_t *data; /* NULL: only how many there are is known */
	size_t bytes;
};

/* The VMM's program: what of its address space comes from the ELF file. */
#define VMM_SEGMENTS_MAX 4U

struct vmm_segment {
	uint64_t va;     /* page-aligned */
	uint64_t bytes;  /* in memory; the rest behind file is 0 */
	uint32_t rights; /* PV_RIGHT_*, never WRITE and EXEC together */
	struct blob file;
};

struct vmm_program {
	uint64_t entry;
	uint64_t end; /* first page-aligned address behind all segments */
	uint32_t segment_count;
	struct vmm_segment segments[VMM_SEGMENTS_MAX];
};

/**
 * Read the loadable segments of an AArch64 executable.
 * @why: on error, what is wrong with it, for people.
 * Errors: ERR_VERSION no such file; ERR_ARG segments that cannot be mapped as they stand.
 */
MUST_USE err_t vmm_program_read(struct blob file, struct vmm_program *out, const char **why);

/* An archive in the form "newc" (Linux, Documentation/driver-api/early-userspace/
 * buffer-format.rst) under construction. All zero is an empty one; cpio_free ends it. */
struct cpio {
	bool counted; /* only its bytes are of interest: no contents are taken, nor is data made */
	uint8_t *data;
	size_t bytes;
	size_t capacity;
	uint32_t entry_count;
};

/** Add a directory, mode 0755, of root. @path has no leading slash. */
void cpio_add_directory(struct cpio *cpio, const char *path);

/** Add a file of root, @mode being its permissions. Errors: ERR_RANGE larger than the format can say. */
MUST_USE err_t cpio_add_file(struct cpio *cpio, const char *path, uint32_t mode,
                             struct blob content);

/** Add a symbolic link of root. */
void cpio_add_link(struct cpio *cpio, const char *path, const char *target);

/** Add the trailer. */
void cpio_end(struct cpio *cpio);

void cpio_free(struct cpio *cpio);

/* Archives of a root file system: the user's, those of the project, and the VM's own. */
#define INITRD_PARTS_MAX (OWN_ARCHIVES_MAX + 2U)

/* What one VM boots. */
struct vm_payload {
	struct blob kernel;
	struct kernel_header header;
	struct blob initrd[INITRD_PARTS_MAX]; /* in memory one behind the other, page-aligned */
	uint32_t initrd_count;
	struct blob dtb; /* the user's, data NULL = generated */
};

struct payloads {
	struct blob kernel; /* of EL2 */
	struct kernel_header header;
	struct vmm_program vmm;
	struct blob loader;
	struct vm_payload *vms; /* like model.vms */
	size_t vm_count;
	struct payload_store *store; /* owns the bytes; NULL when the caller does */
};

/**
 * Whether there is a kernel for @board at all: if not, @diag is told. Nothing of a system can be
 * read or laid out for one that does not run.
 */
bool payloads_board_runs(const struct board *board, struct diag *diag);

enum payload_reads {
	PAYLOADS_WHOLE,
	PAYLOADS_SIZES /* what is only copied into an image has no data: for image_fits() */
};

/**
 * Read all files that a system of @model needs, the project's own ones from the directory @share.
 * Returns NULL when one of them is missing or is not what it should be, or when no system runs on
 * the board of @model: reported through @diag. With PAYLOADS_SIZES nothing is reported of the project's
 * own that are missing: nobody has made them yet, and they say nothing of the topology.
 */
struct payloads *payloads_load(const struct model *model, const char *share,
                               enum payload_reads reads, struct diag *diag);

/** Give back @payloads and all bytes that it holds. NULL is allowed. */
void payloads_free(struct payloads *payloads);

#define DISK_NAME_BYTES 256U

/**
 * The name, below PV_BACKEND_DIRECTORY of the device VM, of the image behind the blk device @device of
 * @connection: the base name of the user's file, or DRIVER-ID.FORMAT for a disk without one, or
 * @DRIVER@ID@NAME for a file whose own name is taken or begins with '@'. Two disks of one device VM share a name only when they are the same file.
 */
void disk_name(const struct model *model, const struct connection *connection,
               const struct device *device, char name[DISK_NAME_BYTES]);

#endif
