# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Flow records of NetFlow v5, v9, IPFIX and sFlow as tshark decodes them.

In: {name: datagrams}. Out: {name: flow records} with the keys of `decode --json`. One run of tshark reads them all:
each file's datagrams get a source address of their own, so that its templates stay its own. Records without addresses
(options, statistics) are no flows. tshark shows uptimes as they came; RFC 3954 5.1 says how they become times.
"""
import ipaddress
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone

import datagrams

# By tshark's name: our field, or a field that only helps. Where two fill one, the first in this order wins.
NAMES = {
    "srcaddr": "src", "srcaddrv6": "src", "dstaddr": "dst", "dstaddrv6": "dst", "srcport": "sport", "dstport": "dport",
    "udp_srcport": "sport", "tcp_srcport": "sport", "udp_dstport": "dport", "tcp_dstport": "dport",
    "protocol": "proto", "tcpflags": "flags", "tcpflags16": "flags", "packets": "packets", "post_packets": "packets",
    "initiator_packets": "packets", "permanent_packets": "packets", "octets": "bytes", "post_octets": "bytes",
    "initiator_octets": "bytes", "permanent_octets": "bytes", "responder_packets": "rpackets",
    "responder_octets": "rbytes", "post_natsource_ipv4_address": "nat_src", "post_natsource_ipv6_address": "nat_src",
    "post_naptsource_transport_port": "nat_sport", "flow_end_reason": "reason", "ingress_vrfid": "realm",
    "icmp_type_code_ipv4": "icmp_both", "icmp_type_code_ipv6": "icmp_both", "icmp_type": "icmp_both",
    "icmp_ipv4_type": "icmp_type", "icmp_ipv4_code": "icmp_code", "icmp_ipv6_type": "icmp_type",
    "icmp_ipv6_code": "icmp_code", "abstimestart": "start", "abstimeend": "end", "timestart": "up_start",
    "timeend": "up_end", "sys_init_time": "boot", "firewall_event": "event", "nat_event": "event"}
ORDER = {name: place for place, name in enumerate(NAMES)}
REVERSE = {"packets": "rpackets", "bytes": "rbytes", "flags": "rflags"}
REASONS = [None, "idle", "active", "fin", "forced", "lack"]
TOTALS = {"permanent_packets": "packets", "permanent_octets": "bytes"}  # only where no delta counters stand
FIELDS = ("flags", "packets", "bytes", "rpackets", "rbytes", "rflags", "start", "end", "reason", "exported", "received",
          "icmp", "realm", "nat_src", "nat_sport", "sampling", "exporter")
ICMP, PORTS = (1, 58), (6, 17, 132)
HOUR_MS = 3600000


def absolute_ms(text):
    """`Dec 14, 2017 07:23:45.148000000 UTC`"""
    when = datetime.strptime(text[:text.index(".")], "%b %d, %Y %H:%M:%S").replace(tzinfo=timezone.utc)
    return int(when.timestamp()) * 1000 + int(text[text.index(".") + 1:][:3])


def value_of(field, name):
    shown, value = field.get("show"), field.get("value")
    if name in ("src", "dst", "nat_src"):
        return ipaddress.ip_address(shown)
    if name in ("start", "end", "boot"):
        return absolute_ms(shown)
    if name in ("up_start", "up_end"):
        return round(float(shown) * 1000)
    if name in ("flags", "rflags"):
        return int(value, 16) & 0xff
    return int(value, 16)


def name_of(field):
    """Our name of it, or None."""
    name = NAMES.get(field.get("name", "")[6:])
    return REVERSE.get(name) if "(Reverse Type" in field.get("showname", "") else name


def read_fields(element):
    """The fields of one record; the first that is not zero stays."""
    record = {}
    found = [f for f in element.iter("field") if f.get("name", "")[6:] in NAMES and f.get("value") and name_of(f)]
    deltas = {name_of(f) for f in found if f.get("name")[6:] not in TOTALS}
    for field in sorted(found, key=lambda f: ORDER[f.get("name")[6:]]):
        name = name_of(field)
        if field.get("name")[6:] in TOTALS and name in deltas:
            continue
        try:
            value = value_of(field, name)
        except ValueError:
            continue
        if not record.get(name) or (name in ("src", "dst") and int(record[name]) == 0):
            record[name] = value
    return record


def finish(record, header):
    """Times, ICMP and words as `decode --json` prints them; None where it is no flow."""
    if "src" not in record or "dst" not in record:
        return None
    boot = record.pop("boot", header.get("boot"))
    for key in ("start", "end"):
        up = record.pop("up_" + key, None)
        if up is not None and boot is not None and not record.get(key):
            record[key] = boot + up
            while record[key] > header["exported"] + HOUR_MS:  # the counter has gone round since
                record[key] -= 1 << 32
        if record.get(key) == 0:
            del record[key]
    if not int(record.get("nat_src", 0)):
        record.pop("nat_src", None), record.pop("nat_sport", None)
    for key in ("src", "dst", "nat_src"):
        if key in record:
            record[key] = str(record[key])
    finish_ports(record)
    reason = record.pop("reason", 0)
    record["reason"] = REASONS[reason] if reason < len(REASONS) else None
    if record.get("realm"):
        record["realm"] = str(record["realm"])
    else:
        record.pop("realm", None)
    record["exported"] = header.get("exported")
    return record


def finish_ports(record):
    both = record.pop("icmp_both", None)
    kind, code = record.pop("icmp_type", None), record.pop("icmp_code", None)
    proto = record.setdefault("proto", 0)
    if proto in ICMP:
        number = both or (kind or 0) * 256 + (code or 0)
        if not number and not record.get("sport"):  # Cisco's way: the destination port holds both
            number = record.get("dport") or 0
        if number or any(part is not None for part in (both, kind, code)):
            record["icmp"] = "%d/%d" % (number >> 8, number & 255)
        record.pop("sport", None), record.pop("dport", None)
    elif proto in PORTS or record.get("sport") or record.get("dport"):
        record.setdefault("sport", 0), record.setdefault("dport", 0)
    else:
        record.pop("sport", None), record.pop("dport", None)


def header_of(proto):
    got = {f.get("name"): f.get("show") for f in proto.iter("field") if f.get("name", "").startswith("cflow.")}
    seconds = got.get("cflow.unix_secs") or got.get("cflow.exporttime")
    header = {"version": got.get("cflow.version")}
    if seconds:
        header["exported"] = int(seconds) * 1000 + int(got.get("cflow.unix_nsecs", 0)) // 1000000
    if seconds and "cflow.sysuptime" in got:
        header["boot"] = header["exported"] - round(float(got["cflow.sysuptime"]) * 1000)
    if "cflow.samplerate" in got:
        header["sampling"] = int(got["cflow.samplerate"])
    return header


def cflow_records(proto):
    header = header_of(proto)
    for element in proto.iter("field"):
        if element.get("name") == "" and re.match(r"(Flow|pdu) \d+", element.get("show") or ""):
            record = finish(read_fields(element), header)
            if record:
                if header["version"] == "5" and header.get("sampling"):
                    record["sampling"] = header["sampling"]
                yield record


def inner_packet(sample):
    """The sampled packet's outermost IP header, of an sFlow sample."""
    got = {}
    for proto in sample.iter("proto"):
        if proto.get("name") in ("ip", "ipv6") and "src" in got:
            break
        for field in proto.iter("field"):
            got.setdefault(field.get("name"), field.get("show"))
        if proto.get("name") in ("ip", "ipv6"):
            got["src"] = True
    return got


def sflow_records(proto):
    for sample in proto.findall("field"):
        if "low sample" not in (sample.get("show") or ""):
            continue
        rate = sample.find(".//field[@name='sflow.flow_sample.sampling_rate']")
        got = inner_packet(sample)
        src, dst = got.get("ip.src") or got.get("ipv6.src"), got.get("ip.dst") or got.get("ipv6.dst")
        if not src:
            continue
        size = int(got["ip.len"]) if "ip.len" in got else int(got["ipv6.plen"]) + 40
        numbers = [int(got[k]) for k in ("ip.proto", "ipv6.hopopts.nxt", "ipv6.nxt") if k in got]
        record = {"src": src, "dst": dst, "proto": numbers[0], "packets": 1, "bytes": size, "sampling": int(rate.get("show"))}
        for end, key in (("src", "sport"), ("dst", "dport")):
            port = got.get("tcp.%sport" % end) or got.get("udp.%sport" % end)
            if port is not None:
                record[key] = int(port)
        if "tcp.flags" in got:
            record["flags"] = int(got["tcp.flags"], 16) & 0xff
        if numbers[0] in ICMP:
            name = "icmp" if numbers[0] == 1 else "icmpv6"
            record["icmp"] = "%s/%s" % (got.get(name + ".type"), got.get(name + ".code"))
        yield record


def merge(files):
    """-> (datagrams with addresses of their own, {that address: (name, exporter)})"""
    merged, origin = [], {}
    for number, (name, grams) in enumerate(sorted(files.items())):
        exporters = {}
        for d in grams:
            who = exporters.setdefault((d.src, d.sport), len(exporters))
            address = "10.%d.%d.%d" % (number >> 8, number & 255, who & 255)
            origin[address] = (name, d.src)
            port = 6343 if d.payload[:4] == b"\0\0\0\5" else 2055
            merged.append(d._replace(src=address, dst=datagrams.COLLECTOR, dport=port))
    return merged, origin


def decode(files, path):
    """Runs tshark over the datagrams of all files; path is for a capture of them. -> {name: records}"""
    if not files:
        return {}
    merged, origin = merge(files)
    datagrams.write(path, merged)
    run = subprocess.Popen(["tshark", "-r", path, "-d", "udp.port==2055,cflow", "-d", "udp.port==6343,sflow", "-T", "pdml"],
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = {name: [] for name in files}
    for _, packet in ElementTree.iterparse(run.stdout):
        if packet.tag != "packet":
            continue
        source = packet.find("./proto[@name='ip']/field[@name='ip.src']").get("show")
        when = packet.find(".//field[@name='frame.time_epoch']").get("show")
        name, exporter = origin[source]
        for proto in packet.findall("proto"):
            read = {"cflow": cflow_records, "sflow": sflow_records}.get(proto.get("name"))
            for record in read(proto) if read else ():
                record["exporter"] = exporter
                record["received"] = int(when.split(".")[0]) * 1000 + int(when.split(".")[1][:3])
                found[name].append(record)
        packet.clear()
    run.wait()
    return found
