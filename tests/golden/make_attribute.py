#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the inputs of the golden cases attribute/*: what one household did in 40 minutes, exported
whole (biflows), in one-way halves, in slices of 60 s, and by two exporters, as IPFIX datagrams in a
capture. The findings must be the same bytes in all of them; tests/system/attribute.sh compares.
Addresses are of documentation and private ranges."""
import gzip
import ipaddress
import pathlib
import struct

ATTRIBUTE = pathlib.Path(__file__).resolve().parent / "attribute"
T0_MS = 1767323045000  # 2026-01-02T03:04:05Z
SYN, RST, PSH, ACK, FIN = 2, 4, 8, 16, 1
REVERSE = 29305
TUPLE = [(8, 4), (12, 4), (7, 2), (11, 2), (4, 1)]
ONE_WAY = TUPLE + [(6, 1), (2, 8), (1, 8), (152, 8), (153, 8)]
BIFLOW = ONE_WAY + [(6, 1, REVERSE), (2, 8, REVERSE), (1, 8, REVERSE), (239, 1)]
LINE, NEIGHBOUR = "192.168.1.20", "192.168.1.21"


class Talk:
    """A conversation that src opened: packets and bytes each way, evenly over its time."""

    def __init__(self, src, dst, sport, dport, at_s, length_s, flags, rflags, packets, rpackets, proto=6):
        self.ends = [src, dst, sport, dport]
        self.proto, self.at, self.length = proto, T0_MS + int(at_s * 1000), int(length_s * 1000)
        self.flags, self.rflags, self.packets, self.rpackets = flags, rflags, packets, rpackets


def household():
    """A scanner of 23/tcp that most hosts do not answer and some do for minutes; its neighbour is calm."""
    talks = []
    for i in range(120):
        talks.append(Talk(LINE, "198.51.100.%d" % (i + 1), 40000 + i, 23, 17 * i, 0, SYN, 0, 1, 0))
    for i in range(8):
        talks.append(Talk(LINE, "203.0.113.%d" % (i + 1), 50000 + i, 23, 200 * i, 240, SYN | ACK | PSH,
                          SYN | ACK | PSH, 24, 12))
    for i in range(6):
        talks.append(Talk(LINE, "203.0.113.%d" % (i + 100), 51000 + i, 23, 300 * i, 0, SYN, RST | ACK, 1, 1))
    for i in range(40):
        talks.append(Talk(NEIGHBOUR, "203.0.113.%d" % (i + 50), 52000 + i, 443, 50 * i, 130, SYN | ACK | PSH,
                          SYN | ACK | PSH, 39, 65))
        talks.append(Talk(NEIGHBOUR, "203.0.113.53", 53000 + i, 53, 50 * i, 0, 0, 0, 1, 1, proto=17))
    return talks


def whole(talk):
    """-> [(time exported, record of a biflow)]"""
    start, end = talk.at, talk.at + talk.length
    return [(end, BIFLOW, ends(talk.ends, talk.proto) + counts(talk.flags, talk.packets, start, end)
             + struct.pack(">BQQB", talk.rflags, talk.rpackets, talk.rpackets * 60, 1))]


def halves(talk, ahead=0):
    """Both ways apart; the answer begins 20 ms later. ahead: ms that this exporter sees all earlier."""
    src, dst, sport, dport = talk.ends
    start, end = talk.at - ahead, talk.at + talk.length - ahead
    flows = [(end, ONE_WAY, ends(talk.ends, talk.proto) + counts(talk.flags, talk.packets, start, end))]
    if talk.rpackets:
        flows.append((end + 20, ONE_WAY, ends([dst, src, dport, sport], talk.proto)
                      + counts(talk.rflags, talk.rpackets, start + 20, end + 20)))
    return flows


def slices(talk):
    """-> the conversations of 60 s that an exporter's active timeout makes of it"""
    parts = max(1, -(-talk.length // 60000))
    for i in range(parts):
        piece = Talk(*talk.ends, 0, 0, talk.flags, talk.rflags, talk.packets // parts,
                     talk.rpackets // parts, talk.proto)
        piece.at, piece.length = talk.at + 60000 * i, min(60000, talk.length - 60000 * i)
        if i == 0:
            piece.packets += talk.packets % parts
            piece.rpackets += talk.rpackets % parts
        else:
            piece.flags &= ~SYN
            piece.rflags &= ~SYN
        yield piece


def ends(words, proto):
    src, dst, sport, dport = words
    return ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed \
        + struct.pack(">HHB", sport, dport, proto)


def counts(flags, packets, start, end):
    return struct.pack(">BQQQQ", flags, packets, packets * 60, start, end)


def field(element):
    number, size, *enterprise = element
    return struct.pack(">HHI", number | 0x8000, size, *enterprise) if enterprise else \
        struct.pack(">HH", number, size)


def ipfix(flows, at):
    """One message with its template, so that any order of messages is read."""
    fields = flows[0][1]
    number = 300 if fields is ONE_WAY else 301
    template = struct.pack(">HH", number, len(fields)) + b"".join(field(f) for f in fields)
    body = struct.pack(">HH", 2, 4 + len(template)) + template
    data = b"".join(record for _, _, record in flows)
    body += struct.pack(">HH", number, 4 + len(data)) + data
    return struct.pack(">HHIII", 10, 16 + len(body), at, 1, 1) + body


def datagram(at, exporter, payload):
    """-> (time, frame): Ethernet, IPv4, UDP to a collector's port"""
    udp = struct.pack(">HHHH", 30000, 4739, 8 + len(payload), 0) + payload
    frame = bytes(12) + b"\x08\x00" + struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) \
        + ipaddress.ip_address(exporter).packed + ipaddress.ip_address("192.0.2.200").packed + udp
    return at, frame


def export(flows, exporter, delay_s=5):
    """What an exporter sends: the flows of every ten seconds, some seconds after their end."""
    out, flows = [], sorted(flows, key=lambda f: f[0])
    while flows:
        slot = flows[0][0] // 10000
        batch = [f for f in flows if f[0] // 10000 == slot]
        flows = flows[len(batch):]
        at = (slot + 1) * 10 + delay_s
        for i in range(0, len(batch), 12):
            out.append(datagram(at, exporter, ipfix(batch[i:i + 12], at)))
    return out


def case(name, why, *exports):
    folder = ATTRIBUTE / name
    folder.mkdir(parents=True, exist_ok=True)
    frames = sorted((f for frames in exports for f in frames), key=lambda f: f[0])
    pcap = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    pcap += b"".join(struct.pack("<IIII", at, 0, len(f), len(f)) + f for at, f in frames)
    (folder / "export.pcap.gz").write_bytes(gzip.compress(pcap, 9, mtime=0))
    (folder / "args").write_text("detect --json export.pcap.gz\n")
    (folder / "why.txt").write_text(why + "\n")


def every(cut, talks, *more):
    return [flow for talk in talks for flow in cut(talk, *more)]


def main():
    talks = household()
    sliced = [piece for talk in talks for piece in slices(talk)]
    first, second = "192.0.2.1", "192.0.2.2"
    case("whole", "A scanner among its neighbours, exported as biflows: what all other cases must give, too.",
         export(every(whole, talks), first))
    case("halves", "The two directions of each conversation are records of their own.",
         export(every(halves, talks), first))
    case("slices", "Conversations of minutes are exported in slices of 60 s: continuations, no new contacts.",
         export(every(whole, sliced), first))
    case("slices-halves", "Slices of 60 s, and each in two directions.", export(every(halves, sliced), first))
    case("twice", "A second exporter sees the same biflows: they are dropped and counted.",
         export(every(whole, talks), first), export(every(whole, talks), second))
    case("twice-halves", "Two exporters, one-way records, and the second's clock is 30 ms ahead.",
         export(every(halves, talks), first), export(every(halves, talks, 30), second))
    case("twice-slices", "Two exporters with slices, the second one sends its records later.",
         export(every(whole, sliced), first), export(every(whole, sliced), second, delay_s=8))


if __name__ == "__main__":
    main()
