/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages between the parent of a live sensor and its children, over a SEQPACKET pair; one may
 * carry a descriptor. */
#pragma once
#include "base/str.h"

enum wire_kind {
	/* parent -> reader */
	WIRE_PEER = 1, /* descriptor of a connection; id, number: enum live_stream; text: address */
	WIRE_FILE, /* descriptor of a file to read; text: its name; to the session reader: id, and
		      number: its feed and WIRE_CURRENT */
	WIRE_SAVE, /* give what is to be kept */
	WIRE_STOP, /* number 1: empty the sockets first; then give what is to be kept, and end */
	/* reader -> parent */
	WIRE_PEER_IS,   /* id, number: enum live_stream */
	WIRE_PEER_END,  /* id */
	WIRE_PEER_REST, /* id; descriptor of memory with what came of a message that is not whole */
	WIRE_FILE_END, /* of the session reader: id, number: feed, text: when it was modified, ns */
	WIRE_SAVED,    /* descriptor of memory that holds it */
	/* sensor -> parent */
	WIRE_READY, /* its files are read, it waits for WIRE_GO */
	/* sensor -> parent, when a successor follows -> that one, before it goes */
	WIRE_LINES, /* number: of the outlet; descriptor of memory with lines that were not sent, id
		       bytes of the first excepted */
	/* parent -> sensor, and back when a successor follows */
	WIRE_CLIENT, /* descriptor of somebody who wants the findings */
	/* parent -> sensor */
	WIRE_GO,  /* take over the state and begin */
	WIRE_END, /* number 1: the last words and the summary; 0: a successor follows */
};

enum { WIRE_TEXT = 512, WIRE_FEED = 0xffff, WIRE_CURRENT = 0x10000 };
struct wire {
	uint32_t kind, id, number, text_n;
	char text[WIRE_TEXT];
};

/* pair[0] is the parent's end: it never waits for the child at the other one. */
bool wire_pair(int pair[2]);
/* fd -1: none. False: the other side is gone or does not keep up. */
bool wire_send(int socket, const struct wire *m, int fd);
bool wire_word(int socket, enum wire_kind kind, uint32_t number); /* a message of a number alone */
/* 1: *m and *fd (-1: none) were filled; 0: nothing there; -1: the other side is gone. */
int wire_take(int socket, struct wire *m, int *fd);
/* As wire_send, and closes the descriptor; nothing where there is none. */
void wire_give(int socket, const struct wire *m, int fd);
/* Memory of its own with these bytes, to send; -1 where there is none. */
int wire_memory(const char *name, const void *p, size_t n);
/* Appends what such memory holds. It need not be what it is taken for: false where it is not, or
 * longer than max. */
bool wire_read_memory(int fd, size_t max, struct text *out);
