/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Families of bots, each after what was published of a real one. "-like" since only the behaviour
 * that flow and DNS records show is followed, not the protocol.
 *
 * mirai        Antonakakis et al., Understanding the Mirai Botnet, USENIX Security 2017: stateless
 *              scan of pseudo-random addresses, 23 and 2323/tcp at 9:1, one SYN a host; attacks of
 *              minutes; a keep-alive to the controller each minute (published source).
 * cutwail      Stone-Gross et al., The Underground Economy of Spam, LEET 2011; John et al.,
 *              Studying Spamming Botnets Using Botlab, NSDI 2009: mail straight to exchangers.
 * conficker    Porras et al., A Foray into Conficker's Logic, LEET 2009: 445/tcp, random addresses;
 *              250 letter names a day, tried every two to three hours.
 * iodine       Its manual: names filled to 255 bytes, a query in flight at any time.
 * gafgyt       Marzano et al., The Evolution of Bashlite and Mirai IoT Botnets, ISCC 2018.
 * simda        Plohmann et al., A Comprehensive Measurement Study of Domain Generating Malware,
 *              USENIX Security 2016 (names); 129 NXDOMAINs in 5.7 min in a public capture (pace).
 * dnscat2      Its protocol document: hexadecimal labels, a query a second when idle.
 * xorddos      FireEye, Anatomy of a Brute Force Campaign, 2015: passwords of root over ssh.
 * necurs       Plohmann 2016 (names); spam and peers as of cutwail and sality.
 * hajime       Herwig et al., Measurement and Analysis of Hajime, NDSS 2019: 23 and 5358/tcp, peers
 *              found over the BitTorrent DHT.
 * goldbrute    Morphus Labs 2019: each bot tries one password per RDP server, from a list.
 * njrat        Fidelis Threat Advisory 1009, njRAT Uncovered, 2013: one raw TCP connection with
 *              keep-alives.
 * cobaltstrike Its user guide: sleep of 60 s with jitter over HTTPS; beacons over DNS.
 * sality       Falliere, Sality: Story of a Peer-to-Peer Viral Network, Symantec 2011: up to 1,000
 *              peers over UDP, asked every 40 min; Rossow et al., P2PWNED, IEEE S&P 2013. */
#include "sim/bot.h"

const struct family families[] = {
    {.name = "mirai-like",
	.deeds = {DEED_SCAN, DEED_DDOS, DEED_BEACON},
	.scan = {{23, 90}, {2323, 10}},
	.scan_syns = 1,
	.beacon_port = 48101,
	.beacon_raw = true,
	.beacon_ms = 60000},
    {.name = "cutwail-like",
	.deeds = {DEED_SPAM, DEED_BEACON},
	.beacon_port = 80,
	.beacon_ms = 300000,
	.jitter_percent = 30},
    {.name = "conficker-like",
	.deeds = {DEED_SCAN, DEED_DGA},
	.scan = {{445, 100}},
	.scan_syns = 3,
	.dga = DGA_LETTERS},
    {.name = "iodine-like", .deeds = {DEED_TUNNEL}, .tunnel = TUNNEL_IODINE},
    {.name = "gafgyt-like", .deeds = {DEED_BRUTE, DEED_DDOS}, .brute_port = 23},
    {.name = "simda-like",
	.deeds = {DEED_DGA, DEED_BEACON},
	.dga = DGA_SYLLABLES,
	.beacon_port = 80,
	.beacon_ms = 600000,
	.jitter_percent = 20},
    {.name = "dnscat2-like", .deeds = {DEED_TUNNEL}, .tunnel = TUNNEL_DNSCAT},
    {.name = "xorddos-like",
	.deeds = {DEED_BRUTE, DEED_DDOS, DEED_BEACON},
	.brute_port = 22,
	.beacon_port = 3502,
	.beacon_raw = true,
	.beacon_ms = 30000},
    {.name = "necurs-like",
	.deeds = {DEED_SPAM, DEED_DGA, DEED_P2P},
	.dga = DGA_LETTERS,
	.p2p_port = 0,
	.p2p_ms = 60000},
    {.name = "hajime-like",
	.deeds = {DEED_SCAN, DEED_P2P},
	.scan = {{23, 70}, {5358, 30}},
	.scan_syns = 1,
	.p2p_port = 0,
	.p2p_ms = 30000},
    {.name = "goldbrute-like",
	.deeds = {DEED_BRUTE, DEED_BEACON},
	.brute_port = 3389,
	.brute_once = true,
	.beacon_port = 8333,
	.beacon_raw = true,
	.beacon_ms = 60000},
    {.name = "njrat-like",
	.deeds = {DEED_BEACON},
	.beacon_port = 5552,
	.beacon_raw = true,
	.beacon_ms = 20000},
    {.name = "cobaltstrike-like",
	.deeds = {DEED_TUNNEL, DEED_BEACON},
	.tunnel = TUNNEL_BEACON,
	.beacon_port = 443,
	.beacon_ms = 60000,
	.jitter_percent = 50},
    {.name = "sality-like", .deeds = {DEED_SPAM, DEED_P2P}, .p2p_port = 0, .p2p_ms = 20000},
};
const size_t families_n = sizeof families / sizeof *families;
