# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Flow tables and logs of other tools, read with Python's own json and csv.

In: Zeek's conn.log and dns.log (TSV, JSON, gzip), Argus tables, Suricata EVE, query logs. Out: (flows, lookups) with the keys of
`decode --json`; a field that the log does not tell is None, and not compared. Lines that have no time, address or port
in a form that can be read are left out, and so are protocols that are no IP, and names asked on the link only.
"""
import csv
import gzip
import ipaddress
import json
import re
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

import dnsfields
import ours

FLOWS = ("packets", "bytes", "rpackets", "rbytes", "start", "end", "state", "flags", "rflags", "icmp")
LOOKUPS = ("time", "clock", "rcode", "addresses", "names", "ttl")
PROTOS = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "icmp6": 58, "sctp": 132, "igmp": 2, "gre": 47, "esp": 50,
          "ospf": 89, "pim": 103, "ipv6": 41, "rsvp": 46, "vrrp": 112, "udt": 17, "rtp": 17, "rtcp": 17}
FLAGS = {"S": 2, "F": 1, "R": 4, "A": 16, "P": 8, "U": 32, "E": 64, "C": 128}
LINK_PORTS = (5353, 5355, 137)


def lines_of(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as f:
        try:
            for line in f:
                yield line.decode("utf-8", "replace").rstrip("\r\n")
        except EOFError:
            return


def address(text):
    try:
        found = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)


def milliseconds(seconds):
    """Of a decimal number as text, cut behind the milliseconds; None where it is no number."""
    found = re.fullmatch(r"(\d+)(?:\.(\d*))?", str(seconds).strip())
    return int(found[1]) * 1000 + int(((found[2] or "") + "000")[:3]) if found else None


def micros(seconds):
    """Cut behind the microseconds; `9.1e-05` is a number too."""
    try:
        return int(Decimal(str(seconds).strip()) * 1000000)
    except (InvalidOperation, ValueError, OverflowError):
        return None


def whole(text):
    return int(text) if re.fullmatch(r"\d+", str(text)) else None


def zeek_rows(path):
    """Yields (kind of log or None, {field: text}); a field that is not set is not there."""
    names, kind, unset, empty = [], None, "-", "(empty)"
    for line in lines_of(path):
        if line.startswith("{"):
            try:
                row = json.loads(line, parse_float=str)
            except ValueError:
                continue
            yield ("conn" if "conn_state" in row or "orig_pkts" in row else "dns" if "trans_id" in row else None), row
        elif line.startswith("#"):
            word, _, rest = line[1:].partition("\t")
            names = rest.split("\t") if word == "fields" else names
            kind = rest if word == "path" else kind
            unset = rest if word == "unset_field" else unset
        elif names:
            cells = line.split("\t")
            yield kind, {n: c for n, c in zip(names, cells) if c != unset and c != empty}


def zeek_flow(row):
    src, dst = address(str(row.get("id.orig_h", ""))), address(str(row.get("id.resp_h", "")))
    start, duration = micros(row.get("ts", "")), micros(row.get("duration", "0"))
    ports = whole(row.get("id.orig_p", "")), whole(row.get("id.resp_p", ""))
    proto = PROTOS.get(row.get("proto"), whole(row.get("ip_proto", "")))
    if None in (src, dst, start, duration, *ports) or not proto or max(ports) > 65535:
        return None
    if proto == 1 and ":" in src:
        proto = 58
    flow = {"src": src, "dst": dst, "proto": proto, "start": start // 1000, "end": (start + duration) // 1000,
            "state": row.get("conn_state")}
    if proto not in (1, 58):
        flow["sport"], flow["dport"] = ports
    for ours, theirs, other in (("packets", "orig_pkts", ""), ("bytes", "orig_ip_bytes", "orig_bytes"),
                                ("rpackets", "resp_pkts", ""), ("rbytes", "resp_ip_bytes", "resp_bytes")):
        flow[ours] = whole(row.get(theirs, row.get(other, "")))
    for letter, keys in (("C", ("packets", "bytes")), ("c", ("rpackets", "rbytes"))):
        if letter in str(row.get("history", "")) and not flow[keys[0]]:  # bad checksums: nothing was counted
            flow[keys[0]] = flow[keys[1]] = None
    return flow


def zeek_lookup(row):
    client, server = address(str(row.get("id.orig_h", ""))), address(str(row.get("id.resp_h", "")))
    ports = [whole(row.get(key, "")) for key in ("id.orig_p", "id.resp_p")]
    when = milliseconds(row.get("ts", ""))
    if None in (client, server, when) or row.get("query") is None or set(ports) & set(LINK_PORTS):
        return None
    kind = whole(row.get("qtype", ""))
    answers, ttls = row.get("answers"), row.get("TTLs")
    answers = answers.split(",") if isinstance(answers, str) else answers or []
    ttls = ttls.split(",") if isinstance(ttls, str) else ttls or []
    code = whole(row.get("rcode", ""))
    rcode = dnsfields.rcode_of(code) if code is not None else row.get("rcode_name")
    found = {"client": client, "server": server, "time": when, "name": dnsfields.name_of(row["query"]),
             "qtype": dnsfields.type_of(kind or 0), "rcode": rcode}
    if rcode:
        found["addresses"] = [address(a) for a in answers if address(a)][:dnsfields.ADDRESSES]
        found["ttl"] = int(min(map(float, ttls))) if ttls else None
        texts = [a for a in answers if not address(a)]
        if not any(" " in a for a in texts) and sum(len(a) + 1 for a in texts) < dnsfields.NAME_BYTES:
            found["names"] = [dnsfields.plain(a.rstrip(".").lower()) for a in texts]
    return found


def zeek(path):
    flows, lookups = [], []
    for kind, row in zeek_rows(path):
        read, out = {"conn": (zeek_flow, flows), "dns": (zeek_lookup, lookups)}.get(kind, (None, None))
        found = read(row) if read else None
        if found:
            out.append(found)
    return flows, lookups


USUAL = ["StartTime", "Dur", "Proto", "SrcAddr", "Sport", "Dir", "DstAddr", "Dport", "State", "sTos", "dTos", "TotPkts",
         "TotBytes", "SrcBytes", "Label"]


def argus_flags(state):
    """`FSPA_FSPA` -> (flags of the source, of the destination), or two times None."""
    found = re.fullmatch(r"([SFRAPUEC]*)_([SFRAPUEC]*)", state)
    return tuple(sum(FLAGS[c] for c in set(half)) or None for half in found.groups()) if found else (None, None)


def argus_port(text):
    return int(text, 0) if re.fullmatch(r"0x[0-9a-f]+|\d+", text) else 0 if text == "" else None


def argus_flow(row):
    cells = {name: value.strip() for name, value in row.items() if name and value is not None}
    proto = PROTOS.get(cells["Proto"].lower())
    src, dst = address(cells["SrcAddr"]), address(cells["DstAddr"])
    start = re.fullmatch(r"(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d)(?:\.(\d+))?", cells["StartTime"])
    ports = argus_port(cells["Sport"]), argus_port(cells["Dport"])
    total, one = whole(cells.get("TotBytes", "")), whole(cells.get("SrcBytes", ""))
    if proto is None or None in (src, dst, start) or None not in (total, one) and one > total:
        return None
    begin = ours.milliseconds(start[1] + "." + ((start[2] or "") + "000")[:3] + "Z")
    there, back = argus_flags(cells["State"]) if proto == 6 else (None, None)
    flow = {"src": src, "dst": dst, "proto": proto, "start": begin, "state": cells["State"][:15] or None,
            "end": begin + (micros(cells["Dur"] or "0") + 500) // 1000, "bytes": one, "flags": there, "rflags": back,
            "rbytes": total - one if None not in (total, one) else None,
            "packets": whole(cells.get("SrcPkts", "")), "total": whole(cells.get("TotPkts", ""))}
    if proto in (6, 17, 132):
        if None in ports:
            return None
        flow["sport"], flow["dport"] = ports
    if cells["Dir"] in ("<-", "<?"):  # all of it went backwards
        turned = {"src": "dst", "sport": "dport", "bytes": "rbytes", "flags": "rflags", "packets": "rpackets"}
        turned.update({b: a for a, b in turned.items()})
        flow = {turned.get(key, key): value for key, value in flow.items()}
    return flow


def argus(path):
    lines = list(lines_of(path))
    separator = "\t" if lines[0].count("\t") > lines[0].count(",") else ","
    names, flows = USUAL, []
    for cells in csv.reader(lines, delimiter=separator):
        if "SrcAddr" in cells:
            names = cells
        elif len(cells) > 12:
            found = argus_flow(dict(zip(names, cells)))
            if found:
                flows.append(found)
    return flows, []


def stamp(text):
    """`2021-06-06T15:59:46.457984+0200`"""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000 + 1e-4)


def eve_flow(row):
    flow = row["flow"]
    found = {"src": address(row["src_ip"]), "dst": address(row["dest_ip"]), "sport": row.get("src_port"),
             "dport": row.get("dest_port"), "proto": PROTOS.get(row["proto"].lower()), "packets": flow["pkts_toserver"],
             "bytes": flow["bytes_toserver"], "rpackets": flow["pkts_toclient"], "rbytes": flow["bytes_toclient"],
             "start": stamp(flow["start"]), "end": stamp(flow["end"]) if "end" in flow else None}
    return found


def eve(path):
    rows = [json.loads(line) for line in lines_of(path) if line.startswith("{")]
    return [eve_flow(row) for row in rows if row.get("event_type") == "flow"], []


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
SYSLOG = r"^([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) "
DNSMASQ_ASKS = re.compile(SYSLOG + r"dnsmasq\[\d+\]: query\[(\w+)\] (\S+) from (\S+)$")
DNSMASQ_SAYS = re.compile(SYSLOG + r"dnsmasq\[\d+\]: (?:cached|reply|config|/etc/hosts) (\S+) is (\S+)$")
UNBOUND_ASKS = re.compile(SYSLOG + r".*unbound\[\d+\]: \[[0-9:]+\] info: ([0-9a-f.:]+) (\S+)\. (\w+) IN$")


def clock(found):
    """Month, day and time of day: these logs give no year."""
    return "%02d-%02d %s" % (MONTHS.index(found[1]) + 1, int(found[2]), found[3])


def with_clock(lookups):
    return [{**d, "clock": datetime.fromtimestamp(d["time"] // 1000, timezone.utc).strftime("%m-%d %H:%M:%S")} for d in lookups]


def querylog(path):
    """Queries of dnsmasq and unbound, dnsmasq's with their answers."""
    lookups, last = [], {}
    for line in lines_of(path):
        found = DNSMASQ_ASKS.match(line)
        if found:
            last[found[5]] = {"client": found[6], "name": found[5], "qtype": found[4], "clock": clock(found)}
            lookups.append(last[found[5]])
        found = UNBOUND_ASKS.match(line)
        if found:
            lookups.append({"client": found[4], "name": found[5], "qtype": found[6], "clock": clock(found)})
        found = DNSMASQ_SAYS.match(line)
        if found and found[4] in last:
            denied = found[5].startswith("NXDOMAIN")
            last[found[4]].update(rcode="NXDOMAIN" if denied else "NOERROR", addresses=[] if denied else [found[5]])
    return [], lookups


def with_total(flow):
    """With the packets of both ways, where both are known."""
    both = flow.get("packets"), flow.get("rpackets")
    return flow if None in both else {**flow, "total": sum(both)}


def reader_of(name):
    """The reader of a log, by its place."""
    for place, read in (("zeek/", zeek), ("argus/", argus), ("eve/", eve), ("dns/querylog/", querylog)):
        if name.startswith(place):
            return read
    return None
