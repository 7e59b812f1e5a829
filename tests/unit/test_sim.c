/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The simulated provider: conversations are cut as an exporter cuts them and nothing is lost, the
 * exporter's datagrams read back, no address leaves its range, bots are spread over two decades,
 * and the same options give the same files. */
#include "base/buf.h"
#include "base/hash.h"
#include "sim/bot.h"
#include "sim/export.h"
#include "sim/home.h"
#include "sim/sim.h"
#include "sim/talk.h"
#include "sim/world.h"
#include "unit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ACTIVE_MS = 60000 };

static struct talk some_talk(uint32_t out_n, uint32_t in_n, uint32_t span_ms, uint32_t beat_ms)
{
	struct talk t = {.start_ms = 1000000, .peer = addr_v4(0xc6120001), .beat_ms = beat_ms};
	talk_udp(&t, out_n, 100, in_n, 1000, span_ms);
	return t;
}

static void pieces_add_up(void **state)
{
	static const struct {
		uint32_t out_n, in_n, span_ms, beat_ms, pieces;
	} rows[] = {
	    {1, 0, 0, 0, 1},
	    {10, 12, 60000, 0, 1},
	    {10, 12, 60001, 0, 2},
	    {7, 90000, 600000, 0, 10},
	    {2, 3, 3600000, 0, 60},
	    {40, 40, 19 * 25000, 25000, 20},
	    {4000000, 0, 481000, 0, 9},
	};
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct talk t =
		    some_talk(rows[i].out_n, rows[i].in_n, rows[i].span_ms, rows[i].beat_ms);
		assert_int_equal(talk_pieces(&t, ACTIVE_MS), rows[i].pieces);
		for (int way = 0; way < 2; way++) {
			uint64_t packets = 0, bytes = 0;
			int64_t last = t.start_ms;
			for (uint32_t k = 0; k < rows[i].pieces; k++) {
				struct piece p = talk_piece(&t, k, way, ACTIVE_MS);
				packets += p.packets;
				bytes += p.bytes;
				if (p.packets == 0)
					continue;
				assert_true(last <= p.start_ms && p.start_ms <= p.end_ms);
				assert_true(p.end_ms - p.start_ms <= ACTIVE_MS);
				assert_true(p.end_ms <= talk_exported(&t, k, ACTIVE_MS));
				last = p.end_ms;
			}
			assert_int_equal(packets, t.packets[way]);
			assert_in_range(
			    bytes, t.bytes[way] > 0 ? t.bytes[way] - 1 : 0, t.bytes[way] + 1);
		}
	}
}

static void flags_belong_to_first_and_last_piece(void **state)
{
	(void)state;
	struct talk t = {.start_ms = 1000000, .peer = addr_v4(0xc6120001)};
	talk_tcp(&t, 100000, 5000000, 150000);
	assert_int_equal(talk_pieces(&t, ACTIVE_MS), 3);
	assert_int_equal(talk_piece(&t, 0, 0, ACTIVE_MS).flags, TCP_SYN | TCP_ACK | TCP_PSH);
	assert_int_equal(talk_piece(&t, 1, 0, ACTIVE_MS).flags, TCP_ACK | TCP_PSH);
	assert_int_equal(talk_piece(&t, 2, 1, ACTIVE_MS).flags, TCP_FIN | TCP_ACK | TCP_PSH);
	assert_int_equal(talk_piece(&t, 1, 0, ACTIVE_MS).reason, FLOW_REASON_ACTIVE);
	assert_int_equal(talk_piece(&t, 2, 0, ACTIVE_MS).reason, FLOW_REASON_FIN);
	talk_fail(&t, TALK_UNANSWERED, 3);
	assert_int_equal(talk_piece(&t, 0, 0, ACTIVE_MS).flags, TCP_SYN);
	assert_int_equal(talk_piece(&t, 0, 0, ACTIVE_MS).end_ms, t.start_ms + 3000);
}

static void a_clipped_conversation_ends_with_the_run(void **state)
{
	(void)state;
	struct talk t = some_talk(1000, 1000, 100000, 0);
	talk_clip(&t, t.start_ms + 50000);
	assert_int_equal(t.span_ms, 50000);
	assert_in_range(t.packets[0], 499, 501);
	assert_true(t.cut);
}

static void lines_have_addresses_of_their_own(void **state)
{
	struct prefix inside;
	struct err e;
	(void)state;
	assert_int_equal(prefix_parse(span_of("100.64.0.0/10"), &inside, &e), ERR_OK);
	assert_true(home_room(&inside) >= 4000000);
	for (uint32_t line = 0; line < 4000000; line += 997) {
		union addr a = home_v4(&inside, line), b = home_v4(&inside, line + 1);
		struct prefix net = home_v6_net(line);
		union addr v6 = home_v6(line, 2, 20000);
		assert_true(prefix_holds(&inside, &a));
		assert_false(addr_same(&a, &b));
		assert_true(prefix_holds(&net, &v6));
	}
}

static bool is_reserved(const union addr *a)
{
	static const char *const nets[] = {"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10",
	    "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	    "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"};
	for (size_t i = 0; i < ROWS(nets); i++) {
		struct prefix net;
		struct err e;
		assert_int_equal(prefix_parse(span_of(nets[i]), &net, &e), ERR_OK);
		if (prefix_holds(&net, a))
			return true;
	}
	return false;
}

static void outside_addresses_are_where_they_should_be(void **state)
{
	struct prefix busy;
	struct err e;
	(void)state;
	assert_int_equal(prefix_parse(span_of("198.18.0.0/15"), &busy, &e), ERR_OK);
	for (uint64_t i = 0; i < 20000; i++) {
		union addr a = world_public(i), c = world_controller((uint32_t)i % 400);
		assert_false(is_reserved(&a));
		assert_true(is_reserved(&c) && !prefix_holds(&busy, &c));
	}
	for (uint32_t rank = 0; rank < WORLD_BUSY; rank++) {
		union addr a = world_site_v4(rank, 3);
		assert_true(prefix_holds(&busy, &a));
	}
}

static void levels_are_spread_over_two_decades(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		uint32_t order[DEEDS] = {0};
		float low[DEEDS], high[DEEDS] = {0};
		unsigned n[DEEDS] = {0};
		for (uint32_t i = 0; i < 60; i++) {
			struct home h = home_of(seed, i * 7);
			struct bot b;
			bot_plan(&b, i, &h, order, seed, 1440);
			for (int k = 0; k < FAMILY_DEEDS && b.deeds[k].kind; k++) {
				uint8_t kind = b.deeds[k].kind;
				if (n[kind]++ == 0 || b.deeds[k].level < low[kind])
					low[kind] = b.deeds[k].level;
				if (b.deeds[k].level > high[kind])
					high[kind] = b.deeds[k].level;
			}
		}
		for (int kind = DEED_SCAN; kind <= DEED_TUNNEL; kind++) {
			assert_true(n[kind] >= 7);
			assert_true(high[kind] / low[kind] > 30 && high[kind] / low[kind] <= 100.5);
		}
	}
}

/* What a datagram of the pcap holds: its version, count and the bytes of its sets. */
static struct buf datagram(struct buf *file)
{
	buf_skip(file, 8);
	uint32_t n = buf_le32(file);
	buf_skip(file, 4);
	struct buf packet = buf_sub(file, n);
	buf_skip(&packet, 14 + 20 + 8);
	return packet;
}

static void read_back(bool ipfix, uint32_t sampling)
{
	char dir[] = P_tmpdir "/theriac-sim-XXXXXX", path[64];
	static uint8_t bytes[4096];
	struct sink sink;
	struct err e;
	static struct exporter x;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(sink_open(&sink, dir, "f", &e), ERR_OK);
	struct exporter_about about = {
	    .ipfix = ipfix, .flags = true, .sampling = sampling, .start_ms = 1772409600000};
	exporter_open(&x, &sink, &about);
	struct export_record r = {.src = addr_v4(0x64400002),
	    .dst = addr_v4(0xc6120001),
	    .start_ms = 1772409600250,
	    .end_ms = 1772409601500,
	    .exported_ms = 1772409602700,
	    .bytes = 5000000000,
	    .packets = 77,
	    .sport = 40000,
	    .dport = 443,
	    .proto = 6,
	    .flags = 27,
	    .reason = 3,
	    .outward = true};
	exporter_add(&x, &r);
	exporter_close(&x);
	assert_int_equal(sink_close(&sink, &e), ERR_OK);
	(void)snprintf(path, sizeof path, "%s/f", dir);
	FILE *f = fopen(path, "rbe");
	assert_non_null(f);
	struct buf file = buf_of(bytes, fread(bytes, 1, sizeof bytes, f));
	(void)fclose(f);
	(void)unlink(path);
	(void)rmdir(dir);
	buf_skip(&file, 24);
	struct buf first = datagram(&file), second = datagram(&file);
	assert_int_equal(buf_left(&file), 0);
	assert_false(file.bad || first.bad || second.bad);
	assert_int_equal(buf_be16(&first), ipfix ? 10 : 9);
	assert_int_equal(buf_be16(&second), ipfix ? 10 : 9);
	buf_skip(&second, 2);
	uint32_t uptime = ipfix ? 0 : buf_be32(&second);
	assert_int_equal(buf_be32(&second), 1772409603);
	uint32_t options = sampling > 1, sequence = buf_be32(&second);
	assert_int_equal(sequence, ipfix ? options : 1);
	buf_skip(&second, 4);
	assert_int_equal(buf_be16(&second), 256);
	buf_skip(&second, 2);
	assert_int_equal(buf_be32(&second), 0x64400002);
	assert_int_equal(buf_be32(&second), 0xc6120001);
	assert_int_equal(buf_be16(&second), 40000);
	assert_int_equal(buf_be16(&second), 443);
	assert_int_equal(buf_u8(&second), 6);
	assert_int_equal(buf_u8(&second), 27);
	assert_int_equal(buf_be32(&second), 77);
	assert_int_equal(buf_be64(&second), 5000000000);
	if (ipfix) {
		assert_int_equal(buf_be64(&second), 1772409600250);
	} else {
		int64_t boot_ms = 1772409603000 - (int64_t)uptime;
		assert_int_equal(boot_ms + buf_be32(&second), 1772409600250);
		assert_int_equal(boot_ms + buf_be32(&second), 1772409601500);
	}
	assert_false(second.bad);
}

static void datagrams_read_back(void **state)
{
	(void)state;
	read_back(false, 1);
	read_back(false, 100);
	read_back(true, 1);
	read_back(true, 100);
}

static uint64_t hash_of_run(const char *format, uint64_t seed)
{
	char dir[] = P_tmpdir "/theriac-sim-XXXXXX", path[64];
	static const char *const names[] = {
	    "flows.pcap", "conn.log", "dns.log", "truth.jsonl", "indicators.csv"};
	struct sim_options o = {0};
	struct sim_result result;
	struct err e = {0};
	uint64_t sum = 0;
	opt_defaults(sim_rows, SIM_ROWS, &o);
	assert_non_null(mkdtemp(dir));
	o.lines = 40;
	o.hours = 1;
	o.seed = seed;
	o.out = dir;
	o.format = format;
	assert_int_equal(sim_run(&o, (struct sim_watch){0}, &result, &e), ERR_OK);
	assert_true(result.flows > 1000 && result.lookups > 300 && result.infected == 1);
	for (size_t i = 0; i < ROWS(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		FILE *f = fopen(path, "rbe");
		char block[4096];
		size_t n;
		while (f && (n = fread(block, 1, sizeof block, f)) > 0)
			sum = hash_mix(sum ^ hash_bytes(&hash_key_offline, block, n).a);
		if (f)
			(void)fclose(f);
		(void)unlink(path);
	}
	(void)rmdir(dir);
	return sum;
}

static void the_same_options_give_the_same_bytes(void **state)
{
	static const char *const formats[] = {"v9", "ipfix", "zeek"};
	(void)state;
	for (size_t i = 0; i < ROWS(formats); i++) {
		uint64_t first = hash_of_run(formats[i], 7);
		assert_true(first == hash_of_run(formats[i], 7));
		assert_true(first != hash_of_run(formats[i], 8));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pieces_add_up),
	    cmocka_unit_test(flags_belong_to_first_and_last_piece),
	    cmocka_unit_test(a_clipped_conversation_ends_with_the_run),
	    cmocka_unit_test(lines_have_addresses_of_their_own),
	    cmocka_unit_test(outside_addresses_are_where_they_should_be),
	    cmocka_unit_test(levels_are_spread_over_two_decades),
	    cmocka_unit_test(datagrams_read_back),
	    cmocka_unit_test(the_same_options_give_the_same_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
