/*
 * The sync room's pieces as commands, for tests/sync: no server around them.
 *   sync_driver copy URL FILE | follow URL FILE SECONDS | offline FILE SQL... | replay URL FILE
 * "offline" runs each SQL (SQLite's own) as one journalled transaction. "replay" prints counts.
 */
#include "base/log.h"
#include "sync/copy.h"
#include "sync/follower.h"
#include "sync/replay.h"
#include "sync/state.h"
#include "sqlite/journal.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static atomic_bool stop;
static int seconds;

static void *wait_then_stop(void *ctx)
{
	sleep((unsigned)seconds);
	atomic_store(&stop, true);
	return ctx;
}

static int fail(const Error *err)
{
	fprintf(stderr, "%s: %s\n%s\n%s\n", err->sqlstate, err->message, err->detail, err->hint);
	return 1;
}

static int follow(const char *url, const char *path, const char *secs)
{
	pthread_t t;
	Error err;
	seconds = (int)strtol(secs, NULL, 10);
	pthread_create(&t, NULL, wait_then_stop, NULL);
	FollowProgress progress = { 0 };
	FollowConfig cfg = { url, path, "test", NULL, NULL, -1, &stop, &progress };
	int rc = follow_run(&cfg, &err);
	printf("transactions %llu rows %llu\n", (unsigned long long)progress.tx, (unsigned long long)progress.rows);
	return rc < 0 ? fail(&err) : 0;
}

static int offline(const char *path, char **sqls, int n)
{
	Db *db;
	Apply *apply; /* gives the connection its catalog */
	Error err;
	if (apply_db_open(path, &db, &err) < 0 || apply_new(db, "test", &apply, &err) < 0)
		return fail(&err);
	Journal *j = journal_attach(db->h);
	journal_set_capture(j, true);
	for (int i = 0; i < n; i++) {
		if (db_exec(db, "BEGIN IMMEDIATE", &err) < 0 || db_exec(db, sqls[i], &err) < 0 ||
		    journal_before_commit(j, JOURNAL_LOCAL, "driver", 0, NULL, &err) < 0 || db_exec(db, "COMMIT", &err) < 0)
			return fail(&err);
		journal_reset(j);
	}
	journal_detach(j);
	apply_free(apply);
	db_close(db);
	return 0;
}

static int replay(const char *url, const char *path)
{
	Error err;
	Replay *r;
	uint64_t lsn;
	ReplayConfig cfg = { url, path, "test", NULL };
	if (replay_open(&cfg, &r, &err) < 0)
		return fail(&err);
	int rc = replay_run(r, &err);
	if (rc == 0)
		rc = replay_finish(r, &lsn, &err);
	printf("replayed %llu conflicts %llu\n", (unsigned long long)replay_count(r), (unsigned long long)replay_conflicts(r));
	replay_close(r);
	return rc < 0 ? fail(&err) : 0;
}

int main(int argc, char **argv)
{
	Error err;
	if (argc == 4 && streq(argv[1], "copy"))
		return copy_initial(argv[2], argv[3], "test", NULL, &err) < 0 ? fail(&err) : 0;
	if (argc == 5 && streq(argv[1], "follow"))
		return follow(argv[2], argv[3], argv[4]);
	if (argc >= 4 && streq(argv[1], "offline"))
		return offline(argv[2], argv + 3, argc - 3);
	if (argc == 4 && streq(argv[1], "replay"))
		return replay(argv[2], argv[3]);
	fprintf(stderr, "usage: sync_driver copy URL FILE | follow URL FILE SECONDS | offline FILE SQL... | replay URL FILE\n");
	return 2;
}
