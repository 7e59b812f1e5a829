/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `theriac @NAME@`: say here what it does. */
#include "base/json.h"
#include "cmd/cmd.h"
#include <stddef.h>

struct @SYMBOL@_opts {
	bool json;
};

static const struct opt_row rows[] = {
    {.name = "json",
	.type = OPT_BOOL,
	.offset = offsetof(struct @SYMBOL@_opts, json),
	.help = "print one JSON object"},
};

static int run(const void *opts, char **args, int n)
{
	const struct @SYMBOL@_opts *o = opts;
	(void)args, (void)n;
	struct text out = {0};
	struct json j = json_to(&out);
	if (!o->json) {
		text_puts(&out, "@NAME@\n");
		return cmd_print(EXIT_DONE, &out);
	}
	json_open(&j, NULL);
	json_text(&j, "type", "@NAME@");
	json_close(&j);
	json_line(&j);
	return cmd_print(EXIT_DONE, &out);
}

const struct command command_@SYMBOL@ = {
    .name = "@NAME@",
    .summary = "say here what it does",
    .operands = "",
    .needs = "nothing",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct @SYMBOL@_opts),
    .run = run,
};
