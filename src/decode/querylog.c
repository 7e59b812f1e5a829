/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Query logs: see querylog.h. A record with an rcode is an answer. Resolvers try for long before
 * they say that they failed, so a query waits longer here than on the wire. */
#include "decode/querylog.h"

enum { LOG_WAIT_MS = 20000 };

void querylog_open(struct querylog *q, const struct decode_env *env, log_take take)
{
	log_open(&q->log, env, take);
	dnspair_init(&q->pairs);
	q->pairs.wait_ms = LOG_WAIT_MS;
}

void querylog_close(void *state)
{
	struct querylog *q = state;
	dnspair_fini(&q->pairs);
}

bool querylog_flush(void *state, struct batch *out)
{
	struct querylog *q = state;
	return dnspair_flush(&q->pairs, out);
}

struct dns *querylog_record(struct querylog *q, const struct log_line *line, struct batch *out)
{
	if (line->undated) {
		batch_ignore(out, line->undated);
		return NULL;
	}
	(void)dnspair_advance(&q->pairs, line->time_ms, out);
	struct dns *r = batch_dns(out);
	r->time_ms = line->time_ms;
	r->rcode = DNS_RCODE_NONE;
	return r;
}

void querylog_take(
    struct querylog *q, const struct log_line *line, struct dns *r, uint64_t id, struct batch *out)
{
	dnspair_take(&q->pairs, dnspair_key(&q->pairs, r, id), r->rcode != DNS_RCODE_NONE,
	    line->time_ms, out);
}

void querylog_line(struct querylog *q, const struct log_line *line,
    int (*read)(struct span text, struct dns *r), const char *damaged, struct batch *out)
{
	struct dns *r = querylog_record(q, line, out);
	if (!r)
		return;
	int good = read(line->text, r);
	if (good > 0) {
		querylog_take(q, line, r, 0, out);
		return;
	}
	batch_undo_dns(out);
	if (good == 0)
		batch_bad(out, line->offset, damaged);
	else
		batch_ignore(out, "lines that tell of no query");
}
