#pragma once
#include "decode/decode.h"
#include "decode/export.h"
struct export_rule {
	struct prefix from;
	uint32_t sampling;
	uint8_t dialect;
};
enum { EXPORT_DIALECT_RFC8158, EXPORT_DIALECT_JUNOS };
struct export_counts {
	uint64_t datagrams, records, bad, ignored, no_template, lost, waiting, resets,
	    wrong_sampling, redefined;
	uint32_t sampling;
	int64_t last_ms;
};
static inline void export_rules(struct export *x, const struct export_rule *v, size_t n)
{
	(void)x;
	(void)v;
	(void)n;
}
static inline bool export_counted(const struct export *x, uint32_t e, struct export_counts *c)
{
	(void)x;
	(void)e;
	*c = (struct export_counts){0};
	return false;
}
static inline void export_save(const struct export *x, struct text *out)
{
	(void)x;
	text_puts(out, "none");
}
static inline int export_load(struct export *x, struct span s, struct err *e)
{
	(void)x;
	(void)s;
	(void)e;
	return 0;
}
static inline size_t export_message_bytes(const uint8_t *p, size_t n)
{
	if (n < 4)
		return 0;
	if (p[0] || p[1] != 10)
		return SIZE_MAX;
	return (size_t)p[2] << 8 | p[3];
}
struct dnstap;
static inline struct dnstap *dnstap_new(const struct decode_env *e)
{
	(void)e;
	return NULL;
}
static inline void dnstap_free(struct dnstap *d)
{
	(void)d;
}
static inline void dnstap_frame(
    struct dnstap *s, const uint8_t *p, size_t n, uint64_t offset, struct batch *out)
{
	(void)s;
	(void)p;
	(void)n;
	(void)offset;
	(void)out;
}
