/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac simulate: a made-up provider's exports, with the truth beside them. */
#include "cmd/cmd.h"
#include "run/run.h"

static int run(const void *opts, char **args, int n)
{
	(void)args;
	(void)n;
	return run_simulate(opts);
}

const struct command command_simulate = {
    .name = "simulate",
    .summary = "write a made-up provider's flow and DNS exports, and the truth about them",
    .operands = "",
    .needs = "nothing",
    .rows = sim_rows,
    .rows_n = SIM_ROWS,
    .opts_bytes = sizeof(struct sim_options),
    .run = run,
};
