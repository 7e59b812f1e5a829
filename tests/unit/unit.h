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

#define ROWS(table) (sizeof(table) / sizeof *(table))
