#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers of the tests of the live sensor.

  live.py key FILE KEY...              values of the last JSON line; "exporters.192.0.2.1.lost" finds
                                       the exporter of that name, as does "listeners"
  live.py until SECONDS FILE KEY NUMBER COMMAND...   runs it until its last JSON line, kept in FILE, has as much there
  live.py near FILE FILE               whether the last words on all lines are the same, scores nearly
  live.py ipfix HOST:PORT COUNT [SECONDS]   IPFIX over TCP: a template, then COUNT flows in pieces
  live.py nat FROM HOST:PORT COUNT     IPFIX of NAT events alone, 50 a datagram: who holds which port
  live.py dnstap PATH|HOST:PORT COUNT [one-way]   dnstap in Frame Streams, both handshakes
  live.py datagrams FROM HOST:PORT COUNT [FIRST [TTL]]   NetFlow v9 of one flow each, numbered from FIRST on;
                                       number 0 brings the template
  live.py scans FROM HOST:PORT COUNT [TTL [LINE]]   NetFlow v9, one flow each: four lines, from LINE on, that knock
                                       at telnet everywhere
  live.py read PATH FILE               everything that a unix socket says, once connected, until it closes
  live.py hold PATH|HOST:PORT N SECONDS   N connections that say nothing
  live.py replay FROM HOST:PORT COUNT TIMES   COUNT datagrams as of `datagrams`, then the same TIMES times more
"""
import json
import socket
import struct
import subprocess
import sys
import time


def value(o, path):
    while path:
        if isinstance(o, list):
            o, name = next((e, e[k]) for e in o for k in ("exporter", "source")
                           if k in e and path.startswith(e[k] + "."))
            path = path[len(name) + 1:]
            continue
        word, _, path = path.partition(".")
        o = o[word]
    return o


def key(file, *paths):
    last = json.loads(open(file).read().strip().splitlines()[-1])
    print(*[value(last, p) for p in paths])


def until(seconds, file, path, number, *command):
    """The command's own time is not counted: a machine may be slow."""
    for _ in range(int(seconds) * 20):
        with open(file, "w") as out:
            said = subprocess.run(command, stdout=out, stderr=subprocess.DEVNULL, check=False)
        if said.returncode == 0:
            try:
                last = json.loads(open(file).read().strip().splitlines()[-1])
                if value(last, path) >= int(number):
                    return
            except (KeyError, IndexError, StopIteration, ValueError):
                pass
        time.sleep(0.05)
    sys.exit(1)


SURE = ("behaviour", "suspect", "notice")


def last_words(file):
    last = {}
    for line in open(file):
        o = json.loads(line)
        if o["type"] == "subject":
            last[o["subject"]] = o
    return {k: o for k, o in last.items() if o["tier"] in SURE}


def near(a, b):
    """The same lines by the same detectors, scores within 3 dB: a live sensor hashes with a key of
    its own, so what is estimated from sketches differs a little from run to run."""
    one, two, bad = last_words(a), last_words(b), 0
    for name in sorted(set(one) | set(two)):
        said = [(o["score_db"], sorted({e["detector"] for e in o["evidence"]})) if o else None
                for o in (one.get(name), two.get(name))]
        if None in said or said[0][1] != said[1][1] or abs(said[0][0] - said[1][0]) > 3:
            print(name, *said)
            bad = 1
    if len(one) < 5:
        print("too few lines to compare:", len(one))
        bad = 1
    sys.exit(bad)


def reach(where):
    if where.startswith("/"):
        s = socket.socket(socket.AF_UNIX)
        s.connect(where)
        return s
    host, port = where.rsplit(":", 1)
    return socket.create_connection((host, int(port)))


IPFIX_TEMPLATE = struct.pack("!HHHH", 2, 4 + 4 + 8 * 4, 256, 8) + b"".join(
    struct.pack("!HH", *f) for f in ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (150, 4), (151, 4)))


def ipfix_message(sequence, body, domain=7):
    return struct.pack("!HHIII", 10, 16 + len(body), int(time.time()), sequence, domain) + body


def ipfix_flow(i, now):
    return struct.pack("!4s4sHHBBII", bytes((100, 64, 0, i % 250 + 1)), bytes((198, 51, 100, 9)),
                       1024 + i, 443, 6, 0x1b, now - 2, now - 1)


def ipfix(where, count, seconds="1"):
    s, now, n = reach(where), int(time.time()), int(count)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = ipfix_message(0, IPFIX_TEMPLATE)
    for at in range(0, n, 10):
        records = b"".join(ipfix_flow(i, now) for i in range(at, min(at + 10, n)))
        stream += ipfix_message(at, struct.pack("!HH", 256, 4 + len(records)) + records)
    piece = 777  # never a whole number of messages
    for at in range(0, len(stream), piece):
        s.sendall(stream[at:at + piece])
        time.sleep(float(seconds) * piece / len(stream))
    s.close()


def varint(n):
    out = b""
    while n > 127:
        out += bytes((n & 127 | 128,))
        n >>= 7
    return out + bytes((n,))


def field(number, v):
    if isinstance(v, int):
        return varint(number << 3) + varint(v)
    return varint(number << 3 | 2) + varint(len(v)) + v


def fixed32(number, v):
    return varint(number << 3 | 5) + struct.pack("<I", v)


def dns_message(i, response):
    name = b"".join(bytes((len(p),)) + p for p in (b"h%d" % i, b"example", b"com")) + b"\0"
    question = name + struct.pack("!HH", 1, 1)
    head = struct.pack("!HHHHHH", i & 0xffff, 0x8180 if response else 0x0100, 1, int(response), 0, 0)
    answer = struct.pack("!HHHIH", 0xc00c, 1, 1, 60, 4) + bytes((192, 0, 2, 7))
    return head + question + (answer if response else b"")


def dnstap_frame(i, now):
    message = (field(1, 6) + field(2, 1) + field(3, 1) + field(4, bytes((100, 64, 0, i % 250 + 1)))
               + field(5, bytes((192, 0, 2, 53))) + field(6, 40000 + i % 1000) + field(7, 53)
               + field(8, now) + fixed32(9, 0) + field(10, dns_message(i, False))
               + field(12, now) + fixed32(13, 1000000) + field(14, dns_message(i, True)))
    return field(15, 1) + field(14, message)


def control(kind, typed=True):
    word = b"protobuf:dnstap.Dnstap"
    body = struct.pack("!I", kind) + (struct.pack("!II", 1, len(word)) + word if typed else b"")
    return struct.pack("!II", 0, len(body)) + body


def dnstap(where, count, way="two-way"):
    s, now = reach(where), int(time.time())
    s.settimeout(10)
    if way == "two-way":
        s.sendall(control(4))
        assert s.recv(1000) == control(1), "no ACCEPT"
    s.sendall(control(2))
    for i in range(int(count)):
        frame = dnstap_frame(i, now)
        s.sendall(struct.pack("!I", len(frame)) + frame)
    s.sendall(control(3, False))
    if way == "two-way":
        assert s.recv(1000) == control(5, False), "no FINISH"
    s.close()


NAT_TEMPLATE = struct.pack("!HHHH", 2, 4 + 4 + 6 * 4, 257, 6) + b"".join(
    struct.pack("!HH", *f) for f in ((323, 8), (230, 1), (8, 4), (225, 4), (7, 2), (227, 2)))


def nat_events(first, n):
    held = [struct.pack("!QB4s4sHH", int(time.time() * 1000), 4, bytes((100, 64, 0, i % 250 + 1)),
                        bytes((203, 0, 113, 1)), 1024 + i % 60000, 1024 + i % 60000) for i in range(first, first + n)]
    records = b"".join(held)
    template = NAT_TEMPLATE if first == 0 else b""
    return ipfix_message(first, template + struct.pack("!HH", 257, 4 + len(records)) + records, 8)


V9_TEMPLATE = struct.pack("!HHHH", 0, 4 + 4 + 8 * 4, 256, 8) + b"".join(
    struct.pack("!HH", *f) for f in ((8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (6, 1), (22, 4), (21, 4)))


def v9(i, src, dst, dport, flags):
    """A datagram of one flow, numbered i; number 0 brings the template."""
    record = struct.pack("!4s4sHHBBII", src, dst, 1024 + i % 60000, dport, 6, flags, 99998000, 99999000)
    data = struct.pack("!HH", 256, 4 + len(record) + 2) + record + b"\0\0"
    head = struct.pack("!HHIIII", 9, 2 if i == 0 else 1, 100000000, int(time.time()), i, 1)
    return head + (V9_TEMPLATE if i == 0 else b"") + data


def quiet(i):
    return v9(i, bytes((100, 64, 0, i % 250 + 1)), bytes((198, 51, 100, 9)), 443, 0x1b)


def scan(i, line=1):
    return v9(i, bytes((100, 64, 0, i % 4 + line)), struct.pack("!I", 0x2d000000 + i), 23, 2)


def send_all(source, where, ttl, made, burst=20):
    host, port = where.rsplit(":", 1)
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(ttl))
    s.bind((source, 0))
    for n, datagram in enumerate(made, 1):
        s.sendto(datagram, (host, int(port)))
        if n % burst == 0:
            time.sleep(0.002)


def datagrams(source, where, count, first="0", ttl="64"):
    send_all(source, where, ttl, (quiet(i) for i in range(int(first), int(first) + int(count))))


def nat(source, where, count, a_datagram=50):
    send_all(source, where, 64, (nat_events(i, a_datagram) for i in range(0, int(count), a_datagram)))


def scans(source, where, count, ttl="64", line="1"):
    send_all(source, where, ttl, (scan(i, int(line)) for i in range(int(count))), 40)


def read(path, file):
    s = reach(path)
    with open(file, "wb") as f:
        while piece := s.recv(65536):
            f.write(piece)


def hold(where, n, seconds):
    held = [reach(where) for _ in range(int(n))]
    time.sleep(float(seconds))
    for s in held:
        s.close()


def replay(source, where, count, times):
    made = [quiet(i) for i in range(int(count))]
    send_all(source, where, 64, made)
    send_all(source, where, 64, made * int(times), 40)


if __name__ == "__main__":
    {"key": key, "near": near, "ipfix": ipfix, "dnstap": dnstap,
     "datagrams": datagrams, "nat": nat, "scans": scans, "replay": replay,
     "read": read, "hold": hold, "until": until}[sys.argv[1]](*sys.argv[2:])
