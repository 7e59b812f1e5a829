#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds which address, and what is done from there, at times of one's choice.

  weeks.py session FILE start|stop USER ADDR TIME   appends a record as FreeRADIUS writes it
  weeks.py scan HOST:PORT ADDR FROM TO              NetFlow v9: one knock at telnet somewhere each second
  weeks.py beacon HOST:PORT ADDR PEER FROM TO       an answered contact to one server each two minutes
  weeks.py told FILE FROM                           subjects told from the line FROM on, each with the first and
                                                    last time of its last verdict, and its detectors
Times are seconds since 1970. Several of them are parted by --.
"""
import json
import socket
import struct
import sys
import time
import zlib

TEMPLATE = struct.pack("!HHHH", 0, 4 + 4 + 8 * 4, 256, 8) + b"".join(
    struct.pack("!HH", *f) for f in ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (22, 4), (21, 4)))
sequence = 0


def session(file, what, user, addr, at):
    with open(file, "a") as f:
        f.write("%s\n\tAcct-Status-Type = %s\n\tAcct-Session-Id = \"%s-%s\"\n\tUser-Name = \"%s\"\n"
                "\tNAS-IP-Address = 192.0.2.1\n\tFramed-IP-Address = %s\n\tEvent-Timestamp = \"%s UTC\"\n"
                "\tTimestamp = %s\n\n" % (
                    time.strftime("%a %b %e %H:%M:%S %Y", time.gmtime(int(at))), what.capitalize(), user, addr, user,
                    addr, time.strftime("%b %d %Y %H:%M:%S", time.gmtime(int(at))), at))


def flow(src, dst, sport, dport, flags, later_ms=0):
    return struct.pack("!4s4sHHBBII", socket.inet_aton(src), socket.inet_aton(dst), sport, dport, 6, flags,
                       99998000 + later_ms, 99999000)


def send(s, at, *flows):
    global sequence
    records = b"".join(flows)
    pad = -len(records) % 4
    data = struct.pack("!HH", 256, 4 + len(records) + pad) + records + bytes(pad)
    s.send(struct.pack("!HHIIII", 9, 1 + len(flows), 100000000, at, sequence, 7) + TEMPLATE + data)
    sequence += 1
    if sequence % 20 == 0:
        time.sleep(0.004)


def reach(where):
    host, port = where.rsplit(":", 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect((host, int(port)))
    return s


def scan(where, addr, begin, end):
    s = reach(where)
    for at in range(int(begin), int(end)):
        peer = socket.inet_ntoa(struct.pack("!I", 0x2d000000 | zlib.crc32(b"%d" % at) & 0xffffff))
        send(s, at, flow(addr, peer, 1024 + at % 60000, 23, 2))


def beacon(where, addr, peer, begin, end):
    s = reach(where)
    for at in range(int(begin), int(end), 120):
        port = 1024 + at // 120 % 60000
        send(s, at, flow(addr, peer, port, 4444, 0x1b), flow(peer, addr, 4444, port, 0x1b, 50))


def told(file, begin):
    last = {}
    for line in open(file).read().splitlines()[int(begin):]:
        o = json.loads(line)
        if o["type"] == "subject":
            last[o["subject"]] = o
    for name, o in sorted(last.items()):
        print(name, o["tier"], o["first"], o["last"], ",".join(sorted({e["detector"] for e in o["evidence"]})))


if __name__ == "__main__":
    words = sys.argv[1:]
    while words:
        n = words.index("--") if "--" in words else len(words)
        {"session": session, "scan": scan, "beacon": beacon, "told": told}[words[0]](*words[1:n])
        words = words[n + 1:]
