#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""A capture of a small provider's border, made from the truth: five bots among benign lines.

usage: make_traffic.py OUT.pcap [BEGIN]

Out: 30 minutes of packets in order of time, cut behind their headers. Bots: a scanner of telnet in IPv4 and one in
IPv6, one that guesses SSH passwords, one that sends mail to many servers, one that floods a server; the scanner of
IPv4 talks to an address on the list of indicators (203.0.113.66). The others surf in both families, look up names and ask for the
time. The same every time but for BEGIN, in seconds since 1970.
"""
import ipaddress
import random
import struct
import sys

BEGIN, LASTS = 1772445600, 1800  # 2026-03-02T10:00:00Z, where none is given
SYN, ACK, FIN, RST, PSH = 2, 16, 1, 4, 8
V4, V6 = "100.64.0.%d", "2001:db8:1:%x::2"
INSIDE = ["100.64.0.0/24", "2001:db8:1::/48"]
BAD = "203.0.113.66"


class Capture:
    def __init__(self, begin):
        self.packets, self.later = [], begin - BEGIN

    def add(self, when, src, dst, proto, transport, data):
        """A packet whose transport header is followed by so many bytes of data, which are not kept."""
        src, dst = ipaddress.ip_address(src), ipaddress.ip_address(dst)
        size = len(transport) + data
        if src.version == 4:
            head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, len(self.packets) & 0xffff, 0, 60, proto, 0)
            frame, whole = b"\x02" * 12 + b"\x08\x00" + head + src.packed + dst.packed + transport, 34 + size
        else:
            head = struct.pack(">IHBB", 6 << 28, size, proto, 60)
            frame, whole = b"\x02" * 12 + b"\x86\xdd" + head + src.packed + dst.packed + transport, 54 + size
        self.packets.append((when + self.later, frame, whole))

    def tcp(self, when, src, sport, dst, dport, flags, data=0, seq=1):
        self.add(when, src, dst, 6, struct.pack(">HHIIBBHHH", sport, dport, seq, 1, 0x50, flags, 8192, 0, 0), data)

    def udp(self, when, src, sport, dst, dport, data):
        self.add(when, src, dst, 17, struct.pack(">HHHH", sport, dport, 8 + data, 0), data)

    def session(self, when, src, sport, dst, dport, turns, step=0.02):
        """A TCP connection with so many requests and answers of (bytes there, bytes back)."""
        self.tcp(when, src, sport, dst, dport, SYN)
        self.tcp(when + step, dst, dport, src, sport, SYN | ACK)
        self.tcp(when + 2 * step, src, sport, dst, dport, ACK)
        at = when + 3 * step
        for there, back in turns:
            self.tcp(at, src, sport, dst, dport, PSH | ACK, there)
            self.tcp(at + step, dst, dport, src, sport, PSH | ACK, back)
            at += 2 * step
        self.tcp(at, src, sport, dst, dport, FIN | ACK)
        self.tcp(at + step, dst, dport, src, sport, FIN | ACK)
        self.tcp(at + 2 * step, src, sport, dst, dport, ACK)

    def write(self, path):
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
            for when, frame, whole in sorted(self.packets, key=lambda p: p[0]):
                f.write(struct.pack("<4I", int(when), int(when % 1 * 1e6), len(frame), whole) + frame)


def scan(c, dice, line, networks, port):
    """Most do not answer, some refuse."""
    for number in range(900):
        target = str(ipaddress.ip_address(dice.choice(networks)) + dice.randrange(1, 60000))
        when, sport = BEGIN + 1.9 * number + dice.random(), 20000 + number
        if dice.random() < 0.05:
            c.tcp(when, line, sport, target, port, SYN)
            c.tcp(when + 0.1, target, port, line, sport, RST | ACK)
        else:
            for wait in (0, 1, 3):
                c.tcp(when + wait, line, sport, target, port, SYN)


def guess(c, dice, line, target):
    for number in range(500):
        turns = [(40, 40), (600, 700), (200, 300), (64, 64), (80, 80), (80, 80)]
        c.session(BEGIN + 3.5 * number + dice.random(), line, 30000 + number, target, 22, turns)


def spam(c, dice, line):
    for number in range(400):
        server = "198.51.%d.%d" % (100 + number % 20, 1 + number * 7 % 250)
        turns = [(20, 80), (40, 30), (35, 30), (6, 30), (dice.randrange(2000, 4000), 40), (6, 30)]
        c.session(BEGIN + 4.2 * number + dice.random(), line, 40000 + number, server, 25, turns, 0.05)


def flood(c, line, target):
    for number in range(248000):
        c.udp(BEGIN + 600 + number / 8000, line, 5555, target, 80, 500)


def surf(c, dice, line, servers, resolver):
    for number in range(30):
        when, sport = BEGIN + 5 + dice.random() * (LASTS - 60), 50000 + number
        c.udp(when, line, sport, resolver, 53, 40)
        c.udp(when + 0.02, resolver, 53, line, sport, 120)
        turns = [(dice.randrange(200, 900), dice.randrange(500, 1400)) for _ in range(dice.randrange(2, 12))]
        c.session(when + 0.05, line, sport, dice.choice(servers), 443, turns)


def main(path, begin=BEGIN):
    dice, c = random.Random(1), Capture(int(begin))
    scan(c, dice, V4 % 10, ["198.18.0.0", "192.0.0.0", "203.0.0.0"], 23)
    scan(c, dice, V6 % 11, ["2001:db8:8000::", "2001:db8:9000::"], 23)
    guess(c, dice, V4 % 20, "203.0.113.5")
    spam(c, dice, V4 % 30)
    flood(c, V4 % 40, "203.0.113.9")
    for number in range(6):
        c.session(BEGIN + 100 + 250 * number, V4 % 10, 33000 + number, BAD, 443, [(300, 2000), (100, 100)])
    for line in range(60, 90):
        surf(c, dice, V4 % line, ["192.0.2.%d" % i for i in range(1, 20)], "192.0.2.53")
        surf(c, dice, V6 % line, ["2001:db8:7000::%x" % i for i in range(1, 20)], "2001:db8:7000::53")
        c.udp(BEGIN + 64 + line, V4 % line, 123, "192.0.2.123", 123, 48)
        c.udp(BEGIN + 64.03 + line, "192.0.2.123", 123, V4 % line, 123, 48)
    c.write(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
