/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets at the session reader: which NASes and secrets are taken, what is counted as
 * what, that an answer waits for the log, and that a packet that comes again is told once. */
#include "base/mem.h"
#include "decode/lease.h"
#include "run/accounting.h"
#include "unit.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIDNIGHT_MS 1767225600000LL
#define NAS         "127.0.0.1"

/* A Start of FreeRADIUS's radclient, with two addresses and an Event-Timestamp of midnight. */
static const char start_hex[] =
    "0401005b8f29669b81493460f93fd693d49764ee2806000000012c0a30303030413142320113616c6963654069"
    "73702e6578616d706c650406c00002010806644001147b0c003820010db8aa00000029060000000337066955b900";

struct bench {
	char secret[32]; /* its file */
	uint8_t p[128];
	size_t n;
	int nas, ours; /* sockets */
	struct nas_rule rule;
	struct live_feed feed;
	struct live_source source;
	struct accounting a;
	struct batch out;
	struct udp_datagram d;
};

static void write_secret(struct bench *b, const char *text, mode_t mode)
{
	int fd = open(b->secret, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static int parse(struct bench *b, const char *keys, struct err *e)
{
	char text[128];
	(void)snprintf(text, sizeof text, NAS ",secret=%s%s", b->secret, keys);
	return nas_rule_parse(&b->rule, text, e);
}

static int socket_on_loopback(uint16_t *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	*port = ntohs(sa.sin_port);
	return fd;
}

static struct bench *bench_new(const char *keys)
{
	struct bench *b = mem_new(1, sizeof *b);
	struct err e;
	uint16_t port;
	(void)snprintf(b->secret, sizeof b->secret, "/tmp/theriac-nas-XXXXXX");
	int fd = mkstemp(b->secret);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	write_secret(b, "testing123\nnot this\n", 0600);
	if (parse(b, keys, &e))
		fail_msg("%s", e.msg);
	b->ours = socket_on_loopback(&port);
	b->nas = socket_on_loopback(&port);
	b->feed = (struct live_feed){.kind = FEED_RADIUS, .fd = b->ours};
	b->n = lease_bytes(span_of(start_hex), b->p, sizeof b->p);
	b->d = (struct udp_datagram){
	    .p = b->p, .n = b->n, .from = addr_v4(INADDR_LOOPBACK), .port = port};
	accounting_open(&b->a, &b->rule, 1);
	return b;
}

static void bench_free(struct bench *b)
{
	accounting_close(&b->a);
	batch_fini(&b->out);
	assert_int_equal(unlink(b->secret), 0);
	(void)close(b->nas);
	(void)close(b->ours);
	struct nas_rule *rules = mem_new(1, sizeof *rules);
	*rules = b->rule;
	nas_rules_free(rules, 1);
	free(b);
}

static void take(struct bench *b, uint64_t after, int64_t now_ms)
{
	accounting_take(&b->a, &b->feed, &b->source, &b->d, after, now_ms, &b->out);
}

/* How many answers the NAS got since it was asked last. */
static unsigned answers(struct bench *b, uint64_t done)
{
	uint8_t room[64];
	unsigned n = 0;
	accounting_answer(&b->a, done);
	while (recv(b->nas, room, sizeof room, 0) >= 20)
		n += room[0] == 5 && room[1] == b->p[1];
	return n;
}

static void an_answer_waits_for_the_log(void **state)
{
	(void)state;
	struct bench *b = bench_new("");
	take(b, 3, MIDNIGHT_MS + 2000);
	assert_int_equal(b->out.session_n, 2);
	assert_int_equal(answers(b, 2), 0);
	assert_int_equal(answers(b, 3), 1);
	assert_int_equal(b->source.answered, 1);
	bench_free(b);
}

/* Told once, answered each time: at once where it is in the log, else with the first. */
static void what_comes_again_is_told_once(void **state)
{
	(void)state;
	struct bench *b = bench_new("");
	take(b, 3, MIDNIGHT_MS + 2000);
	take(b, 4, MIDNIGHT_MS + 5000);
	assert_int_equal(b->out.session_n, 2);
	assert_int_equal(answers(b, 2), 0);
	assert_int_equal(answers(b, 3), 2);
	take(b, 9, MIDNIGHT_MS + 8000);
	assert_int_equal(b->out.session_n, 2);
	assert_int_equal(answers(b, 3), 1);
	assert_int_equal(b->source.again, 2);
	take(b, 9, MIDNIGHT_MS + 100000); /* so much later it is another one */
	assert_int_equal(b->out.session_n, 4);
	assert_int_equal(answers(b, 8), 0);
	assert_int_equal(answers(b, 9), 1);
	bench_free(b);
}

static void what_is_refused_is_counted_and_not_answered(void **state)
{
	(void)state;
	struct bench *b = bench_new("");
	b->d.from = addr_v4(INADDR_LOOPBACK + 1);
	take(b, 1, MIDNIGHT_MS);
	b->d.from = addr_v4(INADDR_LOOPBACK);
	b->p[b->n - 1] ^= 1;
	take(b, 1, MIDNIGHT_MS);
	b->p[b->n - 1] ^= 1;
	take(b, 1, MIDNIGHT_MS + 304000);
	take(b, 1, MIDNIGHT_MS - 301000);
	b->d.n = 19;
	take(b, 1, MIDNIGHT_MS);
	b->d.n = 0;
	take(b, 1, MIDNIGHT_MS);
	assert_int_equal(b->out.session_n, 0);
	assert_int_equal(answers(b, UINT64_MAX), 0);
	assert_int_equal(b->source.unknown_sender, 1);
	assert_int_equal(b->source.forged, 1);
	assert_int_equal(b->source.replayed, 2);
	assert_int_equal(b->source.bad, 2);
	assert_int_equal(b->source.answered, 0);
	bench_free(b);
}

/* Its clock runs a day ahead, its customers are of realm 7, and their names are of no use. */
static void a_rule_says_what_a_nas_means(void **state)
{
	(void)state;
	struct bench *b = bench_new(",skew=86400,realm=7,line=cui");
	take(b, 1, MIDNIGHT_MS - 86400000 + 5000);
	assert_int_equal(b->out.session_n, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct session *s = &b->out.sessions[i];
		assert_int_equal(s->t0_ms, MIDNIGHT_MS - 86400000);
		assert_int_equal(s->received_ms, MIDNIGHT_MS - 86400000 + 5000);
		assert_int_equal(s->realm, 7);
		assert_int_equal(session_ids_get(&s->ids, SESSION_USER).n, 0);
		assert_true(session_ids_get(&s->ids, SESSION_NAS).n > 0);
	}
	bench_free(b);
}

static void rules_and_secrets_that_cannot_be_are_refused(void **state)
{
	static const char *const rules[] = {NAS, NAS ",secret=", NAS ",secret=/nonexistent",
	    NAS ",secret=/tmp", "127.0.0.1/8,secret=/nonexistent", "nobody,secret=/nonexistent",
	    NAS ",skew=1", NAS ",realm=-1", NAS ",line=mac"};
	static const struct {
		const char *text;
		mode_t mode;
		bool good;
	} secrets[] = {{"s\n", 0600, true}, {"s\r\n", 0640, true}, {"s", 0400, true},
	    {"s\n", 0644, false}, {"s\n", 0620, false}, {"", 0600, false}, {"\ns\n", 0600, false}};
	(void)state;
	struct bench *b = bench_new("");
	struct nas_rule r;
	struct err e;
	for (size_t i = 0; i < ROWS(rules); i++) {
		assert_int_equal(nas_rule_parse(&r, rules[i], &e), ERR_CONFIG);
		assert_null(r.secret);
	}
	for (size_t i = 0; i < ROWS(secrets); i++) {
		char text[64];
		(void)snprintf(text, sizeof text, NAS ",secret=%s", b->secret);
		assert_int_equal(chmod(b->secret, 0600), 0);
		write_secret(b, secrets[i].text, secrets[i].mode);
		assert_int_equal(
		    nas_rule_parse(&r, text, &e), secrets[i].good ? ERR_OK : ERR_CONFIG);
		if (!secrets[i].good)
			continue;
		assert_int_equal(r.secret->n, 1);
		assert_int_equal(r.secret->text[0], 's');
		struct nas_rule *one = mem_new(1, sizeof *one);
		*one = r;
		nas_rules_free(one, 1);
	}
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_waits_for_the_log),
	    cmocka_unit_test(what_comes_again_is_told_once),
	    cmocka_unit_test(what_is_refused_is_counted_and_not_answered),
	    cmocka_unit_test(a_rule_says_what_a_nas_means),
	    cmocka_unit_test(rules_and_secrets_that_cannot_be_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
