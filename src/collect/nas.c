/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NASes and their secrets: see nas.h. */
#include "base/secret.h"
#include "collect/collect.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static int wrong(struct span word, struct err *e)
{
	return err_set(e, ERR_CONFIG,
	    "--nas: '%.*s' is not one of secret=FILE, skew=SPAN, realm=N, line=user|cui",
	    (int)(word.n < 60 ? word.n : 60), word.p);
}

static int check_mode(int fd, const char *path, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_set(e, ERR_SYS, "%.180s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%.180s: not a file", path);
	if (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP))
		return err_set(e, ERR_CONFIG,
		    "%.150s: a secret that others can read or write; chmod 600 it, or 640", path);
	return ERR_OK;
}

static int take_secret(struct nas_rule *r, int fd, const char *path, struct err *e)
{
	char *line = secret_new(NAS_SECRET_MAX + 2);
	ssize_t got = read(fd, line, NAS_SECRET_MAX + 2);
	int why = errno;
	struct span rest = {line, got > 0 ? (size_t)got : 0}, secret = span_cut(&rest, '\n');
	int bad = ERR_OK;
	if (secret.n && secret.p[secret.n - 1] == '\r')
		secret.n--;
	if (got < 0)
		bad = err_set(e, ERR_SYS, "%.180s: %s", path, strerror(why));
	else if (secret.n == 0 || secret.n > NAS_SECRET_MAX)
		bad = err_set(e, ERR_CONFIG,
		    "%.150s: its first line has to be the secret, of 1 to %d bytes", path,
		    NAS_SECRET_MAX);
	if (!bad) {
		r->secret = secret_new(sizeof *r->secret);
		r->secret->n = secret.n;
		memcpy(r->secret->text, secret.p, secret.n);
	}
	secret_free(line);
	return bad;
}

static int read_secret(struct nas_rule *r, struct span name, struct err *e)
{
	char path[PATH_BYTES];
	if (r->secret)
		return err_set(e, ERR_CONFIG, "--nas: more than one secret of a NAS");
	if (!name.n || !str_copy(path, sizeof path, name.p, name.n))
		return wrong((struct span){"secret=", 7}, e);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return err_set(e, ERR_CONFIG, "--nas: %.180s: %s", path, strerror(errno));
	int bad = check_mode(fd, path, e);
	if (!bad)
		bad = take_secret(r, fd, path, e);
	(void)close(fd);
	return bad;
}

static int parse_key(struct nas_rule *r, struct span word, struct err *e)
{
	struct span value = word, key = span_cut(&value, '=');
	uint64_t n;
	if (!value.p)
		return wrong(word, e);
	if (span_is(key, "secret"))
		return read_secret(r, value, e);
	if (span_is(key, "skew"))
		return rule_skew(&r->skew_ms, "nas: skew", value, e);
	if (span_is(key, "realm") && span_uint(value, &n) && n <= UINT32_MAX)
		r->realm = (uint32_t)n;
	else if (span_is(key, "line") && (span_is(value, "user") || span_is(value, "cui")))
		r->by_cui = span_is(value, "cui");
	else
		return wrong(word, e);
	return ERR_OK;
}

int nas_rule_parse(struct nas_rule *r, const char *text, struct err *e)
{
	struct span rest = span_of(text), from = span_cut(&rest, ',');
	*r = (struct nas_rule){0};
	int bad = prefix_of_host(from, &r->from, "--nas", e);
	while (!bad && rest.p)
		bad = parse_key(r, span_cut(&rest, ','), e);
	if (!bad && !r->secret)
		bad = err_set(e, ERR_CONFIG, "--nas: %.80s: its secret=FILE is missing", text);
	if (bad) {
		secret_free(r->secret);
		r->secret = NULL;
	}
	return bad;
}

void nas_rules_free(struct nas_rule *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		secret_free(v[i].secret);
	free(v);
}

const struct nas_rule *nas_rule_of(const struct nas_rule *v, size_t n, const union addr *from)
{
	const struct nas_rule *best = NULL;
	for (size_t i = 0; i < n; i++)
		if (prefix_holds(&v[i].from, from) && (!best || v[i].from.bits > best->from.bits))
			best = &v[i];
	return best;
}
