#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the inputs of the golden cases decode/netflow-* and decode/nfcapd-*: export datagrams and
nfdump files, byte by byte. Addresses are of documentation and private ranges."""
import bz2
import ipaddress
import pathlib
import struct

DECODE = pathlib.Path(__file__).resolve().parent / "decode"
T0 = 1767323045  # 2026-01-02T03:04:05Z
UPTIME_MS = 3600000

# Information elements: (number, bytes), with an enterprise number where it is not IANA's.
SRC4, DST4, SRC6, DST6 = (8, 4), (12, 4), (27, 16), (28, 16)
SPORT, DPORT, PROTO, FLAGS = (7, 2), (11, 2), (4, 1), (6, 1)
BYTES, PACKETS = (1, 4), (2, 4)
FIRST_UP, LAST_UP = (22, 4), (21, 4)
START_MS, END_MS = (152, 8), (153, 8)
TUPLE4 = [SRC4, DST4, SPORT, DPORT, PROTO]
TUPLE6 = [SRC6, DST6, SPORT, DPORT, PROTO]
REVERSE = 29305


def write(case, name, *parts):
    folder = DECODE / case
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"".join(parts))


def number(value, size):
    if isinstance(value, str):
        return ipaddress.ip_address(value).packed
    return value if isinstance(value, bytes) else value.to_bytes(size, "big")


def var(text):
    """A field that carries its length (RFC 7011, 7)."""
    head = bytes([len(text)]) if len(text) < 255 else b"\xff" + struct.pack(">H", len(text))
    return head + text


def record(fields, *values):
    return b"".join(number(v, f[1]) for f, v in zip(fields, values, strict=True))


def padded(body):
    return body + bytes(-len(body) % 4)


def one_set(set_id, *parts):
    body = padded(b"".join(parts))
    return struct.pack(">HH", set_id, 4 + len(body)) + body


def field_bytes(field, ipfix):
    if len(field) == 3:
        return struct.pack(">HHI", field[0] | 0x8000, field[1], field[2])
    assert ipfix or field[0] < 65536
    return struct.pack(">HH", *field[:2])


def template(tid, fields, ipfix=False):
    return struct.pack(">HH", tid, len(fields)) + b"".join(field_bytes(f, ipfix) for f in fields)


def options9(tid, scopes, fields):
    body = b"".join(field_bytes(f, False) for f in scopes + fields)
    return struct.pack(">HHH", tid, 4 * len(scopes), 4 * len(fields)) + body


def options10(tid, scopes, fields):
    body = b"".join(field_bytes(f, True) for f in scopes + fields)
    return struct.pack(">HHH", tid, len(scopes) + len(fields), len(scopes)) + body


def v9(*sets, domain=1, uptime=UPTIME_MS, at=T0):
    return struct.pack(">HHIIII", 9, len(sets), uptime, at, 1, domain) + b"".join(sets)


def ipfix(*sets, domain=1, at=T0):
    body = b"".join(sets)
    return struct.pack(">HHIII", 10, 16 + len(body), at, 1, domain) + body


def v5_record(src, dst, packets, octets, first, last, sport, dport, flags, proto):
    return (number(src, 4) + number(dst, 4) + bytes(4) + struct.pack(
        ">HHIIIIHHBBBBHHBBH", 1, 2, packets, octets, first, last, sport, dport, 0, flags, proto, 0,
        0, 0, 24, 24, 0))


def v5(*records, sampling=0, uptime=UPTIME_MS, at=T0, count=None):
    n = len(records) if count is None else count
    return struct.pack(">HHIIIIBBH", 5, n, uptime, at, 250000000, 7, 0, 1,
                       sampling) + b"".join(records)


V9_FIELDS = TUPLE4 + [FLAGS, PACKETS, BYTES, FIRST_UP, LAST_UP]
V9_FIELDS6 = TUPLE6 + [FLAGS, PACKETS, BYTES, FIRST_UP, LAST_UP, (139, 2)]
IPFIX_FIELDS = TUPLE4 + [(6, 2), (2, 8), (1, 8), START_MS, END_MS, (136, 1)]


def flow9(src="10.1.0.5", dst="198.51.100.7", sport=40000, dport=443, proto=6, flags=0x1b,
          packets=10, octets=4200, first=UPTIME_MS - 9000, last=UPTIME_MS - 2000):
    return record(V9_FIELDS, src, dst, sport, dport, proto, flags, packets, octets, first, last)


def flow10(src="10.1.0.9", dst="203.0.113.9", packets=3, octets=180):
    return record(IPFIX_FIELDS, src, dst, 50000, 80, 6, 0x102, packets, octets, T0 * 1000 - 4000,
                  T0 * 1000 - 500, 1)


def fires():
    bi = TUPLE4 + [PACKETS, BYTES, (2, 4, REVERSE), (1, 4, REVERSE), (6, 1), (6, 1, REVERSE),
                   START_MS, END_MS, (239, 1), (234, 4)]
    nat = TUPLE4 + [PACKETS, BYTES, (225, 4), (227, 2), (158, 4), (159, 4)]
    write("netflow-fires", "mixed.bin",
          v5(v5_record("10.1.0.5", "198.51.100.7", 5, 400, UPTIME_MS - 5000, UPTIME_MS - 1000,
                       40001, 53, 0, 17),
             v5_record("10.1.0.5", "198.51.100.8", 1, 84, UPTIME_MS - 900, UPTIME_MS - 900, 0,
                       0x0800, 0, 1)),
          v9(one_set(0, template(256, V9_FIELDS), template(257, V9_FIELDS6)),
             one_set(256, flow9(), flow9(sport=40002, flags=2, packets=1, octets=60)),
             one_set(257, record(V9_FIELDS6, "2001:db8:1::5", "2001:db8:2::7", 0, 0, 58, 0, 1, 104,
                                 UPTIME_MS - 800, UPTIME_MS - 800, 0x8000))),
          ipfix(one_set(2, template(300, bi, True), template(301, nat, True)),
                one_set(300, record(bi, "10.1.0.9", "203.0.113.9", 50000, 443, 6, 8, 900, 6, 7000,
                                    0x1b, 0x1a, T0 * 1000 - 4000, T0 * 1000 - 500, 1, 7),
                        record(bi, "10.1.0.9", "203.0.113.10", 50001, 23, 6, 1, 40, 0, 0, 2, 0,
                               T0 * 1000 - 4000, T0 * 1000 - 4000, 1, 7)),
                one_set(301, record(nat, "100.64.1.20", "203.0.113.9", 50000, 443, 6, 2, 120,
                                    "192.0.2.5", 33001, 2500000, 1500000))))


def sampling():
    v9_fields = TUPLE4 + [PACKETS, BYTES, (48, 1), LAST_UP]
    write("netflow-sampling", "announced.bin",
          v5(v5_record("10.1.0.5", "198.51.100.7", 1, 60, UPTIME_MS - 5000, UPTIME_MS - 1000, 40001,
                       80, 2, 6), sampling=0x4000 | 1000),
          v9(one_set(0, template(256, v9_fields)), one_set(1, options9(258, [(1, 4)],
                                                                     [(48, 1), (49, 1), (50, 4)])),
             one_set(258, record([(1, 4), (48, 1), (49, 1), (50, 4)], 0, 1, 2, 100),
                     record([(1, 4), (48, 1), (49, 1), (50, 4)], 0, 2, 2, 500)),
             one_set(256, record(v9_fields, "10.1.0.5", "198.51.100.7", 40000, 443, 6, 1, 60, 1,
                                 UPTIME_MS),
                     record(v9_fields, "10.1.0.5", "198.51.100.7", 40001, 443, 6, 1, 60, 2,
                            UPTIME_MS),
                     record(v9_fields, "10.1.0.5", "198.51.100.7", 40002, 443, 6, 1, 60, 9,
                            UPTIME_MS))),
          ipfix(one_set(2, template(300, IPFIX_FIELDS, True)),
                one_set(3, options10(301, [(149, 4)], [(305, 4), (306, 4)])),
                one_set(301, record([(149, 4), (305, 4), (306, 4)], 1, 2, 126)),
                one_set(300, flow10())),
          ipfix(one_set(2, template(300, IPFIX_FIELDS, True)), one_set(300, flow10()), domain=2))


def templates():
    text = TUPLE4 + [(371, 65535), PACKETS, BYTES, START_MS]
    narrow = TUPLE4 + [(2, 1), (1, 3), START_MS]
    write("netflow-templates", "life.bin",
          ipfix(one_set(300, flow10())),
          ipfix(one_set(2, template(300, IPFIX_FIELDS, True)), one_set(300, flow10())),
          ipfix(one_set(2, template(300, narrow, True)),
                one_set(300, record(narrow, "10.1.0.9", "203.0.113.9", 50001, 80, 6, 200, 70000,
                                    T0 * 1000 - 4000))),
          ipfix(one_set(2, template(302, text, True)),
                one_set(302, *(record(text, "10.1.0.9", "203.0.113.9", port, 80, 6,
                                      var(b"x" * size), 3, 180, T0 * 1000 - 4000)
                               for port, size in ((50002, 0), (50003, 5), (50004, 300))))),
          ipfix(one_set(2, struct.pack(">HH", 300, 0)), one_set(300, flow10()), one_set(302, record(
              text, "10.1.0.9", "203.0.113.9", 50005, 80, 6, var(b"y"), 3, 180, T0 * 1000 - 4000))),
          ipfix(one_set(2, struct.pack(">HH", 2, 0)), one_set(302, record(
              text, "10.1.0.9", "203.0.113.9", 50006, 80, 6, var(b"y"), 3, 180, T0 * 1000 - 4000))))


def uptime_wrap():
    """The exporter's clock passed 2^32 ms between the flows' start and their export."""
    write("netflow-uptime-wrap", "wrap.bin",
          v5(v5_record("10.1.0.5", "198.51.100.7", 5, 400, 2**32 - 7000, 2**32 - 2000, 40001, 53, 0,
                       17),
             v5_record("10.1.0.5", "198.51.100.8", 5, 400, 2**32 - 1000, 500, 40002, 53, 0, 17),
             v5_record("10.1.0.5", "198.51.100.9", 5, 400, 1500, 2000, 40003, 53, 0, 17),
             uptime=1000),
          v9(one_set(0, template(256, V9_FIELDS)),
             one_set(256, flow9(first=2**32 - 7000, last=900), flow9(first=2**31, last=2**31)),
             uptime=1000))


def events():
    asa = TUPLE4 + [(233, 1), (323, 8), (231, 4), (232, 4)]
    vector = bytes.fromhex(
        "000a00496955b901000000010000000700020020010000060143000800e600010008000400e1000401690002"
        "016a"
        "0002010000190000019b76daa87b1064400114cb007105800081ff")
    write("netflow-events", "nat.bin", vector)
    write("netflow-events", "firewall.bin",
          v9(one_set(0, template(256, asa)),
             one_set(256, record(asa, "10.1.0.5", "198.51.100.7", 40000, 443, 6, 2, T0 * 1000, 81,
                                 763))))


def quiet():
    write("netflow-quiet", "sflow.bin", struct.pack(">IIIIIII", 5, 1, 0xc0000201, 0, 1, 2, 0))
    write("netflow-quiet", "options.bin",
          v9(one_set(1, options9(258, [(1, 4)], [(41, 4), (42, 4)])),
             one_set(258, record([(1, 4), (41, 4), (42, 4)], 0, 1000, 20))))


def hostile():
    good = v9(one_set(0, template(256, V9_FIELDS)), one_set(256, flow9()))
    write("netflow-hostile", "damage.bin", good,
          b"\x00\x09garbage that is no datagram\x00\x05\xff\xff",
          good, bytes(64), good[:-20])
    write("netflow-hostile", "lengths.bin",
          v9(one_set(0, template(256, V9_FIELDS)), one_set(256, flow9()[:-9])),
          v9(one_set(256, flow9(), b"\x00\x00\x00"), struct.pack(">HH", 257, 4)),
          ipfix(one_set(2, template(300, [(8, 0), (12, 0)], True))),
          ipfix(one_set(2, template(301, [(371, 65535)] * 3, True), b"\x01\x2f\xff\xff")),
          ipfix(one_set(301, b"\x00\x00\xff\xff\xff")),
          ipfix(one_set(2, template(302, [(8, 65534), (12, 65534)], True))),
          ipfix(one_set(2, template(303, TUPLE4 + [(152, 8), (153, 8)], True)),
                one_set(303, record(TUPLE4 + [START_MS, END_MS], "10.1.0.9", "203.0.113.9", 1, 2, 6,
                                    T0 * 1000, T0 * 1000 - 1),
                        record(TUPLE4 + [START_MS, END_MS], "10.1.0.9", "203.0.113.9", 1, 2, 6,
                               2**64 - 1, 2**64 - 1))),
          ipfix(one_set(3, struct.pack(">HHH", 304, 1, 2) + bytes(4)),
                one_set(3, struct.pack(">HHH", 3, 0, 0))),
          v9(one_set(1, struct.pack(">HHH", 260, 65535, 65535))),
          v9(one_set(0, template(200, V9_FIELDS))),
          v5(v5_record("10.1.0.5", "198.51.100.7", 5, 400, UPTIME_MS - 1000, UPTIME_MS - 5000,
                       40001, 53, 0, 17)))
    flood = b"".join(v9(one_set(0, *(template(t, [SRC4, DST4, PACKETS]) for t in range(t0,
                                                                                       t0 + 80))),
                        domain=domain) for domain in range(6) for t0 in range(256, 2256, 80))
    write("netflow-hostile", "flood.bin", flood, v9(one_set(2255, bytes(12)), domain=5))


# nfdump files: little-endian, layout 2 (see src/decode/nffile.h).
def element(kind, body):
    return struct.pack("<HH", kind, 4 + len(body)) + body


def generic(packets, octets, sport, dport, proto, flags=0, first=T0 * 1000 - 4000, last=T0 * 1000,
            received=T0 * 1000 + 60000):
    return element(1, struct.pack("<QQQQQHHBBBB", first, last, received, packets, octets, sport,
                                  dport, proto, flags, 0, 0))


def swapped(addr):
    packed = ipaddress.ip_address(addr).packed
    return b"".join(packed[i:i + 8][::-1] for i in (0, 8)) if len(packed) == 16 else packed[::-1]


def ends(src, dst):
    return element(2 if ":" not in src else 3, swapped(src) + swapped(dst))


def nf_record(*elements, sysid=1, flags=0, version=9, count=None, size=None):
    body = b"".join(elements)
    head = struct.pack("<HHHBBHBB", 11, size or 12 + len(body),
                       len(elements) if count is None else count,
                       0, 0, sysid, flags, version)
    return head + body


def exporter(sysid, addr):
    ip = bytes(8) + swapped(addr) + bytes(4) if ":" not in addr else swapped(addr)
    return struct.pack("<HHI", 7, 32, 9) + ip + struct.pack("<HHI", 2, sysid, 1)


def sampler(sysid, interval, ident=-1):
    return struct.pack("<HHHHqII", 15, 24, sysid, 0, ident, 1, interval - 1)


def lzo_count(n):
    """A count above what an instruction holds: zeros for 255 each, then the rest."""
    return bytes((n - 1) // 255) + bytes([(n - 1) % 255 + 1])


def lzo_literals(data):
    n = len(data) - 3
    return (bytes([n]) if n < 16 else b"\x00" + lzo_count(n - 15)) + data


def lzo(data, zeros=1000):
    """LZO1X: all literals, but for runs of that many zeros: each a match at distance 1."""
    out = b""
    while (at := data.find(bytes(zeros))) > 0:
        run = len(data) - at - len(data[at:].lstrip(b"\0"))
        out += lzo_literals(data[:at + 1]) + b"\x20" + lzo_count(run - 1 - 33) + bytes(2)
        data = data[at + run:]
    return out + lzo_literals(data) + b"\x11\x00\x00"


def lz4_count(n):
    return b"" if n < 15 else bytes([255]) * ((n - 15) // 255) + bytes([(n - 15) % 255])


def lz4(data, zeros=1000):
    """An LZ4 block: literals, and runs of zeros as matches at distance 1."""
    out = b""
    while (at := data.find(bytes(zeros))) > 0:
        run = len(data) - at - len(data[at:].lstrip(b"\0")) - 1
        out += bytes([min(at + 1, 15) << 4 | min(run - 4, 15)]) + lz4_count(at + 1) + data[:at + 1]
        out += b"\x01\x00" + lz4_count(run - 4)
        data = data[at + 1 + run:]
    return out + bytes([min(len(data), 15) << 4]) + lz4_count(len(data)) + data


def zstd(data, zeros=1000):
    """A zstd frame (RFC 8878, 3.1.1) of raw blocks, and runs of zeros as RLE blocks."""
    out, size = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(data)), 1 << 16
    while data:
        at = data.find(bytes(zeros))
        if at == 0:
            n = min(len(data) - len(data.lstrip(b"\0")), size)
            body, kind = b"\0", 1
        else:
            n = min(at if at > 0 else len(data), size)
            body, kind = data[:n], 0
        data = data[n:]
        out += struct.pack("<I", n << 3 | kind << 1 | (not data))[:3] + body
    return out


PACKS = {"lzo": (1, lzo), "bzip2": (2, bz2.compress), "lz4": (3, lz4), "zstd": (4, zstd)}


def block(*records, pack=None, kind=3, flags=0, size=None):
    body = b"".join(records)
    body = pack(body) if pack else body
    return struct.pack("<IIHH", len(records), size or len(body), kind, flags) + body


def nf_file(*blocks, layout=2, compression=0, magic=0xa50c, encryption=0):
    appendix = 40 + sum(len(b) for b in blocks[:-1])
    head = struct.pack("<HHIQBBHIQII", magic, layout, 0x01070100, T0, compression, encryption, 1, 1,
                       appendix, 0, max(len(blocks) - 1, 0))
    return head + b"".join(blocks)


FLOWS = [
    exporter(1, "192.0.2.1"),
    nf_record(generic(10, 4200, 40000, 443, 6, 0x1b), ends("10.1.0.5", "198.51.100.7"),
              element(4, struct.pack("<IIBBBBBBH", 1, 2, 24, 24, 0, 0, 1, 3, 0)),
              element(12, swapped("192.0.2.1"))),
    nf_record(generic(1, 104, 0, 0x8000, 58), ends("2001:db8:1::5", "2001:db8:2::7")),
    nf_record(generic(8, 900, 50000, 443, 6, 0x1b), ends("10.1.0.9", "203.0.113.9"),
              element(5, struct.pack("<QQQ", 1, 9, 7000)), sysid=2, version=10),
    nf_record(generic(1, 40, 50001, 23, 6, 0x02), ends("10.1.0.9", "203.0.113.10"),
              element(5, struct.pack("<QQQ", 1, 0, 0)), sysid=2, version=10),
    nf_record(generic(6, 748, 50000, 80, 6), ends("192.168.1.5", "203.0.113.9"),
              element(5, struct.pack("<QQQ", 1, 6, 748)), element(20,
                                                                  swapped("192.0.2.9") + bytes(4)),
              element(22, struct.pack("<HH", 33001, 0)), element(36, struct.pack("<II", 0, 7)),
              sysid=3),
    exporter(4, "192.0.2.4"),
    sampler(4, 1000),
    nf_record(generic(2000, 120000, 40001, 80, 6, 2), ends("10.1.0.6", "198.51.100.7"), sysid=4,
              flags=2, version=5),
    nf_record(generic(3, 300, 40002, 53, 17, last=T0 * 1000, received=T0 * 1000 + 90000000),
              ends("10.1.0.6", "198.51.100.53")),
]
STATISTICS = block(struct.pack("<HH", 0x8001, 9) + b"none\0", struct.pack("<HH", 0x8002,
                                                                          140) + bytes(136),
                   flags=1)


def nfcapd():
    write("nfcapd-fires", "plain.nfcapd", nf_file(block(*FLOWS[:3]), block(*FLOWS[3:]), STATISTICS))
    zeros = [struct.pack("<HH", 13, 60000) + bytes(59996)] * 17
    for name, (number_of, pack) in PACKS.items():
        write("nfcapd-compressed", name + ".nfcapd", nf_file(
            block(*FLOWS[:3], pack=pack), block(*FLOWS[3:], pack=pack), STATISTICS,
            compression=number_of))
        write("nfcapd-compressed", name + "-large.nfcapd", nf_file(
            block(*FLOWS[:3], *zeros, *FLOWS[3:4], pack=pack), STATISTICS, compression=number_of))
    event = element(19, struct.pack("<QIHBB", T0 * 1000, 1, 0, 2, 0))
    nat = element(25, struct.pack("<QIBBH", T0 * 1000, 0, 4, 0, 0))
    write("nfcapd-quiet", "events.nfcapd", nf_file(
        block(nf_record(generic(0, 81, 40000, 443, 6), ends("10.1.0.5", "198.51.100.7"), event),
              nf_record(generic(0, 0, 40000, 443, 6), ends("10.1.0.5", "198.51.100.7"), nat),
              nf_record(generic(5, 81, 0, 0, 0), ends("0.0.0.0", "0.0.0.0"))), STATISTICS))
    write("nfcapd-quiet", "empty.nfcapd", nf_file(STATISTICS))
    layouts = {"layout1": {"layout": 1}, "layout3": {"layout": 3}, "unknown": {"compression": 9},
               "encrypted": {"encryption": 1}, "big-endian": {"magic": 0x0ca5}}
    for name, changed in layouts.items():
        write("nfcapd-layouts", name + ".nfcapd", nf_file(block(*FLOWS), **changed))
    nfcapd_samplers()
    nfcapd_hostile()


def nfcapd_samplers():
    """Exporters 1 to 5: two numbered samplers, one of them changed in mid-file; a default; one that
    overwrites; one for all and a numbered one; none."""
    def flow(sysid, sport, packets, sampled=True, names=None):
        named = [] if names is None else [element(18, names)]
        return nf_record(generic(packets, packets * 100, sport, 443, 6, 2),
                         ends(f"10.1.0.{sysid}", "198.51.100.7"), *named, sysid=sysid,
                         flags=2 if sampled else 0)

    wide, narrow = struct.pack("<QHH4x", 8, 1, 0), struct.pack("<iIHH", 9, 1, 0, 1)
    write("nfcapd-samplers", "samplers.nfcapd", nf_file(block(
        *(exporter(n, f"192.0.2.{n}") for n in range(1, 6)),
        sampler(1, 100, 8), sampler(1, 500, 9), sampler(2, 10, -2), sampler(3, 1000),
        sampler(3, 50, -3), sampler(3, 7, 8), sampler(4, 1), sampler(4, 20, 8),
        flow(1, 40001, 300, names=wide), flow(1, 40002, 1500, names=narrow), flow(1, 40003, 900),
        sampler(1, 300, 8), flow(1, 40004, 300, names=wide), flow(1, 40005, 300, False),
        flow(2, 40006, 30), flow(2, 40007, 30, names=wide), flow(3, 40008, 100, names=wide),
        flow(4, 40009, 3, False), flow(4, 40010, 60, names=wide), flow(5, 40011, 4),
        *(sampler(5, 10, n) for n in range(100, 130)), flow(5, 40012, 40)), STATISTICS))


def nfcapd_hostile():
    good = FLOWS[1]
    write("nfcapd-hostile", "records.nfcapd", nf_file(
        block(good, nf_record(generic(1, 40, 1, 2, 6), ends("10.1.0.5", "198.51.100.7"), count=9),
              nf_record(element(1, bytes(20)), ends("10.1.0.5", "198.51.100.7")),
              nf_record(generic(1, 40, 1, 2, 6), struct.pack("<HH", 2, 2)),
              nf_record(generic(1, 40, 1, 2, 6), struct.pack("<HH", 99, 65535)),
              nf_record(ends("10.1.0.5", "198.51.100.7")), struct.pack("<HH", 11, 4),
              struct.pack("<HHI", 7, 8, 0), struct.pack("<HHI", 15, 8, 0),
              nf_record(generic(1, 40, 1, 2, 6, first=2**63, last=2**63), ends("10.1.0.5",
                                                                               "198.51.100.7")),
              good),
        block(good, struct.pack("<HH", 11, 3), good), block(good, nf_record(size=60000)),
        block(good, kind=4), block(good)))
    write("nfcapd-hostile", "cut.nfcapd", nf_file(block(good, good), block(good, good))[:-30])
    for name, (number_of, pack) in PACKS.items():
        packed = pack(good)
        bomb = pack(b"starts" + bytes(6 << 20) + b"ends.")
        write("nfcapd-hostile", name + ".nfcapd", nf_file(
            block(good, pack=pack), block(pack=lambda _, b=packed: b[:-9]),
            block(pack=lambda _: b"\x00" * 40), block(pack=lambda _, b=packed: b"\xff" + b),
            block(pack=lambda _, b=bomb: b), block(good, pack=pack), compression=number_of))
    write("nfcapd-hostile", "huge-block.nfcapd", nf_file(block(good), block(good, size=0xfffffff0)))
    write("nfcapd-hostile", "header.nfcapd", nf_file()[:20])


if __name__ == "__main__":
    for make in (fires, sampling, templates, uptime_wrap, events, quiet, hostile, nfcapd):
        make()
