#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every file of a collection of public session data (leases, accounting, NAT logs), decoded by us and read once
more here, or compared with what the source's own test expects of it. tests/oracle/SESSIONS.tsv holds for each file
the decoder, how many sessions and values were compared, and the reason of each difference.

  sessions.py --theriac BINARY --data FOLDER [--update]      ends with "N passed, N failed"
"""
import argparse
import csv
import datetime
import ipaddress
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TABLE = pathlib.Path(__file__).resolve().parent / "SESSIONS.tsv"
COLUMNS = ["file", "decoder", "sessions", "compared", "differences"]
UTC = datetime.timezone.utc
STAMP = "2018-01-06 01:02:03"


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decode(theriac, path, *options):
    done = subprocess.run([theriac, "decode", "--json", *options, str(path)], capture_output=True, check=False)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return [row for row in rows if row["type"] == "session"]


def hexed(data):
    return ":".join(f"{byte:02x}" for byte in data)


def plain(text):
    """An identifier as we print it: text, or digits where it has bytes that are none."""
    data = bytes.fromhex(text.replace(":", ""))
    return data.decode() if all(0x20 <= byte < 0x7f for byte in data) else hexed(data)


# ---- each reads one format anew: a list of dictionaries, of which ours must be a superset, in order


KEA = {
    "hwaddr": "address hwaddr client_id valid_lifetime expire subnet_id fqdn_fwd fqdn_rev hostname state user_context "
              "pool_id",
    "duid": "address duid valid_lifetime expire subnet_id pref_lifetime lease_type iaid prefix_len fqdn_fwd fqdn_rev "
            "hostname hwaddr state user_context hwtype hwaddr_source pool_id",
}


def kea_row(names, row, told):
    """And the time that the row tells of; told: the latest one above it, before which nothing was deleted."""
    start, end = int(row["expire"]) - int(row["valid_lifetime"]), int(row["expire"])
    state = row.get("state") or "0"
    want = {"addr": row["address"]}
    if row.get("lease_type") == "2":
        want["addr"] = str(ipaddress.ip_network(f"{row['address']}/{row['prefix_len']}", strict=False))
    held = state in ("0", "4")
    if held and not (row.get("duid") or row.get("client_id") or ("duid" not in names and row.get("hwaddr"))):
        return None, 0
    deleted = end == start and state != "1"
    if deleted or (not held and state != "2"):
        want.update(end=iso(max(start, told) if deleted else start), end_is="told")
        return want if start else None, 0
    if start:
        want.update(start=iso(start), start_is="told")
    want.update(end=iso(end), end_is="until" if held else "told")
    want.update({ours: row[theirs] for ours, theirs in
                 (("mac", "hwaddr"), ("client_id", "client_id"), ("duid", "duid")) if row.get(theirs)})
    return want, start if held else end


def kea(path):
    lines = path.read_text().splitlines()
    names = KEA[lines[0].split(",")[1]].split()
    wants, told = [], 0
    for line in lines[1:]:
        row = dict(zip(names, line.split(",")))
        if row.get("state") == "2" and row["valid_lifetime"] == "0":
            continue
        want, at = kea_row(names, row, told)
        wants.append(want)
        told = max(told, at)
    return wants


def kea_legal(path):
    wants = []
    for line in path.read_text().splitlines():
        want = {"addr": re.search(r"(?:Address|Prefix): (\S+)", line)[1]}
        start = datetime.datetime.fromisoformat(STAMP).replace(tzinfo=UTC).timestamp()
        if " released " in line:
            want.update(end=iso(start), end_is="told")
        else:
            units = {"hrs": 3600, "mins": 60, "secs": 1, "seconds": 1}
            told = re.search(r" for ((?:\d+ \w+ )+)to a device", line)[1].split()
            lasts = sum(int(n) * units[unit] for n, unit in zip(told[::2], told[1::2]))
            want.update(start=iso(start), start_is="told", end=iso(start + lasts), end_is="until")
        for ours, label in (("mac", r"hwtype=1 "), ("client_id", "client-id: "), ("duid", "DUID: ")):
            found = re.search(label + r"([0-9a-f:]+)", line)
            if found:
                want[ours] = found[1]
        for ours, label in (("circuit_id", "(?:circuit|interface)-id: "), ("remote_id", "remote-id: ")):
            found = re.search(label + r"([0-9a-f:]+)", line)
            if found:
                want[ours] = plain(found[1])
        wants.append(want)
    return wants


def detail(path):
    wants = []
    for record in re.split(r"\n(?=\S)|\n\n", path.read_text()):
        row = dict(re.findall(r"^\t([\w-]+) = \"?(.*?)\"?$", record, re.M))
        if not row:
            continue
        at = int(row["Timestamp"]) - int(row.get("Acct-Delay-Time", 0))
        stamp = re.match(r"(\w+ \d+ \d+ [\d:]+) (UTC|CEST)", row.get("Event-Timestamp", ""))
        if stamp:
            local = datetime.datetime.strptime(stamp[1], "%b %d %Y %H:%M:%S").replace(tzinfo=UTC)
            at = local.timestamp() - (7200 if stamp[2] == "CEST" else 0)
        stop = row["Acct-Status-Type"] == "Stop"
        want = {"end" if stop else "start": iso(at), "user": row["User-Name"],
                "nas": row.get("NAS-Identifier", row["NAS-IP-Address"]),
                "session": row.get("Acct-Session-Id", row["Acct-Unique-Session-Id"])}
        if stop:
            want["start"] = iso(at - int(row["Acct-Session-Time"]))
        if "Framed-IP-Address" in row:
            want["addr"] = row["Framed-IP-Address"]
        if "-" in row.get("Calling-Station-Id", ""):
            want["mac"] = row["Calling-Station-Id"].replace("-", ":").lower()
        wants.append(want)
    return wants


NAT_SHAPES = [
    r'\bsource-address="(?P<inside>[\d.]+)".*nat-source-address="(?P<outside>[\d.]+)" nat-source-port="(?P<first>\d+)"',
    r'internal-ip="(?P<inside>[\d.]+)".*low="(?P<first>\d+)".*high="(?P<last>\d+)".*reflexive-ip="(?P<outside>[\d.]+)"',
    r"INT (?P<inside>[\d.]+)(?::\d+)? EXT (?P<outside>[\d.]+)(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?",
    r"USER (?P<inside>\S+) .*public (?P<outside>[\d.]+), .*port (?P<first>\d+) - (?P<last>\d+)",
    r"fwd proto \d+ (?P<inside>[\d.]+):.* (?P<outside>[\d.]+):(?P<first>\d+)$",
    r"src=(?P<inside>[\d.]+) .*sourceTranslatedAddress=(?P<outside>[\d.]+) sourceTranslatedPort=(?P<first>\d+)"
    r"(?: cn3=(?P<last>\d+))?",
]


def nat(path):
    wants = []
    for line in path.read_text().splitlines():
        found = next((m for m in (re.search(shape, line) for shape in NAT_SHAPES) if m and m["inside"]))
        told = {key: value for key, value in found.groupdict().items() if value}
        want = {"addr": told["outside"], "holder.addr": told["inside"]}
        if "first" in told:
            want.update(port_first=int(told["first"]), port_last=int(told.get("last", told["first"])))
        ends = re.search("RELEASE|DESTROY", line)
        want["end_is" if ends else "start_is"] = "told"
        wants.append(want)
    return wants


def table_of_leases(path):
    with path.open() as file:
        return [{"addr": row["ip_address"], "mac": row["mac_address"].lower(),
                 "start": row["valid_since"].replace(" ", "T") + "Z", "end": row["valid_until"].replace(" ", "T") + "Z"}
                for row in csv.DictReader(file)]


def compare(ours, wants):
    """How many values were compared, and what differs: {what: count}."""
    count, differ = 0, {}
    refused = sum(want is None for want in wants)
    wants = [want for want in wants if want is not None]
    if refused:
        differ["refused"] = refused
    if len(ours) != len(wants):
        differ["sessions"] = abs(len(ours) - len(wants))
    for got, want in zip(ours, wants):
        got["holder.addr"] = got.get("holder", {}).get("addr")
        for key, value in want.items():
            count += 1
            if got.get(key) != value:
                differ[key] = differ.get(key, 0) + 1
    return count, differ


# ---- ISC dhcpd: what python-isc-dhcp-leases expects

ISC_FIELDS = {
    "start": lambda got, value: got.get("start") == value.replace("+00:00", "Z"),
    "end": lambda got, value: got.get("end") == (value and value.replace("+00:00", "Z")),
    "last_communication": lambda got, value: got.get("start") == value.replace("+00:00", "Z"),
    "ethernet": lambda got, value: got.get("mac") == value,
    "active": lambda got, value: (got.get("end_is", "until") == "until") == value,
    "iaid": lambda got, value: got.get("session") == str(value),
    "duid": lambda got, value: got.get("duid") == hexed(bytes.fromhex(value["hex"])),
}


def compare_isc(ours, path):
    count, differ = 0, {}
    by_addr = {got["addr"]: got for got in ours}
    for rows in json.loads(path.read_text())["tests"].values():
        index = {}
        for row in rows:
            found = re.match(r"leases\.get\(\)\[(\d+)\]\.(\w+)$", row["expr"])
            number, field = found.groups() if found else (None, "length" if "get()" in row["expr"] else "")
            if field == "ip":
                index[number] = row["value"]
            good = True
            if field == "length":
                good = len(ours) == row["value"]
            elif field in ISC_FIELDS:
                good = ISC_FIELDS[field](by_addr[index[number]], row["value"])
            count += field == "length" or field in ISC_FIELDS
            if not good:
                differ[field] = differ.get(field, 0) + 1
    return count, differ


# ---- the whole collection


def timed(path, folder, stamp):
    """A copy whose lines that have no time get one."""
    copy = folder / path.name
    copy.write_text("".join(line if re.match(r"\w{3} \d\d ", line) else stamp + line
                            for line in path.read_text().splitlines(keepends=True)))
    return copy


def judge(theriac, path, name, folder):
    """(decoder, sessions, compared, differences) of one file; None: not of a format of sessions."""
    if name.startswith("isc-dhcp/") and not name.endswith(".json"):
        ours = decode(theriac, path)
        return "dhcpd-leases", ours, *compare_isc(ours, path.with_name(path.name + ".expected.json"))
    if name == "kea/leases.csv":
        reader, decoder, ours = table_of_leases, "assignments", decode(theriac, path)
    elif name.startswith("kea/") and name.endswith(".csv"):
        reader, decoder, ours = kea, "kea-leases", decode(theriac, path)
    elif name == "kea/kea-legal-log-lines.txt":
        reader, decoder = kea_legal, "kea-legal"
        ours = decode(theriac, timed(path, folder, STAMP + " UTC "))
    elif "/detail/" in name:
        reader, decoder, ours = detail, "radius-detail", decode(theriac, path)
    elif name == "cgnat/cgnat-syslog-lines.txt":
        reader, decoder = nat, "cgn-syslog"
        ours = decode(theriac, timed(path, folder, "Jun 14 12:00:00 nat "))
    else:
        return None
    return decoder, ours, *compare(ours, reader(path))


def not_read(name):
    if name.endswith((".out", ".expected.json", ".log", "stdout")) or "/Baseline/" in name:
        return "expectation"
    if name.startswith("radius/freeradius/"):
        return "no-accounting" if name.endswith(".gz") else "test-script"
    if name.startswith("cgnat/radius/"):
        return "template"
    return "dhcp-traffic" if name.startswith("dhcp/") else "no-accounting"


def rows_of(theriac, data):
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(p for p in data.rglob("*") if p.is_file()):
            name = str(path.relative_to(data))
            found = judge(theriac, path, name, pathlib.Path(folder))
            if found is None:
                yield [name, "-", "-", "-", not_read(name)]
                continue
            decoder, ours, count, differ = found
            words = "; ".join(f"{what} {n}" for what, n in sorted(differ.items()))
            yield [name, decoder, str(len(ours)), str(count), words]


def main(argv):
    parser = argparse.ArgumentParser()
    parser.add_argument("--theriac", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    args = parser.parse_args(argv)
    if not args.data.is_dir():
        print(f"there is no {args.data}")
        return 77
    kept = TABLE.read_text().splitlines() if TABLE.exists() else []
    head = [line for line in kept if line.startswith("#")]
    rows = ["\t".join(row) for row in rows_of(args.theriac, args.data)]
    if args.update:
        TABLE.write_text("\n".join([*head, "\t".join(COLUMNS), *rows]) + "\n")
    want = [line for line in kept if not line.startswith("#")][1:]
    wrong = [row for row in rows if row not in want] + [f"gone: {row}" for row in want if row not in rows]
    print("\n".join(wrong))
    print(f"{len(rows) - min(len(wrong), len(rows))} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
