/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sealed file of the state: what was written comes back, anything else is refused with a
 * sentence that says why, and the old file stays until the new one is whole. */
#include "run/state.h"
#include "unit.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW_MS 1767312000123ll
enum { MANY = 3000 }; /* numbers: several sealed pieces */

static char folder[] = "/tmp/theriac-state-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	return mkdtemp(folder) ? 0 : -1;
}

static char *path_of(const char *name)
{
	static char path[4][512];
	static int turn;
	char *p = path[turn++ % 4];
	(void)snprintf(p, sizeof path[0], "%s/%s", folder, name);
	return p;
}

static int remove_folder(void **state)
{
	(void)state;
	DIR *d = opendir(folder);
	for (struct dirent *f; d && (f = readdir(d));)
		(void)unlink(path_of(f->d_name));
	(void)closedir(d);
	return rmdir(folder);
}

static struct text bytes_of(const char *path)
{
	struct text t = {0};
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	for (int c; (c = getc(f)) != EOF;)
		text_putc(&t, (char)c);
	(void)fclose(f);
	return t;
}

static void put_bytes(const char *path, const char *p, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void fill(uint64_t first, struct save *out)
{
	for (uint64_t i = 0; i < MANY; i++) {
		save_begin(out, "NUMB");
		for (uint64_t k = 0; k < 16; k++)
			save_uint(out, first + i * k, 8);
		save_end(out);
	}
}

static int take(void *arg, struct load *in)
{
	uint64_t first = *(const uint64_t *)arg, n = 0;
	for (; load_is(in, "NUMB"); load_next(in), n++)
		for (uint64_t k = 0; k < 16; k++)
			assert_true(buf_le64(&in->section) == first + n * k);
	assert_int_equal(n, MANY);
	return ERR_OK;
}

static int take_none(void *arg, struct load *in)
{
	(void)arg, (void)in;
	fail_msg("what is unsound was given on");
	return ERR_OK;
}

static struct seal_key own(void)
{
	struct seal_key k;
	struct err e = {0};
	if (state_key(folder, &k, &e))
		fail_msg("%s", e.msg);
	return k;
}

static int try_write(const struct seal_key *k, uint64_t first, uint64_t *bytes, struct err *e)
{
	struct state_writer *w;
	int bad = state_begin(&w, folder, k, NOW_MS, e);
	if (bad)
		return bad;
	fill(first, state_out(w));
	return state_end(w, bytes, e);
}

static void write_state(const struct seal_key *k, uint64_t first)
{
	struct err e;
	uint64_t bytes;
	assert_int_equal(try_write(k, first, &bytes, &e), ERR_OK);
	struct stat st;
	assert_int_equal(stat(path_of("checkpoint"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, bytes);
	assert_int_not_equal(access(path_of("checkpoint.new"), F_OK), 0);
}

static void refused(const struct seal_key *k, int code, const char *why)
{
	struct state_found found;
	struct err e = {0};
	assert_int_equal(state_read(folder, k, &found, take_none, NULL, &e), code);
	if (!strstr(e.msg, why))
		fail_msg("\"%s\" does not say: %s", e.msg, why);
}

static void what_was_written_is_read(void **state)
{
	(void)state;
	struct seal_key k = own();
	struct state_found found;
	struct err e;
	uint64_t first = 7;
	assert_int_equal(state_read(folder, &k, &found, take_none, NULL, &e), ERR_NONE);
	write_state(&k, first);
	write_state(&k, ++first); /* in place of the one before */
	struct seal_key again = own();
	assert_int_equal(state_read(folder, &again, &found, take, &first, &e), ERR_OK);
	assert_true(found.written_ms == NOW_MS);
}

static void nothing_of_it_stands_in_the_clear(void **state)
{
	(void)state;
	struct seal_key k = own();
	write_state(&k, 0x4142434445464748);
	struct text t = bytes_of(path_of("checkpoint"));
	assert_null(memmem(t.p, t.n, "HGFEDCBA", 8));
	assert_null(memmem(t.p, t.n, "NUMB", 4));
	text_fini(&t);
}

static void another_key_is_said_to_be_one(void **state)
{
	(void)state;
	struct seal_key k = own(), other = seal_key_of("another secret of thirty-two bytes", 34);
	write_state(&k, 1);
	refused(&other, ERR_INPUT, "another key");
	struct state_found found;
	struct text path = {0};
	uint64_t first = 1;
	assert_true(state_set_aside(folder, &path));
	assert_string_equal(path.p, path_of("checkpoint.unread"));
	assert_int_equal(state_read(folder, &k, &found, take_none, NULL, NULL), ERR_NONE);
	assert_int_equal(
	    rename(path.p, path_of("checkpoint")), 0); /* with its key it is read yet */
	assert_int_equal(state_read(folder, &k, &found, take, &first, NULL), ERR_OK);
	text_fini(&path);
}

static void a_cut_file_is_refused_wherever_it_is_cut(void **state)
{
	(void)state;
	struct seal_key k = own();
	write_state(&k, 1);
	struct text t = bytes_of(path_of("checkpoint"));
	const size_t piece = 65536 + SEAL_MORE,
		     cuts[] = {0, 10, 63, 64, 80, 64 + piece, 64 + 2 * piece, t.n - 18, t.n - 1};
	for (size_t i = 0; i < ROWS(cuts); i++) {
		put_bytes(path_of("checkpoint"), t.p, cuts[i], 0600);
		refused(&k, ERR_INPUT, "cut short");
	}
	put_bytes(path_of("checkpoint"), t.p, t.n, 0600);
	FILE *f = fopen(path_of("checkpoint"), "ab");
	assert_non_null(f);
	(void)fputs("more", f);
	(void)fclose(f);
	refused(&k, ERR_INPUT, "changed");
	text_fini(&t);
}

static void a_flipped_bit_is_refused_wherever_it_is(void **state)
{
	(void)state;
	struct seal_key k = own();
	write_state(&k, 1);
	struct text t = bytes_of(path_of("checkpoint"));
	for (size_t at = 0; at < t.n; at += at < 100 ? 1 : 9973) {
		t.p[at] ^= 4;
		put_bytes(path_of("checkpoint"), t.p, t.n, 0600);
		refused(&k, ERR_INPUT, "checkpoint: ");
		t.p[at] ^= 4;
	}
	text_fini(&t);
}

static void a_newer_version_is_said_to_be_one(void **state)
{
	(void)state;
	struct seal_key k = own();
	write_state(&k, 1);
	struct text t = bytes_of(path_of("checkpoint"));
	t.p[8] = 9;
	put_bytes(path_of("checkpoint"), t.p, t.n, 0600);
	refused(&k, ERR_INPUT, "a newer Theriac wrote it (format 9");
	put_bytes(path_of("checkpoint"),
	    "something else, long enough to have a head of that kind, "
	    "and more",
	    65, 0600);
	refused(&k, ERR_INPUT, "no state of Theriac");
	text_fini(&t);
}

/* The disk is full: the old state stays, and no half file. */
static void a_failed_write_leaves_the_old_file(void **state)
{
	(void)state;
	struct seal_key k = own();
	struct rlimit was, small;
	struct state_found found;
	struct err e = {0};
	uint64_t first = 3, second = 4;
	write_state(&k, first);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){100000, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int bad = try_write(&k, second, NULL, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(bad, ERR_SYS);
	assert_non_null(strstr(e.msg, "checkpoint.new: File too large"));
	assert_int_not_equal(access(path_of("checkpoint.new"), F_OK), 0);
	assert_int_equal(state_read(folder, &k, &found, take, &first, &e), ERR_OK);
}

static void a_write_that_is_dropped_leaves_the_old_file(void **state)
{
	(void)state;
	struct seal_key k = own();
	struct state_writer *w;
	struct state_found found;
	struct err e;
	uint64_t first = 3;
	write_state(&k, first);
	assert_int_equal(state_begin(&w, folder, &k, NOW_MS, &e), ERR_OK);
	fill(9, state_out(w));
	assert_int_equal(state_read(folder, &k, &found, take, &first, &e), ERR_OK);
	state_drop(w);
	assert_int_not_equal(access(path_of("checkpoint.new"), F_OK), 0);
	assert_int_equal(state_read(folder, &k, &found, take, &first, &e), ERR_OK);
	state_drop(NULL);
}

static void a_half_file_of_a_killed_process_is_nothing(void **state)
{
	(void)state;
	struct seal_key k = own();
	struct state_found found;
	struct err e;
	uint64_t first = 5;
	write_state(&k, first);
	put_bytes(path_of("checkpoint.new"), "half", 4, 0644);
	assert_int_equal(state_read(folder, &k, &found, take, &first, &e), ERR_OK);
	write_state(&k, ++first); /* and its mode is that of ours */
	assert_int_equal(state_read(folder, &k, &found, take, &first, &e), ERR_OK);
}

static void the_key_is_made_once_and_for_its_owner_only(void **state)
{
	(void)state;
	struct seal_key a = own(), b = own();
	struct stat st;
	struct err e;
	assert_memory_equal(&a, &b, sizeof a);
	assert_int_equal(stat(path_of("state.key"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	static const mode_t modes[] = {0640, 0604, 0660, 0644};
	for (size_t i = 0; i < ROWS(modes); i++) {
		assert_int_equal(chmod(path_of("state.key"), modes[i]), 0);
		assert_int_equal(state_key(folder, &a, &e), ERR_CONFIG);
		assert_non_null(strstr(e.msg, "others may read it"));
	}
	put_bytes(path_of("state.key"), "short", 5, 0600);
	assert_int_equal(state_key(folder, &a, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "at least 32 bytes, this one has 5"));
}

static void a_credential_is_taken_before_the_file(void **state)
{
	(void)state;
	struct seal_key a = own();
	put_bytes(path_of("state-key"), "a credential of systemd, 32 bytes long", 38, 0440);
	assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
	struct seal_key b = own();
	assert_memory_not_equal(&a, &b, sizeof a);
	assert_int_equal(unlink(path_of("state-key")), 0);
	struct seal_key c = own(); /* the folder holds other credentials only */
	assert_memory_equal(&a, &c, sizeof a);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(what_was_written_is_read),
	    TEST(nothing_of_it_stands_in_the_clear),
	    TEST(another_key_is_said_to_be_one),
	    TEST(a_cut_file_is_refused_wherever_it_is_cut),
	    TEST(a_flipped_bit_is_refused_wherever_it_is),
	    TEST(a_newer_version_is_said_to_be_one),
	    TEST(a_failed_write_leaves_the_old_file),
	    TEST(a_write_that_is_dropped_leaves_the_old_file),
	    TEST(a_half_file_of_a_killed_process_is_nothing),
	    TEST(the_key_is_made_once_and_for_its_owner_only),
	    TEST(a_credential_is_taken_before_the_file),
	};
	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
