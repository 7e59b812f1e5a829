/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session index of an installation: answers out of hours and days of files, logs cut anywhere,
 * writers killed at any moment, deletion by a moved clock, imports. */
#include "folder.h"
#include "run/errand.h"
#include "run/session_store.h"
#include "script.h"
#include "world.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOUR 3600000ll
#define WEEK (7 * 24 * HOUR)
#define IP   "100.64.1.20"

static struct session_store_options options(const char *state, const char *writer)
{
	return (struct session_store_options){.sessions = {1 << 20, HOUR, 2000, WORLD_INTERIM_MS},
	    .state = state,
	    .writer = writer,
	    .retention_ms = WEEK};
}

static void make_state(char path[32])
{
	(void)snprintf(path, 32, "%s/store.XXXXXX", quick_folder());
	assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *f)
{
	(void)st;
	(void)flag;
	(void)f;
	return remove(path);
}

static void remove_state(const char *path)
{
	(void)nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct session_store *open_store(
    const char *state, const char *writer, int64_t now_ms, struct text *told)
{
	struct session_store_options o = options(state, writer);
	struct session_store *s;
	struct err e;
	if (session_store_open(&s, &o, now_ms, told, &e))
		fail_msg("%s", e.msg);
	return s;
}

static void put(struct session_store *s, const struct script_event *e)
{
	struct session event = script_session(e);
	session_store_event(s, &event);
}

static void expect(
    struct session_store *s, const char *addr, double at_s, enum whose kind, const char *line)
{
	struct question q = {.at_ms = script_ms(at_s)};
	struct answer a;
	char name[LINE_TEXT] = "";
	script_addr(addr, &q.addr);
	session_store_ask(s, &q, &a);
	if (a.n)
		session_store_name(s, &a, 0, name);
	if (a.kind != kind || strcmp(name, line) != 0)
		fail_msg("%s at %.0f: %s %s, not %s %s", addr, at_s, whose_word(a.kind), name,
		    whose_word(kind), line);
}

static void must(int bad, const struct err *e)
{
	if (bad)
		fail_msg("%s", e->msg);
}

static const struct script_event a_start = {
    SCRIPT_START, 10, IP, .nas = "nas1", .key = "a", .user = "alice"};
static const struct script_event a_stop = {
    SCRIPT_STOP, 7300, IP, .nas = "nas1", .key = "a", .user = "alice"};
static const struct script_event b_start = {
    SCRIPT_START, 7400, IP, .nas = "nas1", .key = "b", .user = "bob"};

/* Through restarts at each step: told, sealed, learnt later, put together. */
static void answers_outlive_restarts(void **state)
{
	char path[32];
	struct err e;
	(void)state;
	make_state(path);
	struct session_store *s = open_store(path, "one", script_ms(0), NULL);
	put(s, &a_start);
	must(session_store_tick(s, script_ms(20), &e), &e);
	must(session_store_sync(s, &e), &e);
	expect(s, IP, 15, WHOSE_EXACT, "user:alice");
	session_store_close(s);
	s = open_store(path, "one", script_ms(30), NULL);
	expect(s, IP, 15, WHOSE_EXACT, "user:alice");
	must(session_store_tick(s, script_ms(3700), &e), &e); /* sealed */
	session_store_close(s);
	s = open_store(path, "one", script_ms(3800), NULL);
	expect(s, IP, 15, WHOSE_EXACT, "user:alice");
	put(s, &a_stop); /* known by its NAS and key, after two restarts */
	put(s, &b_start);
	must(session_store_tick(s, script_ms(7500), &e), &e);
	must(session_store_sync(s, &e), &e);
	session_store_close(s);
	s = open_store(path, NULL, script_ms(7600), NULL);
	expect(s, IP, 7000, WHOSE_EXACT, "user:alice");
	expect(s, IP, 7350, WHOSE_UNKNOWN, "");
	expect(s, IP, 7450, WHOSE_EXACT, "user:bob");
	expect(s, IP, 5, WHOSE_UNKNOWN, "");
	session_store_close(s);
	remove_state(path);
}

static void bytes_in_files(const char *state, const char *word, size_t *files, size_t *hits)
{
	char sessions[64];
	(void)snprintf(sessions, sizeof sessions, "%s/sessions", state);
	DIR *d = opendir(sessions);
	*files = *hits = 0;
	assert_non_null(d);
	for (const struct dirent *entry; (entry = readdir(d));) {
		char path[512], room[65536];
		struct stat st;
		(void)snprintf(path, sizeof path, "%s/%s", sessions, entry->d_name);
		if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
			continue;
		assert_int_equal(st.st_mode & 07777, 0600);
		int fd = open(path, O_RDONLY);
		++*files;
		for (ssize_t n; (n = read(fd, room, sizeof room)) > 0;)
			*hits += memmem(room, (size_t)n, word, strlen(word)) != NULL;
		(void)close(fd);
	}
	(void)closedir(d);
}

/* Seven days after its end by a moved clock: expired, and gone from the files. */
static void old_is_expired_and_gone(void **state)
{
	char path[32];
	size_t files, hits;
	struct err e;
	double day = 86400;
	(void)state;
	make_state(path);
	struct session_store *s = open_store(path, "one", script_ms(0), NULL);
	put(s, &a_start);
	put(s, &a_stop);
	put(s, &b_start);
	for (double t = 3600; t <= 3 * day; t += 3600)
		must(session_store_tick(s, script_ms(t), &e), &e);
	expect(s, IP, 100, WHOSE_EXACT, "user:alice");
	expect(s, IP, day, WHOSE_EXACT, "user:bob");
	bytes_in_files(path, "alice", &files, &hits);
	assert_true(hits > 0);
	must(session_store_tick(s, script_ms(7 * day + 10800), &e), &e);
	expect(s, IP, 100, WHOSE_EXPIRED, "");
	expect(s, IP, day, WHOSE_EXACT, "user:bob"); /* held yet */
	bytes_in_files(path, "alice", &files, &hits);
	assert_true(files > 0);
	assert_int_equal(hits, 0);
	session_store_close(s);
	s = open_store(path, NULL, script_ms(7 * day + 10900), NULL);
	expect(s, IP, 100, WHOSE_EXPIRED, "");
	expect(s, IP, 8000, WHOSE_EXACT, "user:bob");
	session_store_close(s);
	remove_state(path);
}

/* A log that was cut at any byte is read up to its last complete block, and goes on from there. */
static void cut_anywhere(void **state)
{
	char path[32], name[96];
	struct err e;
	uint64_t whole;
	(void)state;
	make_state(path);
	struct session_store *s = open_store(path, "one", script_ms(0), NULL);
	put(s, &a_start);
	must(session_store_tick(s, script_ms(20), &e), &e);
	must(session_store_sync(s, &e), &e);
	session_store_close(s);
	(void)snprintf(
	    name, sizeof name, "%s/sessions/live-one-%lld.log", path, (long long)script_ms(0));
	struct stat st;
	assert_int_equal(stat(name, &st), 0);
	whole = (uint64_t)st.st_size;
	uint8_t *copy = mem_new(whole, 1);
	int fd = open(name, O_RDWR);
	assert_int_equal(read(fd, copy, whole), whole);
	for (uint64_t n = 0; n <= whole; n++) {
		struct text told = {0};
		assert_int_equal(pwrite(fd, copy, whole, 0), whole);
		assert_int_equal(ftruncate(fd, (off_t)n), 0);
		s = open_store(path, "one", script_ms(30), &told);
		expect(s, IP, 15, n == whole ? WHOSE_EXACT : WHOSE_UNKNOWN,
		    n == whole ? "user:alice" : "");
		assert_int_equal(told.n > 0, n != whole && n != 64);
		put(s, &a_start);
		must(session_store_tick(s, script_ms(40), &e), &e);
		must(session_store_sync(s, &e), &e);
		session_store_close(s);
		s = open_store(path, NULL, script_ms(50), NULL);
		expect(s, IP, 15, WHOSE_EXACT, "user:alice");
		session_store_close(s);
		text_fini(&told);
		if (n < 64) { /* it was of no use, and another was begun */
			char other[96];
			(void)snprintf(other, sizeof other, "%s/sessions/live-one-%lld.log", path,
			    (long long)script_ms(30));
			(void)unlink(other);
			(void)close(fd);
			fd = open(name, O_RDWR | O_CREAT, 0600);
		}
	}
	(void)close(fd);
	free(copy);
	remove_state(path);
}

/* What a full disk took half of is written again once there is room, and nothing of it is lost. */
static void full_disk_loses_nothing(void **state)
{
	char path[32], name[96];
	struct rlimit was, small;
	struct stat st;
	struct err e;
	(void)state;
	make_state(path);
	struct session_store *s = open_store(path, "one", script_ms(0), NULL);
	(void)snprintf(
	    name, sizeof name, "%s/sessions/live-one-%lld.log", path, (long long)script_ms(0));
	assert_int_equal(stat(name, &st), 0);
	put(s, &a_start);
	must(session_store_tick(s, script_ms(20), &e), &e);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = (struct rlimit){(rlim_t)st.st_size + 20, was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int bad = session_store_sync(s, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(bad, ERR_SYS);
	put(s, &a_stop);
	put(s, &b_start);
	must(session_store_tick(s, script_ms(7500), &e), &e);
	must(session_store_sync(s, &e), &e);
	session_store_close(s);
	s = open_store(path, NULL, script_ms(7600), NULL);
	expect(s, IP, 15, WHOSE_EXACT, "user:alice");
	expect(s, IP, 7450, WHOSE_EXACT, "user:bob");
	session_store_close(s);
	remove_state(path);
}

static struct script_event nth(unsigned i, char room[3][32])
{
	(void)snprintf(room[0], 32, "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
	(void)snprintf(room[1], 32, "k%u", i);
	(void)snprintf(room[2], 32, "u%u", i);
	return (struct script_event){
	    SCRIPT_START, 10 + i, room[0], .nas = "nas1", .key = room[1], .user = room[2]};
}

struct writing {                         /* shared with the child that writes */
	volatile unsigned synced, until; /* events; until: it waits there; 0: nowhere */
};

static void write_on(const char *path, unsigned from, struct writing *w)
{
	struct session_store_options o = options(path, "one");
	struct session_store *s;
	struct err e;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nobody behind */
	o.sessions.reorder_ms = 0;
	o.seal_ms = 60000;
	if (session_store_open(&s, &o, script_ms(10 + from), NULL, &e))
		_exit(2);
	for (unsigned i = from;; i++) {
		char room[3][32];
		struct script_event event = nth(i, room);
		while (w->until && i >= w->until)
			(void)usleep(200);
		put(s, &event);
		if (session_store_tick(s, script_ms(11 + i), &e) || session_store_sync(s, &e))
			_exit(3);
		w->synced = i + 1;
	}
}

/* Killed at any moment, seals and days included: what was synchronised is there. */
static void killed_at_any_moment(void **state)
{
	char path[32];
	struct writing *w =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rand r = rand_of(9, 9);
	(void)state;
	make_state(path);
	w->synced = 0;
	for (unsigned turn = 0; turn < 25; turn++) {
		pid_t child = fork();
		int status;
		if (!child)
			write_on(path, w->synced, w);
		unsigned until = w->synced + 1 + (unsigned)rand_below(&r, 80);
		for (unsigned waited = 0; w->synced < until && waited < 100000; waited++)
			(void)usleep(200);
		(void)usleep((useconds_t)rand_below(&r, 2000));
		(void)kill(child, SIGKILL);
		(void)waitpid(child, &status, 0);
		assert_true(WIFSIGNALED(status));
		struct session_store *s = open_store(path, NULL, script_ms(20 + w->synced), NULL);
		for (unsigned i = 0; i < w->synced; i += 1 + w->synced / 200) {
			char room[3][32], want[48];
			struct script_event event = nth(i, room);
			(void)snprintf(want, sizeof want, "user:%s", event.user);
			expect(s, event.addr, event.at_s + 0.5, WHOSE_EXACT, want);
		}
		session_store_close(s);
	}
	assert_true(w->synced > 100);
	remove_state(path);
}

/* A log that could not be sealed is with the next one, not only when the writer begins anew. */
static void sealing_that_failed_is_done_later(void **state)
{
	char path[32], log[96], block[128];
	struct err e;
	(void)state;
	make_state(path);
	struct session_store *s = open_store(path, "one", script_ms(0), NULL);
	(void)snprintf(
	    log, sizeof log, "%s/sessions/live-one-%lld.log", path, (long long)script_ms(0));
	(void)snprintf(block, sizeof block, "%s/sessions/live-one-%lld-%lld.idx.run0", path,
	    (long long)script_ms(0), (long long)script_ms(3600));
	assert_int_equal(mkdir(block, 0700), 0);
	put(s, &a_start);
	assert_int_equal(session_store_tick(s, script_ms(3600), &e), ERR_SYS);
	assert_int_equal(access(log, F_OK), 0);
	assert_int_equal(rmdir(block), 0);
	must(session_store_tick(s, script_ms(7200), &e), &e);
	assert_int_not_equal(access(log, F_OK), 0);
	expect(s, IP, 15, WHOSE_EXACT, "user:alice");
	session_store_close(s);
	remove_state(path);
}

/* A reader that opens the folder while its files change finds all that was synchronised before.
 * Each time there is a file more at most, for a slow reader would have ever more to read; at
 * midnight they become one. */
static void readers_beside_a_writer(void **state)
{
	enum { FROM = 84000, A_TURN = 24, TURNS = 200 };
	char path[32];
	struct writing *w =
	    mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	(void)state;
	make_state(path);
	w->until = FROM + A_TURN;
	pid_t child = fork();
	if (!child)
		write_on(path, FROM, w);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		char room[3][32], want[48];
		while (w->synced < w->until)
			(void)usleep(200);
		unsigned last = w->synced - 1, n = last - FROM;
		struct text told = {0};
		w->until += A_TURN;
		struct session_store *s = open_store(path, NULL, script_ms(20 + last), &told);
		for (unsigned i = 0; i <= n; i += 1 + n / 20) {
			struct script_event event = nth(last - i, room);
			(void)snprintf(want, sizeof want, "user:%s", event.user);
			expect(s, event.addr, event.at_s + 0.5, WHOSE_EXACT, want);
		}
		session_store_close(s);
		text_fini(&told);
	}
	assert_true(w->synced > 86400);
	(void)kill(child, SIGKILL);
	(void)waitpid(child, NULL, 0);
	remove_state(path);
}

/* Nine days of a made-up provider, hour by hour; every answer of a reader is the oracle's. */
static void days_of_files_answer_as_the_oracle(void **state)
{
	enum { CLAIMS = 40000, QUESTIONS = 40000 };
	char path[32];
	static struct world_answer want;
	struct answer got;
	struct world w;
	struct err e;
	size_t wrong = 0, kinds[4] = {0};
	int64_t now_ms = WORLD_T0;
	(void)state;
	make_state(path);
	world_make(&w, CLAIMS, 3);
	struct session_store_options o = options(path, "one");
	o.sessions.keep_ms = 30 * 24 * HOUR;
	struct session_store *s;
	must(session_store_open(&s, &o, now_ms, NULL, &e), &e);
	for (size_t i = 0; i < w.event_n; i++) {
		struct world_event *v = &w.events[i];
		struct session event = world_session(&w.claims[v->claim], v->what, v->ms);
		for (; v->arrives_ms > now_ms; now_ms += HOUR / 4)
			must(session_store_tick(s, now_ms, &e), &e);
		session_store_event(s, &event);
	}
	must(session_store_tick(s, now_ms + HOUR, &e), &e);
	session_store_close(s);
	o.writer = NULL;
	must(session_store_open(&s, &o, now_ms + HOUR, NULL, &e), &e);
	struct session_status status;
	session_store_status(s, &status);
	w.swept_ms = status.swept_ms;
	for (size_t i = 0; i < QUESTIONS; i++) {
		struct world_question q = world_ask(&w);
		world_answer_of(&w, &q, &want);
		session_store_ask(s, &q.q, &got);
		kinds[want.kind]++;
		bool right = got.kind == want.kind && (got.more || got.n == want.n);
		for (size_t k = 0; right && !got.more && k < got.n; k++) {
			char name[LINE_TEXT], text[LINE_TEXT];
			session_store_name(s, &got, k, name);
			size_t m = 0;
			do
				world_line_text(want.lines[m], text);
			while (strcmp(text, name) != 0 && ++m < want.n);
			right = m < want.n;
		}
		if (!right && wrong++ < 5) {
			char addr[ADDR_TEXT];
			addr_text(addr, &q.q.addr);
			print_message("%s port %u at %lld +- %u: %s %zu, want %s %zu\n", addr,
			    q.q.port, (long long)(q.q.at_ms - WORLD_T0), q.q.skew_ms,
			    whose_word(got.kind), got.n, whose_word(want.kind), want.n);
			for (size_t k = 0; k < want.record_n; k++)
				print_message("  want %lld .. %lld\n",
				    (long long)(want.records[k]->begin_ms - WORLD_T0),
				    (long long)(want.records[k]->known_end_ms - WORLD_T0));
			for (size_t k = 0; k < got.record_n; k++)
				print_message("  got %lld .. %lld end %u source %u\n",
				    (long long)(got.records[k].v.t0_ms - WORLD_T0),
				    (long long)(got.records[k].v.t1_ms - WORLD_T0),
				    got.records[k].v.end, got.records[k].source);
		}
	}
	print_message("%llu files, %llu bytes, mark at %lld: %zu exact, %zu ambiguous, %zu "
		      "expired, %zu unknown; %zu wrong\n",
	    (unsigned long long)status.files, (unsigned long long)status.bytes,
	    (long long)(status.swept_ms - WORLD_T0), kinds[WHOSE_EXACT], kinds[WHOSE_AMBIGUOUS],
	    kinds[WHOSE_EXPIRED], kinds[WHOSE_UNKNOWN], wrong);
	assert_int_equal(wrong, 0);
	session_store_close(s);
	world_free(&w);
	remove_state(path);
}

/* What was imported counts from the import, however old it is, and ends nothing that is live. */
static void imports_count_from_their_import(void **state)
{
	char path[32];
	struct err e;
	double day = 86400;
	struct session_imported done;
	(void)state;
	make_state(path);
	struct session_store_options o = options(path, NULL);
	struct session_store *s;
	o.imports = true;
	must(session_store_open(&s, &o, script_ms(30 * day), NULL, &e), &e);
	struct session_import *i = session_import_begin(s, script_ms(30 * day));
	const struct script_event events[] = {a_start, a_stop, b_start};
	for (size_t k = 0; k < ROWS(events); k++) {
		struct session event = script_session(&events[k]);
		must(session_import_event(i, &event, &e), &e);
	}
	must(session_import_end(i, &done, &e), &e);
	assert_int_equal(done.interval_n, 2);
	expect(s, IP, 100, WHOSE_EXACT, "user:alice");
	session_store_close(s);
	s = open_store(path, "one", script_ms(31 * day), NULL);
	must(session_store_sweep(s, script_ms(36 * day), &e), &e);
	expect(s, IP, 100, WHOSE_EXACT, "user:alice");
	must(session_store_sweep(s, script_ms(37 * day), &e), &e);
	expect(s, IP, 100, WHOSE_EXPIRED, "");
	session_store_close(s);
	remove_state(path);
}

static void find_in(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	segment_find(of, q, lo_ms, hi_ms, out);
}

static uint64_t ask_file(const struct segment *s, enum whose *kind)
{
	struct segment_reader reader = {.segment = s};
	struct whose_source source = {.find = find_in, .of = &reader};
	struct asker asker = {.v = &source, .n = 1};
	struct question q = {.at_ms = script_ms(10000)};
	struct answer a;
	script_addr(IP, &q.addr);
	whose_ask(&asker, &q, &a);
	*kind = a.kind;
	whose_fini(&asker);
	return a.n ? a.v[0].key : 0;
}

/* Whatever byte of a file is changed, an answer that is exact is the right one. */
static void damage_never_accuses(void **state)
{
	char path[] = "damage.XXXXXX";
	struct lines *lines = lines_new(0);
	struct session_file f;
	struct err e;
	enum whose kind;
	int fd = mkstemp(path);
	(void)state;
	struct session_build *b = session_build_new(path, 0);
	for (unsigned i = 0; i < 300; i++) {
		char room[3][32];
		struct script_event event = nth(i % 100, room);
		event.addr = i % 3 ? IP : event.addr;
		event.at_s = i < 299 ? i * 10 : 9000;
		struct session s = script_session(&event);
		struct interval v = interval_of(&s);
		v.line = lines_enter(lines, &s.ids, 0, s.t0_ms);
		v.t1_ms = v.sure_ms = i < 299 ? s.t0_ms + 10000 : INTERVAL_EVER_MS;
		v.end = i < 299 ? SESSION_TOLD : SESSION_OPEN;
		v.began = i + 1;
		must(session_build_add(b, &v, lines, &e), &e);
	}
	struct segment_about about = {.from_ms = script_ms(0), .to_ms = script_ms(20000)};
	must(session_build_end(b, &about, &e), &e);
	must(session_file_open(&f, path, &e), &e);
	uint64_t right = ask_file(&f.segment, &kind);
	assert_int_equal(kind, WHOSE_EXACT);
	char *copy = mem_new(f.bytes, 1);
	for (size_t i = 0; i < f.bytes; i++) {
		struct segment s;
		memcpy(copy, f.map, f.bytes);
		copy[i] = (char)(copy[i] ^ (1 << i % 8));
		if (segment_open(&s, (struct span){copy, f.bytes}, &e) == ERR_OK) {
			uint64_t key = ask_file(&s, &kind);
			assert_true(kind != WHOSE_EXACT || key == right);
			assert_true(kind != WHOSE_UNKNOWN || key == 0);
		}
		segment_close(&s);
	}
	for (size_t n = 0; n < f.bytes; n += 97) {
		struct segment s;
		assert_int_not_equal(segment_open(&s, (struct span){copy, n}, &e), ERR_OK);
		segment_close(&s);
	}
	free(copy);
	session_file_close(&f);
	lines_free(lines);
	(void)close(fd);
	(void)unlink(path);
}

/* It is on the disk though it does not count yet, through an hour's change too. */
static void an_event_that_waits_outlives_a_crash(void **state)
{
	char path[32];
	struct err e;
	(void)state;
	for (int hour = 0; hour < 2; hour++) {
		make_state(path);
		struct session_store *s = open_store(path, "one", script_ms(0), NULL);
		put(s, &a_start);
		must(session_store_sync(s, &e), &e);
		expect(s, IP, 15, WHOSE_UNKNOWN, "");
		if (hour) {
			must(session_store_turn(s, script_ms(9), &e), &e);
			must(session_store_work(s, script_ms(9), &e), &e);
			must(session_store_worked(s, &e), &e);
		}
		session_store_close(s);
		s = open_store(path, "one", script_ms(9), NULL);
		expect(s, IP, 15, WHOSE_UNKNOWN, "");
		session_store_advance(s, script_ms(20));
		expect(s, IP, 15, WHOSE_EXACT, "user:alice");
		session_store_close(s);
		remove_state(path);
	}
}

/* As a crash leaves it that came while the next hour's log was written: the one before goes on. */
static void a_log_that_is_half_begun_is_none(void **state)
{
	char path[32], name[128];
	(void)state;
	make_state(path);
	struct session_store *s = open_store(path, "one", script_ms(0), NULL);
	struct err e;
	put(s, &a_start);
	session_store_advance(s, script_ms(20));
	must(session_store_sync(s, &e), &e);
	session_store_close(s);
	(void)snprintf(name, sizeof name, "%s/sessions/live-one-%lld.log.new", path,
	    (long long)script_ms(3600));
	int fd = open(name, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(write(fd, "theriacL", 8), 8);
	assert_int_equal(close(fd), 0);
	s = open_store(path, "one", script_ms(3700), NULL);
	expect(s, IP, 15, WHOSE_EXACT, "user:alice");
	struct session_status status;
	session_store_status(s, &status);
	assert_int_equal(status.open, 1);
	assert_int_equal(status.files, 0);
	assert_int_equal(access(name, F_OK), -1);
	session_store_close(s);
	remove_state(path);
}

/* A router that was sold names nobody, also for who comes back in the same hour. */
static void a_refused_join_outlives_a_crash(void **state)
{
	static const struct script_event events[] = {
	    {SCRIPT_START, 10, "100.64.2.1", "nas1", "a", "alice", .mac = "router"},
	    {SCRIPT_START, 20, "100.64.2.2", "nas1", "b", "bob", .mac = "router"},
	    {SCRIPT_START, 30, "100.64.2.3", "nas1", "c", .mac = "router"},
	};
	char path[32];
	struct err e;
	(void)state;
	make_state(path);
	for (int again = 0; again < 2; again++) {
		struct session_store *s = open_store(path, "one", script_ms(100 * again), NULL);
		for (size_t i = 0; i < ROWS(events) && !again; i++)
			put(s, &events[i]);
		session_store_advance(s, script_ms(50));
		must(session_store_sync(s, &e), &e);
		expect(s, "100.64.2.1", 40, WHOSE_EXACT, "user:alice");
		expect(s, "100.64.2.2", 40, WHOSE_EXACT, "user:bob");
		expect(s, "100.64.2.3", 40, WHOSE_EXACT, "mac:72:6f:75:74:65:72");
		session_store_close(s);
	}
	remove_state(path);
}

struct beside {
	struct session_store *s;
	int64_t now_ms;
	struct err e;
	int fd, bad;
};

static int work_beside(void *arg)
{
	struct beside *b = arg;
	return session_store_work(b->s, b->now_ms, &b->e);
}

static int sync_beside(void *arg)
{
	return fdatasync(((struct beside *)arg)->fd);
}

/* Two threads have the disk while events go on: nothing of it waits, and nothing is lost. */
static void files_are_made_beside_what_goes_on(void **state)
{
	enum { EVENTS = 3000, AN_HOUR = 500 };
	char path[32];
	(void)state;
	make_state(path);
	struct beside b = {.s = open_store(path, "one", script_ms(0), NULL)};
	struct errand *work = errand_new(), *sync = errand_new();
	for (unsigned i = 0; i < EVENTS; i++) {
		char room[3][32];
		struct script_event event = nth(i, room);
		put(b.s, &event);
		if (errand_over(sync, false, &b.bad))
			session_store_written(b.s, b.bad == 0);
		if (!errand_busy(sync)) {
			must(session_store_write(b.s, &b.fd, &b.e), &b.e);
			if (b.fd >= 0)
				errand_start(sync, sync_beside, &b);
		}
		if (i % AN_HOUR == AN_HOUR - 1) {
			if (errand_over(work, true, &b.bad)) {
				must(b.bad, &b.e);
				must(session_store_worked(b.s, &b.e), &b.e);
			}
			if (errand_over(sync, true, &b.bad))
				session_store_written(b.s, b.bad == 0);
			b.now_ms = script_ms(event.at_s + 4);
			must(session_store_turn(b.s, b.now_ms, &b.e), &b.e);
			errand_start(work, work_beside, &b);
		}
	}
	errand_free(work);
	errand_free(sync);
	session_store_close(b.s);
	b.s = open_store(path, NULL, script_ms(EVENTS), NULL);
	for (unsigned i = 0; i < EVENTS - AN_HOUR; i++) {
		char room[3][32], want[48];
		struct script_event event = nth(i, room);
		(void)snprintf(want, sizeof want, "user:%s", event.user);
		expect(b.s, event.addr, event.at_s + 0.5, WHOSE_EXACT, want);
	}
	struct session_status status;
	session_store_status(b.s, &status);
	assert_true(status.files >= EVENTS / AN_HOUR - 1);
	session_store_close(b.s);
	remove_state(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(answers_outlive_restarts),
	    cmocka_unit_test(old_is_expired_and_gone),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(full_disk_loses_nothing),
	    cmocka_unit_test(killed_at_any_moment),
	    cmocka_unit_test(sealing_that_failed_is_done_later),
	    cmocka_unit_test(readers_beside_a_writer),
	    cmocka_unit_test(days_of_files_answer_as_the_oracle),
	    cmocka_unit_test(imports_count_from_their_import),
	    cmocka_unit_test(damage_never_accuses),
	    cmocka_unit_test(an_event_that_waits_outlives_a_crash),
	    cmocka_unit_test(a_log_that_is_half_begun_is_none),
	    cmocka_unit_test(a_refused_join_outlives_a_crash),
	    cmocka_unit_test(files_are_made_beside_what_goes_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
