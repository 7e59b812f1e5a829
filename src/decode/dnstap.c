/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Frame Streams files of dnstap messages -> DNS records (dnstap_frame.c). A file is a START frame
 * that names the content, data frames and a STOP frame; several such streams may follow each other,
 * and the last may lack its STOP, as a file that is still written does. A stream of other content
 * is not read. Lengths are big-endian; a frame of length 0 introduces a control frame. A wrong
 * length cannot be told from a right one: what follows is then read wrongly until a length is
 * impossible.
 *
 * Source: the header of libfstrm's control.h (Farsight), dnstap.info. */
#include "decode/dnstap.h"
#include <string.h>

enum {
	LENGTH_BYTES = 4,
	FRAME_MAX = 1 << 20, /* as libfstrm; two DNS messages of 64 KiB fit many times */
	CONTROL_HEAD = 8,    /* escape and length */
	CONTROL_MIN = 4,
	CONTROL_MAX = 512,
	CONTROL_START = 2,
	CONTROL_READY = 4,
	CONTROL_FINISH = 5,
	FIELD_CONTENT = 1,
};

static const char content[] = "protobuf:dnstap.Dnstap";

struct dnstap_file {
	struct dnstap *messages;
	uint64_t skip;   /* bytes of an endless frame that are still to come */
	uint64_t offset; /* of the end of what was read, for flush */
	bool dead;       /* nothing more can be read */
};

static void dnstap_open(void *state, const struct decode_env *env)
{
	struct dnstap_file *s = state;
	s->messages = dnstap_new(env);
}

static void dnstap_close(void *state)
{
	struct dnstap_file *s = state;
	dnstap_free(s->messages);
}

struct control {
	uint32_t type;
	bool named, ours; /* has content types; one of them is dnstap */
};

/* The control frame behind its length. False where its fields do not fit. */
static bool read_control(struct buf b, struct control *c)
{
	*c = (struct control){.type = buf_be32(&b)};
	while (buf_left(&b)) {
		uint32_t field = buf_be32(&b);
		struct buf value = buf_sub(&b, buf_be32(&b));
		if (b.bad || field != FIELD_CONTENT)
			continue;
		c->named = true;
		c->ours |= value.n == sizeof content - 1 && !memcmp(value.p, content, value.n);
	}
	return !b.bad;
}

/* Bytes of the control frame at p, 0 where more are needed; *wrong: why the stream ends here. */
static size_t control_frame(const uint8_t *p, size_t n, const char **wrong)
{
	struct control c;
	if (n < CONTROL_HEAD)
		return 0;
	size_t bytes = buf_peek_be32(p + LENGTH_BYTES);
	if (bytes < CONTROL_MIN || bytes > CONTROL_MAX) {
		*wrong = "a control frame of impossible length";
		return n;
	}
	if (n - CONTROL_HEAD < bytes)
		return 0;
	if (!read_control(buf_of(p + CONTROL_HEAD, bytes), &c) || c.type < 1 ||
	    c.type > CONTROL_FINISH)
		*wrong = "a damaged control frame";
	else if (c.type == CONTROL_START && c.named && !c.ours)
		*wrong = "a frame stream whose content is not dnstap";
	return CONTROL_HEAD + bytes;
}

/* One frame. Returns its bytes, or 0 where more are needed. */
static size_t step(
    struct dnstap_file *s, const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	const char *wrong = NULL;
	size_t used = s->skip < n ? s->skip : n;
	s->skip -= used;
	if (used || n < LENGTH_BYTES)
		return used;
	size_t bytes = buf_peek_be32(p);
	if (bytes == 0) {
		used = control_frame(p, n, &wrong);
		s->dead = wrong != NULL;
	} else if (bytes > FRAME_MAX) {
		wrong = "a frame longer than 1 MiB";
		s->skip = bytes;
		used = LENGTH_BYTES;
	} else if (n - LENGTH_BYTES >= bytes) {
		dnstap_frame(s->messages, p + LENGTH_BYTES, bytes, offset, out);
		used = LENGTH_BYTES + bytes;
	}
	if (wrong)
		batch_bad(out, offset, wrong);
	return used;
}

static const char cut_short[] = "the file ends in the middle of a frame";

static size_t dnstap_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct dnstap_file *s = state;
	size_t at = 0, used = 1;
	while (used && at < n && !s->dead && !batch_full(out)) {
		used = step(s, p + at, n - at, offset + at, out);
		at += used;
	}
	if (last && !used) {
		batch_bad(out, offset + at, cut_short);
		s->dead = true;
	}
	s->offset = offset + at;
	return s->dead ? n : at;
}

static bool dnstap_end(void *state, struct batch *out)
{
	struct dnstap_file *s = state;
	if (s->skip && !s->dead)
		batch_bad(out, s->offset, cut_short);
	s->skip = 0;
	return dnstap_flush(s->messages, out);
}

static int sniff(const uint8_t *p, size_t n)
{
	const char *wrong = NULL;
	struct control c;
	if (n < CONTROL_HEAD || buf_peek_be32(p) != 0)
		return 0;
	size_t bytes = control_frame(p, n, &wrong);
	if (bytes == 0 || wrong)
		return 0;
	(void)read_control(buf_of(p + CONTROL_HEAD, bytes - CONTROL_HEAD), &c);
	if (c.type != CONTROL_START && c.type != CONTROL_READY)
		return 0;
	return c.ours ? 100 : c.named ? 0 : 60;
}

const struct decoder decoder_dnstap = {
    .name = "dnstap",
    .summary = "dnstap messages of a resolver in a Frame Streams file",
    .source = "dnstap.proto of dnstap.info, Frame Streams of libfstrm",
    .state_bytes = sizeof(struct dnstap_file),
    .sniff = sniff,
    .open = dnstap_open,
    .decode = dnstap_decode,
    .flush = dnstap_end,
    .close = dnstap_close,
};
