/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that grow: every line is read once, over renames, new files in their place, files written
 * anew, and lines that come in two pieces. */
#include "base/mem.h"
#include "collect/collect.h"
#include "run/tail.h"
#include "unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                       \
	"address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,"     \
	"state,user_context\n"

enum { FILES = 16 };

struct bench {
	char folder[32], path[64];
	struct follow *follow;
	struct exporters *names;
	struct reader_env env;
	struct tail tails[FILES];
	struct follow_file files[FILES];
	size_t n;
	struct text seen; /* addresses, in the order in which they were read */
};

static const char *at(const struct bench *b, const char *name)
{
	static char path[2][128];
	static int i;
	i = !i;
	(void)snprintf(path[i], sizeof path[i], "%s/%s", b->folder, name);
	return path[i];
}

static void add(const struct bench *b, const char *name, const char *fmt, ...)
{
	va_list ap;
	FILE *f = fopen(at(b, name), "a");
	assert_non_null(f);
	va_start(ap, fmt);
	assert_true(vfprintf(f, fmt, ap) >= 0);
	va_end(ap);
	assert_int_equal(fclose(f), 0);
}

static void lease(const struct bench *b, const char *name, int host)
{
	add(b, name, "192.0.2.%d,02:00:00:00:00:01,,3600,1767229200,1,0,0,,0,\n", host);
}

static void move(const struct bench *b, const char *from, const char *to)
{
	assert_int_equal(rename(at(b, from), at(b, to)), 0);
}

static struct bench *bench_new(bool folder, int64_t since_ns)
{
	struct bench *b = mem_new(1, sizeof *b);
	(void)snprintf(b->folder, sizeof b->folder, "/tmp/theriac-follow-XXXXXX");
	assert_non_null(mkdtemp(b->folder));
	(void)snprintf(b->path, sizeof b->path, "%s/leases", b->folder);
	assert_int_equal(
	    follow_open(&b->follow, folder ? b->folder : b->path, folder, since_ns, NULL), ERR_OK);
	b->names = exporters_new();
	b->env.exporters = b->names;
	text_puts(&b->seen, "");
	return b;
}

static void bench_free(struct bench *b)
{
	char command[64];
	for (size_t i = 0; i < b->n; i++)
		tail_close(&b->tails[i]);
	follow_free(b->follow);
	exporters_free(b->names);
	text_fini(&b->seen);
	(void)snprintf(command, sizeof command, "rm -r %s", b->folder);
	assert_int_equal(system(command), 0);
	free(b);
}

static void note(struct bench *b, const struct batch *got)
{
	for (size_t i = 0; i < got->session_n; i++)
		text_fmt(&b->seen, "%s%u", b->seen.n ? " " : "",
		    addr_v4_of(&got->sessions[i].held.addr) & 255);
}

static void read_all(struct bench *b)
{
	struct batch got = {0};
	bool more = true;
	follow_look(b->follow);
	while (b->n < FILES && follow_next(b->follow, &b->files[b->n])) {
		follow_gave(b->follow, &b->files[b->n]);
		tail_open(&b->tails[b->n], b->files[b->n].fd, b->files[b->n].name, &b->env);
		b->n++;
	}
	for (size_t i = 0; i < b->n; i++)
		do {
			batch_reset(&got);
			more = tail_read(&b->tails[i], &got);
			note(b, &got);
		} while (more);
	batch_fini(&got);
}

static void expect(struct bench *b, const char *seen)
{
	read_all(b);
	assert_string_equal(b->seen.p, seen);
	read_all(b);
	assert_string_equal(b->seen.p, seen);
	text_reset(&b->seen);
	text_puts(&b->seen, "");
}

static void what_is_added_is_read_once(void **state)
{
	(void)state;
	struct bench *b = bench_new(false, 0);
	expect(b, ""); /* there is no file yet */
	add(b, "leases", "%.30s", HEAD);
	expect(b, "");
	add(b, "leases", "%s", &HEAD[30]);
	lease(b, "leases", 1);
	lease(b, "leases", 2);
	expect(b, "1 2");
	lease(b, "leases", 3);
	expect(b, "3");
	add(b, "leases", "192.0.2.4,02:00:00:00:");
	expect(b, "");
	add(b, "leases", "00:01,,3600,1767229200,1,0,0,,0,\n");
	expect(b, "4");
	bench_free(b);
}

/* As Kea cleans up: the file becomes .1, a new one begins, and what both said comes back as .2. */
static void nothing_is_lost_or_read_twice_over_a_rename(void **state)
{
	(void)state;
	struct bench *b = bench_new(false, 0);
	add(b, "leases", HEAD);
	lease(b, "leases", 1);
	expect(b, "1");
	lease(b, "leases", 2);
	move(b, "leases", "leases.1");
	add(b, "leases", HEAD);
	lease(b, "leases", 3);
	lease(b, "leases.1", 4); /* its writer had it open still */
	expect(b, "2 4 3");
	add(b, "leases.output", HEAD);
	lease(b, "leases.output", 2);
	expect(b, "");
	move(b, "leases.output", "leases.completed");
	expect(b, "");
	assert_int_equal(unlink(at(b, "leases.1")), 0);
	move(b, "leases.completed", "leases.2");
	lease(b, "leases", 5);
	expect(b, "5");
	bench_free(b);
}

static void two_renames_between_two_looks_lose_nothing(void **state)
{
	(void)state;
	struct bench *b = bench_new(false, 0);
	add(b, "leases", HEAD);
	lease(b, "leases", 1);
	expect(b, "1");
	move(b, "leases", "leases-1");
	add(b, "leases", HEAD);
	lease(b, "leases", 2);
	move(b, "leases", "leases-2");
	add(b, "leases", HEAD);
	lease(b, "leases", 3);
	expect(b, "2 3");
	bench_free(b);
}

static void what_was_moved_away_before_the_start_is_read_first(void **state)
{
	(void)state;
	struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct bench *b = bench_new(false, 2000 * 1000000000LL);
	add(b, "leases.3", HEAD);
	lease(b, "leases.3", 1);
	assert_int_equal(utimensat(AT_FDCWD, at(b, "leases.3"), times, 0), 0); /* known */
	times[1].tv_sec = 3000;
	add(b, "leases.2", HEAD);
	lease(b, "leases.2", 2);
	assert_int_equal(utimensat(AT_FDCWD, at(b, "leases.2"), times, 0), 0);
	times[1].tv_sec = 1000;
	add(b, "leases", HEAD);
	lease(b, "leases", 3);
	assert_int_equal(utimensat(AT_FDCWD, at(b, "leases"), times, 0), 0);
	expect(b, "2 3");
	follow_again(b->follow, 0); /* for another reader */
	for (size_t i = 0; i < b->n; i++)
		tail_close(&b->tails[i]);
	b->n = 0;
	expect(b, "1 2 3");
	bench_free(b);
}

static void a_file_written_anew_is_read_from_its_beginning(void **state)
{
	(void)state;
	struct bench *b = bench_new(false, 0);
	add(b, "leases", HEAD);
	lease(b, "leases", 1);
	lease(b, "leases", 2);
	expect(b, "1 2");
	assert_int_equal(truncate(at(b, "leases"), 0), 0); /* shorter */
	add(b, "leases", HEAD);
	lease(b, "leases", 3);
	expect(b, "3");
	assert_int_equal(truncate(at(b, "leases"), 0), 0); /* longer */
	add(b, "leases", HEAD);
	lease(b, "leases", 14);
	lease(b, "leases", 15);
	expect(b, "14 15");
	assert_int_equal(usleep(20000), 0);                /* file systems' clocks are coarse */
	assert_int_equal(truncate(at(b, "leases"), 0), 0); /* as long */
	add(b, "leases", HEAD);
	lease(b, "leases", 16);
	lease(b, "leases", 17);
	expect(b, "16 17");
	add(b, "leases.new", HEAD); /* another one in its place, as dhcpd does */
	lease(b, "leases.new", 18);
	move(b, "leases.new", "leases");
	lease(b, "leases", 19);
	expect(b, "18 19");
	bench_free(b);
}

static void all_files_of_a_folder_are_followed(void **state)
{
	(void)state;
	struct bench *b = bench_new(true, 0);
	add(b, "a", HEAD);
	lease(b, "a", 1);
	add(b, ".hidden", HEAD);
	lease(b, ".hidden", 2);
	add(b, "c.tmp", HEAD);
	lease(b, "c.tmp", 3);
	expect(b, "1");
	add(b, "b", HEAD);
	lease(b, "b", 4);
	lease(b, "a", 5);
	expect(b, "5 4");
	bench_free(b);
}

static void a_file_that_was_left_comes_again_when_it_changes(void **state)
{
	(void)state;
	struct bench *b = bench_new(true, 0);
	add(b, "a", HEAD);
	lease(b, "a", 1);
	expect(b, "1");
	follow_left(b->follow, b->files[0].serial, b->tails[0].mtime_ns);
	tail_close(&b->tails[0]);
	b->n = 0;
	expect(b, "");
	assert_int_equal(usleep(20000), 0);
	lease(b, "a", 2);
	for (int looks = 0; looks < 10; looks++)
		follow_look(b->follow);
	expect(b, "1 2");
	bench_free(b);
}

static void the_rest_of_a_file_that_ends_is_read(void **state)
{
	(void)state;
	struct bench *b = bench_new(false, 0);
	struct batch got = {0};
	add(b, "leases", HEAD "192.0.2.4,02:00:00:00:00:01,,3600,1767229200,1,0,0,,0,");
	expect(b, "");
	while (tail_end(&b->tails[0], &got))
		;
	assert_int_equal(got.session_n, 1);
	batch_fini(&got);
	bench_free(b);
}

static void a_folder_that_is_not_there_is_refused(void **state)
{
	(void)state;
	struct follow *f;
	struct err e;
	assert_int_equal(follow_open(&f, "/nonexistent/leases", false, 0, &e), ERR_CONFIG);
	assert_null(f);
	assert_int_equal(follow_open(&f, "/etc/passwd", true, 0, &e), ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_added_is_read_once),
	    cmocka_unit_test(nothing_is_lost_or_read_twice_over_a_rename),
	    cmocka_unit_test(two_renames_between_two_looks_lose_nothing),
	    cmocka_unit_test(what_was_moved_away_before_the_start_is_read_first),
	    cmocka_unit_test(a_file_written_anew_is_read_from_its_beginning),
	    cmocka_unit_test(all_files_of_a_folder_are_followed),
	    cmocka_unit_test(a_file_that_was_left_comes_again_when_it_changes),
	    cmocka_unit_test(the_rest_of_a_file_that_ends_is_read),
	    cmocka_unit_test(a_folder_that_is_not_there_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
