/* Expressions as PostgreSQL prints them. */
#include "sql/deparse.h"

#include "sql/oids.h"

enum { MAX_DEPARSE_DEPTH = 500, INDENT_VAR = 4 };

/* What PostgreSQL has as this node, for the rules about parentheses. */
typedef enum Shape { SHAPE_SIMPLE, SHAPE_CAST, SHAPE_OP, SHAPE_TEST, SHAPE_AND, SHAPE_OR, SHAPE_NOT, SHAPE_COMPLEX } Shape;

/* An operator's symbol, or NULL when it is written as a call or otherwise. */
static const char *infix(const Expr *x)
{
	return x->kind == X_FUNC && x->op && !x->cast ? x->op->name : NULL;
}

static Shape shape_of(const Expr *x)
{
	if (x->cast)
		return SHAPE_CAST;
	switch (x->kind) {
	case X_FUNC:
		return x->op ? SHAPE_OP : SHAPE_SIMPLE;
	case X_NULLTEST:
	case X_BOOLTEST:
	case X_DISTINCT:
	case X_SUBLINK:
		return SHAPE_TEST;
	case X_BOOL:
		return x->boolop == BOOL_AND ? SHAPE_AND : x->boolop == BOOL_OR ? SHAPE_OR : SHAPE_NOT;
	case X_SCALAR_ARRAY:
	case X_IN_LIST:
	case X_ROW_COMPARE:
	case X_COLLATE:
	case X_FIELD:
		return SHAPE_COMPLEX;
	default:
		return SHAPE_SIMPLE;
	}
}

/* Parents whose syntax encloses their arguments. */
static bool encloses(const Expr *parent)
{
	return shape_of(parent) == SHAPE_SIMPLE;
}

static bool op_needs_no_parens(const Expr *x, const Expr *parent)
{
	const char *op = infix(x), *outer = infix(parent);
	if (!op || !outer || x->args.n != 2 || parent->args.n != 2 || op[1] || outer[1])
		return false;
	bool low = strchr("+-", *op), high = strchr("*/%", *op);
	bool outer_low = strchr("+-", *outer), outer_high = strchr("*/%", *outer);
	if (!(low || high) || !(outer_low || outer_high))
		return false;
	if (high && outer_low)
		return true;
	if (low && outer_high)
		return false;
	return parent->args.items[0] == x;
}

static bool is_simple(const Expr *x, const Expr *parent)
{
	Shape up = shape_of(parent);
	switch (shape_of(x)) {
	case SHAPE_SIMPLE:
		return true;
	case SHAPE_CAST:
		return is_simple(x->cast_from, x);
	case SHAPE_OP:
		if (up == SHAPE_OP)
			return op_needs_no_parens(x, parent);
		return encloses(parent) || up == SHAPE_AND || up == SHAPE_OR || up == SHAPE_NOT;
	case SHAPE_TEST:
		return encloses(parent) || up == SHAPE_AND || up == SHAPE_OR || up == SHAPE_NOT;
	case SHAPE_NOT:
	case SHAPE_AND:
		return up == SHAPE_AND || up == SHAPE_OR || encloses(parent);
	case SHAPE_OR:
		return up == SHAPE_OR || encloses(parent);
	default:
		return false;
	}
}

int dp_paren(Deparser *d, const Expr *x, bool show_implicit, const Expr *parent)
{
	bool need = d->pretty && !is_simple(x, parent);
	buf_puts(&d->out, need ? "(" : "");
	int rc = dp_expr(d, x, show_implicit);
	buf_puts(&d->out, need ? ")" : "");
	return rc;
}

static int dp_list(Deparser *d, Expr *const *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(&d->out, i ? ", " : "");
		if (dp_expr(d, items[i], true) < 0)
			return -1;
	}
	return 0;
}

static void open_paren(Deparser *d)
{
	buf_puts(&d->out, d->pretty ? "" : "(");
}

static int close_paren(Deparser *d, int rc)
{
	buf_puts(&d->out, d->pretty ? "" : ")");
	return rc;
}

/* ::numeric(8,2) over ::numeric is one cast to the reader. */
static const Expr *skip_hidden_cast(const Expr *x)
{
	const Expr *from = x->cast_from;
	if (x->cast == 'e' && x->typmod >= 0 && from->cast && from->type == x->type && from->typmod < 0)
		return from->cast_from;
	return from;
}

static int dp_cast(Deparser *d, const Expr *x, bool show_implicit)
{
	if (x->cast == 'i' && !show_implicit)
		return dp_paren(d, x->cast_from, false, x);
	const Expr *from = skip_hidden_cast(x);
	int rc;
	if (from->kind == X_CONST && !from->cast && from->type == x->type && from->typmod < 0) {
		rc = dp_const(d, from, -1);
	} else if (from->kind == X_ROW && !from->cast) {
		rc = dp_expr(d, from, false);
	} else {
		open_paren(d);
		rc = close_paren(d, dp_paren(d, from, false, x));
	}
	buf_printf(&d->out, "::%s", type_text(d->env, x->type, x->typmod, d->a));
	return rc;
}

static int dp_op(Deparser *d, const Expr *x)
{
	const Expr *left = x->args.n == 2 ? x->args.items[0] : NULL, *right = x->args.items[x->args.n - 1];
	open_paren(d);
	if (left) {
		if (dp_paren(d, left, true, x) < 0)
			return -1;
		buf_puts(&d->out, " ");
	}
	buf_printf(&d->out, "%s ", x->op->name);
	return close_paren(d, dp_paren(d, right, true, x));
}

/* Functions that only SQL's own syntax calls. */
static int dp_sql_syntax(Deparser *d, const Expr *x, bool *done)
{
	const char *name = x->proc->name;
	*done = true;
	if (streq(name, "extract") && x->args.n == 2 && x->args.items[0]->kind == X_CONST) {
		buf_printf(&d->out, "EXTRACT(%.*s FROM ", STR_ARG(x->args.items[0]->val.s));
		int rc = dp_expr(d, x->args.items[1], true);
		buf_puts(&d->out, ")");
		return rc;
	}
	if (streq(name, "timezone") && x->args.n == 2) {
		buf_puts(&d->out, "(");
		if (dp_paren(d, x->args.items[1], true, x) < 0)
			return -1;
		buf_puts(&d->out, " AT TIME ZONE ");
		int rc = dp_paren(d, x->args.items[0], true, x);
		buf_puts(&d->out, ")");
		return rc;
	}
	*done = false;
	return 0;
}

static int dp_call(Deparser *d, const Expr *x)
{
	bool done;
	int rc = dp_sql_syntax(d, x, &done);
	if (done)
		return rc;
	size_t n = x->args.n;
	buf_printf(&d->out, "%s(", quote_name(d->a, x->proc->name));
	for (size_t i = 0; i < n && rc == 0; i++) {
		buf_puts(&d->out, i ? ", " : "");
		buf_puts(&d->out, x->variadic_array && i + 1 == n ? "VARIADIC " : "");
		rc = dp_expr(d, x->args.items[i], true);
	}
	buf_puts(&d->out, ")");
	return rc;
}

static int dp_bool(Deparser *d, const Expr *x)
{
	open_paren(d);
	if (x->boolop == BOOL_NOT) {
		buf_puts(&d->out, "NOT ");
		return close_paren(d, dp_paren(d, x->args.items[0], false, x));
	}
	for (size_t i = 0; i < x->args.n; i++) {
		buf_puts(&d->out, i == 0 ? "" : x->boolop == BOOL_AND ? " AND " : " OR ");
		if (dp_paren(d, x->args.items[i], false, x) < 0)
			return -1;
	}
	return close_paren(d, 0);
}

static int dp_test(Deparser *d, const Expr *x)
{
	static const char *const tests[] = {
		[TEST_TRUE] = " IS TRUE",	    [TEST_NOT_TRUE] = " IS NOT TRUE", [TEST_FALSE] = " IS FALSE",
		[TEST_NOT_FALSE] = " IS NOT FALSE", [TEST_UNKNOWN] = " IS UNKNOWN",   [TEST_NOT_UNKNOWN] = " IS NOT UNKNOWN"
	};
	bool null = x->kind == X_NULLTEST;
	open_paren(d);
	int rc = dp_paren(d, x->args.items[0], null, x);
	buf_puts(&d->out, !null ? tests[x->booltest] : x->negated ? " IS NOT NULL" : " IS NULL");
	return close_paren(d, rc);
}

static int dp_distinct(Deparser *d, const Expr *x)
{
	open_paren(d);
	if (dp_paren(d, x->args.items[0], true, x) < 0)
		return -1;
	buf_puts(&d->out, x->negated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM ");
	return close_paren(d, dp_paren(d, x->args.items[1], true, x));
}

static int dp_scalar_array(Deparser *d, const Expr *x)
{
	open_paren(d);
	if (dp_paren(d, x->args.items[0], true, x) < 0)
		return -1;
	buf_printf(&d->out, " %s %s (", x->op->name, x->use_or ? "ANY" : "ALL");
	int rc = dp_paren(d, x->args.items[1], true, x);
	buf_puts(&d->out, ")");
	return close_paren(d, rc);
}

/* x IN (a, b) is x = ANY (ARRAY[a, b]) to PostgreSQL. When every item was cast the same way after they got their common type, the
 * cast stands once, around the array. */
static int dp_in_list(Deparser *d, const Expr *x)
{
	uint32_t type = x->args.items[1]->type, inner = x->args.items[0]->cast == 'i' ? x->args.items[0]->cast_from->type : 0;
	bool lifted = inner != 0;
	for (size_t i = 1; i < x->args.n; i++)
		lifted = lifted && x->args.items[i]->cast == 'i' && x->args.items[i]->cast_from->type == inner;
	open_paren(d);
	if (dp_paren(d, x->args.items[0], true, x) < 0)
		return -1;
	buf_printf(&d->out, " %s %s (%sARRAY[", x->op->name, x->use_or ? "ANY" : "ALL", lifted && !d->pretty ? "(" : "");
	for (size_t i = 1; i < x->args.n; i++) {
		buf_puts(&d->out, i > 1 ? ", " : "");
		if (dp_expr(d, lifted ? x->args.items[i]->cast_from : x->args.items[i], true) < 0)
			return -1;
	}
	buf_puts(&d->out, "]");
	if (lifted)
		buf_printf(&d->out, "%s::%s[]", d->pretty ? "" : ")", type_text(d->env, type, -1, d->a));
	buf_puts(&d->out, ")");
	return close_paren(d, 0);
}

static int dp_case(Deparser *d, const Expr *x)
{
	dp_line(d, "CASE", 0, INDENT_VAR, 0);
	if (x->arg) {
		buf_puts(&d->out, " ");
		if (dp_expr(d, x->arg, true) < 0)
			return -1;
	}
	for (size_t i = 0; i + 1 < x->args.n; i += 2) {
		const Expr *when = x->args.items[i];
		dp_line(d, "WHEN ", 0, 0, 0);
		if (dp_expr(d, x->arg && when->args.n == 2 ? when->args.items[1] : when, false) < 0)
			return -1;
		buf_puts(&d->out, " THEN ");
		if (dp_expr(d, x->args.items[i + 1], true) < 0)
			return -1;
	}
	dp_line(d, "ELSE ", 0, 0, 0);
	if (x->defresult && dp_expr(d, x->defresult, true) < 0)
		return -1;
	if (!x->defresult)
		buf_printf(&d->out, "NULL::%s", type_text(d->env, x->type, -1, d->a));
	dp_line(d, "END", -INDENT_VAR, 0, 0);
	return 0;
}

static int dp_around(Deparser *d, const char *before, const Expr *x, const char *after)
{
	buf_puts(&d->out, before);
	int rc = dp_list(d, x->args.items, x->args.n);
	buf_puts(&d->out, after);
	return rc;
}

static int dp_array(Deparser *d, const Expr *x)
{
	if (dp_around(d, "ARRAY[", x, "]") < 0)
		return -1;
	if (x->args.n == 0)
		buf_printf(&d->out, "::%s", type_text(d->env, x->type, -1, d->a));
	return 0;
}

static int dp_subscript(Deparser *d, const Expr *x)
{
	const Expr *base = x->args.items[0];
	bool need = base->kind != X_VAR && base->kind != X_PARAM;
	buf_puts(&d->out, need ? "(" : "");
	if (dp_expr(d, base, true) < 0)
		return -1;
	buf_puts(&d->out, need ? ")" : "");
	for (size_t i = 0; i < x->args2.n; i++) {
		buf_puts(&d->out, "[");
		for (int upper = 0; upper < 2; upper++) {
			const ExprList *l = upper ? &x->args2 : &x->args3;
			if (i < l->n && l->items[i]->kind != X_DEFAULT && dp_expr(d, l->items[i], false) < 0)
				return -1;
			buf_puts(&d->out, !upper && x->args3.n ? ":" : "");
		}
		buf_puts(&d->out, "]");
	}
	return 0;
}

static int dp_sqlvalue(Deparser *d, const Expr *x)
{
	buf_puts(&d->out, x->name);
	if (x->typmod >= 0)
		buf_printf(&d->out, "(%d)", x->typmod);
	return 0;
}

static int dp_var(Deparser *d, const Expr *x)
{
	const char *name = x->column >= 1 && (size_t)x->column <= x->rte->ncols ? x->rte->cols[x->column - 1].name : NULL;
	if (x->rte->kind == RTE_RELATION && x->column >= 1 && (size_t)x->column <= x->rte->rel->ncols && !name)
		name = x->rte->rel->cols[x->column - 1].name;
	if (!name)
		return dp_refuse(d, "a whole row");
	if (d->prefix)
		buf_printf(&d->out, "%s.", quote_name(d->a, rte_shown_name(x->rte)));
	buf_puts(&d->out, quote_name(d->a, name));
	return 0;
}

static int dp_sort(Deparser *d, const SortItem *items, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_puts(&d->out, i ? ", " : "");
		if (dp_sort_key(d, items[i].expr) < 0)
			return -1;
		buf_puts(&d->out, items[i].desc ? " DESC" : "");
		if (items[i].nulls_first != items[i].desc)
			buf_puts(&d->out, items[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
	return 0;
}

static int dp_filter(Deparser *d, const Expr *x)
{
	if (!x->filter)
		return 0;
	buf_puts(&d->out, " FILTER (WHERE ");
	int rc = dp_expr(d, x->filter, false);
	buf_puts(&d->out, ")");
	return rc;
}

static int dp_within_group(Deparser *d, const Expr *x)
{
	buf_printf(&d->out, "%s(", quote_name(d->a, x->proc->name));
	if (dp_list(d, x->args2.items, x->args2.n) < 0)
		return -1;
	buf_puts(&d->out, ") WITHIN GROUP (ORDER BY ");
	if (dp_sort(d, x->order, x->norder) < 0)
		return -1;
	buf_puts(&d->out, ")");
	return dp_filter(d, x);
}

static int dp_aggregate(Deparser *d, const Expr *x)
{
	const PgAggregate *agg = x->kind == X_AGG ? pgaggregate_of(x->proc->oid) : NULL;
	if (agg && agg->kind != 'n')
		return dp_within_group(d, x);
	buf_printf(&d->out, "%s(%s", quote_name(d->a, x->proc->name), x->is_distinct ? "DISTINCT " : "");
	if (x->star || (x->proc->nargs == 0 && x->kind == X_AGG))
		buf_puts(&d->out, "*");
	else if (dp_list(d, x->args.items, x->args.n) < 0)
		return -1;
	buf_puts(&d->out, x->norder ? " ORDER BY " : "");
	if (dp_sort(d, x->order, x->norder) < 0)
		return -1;
	buf_puts(&d->out, ")");
	return dp_filter(d, x);
}

static int dp_window_call(Deparser *d, const Expr *x)
{
	const WindowDef *w = x->window;
	if (dp_aggregate(d, x) < 0)
		return -1;
	if (w->name && *w->name) {
		buf_printf(&d->out, " OVER %s", quote_name(d->a, w->name));
		return 0;
	}
	if (w->has_frame)
		return dp_refuse(d, "a window frame");
	buf_puts(&d->out, " OVER (");
	for (size_t i = 0; i < w->partition.n; i++) {
		buf_puts(&d->out, i ? ", " : "PARTITION BY ");
		if (dp_sort_key(d, w->partition.items[i]) < 0)
			return -1;
	}
	if (w->norder)
		buf_puts(&d->out, w->partition.n ? " ORDER BY " : "ORDER BY ");
	int rc = dp_sort(d, w->order, w->norder);
	buf_puts(&d->out, ")");
	return rc;
}

static int dp_sublink(Deparser *d, const Expr *x)
{
	if (x->sublink != SUBLINK_EXISTS && x->sublink != SUBLINK_EXPR && x->sublink != SUBLINK_ARRAY && (x->args.n != 1 || !x->rowop))
		return dp_refuse(d, "a comparison of rows with a subquery");
	bool test = x->args.n > 0;
	buf_puts(&d->out, x->sublink == SUBLINK_ARRAY ? "ARRAY(" : "(");
	if (test) {
		if (dp_expr(d, x->args.items[0], true) < 0)
			return -1;
		if (x->sublink == SUBLINK_ANY && streq(x->rowop, "="))
			buf_puts(&d->out, " IN (");
		else
			buf_printf(&d->out, " %s %s (", x->rowop, x->sublink == SUBLINK_ANY ? "ANY" : "ALL");
	}
	buf_puts(&d->out, x->sublink == SUBLINK_EXISTS ? "EXISTS (" : "");
	int rc = dp_query(d, x->query, NULL, d->level);
	buf_puts(&d->out, test || x->sublink == SUBLINK_EXISTS ? "))" : ")");
	return rc;
}

static int dp_collate(Deparser *d, const Expr *x)
{
	open_paren(d);
	int rc = dp_paren(d, x->args.items[0], true, x);
	buf_printf(&d->out, " COLLATE %s", quote_name(d->a, x->name));
	return close_paren(d, rc);
}

static int dp_node(Deparser *d, const Expr *x, bool show_implicit)
{
	if (x->cast)
		return dp_cast(d, x, show_implicit);
	switch (x->kind) {
	case X_CONST:
		return dp_const(d, x, 0);
	case X_PARAM:
		if (x->name)
			buf_puts(&d->out, x->name);
		else
			buf_printf(&d->out, "$%d", x->param);
		return 0;
	case X_VAR:
		return dp_var(d, x);
	case X_FUNC:
		return x->op ? dp_op(d, x) : dp_call(d, x);
	case X_BOOL:
		return dp_bool(d, x);
	case X_NULLTEST:
	case X_BOOLTEST:
		return dp_test(d, x);
	case X_DISTINCT:
		return dp_distinct(d, x);
	case X_SCALAR_ARRAY:
		return dp_scalar_array(d, x);
	case X_IN_LIST:
		return dp_in_list(d, x);
	case X_CASE:
		return dp_case(d, x);
	case X_NULLIF:
		return dp_around(d, "NULLIF(", x, ")");
	case X_COALESCE:
		return dp_around(d, "COALESCE(", x, ")");
	case X_MINMAX:
		return dp_around(d, x->is_least ? "LEAST(" : "GREATEST(", x, ")");
	case X_ARRAY:
		return dp_array(d, x);
	case X_ROW:
		return dp_around(d, "ROW(", x, ")");
	case X_SUBSCRIPT:
		return dp_subscript(d, x);
	case X_SQLVALUE:
		return dp_sqlvalue(d, x);
	case X_COLLATE:
		return dp_collate(d, x);
	case X_AGG:
		return dp_aggregate(d, x);
	case X_WINDOW:
		return dp_window_call(d, x);
	case X_SUBLINK:
		return dp_sublink(d, x);
	case X_VIA_IO: /* an unknown literal that is read when the statement runs */
		buf_puts(&d->out, "(");
		if (dp_expr(d, x->args.items[0], false) < 0)
			return -1;
		buf_printf(&d->out, ")::%s", type_text(d->env, x->type, x->typmod, d->a));
		return 0;
	case X_RELABEL:
	case X_TYPMOD:
	case X_ARRAY_CAST:
	case X_DOMAIN:
		return dp_expr(d, x->args.items[0], show_implicit);
	default:
		return dp_refuse(d, "this kind of expression");
	}
}

int dp_expr(Deparser *d, const Expr *x, bool show_implicit)
{
	if (d->depth >= MAX_DEPARSE_DEPTH)
		return err_set(d->err, "54001", "stack depth limit exceeded");
	d->depth++;
	int rc = dp_node(d, x, show_implicit);
	d->depth--;
	return rc;
}
