# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""tests/oracle/TELEMETRY.tsv: what is known of every file of telemetry, and whether it still holds.

Columns: file; records, packets, bytes and digest of our decode; with: whom it is compared with; fields: which are
compared; differences: `WHO.WHAT N REASON`, `;` between them. Lines that begin with # explain the reasons, `# REASON:
text`. `format.unknown`: our decode does not know the format; of the reason no-decoder: not yet.
`format.refused`: it knows it, and says what to do with it.
"""
import os

COLUMNS = ["file", "records", "packets", "bytes", "digest", "with", "fields", "differences"]


class Table:
    def __init__(self, path):
        self.path, self.head, self.rows, self.reasons = path, [], {}, {}
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as f:
            for line in f.read().splitlines():
                if line.startswith("#"):
                    self.head.append(line)
                    name, _, text = line[1:].partition(":")
                    self.reasons[name.strip()] = text.strip()
                elif line and not line.startswith("file\t"):
                    row = dict(zip(COLUMNS, line.split("\t")))
                    self.rows[row["file"]] = row

    def write(self):
        with open(self.path, "w", encoding="utf-8") as f:
            f.write("\n".join(self.head + ["\t".join(COLUMNS)]) + "\n")
            for _, row in sorted(self.rows.items()):
                f.write("\t".join(str(row[c]) for c in COLUMNS) + "\n")


def explained(row):
    """-> {"tshark.start": (count, reason)}"""
    found = {}
    for part in (row or {}).get("differences", "-").split("; "):
        if part != "-":
            what, count, reason = part.split(" ")
            found[what] = (int(count), reason)
    return found


def words_of(differences, known):
    """Of {"tshark.start": 3}; the reasons are those known, else ?"""
    parts = ["%s %d %s" % (what, count, known.get(what, (0, "?"))[1]) for what, count in sorted(differences.items())]
    return "; ".join(parts) or "-"


def judge(row, known, reasons):
    """What does not hold of a new row against the known one: a list of sentences."""
    if known is None:
        return ["is not in the table"]
    wrong = ["%s is %s, was %s" % (c, row[c], known[c]) for c in COLUMNS[1:-1] if str(row[c]) != known[c]]
    now, then = explained(row), explained(known)
    for what in sorted(set(now) | set(then)):
        count, reason = now.get(what, (0, None))[0], then.get(what, (0, None))[1]
        if what not in then or reason not in reasons:
            wrong.append("%d differences in %s without a reason" % (count, what))
        elif count != then[what][0]:
            wrong.append("%s: %d differences, were %d" % (what, count, then[what][0]))
    return wrong
