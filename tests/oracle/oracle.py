#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Which lines meet the behaviour rule: an independent calculation beside the C detectors, sharing no code with them.

usage: theriac decode --json FILES | oracle.py [--inside CIDR]... [--all] [--json]

In: record lines on standard input. Out: for each line and behaviour detector the best statistic, the value needed,
p, the span of the counted events and whether the line meets the rule; without --all only lines that meet it.
Of a detector with two tests (SPAM, DNSTUN) the stronger one is shown.
Leaves out: INTEL and BEACON, sessions (a line is an IPv4 address or an IPv6 /64), allow lists, bonuses.
The exit status is 0, or 1 if no record could be read.
"""
import argparse
import json
import signal
import sys
from collections import defaultdict
from datetime import datetime, timezone

import detectors
import rules
from contacts import contacts_of
from records import Inside, read_records

DETECTORS = ["SCAN-B", "SCAN-G", "BRUTE", "SPAM", "DDOS", "DGA", "DNSTUN"]


def run_seconds(flows, lookups):
    """Between the first and the last record, in record time (design.md 1)."""
    times = [flow.time for flow in flows] + [lookup.time for lookup in lookups]
    return max(times) - min(times) if times else 0


def judge_records(flows, lookups, inside):
    """-> {line: {detector: Verdict}}; a detector that saw no event is absent."""
    contacts = contacts_of(flows, inside)
    contacts_by_line, lookups_by_line = defaultdict(list), defaultdict(list)
    for contact in contacts:
        contacts_by_line[contact.line].append(contact)
    for lookup in sorted(lookups, key=lambda item: item.time):
        kind, line = inside.place(lookup.client)
        if kind == "line":
            lookups_by_line[line].append(lookup)
    population = detectors.Population(contacts, lookups_by_line)
    bar = rules.span_needed(run_seconds(flows, lookups))
    result = {}
    for line in contacts_by_line.keys() | lookups_by_line.keys():
        found = detectors.verdicts_of(contacts_by_line.get(line, []), lookups_by_line.get(line, []), population, bar)
        result[line] = strongest(found)
    return result


def strongest(verdicts):
    best = {}
    for verdict in sorted(verdicts, key=rules.rank):
        best[verdict.detector] = verdict
    return {name: best[name] for name in DETECTORS if name in best}


def judge_lines(lines, prefixes=None):
    """Record lines -> (judge_records(...), counts)."""
    flows, lookups, bad = read_records(lines)
    counts = {"flow": len(flows), "dns": len(lookups), "bad": bad, "seconds": run_seconds(flows, lookups)}
    return judge_records(flows, lookups, Inside(prefixes)), counts


def clock(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_row(line, verdict):
    row = verdict._asdict()
    row.update(line=line, first=clock(verdict.first), last=clock(verdict.last), day=clock(verdict.day * rules.DAY)[:10])
    return row


def main():
    parser = argparse.ArgumentParser(description="Which lines meet the behaviour rule (independent of the C code).")
    parser.add_argument("--inside", action="append", metavar="CIDR")
    parser.add_argument("--all", action="store_true", help="every line and detector, not only what meets the rule")
    parser.add_argument("--json", action="store_true", help="JSON Lines")
    args = parser.parse_args()
    result, counts = judge_lines(sys.stdin, args.inside)
    for line in sorted(result):
        for verdict in result[line].values():
            if verdict.meets or args.all:
                show(line, verdict, args.json)
    print("%(flow)d flow and %(dns)d dns records over %(seconds).0f s, %(bad)d bad" % counts, file=sys.stderr)
    return 0 if counts["flow"] + counts["dns"] else 1


def show(line, verdict, as_json):
    if as_json:
        print(json.dumps(as_row(line, verdict)))
        return
    print("%-24s %-7s %10.1f of %8.1f %-14s p %.1e  span %6.0f s  %s" % (
        line, verdict.detector, verdict.value, verdict.needed, verdict.unit, verdict.p, verdict.span,
        "meets" if verdict.meets else verdict.why))


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as head may go away
    sys.exit(main())
