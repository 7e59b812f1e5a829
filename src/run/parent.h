/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parent of a live sensor, as the files see it that it is made of: sensor.c is its loop and its
 * phases, parent_child.c looks after the children, parent_guests.c takes connections and files. */
#pragma once
#include "run/control.h"
#include "run/live.h"
#include "run/wire.h"
#include <signal.h>

/* SESSIONS: the session reader, where there is something for it. NEXT: the sensor that takes over
 * on reload. */
enum { READER, SESSIONS, SENSOR, NEXT, CHILDREN };
static inline bool is_reader(int which)
{
	return which == READER || which == SESSIONS;
}

struct child {
	const char *name;
	int (*main)(struct live *l, int wire);
	pid_t pid; /* 0: not running */
	int wire;
	bool ready, asked;         /* asked to end */
	int64_t born_ms, again_ms; /* again_ms: when to start it again, 0: not at all */
	unsigned deaths;           /* one after the other, each after a short life */
	uint32_t beat;             /* its place among the board's */
	uint64_t turns;            /* as last seen there */
	unsigned silent_s;         /* looks since that changed, one a second */
};

enum phase {
	PHASE_START, /* the first sensor reads its files */
	PHASE_RUN,
	PHASE_LOAD,   /* reload: NEXT reads its files */
	PHASE_READER, /* reload: the readers hand over */
	PHASE_SENSOR, /* reload: the sensor hands over */
	PHASE_END_READER,
	PHASE_END_SENSOR,
	PHASE_OVER,
};

enum { OUTLETS = 2 };

struct parent {
	struct live live;
	struct child child[CHILDREN];
	struct control control;
	struct live_view view;
	const struct run_reload *reload;
	const struct run_sensor_options *old_o; /* to go back to, where a reload fails */
	const struct settings *old_settings;
	sigset_t old_mask;
	int signals;
	enum phase phase;
	int status;
	uint32_t peer_id;
	int64_t accept_ms; /* before that nobody is let in: there are no descriptors */
	struct {           /* from a sensor that hands over, for its successor; fd -1: nothing */
		struct wire m;
		int fd;
	} handed[1 + OUTLETS]; /* who reads --out, then the outlets' lines */
	unsigned saves_asked;  /* times that the reader was asked for what is to be kept */
	bool file_busy;
	size_t file_watch;
	int64_t file_mtime_ns;
	size_t files_given; /* to the session reader, and not left by it */
	bool files_told;    /* that there are too many */
	int64_t now_ms, ticked_ms, saved_ms;
	int64_t asked_ms; /* steady_ms(): when the reader was asked to end */
};

void parent_spawn(struct parent *p, int which);
void parent_ask_to_end(struct parent *p, int which, enum wire_kind kind, uint32_t number);
void parent_kill_all(struct parent *p);
/* After a death: when to start it again. False: it died too often. */
bool parent_start_later(struct parent *p, struct child *c);
/* Once a second: a child that does not stir any more is ended, and died() goes on from there. */
void parent_look_after(struct parent *p, int which);

void parent_welcome(struct parent *p, size_t listen);   /* a connection for the reader */
void parent_welcome_client(struct parent *p);           /* somebody who wants the findings */
void parent_forget_peer(struct parent *p, uint32_t id); /* 0: all */
/* What a reader that ended had of a message, for the next one; that has it after drop_rests. */
void parent_keep_rest(struct parent *p, uint32_t id, int *fd);
void parent_drop_rests(struct parent *p);
void parent_give_file(struct parent *p); /* the next one of the watched folders, to the reader */
void parent_file_done(struct parent *p);
void parent_check_folders(struct parent *p); /* once a second: says what is gone or back */
/* The files of session sources: for a new session reader; once a second; what it has left. */
void parent_begin_feeds(struct parent *p);
void parent_give_feeds(struct parent *p);
void parent_left_file(struct parent *p, const struct wire *m);
/* What a sensor hands over: kept until there is a successor, then given to it. */
void parent_keep_handed(struct parent *p, const struct wire *m, int *fd);
void parent_give_handed(struct parent *p);
void parent_close_handed(struct parent *p);
