/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a board has in a page or at a node, and what of it a VM holds.
 */
#include <inttypes.h>
#include <string.h>

#include "topo/model/hardware.h"
#include "topo/model/hardware_parts.h"
#include "topo/model/pci.h"

const char *hardware_last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash[1] == '\0' ? path : slash + 1;
}

const struct board_range *hardware_reserved_for(const struct board *board,
                                                const struct board_device *device,
                                                struct board_range *reserved)
{
	for (size_t i = 0; device->bytes != 0 && board_reserved_at(board, i, reserved); i++) {
		if (ranges_share_page(device->base, device->bytes, reserved->base,
		                      reserved->bytes)) {
			return reserved;
		}
	}
	return NULL;
}

bool hardware_is_virtual(const struct board *board, const struct board_device *device)
{
	struct board_range reserved;

	return hardware_reserved_for(board, device, &reserved) != NULL && reserved.shown;
}

bool hardware_node_gives(const struct board *board, const char *path,
                         const struct board_device *device)
{
	return (strcmp(device->path, path) == 0 || path_is_below(device->path, path)) &&
	       !hardware_is_virtual(board, device);
}

bool hardware_overlaps(uint64_t base, uint64_t bytes, const struct board_device *device)
{
	return device->base < base + bytes && base < device->base + device->bytes;
}

/* Where what is known at @at ends, in whole pages; @at itself if nothing is known there. */
static uint64_t known_until(const struct board *board, uint64_t at)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (device->bytes != 0 && hardware_overlaps(at, PV_PAGE_BYTES, device)) {
			return hardware_page_up(device->base + device->bytes);
		}
	}
	for (size_t i = 0; i < board->reserved_count; i++) {
		const struct board_range *range = &board->reserved[i];

		if (range->base < at + PV_PAGE_BYTES && at < range->base + range->bytes) {
			return hardware_page_up(range->base + range->bytes);
		}
	}
	return ranges_share_page(at, PV_PAGE_BYTES, board->ram_base, board->ram_bytes_max)
	               ? hardware_page_up(board->ram_base + board->ram_bytes_max)
	               : at;
}

bool hardware_range_is_known(const struct board *board, const struct range *range)
{
	uint64_t end = hardware_page_up(range->base + range->bytes);
	uint64_t next = range->base & ~((uint64_t)PV_PAGE_BYTES - 1);
	uint64_t known;

	do {
		known = next;
		next = known_until(board, known);
	} while (next != known && next < end);
	return next >= end;
}

const char *hardware_registers_name(const struct model *model, uint64_t base, uint64_t bytes,
                                    struct arena *arena)
{
	for (size_t i = 0; i < model->board->device_count; i++) {
		const struct board_device *device = &model->board->devices[i];

		if (device->bytes != 0 && hardware_overlaps(base, bytes, device)) {
			return hardware_last_part(device->path);
		}
	}
	return arena_printf(arena, "0x%" PRIx64, base);
}

/* Whether the node, or one below it, has registers in a page of the device's. */
static bool has_page_of(const struct board *board, const char *path,
                        const struct board_device *device)
{
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *own = &board->devices[i];

		if (ranges_share_page(own->base, own->bytes, device->base, device->bytes) &&
		    hardware_node_gives(board, path, own)) {
			return true;
		}
	}
	return false;
}

enum hardware_way hardware_holds(const struct model *model, const struct vm *vm,
                                 const struct board_device *device)
{
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (hardware_node_gives(model->board, vm->dtb_nodes[i], device)) {
			return HARDWARE_BY_NODE;
		}
	}
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		if (has_page_of(model->board, vm->dtb_nodes[i], device)) {
			return HARDWARE_BY_RANGE;
		}
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		if (ranges_share_page(vm->mmios[i].base, vm->mmios[i].bytes, device->base,
		                      device->bytes)) {
			return HARDWARE_BY_RANGE;
		}
	}
	return HARDWARE_NOT_HELD;
}

bool hardware_is_common(const struct board_device *device)
{
	return device->bytes == 0 && !device->dma && !board_is_controller(device->path);
}

bool hardware_is_common_node(const struct board *board, const char *path)
{
	bool known = false;

	for (size_t i = 0; i < board->device_count; i++) {
		if (strcmp(board->devices[i].path, path) == 0) {
			known = true;
			if (!hardware_is_common(&board->devices[i]) &&
			    !hardware_is_virtual(board, &board->devices[i])) {
				return false;
			}
		}
	}
	return known;
}
