/*
 * PostgreSQL's functions and operators as SQLite functions.
 *
 * The analyser resolves every operator, cast and function call to a row of pg_proc; the emitter writes a call of the
 * SQLite function "pg_" + prosrc (pg_int4pl, pg_numeric_add, pg_timestamptz_part ...), unless it has a native SQLite form.
 * A prosrc that is in no table here (and has no native form) is refused with 0A000: adding a function to this
 * program is adding one C function and one line in its family's table (fn_numeric.c, fn_datetime.c, ...).
 *
 * Arguments and results are in stored form (pgtype/val.h).
 */
#ifndef US_SQLITE_FN_H
#define US_SQLITE_FN_H

#include "base/err.h"
#include "base/mem.h"
#include "pgtype/pgtype.h"

#include <sqlite3.h>

enum {
	FN_STRICT = 1,	  /* NULL when any argument is NULL; the function is not called */
	FN_IMMUTABLE = 2, /* SQLITE_DETERMINISTIC: may be used in indexes and factored out of loops */
	/* Polymorphic: called with 2n arguments, first the n PostgreSQL type OIDs of the arguments as integers, then
	 * the n arguments. Strictness looks at the last n only. */
	FN_TYPED = 4,
	FN_RESULT = 8, /* called with one argument more, first the PostgreSQL type OID of the result */
};

typedef void (*FnImpl)(sqlite3_context *ctx, int argc, sqlite3_value **argv);

typedef struct SqliteFn {
	const char *name; /* prosrc */
	int nargs;	  /* as PostgreSQL counts them; -1 = any number (variadic) */
	unsigned flags;
	FnImpl fn;
} SqliteFn;

enum { AGG_STATE_MAX = 256 }; /* most bytes that an aggregate may ask of sqlite3_aggregate_context */

/* Aggregates. With `inverse` it is a window function too. Strict ones skip rows in which an argument is NULL. */
typedef struct SqliteAgg {
	const char *name; /* proname, a dot, the argument types' names: "sum.int8", "array_agg.anynonarray", "count." */
	int nargs;
	unsigned flags;
	FnImpl step;
	void (*final)(sqlite3_context *ctx);
	void (*value)(sqlite3_context *ctx);
	FnImpl inverse;
} SqliteAgg;

/* A value that a function gave which gives another one at each call. */
typedef struct FnDraw {
	Val v;
	char text[40]; /* the bytes of a VAL_TEXT */
} FnDraw;

/* What pg_notnull gives for NULL while a failed statement runs again, so that the row is seen. */
#define FN_NULL_ROWID INT64_C(-9223372036854775111)

typedef struct FnDraws {
	FnDraw *items;
	size_t n, cap, at;
	bool keep;  /* set by the backend for a connection that writes */
	bool again; /* give the same values once more, in order, instead of new ones */
	bool lost;  /* not all were kept */
} FnDraws;

/* What functions may know of the session whose statement is running. One per SQLite connection; the backend
 * fills it before each statement. */
typedef struct FnEnv {
	const TypeEnv *types;
	/* Type by OID, builtin or the user's. */
	const PgType *(*type_lookup)(void *catalog, uint32_t oid);
	/* The configuration that default_text_search_config names; may be NULL. */
	int (*text_search_config)(void *session, uint32_t *oid, Error *err);
	/* For a function that waits: called before it does and again and again. Lets other sessions go on meanwhile; false when the
	 * statement must end, as SQLITE_INTERRUPT. NULL outside of a session. */
	bool (*may_wait)(void *waiter);
	void *waiter;
	void *catalog;	       /* struct Catalog * (catalog/catalog.h) */
	void *txn;	       /* struct SqliteTxn * (backend/sqlite.h), for programs */
	void *session;	       /* struct SessionVars * (catalog/sessionvars.h): currval, user, settings */
	bool in_session;       /* a session's statement runs, not the follower or the replayer */
	Error error;	       /* set by fn_fail; read by the backend when sqlite3_step failed */
	bool rows_taken;       /* a statement with SKIP LOCKED runs without the write lock: it finds no row (pg_rows_free) */
	void *touched, *stash; /* rows met by the writing statement that runs (sql/fn_rows.c); NULL between statements */
	FnDraws draws;	       /* of the statement that runs */
	sqlite3_value **kept;  /* by pg_let (sqlite/fn_let.h) */
	size_t nkept;
	struct RowStores *stores; /* rows of the steps of the statement that runs (sqlite/row_store.h) */
	struct KeyChecks *keys;	  /* rows to be looked at again (catalog/keys.h) */
	Arena *scratch;		  /* reset by the backend after each row batch; for temporary results only */
} FnEnv;

/* What a nested statement must not disturb of the one around; fn_frame_enter saves it and starts anew. */
typedef struct FnFrame {
	void *touched, *stash;
	FnDraws draws;
	struct RowStores *stores;
	Arena *scratch;
} FnFrame;
void fn_frame_enter(FnEnv *env, FnFrame *f, Arena *scratch);
void fn_frame_leave(FnEnv *env, FnFrame *f);

/* Rows of functions of the user, for the table understudy_call; set once, at start. `add` takes one row of `width` values. */
typedef struct FnRows {
	Arena *a;
	Val **rows;
	size_t n, cap;
	int width;
} FnRows;
typedef int (*FnCallRows)(FnEnv *env, uint32_t oid, Str types, const Val *args, size_t nargs, FnRows *out);
void fn_set_call_rows(FnCallRows fn);
void fn_rows_add(FnRows *r, const Val *row);
int vtab_call_register(sqlite3 *db, FnEnv *env);

FnEnv *fn_env(sqlite3_context *ctx);
/* SqliteFn.name of the function that runs. */
const char *fn_name(sqlite3_context *ctx);
/* Fails the statement with env->error, which the caller has just filled. */
void fn_fail(sqlite3_context *ctx);
/* err_set + fn_fail. */
void fn_raise(sqlite3_context *ctx, const char *sqlstate, const char *fmt, ...) US_PRINTF(3, 4);
const PgType *fn_type(sqlite3_context *ctx, uint32_t oid);

/* Functions such as nextval and random: when fn_drawn is true the result is set already, as it was when the statement ran the first
 * time, and nothing else must happen; otherwise the new value is the result by fn_draw, which keeps it. */
bool fn_drawn(sqlite3_context *ctx);
void fn_draw(sqlite3_context *ctx, const Val *v);
/* A new statement begins. */
void fn_draws_begin(FnEnv *env);
/* The statement is about to run once more with the values it drew. False when they are not all known. */
bool fn_draws_repeat(FnEnv *env);
void fn_draws_free(FnEnv *env);

Val fn_arg(sqlite3_value *v);			    /* stored value of an argument; bytes live as long as the argument */
void fn_result(sqlite3_context *ctx, const Val *v); /* copies */
Str fn_arg_str(sqlite3_value *v);		    /* TEXT or BLOB bytes */

/* The comparison functions fn_eq ... fn_cmp of a type. compare(ctx, argv, &c) gives false when it has failed the statement, otherwise c is
 * negative, zero or positive. */
#define FN_COMPARISON(name, compare, test)                                                                                                 \
	static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                             \
	{                                                                                                                                  \
		int c;                                                                                                                     \
		if (compare(ctx, argv, &c))                                                                                                \
			sqlite3_result_int(ctx, test);                                                                                     \
	}
#define FN_COMPARISONS(compare)                                                                                                            \
	FN_COMPARISON(fn_eq, compare, c == 0)                                                                                              \
	FN_COMPARISON(fn_ne, compare, c != 0)                                                                                              \
	FN_COMPARISON(fn_lt, compare, c < 0)                                                                                               \
	FN_COMPARISON(fn_le, compare, c <= 0)                                                                                              \
	FN_COMPARISON(fn_gt, compare, c > 0)                                                                                               \
	FN_COMPARISON(fn_ge, compare, c >= 0)                                                                                              \
	FN_COMPARISON(fn_cmp, compare, (c > 0) - (c < 0))

/* Tables of the families; each ends with a NULL name. */
extern const SqliteFn fn_table_int[], fn_table_float[], fn_table_numeric[], fn_table_text[], fn_table_bytea[], fn_table_datetime[],
	fn_table_datetime_now[], fn_table_datetime_cast[], fn_table_datetime_compare[], fn_table_json[], fn_table_format[],
	fn_table_json_array[], fn_table_json_assign[], fn_table_jsonpath[], fn_table_ts_vector[], fn_table_ts_query[], fn_table_ts_text[],
	fn_table_array[], fn_table_misc[], fn_table_system[], fn_table_bits[], fn_table_inet[], fn_table_money[], fn_table_range[],
	fn_table_compare[], fn_table_sysid[], fn_table_geo[], fn_table_scram[], fn_table_domain[];
extern const SqliteAgg agg_table_math[], agg_table_text[], agg_table_json[], agg_table_array[], agg_table_datetime[], agg_table_ordered[],
	agg_table_bits[], agg_table_range[];

/* The function for a prosrc, or NULL. Safe from any thread. */
const SqliteFn *fn_find(const char *prosrc);
/* The aggregate for its name as in SqliteAgg.name, or NULL. */
const SqliteAgg *agg_find(const char *name);

/* Adds a table of a later room (catalog's sequence functions). Only at start, before the first fn_find or db_open. The table must
 * live for ever. */
void fn_add_table(const SqliteFn *table);

/* Registers every function, aggregate and collation of this room on a connection. `env` must outlive it. */
int fn_register_all(sqlite3 *db, FnEnv *env, Error *err);

/* The converters that the emitter calls for casts (registered under exactly these names):
 *   pg_cast_out(type_oid, typmod, v)            stored -> text
 *   pg_cast_in(type_oid, typmod, text)          text -> stored (strict input, 22P02 and kin)
 *   pg_cast_out_fixed, pg_cast_in_fixed         the same for types whose text depends on no setting
 *   pg_typmod(type_oid, typmod, explicit, v)    type_apply_typmod
 *   pg_array_cast(elem_from, elem_to, sql, v)   element by element; sql is a SELECT of the cast of ?1
 */
#endif
