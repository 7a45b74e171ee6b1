/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a file says, as it says it: the tree that topo/language/parse.h makes and
 * topo/resolve/resolve.h reads. Everything lives in the arena of the load and is not changed once it
 * is made. A part that was not there, or was wrong and was reported, is NULL.
 */
#ifndef TOPO_LANGUAGE_AST_H
#define TOPO_LANGUAGE_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "topo/diag/place.h"

struct name {
	const char *text; /* NULL = none */
	struct place place;
};

enum expr_kind {
	EXPR_NUMBER,
	EXPR_BOOL,
	EXPR_STRING,
	EXPR_LIST,
	EXPR_DICT,
	EXPR_CALL,   /* dtb([…]) */
	EXPR_UNARY,  /* sign, left */
	EXPR_BINARY, /* left, sign, right */
	EXPR_CHOICE, /* condition ? left : right */
	EXPR_NAME,   /* object or object.attribute */
	EXPR_INDEX,  /* left[right] */
	EXPR_BAD,    /* could not be read, which was said */
};

struct expr;

struct dict_entry {
	struct name key;
	struct expr *value;
};

struct expr {
	enum expr_kind kind;
	struct place place; /* of its first token, or of its operator */
	union {
		int64_t number;
		bool truth;
		struct {
			const char *text;
			bool exact; /* byte i of text stands at column place.column + 1 + i */
		} string;
		struct {
			struct expr **items;
			size_t count;
		} list; /* also the arguments of a call */
		struct {
			struct dict_entry *entries;
			size_t count;
			bool partial; /* an entry could not be read, which was said */
		} dict;
		struct {
			int sign; /* a character or an enum punctuator */
			struct expr *condition;
			struct expr *left;
			struct expr *right;
		} operation;
		struct {
			struct name object;
			struct name attribute; /* text NULL = a bare name */
		} name;
	} of;
	struct name function; /* EXPR_CALL */
};

/* object.attribute = value; or object.attribute <- other.attribute; */
struct ast_setting {
	struct name object;
	struct name attribute;
	struct expr *value;
	bool weak; /* of one of topo's macros: a setting of the user's goes before it */
};

struct ast_end {
	bool from; /* else to */
	struct name instance;
	struct name interface;
};

struct ast_connection {
	struct name connector;
	struct name name;
	struct ast_end *ends;
	size_t end_count;
};

struct ast_component;

struct ast_instance {
	struct name type;
	struct ast_component *inline_type; /* component { … } name; */
	struct name name;
};

/* What stands in composition and configuration, of a file or of a component. */
struct ast_assembly {
	struct ast_instance *instances;
	size_t instance_count;
	struct ast_connection *connections;
	size_t connection_count;
	struct ast_setting *settings;
	size_t setting_count;
	bool given;       /* there was an assembly */
	bool unaddressed; /* nobody knows of what some setting speaks, which was said */
	bool lost;        /* something that may declare names could not be read, which was said */
};

struct ast_attribute {
	struct name name;
	struct name type; /* text NULL = a struct */
	bool list;
	struct expr *value; /* NULL = no default */
};

enum interface_kind {
	INTERFACE_USES,
	INTERFACE_PROVIDES,
	INTERFACE_EMITS,
	INTERFACE_CONSUMES,
	INTERFACE_DATAPORT,
};

struct ast_interface {
	enum interface_kind kind;
	struct name type;
	struct name name;
};

struct ast_component {
	struct name name;
	bool shipped; /* declared in one of topo's own files */
	bool hardware;
	struct ast_attribute *attributes;
	size_t attribute_count;
	struct ast_interface *interfaces;
	size_t interface_count;
	struct ast_assembly inner; /* composition and configuration inside a component */
};

struct ast_import {
	struct name path;
	bool beside; /* "…", looked for beside the file first */
};

struct ast_file {
	struct ast_import *imports;
	size_t import_count;
	struct ast_component **components;
	size_t component_count;
	struct name *connectors;
	size_t connector_count;
	struct ast_assembly assembly; /* all assemblies of the file, merged */
};

#endif
