/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac decode: prints the records of files as decoded. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>

static const struct opt_row rows[] = {
    {"config", OPT_TEXT, offsetof(struct decode_options, config), 0, 0, "FILE", NULL,
	"configuration file"},
    {"format", OPT_TEXT, offsetof(struct decode_options, format), 0, 0, "FORMAT", NULL,
	"read all files as this format instead of finding out; theriac list decoders names them"},
    {"tz", OPT_TEXT, offsetof(struct decode_options, zone), 0, 0, "ZONE", "UTC",
	"zone of times that carry none, UTC or an offset such as +02:00"},
    {"json", OPT_BOOL, offsetof(struct decode_options, json), 0, 0, NULL, NULL,
	"print JSON Lines for programs"},
};

static int run(const void *opts, char **args, int n)
{
	return run_decode(opts, cmd_settings(), args, n);
}

const struct command command_decode = {
    .name = "decode",
    .summary = "print the records of files as decoded, nothing judged",
    .operands = "PATH...",
    .needs = "files",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct decode_options),
    .run = run,
};
