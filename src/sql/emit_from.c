/* FROM and column references. */
#include "sql/emit_internal.h"
#include "sql/parts.h"
#include "sql/tree.h"

enum { MAX_PACKED = 100 }; /* SQLite allows 127 arguments */

/* Set-returning functions that exist as table-valued functions of the file's connection, by prosrc. */
static const struct {
	const char *src, *table;
	bool elem;	   /* called with the element type's OID first */
	const char *array; /* the rows are those of the array that this function gives */
} set_functions[] = {
	{ "aclexplode", "pg_aclexplode", false },
	{ "array_unnest", "pg_unnest", true },
	{ "hstore_each", "pg_hstore_each", false },
	{ "hstore_skeys", "pg_hstore_skeys", false },
	{ "hstore_svals", "pg_hstore_svals", false },
	{ "multirange_unnest", "pg_unnest_multirange", true },
	{ "pg_get_keywords", "pg_pg_get_keywords", false },
	{ "pg_partition_ancestors", "pg_unnest", true, "pg_partition_ancestors" },
	{ "pg_partition_tree", "pg_partition_tree", false, "pg_partition_tree_lines" },
	{ "regexp_matches", "pg_regexp_matches", false },
	{ "regexp_matches_no_flags", "pg_regexp_matches", false },
	{ "generate_series_int4", "pg_generate_series_int8", false },
	{ "generate_series_int8", "pg_generate_series_int8", false },
	{ "generate_series_step_int4", "pg_generate_series_int8", false },
	{ "generate_series_step_int8", "pg_generate_series_int8", false },
	{ "generate_series_numeric", "pg_generate_series_numeric", false },
	{ "generate_series_step_numeric", "pg_generate_series_numeric", false },
	{ "generate_series_timestamp", "pg_generate_series_timestamp", false },
	{ "generate_series_timestamptz", "pg_generate_series_timestamptz", false },
	{ "_pg_expandarray", "pg_expandarray", true },
	{ "pg_options_to_table", "pg_options_to_table", false },
	{ "json_each", "pg_json_each", false },
	{ "jsonb_each", "pg_jsonb_each", false },
	{ "json_each_text", "pg_json_each_text", false },
	{ "jsonb_each_text", "pg_jsonb_each_text", false },
	{ "json_array_elements", "pg_json_array_elements", false },
	{ "jsonb_array_elements", "pg_jsonb_array_elements", false },
	{ "json_array_elements_text", "pg_json_array_elements_text", false },
	{ "jsonb_array_elements_text", "pg_jsonb_array_elements_text", false },
	{ "sql_ts_debug_1", "pg_ts_debug", false },
	{ "sql_ts_debug_2", "pg_ts_debug", false },
	{ "tsvector_unnest", "pg_tsvector_unnest", false },
	{ "ts_token_type_byid", "pg_ts_token_type", false },
	{ "ts_token_type_byname", "pg_ts_token_type", false },
	{ "ts_parse_byid", "pg_ts_parse", false },
	{ "ts_parse_byname", "pg_ts_parse", false },
	{ "jsonb_path_query", "pg_jsonb_path_query", false },
	{ "jsonb_path_query_tz", "pg_jsonb_path_query_tz", false },
	{ "json_object_keys", "pg_json_object_keys", false },
	{ "jsonb_object_keys", "pg_jsonb_object_keys", false },
	{ "generate_subscripts", "pg_generate_subscripts", false },
	{ "generate_subscripts_nodir", "pg_generate_subscripts", false },
	{ "text_to_table", "pg_unnest", true, "pg_text_to_array" },
	{ "text_to_table_null", "pg_unnest", true, "pg_text_to_array_null" },
	{ "pg_listening_channels", "pg_unnest", true, "pg_pg_listening_channels" },
	{ "regexp_split_to_table", "pg_unnest", true, "pg_regexp_split_to_array" },
	{ "regexp_split_to_table_no_flags", "pg_unnest", true, "pg_regexp_split_to_array_no_flags" },
};

/* Functions of the user give their rows through a table of their own (sqlite/vtab_call.c), also when it is one. */
static bool is_set(const Rte *r)
{
	return r->func->kind == X_FUNC && (r->func->proc->retset || is_user_proc(r->func->proc));
}

/* A column of the table that holds a function's rows. */
static void emit_set_column(Emitter *e, const PgProc *p, int column)
{
	if (is_user_proc(p) && column > 1)
		buf_printf(&e->out, "c%d", column);
	else
		emit_ident(&e->out, p->nout && !is_user_proc(p) ? p->out_names[column - 1] : "value");
}

static void emit_function_column(Emitter *e, const Rte *r, int column)
{
	if (r->with_ordinality && column == (int)r->ncols)
		emit_ident(&e->out, "ordinality");
	else
		emit_set_column(e, r->func->proc, column);
}

static int srf_width(const Expr *f)
{
	return f->proc->nout ? f->proc->nout : 1;
}

/* A lateral item whose rows come as texts made by pg_pack (sqlite/pack.h). */
static bool is_packed(const Rte *r)
{
	return r->lateral && (r->kind == RTE_SUBQUERY || (r->kind == RTE_FUNCTION && !is_set(r)));
}

/* One function fills its table's own columns; several are zipped, records among them packed once more. */
static void emit_srf_column(Emitter *e, const Rte *r, int column)
{
	size_t k = 0;
	for (; k + 1 < r->funcs.n && column > srf_width(r->funcs.items[k]); k++)
		column -= srf_width(r->funcs.items[k]);
	const PgProc *p = r->funcs.items[k]->proc;
	if (r->funcs.n == 1) {
		buf_printf(&e->out, "t%d.", r->id);
		emit_set_column(e, p, column);
	} else if (p->nout) {
		buf_printf(&e->out, "pg_unpack(pg_unpack(t%d.value, %zu), %d)", r->id, k, column - 1);
	} else {
		buf_printf(&e->out, "pg_unpack(t%d.value, %zu)", r->id, k);
	}
}

static void emit_row_source(Emitter *e, const Rte *r)
{
	buf_printf(&e->out, is_packed(r) ? "pg_unpack(t%d.value, 0)" : is_set(r) ? "t%d.value" : "t%d.c1", r->id);
}

static int emit_row_field(Emitter *e, const Rte *r, int column)
{
	buf_printf(&e->out, "pg_field(%u, ", r->row_type);
	if (r->json_rows) {
		buf_puts(&e->out, r->json_rows == 2 ? "pg_jsonb_row(" : "pg_json_row(");
		if (r->row_type == 2249)
			emit_row_shape(e, r->cols, r->ncols - r->with_ordinality);
		else
			buf_printf(&e->out, "%u", r->row_type);
		buf_puts(&e->out, ", ");
		if (!r->row_base)
			buf_puts(&e->out, "NULL");
		else if (emit_expr(e, r->row_base) < 0)
			return -1;
		buf_puts(&e->out, ", ");
	}
	emit_row_source(e, r);
	buf_printf(&e->out, r->json_rows ? "), %d)" : ", %d)", column - 1);
	return 0;
}

/* A column of a function's row. What comes from JSON must keep the rules of its domain; without a document there is no row. */
static int emit_row_column(Emitter *e, const Rte *r, int column)
{
	const PgType *t = r->json_rows ? catalog_type(e->cat, r->cols[column - 1].type) : NULL;
	if (!t || !t->checked)
		return emit_row_field(e, r, column);
	buf_puts(&e->out, "CASE WHEN ");
	emit_row_source(e, r);
	buf_printf(&e->out, " IS NOT NULL THEN pg_domain(%u, 1, ", t->oid);
	if (emit_row_field(e, r, column) < 0)
		return -1;
	buf_puts(&e->out, ") END");
	return 0;
}

/* RETURNING knows the table but not its alias. SQLite 3.40 takes the affinity and the collation of any column there for those of the
 * first one; the result of a function has neither. */
static void emit_returned(Emitter *e, const Expr *x)
{
	buf_puts(&e->out, "ifnull(");
	emit_ident(&e->out, x->rte->rel->sqlite_name);
	buf_puts(&e->out, ".");
	emit_ident(&e->out, x->rte->rel->cols[x->column - 1].sqlite_name);
	buf_puts(&e->out, ", NULL)");
}

int emit_var(Emitter *e, const Expr *x)
{
	const Rte *r = x->rte;
	if (!r || x->column < 1)
		return emit_refuse(e, x->location, "a whole-row reference is not available in SQLite mode");
	for (size_t i = 0; e->returning_of && i < e->nstash; i++)
		if (e->stash[i]->rte == r && e->stash[i]->column == x->column) {
			buf_puts(&e->out, "pg_stashed(");
			emit_ident(&e->out, e->returning_of->sqlite_name);
			buf_printf(&e->out, ".rowid, %zu)", i);
			return 0;
		}
	if (r->row_type && !(r->with_ordinality && x->column == (int)r->ncols))
		return emit_row_column(e, r, x->column);
	if (r->kind == RTE_SRFS) {
		emit_srf_column(e, r, x->column);
		return 0;
	}
	if (is_packed(r)) {
		buf_printf(&e->out, "pg_unpack(t%d.value, %d)", r->id, r->row_type ? 1 : x->column - 1);
		return 0;
	}
	if (r == e->plain_rte && e->returning) {
		emit_returned(e, x);
		return 0;
	}
	if (r == e->excluded)
		buf_puts(&e->out, "excluded.");
	else if (r != e->plain_rte)
		buf_printf(&e->out, "t%d.", r->id);
	else if (e->row_name)
		buf_printf(&e->out, "%s.", e->row_name);
	if (r->kind == RTE_RELATION)
		emit_ident(&e->out, r->rel->cols[x->column - 1].sqlite_name);
	else if (r->kind == RTE_FUNCTION && is_set(r))
		emit_function_column(e, r, x->column);
	else
		buf_printf(&e->out, "c%d", r->row_type ? 2 : x->column);
	return 0;
}

static int emit_user_rows(Emitter *e, const Expr *f)
{
	buf_puts(&e->out, "understudy_call(");
	emit_user_head(e, f);
	if (!f->args.n) {
		buf_puts(&e->out, ", '')");
		return 0;
	}
	buf_puts(&e->out, ", pg_pack(");
	if (emit_list(e, f->args.items, f->args.n) < 0)
		return -1;
	buf_puts(&e->out, "))");
	return 0;
}

static int emit_set_function(Emitter *e, const Expr *f)
{
	if (is_user_proc(f->proc))
		return emit_user_rows(e, f);
	const char *src = f->proc->src;
	if (!*src) /* written in SQL by PostgreSQL */
		src = arena_printf(e->a, "sql_%s_%u", f->proc->name, f->proc->nargs);
	for (size_t i = 0; i < ARRAY_LEN(set_functions); i++) {
		if (!streq(set_functions[i].src, src))
			continue;
		buf_printf(&e->out, "%s(", set_functions[i].table);
		if (set_functions[i].elem)
			buf_printf(&e->out, "%u, ", f->proc->nout ? f->proc->out_types[0] : f->type);
		if (set_functions[i].array)
			buf_printf(&e->out, "%s(", set_functions[i].array);
		if (emit_list(e, f->args.items, f->args.n) < 0)
			return -1;
		buf_puts(&e->out, set_functions[i].array ? "))" : ")");
		return 0;
	}
	return emit_refuse(e, f->location, "the set-returning function %s is not available in SQLite mode", f->proc->name);
}

static int emit_function(Emitter *e, const Rte *r)
{
	if (is_set(r))
		return emit_set_function(e, r->func);
	if (r->lateral) {
		buf_puts(&e->out, "json_each(json_array(pg_pack(");
		if (emit_expr(e, r->func) < 0)
			return -1;
		buf_puts(&e->out, r->with_ordinality ? ", 1)))" : ")))");
		return 0;
	}
	buf_puts(&e->out, "(SELECT ");
	if (emit_expr(e, r->func) < 0)
		return -1;
	buf_puts(&e->out, r->with_ordinality ? " AS c1, 1 AS c2)" : " AS c1)");
	return 0;
}

/* Set-returning functions of a select list: see sqlite/pack.h. */
static int emit_srfs(Emitter *e, const Rte *r)
{
	if (r->funcs.n == 1)
		return emit_set_function(e, r->funcs.items[0]);
	if (r->funcs.n > MAX_PACKED)
		return emit_refuse(e, r->location, "more than %d set-returning functions side by side are not available in SQLite mode",
				   MAX_PACKED);
	buf_puts(&e->out, "pg_zip(pg_pack(");
	for (size_t i = 0; i < r->funcs.n; i++) {
		const PgProc *p = r->funcs.items[i]->proc;
		buf_puts(&e->out, i ? ", (SELECT pack_rows(" : "(SELECT pack_rows(");
		for (int k = 0; k < p->nout; k++) {
			buf_puts(&e->out, k ? ", " : "");
			emit_set_column(e, p, k + 1);
		}
		buf_puts(&e->out, p->nout ? ") FROM " : "value) FROM ");
		if (emit_set_function(e, r->funcs.items[i]) < 0)
			return -1;
		buf_puts(&e->out, ")");
	}
	buf_puts(&e->out, "))");
	return 0;
}

/* PostgreSQL's RETURNING reads every table as it was before the statement. */
static int check_returning_source(Emitter *e, const Rte *r)
{
	bool changes = e->returning_of == r->rel;
	for (size_t i = 0; e->returning_of && i < r->rel->nconstraints; i++)
		changes |= r->rel->constraints[i]->ref == e->returning_of;
	return changes ? emit_refuse(e, r->location,
				     "a subquery in RETURNING that reads a table changed by the statement is not available in "
				     "SQLite mode")
		       : 0;
}

/* The columns of a table under the names they have in the file, and rowid. */
static int emit_snapshot(Emitter *e, struct Snapshot *s, const Rte *r)
{
	s->used = true;
	if (s->new_rowid) {
		buf_puts(&e->out, "(SELECT rowid, * FROM ");
		emit_ident(&e->out, s->rel->sqlite_name);
		buf_printf(&e->out, " WHERE rowid NOT IN (SELECT c%d FROM understudy_rows(%d)))", s->new_rowid, s->store);
		return 0;
	}
	buf_puts(&e->out, "(SELECT c1 AS rowid");
	for (size_t i = 0, k = 1; i < r->rel->ncols; i++) {
		const CatColumn *c = &r->rel->cols[i];
		if (c->dropped)
			continue;
		buf_printf(&e->out, ", c%zu", ++k);
		emit_collate(e, c->type->oid);
		buf_puts(&e->out, " AS ");
		emit_ident(&e->out, c->sqlite_name);
	}
	buf_printf(&e->out, " FROM understudy_rows(%d))", s->store);
	return 0;
}

/* A table by itself. */
static int emit_table(Emitter *e, const Rte *r, const CatRel *rel)
{
	Rte one = *r;
	one.rel = rel;
	if (check_returning_source(e, &one) < 0)
		return -1;
	for (size_t i = 0; i < e->nsnapshots; i++)
		if (e->snapshots[i].rel->oid == rel->oid)
			return emit_snapshot(e, &e->snapshots[i], &one);
	for (size_t i = 0; i < e->nchanged; i++)
		if (e->changed[i]->oid == rel->oid)
			return emit_refuse(
				e, r->location,
				"reading a table here that another part of the statement changes is not available in SQLite mode");
	emit_ident(&e->out, rel->sqlite_name);
	return 0;
}

static int emit_member(Emitter *e, const Rte *r, const CatRel *member)
{
	const CatRel *m = tree_member(r->rel, member, e->a);
	buf_printf(&e->out, "SELECT rowid, %u AS tableoid", member->oid);
	for (size_t i = 0; i < r->rel->ncols; i++) {
		if (r->rel->cols[i].dropped)
			continue;
		buf_puts(&e->out, ", ");
		emit_ident(&e->out, m->cols[i].sqlite_name);
		buf_puts(&e->out, " AS ");
		emit_ident(&e->out, r->rel->cols[i].sqlite_name);
	}
	buf_puts(&e->out, " FROM ");
	return emit_table(e, r, m);
}

/* SQLite allows 500 terms in one compound. A partitioned table without partitions is its own, empty table. */
static int emit_tree(Emitter *e, const Rte *r)
{
	enum { MAX_TERMS = 400 };
	size_t n;
	const CatRel **members = tree_members(r->rel, e->a, &n);
	bool groups = n > MAX_TERMS;
	if (!n)
		members[n++] = r->rel;
	buf_puts(&e->out, groups ? "(SELECT * FROM (" : "(");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(&e->out, groups && i % MAX_TERMS == 0 ? ") UNION ALL SELECT * FROM (" : " UNION ALL ");
		if (emit_member(e, r, members[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, groups ? "))" : ")");
	return 0;
}

static int emit_relation(Emitter *e, const Rte *r)
{
	if (rte_is_tree(r))
		return emit_tree(e, r);
	if (r->rel->kind != REL_SEQUENCE)
		return emit_table(e, r, r->rel);
	buf_printf(&e->out, "(SELECT pg_sequence_state(%u, 0) AS last_value, 0 AS log_cnt, pg_sequence_state(%u, 1) AS is_called)",
		   r->rel->oid, r->rel->oid);
	return 0;
}

static int emit_lateral(Emitter *e, const Rte *r)
{
	if (r->ncols > MAX_PACKED)
		return emit_refuse(e, r->location, "a LATERAL subquery with more than %d columns is not available in SQLite mode",
				   MAX_PACKED);
	buf_puts(&e->out, "json_each((SELECT json_group_array(pg_pack(");
	for (size_t i = 0; i < r->ncols; i++)
		buf_printf(&e->out, i ? ", c%zu" : "c%zu", i + 1);
	buf_puts(&e->out, ")) FROM (");
	if (emit_select(e, r->query, OUT_ALIAS) < 0)
		return -1;
	buf_puts(&e->out, ")))");
	return 0;
}

static int emit_rte(Emitter *e, const Rte *r)
{
	int rc = 0;
	bool presence = r->wants_presence && r->nullable;
	switch (r->kind) {
	case RTE_RELATION:
		rc = emit_relation(e, r);
		break;
	case RTE_SUBQUERY:
		if (r->lateral) {
			rc = emit_lateral(e, r);
			break;
		}
		buf_puts(&e->out, presence ? "(SELECT *, 1 AS c0 FROM (" : "(");
		rc = emit_select(e, r->query, OUT_ALIAS);
		buf_puts(&e->out, presence ? "))" : ")");
		break;
	case RTE_CTE:
		if (r->cte->stored) {
			buf_printf(&e->out, "understudy_rows(%d)", r->cte->store);
			break;
		}
		if (e->returning_of)
			return emit_refuse(e, r->location, "a WITH query in RETURNING is not available in SQLite mode");
		buf_printf(&e->out, presence ? "(SELECT *, 1 AS c0 FROM cte%d)" : "cte%d", r->cte->id);
		break;
	case RTE_GROUPS:
		rc = emit_groups(e, r);
		break;
	case RTE_STORE:
		buf_printf(&e->out, presence ? "(SELECT *, 1 AS c0 FROM understudy_rows(%d))" : "understudy_rows(%d)", r->store);
		break;
	case RTE_FUNCTION: {
		/* SQLite does not hand arguments to a table-valued function at the right of RIGHT and FULL JOIN. */
		bool wrap = e->right_joins && is_set(r) && !r->lateral;
		buf_puts(&e->out, wrap ? "(SELECT * FROM " : "");
		rc = emit_function(e, r);
		buf_puts(&e->out, wrap ? " LIMIT -1)" : ""); /* a limit keeps it a subquery */
		break;
	}
	case RTE_SRFS:
		rc = emit_srfs(e, r);
		break;
	default:
		return emit_refuse(e, r->location, "this FROM item is not available in SQLite mode");
	}
	buf_printf(&e->out, " AS t%d", r->id);
	return rc;
}

static int emit_from_item(Emitter *e, const FromItem *f);

static int emit_operand(Emitter *e, const FromItem *f, bool parens)
{
	parens &= !f->rte;
	if (parens)
		buf_puts(&e->out, "(");
	if (emit_from_item(e, f) < 0)
		return -1;
	if (parens)
		buf_puts(&e->out, ")");
	return 0;
}

static bool find_var(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_VAR || x->kind == X_SUBLINK;
	return true;
}

/* Whether a part of the condition names no column. */
static bool has_constant_part(const Expr *x)
{
	bool var = false;
	if (x->kind == X_BOOL && x->boolop == BOOL_AND) {
		for (size_t i = 0; i < x->args.n; i++)
			if (has_constant_part(x->args.items[i]))
				return true;
		return false;
	}
	expr_walk((Expr *)(uintptr_t)x, find_var, &var);
	return !var;
}

/* SQLite moves a constant condition of a join to WHERE, where it takes the unmatched rows of RIGHT and FULL JOIN, too. */
static int emit_on(Emitter *e, const Expr *on)
{
	if (!on || !e->right_joins || !has_constant_part(on))
		return emit_where(e, "ON", on);
	return emit_around(e, " ON iif(random() IS NULL, 0, ", on, ")");
}

static int emit_from_item(Emitter *e, const FromItem *f)
{
	static const char *const words[] = { [JOIN_INNER] = " JOIN ",
					     [JOIN_LEFT] = " LEFT JOIN ",
					     [JOIN_RIGHT] = " RIGHT JOIN ",
					     [JOIN_FULL] = " FULL JOIN ",
					     [JOIN_CROSS] = " JOIN " };
	if (f->rte)
		return emit_rte(e, f->rte);
	if (emit_enter(e, -1) < 0 || emit_operand(e, f->left, false) < 0)
		return -1;
	buf_puts(&e->out, words[f->join]);
	if (emit_operand(e, f->right, true) < 0 || emit_on(e, f->on) < 0)
		return -1;
	if (!f->on && (f->join == JOIN_RIGHT || f->join == JOIN_FULL || f->join == JOIN_LEFT))
		buf_puts(&e->out, " ON 1"); /* NATURAL without a common column */
	e->depth--;
	return 0;
}

static bool has_right_side(const FromItem *f)
{
	return !f->rte && (f->join == JOIN_RIGHT || f->join == JOIN_FULL || has_right_side(f->left) || has_right_side(f->right));
}

typedef struct Before {
	FromItem *const *items;
	size_t n;
	bool found;
} Before;

static bool holds(const FromItem *f, const Rte *r)
{
	return f->rte ? f->rte == r : holds(f->left, r) || holds(f->right, r);
}

static bool note_before(Expr *x, void *arg)
{
	Before *b = arg;
	for (size_t i = 0; x->rte && i < b->n; i++)
		b->found |= holds(b->items[i], x->rte);
	return true;
}

/* Whether a LATERAL item in it refers to those before it in the list. */
static bool refers_before(const FromItem *f, Before *b)
{
	if (!f->rte)
		return refers_before(f->left, b) || refers_before(f->right, b);
	if (f->rte->kind == RTE_SUBQUERY && f->rte->lateral)
		query_walk(f->rte->query, note_before, b);
	else if (f->rte->lateral)
		expr_walk(f->rte->func, note_before, b);
	return b->found;
}

/* The comma binds as tightly as JOIN in SQLite; only joins that keep unmatched rows of their right side notice. CROSS JOIN keeps SQLite
 * from reading the sets of a select list before the rows that they belong to. */
int emit_from(Emitter *e, FromItem *const *items, size_t n)
{
	bool outer = e->right_joins;
	int rc = 0;
	/* SQLite may merge a subquery into the query around it, so it is as if all stood in one clause. */
	for (size_t i = 0; i < n; i++)
		e->right_joins |= has_right_side(items[i]);
	for (size_t i = 0; i < n && rc == 0; i++) {
		Before before = { items, i, false };
		if (i > 0 && has_right_side(items[i]) && refers_before(items[i], &before))
			return emit_refuse(e, -1, "LATERAL within RIGHT or FULL JOIN is not available in SQLite mode");
		if (i)
			buf_puts(&e->out, items[i]->rte && items[i]->rte->kind == RTE_SRFS ? " CROSS JOIN " : ", ");
		rc = emit_operand(e, items[i], i > 0 && has_right_side(items[i]));
	}
	e->right_joins = outer;
	return rc;
}
