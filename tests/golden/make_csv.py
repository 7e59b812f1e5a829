#!/usr/bin/env python3
# SPDX-FileCopyrightText: The Theriac authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the golden cases of tables with a header: nfdump's, and others with common or own names. Only
inputs, `args` and `why.txt` are made here; `run --update` makes `out` and `err`. Addresses are
documentation ranges."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent / "decode"
NFDUMP = ("ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,"
          "svln,dvln,ra,eng,exid,tr")
REST = "0,0,0,0,0,0,0,0,0.0.0.0,0.0.0.0,0,0"


def nfdump_row(times, ends, ports, proto, flags, counters, exporter="192.0.2.1",
               received="2026-01-02 04:05:05.250"):
    return (f"{times},{ends},{ports},{proto},{flags},0,0,{counters},{REST},{exporter},0/1,1,"
            f"{received}\n")


def case(folder, why, args, **files):
    path = ROOT / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / "why.txt").write_text(why + "\n")
    (path / "args").write_text(args + "\n")
    for name, content in files.items():
        data = content if isinstance(content, bytes) else content.encode("latin-1")
        (path / name.replace("_", ".")).write_bytes(data)


def nfdump():
    at = "2026-01-02 04:04:01,2026-01-02 04:04:05,4.000"
    v4, v6 = "192.0.2.10,198.51.100.7", "2001:db8:1::10,2001:db8:2::7"
    return (NFDUMP + "\n" +
            nfdump_row(at, v4, "40001,443", "TCP", "...AP.SF", "10,4200,0,0") +
            nfdump_row(at, v4, "40002,443", "TCP", "......S.", "3,180,2,120") +
            nfdump_row(at, v4, "40003,443", "TCP", "........", "3,180,3,180") +
            nfdump_row(at, v4, "0,8.0", "ICMP", "........", "1,84,0,0") +
            nfdump_row(at, v6, "0,32768", "ICMP6", "........", "1,104,0,0", "0.0.0.0") +
            nfdump_row(at, v4, "40004,53", "UDP", "........", "0,0,1,60", received=(
                "2026-03-01 00:00:00.000")) +
            nfdump_row("1970-01-01 01:00:00,1970-01-01 01:00:00,0.000", v4, "40005,53", "17",
                       "........", "1,60,0,0") +
            nfdump_row("2026-01-02 04:04:05,2026-01-02 04:04:01,18446744073709547.616", v4, "40006,53",
                       "UDP", "........", "1,60,0,0") +
            nfdump_row(at, "0.0.0.0,0.0.0.0", "0,0", "0", "........", "5,81,0,0") +
            nfdump_row(at, v4, "1,2", "NOSUCH", "........", "5,81,0,0") +
            "Summary\nflows,bytes,packets,avg_bps,avg_pps,avg_bpp\n9,5000,20,100,1,250\n" + NFDUMP + "\n" +
            nfdump_row(at, v4, "40007,443", "TCP", "...AP.SF", "10,4200,0,0"))


def fires():
    case("csv-fires", "nfdump's table with flags, ICMP, counters both ways, unknown and reversed times, its "
         "summary and a second table behind it; other tables with common names, own separators, quotes, "
         "times in all forms, counts as they come from data frames; look-ups.",
         "decode --json --tz +01:00 nfdump.csv epoch.csv words.csv ipfix.tsv dns.csv query.csv",
         nfdump_csv=nfdump(), epoch_csv="""\
first_seen;last_seen;src_ip;dst_ip;src_port;dst_port;protocol;tcp_flags;packets;bytes;sampling_rate;label
1767323041.250;1767323045;192.0.2.10;198.51.100.7;40001;443;6;0x1b;10;4200;100;Malicious
1767323041250;1767323045000;192.0.2.10;198.51.100.7;40002;443;6;27;10.0;4200.00;;Benign
1767323041250000;1767323045000000;192.0.2.10;198.51.100.7;40003.0;443.0;6;SA;10;4200;1;x
1767323041250000000;;192.0.2.10;198.51.100.7;40004;53;17;;1;60;;x
""", words_csv="""\
"Start Time","Duration","Src IP Addr","Dst IP Addr","Protocol","Src Port","Dst Port","Src Pkts","Src Bytes",\
"Dst Pkts","Dst Bytes","Comment, with a comma"
"2026-01-02T03:04:01.250Z",0.5,"192.0.2.10","198.51.100.7",tcp,40001,443,9,900,8,8000,"a ""quoted"" word"
2026/01/02 04:04:02,,2001:db8:1::10,2001:db8:2::7,UDP,40002,53,1,85,0,0,

"2026-01-02T03:04:03.250Z",1.5,"192.0.2.10","198.51.100.7",icmp,0,2048,1,98,0,0,
""", ipfix_tsv=(
             "\xef\xbb\xbfflowEndMilliseconds\tsourceIPv4Address\tsourceIPv6Address\tdestinationIPv4Address\t"
             "destinationIPv6Address\tprotocolIdentifier\toctetDeltaCount\tsourceTransportPort\n"
             "1767323045000\t192.0.2.10\t\t198.51.100.7\t\t47\t100\t\n"
             "1767323045000\t\t2001:db8:1::10\t\t2001:db8:2::7\t17\t100\t5\n"), dns_csv="""\
time,client,client_port,server,qname,qtype,rcode,answers,ttl
2026-01-02T03:04:05.250Z,192.0.2.10,40001,192.0.2.53,WWW.Example.com.,A,NOERROR,cdn.example.net 198.51.100.20,60
1767323046,2001:db8:1::10,,,nope.example.com,28,3,,
1767323047,192.0.2.10,,,odd\\255 name.example.com,TYPE65280,,,
1767323048,192.0.2.10,,,two.example.com,A,,198.51.100.21;198.51.100.22,
""", query_csv="""\
timestamp|src_ip|query|query_type|response_code
2026-01-02 04:04:05|192.0.2.10|a.example.com|A|SERVFAIL
""")
    case("csv-own-names", "The option names columns that have no usual name, for files read by --format.",
         "decode --json -c own.yaml --format csv own.csv", own_csv="""\
zeit,quelle,ziel,Ziel-Port,menge,Label
2026-01-02T03:04:05Z,192.0.2.10,198.51.100.7,443,4200,Botnet
""", own_yaml="decoder.csv:\n  columns: start=zeit, src=quelle,dst=ziel,dport=zielport,bytes=Menge\n")
    case("csv-labels", "Label columns are not read: the same records whatever they say.",
         "decode --json benign.csv botnet.csv",
         benign_csv="ts,sa,da,ipkt,label,class,attack\n1767323045,192.0.2.10,198.51.100.7,1,Benign,0,\n",
         botnet_csv="ts,sa,da,ipkt,label,class,attack\n1767323045,192.0.2.10,198.51.100.7,1,Botnet,1,x\n")


def quiet():
    report = ('"timestamp","severity","protocol","src_ip","src_port","src_asn","src_naics","dst_ip","dst_port",'
              '"bytes","infection"\n"2026-01-02 03:04:05","critical","tcp","203.0.113.5",33001,64500,,'
              '"198.51.100.7",4455,100,"mirai"\n')
    case("csv-quiet", "Tables that name no time, no addresses or no counter, reports, lists, a header alone: "
         "no record.", "decode --json header.csv list.csv report.csv hosts.csv names.csv nfdump.csv",
         header_csv=NFDUMP + "\n", list_csv="id,name,city\n1,a,b\n", report_csv=report,
         hosts_csv="timestamp,src_ip,dst_ip\n2026-01-02 03:04:05,192.0.2.10,198.51.100.7\n",
         names_csv="time,domain,reason\n2026-01-02 03:04:05,bad.example.com,phishing\n",
         nfdump_csv=NFDUMP + "\nSummary\nflows,bytes\n0,0\n")


def hostile():
    head = "ts,te,sa,da,sp,dp,pr,flg,ipkt,ibyt\n"
    good = "1767323041,1767323045,192.0.2.10,198.51.100.7,40001,443,6,S,1,60\n"
    bad = ["", ",", "x", "1767323041", "1767323041,1767323045,192.0.2.10", "\xff\x00\xfe,\x00",
           "x,x,192.0.2.10,198.51.100.7,1,2,6,S,1,60", "1,2,192.0.2.256,198.51.100.7,1,2,6,S,1,60",
           "99999999999999999999,1,192.0.2.10,198.51.100.7,1,2,6,S,1,60",
           "18446744073709551615,1,192.0.2.10,198.51.100.7,1,2,6,S,1,60",
           "-1,-1,192.0.2.10,198.51.100.7,1,2,6,S,1,60", "1,2,192.0.2.10,198.51.100.7,65536,2,6,S,1,60",
           "1,2,192.0.2.10,198.51.100.7,1,2.5,6,S,1,60", "1,2,192.0.2.10,198.51.100.7,1,256.0,1,S,1,60",
           "1,2,192.0.2.10,198.51.100.7,1,2,6,QQQQ,1,60", "1,2,192.0.2.10,198.51.100.7,1,2,6,S,-1,60",
           "1,2,192.0.2.10,198.51.100.7,1,2,6," + "S" * 100 + ",1,60",
           "1,2,192.0.2.10,198.51.100.7,1,2,6,S,99999999999999999999999,60",
           "1,2,192.0.2.10,198.51.100.7,1,2,6,S,1.5,60", '1,2,"192.0.2.10,198.51.100.7,1,2,6,S,1,60',
           '1,2,"192.0.2.10"x,198.51.100.7,1,2,6,S,1,60', "," * 200, "ts,sa", "ts,te,td,Summary,sa"]
    case("csv-hostile", "Damaged and short lines, numbers out of range, quotes that stay open, too many "
         "fields; look-ups without a name or an address: named, the rest is read.",
         "decode --json -c wrong.yaml flows.csv dns.csv wide.csv",
         flows_csv=head + good + "\n".join(bad) + "\n" + good[:-1],
         dns_csv=("time,client,qname,qtype,rcode,answers\n1767323045,192.0.2.10,good.example.com,A,0,\n"
                  "1767323045,192.0.2.256,a,A,0,\nx,192.0.2.10,a,A,0,\n1767323045,192.0.2.10," + "x" * 3000 +
                  ",A,0,\n1767323045,192.0.2.10,,BOGUS,NOSUCH," + ";".join(["192.0.2.1"] * 300) + "\n"
                  "1767323046,192.0.2.10,last.example.com,A,0,"),
         wide_csv="ts,sa,da,ipkt" + ",x" * 300 + "\n1767323045,192.0.2.10,198.51.100.7,1" + ",1" * 300 + "\n",
         wrong_yaml="decoder.csv:\n  columns: nosuch=ts\n")


for make in (fires, quiet, hostile):
    make()
