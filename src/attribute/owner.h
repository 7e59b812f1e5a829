/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line the end of a contact was, by session data: questions of whose.h, and a memory for what
 * is asked again and again. An answer is remembered with the time for which it stays the same,
 * which reaches from one change of those who hold the address to the next, so that it is always the
 * one that whose.h would give. Where ports of an address are held, those of 256 are remembered
 * together if they all are one's.
 */
#pragma once
#include "attribute/pseudonym.h"
#include "attribute/whose.h"
#include "rec/rename.h"

struct owners;
/* asker: borrowed. skew_ms: how far clocks differ. key: lines get pseudonyms under it; NULL: a hash
 * that is the same in every run. */
struct owners *owners_new(struct asker *asker, uint32_t skew_ms, const struct pseudonym_key *key);
void owners_free(struct owners *o);
/* The line that held this from from_ms to to_ms, for sure and all the time: EXACT, and *s is set.
 * What a handover falls into is AMBIGUOUS. q: address, realm, port and protocol. */
enum whose owners_of(
    struct owners *o, const struct question *q, int64_t from_ms, int64_t to_ms, struct subject *s);
/* An address that is asked for soon: brings near where its answer is remembered. */
void owners_look(const struct owners *o, uint32_t realm, const union addr *addr);
/* The line's text as it stands in session data; NULL: it is none of these, or has a pseudonym. */
const char *owners_name(const struct owners *o, const struct subject *s);

/* For a sensor: sessions go on while it is asked. What is remembered is then forgotten when a later
 * event changes it, so that an answer is always the one that whose.h would give now; the line of a
 * contact that was judged already stays. lines: borrowed, those of that one of
 * the asker's sources that names any. Needs a key. */
void owners_live(struct owners *o, struct lines *lines);
/* This interval is new, or ends otherwise than was known. */
void owners_told(struct owners *o, const struct interval *v);
/* After events: lines that were joined have one name from now on. */
void owners_joined(struct owners *o);
/* All that is remembered goes; after lines_sweep, which gives numbers to others. */
void owners_forget(struct owners *o);
/* Another epoch: all lines have names under this key from now on. */
void owners_key(struct owners *o, const struct pseudonym_key *key);
/* Which lines got another name since this list was emptied: by a join or a dispute, or by other
 * flags. The caller empties it, and before a change of key. */
struct renames *owners_renames(struct owners *o);
