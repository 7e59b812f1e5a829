/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file format of nfdump 1.7, layout 2, as offsets: everything is in the byte order of the
 * machine that wrote it, here little-endian. Found out from files that nfcapd, nfpcapd and nfdump
 * 1.7.1 wrote, and named as nfdump names it.
 *   file:   header, blocks, appendix blocks (identification, statistics: block count in the header)
 *   block:  12 bytes of header, then records, the whole of them compressed or not
 *   record: type, size, then by type; type 11 (V3) is a flow of typed elements */
#pragma once

enum {
	NF_MAGIC = 0xa50c,
	NF_MAGIC_SWAPPED = 0x0ca5,
	NF_HEADER_BYTES = 40,
	NF_HEADER_VERSION = 2,
	NF_HEADER_COMPRESSION = 16,
	NF_HEADER_ENCRYPTION = 17,
	NF_LAYOUT = 2,

	NF_UNPACKED_BYTES = 5 << 20, /* of a block at most; nfdump fills 1 MiB, reads up to 5 */
	NF_BLOCK_BYTES = 12,
	NF_BLOCK_SIZE = 4, /* without the header */
	NF_BLOCK_TYPE = 8,
	NF_BLOCK_FLAGS = 10,
	NF_BLOCK_OF_RECORDS = 3,
	NF_BLOCK_IS_PLAIN = 1, /* flag: not compressed, whatever the file says */

	NF_RECORD_BYTES = 4, /* type, size including these */
	NF_FLOW = 11,
	NF_EXPORTER = 7,
	NF_SAMPLER = 15,

	NF_FLOW_BYTES = 12, /* header of a V3 record: */
	NF_FLOW_ELEMENTS = 4,
	NF_FLOW_EXPORTER = 8,
	NF_FLOW_FLAGS = 10,
	NF_FLOW_VERSION = 11, /* 5, 9, 10: of the export; others: sFlow, packets */
	NF_FLAG_SAMPLED = 2,  /* counters were multiplied by the sampling interval */

	NF_EXPORTER_BYTES = 32,
	NF_SAMPLER_BYTES = 24,
};

enum nf_sampler_id {               /* samplers that the exporter did not number, */
	NF_SAMPLER_ANY = -1,       /* announced for all it sends */
	NF_SAMPLER_DEFAULT = -2,   /* nfcapd -s N: where it announced nothing */
	NF_SAMPLER_OVERWRITE = -3, /* nfcapd -s -N: whatever it announced */
};

enum nf_compression { NF_PLAIN, NF_LZO, NF_BZ2, NF_LZ4, NF_ZSTD };

enum nf_element {            /* sizes include the 4 bytes of type and length */
	NF_GENERIC = 1,      /* 52 */
	NF_IPV4 = 2,         /* 12 */
	NF_IPV6 = 3,         /* 36 */
	NF_MISC = 4,         /* 20 */
	NF_COUNTERS = 5,     /* 28 */
	NF_RECEIVED_V4 = 12, /* 8 */
	NF_RECEIVED_V6 = 13, /* 20 */
	NF_SAMPLER_ID = 18,  /* 16; 20 with numbers of 64 bits */
	NF_NSEL = 19,        /* 20 */
	NF_XLATE_V4 = 20,    /* 12 */
	NF_XLATE_V6 = 21,    /* 36 */
	NF_XLATE_PORTS = 22, /* 8 */
	NF_NAT = 25,         /* 20 */
	NF_VRF = 36,         /* 12 */
	NF_ELEMENTS_N = 40,
};
