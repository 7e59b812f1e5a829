# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Record lines of `theriac decode --json`, and which line of the provider an address belongs to.

In: JSON Lines (design.md section 6). Out: Flow and Lookup objects, times in seconds since 1970 (UTC).
Leaves out: sessions and reports (a line is an inside address here: IPv4 /32, IPv6 /64), NAT addresses, realms.
A record without a usable time or address is counted as bad and left out.
"""
import ipaddress
import json
from datetime import date
from functools import lru_cache

TCP, UDP = 6, 17
ICMP = (1, 58)
DEFAULT_INSIDE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"]
EPOCH = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=4096)
def day_seconds(text):
    return (date(int(text[:4]), int(text[5:7]), int(text[8:10])).toordinal() - EPOCH) * 86400


def parse_time(text):
    """`2024-05-01T10:00:00.250Z` -> seconds."""
    if isinstance(text, (int, float)):
        return float(text)
    text = text.rstrip("Z")
    return day_seconds(text[:10]) + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + float(text[17:] or 0)


class Flow:
    """One exported flow. A key that the exporter did not send is None."""
    __slots__ = ("start", "end", "time", "src", "sport", "dst", "dport", "proto", "flags", "rflags", "packets",
                 "bytes", "rpackets", "rbytes", "state", "icmp", "exporter", "sampling", "dir")

    def __init__(self, row):
        get = row.get
        start, end = get("start") or get("end"), get("end") or get("start")
        self.start, self.end = parse_time(start), parse_time(end)
        exported = get("exported")
        self.time = parse_time(exported) if exported else self.end
        self.src, self.dst = row["src"], row["dst"]
        self.proto = get("proto", 0)
        # The "ports" of ICMP are its type and code in some formats: two directions would never match by them.
        ports = self.proto not in ICMP
        self.sport, self.dport = (get("sport", 0), get("dport", 0)) if ports else (0, 0)
        # A TCP packet always carries some flag: 0 means that the exporter does not tell.
        self.flags, self.rflags = get("flags") or None, get("rflags") or None
        self.packets, self.bytes = get("packets"), get("bytes")
        self.rpackets, self.rbytes = get("rpackets"), get("rbytes")
        self.state, self.icmp, self.dir = get("state"), get("icmp"), get("dir")
        self.exporter, self.sampling = get("exporter", ""), get("sampling") or 1


class Lookup:
    """One DNS query with its answer."""
    __slots__ = ("time", "client", "name", "qtype", "rcode")

    def __init__(self, row):
        self.time, self.client = parse_time(row["time"]), row["client"]
        self.name, self.qtype = row["name"], row.get("qtype", "")
        self.rcode = row.get("rcode")


def read_records(lines):
    """-> (flows, lookups, count of bad records). Other types of objects are passed over."""
    flows, lookups, bad = [], [], 0
    for line in lines:
        try:
            row = json.loads(line)
            kind = row.get("type")
            if kind == "flow":
                flows.append(Flow(row))
            elif kind == "dns":
                lookups.append(Lookup(row))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            bad += 1
    return flows, lookups, bad


class Inside:
    """Tells lines from peers."""

    def __init__(self, prefixes=None):
        self.nets = [ipaddress.ip_network(p.split(",")[0], strict=False) for p in prefixes or DEFAULT_INSIDE]
        self.known = {}

    def place(self, text):
        """-> ("line", name), ("peer", address) or (None, None) for what is neither."""
        found = self.known.get(text)
        if found is None:
            found = self.known[text] = self._place(text)
        return found

    def _place(self, text):
        try:
            address = ipaddress.ip_address(str(text).split("%")[0])
        except ValueError:
            return None, None
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        if address.is_multicast or address.is_link_local or address.is_unspecified or text == "255.255.255.255":
            return None, None
        if not any(address.version == net.version and address in net for net in self.nets):
            return "peer", str(address)
        if address.version == 4:
            return "line", str(address)
        return "line", str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
