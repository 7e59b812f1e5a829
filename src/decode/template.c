/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of templates and their compiler: see template.h. The table is 8-way associative: a key
 * has eight possible slots, found by its hash, so that no flood of templates makes a search long or
 * the table grow. */
#include "decode/template.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { TABLE_WAYS = 8, TABLE_SETS = 1024, TABLE_SLOTS = TABLE_WAYS * TABLE_SETS };

struct element {
	uint32_t enterprise, have;
	uint16_t number, to;
	uint8_t convert;
	bool only_else; /* only where no row above fills the field */
};

#define AT(field) offsetof(struct flow, field)
static const struct element elements[] = {
#define FLOW(number, field, how, have) {0, have, number, AT(field), CONVERT_##how, false},
#define ELSE(number, field, how, have) {0, have, number, AT(field), CONVERT_##how, true},
#define REVERSE(number, field, how, have)                                                          \
	{REVERSE_ENTERPRISE, have, number, AT(field), CONVERT_##how, false},
#define EXTRA(number, slot) {0, 0, number, slot, CONVERT_EXTRA, false},
#include "decode/elements.def"
#undef FLOW
#undef ELSE
#undef REVERSE
#undef EXTRA
};
enum { ELEMENTS_N = sizeof elements / sizeof *elements };
_Static_assert(ELEMENTS_N <= UINT8_MAX, "rows are numbered by a byte");

void templates_init(struct templates *t)
{
	*t = (struct templates){.slots = mem_new(TABLE_SLOTS, sizeof *t->slots)};
}

static void forget(struct template **slot)
{
	if (*slot)
		free((*slot)->lengths);
	free(*slot);
	*slot = NULL;
}

void templates_fini(struct templates *t)
{
	for (size_t i = 0; i < TABLE_SLOTS; i++)
		forget(&t->slots[i]);
	free(t->slots);
	*t = (struct templates){0};
}

static bool key_same(const struct template_key *a, const struct template_key *b)
{
	return a->id == b->id && a->domain == b->domain && a->version == b->version &&
	       addr_same(&a->exporter, &b->exporter);
}

static struct template **set_of(struct templates *t, const struct template_key *key)
{
	struct hash h = hash_bytes(&hash_key_offline, key, sizeof *key);
	return &t->slots[h.a % TABLE_SETS * TABLE_WAYS];
}

static struct template **slot_of(struct templates *t, const struct template_key *key)
{
	struct template **set = set_of(t, key);
	for (size_t i = 0; i < TABLE_WAYS; i++)
		if (set[i] && key_same(&set[i]->key, key))
			return &set[i];
	return NULL;
}

struct template *template_find(struct templates *t, const struct template_key *key)
{
	struct template **slot = slot_of(t, key);
	if (!slot)
		return NULL;
	(*slot)->used = ++t->clock;
	return *slot;
}

/* A free slot for the key, at the cost of the template that was unused for longest. */
static struct template **make_room(struct templates *t, const struct template_key *key)
{
	struct template **set = set_of(t, key), **oldest = set;
	for (size_t i = 0; i < TABLE_WAYS; i++) {
		if (!set[i])
			return &set[i];
		if (set[i]->used < (*oldest)->used)
			oldest = &set[i];
	}
	t->dropped_n++;
	forget(oldest);
	return oldest;
}

/* Whether a conversion can read a field of n bytes. */
static bool length_fits(uint8_t convert, uint16_t n)
{
	switch ((enum convert)convert) {
	case CONVERT_V4:
		return n == 4;
	case CONVERT_V6:
		return n == 16;
	case CONVERT_NTP:
		return n == 8;
	case CONVERT_EXTRA:
	case CONVERT_U8:
	case CONVERT_U16:
	case CONVERT_U32:
	case CONVERT_U64:
	case CONVERT_ICMP:
	case CONVERT_S:
	case CONVERT_MS:
	case CONVERT_AGO_US:
	case CONVERT_UPTIME:
		return n >= 1 && n <= 8;
	}
	return false;
}

static void add_step(struct template *t, const struct field_spec *field, uint16_t at)
{
	for (uint8_t row = 0; row < ELEMENTS_N; row++) {
		const struct element *e = &elements[row];
		if (e->number != field->element || e->enterprise != field->enterprise)
			continue;
		if (!length_fits(e->convert, field->n) || t->step_n == PLAN_STEPS_MAX)
			return;
		uint8_t i = t->step_n++;
		for (; i > 0 && t->steps[i - 1].row > row; i--)
			t->steps[i] = t->steps[i - 1];
		t->steps[i] = (struct plan_step){at, field->n, e->to, e->convert, row};
		return;
	}
}

/* Whether one of the first n steps fills what this row fills. */
static bool filled(const struct template *t, uint8_t n, const struct element *e)
{
	for (uint8_t i = 0; i < n; i++)
		if (t->steps[i].convert == e->convert && t->steps[i].to == e->to)
			return true;
	return false;
}

/* Steps are in the order of the rows: leaves out those that say again what one above says. */
static void tidy_steps(struct template *t)
{
	uint8_t kept = 0;
	for (uint8_t i = 0; i < t->step_n; i++) {
		const struct element *e = &elements[t->steps[i].row];
		if (e->only_else && filled(t, kept, e))
			continue;
		t->have |= e->have;
		t->extras |= e->convert == CONVERT_EXTRA ? 1u << e->to : 0;
		t->steps[kept++] = t->steps[i];
	}
	t->step_n = kept;
}

static bool has_addr(const struct template *t, size_t field)
{
	for (uint8_t i = 0; i < t->step_n; i++)
		if (t->steps[i].convert != CONVERT_EXTRA && t->steps[i].to == field)
			return true;
	return false;
}

static uint8_t kind_of(const struct template *t, bool options)
{
	bool counts = t->have & FLOW_PACKETS;
	if (options)
		return TEMPLATE_OPTIONS;
	if (t->extras & 1u << EXTRA_NAT_EVENT && !counts)
		return TEMPLATE_NAT_EVENT;
	if (t->extras & 1u << EXTRA_FIREWALL && !counts)
		return TEMPLATE_FIREWALL_EVENT;
	if (!has_addr(t, AT(src)) || !has_addr(t, AT(dst)))
		return TEMPLATE_OTHER;
	return TEMPLATE_FLOW;
}

/* Lays out the fields; false where no record can have this form. */
static bool lay_out(struct template *t, const struct field_spec *fields, size_t n)
{
	bool variable = false;
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++) {
		variable |= fields[i].n == TEMPLATE_VARIABLE;
		bytes += fields[i].n == TEMPLATE_VARIABLE ? 1 : fields[i].n;
	}
	if (bytes == 0 || bytes > UINT16_MAX || n > TEMPLATE_FIELDS_MAX)
		return false;
	t->record_bytes = (uint16_t)bytes;
	t->field_n = (uint16_t)n;
	t->lengths = variable ? mem_new(n, sizeof *t->lengths) : NULL;
	for (size_t i = 0, at = 0; i < n; at += fields[i].n, i++) {
		if (variable)
			t->lengths[i] = fields[i].n;
		add_step(t, &fields[i], (uint16_t)(variable ? i : at));
	}
	tidy_steps(t);
	return true;
}

bool template_define(struct templates *t, const struct template_key *key, bool options,
    uint32_t epoch, const struct field_spec *fields, size_t n)
{
	template_withdraw(t, key);
	struct template *made = mem_new(1, sizeof *made);
	made->key = *key;
	made->epoch = epoch;
	if (!lay_out(made, fields, n)) {
		free(made);
		return false;
	}
	made->kind = kind_of(made, options);
	made->used = ++t->clock;
	*make_room(t, key) = made;
	return true;
}

void template_withdraw(struct templates *t, const struct template_key *key)
{
	struct template **slot = slot_of(t, key);
	if (slot)
		forget(slot);
}
