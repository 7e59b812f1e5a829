/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BIND's query log (categories queries, query-errors and responses, from a file or by syslog) ->
 * DNS records: TIME [CATEGORY: SEVERITY:] client [@0x…] ADDR#PORT (NAME): [view V:] query: NAME
 * CLASS TYPE FLAGS … query failed (RCODE) for NAME/CLASS/TYPE at FILE:LINE … response: NAME CLASS
 * TYPE RCODE … A query has no rcode unless a line of the latter two follows, which BIND 9.18 writes
 * for failures only: that nothing was found is not told. Answers' data are never logged. Classes
 * other than IN and all other lines are ignored.
 *
 * Source: the BIND 9 Administrator Reference Manual, "query-log"; lines that BIND 9.18 wrote. The
 * line of `response:` is from its documentation only. */
#include "decode/querylog.h"

static const char client_mark[] = "client ";

/* Client and name of the line's front; *rest moves behind it. */
static bool read_client(struct span *rest, struct dns *r)
{
	struct span before, front;
	if (!log_cut(rest, client_mark, &before) || !log_cut(rest, ": ", &front))
		return false;
	struct span word = log_word(&front);
	if (word.n && word.p[0] == '@')
		word = log_word(&front);
	return log_client(r, word, '#');
}

/* "example.com IN A", the start of *rest; -1: of no use, 0: damaged, 1: good. */
static int read_question(struct span *rest, struct dns *r)
{
	struct span name = log_word(rest), class = log_word(rest), type = log_word(rest);
	if (class.n && type.n && !span_is(class, "IN"))
		return -1;
	r->qtype = dns_type_of(type);
	return name.n && span_is(class, "IN") && r->qtype && log_name(r, name);
}

/* "SERVFAIL) for example.com/IN/A at query.c:6426". The name may have slashes of its own. */
static int read_failure(struct span rest, struct dns *r)
{
	struct span reason = log_word(&rest), word = log_word(&rest), question = log_word(&rest);
	size_t slash[2] = {question.n, question.n};
	for (size_t i = 0; i < question.n; i++)
		if (question.p[i] == '/') {
			slash[0] = slash[1];
			slash[1] = i;
		}
	if (reason.n < 2 || reason.p[reason.n - 1] != ')' || !span_is(word, "for"))
		return -1;
	reason.n--;
	r->rcode = dns_rcode_of(reason);
	if (r->rcode == DNS_RCODE_NONE)
		return -1;
	if (slash[0] == question.n)
		return 0;
	struct span name = {question.p, slash[0]};
	struct span class = {question.p + slash[0] + 1, slash[1] - slash[0] - 1};
	r->qtype = dns_type_of((struct span){question.p + slash[1] + 1, question.n - slash[1] - 1});
	return !span_is(class, "IN") ? -1 : r->qtype && log_name(r, name);
}

/* What a line says behind its client; as read_question. */
static int read_line(struct span rest, struct dns *r)
{
	struct span before;
	if (!read_client(&rest, r))
		return -1;
	struct span line = rest;
	if (log_cut(&rest, "query: ", &before))
		return read_question(&rest, r);
	rest = line;
	if (log_cut(&rest, "response: ", &before)) {
		int good = read_question(&rest, r);
		r->rcode = good > 0 ? dns_rcode_of(log_word(&rest)) : DNS_RCODE_NONE;
		return good > 0 && r->rcode == DNS_RCODE_NONE ? 0 : good;
	}
	rest = line;
	return log_cut(&rest, "query failed (", &before) ? read_failure(rest, r) : -1;
}

static void take(void *state, const struct log_line *line, struct batch *out)
{
	querylog_line(state, line, read_line, "a damaged line of BIND's query log", out);
}

static void bind_open(void *state, const struct decode_env *env)
{
	querylog_open(state, env, take);
}

static bool sure(struct span line)
{
	struct dns r = {0};
	struct span before;
	return read_client(&line, &r) && log_cut(&line, "query: ", &before) &&
	       read_question(&line, &r) != 0;
}

static int sniff(const uint8_t *p, size_t n)
{
	return log_sniff(p, n, sure);
}

const struct decoder decoder_bind_querylog = {
    .name = "bind-querylog",
    .summary = "query log of BIND",
    .source = "BIND 9 Administrator Reference Manual",
    .sniff = sniff,
    .open = bind_open,
    QUERYLOG_DECODER,
};
