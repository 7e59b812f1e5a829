# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Which independent reader knows which file.

In: the names of all files. Out: for each its comparisons, (who, match.Result). tshark reads all exports in one run and
all traffic in another, before anything is compared. A capture that then differs is read again alone, lest the streams
of another file in that run are to blame.
"""
import glob
import os
import re
from concurrent.futures import ThreadPoolExecutor

import datagrams
import dnsfields
import dnstap
import exports
import logs
import match
import nfdump
import ours as program
import traffic
import upstream

EXPORTS = re.compile(r"^netflow/.*\.(pcap|dat|bin|ipfix)$")
TRAFFIC = re.compile(r"^(pcap|dns)/.*\.(pcap|pcapng)$")
DNSTAP = re.compile(r"\.dnstap$|/dnstap\.saved$")
NFCAPD = re.compile(r"\.nfcapd$")
ALONE_BYTES = 1 << 20
SUBSET = ("extra",)  # an expectation of some records says nothing of the others


def without(result, kinds):
    for kind in kinds:
        result.counts.pop(kind, None)
    result.examples = [e for e in result.examples if e.split(":")[0] not in kinds]
    return result


class Sources:
    def __init__(self, theriac, root, names, work):
        self.theriac, self.root, self.work = theriac, root, work
        sent = {name: self.datagrams(name) for name in names if EXPORTS.search(name)}
        with ThreadPoolExecutor(1) as aside:
            read = aside.submit(exports.decode, sent, os.path.join(work, "exports.pcap"))
            self.captures = self.read_traffic(names)
            self.exports = read.result()

    def read_traffic(self, names):
        work = self.work
        self.tapped = {name: os.path.join(work, name.replace("/", "_") + ".pcap") for name in names if DNSTAP.search(name)}
        for name, path in self.tapped.items():
            datagrams.write(path, dnstap.read(self.path(name)))
        captures = [self.path(name) for name in names if TRAFFIC.search(name)] + list(self.tapped.values())
        return traffic.decode(captures, os.path.join(work, "traffic.pcapng")) if captures else {}

    def path(self, name):
        return os.path.join(self.root, name)

    def ours(self, name):
        return program.decode(self.theriac, self.path(name), yearless=name.startswith("dns/querylog/"))

    def datagrams(self, name):
        """What an exporter sent, one message a datagram."""
        if name.endswith(".pcap"):
            found = datagrams.read(self.path(name))
        else:
            with open(self.path(name), "rb") as f:
                found = [d._replace(src="", time_ms=0) for d in datagrams.raw([f.read()])]
        return [d._replace(payload=message) for d in found for message in datagrams.split(d.payload)]

    def compare(self, name, decoded):
        """Yields (who, Result)."""
        if name in self.exports:
            yield from self.compare_exports(name, decoded)
        elif NFCAPD.search(name):
            flows = [nfdump.scaled(f) for f in decoded.flows]
            yield "nfdump", match.compare(flows, nfdump.decode(self.path(name)), nfdump.FIELDS)
        elif name in self.tapped:
            yield "tshark", self.lookups(self.tapped[name], decoded)
        elif TRAFFIC.search(name):
            yield from self.compare_traffic(name, decoded)
        elif name.startswith(("zeek/", "argus/", "eve/", "dns/querylog/")):
            yield from self.compare_logs(name, decoded)

    def compare_exports(self, name, decoded):
        theirs = self.exports[name]
        if not name.endswith(".pcap"):  # a raw file tells neither who sent it nor when it came
            theirs = [{**r, "exporter": None, "received": None} for r in theirs]
        yield "tshark", match.compare(decoded.flows, theirs, exports.FIELDS)
        path, base = self.path(name), os.path.basename(name)
        if base.startswith("logstash-"):
            expected = upstream.logstash(path)
            if expected:
                fields = ("flags", "packets", "bytes", "start_s", "end_s")
                yield "logstash", without(match.compare(upstream.with_seconds(decoded.flows), expected, fields), SUBSET)
        elif base.startswith("telegraf-"):
            fields = ("flags", "packets", "bytes", "rpackets", "rbytes", "start", "end")
            yield "telegraf", match.compare(decoded.flows, upstream.telegraf(path), fields)
        elif "/pmacct/" in name and base == "traffic-00.pcap":
            folder = os.path.dirname(path)
            both = program.decode(self.theriac, *sorted(glob.glob(os.path.join(folder, "traffic-*.pcap"))))
            yield "pmacct", match.compare(upstream.sums_of(both.flows), upstream.pmacct(folder), ("packets", "bytes"))

    def lookups(self, path, decoded):
        theirs = self.captures[path].lookups.records()
        return match.compare(list(dnsfields.of_lookups(decoded.lookups)), theirs, dnsfields.COMPARED, match.DNS_KEY)

    def against_tshark(self, path, decoded):
        flows = match.compare(traffic.of_flows(decoded.flows), list(self.captures[path].sums.records()), traffic.COMPARED)
        return flows, self.lookups(path, decoded)

    def compare_traffic(self, name, decoded):
        path = self.path(name)
        flows, lookups = self.against_tshark(path, decoded)
        if (flows.counts or lookups.counts) and os.path.getsize(path) < ALONE_BYTES:
            alone = traffic.decode([path], os.path.join(self.work, name.replace("/", "_")))
            self.captures.update(alone)
            flows, lookups = self.against_tshark(path, decoded)
        yield "tshark", flows
        if lookups.compared or lookups.counts:
            yield "tshark-dns", lookups
        yield from self.compare_upstream(path, name, decoded)

    def compare_upstream(self, path, name, decoded):
        if name.startswith("pcap/ndpi/") and os.path.exists(path + ".out"):
            yield "ndpi", match.compare(traffic.of_flows(decoded.flows), upstream.ndpi(path + ".out"), ("packets", "rpackets"))
        told = path.replace("/inputs/", "/outputs/").replace(".pcap", "")
        if "/ipfixprobe/" in name and os.path.exists(told):
            yield "ipfixprobe", match.compare(traffic.of_flows(decoded.flows), upstream.ipfixprobe(told), traffic.COMPARED)
        if "/zeek-btest/" in name:
            yield from self.compare_zeek(name, decoded)
        if "/tcpdump/" in name and os.path.exists(path.replace(".pcap", ".out")):
            expected = upstream.tcpdump(path.replace(".pcap", ".out"))
            ours = list(dnsfields.of_lookups(decoded.lookups))
            yield "tcpdump", without(match.compare(ours, expected, ("time",), match.DNS_KEY), SUBSET)

    def compare_zeek(self, name, decoded):
        index = self.path("pcap/zeek-btest/INDEX.tsv")
        for folder in upstream.zeek_baselines(index, name.split("/", 1)[1]):
            flows, lookups = upstream.zeek(os.path.join(self.root, folder.split("/", 1)[1] if folder.startswith("telemetry/")
                                                        else folder))
            if flows:
                mine = [{**f, "sport": f.get("sport"), "dport": f.get("dport")} for f in decoded.flows]
                yield "zeek", without(match.compare(mine, flows, ("packets", "bytes", "rpackets", "rbytes")), SUBSET)
            if lookups:
                ours = list(dnsfields.of_lookups(decoded.lookups))
                yield "zeek-dns", without(match.compare(ours, lookups, logs.LOOKUPS, match.DNS_KEY), SUBSET)

    def compare_logs(self, name, decoded):
        path = self.path(name)
        read = logs.reader_of(name)
        if not read:
            return
        flows, lookups = read(path)
        mine = decoded.flows
        if read is logs.argus:
            mine = [logs.with_total(f) for f in mine]
        yield "python", match.compare(mine, flows, logs.FLOWS + ("total",))
        if lookups or decoded.lookups:
            ours = logs.with_clock(dnsfields.of_lookups(decoded.lookups))
            yield "python-dns", match.compare(ours, lookups, logs.LOOKUPS, match.DNS_KEY)
