/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Data records by plan: see record.h. Source: RFC 7011 6.1 (numbers, times), 6.2 (reduced size), 7
 * (variable length); RFC 3954 8. A field that is longer than ours keeps its low bytes. Nothing else
 * than elements.def is read: nested lists (RFC 6313) are stepped over. */
#include "decode/record.h"

#define NTP_TO_UNIX_S 2208988800LL /* 1900 to 1970 */
#define WRAP_MS       (1LL << 32)
#define AHEAD_MS      3600000LL   /* clocks of exporters drift; more than this is a wrap */
#define BEHIND_MS     604800000LL /* nothing is exported a week late: some FortiGates err */

size_t record_measure(const struct template *t, const uint8_t *p, size_t n, uint16_t *starts)
{
	if (!t->lengths)
		return n >= t->record_bytes ? t->record_bytes : 0;
	struct buf b = buf_of(p, n < UINT16_MAX ? n : UINT16_MAX);
	for (size_t i = 0; i < t->field_n; i++) {
		size_t bytes = t->lengths[i];
		if (bytes == TEMPLATE_VARIABLE)
			bytes = buf_u8(&b);
		if (bytes == 255 && t->lengths[i] == TEMPLATE_VARIABLE)
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

static int64_t time_of(const struct plan_step *s, uint64_t v, const struct record_env *env,
    const uint64_t extra[EXTRA_N])
{
	int64_t boot_ms = env->boot_ms;
	if (v == 0 && s->convert != CONVERT_AGO_US && s->convert != CONVERT_UPTIME)
		return 0;
	if (s->convert == CONVERT_NTP)
		return ntp_ms(v);
	if (v > INT64_MAX / 1000)
		return 0;
	if (s->convert == CONVERT_S)
		return (int64_t)v * 1000;
	if (s->convert == CONVERT_MS)
		return (int64_t)v;
	if (s->convert == CONVERT_AGO_US)
		return env->exported_ms ? env->exported_ms - (int64_t)(v / 1000) : 0;
	if (extra[EXTRA_BOOT_MS] && extra[EXTRA_BOOT_MS] < INT64_MAX / 2)
		boot_ms = (int64_t)extra[EXTRA_BOOT_MS];
	return uptime_ms(boot_ms, (uint32_t)v, env->exported_ms);
}

static void put_addr(union addr *to, const uint8_t *v, uint8_t convert)
{
	union addr a = convert == CONVERT_V4 ? addr_v4(buf_peek_be32(v)) : addr_v6(v);
	if (addr_is_zero(to) && (convert == CONVERT_V4 || !addr_is_zero(&a)))
		*to = a;
}

/* One field into a flow; what an earlier one of the same meaning has filled stays. */
static void put(const struct plan_step *s, const uint8_t *v, const struct record_env *env,
    const uint64_t extra[EXTRA_N], struct flow *f)
{
	uint8_t *to = (uint8_t *)f + s->to;
	switch ((enum convert)s->convert) {
	case CONVERT_V4:
	case CONVERT_V6:
		put_addr((union addr *)(void *)to, v, s->convert);
		break;
	case CONVERT_U8:
		if (!*to)
			*to = v[s->n - 1];
		break;
	case CONVERT_U16:
		if (!*(uint16_t *)(void *)to)
			*(uint16_t *)(void *)to = (uint16_t)buf_peek_be(v, s->n);
		break;
	case CONVERT_U32:
		*(uint32_t *)(void *)to = (uint32_t)buf_peek_be(v, s->n);
		break;
	case CONVERT_U64:
		if (!*(uint64_t *)(void *)to)
			*(uint64_t *)(void *)to = buf_peek_be(v, s->n);
		break;
	case CONVERT_ICMP:
		if (!f->icmp_type && !f->icmp_code && s->n >= 2) {
			f->icmp_type = v[s->n - 2];
			f->icmp_code = v[s->n - 1];
		}
		break;
	case CONVERT_S:
	case CONVERT_MS:
	case CONVERT_NTP:
	case CONVERT_AGO_US:
	case CONVERT_UPTIME:
		if (!*(int64_t *)(void *)to)
			*(int64_t *)(void *)to = time_of(s, buf_peek_be(v, s->n), env, extra);
		break;
	case CONVERT_EXTRA:
		break;
	}
}

void record_read(const struct template *t, const uint8_t *p, const uint16_t *starts,
    const struct record_env *env, struct flow *f, uint64_t extra[EXTRA_N])
{
	for (size_t i = 0; t->extras && i < EXTRA_N; i++)
		extra[i] = 0;
	for (size_t i = 0; i < t->step_n; i++) {
		const struct plan_step *s = &t->steps[i];
		const uint8_t *v = p + (t->lengths ? starts[s->at] : s->at);
		if (s->convert == CONVERT_EXTRA)
			extra[s->to] = buf_peek_be(v, s->n);
		else if (f)
			put(s, v, env, extra, f);
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
	if (t->extras & 1u << EXTRA_BIFLOW && extra[EXTRA_BIFLOW] == 1)
		f->have |= FLOW_SRC_FIRST;
	if (f->reason > FLOW_REASON_LACK)
		f->reason = FLOW_REASON_NONE;
	flow_take_icmp(f, false);
	return flow_check(f);
}
