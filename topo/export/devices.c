/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The devices.camkes of an export: where RAM and the connections' memory lie, and the hardware of
 * each VM.
 */
#include <inttypes.h>

#include "abi/limits.h"
#include "lib/bits.h"
#include "topo/export/explain.h"
#include "topo/export/export.h"
#include "topo/model/board.h"
#include "topo/model/topology.h"

#define IN "        " /* inside configuration */

static void put_addresses(const struct export_plan *plan, FILE *out)
{
	for (size_t i = 0; i < plan->model->vm_count; i++) {
		const struct export_vm *vm = &plan->vms[i];
		const struct {
			const char *what;
			uint64_t value;
		} rows[] = {
			{"RAM_BASE", vm->ram_base}, {"RAM_SIZE", plan->model->vms[i].ram_bytes},
			{"DTB_ADDR", vm->dtb},      {"INITRD_ADDR", vm->initrd},
			{"ENTRY_ADDR", vm->entry},
		};

		for (size_t j = 0; j < ARRAY_COUNT(rows); j++) {
			if (rows[j].value != 0 || j < 2) {
				fprintf(out, "#define VM%u_%s 0x%" PRIx64 "\n", vm->number,
				        rows[j].what, rows[j].value);
			}
		}
		fputs("\n", out);
	}
	for (size_t i = 0; i < plan->model->connection_count; i++) {
		const struct connection *connection = &plan->model->connections[i];
		const struct export_link *link = &plan->links[i];
		uint32_t device = plan->vms[connection->device_vm].number;
		uint32_t driver = plan->vms[connection->driver_vm].number;

		fprintf(out,
		        "#define VM%u_VM%u_VIRTIO_DATA_BASE 0x%" PRIx64 "\n"
		        "#define VM%u_VM%u_VIRTIO_DATA_SIZE 0x%" PRIx64 "\n"
		        "#define VM%u_VM%u_VIRTIO_CTRL_BASE 0x%" PRIx64 "\n"
		        "#define VM%u_VM%u_VIRTIO_CTRL_SIZE 0x%x\n\n",
		        device, driver, link->data_base, device, driver, link->data_bytes, device,
		        driver, link->ctrl_base, device, driver, EXPORT_CTRL_BYTES);
	}
}

static void put_address_config(FILE *out, const struct export_vm *vm)
{
	uint32_t n = vm->number;

	fprintf(out,
	        "\n" IN "vm%u.vm_address_config = {\n" IN
	        "    \"ram_base\": VAR_STRINGIZE(VM%u_RAM_BASE),\n",
	        n, n);
	if (vm->ram_paddr == vm->ram_base) {
		fprintf(out, IN "    \"ram_paddr_base\": VAR_STRINGIZE(VM%u_RAM_BASE),\n", n);
	} else if (vm->ram_paddr != 0) {
		fprintf(out, IN "    \"ram_paddr_base\": \"0x%" PRIx64 "\",\n", vm->ram_paddr);
	}
	fprintf(out,
	        IN "    \"ram_size\": VAR_STRINGIZE(VM%u_RAM_SIZE),\n" IN
	           "    \"dtb_addr\": VAR_STRINGIZE(VM%u_DTB_ADDR),\n" IN
	           "    \"initrd_addr\": VAR_STRINGIZE(VM%u_INITRD_ADDR),\n",
	        n, n, n);
	if (vm->entry != 0) {
		fprintf(out, IN "    \"kernel_entry_addr\": VAR_STRINGIZE(VM%u_ENTRY_ADDR),\n", n);
	}
	fputs(IN "};\n", out);
}

/* The entries of one VM under the name that says what its peers are. An entry names the peer and
 * no direction: of VMs that serve each other each has those that it serves alone. */
static void put_peers(const struct export_plan *plan, FILE *out, size_t vm, bool serves)
{
	const struct vm_origin *origin = &topology_of(plan->model)->vm_origins[vm];
	const size_t *connections = serves ? origin->served : origin->used;
	size_t count = serves ? origin->served_count : origin->used_count;
	bool begun = false;

	for (size_t i = 0; i < count; i++) {
		const struct connection *connection = &plan->model->connections[connections[i]];

		if (!serves && export_way_back(plan->model, connections[i]) != SIZE_MAX) {
			continue;
		}
		if (!begun) {
			fprintf(out, IN "vm%u.vm_virtio_%s = [\n", plan->vms[vm].number,
			        serves ? "drivers" : "devices");
			begun = true;
		}
		fprintf(out, IN "    VIRTIO_%s_CONFIGURATION_DEF(%u, %u)\n",
		        serves ? "DRIVER" : "DEVICE", plan->vms[connection->device_vm].number,
		        plan->vms[connection->driver_vm].number);
	}
	if (begun) {
		fputs(IN "];\n", out);
	}
}

/* Untyped objects are powers of two, aligned to their size. */
static void put_untyped(FILE *out, uint64_t base, uint64_t bytes)
{
	while (bytes != 0) {
		unsigned int bits = 63U - (unsigned int)__builtin_clzll(bytes);

		if (base != 0 && (unsigned int)__builtin_ctzll(base) < bits) {
			bits = (unsigned int)__builtin_ctzll(base);
		}
		fprintf(out, IN "    \"0x%" PRIx64 ":%u\",\n", base, bits);
		base += 1ULL << bits;
		bytes -= 1ULL << bits;
	}
}

static void put_ranges(const struct export_plan *plan, FILE *out, size_t index)
{
	const struct vm *vm = &plan->model->vms[index];
	const struct export_vm *to = &plan->vms[index];
	const uint64_t interface = board_cpu_interface(plan->model->board);

	fprintf(out, IN "vm%u.mmios = [\n", to->number);
	if (interface != UINT64_MAX) {
		fprintf(out, IN "    \"0x%" PRIx64 ":0x1000:12\", // virtual CPU interface\n",
		        interface);
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		if (export_by_pages(&vm->mmios[i])) {
			fprintf(out, IN "    \"0x%" PRIx64 ":0x%" PRIx64 ":12\",\n",
			        vm->mmios[i].base, vm->mmios[i].bytes);
		}
	}
	fprintf(out, IN "];\n" IN "vm%u.untyped_mmios = [\n", to->number);
	if (to->one_to_one) {
		put_untyped(out, to->ram_base, vm->ram_bytes);
	}
	for (size_t i = 0; i < vm->mmio_count; i++) {
		if (!export_by_pages(&vm->mmios[i])) {
			put_untyped(out, vm->mmios[i].base, vm->mmios[i].bytes);
		}
	}
	fputs(IN "];\n", out);
}

static void put_pci(FILE *out, const struct export_vm *to, const struct vm *vm)
{
	if (vm->pci_count == 0) {
		return;
	}
	fprintf(out, IN "vm%u.pci_devices = [\n", to->number);
	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct pci_function *function = &vm->pci[i];

		fputs(IN "    { \"name\": ", out);
		explain_string(out, function->name);
		fprintf(out, ", \"bus\": %u, \"dev\": %u, \"fun\": %u, \"irq\": %u },\n",
		        function->bus, function->device, function->function, function->irq);
	}
	fputs(IN "];\n", out);
}

/* The empty query is the form's word for no node. */
static void put_nodes(FILE *out, const struct export_vm *to, const struct vm *vm)
{
	fprintf(out, IN "vm%u.irqs = [", to->number);
	for (size_t i = 0; i < vm->irq_count; i++) {
		fprintf(out, "%s%u", i == 0 ? "" : ", ", vm->irqs[i]);
	}
	fprintf(out, "];\n" IN "vm%u.dtb = dtb([", to->number);
	for (size_t i = 0; i < vm->dtb_node_count; i++) {
		fputs("\n" IN "    { \"path\": ", out);
		explain_string(out, vm->dtb_nodes[i]);
		fputs(" },", out);
	}
	fputs(vm->dtb_node_count == 0 ? "{}]);\n" : "\n" IN "]);\n", out);
}

/* RAM that is not mapped one to one comes from a pool of 16 MiB objects. The macro leaves it out
 * without swiotlb, since the RAM of a driver VM is shared memory then. */
static void put_ram_pool(const struct export_plan *plan, FILE *out, size_t index)
{
	uint32_t number = plan->vms[index].number;
	bool used = topology_of(plan->model)->vm_origins[index].used_count != 0;

	if (plan->vms[index].one_to_one) {
		fprintf(out, IN "vm%u.simple_untyped24_pool = 2;\n", number);
	} else if (plan->swiotlb || used) {
		fprintf(out, IN "VIRTIO_DRIVER_GUEST_RAM_CONFIGURATION_DEF(%u)\n", number);
	} else {
		fprintf(out, IN "vm%u.simple_untyped24_pool = 2 + (VM%u_RAM_SIZE >> 24);\n", number,
		        number);
	}
}

void export_print_devices(const struct export_plan *plan, FILE *out)
{
	const struct model *model = plan->model;

	fprintf(out,
	        "// Memory and hardware of %s on %s.\n\n#undef VMSWIOTLB\n#define VMSWIOTLB %d\n"
	        "#include <configurations/vm.h>\n#include <configurations/tii/vm.h>\n\n",
	        plan->name, model->board->directory, plan->swiotlb ? 1 : 0);
	put_addresses(plan, out);
	fputs("assembly {\n    composition {}\n    configuration {\n", out);
	for (size_t i = 0; i < model->connection_count; i++) {
		fprintf(out, IN "VIRTIO_CONFIGURATION_DEF(%u, %u)\n",
		        plan->vms[model->connections[i].device_vm].number,
		        plan->vms[model->connections[i].driver_vm].number);
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		put_address_config(out, &plan->vms[i]);
		put_peers(plan, out, i, true);
		put_peers(plan, out, i, false);
		put_ranges(plan, out, i);
		put_pci(out, &plan->vms[i], &model->vms[i]);
		put_nodes(out, &plan->vms[i], &model->vms[i]);
		put_ram_pool(plan, out, i);
	}
	fputs("    }\n}\n", out);
}
