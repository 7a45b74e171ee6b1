/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * topo cp: files and directories between here and a VM, as a stream of tar(1) at either end of what
 * topo exec does. What a VM sends is its guest's word: it is unpacked in a new directory that nobody
 * else can enter, as nobody's but ours, and only what was asked for leaves that, if it is nothing but
 * files, directories and links within it.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topo/commands/commands.h"
#include "topo/commands/exec.h"
#include "topo/runner/message.h"

#define PATH_BYTES 4096U
#define NFTW_FILES 16
#define ARGUMENTS 12U /* their end included */

struct cp_options {
	const char *system;
};

static const struct option_row option_rows[] = {
	OPTION_SYSTEM(struct cp_options, system),
	OPTION_END,
};

static const struct command_syntax syntax = {
	.usage = "Usage: topo cp [--name NAME] SOURCE VM:PATH\n"
		 "       topo cp [--name NAME] VM:PATH DESTINATION",
	.about =
		"Copy a file or a directory with all that is in it into a VM of a running "
		"system, or out of it. If the destination is a directory it goes there under its "
		"own name. Modes and links stay, and holes where the VM has GNU tar; in the VM all is root's, here "
		"all is yours, without set-ID bits and less your umask. A name of this machine "
		"with a colon is written ./NA:ME.",
	.rows = option_rows,
	.end = "Exit status: 0 it is copied; 2 wrong command line; 3 it is not.",
};

/* In the VM, with its path as $1, and the name of what comes as $2. */
static const char take_there[] = "set -e\n"
				 "export TAR_OPTIONS=--warning=no-timestamp\n"
				 "if [ -d \"$1\" ]; then exec tar -xzpf - -C \"$1\"; fi\n"
				 "new=$(mktemp -d \"$(dirname -- \"$1\")/.topo-cp.XXXXXX\")\n"
				 "trap 'rm -rf \"$new\"' EXIT\n"
				 "tar -xzpf - -C \"$new\"\n"
				 "mv -- \"$new/$2\" \"$1\"\n";
/* Has its tar a notion of holes? That of busybox, which is in front of a root file system, has none. */
#define TAKES_HOLES "tar -cSf /dev/null -T /dev/null >/dev/null 2>&1"
static const char ask_there[] = TAKES_HOLES " || exit 1\n";
static const char give_there[] = "holes=S\n" TAKES_HOLES " || holes=\n"
				 "exec tar -c${holes}f - -C \"$(dirname -- \"$1\")\" -- \"$2\"\n";

/* A source or a destination. */
struct cp_place {
	char vm[64];           /* "": here */
	char path[PATH_BYTES]; /* without slashes at its end */
};

/* A path in two: what it is in, and its name there. */
struct cp_parts {
	char directory[PATH_BYTES];
	char name[NAME_MAX + 1];
};

static bool place_read(const char *text, struct cp_place *place)
{
	const char *colon = strchr(text, ':');
	const size_t vm_bytes = colon != NULL ? (size_t)(colon - text) : 0;
	const bool is_vm = vm_bytes > 0 && memchr(text, '/', vm_bytes) == NULL;
	const char *path = is_vm ? colon + 1 : text;
	size_t length = strlen(path);

	while (length > 1 && path[length - 1] == '/') {
		length--;
	}
	if (length == 0 || length >= sizeof(place->path) ||
	    (is_vm && vm_bytes >= sizeof(place->vm))) {
		return false;
	}
	(void)snprintf(place->vm, sizeof(place->vm), "%.*s", is_vm ? (int)vm_bytes : 0, text);
	(void)snprintf(place->path, sizeof(place->path), "%.*s", (int)length, path);
	return true;
}

/* False, reported: @path has no name of its own. */
static bool split(const char *path, struct cp_parts *parts)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	const int directory = slash != NULL ? (int)(slash - path) : 0;

	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strlen(name) >= sizeof(parts->name)) {
		message_error("'%s' has no name of its own", path);
		return false;
	}
	(void)snprintf(parts->name, sizeof(parts->name), "%s", name);
	(void)snprintf(parts->directory, sizeof(parts->directory), "%.*s",
	               directory > 0 ? directory : 1, slash == NULL ? "." : path);
	return true;
}

/* For callees that do not write either, but do not say so. */
static void as_arguments(const char *const from[ARGUMENTS], char *to[ARGUMENTS])
{
	for (size_t i = 0; i < ARGUMENTS; i++) {
		memcpy(&to[i], &from[i], sizeof(to[i]));
	}
}

/* Start tar with one end of a pipe as its standard stream @theirs, the other becomes our @ours.
 * Returns its process, or -1, reported. */
static pid_t start_tar(const char *const argv[ARGUMENTS], int theirs, int ours)
{
	char *arguments[ARGUMENTS];
	int ends[2];

	as_arguments(argv, arguments);
	if (pipe2(ends, O_CLOEXEC) != 0) {
		message_error("no pipe: %s", strerror(errno));
		return -1;
	}
	const int their_end = ends[theirs == STDIN_FILENO ? 0 : 1];
	const int our_end = ends[theirs == STDIN_FILENO ? 1 : 0];
	const pid_t pid = fork();
	if (pid == 0) {
		(void)dup2(their_end, theirs);
		/* What is said to it here is all that it is told. */
		(void)unsetenv("TAR_OPTIONS");
		(void)execvp(arguments[0], arguments);
		message_error("cannot run tar: %s", strerror(errno));
		_exit(EXIT_SYSTEM);
	}
	if (pid < 0 || dup2(our_end, ours) < 0) {
		message_error("cannot run tar: %s", strerror(errno));
	}
	(void)close(ends[0]);
	(void)close(ends[1]);
	return pid;
}

/* Our @ours, the end of a pipe, becomes nothing's, so that the other end learns of it. */
static bool end_tar(pid_t pid, int ours)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status = 0;

	(void)(null >= 0 ? dup2(null, ours) : close(ours));
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return false;
		}
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Run @script in the VM of @place with its path and @name. */
static int run_there(const char *system, const struct cp_place *place, const char *script,
                     const char *name)
{
	const struct exec_options options = {.system = system, .vm = place->vm};
	const char *const argv[ARGUMENTS] = {"sh", "-c", script, "topo-cp", place->path, name};
	char *arguments[ARGUMENTS];

	as_arguments(argv, arguments);
	return exec_in_vm(&options, arguments);
}

/* Does the tar in the VM of @place take holes? 0 or 1, or what ended the question, reported. It is a
 * process of its own, since what is asked for there takes over standard input and signals here. */
static int ask_for_holes(const char *system, const struct cp_place *place)
{
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const pid_t pid = null < 0 ? -1 : fork();
	int status = 0;

	if (pid == 0) {
		(void)dup2(null, STDIN_FILENO);
		_exit(run_there(system, place, ask_there, ""));
	}
	if (pid < 0) {
		message_error("cannot ask the VM: %s", strerror(errno));
	}
	(void)(null >= 0 ? close(null) : 0);
	while (pid >= 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return EXIT_SYSTEM;
		}
	}
	return pid < 0 || !WIFEXITED(status) ? EXIT_SYSTEM : WEXITSTATUS(status);
}

static int copy_in(const char *system, const struct cp_place *from, const struct cp_place *to)
{
	char resolved[PATH_MAX];
	struct cp_parts parts;
	struct stat status;

	/* What is a link itself stays one. */
	if (!split(strcmp(from->path, ".") == 0 && realpath(from->path, resolved) != NULL
	                   ? resolved
	                   : from->path,
	           &parts)) {
		return EXIT_SYSTEM;
	}
	if (lstat(from->path, &status) != 0) {
		message_error("cannot read '%s': %s", from->path, strerror(errno));
		return EXIT_SYSTEM;
	}
	const int holes = ask_for_holes(system, to);
	if (holes > 1) {
		return EXIT_SYSTEM;
	}
	const char *const form = holes == 0 ? "-czSf" : "-czf";
	const char *const argv[ARGUMENTS] = {
		"tar",           form, "-",       "--owner=0", "--group=0", "--numeric-owner", "-C",
		parts.directory, "--", parts.name};
	const pid_t tar = start_tar(argv, STDOUT_FILENO, STDIN_FILENO);
	if (tar < 0) {
		return EXIT_SYSTEM;
	}
	const int code = run_there(system, to, take_there, parts.name);
	return end_tar(tar, STDIN_FILENO) && code == 0 ? EXIT_OK : EXIT_SYSTEM;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

/* Whether a link, @level directories deep in what came, leads to something in that, whatever other links
 * are on the way: up only before down. */
static bool stays_within(const char *path, int level)
{
	char target[PATH_BYTES];
	const ssize_t length = readlink(path, target, sizeof(target) - 1);
	char *rest = target;
	bool down = false;

	if (length < 0 || target[0] == '/') {
		return false;
	}
	target[length] = '\0';
	for (const char *part = strsep(&rest, "/"); part != NULL; part = strsep(&rest, "/")) {
		const bool up = strcmp(part, "..") == 0;

		level -= up ? 1 : 0;
		if (level <= 0 || (up && down)) {
			return false;
		}
		down = down || (!up && part[0] != '\0' && strcmp(part, ".") != 0);
	}
	return level > 0;
}

/* A link to elsewhere would have the user, or the next copy, write there. */
static int refuse_others(const char *path, const struct stat *status, int type, struct FTW *at)
{
	/* Of what is in a directory that cannot be read or entered nothing is known. */
	if (type == FTW_DNR || type == FTW_NS) {
		message_error("'%s' cannot be looked at", path);
		return 1;
	}
	if (S_ISLNK(status->st_mode)) {
		if (!stays_within(path, at->level)) {
			message_error("'%s' is a link out of what was asked for", path);
			return 1;
		}
	} else if (!S_ISREG(status->st_mode) && !S_ISDIR(status->st_mode)) {
		message_error("'%s' is no file, directory or link", path);
		return 1;
	}
	return 0;
}

/* What came as @name in @box becomes @to. */
static bool release(const char *box, const char *name, const struct cp_parts *to)
{
	char from[2 * PATH_BYTES];
	char target[2 * PATH_BYTES];
	struct stat status;

	(void)snprintf(from, sizeof(from), "%s/%s", box, name);
	(void)snprintf(target, sizeof(target), "%s/%s", to->directory, to->name);
	if (lstat(from, &status) != 0) {
		message_error("the VM sent no '%s'", name);
		return false;
	}
	if (nftw(from, refuse_others, NFTW_FILES, FTW_PHYS) != 0) {
		return false;
	}
	if (rename(from, target) != 0) {
		message_error("cannot write '%s': %s", target, strerror(errno));
		return false;
	}
	return true;
}

/* Unpack what the VM sends into @box. */
static bool receive(const char *system, const struct cp_place *from, const char *name,
                    const char *box)
{
	const char *const argv[ARGUMENTS] = {
		"tar", "-xf", "-", "--no-same-owner", "--no-same-permissions", "--no-overwrite-dir",
		"-C",  box};
	const pid_t tar = start_tar(argv, STDIN_FILENO, STDOUT_FILENO);
	if (tar < 0) {
		return false;
	}
	/* A tar that has ended is told by its status, and the box is to be removed. */
	(void)signal(SIGPIPE, SIG_IGN);
	const int code = run_there(system, from, give_there, name);
	return end_tar(tar, STDOUT_FILENO) && code == 0;
}

static int copy_out(const char *system, const struct cp_place *from, const struct cp_place *to)
{
	struct cp_parts source;
	struct cp_parts target;
	struct stat status;
	char box[PATH_BYTES + 32];

	if (!split(from->path, &source)) {
		return EXIT_SYSTEM;
	}
	if (stat(to->path, &status) == 0 && S_ISDIR(status.st_mode)) {
		(void)snprintf(target.directory, sizeof(target.directory), "%s", to->path);
		(void)snprintf(target.name, sizeof(target.name), "%s", source.name);
	} else if (!split(to->path, &target)) {
		return EXIT_SYSTEM;
	}
	/* Beside the target, so that what is whole can be renamed. */
	(void)snprintf(box, sizeof(box), "%s/.topo-cp.XXXXXX", target.directory);
	if (mkdtemp(box) == NULL) {
		message_error("cannot write to '%s': %s", target.directory, strerror(errno));
		return EXIT_SYSTEM;
	}
	const bool done =
		receive(system, from, source.name, box) && release(box, source.name, &target);
	if (nftw(box, remove_one, NFTW_FILES, FTW_PHYS | FTW_DEPTH) != 0) {
		message_error("cannot remove '%s': %s", box, strerror(errno));
	}
	return done ? EXIT_OK : EXIT_SYSTEM;
}

int command_cp(const struct command_line *cl)
{
	struct cp_options options = {.system = NULL};
	const int code = command_options(cl, &syntax, &options, NULL);
	struct cp_place from;
	struct cp_place to;

	if (code >= 0) {
		return code;
	}
	if (optind + 2 != cl->argc) {
		return command_usage_error(cl, "a source and a destination are needed");
	}
	if (!place_read(cl->argv[optind], &from) || !place_read(cl->argv[optind + 1], &to)) {
		return command_usage_error(cl, "VM: needs a path behind it");
	}
	if ((from.vm[0] == '\0') == (to.vm[0] == '\0')) {
		return command_usage_error(cl, "one of the two is VM:PATH, the other a path here");
	}
	return from.vm[0] == '\0' ? copy_in(options.system, &from, &to)
	                          : copy_out(options.system, &from, &to);
}
