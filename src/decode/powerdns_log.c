/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of PowerDNS Recursor with quiet=no -> DNS records, from its output or by syslog. Of 4.8
 * and later, with structured logging, as words or as JSON: TIME msg="Question" …
 * ts="1767323045.250" mtid="7" qname="N" qtype="A" remote="ADDR:PORT" TIME msg="Answer" … the same
 * and rcode="3" and the lines before: TIME [THREAD] [7/1] [TCP] question for 'N|A' from ADDR:PORT
 *   TIME [THREAD] [7/1] answer to question 'N|A': 2 answers, … rcode=0
 * where the number of the resolver's own thread (7) joins the two. Queries answered from its packet
 * cache are logged without their name, and missed. Answers' data are never logged.
 *
 * Source: PowerDNS Recursor's documentation, quiet and structured-logging; lines that 4.8.8 wrote.
 */
#include "base/when.h"
#include "decode/querylog.h"
#include <string.h>

enum { VALUE_MAX = 1100 };

/* Value of key="value" or "key":"value", with \\ and \" undone, in `to`; n is 0 where there is
 * none. */
static struct span value_of(struct span line, const char *key, char to[VALUE_MAX])
{
	struct span before;
	size_t n = 0;
	do {
		if (!log_cut(&line, key, &before))
			return (struct span){to, 0};
	} while (before.n && !strchr(" \"{,", before.p[before.n - 1]));
	size_t quote = line.n && line.p[0] == '"'; /* of a JSON key */
	if (line.n < quote + 2 || !strchr("=:", line.p[quote]) || line.p[quote + 1] != '"')
		return (struct span){to, 0};
	line = (struct span){line.p + quote + 2, line.n - quote - 2};
	for (size_t i = 0; i < line.n && line.p[i] != '"' && n < VALUE_MAX; i++) {
		i += line.p[i] == '\\' && i + 1 < line.n;
		to[n++] = line.p[i];
	}
	return (struct span){to, n};
}

/* -1: tells of no query, 0: damaged, 1: good. line: gets the time to the millisecond. */
static int read_structured(struct log_line *line, struct dns *r)
{
	char to[VALUE_MAX];
	struct span msg = value_of(line->text, "msg", to);
	bool answer = span_is(msg, "Answer");
	if (!answer && !span_is(msg, "Question"))
		return -1;
	if (when_epoch(value_of(line->text, "ts", to), &line->time_ms))
		line->undated = NULL;
	r->qtype = dns_type_of(value_of(line->text, "qtype", to));
	if (!log_client(r, value_of(line->text, "remote", to), ':') || !r->qtype)
		return 0;
	struct span name = value_of(line->text, "qname", to);
	if (name.n == 0 || !log_name(r, name))
		return 0;
	r->rcode = answer ? dns_rcode_of(value_of(line->text, "rcode", to)) : DNS_RCODE_NONE;
	return !answer || r->rcode != DNS_RCODE_NONE;
}

/* "NAME|TYPE" */
static bool read_question(struct span q, struct dns *r)
{
	size_t n = q.n;
	while (n && q.p[n - 1] != '|')
		n--;
	r->qtype = dns_type_of((struct span){q.p + n, q.n - n});
	return n > 1 && r->qtype && log_name(r, (struct span){q.p, n - 1});
}

/* The numbers before "question for": "1 [7/1]" or "[7]". */
static uint64_t thread_of(struct span front)
{
	struct span rest = front;
	uint64_t thread = 0, number = 0;
	for (struct span word = log_word(&rest); word.n; word = log_word(&rest)) {
		struct span inner = {word.p + 1, word.n - 1}, digits = span_cut(&inner, '/');
		if (word.p[0] != '[') {
			(void)span_uint(word, &thread);
			continue;
		}
		if (digits.n && digits.p[digits.n - 1] == ']')
			digits.n--;
		(void)span_uint(digits, &number);
	}
	return thread << 32 ^ number;
}

static int read_plain(struct span rest, struct dns *r, uint64_t *thread)
{
	struct span text = rest, front, question, before;
	bool answer = log_cut(&rest, "answer to question '", &front);
	if (!answer)
		rest = text;
	if (!answer && !log_cut(&rest, "question for '", &front))
		return -1;
	*thread = thread_of(front);
	if (!log_cut(&rest, answer ? "': " : "' from ", &question) || !read_question(question, r))
		return 0;
	if (!answer)
		return log_client(r, log_word(&rest), ':');
	if (!log_cut(&rest, "rcode=", &before))
		return 0;
	r->rcode = dns_rcode_of(log_word(&rest));
	return r->rcode != DNS_RCODE_NONE;
}

/* An answer knows only its thread: its question's client comes from there. */
static void take_plain(struct querylog *q, const struct log_line *line, struct dns *r,
    uint64_t thread, struct batch *out)
{
	struct dns name = *r;
	name.client = (union addr){.q = {0, 0}};
	name.client_port = 0;
	struct hash key = dnspair_key(&q->pairs, &name, thread);
	bool answer = r->rcode != DNS_RCODE_NONE;
	dnspair_take(&q->pairs, key, answer, line->time_ms, out);
	if (answer && addr_is_zero(&out->dns[out->dns_n - 1].client)) {
		batch_undo_dns(out);
		batch_ignore(out, "answers whose question was not seen");
	}
}

static void take(void *state, const struct log_line *given, struct batch *out)
{
	struct querylog *q = state;
	struct log_line line = *given;
	struct dns told = {.rcode = DNS_RCODE_NONE};
	uint64_t thread = 0;
	int good = read_structured(&line, &told);
	bool plain = good < 0;
	if (plain)
		good = read_plain(line.text, &told, &thread);
	if (good == 0)
		batch_bad(
		    out, line.offset, "a damaged question or answer of PowerDNS Recursor's log");
	if (good < 0)
		batch_ignore(out, "lines that tell of no query");
	struct dns *r = good > 0 ? querylog_record(q, &line, out) : NULL;
	if (!r)
		return;
	told.time_ms = line.time_ms;
	*r = told;
	if (plain)
		take_plain(q, &line, r, thread, out);
	else
		querylog_take(q, &line, r, 0, out);
}

static void powerdns_open(void *state, const struct decode_env *env)
{
	querylog_open(state, env, take);
}

static bool sure(struct span text)
{
	struct dns r = {0};
	struct log_line line = {.text = text};
	uint64_t thread;
	return read_structured(&line, &r) > 0 || read_plain(text, &r, &thread) > 0;
}

static int sniff(const uint8_t *p, size_t n)
{
	return log_sniff(p, n, sure);
}

const struct decoder decoder_powerdns_log = {
    .name = "powerdns-log",
    .summary = "questions and answers in the log of PowerDNS Recursor",
    .source = "PowerDNS Recursor: quiet=no, structured-logging",
    .sniff = sniff,
    .open = powerdns_open,
    QUERYLOG_DECODER,
};
