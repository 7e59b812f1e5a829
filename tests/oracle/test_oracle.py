#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""Tests of the oracle with records made here: each rule just below and just above its bar, spans, direction, exports.

In: nothing. Out: unittest's report. Leaves out: speed, and real captures (captures.py).
"""
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import captures
import domains
import oracle
import peers
import recall
import rules
from contacts import contacts_of
from records import Inside, parse_time, read_records

BASE = parse_time("2024-05-01T10:00:00Z")
ME, PEER = "192.168.1.10", "203.0.113.7"
S, SA, SPAF, SPA, RA, R = 2, 18, 27, 26, 20, 4


def iso(seconds):
    whole = oracle.clock(int(seconds))
    return whole[:-1] + ".%03dZ" % round(seconds % 1 * 1000)


def flow(at, src=ME, dst=PEER, sport=40000, dport=23, proto=6, length=0.0, **more):
    row = {"type": "flow", "start": iso(BASE + at), "end": iso(BASE + at + length), "src": src, "sport": sport,
           "dst": dst, "dport": dport, "proto": proto, "packets": 1, "bytes": 60}
    row.update(more)
    return row


def two_way(at, **more):
    row = dict(flags=SPAF, rflags=SPAF, packets=6, bytes=600, rpackets=5, rbytes=900, length=1.0)
    return flow(at, **{**row, **more})


def silent(at, **more):
    return flow(at, **{**dict(flags=S, rflags=0, rpackets=0, rbytes=0), **more})


def dns(at, name, rcode="NOERROR", client=ME):
    return {"type": "dns", "time": iso(BASE + at), "client": client, "server": "192.168.1.1", "name": name,
            "qtype": "A", "rcode": rcode}


def host(n, net="198.18"):
    """Spread over /16s unless a net is given."""
    if net != "198.18":
        return "%s.%d.%d" % (net, n // 250, n % 250 + 1)
    return "%d.%d.0.%d" % (20 + n % 90, n // 90, n % 250 + 1)


def run(rows, inside=("192.168.0.0/16",)):
    """-> {line: {detector: Verdict}}; a harmless record a day later makes the run longer than 2 h."""
    late = silent(86400 * 2, src=PEER, dst="192.168.9.9")
    return oracle.judge_lines([json.dumps(row) for row in [*rows, late]], list(inside))[0]


def short_run(rows):
    return oracle.judge_lines([json.dumps(row) for row in rows], ["192.168.0.0/16"])[0]


def verdict(rows, detector, line=ME):
    return run(rows).get(line, {}).get(detector)


def contacts(rows):
    flows, _, _ = read_records([json.dumps(row) for row in rows])
    return contacts_of(flows, Inside(["192.168.0.0/16"]))


def one(rows):
    found = contacts(rows)
    assert len(found) == 1, found
    return found[0]


class Bar(unittest.TestCase):
    def test_examples_of_the_paper(self):
        for tail, x, db in ((rules.SCAN_B, 50, 30), (rules.SCAN_B, 1000, 52), (rules.SPAM_HOSTS, 30, 29),
                            (rules.SPAM_HOSTS, 300, 46), (rules.DDOS, 10000, 37), (rules.DGA, 113, 35)):
            self.assertAlmostEqual(rules.e_db(rules.tail_p(tail, x)), db, delta=1)

    def test_values_needed(self):
        for tail, needed in ((rules.SCAN_B, 42.43), (rules.BRUTE, 212.1), (rules.SPAM_HOSTS, 30),
                             (rules.SPAM_CONNECTIONS, 1000), (rules.DDOS, 3162), (rules.DGA, 60.06),
                             (rules.TUNNEL_BYTES, 11977), (rules.TUNNEL_DOMAINS, 23.2), (rules.SCAN_G, 50)):
            self.assertAlmostEqual(rules.value_needed(tail) / needed, 1, delta=1e-3)

    def test_thirty_mail_hosts_are_at_the_bar(self):
        self.assertTrue(rules.at_bar(rules.tail_p(rules.SPAM_HOSTS, 30)))
        self.assertFalse(rules.at_bar(rules.tail_p(rules.SPAM_HOSTS, 29)))

    def test_span(self):
        self.assertEqual(rules.span_needed(7199), 30)
        self.assertEqual(rules.span_needed(7200), 1800)


class Direction(unittest.TestCase):
    def ends(self, *rows):
        c = one(rows)
        return c.opener, c.outcome

    def test_flags(self):
        self.assertEqual(self.ends(silent(0)), ("self", "unanswered"))
        self.assertEqual(self.ends(flow(0, flags=S, rflags=RA, rpackets=1, rbytes=40)), ("self", "refused"))
        self.assertEqual(self.ends(two_way(0)), ("self", "answered"))
        self.assertEqual(self.ends(two_way(0, src=PEER, dst=ME, sport=50000)), ("peer", "answered"))

    def test_middle_of_a_conversation(self):
        self.assertEqual(self.ends(two_way(0, flags=24, rflags=24))[0], "unknown")
        self.assertEqual(self.ends(flow(0, flags=RA))[0], "unknown")

    def test_answer_that_looks_like_an_opening(self):
        self.assertEqual(self.ends(flow(0, flags=SA))[0], "unknown")
        self.assertEqual(self.ends(flow(0, flags=SA, rflags=R, rpackets=1))[0], "unknown")

    def test_answer_recorded_first(self):
        self.assertEqual(self.ends(flow(0, flags=SA, rflags=S, rpackets=1, src=ME, sport=22, dport=5000))[0], "peer")

    def test_both_directions_at_one_time(self):
        def ends(mine, theirs):
            return self.ends(flow(0, flags=SPAF, sport=mine, dport=theirs, packets=6),
                             flow(0, flags=SPAF, src=PEER, dst=ME, sport=theirs, dport=mine, packets=6))[0]
        for mine, theirs, opener in ((40000, 23, "self"), (22, 40000, "peer"), (40000, 8080, "unknown"),
                                     (1022, 514, "unknown"), (40000, 20, "unknown")):
            self.assertEqual(ends(mine, theirs), opener, (mine, theirs))

    def test_zeek_states(self):
        for state, expected in (("S0", ("self", "unanswered")), ("REJ", ("self", "refused")),
                                ("SF", ("self", "answered")), ("RSTOS0", ("self", "unanswered")),
                                ("OTH", ("unknown", "unknown")), ("SHR", ("unknown", "unknown")),
                                ("RSTRH", ("unknown", "unknown"))):
            self.assertEqual(self.ends(flow(0, state=state, rpackets=0)), expected, state)

    def test_argus_states(self):
        for state, expected in (("S_", ("self", "unanswered")), ("S_RA", ("self", "refused")),
                                ("FSPA_FSPA", ("self", "answered")), ("S_SA", ("self", "answered")),
                                ("SR_", ("self", "unanswered")), ("REQ", ("self", "unanswered")),
                                ("SA_R", ("unknown", "unknown")), ("_FSPA", ("unknown", "unknown")),
                                ("PA_PA", ("unknown", "unknown"))):
            self.assertEqual(self.ends(flow(0, state=state)), expected, state)

    def test_argus_udp(self):
        self.assertEqual(self.ends(flow(0, proto=17, state="CON")), ("self", "answered"))
        self.assertEqual(self.ends(flow(0, proto=17, state="INT")), ("self", "unanswered"))

    def test_unreachable_messages_open_nothing(self):
        self.assertEqual(self.ends(flow(0, proto=1, icmp="3/3", rpackets=0))[0], "unknown")
        self.assertEqual(self.ends(flow(0, proto=1, icmp="8/0", rpackets=0)), ("self", "unanswered"))

    def test_inside_and_multicast_are_no_peers(self):
        self.assertEqual(contacts([silent(0, dst="192.168.1.20"), silent(0, dst="224.0.0.251"),
                                   silent(0, dst="255.255.255.255")]), [])


class Exports(unittest.TestCase):
    def reverse(self, at, **more):
        return flow(at, **{**dict(src=PEER, dst=ME, sport=23, dport=40000), **more})

    def test_halves_become_one(self):
        c = one([flow(0, flags=SPAF, length=2), self.reverse(.1, flags=SPAF, length=2)])
        self.assertEqual((c.opener, c.outcome, c.port), ("self", "answered", 23))
        c = one([flow(3.2, flags=SPAF), self.reverse(0, flags=SPAF)])
        self.assertEqual(c.opener, "peer")

    def test_refused_by_the_other_half(self):
        self.assertEqual(one([flow(0, flags=S), self.reverse(.01, flags=RA)]).outcome, "refused")

    def test_far_halves_stay_apart(self):
        self.assertEqual(len(contacts([flow(0, flags=S), self.reverse(6, flags=RA)])), 2)

    def test_slices_become_one(self):
        c = one([two_way(0, length=60), two_way(60.2, flags=24, rflags=24, length=60),
                 two_way(150, flags=17, rflags=17)])
        self.assertEqual((c.opener, c.outcome, len(c.slices)), ("self", "answered", 3))
        self.assertEqual(c.time, BASE + 60)
        self.assertEqual(len(contacts([two_way(0), two_way(20)])), 2)          # a new SYN

    def test_second_exporter_is_dropped(self):
        rows = [two_way(0, exporter="a"), two_way(.003, exporter="b")]
        self.assertEqual(one(rows).outcome, "answered")
        halves = [flow(0, flags=S, exporter=e) for e in "ab"] + [self.reverse(.01, flags=RA, exporter=e) for e in "ab"]
        self.assertEqual(one(halves).outcome, "refused")

    def test_one_direction_only(self):
        rows = [flow(n, flags=SPAF, dst=host(n), proto=6) for n in range(40)]
        rows += [flow(n, proto=17, dport=53, dst=host(n)) for n in range(40)]
        for c in contacts(rows):
            self.assertEqual((c.opener, c.outcome), ("unknown", "unknown"))

    def test_silence_by_flags_needs_no_other_direction(self):
        self.assertEqual(one([flow(0, flags=S)]).outcome, "unanswered")

    def test_two_one_way_directions_make_udp_silence_known(self):
        rows = [flow(0, flags=SPAF), self.reverse(.1, flags=SPAF), flow(50, proto=17, dport=9, sport=9)]
        self.assertEqual([c.outcome for c in contacts(rows) if c.proto == 17], ["unanswered"])

    def test_no_flags(self):
        found = contacts([flow(n, flags=0, dst=host(n)) for n in range(50)])
        self.assertEqual({(c.opener, c.outcome) for c in found}, {("unknown", "unknown")})

    def test_sampled(self):
        self.assertEqual(one([silent(0, sampling=1000)]).outcome, "unknown")

    def test_ipv6_is_a_prefix(self):
        flows, _, _ = read_records([json.dumps(silent(0, src="2001:db8:1:2:3::4", dst="2001:db9::1"))])
        found = contacts_of(flows, Inside(["2001:db8::/32"]))
        self.assertEqual([c.line for c in found], ["2001:db8:1:2::/64"])


class ScanBotPorts(unittest.TestCase):
    def scan(self, n, step=50.0, **more):
        return [silent(i * step, dst=host(i), sport=1024 + i, **more) for i in range(n)]

    def test_bar(self):
        self.assertFalse(verdict(self.scan(42), "SCAN-B").meets)
        self.assertTrue(verdict(self.scan(43), "SCAN-B").meets)
        self.assertEqual(verdict(self.scan(43), "SCAN-B").value, 43)

    def test_span(self):
        self.assertEqual(verdict(self.scan(43, 1800 / 42 - .1), "SCAN-B").why, "too short")
        self.assertTrue(verdict(self.scan(43, 1800 / 42 + .1), "SCAN-B").meets)
        self.assertTrue(short_run(self.scan(43, .8))[ME]["SCAN-B"].meets)
        self.assertFalse(short_run(self.scan(43, .6))[ME]["SCAN-B"].meets)

    def test_repeats_count_once(self):
        rows = self.scan(30) + [silent(1600 + i, dst=host(i), sport=9000 + i) for i in range(30)]
        self.assertEqual(verdict(rows, "SCAN-B").value, 30)

    def test_windows_tumble(self):
        rows = [silent(3600 + (i - 25) * 60, dst=host(i), sport=1024 + i) for i in range(50)]
        self.assertEqual(verdict(rows, "SCAN-B").value, 25)

    def test_share_of_failures(self):
        answered = [two_way(i, dst=host(500 + i), sport=6000 + i) for i in range(13)]
        self.assertIsNone(verdict(self.scan(50) + answered, "SCAN-B"))
        self.assertTrue(verdict(self.scan(50) + answered[:12], "SCAN-B").meets)

    def test_other_ports_and_udp(self):
        self.assertIsNone(verdict(self.scan(60, dport=443), "SCAN-B"))
        self.assertIsNone(verdict(self.scan(60, proto=17), "SCAN-B"))

    def test_being_scanned_is_no_evidence(self):
        rows = [silent(i * 50, src=host(i), dst=ME) for i in range(60)]
        rows += [flow(i * 50 + .01, src=ME, sport=23, dst=host(i), dport=40000, flags=RA) for i in range(60)]
        self.assertEqual(run(rows).get(ME, {}), {})


class ScanAnyPort(unittest.TestCase):
    def scan(self, n, step, dport=8888, start=0, net="198.18"):
        return [silent(start + i * step, dst=host(i, net), sport=1024 + i, dport=dport) for i in range(n)]

    def test_other_ports(self):
        # 20 hosts are needed; 20 * 4.10 dB = 82 dB.
        self.assertIsNone(verdict(self.scan(19, 120), "SCAN-G"))
        self.assertAlmostEqual(verdict(self.scan(20, 120), "SCAN-G").value, 82.0, delta=.1)
        self.assertTrue(verdict(self.scan(20, 120), "SCAN-G").meets)

    def test_high_ports_need_more(self):
        self.assertFalse(verdict(self.scan(45, 60, 20000), "SCAN-G").meets)     # 49.1 dB
        self.assertTrue(verdict(self.scan(46, 60, 20000), "SCAN-G").meets)      # 50.2 dB

    def test_web_is_thinned(self):
        self.assertIsNone(verdict(self.scan(40, 10, 443), "SCAN-G"))     # 14 of them count
        self.assertTrue(verdict(self.scan(61, 31, 443), "SCAN-G").meets)

    def test_one_net_is_left_out(self):
        self.assertIsNone(verdict(self.scan(60, 60, net="198.51"), "SCAN-G"))

    def test_restarts_cost(self):
        met = [two_way(i, dst=host(2000 + i), sport=9000 + i, dport=8888) for i in range(9)]
        found = verdict(met + self.scan(60, 60, start=20), "SCAN-G")
        self.assertAlmostEqual(found.p, 10 * 1e-10, delta=1e-11)

    def test_only_first_contacts(self):
        met = [flow(i, proto=17, dport=53, dst=host(i), rpackets=1) for i in range(60)]
        self.assertIsNone(verdict(met + self.scan(60, 60, start=100), "SCAN-G"))


class PasswordGuessing(unittest.TestCase):
    def guess(self, per_window, windows=5, hosts=1, dport=22, **more):
        return [two_way(w * 600 + i * 600 / per_window, dst=host(i % hosts), sport=1024 + i, dport=dport, **more)
                for w in range(windows) for i in range(per_window)]

    def test_bar(self):
        self.assertTrue(verdict(self.guess(36), "BRUTE").meets)
        self.assertEqual(verdict(self.guess(36), "BRUTE").value, 216)
        self.assertFalse(verdict(self.guess(35), "BRUTE").meets)

    def test_span(self):
        self.assertEqual(verdict(self.guess(36, windows=3), "BRUTE").why, "too short")

    def test_few_hosts_with_few_tries(self):
        self.assertIsNone(verdict(self.guess(40, hosts=4), "BRUTE"))
        self.assertTrue(verdict(self.guess(40, hosts=5), "BRUTE").meets)

    def test_sizes_must_be_alike(self):
        rows = self.guess(40)
        for i, row in enumerate(rows):
            row["bytes"] = 600 if i % 2 else 3000
        self.assertIsNone(verdict(rows, "BRUTE"))

    def test_long_sessions_and_other_ports(self):
        self.assertIsNone(verdict(self.guess(40, length=61.0), "BRUTE"))
        self.assertIsNone(verdict(self.guess(40, dport=443), "BRUTE"))

    def test_backup_of_every_day(self):
        rows = [two_way(-86400 * 2, dst=host(0), dport=22, sport=900)]
        self.assertIsNone(verdict(rows + self.guess(40), "BRUTE"))
        self.assertTrue(verdict(self.guess(40), "BRUTE").meets)


class SpamSending(unittest.TestCase):
    def mail(self, n, hosts, start=0, step=None, **more):
        step = step or 3500 / n
        return [two_way(start + i * step, dst=host(i % hosts), dport=25, sport=1024 + i, **more) for i in range(n)]

    def test_hosts(self):
        self.assertTrue(verdict(self.mail(30, 30), "SPAM").meets)
        self.assertFalse(verdict(self.mail(29, 29), "SPAM").meets)

    def test_connections(self):
        self.assertTrue(verdict(self.mail(1000, 2), "SPAM").meets)
        self.assertFalse(verdict(self.mail(999, 2), "SPAM").meets)

    def test_submission_is_left_out(self):
        rows = self.mail(60, 60)
        for row in rows:
            row["dport"] = 587
        self.assertIsNone(verdict(rows, "SPAM"))

    def test_unanswered_counts(self):
        rows = [silent(i * 100, dst=host(i), dport=25, sport=1024 + i) for i in range(35)]
        self.assertTrue(verdict(rows, "SPAM").meets)

    def test_mail_server(self):
        served = [two_way(0, src=PEER, dst=ME, dport=25, sport=2222)]
        self.assertFalse(verdict(served + self.mail(200, 200), "SPAM").meets)

    def test_span(self):
        self.assertEqual(verdict(self.mail(40, 40, step=40), "SPAM").why, "too short")


class Flooding(unittest.TestCase):
    def flood(self, rate, times=(0, 2000), seconds=31, proto=17, **more):
        row = dict(proto=proto, dport=80, packets=rate * seconds, bytes=rate * seconds * 500, rpackets=0, rbytes=0,
                   length=float(seconds), **({"flags": S, "rflags": 0} if proto == 6 else {}))
        row.update(more)
        return [flow(at, sport=1024 + at, **row) for at in times] + [two_way(0, dst=host(1))]

    def test_bar(self):
        self.assertTrue(verdict(self.flood(3170), "DDOS").meets)
        self.assertFalse(verdict(self.flood(3150), "DDOS").meets)

    def test_thirty_seconds(self):
        self.assertIsNone(verdict(self.flood(5000, seconds=29), "DDOS"))
        self.assertIsNone(verdict(self.flood(90000, seconds=1), "DDOS"))

    def test_span(self):
        self.assertEqual(verdict(self.flood(5000, times=(0, 1700)), "DDOS").why, "too short")

    def test_answers(self):
        self.assertIsNone(verdict(self.flood(5000, rpackets=5000), "DDOS"))
        self.assertTrue(verdict(self.flood(5000, proto=6), "DDOS").meets)
        self.assertIsNone(verdict(self.flood(5000, proto=6, flags=SPA, rflags=SA, rpackets=10), "DDOS"))

    def test_sizes(self):
        rows = self.flood(3500)
        small = [dict(rows[0], bytes=rows[0]["packets"] * 60, sport=7)]
        self.assertIsNone(verdict(small + rows[:1], "DDOS"))

    def test_one_way_export(self):
        rows = self.flood(5000)[:2]
        for row in rows:
            del row["rpackets"], row["rbytes"]
        self.assertIsNone(verdict(rows, "DDOS"))


class RandomDomains(unittest.TestCase):
    def names(self, n, start=0, step=9.0, rcode="NXDOMAIN", end="com"):
        return [dns(start + i * step, "qx%dzk.%s" % (i, end), rcode) for i in range(n)]

    def test_bar(self):
        late = self.names(1, 1900, end="org")
        self.assertTrue(verdict(self.names(61) + late, "DGA").meets)
        self.assertFalse(verdict(self.names(60) + late, "DGA").meets)

    def test_span(self):
        self.assertEqual(verdict(self.names(66), "DGA").why, "too short")
        self.assertTrue(short_run(self.names(66))[ME]["DGA"].meets)

    def test_share(self):
        good = self.names(233, step=2.5, rcode="NOERROR", end="net")
        self.assertTrue(short_run(self.names(100, step=5) + good)[ME]["DGA"].meets)
        self.assertNotIn("DGA", short_run(self.names(100, step=5) + good + [dns(5, "more.info")])[ME])

    def test_harmless_names(self):
        self.assertIsNone(verdict(self.names(90, step=5, end="lan"), "DGA"))
        self.assertIsNone(verdict([dns(i, "kjhgfds%d" % i, "NXDOMAIN") for i in range(90)], "DGA"))
        self.assertIsNone(verdict([dns(i, "%d.0.0.10.in-addr.arpa" % i, "NXDOMAIN") for i in range(90)], "DGA"))

    def test_one_domain(self):
        storm = [dns(i, "h%d.isp.example.net" % i, "NXDOMAIN") for i in range(200)]
        self.assertIsNone(verdict(storm + self.names(70, step=5), "DGA"))
        self.assertEqual(verdict(storm, "DGA").value, 1)
        self.assertEqual(verdict(self.names(70, step=5), "DGA").value, 70)


class Tunnel(unittest.TestCase):
    def names(self, n, size, start=0, step=None, domain="t.example.net"):
        label = lambda i: ("%04d" % (start + i)).rjust(size, "x")
        return [dns(start + i * (step or 290 / n), "%s.%s" % (label(i), domain)) for i in range(n)]

    def test_bar(self):
        # Labels of 49 bytes and the t: 50 bytes a name.
        late = self.names(1, 49, 1900)
        self.assertTrue(verdict(self.names(240, 49) + late, "DNSTUN").meets)
        self.assertEqual(verdict(self.names(240, 49) + late, "DNSTUN").value, 12000)
        self.assertFalse(verdict(self.names(239, 49) + late, "DNSTUN").meets)

    def test_span(self):
        self.assertEqual(verdict(self.names(300, 49), "DNSTUN").why, "too short")

    def test_repeats(self):
        rows = self.names(300, 49)
        self.assertIsNone(verdict(rows + rows[:76], "DNSTUN"))
        self.assertEqual(verdict(rows + rows[:75], "DNSTUN").value, 15000)

    def test_block_list(self):
        rows = [dns(i / 10, "%d.%d.0.203.zen.example.org" % (i % 250, i // 250)) for i in range(2900)]
        self.assertIsNone(verdict(rows, "DNSTUN"))

    def test_many_domains(self):
        label = "0123456789abcdef" * 3 + "0f"
        rows = lambda n: [dns(i * 80, "%s.d%d.com" % (label, i)) for i in range(n)]
        seven = verdict(rows(30), "DNSTUN")
        self.assertEqual((seven.value, seven.meets), (8, False))
        fast = [dns(i * 20, "%s.d%d.com" % (label, i)) for i in range(30)] + rows(30)[24:]
        self.assertTrue(verdict(fast, "DNSTUN").meets)
        flat = [dns(i * 20, "%s.d%d.com" % ("a" * 50, i)) for i in range(30)]
        self.assertNotEqual(verdict(flat, "DNSTUN").statistic, rules.TUNNEL_DOMAINS.statistic)


class Population(unittest.TestCase):
    def test_popular_domain_needs_a_population(self):
        def crowd(lines):
            return [dns(n % 200, "x.t.example.net", client="192.168.%d.%d" % (100 + n // 250, n % 250))
                    for n in range(lines)]
        rows = Tunnel().names(300, 49) + Tunnel().names(300, 49, 2000)
        self.assertTrue(verdict(rows + crowd(900), "DNSTUN").meets)
        self.assertIsNone(verdict(rows + crowd(1100), "DNSTUN"))


class Names(unittest.TestCase):
    def test_registered_domain(self):
        self.assertEqual(domains.split("a.b.example.com"), ("example.com", ("a", "b")))
        self.assertEqual(domains.split("com"), (None, ()))
        if domains.RULES:
            self.assertEqual(domains.split("a.b.example.co.uk")[0], "example.co.uk")
            self.assertEqual(domains.split("a.b.c.ck")[0], "b.c.ck")
            self.assertEqual(domains.split("a.www.ck")[0], "www.ck")
            self.assertEqual(domains.split("co.uk")[0], None)

    def test_escapes(self):
        self.assertEqual(len(domains.clean("a\\200b\\.c.Example.")), len("a?b?c.example"))


def finding(subject, tier, detector, db=35.0):
    return {"type": "subject", "subject": subject, "tier": tier, "score_db": db,
            "evidence": [{"detector": detector, "db": db, "cap_db": 55}]}


class Recall(unittest.TestCase):
    KEYS = {"scan": {"port": 23, "proto": 6, "tried": 10, "failed": 10, "fresh_failed_hour": 10, "answered": 0},
            "brute": {"dst": PEER, "port": 22, "sessions": 5, "bytes_mean": 1500, "bytes_sd": 90},
            "spam": {"connections": 10, "fresh_hour": 10, "mx_queries": 3},
            "ddos": {"dst": PEER, "proto": 17, "packets": 300000, "rpackets": 0, "seconds": 60},
            "dga": {"nx_fresh_10min": 10, "queries": 20, "other_fresh_10min": 3},
            "tunnel": {"domain": "t.example", "queries": 60, "unique": 60, "fresh_label_bytes_5min": 3000}}

    def write(self, folder, findings, minutes=40, weak=0.05):
        rows = [{"type": "provider", "lines": 100, "hours": 24, "seed": 1, "start": iso(BASE),
                 "end": iso(BASE + 86400)}]
        n = 0
        for behaviour, keys in self.KEYS.items():
            for i in range(7):
                n += 1
                subject = "100.64.0.%d" % n
                rows.append({"type": "line", "subject": subject, "addresses": [subject, "2001:db8:0:%x::/64" % n],
                             "infected": True, "family": "made-up", "behaviours": [behaviour], "roles": []})
                length = 5 if i == 6 else minutes
                rows += [{"type": "activity", "subject": subject, "behaviour": behaviour, "start": iso(BASE + 60 * m),
                          "end": iso(BASE + 60 * m + 59), **keys} for m in range(length)]
        rows.append({"type": "line", "subject": "100.64.9.9", "addresses": ["100.64.9.9"], "infected": False,
                     "roles": ["mail-server"]})
        with open(os.path.join(folder, "truth.jsonl"), "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in rows)
        path = os.path.join(folder, "findings.jsonl")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(json.dumps(row) + "\n" for row in [*findings, {"type": "summary"}])
        return path

    def call(self, findings, *options):
        with tempfile.TemporaryDirectory() as folder:
            path = self.write(folder, findings)
            done = subprocess.run([sys.executable, os.path.join(HERE, "recall.py"), folder, path, *options],
                                  capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    def found(self):
        names = ["scan-bot-ports", "password-guessing", "spam-sending", "flood-sending", "random-domains", "dns-tunnel"]
        return [finding("100.64.0.%d" % (7 * b + i + 1), "behaviour", name)
                for b, name in enumerate(names) for i in range(6)]

    def test_all_found(self):
        status, text = self.call(self.found())
        self.assertEqual(status, 0, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        for row in json.loads(self.call(self.found(), "--json")[1])["recall"]:
            self.assertEqual((row["infected"], row["meet"], row["found"], row["below"]), (7, 6, 6, 1))

    def test_one_miss_of_six(self):
        status, text = self.call(self.found()[1:], "--summary")
        self.assertEqual(status, 1)
        self.assertIn("FAULT: scanning: recall is 83 %", text)

    def test_other_detector_or_tier_is_no_find(self):
        wrong = [finding("100.64.0.1", "behaviour", "random-domains"), *self.found()[1:]]
        self.assertEqual(self.call(wrong)[0], 1)
        low = [finding("100.64.0.1", "observe", "scan-bot-ports"), *self.found()[1:]]
        self.assertEqual(self.call(low)[0], 1)
        faint = [finding("100.64.0.1", "behaviour", "scan-bot-ports", 12.0), *self.found()[1:]]
        self.assertEqual(self.call(faint)[0], 1)

    def test_prefix_of_the_line_counts(self):
        moved = [finding("2001:db8:0:1::/64", "behaviour", "scan-bot-ports"), *self.found()[1:]]
        self.assertEqual(self.call(moved)[0], 0)

    def test_false_findings(self):
        for subject, tier, status in (("100.64.9.9", "behaviour", 1), ("100.64.77.1", "notice", 1),
                                      ("100.64.9.9", "observe", 0)):
            self.assertEqual(self.call(self.found() + [finding(subject, tier, "spam-sending")])[0], status)

    def test_unreadable(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
            sys.argv = ["recall.py", folder, "-"]
            self.assertEqual(recall.main(), 2)


class Peers(unittest.TestCase):
    def apply(self, rows):
        return peers.apply_rules([json.dumps(row) for row in rows], ["192.168.0.0/16"])

    def value(self, rows, rule):
        return self.apply(rows).get((rule, ME), (0, ""))[0]

    def test_slips(self):
        rows = [silent(i * 60, dst=host(i), dport=443, sport=1024 + i) for i in range(7)]
        self.assertEqual(self.value(rows, "slips-horizontal-scan"), 7)
        self.assertEqual(self.value([dns(i, "a%d.lan" % i, "NXDOMAIN") for i in range(11)], "slips-dga"), 11)
        self.assertEqual(self.value([two_way(0, bytes=2e8)], "slips-upload"), 2e8)

    def test_beacon(self):
        steady = [two_way(i * 300, sport=1024 + i, dport=443) for i in range(288)]
        self.assertEqual(self.value(steady, "rita-beacon"), 1.0)
        few = [two_way(t, sport=1024 + i, dport=443, bytes=100 + t) for i, t in enumerate((0, 7, 900, 50000, 86000))]
        self.assertLess(self.value(few, "rita-beacon"), .7)

    def test_names_mail_and_rates(self):
        self.assertEqual(self.value([dns(i, "h%d.example.com" % i) for i in range(120)], "rita-dns-c2"), 120)
        mail = [two_way(i, dst=host(i), dport=25, sport=1024 + i) for i in range(12)]
        self.assertEqual(self.value(mail, "smtp-fan-out"), 12)
        fast = [flow(0, proto=17, packets=300000, rpackets=100, length=10.0)]
        self.assertEqual(self.value(fast, "fastnetmon-udp-packets"), 30000)


FAKE = """#!%s
import json, sys
rows = json.load(open(sys.argv[-1]))
if sys.argv[1] == "decode":
    print("\\n".join(map(json.dumps, rows)))
elif "found" in sys.argv[-1]:
    print(json.dumps({"type": "subject", "subject": "%s", "tier": "behaviour", "score_db": 30, "evidence": []}))
print(json.dumps({"type": "summary"}))
"""


class Captures(unittest.TestCase):
    def call(self, name, label, *options):
        rows = ScanBotPorts().scan(60, 40)
        with tempfile.TemporaryDirectory() as folder:
            tool = os.path.join(folder, "fake")
            with open(tool, "w", encoding="utf-8") as f:
                f.write(FAKE % (sys.executable, ME))
            os.chmod(tool, 0o755)
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                json.dump(rows, f)
            with open(os.path.join(folder, "TRUTH.tsv"), "w", encoding="utf-8") as f:
                f.write("capture\thost\tlabel\tfamily\tquality\tinside\tevidence\n")
                f.write("%s\t%s\t%s\t-\tauthor\t192.168.0.0/16\tmade here\n" % (name, ME, label))
            done = subprocess.run([sys.executable, captures.__file__, "--theriac", tool, "--data", folder,
                                   "--jobs", "1", *options], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_found_and_missed(self):
        self.assertEqual(self.call("found.json", "SCANNER", "--detect")[0], 0)
        status, text = self.call("lost.json", "SCANNER", "--detect", "--misses")
        self.assertEqual(status, 1, text)
        self.assertIn("must be found", text)

    def test_infected_is_shown_but_not_held(self):
        self.assertEqual(self.call("lost.json", "INFECTED", "--detect")[0], 0)

    def test_benign(self):
        self.assertEqual(self.call("found.json", "BENIGN", "--detect")[0], 1)

    def test_without_detect(self):
        status, text = self.call("lost.json", "SCANNER")
        self.assertEqual(status, 0, text)
        self.assertIn("yes", text)


if __name__ == "__main__":
    unittest.main()
