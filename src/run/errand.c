/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errands: see errand.h. */
#include "run/errand.h"
#include "base/mem.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum state { IDLE, ASKED, OVER, LEAVING };

struct errand {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t asked, over;
	enum state state;
	int (*work)(void *arg);
	void *arg;
	int result, event;
};

static void *errand_main(void *of)
{
	struct errand *e = of;
	uint64_t one = 1;
	(void)pthread_mutex_lock(&e->lock);
	for (;;) {
		while (e->state != ASKED && e->state != LEAVING)
			(void)pthread_cond_wait(&e->asked, &e->lock);
		if (e->state == LEAVING)
			break;
		(void)pthread_mutex_unlock(&e->lock);
		int result = e->work(e->arg);
		(void)pthread_mutex_lock(&e->lock);
		e->result = result;
		e->state = OVER;
		(void)pthread_cond_signal(&e->over);
		(void)!write(e->event, &one, sizeof one);
	}
	(void)pthread_mutex_unlock(&e->lock);
	return NULL;
}

struct errand *errand_new(void)
{
	struct errand *e = mem_new(1, sizeof *e);
	(void)pthread_mutex_init(&e->lock, NULL);
	(void)pthread_cond_init(&e->asked, NULL);
	(void)pthread_cond_init(&e->over, NULL);
	e->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (e->event < 0 || pthread_create(&e->thread, NULL, errand_main, e) != 0)
		abort();
	return e;
}

void errand_free(struct errand *e)
{
	int result;
	if (!e)
		return;
	(void)errand_over(e, true, &result);
	(void)pthread_mutex_lock(&e->lock);
	e->state = LEAVING;
	(void)pthread_cond_signal(&e->asked);
	(void)pthread_mutex_unlock(&e->lock);
	(void)pthread_join(e->thread, NULL);
	(void)pthread_cond_destroy(&e->asked);
	(void)pthread_cond_destroy(&e->over);
	(void)pthread_mutex_destroy(&e->lock);
	(void)close(e->event);
	free(e);
}

void errand_start(struct errand *e, int (*work)(void *arg), void *arg)
{
	(void)pthread_mutex_lock(&e->lock);
	e->work = work;
	e->arg = arg;
	e->state = ASKED;
	(void)pthread_cond_signal(&e->asked);
	(void)pthread_mutex_unlock(&e->lock);
}

bool errand_over(struct errand *e, bool wait, int *result)
{
	uint64_t seen;
	(void)pthread_mutex_lock(&e->lock);
	while (wait && e->state == ASKED)
		(void)pthread_cond_wait(&e->over, &e->lock);
	bool over = e->state == OVER;
	if (over) {
		*result = e->result;
		e->state = IDLE;
		(void)!read(e->event, &seen, sizeof seen);
	}
	(void)pthread_mutex_unlock(&e->lock);
	return over;
}

bool errand_busy(struct errand *e)
{
	(void)pthread_mutex_lock(&e->lock);
	bool busy = e->state != IDLE;
	(void)pthread_mutex_unlock(&e->lock);
	return busy;
}

int errand_event(const struct errand *e)
{
	return e->event;
}
