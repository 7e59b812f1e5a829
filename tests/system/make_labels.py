#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes labelled inputs for labels.sh: make_labels.py FOLDER. The same scanner among its neighbours
in Zeek's and Argus's forms; per form a folder each without labels, with true ones, with the labels of
the bad and the good swapped, and with labels that look like something to read."""
import pathlib
import sys
from datetime import datetime, timezone

T0 = 1767323045  # 2026-01-02T03:04:05Z
ZEEK = ("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
        "local_orig local_resp missed_bytes history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes "
        "tunnel_parents").split()
ARGUS = "StartTime Dur Proto SrcAddr Sport Dir DstAddr Dport State sTos dTos TotPkts TotBytes SrcBytes".split()
LABELS = {
    "none": None,
    "true": {True: ("Malicious", "PartOfAHorizontalPortScan"), False: ("Benign", "-")},
    "swapped": {False: ("Malicious", "PartOfAHorizontalPortScan"), True: ("Benign", "-")},
    "odd": {True: ("Benign\\x09S0", "10.0.0.1"), False: ("flow=From-Botnet-V42-TCP-Attempt", "S0")},
}


def contacts():
    """-> (second, source, source port, destination, port, answered, bad)"""
    for i in range(150):
        yield 20 * i, "10.0.0.66", 40000 + i, f"198.51.100.{i + 1}", 23, False, True
    for i in range(200):
        yield 15 * i + 1, f"10.0.0.{i % 20 + 1}", 50000 + i, f"203.0.113.{i % 30 + 1}", 443, True, False


def zeek(label, joined):
    names = ZEEK + (["label", "detailed-label"] if label else [])
    head = "\t".join(names)
    if joined:  # as in IoT-23: three columns behind one tab, with blanks between
        head = head.replace("tunnel_parents\tlabel\tdetailed-label", "tunnel_parents   label   detailed-label")
    yield "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n#fields\t" + head
    for n, (at, src, sport, dst, dport, answered, bad) in enumerate(sorted(contacts())):
        row = [f"{T0 + at}.000000", f"C{n}", src, sport, dst, dport, "tcp", "-"]
        row += ["1.500000", 800, 9000, "SF", "-", "-", 0, "ShADadfF", 9, 1200, 12, 9600, "-"] if answered else \
            ["-", "-", "-", "S0", "-", "-", 0, "S", 1, 60, 0, 0, "-"]
        if label:
            row += label[bad]
        text = "\t".join(map(str, row))
        if joined:
            text = text.replace("\t-\t%s\t%s" % label[bad], "\t-   %s   %s" % label[bad])
        yield text


def argus(label):
    yield ",".join(ARGUS + (["Label"] if label else []))
    for at, src, sport, dst, dport, answered, bad in sorted(contacts()):
        time = datetime.fromtimestamp(T0 + at, timezone.utc).strftime("%Y/%m/%d %H:%M:%S.000000")
        row = [time, "1.500000", "tcp", src, sport, "   ->", dst, dport]
        row += ["FSPA_FSPA", 0, 0, 21, 10800, 1200] if answered else ["S_", 0, "", 1, 60, 60]
        yield ",".join(map(str, row + (["flow=" + label[bad][0]] if label else [])))


def write(folder, name, rows):
    folder.mkdir(parents=True)
    (folder / name).write_text("\n".join(rows) + "\n")


def main():
    root = pathlib.Path(sys.argv[1])
    for name, label in LABELS.items():
        write(root / f"zeek-{name}", "conn.log.labeled" if label else "conn.log", zeek(label, False))
        write(root / f"argus-{name}", "day.binetflow", argus(label))
        if label and name != "odd":
            write(root / f"zeek-joined-{name}", "conn.log.labeled", zeek(label, True))


if __name__ == "__main__":
    main()
