#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the inputs of the golden cases of NAT events, sFlow, and of exporters that lie or err.
Datagrams are put together as in make_netflow.py."""
import struct

from make_netflow import (DECODE, IPFIX_FIELDS, LAST_UP, T0, TUPLE4, UPTIME_MS, BYTES, PACKETS, flow10,
                          flow9, ipfix, number, one_set, options10, options9, record, template, v5,
                          v5_record, v9, write, V9_FIELDS)

CMD = DECODE.parent / "cmd"
EVENT_MS, EVENT, INSIDE, OUTSIDE = (323, 8), (230, 1), (8, 4), (225, 4)
FIRST_PORT, LAST_PORT = (361, 2), (362, 2)
BLOCK = [EVENT_MS, EVENT, INSIDE, OUTSIDE, FIRST_PORT, LAST_PORT]
ADDRESS = [EVENT_MS, EVENT, INSIDE, OUTSIDE]
# One connection: inside port, outside port, and where it goes.
CONNECTION = [EVENT_MS, EVENT, INSIDE, (7, 2), OUTSIDE, (227, 2), (4, 1), (12, 4), (11, 2), (234, 4)]
NAT64 = [EVENT_MS, EVENT, (27, 16), (7, 2), OUTSIDE, (227, 2), (4, 1)]
T0_MS = T0 * 1000


def block(event, first=32768, last=33279, inside="100.64.1.20", outside="203.0.113.5", at=T0_MS):
    return record(BLOCK, at, event, inside, outside, first, last)


def connection(event, inside="100.64.1.20", outside="203.0.113.5"):
    return record(CONNECTION, T0_MS - 500, event, inside, 40000, outside, 33001, 6, "198.51.100.7",
                  443, 7)


def nat(event_block, event_unblock):
    """Datagrams of a NAT that numbers its port blocks so."""
    return (ipfix(one_set(2, template(256, BLOCK, True), template(257, ADDRESS, True),
                          template(258, CONNECTION, True), template(259, NAT64, True)),
                  one_set(256, block(event_block), block(event_unblock, at=T0_MS + 60000)),
                  one_set(258, connection(4), connection(5)),
                  one_set(259, record(NAT64, T0_MS, 6, "2001:db8:1::5", 40000, "203.0.113.6", 33002,
                                      17))),
            v9(one_set(0, template(256, BLOCK)), one_set(256, block(event_block, 1024, 1535)),
               domain=5))


def sessions():
    write("netflow-sessions-fires", "rfc8158.bin", *nat(16, 17),
          ipfix(one_set(257, record(ADDRESS, T0_MS, 14, "100.64.1.21", "203.0.113.7"),
                        record(ADDRESS, T0_MS + 1, 15, "100.64.1.21", "203.0.113.7"))))
    write("netflow-sessions-junos", "junos.bin", *nat(14, 15),
          ipfix(one_set(256, block(16, at=T0_MS + 30000)),
                one_set(257, record(ADDRESS, T0_MS, 12, "100.64.1.21", "203.0.113.7"))))
    (DECODE / "netflow-sessions-junos" / "theriac.yaml").write_text(
        "decoder.netflow:\n  nat-events: junos\n")
    counted = TUPLE4 + [EVENT, OUTSIDE, (227, 2), PACKETS, BYTES, (152, 8), (153, 8)]
    write("netflow-sessions-quiet", "nothing-bound.bin",
          ipfix(one_set(2, template(256, BLOCK, True), template(257, ADDRESS, True),
                        template(258, counted, True)),
                one_set(256, *(block(n) for n in (0, 3, 12, 13, 18, 19, 255)),
                        block(16, outside="0.0.0.0"), block(16, inside="203.0.113.5")),
                one_set(257, record(ADDRESS, T0_MS, 3, "0.0.0.0", "203.0.113.7")),
                one_set(258, record(counted, "100.64.1.20", "198.51.100.7", 40000, 443, 6, 4,
                                    "203.0.113.5", 33001, 7, 900, T0_MS - 4000, T0_MS))))
    write("netflow-sessions-hostile", "impossible.bin",
          ipfix(one_set(2, template(256, BLOCK, True), template(260, BLOCK[:4] + [
              (361, 4), (363, 4), (364, 4)], True)),
                one_set(256, block(16, 33279, 32768), block(16, at=2**64 - 1), block(17, at=0),
                        block(16)[:-3])),
          ipfix(one_set(260, *(record(BLOCK[:4] + [(361, 4), (363, 4), (364, 4)], T0_MS, 16,
                                      "100.64.1.20", "203.0.113.5", first, step, n)
                               for first, step, n in ((1024, 65535, 65535), (2**32 - 1, 1, 1),
                                                      (1024, 2**32 - 1, 2), (65535, 1, 1))))))
    table = CMD / "decode-sessions"
    table.mkdir(exist_ok=True)
    (table / "nat.bin").write_bytes(b"".join(nat(16, 17)))
    events = CMD / "detect-sessions"
    events.mkdir(exist_ok=True)
    (events / "nat.bin").write_bytes(b"".join(nat(16, 17)) + ipfix(
        one_set(2, template(300, IPFIX_FIELDS, True)), one_set(300, flow10())))


def xdr(kind, body):
    return struct.pack(">II", kind, len(body)) + body


def opaque(data):
    return struct.pack(">I", len(data)) + data + bytes(-len(data) % 4)


def ip4(proto, body, src="10.1.0.5", dst="198.51.100.7", fragment=0, length=None):
    return struct.pack(">BBHHHBBH", 0x45, 0, length or 20 + len(body), 7, fragment, 64, proto,
                       0) + number(src, 4) + number(dst, 4) + body


def ip6(proto, body):
    return struct.pack(">IHBB", 6 << 28, len(body), proto, 64) + number(
        "2001:db8:1::5", 16) + number("2001:db8:2::7", 16) + body


def tcp(sport, dport, flags):
    return struct.pack(">HHIIHHHH", sport, dport, 1, 0, 0x5000 | flags, 65535, 0, 0)


def udp(sport, dport, body):
    return struct.pack(">HHHH", sport, dport, 8 + len(body), 0) + body


def ethernet(kind, body, vlan=None):
    tag = b"" if vlan is None else struct.pack(">HH", 0x8100, vlan)
    return bytes.fromhex("020000000001020000000002") + tag + struct.pack(">H", kind) + body


def frame(data, protocol=1, sent=None, captured=128):
    return xdr(1, struct.pack(">III", protocol, (sent or len(data)) + 4, 4) + opaque(data[:captured]))


def sample(*records, rate=1000, source=3, expanded=False):
    if expanded:
        head = struct.pack(">IIIIIIIIII", 1, 0, source, rate, 5000, 0, 0, 3, 0, 4)
    else:
        head = struct.pack(">IIIIIII", 1, source, rate, 5000, 0, 3, 4)
    return xdr(3 if expanded else 1, head + struct.pack(">I", len(records)) + b"".join(records))


def counters():
    return xdr(2, struct.pack(">III", 1, 3, 1) + xdr(1, bytes(88)))


def sflow(*samples, sequence=1, agent="192.0.2.7", uptime=UPTIME_MS, sub=0):
    packed = number(agent, 4)
    return struct.pack(">II", 5, 1 if len(packed) == 4 else 2) + packed + struct.pack(
        ">IIII", sub, sequence, uptime, len(samples)) + b"".join(samples)


def fields4(proto, sport, dport, flags):
    return xdr(3, struct.pack(">II", 60, proto) + number("10.1.0.6", 4) + number("198.51.100.8", 4) +
               struct.pack(">IIII", sport, dport, flags, 0))


def fields6():
    return xdr(4, struct.pack(">II", 90, 17) + number("2001:db8:1::6", 16) + number(
        "2001:db8:2::8", 16) + struct.pack(">IIII", 40003, 53, 0, 0))


def sflow_datagrams():
    syn = ip4(6, tcp(40000, 23, 2))
    return (sflow(counters(),
                  sample(xdr(1001, bytes(16)), frame(ethernet(0x0800, syn, vlan=101))),
                  sample(frame(ethernet(0x0800, ip4(17, udp(40001, 443, bytes(1200)))), sent=1242)),
                  sample(frame(ethernet(0x86dd, ip6(58, b"\x80\x00" + bytes(62)))), rate=512,
                         expanded=True)),
            sflow(sample(frame(syn, protocol=11)), sample(fields4(6, 40002, 445, 2)),
                  sample(fields6()), sample(frame(ip6(6, tcp(40004, 443, 0x12)), protocol=12)),
                  sample(frame(ethernet(0x0800, ip4(17, bytes(40), fragment=185)))),
                  sequence=2, agent="2001:db8::7", uptime=UPTIME_MS + 1000))


def pcap(*packets):
    out = struct.pack(">IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for n, data in enumerate(packets):
        out += struct.pack(">IIII", T0 + n, 0, len(data), len(data)) + data
    return out


def exported(body, port, src="192.0.2.9"):
    return ethernet(0x0800, ip4(17, udp(50000, port, body), src=src, dst="192.0.2.10"))


def sflow_cases():
    good = sflow_datagrams()
    write("netflow-sflow-fires", "datagrams.bin", *good,
          v5(v5_record("10.1.0.5", "198.51.100.7", 5, 400, UPTIME_MS - 5000, UPTIME_MS - 1000,
                       40001, 53, 0, 17)), good[0])
    write("netflow-sflow-fires", "exports.pcap",
          pcap(*(exported(d, 16343) for d in good)))
    write("netflow-sflow-quiet", "no-packets.bin",
          sflow(counters(), xdr(4, bytes(100)), xdr(5 << 12 | 1, bytes(8)),
                sample(frame(ethernet(0x0806, bytes(46)))), sample(frame(bytes(64), protocol=2)),
                sample(xdr(1002, bytes(16))), sample()))
    write("netflow-sflow-quiet", "other.pcap",
          pcap(exported(struct.pack(">IIIIIII", 5, 1, 7, 0, 1, 2, 3), 6343)))
    bad = sample(frame(ethernet(0x0800, ip4(6, tcp(40000, 23, 2)))))
    write("netflow-sflow-hostile", "damage.bin", good[0], good[1][:-30], good[0],
          sflow(bad, xdr(1, bytes(8)), bad), struct.pack(">II", 5, 1) + bytes(40),
          sflow(xdr(1, bytes(24) + struct.pack(">III", 2**32 - 1, 1, 2**32 - 1)), bad),
          sflow(sample(xdr(1, struct.pack(">IIII", 1, 2**32 - 1, 2**32 - 1, 2**32 - 1) + bytes(14))),
                sample(frame(ethernet(0x0800, ip4(6, b"\0\0")))), sample(xdr(3, bytes(8))),
                sample(frame(ethernet(0x0800, ip4(6, tcp(1, 2, 2), length=7)))),
                *(sample(frame(ip4(6, tcp(40000, 23, 2)), protocol=11), rate=r)
                  for r in (0, 2**32 - 1, 1000, 1, 0))),
          struct.pack(">IIIIIII", 5, 1, 7, 0, 1, 2, 2**32 - 1), good[1])


def lies():
    """Options of one exporter: honest, then 0, 1, too much, then honest, then really changed."""
    fields = [(149, 4)], [(34, 4)]

    def said(n, domain=1):
        return ipfix(one_set(301, record(fields[0] + fields[1], 1, n)), domain=domain)

    def flow():
        return ipfix(one_set(300, flow10()))

    write("netflow-sampling-hostile", "options.bin",
          ipfix(one_set(2, template(300, IPFIX_FIELDS, True)),
                one_set(3, options10(301, *fields))),
          said(1000), flow(), said(0), flow(), said(2**32 - 1), flow(), said(1), said(1), flow(),
          said(1000), said(1), said(1), flow(), said(1), flow(), said(2), said(2), said(2), flow())
    write("netflow-sampling-hostile", "header.bin",
          *(v5(v5_record("10.1.0.5", "198.51.100.7", 5, 400, UPTIME_MS - 5000, UPTIME_MS - 1000,
                         40000 + n, 53, 0, 17), sampling=n) for n in (100, 0, 1, 100, 200)))
    by_interface = TUPLE4 + [(10, 4), PACKETS, LAST_UP]
    scope = [(2, 4)], [(34, 4), (35, 1)]
    write("netflow-sampling", "interfaces.bin",
          v9(one_set(0, template(256, by_interface)), one_set(1, options9(258, *scope)),
             one_set(258, record(scope[0] + scope[1], 3, 1000, 1),
                     record(scope[0] + scope[1], 4, 1, 1)),
             one_set(256, *(record(by_interface, "10.1.0.5", "198.51.100.7", 40000, 443, 6, i, 1,
                                   UPTIME_MS) for i in (3, 4, 5)))))
    chance = [(302, 4)], [(304, 2), (311, 8)]
    write("netflow-sampling", "selectors.bin",
          ipfix(one_set(2, template(300, IPFIX_FIELDS + [(302, 4)], True)),
                one_set(3, options10(301, *chance),
                        options10(302, [(302, 4)], [(309, 4), (310, 4)]),
                        options10(303, [(302, 4)], [(307, 4), (308, 4)])),
                one_set(301, record(chance[0] + chance[1], 1, 4, struct.pack(">d", 0.01))),
                one_set(302, record([(302, 4), (309, 4), (310, 4)], 2, 3, 6000)),
                one_set(303, record([(302, 4), (307, 4), (308, 4)], 3, 10, 630)),
                one_set(300, *(flow10() + number(i, 4) for i in (1, 2, 3)))))


def poison():
    """A template is defined anew in mid-stream: impossibly, then differently; in another domain."""
    good = one_set(0, template(256, V9_FIELDS))
    turned = [V9_FIELDS[1], V9_FIELDS[0]] + V9_FIELDS[2:]
    write("netflow-templates-hostile", "poison.bin",
          v9(good, one_set(256, flow9())),
          v9(one_set(0, template(256, [(8, 0), (12, 0)]))), v9(one_set(256, flow9(sport=40001))),
          v9(one_set(0, template(256, turned)), domain=2), v9(one_set(256, flow9(sport=40002))),
          ipfix(one_set(2, template(256, turned, True))), v9(one_set(256, flow9(sport=40003))),
          v9(one_set(0, struct.pack(">HH", 256, 0))), v9(one_set(256, flow9(sport=40004))),
          v9(one_set(256, flow9(sport=40005)), domain=3),
          v9(one_set(0, template(256, turned)), one_set(256, flow9(sport=40006))),
          v9(one_set(1, options9(256, [(1, 4)], [(34, 4)])), one_set(256, bytes(8))),
          v9(good, one_set(256, flow9(sport=40007))))


def write_args():
    words = {
        "netflow-sessions-fires": ("rfc8158.bin", "Events of a carrier-grade NAT, numbered as in RFC "
                                   "8158: port blocks, single ports, addresses, begun and ended."),
        "netflow-sessions-junos": ("-c theriac.yaml junos.bin", "The same in the numbering of Junos, "
                                   "chosen by an option; 16 says that a block is still held."),
        "netflow-sessions-quiet": ("nothing-bound.bin", "Exhausted pools, quotas, unknown numbers "
                                   "and events without both addresses bind nothing and are counted as "
                                   "ignored; a flow with its counts and NAT fields is a flow."),
        "netflow-sessions-hostile": ("impossible.bin", "Blocks turned round, beyond port 65535, "
                                     "times beyond all years: counted as bad."),
        "netflow-sflow-fires": ("datagrams.bin exports.pcap", "sFlow v5: frames, IP packets and "
                                "header fields become flows of one packet with their sampling; in a "
                                "file, where no time is told, the agent's uptime stands for it."),
        "netflow-sflow-quiet": ("no-packets.bin other.pcap", "Counter samples, frames without IP and "
                                "other records make no flow; what only begins like sFlow is an "
                                "ordinary packet."),
        "netflow-sflow-hostile": ("damage.bin", "Cut datagrams, lengths beyond all ends, impossible "
                                  "rates: what is whole is read, the rest counted."),
        "netflow-sampling-hostile": ("options.bin header.bin", "Announcements of 0, of billions and "
                                     "wild changes are not believed, unless said three times without "
                                     "the old number in between."),
        "netflow-templates-hostile": ("poison.bin", "An impossible redefinition leaves the old "
                                      "template, and another domain's or version's is never used."),
    }
    for case, (args, why) in words.items():
        option = "decode --json "
        (DECODE / case / "args").write_text(option + args + "\n")
        (DECODE / case / "why.txt").write_text(why + "\n")
    for case, args, why in (
            ("decode-sessions", "decode nat.bin", "Sessions as lines for people."),
            ("detect-sessions", "detect --json nat.bin",
             "Sessions are counted in the summary, and the flows beside them are judged.")):
        (CMD / case / "args").write_text(args + "\n")
        (CMD / case / "why.txt").write_text(why + "\n")


if __name__ == "__main__":
    for make in (sessions, sflow_cases, lies, poison, write_args):
        make()
