/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Datagrams and the way they came, over the loopback in both families. */
#include "collect/collect.h"
#include "unit.h"
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

static int sender(const union addr *to, uint16_t port, int ttl)
{
	struct sockaddr_storage sa;
	socklen_t n = listen_sockaddr(&sa, to, port);
	bool v4 = addr_is_v4(to);
	int fd = socket(sa.ss_family, SOCK_DGRAM, 0);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6,
			     v4 ? IP_TTL : IPV6_UNICAST_HOPS, &ttl, sizeof ttl),
	    0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, n), 0);
	return fd;
}

static void the_way_of_a_datagram_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *listen;
		int ttl;
	} rows[] = {{"udp:127.0.0.1:0", 255}, {"udp:127.0.0.1:0", 3}, {"udp:[::1]:0", 254}};
	struct udp *u = udp_new();
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct udp_datagram *v;
		struct listen l;
		size_t got_bytes;
		int fd;
		assert_int_equal(listen_parse(&l, rows[i].listen, NULL), ERR_OK);
		const struct udp_how how = {.buffer_bytes = 1 << 20};
		if (udp_open(&l, &how, &fd, &got_bytes, NULL))
			continue; /* no IPv6 here */
		int from = sender(&l.addr, l.port, rows[i].ttl);
		for (int k = 0; k < 3; k++)
			assert_int_equal(write(from, "hello", 5), 5);
		assert_int_equal(udp_receive(fd, u, &v), 3);
		for (int k = 0; k < 3; k++) {
			assert_int_equal(v[k].n, 5);
			assert_int_equal(v[k].ttl, rows[i].ttl);
			assert_int_equal(v[k].via, if_nametoindex("lo"));
			assert_true(addr_same(&v[k].from, &l.addr));
		}
		(void)close(from);
		(void)close(fd);
	}
	udp_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_way_of_a_datagram_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
