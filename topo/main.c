/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo: one program, several commands. This file finds the command and calls it.
 */
#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/base/suggest.h"
#include "topo/commands/commands.h"

#define TOPO_VERSION "0.1"

static const struct {
	const char *name;
	int (*run)(const struct command_line *cl);
	const char *summary;
} commands[] = {
	{"init", command_init, "write a topology to begin with"},
	{"check", command_check, "look for errors, and give advice"},
	{"explain", command_explain, "print the topology with all defaults"},
	{"report", command_report, "what an attacker reaches, and from where"},
	{"graph", command_graph, "draw the topology"},
	{"export", command_export, "the topology for other systems"},
	{"diff", command_diff, "what rights a change adds and removes"},
	{"build", command_build, "compile a topology into a bootable image"},
	{"verify", command_verify, "read the rights back out of a built image"},
	{"run", command_run, "build a topology and boot it in QEMU"},
	{"console", command_console, "the console of a VM of a running system"},
	{"logs", command_logs, "what the consoles of a system have printed"},
	{"exec", command_exec, "run a command in a VM"},
	{"cp", command_cp, "copy files into a VM, or out of it"},
	{"screenshot", command_screenshot, "what a VM shows on its gpu"},
	{"ps", command_ps, "list the running systems and their VMs"},
	{"inspect", command_inspect, "all that is known of a VM of a running system"},
	{"events", command_events, "a line for each change of a running system"},
	{"stats", command_stats, "what the VMs of a running system have done"},
	{"top", command_top, "the same, as it goes on"},
	{"start", command_start, "start VMs of a running system"},
	{"restart", command_restart, "switch VMs of a running system off and on"},
	{"wait", command_wait, "return when VMs are up, or off"},
	{"stop", command_stop, "end a running system, or stop VMs of it"},
};

#define COMMAND_COUNT (ARRAY_COUNT(commands))

/* What people try first who come from other tools. */
static const struct {
	const char *name;
	const char *command;
} aliases[] = {
	{"up", "run"},
	{"down", "stop"},
};

/* The command that is meant by @name: itself, if it is no other name of one. */
static const char *resolve_alias(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
		if (strcmp(aliases[i].name, name) == 0) {
			return aliases[i].command;
		}
	}
	return name;
}

static void print_help(FILE *out)
{
	fputs("Usage: topo COMMAND [OPTION]... [ARGUMENT]...\n"
	      "Topologies of virtual machines without a host.\n\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		say(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	}
	fputs("\nIn other words:", out);
	for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
		say(out, "%s `topo %s` is `topo %s`", i == 0 ? "" : ",", aliases[i].name,
		    aliases[i].command);
	}
	fputs(".\n`topo COMMAND --help` says more of a command. The language of topologies is\n"
	      "described in docs/language.md.\n"
	      "Exit status: 0 success, 1 the topology has errors or the answer is no, 2 wrong\n"
	      "usage, 3 the machine refused something: a file, memory, a program. diff and verify,\n"
	      "whose answer no is another one, exit with 3 when a topology has errors.\n",
	      out);
}

static int unknown_command(const char *name)
{
	struct suggest suggest = suggest_start(name);

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		suggest_consider(&suggest, commands[i].name);
	}
	say(stderr, "topo: there is no command '%s'", name);
	if (suggest.best != NULL) {
		say(stderr, "; did you mean '%s'?", suggest.best);
	}
	fputs("\nTry 'topo --help'.\n", stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	command_hold_streams();
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return command_end(EXIT_OK, EXIT_SYSTEM);
	}
	if (strcmp(name, "--version") == 0) {
		puts("topo " TOPO_VERSION);
		return command_end(EXIT_OK, EXIT_SYSTEM);
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, resolve_alias(name)) == 0) {
			const bool exec = commands[i].run == command_exec;
			const struct command_line cl = {
				.program = argv[0],
				.argc = argc - 1,
				.argv = argv + 1,
				.wrong_usage = exec ? EXIT_EXEC_FAILED : EXIT_USAGE,
			};

			optind = 1;
			return command_end(commands[i].run(&cl),
			                   exec ? EXIT_EXEC_FAILED : EXIT_SYSTEM);
		}
	}
	return unknown_command(name);
}
