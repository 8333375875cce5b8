/* INSERT: columns, sources, defaults, identity rules. */
#include "sql/expr.h"
#include "sql/query.h"

typedef struct Insert {
	ParseState *ps;
	const PgQuery__InsertStmt *s;
	Query *q;
	const CatRel *rel;
	ViewDml *view;			  /* the target is this; rel is its base */
	const CatColumn **cols;		  /* columns written in the statement */
	const PgQuery__ResTarget **parts; /* where a part of the column is, as a[1]; else NULL */
	int *locations;
	size_t ncols;
	size_t ngiven; /* columns for which the source has values */
} Insert;

const CatRel *dml_target(ParseState *ps, const PgQuery__RangeVar *rv, const char *verb)
{
	return dml_target_or_view(ps, rv, verb, NULL);
}

const CatRel *dml_target_or_view(ParseState *ps, const PgQuery__RangeVar *rv, const char *verb, ViewDml **view)
{
	Cte *cte = NULL;
	if (!*rv->schemaname && cte_find(ps, rv->relname, &cte) < 0)
		return NULL;
	if (cte)
		return an_error(ps, rv->location, "42809", "relation \"%s\" cannot be the target of a modifying statement", rv->relname),
		       NULL;
	const CatRel *rel = an_relation(ps, rv, false);
	if (!rel)
		return NULL;
	switch (rel->kind) {
	case REL_TABLE:
		*ps->writes = true;
		return rel;
	case REL_VIEW:
		if (view)
			return (*view = view_dml_open(ps, rel, verb, rv->location)) ? (*view)->base->rel : NULL;
		return an_refuse(ps, rv->location, "%s a view is not available in SQLite mode", verb), NULL;
	case REL_MATVIEW:
		return an_error(ps, -1, "42809", "cannot change materialized view \"%s\"", rel->name), NULL;
	case REL_VIRTUAL:
		return an_error(ps, rv->location, "42501", "permission denied: \"%s\" is a system catalog", rel->name), NULL;
	case REL_COMPOSITE:
		return an_error(ps, rv->location, "42809", "\"%s\" is a composite type", rel->name), NULL;
	case REL_SEQUENCE:
		return an_error(ps, rv->location, "42809", "cannot change sequence \"%s\"", rel->name), NULL;
	default:
		return an_error(ps, rv->location, "42809", "\"%s\" is an index", rel->name), NULL;
	}
}

Expr *assign_to_column(ParseState *ps, Expr *e, const CatRel *rel, const CatColumn *col, int location)
{
	if (e->type != 705 && e->type != col->type->oid && !can_coerce(ps->env->cat, e->type, col->type->oid, COERCE_ASSIGNMENT)) {
		an_error(ps, location, "42804", "column \"%s\" is of type %s but expression is of type %s", col->name,
			 type_format(col->type, -1, ps->a), type_format(catalog_type(ps->env->cat, e->type), -1, ps->a));
		err_routine(ps->err, "transformAssignedExpr");
		return err_hint(ps->err, "You will need to rewrite or cast the expression."), NULL;
	}
	return coerce_to(ps, e, col->type->oid, col->typmod, COERCE_ASSIGNMENT, location);
}

static Expr *next_identity(ParseState *ps, const CatColumn *col)
{
	Expr *seq = expr_const(ps, 2205, val_int(col->sequence));
	*ps->writes = true;
	*ps->volatile_fn = true;
	Expr *call = make_func(ps, "pg_catalog", "nextval", &seq, 1, -1);
	return call ? coerce_to(ps, call, col->type->oid, col->typmod, COERCE_ASSIGNMENT, -1) : NULL;
}

/* The value of a column that the statement does not give: identity, DEFAULT or NULL (a constant of the column's type). */
Expr *column_default(ParseState *ps, const CatRel *rel, const CatColumn *col)
{
	if (col->identity && col->sequence)
		return next_identity(ps, col);
	const char *text = catcolumn_default(col);
	if (!text || col->generated) {
		Expr *null = expr_const(ps, type_base_of(col->type)->oid, val_null());
		return col->generated || !col->type->domain ? null : domain_coerce(ps, null, col->type, COERCE_ASSIGNMENT, -1);
	}
	Expr *e = an_expr_text(ps->env, ps->a, text, NULL, AT_DEFAULT, col->type->oid, col->typmod, ps->err);
	if (e && (strstr(text, "nextval") || strstr(text, "setval")))
		*ps->writes = *ps->volatile_fn = true;
	return e;
}

static int add_column(Insert *in, const CatColumn *col, const PgQuery__ResTarget *part, int location)
{
	in->locations[in->ncols] = location;
	in->parts[in->ncols] = part;
	in->cols[in->ncols++] = col;
	return 0;
}

static int insert_column(Insert *in, const char *name, int location, const CatColumn **col)
{
	if (in->view)
		return view_dml_column(in->ps, in->view, name, "insert into", location, col);
	*col = catrel_column(in->rel, name);
	if (*col)
		return 0;
	return an_error(in->ps, location, "42703", "column \"%s\" of relation \"%s\" does not exist", name, in->rel->name);
}

/* No column list. Of a view only as many as there are values: its other columns need not be those of its base. */
static int all_columns(Insert *in)
{
	const CatRel *named = in->view ? in->view->view : in->rel;
	const PgQuery__SelectStmt *s = in->s->select_stmt ? in->s->select_stmt->select_stmt : NULL;
	size_t most = in->view && s && s->n_values_lists ? s->values_lists[0]->list->n_items : in->view && !s ? 0 : named->ncols;
	for (size_t i = 0; i < named->ncols && in->ncols < most; i++) {
		const CatColumn *col = &named->cols[i];
		if (col->dropped)
			continue;
		if (in->view && insert_column(in, col->name, -1, &col) < 0)
			return -1;
		add_column(in, col, NULL, -1);
	}
	return 0;
}

static int insert_columns(Insert *in)
{
	ParseState *ps = in->ps;
	size_t most = in->view && in->view->ncols > in->rel->ncols ? in->view->ncols : in->rel->ncols;
	size_t cap = in->s->n_cols > most ? in->s->n_cols : most;
	in->cols = arena_array(ps->a, const CatColumn *, cap + 1);
	in->locations = arena_array(ps->a, int, cap + 1);
	in->parts = arena_array(ps->a, const PgQuery__ResTarget *, cap + 1);
	if (!in->s->n_cols)
		return all_columns(in);
	for (size_t i = 0; i < in->s->n_cols; i++) {
		const PgQuery__ResTarget *rt = in->s->cols[i]->res_target;
		const CatColumn *col;
		if (insert_column(in, rt->name, rt->location, &col) < 0)
			return -1;
		for (size_t k = 0; k < in->ncols; k++)
			if (in->cols[k] == col && !(in->parts[k] && rt->n_indirection))
				return an_error(ps, rt->location, "42701", "column \"%s\" specified more than once", rt->name);
		add_column(in, col, rt->n_indirection ? rt : NULL, rt->location);
	}
	return 0;
}

static int check_width(Insert *in, size_t width)
{
	if (width > in->ncols)
		return an_error(in->ps, -1, "42601", "INSERT has more expressions than target columns");
	if (width < in->ncols && in->s->n_cols)
		return an_error(in->ps, in->locations[width], "42601", "INSERT has more target columns than expressions");
	in->ngiven = width;
	return 0;
}

/* A value given for an identity or generated column. */
static int check_given(Insert *in, const CatColumn *col)
{
	ParseState *ps = in->ps;
	if (col->generated) {
		an_error(ps, -1, "428C9", "cannot insert a non-DEFAULT value into column \"%s\"", col->name);
		return err_detail(ps->err, "Column \"%s\" is a generated column.", col->name);
	}
	if (col->identity == 'a' && !in->q->overriding) {
		an_error(ps, -1, "428C9", "cannot insert a non-DEFAULT value into column \"%s\"", col->name);
		err_detail(ps->err, "Column \"%s\" is an identity column defined as GENERATED ALWAYS.", col->name);
		return err_hint(ps->err, "Use OVERRIDING SYSTEM VALUE to override.");
	}
	return 0;
}

static bool is_default_node(const PgNode *n)
{
	return n->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT;
}

/* Where the value of a column stands among those of a row, when an earlier part of the column has put it there; else -1. */
static int earlier_part(const Insert *in, size_t i)
{
	for (size_t k = 0; in->parts[i] && k < i; k++)
		if (in->cols[k] == in->cols[i])
			for (size_t at = 0; at < in->q->ninsert; at++)
				if (in->q->insert_attnums[at] == in->cols[i]->attnum)
					return (int)at;
	return -1;
}

static Expr *given_value(Insert *in, const PgNode *node, size_t i, Expr *before)
{
	ParseState *ps = in->ps;
	const CatColumn *col = in->cols[i];
	if (in->parts[i] && is_default_node(node))
		return an_error(ps, in->locations[i], "0A000",
				in->parts[i]->indirection[0]->node_case == PG_QUERY__NODE__NODE_STRING
					? "cannot set a subfield to DEFAULT"
					: "cannot set an array element to DEFAULT"),
		       NULL;
	if (is_default_node(node) || (col->identity && in->q->overriding == 'u'))
		return column_default(ps, in->rel, col);
	if (check_given(in, col) < 0)
		return NULL;
	Expr *e = an_expr(ps, node, in->s->select_stmt->select_stmt->n_values_lists > 1 ? AT_VALUES : AT_INSERT);
	if (e && in->parts[i])
		return assign_part(ps, before, col, in->parts[i], e);
	return e ? assign_to_column(ps, e, in->rel, col, e->location) : NULL;
}

/* Columns that the statement does not give get their default in each row; NULL ones are left to SQLite, but for the rowid. */
static int missing_columns(Insert *in, const CatColumn ***out, size_t *n)
{
	*out = arena_array(in->ps->a, const CatColumn *, in->rel->ncols + 1);
	*n = 0;
	for (size_t i = 0; i < in->rel->ncols; i++) {
		const CatColumn *c = &in->rel->cols[i];
		bool given = !catcolumn_fills(c) && c->attnum != in->rel->rowid_col;
		for (size_t k = 0; k < in->ngiven && !given; k++)
			given = in->cols[k] == c;
		if (!given)
			(*out)[(*n)++] = c;
	}
	return 0;
}

static void set_attnums(Insert *in, const CatColumn *const *missing, size_t nmissing)
{
	in->q->insert_attnums = arena_array(in->ps->a, int, in->ngiven + nmissing + 1);
	for (size_t i = 0; i < in->ngiven; i++)
		if (!in->cols[i]->generated && earlier_part(in, i) < 0)
			in->q->insert_attnums[in->q->ninsert++] = in->cols[i]->attnum;
	for (size_t i = 0; i < nmissing; i++)
		in->q->insert_attnums[in->q->ninsert++] = missing[i]->attnum;
}

static int value_row(Insert *in, const PgQuery__List *row, const CatColumn *const *missing, size_t nmissing, ExprList *out)
{
	ParseState *ps = in->ps;
	for (size_t i = 0; i < in->ngiven; i++) {
		if (in->cols[i]->generated && row && is_default_node(row->items[i]))
			continue;
		int at = earlier_part(in, i);
		Expr *e = given_value(in, row->items[i], i, at < 0 ? NULL : out->items[at]);
		if (!e)
			return -1;
		if (at < 0)
			expr_list_add(ps->a, out, e);
		else
			out->items[at] = e;
	}
	for (size_t i = 0; i < nmissing; i++) {
		Expr *e = column_default(ps, in->rel, missing[i]);
		if (!e)
			return -1;
		expr_list_add(ps->a, out, e);
	}
	return 0;
}

/* One row of VALUES with set-returning functions is a select list. */
static int insert_sets(Insert *in)
{
	Query *q = in->q;
	for (size_t i = 0; i < q->values[0].n; i++)
		if (target_add(in->ps, &q->targets, q->values[0].items[i], "") < 0)
			return -1;
	q->values = NULL;
	q->nvalues = 0;
	return pull_srfs(in->ps, q);
}

static int insert_values(Insert *in, const PgQuery__SelectStmt *s)
{
	ParseState *ps = in->ps;
	Query *q = in->q;
	size_t width = s ? s->values_lists[0]->list->n_items : 0;
	if (s && check_width(in, width) < 0)
		return -1;
	const CatColumn **missing;
	size_t nmissing;
	missing_columns(in, &missing, &nmissing);
	set_attnums(in, missing, nmissing);
	q->nvalues = s ? s->n_values_lists : 1;
	q->values = arena_array(ps->a, ExprList, q->nvalues);
	for (size_t r = 0; r < q->nvalues; r++) {
		const PgQuery__List *row = s ? s->values_lists[r]->list : NULL;
		if (row && row->n_items != width)
			return an_error(ps, -1, "42601", "VALUES lists must all be the same length");
		if (value_row(in, row, missing, nmissing, &q->values[r]) < 0)
			return -1;
	}
	return ps->has_srfs ? insert_sets(in) : 0;
}

static int selected_targets(Insert *in, Rte *src, const Query *source)
{
	ParseState *ps = in->ps;
	for (size_t i = 0; i < in->ngiven; i++) {
		const CatColumn *col = in->cols[i];
		int at = earlier_part(in, i);
		Expr *e;
		if (col->identity && in->q->overriding == 'u')
			e = column_default(ps, in->rel, col);
		else if (check_given(in, col) < 0)
			return -1;
		else if (in->parts[i])
			e = assign_part(ps, at < 0 ? NULL : in->q->targets.items[at].expr, col, in->parts[i],
					var_new(ps, src, (int)i + 1, -1));
		else
			e = assign_to_column(ps, var_new(ps, src, (int)i + 1, -1), in->rel, col, -1);
		if (e && at >= 0)
			in->q->targets.items[at].expr = e;
		else if (!e || target_add(ps, &in->q->targets, e, col->name) < 0)
			return -1;
	}
	return 0;
}

static int insert_select(Insert *in, const PgNode *stmt)
{
	ParseState *ps = in->ps;
	Query *q = in->q;
	ParseState *level = level_new(ps);
	level->keep_unknown = true;
	Query *source = an_select(level, stmt->select_stmt);
	if (!source || check_width(in, source->ncols) < 0)
		return -1;
	for (size_t i = 0; i < in->ngiven; i++)
		if (source->cols[i].type == 705 && !in->parts[i] && query_coerce_column(ps, source, i, in->cols[i]->type->oid, -1) < 0)
			return -1;
	q->source = source;
	Rte *src = rte_subquery(ps, source, "*SELECT*", -1);
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[0] = arena_new_of(ps->a, FromItem);
	q->from[q->nfrom++]->rte = src;
	const CatColumn **missing;
	size_t nmissing;
	missing_columns(in, &missing, &nmissing);
	set_attnums(in, missing, nmissing);
	if (selected_targets(in, src, source) < 0)
		return -1;
	for (size_t i = 0; i < nmissing; i++) {
		Expr *e = column_default(ps, in->rel, missing[i]);
		if (!e || target_add(ps, &q->targets, e, missing[i]->name) < 0)
			return -1;
	}
	return 0;
}

static bool is_bare_values(const PgQuery__SelectStmt *s)
{
	return s->n_values_lists && !s->n_sort_clause && !s->limit_count && !s->limit_offset && !s->with_clause;
}

int an_returning(ParseState *ps, PgQuery__Node *const *nodes, size_t n, Query *q)
{
	if (!n)
		return 0;
	if (an_targets(ps, nodes, n, AT_RETURNING, &q->returning) < 0 || resolve_unknown_targets(ps, &q->returning) < 0)
		return -1;
	query_set_columns(ps, q, &q->returning);
	return 0;
}

static char overriding_kind(const PgQuery__InsertStmt *s)
{
	return s->override == PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE	   ? 'u'
	       : s->override == PG_QUERY__OVERRIDING_KIND__OVERRIDING_SYSTEM_VALUE ? 's'
										   : 0;
}

int an_insert_row(ParseState *ps, const PgQuery__InsertStmt *s, Query *q)
{
	Insert in = { .ps = ps, .s = s, .q = q, .rel = q->result->rel };
	q->overriding = overriding_kind(s);
	return insert_columns(&in) < 0 ? -1 : insert_values(&in, s->select_stmt ? s->select_stmt->select_stmt : NULL);
}

Query *an_insert(ParseState *ps, const PgQuery__InsertStmt *s)
{
	Insert in = { .ps = ps, .s = s, .q = query_new(ps, CMD_INSERT) };
	Query *q = in.q;
	if (s->with_clause && an_with(ps, s->with_clause, q) < 0)
		return NULL;
	in.rel = dml_target_or_view(ps, s->relation, "inserting into", &in.view);
	if (!in.rel)
		return NULL;
	q->overriding = overriding_kind(s);
	const char *alias = s->relation->alias ? s->relation->alias->aliasname : s->relation->relname;
	q->result = in.view ? in.view->base : rte_relation(ps, in.rel, alias, s->relation->location);
	q->result->only = !in.rel->part; /* a table with children takes the rows itself */
	if (insert_columns(&in) < 0)
		return NULL;
	const PgNode *src = s->select_stmt;
	int rc = !src				    ? insert_values(&in, NULL)
		 : is_bare_values(src->select_stmt) ? insert_values(&in, src->select_stmt)
						    : insert_select(&in, src);
	if (rc < 0)
		return NULL;
	if (in.view && view_check_rows(ps, in.view, q) < 0)
		return NULL;
	if (in.view)
		view_dml_namespace(ps, in.view, alias);
	else
		ns_add_rte(ps, q->result, true, true);
	if (s->on_conflict_clause && in.view)
		return an_refuse(ps, s->relation->location, "ON CONFLICT in an INSERT into a view"), NULL;
	if (s->on_conflict_clause && an_on_conflict(ps, s->on_conflict_clause, q) < 0)
		return NULL;
	return an_returning(ps, s->returning_list, s->n_returning_list, q) < 0 ? NULL : q;
}
