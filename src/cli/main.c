/* One binary: the first argument names the command. */
#include "base/str.h"
#include "cli/serve.h"
#include "cli/status.h"
#include "cli/translate.h"

#include <stdio.h>

typedef struct Command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} Command;

static const Command commands[] = {
	{ "serve", cmd_serve, "the server: PostgreSQL's protocol over SQLite, in front of a primary or alone" },
	{ "status", status_command, "state of every database of a running server" },
	{ "switch", switch_command, "fallback, primary or auto: send clients to SQLite, or back" },
	{ "translate", cmd_translate, "SQLite's SQL for a statement, or which statements of a script or log SQLite can answer" },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: understudy COMMAND [options]\n");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(to, "  %-12s %s\n", commands[i].name, commands[i].help);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	if (streq(argv[1], "--help") || streq(argv[1], "-h") || streq(argv[1], "help")) {
		usage(stdout);
		return 0;
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (streq(commands[i].name, argv[1]))
			return commands[i].run(argc - 2, argv + 2);
	fprintf(stderr, "understudy: unknown command \"%s\"\n", argv[1]);
	usage(stderr);
	return 2;
}
