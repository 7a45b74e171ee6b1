/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How commands come by a topology.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "topo/commands/commands.h"
#include "topo/commands/packages.h"

#define NAMED_MAX 8 /* candidates that a message has room for */

static int is_topology(const struct dirent *entry)
{
	static const char ending[] = ".camkes";
	const size_t bytes = strlen(entry->d_name);
	struct stat status;

	return entry->d_name[0] != '.' && bytes >= sizeof(ending) &&
	       strcmp(entry->d_name + bytes - (sizeof(ending) - 1), ending) == 0 &&
	       stat(entry->d_name, &status) == 0 && S_ISREG(status.st_mode);
}

/* Not by the locale: a message is the same for everybody. */
static int by_name(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

static int refuse_candidates(const struct command_line *cl, struct dirent **entries, int count)
{
	char names[NAMED_MAX * (NAME_MAX + 3)] = "";
	size_t used = 0;

	if (count == 0) {
		return command_usage_error(
			cl, "one FILE is needed: no .camkes file lies in this directory");
	}
	for (int i = 0; i < count && i < NAMED_MAX; i++) {
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
		                         i == 0 ? "" : ", ", entries[i]->d_name);
	}
	return command_usage_error(cl, "one FILE is needed: here are %s%s", names,
	                           count > NAMED_MAX ? ", …" : "");
}

int command_topology(const struct command_line *cl, int first, struct topology_name *found)
{
	struct dirent **entries = NULL;
	int code = EXIT_OK;

	found->path = cl->argv[first];
	if (cl->argc - first == 1) {
		return EXIT_OK;
	}
	if (cl->argc > first) {
		return command_usage_error(cl, "one FILE is needed, not %d", cl->argc - first);
	}
	const int count = scandir(".", &entries, is_topology, by_name);

	if (count < 0) {
		return command_usage_error(cl,
		                           "one FILE is needed: this directory cannot be read: %s",
		                           strerror(errno));
	}
	if (count == 1) {
		snprintf(found->here, sizeof(found->here), "%s", entries[0]->d_name);
		found->path = found->here;
	} else {
		code = refuse_candidates(cl, entries, count);
	}
	for (int i = 0; i < count; i++) {
		free(entries[i]);
	}
	free((void *)entries);
	return code;
}

int command_load_path(const char *path, const struct load_options *load, loaded_use *use,
                      const void *options)
{
	struct diag *diag = diag_new();
	struct model *model = packages_load(path, load, diag);
	int code = command_load_failed(diag);

	diag_flush(diag, stderr);
	if (model != NULL) {
		code = use(&(struct loaded){model, diag, options});
		diag_flush(diag, stderr);
	}
	model_free(model);
	diag_free(diag);
	return code;
}

int command_load_and(const struct command_line *cl, struct load_options *load, loaded_use *use,
                     const void *options)
{
	struct topology_name name;
	int code = command_topology(cl, optind, &name);

	if (code == EXIT_OK) {
		code = command_load_path(name.path, load, use, options);
	}
	command_load_done(load);
	return code;
}
