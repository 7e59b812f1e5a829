/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac vault: the keys that contact data are sealed with. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>
#include <string.h>

static const struct opt_row rows[] = {
    {"state", OPT_TEXT, offsetof(struct run_vault_options, state), 0, 0, "DIR", NULL,
	"folder of the state; by default $THERIAC_STATE or /var/lib/theriac"},
    {"passphrase-file", OPT_TEXT, offsetof(struct run_vault_options, passphrase_file), 0, 0, "FILE",
	NULL,
	"file whose first line is the passphrase, /dev/fd/N for a descriptor; by default it is "
	"asked for on the terminal"},
    {"key-file", OPT_TEXT, offsetof(struct run_vault_options, key_file), 0, 0, "FILE", NULL,
	"file of at least 32 bytes that opens the vault instead of a passphrase; where it runs as "
	"a "
	"service, the systemd credential vault-key"},
    {"open", OPT_BOOL, offsetof(struct run_vault_options, open), 0, 0, NULL, NULL,
	"status: also try whether the passphrase or key opens it"},
    {"json", OPT_BOOL, offsetof(struct run_vault_options, json), 0, 0, NULL, NULL,
	"print one JSON object for programs"},
};

static const struct {
	const char *word;
	enum run_vault_what what;
	int more; /* operands behind it */
} words[] = {{"init", RUN_VAULT_INIT, 0}, {"status", RUN_VAULT_STATUS, 0},
    {"recover", RUN_VAULT_RECOVER, 1}, {"key", RUN_VAULT_KEY, 1}};
enum { WORDS_N = sizeof words / sizeof *words };

static int run(const void *opts, char **args, int n)
{
	const char *valid[WORDS_N];
	struct err e;
	for (size_t i = 0; i < WORDS_N; i++) {
		valid[i] = words[i].word;
		if (strcmp(args[0], words[i].word) != 0)
			continue;
		if (n - 1 == words[i].more)
			return run_vault(opts, words[i].what, n > 1 ? args[1] : NULL);
		err_set(&e, ERR_CONFIG, "vault %s takes %s", args[0],
		    words[i].more ? "one FILE" : "nothing behind it");
		return cmd_fail(EXIT_USAGE, &e);
	}
	return cmd_unknown("word", args[0], valid, WORDS_N);
}

const struct command command_vault = {
    .name = "vault",
    .summary = "make, show or bring back the keys that contact data are sealed with",
    .operands = "init|status|recover FILE|key FILE",
    .needs = "nothing",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_vault_options),
    .run = run,
};
