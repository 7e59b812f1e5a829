/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One record of a capture file, as the readers of pcap and pcapng hand it over. */
#pragma once
#include "decode/tap.h"

enum { CAPTURE_FRAME_MAX = 262144 }; /* the largest snapshot length of libpcap */

struct capture_record {
	size_t size;       /* to the next record; 0: more bytes are needed to tell */
	const char *wrong; /* why size cannot be trusted (static text), or NULL */
	const char *bad;   /* why the record, sound in size, is of no use, or NULL */
	bool has_frame;
	struct frame frame; /* without its offset */
};
