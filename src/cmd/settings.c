/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration of this call: every command that has an option `config` has a section of its
 * own name in the file, beside those of decoders and detectors. Filled once, before the command
 * runs. */
#include "base/mem.h"
#include "cmd/cmd.h"
#include "run/run.h"
#include <stdlib.h>
#include <string.h>

static struct generation {
	struct settings *settings;
	struct conf_section *sections; /* of commands */
	size_t sections_n;
	struct arena arena; /* rows, and values of the commands that do not run */
} call, kept;

/* How to call the program, not what to do: these are for the command line only. */
static bool is_for_file(const struct opt_row *row)
{
	return strcmp(row->name, "config") != 0 && strcmp(row->name, "json") != 0;
}

static void add_command(const struct command *c, void *values)
{
	struct opt_row *rows = arena_new(&call.arena, c->rows_n * sizeof *rows);
	size_t n = 0;
	for (size_t i = 0; i < c->rows_n; i++)
		if (is_for_file(&c->rows[i]))
			rows[n++] = c->rows[i];
	if (n)
		call.sections[call.sections_n++] =
		    (struct conf_section){c->name, c->summary, rows, n, values, NULL};
}

int cmd_settings_open(const struct command *running, void *opts, const char *path, struct err *e)
{
	call.settings = settings_new();
	call.sections = mem_new(commands_n, sizeof *call.sections);
	for (size_t i = 0; i < commands_n; i++) {
		const struct command *c = commands[i];
		if (!opt_find(c->rows, c->rows_n, "config"))
			continue;
		void *values = c == running ? opts : arena_new(&call.arena, c->opts_bytes);
		opt_defaults(c->rows, c->rows_n, values);
		add_command(c, values);
	}
	return path ? settings_load(call.settings, path, call.sections, call.sections_n, e)
		    : ERR_OK;
}

const struct settings *cmd_settings(void)
{
	return call.settings;
}

void cmd_settings_print(struct text *out)
{
	settings_print(call.settings, call.sections, call.sections_n, out);
}

static void close_generation(struct generation *g, const void *opts)
{
	for (size_t i = 0; i < g->sections_n; i++)
		if (g->sections[i].values != opts)
			opt_lists_fini(
			    g->sections[i].rows, g->sections[i].rows_n, g->sections[i].values);
	settings_free(g->settings);
	free(g->sections);
	arena_fini(&g->arena);
	*g = (struct generation){0};
}

void cmd_settings_close(const void *opts)
{
	close_generation(&call, opts);
}

void cmd_settings_keep(void)
{
	kept = call;
	call = (struct generation){0};
}

void cmd_settings_back(const void *opts)
{
	close_generation(&call, opts);
	call = kept;
	kept = (struct generation){0};
}

void cmd_settings_swap(void)
{
	struct generation was = call;
	call = kept;
	kept = was;
}

void cmd_settings_drop(const void *opts)
{
	close_generation(&kept, opts);
}
