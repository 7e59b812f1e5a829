/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of pseudonyms: a restart finds them, a new week adds one and kills the one before the last,
 * and nothing of them stands in the clear; key files are private and say what they are. */
#include "folder.h"
#include "run/keys.h"
#include <fcntl.h>

#define MONDAY_MS 1767571200000LL /* 2026-01-05T00:00:00Z */
#define WEEK_MS   (7 * 86400000LL)

static const struct seal_key sealing = {{9, 9, 9}}, another = {{8}};

static void a_restart_finds_its_lines(void **state)
{
	(void)state;
	struct pseudonyms first, again;
	bool turned;
	struct err e;
	assert_int_equal(keys_open(folder, &sealing, MONDAY_MS, &first, &turned, &e), ERR_OK);
	assert_true(turned);
	assert_int_equal(first.n, 1);
	assert_int_equal(keys_open(folder, &sealing, MONDAY_MS + 5, &again, &turned, &e), ERR_OK);
	assert_false(turned);
	assert_memory_equal(pseudonyms_now(&again)->k, pseudonyms_now(&first)->k, PSEUDONYM_KEY);
	assert_false(file_holds(folder_path("epochs"), first.live[0].k, PSEUDONYM_KEY));
	struct stat st;
	assert_int_equal(stat(folder_path("epochs"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_new_week_kills_the_key_before_the_last(void **state)
{
	(void)state;
	struct pseudonyms p;
	bool turned;
	struct err e;
	assert_int_equal(keys_open(folder, &sealing, MONDAY_MS, &p, &turned, &e), ERR_OK);
	struct pseudonym_key old = p.live[0];
	int fd = open(folder_path("epochs"), O_RDONLY | O_CLOEXEC);
	struct text before = file_bytes(folder_path("epochs"));
	assert_int_equal(keys_turn(folder, &sealing, MONDAY_MS + 1, &p, &turned, &e), ERR_OK);
	assert_false(turned);
	for (int i = 1; i <= 2; i++) {
		assert_int_equal(
		    keys_turn(folder, &sealing, MONDAY_MS + i * WEEK_MS, &p, &turned, &e), ERR_OK);
		assert_true(turned);
		assert_int_equal(p.n, 2);
	}
	assert_memory_not_equal(p.live[0].k, old.k, PSEUDONYM_KEY);
	assert_memory_not_equal(p.live[1].k, old.k, PSEUDONYM_KEY);
	char now[4096]; /* the bytes of the file that was replaced */
	assert_int_equal(read(fd, now, sizeof now), before.n);
	assert_memory_not_equal(now, before.p, before.n);
	(void)close(fd);
	text_fini(&before);
	keys_wipe(&p);
	assert_int_equal(p.n, 0);
}

static void what_cannot_be_read_is_left_alone(void **state)
{
	(void)state;
	struct pseudonyms p;
	bool turned;
	struct err e;
	assert_int_equal(keys_open(folder, &sealing, MONDAY_MS, &p, &turned, &e), ERR_OK);
	struct text good = file_bytes(folder_path("epochs"));
	assert_int_equal(keys_open(folder, &another, MONDAY_MS, &p, &turned, &e), ERR_INPUT);
	assert_non_null(strstr(e.msg, "sealed with another key"));
	for (size_t i = 0; i < good.n; i++) {
		good.p[i] ^= 4;
		file_put(folder_path("epochs"), good.p, good.n);
		assert_int_equal(
		    keys_open(folder, &sealing, MONDAY_MS, &p, &turned, &e), ERR_INPUT);
		good.p[i] ^= 4;
	}
	file_put(folder_path("epochs"), good.p, good.n - 1);
	assert_int_equal(keys_open(folder, &sealing, MONDAY_MS, &p, &turned, &e), ERR_INPUT);
	assert_non_null(strstr(e.msg, "cut short"));
	text_fini(&good);
}

static void a_key_file_is_made_once_and_is_private(void **state)
{
	(void)state;
	struct pseudonym_key a, b;
	struct err e;
	char *path = folder_path("weekly.key");
	assert_int_equal(keys_read_file(path, &a, &e), ERR_SYS);
	assert_int_equal(keys_make_file(path, &e), ERR_OK);
	assert_int_equal(keys_make_file(path, &e), ERR_SYS);
	assert_int_equal(keys_read_file(path, &a, &e), ERR_OK);
	assert_int_equal(keys_read_file(path, &b, &e), ERR_OK);
	assert_memory_equal(&a, &b, sizeof a);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(keys_read_file(path, &a, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "make it 0600"));
	file_put(path, "theriac pseudonym key 1\n00ff", 28);
	assert_int_equal(keys_read_file(path, &a, &e), ERR_CONFIG);
	assert_non_null(strstr(e.msg, "theriac vault key"));
	file_put(path, "", 0);
	assert_int_equal(keys_read_file(path, &a, &e), ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_restart_finds_its_lines, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		a_new_week_kills_the_key_before_the_last, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		what_cannot_be_read_is_left_alone, folder_make, folder_remove),
	    cmocka_unit_test_setup_teardown(
		a_key_file_is_made_once_and_is_private, folder_make, folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
