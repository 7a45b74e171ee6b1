/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The patterns of topo init. What they make passes `topo check` without advice, and each assertion holds:
 * tests/init/run. Advice that a pattern has by its nature is switched off, with the reason beside it.
 */
#include "topo/commands/init_patterns.h"

#include <string.h>

#include "lib/bits.h"

#define AUDITED                                                                                    \
	"        // Every connection is a path for an attack: the assertions say how far each leads.\n"

static const struct init_pattern patterns[] = {
	{
		.name = "pair",
		.summary = "One VM serves a disk and a network to the other.",
		.vms = {{"server", "serves a disk and a network"}, {"app", "the application"}},
		.connections = "        VIRTIO_COMPOSITION_DEF(server, app)\n",
		.configuration = AUDITED "        system.checks_off = [\"attack-paths\"];\n",
		.assertions = "# Of the application the server sees the pool, and nothing else.\n"
			      "!reach(server, app)\n"
			      "exposure(app, server) == 8MiB\n"
			      "!hardware(app)\n",
	},
	{
		.name = "chain",
		.summary = "From the network to the data three VMs must fall, one after the other.",
		.vms = {{"gateway", "drives the network card"},
                        {"app", "the application"},
                        {"db", "keeps the data"}},
		.connections = "        VIRTIO_COMPOSITION_DEF(gateway, app)\n"
			       "        VIRTIO_COMPOSITION_DEF(app, db)\n",
		.configuration = AUDITED
		"        system.checks_off = [\"attack-paths\"];\n"
		"        system.machine = [{ pci: \"0:1.0\", model: \"e1000e\" }];\n"
		"        vm_gateway.exposed = true;\n"
		"        vm_gateway.pci_devices = [{ name: \"nic\", bus: 0, dev: 1, fun: 0 }];\n"
		"        vm_gateway.vm_virtio_devices = [{ type: \"vsock\" }];\n"
		"        vm_app.vm_virtio_devices = [{ type: \"blk\" }];\n"
		"        vm_db.asset = \"the data\";\n",
		.assertions = "# From outside to the data: the gateway, the application, then the "
			      "database itself.\n"
			      "compromises(db) == 3\n"
			      "exposure(db, gateway) == 0\n"
			      "!hardware(app) && !hardware(db)\n",
	},
	{
		.name = "hub",
		.summary = "One VM serves all others, which cannot see each other.",
		.vms = {{"hub", "serves the others"},
                        {"one", "the first"},
                        {"two", "the second"},
                        {"three", "the third"}},
		.connections = "        VIRTIO_COMPOSITION_DEF(hub, one)\n"
			       "        VIRTIO_COMPOSITION_DEF(hub, two)\n"
			       "        VIRTIO_COMPOSITION_DEF(hub, three)\n",
		.configuration =
			AUDITED "        // That all depend on the hub is what this pattern is.\n"
				"        system.checks_off = [\"attack-paths\", \"star\"];\n"
				"        vm_hub.vm_virtio_devices = [\n"
				"            { type: \"vsock\", target: \"one\" },\n"
				"            { type: \"vsock\", target: \"two\" },\n"
				"            { type: \"vsock\", target: \"three\" },\n"
				"        ];\n",
		.assertions = "# Between two of them stands the hub.\n"
			      "compromises(one, two) >= 2\n"
			      "exposure(one, two) == 0\n"
			      "cut(one, two) == 1\n",
	},
	{
		.name = "shared",
		.summary =
			"Two tenants share a network card and a disk, each on a range of its own.",
		.vms = {{"backend", "drives card and disk"},
                        {"tenant_a", "the first tenant"},
                        {"tenant_b", "the second tenant"}},
		.connections = "        VIRTIO_COMPOSITION_DEF(backend, tenant_a)\n"
			       "        VIRTIO_COMPOSITION_DEF(backend, tenant_b)\n",
		.configuration = AUDITED
		"        // That both depend on one backend, with all the hardware, is what this pattern is.\n"
		"        system.checks_off = [\"attack-paths\", \"star\", \"hardware-many\"];\n"
		"        vm_backend.pci_devices = [\n"
		"            { name: \"nic\", bus: 0, dev: 1, fun: 0 },\n"
		"            { name: \"nvme\", bus: 0, dev: 2, fun: 0 },\n"
		"        ];\n"
		"        vm_backend.vm_virtio_devices = [\n"
		"            { type: \"net\", target: \"tenant_a\" },\n"
		"            { type: \"net\", target: \"tenant_b\" },\n"
		"            { type: \"blk\", target: \"tenant_a\", disk: \"/dev/nvme0n1\", "
		"size: \"32M\" },\n"
		"            { type: \"blk\", target: \"tenant_b\", disk: \"/dev/nvme0n1\", "
		"size: \"32M\", offset: \"32M\" },\n"
		"        ];\n",
		.assertions = "# Between the tenants stands the backend.\n"
			      "exposure(tenant_a, tenant_b) == 0\n"
			      "exposure(tenant_b, tenant_a) == 0\n"
			      "compromises(tenant_a, tenant_b) >= 2\n"
			      "!hardware(tenant_a) && !hardware(tenant_b)\n",
	},
	{
		.name = "mesh",
		.summary = "Peers that talk by vsock, each with those that it needs and no others.",
		.vms = {{"auth", "knows who may what"},
                        {"app", "the application"},
                        {"audit", "notes what was done"}},
		.connections = "        VIRTIO_COMPOSITION_DEF(auth, app)\n"
			       "        VIRTIO_COMPOSITION_DEF(app, audit)\n",
		.configuration =
			AUDITED "        system.checks_off = [\"attack-paths\"];\n"
				"        vm_auth.vm_virtio_devices = [{ type: \"vsock\" }];\n"
				"        vm_app.vm_virtio_devices = [{ type: \"vsock\" }];\n",
		.assertions = "# No peer is on a way that it need not be on.\n"
			      "exposure(auth, audit) == 0\n"
			      "cut(auth, audit) == 1\n",
	},
};

const struct init_pattern *init_pattern_find(const char *name)
{
	size_t at = 0;

	while (at + 1 < ARRAY_COUNT(patterns) && strcmp(patterns[at].name, name) != 0) {
		at++;
	}
	return &patterns[at];
}
