/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac sensor: the parent of the processes. It opens what they need, starts them, and starts
 * them again when they die; it never looks at what comes in. Sockets and the ring are its own, so
 * that what arrives while a child is replaced waits in the kernel or in the ring. */
#include "run/outlet.h"
#include "run/parent.h"
#include "run/place.h"
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TICK_MS = 1000,
	HEARD_A_TURN = 1024,
	HAND_OVER_MS = 40000 /* longer than the reader takes to finish a file */
};
enum { TEMPLATES_MAX = 256 << 20 };

/* The closing summary where no sensor is left to write it: what was counted. */
static void sum_up(const struct parent *p)
{
	const struct live_board *b = p->live.board;
	struct stats stats = {.lines = b->lines, .muted = b->muted, .dropped = b->dropped};
	struct text json = {0}, words = {0};
	struct outlet out;
	live_summary(&p->live, &stats, &json, &words);
	const struct text *t = p->live.o->json ? &json : &words;
	outlet_init(&out, STDOUT_FILENO);
	(void)outlet_line(&out, t->p, t->n);
	outlet_send(&out);
	outlet_fini(&out);
	text_fini(&json);
	text_fini(&words);
}

/* The sensor has the last words; one that is down just now is started for them once more. */
static void end_sensor(struct parent *p)
{
	struct child *c = &p->child[SENSOR];
	p->phase = PHASE_END_SENSOR;
	live_count_drops(&p->live);
	live_keep_feeds(&p->live);
	if (!c->pid)
		parent_spawn(p, SENSOR);
	if (c->pid && c->ready)
		parent_ask_to_end(p, SENSOR, WIRE_END, 1);
	if (c->pid)
		return;
	sum_up(p);
	p->phase = PHASE_OVER;
}

static bool readers_left(const struct parent *p)
{
	return p->child[READER].pid || p->child[SESSIONS].pid;
}

static void ask_readers_to_end(struct parent *p, uint32_t number)
{
	p->asked_ms = p->now_ms;
	p->saves_asked++;
	for (int i = READER; i <= SESSIONS; i++)
		if (p->child[i].pid)
			parent_ask_to_end(p, i, WIRE_STOP, number);
}

static void spawn_readers(struct parent *p)
{
	parent_spawn(p, READER);
	if (p->live.feeds_n)
		parent_spawn(p, SESSIONS);
}

static void begin_end(struct parent *p)
{
	if (p->phase >= PHASE_END_READER) {
		live_say("ending at once");
		sum_up(p);
		p->status = 1;
		p->phase = PHASE_OVER; /* the loop ends with killing all */
		return;
	}
	if (p->child[NEXT].pid)
		(void)kill(p->child[NEXT].pid, SIGKILL);
	p->phase = PHASE_END_READER;
	ask_readers_to_end(p, 1);
	if (!readers_left(p))
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

static bool same_list(const struct opt_list *a, const struct opt_list *b)
{
	size_t i = 0;
	while (i < a->n && i < b->n && strcmp(a->v[i], b->v[i]) == 0)
		i++;
	return i == a->n && i == b->n;
}

/* Sockets and files stay as they were opened. */
static void say_what_waits(
    const struct run_sensor_options *was, const struct run_sensor_options *is)
{
	if (!same_list(&was->listen, &is->listen))
		live_say("--listen is taken at the next start");
	if (!same_list(&was->sessions, &is->sessions))
		live_say("--sessions is taken at the next start");
}

static void begin_reload(struct parent *p)
{
	struct err e;
	if (p->phase != PHASE_RUN || !p->child[READER].pid || !p->child[SENSOR].pid ||
	    (p->live.feeds_n && !p->child[SESSIONS].pid)) {
		live_say("busy: not reloading now");
		return;
	}
	p->old_o = p->live.o;
	p->old_settings = p->live.settings;
	if (p->reload->again(&p->live.o, &p->live.settings, &e)) {
		live_say("%s; everything goes on as before", e.msg);
		return;
	}
	say_what_waits(p->old_o, p->live.o);
	p->phase = PHASE_LOAD;
	parent_spawn(p, NEXT);
	if (!p->child[NEXT].pid)
		give_up_reload(p);
}

static void sensor_handed_over(struct parent *p)
{
	const char *name = p->child[SENSOR].name;
	p->child[SENSOR] = p->child[NEXT];
	p->child[SENSOR].name = name;
	p->child[NEXT].pid = 0;
	p->phase = PHASE_RUN;
	parent_give_handed(p);
	(void)wire_word(p->child[SENSOR].wire, WIRE_GO, 0);
	live_say("reloaded");
}

static void readers_handed_over(struct parent *p)
{
	spawn_readers(p);
	parent_drop_rests(p);
	p->phase = PHASE_SENSOR;
	if (p->child[SENSOR].pid)
		parent_ask_to_end(p, SENSOR, WIRE_END, 0);
	else
		sensor_handed_over(p); /* it died meanwhile */
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
	ask_readers_to_end(p, 0);
	if (!readers_left(p)) /* they died meanwhile */
		readers_handed_over(p);
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
		spawn_readers(p);
		live_say("ready");
	} else if (p->phase == PHASE_END_SENSOR) {
		parent_ask_to_end(p, SENSOR, WIRE_END, 1);
	}
}

static void keep_templates(struct parent *p, int fd)
{
	struct text t = {0};
	if (!wire_read_memory(fd, TEMPLATES_MAX, &t))
		return;
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

/* What nobody asked for is not listened to: a child that was taken over cannot keep the parent busy
 * by it. */
static void heard(struct parent *p, int which, const struct wire *m, int fd)
{
	switch ((enum wire_kind)m->kind) {
	case WIRE_READY:
		if (!is_reader(which) && !p->child[which].ready)
			sensor_is_ready(p, which);
		break;
	case WIRE_SAVED:
		if (fd >= 0 && which == READER && p->saves_asked) {
			keep_templates(p, fd);
			write_templates(p);
			live_keep_places(&p->live);
			p->saves_asked--;
		}
		break;
	case WIRE_LINES:
	case WIRE_CLIENT:
		if (fd >= 0 && which == SENSOR && p->phase == PHASE_SENSOR)
			parent_keep_handed(p, m, &fd);
		break;
	case WIRE_PEER_IS:
		for (size_t i = 0; which == READER && i < LIVE_PEERS_MAX; i++)
			if (m->id && p->live.peers[i].id == m->id)
				p->live.peers[i].kind =
				    m->number == STREAM_DNSTAP ? STREAM_DNSTAP : STREAM_IPFIX;
		break;
	case WIRE_PEER_REST:
		if (which == READER && p->phase == PHASE_READER)
			parent_keep_rest(p, m->id, &fd);
		break;
	case WIRE_PEER_END:
		if (m->id && which == READER)
			parent_forget_peer(p, m->id);
		break;
	case WIRE_FILE_END:
		if (which == READER)
			parent_file_done(p);
		else if (which == SESSIONS)
			parent_left_file(p, m);
		break;
	case WIRE_PEER:
	case WIRE_FILE:
	case WIRE_SAVE:
	case WIRE_STOP:
	case WIRE_GO:
	case WIRE_END:
		break;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* More than the socket holds need not be heard at once: a child that never stops talking must not
 * have all of the parent's time. */
static void hear(struct parent *p, int which)
{
	struct child *c = &p->child[which];
	struct wire m;
	int fd, got = 0, most = HEARD_A_TURN;
	pid_t pid = c->pid;
	while (most-- && c->pid == pid && pid && (got = wire_take(c->wire, &m, &fd)) > 0)
		heard(p, which, &m, fd);
	if (got < 0)
		(void)kill(pid, SIGKILL); /* what has ended already does not mind */
}

/* A reader that is gone reads no further; a file that it was at is not read once more. */
static void leave_file(struct parent *p)
{
	if (p->file_busy)
		live_say("the file it was reading is left");
	parent_file_done(p);
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
		parent_forget_peer(p, 0); /* what they had sent of a message is gone with it */
		leave_file(p);
	}
	if (which == SENSOR) {
		uint64_t taken = p->live.board->taken;
		live_say("%llu records taken since the last checkpoint are forgotten",
		    (unsigned long long)(taken - p->live.board->checkpoint_taken));
		p->live.board->checkpoint_taken = taken;
	}
	if (parent_start_later(p, c))
		return;
	p->status = 1;
	if (is_reader(which)) {
		begin_end(p); /* what the others know is kept */
		return;
	}
	sum_up(p);
	p->phase = PHASE_OVER;
}

static void reader_ended(struct parent *p, int which, int how)
{
	bool orderly = WIFEXITED(how) && WEXITSTATUS(how) == 0 && p->child[which].asked;
	if (p->phase == PHASE_READER && which == READER) {
		if (!orderly)
			parent_forget_peer(p, 0);
		leave_file(p);
	}
	if (p->phase < PHASE_READER || p->phase == PHASE_SENSOR)
		died(p, which, how);
	else if (p->phase == PHASE_READER && !readers_left(p))
		readers_handed_over(p);
	else if (p->phase == PHASE_END_READER && !readers_left(p))
		end_sensor(p);
}

static void sensor_ended(struct parent *p, int how)
{
	bool orderly = WIFEXITED(how) && WEXITSTATUS(how) == 0 && p->child[SENSOR].asked;
	if (p->phase == PHASE_END_SENSOR) {
		p->status |= !orderly;
		if (!orderly)
			sum_up(p);
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
	if (is_reader(which)) {
		reader_ended(p, which, how);
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

static void tick(struct parent *p)
{
	if (p->now_ms - p->ticked_ms >= TICK_MS) {
		live_count_drops(&p->live);
		live_view_rate(&p->view, p->now_ms);
		parent_check_folders(p);
		parent_give_feeds(p);
		for (int i = 0; i < CHILDREN; i++)
			parent_look_after(p, i);
		p->ticked_ms = p->now_ms;
	}
	if (p->accept_ms && p->now_ms >= p->accept_ms)
		p->accept_ms = 0;
	if (p->phase == PHASE_RUN && p->child[READER].pid &&
	    p->now_ms - p->saved_ms >= p->live.o->checkpoint_ms) {
		(void)wire_word(p->child[READER].wire, WIRE_SAVE, 0);
		live_keep_feeds(&p->live);
		p->saves_asked++;
		p->saved_ms = p->now_ms;
	}
	for (int i = READER; i <= SENSOR; i++)
		if (p->child[i].again_ms && p->now_ms >= p->child[i].again_ms &&
		    p->phase < PHASE_END_READER && !(p->phase == PHASE_READER && is_reader(i)))
			parent_spawn(p, i);
	if ((p->phase == PHASE_READER || p->phase == PHASE_END_READER) &&
	    p->now_ms - p->asked_ms > HAND_OVER_MS)
		for (int i = READER; i <= SESSIONS; i++)
			if (p->child[i].pid)
				(void)kill(p->child[i].pid, SIGKILL);
	p->view.reader = p->child[READER].pid;
	p->view.sessions = p->child[SESSIONS].pid;
	p->view.sensor = p->child[SENSOR].pid;
	parent_give_file(p);
}

struct polled {
	struct pollfd *v;
	size_t n, listens_at, out_at, controls_at;
};

static void gather(const struct parent *p, struct polled *x)
{
	const struct live *l = &p->live;
	bool reader = p->child[READER].pid && !p->child[READER].asked && !p->accept_ms;
	bool sensor = p->child[SENSOR].pid && !p->child[SENSOR].asked && !p->accept_ms;
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
	x->v[x->n++] = (struct pollfd){.fd = sensor ? l->out : -1, .events = POLLIN};
	x->controls_at = x->n;
	x->n += control_poll(&p->control, x->v + x->n, p->now_ms);
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
			parent_welcome(p, i);
	}
	if (x->v[x->out_at].revents && p->child[SENSOR].pid)
		parent_welcome_client(p);
	control_serve(&p->control, &p->view, p->now_ms);
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
	parent_spawn(p, SENSOR);
	while (p->phase != PHASE_OVER) {
		gather(p, &x);
		(void)poll(x.v, x.n, patience(p));
		p->now_ms = steady_ms();
		serve(p, &x);
		if (p->phase != PHASE_OVER)
			tick(p);
	}
	parent_kill_all(p);
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

static void say_buffers(const struct live *l)
{
	uint64_t asked = l->o->buffer_mb << 20, got = l->sockets[0].bytes;
	if (got >= asked - asked / 1024) /* the kernel rounds */
		live_say("receive buffers of %llu MiB", (unsigned long long)l->o->buffer_mb);
	else
		live_say(
		    "receive buffers of %llu KiB, though %llu MiB were asked for: raise the limit "
		    "with sysctl net.core.rmem_max=%llu, then start again",
		    (unsigned long long)got / 1024, (unsigned long long)l->o->buffer_mb,
		    (unsigned long long)asked);
}

static void say_feed(const struct live_feed *f)
{
	char addr[ADDR_TEXT];
	const char *what = f->kind == FEED_RADIUS ? "radius" : "syslog";
	addr_text(addr, &f->at.addr);
	if (f->path)
		live_say("following %.300s", f->name);
	else if (addr_is_v4(&f->at.addr))
		live_say("sessions from %s:%s:%u", what, addr, f->at.port);
	else
		live_say("sessions from %s:[%s]:%u", what, addr, f->at.port);
}

static void say_what_is_open(const struct live *l)
{
	for (size_t i = 0; i < l->listens_n; i++) {
		struct text name = {0};
		listen_text(&l->listens[i], &name);
		live_say("listening on %s", name.p);
		text_fini(&name);
	}
	for (size_t i = 0; i < l->feeds_n; i++)
		say_feed(&l->feeds[i]);
	if (l->sockets_n)
		say_buffers(l);
	if (!l->rules_n)
		live_say("no --exporter given: any sender is taken, all on one common queue");
}

int run_sensor(const struct run_sensor_options *o, const struct settings *settings,
    const struct run_reload *reload)
{
	static struct parent p; /* large, and one a process */
	struct err e;
	p = (struct parent){.reload = reload,
	    .child = {[READER] = {.name = "reader", .main = live_reader},
		[SESSIONS] = {.name = "session reader", .main = live_sessions},
		[SENSOR] = {.name = "sensor", .main = live_sensor},
		[NEXT] = {.name = "sensor", .main = live_sensor}}};
	p.view.l = &p.live;
	p.control.fd = -1;
	for (size_t i = 0; i <= OUTLETS; i++)
		p.handed[i].fd = -1;
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
