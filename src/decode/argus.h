/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Argus's words mean: protocols, ports, states and directions as `ra` prints them. */
#pragma once
#include "rec/flow.h"

/* 0 where it is not a protocol over IP (arp, llc, ipx/spx) or not known. */
uint8_t argus_proto(struct span word);
/* A number, decimal or hexadecimal ("0x0303"). */
bool argus_number(struct span word, uint64_t *v);
/* A number, nothing (0), or the name of a common service. */
bool argus_port(struct span word, uint16_t *port);
/* Type and code out of the words in place of the ports, else out of the state. */
bool argus_icmp(
    struct span sport, struct span dport, struct span state, uint8_t *type, uint8_t *code);

struct argus_dir {
	bool swap;  /* the traffic went from DstAddr to SrcAddr only */
	bool right; /* … from SrcAddr to DstAddr only, or that is how it was opened */
	bool sure;  /* which end opened it */
};
struct argus_dir argus_dir(struct span word);

/* "SRPA_FSPA": the flags of each end. A half that is empty is told as 0; false where it is not of
 * this form or has letters that are no flags. */
bool argus_flags(struct span state, uint8_t flags[2]);
