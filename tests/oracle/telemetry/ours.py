# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""What `theriac decode --json` says of a file.

In: a path. Out: Decoded, whose records are dicts with the keys of `decode --json`; times are whole milliseconds since
1970 (UTC). The digest is of the records without their order, and without the name of the file, where that stands for
the exporter.
"""
import hashlib
import json
import os
import subprocess
from datetime import datetime, timezone

LIMIT_S = 120
TIMES = ("start", "end", "exported", "received", "time")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def milliseconds(text):
    """`2024-05-01T10:00:00.250Z` -> 1714557600250"""
    text = text.rstrip("Z")
    seconds = datetime(*(int(part) for part in (text[:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19])),
                       tzinfo=timezone.utc) - EPOCH
    return (seconds.days * 86400 + seconds.seconds) * 1000 + int((text[20:] + "000")[:3])


class Decoded:
    def __init__(self, records, status, words):
        self.records, self.status, self.words = records, status, words
        lines = sorted(json.dumps(r, sort_keys=True) for r in records)
        self.digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
        self.flows = [r for r in records if r["type"] == "flow"]
        self.lookups = [r for r in records if r["type"] == "dns"]
        self.packets = sum(r.get("packets", 0) + r.get("rpackets", 0) for r in self.flows)
        self.bytes = sum(r.get("bytes", 0) + r.get("rbytes", 0) for r in self.flows)

    @property
    def unknown(self):
        return "not a format that is read here" in self.words


def decode(theriac, *paths):
    """-> Decoded; RuntimeError where the program does not end by itself with status 0 or 1."""
    run = subprocess.run([theriac, "decode", "--json", *paths], stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=LIMIT_S, check=False)
    if run.returncode not in (0, 1):
        raise RuntimeError("theriac decode %s: status %d" % (paths[0], run.returncode))
    records = []
    for line in run.stdout.decode("utf-8").splitlines():
        row = json.loads(line)
        if row["type"] == "summary":
            continue
        for key in TIMES:
            if key in row:
                row[key] = milliseconds(row[key])
        if row.get("exporter") in paths or row.get("exporter") in map(os.path.basename, paths):
            del row["exporter"]
        records.append(row)
    return Decoded(records, run.returncode, run.stderr.decode("utf-8", "replace"))
