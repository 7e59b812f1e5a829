/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recovery sheet: the vault's secret key in writing, for people. 14 numbered groups of five of
 * Crockford's base32 characters (no I, L, O, U; small letters, and O for 0 and I or L for 1, are
 * understood). The fifth of a group checks its four and its number: one wrong character is always
 * found, and so are two that changed places and a group in another's place. The last group checks
 * the whole. */
#pragma once
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

enum { SHEET_GROUPS = 14, SHEET_GROUP = 5 };

/* group[i]: five characters and a NUL; the caller wipes them. */
void sheet_groups(const uint8_t secret[BOX_KEY], char group[SHEET_GROUPS][SHEET_GROUP + 1]);
/* The groups as lines "NUMBER: GROUP", in two columns. */
void sheet_print(const uint8_t secret[BOX_KEY], struct text *out);
/* Finds the groups in a text ("NUMBER: GROUP" anywhere in it, in any order). INPUT names the group
 * that is missing or wrong. */
int sheet_read(struct span text, uint8_t secret[BOX_KEY], struct err *e);
