/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BRUTE: repeated short two-way sessions of nearly equal size to log-in ports. In: answered TCP
 * contacts that the line opened, to 21, 22, 23, 445, 1433, 3389, 5900. x = sessions in ten minutes,
 * times 6, where they went to 5 hosts or 20 of them to one, and their bytes vary little (CV <
 * 0.25). Misses: slow and distributed guessing, guessing over HTTP. Known false positives: backups,
 * git over ssh, monitoring: one destination that the line has used for over a day is left out.
 * Source: detection.md 4.3. */
#include "detect/inner.h"
#include <math.h>

enum {
	WINDOW_MS = 600000,
	SHORT_MS = 60000,
	HOSTS_MIN = 5,
	TO_ONE_MIN = 20,
	TOPS = 3,
	DAY_S = 86400
};
static const double cv_max = 0.25, windows_per_hour = 6;

struct top { /* Space-Saving over destinations of the window */
	uint32_t peer, n;
};

struct state {
	struct distinct hosts;
	uint32_t window; /* + 1 */
	uint32_t n;
	float mean, m2; /* of the bytes of a session, Welford */
	struct top top[TOPS];
	uint32_t old_peer, old_since_s; /* the destination that most sessions of a window went to */
};

static bool is_login(uint16_t port)
{
	return port == 21 || port == 22 || port == 23 || port == 445 || port == 1433 ||
	       port == 3389 || port == 5900;
}

static struct top most_sessions(const struct state *s)
{
	struct top most = s->top[0];
	for (int i = 1; i < TOPS; i++)
		most = s->top[i].n > most.n ? s->top[i] : most;
	return most;
}

static void open_window_of(struct state *s, uint32_t window)
{
	if (s->window == window + 1)
		return;
	struct top most = most_sessions(s);
	if (most.n && most.peer != s->old_peer) {
		s->old_peer = most.peer;
		s->old_since_s = (uint32_t)((int64_t)(s->window - 1) * (WINDOW_MS / 1000));
	}
	s->window = window + 1;
	s->n = 0;
	s->mean = s->m2 = 0;
	for (int i = 0; i < TOPS; i++)
		s->top[i] = (struct top){0};
}

static void note_peer(struct state *s, uint32_t peer)
{
	struct top *least = &s->top[0];
	for (int i = 0; i < TOPS; i++) {
		if (s->top[i].n && s->top[i].peer == peer) {
			s->top[i].n++;
			return;
		}
		if (s->top[i].n < least->n)
			least = &s->top[i];
	}
	*least = (struct top){peer, 1}; /* not the count it takes over: only what is certain */
}

static void session(struct state *s, double bytes)
{
	float was = s->mean;
	s->n++;
	s->mean += ((float)bytes - s->mean) / (float)s->n;
	s->m2 += ((float)bytes - was) * ((float)bytes - s->mean);
}

static bool is_even(const struct state *s)
{
	return s->n > 1 && s->mean > 0 && sqrt((double)s->m2 / (s->n - 1)) < cv_max * s->mean;
}

static void judge(struct detect *d, struct state *s, const struct contact *c, const struct hint *h)
{
	uint32_t window = s->window - 1, hosts = distinct_count(&s->hosts, window);
	uint32_t since = (uint32_t)(c->end_ms / 1000) - s->old_since_s;
	bool habit = hosts == 1 && s->old_peer == (uint32_t)h->peer && since > DAY_S;
	if (habit || !is_even(s) || (hosts < HOSTS_MIN && most_sessions(s).n < TO_ONE_MIN))
		return;
	double x = s->n * windows_per_hour;
	struct verdict v = {.value = x,
	    .p = tail_p(&detector_password_guessing.tail[0], x),
	    .share = -1,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * WINDOW_MS,
	    .count = s->n,
	    .sampling = c->sampling};
	(void)finding_judge(d, &v);
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	(void)opts;
	if (c->outcome != OUTCOME_ANSWERED || !is_login(c->peer_port) ||
	    c->end_ms - c->start_ms > SHORT_MS || c->bytes_out == 0 || c->bytes_in == 0)
		return;
	struct state *s = detect_state(d);
	open_window_of(s, window_open(s->window, c->end_ms, WINDOW_MS));
	session(s, (double)c->bytes_out + (double)c->bytes_in);
	(void)distinct_add(d, &s->hosts, s->window - 1, h->peer);
	finding_event(d, c->end_ms);
	note_peer(s, (uint32_t)h->peer);
	judge(d, s, c, h);
	finding_note(d, &c->peer, c->peer_port, c->proto, (struct span){0});
}

const struct detector detector_password_guessing = {
    .name = "password-guessing",
    .summary = "many short log-in sessions of equal size",
    .source = "detection.md 4.3 BRUTE; Sperotto et al. 2009 (SSH dictionary attacks in flows)",
    .attack = "T1110.001,T1110.004",
    .statistic = {"login_sessions"},
    .unit = {"sessions/h"},
    .sentence =
	{"opened {count} short log-in sessions of equal size on {ports} within ten minutes"},
    .group = GROUP_PROPAGATION,
    .weight = 0.15,
    .cap_db = 45,
    .tail = {{30, 5e-4, 2}},
    .window_ms = WINDOW_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_OPENED | FACT_WHOLE | FACT_EXTERNAL | FACT_TCP,
    .contact = contact,
};
