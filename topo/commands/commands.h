/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of topo. main.c finds a command by its name in one table and calls it; each
 * command has its options read by command_options, which answers --help (optind = 1 is set before the
 * call).
 *
 * Exit codes: EXIT_OK; EXIT_NO, the topology has errors or the command's answer is no; EXIT_USAGE,
 * the command line is wrong; EXIT_SYSTEM, the machine refused something (a file, memory, a
 * program). A command whose answer no means something else than errors (diff, verify) has none
 * when a topology has errors: then it is EXIT_SYSTEM too. What is printed to stdout and stderr is
 * flushed by command_end, once for all: a command whose answer is lost has failed.
 */
#ifndef TOPO_COMMANDS_COMMANDS_H
#define TOPO_COMMANDS_COMMANDS_H

#include <getopt.h>
#include <limits.h>
#include <stdbool.h>

#include "topo/base/output.h"
#include "topo/commands/option.h"
#include "topo/front/load.h"

enum exit_code { EXIT_OK = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_SYSTEM = 3 };

/* topo exec answers with the exit status of its command; its own are those of env(1). */
#define EXIT_EXEC_FAILED 125

struct command_line {
	const char *program; /* how topo was called, for messages */
	int argc;
	char **argv; /* argv[0] is the command's name; getopt_long(argc, argv, …) works as it is */
	int wrong_usage; /* the exit status of a wrong one: EXIT_USAGE, or EXIT_EXEC_FAILED */
};

/* The front end's own. */
int command_check(const struct command_line *cl);
int command_explain(const struct command_line *cl);
int command_graph(const struct command_line *cl);
int command_export(const struct command_line *cl);

int command_init(const struct command_line *cl);
int command_help(const struct command_line *cl);

/* The security analysis: docs/report.md. */
int command_report(const struct command_line *cl);

/* What a change of a topology changes: docs/verify.md. */
int command_diff(const struct command_line *cl);

/* What an image really gives, against what the topology says: docs/verify.md. */
int command_verify(const struct command_line *cl);

/* A system: build.c, run.c and beside. */
int command_build(const struct command_line *cl);
int command_run(const struct command_line *cl);
int command_console(const struct command_line *cl);
int command_logs(const struct command_line *cl);
int command_ps(const struct command_line *cl);
int command_inspect(const struct command_line *cl);
int command_stats(const struct command_line *cl);
int command_top(const struct command_line *cl);
int command_stop(const struct command_line *cl);
int command_start(const struct command_line *cl);
int command_restart(const struct command_line *cl);
int command_wait(const struct command_line *cl);
int command_events(const struct command_line *cl);
int command_exec(const struct command_line *cl);
int command_cp(const struct command_line *cl);
int command_port(const struct command_line *cl);
int command_screenshot(const struct command_line *cl);

/**
 * The system that a command is asked for: by --name, which is in *@name (NULL: not given), or by its one
 * operand, which goes there. Returns EXIT_OK, or the exit status after a message.
 */
int command_one_system(const struct command_line *cl, const char **name);

/* The options of reading a topology, whose members are those of struct load_options. */
extern const struct option_row command_load_rows[];

/**
 * Read the options of @cl into @options, as the rows of @syntax say, and those of reading a topology
 * into @load (NULL: the command reads none). Operands are from argv[optind] on then.
 * Returns -1: go on, and give @load back by command_load_done or command_load_and; else the exit
 * status: help was asked for and printed, or something was wrong, and one message says what.
 */
int command_options(const struct command_line *cl, const struct command_syntax *syntax,
                    void *options, struct load_options *load);

/** Give back the arrays of @options. */
void command_load_done(struct load_options *options);

/** Say that no check is called @name, and which may be meant. Returns the exit status. */
int command_refuse_check(const struct command_line *cl, const char *name);

/* A topology that was read, for a command to use. */
struct loaded {
	struct model *model;
	struct diag *diag;   /* what is said there is printed after the use */
	const void *options; /* the command's own */
};

/** Returns the command's exit status. */
typedef int loaded_use(const struct loaded *loaded);

struct topology_name {
	const char *path;
	char here[NAME_MAX + 1];
};

/**
 * The topology that a command is asked for: the operand @first of @cl, which is the last; without
 * one the only file of the working directory whose name ends with .camkes. Returns EXIT_OK, or the
 * exit status after a message.
 */
int command_topology(const struct command_line *cl, int first, struct topology_name *found);

/**
 * Read the topology @path, print what there is to say of it, and have it used. Returns what @use
 * returned; command_load_failed() when the topology has errors.
 */
int command_load_path(const char *path, const struct load_options *load, loaded_use *use,
                      const void *options);

/** The same with the topology that @cl asks for (command_topology); give back @load. */
int command_load_and(const struct command_line *cl, struct load_options *load, loaded_use *use,
                     const void *options);

/** The exit status when model_load has returned NULL. */
int command_load_failed(const struct diag *diag);

/**
 * Before anything is opened: streams that the caller has closed stay closed, and no other file takes
 * their place. Messages without a reader are dropped; output without one is an error.
 */
void command_hold_streams(void);

/** After the command: its exit status @code, or @refused, after a message, when what it printed is
 * lost. A reader that has left wants no more, and is told nothing. */
int command_end(int code, int refused);

/**
 * Is @path no file that @model was made from: a text, or what a VM boots or has as a disk? NULL is
 * none. Returns EXIT_OK; EXIT_USAGE after a message when writing there would destroy one.
 */
int command_spare_inputs(const struct model *model, struct diag *diag, const char *path);

/**
 * Does an image at @path stay out of the directories that @model puts into images? Returns EXIT_OK;
 * EXIT_USAGE after a message when each image would hold the one before.
 */
int command_spare_directories(const struct model *model, const char *path);

/** End @output. Returns EXIT_OK; EXIT_SYSTEM after a message when the file cannot be written. */
int command_output_end(struct output *output);

/** "topo COMMAND: message" and how to get help, on stderr. Returns the exit status. */
int command_usage_error(const struct command_line *cl, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
