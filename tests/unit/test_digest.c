/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests: published vectors, and parts that count as one text. */
#include "base/digest.h"
#include "unit.h"
#include <string.h>

static void sha256_is_that_of_fips_180(void **state)
{
	(void)state;
	static const struct {
		const char *text, *hex;
	} rows[] = {
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		uint8_t out[DIGEST_SHA256];
		struct text hex = {0};
		struct span part = span_of(rows[i].text);
		digest_sha256(out, &part, 1);
		text_hex(&hex, out, sizeof out);
		assert_string_equal(hex.p, rows[i].hex);
		text_fini(&hex);
	}
}

/* The first of the keyed vectors of RFC 7693's authors (blake2b-kat.txt): key 00..3f, no input. */
static void blake2b_is_that_of_its_authors(void **state)
{
	(void)state;
	uint8_t key[64], out[64], want[64];
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)i;
	assert_true(
	    span_hex(span_of("10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786"
			     "b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568"),
		want, sizeof want));
	digest_keyed(out, sizeof out, key, sizeof key, NULL, 0);
	assert_memory_equal(out, want, sizeof want);
}

static void parts_are_one_text(void **state)
{
	(void)state;
	uint8_t a[32], b[32];
	struct span two[2] = {span_of("ab"), span_of("c")}, one = span_of("abc");
	digest_sha256(a, two, 2);
	digest_sha256(b, &one, 1);
	assert_memory_equal(a, b, sizeof a);
	digest_keyed(a, 16, "0123456789abcdef", 16, two, 2);
	digest_keyed(b, 16, "0123456789abcdef", 16, &one, 1);
	assert_memory_equal(a, b, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(sha256_is_that_of_fips_180),
	    cmocka_unit_test(blake2b_is_that_of_its_authors),
	    cmocka_unit_test(parts_are_one_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
