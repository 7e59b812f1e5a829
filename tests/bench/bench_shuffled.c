/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounting packets replayed in order and shuffled within the skew: whether the whole index is the
 * same. See tests/unit/shuffled.h.
 *   bench_shuffled [PACKETS [PER_S [FOLDER [LIST LIST]]]]
 * 10,000,000 packets at 25,000 a second of their time, in the current folder; LIST: files for what
 * is in either index. Exit status 1: the two differ. */
#include "../unit/shuffled.h"
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

static double seconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void play(struct shuffled_plan *plan, const char *folder, const char *name,
    uint32_t spread_ms, struct shuffled_index *out)
{
	struct rusage u;
	char state[4096];
	double begin = seconds();
	(void)snprintf(state, sizeof state, "%s/%s.state", folder, name);
	if (mkdir(state, 0700) != 0) {
		perror(state);
		exit(1);
	}
	plan->state = state;
	plan->spread_ms = spread_ms;
	shuffled_play(plan, out);
	(void)getrusage(RUSAGE_SELF, &u);
	printf(
	    "%s: %llu packets (%llu behind a later one), %llu session events; %llu entries of "
	    "%llu files, %llu ends concluded, %llu joins refused; digest %016llx%016llx; %.0f s, "
	    "peak %.0f MB\n",
	    name, (unsigned long long)out->packets, (unsigned long long)out->displaced,
	    (unsigned long long)out->counts.events, (unsigned long long)out->entries,
	    (unsigned long long)out->files, (unsigned long long)out->counts.inferred,
	    (unsigned long long)out->lines.refused, (unsigned long long)out->a,
	    (unsigned long long)out->b, seconds() - begin, (double)u.ru_maxrss / 1e3);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"in-order", "shuffled"};
	static const uint32_t spreads_ms[] = {0, 2000};
	struct shuffled_plan plan = {.packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000,
	    .per_s = (uint32_t)(argc > 2 ? strtoul(argv[2], NULL, 10) : 25000),
	    .seal_ms = 60000};
	struct shuffled_index made[2];
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < 2; i++) {
		plan.list = argc > 4 + i ? fopen(argv[4 + i], "w") : NULL;
		play(&plan, argc > 3 ? argv[3] : ".", names[i], spreads_ms[i], &made[i]);
		if (plan.list)
			(void)fclose(plan.list);
	}
	bool same = shuffled_same(&made[0], &made[1]);
	printf("the two indices are %s\n", same ? "the same" : "NOT the same");
	return !same;
}
