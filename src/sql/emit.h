/*
 * Inside the sql room: analysed trees -> SQLite text. The only place that quotes identifiers and literals.
 * Each Rte is emitted as alias t<id>; columns of subqueries, VALUES, functions and CTEs are c1, c2 ...; columns of relations keep their
 * name in the file. Operators and functions go by the table in procs.c: a native SQLite form where it means the same, otherwise
 * the SQLite function pg_<prosrc>; neither: 0A000.
 */
#ifndef US_SQL_EMIT_H
#define US_SQL_EMIT_H

#include "base/buf.h"
#include "sql/node.h"

typedef struct Emitter {
	Buf out;
	Arena *a;
	const Catalog *cat;
	const TypeEnv *types;
	Str source; /* for positions of refusals */
	Error *err;
	const Rte *excluded;   /* its columns are written as excluded."c" (DO UPDATE) */
	int depth;	       /* of the recursion over expressions and queries */
	bool right_joins;      /* the FROM clause being written keeps unmatched rows of a right side */
	bool plain_groups;     /* GROUP BY in SQLite's own way */
	const Expr *condition; /* what is written stands where SQLite jumps on its value: AND and OR stop as soon as it is known there */
	int next_kept;	       /* numbers of values kept while an expression is computed (sqlite/fn_let.c) */
	int case_test;	       /* under which the value is kept that X_CASE_TEST stands for */
	int next_tmp;	       /* names made by the emitter itself: x1, x2 ... */
	const char *row_name;  /* before the columns of plain_rte: NEW or OLD */
	bool alone;	       /* no subquery may be written: CHECK, indexes, generated columns */
	const Rte *plain_rte;  /* when set, its columns are written without an alias (CHECK, index expressions, ON CONFLICT targets) */
	/* RETURNING: columns of the other tables are kept by pg_stash while rows are found; see fn_rows.c */
	Expr **stash;
	size_t nstash;
	bool marks_updated;	    /* ON CONFLICT DO UPDATE notes the rows it updates, for xmax */
	bool returning;		    /* an expression of RETURNING is written */
	const CatRel *returning_of; /* a subquery of RETURNING is written: it must not read this relation, which has changed already */
	struct Snapshot *snapshots; /* tables to be read as they were (parts.h) */
	size_t nsnapshots;
	const CatRel **changed; /* tables that must not be read any more */
	size_t nchanged;
	struct Flat *flat; /* the statement is written once more, for SQLite's parser flat (emit_flat.c) */
} Emitter;

int emit_query(Emitter *e, const Query *q);
int emit_expr(Emitter *e, const Expr *x);
void emit_ident(Buf *out, const char *name); /* "name" with quotes doubled */
void emit_text(Buf *out, Str s);	     /* 'text' with quotes doubled */
void emit_val(Buf *out, const Val *v);	     /* any stored value as a SQLite literal */

/* A lone expression in a table's own terms, as SQLite text: CHECK, DEFAULT, index expressions. NULL on error. */
const char *emit_row_expr(const Catalog *cat, const TypeEnv *types, const Expr *x, const Rte *rte, const char *row, Arena *a, Error *err);
const char *emit_table_expr(const Catalog *cat, const TypeEnv *types, const Expr *x, const Rte *rte, Arena *a, Error *err);

#endif
