/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Option rows shown: for people (--help, `list`) and for programs (`list --json`, from which the
 * manual and the shell completion are made). */
#pragma once
#include "base/json.h"
#include "base/opt.h"

/* What a row's value is called on the command line: "FILE", "N", "TIME"; "" for a flag. */
const char *opt_value_name(const struct opt_row *row);
/* Appends "one sentence (within 1..9 hosts, default 3)". */
void opt_show_help(const struct opt_row *row, struct text *out);
/* Appends one line a row, names and help in columns; `lead` stands before each name ("  --"). */
void opt_show(const struct opt_row *rows, size_t n, const char *lead, struct text *out);
/* "options":[{"name":…,"type":…,"value":…,"min":…,"max":…,"unit":…,"words":[…],"default":…,
 * "help":…,"text":help with range and default}]; absent keys do not apply. */
void opt_show_json(const struct opt_row *rows, size_t n, struct json *j);
