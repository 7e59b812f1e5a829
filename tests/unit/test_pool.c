/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fixed table in order of use. */
#include "decode/pool.h"
#include "unit.h"

struct entry {
	struct pool_link link;
	int value;
};

static struct hash id(uint64_t n)
{
	return (struct hash){n % 3, n}; /* few heads: chains are walked */
}

static void found_by_the_whole_hash(void **state)
{
	(void)state;
	struct pool p;
	pool_init(&p, 100, sizeof(struct entry));
	assert_null(pool_find(&p, id(1)));
	for (int i = 0; i < 100; i++)
		((struct entry *)pool_add(&p, id((uint64_t)i), 0))->value = i;
	assert_null(pool_add(&p, id(100), 0));
	for (int i = 0; i < 100; i += 2)
		pool_drop(&p, pool_find(&p, id((uint64_t)i)));
	for (int i = 0; i < 100; i++) {
		struct entry *e = pool_find(&p, id((uint64_t)i));
		assert_int_equal(e != NULL, i % 2);
		assert_true(!e || e->value == i);
	}
	for (int i = 0; i < 50; i++)
		assert_int_equal(((struct entry *)pool_add(&p, id(1000), 0))->value, 0);
	assert_null(pool_add(&p, id(100), 0));
	pool_fini(&p);
}

static void the_oldest_is_the_one_untouched_for_longest(void **state)
{
	(void)state;
	struct pool p;
	pool_init(&p, 4, sizeof(struct entry));
	void *a = pool_add(&p, id(1), 0), *b = pool_add(&p, id(2), 0), *c = pool_add(&p, id(3), 1);
	assert_ptr_equal(pool_oldest(&p, 0), a);
	pool_touch(&p, a, 0);
	assert_ptr_equal(pool_oldest(&p, 0), b);
	pool_touch(&p, b, 1);
	assert_ptr_equal(pool_oldest(&p, 0), a);
	assert_ptr_equal(pool_oldest(&p, 1), c);
	pool_drop(&p, c);
	assert_ptr_equal(pool_oldest(&p, 1), b);
	pool_drop(&p, a);
	assert_null(pool_oldest(&p, 0));
	pool_fini(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(found_by_the_whole_hash),
	    cmocka_unit_test(the_oldest_is_the_one_untouched_for_longest),
	};
	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
