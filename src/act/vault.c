/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault's keys: see vault.h. */
#include "act/vault.h"
#include "base/digest.h"
#include "base/when.h"
#include <string.h>

static const char first_line[] = "theriac vault 1";
static const char *const locks[] = {"passphrase", "key"};
enum { PASSES_MAX = 1000 };
#define COST_BYTES_MAX (4ull << 30) /* more, and a changed file could take all memory */

void vault_remake(struct vault *v, const uint8_t secret[BOX_KEY], int64_t now_ms)
{
	struct span what = span_of("theriac: index of lines");
	*v = (struct vault){.made_ms = now_ms};
	box_open_key(v->open, secret);
	digest_keyed(v->index, sizeof v->index, secret, BOX_KEY, &what, 1);
}

void vault_make(struct vault *v, uint8_t secret[BOX_KEY], int64_t now_ms)
{
	uint8_t open[BOX_KEY];
	box_pair(open, secret);
	vault_remake(v, secret, now_ms);
}

static int check_word(enum vault_lock lock, size_t n, struct err *e)
{
	if (n > VAULT_WORD_MAX)
		return err_set(e, ERR_CONFIG, "the %s has %zu bytes; %d are allowed", locks[lock],
		    n, VAULT_WORD_MAX);
	if (lock == VAULT_PASSPHRASE && n < VAULT_WORD_MIN)
		return err_set(e, ERR_CONFIG, "the passphrase has %zu bytes; it needs at least %d",
		    n, VAULT_WORD_MIN);
	if (lock == VAULT_KEY && n < SEAL_KEY)
		return err_set(
		    e, ERR_CONFIG, "the key has %zu bytes; it needs at least %d", n, SEAL_KEY);
	return ERR_OK;
}

static int key_of(
    const struct vault *v, const char *word, size_t n, struct seal_key *k, struct err *e)
{
	if (v->lock == VAULT_KEY)
		*k = seal_key_of(word, n);
	else if (!secret_stretch(k, word, n, v->salt, &v->cost))
		return err_set(e, ERR_LIMIT, "not enough memory for the passphrase: %llu MiB",
		    (unsigned long long)v->cost.bytes >> 20);
	return ERR_OK;
}

int vault_seal(struct vault *v, const uint8_t secret[BOX_KEY], enum vault_lock lock,
    const char *word, size_t n, const struct secret_cost *cost, struct err *e)
{
	int bad = check_word(lock, n, e);
	if (bad)
		return bad;
	struct seal_key *k = secret_new(sizeof *k);
	v->lock = (uint8_t)lock;
	v->cost = *cost;
	seal_random(v->salt, sizeof v->salt);
	bad = key_of(v, word, n, k, e);
	if (!bad)
		seal_whole(k, secret, BOX_KEY, v->open, sizeof v->open, v->sealed);
	secret_free(k);
	return bad;
}

int vault_unseal(
    const struct vault *v, const char *word, size_t n, uint8_t secret[BOX_KEY], struct err *e)
{
	struct seal_key *k = secret_new(sizeof *k);
	int bad = key_of(v, word, n, k, e);
	if (!bad && !unseal_whole(k, v->sealed, BOX_KEY, v->open, sizeof v->open, secret))
		bad = err_set(
		    e, ERR_INPUT, "the vault does not open: it is another %s", locks[v->lock]);
	secret_free(k);
	return bad;
}

static void hex_line(struct text *out, const char *word, const void *p, size_t n)
{
	text_fmt(out, "%s ", word);
	text_hex(out, p, n);
	text_putc(out, '\n');
}

void vault_print(const struct vault *v, struct text *out)
{
	char made[WHEN_TEXT];
	when_text(made, v->made_ms);
	text_fmt(out, "%s\nmade %s\n", first_line, made);
	hex_line(out, "public", v->open, sizeof v->open);
	hex_line(out, "index", v->index, sizeof v->index);
	text_fmt(out, "lock %s\n", locks[v->lock]);
	text_fmt(out, "passes %llu\nbytes %llu\n", (unsigned long long)v->cost.passes,
	    (unsigned long long)v->cost.bytes);
	hex_line(out, "salt", v->salt, sizeof v->salt);
	hex_line(out, "secret", v->sealed, sizeof v->sealed);
}

/* The value of the next line, which must have this word; empty where it has not. */
static struct span value_of(struct span *rest, const char *word)
{
	struct span line = span_cut(rest, '\n'), name = span_cut(&line, ' ');
	return line.p && span_is(name, word) ? line : (struct span){"", 0};
}

static bool read_lock(struct span word, struct vault *v)
{
	v->lock = span_is(word, locks[VAULT_KEY]) ? VAULT_KEY : VAULT_PASSPHRASE;
	return span_is(word, locks[v->lock]);
}

static bool read_lines(struct span s, struct vault *v)
{
	bool good = when_parse(value_of(&s, "made"), 0, &v->made_ms);
	good &= span_hex(value_of(&s, "public"), v->open, sizeof v->open);
	good &= span_hex(value_of(&s, "index"), v->index, sizeof v->index);
	good &= read_lock(value_of(&s, "lock"), v);
	good &= span_uint(value_of(&s, "passes"), &v->cost.passes);
	good &= span_uint(value_of(&s, "bytes"), &v->cost.bytes);
	good &= span_hex(value_of(&s, "salt"), v->salt, sizeof v->salt);
	good &= span_hex(value_of(&s, "secret"), v->sealed, sizeof v->sealed);
	return good && v->cost.passes <= PASSES_MAX && v->cost.bytes <= COST_BYTES_MAX;
}

int vault_read(struct vault *v, struct span s, struct err *e)
{
	*v = (struct vault){0};
	struct span first = span_cut(&s, '\n');
	if (!s.p || !span_is(first, first_line))
		return err_set(e, ERR_INPUT, "it is no vault of this version of Theriac");
	return read_lines(s, v) ? ERR_OK : err_set(e, ERR_INPUT, "the vault's file is damaged");
}

void vault_name(const struct vault *v, char out[VAULT_NAME])
{
	uint8_t id[16]; /* half of it is enough to compare */
	struct span what = span_of("theriac: name of a vault");
	struct text t = {0};
	digest_keyed(id, sizeof id, v->open, sizeof v->open, &what, 1);
	for (size_t i = 0; i < sizeof id / 2; i += 2) {
		if (i)
			text_putc(&t, '-');
		text_hex(&t, id + i, 2);
	}
	(void)str_copy(out, VAULT_NAME, t.p, t.n);
	text_fini(&t);
}

void vault_tag(const struct vault *v, struct span line, uint8_t tag[VAULT_TAG])
{
	struct span parts[2] = {span_of("line"), line};
	digest_keyed(tag, VAULT_TAG, v->index, sizeof v->index, parts, 2);
}
