/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of attributes of a VM, and access to the fields that its rows name.
 */
#include "topo/model/vm_attributes.h"

#include <string.h>

#define VM_FIELD(KIND, member)                                                                     \
	.kind = ATTRIBUTE_##KIND, .offset = offsetof(struct vm, member),                           \
	.bytes = sizeof(((struct vm *)NULL)->member)

static const char *const trusts[] = {
	[TRUST_NONE] = NULL,
	[TRUST_LOW] = "low",
	[TRUST_HIGH] = "high",
	NULL,
};

static const char *const restarts[] = {
	[RESTART_UNSAID] = NULL,
	[RESTART_ON_FAILURE] = "on-failure",
	[RESTART_ALWAYS] = "always",
	[RESTART_NO] = "no",
	NULL,
};

#define VM_ATTRIBUTE_ROW(attribute, ...) [attribute] = {__VA_ARGS__},
static const struct vm_attribute_row rows[VM_ATTRIBUTE_COUNT] = {
	VM_ATTRIBUTE_ROWS(VM_ATTRIBUTE_ROW)};
#undef VM_ATTRIBUTE_ROW

const struct vm_attribute_row *vm_attribute_row(enum vm_attribute attribute)
{
	return &rows[attribute];
}

bool vm_attribute_stands(enum vm_attribute attribute, enum attribute_place place)
{
	return rows[attribute].place == place || rows[attribute].place == ATTRIBUTE_ALONE_OR_KEY;
}

/* What may stand by itself too had another name only as a key. */
const char *vm_attribute_older(enum vm_attribute attribute, enum attribute_place place)
{
	bool both = rows[attribute].place == ATTRIBUTE_ALONE_OR_KEY;

	return place == (both ? ATTRIBUTE_KEY : rows[attribute].place) ? rows[attribute].older
	                                                               : NULL;
}

enum vm_attribute vm_attribute_find(const char *name, enum attribute_place place)
{
	for (enum vm_attribute i = 0; i < VM_ATTRIBUTE_COUNT; i++) {
		const char *older = vm_attribute_older(i, place);

		if (vm_attribute_stands(i, place) &&
		    (strcmp(rows[i].name, name) == 0 ||
		     (older != NULL && strcmp(older, name) == 0))) {
			return i;
		}
	}
	return VM_ATTRIBUTE_COUNT;
}

static const void *field(enum vm_attribute attribute, const struct vm *vm)
{
	return (const char *)vm + rows[attribute].offset;
}

uint64_t vm_attribute_number(enum vm_attribute attribute, const struct vm *vm)
{
	uint32_t small = 0;
	uint64_t large = 0;

	if (rows[attribute].kind == ATTRIBUTE_TRUTH) {
		return *(const bool *)field(attribute, vm) ? 1 : 0;
	}
	if (rows[attribute].bytes == sizeof(small)) {
		memcpy(&small, field(attribute, vm), sizeof(small));
		return small;
	}
	memcpy(&large, field(attribute, vm), sizeof(large));
	return large;
}

const char *vm_attribute_text(enum vm_attribute attribute, const struct vm *vm)
{
	const char *text = NULL;

	if (rows[attribute].kind == ATTRIBUTE_WORD) {
		return rows[attribute].words[vm_attribute_number(attribute, vm)];
	}
	memcpy(&text, field(attribute, vm), sizeof(text));
	return text;
}

void vm_attribute_set_number(enum vm_attribute attribute, struct vm *vm, uint64_t number)
{
	void *to = (char *)vm + rows[attribute].offset;
	uint32_t small = (uint32_t)number; /* which fits, if it is to go there */

	if (rows[attribute].kind == ATTRIBUTE_TRUTH) {
		*(bool *)to = number != 0;
	} else if (rows[attribute].bytes == sizeof(small)) {
		memcpy(to, &small, sizeof(small));
	} else {
		memcpy(to, &number, sizeof(number));
	}
}

void vm_attribute_set_text(enum vm_attribute attribute, struct vm *vm, const char *text)
{
	memcpy((char *)vm + rows[attribute].offset, &text, sizeof(text));
}

bool vm_attribute_none(enum vm_attribute attribute, const struct vm *vm)
{
	if (rows[attribute].kind == ATTRIBUTE_OWN) {
		return false;
	}
	return rows[attribute].kind == ATTRIBUTE_STRING ? vm_attribute_text(attribute, vm) == NULL
	                                                : vm_attribute_number(attribute, vm) == 0;
}

bool vm_attribute_usual(enum vm_attribute attribute, const struct vm *vm)
{
	return rows[attribute].usual == 0
	               ? vm_attribute_none(attribute, vm)
	               : vm_attribute_number(attribute, vm) == rows[attribute].usual;
}
