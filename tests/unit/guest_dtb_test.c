/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/image/guest_dtb*.c: the trees of hand-written models say what docs/connection.md and
 * docs/guest.md say, in the numbers of the layout, and dtc has nothing against them.
 */
/* links: topo/image/apertures.c topo/image/layout_hardware.c topo/model topo/base */
/* links: topo/image/layout_hardware_tables.c topo/image/guest_dtb_hardware.c */
/* links: topo/image/image.c topo/image/loads.c topo/image/layout.c topo/image/layout_guest.c */
/* links: topo/image/seed.c */
/* links: topo/image/layout_rights.c topo/image/layout_memory.c topo/image/layout_boot.c */
/* links: topo/image/span.c topo/image/personality.c topo/image/payload.c */
/* links: topo/image/vmm_config.c topo/image/guest_dtb.c topo/image/guest_dtb_connections.c */
/* links: topo/model/routes.c topo/model/late.c */
/* links: topo/diag/diag.c topo/diag/print.c topo/diag/source.c topo/base/arena.c */
/* links: topo/base/strmap.c lib/image_check.c lib/image_check_memory.c */
/* links: lib/image_check_objects.c tests/unit/layout_fixture.c */
/* links: lib/image_check_hardware.c */
/* links: topo/base/utf8.c topo/base/say.c */
/* libs: fdt elf */
/* flags: -D_GNU_SOURCE */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/agent.h"
#include "layout_fixture.h"
#include "lib/bits.h"
#include "topo/image/image.h"

static struct image *build(struct fixture *f)
{
	struct image *image = image_make(&f->model, &f->payloads, f->diag);

	assert_true(fixture_good(f));
	assert_non_null(image);
	return image;
}

/* Cell @index of a property of the node @path. */
static uint32_t cell(const void *dtb, const char *path, const char *name, int index)
{
	int bytes;
	const fdt32_t *cells;
	int node = fdt_path_offset(dtb, path);

	assert_true(node >= 0);
	cells = fdt_getprop(dtb, node, name, &bytes);
	assert_non_null(cells);
	assert_true(bytes % 4 == 0 && index < bytes / 4);
	return fdt32_to_cpu(cells[index]);
}

static uint64_t cells64(const void *dtb, const char *path, const char *name, int index)
{
	return (uint64_t)cell(dtb, path, name, index) << 32 | cell(dtb, path, name, index + 1);
}

static int cell_count(const void *dtb, const char *path, const char *name)
{
	int bytes;

	assert_non_null(fdt_getprop(dtb, fdt_path_offset(dtb, path), name, &bytes));
	return bytes / 4;
}

static const char *text(const void *dtb, const char *path, const char *name)
{
	int node = fdt_path_offset(dtb, path);

	assert_true(node >= 0);
	return fdt_getprop(dtb, node, name, NULL);
}

static bool has(const void *dtb, const char *path, const char *name)
{
	return fdt_getprop(dtb, fdt_path_offset(dtb, path), name, NULL) != NULL;
}

/* dtc reads the tree with all its checks and says nothing. */
static void check_with_dtc(const uint8_t *dtb, size_t bytes)
{
	char said[4096];
	FILE *tree = tmpfile();
	FILE *messages = tmpfile();
	int status;
	pid_t dtc;

	assert_true(tree && messages);
	assert_int_equal(fwrite(dtb, 1, bytes, tree), bytes);
	rewind(tree);
	dtc = fork();
	if (dtc == 0) {
		dup2(fileno(tree), STDIN_FILENO);
		dup2(fileno(messages), STDERR_FILENO);
		execlp("dtc", "dtc", "-I", "dtb", "-O", "dtb", "-o", "/dev/null", "-", NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(dtc, &status, 0), dtc);
	rewind(messages);
	said[fread(said, 1, sizeof(said) - 1, messages)] = '\0';
	assert_string_equal(said, "");
	assert_int_equal(status, 0);
	fclose(tree);
	fclose(messages);
}

static void test_dtc(void **state)
{
	static void (*const systems[])(struct fixture *) = {
		fixture_pair, fixture_islands, fixture_hub, fixture_chain, fixture_mesh,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		struct fixture f;
		struct image *image;

		systems[i](&f);
		image = build(&f);
		for (size_t vm = 0; vm < f.model.vm_count; vm++) {
			check_with_dtc(image->dtbs[vm], image->dtb_bytes[vm]);
		}
		image_free(image);
		fixture_end(&f);
	}
}

/* The machine, on a VM without connections and without an agent. */
static void test_machine(void **state)
{
	struct fixture f;
	struct image *image;
	const void *dtb;

	(void)state;
	fixture_islands(&f);
	f.vms[1].agent = false;
	image = build(&f);
	dtb = image->dtbs[1];
	assert_string_equal(text(dtb, "/chosen", "peervisor,name"), "two");
	assert_string_equal(text(dtb, "/chosen", "bootargs"), "console=ttyAMA0");
	assert_int_equal(cell_count(dtb, "/chosen", "kaslr-seed"), 2);
	assert_int_equal(cells64(dtb, "/chosen", "kaslr-seed", 0), 0);
	assert_false(has(dtb, "/chosen", "linux,pci-probe-only"));
	assert_false(has(dtb, "/chosen", "peervisor,network"));
	assert_string_equal(text(dtb, "/cpus/cpu@1", "enable-method"), "psci");
	assert_true(fdt_path_offset(dtb, "/cpus/cpu@2") < 0);
	assert_string_equal(text(dtb, "/psci", "method"), "hvc");
	assert_int_equal(cell(dtb, "/timer", "interrupts", 7), 11);
	assert_int_equal(cell(dtb, "/timer", "interrupts", 8), 0x304); /* two CPUs, level */
	assert_int_equal(cell_count(dtb, "/memory@40000000", "reg"), 4);
	assert_int_equal(cells64(dtb, "/memory@40000000", "reg", 2), f.vms[1].ram_bytes);
	assert_true(fdt_path_offset(dtb, "/serial@9010000") < 0);
	assert_true(fdt_path_offset(dtb, "/interrupt-controller@8000000/v2m@8020000") < 0);
	assert_true(fdt_path_offset(dtb, "/reserved-memory") < 0);
	assert_true(fdt_path_offset(image->dtbs[0], "/serial@9010000") >= 0);
	image_free(image);
	fixture_end(&f);
}

static void test_initrd(void **state)
{
	struct fixture f;
	struct image *image;
	uint64_t start;
	uint64_t end;

	(void)state;
	fixture_pair(&f);
	image = build(&f);
	start = cells64(image->dtbs[0], "/chosen", "linux,initrd-start", 0);
	end = cells64(image->dtbs[0], "/chosen", "linux,initrd-end", 0);
	assert_int_equal(start, image->layout->vms[0].initrd_ipa);
	/* Two archives, the second at the page behind the first. */
	assert_int_equal(end - start, 0x4000 + f.vm_payloads[0].initrd[1].bytes);
	image_free(image);
	fixture_end(&f);
	fixture_pair(&f);
	f.vm_payloads[1].initrd_count = 0;
	image = build(&f);
	assert_false(has(image->dtbs[1], "/chosen", "linux,initrd-start"));
	image_free(image);
	fixture_end(&f);
}

static void check_served_device(const void *dtb, const struct layout *layout)
{
	const char *net = "/connection@30000000/device@0";
	const char *blk = "/connection@30000000/device@1";

	assert_string_equal(text(dtb, net, "peervisor,type"), "net");
	assert_int_equal(cell(dtb, net, "peervisor,first-queue", 0), 0);
	assert_int_equal(cell(dtb, net, "peervisor,queues", 0), 2);
	assert_int_equal(cell(dtb, net, "peervisor,queue-size", 0), 256);
	assert_int_equal(cells64(dtb, net, "peervisor,features", 0),
	                 layout->connections[0].devices[0].personality.features);
	assert_memory_equal(text(dtb, net, "peervisor,mac"), "\2\x50\x56\0\0\0", 6);
	assert_string_equal(text(dtb, net, "peervisor,bridge"), "br0");
	assert_string_equal(text(dtb, net, "peervisor,network"), "bridge");
	assert_string_equal(text(dtb, net, "peervisor,address"), "10.77.0.1/24");
	assert_string_equal(text(dtb, net, "peervisor,sources"), "10.77.0.2/32");
	assert_string_equal(text(dtb, blk, "peervisor,type"), "blk");
	assert_int_equal(cell(dtb, blk, "peervisor,first-queue", 0), 2);
	assert_int_equal(cell(dtb, blk, "peervisor,queues", 0), 1);
	assert_string_equal(text(dtb, blk, "peervisor,disk"), "/var/lib/peervisor/driver-0.raw");
	assert_true(has(dtb, blk, "peervisor,create"));
	assert_false(has(dtb, blk, "peervisor,readonly"));
	assert_int_equal(cells64(dtb, blk, "peervisor,capacity", 0), 64 << 20);
}

static void test_served(void **state)
{
	const char *node = "/connection@30000000";
	struct fixture f;
	struct image *image;
	const struct layout_connection *laid;
	const void *dtb;

	(void)state;
	fixture_pair(&f);
	image = build(&f);
	laid = &image->layout->connections[0];
	dtb = image->dtbs[0];
	assert_string_equal(text(dtb, node, "compatible"), "peervisor,connection");
	assert_string_equal(text(dtb, node, "peervisor,peer"), "driver");
	assert_int_equal(cell_count(dtb, node, "reg"), 20);
	assert_int_equal(cells64(dtb, node, "reg", 0), laid->device_iobuf_ipa);
	assert_int_equal(cells64(dtb, node, "reg", 4), laid->device_iobuf_ipa + 4096);
	assert_int_equal(cells64(dtb, node, "reg", 8), laid->device_doorbell_ipa);
	assert_int_equal(cells64(dtb, node, "reg", 12), laid->device_memory_ipa);
	assert_int_equal(cells64(dtb, node, "reg", 14), 8 << 20);
	assert_int_equal(cells64(dtb, node, "reg", 16), laid->device_inflight_ipa);
	assert_int_equal(cells64(dtb, node, "reg", 18), laid->inflight_bytes);
	assert_int_equal(cells64(dtb, "/connection@30000000/device@1", "peervisor,inflight", 0), 0);
	assert_int_equal(cells64(dtb, node, "peervisor,driver-address", 0),
	                 laid->driver_memory_ipa);
	assert_int_equal(cell_count(dtb, node, "interrupts"), 3 * 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(cell(dtb, node, "interrupts", 3 * i), 0);
		assert_int_equal(cell(dtb, node, "interrupts", 3 * i + 1), 16 + i);
		assert_int_equal(cell(dtb, node, "interrupts", 3 * i + 2), 1);
	}
	check_served_device(dtb, image->layout);
	image_free(image);
	fixture_end(&f);
}

/* The handles tie bridge, pool and MSI frame together. */
static void check_bridge(const void *dtb, const struct layout_connection *laid, const char *node,
                         const char *pool)
{
	assert_string_equal(text(dtb, node, "compatible"), "pci-host-ecam-generic");
	assert_int_equal(cells64(dtb, node, "reg", 0), laid->ecam_ipa);
	assert_int_equal(cell(dtb, node, "linux,pci-domain", 0), laid->number);
	assert_int_equal(cell(dtb, node, "ranges", 0), 0x02000000);
	assert_int_equal(cells64(dtb, node, "ranges", 1), laid->bar_ipa);
	assert_int_equal(cells64(dtb, node, "ranges", 3), laid->bar_ipa);
	assert_int_equal(cells64(dtb, node, "ranges", 5), 2 * 0x4000);
	assert_int_equal(cells64(dtb, node, "ranges", 8), laid->notify_ipa);
	assert_int_equal(cells64(dtb, node, "ranges", 12), 2 * 0x1000);
	assert_true(has(dtb, node, "dma-coherent"));
	assert_int_equal(fdt_node_offset_by_phandle(dtb, cell(dtb, node, "msi-parent", 0)),
	                 fdt_path_offset(dtb, "/interrupt-controller@8000000/v2m@8020000"));
	assert_string_equal(text(dtb, pool, "compatible"), "restricted-dma-pool");
	assert_int_equal(cells64(dtb, pool, "reg", 0), laid->driver_memory_ipa);
	assert_int_equal(cells64(dtb, pool, "reg", 2), laid->memory_bytes);
	assert_int_equal(fdt_node_offset_by_phandle(dtb, cell(dtb, node, "memory-region", 0)),
	                 fdt_path_offset(dtb, pool));
}

/* Two connections used: two bridges, each with its own pool, both in /memory. */
static void test_used(void **state)
{
	struct fixture f;
	struct image *image;
	const void *dtb;

	(void)state;
	fixture_start(&f);
	fixture_vm(&f, "network");
	fixture_vm(&f, "storage");
	fixture_vm(&f, "workload");
	fixture_connect(&f, 0, 2);
	fixture_connect(&f, 1, 2);
	image = build(&f);
	dtb = image->dtbs[2];
	check_bridge(dtb, &image->layout->connections[0], "/pcie@20000000",
	             "/reserved-memory/pool@44000000");
	check_bridge(dtb, &image->layout->connections[1], "/pcie@20100000",
	             "/reserved-memory/pool@44800000");
	assert_int_equal(cell_count(dtb, "/memory@40000000", "reg"), 4);
	assert_int_equal(cells64(dtb, "/memory@40000000", "reg", 2), 80 << 20);
	assert_int_equal(cell(dtb, "/chosen", "linux,pci-probe-only", 0), 1);
	assert_string_equal(text(dtb, "/chosen", "peervisor,network"),
	                    "02:50:56:00:00:00=10.77.0.2/24 02:50:56:00:00:01=10.77.1.2/24");
	assert_int_equal(
		cell(dtb, "/interrupt-controller@8000000/v2m@8020000", "arm,msi-base-spi", 0), 48);
	assert_int_equal(
		cell(dtb, "/interrupt-controller@8000000/v2m@8020000", "arm,msi-num-spis", 0), 10);
	image_free(image);
	fixture_end(&f);
}

/* The first that forwards is the way out; who forwards itself takes the first at all. What is served
 * as routed lies behind the VM that serves it, what is translated does not. */
static void test_ways_of_packets(void **state)
{
	static const char net[] = "/connection@30000000/device@0";
	struct fixture f;
	struct image *image;

	(void)state;
	fixture_start(&f);
	for (size_t i = 0; i < 5; i++) {
		fixture_vm(&f, (const char *const[]){"out", "a", "b", "c", "d"}[i]);
	}
	fixture_connect(&f, 0, 1);
	fixture_connect(&f, 1, 2);
	fixture_connect(&f, 2, 3);
	fixture_connect(&f, 2, 4);
	f.connections[1].devices[0].network = NETWORK_ROUTED;
	f.connections[2].devices[0].network = NETWORK_ROUTED;
	f.connections[3].devices[0].network = NETWORK_NAT;
	image = build(&f);
	assert_string_equal(text(image->dtbs[0], net, "peervisor,sources"),
	                    "10.77.0.2/32 10.77.1.0/24 10.77.2.0/24");
	assert_string_equal(text(image->dtbs[1], net, "peervisor,sources"),
	                    "10.77.1.2/32 10.77.2.0/24");
	assert_string_equal(text(image->dtbs[1], "/chosen", "peervisor,network"),
	                    "02:50:56:00:00:00=10.77.0.2/24,10.77.0.1");
	assert_string_equal(text(image->dtbs[4], "/chosen", "peervisor,network"),
	                    "02:50:56:00:00:03=10.77.3.2/24,10.77.3.1");
	image_free(image);
	fixture_end(&f);
}

/* The other end of each network, and who is on the same bridge; each once, and never the VM itself. */
static void test_names_of_neighbours(void **state)
{
	struct fixture f;
	struct image *image;

	(void)state;
	fixture_start(&f);
	for (size_t i = 0; i < 4; i++) {
		fixture_vm(&f, (const char *const[]){"hub", "a", "b", "c"}[i]);
	}
	fixture_connect(&f, 0, 1);
	fixture_connect(&f, 0, 2);
	fixture_connect(&f, 0, 3);
	fixture_connect(&f, 1, 0);
	fixture_connect(&f, 2, 3);
	for (size_t i = 0; i < 2; i++) {
		f.connections[i].devices[0].bridge = "lan";
		f.connections[i].devices[0].address[0] = 0x0a4d0001;
		f.connections[i].devices[0].address[1] = (uint32_t)(0x0a4d0002 + i);
	}
	f.connections[4].devices[0].network = NETWORK_ISOLATED;
	image = build(&f);
	assert_string_equal(text(image->dtbs[0], "/chosen", "peervisor,hosts"),
	                    "a=10.77.0.2 b=10.77.0.3 c=10.77.2.2 a=10.77.3.1");
	assert_string_equal(text(image->dtbs[1], "/chosen", "peervisor,hosts"),
	                    "hub=10.77.0.1 b=10.77.0.3 hub=10.77.3.2");
	assert_string_equal(text(image->dtbs[2], "/chosen", "peervisor,hosts"),
	                    "hub=10.77.0.1 a=10.77.0.2");
	assert_string_equal(text(image->dtbs[3], "/chosen", "peervisor,hosts"), "hub=10.77.2.1");
	image_free(image);
	fixture_end(&f);
}

static void test_whole_ram(void **state)
{
	struct fixture f;
	struct image *image;

	(void)state;
	fixture_pair(&f);
	f.connections[0].swiotlb = false;
	image = build(&f);
	assert_false(has(image->dtbs[1], "/pcie@20000000", "memory-region"));
	assert_true(fdt_path_offset(image->dtbs[1], "/reserved-memory/pool@44000000") < 0);
	/* The window of the agent is the last of its RAM. */
	assert_int_equal(cells64(image->dtbs[1], "/reserved-memory/agent@43ff0000", "reg", 0),
	                 f.vms[1].ram_base + f.vms[1].ram_bytes - PV_AGENT_WINDOW_BYTES);
	assert_int_equal(cells64(image->dtbs[1], "/reserved-memory/agent@43ff0000", "reg", 2),
	                 PV_AGENT_WINDOW_BYTES);
	assert_int_equal(cells64(image->dtbs[0], "/connection@30000000", "reg", 14),
	                 f.vms[1].ram_bytes);
	assert_int_equal(
		cells64(image->dtbs[0], "/connection@30000000", "peervisor,driver-address", 0),
		f.vms[1].ram_base);
	image_free(image);
	fixture_end(&f);
}

/* What is no Linux may not know what is reserved: its memory is its RAM alone. */
static void test_binary(void **state)
{
	struct fixture f;
	struct image *image;
	const void *dtb;

	(void)state;
	fixture_pair(&f);
	f.payloads.vms[1].header.binary = true;
	image = build(&f);
	dtb = image->dtbs[1];
	assert_int_equal(cell_count(dtb, "/memory@40000000", "reg"), 4);
	assert_int_equal(cells64(dtb, "/memory@40000000", "reg", 2), f.vms[1].ram_bytes);
	assert_true(fdt_path_offset(dtb, "/reserved-memory/pool@44000000") >= 0);
	check_with_dtc(dtb, image->dtb_bytes[1]);
	image_free(image);
	fixture_end(&f);
}

/* A pool that the topology puts elsewhere is a range of /memory of its own. */
static void test_given_addresses(void **state)
{
	struct fixture f;
	struct image *image;
	const void *dtb;

	(void)state;
	fixture_pair(&f);
	f.connections[0].driver_data_base = 0x50000000;
	f.connections[0].device_data_base = 0x60000000;
	f.connections[0].device_ctrl_base = 0x70000000;
	image = build(&f);
	dtb = image->dtbs[1];
	assert_int_equal(cell_count(dtb, "/memory@40000000", "reg"), 8);
	assert_int_equal(cells64(dtb, "/memory@40000000", "reg", 4), 0x50000000);
	assert_int_equal(cells64(dtb, "/memory@40000000", "reg", 6), 8 << 20);
	assert_true(fdt_path_offset(dtb, "/reserved-memory/pool@50000000") >= 0);
	assert_int_equal(cells64(image->dtbs[0], "/connection@70000000", "reg", 12), 0x60000000);
	check_with_dtc(dtb, image->dtb_bytes[1]);
	check_with_dtc(image->dtbs[0], image->dtb_bytes[0]);
	image_free(image);
	fixture_end(&f);
}

/* The name of the image behind the disk of spoke @i of a hub. */
static const char *disk_path(const struct image *image, int i)
{
	char path[64];

	snprintf(path, sizeof(path), "/connection@3000%d000/device@1", 2 * i);
	return text(image->dtbs[0], path, "peervisor,disk");
}

/* Disks: a file's own name, one name for one file, and never one name for two. */
static void test_disk_names(void **state)
{
	const char *const expected[] = {"/var/lib/peervisor/a.qcow2", "/var/lib/peervisor/a.qcow2",
	                                "/var/lib/peervisor/@spoke_c@0@a.qcow2"};
	struct fixture f;
	struct image *image;

	(void)state;
	fixture_hub(&f);
	f.devices[0][1].disk = "disks/a.qcow2";
	f.devices[1][1].disk = "disks/a.qcow2";
	f.devices[2][1].disk = "other/a.qcow2";
	f.devices[1][1].readonly = true;
	for (int i = 0; i < 3; i++) {
		f.devices[i][1].format = "qcow2";
	}
	image = build(&f);
	for (int i = 0; i < 3; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/connection@3000%d000/device@1", 2 * i);
		assert_string_equal(disk_path(image, i), expected[i]);
		assert_false(has(image->dtbs[0], path, "peervisor,create"));
		assert_int_equal(has(image->dtbs[0], path, "peervisor,readonly"), i == 1);
	}
	image_free(image);
	fixture_end(&f);
}

/* A file that has the very name that another disk gets instead of the one it wished. */
static void test_disk_names_apart(void **state)
{
	/* Files of the three spokes; NULL is a disk without one. */
	static const char *const files[][3] = {
		{"d/x.img", "e/x.img", "d/spoke_b-0-x.img"},
		{"d/x.img", "e/x.img", "d/@spoke_b@0@x.img"},
		{"d/@spoke_b@0@x.img", "d/x.img", "e/x.img"},
		{"d/@spoke_c@0@x.img", "d/x.img", "e/x.img"},
		{NULL, "d/spoke_a-0.raw", "d/spoke_b-0-spoke_a-0.raw"},
		{NULL, "d/spoke_a-0.raw", "d/@spoke_b@0@spoke_a-0.raw"},
		{"d/spoke_c-0.raw", "d/@spoke_a@0@spoke_c-0.raw", NULL},
	};

	(void)state;
	for (size_t row = 0; row < ARRAY_COUNT(files); row++) {
		struct fixture f;
		struct image *image;

		fixture_hub(&f);
		for (int i = 0; i < 3; i++) {
			f.devices[i][1].disk = files[row][i];
			f.devices[i][1].format = "raw";
		}
		image = build(&f);
		assert_string_not_equal(disk_path(image, 0), disk_path(image, 1));
		assert_string_not_equal(disk_path(image, 0), disk_path(image, 2));
		assert_string_not_equal(disk_path(image, 1), disk_path(image, 2));
		image_free(image);
		fixture_end(&f);
	}
}

/* How the driver VM of the pair waits for its disk. */
enum { BY_KERNEL, BY_INIT, NOT_AT_ALL };

static void check_waits(struct fixture *f, int how)
{
	struct image *image = build(f);
	const struct layout_connection *laid = &image->layout->connections[0];

	assert_int_equal(laid->is_late, how != BY_KERNEL);
	assert_int_equal(has(image->dtbs[1], "/chosen", "peervisor,disks"), how == BY_INIT);
	if (how == BY_INIT) {
		assert_string_equal(text(image->dtbs[1], "/chosen", "peervisor,disks"),
		                    "0000:00:01.0");
	}
	assert_false(has(image->dtbs[0], "/chosen", "peervisor,disks"));
	image_free(image);
	fixture_end(f);
}

/* The project's /init waits for disks, in place of its kernel; whatever else may boot has its kernel wait. */
static void test_disks_that_init_waits_for(void **state)
{
	static const struct {
		const char *cmdline;
		int how;
	} rows[] = {
		{NULL, BY_INIT},
		{"console=ttyAMA0 initcall_debug", BY_INIT},
		{"console=ttyAMA0 root=/dev/vda", BY_KERNEL},
		{"rdinit=/bin/sh console=ttyAMA0", BY_KERNEL},
		{"console=ttyAMA0  init=/bin/sh", BY_KERNEL},
		{"console=ttyAMA0\nnoinitrd\tquiet", BY_KERNEL},
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		fixture_pair(&f);
		f.vms[1].image.cmdline = rows[i].cmdline;
		check_waits(&f, rows[i].how);
	}
	fixture_pair(&f);
	f.vms[1].image.own_kernel = false;
	check_waits(&f, BY_KERNEL);
	fixture_pair(&f);
	f.vms[1].image.own_rootfs = false;
	check_waits(&f, BY_KERNEL);
	fixture_pair(&f);
	f.vms[1].files_start = true;
	check_waits(&f, BY_KERNEL);
	fixture_pair(&f);
	f.vms[0].autostart = false;
	check_waits(&f, NOT_AT_ALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dtc),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_initrd),
		cmocka_unit_test(test_served),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_names_of_neighbours),
		cmocka_unit_test(test_whole_ram),
		cmocka_unit_test(test_ways_of_packets),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_given_addresses),
		cmocka_unit_test(test_disk_names),
		cmocka_unit_test(test_disk_names_apart),
		cmocka_unit_test(test_disks_that_init_waits_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
