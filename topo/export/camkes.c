/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The application of an export: imports, a component for each VM, the assembly, what each VM
 * boots; and the file of seL4's build system that builds it.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/utf8.h"
#include "topo/export/explain.h"
#include "topo/export/export.h"
#include "topo/model/topology.h"

#define IN "        " /* inside composition and configuration */

/* The parts of the CAmkES library that a VM system uses. */
static const char *const imports[] = {
	"std_connector.camkes",         "global-connectors.camkes",
	"seL4VMDTBPassthrough.idl4",    "FileServerInterface.camkes",
	"FileServer/FileServer.camkes", "SerialServer/SerialServer.camkes",
	"TimeServer/TimeServer.camkes", "vm-connectors.camkes",
};

/* The interfaces to the peers on one side, by macros that are named by what the peer is. Two VMs
 * that serve each other have one set of interfaces: their names bear the peer's number alone. */
static void put_interfaces(const struct export_plan *plan, FILE *out, const size_t *connections,
                           size_t count, bool serves)
{
	for (size_t i = 0; i < count; i++) {
		const struct connection *connection = &plan->model->connections[connections[i]];
		uint32_t peer = serves ? connection->driver_vm : connection->device_vm;

		if (export_way_back(plan->model, connections[i]) >= connections[i]) {
			fprintf(out, "    VIRTIO_%s_COMPONENT_DEF(%u)\n",
			        serves ? "DRIVER" : "DEVICE", plan->vms[peer].number);
		}
	}
}

static void put_components(const struct export_plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		const struct vm_origin *origin = &topology_of(plan->model)->vm_origins[i];

		fprintf(out, "\ncomponent VM%u {\n    VM_TII_INIT_DEF()\n", plan->vms[i].number);
		put_interfaces(plan, out, origin->served, origin->served_count, true);
		put_interfaces(plan, out, origin->used, origin->used_count, false);
		fputs("}\n", out);
	}
}

static void put_composition(const struct export_plan *plan, FILE *out)
{
	const struct model *model = plan->model;

	fputs("    composition {\n" IN "VM_GENERAL_COMPOSITION_DEF()\n", out);
	for (size_t i = 0; i < model->vm_count; i++) {
		fprintf(out, IN "VM_COMPOSITION_DEF(%u)\n", plan->vms[i].number);
	}
	fputs("\n", out);
	for (size_t i = 0; i < model->connection_count; i++) {
		fprintf(out, IN "VIRTIO_COMPOSITION_DEF(%u, %u)\n",
		        plan->vms[model->connections[i].device_vm].number,
		        plan->vms[model->connections[i].driver_vm].number);
	}
	fputs("\n", out);
	for (size_t i = 0; i < model->vm_count; i++) {
		uint32_t number = plan->vms[i].number;

		fprintf(out,
		        IN "connection seL4VMDTBPassthrough vm%u_dtb(from vm%u.dtb_self, "
		           "to vm%u.dtb);\n",
		        number, number, number);
	}
	fputs("    }\n", out);
}

static void put_image(FILE *out, const struct export_vm *to, const struct vm *vm)
{
	const struct vm_image *image = &vm->image;
	bool initrd = image->own_rootfs || to->initrd_name != NULL;

	fprintf(out, IN "vm%u.vm_image_config = {\n" IN "    \"kernel_name\": ", to->number);
	explain_string(out, image->own_kernel ? "linux" : to->kernel_name);
	if (initrd) {
		fputs(",\n" IN "    \"initrd_name\": ", out);
		explain_string(out, image->own_rootfs ? "linux-initrd" : to->initrd_name);
	}
	if (to->dtb_name != NULL) {
		fputs(",\n" IN "    \"dtb_name\": ", out);
		explain_string(out, to->dtb_name);
	}
	fputs(",\n" IN "    \"kernel_bootcmdline\": ", out);
	explain_string(out, image->cmdline);
	fprintf(out,
	        ",\n" IN "    \"provide_initrd\": %s,\n" IN "    \"provide_dtb\": %s,\n" IN
	        "    \"generate_dtb\": %s,\n" IN "    \"map_one_to_one\": %s,\n" IN "};\n",
	        initrd ? "true" : "false", to->dtb_name != NULL ? "true" : "false",
	        to->dtb_name != NULL ? "false" : "true", to->one_to_one ? "true" : "false");
}

/* Of the first vCPU: the form has no more. */
static void put_affinity(FILE *out, const struct export_vm *to, const struct vm *vm)
{
	fprintf(out, IN "vm%u._affinity = %d;\n", to->number, vm->affinity[0]);
}

/* The VMM goes before its guest. */
static void put_priority(FILE *out, const struct export_vm *to, const struct vm *vm)
{
	fprintf(out, IN "vm%u._priority = %u;\n" IN "vm%u.base_prio = %u;\n", to->number,
	        vm->priority, to->number, vm->priority == 0 ? 0 : vm->priority - 1);
}

/* Settings that are not those of the topology; memory and hardware are in topo/export/devices.c. */
typedef void put_setting(FILE *out, const struct export_vm *to, const struct vm *vm);

static put_setting *const own_settings[VM_ATTRIBUTE_COUNT] = {
	[VM_AFFINITY] = put_affinity,
	[VM_PRIORITY] = put_priority,
	[VM_IMAGE] = put_image,
};

static void put_vm(FILE *out, const struct export_vm *to, const struct vm *vm)
{
	uint32_t number = to->number;

	fprintf(out,
	        "\n" IN "vm%u.num_extra_frame_caps = 0;\n" IN
	        "vm%u.extra_frame_map_address = 0;\n" IN "vm%u.cnode_size_bits = 23;\n",
	        number, number, number);
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const struct vm_attribute_row *row = vm_attribute_row(i);

		if (own_settings[i] != NULL) {
			own_settings[i](out, to, vm);
		} else if (row->camkes == CAMKES_SETTING &&
		           !(row->optional && vm_attribute_none(i, vm))) {
			fprintf(out, IN "vm%u.%s = ", number, row->name);
			explain_attribute(out, i, vm);
			fputs(";\n", out);
		}
	}
}

static void put_configuration(const struct export_plan *plan, FILE *out)
{
	const struct model *model = plan->model;

	fputs("    configuration {\n" IN "VM_GENERAL_CONFIGURATION_DEF()\n", out);
	for (size_t i = 0; i < model->vm_count; i++) {
		fprintf(out, IN "VM_TII_CONFIGURATION_DEF(%u)\n", plan->vms[i].number);
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		put_vm(out, &plan->vms[i], &model->vms[i]);
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		if (model->connections[i].swiotlb != plan->swiotlb) {
			fprintf(out, "\n" IN "vm%u_vm%u_memdev.swiotlb = %s;\n",
			        plan->vms[model->connections[i].device_vm].number,
			        plan->vms[model->connections[i].driver_vm].number,
			        plan->swiotlb ? "false" : "true");
		}
	}
	fputs("    }\n", out);
}

void export_print_application(const struct export_plan *plan, FILE *out, bool devices)
{
	fprintf(out,
	        "// %s: a topology of Peervisor as an application of seL4's CAmkES VM systems.\n"
	        "//\n// What this form cannot express:\n",
	        plan->name);
	export_print_notes(plan, out, "//  - ");
	fprintf(out,
	        "\n#undef VMSWIOTLB\n#define VMSWIOTLB %d\n"
	        "#include <configurations/vm.h>\n#include <configurations/tii/vm.h>\n\n",
	        plan->swiotlb ? 1 : 0);
	for (size_t i = 0; i < ARRAY_COUNT(imports); i++) {
		fprintf(out, "import <%s>;\n", imports[i]);
	}
	if (devices) {
		fputs("import <devices.camkes>;\n", out);
	}
	put_components(plan, out);
	fputs("\nassembly {\n", out);
	put_composition(plan, out);
	put_configuration(plan, out);
	fputs("}\n", out);
}

/* Inside a string of CMake; what does not show, and what no file name needs, as an underline. */
static void put_cmake(FILE *out, const char *text)
{
	struct utf8_look look;

	for (size_t left = strlen(text); left != 0; left -= look.bytes, text += look.bytes) {
		utf8_look_at(text, left, &look);
		if (look.text != NULL) {
			putc('_', out);
		} else if (strchr("\"\\$;#()@", *text) != NULL) {
			fprintf(out, "\\%c", *text);
		} else {
			fwrite(text, 1, look.bytes, out);
		}
	}
}

static void put_file(FILE *out, const char *name)
{
	if (name != NULL) {
		fputs("AddToFileServer(\"", out);
		put_cmake(out, name);
		fputs("\" \"${CMAKE_CURRENT_SOURCE_DIR}/", out);
		put_cmake(out, name);
		fputs("\")\n", out);
	}
}

void export_print_build(const struct export_plan *plan, FILE *out)
{
	fprintf(out,
	        "# Builds %s.camkes in a tree of seL4's CAmkES VM systems.\n"
	        "cmake_minimum_required(VERSION 3.8.2)\n\n"
	        "project(%s C)\n\n"
	        "set(VmSWIOTLB %s CACHE BOOL \"\" FORCE)\n"
	        "include(${TII_CAMKES_VM_HELPERS_PATH})\n\n"
	        "AddToFileServer(\"linux\" \"${VM_IMAGE_LINUX}\")\n"
	        "AddToFileServer(\"linux-initrd\" \"${VM_IMAGE_INITRD}\")\n",
	        plan->name, plan->name, plan->swiotlb ? "ON" : "OFF");
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		put_file(out, plan->vms[i].kernel_name);
		put_file(out, plan->vms[i].initrd_name);
		put_file(out, plan->vms[i].dtb_name);
	}
	fputs("DefineCAmkESVMFileServer()\n\n", out);
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		fprintf(out, "DeclareTIICAmkESVM(VM%u)\n", plan->vms[i].number);
	}
	fprintf(out,
	        "\nDeclareCAmkESRootserver(\n    %s.camkes\n    CPP_FLAGS ${cpp_flags}\n"
	        "    CPP_INCLUDES ${CAMKES_VM_DIR}/components/VM_Arm\n)\n",
	        plan->name);
}
