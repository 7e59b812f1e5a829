/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Showing verdicts: see show.h. Colours and the bar appear only on a terminal; NO_COLOR is
 * honoured. */
#include "run/show.h"
#include "base/when.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH_DEFAULT = 100, WIDTH_MIN = 60, BAR = 30, INDENT = 4 };

enum tier tier_of(const char *word)
{
	for (int i = TIER_OBSERVE; word && i <= TIER_NOTICE; i++)
		if (strcmp(word, tier_words[i]) == 0)
			return (enum tier)i;
	return TIER_OBSERVE;
}

void show_json(const struct evidence_table *t, const struct verdict_line *v, size_t n,
    const struct stats *stats, FILE *to)
{
	struct text out = {0};
	struct json j = json_to(&out);
	for (size_t i = 0; i < n; i++) {
		verdict_json(t, &v[i], &j);
		(void)fwrite(out.p, 1, out.n, to);
		text_reset(&out);
	}
	text_fini(&out);
	stats_json(stats, to);
}

static bool colours(void)
{
	const char *no = getenv("NO_COLOR");
	return isatty(STDOUT_FILENO) && !(no && *no);
}

static unsigned width(void)
{
	struct winsize w;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col >= WIDTH_MIN)
		return w.ws_col;
	return WIDTH_DEFAULT;
}

/* Prints text in lines of at most w columns, each indented. */
static void wrap(const char *text, unsigned w)
{
	const char *p = text;
	while (*p) {
		size_t n = strlen(p), room = w - INDENT;
		if (n > room) {
			for (n = room; n > 0 && p[n] != ' '; n--)
				;
			n = n ? n : room;
		}
		(void)printf("%*s%.*s\n", INDENT, "", (int)n, p);
		for (p += n; *p == ' '; p++)
			;
	}
}

static const char *paint(enum tier tier, bool on)
{
	static const char *const codes[] = {"", "", "\033[33m", "\033[35m", "\033[31m"};
	return on ? codes[tier] : "";
}

static void row(
    const struct evidence_table *t, const struct verdict_line *v, bool colour, unsigned w)
{
	char line[ADDR_TEXT], since[WHEN_TEXT];
	struct text words = {0};
	when_text(since, v->first_ms / 60000 * 60000);
	since[10] = ' ';
	verdict_words(t, v, &words);
	(void)printf("%s%-26s %-10s %5.1f dB  infected: %s%2.0f %%  since %.16s\n%s",
	    paint(v->tier, colour), evidence_subject(t, &v->subject, line), tier_words[v->tier],
	    v->score_db, v->probability >= 0.98 ? ">=" : "", v->probability * 100, since,
	    colour ? "\033[0m" : "");
	wrap(words.n ? words.p : "", w);
	text_fini(&words);
}

void show_line(const struct evidence_table *t, const struct verdict_line *v, struct text *out)
{
	char line[ADDR_TEXT], last[WHEN_TEXT];
	when_text(last, v->last_ms / 1000 * 1000);
	text_fmt(out, "%s %s %s %.1f dB: ", last, evidence_subject(t, &v->subject, line),
	    tier_words[v->tier], v->score_db);
	verdict_words(t, v, out);
	text_putc(out, '\n');
}

static void counts_line(const struct verdict_line *v, size_t n, uint64_t lines)
{
	size_t of[TIER_NOTICE + 1] = {0};
	for (size_t i = 0; i < n; i++)
		of[v[i].tier]++;
	(void)printf("%llu lines seen: %zu notice, %zu suspect, %zu behaviour, %zu observe.\n",
	    (unsigned long long)lines, of[TIER_NOTICE], of[TIER_SUSPECT], of[TIER_BEHAVIOUR],
	    of[TIER_OBSERVE]);
}

void show_table(const struct evidence_table *t, const struct verdict_line *v, size_t n,
    const struct stats *stats)
{
	bool colour = colours();
	unsigned w = width();
	for (size_t i = 0; i < n; i++)
		row(t, &v[i], colour, w);
	if (n)
		(void)printf("\n");
	counts_line(v, n, stats->lines);
	if (n)
		(void)printf(
		    "A behaviour is a measured fact; suspect and notice say that an infection is "
		    "likely. Times are UTC.\n");
	(void)fflush(stdout);
	stats_text(stats, stderr);
}

static double now_s(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct progress progress_begin(uint64_t bytes)
{
	return (struct progress){.bytes = bytes, .began_s = now_s(), .on = isatty(STDERR_FILENO)};
}

void progress_show(struct progress *p, uint64_t taken, uint64_t records)
{
	double now = p->on ? now_s() : 0;
	if (!p->on || now - p->shown_s < 0.2)
		return;
	p->shown_s = now;
	double share = p->bytes ? (double)taken / (double)p->bytes : 1;
	int full = share >= 1 ? BAR : (int)(share * BAR);
	(void)fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %.1f M records  %.1f M/s ", full,
	    "##############################", BAR - full, "", share > 1 ? 100 : share * 100,
	    (double)records / 1e6, (double)records / 1e6 / (now - p->began_s + 1e-9));
}

void progress_end(struct progress *p)
{
	if (p->on)
		(void)fprintf(stderr, "\r%*s\r", BAR + 50, "");
}
