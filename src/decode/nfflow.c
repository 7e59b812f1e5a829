/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record of an nfdump file -> a flow, or something known about an exporter. Times are Unix
 * milliseconds. Of the elements (nffile.h) those are read that a flow has fields for.
 * Counters were multiplied by nfcapd where the exporter samples; this is undone by the sampler that
 * nfcapd took, each exporter's own: the one that overwrites all, else the one that the record
 * names, else the one for all records, else the default. What it misses: whether TCP flags were
 * exported (none at all are taken for that); a silent way back before its exporter is known to send
 * biflows, since 0 is also what nfcapd writes for no counter; the sampling where a record names
 * none of an exporter's several samplers. NAT and firewall events without packets are ignored. */
#include "decode/nfflow.h"
#include "decode/nffile.h"
#include "decode/record.h"

#define DAY_MS 86400000LL

static const uint8_t element_bytes[NF_ELEMENTS_N] = {
    [NF_GENERIC] = 52,
    [NF_IPV4] = 12,
    [NF_IPV6] = 36,
    [NF_MISC] = 20,
    [NF_COUNTERS] = 28,
    [NF_RECEIVED_V4] = 8,
    [NF_RECEIVED_V6] = 20,
    [NF_SAMPLER_ID] = 16,
    [NF_NSEL] = 20,
    [NF_XLATE_V4] = 12,
    [NF_XLATE_V6] = 36,
    [NF_XLATE_PORTS] = 8,
    [NF_NAT] = 20,
    [NF_VRF] = 12,
};

struct nf_flow { /* a record while its elements are read */
	struct flow *f;
	struct nf_exporter *exporter;
	const uint8_t *counters; /* element NF_COUNTERS, or NULL */
	const uint8_t *sampler;  /* element NF_SAMPLER_ID, or NULL */
	uint8_t event;           /* NF_NSEL, NF_NAT, or 0 */
	bool has_generic, has_addrs;
};

static struct nf_exporter *exporter_of(struct nf_exporters *x, uint16_t sysid)
{
	struct nf_exporter *e = &x->slots[sysid % NF_EXPORTERS];
	if (e->sysid != sysid)
		*e = (struct nf_exporter){.sysid = sysid};
	return e;
}

static void exporter_is(struct nf_exporters *x, struct nf_exporter *e, union addr addr)
{
	char word[ADDR_TEXT];
	if ((e->known && addr_same(&e->addr, &addr)) || addr_is_zero(&addr))
		return;
	addr_text(word, &addr);
	e->addr = addr;
	e->known = true;
	e->number = exporter_number(x->names, word);
}

/* An IPv6 address is two numbers of 64 bits. */
static union addr v6_at(const uint8_t *p)
{
	union addr a;
	a.q[0] = htobe64(buf_peek_le64(p));
	a.q[1] = htobe64(buf_peek_le64(p + 8));
	return a;
}

static union addr v4_at(const uint8_t *p)
{
	return addr_v4(buf_peek_le32(p));
}

static void read_generic(struct flow *f, const uint8_t *v)
{
	f->start_ms = (int64_t)buf_peek_le64(v);
	f->end_ms = (int64_t)buf_peek_le64(v + 8);
	f->received_ms = (int64_t)buf_peek_le64(v + 16);
	f->packets = buf_peek_le64(v + 24);
	f->bytes = buf_peek_le64(v + 32);
	f->sport = buf_peek_le16(v + 40);
	f->dport = buf_peek_le16(v + 42);
	f->proto = v[44];
	f->flags = v[45];
	f->have = FLOW_PACKETS | FLOW_BYTES;
}

/* Records may hold both families, then one is zero; where no address was sent, all are. */
static void read_addrs(struct nf_flow *r, union addr src, union addr dst)
{
	if (addr_is_zero(&src) && addr_is_zero(&dst))
		return;
	r->f->src = src;
	r->f->dst = dst;
	r->has_addrs = true;
}

static void read_xlate(struct flow *f, union addr src)
{
	if (addr_is_zero(&src))
		return;
	f->nat_src = src;
	f->have |= FLOW_NAT_SRC;
}

static void read_misc(struct flow *f, const uint8_t *v)
{
	f->have |= v[12] == 1 ? FLOW_SRC_FIRST : 0;
	f->reason = v[13] <= FLOW_REASON_LACK ? v[13] : FLOW_REASON_NONE;
}

static void read_element(struct nf_exporters *x, struct nf_flow *r, uint16_t type, const uint8_t *v)
{
	switch (type) {
	case NF_GENERIC:
		read_generic(r->f, v);
		r->has_generic = true;
		break;
	case NF_IPV4:
		read_addrs(r, v4_at(v), v4_at(v + 4));
		break;
	case NF_IPV6:
		read_addrs(r, v6_at(v), v6_at(v + 16));
		break;
	case NF_MISC:
		read_misc(r->f, v);
		break;
	case NF_COUNTERS:
		r->counters = v;
		break;
	case NF_RECEIVED_V4:
		exporter_is(x, r->exporter, v4_at(v));
		break;
	case NF_RECEIVED_V6:
		exporter_is(x, r->exporter, v6_at(v));
		break;
	case NF_SAMPLER_ID:
		r->sampler = v;
		break;
	case NF_NSEL:
	case NF_NAT:
		r->event = (uint8_t)type;
		break;
	case NF_XLATE_V4:
		read_xlate(r->f, v4_at(v));
		break;
	case NF_XLATE_V6:
		read_xlate(r->f, v6_at(v));
		break;
	case NF_XLATE_PORTS:
		r->f->nat_sport = buf_peek_le16(v);
		break;
	case NF_VRF:
		r->f->realm = buf_peek_le32(v + 4);
		break;
	default:
		break;
	}
}

/* Element NF_COUNTERS: number of flows merged, packets and bytes "out". That is the way back where
 * `nfdump -b` merged two flows, and where the exporter sends biflows; but the same packets behind
 * the exporter where it sent the counters 23 and 24 (see elements.def): equal to the others, or
 * instead of them. More packets cannot leave than came: an exporter that says so sends biflows. Of
 * IPFIX, whose biflows have numbers of their own (RFC 5103), a difference is enough. */
static void read_counters(struct flow *f, struct nf_exporter *e, const uint8_t *v, uint8_t version)
{
	bool merged = buf_peek_le64(v) > 1;
	uint64_t packets = buf_peek_le64(v + 8), bytes = buf_peek_le64(v + 16);
	bool differs = packets && (packets != f->packets || bytes != f->bytes);
	if (!merged && f->packets == 0) {
		f->packets = packets;
		f->bytes = bytes;
		return;
	}
	e->biflows |= !merged && packets > f->packets;
	if (e->biflows || (merged && packets) || (version == 10 && differs)) {
		f->rpackets = packets;
		f->rbytes = bytes;
		f->have |= FLOW_RPACKETS | FLOW_RBYTES | FLOW_BOTH_WAYS;
	}
}

static uint32_t interval_of(const struct nf_exporter *e, int64_t id)
{
	for (size_t i = 0; i < e->sampler_n; i++)
		if (e->samplers[i].id == id)
			return e->samplers[i].interval;
	return 0;
}

/* The interval of nfcapd's choice; it takes a record that names no sampler for one of sampler 0. */
static uint32_t chosen(const struct nf_exporter *e, int64_t id)
{
	const int64_t order[] = {NF_SAMPLER_OVERWRITE, id, NF_SAMPLER_ANY, NF_SAMPLER_DEFAULT};
	uint32_t interval = 0;
	for (size_t i = 0; i < sizeof order / sizeof *order && !interval; i++)
		interval = interval_of(e, order[i]);
	return interval;
}

static uint32_t sampling_of(const struct nf_flow *r)
{
	const struct nf_exporter *e = r->exporter;
	if (!r->sampler || e->sampler_n == 0)
		return e->sampling;
	bool wide = buf_peek_le16(r->sampler - 2) >= NF_RECORD_BYTES + 16;
	uint32_t low = buf_peek_le32(r->sampler);
	return chosen(e, wide ? (int64_t)buf_peek_le64(r->sampler) : (int32_t)low);
}

static void unscale(struct flow *f, uint32_t sampling, bool sampled)
{
	if (sampling == 0 || (!sampled && sampling != 1))
		return;
	f->sampling = sampling;
	f->have |= FLOW_SAMPLING;
	f->packets /= f->sampling;
	f->bytes /= f->sampling;
	f->rpackets /= f->sampling;
	f->rbytes /= f->sampling;
}

static void tidy_times(struct flow *f)
{
	if (f->end_ms > 0 && f->start_ms > f->end_ms) { /* nfcapd 1.7.1 swaps some of IPFIX */
		int64_t ms = f->start_ms;
		f->start_ms = f->end_ms;
		f->end_ms = ms;
	}
	if (f->end_ms > 0 && f->received_ms - DAY_MS > f->end_ms)
		f->received_ms = 0; /* made later from a capture: the end says when it was */
	f->have |= f->start_ms ? FLOW_START : 0;
	f->have |= f->end_ms ? FLOW_END : 0;
}

static const char *finish(struct nf_flow *r, uint8_t flags, uint8_t version)
{
	struct flow *f = r->f;
	if (!r->has_generic)
		return "a flow without times and counters";
	if (r->counters)
		read_counters(f, r->exporter, r->counters, version);
	unscale(f, sampling_of(r), flags & NF_FLAG_SAMPLED);
	tidy_times(f);
	f->exporter = r->exporter->number;
	f->have |= f->proto == PROTO_TCP && f->flags ? FLOW_FLAGS : 0;
	flow_take_icmp(f, true);
	return flow_check(f) == ERR_OK ? NULL : "a flow with impossible times";
}

static const char *read_flow(struct nf_exporters *x, const uint8_t *p, size_t n, struct nf_flow *r)
{
	size_t at = NF_FLOW_BYTES;
	if (n < NF_FLOW_BYTES)
		return "a flow record shorter than its header";
	r->exporter = exporter_of(x, buf_peek_le16(p + NF_FLOW_EXPORTER));
	for (size_t left = buf_peek_le16(p + NF_FLOW_ELEMENTS); left > 0; left--) {
		if (n - at < NF_RECORD_BYTES)
			return "a flow record with more elements than bytes";
		uint16_t type = buf_peek_le16(p + at), bytes = buf_peek_le16(p + at + 2);
		uint16_t least = type < NF_ELEMENTS_N ? element_bytes[type] : 0;
		if (bytes < NF_RECORD_BYTES || bytes > n - at || bytes < least)
			return "a flow record with an element of impossible length";
		read_element(x, r, type, p + at + NF_RECORD_BYTES);
		at += bytes;
	}
	return finish(r, p[NF_FLOW_FLAGS], p[NF_FLOW_VERSION]);
}

static const char *useless(const struct nf_flow *r)
{
	if (r->event && r->f->packets == 0)
		return r->event == NF_NAT ? "NAT event" : "firewall event without packets";
	return r->has_addrs ? NULL : "flow record without addresses";
}

static const char *flow_record(
    struct nf_exporters *x, const uint8_t *p, size_t n, struct batch *out)
{
	struct nf_flow r = {.f = batch_flow(out)};
	const char *wrong = read_flow(x, p, n, &r);
	const char *no_use = wrong ? NULL : useless(&r);
	if (no_use)
		batch_ignore(out, no_use);
	if (wrong || no_use)
		batch_undo_flow(out);
	return wrong;
}

static const char *exporter_record(struct nf_exporters *x, const uint8_t *p, size_t n)
{
	if (n < NF_EXPORTER_BYTES)
		return "an exporter record cut short";
	struct nf_exporter *e = exporter_of(x, buf_peek_le16(p + 26));
	bool v4 = buf_peek_le64(p + 8) == 0;
	exporter_is(x, e, v4 ? v4_at(p + 16) : v6_at(p + 8));
	return NULL;
}

/* A number again: it samples so from here on. */
static void keep_sampler(struct nf_exporter *e, int64_t id, uint32_t interval)
{
	size_t i = 0;
	while (i < e->sampler_n && e->samplers[i].id != id)
		i++;
	if (i == NF_SAMPLERS)
		return;
	e->samplers[i].id = id;
	e->samplers[i].interval = interval;
	e->sampler_n = (uint8_t)(i == e->sampler_n ? i + 1 : e->sampler_n);
}

/* The interval of all samplers, 0 where they differ or more were told of than are kept. */
static uint32_t common(const struct nf_exporter *e)
{
	uint32_t interval = e->sampler_n < NF_SAMPLERS ? e->samplers[0].interval : 0;
	for (size_t i = 1; i < e->sampler_n; i++)
		if (e->samplers[i].interval != interval)
			return 0;
	return interval;
}

static const char *sampler_record(struct nf_exporters *x, const uint8_t *p, size_t n)
{
	if (n < NF_SAMPLER_BYTES)
		return "a sampler record cut short";
	struct nf_exporter *e = exporter_of(x, buf_peek_le16(p + 4));
	int64_t id = (int64_t)buf_peek_le64(p + 8);
	uint64_t taken = buf_peek_le32(p + 16), left = buf_peek_le32(p + 20);
	uint64_t interval = taken ? (taken + left) / taken : 0;
	keep_sampler(e, id, interval <= UINT32_MAX ? (uint32_t)interval : 0);
	e->sampling = chosen(e, 0);
	if (!e->sampling)
		e->sampling = common(e);
	return NULL;
}

const char *nf_record(struct nf_exporters *x, const uint8_t *p, size_t n, struct batch *out)
{
	switch (buf_peek_le16(p)) {
	case NF_FLOW:
		return flow_record(x, p, n, out);
	case NF_EXPORTER:
		return exporter_record(x, p, n);
	case NF_SAMPLER:
		return sampler_record(x, p, n);
	default: /* statistics, names of interfaces and VRFs, identification of the file */
		return NULL;
	}
}
