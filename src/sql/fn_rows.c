/*
 * What a statement that writes must remember of the rows it has met, for as long as it runs:
 *
 *   pg_upsert_begin(0, v)            gives v; from here on the rows written are noted
 *   pg_upsert_once('table', rowid)   true; 21000 when this statement has written the row before
 *   pg_stash(0, rowid, v, x1, ...)   gives v; keeps x1 ... for the row
 *   pg_stashed(rowid, i)             x<i+1> of the row: RETURNING in SQLite sees the target's columns only
 *   pg_upserted_xmax(rowid)          0 for a row that was inserted, the transaction's id for one that pg_stash has met
 *
 * The constant first argument carries the data that SQLite frees when the statement ends.
 */
#include "sql/fn_sql.h"

#include "base/map.h"
#include "catalog/sessionvars.h"

typedef struct Touched {
	FnEnv *env;
	sqlite3 *db;
	Map rows; /* table name, 0, rowid */
} Touched;

typedef struct Stash {
	FnEnv *env;
	Map rows; /* rowid -> StashRow */
} Stash;

typedef struct StashRow {
	int n;
	sqlite3_value *values[];
} StashRow;

static Str row_key(Buf *b, const char *table, int64_t rowid)
{
	buf_put(b, table, strlen(table) + 1);
	buf_put(b, &rowid, sizeof rowid);
	return buf_str(b);
}

static void on_write(void *arg, int op, const char *schema, const char *table, sqlite3_int64 rowid)
{
	Touched *t = arg;
	Buf b = { 0 };
	map_put(&t->rows, row_key(&b, table, rowid), t);
	buf_free(&b);
}

static void upsert_end(void *arg)
{
	Touched *t = arg;
	sqlite3_update_hook(t->db, NULL, NULL);
	t->env->touched = NULL;
	map_free(&t->rows);
	free(t);
}

static void upsert_begin(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (!sqlite3_get_auxdata(ctx, 0)) {
		Touched *t = mem_alloc(sizeof *t);
		*t = (Touched){ .env = fn_env(ctx), .db = sqlite3_context_db_handle(ctx) };
		t->env->touched = t;
		sqlite3_update_hook(t->db, on_write, t);
		sqlite3_set_auxdata(ctx, 0, t, upsert_end);
	}
	sqlite3_result_value(ctx, argv[1]);
}

static void upsert_once(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Touched *t = fn_env(ctx)->touched;
	const char *table = (const char *)sqlite3_value_text(argv[0]);
	Buf b = { 0 };
	if (!t || !table)
		fn_raise(ctx, "XX000", "pg_upsert_once outside an INSERT");
	else if (map_get(&t->rows, row_key(&b, table, sqlite3_value_int64(argv[1])))) {
		Error *err = &fn_env(ctx)->error;
		err_set(err, "21000", "ON CONFLICT DO UPDATE command cannot affect row a second time");
		err_hint(err, "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.");
		fn_fail(ctx);
	} else
		sqlite3_result_int(ctx, 1);
	buf_free(&b);
}

static void free_row(StashRow *r)
{
	for (int i = 0; r && i < r->n; i++)
		sqlite3_value_free(r->values[i]);
	free(r);
}

static void stash_end(void *arg)
{
	Stash *s = arg;
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&s->rows, &at));)
		free_row(e->value);
	map_free(&s->rows);
	s->env->stash = NULL;
	free(s);
}

static void stash(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	enum { FIRST = 3 };
	Stash *s = sqlite3_get_auxdata(ctx, 0);
	if (!s) {
		s = mem_alloc(sizeof *s);
		s->env = fn_env(ctx);
		s->env->stash = s;
		sqlite3_set_auxdata(ctx, 0, s, stash_end);
	}
	StashRow *r = mem_alloc(sizeof *r + sizeof *r->values * (size_t)argc);
	while (r->n + FIRST < argc) {
		r->values[r->n] = sqlite3_value_dup(argv[FIRST + r->n]);
		r->n++;
	}
	uint64_t rowid = (uint64_t)sqlite3_value_int64(argv[1]);
	free_row(map_put(&s->rows, map_u64_key(&rowid), r));
	sqlite3_result_value(ctx, argv[2]);
}

static void stashed(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Stash *s = fn_env(ctx)->stash;
	uint64_t rowid = (uint64_t)sqlite3_value_int64(argv[0]);
	const StashRow *r = s ? map_get(&s->rows, map_u64_key(&rowid)) : NULL;
	int i = sqlite3_value_int(argv[1]);
	if (!r || i < 0 || i >= r->n)
		fn_raise(ctx, "XX000", "a row of RETURNING was not kept");
	else
		sqlite3_result_value(ctx, r->values[i]);
}

static void upserted_xmax(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	enum { FIRST_NORMAL_XID = 3 };
	const FnEnv *env = fn_env(ctx);
	const Stash *s = env->stash;
	const SessionVars *v = env->session;
	uint64_t rowid = (uint64_t)sqlite3_value_int64(argv[0]);
	uint32_t xid = v ? (uint32_t)v->txid : 0;
	bool updated = s && map_get(&s->rows, map_u64_key(&rowid));
	sqlite3_result_int64(ctx, !updated ? 0 : xid < FIRST_NORMAL_XID ? FIRST_NORMAL_XID : xid);
}

const SqliteFn fn_table_rows[] = {
	{ "upserted_xmax", 1, 0, upserted_xmax },
	{ "upsert_begin", 2, 0, upsert_begin },
	{ "upsert_once", 2, 0, upsert_once },
	{ "stash", -1, 0, stash },
	{ "stashed", 2, 0, stashed },
	{ NULL },
};
