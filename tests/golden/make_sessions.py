#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of those who tell who held an address: lease files of Kea and ISC dhcpd, Kea's
legal log, RADIUS detail files, logs of carrier-grade NATs, lists of assignments. Addresses are private or
for documentation, names are made up. Only inputs, `args` and `why.txt` are made here; `run --update` makes
`out` and `err`."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent / "decode"


def case(folder, why, args, **files):
    path = ROOT / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "why.txt").write_text(why + "\n")
    (path / "args").write_text(args + "\n")
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode("latin-1")
        (path / name.replace("_", ".")).write_bytes(data)


KEA4 = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname"
KEA4_NOW = KEA4 + ",state,user_context,pool_id"
KEA6 = ("address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,"
        "fqdn_rev,hostname")
KEA6_NOW = KEA6 + ",hwaddr,state,user_context,hwtype,hwaddr_source,pool_id"
DUID = "00:01:00:01:2f:00:00:01:02:00:00:00:00:01"


def kea_deleted():
    case("kea-leases-fires-deleted", "As Kea 2.2 writes it: a deletion has the time of the client's last message, "
         "not its own, and counts from what the rows above tell. So a lease given back ends when others' rows say "
         "that it was later, and the row of one that ran out says nothing when it is deleted; a declined address is "
         "nobody's from then on.",
         "decode --json leases4.csv", leases4_csv=f"""\
{KEA4},state,user_context
100.64.1.20,02:00:00:00:00:01,,3600,1767229200,1,0,0,,0,
100.64.1.21,02:00:00:00:00:02,,3600,1767229200,1,0,0,,0,
100.64.1.22,02:00:00:00:00:03,,3600,1767229200,1,0,0,,0,
100.64.1.22,,,86400,1767312060,1,0,0,,1,
100.64.1.20,02:00:00:00:00:01,,3600,1767231000,1,0,0,,0,
100.64.1.23,02:00:00:00:00:04,,3600,1767232200,1,0,0,,0,
100.64.1.20,02:00:00:00:00:01,,0,1767227400,1,0,0,,0,
100.64.1.21,02:00:00:00:00:02,,3600,1767229200,1,0,0,,2,
100.64.1.21,02:00:00:00:00:02,,0,1767225600,1,0,0,,2,
100.64.1.22,,,0,1767225660,1,0,0,,1,
""")


def kea():
    case("kea-leases-fires", "A lease, renewed, given back; one with the relay's circuit and remote id, whose "
         "commas are escaped; infinite, run out, declined, released; the first version's columns, and rows "
         "with more than their header; of DHCPv6 an address, a temporary one and a prefix, with MAC and "
         "relays: the one next to the client counts.",
         "decode --json leases4.csv leases4-1.csv leases6.csv", leases4_csv=f"""\
{KEA4_NOW}
100.64.1.20,02:00:00:00:00:01,01:02:00:00:00:00:01,3600,1767229200,1,0,0,cpe&#x2c1,0,\
{{ "ISC": {{ "relay-agent-info": "0x01046f6c743102023432" }} }},0
100.64.1.20,02:00:00:00:00:01,01:02:00:00:00:00:01,3600,1767231000,1,0,0,cpe&#x2c1,0,,0
100.64.1.20,02:00:00:00:00:01,01:02:00:00:00:00:01,0,1767227400,1,0,0,,0,,0
100.64.1.21,02:00:00:00:00:02,,3600,1767229201,1,0,0,&#xZZ,0,{{ "ISC": {{ "relay-agent-info": \
{{ "remote-id": "3432"&#x2c "sub-options": "0x01046f6c7431" }} }}&#x2c "x": 1 }},0
100.64.1.22,02:00:00:00:00:03,ff:00:00:00:02:{DUID},4294967295,6062193295,1,0,0,,0,,0
100.64.1.23,02:00:00:00:00:04,,3600,1767229203,1,0,0,,2,,0
100.64.1.24,,,86400,1767315604,1,0,0,,1,,0
100.64.1.25,02:00:00:00:00:05,,0,1767225605,1,0,0,,3,,0
""", **{"leases4-1_csv": f"""\
{KEA4}
100.64.1.26,02:00:00:00:00:06,,3600,1767229206,1,1,1,six.example.com
100.64.1.27,02:00:00:00:00:07,,3600,1767229207,1,1,1,seven.example.com,2,{{ "a": 1 }}
{KEA4_NOW}
100.64.1.28,02:00:00:00:00:08,,3600,1767229208,1,1,1,,0,,0
"""}, leases6_csv=f"""\
{KEA6_NOW}
2001:db8:1::20,{DUID},3600,1767229200,1,1800,0,7,128,0,0,,02:00:00:00:00:01,0,,1,2,0
2001:db8:1::21,{DUID},3600,1767229200,1,1800,1,8,0,0,0,,,0,,,,0
2001:db8:aa00:1::,{DUID},3600,1767229200,1,1800,2,7,56,0,0,,,0,{{ "ISC": {{ "relay-info": [ \
{{ "hop": 1&#x2c "link": "::"&#x2c "peer": "::"&#x2c "options": "0x00120003666172" }}&#x2c \
{{ "hop": 0&#x2c "link": "::"&#x2c "peer": "::"&#x2c "options": \
"0x001200046f6c743100250006000000094142" }} ] }} }},0,0,0
2001:db8:aa00:2::,{DUID},0,1767225600,1,0,2,7,56,0,0,,,0,,0,0,0
""")
    case("kea-leases-quiet", "Lease files without leases, and a table of leases that another program made, "
         "which is none of Kea's.", "decode --json leases4.csv leases6.csv other.csv",
         leases4_csv=KEA4_NOW + "\n", leases6_csv=KEA6_NOW + "\n\n",
         other_csv="lease_id,ip_address,state\n1,192.0.2.1,0\n")
    case("kea-leases-hostile", "Damaged rows are noted and the rest is read: no address, the other family's, a "
         "lease of nobody, numbers that are none or too large, a prefix of 200 bits, a lifetime longer than "
         "the time itself, short and cut rows, binary, context that is no JSON or says nonsense.",
         "decode --json leases4.csv leases6.csv", leases4_csv=f"""\
{KEA4_NOW}
100.64.1,02:00:00:00:00:01,,3600,1767229200,1,0,0,,0,,0
2001:db8::1,02:00:00:00:00:01,,3600,1767229200,1,0,0,,0,,0
0.0.0.0,02:00:00:00:00:01,,3600,1767229200,1,0,0,,0,,0
100.64.1.20,,,3600,1767229200,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,x,1767229200,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,3600,18446744073709551615,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,3600,99999999999999999999,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,3601,3600,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,4294967296,4294967296,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,0,0,1,0,0,,0,,0
100.64.1.20,02:00:00:00:00:01,,3600,1767229200,1,0,0,,held,,0
100.64.1.20,02:00
,,,,,,,,,,,
\0\xff\xfe{"," * 200}
100.64.1.20,02:00:00:00:00:0g,01,3600,1767229200,1,0,0,,0,{{ "ISC": ,0
100.64.1.21,{"02:" * 300}02,01,3600,1767229200,1,0,0,,9,{{ "ISC": {{ "relay-agent-info": "0x01ff02" }} }},0
100.64.1.22,02,,3600,1767229200,1,0,0,,0,{{ "ISC": {{ "relay-agent-info": "0x0" }} }}&#x2,0
""", leases6_csv=f"""\
{KEA6_NOW}
2001:db8::,{DUID},3600,1767229200,1,1800,2,7,200,0,0,,,0,,0,0,0
192.0.2.1,{DUID},3600,1767229200,1,1800,0,7,128,0,0,,,0,,0,0,0
2001:db8::1,,3600,1767229200,1,1800,0,7,128,0,0,,,0,,0,0,0
2001:db8::1,{DUID},3600,1767229200,1,1800,0,7
2001:db8::1,{DUID},3600,1767229200,1,1800,0,7,128,0,0,,,0,{{ "ISC": {{ "relay-info": [ 1&#x2c \
{{ "options": "0x0012ffff41" }} ] }} }},0,0,0
2001:db8::2,{DUID},3600,17672292""")


def dhcpd_given_up():
    case("dhcpd-leases-fires-given-up", "As dhcpd 4.4 writes it: an address that was declined is abandoned; `starts` is "
         "that of the lease, `ends` is when it may be lent again, and when it was declined is not said: not before "
         "what is told above. A v6 lease that was given back keeps the end it would have had; it ended at cltt.",
         "decode --json v4.leases v6.leases", v4_leases=r"""
lease 100.64.1.22 {
  starts 4 2026/01/01 00:00:00;
  ends 4 2026/01/01 01:00:00;
  cltt 4 2026/01/01 00:00:00;
  binding state active;
  hardware ethernet 02:00:00:00:00:03;
}
lease 100.64.1.23 {
  starts 4 2026/01/01 00:00:10;
  ends 4 2026/01/01 01:00:10;
  cltt 4 2026/01/01 00:00:10;
  binding state active;
  hardware ethernet 02:00:00:00:00:04;
}
lease 100.64.1.22 {
  starts 4 2026/01/01 00:00:00;
  ends 5 2026/01/02 00:00:15;
  tstp 5 2026/01/02 00:00:15;
  cltt 4 2026/01/01 00:00:00;
  binding state abandoned;
  next binding state free;
  rewind binding state free;
}
""", v6_leases=r"""
authoring-byte-order little-endian;
ia-pd "\001\000\000\000\000\003\000\001\002\000\000\000\000\001" {
  cltt 4 2026/01/01 00:20:00;
  iaprefix 2001:db8:aa00:300::/56 {
    binding state released;
    preferred-life 1800;
    max-life 3600;
    ends 4 2026/01/01 01:00:00;
  }
}
ia-na "\003\000\000\000\000\003\000\001\002\000\000\000\000\003" {
  cltt 4 2026/01/01 00:00:20;
  iaaddr 2001:db8:1::20 {
    binding state abandoned;
    preferred-life 1800;
    max-life 3600;
    ends never;
  }
}
""")


def dhcpd():
    case("dhcpd-leases-fires", "Blocks as history: a lease in use, renewed, given back; forever; in the form of "
         "db-time-format local; several statements in a line; circuit id as text and as digits, a client id "
         "that holds a DUID; on commit and the failover peer passed over. Of DHCPv6 an address, a temporary "
         "one and a prefix, the IAID in either byte order.",
         "decode --json v4.leases v6.leases v6-big.leases", v4_leases=r"""
# The format of this file is documented in the dhcpd.leases(5) manual page; {not} this.
authoring-byte-order little-endian;
failover peer "a;b" state { my state normal at 4 2026/01/01 00:00:00; }
lease 100.64.1.20 {
  starts 4 2026/01/01 00:00:00; ends 4 2026/01/01 01:00:00; cltt 4 2026/01/01 00:00:00;
  binding state active; next binding state free;
  hardware ethernet 02:00:00:00:00:01; uid "\001\002\000\000\000\000\001";
  option agent.circuit-id "olt1/1/3:42"; client-hostname "cpe";
}
lease 100.64.1.20 {
  starts 4 2026/01/01 00:30:00;
  ends 4 2026/01/01 01:30:00;
  binding state active;
  hardware ethernet 02:00:00:00:00:01;
  on expiry { if (1 = 1) { log("gone; }"); } }
  set x = "y";
}
lease 100.64.1.20 {
  starts 4 2026/01/01 00:30:00;
  ends 4 2026/01/01 00:45:10;
  binding state free;
  hardware ethernet 02:00:00:00:00:01;
}
lease 100.64.1.21 {
  starts epoch 1767225600; # Thu Jan  1 01:00:00 2026
  ends never;
  binding state active;
  uid ff:0:0:0:2:0:1:0:1:2f:0:0:1:2:0:0:0:0:2;
  option agent.circuit-id 0:4:0:a;
  option agent.remote-id "r\"e\\m\064\002";
}
lease 100.64.1.22 { starts 4 2026/01/01 00:00:00; binding state abandoned; }
lease 100.64.1.23 { starts 4 2026/01/01 00:00:00; tstp 4 2026/01/01 00:10:00; binding state backup;
  hardware ethernet 02:00:00:00:00:03; }
""", v6_leases=r"""
server-duid "\000\001\000\001/\000\000\001\002\000\000\000\000S";
ia-na "\007\000\000\000\000\001\000\001/\000\000\001\002\000\000\000\000\001" {
  cltt 4 2026/01/01 00:00:00;
  iaaddr 2001:db8:1::20 {
    binding state active;
    preferred-life 1800;
    max-life 3600;
    ends 4 2026/01/01 01:00:00;
  }
  iaaddr 2001:db8:1::21 {
    binding state expired;
    ends 4 2026/01/01 00:59:00;
    set x = "y";
  }
}
ia-ta "\010\000\000\000\000\001\000\001/\000\000\001\002\000\000\000\000\001" {
  cltt 4 2026/01/01 00:00:01;
  iaaddr 2001:db8:1::99 { binding state active; ends 4 2026/01/01 01:00:00; }
}
ia-pd "\007\000\000\000\000\001\000\001/\000\000\001\002\000\000\000\000\001" {
  cltt 4 2026/01/01 00:00:02;
  iaprefix 2001:db8:aa00::/56 { binding state active; ends never; }
}
""", **{"v6-big_leases": r"""authoring-byte-order big-endian;
ia-na "\000\000\000\007\000\001\000\001/\000\000\001\002\000\000\000\000\001" {
  cltt 4 2026/01/01 00:00:00;
  iaaddr 2001:db8:1::22 { binding state active; ends 4 2026/01/01 01:00:00; } }
"""})
    case("dhcpd-leases-quiet", "A lease file without leases is not recognised, and one named as such has no "
         "records; neither has dhcpd's configuration.",
         "decode --json --format dhcpd-leases empty.leases dhcpd.conf", empty_leases=r"""
# The format of this file is documented in the dhcpd.leases(5) manual page.
server-duid "\000\001\000\001/\000\000\001";
failover peer "a" state { partner state normal at 4 2026/01/01 00:00:00; }
# the end
""", dhcpd_conf="subnet 100.64.0.0 netmask 255.192.0.0 { range 100.64.1.1 100.64.1.9; }\n"
         "host a { hardware ethernet 02:00:00:00:00:01; }\n")
    case("dhcpd-leases-hostile", "Blocks that are damaged are noted and the rest is read: no address, damaged "
         "times, the end before the start, no state, nobody, blocks within blocks, closed too often, strings "
         "that are not closed, statements longer than 4 KiB, a file that ends within a block.",
         "decode --json --format dhcpd-leases a.leases b.leases", a_leases=b"""\
lease 100.64.1 { starts 4 2026/01/01 00:00:00; binding state active; hardware ethernet 02:00:00:00:00:01; }
lease { binding state active; }
lease 100.64.1.1 { starts 4 2026/13/01 00:00:00; binding state active; hardware ethernet 02:00:00:00:00:01; }
lease 100.64.1.2 { starts 4; ends; binding state active; hardware ethernet 02:00:00:00:00:01; }
lease 100.64.1.3 { starts 4 2026/01/01 00:00:01; ends 4 2026/01/01 00:00:00; binding state active; uid "x"; }
lease 100.64.1.4 { starts 4 2026/01/01 00:00:00; ends never; uid "x"; }
lease 100.64.1.5 { starts 4 2026/01/01 00:00:00; ends never; binding state active; hardware ethernet zz; }
lease 100.64.1.6 { lease 100.64.1.7 { binding state active; } } } } ;;; binding state active; { }
lease 100.64.1.8 { starts epoch 99999999999999999; binding state active; uid "x"; }
ia-na "\\007" { cltt 4 2026/01/01 00:00:00; iaaddr 2001:db8::1 { binding state active; } iaaddr x { ends; } }
ia-na { iaaddr 2001:db8::2 { binding state active; } }
lease 100.64.1.9 { starts 4 2026/01/01 00:00:00; binding state active; uid "\\001 not closed;
  hardware ethernet 02:00:00:00:00:09; }
""" + b"lease 100.64.1.10 { set a = \"" + b"\\\\x;" * 2000 + b"\"; starts 4 2026/01/01 00:00:00; uid \"\\377\\0\\0\"; "
         b"binding state active; option agent.remote-id \"" + b"y" * 1500 + b"\"; }\n" + b"lease 100.64.1.11 {\n" +
         b"{" * 3000 + b"}" * 2999 + b" starts 4 2026/01/01 00:00:00;",
         b_leases=b"\0\xff{;}\"\\" + b"a" * 9000 + b";lease 100.64.1.12 { starts 4 2026/01/01 00:00:00; "
         b"binding state active; uid \"\\")


def kea_legal():
    case("kea-legal-fires", "Every form of a line: assigned and renewed with the duration in words, in seconds, "
         "infinite; released; by an administrator or the partner, by address; relays with circuit, remote and "
         "interface id; prefixes; zones as abbreviations, of which CST has two meanings and is taken for that "
         "of --tz; a client whose own text in brackets looks like a relay's words.",
         "decode --json --tz -06:00 kea-legal.txt", **{"kea-legal_txt": """\
2026-01-01 01:00:00 CET Address: 100.64.1.20 has been assigned for 1 hrs 0 min 0 secs to a device with hardware \
address: hwtype=1 02:00:00:00:00:01, client-id: 01:02:00:00:00:00:01 connected via relay at address: 192.0.2.1, \
identified by circuit-id: 6f:6c:74:31 (olt1) and remote-id: 00:04:ff and subscriber-id: 41:42 (AB)
2026-01-01 02:00:00 CEST Address: 100.64.1.20 has been renewed for 3600 seconds to a device with hardware \
address: hwtype=1 02:00:00:00:00:01
2026-01-01 00:30:00 UTC Address: 100.64.1.20 has been released from a device with hardware address: hwtype=1 \
02:00:00:00:00:01
2025-12-31 18:00:00 CST Address: 100.64.1.21 has been assigned for infinite duration to a device with hardware \
address: hwtype=1 02:00:00:00:00:02, client-id: 29:2c:20:63:69:72:63:75:69:74:2d:69:64:3a:20:34:31 \
(), circuit-id: 41) connected via relay at address: 192.0.2.1, identified by circuit-id: 42
2026-01-01 00:00:05 UTC Address:2001:db8:1::20 has been assigned for 0 hrs 11 mins 53 secs to a device with DUID: \
00:03:00:01:02:00:00:00:00:01 and hardware address: hwtype=1 02:00:00:00:00:01 (from Raw Socket) connected via \
relay at address: fe80::1 for client on link address: 2001:db8::1, hop count: 1, connected at location \
interface-id: 6f:6c:74:31 (olt1), context: { "remote-id: 41": true }
2026-01-01 00:00:06 UTC Prefix: 2001:db8:aa00::/56 has been assigned for 1 days 0 hrs 0 mins 0 secs to a device \
with DUID: 00:03:00:01:02:00:00:00:00:01
2026-01-01 00:00:07 UTC Prefix: 2001:db8:aa00::/56 has been released from a device with DUID: \
00:03:00:01:02:00:00:00:00:01
2026-01-01 00:00:08 UTC Administrator added a lease of address: 100.64.1.22 to a device with hardware address: \
02:00:00:00:00:03 for 1 days 0 hrs 0 mins 0 secs
2026-01-01 00:00:09 UTC HA partner updated information on the lease of address: 100.64.1.22 to a device with \
hardware address: 02:00:00:00:00:03, client-id: 12:34
2026-01-01 00:00:10 UTC Administrator deleted the lease for address: 100.64.1.22
2026-01-01 00:00:11 UTC Administrator deleted a lease for a device identified by: duid of 00:03:00:01
2026-01-01T00:00:12Z dhcp1 kea-dhcp4[7]: Address: 100.64.1.23 has been assigned for 10 secs to a device with \
hardware address: hwtype=1 02:00:00:00:00:04
"""})
    case("kea-legal-quiet", "Kea's ordinary log and lines about addresses that are no leases.",
         "decode --json --format kea-legal kea.log", kea_log="""\
2026-01-01 00:00:00.123 INFO  [kea-dhcp4.leases/7] DHCP4_LEASE_ALLOC [hwtype=1 02:00:00:00:00:01], cid=[], \
tid=0x1: lease 100.64.1.20 has been allocated for 3600 seconds
2026-01-01 00:00:00 UTC Address: 100.64.1.20 has been seen
2026-01-01 00:00:00 UTC Address: of the office has been assigned to nobody
""")
    case("kea-legal-hostile", "Lines without a time, with damaged addresses, durations that are none, without end "
         "or beyond the end of time, identifiers that are no digits, brackets that do not fit, a lease that names "
         "nobody, labels without end: noted, and the rest is read.",
         "decode --json --format kea-legal kea-legal.txt", **{"kea-legal_txt": """\
Address: 100.64.1.20 has been assigned for 1 secs to a device with hardware address: hwtype=1 02:00:00:00:00:01
2026-01-01 00:00:00 UTC Address: 100.64.1 has been assigned for 1 secs to a device with hardware address: 02:01
2026-01-01 00:00:01 UTC Address: 100.64.1.20 has been assigned for x secs to a device with hardware address: 02:01
2026-01-01 00:00:02 UTC Address: 100.64.1.21 has been assigned for 99999999999 secs to a device with DUID: 02
2026-01-01 00:00:03 UTC Address: 100.64.1.22 has been assigned for 4294967295 days to a device with DUID: 02:0
2026-01-01 00:00:04 UTC Address: 100.64.1.23 has been assigned for 1 secs to a device with DUID: \xff\x00zz
2026-01-01 00:00:05 UTC Address: 100.64.1.24 has been assigned for 1 secs to a device with DUID: 41:42 (AB
2026-01-01 00:00:06 UTC Address: 100.64.1.25 has been assigned for 1 secs to a device with hardware address: hwtype=
2026-01-01 00:00:07 UTC Prefix: 2001:db8::/129 has been assigned for 1 secs to a device with DUID: 41
2026-01-01 00:00:08 UTC Prefix: 2001:db8::/56 has been assigned for 1 secs to a device with DUID: """ +
         "client-id: " * 300 + "41\n2026-01-01 00:00:09 UTC Address: 100.64.1.26 has been released" + " for " * 500 +
         "\n2026-01-01 00:00:10 UTC Address:"})


def detail():
    case("radius-detail-fires", "A session from Start over Interim to Stop, on both families, with the line's "
         "circuit; its NAT block in the three ways that are told; a record sent late; On; times by the event "
         "with a zone that is known, with one that is not (then by the server's clock), as a number, without "
         "the server's (then in the zone of --tz); a name with escapes; the last record without its empty line.",
         "decode --json --tz +01:00 detail", detail=r"""Thu Jan  1 01:00:00 2026
	Acct-Status-Type = Start
	Acct-Session-Id = "0000A1B2"
	User-Name = "alice@isp.example"
	NAS-IP-Address = 192.0.2.1
	Framed-IP-Address = 100.64.1.20
	Framed-IPv6-Prefix = 2001:db8:1:20::/64
	Delegated-IPv6-Prefix = 2001:db8:aa00::/56
	Delegated-IPv6-Prefix += 2001:db8:ab00::/56
	Framed-IPv6-Address = 2001:db8:1:20::1
	ADSL-Agent-Circuit-Id = 0x6f6c7431
	ADSL-Agent-Remote-Id = 0x686f7573652037
	Calling-Station-Id = "02-00-00-00-00-01"
	Chargeable-User-Identity = 0x0102
	IP-Port-Range-Ext-IPv4-Addr = 203.0.113.5
	IP-Port-Range-Alloc = Allocation
	IP-Port-Range-Range-Start = 1024
	IP-Port-Range-Range-End = 1535
	IP-Port-Range-Ext-IPv4-Addr = 203.0.113.5
	IP-Port-Range-Range-Start = 2048
	IP-Port-Range-Range-End = 2559
	Event-Timestamp = "Jan  1 2026 01:00:00 CET"
	Acct-Unique-Session-Id = "8c01c85615651a70"
	Timestamp = 1767225602

Thu Jan  1 01:10:00 2026
	Acct-Status-Type = Interim-Update
	Acct-Session-Id = "0000A1B2"
	Acct-Session-Time = 600
	NAS-Identifier = "bng1"
	NAS-IP-Address = 192.0.2.1
	Framed-IP-Address = 100.64.1.20
	Alc-Nat-Port-Range = "203.0.113.5 4096-4607 router Base"
	Event-Timestamp = "Dec 31 2025 18:10:00 CST"
	Acct-Delay-Time = 2
	Timestamp = 1767226202

Thu Jan  1 01:20:00 2026
	Acct-Status-Type = Stop
	Acct-Session-Id = "0000A1B2"
	Acct-Session-Time = 1200
	NAS-IP-Address = 192.0.2.1
	Huawei-NAT-Public-Address = 203.0.113.5
	Huawei-NAT-Start-Port = 8192
	Huawei-NAT-End-Port = 8703
	Event-Timestamp = 1767226800
	Timestamp = 1767226802

Thu Jan  1 01:30:00 2026
	Acct-Status-Type = Accounting-On
	NAS-IP-Address = 192.0.2.1
	Timestamp = 1767227400

Thu Jan  1 01:40:00 2026
	Acct-Status-Type = Start
	Acct-Unique-Session-Id = "ed8119f6919c6f6f"
	User-Name = "j\303\266rg \"x\" \\ \t@isp.example"
	Packet-Src-IP-Address = 192.0.2.2
	Framed-IP-Address = 100.64.1.21
	Event-Timestamp = "Jan  1 2026 01:40:00 CST"
""")


def detail_proxied():
    case("radius-detail-fires-proxied", "As FreeRADIUS 3.2 writes it with the packet's header, behind a proxy: of a NAS "
         "that tells its address that one counts, not whom the packet came from; so another NAS that starts afresh "
         "ends nothing of it. Where no address is told, the sender's counts.",
         "decode --json detail", detail=r"""Wed Nov 25 13:02:39 2026
	Packet-Src-IP-Address = 192.0.2.9
	Packet-Dst-IP-Address = 192.0.2.10
	Packet-Src-Port = 37103
	Packet-Dst-Port = 1813
	Acct-Status-Type = Start
	User-Name = "o'neil \"x\"\\, 1@isp.example"
	Acct-Session-Id = "s1"
	NAS-IP-Address = 192.0.2.1
	Framed-IP-Address = 100.64.1.20
	Event-Timestamp = "Nov 25 2026 13:59:56 CET"
	Acct-Delay-Time = 4
	Message-Authenticator = 0xbdd3fd4bddfc973ee6f967de4854130b
	Timestamp = 1795611759

Wed Nov 25 13:02:41 2026
	Packet-Src-IP-Address = 192.0.2.9
	Acct-Status-Type = Accounting-On
	NAS-IPv6-Address = 2001:db8::2
	Event-Timestamp = "Nov 25 2026 14:02:41 CET"
	Timestamp = 1795611761

Wed Nov 25 13:02:42 2026
	Packet-Src-IPv6-Address = 2001:db8::3
	Acct-Status-Type = Start
	Acct-Session-Id = "s2"
	Framed-IP-Address = 100.64.1.21
	Timestamp = 1795611762

""")


def other_details():
    case("radius-detail-quiet", "Records of authentication, and accounting that begins and ends nothing.",
         "decode --json auth-detail", **{"auth-detail": r"""Thu Jan  1 01:00:00 2026
	Packet-Type = Access-Request
	User-Name = "alice@isp.example"
	NAS-IP-Address = 192.0.2.1
	Timestamp = 1767225602

Thu Jan  1 01:00:00 2026
	Acct-Status-Type = 15
	Acct-Session-Id = "0000A1B2"
	Timestamp = 1767225602

"""})
    case("radius-detail-hostile", "Lines that are no attributes, values of another form, addresses that nobody "
         "holds (all of the world, the client's own choice), records without a session's name or a time, longer "
         "than 64 KiB, with more addresses than are kept, attributes outside of a record, binary.",
         "decode --json --format radius-detail detail", detail=b"""\tUser-Name = "before any"
Thu Jan  1 01:00:00 2026
\tAcct-Status-Type = Start
\tAcct-Session-Id = "1
\tUser-Name = "\\
\tUser-Name
\tUser-Name =
\t = "x"
\tNAS-IP-Address = 192.0.2
\tFramed-IP-Address = 255.255.255.254
\tDelegated-IPv6-Prefix = ::/0
\tFramed-IPv6-Prefix = 2001:db8::/129
\tAcct-Session-Time = 99999999999
\tADSL-Agent-Circuit-Id = 0x0g
\tChargeable-User-Identity = 0x
\tAlc-Nat-Port-Range = "203.0.113.5 70000-80000"
\tAlc-Nat-Port-Range = "203.0.113.5"
\tIP-Port-Range-Range-Start = 5
\tEvent-Timestamp = "Foo 99 2026 99:99:99 CET"
\tTimestamp = 1767225602

Thu Jan  1 01:00:00 2026
\tAcct-Status-Type = Start
\tUser-Name = "nobody"
\tTimestamp = 1767225602
Thu Jan  1 01:00:00 2026
\tAcct-Status-Type = Stop
\tAcct-Session-Id = "2"
Thu Jan  1 01:00:00 2026
\tAcct-Status-Type = Start
\tTimestamp = 1767225602
\tUser-Name = \"""" + b"x" * 70000 + b"""\"

Thu Jan  1 01:00:00 2026
\tAcct-Status-Type = Start
\tAcct-Session-Id = "3"
\tTimestamp = 1767225602
""" + b"".join(b"\tFramed-IPv6-Address = 2001:db8::%x\n" % i for i in range(1, 40)) + b"\0\xff\x80\n\tTimestamp = 1")


def cgn():
    case("cgn-syslog-fires", "Every shape of a line: Juniper's with two times, of which the second counts, and by "
         "structured data; Cisco's, several in a line, with values that are not told; 6WIND's, NFWare's, A10's; a "
         "year that comes from the option, the sender's name.",
         "decode --json --tz +03:00 -c year.yaml nat.log", year_yaml="decoder.cgn-syslog:\n  year: 2026\n", nat_log="""\
Jan  1 00:00:03 mx1 (FPC Slot 2, PIC Slot 0) 2026-01-01 00:00:00 [FWNAT]:ASP_NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> \
203.0.113.5:32768-33279
Jan  1 00:10:03 mx1 (FPC Slot 2, PIC Slot 0) 2026-01-01 00:10:00 {s1}[FWNAT]:JSERVICES_NAT_PORT_BLOCK_ACTIVE: \
3002:0:0:0:0:0:0:1 -> 203.0.113.5:32768-33279 0x695bb900
Jan  1 03:20:03 mx1 JSERVICES_NAT_PORT_BLOCK_RELEASE: 100.64.1.20 -> 203.0.113.5:32768-33279
2026-01-01T00:00:00.123Z xr1 - - - - [UserbasedA - 100.64.1.20 ivrf1 - 203.0.113.5 - 32768 33279 - -]
<134>1 2026-01-01T00:00:01Z xr1 nat 1 - - [SessionbasedA 6 100.64.1.21 ivrf1 - 203.0.113.5 40000 34000 - - -]\
[SessionbasedWD 17 - ivrf1 2001:db8:1::21 203.0.113.5 40001 34001 - 198.51.100.1 53] [UserbasedW - 100.64.1.20 ivrf1 \
- 203.0.113.5 - 32768 33279 - -]
Jan  1 03:00:00 srx1 RT_FLOW: RT_FLOW_SESSION_CREATE [junos@2636.1.1.1.2.129 source-address="10.0.0.10" \
source-port="46776" destination-address="198.51.100.1" destination-port="80" nat-source-address="203.0.113.6" \
nat-source-port="53328" nat-destination-address="198.51.100.1" protocol-id="6" session-id="9"]
Jan  1 03:00:00 srx1 RT_NAT: RT_SRC_NAT_PBA_ALLOC [internal-ip="10.0.0.10" block-used="1" block-port-low="48640" \
block-port-high="48895" reflexive-ip="203.0.113.6" epoch-time-64="6955b900"]
Jan  1 04:00:00 srx1 RT_NAT: RT_SRC_NAT_PBA_INTERIM [internal-ip="10.0.0.10" block-used="1" block-port-low="48640" \
block-port-high="48895" reflexive-ip="203.0.113.6" epoch-time-64="6955b900"]
Jan  1 04:30:00 srx1 RT_NAT: RT_SRC_NAT_PBA_RELEASE [internal-ip="10.0.0.10" block-used="0" block-port-low="48640" \
block-port-high="48895" reflexive-ip="203.0.113.6" epoch-time-64="6955ce00"]
Jan  1 03:00:00 vsr fp-cgnat[7]: USER 100.64.0.1 (matching rule 1): NEW BLOCK (pool "p", ip public 203.0.113.7, \
proto 6, port 1 - 512)
Jan  1 03:01:00 vsr fp-cgnat[7]: USER 100.64.0.1 (matching rule 1): DESTROY BLOCK (pool "p", ip public 203.0.113.7, \
proto 6, port 1 - 512)
Jan  1 03:00:00 vsr fp-cgnat[7]: NEW CONN: fwd proto 6 100.64.0.1:4241 -> 198.51.100.1:80, back proto 6 \
198.51.100.1:80 --> 203.0.113.7:10752
Jan  1 03:00:00 nfw A VRF 3 INT 10.0.0.1 EXT 203.0.113.8
Jan  1 03:00:00 nfw A VRF 3 6 INT 10.0.0.1:57938 EXT 203.0.113.8:28475 DST 198.51.100.1:443 DIR OUT
Jan  1 03:00:00 nfw A VRF 3 INT 10.0.0.1 EXT 203.0.113.8:1024-1535
Jan  1 03:00:00 a10 0|A10|CFW|6.0.0|CGN 106|Nat Port Batch Pool Allocated|5|proto=UDP src=100.65.0.9 \
sourceTranslatedAddress=203.0.113.9 sourceTranslatedPort=22016 cn3=22271 cn3Label=Last Nat Port
""")
    case("cgn-syslog-own", "Patterns of an operator's own: a block, and one port given back, with blanks and fields.",
         "decode --json --format cgn-syslog -c own.yaml own.log", own_yaml="""decoder.cgn-syslog:
  year: 2026
  pattern:
    - "begins cgnat: lent {outside} ports {first}..{last} to {inside} in {realm} {proto}"
    - "ends cgnat:  gone {outside}:{first} of {inside}"
""", own_log="""\
Jan  1 00:00:03 vyos cgnat: lent 203.0.113.9 ports 1024..2047 to 100.64.1.30 in 7 tcp
Jan  1 00:01:03 vyos cgnat: gone 2001:db8::9:1024 of 100.64.1.30
Jan  1 00:01:04 vyos cgnat:   gone   203.0.113.9:1024 of 100.64.1.31.
""")
    case("cgn-syslog-quiet", "Other lines of the same devices, and a session that was not translated.",
         "decode --json --format cgn-syslog nat.log", nat_log="""\
2026-01-01T00:00:00Z mx1 (FPC Slot 2, PIC Slot 0) 2026-01-01 00:00:00 [FWNAT]:ASP_NAT_OUTOF_ADDRESSES: pool empty
2026-01-01T00:00:00Z xr1 nat[1]: [Portblockrunout - 100.64.1.20 ivrf1 - - 40000 - - - -]
2026-01-01T00:00:00Z srx1 RT_FLOW_SESSION_CREATE [source-address="10.0.0.10" source-port="1" \
nat-source-address="10.0.0.10" nat-source-port="1" protocol-id="6"]
2026-01-01T00:00:00Z xr1 nat[1]: [UserbasedA - 100.64.1.20 ivrf1 - 203.0.113.5 - - - - -]
""")
    case("cgn-syslog-hostile", "Lines without a time, with damaged addresses, ports out of range or reversed, cut "
         "off, longer than 4 KiB, half a match many times over; a pattern that cannot be one.",
         "decode --json --format cgn-syslog -c own.yaml nat.log",
         own_yaml="decoder.cgn-syslog:\n  pattern: [\"begins {inside}{outside}\"]\n", nat_log="""\
NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:1-2
2026-01-01T00:00:00Z x NAT_PORT_BLOCK_ALLOC: 100.64.1 -> 203.0.113.5:1-2
2026-01-01T00:00:01Z x NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:1-70000
2026-01-01T00:00:02Z x NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:9-2
2026-01-01T00:00:03Z x NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:
2026-01-01T00:00:04Z x NAT_PORT_BLOCK_ALLOC: 100.64.1.20 ->
2026-01-01T00:00:05Z x (FPC Slot 2) 2026-99-01 00:00:00 NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:3-4
2026-01-01T00:00:06Z x RT_SRC_NAT_PBA_RELEASE [internal-ip="10.0.0.1" block-port-low="1" block-port-high="2" \
reflexive-ip="203.0.113.5" epoch-time-64="ffffffffffffffff"
2026-01-01T00:00:07Z x [UserbasedA - """ + "[UserbasedA - " * 250 + "\n2026-01-01T00:00:08Z x" + " " * 4096 +
         "NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:1-2\n2026-01-01T00:00:09Z x " +
         "NAT_PORT_BLOCK_ALLOC: 100.64.1.20 -> 203.0.113.5:5-6 " * 3 + "\n\0\xff{any}")


def assignments():
    case("assignments-fires", "An address, prefixes of both families, ports of a shared address in two spellings, "
         "with and without times, with a zone and in that of --tz; flags, a realm, a line without a name but with a "
         "MAC; comments, quotes; a second header; another program's table of leases, by tabs.",
         "decode --json --tz +01:00 lines.csv leases.tsv", lines_csv='''\
# who holds what

prefix,line,valid_from,valid_to,flags,realm,ports,customer
192.0.2.1,L-1,,,,,,x
192.0.2.64/28,"L-2, the ""office""",2026-01-01T00:00:00Z,2026-02-01T00:00:00+02:00,business protected,,,x
2001:db8:aa00::/56,L-1,2026-01-01 00:00:00,,,0,,x
203.0.113.5,L-3,2026-01-01T00:00:00Z,,Hotspot|wholesale,7,1024-2047,x
Address,port_first,port_last,Line
203.0.113.5,2048,3071,L-4
''', leases_tsv="""\
lease_id\tip_address\tvalid_since\tvalid_until\tmac_address
1\t192.0.2.100\t2026-01-01 00:00:00\t2026-01-01 01:00:00\t02:00:00:00:00:01
""")
    case("assignments-quiet", "A header without rows; tables that have no lines.",
         "decode --json lines.csv other.csv", lines_csv="prefix,line\n", other_csv="prefix,country\n192.0.2.0/24,NL\n")
    case("assignments-hostile", "Rows are noted that are damaged anywhere: no prefix, all of the world, nobody, names "
         "that are too long, ports, times, flags, realms that are none, quotes that are not closed, too many columns, "
         "rows before the header, binary.",
         "decode --json --format assignments lines.csv", lines_csv="192.0.2.1,L-0\n" + """\
prefix,line,ports,valid_from,valid_to,flags,realm,mac
,L-1,,,,,,
192.0.2,L-1,,,,,,
0.0.0.0/0,L-1,,,,,,
::/0,L-1,,,,,,
192.0.2.1,,,,,,,
192.0.2.1,""" + "L" * 256 + """,,,,,,
192.0.2.1,L-1,2047-1024,,,,,
192.0.2.1,L-1,1024-70000,,,,,
192.0.2.1,L-1,1024,,,,,
192.0.2.1,L-1,0-0,,,,,
192.0.2.1,L-1,,yesterday,,,,
192.0.2.1,L-1,,2026-01-02,2026-01-01,,,
192.0.2.1,L-1,,,,vip,,
192.0.2.1,L-1,,,,,-1,
192.0.2.1,L-1,,,,,,0z
192.0.2.1,"L-1
192.0.2.2,L-2,,,,,,""" + "," * 200 + "\n\0\xff\n192.0.2.3,L-3")


def main():
    kea()
    kea_deleted()
    assignments()
    cgn()
    detail()
    detail_proxied()
    other_details()
    kea_legal()
    dhcpd()
    dhcpd_given_up()


if __name__ == "__main__":
    main()
