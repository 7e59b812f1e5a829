/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose line: the unit that everything after attribution speaks of. Offline a line is an inside
 * address or prefix; with sessions it is a pseudonym, as text P and 32 digits. 24 bytes, compared
 * bytewise. */
#pragma once
#include "rec/addr.h"

enum subject_kind { SUBJECT_NONE, SUBJECT_V4, SUBJECT_V6, SUBJECT_BLOCK, SUBJECT_PSEUDONYM };
enum subject_flags {
	SUBJECT_BUSINESS = 1,
	SUBJECT_HOTSPOT = 2,
	SUBJECT_WHOLESALE = 4,
	SUBJECT_PROTECTED = 8
};
enum { SUBJECT_FLAGS_N = 4 };
extern const char *const subject_flag_words[SUBJECT_FLAGS_N]; /* by their bit */
/* "business protected": words with spaces, commas or bars between; false where one is no flag. */
bool subject_flags_of(struct span words, uint8_t *flags);

struct subject {
	uint8_t kind; /* enum subject_kind */
	uint8_t bits; /* prefix length of 128 */
	uint8_t realm;
	uint8_t flags;   /* enum subject_flags */
	uint16_t port;   /* first of a block */
	uint16_t port_n; /* 0: all ports */
	union addr id;   /* address with host bits zero, or pseudonym */
};
_Static_assert(sizeof(struct subject) == 24, "subject is 24 bytes");

static inline bool subject_same(const struct subject *a, const struct subject *b)
{
	return __builtin_memcmp(a, b, sizeof *a) == 0;
}
void subject_text(char out[ADDR_TEXT], const struct subject *s);
