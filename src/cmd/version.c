/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `theriac version`: which program this is. */
#include "base/json.h"
#include "cmd/cmd.h"

struct version_opts {
	bool json;
};

static const struct opt_row rows[] = {
    {.name = "json",
	.type = OPT_BOOL,
	.offset = offsetof(struct version_opts, json),
	.help = "print one JSON object"},
};

static int version_run(const void *opts, char **args, int n)
{
	const struct version_opts *o = opts;
	(void)args, (void)n;
	struct text out = {0};
	if (o->json) {
		struct json j = json_to(&out);
		json_open(&j, NULL);
		json_text(&j, "type", "version");
		json_text(&j, "name", "theriac");
		json_text(&j, "version", THERIAC_VERSION);
		json_close(&j);
		json_line(&j);
	} else {
		text_puts(&out, "theriac " THERIAC_VERSION "\n");
	}
	return cmd_print(EXIT_DONE, &out);
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version of the program",
    .operands = "",
    .needs = "nothing",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct version_opts),
    .run = version_run,
};
