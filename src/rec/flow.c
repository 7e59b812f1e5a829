/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flow records: see flow.h. */
#include "rec/flow.h"
#include "base/when.h"
#include <stdio.h>

static bool time_ok(int64_t ms)
{
	return ms >= 0 && ms <= WHEN_MAX_MS;
}

bool flow_times_ok(const struct flow *f)
{
	return time_ok(f->start_ms) && time_ok(f->end_ms) && time_ok(f->exported_ms) &&
	       time_ok(f->received_ms);
}

static void end_json(const char *key, const union addr *a, const char *port_key, uint16_t port,
    bool ports, struct json *j)
{
	char word[ADDR_TEXT];
	addr_text(word, a);
	json_text(j, key, word);
	if (ports)
		json_uint(j, port_key, port);
}

static void counts_json(const struct flow *f, struct json *j)
{
	if (f->have & FLOW_FLAGS)
		json_uint(j, "flags", f->flags);
	if (f->have & FLOW_PACKETS)
		json_uint(j, "packets", f->packets);
	if (f->have & FLOW_BYTES)
		json_uint(j, "bytes", f->bytes);
	if (f->have & FLOW_RPACKETS)
		json_uint(j, "rpackets", f->rpackets);
	if (f->have & FLOW_RBYTES)
		json_uint(j, "rbytes", f->rbytes);
	if (f->have & FLOW_RFLAGS)
		json_uint(j, "rflags", f->rflags);
}

static void source_json(const struct flow *f, const char *exporter, struct json *j)
{
	static const char *const reasons[] = {"", "idle", "active", "fin", "forced", "lack"};
	if (f->state[0])
		json_text(j, "state", f->state);
	if (f->reason && f->reason < sizeof reasons / sizeof *reasons)
		json_text(j, "reason", reasons[f->reason]);
	if (f->exported_ms)
		json_time(j, "exported", f->exported_ms);
	if (f->received_ms)
		json_time(j, "received", f->received_ms);
	if (f->have & FLOW_ICMP) {
		char word[16];
		(void)snprintf(word, sizeof word, "%u/%u", f->icmp_type, f->icmp_code);
		json_text(j, "icmp", word);
	}
	if (f->realm) {
		char word[16];
		(void)snprintf(word, sizeof word, "%u", f->realm);
		json_text(j, "realm", word);
	}
	if (f->have & FLOW_NAT_SRC)
		end_json("nat_src", &f->nat_src, "nat_sport", f->nat_sport, true, j);
	if (f->have & FLOW_SAMPLING)
		json_uint(j, "sampling", f->sampling);
	if (exporter && *exporter)
		json_text(j, "exporter", exporter);
}

void flow_json(const struct flow *f, const char *exporter, struct json *j)
{
	bool ports = f->proto == PROTO_TCP || f->proto == PROTO_UDP || f->proto == PROTO_SCTP ||
		     f->sport || f->dport;
	json_open(j, NULL);
	json_text(j, "type", "flow");
	if (f->have & FLOW_START)
		json_time(j, "start", f->start_ms);
	if (f->have & FLOW_END)
		json_time(j, "end", f->end_ms);
	end_json("src", &f->src, "sport", f->sport, ports, j);
	end_json("dst", &f->dst, "dport", f->dport, ports, j);
	json_uint(j, "proto", f->proto);
	counts_json(f, j);
	source_json(f, exporter, j);
	json_close(j);
	json_line(j);
}
