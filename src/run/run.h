/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wiring: what the commands run. All but the live sensor is offline and in one
 * process. */
#pragma once
#include "base/opt.h"
#include "conf/conf.h"
#include "sim/sim.h"
#include <stdint.h>
#include <stdio.h>

struct decode_options { /* theriac decode */
	const char *config;
	const char *format; /* NULL: by content */
	const char *zone;   /* of times without one */
	bool json;
};

struct run_detect_options { /* theriac detect */
	const char *config;
	struct opt_list inside, sessions, nats, indicators, allow;
	const char *format, *zone, *min_tier, *pseudonyms;
	int64_t since_ms, until_ms; /* 0: no limit */
	uint64_t threads;           /* 0: as many as there are processors */
	uint64_t sampling;          /* 0: as announced */
	bool no_dns, no_detect, json;
	FILE *json_to; /* JSON Lines go there as well, from observe on; NULL: nowhere */
};

struct run_sensor_options { /* theriac sensor */
	const char *config;
	struct opt_list listen, exporters, sessions, nas, nats, inside, indicators, allow;
	uint64_t sampling, threads;
	uint64_t buffer_mb; /* of each UDP socket */
	const char *state, *out, *min_tier;
	int64_t retention_ms;  /* how long sessions are kept after their end */
	int64_t report_ms;     /* stage clock from one look at the verdicts to the next */
	int64_t checkpoint_ms; /* wall clock from one checkpoint to the next */
	bool replay, no_dns, json;
};

struct run_ask_options { /* theriac status, theriac metrics */
	const char *state;
	bool json;
};

struct run_vault_options { /* theriac vault */
	const char *state, *passphrase_file, *key_file;
	bool open, json;
};

struct run_subscriber_options { /* theriac subscriber */
	struct run_vault_options vault;
	const char *reason;
	bool dry_run, json;
};

struct run_who_options { /* theriac who */
	const char *config, *reason, *proto, *zone, *state;
	struct opt_list nats;
	uint64_t realm;
	int64_t skew_ms;
	bool verify_log, json;
};

struct run_session_options { /* theriac session */
	const char *config, *state, *format, *zone;
	int64_t retention_ms;
	uint64_t memory_mb; /* for sorting */
	bool json;
};

struct demo_options { /* theriac demo */
	const char *config, *out;
	uint64_t lines, hours, seed;
	bool once;
};

/* What `theriac list` can name here: "detectors", "decoders", … */
extern const char *const run_list_words[];
extern const size_t run_list_words_n;
/* Appends what is built in of one kind, straight from the descriptors; json: one object a line.
 * False where the word is none of run_list_words. */
bool run_list(const char *word, bool json, struct text *out);

/* Option values of every stage, decoder and detector: the defaults, then what a configuration file
 * says.
 */
struct settings;
struct settings *settings_new(void);
void settings_free(struct settings *s);
/* more: the sections of the commands, which stand in the same file. */
int settings_load(struct settings *s, const char *path, const struct conf_section *more,
    size_t more_n, struct err *e);
/* Appends the whole configuration as a file that can be loaded. */
void settings_print(
    const struct settings *s, const struct conf_section *more, size_t more_n, struct text *out);
const struct attribute_options *settings_attribute(const struct settings *s);
const struct detect_options *settings_tables(const struct settings *s);
const struct evidence_options *settings_evidence(const struct settings *s);
const struct sessions_options *settings_sessions(const struct settings *s);
const struct lines_rules *settings_lines(const struct settings *s);
/* By the stage's number; valid as long as s. */
const void *const *settings_decoders(const struct settings *s);
const void *const *settings_detectors(const struct settings *s);
const bool *settings_enabled(const struct settings *s); /* which detectors run */

/* Prints every record of the files as decoded. Returns an exit status. */
int run_decode(
    const struct decode_options *o, const struct settings *settings, char **paths, int n);
/* The main job offline: reads, detects, prints. Returns an exit status. */
int run_detect(
    const struct run_detect_options *o, const struct settings *settings, char **paths, int n);
/* Receives, detects and prints until SIGTERM or SIGINT. Returns an exit status. On SIGHUP, again()
 * reads the configuration anew; what was valid before stays so until its next call, and undo()
 * makes it the one in use again. */
struct run_reload {
	int (*again)(
	    const struct run_sensor_options **o, const struct settings **settings, struct err *e);
	void (*undo)(void);
};
int run_sensor(const struct run_sensor_options *o, const struct settings *settings,
    const struct run_reload *reload);
/* Asks the sensor that runs on a state's folder and prints its answer. Returns an exit status. */
int run_ask(const char *state, const char *question);
/* The exit status of what ended with bad, printing the sentence if there is one. */
int run_status_of(int bad, const struct err *e);
enum run_vault_what { RUN_VAULT_INIT, RUN_VAULT_STATUS, RUN_VAULT_RECOVER, RUN_VAULT_KEY };
/* path: of the sheet (RECOVER) or of the new key file (KEY). */
int run_vault(const struct run_vault_options *o, enum run_vault_what what, const char *path);
enum run_subscriber_what { RUN_SUBSCRIBER_IMPORT, RUN_SUBSCRIBER_EXPORT, RUN_SUBSCRIBER_ERASE };
/* args: files (IMPORT), or one line. */
int run_subscriber(
    const struct run_subscriber_options *o, enum run_subscriber_what what, char **args, int n);
/* args: address and time, or with verify_log a head or nothing. */
int run_who(const struct run_who_options *o, const struct settings *settings, char **args, int n);
/* Puts the session records of files into the index. */
int run_session_import(
    const struct run_session_options *o, const struct settings *settings, char **paths, int n);
/* What the index holds. */
int run_session_status(const struct run_session_options *o, const struct settings *settings);
/* Simulates, and prints a closing word. */
int run_simulate(const struct sim_options *o);
/* Simulates, detects, shows. */
int run_demo(const struct demo_options *o, const struct settings *settings);
