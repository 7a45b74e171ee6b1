/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See topo/model/medium_slot.h.
 */
#include "topo/model/medium_slot.h"

#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/model/medium.h"
#include "topo/model/pci.h"
#include "topo/model/pci_models.h"

/* How Linux names what functions of the machine store on: by a number from 0, or a letter from a. */
static const struct naming {
	const char *name;
	bool lettered;
	enum pci_back back;
	const char *rest; /* of the name of the whole: an nvme of QEMU has one namespace */
} names[] = {
	{"/dev/nvme", false, PCI_BACK_DISK, "n1"},
	{"/dev/mmcblk", false, PCI_BACK_CARD, ""},
	{"/dev/sd", true, PCI_BACK_USB, ""},
};

static const struct naming *name_of(const char *path)
{
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (strncmp(path, names[i].name, strlen(names[i].name)) == 0) {
			return &names[i];
		}
	}
	return NULL;
}

/* Whether the whole of @path, or what @path is a partition of, is one of the first @count of @name. */
static bool is_among(const char *path, const struct naming *name, size_t count)
{
	const char *at = path + strlen(name->name);
	const char *end = at + (name->lettered ? 1 : strspn(at, "0123456789"));
	const size_t index = name->lettered ? (size_t)*at - 'a' : strtoul(at, NULL, 10);
	const size_t rest = strlen(name->rest);

	return end != at && index < count && strncmp(end, name->rest, rest) == 0 &&
	       end + rest == path + medium_whole_bytes(path);
}

bool medium_slot(const struct model *model, const struct vm *vm, const char *path,
                 const struct machine_slot **slot)
{
	const struct naming *name = name_of(path);
	bool unknown = vm->mmio_count + vm->dtb_node_count != 0 || vm->smc;
	size_t matching = 0;

	*slot = NULL;
	for (size_t i = 0; i < vm->pci_count; i++) {
		const struct machine_slot *found = pci_slot_of(model, &vm->pci[i]);

		if (found == NULL || pci_model_find(found->model->name) == NULL) {
			unknown = true;
		} else if (name != NULL && found->model->back == name->back) {
			*slot = found;
			matching++;
		}
	}
	if (matching != 1 || unknown) {
		*slot = NULL;
	}
	return unknown || (matching != 0 && is_among(path, name, matching));
}
