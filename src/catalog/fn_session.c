/* Functions by which sessions meet: advisory locks and notifications. */
#include "catalog/vtab.h"
#include "pgtype/array.h"

enum { SHARED = 1, OF_TRANSACTION = 2 };

/* 20 and 23,23: a bigint is split as PostgreSQL shows it in pg_locks. */
static LockKey key_of(int argc, sqlite3_value **argv)
{
	int64_t first = sqlite3_value_int64(argv[0]);
	if (argc == 1)
		return (LockKey){ (uint32_t)((uint64_t)first >> 32), (uint32_t)first, 1 };
	return (LockKey){ (uint32_t)first, (uint32_t)sqlite3_value_int64(argv[1]), 2 };
}

static void advisory(sqlite3_context *ctx, int argc, sqlite3_value **argv, LockOp op, int flags)
{
	const SessionVars *v = fn_env(ctx)->session;
	bool got;
	if (fn_drawn(ctx))
		return;
	if (!v || !v->lock) {
		fn_raise(ctx, "0A000", "advisory locks are available only in a session");
		return;
	}
	LockRequest r = { .shared = flags & SHARED, .in_transaction = flags & OF_TRANSACTION };
	if (argc)
		r.key = key_of(argc, argv);
	if (v->lock(v->arg, op, &r, &got, &fn_env(ctx)->error) != 0) {
		fn_fail(ctx);
		return;
	}
	Val result = op == LOCK_TAKE || op == LOCK_GIVE_BACK_ALL ? val_text((Str){ "", 0 }) : val_int(got);
	fn_draw(ctx, &result);
}

#define ADVISORY(name, op, flags)                                                                                                          \
	static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                             \
	{                                                                                                                                  \
		advisory(ctx, argc, argv, op, flags);                                                                                      \
	}
ADVISORY(fn_lock, LOCK_TAKE, 0)
ADVISORY(fn_lock_shared, LOCK_TAKE, SHARED)
ADVISORY(fn_xact_lock, LOCK_TAKE, OF_TRANSACTION)
ADVISORY(fn_xact_lock_shared, LOCK_TAKE, OF_TRANSACTION | SHARED)
ADVISORY(fn_try_lock, LOCK_TRY, 0)
ADVISORY(fn_try_lock_shared, LOCK_TRY, SHARED)
ADVISORY(fn_try_xact_lock, LOCK_TRY, OF_TRANSACTION)
ADVISORY(fn_try_xact_lock_shared, LOCK_TRY, OF_TRANSACTION | SHARED)
ADVISORY(fn_unlock, LOCK_GIVE_BACK, 0)
ADVISORY(fn_unlock_shared, LOCK_GIVE_BACK, SHARED)
ADVISORY(fn_unlock_all, LOCK_GIVE_BACK_ALL, 0)

static void fn_notify(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	const char *channel = (const char *)sqlite3_value_text(argv[0]), *payload = (const char *)sqlite3_value_text(argv[1]);
	if (fn_drawn(ctx))
		return;
	if (!v || !v->notify)
		fn_raise(ctx, "0A000", "notifications are available only in a session");
	else if (v->notify(v->arg, channel ? channel : "", payload ? payload : "", &fn_env(ctx)->error) != 0)
		fn_fail(ctx);
	else
		fn_draw(ctx, &(Val){ .kind = VAL_TEXT, .s = { "", 0 } });
}

/* The channels as a text[]: the emitter makes rows of it. */
static void fn_listening(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const SessionVars *v = fn_env(ctx)->session;
	_cleanup_(arena_freep) Arena *a = arena_new();
	size_t n = 0;
	while (v && v->listening && v->listening(v->arg, n))
		n++;
	Val *items = arena_array(a, Val, n + 1);
	for (size_t i = 0; i < n; i++)
		items[i] = val_text(str_of(v->listening(v->arg, i)));
	PgArray x = array_of(pgtype_builtin(25), items, n);
	Val array = array_val(&x, a);
	fn_result(ctx, &array);
}

static void fn_queue_usage(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, 0);
}

static void signal_backend(sqlite3_context *ctx, sqlite3_value **argv, bool terminate)
{
	const SessionVars *v = fn_env(ctx)->session;
	if (fn_drawn(ctx))
		return;
	bool found = v && v->signal && v->signal(v->arg, sqlite3_value_int(argv[0]), terminate);
	fn_draw(ctx, &(Val){ .kind = VAL_INT, .i = found });
}

static void fn_cancel_backend(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	signal_backend(ctx, argv, false);
}

static void fn_terminate_backend(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (argc > 1 && sqlite3_value_int64(argv[1]) < 0)
		fn_raise(ctx, "22003", "\"timeout\" must not be negative");
	else if (argc > 1 && sqlite3_value_int64(argv[1]) > 0)
		fn_raise(ctx, "0A000", "pg_terminate_backend does not wait on SQLite");
	else
		signal_backend(ctx, argv, true);
}

const SqliteFn catalog_fn_session[] = {
	{ "pg_cancel_backend", 1, FN_STRICT, fn_cancel_backend },
	{ "pg_terminate_backend", 2, FN_STRICT, fn_terminate_backend },
	{ "pg_advisory_lock_int8", 1, FN_STRICT, fn_lock },
	{ "pg_advisory_lock_int4", 2, FN_STRICT, fn_lock },
	{ "pg_advisory_lock_shared_int8", 1, FN_STRICT, fn_lock_shared },
	{ "pg_advisory_lock_shared_int4", 2, FN_STRICT, fn_lock_shared },
	{ "pg_advisory_xact_lock_int8", 1, FN_STRICT, fn_xact_lock },
	{ "pg_advisory_xact_lock_int4", 2, FN_STRICT, fn_xact_lock },
	{ "pg_advisory_xact_lock_shared_int8", 1, FN_STRICT, fn_xact_lock_shared },
	{ "pg_advisory_xact_lock_shared_int4", 2, FN_STRICT, fn_xact_lock_shared },
	{ "pg_try_advisory_lock_int8", 1, FN_STRICT, fn_try_lock },
	{ "pg_try_advisory_lock_int4", 2, FN_STRICT, fn_try_lock },
	{ "pg_try_advisory_lock_shared_int8", 1, FN_STRICT, fn_try_lock_shared },
	{ "pg_try_advisory_lock_shared_int4", 2, FN_STRICT, fn_try_lock_shared },
	{ "pg_try_advisory_xact_lock_int8", 1, FN_STRICT, fn_try_xact_lock },
	{ "pg_try_advisory_xact_lock_int4", 2, FN_STRICT, fn_try_xact_lock },
	{ "pg_try_advisory_xact_lock_shared_int8", 1, FN_STRICT, fn_try_xact_lock_shared },
	{ "pg_try_advisory_xact_lock_shared_int4", 2, FN_STRICT, fn_try_xact_lock_shared },
	{ "pg_advisory_unlock_int8", 1, FN_STRICT, fn_unlock },
	{ "pg_advisory_unlock_int4", 2, FN_STRICT, fn_unlock },
	{ "pg_advisory_unlock_shared_int8", 1, FN_STRICT, fn_unlock_shared },
	{ "pg_advisory_unlock_shared_int4", 2, FN_STRICT, fn_unlock_shared },
	{ "pg_advisory_unlock_all", 0, FN_STRICT, fn_unlock_all },
	{ "pg_notify", 2, 0, fn_notify },
	{ "pg_listening_channels", 0, FN_STRICT, fn_listening },
	{ "pg_notification_queue_usage", 0, FN_STRICT, fn_queue_usage },
	{ NULL },
};
