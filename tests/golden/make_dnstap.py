#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of dnstap: Frame Streams files of a resolver. Only inputs, `args` and
`why.txt` are made here; `run --update` makes `out` and `err`. Addresses are documentation ranges."""
import ipaddress
import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parent / "decode"
T0 = 1767323045
SERVER, SERVER6 = "192.0.2.53", "2001:db8::53"
CONTENT = b"protobuf:dnstap.Dnstap"
AQ, AR, RQ, RR, CQ, CR, FQ, FR, SQ, SR, TQ, TR, UQ, UR = range(1, 15)
START, STOP, READY, FINISH = 2, 3, 4, 5
A, CNAME, TXT, AAAA = 1, 5, 16, 28


def varint(v):
    out = b""
    while v >= 0x80:
        out += bytes([v & 0x7f | 0x80])
        v >>= 7
    return out + bytes([v])


def number(field, v):
    return varint(field << 3) + varint(v)


def data(field, v):
    return varint(field << 3 | 2) + varint(len(v)) + v


def fixed32(field, v):
    return varint(field << 3 | 5) + struct.pack("<I", v)


def name(text):
    out = b""
    for label in text.split(".") if text else []:
        label = label.encode("latin-1")
        out += bytes([len(label)]) + label
    return out + b"\0"


def query(qname, qtype=A, ident=7):
    return struct.pack(">HHHHHH", ident, 0x0100, 1, 0, 0, 0) + name(qname) + struct.pack(
        ">HH", qtype, 1)


def answer(qname, qtype=A, ident=7, rcode=0, records=()):
    """records: (type, ttl, data); all owned by the question's name."""
    out = struct.pack(">HHHHHH", ident, 0x8180 | rcode, 1, len(records), 0, 0)
    out += name(qname) + struct.pack(">HH", qtype, 1)
    for rtype, ttl, rdata in records:
        out += struct.pack(">HHHIH", 0xc00c, rtype, 1, ttl, len(rdata)) + rdata
    return out


def ip(text):
    return ipaddress.ip_address(text).packed


def stamp(field, at):
    """Seconds after T0 as field (seconds) and field + 1 (nanoseconds)."""
    ns = round((T0 + at) * 1000) * 1000000
    return number(field, ns // 10**9) + fixed32(field + 1, ns % 10**9)


def message(kind, client, port, server=SERVER, asked=None, told=None, q=None, r=None, more=b""):
    body = number(1, kind) + number(2, 1 + (":" in (client or ""))) + number(3, 1)
    if client:
        body += data(4, ip(client))
    if server:
        body += data(5, ip(server))
    body += number(6, port) + number(7, 53)
    if asked is not None:
        body += stamp(8, asked)
    if q is not None:
        body += data(10, q)
    if told is not None:
        body += stamp(12, told)
    if r is not None:
        body += data(14, r)
    return envelope(body + more)


def envelope(body):
    return data(1, b"resolver.example") + data(2, b"made up 1.0") + data(14, body) + number(15, 1)


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def control(kind, *contents):
    body = struct.pack(">I", kind)
    for content in contents:
        body += struct.pack(">II", 1, len(content)) + content
    return struct.pack(">II", 0, len(body)) + body


def stream(*payloads, content=CONTENT, stop=True):
    return control(START, content) + b"".join(frame(p) for p in payloads) + (
        control(STOP) if stop else b"")


def case(folder, why, args, **files):
    path = ROOT / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "why.txt").write_text(why + "\n")
    (path / "args").write_text(args + "\n")
    for file, content in files.items():
        (path / (file + ".dnstap")).write_bytes(content)


def fires():
    v4, v6 = "192.0.2.10", "2001:db8:1::10"
    found = answer("www.Example.com", records=[(CNAME, 300, name("cdn.example.net")),
                                               (A, 60, ip("198.51.100.20"))])
    return stream(
        message(CQ, v4, 40001, asked=0.25, q=query("www.Example.com")),
        message(CQ, v6, 40002, SERVER6, asked=0.5, q=query("six.example.com", AAAA, 9)),
        message(CR, v4, 40001, asked=0.25, told=0.75, r=found),
        message(CR, v6, 40002, SERVER6, told=1, r=answer("six.example.com", AAAA, 9, 0, [
            (AAAA, 120, ip("2001:db8:2::80"))])),
        message(CR, v4, 40003, asked=1.5, told=1.75, r=answer("both-times.example.com", rcode=3)),
        message(CR, v4, 40004, told=2, r=answer("answer-only.example.com", rcode=2)),
        message(CQ, v4, 40005, asked=2.5, q=query("never-answered.example.com", TXT)),
        message(CQ, v4, 443, asked=2.75, q=query("over-https.example.com", A, 0)),
        message(CR, v4, 443, told=3, r=answer("over-https.example.com", A, 0)),
        message(CR, v4, 40006, None, asked=3.5, told=3.5, r=answer("no-server.example.com")),
        message(CR, v4, 40007, asked=3.75, told=4, r=answer("odd.\xff byte.example.com")),
    ) + stream(message(CR, v4, 40008, asked=10, told=10, r=answer("second-stream.example.com")),
               stop=False)


def ours():
    """Traffic of the resolver itself: nobody's look-ups."""
    return stream(*(message(kind, "192.0.2.53", 50000 + kind, "203.0.113.53", asked=kind,
                            q=query("resolver.example.com"))
                    for kind in (AQ, AR, RQ, RR, FQ, FR, SQ, SR, TQ, TR, UQ, UR)),
                  message(99, "192.0.2.10", 40000, asked=20, q=query("unknown.example.com")),
                  message(CQ, None, 40000, asked=21, q=query("no-client.example.com")),
                  envelope(b""))


def hostile():
    good = message(CR, "192.0.2.10", 40000, asked=1, told=2, r=answer("good.example.com"))
    late = message(CR, "192.0.2.10", 40009, asked=60, told=60, r=answer("still.example.com"))
    return stream(
        good[:40], b"\xff" * 64, b"\x72\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        data(14, number(1, CQ) + b"\x0b"), b"\x80" * 12,
        envelope(number(1, CR) + data(4, b"\1\2\3") + stamp(8, 1)),
        envelope(number(1, CR) + data(4, ip("192.0.2.10")) + number(6, 65536) + stamp(8, 1)),
        envelope(number(1, CR) + data(4, ip("192.0.2.10")) + number(8, T0) + fixed32(9, 10**9)),
        envelope(number(1, CR) + data(4, ip("192.0.2.10")) + number(8, 2**63)),
        message(CR, "192.0.2.10", 40000, r=answer("no-time.example.com")),
        message(CQ, "192.0.2.10", 40000, asked=1),
        message(CR, "192.0.2.10", 40000, asked=1, r=answer("cut.example.com")[:20]),
        message(CQ, "192.0.2.10", 40001, asked=1, q=query("waits.example.com")),
        message(CR, "192.0.2.10", 40002, asked=10**9, r=answer("next-century.example.com")),
        message(CR, "192.0.2.10", 40001, told=1.5, r=answer("waits.example.com")),
        message(CR, "192.0.2.10", 40003, asked=2, r=answer("loop.example.com")[:12] + b"\xc0\x0c"),
        late)


def main():
    case("dnstap-fires", "Queries and answers are paired, whatever the transport; an answer with the "
         "query's time makes a record alone; one without has its own time; a query nobody answered "
         "has no rcode. A second stream without its end follows.", "decode --json resolver.dnstap",
         resolver=fires())
    case("dnstap-quiet", "Messages of the resolver itself, of an unknown type and without a client; "
         "a stream of other content; an empty stream: no record.",
         "decode --json ours.dnstap empty.dnstap other.dnstap mixed.dnstap", ours=ours(),
         empty=stream(), other=stream(b"x", content=b"protobuf:example.Other"),
         mixed=stream() + stream(b"x", content=b"protobuf:example.Other"))
    case("dnstap-hostile", "Damaged protobuf, lengths that lie, impossible times, ports and "
         "addresses, a far future between honest answers: noted, the rest is read. Frames that do "
         "not end, control frames that are none.",
         "decode --json damaged.dnstap endless.dnstap cut.dnstap control.dnstap short.dnstap",
         damaged=hostile(), endless=stream(stop=False) + b"\xff\xff\xff\xf0" + b"x" * 100,
         cut=stream(message(CR, "192.0.2.10", 1, asked=1, r=answer("a.example")), stop=False)[:-9],
         control=stream(stop=False) + struct.pack(">II", 0, 513) + bytes(600),
         short=stream(stop=False) + struct.pack(">IIIII", 0, 12, START, 1, 400) + bytes(4))


if __name__ == "__main__":
    main()
