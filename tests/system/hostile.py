#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged inputs of every format, made from those of the golden cases: cut at each eighth, with flipped
bytes, empty, of a wrong version, compressed and cut. The program must end with 0 or 1 and never by a
signal or the clock; what is bad is counted and named with file and offset; a good file beside is still
read; compressed copies give the records of the plain file. $THERIAC names the program; FOLDER is a place
to work in."""
import ctypes
import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys

THERIAC = os.environ["THERIAC"]
DECODE = pathlib.Path("tests/golden/decode").resolve()
SEEDS = {
    "pcap": "pcap-fires/day.pcap", "pcap-dns": "pcap-dns/names.pcap", "pcapng": "pcap-pcapng/sections.pcapng",
    "pcap-export": "pcap-exporter/exports.pcap", "netflow": "netflow-fires/mixed.bin",
    "templates": "netflow-templates/life.bin", "nfcapd": "nfcapd-fires/plain.nfcapd",
    "nfcapd-lzo": "nfcapd-compressed/lzo-large.nfcapd", "nfcapd-lz4": "nfcapd-compressed/lz4-large.nfcapd",
    "nfcapd-bzip2": "nfcapd-compressed/bzip2-large.nfcapd", "nfcapd-zstd": "nfcapd-compressed/zstd-large.nfcapd",
    "zeek-conn": "zeek-tsv-fires/conn.log",
    "zeek-dns": "zeek-tsv-fires/dns.log", "zeek-json": "zeek-json-fires/conn.log", "argus": "argus-fires/day.binetflow",
    "sflow": "netflow-sflow-fires/datagrams.bin", "dnstap": "dnstap-fires/resolver.dnstap", "eve": "eve-fires/eve.json",
    "csv": "csv-fires/nfdump.csv", "bind": "bind-querylog-fires/iso.log", "unbound": "unbound-log-fires/epoch.log",
}
# A later version's number in the place where the format has it.
VERSIONS = {
    "pcap": (4, b"\x09\x00"), "pcapng": (12, b"\x09\x00"), "netflow": (0, b"\x00\x0b"), "nfcapd": (2, b"\x07\x00"),
}
LOGS = {"bind", "unbound"}  # a log may hold any other line, which is no damage
FLIPS, CUTS = 8, 8
problems = []


def complain(*words):
    problems.append(" ".join(map(str, words)))


def run(command, *paths):
    """-> (record lines, summary, what was said), and complains about any end but 0 or 1."""
    try:
        done = subprocess.run([THERIAC, command, "--json", *map(str, paths)], capture_output=True, timeout=60,
                              check=False)
    except subprocess.TimeoutExpired:
        complain(command, *paths, "does not end")
        return [], {}, ""
    said = done.stderr.decode("utf-8", "replace")
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode not in (0, 1):
        complain(command, *paths, "ended with", done.returncode, said[-2000:])
        return [], {}, said
    for line in lines:
        json.loads(line)
    summaries = [json.loads(line) for line in lines if line.startswith('{"type":"summary"')]
    records = [line for line in lines if not line.startswith('{"type":"summary"')]
    return records, summaries[0] if summaries else {}, said


def zst(data):
    library = ctypes.CDLL("libzstd.so.1")
    library.ZSTD_compress.restype = library.ZSTD_compressBound.restype = ctypes.c_size_t
    library.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
    library.ZSTD_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    out = ctypes.create_string_buffer(library.ZSTD_compressBound(len(data)))
    n = library.ZSTD_compress(out, len(out), data, len(data), 3)
    return out.raw[:n]


def damaged(name, data):
    """-> [(file name, bytes)]"""
    files = [(f"{name}.empty", b"")]
    for k in range(1, CUTS):
        files.append((f"{name}.cut{k}", data[:len(data) * k // CUTS]))
    chance = random.Random(name)
    for k in range(FLIPS):
        flipped = bytearray(data)
        for _ in range(1 + k * len(data) // 400):
            flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        files.append((f"{name}.flip{k}", bytes(flipped)))
    if name in VERSIONS:
        at, version = VERSIONS[name]
        files.append((f"{name}.version", data[:at] + version + data[at + len(version):]))
    for kind, packed in (("gz", gzip.compress(data, mtime=0)), ("zst", zst(data))):
        for k in (1, 4, 7):
            files.append((f"{name}.cut{k}.{kind}", packed[:len(packed) * k // CUTS]))
    return files


def check_compressed(name, data, folder, records):
    for kind, packed in (("gz", gzip.compress(data, mtime=0)), ("zst", zst(data))):
        path = folder / f"{name}.{kind}"
        path.write_bytes(packed)
        if run("decode", path)[0] != records:
            complain(path, "gives other records than the plain file")


def check_damage(name, data, folder, good, good_records):
    """Each damaged file beside a good one; then detect over all of them."""
    named = 0
    for file, damage in damaged(name, data):
        path = folder / file
        path.write_bytes(damage)
        records, summary, said = run("decode", path, good)
        if records[-len(good_records):] != good_records:
            complain(path, "spoils the file behind it")
        bad = summary.get("bad", 0)
        if bad and file not in said:
            complain(path, "has bad records, but is not named:", said)
        named += bool(re.search(re.escape(file) + r": offset \d+: \S", said))
        if file.endswith(".empty") and f"{file}: empty" not in said:
            complain(path, "is empty, but that is not said")
        if file.endswith((".gz", ".zst")) and file not in said:
            complain(path, "is cut, but that is not said")
        if file.endswith(".version") and file not in said:
            complain(path, "is of a version that is not read, but that is not said:", said)
    if named < 3 and name not in LOGS:
        complain(name, "damage was named with file and offset", named, "times only")
    _, summary, _ = run("detect", folder)
    if not summary.get("records", {}).get("flow", 1) + summary.get("records", {}).get("dns", 1):
        complain(name, "nothing was read of the folder")


def main():
    root = pathlib.Path(sys.argv[1])
    good = root / "good.log"
    good.write_bytes((DECODE / SEEDS["zeek-conn"]).read_bytes())
    good_records = run("decode", good)[0]
    for name, seed in SEEDS.items():
        data = (DECODE / seed).read_bytes()
        folder = root / name
        folder.mkdir()
        (folder / "whole").write_bytes(data)
        records, _, said = run("decode", folder / "whole")
        if not records:
            complain(seed, "has no records:", said)
        check_compressed(name, data, folder, records)
        check_damage(name, data, folder, good, good_records)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
