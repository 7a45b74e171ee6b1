/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of attributes of a VM: how each is written, where it stands in struct vm, and how it
 * is told. Reading, topo explain, JSON, the comparison of topologies and the export to CAmkES all
 * go by its rows, and have code of their own only for what is more than a number or a text.
 */
#ifndef TOPO_MODEL_VM_ATTRIBUTES_H
#define TOPO_MODEL_VM_ATTRIBUTES_H

#include "topo/model/model.h"
#include "topo/model/vm_attribute_rows.h"

#define VM_ATTRIBUTE_ENUM(attribute, ...) attribute,
enum vm_attribute { VM_ATTRIBUTE_ROWS(VM_ATTRIBUTE_ENUM) VM_ATTRIBUTE_COUNT };
#undef VM_ATTRIBUTE_ENUM

enum attribute_kind {
	ATTRIBUTE_OWN,     /* code of its own reads and tells it */
	ATTRIBUTE_NUMBER,  /* uint32_t */
	ATTRIBUTE_ADDRESS, /* uint64_t */
	ATTRIBUTE_SIZE,    /* uint64_t, with K M G */
	ATTRIBUTE_STRING,  /* const char * */
	ATTRIBUTE_TRUTH,   /* bool */
	ATTRIBUTE_WORD,    /* an enumeration: one of `words` */
};

enum attribute_place {
	ATTRIBUTE_ALONE,
	ATTRIBUTE_KEY, /* of vm_address_config */
	ATTRIBUTE_ALONE_OR_KEY,
	ATTRIBUTE_IMAGE_KEY, /* of vm_image_config: topo/model/resolve_image.c reads it */
};

/* What an application of CAmkES has of an attribute. */
enum attribute_camkes {
	CAMKES_OWN,     /* nothing, or what code of its own writes */
	CAMKES_SETTING, /* the same setting */
	CAMKES_NOTE,    /* no such attribute: a note says what is lost */
};

struct vm_attribute_row {
	const char *name;
	const char *older; /* what older systems call it there; NULL = the same */
	enum attribute_place place;
	enum attribute_kind kind;
	size_t offset; /* in struct vm */
	size_t bytes;
	uint64_t minimum, maximum; /* numbers; of a string the bytes, which show; 0 = any string */
	const char *const *words;  /* by the field's value; NULL for 0, and behind the last */
	uint64_t usual;            /* what holds where it is not given, if that is not 0 */
	bool optional;             /* explain leaves out 0, NULL and false */
	const char *json;          /* what JSON calls it; NULL = not there, or by code of its own */
	const char *diff;          /* what topo diff calls it; NULL likewise */
	bool tuning;               /* no right: only topo diff --all compares it */
	enum attribute_camkes camkes;
	/* For people: topo explain --list, docs/language.md. */
	const char *unit;      /* of a number without a range */
	const char *values;    /* what may stand there; NULL = what follows from the above */
	const char *meaning;   /* what it says */
	const char *otherwise; /* what holds where it is not given */
};

/** The row of @attribute. */
const struct vm_attribute_row *vm_attribute_row(enum vm_attribute attribute);

/** Whether it may be set by itself, or as a key of vm_address_config. */
bool vm_attribute_stands(enum vm_attribute attribute, enum attribute_place place);

/**
 * The attribute that @name means at @place, ATTRIBUTE_ALONE or ATTRIBUTE_KEY; VM_ATTRIBUTE_COUNT
 * if there is none.
 */
enum vm_attribute vm_attribute_find(const char *name, enum attribute_place place);

/** What older systems call it at @place; NULL if they have no other name for it. */
const char *vm_attribute_older(enum vm_attribute attribute, enum attribute_place place);

/** Its value in @vm: a number, a truth, the place of a word. */
uint64_t vm_attribute_number(enum vm_attribute attribute, const struct vm *vm);

/** Its value in @vm: a string or a word, NULL = none. */
const char *vm_attribute_text(enum vm_attribute attribute, const struct vm *vm);

/** Put a number, which fits, a truth or the place of a word into @vm. */
void vm_attribute_set_number(enum vm_attribute attribute, struct vm *vm, uint64_t number);

/** Put a string into @vm. */
void vm_attribute_set_text(enum vm_attribute attribute, struct vm *vm, const char *text);

/** Whether its value in @vm is 0, NULL or false. */
bool vm_attribute_none(enum vm_attribute attribute, const struct vm *vm);

/** Whether its value in @vm is what holds where it is not given. */
bool vm_attribute_usual(enum vm_attribute attribute, const struct vm *vm);

#endif
