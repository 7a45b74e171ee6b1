/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo: one program, several commands. This file finds the command and calls it.
 */
#include <stdio.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/suggest.h"
#include "topo/base/version.h"
#include "topo/commands/commands.h"
#include "topo/commands/table.h"

static int unknown_command(const char *name)
{
	struct suggest suggest = suggest_start(name);

	for (size_t i = 0; command_at(i) != NULL; i++) {
		suggest_consider(&suggest, command_at(i)->name);
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
		command_print_all(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		command_print_all(stdout);
		return command_end(EXIT_OK, EXIT_SYSTEM);
	}
	if (strcmp(name, "--version") == 0) {
		puts("topo " TOPO_VERSION);
		return command_end(EXIT_OK, EXIT_SYSTEM);
	}
	const struct command *command = command_find(name);

	if (command == NULL) {
		return unknown_command(name);
	}
	return command_call(command, (struct command_line){
					     .program = argv[0],
					     .argc = argc - 1,
					     .argv = argv + 1,
				     });
}
