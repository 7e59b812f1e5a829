# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The Theriac authors
"""The bar of the behaviour tier: detection.md 4.3 (tails) and 4.6 (tier), and nothing of the C program.

In: windows of a statistic. Out: Verdict objects. T(x;u,p_u,a): p = min(1, p_u (x/u)^-a), e(p) of section 3.
A line meets the rule if, on one day (UTC), the best window has p <= 1e-5 and the first and the last event that
the rule counted on that day lie at least 30 min apart (30 s where the records of the run span less than 2 h).
Choice: an event counts if it raised the statistic (a repeat does not) in a window whose conditions hold (share of
failures, share of NXDOMAINs, ...), the best window or another one of that day.
"""
import math
from collections import namedtuple

P_BAR = 1e-5
HOUR, TEN_MIN, FIVE_MIN, DAY = 3600, 600, 300, 86400

Tail = namedtuple("Tail", "detector name statistic unit u p_u a cap_db")
Window = namedtuple("Window", "value p first last key")
Verdict = namedtuple("Verdict", "detector name statistic unit value needed p db day first last span meets why key")

SCAN_B = Tail("SCAN-B", "scan-bot-ports", "failed hosts on bot ports", "hosts/h", 3, 2e-3, 2, 55)
BRUTE = Tail("BRUTE", "password-guessing", "short sessions", "sessions/h", 30, 5e-4, 2, 45)
SPAM_HOSTS = Tail("SPAM", "spam-sending", "hosts on 25/tcp", "hosts/h", 3, 1e-3, 2, 50)
SPAM_CONNECTIONS = Tail("SPAM", "spam-sending", "connections to 25/tcp", "connections/h", 100, 1e-3, 2, 50)
DDOS = Tail("DDOS", "flood-sending", "packets to one host", "packets/s", 1000, 1e-4, 2, 50)
DGA = Tail("DGA", "random-domains", "NXDOMAIN domains", "domains/10 min", 5, 5e-3, 2.5, 50)
TUNNEL_BYTES = Tail("DNSTUN", "dns-tunnel", "bytes in new labels", "bytes/5 min", 2048, 2e-3, 3, 40)
TUNNEL_DOMAINS = Tail("DNSTUN", "dns-tunnel", "domains with a long random label", "domains/10 min", 5, 1e-3, 3, 40)
# SCAN-G has no tail of this form: p = walks * 10^(-walk/10), so the value needed is that of a first walk.
SCAN_G = Tail("SCAN-G", "scan-any-port", "walk", "dB", None, None, None, 40)

BOT_PORTS = {22, 23, 81, 445, 1433, 2222, 2323, 3389, 5358, 5555, 5900, 6379, 7547, 8291, 8728, 9530, 37215, 52869,
             60001}
WEB_PORTS, MAIL_PORTS, BASIC_PORTS = {80, 443, 8080, 8443}, {25, 465, 587}, {53, 123, 853}
BRUTE_PORTS = {22, 23, 21, 3389, 445, 1433, 5900}


def tail_p(tail, x):
    return min(1.0, tail.p_u * (x / tail.u) ** -tail.a) if x > 0 else 1.0


def value_needed(tail):
    return tail.u * (tail.p_u / P_BAR) ** (1 / tail.a) if tail.u else -10 * math.log10(P_BAR)


def at_bar(p):
    """p <= 1e-5, with room for the rounding of a binary fraction (30 hosts on 25/tcp are exactly at the bar)."""
    return p <= P_BAR * (1 + 1e-9)


def e_db(p):
    """10 log10 of the p-to-e calibrator."""
    if p >= 0.2:                # e(p) is below 1 there at the latest
        return 0.0
    p = max(p, 1e-300)
    log = math.log(p)
    return max(0.0, 10 * math.log10((1 - p + p * log) / (p * log * log)))


def span_needed(run_seconds):
    return 30 if run_seconds < 2 * HOUR else 30 * 60


def port_class(port):
    """B, W, M, D, P or O, in this order of precedence."""
    for name, ports in (("B", BOT_PORTS), ("W", WEB_PORTS), ("M", MAIL_PORTS), ("D", BASIC_PORTS)):
        if port in ports:
            return name
    return "P" if port >= 10000 else "O"


def slot(time, width):
    """Tumbling windows of record time, counted from 1970."""
    return math.floor(time / width)


def judge(tail, windows, span_bar):
    """Windows whose conditions hold -> the best day's Verdict, or None without windows."""
    days = {}
    for window in windows:
        days.setdefault(slot(window.first, DAY), []).append(window)
    verdicts = [judge_day(tail, day, found, span_bar) for day, found in days.items()]
    return max(verdicts, key=rank, default=None)


def judge_day(tail, day, windows, span_bar):
    best = min(windows, key=lambda w: (w.p, -w.value))
    first, last = min(w.first for w in windows), max(w.last for w in windows)
    strong, long_enough = at_bar(best.p), last - first >= span_bar
    why = "" if strong and long_enough else "too weak" if not strong else "too short"
    db = min(tail.cap_db, e_db(best.p))
    return Verdict(tail.detector, tail.name, tail.statistic, tail.unit, best.value, value_needed(tail), best.p, db,
                   day, first, last, last - first, strong and long_enough, why, best.key)


def rank(verdict):
    """Among verdicts of one detector or line the strongest comes last."""
    return verdict.meets, -verdict.p, verdict.span
