/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SPAM: distinct hosts contacted on 25/tcp per hour, and connections to 25/tcp per hour; submission
 * (465, 587) is what mail programs use and does not count. In: TCP contacts that the line opened,
 * MX look-ups. A line that answers on 25 itself is a mail server: 20 dB off, which by the
 * calibrator is p times 200. Misses: spam through a provider's relay or webmail. Known false
 * positives: mail servers of small offices that accept no mail, CGN. Source: detection.md 4.3;
 * rates of Cutwail and Grum after Stone-Gross et al. 2011. */
#include "detect/inner.h"

enum { HOUR_MS = 3600000, DAY_S = 86400, SMTP = 25, MX_MANY = 10 };
static const double server_p_factor = 200, mx_bonus_db = 6;

struct state {
	struct distinct hosts;
	uint32_t window, connections; /* window + 1 */
	uint32_t mx_window, mx_n;
	uint32_t server_s; /* when it last answered on 25 */
};

static double server_factor(const struct state *s, int64_t now_ms)
{
	return s->server_s && now_ms / 1000 - s->server_s < 7 * DAY_S ? server_p_factor : 1;
}

static void note_server(struct state *s, int64_t now_ms)
{
	s->server_s = (uint32_t)(now_ms / 1000);
}

static void judge(struct detect *d, struct state *s, uint32_t window, const struct contact *c,
    const struct hint *h)
{
	const struct tail *t = detector_spam_sending.tail;
	uint32_t hosts = distinct_count(&s->hosts, window);
	double p_hosts = tail_p(&t[0], hosts), p_connections = tail_p(&t[1], s->connections);
	uint8_t which = p_connections < p_hosts;
	double p = (which ? p_connections : p_hosts) * server_factor(s, c->end_ms);
	struct verdict v = {.value = which ? s->connections : hosts,
	    .p = p < 1 ? p : 1,
	    .share = -1,
	    .bonus_db = s->mx_window == window + 1 && s->mx_n >= MX_MANY ? mx_bonus_db : 0,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * HOUR_MS,
	    .count = s->connections,
	    .sampling = c->sampling,
	    .estimated = !which && distinct_estimated(&s->hosts),
	    .which = which};
	(void)finding_judge(d, &v);
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	(void)opts;
	if (c->opener == OPENER_PEER && c->port == SMTP && c->outcome == OUTCOME_ANSWERED)
		note_server(detect_state(d), c->end_ms);
	if (c->opener != OPENER_SELF || c->peer_port != SMTP || !h->external)
		return;
	struct state *s = detect_state(d);
	uint32_t window = window_open(s->window, c->end_ms, HOUR_MS);
	if (s->window != window + 1) {
		s->window = window + 1;
		s->connections = 0;
	}
	s->connections++;
	(void)distinct_add(d, &s->hosts, window, h->peer);
	finding_event(d, c->end_ms);
	judge(d, s, window, c, h);
	finding_note(d, &c->peer, c->peer_port, c->proto, (struct span){0});
}

static void lookup(struct detect *d, const void *opts, const struct lookup *l, const struct hint *h)
{
	(void)opts, (void)h;
	if (l->dns->qtype != DNS_MX)
		return;
	struct state *s = detect_state(d);
	uint32_t window = window_open(s->mx_window, l->dns->time_ms, HOUR_MS);
	if (s->mx_window != window + 1) {
		s->mx_window = window + 1;
		s->mx_n = 0;
	}
	s->mx_n++;
}

const struct detector detector_spam_sending = {
    .name = "spam-sending",
    .summary = "mail sent directly to many mail servers",
    .source = "detection.md 4.3 SPAM; Stone-Gross et al., LEET 2011",
    .attack = "T1566,T1584.005",
    .statistic = {"smtp_destinations", "smtp_connections"},
    .unit = {"hosts/h", "connections/h"},
    .sentence = {"connected to {value} mail servers within one hour",
	"made {value} connections to mail servers within one hour"},
    .group = GROUP_ABUSE,
    .weight = 0.35,
    .cap_db = 50,
    .tail = {{3, 1e-3, 2}, {100, 1e-3, 2}},
    .window_ms = HOUR_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_WHOLE | FACT_TCP,
    .contact = contact,
    .lookup = lookup,
};
