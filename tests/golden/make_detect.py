#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of the nine detectors: small conn.log and dns.log files in Zeek's format.
Only inputs, `args` and `why.txt` are made here; `run --update` makes `out`. Lines are in
192.0.2.0/24, peers in the other documentation ranges and 198.18.0.0/15; the names are made up."""
import math
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent / "detect"
T0 = 1767600000  # 2026-01-05 08:00 UTC
MIN, HOUR = 60, 3600
LINE = "192.0.2.10"
CONN = ["ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "duration", "conn_state",
        "history", "orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"]
DNS = ["ts", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "query", "qtype_name",
       "rcode_name", "answers", "TTLs"]
ARGS = "detect --json --inside 192.0.2.0/24 conn.log"
WITH_DNS = ARGS + " dns.log"
DNS_ONLY = "detect --json --inside 192.0.2.0/24 dns.log"


class Dice:
    """Repeatable numbers of our own, so that no Python version changes the inputs."""

    def __init__(self, seed):
        self.state = seed * 2654435761 + 1

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def word(self, n, letters="bcdfghjklmnpqrstvwxz0123456789"):
        return "".join(letters[self.below(len(letters))] for _ in range(n))

    def near(self, middle, share):
        return round(middle * (1 - share + 2 * share * self.below(1001) / 1000))


def peer(i):
    """Outside addresses that spread over several /16."""
    return (f"198.51.100.{i % 250 + 1}", f"203.0.113.{i % 250 + 1}", f"198.18.{i % 200}.{i % 250 + 1}",
            f"198.19.{i % 200}.{i % 250 + 1}")[i % 4]


SPORT = 32768


def conn(at, dst, dport, state="SF", proto="tcp", src=LINE, sport=None, dur=1.0, out=(6, 600), back=(6, 900)):
    history = {"S0": "S", "REJ": "Sr", "SF": "ShADadfF", "OTH": "Dd"}.get(state, "-")
    if proto != "tcp":
        history = "Dd" if back[0] else "D"
    if state == "S0":
        dur, out, back = 3.0, (3, 180), (0, 0)
    if state == "REJ":
        dur, out, back = 0.02, (1, 60), (1, 40)
    if sport is None:
        sport = SPORT + int(at * 7) % 28000
    return [f"{T0 + at:.6f}", src, sport, dst, dport, proto, f"{dur:.6f}", state, history, *out, *back]


def dns(at, name, rcode="NOERROR", qtype="A", answers=(), ttls=(), client=LINE):
    return [f"{T0 + at:.6f}", client, SPORT + int(at * 11) % 28000, "198.51.100.53", 53, "udp", name, qtype,
            rcode, ",".join(answers) or "-", ",".join(map(str, ttls)) or "-"]


def log(path, fields, rows):
    rows = sorted(rows, key=lambda r: float(r[0]))
    head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-",
            "#path\t" + path, "#fields\t" + "\t".join(fields)]
    return "\n".join(head + ["\t".join(map(str, r)) for r in rows]) + "\n"


def conns(rows):
    return {"conn.log": log("conn", CONN, rows)}


def names(rows):
    return {"dns.log": log("dns", DNS, rows)}


def case(name, why, args, files):
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "args").write_text(args + "\n")
    (folder / "why.txt").write_text(why + "\n")
    for file, text in files.items():
        (folder / file).write_text(text)


def surfing(seed, n=60, src=LINE, until=50 * MIN):
    """What a household does besides."""
    dice = Dice(seed)
    return [conn(dice.below(until), peer(dice.below(400)), 443, out=(20, dice.near(3000, .9)),
                 back=(40, dice.near(30000, .9)), dur=dice.near(20, .9), src=src) for _ in range(n)]


def absurd(dport, proto="tcp"):
    """Rows that no honest exporter sends, around a port: addresses that are none, impossible times and counters,
    and a contact that an outsider opened told the wrong way round."""
    big = 2**63
    good = conn(1, peer(1), dport, "S0", proto)

    def row(**change):
        return [change.get(name.replace("id.", "").replace(".", "_"), value) for name, value in zip(CONN, good)]
    rows = [row(resp_h=h) for h in ("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "::", "ff02::1", LINE)]
    rows += [row(ts=t) for t in ("0.000000", "-5.000000", "253402300799.000000", "99999999999999.0", "nan", "1e9")]
    rows += [row(duration=d) for d in ("-3.000000", "1e300", "99999999.000000", "inf")]
    rows += [row(orig_pkts=big, orig_ip_bytes=big, resp_pkts=2 * big, resp_ip_bytes=0),
             row(orig_pkts=0, orig_ip_bytes=0), row(id_orig_p=0),
             row(resp_p=0), row(resp_p=65536), row(proto="255"), row(conn_state="XXXX", history="^" * 60)]
    # Answers of the line to a scan, without the packets that asked: the outsider opened them.
    rows += [conn(10 + i, peer(i), 40000 + i, "SHR", proto, sport=dport, out=(1, 40), back=(0, 0)) for i in range(60)]
    rows += [conn(10 + i, LINE, dport, "S0", proto, src=peer(i)) for i in range(60)]
    return rows


def unsorted(path, fields, rows):
    return log(path, fields, [])+"\n".join("\t".join(map(str, r)) for r in rows) + "\n"


# ---- propagation ------------------------------------------------------------------------------

def bittorrent(seed, n=120, answered_in=2):
    dice = Dice(seed)
    return [conn(dice.below(50 * MIN), peer(100 + i), 10000 + dice.below(50000),
                 "SF" if i % answered_in == 0 else "S0", out=(50, dice.near(20000, .9)), back=(50, 40000))
            for i in range(n)]


def dead_edges(seed, n=80):
    """Happy eyeballs and edges of a content network that are gone: one first contact in ten fails."""
    dice = Dice(seed)
    return [conn(dice.below(50 * MIN), peer(i), 443, "S0" if i % 10 == 3 else "SF", out=(20, 3000),
                 back=(40, 30000)) for i in range(n)]


def scan_bot_ports():
    rows = [conn(i * 30, peer(i), 2323 if i % 10 == 0 else 23, "SF" if i % 25 == 7 else "REJ" if i % 5 == 1 else "S0")
            for i in range(90)]
    case("scan-bot-ports-fires",
         "A Mirai-like bot tries 90 hosts on 23 and 2323/tcp in 45 minutes; four answer. It surfs besides.",
         ARGS, conns(rows + surfing(1)))
    quiet = bittorrent(2) + dead_edges(3)
    quiet += [conn(i * 20, peer(i), 5555, "S0") for i in (3, 4)]        # peers that listen on a bot port
    quiet += [conn(i * 60, peer(i), 22, dur=5, out=(30, 4000), back=(30, 9000)) for i in range(40)]
    quiet += [conn(i * 60 + 5, peer(200), 8291, "S0") for i in range(40)]     # one router that is away
    quiet += [conn(i * 10, LINE, 23, "S0", src=peer(i)) for i in range(200)]  # scanned from outside
    case("scan-bot-ports-quiet",
         "BitTorrent with two peers on 5555, an administrator's 40 ssh sessions, monitoring of one router that is "
         "away, and a telnet scan from outside.", ARGS, conns(quiet))
    case("scan-bot-ports-hostile",
         "Absurd addresses, times, counters and ports, and the answers of a line that is scanned: bad rows are "
         "counted, nothing is found.", ARGS,
         {"conn.log": unsorted("conn", CONN, absurd(23))})


def scan_any_port():
    rows = [conn(i * 45, peer(i), 5038 + i % 3 * 1000, "S0" if i % 9 else "SF") for i in range(60)]
    case("scan-any-port-fires", "First contacts to 60 hosts on three odd ports over 45 minutes; six answer.",
         ARGS, conns(rows + surfing(4)))
    case("scan-any-port-quiet",
         "BitTorrent, half of whose peers are gone, and a browser that meets dead edges of a content network.",
         ARGS, conns(bittorrent(5, 200) + dead_edges(6, 120)))
    case("scan-any-port-hostile", "Absurd rows on an odd port, and 200 failures to one host: no first contacts.",
         ARGS, {"conn.log": unsorted("conn", CONN, absurd(5038) + [
             conn(100 + i, peer(1), 5038, "S0") for i in range(200)])})


def password_guessing():
    dice = Dice(7)
    rows = [conn(i * 15, peer(i % 12), 22, dur=2, out=(12, dice.near(1900, .05)), back=(11, dice.near(2300, .05)))
            for i in range(160)]
    case("password-guessing-fires", "160 ssh sessions of two seconds and nearly one size at 12 hosts, in 40 minutes.",
         ARGS, conns(rows + surfing(8)))
    quiet = [conn(i * MIN, peer(7), 22, dur=20, out=(900, dice.near(900000, .9)), back=(500, dice.near(26000, .9)))
             for i in range(50)]
    quiet += [conn(i * 3 * MIN + 7, peer(8), 22, dur=2, out=(20, dice.near(4000, .6)), back=(20, dice.near(9000, .6)))
              for i in range(15)]
    quiet += [conn(i * 10, LINE, 22, dur=2, src=peer(i), out=(12, 1900), back=(11, 2300)) for i in range(200)]
    case("password-guessing-quiet",
         "A backup over ssh to one host each minute, git over ssh, and a password guesser from outside.",
         ARGS, conns(quiet))
    case("password-guessing-hostile",
         "Absurd rows on 22/tcp, sessions of no bytes at all and of 2^63 bytes.", ARGS,
         {"conn.log": unsorted("conn", CONN, absurd(22) + [
             conn(100 + i * 5, peer(i % 3), 22, out=(6, 2**63 if i % 2 else 0), back=(6, 2**63 - 1))
             for i in range(40)])})


# ---- abuse ------------------------------------------------------------------------------------

def spam_sending():
    dice = Dice(9)
    rows = [conn(i * 40, peer(i), 25, "S0" if i % 6 == 5 else "SF", out=(20, dice.near(6000, .4)), back=(18, 2000))
            for i in range(65)]
    looks = [dns(i * 40 - 1, f"made-up-receiver-{i}.org", qtype="MX") for i in range(1, 65)]
    case("spam-sending-fires", "Mail straight to 65 mail servers within 45 minutes, after asking for each one's MX.",
         WITH_DNS, conns(rows + surfing(10)) | names(looks))
    quiet = [conn(i * 90, peer(7), 587 if i % 2 else 465, out=(30, 9000)) for i in range(30)]
    quiet += [conn(i * 60 + 9, peer(8), 993, out=(12, 900), back=(12, 4000)) for i in range(45)]
    server = "192.0.2.25"
    quiet += [conn(i * 120, server, 25, src=peer(50 + i), out=(30, 9000)) for i in range(20)]
    quiet += [conn(i * 150 + 30, peer(60 + i % 9), 25, src=server, out=(30, 9000)) for i in range(18)]
    case("spam-sending-quiet",
         "A mail program that submits on 587 and 465 and polls, and the mail server of a small office: it accepts "
         "mail itself and sends to nine others.", ARGS, conns(quiet))
    case("spam-sending-hostile", "Absurd rows on 25/tcp.", ARGS,
         {"conn.log": unsorted("conn", CONN, absurd(25))})


def flood_sending():
    target = "198.51.100.80"
    rows = [conn(i * 35, target, 80, "S0", "udp", sport=5000 + i) for i in range(10)]
    for r in rows:
        r[6], r[9], r[10] = "29.500000", 180000, 180000 * 540
    case("flood-sending-fires", "6,000 UDP packets a second of one size to one host, in bursts of half a minute.",
         ARGS, conns(rows + surfing(11)))
    quiet = [conn(10, peer(5), 443, dur=25, out=(200000, 280000000), back=(60000, 3200000)),     # upload test
             conn(50, peer(5), 443, dur=25, out=(60000, 3200000), back=(200000, 280000000)),
             conn(100, peer(6), 8801, "SF", "udp", dur=1800, out=(2700000, 2700000000), back=(900000, 700000000)),
             conn(200, peer(9), 51820, "SF", "udp", dur=600, out=(1200000, 1500000000), back=(500000, 60000000))]
    quiet += [conn(300 + i * 40, LINE, 80, "S0", "udp", src=peer(i)) for i in range(5)]
    for r in quiet[-5:]:
        r[6], r[9], r[10] = "29.500000", 180000, 180000 * 540
    case("flood-sending-quiet",
         "A speed test both ways, a video call, an upload through a WireGuard tunnel, and a flood from outside.",
         ARGS, conns(quiet))
    hostile = [conn(100 + i, target, 80, "S0", "udp", sport=6000 + i) for i in range(6)]
    for i, r in enumerate(hostile):
        r[6], r[9], r[10] = ("0.000000", "1e9", "-1.0", "31536000.000000", "29.0", "29.0")[i], 2**62, i % 2
    case("flood-sending-hostile", "Absurd rows over UDP, and counters of 2^62 packets in no time and in a year.",
         ARGS, {"conn.log": unsorted("conn", CONN, absurd(80, "udp") + hostile)})


# ---- intel ------------------------------------------------------------------------------------

LIST = """indicator,kind,family,first_seen,last_seen,feed
198.51.100.66:4444,ip:port,xrat,2025-12-01T00:00:00Z,2026-01-05T00:00:00Z,ours
c2.made-up-botnet.org,domain,dgabot,2026-01-20T00:00:00Z,2026-01-20T00:00:00Z,ours
198.51.100.77,sinkhole,sinkhole of a CERT,,,ours
"""


def indicator_contact():
    rows = [conn(i * 20 * MIN, "198.51.100.66", 4444, out=(6, 500), back=(5, 400)) for i in range(6)]
    rows += [conn(MIN, "198.51.100.90", 443, src="192.0.2.11", out=(9, 900), back=(9, 4000)),
             conn(5 * MIN, "198.51.100.77", 80, "S0", src="192.0.2.12"),
             conn(6 * MIN, "198.51.100.78", 80, src="192.0.2.13", out=(9, 900), back=(9, 4000))]
    looks = [dns(MIN - 1, "eu.c2.made-up-botnet.org", answers=["198.51.100.90"], ttls=[60], client="192.0.2.11"),
             dns(2 * MIN, "made-up-botnet.org", client="192.0.2.13")]
    case("indicator-contact-fires",
         "A line talks to a listed server and port in two hours; another looks up a listed name (listed only later) "
         "and contacts its answer; a third knocks at a sinkhole. A fourth meets their neighbours only.",
         "detect --json --inside 192.0.2.0/24 --indicators list.csv conn.log dns.log",
         conns(rows) | names(looks) | {"list.csv": LIST})
    quiet = [conn(MIN, "198.51.100.66", 4444, out=(9, 900)), conn(2 * MIN, "198.51.100.67", 80),
             conn(3 * MIN, LINE, 22, src="198.51.100.68"), conn(3 * MIN, LINE, 4444, "S0", src="198.51.100.69"),
             conn(4 * MIN, "198.51.100.70", 443)]
    looks = [dns(4 * MIN - 1, "www.made-up-shop.org", answers=["198.51.100.70"], ttls=[60]),
             dns(5 * MIN, "old.made-up-botnet.org", "NXDOMAIN")]
    stale = """indicator,kind,family,first_seen,last_seen,feed
198.51.100.66:4444,ip:port,xrat,2025-06-01T00:00:00Z,2025-08-01T00:00:00Z,ours
old.made-up-botnet.org,domain,dgabot,2025-06-01T00:00:00Z,2025-08-01T00:00:00Z,ours
http://www.made-up-shop.org/hacked/gate.php,url,xrat,2026-01-04T00:00:00Z,2026-01-05T00:00:00Z,ours
"""
    case("indicator-contact-quiet",
         "Stale indicators, a hacked page on an otherwise decent shop, and listed hosts that knock at the line's "
         "door.", "detect --json --inside 192.0.2.0/24 --indicators stale.csv --indicators hosts.txt conn.log dns.log",
         conns(quiet) | names(looks) | {"stale.csv": stale, "hosts.txt": "198.51.100.68\n198.51.100.69\n"})
    hostile = ["", "\t", "com", "0.0.0.0/0", "10.0.0.0/8", "192.0.2.10", ",,,,,", '"open', "]:[", "198.51.100.66:0",
               "198.51.100.66:65536", "a" * 5000, ".".join("a" * 127), "x.org/" + "/" * 3000, "\x00\x01\x02",
               "http://", "://x", "198.51.100.66:4444,ip:port,\"a \"\"quoted\"\" family, with a comma\",when,-9,"]
    wide = [f"198.51.100.66:{4000 + i}" for i in range(600)]
    case("indicator-contact-hostile",
         "A list of nonsense, of what would hit everybody and of the lines themselves; one server with 600 listed "
         "ports, a hundred of them contacted: one finding an hour.",
         "detect --json --inside 192.0.2.0/24 --indicators nonsense.csv --indicators ports.txt conn.log dns.log",
         {"nonsense.csv": "indicator,kind,family,first_seen,last_seen,feed\n" + "\n".join(hostile) + "\n",
          "ports.txt": "\n".join(wide) + "\n",
          "conn.log": unsorted("conn", CONN, absurd(4444) + [
              conn(100 + i, "198.51.100.66", 4000 + i, out=(6, 500), back=(5, 400)) for i in range(100)])}
         | names([dns(1, "a" * 63 + "." + "b" * 63 + ".org"), dns(2, "."), dns(3, "com"), dns(4, "a." * 120 + "org")]))


# ---- c2 ---------------------------------------------------------------------------------------

def normal_names(seed, n=120, until=50 * MIN):
    dice = Dice(seed)
    hosts = ("www", "cdn", "img", "api", "static", "fonts")
    return [dns(dice.below(until), f"{hosts[dice.below(6)]}.made-up-site-{dice.below(40)}.org",
                answers=["198.51.100.9"], ttls=[300]) for _ in range(n)]


def random_domains():
    dice = Dice(12)
    rows = []
    for begin in (2 * MIN, 42 * MIN):
        for i in range(90):
            name = dice.word(8 + dice.below(9), "abcdefghijklmnopqrstuvwxyz") + (".com", ".net", ".biz")[i % 3]
            rows.append(dns(begin + i * 2, name, "NXDOMAIN"))
    case("random-domains-fires", "A bot asks for 90 generated domains in three minutes, twice; none exists.",
         DNS_ONLY, names(rows + normal_names(13)))
    quiet = normal_names(14)
    for i in range(8):                                      # Chromium's probes, with the provider's search suffix
        for k in range(3):
            probe = dice.word(7 + dice.below(8), "abcdefghijklmnopqrstuvwxyz")
            quiet += [dns(i * 6 * MIN + k, probe, "NXDOMAIN"),
                      dns(i * 6 * MIN + k + .5, probe + ".made-up-provider.org", "NXDOMAIN")]
    quiet += [dns(i * 20, f"{('wpad', 'printer', 'nas', 'isatap')[i % 4]}.{('lan', 'home', 'corp')[i % 3]}",
                  "NXDOMAIN") for i in range(120)]
    quiet += [dns(i * 15, f"www.made-up-site-{i % 40}.org.office.made-up-employer.org", "NXDOMAIN")
              for i in range(150)]                          # a search list that is tried behind every name
    quiet += [dns(i * 7 + 1, f"{i % 250}.100.51.198.block.made-up-list.org", "NXDOMAIN") for i in range(300)]
    quiet += [dns(i * 70, f"made-up-tpyo-{i}.org", "NXDOMAIN") for i in range(4)]
    case("random-domains-quiet",
         "Chromium's random hosts at eight starts, search suffixes, wpad, block list look-ups and four mistyped "
         "names.", DNS_ONLY, names(quiet))
    hostile = [dns(i, n, "NXDOMAIN") for i, n in enumerate(
        (".", "", "..", "com", "a" * 300, "a." * 126 + "org", "\\000\\255.org", "-.org", "_._.org", "x" * 63 + ".org",
         "\\.\\.\\.", "1.2.3.4", "::1", "a..org", "org.", "\xff\xfe.org"))]
    hostile += [dns(50 + i / 10, "gone.made-up-tracker.org", "NXDOMAIN") for i in range(300)]
    hostile += [dns(200 + i / 10, f"{dice.word(4)}.made-up-wildcard.org", "NXDOMAIN") for i in range(300)]
    hostile += [dns(9e9 if i % 2 else -T0, dice.word(12) + ".org", "NXDOMAIN") for i in range(6)]
    case("random-domains-hostile",
         "Names that are none, one dead name asked for 300 times, 300 names below one domain, times of other ages: "
         "few domains, no finding.", DNS_ONLY,
         {"dns.log": unsorted("dns", DNS, hostile)})


BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def dns_tunnel():
    dice = Dice(15)
    rows = [dns(MIN + i * 1.5, f"{dice.word(56, BASE32)}.{dice.word(56, BASE32)}.t.made-up-tunnel.net", qtype="TXT")
            for i in range(150)]
    case("dns-tunnel-fires", "A tunnel sends 113 bytes in each of 150 names below one domain, among normal look-ups.",
         DNS_ONLY, names(rows + normal_names(16)))
    rows = [dns(MIN + i * 12, f"{dice.word(60, BASE32)}.made-up-{dice.word(6)}.net") for i in range(36)]
    case("dns-tunnel-fires-spread",
         "36 domains, each asked once with a label of 60 random characters: the data is spread so that no domain "
         "brings much.", DNS_ONLY, names(rows + normal_names(17)))
    quiet = normal_names(18, 100)
    quiet += [dns(i * 2, f"{i % 250}.{i % 7}.51.198.block.made-up-list.org",
                  "NXDOMAIN" if i % 5 else "NOERROR") for i in range(250)]
    quiet += [dns(i * 5, f"e{dice.below(60)}.{('a', 'b')[i % 2]}.made-up-edge.net") for i in range(200)]
    quiet += [dns(i * 30, f"{dice.word(32, '0123456789abcdef')}.reputation.made-up-antivirus.org") for i in range(90)]
    quiet += [dns(i * 3, f"{i}.{i}.51.198.in-addr.arpa", "NXDOMAIN", "PTR") for i in range(100)]
    case("dns-tunnel-quiet",
         "A mail server's block list look-ups, names of a content network again and again, the file hashes that an "
         "anti-virus program asks about, and reverse look-ups.", DNS_ONLY, names(quiet))
    zeros = "\\000" * 60
    hostile = [dns(i, n) for i, n in enumerate((".", "", "com", "..", "a" * 300, "\\000.\\255.made-up.org",
                                               ".".join(["0" * 63] * 3) + ".made-up.org", zeros + ".org"))]
    hostile += [dns(20 + i, ".".join(["0" * 63] * 3) + ".made-up.org") for i in range(60)]      # one name
    hostile += [dns(20 + i, f"{dice.word(50)}.d{i}.made-up-ending") for i in range(60)]
    hostile += [dns(9e9 if i % 2 else -T0, dice.word(60) + ".made-up.org") for i in range(6)]
    case("dns-tunnel-hostile",
         "Names that are none, escaped bytes, one long name 60 times, times of other ages; and 60 domains below an "
         "ending that does not exist, with random labels, which is a finding.", DNS_ONLY,
         {"dns.log": unsorted("dns", DNS, hostile)})


CONFIG = "# As fitted where clean lines hardly ever contact anybody evenly.\ndetector.regular-contact:\n  keys: 0.05\n"
CONFIGURED = "detect --json -c theriac.yaml --inside 192.0.2.0/24 conn.log"


def regular_contact():
    dice = Dice(19)

    def beat(dst, port, period, jitter, hours, **more):
        at, rows = 100.0, []
        while at < hours * HOUR:
            rows.append(conn(at, dst, port, out=(6, 500), back=(5, 400), **more))
            at += period * (1 - jitter + 2 * jitter * dice.below(1000) / 1000)
        return rows
    rows = beat("198.51.100.66", 4444, 600, .2, 8)
    rows += surfing(20, 200, until=8 * HOUR)
    scan = [conn(7 * HOUR + i * 30, peer(i), 23, "S0") for i in range(70)]
    case("regular-contact-fires",
         "A bot calls home about every ten minutes for eight hours, with a jitter of 20 %, and scans. (Evenness never "
         "stands alone: without the scan the line would stay below observe.)",
         CONFIGURED, conns(rows + scan) | {"theriac.yaml": CONFIG})
    quiet = beat("198.51.100.123", 123, 256, 0, 8, proto="udp") + beat("198.51.100.5", 5228, 900, .02, 8)
    quiet += beat("198.51.100.6", 8883, 300, 0, 8) + beat("198.51.100.7", 443, 300, .01, 8)
    quiet += beat("198.51.100.8", 4444, 600, .9, 8)
    quiet += [conn(i * 3, "198.51.100.9", 4444) for i in range(40)] + scan
    case("regular-contact-quiet",
         "NTP, push, MQTT and a web service that is polled every five minutes; an odd port contacted at uneven "
         "intervals, and one in a short burst. (A scan lifts the line to where evenness would be shown.)", CONFIGURED, conns(quiet) | {"theriac.yaml": CONFIG})
    case("regular-contact-quiet-alone",
         "The bot of regular-contact-fires without a fitted prior and without a population: evenness says nothing "
         "there.", ARGS, conns(rows + scan))
    hostile = absurd(4444)
    hostile += [conn(1000 - i, "198.51.100.66", 4444) for i in range(60)]                # backwards
    hostile += [conn(2000, "198.51.100.66", 4444, sport=2000 + i) for i in range(60)]    # all at once
    hostile += [conn(3000 + i, peer(i), 4444) for i in range(120)]                       # more keys than room
    case("regular-contact-hostile", "Absurd rows, contacts in reverse order, 60 at one time, 120 peers at once.",
         CONFIGURED, {"conn.log": unsorted("conn", CONN, hostile), "theriac.yaml": CONFIG})


for make in (scan_bot_ports, scan_any_port, password_guessing, spam_sending, flood_sending, indicator_contact,
             random_domains, dns_tunnel, regular_contact):
    make()
