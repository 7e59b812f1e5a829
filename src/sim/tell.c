/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Session records as text: see tell.h. Forms: FreeRADIUS 3's detail files, dhcpd.leases(5) of ISC
 * dhcpd 4.4, the legal log of Kea 2, port blocks as Junos logs them (MS-MPC). */
#include "sim/tell.h"
#include <stdio.h>
#include <time.h>

enum { STAMP = 64, MAC = 20, IAID = 1 };

static void put_time(struct text *out, const char *form, int64_t ms)
{
	char word[STAMP];
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	if (strftime(word, STAMP, form, gmtime_r(&s, &tm)) != 0)
		text_puts(out, word);
}

static void put_addr(struct text *out, const union addr *a)
{
	char word[ADDR_TEXT];
	addr_text(word, a);
	text_puts(out, word);
}

static void put_v6(struct text *out, const struct telling *t)
{
	char word[ADDR_TEXT];
	struct prefix net = stay_v6(t->a, t->s);
	prefix_text(word, &net);
	text_puts(out, word);
}

/* Locally administered, one for each line's router. */
static void mac_of(char out[MAC], uint32_t line, char between)
{
	(void)snprintf(out, MAC, "02%c00%c%02x%c%02x%c%02x%c%02x", between, between, line >> 24,
	    between, line >> 16 & 255, between, line >> 8 & 255, between, line & 255);
}

static int64_t told_ms(const struct telling *t)
{
	return t->at_ms + t->skew_ms;
}

const char *tell_head(enum tell_file file)
{
	if (file == TELL_DHCPD)
		return "# The format of this file is documented in the dhcpd.leases(5) manual "
		       "page.\n"
		       "authoring-byte-order little-endian;\n\n";
	return file == TELL_DHCPD6 ? "authoring-byte-order little-endian;\n\n" : "";
}

void tell_radius(struct text *out, const struct telling *t)
{
	static const char *const status[] = {
	    [TELL_STOP] = "Stop", [TELL_START] = "Start", [TELL_INTERIM] = "Interim-Update"};
	char word[ACCESS_WORD], mac[MAC];
	const struct stay *s = t->s;
	union addr v4 = stay_v4(t->a, s);
	int64_t written_ms = told_ms(t) + t->delay_s * 1000;
	put_time(out, "%a %b %e %H:%M:%S %Y\n", written_ms);
	text_fmt(out, "\tAcct-Session-Id = \"%08X\"\n\tAcct-Status-Type = %s\n", t->number,
	    status[t->kind]);
	access_user(word, s->line);
	text_fmt(out, "\tUser-Name = \"%s\"\n", word);
	text_fmt(out, "\tNAS-Identifier = \"%s\"\n\tNAS-IP-Address = 192.0.2.%u\n",
	    areas[s->area].name, 10u + s->area);
	mac_of(mac, s->line, '-');
	access_circuit(word, s->line);
	text_fmt(
	    out, "\tCalling-Station-Id = \"%s\"\n\tADSL-Agent-Circuit-Id = \"%s\"\n", mac, word);
	text_puts(out, "\tFramed-IP-Address = ");
	put_addr(out, &v4);
	if (stay_has_v6(s)) {
		text_puts(out, "\n\tDelegated-IPv6-Prefix = ");
		put_v6(out, t);
	}
	if (t->kind != TELL_START)
		text_fmt(
		    out, "\n\tAcct-Session-Time = %lld", (long long)(t->at_ms - s->t0_ms) / 1000);
	put_time(out, "\n\tEvent-Timestamp = \"%b %e %Y %H:%M:%S UTC\"\n", told_ms(t));
	text_fmt(out, "\tAcct-Delay-Time = %u\n\tTimestamp = %lld\n\n", t->delay_s,
	    (long long)(written_ms / 1000));
}

/* Until when the lease lasts as of this event. */
static int64_t lease_end_ms(const struct telling *t)
{
	return t->kind == TELL_LEASE_END ? t->at_ms : t->at_ms + t->a->lease_ms;
}

static void put_state(struct text *out, const struct telling *t, const char *indent)
{
	const char *state = t->kind != TELL_LEASE_END ? "active"
			    : t->s->released          ? "free"
						      : "expired";
	text_fmt(out, "%sbinding state %s;\n", indent, state);
}

/* The client's last message, from which the lease runs. */
static int64_t heard_ms(const struct telling *t)
{
	return t->kind == TELL_LEASE_END ? stay_renewed_ms(t->a, t->s, t->at_ms) : t->at_ms;
}

static void tell_dhcpd4(struct text *out, const struct telling *t)
{
	char mac[MAC], circuit[ACCESS_WORD], far[ACCESS_WORD];
	union addr v4 = stay_v4(t->a, t->s);
	mac_of(mac, t->s->line, ':');
	access_circuit(circuit, t->s->line);
	access_remote(far, t->s->line);
	text_puts(out, "lease ");
	put_addr(out, &v4);
	put_time(out, " {\n  starts %w %Y/%m/%d %H:%M:%S;\n", heard_ms(t) + t->skew_ms);
	put_time(out, "  ends %w %Y/%m/%d %H:%M:%S;\n", lease_end_ms(t) + t->skew_ms);
	put_state(out, t, "  ");
	text_fmt(out, "  hardware ethernet %s;\n", mac);
	/* RFC 4361: identity association and DUID, the same as in DHCPv6. */
	text_fmt(out, "  uid ff:00:00:00:%02x:00:03:00:01:%s;\n", IAID, mac);
	text_fmt(out, "  option agent.circuit-id \"%s\";\n  option agent.remote-id \"%s\";\n}\n",
	    circuit, far);
}

static void tell_dhcpd6(struct text *out, const struct telling *t)
{
	uint32_t line = t->s->line;
	text_fmt(out,
	    "ia-pd \"\\%03o\\000\\000\\000\\000\\003\\000\\001\\002\\000\\%03o\\%03o\\%03o\\%03o\" "
	    "{\n",
	    IAID, line >> 24, line >> 16 & 255, line >> 8 & 255, line & 255);
	put_time(out, "  cltt %w %Y/%m/%d %H:%M:%S;\n  iaprefix ", heard_ms(t) + t->skew_ms);
	put_v6(out, t);
	text_puts(out, " {\n");
	put_state(out, t, "    ");
	put_time(out, "    ends %w %Y/%m/%d %H:%M:%S;\n  }\n}\n\n", lease_end_ms(t) + t->skew_ms);
}

void tell_dhcpd(struct text *out, const struct telling *t, bool v6)
{
	(v6 ? tell_dhcpd6 : tell_dhcpd4)(out, t);
}

static void put_legal_bytes(struct text *out, const char *label, const char *value)
{
	text_fmt(out, " %s: ", label);
	for (const char *p = value; *p; p++)
		text_fmt(out, "%s%02x", p == value ? "" : ":", (unsigned char)*p);
	text_fmt(out, " (%s)", value);
}

static void put_legal_verb(struct text *out, const struct telling *t)
{
	long long s = t->a->lease_ms / 1000;
	if (t->kind == TELL_LEASE_END)
		text_puts(out, " has been released from a device with");
	else
		text_fmt(out, " has been %s for %lld hrs %lld mins %lld secs to a device with",
		    t->kind == TELL_LEASE ? "assigned" : "renewed", s / 3600, s / 60 % 60, s % 60);
}

/* Of leases that run out it says nothing. */
void tell_kea(struct text *out, const struct telling *t)
{
	static const char time[] = "%Y-%m-%d %H:%M:%S UTC ";
	char mac[MAC], circuit[ACCESS_WORD], far[ACCESS_WORD];
	union addr v4 = stay_v4(t->a, t->s);
	mac_of(mac, t->s->line, ':');
	access_circuit(circuit, t->s->line);
	access_remote(far, t->s->line);
	put_time(out, time, told_ms(t));
	text_puts(out, "Address: ");
	put_addr(out, &v4);
	put_legal_verb(out, t);
	text_fmt(out,
	    " hardware address: hwtype=1 %s connected via relay at address: 192.0.2.30,"
	    " identified by",
	    mac);
	put_legal_bytes(out, "circuit-id", circuit);
	text_puts(out, " and");
	put_legal_bytes(out, "remote-id", far);
	text_putc(out, '\n');
	if (!stay_has_v6(t->s))
		return;
	put_time(out, time, told_ms(t));
	text_puts(out, "Prefix: ");
	put_v6(out, t);
	put_legal_verb(out, t);
	text_fmt(
	    out, " DUID: 00:03:00:01:%s and hardware address: hwtype=1 %s (from DUID)\n", mac, mac);
}

void tell_nat(struct text *out, const struct telling *t)
{
	union addr inside = stay_v4(t->a, t->s);
	struct block b = stay_block(t->a, t->s, t->number);
	put_time(out, "%b %e %H:%M:%S ", told_ms(t));
	text_fmt(out, "%s (FPC Slot 2, PIC Slot 0) ", areas[t->s->area].nat);
	put_time(out, "%Y-%m-%d %H:%M:%S ", told_ms(t));
	text_fmt(out, "[CGN]:ASP_NAT_PORT_BLOCK_%s: ", t->kind == TELL_ALLOC ? "ALLOC" : "RELEASE");
	put_addr(out, &inside);
	text_puts(out, " -> ");
	put_addr(out, &b.addr);
	text_fmt(out, ":%u-%u\n", b.first, b.last);
}
