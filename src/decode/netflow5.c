/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NetFlow v5 datagrams -> flows: a header of 24 bytes, up to 30 records of 48 (Cisco, "NetFlow
 * Export Datagram Format", version 5). IPv4 only; no VRF, no end reason, no way back. The sampling
 * interval of the header is taken whatever its mode says: Junipers send mode 0. */
#include "decode/datagram.h"

struct v5_header {
	int64_t exported_ms, boot_ms;
	uint32_t exporter, sampling;
};

static void read_record(const struct v5_header *h, const uint8_t *p, struct flow *f)
{
	f->src = addr_v4(buf_peek_be32(p));
	f->dst = addr_v4(buf_peek_be32(p + 4));
	f->packets = buf_peek_be32(p + 16);
	f->bytes = buf_peek_be32(p + 20);
	f->start_ms = uptime_ms(h->boot_ms, buf_peek_be32(p + 24), h->exported_ms);
	f->end_ms = uptime_ms(h->boot_ms, buf_peek_be32(p + 28), h->exported_ms);
	f->sport = buf_peek_be16(p + 32);
	f->dport = buf_peek_be16(p + 34);
	f->flags = p[37];
	f->proto = p[38];
	f->have = FLOW_PACKETS | FLOW_BYTES | FLOW_FLAGS;
	f->have |= f->start_ms ? FLOW_START : 0;
	f->have |= f->end_ms ? FLOW_END : 0;
	f->have |= h->sampling ? FLOW_SAMPLING : 0;
	f->sampling = h->sampling;
	f->exporter = h->exporter;
	f->exported_ms = h->exported_ms;
	flow_take_icmp(f, true);
}

/* Some never set the interval; one that has and then says 0 is not believed. */
static void take_sampling(struct datagram *d, uint32_t interval)
{
	struct announced *whole = &d->source->whole;
	if (interval || whole->interval)
		datagram_counts(d)->wrong_sampling += !announced_take(whole, interval);
}

void netflow5_read(struct datagram *d)
{
	if (d->n < V5_HEADER_BYTES) {
		datagram_bad(d, d->p, "NetFlow v5: shorter than its header");
		return;
	}
	uint32_t uptime = buf_peek_be32(d->p + 4);
	uint16_t told_n = buf_peek_be16(d->p + 2);
	size_t room_n = (d->n - V5_HEADER_BYTES) / V5_RECORD_BYTES;
	const struct source *s = datagram_source(d, EXPORT_V5, buf_peek_be16(d->p + 20), NULL);
	take_sampling(d, buf_peek_be16(d->p + 22) & 0x3fff);
	struct v5_header h = {
	    .exported_ms = buf_peek_be32(d->p + 8) * 1000LL + buf_peek_be32(d->p + 12) / 1000000,
	    .exporter = s->exporter,
	    .sampling = s->forced ? s->forced : s->whole.interval,
	};
	h.boot_ms = h.exported_ms - uptime;
	if (told_n == 0 || told_n > room_n || told_n > V5_RECORDS_MAX)
		datagram_bad(d, d->p + 2, "NetFlow v5: count of records does not fit the length");
	for (size_t i = 0; i < told_n && i < room_n; i++) {
		const uint8_t *p = d->p + V5_HEADER_BYTES + i * V5_RECORD_BYTES;
		struct flow *f = batch_flow(d->out);
		read_record(&h, p, f);
		f->received_ms = d->received_ms;
		if (flow_check(f) != ERR_OK) {
			batch_undo_flow(d->out);
			datagram_bad(d, p, "NetFlow v5: a record with impossible times");
		}
	}
	datagram_sequence(d, &(struct sequence_step){buf_peek_be32(d->p + 16), told_n, uptime,
				 h.exported_ms, told_n > room_n});
}
