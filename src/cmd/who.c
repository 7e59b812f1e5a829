/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac who: whose line an address was, and why somebody wants to know. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>

static const struct opt_row rows[] = {
    {"config", OPT_TEXT, offsetof(struct run_who_options, config), 0, 0, "FILE", NULL,
	"configuration file"},
    {"reason", OPT_TEXT, offsetof(struct run_who_options, reason), 0, 0, "TEXT", NULL,
	"why you ask; it is kept in the log, and without one there is no answer"},
    {"proto", OPT_TEXT, offsetof(struct run_who_options, proto), 0, 0, "PROTO", NULL,
	"protocol of the port, such as tcp, udp or a number; by default any"},
    {"realm", OPT_UINT, offsetof(struct run_who_options, realm), 0, 4294967295.0, NULL, "0",
	"realm of the address, where the same addresses are used more than once"},
    {"skew", OPT_SPAN, offsetof(struct run_who_options, skew_ms), 0, 86400, "s", "0",
	"how wrong the clock may be that gave the time"},
    {"tz", OPT_TEXT, offsetof(struct run_who_options, zone), 0, 0, "ZONE", "UTC",
	"zone of a time that carries none, UTC or an offset such as +02:00"},
    {"nat", OPT_LIST, offsetof(struct run_who_options, nats), 0, 0, "FILE", NULL,
	"how deterministic NATs are set up, so that an outside port leads to the inside address"},
    {"state", OPT_TEXT, offsetof(struct run_who_options, state), 0, 0, "DIR", NULL,
	"folder of the state; by default $THERIAC_STATE or /var/lib/theriac"},
    {"verify-log", OPT_BOOL, offsetof(struct run_who_options, verify_log), 0, 0, NULL, NULL,
	"verify the log of questions instead; the operand is then a head of it that somebody kept, "
	"or nothing"},
    {"json", OPT_BOOL, offsetof(struct run_who_options, json), 0, 0, NULL, NULL,
	"print one JSON object for programs"},
};

static int run(const void *opts, char **args, int n)
{
	const struct run_who_options *o = opts;
	struct err e;
	if (o->verify_log ? n <= 1 : n == 2)
		return run_who(o, cmd_settings(), args, n);
	err_set(&e, ERR_CONFIG,
	    o->verify_log ? "who --verify-log takes one HEAD at most"
			  : "who needs ADDR[:PORT] and TIME; see 'theriac who --help'");
	return cmd_fail(EXIT_USAGE, &e);
}

const struct command command_who = {
    .name = "who",
    .summary = "say whose line an address was, and log who asked and why",
    .operands = "[ADDR[:PORT] TIME]",
    .needs = "stored sessions",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_who_options),
    .run = run,
};
