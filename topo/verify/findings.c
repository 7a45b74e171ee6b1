/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Collects what topo verify finds, see topo/verify/findings.h.
 */
#include "topo/verify/findings.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "abi/image.h"
#include "lib/bits.h"

#define TEXT_BYTES 2048

void findings_init(struct findings *report, struct arena *arena)
{
	*report = (struct findings){.arena = arena};
}

static bool known(const struct findings *report, const char *text)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		if (strcmp(report->findings[i].text, text) == 0) {
			return true;
		}
	}
	return false;
}

void findings_add(struct findings *report, enum finding_kind kind, const char *vm,
                  const char *about, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list arguments;

	if (report->finding_count >= FINDINGS_MAX) {
		report->full = true;
		return;
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (known(report, text)) {
		return;
	}
	struct finding *finding = ARENA_ADD(report->arena, report->findings, report->finding_count);

	*finding = (struct finding){
		.kind = kind,
		.vm = vm,
		.about = about,
		.text = arena_copy(report->arena, text, strlen(text)),
	};
}

void findings_right(struct findings *report, const struct access_right *right)
{
	*ARENA_ADD(report->arena, report->rights, report->right_count) = *right;
}

void findings_power(struct findings *report, const char *who, const char *format, ...)
{
	struct power *power = ARENA_ADD(report->arena, report->powers, report->power_count);
	char text[TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	power->who = who;
	power->text = arena_copy(report->arena, text, strlen(text));
}

const char *finding_kind_name(enum finding_kind kind)
{
	static const char *const names[FINDING_KIND_COUNT] = {
		[FINDING_EXTRA] = "extra",
		[FINDING_MISSING] = "missing",
		[FINDING_DIFFERENT] = "different",
		[FINDING_BROKEN] = "broken",
	};

	return names[kind];
}

const char *findings_rights_text(struct arena *arena, uint32_t rights)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} words[] = {
		{PV_RIGHT_READ, "read"},
		{PV_RIGHT_WRITE, "write"},
		{PV_RIGHT_EXEC, "execute"},
	};
	const char *text = "";
	uint32_t left = rights & (PV_RIGHT_READ | PV_RIGHT_WRITE | PV_RIGHT_EXEC);

	for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
		if (!(left & words[i].bit)) {
			continue;
		}
		left &= ~words[i].bit;
		text = arena_printf(arena, "%s%s%s", text,
		                    !text[0] ? ""
		                    : left   ? ", "
		                             : " and ",
		                    words[i].word);
	}
	return text[0] ? text : "do nothing with";
}
