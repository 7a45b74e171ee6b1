/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Filling in what was left out: devices, then VMs, then processors. Networks, whose defaults
 * depend on each other, are in topo/resolve/default_networks.c.
 */
#include "topo/resolve/defaults.h"

#include <string.h>

#include "lib/bits.h"
#include "topo/base/units.h"
#include "topo/model/device_options.h"
#include "topo/model/medium.h"
#include "topo/resolve/default_command.h"
#include "topo/resolve/default_networks.h"
#include "topo/resolve/default_priorities.h"

/* panic=-1: a guest that cannot go on ends at once, and topo says so. */

/*
 * The RAM of a Linux VM. The kernel, its table of pages and its own page tables are taken away
 * first. An initial root file system lies there as the archive and as what was unpacked of it, and
 * what was unpacked may take half of what is left beside the archive (Linux, mm/shmem.c). The
 * project's own init lifts that limit afterwards to all but LINUX_BYTES, for the disks that a
 * device VM holds in files: those that were made empty, and images that grow.
 */
#define ROOTFS_BYTES MIB(17)
#define ROOTFS_DEVICE_BYTES MIB(37) /* of a VM that serves: with back ends */
#define ROOTFS_GPU_BYTES MIB(8)     /* beside it, where gpu devices are served */
#define ROOTFS_FS_BYTES MIB(2)      /* likewise fs */
/* Behind a root file system of the user's: what starts it, and likewise. */
#define ROOTFS_FRONT_BYTES MIB(5)
#define ROOTFS_FRONT_DEVICE_BYTES MIB(30)
#define GPU_BYTES MIB(15)   /* of a gpu at work: its program */
#define GPU_PICTURES 3U     /* beside it: two that the driver VM draws, and the frame */
#define SHARE_BYTES MIB(32) /* of the file system of an fs device */
#define KERNEL_BYTES MIB(14)
#define KERNEL_OTHER_BYTES MIB(32)
#define PAGES_SHARE 56U         /* one in so many bytes of RAM is for tables */
#define LINUX_BYTES MIB(40)     /* kernel and programs at work */
#define RAM_SPARE_BYTES MIB(32) /* by default above what is needed */
#define RAM_DEFAULT_STEP MIB(32)
#define DISK_LEAST_BYTES MIB(8)

/* Above a multiple of 2 MiB: where arm64 kernels before Linux 5.10 begin. */
#define OLD_TEXT_OFFSET 0x80000U

#define DEFAULT_CMDLINE "console=ttyAMA0 quiet loglevel=4 panic=-1"
/* What a root file system of the user's is started by (images/rootfs/skeleton/front). */
#define ROOTFS_CMDLINE "rdinit=/" ROOT_OURS "/init"

/* One network interface and one disk. */
static void default_devices(struct topology *topology, size_t index)
{
	struct connection *connection = &topology->model.connections[index];
	static const enum device_type types[] = {DEVICE_NET, DEVICE_BLK};
	size_t count = ARRAY_COUNT(types);

	if (topology->connection_origins[index].devices_given) {
		return;
	}
	connection->devices = arena_alloc(topology->arena, count * sizeof(struct device));
	for (size_t i = 0; i < count; i++) {
		connection->devices[i].type = types[i];
		connection->devices[i].place = connection->place;
	}
	connection->device_count = count;
}

static void default_blk(struct device *device)
{
	if (device->format == NULL) {
		device->format = "raw";
	}
}

static void default_device(struct topology *topology, size_t connection, size_t index)
{
	struct device *device = &topology->model.connections[connection].devices[index];

	if (device->queue_pairs_or_queues == 0) {
		device->queue_pairs_or_queues = 1;
	}
	if (device->queue_size == 0) {
		device->queue_size =
			device->type == DEVICE_BLK ? DEFAULT_BLK_QUEUE_SIZE : DEFAULT_QUEUE_SIZE;
	}
	if (device->type == DEVICE_BLK) {
		default_blk(device);
	} else if (device->type == DEVICE_VSOCK && device->cid == 0) {
		device->cid = 3 + connection;
	} else if (device->type == DEVICE_FS && device->tag == NULL) {
		device->tag = arena_printf(topology->arena, "share%u", device->id);
	} else if (device->type == DEVICE_GPU) {
		device->width = device->width == 0 ? DEFAULT_WIDTH : device->width;
		device->height = device->height == 0 ? DEFAULT_HEIGHT : device->height;
	}
}

static void default_connection(struct topology *topology, size_t index)
{
	struct connection *connection = &topology->model.connections[index];

	if (!connection->swiotlb) {
		connection->pool_bytes = 0;
	} else if (!topology->connection_origins[index].pool_given) {
		connection->pool_bytes = DEFAULT_POOL_BYTES;
	}
	default_devices(topology, index);
	for (size_t i = 0; i < connection->device_count; i++) {
		default_device(topology, index, i);
	}
}

/* Bytes of the files that hold the disks a VM serves, and what else its devices take. */
struct disk_sums {
	uint64_t images; /* as they come with the root file system */
	uint64_t more;   /* what is made, or grows, beyond that */
	size_t unsized;  /* empty ones whose size is not decided yet */
};

static void add_bytes(uint64_t *sum, uint64_t bytes)
{
	if (__builtin_add_overflow(*sum, bytes, sum)) {
		*sum = UINT64_MAX;
	}
}

static void add_device(struct disk_sums *sums, const struct device *device)
{
	if (device->type == DEVICE_FS) {
		add_bytes(&sums->more, SHARE_BYTES);
	} else if (device->type == DEVICE_GPU) {
		add_bytes(&sums->more, GPU_BYTES + GPU_PICTURES * device_picture_bytes(device));
	}
	if (device->type != DEVICE_BLK || device_medium(device) != NULL) {
		return;
	}
	if (device->disk == NULL) {
		add_bytes(&sums->more, device->disk_bytes);
		sums->unsized += device->disk_bytes == 0 ? 1 : 0;
	} else {
		add_bytes(&sums->images, device->file_bytes);
		add_bytes(&sums->more, device->grown_bytes > device->file_bytes
		                               ? device->grown_bytes - device->file_bytes
		                               : 0);
	}
}

static struct disk_sums disk_sums(const struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	struct disk_sums sums = {0, 0, 0};

	for (size_t i = 0; i < origin->served_count; i++) {
		const struct connection *connection =
			&topology->model.connections[origin->served[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			add_device(&sums, &connection->devices[j]);
		}
	}
	return sums;
}

static bool serves_type(const struct topology *topology, size_t vm, enum device_type type)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	bool found = false;

	for (size_t i = 0; i < origin->served_count; i++) {
		const struct connection *connection =
			&topology->model.connections[origin->served[i]];
		for (size_t j = 0; j < connection->device_count; j++) {
			found = found || connection->devices[j].type == type;
		}
	}
	return found;
}

/* The project's own root file system in VM @vm, or what goes behind one of the user's. */
static uint64_t own_rootfs_bytes(const struct topology *topology, size_t vm)
{
	const bool users = topology->model.vms[vm].image.rootfs != NULL;
	const bool serves = topology->vm_origins[vm].served_count != 0;
	uint64_t bytes = users ? ROOTFS_FRONT_BYTES : ROOTFS_BYTES;

	if (serves) {
		bytes = users ? ROOTFS_FRONT_DEVICE_BYTES : ROOTFS_DEVICE_BYTES;
	}
	bytes += serves_type(topology, vm, DEVICE_GPU) ? ROOTFS_GPU_BYTES : 0;
	bytes += serves_type(topology, vm, DEVICE_FS) ? ROOTFS_FS_BYTES : 0;
	return bytes;
}

/* The root file system of a VM, as a file and in RAM, without the disks. */
static struct archive_bytes rootfs_bytes(const struct topology *topology, size_t vm)
{
	const struct vm_image *image = &topology->model.vms[vm].image;
	const uint64_t own = own_rootfs_bytes(topology, vm);
	struct archive_bytes bytes = topology->model.vms[vm].files_bytes;
	const bool is_own = image->own_rootfs || image->place.file == NULL;

	if (is_own || image->rootfs != NULL) {
		add_bytes(&bytes.file, own);
		add_bytes(&bytes.unpacked, own);
	}
	if (!is_own) {
		add_bytes(&bytes.file, image->initrd_bytes.file);
		add_bytes(&bytes.unpacked, image->initrd_bytes.unpacked);
	}
	return bytes;
}

/* The RAM that leaves @bytes beside the tables of its pages. */
static uint64_t with_tables(uint64_t bytes)
{
	add_bytes(&bytes, bytes / (PAGES_SHARE - 1));
	return bytes;
}

struct ram_need defaults_ram_need(const struct topology *topology, size_t vm)
{
	const struct vm_image *image = &topology->model.vms[vm].image;
	const bool own = image->own_rootfs || image->rootfs != NULL || image->place.file == NULL;
	const bool own_kernel = image->own_kernel || image->place.file == NULL;
	const struct archive_bytes rootfs = rootfs_bytes(topology, vm);
	const struct disk_sums sums = disk_sums(topology, vm);
	struct ram_need need = {.files = rootfs.unpacked};
	uint64_t files = rootfs.unpacked;
	uint64_t running = files;
	uint64_t unpacking = rootfs.file;

	add_bytes(&need.disks, sums.images);
	add_bytes(&need.disks, sums.more);
	add_bytes(&files, own ? sums.images : need.disks);
	add_bytes(&unpacking, sums.images);
	add_bytes(&unpacking, files);
	add_bytes(&unpacking, files);
	add_bytes(&running, need.disks);
	add_bytes(&running, own ? LINUX_BYTES : 0);
	need.bytes = running > unpacking ? running : unpacking;
	add_bytes(&need.bytes, own_kernel ? KERNEL_BYTES : KERNEL_OTHER_BYTES);
	need.bytes = with_tables(need.bytes);
	return need;
}

/* The largest size that @count disks can have in the given RAM of a VM, beside all else. */
static uint64_t room_for_disks(const struct topology *topology, size_t vm, size_t count)
{
	const uint64_t ram = topology->model.vms[vm].ram_bytes;
	const uint64_t need = defaults_ram_need(topology, vm).bytes;
	const uint64_t free = ram > need ? ram - need - (ram - need) / PAGES_SHARE : 0;
	const uint64_t room = (free / count) & ~(MIB(1) - 1);

	return room < DISK_LEAST_BYTES ? DISK_LEAST_BYTES : room;
}

/* Disks of no given size: 128 MiB, or what the RAM that was given has room for. */
static void size_disks(struct topology *topology, size_t vm)
{
	const struct vm_origin *origin = &topology->vm_origins[vm];
	const size_t unsized = disk_sums(topology, vm).unsized;
	uint64_t bytes = DEFAULT_DISK_BYTES;

	if (topology->model.vms[vm].ram_bytes != 0 && unsized != 0) {
		const uint64_t room = room_for_disks(topology, vm, unsized);

		bytes = room < bytes ? room : bytes;
	}
	for (size_t i = 0; i < origin->served_count; i++) {
		struct connection *connection = &topology->model.connections[origin->served[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			struct device *device = &connection->devices[j];

			if (device->type != DEVICE_BLK || device->disk != NULL) {
				continue;
			}
			if (device->disk_bytes == 0) {
				device->disk_bytes = bytes;
			}
			device->grown_bytes = device->disk_bytes;
		}
	}
}

static uint64_t default_ram(const struct topology *topology, size_t vm)
{
	bool serves = topology->vm_origins[vm].served_count != 0;
	uint64_t least = serves ? DEFAULT_RAM_SERVING : DEFAULT_RAM_OTHER;
	uint64_t bytes = defaults_ram_need(topology, vm).bytes;

	add_bytes(&bytes, RAM_SPARE_BYTES + RAM_DEFAULT_STEP - 1);
	bytes &= ~(RAM_DEFAULT_STEP - 1);
	return bytes < least ? least : bytes;
}

static void default_vm(struct topology *topology, size_t index)
{
	struct vm *vm = &topology->model.vms[index];
	const struct vm_origin *origin = &topology->vm_origins[index];

	if (vm->vcpu_count == 0) {
		vm->vcpu_count = 1;
	}
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		if (vm_attribute_row(i)->usual != 0 && !vm_read(origin, i)) {
			vm_attribute_set_number(i, vm, vm_attribute_row(i)->usual);
		}
	}
	if (!vm_read(origin, VM_RAM_BASE)) {
		vm->ram_base = DEFAULT_RAM_BASE;
	}
	size_disks(topology, index);
	if (vm->ram_bytes == 0) {
		vm->ram_bytes = default_ram(topology, index);
	}
	if (vm->image.place.file == NULL) {
		vm->image.own_kernel = true;
		vm->image.own_rootfs = true;
		vm->image.place = vm->place;
	}
	if (vm->image.own_kernel && vm->kernel_entry % RAM_BLOCK_BYTES == OLD_TEXT_OFFSET &&
	    !topology->model.board->unknown) {
		vm->kernel_entry -= OLD_TEXT_OFFSET;
		topology->vm_origins[index].kernel_moved = true;
	}
	if (vm->image.cmdline == NULL) {
		vm->image.cmdline = DEFAULT_CMDLINE;
	}
	if (vm->image.rootfs != NULL && strstr(vm->image.cmdline, ROOTFS_CMDLINE) == NULL) {
		vm->image.cmdline =
			arena_printf(topology->arena, "%s%s" ROOTFS_CMDLINE, vm->image.cmdline,
		                     vm->image.cmdline[0] != '\0' ? " " : "");
	}
	if (!vm_given(origin, VM_AGENT)) {
		vm->agent = vm->image.own_rootfs || vm->image.rootfs != NULL;
	}
	command_default(topology->arena, vm, vm_given(origin, VM_COMMAND));
}

/* As many CPUs as there are vCPUs, up to four, and as many as _affinity speaks of. */
static uint32_t default_cpu_count(const struct model *model)
{
	uint64_t vcpus = 0;
	uint32_t named = 1;

	for (size_t i = 0; i < model->vm_count; i++) {
		vcpus += model->vms[i].vcpu_count;
		for (size_t j = 0; j < PV_DOMAIN_VCPUS_MAX; j++) {
			if (model->vms[i].affinity[j] >= (int32_t)named) {
				named = (uint32_t)model->vms[i].affinity[j] + 1;
			}
		}
	}
	uint32_t count = vcpus < DEFAULT_CPUS_MAX ? (uint32_t)vcpus : DEFAULT_CPUS_MAX;

	count = count < named ? named : count;
	return count < model->board->cpu_max ? count : model->board->cpu_max;
}

/* The work that is expected on each physical CPU. */
struct cpu_loads {
	size_t work[PV_CPUS_MAX];
	uint32_t count;
};

/* Of a vCPU of VM @index: its own, and what each VM that it serves makes. */
static size_t work_of(const struct topology *topology, size_t index)
{
	return 1 + topology->vm_origins[index].served_count;
}

/* The CPU with the least work; one of those that @used (a bit each) has not, if there is one. */
static uint32_t least_loaded(const struct cpu_loads *loads, uint32_t used)
{
	uint32_t best = 0;
	bool best_used = true;

	for (uint32_t cpu = 0; cpu < loads->count; cpu++) {
		bool is_used = (used & 1U << cpu) != 0;

		if (cpu == 0 || (best_used && !is_used) ||
		    (best_used == is_used && loads->work[cpu] < loads->work[best])) {
			best = cpu;
			best_used = is_used;
		}
	}
	return best;
}

static void pin_vm(struct vm *vm, size_t work, struct cpu_loads *loads)
{
	uint32_t used = 0;

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		if (vm->affinity[i] >= 0 && (uint32_t)vm->affinity[i] < loads->count) {
			used |= 1U << (uint32_t)vm->affinity[i];
		}
	}
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		if (vm->affinity[i] >= 0) {
			continue;
		}
		uint32_t cpu = least_loaded(loads, used);

		vm->affinity[i] = (int32_t)cpu;
		used |= 1U << cpu;
		loads->work[cpu] += work;
	}
	/* What was given for vCPUs that are not there says nothing. */
	for (uint32_t i = vm->vcpu_count; i < PV_DOMAIN_VCPUS_MAX; i++) {
		vm->affinity[i] = 0;
	}
}

/*
 * Each vCPU goes to the CPU with the least work so far: those that were given first, then those of
 * VMs that serve, beside which the others come to lie.
 */
static void default_affinities(struct topology *topology)
{
	struct model *model = &topology->model;
	struct cpu_loads loads = {.count = model->cpu_count};

	if (loads.count == 0 || loads.count > PV_CPUS_MAX) {
		loads.count = loads.count == 0 ? 1 : PV_CPUS_MAX;
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		const struct vm *vm = &model->vms[i];

		for (uint32_t j = 0; j < vm->vcpu_count; j++) {
			if (vm->affinity[j] >= 0 && (uint32_t)vm->affinity[j] < loads.count) {
				loads.work[vm->affinity[j]] += work_of(topology, i);
			}
		}
	}
	for (uint32_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < model->vm_count; i++) {
			bool serves = topology->vm_origins[i].served_count != 0;

			if (serves == (round == 0)) {
				pin_vm(&model->vms[i], work_of(topology, i), &loads);
			}
		}
	}
}

void defaults_fill(struct topology *topology)
{
	struct model *model = &topology->model;

	for (size_t i = 0; i < model->connection_count; i++) {
		default_connection(topology, i);
	}
	default_networks(topology);
	default_priorities(topology);
	for (size_t i = 0; i < model->vm_count; i++) {
		default_vm(topology, i);
	}
	if (model->cpu_count == 0) {
		model->cpu_count = default_cpu_count(model);
	}
	default_affinities(topology);
	default_budgets(topology);
}
