/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The vault's keys and their recovery sheet. */
#include "act/act.h"
#include "base/mem.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct secret_cost cheap = {1, 8192};
static const char word[] = "a passphrase of tests";

static uint8_t *made(struct vault *v)
{
	struct err e;
	uint8_t *secret = secret_new(BOX_KEY);
	vault_make(v, secret, 1767571200000);
	assert_int_equal(
	    vault_seal(v, secret, VAULT_PASSPHRASE, word, sizeof word - 1, &cheap, &e), ERR_OK);
	return secret;
}

static void a_vault_opens_with_its_passphrase_only(void **state)
{
	(void)state;
	struct vault v;
	struct err e;
	uint8_t *secret = made(&v), got[BOX_KEY];
	assert_int_equal(vault_unseal(&v, word, sizeof word - 1, got, &e), ERR_OK);
	assert_memory_equal(got, secret, BOX_KEY);
	assert_int_equal(vault_unseal(&v, word, sizeof word - 2, got, &e), ERR_INPUT);
	assert_string_equal(e.msg, "the vault does not open: it is another passphrase");
	v.open[0] ^= 1; /* the file's halves belong together */
	assert_int_equal(vault_unseal(&v, word, sizeof word - 1, got, &e), ERR_INPUT);
	secret_free(secret);
}

static void a_key_opens_it_as_well_and_words_have_a_length(void **state)
{
	(void)state;
	static const char key[40] = "0123456789012345678901234567890123456789";
	struct vault v;
	struct err e;
	uint8_t *secret = made(&v), got[BOX_KEY];
	assert_int_equal(vault_seal(&v, secret, VAULT_KEY, key, 31, &cheap, &e), ERR_CONFIG);
	assert_int_equal(vault_seal(&v, secret, VAULT_KEY, key, 40, &cheap, &e), ERR_OK);
	assert_int_equal(vault_unseal(&v, key, 40, got, &e), ERR_OK);
	assert_memory_equal(got, secret, BOX_KEY);
	assert_int_equal(vault_unseal(&v, key, 39, got, &e), ERR_INPUT);
	assert_int_equal(vault_seal(&v, secret, VAULT_PASSPHRASE, key, 11, &cheap, &e), ERR_CONFIG);
	assert_string_equal(e.msg, "the passphrase has 11 bytes; it needs at least 12");
	assert_int_equal(
	    vault_seal(&v, secret, VAULT_PASSPHRASE, key, VAULT_WORD_MAX + 1, &cheap, &e),
	    ERR_CONFIG);
	secret_free(secret);
}

static void its_file_reads_back_and_damage_is_refused(void **state)
{
	(void)state;
	struct vault v, again;
	struct err e;
	struct text t = {0};
	uint8_t *secret = made(&v);
	vault_print(&v, &t);
	assert_int_equal(vault_read(&again, (struct span){t.p, t.n}, &e), ERR_OK);
	assert_memory_equal(again.open, v.open, BOX_KEY);
	assert_memory_equal(again.index, v.index, SEAL_KEY);
	assert_memory_equal(again.sealed, v.sealed, sizeof v.sealed);
	assert_int_equal(again.cost.bytes, v.cost.bytes);
	assert_int_equal(again.made_ms, v.made_ms);
	for (size_t n = 0; n < t.n - 1; n++) {
		char *copy = mem_new(1, n + 1); /* so that a sanitizer sees a read too far */
		memcpy(copy, t.p, n);
		assert_int_equal(vault_read(&again, (struct span){copy, n}, &e), ERR_INPUT);
		free(copy);
	}
	char *cost = strstr(t.p, "bytes 8192");
	memcpy(cost, "bytes 9999999999999", 5);
	t.p[5] ^= 1;
	assert_int_equal(vault_read(&again, (struct span){t.p, t.n}, &e), ERR_INPUT);
	text_fini(&t);
	secret_free(secret);
}

static void the_same_secret_is_the_same_vault(void **state)
{
	(void)state;
	struct vault v, again;
	char a[VAULT_NAME], b[VAULT_NAME];
	uint8_t tag[2][VAULT_TAG];
	uint8_t *secret = made(&v);
	vault_remake(&again, secret, 1);
	vault_name(&v, a);
	vault_name(&again, b);
	assert_string_equal(a, b);
	assert_int_equal(strlen(a), VAULT_NAME - 1);
	vault_tag(&v, span_of("user:alice@isp.example"), tag[0]);
	vault_tag(&again, span_of("user:alice@isp.example"), tag[1]);
	assert_memory_equal(tag[0], tag[1], VAULT_TAG);
	vault_tag(&again, span_of("user:alicf@isp.example"), tag[1]);
	assert_memory_not_equal(tag[0], tag[1], VAULT_TAG);
	secret_free(secret);
}

static void a_sheet_brings_the_secret_back(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		uint8_t secret[BOX_KEY], got[BOX_KEY];
		struct text t = {0}, typed = {0};
		struct err e;
		seal_random(secret, sizeof secret);
		text_puts(&t, "Theriac: made 2026-01-02T03:04:05Z, with some words: of it\n");
		sheet_print(secret, &t);
		assert_int_equal(sheet_read((struct span){t.p, t.n}, got, &e), ERR_OK);
		assert_memory_equal(got, secret, BOX_KEY);
		for (size_t k = 0; k < t.n; k++) { /* as people type */
			char c = t.p[k];
			c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
			text_putc(&typed, c);
		}
		assert_int_equal(sheet_read((struct span){typed.p, typed.n}, got, &e), ERR_OK);
		assert_memory_equal(got, secret, BOX_KEY);
		text_fini(&t);
		text_fini(&typed);
	}
}

static int read_groups(char group[SHEET_GROUPS][SHEET_GROUP + 1], struct err *e)
{
	uint8_t got[BOX_KEY];
	struct text t = {0};
	for (int g = 0; g < SHEET_GROUPS; g++)
		text_fmt(&t, "%d: %s\n", g + 1, group[g]);
	int bad = sheet_read((struct span){t.p, t.n}, got, e);
	text_fini(&t);
	return bad;
}

static void swap(char *a, char *b)
{
	char c = *a;
	*a = *b;
	*b = c;
}

/* Every other character in every place, every two characters and every two groups in each other's
 * place: the group is named. */
static void every_slip_of_the_pen_is_found_in_its_group(void **state)
{
	(void)state;
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char group[SHEET_GROUPS][SHEET_GROUP + 1], named[32];
	uint8_t secret[BOX_KEY];
	struct err e;
	seal_random(secret, sizeof secret);
	sheet_groups(secret, group);
	assert_int_equal(read_groups(group, &e), ERR_OK);
	for (int g = 0; g < SHEET_GROUPS; g++) {
		(void)snprintf(named, sizeof named, "group %d of", g + 1);
		for (int i = 0; i < SHEET_GROUP; i++) {
			char right = group[g][i];
			for (const char *p = letters; *p; p++) {
				group[g][i] = *p;
				int bad = read_groups(group, &e);
				assert_int_equal(bad, *p == right ? ERR_OK : ERR_INPUT);
				assert_true(*p == right || strstr(e.msg, named));
			}
			group[g][i] = right;
			for (int k = 0; k < i; k++) {
				bool same = group[g][k] == group[g][i];
				swap(&group[g][k], &group[g][i]);
				assert_int_equal(read_groups(group, &e), same ? ERR_OK : ERR_INPUT);
				swap(&group[g][k], &group[g][i]);
			}
		}
		for (int k = 0; k < g; k++) {
			char kept[SHEET_GROUP + 1];
			memcpy(kept, group[g], sizeof kept);
			memcpy(group[g], group[k], sizeof kept);
			memcpy(group[k], kept, sizeof kept);
			assert_int_equal(read_groups(group, &e), ERR_INPUT);
			memcpy(kept, group[g], sizeof kept);
			memcpy(group[g], group[k], sizeof kept);
			memcpy(group[k], kept, sizeof kept);
		}
	}
}

static void a_sheet_that_is_not_whole_or_mixed_is_refused(void **state)
{
	(void)state;
	char a[SHEET_GROUPS][SHEET_GROUP + 1], b[SHEET_GROUPS][SHEET_GROUP + 1];
	uint8_t secret[BOX_KEY];
	struct err e;
	seal_random(secret, sizeof secret);
	sheet_groups(secret, a);
	secret[31] ^= 1;
	sheet_groups(secret, b);
	memcpy(a[12], b[12], sizeof a[12]);
	assert_int_equal(read_groups(a, &e), ERR_INPUT);
	assert_string_equal(e.msg, "the groups are not of one recovery sheet: compare all of them");
	assert_int_equal(sheet_read(span_of("1: "), secret, &e), ERR_INPUT);
	assert_int_equal(sheet_read(span_of("99: AAAAA 0: AAAAA :"), secret, &e), ERR_INPUT);
	assert_non_null(strstr(e.msg, "group 1 of the recovery sheet is missing"));
	assert_int_equal(sheet_read((struct span){"", 0}, secret, &e), ERR_INPUT);
	static const char nul[] = "1: A\0B \0\0"; /* once read for ever */
	assert_int_equal(sheet_read((struct span){nul, sizeof nul}, secret, &e), ERR_INPUT);
	assert_int_equal(sheet_read((struct span){"\0\0", 2}, secret, &e), ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_vault_opens_with_its_passphrase_only),
	    cmocka_unit_test(a_key_opens_it_as_well_and_words_have_a_length),
	    cmocka_unit_test(its_file_reads_back_and_damage_is_refused),
	    cmocka_unit_test(the_same_secret_is_the_same_vault),
	    cmocka_unit_test(a_sheet_brings_the_secret_back),
	    cmocka_unit_test(every_slip_of_the_pen_is_found_in_its_group),
	    cmocka_unit_test(a_sheet_that_is_not_whole_or_mixed_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
