/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identifiers as text, and back: see line.h. A circuit's bytes are the length of its circuit-id,
 * the circuit-id, and the remote-id. */
#include "attribute/line.h"
#include <stdio.h>

static const struct {
	uint8_t kind;
	bool raw; /* hexadecimal with colons */
	const char *word;
} kinds[] = {{SESSION_USER, false, "user"}, {SESSION_CUI, false, "cui"},
    {SESSION_CIRCUIT, false, "circuit"}, {SESSION_ASSIGNED, false, "assigned"},
    {SESSION_MAC, true, "mac"}, {SESSION_DUID, true, "duid"}};
enum { KINDS_N = sizeof kinds / sizeof *kinds };
static const char remote[] = ",remote:";

struct to {
	char *p;
	size_t n;
};

static void put(struct to *to, char c)
{
	if (to->n + 1 < LINE_TEXT)
		to->p[to->n++] = c;
}

static void put_word(struct to *to, const char *s)
{
	while (*s)
		put(to, *s++);
}

static void put_hex(struct to *to, uint8_t byte, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	put(to, digits[byte >> 4]);
	put(to, digits[byte & 15]);
}

static void put_plain(struct to *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] >= ' ' && p[i] < 0x7f && p[i] != '%' && p[i] != ',') {
			put(to, (char)p[i]);
			continue;
		}
		put(to, '%');
		put_hex(to, p[i], true);
	}
}

static void put_raw(struct to *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			put(to, ':');
		put_hex(to, p[i], false);
	}
}

static void put_circuit(struct to *to, const struct line_id *id)
{
	size_t n = id->n ? id->bytes[0] : 0;
	if (id->n < n + 1)
		return;
	put_plain(to, id->bytes + 1, n);
	if (id->n == n + 1)
		return;
	put_word(to, remote);
	put_plain(to, id->bytes + 1 + n, id->n - n - 1u);
}

void line_id_text(const struct line_id *id, char out[LINE_TEXT])
{
	struct to to = {out, 0};
	for (size_t i = 0; i < KINDS_N; i++) {
		if (kinds[i].kind != id->kind)
			continue;
		put_word(&to, kinds[i].word);
		put(&to, ':');
		if (id->kind == SESSION_CIRCUIT)
			put_circuit(&to, id);
		else if (kinds[i].raw)
			put_raw(&to, id->bytes, id->n);
		else
			put_plain(&to, id->bytes, id->n);
	}
	out[to.n] = '\0';
}

static int digit(char c)
{
	return c >= '0' && c <= '9'                 ? c - '0'
	       : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 87
						    : -1;
}

static bool hex(struct span s, size_t at, uint8_t *byte)
{
	if (at + 2 > s.n || digit(s.p[at]) < 0 || digit(s.p[at + 1]) < 0)
		return false;
	*byte = (uint8_t)(digit(s.p[at]) << 4 | digit(s.p[at + 1]));
	return true;
}

static bool take_plain(struct span s, struct line_id *id)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte = (uint8_t)s.p[i];
		if (id->n == LINE_VALUE_MAX || (byte == '%' && !hex(s, i + 1, &byte)))
			return false;
		i += s.p[i] == '%' ? 2 : 0;
		id->bytes[id->n++] = byte;
	}
	return true;
}

static bool take_raw(struct span s, struct line_id *id)
{
	for (size_t i = 0; i < s.n; i += 3)
		if (id->n == LINE_VALUE_MAX || !hex(s, i, &id->bytes[id->n++]) ||
		    (i + 2 < s.n && s.p[i + 2] != ':'))
			return false;
	return s.n > 0;
}

static bool take_circuit(struct span s, struct line_id *id)
{
	struct span rest = s, circuit = span_cut(&rest, ',');
	size_t word = sizeof remote - 2; /* without the comma */
	if (rest.p && (rest.n < word || memcmp(rest.p, remote + 1, word) != 0))
		return false;
	id->n = 1;
	if (!take_plain(circuit, id) || id->n > 256)
		return false;
	id->bytes[0] = (uint8_t)(id->n - 1);
	return !rest.p || take_plain((struct span){rest.p + word, rest.n - word}, id);
}

bool line_id_parse(struct span text, struct line_id *id)
{
	struct span rest = text, word = span_cut(&rest, ':');
	*id = (struct line_id){0};
	for (size_t i = 0; i < KINDS_N && rest.p; i++) {
		if (!span_is(word, kinds[i].word))
			continue;
		id->kind = kinds[i].kind;
		bool good = id->kind == SESSION_CIRCUIT ? take_circuit(rest, id)
			    : kinds[i].raw              ? take_raw(rest, id)
							: take_plain(rest, id);
		return good && id->n > 0;
	}
	return false;
}
