/* Inside the sql room: what the files of the query half of the analyser call of each other. */
#ifndef US_SQL_QUERY_H
#define US_SQL_QUERY_H

#include "sql/analyze.h"

/* Deepest nesting of queries and views, as a bound of the recursion over them. */
enum { MAX_QUERY_DEPTH = 250, MAX_CHAIN_DEPTH = 1500 };

/* Subqueries in subqueries, or too long a chain of joins or set operations. */
static inline bool query_too_deep(const ParseState *ps)
{
	return ps->depth - ps->chained >= MAX_QUERY_DEPTH || ps->chained >= MAX_CHAIN_DEPTH;
}

/* scope.c */
NsItem *ns_add_item(ParseState *ps, const NsItem *item);
Expr *var_new(ParseState *ps, Rte *rte, int column, int location);
int ns_find_column(ParseState *ps, const char *name, int location, Expr **out); /* this level only: 1, 0, or -1 and an error */

/* syscol.c: 1 found, 0 not there, or -1 and an error */
int an_system_column(ParseState *ps, Rte *rte, const char *name, int location, Expr **out);
bool is_ctid(const Expr *x);
bool is_tableoid(const Expr *x); /* of a tree of tables */
bool is_upserted_xmax(const Expr *x);
/* ctid = ANY (SELECT ctid ...) as a test of row numbers, which SQLite finds without reading the whole table. */
void ctid_to_row_number(Expr *sublink);

/* from.c */
Rte *rte_new(ParseState *ps, RteKind kind, const char *alias, int location);
/* view_names.c: names of relations in the text of a view. NULL: it has none of its own for that relation. */
const CatViewName *view_name_of(const ParseState *ps, uint32_t oid);
const CatViewName *view_name_find(const ParseState *ps, const PgQuery__RangeVar *rv);
void view_name_record(ParseState *ps, const PgQuery__RangeVar *rv, const CatRel *r);
/* from.c: for a text of its own within the statement, as a view's is: no names of the statement are seen. */
ParseState *an_state_apart(ParseState *ps, const ParsedSql *parsed);
/* from.c: its query below this level. NULL on error. */
Query *view_query(ParseState *ps, const CatRel *rel, int location);
/* The analysed query of a view. */
Query *an_view(const SqlEnv *env, Arena *a, const CatRel *view, Error *err);
/* Gives what the view names its names of today. */
void view_rename_all(Query *q, const CatRel *view, Arena *a);
/* Calls fn for each item of FROM, in subqueries too, but not inside views. */
void query_each_rte(const Query *q, void (*fn)(Rte *r, void *arg), void *arg);

Rte *rte_relation(ParseState *ps, const CatRel *rel, const char *alias, int location);
Rte *rte_subquery(ParseState *ps, Query *q, const char *alias, int location);
/* Columns are made by the caller, who fills the store. */
Rte *rte_store(ParseState *ps, int store);
int rte_apply_alias(ParseState *ps, Rte *rte, const PgQuery__Alias *alias, int location);
FromItem *from_item(ParseState *ps, const PgNode *node);
FromItem *from_leaf(ParseState *ps, Rte *rte);
/* A FROM with this one item. */
void query_from_rte(ParseState *ps, Query *q, Rte *rte);

/* row_shape.c */
Expr *whole_row(ParseState *ps, const NsItem *item, int location);
/* Columns of a value of a row type; NULL when they are not known before it is computed. */
Column *row_shape(ParseState *ps, const Expr *e, size_t *n);
const char *row_column_name(Arena *a, const Expr *row, size_t i);
Expr *row_field(ParseState *ps, Expr *e, const Column *cols, size_t i, int location);
int expand_row(ParseState *ps, Expr *e, TargetList *out);

/* joins.c */
FromItem *from_join(ParseState *ps, const PgQuery__JoinExpr *j);

/* from_func.c */
FromItem *from_function(ParseState *ps, const PgQuery__RangeFunction *rf);

/* select.c */
ParseState *level_new(ParseState *parent);
Query *query_new(ParseState *ps, CmdKind cmd);
int an_targets(ParseState *ps, PgQuery__Node *const *nodes, size_t n, ExprPlace place, TargetList *out);
/* t.* and (row).* of a list: 1 when the item was one and its columns were added, 0 when not, -1 and an error */
int expand_star_item(ParseState *ps, const PgNode *node, ExprPlace place, TargetList *out);
int an_where(ParseState *ps, const PgNode *node, ExprPlace place, const char *construct, Expr **out);
void query_set_columns(ParseState *ps, Query *q, const TargetList *targets);
int resolve_unknown_targets(ParseState *ps, TargetList *l);
Query *an_select(ParseState *ps, const PgQuery__SelectStmt *s);
/* 42P10 when the expression refers to columns of this level. */
int check_no_vars(ParseState *ps, Expr *e, const char *word);
int an_limits(ParseState *ps, const PgQuery__SelectStmt *s, Query *q);
int an_locking(ParseState *ps, const PgQuery__SelectStmt *s, Query *q);

/* srf.c: set-returning functions of GROUP BY, then those of the select list, become items of FROM */
int pull_grouped_srfs(ParseState *ps, Query *q);
int pull_srfs(ParseState *ps, Query *q);

/* order.c */
int an_order_by(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q);
/* The output column that an item of GROUP BY names or is; -1 on error. */
int group_key_target(ParseState *ps, Query *q, const PgNode *node);
int an_distinct(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q);
int sort_direction(ParseState *ps, const PgQuery__SortBy *sb, SortItem *item);

/* group_sets.c */
int an_group_by(ParseState *ps, PgQuery__Node *const *nodes, size_t n, bool distinct, Query *q);

/* group_union.c: after everything else of the query was analysed and checked */
int group_sets_to_union(ParseState *ps, Query *q);

/* window.c */
int an_named_windows(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q);

/* cte.c */
int an_with(ParseState *ps, const PgQuery__WithClause *w, Query *q);
/* The WITH query that the name means, analysed; *out is NULL when there is none. -1 and an error when its analysis fails. */
int cte_find(ParseState *ps, const char *name, Cte **out);

/* cte_path.c: SEARCH and CYCLE. The first adds their columns to those of the CTE, once its non-recursive term is known; the second makes
 * the terms give them. */
int cte_path_columns(ParseState *ps, Cte *cte, const PgQuery__CommonTableExpr *def);
int cte_path_apply(ParseState *ps, Cte *cte, const PgQuery__CommonTableExpr *def);

/* setop.c, values.c */
Query *an_setop(ParseState *ps, const PgQuery__SelectStmt *s);
Query *an_values(ParseState *ps, const PgQuery__SelectStmt *s);
/* Moves a query into a subquery of itself, so that its outputs can be converted without changing what it computes. */
void query_wrap(ParseState *ps, Query *q);
/* Columns of a query over which a set operation or INSERT wants other types: converts the outputs in place where that is possible. */
int query_coerce_column(ParseState *ps, Query *q, size_t column, uint32_t type, int32_t typmod);

/* insert.c, update.c, delete.c */
Query *an_insert(ParseState *ps, const PgQuery__InsertStmt *s);
Query *an_update(ParseState *ps, const PgQuery__UpdateStmt *s);
/* One row of values, or of defaults, as an INSERT; q->result is given, its columns are not visible. */
int an_insert_row(ParseState *ps, const PgQuery__InsertStmt *s, Query *q);
Query *an_merge(ParseState *ps, const PgQuery__MergeStmt *s);
Query *an_delete(ParseState *ps, const PgQuery__DeleteStmt *s);
const CatRel *dml_target(ParseState *ps, const PgQuery__RangeVar *rv, const char *verb);
/* view_dml.c: a view that is changed by changing its base table. */
typedef struct ViewDml {
	const CatRel *view;
	Rte *base;
	Expr **cols; /* the view's columns, over the base */
	size_t ncols;
	Expr *where;
	struct ViewCheck { /* of WITH CHECK OPTION, the innermost first */
		const CatRel *view;
		Expr *where;
	} * checks;
	size_t nchecks;
} ViewDml;
/* view_check.c: the values that are written are checked. When all of the statement is known. */
int view_check_rows(ParseState *ps, const ViewDml *v, Query *q);
/* Also takes such a view: *view is set then, and the relation is its base. */
const CatRel *dml_target_or_view(ParseState *ps, const PgQuery__RangeVar *rv, const char *verb, ViewDml **view);
/* The target of UPDATE and DELETE: its columns are visible, q->result is set. */
int dml_open(ParseState *ps, const PgQuery__RangeVar *rv, const char *verb, Query *q, ViewDml **view);
ViewDml *view_dml_open(ParseState *ps, const CatRel *view, const char *verb, int location);
void view_dml_namespace(ParseState *ps, const ViewDml *v, const char *alias);
int view_dml_column(ParseState *ps, const ViewDml *v, const char *name, const char *verb, int location, const CatColumn **out);
void view_dml_where(ParseState *ps, const ViewDml *v, Query *q);
int an_returning(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q);
/* Converts an expression for assignment to a column: 42804 as PostgreSQL words it. */
Expr *assign_to_column(ParseState *ps, Expr *e, const CatRel *rel, const CatColumn *col, int location);
Expr *column_default(ParseState *ps, const CatRel *rel, const CatColumn *col);
/* near_name.c: adds the hint to the error that says that a column does not exist. `alias` is NULL when none was written. */
void hint_near_column(ParseState *ps, const char *alias, const char *name);
/* assign.c: the column with a part of it replaced; `before` is the whole before that, NULL for NULL. */
Expr *assign_part(ParseState *ps, Expr *before, const CatColumn *col, const PgQuery__ResTarget *rt, Expr *value);
int an_set_list(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Rte *target, TargetList *out);

/* conflict.c */
int an_on_conflict(ParseState *ps, const PgQuery__OnConflictClause *oc, Query *q);
/* The keys and the condition of an index over the target: 1, 0 when it can be in nobody's way, or -1. */
int conflict_arbiter(ParseState *ps, const CatIndex *ix, Rte *target, OnConflict *out);
/* SQLite text that finds rows of the table that are in each other's way: all pairs of row numbers, or the one in the way of row ?1. */
const char *index_conflict_sql(const SqlEnv *env, Arena *a, const CatIndex *x, bool all, Error *err);
/* Whether the values of an index key are in each other's way. */
Expr *index_key_conflict(ParseState *ps, const CatIndex *ix, size_t key, Expr *mine, Expr *other);

#endif
