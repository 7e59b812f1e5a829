/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: each tampering is found, an erased record is none, a full disk gives no entry, and every
 * state in which a crash can leave the files verifies, says what is torn, and is put right. */
#include "folder.h"
#include "run/audit.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { LINE = 143 };

static int make(void **state)
{
	return folder_make(state) || mkdir(folder_path("audit"), 0700);
}

static int clean(void **state)
{
	static const char *const names[] = {"audit/chain", "audit/records", "audit/records.new"};
	for (size_t i = 0; i < ROWS(names); i++)
		(void)unlink(folder_path(names[i]));
	(void)rmdir(folder_path("audit"));
	return folder_remove(state);
}

static struct audit_head put(const char *json)
{
	struct audit_head h;
	struct err e = {0};
	if (audit_append(folder, span_of(json), &h, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	return h;
}

static struct audit_head put_many(unsigned n)
{
	struct audit_head h = {0};
	for (unsigned i = 1; i <= n; i++) {
		char json[64];
		(void)snprintf(json, sizeof json, "{\"question\":%u}", i);
		h = put(json);
		assert_int_equal(h.n, i);
	}
	return h;
}

/* Verifies; says is what must stand in what it says ("" : nothing at all). */
static void verify(const char *wanted, bool sound, const char *says)
{
	struct audit_report r;
	struct err e = {0};
	assert_int_equal(audit_verify(folder, wanted, &r, &e), ERR_OK);
	if (r.sound != sound || (*says ? !r.said.p || !strstr(r.said.p, says) : r.said.n > 0))
		fail_msg("sound %d, and says: %s", r.sound, r.said.p ? r.said.p : "");
	text_fini(&r.said);
}

static void an_untouched_log_verifies_against_every_head(void **state)
{
	(void)state;
	char text[AUDIT_HEAD_TEXT];
	struct audit_report r;
	struct err e;
	assert_int_equal(audit_verify(folder, NULL, &r, &e), ERR_NONE);
	struct audit_head h = put_many(3);
	verify(NULL, true, "");
	audit_head_text(text, &h);
	assert_memory_equal(text, "3:", 2);
	verify(text, true, "");
	verify(text + 2, true, "");
	put_many(0);
	(void)put("{}");
	verify(text, true, "");
	verify(text + 2, true, "");
	text[0] = '2';
	verify(text, false, "entry 2: its head is another than the one given");
	text[0] = '9';
	verify(text, false, "the log has 4 entries, the head given is of 9: its end was cut off");
	text[2] = text[2] == 'a' ? 'b' : 'a';
	verify(text + 2, false, "no entry has the head given");
	assert_int_equal(audit_verify(folder, "7:abc", &r, &e), ERR_CONFIG);
	assert_int_equal(audit_verify(folder, "head", &r, &e), ERR_CONFIG);
}

/* One byte of either file after the other. */
static void every_changed_byte_is_found(void **state)
{
	(void)state;
	static const char *const names[] = {"audit/chain", "audit/records"};
	char head[AUDIT_HEAD_TEXT];
	struct audit_head h = put_many(3);
	audit_head_text(head, &h);
	for (size_t f = 0; f < ROWS(names); f++) {
		struct text good = file_bytes(folder_path(names[f]));
		for (size_t i = 0; i < good.n; i++) {
			struct audit_report r;
			struct err e;
			good.p[i] ^= 1;
			file_put(folder_path(names[f]), good.p, good.n);
			assert_int_equal(audit_verify(folder, head, &r, &e), ERR_OK);
			if (r.sound)
				fail_msg("%s, byte %zu", names[f], i);
			text_fini(&r.said);
			good.p[i] ^= 1;
		}
		file_put(folder_path(names[f]), good.p, good.n);
		text_fini(&good);
	}
	verify(head, true, "");
}

static void remove_line(const char *name, unsigned number)
{
	struct text t = file_bytes(folder_path(name));
	char *from = t.p;
	while (--number)
		from = strchr(from, '\n') + 1;
	char *to = strchr(from, '\n') + 1;
	memmove(from, to, (size_t)(t.p + t.n - to));
	file_put(folder_path(name), t.p, t.n - (size_t)(to - from));
	text_fini(&t);
}

static void deletion_is_found(void **state)
{
	(void)state;
	put_many(5);
	remove_line("audit/records", 3);
	verify(NULL, false, "entry 3: its record is missing");
	remove_line("audit/chain", 3);
	verify(NULL, false, "the chain breaks at entry 3: a line was changed, added or deleted");
}

static void truncation_is_found(void **state)
{
	(void)state;
	char head[AUDIT_HEAD_TEXT];
	struct audit_head h = put_many(5);
	audit_head_text(head, &h);
	remove_line("audit/chain", 5);
	remove_line("audit/chain", 4);
	verify(NULL, false, "behind entry 3 stand records that the chain lacks: it was cut");
	remove_line("audit/records", 5);
	remove_line("audit/records", 4);
	verify(NULL, true, ""); /* nobody can see it without a head */
	verify(head, false, "the log has 3 entries, the head given is of 5: its end was cut off");
	verify(head + 2, false, "no entry has the head given");
	(void)unlink(folder_path("audit/chain"));
	verify(head, false, "its end was cut off");
	verify(NULL, false, "behind entry 0 stand records that the chain lacks: it was cut");
}

static void erasing_a_record_leaves_a_chain_that_verifies(void **state)
{
	(void)state;
	struct err e;
	struct audit_head h;
	char head[AUDIT_HEAD_TEXT];
	(void)put("{\"who\":\"canary-one\"}");
	(void)put("{\"who\":\"canary-two\"}");
	h = put_many(0);
	h = put("{\"who\":\"canary-three\"}");
	audit_head_text(head, &h);
	assert_int_equal(audit_erase(folder, 2, 1000, "her right", &h, &e), ERR_OK);
	assert_int_equal(h.n, 4);
	verify(head, true, "");
	assert_false(file_holds(folder_path("audit/records"), "canary-two", 10));
	assert_true(file_holds(folder_path("audit/records"), "canary-three", 12));
	assert_true(file_holds(folder_path("audit/records"), "her right", 9));
	assert_int_equal(put("{}").n, 5);
	verify(head, true, "");
	assert_int_equal(audit_erase(folder, 9, 1000, "", &h, &e), ERR_NONE);
	assert_int_equal(audit_erase(folder, 0, 1000, "", &h, &e), ERR_NONE);
}

static void an_erasure_that_no_entry_tells_of_is_tampering(void **state)
{
	(void)state;
	put_many(2);
	struct text t = file_bytes(folder_path("audit/records"));
	static const char erased[] = "000000000001 erased\n";
	char *second = strchr(t.p, '\n') + 1;
	struct text now = {0};
	text_puts(&now, erased);
	text_puts(&now, second);
	file_put(folder_path("audit/records"), now.p, now.n);
	verify(NULL, false, "entry 1: its record is gone, and no entry says that it was erased");
	text_fini(&t);
	text_fini(&now);
}

/* The files as they stand after so many bytes of an entry were written; then what verify says, and
 * that the next entry puts it right. */
static void crash_at(const struct text *records, size_t records_n, const struct text *chain,
    size_t chain_n, const char *head)
{
	file_put(folder_path("audit/records"), records->p, records_n);
	file_put(folder_path("audit/chain"), chain->p, chain_n);
	bool torn = records_n != records->n || chain_n != chain->n;
	const char *say = !torn || records_n == 0 || records->p[records_n - 1] == '\n'
			      ? chain_n == chain->n ? "" : "entry 3 was being written"
			      : "the record of entry 3 was half written";
	if (records_n < records->n && records->p[records_n - 1] == '\n')
		say = ""; /* nothing of the entry is there */
	verify(head, true, say);
	struct audit_head h = put("{\"after\":1}");
	assert_int_equal(h.n, records_n == records->n ? 4 : 3);
	verify(head, true, "");
}

static void every_crash_is_told_and_put_right(void **state)
{
	(void)state;
	char head[AUDIT_HEAD_TEXT];
	struct audit_head h = put_many(2);
	audit_head_text(head, &h);
	struct text before = file_bytes(folder_path("audit/records"));
	(void)put("{\"question\":3}");
	struct text records = file_bytes(folder_path("audit/records")),
		    chain = file_bytes(folder_path("audit/chain"));
	assert_int_equal(chain.n, 3 * LINE);
	for (size_t n = before.n; n < records.n; n++)
		crash_at(&records, n, &chain, 2 * LINE, head);
	for (size_t n = 2 * LINE; n <= chain.n; n++)
		crash_at(&records, records.n, &chain, n, head);
	memset(
	    chain.p + 2 * LINE, 0, LINE); /* a power cut may leave the length without the bytes */
	file_put(folder_path("audit/records"), records.p, records.n);
	file_put(folder_path("audit/chain"), chain.p, chain.n);
	verify(head, true, "entry 3 was being written");
	assert_int_equal(put("{}").n, 4);
	verify(head, true, "");
	text_fini(&before);
	text_fini(&records);
	text_fini(&chain);
}

static void nothing_is_put_behind_a_damaged_end(void **state)
{
	(void)state;
	struct err e;
	struct audit_head h;
	put_many(3);
	remove_line("audit/records", 3);
	assert_int_equal(audit_append(folder, span_of("{}"), &h, &e), ERR_INPUT);
	assert_non_null(strstr(e.msg, "the last record is missing"));
	remove_line("audit/chain", 3);
	remove_line("audit/chain", 2);
	(void)put("{}"); /* now the chain lacks entry 2, as after a crash */
	assert_int_equal(put("{}").n, 4);
	struct text t = file_bytes(folder_path("audit/chain"));
	t.p[t.n - 5] ^= 1;
	file_put(folder_path("audit/chain"), t.p, t.n);
	assert_int_equal(audit_append(folder, span_of("{}"), &h, &e), ERR_INPUT);
	text_fini(&t);
}

static void a_full_disk_gives_no_entry(void **state)
{
	(void)state;
	struct err e;
	struct audit_head h;
	char head[AUDIT_HEAD_TEXT];
	h = put_many(4);
	audit_head_text(head, &h);
	struct text chain = file_bytes(folder_path("audit/chain")),
		    records = file_bytes(folder_path("audit/records"));
	(void)signal(SIGXFSZ, SIG_IGN);
	struct rlimit limit, old;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (size_t more = 0; more < LINE; more += 7) {
		limit = (struct rlimit){chain.n + more, old.rlim_max};
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		int bad = audit_append(folder, span_of("{}"), &h, &e);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(bad, ERR_SYS);
		assert_non_null(strstr(e.msg, "without a log there is no answer"));
		verify(head, true, "");
	}
	struct text now = file_bytes(folder_path("audit/records"));
	assert_int_equal(now.n, records.n);
	assert_memory_equal(now.p, records.p, now.n);
	assert_int_equal(put("{}").n, 5);
	text_fini(&now);
	text_fini(&chain);
	text_fini(&records);
}

static void writers_wait_for_each_other(void **state)
{
	(void)state;
	enum { WRITERS = 4, EACH = 25 };
	for (int i = 0; i < WRITERS; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		for (int k = 0; child == 0 && k < EACH; k++) {
			struct audit_head h;
			if (audit_append(folder, span_of("{\"x\":1}"), &h, NULL) != ERR_OK)
				_exit(1);
		}
		if (child == 0)
			_exit(0);
	}
	for (int i = 0, status; i < WRITERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	verify(NULL, true, "");
	assert_int_equal(put("{}").n, WRITERS * EACH + 1);
}

static void a_writer_that_is_killed_leaves_a_log_that_goes_on(void **state)
{
	(void)state;
	uint64_t n = 0;
	for (int i = 0; i < 30; i++) {
		pid_t child = fork();
		assert_true(child >= 0);
		while (child == 0) {
			struct audit_head h;
			(void)audit_append(folder, span_of("{\"x\":1}"), &h, NULL);
		}
		(void)usleep((useconds_t)(500 + i * 331));
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
		struct audit_report r;
		struct err e = {0};
		int bad = audit_verify(folder, NULL, &r, &e);
		assert_true(bad == ERR_OK || bad == ERR_NONE);
		assert_true(r.sound);
		assert_true(r.head.n >= n);
		text_fini(&r.said);
		n = put("{}").n;
	}
	verify(NULL, true, "");
}

static void a_record_is_one_line_of_bounded_length(void **state)
{
	(void)state;
	struct audit_head h;
	static char longest[AUDIT_RECORD_MAX + 1];
	memset(longest, 'x', sizeof longest);
	struct span s = {longest, AUDIT_RECORD_MAX};
	assert_int_equal(audit_append(folder, s, &h, NULL), ERR_OK);
	assert_int_equal(audit_append(folder, s, &h, NULL), ERR_OK);
	s.n++;
	assert_int_equal(audit_append(folder, s, &h, NULL), ERR_LIMIT);
	assert_int_equal(audit_append(folder, span_of("{\n}"), &h, NULL), ERR_LIMIT);
	verify(NULL, true, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(an_untouched_log_verifies_against_every_head),
	    TEST(every_changed_byte_is_found),
	    TEST(deletion_is_found),
	    TEST(truncation_is_found),
	    TEST(erasing_a_record_leaves_a_chain_that_verifies),
	    TEST(an_erasure_that_no_entry_tells_of_is_tampering),
	    TEST(every_crash_is_told_and_put_right),
	    TEST(nothing_is_put_behind_a_damaged_end),
	    TEST(a_full_disk_gives_no_entry),
	    TEST(writers_wait_for_each_other),
	    TEST(a_writer_that_is_killed_leaves_a_log_that_goes_on),
	    TEST(a_record_is_one_line_of_bounded_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
