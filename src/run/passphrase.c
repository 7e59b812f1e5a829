/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passphrases: see passphrase.h. Signals that would end the program while the terminal does not
 * echo are noted, and sent again when it echoes as before. */
#include "run/passphrase.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
enum { ENDS_N = sizeof ends / sizeof *ends };
static volatile sig_atomic_t ended;

static void note(int number)
{
	ended = number;
}

/* Up to a line end, or all; longer than there is room: n is VAULT_WORD_MAX + 1. */
static int read_word(int fd, bool line, struct word *w)
{
	w->n = 0;
	for (;;) {
		char c;
		ssize_t got = read(fd, &c, 1);
		if (got < 0 && errno == EINTR && !ended)
			continue;
		if (got < 0)
			return -1;
		if (got == 0 || (line && c == '\n'))
			return 0;
		w->p[w->n < VAULT_WORD_MAX ? w->n : VAULT_WORD_MAX] = c;
		w->n += w->n <= VAULT_WORD_MAX;
	}
}

static int ask_once(int tty, const char *prompt, struct word *w)
{
	struct termios echo, quiet;
	struct sigaction old[ENDS_N], mine = {.sa_handler = note};
	if (tcgetattr(tty, &echo) != 0)
		return -1;
	quiet = echo;
	quiet.c_lflag = (quiet.c_lflag & ~(tcflag_t)ECHO) | ECHONL;
	ended = 0;
	for (size_t i = 0; i < ENDS_N; i++)
		(void)sigaction(ends[i], &mine, &old[i]);
	(void)tcsetattr(tty, TCSAFLUSH, &quiet);
	(void)dprintf(tty, "%s", prompt);
	int bad = read_word(tty, true, w);
	(void)tcsetattr(tty, TCSAFLUSH, &echo);
	for (size_t i = 0; i < ENDS_N; i++)
		(void)sigaction(ends[i], &old[i], NULL);
	if (ended)
		(void)raise(ended);
	return bad;
}

static int ask(bool fresh, struct word *w, struct err *e)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0)
		return err_set(e, ERR_CONFIG,
		    "there is no terminal to ask for the passphrase: give it by --passphrase-file");
	struct word *again = secret_new(sizeof *again);
	int bad = ask_once(tty, fresh ? "new passphrase: " : "passphrase: ", w);
	if (!bad && fresh)
		bad = ask_once(tty, "the same once more: ", again);
	if (bad)
		bad = err_set(e, ERR_SYS, "the passphrase could not be read: %s", strerror(errno));
	else if (fresh && (again->n != w->n || memcmp(again->p, w->p, w->n) != 0))
		bad = err_set(e, ERR_CONFIG, "the two passphrases differ");
	secret_free(again);
	(void)close(tty);
	return bad;
}

static int read_file(const char *path, bool line, struct word *w, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), bad = ERR_OK;
	if (fd < 0 || fstat(fd, &st) != 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno));
	else if (S_ISREG(st.st_mode) && (st.st_mode & 077))
		bad = err_set(e, ERR_CONFIG, "%.150s: others may read it (mode %04o); make it 0600",
		    path, st.st_mode & 07777);
	else if (read_word(fd, line, w) != 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return bad;
}

static int finish(int bad, struct word **to, struct word *w)
{
	if (bad)
		secret_free(w);
	else
		*to = w;
	return bad;
}

int passphrase_read(const char *file, bool fresh, struct word **to, struct err *e)
{
	struct word *w = secret_new(sizeof *w);
	return finish(file ? read_file(file, true, w, e) : ask(fresh, w, e), to, w);
}

int passphrase_key(const char *file, struct word **to, struct err *e)
{
	const char *given = getenv("CREDENTIALS_DIRECTORY");
	struct text path = {0};
	if (!file && (!given || !*given))
		return err_set(e, ERR_CONFIG,
		    "this vault opens with a key: give it by --key-file, or as the systemd "
		    "credential vault-key");
	struct word *w = secret_new(sizeof *w);
	if (file)
		text_puts(&path, file);
	else
		text_fmt(&path, "%s/vault-key", given);
	int bad = finish(read_file(path.p, false, w, e), to, w);
	text_fini(&path);
	return bad;
}
