/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stages behind the records, opened from options: what detect and the live sensor share. */
#pragma once
#include "run/pipeline.h"
#include "run/run.h"

struct stages_options { /* borrowed, as are their texts */
	const struct settings *settings;
	struct opt_list inside, indicators, allow;
	struct opt_list sessions; /* files; none: an address is the line */
	struct opt_list nats;     /* files of deterministic ones, behind which lines are */
	const char *zone;         /* of their times, where these carry none */
	const char *pseudonyms;   /* key file, NULL: lines are called as the files call them */
	uint64_t sampling, threads;
	bool no_dns, no_detect;
	bool live;  /* hashes with a key of its own, not with the fixed one of offline runs */
	bool quiet; /* says on stderr only what went wrong */
};

struct stages {
	struct stages_options o;
	struct detect_options tables;
	struct hash_key key; /* a saved state brings its own */
	struct attribute *attribute;
	struct line_book *book; /* NULL: no sessions */
	struct population *population;
	struct indicators *indicators;
	struct allow *allow;
	struct evidence_source *sources;
	struct evidence_table *evidence; /* of the whole run, filled by stages_finish */
	int64_t last_ms;                 /* newest record */
	int64_t span_ms;                 /* time that the records span, gaps cut to an hour */
	struct pipeline *pipeline;
	bool by_sessions; /* lines are known by session data */
};

/* Files are read here and nowhere later. CONFIG, INPUT, SYS; close in any case. */
int stages_open(struct stages *s, const struct stages_options *o, struct err *e);
/* From now on a line is who held the address, by its pseudonym of the week; borrowed. Before the
 * first record. */
void stages_owners(struct stages *s, struct owners *o);
void stages_start(struct stages *s, struct pipeline_idle idle); /* the pipeline and its threads */
void stages_feed(struct stages *s, const struct stream_record *r, size_t n); /* n in order */
/* Threads that detect besides the caller's; 0: the caller's does it all. */
unsigned stages_shards(const struct stages_options *o);
/* What was found up to now goes into a table of stages_table; lines, muted and dropped are set. */
void stages_look(const struct stages *s, struct evidence_table *into, struct stats *stats);
/* The records are over: all evidence goes into s->evidence, what was counted into stats. */
void stages_finish(struct stages *s, const struct exporters *names, struct stats *stats);
struct evidence_table *stages_table(const struct stages *s); /* an empty one of this run */
void stages_close(struct stages *s);
