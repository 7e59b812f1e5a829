/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnstap frames: protobuf that lies, times, and the clock that drives the timeouts. */
#include "decode/decode.h"
#include "unit.h"
#include <string.h>

#define T0_S 1767323045
enum { QUERY = 5, RESPONSE = 6, PORT = 40000 };

struct fixture {
	struct exporters *exporters;
	struct dnstap *s;
	struct batch out;
};

static struct fixture begin(void)
{
	struct fixture f = {.exporters = exporters_new()};
	struct decode_env env = {.exporters = f.exporters};
	f.s = dnstap_new(&env);
	return f;
}

static void end(struct fixture *f)
{
	dnstap_free(f->s);
	exporters_free(f->exporters);
	batch_fini(&f->out);
}

static void bytes_row(const char *what, const char *bytes, size_t n, const char *wrong)
{
	struct fixture f = begin();
	dnstap_frame(f.s, (const uint8_t *)bytes, n, 0, &f.out);
	const char *got = f.out.bad_n ? f.out.notes[0].reason : NULL;
	if ((got == NULL) != (wrong == NULL) || (got && strcmp(got, wrong) != 0))
		fail_msg("%s: '%s'", what, got ? got : "");
	assert_int_equal(f.out.dns_n, 0);
	end(&f);
}

static void protobuf_is_walked_within_its_bytes(void **state)
{
	(void)state;
	static const char wrong[] = "a dnstap frame that is not protobuf";
	bytes_row("nothing", "", 0, NULL);
	bytes_row("a tag alone", "\x72", 1, wrong);
	bytes_row("a length past the end", "\x72\x02\x08", 3, wrong);
	bytes_row(
	    "a length of 2^64 - 1", "\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, wrong);
	bytes_row("a number that does not end", "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
	    12, wrong);
	bytes_row("a group", "\x0b\x0c", 2, wrong);
	bytes_row("fixed numbers cut", "\x0d\x01\x02\x03", 4, wrong);
	bytes_row("unknown fields", "\xa0\x06\x01\xa9\x06zzzzzzzz\xad\x06zzzz", 19, NULL);
	bytes_row("a message that is a number", "\x70\x05", 2, NULL);
	bytes_row("damage inside the message", "\x72\x02\x08\x85", 4, wrong);
}

struct told {
	unsigned type;
	int64_t query_s, response_s; /* after T0_S; negative: not sent */
	uint16_t port;
};

static size_t put_varint(uint8_t *p, uint64_t v)
{
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		p[n++] = (uint8_t)(v | 0x80);
	p[n++] = (uint8_t)v;
	return n;
}

/* www.example.com, asked by 192.0.2.10. */
static void tell(struct fixture *f, struct told t)
{
	static const char dns[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1";
	uint8_t body[200] = {8, (uint8_t)t.type, 4 << 3 | 2, 4, 192, 0, 2, 10, 6 << 3}, frame[210];
	size_t n = 9 + put_varint(body + 9, t.port);
	if (t.query_s >= 0) {
		body[n++] = 8 << 3;
		n += put_varint(body + n, (uint64_t)(T0_S + t.query_s));
	}
	if (t.response_s >= 0) {
		body[n++] = 12 << 3;
		n += put_varint(body + n, (uint64_t)(T0_S + t.response_s));
	}
	body[n++] = t.type == RESPONSE ? 14 << 3 | 2 : 10 << 3 | 2;
	body[n++] = sizeof dns - 1;
	memcpy(body + n, dns, sizeof dns - 1);
	body[n + 2] |= t.type == RESPONSE ? 0x80 : 0;
	n += sizeof dns - 1;
	frame[0] = 14 << 3 | 2;
	size_t head = 1 + put_varint(frame + 1, n);
	memcpy(frame + head, body, n);
	dnstap_frame(f->s, frame, head + n, 0, &f->out);
}

static void an_answer_with_the_query_time_needs_no_query(void **state)
{
	(void)state;
	struct fixture f = begin();
	tell(&f, (struct told){RESPONSE, 1, 2, PORT});
	tell(&f, (struct told){RESPONSE, -1, 3, PORT});
	tell(&f, (struct told){QUERY, 4, -1, PORT});
	tell(&f, (struct told){RESPONSE, -1, 5, PORT});
	tell(&f, (struct told){QUERY, -1, -1, PORT});
	assert_int_equal(f.out.bad_n, 1);
	assert_int_equal(f.out.dns_n, 3);
	static const int64_t at_s[] = {1, 3, 4};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f.out.dns[i].time_ms, (T0_S + at_s[i]) * 1000);
		assert_int_equal(f.out.dns[i].rcode, DNS_NOERROR);
		assert_string_equal(f.out.dns[i].name, "www.example.com");
	}
	end(&f);
}

static void a_query_waits_five_seconds_of_the_messages_time(void **state)
{
	(void)state;
	struct fixture f = begin();
	tell(&f, (struct told){QUERY, 1, -1, PORT});
	tell(&f, (struct told){QUERY, 6, -1, PORT + 1});
	assert_int_equal(f.out.dns_n, 0);
	tell(&f, (struct told){QUERY, 7, -1, PORT + 2});
	assert_int_equal(f.out.dns_n, 1);
	assert_int_equal(f.out.dns[0].rcode, DNS_RCODE_NONE);
	assert_false(dnstap_advance(f.s, (T0_S + 12) * 1000LL, &f.out));
	assert_int_equal(f.out.dns_n, 2);
	assert_false(dnstap_flush(f.s, &f.out));
	assert_int_equal(f.out.dns_n, 3);
	end(&f);
}

static void one_far_time_does_not_move_the_clock(void **state)
{
	(void)state;
	struct fixture f = begin();
	tell(&f, (struct told){QUERY, 1, -1, PORT});
	tell(&f, (struct told){RESPONSE, 1000000000, -1, PORT + 1});
	assert_int_equal(f.out.dns_n, 1);
	tell(&f, (struct told){RESPONSE, -1, 2, PORT});
	assert_int_equal(f.out.dns_n, 2);
	assert_int_equal(f.out.dns[1].time_ms, (T0_S + 1) * 1000LL);
	end(&f);
}

static void a_clock_set_back_leaves_no_query_waiting(void **state)
{
	(void)state;
	struct fixture f = begin();
	tell(&f, (struct told){QUERY, 1000000000, -1, PORT});
	tell(&f, (struct told){QUERY, 1, -1, PORT + 1});
	assert_int_equal(f.out.dns_n, 0);
	tell(&f, (struct told){QUERY, 2, -1, PORT + 2});
	assert_true(f.out.dns_n >= 1);
	assert_int_equal(f.out.dns[0].client_port, PORT);
	end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(protobuf_is_walked_within_its_bytes),
	    cmocka_unit_test(an_answer_with_the_query_time_needs_no_query),
	    cmocka_unit_test(a_query_waits_five_seconds_of_the_messages_time),
	    cmocka_unit_test(one_far_time_does_not_move_the_clock),
	    cmocka_unit_test(a_clock_set_back_leaves_no_query_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
