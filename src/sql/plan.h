/*
 * The sql room's face to the rest of the program: PostgreSQL text in, plans out.
 *
 * Pure: nothing here touches a database or a socket. Everything about the world comes in through SqlEnv.
 * A Plan and all it points to live in the arena given; a plan may be cached and run by any session as long as the
 * catalog version and the settings key it was made for are the same.
 */
#ifndef US_SQL_PLAN_H
#define US_SQL_PLAN_H

#include "catalog/catalog.h"

/*
 * Variables of a program, visible in its statements beside columns. Variable i is parameter i + 1 of the plan. `find` gives the index of a
 * name, with the label of its block or without, or -1.
 */
typedef struct SqlVar {
	uint32_t type;
	int32_t typmod;
	bool unassigned;       /* a record that has no columns yet */
	const PgField *fields; /* of a record */
	size_t nfields;
	bool used; /* set by the analyser */
} SqlVar;
typedef struct SqlVars {
	int (*find)(void *ctx, const char *label, const char *name);
	void *ctx;
	SqlVar *vars;
	size_t nvars;
	size_t nparams; /* $1 ... are the first variables */
	char conflict;	/* a name that is a column, too: 'e' an error, 'v' the variable, 'c' the column */
} SqlVars;

/* The types that the columns of a statement's result shall be converted to: by assignment, or through text. */
typedef struct SqlWants {
	const uint32_t *types; /* 0: as it is */
	const int32_t *typmods;
	size_t n;
	bool returns; /* the result of a SQL function: 42P13 instead of going through text */
} SqlWants;

typedef struct SqlEnv {
	const Catalog *cat;
	const TypeEnv *types;
	const char *const *search_path; /* schema names in order, "$user" already resolved; pg_catalog is implied first */
	size_t nsearch_path;
	const char *user, *database;
	const char *session_user; /* NULL: as user */
	const char *temp_schema;  /* the schema of this session's temporary objects, which may not exist yet; NULL: it has none */
	bool temp_named;	  /* the search path begins with it by name, so that new objects go there */
	const SqlVars *vars;	  /* of the program that the statement stands in, or NULL */
	const SqlWants *wants;	  /* or NULL */
	bool skip_bodies;	  /* check_function_bodies is off */
	bool any_language;	  /* a function that cannot be run may be made: calls of it are refused */
	bool plain_groups;	  /* GROUP BY by sorting: the table of groups did not fit the memory for it (sqlite/group.h) */
	bool fixed_params;	  /* a parameter that was not declared is an error (42P02): simple queries */
} SqlEnv;

/* One statement of a query string. */
typedef struct RawStmt {
	const void *node; /* PgQuery__Node *, lives in the ParsedSql */
	Str text;	  /* its own text, without the semicolon */
	int location;	  /* byte offset in the whole string */
} RawStmt;

typedef struct ParsedSql {
	RawStmt *stmts;
	size_t n;
	Str source;
	void *tree; /* PgQuery__ParseResult * */
} ParsedSql;

/* Parses a query string; n = 0 for an empty one. 42601 with PostgreSQL's message and position on a syntax error.
 * sql_parsed_free releases the tree. Text is checked to be valid UTF-8 first (22021). */
int sql_parse(Str text, Arena *a, ParsedSql *out, Error *err);
void sql_parsed_free(ParsedSql *p);
/* Bytes of the first statement of a script, its semicolon included: by the lexer only, so that what follows a wrong one can be read. */
size_t sql_statement_length(Str script);
/* What is left of a text after blanks and comments. */
Str sql_skip_blank(Str text);

typedef enum PlanKind {
	PLAN_QUERY,  /* SELECT, VALUES, INSERT, UPDATE, DELETE, MERGE: run `steps`, if any, then `sql`, unless it is NULL */
	PLAN_SCRIPT, /* DDL and the like: run `steps` in order in one transaction */
	PLAN_BEGIN,
	PLAN_COMMIT,
	PLAN_ROLLBACK,
	PLAN_SAVEPOINT,
	PLAN_RELEASE,
	PLAN_ROLLBACK_TO,
	PLAN_SET,  /* name, values; SET LOCAL when local; RESET when values is empty and name set; RESET ALL when name is NULL */
	PLAN_SHOW, /* name */
	PLAN_COPY,
	PLAN_PREPARE,
	PLAN_EXECUTE,
	PLAN_DEALLOCATE,
	PLAN_DISCARD, /* name = ALL, PLANS, SEQUENCES, TEMP */
	PLAN_NOTHING, /* accepted without effect here, such as VACUUM and ANALYZE of SQLite: `tag`; may carry steps */
	PLAN_EXPLAIN,
	PLAN_LISTEN,
	PLAN_UNLISTEN,
	PLAN_NOTIFY,	/* name, payload in values[0] */
	PLAN_DECLARE,	/* name, cursor; the query is in `sql`, `steps`, `cols` and `writes` as PLAN_QUERY has it */
	PLAN_FETCH,	/* name, fetch */
	PLAN_CLOSE,	/* name; NULL = ALL */
	PLAN_TWO_PHASE, /* PREPARE TRANSACTION (name NULL), COMMIT PREPARED and ROLLBACK PREPARED (name); `tag`; the identifier is in
			    values[0] */
	PLAN_DO,	/* inner_text in the language `name` */
	PLAN_CALL,	/* target_oid is the procedure; its arguments are evaluated as a one-row query in `sql` */
	PLAN_DATABASE,
} PlanKind;

typedef enum StepKind {
	STEP_SQL,	       /* run `sql` on the write connection */
	STEP_NOTICE,	       /* send NOTICE: code, message */
	STEP_RESTART_SEQUENCE, /* oid: TRUNCATE RESTART IDENTITY */
	STEP_CHECK_EMPTY, /* run `sql`; if it returns a row, fail with `code` and `message`; the row's first column replaces %s in `detail`
			   */
	STEP_KEYS, /* SET CONSTRAINTS, value: KeysMode. With KEYS_IMMEDIATE and KEYS_CHECK the steps behind it are for when a foreign key is
		      open */
	STEP_FK_OFF,	   /* neither foreign keys nor checks are enforced by SQLite until the script has ended */
	STEP_SET_SEQUENCE, /* oid, value: ALTER SEQUENCE RESTART (sequence_set with is_called false) */
	STEP_ROWS,	   /* run `sql`; its change count is added to the command tag's row count */
	STEP_LOOP,   /* run `sql` over the store `work`, at first a copy of the store `value`, until it gives no row; what it gives is added
			to  `value` and is in `work` the next time. `work` + 1 is used too */
	STEP_RELOAD, /* the steps before have changed the catalog; those behind need what it says now */
	STEP_STORE,  /* run `sql`; its rows are kept in the store `value` for later steps (sqlite/row_store.h) */
	STEP_WRITE,  /* writes the rows of the store `value` one by one with their triggers, as `write` says; leaves those written there */
	STEP_FIRE_BEFORE, /* `write`: the triggers of the statement */
	STEP_FIRE_AFTER,
	STEP_FIRE_QUEUE, /* the triggers that come after */
} StepKind;

struct PlanWrite; /* sql/triggers.h */

/* KEYS_CHECK: what is open now is an error, and that is all. */
typedef enum KeysMode { KEYS_AS_DECLARED, KEYS_DEFER, KEYS_IMMEDIATE, KEYS_CHECK } KeysMode;

typedef struct PlanStep {
	StepKind kind;
	const char *sql;
	const char *code, *message, *detail, *hint;
	const char *constraint, *table, *schema;
	uint32_t oid;
	int64_t value;
	int work;
	struct PlanWrite *write;
	uint32_t only_for; /* nothing is done when no row of the store `only_store` has it in its last column; 0: always */
	int only_store;
} PlanStep;

typedef struct PlanColumn {
	const char *name;
	const PgType *type;
	int32_t typmod;
	uint32_t table_oid;
	int16_t attnum;
} PlanColumn;

typedef struct CopyOptions {
	bool csv, header, header_match, freeze, binary;
	char delimiter, quote, escape;
	const char *null_text;
	int encoding; /* of text and csv (pgtype/encoding.h); ENCODING_NONE: the client's */
	bool force_quote_all;
	bool *force_quote, *force_not_null, *force_null; /* per copied column, or NULL */
} CopyOptions;

enum { CURSOR_TABLES_MAX = 16 };

/* DECLARE. The query's rows have, behind its columns, the row number of each table in `tables`. */
typedef struct CursorPlan {
	bool binary, hold, locks; /* locks: FOR UPDATE and kin */
	bool scroll;		  /* may be read backwards */
	bool keep;		  /* SCROLL was asked for */
	uint32_t tables[CURSOR_TABLES_MAX];
	size_t ntables;
} CursorPlan;

/* FETCH and MOVE: direction f b a r as PostgreSQL's FetchDirection; ALL is INT64_MAX. */
typedef struct FetchPlan {
	char direction;
	int64_t count;
	bool move;
} FetchPlan;

/* CREATE, DROP and ALTER … RENAME of a database. */
typedef struct DatabasePlan {
	char what; /* c(reate), d(rop), r(ename) */
	const char *name, *new_name;
	const char *template; /* NULL: the default one */
	bool missing_ok, force;
} DatabasePlan;

typedef struct Plan Plan;
struct Plan {
	PlanKind kind;
	const char *tag; /* "SELECT", "INSERT 0", "UPDATE", "CREATE TABLE" ... */
	bool tag_rows;	 /* append the row count */
	const char *sql; /* SQLite text; parameter $n is ?n */
	bool writes;	 /* needs the write connection */
	bool may_write;	 /* only because it calls functions of the user that may: a read-only transaction runs it all the same */
	bool is_ddl;	 /* changes the catalog: reload it afterwards, bump the version */
	bool makes_temp; /* puts something into the schema of temporary objects */
	bool only_temp;	 /* changes nothing but this session's temporary objects */
	bool returns_rows;
	bool volatile_fn; /* calls nextval, setval, random and the like: reads that must not be repeated */
	bool cacheable;
	bool has_limit_ties;
	/* A SELECT with SKIP LOCKED, which may run on a read connection as if other sessions had locked all its rows (FnEnv.rows_taken). */
	bool skip_locked;
	const char *nowait; /* NOWAIT: what cannot be locked when the write connection is taken (55P03); NULL = wait for it */
	PlanColumn *cols;
	size_t ncols;
	uint32_t *param_types; /* resolved; index 0 is $1 */
	size_t nparams;
	bool defer_fk; /* foreign keys are looked at when all steps have run */
	PlanStep *steps;
	size_t nsteps;
	uint32_t target_oid; /* relation written by INSERT, UPDATE, DELETE, COPY: for constraint errors */

	const char *name;    /* SET, SHOW, SAVEPOINT, PREPARE, EXECUTE, DEALLOCATE (NULL = ALL), DISCARD, LISTEN */
	const char **values; /* SET: values; NOTIFY: payload */
	size_t nvalues;
	bool local, is_default;
	/* BEGIN, SET TRANSACTION */
	const char *isolation; /* "read committed" ... or NULL */
	int8_t read_only;      /* -1 not said, 0, 1 */
	int8_t deferrable;
	bool chain;

	/* COPY: FROM inserts with `sql` (one parameter per column, stored forms; WHERE may leave a row out); TO runs `sql` */
	bool copy_from;
	struct PlanWrite *copy_write; /* FROM into a table with triggers: `sql` gives the row instead, all columns */
	CopyOptions copy;
	/* COPY FROM into a partitioned table: `sql` gives the row and the OID of the partition that it goes to, where it is written with
	 * the text of that one. */
	struct CopyPart {
		uint32_t oid;
		const char *sql;
	} * copy_parts;
	size_t ncopy_parts;

	/* PREPARE: inner statement's text and declared types. EXECUTE: args already evaluated as a one-row query in `sql` whose
	 * columns are the arguments. */
	Str inner_text;
	const uint32_t *inner_types; /* the parameter types that PREPARE declares */
	size_t ninner_types;
	const RawStmt *inner;
	const uint32_t *inner_result; /* CALL: the types of the arguments; inner_types are the parameters that stand there alone, or 0 */
	const CursorPlan *cursor;
	const FetchPlan *fetch;
	const DatabasePlan *database;
	const struct ExplainPlan *explain; /* sql/explain.h */
	uint64_t catalog_version;
};

/* The text form of a regclass, regtype, regproc ... value, appended to `out`. False when `type` is none of them. */
bool sql_put_regname(const SqlEnv *env, uint32_t type, uint32_t oid, Buf *out);
int sql_find_regname(const SqlEnv *env, uint32_t type, Str name, uint32_t *oid, Error *err);

/* A type's name, with %TYPE and %ROWTYPE: `kind` is 0, 'c' or 'r'. For a table its row type. */
const PgType *sql_type(const SqlEnv *env, Arena *a, const char *text, char kind, int32_t *typmod, Error *err);

/* A part of a variable assigned: "UPDATE v SET v.field[1] = expression"; the plan's one column is the variable's new value. */
int sql_plan_assign(const SqlEnv *env, const ParsedSql *parsed, int var, Arena *a, Plan **out, Error *err);

/* Analyses one statement and plans it. `param_types` are the types the client declared (0 = to be inferred), nparams of them.
 * `for_describe` makes no difference to the result. On failure err has SQLSTATE and position (relative to the whole string). */
int sql_plan(const SqlEnv *env, const ParsedSql *parsed, size_t which, const uint32_t *param_types, size_t nparams, Arena *a, Plan **out,
	     Error *err);

#endif
