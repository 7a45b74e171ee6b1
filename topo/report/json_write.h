/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON piece by piece, a row of a table on a line, so that the tables of a large topology
 * are never in memory as a whole; and what json-c objects are put together by.
 */
#ifndef TOPO_REPORT_JSON_WRITE_H
#define TOPO_REPORT_JSON_WRITE_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* An object that is being written. */
struct json_writer {
	FILE *out;
	bool follows; /* something stands before, so a comma is needed */
};

/** A member; gives @object back. */
void json_write_member(struct json_writer *writer, const char *key, struct json_object *object);
void json_write_number(struct json_writer *writer, const char *key, uint64_t number);

/** A member that is a table: open it, write rows, close it. A row gives @object back. */
void json_open_rows(struct json_writer *writer, const char *key);
void json_write_row(struct json_writer *writer, struct json_object *object);
void json_close_rows(struct json_writer *writer);

/* Add a member to @object; text that is NULL and FALLS_NEVER are null. */
void json_add(struct json_object *object, const char *key, struct json_object *value);
void json_add_text(struct json_object *object, const char *key, const char *text);
void json_add_number(struct json_object *object, const char *key, uint64_t number);
void json_add_truth(struct json_object *object, const char *key, bool truth);
void json_add_falls(struct json_object *object, const char *key, uint32_t falls);
void json_add_texts(struct json_object *object, const char *key, const char *const *texts,
                    size_t count);

/* Add an empty object or array, and return it. */
struct json_object *json_add_object(struct json_object *object, const char *key);
struct json_object *json_add_array(struct json_object *object, const char *key);

/* Append to @array; the object is empty, and returned. */
struct json_object *json_append_object(struct json_object *array);
void json_append_text(struct json_object *array, const char *text);

#endif
