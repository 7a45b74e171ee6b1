/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The front end as the runner's tests see it: the real commands of the runner, and in the place of
 * the compiler a reader of scenarios. A line "vm NAME …" or "connect DEVICE DRIVER …" of a scenario
 * is one of the system's, the rest of it and all other lines are fake_qemu's, which gets the whole
 * file as its image. Channels are handed out as in a real system: PV_CONSOLE_COUNT for each VM, in
 * order, from 1 on.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/boards/qemu_virt_topo.h"
#include "abi/mux.h"
#include "topo/commands/commands.h"
#include "topo/commands/packages.h"
#include "topo/diag/diag.h"
#include "topo/front/load.h"
#include "topo/image/system.h"

#define POOL_IPA 0x90000000ULL
#define POOL_BYTES (8ULL << 20)
#define RAM_BYTES (64ULL << 20)
#define IMAGE_AT (2ULL << 20) /* as fake_qemu's */

struct diag {
	char text[256];
};

struct diag *diag_new(void)
{
	return calloc(1, sizeof(struct diag));
}

void diag_free(struct diag *diag)
{
	free(diag);
}

void diag_flush(struct diag *diag, FILE *out)
{
	(void)fputs(diag->text, out);
	diag->text[0] = '\0';
}

static int take_define(const struct command_line *cl, void *options, const char *argument)
{
	(void)cl;
	(void)options;
	(void)argument;
	return EXIT_OK;
}

const struct option_row command_load_rows[] = {
	OPTION_BY(take_define, 'D', "define", "NAME", "is taken, and means nothing"),
	OPTION_END,
};

void command_load_done(struct load_options *options)
{
	(void)options;
}

int command_load_failed(const struct diag *diag)
{
	(void)diag;
	return EXIT_NO;
}

/* The base name without its suffix, as of a topology. */
static const char *name_model(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash == NULL ? path : slash + 1);
	char *dot = name == NULL ? NULL : strrchr(name, '.');
	if (dot != NULL) {
		*dot = '\0';
	}
	return name;
}

const char *packages_root(struct arena *arena, struct vm_image *image)
{
	(void)arena;
	return image->rootfs;
}

struct model *packages_load(const char *path, const struct load_options *options, struct diag *diag)
{
	(void)options;
	struct model *model = calloc(1, sizeof(*model));
	if (model == NULL || access(path, R_OK) != 0) {
		(void)snprintf(diag->text, sizeof(diag->text), "error: no file %.200s\n", path);
		free(model);
		return NULL;
	}
	model->path = path;
	model->name = name_model(path);
	return model;
}

void model_free(struct model *model)
{
	if (model != NULL) {
		free((void *)(uintptr_t)model->name);
	}
	free(model);
}

static uint32_t find_vm(const struct system *system, const char *name)
{
	uint32_t vm = 0;
	while (vm < system->vm_count && strcmp(system->vms[vm].name, name) != 0) {
		vm++;
	}
	return vm;
}

static char nic_name[] = "nic";
static char nic_where[] = "PCI 0:17.2, interrupt 36";
static struct system_hardware nic = {
	.name = nic_name,
	.where = nic_where,
	.dma = "confined",
	.messages = "forgeable",
	.has_stream = true,
	.stream = 17U << 3 | 2U,
};

static char net_name[] = "net 0 of other";
static char net_text[] = "10.0.0.2/24";
static char net_other_text[] = "10.0.1.2/24";
static char card_name[] = "e1000e in slot 0:1.0";
static char card_text[] = "127.0.0.1:2222 -> 10.0.2.15:22";
static char disk_name_text[] = "blk 0 of other";
static char disk_text[] = "64 MiB, raw";
static char kernel_name[] = "kernel";
static char kernel_text[] = "a \x1b \"Image\"";
static char kernel_digest[] = "00ff";
static struct system_fact facts[] = {
	{SYSTEM_FACT_ADDRESS, net_name, net_text, NULL},
	{SYSTEM_FACT_ADDRESS, net_name, net_other_text, NULL},
	{SYSTEM_FACT_ADDRESS, net_name, net_text, NULL},
	{SYSTEM_FACT_PORT, card_name, card_text, NULL},
	{SYSTEM_FACT_DISK, disk_name_text, disk_text, NULL},
	{SYSTEM_FACT_IMAGE, kernel_name, kernel_text, kernel_digest},
};

/* health=COMMAND: as of images/rootfs/health.c, which the guest has under another name. */
static void take_health(struct system_vm *vm, const char *line)
{
	const char *found = strstr(line, " health=");
	const char *program = getenv("FAKE_HEALTH");
	if (found != NULL && program != NULL) {
		char words[1024];
		const int bytes = snprintf(words, sizeof(words), "%s%c500%c3%c%.*s%c", program, 0,
		                           0, 0, (int)strcspn(found + 8, " \n"), found + 8, 0);
		vm->health = malloc((size_t)bytes);
		vm->health_bytes = (size_t)bytes;
		memcpy(vm->health, words, (size_t)bytes);
	}
}

/* result=FILE: as of images/rootfs/once.c, likewise. */
static void take_result(struct system_vm *vm, const char *line)
{
	const char *found = strstr(line, " result=");
	const char *program = getenv("FAKE_ONCE");
	if (found != NULL && program != NULL) {
		char words[1024];
		const int bytes = snprintf(words, sizeof(words), "%s%cwait%c%.*s%c", program, 0, 0,
		                           (int)strcspn(found + 8, " \n"), found + 8, 0);
		vm->result = malloc((size_t)bytes);
		vm->result_bytes = (size_t)bytes;
		memcpy(vm->result, words, (size_t)bytes);
	}
}

/* pools: its agent tells of them by a program that stands for the guest's. */
static void take_pools(struct system_vm *vm, const char *line)
{
	const char *program = getenv("FAKE_POOLS");
	if (strstr(line, " pools") != NULL && program != NULL) {
		vm->pools = strdup(program);
		vm->pools_bytes = strlen(program) + 1;
	}
}

static void take_vm(struct system *system, const char *line)
{
	char name[64] = "";
	char agent[16] = "";
	if (sscanf(line, "vm %63s %15s", name, agent) < 1) {
		return;
	}
	const char *about = strstr(line, " about=");
	system->vms[system->vm_count] = (struct system_vm){
		.name = strdup(name),
		.description = about == NULL ? NULL : strndup(about + 7, strcspn(about + 7, "\n")),
		.vcpu_count = 1,
		.channel_first = (uint32_t)(1 + system->vm_count * PV_CONSOLE_COUNT),
		.starts_off = strstr(line, " off") != NULL,
		.agent = strcmp(agent, "agent") == 0,
	};
	/* Of the first one, as fake_qemu has it. */
	system->vms[system->vm_count].has_window =
		system->vm_count == 0 && strstr(line, " window") != NULL;
	take_health(&system->vms[system->vm_count], line);
	take_result(&system->vms[system->vm_count], line);
	take_pools(&system->vms[system->vm_count], line);
	if (strstr(line, " nic") != NULL) {
		system->vms[system->vm_count].hardware = &nic;
		system->vms[system->vm_count].hardware_count = 1;
		system->vms[system->vm_count].hardware_more = 4;
	}
	if (strstr(line, " facts") != NULL) {
		system->vms[system->vm_count].facts = facts;
		system->vms[system->vm_count].fact_count = sizeof(facts) / sizeof(facts[0]);
		system->vms[system->vm_count].ram_bytes = 96ULL << 20;
	}
	system->vm_count++;
}

static void take_connection(struct system *system, const char *line)
{
	char device[64] = "";
	char driver[64] = "";
	if (sscanf(line, "connect %63s %63s", device, driver) == 2) {
		system->connections[system->connection_count++] = (struct system_connection){
			.pool_ipa = POOL_IPA,
			.pool_bytes = strstr(line, " pool") == NULL ? 0 : POOL_BYTES,
			.device_vm = find_vm(system, device),
			.driver_vm = find_vm(system, driver),
			.device_count = 2,
			.device_types = {"net", "blk"}};
	}
}

/* Copy the scenario to @image_path, taking our lines on the way. -1: it says "unbuildable". */
static int read_scenario(FILE *in, FILE *out, struct system *system)
{
	char line[512];
	int result = 0;
	while (fgets(line, sizeof(line), in) != NULL) {
		(void)fputs(line, out);
		if (strncmp(line, "vm ", 3) == 0) {
			take_vm(system, line);
		} else if (strncmp(line, "connect ", 8) == 0) {
			take_connection(system, line);
		} else if (strncmp(line, "unbuildable", 11) == 0) {
			result = -1;
		} else if (strncmp(line, "building ", 9) == 0) {
			/* A build that takes its time: until the signal, or so many seconds. */
			(void)sleep((unsigned)strtol(line + 9, NULL, 10));
		}
	}
	return result;
}

int system_build(const struct model *model, const char *image_path, enum system_use use,
                 struct diag *diag, struct system *out)
{
	(void)use;
	*out = (struct system){.name = strdup(model->name),
	                       .image_path = strdup(image_path),
	                       .image_at = IMAGE_AT,
	                       .qemu_machine = BOARD_QEMU_MACHINE,
	                       .qemu_cpu = BOARD_QEMU_CPU,
	                       .ram_bytes = RAM_BYTES,
	                       .cpu_count = 2,
	                       .vms = calloc(PV_DOMAINS_MAX, sizeof(*out->vms)),
	                       .connections = calloc(64, sizeof(*out->connections))};
	FILE *scenario = fopen(model->path, "r");
	FILE *image = fopen(image_path, "w");
	int result = -1;
	if (scenario != NULL && image != NULL) {
		result = read_scenario(scenario, image, out);
	}
	if (scenario != NULL) {
		(void)fclose(scenario);
	}
	if (image != NULL) {
		(void)fclose(image);
	}
	if (result != 0) {
		(void)snprintf(diag->text, sizeof(diag->text), "error: it cannot be built\n");
		system_free(out);
	}
	return result;
}

void system_free(struct system *system)
{
	for (size_t i = 0; i < system->vm_count; i++) {
		free(system->vms[i].name);
		free(system->vms[i].description);
		free(system->vms[i].health);
		free(system->vms[i].result);
		free(system->vms[i].pools);
	}
	free(system->name);
	free(system->image_path);
	free(system->vms);
	free(system->connections);
}

static const struct {
	const char *name;
	int (*run)(const struct command_line *cl);
} commands[] = {
	{"run", command_run},     {"console", command_console}, {"logs", command_logs},
	{"ps", command_ps},       {"stats", command_stats},     {"top", command_top},
	{"stop", command_stop},   {"exec", command_exec},       {"port", command_port},
	{"start", command_start}, {"restart", command_restart}, {"events", command_events},
	{"cp", command_cp},       {"wait", command_wait},       {"inspect", command_inspect},
};

int main(int argc, char **argv)
{
	command_hold_streams();
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			const bool exec = commands[i].run == command_exec;
			const struct command_line cl = {.program = argv[0],
			                                .argc = argc - 1,
			                                .argv = argv + 1,
			                                .wrong_usage = exec ? EXIT_EXEC_FAILED
			                                                    : EXIT_USAGE};
			return command_end(commands[i].run(&cl),
			                   exec ? EXIT_EXEC_FAILED : EXIT_SYSTEM);
		}
	}
	(void)fprintf(stderr, "which command?\n");
	return EXIT_USAGE;
}
