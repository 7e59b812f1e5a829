/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parent of a live sensor opens: sockets, folders, the state's folder and its lock, the
 * ring and the board. Children inherit all of it and open nothing. */
#include "attribute/attribute.h"
#include "base/clock.h"
#include "base/mem.h"
#include "run/live.h"
#include "run/place.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

int64_t live_now_ms(void)
{
	return clock_now_ms();
}

void live_say(const char *fmt, ...)
{
	struct text t = {0};
	char line[512];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	text_fmt(&t, "theriac: %s\n", line); /* one write: three processes share stderr */
	(void)!write(STDERR_FILENO, t.p, t.n);
	text_fini(&t);
}

enum { SESSION_SLOTS = 256 };

/* A socket for each exporter that is one address, besides the common ones. */
static void raise_limit(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

static int open_folder(struct live *l, struct err *e)
{
	struct text path = {0};
	int bad = place_state(l->o->state, true, &path, e);
	if (bad) {
		text_fini(&path);
		return bad;
	}
	l->folder = mem_text(path.p);
	text_puts(&path, "/lock");
	l->lock = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock < 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", path.p, strerror(errno));
	else if (flock(l->lock, LOCK_EX | LOCK_NB) != 0)
		bad = err_set(e, ERR_SYS,
		    "%.150s is in use by another sensor; name another folder with --state",
		    l->folder);
	text_fini(&path);
	return bad;
}

static int add_socket(struct live *l, size_t listen, const struct exporter_rule *own, struct err *e)
{
	struct live_socket s = {.listen = listen, .own = own};
	const struct udp_how how = {own ? &own->from.addr : NULL, l->o->buffer_mb << 20};
	int bad = udp_open(&l->listens[listen], &how, &s.fd, &s.bytes, e);
	if (bad)
		return bad;
	l->sockets = mem_grow(l->sockets, l->sockets_n + 1, sizeof *l->sockets);
	l->sockets[l->sockets_n++] = s;
	return ERR_OK;
}

/* An exporter to which no route leads, or of the other family, comes by the common socket. */
static void add_own_socket(struct live *l, size_t listen, const struct exporter_rule *rule)
{
	struct err e;
	if (!exporter_rule_single(rule) ||
	    addr_is_v4(&rule->from.addr) != addr_is_v4(&l->listens[listen].addr))
		return;
	if (add_socket(l, listen, rule, &e))
		live_say("%s: it shares the common queue", e.msg);
}

static int open_udp(struct live *l, size_t listen, struct err *e)
{
	int bad = add_socket(l, listen, NULL, e);
	for (size_t i = 0; !bad && i < l->rules_n; i++)
		add_own_socket(l, listen, &l->rules[i]);
	return bad;
}

static int open_listen(struct live *l, size_t i, struct err *e)
{
	struct listen *x = &l->listens[i];
	if (x->kind == LISTEN_UDP)
		return open_udp(l, i, e);
	if (x->kind == LISTEN_DIR)
		return watch_open(&l->watches[i], x->path, place_mark(l->folder, x->path), e);
	return listen_stream(x, &l->listen_fd[i], e);
}

static int open_listens(struct live *l, struct err *e)
{
	const struct opt_list *v = &l->o->listen;
	int bad = v->n ? ERR_OK
		       : err_set(e, ERR_CONFIG,
			     "name at least one --listen udp:ADDR:PORT, tcp:ADDR:PORT, unix:PATH "
			     "or dir:PATH");
	l->listens = mem_new(v->n, sizeof *l->listens);
	l->listen_fd = mem_new(v->n, sizeof *l->listen_fd);
	l->watches = mem_new(v->n, sizeof *l->watches);
	for (size_t i = 0; !bad && i < v->n; i++)
		bad = listen_parse(&l->listens[i], v->v[i], e);
	for (; !bad && l->listens_n < v->n; l->listens_n++) {
		l->listen_fd[l->listens_n] = -1;
		bad = open_listen(l, l->listens_n, e);
	}
	return bad;
}

static int parse_rules(struct exporter_rule **to, const struct opt_list *v, struct err *e)
{
	struct exporter_rule *rules = mem_new(v->n, sizeof *rules);
	int bad = v->n <= LIVE_EXPORTERS_MAX
		      ? ERR_OK
		      : err_set(e, ERR_CONFIG, "--exporter: %zu are more than %d; name prefixes",
			    v->n, LIVE_EXPORTERS_MAX);
	for (size_t i = 0; !bad && i < v->n; i++)
		bad = exporter_rule_parse(&rules[i], v->v[i], e);
	if (bad)
		free(rules);
	else
		*to = rules;
	return bad;
}

static int open_out(struct live *l, struct err *e)
{
	struct listen out;
	if (!l->o->out)
		return ERR_OK;
	if (listen_parse(&out, l->o->out, e) || out.kind != LISTEN_UNIX)
		return err_set(e, ERR_CONFIG, "--out: '%.100s' is not unix:PATH", l->o->out);
	return listen_stream(&out, &l->out, e);
}

static int open_board(struct live *l, struct err *e)
{
	l->board =
	    mmap(NULL, sizeof *l->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (l->board == MAP_FAILED)
		return err_set(e, ERR_SYS, "board of counters: %s", strerror(errno));
	l->board->started_ms = live_now_ms();
	int bad = ring_new(&l->ring, RING_SLOTS_DEFAULT, e);
	if (!bad && l->o->sessions.n)
		bad = ring_new(&l->sessions, SESSION_SLOTS, e);
	return bad;
}

/* The sensor reads them once more; here they are checked before anything is opened. */
static int check_inside(
    const struct run_sensor_options *o, const struct settings *settings, struct err *e)
{
	struct attribute *a = attribute_new(settings_attribute(settings));
	int bad = ERR_OK;
	for (size_t i = 0; !bad && i < o->inside.n; i++)
		bad = attribute_inside(a, o->inside.v[i], e);
	attribute_free(a);
	return bad;
}

int live_open(struct live *l, const struct run_sensor_options *o, const struct settings *settings,
    struct err *e)
{
	*l = (struct live){.o = o, .settings = settings, .lock = -1, .out = -1};
	raise_limit();
	int bad = check_inside(o, settings, e);
	bad = bad ? bad : parse_rules(&l->rules, &o->exporters, e);
	l->rules_n = bad ? 0 : o->exporters.n;
	bad = bad ? bad : open_folder(l, e);
	bad = bad ? bad : open_board(l, e);
	if (!bad)
		live_places_kept(l);
	bad = bad ? bad : open_listens(l, e);
	bad = bad ? bad : live_open_feeds(l, e);
	return bad ? bad : open_out(l, e);
}

/* The old socket of an exporter that stays goes on under the new rule. */
static bool keep_socket(struct live_socket *s, const struct exporter_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (exporter_rule_single(&rules[i]) &&
		    addr_same(&rules[i].from.addr, &s->own->from.addr)) {
			s->own = &rules[i];
			return true;
		}
	(void)close(s->fd);
	return false;
}

static bool has_socket(const struct live *l, size_t listen, const struct exporter_rule *rule)
{
	for (size_t i = 0; i < l->sockets_n; i++)
		if (l->sockets[i].listen == listen && l->sockets[i].own == rule)
			return true;
	return false;
}

int live_rules(struct live *l, const struct run_sensor_options *o, struct err *e)
{
	struct exporter_rule *rules;
	struct nas_rule *nas;
	size_t kept = 0;
	int bad = live_parse_nas(&nas, &o->nas, e);
	if (bad)
		return bad;
	bad = parse_rules(&rules, &o->exporters, e);
	if (bad) {
		nas_rules_free(nas, o->nas.n);
		return bad;
	}
	nas_rules_free(l->nas, l->nas_n);
	l->nas = nas;
	l->nas_n = o->nas.n;
	for (size_t i = 0; i < l->sockets_n; i++)
		if (!l->sockets[i].own || keep_socket(&l->sockets[i], rules, o->exporters.n))
			l->sockets[kept++] = l->sockets[i];
	l->sockets_n = kept;
	free(l->rules);
	l->rules = rules;
	l->rules_n = o->exporters.n;
	for (size_t i = 0; i < l->rules_n; i++)
		for (size_t k = 0; k < l->listens_n; k++)
			if (l->listens[k].kind == LISTEN_UDP && !has_socket(l, k, &rules[i]))
				add_own_socket(l, k, &rules[i]);
	return ERR_OK;
}

static _Atomic uint64_t *drops_of(struct live *l, const struct live_socket *s)
{
	struct live_exporter *x = s->own ? live_place_of(l->board, &s->own->from.addr) : NULL;
	return x ? &x->kernel_drops : &l->board->kernel_drops;
}

void live_count_drops(struct live *l)
{
	uint32_t dropped, waiting;
	for (size_t i = 0; i < l->sockets_n; i++) {
		struct live_socket *s = &l->sockets[i];
		if (!udp_dropped(s->fd, &dropped, &waiting) || dropped == s->dropped)
			continue;
		live_add(drops_of(l, s), dropped - s->dropped); /* modulo 2^32 */
		s->dropped = dropped;
	}
	live_count_feed_drops(l);
}

static void unlink_socket(const struct listen *x)
{
	if (x->kind == LISTEN_UNIX)
		(void)unlink(x->path);
}

void live_close(struct live *l)
{
	struct listen out;
	for (size_t i = 0; i < l->sockets_n; i++)
		(void)close(l->sockets[i].fd);
	for (size_t i = 0; i < l->listens_n; i++) {
		if (l->listen_fd[i] >= 0) {
			(void)close(l->listen_fd[i]);
			unlink_socket(&l->listens[i]);
		}
		watch_free(l->watches[i]);
	}
	if (l->out >= 0) {
		(void)close(l->out);
		if (listen_parse(&out, l->o->out, NULL) == 0)
			unlink_socket(&out);
	}
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (l->peers[i].id)
			(void)close(l->peers[i].fd);
	live_close_feeds(l);
	ring_free(l->ring);
	ring_free(l->sessions);
	if (l->board && l->board != MAP_FAILED)
		(void)munmap(l->board, sizeof *l->board);
	if (l->lock >= 0)
		(void)close(l->lock);
	free(l->listens);
	free(l->listen_fd);
	free(l->watches);
	free(l->rules);
	free(l->sockets);
	free(l->folder);
	text_fini(&l->templates);
}
