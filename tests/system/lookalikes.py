#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the naive rules of other programs accuse: theriac decode --json FILES | lookalikes.py TRUTH.jsonl

For every look-alike that the simulation knows, the rule that it is meant to fool must fire on a line
that plays it. Where every household meets a rule, only the ports of the look-alike are looked at. Prints
a row each; exit status 1 if a rule stays quiet on its look-alike, or a look-alike is not played."""
import json
import pathlib
import sys
from collections import defaultdict

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
import peers  # noqa: E402

# look-alike: (rule of peers.py, ports looked at or None)
FOOLED = {
    "ntp": ("rita-beacon", {123}), "push": ("rita-beacon", {8883}), "telemetry": ("rita-beacon", {443}),
    "voip": ("rita-beacon", {5060}), "vpn": ("slips-long-connection", {4500, 51820}),
    "bittorrent": ("slips-horizontal-scan", None), "game-browser": ("slips-horizontal-scan", None),
    "nvr": ("slips-vertical-scan", None), "dead-cdn": ("slips-horizontal-scan", {443}),
    "chromium": ("slips-dga", None), "search-suffix": ("slips-dga", None),
    "av-lookups": ("rita-dns-c2", None), "mail-server": ("smtp-fan-out", None),
    "speed-test": ("fastnetmon-packets", None), "live-stream": ("slips-upload", {9000}),
    "git-ssh": ("slips-ssh-guessing", None), "exposed": ("blind-ssh-guessing", None),
    "monitoring": ("slips-horizontal-scan", {443}),
}


def read_truth(path):
    players = defaultdict(set)
    with open(path, encoding="utf-8") as f:
        for row in map(json.loads, f):
            for role in row.get("roles", ()) if row["type"] == "line" else ():
                players[role].update(a.removesuffix("::/64") for a in row["addresses"])
    return players


def is_of(row, addresses):
    words = (row.get("src"), row.get("dst"), row.get("client"))
    return any(w in addresses or ":" in w and ":".join(w.split(":")[:4]) in addresses for w in words if w)


def main():
    players = read_truth(sys.argv[1])
    everybody = set().union(*players.values())
    rows = [(text, row) for text in sys.stdin for row in [json.loads(text)] if is_of(row, everybody)]
    wrong = set(FOOLED) ^ set(players)
    for role in wrong:
        print(f"{role}: unknown here, or nobody plays it")
    for role in sorted(set(FOOLED) & set(players)):
        rule, ports = FOOLED[role]
        mine = [text for text, row in rows if is_of(row, players[role])
                and (ports is None or {row.get("sport"), row.get("dport")} & ports)]
        best = peers.apply_rules(mine, ["100.64.0.0/10", "2001:db8::/32"])
        most = max((value for (name, _), (value, _) in best.items() if name == rule), default=0)
        fires = most >= peers.BARS[rule]
        print(f"{role:15} {rule:22} {most:12} of {peers.BARS[rule]:<10} {'fires' if fires else 'QUIET'}")
        wrong |= set() if fires else {role}
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
