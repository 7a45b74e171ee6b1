/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of the addresses of network devices, each by itself.
 */
#include <stdio.h>

#include "lib/bits.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"

struct check_address check_dotted(uint32_t address)
{
	struct check_address out;

	snprintf(out.text, sizeof(out.text), "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
	         address >> 8 & 0xff, address & 0xff);
	return out;
}

uint32_t check_mask(uint32_t prefix)
{
	return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

void check_each_device(struct rules *rules, const struct topology *topology, enum device_type type,
                       check_device_visit *visit)
{
	struct arena *arena = arena_new();
	struct strmap seen;

	strmap_init(&seen, arena);
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];

		for (size_t j = 0; j < connection->device_count; j++) {
			const struct check_device at = {rules, topology, &seen, connection,
			                                &connection->devices[j]};

			if (type == DEVICE_TYPE_COUNT || type == at.device->type) {
				visit(&at);
			}
		}
	}
	arena_free(arena);
}

static void visit_mac(const struct check_device *at)
{
	const struct device *device = at->device;

	/* Bit 0: a group. Bit 1: administered locally. */
	if ((device->mac[0] & 3) == 0) {
		rule_report(
			at->rules, &rule_mac_local, device_place(device, "mac"),
			"a MAC address that begins with %02x:%02x:%02x is a maker's; with 02, nobody's",
			device->mac[0], device->mac[1], device->mac[2]);
	}
}

void check_mac_local(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_mac);
}

RULE(mac_local, "mac-local", ADVICE, EACH,
     "A MAC address that is not marked as administered locally belongs to a maker of network "
     "cards, and may be that of a real card.");

static void visit_host(const struct check_device *at)
{
	const struct device *device = at->device;
	uint32_t mask = check_mask(device->prefix);

	for (size_t i = 0; i < 2 && device->prefix < 31; i++) {
		uint32_t host = device->address[i] & ~mask;

		if (host == 0 || host == ~mask) {
			rule_report(at->rules, &rule_address_host, device_place(device, "address"),
			            "%s is the %s of its subnet of /%u, no host's",
			            check_dotted(device->address[i]).text,
			            host == 0 ? "name" : "broadcast address", device->prefix);
		}
	}
}

void check_address_host(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_host);
}

RULE(address_host, "address-host", ERROR, EACH,
     "An interface has the first or the last address of its subnet, which stand for the subnet "
     "itself and for all its hosts.");

struct block {
	uint32_t base;
	uint32_t prefix;
	const char *what;
};

static const struct block *block_of(const struct block *blocks, size_t count, uint32_t address)
{
	for (size_t i = 0; i < count; i++) {
		if ((address & check_mask(blocks[i].prefix)) == blocks[i].base) {
			return &blocks[i];
		}
	}
	return NULL;
}

/* RFC 6890. */
static const struct block special[] = {
	{0x00000000, 8, "\"this network\""},
	{0x7f000000, 8, "the host itself"},
	{0xe0000000, 4, "groups"},
	{0xf0000000, 4, "nobody, as of today"},
};

/* Version 14 of clang-format indents every other row of this one wrongly. */
/* clang-format off */
static const struct block internal[] = {
	{0x0a000000,  8, "private"      },
	{0xac100000, 12, "private"      },
	{0xc0a80000, 16, "private"      },
	{0x64400000, 10, "shared"       },
	{0xa9fe0000, 16, "link-local"   },
	{0xc0000200, 24, "documentation"},
	{0xc6120000, 15, "benchmarks"   },
	{0xc6336400, 24, "documentation"},
	{0xcb007100, 24, "documentation"},
};
/* clang-format on */

#define SPECIAL_COUNT (ARRAY_COUNT(special))
#define INTERNAL_COUNT (ARRAY_COUNT(internal))

static void visit_special(const struct check_device *at)
{
	const struct device *device = at->device;

	for (size_t i = 0; i < 2; i++) {
		const struct block *block = block_of(special, SPECIAL_COUNT, device->address[i]);

		if (block != NULL) {
			rule_report(at->rules, &rule_address_special,
			            device_place(device, "address"),
			            "%s cannot be an interface's: such addresses are for %s",
			            check_dotted(device->address[i]).text, block->what);
		}
	}
}

void check_address_special(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_special);
}

RULE(address_special, "address-special", ERROR, EACH,
     "An interface has an address that no interface can have: of loopback, of a group, or a "
     "reserved one.");

static void visit_public(const struct check_device *at)
{
	const struct device *device = at->device;
	uint32_t address = device->address[0];

	if (block_of(internal, INTERNAL_COUNT, address) == NULL &&
	    block_of(special, SPECIAL_COUNT, address) == NULL) {
		rule_report(at->rules, &rule_address_public, device_place(device, "address"),
		            "%s is an address of the public Internet", check_dotted(address).text);
	}
}

void check_address_public(struct rules *rules, const struct topology *topology)
{
	check_each_device(rules, topology, DEVICE_NET, visit_public);
}

RULE(address_public, "address-public", ADVICE, EACH,
     "A network between VMs has addresses of the public Internet: whoever really has them "
     "cannot be reached.");
