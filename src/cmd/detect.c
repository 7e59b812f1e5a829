/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac detect: finds the infected lines in files. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>

#define AT(field) offsetof(struct run_detect_options, field)

static const struct opt_row rows[] = {
    {"config", OPT_TEXT, AT(config), 0, 0, "FILE", NULL, "configuration file"},
    {"inside", OPT_LIST, AT(inside), 0, 0, "CIDR[,line=LEN]", NULL,
	"addresses of subscribers; a line is an IPv4 address or an IPv6 /64, or a prefix of LEN "
	"bits"},
    {"sessions", OPT_LIST, AT(sessions), 0, 0, "FILE", NULL,
	"who held which address: RADIUS, DHCP, NAT records; a line is then who held it, never the "
	"address"},
    {"nat", OPT_LIST, AT(nats), 0, 0, "FILE", NULL,
	"how deterministic NATs are set up, so that an outside port leads to the inside address, "
	"and with --sessions to the line"},
    {"pseudonyms", OPT_TEXT, AT(pseudonyms), 0, 0, "KEYFILE", NULL,
	"call these lines by pseudonyms under this key, see theriac vault key"},
    {"indicators", OPT_LIST, AT(indicators), 0, 0, "FILE", NULL,
	"addresses and domains known to be bad: plain lists, CSV, Maltrail trails"},
    {"allow", OPT_LIST, AT(allow), 0, 0, "FILE", NULL,
	"findings to mute: CSV of line or prefix, detector or *, peer or port, until, reason"},
    {"sampling", OPT_UINT, AT(sampling), 0, 1000000, NULL, "0",
	"packet sampling 1 in N of all exporters; 0: as they announce it"},
    {"tz", OPT_TEXT, AT(zone), 0, 0, "ZONE", "UTC",
	"zone of times that carry none, UTC or an offset such as +02:00"},
    {"since", OPT_TIME, AT(since_ms), 0, 0, NULL, NULL, "leave out records before this time"},
    {"until", OPT_TIME, AT(until_ms), 0, 0, NULL, NULL, "leave out records from this time on"},
    {"threads", OPT_UINT, AT(threads), 0, 64, NULL, "0",
	"threads to use; 0: as many as there are processors"},
    {"format", OPT_TEXT, AT(format), 0, 0, "FORMAT", NULL,
	"read all files as this format instead of finding out; theriac list decoders names them"},
    {"min-tier", OPT_WORD, AT(min_tier), 0, 0, "observe|behaviour|suspect|notice", "observe",
	"show lines from this tier on"},
    {"no-dns", OPT_BOOL, AT(no_dns), 0, 0, NULL, NULL, "leave look-ups out"},
    {"no-detect", OPT_BOOL, AT(no_detect), 0, 0, NULL, NULL, "read and attribute only, to measure"},
    {"json", OPT_BOOL, AT(json), 0, 0, NULL, NULL, "print JSON Lines for programs"},
};

static int run(const void *opts, char **args, int n)
{
	return run_detect(opts, cmd_settings(), args, n);
}

const struct command command_detect = {
    .name = "detect",
    .summary = "find infected lines in flow and DNS records",
    .operands = "PATH...",
    .needs = "files",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_detect_options),
    .run = run,
};
