#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""nfcapd files as nfcapd and nfdump write them, in every compression, and what theriac reads of them.

usage: nfcapd.py THERIAC CAPTURE FOLDER

In: CAPTURE, a pcap of NetFlow datagrams, which a collector on the loopback gets sent, paced. Out, in FOLDER: its files
(nfcapd writes them plain, LZO, LZ4 and BZ2), and each written anew by nfdump in every compression. Every one must
give the records that `nfdump -o csv` and `-o json` print of it, field by field, and those written anew the same lines
as their source. The CSV of one is read, too.
Exit status: 0, 1 with what differs, 77 where nfcapd or nfdump is missing.
"""
import csv
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "oracle", "telemetry"))
import datagrams  # noqa: E402
import match  # noqa: E402
import nfdump  # noqa: E402
import ours  # noqa: E402

KINDS = {"plain": [], "lzo": ["-z"], "lz4": ["-y"], "bz2": ["-j"]}
PROTOS = {"TCP": 6, "UDP": 17, "ICMP": 1, "ICMP6": 58}
CSV_FIELDS = ("flags", "packets", "bytes", "start_s", "end_s", "lasted_ms", "exporter")
BURST, PAUSE_S, READY_S, END_S = 10, 0.004, 5, 20


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with open("/proc/net/udp", encoding="ascii") as f:
        return any(":%04X " % port in line for line in f)


def collect(messages, folder, options):
    """A collector gets the messages; -> the file that it wrote."""
    os.mkdir(folder)
    port = free_port()
    command = ["nfcapd", "-b", "127.0.0.1", "-p", str(port), "-w", folder, "-t", "3600", "-B", "8000000", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as collector:
        deadline = time.monotonic() + READY_S
        while not listens(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for place, message in enumerate(messages):
                s.sendto(message, ("127.0.0.1", port))
                if place % BURST == 0:
                    time.sleep(PAUSE_S)
        time.sleep(1)
        collector.send_signal(signal.SIGTERM)
        collector.wait(END_S)
    return glob.glob(os.path.join(folder, "nfcapd.2*"))[0]


def csv_record(row):
    word = row["pr"].strip()
    proto = int(word) if word.isdigit() else PROTOS.get(word)
    start, end = (nfdump.stamp_ms(row[key].replace(" ", "T") + ".000") for key in ("ts", "te"))
    record = {"src": row["sa"].strip(), "dst": row["da"].strip(), "proto": proto, "packets": int(row["ipkt"]),
              "bytes": int(row["ibyt"]), "flags": nfdump.flags_of(row["flg"]) if proto == 6 else None,
              "start_s": start // 1000, "end_s": end // 1000, "lasted_ms": round(float(row["td"]) * 1000),
              "exporter": row["ra"].strip()}
    if proto not in (1, 58):
        record["sport"], record["dport"] = int(row["sp"]), int(row["dp"])
    return record


def by_csv(path):
    lines = nfdump.run(path, "-o", "csv").splitlines()
    end = next((i for i, line in enumerate(lines) if line.startswith("Summary")), len(lines))
    return [csv_record(row) for row in csv.DictReader(lines[:end]) if row["da"]]


def with_seconds(flows):
    return [{**f, "start_s": f["start"] // 1000, "end_s": f["end"] // 1000, "lasted_ms": f["end"] - f["start"]} for f in flows]


def check(name, decoded, path):
    """What differs between our records and nfdump's."""
    flows = [nfdump.scaled(f) for f in decoded.flows]
    wrong = []
    for how, result in (("csv", match.compare(with_seconds(flows), by_csv(path), CSV_FIELDS)),
                        ("json", match.compare(flows, nfdump.decode(path), nfdump.FIELDS))):
        wrong += ["%s against nfdump -o %s: %s" % (name, how, dict(result.counts))] if result.counts else []
        wrong += ["  " + e for e in result.examples]
        if not result.compared:
            wrong.append("%s against nfdump -o %s: nothing to compare" % (name, how))
    return wrong


def check_csv(theriac, path):
    """The CSV that nfdump prints of a file, read by theriac: the same records, to the second."""
    text = path + ".csv"
    with open(text, "w", encoding="utf-8") as f:
        f.write(nfdump.run(path, "-o", "csv"))
    flows = with_seconds(ours.decode(theriac, text).flows)
    fields = [field for field in CSV_FIELDS if field not in ("lasted_ms", "exporter")]
    result = match.compare(flows, by_csv(path), fields)
    return ["nfdump -o csv, read: %s" % dict(result.counts)] + result.examples if result.counts else []


def main(theriac, capture, folder):
    missing = [tool for tool in ("nfcapd", "nfdump") if shutil.which(tool) is None]
    if missing:
        print("not installed: " + ", ".join(missing))
        return 77
    messages, wrong, count = [d.payload for d in datagrams.read(capture)], [], 0
    for kind, options in KINDS.items():
        path = collect(messages, os.path.join(folder, "by-" + kind), options)
        decoded = ours.decode(theriac, path)
        wrong += check("nfcapd " + kind, decoded, path)
        for other, again in KINDS.items():
            copy = os.path.join(folder, "%s-%s" % (kind, other))
            nfdump.run(path, "-w", copy, *again)
            copied = ours.decode(theriac, copy)
            if copied.digest != decoded.digest:
                wrong.append("nfcapd %s, written anew as %s: not the same records" % (kind, other))
                wrong += check("nfdump " + other, copied, copy)
        wrong += check_csv(theriac, path) if kind == "plain" else []
        count = len(decoded.flows)
    for line in wrong:
        print(line)
    print("%d flows in %d files, %d lines of differences" % (count, len(KINDS) * (len(KINDS) + 1), len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
