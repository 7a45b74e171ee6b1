/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/own_archives.h"

const struct own_archive own_archives[OWN_ARCHIVE_COUNT] = {
	{"guest/base.cpio", .all = true},
	{"guest/device.cpio", .type = DEVICE_TYPE_COUNT},
	{"guest/backend.cpio", .type = DEVICE_TYPE_COUNT},
	{"guest/gpu.cpio", .type = DEVICE_GPU},
	{"guest/fs.cpio", .type = DEVICE_FS},
};
