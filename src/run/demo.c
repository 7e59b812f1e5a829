/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theriac demo: simulate, detect, show. What it writes stays, to be looked at and run again by
 * hand. */
#include "base/mem.h"
#include "run/run.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static char *in_folder(const char *folder, const char *name)
{
	struct text t = {0};
	text_fmt(&t, "%s/%s", folder, name);
	return t.p;
}

static int simulate(const struct demo_options *o)
{
	struct sim_options s = {0};
	opt_defaults(sim_rows, SIM_ROWS, &s);
	s.lines = o->lines;
	s.hours = o->hours;
	s.seed = o->seed;
	s.out = o->out;
	(void)printf("A made-up provider of %llu lines for %llu hours is being simulated.\n",
	    (unsigned long long)o->lines, (unsigned long long)o->hours);
	(void)fflush(stdout);
	return run_simulate(&s);
}

static int detect(const struct demo_options *o, const struct settings *settings, FILE *findings)
{
	char *indicators = in_folder(o->out, "indicators.csv");
	char *paths[] = {in_folder(o->out, "flows.pcap"), in_folder(o->out, "dns.log")};
	struct run_detect_options d = {.min_tier = "behaviour", .json_to = findings};
	opt_list_add(&d.inside, "100.64.0.0/10");
	opt_list_add(&d.inside, "2001:db8::/32");
	opt_list_add(&d.indicators, indicators);
	(void)printf("Its exports are being read; the truth is not:\n"
		     "  theriac detect --inside 100.64.0.0/10 --inside 2001:db8::/32 --indicators "
		     "%s %s %s\n\n",
	    indicators, paths[0], paths[1]);
	(void)fflush(stdout);
	int status = run_detect(&d, settings, paths, 2);
	opt_list_fini(&d.inside);
	opt_list_fini(&d.indicators);
	free(paths[0]);
	free(paths[1]);
	free(indicators);
	return status;
}

int run_demo(const struct demo_options *o, const struct settings *settings)
{
	int status = simulate(o);
	if (status)
		return status;
	char *path = in_folder(o->out, "findings.jsonl");
	FILE *findings = fopen(path, "we");
	if (findings) {
		status = detect(o, settings, findings);
		if (fclose(findings) != 0)
			findings = NULL;
	}
	if (!findings)
		(void)fprintf(stderr, "theriac: %s: %s\n", path, strerror(errno));
	else
		(void)printf(
		    "\nThe same for programs: %s. Who is really infected: %s/truth.jsonl\n", path,
		    o->out);
	free(path);
	return findings ? status : 1;
}
