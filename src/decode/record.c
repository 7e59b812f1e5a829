/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data records by plan: see record.h. Source: RFC 7011 6.1 (numbers, times), 6.2 (reduced size), 7
 * (variable length); RFC 3954 8. A field that is longer than ours keeps its low bytes. Nothing else
 * than elements.def is read: nested lists (RFC 6313) are stepped over. The loop over the records is
 * record_read: each step copies one field, from where the template says to where the table says. */
#include "decode/record.h"

#define NTP_TO_UNIX_S 2208988800LL /* 1900 to 1970 */
#define WRAP_MS       (1LL << 32)
#define AHEAD_MS      3600000LL   /* clocks of exporters drift; more than this is a wrap */
#define BEHIND_MS     604800000LL /* nothing is exported a week late: some FortiGates err */

size_t record_measure(const struct template *t, const uint8_t *p, size_t n, uint16_t *starts)
{
	if (!t->variable)
		return n >= t->record_bytes ? t->record_bytes : 0;
	struct buf b = buf_of(p, n < UINT16_MAX ? n : UINT16_MAX);
	for (size_t i = 0; i < t->field_n; i++) {
		size_t bytes = t->fields[i].n;
		if (bytes == TEMPLATE_VARIABLE)
			bytes = buf_u8(&b);
		if (bytes == 255 && t->fields[i].n == TEMPLATE_VARIABLE)
			bytes = buf_be16(&b);
		starts[i] = (uint16_t)b.at;
		buf_skip(&b, bytes);
	}
	return b.bad ? 0 : b.at;
}

int64_t uptime_ms(int64_t boot_ms, uint32_t count, int64_t exported_ms)
{
	int64_t ms = boot_ms + count;
	if (!boot_ms || !exported_ms)
		return 0;
	int64_t late = exported_ms + AHEAD_MS - ms;
	int64_t wraps = late >= 0 ? late / WRAP_MS : -((-late + WRAP_MS - 1) / WRAP_MS);
	ms += wraps * WRAP_MS;
	return exported_ms - ms > BEHIND_MS ? 0 : ms;
}

static int64_t ntp_ms(uint64_t v)
{
	int64_t s = (int64_t)(v >> 32);
	if (v == 0)
		return 0;
	if (s < NTP_TO_UNIX_S) /* the era that begins in 2036 */
		s += WRAP_MS;
	return (s - NTP_TO_UNIX_S) * 1000 + (int64_t)((v & UINT32_MAX) * 1000 >> 32);
}

static int64_t uptime_of(const struct template *t, uint32_t count, const struct record_env *env,
    const uint64_t extra[EXTRA_N])
{
	int64_t boot_ms = env->boot_ms;
	if (t->extras & 1u << EXTRA_BOOT_MS && extra[EXTRA_BOOT_MS] &&
	    extra[EXTRA_BOOT_MS] < INT64_MAX / 2)
		boot_ms = (int64_t)extra[EXTRA_BOOT_MS];
	return uptime_ms(boot_ms, count, env->exported_ms);
}

static int64_t time_of(uint8_t convert, uint64_t v, const struct record_env *env)
{
	if (convert == CONVERT_AGO_US)
		return env->exported_ms ? env->exported_ms - (int64_t)(v / 1000) : 0;
	if (convert == CONVERT_NTP)
		return ntp_ms(v);
	if (v > INT64_MAX / 1000)
		return 0;
	return convert == CONVERT_S ? (int64_t)v * 1000 : (int64_t)v;
}

static void put_addr(union addr *to, const uint8_t *v, uint8_t convert)
{
	union addr a = convert == CONVERT_V4 ? addr_v4(buf_peek_be32(v)) : addr_v6(v);
	if (addr_is_zero(to) && (convert == CONVERT_V4 || !addr_is_zero(&a)))
		*to = a;
}

/* One field of any width into a flow; what an earlier one of the same meaning has filled stays. */
static void put_any(const struct template *t, const struct plan_step *s, const uint8_t *v,
    const struct record_env *env, struct flow *f, const uint64_t extra[EXTRA_N])
{
	void *to = (uint8_t *)f + s->to;
	uint64_t number = s->n <= sizeof number ? buf_peek_be(v, s->n) : 0;
	switch ((enum convert)s->convert) {
	case CONVERT_V4:
	case CONVERT_V6:
		put_addr(to, v, s->convert);
		break;
	case CONVERT_U8:
		if (!*(uint8_t *)to)
			*(uint8_t *)to = (uint8_t)number;
		break;
	case CONVERT_U16:
		if (!*(uint16_t *)to)
			*(uint16_t *)to = (uint16_t)number;
		break;
	case CONVERT_U32:
		if (!*(uint32_t *)to)
			*(uint32_t *)to = (uint32_t)number;
		break;
	case CONVERT_U64:
		if (!*(uint64_t *)to)
			*(uint64_t *)to = number;
		break;
	case CONVERT_ICMP:
		if (!f->icmp_type && !f->icmp_code && s->n >= 2) {
			f->icmp_type = (uint8_t)(number >> 8);
			f->icmp_code = (uint8_t)number;
		}
		break;
	case CONVERT_UPTIME:
		if (!*(int64_t *)to)
			*(int64_t *)to = uptime_of(t, (uint32_t)number, env, extra);
		break;
	case CONVERT_S:
	case CONVERT_MS:
	case CONVERT_NTP:
	case CONVERT_AGO_US:
		if (!*(int64_t *)to)
			*(int64_t *)to = time_of(s->convert, number, env);
		break;
	case CONVERT_EXTRA:
		break;
	}
}

static void read_extra(const struct plan_step *s, const uint8_t *v, uint64_t extra[EXTRA_N])
{
	if (s->op == PLAN_EXTRA || !extra[s->to])
		extra[s->to] = buf_peek_be(v, s->n);
}

void record_extras(
    const struct template *t, const uint8_t *p, const uint16_t *starts, uint64_t extra[EXTRA_N])
{
	for (size_t i = 0; i < t->step_n; i++) {
		const struct plan_step *s = &t->steps[i];
		if (s->convert == CONVERT_EXTRA)
			read_extra(s, p + (t->variable ? starts[s->at] : s->at), extra);
	}
}

void record_read(const struct template *t, const uint8_t *p, const uint16_t *starts,
    const struct record_env *env, struct flow *f, uint64_t extra[EXTRA_N])
{
	const struct plan_step *end = t->steps + t->step_n;
	for (const struct plan_step *s = t->steps; s < end; s++) {
		const uint8_t *v = p + (t->variable ? starts[s->at] : s->at);
		void *to = (uint8_t *)f + s->to;
		switch ((enum plan_op)s->op) {
		case PLAN_V4:
			*(union addr *)to = addr_v4(buf_peek_be32(v));
			break;
		case PLAN_V6:
			memcpy(to, v, sizeof(union addr));
			break;
		case PLAN_8_TO_8:
			*(uint8_t *)to = *v;
			break;
		case PLAN_16_TO_16:
			*(uint16_t *)to = buf_peek_be16(v);
			break;
		case PLAN_32_TO_32:
			*(uint32_t *)to = buf_peek_be32(v);
			break;
		case PLAN_32_TO_64:
			*(uint64_t *)to = buf_peek_be32(v);
			break;
		case PLAN_64_TO_64:
			*(uint64_t *)to = buf_peek_be64(v);
			break;
		case PLAN_UPTIME:
			*(int64_t *)to = uptime_of(t, buf_peek_be32(v), env, extra);
			break;
		case PLAN_EXTRA:
		case PLAN_EXTRA_ELSE:
			read_extra(s, v, extra);
			break;
		case PLAN_ANY:
			put_any(t, s, v, env, f, extra);
			break;
		}
	}
}

void flow_take_icmp(struct flow *f, bool known)
{
	if (f->proto != PROTO_ICMP && f->proto != PROTO_ICMP6) {
		f->have &= ~(uint32_t)FLOW_ICMP;
		return;
	}
	if (f->icmp_type == 0 && f->icmp_code == 0 && f->sport == 0 && (f->dport || known)) {
		f->icmp_type = (uint8_t)(f->dport >> 8);
		f->icmp_code = (uint8_t)f->dport;
		f->have |= FLOW_ICMP;
	}
	f->sport = f->dport = 0;
}

/* The end of a flow that was exported with its start and duration, or its start. */
static void take_duration(const struct template *t, const uint64_t extra[EXTRA_N], struct flow *f)
{
	uint64_t ms = t->extras & 1u << EXTRA_DURATION_MS ? extra[EXTRA_DURATION_MS]
							  : extra[EXTRA_DURATION_US] / 1000;
	if (!f->start_ms == !f->end_ms || ms > BEHIND_MS)
		return;
	if (f->start_ms)
		f->end_ms = f->start_ms + (int64_t)ms;
	else if (f->end_ms > (int64_t)ms)
		f->start_ms = f->end_ms - (int64_t)ms;
	f->have |= FLOW_START | FLOW_END;
}

int record_finish(const struct template *t, const struct record_env *env,
    const uint64_t extra[EXTRA_N], struct flow *f)
{
	f->have = t->have;
	f->exported_ms = env->exported_ms;
	f->received_ms = env->received_ms;
	f->exporter = env->source->exporter;
	f->sampling = source_sampling(env->source, t->extras, extra);
	if (f->sampling)
		f->have |= FLOW_SAMPLING;
	if (f->start_ms == 0)
		f->have &= ~(uint32_t)FLOW_START;
	if (f->end_ms == 0)
		f->have &= ~(uint32_t)FLOW_END;
	if (t->have & FLOW_NAT_SRC && addr_is_zero(&f->nat_src))
		f->have &= ~(uint32_t)FLOW_NAT_SRC;
	if (t->extras & (1u << EXTRA_DURATION_MS | 1u << EXTRA_DURATION_US))
		take_duration(t, extra, f);
	if (t->extras & 1u << EXTRA_BIFLOW && extra[EXTRA_BIFLOW] == 1)
		f->have |= FLOW_SRC_FIRST;
	if (f->reason > FLOW_REASON_LACK)
		f->reason = FLOW_REASON_NONE;
	flow_take_icmp(f, false);
	return flow_check(f);
}
