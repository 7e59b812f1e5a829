#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""The oracle over labelled captures, and the program beside it.

usage: captures.py [--theriac PATH] [--data DIR] [--only GLOB] [--tsv OUT] [--jobs N] [--detect] [--misses] [--all]

In: DIR/TRUTH.tsv (capture, host, label, family, quality, inside) and its captures, read through `PATH decode --json`.
Out: for each labelled host its strongest statistic, and each one that meets the behaviour rule (--all: every one).
--detect runs `PATH detect --json` too and lists what must not be: hosts that meet the rule by the oracle and are
below behaviour in the program, benign hosts at behaviour or above, failed runs. --misses prints a Markdown table of
the bad hosts below behaviour (by the program with --detect, else by the oracle) with the reason.
Leaves out: hosts of label UNKNOWN are shown but never judged. An nfcapd file of layout 1
must be refused with a message.
Exit status: 0, 1 if something is that must not be (without --detect: if a decode failed), 2 for wrong use.
"""
import argparse
import csv
import fnmatch
import glob
import ipaddress
import os
import signal
import re
import shutil
import sys
from collections import OrderedDict
from concurrent.futures import ProcessPoolExecutor

import oracle
import program
import rules

BAD = ["INFECTED", "SCANNER", "TUNNEL", "ATTACKER"]
SPAM_BOT = ("ctu13-scenario6", "147.32.84.165")
HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["capture", "host", "label", "quality", "detector", "statistic", "value", "needed", "span_s", "meets"]


class Host:
    """One row of TRUTH.tsv; verdicts and tier are filled in by work()."""

    def __init__(self, row):
        self.capture, self.host, self.label = row["capture"], row["host"], row["label"]
        self.family, self.quality = row["family"], row["quality"]
        self.nets = [ipaddress.ip_network(part.strip()) for part in row["host"].split(",")]
        self.single = all(net.num_addresses == 1 for net in self.nets)
        self.verdicts, self.tier, self.detectors = [], None, []

    @property
    def meets(self):
        return any(verdict.meets for verdict in self.verdicts)

    @property
    def binding(self):
        """Held to the rule: see "Done when" of issue 2."""
        spam_bot = SPAM_BOT[0] in self.capture and SPAM_BOT[1] == self.host
        return spam_bot or self.label in BAD[1:] and self.quality in ("strong", "author")


class Capture:
    def __init__(self, name):
        self.name, self.inside, self.hosts, self.problems, self.refused = name, [], [], [], False


def read_truth(data):
    captures = OrderedDict()
    with open(os.path.join(data, "TRUTH.tsv"), encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            capture = captures.setdefault(row["capture"], Capture(row["capture"]))
            capture.inside += [p for p in row["inside"].replace(" ", "").split(",") if p not in capture.inside]
            capture.hosts.append(Host(row))
    return list(captures.values())


def natural(path):
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", path)]


def files_of(data, name):
    found = set()
    for pattern in name.split(";"):
        path = os.path.join(data, pattern.strip())
        if os.path.isdir(path):
            found.update(os.path.join(folder, n) for folder, _, names in os.walk(path) for n in names)
        else:
            found.update([path] if os.path.exists(path) else glob.glob(path))
    return sorted(found, key=natural)


def is_old_nfcapd(path):
    """nfcapd's magic 0xA50C and layout version 1, in either byte order."""
    with open(path, "rb") as f:
        return f.read(4) in (b"\x0c\xa5\x01\x00", b"\xa5\x0c\x00\x01")


def work(capture, args):
    """Fills a capture with the oracle's verdicts and the program's tiers."""
    files = files_of(args.data, capture.name)
    if not files:
        capture.problems.append("no such file")
        return capture
    decode = program.Run([args.theriac, "decode", "--json", *files])
    lines, _ = oracle.judge_lines(decode.lines(), capture.inside)
    judge_run(capture, files, decode, "decode")
    for host in capture.hosts:
        host.verdicts = verdicts_for(host, capture, lines)
    if args.detect:
        detect(capture, files, args)
    return capture


def judge_run(capture, files, run, name):
    if all(is_old_nfcapd(path) for path in files):
        if run.status == 1 and run.words:
            capture.refused = True
        else:
            capture.problems.append("%s: a file of layout 1 was not refused with exit status 1 and a message" % name)
    elif run.problem:
        capture.problems.append("%s: %s" % (name, run.problem))


def verdicts_for(host, capture, lines):
    """Every verdict of the host's lines, strongest first; of a prefix: of its lines without a row of their own."""
    own = [] if not host.single else host.nets
    others = [net for other in capture.hosts if other.single for net in other.nets]
    found = []
    for line, by_detector in lines.items():
        net = ipaddress.ip_network(line)
        mine = any(program.overlaps(net, n) for n in own) if host.single else (
            any(program.overlaps(net, n) for n in host.nets) and not any(program.overlaps(net, n) for n in others))
        if mine:
            found += by_detector.values()
    return sorted(found, key=rules.rank, reverse=True)


def detect(capture, files, args):
    inside = [word for prefix in capture.inside for word in ("--inside", prefix)]
    run = program.Run([args.theriac, "detect", "--json", *inside, *files])
    findings, summary, unreadable = program.read_findings(run.lines())
    judge_run(capture, files, run, "detect")
    if not run.problem and (summary is None or unreadable):
        capture.problems.append("detect: %s" % ("no summary" if summary is None else "unreadable lines"))
    for host in capture.hosts:
        hits = [f for f in findings if any(program.holds(f.net, net) for net in host.nets)] if host.single else []
        best = max(hits, key=lambda f: program.TIERS.index(f.tier), default=None)
        host.tier = best.tier if best else "none"
        host.detectors = sorted({e.get("detector", "?") for f in hits for e in f.evidence})


def number(value):
    return "%.0f" % value if value >= 100 or value == int(value) else "%.1f" % value


def rows_of(host, every):
    """The table's rows: the strongest verdict, and all that meet the rule."""
    shown = [v for i, v in enumerate(host.verdicts) if every or i == 0 or v.meets]
    if not shown:
        shown = [None]
    for v in shown:
        facts = ["-"] * 5 + ["no"] if v is None else [
            v.detector, v.statistic, number(v.value), number(v.needed), number(v.span),
            "yes" if v.meets else "no, " + v.why]
        yield [host.capture, host.host, host.label, host.quality] + facts


def print_table(capture, args):
    print(capture.name)
    lines = [COLUMNS[1:] + (["program"] if args.detect else [])]
    for host in capture.hosts:
        for row in rows_of(host, args.all):
            lines.append(row[1:] + ([host.tier or "-"] if args.detect else []))
    lines = [[cell if len(cell) < 42 else cell[:39] + "..." for cell in line] for line in lines]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    for problem in capture.problems:
        print("  FAILED: " + problem)
    if capture.refused:
        print("  refused as it must be: an nfcapd file of layout 1")
    sys.stdout.flush()


def below(host):
    if host.tier is None:
        return not host.meets
    return not program.at_least(host.tier, "behaviour")


def reason(host):
    if host.meets:
        return "**meets the rule: must be found**" if host.binding else "meets the rule, but is not found"
    if not host.verdicts:
        return "no such detector yet: nothing that one of the seven behaviour rules counts"
    best = host.verdicts[0]
    if best.why == "too short":
        return "too short: events span %s s" % number(best.span)
    return "too weak" if best.value * 20 >= best.needed else "no such detector yet: this statistic is at rest"


def print_misses(hosts):
    print("| capture | host | label, quality | family | statistic | reached | needed | reason |")
    print("|---|---|---|---|---|---|---|---|")
    for host in hosts:
        best = host.verdicts[0] if host.verdicts else None
        facts = [best.detector + ", " + best.unit, number(best.value), number(best.needed)] if best else ["-"] * 3
        cells = [host.capture, host.host, "%s, %s" % (host.label, host.quality), host.family, *facts, reason(host)]
        print("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")


def complain(title, lines):
    print("%s: %s" % (title, len(lines) or "none"))
    for line in lines:
        print("  " + line)
    return bool(lines)


def report(captures, args):
    hosts = [host for capture in captures for host in capture.hosts]
    failed = ["%s: %s" % (c.name, problem) for c in captures for problem in c.problems]
    name = lambda h: "%s  %s  %s %s" % (h.capture, h.host, h.label, h.quality)
    wrong = False
    if args.misses:
        print_misses([h for h in hosts if h.label in BAD and below(h)])
    if args.detect:
        judged = [h for h in hosts if h.single]
        wrong |= complain("meet the rule, but below behaviour in the program (must be none)", [
            "%s  by %s, the program says %s" % (name(h), h.verdicts[0].detector, h.tier)
            for h in judged if h.binding and h.meets and below(h)])
        complain("the same for hosts which are not held to it", [
            "%s  by %s, the program says %s" % (name(h), h.verdicts[0].detector, h.tier)
            for h in judged if h.label in BAD and not h.binding and h.meets and below(h)])
        wrong |= complain("benign at behaviour or above (must be none)", [
            "%s  %s by %s" % (name(h), h.tier, ", ".join(h.detectors))
            for h in judged if h.label == "BENIGN" and not below(h)])
    complain("benign, but meet the rule by the oracle", [name(h) for h in hosts if h.label == "BENIGN" and h.meets])
    return complain("captures that failed (must be none)", failed) or wrong


def write_tsv(path, captures):
    with open(path, "w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS + ["program"])
        for capture in captures:
            for host in capture.hosts:
                writer.writerows(row + [host.tier or ""] for row in rows_of(host, True))


def arguments():
    p = argparse.ArgumentParser(description="The oracle over labelled captures, and the program beside it.")
    p.add_argument("--theriac", default="theriac", help="the program (default: theriac on the PATH)")
    p.add_argument("--data", default=os.path.join(HERE, "..", "..", "..", "shared", "data"), help="holds TRUTH.tsv")
    p.add_argument("--only", metavar="GLOB", help="only captures whose name matches")
    p.add_argument("--tsv", metavar="OUT", help="write every statistic of every host")
    p.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    p.add_argument("--detect", action="store_true", help="run detect too, and compare")
    p.add_argument("--misses", action="store_true", help="print the table of misses (Markdown)")
    p.add_argument("--all", action="store_true", help="every statistic of every host")
    args = p.parse_args()
    found = shutil.which(args.theriac)
    if found is None:
        p.error("cannot run %s: not found or not executable" % args.theriac)
    if not os.path.exists(os.path.join(args.data, "TRUTH.tsv")):
        p.error("no TRUTH.tsv in %s" % args.data)
    args.theriac = os.path.abspath(found)
    return args


def main():
    args = arguments()
    captures = [c for c in read_truth(args.data) if not args.only or fnmatch.fnmatch(c.name, args.only)]
    done = []
    with ProcessPoolExecutor(max(1, args.jobs)) as pool:
        for capture in pool.map(work, captures, [args] * len(captures)):
            print_table(capture, args)
            done.append(capture)
    print()
    if args.tsv:
        write_tsv(args.tsv, done)
    return 1 if report(done, args) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # a reader such as head may go away
    sys.exit(main())
