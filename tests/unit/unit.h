/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every unit test includes: cmocka with the headers that it wants before it. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h comes behind what it needs. */
#include <cmocka.h>

/* Random trials where instrumented code is many times slower: there a tenth of them, all in a plain
 * build. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TRIALS(n) ((n) / 10)
#else
#define TRIALS(n) (n)
#endif

#define ROWS(table) (sizeof(table) / sizeof *(table))
