/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records of nfdump files -> flows. Behind nfcapd.c, which finds them in the blocks. */
#pragma once
#include "decode/decode.h"

enum { NF_EXPORTERS = 4096, NF_SAMPLERS = 16 };

struct nf_exporter { /* what a file says of one of its exporters */
	union addr addr;
	uint32_t number;   /* see decode.h */
	uint32_t sampling; /* 1 in N of records that name no sampler; 0: unknown */
	uint16_t sysid;    /* its number in the file */
	bool known;
	bool biflows; /* its counters "out" are the way back */
	uint8_t sampler_n;
	struct {
		int64_t id; /* of the exporter, or enum nf_sampler_id */
		uint32_t interval;
	} samplers[NF_SAMPLERS];
};

struct nf_exporters {
	struct exporters *names;   /* borrowed */
	struct nf_exporter *slots; /* NF_EXPORTERS, by sysid */
};

/* Reads the record of n bytes at p, header included, n >= NF_RECORD_BYTES. Returns NULL, or what is
 * wrong with it. */
const char *nf_record(struct nf_exporters *x, const uint8_t *p, size_t n, struct batch *out);
