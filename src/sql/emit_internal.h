/* Inside the emitter: what its files call of each other. */
#ifndef US_SQL_EMIT_INTERNAL_H
#define US_SQL_EMIT_INTERNAL_H

#include "sql/analyze.h"
#include "sql/emit.h"

enum {
	MAX_EMIT_DEPTH = 900, /* SQLite's own limit of expressions is 1000 */
	MAX_FLAT_DEPTH = 4000,
	MAX_EMIT_BYTES = 256 << 20,
	MAX_STACK_NEED = 88, /* of the 100 entries of the stack of SQLite's parser */
};

/* How a function of PostgreSQL is written in SQLite. */
typedef enum NativeForm {
	NATIVE_NONE,
	NATIVE_COMPARE, /* infix `text`, with the collation of the operands' type */
	NATIVE_INFIX,
	NATIVE_PREFIX, /* `text` before the operand */
	NATIVE_SAME,   /* the argument itself */
	NATIVE_CALL,   /* SQLite's own function `text` */
	NATIVE_CAST,   /* CAST(arg AS `text`) */
} NativeForm;

typedef struct Native {
	const char *src; /* prosrc */
	NativeForm form;
	const char *text;
} Native;

/* procs.c: the native form for a prosrc; form NATIVE_NONE when there is none. */
Native native_form(const char *src);
/* The name in fn.h's tables of a function that PostgreSQL defines in SQL and that therefore has no prosrc; NULL when there is none. */
const char *sql_function_form(uint32_t oid);
/* The SQLite name of an aggregate (without quotes, in `buf`), native or own. `typed`: called with type OIDs first. False: unavailable. */
bool native_aggregate(const Catalog *cat, const PgProc *proc, char *buf, size_t cap, bool *typed);

/* emit.c */
int emit_refuse(Emitter *e, int location, const char *fmt, ...) US_PRINTF(3, 4);
int emit_enter(Emitter *e, int location); /* -1 and 54001 when too deep */
enum { OUT_ALIAS = 1, OUT_COLLATE = 2 };
int emit_select(Emitter *e, const Query *q, unsigned flags);
int emit_with(Emitter *e, const Query *q);
/* The query's body and ORDER BY, without WITH and LIMIT. */
int emit_ordered(Emitter *e, const Query *q, unsigned flags);
int emit_where(Emitter *e, const char *word, const Expr *x);

/* emit_need.c: how many entries of its parser's stack SQLite needs for a text */
int emit_stack_need(Str text);
/* Writes parameters that come in order without their numbers. */
void emit_plain_params(Emitter *e);

/* emit_flat.c */
struct Flat *emit_flat_new(Arena *a, const Query *q);
int emit_flat(Emitter *e, const Expr *x);
int emit_flat_select(Emitter *e, const Query *q, unsigned flags, int (*write)(Emitter *e, const Query *q, unsigned flags));
void emit_flat_with(Emitter *e);

/* emit_expr.c */
int emit_kind(Emitter *e, const Expr *x); /* as emit_expr, but never flat itself */
int emit_list(Emitter *e, Expr *const *items, size_t n);
/* With COLLATE when the type needs one and the expression does not carry it as a column. */
/* emit_collate.c */
/* COLLATE with a collation of ICU. */
bool is_icu_collated(const Expr *x);
int emit_collated(Emitter *e, const Expr *x);
int emit_right_side(Emitter *e, const Expr *x); /* behind an operator whose left side has its collation */
bool carries_collation(const Expr *x);
bool emit_collate(Emitter *e, uint32_t type); /* false: the type has none of its own */
int emit_compare(Emitter *e, const char *op, const Expr *l, const Expr *r);
int emit_sort(Emitter *e, const SortItem *items, size_t n, const Query *q);
int emit_proc_call(Emitter *e, const PgProc *proc, Expr *const *args, size_t n, bool variadic_array, int location);

/* emit_func.c */
int emit_func(Emitter *e, const Expr *x);
void emit_user_head(Emitter *e, const Expr *x); /* the first two arguments of a call of a user's function */
int emit_around(Emitter *e, const char *before, const Expr *x, const char *after);
/* The type that a typed function is told: text for an unknown literal, what is below it for a domain. */
uint32_t emit_type_of(Emitter *e, const Expr *x);
int emit_cast(Emitter *e, const Expr *x);
int emit_domain(Emitter *e, const Expr *x);
int emit_view_check(Emitter *e, const Expr *x);
/* The body of a function that PostgreSQL defines in SQL; 0A000 for the others. */
int emit_inline(Emitter *e, const PgProc *p, Expr *const *args, size_t n, int location);
int emit_sqlvalue(Emitter *e, const Expr *x);
int emit_minmax(Emitter *e, const Expr *x);

/* emit_limit.c */
int emit_limits(Emitter *e, const Query *q);
/* WITH TIES, or a limit that depends on an outer query, which SQLite does not take. */
bool limits_need_count(const Query *q);
int emit_counted(Emitter *e, const Query *q, unsigned flags);

/* emit_agg.c */
int emit_aggregate(Emitter *e, const Expr *x);
/* The name in SQLite of an aggregate, and whether it is called with type OIDs first. */
int emit_aggregate_name(Emitter *e, const Expr *x, char *name, size_t cap, bool *typed);
/* ", type, flags" of each key; ", x" of each expression. */
void emit_key_types(Emitter *e, const SortItem *keys, size_t n);
int emit_more(Emitter *e, Expr *const *items, size_t n);

/* emit_group.c: writes the query over a hash table of its groups, or nothing (done is false) when that does not fit it */
int emit_hash_grouped(Emitter *e, const Query *q, unsigned flags, bool *done);
int emit_groups(Emitter *e, const Rte *r);

/* emit_window.c */
int emit_over(Emitter *e, const WindowDef *w, bool with_frame);
bool window_uses_frame(const PgProc *p);
/* SQLite has no such frame, or no such arguments: see sqlite/agg_window.c. */
bool needs_own_window(const Catalog *cat, const Expr *x);
int emit_own_window(Emitter *e, const Expr *x);

/* emit_sublink.c */
int emit_sublink(Emitter *e, const Expr *x);
int emit_scalar_array(Emitter *e, const Expr *x);
int emit_in_list(Emitter *e, const Expr *x);

/* emit_row.c */
int emit_row(Emitter *e, const Expr *x);
void emit_row_shape(Emitter *e, const Column *cols, size_t n); /* as text, see pgtype/row.h */
int emit_field(Emitter *e, const Expr *x);
int emit_row_null(Emitter *e, const Expr *x);
int emit_row_sublink(Emitter *e, const Expr *x);

/* emit_sublink.c */
int emit_content(Emitter *e, const Expr *x);

/* emit_from.c */
int emit_from(Emitter *e, FromItem *const *items, size_t n);
int emit_var(Emitter *e, const Expr *x);

/* emit_dml.c */
int emit_insert(Emitter *e, const Query *q);
int emit_update(Emitter *e, const Query *q);
int emit_delete(Emitter *e, const Query *q);

#endif
