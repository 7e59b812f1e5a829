# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""What the sources of the files expect of them: values of their own tests, which lie beside.

logstash: values of single records, by case; the golden captures are named after the cases; its times of uptimes are
off by what that codec rounds and not compared. telegraf: every record of
all datagrams of a folder. pmacct: sums by who spoke to whom, over all captures of a folder. nDPI: packets of both
directions by conversation. ipfixprobe: counts, flags and times of its flows, summed up alike. Zeek: conn.log and
dns.log of a trace, whose times are masked. tcpdump: its line for each query.
"""
import csv
import glob
import ipaddress
import json
import os
import re

import dnsfields
import logs
import match
import traffic

LOGSTASH = {
    "ipv4_src_addr": "src", "sourceIPv4Address": "src", "ipv6_src_addr": "src", "sourceIPv6Address": "src",
    "ipv4_dst_addr": "dst", "destinationIPv4Address": "dst", "ipv6_dst_addr": "dst", "destinationIPv6Address": "dst",
    "l4_src_port": "sport", "sourceTransportPort": "sport", "l4_dst_port": "dport", "destinationTransportPort": "dport",
    "protocol": "proto", "protocolIdentifier": "proto", "tcp_flags": "flags", "tcpControlBits": "flags",
    "in_pkts": "packets", "packetDeltaCount": "packets", "in_bytes": "bytes", "octetDeltaCount": "bytes",
    "flowStartMilliseconds": "start_s", "flowEndMilliseconds": "end_s",
    "flowStartSeconds": "start_s", "flowEndSeconds": "end_s"}
TELEGRAF = {"src": "src", "dst": "dst", "src_port": "sport", "dst_port": "dport", "in_packets": "packets",
            "in_bytes": "bytes", "in_total_packets": "packets", "in_total_bytes": "bytes", "flow_start_ms": "start",
            "flow_end_ms": "end", "type_29305_86": "rpackets", "type_29305_85": "rbytes"}
PROTO_WORDS = {**logs.PROTOS, "hopopt": 0}
FLAG_LETTERS = "CEUAPRSF"


def flow_of(pairs, names):
    return {names[key]: value for key, value in pairs.items() if key in names}


def logstash_case(path, case):
    """The records of a case that its test states in full, as flows; times to the second."""
    flows = []
    for record in case.get("full_records", {}).values():
        flow = flow_of(record["netflow"], LOGSTASH)
        for key in ("start_s", "end_s"):
            word = flow.get(key)
            flow[key] = logs.stamp(word.replace("Z", "+0000")) // 1000 if isinstance(word, str) and "." in word else None
        if "src" in flow and "dst" in flow:
            if flow.get("proto") not in traffic.PORTS:
                flow.pop("sport", None), flow.pop("dport", None)
            flow["src"], flow["dst"] = (str(ipaddress.ip_address(flow[end])) for end in ("src", "dst"))
            flows.append(flow)
    return flows


def logstash(golden):
    """golden: path of netflow/*/golden/logstash-CASE.pcap -> the flows expected, or None."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", os.path.basename(golden)[len("logstash-"):-len(".pcap")])
    for path in glob.glob(os.path.join(os.path.dirname(golden), "..", "logstash", "*.expected.json")):
        with open(path, encoding="utf-8") as f:
            for case in json.load(f)["cases"]:
                if re.sub(r"[^A-Za-z0-9]+", "-", case["case"]).strip("-") == name:
                    return logstash_case(path, case)
    return None


def with_seconds(flows):
    return [{**f, "start_s": f["start"] // 1000 if "start" in f else None,
             "end_s": f["end"] // 1000 if "end" in f else None} for f in flows]


def telegraf_flow(line):
    pairs = {}
    for key, word in re.findall(r'[ ,]([a-z_0-9]+)=("[^"]*"|[^ ,]+)', line):
        word = word.strip('"')
        pairs[key] = word
    if "src" not in pairs or "dst" not in pairs:
        return None
    flow = flow_of(pairs, TELEGRAF)
    for key in set(flow) - {"src", "dst"}:
        flow[key] = int(flow[key].rstrip("u"), 0)
    flow["proto"] = PROTO_WORDS.get(pairs.get("protocol", "").lower())
    if "tcp_flags" in pairs:
        flow["flags"] = sum(1 << (7 - i) for i, c in enumerate(pairs["tcp_flags"]) if c != ".")
    if "l2_bytes" in pairs:  # a sample of sFlow: one packet, the length of its IP header's
        total = pairs.get("ipv4_total_len") or str(int(pairs["ipv6_total_len"].rstrip("u")) + 40)
        flow.update(packets=1, bytes=int(total.rstrip("u")))
    if flow["proto"] in (1, 58):
        flow.pop("sport", None), flow.pop("dport", None)
    return flow


def telegraf(golden):
    folder = os.path.basename(golden)[len("telegraf-"):-len(".pcap")]
    path = os.path.join(os.path.dirname(golden), "..", "telegraf", folder, "expected.out")
    with open(path, encoding="utf-8") as f:
        return [flow for flow in map(telegraf_flow, f) if flow]


def sums_of(flows):
    """By who spoke to whom: packets and bytes."""
    sums = {}
    for f in flows:
        ports = (None, None) if f["proto"] in (1, 58) else (f.get("sport", 0), f.get("dport", 0))
        key = (f["src"], ports[0], f["dst"], ports[1], f["proto"])
        record = sums.setdefault(key, dict(zip(match.FLOW_KEY, key), packets=0, bytes=0))
        record["packets"] += f.get("packets", 0)
        record["bytes"] += f.get("bytes", 0)
    return list(sums.values())


def pmacct(folder):
    with open(os.path.join(folder, "output-flow-00.json"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f if "ip_src" in line]
    return sums_of([{"src": r["ip_src"], "dst": r["ip_dst"], "sport": r["port_src"], "dport": r["port_dst"],
                     "proto": PROTO_WORDS.get(r["ip_proto"], 0), "packets": r["packets"], "bytes": r["bytes"]} for r in rows])


NDPI = re.compile(r"^\s*\d+\s+(\S+) (\S+):(\d+) <?-> (\S+):(\d+) \[.*?\[(\d+) pkts/\d+ bytes <?-> (\d+) pkts/\d+ bytes\]")


def ndpi(path):
    """The table of flows in X.out."""
    sums = traffic.Conversations()
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            found = NDPI.match(line)
            proto = found and PROTO_WORDS.get(found[1].lower().replace("icmpv6", "ipv6-icmp"), logs.whole(found[1]))
            if not found or proto is None:
                continue
            src, dst = (logs.address(found[i].strip("[]")) for i in (2, 4))
            if None in (src, dst):  # nDPI shortens some IPv6 addresses twice
                continue
            ports = (int(found[3]), int(found[5])) if proto in traffic.PORTS else (None, None)
            sums.add(src, ports[0], dst, ports[1], proto, {"packets": int(found[6]), "rpackets": int(found[7])}, 0, 0)
    return [{**r, "start": None, "end": None, "bytes": None, "rbytes": None, "flags": None, "rflags": None, "icmp": None}
            for r in sums.records()]


def ipfixprobe(path):
    sums = traffic.Conversations()
    with open(path, encoding="utf-8", newline="") as f:
        lines = f.read().splitlines()
    head = next(line for line in lines if line.startswith("ipaddr DST_IP"))
    names = [word.split(" ")[1] for word in head.split(",")]
    for cells in csv.reader(line for line in lines if line and line != head):
        row = dict(zip(names, cells))
        proto = int(row["PROTOCOL"])
        ports = (int(row["SRC_PORT"]), int(row["DST_PORT"])) if proto in traffic.PORTS else (None, None)
        counts = {"packets": int(row["PACKETS"]), "rpackets": int(row["PACKETS_REV"]), "bytes": int(row["BYTES"]),
                  "rbytes": int(row["BYTES_REV"]), "flags": int(row["TCP_FLAGS"]) & 0x3f if proto == 6 else 0,
                  "rflags": int(row["TCP_FLAGS_REV"]) & 0x3f if proto == 6 else 0}
        first, last = (logs.stamp(row[key] + "+0000") for key in ("TIME_FIRST", "TIME_LAST"))
        src, dst = (str(ipaddress.ip_address(row[key])) for key in ("SRC_IP", "DST_IP"))
        sums.add(src, ports[0], dst, ports[1], proto, counts, first, last)
    return [{**r, "icmp": None} for r in sums.records()]


def zeek_baselines(index, trace):
    """Directories of logs of a trace."""
    with open(index, encoding="utf-8") as f:
        rows = [line.rstrip("\n").split("\t") for line in f]
    return [row[1] for row in rows if row[0].endswith(trace)]


def zeek(folder):
    """(flows, lookups) of conn.log and dns.log whose times are masked."""
    flows, lookups = [], []
    for path in glob.glob(os.path.join(folder, "*.log")):
        for kind, row in logs.zeek_rows(path):
            row = {**row, "ts": "1", "duration": "0"}
            if kind == "conn":
                flow = logs.zeek_flow(row)
                if flow:
                    flows.append({k: v for k, v in flow.items() if k not in ("start", "end", "state")})
            elif kind == "dns":
                found = logs.zeek_lookup(row)
                if found and not (row.get("id.resp_p") != "53" and row.get("id.orig_p") != "53"):
                    lookups.append({**found, "time": None})
    return flows, lookups


TCPDUMP = re.compile(r"^\s*\d+\s+(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\.(\d{6}) IP6? (\S+)\.(\d+) > (\S+)\.(\d+): \d+[^?]* "
                     r"(?:\[[^]]*\] )?([A-Z0-9]+)\? (\S+) \(")


def tcpdump(path):
    """The queries of X.out."""
    lookups = []
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            found = TCPDUMP.match(line)
            if found and found[7] in ("53", "domain"):
                lookups.append({"client": found[4], "server": found[6], "qtype": found[8], "name": dnsfields.name_of(found[9]),
                                "time": logs.stamp("%sT%s.%s+0000" % (found[1], found[2], found[3]))})
    return lookups
