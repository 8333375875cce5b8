/* understudy serve: the server in the foreground. */
#ifndef US_CLI_SERVE_H
#define US_CLI_SERVE_H

/* argv without the command's name. Exit codes: 0 stopped by a signal, 1 could not serve, 2 wrong usage. */
int cmd_serve(int argc, char **argv);

#endif
