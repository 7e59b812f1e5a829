/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac vault: makes the pair, prints its recovery sheet once, brings it back from the sheet,
 * tells how it is. The key is in its place only when the sheet has been printed. */
#include "run/vault.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/when.h"
#include "collect/collect.h"
#include "run/audit.h"
#include "run/keys.h"
#include "run/passphrase.h"
#include "run/place.h"
#include "store/store.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHEET_BYTES_MAX = 65536 };

int vault_load(const char *state, struct vault *v, struct err *e)
{
	struct text all = {0}, folder = {0};
	struct err why;
	text_fmt(&folder, "%s/vault", state);
	int bad = place_read(folder.p, "key", &all, &why);
	if (bad == ERR_NONE)
		err_set(
		    e, bad, "there is no vault in %.100s: 'theriac vault init' makes one", state);
	else if (bad)
		*e = why;
	else if ((bad = vault_read(v, (struct span){all.p, all.n}, &why)) != ERR_OK)
		err_set(e, bad, "%.120s/key: %s", folder.p, why.msg);
	text_fini(&all);
	text_fini(&folder);
	return bad;
}

void vault_store_path(const char *state, struct text *path)
{
	text_fmt(path, "%s/vault/store", state);
}

static int read_for(const struct run_vault_options *o, enum vault_lock lock, bool fresh,
    struct word **w, struct err *e)
{
	return lock == VAULT_KEY ? passphrase_key(o->key_file, w, e)
				 : passphrase_read(o->passphrase_file, fresh, w, e);
}

int vault_ask(const struct run_vault_options *o, const struct vault *v, uint8_t secret[BOX_KEY],
    struct err *e)
{
	struct word *w = NULL;
	int bad = read_for(o, (enum vault_lock)v->lock, false, &w, e);
	bad = bad ? bad : vault_unseal(v, w->p, w->n, secret, e);
	secret_free(w);
	return bad;
}

static int lock_folder(const char *state, struct text *folder, int *fd, struct err *e)
{
	text_fmt(folder, "%s/vault", state);
	bool fresh = mkdir(folder->p, 0700) == 0;
	if (fresh ? place_keep(state) != 0 : errno != EEXIST)
		return err_set(e, ERR_SYS, "%.180s: %s", folder->p, strerror(errno));
	*fd = open(folder->p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 || flock(*fd, LOCK_EX) != 0)
		return err_set(e, ERR_SYS, "%.180s: %s", folder->p, strerror(errno));
	return ERR_OK;
}

static int log_it(const char *state, const char *what, const struct vault *v, struct err *e)
{
	struct text t = {0};
	struct json j = json_to(&t);
	struct audit_head h;
	char name[VAULT_NAME];
	vault_name(v, name);
	audit_begin(&j, what, clock_now_ms());
	json_text(&j, "vault", name);
	json_close(&j);
	int bad = audit_append(state, (struct span){t.p, t.n}, &h, e);
	text_fini(&t);
	return bad;
}

/* Into its place, for good. */
static int keep(const char *folder, const struct vault *v, struct err *e)
{
	struct text t = {0};
	vault_print(v, &t);
	int bad = place_write(folder, "key", t.p, t.n, e);
	if (!bad && place_keep(folder) != 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", folder, strerror(errno));
	text_fini(&t);
	return bad;
}

static void sheet_words(const struct vault *v, const uint8_t *secret, struct text *out)
{
	char name[VAULT_NAME], made[WHEN_TEXT];
	vault_name(v, name);
	when_text(made, v->made_ms);
	text_fmt(out, "Theriac: recovery sheet of the vault %s\nmade %s\n\n", name, made);
	text_puts(out,
	    "Whoever has this sheet can read all contact data of the vault; without it, and\n"
	    "without the passphrase, nobody can. It is shown this once. Print it or write it\n"
	    "down, lock it away, and leave no copy of it on a computer.\n\n");
	sheet_print(secret, out);
	text_puts(out,
	    "\nThe fifth character of a group checks the group. There is no I, L, O or U.\n"
	    "To bring the vault back: theriac vault recover FILE, with these 14 groups and\n"
	    "their numbers in FILE.\n");
}

static void sheet_json(const struct vault *v, const uint8_t *secret, struct text *out)
{
	char name[VAULT_NAME], group[SHEET_GROUPS][SHEET_GROUP + 1];
	struct json j = json_to(out);
	vault_name(v, name);
	sheet_groups(secret, group);
	json_open(&j, NULL);
	json_text(&j, "type", "sheet");
	json_text(&j, "vault", name);
	json_time(&j, "made", v->made_ms);
	json_list(&j, "groups");
	for (size_t i = 0; i < SHEET_GROUPS; i++)
		json_text(&j, NULL, group[i]);
	json_end(&j);
	json_close(&j);
	json_line(&j);
	seal_wipe(group, sizeof group);
}

/* Unbuffered, so that no copy stays behind. */
static int print_sheet(
    const struct run_vault_options *o, const struct vault *v, const uint8_t *secret, struct err *e)
{
	struct text t = {0};
	if (o->json)
		sheet_json(v, secret, &t);
	else
		sheet_words(v, secret, &t);
	int bad = place_put(STDOUT_FILENO, t.p, t.n) == 0
		      ? ERR_OK
		      : err_set(e, ERR_SYS,
			    "the recovery sheet could not be printed (%s), so no vault was made",
			    strerror(errno));
	seal_wipe(t.p, t.n);
	text_fini(&t);
	return bad;
}

static int seal_new(
    const struct run_vault_options *o, struct vault *v, const uint8_t *secret, struct err *e)
{
	struct word *w = NULL;
	enum vault_lock lock = o->key_file ? VAULT_KEY : VAULT_PASSPHRASE;
	int bad = read_for(o, lock, true, &w, e);
	bad = bad ? bad : vault_seal(v, secret, lock, w->p, w->n, &secret_cost_usual, e);
	secret_free(w);
	return bad;
}

static int init(const struct run_vault_options *o, const char *state, struct err *e)
{
	struct vault v, old;
	struct text folder = {0};
	int fd = -1, bad = lock_folder(state, &folder, &fd, e);
	uint8_t *secret = secret_new(BOX_KEY);
	if (!bad && vault_load(state, &old, e) != ERR_NONE)
		bad = err_set(e, ERR_SYS,
		    "there is a vault in %.120s already: a second would make "
		    "its contact data unreadable",
		    state);
	vault_make(&v, secret, clock_now_ms());
	bad = bad ? bad : seal_new(o, &v, secret, e);
	bad = bad ? bad : log_it(state, "vault-init", &v, e);
	bad = bad ? bad : print_sheet(o, &v, secret, e);
	bad = bad ? bad : keep(folder.p, &v, e);
	secret_free(secret);
	if (fd >= 0)
		(void)close(fd);
	text_fini(&folder);
	return bad;
}

static int read_sheet(const char *path, uint8_t *secret, struct err *e)
{
	char *bytes = secret_new(SHEET_BYTES_MAX);
	bool standard = strcmp(path, "-") == 0;
	size_t n = 0;
	ssize_t got = 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	while (
	    fd >= 0 && n < SHEET_BYTES_MAX && (got = read(fd, bytes + n, SHEET_BYTES_MAX - n)) > 0)
		n += (size_t)got;
	int bad = fd < 0 || got < 0 ? err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno))
				    : sheet_read((struct span){bytes, n}, secret, e);
	if (fd >= 0 && !standard)
		(void)close(fd);
	secret_free(bytes);
	return bad;
}

/* The same vault under a new passphrase; another than the one that is there is refused. */
static int recover(
    const struct run_vault_options *o, const char *state, const char *path, struct err *e)
{
	struct vault v, old;
	struct text folder = {0};
	int fd = -1, bad = lock_folder(state, &folder, &fd, e);
	uint8_t *secret = secret_new(BOX_KEY);
	bad = bad ? bad : read_sheet(path, secret, e);
	vault_remake(&v, secret, clock_now_ms());
	if (!bad && vault_load(state, &old, e) == ERR_OK) {
		if (memcmp(old.open, v.open, sizeof v.open) != 0)
			bad = err_set(e, ERR_SYS,
			    "this sheet is of another vault than the one in "
			    "%.120s",
			    state);
		v.made_ms = old.made_ms;
	}
	bad = bad ? bad : seal_new(o, &v, secret, e);
	bad = bad ? bad : log_it(state, "vault-recover", &v, e);
	bad = bad ? bad : keep(folder.p, &v, e);
	secret_free(secret);
	if (fd >= 0)
		(void)close(fd);
	text_fini(&folder);
	return bad;
}

static int count(const char *state, struct store_subscribers *c, struct err *e)
{
	struct store *s = NULL;
	struct text path = {0};
	*c = (struct store_subscribers){0};
	vault_store_path(state, &path);
	int bad = store_open(&s, path.p, false, e);
	bool none = bad == ERR_NONE;
	bad = bad ? bad : store_count_subscribers(s, c, e);
	store_close(s);
	text_fini(&path);
	return none ? ERR_OK : bad;
}

static void status_words(
    const struct vault *v, const struct store_subscribers *c, bool opened, struct text *out)
{
	char name[VAULT_NAME], made[WHEN_TEXT], last[WHEN_TEXT];
	vault_name(v, name);
	when_text(made, v->made_ms);
	when_text(last, c->last_ms);
	text_fmt(out, "vault        %s, made %s\n", name, made);
	if (v->lock == VAULT_KEY)
		text_puts(out, "opens with   a key (--key-file, or the credential vault-key)\n");
	else
		text_fmt(out, "opens with   a passphrase (Argon2id, %llu passes over %llu MiB)\n",
		    (unsigned long long)v->cost.passes, (unsigned long long)v->cost.bytes >> 20);
	if (opened)
		text_puts(out, "it opened    with what was given\n");
	text_fmt(out, "subscribers  %llu", (unsigned long long)c->n);
	if (c->n)
		text_fmt(out, ", last import %s", last);
	text_putc(out, '\n');
}

static void status_json(
    const struct vault *v, const struct store_subscribers *c, bool opened, struct text *out)
{
	char name[VAULT_NAME];
	struct json j = json_to(out);
	vault_name(v, name);
	json_open(&j, NULL);
	json_text(&j, "type", "vault");
	json_text(&j, "vault", name);
	json_time(&j, "made", v->made_ms);
	json_text(&j, "opens_with", v->lock == VAULT_KEY ? "key" : "passphrase");
	if (opened)
		json_bool(&j, "opened", true);
	json_uint(&j, "subscribers", c->n);
	if (c->n)
		json_time(&j, "last_import", c->last_ms);
	json_close(&j);
	json_line(&j);
}

static int status(const struct run_vault_options *o, const char *state, struct err *e)
{
	struct vault v;
	struct store_subscribers c;
	struct text out = {0};
	int bad = vault_load(state, &v, e);
	if (!bad && o->open) {
		uint8_t *secret = secret_new(BOX_KEY);
		bad = vault_ask(o, &v, secret, e);
		secret_free(secret);
	}
	bad = bad ? bad : count(state, &c, e);
	if (!bad)
		(o->json ? status_json : status_words)(&v, &c, o->open, &out);
	if (!bad && place_put(STDOUT_FILENO, out.p, out.n) != 0)
		bad = err_set(e, ERR_SYS, "the output could not be written: %s", strerror(errno));
	text_fini(&out);
	return bad;
}

int run_status_of(int bad, const struct err *e)
{
	if (bad)
		(void)fprintf(stderr, "theriac: %s\n", e->msg);
	return bad == ERR_OK ? 0 : bad == ERR_CONFIG ? 2 : bad == ERR_NONE ? 3 : 1;
}

int run_vault(const struct run_vault_options *o, enum run_vault_what what, const char *path)
{
	struct text state = {0};
	struct err e;
	secret_guard();
	(void)signal(SIGXFSZ, SIG_IGN); /* a limit on files is met like a full disk */
	int bad = what == RUN_VAULT_KEY
		      ? ERR_OK
		      : place_state(o->state, what != RUN_VAULT_STATUS, &state, &e);
	if (!bad && what == RUN_VAULT_INIT)
		bad = init(o, state.p, &e);
	else if (!bad && what == RUN_VAULT_STATUS)
		bad = status(o, state.p, &e);
	else if (!bad && what == RUN_VAULT_RECOVER)
		bad = recover(o, state.p, path, &e);
	else if (!bad)
		bad = keys_make_file(path, &e);
	text_fini(&state);
	return run_status_of(bad, &e);
}
