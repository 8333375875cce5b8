/* Inside the sql room: the state of an analysis and the functions its files call of each other. */
#ifndef US_SQL_ANALYZE_H
#define US_SQL_ANALYZE_H

#include "sql/node.h"
#include "sql/plan.h"

#include <pg_query/pg_query.pb-c.h>

typedef PgQuery__Node PgNode;

/* Where an expression stands; decides whether aggregates, window functions and the like are allowed, and the wording of the error. */
typedef enum ExprPlace {
	AT_SELECT,
	AT_FROM_FUNCTION,
	AT_JOIN_ON,
	AT_WHERE,
	AT_GROUP_BY,
	AT_HAVING,
	AT_WINDOW,
	AT_ORDER_BY,
	AT_LIMIT,
	AT_OFFSET,
	AT_RETURNING,
	AT_VALUES,
	AT_INSERT,
	AT_UPDATE,
	AT_CHECK,
	AT_DEFAULT,
	AT_INDEX_EXPR,
	AT_INDEX_WHERE,
	AT_FILTER,
	AT_CONFLICT_WHERE,
	AT_EXECUTE,
	AT_DISTINCT_ON,
	AT_COPY_WHERE,
	AT_MERGE_WHEN,
	AT_POLICY,
} ExprPlace;

/* A name visible in an expression: an Rte with the names its columns have at this place. Joins with USING and aliases add items
 * whose columns are expressions (merged columns) instead of an Rte's. */
typedef struct NsColumn {
	const char *name;
	Expr *expr;	/* X_VAR, or COALESCE for a merged column; copied at each use */
	bool hidden;	/* reachable only as table.column (merged away by USING) */
	bool unstarred; /* not one of those that a star stands for */
} NsColumn;
typedef struct NsItem {
	const char *alias;  /* NULL: columns are visible without a table name only (merged columns of a join) */
	const char *schema; /* for schema.table.column */
	Rte *rte;	    /* NULL for a join */
	NsColumn *cols;
	size_t ncols;
	bool rel_visible;  /* usable as alias.column and alias.* */
	bool cols_visible; /* usable as plain column */
	bool no_lateral;   /* on the left of RIGHT or FULL JOIN, whose right side is being analysed */
} NsItem;

/* Types of $1..$n: shared by all levels of a statement, filled as they are inferred. */
typedef struct ParamTypes {
	uint32_t *types;
	size_t n, cap;
} ParamTypes;

typedef struct ViewNames { /* for CatRel.view_names */
	CatViewName *items;
	size_t n;
} ViewNames;

typedef struct ParseState ParseState;
struct ParseState {
	ParseState *parent; /* outer query */
	const SqlEnv *env;
	Arena *a;
	Error *err;
	Str source; /* whole text, for positions */
	ParamTypes *params;
	int *next_id; /* ids of Rtes and Ctes, unique in the statement */
	Query *query; /* being built; may be NULL for a lone expression */
	NsItem **ns;
	size_t nns, ns_cap;
	Cte **ctes; /* visible at this level */
	size_t nctes, ctes_cap;
	ExprPlace place;
	bool has_aggs, has_windows, has_srfs, has_sublinks;
	bool *volatile_fn;   /* set when a volatile function is called anywhere in the statement */
	bool *writes;	     /* set when nextval and the like are called */
	const char **nowait; /* set by NOWAIT: Plan.nowait */
	bool *skip_locked;   /* set by SKIP LOCKED: Plan.skip_locked */
	WindowDef **windows; /* named in the WINDOW clause */
	size_t nwindows;
	bool keep_unknown;	  /* output columns may stay of type unknown: a branch of a set operation, the source of INSERT */
	bool lateral_ref;	  /* an item of this level was referred to from inside its own FROM clause */
	bool in_from;		  /* FROM is being analysed: a reference to this level is a lateral one */
	struct WithItems *with;	  /* WITH RECURSIVE whose queries are being analysed (cte.c) */
	const char *no_recursion; /* where a recursive query must not refer to itself: "a subquery" ...; NULL elsewhere */
	Cte *recursive_cte;	  /* this level is the body of WITH RECURSIVE: gets its columns from the first branch */
	const PgQuery__CommonTableExpr *recursive_def; /* of recursive_cte */
	struct ViewDml *view_target;		       /* UPDATE of a view: what SET names are its columns */
	const CatRel *view;			       /* whose text this is: relations have the names of when it was made */
	ViewNames *record;			       /* takes down the names that relations have in this text; NULL: nobody wants them */
	int depth;				       /* levels above this one, views included */
	const SqlVars *vars;			       /* of the program around; NULL in views */
	int chained;				       /* of these, joins and branches of set operations */
	const PgType *value_type;		       /* CHECK of a domain: what VALUE is */
	int32_t value_typmod;
};

/* errors.c: position from a byte offset */
int an_error(ParseState *ps, int location, const char *sqlstate, const char *fmt, ...) US_PRINTF(4, 5);
int an_refuse(ParseState *ps, int location, const char *fmt, ...) US_PRINTF(3, 4);
int char_position(Str source, int byte_offset);

/* expr.c: one node -> typed expression (may still be of type unknown for a bare literal). NULL on error. */
Expr *an_expr(ParseState *ps, const PgNode *node, ExprPlace place);
Expr *expr_new(ParseState *ps, ExprKind kind, uint32_t type, int location);
Expr *expr_const(ParseState *ps, uint32_t type, Val v);
Expr *expr_copy(ParseState *ps, const Expr *e); /* shallow is enough for a Var */

/* coerce.c */
typedef enum { COERCE_IMPLICIT, COERCE_ASSIGNMENT, COERCE_EXPLICIT } CoerceContext;
bool can_coerce(const Catalog *cat, uint32_t from, uint32_t to, CoerceContext ctx);
/* NULL with an error when impossible (42804 or 42846, worded by the caller's context). */
Expr *coerce_to(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx, int location);
/* unknown -> text, and parameters without a type get one. */
Expr *coerce_unknown_to_text(ParseState *ps, Expr *e);
Expr *coerce_to_boolean(ParseState *ps, Expr *e, const char *construct);
Expr *coerce_to_int8(ParseState *ps, Expr *e, const char *construct);
/* select_common_type of PostgreSQL's parse_coerce.c; 0 on error. */
uint32_t common_type(ParseState *ps, Expr *const *items, size_t n, const char *context, int location);

/* oper.c, func.c */
Expr *make_op(ParseState *ps, const char *name, const char *schema, Expr *left /* NULL: prefix */, Expr *right, int location);
Expr *make_scalar_array_op(ParseState *ps, const char *name, bool use_or, Expr *left, Expr *right, int location);
/* The equality function for a type (IN, DISTINCT, USING, GROUP BY); NULL + 42883 when there is none. */
const PgProc *equality_for(ParseState *ps, uint32_t type, int location);
/* "<" of the type, for ORDER BY; NULL + 42883 when it cannot be sorted. */
bool type_has_ordering(ParseState *ps, uint32_t type);
const PgProc *ordering_for(ParseState *ps, uint32_t type, int location);
Expr *an_func_call(ParseState *ps, const PgQuery__FuncCall *call);
Expr *an_call(ParseState *ps, const PgQuery__FuncCall *call); /* of CALL */
/* lowrite and kin, which write on the connection of the statement that they stand in, as programs do. */
bool writes_large_object(const PgProc *p);
/* A function or procedure of the user. */
static inline bool is_user_proc(const PgProc *p)
{
	return streq(p->src, "user");
}
Expr *make_func(ParseState *ps, const char *schema, const char *name, Expr **args, size_t nargs, int location);

/* typename.c: TypeName -> type and typmod. NULL + 42704 when it does not exist. */
const PgType *an_typename(ParseState *ps, const PgQuery__TypeName *tn, int32_t *typmod);

/* scope.c */
Expr *an_column_ref(ParseState *ps, const PgQuery__ColumnRef *ref);
int expand_star(ParseState *ps, const PgQuery__ColumnRef *ref, TargetList *out); /* *, t.*, s.t.* */
NsItem *ns_add_rte(ParseState *ps, Rte *rte, bool rel_visible, bool cols_visible);
/* Schema by name; pg_temp is the session's own. NULL when there is none. */
const CatSchema *env_schema(const SqlEnv *env, const char *name);
/* 0A000: `name` says another database than the session's. an_qualified: a relation's three-part name in quotes. */
int an_cross_database(ParseState *ps, int location, const char *name);
const char *an_qualified(ParseState *ps, const PgQuery__RangeVar *rv);
/* Relation by possibly qualified name through search_path; 42P01 when missing. */
const CatRel *an_relation(ParseState *ps, const PgQuery__RangeVar *rv, bool missing_ok);

/* select.c, from.c, group.c, window.c, cte.c, setop.c, insert.c, update.c, delete.c */
Query *an_query(ParseState *parent_or_root,
		const PgNode *stmt); /* SelectStmt, InsertStmt, UpdateStmt, DeleteStmt; a new level below the state given */
int an_from(ParseState *ps, PgQuery__Node **items, size_t n);
int check_grouping(ParseState *ps, Query *q);
/* window.c: the window of OVER name or OVER (...); named ones are found at the current level. NULL on error. */
WindowDef *an_window(ParseState *ps, const PgQuery__WindowDef *def);
/* order.c: ORDER BY inside an aggregate call or a window: expressions only, no output names or positions. */
int an_sort_exprs(ParseState *ps, PgQuery__Node *const *nodes, size_t n, ExprPlace place, SortItem **out, size_t *nout);
/* walk.c: same expression, locations aside. */
bool expr_equal(const Expr *x, const Expr *y);
/* same_tree.c: as expr_equal, for two expressions of the same level of a statement that is being analysed: subqueries that were written
 * alike are the same there, and those of `y` become those of `x`. */
bool expr_same(const Expr *x, Expr *y);
/* predicate.c: `where` being true, `pred` is too. False also where that is not seen. */
bool predicate_implied(ParseState *ps, const Expr *pred, const Expr *where);
/* array_list.c: an X_SCALAR_ARRAY over ARRAY[...], or over a constant if wanted, as X_IN_LIST; NULL when it is over another array, or an
 * empty one. */
const Expr *expr_array_as_list(Arena *a, const Catalog *cat, const Expr *x, bool constants);
/* Calls fn for x and everything below it, subqueries included; fn returns false to skip what is below. */
void expr_walk(Expr *x, bool (*fn)(Expr *x, void *arg), void *arg);
void query_walk(Query *q, bool (*fn)(Expr *x, void *arg), void *arg);
/* Only what stands in this query itself, not in subqueries of FROM, WITH and set operations. */
void query_walk_own(Query *q, bool (*fn)(Expr *x, void *arg), void *arg);
/* Whether the Rte belongs to this query's own FROM (not to an outer or inner one). */
/* True when it refers to nothing outside itself but the `known` WITH queries. */
bool query_is_closed(const Query *q, Cte *const *known, size_t nknown);
bool query_has_rte(const Query *q, const Rte *rte);
int target_add(ParseState *ps, TargetList *l, Expr *e, const char *name);
/* The name PostgreSQL gives a column without AS (FigureColname). */
const char *figure_colname(const PgNode *node);

/* A lone expression over one relation's columns: CHECK, DEFAULT, index expressions and predicates, from their PostgreSQL text. */
Expr *an_expr_text(const SqlEnv *env, Arena *a, const char *text, const CatRel *rel, ExprPlace place, uint32_t want_type, int32_t typmod,
		   Error *err);

/* CHECK of a domain: VALUE, of the type below it, is parameter 1. */
Expr *an_domain_check(const SqlEnv *env, Arena *a, const char *text, const PgType *below, int32_t typmod, Error *err);

/* emit.h: the other half */

#endif
