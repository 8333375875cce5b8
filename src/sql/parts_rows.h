/* Inside the sql room: the rows of a part in its store, while the query that fills it is put together. See parts.h. */
#ifndef US_SQL_PARTS_ROWS_H
#define US_SQL_PARTS_ROWS_H

#include "sql/parts.h"

typedef struct Rows {
	Parts *p;
	Part *part;
	Query *sel; /* fills the store; attnum of a target: it is the result's new value of that column */
	Rte *store;
	bool failed;
} Rows;

/* One more column of the store; attnum 0 when it is not a new value. */
int rows_add_output(Rows *r, Expr *e, int attnum);
/* The expression over the store: columns of the target as they will be (as they are in DELETE and MERGE), columns of other tables as they
 * are. What is not in the store yet is added to it. NULL on error. */
Expr *rows_rewrite(Rows *r, Expr *x);
/* A column of the store with the type of another expression. */
Expr *rows_store_var(ParseState *ps, Rte *store, size_t column, const Expr *like);

/* parts_dml.c: the rows that an INSERT gives, with all columns, into the part's store. *ret: what it returns of them, over part->routed. */
int part_compute_rows(Parts *p, Part *part, Query *ret);
/* RETURNING is computed together with the rows. */
bool part_returns_early(const Part *part);
/* rowid = c1, or rowid IN (SELECT c1 ...), of the store */
Expr *part_rowid_test(ParseState *ps, Rte *result, Rte *store, bool in);
Expr *part_column_from(ParseState *ps, Rte *store, const CatRel *rel, int attnum, size_t at);
/* parts_tree.c: applies a part whose rows may have to go into another partition */
int tree_move(Parts *p, Part *part);

/* parts_merge.c */
/* The triggers of the statement that come before; whether there are any triggers. */
bool merge_begin(Parts *p, Part *part);
int merge_compute(Parts *p, Part *part);
int merge_apply(Parts *p, Part *part);

#endif
