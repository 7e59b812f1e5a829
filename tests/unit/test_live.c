/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small parts of a live sensor: what is told again, lines on their way out, messages between
 * processes, watched folders, wrong clocks, small files of the state. */
#include "run/live_clock.h"
#include "run/outlet.h"
#include "run/place.h"
#include "run/senders.h"
#include "run/told.h"
#include "run/wire.h"
#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_line_is_told_again_when_it_rose(void **state)
{
	(void)state;
	struct told *t = told_new();
	struct evidence e[2] = {{.detector = 1, .window_ms = 86400000}, {.detector = 2}};
	struct verdict_line v = {.subject = {.bits = 128},
	    .tier = TIER_BEHAVIOUR,
	    .score_db = 30,
	    .evidence = e,
	    .evidence_n = 1};
	assert_true(told_rose(t, &v, TOLD_RISE_DB));
	assert_false(told_rose(t, &v, TOLD_RISE_DB));
	v.score_db = 32.9;
	assert_false(told_rose(t, &v, TOLD_RISE_DB));
	v.score_db = 33;
	assert_true(told_rose(t, &v, TOLD_RISE_DB));
	e[0].window_ms += 3600000; /* the same day */
	v.tier = TIER_OBSERVE;
	assert_false(told_rose(t, &v, TOLD_RISE_DB));
	v.tier = TIER_BEHAVIOUR; /* fell and came back: not news */
	assert_false(told_rose(t, &v, TOLD_RISE_DB));
	v.tier = TIER_SUSPECT;
	assert_true(told_rose(t, &v, TOLD_RISE_DB));
	v.evidence_n = 2;
	assert_true(told_rose(t, &v, TOLD_RISE_DB));
	e[0].window_ms += 86400000; /* the next day */
	assert_true(told_rose(t, &v, TOLD_RISE_DB));
	for (uint32_t i = 0; i < 3000; i++) { /* the table grows */
		v.subject.port_n = (uint16_t)(i + 1);
		assert_true(told_rose(t, &v, TOLD_RISE_DB));
	}
	for (uint32_t i = 0; i < 3000; i++) {
		v.subject.port_n = (uint16_t)(i + 1);
		assert_false(told_rose(t, &v, TOLD_RISE_DB));
	}
	told_free(t);
}

static void what_was_told_is_forgotten_with_its_line(void **state)
{
	(void)state;
	enum { MANY = 3000, FEW = 100 };
	struct told *t = told_new();
	struct verdict_line v = {.subject = {.bits = 128}, .tier = TIER_SUSPECT, .score_db = 30};
	for (uint16_t i = 1; i <= MANY; i++) {
		v.subject.port_n = i;
		v.last_ms = i;
		assert_true(told_rose(t, &v, TOLD_RISE_DB));
	}
	told_forget(t, 1001, MANY);
	for (uint16_t i = 1; i <= MANY; i++) {
		v.subject.port_n = i;
		v.last_ms = i;
		assert_int_equal(told_rose(t, &v, TOLD_RISE_DB), i <= 1000);
	}
	told_forget(t, 0, MANY);
	for (uint16_t i = 1; i <= FEW; i++) {
		v.subject.port_n = i;
		assert_false(told_rose(t, &v, TOLD_RISE_DB));
	}
	told_forget(t, 0, FEW); /* too many, and this look had only a few */
	for (uint16_t i = 1; i <= 2 * FEW; i++) {
		v.subject.port_n = i;
		assert_int_equal(told_rose(t, &v, TOLD_RISE_DB), i > FEW);
	}
	told_free(t);
}

/* Somebody who left within a line: his successor gets it whole. */
static void lines_go_out_whole(void **state)
{
	(void)state;
	struct outlet o;
	int pair[2];
	static char got[1 << 20];
	(void)signal(SIGPIPE, SIG_IGN);
	outlet_init(&o, -1);
	for (int i = 0; i < 100; i++) {
		char line[4000];
		memset(line, 'a' + i % 26, sizeof line);
		line[sizeof line - 1] = '\n';
		assert_true(outlet_line(&o, line, sizeof line));
	}
	outlet_send(&o);
	assert_true(outlet_waits(&o));
	assert_int_equal(pipe2(pair, O_NONBLOCK), 0);
	outlet_reader(&o, pair[1]);
	outlet_send(&o); /* as much as the pipe holds */
	assert_true(outlet_waits(&o));
	(void)close(pair[0]);
	outlet_send(&o);
	assert_true(o.lost);
	assert_int_equal(o.fd, -1);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	outlet_reader(&o, pair[1]);
	size_t n = 0;
	for (int turns = 0; turns < 10000 && outlet_waits(&o); turns++) {
		outlet_send(&o);
		ssize_t more = read(pair[0], got + n, sizeof got - n);
		n += more > 0 ? (size_t)more : 0;
	}
	for (ssize_t more; (more = read(pair[0], got + n, sizeof got - n)) > 0;)
		n += (size_t)more;
	assert_true(n > 0 && n % 4000 == 0);
	assert_int_equal(got[n - 2], 'a' + 99 % 26);
	assert_int_equal(got[n - 1], '\n');
	assert_true(memcmp(got, got + 1, 3998) == 0); /* the first line is all one letter */
	(void)close(pair[0]);
	outlet_fini(&o);
}

static void what_nobody_reads_is_bounded(void **state)
{
	(void)state;
	struct outlet o;
	static char line[65536];
	memset(line, 'x', sizeof line);
	line[sizeof line - 1] = '\n';
	outlet_init(&o, -1);
	size_t kept = 0;
	while (outlet_line(&o, line, sizeof line))
		kept++;
	assert_int_equal(kept, OUTLET_BYTES_MAX / sizeof line);
	assert_int_equal(o.dropped, 1);
	outlet_fini(&o);
}

static void messages_carry_descriptors(void **state)
{
	(void)state;
	int pair[2], fd, null = open("/dev/null", O_RDONLY);
	struct wire m = {.kind = WIRE_FILE, .id = 7, .text_n = 4, .text = "name"}, got;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_int_equal(wire_take(pair[1], &got, &fd), 0);
	assert_true(wire_send(pair[0], &m, null));
	assert_true(wire_word(pair[0], WIRE_STOP, 1));
	assert_int_equal(wire_take(pair[1], &got, &fd), 1);
	assert_int_equal(got.kind, WIRE_FILE);
	assert_string_equal(got.text, "name");
	assert_true(fd >= 0 && fd != null);
	(void)close(fd);
	assert_int_equal(wire_take(pair[1], &got, &fd), 1);
	assert_int_equal(got.number, 1);
	assert_int_equal(fd, -1);
	assert_int_equal(write(pair[0], "short", 5), 5); /* a child that was taken over */
	assert_int_equal(wire_take(pair[1], &got, &fd), -1);
	m.text_n = WIRE_TEXT;
	assert_true(wire_send(pair[0], &m, null));
	assert_int_equal(wire_take(pair[1], &got, &fd), -1);
	assert_int_equal(fd, -1);
	(void)close(pair[0]);
	assert_int_equal(wire_take(pair[1], &got, &fd), -1);
	(void)close(pair[1]);
	(void)close(null);
}

static int descriptors(void)
{
	int n = 0;
	for (int fd = 0; fd < 64; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* As much as the room for one descriptor holds, since it is rounded up. */
static void a_second_descriptor_is_not_kept(void **state)
{
	(void)state;
	struct wire m = {.kind = WIRE_SAVED}, got;
	int pair[2], fd, two[2] = {STDIN_FILENO, STDERR_FILENO};
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof two)];
	} c = {.head = {CMSG_LEN(sizeof two), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec part = {&m, sizeof m};
	struct msghdr h = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = c.room,
	    .msg_controllen = sizeof c.room};
	memcpy(CMSG_DATA(&c.head), two, sizeof two);
	assert_true(wire_pair(pair));
	int before = descriptors();
	assert_int_equal(sendmsg(pair[1], &h, 0), sizeof m);
	assert_int_equal(wire_take(pair[0], &got, &fd), -1);
	assert_int_equal(fd, -1);
	assert_int_equal(descriptors(), before);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

static void a_child_that_does_not_listen_is_not_waited_for(void **state)
{
	(void)state;
	int pair[2], sent = 0;
	assert_true(wire_pair(pair));
	while (sent < 100000 && wire_word(pair[0], WIRE_SAVE, 0))
		sent++;
	assert_in_range(sent, 1, 99999);
	(void)close(pair[0]);
	(void)close(pair[1]);
}

/* What a reader that was taken over can write steers nobody else's memory. */
static void a_false_number_of_exporters_hurts_nobody(void **state)
{
	(void)state;
	struct live l = {.lock = -1, .out = -1, .board = calloc(1, sizeof *l.board)};
	const char *rule[] = {"192.0.2.1"};
	struct run_sensor_options o = {.exporters = {rule, 1}};
	struct exporters *names = exporters_new();
	assert_non_null(l.board);
	atomic_store(&l.board->exporters, UINT32_MAX);
	memset(l.board->exporter[LIVE_EXPORTERS_MAX - 1].name, 'x', ADDR_TEXT);
	assert_int_equal(live_rules(&l, &o, NULL), ERR_OK);
	live_give_places(&l);
	live_names(l.board, names);
	assert_string_equal(exporter_name(names, 1), "192.0.2.1");
	assert_int_equal(strlen(exporter_name(names, 2)), ADDR_TEXT - 1);
	exporters_free(names);
	free(l.rules);
	free(l.board);
}

static void touch(const char *folder, const char *name)
{
	char path[300];
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fputs("x", f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

static bool next(struct watch *w, char name[WATCH_NAME], int64_t *mtime_ns)
{
	int fd;
	watch_read(w);
	if (!watch_next(w, &fd, name, mtime_ns))
		return false;
	(void)close(fd);
	return true;
}

static void folders_give_new_files_once(void **state)
{
	(void)state;
	char folder[] = "/tmp/theriac-watch-XXXXXX", name[WATCH_NAME], from[300], to[300];
	struct watch *w;
	int64_t mtime_ns = 0, mark_ns;
	assert_non_null(mkdtemp(folder));
	touch(folder, "old");
	assert_int_equal(watch_open(&w, folder, 0, NULL), ERR_OK);
	assert_false(next(w, name, &mtime_ns));
	touch(folder, "nfcapd.current.17");
	touch(folder, ".hidden");
	touch(folder, "a");
	assert_true(next(w, name, &mtime_ns));
	assert_string_equal(name, "a");
	assert_false(next(w, name, &mtime_ns));
	(void)snprintf(from, sizeof from, "%s/nfcapd.current.17", folder);
	(void)snprintf(to, sizeof to, "%s/nfcapd.202601010000", folder);
	assert_int_equal(rename(from, to), 0);
	assert_true(next(w, name, &mtime_ns));
	assert_string_equal(name, "nfcapd.202601010000");
	(void)snprintf(from, sizeof from, "%s/renamed", folder);
	assert_int_equal(rename(to, from), 0); /* the same file under a new name */
	assert_false(next(w, name, &mtime_ns));
	mark_ns = mtime_ns;
	watch_free(w);
	(void)usleep(20000);
	touch(folder, "b");
	assert_int_equal(watch_open(&w, folder, mark_ns, NULL), ERR_OK); /* after a restart */
	assert_true(next(w, name, &mtime_ns));
	assert_true(strcmp(name, "b") == 0 || strcmp(name, "a") == 0);
	while (next(w, name, &mtime_ns))
		assert_string_not_equal(name, "old");
	watch_free(w);
	struct err e;
	assert_int_equal(watch_open(&w, "/nowhere", 0, &e), ERR_SYS);
	static const char *const names[] = {"old", "a", "b", ".hidden", "renamed"};
	for (size_t i = 0; i < ROWS(names); i++) {
		(void)snprintf(from, sizeof from, "%s/%s", folder, names[i]);
		(void)unlink(from);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void a_folder_that_is_gone_is_waited_for(void **state)
{
	(void)state;
	char folder[] = "/tmp/theriac-watch-XXXXXX", name[WATCH_NAME], aside[300], path[300];
	struct watch *w;
	int64_t mtime_ns;
	assert_non_null(mkdtemp(folder));
	touch(folder, "old");
	assert_int_equal(watch_open(&w, folder, 0, NULL), ERR_OK);
	assert_int_equal(watch_check(w), WATCH_SAME);
	(void)snprintf(aside, sizeof aside, "%s-aside", folder);
	assert_int_equal(rename(folder, aside), 0);
	assert_int_equal(watch_check(w), WATCH_GONE);
	assert_int_equal(watch_check(w), WATCH_SAME);
	assert_false(next(w, name, &mtime_ns));
	assert_int_equal(mkdir(folder, 0700), 0);
	(void)usleep(20000);
	touch(folder, "new");
	assert_int_equal(watch_check(w), WATCH_BACK);
	assert_true(next(w, name, &mtime_ns));
	assert_string_equal(name, "new");
	assert_false(next(w, name, &mtime_ns));
	(void)snprintf(path, sizeof path, "%s/new", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(rename(aside, folder), 0); /* replaced between two looks */
	assert_int_equal(watch_check(w), WATCH_BACK);
	assert_false(next(w, name, &mtime_ns)); /* and what is old stays old */
	watch_free(w);
	(void)snprintf(path, sizeof path, "%s/old", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Each of them told twice. */
static void many_names_wait_in_order(void **state)
{
	(void)state;
	enum { MANY = 3000 };
	char folder[] = "/tmp/theriac-watch-XXXXXX", name[WATCH_NAME], wanted[WATCH_NAME];
	struct watch *w;
	int64_t mtime_ns;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(watch_open(&w, folder, 0, NULL), ERR_OK);
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < MANY; i++) {
			(void)snprintf(name, sizeof name, "%d", i);
			touch(folder, name);
			if (i % 500 == 0)
				watch_read(w);
		}
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(wanted, sizeof wanted, "%d", i);
		assert_true(next(w, name, &mtime_ns));
		assert_string_equal(name, wanted);
	}
	assert_false(next(w, name, &mtime_ns));
	for (int i = 0; i < MANY; i++) {
		char path[300];
		(void)snprintf(path, sizeof path, "%s/%d", folder, i);
		assert_int_equal(unlink(path), 0);
	}
	watch_free(w);
	assert_int_equal(rmdir(folder), 0);
}

/* More events than the kernel keeps (fs.inotify.max_queued_events), none of a file to read. */
static void lost_events_make_no_old_file_new(void **state)
{
	(void)state;
	enum { MANY = 20000 };
	char folder[] = "/tmp/theriac-watch-XXXXXX", name[WATCH_NAME], path[300];
	struct watch *w;
	int64_t mtime_ns;
	assert_non_null(mkdtemp(folder));
	touch(folder, "old");
	(void)usleep(20000);
	assert_int_equal(watch_open(&w, folder, 0, NULL), ERR_OK);
	for (int i = 0; i < MANY; i++) { /* equal events in a row are one */
		(void)snprintf(path, sizeof path, "%s/%c.tmp", folder, 'a' + i % 2);
		assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	}
	for (int i = 0; i < 1000; i++) /* as many reads as there can be */
		assert_false(next(w, name, &mtime_ns));
	touch(folder, "new");
	assert_true(next(w, name, &mtime_ns));
	assert_string_equal(name, "new");
	assert_false(next(w, name, &mtime_ns));
	watch_free(w);
	static const char *const names[] = {"old", "new", "a.tmp", "b.tmp"};
	for (size_t i = 0; i < ROWS(names); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(folder), 0);
}

static void wrong_clocks_are_held_apart(void **state)
{
	(void)state;
	static struct live_board board;
	const int64_t now = 1767225600000, hour = 3600000;
	static const struct {
		const char *what;
		int64_t exported_off_ms, end_off_ms, received; /* received 0: a file */
		bool taken;
	} rows[] = {
	    {"in time", -1000, -2000, 1, true},
	    {"an hour behind", -3600000, -3600000, 1, true},
	    {"more than an hour behind", -3600001, -3600001, 1, false},
	    {"ahead", 3600001, 0, 1, false},
	    {"next year", 31536000000, 31536000000, 1, false},
	    {"from 1970, exported now", -1000, -1767225599000, 1, false},
	    {"old, out of a file", -90000000, -90000000, 0, true},
	};
	struct batch b = {0};
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct live_clock c = {.board = &board, .named = {true}, .dns_named = true};
		batch_reset(&b);
		struct flow *f = batch_flow(&b);
		f->exported_ms = now + rows[i].exported_off_ms;
		f->end_ms = now + rows[i].end_off_ms;
		f->have = FLOW_END;
		f->exporter = 1;
		uint64_t held = board.exporter[0].drop[DROP_CLOCK];
		live_clock_check(&c, &b, rows[i].received ? now : 0);
		if ((b.flow_n == 1) != rows[i].taken)
			fail_msg("%s", rows[i].what);
		assert_int_equal(board.exporter[0].drop[DROP_CLOCK] - held, !rows[i].taken);
		struct live_clock replay = {.board = &board, .replay = true};
		batch_reset(&b);
		f = batch_flow(&b);
		f->exported_ms = f->end_ms = hour;
		live_clock_check(&replay, &b, now);
		assert_int_equal(b.flow_n, 1);
	}
	batch_fini(&b);
}

static void senders_are_bounded_and_ruled(void **state)
{
	(void)state;
	static struct live_board board;
	struct exporters *names = exporters_new();
	struct exporter_rule rule;
	union addr a;
	struct senders *s = senders_new(names, NULL, 0, &board);
	for (uint32_t i = 0; i < LIVE_STRANGERS_MAX; i++) {
		a = addr_v4(0x0a000000 + i);
		assert_non_null(senders_of(s, &a));
	}
	a = addr_v4(0x0b000000);
	assert_null(senders_of(s, &a)); /* one too many */
	a = addr_v4(0x0a000007);
	assert_int_equal(senders_of(s, &a)->number, 8);
	senders_free(s);
	assert_int_equal(exporter_rule_parse(&rule, "192.0.2.0/24", NULL), 0);
	s = senders_new(names, &rule, 1, &board);
	assert_null(senders_of(s, &a));
	a = addr_v4(0xc0000205);
	assert_ptr_equal(senders_of(s, &a)->rule, &rule);
	senders_free(s);
	exporters_free(names);
}

static void named_exporters_find_a_place(void **state)
{
	(void)state;
	const char *rule[] = {"192.0.2.0/24", "198.51.100.1", "198.51.100.2", "10.0.0.9"};
	struct live l = {.lock = -1, .out = -1, .board = calloc(1, sizeof *l.board)};
	struct run_sensor_options o = {.exporters = {rule, ROWS(rule)}};
	union addr a;
	assert_non_null(l.board);
	for (uint32_t i = 0; i < LIVE_EXPORTERS_MAX;
	     i++) { /* all taken, by whoever sent something */
		struct live_exporter *x = &l.board->exporter[i];
		a = addr_v4(i < 8 ? 0xc0000200 + i : 0x0a000000 + i);
		addr_text(x->name, &a);
		x->last_ms = 1000 + i;
		x->records = 5;
	}
	l.board->exporter[500].last_ms = 1;
	l.board->exporter[600].last_ms = 2;
	atomic_store(&l.board->exporters, LIVE_EXPORTERS_MAX);
	assert_int_equal(live_rules(&l, &o, NULL), ERR_OK);
	live_give_places(&l);
	assert_string_equal(l.board->exporter[500].name, "198.51.100.1");
	assert_string_equal(l.board->exporter[600].name, "198.51.100.2");
	assert_int_equal(l.board->exporter[500].records, 0);
	a = addr_v4(0x0a000009); /* had one already */
	assert_ptr_equal(live_place_of(l.board, &a), &l.board->exporter[9]);
	assert_int_equal(l.board->exporter[9].records, 5);
	for (uint32_t i = 0; i < 8; i++) { /* of a network that is allowed */
		a = addr_v4(0xc0000200 + i);
		assert_ptr_equal(live_place_of(l.board, &a), &l.board->exporter[i]);
	}
	free(l.rules);
	free(l.board);
}

static void marks_are_kept_per_folder(void **state)
{
	(void)state;
	char folder[] = "/tmp/theriac-place-XXXXXX", path[300];
	assert_non_null(mkdtemp(folder));
	assert_int_equal(place_mark(folder, "/a b"), 0);
	assert_int_equal(place_set_mark(folder, "/a b", 17, NULL), 0);
	assert_int_equal(place_set_mark(folder, "/c", 18, NULL), 0);
	assert_int_equal(place_set_mark(folder, "/a b", 19, NULL), 0);
	assert_int_equal(place_mark(folder, "/a b"), 19);
	assert_int_equal(place_set_mark(folder, "/a b", 5, NULL), 0); /* an old file was moved in */
	assert_int_equal(place_mark(folder, "/a b"), 19);
	assert_int_equal(place_mark(folder, "/c"), 18);
	(void)snprintf(path, sizeof path, "%s/marks", folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(place_write(folder, "x", "y", 1, NULL), ERR_SYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_line_is_told_again_when_it_rose),
	    cmocka_unit_test(what_was_told_is_forgotten_with_its_line),
	    cmocka_unit_test(lines_go_out_whole),
	    cmocka_unit_test(what_nobody_reads_is_bounded),
	    cmocka_unit_test(messages_carry_descriptors),
	    cmocka_unit_test(a_second_descriptor_is_not_kept),
	    cmocka_unit_test(a_child_that_does_not_listen_is_not_waited_for),
	    cmocka_unit_test(a_false_number_of_exporters_hurts_nobody),
	    cmocka_unit_test(folders_give_new_files_once),
	    cmocka_unit_test(a_folder_that_is_gone_is_waited_for),
	    cmocka_unit_test(many_names_wait_in_order),
	    cmocka_unit_test(lost_events_make_no_old_file_new),
	    cmocka_unit_test(wrong_clocks_are_held_apart),
	    cmocka_unit_test(senders_are_bounded_and_ruled),
	    cmocka_unit_test(named_exporters_find_a_place),
	    cmocka_unit_test(marks_are_kept_per_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
