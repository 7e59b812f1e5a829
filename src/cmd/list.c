/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `theriac list WORD`: what is built in, straight from the descriptors. The golden runner, the
 * manual and the shell completion read its --json. */
#include "base/mem.h"
#include "base/opt_show.h"
#include "cmd/cmd.h"
#include "run/run.h"
#include <stdlib.h>
#include <string.h>

struct list_opts {
	bool json;
};

static const struct opt_row rows[] = {
    {.name = "json",
	.type = OPT_BOOL,
	.offset = offsetof(struct list_opts, json),
	.help = "print JSON Lines, one object for each"},
};

static void list_commands(bool json, struct text *out)
{
	struct json j = json_to(out);
	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = commands[i];
		if (!json) {
			text_fmt(out, "%-20s %s\n", c->name, c->summary);
			text_fmt(out, "    needs: %s\n", c->needs);
			opt_show(c->rows, c->rows_n, "      --", out);
			continue;
		}
		json_open(&j, NULL);
		json_text(&j, "type", "command");
		json_text(&j, "name", c->name);
		json_text(&j, "summary", c->summary);
		json_text(&j, "operands", c->operands);
		json_text(&j, "needs", c->needs);
		opt_show_json(c->rows, c->rows_n, &j);
		json_close(&j);
		json_line(&j);
	}
}

static int unknown_word(const char *word)
{
	const char **words = mem_new(run_list_words_n + 1, sizeof *words);
	memcpy(words, run_list_words, run_list_words_n * sizeof *words);
	words[run_list_words_n] = "commands";
	int status = cmd_unknown("word", word, words, run_list_words_n + 1);
	free(words);
	return status;
}

static int list_run(const void *opts, char **args, int n)
{
	const struct list_opts *o = opts;
	struct text out = {0};
	for (int i = 0; i < n; i++) {
		if (strcmp(args[i], "commands") == 0)
			list_commands(o->json, &out);
		else if (!run_list(args[i], o->json, &out)) {
			text_fini(&out);
			return unknown_word(args[i]);
		}
	}
	return cmd_print(EXIT_DONE, &out);
}

const struct command command_list = {
    .name = "list",
    .summary = "print what is built in, with its options",
    .operands = "detectors|decoders|actions|inputs|commands",
    .needs = "nothing",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct list_opts),
    .run = list_run,
};
