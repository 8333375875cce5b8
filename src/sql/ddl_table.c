/* CREATE TABLE. */
#include "sql/ddl.h"

static int refuse_create(Ddl *d, const PgQuery__CreateStmt *s)
{
	int at = s->relation->location;
	if (s->of_typename)
		return an_refuse(d->ps, at, "CREATE TABLE OF a type");
	if (ddl_check_tablespace(d, s->tablespacename) || ddl_check_table_method(d, s->access_method) ||
	    ddl_check_parameters(d, s->options, s->n_options, false))
		return -1;
	return 0;
}

/* ON COMMIT as CatRel.on_commit has it. */
static int set_on_commit(Ddl *d, CatRel *r, PgQuery__OnCommitAction action)
{
	if (action != PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_NOOP && r->persistence != 't')
		return an_error(d->ps, -1, "42P16", "ON COMMIT can only be used on temporary tables");
	r->on_commit = action == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP	    ? 'd'
		       : action == PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS ? 'r'
										    : 0;
	return 0;
}

static CatRel *new_table(Ddl *d, uint32_t schema, const char *name, char persistence)
{
	CatRel *r = arena_new_of(d->a, CatRel);
	r->oid = ddl_oid(d);
	r->rowtype = ddl_oid(d);
	r->arraytype = ddl_oid(d);
	r->schema = schema;
	r->owner = d->owner;
	r->name = arena_strdup(d->a, name);
	r->kind = REL_TABLE;
	r->persistence = persistence;
	r->sqlite_name = (char *)ddl_sqlite_name(d, schema, name, r->oid);
	ddl_take_name(d, schema, r->name);
	return r;
}

static int add_elements(Ddl *d, CatRel *r, const PgQuery__CreateStmt *s)
{
	for (size_t i = 0; i < s->n_table_elts; i++) {
		const PgQuery__Node *n = s->table_elts[i];
		if (n->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE && ddl_like_columns(d, r, n->table_like_clause))
			return -1;
		if (n->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF)
			continue;
		int rc = ddl_merge_column(d, r, n->column_def);
		if (rc < 0 || (rc && ddl_add_column(d, r, n->column_def)))
			return -1;
	}
	for (size_t i = 0; i < s->n_table_elts; i++) {
		const PgQuery__Node *n = s->table_elts[i];
		if (n->node_case == PG_QUERY__NODE__NODE_COLUMN_DEF && ddl_add_column_constraints(d, r, n->column_def))
			return -1;
		if (n->node_case == PG_QUERY__NODE__NODE_CONSTRAINT && ddl_add_constraint(d, r, n->constraint, NULL))
			return -1;
	}
	for (size_t i = 0; i < s->n_table_elts; i++)
		if (s->table_elts[i]->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE &&
		    ddl_like_rest(d, r, s->table_elts[i]->table_like_clause))
			return -1;
	return 0;
}

static int make_indexes(Ddl *d, const CatRel *r)
{
	for (size_t i = 0; i < r->nindexes; i++) {
		if (ddl_make_index(d, r->indexes[i]))
			return -1;
	}
	return 0;
}

int plan_create_table(Ddl *d, const PgQuery__CreateStmt *s)
{
	if (refuse_create(d, s))
		return -1;
	uint32_t schema = ddl_target_schema(d, s->relation);
	char persistence = schema ? ddl_persistence(d, s->relation, schema) : 0;
	if (!persistence)
		return -1;
	const char *name = s->relation->relname;
	int clash = ddl_name_clash(d, schema, name, s->if_not_exists, "CREATE TABLE");
	if (clash)
		return clash > 0 ? 0 : -1;
	CatRel *r = new_table(d, schema, name, persistence);
	if (set_on_commit(d, r, s->oncommit) || ddl_inherit(d, r, s) || add_elements(d, r, s) ||
	    (s->partspec && ddl_partition_by(d, r, s->partspec)) || ddl_inherit_keys(d, r) || ddl_check_partition_keys(d, r) ||
	    ddl_make_table(d, r, r->sqlite_name) || make_indexes(d, r))
		return -1;
	ddl_save_rel(d, r);
	if (r->bound && ddl_check_default(d, r->parents[0]))
		return -1;
	return ddl_finish(d, "CREATE TABLE");
}

static int column_names(Ddl *d, const PgQuery__IntoClause *into, const Plan *q, CatRel *r)
{
	if (into->n_col_names > q->ncols)
		return an_error(d->ps, -1, "42601", "too many column names were specified");
	r->cols = arena_array(d->a, CatColumn, q->ncols + 1);
	for (size_t i = 0; i < q->ncols; i++) {
		const char *name = i < into->n_col_names ? node_string(into->col_names[i]) : q->cols[i].name;
		if (catrel_column(r, name))
			return an_error(d->ps, -1, "42701", "column \"%s\" specified more than once", name);
		if (q->cols[i].type->typtype == 'p')
			return an_error(d->ps, -1, "42P16", "column \"%s\" has pseudo-type %s", name,
					type_format(q->cols[i].type, -1, d->a));
		if (!type_is_supported(q->cols[i].type))
			return an_refuse(d->ps, into->rel->location, "type %s of column \"%s\"", q->cols[i].type->name, name);
		bool clash = false;
		for (size_t k = 0; k < r->ncols; k++)
			clash = clash || str_ieq(str_of(r->cols[k].sqlite_name), str_of(name));
		CatColumn *c = &r->cols[r->ncols++];
		c->name = arena_strdup(d->a, name);
		c->attnum = (int16_t)r->ncols;
		c->type = q->cols[i].type;
		c->typmod = q->cols[i].typmod;
		c->sqlite_name = clash ? arena_printf(d->a, "~%s~%d", name, c->attnum) : c->name;
	}
	return 0;
}

int plan_create_table_as(Ddl *d, const PgQuery__CreateTableAsStmt *s)
{
	const PgQuery__IntoClause *into = s->into;
	bool matview = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
	const char *tag = matview ? "CREATE MATERIALIZED VIEW" : "CREATE TABLE AS", *text = NULL;
	ViewNames names = { 0 };
	if (s->query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
		return an_refuse(d->ps, into->rel->location, "CREATE TABLE AS EXECUTE");
	if (ddl_check_tablespace(d, into->table_space_name) || ddl_check_table_method(d, into->access_method) ||
	    ddl_check_parameters(d, into->options, into->n_options, false))
		return -1;
	uint32_t schema = ddl_target_schema(d, into->rel);
	char persistence = schema ? ddl_persistence(d, into->rel, schema) : 0;
	if (!persistence)
		return -1;
	int clash = ddl_name_clash(d, schema, into->rel->relname, s->if_not_exists, tag);
	if (clash)
		return clash > 0 ? 0 : -1;
	Plan q = { 0 };
	d->ps->record = matview ? &names : NULL;
	if ((matview && !(text = ddl_query_sql(d, s->query))) || plan_query(d->ps, s->query, &q, NULL))
		return -1;
	CatRel *r = new_table(d, schema, into->rel->relname, persistence);
	if (matview) {
		r->kind = REL_MATVIEW;
		r->view_sql = arena_strdup(d->a, text);
		r->view_names = names.items;
		r->nview_names = names.n;
		r->populated = !into->skip_data;
	}
	if (set_on_commit(d, r, into->on_commit) || column_names(d, into, &q, r) || ddl_make_table(d, r, r->sqlite_name))
		return -1;
	ddl_save_rel(d, r);
	if (!into->skip_data) {
		ddl_fill_table(d, r, &q);
		d->plan->tag_rows = true;
	}
	return ddl_finish(d, into->skip_data ? tag : "SELECT");
}

/* SELECT ... INTO is CREATE TABLE AS. The clause stands in the first SELECT of a set operation. */
int plan_select_into(Ddl *d, const PgNode *select)
{
	PgQuery__SelectStmt *first = select->select_stmt;
	while (first->larg)
		first = first->larg;
	PgQuery__CreateTableAsStmt as;
	pg_query__create_table_as_stmt__init(&as);
	as.query = (PgQuery__Node *)select;
	as.into = first->into_clause;
	as.objtype = PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;
	first->into_clause = NULL;
	int rc = plan_create_table_as(d, &as);
	first->into_clause = as.into;
	return rc;
}
