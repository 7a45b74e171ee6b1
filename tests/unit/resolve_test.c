/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From text to model: which VM is which, what the two sides of a connection come to, and what
 * defaults make of what is not said.
 *
 * libs: z lzma zstd lz4 json-c crypto
 * links: topo/base topo/diag topo/rules topo/language topo/model topo/rootfs topo/resolve topo/checks topo/front
 * flags: -D_GNU_SOURCE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/ordered_cmocka.h"
#include "topo/diag/source.h"
#include "topo/front/load.h"
#include "topo/model/board.h"
#include "topo/model/pci_models.h"

#define COMPOSE(text) "assembly { composition { " text " } }"
#define CONFIGURE(text) "assembly { configuration { " text " } }"
#define PAIR "component VM vm_a; component VM vm_b; VIRTIO_COMPOSITION_DEF(a, b)"

struct fixture {
	struct diag *diag;
	struct model *model;
};

static void load_with(struct fixture *fixture, const char *text, const struct load_options *options)
{
	setenv("PEERVISOR_SHARE", "topo", 1);
	fixture->diag = diag_new();
	fixture->model = model_load_source(
		source_add_text(diag_sources(fixture->diag), "t.camkes", text, strlen(text)),
		options, fixture->diag);
	if (fixture->model == NULL) {
		diag_flush(fixture->diag, stderr);
	}
	assert_non_null(fixture->model);
}

static void load(struct fixture *fixture, const char *text)
{
	struct load_options options = {.board = NULL};

	load_with(fixture, text, &options);
}

static void finish(struct fixture *fixture)
{
	model_free(fixture->model);
	diag_free(fixture->diag);
}

/* The seed's snippets stand without #include, import and semicolon. */
static void six_lines(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture, COMPOSE(PAIR));
	const struct model *model = fixture.model;

	assert_string_equal(model->name, "t");
	assert_int_equal(model->vm_count, 2);
	assert_int_equal(model->connection_count, 1);
	assert_int_equal(model->cpu_count, 2);
	const struct connection *connection = &model->connections[0];

	assert_string_equal(model->vms[connection->device_vm].name, "a");
	assert_string_equal(model->vms[connection->driver_vm].instance, "vm_b");
	assert_true(connection->swiotlb);
	assert_int_equal(connection->pool_bytes, 8 << 20);
	assert_int_equal(connection->device_count, 2);
	const struct device *net = &connection->devices[0];
	const struct device *blk = &connection->devices[1];

	assert_int_equal(net->type, DEVICE_NET);
	assert_string_equal(net->tap, "tap-b");
	assert_string_equal(net->bridge, "br0");
	assert_int_equal(net->address[0], 0x0a4d0001);
	assert_int_equal(net->address[1], 0x0a4d0002);
	assert_int_equal(net->prefix, 24);
	assert_int_equal(blk->type, DEVICE_BLK);
	assert_null(blk->disk);
	assert_int_equal(blk->disk_bytes, 128 << 20);
	assert_int_equal(net->queue_size, 256);
	assert_int_equal(blk->queue_size, 128);
	assert_int_equal(model->vms[0].ram_bytes, 256 << 20);
	assert_int_equal(model->vms[1].ram_bytes, 128 << 20);
	assert_true(model->vms[0].agent);
	finish(&fixture);
}

/* vm3 and vm_web are called 3 and web. */
static void names(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture,
	     "component VM3 { VM_INIT_DEF() VIRTIO_DEVICE_COMPONENT_DEF(web) }"
	     "component Other { control; }" COMPOSE(
		     "component VM vm_web; component VM3 vm3; component Other other;"
		     "component VM9 vm9;"
		     "VIRTIO_COMPOSITION_DEF(web, 3)") CONFIGURE("vm3.vm_name = \"three\";"));
	const struct model *model = fixture.model;

	assert_int_equal(model->vm_count, 3);
	assert_string_equal(model->vms[0].suffix, "web");
	assert_string_equal(model->vms[1].suffix, "3");
	assert_string_equal(model->vms[1].name, "three");
	assert_int_equal(model->connections[0].device_vm, 0);
	assert_int_equal(model->connections[0].driver_vm, 1);
	finish(&fixture);
}

/* Tenants of one device VM get bridges, subnets and taps of their own. */
static void separate_tenants(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture, COMPOSE("component VM vm_b; component VM vm_a_very_long_tenant_1;"
	                       "component VM vm_a_very_long_tenant_2; component VM vm_x;"
	                       "VIRTIO_COMPOSITION_DEF(b, a_very_long_tenant_1)"
	                       "VIRTIO_COMPOSITION_DEF(b, a_very_long_tenant_2)"
	                       "VIRTIO_COMPOSITION_DEF(b, x)")
	                       CONFIGURE("vm_b.vm_virtio_devices = [{ type: \"net\", target: \"x\","
	                                 "bridge: \"br0\" }, { type: \"net\", target:"
	                                 "\"a_very_long_tenant_1\" }, { type: \"net\","
	                                 "target: \"a_very_long_tenant_2\" }];"));
	const struct device *one = &fixture.model->connections[0].devices[0];
	const struct device *two = &fixture.model->connections[1].devices[0];
	const struct device *named = &fixture.model->connections[2].devices[0];

	assert_string_equal(one->tap, "tap-a_very_long");
	assert_string_not_equal(one->tap, two->tap);
	assert_true(strlen(two->tap) <= 15);
	/* br0 was taken by name, further down. */
	assert_string_equal(one->bridge, "br1");
	assert_string_equal(two->bridge, "br2");
	assert_string_equal(named->bridge, "br0");
	assert_int_not_equal(one->address[0], two->address[0]);
	assert_int_not_equal(one->mac[4], two->mac[4]);
	finish(&fixture);
}

/* On one bridge by name: one subnet, several hosts. */
static void shared_bridge(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture, COMPOSE("component VM vm_b, vm_x, vm_y; VIRTIO_COMPOSITION_DEF(b, x)"
	                       "VIRTIO_COMPOSITION_DEF(b, y)")
	                       CONFIGURE("vm_b.vm_virtio_devices = [{ type: \"net\", target: \"x\","
	                                 "bridge: \"lan\" }, { type: \"net\", target: \"y\","
	                                 "bridge: \"lan\", address: \"192.168.7.1/24\" }];"));
	const struct device *x = &fixture.model->connections[0].devices[0];
	const struct device *y = &fixture.model->connections[1].devices[0];

	assert_int_equal(x->address[0], 0xc0a80701);
	assert_int_equal(y->address[0], 0xc0a80701);
	assert_int_equal(x->address[1], 0xc0a80702);
	assert_int_equal(y->address[1], 0xc0a80703);
	finish(&fixture);
}

/* The driver VM's list alone, and options that only one side gives. */
static void driver_side(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture, COMPOSE(PAIR) CONFIGURE(
			       "vm_b.vm_virtio_drivers = [{ type: \"rng\", backend: \"a\" }];"));
	assert_int_equal(fixture.model->connections[0].device_count, 1);
	assert_int_equal(fixture.model->connections[0].devices[0].type, DEVICE_RNG);
	finish(&fixture);
	load(&fixture,
	     COMPOSE(PAIR) CONFIGURE("vm_a.vm_virtio_devices = [{ type: \"net\", tap: \"t0\" }];"
	                             "vm_b.vm_virtio_drivers = [{ type: \"net\","
	                             "mac: \"02:00:00:00:00:09\" }];"));
	const struct device *net = &fixture.model->connections[0].devices[0];

	assert_string_equal(net->tap, "t0");
	assert_int_equal(net->mac[5], 9);
	finish(&fixture);
}

/* VMSWIOTLB by macro of the command line, of the file, and of one connection. */
static void swiotlb(void **state)
{
	const char *define = "VMSWIOTLB=0";
	struct load_options options = {.defines = &define, .define_count = 1};
	struct fixture fixture;

	(void)state;
	load_with(&fixture, COMPOSE(PAIR), &options);
	assert_false(fixture.model->connections[0].swiotlb);
	assert_int_equal(fixture.model->connections[0].pool_bytes, 0);
	finish(&fixture);
	load(&fixture, "#define VMSWIOTLB 0\n" COMPOSE(PAIR));
	assert_false(fixture.model->connections[0].swiotlb);
	finish(&fixture);
	load(&fixture, COMPOSE(PAIR) CONFIGURE("vma_vmb_memdev.swiotlb = false;"));
	assert_false(fixture.model->connections[0].swiotlb);
	finish(&fixture);
}

/* The form of deployed systems: entries by number, under either attribute. */
static void numeric_form(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture,
	     "#define VM0_VM1_VIRTIO_DATA_BASE 0x48000000 + 0x8000000\n"
	     "#define VM0_VM1_VIRTIO_DATA_SIZE 0x800000 // 8 MB\n"
	     "#define VM0_VM1_VIRTIO_CTRL_BASE 0x60000000\n"
	     "#define VM0_VM1_VIRTIO_CTRL_SIZE 0x80000\n"
	     "#define VM0_VM2_VIRTIO_DATA_BASE VM0_VM1_VIRTIO_DATA_BASE + 0x800000\n"
	     "#define VM0_VM2_VIRTIO_DATA_SIZE 0x800000\n"
	     "#define VM0_VM2_VIRTIO_CTRL_BASE 0x60000000\n"
	     "#define VM0_VM2_VIRTIO_CTRL_SIZE 0x80000\n" COMPOSE(
		     "VM_GENERAL_COMPOSITION_DEF() VM_COMPOSITION_DEF(0) VM_COMPOSITION_DEF(1)"
		     "VM_COMPOSITION_DEF(2) VIRTIO_COMPOSITION_DEF(0, 1)"
		     "VIRTIO_COMPOSITION_DEF(0, 2)")
	             CONFIGURE("VIRTIO_CONFIGURATION_DEF(0, 1)"
	                       "vm0.ram_size = \"0x20000000 - 0x8000000\" + \" - 0x8000000\";"
	                       "vm0.vm_virtio_drivers = [VIRTIO_DRIVER_CONFIGURATION_DEF(0, 1)"
	                       "VIRTIO_DRIVER_CONFIGURATION_DEF(0, 2)];"
	                       "vm1.vm_virtio_devices = [VIRTIO_DEVICE_CONFIGURATION_DEF(0, 1)];"
	                       "vm2.vm_virtio_drivers = [VIRTIO_DEVICE_CONFIGURATION_DEF(0, 2)];"));
	const struct connection *one = &fixture.model->connections[0];
	const struct connection *two = &fixture.model->connections[1];

	assert_int_equal(fixture.model->vms[0].ram_bytes, 0x10000000);
	assert_int_equal(one->device_data_base, 0x50000000);
	assert_int_equal(one->driver_data_base, 0x50000000);
	assert_int_equal(two->device_data_base, 0x50800000);
	assert_int_equal(two->driver_data_base, 0x50800000);
	/* Both name one control region: each has two pages of it. */
	assert_int_equal(one->device_ctrl_base, 0x60000000);
	assert_int_equal(two->device_ctrl_base, 0x60002000);
	assert_int_equal(one->device_count, 2);
	finish(&fixture);
}

/* vCPUs go where there are fewest, those that are given first; a VM's own apart. */
static void affinity(void **state)
{
	struct fixture fixture;

	(void)state;
	load(&fixture, COMPOSE("component VM vm_a, vm_b, vm_c;") CONFIGURE(
			       "system.cpus = 2; vm_b._affinity = 1; vm_c.num_vcpus = 2;"));
	assert_int_equal(fixture.model->vms[0].affinity[0], 0);
	assert_int_equal(fixture.model->vms[1].affinity[0], 1);
	assert_int_not_equal(fixture.model->vms[2].affinity[0], fixture.model->vms[2].affinity[1]);
	finish(&fixture);
	load(&fixture, COMPOSE("component VM vm_a;") CONFIGURE("vm_a._affinity = [5];"));
	assert_int_equal(fixture.model->cpu_count, 6);
	finish(&fixture);
}

/* An archive of no files. @path: as mkstemp takes it. */
static void make_initrd(char *path)
{
#define WORD "00000000"
	static const char end[124] = "070701" WORD WORD WORD WORD WORD WORD WORD WORD WORD WORD WORD
				     "0000000b" WORD "TRAILER!!!";
#undef WORD
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, end, sizeof(end)), sizeof(end));
	assert_int_equal(close(fd), 0);
}

static void options_and_images(void **state)
{
	struct load_options options = {.cpu_count = 3, .board = "rpi4"};
	char path[] = "/tmp/pv-initrd-XXXXXX";
	struct fixture fixture;
	char text[1024];

	(void)state;
	make_initrd(path);
	snprintf(text, sizeof(text),
	         COMPOSE(PAIR) CONFIGURE("system.cpus = 1; system.board = \"qemu-virt\";"
	                                 "vm_a.vm_image_config = { kernel_name: \"linux\","
	                                 "initrd_name: \"%s\","
	                                 "kernel_bootcmdline: \"a\" \" b\" };"
	                                 "vm_b.vm_image_config = { provide_initrd: false };"),
	         path);
	load_with(&fixture, text, &options);
	(void)unlink(path);
	const struct model *model = fixture.model;

	assert_string_equal(model->board->name, "rpi4");
	assert_int_equal(model->cpu_count, 3);
	assert_true(model->vms[0].image.own_kernel);
	assert_false(model->vms[0].image.own_rootfs);
	assert_false(model->vms[0].agent);
	assert_string_equal(model->vms[0].image.cmdline, "a b");
	assert_int_equal(model->vms[0].image.initrd[0], '/');
	assert_null(model->vms[1].image.initrd);
	assert_false(model->vms[1].image.own_rootfs);
	finish(&fixture);
}

/* What cannot be run yet is advice, and an error for those who want to run it. */
static void must_run(void **state)
{
	static const char text[] =
		COMPOSE(PAIR) CONFIGURE("vm_a.vm_virtio_devices = [{ type: \"fs\", queues: 2 }];");
	struct load_options options = {.must_run = true};
	struct fixture fixture;

	(void)state;
	load(&fixture, text);
	finish(&fixture);
	fixture.diag = diag_new();
	fixture.model = model_load_source(
		source_add_text(diag_sources(fixture.diag), "t", text, strlen(text)), &options,
		fixture.diag);
	assert_null(fixture.model);
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
	diag_free(fixture.diag);
}

/* What the topology counts on is what QEMU makes: as many MSIs, and none if none are said. */
static void own_virtio_functions(void **state)
{
	static const char options[] = ",romfile=,disable-legacy=on,iommu_platform=on,vectors=";
	struct fixture fixture;

	(void)state;
	load(&fixture,
	     COMPOSE("component VM vm_a;") CONFIGURE(
		     "system.machine = [{ pci: \"0:1.0\", model: \"virtio-rng-pci\", bars: [4096] }, "
		     "{ pci: \"0:2.0\", model: \"virtio-serial-pci\", bars: [4096], vectors: 12 }];"));
	assert_int_equal(fixture.model->slot_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const char *given = fixture.model->slots[i].model->options;

		assert_memory_equal(given, options, strlen(options));
		assert_string_equal(given + strlen(options), i == 0 ? "0" : "12");
	}
	finish(&fixture);
}

/* What a VM writes there would be in the next build. */
static void disk_of_topo(void **state)
{
	static const char text[] = COMPOSE("component VM vm_a;")
		CONFIGURE("system.machine = [{ pci: \"0:1.0\", model: \"nvme\", "
	                  "file: \"topo/configurations/peervisor.camkes\" }];");
	const struct load_options options = {.board = NULL};
	struct fixture fixture;

	(void)state;
	setenv("PEERVISOR_SHARE", "topo", 1);
	fixture.diag = diag_new();
	fixture.model = model_load_source(
		source_add_text(diag_sources(fixture.diag), "t", text, strlen(text)), &options,
		fixture.diag);
	assert_null(fixture.model);
	assert_int_equal(diag_count(fixture.diag, SEVERITY_ERROR), 1);
	diag_free(fixture.diag);
}

/* A kernel waits for its disks itself where a file of the user's may be what would wait in its place. */
static void files_that_start(void **state)
{
	static const struct {
		const char *from, *to;
		bool start;
	} cases[] = {
		{"Makefile", "/sbin/init", true},
		{"Makefile", "/bin/busybox", true},
		{"Makefile", "/bin/sh", true},
		{"Makefile", "/etc/init.d/late-and-long", true},
		{"Makefile", "/init2", false},
		{"Makefile", "/sbin/init/x", false},
		{"Makefile", "/bin/busybox.conf", false},
		{"Makefile", "/etc/init.dx", false},
		{"Makefile", "/etc/start.d/x", false},
		{"images/rootfs/skeleton/base/etc", "/etc", true},
		{"images/rootfs/skeleton/base/etc/init.d", "/etc/init.d", true},
		{"images/rootfs/skeleton/base/etc", "/", false},
		{"images/rootfs/skeleton/base", "/srv", false},
	};
	struct fixture fixture;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)snprintf(text, sizeof(text),
		               COMPOSE("component VM vm_a;")
		                       CONFIGURE("vm_a.files = [{ from: \"%s\", to: \"%s\" }];"),
		               cases[i].from, cases[i].to);
		load(&fixture, text);
		assert_int_equal(fixture.model->vms[0].files_start, cases[i].start);
		finish(&fixture);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(six_lines),
		cmocka_unit_test(names),
		cmocka_unit_test(separate_tenants),
		cmocka_unit_test(shared_bridge),
		cmocka_unit_test(driver_side),
		cmocka_unit_test(swiotlb),
		cmocka_unit_test(numeric_form),
		cmocka_unit_test(affinity),
		cmocka_unit_test(options_and_images),
		cmocka_unit_test(must_run),
		cmocka_unit_test(own_virtio_functions),
		cmocka_unit_test(disk_of_topo),
		cmocka_unit_test(files_that_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
