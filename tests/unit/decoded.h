/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decodes a text for a unit test, in windows that grow from one byte, so that every place is a
 * window's end once. */
#pragma once
#include "base/mem.h"
#include "decode/decode.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

struct decoded {
	struct exporters *exporters;
	struct batch batch;
};

static inline struct decoded decoded(const char *decoder, const char *text, int64_t zone_ms)
{
	const struct decoder *d = decoder_find(decoder);
	assert_non_null(d);
	struct decoded out = {.exporters = exporters_new()};
	struct decode_env env = {.exporters = out.exporters, .zone_ms = zone_ms};
	void *state = mem_new(1, d->state_bytes);
	size_t n = strlen(text), at = 0, held = 1;
	d->open(state, &env);
	for (bool last = n == 0; at < n || last; last = false) {
		size_t shown = held < n - at ? held : n - at;
		size_t used = d->decode(
		    state, (const uint8_t *)text + at, shown, at, at + shown == n, &out.batch);
		assert_true(used <= shown && (used || at + shown < n || n == 0));
		at += used;
		held = used ? 1 : held + 1;
	}
	if (d->close)
		d->close(state);
	free(state);
	return out;
}

static inline void decoded_fini(struct decoded *d)
{
	exporters_free(d->exporters);
	batch_fini(&d->batch);
}

/* The records as JSON lines; free with text_fini. */
static inline struct text decoded_json(const char *decoder, const char *text)
{
	struct decoded d = decoded(decoder, text, 0);
	struct text out = {0};
	struct json j = json_to(&out);
	for (size_t i = 0; i < d.batch.flow_n; i++)
		flow_json(&d.batch.flows[i], "", &j);
	for (size_t i = 0; i < d.batch.dns_n; i++)
		dns_json(&d.batch.dns[i], &j);
	for (size_t i = 0; i < d.batch.session_n; i++)
		session_json(&d.batch.sessions[i], "", &j);
	decoded_fini(&d);
	return out;
}
