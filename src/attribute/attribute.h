/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line, and who opened the contact: flows in time order -> contacts, DNS records -> look-ups.
 * Without session data a line is an inside address (IPv4 /32, IPv6 /64) or the prefix length that
 * the operator names; with it, who held the address at that time, or nobody (owner.h). */
#pragma once
#include "attribute/detnat.h"
#include "attribute/owner.h"
#include "attribute/pseudonym.h"
#include "base/opt.h"
#include "base/save.h"
#include "rec/contact.h"
#include "rec/flow.h"
#include "rec/lookup.h"

struct attribute_options {
	int64_t pair_wait_ms; /* how long a one-way flow waits for the other direction */
	int64_t idle_ms;   /* exporters' idle timeout: a slice starts within it of the last end */
	int64_t active_ms; /* longest active timeout of an exporter */
	uint64_t conversations; /* room of the table */
	uint64_t sampling;      /* 0: as announced; else 1 in N for all exporters */
	int64_t skew_ms;        /* how far the clocks of exporters and session sources differ */
};
extern const struct opt_row attribute_rows[];
extern const size_t attribute_rows_n;

struct contacts { /* growing list; zero-initialise, free v */
	struct contact *v;
	size_t n, cap;
};

enum unknown_why { WHY_ONE_WAY, WHY_SAMPLED, WHY_NO_FLAGS, WHY_FEW, WHY_N };
struct exporter_ways {               /* what an exporter was seen to show (detection.md 4.1 P7) */
	uint64_t answered, reversed; /* answered TCP contacts; those also seen in reverse */
	uint64_t unknown[WHY_N];     /* contacts whose outcome is unknown, by cause */
};

struct attribute_counts {
	uint64_t inside;       /* records with an inside address */
	uint64_t no_inside;    /* records without an inside address */
	uint64_t special;      /* multicast, loopback, … addresses */
	uint64_t duplicates;   /* the same flow from a second exporter, or sent twice */
	uint64_t joined;       /* second directions and slices added to a conversation */
	uint64_t dropped;      /* conversations pushed out of a full table before their time */
	uint64_t not_exact[4]; /* contacts and look-ups whose line session data left open, by enum
				  whose: they are not judged */
};

struct attribute;
/* borrows o's values, copies them. */
struct attribute *attribute_new(const struct attribute_options *o);
void attribute_free(struct attribute *a);
/* "10.0.0.0/8" or "2001:db8::/32,line=56"; CONFIG with the reason. Call before the first record. */
int attribute_inside(struct attribute *a, const char *text, struct err *e);
/* The private and CGN ranges: what counts as inside where nothing is named. */
void attribute_inside_private(struct attribute *a);
/* From now on a line is who held the address, never the address; borrowed. Before the first record.
 */
void attribute_owners(struct attribute *a, struct owners *o);
struct attribute_key { /* what the conversation of a flow is found by */
	uint32_t hash;
	uint8_t side;
};
/* A flow that is added soon: its key. Brings near where it will be looked for; the second call,
 * some flows later, brings near what stands there. */
void attribute_look(const struct attribute *a, const struct flow *f, struct attribute_key *k);
void attribute_look_closer(const struct attribute *a, const struct attribute_key *k);
/* Adds a flow; contacts that are ready are appended to out. now_ms: the stage clock, never goes
 * back. */
void attribute_flow(struct attribute *a, const struct flow *f, const struct attribute_key *k,
    int64_t now_ms, struct contacts *out);
/* A flow that came too late to be joined: a contact of its own, for indicators only. */
void attribute_late(struct attribute *a, const struct flow *f, struct contacts *out);
/* Whether the record has a line; then fills l, which borrows d. */
bool attribute_dns(struct attribute *a, const struct dns *d, struct lookup *l);
/* The clock moves: conversations that waited long enough become contacts. */
void attribute_advance(struct attribute *a, int64_t now_ms, struct contacts *out);
void attribute_flush(struct attribute *a, struct contacts *out); /* all that still wait */
const struct attribute_counts *attribute_counted(const struct attribute *a);
/* By exporter number; NULL past the last. */
const struct exporter_ways *attribute_ways(const struct attribute *a, uint32_t exporter);
/* What exporters were seen to show, as sections WAYS; not the open conversations. Exporters are
 * known by their numbers: those must mean the same ones when it is loaded. */
void attribute_save(const struct attribute *a, struct save *out);
int attribute_load(struct attribute *a, struct load *in);
const char *unknown_why_text(enum unknown_why why);
/* The most frequent /16 (IPv4) or /32 (IPv6) among records without an inside address, as text. */
void attribute_frequent(const struct attribute *a, struct text *out);

/* Session events -> intervals -> lines -> answers. */
#include "attribute/detnat_sets.h"
#include "attribute/segment.h"
