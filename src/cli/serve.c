#include "cli/serve.h"

#include "base/log.h"
#include "base/mem.h"
#include "cli/instance.h"
#include "base/str.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The loop that SIGTERM and SIGINT stop; set once, before the handlers are. */
static Loop *serving;

static void on_signal(int sig)
{
	loop_stop(serving);
}

static void set_signals(Loop *loop)
{
	serving = loop;
	struct sigaction stop = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

static void raise_file_limit(void)
{
	struct rlimit lim;
	if (getrlimit(RLIMIT_NOFILE, &lim) == 0 && lim.rlim_cur < lim.rlim_max) {
		lim.rlim_cur = lim.rlim_max;
		setrlimit(RLIMIT_NOFILE, &lim);
	}
}

static int make_data_dir(const char *dir, Error *err)
{
	if (mkdir(dir, 0700) == 0 || errno == EEXIST)
		return 0;
	int e = errno;
	err_set(err, "58P01", "data directory \"%s\" cannot be made: %s", dir, strerror(e));
	if (e == ENOENT)
		return err_hint(err, "Its parent directory does not exist. Make it first, or name another one with --data-dir.");
	return err_hint(err, "Name a directory that this user may write to with --data-dir.");
}

static int set_log(const Options *o, Error *err)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	size_t i = 0;
	while (!streq(levels[i], o->value[OPT_LOG_LEVEL]))
		i++;
	log_set_level((LogLevel)i);
	return *o->value[OPT_LOGFILE] ? log_set_file(o->value[OPT_LOGFILE], err) : 0;
}

/* Nobody enters without authentication unless it is development on loopback. */
static int check_auth(const Options *o, bool *trust, Error *err)
{
	bool production = streq(o->value[OPT_PROFILE], "production");
	const char *type = o->value[OPT_AUTH_TYPE];
	*trust = !production || streq(type, "trust");
	if (*type && !streq(type, "trust"))
		return err_set(err, "0A000", "auth_type: \"%s\" is not supported; this version knows trust on loopback only", type);
	if (!*trust) {
		err_set(err, "28000", "profile production needs authentication, and none is configured");
		return err_hint(err,
				"Set auth_type = trust to let in whoever reaches the loopback address, or use the development profile.");
	}
	return 0;
}

static int run_server(const Options *o, Error *err)
{
	bool trust;
	if (set_log(o, err) != 0 || check_auth(o, &trust, err) != 0 || make_data_dir(o->value[OPT_DATA_DIR], err) != 0)
		return -1;
	Loop *loop;
	Instance *in;
	if (loop_new(&loop, err) != 0)
		return -1;
	set_signals(loop);
	if (instance_open(o, trust, loop, &in, err) != 0) {
		loop_free(loop);
		return -1;
	}
	const char *dir = o->value[OPT_UNIX_SOCKET_DIR];
	log_info("listening on %s:%d%s%s, data in %s", o->value[OPT_LISTEN_ADDR], option_int(o, OPT_LISTEN_PORT), *dir ? " and " : "", dir,
		 o->value[OPT_DATA_DIR]);
	loop_run(loop);
	bool failed = instance_failed(in, err);
	instance_close(in);
	loop_free(loop);
	if (failed)
		return -1;
	log_info("stopped");
	return 0;
}

static void print_error(const Error *err)
{
	fprintf(stderr, "understudy: %s\n", err->message);
	if (err->detail[0])
		fprintf(stderr, "  %s\n", err->detail);
	if (err->hint[0])
		fprintf(stderr, "  %s\n", err->hint);
}

int cmd_serve(int argc, char **argv)
{
	Options o = { 0 };
	Error err;
	int rc = options_load(&o, argc, argv, &err);
	if (rc == -2) {
		printf("usage: understudy serve [options]\n");
		options_print_help();
		return 0;
	}
	if (rc != 0) {
		print_error(&err);
		fprintf(stderr, "  See: understudy serve --help\n");
		options_free(&o);
		return 2;
	}
	raise_file_limit();
	rc = run_server(&o, &err);
	if (rc != 0)
		print_error(&err);
	options_free(&o);
	return rc == 0 ? 0 : 1;
}
