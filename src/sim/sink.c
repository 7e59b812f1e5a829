/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output files: see sink.h. */
#include "sim/sink.h"
#include <errno.h>
#include <string.h>

enum { SINK_BUFFER = 1 << 18 };

int sink_open(struct sink *s, const char *dir, const char *name, struct err *e)
{
	*s = (struct sink){0};
	int n = snprintf(s->path, sizeof s->path, "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof s->path)
		return err_set(
		    e, ERR_CONFIG, "--out: the path is longer than %zu bytes", sizeof s->path);
	s->f = fopen(s->path, "wbe");
	if (!s->f)
		return err_set(e, ERR_SYS, "%s: cannot be written: %s", s->path, strerror(errno));
	(void)setvbuf(s->f, NULL, _IOFBF, SINK_BUFFER);
	return ERR_OK;
}

void sink_add(struct sink *s, const void *p, size_t n)
{
	if (!s->f || s->failed || n == 0)
		return;
	errno = 0;
	if (fwrite(p, 1, n, s->f) != n)
		s->failed = errno ? errno : EIO;
	s->bytes += n;
}

int sink_close(struct sink *s, struct err *e)
{
	if (!s->f)
		return ERR_OK;
	errno = 0;
	if (fclose(s->f) != 0 && !s->failed)
		s->failed = errno ? errno : EIO;
	s->f = NULL;
	if (!s->failed)
		return ERR_OK;
	return err_set(e, ERR_SYS, "%s: cannot be written: %s", s->path, strerror(s->failed));
}
