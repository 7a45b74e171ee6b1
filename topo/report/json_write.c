/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writing JSON.
 */
#include "topo/report/json_write.h"

#include "topo/analysis/shortest.h"
#include "topo/base/say.h"

static void write_object(struct json_writer *writer, struct json_object *object)
{
	int flags = JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE;

	say_json(writer->out, json_object_to_json_string_ext(object, flags));
	json_object_put(object);
}

static void write_key(struct json_writer *writer, const char *key)
{
	fprintf(writer->out, "%s\n  \"%s\": ", writer->follows ? "," : "", key);
	writer->follows = true;
}

void json_write_member(struct json_writer *writer, const char *key, struct json_object *object)
{
	write_key(writer, key);
	write_object(writer, object);
}

void json_open_rows(struct json_writer *writer, const char *key)
{
	write_key(writer, key);
	fputc('[', writer->out);
	writer->follows = false;
}

void json_write_row(struct json_writer *writer, struct json_object *object)
{
	fprintf(writer->out, "%s\n    ", writer->follows ? "," : "");
	writer->follows = true;
	write_object(writer, object);
}

void json_close_rows(struct json_writer *writer)
{
	fputs(writer->follows ? "\n  ]" : "]", writer->out);
	writer->follows = true;
}

void json_write_number(struct json_writer *writer, const char *key, uint64_t number)
{
	json_write_member(writer, key, json_object_new_uint64(number));
}

void json_add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

void json_add_text(struct json_object *object, const char *key, const char *text)
{
	json_add(object, key, text == NULL ? NULL : json_object_new_string(text));
}

void json_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_add(object, key, json_object_new_uint64(number));
}

void json_add_truth(struct json_object *object, const char *key, bool truth)
{
	json_add(object, key, json_object_new_boolean(truth));
}

void json_add_falls(struct json_object *object, const char *key, uint32_t falls)
{
	json_add(object, key, falls == FALLS_NEVER ? NULL : json_object_new_uint64(falls));
}

struct json_object *json_add_object(struct json_object *object, const char *key)
{
	struct json_object *inner = json_object_new_object();

	json_add(object, key, inner);
	return inner;
}

struct json_object *json_add_array(struct json_object *object, const char *key)
{
	struct json_object *array = json_object_new_array();

	json_add(object, key, array);
	return array;
}

struct json_object *json_append_object(struct json_object *array)
{
	struct json_object *object = json_object_new_object();

	json_object_array_add(array, object);
	return object;
}

void json_append_text(struct json_object *array, const char *text)
{
	json_object_array_add(array, json_object_new_string(text));
}

void json_add_texts(struct json_object *object, const char *key, const char *const *texts,
                    size_t count)
{
	struct json_object *array = json_add_array(object, key);

	for (size_t i = 0; i < count; i++) {
		json_append_text(array, texts[i]);
	}
}
