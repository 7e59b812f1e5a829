#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends the UDP payloads of a capture to a live sensor, paced and bounded.

  replay.py CAPTURE HOST:PORT [--rate DATAGRAMS/S] [--first N] [--count N] [--drop N,M...] [--from ADDR]

Each sender of the capture gets an address of its own in 127.0.0.0/8 (or --from for all), so that
exporters stay apart. --drop leaves out the datagrams of these numbers. Ends with a line of JSON.
"""
import argparse
import json
import socket
import struct
import time

BURST = 20


def payloads(path):
    """(source address, UDP payload) of each packet of a classic pcap, Ethernet or raw IPv4."""
    data = open(path, "rb").read()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    link, = struct.unpack_from(order + "I", data, 20)
    at = 24
    while at + 16 <= len(data):
        caught, = struct.unpack_from(order + "I", data, at + 8)
        frame = data[at + 16:at + 16 + caught]
        at += 16 + caught
        packet = frame[14:] if link == 1 else frame
        if packet[0] >> 4 == 4 and packet[9] == 17:
            header = (packet[0] & 15) * 4
            yield socket.inet_ntoa(packet[12:16]), packet[header + 8:]


def main():
    ask = argparse.ArgumentParser()
    ask.add_argument("capture")
    ask.add_argument("to")
    ask.add_argument("--rate", type=float, default=2000)
    ask.add_argument("--first", type=int, default=0)
    ask.add_argument("--count", type=int, default=1 << 30)
    ask.add_argument("--drop", default="")
    ask.add_argument("--from", dest="source")
    o = ask.parse_args()
    host, port = o.to.rsplit(":", 1)
    to = (host, int(port))
    drop = {int(n) for n in o.drop.split(",") if n}
    senders, sent = {}, 0
    began = time.monotonic()
    for number, (source, payload) in enumerate(payloads(o.capture)):
        if source not in senders:
            s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            s.bind((o.source or f"127.0.1.{len(senders) + 1}", 0))
            senders[source] = s
        if number < o.first or number >= o.first + o.count or number in drop:
            continue
        senders[source].sendto(payload, to)
        sent += 1
        if sent % BURST == 0:
            time.sleep(max(0, began + sent / o.rate - time.monotonic()))
    print(json.dumps({"sent": sent, "seconds": round(time.monotonic() - began, 3),
                      "senders": {k: s.getsockname()[0] for k, s in senders.items()}}))


if __name__ == "__main__":
    main()
