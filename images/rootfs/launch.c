/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Becomes a program with an environment, a directory and a user of its own: what topo writes into the
 * script of a VM's command. Users are numbers, so that no file of the root file system is read.
 *   launch [-s] [-e NAME=VALUE]... [-u USER -g GROUP[,GROUP]...] [-d DIRECTORY] -- PROGRAM [ARGUMENT]...
 * -s is a session of its own. Signals do what they do by default: a shell, such as the init in front of a root
 * file system of the user's, has what it runs in the background ignore SIGINT and SIGQUIT.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define GROUPS_MAX 64U          /* topo/rootfs/users.h */
#define EXIT_NOT_EXECUTABLE 126 /* as shells do */
#define EXIT_NOT_FOUND 127

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static _Noreturn void die_of(int error, const char *what)
{
	errno = error;
	die(what);
}

/* The digits that @text begins with; *@end is behind them. */
static uint32_t number(const char *text, char **end)
{
	const unsigned long value = strtoul(text, end, 10);

	if (text[0] < '0' || text[0] > '9' || value >= UINT32_MAX) {
		die_of(EINVAL, text);
	}
	return (uint32_t)value;
}

/* All groups are these: that of new files first. */
static void take_groups(const char *text)
{
	gid_t groups[GROUPS_MAX];
	size_t count = 0;
	char *end = (char *)(uintptr_t)text;

	for (;;) {
		groups[count++] = number(end, &end);
		if (*end != ',') {
			break;
		}
		if (count == GROUPS_MAX) {
			die_of(E2BIG, text);
		}
		end++;
	}
	if (*end != '\0') {
		die_of(EINVAL, text);
	}
	if (setgroups(count, groups) != 0 || setgid(groups[0]) != 0) {
		die(text);
	}
}

/* Is it of everybody, and must stay so? */
static int is_null(const struct stat *found)
{
	return S_ISCHR(found->st_mode) && found->st_rdev == makedev(1, 3);
}

/*
 * Let @user open /dev/stdout and the like, which opens again what the descriptor leads to: a console is
 * root's alone. A failure ends nothing: what is open already can be used, whosever it is, and there is
 * much that nobody can give away, such as a file of a file system that is read-only.
 */
static void give_descriptors(uid_t user)
{
	struct stat found;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fstat(fd, &found) == 0 && !is_null(&found)) {
			const int given = fchown(fd, user, (gid_t)-1);

			(void)given;
		}
	}
}

static void become(const char *text)
{
	char *end = NULL;
	const uint32_t user = number(text, &end);

	if (*end != '\0') {
		die_of(EINVAL, text);
	}
	give_descriptors(user);
	if (setuid(user) != 0) {
		die("setuid");
	}
}

/* As @groups and @user: by them the kernel forgets what kills us when our parent ends. */
static void change(const char *groups, const char *user)
{
	const pid_t parent = getppid();
	int death = 0;

	if (prctl(PR_GET_PDEATHSIG, &death) != 0) {
		die("prctl");
	}
	take_groups(groups);
	become(user);
	if (prctl(PR_SET_PDEATHSIG, death) != 0) {
		die("prctl");
	}
	if (death != 0 && getppid() != parent) {
		exit(EXIT_FAILURE); /* it has ended in between */
	}
}

/* But for those that nobody can change. libc keeps two of the others to itself. */
static void reset_signals(void)
{
	/* struct sigaction of the kernel: all of SIG_DFL is zero. */
	static const uint64_t standard[4];
	sigset_t none;

	for (int number = 1; number < NSIG; number++) {
		(void)syscall(SYS_rt_sigaction, number, standard, NULL, sizeof(uint64_t));
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(int argc, char **argv)
{
	const char *directory = "/";
	const char *groups = NULL;
	const char *user = NULL;
	int option;

	while ((option = getopt(argc, argv, "+se:u:g:d:")) != -1) {
		switch (option) {
		case 's':
			setsid(); /* a leader has one already */
			break;
		case 'e':
			if (putenv(optarg) != 0) {
				die(optarg);
			}
			break;
		case 'u':
			user = optarg;
			break;
		case 'g':
			groups = optarg;
			break;
		case 'd':
			directory = optarg;
			break;
		default:
			return EXIT_FAILURE;
		}
	}
	if (optind == argc) {
		fputs("launch: no program\n", stderr);
		return EXIT_FAILURE;
	}
	if ((user == NULL) != (groups == NULL)) {
		fputs("launch: a user and its groups: both or neither\n", stderr);
		return EXIT_FAILURE;
	}
	if (user != NULL) {
		change(groups, user);
	}
	/* As that user, which may not be let in. */
	if (chdir(directory) != 0) {
		die(directory);
	}
	reset_signals();
	execvp(argv[optind], argv + optind);
	const int error = errno;
	fprintf(stderr, "launch: %s: %s\n", argv[optind], strerror(error));
	return error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
