/*
 * Every option of the program, in one table: flag, environment variable, key in the file, default, help.
 * A value comes from the flag, else the environment, else the file, else the profile's default, else the default.
 */
#ifndef US_CLI_OPTIONS_H
#define US_CLI_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum {
	OPT_PROFILE,
	OPT_CONFIG,
	OPT_LISTEN_ADDR,
	OPT_LISTEN_PORT,
	OPT_UNIX_SOCKET_DIR,
	OPT_DATA_DIR,
	OPT_PRIMARY,
	OPT_AUTO_CREATE_DATABASE,
	OPT_AUTH_TYPE,
	OPT_AUTH_FILE,
	OPT_MAX_CLIENT_CONN,
	OPT_LOGFILE,
	OPT_LOG_LEVEL,
	OPT_FALLBACK,
	OPT_FOLLOW,
	OPT_HOLD,
	OPT_PROBE_INTERVAL,
	OPT_CONNECT_TIMEOUT,
	OPT_TRIP_AFTER,
	OPT_RETURN_AFTER,
	OPT_MIN_DWELL,
	OPT_RETRY_DELAY,
	OPT_RETRY_DELAY_MAX,
	OPT_ALERT_AFTER,
	OPT_FLAVOR,
	OPT_HTTP_ADDR,
	OPT_HTTP_TOKEN_FILE,
	OPT_COUNT,
} OptionId;

typedef enum { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG } OptionSource;

typedef enum { OPTION_STRING, OPTION_INT, OPTION_BOOL, OPTION_DURATION, OPTION_CHOICE } OptionKind;

typedef struct OptionDef {
	const char *name; /* listen_port: --listen-port, UNDERSTUDY_LISTEN_PORT, listen_port = ... */
	OptionKind kind;
	const char *value; /* default */
	int min, max;
	const char *help;
	const char *production; /* default in the production profile, NULL = the same */
	const char *choices;	/* OPTION_CHOICE: the values, separated by | */
} OptionDef;

extern const OptionDef option_defs[OPT_COUNT];

typedef struct Options {
	char *value[OPT_COUNT]; /* owned; never NULL after options_load */
	OptionSource source[OPT_COUNT];
} Options;

/* Reads flags (argv without the command), environment and file. -1: wrong usage or a bad value; -2: --help was asked for. */
int options_load(Options *o, int argc, char **argv, Error *err);
void options_free(Options *o);
bool option_bool(const Options *o, OptionId id);
int option_int(const Options *o, OptionId id);
/* Milliseconds. */
int option_ms(const Options *o, OptionId id);
void options_print_help(void);

#endif
