/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The run of a simulation: see sim.h. */
#include "sim/sim.h"
#include "base/mem.h"
#include "sim/look.h"
#include "sim/scene.h"
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HOUR_MS = 3600000 };
/* 2000 to 2099: NetFlow counts seconds in 32 bits. */
#define FIRST_START_MS 946684800000LL
#define LAST_START_MS  4102444740000LL
/* One line in so many is as busy as a hall of residence: the top hundredth, and a few more. */
enum { ONE_BUSY_IN = 90 };

#define AT(field) offsetof(struct sim_options, field)
const struct opt_row sim_rows[SIM_ROWS] = {
    {"lines", OPT_UINT, AT(lines), 1, 4000000, "lines", "2000",
	"subscriber lines, each with a household"},
    {"hours", OPT_UINT, AT(hours), 1, 720, "h", "24", "how long the run lasts"},
    {"seed", OPT_UINT, AT(seed), 0, 0, NULL, "1", "the same options and seed give the same bytes"},
    {"out", OPT_TEXT, AT(out), 0, 0, "DIR", NULL,
	"folder to write to, made where it is missing; files of an earlier run are replaced"},
    {"format", OPT_WORD, AT(format), 0, 0, "v9|ipfix|zeek", "v9",
	"flows as NetFlow v9 or IPFIX datagrams in flows.pcap, or as Zeek's conn.log; look-ups are "
	"written to dns.log in Zeek's format"},
    {"rate", OPT_REAL, AT(rate), 0.01, 100, NULL, "1",
	"how much people and things do: 1 gives the median line about 2,500 flow records a day, 14 "
	"what "
	"is measured at providers"},
    {"infected", OPT_REAL, AT(infected), 0, 1, NULL, "0.03", "share of the lines with a bot"},
    {"benign-only", OPT_BOOL, AT(benign_only), 0, 0, NULL, NULL, "no bots at all"},
    {"look-alikes", OPT_TEXT, AT(look_alikes), 0, 0, "NAME,...", "all",
	"benign habits to play that look like a bot: all, none, or names out of"
#define LOOK(function, name, per_mille, serves, what) " " name
#include "sim/looks.def"
#undef LOOK
    },
    {"start", OPT_TIME, AT(start_ms), 0, 0, "TIME", "2026-03-02T00:00:00Z",
	"when the run begins, a whole minute"},
    {"prefix", OPT_TEXT, AT(prefix), 0, 0, "CIDR", "100.64.0.0/10",
	"the lines' IPv4 addresses; IPv6 /64s are taken from 2001:db8::/32"},
    {"active", OPT_SPAN, AT(active_ms), 10, 3600, "s", "60",
	"active timeout of the exporter: long flows are reported in slices of this length"},
    {"one-way", OPT_BOOL, AT(one_way), 0, 0, NULL, NULL,
	"export flows from the lines to the Internet only"},
    {"no-flags", OPT_BOOL, AT(no_flags), 0, 0, NULL, NULL, "an exporter without TCP flags"},
    {"sampling", OPT_UINT, AT(sampling), 1, 100000, "packets", "1",
	"an exporter that looks at one packet in so many, by chance, and says so"},
    {"sessions", OPT_BOOL, AT(sessions), 0, 0, NULL, NULL,
	"lines change their addresses, over PPPoE, DHCP and a carrier-grade NAT; sessions/ says "
	"who held "
	"which, as FreeRADIUS, dhcpd, Kea and the NAT log it"},
    {"redial", OPT_SPAN, AT(redial_ms), 60, 604800, "s", "5 h",
	"with --sessions, how long a line keeps an address on average"},
    {"lease", OPT_SPAN, AT(lease_ms), 120, 604800, "s", "1 h",
	"with --sessions, how long a DHCP lease lasts"},
    {"behind-nat", OPT_REAL, AT(behind_nat), 0, 1, NULL, "0.3",
	"with --sessions, share of the lines behind a carrier-grade NAT"},
    {"no-dns", OPT_BOOL, AT(no_dns), 0, 0, NULL, NULL, "no dns.log"},
    {"json", OPT_BOOL, AT(json), 0, 0, NULL, NULL, "print the summary as JSON"},
};

static int choose_looks(const char *words, uint64_t *looks_out, struct err *e)
{
	const char *names[64];
	struct span rest = span_of(words);
	for (size_t i = 0; i < looks_n; i++)
		names[i] = looks[i].name;
	*looks_out = 0;
	if (strcmp(words, "none") == 0)
		return ERR_OK;
	if (strcmp(words, "all") == 0) {
		*looks_out = (1ULL << looks_n) - 1;
		return ERR_OK;
	}
	while (rest.p) {
		char word[32];
		size_t i = 0;
		struct span s = span_trim(span_cut(&rest, ','));
		while (i < looks_n && !span_is(s, names[i]))
			i++;
		if (i == looks_n) {
			(void)str_copy(word, sizeof word, s.p, s.n);
			const char *near = str_nearest(word, names, looks_n);
			return err_set(e, ERR_CONFIG,
			    "look-alikes: '%s' is none%s%s; 'simulate --help' lists them", word,
			    near ? ", did you mean " : "", near ? near : "");
		}
		*looks_out |= 1ULL << i;
	}
	return ERR_OK;
}

static int check_options(const struct sim_options *o, struct scene *s, struct err *e)
{
	int failed = prefix_parse(span_of(o->prefix), &s->inside, e);
	bool zeek = strcmp(o->format, "zeek") == 0;
	if (failed)
		return failed;
	if (!o->out || !o->out[0])
		return err_set(e, ERR_CONFIG, "out: name the folder to write to with --out DIR");
	if (!addr_is_v4(&s->inside.addr) || o->lines > home_room(&s->inside))
		return err_set(e, ERR_CONFIG,
		    "prefix: %s has no room for %llu IPv4 lines, 250 fit into a /24", o->prefix,
		    (unsigned long long)o->lines);
	if (zeek && (o->one_way || o->no_flags || o->sampling > 1))
		return err_set(e, ERR_CONFIG,
		    "format: zeek goes with none of --one-way, --no-flags and --sampling");
	if (o->start_ms < FIRST_START_MS || o->start_ms > LAST_START_MS ||
	    o->start_ms % STAGE_MINUTE_MS)
		return err_set(e, ERR_CONFIG, "start: a whole minute within 2000..2099");
	return choose_looks(o->look_alikes, &s->looks, e);
}

/* A random order of the lines: the first ones are infected, the next play look-alikes, in turn. */
static uint32_t *shuffled(uint32_t n, uint64_t seed)
{
	uint32_t *v = mem_new(n, sizeof *v);
	struct rand r = rand_of(seed, UINT64_MAX - 1);
	for (uint32_t i = 0; i < n; i++)
		v[i] = i;
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)rand_below(&r, i), other = v[k];
		v[k] = v[i - 1];
		v[i - 1] = other;
	}
	return v;
}

static uint32_t share_of(uint32_t n, double share)
{
	uint32_t k = (uint32_t)lround(n * share);
	return share > 0 && k == 0 ? 1 : k;
}

static void cast_bots(struct scene *s, const struct sim_options *o, const uint32_t *order)
{
	uint32_t counts[DEEDS] = {0};
	s->bot_n = o->benign_only ? 0 : share_of(s->line_n, o->infected);
	s->bots = mem_new(s->bot_n + 1, sizeof *s->bots);
	for (uint32_t i = 0; i < s->bot_n; i++) {
		struct home *h = &s->homes[order[i]];
		h->bot = (int32_t)i;
		bot_plan(&s->bots[i], i, h, counts, o->seed, (uint32_t)o->hours * 60);
	}
}

static uint64_t cast_looks(struct scene *s, const uint32_t *clean, uint32_t n)
{
	uint32_t at = 0, busy = n / ONE_BUSY_IN + 1;
	uint64_t played = 0;
	for (uint32_t i = 0; i < busy && n; i++)
		home_make_busy(&s->homes[clean[n - 1 - i]]);
	for (size_t look = 0; look < looks_n && n; look++) {
		if (!(s->looks >> look & 1))
			continue;
		for (uint32_t k = share_of(n, looks[look].per_mille / 1000.0); k > 0; k--) {
			struct home *h = &s->homes[clean[at++ % n]];
			played += h->roles == 0;
			h->roles |= 1ULL << look;
			h->serves |= looks[look].serves == SERVES;
		}
	}
	return played;
}

static void cast_lines(struct scene *s, const struct sim_options *o, struct sim_result *result)
{
	s->line_n = (uint32_t)o->lines;
	s->homes = mem_new(s->line_n, sizeof *s->homes);
	for (uint32_t i = 0; i < s->line_n; i++)
		s->homes[i] = home_of(o->seed, i);
	uint32_t *order = shuffled(s->line_n, o->seed);
	cast_bots(s, o, order);
	result->look_alikes = cast_looks(s, order + s->bot_n, s->line_n - s->bot_n);
	result->infected = s->bot_n;
	free(order);
}

/* An earlier run of another format must not be read as a part of this one. */
static int remove_other(const char *dir, const char *name, struct err *e)
{
	char path[512];
	int n = snprintf(path, sizeof path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof path || unlink(path) == 0 || errno == ENOENT)
		return ERR_OK; /* a path too long is refused when a file is opened */
	return err_set(e, ERR_SYS, "%s: cannot be removed: %s", path, strerror(errno));
}

static int open_files(struct scene *s, const struct sim_options *o, struct err *e)
{
	if (mkdir(o->out, 0777) != 0 && errno != EEXIST)
		return err_set(e, ERR_SYS, "%s: cannot be made: %s", o->out, strerror(errno));
	struct stage *stage = &s->stage;
	stage->zeek = strcmp(o->format, "zeek") == 0;
	int failed = remove_other(o->out, stage->zeek ? "flows.pcap" : "conn.log", e);
	if (!failed && (stage->zeek || !o->sessions))
		failed = remove_other(o->out, "flows-outside.pcap", e);
	if (!failed && !o->sessions)
		failed = sessions_remove(o->out, e);
	if (!failed && o->no_dns)
		failed = remove_other(o->out, "dns.log", e);
	if (failed)
		return failed;
	stage->one_way = o->one_way;
	stage->dns = !o->no_dns;
	stage->active_ms = (uint32_t)o->active_ms;
	stage->sampling = (uint32_t)o->sampling;
	stage->start_ms = s->start_ms;
	stage->end_ms = s->end_ms;
	stage->truth = &s->truth;
	stage->homes = s->homes;
	stage->access = s->truth.access = s->sessions ? &s->access : NULL;
	truth_open(&s->truth, s->bots, s->bot_n, &s->inside, s->start_ms);
	failed = sink_open(&s->truth.to, o->out, "truth.jsonl", e);
	if (!failed)
		failed = indicators_write(s, o->out, o->seed, e);
	if (!failed)
		failed = stage_open(
		    stage, o->out, strcmp(o->format, "ipfix") == 0, !o->no_flags, o->seed, e);
	return failed;
}

static void tell_lines(struct scene *s, const struct sim_options *o)
{
	truth_provider(&s->truth, o->lines, o->hours, o->seed, s->start_ms, s->end_ms);
	for (uint32_t i = 0; i < s->line_n; i++) {
		const struct home *h = &s->homes[i];
		if (h->bot >= 0)
			truth_line(&s->truth, h, &families[s->bots[h->bot].family]);
		else if (h->roles || s->sessions)
			truth_line(&s->truth, h, NULL);
	}
}

/* Busyness by the hour of the day, 1 on average: the evening peak is six times the early morning
 * (the usual curve of residential traffic). */
static void set_rhythm(struct scene *s)
{
	static const double hours[24] = {0.62, 0.42, 0.32, 0.28, 0.27, 0.3, 0.45, 0.7, 0.85, 0.9,
	    0.95, 1.0, 1.1, 1.1, 1.1, 1.15, 1.25, 1.4, 1.55, 1.7, 1.8, 1.75, 1.5, 1.04};
	for (int i = 0; i < SHIFTS; i++) {
		int64_t at = s->minute_ms + (int64_t)(i - SHIFTS / 2) * HOUR_MS;
		unsigned hour = (unsigned)(at / HOUR_MS % 24);
		double part = (double)(at % HOUR_MS) / HOUR_MS;
		s->rhythm[i] = hours[hour] + (hours[(hour + 1) % 24] - hours[hour]) * part;
	}
}

static void play_line(struct scene *s, struct home *h)
{
	habit_minute(s, h);
	for (uint64_t roles = h->roles; roles; roles &= roles - 1)
		looks[__builtin_ctzll(roles)].minute(s, h);
	if (h->bot >= 0)
		deed_minute(s, h, &s->bots[h->bot]);
}

static void play(struct scene *s, struct sim_watch watch)
{
	uint64_t minutes = (uint64_t)(s->end_ms - s->start_ms) / STAGE_MINUTE_MS;
	for (uint64_t m = 0; m < minutes; m++) {
		s->minute_ms = s->start_ms + (int64_t)m * STAGE_MINUTE_MS;
		set_rhythm(s);
		for (uint32_t i = 0; i < s->line_n; i++)
			play_line(s, &s->homes[i]);
		stage_minute(&s->stage, s->minute_ms);
		if (watch.tell)
			watch.tell(watch.to, m + 1, minutes, s->stage.flow_count);
		if (s->stage.flows.failed || s->stage.lookups.failed || s->stage.outside.failed)
			return;
	}
	/* What went on at the end is reported within the exporter's timeouts. */
	for (int64_t at = s->end_ms; !stage_is_idle(&s->stage); at += STAGE_MINUTE_MS)
		stage_minute(&s->stage, at);
	truth_flush(&s->truth, INT64_MAX);
}

static int plan_sessions(struct scene *s, const struct sim_options *o, struct err *e)
{
	struct access_options a = {
	    .redial_ms = o->redial_ms, .lease_ms = o->lease_ms, .behind_nat = o->behind_nat};
	s->sessions = o->sessions;
	return o->sessions ? access_plan(&s->access, &a, s->homes, s->line_n, &s->inside, o->seed,
				 s->start_ms, s->end_ms, e)
			   : ERR_OK;
}

int sim_run(
    const struct sim_options *o, struct sim_watch watch, struct sim_result *result, struct err *e)
{
	struct scene *s = mem_new(1, sizeof *s);
	*result = (struct sim_result){0};
	int failed = check_options(o, s, e);
	if (!failed) {
		s->start_ms = o->start_ms;
		s->end_ms = o->start_ms + (int64_t)o->hours * HOUR_MS;
		s->rate = o->rate;
		cast_lines(s, o, result);
		failed = plan_sessions(s, o, e);
	}
	if (!failed)
		failed = open_files(s, o, e);
	if (!failed && s->sessions)
		failed = sessions_write(&s->access, o->out, o->seed, &result->bytes, e);
	if (!failed) {
		tell_lines(s, o);
		play(s, watch);
	}
	int closed = stage_close(&s->stage, failed ? NULL : e);
	failed = failed ? failed : closed;
	closed = truth_close(&s->truth, failed ? NULL : e);
	result->conversations = s->stage.talk_count;
	result->flows = s->stage.flow_count;
	result->lookups = s->stage.lookup_count;
	result->bytes += s->stage.flows.bytes + s->stage.outside.bytes + s->stage.lookups.bytes +
			 s->truth.to.bytes;
	access_fini(&s->access);
	free(s->homes);
	free(s->bots);
	free(s);
	return failed ? failed : closed;
}
