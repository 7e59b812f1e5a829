/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames -> records: see tap.h. The clock is the newest time of the frames and drives all timeouts;
 * a record has the times of its own frames. DNS is read on port 53 of UDP and TCP; multicast DNS
 * and LLMNR (5353, 5355) stay on their link and are flows only. A UDP datagram that is a flow
 * export makes the flows it tells of and is none itself; at an address and port that such datagrams
 * went to, one that starts alike is a damaged one, and a fragment a part of one. */
#include "decode/tap.h"
#include "decode/datagram.h"
#include "decode/link.h"

enum { PORT_DNS = 53 };

void tap_init(struct tap *t, const struct decode_env *env, const struct meter_opts *opts)
{
	*t = (struct tap){.export = export_new(env)};
	meter_init(&t->meter, opts);
	dnspair_init(&t->dns);
	dnstcp_init(&t->dns_tcp);
	fragments_init(&t->fragments);
}

void tap_fini(struct tap *t)
{
	meter_fini(&t->meter);
	dnspair_fini(&t->dns);
	dnstcp_fini(&t->dns_tcp);
	fragments_fini(&t->fragments);
	export_free(t->export);
}

static void look_for_dns(
    struct tap *t, const struct frame *f, const struct packet *k, struct batch *out)
{
	struct dnsmessage m = {.packet = k,
	    .p = k->data,
	    .n = k->data_n,
	    .cut = k->cut || k->more,
	    .time_ms = f->time_ms,
	    .now_ms = t->now_ms,
	    .offset = f->offset};
	if (k->proto == PROTO_TCP)
		dnstcp_segment(&t->dns_tcp, &m, &t->dns, out);
	else if (k->data_n)
		dnspair_message(&t->dns, &m, out);
}

static bool is_collector(const struct tap *t, const struct packet *k)
{
	for (unsigned i = 0; i < TAP_COLLECTORS && i < t->collectors_n; i++)
		if (t->collectors[i].port == k->dport && addr_same(&t->collectors[i].addr, &k->dst))
			return true;
	return false;
}

/* True when the packet is a datagram for a collector, or a part of one, and done with. */
static bool look_for_export(
    struct tap *t, const struct frame *f, const struct packet *k, struct batch *out)
{
	if (k->data_n < 4)
		return k->is_fragment && is_collector(t, k);
	if (!datagram_version(k->data, k->data_n))
		return false;
	bool known = is_collector(t, k);
	if (!known && !export_sniff(k->data, k->data_n))
		return false;
	if (!known) {
		unsigned i = t->collectors_n++ % TAP_COLLECTORS;
		t->collectors[i].addr = k->dst;
		t->collectors[i].port = k->dport;
	}
	export_datagram(t->export, &k->src, f->time_ms, k->data, k->data_n, f->offset, out);
	return true;
}

/* True when the packet is done with, and no part of a flow. */
static bool look_inside(
    struct tap *t, const struct frame *f, const struct packet *k, struct batch *out)
{
	if (k->proto != PROTO_UDP && k->proto != PROTO_TCP)
		return false;
	if (k->sport == PORT_DNS || k->dport == PORT_DNS) {
		look_for_dns(t, f, k, out);
		return false;
	}
	return k->proto == PROTO_UDP && look_for_export(t, f, k, out);
}

static void take(struct tap *t, const struct frame *f, struct batch *out)
{
	struct buf b = buf_of(f->p, f->n);
	struct packet k;
	bool other;
	const char *wrong = link_strip(f->link, &b, &other);
	if (wrong && other) {
		batch_ignore(out, wrong);
		return;
	}
	size_t header = b.at;
	if (!wrong)
		wrong = packet_read(
		    &k, &b, f->sent_bytes > header ? f->sent_bytes - (uint32_t)header : 0);
	if (wrong) {
		batch_bad(out, f->offset, wrong);
		return;
	}
	if (k.is_fragment)
		fragments_see(&t->fragments, &k, t->now_ms);
	if (!look_inside(t, f, &k, out))
		meter_packet(&t->meter, &k, f->time_ms, out);
}

bool tap_frame(struct tap *t, const struct frame *f, struct batch *out)
{
	if (f->time_ms > t->now_ms && !(f->lone && t->now_ms))
		t->now_ms = f->time_ms;
	if (dnspair_advance(&t->dns, t->now_ms, out) || meter_advance(&t->meter, t->now_ms, out))
		return true;
	take(t, f, out);
	return false;
}

bool tap_flush(struct tap *t, struct batch *out)
{
	if (dnspair_flush(&t->dns, out) || meter_flush(&t->meter, out))
		return true;
	t->now_ms = 0;
	return false;
}
