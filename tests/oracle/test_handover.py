#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Tests of handover.py with a made-up provider of a few lines that take addresses from each other.

In: nothing. Out: unittest's report.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
DAY = "2026-03-02T%02d:%02d:00Z"
BOT, BEFORE, AFTER, SHARER, FAR = ["user:line%04d@isp.example" % n for n in range(5)]


def line(subject, infected=False, access="pppoe", dual=False):
    return {"type": "line", "subject": subject, "access": access, "dual": dual, "infected": infected,
            "family": "made-up", "behaviours": ["scan"] if infected else [], "roles": []}


def held(subject, address, start, end=None, ports=None, seen=True):
    row = {"type": "held", "subject": subject, "address": address, "start": DAY % (start, 0), "seen": seen}
    if end is not None:
        row["end"] = DAY % (end, 0)
    if ports:
        row["port_first"], row["port_last"] = ports
    return row


def scan(subject, minutes=60):
    return [{"type": "activity", "subject": subject, "behaviour": "scan", "start": DAY % (9, m), "end": DAY % (9, m),
             "port": 23, "proto": "tcp", "tried": 5, "failed": 5, "fresh_failed_hour": 5, "answered": 0}
            for m in range(minutes)]


def finding(subject, tier="behaviour", detector="scan-bot-ports"):
    return {"type": "subject", "subject": subject, "tier": tier, "score_db": 40,
            "evidence": [{"detector": detector, "db": 40, "cap_db": 55}]}


def truth(access="pppoe", dual=False, minutes=60):
    return [{"type": "provider", "lines": 5, "hours": 24, "seed": 1, "start": DAY % (0, 0),
             "end": "2026-03-03T00:00:00Z"},
            line(BOT, True, access, dual), line(BEFORE), line(AFTER), line(SHARER, access="nat"), line(FAR),
            held(BEFORE, "100.64.0.1", 0, 3), held(BOT, "100.64.0.1", 3, 8), held(AFTER, "100.64.0.1", 8),
            held(BOT, "100.64.0.2", 8, 12), held(BOT, "100.64.0.3", 12, ports=(1024, 2047)),
            held(SHARER, "100.64.0.3", 1, 20, ports=(2048, 3071)), held(SHARER, "10.0.0.9", 1, 20, seen=False),
            held(FAR, "100.64.0.9", 0), *scan(BOT, minutes)]


class Handover(unittest.TestCase):
    def call(self, rows, found, without=None, least=1, *options):
        with tempfile.TemporaryDirectory() as folder:
            def write(name, lines):
                path = os.path.join(folder, name)
                with open(path, "w", encoding="utf-8") as f:
                    f.writelines(json.dumps(row) + "\n" for row in lines)
                return path
            write("truth.jsonl", rows)
            command = [sys.executable, os.path.join(HERE, "handover.py"), folder,
                       write("found", found + [{"type": "summary"}]), "--least", str(least), *options]
            if without is not None:
                command += ["--without", write("without", without + [{"type": "summary"}])]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_found_once(self):
        status, text = self.call(truth(), [finding(BOT)])
        self.assertEqual(status, 0, text)
        self.assertIn("1 lines meet a rule, 1 are found once", text)
        self.assertIn("1 clean lines had an address of an infected line directly before it: none accused", text)
        self.assertIn("1 clean lines directly after it", text)
        self.assertIn("1 clean lines had other ports of such an address", text)

    def test_not_found_or_not_once(self):
        for found, words in (([], "not at all"), ([finding(BOT)] * 2, "2 times"),
                             ([finding(BOT, detector="spam-sending")], "for something else"),
                             ([finding(BOT, tier="observe")], "not at all")):
            status, text = self.call(truth(), found)
            self.assertEqual(status, 1)
            self.assertIn("FAULT: %s meets the rule of scan and was found" % BOT, text)
            self.assertIn(words, text)

    def test_neighbours_accused(self):
        for subject, relation in ((BEFORE, "before"), (AFTER, "after"), (SHARER, "other ports"),
                                  (FAR, "no address of an infected line")):
            status, text = self.call(truth(), [finding(BOT), finding(subject)])
            self.assertEqual(status, 1)
            self.assertIn("FAULT: %s is not infected and is accused (%s)" % (subject, relation), text)
            self.assertEqual(self.call(truth(), [finding(BOT), finding(subject, tier="observe")])[0], 0)

    def test_address_taken_for_a_line(self):
        status, text = self.call(truth(), [finding(BOT), finding("100.64.0.9")])
        self.assertEqual(status, 1)
        self.assertIn("FAULT: 100.64.0.9 is no line", text)

    def test_below_the_rule_need_not_be_found(self):
        status, text = self.call(truth(minutes=5), [], least=0)
        self.assertEqual(status, 0, text)

    def test_enough_lines_of_each_kind(self):
        self.assertIn("at least 2 are needed", self.call(truth(), [finding(BOT)], least=2)[1])
        status, text = self.call(truth(), [finding(BOT)], least=4)
        self.assertIn("FAULT: 0 of them are behind a NAT", text)
        self.assertIn("FAULT: 0 of them are on both families", text)
        text = self.call(truth("nat", True), [finding(BOT)], least=4)[1]
        self.assertNotIn("FAULT: 0", text)

    def test_without_sessions(self):
        status, text = self.call(truth(), [finding(BOT)], [finding("100.64.0.1"), finding("100.64.0.2")])
        self.assertEqual(status, 0, text)
        self.assertIn("0 are found under one address, 1 under several, 0 not at all", text)
        self.assertIn("2 addresses are accused. 2 clean lines had one of them on that day, 1 have it at the end", text)

    def test_unreadable(self):
        self.assertEqual(self.call([{"type": "line"}], [])[0], 2)
        self.assertEqual(self.call(truth(), [finding("nonsense")])[0], 2)
        rows = [{**row, "access": None} if row["type"] == "line" else row for row in truth()]
        self.assertEqual(self.call(rows, [])[0], 2)


if __name__ == "__main__":
    unittest.main()
