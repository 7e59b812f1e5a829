/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac subscriber: contact data for notices, into the vault, and single lines out of it. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>
#include <string.h>

static const struct opt_row rows[] = {
    {"state", OPT_TEXT, offsetof(struct run_subscriber_options, vault.state), 0, 0, "DIR", NULL,
	"folder of the state; by default $THERIAC_STATE or /var/lib/theriac"},
    {"reason", OPT_TEXT, offsetof(struct run_subscriber_options, reason), 0, 0, "TEXT", NULL,
	"export, erase: why; it is kept in the log"},
    {"passphrase-file", OPT_TEXT, offsetof(struct run_subscriber_options, vault.passphrase_file), 0,
	0, "FILE", NULL,
	"export: file whose first line is the passphrase, /dev/fd/N for a descriptor; by default "
	"it "
	"is asked for on the terminal"},
    {"key-file", OPT_TEXT, offsetof(struct run_subscriber_options, vault.key_file), 0, 0, "FILE",
	NULL, "export: file of the key that opens the vault instead of a passphrase"},
    {"dry-run", OPT_BOOL, offsetof(struct run_subscriber_options, dry_run), 0, 0, NULL, NULL,
	"import: check the rows and store nothing; needs no vault"},
    {"json", OPT_BOOL, offsetof(struct run_subscriber_options, json), 0, 0, NULL, NULL,
	"print JSON Lines for programs"},
};

static const struct {
	const char *word;
	enum run_subscriber_what what;
} words[] = {{"import", RUN_SUBSCRIBER_IMPORT}, {"export", RUN_SUBSCRIBER_EXPORT},
    {"erase", RUN_SUBSCRIBER_ERASE}};
enum { WORDS_N = sizeof words / sizeof *words };

static int check(const struct run_subscriber_options *o, enum run_subscriber_what what,
    const char *word, int more, struct err *e)
{
	if (what == RUN_SUBSCRIBER_IMPORT)
		return more ? ERR_OK
			    : err_set(e, ERR_CONFIG, "subscriber import needs one FILE or more");
	if (more != 1)
		return err_set(e, ERR_CONFIG, "subscriber %s takes one LINE", word);
	if (!o->reason || span_trim(span_of(o->reason)).n == 0)
		return err_set(e, ERR_CONFIG,
		    "subscriber %s needs a reason, which is kept in the log: --reason TEXT", word);
	return strlen(o->reason) <= 500
		   ? ERR_OK
		   : err_set(e, ERR_CONFIG, "the reason is longer than 500 bytes");
}

static int run(const void *opts, char **args, int n)
{
	const char *valid[WORDS_N];
	struct err e;
	for (size_t i = 0; i < WORDS_N; i++) {
		valid[i] = words[i].word;
		if (strcmp(args[0], words[i].word) != 0)
			continue;
		if (check(opts, words[i].what, args[0], n - 1, &e) != ERR_OK)
			return cmd_fail(EXIT_USAGE, &e);
		return run_subscriber(opts, words[i].what, args + 1, n - 1);
	}
	return cmd_unknown("word", args[0], valid, WORDS_N);
}

const struct command command_subscriber = {
    .name = "subscriber",
    .summary = "put contact data into the vault, sealed, or take a line's out or away",
    .operands = "import FILE...|export LINE|erase LINE",
    .needs = "a vault",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_subscriber_options),
    .run = run,
};
