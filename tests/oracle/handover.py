#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Whether infected lines are found once over all their addresses, and nobody else who had these addresses.

usage: handover.py DIR FINDINGS.jsonl [--without OTHER.jsonl] [--least N] [--summary]

In: DIR/truth.jsonl of `theriac simulate --sessions`, the output of `theriac detect --json --sessions` on that run
(- for standard input), and that of the same without --sessions, where addresses are taken for lines.
Out: each line that meets a behaviour rule by truth.jsonl (recall.py), what it held and whether it was found once;
who held an infected line's address directly before or after it, or other ports of it; who of all lines that are not
infected was accused; and what the run without sessions makes of the same.
A line is found once if exactly one finding at behaviour or above names it, with a detector that fits a rule it meets.
Exit status: 0; 1 if a line that meets a rule is not found once, a line that is not infected is accused, a finding
names no line, or fewer than N (20) lines meet a rule with three or more IPv4 addresses in the exports of a day, N/4
of them behind a NAT and N/4 on both families; 2 for input that cannot be read.
"""
import argparse
import ipaddress
import os
import signal
import sys
from collections import Counter, defaultdict

import program
import recall
import rules
from records import parse_time

MANY = 3
WORDS = {"pppoe": "PPPoE", "dhcp": "DHCP", "nat": "NAT"}


class Held:
    """What a line held, from start until before end."""

    def __init__(self, line, row):
        self.line, self.net, self.seen = line, ipaddress.ip_network(row["address"]), row["seen"]
        self.ports = (row.get("port_first", 0), row.get("port_last", 65535))
        self.start = parse_time(row["start"])
        self.end = parse_time(row["end"]) if "end" in row else float("inf")

    def meets(self, other):
        return self.ports[0] <= other.ports[1] and other.ports[0] <= self.ports[1]


class Places:
    """Who held which address or prefix."""

    def __init__(self, lines):
        self.by_net = defaultdict(list)
        for line in lines.values():
            line.holdings = [Held(line, row) for row in line.held]
            for held in line.holdings:
                self.by_net[held.net].append(held)
        for found in self.by_net.values():
            found.sort(key=lambda held: held.start)
        self.lengths = {(net.version, net.prefixlen) for net in self.by_net}

    def of(self, net):
        """All that was held of an address or network, whenever."""
        found = []
        for version, length in self.lengths:
            if version == net.version and length <= net.prefixlen:
                found += self.by_net.get(net.supernet(new_prefix=length), [])
        return found or [held for other, all_of in self.by_net.items() if program.holds(net, other) for held in all_of]

    def neighbours(self, line):
        """-> {subject of another line: relation}."""
        found = {}
        for own in line.holdings:
            for held in self.by_net[own.net]:
                if held.line is not line and not held.meets(own):
                    found.setdefault(held.line.subject, "other ports")
            others = [held for held in self.by_net[own.net] if held.line is not line and held.meets(own)]
            before = [held for held in others if held.end <= own.start]
            after = [held for held in others if held.start >= own.end]
            if before:
                found[max(before, key=lambda held: held.end).line.subject] = "before"
            if after:
                found[min(after, key=lambda held: held.start).line.subject] = "after"
        return found


def addresses_a_day(line, provider):
    """The most IPv4 addresses that the exports show of the line in one day of the run."""
    first, last = parse_time(provider["start"]), parse_time(provider["end"])
    days = defaultdict(set)
    for held in line.holdings:
        start, end = max(held.start, first), min(held.end, last)
        if held.seen and held.net.version == 4 and start < end:
            for day in range(rules.slot(start, rules.DAY), rules.slot(end - .001, rules.DAY) + 1):
                days[day].add(held.net)
    return max(map(len, days.values()), default=0)


def accusing(findings):
    return [f for f in findings if program.at_least(f.tier, "behaviour")]


def rules_met(line):
    return [b for b in line.behaviours if recall.meets(line, b)]


def fits(line, findings):
    """Whether one of the findings has what the line did that meets a rule."""
    kept, line.findings = line.findings, findings
    found = any(recall.was_found(line, b) for b in rules_met(line))
    line.findings = kept
    return found


def judge(provider, lines):
    bar = rules.span_needed(provider["hours"] * 3600)
    for line in lines.values():
        recall.judge_line(line, bar)
    return [line for line in lines.values() if line.infected and rules_met(line)]


class WithSessions:
    """What a run knows that names lines."""

    def __init__(self, lines, findable, places, findings):
        by_line = defaultdict(list)
        for finding in accusing(findings):
            by_line[finding.subject].append(finding)
        self.strange = sorted(subject for subject in by_line if subject not in lines)
        self.times = {line.subject: len(by_line[line.subject]) for line in findable}
        self.once = {line.subject: self.times[line.subject] == 1 and fits(line, by_line[line.subject])
                     for line in findable}
        self.relations = {}
        for line in lines.values():
            if line.infected:
                self.relations.update(places.neighbours(line))
        self.relations = {subject: word for subject, word in self.relations.items() if not lines[subject].infected}
        self.accused = sorted(s for s in by_line if s in lines and not lines[s].infected)


class WithoutSessions:
    """What a run makes of them that takes each address for a line."""

    def __init__(self, provider, findable, places, findings):
        end = parse_time(provider["end"])
        pieces, self.shared, self.now, self.addresses = Counter(), set(), set(), 0
        for finding in accusing(findings):
            held = places.of(finding.net) if finding.net is not None else []
            owners = {h.line.subject: h.line for h in held}
            for line in owners.values():
                pieces[line.subject] += bool(line.infected and rules_met(line) and fits(line, [finding]))
            clean = {subject for subject, line in owners.items() if not line.infected}
            self.addresses += 1
            self.shared |= clean
            self.now |= clean & {h.line.subject for h in held if h.start < end <= h.end}
        counts = [pieces[line.subject] for line in findable]
        self.none, self.one = counts.count(0), counts.count(1)
        self.several = len(counts) - self.none - self.one


def faults(told, findable, many, least):
    found = []
    for line in findable:
        if not told.once[line.subject]:
            found.append("%s meets the rule of %s and was found %s." % (
                line.subject, ", ".join(rules_met(line)), times_word(told.times[line.subject])))
    for subject in told.accused:
        relation = told.relations.get(subject, "no address of an infected line")
        found.append("%s is not infected and is accused (%s)." % (subject, relation))
    found += ["%s is no line, and is accused." % subject for subject in told.strange]
    for what, count, bar in (("lines meet a rule with %d or more addresses a day" % MANY, len(many), least),
                             ("of them are behind a NAT", sum(l.access == "nat" for l in many), least // 4),
                             ("of them are on both families", sum(l.dual for l in many), least // 4)):
        if count < bar:
            found.append("%d %s, at least %d are needed." % (count, what, bar))
    return found


def times_word(times):
    return {0: "not at all", 1: "once, for something else"}.get(times, "%d times" % times)


def print_lines(provider, findable, told):
    print("Lines that meet a behaviour rule\n")
    print("  %-38s %-6s %-5s %9s  %-20s %s" % ("line", "access", "both", "addresses", "rules met", "found"))
    for line in sorted(findable, key=lambda l: l.subject):
        print("  %-38s %-6s %-5s %9d  %-20s %s" % (
            line.subject[:38], WORDS[line.access], "yes" if line.dual else "no", addresses_a_day(line, provider),
            ", ".join(rules_met(line))[:20],
            "once" if told.once[line.subject] else times_word(told.times[line.subject]).upper()))
    print()


def print_summary(findable, many, told):
    print("With sessions: %d lines meet a rule, %d are found once." % (len(findable), sum(told.once.values())))
    print("  %d of them had %d or more addresses in a day: %d behind a NAT, %d on both families." % (
        len(many), MANY, sum(l.access == "nat" for l in many), sum(l.dual for l in many)))
    relations = Counter(told.relations.values())
    for word, text in (("before", "had an address of an infected line directly before it"),
                       ("after", "directly after it, and not before"),
                       ("other ports", "had other ports of such an address")):
        accused = sum(told.relations.get(s) == word for s in told.accused)
        print("  %d clean lines %s: %s accused." % (relations[word], text, accused or "none"))
    print("  Of all clean lines %s accused." % (len(told.accused) or "none"))


def print_without(findable, other):
    print("Without sessions: of the %d lines %d are found under one address, %d under several, %d not at all." % (
        len(findable), other.one, other.several, other.none))
    print("  %d addresses are accused. %d clean lines had one of them on that day, %d have it at the end." % (
        other.addresses, len(other.shared), len(other.now)))


def read(path):
    with (sys.stdin if path == "-" else open(path, encoding="utf-8")) as f:
        findings, summary, bad = program.read_findings(f)
    if summary is None or bad:
        raise ValueError("%s: %s" % (path, "no summary" if summary is None else "%d unreadable lines" % bad))
    return findings


def main():
    parser = argparse.ArgumentParser(description="Whether infected lines are found once, and nobody else.")
    parser.add_argument("dir", metavar="DIR", help="holds truth.jsonl of a run with sessions")
    parser.add_argument("findings", metavar="FINDINGS.jsonl", help="output of theriac detect --json --sessions, or -")
    parser.add_argument("--without", metavar="OTHER.jsonl", help="the same without --sessions")
    parser.add_argument("--least", type=int, default=20, metavar="N", help="lines with many addresses; 20")
    parser.add_argument("--summary", action="store_true", help="no list of lines")
    args = parser.parse_args()
    try:
        provider, lines = recall.read_truth(os.path.join(args.dir, "truth.jsonl"))
        findings, without = read(args.findings), read(args.without) if args.without else None
        if not all(line.access for line in lines.values()):
            raise ValueError("%s: of a run without sessions" % args.dir)
        places = Places(lines)
    except (OSError, ValueError, KeyError, TypeError) as e:
        print("handover: cannot read the input: %r" % e, file=sys.stderr)
        return 2
    findable = judge(provider, lines)
    many = [line for line in findable if addresses_a_day(line, provider) >= MANY]
    told = WithSessions(lines, findable, places, findings)
    if not args.summary:
        print_lines(provider, findable, told)
    print_summary(findable, many, told)
    if without is not None:
        print_without(findable, WithoutSessions(provider, findable, places, without))
    wrong = faults(told, findable, many, args.least)
    for sentence in wrong:
        print("FAULT: " + sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as head may go away
    sys.exit(main())
