/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Link-layer headers of captured frames: finds the IP packet in a frame. */
#pragma once
#include "base/buf.h"

enum link_type { /* the LINKTYPE_ numbers of capture files that are understood */
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_FDDI = 10,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_HDLC = 50,
	LINK_PPPOE = 51,
	LINK_RAW = 101,
	LINK_CISCO_HDLC = 104,
	LINK_WIFI = 105,
	LINK_LOOP = 108,
	LINK_COOKED = 113,
	LINK_RADIOTAP = 127,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_COOKED_2 = 276
};

/* Moves the cursor to the IP header. NULL, or why there is none (static text); *other then says
 * whether the frame is sound but of another kind. */
const char *link_strip(unsigned type, struct buf *frame, bool *other);
