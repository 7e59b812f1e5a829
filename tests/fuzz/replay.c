/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a fuzz target over files, without a fuzzer: replay FILE|FOLDER... Each name is printed
 * before it is run, so that a crash is a seed that can be kept. */
#include "base/mem.h"
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { INPUT_MAX_BYTES = 1 << 20 };

static unsigned run_n;

static void run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	uint8_t *data = mem_new(1, INPUT_MAX_BYTES);
	size_t n = fread(data, 1, INPUT_MAX_BYTES, f);
	(void)fclose(f);
	(void)fprintf(stderr, "%s\n", path);
	/* A block of the exact size: the sanitizer sees a read past its end. */
	data = mem_grow(data, n, 1);
	(void)LLVMFuzzerTestOneInput(data, n);
	free(data);
	run_n++;
}

static int no_dot_files(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_folder(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, no_dot_files, alphasort);
	for (int i = 0; i < n; i++) {
		char file[4096];
		(void)snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		run_file(file);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			run_folder(argv[i]);
		else
			run_file(argv[i]);
	}
	(void)printf("1..1\nok 1 - %u inputs\n", run_n);
	return 0;
}
