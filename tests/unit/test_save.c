/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saved sections come back as they were; whatever else comes is refused with a sentence. */
#include "base/save.h"
#include "unit.h"
#include <math.h>

struct bytes { /* a stream in memory */
	struct text t;
	size_t at, room; /* room: what it takes before it is full, 0: everything */
};

static int put(void *to, const void *p, size_t n, struct err *e)
{
	struct bytes *b = to;
	if (b->room && b->t.n + n > b->room)
		return err_set(e, ERR_SYS, "full");
	text_add(&b->t, p, n);
	return ERR_OK;
}

static int get(void *from, void *p, size_t n, struct err *e)
{
	struct bytes *b = from;
	if (b->t.n - b->at < n)
		return err_set(e, ERR_INPUT, "cut");
	memcpy(p, b->t.p + b->at, n);
	b->at += n;
	return ERR_OK;
}

static struct bytes sample(void)
{
	struct bytes b = {0};
	struct save s = save_to(put, &b);
	save_begin(&s, "ONE ");
	save_uint(&s, 0x1234, 2);
	save_uint(&s, UINT64_MAX, 8);
	save_real(&s, -0.25);
	save_text(&s, "scan-bot-ports");
	save_text(&s, "");
	save_bytes(&s, "abc", 3);
	save_end(&s);
	save_begin(&s, "TWO ");
	save_end(&s);
	assert_int_equal(save_finish(&s, NULL), ERR_OK);
	return b;
}

static void what_was_saved_is_loaded(void **state)
{
	(void)state;
	struct bytes b = sample();
	struct load l = load_from(get, &b);
	char abc[3];
	assert_true(load_is(&l, "ONE "));
	assert_int_equal(buf_le16(&l.section), 0x1234);
	assert_true(buf_le64(&l.section) == UINT64_MAX);
	assert_true(fabs(load_real(&l) + 0.25) < 1e-12);
	assert_true(span_is(load_text(&l), "scan-bot-ports"));
	assert_true(span_is(load_text(&l), ""));
	assert_true(load_bytes(&l, abc, sizeof abc) && memcmp(abc, "abc", 3) == 0);
	assert_int_equal(load_check(&l, buf_left(&l.section) == 0), ERR_OK);
	load_next(&l);
	assert_true(load_is(&l, "TWO ") && l.section.n == 0);
	load_next(&l);
	assert_false(load_more(&l));
	load_next(&l); /* stays at the end */
	assert_false(load_more(&l));
	assert_int_equal(load_finish(&l, NULL), ERR_OK);
	text_fini(&b.t);
}

static void sections_nobody_knows_are_passed_over(void **state)
{
	(void)state;
	struct bytes b = sample();
	struct load l = load_from(get, &b);
	while (load_more(&l))
		load_next(&l);
	assert_int_equal(load_finish(&l, NULL), ERR_OK);
	text_fini(&b.t);
}

static void a_read_past_the_section_is_no_read(void **state)
{
	(void)state;
	struct bytes b = sample();
	struct err e;
	char much[64];
	struct load l = load_from(get, &b);
	assert_false(load_bytes(&l, much, sizeof much));
	assert_int_equal(load_text(&l).n, 0);
	assert_int_equal(load_check(&l, true), ERR_INPUT);
	assert_false(load_more(&l));
	assert_int_equal(load_finish(&l, &e), ERR_INPUT);
	assert_non_null(strstr(e.msg, "section ONE"));
	text_fini(&b.t);
}

/* Loads all there is, as a stage would that reads texts. */
static int load_all(struct bytes *b)
{
	struct err e = {0};
	struct load l = load_from(get, b);
	for (; load_more(&l); load_next(&l))
		while (buf_left(&l.section))
			(void)load_text(&l);
	int bad = load_finish(&l, &e);
	assert_true(!bad || e.msg[0]);
	return bad;
}

static void a_cut_stream_is_refused_wherever_it_is_cut(void **state)
{
	(void)state;
	struct bytes b = sample();
	size_t whole = b.t.n;
	for (size_t n = 0; n < whole; n++) {
		b.at = 0;
		b.t.n = n;
		assert_int_not_equal(load_all(&b), ERR_OK);
	}
	text_fini(&b.t);
}

static void flipped_bits_do_no_harm(void **state)
{
	(void)state;
	struct bytes b = sample();
	for (size_t bit = 0; bit < b.t.n * 8; bit++) {
		b.t.p[bit / 8] = (char)(b.t.p[bit / 8] ^ 1 << bit % 8);
		b.at = 0;
		(void)load_all(&b);
		b.t.p[bit / 8] = (char)(b.t.p[bit / 8] ^ 1 << bit % 8);
	}
	text_fini(&b.t);
}

static void a_section_too_long_is_refused(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct err e;
	text_add(&b.t, "LONG\x01\x00\x10\x00", 8); /* 1 MiB and a byte */
	struct load l = load_from(get, &b);
	assert_false(load_more(&l));
	assert_int_equal(load_finish(&l, &e), ERR_INPUT);
	assert_non_null(strstr(e.msg, "1048577"));
	text_fini(&b.t);
}

static void a_blob_may_be_longer_than_a_section(void **state)
{
	(void)state;
	static const size_t rows[] = {0, 1, SAVE_SECTION_MAX, SAVE_SECTION_MAX * 2 + 7};
	static char big[SAVE_SECTION_MAX * 2 + 7];
	for (size_t i = 0; i < sizeof big; i++)
		big[i] = (char)(i * 31 >> 3);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct bytes b = {0};
		struct text out = {0};
		struct save s = save_to(put, &b);
		save_blob(&s, "BLOB", big, rows[i]);
		assert_int_equal(save_finish(&s, NULL), ERR_OK);
		struct load l = load_from(get, &b);
		assert_int_equal(load_blob(&l, "BLOB", sizeof big, &out), ERR_OK);
		assert_int_equal(out.n, rows[i]);
		assert_true(rows[i] == 0 || memcmp(out.p, big, rows[i]) == 0);
		assert_int_equal(load_finish(&l, NULL), ERR_OK);
		b.at = 0;
		text_reset(&out);
		l = load_from(get, &b);
		if (rows[i])
			assert_int_equal(load_blob(&l, "BLOB", rows[i] - 1, &out), ERR_INPUT);
		(void)load_finish(&l, NULL);
		text_fini(&out);
		text_fini(&b.t);
	}
}

static void what_is_mostly_zero_takes_less_room(void **state)
{
	(void)state;
	uint8_t in[1000] = {0}, out[1000];
	for (size_t n = 0; n < sizeof in; n += 1 + n / 7) {
		struct bytes b = {0};
		struct save s = save_to(put, &b);
		for (size_t i = 0; i < n; i += 5)
			in[i] = (uint8_t)(i * 7 + 1);
		save_begin(&s, "SPRS");
		save_sparse(&s, in, n);
		save_sparse(&s, in, n);
		save_uint(&s, 0x77, 1);
		save_end(&s);
		assert_int_equal(save_finish(&s, NULL), ERR_OK);
		assert_true(n < 300 || b.t.n < 2 * n * 2 / 5);
		struct load l = load_from(get, &b);
		assert_true(load_sparse(&l, NULL, n) && load_sparse(&l, out, n));
		assert_true(n == 0 || memcmp(in, out, n) == 0);
		assert_int_equal(buf_u8(&l.section), 0x77);
		assert_false(load_sparse(&l, out, 1));
		(void)load_finish(&l, NULL);
		text_fini(&b.t);
	}
}

static void a_full_disk_is_said_at_the_end(void **state)
{
	(void)state;
	struct bytes b = {.room = 100};
	struct err e;
	struct save s = save_to(put, &b);
	for (int i = 0; i < 100; i++) {
		save_begin(&s, "MORE");
		save_uint(&s, 1, 8);
		save_end(&s);
	}
	assert_int_equal(save_finish(&s, &e), ERR_SYS);
	assert_string_equal(e.msg, "full");
	text_fini(&b.t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_was_saved_is_loaded),
	    cmocka_unit_test(sections_nobody_knows_are_passed_over),
	    cmocka_unit_test(a_read_past_the_section_is_no_read),
	    cmocka_unit_test(a_cut_stream_is_refused_wherever_it_is_cut),
	    cmocka_unit_test(flipped_bits_do_no_harm),
	    cmocka_unit_test(a_section_too_long_is_refused),
	    cmocka_unit_test(a_blob_may_be_longer_than_a_section),
	    cmocka_unit_test(what_is_mostly_zero_takes_less_room),
	    cmocka_unit_test(a_full_disk_is_said_at_the_end),
	};
	return cmocka_run_group_tests_name("save", tests, NULL, NULL);
}
