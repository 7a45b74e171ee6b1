/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of the commands, and the help that lists them.
 */
#include "topo/commands/table.h"

#include <stdio.h>
#include <string.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/commands/commands.h"

static const struct command commands[] = {
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
	{"port", command_port, "a TCP port of this machine that leads into a VM"},
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
	{"help", command_help, "of a command, or about a topic"},
};

/* What people try first who come from other tools. */
static const struct {
	const char *name;
	const char *command;
} aliases[] = {
	{"up", "run"},
	{"down", "stop"},
};

const struct command *command_at(size_t index)
{
	return index < ARRAY_COUNT(commands) ? &commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
		if (strcmp(aliases[i].name, name) == 0) {
			name = aliases[i].command;
		}
	}
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

int command_call(const struct command *command, struct command_line cl)
{
	const bool exec = command->run == command_exec;

	cl.wrong_usage = exec ? EXIT_EXEC_FAILED : EXIT_USAGE;
	optind = 1;
	return command_end(command->run(&cl), exec ? EXIT_EXEC_FAILED : EXIT_SYSTEM);
}

void command_print_all(FILE *out)
{
	fputs("Usage: topo COMMAND [OPTION]... [ARGUMENT]...\n"
	      "Topologies of virtual machines without a host.\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		say(out, "  %-10s %s\n", commands[i].name, commands[i].summary);
	}
	fputs("\nIn other words:", out);
	for (size_t i = 0; i < ARRAY_COUNT(aliases); i++) {
		say(out, "%s `topo %s` is `topo %s`", i == 0 ? "" : ",", aliases[i].name,
		    aliases[i].command);
	}
	fputs(".\n`topo COMMAND --help` says more of a command, `topo help` lists topics to read about.\n"
	      "Exit status: 0 success, 1 the topology has errors or the answer is no, 2 wrong\n"
	      "usage, 3 the machine refused something: a file, memory, a program. diff and verify,\n"
	      "whose answer no is another one, exit with 3 when a topology has errors.\n",
	      out);
}
