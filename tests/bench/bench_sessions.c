/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The session index at size. Live: N sessions and port blocks held, look-ups a second and one by
 * one, events a second through tracker and log, memory. On disk: M intervals of seven days built
 * within bounded memory, look-ups warm and after the page cache was told to drop the file, beside
 * the disk's own random reads of 4 KiB. bench_sessions live [N]             10,000,000
 *   bench_sessions ingest [N]           1,000,000
 *   bench_sessions disk [M [FOLDER]]    10,000,000, in the current folder */
#include "base/mem.h"
#include "base/rand.h"
#include "run/session_store.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define T0   1767312000000ll /* a midnight, UTC */
#define DAY  86400000ll
#define WEEK (7 * DAY)
enum { QUESTIONS = 1000000, SAMPLES = 20000, BLOCKS = 126, BLOCK = 512 };

static double seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of this process alone, so that others on the machine do not count. */
static double cpu_seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double rss_mb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, pages = 0;
	if (f && fscanf(f, "%ld %ld", &size, &pages) != 2)
		pages = 0;
	if (f)
		(void)fclose(f);
	return (double)pages * 4096 / 1e6;
}

static double peak_mb(void)
{
	struct rusage u;
	(void)getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1e3;
}

/* Subscriber i: of ten, five dial in and have an IPv4 and an IPv6 prefix each, five are behind a
 * NAT. */
static void add_text(struct session_ids *ids, enum session_id kind, const char *form, uint64_t i)
{
	char text[32];
	(void)snprintf(text, sizeof text, form, (unsigned long long)i);
	(void)session_ids_add(ids, kind, span_of(text));
}

static union addr v6_of(uint64_t i)
{
	uint8_t b[16] = {0x20, 0x01, 0x0d, 0xb8, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
	b[3] = (uint8_t)(b[3] ^ i >> 24);
	return addr_v6(b);
}

enum what { LEASE_V4, LEASE_V6, NAT_BLOCK };
static struct session place_of(enum what what, uint64_t i, int64_t ms)
{
	struct session s = {.begin = SESSION_TOLD, .t0_ms = ms, .port_step = 1};
	if (what == NAT_BLOCK) {
		s.kind = SESSION_BINDING;
		s.held = (struct prefix){addr_v4((uint32_t)(0xcb000000 + i / BLOCKS)), 128};
		s.port_first = (uint16_t)(1024 + i % BLOCKS * BLOCK);
		s.port_last = (uint16_t)(s.port_first + BLOCK - 1);
		s.holder.addr = addr_v4((uint32_t)(0x64400000 + i));
		return s;
	}
	s.held = what == LEASE_V4 ? (struct prefix){addr_v4((uint32_t)(0x64400000 + i)), 128}
				  : (struct prefix){v6_of(i), 56};
	return s;
}

static struct session event_of(enum what what, uint64_t i, int64_t ms, uint64_t number)
{
	struct session s = place_of(what, i, ms);
	if (what == NAT_BLOCK)
		return s;
	add_text(&s.ids, SESSION_USER, "user%llu@isp.example", i);
	add_text(&s.ids, SESSION_NAS, "bras%llu", i % 50);
	add_text(&s.ids, SESSION_KEY, "%016llx", number);
	return s;
}

static struct question question_of(enum what what, uint64_t i)
{
	union addr addr = what == LEASE_V6   ? v6_of(i)
			  : what == LEASE_V4 ? addr_v4((uint32_t)(0x64400000 + i))
					     : addr_v4((uint32_t)(0xcb000000 + i / BLOCKS));
	uint64_t port = what == NAT_BLOCK ? 1024 + i % BLOCKS * BLOCK + 7 : 443;
	return (struct question){
	    .addr = addr, .port = (uint16_t)port, .proto = 6, .at_ms = T0 + DAY, .skew_ms = 2000};
}

static struct sessions_options options(uint64_t room)
{
	return (struct sessions_options){room, 3600000, 2000, 3600000};
}

static void fill(struct sessions *s, uint64_t n)
{
	struct tolds told = {0};
	for (uint64_t i = 0; i < n; i++) {
		enum what what = i % 4 == 0 ? LEASE_V6 : i % 4 == 3 ? NAT_BLOCK : LEASE_V4;
		uint64_t who = what == LEASE_V4 ? i / 4 * 2 + (i % 4 - 1) : i / 4;
		struct session e = event_of(what, who, T0 + (int64_t)(i / 1000), i);
		sessions_event(s, &e, &told);
		told.n = 0;
	}
	sessions_flush(s, &told);
	free(told.v);
}

static void ask_live(
    struct asker *a, const struct sessions *s, uint64_t n, enum what what, bool ahead)
{
	static const char *const words[] = {"IPv4", "IPv6 prefix", "NAT block, both steps"};
	enum { AHEAD = 16 };
	struct question q[AHEAD];
	struct answer answer;
	struct rand r = rand_of(1, what);
	size_t exact = 0;
	double begin = cpu_seconds();
	for (size_t i = 0; i < QUESTIONS + AHEAD; i++) {
		struct question *next = &q[i % AHEAD];
		if (i >= AHEAD) {
			whose_ask(a, next, &answer);
			exact += answer.kind == WHOSE_EXACT;
		}
		*next = question_of(what, rand_below(&r, n / 4));
		if (ahead && i >= AHEAD / 2)
			whose_look(s, &q[(i - AHEAD / 2) % AHEAD], true);
		if (ahead)
			whose_look(s, next, false);
	}
	double took = cpu_seconds() - begin;
	printf("  %-22s %6.2f M look-ups/s of a core, %4.0f ns each, %zu of %d exact%s\n",
	    words[what], QUESTIONS / took / 1e6, took / QUESTIONS * 1e9, exact, QUESTIONS,
	    ahead ? " (brought near before)" : "");
}

static void bench_live(uint64_t n)
{
	struct sessions_options o = options(n + n / 8);
	struct lines *lines = lines_new(n * 2);
	double before = rss_mb(), begin = cpu_seconds();
	struct sessions *s = sessions_new(&o, lines);
	fill(s, n);
	double took = cpu_seconds() - begin;
	struct whose_live live = {s, lines};
	struct whose_source source = whose_live_source(&live);
	struct asker a = {.v = &source, .n = 1};
	printf("live: %llu held, tracked at %.0f events/s of a core; %.0f MB, %.0f bytes each with "
	       "their "
	       "lines\n",
	    (unsigned long long)sessions_table(s)->used, (double)n / took, rss_mb() - before,
	    (rss_mb() - before) * 1e6 / (double)n);
	for (enum what what = LEASE_V4; what <= NAT_BLOCK; what++) {
		ask_live(&a, s, n, what, false);
		ask_live(&a, s, n, what, true);
	}
	whose_fini(&a);
	sessions_free(s);
	lines_free(lines);
}

static void must(int bad, const struct err *e)
{
	if (!bad)
		return;
	(void)fprintf(stderr, "bench_sessions: %s\n", e->msg);
	exit(1);
}

/* Begins and ends, synchronised as a RADIUS listener would: before each batch is answered. */
static void bench_ingest(uint64_t n)
{
	enum { BATCH = 512 };
	char state[] = "bench.XXXXXX";
	struct session_store *s;
	struct err e;
	if (!mkdtemp(state))
		exit(1);
	struct session_store_options o = {
	    .sessions = options(1 << 22), .state = state, .writer = "bench", .retention_ms = WEEK};
	must(session_store_open(&s, &o, T0, NULL, &e), &e);
	double begin = seconds(), slowest = 0;
	for (uint64_t i = 0; i < n; i++) {
		struct session event = event_of(LEASE_V4, i % 500000, T0 + (int64_t)(i / 50), i);
		session_store_event(s, &event);
		if (i % BATCH)
			continue;
		double at = seconds();
		must(session_store_sync(s, &e), &e);
		slowest = seconds() - at > slowest ? seconds() - at : slowest;
	}
	must(session_store_sync(s, &e), &e);
	double took = seconds() - begin;
	begin = seconds();
	must(session_store_seal(s, T0 + (int64_t)(n / 50) + 1000, &e), &e);
	printf("ingest: %llu events, %.0f/s with a sync each %d; slowest sync %.1f ms; sealed in "
	       "%.1f s; peak %.0f MB\n",
	    (unsigned long long)n, (double)n / took, BATCH, slowest * 1e3, seconds() - begin,
	    peak_mb());
	session_store_close(s);
	if (system("rm -rf bench.??????") != 0)
		exit(1);
}

/* Intervals of a week, out of order: of each line of `lines_n` about as many. */
static struct interval week_of(struct rand *r, uint64_t lines_n)
{
	uint64_t who = rand_below(r, lines_n), kind = rand_below(r, 4);
	int64_t ms = T0 + (int64_t)rand_below(r, WEEK);
	struct session s = place_of(kind == 0   ? LEASE_V6
				    : kind == 3 ? NAT_BLOCK
						: LEASE_V4,
	    who, ms);
	s.end = SESSION_TOLD;
	s.t1_ms = ms + (int64_t)(60000 + rand_below(r, DAY / 4));
	struct interval v = interval_of(&s);
	v.began = rand_u64(r) | 1;
	v.ended = rand_u64(r) | 1;
	if (v.holder == HOLDER_LINE)
		v.line = (uint32_t)who + 1;
	return v;
}

static int by_real(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void print_times(const char *what, double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_real);
	printf("  %-34s p50 %7.1f us, p99 %7.1f us, p99.9 %7.1f us\n", what, v[n / 2] * 1e6,
	    v[n * 99 / 100] * 1e6, v[n * 999 / 1000] * 1e6);
}

/* The page cache lets go of the file; what a process has mapped stays, so it is mapped anew. */
static void make_cold(struct session_file *f, const char *path)
{
	struct err e;
	session_file_close(f);
	int fd = open(path, O_RDONLY);
	(void)fsync(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	(void)close(fd);
	FILE *drop = fopen("/proc/sys/vm/drop_caches", "w"); /* where we may */
	if (drop) {
		(void)fputs("1\n", drop);
		(void)fclose(drop);
	}
	must(session_file_open(f, path, &e), &e);
	(void)madvise(f->map, f->bytes, MADV_RANDOM);
}

static void time_disk(const char *path, uint64_t bytes)
{
	static double took[SAMPLES];
	static _Alignas(4096) uint8_t page[4096];
	struct rand r = rand_of(3, 3);
	int fd = open(path, O_RDONLY | O_DIRECT);
	size_t n = 0;
	for (; fd >= 0 && n < SAMPLES / 4; n++) {
		double begin = seconds();
		if (pread(fd, page, sizeof page, (off_t)(rand_below(&r, bytes / 4096) * 4096)) !=
		    sizeof page)
			break;
		took[n] = seconds() - begin;
	}
	if (n)
		print_times("the disk: random 4 KiB", took, n);
	if (fd >= 0)
		(void)close(fd);
}

static void name_in(void *of, const struct interval *v, char out[LINE_TEXT])
{
	const struct segment_reader *reader = of;
	struct line_id id;
	if (segment_id(reader->segment, v->line, &id))
		line_id_text(&id, out);
}

static void find_in(
    void *of, const struct question *q, int64_t lo_ms, int64_t hi_ms, struct found *out)
{
	segment_find(of, q, lo_ms, hi_ms, out);
}

static void time_questions(
    struct session_file *f, const char *what, uint64_t lines_n, uint64_t seed)
{
	static double took[SAMPLES];
	struct segment_reader reader = {.segment = &f->segment};
	struct whose_source source = {.find = find_in, .name = name_in, .of = &reader};
	struct asker a = {.v = &source, .n = 1};
	struct rand r = rand_of(seed, 5);
	size_t kinds[4] = {0};
	for (size_t i = 0; i < SAMPLES; i++) {
		struct interval v = week_of(&r, lines_n);
		struct question q = {.addr = v.addr,
		    .port = (uint16_t)(v.port_first ? v.port_first + 7 : 443),
		    .proto = 6,
		    .at_ms = v.t0_ms + 1000,
		    .skew_ms = 2000};
		struct answer answer;
		char name[LINE_TEXT];
		double begin = seconds();
		whose_ask(&a, &q, &answer);
		for (size_t k = 0; k < answer.n; k++)
			whose_name(&a, &answer, k, name);
		took[i] = seconds() - begin;
		kinds[answer.kind]++;
	}
	print_times(what, took, SAMPLES);
	printf("    %zu exact, %zu ambiguous, %zu unknown; %llu bad pages\n", kinds[WHOSE_EXACT],
	    kinds[WHOSE_AMBIGUOUS], kinds[WHOSE_UNKNOWN], (unsigned long long)reader.bad_pages);
	whose_fini(&a);
}

static void bench_disk(uint64_t n, const char *folder)
{
	struct segment_about about = {.from_ms = T0, .to_ms = T0 + WEEK + DAY, .reach_ms = T0};
	uint64_t lines_n = n / 50 ? n / 50 : 1;
	struct lines *lines = lines_new(lines_n + 1);
	struct text path = {0};
	struct session_file f = {0};
	struct rand r = rand_of(2, 5);
	struct err e;
	text_fmt(&path, "%s/bench_sessions.idx", folder);
	for (uint64_t i = 0; i < lines_n; i++) {
		struct session s = event_of(LEASE_V4, i, T0, 0);
		(void)lines_enter(lines, &s.ids, 0, T0);
	}
	double begin = seconds(), cpu = cpu_seconds();
	struct session_build *b = session_build_new(path.p, 1ull << 30);
	for (uint64_t i = 0; i < n; i++) {
		struct interval v = week_of(&r, lines_n);
		must(session_build_add(b, &v, lines, &e), &e);
	}
	double gathered = seconds() - begin;
	must(session_build_end(b, &about, &e), &e);
	double took = seconds() - begin;
	cpu = cpu_seconds() - cpu;
	lines_free(lines);
	make_cold(&f, path.p);
	printf("disk: %llu intervals of %llu lines, %llu entries, %.2f GB; built in %.1f s (%.1f s "
	       "runs, %.1f s merge; %.1f s of a core), peak memory %.0f MB\n",
	    (unsigned long long)f.segment.about.interval_n, (unsigned long long)lines_n,
	    (unsigned long long)f.segment.entry_n, (double)f.bytes / 1e9, took, gathered,
	    took - gathered, cpu, peak_mb());
	time_questions(&f, "look-ups, cold", lines_n, 11);
	time_questions(&f, "the same again, warm", lines_n, 11);
	time_disk(path.p, f.bytes);
	session_file_close(&f);
	(void)unlink(path.p);
	text_fini(&path);
}

int main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	const char *what = argc > 1 ? argv[1] : "live";
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	if (strcmp(what, "live") == 0)
		bench_live(n ? n : 10000000);
	else if (strcmp(what, "ingest") == 0)
		bench_ingest(n ? n : 1000000);
	else
		bench_disk(n ? n : 10000000, argc > 3 ? argv[3] : ".");
	return 0;
}
