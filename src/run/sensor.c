/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac sensor: the parent of the processes. It opens what they need, starts them, and starts
 * them again when they die; it never looks at what comes in. Sockets and the ring are its own, so
 * that what arrives while a child is replaced waits in the kernel or in the ring. */
#include "run/control.h"
#include "run/live.h"
#include "run/place.h"
#include "run/wire.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { READER, SENSOR, NEXT, CHILDREN }; /* NEXT: the sensor that takes over on reload */
enum { TICK_MS = 1000, AGAIN_MS = 250, AGAIN_MAX_MS = 10000, LIVED_MS = 60000, DEATHS_MAX = 10 };
enum { HAND_OVER_MS = 40000 }; /* for the reader to end, longer than it takes to finish a file */
enum { TEMPLATES_MAX = 256 << 20 };

struct child {
	const char *name;
	int (*main)(struct live *l, int wire);
	pid_t pid; /* 0: not running */
	int wire;
	bool ready, asked;         /* asked to end */
	int64_t born_ms, again_ms; /* again_ms: when to start it again, 0: not at all */
	unsigned deaths;           /* one after the other, each after a short life */
};

enum phase {
	PHASE_START, /* the first sensor reads its files */
	PHASE_RUN,
	PHASE_LOAD,   /* reload: NEXT reads its files */
	PHASE_READER, /* reload: the reader hands over */
	PHASE_SENSOR, /* reload: the sensor hands over */
	PHASE_END_READER,
	PHASE_END_SENSOR,
	PHASE_OVER,
};

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
	bool file_busy;
	size_t file_watch;
	int64_t file_mtime_ns;
	int64_t now_ms, ticked_ms, saved_ms;
	int64_t asked_ms; /* steady_ms(): when the reader was asked to end */
};

static void close_for_child(struct parent *p, int which)
{
	struct live *l = &p->live;
	for (int i = 0; i < CHILDREN; i++)
		if (p->child[i].pid)
			(void)close(p->child[i].wire);
	for (size_t i = 0; i < l->listens_n; i++)
		if (l->listen_fd[i] >= 0)
			(void)close(l->listen_fd[i]);
	for (size_t i = 0; which != READER && i < l->sockets_n; i++)
		(void)close(l->sockets[i].fd);
	for (size_t i = 0; which != READER && i < LIVE_PEERS_MAX; i++)
		if (l->peers[i].id)
			(void)close(l->peers[i].fd);
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (p->control.client[i].fd >= 0)
			(void)close(p->control.client[i].fd);
	(void)close(p->control.fd);
	if (l->out >= 0)
		(void)close(l->out);
	if (which == READER)
		(void)close(STDOUT_FILENO);
	(void)close(p->signals);
}

/* Signals stay blocked: what the terminal sends to all is for the parent to act on. */
static void become_child(struct parent *p, int which, int wire, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close_for_child(p, which);
	_exit(p->child[which].main(&p->live, wire));
}

static void spawn(struct parent *p, int which)
{
	struct child *c = &p->child[which];
	int pair[2];
	pid_t self = getpid();
	c->again_ms = p->now_ms + AGAIN_MAX_MS;
	if (!wire_pair(pair))
		return;
	if (which == READER)
		live_give_places(&p->live);
	pid_t pid = fork();
	if (pid == 0) {
		(void)close(pair[0]);
		become_child(p, which, pair[1], self);
	}
	(void)close(pair[1]);
	if (pid < 0) {
		live_say(
		    "%s: %s; once more in %d s", c->name, strerror(errno), AGAIN_MAX_MS / 1000);
		(void)close(pair[0]);
		return;
	}
	c->pid = pid;
	c->wire = pair[0];
	c->ready = c->asked = false;
	c->born_ms = p->now_ms;
	c->again_ms = 0;
}

static void ask_to_end(struct parent *p, int which, enum wire_kind kind, uint32_t number)
{
	struct child *c = &p->child[which];
	c->asked = true;
	if (c->pid && !wire_word(c->wire, kind, number))
		(void)kill(c->pid, SIGKILL);
}

static void kill_all(struct parent *p)
{
	for (int i = 0; i < CHILDREN; i++)
		if (p->child[i].pid) {
			p->child[i].asked = true;
			(void)kill(p->child[i].pid, SIGKILL);
		}
}

static void end_sensor(struct parent *p)
{
	p->phase = PHASE_END_SENSOR;
	live_count_drops(&p->live);
	if (p->child[SENSOR].pid)
		ask_to_end(p, SENSOR, WIRE_END, 1);
	else
		p->phase = PHASE_OVER;
}

static void begin_end(struct parent *p)
{
	if (p->phase >= PHASE_END_READER) {
		live_say("ending at once");
		kill_all(p);
		p->status = 1;
		return;
	}
	if (p->child[NEXT].pid)
		(void)kill(p->child[NEXT].pid, SIGKILL);
	p->phase = PHASE_END_READER;
	p->asked_ms = p->now_ms;
	if (p->child[READER].pid)
		ask_to_end(p, READER, WIRE_STOP, 1);
	else
		end_sensor(p);
}

/* Back to the options before a reload that did not work. */
static void give_up_reload(struct parent *p)
{
	live_say("the reload failed: everything goes on as before");
	p->reload->undo();
	p->live.o = p->old_o;
	p->live.settings = p->old_settings;
	p->phase = PHASE_RUN;
}

static void begin_reload(struct parent *p)
{
	struct err e;
	if (p->phase != PHASE_RUN || !p->child[READER].pid || !p->child[SENSOR].pid) {
		live_say("busy: not reloading now");
		return;
	}
	p->old_o = p->live.o;
	p->old_settings = p->live.settings;
	if (p->reload->again(&p->live.o, &p->live.settings, &e)) {
		live_say("%s; everything goes on as before", e.msg);
		return;
	}
	p->phase = PHASE_LOAD;
	spawn(p, NEXT);
	p->child[NEXT].again_ms = 0;
	if (!p->child[NEXT].pid)
		give_up_reload(p);
}

static void next_is_ready(struct parent *p)
{
	struct err e;
	if (live_rules(&p->live, p->live.o, &e)) {
		live_say("%s", e.msg);
		p->child[NEXT].asked = true;
		(void)kill(p->child[NEXT].pid, SIGKILL);
		give_up_reload(p);
		return;
	}
	p->phase = PHASE_READER;
	p->asked_ms = p->now_ms;
	ask_to_end(p, READER, WIRE_STOP, 0);
}

static void sensor_handed_over(struct parent *p)
{
	const char *name = p->child[SENSOR].name;
	p->child[SENSOR] = p->child[NEXT];
	p->child[SENSOR].name = name;
	p->child[NEXT].pid = 0;
	p->phase = PHASE_RUN;
	(void)wire_word(p->child[SENSOR].wire, WIRE_GO, 0);
	live_say("reloaded");
}

static void sensor_is_ready(struct parent *p, int which)
{
	p->child[which].ready = true;
	if (which == NEXT) {
		next_is_ready(p);
		return;
	}
	(void)wire_word(p->child[SENSOR].wire, WIRE_GO, 0);
	if (p->phase == PHASE_START) {
		p->phase = PHASE_RUN;
		spawn(p, READER);
		live_say("ready");
	}
}

/* Memory of the reader's: it is read as a file, and is not trusted to be one. */
static void keep_templates(struct parent *p, int fd)
{
	struct stat st;
	struct text t = {0};
	char piece[65536];
	ssize_t got;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > TEMPLATES_MAX)
		return;
	while (t.n < (size_t)st.st_size && (got = pread(fd, piece, sizeof piece, (off_t)t.n)) > 0)
		text_add(&t, piece, (size_t)got);
	text_fini(&p->live.templates);
	p->live.templates = t;
}

static void write_templates(struct parent *p)
{
	struct err e;
	if (p->live.templates.n &&
	    place_write(p->live.folder, "templates", p->live.templates.p, p->live.templates.n, &e))
		live_say("%s", e.msg);
}

static void forget_peer(struct parent *p, uint32_t id)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (p->live.peers[i].id && (id == 0 || p->live.peers[i].id == id)) {
			(void)close(p->live.peers[i].fd);
			if (p->live.peers[i].rest >= 0)
				(void)close(p->live.peers[i].rest);
			p->live.peers[i].id = 0;
		}
}

/* What a reader that ended had of a message, for the next one. */
static void keep_rest(struct parent *p, uint32_t id, int *fd)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (id && p->live.peers[i].id == id && p->live.peers[i].rest < 0) {
			p->live.peers[i].rest = *fd;
			*fd = -1;
			return;
		}
}

static void drop_rests(struct parent *p)
{
	for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
		if (p->live.peers[i].id && p->live.peers[i].rest >= 0) {
			(void)close(p->live.peers[i].rest);
			p->live.peers[i].rest = -1;
		}
}

static void file_is_done(struct parent *p)
{
	struct err e;
	if (p->file_busy && place_set_mark(p->live.folder, p->live.listens[p->file_watch].path,
				p->file_mtime_ns, &e))
		live_say("%s", e.msg);
	p->file_busy = false;
}

static void heard(struct parent *p, int which, const struct wire *m, int fd)
{
	switch ((enum wire_kind)m->kind) {
	case WIRE_READY:
		if (which != READER)
			sensor_is_ready(p, which);
		break;
	case WIRE_SAVED:
		if (fd >= 0 && which == READER) {
			keep_templates(p, fd);
			write_templates(p);
			live_keep_places(&p->live);
		}
		break;
	case WIRE_PEER_IS:
		for (size_t i = 0; i < LIVE_PEERS_MAX; i++)
			if (m->id && p->live.peers[i].id == m->id)
				p->live.peers[i].kind =
				    m->number == STREAM_DNSTAP ? STREAM_DNSTAP : STREAM_IPFIX;
		break;
	case WIRE_PEER_REST:
		keep_rest(p, m->id, &fd);
		break;
	case WIRE_PEER_END:
		if (m->id)
			forget_peer(p, m->id);
		break;
	case WIRE_FILE_END:
		file_is_done(p);
		break;
	case WIRE_PEER:
	case WIRE_FILE:
	case WIRE_SAVE:
	case WIRE_STOP:
	case WIRE_GO:
	case WIRE_CLIENT:
	case WIRE_END:
		break;
	}
	if (fd >= 0)
		(void)close(fd);
}

static void hear(struct parent *p, int which)
{
	struct child *c = &p->child[which];
	struct wire m;
	int fd, got = 0;
	pid_t pid = c->pid;
	while (c->pid == pid && pid && (got = wire_take(c->wire, &m, &fd)) > 0)
		heard(p, which, &m, fd);
	if (got < 0)
		(void)kill(pid, SIGKILL); /* what has ended already does not mind */
}

static void start_later(struct parent *p, struct child *c)
{
	c->deaths = p->now_ms - c->born_ms > LIVED_MS ? 0 : c->deaths + 1;
	if (c->deaths > DEATHS_MAX) {
		live_say("%s died %d times: giving up", c->name, DEATHS_MAX + 1);
		p->status = 1;
		if (c == &p->child[READER]) {
			end_sensor(p); /* what it knows is kept */
			return;
		}
		kill_all(p);
		p->phase = PHASE_OVER;
		return;
	}
	int64_t delay_ms = c->deaths ? (int64_t)AGAIN_MS << (c->deaths - 1) : 0;
	c->again_ms = p->now_ms + (delay_ms < AGAIN_MAX_MS ? delay_ms : AGAIN_MAX_MS);
}

static void died(struct parent *p, int which, int how)
{
	struct child *c = &p->child[which];
	live_add(&p->live.board->restarts, 1);
	if (WIFSIGNALED(how))
		live_say("%s was ended by signal %d; starting it again", c->name, WTERMSIG(how));
	else
		live_say("%s ended with status %d; starting it again", c->name, WEXITSTATUS(how));
	if (which == READER) {
		forget_peer(p, 0); /* what they had sent of a message is gone with it */
		if (p->file_busy)
			live_say("the file it was reading is left");
		file_is_done(p);
	}
	if (which == SENSOR) {
		uint64_t taken = p->live.board->taken;
		live_say("%llu records taken since the last checkpoint are forgotten",
		    (unsigned long long)(taken - p->live.board->checkpoint_taken));
		p->live.board->checkpoint_taken = taken;
	}
	start_later(p, c);
}

static void reader_ended(struct parent *p, int how)
{
	bool orderly = WIFEXITED(how) && WEXITSTATUS(how) == 0 && p->child[READER].asked;
	if (p->phase == PHASE_END_READER) {
		end_sensor(p);
	} else if (p->phase == PHASE_READER) {
		if (!orderly)
			forget_peer(p, 0);
		file_is_done(p);
		spawn(p, READER);
		drop_rests(p);
		p->phase = PHASE_SENSOR;
		if (p->child[SENSOR].pid)
			ask_to_end(p, SENSOR, WIRE_END, 0);
		else
			sensor_handed_over(p); /* it died meanwhile */
	} else if (p->phase < PHASE_END_READER) {
		died(p, READER, how);
	}
}

static void sensor_ended(struct parent *p, int how)
{
	bool orderly = WIFEXITED(how) && WEXITSTATUS(how) == 0 && p->child[SENSOR].asked;
	if (p->phase == PHASE_END_SENSOR) {
		p->status |= !orderly;
		p->phase = PHASE_OVER;
	} else if (p->phase == PHASE_START && WIFEXITED(how) && WEXITSTATUS(how)) {
		p->status = WEXITSTATUS(how); /* it said why */
		p->phase = PHASE_OVER;
	} else if (p->phase == PHASE_SENSOR) {
		sensor_handed_over(p);
	} else {
		died(p, SENSOR, how);
	}
}

static void ended(struct parent *p, int which, int how)
{
	struct child *c = &p->child[which];
	hear(p, which); /* its last words */
	(void)close(c->wire);
	c->pid = 0;
	if (which == READER) {
		reader_ended(p, how);
	} else if (which == SENSOR) {
		sensor_ended(p, how);
	} else if (p->phase == PHASE_LOAD) {
		give_up_reload(p);
	} else if (p->phase == PHASE_READER || p->phase == PHASE_SENSOR) {
		live_say("the sensor that was to take over ended");
		p->phase = PHASE_RUN; /* the old one goes on, or is started again */
	}
}

static void reap(struct parent *p)
{
	int how;
	pid_t pid;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0)
		for (int i = 0; i < CHILDREN; i++)
			if (p->child[i].pid == pid) {
				ended(p, i, how);
				break;
			}
}

static void take_signals(struct parent *p)
{
	struct signalfd_siginfo s;
	while (read(p->signals, &s, sizeof s) == sizeof s) {
		if (s.ssi_signo == SIGHUP)
			begin_reload(p);
		else if (s.ssi_signo != SIGCHLD)
			begin_end(p);
	}
	reap(p);
}

/* Whether a connection may speak: the rules are for whoever exports over the network. */
static bool allowed(struct parent *p, const struct listen *at, const union addr *from)
{
	if (at->kind != LISTEN_TCP || !p->live.rules_n ||
	    exporter_rule_of(p->live.rules, p->live.rules_n, from))
		return true;
	live_add(&p->live.board->foreign, 1);
	return false;
}

static void welcome(struct parent *p, size_t listen)
{
	struct sockaddr_storage sa = {0};
	socklen_t n = sizeof sa;
	struct wire m = {.kind = WIRE_PEER};
	struct live_peer is = {.kind = STREAM_UNKNOWN, .rest = -1};
	uint16_t port;
	size_t i = 0;
	is.fd = accept4(
	    p->live.listen_fd[listen], (struct sockaddr *)&sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (is.fd < 0)
		return;
	if (p->live.listens[listen].kind == LISTEN_TCP)
		(void)listen_addr(&sa, &is.from, &port);
	while (i < LIVE_PEERS_MAX && p->live.peers[i].id)
		i++;
	if (i == LIVE_PEERS_MAX || !allowed(p, &p->live.listens[listen], &is.from)) {
		(void)close(is.fd);
		return;
	}
	m.id = is.id = ++p->peer_id ? p->peer_id : ++p->peer_id;
	addr_text(m.text, &is.from);
	m.text_n = (uint32_t)strlen(m.text);
	p->live.peers[i] = is;
	if (!wire_send(p->child[READER].wire, &m, is.fd))
		forget_peer(p, is.id);
}

static void welcome_client(struct parent *p)
{
	struct wire m = {.kind = WIRE_CLIENT};
	int fd = accept4(p->live.out, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	if (p->child[SENSOR].pid)
		(void)wire_send(p->child[SENSOR].wire, &m, fd);
	(void)close(fd);
}

/* One file after the other, so that what waits to be read is here and not in the reader. */
static void give_file(struct parent *p)
{
	struct wire m = {.kind = WIRE_FILE};
	char name[WATCH_NAME];
	int fd;
	if (p->file_busy || !p->child[READER].pid || p->child[READER].asked)
		return;
	for (size_t i = 0; i < p->live.listens_n; i++) {
		if (!p->live.watches[i] ||
		    !watch_next(p->live.watches[i], &fd, name, &p->file_mtime_ns))
			continue;
		m.text_n = (uint32_t)snprintf(
		    m.text, WIRE_TEXT, "%.200s/%s", p->live.listens[i].path, name);
		p->file_busy = wire_send(p->child[READER].wire, &m, fd);
		if (!p->file_busy)
			live_say("%s is left: the reader does not keep up", m.text);
		p->file_watch = i;
		(void)close(fd);
		return;
	}
}

static void tick(struct parent *p)
{
	if (p->now_ms - p->ticked_ms >= TICK_MS) {
		live_count_drops(&p->live);
		live_view_rate(&p->view, p->now_ms);
		p->ticked_ms = p->now_ms;
	}
	if (p->phase == PHASE_RUN && p->child[READER].pid &&
	    p->now_ms - p->saved_ms >= p->live.o->checkpoint_ms) {
		(void)wire_word(p->child[READER].wire, WIRE_SAVE, 0);
		p->saved_ms = p->now_ms;
	}
	for (int i = READER; i <= SENSOR; i++)
		if (p->child[i].again_ms && p->now_ms >= p->child[i].again_ms &&
		    p->phase < PHASE_END_READER)
			spawn(p, i);
	if ((p->phase == PHASE_READER || p->phase == PHASE_END_READER) && p->child[READER].pid &&
	    p->now_ms - p->asked_ms > HAND_OVER_MS)
		(void)kill(p->child[READER].pid, SIGKILL);
	p->view.reader = p->child[READER].pid;
	p->view.sensor = p->child[SENSOR].pid;
	give_file(p);
}

struct polled {
	struct pollfd *v;
	size_t n, listens_at, out_at, controls_at;
};

static void gather(const struct parent *p, struct polled *x)
{
	const struct live *l = &p->live;
	bool reader = p->child[READER].pid && !p->child[READER].asked;
	x->n = 0;
	x->v[x->n++] = (struct pollfd){.fd = p->signals, .events = POLLIN};
	for (int i = 0; i < CHILDREN; i++)
		x->v[x->n++] = (struct pollfd){
		    .fd = p->child[i].pid ? p->child[i].wire : -1, .events = POLLIN};
	x->listens_at = x->n;
	for (size_t i = 0; i < l->listens_n; i++) {
		int fd = l->watches[i] ? watch_fd(l->watches[i]) : reader ? l->listen_fd[i] : -1;
		x->v[x->n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	x->out_at = x->n;
	x->v[x->n++] = (struct pollfd){.fd = l->out, .events = POLLIN};
	x->controls_at = x->n;
	x->n += control_poll(&p->control, x->v + x->n);
}

static int patience(const struct parent *p)
{
	int64_t wait_ms = TICK_MS;
	for (int i = READER; i <= SENSOR; i++) {
		int64_t due_ms = p->child[i].again_ms - p->now_ms;
		if (p->child[i].again_ms && due_ms < wait_ms)
			wait_ms = due_ms > 0 ? due_ms : 0;
	}
	return (int)wait_ms;
}

static void serve(struct parent *p, const struct polled *x)
{
	if (x->v[0].revents)
		take_signals(p);
	for (int i = 0; i < CHILDREN; i++)
		if (x->v[1 + i].revents & POLLIN)
			hear(p, i);
	for (size_t i = 0; i < p->live.listens_n; i++) {
		if (!x->v[x->listens_at + i].revents)
			continue;
		if (p->live.watches[i])
			watch_read(p->live.watches[i]);
		else if (p->child[READER].pid)
			welcome(p, i);
	}
	if (x->v[x->out_at].revents)
		welcome_client(p);
	for (size_t i = x->controls_at; i < x->n; i++)
		if (x->v[i].revents) {
			control_serve(&p->control, &p->view, p->now_ms);
			break;
		}
}

/* What is only waited for must not depend on a clock that somebody sets. */
static int64_t steady_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int supervise(struct parent *p)
{
	struct polled x = {0};
	x.v = calloc(p->live.listens_n + CHILDREN + CONTROL_CLIENTS + 3, sizeof *x.v);
	if (!x.v)
		return 1;
	p->saved_ms = p->now_ms = steady_ms();
	spawn(p, SENSOR);
	while (p->phase != PHASE_OVER) {
		gather(p, &x);
		(void)poll(x.v, x.n, patience(p));
		p->now_ms = steady_ms();
		serve(p, &x);
		if (p->phase != PHASE_OVER)
			tick(p);
	}
	kill_all(p);
	while (waitpid(-1, NULL, 0) > 0)
		;
	free(x.v);
	return p->status;
}

static void block_signals(struct parent *p)
{
	sigset_t mask;
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)sigaddset(&mask, SIGINT);
	(void)sigaddset(&mask, SIGHUP);
	(void)sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, &p->old_mask);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is met like a full disk */
	p->signals = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void say_what_is_open(const struct live *l)
{
	for (size_t i = 0; i < l->listens_n; i++) {
		struct text name = {0};
		listen_text(&l->listens[i], &name);
		live_say("listening on %s", name.p);
		text_fini(&name);
	}
	if (l->sockets_n)
		live_say("receive buffers of %zu KiB", l->sockets[0].bytes / 1024);
	if (!l->rules_n)
		live_say("no --exporter given: any sender is taken, all on one common queue");
}

int run_sensor(const struct run_sensor_options *o, const struct settings *settings,
    const struct run_reload *reload)
{
	static struct parent p; /* large, and one a process */
	struct err e;
	p = (struct parent){.reload = reload,
	    .child = {{.name = "reader", .main = live_reader},
		{.name = "sensor", .main = live_sensor}, {.name = "sensor", .main = live_sensor}}};
	p.view.l = &p.live;
	p.control.fd = -1;
	block_signals(&p);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	int bad = live_open(&p.live, o, settings, &e);
	bad = bad ? bad : control_open(&p.control, p.live.folder, &e);
	if (bad) {
		live_say("%s", e.msg);
		p.status = bad == ERR_CONFIG ? 2 : 1;
	} else {
		(void)place_read(p.live.folder, "templates", &p.live.templates, NULL);
		say_what_is_open(&p.live);
		p.status = supervise(&p);
	}
	if (p.control.path.n)
		control_close(&p.control);
	live_close(&p.live);
	(void)close(p.signals);
	(void)sigprocmask(SIG_SETMASK, &p.old_mask, NULL);
	return p.status;
}
