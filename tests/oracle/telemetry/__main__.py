#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Every file of telemetry, decoded by theriac and by somebody else, field by field.

usage: python3 tests/oracle/telemetry [--theriac PATH] [--data DIR] [--only PART] [--update] [--show]

In: DIR/telemetry (public captures; README.md there), tshark, nfdump, and the expectations that lie beside the files.
Out: nothing where all is as tests/oracle/TELEMETRY.tsv says; else a line for each thing that is not. --update writes
counts, digests and numbers of differences anew; a reason is written by hand, and a difference without one fails
nevertheless. --show prints examples of every difference. --only: files whose name has PART in it.
Leaves out: what is no data (see BESIDE), and rows of files that are gone.
Exit status: 0, 1 if something is not as it must be, 2 for wrong use, 77 where data or an oracle is missing.
"""
import argparse
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor

import sources
import table

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "..", "TELEMETRY.tsv")
DATA = os.path.join(HERE, "..", "..", "..", "..", "shared", "data")
SHARED = {}
# Expectations, configuration and indexes: read with the file they belong to, or not at all.
BESIDE = re.compile(r"\.tshark\.txt\.gz$|\.nfdump\.(csv|json)$|\.nfcapd\.csv$|\.expected\.json$|expected\.out$"
                    r"|\.(pcap|pcapng)\.out$|/tcpdump/.*\.out$|gold$|output-flow-\d+\.json$|\.map$|INDEX\.tsv$|/Baseline/"
                    r"|ipfixprobe/outputs/|labels\.config$|registry/|dnstap\.text$|nfdump-test/")


def files_of(root):
    found = (os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names)
    return sorted(os.path.relpath(path, root) for path in found)


def row_of(name, source, show):
    """-> the row of a file: our decode, and every comparison."""
    decoded = source.ours(name)
    row = {"file": name, "records": len(decoded.records), "packets": decoded.packets, "bytes": decoded.bytes,
           "digest": decoded.digest, "with": "-", "fields": "-", "differences": {}}
    if decoded.unknown:
        return {**row, "differences": {"format.unknown": 1}}
    if decoded.refused:
        return {**row, "differences": {"format.refused": 1}}
    who, fields = [], set()
    for other, result in source.compare(name, decoded):
        who.append(other)
        fields |= result.fields
        for what, count in result.counts.items():
            row["differences"]["%s.%s" % (other, what)] = count
        for example in result.examples if show else ():
            print("%s: %s.%s" % (name, other, example[:600]))
    return {**row, "with": " ".join(who) or "-", "fields": " ".join(sorted(fields)) or "-"}


def row_here(job):
    """In a process of the pool, which has the sources from its parent."""
    return row_of(job[0], SHARED["source"], job[1])


def rows_of(names, source, show):
    SHARED["source"] = source
    with ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("fork")) as pool:
        return dict(zip(names, pool.map(row_here, [(name, show) for name in names], chunksize=4)))


def check(rows, known, update, only):
    gone = [name for name in known.rows if name not in rows and only in name]
    failures = ["%s: is in the table, but not there" % name for name in gone]
    if update:
        known.rows = {name: row for name, row in known.rows.items() if name not in gone}
        failures = []
    for name, row in sorted(rows.items()):
        before = known.rows.get(name)
        row["differences"] = table.words_of(row["differences"], table.explained(before))
        if update:
            known.rows[name] = before = {c: str(row[c]) for c in table.COLUMNS}
        failures += ["%s: %s" % (name, wrong) for wrong in table.judge(row, before, known.reasons)]
    if update:
        known.write()
    return failures


def arguments():
    p = argparse.ArgumentParser(description="Every file of telemetry, decoded by theriac and by somebody else.")
    p.add_argument("--theriac", default=os.environ.get("THERIAC", "theriac"))
    p.add_argument("--data", default=DATA)
    p.add_argument("--only", default="", metavar="PART")
    p.add_argument("--update", action="store_true")
    p.add_argument("--show", action="store_true")
    return p.parse_args()


def missing(args):
    if not os.path.isdir(os.path.join(args.data, "telemetry")):
        return "no captures at %s" % os.path.join(args.data, "telemetry")
    gone = [tool for tool in ("tshark", "mergecap", "nfdump") if shutil.which(tool) is None]
    return "not installed: %s" % ", ".join(gone) if gone else None


def main():
    args = arguments()
    why = missing(args)
    if why:
        print(why)
        return 77
    root = os.path.join(args.data, "telemetry")
    names = [name for name in files_of(root) if not BESIDE.search("/" + name) and args.only in name]
    known = table.Table(TABLE)
    with tempfile.TemporaryDirectory() as work:
        rows = rows_of(names, sources.Sources(args.theriac, root, names, work), args.show)
    failures = check(rows, known, args.update, args.only)
    waiting = [name for name in rows if "no-decoder" in known.rows.get(name, {}).get("differences", "")]
    for line in failures:
        print(line)
    print("%d files, %d without a decoder, %d failures" % (len(rows), len(waiting), len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
