/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing a model as a topology. Addresses that are not decided yet are left out, so that layout
 * decides them in the same way.
 */
#include "topo/export/explain.h"

#include <inttypes.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/base/utf8.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"
#include "topo/model/topology.h"

#define IN "        " /* inside configuration */

void explain_string(FILE *out, const char *text)
{
	struct utf8_look look;

	putc('"', out);
	for (size_t left = strlen(text); left != 0; left -= look.bytes, text += look.bytes) {
		utf8_look_at(text, left, &look);
		if (*text == '"' || *text == '\\') {
			fprintf(out, "\\%c", *text);
		} else if (look.text != NULL) {
			fputs(look.text, out); /* which is the language's own escape */
		} else {
			fwrite(text, 1, look.bytes, out);
		}
	}
	putc('"', out);
}

void explain_truth(FILE *out, bool truth)
{
	fputs(truth ? "true" : "false", out);
}

static void put_device(FILE *out, const struct device *device, const char *target)
{
	fprintf(out, IN "    { type: \"%s\", id: %u, target: \"%s\"",
	        device_type_name(device->type), device->id, target);
	explain_options(out, device, ",\n" IN "      ");
	fputs(" },\n", out);
}

void explain_attribute(FILE *out, enum vm_attribute attribute, const struct vm *vm)
{
	switch (vm_attribute_row(attribute)->kind) {
	case ATTRIBUTE_NUMBER:
		fprintf(out, "%" PRIu64, vm_attribute_number(attribute, vm));
		break;
	case ATTRIBUTE_ADDRESS:
	case ATTRIBUTE_SIZE:
		fprintf(out, "0x%" PRIx64, vm_attribute_number(attribute, vm));
		break;
	case ATTRIBUTE_TRUTH:
		explain_truth(out, vm_attribute_number(attribute, vm) != 0);
		break;
	case ATTRIBUTE_STRING:
	case ATTRIBUTE_WORD:
		explain_string(out, vm_attribute_text(attribute, vm));
		break;
	case ATTRIBUTE_OWN:
		break;
	}
}

/* Values of the attributes that are more than a number, a truth or a text. */
typedef void put_value(FILE *out, const struct model *model, size_t vm);

static void put_served(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_origin *origin = &topology_of(model)->vm_origins[vm];

	fputs(origin->served_count == 0 ? "[" : "[\n", out);
	for (size_t i = 0; i < origin->served_count; i++) {
		const struct connection *connection = &model->connections[origin->served[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			put_device(out, &connection->devices[j],
			           model->vms[connection->driver_vm].suffix);
		}
	}
	fputs(origin->served_count == 0 ? "]" : IN "]", out);
}

/* The device VM's list has the options. */
static void put_used(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_origin *origin = &topology_of(model)->vm_origins[vm];

	fputs(origin->used_count == 0 ? "[" : "[\n", out);
	for (size_t i = 0; i < origin->used_count; i++) {
		const struct connection *connection = &model->connections[origin->used[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			fprintf(out, IN "    { type: \"%s\", id: %u, backend: \"%s\" },\n",
			        device_type_name(connection->devices[j].type),
			        connection->devices[j].id,
			        model->vms[connection->device_vm].suffix);
		}
	}
	fputs(origin->used_count == 0 ? "]" : IN "]", out);
}

/* Its keys are attributes too. 0: layout decides. */
static void put_addresses(FILE *out, const struct model *model, size_t vm)
{
	const char *before = "{ ";

	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const struct vm_attribute_row *row = vm_attribute_row(i);

		if (vm_attribute_stands(i, ATTRIBUTE_KEY) && row->kind != ATTRIBUTE_OWN &&
		    !(row->optional && vm_attribute_none(i, &model->vms[vm]))) {
			fprintf(out, "%s%s: ", before, row->name);
			explain_attribute(out, i, &model->vms[vm]);
			before = ", ";
		}
	}
	fputs(" }", out);
}

static void put_image(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_image *image = &model->vms[vm].image;
	const char *kernel = image->own_kernel ? "linux" : image->kernel;
	const char *initrd = image->own_rootfs ? "linux-initrd" : image->initrd;

	fputs("{\n" IN "    kernel_name: ", out);
	explain_string(out, kernel);
	if (image->package_count != 0) {
		fputs(",\n" IN "    packages: [", out);
		for (size_t i = 0; i < image->package_count; i++) {
			fputs(i == 0 ? "" : ", ", out);
			explain_string(out, image->packages[i].name);
		}
		fputs("]", out);
	} else if (image->rootfs != NULL) {
		fputs(",\n" IN "    rootfs: ", out);
		explain_string(out, image->rootfs);
	} else {
		fputs(",\n" IN "    initrd_name: ", out);
		explain_string(out, initrd == NULL ? "" : initrd);
		fputs(",\n" IN "    provide_initrd: ", out);
		explain_truth(out, initrd != NULL);
	}
	fputs(",\n" IN "    kernel_bootcmdline: ", out);
	explain_string(out, image->cmdline);
	if (image->dtb != NULL) {
		fputs(",\n" IN "    generate_dtb: false,\n" IN "    provide_dtb: true,\n" IN
		      "    dtb_name: ",
		      out);
		explain_string(out, image->dtb);
	} else {
		fputs(",\n" IN "    generate_dtb: true,\n" IN "    provide_dtb: false", out);
	}
	fputs("\n" IN "}", out);
}

static void put_affinity(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	putc('[', out);
	for (uint32_t i = 0; i < row->vcpu_count; i++) {
		fprintf(out, "%s%d", i == 0 ? "" : ", ", row->affinity[i]);
	}
	putc(']', out);
}

static void put_files(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	fputs(row->file_count == 0 ? "[" : "[\n", out);
	for (size_t i = 0; i < row->file_count; i++) {
		const struct vm_file *file = &row->files[i];

		fputs(IN "    { from: ", out);
		explain_string(out, file->from);
		fputs(", to: ", out);
		explain_string(out, file->to);
		if (file->mode != 0) {
			fprintf(out, ", mode: \"0%o\"", file->mode);
		}
		fputs(" },\n", out);
	}
	fputs(row->file_count == 0 ? "]" : IN "]", out);
}

static void put_strings(FILE *out, const char *const *texts, size_t count)
{
	putc('[', out);
	for (size_t i = 0; i < count; i++) {
		fputs(i == 0 ? "" : ", ", out);
		explain_string(out, texts[i]);
	}
	putc(']', out);
}

static void put_command(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_command *command = &model->vms[vm].command;

	put_strings(out, command->words, command->word_count);
}

static void put_env(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_command *command = &model->vms[vm].command;

	put_strings(out, command->env, command->env_count);
}

static void put_health(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_health *health = &model->vms[vm].health;

	if (health->word_count == 0) {
		fputs("{}", out);
		return;
	}
	fputs("{ command: ", out);
	put_strings(out, health->words, health->word_count);
	fprintf(out, ", interval: %u, retries: %u }", health->interval_ms, health->retries);
}

static void put_pci(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	fputs(row->pci_count == 0 ? "[" : "[\n", out);
	for (size_t i = 0; i < row->pci_count; i++) {
		const struct pci_function *function = &row->pci[i];

		fputs(IN "    { name: ", out);
		explain_string(out, function->name);
		fprintf(out, ", bus: %u, dev: %u, fun: %u, irq: %u },\n", function->bus,
		        function->device, function->function, function->irq);
	}
	fputs(row->pci_count == 0 ? "]" : IN "]", out);
}

static void put_mmios(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	fputs(row->mmio_count == 0 ? "[" : "[\n", out);
	for (size_t i = 0; i < row->mmio_count; i++) {
		fprintf(out, IN "    \"0x%" PRIx64 ":0x%" PRIx64 ":12\",\n", row->mmios[i].base,
		        row->mmios[i].bytes);
	}
	fputs(row->mmio_count == 0 ? "]" : IN "]", out);
}

static void put_irqs(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	putc('[', out);
	for (size_t i = 0; i < row->irq_count; i++) {
		fprintf(out, "%s%u", i == 0 ? "" : ", ", row->irqs[i]);
	}
	putc(']', out);
}

static void put_may_restart(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	putc('[', out);
	for (size_t i = 0; i < row->may_restart_count; i++) {
		fprintf(out, "%s\"%s\"", i == 0 ? "" : ", ", row->may_restart[i]->suffix);
	}
	putc(']', out);
}

static void put_nodes(FILE *out, const struct model *model, size_t vm)
{
	const struct vm *row = &model->vms[vm];

	fputs(row->dtb_node_count == 0 ? "dtb([" : "dtb([\n", out);
	for (size_t i = 0; i < row->dtb_node_count; i++) {
		fputs(IN "    { path: ", out);
		explain_string(out, row->dtb_nodes[i]);
		fputs(" },\n", out);
	}
	fputs(row->dtb_node_count == 0 ? "])" : IN "])", out);
}

/* What has no function here and no kind is another form of what has one. */
static put_value *const own_values[VM_ATTRIBUTE_COUNT] = {
	[VM_AFFINITY] = put_affinity,
	[VM_ADDRESSES] = put_addresses,
	[VM_IMAGE] = put_image,
	[VM_FILES] = put_files,
	[VM_COMMAND] = put_command,
	[VM_ENV] = put_env,
	[VM_HEALTH] = put_health,
	[VM_PCI] = put_pci,
	[VM_MMIOS] = put_mmios,
	[VM_IRQS] = put_irqs,
	[VM_DTB] = put_nodes,
	[VM_MAY_RESTART] = put_may_restart,
	[VM_VIRTIO_DEVICES] = put_served,
	[VM_VIRTIO_DRIVERS] = put_used,
};

static bool is_told(enum vm_attribute attribute, const struct vm *vm)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);

	if (row->place != ATTRIBUTE_ALONE) {
		return false;
	}
	return row->kind == ATTRIBUTE_OWN ? own_values[attribute] != NULL
	                                  : !(row->optional && vm_attribute_none(attribute, vm));
}

static void put_vm(FILE *out, const struct model *model, size_t index)
{
	const struct vm *vm = &model->vms[index];

	fputs("\n", out);
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		if (!is_told(i, vm)) {
			continue;
		}
		fprintf(out, IN "%s.%s = ", vm->instance, vm_attribute_row(i)->name);
		if (own_values[i] != NULL) {
			own_values[i](out, model, index);
		} else {
			explain_attribute(out, i, vm);
		}
		fputs(";\n", out);
	}
}

static void put_connection(FILE *out, const struct model *model,
                           const struct connection *connection)
{
	const struct {
		const char *attribute;
		uint64_t value;
	} rows[] = {
		{"memdev.size", connection->pool_bytes},
		{"memdev.base", connection->device_data_base},
		{"memdev.driver_base", connection->driver_data_base},
		{"iobuf.base", connection->device_ctrl_base},
	};
	const char *device = model->vms[connection->device_vm].suffix;
	const char *driver = model->vms[connection->driver_vm].suffix;

	fprintf(out, IN "vm%s_vm%s_memdev.swiotlb = ", device, driver);
	explain_truth(out, connection->swiotlb);
	fputs(";\n", out);
	for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
		if (rows[i].value != 0) {
			fprintf(out, IN "vm%s_vm%s_%s = 0x%" PRIx64 ";\n", device, driver,
			        rows[i].attribute, rows[i].value);
		}
	}
}

static void put_composition(FILE *out, const struct model *model)
{
	fputs("    composition {\n", out);
	for (size_t i = 0; i < model->vm_count; i++) {
		fprintf(out, "        component VM %s;\n", model->vms[i].instance);
	}
	if (model->connection_count != 0) {
		fputs("\n", out);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		const struct connection *connection = &model->connections[i];

		fprintf(out, "        VIRTIO_COMPOSITION_DEF(%s, %s)\n",
		        model->vms[connection->device_vm].suffix,
		        model->vms[connection->driver_vm].suffix);
	}
	fputs("    }\n", out);
}

static void put_machine(FILE *out, const struct model *model)
{
	fputs(IN "system.machine = [", out);
	for (size_t i = 0; i < model->slot_count; i++) {
		fputs("\n" IN "    ", out);
		explain_slot(out, &model->slots[i]);
		putc(',', out);
	}
	fputs(model->slot_count == 0 ? "];\n" : "\n" IN "];\n", out);
}

static void put_system(FILE *out, const struct model *model)
{
	const struct rules *rules = topology_of(model)->rules;
	const char *before = "";

	fprintf(out, IN "system.board = \"%s\";\n" IN "system.cpus = %u;\n", model->board->name,
	        model->cpu_count);
	put_machine(out, model);
	fputs(IN "system.checks_off = [", out);
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->off[i]) {
			fprintf(out, "%s\"%s\"", before, rules->all[i]->name);
			before = ", ";
		}
	}
	fputs("];\n", out);
}

void explain_model(const struct model *model, FILE *out)
{
	say(out, "// %s with every default spelled out. Addresses that are not here are\n",
	    model->name);
	fputs("// decided when an image is made.\nassembly {\n", out);
	put_composition(out, model);
	fputs("    configuration {\n", out);
	put_system(out, model);
	for (size_t i = 0; i < model->vm_count; i++) {
		put_vm(out, model, i);
	}
	if (model->connection_count != 0) {
		fputs("\n", out);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		put_connection(out, model, &model->connections[i]);
	}
	fputs("    }\n}\n", out);
}
