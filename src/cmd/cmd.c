/* SPDX-FileCopyrightText: The Theriac authors */
/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command front: see cmd.h. */
#include "cmd/cmd.h"
#include "base/mem.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND(name) extern const struct command command_##name;
#include "cmd/commands.def"
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "cmd/commands.def"
#undef COMMAND
    NULL};
const size_t commands_n = sizeof commands / sizeof *commands - 1;

int cmd_fail(int status, const struct err *e)
{
	(void)fprintf(stderr, "theriac: %s\n", e->msg);
	return status;
}

int cmd_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return EXIT_USAGE;
}
