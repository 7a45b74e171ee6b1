/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo export: a topology for other programs, as JSON, and for other systems, as an application of
 * seL4's CAmkES VM systems. The application goes to a directory of its own, files of the topology
 * beside it as symbolic links; or to standard output, as one text.
 */
#include "topo/export/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/bits.h"
#include "topo/base/say.h"
#include "topo/commands/commands.h"
#include "topo/export/model_json.h"
#include "topo/model/board.h"

struct export_options {
	struct load_options load;
	const char *format;
	const char *output;
	bool quiet;
};

static const struct option_row option_rows[] = {
	OPTION('f', "format", "camkes|json", struct export_options, format,
               "json: the whole resolved model, as docs/export.schema.json describes it\n"
               "camkes: an application in the numbered form that seL4's CAmkES VM systems build; "
               "what that form cannot express is listed in its first lines and on standard error"),
	OPTION('o', "output", "PATH", struct export_options, output,
               "write to PATH: a file for json, a directory for camkes, with NAME.camkes, "
               "BOARD/devices.camkes and CMakeLists.txt. Without it, camkes prints one text that "
               "holds everything"),
	OPTION('q', "quiet", NULL, struct export_options, quiet,
               "do not list on standard error what cannot be expressed"),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo export --format camkes|json [OPTION]... [FILE]",
	.about = "Print the topology FILE for other programs and other systems.",
	.rows = option_rows,
	.end = "Exit status: 0 success, 1 the topology has errors, 2 wrong usage, 3 a file "
	       "cannot be read or written.",
};

static int fail(const char *path, int error)
{
	say(stderr, "topo export: %s: %s\n", path, strerror(error));
	return EXIT_SYSTEM;
}

static int export_json(const struct model *model, struct diag *diag, const char *path)
{
	struct output output;

	if (command_spare_inputs(model, diag, path) != EXIT_OK) {
		return EXIT_USAGE;
	}
	output_begin(&output, path);
	model_print_json(model, output.to);
	return command_output_end(&output);
}

/* Directories and files of an application. */

static int make_directory(const char *path)
{
	struct stat status;

	if (mkdir(path, 0777) == 0 ||
	    (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode))) {
		return EXIT_OK;
	}
	return fail(path, errno == EEXIST ? ENOTDIR : errno);
}

/*
 * A link beside the application to a file of the topology's. Only another link makes room for it;
 * the file itself may be what lies there already.
 */
static int link_file(struct arena *arena, const char *directory, const char *name,
                     const char *target)
{
	struct stat there;
	struct stat wanted;

	if (name == NULL) {
		return EXIT_OK;
	}
	const char *path = arena_printf(arena, "%s/%s", directory, name);
	const bool exists = lstat(path, &there) == 0;

	if (exists && stat(target, &wanted) == 0 && there.st_dev == wanted.st_dev &&
	    there.st_ino == wanted.st_ino) {
		return EXIT_OK;
	}
	if (exists && !S_ISLNK(there.st_mode)) {
		return fail(path, EEXIST);
	}
	if ((exists && unlink(path) != 0) || symlink(target, path) != 0) {
		return fail(path, errno);
	}
	return EXIT_OK;
}

static int link_files(const struct export_plan *plan, struct arena *arena, const char *directory)
{
	int code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < plan->model->vm_count; i++) {
		const struct export_vm *vm = &plan->vms[i];
		const struct vm_image *image = &plan->model->vms[i].image;
		const struct {
			const char *name;
			const char *target;
		} files[] = {
			{vm->kernel_name, image->kernel},
			{vm->initrd_name, image->initrd},
			{vm->dtb_name, image->dtb},
		};

		for (size_t j = 0; code == EXIT_OK && j < ARRAY_COUNT(files); j++) {
			code = link_file(arena, directory, files[j].name, files[j].target);
		}
	}
	return code;
}

static int write_files(const struct export_plan *plan, struct diag *diag, struct arena *arena,
                       const char *directory)
{
	const char *board = arena_printf(arena, "%s/%s", directory, plan->model->board->directory);
	const char *paths[] = {
		arena_printf(arena, "%s/%s.camkes", directory, plan->name),
		arena_printf(arena, "%s/devices.camkes", board),
		arena_printf(arena, "%s/CMakeLists.txt", directory),
	};
	int code = EXIT_OK;

	for (size_t i = 0; code == EXIT_OK && i < ARRAY_COUNT(paths); i++) {
		code = command_spare_inputs(plan->model, diag, paths[i]);
	}
	if (code == EXIT_OK) {
		code = make_directory(directory);
	}
	if (code == EXIT_OK) {
		code = make_directory(board);
	}
	for (size_t i = 0; code == EXIT_OK && i < ARRAY_COUNT(paths); i++) {
		struct output output;

		output_begin(&output, paths[i]);
		if (i == 0) {
			export_print_application(plan, output.to, true);
		} else if (i == 1) {
			export_print_devices(plan, output.to);
		} else {
			export_print_build(plan, output.to);
		}
		code = command_output_end(&output);
	}
	return code == EXIT_OK ? link_files(plan, arena, directory) : code;
}

static int export_camkes(const struct model *model, struct diag *diag,
                         const struct export_options *options)
{
	struct arena *arena = arena_new();
	const struct export_plan plan = export_plan(model, arena, options->output != NULL);
	int code = EXIT_OK;

	if (!options->quiet) {
		fputs("topo export: this form cannot express:\n", stderr);
		export_print_notes(&plan, stderr, "  ");
	}
	if (options->output != NULL) {
		code = write_files(&plan, diag, arena, options->output);
	} else {
		export_print_application(&plan, stdout, false);
		export_print_devices(&plan, stdout);
	}
	arena_free(arena);
	return code;
}

static int export(const struct loaded *loaded)
{
	const struct export_options *options = loaded->options;

	return strcmp(options->format, "json") == 0
	               ? export_json(loaded->model, loaded->diag, options->output)
	               : export_camkes(loaded->model, loaded->diag, options);
}

int command_export(const struct command_line *cl)
{
	struct export_options options = {.load = {.analysis = true}};
	const int code = command_options(cl, &syntax, &options, &options.load);

	if (code >= 0) {
		return code;
	}
	if (options.format == NULL) {
		command_load_done(&options.load);
		return command_usage_error(cl, "--format says what to write");
	}
	return command_load_and(cl, &options.load, export, &options);
}
