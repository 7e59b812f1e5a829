/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gates: see gate.h. */
#include "run/gate.h"

void gate_init(struct gate *g)
{
	*g = (struct gate){.n = 0};
	(void)pthread_mutex_init(&g->lock, NULL);
	(void)pthread_cond_init(&g->change, NULL);
}

void gate_fini(struct gate *g)
{
	(void)pthread_mutex_destroy(&g->lock);
	(void)pthread_cond_destroy(&g->change);
}

static void change(struct gate *g, unsigned more, bool closed)
{
	(void)pthread_mutex_lock(&g->lock);
	g->n += more;
	g->closed |= closed;
	(void)pthread_cond_broadcast(&g->change);
	(void)pthread_mutex_unlock(&g->lock);
}

void gate_pass(struct gate *g)
{
	change(g, 1, false);
}

void gate_close(struct gate *g)
{
	change(g, 0, true);
}

bool gate_wait(struct gate *g, uint64_t n)
{
	(void)pthread_mutex_lock(&g->lock);
	while (g->n < n && !g->closed)
		(void)pthread_cond_wait(&g->change, &g->lock);
	bool through = g->n >= n;
	(void)pthread_mutex_unlock(&g->lock);
	return through;
}
