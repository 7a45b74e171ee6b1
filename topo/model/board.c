/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions about boards. What a board has stands in abi/boards/.
 */
#include "topo/model/board.h"

#include <string.h>

#include "abi/boards/boards.h"
#include "abi/limits.h"
#include "lib/bits.h"
#include "topo/model/board_rows.h"

#define INTID_SPI_FIRST 32U
#define BOARD_ADDRESS(name) &board_##name,

static const struct board *const boards[] = {PV_BOARDS(BOARD_ADDRESS)};

bool board_reserved_at(const struct board *board, size_t index, struct board_range *out)
{
	size_t found = 0;

	for (size_t i = 0; i < board->reserved_count; i++) {
		const struct board_range *range = &board->reserved[i];
		bool goes_on = i != 0 && strcmp(out->name, range->name) == 0 &&
		               out->base + out->bytes == range->base;

		if (goes_on) {
			out->bytes += range->bytes;
		} else if (found++ > index) {
			return true;
		} else {
			*out = *range;
		}
	}
	return found > index;
}

uint64_t board_cpu_interface(const struct board *board)
{
	const struct board *deployed = board_find(board->directory);

	for (size_t i = 0; deployed != NULL && i < deployed->reserved_count; i++) {
		if (deployed->reserved[i].guests) {
			return deployed->reserved[i].base;
		}
	}
	return UINT64_MAX;
}

uint64_t board_kept_page(const struct board *board, uint64_t page, uint64_t count)
{
	uint64_t first = UINT64_MAX;

	for (uint32_t i = 0; board->checked && i < board->checked->kept_count; i++) {
		const struct image_span *kept = &board->checked->kept[i];
		uint64_t at = kept->first > page ? kept->first : page;

		if (at < (uint64_t)kept->first + kept->count && at < page + count && at < first) {
			first = at;
		}
	}
	return first;
}

bool board_keeps_line(const struct board *board, uint32_t irq)
{
	for (uint32_t i = 0; board->checked && i < board->checked->line_count; i++) {
		const struct image_span *lines = &board->checked->lines[i];

		if (irq >= lines->first && irq - lines->first < lines->count) {
			return true;
		}
	}
	return false;
}

uint64_t board_config_page(const struct board *board)
{
	return board->checked ? board->checked->windows[0].first : 0;
}

uint32_t board_msis(const struct board *board, uint32_t *first)
{
	*first = board->checked ? board->checked->msis.first : 0;
	return board->checked ? board->checked->msis.count : 0;
}

/* GICv2 and GICv3 have interrupts up to 1019. */
#define UNKNOWN_BOARD(title_name)                                                                  \
	{                                                                                          \
		.name = (title_name), .title = "known by name only (check and analysis)",          \
		.directory = (title_name), .unknown = true, .cpu_max = PV_CPUS_MAX,                \
		.list_registers = 4, .spi_count = 988, .pci_host = "",                             \
	}

/* The platforms that seL4's VM systems are built for, by the names of their directories. */
static const struct board named_boards[] = {
	UNKNOWN_BOARD("exynos4"),     UNKNOWN_BOARD("exynos5250"), UNKNOWN_BOARD("exynos5410"),
	UNKNOWN_BOARD("exynos5422"),  UNKNOWN_BOARD("fvp"),        UNKNOWN_BOARD("hikey"),
	UNKNOWN_BOARD("imx8mm-evk"),  UNKNOWN_BOARD("imx8mp-evk"), UNKNOWN_BOARD("imx8mq-evk"),
	UNKNOWN_BOARD("imx93"),       UNKNOWN_BOARD("maaxboard"),  UNKNOWN_BOARD("odroidc2"),
	UNKNOWN_BOARD("odroidc4"),    UNKNOWN_BOARD("odroid-xu4"), UNKNOWN_BOARD("quartz64"),
	UNKNOWN_BOARD("rk3288"),      UNKNOWN_BOARD("rk3568"),     UNKNOWN_BOARD("rockpro64"),
	UNKNOWN_BOARD("rpi3"),        UNKNOWN_BOARD("stm32mp2"),   UNKNOWN_BOARD("tk1"),
	UNKNOWN_BOARD("tqma8xqp1gb"), UNKNOWN_BOARD("tx1"),        UNKNOWN_BOARD("tx2"),
	UNKNOWN_BOARD("ultra96"),     UNKNOWN_BOARD("zcu102"),     UNKNOWN_BOARD("zcu106"),
	UNKNOWN_BOARD("zynqmp"),
};

const struct board *board_nameless(void)
{
	static const struct board nameless = UNKNOWN_BOARD("unknown");

	return &nameless;
}

/* A range is given in whole pages. */
static bool share_page(uint64_t a, uint64_t a_bytes, uint64_t b, uint64_t b_bytes)
{
	return a >> PV_PAGE_SHIFT <= (b + b_bytes - 1) >> PV_PAGE_SHIFT &&
	       b >> PV_PAGE_SHIFT <= (a + a_bytes - 1) >> PV_PAGE_SHIFT;
}

const char *board_kernel_at(const struct board *board, uint64_t base, uint64_t bytes)
{
	struct board_range reserved;

	for (size_t i = 0; board_reserved_at(board, i, &reserved); i++) {
		if (share_page(base, bytes, reserved.base, reserved.bytes)) {
			return reserved.name;
		}
	}
	return share_page(base, bytes, board->ram_base, board->ram_bytes_max) ? "RAM" : NULL;
}

const char *board_kernel_irq(const struct board *board, uint32_t irq)
{
	if (irq < INTID_SPI_FIRST) {
		return irq == 0 ? NULL : "the kernel's timers and signals between CPUs";
	}
	for (size_t i = 0; i < board->irq_count; i++) {
		if (irq - board->irqs[i].first < board->irqs[i].count) {
			return board->irqs[i].name;
		}
	}
	for (size_t i = 0; i < board->device_count; i++) {
		const struct board_device *device = &board->devices[i];

		if (device->irq == irq && device->bytes != 0 &&
		    board_kernel_at(board, device->base, device->bytes) != NULL) {
			return board_kernel_at(board, device->base, device->bytes);
		}
	}
	return NULL;
}

const char *board_power_name(enum board_power power)
{
	switch (power) {
	case BOARD_CLOCKS:
		return "clocks";
	case BOARD_RESETS:
		return "resets";
	case BOARD_SUPPLY:
		return "power";
	case BOARD_PINS:
	default:
		return "pins";
	}
}

bool board_is_controller(const char *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(boards); i++) {
		for (size_t j = 0; j < boards[i]->controller_count; j++) {
			if (strcmp(boards[i]->controllers[j].path, path) == 0) {
				return true;
			}
		}
	}
	return false;
}

uint64_t board_tree_at(const struct board *board, uint64_t ram_bytes, uint64_t image_end)
{
	const uint64_t most = UINT64_C(128) << 20;
	const uint64_t half = ram_bytes / 2 < most ? ram_bytes / 2 : most;
	const uint64_t at = board->ram_base + half > image_end ? board->ram_base + half : image_end;

	return (at + BOARD_TREE_BYTES - 1) / BOARD_TREE_BYTES * BOARD_TREE_BYTES;
}

const struct board *board_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(boards); i++) {
		if (strcmp(boards[i]->name, name) == 0 ||
		    (boards[i]->by_directory && strcmp(boards[i]->directory, name) == 0)) {
			return boards[i];
		}
	}
	for (size_t i = 0; i < ARRAY_COUNT(named_boards); i++) {
		if (strcmp(named_boards[i].name, name) == 0) {
			return &named_boards[i];
		}
	}
	return NULL;
}

const struct board *board_at(size_t index)
{
	return index < ARRAY_COUNT(boards) ? boards[index] : NULL;
}
