#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of Suricata's EVE: flow events, and dns events of versions 1 to 3. Only inputs,
`args` and `why.txt` are made here; `run --update` makes `out` and `err`. Addresses are documentation
ranges."""
import gzip
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent / "decode"
CLIENT, SERVER = "192.0.2.10", "192.0.2.53"


def stamp(at, zone="+0000"):
    return f"2026-01-02T03:{4 + int(at) // 60:02d}:{int(at) % 60:02d}.{round(at % 1 * 1e6):06d}{zone}"


def event(at, kind, src, sport, dst, dport, proto, **more):
    row = {"timestamp": stamp(at), "flow_id": 1000 + sport, "event_type": kind, "src_ip": src,
           "src_port": sport, "dest_ip": dst, "dest_port": dport, "proto": proto}
    if sport is None or kind == "flow" and "ICMP" in proto:
        del row["src_port"], row["dest_port"]
    return json.dumps(row | more) + "\n"


def flow(at, src, sport, dst, dport, proto, there, back, start, end, state="closed", why="timeout",
         **more):
    return event(at, "flow", src, sport, dst, dport, proto, flow={
        "pkts_toserver": there[0], "pkts_toclient": back[0], "bytes_toserver": there[1],
        "bytes_toclient": back[1], "start": stamp(start), "end": stamp(end), "age": 1, "state": state,
        "reason": why, "alerted": False}, **more)


def tcp(there, back):
    return {"tcp": {"tcp_flags": "1b", "tcp_flags_ts": there, "tcp_flags_tc": back, "syn": True}}


def query(at, port, ident, name, rrtype="A", version=2, **more):
    dns = {"type": "query", "id": ident, "rrname": name, "rrtype": rrtype, "tx_id": 0, "opcode": 0}
    if version == 3:
        dns = {"version": 3, "type": "request", "id": ident, "tx_id": 0, "flags": "100", "rd": True,
               "queries": [{"rrname": name, "rrtype": rrtype}], "opcode": 0, "rcode": "NOERROR"}
    return event(at, "dns", CLIENT, port, SERVER, 53, "UDP", dns=dns, **more)


def answer(at, port, ident, dns, backwards=False, **more):
    ends = (SERVER, port, CLIENT, port) if backwards else (CLIENT, port, SERVER, 53)
    line = json.loads(event(at, "dns", *ends, "UDP", dns={"id": ident, "type": "answer"} | dns, **more))
    if backwards:
        line |= {"src_port": 53}
    return json.dumps(line) + "\n"


def record(name, rrtype, rdata, ttl=60):
    return {"rrname": name, "rrtype": rrtype, "ttl": ttl, "rdata": rdata}


def flows():
    return (flow(30, CLIENT, 40001, "198.51.100.7", 443, "TCP", (9, 900), (8, 8000), 1, 2.5,
                 **tcp("1b", "1a")) +
            flow(30, CLIENT, 40002, "198.51.100.8", 23, "TCP", (3, 180), (0, 0), 2, 5, "new", **tcp(
                "02", "00")) +
            flow(0, CLIENT, 40003, "198.51.100.9", 22, "TCP", (3, 180), (2, 120), 2, 5, "established",
                 "shutdown", **tcp("00", "00")) +
            flow(90, "2001:db8:1::10", 53000, "2001:db8::53", 53, "UDP", (1, 85), (1, 125), 3, 3.01) +
            flow(90, CLIENT, 0, "198.51.100.9", 0, "ICMP", (1, 98), (0, 0), 4, 4, icmp_type=8,
                 icmp_code=0) +
            flow(90, "2001:db8:1::10", 0, "2001:db8:2::7", 0, "IPv6-ICMP", (1, 118), (1, 118), 5, 5,
                 icmp_type=128, icmp_code=0) +
            flow(90, CLIENT, 0, "198.51.100.9", 0, "GRE", (1, 100), (0, 0), 5, 5, why="forced"))


def lookups():
    soa = {"rrname": "example.com", "rrtype": "SOA", "ttl": 900, "soa": {"mname": "ns.example.com"}}
    www, three = "www.Example.com", "three.example.com"
    v1 = (query(1, 41001, 7, www) +
          answer(1.25, 41001, 7, {"rcode": "NOERROR", **record(www, "CNAME", "cdn.example.net", 300)},
                 True) +
          answer(1.25, 41001, 7, {"rcode": "NOERROR", **record("cdn.example.net", "A",
                                                               "198.51.100.20")}, True) +
          answer(1.25, 41001, 7, {"rcode": "NOERROR", **record("cdn.example.net", "A",
                                                               "198.51.100.21")}, True) +
          query(2, 41002, 8, "nope.example.com", "AAAA") +
          answer(2.5, 41002, 8, {"rcode": "NXDOMAIN", "rrname": "nope.example.com"}, True) +
          answer(2.5, 41002, 8, {"rcode": "NXDOMAIN", "rrname": "example.com", "rrtype": "SOA",
                                 "ttl": 900}, True))
    v2 = (query(3, 42001, 9, www) + query(3, 42001, 10, www, "AAAA") +
          answer(3.5, 42001, 9, {"version": 2, "flags": "8180", "qr": True, "rrname": www,
                                 "rrtype": "A", "rcode": "NOERROR", "answers": [
                                     record(www, "CNAME", "cdn.example.net", 300),
                                     record("cdn.example.net", "A", "198.51.100.20", 30)],
                                 "grouped": {}}) +
          answer(3.5, 42001, 10, {"version": 2, "rrname": www, "rrtype": "AAAA", "rcode": "NXDOMAIN",
                                  "authorities": [soa]}) +
          query(4, 42002, 11, "t.example.com", "TXT") +
          answer(4.5, 42002, 11, {"version": 2, "rrname": "t.example.com", "rrtype": "TXT",
                                  "rcode": "NOERROR", "grouped": {"TXT": ["v=spf1 -all"], "MX": [
                                      "mx.example.com"], "A": ["198.51.100.22"]}}) +
          answer(5, 42003, 12, {"version": 2, "rrname": "alone.example.com", "rrtype": "A",
                                "rcode": "SERVFAIL"}) +
          query(6, 42004, 13, "odd\u00ff \"name.example.com", "TYPE65280"))
    v3 = (query(7, 43001, 14, three, version=3) +
          answer(7.5, 43001, 14, {"version": 3, "type": "response", "rcode": "NOERROR", "queries": [
              {"rrname": three, "rrtype": "A"}], "answers": [record(three, "A", "198.51.100.23")]}) +
          query(90, 43002, 15, "never.example.com", version=3))
    return v1, v2, v3


def case(folder, why, args, **files):
    path = ROOT / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "why.txt").write_text(why + "\n")
    (path / "args").write_text(args + "\n")
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode()
        (path / name.replace("_", ".")).write_bytes(data)


def hostile():
    good = flow(30, CLIENT, 40001, "198.51.100.7", 443, "TCP", (9, 900), (8, 8000), 1, 2.5)
    wrong = [{"src_ip": "192.0.2.256"}, {"dest_ip": 7}, {"src_port": 65536}, {"flow": 7}, {"flow": {}},
             {"flow": {"start": "x", "end": stamp(1)}},
             {"flow": {"start": stamp(9), "end": stamp(1), "pkts_toserver": -1}},
             {"flow": {"start": "9999-12-31T23:59:59Z", "end": "9999-12-31T23:59:60Z"}},
             {"proto": "nonsense"}, {"proto": 6}, {"tcp": {"tcp_flags_ts": "zzz"}}, {"tcp": [1]},
             {"icmp_type": 300}, {"timestamp": 7}, {"event_type": 7}, {"event_type": "dns"}]
    dns = query(1, 41001, 7, "good.example.com")
    wrong_dns = [{"type": "answer"}, {"type": 7}, {"type": "other"}, {"rrname": 7}, {"rrname": "x" * 3000},
                 {"type": "answer", "rcode": "NOSUCH"},
                 {"type": "answer", "version": 2, "answers": [7, {}, {"rrtype": "A", "rdata": "x"},
                                                              {"rrtype": 7, "rdata": 7, "ttl": -1}]},
                 {"type": "answer", "version": 2, "grouped": {"A": [7, "x", None], "TXT": {}}},
                 {"id": -1}, {"id": 2**63 - 1}, {"queries": [[]], "rrname": None}]
    lines = [good] + [json.dumps(json.loads(good) | w) + "\n" for w in wrong]
    for w in wrong_dns:
        line = json.loads(dns)
        line["dns"] |= w
        lines.append(json.dumps(line) + "\n")
    lines += ['{"event_type":"flow"\n', "[]\n", "{}\n", "7\n", '{"event_type":"dns","dns":{}}\n', "\n",
              '{"event_type":"flow","event_type":"flow"}\n', good[:100] + "\n", good[:-1]]
    return "".join(lines)


def main():
    v1, v2, v3 = lookups()
    case("eve-fires", "Flows with both directions, flags and ICMP; look-ups in all three versions of dns "
         "events, joined with their answers. The same packed with gzip.",
         "decode --json eve.json dns1.json dns2.json dns3.json packed.json.gz", eve_json=flows(),
         dns1_json=v1, dns2_json=v2, dns3_json=v3,
         packed_json_gz=gzip.compress((v1 + v3).encode(), mtime=0))
    case("eve-quiet", "Other events: alerts, statistics, netflow, http: no record.",
         "decode --json eve.json", eve_json=(
             event(1, "alert", CLIENT, 40001, "198.51.100.7", 443, "TCP", alert={"signature": "x"},
                   flow={"pkts_toserver": 1}) +
             event(1, "http", CLIENT, 40001, "198.51.100.7", 80, "TCP", http={"hostname": "example.com"}) +
             event(1, "netflow", CLIENT, 40001, "198.51.100.7", 80, "TCP", netflow={"pkts": 1}) +
             '{"timestamp":"2026-01-02T03:04:05.000000+0000","event_type":"stats","stats":{"uptime":8}}\n'))
    case("eve-hostile", "Wrong types, values out of range, broken JSON, cut lines: named, the rest is read.",
         "decode --json eve.json", eve_json=hostile())


main()
