/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of virtio devices: from a value in a list to a field of struct device, by the rows of
 * topo/model/device_options.h; and joining what the two sides of a connection say of one device.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "topo/base/suggest.h"
#include "topo/model/device_options.h"
#include "topo/resolve/resolve_internal.h"

#define MAC_CHARACTERS 17U

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c == '\0' ? NULL : strchr(digits, tolower((unsigned char)c));

	return found == NULL ? -1 : (int)(found - digits);
}

/* Six bytes of two digits each, with colons between. */
static bool parse_mac(const char *text, uint8_t *mac)
{
	if (strlen(text) != MAC_CHARACTERS) {
		return false;
	}
	for (size_t i = 0; i < 6; i++) {
		int high = hex_digit(text[3 * i]);
		int low = hex_digit(text[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) {
			return false;
		}
		mac[i] = (uint8_t)(high * 16 + low);
	}
	return true;
}

static bool read_mac(struct resolver *resolver, const struct value *value, uint8_t *mac)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "mac", &text)) {
		return false;
	}
	if (!parse_mac(text, mac)) {
		diag_error(resolver->diag, value->place, "'%s' is not a MAC address", text);
		diag_help(resolver->diag, "six bytes in hex: \"02:70:76:00:00:01\"");
		return false;
	}
	return true;
}

static bool read_address(struct resolver *resolver, const struct value *value, const char *text,
                         uint32_t *address)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, text, &parsed) != 1) {
		diag_error(resolver->diag, value->place, "'%s' is not an IPv4 address", text);
		return false;
	}
	*address = ntohl(parsed.s_addr);
	return true;
}

/* One or two digits behind the slash; 0 if there is anything else. */
static uint32_t parse_prefix(const char *slash)
{
	uint32_t prefix = 0;
	size_t digits = slash == NULL ? 0 : strspn(slash + 1, "0123456789");

	if (digits == 0 || digits > 2 || slash[1 + digits] != '\0') {
		return 0;
	}
	for (size_t i = 1; i <= digits; i++) {
		prefix = prefix * 10 + (uint32_t)(slash[i] - '0');
	}
	return prefix;
}

/* "10.77.0.1/24" */
static bool read_subnet(struct resolver *resolver, const struct value *value, struct device *device)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "address", &text)) {
		return false;
	}
	const char *slash = strchr(text, '/');
	uint32_t prefix = parse_prefix(slash);

	if (slash == NULL || prefix < 8 || prefix > 30) {
		diag_error(resolver->diag, value->place, "'%s' is not an address with its subnet",
		           text);
		diag_help(resolver->diag, "\"10.77.0.1/24\", a prefix of 8 to 30 bits");
		return false;
	}
	device->prefix = prefix;
	return read_address(resolver, value,
	                    arena_copy(resolver->arena, text, (size_t)(slash - text)),
	                    &device->address[0]);
}

static bool read_network(struct resolver *resolver, const struct value *value,
                         enum network *network)
{
	const char *text = NULL;

	if (!value_string(&resolver->evaluator, value, "network", &text)) {
		return false;
	}
	if (!network_find(text, network)) {
		diag_error(resolver->diag, value->place, "there is no kind of network '%s'", text);
		diag_help(resolver->diag,
		          "\"bridge\", \"routed\", \"nat\" or \"isolated\" are known");
		return false;
	}
	return true;
}

static bool read_number(struct resolver *resolver, const struct device_option *option,
                        const struct value *value, uint64_t *number)
{
	bool ok = option->kind == OPTION_SIZE
	                  ? value_size(&resolver->evaluator, value, option->name, number)
	                  : value_number(&resolver->evaluator, value, option->name, number);

	if (!ok) {
		return false;
	}
	bool fits = *number >= option->minimum && *number <= option->maximum;

	/* Only what is said of queues can be switched off. */
	if (!fits && option->kind != OPTION_NUMBER) {
		diag_error(resolver->diag, value->place, "%s is %llu to %llu, not %llu",
		           option->name, (unsigned long long)option->minimum,
		           (unsigned long long)option->maximum, (unsigned long long)*number);
		return false;
	}
	if (!fits) {
		if (rule_report(resolver->rules, &rule_limit_queues, value->place,
		                "%s is %llu to %llu, not %llu", option->name,
		                (unsigned long long)option->minimum,
		                (unsigned long long)option->maximum, (unsigned long long)*number)) {
			return false;
		}
	}
	return true;
}

static bool read_option(struct resolver *resolver, const struct device_option *option,
                        const struct value *value, struct device *device)
{
	void *field = (char *)device + option->offset;
	uint64_t number = 0;
	uint32_t small = 0;
	const char *text = NULL;

	switch (option->kind) {
	case OPTION_NUMBER:
		if (!read_number(resolver, option, value, &number)) {
			return false;
		}
		small = number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
		memcpy(field, &small, sizeof(small));
		return true;
	case OPTION_LONG:
	case OPTION_SIZE:
		if (!read_number(resolver, option, value, &number)) {
			return false;
		}
		memcpy(field, &number, sizeof(number));
		return true;
	case OPTION_STRING:
	case OPTION_FILE:
		if (!value_string(&resolver->evaluator, value, option->name, &text)) {
			return false;
		}
		if (option->kind == OPTION_FILE) {
			text = resolve_path(resolver, text, value->place);
		}
		memcpy(field, &text, sizeof(text));
		return true;
	case OPTION_BOOL:
		return value_bool(&resolver->evaluator, value, option->name, field);
	case OPTION_MAC:
		return read_mac(resolver, value, field);
	case OPTION_NETWORK:
		return read_network(resolver, value, field);
	case OPTION_SUBNET:
		return read_subnet(resolver, value, device);
	case OPTION_ADDRESS:
		return value_string(&resolver->evaluator, value, option->name, &text) &&
		       read_address(resolver, value, text, field);
	}
	return false;
}

static void unknown_option(struct resolver *resolver, const char *peer_key, const struct name *key,
                           enum device_type type)
{
	struct suggest suggest = suggest_start(key->text);
	bool of_other_type = false;

	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		of_other_type = of_other_type || strcmp(option->name, key->text) == 0;
		if ((option->types & 1U << type) != 0) {
			suggest_consider(&suggest, option->name);
		}
	}
	suggest_consider(&suggest, peer_key);
	if (!rule_report(resolver->rules, &rule_unknown_attribute, key->place,
	                 of_other_type ? "'%s' is no option of a %s device"
	                               : "there is no option '%s' of a %s device",
	                 key->text, device_type_name(type))) {
		return;
	}
	if (strcmp(key->text, "queues") == 0) {
		const struct device device = {.type = type};

		diag_help(resolver->diag, "it always has %u", device_queue_count(&device));
	} else if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	}
}

bool resolve_option(struct resolver *resolver, const char *peer_key, struct device_entry *entry,
                    const struct value_entry *pair)
{
	const char *key = pair->key.text;

	if (strcmp(key, "type") == 0 || strcmp(key, "id") == 0 || strcmp(key, peer_key) == 0) {
		return true;
	}
	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		if (strcmp(option->name, key) != 0 ||
		    (option->types & 1U << entry->device.type) == 0) {
			continue;
		}
		if (read_option(resolver, option, &pair->value, &entry->device)) {
			entry->places[i] = pair->value.place;
		}
		return true;
	}
	unknown_option(resolver, peer_key, &pair->key, entry->device.type);
	return false;
}

/* Without a type the keys cannot be told: the nearest to "type" is most likely meant. */
static void report_typeless(struct resolver *resolver, const struct value *dict)
{
	for (size_t i = 0; i < dict->of.dict.count; i++) {
		const struct name *key = &dict->of.dict.entries[i].key;
		struct suggest suggest = suggest_start(key->text);

		suggest_consider(&suggest, "type");
		if (suggest.best != NULL) {
			rule_report(resolver->rules, &rule_unknown_attribute, key->place,
			            "there is no option '%s' of a device", key->text);
			diag_help(resolver->diag, "did you mean 'type'?");
			return;
		}
	}
	if (!dict->of.dict.partial) {
		rule_report(resolver->rules, &rule_type_unknown, dict->place,
		            "this device has no type");
		diag_help(resolver->diag,
		          "{ type: \"net\" }, or blk, vsock, console, rng, fs, gpu");
	}
}

bool resolve_option_type(struct resolver *resolver, const struct value *dict,
                         enum device_type *type)
{
	const struct value *value = resolve_entry(dict, "type");
	const char *name = NULL;

	if (value == NULL) {
		report_typeless(resolver, dict);
		return false;
	}
	if (!value_string(&resolver->evaluator, value, "type", &name)) {
		return false;
	}
	*type = device_type_find(name);
	if (*type != DEVICE_TYPE_COUNT) {
		return true;
	}
	struct suggest suggest = suggest_start(name);

	for (enum device_type i = DEVICE_NET; i < DEVICE_TYPE_COUNT; i++) {
		suggest_consider(&suggest, device_type_name(i));
	}
	rule_report(resolver->rules, &rule_type_unknown, value->place,
	            "there is no type of device '%s'", name);
	if (suggest.best != NULL) {
		diag_help(resolver->diag, "did you mean '%s'?", suggest.best);
	} else {
		diag_help(resolver->diag, "net, blk, vsock, console, rng, fs and gpu are known");
	}
	return false;
}

static bool same_option(const struct device_option *option, const struct device *a,
                        const struct device *b)
{
	const void *x = (const char *)a + option->offset;
	const void *y = (const char *)b + option->offset;

	if (option->kind == OPTION_STRING || option->kind == OPTION_FILE) {
		const char *left = NULL;
		const char *right = NULL;

		memcpy(&left, x, sizeof(left));
		memcpy(&right, y, sizeof(right));
		return strcmp(left, right) == 0;
	}
	return memcmp(x, y, option->bytes) == 0;
}

/* Both sides speak of one device: take what only the driver's says, refuse contradictions. */
void resolve_options_merge(struct resolver *resolver, struct device_entry *served,
                           const struct device_entry *expected)
{
	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		if (expected->places[i].file == NULL) {
			continue;
		}
		if (served->places[i].file == NULL) {
			memcpy((char *)&served->device + option->offset,
			       (const char *)&expected->device + option->offset, option->bytes);
			served->places[i] = expected->places[i];
			if (option->kind == OPTION_SUBNET) {
				served->device.prefix = expected->device.prefix;
			}
		} else if (!same_option(option, &served->device, &expected->device)) {
			if (rule_report(resolver->rules, &rule_device_disagree, expected->places[i],
			                "device VM and driver VM disagree on %s of this device",
			                option->name)) {
				diag_note(resolver->diag, served->places[i],
				          "the device VM says this");
			}
		}
	}
}
