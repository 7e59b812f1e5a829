/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac sensor: detects live. */
#include "cmd/cmd.h"
#include "run/run.h"
#include <stddef.h>

#define AT(field) offsetof(struct run_sensor_options, field)

static const struct opt_row rows[] = {
    {"config", OPT_TEXT, AT(config), 0, 0, "FILE", NULL, "configuration file"},
    {"listen", OPT_LIST, AT(listen), 0, 0, "WHERE", NULL,
	"udp:ADDR:PORT for NetFlow, IPFIX and sFlow; tcp:ADDR:PORT for IPFIX and dnstap; unix:PATH "
	"for dnstap; dir:PATH for new files in a folder"},
    {"exporter", OPT_LIST, AT(exporters), 0, 0, "ADDR[/LEN][,KEY=VALUE...]", NULL,
	"who may send, with sampling=auto|N, dialect=rfc8158|junos, rate=N records/s, "
	"prefixes=CIDR[+CIDR...] whose flows it may report, via=INTERFACE, ttl=N at least, "
	"realm=N of its addresses, skew=SPAN that its clock runs ahead in NAT events; "
	"without, anybody"},
    {"sessions", OPT_LIST, AT(sessions), 0, 0, "WHERE[,KEY=VALUE...]", NULL,
	"who holds which address, so that lines are judged, not addresses: radius:ADDR:PORT for "
	"accounting, syslog:ADDR:PORT for translations that NATs log; file:PATH or dir:PATH for "
	"lease files, accounting and logs, followed as they grow; all but radius with tz=ZONE of "
	"times that carry none, skew=SPAN that its clock runs ahead, realm=N of its addresses"},
    {"nas", OPT_LIST, AT(nas), 0, 0, "ADDR[/LEN],secret=FILE[,KEY=VALUE...]", NULL,
	"who may send accounting, with its shared secret in a file that others cannot read; "
	"skew=SPAN that its clock runs ahead, realm=N of its addresses, line=user|cui that names a "
	"line"},
    {"nat", OPT_LIST, AT(nats), 0, 0, "FILE", NULL,
	"how deterministic NATs are set up, so that an outside port leads to the inside address, "
	"and by sessions to the line"},
    {"retention", OPT_SPAN, AT(retention_ms), 3600, 315360000, NULL, "7 d",
	"how long sessions are kept after their end"},
    {"inside", OPT_LIST, AT(inside), 0, 0, "CIDR[,line=LEN]", NULL,
	"addresses of subscribers; a line is an IPv4 address or an IPv6 /64, or a prefix of LEN "
	"bits"},
    {"indicators", OPT_LIST, AT(indicators), 0, 0, "FILE", NULL,
	"addresses and domains known to be bad: plain lists, CSV, Maltrail trails"},
    {"allow", OPT_LIST, AT(allow), 0, 0, "FILE", NULL,
	"findings to mute: CSV of line or prefix, detector or *, peer or port, until, reason"},
    {"sampling", OPT_UINT, AT(sampling), 0, 1000000, NULL, "0",
	"packet sampling 1 in N of all exporters; 0: as they announce it"},
    {"threads", OPT_UINT, AT(threads), 0, 64, NULL, "0",
	"threads of the sensor; 0: as many as there are processors"},
    {"buffer", OPT_UINT, AT(buffer_mb), 1, 1024, "MiB", "32",
	"receive buffer of each UDP socket; without the right to more, the kernel cuts it to "
	"net.core.rmem_max"},
    {"state", OPT_TEXT, AT(state), 0, 0, "DIR", NULL,
	"folder of the state; by default $THERIAC_STATE or /var/lib/theriac"},
    {"checkpoint", OPT_SPAN, AT(checkpoint_ms), 1, 86400, NULL, "60 s",
	"how often the state is kept"},
    {"report", OPT_SPAN, AT(report_ms), 1, 86400, NULL, "60 s",
	"how often verdicts are looked at, by the records' time"},
    {"out", OPT_TEXT, AT(out), 0, 0, "unix:PATH", NULL,
	"findings as JSON Lines to whoever connects there"},
    {"min-tier", OPT_WORD, AT(min_tier), 0, 0, "observe|behaviour|suspect|notice", "observe",
	"show lines from this tier on"},
    {"replay", OPT_BOOL, AT(replay), 0, 0, NULL, NULL, "take the exporters' time as now"},
    {"no-dns", OPT_BOOL, AT(no_dns), 0, 0, NULL, NULL, "leave look-ups out"},
    {"json", OPT_BOOL, AT(json), 0, 0, NULL, NULL, "print JSON Lines for programs"},
};

static int reload(
    const struct run_sensor_options **o, const struct settings **settings, struct err *e)
{
	const void *opts;
	int bad = cmd_reload(&opts, settings, e);
	if (!bad)
		*o = opts;
	return bad;
}

static const struct run_reload again = {reload, cmd_reload_undo};

static int run(const void *opts, char **args, int n)
{
	(void)args;
	(void)n;
	return run_sensor(opts, cmd_settings(), &again);
}

const struct command command_sensor = {
    .name = "sensor",
    .summary = "find infected lines in what arrives, as it arrives",
    .operands = "",
    .needs = "sockets",
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct run_sensor_options),
    .run = run,
};
