/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SCAN-B: distinct external hosts on the ports that bots try (class B) whose contact failed, per
 * hour. In: TCP contacts that the line opened. Limits: exact to 64 hosts, then 3 %. Misses: scans
 * that are answered, scans slower than about 40 hosts an hour, exporters whose silence is not known
 * (P7). Known false positives: penetration testers, monitoring, NVR clouds on 554x: business
 * profile, --allow. Source: detection.md 4.3; ports after Antonakakis et al. 2017 (Mirai) and later
 * families. */
#include "detect/inner.h"

enum { HOUR_MS = 3600000 };
static const double fail_share_min = 0.8;

struct state {
	struct distinct failed;
	uint32_t window; /* of the counts, + 1 */
	uint32_t failed_n, answered_n;
};

static void count(struct state *s, uint32_t window, bool failed)
{
	if (s->window != window + 1) {
		s->window = window + 1;
		s->failed_n = s->answered_n = 0;
	}
	s->failed_n += failed;
	s->answered_n += !failed;
}

static void contact(
    struct detect *d, const void *opts, const struct contact *c, const struct hint *h)
{
	(void)opts;
	if (h->port_class != CLASS_B || c->outcome == OUTCOME_UNKNOWN)
		return;
	bool failed = c->outcome != OUTCOME_ANSWERED;
	if (failed && h->outage)
		return;
	struct state *s = detect_state(d);
	uint32_t window = window_open(s->window, c->end_ms, HOUR_MS);
	count(s, window, failed);
	double share = (double)s->failed_n / (s->failed_n + s->answered_n);
	if (!failed || share < fail_share_min)
		return;
	finding_event(d, c->end_ms);
	(void)distinct_add(d, &s->failed, window, h->peer);
	uint32_t n = distinct_count(&s->failed, window);
	struct verdict v = {.value = n,
	    .p = tail_p(&detector_scan_bot_ports.tail[0], n),
	    .share = share,
	    .prevalence = h->prevalence,
	    .window_ms = (int64_t)window * HOUR_MS,
	    .count = s->failed_n,
	    .sampling = c->sampling,
	    .estimated = distinct_estimated(&s->failed)};
	(void)finding_judge(d, &v);
	finding_note(d, &(union addr){{0}}, c->peer_port, c->proto, (struct span){0});
}

const struct detector detector_scan_bot_ports = {
    .name = "scan-bot-ports",
    .summary = "many hosts tried on ports that bots scan, hardly any answers",
    .source = "detection.md 4.3 SCAN-B; Antonakakis et al., USENIX Security 2017",
    .attack = "T1595.001,T1046,T1210",
    .statistic = {"failed_destinations"},
    .unit = {"hosts/h"},
    .sentence = {"tried {value} hosts on {ports} within one hour; {share} did not answer"},
    .group = GROUP_PROPAGATION,
    .weight = 0.45,
    .cap_db = 55,
    .tail = {{3, 2e-3, 2}},
    .window_ms = HOUR_MS,
    .behaviour = true,
    .state_bytes = sizeof(struct state),
    .version = 1,
    .wants = FACT_OPENED | FACT_WHOLE | FACT_EXTERNAL | FACT_TCP,
    .contact = contact,
};
