/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collecting messages. One mistake in a macro argument shows up in everything that the macro
 * expands to, so a message that says the same of the same place again is dropped with its notes.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "topo/diag/diag_internal.h"

#define DIAG_TEXT_BYTES_MAX 2048U
#define DIAG_NOTES_MAX 64U

struct diag *diag_new(void)
{
	struct arena *arena = arena_new();
	struct diag *diag = arena_alloc(arena, sizeof(*diag));

	diag->arena = arena;
	diag->sources = source_set_new();
	strmap_init(&diag->seen, arena);
	strmap_init(&diag->spelled, arena);
	return diag;
}

void diag_free(struct diag *diag)
{
	if (diag == NULL) {
		return;
	}
	source_set_free(diag->sources);
	arena_free(diag->arena);
}

struct source_set *diag_sources(struct diag *diag)
{
	return diag->sources;
}

static const char *format_text(struct diag *diag, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

/* What is longer than anybody reads is cut. */
static const char *format_text(struct diag *diag, const char *format, va_list arguments)
{
	char text[DIAG_TEXT_BYTES_MAX];
	int length = vsnprintf(text, sizeof(text), format, arguments);

	return arena_copy(diag->arena, text, length < 0 ? 0 : strlen(text));
}

/* Whether the same was said of the same place before; remembers it. */
static bool repeated(struct diag *diag, struct place place, const char *text)
{
	const struct place body = place.spelling == NULL ? PLACE_NONE : place.spelling->place;
	const char *key = arena_printf(diag->arena, "%zu:%u:%u:%u:%u:%s",
	                               place.file == NULL ? (size_t)-1 : place.file->number,
	                               place.line, place.column, body.line, body.column, text);
	void **seen = strmap_slot(&diag->seen, key, strlen(key));
	bool before = *seen != NULL;

	*seen = diag;
	return before;
}

/* Below what is said of the call of a macro: which word of the macro's body it is about. What the
 * place says of that is copied, since messages outlive the text that was read. */
static void add_spelling(struct diag *diag, struct message *message, struct place place)
{
	if (place.spelling == NULL) {
		return;
	}
	const struct place body = place.spelling->place;

	for (size_t i = 0; i < message->note_count; i++) {
		const struct place *known = &message->notes[i].place;

		if (known->file == body.file && known->line == body.line &&
		    known->column == body.column) {
			return;
		}
	}
	*ARENA_ADD(diag->arena, message->notes, message->note_count) = (struct note){
		.place = body,
		.text = arena_printf(diag->arena,
	                             place.spelling->brought
	                                     ? "by this parameter in the body of macro '%s'"
	                                     : "in the body of macro '%s'",
	                             place.spelling->macro),
	};
}

/*
 * The first error of the same word of a macro's body, in whose calls it shows again; of what a parameter
 * brings, the first that says the same. NULL and *slot if there is none.
 */
static struct message *first_of_body(struct diag *diag, const char *check, struct place place,
                                     const char *text, void ***slot)
{
	if (place.spelling == NULL) {
		return NULL;
	}
	const struct place body = place.spelling->place;
	const char *key = arena_printf(diag->arena, "%zu:%u:%u:%s:%s", body.file->number, body.line,
	                               body.column, check == NULL ? "" : check,
	                               place.spelling->brought ? text : "");

	*slot = strmap_slot(&diag->spelled, key, strlen(key));
	return **slot;
}

/* What is said of a further call of the macro, at what is said of the first. */
static void add_call(struct diag *diag, struct message *first, struct place place, const char *text)
{
	if (first->note_count < DIAG_NOTES_MAX) {
		*ARENA_ADD(diag->arena, first->notes, first->note_count) = (struct note){
			.place = place,
			.text = strcmp(text, first->text) == 0 ? "and here" : text,
		};
		first->notes[first->note_count - 1].place.spelling = NULL;
	}
}

static void add_message(struct diag *diag, enum severity severity, const char *check,
                        struct place place, const char *format, va_list arguments)
	__attribute__((format(printf, 5, 0)));

static void add_message(struct diag *diag, enum severity severity, const char *check,
                        struct place place, const char *format, va_list arguments)
{
	diag->latest = NULL;
	if (diag->muted) {
		return;
	}
	/* One that nobody will see takes no memory. */
	if (diag->counts[severity] >= DIAG_KEPT_MAX) {
		diag->counts[severity]++;
		return;
	}
	const char *text = format_text(diag, format, arguments);

	void **slot = NULL;

	if (repeated(diag, place, text)) {
		return;
	}
	struct message *first =
		severity == SEVERITY_ERROR ? first_of_body(diag, check, place, text, &slot) : NULL;

	if (first != NULL) {
		add_call(diag, first, place, text);
		return;
	}
	struct message *message = arena_alloc(diag->arena, sizeof(*message));

	message->severity = severity;
	message->check = check;
	message->place = place;
	message->place.spelling = NULL;
	message->text = text;
	message->order = diag->order++;
	*ARENA_ADD(diag->arena, diag->messages, diag->message_count) = message;
	diag->counts[severity]++;
	diag->latest = message;
	if (slot != NULL) {
		*slot = message;
	}
	if (severity == SEVERITY_ERROR || place.spelling == NULL || !place.spelling->brought) {
		add_spelling(diag, message, place);
	}
}

void diag_error(struct diag *diag, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_message(diag, SEVERITY_ERROR, NULL, place, format, arguments);
	va_end(arguments);
}

/* Whether an error of syntax was said of the same word of a macro's body: the mistake is there,
 * however often the macro is called. */
static bool body_repeated(struct diag *diag, struct place place)
{
	if (place.spelling == NULL || place.spelling->brought ||
	    diag->counts[SEVERITY_ERROR] >= DIAG_KEPT_MAX) {
		return false;
	}
	const struct place body = place.spelling->place;
	const char *key = arena_printf(diag->arena, "body %zu:%u:%u", body.file->number, body.line,
	                               body.column);
	void **seen = strmap_slot(&diag->seen, key, strlen(key));
	bool before = *seen != NULL;

	*seen = diag;
	return before;
}

bool diag_body_told(struct diag *diag, struct place place)
{
	return body_repeated(diag, place);
}

void diag_syntax(struct diag *diag, struct place place, const char *format, ...)
{
	va_list arguments;

	if (body_repeated(diag, place)) {
		diag->latest = NULL;
		return;
	}
	if (place.file != NULL && diag->syntax.file == place.file &&
	    diag->syntax.line == place.line) {
		diag->latest = NULL;
		return;
	}
	diag->syntax = place;
	va_start(arguments, format);
	add_message(diag, SEVERITY_ERROR, NULL, place, format, arguments);
	va_end(arguments);
}

void diag_warning(struct diag *diag, struct place place, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_message(diag, SEVERITY_WARNING, NULL, place, format, arguments);
	va_end(arguments);
}

void diag_report(struct diag *diag, enum severity severity, const char *check, struct place place,
                 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_message(diag, severity, check, place, format, arguments);
	va_end(arguments);
}

void diag_take_back(struct diag *diag, const char *check)
{
	size_t kept = 0;

	for (size_t i = 0; i < diag->message_count; i++) {
		struct message *message = diag->messages[i];

		if (message->check != NULL && strcmp(message->check, check) == 0) {
			diag->counts[message->severity]--;
		} else {
			diag->messages[kept++] = message;
		}
	}
	diag->message_count = kept;
	diag->latest = NULL;
	strmap_init(&diag->spelled, diag->arena);
}

void diag_note(struct diag *diag, struct place place, const char *format, ...)
{
	struct message *message = diag->latest;
	va_list arguments;

	if (message == NULL || message->note_count >= DIAG_NOTES_MAX) {
		return;
	}
	va_start(arguments, format);
	*ARENA_ADD(diag->arena, message->notes, message->note_count) =
		(struct note){place, format_text(diag, format, arguments)};
	va_end(arguments);
	message->notes[message->note_count - 1].place.spelling = NULL;
	if (place.spelling == NULL || !place.spelling->brought) {
		add_spelling(diag, message, place);
	}
}

void diag_help(struct diag *diag, const char *format, ...)
{
	struct message *message = diag->latest;
	va_list arguments;

	if (message == NULL) {
		return;
	}
	va_start(arguments, format);
	*ARENA_ADD(diag->arena, message->helps, message->help_count) =
		format_text(diag, format, arguments);
	va_end(arguments);
}

size_t diag_count(const struct diag *diag, enum severity severity)
{
	return diag->counts[severity];
}

bool diag_shows(const struct diag *diag)
{
	return diag->latest != NULL && diag->counts[diag->latest->severity] <= DIAG_SHOWN_MAX;
}

void diag_skip(struct diag *diag)
{
	diag->latest = NULL;
}

void diag_mute(struct diag *diag, bool mute)
{
	diag->muted = mute;
}

void diag_refuse(struct diag *diag)
{
	diag->refused = true;
}

bool diag_refused(const struct diag *diag)
{
	return diag->refused;
}

bool diag_failed(const struct diag *diag)
{
	return diag->counts[SEVERITY_ERROR] != 0;
}

static int compare_numbers(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare_messages(const void *left, const void *right)
{
	const struct message *a = *(const struct message *const *)left;
	const struct message *b = *(const struct message *const *)right;
	size_t a_file = a->place.file == NULL ? (size_t)-1 : a->place.file->number;
	size_t b_file = b->place.file == NULL ? (size_t)-1 : b->place.file->number;
	int order = compare_numbers(a_file, b_file);

	order = order != 0 ? order : compare_numbers(a->place.line, b->place.line);
	order = order != 0 ? order : compare_numbers(a->place.column, b->place.column);
	return order != 0 ? order : compare_numbers(a->order, b->order);
}

void diag_sort(struct diag *diag)
{
	if (diag->message_count != 0) {
		qsort(diag->messages, diag->message_count, sizeof(struct message *),
		      compare_messages);
	}
}

void diag_forget(struct diag *diag)
{
	diag->messages = NULL;
	diag->message_count = 0;
	diag->latest = NULL;
}
