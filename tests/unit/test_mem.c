/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory: zeroed, grown, freed as a whole. */
#include "base/mem.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static void new_memory_is_zeroed(void **state)
{
	(void)state;
	unsigned char *p = mem_new(100, 3);
	for (size_t i = 0; i < 300; i++)
		assert_int_equal(p[i], 0);
	free(p);
	free(mem_new(0, 0));
}

static void growing_keeps_what_was_there(void **state)
{
	(void)state;
	uint32_t *p = mem_grow(NULL, 1, sizeof *p);
	p[0] = 7;
	p = mem_grow(p, 10000, sizeof *p);
	assert_int_equal(p[0], 7);
	free(p);
}

static void an_arena_hands_out_aligned_zeroed_blocks(void **state)
{
	(void)state;
	struct arena a = {0};
	for (size_t n = 1; n < 200000; n = n * 3 + 1) {
		unsigned char *p = arena_new(&a, n);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	assert_true(a.bytes > 0);
	arena_fini(&a);
	assert_int_equal(a.bytes, 0);
	assert_string_equal(arena_text(&a, "again", 5), "again");
	arena_fini(&a);
}

static void mapped_pages_are_zeroed(void **state)
{
	(void)state;
	unsigned char *p = mem_map(1 << 20);
	assert_int_equal(p[0] | p[(1 << 20) - 1], 0);
	mem_unmap(p, 1 << 20);
	mem_unmap(NULL, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(new_memory_is_zeroed),
	    cmocka_unit_test(growing_keeps_what_was_there),
	    cmocka_unit_test(an_arena_hands_out_aligned_zeroed_blocks),
	    cmocka_unit_test(mapped_pages_are_zeroed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
