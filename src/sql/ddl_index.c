/* CREATE INDEX. */
#include "sql/ddl_alter.h"

static int check_index_stmt(Ddl *d, const PgQuery__IndexStmt *s)
{
	static const char *const methods[] = { "btree", "hash", "gin", "gist", "brin", "spgist" };
	bool known = false;
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		known = known || streq(s->access_method, methods[i]);
	if (!known)
		return an_error(d->ps, -1, "42704", "access method \"%s\" does not exist", s->access_method);
	if (s->n_index_including_params)
		return an_refuse(d->ps, s->relation->location, "INCLUDE columns of an index");
	if (s->unique && !streq(s->access_method, "btree"))
		return an_error(d->ps, -1, "0A000", "access method \"%s\" does not support unique indexes", s->access_method);
	return 0;
}

/* What a key adds to the generated name of the index. */
static const char *key_label(Ddl *d, const PgQuery__IndexElem *e)
{
	if (e->name && *e->name)
		return e->name;
	const char *name = figure_colname(e->expr);
	return name && !streq(name, "?column?") ? name : "expr";
}

static bool label_used(const char *const *labels, size_t n, const char *label)
{
	for (size_t i = 0; i < n; i++)
		if (streq(labels[i], label))
			return true;
	return false;
}

const char *ddl_expr_label(Ddl *d, const char *text)
{
	Error ignored;
	ParsedSql p;
	PgQuery__IndexElem e;
	const char *label = "expr";
	if (sql_parse(str_of(arena_printf(d->a, "SELECT %s", text)), d->a, &p, &ignored) != 0)
		return label;
	pg_query__index_elem__init(&e);
	e.expr = ((const PgNode *)p.stmts[0].node)->select_stmt->target_list[0]->res_target->val;
	label = arena_strdup(d->a, key_label(d, &e));
	sql_parsed_free(&p);
	return label;
}

static const char *index_name(Ddl *d, const CatRel *r, const PgQuery__IndexStmt *s)
{
	const char *middle = "";
	const char **labels = arena_array(d->a, const char *, s->n_index_params + 1);
	for (size_t i = 0; i < s->n_index_params && strlen(middle) < 64; i++) {
		const char *label = labels[i] = key_label(d, s->index_params[i]->index_elem);
		for (int n = 1; label_used(labels, i, labels[i]); n++)
			labels[i] = arena_printf(d->a, "%s%d", label, n);
		middle = arena_printf(d->a, "%s%s%s", middle, i ? "_" : "", labels[i]);
	}
	return ddl_choose_name(d, r->schema, r->name, middle, "idx", NULL);
}

static int index_key(Ddl *d, CatIndex *x, size_t i, const PgQuery__IndexElem *e)
{
	if (ddl_check_collation(d, e->collation, e->n_collation, -1, "an index"))
		return -1;
	bool desc = e->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
	bool nulls_first = e->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
			   (desc && e->nulls_ordering != PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST);
	x->opclasses[i] = e->n_opclass ? arena_strdup(d->a, node_string(e->opclass[e->n_opclass - 1])) : NULL;
	x->options[i] = (uint8_t)((desc ? 1 : 0) | (nulls_first ? 2 : 0));
	if (e->name && *e->name) {
		const CatColumn *c = catrel_column(x->table, e->name);
		if (!c)
			return an_error(d->ps, -1, "42703", "column \"%s\" does not exist", e->name);
		x->keys[i] = c->attnum;
		return ddl_check_opclass(d, x->method, e, c->type->oid);
	}
	const char *text = ddl_expr_sql(d, e->expr);
	const Expr *key = text ? an_expr_text(d->ps->env, d->a, text, x->table, AT_INDEX_EXPR, 0, -1, d->err) : NULL;
	if (!key || ddl_check_opclass(d, x->method, e, key->type))
		return -1;
	x->exprs[i] = arena_strdup(d->a, text);
	return 0;
}

static int fill_index(Ddl *d, CatIndex *x, const PgQuery__IndexStmt *s)
{
	x->unique = s->unique;
	x->nulls_not_distinct = s->nulls_not_distinct;
	x->method = arena_strdup(d->a, s->access_method);
	for (size_t i = 0; i < s->n_index_params; i++) {
		if (index_key(d, x, i, s->index_params[i]->index_elem))
			return -1;
	}
	if (!s->where_clause)
		return 0;
	const char *text = ddl_expr_sql(d, s->where_clause);
	if (!text || !an_expr_text(d->ps->env, d->a, text, x->table, AT_INDEX_WHERE, 16, -1, d->err))
		return -1;
	x->predicate = arena_strdup(d->a, text);
	return 0;
}

static bool same_text(const char *x, const char *y)
{
	return x && y ? streq(x, y) : x == y;
}

/* An index of a partition that would do as its part of that one. */
bool ddl_index_fits(const CatIndex *x, const CatIndex *parent)
{
	if (x->parent || x->nkeys != parent->nkeys || x->unique != parent->unique || x->primary != parent->primary ||
	    !streq(x->method, parent->method) || !same_text(x->predicate, parent->predicate))
		return false;
	for (size_t i = 0; i < x->nkeys; i++) {
		const CatColumn *a = catrel_attnum(x->table, x->keys[i]), *b = catrel_attnum(parent->table, parent->keys[i]);
		if (!a != !b || (a && !streq(a->name, b->name)) || !same_text(x->exprs[i], parent->exprs[i]) ||
		    !same_text(x->opclasses[i], parent->opclasses[i]))
			return false;
	}
	return true;
}

int ddl_index_partitions(Ddl *d, const CatRel *r, const CatIndex *parent)
{
	for (size_t i = 0; i < r->nchildren; i++) {
		Alter al;
		CatIndex *x = NULL;
		alter_begin(&al, d, r->children[i]);
		for (size_t k = 0; k < al.r->nindexes && !x; k++)
			x = ddl_index_fits(al.r->indexes[k], parent) ? al.r->indexes[k] : NULL;
		const bool there = x != NULL;
		if (there)
			x->parent = (CatIndex *)(uintptr_t)parent;
		else if (!(x = ddl_inherit_index(d, al.r, parent)))
			return -1;
		al.rebuild |= x->primary && !there;
		if (alter_finish(&al) || (!there && ddl_index_partitions(d, r->children[i], x)))
			return -1;
	}
	return 0;
}

int plan_create_index(Ddl *d, const PgQuery__IndexStmt *s)
{
	if (check_index_stmt(d, s) || ddl_check_tablespace(d, s->table_space) || ddl_check_parameters(d, s->options, s->n_options, true))
		return -1;
	const CatRel *r = an_relation(d->ps, s->relation, false);
	if (!r || ddl_check_owner(d, r, s->relation->location))
		return -1;
	if (!catrel_has_rows(r))
		return an_error(d->ps, -1, "42809", "cannot create index on relation \"%s\"", r->name);
	bool named = s->idxname && *s->idxname;
	d->temp_oids = r->persistence == 't';
	if (named && ddl_name_taken(d, r->schema, s->idxname)) {
		if (!s->if_not_exists)
			return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", s->idxname);
		ddl_notice(d, "42P07", "relation \"%s\" already exists, skipping", s->idxname);
		return ddl_finish(d, "CREATE INDEX");
	}
	Alter al;
	alter_begin(&al, d, r);
	CatIndex *x = ddl_new_index(d, al.r, named ? s->idxname : index_name(d, r, s), s->n_index_params);
	if (fill_index(d, x, s))
		return -1;
	if (ddl_choose_index_storage(d, x) || ddl_check_partition_keys(d, al.r))
		return -1;
	x->only = r->part && !s->relation->inh && r->nchildren;
	if (alter_finish(&al) || (r->part && s->relation->inh && ddl_index_partitions(d, r, x)))
		return -1;
	return ddl_finish(d, "CREATE INDEX");
}
