/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frames and packets: what is found in them, and what is refused. */
#include "decode/link.h"
#include "decode/packet.h"
#include "unit.h"
#include <string.h>

#define ADDRS4    "\x0a\x01\x00\x05\xc6\x33\x64\x07"
#define IP4(n, p) "\x45\x00\x00" n "\x00\x07\x00\x00\x40" p "\x00\x00" ADDRS4
#define ZEROS_8   "\0\0\0\0\0\0\0\0"
#define ADDRS6                                                                                     \
	"\x20\x01" ZEROS_8 "\0\0\0\0\0\5"                                                          \
	"\x20\x01" ZEROS_8 "\0\0\0\0\0\7"
#define IP6(n, p) "\x60\0\0\0\0" n p "\x40" ADDRS6
#define UDP                                                                                        \
	"\x00\x01\x00\x02\x00\x0c\x00\x00"                                                         \
	"data"
#define TCP     "\x00\x01\x00\x02\0\0\0\x09\0\0\0\0\x50\x12\0\0\0\0\0\0"
#define TEXT(s) s, sizeof(s) - 1
#define MAC     "\2\0\0\0\0\1\2\0\0\0\0\2"

static void the_packet_in_a_frame(void **state)
{
	(void)state;
	static const char cut[] = "frame is cut off in its link header";
	static const char other[] = "frames that hold no IP packet";
	static const struct row {
		unsigned link;
		const char *bytes;
		size_t n, at;
		const char *wrong;
	} rows[] = {
	    {LINK_ETHERNET, TEXT(MAC "\x08\x00"), 14, NULL},
	    {LINK_ETHERNET, TEXT(MAC "\x81\0\0\1\x86\xdd"), 18, NULL},
	    {LINK_ETHERNET, TEXT(MAC "\x88\xa8\0\1\x81\0\0\2\x08\0"), 22, NULL},
	    {LINK_ETHERNET, TEXT(MAC "\x08\x06"), 14, other},
	    {LINK_ETHERNET, TEXT(MAC "\x08"), 0, cut},
	    {LINK_ETHERNET, TEXT(MAC "\x81\0\0\1"), 0, cut},
	    {LINK_ETHERNET, TEXT(MAC "\x88\x64\x11\0\0\1\0\x20\0\x21"), 22, NULL},
	    {LINK_ETHERNET, TEXT(MAC "\x88\x64\x11\0\0\1\0\x20\x57"), 21, NULL},
	    {LINK_ETHERNET, TEXT(MAC "\x88\x64\x11\0\0\1\0\x20\xc0\x21"), 22, other},
	    {LINK_ETHERNET, TEXT(MAC "\x88\x47\0\0\0\0\0\0\1\0\x60"), 22, NULL},
	    {LINK_ETHERNET, TEXT(MAC "\x88\x47\0\0\1\0\0"), 18, other},
	    {LINK_ETHERNET, TEXT(MAC "\0\x20\xaa\xaa\3\0\0\0\x08\0"), 22, NULL},
	    {LINK_NULL, TEXT("\x1e\0\0\0"), 4, NULL},
	    {LINK_NULL, TEXT("\0\0\0\2"), 4, NULL},
	    {LINK_NULL, TEXT("\7\0\0\0"), 4, other},
	    {LINK_RADIOTAP, TEXT("\0\0\2\0\0\0\0\0"), 4,
		"radiotap header has an impossible length"},
	    {LINK_RADIOTAP, TEXT("\0\0\xff\xff\0\0\0\0"), 0, cut},
	    {LINK_RAW, TEXT(""), 0, NULL},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct buf b = buf_of(rows[i].bytes, rows[i].n);
		bool is_other;
		const char *wrong = link_strip(rows[i].link, &b, &is_other);
		if ((wrong == NULL) != (rows[i].wrong == NULL) ||
		    (wrong && strcmp(wrong, rows[i].wrong) != 0) || (!wrong && b.at != rows[i].at))
			fail_msg("row %zu: at %zu, %s", i, b.at, wrong ? wrong : "found");
		assert_int_equal(is_other, rows[i].wrong == other);
	}
}

static void packets_that_are_refused(void **state)
{
	(void)state;
	static const struct row {
		const char *bytes;
		size_t n;
		const char *wrong;
	} rows[] = {
	    {TEXT(""), "packet is cut off in its IP header"},
	    {TEXT("\x25\0\0\0"), "packet is neither IPv4 nor IPv6"},
	    {TEXT("\x45\0\0\x1c\0\7\0\0"), "packet is cut off in its IP header"},
	    {TEXT("\x44\0\0\x1c\0\7\0\0\x40\x11\0\0" ADDRS4), "IPv4 header has impossible lengths"},
	    {TEXT("\x4f\0\0\x20\0\7\0\0\x40\x11\0\0" ADDRS4), "IPv4 header has impossible lengths"},
	    {TEXT("\x4f\0\1\0\0\7\0\0\x40\x11\0\0" ADDRS4), "packet is cut off in its IP header"},
	    {TEXT(IP4("\x28", "\6") "\0\1\0\2\0\0"), "packet is cut off in its transport header"},
	    {TEXT(IP4("\x17", "\x11") UDP), "packet is cut off in its transport header"},
	    {TEXT(IP6("\x0c", "\0")), "packet is cut off in its IP header"},
	    {TEXT(IP6("\x0c", "\0") "\x11\xff" ZEROS_8), "packet is cut off in its IP header"},
	};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct packet k;
		struct buf b = buf_of(rows[i].bytes, rows[i].n);
		const char *wrong = packet_read(&k, &b, (uint32_t)rows[i].n);
		if (!wrong || strcmp(wrong, rows[i].wrong) != 0)
			fail_msg("row %zu: %s", i, wrong ? wrong : "read");
	}
}

static struct packet packet_of(const char *bytes, size_t n, uint32_t sent)
{
	struct packet k;
	struct buf b = buf_of(bytes, n);
	assert_null(packet_read(&k, &b, sent));
	return k;
}

static void bytes_are_those_sent(void **state)
{
	(void)state;
	struct packet k = packet_of(TEXT(IP4("\x20", "\x11") UDP "padding"), 60);
	assert_int_equal(k.bytes, 32);
	assert_int_equal(k.data_n, 4);
	assert_false(k.cut);
	k = packet_of(TEXT(IP4("\x80", "\x11") UDP), 128);
	assert_int_equal(k.bytes, 128);
	assert_true(k.cut);
	k = packet_of(TEXT(IP4("\x00", "\6") TCP), 9000); /* segmented by the card */
	assert_int_equal(k.bytes, 9000);
	assert_int_equal(k.flags, TCP_SYN | TCP_ACK);
	assert_int_equal(k.seq, 9);
	k = packet_of(TEXT(IP6("\0", "\6") TCP), 60000);
	assert_int_equal(k.bytes, 60000);
}

static void ports_behind_extension_headers(void **state)
{
	(void)state;
	struct packet k = packet_of(TEXT(IP6("\x1c", "\0") "\x2b\0\0\0\0\0\0\0"
							   "\x11\0\0\0\0\0\0\0" UDP),
	    68);
	assert_int_equal(k.proto, PROTO_UDP);
	assert_int_equal(k.dport, 2);
	k = packet_of(TEXT(IP6("\x0c", "\x2c") "\x11\0\1\xf9\0\0\0\7"
					       "1234"),
	    52);
	assert_true(k.is_fragment && k.more);
	assert_int_equal(k.fragment_at, 0x1f8);
	assert_int_equal(k.ident, 7);
	assert_int_equal(k.dport, 0);
}

static void an_error_quotes_the_packet_it_is_about(void **state)
{
	(void)state;
	struct packet k = packet_of(
	    TEXT(IP4("\x38", "\1") "\3\3\0\0\0\0\0\0" IP4("\xff", "\x11") "\0\1\0\2\0\0\0\0"), 56);
	struct packet quoted;
	assert_true(packet_quoted(&k, &quoted));
	assert_int_equal(quoted.sport, 1);
	assert_int_equal(quoted.dport, 2);
	k.icmp_type = 8;
	assert_false(packet_quoted(&k, &quoted));
	k.icmp_type = 3;
	k.data_n = 22;
	assert_false(packet_quoted(&k, &quoted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_packet_in_a_frame),
	    cmocka_unit_test(packets_that_are_refused),
	    cmocka_unit_test(bytes_are_those_sent),
	    cmocka_unit_test(ports_behind_extension_headers),
	    cmocka_unit_test(an_error_quotes_the_packet_it_is_about),
	};
	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
