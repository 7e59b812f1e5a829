# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""UDP datagrams of captures and of raw files, and captures made of them.

In: pcap files of Ethernet frames, or raw export messages. Out: Datagram tuples; write() makes a capture.
Leaves out: fragments, what is no UDP, other kinds of links.
"""
import ipaddress
import struct
from collections import namedtuple

Datagram = namedtuple("Datagram", "time_ms src sport dst dport payload")
MAGICS = {b"\xa1\xb2\xc3\xd4": (">", 1000), b"\xd4\xc3\xb2\xa1": ("<", 1000),
          b"\xa1\xb2\x3c\x4d": (">", 1000000), b"\x4d\x3c\xb2\xa1": ("<", 1000000)}
EXPORTER, COLLECTOR = "192.0.2.1", "192.0.2.2"


def frames(path):
    """Yields (milliseconds, frame) of an Ethernet pcap; ValueError where it is none."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] not in MAGICS:
        raise ValueError("no pcap")
    order, per_ms = MAGICS[data[:4]]
    if struct.unpack_from(order + "I", data, 20)[0] & 0xffff != 1:
        raise ValueError("no Ethernet")
    at = 24
    while at + 16 <= len(data):
        seconds, fraction, taken, _ = struct.unpack_from(order + "4I", data, at)
        yield seconds * 1000 + fraction // per_ms, data[at + 16:at + 16 + taken]
        at += 16 + taken


def udp_of(frame):
    """-> (src, sport, dst, dport, payload) or None."""
    at, kind = 14, frame[12:14]
    while kind in (b"\x81\x00", b"\x88\xa8"):
        at, kind = at + 4, frame[at + 2:at + 4]
    if kind == b"\x08\x00" and frame[at + 9:at + 10] == b"\x11" and frame[at + 6] & 0x3f == 0 and frame[at + 7] == 0:
        ends, udp = (frame[at + 12:at + 16], frame[at + 16:at + 20]), at + (frame[at] & 15) * 4
    elif kind == b"\x86\xdd" and frame[at + 6:at + 7] == b"\x11":
        ends, udp = (frame[at + 8:at + 24], frame[at + 24:at + 40]), at + 40
    else:
        return None
    sport, dport, length, _ = struct.unpack_from(">4H", frame, udp)
    src, dst = (str(ipaddress.ip_address(end)) for end in ends)
    return src, sport, dst, dport, frame[udp + 8:udp + length]


def read(path):
    return [Datagram(when, *found) for when, frame in frames(path) for found in [udp_of(frame)] if found]


def split(payload):
    """The messages of a payload that holds several, one behind the other, as collectors' files do (v5 and IPFIX say
    how long they are)."""
    messages = []
    while len(payload) >= 16:
        version, count = struct.unpack_from(">HH", payload)
        size = {5: 24 + 48 * count, 10: count}.get(version, len(payload))
        size = size if 16 <= size < len(payload) else len(payload)
        messages.append(payload[:size])
        payload = payload[size:]
    return messages + ([payload] if payload else [])


def raw(payloads, port=2055):
    """Datagrams of one exporter, a second apart."""
    return [Datagram(1700000000000 + i * 1000, EXPORTER, 50000, COLLECTOR, port, p) for i, p in enumerate(payloads)]


def frame_of(d):
    udp = struct.pack(">4H", d.sport, d.dport, 8 + len(d.payload), 0) + d.payload
    src, dst = ipaddress.ip_address(d.src), ipaddress.ip_address(d.dst)
    if src.version == 4:
        return (b"\x02" * 12 + b"\x08\x00" + struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
                + src.packed + dst.packed + udp)
    return b"\x02" * 12 + b"\x86\xdd" + struct.pack(">IHBB", 6 << 28, len(udp), 17, 64) + src.packed + dst.packed + udp


def write(path, datagrams):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for d in datagrams:
            frame = frame_of(d)
            f.write(struct.pack("<4I", d.time_ms // 1000, d.time_ms % 1000 * 1000, len(frame), len(frame)) + frame)
