#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""softflowd and pmacctd export a capture to a live sensor, which must find what `detect` finds in the capture.

usage: exporters.py THERIAC FOLDER [CAPTURES]

In: the capture that make_traffic.py makes, and the malware captures of CAPTURES/data, where they are, put into one. Each
exporter reads it and sends NetFlow v5, v9 and IPFIX over the loopback to `theriac sensor --replay`, through a relay
that keeps the datagrams. Both send flags and both directions. Out: a line for each run, and what differs from
`detect --no-dns` on the capture itself: the lines at behaviour or above by detectors of flows, their evidence, scores
by more than 3 dB, conversations of the lines by more than 2 %. From v5 the same for IPv4. A known difference stands
in CAUSES.
The captures are moved into the last whole hour, since pmacctd stamps its datagrams with the clock of the machine;
within an hour, since an exporter that reads a file sends all at its end, and a window that is over takes nothing more.
Exit status: 0, 1 with what differs, 77 where an exporter is missing.
"""
import csv
import glob
import ipaddress
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "oracle"), os.path.join(HERE, "..", "oracle", "telemetry")]
import contacts  # noqa: E402
import datagrams  # noqa: E402
import program  # noqa: E402
import records  # noqa: E402
import make_traffic as traffic  # noqa: E402

FLOW_DETECTORS = ("scan-bot-ports", "scan-any-port", "password-guessing", "spam-sending", "flood-sending",
                  "indicator-contact")
SCORE_DB, CONTACTS_SHARE = 3, 0.02
READY_S, EXPORT_S, QUIET_S, END_S = 20, 60, 2, 60
RELAY_BUFFER, SO_RCVBUFFORCE = 1 << 25, 33
LONGEST_S = 3500  # a capture of malware that lasts longer is left out
IDLE = ("an exporter that reads a file ends no flow by silence: a pair of ports used again after a minute is one flow "
        "for it, and several for the meter")
# (capture, exporter, version): {what differs: why}
CAUSES = {("malware", exporter, version): {"contacts": IDLE} for exporter in ("softflowd", "pmacctd") for version in (5, 9, 10)}


class Relay(threading.Thread):
    """Passes datagrams on, a little slower than they come, and keeps them."""

    def __init__(self, to):
        super().__init__(daemon=True)
        self.to, self.kept, self.last, self.ends = to, [], time.monotonic(), False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RELAY_BUFFER)
        except OSError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RELAY_BUFFER)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]

    def run(self):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        while not self.ends:
            try:
                payload, (src, sport) = self.socket.recvfrom(65535)
            except socket.timeout:
                continue
            self.last = time.monotonic()
            now_ms = int(time.time() * 1000)
            self.kept.append(datagrams.Datagram(now_ms, src, sport, "127.0.0.1", 2055, payload))
            sender.sendto(payload, ("127.0.0.1", self.to))
            time.sleep(0.0005)

    def wait(self):
        """Until nothing has come for a while."""
        deadline = time.monotonic() + EXPORT_S
        while time.monotonic() < deadline and (not self.kept or time.monotonic() - self.last < QUIET_S):
            time.sleep(0.1)


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, seconds):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return
        time.sleep(0.1)
    raise TimeoutError("waited %d s in vain" % seconds)


def listens(port):
    with open("/proc/net/udp", encoding="ascii") as f:
        return any(":%04X " % port in line for line in f)


def softflowd(capture, version, port, folder):
    options = ["-b"] if version == 10 else []
    subprocess.run(["softflowd", "-r", capture, "-n", "127.0.0.1:%d" % port, "-v", str(version), "-a", "-A", "milli",
                    "-m", "200000", "-d", "-c", "none", "-p", os.path.join(folder, "pid"), *options],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=EXPORT_S, check=True)


def pmacctd(capture, version, port, folder):
    """It exports what it read when it is told to end."""
    path, said = os.path.join(folder, "pmacctd.conf"), os.path.join(folder, "pmacctd.said")
    with open(path, "w", encoding="ascii") as f:
        f.write("daemonize: false\npcap_savefile: %s\npcap_savefile_wait: true\nplugins: nfprobe\n"
                "aggregate: src_host, dst_host, src_port, dst_port, proto, tos, tcpflags\n"
                "nfprobe_receiver: 127.0.0.1:%d\nnfprobe_version: %d\nnfprobe_maxflows: 200000\n"
                "nfprobe_timeouts: tcp=3600:tcp.rst=3600:tcp.fin=3600:udp=3600:icmp=3600:general=3600:maxlife=7200:expint=60\n"
                "plugin_pipe_size: 67108864\nplugin_buffer_size: 10240\n" % (capture, port, version))
    with open(said, "wb") as out, subprocess.Popen(["pmacctd", "-f", path], stdout=out, stderr=out) as child:
        try:
            until(lambda: b"finished reading" in open(said, "rb").read(), EXPORT_S)
            time.sleep(4)  # its plugin is behind
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(END_S)


EXPORTERS = {"softflowd": softflowd, "pmacctd": pmacctd}


def found_in(lines):
    """{line: (tier, score, {detector: dB})}, the last word on each."""
    findings, _, _ = program.read_findings(lines)
    return {f.subject: f for f in findings}


def judged(findings, version):
    """The lines at behaviour or above with their evidence of flows."""
    got = {}
    for subject, f in findings.items():
        shown = sorted(e["detector"] for e in f.evidence if e["detector"] in FLOW_DETECTORS)
        if shown and program.at_least(f.tier, "behaviour") and not (version == 5 and f.net.version == 6):
            got[subject] = (f.score, shown)
    return got


def conversations(theriac, capture, inside, version):
    """-> (joined contacts of the lines, who spoke to whom)"""
    run = program.Run([theriac, "decode", "--json", capture])
    flows, _, _ = records.read_records(run.lines())
    if version == 5:
        flows = [f for f in flows if ":" not in f.src]
    ends = {(f.proto, frozenset([(f.src, f.sport), (f.dst, f.dport)])) for f in flows}
    return len(list(contacts.contacts_of(flows, records.Inside(inside)))), len(ends)


def live(theriac, export, capture, version, options, folder):
    """Runs sensor, relay and exporter. -> (findings, file of the datagrams)"""
    os.makedirs(folder)
    port = free_port()
    command = [theriac, "sensor", "--json", "--no-dns", "--replay", "--listen", "udp:127.0.0.1:%d" % port, "--exporter",
               "127.0.0.1", "--state", os.path.join(folder, "state"), *options]
    with open(os.path.join(folder, "found"), "wb") as out, open(os.path.join(folder, "said"), "wb") as said:
        sensor = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=said)
        try:
            until(lambda: listens(port) or sensor.poll() is not None, READY_S)
            relay = Relay(port)
            relay.start()
            export(capture, version, relay.port, folder)
            relay.wait()
            relay.ends = True
            time.sleep(1)
        finally:
            sensor.send_signal(signal.SIGTERM)
            sensor.wait(END_S)
    kept = os.path.join(folder, "kept.pcap")
    datagrams.write(kept, relay.kept)
    with open(os.path.join(folder, "found"), encoding="utf-8") as f:
        return found_in(f), kept


def compare(mine, theirs):
    """Yields what differs, as (what, sentence)."""
    for line in sorted(set(mine) | set(theirs)):
        if line not in mine:
            yield line, "%s is not found" % line
        elif line not in theirs:
            yield line, "%s is found, but not in the capture" % line
        elif mine[line][1] != theirs[line][1]:
            yield line, "%s by %s, in the capture by %s" % (line, mine[line][1], theirs[line][1])
        elif abs(mine[line][0] - theirs[line][0]) > SCORE_DB:
            yield line, "%s has %.1f dB, in the capture %.1f" % (line, mine[line][0], theirs[line][0])


def check(theriac, name, capture, inside, indicators, folder):
    """Every exporter and version on a capture. -> what differs without a cause"""
    options = [word for prefix in inside for word in ("--inside", prefix)] + ["--indicators", indicators]
    run = program.Run([theriac, "detect", "--json", "--no-dns", *options, capture])
    expected = found_in(run.lines())
    unexplained = []
    for exporter, export in EXPORTERS.items():
        for version in (5, 9, 10):
            findings, kept = live(theriac, export, capture, version, options,
                                  os.path.join(folder, "%s-%s-%d" % (name, exporter, version)))
            mine, theirs = judged(findings, version), judged(expected, version)
            wrong = list(compare(mine, theirs))
            counts = [conversations(theriac, path, inside, version) for path in (kept, capture)]
            for what, got, known in zip(("contacts", "pairs of ends"), *counts):
                if abs(got - known) > CONTACTS_SHARE * known:
                    wrong.append((what, "%d %s, in the capture %d" % (got, what, known)))
            print("%s %s v%d: %d lines found, %d contacts, %d pairs of ends (capture: %d, %d, %d)" % (
                name, exporter, version, len(mine), *counts[0], len(theirs), *counts[1]))
            causes = CAUSES.get((name, exporter, version), {})
            for what, sentence in wrong:
                print("  %s: %s" % (sentence, causes.get(what, "WITHOUT A CAUSE")))
                if what not in causes:
                    unexplained.append(sentence)
    return unexplained


def last_hour(length):
    """When the last hour began of which so many seconds are over."""
    return (int(time.time()) - length) // 3600 * 3600


def malware(captures, folder):
    """The captures of malware of up to an hour, put into one; -> (path, inside) or None."""
    begins = last_hour(LONGEST_S)
    truth = os.path.join(captures, "data", "TRUTH.tsv")
    if not os.path.exists(truth) or not (shutil.which("editcap") and shutil.which("mergecap")):
        return None
    hosts = {}
    with open(truth, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            for path in glob.glob(os.path.join(captures, "data", row["capture"])):
                if row["capture"].startswith("malware/pcap/"):
                    hosts.setdefault(path, set()).update(row["host"].split(","))
    moved, inside = [], set()
    for path, lines in sorted(hosts.items()):
        ran = subprocess.run(["capinfos", "-a", "-e", "-S", "-T", "-r", path], capture_output=True, check=True)
        begin, end = (float(word) for word in ran.stdout.split()[-2:])
        if end - begin > LONGEST_S:
            continue
        moved.append(os.path.join(folder, "%d.pcap" % len(moved)))
        subprocess.run(["editcap", "-F", "pcap", "-t", "%.6f" % (begins - begin), path, moved[-1]], check=True)
        inside.update(str(ipaddress.ip_network(line)) for line in lines)
    whole = os.path.join(folder, "malware.pcap")
    subprocess.run(["mergecap", "-F", "pcap", "-w", whole, *moved], check=True, capture_output=True)
    return whole, sorted(inside)


def main(theriac, folder, captures=""):
    missing = [tool for tool in EXPORTERS if shutil.which(tool) is None]
    if missing:
        print("not installed: " + ", ".join(missing))
        return 77
    made, indicators = os.path.join(folder, "made.pcap"), os.path.join(folder, "bad.txt")
    traffic.main(made, last_hour(traffic.LASTS))
    with open(indicators, "w", encoding="ascii") as f:
        f.write(traffic.BAD + "\n")
    wrong = check(theriac, "made", made, traffic.INSIDE, indicators, folder)
    found = malware(captures, folder) if captures else None
    if found:
        wrong += check(theriac, "malware", found[0], found[1], indicators, folder)
    print("%d differences without a cause" % len(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
