/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of columns: see columns.h. A name is compared by its letters and digits alone, in lower
 * case: "Src IP", "src_ip" and "srcIp" are one. Labels have no name here, and are never read. */
#include "decode/columns.h"
#include "base/when.h"
#include "decode/argus.h"
#include <string.h>

enum { NAME_MAX_BYTES = 64, FLAGS_MAX = 16 };

/* The first name is that of the option `columns`. */
static const struct {
	const char *names; /* separated by spaces */
} fields[COLUMNS] = {
    [COLUMN_START] = {"start ts starttime firstseen first flowstart flowstarttime timestart "
		      "flowstartmilliseconds flowstartseconds firstswitched stime timestampstart "
		      "datefirstseen begin"},
    [COLUMN_END] = {"end te endtime lastseen last flowend flowendtime timeend flowendmilliseconds "
		    "flowendseconds lastswitched ltime timestampend datelastseen stoptime"},
    [COLUMN_TIME] = {"time timestamp datetime date eventtime querytime timeflowstartns"},
    [COLUMN_DURATION] = {"duration td dur durations"},
    [COLUMN_RECEIVED] = {"received tr timereceived receivedat"},
    [COLUMN_SRC] = {"src sa srcip srcaddr srcipaddr srcaddress srcipaddress sourceip sourceaddress "
		    "sourceipaddress sourceaddr source saddr ipsrc sourceipv4address "
		    "sourceipv6address ipv4srcaddr ipv6srcaddr srcip4 srcip6 idorigh"},
    [COLUMN_DST] = {"dst da dstip dstaddr dstipaddr dstaddress dstipaddress destip destinationip "
		    "destaddress destinationaddress destinationipaddress destinationaddr destaddr "
		    "dest destination daddr ipdst destinationipv4address destinationipv6address "
		    "ipv4dstaddr ipv6dstaddr dstip4 dstip6 idresph"},
    [COLUMN_SPORT] = {"sport sp srcport sourceport l4srcport sourcetransportport portsrc srcpt "
		      "idorigp"},
    [COLUMN_DPORT] = {"dport dp dstport destport destinationport l4dstport "
		      "destinationtransportport portdst dstpt idrespp"},
    [COLUMN_PROTO] = {"proto pr protocol ipproto ipprotocol protocolidentifier prot "
		      "transportprotocol"},
    [COLUMN_FLAGS] = {"flags flg tcpflags tcpcontrolbits tcpflag"},
    [COLUMN_PACKETS] = {"packets ipkt pkts packetcount npackets inpkts inpackets dpkts numpackets "
			"packetdeltacount packettotalcount srcpkts srcpackets origpkts "
			"packetstoserver pktstoserver fwdpackets"},
    [COLUMN_BYTES] = {"bytes ibyt octets bytecount nbytes inbytes doctets numbytes "
		      "octetdeltacount octettotalcount srcbytes origipbytes bytestoserver "
		      "fwdbytes"},
    [COLUMN_RPACKETS] = {"rpackets reversepackets dstpkts dstpackets resppkts packetstoclient "
			 "pktstoclient revpackets bwdpackets reversepacketdeltacount"},
    [COLUMN_RBYTES] = {"rbytes reversebytes dstbytes respipbytes bytestoclient revbytes bwdbytes "
		       "reverseoctetdeltacount"},
    [COLUMN_OUT_PACKETS] = {"outpackets opkt outpkts"},
    [COLUMN_OUT_BYTES] = {"outbytes obyt"},
    [COLUMN_SAMPLING] = {"sampling samplingrate samplinginterval samplerate"},
    [COLUMN_EXPORTER] = {"exporter ra exporterip exporteraddress routerip router samplerip "
			 "sampleraddress peeripsrc agent agentip"},
    [COLUMN_CLIENT] = {"client clientip clientaddr clientaddress clientipaddress queryip requester "
		       "requestip"},
    [COLUMN_SERVER] = {"server serverip serveraddr serveraddress resolver resolverip responseip"},
    [COLUMN_CPORT] = {"cport clientport queryport"},
    [COLUMN_QNAME] = {"qname query queryname rrname domain domainname dnsquery dnsqname question "
		      "questionname fqdn"},
    [COLUMN_QTYPE] = {"qtype querytype rrtype qtypename recordtype dnsqtype questiontype type"},
    [COLUMN_RCODE] = {"rcode rcodename responsecode returncode dnsrcode replycode"},
    [COLUMN_ANSWERS] = {"answers answer rdata response responses answerdata"},
    [COLUMN_TTL] = {"ttl minttl answerttl"},
};

/* Letters and digits in lower case; false where too long to be a name. */
static bool plain(struct span s, char out[NAME_MAX_BYTES])
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
			continue;
		if (n + 1 == NAME_MAX_BYTES)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

static enum column field_of(const char *name, bool first_only)
{
	for (unsigned f = 0; f < COLUMNS; f++) {
		struct span names = span_of(fields[f].names);
		for (bool more = true; more; more = !first_only && names.p)
			if (span_is(span_cut(&names, ' '), name))
				return f;
	}
	return COLUMNS;
}

/* The next "FIELD=NAME" of own; false at the end. Its field is COLUMNS where it is none. */
static bool next_own(struct span *own, enum column *field, char name[NAME_MAX_BYTES])
{
	char word[NAME_MAX_BYTES];
	if (!own->p || span_trim(*own).n == 0)
		return false;
	struct span right = span_cut(own, ','), left = span_cut(&right, '=');
	*field =
	    right.p && plain(left, word) && plain(right, name) ? field_of(word, true) : COLUMNS;
	return true;
}

bool columns_own_is_right(const char *own)
{
	struct span rest = own ? span_of(own) : (struct span){NULL, 0};
	enum column field;
	char name[NAME_MAX_BYTES];
	while (next_own(&rest, &field, name))
		if (field == COLUMNS)
			return false;
	return true;
}

static enum column own_field(const char *own, const char *name)
{
	struct span rest = own ? span_of(own) : (struct span){NULL, 0};
	enum column field;
	char given[NAME_MAX_BYTES];
	while (next_own(&rest, &field, given))
		if (field != COLUMNS && strcmp(given, name) == 0)
			return field;
	return COLUMNS;
}

static bool has(const struct columns *c, enum column which)
{
	return c->at[which][0] != 0;
}

static void place(struct columns *c, enum column which, size_t number)
{
	for (size_t i = 0; i < COLUMN_PLACES; i++)
		if (c->at[which][i] == 0) {
			c->at[which][i] = (uint8_t)number;
			return;
		}
}

static enum columns_kind kind_of(const struct columns *c)
{
	bool time = has(c, COLUMN_TIME) || has(c, COLUMN_START) || has(c, COLUMN_END);
	bool counted = has(c, COLUMN_PACKETS) || has(c, COLUMN_BYTES);
	if (time && has(c, COLUMN_QNAME) && !counted &&
	    (has(c, COLUMN_CLIENT) || has(c, COLUMN_SRC)))
		return COLUMNS_DNS;
	return time && counted && has(c, COLUMN_SRC) && has(c, COLUMN_DST) ? COLUMNS_FLOWS
									   : COLUMNS_NONE;
}

/* Reports about hosts name times and addresses, too, but are no records of traffic: those of
 * Shadowserver all have the industry of the host. */
static bool is_report(const char *name)
{
	return strcmp(name, "naics") == 0 || strcmp(name, "srcnaics") == 0;
}

struct columns columns_of(const struct csv *header, const char *own)
{
	struct columns c = {.kind = COLUMNS_NONE};
	char name[NAME_MAX_BYTES];
	bool report = false;
	for (int usual = 0; usual < 2; usual++)
		for (size_t i = 0; i < header->field_n; i++) {
			if (!plain(header->field[i], name))
				continue;
			report |= is_report(name);
			enum column mine = own_field(own, name);
			enum column field = !usual            ? mine
					    : mine == COLUMNS ? field_of(name, false)
							      : COLUMNS;
			if (field != COLUMNS)
				place(&c, field, i + 1);
		}
	c.kind = report ? COLUMNS_NONE : kind_of(&c);
	return c;
}

struct span column(const struct columns *c, const struct csv *record, enum column which)
{
	struct span value = {"", 0};
	for (size_t i = 0; i < COLUMN_PLACES && value.n == 0; i++) {
		size_t number = c->at[which][i];
		if (number && number <= record->field_n)
			value = span_trim(record->field[number - 1]);
	}
	return value;
}

bool column_number(struct span s, uint64_t *v)
{
	struct span rest = s, whole = span_cut(&rest, '.');
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] != '0')
			return false;
	return span_uint(whole, v);
}

bool column_time(struct span s, int64_t zone_ms, int64_t *ms)
{
	static const struct {
		uint64_t below, per_ms;
	} units[] = {{100000000000000, 1}, {100000000000000000, 1000}, {UINT64_MAX, 1000000}};
	const uint64_t seconds_below = 100000000000;
	uint64_t v = seconds_below;
	struct span rest = s, whole = span_cut(&rest, '.');
	if (span_uint(whole, &v) && v < seconds_below)
		return when_epoch(s, ms);
	if (!column_number(s, &v))
		return when_parse(s, zone_ms, ms);
	size_t unit = 0;
	while (v >= units[unit].below && units[unit].below != UINT64_MAX)
		unit++;
	*ms = (int64_t)(v / units[unit].per_ms);
	return true;
}

bool column_flags(struct span s, uint8_t *flags)
{
	char letters[FLAGS_MAX];
	uint8_t both[2];
	uint64_t v;
	size_t n = 0;
	if (argus_number(s, &v)) {
		*flags = (uint8_t)v;
		return s.n != 0;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.')
			continue;
		if (n + 2 > FLAGS_MAX)
			return false;
		letters[n++] = s.p[i];
	}
	letters[n++] = '_'; /* as Argus writes them: one end's, then the other's */
	*flags = 0;
	if (s.n == 0 || !argus_flags((struct span){letters, n}, both))
		return false;
	*flags = both[0];
	return true;
}
