/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac session: who held which address when, into the index, and what it holds. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>
#include <string.h>

static const struct opt_row rows[] = {
    {"config", OPT_TEXT, offsetof(struct run_session_options, config), 0, 0, "FILE", NULL,
	"configuration file"},
    {"state", OPT_TEXT, offsetof(struct run_session_options, state), 0, 0, "DIR", NULL,
	"folder of the state; by default $THERIAC_STATE or /var/lib/theriac"},
    {"format", OPT_TEXT, offsetof(struct run_session_options, format), 0, 0, "FORMAT", NULL,
	"read all files as this format instead of finding out; theriac list decoders names them"},
    {"tz", OPT_TEXT, offsetof(struct run_session_options, zone), 0, 0, "ZONE", "UTC",
	"zone of times that carry none, UTC or an offset such as +02:00"},
    {"retention", OPT_SPAN, offsetof(struct run_session_options, retention_ms), 3600, 315360000,
	"s", "7 d",
	"how long what is imported is kept, counted from now; older imports are deleted"},
    {"memory", OPT_UINT, offsetof(struct run_session_options, memory_mb), 16, 65536, "MB", "256",
	"memory for sorting what is imported"},
    {"json", OPT_BOOL, offsetof(struct run_session_options, json), 0, 0, NULL, NULL,
	"print one JSON object for programs"},
};

static int run(const void *opts, char **args, int n)
{
	static const char *const words[] = {"import", "status"};
	struct err e;
	if (strcmp(args[0], "import") == 0)
		return run_session_import(opts, cmd_settings(), args + 1, n - 1);
	if (strcmp(args[0], "status") != 0)
		return cmd_unknown("word", args[0], words, 2);
	if (n == 1)
		return run_session_status(opts, cmd_settings());
	err_set(&e, ERR_CONFIG, "session status takes no more words");
	return cmd_fail(EXIT_USAGE, &e);
}

const struct command command_session = {
    .name = "session",
    .summary = "put records of who held which address into the index, or say what it holds",
    .operands = "import FILE...|status",
    .needs = "files",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_session_options),
    .run = run,
};
