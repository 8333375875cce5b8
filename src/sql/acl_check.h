/* Inside the sql room: whether the current role may do it; 42501 when not. */
#ifndef US_SQL_ACL_CHECK_H
#define US_SQL_ACL_CHECK_H

#include "sql/analyze.h"

bool acl_is_super(const ParseState *ps);
/* All of `wanted` (catalog/acl.h) on the relation or schema. */
int acl_check_rel(ParseState *ps, const CatRel *r, uint32_t wanted);
int acl_check_schema(ParseState *ps, const CatSchema *s, uint32_t wanted, int location);
int acl_check_create_schema(ParseState *ps);
/* EXECUTE on a function or procedure. */
int acl_check_call(ParseState *ps, const PgProc *p);
int acl_check_owner(ParseState *ps, const CatRel *r);
/* Everything that an analysed query reads and writes; what a view reads is read as its owner. */
int acl_check_query(ParseState *ps, Query *q);

#endif
