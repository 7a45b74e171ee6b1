/* SPDX-License-Identifier: BSD-2-Clause */
/* health: the command by which a VM tells that it does its work, how often it is run, and how often it may fail. */
#include "lib/bits.h"
#include "topo/resolve/resolve_internal.h"

/* A number from @minimum to @maximum; left alone if @value is NULL, or is none, which is told. */
static void read_number(struct resolver *resolver, const struct value *value, const char *what,
                        uint32_t minimum, uint32_t maximum, uint32_t *out)
{
	uint64_t number = 0;

	if (value == NULL || !value_number(&resolver->evaluator, value, what, &number)) {
		return;
	}
	if (number < minimum || number > maximum) {
		diag_error(resolver->diag, value->place, "%s is %llu, and can be %u to %u", what,
		           (unsigned long long)number, minimum, maximum);
		return;
	}
	*out = (uint32_t)number;
}

void resolve_health(struct resolver *resolver, size_t vm, const struct value *value)
{
	static const char *const keys[] = {"command", "interval", "retries"};
	struct vm_health *health = &resolver->topology->model.vms[vm].health;

	if (value->kind != VALUE_DICT) {
		diag_error(resolver->diag, value->place, "health is a dict, not %s",
		           value_kind_name(value->kind));
		diag_help(resolver->diag, "{ command: [\"pgrep\", \"httpd\"] }");
		return;
	}
	if (!resolve_known_keys(resolver, value, "health", keys, ARRAY_COUNT(keys))) {
		return;
	}
	const struct value *command = resolve_entry(value, "command");

	*health = (struct vm_health){.interval_ms = HEALTH_INTERVAL_MS,
	                             .retries = HEALTH_RETRIES,
	                             .place = value->place};
	read_number(resolver, resolve_entry(value, "interval"),
	            "the interval of health in milliseconds", HEALTH_INTERVAL_MS_MIN,
	            HEALTH_INTERVAL_MS_MAX, &health->interval_ms);
	read_number(resolver, resolve_entry(value, "retries"), "retries of health", 1,
	            HEALTH_RETRIES_MAX, &health->retries);
	if (command != NULL) {
		health->words = resolve_words(resolver, command, "the command of health",
		                              &health->word_count);
	}
	if (health->word_count == 0 && value->of.dict.count != 0 && !value->of.dict.partial &&
	    (command == NULL || command->kind == VALUE_LIST)) {
		diag_error(resolver->diag, value->place, "health has no command");
		diag_help(resolver->diag, "{ command: [\"pgrep\", \"httpd\"] }");
	}
}
