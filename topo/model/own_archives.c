/* SPDX-License-Identifier: BSD-2-Clause */
#include "topo/model/own_archives.h"

const struct own_archive own_archives[OWN_ARCHIVE_COUNT] = {
	{"guest/base.cpio", .all = true},
	{"guest/device.cpio", .type = DEVICE_TYPE_COUNT},
	{"guest/backend.cpio", .type = DEVICE_TYPE_COUNT},
	{"guest/gpu.cpio", .type = DEVICE_GPU},
	{"guest/fs.cpio", .type = DEVICE_FS},
	{"guest/front.cpio", .users = true, .all = true},
	{"guest/front-device.cpio", .users = true, .type = DEVICE_TYPE_COUNT},
	{"guest/front-backend.cpio", .users = true, .type = DEVICE_TYPE_COUNT},
	{"guest/front-gpu.cpio", .users = true, .type = DEVICE_GPU},
	{"guest/front-fs.cpio", .users = true, .type = DEVICE_FS},
};
