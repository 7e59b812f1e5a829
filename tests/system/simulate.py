# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulated provider promises, checked on records that `theriac decode --json` printed.

usage: theriac decode --json DIR | simulate.py volumes|truth|sessions|naive DIR

volumes: flow records and look-ups of the median line, and of the top hundredth against it, per day.
truth: DIR/truth.jsonl agrees with the exports of each infected line, and keeps to its own form.
sessions: of a run with sessions, each flow and look-up is on what one line held at that time, and the same for truth.
naive: each look-alike is accused by a simple rule of another program (tests/oracle/peers.py), or of one that does not
ask who opened a contact.
Exit status 0, or 1 with a sentence for each promise that was broken.
"""
import ipaddress
import json
import os
import sys
from collections import Counter, defaultdict

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle"))
import peers                                                    # noqa: E402
from records import parse_time                                  # noqa: E402

MEDIAN_FLOWS, MEDIAN_LOOKUPS, TOP_RATIO = 2500, 500, 20
NETS = [ipaddress.ip_network("100.64.0.0/10"), ipaddress.ip_network("2001:db8::/32")]
# A rule that accuses the look-alike, and the least value at which it does.
NAIVE = {"ntp": "rita-beacon", "push": "rita-beacon", "telemetry": "rita-beacon", "voip": "rita-beacon",
         "bittorrent": "slips-horizontal-scan", "game-browser": "slips-horizontal-scan", "nvr": "slips-vertical-scan",
         "dead-cdn": "slips-horizontal-scan", "chromium": "slips-dga", "search-suffix": "slips-dga",
         "av-lookups": "rita-dns-c2", "mail-server": "smtp-fan-out", "speed-test": "fastnetmon-packets",
         "git-ssh": "slips-ssh-guessing", "vpn": "slips-long-connection", "live-stream": "many-packets",
         "exposed": "many-failing-peers", "monitoring": "slips-horizontal-scan"}
OWN_BARS = {"many-packets": 1000, "many-failing-peers": 50}
faults = []


def expect(condition, sentence):
    if not condition:
        faults.append(sentence)


def inside(address):
    address = ipaddress.ip_address(address)
    return any(address.version == net.version and address in net for net in NETS)


def read_truth(folder):
    with open(os.path.join(folder, "truth.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    lines = {row["subject"]: row for row in rows if row["type"] == "line"}
    for row in rows:
        if row["type"] == "held":
            lines[row["subject"]].setdefault("held", []).append(row)
    return rows[0], lines, [row for row in rows if row["type"] == "activity"]


def line_of(address, cache={}):
    """IPv4 address of the line, by the address plan; None outside."""
    if address not in cache:
        cache[address] = None
        if inside(address):
            cache[address] = address
            if ":" in address:
                number = (int(ipaddress.ip_address(address)) >> 64 & 0xffffffff) - 0x100
                cache[address] = str(NETS[0].network_address + (number // 250 << 8) + 2 + number % 250)
    return cache[address]


class Plan:
    """Whose an address is where lines keep theirs."""

    def of_flow(self, r, side):
        return line_of(r[side])

    def of_lookup(self, r):
        return line_of(r["client"])


class Holders:
    """Whose it was at that time, by what truth.jsonl says lines held."""

    def __init__(self, lines):
        self.places, self.placed = defaultdict(list), 0
        for subject, line in lines.items():
            for row in line["held"]:
                net = ipaddress.ip_network(row["address"])
                end = parse_time(row["end"]) if "end" in row else float("inf")
                self.places[int(net.network_address)].append(
                    (parse_time(row["start"]), end, row.get("port_first", 0), row.get("port_last", 65535), subject,
                     row["seen"]))

    def of(self, address, port, start, end, seen):
        address = ipaddress.ip_address(address)
        key = int(address) if address.version == 4 else int(address) >> 72 << 72
        if key not in self.places:
            return None
        held = [h for h in self.places[key] if h[0] <= start and end < h[1] and h[2] <= port <= h[3] and h[5] >= seen]
        self.placed += 1
        expect(len({h[4] for h in held}) == 1, "%s port %d at %.3f to %.3f is held by %s" % (
            address, port, start, end, sorted({h[4] for h in held})))
        return held[0][4] if held else None

    def of_flow(self, r, side):
        port = r.get("sport" if side == "src" else "dport", 0)
        return self.of(r[side], port, parse_time(r["start"]), parse_time(r["end"]), True)

    def of_lookup(self, r):
        at = parse_time(r["time"])
        return self.of(r["client"], 1, at, at, False)


def check_volumes(records, folder):
    provider = read_truth(folder)[0]
    flows, lookups = Counter(), Counter()
    start, end = parse_time(provider["start"]), parse_time(provider["end"])
    for r in records:
        if r["type"] == "flow":
            ends = [line_of(r["src"]), line_of(r["dst"])]
            expect(sum(e is not None for e in ends) == 1, "a flow has %s inside" % ends)
            expect(start <= parse_time(r["start"]) <= parse_time(r["end"]) <= end, "a flow outside of the run")
            flows[ends[0] or ends[1]] += 1
        elif r["type"] == "dns":
            lookups[line_of(r["client"])] += 1
    expect(len(flows) == provider["lines"], "%d lines have flows, not %d" % (len(flows), provider["lines"]))
    for name, counts, least in (("flow records", flows, MEDIAN_FLOWS), ("look-ups", lookups, MEDIAN_LOOKUPS)):
        ranked = sorted(counts.values())
        median, top = ranked[len(ranked) // 2], ranked[len(ranked) - 1 - len(ranked) // 100]
        print("%s: median line %d, top hundredth %.1f times that" % (name, median, top / median))
        expect(median >= least, "%s: the median line has %d, fewer than %d" % (name, median, least))
        expect(top >= TOP_RATIO * median, "%s: the top hundredth is %.1f times the median" % (name, top / median))


def check_form(lines, activities):
    for a in activities:
        begin, end = parse_time(a["start"]), parse_time(a["end"])
        expect(0 <= end - begin <= 60, "an activity of %s lasts %.1f s" % (a["subject"], end - begin))
        expect(begin // 300 == end // 300, "an activity of %s crosses 5 minutes" % a["subject"])
        expect(a["behaviour"] in lines[a["subject"]]["behaviours"], "%s did what its family does not" % a["subject"])
    for line in lines.values():
        expect(line["infected"] == bool(line["behaviours"]), "%s is odd" % line["subject"])
        expect("access" in line or line["infected"] != bool(line["roles"]), "%s is odd" % line["subject"])


def counted(records, plan):
    """What the exports say each line did: (line, behaviour, key) -> count."""
    seen = Counter()
    for r in records:
        if r["type"] == "flow" and r["proto"] != 1:
            port, src = r["dport"], plan.of_flow(r, "src")
            if src and r["proto"] == 6 and r.get("flags") == 2:
                seen[src, "scan", port] += 1
            if src and r["proto"] == 6:
                seen[src, "mail", port] += 1
            if src:
                seen[src, "peer", r["dst"], port] += 1
                seen[src, "packets", r["dst"]] += r["packets"]
        elif r["type"] == "dns":
            client = plan.of_lookup(r)
            if r["name"].count(".") > 1:      # a bot may also look up its controller's name
                seen[client, "below", ".".join(r["name"].split(".")[-2:])] += 1
            if r["rcode"] == "NXDOMAIN":
                seen[client, "nx"] += 1
    return seen


def check_sessions(records, folder):
    lines = read_truth(folder)[1]
    holders = Holders(lines)
    check_truth(each_held(records, holders), folder, holders)
    print("on what a line held: %d ends of flows and look-ups" % holders.placed)
    expect(holders.placed > 10000, "few records")
    expect({line["access"] for line in lines.values()} == {"pppoe", "dhcp", "nat"}, "not every access was there")


def each_held(records, holders):
    """The records; of each flow one end is a line's."""
    for r in records:
        portless = r["type"] == "flow" and r["proto"] == 1 and r["exporter"] == "192.0.2.3"     # outside of the NAT
        if r["type"] == "flow" and not portless:
            ends = [holders.of_flow(r, side) for side in ("src", "dst")]
            expect(sum(e is not None for e in ends) == 1, "a flow between %s" % ends)
        yield r


def check_truth(records, folder, plan=Plan()):
    _, lines, activities = read_truth(folder)
    check_form(lines, activities)
    seen, told = counted(records, plan), Counter()
    for a in activities:
        who, what = a["subject"], a["behaviour"]
        if what == "scan":
            told[who, "scan", a["port"]] += a["failed"]
        elif what == "spam":
            told[who, "mail", 25] += a["connections"]
        elif what == "ddos":
            told[who, "packets", a["dst"]] += a["packets"]
        elif what == "tunnel":
            told[who, "below", a["domain"]] += a["queries"]
        elif what in ("beacon", "p2p"):
            told[who, "peer", a["dst"], a["port"]] += a["contacts"]
        elif what == "dga":
            told[who, "nx"] += a["queries"]
    kinds = Counter()
    for key, count in told.items():
        kinds[key[1]] += 1
        if key[1] == "nx":      # few of the names exist, and the line has other failures
            expect(.9 * count <= seen[key] <= count + 200, "%s: %d names told, %d seen" % (key, count, seen[key]))
        else:
            expect(count == seen[key], "%s: %d told, %d seen" % (key, count, seen[key]))
    print("compared: %s" % ", ".join("%s %d" % item for item in sorted(kinds.items())))
    expect(len(kinds) == 6, "not every behaviour was there to compare")


def own_rules(records):
    """Rules that peers.py has not: packets a second of a record, and failing peers whoever opened the contact."""
    best, failing = Counter(), defaultdict(set)
    for r in records:
        if r["type"] != "flow":
            continue
        src, dst = line_of(r["src"]), line_of(r["dst"])
        seconds = parse_time(r["end"]) - parse_time(r["start"])
        if src and seconds >= 30:
            best["many-packets", src] = max(best["many-packets", src], r["packets"] / seconds)
        if r["proto"] == 6 and r.get("flags") in (2, 20):
            failing[src or dst, parse_time(r["start"]) // 3600].add(r["dst"] if src else r["src"])
    for (line, _), hosts in failing.items():
        best["many-failing-peers", line] = max(best["many-failing-peers", line], len(hosts))
    return {key for key, value in best.items() if value >= OWN_BARS[key[0]]}


def check_naive(records, folder):
    _, lines, _ = read_truth(folder)
    records = list(records)
    found = peers.apply_rules((json.dumps(r) for r in records), ["100.64.0.0/10", "2001:db8::/32,line=64"])
    accused = {key for key, (value, _) in found.items() if value >= peers.BARS[key[0]]} | own_rules(records)
    played = Counter()
    for line in lines.values():
        for role in line["roles"]:
            played[role] += 1
            expect((NAIVE[role], line["subject"]) in accused, "%s: %s does not accuse %s" % (
                role, NAIVE[role], line["subject"]))
    expect(set(played) == set(NAIVE), "look-alikes played: %s" % sorted(played))
    print("look-alikes accused: %d kinds, %d lines" % (len(played), sum(played.values())))


def main():
    check = {"volumes": check_volumes, "truth": check_truth, "sessions": check_sessions, "naive": check_naive}[sys.argv[1]]
    check((json.loads(line) for line in sys.stdin), sys.argv[2])
    for sentence in sorted(set(faults))[:20]:
        print("FAULT: " + sentence)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
