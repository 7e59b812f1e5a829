/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subcommand is one file with one const struct. Its options are rows: the parser, --help, the
 * completion and the SYNOPSIS of the manual come from them. */
#pragma once
#include "base/opt.h"

struct command {
	const char *name;
	const char *summary;  /* one line for `theriac --help` */
	const char *operands; /* "PATH...", "" where it takes none */
	const char *needs;    /* what it needs to run, for `list commands`: "files", "nothing" */
	const struct opt_row *rows;
	size_t rows_n, opts_bytes;
	/* opts: the filled option struct. args: the operands. Returns the exit status (design.md
	 * 6). */
	int (*run)(const void *opts, char **args, int n);
};

extern const struct command *const commands[];
extern const size_t commands_n;

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_NONE = 3 };

struct settings; /* run/run.h */
/* What the configuration file of this call says (-c FILE), over the defaults; for a command that
 * has an option `config`. The command's own options are in its opts already. */
const struct settings *cmd_settings(void);
void cmd_settings_print(struct text *out); /* the whole configuration, as a file */
/* Reads the command line and the file of this call once more, for a command that runs on. What was
 * valid before stays so until the next call, and cmd_reload_undo makes it the one in use again. */
int cmd_reload(const void **opts, const struct settings **settings, struct err *e);
void cmd_reload_undo(void);
/* For the front: fills opts with its defaults and what the file says, and everything around it. */
int cmd_settings_open(const struct command *running, void *opts, const char *path, struct err *e);
void cmd_settings_close(const void *opts);
/* A second generation beside the one in use: keep remembers that one and opens none; back makes it
 * the one in use again, closing the one that was tried. */
void cmd_settings_keep(void);
void cmd_settings_back(const void *opts);
void cmd_settings_swap(void);             /* the two change places */
void cmd_settings_drop(const void *opts); /* closes the generation kept */

/* Parses the command line, answers --help and --version, runs the command: all of main(). */
int cmd_main(int argc, char **argv);
/* Prints "theriac: sentence" on stderr and returns status. */
int cmd_fail(int status, const struct err *e);
/* Writes out to stdout, frees it and returns status; EXIT_FAILED where it cannot be written. */
int cmd_print(int status, struct text *out);
/* Names the wrong word, the nearest and all valid ones on stderr; returns EXIT_USAGE. */
int cmd_unknown(const char *what, const char *word, const char *const *words, size_t n);
