#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at the output of `theriac detect --json` for the system tests.

  bare FILE               all of it, but seconds and peak memory
  accused FILE            the lines at behaviour or above: subject, tier, detectors
  false DIR FILE          of those the lines that DIR/truth.jsonl calls clean
  summary FILE KEY...     a value of the closing summary, by keys one in another; a list as JSON
"""
import ipaddress
import json
import sys

SURE = ("behaviour", "suspect", "notice")


def read(path):
    with open(path, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    return [r for r in rows if r["type"] == "subject"], [r for r in rows if r["type"] == "summary"]


def bare(path):
    subjects, summaries = read(path)
    for row in subjects + summaries:
        row.pop("seconds", None)
        row.pop("peak_rss_mb", None)
        print(json.dumps(row))


def told(row):
    print(row["subject"], row["tier"], ",".join(sorted({e["detector"] for e in row["evidence"]})))


def accused(path):
    for row in sorted(read(path)[0], key=lambda r: r["subject"]):
        if row["tier"] in SURE:
            told(row)


def false(folder, path):
    clean = []
    with open(f"{folder}/truth.jsonl", encoding="utf-8") as f:
        for row in map(json.loads, f):
            if row["type"] == "line" and not row.get("infected"):
                clean += [ipaddress.ip_network(a, strict=False) for a in row["addresses"]]
    clean = set(clean)
    for row in read(path)[0]:
        if row["tier"] in SURE and ipaddress.ip_network(row["subject"]) in clean:
            told(row)


def summary(path, *keys):
    value = read(path)[1][0]
    for key in keys:
        value = value[key]
    print(json.dumps(value) if isinstance(value, (list, dict)) else value)


if __name__ == "__main__":
    {"bare": bare, "accused": accused, "false": false, "summary": summary}[sys.argv[1]](*sys.argv[2:])
