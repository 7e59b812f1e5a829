/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command front: see cmd.h. The command line in, filled option structs out. An unknown word is
 * answered with the nearest and with all that are valid in its place. */
#include "cmd/cmd.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/opt_show.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND(name) extern const struct command command_##name;
#include "cmd/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cmd/commands.def"
#undef COMMAND
    NULL};
const size_t commands_n = sizeof commands / sizeof *commands - 1;

enum { GETOPT_HELP = 'h', GETOPT_ROW = 256 };

int cmd_fail(int status, const struct err *e)
{
	(void)fprintf(stderr, "theriac: %s\n", e->msg);
	return status;
}

int cmd_print(int status, struct text *out)
{
	if (out->n)
		(void)fwrite(out->p, 1, out->n, stdout);
	text_fini(out);
	if (fflush(stdout) == 0)
		return status;
	struct err e;
	err_set(&e, ERR_SYS, "the output could not be written: %s", strerror(errno));
	return cmd_fail(EXIT_FAILED, &e);
}

int cmd_unknown(const char *what, const char *word, const char *const *words, size_t n)
{
	const char *near = str_nearest(word, words, n);
	(void)fprintf(stderr, "theriac: unknown %s '%s'", what, word);
	if (near)
		(void)fprintf(stderr, ", did you mean '%s'?", near);
	(void)fprintf(stderr, "\nvalid here:");
	for (size_t i = 0; i < n; i++)
		(void)fprintf(stderr, " %s", words[i]);
	(void)fprintf(stderr, "\n");
	return EXIT_USAGE;
}

static bool wants_config(const struct opt_row *row)
{
	return strcmp(row->name, "config") == 0;
}

static int show_usage(const struct command *c)
{
	struct text out = {0};
	text_fmt(&out, "usage: theriac %s%s%s%s\n\n%s\n\noptions:\n", c->name,
	    c->rows_n ? " [OPTION]..." : "", *c->operands ? " " : "", c->operands, c->summary);
	for (size_t i = 0; i < c->rows_n; i++)
		opt_show(&c->rows[i], 1, wants_config(&c->rows[i]) ? "  -c, --" : "      --", &out);
	text_fmt(&out, "  -h, --help%*sprint this and exit\n", 14, "");
	return cmd_print(EXIT_DONE, &out);
}

static void overview(struct text *out)
{
	text_puts(out, "usage: theriac COMMAND [OPTION]... [OPERAND]...\n\n"
		       "Finds the subscriber lines of an Internet provider whose devices are part\n"
		       "of a botnet, from flow and DNS records.\n\ncommands:\n");
	for (size_t i = 0; i < commands_n; i++)
		text_fmt(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	text_puts(out, "\n'theriac COMMAND --help' explains a command's options.\n");
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < commands_n; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *word)
{
	const char **words = mem_new(commands_n, sizeof *words);
	for (size_t i = 0; i < commands_n; i++)
		words[i] = commands[i]->name;
	int status = cmd_unknown("command", word, words, commands_n);
	free(words);
	return status;
}

static int unknown_option(const struct command *c, const char *word)
{
	const char **words = mem_new(c->rows_n + 1, sizeof *words);
	struct text all = {0};
	for (size_t i = 0; i < c->rows_n; i++)
		text_fmt(&all, "--%s%c", c->rows[i].name, '\0');
	text_puts(&all, "--help");
	const char *p = all.p;
	for (size_t i = 0; i <= c->rows_n; i++, p += strlen(p) + 1)
		words[i] = p;
	int status = cmd_unknown("option", word, words, c->rows_n + 1);
	free(words);
	text_fini(&all);
	return status;
}

/* One setting of the command line, kept until the configuration file has been read: what stands on
 * the command line wins. */
struct setting {
	const struct opt_row *row;
	const char *text;
};

struct line {
	const struct command *command;
	struct option *longs;
	struct setting *settings;
	size_t settings_n;
};

static struct option *long_options(const struct command *c)
{
	struct option *longs = mem_new(c->rows_n + 2, sizeof *longs);
	for (size_t i = 0; i < c->rows_n; i++)
		longs[i] = (struct option){.name = c->rows[i].name,
		    .has_arg = c->rows[i].type == OPT_BOOL ? no_argument : required_argument,
		    .val = GETOPT_ROW + (int)i};
	longs[c->rows_n] = (struct option){.name = "help", .val = GETOPT_HELP};
	return longs;
}

static const struct opt_row *row_of(const struct command *c, int letter)
{
	if (letter >= GETOPT_ROW)
		return &c->rows[letter - GETOPT_ROW];
	return letter == 'c' ? opt_find(c->rows, c->rows_n, "config") : NULL;
}

/* What getopt did not like: a value missing, a value too much, or a name it does not know. */
static int refuse(const struct command *c, int got, const char *word)
{
	struct err e;
	const struct opt_row *row = row_of(c, optopt);
	char letter[3] = {'-', (char)optopt, '\0'};
	if (row && got == ':')
		err_set(&e, ERR_CONFIG, "--%s needs a value: --%s %s", row->name, row->name,
		    opt_value_name(row));
	else if (row)
		err_set(&e, ERR_CONFIG, "--%s takes no value", row->name);
	else
		return unknown_option(c, optopt ? letter : word);
	return cmd_fail(EXIT_USAGE, &e);
}

enum { LINE_READY = -1 };

/* Collects the settings; LINE_READY, or the status to end with. */
static int line_read(struct line *l, int argc, char **argv)
{
	const struct command *c = l->command;
	const char *letters = opt_find(c->rows, c->rows_n, "config") ? ":hc:" : ":h";
	opterr = 0;
	for (;;) {
		const char *word = argv[optind < argc ? optind : argc - 1];
		int got = getopt_long(argc, argv, letters, l->longs, NULL);
		if (got == -1)
			return LINE_READY;
		if (got == GETOPT_HELP)
			return show_usage(c);
		const struct opt_row *row = got == '?' || got == ':' ? NULL : row_of(c, got);
		if (!row)
			return refuse(c, got, argv[optind - 1][0] == '-' ? argv[optind - 1] : word);
		l->settings = mem_grow(l->settings, l->settings_n + 1, sizeof *l->settings);
		l->settings[l->settings_n++] =
		    (struct setting){row, row->type == OPT_BOOL ? "yes" : optarg};
	}
}

static bool sets(const struct line *l, size_t n, const struct opt_row *row)
{
	for (size_t i = 0; i < n; i++)
		if (l->settings[i].row == row)
			return true;
	return false;
}

/* A list on the command line takes the place of the file's list. */
static int line_apply(const struct line *l, void *opts, struct err *e)
{
	for (size_t i = 0; i < l->settings_n; i++) {
		const struct opt_row *row = l->settings[i].row;
		if (row->type == OPT_LIST && !sets(l, i, row))
			opt_lists_fini(row, 1, opts);
		int bad = opt_set(row, opts, l->settings[i].text, e);
		if (bad)
			return bad;
	}
	return ERR_OK;
}

/* The last -c FILE of the line, or NULL. */
static const char *line_config(const struct line *l)
{
	const char *path = NULL;
	for (size_t i = 0; i < l->settings_n; i++)
		if (wants_config(l->settings[i].row))
			path = l->settings[i].text;
	return path;
}

/* Defaults, then the file, then the command line. */
static int fill(const struct line *l, void *opts, struct err *e)
{
	const struct command *c = l->command;
	int bad = ERR_OK;
	if (opt_find(c->rows, c->rows_n, "config"))
		bad = cmd_settings_open(c, opts, line_config(l), e);
	else
		opt_defaults(c->rows, c->rows_n, opts);
	return bad ? bad : line_apply(l, opts, e);
}

/* What a command that runs on may ask for again: its line, the options in use and those before. */
static struct {
	const struct line *line;
	void *opts, *old;
} running;

static void options_free(const struct command *c, void *opts)
{
	if (opts)
		opt_lists_fini(c->rows, c->rows_n, opts);
	free(opts);
}

int cmd_reload(const void **opts, const struct settings **settings, struct err *e)
{
	const struct command *c = running.line->command;
	void *fresh = mem_new(1, c->opts_bytes);
	cmd_settings_drop(running.old);
	options_free(c, running.old);
	running.old = NULL;
	cmd_settings_keep();
	int bad = fill(running.line, fresh, e);
	if (bad) {
		cmd_settings_back(fresh);
		options_free(c, fresh);
		return bad;
	}
	running.old = running.opts;
	*opts = running.opts = fresh;
	*settings = cmd_settings();
	return ERR_OK;
}

void cmd_reload_undo(void)
{
	void *tried = running.opts;
	running.opts = running.old;
	running.old = tried;
	cmd_settings_swap();
}

static int check_operands(const struct command *c, char **args, int n, struct err *e)
{
	if (n > 0 && !*c->operands)
		return err_set(e, ERR_CONFIG, "'%.80s': %s takes no operands", args[0], c->name);
	if (n == 0 && *c->operands && *c->operands != '[')
		return err_set(e, ERR_CONFIG, "%s needs %s; see 'theriac %s --help'", c->name,
		    c->operands, c->name);
	return ERR_OK;
}

static int command_run(const struct command *c, int argc, char **argv)
{
	struct line l = {.command = c, .longs = long_options(c)};
	void *opts = mem_new(1, c->opts_bytes);
	struct err e;
	int status = line_read(&l, argc, argv);
	if (status != LINE_READY)
		goto out;
	char **args = argv + optind;
	running.line = &l;
	running.opts = opts;
	int bad = clock_start(&e);
	bad = bad ? bad : fill(&l, opts, &e);
	bad = bad ? bad : check_operands(c, args, argc - optind, &e);
	if (bad)
		status = cmd_fail(bad == ERR_CONFIG ? EXIT_USAGE : EXIT_FAILED, &e);
	else
		status = c->run(opts, args, argc - optind);
	opts = running.opts;
out:
	cmd_settings_close(opts);
	options_free(c, opts);
	cmd_settings_drop(running.old);
	options_free(c, running.old);
	free(l.settings);
	free(l.longs);
	return status;
}

static bool is_any(const char *word, const char *a, const char *b, const char *c)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0 || strcmp(word, c) == 0;
}

int cmd_main(int argc, char **argv)
{
	static char version[] = "version";
	struct text out = {0};
	const char *word = argc > 1 ? argv[1] : "";
	if (argc < 2) {
		overview(&out);
		(void)fputs(out.p, stderr);
		text_fini(&out);
		return EXIT_USAGE;
	}
	if (is_any(word, "--help", "-h", "help")) {
		const struct command *c = argc > 2 ? command_find(argv[2]) : NULL;
		if (argc > 2)
			return c ? show_usage(c) : unknown_command(argv[2]);
		overview(&out);
		return cmd_print(EXIT_DONE, &out);
	}
	if (is_any(word, "--version", "-V", version))
		word = argv[1] = version;
	const struct command *c = command_find(word);
	return c ? command_run(c, argc - 1, argv + 1) : unknown_command(word);
}
