/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hand-written models, see layout_fixture.h.
 */
#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include "layout_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/image.h"
#include "lib/image_check.h"

#define MIB (1024ULL * 1024)

static uint8_t el2_kernel[0x9100];
static uint8_t guest_kernel[0x5432];
static uint8_t base_archive[0x3010];
static uint8_t device_archive[0x1001]; /* one byte in its last page */
static uint8_t vmm_text[0x2800];
static uint8_t vmm_data[0x40];
static uint8_t loader[0x1234];

static void fill(uint8_t *bytes, size_t count, uint8_t seed)
{
	for (size_t i = 0; i < count; i++) {
		bytes[i] = (uint8_t)(seed + i * 7 + (i >> 8));
	}
}

/* An arm64 Image header with @image_bytes. */
static void fill_kernel(uint8_t *bytes, size_t count, uint64_t image_bytes, uint8_t seed)
{
	fill(bytes, count, seed);
	memset(bytes + 8, 0, 8);
	memcpy(bytes + 16, &image_bytes, 8);
	memcpy(bytes + 56, "ARM\x64", 4); /* NOLINT(bugprone-not-null-terminated-result): magic */
}

void fixture_start(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	fill_kernel(el2_kernel, sizeof(el2_kernel), 0x23000, 1);
	fill_kernel(guest_kernel, sizeof(guest_kernel), 3 * MIB + 0x800, 2);
	fill(base_archive, sizeof(base_archive), 3);
	fill(device_archive, sizeof(device_archive), 4);
	fill(vmm_text, sizeof(vmm_text), 5);
	fill(vmm_data, sizeof(vmm_data), 6);
	fill(loader, sizeof(loader), 7);
	static const struct image_board checked = {.gicc_page_count = PV_GICC_PAGES};

	f->board = (struct board){.name = "qemu-virt",
	                          .checked = &checked,
	                          .id = PV_BOARD_QEMU_VIRT,
	                          .runs = true,
	                          .cpu_max = 8,
	                          .ram_base = 0x40000000,
	                          .ram_bytes_max = 65536 * MIB};
	f->model = (struct model){.path = "test.camkes",
	                          .name = "test",
	                          .board = &f->board,
	                          .cpu_count = 2,
	                          .vms = f->vms,
	                          .connections = f->connections};
	f->payloads = (struct payloads){
		.kernel = {el2_kernel, sizeof(el2_kernel)},
		.vmm = {.entry = 0x200000,
	                .end = 0x205000,
	                .segment_count = 2,
	                .segments = {{.va = 0x200000,
	                              .bytes = 0x3000,
	                              .rights = PV_RIGHT_READ | PV_RIGHT_EXEC,
	                              .file = {vmm_text, sizeof(vmm_text)}},
	                             {.va = 0x203000,
	                              .bytes = 0x2000,
	                              .rights = PV_RIGHT_READ | PV_RIGHT_WRITE,
	                              .file = {vmm_data, sizeof(vmm_data)}}}},
		.loader = {loader, sizeof(loader)},
		.vms = f->vm_payloads,
	};
	if (kernel_header_read(f->payloads.kernel.data, f->payloads.kernel.bytes,
	                       &f->payloads.header) != OK) {
		abort();
	}
	f->diag = diag_new();
}

void fixture_end(struct fixture *f)
{
	diag_free(f->diag);
}

uint32_t fixture_vm(struct fixture *f, const char *name)
{
	uint32_t index = (uint32_t)f->model.vm_count++;
	struct vm_payload *payload = &f->vm_payloads[index];

	f->vms[index] = (struct vm){
		.instance = name,
		.suffix = name,
		.name = name,
		.place = {NULL, index + 1, 1, 1, NULL},
		.vcpu_count = 1,
		.affinity = {(int32_t)(index % 2)},
		.priority = 100,
		.ram_base = 0x40000000,
		.ram_bytes = 64 * MIB,
		.restart = RESTART_ON_FAILURE,
		.autostart = true,
		.image = {.cmdline = "console=ttyAMA0", .own_kernel = true, .own_rootfs = true},
		.agent = true};
	payload->kernel = (struct blob){guest_kernel, sizeof(guest_kernel)};
	payload->initrd[0] = (struct blob){base_archive, sizeof(base_archive)};
	payload->initrd_count = 1;
	if (kernel_header_read(payload->kernel.data, payload->kernel.bytes, &payload->header) !=
	    OK) {
		abort();
	}
	f->payloads.vm_count = f->model.vm_count;
	return index;
}

uint32_t fixture_connect(struct fixture *f, uint32_t device_vm, uint32_t driver_vm)
{
	uint32_t index = (uint32_t)f->model.connection_count++;
	struct vm_payload *payload = &f->vm_payloads[device_vm];
	struct device *devices = f->devices[index];

	devices[0] =
		(struct device){.type = DEVICE_NET,
	                        .queue_pairs_or_queues = 1,
	                        .queue_size = 256,
	                        .mac = {2, 0x50, 0x56, 0, 0, (uint8_t)index},
	                        .tap = "tap-x0",
	                        .bridge = "br0",
	                        .network = NETWORK_BRIDGE,
	                        .address = {0x0a4d0001 + (index << 8), 0x0a4d0002 + (index << 8)},
	                        .prefix = 24};
	devices[1] = (struct device){.type = DEVICE_BLK,
	                             .queue_pairs_or_queues = 1,
	                             .queue_size = 128,
	                             .format = "raw",
	                             .disk_bytes = 64 * MIB};
	f->connections[index] = (struct connection){.device_vm = device_vm,
	                                            .driver_vm = driver_vm,
	                                            .place = {NULL, 100 + index, 1, 1, NULL},
	                                            .swiotlb = true,
	                                            .pool_bytes = 8 * MIB,
	                                            .devices = devices,
	                                            .device_count = FIXTURE_DEVICES};
	payload->initrd[1] = (struct blob){device_archive, sizeof(device_archive)};
	payload->initrd_count = 2;
	return index;
}

/* Everything that was reported, as text; the caller frees it. */
static char *messages(struct fixture *f)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);

	diag_flush(f->diag, stream);
	fclose(stream);
	return text;
}

bool fixture_good(struct fixture *f)
{
	char *text;

	if (!diag_failed(f->diag)) {
		return true;
	}
	text = messages(f);
	fprintf(stderr, "%s", text);
	free(text);
	return false;
}

bool fixture_said(struct fixture *f, const char *text)
{
	char *all = messages(f);
	bool found = strstr(all, text) != NULL;

	if (!found) {
		fprintf(stderr, "not said: %s\nbut: %s", text, all);
	}
	free(all);
	return found;
}

void fixture_pair(struct fixture *f)
{
	fixture_start(f);
	fixture_vm(f, "device");
	fixture_vm(f, "driver");
	fixture_connect(f, 0, 1);
}

void fixture_islands(struct fixture *f)
{
	fixture_start(f);
	fixture_vm(f, "one");
	fixture_vm(f, "two");
	fixture_vm(f, "three");
	f->vms[1].vcpu_count = 2;
	f->vms[1].affinity[1] = 0;
	f->vms[2].agent = false;
	f->model.cpu_count = 2;
}

void fixture_hub(struct fixture *f)
{
	fixture_start(f);
	fixture_vm(f, "hub");
	fixture_vm(f, "spoke_a");
	fixture_vm(f, "spoke_b");
	fixture_vm(f, "spoke_c");
	fixture_connect(f, 0, 1);
	fixture_connect(f, 0, 2);
	fixture_connect(f, 0, 3);
}

void fixture_chain(struct fixture *f)
{
	fixture_start(f);
	fixture_vm(f, "gateway");
	fixture_vm(f, "app");
	fixture_vm(f, "db");
	fixture_connect(f, 0, 1);
	fixture_connect(f, 1, 2);
}

void fixture_mesh(struct fixture *f)
{
	fixture_start(f);
	fixture_vm(f, "auth");
	fixture_vm(f, "app");
	fixture_vm(f, "audit");
	fixture_vm(f, "cache");
	fixture_connect(f, 0, 1);
	fixture_connect(f, 1, 2);
	fixture_connect(f, 2, 3);
	fixture_connect(f, 3, 0);
	fixture_connect(f, 0, 2);
	fixture_connect(f, 1, 3);
}
