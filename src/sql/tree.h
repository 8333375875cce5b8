/*
 * Inside the sql room: tables with partitions or children. Each member of such a tree has a table of its own in the file. Reading the tree
 * reads a UNION ALL of its members (emit_from.c); changing it is changing each of them (parts_tree.c).
 */
#ifndef US_SQL_TREE_H
#define US_SQL_TREE_H

#include "catalog/partition.h"
#include "sql/rewrite.h"

/* The reference means more than the table itself. */
static inline bool rte_is_tree(const Rte *r)
{
	return r->kind == RTE_RELATION && !r->only && catrel_is_tree(r->rel);
}

/* Those of the tree that hold rows: partitions at its bottom, or the table itself with its children and theirs. */
const CatRel **tree_members(const CatRel *r, Arena *a, size_t *n);
/* A member with the columns of the table above under their attribute numbers there, then its own others; root itself for root. */
const CatRel *tree_member(const CatRel *root, const CatRel *member, Arena *a);
/* Makes `r` refer to the member alone, which is one of tree_member. */
void tree_narrow(ParseState *ps, Rte *r, const CatRel *member);

/* pg_partition_leaf of the row that has these columns: an expression over `rte`, which refers to the partitioned table. */
Expr *tree_leaf_expr(ParseState *ps, Rte *rte);
/* Whether the column is part of a partition key of the tree. */
bool tree_key_has(ParseState *ps, const CatRel *root, int attnum);

#endif
