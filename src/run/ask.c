/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac status and metrics: a word to the control socket of the sensor that runs, its answer to
 * the standard output. */
#include "run/control.h"
#include "run/place.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { PATIENCE_S = 10 };

static int reach(const char *folder, int *fd, struct err *e)
{
	struct sockaddr_un un;
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int folder_fd, bad = control_address(folder, &un, &folder_fd, e);
	if (bad)
		return bad;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(*fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (*fd < 0 || connect(*fd, (struct sockaddr *)&un, sizeof un) != 0)
		bad = errno == ENOENT || errno == ECONNREFUSED
			  ? err_set(e, ERR_NONE,
				"no sensor runs on %.150s; name its folder with --state", folder)
			  : err_set(e, ERR_SYS, "%.150s/control: %s", folder, strerror(errno));
	(void)close(folder_fd);
	return bad;
}

static int ask(int fd, const char *question, struct err *e)
{
	char piece[65536];
	ssize_t got, sum = 0;
	if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0)
		return err_set(e, ERR_SYS, "the sensor does not listen: %s", strerror(errno));
	while ((got = recv(fd, piece, sizeof piece, 0)) > 0) {
		(void)fwrite(piece, 1, (size_t)got, stdout);
		sum += got;
	}
	if (got < 0 || sum == 0)
		return err_set(e, ERR_SYS, "the sensor did not answer in time");
	if (fflush(stdout) != 0)
		return err_set(e, ERR_SYS, "the output could not be written: %s", strerror(errno));
	return ERR_OK;
}

int run_ask(const char *state, const char *question)
{
	struct text folder = {0};
	struct err e;
	int fd = -1, bad = place_state(state, false, &folder, &e);
	bad = bad ? bad : reach(folder.p, &fd, &e);
	bad = bad ? bad : ask(fd, question, &e);
	if (bad)
		(void)fprintf(stderr, "theriac: %s\n", e.msg);
	if (fd >= 0)
		(void)close(fd);
	text_fini(&folder);
	return bad ? (bad == ERR_CONFIG ? 2 : 1) : 0;
}
