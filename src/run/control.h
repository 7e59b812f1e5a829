/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket STATE/control (mode 0600) of a live sensor: a word in, a text out. Few may ask
 * at once and for a few seconds, and nobody is waited for. */
#pragma once
#include "run/live_show.h"
#include <poll.h>

enum { CONTROL_CLIENTS = 8 };

struct control {
	int fd;
	int64_t accept_ms; /* before that nobody is let in: there are no descriptors */
	struct text path;
	struct {
		int fd; /* -1: free place */
		struct text answer;
		size_t at;
		int64_t since_ms;
	} client[CONTROL_CLIENTS];
};
int control_open(struct control *c, const char *folder, struct err *e);
void control_close(struct control *c);
/* Fills what is to be polled, at most CONTROL_CLIENTS + 1; returns how many. */
size_t control_poll(const struct control *c, struct pollfd *v, int64_t now_ms);
/* Answers whoever can be served without waiting, and hangs up on who is slow. */
void control_serve(struct control *c, const struct live_view *v, int64_t now_ms);
/* The path of a state's control socket as an address, over the folder's descriptor, since it may be
 * too long for one; the caller closes that. NONE: there is no such folder. SYS. */
struct sockaddr_un;
int control_address(const char *folder, struct sockaddr_un *un, int *folder_fd, struct err *e);
