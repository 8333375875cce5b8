/*
 * PostgreSQL's set-returning functions as table-valued functions of SQLite: SELECT value, ordinality FROM pg_unnest(23, '{1,2}').
 *
 * Each is one SetFn; vtab_set.c makes an eponymous virtual table of it whose hidden columns are the arguments. A NULL argument gives
 * no rows, as every one of these functions is strict.
 */
#ifndef US_SQLITE_VTAB_SET_H
#define US_SQLITE_VTAB_SET_H

#include "sqlite/fn.h"

enum { SET_MAX_ARGS = 4 };

typedef struct SetCall {
	FnEnv *env;
	sqlite3 *db;
	Arena *a; /* lives as long as the call's rows */
	int argc;
	Val argv[SET_MAX_ARGS]; /* none is NULL; in `a` */
	void *state;		/* the function's own, in `a` */
	Val value;		/* the current row; must stay valid until the next one */
	Val *row;		/* the same for functions of several columns */
} SetCall;

typedef struct SetFn {
	const char *name; /* with the prefix pg_ */
	int min_args, max_args;
	/* Reads the arguments. -1 = env->error is filled. */
	int (*start)(SetCall *c);
	/* 1 = c->value is the next row, 0 = no more, -1 = env->error is filled. */
	int (*next)(SetCall *c);
	/* Frees what `state` owns outside the arena; may be NULL. */
	void (*finish)(SetCall *c);
	/* Of several columns: their names, comma-separated, and how many. */
	const char *columns;
	int ncolumns;
} SetFn;

/* An argument as text or as a whole number, whatever its storage class is. */
Str set_arg_text(const SetCall *c, int i);
int64_t set_arg_int(const SetCall *c, int i);

/* Each ends with a NULL name. */
extern const SetFn set_fns_series[], set_fns_array[], set_fns_lines[], set_fns_range[], set_fns_jsonpath[], set_fns_regexp[], set_fns_zip[],
	set_fns_ts[], set_fns_keywords[], set_fns_content[], set_fns_hstore[];

/* Registers the functions of a table on a connection; an SQLite result code. */
int vtab_set_register(sqlite3 *db, FnEnv *env, const SetFn *table);
/* Registers all of them on a connection; an SQLite result code. */
int vtab_sets_register(sqlite3 *db, FnEnv *env);

#endif
