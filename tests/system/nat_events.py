#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports of a carrier-grade NAT: who was lent which ports, and flows that came out of them.

  nat_events.py send FROM HOST:PORT WHAT...     each as datagrams of an exporter
  nat_events.py capture FILE WHAT...            the same as a capture of them
WHAT is v9|ipfix:EVENT:INSIDE:OUTSIDE:FIRST:LAST:AGE, a port block by the number of its natEvent, AGE seconds ago; or
flows:ADDR:PORT:COUNT, one SYN each, from one port on, in NetFlow v9.
"""
import socket
import struct
import sys
import time

import weeks

BLOCK = ((323, 8), (230, 1), (8, 4), (225, 4), (361, 2), (362, 2))


def a_set(number, body):
    return struct.pack("!HH", number, 4 + len(body)) + body


def block(version, sequence, event, inside, outside, first, last, age):
    now = int(time.time())
    template = struct.pack("!HH", 300, len(BLOCK)) + b"".join(struct.pack("!HH", *f) for f in BLOCK)
    record = struct.pack("!QB4s4sHH", (now - int(age)) * 1000, int(event), socket.inet_aton(inside),
                         socket.inet_aton(outside), int(first), int(last))
    if version == "ipfix":
        body = a_set(2, template) + a_set(300, record)
        return struct.pack("!HHIII", 10, 16 + len(body), now, sequence, 8) + body
    body = a_set(0, template) + a_set(300, record + bytes(-len(record) % 4))
    return struct.pack("!HHIIII", 9, 2, 100000000, now, sequence, 8) + body


class Kept:
    """A socket that keeps what is sent."""

    def __init__(self):
        self.datagrams = []

    def send(self, datagram):
        self.datagrams.append(datagram)


def made(what):
    kept, sequence = Kept(), {"v9": 0, "ipfix": 0}
    for word in what:
        kind, *rest = word.split(":")
        if kind != "flows":
            kept.send(block(kind, sequence[kind], *rest))
            sequence[kind] += 1
            continue
        addr, port, count = rest[0], int(rest[1]), int(rest[2])
        for i in range(count):
            weeks.send(kept, int(time.time()), weeks.flow(addr, f"198.51.100.{i % 250 + 1}", port + i, 23, 2))
    return kept.datagrams


def send(source, where, *what):
    host, port = where.rsplit(":", 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source, 0))
    for datagram in made(what):
        s.sendto(datagram, (host, int(port)))
        time.sleep(0.0002)


def capture(file, *what):
    with open(file, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for datagram in made(what):
            udp = struct.pack("!HHHH", 40000, 2055, 8 + len(datagram), 0) + datagram
            packet = bytes(12) + b"\x08\x00" + struct.pack(
                "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes((192, 0, 2, 9)),
                bytes((192, 0, 2, 1))) + udp
            f.write(struct.pack("<IIII", int(time.time()), 0, len(packet), len(packet)) + packet)


if __name__ == "__main__":
    {"send": send, "capture": capture}[sys.argv[1]](*sys.argv[2:])
