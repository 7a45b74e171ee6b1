/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo/image/image.c: images of hand-written models. Each is checked by the kernel's own check;
 * then what each VM can reach is read back out of the bytes, by code of this file alone, and
 * compared with what the connections of the model say.
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
/* links: lib/image_check_objects.c tests/unit/layout_fixture.c vmm/vm/config.c */
/* links: lib/image_check_hardware.c */
/* links: topo/base/utf8.c topo/base/say.c */
/* libs: fdt elf */
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>

#include "abi/calls.h"
#include "abi/image.h"
#include "abi/loader.h"
#include "abi/mux.h"
#include "abi/vmm.h"
#include "layout_fixture.h"
#include "lib/image_check.h"
#include "topo/image/image.h"
#include "vmm/vm/config.h"

#define LOAD_BASE 0x40200000ULL

/* The image under test, with the accessors that every check here uses. */
struct built {
	struct image *image;
	const struct pv_image_header *header;
};

static struct built build(struct fixture *f)
{
	struct built b = {.image = image_make(&f->model, &f->payloads, f->diag)};

	assert_true(fixture_good(f));
	assert_non_null(b.image);
	b.header = (const void *)(b.image->data + b.image->header_offset);
	return b;
}

static void check_accepted(const struct built *b)
{
	uint64_t at = LOAD_BASE + b->image->header_offset;
	const struct image_bounds bounds = {
		.board = PV_BOARD_QEMU_VIRT,
		.ram_page = 0x40000,
		.ram_page_count = 0x1000000,
		.kernel_page = LOAD_BASE >> 12,
		.kernel_page_count = (uint32_t)(b->image->header_offset >> 12),
		.image_page = (uint32_t)(at >> 12),
		.hardware = b->image->layout->model->board->checked,
	};
	struct image_fault fault;

	assert_int_equal(
		image_check(b->header, b->image->bytes - b->image->header_offset, &bounds, &fault),
		OK);
}

/* Rights of a domain's space on a physical page, as the tables say: 0 = none. */
static uint32_t rights_on(const struct pv_image_header *h, uint32_t domain, uint32_t space,
                          uint32_t region)
{
	const struct pv_slice slice = image_regions(h)[region].mappings;
	uint32_t rights = 0;

	for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
		const struct pv_mapping *m = &image_mappings(h)[i];

		if (m->domain == domain && m->space == space) {
			rights |= m->rights;
		}
	}
	return rights;
}

/* The region that a domain's space finds at an address, UINT32_MAX = none. */
static uint32_t region_at(const struct pv_image_header *h, uint32_t domain, uint32_t space,
                          uint64_t ipa)
{
	for (uint32_t r = 0; r < h->regions.count; r++) {
		const struct pv_slice slice = image_regions(h)[r].mappings;

		for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
			const struct pv_mapping *m = &image_mappings(h)[i];
			uint64_t base = (uint64_t)m->ipa_page << 12;

			if (m->domain == domain && m->space == space && ipa >= base &&
			    ipa - base < (uint64_t)image_regions(h)[r].page_count << 12) {
				return r;
			}
		}
	}
	return UINT32_MAX;
}

/* The bytes of a region that lies in the image. */
static const uint8_t *rom_bytes(const struct built *b, uint32_t region)
{
	uint64_t base = LOAD_BASE + b->image->header_offset;
	uint64_t at = ((uint64_t)image_regions(b->header)[region].page << 12) - base;

	assert_true(at < b->header->image_bytes);
	return (const uint8_t *)b->header + at;
}

/* What a guest finds in the image. */
static const uint8_t *rom_at(const struct built *b, uint32_t vm, uint64_t ipa)
{
	uint32_t region = region_at(b->header, vm, PV_SPACE_GUEST, ipa);

	assert_int_not_equal(region, UINT32_MAX);
	assert_int_equal(rights_on(b->header, vm, PV_SPACE_GUEST, region) & PV_RIGHT_WRITE, 0);
	return rom_bytes(b, region);
}

/* What the loader of a VM is told, at its first start or at each later one. */
static const struct pv_loads *told(const struct built *b, uint32_t vm, bool again)
{
	return (const void *)(rom_at(b, vm, image_domains(b->header)[vm].entry_arg) +
	                      (again ? PV_LOADS_AGAIN : 0));
}

/* RAM of a VM as its loader leaves it; the caller frees it. */
static uint8_t *load(const struct built *b, uint32_t vm, const struct vm *source)
{
	const struct pv_loads *loads = told(b, vm, true);
	const struct pv_load *list = (const void *)(loads + 1);
	uint8_t *ram = malloc(source->ram_bytes);
	uint64_t at = source->ram_base;

	for (uint64_t i = 0; i < loads->count; i++) {
		uint8_t *to = ram + (at - source->ram_base);

		assert_int_equal(list[i].to, at);
		if (list[i].from) {
			memcpy(to, rom_at(b, vm, list[i].from), list[i].bytes);
		} else {
			memset(to, 0, list[i].bytes);
		}
		at += list[i].bytes;
	}
	assert_int_equal(at, source->ram_base + source->ram_bytes);
	return ram;
}

/* The VMM's view of a VM. */
static const struct pv_vmm_config *vmm_view(const struct built *b, uint32_t domain)
{
	const struct pv_image_header *h = b->header;
	uint64_t at = image_domains(h)[domain].vmm_arg;
	uint32_t region = region_at(h, domain, PV_SPACE_VMM, at);

	assert_int_not_equal(region, UINT32_MAX);
	assert_int_equal(rights_on(h, domain, PV_SPACE_VMM, region),
	                 PV_RIGHT_READ | PV_RIGHT_WRITE);
	return (const void *)rom_bytes(b, region);
}

/* What several find in the image none of them may write. */
static void check_rom(const struct built *b, uint32_t r, uint32_t holders)
{
	const struct pv_slice slice = image_regions(b->header)[r].mappings;

	(void)rom_bytes(b, r);
	for (uint32_t i = slice.first; i < slice.first + slice.count && holders > 1; i++) {
		assert_int_equal(image_mappings(b->header)[i].rights & PV_RIGHT_WRITE, 0);
	}
}

/*
 * Who reaches what, from the model: for each pair of VMs the number of regions that both can
 * reach, and with which rights. Everything else must be private.
 */
static void check_sharing(const struct fixture *f, const struct built *b)
{
	const struct pv_image_header *h = b->header;
	uint32_t shared = 0;
	uint32_t expected = 0;

	for (uint32_t r = 0; r < h->regions.count; r++) {
		uint32_t holders = 0;

		for (uint32_t d = 0; d < f->model.vm_count; d++) {
			bool guest = rights_on(h, d, PV_SPACE_GUEST, r) != 0;
			bool vmm = rights_on(h, d, PV_SPACE_VMM, r) != 0;

			assert_false(guest && vmm); /* a VMM never reaches its guest's memory */
			holders += guest || vmm;
		}
		assert_true(holders >= 1);
		if (r < b->image->layout->rom_count) {
			check_rom(b, r, holders);
			continue;
		}
		shared += holders > 1;
	}
	for (size_t c = 0; c < f->model.connection_count; c++) {
		expected += f->connections[c].swiotlb ? 3 : 2; /* iobuf pages, pool */
	}
	for (size_t v = 0; v < f->model.vm_count; v++) {
		bool exposed = false;

		for (size_t c = 0; c < f->model.connection_count; c++) {
			exposed = exposed ||
			          (f->connections[c].driver_vm == v && !f->connections[c].swiotlb);
		}
		expected += exposed;
	}
	assert_int_equal(shared, expected);
}

/* The memory of connection @c is where both sides are told, and is theirs alone. */
static void check_connection_memory(const struct fixture *f, const struct built *b, uint32_t c)
{
	const struct pv_image_header *h = b->header;
	const struct connection *connection = &f->connections[c];
	const struct layout_connection *laid = &b->image->layout->connections[c];
	uint32_t device = connection->device_vm;
	uint32_t driver = connection->driver_vm;
	uint32_t out = region_at(h, device, PV_SPACE_GUEST, laid->device_iobuf_ipa);
	uint32_t in = region_at(h, device, PV_SPACE_GUEST, laid->device_iobuf_ipa + 4096);
	uint32_t memory = region_at(h, device, PV_SPACE_GUEST, laid->device_memory_ipa);
	uint32_t rw = PV_RIGHT_READ | PV_RIGHT_WRITE;

	assert_int_equal(out, region_at(h, driver, PV_SPACE_VMM, laid->page_out_va));
	assert_int_equal(in, region_at(h, driver, PV_SPACE_VMM, laid->page_in_va));
	assert_int_equal(memory, region_at(h, driver, PV_SPACE_GUEST, laid->driver_memory_ipa));
	assert_int_equal(rights_on(h, device, PV_SPACE_GUEST, out), PV_RIGHT_READ);
	assert_int_equal(rights_on(h, device, PV_SPACE_GUEST, in), rw);
	assert_int_equal(rights_on(h, device, PV_SPACE_GUEST, memory), rw);
	assert_int_equal(rights_on(h, driver, PV_SPACE_VMM, out), rw);
	assert_int_equal(rights_on(h, driver, PV_SPACE_VMM, in), PV_RIGHT_READ);
	assert_int_equal(rights_on(h, driver, PV_SPACE_GUEST, out), 0);
	assert_int_equal(rights_on(h, driver, PV_SPACE_GUEST, in), 0);
	assert_int_equal(image_regions(h)[out].page_count, 1);
	assert_int_equal(image_regions(h)[in].page_count, 1);
	for (uint32_t d = 0; d < f->model.vm_count; d++) {
		for (uint32_t space = 0; space < PV_SPACE_COUNT && d != device && d != driver;
		     space++) {
			assert_int_equal(rights_on(h, d, space, out), 0);
			assert_int_equal(rights_on(h, d, space, in), 0);
			if (connection->swiotlb) {
				assert_int_equal(rights_on(h, d, space, memory), 0);
			}
		}
	}
	if (connection->swiotlb) {
		assert_int_equal((uint64_t)image_regions(h)[memory].page_count << 12,
		                 connection->pool_bytes);
		assert_int_equal(image_regions(h)[memory].page % 512, 0);
	}
}

/* How many SEND capabilities @from has for doorbells of @to. */
static uint32_t count_rings(const struct pv_image_header *h, uint32_t from, uint32_t to)
{
	const struct pv_slice slice = image_domains(h)[from].caps;
	uint32_t count = 0;

	for (uint32_t i = slice.first; i < slice.first + slice.count; i++) {
		const struct pv_cap *cap = &image_caps(h)[i];

		count += cap->type == PV_CAP_DOORBELL_SEND &&
		         image_doorbells(h)[cap->object].domain == to;
	}
	return count;
}

/* A connection with a net and a blk device has three queues: four doorbells each way. */
static void check_rings(const struct fixture *f, const struct built *b)
{
	for (uint32_t from = 0; from < f->model.vm_count; from++) {
		for (uint32_t to = 0; to < f->model.vm_count; to++) {
			uint32_t expected = 0;

			for (size_t c = 0; c < f->model.connection_count; c++) {
				const struct connection *k = &f->connections[c];

				expected +=
					(k->device_vm == from && k->driver_vm == to) ||
							(k->driver_vm == from && k->device_vm == to)
						? 4
						: 0;
			}
			assert_int_equal(count_rings(b->header, from, to), expected);
		}
	}
}

/* What a store to a doorbell page at @ipa, offset 4 * @n, rings; NULL = nothing. */
static const struct pv_doorbell *rings(const struct pv_image_header *h, uint32_t domain,
                                       uint64_t ipa, uint32_t n)
{
	const struct pv_domain *d = &image_domains(h)[domain];
	uint64_t page = (ipa >> 12) - d->doorbell_ipa_page;
	const struct pv_doorbell_page *p;

	if (page >= d->doorbell_pages.count) {
		return NULL;
	}
	p = &image_doorbell_pages(h)[d->doorbell_pages.first + page];
	if (n >= p->caps.count) {
		return NULL;
	}
	return &image_doorbells(h)[image_caps(h)[p->caps.first + n].object];
}

/* The doorbells of one device, seen from both sides. */
static void check_device_doorbells(const struct fixture *f, const struct built *b, uint32_t c,
                                   const struct pv_vmm_device *device, uint32_t first_queue)
{
	const struct pv_image_header *h = b->header;
	const struct connection *connection = &f->connections[c];
	const struct layout_connection *laid = &b->image->layout->connections[c];
	const struct pv_cap *caps =
		image_caps(h) + image_domains(h)[connection->driver_vm].caps.first;

	for (uint32_t q = 0; q < device->queue_count; q++) {
		uint32_t number = 1 + first_queue + q;
		const struct pv_doorbell *kick =
			rings(h, connection->driver_vm, device->notify_ipa, q);
		const struct pv_doorbell *call =
			rings(h, connection->device_vm, laid->device_doorbell_ipa, number);
		const struct pv_cap *recv = &caps[device->cap_recv_first + q];
		const struct pv_cap *send = &caps[device->cap_send_first + q];

		assert_non_null(kick);
		assert_int_equal(kick->domain, connection->device_vm);
		assert_int_equal(kick->kind, PV_DOORBELL_VIRQ);
		assert_int_equal(kick->number, laid->device_intid + number);
		assert_non_null(call);
		assert_int_equal(call->domain, connection->driver_vm);
		assert_int_equal(call->kind, PV_DOORBELL_VIRQ);
		assert_int_equal(call->number, 0);
		assert_int_equal(recv->type, PV_CAP_DOORBELL_RECV);
		assert_ptr_equal(&image_doorbells(h)[recv->object], call);
		assert_int_equal(send->type, PV_CAP_DOORBELL_SEND);
		assert_ptr_equal(&image_doorbells(h)[send->object], kick);
	}
	assert_null(rings(h, connection->driver_vm, device->notify_ipa, device->queue_count));
}

/* The driver VM's configuration of connection @c, and the doorbells behind it. */
static void check_connection_config(const struct fixture *f, const struct built *b, uint32_t c)
{
	const struct pv_image_header *h = b->header;
	const struct connection *connection = &f->connections[c];
	const struct layout_connection *laid = &b->image->layout->connections[c];
	const struct pv_cap *caps =
		image_caps(h) + image_domains(h)[connection->driver_vm].caps.first;
	const struct pv_vmm_config *config = vmm_view(b, connection->driver_vm);
	const struct pv_vmm_connection *connections = (const void *)(config + 1);
	const struct pv_vmm_device *devices =
		(const void *)(connections + config->connection_count);
	const struct pv_vmm_connection *own = &connections[laid->number];
	const struct pv_doorbell *ring = &image_doorbells(h)[caps[own->cap_ring].object];
	const struct pv_doorbell *back =
		rings(h, connection->device_vm, laid->device_doorbell_ipa, 0);
	uint32_t first_queue = 0;

	assert_string_equal(own->peer, f->vms[connection->device_vm].name);
	assert_int_equal(own->page_out, laid->page_out_va);
	assert_int_equal(own->page_in, laid->page_in_va);
	assert_int_equal(own->device_count, connection->device_count);
	assert_int_equal(caps[own->cap_ring].type, PV_CAP_DOORBELL_SEND);
	assert_int_equal(ring->domain, connection->device_vm);
	assert_int_equal(ring->kind, PV_DOORBELL_VIRQ);
	assert_int_equal(ring->number, laid->device_intid);
	assert_int_equal(back->domain, connection->driver_vm);
	assert_int_equal(back->kind, PV_DOORBELL_EVENT);
	assert_int_equal(back->number, own->event);
	for (uint32_t i = 0; i < own->device_count; i++) {
		const struct pv_vmm_device *device = &devices[own->device_first + i];

		assert_int_equal(device->connection, laid->number);
		assert_int_equal(device->index, i);
		check_device_doorbells(f, b, c, device, first_queue);
		first_queue += device->queue_count;
	}
}

/* The VMM's own door lets the configuration in, and what it says of the VM itself is right. */
static void check_config(const struct fixture *f, const struct built *b, uint32_t vm)
{
	const struct pv_image_header *h = b->header;
	const struct pv_domain *d = &image_domains(h)[vm];
	const struct pv_cap *caps = image_caps(h) + d->caps.first;
	struct config config;
	const char *fault = "";
	const struct pv_vmm_config *own = vmm_view(b, vm);

	assert_int_equal(config_open(own, &config, &fault), OK);
	assert_string_equal(own->name, f->vms[vm].name);
	assert_int_equal(own->vcpu_count, d->vcpus.count);
	for (uint32_t i = 0; i < own->vcpu_count; i++) {
		assert_int_equal(caps[own->cap_vcpu_first + i].type, PV_CAP_VCPU);
		assert_int_equal(caps[own->cap_vcpu_first + i].object, d->vcpus.first + i);
	}
	assert_int_equal(caps[own->cap_vgic].type, PV_CAP_VGIC);
	assert_int_equal(caps[own->cap_log].type, PV_CAP_CONSOLE);
	assert_int_equal(caps[own->cap_log].object, PV_CONSOLE_VMM);
	assert_int_equal(own->event_log, PV_EVENT_CONSOLE(PV_CONSOLE_VMM));
	assert_int_equal(own->entry, d->entry);
	assert_int_equal(own->entry_arg, d->entry_arg + PV_LOADS_AGAIN);
	assert_int_equal(own->flags, PV_VMM_AUTOSTART);
	assert_int_equal(own->restart, PV_VMM_RESTART_ON_FAILURE);
	for (uint32_t i = 0; i < 2; i++) {
		const struct pv_vmm_uart *uart = &own->uarts[i];
		uint32_t console = i == 0 ? PV_CONSOLE_TTY : PV_CONSOLE_AGENT;

		assert_int_equal(uart->ipa != 0, i == 0 || f->vms[vm].agent);
		if (uart->ipa) {
			assert_int_equal(caps[uart->cap].type, PV_CAP_CONSOLE);
			assert_int_equal(caps[uart->cap].object, console);
			assert_int_equal(uart->event, PV_EVENT_CONSOLE(console));
			assert_int_equal(uart->intid, 33 + i);
		}
	}
}

/* Where /chosen/kaslr-seed lies in a tree of topo's; 0: nowhere. */
static uint64_t kaslr_seed_of(const uint8_t *tree)
{
	const int chosen = fdt_path_offset(tree, "/chosen");
	const uint8_t *seed = chosen < 0 ? NULL : fdt_getprop(tree, chosen, "kaslr-seed", NULL);

	return seed ? (uint64_t)(seed - tree) : 0;
}

/* What a VM boots lies where the domain starts, and the tree is where x0 points. */
static void check_boot(const struct fixture *f, const struct built *b, uint32_t vm)
{
	const struct pv_image_header *h = b->header;
	const struct pv_domain *d = &image_domains(h)[vm];
	const struct vm_payload *payload = &f->vm_payloads[vm];
	const struct layout_vm *laid = &b->image->layout->vms[vm];
	const struct pv_loads *loads = told(b, vm, true);
	uint32_t ram = region_at(h, vm, PV_SPACE_GUEST, loads->entry);
	uint64_t base = f->vms[vm].ram_base;
	uint8_t *bytes = load(b, vm, &f->vms[vm]);
	uint64_t at = laid->initrd_ipa - base;

	assert_int_equal(rights_on(h, vm, PV_SPACE_GUEST, ram),
	                 PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC);
	assert_int_equal(image_regions(h)[ram].page % 512, (base >> 12) % 512);
	assert_memory_equal(rom_at(b, vm, d->entry), f->payloads.loader.data,
	                    f->payloads.loader.bytes);
	assert_memory_equal(bytes + (loads->entry - base), payload->kernel.data,
	                    payload->kernel.bytes);
	for (uint32_t i = 0; i < payload->initrd_count; i++) {
		assert_true(at >= payload->header.image_bytes);
		assert_memory_equal(bytes + at, payload->initrd[i].data, payload->initrd[i].bytes);
		at = (at + payload->initrd[i].bytes + 4095) & ~4095ULL;
	}
	assert_memory_equal(bytes + (loads->entry_arg - base), b->image->dtbs[vm],
	                    b->image->dtb_bytes[vm]);
	assert_int_equal(loads->seed - loads->entry_arg, kaslr_seed_of(b->image->dtbs[vm]));
	free(bytes);
}

/* The stack has an unmapped page on both sides. */
static void check_stack(const struct built *b, uint32_t vm)
{
	const struct pv_image_header *h = b->header;
	uint64_t top = image_domains(h)[vm].vmm_stack;
	uint32_t stack = region_at(h, vm, PV_SPACE_VMM, top - 1);
	uint64_t bytes = (uint64_t)image_regions(h)[stack].page_count << 12;

	assert_int_equal(rights_on(h, vm, PV_SPACE_VMM, stack), PV_RIGHT_READ | PV_RIGHT_WRITE);
	assert_int_equal(region_at(h, vm, PV_SPACE_VMM, top), UINT32_MAX);
	assert_int_equal(region_at(h, vm, PV_SPACE_VMM, top - bytes - 1), UINT32_MAX);
}

/* Where in the image the seed of a VM lies. */
static uint8_t *seed_of(const struct built *b, uint32_t vm)
{
	const struct pv_image_header *h = b->header;
	uint32_t region = region_at(h, vm, PV_SPACE_VMM, image_domains(h)[vm].vmm_arg);
	ptrdiff_t at = rom_bytes(b, region) - b->image->data;

	return b->image->data + at + offsetof(struct pv_vmm_config, seed);
}

/* Seeds are like no other, and all else is as without them. */
static void check_seeds(struct fixture *f, const struct built *plain)
{
	struct built b = build(f);

	assert_true(image_seed(b.image));
	check_accepted(&b);
	for (uint32_t vm = 0; vm < f->model.vm_count; vm++) {
		for (uint32_t other = 0; other < vm; other++) {
			assert_memory_not_equal(seed_of(&b, vm), seed_of(&b, other),
			                        PV_VMM_SEED_BYTES);
		}
		assert_memory_not_equal(seed_of(&b, vm), seed_of(plain, vm), PV_VMM_SEED_BYTES);
	}
	for (uint32_t vm = 0; vm < f->model.vm_count; vm++) {
		memset(seed_of(&b, vm), 0, PV_VMM_SEED_BYTES);
	}
	assert_memory_equal(b.image->data, plain->image->data, plain->image->bytes);
	image_free(b.image);
}

static void check_system(struct fixture *f)
{
	struct built b = build(f);
	struct built again = build(f);

	check_accepted(&b);
	assert_int_equal(b.image->bytes, again.image->bytes);
	assert_memory_equal(b.image->data, again.image->data, b.image->bytes);
	check_sharing(f, &b);
	check_rings(f, &b);
	for (uint32_t c = 0; c < f->model.connection_count; c++) {
		check_connection_memory(f, &b, c);
		check_connection_config(f, &b, c);
	}
	for (uint32_t vm = 0; vm < f->model.vm_count; vm++) {
		check_config(f, &b, vm);
		check_boot(f, &b, vm);
		check_stack(&b, vm);
	}
	check_seeds(f, &b);
	image_free(b.image);
	image_free(again.image);
}

static void test_pair(void **state)
{
	struct fixture f;

	(void)state;
	fixture_pair(&f);
	check_system(&f);
	fixture_end(&f);
}

static void test_islands(void **state)
{
	struct fixture f;
	struct built b;

	(void)state;
	fixture_islands(&f);
	check_system(&f);
	b = build(&f);
	assert_int_equal(b.header->doorbells.count, 0);
	assert_int_equal(b.header->vcpus.count, 4);
	assert_int_equal(image_domains(b.header)[0].channel_first, 1);
	assert_int_equal(image_domains(b.header)[1].channel_first, 4);
	assert_int_equal(image_domains(b.header)[1].channel_count, 3);
	assert_int_equal(image_domains(b.header)[2].channel_first, 7);
	assert_int_equal(image_domains(b.header)[2].channel_count, 2);
	image_free(b.image);
	fixture_end(&f);
}

static void test_hub(void **state)
{
	struct fixture f;

	(void)state;
	fixture_hub(&f);
	check_system(&f);
	fixture_end(&f);
}

static void test_chain(void **state)
{
	struct fixture f;

	(void)state;
	fixture_chain(&f);
	check_system(&f);
	fixture_end(&f);
}

static void test_mesh(void **state)
{
	struct fixture f;

	(void)state;
	fixture_mesh(&f);
	check_system(&f);
	fixture_end(&f);
}

/* VMSWIOTLB=0: the whole RAM of the driver VM, which has no pool. */
static void test_whole_ram(void **state)
{
	struct fixture f;
	struct built b;
	uint32_t ram;

	(void)state;
	fixture_chain(&f);
	f.connections[0].swiotlb = false;
	f.connections[0].pool_bytes = 0;
	check_system(&f);
	b = build(&f);
	ram = region_at(b.header, 1, PV_SPACE_GUEST, f.vms[1].ram_base);
	assert_int_equal(rights_on(b.header, 0, PV_SPACE_GUEST, ram),
	                 PV_RIGHT_READ | PV_RIGHT_WRITE);
	assert_int_equal(rights_on(b.header, 2, PV_SPACE_GUEST, ram), 0);
	image_free(b.image);
	fixture_end(&f);
}

/* How many regions of the image begin with @blob, and how many mappings the first has. */
static uint32_t count_roms(const struct built *b, struct blob blob, uint32_t *mappings)
{
	uint32_t found = 0;

	for (uint32_t r = 0; r < b->image->layout->rom_count; r++) {
		const struct pv_region *region = &image_regions(b->header)[r];

		if (region->page_count == (blob.bytes + 4095) / 4096 &&
		    memcmp(rom_bytes(b, r), blob.data, blob.bytes) == 0) {
			*mappings = found++ == 0 ? region->mappings.count : *mappings;
		}
	}
	return found;
}

/* Equal bytes that both VMs boot stand in the image once, wherever they were read from. */
static void test_bytes_once(void **state)
{
	struct fixture f;
	struct built b;
	uint8_t *copy = NULL;
	uint32_t mappings = 0;

	(void)state;
	fixture_pair(&f);
	for (uint32_t same = 0; same < 2; same++) {
		struct blob *kernel = &f.vm_payloads[0].kernel;

		copy = malloc(kernel->bytes);
		memcpy(copy, kernel->data, kernel->bytes);
		copy[kernel->bytes - 1] ^= same ? 0 : 1;
		f.vm_payloads[1].kernel.data = copy;
		b = build(&f);
		assert_int_equal(count_roms(&b, *kernel, &mappings), 1);
		assert_int_equal(mappings, same ? 2 : 1);
		assert_int_equal(count_roms(&b, f.payloads.vmm.segments[0].file, &mappings), 1);
		assert_int_equal(mappings, 2);
		image_free(b.image);
		free(copy);
	}
	fixture_end(&f);
}

/* The boot loader must keep all of the image free: the size in the kernel's header. */
static void test_boot_header(void **state)
{
	struct fixture f;
	struct built b;
	uint64_t size;

	(void)state;
	fixture_pair(&f);
	b = build(&f);
	memcpy(&size, b.image->data + 16, 8);
	assert_int_equal(size, b.image->bytes);
	assert_int_equal(b.image->header_offset, 0x30000); /* behind 0x23000 in memory */
	assert_memory_equal(b.image->data + 24, f.payloads.kernel.data + 24,
	                    f.payloads.kernel.bytes - 24);
	assert_true(b.image->layout->ram_bytes % (1 << 20) == 0);
	image_free(b.image);
	fixture_end(&f);
}

/* RAM of a VM before and after its first start, if nothing is zeros but what a machine starts with. */
static void check_first_start(const struct built *b, uint32_t vm, const struct vm *source,
                              uint64_t tree, bool *has_tree)
{
	const struct pv_loads *loads = told(b, vm, false);
	const struct pv_load *list = (const void *)(loads + 1);
	const uint32_t region = region_at(b->header, vm, PV_SPACE_GUEST, source->ram_base);
	const uint64_t base = (uint64_t)image_regions(b->header)[region].page << 12;
	uint8_t *again = load(b, vm, source);
	uint8_t *ram = calloc(1, source->ram_bytes);
	uint64_t zeros = 0;

	for (uint64_t at = tree; at < tree + 0x200000; at++) {
		if (at >= base && at - base < source->ram_bytes) {
			ram[at - base] = 0xd0;
			*has_tree = true;
		}
	}
	for (uint64_t i = 0; i < loads->count; i++) {
		assert_true(list[i].to >= source->ram_base);
		assert_true(list[i].to + list[i].bytes <= source->ram_base + source->ram_bytes);
		if (list[i].from) {
			memcpy(ram + (list[i].to - source->ram_base), rom_at(b, vm, list[i].from),
			       list[i].bytes);
		} else {
			memset(ram + (list[i].to - source->ram_base), 0, list[i].bytes);
			zeros += list[i].bytes;
		}
	}
	assert_true(zeros <= 0x200000);
	assert_memory_equal(ram, again, source->ram_bytes);
	free(ram);
	free(again);
}

static void test_first_start(void **state)
{
	struct fixture f;
	struct built b;
	bool has_tree = false;

	(void)state;
	fixture_hub(&f);
	b = build(&f);
	for (uint32_t i = 0; i < f.model.vm_count; i++) { /* RAM may hold anything */
		assert_memory_equal(told(&b, i, false), told(&b, i, true), PV_PAGE_BYTES);
	}
	image_free(b.image);
	f.board.ram_zeroed = true;
	b = build(&f);
	const uint64_t half = b.image->layout->ram_bytes / 2;
	const uint64_t at = 0x40000000 + (half < 0x8000000 ? half : 0x8000000);
	for (uint32_t i = 0; i < f.model.vm_count; i++) {
		check_first_start(&b, i, &f.vms[i], (at + 0x1fffff) & ~0x1fffffULL, &has_tree);
	}
	assert_true(has_tree);
	image_free(b.image);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pair),        cmocka_unit_test(test_islands),
		cmocka_unit_test(test_hub),         cmocka_unit_test(test_chain),
		cmocka_unit_test(test_mesh),        cmocka_unit_test(test_whole_ram),
		cmocka_unit_test(test_bytes_once),  cmocka_unit_test(test_boot_header),
		cmocka_unit_test(test_first_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
