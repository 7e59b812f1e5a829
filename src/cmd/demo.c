/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac demo: the main job on a made-up provider, shown. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>

#define AT(field) offsetof(struct demo_options, field)

static const struct opt_row rows[] = {
    {"config", OPT_TEXT, AT(config), 0, 0, "FILE", NULL, "configuration file"},
    {"once", OPT_BOOL, AT(once), 0, 0, NULL, NULL,
	"end after one simulated stretch of time (it always does, so far)"},
    {"out", OPT_TEXT, AT(out), 0, 0, "DIR", "theriac-demo",
	"folder for the exports, the truth and findings.jsonl; made where it is missing"},
    {"lines", OPT_UINT, AT(lines), 100, 1000000, "lines", "2000", "subscriber lines"},
    {"hours", OPT_UINT, AT(hours), 1, 720, "h", "24", "how long the simulated time lasts"},
    {"seed", OPT_UINT, AT(seed), 0, 0, NULL, "1", "the same seed gives the same provider"},
};

static int run(const void *opts, char **args, int n)
{
	(void)args;
	(void)n;
	return run_demo(opts, cmd_settings());
}

const struct command command_demo = {
    .name = "demo",
    .summary = "simulate a provider, detect, and show who is infected",
    .operands = "",
    .needs = "nothing",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct demo_options),
    .run = run,
};
