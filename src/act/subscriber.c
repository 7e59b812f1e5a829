/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of contact data: see subscriber.h. Every field has a limit, and everything in a row comes
 * from outside: text must be UTF-8 without controls, so that no later writer meets a surprise. */
#include "act/subscriber.h"
#include "base/buf.h"
#include <string.h>

enum { PAD = 128, VERSION = 1, DIGITS_MIN = 5, DIGITS_MAX = 15 };

static const struct {
	const char *name, *too_long, *no_text;
	size_t max_bytes;
} fields[SUBSCRIBER_FIELDS] = {
#define FIELD(word, max)                                                                           \
	{                                                                                          \
		word, word ": is longer than " #max " bytes",                                      \
		    word ": is no text in UTF-8, or has control characters", max                   \
	}
    [SUBSCRIBER_LINE] = FIELD("line", 500),
    [SUBSCRIBER_NAME] = FIELD("name", 200),
    [SUBSCRIBER_EMAIL] = FIELD("email", 254),
    [SUBSCRIBER_PHONE] = FIELD("phone", 40),
    [SUBSCRIBER_ADDRESS] = FIELD("address", 500),
    [SUBSCRIBER_LANGUAGE] = FIELD("language", 11),
    [SUBSCRIBER_CHANNELS] = FIELD("channels", 100),
    [SUBSCRIBER_FLAGS] = FIELD("flags", 100),
#undef FIELD
};

struct word {
	const char *word;
	uint32_t bit;
};
static const struct word channel_words[] = {{"email", CHANNEL_EMAIL}, {"sms", CHANNEL_SMS},
    {"messenger", CHANNEL_MESSENGER}, {"letter", CHANNEL_LETTER}, {"phone", CHANNEL_PHONE},
    {"inbox", CHANNEL_INBOX}};
static const struct word flag_words[] = {{"business", SUBJECT_BUSINESS},
    {"hotspot", SUBJECT_HOTSPOT}, {"wholesale", SUBJECT_WHOLESALE},
    {"protected", SUBJECT_PROTECTED}};
enum {
	CHANNELS_N = sizeof channel_words / sizeof *channel_words,
	FLAGS_N = sizeof flag_words / sizeof *flag_words
};

static size_t field_of(struct span name)
{
	size_t f = 0;
	while (f < SUBSCRIBER_FIELDS && !span_is_nocase(name, fields[f].name))
		f++;
	return f;
}

int subscriber_header(const struct span *field, size_t n, struct subscriber_columns *c,
    struct text *unknown, struct err *e)
{
	static const char mark[] = "\xef\xbb\xbf";
	memset(c, 0xff, sizeof *c);
	for (size_t i = 0; i < n; i++) {
		struct span name = span_trim(field[i]);
		if (i == 0 && name.n >= 3 && memcmp(name.p, mark, 3) == 0)
			name = (struct span){name.p + 3, name.n - 3};
		size_t f = field_of(name);
		if (f == SUBSCRIBER_FIELDS) {
			text_fmt(unknown, "%s'%.*s'", unknown->n ? ", " : "",
			    (int)(name.n < 40 ? name.n : 40), name.p);
			continue;
		}
		if (c->at[f] != SIZE_MAX)
			return err_set(
			    e, ERR_CONFIG, "the column '%s' stands there twice", fields[f].name);
		c->at[f] = i;
	}
	return c->at[SUBSCRIBER_LINE] != SIZE_MAX
		   ? ERR_OK
		   : err_set(e, ERR_CONFIG,
			 "its first line names no column 'line'; columns are line, name, email, "
			 "phone, address, language, channels and flags");
}

static bool is_text(struct span s, bool lines)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool end = c == '\n' || c == '\r';
		if ((c < 0x20 && !(end && lines)) || c == 0x7f)
			return false;
		if (c == 0xc2 && i + 1 < s.n && (unsigned char)s.p[i + 1] < 0xa0)
			return false; /* a control of C1 */
	}
	return span_is_utf8(s);
}

static const char *take_fields(const struct subscriber_columns *c, const struct span *field,
    size_t n, struct span out[SUBSCRIBER_FIELDS])
{
	for (size_t f = 0; f < SUBSCRIBER_FIELDS; f++) {
		size_t at = c->at[f];
		out[f] = at < n ? span_trim(field[at]) : (struct span){"", 0};
		if (at != SIZE_MAX && at >= n)
			return "has fewer fields than the header";
		if (out[f].n > fields[f].max_bytes)
			return fields[f].too_long;
		if (!is_text(out[f], f == SUBSCRIBER_ADDRESS))
			return fields[f].no_text;
	}
	return NULL;
}

/* "kind:value" in printable ASCII, as who prints it: else no line of a case would ever meet it. */
static const char *check_line(struct span s)
{
	size_t kind = 0;
	if (s.n == 0)
		return "line: is empty";
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return "line: has characters outside ASCII; they are written as %XX";
	while (kind < s.n && s.p[kind] >= 'a' && s.p[kind] <= 'z')
		kind++;
	if (kind == 0 || kind + 1 >= s.n || s.p[kind] != ':')
		return "line: does not begin with its kind, as in user:alice@isp.example";
	return NULL;
}

static const char *check_email(struct span s)
{
	const char *at = s.n ? memchr(s.p, '@', s.n) : NULL;
	if (s.n == 0)
		return NULL;
	for (size_t i = 0; i < s.n; i++)
		if (strchr(" ,;<>\"", s.p[i]))
			return "email: is more than a plain address";
	if (!at || at == s.p || at == s.p + s.n - 1 || memrchr(s.p, '@', s.n) != at)
		return "email: is no address of the form name@domain";
	return NULL;
}

static const char *check_phone(struct span s)
{
	int digits = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool digit = s.p[i] >= '0' && s.p[i] <= '9';
		digits += digit;
		if (!digit && (!s.p[i] || !strchr(" -()/.", s.p[i])) && !(s.p[i] == '+' && i == 0))
			return "phone: has characters other than digits, blanks and +-()/.";
	}
	if (s.n && (digits < DIGITS_MIN || digits > DIGITS_MAX))
		return "phone: has not between 5 and 15 digits";
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const char *read_language(struct span s, char out[LANGUAGE_MAX])
{
	size_t letters = 0;
	while (letters < s.n && is_letter(s.p[letters]))
		letters++;
	bool good = s.n == 0 || letters == 2 || letters == 3;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i] == '_' ? '-' : s.p[i];
		out[i] = i < letters && c < 'a' ? (char)(c - 'A' + 'a') : c;
		good &= is_letter(c) || c == '-' || (i > letters && c >= '0' && c <= '9');
	}
	out[s.n] = '\0';
	return good && (s.n == 0 || out[s.n - 1] != '-')
		   ? NULL
		   : "language: is no tag such as en or pt-BR";
}

/* The words of a field, separated by blanks or any of ,;|+ ; false: one is none of them. */
static bool read_words(struct span s, const struct word *words, size_t n, uint32_t *bits)
{
	static const char between[] = " ,;|+";
	*bits = 0;
	for (size_t i = 0, begin = 0; i <= s.n; i++) {
		if (i < s.n && !strchr(between, s.p[i]))
			continue;
		struct span word = {s.p + begin, i - begin};
		size_t k = 0;
		while (k < n && !span_is_nocase(word, words[k].word))
			k++;
		if (k == n && word.n)
			return false;
		*bits |= k < n ? words[k].bit : 0;
		begin = i + 1;
	}
	return true;
}

/* Channels need data; without any named, those hold whose data are there. */
static const char *settle_channels(struct subscriber *s)
{
	const struct span *f = s->field;
	uint32_t have = CHANNEL_INBOX;
	have |= f[SUBSCRIBER_EMAIL].n ? CHANNEL_EMAIL : 0u;
	have |= f[SUBSCRIBER_PHONE].n ? CHANNEL_SMS | CHANNEL_MESSENGER | CHANNEL_PHONE : 0u;
	have |= f[SUBSCRIBER_ADDRESS].n ? CHANNEL_LETTER : 0u;
	if (s->channels & ~have & CHANNEL_EMAIL)
		return "channels: email is named, but there is no address of it";
	if (s->channels & ~have & CHANNEL_LETTER)
		return "channels: letter is named, but there is no postal address";
	if (s->channels & ~have)
		return "channels: one needs a phone number, but there is none";
	if (!s->channels)
		s->channels = have & (CHANNEL_EMAIL | CHANNEL_SMS | CHANNEL_LETTER);
	return NULL;
}

const char *subscriber_row(
    const struct subscriber_columns *c, const struct span *field, size_t n, struct subscriber *s)
{
	struct span f[SUBSCRIBER_FIELDS];
	const char *why = take_fields(c, field, n, f);
	if (why)
		return why;
	memcpy(s->field, f, sizeof s->field);
	why = check_line(f[SUBSCRIBER_LINE]);
	why = why ? why : check_email(f[SUBSCRIBER_EMAIL]);
	why = why ? why : check_phone(f[SUBSCRIBER_PHONE]);
	why = why ? why : read_language(f[SUBSCRIBER_LANGUAGE], s->language);
	if (!why && !read_words(f[SUBSCRIBER_CHANNELS], channel_words, CHANNELS_N, &s->channels))
		why = "channels: they are email, sms, messenger, letter, phone and inbox";
	if (!why && !read_words(f[SUBSCRIBER_FLAGS], flag_words, FLAGS_N, &s->flags))
		why = "flags: they are business, hotspot, wholesale and protected";
	return why ? why : settle_channels(s);
}

size_t subscriber_pack(const struct subscriber *s, uint8_t plain[SUBSCRIBER_PLAIN_MAX])
{
	size_t n = 0;
	memset(plain, 0, SUBSCRIBER_PLAIN_MAX);
	plain[n++] = VERSION;
	for (size_t f = 0; f < SUBSCRIBER_SEALED; f++) {
		struct span v = s->field[f];
		plain[n++] = (uint8_t)v.n;
		plain[n++] = (uint8_t)(v.n >> 8);
		memcpy(plain + n, v.p, v.n);
		n += v.n;
	}
	return (n + PAD - 1) / PAD * PAD;
}

bool subscriber_unpack(const uint8_t *plain, size_t n, struct subscriber *s)
{
	struct buf b = buf_of(plain, n);
	*s = (struct subscriber){0};
	bool good = buf_u8(&b) == VERSION;
	for (size_t f = 0; f < SUBSCRIBER_SEALED; f++) {
		size_t bytes = buf_le16(&b);
		const uint8_t *p = buf_take(&b, bytes);
		s->field[f] = p ? (struct span){(const char *)p, bytes} : (struct span){"", 0};
	}
	return good && !b.bad;
}

static void put_words(uint32_t bits, const struct word *words, size_t n, struct text *out)
{
	for (size_t i = 0; i < n; i++)
		if (bits & words[i].bit)
			text_fmt(out, "%s%s", out->n ? " " : "", words[i].word);
}

void subscriber_channel_words(uint32_t channels, struct text *out)
{
	put_words(channels, channel_words, CHANNELS_N, out);
}

void subscriber_flag_words(uint32_t flags, struct text *out)
{
	put_words(flags, flag_words, FLAGS_N, out);
}
