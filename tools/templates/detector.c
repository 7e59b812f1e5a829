/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* @NAME@: distinct peers that a line contacted on one port within an hour. In: TCP contacts that the
 * line opened. Misses: say here what it cannot see. Known false positives: say here what looks like
 * it and is harmless. Source: say here whose measurement the numbers are. */
#include "detect/inner.h"

enum { HOUR_MS = 3600000 };

struct opts {
	uint64_t port;
};

static const struct opt_row rows[] = {
    {.name = "port",
	.type = OPT_UINT,
	.offset = offsetof(struct opts, port),
	.min = 1,
	.max = 65535,
	.def = "9",
	.help = "port of the peers that are counted"},
};

struct state { /* of one line, zeroed at first; raise .version below when its meaning changes */
	struct distinct peers;
};

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	const struct opts *o = opts;
	if (c->proto != PROTO_TCP || c->opener != OPENER_SELF || c->peer_port != o->port ||
	    (c->marks & CONTACT_UPDATE))
		return;
	struct state *s = detect_state(d);
	uint32_t window = window_of(c->end_ms, HOUR_MS);
	(void)distinct_add(d, &s->peers, window, h->peer);
	uint32_t peers = distinct_count(&s->peers, window);
	struct verdict v = {.value = peers,
	    .p = tail_p(&detector_@SYMBOL@.tail[0], peers),
	    .share = -1,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * HOUR_MS,
	    .count = peers,
	    .sampling = c->sampling,
	    .estimated = distinct_estimated(&s->peers)};
	finding_event(d, c->end_ms);
	finding_note(d, &c->peer, c->peer_port, c->proto, (struct span){0});
	(void)finding_judge(d, &v);
}

const struct detector detector_@SYMBOL@ = {
    .name = "@NAME@",
    .summary = "many peers contacted on one port",
    .source = "say here which",
    .attack = "T1071",
    .statistic = {"contacted_peers"},
    .unit = {"hosts/h"},
    .sentence = {"contacted {value} hosts on {ports} within one hour"},
    .group = GROUP_C2,
    .weight = 0.15,
    .cap_db = 40,
    .tail = {{3, 1e-3, 2}},
    .window_ms = HOUR_MS,
    .behaviour = false,
    .rows = rows,
    .rows_n = sizeof rows / sizeof *rows,
    .opts_bytes = sizeof(struct opts),
    .state_bytes = sizeof(struct state),
    .version = 1,
    .contact = contact,
};
