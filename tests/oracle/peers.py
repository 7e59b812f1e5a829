#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""The naive rules of other programs (detection.md 1), to show whom they would accuse.

usage: theriac decode --json FILES | peers.py [--inside CIDR]... [--all]

In: record lines on standard input. Out: JSON Lines {"rule","subject","value","bar","detail"}: for each rule and line
the largest value, if the rule fires on it (--all: always). Whitelists, prevalence and modifiers are left
out on purpose.
Choices: windows tumble in record time; a failed contact is one that the line opened and that was unanswered or
refused (UDP too, if the exporter shows both directions); RITA is keyed by the peer's address. RITA's quartiles are
Python's inclusive ones (linear), its histogram and the duration score span the data set, its "data" are the bytes that
the line sent. FastNetMon's rates are means over 5 s: packets are spread evenly over a record's time.
"""
import argparse
import json
import math
import signal
import sys
from collections import Counter, defaultdict
from statistics import mean, median, pstdev, quantiles

import domains
from contacts import FAILED, contacts_of
from records import TCP, UDP, Inside, read_records

HOUR, DAY = 3600, 86400
BARS = {
    "slips-horizontal-scan": 6,         # more than 5 failed hosts per port and hour
    "slips-vertical-scan": 6,           # more than 5 failed ports per host and hour
    "slips-dga": 10,                    # NXDOMAIN answers per hour
    "slips-upload": 100e6,              # bytes sent per hour
    "slips-long-connection": 1500,      # seconds
    "slips-reconnection": 5,            # failed contacts to one host and port per hour
    "slips-ssh-guessing": 9,            # contacts to 22/tcp per hour
    "rita-beacon": .7,                  # score of a pair per day
    "rita-strobe": 86400,               # contacts of a pair per day
    "rita-dns-c2": 100,                 # names below one registered domain per day
    "blind-ssh-guessing": 9,            # the same, whoever opened: where the direction is not looked at
    "smtp-fan-out": 10,                 # hosts on 25/tcp per hour
    "nemea-haddrscan": 50,              # hosts on one port, SYN only, in 5 min
    "nemea-vportscan": 50,              # ports of one host, SYN only, in 5 min
    "fastnetmon-packets": 20000,        # packets per second over 5 s
    "fastnetmon-udp-packets": 20000,    # the same, UDP
    "fastnetmon-flows": 3500,           # new flows per second over 5 s
    "zeek-scan": 25,                    # failed hosts in 5 min
    "trw-walk": 4.6,                    # nats, .8/.2, first contacts
    "entropy-names": 1,                 # names with a label of 12 or more characters at 3.5 bits/character
    "many-contacts": 10000,             # contacts opened per hour
    "many-peers": 500,                  # distinct peers per hour
}


class Tally:
    """Largest value by rule and line."""

    def __init__(self):
        self.best = {}

    def put(self, rule, line, value, detail=""):
        if value > self.best.get((rule, line), (0, ""))[0]:
            self.best[rule, line] = value, detail


def distinct(tally, rule, items, width):
    """items: (line, time, group, member); counts distinct members per line, group and window."""
    sets = defaultdict(set)
    for line, time, group, member in items:
        sets[line, group, math.floor(time / width)].add(member)
    for (line, group, _), members in sets.items():
        tally.put(rule, line, len(members), str(group))


def contact_rules(tally, opened):
    failed = [c for c in opened if c.outcome in FAILED]
    silent = [c for c in failed if c.proto == TCP]
    distinct(tally, "slips-horizontal-scan", ((c.line, c.time, "%d/%d" % (c.proto, c.port), c.peer)
                                              for c in failed), HOUR)
    distinct(tally, "slips-vertical-scan", ((c.line, c.time, c.peer, (c.proto, c.port)) for c in failed), HOUR)
    distinct(tally, "slips-reconnection", ((c.line, c.time, "%s:%d" % (c.peer, c.port), id(c)) for c in failed), HOUR)
    distinct(tally, "nemea-haddrscan", ((c.line, c.time, c.port, c.peer) for c in silent), 300)
    distinct(tally, "nemea-vportscan", ((c.line, c.time, c.peer, c.port) for c in silent), 300)
    distinct(tally, "zeek-scan", ((c.line, c.time, "", c.peer) for c in silent), 300)
    distinct(tally, "smtp-fan-out", ((c.line, c.time, "25/tcp", c.peer) for c in opened
                                     if c.proto == TCP and c.port == 25), HOUR)
    distinct(tally, "slips-ssh-guessing", ((c.line, c.time, c.peer, id(c)) for c in opened
                                           if c.proto == TCP and c.port == 22), HOUR)
    distinct(tally, "many-contacts", ((c.line, c.time, "", id(c)) for c in opened), HOUR)
    distinct(tally, "many-peers", ((c.line, c.time, "", c.peer) for c in opened), HOUR)
    for c in opened:
        tally.put("slips-long-connection", c.line, c.end - c.start, c.peer)


def blind_rule(tally, contacts):
    distinct(tally, "blind-ssh-guessing", ((c.line, c.time, c.peer, id(c)) for c in contacts
                                           if c.proto == TCP and c.port == 22), HOUR)


def trw_rule(tally, opened):
    """Threshold random walk: first contacts, TCP, theta .8/.2, floor 0."""
    met, level = set(), Counter()
    for c in opened:
        if c.proto == TCP and c.outcome != "unknown" and (c.line, c.peer) not in met:
            met.add((c.line, c.peer))
            level[c.line] = max(0, level[c.line] + (math.log(4) if c.outcome in FAILED else -math.log(4)))
            tally.put("trw-walk", c.line, round(level[c.line], 2))


def volume_rules(tally, contacts):
    upload, rates = Counter(), {"fastnetmon-packets": Counter(), "fastnetmon-udp-packets": Counter()}
    starts = Counter()
    for c in contacts:
        if c.opener == "self":
            starts[c.line, math.floor(c.start / 5)] += 1
        for start, end, packets, size, *_ in c.slices:
            upload[c.line, math.floor(end / HOUR)] += size
            if packets:
                spread(rates["fastnetmon-packets"], c.line, start, end, packets)
            if packets and c.proto == UDP:
                spread(rates["fastnetmon-udp-packets"], c.line, start, end, packets)
    for (line, _), size in upload.items():
        tally.put("slips-upload", line, size)
    for rule, counts in [*rates.items(), ("fastnetmon-flows", starts)]:
        for (line, _), n in counts.items():
            tally.put(rule, line, round(n / 5, 1))


def spread(counter, line, start, end, packets):
    first, last = math.floor(start / 5), math.floor(end / 5)
    # A record too slow to matter goes whole into its first step: it cannot move a rate of thousands per second.
    if last == first or packets < 1000:
        counter[line, first] += packets
        return
    for step in range(first, last + 1):
        part = min(end, 5 * step + 5) - max(start, 5 * step)
        counter[line, step] += packets * part / (end - start)


def rita_rules(tally, opened):
    """RITA v5, pairs of line and peer per day (detection.md 1.1)."""
    pairs = defaultdict(list)
    for c in opened:
        sent = sum(piece[3] for piece in c.slices)
        pairs[c.line, c.peer, math.floor(c.start / DAY)].append((math.floor(c.start), sent))
    spans = {}
    for (_, _, day), events in pairs.items():
        low, high = spans.get(day, (math.inf, -math.inf))
        spans[day] = min(low, min(events)[0]), max(high, max(events)[0])
    for (line, peer, day), events in pairs.items():
        tally.put("rita-strobe", line, len(events), peer)
        if len({time for time, _ in events}) >= 4 and len(events) < 86400:
            tally.put("rita-beacon", line, beacon_score(sorted(events), spans[day]), peer)


def beacon_score(events, span):
    times = [time for time, _ in events]
    gaps = [b - a for a, b in zip(times, times[1:]) if b > a]
    bars = histogram(times, span)
    ts, ds = regularity(gaps, 1), regularity([size for _, size in events], 0)
    return round(.25 * (ts + ds + duration_score(times, bars, span) + histogram_score(bars)), 3)


def regularity(values, default):
    if not values:
        return 0
    q1, q2, q3 = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    flat = q3 - q1 < 10 or q2 in (q1, q3)
    skew = 0 if flat else (q1 + q3 - 2 * q2) / (q3 - q1)
    mid = median(values)
    mad = median(abs(v - mid) for v in values)
    mad_score = max(0, (mid - mad) / mid) if mid >= 1 else default
    return round((1 - abs(skew) + mad_score) / 2, 3)


def histogram(times, span):
    low, high = span
    width = (high - low) / 24 or 1
    bars = [0] * 24
    for time in times:
        bars[min(23, int((time - low) / width))] += 1
    return bars


def histogram_score(bars):
    cv = pstdev(bars) / mean(bars)
    cv_score = 0 if cv > 1 else 1 - cv
    filled = [bar for bar in bars if bar]
    bimodal = 0
    if len(filled) >= 11:
        width = math.ceil(.05 * max(filled))
        common = Counter(bar // width for bar in filled).most_common(2)
        bimodal = min(1, sum(n for _, n in common) / max(1, len(filled) - 1))
    return round(max(cv_score, bimodal), 3)


def duration_score(times, bars, span):
    if sum(bar > 0 for bar in bars) < 6:
        return 0
    run = longest = 0
    for bar in bars * 2:                # wrapping
        run = run + 1 if bar else 0
        longest = max(longest, run)
    share = math.ceil(1000 * (times[-1] - times[0]) / (span[1] - span[0])) / 1000
    return min(1, max(share, min(longest, 24) / 12))


def lookup_rules(tally, lookups, inside):
    missing, below, random_names = [], [], []
    for lookup in lookups:
        kind, line = inside.place(lookup.client)
        if kind != "line":
            continue
        name = domains.clean(lookup.name)
        domain, _ = domains.split(name)
        if lookup.rcode == "NXDOMAIN":
            missing.append((line, lookup.time, "", id(lookup)))
        if domain:
            below.append((line, lookup.time, domain, name))
        if any(len(label) >= 12 and domains.entropy(label) >= 3.5 for label in name.split(".")):
            random_names.append((line, lookup.time, "", name))
    distinct(tally, "slips-dga", missing, HOUR)
    distinct(tally, "rita-dns-c2", below, DAY)
    distinct(tally, "entropy-names", random_names, DAY)


def apply_rules(lines, prefixes=None):
    """Record lines -> {(rule, line): (value, detail)}."""
    flows, lookups, _ = read_records(lines)
    inside = Inside(prefixes)
    contacts = contacts_of(flows, inside)
    opened = [c for c in contacts if c.opener == "self"]
    tally = Tally()
    contact_rules(tally, opened)
    blind_rule(tally, contacts)
    trw_rule(tally, opened)
    volume_rules(tally, contacts)
    rita_rules(tally, opened)
    lookup_rules(tally, lookups, inside)
    return tally.best


def main():
    parser = argparse.ArgumentParser(description="The naive rules of other programs, over decode --json lines.")
    parser.add_argument("--inside", action="append", metavar="CIDR")
    parser.add_argument("--all", action="store_true", help="also values below the rule's bar")
    args = parser.parse_args()
    for (rule, line), (value, detail) in sorted(apply_rules(sys.stdin, args.inside).items()):
        if args.all or value >= BARS[rule]:
            print(json.dumps({"rule": rule, "subject": line, "value": value, "bar": BARS[rule], "detail": detail}))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as head may go away
    sys.exit(main())
