/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The model as JSON. Numbers that do not fit a double exactly are none that a model holds.
 */
#include "topo/export/model_json.h"

#include <json-c/json.h>

#include "topo/base/say.h"
#include "topo/model/board.h"
#include "topo/model/device_options.h"
#include "topo/model/medium.h"
#include "topo/model/pci_models.h"
#include "topo/model/vm_attributes.h"

static void add_string(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, text == NULL ? NULL : json_object_new_string(text));
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

static void add_bool(struct json_object *object, const char *key, bool truth)
{
	json_object_object_add(object, key, json_object_new_boolean(truth));
}

static struct json_object *add_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	json_object_object_add(object, key, array);
	return array;
}

static void add_address(struct json_object *object, const char *key, uint32_t address)
{
	char text[16];

	snprintf(text, sizeof(text), "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff,
	         address >> 8 & 0xff, address & 0xff);
	add_string(object, key, text);
}

static void add_net(struct json_object *object, const struct device *device)
{
	char mac[18];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", device->mac[0], device->mac[1],
	         device->mac[2], device->mac[3], device->mac[4], device->mac[5]);
	add_string(object, "mac", mac);
	add_string(object, "tap", device->tap);
	add_string(object, "bridge", device->bridge);
	add_string(object, "network", network_name(device->network));
	add_address(object, "address", device->address[0]);
	add_address(object, "driver_address", device->address[1]);
	add_number(object, "prefix", device->prefix);
}

static struct json_object *device_object(const struct device *device)
{
	struct json_object *object = json_object_new_object();

	add_string(object, "type", device_type_name(device->type));
	add_number(object, "id", device->id);
	add_number(object, "queues", device->queue_pairs_or_queues);
	add_number(object, "queue_size", device->queue_size);
	if (device->type == DEVICE_NET) {
		add_net(object, device);
	} else if (device->type == DEVICE_BLK) {
		add_string(object, "disk", device->disk);
		if (device_medium(device) != NULL) {
			add_number(object, "offset", device->offset);
		}
		add_string(object, "format", device->format);
		add_number(object, "size", device->disk_bytes);
		add_bool(object, "readonly", device->readonly);
	} else if (device->type == DEVICE_VSOCK) {
		add_number(object, "cid", device->cid);
	} else if (device->type == DEVICE_FS) {
		add_string(object, "tag", device->tag);
		add_string(object, "dir", device->dir);
	} else if (device->type == DEVICE_GPU) {
		add_number(object, "width", device->width);
		add_number(object, "height", device->height);
	}
	return object;
}

static struct json_object *connection_object(const struct model *model,
                                             const struct connection *connection)
{
	struct json_object *object = json_object_new_object();

	add_string(object, "device_vm", model->vms[connection->device_vm].name);
	add_string(object, "driver_vm", model->vms[connection->driver_vm].name);
	add_bool(object, "swiotlb", connection->swiotlb);
	add_number(object, "pool_bytes", connection->pool_bytes);
	add_number(object, "device_data_base", connection->device_data_base);
	add_number(object, "driver_data_base", connection->driver_data_base);
	add_number(object, "device_ctrl_base", connection->device_ctrl_base);
	struct json_object *devices = add_array(object, "devices");

	for (size_t i = 0; i < connection->device_count; i++) {
		json_object_array_add(devices, device_object(&connection->devices[i]));
	}
	return object;
}

/* Members that are more than a number, a truth or a text, and what stands beside them. */
typedef void add_member(struct json_object *object, const struct vm *vm);

static void add_names(struct json_object *object, const struct vm *vm)
{
	add_string(object, "name", vm->name);
	add_string(object, "instance", vm->instance);
}

static void add_affinity(struct json_object *object, const struct vm *vm)
{
	struct json_object *affinity = add_array(object, "affinity");

	for (uint32_t i = 0; i < vm->vcpu_count; i++) {
		json_object_array_add(affinity, json_object_new_int(vm->affinity[i]));
	}
}

static void add_image(struct json_object *object, const struct vm *vm)
{
	const struct vm_image *image = &vm->image;
	struct json_object *inner = json_object_new_object();

	add_bool(inner, "own_kernel", image->own_kernel);
	add_bool(inner, "own_rootfs", image->own_rootfs);
	add_string(inner, "kernel", image->kernel);
	add_string(inner, "initrd", image->initrd);
	add_string(inner, "rootfs", image->package_count == 0 ? image->rootfs : NULL);
	struct json_object *packages = add_array(inner, "packages");

	for (size_t i = 0; i < image->package_count; i++) {
		json_object_array_add(packages, json_object_new_string(image->packages[i].name));
	}
	add_string(inner, "dtb", image->dtb);
	add_string(inner, "cmdline", image->cmdline);
	json_object_object_add(object, "image", inner);
}

static void add_files(struct json_object *object, const struct vm *vm)
{
	struct json_object *files = add_array(object, "files");

	for (size_t i = 0; i < vm->file_count; i++) {
		struct json_object *file = json_object_new_object();

		add_string(file, "from", vm->files[i].from);
		add_string(file, "to", vm->files[i].to);
		add_number(file, "mode", vm->files[i].mode);
		json_object_array_add(files, file);
	}
}

static void add_strings(struct json_object *object, const char *name, const char *const *texts,
                        size_t count)
{
	struct json_object *array = add_array(object, name);

	for (size_t i = 0; i < count; i++) {
		json_object_array_add(array, json_object_new_string(texts[i]));
	}
}

static void add_command(struct json_object *object, const struct vm *vm)
{
	add_strings(object, "command", vm->command.words, vm->command.word_count);
}

static void add_env(struct json_object *object, const struct vm *vm)
{
	add_strings(object, "env", vm->command.env, vm->command.env_count);
}

static void add_health(struct json_object *object, const struct vm *vm)
{
	struct json_object *health = NULL;

	if (vm->health.word_count != 0) {
		health = json_object_new_object();
		add_strings(health, "command", vm->health.words, vm->health.word_count);
		add_number(health, "interval_ms", vm->health.interval_ms);
		add_number(health, "retries", vm->health.retries);
	}
	json_object_object_add(object, "health", health);
}

static void add_pci(struct json_object *object, const struct vm *vm)
{
	struct json_object *functions = add_array(object, "pci_devices");

	for (size_t i = 0; i < vm->pci_count; i++) {
		struct json_object *function = json_object_new_object();

		add_string(function, "name", vm->pci[i].name);
		add_number(function, "bus", vm->pci[i].bus);
		add_number(function, "dev", vm->pci[i].device);
		add_number(function, "fun", vm->pci[i].function);
		add_number(function, "irq", vm->pci[i].irq);
		json_object_array_add(functions, function);
	}
}

static void add_mmios(struct json_object *object, const struct vm *vm)
{
	struct json_object *mmios = add_array(object, "mmios");

	for (size_t i = 0; i < vm->mmio_count; i++) {
		struct json_object *range = json_object_new_object();

		add_number(range, "base", vm->mmios[i].base);
		add_number(range, "bytes", vm->mmios[i].bytes);
		json_object_array_add(mmios, range);
	}
}

static void add_irqs(struct json_object *object, const struct vm *vm)
{
	struct json_object *irqs = add_array(object, "irqs");

	for (size_t i = 0; i < vm->irq_count; i++) {
		json_object_array_add(irqs, json_object_new_uint64(vm->irqs[i]));
	}
}

static void add_may_restart(struct json_object *object, const struct vm *vm)
{
	struct json_object *names = add_array(object, "may_restart");

	for (size_t i = 0; i < vm->may_restart_count; i++) {
		json_object_array_add(names, json_object_new_string(vm->may_restart[i]->name));
	}
}

static void add_nodes(struct json_object *object, const struct vm *vm)
{
	add_strings(object, "dtb_nodes", vm->dtb_nodes, vm->dtb_node_count);
}

static add_member *const own_members[VM_ATTRIBUTE_COUNT] = {
	[VM_NAME] = add_names,    [VM_AFFINITY] = add_affinity, [VM_IMAGE] = add_image,
	[VM_FILES] = add_files,   [VM_COMMAND] = add_command,   [VM_ENV] = add_env,
	[VM_HEALTH] = add_health, [VM_PCI] = add_pci,           [VM_MMIOS] = add_mmios,
	[VM_IRQS] = add_irqs,     [VM_DTB] = add_nodes,         [VM_MAY_RESTART] = add_may_restart,
};

static void add_attribute(struct json_object *object, enum vm_attribute attribute,
                          const struct vm *vm)
{
	const struct vm_attribute_row *row = vm_attribute_row(attribute);

	switch (row->kind) {
	case ATTRIBUTE_NUMBER:
	case ATTRIBUTE_ADDRESS:
	case ATTRIBUTE_SIZE:
		add_number(object, row->json, vm_attribute_number(attribute, vm));
		break;
	case ATTRIBUTE_TRUTH:
		add_bool(object, row->json, vm_attribute_number(attribute, vm) != 0);
		break;
	case ATTRIBUTE_STRING:
	case ATTRIBUTE_WORD:
		add_string(object, row->json, vm_attribute_text(attribute, vm));
		break;
	case ATTRIBUTE_OWN:
		break;
	}
}

static struct json_object *vm_object(const struct vm *vm)
{
	struct json_object *object = json_object_new_object();

	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		if (own_members[i] != NULL) {
			own_members[i](object, vm);
		} else {
			add_attribute(object, i, vm);
		}
	}
	return object;
}

static void add_forwards(struct json_object *object, const struct machine_slot *slot)
{
	struct json_object *forwards = add_array(object, "forward");

	for (size_t i = 0; i < slot->forward_count; i++) {
		struct json_object *forward = json_object_new_object();

		add_number(forward, "host", slot->forwards[i].host);
		add_number(forward, "guest", slot->forwards[i].guest);
		json_object_array_add(forwards, forward);
	}
}

/* Numbered as the functions of pci_devices are. */
static struct json_object *slot_object(const struct machine_slot *slot)
{
	struct json_object *object = json_object_new_object();

	add_number(object, "bus", 0);
	add_number(object, "dev", slot->device);
	add_number(object, "fun", 0);
	add_string(object, "model", slot->model->name);
	add_string(object, "file", slot->file);
	add_number(object, "size", slot->file_bytes);
	add_forwards(object, slot);
	add_bool(object, "restrict", slot->restricted);
	struct json_object *bars = add_array(object, "bars");

	for (size_t i = 0; i < PCI_BARS_MAX; i++) {
		json_object_array_add(bars, json_object_new_uint64(slot->model->bars[i].bytes));
	}
	add_number(object, "vectors", slot->model->vectors);
	add_bool(object, "confined", !slot->model->unknown);
	return object;
}

void model_print_json(const struct model *model, FILE *out)
{
	struct json_object *object = json_object_new_object();

	add_string(object, "name", model->name);
	add_string(object, "board", model->board->name);
	add_number(object, "cpus", model->cpu_count);
	struct json_object *machine = add_array(object, "machine");
	struct json_object *vms = add_array(object, "vms");
	struct json_object *connections = add_array(object, "connections");

	for (size_t i = 0; i < model->slot_count; i++) {
		json_object_array_add(machine, slot_object(&model->slots[i]));
	}
	for (size_t i = 0; i < model->vm_count; i++) {
		json_object_array_add(vms, vm_object(&model->vms[i]));
	}
	for (size_t i = 0; i < model->connection_count; i++) {
		json_object_array_add(connections,
		                      connection_object(model, &model->connections[i]));
	}
	say_json(out, json_object_to_json_string_ext(
			      object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	putc('\n', out);
	json_object_put(object);
}
