/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operator says of lines: see line.h. */
#include "attribute/line.h"
#include <stddef.h>
#include <string.h>

#define AT(field) offsetof(struct lines_rules, field)

const struct opt_row lines_rows[] = {
    {"order", OPT_TEXT, AT(order), 0, 0, NULL, "account,circuit,assigned,mac,duid",
	"which identifiers name a line, strongest first; what is left out comes last"},
    {"cui", OPT_LIST, AT(cui), 0, 0, NULL, NULL,
	"NASes whose account is the Chargeable-User-Identity, not the User-Name; a NAS as its "
	"records call it"},
    {"apart", OPT_LIST, AT(apart), 0, 0, NULL, NULL,
	"identifiers that are never joined with others, and parted from those that they were "
	"joined with, such as mac:02:00:00:00:00:01"},
};
const size_t lines_rows_n = sizeof lines_rows / sizeof *lines_rows;

int lines_rules(struct lines *l, const struct lines_rules *r, struct err *e)
{
	int bad = r->order ? lines_order(l, r->order, e) : ERR_OK;
	for (size_t i = 0; i < r->cui.n; i++)
		lines_account_is_cui(l, span_of(r->cui.v[i]));
	for (size_t i = 0; i < r->apart.n && !bad; i++)
		bad = lines_apart(l, r->apart.v[i], e);
	return bad;
}

int lines_rule_check(const struct opt_row *row, const char *text, struct err *e)
{
	struct lines *l = lines_new(1);
	int bad = ERR_OK;
	if (strcmp(row->name, "order") == 0)
		bad = lines_order(l, text, e);
	else if (strcmp(row->name, "apart") == 0)
		bad = lines_apart(l, text, e);
	lines_free(l);
	return bad;
}
