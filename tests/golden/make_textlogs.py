#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of the text logs: Zeek's conn.log and dns.log as TSV and JSON, and Argus
tables. Only inputs, `args` and `why.txt` are made here; `run --update` makes `out` and `err`.
Addresses are from the documentation ranges."""
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent / "decode"

CONN = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service",
        "duration", "orig_bytes", "resp_bytes", "conn_state", "local_orig", "local_resp",
        "missed_bytes", "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes",
        "tunnel_parents"]
DNS = ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "rtt",
       "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode", "rcode_name", "AA", "TC",
       "RD", "RA", "Z", "answers", "TTLs", "rejected"]
T0 = 1767323045


def conn(at, src, sport, dst, dport, proto, state, history=None, duration=None, there=(1, 60),
         back=(0, 0)):
    row = {"ts": T0 + at, "uid": f"C{at:.0f}x", "id.orig_h": src, "id.orig_p": sport,
           "id.resp_h": dst, "id.resp_p": dport, "proto": proto, "conn_state": state,
           "missed_bytes": 0, "orig_pkts": there[0], "orig_ip_bytes": there[1],
           "resp_pkts": back[0], "resp_ip_bytes": back[1]}
    if history:
        row["history"] = history
    if duration is not None:
        row |= {"duration": duration, "orig_bytes": 0, "resp_bytes": 0}
    return row


def dns(at, client, sport, server, query, qtype=(1, "A"), rcode=None, answers=(), ttls=(),
        dport=53):
    row = {"ts": T0 + at, "uid": f"D{at:.0f}x", "id.orig_h": client, "id.orig_p": sport,
           "id.resp_h": server, "id.resp_p": dport, "proto": "udp", "trans_id": 7, "query": query,
           "qclass": 1, "qclass_name": "C_INTERNET", "qtype": qtype[0], "qtype_name": qtype[1],
           "rejected": False}
    if rcode:
        row |= {"rcode": rcode[0], "rcode_name": rcode[1]}
    if answers:
        row |= {"answers": list(answers), "TTLs": list(ttls)}
    return row


CONNS = [
    conn(0.25, "192.0.2.10", 40001, "198.51.100.7", 23, "tcp", "S0", "S", 3.000158, (2, 104)),
    conn(1.5, "192.0.2.10", 40002, "198.51.100.8", 443, "tcp", "SF", "ShADadfF", 0.5, (9, 900),
         (8, 8000)),
    conn(2, "192.0.2.10", 40003, "198.51.100.9", 22, "tcp", "REJ", "Sr", 0.01, (1, 60), (1, 40)),
    conn(3, "192.0.2.10", 40004, "198.51.100.9", 22, "tcp", "RSTO", None, 0.01, (3, 160), (1, 60)),
    conn(4, "2001:db8::1", 53000, "2001:db8:1::53", 53, "udp", "SF", "Dd", 0.008, (1, 85), (1,
                                                                                            125)),
    conn(5, "203.0.113.5", 137, "192.0.2.10", 33000, "udp", "SHR", "^d", None, (0, 0), (1, 78)),
    conn(6, "192.0.2.10", 8, "198.51.100.9", 0, "icmp", "OTH", None, None, (1, 84)),
    conn(7, "2001:db8::1", 128, "2001:db8::2", 129, "icmp", "OTH", None, None, (1, 84), (1, 84)),
    conn(8, "192.0.2.10", 40005, "198.51.100.9", 80, "tcp", "OTH", "C", None, (0, 0)),
    conn(9, "192.0.2.10", 0, "198.51.100.9", 0, "unknown_transport", "OTH"),
]
DNSES = [
    dns(10, "192.0.2.10", 40010, "192.0.2.53", "www.Example.com", (1, "A"), (0, "NOERROR"),
        ["cdn.example.net", "198.51.100.20", "198.51.100.21"], [300.0, 60.0, 60.0]),
    dns(11, "192.0.2.10", 40011, "192.0.2.53", "nothere.example.com", (28, "AAAA"), (3,
                                                                                     "NXDOMAIN")),
    dns(12, "192.0.2.10", 40012, "192.0.2.53", "0b320175.t.example.com", (16, "TXT"),
        (0, "NOERROR"), ["TXT 18 c27a017537c68f5169 TXT 3 two"], [60.0]),
    dns(13, "192.0.2.10", 40013, "192.0.2.53", "unanswered.example.com"),
    dns(14, "192.0.2.10", 5353, "224.0.0.251", "_ipp._tcp.local", (12, "PTR"), dport=5353),
    dns(15, "192.0.2.10", 137, "192.0.2.255", "WORKGROUP", (32, "NB"), dport=137),
]


def cell(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, list):
        return ",".join(map(cell, value))
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def tsv(path, fields, rows, separator="\t", close=True):
    out = [f"#separator \\x{ord(separator):02x}"]
    for key, value in (("#set_separator", ","), ("#empty_field", "(empty)"),
                       ("#unset_field", "-"), ("#path", path),
                       ("#open", "2026-01-02-03-04-05")):
        out.append(separator.join((key, value)))
    out.append(separator.join(["#fields", *fields]))
    out.append(separator.join(["#types", *["string"] * len(fields)]))
    for row in rows:
        row = row | {"ts": float(row["ts"])}
        out.append(separator.join(cell(row.get(f)) for f in fields))
    if close:
        out.append(separator.join(("#close", "2026-01-02-04-00-00")))
    return "\n".join(out) + "\n"


def lines(rows):
    return "".join(json.dumps(r) + "\n" for r in rows)


NAMES = ["StartTime", "Dur", "Proto", "SrcAddr", "Sport", "Dir", "DstAddr", "Dport", "State",
         "sTos", "dTos", "TotPkts", "TotBytes", "SrcBytes", "Label"]
ARGUS = [
    "2026/01/02 03:04:05.972101,0.500000,tcp,192.0.2.10,40001,   ->,198.51.100.7,23,S_,0,,3,180,"
    "180,flow=A",
    "2026/01/02 03:04:06.000000,0.001000,tcp,192.0.2.10,40002,   ->,198.51.100.7,22,S_RA,0,0,2,"
    "134,70,flow=B",
    "2026/01/02 03:04:07.000000,9.250000,tcp,192.0.2.10,40003,   ->,198.51.100.8,443,FSPA_FSPA,0,"
    "0,20,8000,2000,flow=C",
    "2026/01/02 03:04:08.000000,9.250000,tcp,198.51.100.8,443,  <?>,192.0.2.10,40004,FPA_FPA,0,0,"
    "20,8000,2000,flow=D",
    "2026/01/02 03:04:09.000000,0.000467,udp,192.0.2.10,40005,  <->,192.0.2.53,53,CON,0,0,2,236,"
    "74,flow=E",
    "2026/01/02 03:04:10.000000,5.000000,udp,192.0.2.10,40006,   ->,198.51.100.9,7325,INT,0,,16,"
    "1344,1344,flow=F",
    "2026/01/02 03:04:11.000000,5.000000,icmp,198.51.100.1,0x0103,   ->,192.0.2.10,0xb81c,URH,0,,"
    "2,140,140,flow=G",
    "2026/01/02 03:04:12.000000,0.000104,icmp,192.0.2.10,,  <-,198.51.100.1,0x9708,ECR,,0,2,196,"
    "0,flow=H",
    "2026/01/02 03:04:13.000000,0.000000,ipv6-icmp,2001:db8::1,135,   ->,2001:db8::2,0,NNS,0,,1,"
    "78,78,flow=I",
    "2026/01/02 03:04:14.000000,1.000000,esp,192.0.2.10,,   ->,198.51.100.9,0x20207e79,INT,0,,9,"
    "999,999,flow=J",
    "2026/01/02 03:04:15.000000,3.000000,tcp,192.0.2.10,40007,   ->,198.51.100.9,http,REQ,0,,3,"
    "180,180,flow=K",
]


def table(rows, names=True, separator=","):
    out = ([",".join(NAMES)] if names else []) + rows
    return "\n".join(out).replace(",", separator) + "\n"


def reorder(rows):
    """The same table with other columns in another order."""
    order = list(range(len(NAMES)))[::-1]
    return "\n".join(",".join(r.split(",")[i] for i in order)
                     for r in [",".join(NAMES), *rows]) + "\n"


def case(name, why, args, files):
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "why.txt").write_text(why + "\n")
    (folder / "args").write_text(args + "\n")
    for file, data in files.items():
        (folder / file).write_bytes(data.encode("utf-8", "surrogateescape")
                                    if isinstance(data, str) else data)


def zeek_tsv():
    case("zeek-tsv-fires",
         "Connections of every kind and look-ups, from conn.log and dns.log; unset fields are "
         "not told, "
         "a connection that Zeek turned round has no first packet, bad checksums are no silence.",
         "decode --json conn.log dns.log",
         {"conn.log": tsv("conn", CONN, CONNS), "dns.log": tsv("dns", DNS, DNSES)})
    bare = "\t".join(CONN) + "\n" + "".join(
        "\t".join("" if r.get(f) is None else cell(r[f]) for f in CONN) + "\n" for r in CONNS[:2])
    case("zeek-tsv-fires-any-header",
         "Rotated files joined into one, columns in another order, a comma as the separator, and "
         "the bare "
         "line of column names that other programs write: each is read by its own header.",
         "decode --json joined.log bare.log",
         {"joined.log": tsv("conn", CONN, CONNS[:1]) + tsv("http", ["ts", "uid", "host"], [
             {"ts": T0, "uid": "H1", "host": "www.example.com"}]) +
             tsv("conn", CONN[::-1], CONNS[1:2]) +
             tsv("dns", [f for f in DNS if f not in ("answers", "TTLs")], DNSES[:1], ",", False),
          "bare.log": bare})
    labelled = CONN + ["label", "detailed-label"]
    mark = [[r | {"label": a, "detailed-label": b} for r in CONNS[:3]]
            for a, b in (("Malicious", "C&C"), ("Benign", None))]
    case("zeek-tsv-labels",
         "Two files that differ in their label columns only: the same records from both.",
         "decode --json bad.log.labeled good.log.labeled",
         {"bad.log.labeled": tsv("conn", labelled, mark[0]),
          "good.log.labeled": tsv("conn", labelled, mark[1])})
    case("zeek-tsv-quiet",
         "Other logs of Zeek and a README: named once, counted as ignored, no failure, no record.",
         "decode --json http.log weird.log README",
         {"http.log": tsv("http", ["ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h",
                                   "id.resp_p", "host"],
                          [{"ts": T0, "uid": "H1", "id.orig_h": "192.0.2.10", "id.orig_p": 1,
                            "id.resp_h": "198.51.100.7", "id.resp_p": 80,
                            "host": "example.com"}] * 3),
          "weird.log": tsv("weird", ["ts", "uid", "name"], [{"ts": T0, "uid": "W1", "name": "x"}]),
          "README": "These are the logs of one evening.\n# conn.log is missing\n"})
    good = "\t".join(cell((CONNS[0] | {"ts": float(T0)}).get(f)) for f in CONN)
    bad = [good.replace(f"{float(T0):.6f}", "XXXXXXXXXX.XXXXXX"),
           good.replace("\t23\t", "\t65536\t"),
           good.replace("198.51.100.7", "198.51.100"), good[:60], good.replace("3.000158", "soon"),
           good.replace(f"{float(T0):.6f}", "99999999999999999999.5"), "\0" * 40, "\t" * 40, "#",
           "#fields", good.replace("\t2\t104", "\t-2\t1e9"), good.replace("tcp", "-")]
    case("zeek-tsv-hostile",
         "Masked and impossible times, ports, addresses, lines cut short, NUL bytes, a line "
         "before any "
         "names, a last line without its end: each is named with its offset, the rest is read.",
         "decode --json conn.log top.log",
         {"conn.log": tsv("conn", CONN, [], close=False) + "\n".join([*bad, good, good[:50]]),
          "top.log": "#separator \\x09\n" + good + "\n" + tsv("conn", CONN, CONNS[:1])})


def zeek_json():
    nested = dict(CONNS[1])
    nested["id"] = {k[3:]: nested.pop(k) for k in list(nested) if k.startswith("id.")}
    nested |= {"_path": "conn", "ts": "2026-01-02T03:04:06.500000Z"}
    case("zeek-json-fires",
         "The same connections and look-ups as in zeek-tsv-fires give the same records; so does "
         "an object with "
         "an id inside and an ISO time.",
         "decode --json conn.log dns.log nested.log",
         {"conn.log": lines(CONNS), "dns.log": lines(DNSES), "nested.log": lines([nested])})
    case("zeek-json-labels",
         "Two files that differ in label keys only: the same records from both.",
         "decode --json bad.log good.log",
         {"bad.log": lines(r | {"label": "Malicious"} for r in CONNS[:2]),
          "good.log": lines(r | {"label": "Benign", "detailed-label": "x"} for r in CONNS[:2])})
    case("zeek-json-quiet",
         "Other logs of Zeek, and Suricata's events, which look alike: no record.",
         "decode --json http.log stats.log findings.json eve.json",
         {"http.log": lines([{"ts": T0, "uid": "H1", "id.orig_h": "192.0.2.10", "id.orig_p": 1,
                              "id.resp_h": "198.51.100.7", "id.resp_p": 80,
                              "host": "example.com"}] * 3),
          "stats.log": lines([{"ts": T0, "peer": "zeek", "mem": 77}]),
          "findings.json": lines([{"type": "flow", "src": "192.0.2.10"}]),
          "eve.json": lines([{"timestamp": "2026-01-02T03:04:05.000000+0000",
                              "event_type": "netflow"}])})
    one = json.dumps(CONNS[0])
    bad = [one[:100], one.replace("{", "{\"proto\":\"tcp\",", 1), "[" * 3000, "{\"a\":" * 3000,
           "null",
           "\0\0\0", one.replace("23", "\"23x\""), one.replace("23", "-1"), one.replace("23",
                                                                                        "[23]"),
           one.replace("23", "1e999"), json.dumps(CONNS[0] | {"ts": "yesterday"}),
           json.dumps(CONNS[0] | {"ts": 1e300}), json.dumps(CONNS[0] | {"ts": -5}),
           json.dumps(CONNS[0] | {"id.orig_h": None}),
           json.dumps(CONNS[0] | {"conn_state": "S" * 200}),
           json.dumps(DNSES[0] | {"query": "a" * 5000}),
           json.dumps(DNSES[0] | {"answers": [None, 7, {}, "\n\u202e", "x" * 400] * 30,
                                  "TTLs": ["x", -1]})]
    case("zeek-json-hostile",
         "Cut, doubled, deep and mistyped objects: each is named with its offset, the rest is "
         "read.",
         "decode --json conn.log",
         {"conn.log": (one + "\n" + "\n".join(bad) + "\n").encode() + b"{\"ts\":\"\xff\xfe\"}\n\n" +
                      one.encode()})


def argus():
    case("argus-fires",
         "Flows of every kind: flags from the state, sides from the arrow, ICMP types from the "
         "ports; where only a "
         "total of packets is given, its split is told only if it follows.",
         "decode --json --tz +02:00 day.binetflow",
         {"day.binetflow": table(ARGUS)})
    case("argus-fires-any-form",
         "The same three flows without a line of names, with tabs, in another order of columns, "
         "and with the line of "
         "names again in the middle: the same records four times.",
         "decode --json bare.binetflow tabs.binetflow other.binetflow twice.binetflow",
         {"bare.binetflow": table(ARGUS[:3], names=False),
          "tabs.binetflow": table(ARGUS[:3], separator="\t"),
          "other.binetflow": reorder(ARGUS[:3]),
          "twice.binetflow": table(ARGUS[:1]) + table(ARGUS[1:3])})
    case("argus-labels",
         "Two tables that differ in their labels only: the same records from both.",
         "decode --json bad.binetflow good.binetflow",
         {"bad.binetflow": table([r.split("flow=")[0] + "flow=From-Botnet" for r in ARGUS[:3]]),
          "good.binetflow": table([r.split("flow=")[0] + "flow=Normal" for r in ARGUS[:3]])})
    case("argus-quiet",
         "Traffic that is not IP is counted as ignored; tables that are not Argus's are not "
         "taken for them.",
         "decode --json lan.binetflow notes.csv",
         {"lan.binetflow": table([
             "2026/01/02 03:04:05.000000,0.0,llc,00:00:00:00:00:00,0,   ->,00:00:00:00:00:00,0,"
             "INT,,,1,60,60,",
             "2026/01/02 03:04:05.000000,1.9,arp,192.0.2.10,,  who,192.0.2.1,,CON,,,22,924,462,",
             "2026/01/02 03:04:05.000000,1.9,ipx/spx,00:15:17:2c:e5:2d,,   ->,ff:ff:ff:ff:ff:ff,,"
             "INT,,,9,900,900,"]),
          "notes.csv": "time,a,b,c,d,e,f,g,h,i,j,k,l,m\n2026-01-02,1,2,3,4,->,6,7,8,9,10,11,12,"
                       "13\n"})
    good = ARGUS[0]
    bad = [good.replace("2026/", "2026/13/"), good.replace("198.51.100.7", "printer.example"),
           good.replace(",23,", ",70000,"), good.replace(",180,180,", ",100,180,"), good[:50],
           "," * 14,
           "," * 300, "\0" * 30, "x" * 3000, good.replace("0.500000", "-1"), good.replace("S_",
                                                                                          "?" * 99),
           good.replace("3,180,180", "many,1e9,"), "\"" + good, "StartTime,StartTime,Dur,Dur"]
    case("argus-hostile",
         "Impossible dates, host names, ports, sides larger than the total, lines cut short, NUL "
         "bytes, quotes: each "
         "is named with its offset, the rest is read.",
         "decode --json day.binetflow",
         {"day.binetflow": table([good, *bad, good]).rstrip("\n")})


if __name__ == "__main__":
    zeek_tsv()
    zeek_json()
    argus()
