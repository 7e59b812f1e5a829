/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac status: how a running sensor is. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>

static const struct opt_row rows[] = {
    {"state", OPT_TEXT, offsetof(struct run_ask_options, state), 0, 0, "DIR", NULL,
	"folder of the sensor's state; by default $THERIAC_STATE or /var/lib/theriac"},
    {"json", OPT_BOOL, offsetof(struct run_ask_options, json), 0, 0, NULL, NULL,
	"print one JSON object for programs"},
};

static int run(const void *opts, char **args, int n)
{
	const struct run_ask_options *o = opts;
	(void)args;
	(void)n;
	return run_ask(o->state, o->json ? "status-json" : "status");
}

const struct command command_status = {
    .name = "status",
    .summary = "show how a running sensor is",
    .operands = "",
    .needs = "a running sensor",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_ask_options),
    .run = run,
};
