/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing a model as a topology. Addresses that are not decided yet are left out, so that layout
 * decides them in the same way.
 */
#include "topo/export/explain.h"

#include <inttypes.h>
#include <string.h>

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

static void put_string_setting(FILE *out, const struct vm *vm, const char *attribute,
                               const char *text)
{
	fprintf(out, IN "%s.%s = ", vm->instance, attribute);
	explain_string(out, text);
	fputs(";\n", out);
}

static void put_truth(FILE *out, bool truth)
{
	fputs(truth ? "true" : "false", out);
}

static void put_address(FILE *out, uint32_t address)
{
	fprintf(out, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
	        address & 0xff);
}

/* A field of struct device whose type is that of the option's kind. */
static uint64_t number_field(const struct device_option *option, const struct device *device)
{
	const char *field = (const char *)device + option->offset;
	uint32_t small = 0;
	uint64_t large = 0;

	if (option->bytes == sizeof(small)) {
		memcpy(&small, field, sizeof(small));
		return small;
	}
	memcpy(&large, field, sizeof(large));
	return large;
}

static const char *string_field(const struct device_option *option, const struct device *device)
{
	const char *text = NULL;

	memcpy(&text, (const char *)device + option->offset, sizeof(text));
	return text;
}

static void put_option_value(FILE *out, const struct device_option *option,
                             const struct device *device)
{
	const uint8_t *mac = device->mac;

	switch (option->kind) {
	case OPTION_NUMBER:
	case OPTION_LONG:
	case OPTION_SIZE:
		fprintf(out, "%" PRIu64, number_field(option, device));
		break;
	case OPTION_STRING:
	case OPTION_FILE:
		explain_string(out, string_field(option, device));
		break;
	case OPTION_BOOL:
		put_truth(out, device->readonly);
		break;
	case OPTION_MAC:
		fprintf(out, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", mac[0], mac[1], mac[2], mac[3],
		        mac[4], mac[5]);
		break;
	case OPTION_NETWORK:
		fprintf(out, "\"%s\"", network_name(device->network));
		break;
	case OPTION_SUBNET:
		putc('"', out);
		put_address(out, device->address[0]);
		fprintf(out, "/%u\"", device->prefix);
		break;
	case OPTION_ADDRESS:
		putc('"', out);
		put_address(out, device->address[1]);
		putc('"', out);
		break;
	}
}

/* An option that stands for nothing is left out: an empty disk has no image. */
static bool is_absent(const struct device_option *option, const struct device *device)
{
	return (option->kind == OPTION_STRING || option->kind == OPTION_FILE) &&
	       string_field(option, device) == NULL;
}

void explain_options(FILE *out, const struct device *device, const char *before)
{
	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		if ((option->types & 1U << device->type) != 0 && !is_absent(option, device)) {
			fprintf(out, "%s%s: ", before, option->name);
			put_option_value(out, option, device);
		}
	}
}

static void put_device(FILE *out, const struct device *device, const char *target)
{
	fprintf(out, IN "    { type: \"%s\", id: %u, target: \"%s\"",
	        device_type_name(device->type), device->id, target);
	explain_options(out, device, ",\n" IN "      ");
	fputs(" },\n", out);
}

static void put_served(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_origin *origin = &topology_of(model)->vm_origins[vm];

	if (origin->served_count == 0) {
		fprintf(out, IN "%s.vm_virtio_devices = [];\n", model->vms[vm].instance);
		return;
	}
	fprintf(out, IN "%s.vm_virtio_devices = [\n", model->vms[vm].instance);
	for (size_t i = 0; i < origin->served_count; i++) {
		const struct connection *connection = &model->connections[origin->served[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			put_device(out, &connection->devices[j],
			           model->vms[connection->driver_vm].suffix);
		}
	}
	fputs(IN "];\n", out);
}

/* The device VM's list has the options. */
static void put_used(FILE *out, const struct model *model, size_t vm)
{
	const struct vm_origin *origin = &topology_of(model)->vm_origins[vm];

	if (origin->used_count == 0) {
		fprintf(out, IN "%s.vm_virtio_drivers = [];\n", model->vms[vm].instance);
		return;
	}
	fprintf(out, IN "%s.vm_virtio_drivers = [\n", model->vms[vm].instance);
	for (size_t i = 0; i < origin->used_count; i++) {
		const struct connection *connection = &model->connections[origin->used[i]];

		for (size_t j = 0; j < connection->device_count; j++) {
			fprintf(out, IN "    { type: \"%s\", id: %u, backend: \"%s\" },\n",
			        device_type_name(connection->devices[j].type),
			        connection->devices[j].id,
			        model->vms[connection->device_vm].suffix);
		}
	}
	fputs(IN "];\n", out);
}

/* 0: layout decides. */
static void put_addresses(FILE *out, const struct vm *vm)
{
	const struct {
		const char *name;
		uint64_t address;
	} rows[] = {
		{"dtb_addr", vm->dtb_addr},
		{"initrd_addr", vm->initrd_addr},
		{"kernel_entry_addr", vm->kernel_entry},
	};
	fprintf(out, IN "%s.vm_address_config = { ram_base: 0x%" PRIx64 ", ram_size: 0x%" PRIx64,
	        vm->instance, vm->ram_base, vm->ram_bytes);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].address != 0) {
			fprintf(out, ", %s: 0x%" PRIx64, rows[i].name, rows[i].address);
		}
	}
	fputs(" };\n", out);
}

static void put_image(FILE *out, const struct vm *vm)
{
	const struct vm_image *image = &vm->image;
	const char *kernel = image->own_kernel ? "linux" : image->kernel;
	const char *initrd = image->own_rootfs ? "linux-initrd" : image->initrd;

	fprintf(out, IN "%s.vm_image_config = {\n", vm->instance);
	fputs(IN "    kernel_name: ", out);
	explain_string(out, kernel);
	fputs(",\n" IN "    initrd_name: ", out);
	explain_string(out, initrd == NULL ? "" : initrd);
	fputs(",\n" IN "    provide_initrd: ", out);
	put_truth(out, initrd != NULL);
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
	fputs("\n" IN "};\n", out);
}

static void put_affinity(FILE *out, const struct vm *vm)
{
	fprintf(out, IN "%s._affinity = [", vm->instance);
	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		fprintf(out, "%s%d", i == 0 ? "" : ", ", vm->affinity[i]);
	}
	fputs("];\n", out);
}

static void put_pci(FILE *out, const struct vm *vm)
{
	if (vm->pci_count == 0) {
		fprintf(out, IN "%s.pci_devices = [];\n", vm->instance);
		return;
	}
	fprintf(out, IN "%s.pci_devices = [\n", vm->instance);
	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct pci_function *function = &vm->pci[i];

		fputs(IN "    { name: ", out);
		explain_string(out, function->name);
		fprintf(out, ", bus: %u, dev: %u, fun: %u, irq: %u },\n", function->bus,
		        function->device, function->function, function->irq);
	}
	fputs(IN "];\n", out);
}

static void put_mmios(FILE *out, const struct vm *vm)
{
	if (vm->mmio_count == 0) {
		fprintf(out, IN "%s.mmios = [];\n", vm->instance);
		return;
	}
	fprintf(out, IN "%s.mmios = [\n", vm->instance);
	for (size_t i = 0; i < vm->mmio_count; i++) {
		fprintf(out, IN "    \"0x%" PRIx64 ":0x%" PRIx64 ":12\",\n", vm->mmios[i].base,
		        vm->mmios[i].bytes);
	}
	fputs(IN "];\n", out);
}

static void put_nodes(FILE *out, const struct vm *vm)
{
	if (vm->dtb_node_count == 0) {
		fprintf(out, IN "%s.dtb = dtb([]);\n", vm->instance);
		return;
	}
	fprintf(out, IN "%s.dtb = dtb([\n", vm->instance);
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		fputs(IN "    { path: ", out);
		explain_string(out, vm->dtb_nodes[i]);
		fputs(" },\n", out);
	}
	fputs(IN "]);\n", out);
}

static void put_hardware(FILE *out, const struct vm *vm)
{
	put_pci(out, vm);
	put_mmios(out, vm);
	fprintf(out, IN "%s.irqs = [", vm->instance);
	for (size_t i = 0; i < vm->irq_count; i++) {
		fprintf(out, "%s%u", i == 0 ? "" : ", ", vm->irqs[i]);
	}
	fputs("];\n", out);
	put_nodes(out, vm);
}

static void put_analysis(FILE *out, const struct vm *vm)
{
	if (vm->trust != TRUST_NONE) {
		put_string_setting(out, vm, "trust", vm->trust == TRUST_HIGH ? "high" : "low");
	}
	if (vm->smc) {
		fprintf(out, IN "%s.allow_smc = true;\n", vm->instance);
	}
	fprintf(out, IN "%s.exposed = ", vm->instance);
	put_truth(out, vm->exposed);
	fputs(";\n", out);
	if (vm->asset != NULL) {
		put_string_setting(out, vm, "asset", vm->asset);
	}
}

static void put_vm(FILE *out, const struct vm *vm)
{
	fputs("\n", out);
	put_string_setting(out, vm, "vm_name", vm->name);
	fprintf(out, IN "%s.num_vcpus = %u;\n", vm->instance, vm->vcpu_count);
	put_affinity(out, vm);
	fprintf(out, IN "%s._priority = %u;\n", vm->instance, vm->priority);
	if (vm->period_us != 0) {
		fprintf(out, IN "%s._budget = %u;\n" IN "%s._period = %u;\n", vm->instance,
		        vm->budget_us, vm->instance, vm->period_us);
	}
	put_addresses(out, vm);
	put_image(out, vm);
	put_hardware(out, vm);
	put_analysis(out, vm);
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
	put_truth(out, connection->swiotlb);
	fputs(";\n", out);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
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

static void put_system(FILE *out, const struct model *model)
{
	const struct rules *rules = topology_of(model)->rules;
	const char *before = "";

	fprintf(out, IN "system.board = \"%s\";\n" IN "system.cpus = %u;\n", model->board->name,
	        model->cpu_count);
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
		put_vm(out, &model->vms[i]);
		put_served(out, model, i);
		put_used(out, model, i);
	}
	if (model->connection_count != 0) {
		fputs("\n", out);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		put_connection(out, model, &model->connections[i]);
	}
	fputs("    }\n}\n", out);
}
