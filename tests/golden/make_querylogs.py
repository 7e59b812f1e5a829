#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of resolvers' query logs: BIND, Unbound, dnsmasq, PowerDNS Recursor. Lines
have the form of what the programs wrote, names and addresses are made up (documentation ranges). Only
inputs, `args` and `why.txt` are made here; `run --update` makes `out` and `err`."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent / "decode"
LONG = ".".join(["a" * 63] * 5)


def case(folder, why, args, **files):
    path = ROOT / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "why.txt").write_text(why + "\n")
    (path / "args").write_text(args + "\n")
    for name, content in files.items():
        name = name.replace("_", ".")
        data = content if isinstance(content, bytes) else content.encode("latin-1")
        (path / name).write_bytes(data)


def bind():
    case("bind-querylog-fires", "The forms of a line's front: iso8601 in UTC, without a zone, local, by "
         "syslog, with and without category, view and client object; EDNS flags, odd bytes, IPv6; a "
         "failure and a response complete their query; other classes are passed over.",
         "decode --json --tz +01:00 -c year.yaml iso.log local.log syslog.log", iso_log="""\
2026-01-02T03:04:05.335Z queries: info: client @0x7f4a53786098 192.0.2.10#40796 (www.Example.com): \
view inside: query: www.Example.com IN A +E(0)K (192.0.2.53)
2026-01-02T03:04:06.459Z queries: info: client @0x7f4a55e37098 192.0.2.10#39537 \
(odd\\255\\032a\\.b\\"c\\(d\\).example.com): query: odd\\255\\032a\\.b\\"c\\(d\\).example.com IN A + (192.0.2.53)
2026-01-02T03:04:06.791Z queries: info: client @0x7f4a55e37098 2001:db8:1::10#50792 (x.example.com): \
view _default: query: x.example.com IN TYPE65280 +E(0)TDCK (2001:db8::53)
2026-01-02T03:04:07.615Z resolver: debug 1: fetch: fails.example.com/A
2026-01-02T03:04:07.615Z queries: info: client @0x7f4a55e3a898 192.0.2.10#50766 (fails/a.example.com): \
view inside: query: fails/a.example.com IN A +E(0)K (192.0.2.53)
2026-01-02T03:04:17.700Z query-errors: info: client @0x7f4a55e3a898 192.0.2.10#50766 \
(fails/a.example.com): view inside: query failed (SERVFAIL) for fails/a.example.com/IN/A at query.c:6426
2026-01-02T03:04:18.100Z queries: info: client @0x7f4a55e3a898 192.0.2.10#50767 (.): query: . IN NS + (192.0.2.53)
2026-01-02T03:04:18.101Z responses: info: client @0x7f4a55e3a898 192.0.2.10#50767 (.): response: . IN NS \
NOERROR + 13 0 27 (192.0.2.53)
2026-01-02T03:04:18.200Z responses: info: client @0x7f4a55e3a898 192.0.2.10#50768 (no.example.com): \
response: no.example.com IN A NXDOMAIN + 0 1 0 (192.0.2.53)
2026-01-02T03:04:19.471Z queries: info: client @0x7f4a53787c98 192.0.2.10#52339 (version.bind): \
query: version.bind CH TXT +E(0)K (192.0.2.53)
2026-01-02T03:04:19.479Z query-errors: info: client @0x7f4a55e3a898 192.0.2.10#38648 (x.example.com): \
query failed (shutting down) for x.example.com/IN/A at query.c:7916
""", local_log="""\
02-Jan-2026 04:04:20.000 client 192.0.2.10#34465 (ntp.example.com): query: ntp.example.com IN AAAA -
2026-01-02T04:04:21.5 client 192.0.2.10#34466: query: old.example.com IN MX -EDC
2026-01-02 04:04:22.250 client 192.0.2.10#34467: view a b: query: spaced.example.com IN SRV +
""", syslog_log="""\
Dec 31 23:59:58 ns1 named[123]: client 192.0.2.10#34468 (eve.example.com): query: eve.example.com IN A +
Jan  1 00:00:02 ns1 named[123]: client 192.0.2.10#34469 (day.example.com): query: day.example.com IN A +
<134>Jan  1 00:00:03 ns1 named[123]: queries: info: client 192.0.2.10#34470 (pri.example.com): \
query: pri.example.com IN A +
<134>1 2026-01-01T00:00:04.5+01:00 ns1 named 123 - - client 192.0.2.10#34471 (new.example.com): query: \
new.example.com IN A +
""", year_yaml="decoder.bind-querylog:\n  year: 2025\n")
    case("bind-querylog-quiet", "The rest of what BIND logs, lines without a time and lines whose year "
         "nothing tells: no record.", "decode --json --format bind-querylog other.log undated.log",
         other_log="""\
02-Jan-2026 03:04:05.000 general: info: zone example.com/IN: loaded serial 1
02-Jan-2026 03:04:05.000 client 192.0.2.10#34465 (example.com): query (cache) 'example.com/A/IN' denied
02-Jan-2026 03:04:05.000 security: info: client @0x7f 192.0.2.10#1: request has invalid signature
02-Jan-2026 03:04:06.000 exiting
""", undated_log="""\
client 192.0.2.10#34465 (ntp.example.com): query: ntp.example.com IN A + (192.0.2.53)
30-Feb-2026 03:04:05.000 client 192.0.2.10#34465 (ntp.example.com): query: ntp.example.com IN A +
""")
    good = "02-Jan-2026 03:04:%s client 192.0.2.10#34465 (%s): query: %s IN A +\n"
    case("bind-querylog-hostile", "Damaged and cut lines, names that are too long, ports out of range, "
         "lines inside names: each is named, the rest is read.",
         "decode --json --format bind-querylog damaged.log", damaged_log=(
             good % ("05.000", "good.example.com", "good.example.com") +
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#34465 (a.example): query: a.example\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#34465 (a.example): query: a.example IN\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#34465 (a.example): query: a.example IN BOGUS +\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#65536 (a.example): query: a.example IN A +\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.256#1 (a.example): query: a.example IN A +\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#1 (a): query failed (SERVFAIL) for a at x\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#1 (a): query failed (SERVFAIL\n"
             "02-Jan-2026 03:04:06.000 client 192.0.2.10#1 (a): response: a.example IN A\n"
             "02-Jan-2026 03:04:06.000 client\n02-Jan-2026 03:04:06.000 client \n02-Jan-2026 03:04:06\n"
             "99-Jan-2026 03:04:06.000 client 192.0.2.10#1 (a): query: a.example IN A +\n"
             "0000-00-00T99:99:99 client 192.0.2.10#1 (a): query: a.example IN A +\n<<<>>> Jan Jan\n[] x\n"
             + good % ("07.000", "x" * 2000, "x" * 2000) + good % ("08.000", "long", LONG) +
             good % ("09.000", "\\", "\\") + good % ("10.000", "\\25", "\\25\\9999") +
             good % ("11.000", "a", "\xff\xfe\x01..a") + (good % ("12.000", "last", "last.example.com"))[:-3]))


def unbound():
    asked = "%s unbound[96103:0] info: 192.0.2.10 %s %s IN\n"
    told = "%s unbound[96103:0] info: 192.0.2.10 %s %s IN %s %s 0 45\n"
    t = "[17673230%d]"
    case("unbound-log-fires", "Times as numbers, as syslog writes them, as ISO 8601; queries and replies "
         "alone and joined, tagged or not; the local zones' own lines and other classes are passed over.",
         "decode --json -c year.yaml epoch.log ascii.log syslog.log replies.log", epoch_log=(
             "[1767323040] unbound[96103:0] notice: init module 0: iterator\n" +
             asked % (t % 45, "www.Example.com.", "A") +
             f"{t % 45} unbound[96103:0] info: example.com. static 192.0.2.10@48936 www.Example.com. A IN\n" +
             told % (t % 45, "www.Example.com.", "A", "NOERROR", "0.000000") +
             asked % (t % 46, "nope.example.com.", "AAAA") + asked % (t % 46, "odd??a.example.com.", "A") +
             told % (t % 47, "nope.example.com.", "AAAA", "NXDOMAIN", "1.234567") +
             asked % (t % 48, ".", "NS") +
             f"{t % 48} unbound[96103:0] info: 192.0.2.10 version.bind. TXT CH\n" +
             f"{t % 49} unbound[96103:1] info: 2001:db8:1::10 six.example.com. TYPE65280 IN\n" +
             told % (t % 50, ".", "NS", "SERVFAIL", "2.000000")), ascii_log="""\
Dec 31 23:59:59 unbound[31325:0] query: 192.0.2.10 eve.example.com. A IN
Jan  1 00:00:01 unbound[31325:0] reply: 192.0.2.10 eve.example.com. A IN NOERROR 2.000000 0 60
""", syslog_log="""\
Jan  2 03:05:46 fw1 unbound[96103]: [96103:0] info: 192.0.2.10 daisy.example.com. A IN
Jan  2 03:05:46 fw1 unbound[96103]: [96103:0] info: resolving daisy.example.com. A IN
Jan  2 03:05:46 fw1 unbound[96103]: [96103:0] debug: sending to target: <.> 192.0.2.9#853
2026-01-02T03:05:47.250+00:00 fw1 unbound[96103]: [96103:0] info: 192.0.2.10 iso.example.com. A IN
""", replies_log="""\
[1767323100] unbound[1:0] info: 192.0.2.10 slow.example.com. A IN NOERROR 1.500000 0 60
[1767323100] unbound[1:0] info: 192.0.2.11 fast.example.com. A IN REFUSED 0.000000 1 60
""", year_yaml="decoder.unbound-log:\n  year: 2025\n")
    case("unbound-log-quiet", "Unbound's log without queries: no record.",
         "decode --json --format unbound-log other.log", other_log="""\
[1767323040] unbound[96103:0] notice: init module 0: iterator
[1767323040] unbound[96103:0] info: start of service (unbound 1.17.1).
[1767323050] unbound[96103:0] info: server stats for thread 0: 19 queries, 17 answers from cache
""")
    case("unbound-log-hostile", "Damaged and cut lines, times and seconds that are none: named, the rest is "
         "read.", "decode --json --format unbound-log damaged.log", damaged_log=(
             asked % (t % 45, "good.example.com.", "A") +
             "[1767323046] unbound[1:0] info: 192.0.2.10 a.example. A\n"
             "[1767323046] unbound[1:0] info: 192.0.2.10 a.example. BOGUS IN\n"
             "[1767323046] unbound[1:0] info: 192.0.2.10 a.example. A IN NOSUCH 0.0 0 1\n"
             "[1767323046] unbound[1:0] info: 192.0.2.10 a.example. A IN NOERROR x 0 1\n"
             "[1767323046] unbound[1:0] info: 192.0.2.10 a.example. A IN NOERROR 99999999999 0 1\n"
             "[1767323046] unbound[1:0] info: 192.0.2.10 a.example. A IN NOERROR 9999999999.0 0 1\n"
             "[99999999999999] unbound[1:0] info: 192.0.2.10 a.example. A IN\n"
             "[0] unbound[1:0] info: 192.0.2.10 a.example. A IN\n[] unbound[1:0] info: \n] info: \n"
             "[1767323046] unbound[1:0] info: \x00\xff \x01 A IN\n" +
             asked % (t % 47, "x" * 2000, "A") + asked % (t % 47, LONG, "A") +
             (asked % (t % 48, "last.example.com.", "A"))[:-1]))


def dnsmasq():
    plain = "Jan  2 03:04:%02d dnsmasq[1068]: %s\n"

    def lines(*rows):
        return "".join(plain % row for row in rows)

    case("dnsmasq-log-fires", "Answers are joined with log-queries=extra by serial, else by name and family; "
         "CNAME chains, hosts files, blocked names, text, failures, unanswered queries; two clients that "
         "ask for the same name.", "decode --json -c year.yaml extra.log plain.log", extra_log=lines(
             (5, "1 192.0.2.10/60802 query[A] www.Example.com from 192.0.2.10"),
             (5, "1 192.0.2.10/60802 forwarded www.Example.com to 192.0.2.53#53"),
             (5, "2 2001:db8:1::10/60803 query[A] www.example.com from 2001:db8:1::10"),
             (5, "1 192.0.2.10/60802 reply www.Example.com is <CNAME>"),
             (5, "1 192.0.2.10/60802 reply cdn.example.net is 198.51.100.20"),
             (5, "1 192.0.2.10/60802 reply cdn.example.net is 198.51.100.21"),
             (6, "2 2001:db8:1::10/60803 cached www.example.com is <CNAME>"),
             (6, "2 2001:db8:1::10/60803 cached cdn.example.net is 198.51.100.20"),
             (6, "3 192.0.2.10/60804 query[type=65280] nope.example.com from 192.0.2.10"),
             (6, "3 192.0.2.10/60804 reply nope.example.com is NXDOMAIN"),
             (7, "4 192.0.2.10/60805 query[A] refused.example.com from 192.0.2.10"),
             (7, "4 192.0.2.10/60805 reply error is REFUSED"),
             (7, "5 192.0.2.10/60806 query[A] version.example.com from 192.0.2.10"),
             (7, "5 192.0.2.10/60806 config version.example.com is not implemented (EDE: unknown)"),
             (8, "6 192.0.2.10/60807 query[TXT] t.example.com from 192.0.2.10"),
             (8, "6 192.0.2.10/60807 reply t.example.com is v=spf1 include:example.net -all"),
             (9, "7 192.0.2.10/60808 query[A] never.example.com from 192.0.2.10")), plain_log=lines(
                 (5, "query[A] host.example.com from 192.0.2.10"),
                 (5, "/etc/hosts host.example.com is 192.0.2.20"),
                 (5, "query[AAAA] host.example.com from 192.0.2.10"),
                 (5, "cached host.example.com is NODATA-IPv6"),
                 (6, "query[A] alias.example.com from 192.0.2.10"),
                 (6, "config alias.example.com is <CNAME>"),
                 (6, "/etc/hosts host.example.com is 192.0.2.20"),
                 (7, "query[A] wpad.example.com from 192.0.2.10"),
                 (7, "cached wpad.example.com is NXDOMAIN-IPv4"),
                 (8, "query[A] shared.example.com from 192.0.2.10"),
                 (8, "query[A] shared.example.com from 192.0.2.11"),
                 (8, "reply shared.example.com is 198.51.100.22"),
                 (9, "query[A] ads.example.org from 192.0.2.10"), (9, "config ads.example.org is 0.0.0.0"),
                 (10, "query[A] again.example.com from 192.0.2.10"),
                 (11, "query[A] again.example.com from 192.0.2.10"),
                 (12, "reply again.example.com is SERVFAIL"),
                 (13, "query[A] <name unprintable> from 192.0.2.10"),
                 (40, "query[HTTPS] web.example.com from 192.0.2.10"),
                 (40, "reply web.example.com is <HTTPS>"),
                 (41, "query[A] . from 192.0.2.10")),
         year_yaml="decoder.dnsmasq-log:\n  year: 2026\n")
    case("dnsmasq-log-quiet", "dnsmasq's log without queries, and its DHCP log: no record.",
         "decode --json --format dnsmasq-log other.log", other_log=(
             "Jan  2 03:04:05 dnsmasq[1]: started, version 2.90 cachesize 150\n"
             "Jan  2 03:04:05 dnsmasq[1]: using nameserver 192.0.2.53#53\n"
             "Jan  2 03:04:05 dnsmasq[1]: failed to send packet: Permission denied\n"
             "Jan  2 03:04:05 dnsmasq[1]: reply lone.example.com is 198.51.100.1\n"
             "Jan  2 03:04:06 dnsmasq-dhcp[1]: DHCPACK(br0) 192.0.2.10 02:00:00:00:00:01 query[A] x from y\n"))
    case("dnsmasq-log-hostile", "Damaged and cut lines, answers without queries, chains that never end: "
         "named, the rest is read.", "decode --json -c year.yaml --format dnsmasq-log damaged.log",
         damaged_log=lines(
             (5, "query[A] good.example.com from 192.0.2.10"), (5, "query[A] a.example"),
             (5, "query[A] a.example from"), (5, "query[A] a.example from 192.0.2.300"),
             (5, "query[BOGUS] a.example from 192.0.2.10"), (5, "query[A a.example from 192.0.2.10"),
             (5, "query[] a.example from 192.0.2.10"), (5, "query[type=70000] a.example from 192.0.2.10"),
             (5, "9 192.0.2.10/70000 query[A] a.example from 192.0.2.10"),
             (5, "9 192.0.2.10 query[A] a.example from 192.0.2.10"), (5, "9"), (5, "9 x"),
             (5, "99999999999999999999 x/1 query[A] a.example from 192.0.2.10"),
             (5, "reply"), (5, "reply good.example.com"), (5, "reply good.example.com is"),
             (5, "reply nobody.example is <CNAME>"), (5, "reply x.example is 192.0.2.1"),
             *((6, f"reply {name} is <CNAME>") for name in ("good.example.com", *(
                 f"c{n}.example.net" for n in range(300)))),
             (7, f"query[A] {'x' * 2000} from 192.0.2.10"), (7, f"query[A] {LONG} from 192.0.2.10"),
             (7, "query[A] \xff\x01.example from 192.0.2.10"),
             (8, "query[A] last.example.com from 192.0.2.10"))[:-1] + "\n" + "\x00" * 10,
         year_yaml="decoder.dnsmasq-log:\n  year: 2026\n")


def powerdns():
    def told(at, msg, number, name, qtype, remote, rcode=None):
        front = f'Jan 02 03:04:05 msg="{msg}" subsystem="syncres" level="0" prio="Info" tid="1" ts="{at}" '
        rest = f'ecs="" mtid="{number}" proto="udp" qname="{name}" qtype="{qtype}" '
        end = f'rcode="{rcode}" rd="1" remote="{remote}" totms="1.5"\n' if rcode is not None else \
            f'remote="{remote}"\n'
        return front + rest + end

    case("powerdns-log-fires", "Structured lines as words and as JSON, with their own time; the older lines, "
         "joined by the resolver's thread.", "decode --json -c year.yaml new.log json.log old.log",
         new_log=(
             told("1767323045.250", "Question", 1, "www.Example.com", "A", "192.0.2.10:44905") +
             told("1767323045.500", "Question", 2, "odd\\\\255\\\\032a\\\\.b\\\"c.example.com", "TYPE65280",
                  "[2001:db8:1::10]:44906") +
             told("1767323045.750", "Answer", 1, "www.Example.com", "A", "192.0.2.10:44905", 0) +
             told("1767323046", "Answer", 2, "odd\\\\255\\\\032a\\\\.b\\\"c.example.com", "TYPE65280",
                  "[2001:db8:1::10]:44906", 3) +
             told("1767323047", "Answer", 3, "alone.example.com", "A", "192.0.2.10:44907", 2) +
             told("1767323048", "Question", 4, "never.example.com", "A", "192.0.2.10:44908")),
         json_log='{"level":"0","msg":"Question","mtid":"5","prio":"Info","qname":"json.example.com",'
                  '"qtype":"AAAA","remote":"192.0.2.10:1","subsystem":"syncres","ts":"1767323049.125"}\n',
         old_log="""\
Jan 02 03:04:30 1 [1/1] question for 'www.example.com|A' from 192.0.2.10:37680
Jan 02 03:04:30 2 [1/2] TCP question for 'six.example.com|AAAA' from [2001:db8:1::10]:44545
Jan 02 03:04:31 1 [1/2] answer to question 'www.example.com|A': 2 answers, 1 additional, took 2 packets, \
14.483 netw ms, 14.892 tot ms, 0 throttled, 0 timeouts, 0/0 tcp/dot connections, rcode=0
Jan 02 03:04:31 2 [1/1] answer to question 'six.example.com|AAAA': 0 answers, 1 additional, rcode=3
Jan  2 03:04:32 ns1 pdns_recursor[99]: [7] question for 'pipe\\124|bar.example.com|A' from 192.0.2.10:5
Jan  2 03:04:33 ns1 pdns_recursor[99]: [7] answer to question 'pipe\\124|bar.example.com|A': 0 answers, rcode=2
Jan  2 03:04:34 ns1 pdns_recursor[99]: [8] answer to question 'unseen.example.com|A': 0 answers, rcode=2
""", year_yaml="decoder.powerdns-log:\n  year: 2026\n")
    case("powerdns-log-quiet", "The rest of its log, and the packet cache's lines without a name: no record.",
         "decode --json --format powerdns-log other.log", other_log="""\
Jan 02 03:04:05 msg="PowerDNS Recursor 4.8.8 starting up" level="0" prio="Info" ts="1767323045.001"
Jan 02 03:04:05 1 question answered from packet cache tag=0 from 192.0.2.10:1234
Jan 02 03:04:05 stats: 20 questions, 14 cache entries, 2 negative entries, 0% cache hits
""")
    case("powerdns-log-hostile", "Damaged and cut lines: named, the rest is read.",
         "decode --json -c year.yaml --format powerdns-log damaged.log", damaged_log=(
             told("1767323045", "Question", 1, "good.example.com", "A", "192.0.2.10:1") +
             told("1767323045", "Question", 1, "", "A", "192.0.2.10:1") +
             told("1767323045", "Question", 1, "a.example", "BOGUS", "192.0.2.10:1") +
             told("1767323045", "Question", 1, "a.example", "A", "192.0.2.10:99999") +
             told("1767323045", "Answer", 1, "a.example", "A", "192.0.2.10:1", "") +
             told("x", "Question", 1, "undated-but-syslog.example", "A", "192.0.2.10:1") +
             told("1767323045", "Question", 1, "x" * 3000, "A", "192.0.2.10:1") +
             'msg="Question\nmsg=\nmsg\n"msg":"Question","qname":"a\\\n' +
             "Jan 02 03:04:30 1 [1/1] question for 'a.example|A\n"
             "Jan 02 03:04:30 1 [1/1] question for 'a.example|A' from \n"
             "Jan 02 03:04:30 1 [1/1] question for '|A' from 192.0.2.10:1\n"
             "Jan 02 03:04:30 1 [1/1] question for 'a.example' from 192.0.2.10:1\n"
             "Jan 02 03:04:30 1 [1/1] answer to question 'a.example|A': rcode=\n"
             "Jan 02 03:04:30 1 [ [/ ]] [99999999999999999999999/1] question for 'n.example|A' from 192.0.2.10:1\n"
             "question for '\nanswer to question '\n" +
             told("1767323046", "Question", 9, "last.example.com", "A", "192.0.2.10:2")[:-1]),
         year_yaml="decoder.powerdns-log:\n  year: 2026\n")


for make in (bind, unbound, dnsmasq, powerdns):
    make()
