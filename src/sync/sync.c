#include "sync/sync.h"

#include "base/clock.h"
#include "base/log.h"
#include "catalog/sequence.h"
#include "sqlite/journal.h"
#include "sync/copy.h"
#include "sync/follower.h"
#include "sync/redo_run.h"
#include "sync/replay.h"
#include "sync/state.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The primary is not the one that the file came from. */
#define SYNC_FOREIGN "55006"

enum {
	MAX_SAVEPOINTS = 4096,
	RETURN_BACKLOG = 50, /* transactions: with no more than these left the writers are fenced */
	RETURN_ROUNDS = 1000,
	READ_ROUNDS = 3,
	LEVEL_US = 5000000,
	SEQUENCE_GAP = 1000, /* numbers the primary may have handed out since we last asked */
};

typedef struct InDoubt {
	uint64_t xid;
	int64_t at_us;
	char *session, *what;
} InDoubt;

struct Sync {
	SyncConfig cfg;
	char *path;
	pthread_mutex_t lock; /* status, threads, doubts */
	pthread_t worker;     /* starter and follower, or returner */
	bool has_worker;
	int wake_fd; /* eventfd: the follower is to look at `stop` */
	atomic_bool stop;
	SyncStatus status;
	FollowProgress progress;
	bool unreplayed;	/* as sync_open found it, then as on_lost and the return leave it */
	bool copied, slot_lost; /* as sync_open found it */
	bool unlevel;		/* copied again, and it is not yet known which transactions of the redo list are part of the copy */

	Database *db; /* once it is open; lives as long as the DbSet */
	Journal *journal;
	sqlite3 *journal_handle;
	CommitHooks hooks;
	size_t *marks; /* journal positions by savepoint level */
	bool recorded; /* the transaction at hand has put a row to be replayed into the journal */
	ReplayCounts counts;
	_Atomic uint64_t in_doubt; /* all that were ever recorded */
	uint64_t forgotten;	   /* by the redo list, and reported */
	uint64_t redo_xid;	   /* not 0: the running transaction is one of the primary's */

	InDoubt *doubts;
	size_t ndoubts, cap_doubts;
};

static void set_phase(Sync *s, SyncPhase phase, const char *message)
{
	pthread_mutex_lock(&s->lock);
	s->status.phase = phase;
	if (message)
		snprintf(s->status.message, sizeof s->status.message, "%s", message);
	pthread_mutex_unlock(&s->lock);
}

/* ---- the journal's hold on the write connection ---- */

static int hook_begin(void *ctx, Db *db, Error *err)
{
	Sync *s = ctx;
	if (s->journal_handle != db->h)
		return err_set(err, "XX000", "the journal is not attached to the write connection");
	journal_reset(s->journal);
	journal_set_capture(s->journal, true);
	return 0;
}

static void hook_savepoint(void *ctx, int level)
{
	Sync *s = ctx;
	if (level >= 0 && level < MAX_SAVEPOINTS)
		s->marks[level] = journal_mark(s->journal);
}

static void hook_rollback_to(void *ctx, int level)
{
	Sync *s = ctx;
	if (level >= 0 && level < MAX_SAVEPOINTS)
		journal_cut(s->journal, s->marks[level]);
}

static int hook_before_commit(void *ctx, Db *db, Error *err)
{
	Sync *s = ctx;
	JournalKind kind = s->redo_xid ? JOURNAL_REDO : JOURNAL_LOCAL;
	int64_t txid;
	int rc = journal_before_commit(s->journal, kind, NULL, s->redo_xid, &txid, err);
	s->recorded = rc == 0 && txid && kind == JOURNAL_LOCAL;
	return rc;
}

static void hook_end(void *ctx, Db *db)
{
	Sync *s = ctx;
	journal_reset(s->journal);
	journal_set_capture(s->journal, false);
}

static void hook_after_commit(void *ctx, Db *db)
{
	Sync *s = ctx;
	if (s->recorded)
		atomic_fetch_add(&s->counts.backlog, 1);
	s->recorded = false;
	hook_end(ctx, db);
}

/* Opens the finished file for the sessions and attaches the journal. */
static int open_database(Sync *s, Error *err)
{
	if (s->db)
		return 0;
	Database *d = dbset_get(s->cfg.set, s->cfg.database, false, err);
	if (!d)
		return -1;
	Db *w = database_borrow_writer(d);
	int rc = state_create(w, err);
	s->journal = journal_attach(w->h);
	s->journal_handle = w->h;
	database_return_writer(d, rc == 0);
	if (rc < 0)
		return -1;
	s->hooks = (CommitHooks){ s, true, hook_begin, hook_savepoint, hook_rollback_to, hook_before_commit, hook_after_commit, hook_end };
	database_set_hooks(d, &s->hooks);
	s->db = d;
	return 0;
}

/* ---- opening ---- */

/* What the file says of itself: a complete copy? writes that the primary has not got, or that the stream has not echoed? */
static int look_at_file(Sync *s, Error *err)
{
	Db *db;
	if (access(s->path, F_OK) != 0)
		return 0;
	if (apply_db_open(s->path, &db, err) < 0)
		return -1;
	s->copied = state_get_int(db, "copied", 0) == 1;
	s->slot_lost = state_get_int(db, "slot_lost", 0) == 1;
	sqlite3_stmt *st;
	int rc = db_prepare(db, str_of("SELECT EXISTS (SELECT 1 FROM _understudy_journal)"), &st, err);
	if (rc == 0) {
		s->unreplayed = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_int(st, 0);
		db_done(db, st);
	}
	s->status.applied_lsn = (uint64_t)state_get_int(db, "lsn", 0);
	atomic_store(&s->counts.backlog,
		     state_count(db, "SELECT count(*) FROM _understudy_journal WHERE kind = 'local' AND state = 'new'"));
	atomic_store(&s->counts.conflicts, state_count(db, "SELECT count(DISTINCT txid) FROM _understudy_conflict WHERE state = 'open'"));
	atomic_store(&s->in_doubt, (uint64_t)state_count(db, "SELECT count(*) FROM _understudy_in_doubt"));
	atomic_store(&s->progress.unmirrored, (uint64_t)state_count(db, "SELECT count(*) FROM _understudy_unmirrored"));
	db_close(db);
	return rc;
}

static void route_changed(void *ctx, Route *r, RouteEvent event, RouteState from, RouteState to);

int sync_open(const SyncConfig *config, Sync **out, Error *err)
{
	Sync *s = mem_alloc(sizeof *s);
	s->cfg = *config;
	s->path = mem_printf("%s/%s.db", config->dir, config->database);
	s->marks = mem_alloc(sizeof *s->marks * MAX_SAVEPOINTS);
	pthread_mutex_init(&s->lock, NULL);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int rc = look_at_file(s, err);
	if (rc == 0 && s->copied)
		rc = open_database(s, err);
	s->status.has_copy = s->copied && !s->slot_lost;
	if (config->route)
		route_listen(config->route, route_changed, s);
	if (rc < 0) {
		sync_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

bool sync_has_unreplayed(const Sync *s)
{
	return s->unreplayed;
}

static void stop_worker(Sync *s)
{
	uint64_t one = 1;
	atomic_store(&s->stop, true);
	if (write(s->wake_fd, &one, sizeof one) < 0)
		log_debug("the follower is being woken already");
	pthread_mutex_lock(&s->lock);
	bool join = s->has_worker;
	s->has_worker = false;
	pthread_mutex_unlock(&s->lock);
	/* The route may tell of a loss on the very thread that was handing over to the primary: that one ends by itself. */
	if (join && pthread_equal(pthread_self(), s->worker))
		pthread_detach(s->worker);
	else if (join)
		pthread_join(s->worker, NULL);
}

static int start_worker(Sync *s, void *(*fn)(void *), Error *err)
{
	uint64_t drained;
	stop_worker(s);
	while (read(s->wake_fd, &drained, sizeof drained) > 0)
		;
	atomic_store(&s->stop, false);
	if (pthread_create(&s->worker, NULL, fn, s) != 0)
		return err_set(err, "53000", "could not start a thread: %m");
	pthread_mutex_lock(&s->lock);
	s->has_worker = true;
	pthread_mutex_unlock(&s->lock);
	return 0;
}

void sync_close(Sync *s)
{
	if (s->cfg.route)
		route_unlisten(s->cfg.route, route_changed, s);
	stop_worker(s);
	if (s->db) {
		database_set_hooks(s->db, NULL);
		Db *w = database_borrow_writer(s->db);
		journal_detach(s->journal);
		database_return_writer(s->db, false);
		(void)w;
	}
	pthread_mutex_destroy(&s->lock);
	close(s->wake_fd);
	for (size_t i = 0; i < s->ndoubts; i++) {
		free(s->doubts[i].session);
		free(s->doubts[i].what);
	}
	free(s->doubts);
	free(s->marks);
	free(s->path);
	free(s);
}

/* ---- following ---- */

static void nap(Sync *s, int ms)
{
	struct pollfd stopped = { s->wake_fd, POLLIN, 0 };
	if (!atomic_load(&s->stop))
		poll(&stopped, 1, ms);
}

/* 1: the slot is there and can be used. 0: it is gone or lost. Refuses another cluster. */
static int check_source(Sync *s, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Db *db;
	if (apply_db_open(s->path, &db, err) < 0)
		return -1;
	const char *have = state_get(db, "system_id", a), *node = state_get(db, "node", a);
	db_close(db);
	PGconn *c = source_connect(s->cfg.primary, true, err);
	SourceIdentity id;
	int rc = c ? source_identity(c, &id, err) : -1;
	if (rc == 0 && (!have || !node || !streq(have, id.system_id))) {
		err_set(err, SYNC_FOREIGN, "the primary is a different cluster (system identifier %s) than the one %s came from (%s)",
			id.system_id, s->path, have ? have : "none");
		rc = err_hint(
			err,
			"Nothing was written. Point understudy at the former primary, or move the file away to begin with a new copy.");
	}
	if (rc == 0)
		rc = copy_slot_usable(c, node, err);
	source_closep(&c);
	return rc;
}

static void set_has_copy(Sync *s, bool has)
{
	pthread_mutex_lock(&s->lock);
	s->status.has_copy = has;
	pthread_mutex_unlock(&s->lock);
}

/* The slot is gone, and with it the changes that the file has not seen: it must not be served until it has been copied again. */
static int note_slot_lost(Sync *s, int64_t *unreplayed, Error *err)
{
	set_has_copy(s, false);
	Db *w = database_borrow_writer(s->db);
	int rc = state_put_int(w, "slot_lost", 1, err);
	*unreplayed = state_count(w, "SELECT count(*) FROM _understudy_journal");
	database_return_writer(s->db, rc == 0);
	log_warn("the replication slot of %s is gone or lost: the database has to be copied again", s->path);
	return rc;
}

static int start_over(Sync *s, Error *err)
{
	int64_t unreplayed;
	int rc = note_slot_lost(s, &unreplayed, err);
	set_phase(s, SYNC_COPYING, "the replication slot was lost: copying again");
	if (rc == 0 && unreplayed)
		rc = err_set(err, "55000",
			     "the replication slot is gone and %s holds %lld transactions that are not on the primary: it is not replaced",
			     s->path, (long long)unreplayed);
	uint64_t mark = s->cfg.redo ? redo_mark(s->cfg.redo) : 0;
	if (rc == 0)
		rc = copy_again(s->cfg.primary, s->db, &s->stop, err);
	if (rc == 0 && s->cfg.redo)
		redo_settle(s->cfg.redo, mark);
	if (rc == 0)
		rc = database_reload(s->db, err);
	s->unlevel |= rc == 0;
	return rc;
}

static int prepare_copy(Sync *s, Error *err)
{
	int usable = s->copied ? check_source(s, err) : 0;
	if (usable < 0)
		return -1;
	if (s->copied && !usable && start_over(s, err) < 0)
		return -1;
	if (!s->copied) {
		if (access(s->path, F_OK) == 0)
			return err_set(err, "55000", "%s exists and is not a copy of the primary: it is not overwritten", s->path);
		set_phase(s, SYNC_COPYING, "initial copy");
		if (copy_initial(s->cfg.primary, s->path, s->cfg.database, &s->stop, err) < 0)
			return -1;
		s->copied = true;
	}
	if (open_database(s, err) < 0)
		return -1;
	if (!s->unlevel)
		set_has_copy(s, true);
	return 0;
}

static void follow_forever(Sync *s)
{
	FollowConfig cfg = { s->cfg.primary, s->path, s->cfg.database, s->db, s->cfg.redo, s->wake_fd, &s->stop, &s->progress, false };
	while (!atomic_load(&s->stop)) {
		Error err;
		set_phase(s, SYNC_FOLLOWING, NULL);
		cfg.until_level = s->unlevel;
		if (follow_run(&cfg, &err) >= 0) {
			if (s->unlevel && !atomic_load(&s->stop)) {
				s->unlevel = false;
				set_has_copy(s, true);
			}
			continue;
		}
		log_warn("following stopped: %s", err.message);
		set_phase(s, SYNC_IDLE, err.message);
		Error why;
		int usable = atomic_load(&s->stop) ? 1 : check_source(s, &why);
		if (usable == 0 && start_over(s, &why) == 0)
			continue;
		if (usable == 0) {
			log_error("no copy of the primary: %s", why.message);
			set_phase(s, SYNC_FAILED, why.message);
		}
		nap(s, 1000);
	}
}

static void *run_starter(void *ctx)
{
	Sync *s = ctx;
	Error err;
	source_set_stop(&s->stop);
	while (!atomic_load(&s->stop)) {
		if (prepare_copy(s, &err) == 0) {
			follow_forever(s);
			return NULL;
		}
		log_error("no copy of the primary: %s%s%s", err.message, *err.hint ? " -- " : "", err.hint);
		set_phase(s, SYNC_FAILED, err.message);
		if (s->cfg.fatal && err_is(&err, SYNC_FOREIGN))
			s->cfg.fatal(s->cfg.fatal_ctx, &err);
		nap(s, 5000);
	}
	return NULL;
}

static void on_first_contact(void *ctx)
{
	Error err;
	if (start_worker(ctx, run_starter, &err) < 0)
		set_phase(ctx, SYNC_FAILED, err.message);
}

static bool has_copy(void *ctx)
{
	Sync *s = ctx;
	pthread_mutex_lock(&s->lock);
	bool yes = s->status.has_copy;
	pthread_mutex_unlock(&s->lock);
	return yes;
}

/* ---- the loss ---- */

void sync_note_in_doubt(Sync *s, uint64_t xid, const char *session, const char *what)
{
	atomic_fetch_add(&s->in_doubt, 1);
	pthread_mutex_lock(&s->lock);
	s->doubts = mem_grow(s->doubts, &s->cap_doubts, s->ndoubts + 1, sizeof *s->doubts);
	s->doubts[s->ndoubts++] = (InDoubt){ xid, clock_wall_us(), mem_strdup(session ? session : ""), mem_strdup(what ? what : "") };
	pthread_mutex_unlock(&s->lock);
}

static void save_doubts(Sync *s, Db *w)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->ndoubts; i++) {
		InDoubt *d = &s->doubts[i];
		Val v[4] = { val_int((int64_t)d->xid), val_text(str_of(d->session)), val_int(d->at_us), val_text(str_of(d->what)) };
		Error err;
		if (state_run(w, "INSERT INTO _understudy_in_doubt(xid, session, at_us, what) VALUES (?1, ?2, ?3, ?4)", v, 4, &err) < 0)
			log_error("commit in doubt (transaction %llu) could not be recorded: %s", (unsigned long long)d->xid, err.message);
		free(d->session);
		free(d->what);
	}
	s->ndoubts = 0;
	pthread_mutex_unlock(&s->lock);
}

/* Numbers that the primary handed out after we last asked must not be handed out again. */
static void advance_sequences(Sync *s, Db *w)
{
	SequenceStore *store = database_sequences(s->db);
	Catalog *cat = database_catalog(s->db);
	Error err;
	if (sequence_store_load(store, w, true, &err) < 0)
		log_error("sequences: %s", err.message);
	for (size_t i = 0; i < cat->nseqs; i++) {
		const CatSequence *q = cat->seqs[i];
		int64_t value, gap, next;
		bool called;
		sequence_state(store, q, &value, &called);
		if (__builtin_mul_overflow(q->increment, SEQUENCE_GAP, &gap) || __builtin_add_overflow(value, gap, &next) ||
		    next > q->max || next < q->min)
			next = q->increment > 0 ? q->max : q->min;
		if (sequence_set(store, q, next, true, &err) < 0)
			log_error("sequence %s: %s", q->rel->name, err.message);
	}
	catalog_unref(cat);
}

static void note_event(Sync *s, const char *text)
{
	Error ignored;
	log_error("%s", text);
	Db *w = database_borrow_writer(s->db);
	database_return_writer(s->db, state_add_event(w, "redo", text, &ignored) == 0);
}

static void redo_all(Sync *s)
{
	List list;
	uint64_t forgotten = 0;
	if (!s->cfg.redo)
		return;
	redo_count(s->cfg.redo, &forgotten);
	redo_take(s->cfg.redo, &list);
	size_t count = list.count;
	int64_t since = clock_mono_us();
	RedoRun *run = redo_open(s->db);
	for (ListNode *n; (n = list_pop(&list));) {
		Redo *r = list_item(n, Redo, node);
		Error err;
		s->redo_xid = r->xid;
		if (redo_run(run, r, &err) < 0) {
			char text[1400];
			snprintf(text, sizeof text, "transaction %llu of the primary was acknowledged and could not be done again here: %s",
				 (unsigned long long)r->xid, err.message);
			note_event(s, text);
		}
		redo_free(r);
	}
	s->redo_xid = 0;
	redo_close(run);
	if (forgotten > s->forgotten) {
		char text[200];
		snprintf(text, sizeof text,
			 "%llu acknowledged transactions may be missing on SQLite until the primary is back: the stream was too far behind",
			 (unsigned long long)(forgotten - s->forgotten));
		note_event(s, text);
		s->forgotten = forgotten;
	}
	if (count)
		log_info("%s: %zu acknowledged transactions that the stream had not delivered were done again, %.1f ms", s->cfg.database,
			 count, (double)(clock_mono_us() - since) / 1000);
}

/* The primary is left in good health: nothing that it has acknowledged, and no table, needs to be missing here. */
static int take_the_last(Sync *s, Error *err)
{
	int64_t unreplayed;
	atomic_bool never = false;
	FollowConfig cfg = { s->cfg.primary, s->path, s->cfg.database, s->db, s->cfg.redo, -1, &never, &s->progress, true };
	source_set_deadline(clock_mono_us() + LEVEL_US);
	int rc = follow_run(&cfg, err);
	source_set_deadline(0);
	if (rc >= 0)
		return 0;
	log_warn("%s: the last changes of the primary may be missing until the return: %s", s->cfg.database, err->message);
	if (check_source(s, err) != 0 || note_slot_lost(s, &unreplayed, err) < 0)
		return 0;
	return err_set(err, "55000", "the replication slot was lost: nobody knows what the copy has missed");
}

static int on_lost(void *ctx, bool alive, Error *err)
{
	Sync *s = ctx;
	stop_worker(s);
	if (!has_copy(s) || !s->db)
		return err_set(err, "55000", "there is no complete copy of the primary");
	if (alive && take_the_last(s, err) < 0)
		return -1;
	if (database_reload(s->db, err) < 0)
		return -1;
	Db *w = database_borrow_writer(s->db);
	save_doubts(s, w);
	advance_sequences(s, w);
	database_return_writer(s->db, true);
	redo_all(s);
	set_phase(s, SYNC_OFFLINE, NULL);
	log_info("%s: SQLite is level with the primary at %X/%X", s->cfg.database, (unsigned)(s->progress.applied_lsn >> 32),
		 (unsigned)s->progress.applied_lsn);
	return 0;
}

/* ---- the return ---- */

static int catch_up(Sync *s, Replay *r, Error *err)
{
	for (int i = 0; i < RETURN_ROUNDS && !atomic_load(&s->stop); i++) {
		int64_t left;
		if (replay_run(r, err) < 0 || replay_backlog(r, &left, err) < 0)
			return -1;
		if (left <= RETURN_BACKLOG)
			return 0;
	}
	return atomic_load(&s->stop) ? err_set(err, "57014", "stopped") : 0;
}

/* Until hardly anything is left of either: the journal, and the stream that brings it back. */
static int come_near(Sync *s, Replay *r, Error *err)
{
	int rc = catch_up(s, r, err);
	for (int i = 0; i < READ_ROUNDS && rc == 0; i++) {
		rc = replay_read_ahead(r, err);
		if (rc == 0)
			rc = catch_up(s, r, err);
	}
	return rc;
}

static int come_back(Sync *s, Error *err)
{
	ReplayConfig cfg = { s->cfg.primary, s->path, s->cfg.database, s->db, &s->counts };
	Replay *r;
	uint64_t lsn = 0;
	Db *w = database_borrow_writer(s->db);
	save_doubts(s, w);
	database_return_writer(s->db, true);
	if (replay_open(&cfg, &r, err) < 0)
		return -1;
	int rc = come_near(s, r, err);
	if (rc == 0 && s->cfg.route)
		rc = route_fence(s->cfg.route, err);
	if (rc == 0)
		rc = replay_finish(r, &lsn, err);
	pthread_mutex_lock(&s->lock);
	s->status.replayed_tx += replay_count(r);
	pthread_mutex_unlock(&s->lock);
	if (rc == 0)
		log_info("replay complete: %llu transactions, %llu conflicts, level at %X/%X", (unsigned long long)replay_count(r),
			 (unsigned long long)replay_conflicts(r), (unsigned)(lsn >> 32), (unsigned)lsn);
	replay_close(r);
	return rc;
}

static void *run_return(void *ctx)
{
	Sync *s = ctx;
	Error err;
	source_set_stop(&s->stop);
	set_phase(s, SYNC_REPLAYING, NULL);
	if (!s->db || come_back(s, &err) < 0) {
		if (!s->db)
			err_set(&err, "55000", "there is no copy of the primary");
		log_error("return to the primary failed: %s%s%s", err.message, *err.hint ? " -- " : "", err.hint);
		set_phase(s, SYNC_OFFLINE, err.message);
		/* When stopped, somebody else has the word already. */
		if (s->cfg.route && !atomic_load(&s->stop))
			route_return_failed(s->cfg.route, err.message);
		return NULL;
	}
	s->unreplayed = false;
	if (s->cfg.route && route_unfence_to_primary(s->cfg.route, &err) < 0) {
		log_warn("return to the primary: %s", err.message);
		set_phase(s, SYNC_OFFLINE, err.message);
		return NULL;
	}
	follow_forever(s);
	return NULL;
}

static void on_recovered(void *ctx)
{
	Sync *s = ctx;
	Error err;
	if (start_worker(s, run_return, &err) == 0)
		return;
	set_phase(s, SYNC_OFFLINE, err.message);
	if (s->cfg.route)
		route_return_failed(s->cfg.route, err.message);
}

/* A return that was broken off must let go of the file at once. */
static void route_changed(void *ctx, Route *r, RouteEvent event, RouteState from, RouteState to)
{
	Sync *s = ctx;
	if (event == ROUTE_EV_STATE && from == ROUTE_RETURNING && to != ROUTE_PRIMARY)
		atomic_store(&s->stop, true);
}

void sync_route_hooks(Sync *s, RouteSync *out)
{
	*out = (RouteSync){
		.ctx = s, .has_copy = has_copy, .on_lost = on_lost, .on_recovered = on_recovered, .on_first_contact = on_first_contact
	};
}

void sync_status(Sync *s, SyncStatus *out)
{
	pthread_mutex_lock(&s->lock);
	*out = s->status;
	pthread_mutex_unlock(&s->lock);
	if (s->progress.applied_lsn)
		out->applied_lsn = s->progress.applied_lsn;
	out->backlog = atomic_load(&s->counts.backlog);
	out->conflicts = (uint64_t)atomic_load(&s->counts.conflicts);
	out->in_doubt = atomic_load(&s->in_doubt);
	out->unmirrored = atomic_load(&s->progress.unmirrored);
	out->applied_us = s->progress.commit_us ? s->progress.commit_us + INT64_C(946684800000000) : 0;
	out->server_lsn = s->progress.server_lsn;
	out->applied_tx = s->progress.tx;
	out->applied_rows = s->progress.rows;
}
