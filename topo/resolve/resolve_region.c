/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where memdev and the control region of a connection lie, by the numeric form of an entry of the lists of
 * virtio devices.
 */
#include <string.h>

#include "lib/bits.h"
#include "topo/base/suggest.h"
#include "topo/resolve/resolve_internal.h"

#define CONTROL_BYTES ((uint64_t)2 * PV_PAGE_BYTES) /* the iobuf of a connection */

static void take_size(struct resolver *resolver, size_t index, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[index];
	struct connection_origin *origin = &resolver->topology->connection_origins[index];
	uint64_t bytes = 0;

	/* Without swiotlb memdev is the driver VM's RAM, and its size that of the RAM. */
	if (!value_size(&resolver->evaluator, value, "data_size", &bytes) || !connection->swiotlb) {
		return;
	}
	if (origin->pool_given && connection->pool_bytes != bytes) {
		if (rule_report(resolver->rules, &rule_device_disagree, value->place,
		                "the size of this memdev is given as %llu and as %llu bytes",
		                (unsigned long long)bytes,
		                (unsigned long long)connection->pool_bytes)) {
			diag_note(resolver->diag, origin->pool_bytes, "first given here");
		}
		return;
	}
	connection->pool_bytes = bytes;
	origin->pool_given = true;
	origin->pool_bytes = value->place;
}

/*
 * Where the control region lies. In deployed systems the connections of one VM name the same
 * region: each has two pages of it, in the order of the entries.
 */
static void take_control(struct resolver *resolver, const struct pairing *pairing,
                         const struct value *dict, const struct value *value)
{
	struct connection *connection = &resolver->topology->model.connections[pairing->index];
	const struct value *size = resolve_entry(dict, "ctrl_size");
	uint64_t base = 0;
	uint64_t bytes = UINT64_MAX;

	if (!value_number(&resolver->evaluator, value, "ctrl_base", &base) ||
	    (size != NULL && !value_size(&resolver->evaluator, size, "ctrl_size", &bytes))) {
		return;
	}
	const char *key = arena_printf(resolver->arena, "%zu:%llu", pairing->device_vm,
	                               (unsigned long long)base);
	void **slot = strmap_slot(&resolver->controls, key, strlen(key));

	if (*slot == NULL) {
		*slot = arena_alloc(resolver->arena, sizeof(uint64_t));
	}
	uint64_t *used = *slot;

	if (bytes < CONTROL_BYTES) {
		return; /* and ctrl_size says so */
	}
	if (*used > bytes - CONTROL_BYTES || base > UINT64_MAX - *used - CONTROL_BYTES) {
		diag_error(resolver->diag, value->place,
		           "the control region has no room for this connection");
		diag_help(resolver->diag, "each connection of a device VM takes %llu bytes of it",
		          (unsigned long long)CONTROL_BYTES);
		return;
	}
	connection->device_ctrl_base = base + *used;
	resolver->topology->connection_origins[pairing->index].device_ctrl_base = value->place;
	*used += CONTROL_BYTES;
}

static void check_control_size(struct resolver *resolver, const struct value *value)
{
	uint64_t bytes = 0;

	if (value_size(&resolver->evaluator, value, "ctrl_size", &bytes) && bytes < CONTROL_BYTES) {
		diag_error(resolver->diag, value->place,
		           "a control region of %llu bytes has no room for a connection",
		           (unsigned long long)bytes);
		diag_help(resolver->diag, "each connection of a device VM takes %llu bytes of it",
		          (unsigned long long)CONTROL_BYTES);
	}
}

/* An address of memdev; one that was given otherwise before is not forgotten. */
static void take_base(struct resolver *resolver, uint64_t *base, struct place *place,
                      uint64_t number, struct place given)
{
	if (*base != 0 && *base != number) {
		if (rule_report(resolver->rules, &rule_device_disagree, given,
		                "memdev is given at 0x%llx and at 0x%llx in one VM",
		                (unsigned long long)number, (unsigned long long)*base)) {
			diag_note(resolver->diag, *place, "first given here");
		}
		return;
	}
	*base = number;
	*place = given;
}

static void suggest_numeric_key(struct resolver *resolver, const char *wrong)
{
	static const char *const keys[] = {"id", "data_base", "data_size", "ctrl_base",
	                                   "ctrl_size"};
	struct suggest suggest = suggest_start(wrong);

	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		suggest_consider(&suggest, keys[i]);
	}
	diag_help(resolver->diag, "it has: id, data_base, data_size, ctrl_base, ctrl_size");
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}

void resolve_region_key(struct resolver *resolver, size_t vm, const struct pairing *pairing,
                        const struct value *dict, const struct value_entry *entry)
{
	struct connection *connection = &resolver->topology->model.connections[pairing->index];
	struct connection_origin *origin = &resolver->topology->connection_origins[pairing->index];
	bool device = pairing->device_vm == vm;
	const char *key = entry->key.text;
	uint64_t number = 0;

	if (strcmp(key, "id") == 0) {
		return;
	}
	if (strcmp(key, "ctrl_size") == 0) {
		check_control_size(resolver, &entry->value);
	} else if (strcmp(key, "data_size") == 0) {
		take_size(resolver, pairing->index, &entry->value);
	} else if (strcmp(key, "data_base") == 0) {
		if (!value_number(&resolver->evaluator, &entry->value, key, &number)) {
			return;
		}
		if (device) {
			take_base(resolver, &connection->device_data_base,
			          &origin->device_data_base, number, entry->value.place);
		} else if (connection->swiotlb) {
			take_base(resolver, &connection->driver_data_base,
			          &origin->driver_data_base, number, entry->value.place);
		}
	} else if (strcmp(key, "ctrl_base") == 0) {
		/* Only the device VM has the control region in its address space here. */
		if (device) {
			take_control(resolver, pairing, dict, &entry->value);
		} else {
			value_number(&resolver->evaluator, &entry->value, key, &number);
		}
	} else if (rule_report(resolver->rules, &rule_unknown_attribute, entry->key.place,
	                       "there is no '%s' in this form of an entry", key)) {
		suggest_numeric_key(resolver, key);
	}
}
