# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Conversations and DNS messages of captures as tshark dissects them.

In: paths of captures, merged one behind the other (mergecap -a) so that one run of tshark reads them all. Out: for each
path its conversations (counts, flags and times of both directions, summed up from the packets' outermost IP headers)
and its lookups (queries paired with their answers).
A meter cuts conversations into flows by its own rules; summed up by who spoke to whom, all meters must agree. Later
fragments belong to the ports of the first. Conversations of ICMP are told apart by addresses only; an echo reply
counts as the echo it answers.
"""
import re
import subprocess
from collections import OrderedDict

import dnsfields

FIELDS = ["frame.number", "frame.time_epoch", "frame.protocols", "frame.len", "ip.src", "ip.dst", "ip.proto", "ip.len",
          "ip.id", "ip.flags.mf", "ip.frag_offset", "ipv6.src", "ipv6.dst", "ipv6.nxt", "ipv6.plen", "ipv6.hopopts.nxt",
          "ipv6.routing.nxt", "ipv6.fraghdr.nxt", "ipv6.dstopts.nxt", "ipv6.fraghdr.ident",
          "tcp.srcport", "tcp.dstport", "tcp.flags", "udp.srcport", "udp.dstport", "sctp.srcport", "sctp.dstport",
          "icmp.type", "icmp.code", "icmpv6.type", "icmpv6.code"]
BETWEEN = "\x1f"
EXTENSIONS = {"0": "ipv6.hopopts.nxt", "43": "ipv6.routing.nxt", "44": "ipv6.fraghdr.nxt", "60": "ipv6.dstopts.nxt"}
PORTS = {6: "tcp", 17: "udp", 132: "sctp", 136: "udp"}
REQUESTS = {1: {0: 8, 14: 13, 16: 15, 18: 17}, 58: {129: 128}}
COMPARED = ("packets", "bytes", "rpackets", "rbytes", "flags", "rflags", "start", "end", "icmp")


def milliseconds(text):
    seconds, _, rest = text.partition(".")
    return int(seconds) * 1000 + int((rest + "000")[:3])


def first(row, key):
    return row[key].split(BETWEEN)[0]


def flag(word):
    return word in ("1", "True", "true")


def next_of(row):
    """The protocol behind the IPv6 extension headers."""
    number, used = first(row, "ipv6.nxt"), set()
    while number in EXTENSIONS and number not in used and row[EXTENSIONS[number]]:
        used.add(number)
        number = first(row, EXTENSIONS[number])
    return int(number)


def packet_of(row):
    """The outermost IP packet of a frame: a dict, or None."""
    outer = re.search(r"\b(ip|ipv6)\b", row["frame.protocols"])
    if not outer or not row[outer.group() + ".src"]:
        return None
    v6 = outer.group() == "ipv6"
    kind = outer.group()
    packet = {"src": first(row, kind + ".src"), "dst": first(row, kind + ".dst"),
              "time": milliseconds(row["frame.time_epoch"])}
    if v6:
        size, packet["proto"] = int(first(row, "ipv6.plen")) + 40, next_of(row)
        packet["fragment"] = first(row, "ipv6.fraghdr.ident") or None
    else:
        size, packet["proto"] = int(first(row, "ip.len")), int(first(row, "ip.proto"))
        apart = flag(first(row, "ip.flags.mf")) or first(row, "ip.frag_offset") != "0"
        packet["fragment"] = first(row, "ip.id") if apart else None
    packet["bytes"] = size
    name = PORTS.get(packet["proto"])
    if name and row[name + ".srcport"]:
        packet["sport"], packet["dport"] = int(first(row, name + ".srcport")), int(first(row, name + ".dstport"))
    if packet["proto"] == 6 and row["tcp.flags"]:
        packet["flags"] = int(first(row, "tcp.flags"), 16) & 0x3f
    name = {1: "icmp", 58: "icmpv6"}.get(packet["proto"])
    if name and row[name + ".type"]:
        kind = int(first(row, name + ".type"))
        packet["icmp"] = "%d/%s" % (REQUESTS[packet["proto"]].get(kind, kind), first(row, name + ".code"))
    return packet


class Conversations:
    """Sums by unordered ends and protocol."""

    def __init__(self):
        self.by_key, self.waiting = OrderedDict(), {}

    def add(self, src, sport, dst, dport, proto, counts, start, end):
        """counts: {field: value} of src -> dst, and with r of the way back."""
        turned = (dst, dport or 0) < (src, sport or 0)
        a, b = ((dst, dport), (src, sport)) if turned else ((src, sport), (dst, dport))
        record = self.by_key.setdefault((a, b, proto), {
            "src": a[0], "sport": a[1], "dst": b[0], "dport": b[1], "proto": proto, "packets": 0, "bytes": 0, "rpackets": 0,
            "rbytes": 0, "start": start, "end": end, "flags": 0, "rflags": 0, "icmp": set()})
        record["start"], record["end"] = min(record["start"], start), max(record["end"], end)
        for key in ("packets", "bytes", "flags"):
            mine, back = counts.get(key, 0), counts.get("r" + key, 0)
            mine, back = (back, mine) if turned else (mine, back)
            if key == "flags":
                record[key], record["r" + key] = record[key] | mine, record["r" + key] | back
            else:
                record[key], record["r" + key] = record[key] + mine, record["r" + key] + back
        if counts.get("icmp"):
            record["icmp"].add(counts["icmp"])

    def packet(self, p):
        """A fragment waits until tshark, which puts them together, has shown the ports."""
        if p["fragment"] is None:
            self.count(p)
            return
        group = self.waiting.setdefault((p["src"], p["dst"], p["proto"], p["fragment"]), [])
        group.append(p)
        if "sport" not in p and p["proto"] in PORTS:
            return
        del self.waiting[(p["src"], p["dst"], p["proto"], p["fragment"])]
        for one in group:
            self.count({**one, **{key: p[key] for key in ("sport", "dport", "flags", "icmp") if key in p}})

    def count(self, p):
        if p["proto"] in PORTS and "sport" not in p:
            p["sport"] = p["dport"] = 0
        counts = {"packets": 1, "bytes": p["bytes"], "flags": p.get("flags", 0), "icmp": p.get("icmp")}
        self.add(p["src"], p.get("sport"), p["dst"], p.get("dport"), p["proto"], counts, p["time"], p["time"])

    def records(self):
        for p in [p for group in self.waiting.values() for p in group]:
            self.count(p)
        self.waiting = {}
        for record in self.by_key.values():
            yield {**record, "icmp": ",".join(sorted(record["icmp"])) or None}


def of_flows(flows):
    """Our flows, summed up alike."""
    sums = Conversations()
    for f in flows:
        counts = {**f, "flags": f.get("flags", 0) & 0x3f, "rflags": f.get("rflags", 0) & 0x3f}
        icmp = f["proto"] in (1, 58)
        ports = (None, None) if icmp or "sport" not in f else (f["sport"], f["dport"])
        sums.add(f["src"], ports[0], f["dst"], ports[1], f["proto"], counts, f["start"], f["end"])
    return list(sums.records())


class Capture:
    def __init__(self):
        self.sums, self.lookups = Conversations(), dnsfields.Lookups()


def rows_of(path):
    """Yields tshark's fields of every frame."""
    names = FIELDS + dnsfields.FIELDS
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=" + BETWEEN]
    command += ["-o", "tcp.check_checksum:FALSE", "-o", "tcp.desegment_tcp_streams:TRUE"]
    for name in names:
        command += ["-e", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
        for line in run.stdout:
            cells = line.decode("utf-8", "replace").rstrip("\n").split("\t")
            if len(cells) == len(names):
                yield dict(zip(names, cells))


def frame_counts(paths):
    """[(path, frames)]"""
    out = subprocess.run(["capinfos", "-c", "-T", "-M", "-r", *paths], capture_output=True, check=False).stdout
    found = dict(line.rsplit("\t", 1) for line in out.decode().splitlines() if line)
    return [(path, int(found[path])) for path in paths if path in found]


def decode(paths, merged):
    """-> {path: Capture}"""
    captures = {path: Capture() for path in paths}
    counted = frame_counts(paths)
    subprocess.run(["mergecap", "-a", "-w", merged, *[path for path, _ in counted]], check=True, capture_output=True)
    owners = (path for path, count in counted for _ in range(count))
    for row, path in zip(rows_of(merged), owners):
        packet = packet_of(row)
        if packet:
            captures[path].sums.packet(packet)
            captures[path].lookups.frame(row, packet)
    return captures
