/*
 * Inside the sql room: planning of DDL. A statement becomes a script of SQLite statements that change the file's tables and the
 * _understudy_* tables together. A relation is changed by building its new CatRel in the arena and writing that out.
 */
#ifndef US_SQL_DDL_H
#define US_SQL_DDL_H

#include "sql/emit.h"
#include "sql/plan_internal.h"

typedef struct DdlName {
	uint32_t schema; /* 0: a name in the file */
	const char *name;
} DdlName;

typedef struct Ddl {
	ParseState *ps;
	Plan *plan;
	const Catalog *cat;
	Arena *a;
	Error *err;
	PlanStep *steps;
	size_t n, cap;
	DdlName *taken; /* names given by this statement */
	size_t ntaken, taken_cap;
	uint32_t next_oid;
	uint32_t owner;
	bool fk_off;
	uint32_t temp_schema;		 /* made by this statement */
	const CatSequence *new_sequence; /* the last that a column was given */
	uint32_t next_temp_oid;
	bool temp_oids;		    /* what this statement makes is temporary */
	bool uses_temp, uses_other; /* whose objects the steps change */
} Ddl;

/* ddl_util.c */
void ddl_begin(Ddl *d, ParseState *ps, Plan *plan);
int ddl_finish(Ddl *d, const char *tag); /* adds the OID counter and the catalog version; 0 */
/* Ends with "relation exists, skipping" or the error, when the name is taken: 1 or -1. 0: it is free. */
int ddl_name_clash(Ddl *d, uint32_t schema, const char *name, bool if_not_exists, const char *tag);
uint32_t ddl_oid(Ddl *d);
PlanStep *ddl_step(Ddl *d, StepKind kind);
void ddl_sql(Ddl *d, const char *fmt, ...) US_PRINTF(2, 3);
void ddl_warning(Ddl *d, const char *code, const char *fmt, ...) US_PRINTF(3, 4);
void ddl_notice(Ddl *d, const char *code, const char *fmt, ...) US_PRINTF(3, 4);
void ddl_fk_off(Ddl *d);					 /* foreign keys of SQLite are not enforced for the rest of the script */
const char *ddl_id(Ddl *d, const char *name);			 /* "name" */
const char *ddl_lit(Ddl *d, const char *text);			 /* 'text' or NULL */
const char *node_string(const PgNode *n);			 /* NULL when it is not a String */
const char *ddl_statement_sql(Ddl *d, const PgNode *stmt);	 /* PostgreSQL text of a statement; NULL on error */
const char *ddl_expr_sql(Ddl *d, const PgNode *node);		 /* PostgreSQL text of an expression; NULL on error */
uint32_t ddl_target_schema(Ddl *d, const PgQuery__RangeVar *rv); /* where a new object goes; 0 on error */
/* The schema of this session's temporary objects: made when it does not exist. */
uint32_t ddl_temp_schema(Ddl *d);	   /* 0 on error */
bool ddl_is_temp(Ddl *d, uint32_t schema); /* is it the temporary schema of some session? */
/* How long a relation named so lives (pg_class.relpersistence); 0 on error. */
char ddl_persistence(Ddl *d, const PgQuery__RangeVar *rv, uint32_t schema);
void ddl_touch(Ddl *d, uint32_t schema); /* something in it is changed */
const char *ddl_schema_name(Ddl *d, uint32_t schema);
bool ddl_name_taken(Ddl *d, uint32_t schema, const char *name);
void ddl_take_name(Ddl *d, uint32_t schema, const char *name);
/* PostgreSQL's ChooseRelationName: name1_name2_label, cut to 63 bytes, numbered when taken. `rel` non-NULL: also free among its
 * constraints. */
const char *ddl_choose_name(Ddl *d, uint32_t schema, const char *name1, const char *name2, const char *label, const CatRel *rel);
const char *ddl_sqlite_name(Ddl *d, uint32_t schema, const char *name, uint32_t oid);
const CatRel *ddl_find_rel(Ddl *d, const PgQuery__RangeVar *rv); /* table, view or sequence; NULL when missing, without an error */
const CatIndex *ddl_find_index(Ddl *d, const char *schema, const char *name);
/* 42704 when values of the type cannot be the keys of an index of that kind. */
int ddl_check_key_type(Ddl *d, uint32_t type, const char *method);
int ddl_check_user_rel(Ddl *d, const CatRel *r, int location); /* pg_catalog is not changed: 42501 */

/* 42501 when the current role does not own it. */
int ddl_check_owner(Ddl *d, const CatRel *r, int location);

/* ddl_role.c */
uint32_t ddl_current_role(const Ddl *d); /* 0: it has only logged in so far */
const char *ddl_role_name(Ddl *d, const PgQuery__RoleSpec *s);
uint32_t ddl_role_oid(Ddl *d, const PgQuery__RoleSpec *s); /* 0 and 42704 when there is none */
int ddl_must_own(Ddl *d, uint32_t owner, const char *what, const char *name);
int plan_create_role(Ddl *d, const PgQuery__CreateRoleStmt *s);
int plan_alter_role(Ddl *d, const PgQuery__AlterRoleStmt *s);
int plan_drop_role(Ddl *d, const PgQuery__DropRoleStmt *s);
int plan_rename_role(Ddl *d, const PgQuery__RenameStmt *s);
int plan_grant_role(Ddl *d, const PgQuery__GrantRoleStmt *s);
/* ddl_grant.c */
int plan_grant(Ddl *d, const PgQuery__GrantStmt *s);
/* What the old owner had and granted is the new one's. */
struct AclObject;
/* ddl_grant_others.c */
int plan_default_privileges(Ddl *d, const PgQuery__AlterDefaultPrivilegesStmt *s);
/* What ALTER DEFAULT PRIVILEGES gives to a new object in the schema (0: it is in none). */
void ddl_give_defaults(Ddl *d, const struct AclObject *o, uint32_t schema);
/* ddl_policy.c */
void ddl_set_row_security(Ddl *d, const CatRel *r, PgQuery__AlterTableType what);
int ddl_check_policies(Ddl *d, const char *name); /* 0A000 when a policy names it */
/* ddl_trigger.c: the table, and what of it the ith name of a DROP means. 0 with a notice: there is no such table, which IF EXISTS allows.
 */
int ddl_named_part(Ddl *d, const PgQuery__DropStmt *s, size_t i, const CatRel **r, const char **name);
/* ddl_setting.c */
const char *ddl_setting_text(Ddl *d, const Plan *set); /* the values of SET as one text */
int plan_role_setting(Ddl *d, const PgQuery__AlterRoleSetStmt *s);
int plan_database_setting(Ddl *d, const PgQuery__AlterDatabaseSetStmt *s);
int plan_owned(Ddl *d, const PgNode *n);
void ddl_change_owner(Ddl *d, const struct AclObject *o, uint32_t to);

/* ddl_depend.c: whether the view's query names the relation (itself or through a subquery, but not through another view), or a column */
bool ddl_view_uses(Ddl *d, const CatRel *view, const CatRel *rel);
bool ddl_view_uses_column(Ddl *d, const CatRel *view, const CatRel *rel, int attnum);
/* Whether a PostgreSQL expression over the relation reads the column. */
bool ddl_expr_uses(Ddl *d, const CatRel *r, const char *text, ExprPlace place, int attnum);
bool ddl_query_is_temp(const Query *q); /* it reads something temporary */

/* ddl_column.c, ddl_constraint.c: elements of CREATE TABLE and ALTER TABLE, added to a relation in the making */
int ddl_add_column(Ddl *d, CatRel *r, const PgQuery__ColumnDef *def);
int ddl_add_column_constraints(Ddl *d, CatRel *r, const PgQuery__ColumnDef *def);
int ddl_add_constraint(Ddl *d, CatRel *r, const PgQuery__Constraint *k, const CatColumn *column);
bool ddl_any_view(const Catalog *cat);
CatColumn *ddl_append_column(Ddl *d, CatRel *r, const char *name);
bool ddl_is_system_column(const char *name);
int ddl_set_identity(Ddl *d, CatRel *r, CatColumn *c, const PgQuery__Constraint *k);
int ddl_set_default(Ddl *d, CatRel *r, CatColumn *c, const PgNode *expr);
CatIndex *ddl_new_index(Ddl *d, CatRel *r, const char *name, size_t nkeys);
CatConstraint *ddl_new_constraint(Ddl *d, CatRel *r, char type, const char *name, size_t ncols);
void ddl_choose_rowid(CatRel *r);
bool ddl_has_primary(const CatRel *r);
const char *ddl_expr_label(Ddl *d, const char *text); /* what an expression adds to the generated name of an index */

/* ddl_matview.c: the steps that put the rows of a query into a table */
void ddl_fill_table(Ddl *d, const CatRel *r, const Plan *q);
/* ddl_object.c: PostgreSQL text of a query; NULL on error */
const char *ddl_query_sql(Ddl *d, const PgNode *query);

/* ddl_like.c: the columns, and when all columns are there, the rest */
int ddl_like_columns(Ddl *d, CatRel *r, const PgQuery__TableLikeClause *s);
int ddl_like_rest(Ddl *d, CatRel *r, const PgQuery__TableLikeClause *s);

/* ddl_inherit.c: INHERITS and PARTITION OF. The columns and checks of the parents, before the table's own. */
int ddl_inherit(Ddl *d, CatRel *r, const PgQuery__CreateStmt *s);
/* The column that the statement defines at `place`, which its parents may have too. 1: it is none of theirs. */
int ddl_merge_column(Ddl *d, CatRel *r, const PgQuery__ColumnDef *def, int place);
/* A CHECK of the table that one of its parents has, too: 1; 0: there is none of that name. */
int ddl_merge_check(Ddl *d, CatRel *r, const char *name, const char *text, bool no_inherit);
int ddl_inherit_keys(Ddl *d, CatRel *r); /* foreign keys and indexes that partitions have because the partitioned table has them */
const CatConstraint *ddl_index_constraint(const CatIndex *x); /* that rests on it; NULL when there is none */
int ddl_inherit_check(Ddl *d, CatRel *r, const CatConstraint *from);
CatIndex *ddl_inherit_index(Ddl *d, CatRel *r, const CatIndex *from);
CatConstraint *ddl_inherit_foreign_key(Ddl *d, CatRel *r, const CatConstraint *from);
/* ddl_index.c: the parts that a new index of a partitioned table has on its partitions */
int ddl_index_partitions(Ddl *d, const CatRel *r, const CatIndex *parent);
bool ddl_index_fits(const CatIndex *x, const CatIndex *parent);
/* ddl_save_inherit.c */
void ddl_save_inheritance(Ddl *d, const CatRel *r);
void ddl_forget_inheritance(Ddl *d, const CatRel *r);
int ddl_put_partition_check(Ddl *d, const CatRel *r, Buf *b);
const char *ddl_partition_test(Ddl *d, const CatRel *r, const CatRel *parent, const CatRel *child); /* NULL on error */
/* ddl_partition.c */
int ddl_partition_by(Ddl *d, CatRel *r, const PgQuery__PartitionSpec *s);
int ddl_check_partition_keys(Ddl *d, const CatRel *r); /* unique constraints have all of the key */
CatBound *ddl_partition_bound(Ddl *d, const CatRel *parent, const char *name, const PgQuery__PartitionBoundSpec *s);
/* Steps that fail when the default partition has rows that are another one's now. */
int ddl_check_default(Ddl *d, const CatRel *parent);

/* ddl_storage.c: names of storage, which has no effect here, must exist all the same */
int ddl_check_tablespace(Ddl *d, const char *name); /* "" is none */
int ddl_check_table_method(Ddl *d, const char *name);
int ddl_check_parameters(Ddl *d, PgQuery__Node *const *opts, size_t n, bool index);
int ddl_check_opclass(Ddl *d, const char *method, const PgQuery__IndexElem *e, uint32_t type);
/* The extension that an operator class of that name belongs to; NULL for PostgreSQL's own. `name` may be NULL. */
const Extension *ddl_opclass_extension(const char *method, const char *name);
/* Only byte order is known: another collation is refused. `what` has it: "a column". */
uint32_t ddl_collation(PgQuery__Node *const *names, size_t n, const PgType *t); /* OID of one of those, or of the type's own */
int ddl_check_collation(Ddl *d, PgQuery__Node *const *names, size_t n, int location, const char *what);

/* ddl_save.c: a relation's rows in the _understudy_* tables, and its SQLite text */
void ddl_save_rel(Ddl *d, const CatRel *r);
void ddl_forget_rel(Ddl *d, const CatRel *r);
void ddl_save_index(Ddl *d, const CatIndex *x);
void ddl_save_constraint(Ddl *d, const CatConstraint *k);
void ddl_forget_comments(Ddl *d, uint32_t oid, uint32_t class);
/* SQLite text of an expression over the columns of r; NULL on error. */
const char *ddl_table_expr(Ddl *d, const CatRel *r, const char *pg, ExprPlace place, uint32_t want, int32_t typmod);
int ddl_add_file_column(Ddl *d, const CatRel *r, const CatColumn *c); /* one that needs no value */
int ddl_make_table(Ddl *d, const CatRel *r, const char *sqlite_name);
/* ddl_index.c: a key, INCLUDE and WHERE of an index in the making; what a key adds to a generated name. */
int ddl_index_key(Ddl *d, CatIndex *x, size_t i, const PgQuery__IndexElem *e);
int ddl_include_columns(Ddl *d, CatIndex *x, PgQuery__Node *const *nodes, size_t n, bool constraint);
int ddl_index_predicate(Ddl *d, CatIndex *x, const PgNode *where);
const char *ddl_key_label(Ddl *d, const PgQuery__IndexElem *e);
/* ddl_exclude.c */
int ddl_add_exclusion(Ddl *d, CatRel *r, const PgQuery__Constraint *k);
int ddl_check_exclusion(Ddl *d, const CatIndex *x);
int ddl_make_index(Ddl *d, const CatIndex *x);
bool index_has_sqlite(const CatIndex *x); /* false for the rowid alias, for indexes for contents and those that are only recorded */

/* ddl_content.c: indexes for contents */
int ddl_choose_index_storage(Ddl *d, CatIndex *x); /* fills storage and contents; tells the client what becomes of it */
int ddl_make_content(Ddl *d, const CatIndex *x);
void ddl_drop_content(Ddl *d, const CatIndex *x);
/* ddl_save.c: what the file has of an index. */
void ddl_drop_index_file(Ddl *d, const CatIndex *x);

/* ddl_sequence.c */
CatSequence *ddl_new_sequence(Ddl *d, uint32_t schema, const char *name, uint32_t type_oid);
int ddl_sequence_options(Ddl *d, CatSequence *q, PgQuery__Node *const *opts, size_t n, bool altering, bool *restart, int64_t *restart_at);
void ddl_save_sequence(Ddl *d, const CatSequence *q);
int ddl_change_sequence(Ddl *d, uint32_t oid, PgQuery__Node *const *opts, size_t n);

/* ddl_drop.c */
/* Takes foreign keys that `match` out of a table, with the notices of CASCADE. */
int ddl_drop_foreign_keys(Ddl *d, const CatRel *r, bool (*match)(const CatConstraint *k, void *arg), void *arg);

/* ddl_drop_sequence.c */
/* With the defaults of tables other than `leaving` that call it, when `cascade`; 2BP01 otherwise, saying that `what` cannot be dropped. */
int ddl_drop_sequence(Ddl *d, const CatRel *seq, const char *what, const CatRel *const *leaving, size_t n, bool cascade);

/* ddl_object.c */
uint32_t ddl_names_schema(Ddl *d, PgQuery__Node *const *names, size_t n, const char **name); /* where a new object of that name goes */
const PgType *ddl_find_type(Ddl *d, PgQuery__Node *const *names, size_t n);

/* ddl_drop.c */
int ddl_depend_error(Ddl *d, const char *what, const char *detail); /* 2BP01 */
/* ALTER of another relation as a part of this statement. */
int ddl_alter_within(Ddl *d, const CatRel *r, PgQuery__AlterTableCmd *cmds, size_t n);
int ddl_drop_view(Ddl *d, const CatRel *view); /* and the views over it */

/* ddl_drop_type.c */
int plan_drop_type(Ddl *d, const PgQuery__DropStmt *s);
void ddl_forget_type(Ddl *d, const PgType *t); /* its rows, and those of its array type */

/* ddl_type.c: whether a value of the type is, or has in it, one of the other, an enum or row type */
bool ddl_type_holds(const PgType *t, uint32_t oid);
int ddl_check_new_type(Ddl *d, uint32_t schema, const char *name); /* 42710 when there is one */
/* "column c of table t": the first that is of the type, of arrays of it or of a domain over it; NULL when there is none. */
const char *ddl_type_user(Ddl *d, uint32_t oid, const CatRel *const *leaving, size_t n);
int ddl_drop_composite(Ddl *d, const PgType *t);

/* Rows for a new type and for its array type, whose OID is given back by *array; the type's OID. */
uint32_t ddl_new_type(Ddl *d, uint32_t schema, const char *name, char kind, uint32_t *array);

const char *ddl_query_sql(Ddl *d, const PgNode *query); /* ddl_object.c: PostgreSQL text of a query; NULL on error */
/* ddl_retext.c: writes the type's new name and schema (NULL: it stays) into every expression and query that the catalog keeps */
int ddl_rename_in_texts(Ddl *d, const PgType *t, const char *name, const char *schema);
/* Whether any of them has the text in it. */
bool ddl_in_texts(Ddl *d, const char *what);

/* One function per kind of statement */
int plan_create_table(Ddl *d, const PgQuery__CreateStmt *s);
int plan_create_table_as(Ddl *d, const PgQuery__CreateTableAsStmt *s);
int plan_select_into(Ddl *d, const PgNode *select);
int plan_set_constraints(Ddl *d, const PgQuery__ConstraintsSetStmt *s);
int plan_refresh(Ddl *d, const PgQuery__RefreshMatViewStmt *s);
int plan_create_index(Ddl *d, const PgQuery__IndexStmt *s);
int plan_create_sequence(Ddl *d, const PgQuery__CreateSeqStmt *s);
int plan_alter_sequence(Ddl *d, const PgQuery__AlterSeqStmt *s);
int plan_create_enum(Ddl *d, const PgQuery__CreateEnumStmt *s);
int plan_alter_enum(Ddl *d, const PgQuery__AlterEnumStmt *s);
int plan_create_domain(Ddl *d, const PgQuery__CreateDomainStmt *s);
int plan_create_range(Ddl *d, const PgQuery__CreateRangeStmt *s);
int plan_alter_domain(Ddl *d, const PgQuery__AlterDomainStmt *s);
/* What COMMENT ON a type, a domain or a domain's constraint is about, and the catalog it stands in; 0 on error. */
uint32_t ddl_type_object(Ddl *d, const PgQuery__CommentStmt *s, uint32_t *class);
int plan_rename_domain_constraint(Ddl *d, const PgQuery__RenameStmt *s);
int plan_create_composite(Ddl *d, const PgQuery__CompositeTypeStmt *s);
int plan_alter_composite(Ddl *d, const PgQuery__AlterTableStmt *s);
int plan_rename_type(Ddl *d, const PgQuery__RenameStmt *s);
int plan_set_type_schema(Ddl *d, const PgQuery__AlterObjectSchemaStmt *s);
int plan_set_type_owner(Ddl *d, const PgQuery__AlterOwnerStmt *s);
int plan_rename_enum_value(Ddl *d, const PgQuery__AlterEnumStmt *s, const PgType *t);
int plan_rename_attribute(Ddl *d, const PgQuery__RenameStmt *s);
int plan_create_extension(Ddl *d, const PgQuery__CreateExtensionStmt *s);
int plan_alter_extension(Ddl *d, const PgQuery__AlterExtensionStmt *s);
int plan_drop_extension(Ddl *d, const PgQuery__DropStmt *s);
uint32_t ddl_extension_oid(Ddl *d, const char *name); /* 0 and 42704 when there is none */
int plan_create_schema(Ddl *d, const PgQuery__CreateSchemaStmt *s);
int plan_create_view(Ddl *d, const PgQuery__ViewStmt *s);
int plan_drop(Ddl *d, const PgQuery__DropStmt *s);
/* ddl_drop_missing.c: kinds of objects that are not kept */
int plan_drop_missing(Ddl *d, const PgQuery__DropStmt *s);
int plan_truncate(Ddl *d, const PgQuery__TruncateStmt *s);
int plan_alter_table(Ddl *d, const PgQuery__AlterTableStmt *s);
int plan_rename(Ddl *d, const PgQuery__RenameStmt *s);
int plan_set_schema(Ddl *d, const PgQuery__AlterObjectSchemaStmt *s); /* 1: of another kind of object */
int plan_comment(Ddl *d, const PgQuery__CommentStmt *s);
int plan_alter_owner(Ddl *d, const PgQuery__AlterOwnerStmt *s);

/* ddl_function.c, ddl_routine.c: functions and procedures */
int plan_create_function(Ddl *d, const PgQuery__CreateFunctionStmt *s, Str text);
int plan_alter_function(Ddl *d, const PgQuery__AlterFunctionStmt *s);
int plan_drop_function(Ddl *d, const PgQuery__DropStmt *s);
int plan_rename_function(Ddl *d, const PgQuery__RenameStmt *s);
int plan_function_schema(Ddl *d, const PgQuery__AlterObjectSchemaStmt *s);
int plan_function_owner(Ddl *d, const PgQuery__AlterOwnerStmt *s, uint32_t owner);
int ddl_check_body(Ddl *d, const CatFunction *f, Str text);
/* kind: f, p, or 0 for a routine. 1 found, 0 missing and that is allowed (a notice was added), -1 error. */
int ddl_find_function(Ddl *d, const PgQuery__ObjectWithArgs *o, char kind, bool missing_ok, const CatFunction **out);
bool ddl_is_routine(int object_type);
uint32_t ddl_routine_oid(Ddl *d, const PgQuery__ObjectWithArgs *o, int object_type); /* 0 on error */
void ddl_forget_trigger(Ddl *d, uint32_t oid);
void ddl_forget_function(Ddl *d, uint32_t oid);
/* What would be left without the function: "index i"; NULL when nothing uses it. */
const char *ddl_function_user(Ddl *d, const CatFunction *f);
/* Functions that take or give values of a type which is to go: 2BP01, or they go with it. */
int ddl_release_functions(Ddl *d, const PgType *t, const char *what, bool cascade);
/* ddl_trigger.c */
int plan_create_trigger(Ddl *d, const PgQuery__CreateTrigStmt *s);
int plan_drop_trigger(Ddl *d, const PgQuery__DropStmt *s);
int plan_rename_trigger(Ddl *d, const PgQuery__RenameStmt *s);
int ddl_enable_triggers(Ddl *d, const CatRel *r, const char *name, char state);
const CatTrigger *ddl_find_trigger(const CatRel *r, const char *name);
/* ddl_trigger_tree.c: a new row trigger of a partitioned table goes to all partitions; a new partition gets those of its table */
int ddl_spread_trigger(Ddl *d, const CatTrigger *t);
int ddl_clone_triggers(Ddl *d, const CatRel *r, const CatRel *parent);
void ddl_forget_clones(Ddl *d, const CatRel *r, const CatRel *parent);
void ddl_each_clone(Ddl *d, const CatTrigger *t, void (*fn)(Ddl *d, const CatTrigger *t, const char *arg), const char *arg);
int ddl_check_clone(Ddl *d, const CatTrigger *t); /* 2BP01 when it cannot go by itself */
int plan_do(ParseState *ps, const PgQuery__DoStmt *s, Plan *plan);
int plan_call(ParseState *ps, const PgQuery__CallStmt *s, Plan *plan);

/* utility.c, utility_set.c: statements that change no catalog */
int plan_transaction(ParseState *ps, const PgQuery__TransactionStmt *s, Plan *plan);
int plan_variable_set(ParseState *ps, const PgQuery__VariableSetStmt *s, Plan *plan);

#endif
