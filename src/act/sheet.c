/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recovery sheet: see sheet.h. 256 bits of the key and four zero bits are 13 groups of four
 * characters, five bits each; the 14th is 20 bits of a hash of the key. The check character is a
 * weighted sum over GF(32), with the group's number added: weights differ and none is zero, so one
 * wrong character and two in each other's place cannot cancel out. */
#include "act/sheet.h"
#include "base/digest.h"
#include <string.h>

enum { DATA = SHEET_GROUP - 1, BITS = 5, VALUES = SHEET_GROUPS * DATA, KEY_VALUES = 13 * DATA };
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Times x in GF(32), modulo x^5 + x^2 + 1. */
static unsigned shift(unsigned v)
{
	v <<= 1;
	return v & 32 ? v ^ 37 : v;
}

static unsigned check_of(const uint8_t value[DATA], unsigned number)
{
	unsigned sum = 0;
	for (size_t i = 0; i < DATA; i++)
		sum = shift(sum ^ value[i]);
	return sum ^ number;
}

static unsigned bit(const uint8_t *p, size_t n, size_t i)
{
	return i < 8 * n ? p[i / 8] >> (7 - i % 8) & 1u : 0;
}

/* n bytes as values of five bits; what is behind the bytes counts as zeros. */
static void to_values(const uint8_t *p, size_t n, uint8_t *value, size_t value_n)
{
	for (size_t i = 0; i < value_n * BITS; i++) {
		value[i / BITS] = i % BITS ? value[i / BITS] : 0;
		value[i / BITS] = (uint8_t)(value[i / BITS] << 1 | bit(p, n, i));
	}
}

static void to_bytes(const uint8_t *value, uint8_t *p, size_t n)
{
	memset(p, 0, n);
	for (size_t i = 0; i < 8 * n; i++) {
		unsigned b = value[i / BITS] >> (BITS - 1 - i % BITS) & 1u;
		p[i / 8] = (uint8_t)(p[i / 8] | b << (7 - i % 8));
	}
}

static void values_of(const uint8_t secret[BOX_KEY], uint8_t value[VALUES])
{
	uint8_t hash[16];
	struct span what = span_of("theriac: recovery sheet");
	digest_keyed(hash, sizeof hash, secret, BOX_KEY, &what, 1);
	to_values(secret, BOX_KEY, value, KEY_VALUES);
	to_values(hash, sizeof hash, value + KEY_VALUES, DATA);
	seal_wipe(hash, sizeof hash);
}

void sheet_groups(const uint8_t secret[BOX_KEY], char group[SHEET_GROUPS][SHEET_GROUP + 1])
{
	uint8_t value[VALUES];
	values_of(secret, value);
	for (unsigned g = 0; g < SHEET_GROUPS; g++) {
		const uint8_t *v = value + (size_t)g * DATA;
		for (size_t i = 0; i < DATA; i++)
			group[g][i] = letters[v[i]];
		group[g][DATA] = letters[check_of(v, g + 1)];
		group[g][SHEET_GROUP] = '\0';
	}
	seal_wipe(value, sizeof value);
}

void sheet_print(const uint8_t secret[BOX_KEY], struct text *out)
{
	char group[SHEET_GROUPS][SHEET_GROUP + 1];
	sheet_groups(secret, group);
	for (int i = 0; i < SHEET_GROUPS / 2; i++)
		text_fmt(out, "    %2d: %s      %2d: %s\n", i + 1, group[i],
		    i + 1 + SHEET_GROUPS / 2, group[i + SHEET_GROUPS / 2]);
	seal_wipe(group, sizeof group);
}

static int value_of(char c)
{
	c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
	c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
	const char *at = c ? strchr(letters, c) : NULL;
	return at ? (int)(at - letters) : -1;
}

static bool read_group(struct span s, unsigned number, uint8_t value[DATA])
{
	if (s.n != SHEET_GROUP)
		return false;
	int check = value_of(s.p[DATA]);
	for (size_t i = 0; i < DATA; i++) {
		int v = value_of(s.p[i]);
		if (v < 0)
			return false;
		value[i] = (uint8_t)v;
	}
	return check >= 0 && (unsigned)check == check_of(value, number);
}

static struct span next_word(struct span *rest)
{
	static const char blank[4] = {' ', '\t', '\r', '\n'}; /* no NUL: that is part of a word */
	*rest = span_trim(*rest);
	size_t n = 0;
	while (n < rest->n && !memchr(blank, rest->p[n], sizeof blank))
		n++;
	struct span word = {rest->p, n};
	*rest = (struct span){rest->p + n, rest->n - n};
	return word;
}

/* "7:" -> 7; 0: it is no number of a group. */
static unsigned group_number(struct span word)
{
	uint64_t n;
	if (word.n < 2 || word.p[word.n - 1] != ':')
		return 0;
	word.n--;
	return span_uint(word, &n) && n <= SHEET_GROUPS ? (unsigned)n : 0;
}

static int read_values(struct span text, uint8_t value[VALUES], struct err *e)
{
	bool there[SHEET_GROUPS + 1] = {0};
	while (span_trim(text).n) {
		unsigned number = group_number(next_word(&text));
		if (!number)
			continue;
		there[number] = true;
		if (!read_group(next_word(&text), number, value + (size_t)(number - 1) * DATA))
			return err_set(e, ERR_INPUT,
			    "group %u of the recovery sheet is wrong: compare its %d characters",
			    number, SHEET_GROUP);
	}
	for (unsigned g = 1; g <= SHEET_GROUPS; g++)
		if (!there[g])
			return err_set(e, ERR_INPUT,
			    "group %u of the recovery sheet is missing; they look like '%u: A1B2C'",
			    g, g);
	return ERR_OK;
}

int sheet_read(struct span text, uint8_t secret[BOX_KEY], struct err *e)
{
	uint8_t value[VALUES], want[VALUES];
	int bad = read_values(text, value, e);
	if (!bad) {
		to_bytes(value, secret, BOX_KEY);
		values_of(secret, want);
		if (memcmp(want, value, sizeof want) != 0)
			bad = err_set(e, ERR_INPUT,
			    "the groups are not of one recovery sheet: compare all of them");
	}
	seal_wipe(value, sizeof value);
	seal_wipe(want, sizeof want);
	return bad;
}
