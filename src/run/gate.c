/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Gates: see gate.h. */
#include "run/gate.h"

void gate_init(struct gate *g)
{
	*g = (struct gate){.wake = UINT64_MAX};
	(void)pthread_mutex_init(&g->lock, NULL);
	(void)pthread_cond_init(&g->change, NULL);
}

void gate_fini(struct gate *g)
{
	(void)pthread_mutex_destroy(&g->lock);
	(void)pthread_cond_destroy(&g->change);
}

/* All are woken: those for whom it is too early say again what they wait for. */
static void wake(struct gate *g)
{
	g->wake = UINT64_MAX;
	(void)pthread_cond_broadcast(&g->change);
}

void gate_pass(struct gate *g)
{
	(void)pthread_mutex_lock(&g->lock);
	uint64_t n = atomic_load(&g->n) + 1;
	atomic_store(&g->n, n);
	if (n >= g->wake || (n <= g->soon && g->wake != UINT64_MAX))
		wake(g);
	(void)pthread_mutex_unlock(&g->lock);
}

void gate_close(struct gate *g)
{
	(void)pthread_mutex_lock(&g->lock);
	g->closed = true;
	wake(g);
	(void)pthread_mutex_unlock(&g->lock);
}

void gate_hurry(struct gate *g, uint64_t n)
{
	(void)pthread_mutex_lock(&g->lock);
	g->soon = n > g->soon ? n : g->soon;
	wake(g);
	(void)pthread_mutex_unlock(&g->lock);
}

static void sleep_until(struct gate *g, uint64_t n, uint64_t more)
{
	uint64_t at = n <= g->soon ? n : n + more;
	g->wake = at < g->wake ? at : g->wake;
	(void)pthread_cond_wait(&g->change, &g->lock);
}

bool gate_wait(struct gate *g, uint64_t n, uint64_t more)
{
	if (atomic_load(&g->n) >= n)
		return true;
	(void)pthread_mutex_lock(&g->lock);
	while (atomic_load(&g->n) < n && !g->closed)
		sleep_until(g, n, more);
	bool through = atomic_load(&g->n) >= n;
	(void)pthread_mutex_unlock(&g->lock);
	return through;
}
