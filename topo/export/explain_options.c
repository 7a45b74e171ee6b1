/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Printing the options of a device as a topology gives them.
 */
#include <inttypes.h>
#include <string.h>

#include "topo/export/explain.h"
#include "topo/model/device_options.h"

static void put_address(FILE *out, uint32_t address)
{
	fprintf(out, "%u.%u.%u.%u", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
	        address & 0xff);
}

/* A field of struct device whose type is that of the option's kind. */
static uint64_t number_field(const struct device_option *option, const struct device *device)
{
	const char *field = (const char *)device + option->offset;
	uint32_t small = 0;
	uint64_t large = 0;

	if (option->bytes == sizeof(small)) {
		memcpy(&small, field, sizeof(small));
		return small;
	}
	memcpy(&large, field, sizeof(large));
	return large;
}

static const char *string_field(const struct device_option *option, const struct device *device)
{
	const char *text = NULL;

	memcpy(&text, (const char *)device + option->offset, sizeof(text));
	return text;
}

static void put_option_value(FILE *out, const struct device_option *option,
                             const struct device *device)
{
	const uint8_t *mac = device->mac;

	switch (option->kind) {
	case OPTION_NUMBER:
	case OPTION_LONG:
	case OPTION_SIZE:
		fprintf(out, "%" PRIu64, number_field(option, device));
		break;
	case OPTION_STRING:
	case OPTION_FILE:
		explain_string(out, string_field(option, device));
		break;
	case OPTION_BOOL:
		explain_truth(out, device->readonly);
		break;
	case OPTION_MAC:
		fprintf(out, "\"%02x:%02x:%02x:%02x:%02x:%02x\"", mac[0], mac[1], mac[2], mac[3],
		        mac[4], mac[5]);
		break;
	case OPTION_NETWORK:
		fprintf(out, "\"%s\"", network_name(device->network));
		break;
	case OPTION_SUBNET:
		putc('"', out);
		put_address(out, device->address[0]);
		fprintf(out, "/%u\"", device->prefix);
		break;
	case OPTION_ADDRESS:
		putc('"', out);
		put_address(out, device->address[1]);
		putc('"', out);
		break;
	}
}

/* An option that stands for nothing is left out: an empty disk has no image, and no offset. */
static bool is_absent(const struct device_option *option, const struct device *device)
{
	if (option->kind == OPTION_SIZE) {
		return number_field(option, device) == 0;
	}
	return (option->kind == OPTION_STRING || option->kind == OPTION_FILE) &&
	       string_field(option, device) == NULL;
}

void explain_options(FILE *out, const struct device *device, const char *before)
{
	for (size_t i = 0; device_option_at(i) != NULL; i++) {
		const struct device_option *option = device_option_at(i);

		if ((option->types & 1U << device->type) != 0 && !is_absent(option, device)) {
			fprintf(out, "%s%s: ", before, option->name);
			put_option_value(out, option, device);
		}
	}
}
