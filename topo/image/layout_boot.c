/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a VM finds what it boots, inside its own RAM: layout_boot(). Addresses that the topology
 * gives are taken first; the rest goes behind the kernel: initrd, then device tree (Linux,
 * Documentation/arch/arm64/booting.rst, 2 to 4). The agent's window is nothing that is loaded, and lies at
 * the end.
 */
#include <inttypes.h>

#include "abi/agent.h"
#include "lib/bits.h"
#include "lib/range.h"
#include "topo/image/layout_parts.h"
#include "topo/image/span.h"

#define DTB_BYTES_MAX GUEST_BLOCK

struct boot {
	const struct vm *vm;
	const struct vm_payload *payload;
	struct span_map map; /* of RAM */
	struct diag *diag;
	bool failed;
};

/* Take a range whose address was given, or find one behind the kernel. Returns its base. */
static uint64_t put(struct boot *boot, const char *what, uint64_t given, uint64_t bytes,
                    uint64_t floor)
{
	const struct vm *vm = boot->vm;
	uint64_t ram_end = vm->ram_base + vm->ram_bytes;
	const struct span_zone zone = {floor, ram_end, PV_PAGE_BYTES};
	struct span span = {given, layout_align(bytes, PV_PAGE_BYTES), what, NULL, vm->place};
	const struct span *taken;

	if (!given) {
		if (!span_place(&boot->map, &zone, &span)) {
			diag_error(boot->diag, vm->image.place,
			           "the %s of '%s' (%" PRIu64 " KiB) does not fit into its RAM "
			           "(%" PRIu64 " MiB) beside what else it boots",
			           what, vm->name, span.bytes >> 10, vm->ram_bytes >> 20);
			boot->failed = true;
		}
		return span.base;
	}
	if (!range_inside(span.base, span.bytes, vm->ram_base, vm->ram_bytes)) {
		diag_error(boot->diag, vm->image.place,
		           "the %s of '%s' (%" PRIu64 " KiB at 0x%" PRIx64
		           ") does not fit into its RAM, 0x%" PRIx64 " to 0x%" PRIx64,
		           what, vm->name, span.bytes >> 10, given, vm->ram_base, ram_end - 1);
		boot->failed = true;
		return given;
	}
	taken = span_claim(&boot->map, &span);
	if (taken) {
		diag_error(boot->diag, vm->image.place,
		           "the %s of '%s' at 0x%" PRIx64 " overlaps the %s, 0x%" PRIx64
		           " to 0x%" PRIx64,
		           what, vm->name, given, taken->what, taken->base,
		           taken->base + taken->bytes - 1);
		boot->failed = true;
	}
	return given;
}

static void check_alignment(struct boot *boot, const char *what, uint64_t address, uint64_t align)
{
	if (!is_aligned(address, align)) {
		diag_error(boot->diag, boot->vm->image.place,
		           "the %s of '%s' at 0x%" PRIx64 " must lie at a multiple of 0x%" PRIx64,
		           what, boot->vm->name, address, align);
		boot->failed = true;
	}
}

/* The entry of an arm64 Image is its first byte, text_offset above a multiple of 2 MiB. */
static uint64_t kernel_address(struct boot *boot)
{
	const struct vm *vm = boot->vm;
	uint64_t offset = boot->payload->header.text_offset;

	if (!vm->kernel_entry) {
		return layout_align(vm->ram_base, GUEST_BLOCK) + offset;
	}
	if (!is_aligned(vm->kernel_entry - offset, GUEST_BLOCK)) {
		diag_error(boot->diag, vm->image.place,
		           "the kernel of '%s' cannot start at 0x%" PRIx64
		           ": by its header it starts at a multiple of 2 MiB plus 0x%" PRIx64,
		           vm->name, vm->kernel_entry, offset);
		boot->failed = true;
	}
	return vm->kernel_entry;
}

static uint64_t initrd_bytes(const struct vm_payload *payload)
{
	uint64_t bytes = 0;

	/* Between archives Linux skips zeros; behind the last there are none. */
	for (uint32_t i = 0; i < payload->initrd_count; i++) {
		bytes = layout_align(bytes, PV_PAGE_BYTES) + payload->initrd[i].bytes;
	}
	return bytes;
}

uint64_t layout_agent_window(const struct vm *vm)
{
	return vm->ram_base + vm->ram_bytes - PV_AGENT_WINDOW_BYTES;
}

bool layout_boot(struct layout *layout, uint32_t vm, uint64_t dtb_bytes, struct diag *diag)
{
	struct layout_vm *laid = &layout->vms[vm];
	struct boot boot = {
		.vm = &layout->model->vms[vm],
		.payload = &layout->payloads->vms[vm],
		.diag = diag,
	};
	uint64_t kernel_end;

	check_alignment(&boot, "initrd", boot.vm->initrd_addr, PV_PAGE_BYTES);
	check_alignment(&boot, "device tree", boot.vm->dtb_addr, PV_PAGE_BYTES);
	if (dtb_bytes > DTB_BYTES_MAX) {
		diag_error(diag, boot.vm->image.place,
		           "the device tree of '%s' has %" PRIu64 " bytes; 2 MiB are the limit",
		           boot.vm->name, dtb_bytes);
		boot.failed = true;
	}
	if (boot.vm->agent) {
		(void)put(&boot, "agent's window", layout_agent_window(boot.vm),
		          PV_AGENT_WINDOW_BYTES, 0);
	}
	laid->initrd_bytes = initrd_bytes(boot.payload);
	laid->kernel_ipa =
		put(&boot, "kernel", kernel_address(&boot), boot.payload->header.image_bytes, 0);
	kernel_end = laid->kernel_ipa + boot.payload->header.image_bytes;
	if (boot.vm->dtb_addr && !boot.failed) {
		laid->dtb_ipa = put(&boot, "device tree", boot.vm->dtb_addr, dtb_bytes, 0);
	}
	if (laid->initrd_bytes && !boot.failed) {
		laid->initrd_ipa = put(&boot, "initrd", boot.vm->initrd_addr, laid->initrd_bytes,
		                       layout_align(kernel_end, GUEST_BLOCK));
	}
	if (!boot.vm->dtb_addr && !boot.failed) {
		laid->dtb_ipa = put(&boot, "device tree", 0, dtb_bytes, kernel_end);
	}
	return !boot.failed;
}
