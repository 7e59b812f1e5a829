/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines: which identifiers are one subscriber line. An identifier is an account (RADIUS User-Name,
 * or for some NASes the Chargeable-User-Identity), a circuit-id with its remote-id, a name that the
 * operator assigned, a MAC address, or a DUID. Those seen together in one record are joined. The
 * first that is present, in that order or the operator's, names the line.
 * What it refuses: a join by which a line would have two accounts, two circuits or two assigned
 * names. The weaker identifier is then disputed: it names nobody but itself from then on, so that
 * a router that was sold, or a circuit with a new tenant, accuses neither side.
 * The table has a fixed size; what finds no room has no line, and is counted. */
#pragma once
#include "base/opt.h"
#include "base/save.h"
#include "rec/session.h"

enum { LINE_KINDS = 5, LINE_VALUE_MAX = 2 * 255 + 1, LINE_TEXT = 3 * LINE_VALUE_MAX + 20 };

struct line_id {      /* an identifier as bytes */
	uint8_t kind; /* enum session_id: USER, CUI, CIRCUIT (with remote), ASSIGNED, MAC, DUID */
	uint16_t n;
	uint8_t bytes[LINE_VALUE_MAX];
};

struct lines_counts {
	uint64_t ids;      /* identifiers held */
	uint64_t joined;   /* joins done */
	uint64_t refused;  /* joins refused, since they would have merged two lines */
	uint64_t disputed; /* identifiers that name nobody else any more */
	uint64_t dropped;  /* identifiers that found no room */
};

struct lines;
/* room: how many identifiers; 0: 4 Mi. */
struct lines *lines_new(uint64_t room);
void lines_free(struct lines *l);

/* Rules, before the first record. order: words of "account,circuit,assigned,mac,duid", strongest
 * first; what is not named stands behind. CONFIG. */
int lines_order(struct lines *l, const char *order, struct err *e);
/* For this NAS the account is the CUI, and its User-Name says nothing. */
void lines_account_is_cui(struct lines *l, struct span nas);
/* This identifier, as line_id_text writes it, is never joined with another; what it was joined with
 * is parted when lines_sweep is called next. CONFIG. */
int lines_apart(struct lines *l, const char *id, struct err *e);

/* All of these, as a configuration has them. */
struct lines_rules {
	const char *order;          /* NULL: the default */
	struct opt_list cui, apart; /* NASes; identifiers */
};
extern const struct opt_row lines_rows[];
extern const size_t lines_rows_n;
int lines_rules(struct lines *l, const struct lines_rules *r, struct err *e);
/* Whether such a rule can be: CONFIG with what is wrong with it. */
int lines_rule_check(const struct opt_row *row, const char *text, struct err *e);

/* The strongest identifier of a record, and all that stand in it, joined; flags (enum
 * subject_flags) are added to the line. 0: there is none, or no room. */
uint32_t lines_enter(struct lines *l, const struct session_ids *ids, uint8_t flags, int64_t now_ms);
uint32_t lines_enter_id(struct lines *l, const struct line_id *id, uint8_t flags, int64_t now_ms);
/* Without entering it; 0: it is not there. */
uint32_t lines_find(const struct lines *l, const struct line_id *id);
/* One number for all identifiers of a line: changes when lines are joined. 0 of 0. */
uint32_t lines_of(const struct lines *l, uint32_t id);
uint8_t lines_flags(const struct lines *l, uint32_t id);
/* The identifier that names the line of this one. */
void lines_name(const struct lines *l, uint32_t id, struct line_id *name);
/* The identifier itself. */
void lines_get(const struct lines *l, uint32_t id, struct line_id *out);
/* An identifier in use is not swept. */
void lines_hold(struct lines *l, uint32_t id);
void lines_release(struct lines *l, uint32_t id);
/* Forgets what is not in use and was not seen since before_ms, and parts what rules or disputes
 * part. */
void lines_sweep(struct lines *l, int64_t before_ms);
const struct lines_counts *lines_counted(const struct lines *l);
/* The joins since the first call, also those that were refused, oldest first, for a log: done again
 * in that order, they give the same lines. *at is 0 at first. */
bool lines_next_join(const struct lines *l, size_t *at, uint32_t *a, uint32_t *b);
struct line_change {
	uint32_t line;    /* number, as lines_of gave it then */
	uint32_t was, is; /* identifiers: that named it, and that names it now */
};
/* How joins, and disputes, changed what lines that were there are called, or their flags: *at is 0
 * at first, and after lines_sweep, which forgets them. */
bool lines_next_change(const struct lines *l, size_t *at, struct line_change *c);
/* One identifier of each line, one after the other: that which names it. *at is 0 at first. */
bool lines_next_line(const struct lines *l, uint32_t *at);
/* A join out of a log or a saved table. */
void lines_join(struct lines *l, uint32_t a, uint32_t b);

/* Sections LNID and LNJN; the identifiers get new numbers when they are loaded. */
void lines_save(const struct lines *l, struct save *out);
int lines_load(struct lines *l, struct load *in);

/* "user:alice@isp.example", "circuit:olt1/1/3:42,remote:x", "mac:02:00:00:00:00:01"; bytes outside
 * printable ASCII, commas and percent signs as %XX. */
void line_id_text(const struct line_id *id, char out[LINE_TEXT]);
bool line_id_parse(struct span text, struct line_id *id);
/* What the line of these identifiers would be named by alone; false: nothing names it. */
bool line_id_of(const struct lines *l, const struct session_ids *ids, struct line_id *id);
