/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks of memory: RAM, pools, and where they lie in a guest's address space (docs/guest.md).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "topo/base/units.h"
#include "topo/checks/internal.h"
#include "topo/model/device_options.h"
#include "topo/resolve/defaults.h"

#define GUEST_END ((uint64_t)1 << PV_IPA_BITS)
/* docs/guest.md: interrupt controller and UARTs, which every guest has at these places. */
#define GUEST_DEVICES_BASE 0x08000000U
#define GUEST_DEVICES_BYTES 0x02000000U
#define RAM_LEAST_OTHER MIB(2) /* a guest of the user's own */
#define PAGE_BYTES ((uint64_t)PV_PAGE_BYTES)
#define BUFFER_LEAST 2048U /* bytes that a buffer in flight takes, on average at least */

static unsigned long long mib(uint64_t bytes)
{
	return (unsigned long long)((bytes + ((1U << 20) - 1)) >> 20);
}

/* What a VM takes of the board's RAM: its own, and the pools of its connections. */
static uint64_t vm_bytes(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	uint64_t sum = topology->model.vms[vm].ram_bytes;

	for (size_t i = 0; i < origin->used_count; i++) {
		uint64_t bytes = topology->model.connections[origin->used[i]].pool_bytes;

		if (__builtin_add_overflow(sum, bytes, &sum)) {
			return UINT64_MAX;
		}
	}
	return sum;
}

void check_ram_fits(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;
	uint64_t room = model->board->unknown
	                        ? UINT64_MAX
	                        : model->board->ram_bytes_max - model->board->ram_kernel_bytes;
	uint64_t sum = 0;
	size_t beyond = model->vm_count;

	for (size_t i = 0; i < model->vm_count; i++) {
		if (__builtin_add_overflow(sum, vm_bytes(topology, i), &sum)) {
			sum = UINT64_MAX;
		}
		if (sum > room && beyond == model->vm_count) {
			beyond = i;
		}
	}
	if (beyond == model->vm_count) {
		return;
	}
	if (rule_report(rules, &rule_ram_fits, vm_place(topology, beyond, VM_RAM_SIZE),
	                "with the %llu MiB of '%s' the VMs need %llu MiB of RAM; the board %s has "
	                "%llu MiB, %llu MiB of them for the kernel",
	                mib(vm_bytes(topology, beyond)), model->vms[beyond].suffix, mib(sum),
	                model->board->name, mib(model->board->ram_bytes_max),
	                mib(model->board->ram_kernel_bytes))) {
		diag_help(rules->diag, "ram_size says how much a VM has; disks without an image "
		                       "lie in the RAM of the device VM");
	}
}

RULE_TO_RUN(ram_fits, "ram-fits", WHOLE,
            "The RAM of all VMs, their pools and what the kernel needs are more than the board "
            "has.",
            "a board with RAM enough");

static struct ram_need need_of(const struct topology *topology, size_t index)
{
	const struct vm *vm = &topology->model.vms[index];

	if (vm->image.own_rootfs || vm->image.rootfs != NULL ||
	    vm->image.initrd_bytes.unpacked + vm->files_bytes.unpacked != 0) {
		return defaults_ram_need(topology, index);
	}
	return (struct ram_need){.bytes = RAM_LEAST_OTHER};
}

static bool is_small(const struct topology *topology, size_t index)
{
	return topology->model.vms[index].ram_bytes < need_of(topology, index).bytes;
}

/* Whether that was said of a VM before, which has the same size by the same words. */
static bool said_of_another(const struct topology *topology, size_t index)
{
	const struct place place = vm_place(topology, index, VM_RAM_SIZE);

	for (size_t i = 0; i < index; i++) {
		const struct place other = vm_place(topology, i, VM_RAM_SIZE);

		if (other.file == place.file && other.line == place.line &&
		    other.column == place.column && is_small(topology, i)) {
			return true;
		}
	}
	return false;
}

static void help_need(struct rules *rules, const struct ram_need *need)
{
	if (need->disks != 0) {
		diag_help(
			rules->diag,
			"%llu MiB of it are for what it serves: disks when all of them is written, "
			"pictures, shares",
			mib(need->disks));
	}
	if (need->files != 0) {
		diag_help(rules->diag,
		          "%llu MiB of it are for the files of its root file system, unpacked; the "
		          "rest is for Linux, and for their archive while it is unpacked",
		          mib(need->files));
	}
}

void check_ram_small(struct rules *rules, const struct topology *topology)
{
	const struct model *model = &topology->model;

	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];
		const struct ram_need need = need_of(topology, i);

		if (vm->ram_bytes >= need.bytes || said_of_another(topology, i)) {
			continue;
		}
		if (rule_report(rules, &rule_ram_small, vm_place(topology, i, VM_RAM_SIZE),
		                "'%s' needs at least %llu MiB of RAM, not %llu", vm->suffix,
		                mib(need.bytes), mib(vm->ram_bytes))) {
			help_need(rules, &need);
		}
	}
}

RULE(ram_small, "ram-small", ERROR, EACH,
     "Linux with the project's root file system does not reach user space with so little RAM, "
     "and disks that a device VM holds in its RAM need room there.");

static void check_ram_of(struct rules *rules, const struct topology *topology, size_t index)
{
	const struct vm *vm = &topology->model.vms[index];
	uint64_t end = 0;

	if (vm->ram_bytes % RAM_BLOCK_BYTES != 0) {
		if (rule_report(rules, &rule_ram_place, vm_place(topology, index, VM_RAM_SIZE),
		                "the RAM of '%s' is not a multiple of 2 MiB", vm->suffix)) {
			diag_help(rules->diag, "0x%" PRIx64 " would be one",
			          (vm->ram_bytes / RAM_BLOCK_BYTES + 1) * RAM_BLOCK_BYTES);
		}
	}
	if (vm->ram_base % RAM_BLOCK_BYTES != 0) {
		rule_report(rules, &rule_ram_place, vm_place(topology, index, VM_RAM_BASE),
		            "the RAM of '%s' does not begin at a multiple of 2 MiB", vm->suffix);
	}
	if (__builtin_add_overflow(vm->ram_base, vm->ram_bytes, &end) || end > GUEST_END) {
		if (rule_report(rules, &rule_ram_place, vm_place(topology, index, VM_RAM_BASE),
		                "the RAM of '%s' ends above a guest's address space of %u bits",
		                vm->suffix, PV_IPA_BITS)) {
			diag_help(rules->diag, "the default is 0x%x", DEFAULT_RAM_BASE);
		}
	}
}

void check_ram_place(const struct check_vm *at)
{
	/* What is too small was said. */
	if (rule_is_off(at->rules, &rule_ram_small) || !is_small(at->topology, at->index)) {
		check_ram_of(at->rules, at->topology, at->index);
	}
}

RULE_TO_RUN(ram_place, "ram-place", EACH,
            "RAM is made of 2 MiB blocks and lies in a guest's address space of 39 bits.",
            "RAM in whole blocks that a guest can address");

static void check_in_ram(struct rules *rules, const struct topology *topology, size_t index,
                         uint64_t address, enum vm_attribute attribute, const char *what)
{
	const struct vm *vm = &topology->model.vms[index];

	const struct vm_origin *origin = &topology->vm_origins[index];

	if (origin->failed[VM_RAM_BASE] || origin->failed[VM_RAM_SIZE]) {
		return;
	}
	if (address != 0 && (address < vm->ram_base || address - vm->ram_base >= vm->ram_bytes)) {
		rule_report(rules, &rule_boot_place, vm_place(topology, index, attribute),
		            "the %s of '%s' at 0x%" PRIx64 " is not in its RAM", what, vm->suffix,
		            address);
	}
}

void check_boot_place(const struct check_vm *at)
{
	check_in_ram(at->rules, at->topology, at->index, at->vm->dtb_addr, VM_DTB_ADDR,
	             "device tree");
	check_in_ram(at->rules, at->topology, at->index, at->vm->initrd_addr, VM_INITRD_ADDR,
	             "initrd");
	check_in_ram(at->rules, at->topology, at->index, at->vm->kernel_entry, VM_KERNEL_ENTRY,
	             "kernel");
}

RULE(boot_place, "boot-place", ERROR, EACH,
     "Kernel, initrd and device tree are put into the VM's RAM: their addresses must lie in it.");

/* virtio 1.2, 2.7: rings of a queue, and a small buffer for each descriptor; of a gpu its picture. */
static uint64_t pool_need(const struct connection *connection)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < connection->device_count; i++) {
		const struct device *device = &connection->devices[i];
		uint64_t size = device->queue_size;
		uint64_t rings = 16 * size + 6 + 2 * size + 6 + 8 * size;
		uint64_t pages = (rings + PAGE_BYTES - 1) / PAGE_BYTES + 1;

		sum += device_queue_count(device) * (pages * PAGE_BYTES + size * BUFFER_LEAST) +
		       device_picture_bytes(device);
	}
	return sum;
}

static bool has_picture(const struct connection *connection)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		if (device_picture_bytes(&connection->devices[i]) != 0) {
			return true;
		}
	}
	return false;
}

void check_pool_size(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct connection_origin *origin = &topology->connection_origins[i];
		struct place place = origin->pool_bytes;
		uint64_t needed = pool_need(connection);

		if (!connection->swiotlb) {
			continue;
		}
		if (connection->pool_bytes % RAM_BLOCK_BYTES != 0 || connection->pool_bytes == 0) {
			rule_report(rules, &rule_pool_size, place,
			            "a pool is a multiple of 2 MiB, not %" PRIu64 " bytes",
			            connection->pool_bytes);
		} else if (connection->pool_bytes < needed) {
			if (rule_report(rules, &rule_pool_size, place,
			                "the queues%s of this connection need a pool of %llu MiB, "
			                "not %llu",
			                has_picture(connection) ? " and pictures" : "", mib(needed),
			                mib(connection->pool_bytes))) {
				diag_help(
					rules->diag,
					"make the pool larger by _memdev.size, or the queues smaller by "
					"queue_size%s",
					has_picture(connection)
						? ", the pictures by width and height"
						: "");
			}
		}
	}
}

RULE(pool_size, "pool-size", ERROR, EACH,
     "A pool holds the queues of its connection and every buffer that is in flight, and what a gpu "
     "shows. One that is too small for its queues makes the driver VM fail at boot, one that is too "
     "small for a picture when it draws.");

/* A range of a guest's address space, for finding overlaps. */
struct placed {
	struct range range;
	const char *what;
};

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left;
	const struct placed *b = right;

	return (a->range.base > b->range.base) - (a->range.base < b->range.base);
}

/* Address 0 is one that layout decides. */
static void add_placed(struct placed *list, size_t *count, uint64_t base, uint64_t bytes,
                       struct place place, const char *what)
{
	if (base != 0) {
		list[(*count)++] = (struct placed){{base, bytes, place}, what};
	}
}

/* What the topology places in the address space of VM @vm by itself. */
static size_t collect_placed(const struct topology *topology, size_t vm, struct placed *list)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	const struct connection_origin *places = topology->connection_origins;
	const struct model *model = &topology->model;
	size_t count = 0;

	if (!origin->failed[VM_RAM_BASE] && !origin->failed[VM_RAM_SIZE]) {
		list[count++] = (struct placed){
			{model->vms[vm].ram_base, model->vms[vm].ram_bytes,
		         vm_place(topology, vm, VM_RAM_BASE)},
			"the RAM",
		};
	}
	add_placed(list, &count, GUEST_DEVICES_BASE, GUEST_DEVICES_BYTES, model->vms[vm].place,
	           "the interrupt controller and UARTs of a guest");
	for (size_t i = 0; i < origin->served_count; i++) {
		const struct connection *connection = &model->connections[origin->served[i]];
		uint64_t bytes = connection->swiotlb ? connection->pool_bytes
		                                     : model->vms[connection->driver_vm].ram_bytes;

		add_placed(list, &count, connection->device_data_base, bytes,
		           places[origin->served[i]].device_data_base,
		           "the memdev of a connection");
		add_placed(list, &count, connection->device_ctrl_base, 2 * PAGE_BYTES,
		           places[origin->served[i]].device_ctrl_base, "the iobuf of a connection");
	}
	for (size_t i = 0; i < origin->used_count; i++) {
		const struct connection *connection = &model->connections[origin->used[i]];

		add_placed(list, &count, connection->driver_data_base, connection->pool_bytes,
		           places[origin->used[i]].driver_data_base, "the pool of a connection");
	}
	return count;
}

static void check_overlap_in(struct rules *rules, const struct topology *topology, size_t vm,
                             struct placed *list)
{
	size_t count = collect_placed(topology, vm, list);

	qsort(list, count, sizeof(*list), compare_placed);
	const struct placed *before = list;

	for (size_t i = 1; i < count; i++) {
		const struct placed *now = &list[i];
		uint64_t distance = now->range.base - before->range.base;

		if (distance < before->range.bytes &&
		    rule_report(rules, &rule_guest_overlap, now->range.place,
		                "in '%s' %s at 0x%" PRIx64 " overlaps %s at 0x%" PRIx64
		                " with 0x%" PRIx64 " bytes",
		                topology->model.vms[vm].suffix, now->what, now->range.base,
		                before->what, before->range.base, before->range.bytes)) {
			diag_note(rules->diag, before->range.place, "the other range");
		}
		/* The one that ends last is the one that the next can overlap. */
		if (distance >= before->range.bytes ||
		    now->range.bytes >= before->range.bytes - distance) {
			before = now;
		}
	}
}

void check_guest_overlap(const struct check_vm *at)
{
	size_t most = 2 + 2 * at->origin->served_count + at->origin->used_count;
	struct placed *list = calloc(most, sizeof(*list));

	if (list != NULL) {
		check_overlap_in(at->rules, at->topology, at->index, list);
	}
	free(list);
}

RULE(guest_overlap, "guest-overlap", ERROR, EACH,
     "Two ranges of one VM's guest-physical addresses overlap: RAM, pools, shared memory of "
     "connections, or devices.");

void check_swiotlb_off(struct rules *rules, const struct topology *topology)
{
	for (size_t i = 0; i < topology->model.connection_count; i++) {
		const struct connection *connection = &topology->model.connections[i];
		const struct vm *vms = topology->model.vms;

		if (connection->swiotlb) {
			continue;
		}
		if (rule_report(rules, &rule_swiotlb_off, connection->place,
		                "VMSWIOTLB=0: '%s' can read and write all RAM of '%s'",
		                vms[connection->device_vm].suffix,
		                vms[connection->driver_vm].suffix)) {
			diag_help(rules->diag,
			          "with VMSWIOTLB=1, the default, it sees an 8 MiB pool");
		}
	}
}

RULE(swiotlb_off, "swiotlb-off", ADVICE, EACH,
     "With VMSWIOTLB=0 the device VM can read and write all RAM of the driver VM. With "
     "VMSWIOTLB=1, the default, it sees the 8 MiB pool of the connection and nothing else.");
