/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decoder of capture files: pcap (both byte orders, micro- and nanoseconds, the variant with longer
 * record headers) and pcapng. What the frames hold becomes flows and DNS records, see tap.h.
 *
 * After a record whose length cannot be true, the next place is searched that looks like a record
 * and is followed by one.
 *
 * Files are not always in order of time. A packet more than JUMP_MS from both its neighbours, on
 * the same side, keeps its time but does not move the clock; more than a day from them, its time is
 * damaged and the packet left out. When the packets behind agree with it, time really jumped, as
 * where several captures were put into one file: a jump back ends all flows and starts the clock
 * anew.
 * Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng, pcap-savefile(5). */
#include "base/when.h"
#include "decode/pcapng.h"

enum { FILE_HEADER = 24, RECORD_HEADER = 16, RECORD_HEADER_LONG = 24 };
enum { JUMP_MS = 60 * 1000, DAY_MS = 24 * 3600 * 1000 };
enum format { FORMAT_UNKNOWN, FORMAT_PCAP, FORMAT_PCAPNG, FORMAT_OTHER };
enum answer { NO, YES, UNSURE /* more bytes would tell */ };

struct window { /* what decode was given, from the record in hand on */
	const uint8_t *p;
	size_t n;
	uint64_t offset;
	bool last;
};

struct pcap {
	enum format format;
	bool big;  /* pcap: byte order */
	bool lost; /* where the next record starts is not known */
	uint32_t fractions_per_ms;
	size_t header; /* bytes of a record's header */
	unsigned link;
	struct pcapng ng;
	struct tap tap;
};

static const struct {
	uint32_t magic, fractions_per_ms;
	size_t header;
} variants[] = {{0xa1b2c3d4, 1000, RECORD_HEADER}, {0xa1b23c4d, 1000000, RECORD_HEADER},
    {0xa1b2cd34, 1000, RECORD_HEADER_LONG}};

struct pcap_opts {
	struct meter_opts meter;
	const char *nat_events;
};

static const struct opt_row rows[] = {
    {"flows", OPT_UINT, offsetof(struct pcap_opts, meter.flows), 1, 16777216, "flows", "262144",
	"how many flows may be open at once; then the oldest is ended early"},
    {"active-timeout", OPT_SPAN, offsetof(struct pcap_opts, meter.active_ms), 1, 86400, NULL,
	"30 min", "a longer flow is exported in slices of this length"},
    {"idle-timeout", OPT_SPAN, offsetof(struct pcap_opts, meter.idle_ms), 1, 86400, NULL, "60 s",
	"a flow silent for longer has ended"},
    EXPORT_NAT_ROW(offsetof(struct pcap_opts, nat_events))};
enum { ROWS_N = sizeof rows / sizeof *rows };

static uint32_t u32(const uint8_t *p, bool big)
{
	return (uint32_t)(big ? buf_peek_be(p, 4) : buf_peek_le(p, 4));
}

static bool read_magic(struct pcap *s, const uint8_t *p)
{
	for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
		bool big = u32(p, true) == variants[i].magic;
		if (!big && u32(p, false) != variants[i].magic)
			continue;
		s->big = big;
		s->fractions_per_ms = variants[i].fractions_per_ms;
		s->header = variants[i].header;
		return true;
	}
	return false;
}

static int sniff(const uint8_t *p, size_t n)
{
	struct pcap s;
	return pcapng_is(p, n) || (n >= FILE_HEADER && read_magic(&s, p)) ? 100 : 0;
}

static void open(void *state, const struct decode_env *env)
{
	struct pcap *s = state;
	struct pcap_opts defaults;
	opt_defaults(rows, ROWS_N, &defaults);
	const struct pcap_opts *o = env->opts ? env->opts : &defaults;
	tap_init(&s->tap, env, &o->meter);
	export_nat_events(s->tap.export, o->nat_events);
}

static void close(void *state)
{
	struct pcap *s = state;
	tap_fini(&s->tap);
}

static struct capture_record read_pcap(const struct pcap *s, const uint8_t *p, size_t n)
{
	struct capture_record r = {0};
	if (n < s->header)
		return r;
	size_t captured = u32(p + 8, s->big);
	if (captured > CAPTURE_FRAME_MAX) {
		r.wrong = "packet has an impossible captured length";
		return r;
	}
	r.size = s->header + captured;
	r.has_frame = true;
	r.frame = (struct frame){
	    .time_ms = (int64_t)u32(p, s->big) * 1000 + u32(p + 4, s->big) / s->fractions_per_ms,
	    .link = s->link,
	    .sent_bytes = u32(p + 12, s->big),
	    .p = p + s->header,
	    .n = captured};
	if (r.frame.time_ms == 0) /* whoever wrote it had no times; 0 is kept for unknown */
		r.frame.time_ms = WHEN_MIN_MS;
	return r;
}

static struct capture_record read_record(const struct pcap *s, const uint8_t *p, size_t n)
{
	return s->format == FORMAT_PCAP ? read_pcap(s, p, n)
					: pcapng_read(&s->ng, p, n, s->tap.now_ms);
}

/* Takes the file header and returns its size; 0: more bytes are needed, or the first block of
 * pcapng is itself a record. */
static size_t start(struct pcap *s, struct window w, struct batch *out)
{
	if (w.n < FILE_HEADER && !w.last)
		return 0;
	if (pcapng_is(w.p, w.n)) {
		s->format = FORMAT_PCAPNG;
		return 0;
	}
	bool known = w.n >= FILE_HEADER && read_magic(s, w.p);
	if (known && (s->big ? buf_peek_be(w.p + 4, 2) : buf_peek_le(w.p + 4, 2)) == 2) {
		s->format = FORMAT_PCAP;
		s->link = u32(w.p + 20, s->big) & 0xffff; /* above it: length of the check sum */
		return FILE_HEADER;
	}
	batch_bad(out, w.offset, known ? "pcap version is not 2" : "no header of pcap or pcapng");
	s->format = FORMAT_OTHER;
	return w.n;
}

static bool far(int64_t a_ms, int64_t b_ms, int64_t most_ms)
{
	return a_ms > b_ms + most_ms || a_ms < b_ms - most_ms;
}

static bool incomplete(const struct capture_record *r, size_t n)
{
	return !r->wrong && (r->size == 0 || r->size > n);
}

/* How far the packet's time lies from both its neighbours, on the same side; 0 where it does not.
 * -1: more bytes are needed to tell. */
static int64_t apart_ms(const struct pcap *s, const struct capture_record *r, struct window w)
{
	int64_t t = r->frame.time_ms, before = s->tap.now_ms ? s->tap.now_ms : 1;
	if (!far(t, before, JUMP_MS))
		return 0;
	size_t left = w.n - r->size;
	struct capture_record next = read_record(s, w.p + r->size, left);
	if (!w.last && !next.has_frame && incomplete(&next, left))
		return -1;
	if (!next.has_frame || next.bad || next.wrong)
		return 0;
	int64_t after = next.frame.time_ms;
	if (t > before)
		return t <= after ? 0 : t - before < t - after ? t - before : t - after;
	return t >= after ? 0 : before - t < after - t ? before - t : after - t;
}

/* False where the frame has to be given again, with more bytes or an empty batch. */
static bool take_frame(struct pcap *s, struct capture_record *r, struct window w, struct batch *out)
{
	int64_t apart = apart_ms(s, r, w);
	if (apart < 0)
		return false;
	if (apart > DAY_MS) {
		batch_bad(out, w.offset, "packet's time is far from its neighbours'");
		return true;
	}
	r->frame.lone = apart > JUMP_MS;
	bool starts_anew = !r->frame.lone && r->frame.time_ms < s->tap.now_ms - JUMP_MS;
	if (starts_anew && tap_flush(&s->tap, out))
		return false;
	r->frame.offset = w.offset;
	return !tap_frame(&s->tap, &r->frame, out);
}

/* Reads one record; returns its size, or 0 to be called again. */
static size_t take_record(struct pcap *s, struct window w, struct batch *out)
{
	struct capture_record r = read_record(s, w.p, w.n);
	if (w.n == 0 || (incomplete(&r, w.n) && !w.last))
		return 0;
	if (incomplete(&r, w.n))
		r.bad = "file ends within a record";
	else if (!r.wrong && !r.bad && !r.has_frame)
		r.bad = pcapng_learn(&s->ng, w.p, r.size);
	if (r.wrong || r.bad)
		batch_bad(out, w.offset, r.wrong ? r.wrong : r.bad);
	else if (r.has_frame && !take_frame(s, &r, w, out))
		return 0;
	s->lost = r.wrong;
	return r.wrong ? 1 : incomplete(&r, w.n) ? w.n : r.size;
}

/* Judges bytes at which a record may start. A block of pcapng ends with its length, which is
 * enough; in pcap, time and lengths must be likely and another such record follow. */
static enum answer looks_like_record(const struct pcap *s, const uint8_t *p, size_t n, bool last)
{
	for (int i = 0; i < 2; i++) {
		struct capture_record r = read_record(s, p, n);
		if (r.wrong || r.bad || r.size > CAPTURE_FRAME_MAX)
			return NO;
		if (r.has_frame && (r.frame.n == 0 || r.frame.n > r.frame.sent_bytes))
			return NO;
		if (r.has_frame && s->tap.now_ms && far(r.frame.time_ms, s->tap.now_ms, DAY_MS))
			return NO;
		if (incomplete(&r, n))
			return last ? NO : UNSURE;
		p += r.size;
		n -= r.size;
		if (s->format == FORMAT_PCAPNG || (n == 0 && last))
			return YES;
	}
	return YES;
}

static size_t search(struct pcap *s, struct window w, struct batch *out)
{
	for (size_t i = 0; i < w.n; i++) {
		enum answer found = looks_like_record(s, w.p + i, w.n - i, w.last);
		if (found == NO)
			continue;
		s->lost = found == UNSURE;
		return i || s->lost ? i : take_record(s, w, out);
	}
	return w.n;
}

static size_t next(struct pcap *s, struct window w, struct batch *out)
{
	if (s->format == FORMAT_UNKNOWN) {
		size_t header = start(s, w, out);
		if (s->format != FORMAT_PCAPNG)
			return header;
	}
	if (s->format == FORMAT_OTHER)
		return w.n;
	return s->lost ? search(s, w, out) : take_record(s, w, out);
}

static size_t decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	size_t done = 0;
	while (!batch_full(out)) {
		struct window w = {p + done, n - done, offset + done, last};
		size_t step = next(state, w, out);
		if (step == 0)
			break;
		done += step;
	}
	return done;
}

static bool flush(void *state, struct batch *out)
{
	struct pcap *s = state;
	return tap_flush(&s->tap, out);
}

const struct decoder decoder_pcap = {
    .name = "pcap",
    .summary = "captures of traffic (pcap, pcapng), of subscribers or of a flow exporter",
    .source = "draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng",
    .rows = rows,
    .rows_n = ROWS_N,
    .opts_bytes = sizeof(struct pcap_opts),
    .state_bytes = sizeof(struct pcap),
    .sniff = sniff,
    .open = open,
    .decode = decode,
    .flush = flush,
    .close = close,
};
