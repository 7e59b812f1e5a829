/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is packed comes back as it was, in a cache line where it is a flow like most. */
#include "rec/packed.h"
#include "unit.h"
#include <stddef.h>
#include <string.h>

#define T0 1767323045000ll

static struct flow v4(void)
{
	return (struct flow){.src = addr_v4(0x0a000001),
	    .dst = addr_v4(0xc6336407),
	    .start_ms = T0 - 60000,
	    .end_ms = T0 - 1,
	    .exported_ms = T0,
	    .received_ms = T0 + 300,
	    .packets = UINT32_MAX,
	    .bytes = 1500,
	    .rpackets = 7,
	    .rbytes = 8,
	    .have = 0x0fff,
	    .sampling = 1000,
	    .exporter = 65535,
	    .sport = 40000,
	    .dport = 443,
	    .proto = 6,
	    .flags = 0x1b,
	    .rflags = 0x12,
	    .icmp_type = 8,
	    .icmp_code = 1,
	    .reason = FLOW_REASON_FIN};
}

static size_t bytes_of(const struct flow *f)
{
	_Alignas(8) uint8_t room[PACKED_MAX];
	struct flow back;
	memset(&back, 0xff, sizeof back);
	size_t n = flow_pack(f, T0, room);
	flow_unpack(room, T0, &back);
	assert_memory_equal(&back, f, offsetof(struct flow, state) + sizeof f->state);
	assert_int_equal(packed_bytes(room), n);
	assert_int_equal(n % 8, 0);
	return n;
}

static void flows_come_back_as_they_were(void **state)
{
	(void)state;
	struct flow f = v4();
	assert_int_equal(bytes_of(&f), 64);
	f.start_ms = f.exported_ms = f.received_ms = 0; /* unknown is not T0 */
	assert_int_equal(bytes_of(&f), 64);
	f.src.b[0] = 0x20;
	assert_int_equal(bytes_of(&f), 88);
	const size_t whole = 8 + sizeof f;
	f = v4();
	f.bytes = 1ull << 32;
	assert_int_equal(bytes_of(&f), whole);
	f = v4();
	f.rbytes = UINT64_MAX;
	assert_int_equal(bytes_of(&f), whole);
	f = v4();
	f.start_ms = 1; /* 1970 */
	assert_int_equal(bytes_of(&f), whole);
	f = v4();
	f.have |= FLOW_NAT_SRC;
	f.nat_src = addr_v4(0xcb007101);
	f.nat_sport = 1024;
	assert_int_equal(bytes_of(&f), whole);
	f = v4();
	f.realm = 3;
	assert_int_equal(bytes_of(&f), whole);
	f = v4();
	(void)str_copy(f.state, sizeof f.state, "refused", 7);
	assert_int_equal(bytes_of(&f), whole);
}

static void dns_comes_back_as_it_was(void **state)
{
	(void)state;
	static char longest[DNS_NAME_MAX + 1];
	memset(longest, 'a', DNS_NAME_MAX);
	const char *const names[] = {"", "example.com", longest};
	for (size_t i = 0; i < ROWS(names); i++)
		for (int full = 0; full < 2; full++) {
			_Alignas(8) uint8_t room[PACKED_MAX];
			struct dns d = {.client = addr_v4(1), .time_ms = T0, .rcode = DNS_NXDOMAIN},
				   back = {0};
			assert_true(dns_set_name(&d, span_of(names[i])));
			for (int k = 0; full && k < DNS_ADDRS_MAX; k++)
				dns_add_addr(&d, &d.client);
			for (int k = 0; full && k < 60; k++)
				dns_add_other(&d, "ab.c", 4);
			size_t n = dns_pack(&d, room);
			assert_true(n <= PACKED_MAX && n == packed_bytes(room) && n % 8 == 0);
			dns_unpack(room, &back);
			assert_memory_equal(&back, &d, sizeof d);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(flows_come_back_as_they_were),
	    cmocka_unit_test(dns_comes_back_as_it_was),
	};
	return cmocka_run_group_tests_name("packed", tests, NULL, NULL);
}
