/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How sure are we: repeats are merged, causes grouped, groups fused, tiers given
 * (detection.md 4.4-4.6). This stage knows detectors only by the rows it is given. */
#pragma once
#include "base/json.h"
#include "base/opt.h"
#include "base/save.h"
#include "rec/evidence.h"

enum { EVIDENCE_GROUPS = 4 }; /* intel, propagation, c2, abuse: the order of detect's groups */
enum tier { TIER_NONE, TIER_OBSERVE, TIER_BEHAVIOUR, TIER_SUSPECT, TIER_NOTICE };
extern const char *const tier_words[]; /* "none", "observe", … */

struct evidence_source { /* a detector, as far as this stage cares; texts are borrowed */
	const char *name, *attack;
	const char *sentence[2], *statistic[2], *unit[2];
	unsigned group;
	double weight;
};

struct evidence_options {
	double prior;     /* share of lines that are infected */
	double notice_db; /* h of 4.6 */
	double q;         /* wrong notices accepted, as a share */
	uint64_t lines_max;
};
extern const struct opt_row evidence_rows[];
extern const size_t evidence_rows_n;

struct allow; /* findings that the operator mutes */
struct allow *allow_new(void);
void allow_free(struct allow *a);
/* CSV with or without a header: line or prefix, detector or *, peer or port or *, until, reason.
 * CONFIG with the line and what is wrong. */
int allow_read(struct allow *a, const char *file_name, const char *text, size_t n, struct err *e);
/* Whether this evidence is muted: every row of its top must be covered where a rule names a peer or
 * port. */
bool allow_holds(const struct allow *a, const struct evidence *e, const char *detector);

struct verdict_line { /* what is known of one line */
	struct subject subject;
	enum tier tier;
	double score_db;                  /* the fused score at its highest */
	double group_db[EVIDENCE_GROUPS]; /* at that time */
	double probability; /* of an infection, by the prior; capped while uncalibrated */
	int64_t first_ms, last_ms;
	const struct evidence *evidence; /* the best per detector and day, strongest first */
	size_t evidence_n;
};

struct evidence_table;
struct evidence_table *evidence_new(const struct evidence_options *o,
    const struct evidence_source *sources, size_t n, const struct allow *allow);
void evidence_free(struct evidence_table *t);
/* For a run without end: from now on at most so many lines; the sixteenth that was found longest
 * ago gives way to new ones. */
void evidence_limit(struct evidence_table *t, size_t lines_max);
/* Forgets lines that nothing was found on for six half-lives: what is left of it would not show. */
extern const int64_t evidence_forgotten_ms;
void evidence_forget(struct evidence_table *t, int64_t now_ms);
void evidence_add(struct evidence_table *t, const struct evidence *e);
/* Takes over all that another table of the same run holds, and frees it. */
void evidence_absorb(struct evidence_table *t, struct evidence_table *from);
/* All that the tables of a run hold: the head once, then each table. */
void evidence_save_head(const struct evidence_table *t, struct save *out);
void evidence_save(const struct evidence_table *t, struct save *out);
/* Into n new tables; which says where the evidence of a line belongs. Findings of a detector that
 * there is no more are left out, and in->told says so. */
struct evidence_deal {
	unsigned (*which)(const void *arg, const struct subject *s);
	const void *arg;
};
int evidence_load(struct evidence_table *const *tables, unsigned n,
    const struct evidence_deal *deal, struct load *in);
/* Lines get other names (rec/rename.h), those that are to be forgotten are; which says to which of
 * the n tables of a run each belongs by its new name. */
struct renames;
void evidence_rename(struct evidence_table *const *tables, unsigned n,
    const struct evidence_deal *deal, const struct renames *r);
/* Adds a copy of all that another table of the same run holds. */
void evidence_merge(struct evidence_table *t, const struct evidence_table *from);
/* Judges all lines: run_span_ms is the time that the records of the run span, lines how many were
 * seen. The lines at or above min, strongest first; *n how many. Valid until the table is freed. */
const struct verdict_line *evidence_judge(
    struct evidence_table *t, int64_t run_span_ms, uint64_t lines, enum tier min, size_t *n);
uint64_t evidence_muted(const struct evidence_table *t);
uint64_t evidence_dropped(const struct evidence_table *t); /* lines that gave way */
/* How subjects are called; name returns NULL for those that are called by their own text. */
void evidence_names(struct evidence_table *t,
    const char *(*name)(const void *arg, const struct subject *s), const void *arg);
const char *evidence_subject(
    const struct evidence_table *t, const struct subject *s, char room[ADDR_TEXT]);
/* One line of `detect --json`. */
void verdict_json(const struct evidence_table *t, const struct verdict_line *v, struct json *j);
/* The strongest finding in plain words, and how many more there are. */
void verdict_words(const struct evidence_table *t, const struct verdict_line *v, struct text *out);
/* One finding in plain words: the detector's sentence with its values. */
void evidence_words(const struct evidence_source *s, const struct evidence *e, struct text *out);
