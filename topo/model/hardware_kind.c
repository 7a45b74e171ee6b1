/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kinds are known by words in names: those that boards' device trees and engineers use.
 */
#include <string.h>
#include <strings.h>

#include "lib/bits.h"
#include "topo/model/hardware.h"
#include "topo/model/hardware_parts.h"

static const struct {
	const char *name;
	const char *affects;
} kinds[HARDWARE_KIND_COUNT] = {
	[HARDWARE_NIC] = {"NIC", "network"},
	[HARDWARE_STORAGE] = {"storage", "storage"},
	[HARDWARE_GPU] = {"GPU", "display"},
	[HARDWARE_USB] = {"USB", "USB devices"},
	[HARDWARE_SERIAL] = {"serial", "serial lines"},
	[HARDWARE_OTHER] = {"other", "other hardware"},
};

/* Words in a device's name; a word that stands earlier wins. */
static const struct {
	const char *word;
	enum hardware_kind kind;
} words[] = {
	{"genet", HARDWARE_NIC},       {"ethernet", HARDWARE_NIC},  {"e1000", HARDWARE_NIC},
	{"wifi", HARDWARE_NIC},        {"wlan", HARDWARE_NIC},      {"igb", HARDWARE_NIC},
	{"virtio-net", HARDWARE_NIC},  {"nic", HARDWARE_NIC},       {"eth", HARDWARE_NIC},
	{"net", HARDWARE_NIC},         {"mmc", HARDWARE_STORAGE},   {"sdhc", HARDWARE_STORAGE},
	{"nvme", HARDWARE_STORAGE},    {"ahci", HARDWARE_STORAGE},  {"sata", HARDWARE_STORAGE},
	{"blk", HARDWARE_STORAGE},     {"disk", HARDWARE_STORAGE},  {"ufs", HARDWARE_STORAGE},
	{"storage", HARDWARE_STORAGE}, {"flash", HARDWARE_STORAGE}, {"gpu", HARDWARE_GPU},
	{"v3d", HARDWARE_GPU},         {"hdmi", HARDWARE_GPU},      {"hvs", HARDWARE_GPU},
	{"pixelvalve", HARDWARE_GPU},  {"txp", HARDWARE_GPU},       {"vga", HARDWARE_GPU},
	{"display", HARDWARE_GPU},     {"usb", HARDWARE_USB},       {"xhci", HARDWARE_USB},
	{"ehci", HARDWARE_USB},        {"serial", HARDWARE_SERIAL}, {"uart", HARDWARE_SERIAL},
	{"pl011", HARDWARE_SERIAL},
};

#define WORD_COUNT (ARRAY_COUNT(words))

/* Whether a name has the word, not counting the address of a node behind its '@'. */
static bool has_word(const char *name, const char *word)
{
	for (const char *at = strcasestr(name, word); at != NULL; at = strcasestr(at + 1, word)) {
		const char *before = at;

		while (before > name && *before != '/' && *before != '@') {
			before--;
		}
		if (*before != '@') {
			return true;
		}
	}
	return false;
}

enum hardware_kind hardware_kind_of(const char *name)
{
	for (size_t i = 0; i < WORD_COUNT; i++) {
		if (has_word(name, words[i].word)) {
			return words[i].kind;
		}
	}
	return HARDWARE_OTHER;
}

/* Controllers of SD cards and of USB are of classes in which there is other hardware too. */
enum hardware_kind hardware_kind_of_class(uint32_t class_code)
{
	static const struct {
		uint32_t code, mask;
		enum hardware_kind kind;
	} classes[] = {
		{0x010000, 0xff0000, HARDWARE_STORAGE}, {0x020000, 0xff0000, HARDWARE_NIC},
		{0x030000, 0xff0000, HARDWARE_GPU},     {0x070000, 0xff0000, HARDWARE_SERIAL},
		{0x080500, 0xffff00, HARDWARE_STORAGE}, {0x0c0300, 0xffff00, HARDWARE_USB},
	};

	for (size_t i = 0; i < ARRAY_COUNT(classes); i++) {
		if ((class_code & classes[i].mask) == classes[i].code) {
			return classes[i].kind;
		}
	}
	return HARDWARE_OTHER;
}

const char *hardware_kind_name(enum hardware_kind kind)
{
	return kinds[kind].name;
}

const char *hardware_dma_name(enum dma dma)
{
	static const char *const names[] = {
		[DMA_NONE] = "none",
		[DMA_CONFINED] = "confined",
		[DMA_OPEN] = "open",
		[DMA_UNKNOWN] = "unknown",
	};

	return names[dma];
}

const char *hardware_messages_name(enum messages messages)
{
	static const char *const names[] = {
		[MESSAGES_NONE] = "none",
		[MESSAGES_ISOLATED] = "isolated",
		[MESSAGES_FORGEABLE] = "forgeable",
		[MESSAGES_UNKNOWN] = "unknown",
	};

	return names[messages];
}

const char *hardware_kind_affects(enum hardware_kind kind)
{
	return kinds[kind].affects;
}

bool hardware_kind_is_named(enum hardware_kind kind, const char *name)
{
	return strcasecmp(kinds[kind].name, name) == 0;
}

/* A node is named with or without its unit address. */
static bool is_named(const char *unit, const char *name)
{
	size_t bytes = strlen(name);

	return strncasecmp(unit, name, bytes) == 0 &&
	       (unit[bytes] == '\0' || (unit[bytes] == '@' && bytes != 0));
}

bool hardware_is_named(const struct hardware_unit *unit, const char *name)
{
	return is_named(unit->name, name) || hardware_kind_is_named(unit->kind, name) ||
	       (unit->alias != NULL && is_named(unit->alias, name));
}
