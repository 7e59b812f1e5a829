/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kea's lease files (memfile) -> leases. Columns of every version stand in one order, the header
 * says how many of them there are, and rows may have more. Nothing is quoted: what would be in the
 * way is written &#xHH. Each row is an event: a lease from the client's last message on (`expire`
 * less `valid_lifetime`) until it runs out, unless another row says otherwise; a lifetime of 0, or
 * a state of "released", ends it, "expired" says that it ran out, and a declined address is held by
 * nobody; that a row of what had run out is deleted later says nothing. With the rows that a
 * clean-up has thrown away history is lost: read the file while it grows, or Kea's legal log.
 *
 * What it misses: Kea writes a deletion with the time of the client's last message, not its own. It
 * was not before what the rows above it tell, and counts from then: where little happens, such a
 * lease is known for less than it lasted.
 * Source: Kea's Administrator Reference Manual, "Memfile"; files that Kea wrote. */
#include "base/csv.h"
#include "base/jsonin.h"
#include "base/when.h"
#include "decode/lease.h"

enum v4 { V4_ADDRESS, V4_HWADDR, V4_CLIENT, V4_VALID, V4_EXPIRE, V4_STATE = 9, V4_CONTEXT };
enum v6 {
	V6_ADDRESS,
	V6_DUID,
	V6_VALID,
	V6_EXPIRE,
	V6_TYPE = 6,
	V6_IAID,
	V6_PREFIX_LEN,
	V6_HWADDR = 12,
	V6_STATE,
	V6_CONTEXT
};
enum { TYPE_PD = 2, COLUMNS_V4 = 9, COLUMNS_V6 = 12, RELAY_BYTES_MAX = 4096 };
enum state { STATE_HELD, STATE_DECLINED, STATE_EXPIRED, STATE_RELEASED, STATE_REGISTERED };

#define VALID_FOREVER UINT32_MAX
#define EXPIRE_MAX    ((uint64_t)WHEN_MAX_MS / 1000)

static const char head_v4[] = "address,hwaddr,client_id,valid_lifetime,expire,";
static const char head_v6[] = "address,duid,valid_lifetime,expire,";

struct kea {
	struct csv csv;
	struct jsonin context;
	struct text plain; /* user_context without its escapes */
	int64_t latest_ms; /* what rows up to here tell of had happened then */
	bool v6, begun;
};

static void kea_open(void *state, const struct decode_env *env)
{
	struct kea *k = state;
	(void)env;
	k->csv.separator = ',';
}

static void kea_close(void *state)
{
	struct kea *k = state;
	csv_fini(&k->csv);
	jsonin_fini(&k->context);
	text_fini(&k->plain);
}

/* Empty where the row is shorter. */
static struct span field(const struct kea *k, size_t number)
{
	return number < k->csv.field_n ? span_trim(k->csv.field[number]) : (struct span){"", 0};
}

/* Undoes &#xHH; one that is not followed by two digits stays as it is. */
static struct span plain(struct kea *k, struct span s)
{
	text_reset(&k->plain);
	for (size_t i = 0; i < s.n; i++) {
		uint8_t byte;
		bool escape = s.n - i >= 5 && memcmp(s.p + i, "&#x", 3) == 0 &&
			      lease_bytes((struct span){s.p + i + 3, 2}, &byte, 1);
		text_putc(&k->plain, escape ? (char)byte : s.p[i]);
		i += escape ? 4 : 0;
	}
	return (struct span){k->plain.p, k->plain.n};
}

static void relay_info(struct session *s, struct span hex, bool v6)
{
	uint8_t bytes[RELAY_BYTES_MAX];
	size_t n = lease_bytes(hex, bytes, sizeof bytes);
	struct span options = {(const char *)bytes, n};
	if (v6)
		lease_relay6(&s->ids, options);
	else
		lease_relay4(&s->ids, options);
}

/* The relay nearest to the client comes last, and knows the line. */
static void relays_v6(struct session *s, const struct jsonin *isc)
{
	static const char *const keys[] = {"relay-info", "relays"};
	for (size_t k = 0; k < 2; k++)
		for (size_t i = jsonin_list(isc, keys[k]); i > 0; i--) {
			struct jsonin one;
			struct span hex;
			if (jsonin_list_object(isc, keys[k], i - 1, &one) &&
			    jsonin_string(&one, "options", &hex))
				relay_info(s, hex, true);
		}
}

static void take_context(struct kea *k, struct session *s, struct span context)
{
	struct jsonin isc, info;
	struct span hex;
	if (!memmem(context.p, context.n, "\"ISC\"", 5) ||
	    !jsonin_read(&k->context, plain(k, context)) ||
	    !jsonin_object(&k->context, "ISC", &isc))
		return;
	if (k->v6)
		relays_v6(s, &isc);
	else if (jsonin_string(&isc, "relay-agent-info", &hex) ||
		 (jsonin_object(&isc, "relay-agent-info", &info) &&
		     jsonin_string(&info, "sub-options", &hex)))
		relay_info(s, hex, false);
}

static bool take_address(const struct kea *k, struct session *s)
{
	uint64_t type = 0, bits = 128;
	if (!addr_parse(field(k, V4_ADDRESS), &s->held.addr) ||
	    addr_is_v4(&s->held.addr) == k->v6 || addr_is_zero(&s->held.addr))
		return false;
	if (k->v6 && (!span_uint(field(k, V6_TYPE), &type) ||
			 !span_uint(field(k, V6_PREFIX_LEN), &bits) || bits > 128))
		return false;
	s->held.bits = (uint8_t)(type == TYPE_PD ? bits : 128);
	s->held.addr = addr_mask(&s->held.addr, s->held.bits);
	return true;
}

static void take_ids(struct kea *k, struct session *s)
{
	if (k->v6) {
		lease_hex(&s->ids, SESSION_DUID, field(k, V6_DUID));
		(void)session_ids_add(&s->ids, SESSION_KEY, field(k, V6_IAID));
		lease_hex(&s->ids, SESSION_MAC, field(k, V6_HWADDR));
	} else {
		lease_hex(&s->ids, SESSION_MAC, field(k, V4_HWADDR));
		lease_hex(&s->ids, SESSION_CLIENT, field(k, V4_CLIENT));
	}
	take_context(k, s, field(k, k->v6 ? V6_CONTEXT : V4_CONTEXT));
}

/* False where the row's numbers are none. */
static bool take_times(const struct kea *k, struct session *s, uint64_t *state)
{
	uint64_t valid, expire;
	struct span text = field(k, k->v6 ? V6_STATE : V4_STATE);
	*state = STATE_HELD;
	if (!span_uint(field(k, k->v6 ? V6_VALID : V4_VALID), &valid) ||
	    !span_uint(field(k, k->v6 ? V6_EXPIRE : V4_EXPIRE), &expire) ||
	    (text.n && !span_uint(text, state)) || valid > UINT32_MAX || expire < valid ||
	    expire - valid > EXPIRE_MAX)
		return false;
	int64_t last_ms = (int64_t)(expire - valid) * 1000;
	bool held = *state == STATE_HELD || *state == STATE_REGISTERED;
	if (!valid && *state == STATE_EXPIRED)
		return true; /* the row of what has run out is deleted */
	if (!valid || (!held && *state != STATE_EXPIRED)) {
		bool untimed = !valid && *state != STATE_DECLINED;
		lease_ends(s, untimed ? lease_later(last_ms, k->latest_ms) : last_ms, SESSION_TOLD);
		return true;
	}
	lease_begins(s, last_ms, last_ms ? SESSION_TOLD : SESSION_OPEN);
	if (valid != VALID_FOREVER)
		lease_ends(s, (int64_t)expire * 1000, held ? SESSION_UNTIL : SESSION_TOLD);
	return true;
}

/* The client itself has a name in every lease that is held. */
static bool is_anonymous(const struct kea *k)
{
	return k->v6 ? !field(k, V6_DUID).n : !field(k, V4_HWADDR).n && !field(k, V4_CLIENT).n;
}

static void take_row(struct kea *k, uint64_t offset, struct batch *out)
{
	uint64_t state = STATE_HELD;
	struct session *s = lease_new(out);
	if (k->csv.field_n < (k->v6 ? COLUMNS_V6 : COLUMNS_V4) || !take_address(k, s) ||
	    !take_times(k, s, &state) || (state != STATE_DECLINED && is_anonymous(k))) {
		batch_undo_session(out);
		batch_bad(out, offset, "a damaged row of a lease file");
		return;
	}
	if (state > STATE_REGISTERED) {
		batch_undo_session(out);
		batch_ignore(out, "leases in a state that is not known here");
		return;
	}
	if (state == STATE_EXPIRED && s->end == SESSION_OPEN) {
		batch_undo_session(out);
		return;
	}
	if (state != STATE_DECLINED)
		take_ids(k, s);
	int64_t told_ms = session_time_ms(s);
	if (lease_keep(out, offset, "a lease with an impossible time"))
		k->latest_ms = lease_later(k->latest_ms, told_ms);
}

/* A header, first or again, where another file was put behind. */
static bool take_header(struct kea *k)
{
	if (!span_is(field(k, 0), "address"))
		return false;
	k->v6 = span_is(field(k, V6_DUID), "duid");
	k->begun = true;
	return true;
}

static size_t kea_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct kea *k = state;
	struct buf b = buf_of(p, n);
	while (!batch_full(out)) {
		uint64_t at = offset + b.at;
		enum csv_found got = csv_next(&k->csv, &b, last);
		if (got == CSV_MORE)
			break;
		if (got != CSV_RECORD && got != CSV_WIDE)
			batch_bad(out, at, "a line longer than 1 MiB");
		else if (k->csv.field_n == 1 && !field(k, 0).n)
			continue;
		else if (take_header(k))
			continue;
		else if (!k->begun)
			batch_bad(out, at, "a lease file without its header");
		else
			take_row(k, at, out);
	}
	return b.at;
}

static int sniff(const uint8_t *p, size_t n)
{
	bool v4 = n >= sizeof head_v4 - 1 && memcmp(p, head_v4, sizeof head_v4 - 1) == 0;
	bool v6 = n >= sizeof head_v6 - 1 && memcmp(p, head_v6, sizeof head_v6 - 1) == 0;
	return v4 || v6 ? 95 : 0;
}

const struct decoder decoder_kea_leases = {
    .name = "kea-leases",
    .summary = "lease files of Kea, DHCPv4 and DHCPv6",
    .source = "Kea Administrator Reference Manual: memfile",
    .state_bytes = sizeof(struct kea),
    .sniff = sniff,
    .open = kea_open,
    .decode = kea_decode,
    .close = kea_close,
};
