/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of who asked what about whom, and why: STATE/audit. No log, no answer: an entry is on the
 * disk before what it speaks of is done.
 *
 *   chain    a line for each entry: number, leaf, head. leaf = SHA-256(0x00, salt, record),
 *            head = SHA-256(0x01, head of the entry before, leaf); before the first it is zeros.
 *   records  a line for each entry: number, salt, record (JSON); or "NUMBER erased".
 *
 * The two lie apart, so that a record can be erased with its salt, and the chain still verifies. A
 * change or a missing entry shows; that the end was cut off shows to whoever kept a head. Written
 * is first the record, then the chain; what a crash leaves in between is told from tampering, and
 * the next entry puts it right. Writers wait for each other. */
#pragma once
#include "base/digest.h"
#include "base/err.h"
#include "base/json.h"

enum { AUDIT_RECORD_MAX = 8192, AUDIT_HEAD_TEXT = 96 };

struct audit_head {
	uint64_t n; /* entries */
	uint8_t hash[DIGEST_SHA256];
};
/* "12:0f1e…", as --verify-log takes it. */
void audit_head_text(char out[AUDIT_HEAD_TEXT], const struct audit_head *h);

/* The beginning of a record: what, when, who (user id, and the one logged in as, where it is
 * another). The caller adds the rest and closes it. */
void audit_begin(struct json *j, const char *what, int64_t now_ms);
/* Appends one record, a line of JSON, and returns only when it is on the disk. SYS: it is not, and
 * nothing may be answered. INPUT: the end of the log is damaged, and nothing is put behind it. */
int audit_append(const char *state, struct span record, struct audit_head *h, struct err *e);
/* Erases the record of entry n and its salt; that it was done becomes an entry, with the reason.
 * NONE: there is no such entry. */
int audit_erase(const char *state, uint64_t n, int64_t now_ms, const char *reason,
    struct audit_head *h, struct err *e);

struct audit_report {
	struct audit_head head;
	uint64_t erased;
	bool sound;       /* nothing was changed, deleted or cut off, as far as can be seen */
	struct text said; /* a sentence a line: what is wrong, and what a crash left behind */
};
/* Reads it all. wanted: a head that somebody kept ("12:0f1e…" or the digits alone), or NULL.
 * CONFIG: wanted is no head. NONE: there is no log. SYS. The caller frees r->said. */
int audit_verify(const char *state, const char *wanted, struct audit_report *r, struct err *e);
