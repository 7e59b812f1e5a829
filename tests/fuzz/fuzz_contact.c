/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What comes into the vault from outside, by the first byte: lists of contact data (what is taken
 * packs and unpacks to the same), the vault's file, recovery sheets, and lines of the log. */
#include "act/act.h"
#include "base/csv.h"
#include "fuzz.h"
#include "run/audit_line.h"
#include <assert.h>
#include <string.h>

static void check_row(const struct subscriber *s)
{
	static uint8_t plain[SUBSCRIBER_PLAIN_MAX];
	struct subscriber got;
	size_t n = subscriber_pack(s, plain);
	assert(n <= sizeof plain && subscriber_unpack(plain, n, &got));
	for (size_t f = 0; f < SUBSCRIBER_SEALED; f++) {
		assert(got.field[f].n == s->field[f].n);
		assert(memcmp(got.field[f].p, s->field[f].p, s->field[f].n) == 0);
	}
	assert(s->field[SUBSCRIBER_LINE].n > 0 && strlen(s->language) < LANGUAGE_MAX);
}

static void list(const uint8_t *p, size_t n)
{
	struct csv c = {.separator = ',', .quote = '"'};
	struct buf b = buf_of(p, n);
	struct subscriber_columns columns;
	struct subscriber s;
	struct text unknown = {0};
	enum csv_found found = csv_next(&c, &b, true);
	bool good = found == CSV_RECORD &&
		    subscriber_header(c.field, c.field_n, &columns, &unknown, NULL) == ERR_OK;
	while (good && (found = csv_next(&c, &b, true)) != CSV_MORE)
		if (found == CSV_RECORD && !subscriber_row(&columns, c.field, c.field_n, &s))
			check_row(&s);
	text_fini(&unknown);
	csv_fini(&c);
}

static void unpack(const uint8_t *p, size_t n)
{
	struct subscriber s;
	size_t sum = 0;
	if (subscriber_unpack(p, n, &s))
		for (size_t f = 0; f < SUBSCRIBER_SEALED; f++)
			sum += s.field[f].n;
	assert(sum <= n);
}

static void vault(struct span s)
{
	struct vault v, again;
	struct text t = {0};
	if (vault_read(&v, s, NULL) == ERR_OK) {
		vault_print(&v, &t);
		assert(vault_read(&again, (struct span){t.p, t.n}, NULL) == ERR_OK);
		assert(memcmp(again.sealed, v.sealed, sizeof v.sealed) == 0);
	}
	text_fini(&t);
}

static void sheet(struct span s)
{
	uint8_t secret[BOX_KEY], again[BOX_KEY];
	struct text t = {0};
	if (sheet_read(s, secret, NULL) == ERR_OK) {
		sheet_print(secret, &t);
		assert(sheet_read((struct span){t.p, t.n}, again, NULL) == ERR_OK);
		assert(memcmp(again, secret, sizeof secret) == 0);
	}
	text_fini(&t);
}

static void log_lines(struct span s)
{
	struct audit_line l;
	struct audit_record r;
	struct text t = {0};
	if (audit_line_read(s, &l)) {
		audit_line_text(&l, &t);
		assert(t.n == AUDIT_LINE);
	}
	text_reset(&t);
	if (audit_record_read(s, &r)) {
		(void)audit_erasure_of(r.json);
		audit_record_text(&r, &t);
	}
	text_fini(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0)
		return 0;
	struct span rest = {(const char *)data + 1, n - 1};
	switch (data[0] % 5) {
	case 0:
		list(data + 1, n - 1);
		break;
	case 1:
		unpack(data + 1, n - 1);
		break;
	case 2:
		vault(rest);
		break;
	case 3:
		sheet(rest);
		break;
	default:
		log_lines(rest);
	}
	return 0;
}
