/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of nfcapd, nfpcapd and nfdump 1.7 (layout 2) -> flows, plain and compressed with LZO, LZ4,
 * bzip2 or zstd. This file reads blocks; nfflow.c reads their records; nffile.h has the format. A
 * plain block is read as it comes, a compressed one is unpacked as a whole, to 5 MiB at most. Files
 * of nfdump 1.6 (layout 1), encrypted, or written on a big-endian machine are not read and say how
 * to convert them. zstd came with nfdump 1.7.2 and is tested without a peer. */
#include "base/mem.h"
#include "base/unzstd.h"
#include "decode/block.h"
#include "decode/nffile.h"
#include "decode/nfflow.h"
#include <stdlib.h>

struct nfcapd {
	struct nf_exporters exporters;
	bool begun, dead; /* the header was read; nothing more can be */
	uint8_t compression;
	size_t left;     /* bytes of the current plain block that were not read yet */
	uint64_t offset; /* of the end of what was read, for flush */
	uint8_t *block;  /* the current compressed block, unpacked, and how far it was read */
	size_t block_n, block_at;
	size_t packed_n; /* its bytes in the file; 0: none is open */
	size_t skip;     /* bytes that nobody needs any more */
};

static const char cut_short[] = "the file ends in the middle of a block or of its header";

static int sniff(const uint8_t *p, size_t n)
{
	if (n < 4)
		return 0;
	uint16_t magic = buf_peek_le16(p);
	return magic == NF_MAGIC || magic == NF_MAGIC_SWAPPED ? 95 : 0;
}

static void nfcapd_open(void *state, const struct decode_env *env)
{
	struct nfcapd *s = state;
	s->exporters.names = env->exporters;
	s->exporters.slots = mem_new(NF_EXPORTERS, sizeof *s->exporters.slots);
}

static void nfcapd_close(void *state)
{
	struct nfcapd *s = state;
	free(s->exporters.slots);
	free(s->block);
}

static const struct {
	bool (*unpack)(const uint8_t *p, size_t n, uint8_t *to, size_t *to_n); /* see block.h */
	const char *damaged;
} methods[] = {
    [NF_LZO] = {block_lzo, "a block with damaged LZO compression"},
    [NF_BZ2] = {block_bz2, "a block with damaged bzip2 compression"},
    [NF_LZ4] = {block_lz4, "a block with damaged LZ4 compression"},
    [NF_ZSTD] = {unzstd_block, "a block with damaged zstd compression"},
};

/* NULL, or why the file cannot be read. */
static const char *read_header(struct nfcapd *s, const uint8_t *p)
{
	uint16_t layout = buf_peek_le16(p + NF_HEADER_VERSION);
	if (buf_peek_le16(p) != NF_MAGIC)
		return "an nfdump file of the other byte order: export it where it was written";
	if (layout == 1)
		return "nfdump file layout 1, of nfdump 1.6: convert it to layout 2 with nfdump -r "
		       "OLD -w NEW";
	if (layout != NF_LAYOUT)
		return "an nfdump file layout that is not read here: only layout 2, of nfdump 1.7";
	if (p[NF_HEADER_ENCRYPTION])
		return "an encrypted nfdump file: decrypt it with nfdump -r OLD -w NEW";
	s->compression = p[NF_HEADER_COMPRESSION];
	return s->compression <= NF_ZSTD ? NULL : "an nfdump file with an unknown compression";
}

/* NULL, or why the block cannot be unpacked. */
static const char *unpack(struct nfcapd *s, const uint8_t *p, size_t n)
{
	if (!s->block)
		s->block = mem_new(1, NF_UNPACKED_BYTES);
	s->block_at = 0;
	s->block_n = NF_UNPACKED_BYTES;
	s->packed_n = n;
	return methods[s->compression].unpack(p, n, s->block, &s->block_n)
		   ? NULL
		   : methods[s->compression].damaged;
}

/* Reads whole records of n bytes of a block until the batch is full. Returns the bytes read: all of
 * them where the lengths make no sense. ends: the block does not go on behind them. `step` is how
 * far the offset moves per byte: 0 inside an unpacked block. */
static size_t read_records(struct nfcapd *s, const uint8_t *p, size_t n, bool ends, uint64_t offset,
    uint64_t step, struct batch *out)
{
	size_t at = 0;
	while (n - at >= NF_RECORD_BYTES && !batch_full(out)) {
		size_t bytes = buf_peek_le16(p + at + 2);
		if (bytes < NF_RECORD_BYTES || (ends && bytes > n - at)) {
			batch_bad(out, offset + at * step, "a record of impossible length");
			return n;
		}
		if (bytes > n - at)
			break;
		const char *wrong = nf_record(&s->exporters, p + at, bytes, out);
		if (wrong)
			batch_bad(out, offset + at * step, wrong);
		at += bytes;
	}
	return ends && n - at < NF_RECORD_BYTES ? n : at;
}

/* Opens the block whose header is at p, n bytes with what follows. Returns the bytes done: the
 * header, and the body of a block of no use; 0: more are needed. */
static size_t open_block(
    struct nfcapd *s, const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	if (n < NF_BLOCK_BYTES)
		return 0;
	size_t size = buf_peek_le32(p + NF_BLOCK_SIZE);
	bool records = buf_peek_le16(p + NF_BLOCK_TYPE) == NF_BLOCK_OF_RECORDS;
	bool plain =
	    s->compression == NF_PLAIN || buf_peek_le16(p + NF_BLOCK_FLAGS) & NF_BLOCK_IS_PLAIN;
	if (size > DECODE_RECORD_MAX - NF_BLOCK_BYTES) {
		batch_bad(out, offset, "a block longer than 16 MiB");
		s->dead = true;
		return n;
	}
	if (plain && records) {
		s->left = size;
		return NF_BLOCK_BYTES;
	}
	if (n - NF_BLOCK_BYTES < size)
		return 0;
	if (!records || size == 0)
		return NF_BLOCK_BYTES + size;
	const char *wrong = unpack(s, p + NF_BLOCK_BYTES, size);
	if (wrong)
		batch_bad(out, offset, wrong);
	return NF_BLOCK_BYTES;
}

/* One step: a part of the open block, or the next one. Returns the bytes done; *stuck: none, and
 * none can be without more bytes. */
static size_t step(
    struct nfcapd *s, const uint8_t *p, size_t n, uint64_t offset, bool *stuck, struct batch *out)
{
	size_t used;
	if (s->packed_n) { /* its bytes are skipped once all is read */
		s->block_at += read_records(
		    s, s->block + s->block_at, s->block_n - s->block_at, true, offset, 0, out);
		if (s->block_at == s->block_n) {
			s->skip = s->packed_n;
			s->packed_n = 0;
		}
		return 0;
	}
	if (s->skip) {
		used = s->skip < n ? s->skip : n;
		s->skip -= used;
		return used;
	}
	if (s->left) {
		bool ends = n >= s->left;
		used = read_records(s, p, ends ? s->left : n, ends, offset, 1, out);
		s->left -= used;
	} else {
		used = open_block(s, p, n, offset, out);
	}
	*stuck = used == 0 && !batch_full(out);
	return used;
}

static size_t nfcapd_decode(
    void *state, const uint8_t *p, size_t n, uint64_t offset, bool last, struct batch *out)
{
	struct nfcapd *s = state;
	size_t at = 0;
	bool stuck = false;
	if (!s->begun && n >= NF_HEADER_BYTES) {
		const char *wrong = read_header(s, p);
		if (wrong)
			batch_bad(out, offset, wrong);
		s->begun = true;
		s->dead = wrong != NULL;
		at = NF_HEADER_BYTES;
	}
	stuck = !s->begun;
	while (!s->dead && !stuck && (at < n || s->packed_n) && !batch_full(out))
		at += step(s, p + at, n - at, offset + at, &stuck, out);
	if (stuck && last)
		batch_bad(out, offset + at, cut_short);
	s->dead |= stuck && last;
	s->offset = offset + at;
	return s->dead ? n : at;
}

static bool nfcapd_flush(void *state, struct batch *out)
{
	struct nfcapd *s = state;
	if ((s->left || s->skip) && !s->dead)
		batch_bad(out, s->offset, cut_short);
	s->left = 0;
	return false;
}

const struct decoder decoder_nfcapd = {
    .name = "nfcapd",
    .summary = "files of nfcapd and nfdump 1.7 (layout 2), whatever their compression",
    .source = "files written by nfdump 1.7.1",
    .state_bytes = sizeof(struct nfcapd),
    .sniff = sniff,
    .open = nfcapd_open,
    .decode = nfcapd_decode,
    .flush = nfcapd_flush,
    .close = nfcapd_close,
};
