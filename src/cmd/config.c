/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `theriac config show|check`: the whole configuration with its defaults, ranges and help, as a
 * file that can be edited and given back with -c; or whether such a file is right. */
#include "cmd/cmd.h"
#include <stddef.h>
#include <string.h>

struct config_opts {
	const char *config;
};

static const struct opt_row rows[] = {
    {.name = "config",
	.type = OPT_TEXT,
	.offset = offsetof(struct config_opts, config),
	.unit = "FILE",
	.help = "configuration to show or check"},
};

/* The front has read the file before a command runs: a wrong one does not get here. */
static int config_run(const void *opts, char **args, int n)
{
	static const char *const words[] = {"show", "check"};
	const struct config_opts *o = opts;
	struct text out = {0};
	struct err e;
	if (n > 1) {
		err_set(&e, ERR_CONFIG,
		    "'%.80s': config takes one word; the file is given with -c FILE", args[1]);
		return cmd_fail(EXIT_USAGE, &e);
	}
	if (strcmp(args[0], "show") == 0) {
		cmd_settings_print(&out);
	} else if (strcmp(args[0], "check") != 0) {
		return cmd_unknown("word", args[0], words, sizeof words / sizeof *words);
	} else if (!o->config) {
		err_set(&e, ERR_CONFIG, "config check needs -c FILE");
		return cmd_fail(EXIT_USAGE, &e);
	} else {
		text_fmt(&out, "%s: fine\n", o->config);
	}
	return cmd_print(EXIT_DONE, &out);
}

const struct command command_config = {
    .name = "config",
    .summary = "show the configuration, or check a file",
    .operands = "show|check",
    .needs = "nothing",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct config_opts),
    .run = config_run,
};
