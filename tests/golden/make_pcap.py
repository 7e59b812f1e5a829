#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the inputs of the golden cases decode/pcap-*: captures, byte by byte. Addresses are of
documentation and private ranges."""
import ipaddress
import pathlib
import struct

DECODE = pathlib.Path(__file__).resolve().parent / "decode"
T0 = 1767323045  # 2026-01-02T03:04:05Z
HOME, HOME2, AWAY, NAMES = "10.1.0.5", "10.1.0.6", "198.51.100.7", "192.0.2.53"
HOME6, AWAY6 = "2001:db8:1::5", "2001:db8:2::7"
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
ETHERNET, RAW, COOKED, COOKED2 = 1, 101, 113, 276


def write(case, name, *parts):
    path = DECODE / case / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(parts))


# Packets.

def ip(src, dst, proto, body, ident=0, offset=0, more=False, options=b"", total=None):
    a, b = ipaddress.ip_address(src), ipaddress.ip_address(dst)
    if a.version == 6:
        return struct.pack(">IHBB", 6 << 28, len(body), proto, 64) + a.packed + b.packed + body
    length = 20 + len(options) + len(body) if total is None else total
    return struct.pack(">BBHHHBBH", 0x45 + len(options) // 4, 0, length, ident,
                       offset // 8 | (0x2000 if more else 0), 64, proto, 0) \
        + a.packed + b.packed + options + body


def tcp(src, dst, sport, dport, flags, data=b"", seq=0):
    return ip(src, dst, TCP, struct.pack(">HHIIBBHHH", sport, dport, seq, 0, 0x50, flags, 512, 0, 0)
              + data)


def udp_part(sport, dport, data):
    return struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data


def udp(src, dst, sport, dport, data=b"x" * 20):
    return ip(src, dst, UDP, udp_part(sport, dport, data))


def icmp(src, dst, kind, code=0, data=b"x" * 56):
    proto = ICMP6 if ":" in src else ICMP
    return ip(src, dst, proto, struct.pack(">BBHI", kind, code, 0, 1) + data)


def connection(src, dst, sport, dport, seq=100):
    """A connection of nine packets, opened and ended by src."""
    there, back = (src, dst, sport, dport), (dst, src, dport, sport)
    return [tcp(*there, SYN, seq=seq), tcp(*back, SYN | ACK), tcp(*there, ACK),
            tcp(*there, PSH | ACK, b"x" * 100), tcp(*back, PSH | ACK, b"y" * 900),
            tcp(*there, FIN | ACK), tcp(*back, ACK), tcp(*back, FIN | ACK), tcp(*there, ACK)]


# DNS.

def name(text):
    labels = text if isinstance(text, list) else [x.encode() for x in text.split(".") if x]
    return b"".join(bytes([len(x)]) + x for x in labels) + b"\0"


A, CNAME, MX, TXT, AAAA, SRV, OPT = 1, 5, 15, 16, 28, 33, 41
POINTER = b"\xc0\x0c"


def answer(kind, data, ttl=300, owner=POINTER):
    return owner + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data


def dns(number, qname, qtype=A, response=False, rcode=0, answers=(), additional=(), counts=None):
    flags = (0x8180 if response else 0x0100) | rcode
    counts = counts or (1, len(answers), 0, len(additional))
    return struct.pack(">HHHHHH", number, flags, *counts) \
        + (qname if isinstance(qname, bytes) else name(qname)) + struct.pack(">HH", qtype, 1) \
        + b"".join(answers) + b"".join(additional)


def ask(number, qname, qtype=A, port=40000, client=HOME, **more):
    return udp(client, NAMES, port, 53, dns(number, qname, qtype, **more))


def reply(number, qname, qtype=A, port=40000, client=HOME, **more):
    return udp(NAMES, client, 53, port, dns(number, qname, qtype, response=True, **more))


# Frames and files.

def ethernet(packet, kind=None, tags=b""):
    kind = kind or (0x86dd if packet[0] >> 4 == 6 else 0x0800)
    frame = bytes.fromhex("02000000000202000000000 1".replace(" ", "")) + tags \
        + struct.pack(">H", kind) + packet
    return frame + bytes(max(0, 60 - len(frame)))


def head(link=ETHERNET, order="<", magic=0xa1b2c3d4, version=(2, 4)):
    return struct.pack(order + "IHHiIII", magic, *version, 0, 0, 65535, link)


def packet(frame, t, order="<", per_s=1000000, sent=None, captured=None, more=b""):
    return struct.pack(order + "IIII", int(t), round((t - int(t)) * per_s),
                       len(frame) if captured is None else captured,
                       len(frame) if sent is None else sent) + more + frame


def timed(frames, t=T0, step=0.125):
    return [(f, t + i * step) for i, f in enumerate(frames)]


def pcap(frames, **how):
    return head(**how) + b"".join(packet(f, t) for f, t in frames)


def plain(case, file, packets):
    """packets: of (packet, seconds after T0)."""
    write(case, file, pcap([(ethernet(p), T0 + t) for p, t in packets]))


def block(kind, body, order="<"):
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def option(code, value, order="<"):
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order="<"):
    return block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1), order)


def interface(link, order="<", snap=0, options=b""):
    return block(1, struct.pack(order + "HHI", link, 0, snap) + options, order)


def enhanced(frame, count, number=0, order="<", captured=None):
    n = len(frame) if captured is None else captured
    return block(6, struct.pack(order + "IIIII", number, count >> 32, count & 0xffffffff, n,
                                len(frame)) + frame, order)


# Cases.

def fires():
    quoted = udp(HOME, AWAY, 40003, 4000)
    plain("pcap-fires", "day.pcap", [
        *[(p, i / 8) for i, p in enumerate(connection(HOME, AWAY, 40000, 443))],
        (tcp(HOME, AWAY, 40001, 23, SYN), 2), (tcp(AWAY, HOME, 23, 40001, RST | ACK), 2.1),
        (tcp(HOME, AWAY, 40002, 23, SYN), 3), (tcp(HOME, AWAY, 40002, 23, SYN), 4),
        (ask(1, "www.Example.com"), 5),
        (reply(1, "www.example.COM", answers=[
            answer(CNAME, name("a.example.net")), answer(A, bytes([198, 51, 100, 7]), 60)]), 5.05),
        (icmp(HOME, AWAY, 8), 6), (icmp(AWAY, HOME, 0), 6.02),
        (quoted, 7), (icmp(AWAY, HOME, 3, 3, quoted[:28]), 7.01),
        *[(p, 8 + i / 8) for i, p in enumerate(connection(HOME6, AWAY6, 40004, 443))],
        (icmp(HOME6, AWAY6, 128), 10), (icmp(AWAY6, HOME6, 129), 10.02),
        (ip(HOME, AWAY, 47, b"\0\0\x08\0" + bytes(40)), 11)])


def forms():
    """One TCP connection in each kind of file and of frame, told apart by its destination port."""
    case, port = "pcap-forms", iter(range(1, 99))

    def form(file, wrap, **how):
        frames = [wrap(p) for p in connection(HOME, AWAY, 40000, next(port))]
        write(case, "in/" + file, pcap(timed(frames), **how))

    form("ethernet.pcap", ethernet)
    form("vlan.pcap", lambda p: ethernet(p, tags=bytes.fromhex("81000064")))
    form("qinq.pcap", lambda p: ethernet(p, tags=bytes.fromhex("88a800648100000a")))
    form("qinq-old.pcap", lambda p: ethernet(p, tags=bytes.fromhex("910000648100000a")))
    form("mpls.pcap", lambda p: ethernet(bytes.fromhex("000100400002 0140") + p, 0x8847))
    form("pppoe.pcap", lambda p: ethernet(
        struct.pack(">BBHHH", 0x11, 0, 7, len(p) + 2, 0x21) + p, 0x8864))
    form("snap.pcap", lambda p: ethernet(
        bytes.fromhex("aaaa030000000800") + p, 8 + len(p)))
    form("raw.pcap", bytes, link=RAW)
    form("raw-bsd.pcap", bytes, link=12)
    form("ipv4.pcap", bytes, link=228)
    form("cooked.pcap", lambda p: bytes.fromhex("0000000100060200000000010000 0800") + p,
         link=COOKED)
    form("cooked2.pcap", lambda p: bytes.fromhex("0800000000000002 0001000602000000 00010000") + p,
         link=COOKED2)
    form("null.pcap", lambda p: bytes.fromhex("02000000") + p, link=0)
    form("loop.pcap", lambda p: bytes.fromhex("00000002") + p, link=108)
    form("ppp.pcap", lambda p: bytes.fromhex("ff030021") + p, link=9)
    form("hdlc.pcap", lambda p: bytes.fromhex("0f000800") + p, link=104)
    form("wifi.pcap", lambda p: bytes.fromhex("0801") + bytes(22)
         + bytes.fromhex("aaaa030000000800") + p, link=105)
    form("radiotap.pcap", lambda p: bytes.fromhex("0000080000000000 8802") + bytes(24)
         + bytes.fromhex("aaaa030000000800") + p, link=127)
    for file, how in {"big.pcap": {"order": ">"}, "nano.pcap": {"per_s": 10**9},
                      "big-nano.pcap": {"order": ">", "per_s": 10**9},
                      "long.pcap": {"more": bytes(8)}}.items():
        magic = {10**9: 0xa1b23c4d}.get(how.get("per_s"), 0xa1b2cd34 if "more" in how
                                        else 0xa1b2c3d4)
        frames = timed([ethernet(p) for p in connection(HOME, AWAY, 40000, next(port))])
        write(case, "in/" + file, head(order=how.get("order", "<"), magic=magic),
              *[packet(f, t, **how) for f, t in frames])
    for file, order in (("little.pcapng", "<"), ("big.pcapng", ">")):
        frames = timed([ethernet(p) for p in connection(HOME, AWAY, 40000, next(port))])
        write(case, "in/" + file, section(order), interface(ETHERNET, order),
              *[enhanced(f, round(t * 10**6), order=order) for f, t in frames])


def pcapng():
    """Sections, interfaces with their own link type and clock, blocks old, simple and unknown."""
    plain_frame, raw = ethernet(udp(HOME, AWAY, 1, 1)), udp(HOME, AWAY, 1, 2)
    third = ethernet(udp(HOME, AWAY, 1, 3))
    write("pcap-pcapng", "sections.pcapng",
          section(), interface(ETHERNET), block(5, bytes(20)), block(0xbad, b"\0\0\0\1whatever"),
          interface(RAW, options=option(9, b"\x09") + option(14, struct.pack("<q", 3600))
                    + option(0, b"")),
          enhanced(plain_frame, T0 * 10**6),
          enhanced(raw, (T0 - 3600) * 10**9 + 1500000000, number=1),
          block(3, struct.pack("<I", len(third)) + third),
          block(2, struct.pack("<HHIIII", 1, 0, *divmod((T0 - 3598) * 10**9, 1 << 32),
                               len(raw), len(raw)) + raw),
          section(">"), interface(RAW, ">", options=option(9, b"\x8a", ">")),
          enhanced(udp(HOME, AWAY, 1, 4), T0 * 1024 + 3 * 1024 + 512, order=">"),
          enhanced(raw, T0 * 1024, number=1, order=">"))


def extended(headers, proto, body, src=HOME6, dst=AWAY6):
    """headers: of (type, bytes); each gets the type of the next one."""
    kinds = [k for k, _ in headers] + [proto]
    chain = b"".join(bytes([kinds[i + 1]]) + h for i, (_, h) in enumerate(headers))
    return ip(src, dst, kinds[0], chain + body)


def fragment6(offset, more, ident=7):
    return 44, struct.pack(">BHI", 0, offset | more, ident)


def ipv6():
    plain_body, hop = udp_part(1, 1, b"x" * 20), (0, b"\0" + bytes(6))
    big = udp_part(1, 4, b"z" * 1200)
    plain("pcap-ipv6", "headers.pcap", [
        (extended([hop, (43, b"\1" + bytes(14)), (60, b"\0" + bytes(6))], UDP, plain_body), 0),
        (extended([(51, b"\4" + bytes(22))], UDP, udp_part(1, 2, b"x")), 1),
        (extended([fragment6(0, 0)], UDP, udp_part(1, 3, b"x")), 2),
        (extended([hop, fragment6(0, 1)], UDP, big[:800]), 3),
        (extended([hop, fragment6(800, 0)], UDP, big[800:]), 3.1),
        (extended([hop] * 9, UDP, plain_body), 4),
        (extended([], 59, b""), 5)])


def fragments():
    long_text = reply(9, "long.example.com", TXT, port=40009, answers=[
        answer(TXT, bytes([250]) + b"t" * 250) for _ in range(8)])[20:]
    cut = [long_text[i:i + 1000] for i in range(0, len(long_text), 1000)]
    late = udp_part(2, 2, b"r" * 1000)
    plain("pcap-fragments", "fragments.pcap", [
        (ask(9, "long.example.com", TXT, port=40009), 0),
        *[(ip(NAMES, HOME, UDP, c, 77, 1000 * i, 1000 * (i + 1) < len(long_text)), 0.1)
          for i, c in enumerate(cut)],
        (ip(HOME, AWAY, UDP, late[504:], 78, 504), 1),
        (ip(HOME, AWAY, UDP, late[:504], 78, 0, True), 1),
        (ip(HOME, AWAY, ICMP, struct.pack(">BBHI", 8, 0, 0, 1) + b"p" * 992, 79, 0, True), 2),
        (ip(HOME, AWAY, ICMP, b"p" * 500, 79, 1000), 2),
        (icmp(AWAY, HOME, 0), 2.1),
        (ip(HOME, AWAY, UDP, udp_part(3, 3, b"o" * 10), options=b"\x94\4\0\0"), 3)])


def dns_case():
    host = bytes([203, 0, 113, 5])

    def message(data):
        return struct.pack(">H", len(data)) + data

    there, back = (HOME, NAMES, 50000, 53), (NAMES, HOME, 53, 50000)
    first = message(dns(11, "one.example.org")) + message(dns(12, "two.example.org", TXT))
    second = message(dns(11, "one.example.org", response=True, answers=[answer(A, host)]))
    big = message(dns(12, "two.example.org", TXT, True, answers=[
        answer(TXT, bytes([200]) + b"u" * 200) for _ in range(30)]))
    edns = b"\0" + struct.pack(">HHIH", OPT, 1232, 1 << 24, 0)
    plain("pcap-dns", "names.pcap", [
        (ask(1, "mail.example.com", MX), 0),
        (reply(1, "mail.example.com", MX, answers=[
            answer(MX, b"\0\x0a" + b"\2mx" + b"\xc0\x11", 0xffffffff), answer(MX, b"\0\x14" + name(
                "mx2.example.net"), 900)]), 0.1),
        (ask(2, "_sip._udp.example.com", SRV), 1),
        (reply(2, "_sip._udp.example.com", SRV, answers=[
            answer(SRV, bytes(6) + name("sip.example.com"))]), 1.1),
        (ask(3, "txt.example.com", TXT), 2),
        (reply(3, "txt.example.com", TXT, answers=[
            answer(TXT, b"\5a\\b\1\xff")]), 2.1),
        (ask(4, name([b"a.b", b"raw\x00\xff\\", b"example", b"com"]), AAAA), 3),
        (reply(4, name([b"a.b", b"raw\x00\xff\\", b"example", b"com"]), AAAA, answers=[
            answer(AAAA, ipaddress.ip_address(AWAY6).packed, 0)]), 3.1),
        (ask(5, name([b"\xfe" * 63, b"\xfd" * 63, b"\xfc" * 63, b"t", b"example", b"com"]), 10), 4),
        (reply(6, "old.example.com", rcode=3), 5),
        (ask(7, "extended.example.com"), 6),
        (reply(7, "extended.example.com", rcode=0, additional=[edns]), 6.1),
        (ask(8, "never.example.com"), 7), (ask(8, "never.example.com"), 8),
        (ask(9, ""), 9), (reply(9, "", answers=[answer(2, name("a.example.net"))]), 9.1),
        (udp(HOME, NAMES, 40000, 53, dns(10, "notify.example")[:2] + b"\x20\0"
             + dns(10, "notify.example")[4:]), 10),
        (udp(HOME, "224.0.0.251", 5353, 5353, dns(0, "printer.local")), 11),
        (tcp(*there, SYN, seq=999), 20), (tcp(*back, SYN | ACK, seq=4999), 20.01),
        (tcp(*there, PSH | ACK, first[:20], seq=1000), 20.02),
        (tcp(*there, PSH | ACK, first[20:], seq=1020), 20.03),
        (tcp(*there, PSH | ACK, first[20:], seq=1020), 20.04),
        (tcp(*back, PSH | ACK, second[:1], seq=5000), 20.1),
        (tcp(*back, PSH | ACK, second[1:] + big[:900], seq=5001), 20.2),
        *[(tcp(*back, ACK, big[i:i + 900], seq=5000 + len(second) + i), 20.3)
          for i in range(900, len(big), 900)],
        (tcp(*there, PSH | ACK, message(dns(13, "lost.example.org")), seq=9000), 21),
        (tcp(*there, FIN | ACK, seq=9100), 22), (tcp(*back, FIN | ACK, seq=99), 22.1),
        (tcp(HOME, NAMES, 50001, 53, ACK, seq=1), 30)])


def timeouts():
    long_flow = [(udp(HOME, AWAY, 1, 1), 40 * i) for i in range(110)]
    quiet_flow = [(udp(HOME, AWAY, 2, 2), 0.5), (udp(HOME, AWAY, 2, 2), 61)]
    plain("pcap-timeouts", "long.pcap",
          sorted(long_flow + quiet_flow, key=lambda x: x[1]))


def directions():
    def pair(sport, dport=443):
        return (HOME, AWAY, sport, dport), (AWAY, HOME, dport, sport)

    there, back = pair(1)
    rst_there, rst_back = pair(2)
    again_there, again_back = pair(3)
    reused = pair(4)
    reused_first = connection(*reused[0], seq=1)
    reused_second = connection(*reused[0], seq=2)
    plain("pcap-directions", "who.pcap", [
        (tcp(*back, SYN | ACK), 0), (tcp(*there, ACK), 0.1),
        (tcp(*rst_back, RST | ACK), 1),
        (tcp(*again_there, SYN, seq=5), 2), (tcp(*again_back, RST | ACK), 2.1),
        (tcp(*again_there, SYN, seq=5), 2.6), (tcp(*again_back, RST | ACK), 2.7),
        (tcp(*again_there, SYN, seq=6), 3.1), (tcp(*again_back, RST | ACK), 3.2),
        *[(p, 4 + i / 10) for i, p in enumerate(reused_first + reused_second)],
        (icmp(AWAY, HOME, 0), 8), (icmp(HOME2, AWAY, 11), 9), (icmp(AWAY, HOME2, 11), 9.1),
        (udp(HOME, AWAY, 5, 5), 10), (icmp(AWAY, HOME, 3, 1, udp(HOME, AWAY, 5, 5)[:28]), 10.1),
        (udp(AWAY, HOME, 6, 6), 11), (icmp(HOME, AWAY, 3, 3, udp(AWAY, HOME, 6, 6)[:28]), 11.1)])


def times():
    """Two captures in one file, packets out of order, and damaged times."""
    def one(port, t):
        return packet(ethernet(udp(HOME, AWAY, port, port)), T0 + t)

    write("pcap-times", "mixed.pcap", head(), one(1, 0), one(1, 1), one(2, 900), one(1, 0.5),
          one(3, -900), one(1, 2), one(4, 200000), one(1, 3), one(5, -200000), one(1, 4),
          one(6, -86400), one(6, -86399), one(6, -86398), one(7, 0), one(7, 1))
    write("pcap-times", "none.pcap", head(), packet(ethernet(udp(HOME, AWAY, 8, 8)), 0))


def quiet():
    arp = bytes.fromhex("0001080006040001020000000001 0a010005 000000000000 0a010001")
    others = [ethernet(arp, 0x0806), ethernet(b"\x02\x07\x04" + bytes(40), 0x88cc),
              ethernet(bytes.fromhex("424203") + bytes(35), 38),
              ethernet(b"\x11\x09" + bytes(20), 0x8863),
              ethernet(bytes.fromhex("000001ff") + bytes(40), 0x8847)]
    write("pcap-quiet", "no-ip.pcap", pcap(timed(others)))
    write("pcap-quiet", "usb.pcap", pcap(timed([bytes(64)]), link=220))
    write("pcap-quiet", "empty.pcap", head())
    write("pcap-quiet", "empty.pcapng", section(), interface(ETHERNET))


def hostile():
    good = [ethernet(udp(HOME, AWAY, p, p)) for p in range(1, 9)]
    stamped = [packet(f, T0 + i) for i, f in enumerate(good)]
    absurd = packet(good[0], T0 + 3, captured=0x7fffffff)
    write("pcap-hostile", "length.pcap", head(), *stamped[:3], absurd, *stamped[4:])
    write("pcap-hostile", "truncated.pcap", head(), *stamped[:2], stamped[2][:-5])
    write("pcap-hostile", "header.pcap", head(), *stamped[:1], stamped[1][:9])
    write("pcap-hostile", "version.pcap", head(version=(7, 4)), *stamped)
    times_us = [(T0 + i) * 10**6 for i in range(8)]
    blocks = [enhanced(f, t) for f, t in zip(good, times_us)]
    write("pcap-hostile", "blocks.pcapng", section(), interface(ETHERNET), blocks[0],
          struct.pack("<III", 6, 0, 0), blocks[1],
          struct.pack("<III", 6, 0xfffffff0, 0), blocks[2],
          blocks[3][:-4] + struct.pack("<I", 12), blocks[4],
          enhanced(good[5], times_us[5], captured=4000), enhanced(good[5], times_us[5], number=3),
          enhanced(good[5], 1 << 63), blocks[6], block(1, b""), blocks[7][:40])
    udp_head = struct.pack(">HHHH", 1, 9, 3, 0)
    plain("pcap-hostile", "packets.pcap", [
        (ip(HOME, AWAY, UDP, udp_head + b"x" * 9), 0),
        (ip(HOME, AWAY, TCP, bytes(12)), 1),
        (ip(HOME, AWAY, UDP, bytes(20), total=19), 2),
        (b"\x41" + bytes(30), 3), (b"\x95" + bytes(30), 4),
        (ip(HOME, AWAY, UDP, udp_part(1, 10, b"x"), total=65535), 5),
        (icmp(AWAY, HOME, 3, 3, b"\x45"), 6), (ip(HOME, HOME, UDP, udp_part(5, 5, b"")), 7),
        (extended([(0, b"\xff" + bytes(6))], UDP, b""), 8)])
    write("pcap-hostile", "frames.pcap",
          pcap(timed([b"\0" * 13, ethernet(b"E")[:14], ethernet(udp(HOME, AWAY, 1, 11))[:20]])))
    loop = b"\3www\xc0\x0c"
    long_name = b"".join(b"\x3f" + b"x" * 63 for _ in range(5)) + b"\0"
    plain("pcap-hostile", "names.pcap", [
        (ask(1, loop), 0), (ask(2, b"\xc0\xff"), 1), (ask(3, long_name), 2), (ask(4, b"\x80a"), 3),
        (udp(HOME, NAMES, 40000, 53, b"\0\1\2"), 4), (ask(5, b"\3ab"), 5),
        (reply(6, "short.example", answers=[answer(A, b"\1\2\3")]), 6),
        (reply(7, "many.example", counts=(1, 65535, 65535, 65535)), 7),
        (reply(8, "text.example", TXT, answers=[answer(TXT, b"\xff12")]), 8),
        (reply(9, "back.example", CNAME, answers=[answer(CNAME, b"\xc0\x0c" + b"\xc0\x28")]), 9),
        (ask(10, b"\1a" * 127 + b"\0"), 10),
        (tcp(HOME, NAMES, 1, 53, ACK, b"\0\1\0\1\0\1"), 11),
        (tcp(HOME, NAMES, 2, 53, ACK, b"\xff\xff" + dns(1, loop)), 12)])


def exporter():
    """NetFlow v5 on its way to a collector: whole, in fragments, damaged; and other traffic."""
    def v5(n, said=None):
        record = ipaddress.ip_address(HOME).packed + ipaddress.ip_address(AWAY).packed + bytes(8) \
            + struct.pack(">IIIIHHBBBBHHBBH", 3, 180, 1000, 2000, 40000, 443, 0, 2, TCP, 0, 0, 0, 0,
                          0, 0)
        return struct.pack(">HHIIIIBBH", 5, n if said is None else said, 3600000, T0, 0, 0, 0, 0,
                           0) + record * n

    router, collector, to = "192.0.2.1", "192.0.2.9", (5000, 2055)
    parts = udp_part(*to, v5(4))
    plain("pcap-exporter", "exports.pcap", [
        (udp(router, collector, *to, v5(1)), 0),
        (ip(router, collector, UDP, parts[:160], 5, 0, True), 1),
        (ip(router, collector, UDP, parts[160:], 5, 160), 1.1),
        (udp(router, collector, *to, v5(1, said=9)), 2),
        (udp(router, collector, *to, v5(1)[:40]), 3),
        (udp(router, collector, 161, 162), 4)])


if __name__ == "__main__":
    for make in (fires, forms, pcapng, ipv6, fragments, dns_case, timeouts, directions, times, quiet,
                 hostile, exporter):
        make()
