/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Builds a system: files in, image out. See topo/image/system.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/agent.h"
#include "abi/mux.h"
#include "lib/bits.h"
#include "topo/base/arena.h"
#include "topo/base/output.h"
#include "topo/base/share.h"
#include "topo/diag/diag.h"
#include "topo/image/facts.h"
#include "topo/image/image.h"
#include "topo/image/payload.h"
#include "topo/image/slots.h"
#include "topo/image/system.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"
#include "topo/model/hardware.h"
#include "topo/model/model.h"
#include "topo/rootfs/vm_files.h"

/* The process ends when there is no memory. */
static void *must(void *memory)
{
	if (!memory) {
		fprintf(stderr, "topo: no memory\n");
		exit(3);
	}
	return memory;
}

/* A signal says nothing of the file: it ends topo, or is what topo run was waiting for. */
static bool write_file(const char *path, const struct image *image, struct diag *diag)
{
	const int error = output_write(path, image->data, image->bytes);

	if (error != 0 && error != EINTR) {
		diag_error(diag, PLACE_NONE, "cannot write the image '%s': %s", path,
		           strerror(error));
	}
	return error == 0;
}

static void describe_hardware(const struct model *model, uint32_t vm, struct system_vm *out)
{
	struct arena *arena = arena_new();
	const struct hardware hardware = hardware_of(model, vm, arena);

	out->hardware_more =
		hardware.count > SYSTEM_HARDWARE_MAX ? hardware.count - SYSTEM_HARDWARE_MAX : 0;
	out->hardware = must(calloc(SYSTEM_HARDWARE_MAX, sizeof(*out->hardware)));
	for (size_t i = 0; i < hardware.count && i < SYSTEM_HARDWARE_MAX; i++) {
		const struct hardware_unit *unit = &hardware.units[i];

		out->hardware[out->hardware_count++] = (struct system_hardware){
			.name = must(strdup(unit->name)),
			.where = must(strdup(unit->where)),
			.dma = hardware_dma_name(unit->dma),
			.messages = hardware_messages_name(unit->messages),
			.has_stream = unit->pci,
			.stream = unit->id,
		};
	}
	arena_free(arena);
}

/* What is given as lines, each ended by a NUL: how an agent takes a command. */
static char *words_of(const char *lines, size_t *bytes)
{
	char *words = must(strdup(lines));

	*bytes = strlen(lines);
	for (size_t i = 0; i < *bytes; i++) {
		words[i] = lines[i] == '\n' ? '\0' : lines[i];
	}
	return words;
}

static const char *guest_programs(const struct vm *vm)
{
	return vm->image.rootfs == NULL ? "/usr/sbin" : "/" ROOT_OURS "/bin";
}

/* images/rootfs/health.c */
static void describe_health(const struct vm *vm, struct system_vm *out)
{
	struct arena *arena = arena_new();
	const char *lines =
		arena_printf(arena, "%s/health\n%" PRIu32 "\n%" PRIu32 "\n%s\n", guest_programs(vm),
	                     vm->health.interval_ms, vm->health.retries, vm_health_path(vm));

	if (vm->health.word_count != 0) {
		out->health = words_of(lines, &out->health_bytes);
	}
	arena_free(arena);
}

/* images/rootfs/once.c */
static void describe_result(const struct vm *vm, struct system_vm *out)
{
	const char *result = vm_result_path(vm);
	struct arena *arena = arena_new();

	if (result != NULL) {
		out->result = words_of(
			arena_printf(arena, "%s/once\nwait\n%s\n", guest_programs(vm), result),
			&out->result_bytes);
	}
	arena_free(arena);
}

/* images/rootfs/skeleton/base/usr/sbin/pools, and what it tells of. */
static void describe_pool(const struct model *model, const struct layout_connection *laid,
                          const struct connection *connection, struct system *out)
{
	const struct vm *vm = &model->vms[connection->driver_vm];
	struct system_vm *told = &out->vms[connection->driver_vm];
	struct system_connection *described = &out->connections[connection - model->connections];
	struct arena *arena = arena_new();

	if (connection->swiotlb) {
		described->pool_ipa = laid->driver_memory_ipa;
		described->pool_bytes = laid->memory_bytes;
		if (vm->agent && told->pools == NULL) {
			told->pools =
				words_of(arena_printf(arena, "%s/pools\n", guest_programs(vm)),
			                 &told->pools_bytes);
		}
	}
	arena_free(arena);
}

/* Where the machine has the RAM of VM @vm is the layout's choice; a page of the build machine's may be larger
 * than one of the machine's. */
static void describe_window(const struct model *model, uint32_t vm, const struct layout *layout,
                            struct system_vm *out)
{
	const struct pv_region *ram = &layout->tables.regions[layout->vms[vm].ram_region];

	if (model->vms[vm].agent) {
		out->window_at = ((uint64_t)ram->page << PV_PAGE_SHIFT) - model->board->ram_base +
		                 layout_agent_window(&model->vms[vm]) - model->vms[vm].ram_base;
		out->has_window = is_aligned(out->window_at, PV_AGENT_WINDOW_BYTES);
	}
}

static void describe(const struct model *model, const struct payloads *payloads,
                     const struct image *image, const char *path, enum system_use use,
                     struct system *out)
{
	*out = (struct system){
		.name = must(strdup(model->name)),
		.image_path = must(strdup(path)),
		.image_at = image->layout->load_base - model->board->ram_base,
		.qemu_machine = model->board->qemu_machine,
		.qemu_cpu = model->board->qemu_cpu,
		.ram_bytes = image->layout->ram_bytes,
		.cpu_count = model->cpu_count,
		.vms = must(calloc(model->vm_count, sizeof(*out->vms))),
		.vm_count = model->vm_count,
		.connections = must(calloc(model->connection_count + 1, sizeof(*out->connections))),
		.connection_count = model->connection_count,
	};
	slots_describe(model, path, out);
	for (size_t i = 0; i < model->vm_count; i++) {
		const char *description = model->vms[i].description;

		out->vms[i] = (struct system_vm){
			.name = must(strdup(model->vms[i].name)),
			.description = description ? must(strdup(description)) : NULL,
			.vcpu_count = model->vms[i].vcpu_count,
			.channel_first = image->layout->tables.domains[i].channel_first,
			.overhead_bytes = layout_overhead(image->layout, (uint32_t)i),
			.ram_bytes = model->vms[i].ram_bytes,
			.starts_off = !model->vms[i].autostart,
			.agent = model->vms[i].agent,
		};
		describe_window(model, (uint32_t)i, image->layout, &out->vms[i]);
		describe_health(&model->vms[i], &out->vms[i]);
		describe_result(&model->vms[i], &out->vms[i]);
		describe_hardware(model, (uint32_t)i, &out->vms[i]);
		facts_describe(model, payloads, (uint32_t)i, use, &out->vms[i]);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];
		struct system_connection *described = &out->connections[i];
		*described = (struct system_connection){
			.device_vm = connection->device_vm,
			.driver_vm = connection->driver_vm,
			.device_count = (uint32_t)connection->device_count,
		};
		describe_pool(model, &image->layout->connections[i], connection, out);
		/* The layout has refused a VM that uses more devices than there is room for. */
		for (size_t j = 0; j < connection->device_count; j++) {
			described->device_types[j] = device_type_name(connection->devices[j].type);
		}
	}
}

static bool seed(struct image *image, struct diag *diag)
{
	const bool done = image_seed(image);

	if (!done) {
		diag_error(diag, PLACE_NONE, "the system gives no random bytes: %s",
		           strerror(errno));
	}
	return done;
}

int system_build(const struct model *model, const char *image_path, enum system_use use,
                 struct diag *diag, struct system *out)
{
	struct payloads *payloads = payloads_load(model, share_directory(), PAYLOADS_WHOLE, diag);
	struct image *image = payloads ? image_make(model, payloads, diag) : NULL;
	int result = -1;

	if (image && ((use == SYSTEM_FOR_RUN && !seed(image, diag)) ||
	              !write_file(image_path, image, diag) ||
	              !slots_make_files(model, image_path, use, diag))) {
		result = SYSTEM_REFUSED;
	} else if (image) {
		describe(model, payloads, image, image_path, use, out);
		result = 0;
	}
	image_free(image);
	payloads_free(payloads);
	return result;
}

bool system_fits(const struct model *model, struct diag *diag)
{
	const size_t errors = diag_count(diag, SEVERITY_ERROR);

	if (!model->board->runs) {
		return true;
	}
	struct payloads *payloads = payloads_load(model, share_directory(), PAYLOADS_SIZES, diag);

	if (payloads != NULL) {
		(void)image_fits(model, payloads, diag);
	} else if (diag_count(diag, SEVERITY_ERROR) == errors) {
		(void)layout_fits(model, diag);
	}
	payloads_free(payloads);
	(void)slots_check_files(model, diag);
	return diag_count(diag, SEVERITY_ERROR) == errors;
}

void system_free(struct system *system)
{
	for (size_t i = 0; i < system->vm_count; i++) {
		free(system->vms[i].name);
		free(system->vms[i].description);
		free(system->vms[i].health);
		free(system->vms[i].result);
		free(system->vms[i].pools);
		for (size_t j = 0; j < system->vms[i].hardware_count; j++) {
			free(system->vms[i].hardware[j].name);
			free(system->vms[i].hardware[j].where);
		}
		free(system->vms[i].hardware);
		facts_free(&system->vms[i]);
	}
	for (size_t i = 0; i < system->slot_word_count; i++) {
		free(system->slot_words[i]);
	}
	free(system->slot_words);
	free(system->vms);
	free(system->connections);
	free(system->name);
	free(system->image_path);
	memset(system, 0, sizeof(*system));
}
