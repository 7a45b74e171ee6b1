/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the deployed form cannot express, or what has to be said elsewhere than in its text. Each
 * note says of which VM or connection it speaks, and what is to be done about it where something
 * can be.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/export/explain.h"
#include "topo/export/export.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"

struct notes {
	const struct export_plan *plan;
	FILE *out;
	const char *before;
};

__attribute__((format(printf, 2, 3))) static void begin(const struct notes *notes,
                                                        const char *format, ...)
{
	va_list arguments;

	fputs(notes->before, notes->out);
	va_start(arguments, format);
	say_values(notes->out, format, arguments);
	va_end(arguments);
}

static void note_system(const struct notes *notes)
{
	const struct model *model = notes->plan->model;
	bool own_kernel = false;
	bool own_rootfs = false;

	begin(notes, "the board: build for %s; `topo check --board %s` reads this again\n",
	      model->board->directory, model->board->name);
	begin(notes, "the number of physical CPUs, %u: set KernelMaxNumNodes\n", model->cpu_count);
	for (size_t i = 0; i < model->slot_count; i++) {
		begin(notes, "the machine has ");
		explain_slot(notes->out, &model->slots[i]);
		fputs(": give it to QEMU\n", notes->out);
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		own_kernel = own_kernel || model->vms[i].image.own_kernel;
		own_rootfs = own_rootfs || model->vms[i].image.own_rootfs;
	}
	if (own_kernel || own_rootfs) {
		begin(notes,
		      "Peervisor's own guest%s%s%s: name others by VM_IMAGE_LINUX and "
		      "VM_IMAGE_INITRD; command lines are as they are here\n",
		      own_kernel ? " kernel" : "", own_kernel && own_rootfs ? " and" : "",
		      own_rootfs ? " root file system" : "");
	}
	if (notes->plan->mixed) {
		begin(notes, "VMSWIOTLB for single connections: in this form it is one for all\n");
	}
}

static void note_attributes(const struct notes *notes, const struct vm *vm, uint32_t number)
{
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const struct vm_attribute_row *row = vm_attribute_row(i);

		if (row->camkes == CAMKES_NOTE && !vm_attribute_usual(i, vm)) {
			begin(notes, "vm%u: %s = ", number, row->name);
			explain_attribute(notes->out, i, vm);
			fputs("\n", notes->out);
		}
	}
	if (vm->image.package_count != 0) {
		begin(notes, "vm%u: packages: make an initrd of Debian's", number);
		for (size_t i = 0; i < vm->image.package_count; i++) {
			fprintf(notes->out, " %s", vm->image.packages[i].name);
		}
		fputs("\n", notes->out);
	} else if (vm->image.rootfs != NULL) {
		begin(notes, "vm%u: rootfs: make an initrd of '%s'\n", number, vm->image.rootfs);
	}
	if (vm->file_count != 0) {
		begin(notes, "vm%u: files: put them into its root file system\n", number);
	}
	if (vm->command.word_count != 0) {
		begin(notes, "vm%u: command: have an init of its own run it\n", number);
	}
	if (vm->health.word_count != 0) {
		begin(notes, "vm%u: health: have an agent of its own ask it\n", number);
	}
	for (size_t i = 0; i < vm->command.env_count; i++) {
		begin(notes, "vm%u: env: ", number);
		explain_string(notes->out, vm->command.env[i]);
		fputs("\n", notes->out);
	}
	for (size_t i = 0; i < vm->may_restart_count; i++) {
		begin(notes, "vm%u: may_restart: %s\n", number, vm->may_restart[i]->suffix);
	}
	if (vm->vcpu_count > 1) {
		begin(notes, "vm%u: _affinity = [", number);
		for (uint32_t i = 0; i < vm->vcpu_count; i++) {
			fprintf(notes->out, "%s%d", i == 0 ? "" : ", ", vm->affinity[i]);
		}
		fputs("]: only that of the first vCPU is exported\n", notes->out);
	}
	if (vm->smc) {
		begin(notes, "vm%u: all SMC calls: name them in allowed_smc_functions\n", number);
	}
	if (vm->period_us != 0) {
		begin(notes, "vm%u: _budget and _period need a kernel with MCS\n", number);
	}
}

static void note_hardware(const struct notes *notes, size_t index)
{
	const struct vm *vm = &notes->plan->model->vms[index];
	const struct export_vm *to = &notes->plan->vms[index];

	if (vm->pci_count != 0) {
		begin(notes,
		      "vm%u: single PCI functions; pci_devices lists them, but in this form a VM on "
		      "Arm has a whole host bridge by its node, or none\n",
		      to->number);
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		const struct range *range = &vm->mmios[i];

		if (range->base % PV_PAGE_BYTES != 0 || range->bytes % PV_PAGE_BYTES != 0) {
			begin(notes,
			      "vm%u: 0x%" PRIx64 ":0x%" PRIx64
			      " is not whole pages: seL4 maps all of those that it touches\n",
			      to->number, range->base, range->bytes);
		}
	}
	if (export_has_hardware(vm) && !to->one_to_one) {
		begin(notes,
		      "vm%u: its RAM does not lie in the board's, so DMA of its devices misses it\n",
		      to->number);
	}
}

/* Which devices a backend offers is said on QEMU's command line in the device VM there. */
static void note_devices(const struct notes *notes, const struct connection *connection,
                         uint32_t device, uint32_t driver)
{
	for (size_t i = 0; i < connection->device_count; i++) {
		begin(notes, "vm%u serves vm%u: type: \"%s\", id: %u", device, driver,
		      device_type_name(connection->devices[i].type), connection->devices[i].id);
		explain_options(notes->out, &connection->devices[i], ", ");
		fputs("\n", notes->out);
	}
}

static void note_connection(const struct notes *notes, size_t index)
{
	const struct model *model = notes->plan->model;
	const struct connection *connection = &model->connections[index];
	uint32_t device = notes->plan->vms[connection->device_vm].number;
	uint32_t driver = notes->plan->vms[connection->driver_vm].number;
	uint64_t base = notes->plan->links[index].data_base;

	note_devices(notes, connection, device, driver);
	if ((connection->device_data_base != 0 && connection->device_data_base != base) ||
	    (connection->driver_data_base != 0 && connection->driver_data_base != base)) {
		begin(notes,
		      "vm%u serves vm%u: the shared memory lies at one address in both, 0x%" PRIx64
		      ", not at 0x%" PRIx64 " and 0x%" PRIx64 "\n",
		      device, driver, base, connection->device_data_base,
		      connection->driver_data_base);
	}
	if (export_way_back(model, index) < index) {
		begin(notes,
		      "vm%u and vm%u serve each other: this form names the ends of a connection by "
		      "the peer alone, and has room for one of the two\n",
		      device, driver);
	}
}

void export_print_notes(const struct export_plan *plan, FILE *out, const char *before)
{
	const struct notes notes = {plan, out, before};

	note_system(&notes);
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		note_attributes(&notes, &plan->model->vms[i], plan->vms[i].number);
		note_hardware(&notes, i);
	}
	for (size_t i = 0; i < plan->model->connection_count; i++) {
		note_connection(&notes, i);
	}
}
