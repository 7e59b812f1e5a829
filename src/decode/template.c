/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of templates and their compiler: see template.h. The table is 8-way associative: a key
 * has eight possible slots, found by its hash, so that no flood of templates makes a search long or
 * the table grow. A newcomer takes the place of one of its own exporter first. */
#include "decode/template.h"
#include "base/hash.h"
#include "base/mem.h"
#include <stdlib.h>

enum { TABLE_WAYS = 8, TABLE_SETS = TEMPLATES_MAX / TABLE_WAYS };

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
#define SCOPE(number, slot) {SCOPE_ENTERPRISE, 0, number, slot, CONVERT_EXTRA, false},
#include "decode/elements.def"
#undef FLOW
#undef ELSE
#undef REVERSE
#undef EXTRA
#undef SCOPE
};
enum { ELEMENTS_N = sizeof elements / sizeof *elements };
_Static_assert(ELEMENTS_N <= UINT8_MAX, "rows are numbered by a byte");

void templates_init(struct templates *t)
{
	*t = (struct templates){.slots = mem_new(TEMPLATES_MAX, sizeof *t->slots)};
}

static void template_free(struct template *t)
{
	if (!t)
		return;
	free(t->fields);
	free(t);
}

void templates_fini(struct templates *t)
{
	for (size_t i = 0; i < TEMPLATES_MAX; i++)
		template_free(t->slots[i]);
	free(t->slots);
	free(t->owners);
	*t = (struct templates){0};
}

static void unlink_owned(struct templates *t, struct template *x)
{
	struct template_owner *o = &t->owners[x->owner];
	*(x->older ? &x->older->newer : &o->oldest) = x->newer;
	*(x->newer ? &x->newer->older : &o->newest) = x->older;
	o->n--;
}

static void link_newest(struct templates *t, struct template *x)
{
	struct template_owner *o = &t->owners[x->owner];
	x->older = o->newest;
	x->newer = NULL;
	*(o->newest ? &o->newest->newer : &o->oldest) = x;
	o->newest = x;
	o->n++;
	x->used = ++t->clock;
}

static void forget(struct templates *t, struct template **slot)
{
	unlink_owned(t, *slot);
	template_free(*slot);
	*slot = NULL;
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
	unlink_owned(t, *slot);
	link_newest(t, *slot);
	return *slot;
}

static bool gives_way(const struct template *a, const struct template *to, uint32_t owner)
{
	bool own = a->owner == owner, own_to = to->owner == owner;
	return own != own_to ? own : a->used < to->used;
}

/* A free slot for the key, at the cost of the template that was unused for longest: one of the same
 * exporter where the set has any. */
static struct template **make_room(
    struct templates *t, const struct template_key *key, uint32_t owner)
{
	if (t->owners[owner].n >= TEMPLATES_PER_EXPORTER) {
		forget(t, slot_of(t, &t->owners[owner].oldest->key));
		t->dropped_n++;
	}
	struct template **set = set_of(t, key), **worst = set;
	for (size_t i = 0; i < TABLE_WAYS; i++) {
		if (!set[i])
			return &set[i];
		if (gives_way(set[i], *worst, owner))
			worst = &set[i];
	}
	t->dropped_n++;
	forget(t, worst);
	return worst;
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
		t->steps[i] = (struct plan_step){
		    .at = at, .n = field->n, .to = e->to, .convert = e->convert, .row = row};
		return;
	}
}

/* Whether one of the first n steps fills what this row fills. */
static bool filled(const struct template *t, uint8_t n, const struct element *e)
{
	for (uint8_t i = 0; i < n; i++)
		if (t->steps[i].convert != CONVERT_EXTRA && t->steps[i].to == e->to)
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

/* The plain copy that does what the conversion says, or PLAN_ANY. */
static uint8_t copy_of(uint8_t convert, uint16_t n)
{
	switch ((enum convert)convert) {
	case CONVERT_V4:
		return PLAN_V4;
	case CONVERT_V6:
		return PLAN_V6;
	case CONVERT_U8:
		return n == 1 ? PLAN_8_TO_8 : PLAN_ANY;
	case CONVERT_U16:
		return n == 2 ? PLAN_16_TO_16 : PLAN_ANY;
	case CONVERT_U32:
		return n == 4 ? PLAN_32_TO_32 : PLAN_ANY;
	case CONVERT_U64:
		return n == 8 ? PLAN_64_TO_64 : n == 4 ? PLAN_32_TO_64 : PLAN_ANY;
	case CONVERT_UPTIME:
		return n == 4 ? PLAN_UPTIME : PLAN_ANY;
	case CONVERT_EXTRA:
		return PLAN_EXTRA;
	case CONVERT_ICMP:
	case CONVERT_S:
	case CONVERT_MS:
	case CONVERT_NTP:
	case CONVERT_AGO_US:
		break;
	}
	return PLAN_ANY;
}

static bool same_target(const struct plan_step *a, const struct plan_step *b)
{
	return a->to == b->to && (a->convert == CONVERT_EXTRA) == (b->convert == CONVERT_EXTRA);
}

/* Chooses each step's operation: where several fill one field, the later ones must look first. */
static void choose_ops(struct template *t)
{
	for (uint8_t i = 0; i < t->step_n; i++) {
		struct plan_step *s = &t->steps[i];
		uint8_t earlier = 0;
		while (earlier < i && !same_target(&t->steps[earlier], s))
			earlier++;
		s->op = copy_of(s->convert, s->n);
		if (earlier < i)
			s->op = s->op == PLAN_EXTRA ? PLAN_EXTRA_ELSE : PLAN_ANY;
	}
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
	size_t bytes = 0;
	for (size_t i = 0; i < n; i++) {
		t->variable |= fields[i].n == TEMPLATE_VARIABLE;
		bytes += fields[i].n == TEMPLATE_VARIABLE ? 1 : fields[i].n;
	}
	if (bytes == 0 || bytes > UINT16_MAX || n > TEMPLATE_FIELDS_MAX)
		return false;
	t->record_bytes = (uint16_t)bytes;
	t->field_n = (uint16_t)n;
	for (size_t i = 0, at = 0; i < n; at += fields[i].n, i++)
		add_step(t, &fields[i], (uint16_t)(t->variable ? i : at));
	tidy_steps(t);
	choose_ops(t);
	return true;
}

/* NULL where no record can have this form. */
static struct template *compile(const struct template_key *key, const struct template_text *sent)
{
	struct template *t = mem_new(1, sizeof *t);
	t->key = *key;
	t->owner = sent->owner;
	t->epoch = sent->epoch;
	t->options = sent->options;
	if (!lay_out(t, sent->fields, sent->n)) {
		free(t);
		return NULL;
	}
	t->kind = kind_of(t, sent->options);
	t->fields = mem_new(sent->n, sizeof *t->fields);
	memcpy(t->fields, sent->fields, sent->n * sizeof *t->fields);
	return t;
}

static bool text_same(const struct template *t, const struct template_text *sent)
{
	return t->options == sent->options && t->field_n == sent->n &&
	       memcmp(t->fields, sent->fields, sent->n * sizeof *t->fields) == 0;
}

static void know_owner(struct templates *t, uint32_t owner)
{
	if (owner < t->owner_n)
		return;
	uint32_t n = owner + owner / 2 + 16;
	t->owners = mem_grow(t->owners, n, sizeof *t->owners);
	memset(t->owners + t->owner_n, 0, (n - t->owner_n) * sizeof *t->owners);
	t->owner_n = n;
}

enum template_change template_define(
    struct templates *t, const struct template_key *key, const struct template_text *sent)
{
	struct template **slot = slot_of(t, key);
	if (slot && text_same(*slot, sent)) {
		(*slot)->epoch = sent->epoch;
		return TEMPLATE_AGAIN;
	}
	struct template *made = compile(key, sent);
	if (!made)
		return TEMPLATE_IMPOSSIBLE;
	bool changed = slot && (*slot)->epoch == sent->epoch;
	know_owner(t, sent->owner);
	if (slot)
		forget(t, slot);
	else
		slot = make_room(t, key, sent->owner);
	*slot = made;
	link_newest(t, made);
	return changed ? TEMPLATE_CHANGED : TEMPLATE_NEW;
}

void template_withdraw(struct templates *t, const struct template_key *key)
{
	struct template **slot = slot_of(t, key);
	if (slot)
		forget(t, slot);
}
