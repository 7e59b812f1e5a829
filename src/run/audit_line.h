/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the log, for audit.c and audit_verify.c: see audit.h. */
#pragma once
#include "run/audit.h"

enum { AUDIT_NUMBER = 12, AUDIT_SALT = 32 };
enum { AUDIT_LINE = AUDIT_NUMBER + 2 * (1 + 2 * DIGEST_SHA256) + 1 };
enum { AUDIT_RECORD_LINE = AUDIT_NUMBER + 1 + 2 * AUDIT_SALT + 1 + AUDIT_RECORD_MAX + 1 };

struct audit_line { /* of the chain */
	uint64_t n;
	uint8_t leaf[DIGEST_SHA256], head[DIGEST_SHA256];
};
void audit_line_text(const struct audit_line *l, struct text *out); /* AUDIT_LINE bytes */
bool audit_line_read(struct span s, struct audit_line *l);
/* The line that follows a head with a leaf. */
struct audit_line audit_line_next(
    const struct audit_head *before, const uint8_t leaf[DIGEST_SHA256]);

struct audit_record { /* a line of the records */
	uint64_t n;
	bool erased;
	uint8_t salt[AUDIT_SALT];
	struct span json; /* borrowed */
};
void audit_record_text(const struct audit_record *r, struct text *out);
bool audit_record_read(struct span line, struct audit_record *r); /* without its line end */
void audit_record_leaf(const struct audit_record *r, uint8_t leaf[DIGEST_SHA256]);

/* The record of an erasure begins so, with the number behind it. */
#define AUDIT_ERASURE "{\"type\":\"erased\",\"entry\":"
/* The entry that this record says was erased, or 0. */
uint64_t audit_erasure_of(struct span json);

/* Opens a file of STATE/audit; -1 and errno. */
int audit_file(const char *state, const char *name, int flags);
