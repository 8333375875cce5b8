/* Inside the sql room: what the files that plan GRANT and REVOKE share. */
#ifndef US_SQL_DDL_GRANT_H
#define US_SQL_DDL_GRANT_H

#include "catalog/acl.h"
#include "sql/ddl.h"

/* What an object's list is after the statement so far. */
typedef struct Items {
	struct Items *next;
	uint32_t classoid, objoid;
	int32_t objsubid;
	AclItem *items;
	size_t n, cap;
} Items;

typedef struct Grant {
	Items *changed;
	Ddl *d;
	const PgQuery__GrantStmt *s;
	uint32_t *grantees;
	size_t ngrantees;
	uint32_t all;	  /* privileges for whole objects */
	bool every;	  /* ALL was said */
	const char *what; /* "table" ... */
} Grant;

int grant_read_grantees(Grant *g);
/* The privileges for whole objects, of the possible ones; `what` is for the error. */
int grant_read_privileges(Grant *g, uint32_t possible);
void grant_add(Grant *g, Items *x, uint32_t grantee, uint32_t grantor, uint32_t bits, uint32_t options);
/* Takes away, and from those who had it from there. -1 when there are such and CASCADE was not said. */
int grant_take(Grant *g, Items *x, uint32_t grantee, uint32_t grantor, uint32_t bits, bool options_only, int depth);
/* The statement's change of one object. */
int grant_change(Grant *g, const AclObject *o, uint32_t wanted, const char *name);
const CatSchema *grant_schema(Grant *g, const PgNode *n);
/* ddl_grant_others.c: functions, types, languages */
int grant_on_others(Grant *g, char kind, bool in_schema);

#endif
