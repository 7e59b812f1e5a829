/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error codes and messages. */
#include "base/err.h"
#include "unit.h"
#include <string.h>

static void a_message_is_kept_with_its_code(void **state)
{
	(void)state;
	struct err e;
	assert_int_equal(err_set(&e, ERR_CONFIG, "window: %d is outside 10..86400", 5), ERR_CONFIG);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.msg, "window: 5 is outside 10..86400");
}

static void nobody_has_to_listen(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, ERR_SYS, "%s", "nobody"), ERR_SYS);
}

static void a_long_message_is_cut(void **state)
{
	(void)state;
	struct err e;
	char word[1000];
	memset(word, 'x', sizeof word - 1);
	word[sizeof word - 1] = '\0';
	err_set(&e, ERR_INPUT, "%s", word);
	assert_int_equal(strlen(e.msg), sizeof e.msg - 1);
}

static void every_code_has_its_text(void **state)
{
	(void)state;
	static const int codes[] = {
#define ERR(word, number, text) number,
#include "base/err.def"
#undef ERR
	};
	for (size_t i = 0; i < ROWS(codes); i++)
		assert_string_not_equal(err_text(codes[i]), "unknown error");
	assert_string_equal(err_text(-1000), "unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_message_is_kept_with_its_code),
	    cmocka_unit_test(nobody_has_to_listen),
	    cmocka_unit_test(a_long_message_is_cut),
	    cmocka_unit_test(every_code_has_its_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
