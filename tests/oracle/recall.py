#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""What was found of what the simulated provider's infected lines really did.

usage: recall.py DIR FINDINGS.jsonl [--summary] [--json]

In: DIR/truth.jsonl of `theriac simulate`, the output of `theriac detect --json` (FINDINGS may be - for standard input).
Out: per behaviour the infected lines, those whose activity meets the behaviour rule by truth.jsonl alone, those of
them that were found, recall; every infected line's story; the false findings (lines not infected, at behaviour or
above). A line is found if a finding on one of its addresses is at behaviour or above and a detector that fits the
behaviour stands in its evidence with at least 28.7 dB (p <= 1e-5) or its own cap, if that is lower.
A run with sessions (`simulate --sessions`, `detect --sessions`) is read the same way, its lines by their names;
handover.py says more of it.
Leaves out: SCAN-G's walk (truth.jsonl has no order within a minute), so a scan meets the rule by SCAN-B alone; the
second test of DNSTUN; whether flood records are alike in size. Events are known to a row (<= 60 s): a span is counted
from the end of the first row to the start of the last, so it is never too long.
Exit status: 0; 1 if recall is below 90 % for a behaviour, fewer than 5 lines meet its rule, none lies below it, or
there is a false finding; 2 for input that cannot be read.
"""
import argparse
import ipaddress
import json
import math
import os
import signal
import sys
from collections import defaultdict

import program
import rules
from records import parse_time

FIT = {"scan": {"scan-bot-ports", "scan-any-port"}, "brute": {"password-guessing"}, "spam": {"spam-sending"},
       "ddos": {"flood-sending"}, "dga": {"random-domains"}, "tunnel": {"dns-tunnel"},
       "beacon": {"regular-contact", "indicator-contact"}, "p2p": {"regular-contact", "indicator-contact"}}
JUDGED = ["scan", "brute", "spam", "ddos", "dga", "tunnel"]
WORDS = {"scan": "scanning", "brute": "password guessing", "spam": "spam", "ddos": "flooding", "dga": "random domains",
         "tunnel": "DNS tunnel", "beacon": "regular contact to a controller", "p2p": "peer-to-peer control"}
SURE_DB = 28.7
RECALL_BAR, LINES_BAR = 90.0, 5


class Line:
    def __init__(self, row):
        self.subject, self.infected = row["subject"], row.get("infected", False)
        self.family, self.behaviours = row.get("family") or "-", row.get("behaviours") or []
        self.roles = row.get("roles") or []
        self.access, self.dual, self.held = row.get("access"), row.get("dual", False), []
        own = [] if self.access else row.get("addresses") or [row["subject"]]
        self.nets = [ipaddress.ip_network(a, strict=False) for a in own]
        self.activity = defaultdict(list)
        self.findings, self.verdicts = [], {}


class Row(dict):
    """One activity row; a missing number is 0."""

    def __init__(self, row):
        super().__init__(row)
        self.start, self.end = parse_time(row["start"]), parse_time(row["end"])

    def __missing__(self, key):
        return 0


def read_truth(path):
    """-> (provider row, {subject: Line})."""
    provider, lines, activity = {}, {}, []
    with open(path, encoding="utf-8") as f:
        for text in f:
            row = json.loads(text)
            if row["type"] == "provider":
                provider = row
            elif row["type"] == "line":
                lines[row["subject"]] = Line(row)
            elif row["type"] == "held":
                lines[row["subject"]].held.append(row)
            elif row["type"] == "activity":
                activity.append(row)
    for row in activity:
        lines[row["subject"]].activity[row["behaviour"]].append(Row(row))
    return provider, lines


def grouped(rows, width, key=lambda row: ()):
    groups = defaultdict(list)
    for row in rows:
        groups[(rules.slot(row.start, width), key(row))].append(row)
    return groups.values()


def total(rows, key):
    return sum(row[key] for row in rows)


def window(tail, value, rows, key=""):
    """first is the end of the first row and last the start of the last one: the span that is certain."""
    return rules.Window(value, rules.tail_p(tail, value), min(row.end for row in rows),
                        max(row.start for row in rows), key)


def scan_windows(rows):
    for found in grouped(rows, rules.HOUR):
        fresh, failed = total(found, "fresh_failed_hour"), total(found, "failed")
        if fresh and failed >= .8 * (failed + total(found, "answered")):
            yield rules.SCAN_B, window(rules.SCAN_B, fresh, [r for r in found if r["fresh_failed_hour"]])


def brute_windows(rows):
    for found in grouped([r for r in rows if r["sessions"]], rules.TEN_MIN):
        sessions, per_host = total(found, "sessions"), defaultdict(int)
        for row in found:
            per_host[row["dst"]] += row["sessions"]
        if (len(per_host) >= 5 or max(per_host.values()) >= 20) and pooled_variation(found) < .25:
            yield rules.BRUTE, window(rules.BRUTE, 6 * sessions, found)


def pooled_variation(rows):
    n = total(rows, "sessions")
    mean = sum(r["sessions"] * r["bytes_mean"] for r in rows) / n
    square = sum(r["sessions"] * (r["bytes_sd"] ** 2 + (r["bytes_mean"] - mean) ** 2) for r in rows) / n
    return math.sqrt(square) / mean if mean else 0.0


def spam_windows(rows):
    for found in grouped(rows, rules.HOUR):
        for tail, key in ((rules.SPAM_HOSTS, "fresh_hour"), (rules.SPAM_CONNECTIONS, "connections")):
            if total(found, key):
                yield tail, window(tail, total(found, key), [r for r in found if r[key]])


def ddos_windows(rows):
    for found in grouped([r for r in rows if r["seconds"]], rules.FIVE_MIN, lambda r: (r["dst"], r["proto"])):
        share = .01 if found[0]["proto"] in (17, "udp") else .05
        rate = sustained_rate(found)
        if rate >= rules.DDOS.u and total(found, "rpackets") < share * total(found, "packets"):
            yield rules.DDOS, window(rules.DDOS, rate, found, found[0]["dst"])


def sustained_rate(rows):
    """The rate that was reached in at least 30 active seconds."""
    seconds = 0
    for rate, length in sorted(((r["packets"] / r["seconds"], r["seconds"]) for r in rows), reverse=True):
        seconds += length
        if seconds >= 30:
            return rate
    return 0


def dga_windows(rows):
    for found in grouped(rows, rules.TEN_MIN):
        fresh = total(found, "nx_fresh_10min")
        if fresh and fresh >= .3 * (fresh + total(found, "other_fresh_10min")):
            yield rules.DGA, window(rules.DGA, fresh, [r for r in found if r["nx_fresh_10min"]])


def tunnel_windows(rows):
    for found in grouped(rows, rules.FIVE_MIN, lambda r: r["domain"]):
        size = total(found, "fresh_label_bytes_5min")
        if size and total(found, "unique") >= .8 * total(found, "queries"):
            fresh = [r for r in found if r["fresh_label_bytes_5min"]]
            yield rules.TUNNEL_BYTES, window(rules.TUNNEL_BYTES, size, fresh, found[0]["domain"])


WINDOWS = {"scan": scan_windows, "brute": brute_windows, "spam": spam_windows, "ddos": ddos_windows,
           "dga": dga_windows, "tunnel": tunnel_windows}


def judge_line(line, bar):
    """Fills line.verdicts: behaviour -> the strongest Verdict, or None if nothing counted."""
    for behaviour in set(line.behaviours) & set(JUDGED):
        found = defaultdict(list)
        for tail, w in WINDOWS[behaviour](line.activity[behaviour]):
            # A tunnel's events belong to its domain; those of a flood to any of its targets.
            found[tail, w.key if behaviour == "tunnel" else ""].append(w)
        verdicts = [rules.judge(tail, windows, bar) for (tail, _), windows in found.items()]
        line.verdicts[behaviour] = max(verdicts, key=rules.rank, default=None)


def meets(line, behaviour):
    verdict = line.verdicts.get(behaviour)
    return bool(verdict and verdict.meets)


def was_found(line, behaviour):
    """At behaviour or above, by a detector that fits and is itself sure."""
    return any(program.at_least(f.tier, "behaviour") and any(
        e.get("detector") in FIT[behaviour] and e.get("db", 0) >= min(SURE_DB, (e.get("cap_db") or SURE_DB) - .1)
        for e in f.evidence) for f in line.findings)


def best_tier(line):
    return max((f.tier for f in line.findings), key=program.TIERS.index, default="none")


def attach(lines, findings):
    """Gives each finding to its line; -> the findings that are no infected line's."""
    by_net = defaultdict(list)
    for line in lines.values():
        for net in line.nets:
            by_net[net].append(line)
    lengths = {(net.version, net.prefixlen) for net in by_net}
    strange = []
    for finding in findings:
        named = [lines[finding.subject]] if finding.subject in lines else []
        owners = named if named or finding.net is None else owners_of(finding.net, by_net, lengths)
        for line in owners:
            line.findings.append(finding)
        if not any(line.infected for line in owners):
            strange.append((finding, owners))
    return strange


def owners_of(net, by_net, lengths):
    owners = []
    for version, length in lengths:
        if version == net.version and length <= net.prefixlen:
            owners += by_net.get(net.supernet(new_prefix=length), [])
    return owners or [line for other, found in by_net.items() if program.holds(net, other) for line in found]


def count(lines):
    """-> one dict per behaviour."""
    table = []
    for behaviour in JUDGED:
        infected = [l for l in lines.values() if l.infected and behaviour in l.behaviours]
        meeting = [l for l in infected if meets(l, behaviour)]
        found = [l for l in meeting if was_found(l, behaviour)]
        lesser = [l for l in infected if not meets(l, behaviour)]
        table.append({"behaviour": behaviour, "infected": len(infected), "meet": len(meeting), "found": len(found),
                      "recall": 100 * len(found) / len(meeting) if meeting else None, "below": len(lesser),
                      "below_found": sum(was_found(l, behaviour) for l in lesser)})
    return table


def faults(table, false):
    """Sentences on what must not be."""
    found = []
    for row in table:
        name = WORDS[row["behaviour"]]
        if row["recall"] is not None and row["recall"] < RECALL_BAR:
            found.append("%s: recall is %.0f %%, it must be at least %.0f %%." % (name, row["recall"], RECALL_BAR))
        if row["meet"] < LINES_BAR:
            found.append("%s: %d lines meet the rule, at least %d are needed." % (name, row["meet"], LINES_BAR))
        if not row["below"]:
            found.append("%s: no infected line lies below the rule, at least one is needed." % name)
    if false:
        found.append("False findings: %d, there must be none." % len(false))
    return found


def number(value):
    return "{:,.0f}".format(value) if value >= 20 else "%.1f" % value if value % 1 else "%d" % value


def deed(line, behaviour):
    """What the line did, in one clause."""
    if behaviour not in JUDGED:
        rows = line.activity[behaviour]
        return "%d contacts to %d hosts" % (total(rows, "contacts"), len({r["dst"] for r in rows})) if rows \
            else "nothing was exported"
    verdict = line.verdicts.get(behaviour)
    if verdict is None:
        return "nothing that counts" if line.activity[behaviour] else "nothing was exported"
    text = "%s %s at best, over %s" % (number(verdict.value), verdict.unit, duration(verdict.span))
    if verdict.meets:
        return text
    short = "too short" if verdict.why == "too short" else "the bar is %s" % number(verdict.needed)
    return "%s (%s)" % (text, short)


def duration(seconds):
    seconds = max(0, seconds)
    return "%.1f h" % (seconds / 3600) if seconds >= 5400 else "%.0f min" % (seconds / 60)


def outcome(line, behaviour):
    if was_found(line, behaviour):
        return "found"
    if behaviour not in JUDGED:
        shown = any(e.get("detector") in FIT[behaviour] for f in line.findings for e in f.evidence)
        return "observed" if shown else "not seen"
    return "MISSED" if meets(line, behaviour) else "below the rule"


def by_address(line):
    return line.nets[0].network_address.packed if line.nets else b"", line.subject


def print_stories(lines):
    print("What each infected line did, and what was found\n")
    for line in sorted((l for l in lines.values() if l.infected), key=by_address):
        print("  %-18s %-24s tier %s" % (line.subject, line.family[:24], best_tier(line)))
        for behaviour in line.behaviours:
            print("      %-10s %-65s %s" % (behaviour, deed(line, behaviour)[:65], outcome(line, behaviour)))
    print()


def print_table(table):
    print("Recall, by what truth.jsonl says each line did\n")
    print("  %-20s %9s %12s %8s %9s %15s" % ("behaviour", "infected", "meet rule", "found", "recall", "below the rule"))
    for row in table:
        recall = "-" if row["recall"] is None else "%.0f %%" % row["recall"]
        print("  %-20s %9d %12d %8d %9s %15d" % (WORDS[row["behaviour"]], row["infected"], row["meet"], row["found"],
                                               recall, row["below"]))
    print()


def print_false(false):
    print("False findings (lines not infected, at behaviour or above): %s" % (len(false) or "none"))
    for finding, owners in false:
        roles = ", ".join(role for line in owners for role in line.roles) or "ordinary line"
        names = ", ".join(sorted({e.get("detector", "?") for e in finding.evidence}))
        print("  %-26s %-10s %s (%s)" % (finding.subject, finding.tier, names, roles))


def as_json(lines, table, false, wrong):
    stories = [{"subject": l.subject, "family": l.family, "tier": best_tier(l), "behaviours": [
        {"behaviour": b, "did": deed(l, b), "meets": meets(l, b), "outcome": outcome(l, b)} for b in l.behaviours]}
        for l in lines.values() if l.infected]
    return json.dumps({"recall": table, "lines": stories, "false": [f.subject for f, _ in false], "faults": wrong})


def load(args):
    provider, lines = read_truth(os.path.join(args.dir, "truth.jsonl"))
    with (sys.stdin if args.findings == "-" else open(args.findings, encoding="utf-8")) as f:
        findings, summary, bad = program.read_findings(f)
    if summary is None or bad:
        raise ValueError("%s: %s" % (args.findings, "no summary" if summary is None else "%d unreadable lines" % bad))
    return provider, lines, findings


def main():
    parser = argparse.ArgumentParser(description="What was found of what the simulated infected lines did.")
    parser.add_argument("dir", metavar="DIR", help="holds truth.jsonl")
    parser.add_argument("findings", metavar="FINDINGS.jsonl", help="output of theriac detect --json, or -")
    parser.add_argument("--summary", action="store_true", help="the table only")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    args = parser.parse_args()
    try:
        provider, lines, findings = load(args)
    except (OSError, ValueError, KeyError, TypeError) as e:
        print("recall: cannot read the input: %r" % e, file=sys.stderr)
        return 2
    bar = rules.span_needed(provider["hours"] * 3600)
    for line in lines.values():
        judge_line(line, bar)
    false = [(f, o) for f, o in attach(lines, findings) if program.at_least(f.tier, "behaviour")]
    table = count(lines)
    wrong = faults(table, false)
    if args.json:
        print(as_json(lines, table, false, wrong))
    else:
        show(args, lines, table, false, wrong)
    return 1 if wrong else 0


def show(args, lines, table, false, wrong):
    if not args.summary:
        print_stories(lines)
    print_table(table)
    if not args.summary:
        print_false(false)
    for sentence in wrong:
        print("FAULT: " + sentence)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as head may go away
    sys.exit(main())
