/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Contacts and look-ups in, evidence out. A detector is one file with one const struct; it sees a
 * record, its own slice of the line's state and a hint that is computed once for all. It has no
 * clock but the records' times, and no way out but detect_emit(). */
#pragma once
#include "base/hash.h"
#include "base/opt.h"
#include "base/save.h"
#include "rec/contact.h"
#include "rec/evidence.h"
#include "rec/lookup.h"

enum detector_group { GROUP_INTEL, GROUP_PROPAGATION, GROUP_C2, GROUP_ABUSE, GROUP_N };

/* Classes of peer ports (detection.md 4.3): W web, O other, P >= 10000, B bot ports, M mail, D
 * names and time. */
enum port_class { CLASS_W, CLASS_O, CLASS_P, CLASS_B, CLASS_M, CLASS_D, CLASS_N };

struct tail { /* P(statistic >= x) = min(1, p (x/u)^-a), for the daily maximum on one line */
	double u, p, a;
};

struct indicator; /* see indicators.h */
struct indicators;

struct hint {
	uint64_t key;       /* of peer, peer port and protocol; or of the whole name asked for */
	uint64_t line;      /* hash of the subject */
	uint64_t peer;      /* hash of the peer's address; or of the registered domain */
	uint64_t net;       /* hash of the peer's /16 (IPv4) or /32 (IPv6), at a first contact */
	uint8_t port_class; /* enum port_class of the peer's port */
	bool first;    /* the line's first contact with this peer, as far as its filter remembers */
	bool external; /* the peer is no line of ours */
	bool p2p;      /* the line runs peer-to-peer software today: many strangers answer it */
	bool population;  /* enough lines are active for rules about the population (P6) */
	bool popular;     /* peer or domain is used by > 1 % of the lines and >= 20 of them */
	bool outage;      /* > 5 % of the lines fail towards the peer's neighbourhood just now */
	bool name_outage; /* names fail three times as often as usual everywhere */
	bool young;       /* peer first seen <= 7 d ago by anybody; only once that can be known */
	double
	    prevalence; /* share of lines using the peer or domain in the last day; < 0: unknown */
	struct span
	    domain; /* registered domain, "" where the name has none (single label, unknown TLD) */
	const struct indicator *hit;    /* an indicator for this peer or name, or NULL */
	const struct indicators *known; /* all of them, or NULL */
};

struct detect; /* one shard: a set of lines */

/* What is asked of a contact before a detector is: most contacts are of no use to most of them. */
enum contact_fact {
	FACT_OPENED = 1 << 0,   /* the line opened it */
	FACT_WHOLE = 1 << 1,    /* it is no update of one that was told before */
	FACT_EXTERNAL = 1 << 2, /* the peer is no line of ours */
	FACT_TCP = 1 << 3,
	FACT_FIRST = 1 << 4,   /* see hint.first */
	FACT_IN_TIME = 1 << 5, /* it is not late; wanted by all groups but GROUP_INTEL */
	FACTS = 1 << 6
};

struct detector {
	const char *name;    /* with hyphens, as people see it */
	const char *summary; /* one line for `list detectors` */
	const char *source;  /* paper or section */
	const char *attack;  /* MITRE ATT&CK technique ids, comma separated */
	/* A detector has one or two statistics, tested apart; the second is empty where there is
	 * none. */
	const char *statistic[2]; /* "failed_destinations" */
	const char *unit[2];      /* "hosts/h" */
	const char *sentence[2];  /* for people: {value} {ports} {peer} {name} {share} {count} */
	struct tail tail[2];      /* u 0: none */
	enum detector_group group;
	double weight; /* within its group (detection.md 4.5) */
	double cap_db;
	int64_t window_ms; /* 0: not windowed */
	bool behaviour;    /* states a fact that may stand alone (4.6) */
	const struct opt_row *rows;
	size_t rows_n, opts_bytes;
	size_t state_bytes; /* kept of a line, see detect_state() */
	/* Raise it when what the state means changes: it is kept over restarts, and that of another
	 * version or size is not taken over, so that the detector starts afresh. */
	unsigned version;
	unsigned wants; /* enum contact_fact: `contact` gets those that have all of these */
	void (*contact)(
	    struct detect *d, const void *opts, const struct contact *c, const struct hint *h);
	void (*lookup)(
	    struct detect *d, const void *opts, const struct lookup *l, const struct hint *h);
};
extern const struct detector *const detectors[];
extern const size_t detectors_n;
size_t detector_number(const struct detector *det);

struct indicators; /* see indicators.h */
struct indicators *indicators_new(void);
void indicators_free(struct indicators *x);
/* Plain lists, CSV with a header, Maltrail trails, by content; family: from the file name where the
 * format has none. INPUT: nothing in it could be read; *n counts what was added, *bad what was not.
 */
int indicators_add(struct indicators *x, const char *file_name, const char *text, size_t text_n,
    size_t *n, size_t *bad, struct err *e);

struct detect_options {
	uint64_t lines;        /* room of the line table, over all shards */
	uint64_t destinations; /* room of the prevalence tables */
	/* What peers, names and lines are hashed with: one key for a population and its shards. It
	 * is copied; NULL: the fixed one of offline runs. A live sensor draws one and then keeps
	 * it: what was saved comes with its key. */
	const struct hash_key *key;
};
extern const struct opt_row detect_rows[];
extern const size_t detect_rows_n;

struct evidences { /* growing list; zero-initialise, free v */
	struct evidence *v;
	size_t n, cap;
};

/* What the whole provider does: one per run, fed in record order before the shards. */
struct population;
struct population *population_new(const struct detect_options *o, const struct indicators *known);
void population_free(struct population *p);
/* The hint's hashes, and brings near what population_contact will need: call it for a batch of
 * contacts first. */
void population_prepare(const struct population *p, const struct contact *c, struct hint *h);
/* Fills a prepared hint (all but what the line itself knows) and counts the contact. */
void population_contact(struct population *p, const struct contact *c, struct hint *h);
void population_lookup(struct population *p, const struct lookup *l, struct hint *h);
/* Lines have other names from Monday at 00:00 UTC on: until noon, those of before are not added to
 * those of now. */
void population_weekly(struct population *p);
uint64_t population_lines(const struct population *p); /* active in the last day, estimated */
/* The next rows entries of it, from *at on (0 at first); false: that was all. What changes between
 * two calls is saved as it is then. */
bool population_save(const struct population *p, uint64_t *at, uint64_t rows, struct save *out);
/* Into a new one, as detect_load; its key is then the saved one. */
int population_load(struct population *p, struct load *in);

/* opts[i]: options of detectors[i]; enabled[i]: whether it runs. Both are copied by reference. */
struct detect *detect_new(
    const struct detect_options *o, unsigned shards, const void *const *opts, const bool *enabled);
void detect_free(struct detect *d);
void detect_contact(
    struct detect *d, const struct contact *c, struct hint *h, bool late, struct evidences *out);
void detect_lookup(
    struct detect *d, const struct lookup *l, struct hint *h, bool late, struct evidences *out);
void detect_close(struct detect *d, struct evidences *out); /* the last word on every line */
/* For a record that comes soon: brings its line's bucket near; some records later, the line; and
 * some records later still, what the detectors keep of it. Optional. */
void detect_prefetch(const struct detect *d, const struct hint *h);
void detect_prefetch_line(const struct detect *d, const struct hint *h);
void detect_prefetch_states(const struct detect *d, const struct hint *h);
/* Saves the shards of a run: the head once, then of each shard the next rows lines, from *at on (0
 * at first) until false. Records may come between two calls: each line is saved as it is then.
 * Sketches and hashes, and no peer's address or name but in the sections NOTE, which are what
 * findings say. */
void detect_save_head(const struct detect *d, struct save *out);
bool detect_save(const struct detect *d, uint32_t *at, uint32_t rows, struct save *out);
/* Into the n new shards of a run, which may be another number and have less room; what gives way
 * has its last word in out. A detector whose version or state_bytes changed starts afresh, and
 * in->told says so. Takes the sections that are its own and stops at the next. INPUT: damaged; then
 * the shards are of no use. */
int detect_load(struct detect *const *shards, unsigned n, struct load *in, struct evidences *out);
/* Lines get other names (rec/rename.h), in place: nothing is lost of what is kept of them. Those
 * that are to be forgotten are, without a word; where two get one name, the first keeps its own and
 * takes of the other what it has nothing of. out[i]: for the last words of shard i, where a full
 * table gives way. */
struct renames;
void detect_rename(struct detect *const *shards, unsigned n, const struct renames *r,
    struct evidences *const *out);
/* Which of n shards a line belongs to. */
unsigned detect_shard_of(const struct detect *d, const struct subject *s, unsigned n);
uint64_t detect_lines(const struct detect *d);   /* ever seen */
uint64_t detect_dropped(const struct detect *d); /* by full tables */
/* Which of n shards the line of this hint belongs to. */
unsigned detect_shard(const struct hint *h, unsigned n);
