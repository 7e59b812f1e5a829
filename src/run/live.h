/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the processes of a running sensor share. A board of counters in memory that all map: each
 * number has one writer, and who reads one believes nothing that could hurt him. And what the
 * parent holds open and its children inherit. */
#pragma once
#include "collect/collect.h"
#include "run/ring.h"
#include "run/run.h"
#include <stdatomic.h>
#include <sys/types.h>

/* Where no rule says who may send, some places stay free for those that a rule will name. */
enum { LIVE_EXPORTERS_MAX = 1024, LIVE_STRANGERS_MAX = 768, LIVE_TIERS = 5 };

/* Records that the sensor does not take: they failed their check, have an impossible time, or (only
 * sessions) wait for a disk that takes nothing. */
enum live_drop { DROP_REFUSED, DROP_CLOCK, DROP_LOG, LIVE_DROPS };

/* One sender of exports; its place is its number in the records (`exporter` of struct flow) - 1.
 * Written by the reader, but for what the parent and the sensor count; while no reader runs, the
 * parent may give it to another. */
struct live_exporter {
	char name[ADDR_TEXT]; /* its address */
	_Atomic uint64_t datagrams, bytes, records;
	_Atomic uint64_t records_saved; /* `records` when the sequence numbers were last kept */
	_Atomic uint64_t bad;           /* records and datagrams that were damaged */
	_Atomic uint64_t ignored;       /* records of no use */
	_Atomic uint64_t no_template;   /* data sets that came before their template */
	_Atomic uint64_t lost;          /* records missing by sequence numbers */
	_Atomic uint64_t resets;        /* times that its sequence began anew */
	_Atomic uint64_t kernel_drops;  /* datagrams that its own socket had no room for (parent) */
	_Atomic uint64_t bucket_drops;  /* records over its token bucket */
	_Atomic uint64_t ring_drops;    /* records that the ring had no room for */
	_Atomic uint64_t far_drops;     /* datagrams that came over too many hops */
	_Atomic uint64_t via_drops;     /* datagrams that came in by another interface */
	_Atomic uint64_t replayed;      /* datagrams that had come before */
	_Atomic uint64_t foreign;       /* flows of none of its prefixes */
	_Atomic uint64_t wrong_sampling;   /* announcements that were not believed */
	_Atomic uint64_t redefined;        /* templates that changed their form while in use */
	_Atomic uint64_t drop[LIVE_DROPS]; /* records, of which the sensor takes none (sensor) */
	_Atomic int64_t last_ms;           /* when it was heard last */
	_Atomic uint32_t sampling;         /* 1 in N in force, 0 not known */
};

/* The turns that a child has made: so the parent sees that it is alive. busy: at something long, of
 * which it is not known how long it takes. */
struct live_beat {
	_Atomic uint64_t turns;
	_Atomic bool busy;
};
enum { LIVE_BEATS = 4 }; /* the reader's, of two sensors, and the session reader's */

/* One --sessions source; its place is its place among the options. Written by the session reader,
 * but for kernel_drops (parent) and drop (sensor). */
enum { LIVE_SOURCES_MAX = 64, LIVE_FILES_MAX = 256 }; /* files that are followed at a time */
struct live_source {
	_Atomic uint64_t packets;  /* datagrams */
	_Atomic uint64_t sessions; /* records passed on */
	_Atomic uint64_t answered;
	_Atomic uint64_t again;          /* packets that came again, and were answered again */
	_Atomic uint64_t forged;         /* with a wrong authenticator */
	_Atomic uint64_t unknown_sender; /* of senders that no --nas or --exporter names */
	_Atomic uint64_t replayed;       /* whose Event-Timestamp is too far from now */
	_Atomic uint64_t bad;            /* damaged records and packets */
	_Atomic uint64_t ignored;        /* of no use */
	_Atomic uint64_t unanswered;     /* answers given up, since the log did not keep up */
	_Atomic uint64_t ring_drops;     /* sessions that the ring had no room for until the end */
	_Atomic uint64_t kernel_drops;
	_Atomic uint64_t drop[LIVE_DROPS];
	_Atomic uint64_t bytes; /* of files and datagrams, read */
	_Atomic uint64_t files, rotated, rewritten;
	_Atomic int64_t last_ms; /* when something of it was read last */
	_Atomic int64_t
	    kept_ms; /* what was written before is read and in the sensor's log; 0: none */
};

struct live_board {
	struct live_beat beat[LIVE_BEATS];
	/* the reader */
	_Atomic uint64_t datagrams, bytes, flows, dns, bad, ignored;
	_Atomic uint64_t sessions; /* address translations that exporters tell */
	_Atomic uint64_t files_read, files_ignored, files_failed;
	_Atomic uint64_t foreign; /* datagrams and connections of senders that are not allowed */
	_Atomic uint64_t ring_drops;
	_Atomic uint32_t exporters;
	/* the parent */
	_Atomic uint64_t kernel_drops; /* of the common sockets */
	_Atomic uint64_t restarts;     /* of children that died */
	int64_t started_ms;
	/* the sensor */
	_Atomic uint64_t taken, late, muted, dropped, refused; /* refused: failed their check() */
	_Atomic uint64_t wrong_clock;
	_Atomic uint64_t lines, findings;  /* findings: lines that were told, each time */
	_Atomic uint64_t tier[LIVE_TIERS]; /* lines by enum tier, as of the last look */
	_Atomic uint64_t unsent;           /* findings that found no room on the way out */
	/* contacts and look-ups of no certain line, by enum whose */
	_Atomic uint64_t not_exact[4];
	_Atomic uint64_t sessions_taken, sessions_held, sessions_dropped, joins_refused;
	_Atomic uint64_t session_troubles; /* times that the session index could not be kept */
	_Atomic uint64_t log_drops;        /* sessions, while it could not be for long */
	_Atomic uint64_t renamed;          /* lines, at changes of epoch */
	_Atomic uint64_t smoothing;        /* records that wait for their turn */
	_Atomic uint64_t checkpoints, checkpoints_failed, checkpoint_ms, checkpoint_bytes;
	_Atomic uint64_t checkpoint_taken; /* `taken` at the last one */
	_Atomic int64_t clock_ms;          /* the stage clock */
	_Atomic int64_t checkpoint_at_ms, restored_at_ms;
	/* The sensor: its synced log has all sessions up to this position of their ring. */
	_Atomic uint64_t sessions_logged;
	/* Each sensor says, before it takes its first session, up to where in the ring those before
	 * it had taken: what they had not logged of that is lost. Then it raises the turn. The
	 * session reader looks at these after sessions_logged, and puts again what may be lost. */
	_Atomic uint64_t session_turn_at;
	_Atomic uint32_t session_turn;
	struct live_source source[LIVE_SOURCES_MAX];
	struct live_exporter exporter[LIVE_EXPORTERS_MAX];
};

static inline void live_add(_Atomic uint64_t *n, uint64_t more)
{
	atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

/* How many exporters have a place; what the reader wrote there is not believed. */
static inline uint32_t live_exporters(const struct live_board *b)
{
	uint32_t n = atomic_load(&b->exporters);
	return n < LIVE_EXPORTERS_MAX ? n : LIVE_EXPORTERS_MAX;
}

struct live_socket { /* UDP */
	int fd;
	size_t listen;
	const struct exporter_rule
	    *own;         /* of the one exporter it is for, or NULL: the common one */
	size_t bytes;     /* receive buffer granted */
	uint32_t dropped; /* as last seen */
};

enum feed_kind { FEED_RADIUS, FEED_SYSLOG, FEED_FILE, FEED_DIR };
struct live_feed { /* a --sessions source; its counters are at the same place of the board */
	enum feed_kind kind;
	char *name;       /* as the operator wrote it */
	struct listen at; /* RADIUS and syslog */
	int fd;           /* of these, else -1 */
	size_t bytes;     /* receive buffer granted */
	uint32_t dropped; /* as last seen */
	char *path;       /* of the others */
	int64_t zone_ms;  /* of times that carry none; */
	int64_t skew_ms;  /* that its clock runs ahead */
	uint32_t realm;   /* of the addresses that it tells of */
	struct follow *follow;
};

enum live_stream { STREAM_UNKNOWN, STREAM_IPFIX, STREAM_DNSTAP };
enum { LIVE_PEERS_MAX = 256 };

struct live_peer { /* an accepted connection */
	int fd;
	uint32_t id; /* from 1 on; 0: free place */
	enum live_stream kind;
	union addr from; /* zero: a unix socket */
	int rest;        /* memory with the begin of a message, from the reader before; -1: none */
};

struct live { /* the parent's; a child sees it as it was at the fork */
	const struct run_sensor_options *o;
	const struct settings *settings;
	char *folder; /* of the state */
	int lock;     /* holds a second instance off as long as any process of this one lives */
	struct listen *listens;
	int *listen_fd;         /* of streams, else -1 */
	struct watch **watches; /* of folders, else NULL */
	size_t listens_n;
	struct exporter_rule *rules;
	size_t rules_n;
	struct live_socket *sockets;
	size_t sockets_n;
	struct live_feed *feeds;
	size_t feeds_n;
	struct nas_rule *nas; /* only the parent and the session reader keep their secrets */
	size_t nas_n;
	struct live_peer peers[LIVE_PEERS_MAX];
	struct ring *ring;
	struct ring *sessions; /* from the session reader; NULL where no session source is named */
	struct live_board *board;
	struct live_beat *beat; /* of the child that this is */
	struct text templates;  /* what the reader last gave to keep */
	int out;                /* listening socket of --out, or -1 */
};

/* Opens all that is named in the options. CONFIG, SYS. */
int live_open(struct live *l, const struct run_sensor_options *o, const struct settings *settings,
    struct err *e);
/* Other rules for exporters and NASes: sockets of those that stay are kept. The options' other
 * parts are not looked at. */
int live_rules(struct live *l, const struct run_sensor_options *o, struct err *e);
void live_close(struct live *l);
/* The part of it that is about session sources. */
int live_open_feeds(struct live *l, struct err *e);
int live_parse_nas(struct nas_rule **to, const struct opt_list *v, struct err *e);
void live_close_feeds(struct live *l);
/* What only the parent and the session reader need of them: no socket, file or secret is left. */
void live_leave_feeds(struct live *l);
void live_count_feed_drops(struct live *l);
/* Keeps what was read of files and is in the sensor's log: so a later start knows what is new. */
void live_keep_feeds(struct live *l);
/* Files of a source that were modified last before then are known. */
int64_t live_feed_since_ns(const struct live *l, size_t feed);
/* Exporters keep their places over a restart, since the state knows them by these: reads and writes
 * the small file of the state that has them. */
void live_places_kept(struct live *l);
void live_keep_places(struct live *l);
/* While no reader runs: exporters that a rule names one by one get their places now, so that a
 * silent one is seen. Where all are taken, one that no rule names gives way. */
void live_give_places(struct live *l);
/* The place of an exporter, or NULL; its address, or false where the name is none. */
struct live_exporter *live_place_of(struct live_board *b, const union addr *a);
bool live_place_addr(const struct live_exporter *x, union addr *a);
/* Gives them the numbers of their places in a process's own list. */
void live_names(const struct live_board *b, struct exporters *names);
/* Looks after the kernel's counts of what its sockets dropped. */
void live_count_drops(struct live *l);
static inline void live_beat(const struct live *l)
{
	live_add(&l->beat->turns, 1);
}
static inline void live_busy(const struct live *l, bool busy)
{
	atomic_store(&l->beat->busy, busy);
}
int64_t live_now_ms(void);
/* One line on stderr. */
void live_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The children's main functions: from the fork to the exit status. wire: see wire.h. */
int live_reader(struct live *l, int wire);
int live_sensor(struct live *l, int wire);
int live_sessions(struct live *l, int wire);
