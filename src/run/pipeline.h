/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records in time order -> attribute -> population -> shards of detect -> evidence. The caller
 * attributes; where there are threads, the population has one, and each shard of the lines. */
#pragma once
#include "attribute/attribute.h"
#include "detect/detect.h"
#include "evidence/evidence.h"
#include "run/stream.h"

/* What a thread that has to wait may do meanwhile, a little at a time; false: there is nothing. */
struct pipeline_idle {
	bool (*work)(void *arg);
	void *arg;
};

struct pipeline;
struct pipeline_options {
	struct attribute *attribute; /* borrowed */
	struct population *population;
	const struct detect_options *detect;
	const void *const *detector_opts;
	const bool *enabled;
	struct evidence_table *(*new_table)(const void *arg); /* one for each shard, bounded */
	const void *new_table_arg;
	unsigned shards;           /* threads that detect; 0: the caller's does it */
	struct pipeline_idle idle; /* work may be NULL */
	bool no_dns, no_detect;
};
struct pipeline *pipeline_new(const struct pipeline_options *o);
/* n records in the order of the stream. */
void pipeline_feed(struct pipeline *p, const struct stream_record *r, size_t n);
/* All that was fed is worked off, and no thread touches anything until the next record. */
void pipeline_pause(struct pipeline *p);
/* Saves population, lines, evidence, exporters and clock in steps of about rows lines, for which
 * the pipeline pauses, so that records can go on between them; not the conversations that are open.
 * Each line is saved as it is at its step; all evidence in the last one, so that what is told
 * before that step is in it. Zero-initialise the walk; false: that was all. */
struct pipeline_walk {
	bool last; /* the next step is the last */
	int part;
	unsigned shard;
	uint64_t at;
};
bool pipeline_save(struct pipeline *p, struct pipeline_walk *walk, uint32_t rows, struct save *out);
/* Before the first record, into a new pipeline, population and attribute; the number of shards and
 * the room of tables may differ. Takes the sections that are its own and stops at the next;
 * in->told has what was not taken over. On a code all three are of no use. */
int pipeline_load(struct pipeline *p, struct load *in);
/* Lines get other names (rec/rename.h), between two records; no walk may be under way. */
struct renames;
void pipeline_rename(struct pipeline *p, const struct renames *r);
/* What was found up to now: once the shards have nothing left to do, a copy of all evidence goes
 * into the table; lines, dropped and muted are set in stats. */
void pipeline_look(struct pipeline *p, struct evidence_table *into, struct stats *stats);
/* The last records are through, every line has had its last word: all evidence goes into the table,
 * lines and what was dropped are added to stats. */
void pipeline_finish(struct pipeline *p, struct evidence_table *into, struct stats *stats);
void pipeline_free(struct pipeline *p);
