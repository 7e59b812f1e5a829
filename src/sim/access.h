/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How lines come by their addresses: who is online when, with which address, prefix and port
 * blocks. Planned before the run, since lines take addresses from each other: memory grows with the
 * lines and the hours. Three kinds of access, each in two areas with pools and clocks of their own:
 * PPPoE, which dials in anew, after a day at the latest; DHCP, which gives leases back or lets them
 * run out; and PPPoE behind a carrier-grade NAT with blocks of ports. Pools have hardly more
 * addresses than lines and lend what came back last, so that addresses change hands within seconds.
 * Times are whole seconds of the true clock; what the areas' own clocks say is sessions.c's. */
#pragma once
#include "base/err.h"
#include "sim/home.h"
#include "sim/talk.h"

enum access_kind { ACCESS_PPPOE, ACCESS_DHCP, ACCESS_NAT };
enum { AREAS = 6, BLOCK_PORTS = 1024, STAY_BLOCKS = 2 };
enum { ACCESS_WORD = 32, ACCESS_NAME = 80 /* of two words */ };
#define NO_SLOT UINT32_MAX

struct area {
	const char *name;             /* of the NAS, or the DHCP server's kind */
	const char *nat;              /* of the NAT, or NULL */
	int64_t skew_ms, nat_skew_ms; /* how far their clocks run ahead */
	uint8_t kind;                 /* enum access_kind */
	bool outside;                 /* flows are exported outside of the NAT */
};
extern const struct area areas[AREAS];

struct stay {                 /* a time online with one set of addresses */
	int64_t t0_ms, t1_ms; /* t1 is not part of it; INT64_MAX: longer than the run */
	int64_t free_ms;      /* from when on others can have the addresses: a lease outlasts t1 */
	int64_t extra_ms;     /* from when on it has a second block; INT64_MAX: never */
	uint32_t line, next;  /* next: of the same line, 0: none */
	uint32_t v4, v6, blocks[STAY_BLOCKS]; /* numbers in the area's pools */
	uint8_t area;
	bool goes_on;                 /* the lease of the stay before */
	bool released;                /* DHCP: given back at t1 */
	bool lost_stop, lost_release; /* the record of the end got lost: of the NAS, of the NAT */
};

struct access_options {
	int64_t redial_ms; /* mean time online at a stretch */
	int64_t lease_ms;  /* DHCP */
	double behind_nat; /* share of the lines */
};

struct access {
	struct prefix prefix; /* of the addresses that others see */
	uint32_t v4_base[AREAS], v6_base[AREAS], block_base[AREAS];
	uint32_t block_addresses[AREAS]; /* outside addresses of the NAT */
	int64_t lease_ms, start_ms, end_ms;
	struct stay *stays; /* from 1, in the order of their begins */
	uint32_t n, cap;
	uint32_t line_n;
	uint32_t *first, *last; /* stays of each line; 0: none */
	uint8_t *area_of;       /* of each line */
};

/* CONFIG: the prefix has no room. In any case to be given to access_fini. */
int access_plan(struct access *a, const struct access_options *o, const struct home *homes,
    uint32_t line_n, const struct prefix *prefix, uint64_t seed, int64_t start_ms, int64_t end_ms,
    struct err *e);
void access_fini(struct access *a);

/* What servers call the line, its access node's port and its end there. */
void access_user(char out[ACCESS_WORD], uint32_t line);
void access_circuit(char out[ACCESS_WORD], uint32_t line);
void access_remote(char out[ACCESS_WORD], uint32_t line);
/* What identifies the line where it is found by its sessions: "user:line0042@isp.example". */
void access_name(const struct access *a, uint32_t line, char out[ACCESS_NAME]);
const char *access_word(const struct access *a, uint32_t line); /* "pppoe" */

/* Inside of the NAT where there is one. */
union addr stay_v4(const struct access *a, const struct stay *s);
bool stay_has_v6(const struct stay *s);
struct prefix stay_v6(const struct access *a, const struct stay *s);
struct block {
	union addr addr; /* outside */
	uint16_t first, last;
};
unsigned stay_block_n(const struct stay *s); /* 0: not behind a NAT */
struct block stay_block(const struct access *a, const struct stay *s, unsigned which);
/* When a lease was renewed for the last time, until at_ms or its end. */
int64_t stay_renewed_ms(const struct access *a, const struct stay *s, int64_t at_ms);

/* Conversations have the addresses of home.h until they are placed: takes the first part of *left
 * that its line is online for, with the addresses that an exporter sees, and leaves in it what
 * comes later. False: there is no more. A part nobody sees has EXPORTER_NONE. */
bool access_place(const struct access *a, struct talk *left, struct talk *part);
/* The address under which the provider's resolver knows a line. False: it is offline. */
bool access_client(const struct access *a, uint32_t line, int64_t at_ms, union addr *client);

/* Writes what NASes, DHCP servers and NATs tell of it to dir/sessions. */
int sessions_write(
    const struct access *a, const char *dir, uint64_t seed, uint64_t *bytes, struct err *e);
/* Removes such files of an earlier run. */
int sessions_remove(const char *dir, struct err *e);
