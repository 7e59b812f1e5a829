/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line an address, port and time was, or why that cannot be said. The time is taken as
 * at_ms +- skew_ms, both ends included, and:
 * - what touches that window and holds the address and port may be it; of prefixes the longest,
 *   and shorter ones as well where the longer do not fill the window;
 * - a binding of a NAT leads on to the line of its inside address at the same time;
 * - exact: one line, and for sure. Ambiguous: several; or one that is stale by then; or no port was
 *   given and ports of the address were held, even by one only. Expired: nothing answers, and the
 *   time lies before the mark up to which old records were deleted. Unknown: the rest; the records
 *   may still lead part of the way.
 * Answers come from several sources: the table of what is held now, files, fixed sets of a NAT. */
#pragma once
#include "attribute/sessions.h"

enum whose { WHOSE_UNKNOWN, WHOSE_EXACT, WHOSE_AMBIGUOUS, WHOSE_EXPIRED };
enum { ANSWER_MAX = 8, ANSWER_RECORDS = 32 };

struct question {
	union addr addr;
	uint32_t realm;
	uint16_t port; /* 0: none given */
	uint8_t proto; /* 0: any */
	bool alike;    /* see whose_ask_long */
	int64_t at_ms;
	uint32_t skew_ms;
};

struct answer_record { /* what says so: a lease, a binding, or the lease of its inside address */
	struct interval v;
	uint16_t source; /* which one gave it */
	uint8_t line;    /* whose, of answer.v */
};

struct answer_line {
	uint64_t key;   /* the same for the same line, in one process; 0: a holder without a line */
	uint8_t record; /* the one that names it */
	uint8_t flags;  /* enum subject_flags */
	bool unsure;    /* all that is said of it is stale by then */
};

struct answer {
	enum whose kind;
	bool more;    /* there are other lines than those below */
	bool cut;     /* there are other records than those below */
	bool shared;  /* no port was given, and ports were held */
	bool differs; /* the question is of ports that are alike, and they are not */
	size_t n, record_n;
	struct answer_line v[ANSWER_MAX]; /* lines that are possible */
	struct answer_record records[ANSWER_RECORDS];
};

struct found_one {
	struct interval v;
	uint64_t key; /* HOLDER_LINE: its line */
	uint16_t source;
	uint8_t flags;
};
enum { FOUND_MAX = 4096 };
struct found { /* growing list; zero-initialise, free v */
	struct found_one *v;
	size_t n, cap;
	bool more;  /* more than FOUND_MAX */
	bool alike; /* of a question of ports that are alike: the source gave all that holds any */
	uint16_t source; /* number of the source that is being asked */
};
void found_add(struct found *f, const struct interval *v, uint64_t key, uint8_t flags);
/* Ports that are remembered as one: 256, or 0 for all. */
static inline bool question_meets_group(const struct question *q, const struct interval *v)
{
	return !interval_has_ports(v) ||
	       (q->port >> 8 >= v->port_first >> 8 && q->port >> 8 <= v->port_last >> 8);
}
/* Whether the interval holds what is asked for, at any time. */
static inline bool question_meets(const struct question *q, const struct interval *v)
{
	bool port =
	    !q->port || (q->alike ? question_meets_group(q, v) : interval_has_port(v, q->port));
	return port && interval_has_proto(v, q->proto);
}

struct whose_source {
	/* Adds what holds the address, at any prefix length, and touches lo .. hi; may add more. Of
	 * an interval that it knows in several states, at least the newest. */
	void (*find)(
	    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out);
	/* The line of an interval that it gave, as text. */
	void (*name)(void *of, const struct interval *v, char out[LINE_TEXT]);
	/* Where it stands, if that is no record of a session but in a file; or NULL. */
	void (*says_so)(void *of, const struct interval *v, struct text *out);
	void *of;
	int64_t swept_ms; /* what ended before was deleted; 0: nothing */
};

struct stretch;
struct asker { /* zero-initialise, set v and n; not for two threads at a time; whose_fini */
	const struct whose_source *v;
	size_t n;
	struct found found[2];
	struct stretch *stretch; /* of whose_ask_long */
};
void whose_fini(struct asker *w);
void whose_ask(struct asker *w, const struct question *q, struct answer *a);
/* The same, and how long it can be remembered: of the same address, ports and protocol, any window
 * between the two times (neither included) has the same answer, as long as sources tell the same.
 * q->alike asks for the 256 ports around the port at once, or without one for the whole address,
 * over any protocol; if answers to them may differ, a->differs is set, and the rest says nothing.
 */
struct stretch {
	int64_t after_ms, before_ms; /* at first: how far to look */
};
static inline bool stretch_holds(const struct stretch *s, int64_t lo_ms, int64_t hi_ms)
{
	return s->after_ms < lo_ms && hi_ms < s->before_ms;
}
void whose_ask_long(struct asker *w, const struct question *q, struct answer *a, struct stretch *s);
/* The line of one of an answer's, as text; "" where it is unknown. */
void whose_name(const struct asker *w, const struct answer *a, size_t line, char out[LINE_TEXT]);
/* Appends where a record stands that is none of a session. */
void whose_says_so(const struct asker *w, const struct answer_record *r, struct text *out);
const char *whose_word(enum whose kind); /* "exact", … */

/* What is held now, and was a while ago. */
struct whose_live {
	const struct sessions *sessions;
	const struct lines *lines;
};
struct whose_source whose_live_source(struct whose_live *l);
/* For a question that is asked soon: brings near where it will be looked for; closer, some
 * questions later: what stands there. */
void whose_look(const struct sessions *s, const struct question *q, bool closer);
