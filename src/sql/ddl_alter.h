/*
 * Inside the sql room: ALTER TABLE. Its commands change a copy of the relation; when all are done, the rows are checked against what is
 * new, and what SQLite cannot alter in place is rebuilt: a new table is filled from the old one, and takes its name.
 */
#ifndef US_SQL_DDL_ALTER_H
#define US_SQL_DDL_ALTER_H

#include "sql/ddl.h"

typedef struct Alter {
	Ddl *d;
	const CatRel *old;
	CatRel *r;	     /* the copy */
	const char **source; /* per attnum: SQLite expression over the old table that fills the column; NULL: as it was */
	bool rebuild;
} Alter;

#define AT(x) PG_QUERY__ALTER_TABLE_TYPE__AT_##x

void alter_begin(Alter *al, Ddl *d, const CatRel *r);
/* Checks the rows, rebuilds the table when that is needed, writes the relation. */
int alter_finish(Alter *al);
CatColumn *alter_column(Alter *al, const char *name); /* 42703 when there is none */
void alter_sources(Alter *al);			      /* makes room for the columns that were added */
/* SQLite text of an expression over the old table. */
const char *alter_old_expr(Alter *al, const char *text, ExprPlace place, uint32_t type, int32_t typmod);
int alter_drop_constraint_at(Alter *al, size_t i, const char *what, bool cascade);

int alter_command(Alter *al, const PgQuery__AlterTableCmd *cmd);

/* ddl_alter_tree.c: what cannot be done to one table of a tree alone; the same for those below, when the table itself is finished */
int alter_check_tree(Ddl *d, const CatRel *r, const PgQuery__AlterTableCmd *cmd, bool only);
int alter_children(Alter *top, const PgQuery__AlterTableStmt *s);
int alter_inherit_index(Alter *al, const CatIndex *from); /* one that fits becomes its part, or one is made */

/* ddl_attach.c: ATTACH and DETACH PARTITION, INHERIT and NO INHERIT, OF and NOT OF. 1: not one of them. */
int alter_attach(Ddl *d, const CatRel *r, const PgQuery__AlterTableCmd *cmd);
int alter_attach_index(Ddl *d, const CatIndex *x, const PgQuery__PartitionCmd *cmd);

/* ddl_alter_check.c */
/* Whether the rows that are there have to be looked at for an index. */
bool alter_must_check(const Alter *al, const CatIndex *x);
int alter_check_rows(Alter *al);

int alter_fill_column(Alter *al, const CatColumn *c); /* what the rows that are there have in a new column */
int alter_drop_inherited(Alter *al, CatColumn *c);

/* ddl_alter_column.c: the commands about columns. 1: not one of them. */
int alter_column_command(Alter *al, const PgQuery__AlterTableCmd *cmd);

#endif
