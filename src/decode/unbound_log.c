/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unbound's log with log-queries or log-replies -> DNS records, from its own file or by syslog:
 *   TIME [HOST] unbound[PID:THREAD] info: ADDR NAME TYPE CLASS
 *   TIME [HOST] unbound[PID]: [PID:THREAD] info: ADDR NAME TYPE CLASS RCODE SECONDS CACHED BYTES
 * with `query:` and `reply:` for `info:` where log-tag-queryreply is set. Where both are logged, a
 * reply completes its query, found by client, name and type; a reply alone is set back by the time
 * it took. The log has no port, no answer's data, and `?` for odd bytes of a name. Classes other
 * than IN and all other lines are ignored.
 *
 * Source: unbound.conf(5); lines that Unbound 1.17 wrote. */
#include "base/when.h"
#include "decode/querylog.h"

enum { TOOK_MAX_MS = 3600000 };

/* What follows the severity of a line that is Unbound's; false where it is not. */
static bool behind_severity(struct span *rest)
{
	static const char *const marks[] = {"] info: ", "] query: ", "] reply: "};
	struct span before;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (log_cut(rest, marks[i], &before))
			return true;
	return false;
}

/* The reply's part of a line; false where damaged. */
static bool read_reply(struct span rest, struct dns *r)
{
	struct span rcode = log_word(&rest), took = log_word(&rest);
	int64_t us;
	r->rcode = dns_rcode_of(rcode);
	if (r->rcode == DNS_RCODE_NONE || !when_micros(took, &us) || us / 1000 > TOOK_MAX_MS)
		return false;
	r->time_ms -= us / 1000;
	return r->time_ms >= WHEN_MIN_MS;
}

/* -1: tells of no query, 0: damaged, 1: good. */
static int read_line(struct span rest, struct dns *r)
{
	if (!behind_severity(&rest))
		return -1;
	struct span client = log_word(&rest), name = log_word(&rest), type = log_word(&rest),
		    class = log_word(&rest);
	if (!log_client(r, client, '@') || (class.n && !span_is(class, "IN")))
		return -1;
	r->qtype = dns_type_of(type);
	if (!r->qtype || !class.n || !log_name(r, name))
		return 0;
	return rest.n == 0 || read_reply(rest, r);
}

static void take(void *state, const struct log_line *line, struct batch *out)
{
	querylog_line(state, line, read_line, "a damaged line of Unbound's log", out);
}

static void unbound_open(void *state, const struct decode_env *env)
{
	querylog_open(state, env, take);
}

static bool sure(struct span line)
{
	struct dns r = {.time_ms = WHEN_MAX_MS};
	struct span rest = line, before;
	return log_cut(&rest, "unbound[", &before) && read_line(line, &r) > 0;
}

static int sniff(const uint8_t *p, size_t n)
{
	return log_sniff(p, n, sure);
}

const struct decoder decoder_unbound_log = {
    .name = "unbound-log",
    .summary = "queries and replies in Unbound's log",
    .source = "unbound.conf(5): log-queries, log-replies",
    .sniff = sniff,
    .open = unbound_open,
    QUERYLOG_DECODER,
};
