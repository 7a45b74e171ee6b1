/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What all commands share: the next option, and complaints about usage. getopt_long finds that an
 * option is wrong; what it says of it is said here, once, with what was meant.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "topo/base/say.h"
#include "topo/base/suggest.h"
#include "topo/commands/commands.h"

int command_usage_error(const struct command_line *cl, const char *format, ...)
{
	va_list arguments;

	say(stderr, "topo %s: ", cl->argv[0]);
	va_start(arguments, format);
	say_values(stderr, format, arguments);
	va_end(arguments);
	say(stderr, "\nTry '%s %s --help'.\n", cl->program, cl->argv[0]);
	return EXIT_USAGE;
}

/* Why getopt_long refused the long option @word. */
static void refuse_long(const struct command_line *cl, const char *word,
                        const struct option *options)
{
	const char *name = word + 2;
	int bytes = (int)strcspn(name, "=");
	size_t begun = 0;
	bool exact = false;
	char wrong[64];

	snprintf(wrong, sizeof(wrong), "%.*s", bytes, name);
	struct suggest suggest = suggest_start(wrong);

	for (size_t i = 0; options[i].name != NULL; i++) {
		begun += strncmp(options[i].name, name, (size_t)bytes) == 0 ? 1 : 0;
		exact = exact || strcmp(options[i].name, wrong) == 0;
		suggest_consider(&suggest, options[i].name);
	}
	if (exact || begun == 1) {
		command_usage_error(cl, "option '--%.*s' takes no argument", bytes, name);
	} else if (begun > 1) {
		command_usage_error(cl, "option '--%.*s' could be several", bytes, name);
	} else if (suggest.best != NULL) {
		command_usage_error(cl, "there is no option '--%.*s'; did you mean '--%s'?", bytes,
		                    name, suggest.best);
	} else {
		command_usage_error(cl, "there is no option '--%.*s'", bytes, name);
	}
}

int command_next_option(const struct command_line *cl, const char *letters,
                        const struct option *options)
{
	char quiet[32];

	/* The colon makes getopt say which of its two complaints it has. */
	snprintf(quiet, sizeof(quiet), ":%s", letters);
	opterr = 0;
	int option = getopt_long(cl->argc, cl->argv, quiet, options, NULL);

	if (option == ':') {
		command_usage_error(cl, "option '%s' needs an argument", cl->argv[optind - 1]);
	} else if (option == '?' && optopt > 0 && optopt < OPTION_BOARD &&
	           strchr(letters, optopt) == NULL) {
		command_usage_error(cl, "there is no option '-%c'", optopt);
	} else if (option == '?') {
		refuse_long(cl, cl->argv[optind - 1], options);
	}
	return option == ':' ? '?' : option;
}
