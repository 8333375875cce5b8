/* Expressions: everything but calls, casts and subqueries. */
#include "sql/tree.h"
#include "sql/emit_internal.h"
#include "sql/query.h"

#include "pgtype/collation.h"

int emit_list(Emitter *e, Expr *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_expr(e, items[i]) < 0)
			return -1;
	}
	return 0;
}

static bool never_null(const Expr *x)
{
	return carries_collation(x) && !x->rte->nullable && x->column > 0 && x->rte->rel->cols[x->column - 1].not_null;
}

/* Place of a target among the output columns, 0 when it is junk. */
static int output_position(const Query *q, int target)
{
	int n = 0;
	if (q->targets.items[target - 1].junk)
		return 0;
	for (int i = 0; i < target; i++)
		n += !q->targets.items[i].junk;
	return n;
}

/* Outputs that are more than a column are named by position, so that they are computed once. */
static int emit_sort_key(Emitter *e, const SortItem *s, const Query *q)
{
	int at = q && s->target && s->expr->kind != X_VAR ? output_position(q, s->target) : 0;
	if (at) {
		buf_printf(&e->out, "%d", at);
		if (!emit_collate(e, s->expr->type))
			buf_puts(&e->out, " COLLATE BINARY");
		return 0;
	}
	bool number = s->expr->kind == X_CONST || s->expr->kind == X_BOOL; /* x AND 0 is 0 for SQLite: a position */
	if (number)
		buf_puts(&e->out, "CAST(");
	if (emit_collated(e, s->expr) < 0)
		return -1;
	if (number)
		buf_puts(&e->out, " AS TEXT)");
	return 0;
}

int emit_sort(Emitter *e, const SortItem *items, size_t n, const Query *q)
{
	for (size_t i = 0; i < n; i++) {
		const SortItem *s = &items[i];
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_sort_key(e, s, q) < 0)
			return -1;
		buf_puts(&e->out, s->desc ? " DESC" : "");
		if (!never_null(s->expr) && s->nulls_first == s->desc)
			buf_puts(&e->out, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
	return 0;
}

enum { GROUP_OF_OPERANDS = 64 };

/* Long chains are written as a balanced tree: SQLite limits the depth of an expression, not its size. */
static int emit_chain(Emitter *e, const char *word, Expr *const *items, size_t n, bool condition)
{
	e->condition = condition ? items[0] : NULL;
	if (n == 1)
		return emit_expr(e, items[0]);
	bool split = n > GROUP_OF_OPERANDS;
	if (!split) {
		for (size_t i = 0; i < n; i++) {
			if (i)
				buf_puts(&e->out, word);
			e->condition = condition ? items[i] : NULL;
			if (emit_expr(e, items[i]) < 0)
				return -1;
		}
		return 0;
	}
	buf_puts(&e->out, "(");
	if (emit_chain(e, word, items, n / 2, condition) < 0)
		return -1;
	buf_printf(&e->out, ")%s(", word);
	if (emit_chain(e, word, items + n / 2, n - n / 2, condition) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

typedef struct Risk {
	bool fails, repeats_badly;
} Risk;

static bool note_risk(Expr *x, void *arg)
{
	Risk *r = arg;
	r->repeats_badly |= x->kind == X_SUBLINK || x->kind == X_AGG || x->kind == X_WINDOW || x->kind == X_CASE ||
			    (x->kind == X_FUNC && (x->proc->volatility == 'v' || x->proc->oid >= FIRST_USER_OID));
	r->fails |= x->kind == X_VIA_IO || x->kind == X_TYPMOD || (x->kind == X_FUNC && native_form(x->proc->src).form == NATIVE_NONE);
	return true;
}

enum { MAX_WRITTEN_TWICE = 1000 };

/*
 * SQLite evaluates all operands of AND and OR whose value is asked for, PostgreSQL only until the result is known:
 * x <> 0 AND 1 / x > 0. Where that can make a difference they are written as conditions.
 */
static bool must_stop(const Expr *x)
{
	Risk r = { 0 };
	for (size_t i = 0; x->boolop != BOOL_NOT && i < x->args.n && x->args.n < GROUP_OF_OPERANDS; i++) {
		expr_walk(x->args.items[i], note_risk, &r);
		if (i == 0)
			r.fails = false;
	}
	return r.fails && !r.repeats_badly;
}

static int emit_bool(Emitter *e, const Expr *x)
{
	bool condition = e->condition == x, stops = !condition && !e->flat && must_stop(x);
	size_t start = e->out.len;
	buf_puts(&e->out, x->boolop == BOOL_NOT ? "(NOT " : "(");
	if (emit_chain(e, x->boolop == BOOL_OR ? " OR " : " AND ", x->args.items, x->args.n, condition || stops) < 0)
		return -1;
	buf_puts(&e->out, ")");
	size_t n = e->out.len - start;
	if (!stops || n > MAX_WRITTEN_TWICE)
		return 0;
	const char *text = arena_strndup(e->a, (const char *)e->out.data + start, n);
	e->out.len = start;
	buf_printf(&e->out, "CASE WHEN %s THEN 1 WHEN NOT %s THEN 0 END", text, text);
	return 0;
}

static int emit_wrapped(Emitter *e, const Expr *x, const char *suffix)
{
	buf_puts(&e->out, "(");
	if (emit_expr(e, x) < 0)
		return -1;
	buf_puts(&e->out, suffix);
	return 0;
}

static int emit_null_test(Emitter *e, const Expr *x)
{
	const char *suffix = x->negated ? " IS NOT NULL)" : " IS NULL)";
	const Expr *arg = x->args.items[0];
	if (arg->kind != X_ROW)
		return x->row_test ? emit_row_null(e, x) : emit_wrapped(e, arg, suffix);
	buf_puts(&e->out, arg->args.n ? "(" : "(1");
	for (size_t i = 0; i < arg->args.n; i++) {
		if (i)
			buf_puts(&e->out, " AND ");
		if (emit_wrapped(e, arg->args.items[i], suffix) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_bool_test(Emitter *e, const Expr *x)
{
	static const char *const suffix[] = {
		[TEST_TRUE] = " IS TRUE)",	     [TEST_NOT_TRUE] = " IS NOT TRUE)", [TEST_FALSE] = " IS FALSE)",
		[TEST_NOT_FALSE] = " IS NOT FALSE)", [TEST_UNKNOWN] = " IS NULL)",	[TEST_NOT_UNKNOWN] = " IS NOT NULL)"
	};
	return emit_wrapped(e, x->args.items[0], suffix[x->booltest]);
}

static bool is_native_equality(const PgProc *p)
{
	Native n = native_form(p->src);
	return (n.form == NATIVE_COMPARE && streq(n.text, "=")) || streq(p->src, "record_eq");
}

static int emit_distinct(Emitter *e, const Expr *x)
{
	if (!is_native_equality(x->proc))
		return emit_refuse(e, x->location, "IS DISTINCT FROM for this type is not available in SQLite mode");
	return emit_compare(e, x->negated ? "IS" : "IS NOT", x->args.items[0], x->args.items[1]);
}

static int emit_nullif(Emitter *e, const Expr *x)
{
	if (!is_native_equality(x->proc))
		return emit_refuse(e, x->location, "NULLIF for this type is not available in SQLite mode");
	buf_puts(&e->out, "nullif(");
	if (emit_collated(e, x->args.items[0]) < 0)
		return -1;
	buf_puts(&e->out, ", ");
	if (emit_right_side(e, x->args.items[1]) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static bool is_oid_like(Emitter *e, uint32_t type)
{
	const PgType *t = catalog_type(e->cat, type);
	return t && (type == 26 || strncmp(t->input, "reg", 3) == 0);
}

static bool has_collation(Emitter *e, uint32_t type)
{
	char buf[80];
	const PgType *t = catalog_type(e->cat, type);
	return t && type_collation(t, buf, sizeof buf);
}

/* The same bits; int4 has a sign where OIDs have none. A column's collation does not follow it into a type that has none. */
static int emit_relabel(Emitter *e, const Expr *x)
{
	const Expr *arg = x->args.items[0];
	if (has_collation(e, arg->type) && !has_collation(e, x->type))
		return emit_around(e, "(", arg, " COLLATE BINARY)");
	bool to_int = x->type == 23 && is_oid_like(e, arg->type);
	if (!to_int && !(arg->type == 23 && is_oid_like(e, x->type)))
		return emit_expr(e, arg);
	buf_puts(&e->out, to_int ? "((" : "(");
	if (emit_expr(e, arg) < 0)
		return -1;
	buf_puts(&e->out, to_int ? " << 32) >> 32)" : " & 4294967295)");
	return 0;
}

static int emit_case(Emitter *e, const Expr *x)
{
	int outer = e->case_test, test = x->arg ? ++e->next_kept : 0;
	buf_puts(&e->out, "CASE");
	if (x->arg) {
		buf_printf(&e->out, " WHEN pg_let(%d, ", test);
		if (emit_around(e, "", x->arg, ") THEN NULL") < 0)
			return -1;
	}
	for (size_t i = 0; i + 1 < x->args.n; i += 2) {
		buf_puts(&e->out, " WHEN ");
		e->case_test = test;
		e->condition = x->args.items[i];
		int rc = emit_expr(e, x->args.items[i]);
		e->case_test = outer;
		if (rc < 0)
			return -1;
		buf_puts(&e->out, " THEN ");
		if (emit_expr(e, x->args.items[i + 1]) < 0)
			return -1;
	}
	if (x->defresult) {
		buf_puts(&e->out, " ELSE ");
		if (emit_expr(e, x->defresult) < 0)
			return -1;
	}
	buf_puts(&e->out, " END");
	return 0;
}

static int emit_case_test(Emitter *e, const Expr *x)
{
	buf_printf(&e->out, "pg_kept(%d)", e->case_test);
	return 0;
}

enum { MAX_ARGS = 120 }; /* SQLite allows 127 arguments */

/* More arguments than SQLite takes are nested. */
static int emit_coalesce_from(Emitter *e, const Expr *x, size_t from)
{
	size_t left = x->args.n - from, n = left > MAX_ARGS ? MAX_ARGS - 1 : left;
	if (emit_enter(e, x->location) < 0)
		return -1;
	if (left == 1)
		return e->depth--, emit_expr(e, x->args.items[from]);
	buf_puts(&e->out, "coalesce(");
	if (emit_list(e, x->args.items + from, n) < 0)
		return -1;
	if (n < left) {
		buf_puts(&e->out, ", ");
		if (emit_coalesce_from(e, x, from + n) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	e->depth--;
	return 0;
}

static int emit_coalesce(Emitter *e, const Expr *x)
{
	if (x->args.n == 1)
		return emit_expr(e, x->args.items[0]);
	return emit_coalesce_from(e, x, 0);
}

static int emit_row_compare(Emitter *e, const Expr *x)
{
	buf_puts(&e->out, "((");
	for (size_t i = 0; i < x->args.n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_collated(e, x->args.items[i]) < 0)
			return -1;
	}
	buf_printf(&e->out, ") %s (", x->rowop);
	for (size_t i = 0; i < x->args2.n; i++) {
		buf_puts(&e->out, i ? ", " : "");
		if (emit_right_side(e, x->args2.items[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, "))");
	return 0;
}

/* Only what sorts and compares looks at ICU's order (emit_collated). */
static int emit_collate_clause(Emitter *e, const Expr *x)
{
	if (collation_is_icu(x->collation))
		return emit_refuse(e, x->location,
				   "the collation \"%s\" is available only for a side of a comparison and in ORDER BY in SQLite mode",
				   x->name);
	return emit_expr(e, x->args.items[0]);
}

static int emit_long_array(Emitter *e, const Expr *x, uint32_t elem)
{
	if (x->args.n > MAX_ARGS * MAX_ARGS)
		return emit_refuse(e, x->location, "ARRAY[...] of more than %d elements is not available in SQLite mode",
				   MAX_ARGS * MAX_ARGS);
	buf_printf(&e->out, "pg_array_packed(%u", elem);
	for (size_t i = 0; i < x->args.n; i += MAX_ARGS) {
		size_t n = x->args.n - i < MAX_ARGS ? x->args.n - i : MAX_ARGS;
		buf_puts(&e->out, ", pg_pack(");
		if (emit_list(e, x->args.items + i, n) < 0)
			return -1;
		buf_puts(&e->out, ")");
	}
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_array(Emitter *e, const Expr *x)
{
	const PgType *t = catalog_type(e->cat, x->type);
	const char *fn = x->multidims ? "array_make_md" : "array_make";
	if (!t || !fn_find(fn))
		return emit_refuse(e, x->location, "ARRAY[...] is not available in SQLite mode");
	if (x->args.n > MAX_ARGS && !x->multidims)
		return emit_long_array(e, x, t->elem_oid);
	if (x->args.n > MAX_ARGS)
		return emit_refuse(e, x->location, "ARRAY[...] of more than %d arrays is not available in SQLite mode", MAX_ARGS);
	buf_printf(&e->out, "pg_%s(%u", fn, t->elem_oid);
	for (size_t i = 0; i < x->args.n; i++) {
		buf_puts(&e->out, ", ");
		if (emit_expr(e, x->args.items[i]) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	return 0;
}

static bool is_open_bound(const Expr *x)
{
	return !x || x->kind == X_DEFAULT;
}

/* pg_array_get(array type, array, subscripts...), pg_array_slice(array type, array, lower and upper bounds in turn; '' = open). */
static int emit_bounds(Emitter *e, const Expr *x)
{
	for (size_t i = 0; i < x->args2.n; i++) {
		const Expr *bounds[2] = { x->args3.n ? x->args3.items[i] : NULL, x->args2.items[i] };
		for (int k = 0; k < 2; k++) {
			if (!bounds[k])
				continue;
			buf_puts(&e->out, ", ");
			if (is_open_bound(bounds[k]))
				buf_puts(&e->out, "''");
			else if (emit_expr(e, bounds[k]) < 0)
				return -1;
		}
	}
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_subscript(Emitter *e, const Expr *x)
{
	const Expr *array = x->args.items[0];
	const PgType *t = catalog_type(e->cat, array->type);
	const char *get = !t ? "array_get" : t->category == 'G' ? "geo_get" : t->oid == 19 ? "name_get" : "array_get";
	buf_printf(&e->out, "pg_%s(%u, ", x->args3.n ? "array_slice" : get, array->type);
	return emit_expr(e, array) < 0 ? -1 : emit_bounds(e, x);
}

static int emit_assign_element(Emitter *e, const Expr *x)
{
	buf_printf(&e->out, "pg_%s(%u, ", x->args3.n ? "array_assign_slice" : "array_assign", x->type);
	if (emit_expr(e, x->args.items[0]) < 0)
		return -1;
	buf_puts(&e->out, ", ");
	return emit_expr(e, x->arg) < 0 ? -1 : emit_bounds(e, x);
}

static int emit_jsonb_subscript(Emitter *e, const Expr *x)
{
	bool assign = x->kind == X_ASSIGN_PART;
	if (assign)
		buf_printf(&e->out, "pg_jsonb_assign(%d, ", x->negated);
	else
		buf_puts(&e->out, "pg_jsonb_subscript(");
	if (emit_expr(e, x->args.items[0]) < 0)
		return -1;
	if (assign) {
		buf_puts(&e->out, ", ");
		if (emit_expr(e, x->arg) < 0)
			return -1;
	}
	buf_puts(&e->out, ", ");
	if (emit_list(e, x->args2.items, x->args2.n) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_const(Emitter *e, const Expr *x)
{
	emit_val(&e->out, &x->val);
	return 0;
}

static int emit_param(Emitter *e, const Expr *x)
{
	const PgType *t = pgtype_builtin(x->type);
	if (t && type_is_reg(t))
		buf_printf(&e->out, "pg_%sin(?%d)", t->name, x->param);
	else
		buf_printf(&e->out, "?%d", x->param);
	return 0;
}

static int emit_any_subscript(Emitter *e, const Expr *x)
{
	return x->args.items[0]->type == 3802 ? emit_jsonb_subscript(e, x) : emit_subscript(e, x);
}

static int emit_assign_part(Emitter *e, const Expr *x)
{
	return x->type == 3802 ? emit_jsonb_subscript(e, x) : emit_assign_element(e, x);
}

/* GROUP BY without sets: no key is missing. */
static int emit_grouping(Emitter *e, const Expr *x)
{
	buf_puts(&e->out, "0");
	return 0;
}

/* Of a tree of tables each row has its own. */
static int emit_tableoid(Emitter *e, const Expr *x)
{
	if (rte_is_tree(x->rte))
		buf_printf(&e->out, "t%d.tableoid", x->rte->id);
	else
		buf_printf(&e->out, "%u", x->rte->rel->oid);
	return 0;
}

static int emit_rowid(Emitter *e, const Expr *x)
{
	if (is_tableoid(x))
		return emit_tableoid(e, x);
	if (is_ctid(x)) {
		Expr number = *x;
		number.type = 20;
		return emit_around(e, "pg_ctid(", &number, ")");
	}
	if (x->rte == e->plain_rte)
		buf_puts(&e->out, "rowid");
	else
		buf_printf(&e->out, "t%d.rowid", x->rte->id);
	return 0;
}

/* As a subquery it is computed once, and the row is found by its number. */
static int emit_current_of(Emitter *e, const Expr *x)
{
	if (emit_rowid(e, x) < 0)
		return -1;
	buf_puts(&e->out, " = (SELECT pg_cursor_row(");
	if (x->args.n ? emit_expr(e, x->args.items[0]) < 0 : false)
		return -1;
	if (!x->args.n)
		emit_text(&e->out, str_of(x->name));
	buf_printf(&e->out, ", %u))", x->rte->rel->oid);
	return 0;
}

int emit_kind(Emitter *e, const Expr *x)
{
	static int (*const kinds[])(Emitter * e, const Expr *x) = {
		[X_CONST] = emit_const,
		[X_PARAM] = emit_param,
		[X_VAR] = emit_var,
		[X_FUNC] = emit_func,
		[X_AGG] = emit_aggregate,
		[X_WINDOW] = emit_aggregate,
		[X_BOOL] = emit_bool,
		[X_NULLTEST] = emit_null_test,
		[X_BOOLTEST] = emit_bool_test,
		[X_DISTINCT] = emit_distinct,
		[X_NULLIF] = emit_nullif,
		[X_SCALAR_ARRAY] = emit_scalar_array,
		[X_IN_LIST] = emit_in_list,
		[X_CASE] = emit_case,
		[X_CASE_TEST] = emit_case_test,
		[X_COALESCE] = emit_coalesce,
		[X_MINMAX] = emit_minmax,
		[X_ARRAY] = emit_array,
		[X_ROW_COMPARE] = emit_row_compare,
		[X_SUBLINK] = emit_sublink,
		[X_RELABEL] = emit_relabel,
		[X_VIA_IO] = emit_cast,
		[X_ARRAY_CAST] = emit_cast,
		[X_TYPMOD] = emit_cast,
		[X_DOMAIN] = emit_domain,
		[X_VIEW_CHECK] = emit_view_check,
		[X_ASSIGN_PART] = emit_assign_part,
		[X_SUBSCRIPT] = emit_any_subscript,
		[X_GROUPING] = emit_grouping,
		[X_SQLVALUE] = emit_sqlvalue,
		[X_COLLATE] = emit_collate_clause,
		[X_ROWID] = emit_rowid,
		[X_CONTENT] = emit_content,
		[X_CURRENT_OF] = emit_current_of,
		[X_ROW] = emit_row,
		[X_FIELD] = emit_field,
	};
	if (x->kind < ARRAY_LEN(kinds) && kinds[x->kind])
		return kinds[x->kind](e, x);
	return emit_refuse(e, x->location, "this kind of expression is not available in SQLite mode");
}

int emit_expr(Emitter *e, const Expr *x)
{
	if (emit_enter(e, x->location) < 0 || (e->flat ? emit_flat(e, x) : emit_kind(e, x)) < 0)
		return -1;
	e->depth--;
	return 0;
}
