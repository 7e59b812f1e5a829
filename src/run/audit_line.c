/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lines of the log: see audit_line.h. */
#include "run/audit_line.h"
#include "base/mem.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void audit_head_text(char out[AUDIT_HEAD_TEXT], const struct audit_head *h)
{
	struct text t = {0};
	text_fmt(&t, "%llu:", (unsigned long long)h->n);
	text_hex(&t, h->hash, sizeof h->hash);
	(void)str_copy(out, AUDIT_HEAD_TEXT, t.p, t.n);
	text_fini(&t);
}

void audit_line_text(const struct audit_line *l, struct text *out)
{
	text_fmt(out, "%0*llu ", AUDIT_NUMBER, (unsigned long long)l->n);
	text_hex(out, l->leaf, sizeof l->leaf);
	text_putc(out, ' ');
	text_hex(out, l->head, sizeof l->head);
	text_putc(out, '\n');
}

static bool number(struct span s, uint64_t *n)
{
	return s.n == AUDIT_NUMBER && span_uint(s, n) && *n > 0;
}

bool audit_line_read(struct span s, struct audit_line *l)
{
	if (s.n != AUDIT_LINE || s.p[AUDIT_LINE - 1] != '\n')
		return false;
	s.n--;
	struct span n = span_cut(&s, ' '), leaf = span_cut(&s, ' ');
	return s.p && number(n, &l->n) && span_hex(leaf, l->leaf, sizeof l->leaf) &&
	       span_hex(s, l->head, sizeof l->head);
}

struct audit_line audit_line_next(
    const struct audit_head *before, const uint8_t leaf[DIGEST_SHA256])
{
	struct audit_line l = {.n = before->n + 1};
	struct span parts[3] = {digest_part("\1", 1),
	    digest_part(before->hash, sizeof before->hash), digest_part(leaf, DIGEST_SHA256)};
	memcpy(l.leaf, leaf, sizeof l.leaf);
	digest_sha256(l.head, parts, 3);
	return l;
}

void audit_record_text(const struct audit_record *r, struct text *out)
{
	text_fmt(out, "%0*llu ", AUDIT_NUMBER, (unsigned long long)r->n);
	if (r->erased) {
		text_puts(out, "erased\n");
		return;
	}
	text_hex(out, r->salt, sizeof r->salt);
	text_putc(out, ' ');
	text_add(out, r->json.p, r->json.n);
	text_putc(out, '\n');
}

bool audit_record_read(struct span line, struct audit_record *r)
{
	*r = (struct audit_record){0};
	struct span n = span_cut(&line, ' ');
	if (!line.p || !number(n, &r->n))
		return false;
	r->erased = span_is(line, "erased");
	if (r->erased)
		return true;
	struct span salt = span_cut(&line, ' ');
	r->json = line;
	return line.p && span_hex(salt, r->salt, sizeof r->salt);
}

void audit_record_leaf(const struct audit_record *r, uint8_t leaf[DIGEST_SHA256])
{
	struct span parts[3] = {
	    digest_part("\0", 1), digest_part(r->salt, sizeof r->salt), r->json};
	digest_sha256(leaf, parts, 3);
}

uint64_t audit_erasure_of(struct span json)
{
	const size_t head = sizeof AUDIT_ERASURE - 1;
	uint64_t n;
	if (json.n <= head || memcmp(json.p, AUDIT_ERASURE, head) != 0)
		return 0;
	struct span rest = {json.p + head, json.n - head};
	return span_uint(span_cut(&rest, ','), &n) ? n : 0;
}

int audit_file(const char *state, const char *name, int flags)
{
	struct text path = {0};
	text_fmt(&path, "%s/audit/%s", state, name);
	int fd = open(path.p, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	text_fini(&path);
	return fd;
}
