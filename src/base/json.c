/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON writer: see json.h. */
#include "base/json.h"
#include "base/when.h"
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct json json_to(struct text *out)
{
	return (struct json){.out = out};
}

/* The character of a sequence of k bytes that utf8_bytes found right. */
static unsigned utf8_char(const unsigned char *p, size_t k)
{
	unsigned c = k == 1 ? p[0] : p[0] & (0x7fu >> k);
	for (size_t i = 1; i < k; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

/* Controls, which a terminal might obey, line ends and characters that YAML refuses: as \u. */
static bool is_control(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
	       c == 0xfffe || c == 0xffff;
}

static void quoted(struct text *t, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	text_putc(t, '"');
	for (size_t i = 0; i < n;) {
		size_t k = utf8_bytes(p + i, n - i);
		if (k == 0) {
			text_puts(t, "\xef\xbf\xbd");
			i++;
		} else if (p[i] == '"' || p[i] == '\\') {
			text_putc(t, '\\');
			text_putc(t, (char)p[i++]);
		} else if (is_control(utf8_char(p + i, k))) {
			text_fmt(t, "\\u%04x", utf8_char(p + i, k));
			i += k;
		} else {
			text_add(t, s + i, k);
			i += k;
		}
	}
	text_putc(t, '"');
}

static void item(struct json *j, const char *key)
{
	if (j->comma[j->depth])
		text_putc(j->out, ',');
	j->comma[j->depth] = true;
	if (key) {
		quoted(j->out, key, strlen(key));
		text_putc(j->out, ':');
	}
}

static void enter(struct json *j, const char *key, char c)
{
	item(j, key);
	text_putc(j->out, c);
	assert(j->depth < 16);
	j->comma[++j->depth] = false;
}

static void leave(struct json *j, char c)
{
	assert(j->depth > 0);
	j->depth--;
	text_putc(j->out, c);
}

void json_open(struct json *j, const char *key)
{
	enter(j, key, '{');
}

void json_close(struct json *j)
{
	leave(j, '}');
}

void json_list(struct json *j, const char *key)
{
	enter(j, key, '[');
}

void json_end(struct json *j)
{
	leave(j, ']');
}

void json_text(struct json *j, const char *key, const char *s)
{
	json_span(j, key, s, strlen(s));
}

void json_span(struct json *j, const char *key, const char *p, size_t n)
{
	item(j, key);
	quoted(j->out, p, n);
}

void json_uint(struct json *j, const char *key, uint64_t v)
{
	item(j, key);
	text_fmt(j->out, "%llu", (unsigned long long)v);
}

void json_int(struct json *j, const char *key, int64_t v)
{
	item(j, key);
	text_fmt(j->out, "%lld", (long long)v);
}

void json_real(struct json *j, const char *key, double v, int decimals)
{
	item(j, key);
	if (!isfinite(v)) {
		text_puts(j->out, "null");
		return;
	}
	char word[64];
	int n = snprintf(word, sizeof word, "%.*f", decimals, v);
	if (n >= (int)sizeof word)
		n = snprintf(word, sizeof word, "%.17g", v);
	else if (decimals > 0) {
		while (word[n - 1] == '0')
			n--;
		if (word[n - 1] == '.')
			n--;
	}
	if (n == 2 && word[0] == '-' && word[1] == '0')
		text_putc(j->out, '0');
	else
		text_add(j->out, word, (size_t)n);
}

void json_bool(struct json *j, const char *key, bool v)
{
	item(j, key);
	text_puts(j->out, v ? "true" : "false");
}

void json_time(struct json *j, const char *key, int64_t ms)
{
	char word[WHEN_TEXT];
	when_text(word, ms);
	json_text(j, key, word);
}

void json_line(struct json *j)
{
	assert(j->depth == 0);
	text_putc(j->out, '\n');
	j->comma[0] = false;
}
