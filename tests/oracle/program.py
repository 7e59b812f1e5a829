# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Running `theriac` and reading the findings of `detect --json`; shared by captures.py and recall.py.

In: a command, or JSON Lines. Out: Run (lines, problem), Finding objects. A program that runs longer than LIMIT_S
is ended. Leaves out: everything in a finding but subject, tier, score and the evidence's detector, dB and cap.
"""
import ipaddress
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections import namedtuple

LIMIT_S = 300
LINE_WORDS = ("user", "cui", "circuit", "assigned", "mac", "duid")
TIERS = ["none", "observe", "behaviour", "suspect", "notice"]
Finding = namedtuple("Finding", "subject net tier score evidence")


class Run:
    """One run of the program; lines() may be read once, problem and words are there afterwards."""

    def __init__(self, command):
        self.command, self.problem, self.status, self.words = command, None, None, ""

    def lines(self):
        """Yields the lines of standard output."""
        with tempfile.TemporaryFile() as errors:
            try:
                child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                                         start_new_session=True, encoding="utf-8", errors="replace")
            except OSError as e:
                self.problem = "cannot run %s: %s" % (self.command[0], e.strerror)
                return
            late = threading.Event()
            timer = threading.Timer(LIMIT_S, self.end, (child, late))
            timer.start()
            try:
                yield from child.stdout
                self.status = child.wait()
            finally:
                timer.cancel()
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
                child.stdout.close()
            self.explain(late, errors)

    def end(self, child, late):
        late.set()
        os.killpg(child.pid, signal.SIGKILL)

    def explain(self, late, errors):
        errors.seek(0)
        self.words = errors.read().decode("utf-8", "replace").strip()
        if late.is_set():
            self.problem = "timed out after %d s" % LIMIT_S
        elif self.status < 0:
            self.problem = "ended by signal %d" % -self.status
        elif self.status:
            last = self.words.splitlines()[-1:] or ["no message"]
            self.problem = "exit status %d: %s" % (self.status, last[0][:160])


def net_of(subject):
    """None: it is a line's identifier, such as user:alice@isp.example."""
    try:
        return ipaddress.ip_network(subject, strict=False)
    except ValueError:
        if isinstance(subject, str) and subject.split(":")[0] in LINE_WORDS:
            return None
        raise


def read_findings(lines):
    """-> (findings, summary or None, count of lines that are no such object)."""
    findings, summary, bad = [], None, 0
    for line in lines:
        try:
            item = json.loads(line)
            if item["type"] == "subject":
                net = net_of(item["subject"])
                findings.append(Finding(item["subject"], net, item["tier"], item.get("score_db") or 0,
                                        item.get("evidence") or []))
            elif item["type"] == "summary":
                summary = item
        except (ValueError, KeyError, TypeError):
            bad += 1
    return findings, summary, bad


def at_least(tier, other):
    return TIERS.index(tier) >= TIERS.index(other)


def overlaps(a, b):
    return a.version == b.version and a.overlaps(b)


def holds(a, b):
    """Network b lies within network a."""
    return a.version == b.version and b.subnet_of(a)
