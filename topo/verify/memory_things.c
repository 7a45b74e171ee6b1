/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every piece of memory that follows from a topology, with everybody who should reach it and how,
 * see topo/verify/memory.h. This table of functions is the intent:
 *
 *   thing                    reached by
 *   RAM of a VM              its guest RWX; its PCI functions RW where an SMMU confines them; with
 *                            VMSWIOTLB=0 each VM that serves it RW
 *   segment of the VMM       its VMM, as its program says; all VMMs, where none writes it
 *   stack of the VMM         its VMM RW
 *   configuration            its VMM RW: it takes its seed
 *   iobuf page 0             the driver VM's VMM RW, the device VM's guest R
 *   iobuf page 1             the driver VM's VMM R, the device VM's guest RW
 *   pool                     both guests RW
 *   in-flight records        the device VM's guest RW
 *   loader                   all guests RX
 *   what a loader is told    its guest R
 *   what a loader loads      all guests R whose loaders do
 *   kernel, stage-2 tables   nobody
 */
#include <inttypes.h>

#include "topo/verify/hardware.h"

#define STACK_PAGES 4U

#define R ((uint32_t)PV_RIGHT_READ)
#define RX (PV_RIGHT_READ | PV_RIGHT_EXEC)
#define RW (PV_RIGHT_READ | PV_RIGHT_WRITE)
#define RWX (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC)

static uint32_t add_thing(struct memory *memory, const char *name, uint64_t pages)
{
	struct thing *thing = ARENA_ADD(memory->v->arena, memory->things, memory->thing_count);

	*thing = (struct thing){.name = name, .pages = pages};
	return (uint32_t)(memory->thing_count - 1);
}

static void add_access(struct memory *memory, uint32_t index, uint32_t vm, enum pv_space space,
                       uint32_t rights, uint64_t ipa)
{
	struct thing *thing = &memory->things[index];

	*ARENA_ADD(memory->v->arena, thing->accesses, thing->access_count) =
		(struct access){vm, (uint32_t)space, rights, ipa, 0};
}

/* A thing that is at a physical place by itself, and that nobody should reach. */
static void add_kernel_thing(struct memory *memory, const char *name, uint64_t page, uint64_t pages)
{
	uint32_t thing = add_thing(memory, name, pages);

	*ARENA_ADD(memory->v->arena, memory->pieces, memory->piece_count) =
		(struct piece){thing, 0, page, pages};
}

static void add_vmm(struct memory *memory, uint32_t index)
{
	struct verify *v = memory->v;
	const struct verified_vm *vm = &v->vms[index];
	const struct program *program = &v->files->vmm;
	const struct pv_domain *domain = &v->image->domains[vm->domain];
	uint64_t config_bytes = sizeof(struct pv_vmm_config) +
	                        vm->used * sizeof(struct pv_vmm_connection) +
	                        vm->used_devices * sizeof(struct pv_vmm_device) +
	                        given_count(v, index) * sizeof(struct pv_vmm_function);
	uint32_t thing;

	for (uint32_t i = 0; i < program->segment_count; i++) {
		const struct program_segment *segment = &program->segments[i];

		if (!(segment->rights & PV_RIGHT_WRITE)) {
			continue; /* add_common()'s */
		}
		thing = add_thing(memory,
		                  arena_printf(v->arena, "segment %u of %s", i, vm->who_vmm),
		                  segment->pages);
		add_access(memory, thing, index, PV_SPACE_VMM, segment->rights, segment->va);
	}
	thing = add_thing(memory, arena_printf(v->arena, "the stack of %s", vm->who_vmm),
	                  STACK_PAGES);
	add_access(memory, thing, index, PV_SPACE_VMM, RW, domain->vmm_stack - STACK_PAGES * PAGE);
	thing = add_thing(memory, arena_printf(v->arena, "the configuration of %s", vm->who_vmm),
	                  (config_bytes + PAGE - 1) / PAGE);
	add_access(memory, thing, index, PV_SPACE_VMM, RW, domain->vmm_arg);
	thing = add_thing(memory, arena_printf(v->arena, "what the loader of %s is told", vm->who),
	                  PV_LOADS_AGAIN / PAGE + 1);
	add_access(memory, thing, index, PV_SPACE_GUEST, R, domain->entry_arg);
}

/* What all VMMs execute, and what all guests run first. */
static void add_common(struct memory *memory)
{
	struct verify *v = memory->v;
	const struct program *program = &v->files->vmm;
	uint32_t loader =
		add_thing(memory, "the loader", (v->files->loader.count + PAGE - 1) / PAGE);

	for (uint32_t vm = 0; vm < v->model->vm_count; vm++) {
		if (v->vms[vm].domain != DOMAIN_NONE) {
			add_access(memory, loader, vm, PV_SPACE_GUEST, RX,
			           v->image->domains[v->vms[vm].domain].entry);
		}
	}
	for (uint32_t i = 0; i < program->segment_count; i++) {
		const struct program_segment *segment = &program->segments[i];

		if (segment->rights & PV_RIGHT_WRITE) {
			continue;
		}
		uint32_t thing =
			add_thing(memory, arena_printf(v->arena, "segment %u of all VMMs", i),
		                  segment->pages);

		for (uint32_t vm = 0; vm < v->model->vm_count; vm++) {
			if (v->vms[vm].domain != DOMAIN_NONE) {
				add_access(memory, thing, vm, PV_SPACE_VMM, segment->rights,
				           segment->va);
			}
		}
	}
}

static bool has_access(const struct thing *thing, uint32_t vm)
{
	for (size_t i = 0; i < thing->access_count; i++) {
		if (thing->accesses[i].vm == vm) {
			return true;
		}
	}
	return false;
}

/* The thing that begins at physical @page, among those from @first on. */
static uint32_t find_loaded(struct memory *memory, uint32_t first, const struct hit *hit)
{
	const struct verify *v = memory->v;

	for (uint32_t i = first; i < memory->thing_count; i++) {
		const struct access *anchor = memory->things[i].accesses;
		struct hit other;

		if (anchor != NULL &&
		    decode_translate(v->image, v->vms[anchor->vm].domain, PV_SPACE_GUEST,
		                     anchor->ipa / PAGE, &other) &&
		    other.page == hit->page) {
			return i;
		}
	}
	return add_thing(memory, NULL, hit->run);
}

/* What the loaders load, whose contents are contents.c's: one thing for all who load it. */
static void add_loaded(struct memory *memory)
{
	struct verify *v = memory->v;
	uint32_t first = (uint32_t)memory->thing_count;

	for (uint32_t vm = 0; vm < v->model->vm_count; vm++) {
		for (uint64_t i = 0; i < v->vms[vm].boot.count; i++) {
			const struct pv_load *load = &v->vms[vm].loads[i];
			struct hit hit;

			if (!load->from ||
			    !decode_translate(v->image, v->vms[vm].domain, PV_SPACE_GUEST,
			                      load->from / PAGE, &hit)) {
				continue;
			}
			uint32_t thing = find_loaded(memory, first, &hit);

			if (!memory->things[thing].name) {
				memory->things[thing].name =
					arena_printf(v->arena, "what %s loads to 0x%" PRIx64,
				                     v->vms[vm].who, load->to);
			}
			if (!has_access(&memory->things[thing], vm)) {
				add_access(memory, thing, vm, PV_SPACE_GUEST, R, load->from);
			}
		}
	}
}

static void add_ram(struct memory *memory, uint32_t index)
{
	struct verify *v = memory->v;
	const struct verified_vm *vm = &v->vms[index];
	uint32_t thing = add_thing(memory, arena_printf(v->arena, "the RAM of %s", vm->who),
	                           vm->source->ram_bytes / PAGE);

	add_access(memory, thing, index, PV_SPACE_GUEST, RWX, vm->source->ram_base);
	if (hardware_wants_streams(v, index)) {
		add_access(memory, thing, index, PV_SPACE_DMA, RW, vm->source->ram_base);
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		const struct wiring *wiring = &v->wirings[i];

		if (wiring->source->driver_vm == index && !wiring->source->swiotlb) {
			add_access(memory, thing, wiring->source->device_vm, PV_SPACE_GUEST, RW,
			           wiring->memory_ipa);
		}
	}
}

static void add_iobuf(struct memory *memory, const struct wiring *wiring)
{
	const struct connection *c = wiring->source;
	uint64_t out = wiring->view ? wiring->view->page_out : IPA_UNKNOWN;
	uint64_t in = wiring->view ? wiring->view->page_in : IPA_UNKNOWN;
	uint32_t thing;

	thing = add_thing(
		memory,
		arena_printf(memory->v->arena, "iobuf page 0 of connection %s", wiring->name), 1);
	add_access(memory, thing, c->driver_vm, PV_SPACE_VMM, RW, out);
	add_access(memory, thing, c->device_vm, PV_SPACE_GUEST, R, wiring->page_ipa[0]);
	thing = add_thing(
		memory,
		arena_printf(memory->v->arena, "iobuf page 1 of connection %s", wiring->name), 1);
	add_access(memory, thing, c->driver_vm, PV_SPACE_VMM, R, in);
	add_access(memory, thing, c->device_vm, PV_SPACE_GUEST, RW, wiring->page_ipa[1]);
}

static void add_inflight(struct memory *memory, const struct wiring *wiring)
{
	uint32_t thing =
		add_thing(memory,
	                  arena_printf(memory->v->arena, "the in-flight records of connection %s",
	                               wiring->name),
	                  wiring->inflight_bytes / PAGE);

	add_access(memory, thing, wiring->source->device_vm, PV_SPACE_GUEST, RW,
	           wiring->inflight_ipa);
}

static void add_pool(struct memory *memory, const struct wiring *wiring)
{
	const struct connection *c = wiring->source;
	uint32_t thing;

	thing = add_thing(memory,
	                  arena_printf(memory->v->arena, "the pool of connection %s", wiring->name),
	                  wiring->memory_bytes / PAGE);
	add_access(memory, thing, c->driver_vm, PV_SPACE_GUEST, RW, wiring->pool_ipa);
	add_access(memory, thing, c->device_vm, PV_SPACE_GUEST, RW, wiring->memory_ipa);
}

/* Where the anchor leads: one piece in an image as it should be. */
static void find_pieces(struct memory *memory, uint32_t index)
{
	const struct verify *v = memory->v;
	const struct thing *thing = &memory->things[index];
	const struct access *anchor = thing->accesses;
	uint64_t at = 0;

	if (!anchor || anchor->ipa == IPA_UNKNOWN || anchor->ipa % PAGE) {
		return;
	}
	uint32_t domain = v->vms[anchor->vm].domain;
	uint64_t base = anchor->ipa / PAGE;

	while (domain != DOMAIN_NONE && at < thing->pages) {
		uint64_t next = decode_next_mapped(v->image, domain, anchor->space, base + at);
		struct hit hit;

		if (next == UINT64_MAX || next - base >= thing->pages ||
		    !decode_translate(v->image, domain, anchor->space, next, &hit)) {
			return;
		}
		at = next - base;
		uint64_t run = hit.run < thing->pages - at ? hit.run : thing->pages - at;

		*ARENA_ADD(v->arena, memory->pieces, memory->piece_count) =
			(struct piece){index, at, hit.page, run};
		at += run;
	}
}

void memory_list_things(struct memory *memory)
{
	struct verify *v = memory->v;
	const struct pv_image_header *h = &v->image->header;

	add_kernel_thing(memory, "the memory of the kernel", shape_load_page(v),
	                 shape_rom_page(v) - shape_load_page(v));
	add_kernel_thing(memory, "the kernel's translation tables", h->pool_page,
	                 h->pool_page_count);
	add_common(memory);
	add_loaded(memory);
	for (uint32_t i = 0; i < v->model->vm_count; i++) {
		if (v->vms[i].domain != DOMAIN_NONE) {
			add_vmm(memory, i);
			add_ram(memory, i);
		}
	}
	for (size_t i = 0; i < v->model->connection_count; i++) {
		add_iobuf(memory, &v->wirings[i]);
		if (v->wirings[i].inflight_bytes) {
			add_inflight(memory, &v->wirings[i]);
		}
		if (v->wirings[i].source->swiotlb) {
			add_pool(memory, &v->wirings[i]);
		}
	}
	for (uint32_t i = 0; i < memory->thing_count; i++) {
		find_pieces(memory, i);
	}
}
