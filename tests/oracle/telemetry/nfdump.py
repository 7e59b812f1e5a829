# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Flow records of nfcapd files as nfdump prints them (`-o json`).

In: a path. Out: flow records with the keys of `decode --json`. What is left None is not compared: TCP flags of which
none is set (nfcapd files do not tell these from flags that were not exported), the time of receipt where it is more
than a day behind the flow's end (the files were made years after the captures), 0.0.0.0 for no NAT. The
exporter is not in files whose collector did not note it.
"""
import json
import os
import subprocess
from datetime import datetime, timezone

FLAGS = "CEUAPRSF"
COUNTERS = ("packets", "bytes", "rpackets", "rbytes")
DAY_MS = 86400000
FIELDS = ("flags", "packets", "bytes", "rpackets", "rbytes", "start", "end", "received", "icmp", "realm", "nat_src",
          "nat_sport", "exporter")


def stamp_ms(text):
    """`2016-02-14T17:12:49.680`, and None for 1970: no time"""
    when = datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    value = int(when.timestamp()) * 1000 + int((text[20:] + "000")[:3])
    return value or None


def run(path, *options):
    ran = subprocess.run(["nfdump", "-r", path, *options], capture_output=True, check=False, timeout=60,
                         env=dict(os.environ, TZ="UTC"))
    if ran.returncode:
        raise RuntimeError("nfdump %s: status %d" % (path, ran.returncode))
    return ran.stdout.decode("utf-8", "replace")


def flags_of(word):
    return sum(1 << (7 - place) for place, letter in enumerate(word) if letter != ".") or None


def times(row):
    start, end, received = (stamp_ms(row[key]) for key in ("first", "last", "received"))
    if start and end and start > end:
        start, end = end, start
    late = received is not None and end is not None and received - end > DAY_MS
    return {"start": start, "end": end, "received": None if late else received}


def address(row, end):
    """A record may hold both families, then one is zero, and nfdump prints parts of one as the other."""
    both = [row[key] for key in (end + "6_addr", end + "4_addr") if key in row]
    return next((a for a in both if a not in ("0.0.0.0", "::")), both[0] if both else None)


def record(row):
    src, dst = address(row, "src"), address(row, "dst")
    if src is None or dst is None:
        return None
    got = {"src": src, "dst": dst, "proto": row["proto"], "packets": row["in_packets"], "bytes": row["in_bytes"],
           "flags": flags_of(row.get("tcp_flags", "")) if row["proto"] == 6 else None, **times(row)}
    if row["proto"] in (1, 58):
        got["icmp"] = "%d/%d" % (row["icmp_type"], row["icmp_code"])
    elif row["proto"] in (6, 17, 132) or row["src_port"] or row["dst_port"]:
        got["sport"], got["dport"] = row["src_port"], row["dst_port"]
    if row.get("aggr_flows", 0) > 1 or row.get("out_packets", 0):
        got["rpackets"], got["rbytes"] = row["out_packets"], row["out_bytes"]
    xlate = row.get("src4_xlt_ip") or row.get("src6_xlt_ip")
    if xlate and xlate not in ("0.0.0.0", "::"):
        got["nat_src"], got["nat_sport"] = xlate, int(row.get("src_xlt_port", 0))
    vrf = str(row.get("ingress_vrf", "0"))
    got["realm"] = vrf if vrf != "0" else None
    router = row.get("ip4_router") or row.get("ip6_router")
    got["exporter"] = router if router not in (None, "0.0.0.0", "::") else None
    return got


def scaled(flow):
    """One of our flows with the counters that nfcapd writes: multiplied by the sampling."""
    by = flow.get("sampling") or 1
    return {**flow, **{key: flow[key] * by for key in COUNTERS if key in flow}}


def decode(path):
    text = run(path, "-o", "json").strip()
    rows = json.loads(text, strict=False) if text.startswith("[") else []
    return [found for found in map(record, rows) if found]
