/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine has in a slot: an entry of `system.machine`.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/model/pci.h"
#include "topo/model/pci_models.h"
#include "topo/resolve/resolve_internal.h"

#define BAR_BYTES_MAX (UINT64_C(1) << 28)
#define VECTORS_MAX 2048U /* of MSI-X */

enum slot_key {
	KEY_PCI,
	KEY_MODEL,
	KEY_FILE,
	KEY_SIZE,
	KEY_FORWARD,
	KEY_BARS,
	KEY_VECTORS,
	KEY_CONFINED,
	KEY_RESTRICT,
	KEY_COUNT
};

/* An entry of the list while it is read. */
struct slot_entry {
	struct machine_slot slot;
	struct place given[KEY_COUNT]; /* file NULL = not given */
	const char *name;              /* of the model */
	struct pci_model own;          /* a function that topo does not know */
	bool confined;
};

static bool is_given(const struct slot_entry *entry, enum slot_key key)
{
	return entry->given[key].file != NULL;
}

/* "0:1.0" */
static bool read_pci(struct resolver *resolver, const struct value *value, struct slot_entry *entry)
{
	uint64_t numbers[3] = {0};
	const char *text = NULL;
	size_t first = 0;

	if (!value_string(&resolver->evaluator, value, "pci", &text)) {
		return false;
	}
	for (size_t i = 0; i < 3; i++) {
		size_t bytes = strcspn(text + first, ":.");

		if (bytes == 0 || text[first + bytes] != ":."[i]) {
			diag_error(resolver->diag, value->place,
			           "'%s' is no function: they are \"bus:device.function\"", text);
			return false;
		}
		if (!value_number_part(&resolver->evaluator, value, first, bytes,
		                       "a number of the function", &numbers[i])) {
			return false;
		}
		first += bytes + 1;
	}
	if (numbers[0] != 0 || numbers[2] != 0 || numbers[1] < SLOT_FIRST ||
	    numbers[1] > SLOT_LAST) {
		diag_error(resolver->diag, value->place, "the machine has no slot for %s", text);
		diag_help(resolver->diag, "its slots are \"0:%u.0\" to \"0:%u.0\"", SLOT_FIRST,
		          SLOT_LAST);
		return false;
	}
	entry->slot.device = (uint32_t)numbers[1];
	return true;
}

static bool read_model(struct resolver *resolver, const struct value *value,
                       struct slot_entry *entry)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";

	if (!value_string(&resolver->evaluator, value, "model", &entry->name)) {
		return false;
	}
	/* QEMU takes what is behind a comma for an option, which may be anything. */
	if (entry->name[0] == '\0' || entry->name[strspn(entry->name, letters)] != '\0') {
		diag_error(resolver->diag, value->place, "'%s' is no name of a device of QEMU",
		           entry->name);
		diag_help(resolver->diag, "it has letters, digits and - _ .");
		return false;
	}
	if (pci_model_is_bridge(entry->name)) {
		diag_error(resolver->diag, value->place,
		           "'%s' is a bridge: the machine has one bus, of functions", entry->name);
		return false;
	}
	return true;
}

static bool read_file(struct resolver *resolver, const struct value *value,
                      struct slot_entry *entry)
{
	const char *name = NULL;

	if (!value_string(&resolver->evaluator, value, "file", &name)) {
		return false;
	}
	entry->slot.file = resolve_path(resolver, name, value->place);
	return true;
}

static bool read_size(struct resolver *resolver, const struct value *value,
                      struct slot_entry *entry)
{
	uint64_t *bytes = &entry->slot.file_bytes;

	if (!value_size(&resolver->evaluator, value, "size", bytes)) {
		return false;
	}
	/* A card that is no power of two is refused by QEMU; so is one by the standard. */
	if (*bytes < 1U << 20 || (*bytes & (*bytes - 1)) != 0) {
		diag_error(resolver->diag, value->place,
		           "a disk of the machine has a power of two of bytes, at least 1M");
		return false;
	}
	return true;
}

static bool leads_to(const struct machine_slot *slot, uint64_t host)
{
	for (size_t i = 0; i < slot->forward_count; i++) {
		if (slot->forwards[i].host == host) {
			return true;
		}
	}
	return false;
}

/* Does the build host's port lead somewhere already? */
static bool is_taken(const struct resolver *resolver, const struct slot_entry *entry, uint64_t host)
{
	const struct model *model = &resolver->topology->model;
	bool taken = leads_to(&entry->slot, host);

	for (size_t i = 0; i < model->slot_count && !taken; i++) {
		taken = leads_to(&model->slots[i], host);
	}
	return taken;
}

static bool read_forward(struct resolver *resolver, const struct value *value,
                         struct slot_entry *entry)
{
	uint64_t host = 0;
	uint64_t guest = 0;
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "forward", &text)) {
		return false;
	}
	size_t bytes = strcspn(text, ":");

	if (text[bytes] != ':') {
		diag_error(resolver->diag, value->place,
		           "'%s' is not \"port of the build host:port of the VM\"", text);
		return false;
	}
	if (!value_number_part(&resolver->evaluator, value, 0, bytes, "the host's port", &host) ||
	    !value_number_part(&resolver->evaluator, value, bytes + 1, strlen(text) - bytes - 1,
	                       "the VM's port", &guest)) {
		return false;
	}
	if (host - 1 >= UINT16_MAX || guest - 1 >= UINT16_MAX) {
		diag_error(resolver->diag, value->place, "TCP ports are 1 to %u", UINT16_MAX);
		return false;
	}
	if (is_taken(resolver, entry, host)) {
		diag_error(resolver->diag, value->place,
		           "port %u of the build host leads somewhere already", (unsigned)host);
		return false;
	}
	*ARENA_ADD(resolver->arena, entry->slot.forwards, entry->slot.forward_count) =
		(struct port_forward){(uint16_t)host, (uint16_t)guest};
	return true;
}

static bool read_forwards(struct resolver *resolver, const struct value *value,
                          struct slot_entry *entry)
{
	if (value->kind != VALUE_LIST) {
		return read_forward(resolver, value, entry);
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		if (!read_forward(resolver, &value->of.list.items[i], entry)) {
			return false;
		}
	}
	return true;
}

static bool read_bars(struct resolver *resolver, const struct value *value,
                      struct slot_entry *entry)
{
	if (value->kind != VALUE_LIST || value->of.list.count > PCI_BARS_MAX) {
		diag_error(resolver->diag, value->place,
		           "bars is a list of at most %u sizes, by number; 0 is none",
		           PCI_BARS_MAX);
		return false;
	}
	for (size_t i = 0; i < value->of.list.count; i++) {
		const struct value *item = &value->of.list.items[i];
		uint64_t bytes = 0;

		if (!value_size(&resolver->evaluator, item, "the size of a BAR", &bytes)) {
			return false;
		}
		if ((bytes & (bytes - 1)) != 0 || bytes > BAR_BYTES_MAX) {
			diag_error(resolver->diag, item->place,
			           "the size of a BAR is a power of two, at most 256M");
			return false;
		}
		if (bytes != 0) {
			entry->own.bars[i] = (struct pci_bar){PCI_BAR_MEM32, (uint32_t)bytes};
		}
	}
	return true;
}

static bool read_vectors(struct resolver *resolver, const struct value *value,
                         struct slot_entry *entry)
{
	uint64_t count = 0;

	if (!value_number(&resolver->evaluator, value, "vectors", &count)) {
		return false;
	}
	if (count > VECTORS_MAX) {
		diag_error(resolver->diag, value->place, "a function has at most %u vectors",
		           VECTORS_MAX);
		return false;
	}
	entry->own.vectors = (uint32_t)count;
	return true;
}

static bool read_confined(struct resolver *resolver, const struct value *value,
                          struct slot_entry *entry)
{
	return value_bool(&resolver->evaluator, value, "confined", &entry->confined);
}

static bool has_network(const struct slot_entry *entry)
{
	return entry->slot.model->back == PCI_BACK_NET;
}

static bool may_have_file(const struct slot_entry *entry)
{
	return pci_model_has_disk(entry->slot.model);
}

static bool is_own(const struct slot_entry *entry)
{
	return pci_model_find(entry->name) == NULL;
}

static bool read_restrict(struct resolver *resolver, const struct value *value,
                          struct slot_entry *entry)
{
	return value_bool(&resolver->evaluator, value, "restrict", &entry->slot.restricted);
}

static const struct {
	const char *name;
	bool (*read)(struct resolver *resolver, const struct value *value,
	             struct slot_entry *entry);
	bool (*fits)(
		const struct slot_entry *entry); /* NULL = always: what it says has a meaning */
} keys[KEY_COUNT] = {
	[KEY_PCI] = {"pci", read_pci, NULL},
	[KEY_MODEL] = {"model", read_model, NULL},
	[KEY_FILE] = {"file", read_file, may_have_file},
	[KEY_SIZE] = {"size", read_size, may_have_file},
	[KEY_FORWARD] = {"forward", read_forwards, has_network},
	[KEY_BARS] = {"bars", read_bars, is_own},
	[KEY_VECTORS] = {"vectors", read_vectors, is_own},
	[KEY_CONFINED] = {"confined", read_confined, is_own},
	[KEY_RESTRICT] = {"restrict", read_restrict, has_network},
};

static bool read_key(struct resolver *resolver, const struct value_entry *pair,
                     struct slot_entry *entry)
{
	struct suggest suggest = suggest_start(pair->key.text);

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (strcmp(keys[i].name, pair->key.text) == 0) {
			entry->given[i] = pair->value.place;
			return keys[i].read(resolver, &pair->value, entry);
		}
		suggest_consider(&suggest, keys[i].name);
	}
	if (!rule_report(resolver->rules, &rule_unknown_attribute, pair->key.place,
	                 "a slot of the machine has no '%s'", pair->key.text)) {
		return true;
	}
	diag_help(resolver->diag,
	          "it has: pci, model, file, size, forward, restrict, bars, vectors, confined");
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
	return false; /* what was meant is missing */
}

/* A function that topo has no row for is as the topology says. */
static bool find_model(struct resolver *resolver, struct slot_entry *entry)
{
	const struct pci_model *known = pci_model_find(entry->name);
	bool virtio = strncmp(entry->name, "virtio-", 7) == 0;
	struct pci_model *own = NULL;

	if (known != NULL) {
		entry->slot.model = known;
		return true;
	}
	if (!is_given(entry, KEY_BARS)) {
		struct suggest suggest = suggest_start(entry->name);

		for (size_t i = 0; pci_model_at(i) != NULL; i++) {
			suggest_consider(&suggest, pci_model_at(i)->name);
		}
		diag_error(resolver->diag, entry->slot.place, "no function '%s' is known",
		           entry->name);
		if (suggest.best != NULL) {
			diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
		}
		diag_help(resolver->diag, "of another one of QEMU's, `bars` gives the sizes of "
		                          "its base address registers");
		return false;
	}
	own = arena_alloc(resolver->arena, sizeof(*own));
	*own = entry->own;
	own->name = entry->name;
	own->pin = 1;
	own->options = virtio ? arena_printf(resolver->arena,
	                                     ",romfile=,disable-legacy=on,iommu_platform=on,"
	                                     "vectors=%" PRIu32,
	                                     own->vectors)
	                      : "";
	own->unknown = is_given(entry, KEY_CONFINED) ? !entry->confined : !virtio;
	entry->slot.model = own;
	return true;
}

/* Does what is said of the function fit what it is? */
static bool is_sound(struct resolver *resolver, const struct slot_entry *entry)
{
	bool sound = true;

	for (enum slot_key key = 0; key < KEY_COUNT; key++) {
		if (is_given(entry, key) && keys[key].fits != NULL && !keys[key].fits(entry)) {
			diag_error(resolver->diag, entry->given[key], "%s has no meaning for '%s'",
			           keys[key].name, entry->slot.model->name);
			sound = false;
		}
	}
	return sound;
}

bool resolve_slot(struct resolver *resolver, const struct value *dict, struct machine_slot *out)
{
	struct slot_entry entry = {.slot = {.place = dict->place}};
	bool good = !dict->of.dict.partial;

	for (size_t i = 0; i < dict->of.dict.count; i++) {
		good = read_key(resolver, &dict->of.dict.entries[i], &entry) && good;
	}
	if (!good) {
		return false;
	}
	if (entry.slot.device == 0 || entry.name == NULL) {
		diag_error(resolver->diag, dict->place, "a slot of the machine needs '%s'",
		           entry.name == NULL ? "model" : "pci");
		return false;
	}
	if (!find_model(resolver, &entry) || !is_sound(resolver, &entry)) {
		return false;
	}
	*out = entry.slot;
	return true;
}
