/* SQLite's plan of a statement (EXPLAIN QUERY PLAN) as a tree of PostgreSQL's plan nodes, and its text. */
#ifndef US_BACKEND_EXPLAIN_TREE_H
#define US_BACKEND_EXPLAIN_TREE_H

#include "sql/explain.h"

typedef struct PlanNode {
	const char *type;	  /* "Seq Scan" ... */
	const char *relationship; /* "Outer" ... to the node above; NULL at the top */
	const char *strategy;	  /* of an Aggregate: "Sorted" ... */
	const char *join_type, *operation, *subplan;
	const ExplainName *name; /* what is scanned or changed */
	const char *index, *condition;
	const char *function; /* of a function scan that has no name */
	double rows, startup, total;
	int width;
	struct PlanNode *kids, *next;
} PlanNode;

/* One line of SQLite's plan. */
typedef struct EqpLine {
	int id, parent;
	const char *text;
} EqpLine;

/* The tree of a statement that SQLite runs in `parts`; lines without a parent have minus the number of theirs. */
PlanNode *explain_tree(const ExplainPlan *x, const EqpLine *lines, size_t n, int parts, Arena *a);

typedef struct ExplainTimes {
	double planning_ms, first_ms, total_ms;
	uint64_t rows;
} ExplainTimes;

/* The whole output, lines with \n between them. `top` NULL: the statement has no plan. */
void explain_print(const ExplainPlan *x, const PlanNode *top, const ExplainTimes *times, Buf *out);

#endif
