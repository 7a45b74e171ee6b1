/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo init: a topology to begin with, a directory of files for each of its VMs, assertions and a
 * README. It writes into a directory that is new or empty, so that nothing is ever overwritten.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/commands/init_patterns.h"

#define NAME_BYTES 64U

struct init_options {
	const char *pattern;
};

static const struct option_row option_rows[] = {
	OPTION('p', "pattern", INIT_PATTERNS, struct init_options, pattern,
               "how the VMs are connected (default: pair)"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo init [OPTION…] DIR",
	.about =
		"Write a topology to begin with into DIR, which is new or empty: the topology, a directory "
		"with the program of each VM, assertions for CI, and a README that says how to go on.",
	.rows = option_rows,
	.end = "Exit status: 0; 1 DIR is not empty; 2 wrong command line; 3 it cannot be written.",
};

/* Where it is written. */
struct init_place {
	const char *path; /* as the user named it */
	int fd;
	char name[NAME_BYTES]; /* of the files */
};

static int refuse(const struct init_place *place, const char *what)
{
	say(stderr, "topo init: cannot write %s%s%s: %s\n", place->path, what[0] == '\0' ? "" : "/",
	    what, strerror(errno));
	return EXIT_SYSTEM;
}

static bool is_empty(int fd)
{
	const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = copy < 0 ? NULL : fdopendir(copy);
	bool empty = stream != NULL;
	const struct dirent *entry;

	while (empty && (entry = readdir(stream)) != NULL) {
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	}
	if (stream != NULL) {
		closedir(stream);
	}
	return empty;
}

/* The files are called as the directory, where that can name a system. */
static void name_files(struct init_place *place)
{
	char *path = realpath(place->path, NULL);
	const char *base = path == NULL ? "" : strrchr(path, '/') + 1;
	const size_t bytes = strspn(base, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                  "0123456789-_");
	const bool good =
		bytes != 0 && base[bytes] == '\0' && bytes < NAME_BYTES - 16 && base[0] != '-';

	snprintf(place->name, sizeof(place->name), "%s", good ? base : "system");
	free(path);
}

static FILE *create(const struct init_place *place, const char *name, mode_t mode)
{
	const int fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (file == NULL && fd >= 0) {
		close(fd);
	}
	return file;
}

static size_t count_vms(const struct init_pattern *pattern)
{
	size_t count = 0;

	while (count < INIT_VMS_MAX && pattern->vms[count].name != NULL) {
		count++;
	}
	return count;
}

static void write_topology(FILE *file, const struct init_pattern *pattern)
{
	const size_t count = count_vms(pattern);

	say(file, "// %s\n", pattern->summary);
	fputs("assembly {\n    composition {\n", file);
	for (size_t i = 0; i < count; i++) {
		say(file, "        component VM vm_%s;\n", pattern->vms[i].name);
	}
	fputc('\n', file);
	fputs(pattern->connections, file);
	fputs("    }\n    configuration {\n", file);
	fputs(pattern->configuration, file);
	for (size_t i = 0; i < count; i++) {
		const struct init_vm *vm = &pattern->vms[i];

		fprintf(file,
		        "\n        vm_%s.description = \"%s\";\n"
		        "        vm_%s.files = [{ from: \"%s\", to: \"/srv\" }];\n"
		        "        vm_%s.command = [\"/srv/start\"];\n",
		        vm->name, vm->about, vm->name, vm->name, vm->name);
	}
	fputs("    }\n}\n", file);
}

static void write_readme(FILE *file, const struct init_place *place,
                         const struct init_pattern *pattern)
{
	say(file, "# %s\n", place->name);
	say(file, "\n%s\n", pattern->summary);
	fputs("\n| VM | |\n| --- | --- |\n", file);
	for (size_t i = 0; i < count_vms(pattern); i++) {
		say(file, "| `%s` | %s; its files are in `%s/`, and lie in `/srv` in it |\n",
		    pattern->vms[i].name, pattern->vms[i].about, pattern->vms[i].name);
	}
	/* What is said of the three commands stands in one column: behind the longest, which has the name twice. */
	const int name = (int)strlen(place->name);

	fprintf(file,
	        "\nIn this directory:\n\n```\n"
	        "topo check %s.camkes%*s    errors and advice\n"
	        "topo report --assertions %s.assertions %s.camkes    for CI: do they hold?\n"
	        "topo up --detach %s.camkes%*s    boots it, in QEMU\n"
	        "topo ps\n"
	        "topo logs --follow\n"
	        "topo exec %s -- uname -a\n"
	        "topo down\n```\n\n"
	        "`start` in the directory of a VM is its program: its init runs it, and again when it ends.\n"
	        "Put your own there, or say another one in `%s.camkes`.\n",
	        place->name, name + 26, "", place->name, place->name, place->name, name + 20, "",
	        pattern->vms[0].name, place->name);
}

static void write_start(FILE *file, const struct init_vm *vm)
{
	fprintf(file,
	        "#!/bin/sh\n"
	        "# The program of the VM %s: %s. Put your own here.\n"
	        "echo \"%s runs\"\n"
	        "exec sleep 1000000\n",
	        vm->name, vm->about, vm->name);
}

/* Returns whether all of it was written. */
static bool finish(FILE *file)
{
	const bool good = ferror(file) == 0;

	return fclose(file) == 0 && good;
}

static int write_vm(const struct init_place *place, const struct init_vm *vm)
{
	char path[NAME_BYTES];
	FILE *file = NULL;

	snprintf(path, sizeof(path), "%s/start", vm->name);
	if (mkdirat(place->fd, vm->name, 0777) == 0) {
		file = create(place, path, 0777);
	}
	if (file == NULL) {
		return refuse(place, path);
	}
	write_start(file, vm);
	return finish(file) ? EXIT_OK : refuse(place, path);
}

static int write_texts(const struct init_place *place, const struct init_pattern *pattern)
{
	static const char *const endings[] = {".camkes", ".assertions", ""};
	char path[2 * NAME_BYTES];

	for (size_t i = 0; i < ARRAY_COUNT(endings); i++) {
		snprintf(path, sizeof(path), "%s%s", i == 2 ? "README.md" : place->name,
		         endings[i]);
		FILE *file = create(place, path, 0666);

		if (file == NULL) {
			return refuse(place, path);
		}
		if (i == 0) {
			write_topology(file, pattern);
		} else if (i == 1) {
			fputs(pattern->assertions, file);
		} else {
			write_readme(file, place, pattern);
		}
		if (!finish(file)) {
			return refuse(place, path);
		}
	}
	return EXIT_OK;
}

static int write_all(const struct init_place *place, const struct init_pattern *pattern)
{
	int code = write_texts(place, pattern);

	for (size_t i = 0; code == EXIT_OK && i < count_vms(pattern); i++) {
		code = write_vm(place, &pattern->vms[i]);
	}
	if (code == EXIT_OK) {
		say(stdout, "%s/%s.camkes: %s\n", place->path, place->name, pattern->summary);
		say(stdout, "%s/README.md says how to go on.\n", place->path);
	}
	return code;
}

static int init(const struct init_options *options, const char *path)
{
	struct init_place place = {.path = path, .fd = -1};

	if (mkdir(path, 0777) == 0 || errno == EEXIST) {
		place.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (place.fd < 0) {
		return refuse(&place, "");
	}
	int code = EXIT_NO;

	if (is_empty(place.fd)) {
		name_files(&place);
		code = write_all(&place, init_pattern_find(options->pattern));
	} else {
		say(stderr, "topo init: %s is not empty: nothing is written over what is there\n",
		    path);
	}
	close(place.fd);
	return code;
}

int command_init(const struct command_line *cl)
{
	struct init_options options = {.pattern = "pair"};
	const int code = command_options(cl, &syntax, &options, NULL);

	if (code >= 0) {
		return code;
	}
	if (optind + 1 != cl->argc) {
		return command_usage_error(cl, "which directory? one is needed");
	}
	return init(&options, cl->argv[optind]);
}
