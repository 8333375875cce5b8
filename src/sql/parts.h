/*
 * Inside the sql room: statements that change several things at once, or read what they change, as plans of several steps.
 *
 * PostgreSQL runs all parts of WITH ... (INSERT, UPDATE, DELETE) on one snapshot. Here each part is split in two. First everything is
 * computed, while the file is as the statement found it: the rows that a part inserts, the row numbers and new values of an UPDATE, the row
 * numbers of a DELETE, and what its RETURNING gives go to row stores (sqlite/row_store.h). Then each part is applied from its store.
 *
 * What an INSERT with ON CONFLICT returns is known only after it was applied. Parts that read it are computed then, and see tables that
 * have changed meanwhile through a copy made before, or without the rows that are new.
 */
#ifndef US_SQL_PARTS_H
#define US_SQL_PARTS_H

#include "sql/emit.h"
#include "sql/query.h"

/* A table as it was before a part was applied. */
struct Snapshot {
	const CatRel *rel;
	int store;     /* of a copy: the row number, then all columns; or of the new rows */
	int new_rowid; /* 0, or the column of `store` that has the row numbers of new rows; the others have not changed */
	bool used;
	size_t at; /* the step before which a copy is made */
};

typedef struct Part Part;
struct Part {
	Query *q;
	Cte *cte;     /* NULL: the statement itself */
	bool *uses;   /* parts before it that it reads */
	int rows;     /* store of what to write */
	int out;      /* store of what others read; -1 = none */
	int rowid_at; /* column of `out` that has the row numbers of new rows */
	bool computed, applied;
	bool apart;		  /* an action of MERGE: the triggers of the statement are fired elsewhere */
	struct PlanWrite *write;  /* its table has triggers: rows are written one by one (triggers.h) */
	struct PlanWrite *upsert; /* of such a part with ON CONFLICT DO UPDATE: the rows that it updates */
	const Query *ret;	  /* of such a part: what it returns, over its store when it was written */
	bool member;		  /* it changes one table of the tree that the statement names (parts_tree.c) */
	Part *members;		  /* of a part that changes a tree */
	const CatRel **tables;
	size_t nmembers;
	bool moves;	    /* rows may go from one partition into another */
	const int *attnums; /* with `moves` and of an INSERT into a partitioned table: of the columns of `rows` */
	size_t nattnums;
	int routed;	  /* of such: the store into a partitioned table: the store of its rows with the partition of each behind them */
	int moved;	  /* the store of rows that leave their partition */
	const Expr *leaf; /* the partition that a row belongs to, over the target */
};

typedef struct Parts {
	ParseState *ps;
	Plan *plan;
	Part *items; /* CTEs in order, then the statement itself */
	size_t n;
	int nstores;
	size_t step_cap;
	struct Snapshot *snapshots;
	size_t nsnapshots;
	const CatRel **changed; /* tables that have been changed by the steps so far */
	size_t nchanged;
} Parts;

/* Refuses what triggers make impossible. */
int parts_check(ParseState *ps, const Query *q);
/* Whether the statement needs several steps. */
bool parts_needed(const Query *q);
/* Fills plan->steps and plan->sql. */
int parts_plan(ParseState *ps, Query *q, Plan *plan);

/* parts.c, for parts_dml.c and parts_tree.c */
int part_event(const Query *q); /* TRIGGER_INSERT ... */
/* How its rows are written one by one into a table. */
struct PlanWrite *part_write(Parts *p, const Part *part, const CatRel *rel);
int parts_store(Parts *p, const Query *q, int store, uint32_t target);
PlanStep *parts_add_step(Parts *p, StepKind kind);
PlanStep *parts_step(Parts *p, StepKind kind, const Query *q);

/* parts_tree.c: a part whose target is a tree of tables (tree.h) */
bool part_is_tree(const Part *part);
bool query_changes_tree(const Query *q);
int tree_begin(Parts *p, Part *part); /* 1: it has triggers */
int tree_compute(Parts *p, Part *part);
int tree_apply(Parts *p, Part *part);
/* The steps from `from` on do nothing when no row of the store has `part` in its last column. */
void parts_only_for(Parts *p, size_t from, int store, uint32_t part);

/* parts_dml.c */
/* The text of a query that is run between the steps. */
const char *parts_text(Parts *p, const Query *q);

/* parts_conflict.c: what ON CONFLICT does with the rows of part->write, whose store is known. */
int part_conflict(Parts *p, Part *part);

int part_compute(Parts *p, Part *part);
int part_apply(Parts *p, Part *part);
/* What it returns is known only when it was applied. */
bool part_returns_late(const Part *part);

#endif
