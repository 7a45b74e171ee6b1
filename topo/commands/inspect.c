/* SPDX-License-Identifier: BSD-2-Clause */
/* topo inspect: all that is known of one VM of a running system. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/status.h"
#include "topo/image/digest.h"
#include "topo/runner/client.h"
#include "topo/runner/message.h"

struct inspect_options {
	const char *system;
	bool json;
};

static const struct option_row option_rows[] = {
	OPTION('\0', "json", NULL, struct inspect_options, json,
               "an object: the members of topo ps --json, and system, topology, image_sha256, "
               "networks, disks, images"),
	OPTION_SYSTEM(struct inspect_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo inspect [OPTION…] VM",
	.about =
		"Print all that is known of a VM: how far it is and for how long, how often it was started "
		"again, its RAM, addresses, disks and devices, and what it boots, with SHA-256.",
	.rows = option_rows,
	.end = "Exit status: 0; 1 no such system or VM; 2 wrong command line; 3 the runner does "
	       "not answer, or the image cannot be read.",
};

/* What a kind of facts is called, by enum system_fact_kind; the plural is the JSON's. */
static const struct {
	const char *name, *names;
} kinds[] = {
	[SYSTEM_FACT_ADDRESS] = {"address", "networks"},
	[SYSTEM_FACT_PORT] = {"port", "forwards"},
	[SYSTEM_FACT_DISK] = {"disk", "disks"},
	[SYSTEM_FACT_IMAGE] = {"boots", "images"},
};

static void print_text(const struct client_status *status, const char *digest)
{
	const struct control_vm *vm = &status->vms[0];
	status_text_vm(vm);
	if (vm->description[0] != '\0') {
		say(stdout, "     %s\n", vm->description);
	}
	say(stdout, "  %-10s %s, %s\n", "system", status->system.name, status->system.topology);
	say(stdout, "  %-10s SHA-256 %s\n", "image", digest);
	if (vm->up_ms != 0) {
		say(stdout, "  %-10s %" PRIu64 ".%03" PRIu64 " s\n", "up for", vm->up_ms / 1000,
		    vm->up_ms % 1000);
	}
	say(stdout, "  %-10s %" PRIu32 "\n", "restarts", vm->restart_count);
	say(stdout, "  %-10s %" PRIu32 "\n", "vCPUs", vm->vcpu_count);
	say(stdout, "  %-10s %" PRIu64 " MiB\n", "RAM", vm->ram_bytes >> 20);
	for (size_t i = 0; i < status->fact_count; i++) {
		const struct control_fact *fact = &status->facts[i];
		const bool digested = fact->digest[0] != '\0';
		say(stdout, "  %-10s %s: %s%s%s\n",
		    fact->kind < ARRAY_COUNT(kinds) ? kinds[fact->kind].name : "", fact->name,
		    fact->text, digested ? ", SHA-256 " : "", fact->digest);
	}
	status_text_hardware(vm);
}

/* A list of the facts of @kind. */
static void print_json_facts(const struct client_status *status, uint32_t kind)
{
	const char *before = "{";
	say(stdout, ", \"%s\": [", kinds[kind].names);
	for (size_t i = 0; i < status->fact_count; i++) {
		const struct control_fact *fact = &status->facts[i];
		if (fact->kind != kind) {
			continue;
		}
		status_json_member(before, "name", fact->name);
		status_json_member(", ", "text", fact->text);
		if (fact->digest[0] != '\0') {
			status_json_member(", ", "sha256", fact->digest);
		}
		(void)putchar('}');
		before = ", {";
	}
	(void)putchar(']');
}

static void print_json(const struct client_status *status, const char *digest)
{
	(void)putchar('{');
	status_json_vm(&status->vms[0]);
	status_json_member(", ", "system", status->system.name);
	status_json_member(", ", "topology", status->system.topology);
	status_json_member(", ", "image_sha256", digest);
	for (uint32_t kind = 0; kind < ARRAY_COUNT(kinds); kind++) {
		print_json_facts(status, kind);
	}
	(void)fputs("}\n", stdout);
}

/* What the machine was started with lies in the run directory. */
static bool digest_image(const struct client *client, char digest[DIGEST_TEXT_BYTES])
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/image", client->rundir.fd);
	const bool good = digest_file(path, digest);
	if (!good) {
		message_error("cannot read %s/image: %s", client->rundir.path, strerror(errno));
	}
	return good;
}

static int inspect(const struct inspect_options *options, const char *vm)
{
	struct client client;
	struct client_status status;
	char digest[DIGEST_TEXT_BYTES];
	if (client_connect(&client, options->system) != OK) {
		return EXIT_NO;
	}
	const err_t err = client_inspect(&client, vm, &status);
	int code = err == OK ? EXIT_SYSTEM : EXIT_NO;
	if (err == OK && status.vm_count == 1 && digest_image(&client, digest)) {
		(options->json ? print_json : print_text)(&status, digest);
		code = EXIT_OK;
	}
	if (err == OK) {
		client_status_free(&status);
	}
	client_close(&client);
	return code;
}

int command_inspect(const struct command_line *cl)
{
	struct inspect_options options = {.json = false};
	const int code = command_options(cl, &syntax, &options, NULL);
	if (code >= 0) {
		return code;
	}
	if (optind + 1 != cl->argc) {
		return command_usage_error(cl, "which VM? one is needed");
	}
	return inspect(&options, cl->argv[optind]);
}
