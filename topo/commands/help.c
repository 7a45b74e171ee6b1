/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo help: of a command what its --help says, of a topic the text that is installed with topo,
 * share/peervisor/help/TOPIC. The first line of such a file is what the list of topics says of it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/share.h"
#include "topo/base/suggest.h"
#include "topo/commands/commands.h"
#include "topo/commands/table.h"

#define PATH_BYTES 4096U
#define LINE_BYTES 256U

static const struct option_row option_rows[] = {
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo help [COMMAND | TOPIC]",
	.about = "Print what topo COMMAND --help prints, or what there is to know about TOPIC; "
		 "without either, all commands and topics.",
	.rows = option_rows,
	.end = "Exit status: 0; 1 there is no such command or topic; 2 wrong command line; 3 the "
	       "topics cannot be read.",
};

/* Any entry of the directory but those that begin with a dot. */
static int is_topic(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The names of all topics, sorted, in *@topics, for free_topics. Returns how many, or -1 after a
 * message. */
static int list_topics(char directory[PATH_BYTES], struct dirent ***topics)
{
	snprintf(directory, PATH_BYTES, "%s/help", share_directory());
	const int count = scandir(directory, topics, is_topic, alphasort);

	if (count < 0) {
		say(stderr, "topo help: cannot read '%s': %s\n", directory, strerror(errno));
	}
	return count;
}

static void free_topics(struct dirent **topics, int count)
{
	for (int i = 0; i < count; i++) {
		free(topics[i]);
	}
	free((void *)topics);
}

static FILE *open_topic(const char *directory, const char *name)
{
	char path[PATH_BYTES + LINE_BYTES];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	FILE *file = fopen(path, "re");

	if (file == NULL) {
		say(stderr, "topo help: cannot read '%s': %s\n", path, strerror(errno));
	}
	return file;
}

/* Print the lines of @name, the first of them alone if @summary. Returns the exit status. */
static int print_topic(const char *directory, const char *name, bool summary)
{
	FILE *file = open_topic(directory, name);
	char line[LINE_BYTES];

	if (file == NULL) {
		return EXIT_SYSTEM;
	}
	while (fgets(line, sizeof(line), file) != NULL) {
		fputs(line, stdout);
		if (summary) {
			break;
		}
	}
	const bool failed = ferror(file) != 0;

	fclose(file);
	if (failed) {
		say(stderr, "topo help: cannot read '%s/%s'\n", directory, name);
	}
	return failed ? EXIT_SYSTEM : EXIT_OK;
}

static int print_topics(const char *directory, struct dirent **topics, int count)
{
	int code = EXIT_OK;

	fputs("\nTopics:\n", stdout);
	for (int i = 0; i < count && code == EXIT_OK; i++) {
		say(stdout, "  %-12s ", topics[i]->d_name);
		code = print_topic(directory, topics[i]->d_name, true);
	}
	return code;
}

/* Of the topic @name, which may be none. */
static int tell(const char *directory, struct dirent **topics, int count, const char *name)
{
	struct suggest suggest = suggest_start(name);

	for (int i = 0; i < count; i++) {
		if (strcmp(topics[i]->d_name, name) == 0) {
			return print_topic(directory, name, false);
		}
		suggest_consider(&suggest, topics[i]->d_name);
	}
	for (size_t i = 0; command_at(i) != NULL; i++) {
		suggest_consider(&suggest, command_at(i)->name);
	}
	say(stderr, "topo help: there is no command and no topic '%s'", name);
	if (suggest.best != NULL) {
		say(stderr, "; did you mean '%s'?", suggest.best);
	}
	fputs("\n`topo help` lists them.\n", stderr);
	return EXIT_NO;
}

int command_help(const struct command_line *cl)
{
	char directory[PATH_BYTES];
	struct dirent **topics;
	const int asked = command_options(cl, &syntax, NULL, NULL);

	if (asked >= 0) {
		return asked;
	}
	const char *name = cl->argv[optind];

	if (name != NULL && cl->argv[optind + 1] != NULL) {
		return command_usage_error(cl, "one command or topic at a time");
	}
	const struct command *command = name != NULL ? command_find(name) : NULL;

	if (command != NULL) {
		char help[] = "--help";
		char *words[] = {cl->argv[optind], help, NULL};

		optind = 1;
		return command->run(&(struct command_line){.program = cl->program,
		                                           .argc = 2,
		                                           .argv = words,
		                                           .wrong_usage = EXIT_USAGE});
	}
	if (name == NULL) {
		command_print_all(stdout);
	}
	const int count = list_topics(directory, &topics);

	if (count < 0) {
		return EXIT_SYSTEM;
	}
	const int code = name == NULL ? print_topics(directory, topics, count)
	                              : tell(directory, topics, count, name);

	free_topics(topics, count);
	return code;
}
