/*
 * Statements that nest too deeply for SQLite's parser are written flat: a part that is deep is computed before the expression it stands
 * in and kept under a number (sqlite/fn_let.c),
 *
 *     CASE WHEN pg_let(1, f(f(f(x)))) THEN NULL WHEN pg_let(2, f(f(f(pg_kept(1))))) THEN NULL ELSE f(pg_kept(2)) END
 *
 * and a deep subquery that depends on nothing around it becomes a WITH query of the statement. What CASE, AND, OR and COALESCE
 * evaluate only sometimes is computed before only when they would: behind a guard, for which what they decide on is kept as well.
 *
 * This is the second attempt at a statement (emit_query); nothing of it concerns those that fit as they are.
 */
#include "sql/emit_internal.h"

enum {
	DEEP = 28,	 /* entries of the parser's stack above which an expression is computed before */
	DEEP_QUERY = 40, /* the same for subqueries */
	MAX_PARTS = 20000,
	GROUP = 60, /* operands of AND, OR and COALESCE written side by side */
};

/* An expression that is evaluated only if what stands before it in its CASE, AND, OR or COALESCE says so. */
typedef struct Guard {
	struct Guard *up;
	ExprKind kind; /* X_CASE, X_BOOL, X_COALESCE */
	BoolOp boolop;
	const char **before; /* X_CASE: the conditions; otherwise the operands */
	size_t *n;
	size_t branch;	  /* X_CASE: which condition must be true, 1-based; 0: none */
	const char *test; /* what is true when it is evaluated; NULL until somebody asks */
} Guard;

typedef struct Kept {
	int number;
	const char *text;
} Kept;

struct Flat {
	bool inside; /* an expression is being written, `kept` are its parts */
	Kept *kept;
	size_t nkept, cap;
	Guard *guard;
	int last;  /* number of the part kept last; they are unique in the statement */
	int level; /* of nested queries */
	const char **with;
	size_t nwith;
	const Query *top;
};

struct Flat *emit_flat_new(Arena *a, const Query *q)
{
	struct Flat *f = arena_new_of(a, struct Flat);
	f->top = q;
	f->with = arena_array(a, const char *, MAX_PARTS);
	return f;
}

static int too_deep(Emitter *e)
{
	return err_set(e->err, "54001", "stack depth limit exceeded");
}

/* What was written since the buffer was put aside, as a string. */
static const char *take_text(Emitter *e, Buf outer)
{
	const char *text = arena_strndup(e->a, (const char *)e->out.data, e->out.len);
	buf_free(&e->out);
	e->out = outer;
	return text;
}

static int keep(Emitter *e, const char *text, Guard *g, int *number);

/* "a AND b AND c"; long ones in groups, because SQLite limits how deep an expression is. */
static const char *join(Emitter *e, const char *word, const char **items, size_t n)
{
	Buf b = { 0 };
	size_t step = 1;
	while (n > GROUP * step)
		step *= GROUP;
	if (n == 1)
		return items[0];
	for (size_t i = 0; i < n; i += step) {
		size_t m = n - i < step ? n - i : step;
		buf_puts(&b, i ? word : "");
		buf_printf(&b, step > 1 ? "(%s)" : "%s", join(e, word, items + i, m));
	}
	const char *text = arena_strndup(e->a, (const char *)b.data, b.len);
	buf_free(&b);
	return text;
}

static const char *coalesce(Emitter *e, const char **items, size_t n)
{
	if (n == 1)
		return items[0];
	size_t step = 1;
	while (n > GROUP * step)
		step *= GROUP;
	Buf b = { 0 };
	for (size_t i = 0; i < n; i += step)
		buf_printf(&b, "%s%s", i ? ", " : "coalesce(", coalesce(e, items + i, n - i < step ? n - i : step));
	buf_puts(&b, ")");
	const char *text = arena_strndup(e->a, (const char *)b.data, b.len);
	buf_free(&b);
	return text;
}

static const char *joined(Emitter *e, ExprKind kind, BoolOp op, const char **items, size_t n)
{
	return kind == X_COALESCE ? coalesce(e, items, n) : join(e, op == BOOL_OR ? " OR " : " AND ", items, n);
}

/* Which of the conditions is the first that is true, 0 when none is. */
static int keep_branch(Emitter *e, Guard *g)
{
	Buf b = { 0 };
	int number;
	buf_puts(&b, "CASE");
	for (size_t i = 0; i < *g->n; i++)
		buf_printf(&b, " WHEN %s THEN %zu", g->before[i], i + 1);
	buf_puts(&b, " ELSE 0 END");
	const char *text = arena_strndup(e->a, (const char *)b.data, b.len);
	buf_free(&b);
	if (keep(e, text, g->up, &number) < 0)
		return -1;
	for (size_t i = 0; i < *g->n; i++)
		g->before[i] = arena_printf(e->a, "pg_kept(%d) = %zu", number, i + 1);
	g->test = arena_printf(e->a, "pg_kept(%d) = %zu", number, g->branch);
	return 0;
}

/* Makes sure that a guard has its test: what it depends on is kept, and used from there from now on. */
static int activate(Emitter *e, Guard *g)
{
	int number;
	if (g->test)
		return 0;
	if (g->kind == X_CASE)
		return keep_branch(e, g);
	if (keep(e, joined(e, g->kind, g->boolop, g->before, *g->n), g->up, &number) < 0)
		return -1;
	g->before[0] = arena_printf(e->a, "pg_kept(%d)", number);
	*g->n = 1;
	g->test = arena_printf(e->a, "%s IS %s", g->before[0],
			       g->kind == X_COALESCE  ? "NULL"
			       : g->boolop == BOOL_OR ? "NOT TRUE"
						      : "NOT FALSE");
	return 0;
}

static int keep(Emitter *e, const char *text, Guard *g, int *number)
{
	struct Flat *f = e->flat;
	if (g && activate(e, g) < 0)
		return -1;
	if (e->next_kept >= MAX_PARTS)
		return too_deep(e);
	if (f->nkept == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		Kept *grown = arena_array(e->a, Kept, cap);
		if (f->nkept)
			memcpy(grown, f->kept, f->nkept * sizeof *grown);
		f->kept = grown;
		f->cap = cap;
	}
	*number = ++e->next_kept;
	f->kept[f->nkept++] = (Kept){ *number, g ? arena_printf(e->a, "CASE WHEN %s THEN %s END", g->test, text) : text };
	return 0;
}

/* One operand, evaluated under the guard, as text. */
static const char *operand(Emitter *e, const Expr *x, Guard *g)
{
	Buf outer = e->out;
	Guard *before = e->flat->guard;
	e->out = (Buf){ 0 };
	if (g)
		e->flat->guard = g;
	int rc = emit_expr(e, x);
	e->flat->guard = before;
	const char *text = take_text(e, outer);
	return rc < 0 ? NULL : text;
}

static int flat_case(Emitter *e, const Expr *x)
{
	size_t n = x->args.n / 2, seen = 0;
	const char **conditions = arena_array(e->a, const char *, n + 1), **results = arena_array(e->a, const char *, n + 1);
	Guard *up = e->flat->guard;
	int outer = e->case_test, test = 0;
	if (x->arg) {
		const char *text = operand(e, x->arg, NULL);
		if (!text || keep(e, text, up, &test) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		Guard none = { up, X_CASE, 0, conditions, &seen, 0, NULL }, hit = { up, X_CASE, 0, conditions, &seen, i + 1, NULL };
		e->case_test = test;
		conditions[i] = operand(e, x->args.items[2 * i], i ? &none : NULL);
		e->case_test = outer;
		if (!conditions[i])
			return -1;
		seen = i + 1;
		results[i] = operand(e, x->args.items[2 * i + 1], &hit);
		if (!results[i])
			return -1;
	}
	Guard none = { up, X_CASE, 0, conditions, &seen, 0, NULL };
	const char *otherwise = x->defresult ? operand(e, x->defresult, &none) : "NULL";
	if (!otherwise)
		return -1;
	buf_puts(&e->out, "CASE");
	for (size_t i = 0; i < n; i++)
		buf_printf(&e->out, " WHEN %s THEN %s", conditions[i], results[i]);
	buf_printf(&e->out, " ELSE %s END", otherwise);
	return 0;
}

/* AND, OR and COALESCE: each operand is evaluated only while those before it do not decide. */
static int flat_operands(Emitter *e, const Expr *x)
{
	size_t n = 0;
	const char **items = arena_array(e->a, const char *, x->args.n + 1);
	for (size_t i = 0; i < x->args.n; i++) {
		Guard g = { e->flat->guard, x->kind, x->boolop, items, &n, 0, NULL };
		const char *text = operand(e, x->args.items[i], i ? &g : NULL);
		if (!text)
			return -1;
		items[n++] = text;
	}
	buf_printf(&e->out, x->kind == X_BOOL ? "(%s)" : "%s", joined(e, x->kind, x->boolop, items, n));
	return 0;
}

/* What evaluates all its operands, once, whenever it is evaluated itself. */
static bool is_strict(const Expr *x)
{
	switch (x->kind) {
	case X_FUNC:
	case X_NULLTEST:
	case X_BOOLTEST:
	case X_DISTINCT:
	case X_NULLIF:
	case X_MINMAX:
	case X_ARRAY:
	case X_ROW:
	case X_ROW_COMPARE:
	case X_RELABEL:
	case X_VIA_IO:
	case X_TYPMOD:
	case X_SUBSCRIPT:
	case X_FIELD:
	case X_COLLATE:
		return true;
	case X_IN_LIST:
		for (size_t i = 1; i < x->args.n; i++)
			if (x->args.items[i]->kind != X_CONST && x->args.items[i]->kind != X_PARAM)
				return false;
		return true;
	default:
		return x->kind == X_BOOL && x->boolop == BOOL_NOT;
	}
}

/* The operands of other kinds belong to rows of their own, or may not be evaluated: their parts stay with them. */
static int flat_apart(Emitter *e, const Expr *x)
{
	bool inside = e->flat->inside;
	e->flat->inside = false;
	int rc = emit_kind(e, x);
	e->flat->inside = inside;
	return rc;
}

static int flat_kind(Emitter *e, const Expr *x)
{
	if (x->kind == X_FUNC && x->proc->oid >= FIRST_USER_OID) /* what it runs could keep parts under the same numbers */
		return too_deep(e);
	if (x->kind == X_CASE)
		return flat_case(e, x);
	if (x->kind == X_COALESCE || (x->kind == X_BOOL && x->boolop != BOOL_NOT))
		return flat_operands(e, x);
	return is_strict(x) ? emit_kind(e, x) : flat_apart(e, x);
}

/* A whole expression: its text, and before it what was kept on the way. */
static int flat_whole(Emitter *e, const Expr *x)
{
	struct Flat *f = e->flat, outer = *f;
	Buf out = e->out;
	e->out = (Buf){ 0 };
	f->inside = true;
	f->kept = NULL;
	f->nkept = f->cap = 0;
	f->guard = NULL;
	int rc = flat_kind(e, x);
	const char *text = take_text(e, out);
	if (rc == 0 && f->nkept) {
		buf_puts(&e->out, "CASE");
		for (size_t i = 0; i < f->nkept; i++)
			buf_printf(&e->out, " WHEN pg_let(%d, %s) THEN NULL", f->kept[i].number, f->kept[i].text);
		buf_printf(&e->out, " ELSE %s END", text);
	} else {
		buf_puts(&e->out, text);
	}
	f->inside = outer.inside;
	f->kept = outer.kept;
	f->nkept = outer.nkept;
	f->cap = outer.cap;
	f->guard = outer.guard;
	return rc;
}

int emit_flat(Emitter *e, const Expr *x)
{
	if (!e->flat->inside)
		return flat_whole(e, x);
	Buf out = e->out;
	e->out = (Buf){ 0 };
	int rc = flat_kind(e, x), number;
	const char *text = take_text(e, out);
	if (rc < 0)
		return -1;
	if (x->kind == X_ROW || emit_stack_need(str_of(text)) <= DEEP) {
		buf_puts(&e->out, text);
		return 0;
	}
	if (keep(e, text, e->flat->guard, &number) < 0)
		return -1;
	buf_printf(&e->out, "pg_kept(%d)", number);
	return 0;
}

/* A subquery; `write` is how it is written as it stands. */
int emit_flat_select(Emitter *e, const Query *q, unsigned flags, int (*write)(Emitter *e, const Query *q, unsigned flags))
{
	struct Flat *f = e->flat;
	bool inside = f->inside, nested = f->level > 0;
	Buf out = e->out;
	e->out = (Buf){ 0 };
	f->inside = false;
	f->level++;
	int rc = write(e, q, flags);
	f->level--;
	f->inside = inside;
	const char *text = take_text(e, out);
	if (rc < 0)
		return -1;
	if (!nested || f->nwith >= MAX_PARTS || emit_stack_need(str_of(text)) <= DEEP_QUERY ||
	    !query_is_closed(q, f->top->ctes, f->top->nctes)) {
		buf_puts(&e->out, text);
		return 0;
	}
	f->with[f->nwith++] = text;
	buf_printf(&e->out, "SELECT * FROM flat%zu", f->nwith);
	return 0;
}

/* Puts the subqueries that were taken out in front of the statement. */
void emit_flat_with(Emitter *e)
{
	struct Flat *f = e->flat;
	if (!f->nwith)
		return;
	Buf b = { 0 };
	Str rest = buf_str(&e->out);
	static const char *const begins[] = { "WITH RECURSIVE ", "WITH " };
	const char *begin = "WITH ";
	bool more = false;
	for (size_t i = 0; i < ARRAY_LEN(begins) && !more; i++)
		if (str_starts(rest, begins[i])) {
			begin = begins[i];
			rest = (Str){ rest.p + strlen(begin), rest.n - strlen(begin) };
			more = true;
		}
	buf_puts(&b, begin);
	for (size_t i = 0; i < f->nwith; i++)
		buf_printf(&b, "%sflat%zu AS (%s)", i ? ", " : "", i + 1, f->with[i]);
	buf_puts(&b, more ? ", " : " ");
	buf_put(&b, rest.p, rest.n);
	buf_free(&e->out);
	e->out = b;
}
