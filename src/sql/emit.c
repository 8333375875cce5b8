/* The emitter's frame: quoting, SELECT and its clauses, set operations, VALUES. */
#include "sql/emit_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

enum { MAX_TERMS = 400 }; /* of a compound SELECT; SQLite allows 500 */

int emit_refuse(Emitter *e, int location, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_refuse(e->err, location >= 0 ? char_position(e->source, location) : 0, "%s", text);
}

int emit_enter(Emitter *e, int location)
{
	if (e->depth >= (e->flat ? MAX_FLAT_DEPTH : MAX_EMIT_DEPTH))
		return err_set(e->err, "54001", "stack depth limit exceeded");
	if (e->out.len > MAX_EMIT_BYTES)
		return err_set(e->err, "54000", "the statement is too large in SQLite mode");
	e->depth++;
	return 0;
}

static void emit_quoted(Buf *out, const char *p, size_t n, char quote)
{
	buf_put_u8(out, (uint8_t)quote);
	for (size_t i = 0; i < n; i++) {
		if (p[i] == quote)
			buf_put_u8(out, (uint8_t)quote);
		buf_put_u8(out, (uint8_t)p[i]);
	}
	buf_put_u8(out, (uint8_t)quote);
}

void emit_ident(Buf *out, const char *name)
{
	emit_quoted(out, name, strlen(name), '"');
}

void emit_text(Buf *out, Str s)
{
	emit_quoted(out, s.p, s.n, '\'');
}

static void emit_real(Buf *out, double r)
{
	if (isinf(r)) {
		buf_puts(out, r < 0 ? "(-9e999)" : "9e999");
		return;
	}
	char text[40];
	snprintf(text, sizeof text, "%.17g", r);
	bool plain = !strpbrk(text, ".e");
	buf_printf(out, signbit(r) ? "(%s%s)" : "%s%s", text, plain ? ".0" : "");
}

void emit_val(Buf *out, const Val *v)
{
	switch (v->kind) {
	case VAL_NULL:
		buf_puts(out, "NULL");
		break;
	case VAL_INT:
		buf_printf(out, v->i < 0 ? "(%lld)" : "%lld", (long long)v->i);
		break;
	case VAL_REAL:
		emit_real(out, v->r);
		break;
	case VAL_TEXT:
		emit_text(out, v->s);
		break;
	case VAL_BLOB:
		buf_puts(out, "x'");
		for (size_t i = 0; i < v->s.n; i++)
			buf_printf(out, "%02x", (unsigned)(uint8_t)v->s.p[i]);
		buf_puts(out, "'");
		break;
	}
}

int emit_where(Emitter *e, const char *word, const Expr *x)
{
	if (!x)
		return 0;
	buf_printf(&e->out, " %s ", word);
	e->condition = x;
	return emit_expr(e, x);
}

static int emit_one_cte(Emitter *e, const Cte *cte)
{
	buf_printf(&e->out, "cte%d(", cte->id);
	for (size_t i = 0; i < cte->ncols; i++)
		buf_printf(&e->out, i ? ", c%zu" : "c%zu", i + 1);
	buf_puts(&e->out, cte->materialized == 'm' || (!cte->recursive && cte->refs > 1 && cte->materialized != 'n') ? ") AS MATERIALIZED ("
			  : cte->materialized == 'n' ? ") AS NOT MATERIALIZED ("
						     : ") AS (");
	if (emit_select(e, cte->query, OUT_ALIAS) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

int emit_with(Emitter *e, const Query *q)
{
	bool any = false;
	for (size_t i = 0; i < q->nctes; i++) {
		const Cte *cte = q->ctes[i];
		if (!cte->stored && (cte->modifying || cte->loops))
			return emit_refuse(e, cte->location, "this WITH query is not available here in SQLite mode");
		if ((!cte->refs && !cte->recursive) || cte->stored)
			continue;
		buf_puts(&e->out, any ? ", " : q->with_recursive ? "WITH RECURSIVE " : "WITH ");
		any = true;
		if (emit_one_cte(e, cte) < 0)
			return -1;
	}
	if (any)
		buf_puts(&e->out, " ");
	return 0;
}

static int emit_targets(Emitter *e, const Query *q, unsigned flags)
{
	size_t n = 0;
	for (size_t i = 0; i < q->targets.n; i++) {
		const Target *t = &q->targets.items[i];
		if (t->junk)
			continue;
		if (n++)
			buf_puts(&e->out, ", ");
		if (((flags & OUT_COLLATE || q->distinct) && !is_icu_collated(t->expr) ? emit_collated : emit_expr)(e, t->expr) < 0)
			return -1;
		if (flags & OUT_ALIAS)
			buf_printf(&e->out, " AS c%zu", n);
	}
	if (!n)
		buf_puts(&e->out, "NULL");
	return 0;
}

static int emit_group_by(Emitter *e, const Query *q)
{
	for (size_t i = 0; i < q->group_by.n; i++) {
		const Expr *g = q->group_by.items[i];
		buf_puts(&e->out, i ? ", " : " GROUP BY ");
		/* a number would be read as a position; x AND 0 is one for SQLite */
		bool number = (g->kind == X_CONST && g->val.kind == VAL_INT) || g->kind == X_BOOL;
		if (number)
			buf_puts(&e->out, "CAST(");
		if (emit_collated(e, g) < 0)
			return -1;
		if (number)
			buf_puts(&e->out, " AS INTEGER)");
	}
	return 0;
}

static int emit_body(Emitter *e, const Query *q)
{
	if (q->nfrom) {
		buf_puts(&e->out, " FROM ");
		if (emit_from(e, q->from, q->nfrom) < 0)
			return -1;
	}
	if (emit_where(e, "WHERE", q->where) < 0 || emit_group_by(e, q) < 0)
		return -1;
	return emit_where(e, "HAVING", q->having);
}

static int emit_core(Emitter *e, const Query *q, unsigned flags)
{
	buf_puts(&e->out, q->distinct ? "SELECT DISTINCT " : "SELECT ");
	return emit_targets(e, q, flags) < 0 || emit_body(e, q) < 0 ? -1 : 0;
}

/* The first row of each group in the order asked for, by numbering the rows of each group. Inner columns: c1.. all targets, n. */
static int emit_distinct_on(Emitter *e, const Query *q, unsigned flags)
{
	int id = ++e->next_tmp;
	size_t n = 0;
	buf_puts(&e->out, "SELECT ");
	for (size_t i = 0; i < q->targets.n; i++)
		if (!q->targets.items[i].junk) {
			buf_printf(&e->out, n ? ", x%d.c%zu" : "x%d.c%zu", id, i + 1);
			n++;
			if (flags & OUT_ALIAS)
				buf_printf(&e->out, " AS c%zu", n);
		}
	if (!n)
		buf_puts(&e->out, "NULL");
	buf_puts(&e->out, " FROM (SELECT ");
	for (size_t i = 0; i < q->targets.n; i++) {
		if (emit_expr(e, q->targets.items[i].expr) < 0)
			return -1;
		buf_printf(&e->out, " AS c%zu, ", i + 1);
	}
	buf_puts(&e->out, "row_number() OVER (PARTITION BY ");
	for (size_t i = 0; i < q->distinct_on.n; i++) {
		if (i)
			buf_puts(&e->out, ", ");
		if (emit_collated(e, q->distinct_on.items[i]) < 0)
			return -1;
	}
	if (q->norder) {
		buf_puts(&e->out, " ORDER BY ");
		if (emit_sort(e, q->order, q->norder, NULL) < 0)
			return -1;
	}
	buf_puts(&e->out, ") AS n");
	if (emit_body(e, q) < 0)
		return -1;
	buf_printf(&e->out, ") AS x%d WHERE x%d.n = 1", id, id);
	for (size_t i = 0; i < q->norder; i++) {
		buf_printf(&e->out, "%s x%d.c%d", i ? "," : " ORDER BY", id, q->order[i].target);
		emit_collate(e, q->order[i].expr->type);
		buf_puts(&e->out, q->order[i].desc ? " DESC" : "");
		buf_puts(&e->out, q->order[i].nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
	return 0;
}

/* The first row as SELECT, so that the columns have names and the rows can refer to outer queries. */
static int emit_one_row(Emitter *e, const Query *q, unsigned flags)
{
	buf_puts(&e->out, "SELECT ");
	for (size_t i = 0; i < q->ncols; i++) {
		buf_puts(&e->out, i ? ", " : "");
		if ((flags & OUT_COLLATE ? emit_collated : emit_expr)(e, q->values[0].items[i]) < 0)
			return -1;
		if (flags & OUT_ALIAS)
			buf_printf(&e->out, " AS c%zu", i + 1);
	}
	return 0;
}

static int emit_rows(Emitter *e, const Query *q, unsigned flags)
{
	size_t first = flags ? 1 : 0;
	if (flags && emit_one_row(e, q, flags) < 0)
		return -1;
	for (size_t r = first; r < q->nvalues; r++) {
		buf_puts(&e->out, r > first ? ", (" : flags ? " UNION ALL VALUES (" : "VALUES (");
		if (emit_list(e, q->values[r].items, q->values[r].n) < 0)
			return -1;
		buf_puts(&e->out, ")");
	}
	return 0;
}

/* SQLite's compound SELECT has no parentheses: a branch with clauses of its own becomes a subquery. */
static int emit_branch(Emitter *e, const Query *q, bool flat_setop, unsigned flags)
{
	bool simple = !q->norder && !q->limit && !q->offset && !q->nctes && !q->distinct_on.n && (q->setop == SETOP_NONE || flat_setop) &&
		      q->nvalues < 2;
	if (simple)
		return emit_select(e, q, flags | OUT_COLLATE);
	buf_puts(&e->out, "SELECT * FROM (");
	if (emit_select(e, q, flags | OUT_ALIAS | OUT_COLLATE) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

/* INTERSECT ALL and EXCEPT ALL: equal rows are told apart by numbering them. */
static int emit_numbered(Emitter *e, const Query *q)
{
	buf_puts(&e->out, "SELECT *, row_number() OVER (PARTITION BY ");
	for (size_t i = 0; i < q->ncols; i++) {
		buf_printf(&e->out, i ? ", c%zu" : "c%zu", i + 1);
		emit_collate(e, q->cols[i].type);
	}
	buf_puts(&e->out, ") FROM (");
	if (emit_select(e, q, OUT_ALIAS | OUT_COLLATE) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

static int emit_setop_all(Emitter *e, const Query *q)
{
	buf_puts(&e->out, "SELECT ");
	for (size_t i = 0; i < q->ncols; i++)
		buf_printf(&e->out, i ? ", c%zu" : "c%zu", i + 1);
	buf_puts(&e->out, " FROM (");
	if (emit_numbered(e, q->larg) < 0)
		return -1;
	buf_puts(&e->out, q->setop == SETOP_INTERSECT ? " INTERSECT " : " EXCEPT ");
	if (emit_numbered(e, q->rarg) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

/* The queries that a chain of set operations writes side by side. */
static size_t terms(const Query *q)
{
	size_t n = 1;
	for (; q->setop != SETOP_NONE; q = q->larg)
		n++;
	return n;
}

/* Of too many of them, the first become a subquery. */
static int emit_setop(Emitter *e, const Query *q, unsigned flags)
{
	if (q->setop_all && q->setop != SETOP_UNION)
		return emit_setop_all(e, q);
	bool flat = q->larg->setop != SETOP_NONE && !(q->larg->setop_all && q->larg->setop != SETOP_UNION) && terms(q->larg) % MAX_TERMS;
	if (emit_branch(e, q->larg, flat, flags & OUT_ALIAS) < 0)
		return -1;
	buf_puts(&e->out, q->setop == SETOP_UNION	? q->setop_all ? " UNION ALL " : " UNION "
			  : q->setop == SETOP_INTERSECT ? " INTERSECT "
							: " EXCEPT ");
	return emit_branch(e, q->rarg, false, flags & OUT_ALIAS);
}

/* Order of a set operation's result: by position only. */
static int emit_setop_order(Emitter *e, const Query *q)
{
	for (size_t i = 0; i < q->norder; i++) {
		const SortItem *s = &q->order[i];
		buf_printf(&e->out, "%s %d", i ? "," : " ORDER BY", s->target);
		emit_collate(e, s->expr->type);
		buf_puts(&e->out, s->desc ? " DESC" : "");
		buf_puts(&e->out, s->nulls_first ? " NULLS FIRST" : " NULLS LAST");
	}
	return 0;
}

int emit_ordered(Emitter *e, const Query *q, unsigned flags)
{
	if (q->setop != SETOP_NONE)
		return emit_setop(e, q, flags) < 0 ? -1 : emit_setop_order(e, q);
	if (q->values)
		return emit_rows(e, q, flags);
	if (q->distinct_on.n)
		return emit_distinct_on(e, q, flags);
	bool done = false;
	int rc = q->group_by.n ? emit_hash_grouped(e, q, flags, &done) : 0;
	if (done)
		return rc;
	if (emit_core(e, q, flags) < 0)
		return -1;
	if (!q->norder)
		return 0;
	buf_puts(&e->out, " ORDER BY ");
	return emit_sort(e, q->order, q->norder, q);
}

static int emit_whole(Emitter *e, const Query *q, unsigned flags)
{
	if (emit_with(e, q) < 0)
		return -1;
	return limits_need_count(q) ? emit_counted(e, q, flags) : emit_ordered(e, q, flags) < 0 ? -1 : emit_limits(e, q);
}

int emit_select(Emitter *e, const Query *q, unsigned flags)
{
	if (emit_enter(e, -1) < 0 || (e->flat ? emit_flat_select(e, q, flags, emit_whole) : emit_whole(e, q, flags)) < 0)
		return -1;
	e->depth--;
	return 0;
}

static int emit_command(Emitter *e, const Query *q)
{
	switch (q->cmd) {
	case CMD_INSERT:
		return emit_insert(e, q);
	case CMD_UPDATE:
		return emit_update(e, q);
	case CMD_DELETE:
		return emit_delete(e, q);
	default:
		return emit_select(e, q, 0);
	}
}

int emit_query(Emitter *e, const Query *q)
{
	Emitter before = *e;
	int rc = emit_command(e, q);
	if (rc == 0 && memmem(e->out.data, e->out.len, "?999", 4))
		emit_plain_params(e);
	bool deep = rc < 0 ? err_is(e->err, "54001") : emit_stack_need(buf_str(&e->out)) > MAX_STACK_NEED;
	if (!deep)
		return rc;
	buf_free(&e->out);
	*e = before;
	err_clear(e->err);
	e->flat = emit_flat_new(e->a, q);
	rc = emit_command(e, q);
	if (rc == 0)
		emit_flat_with(e);
	return rc;
}

const char *emit_table_expr(const Catalog *cat, const TypeEnv *types, const Expr *x, const Rte *rte, Arena *a, Error *err)
{
	return emit_row_expr(cat, types, x, rte, NULL, a, err);
}

const char *emit_row_expr(const Catalog *cat, const TypeEnv *types, const Expr *x, const Rte *rte, const char *row, Arena *a, Error *err)
{
	Emitter e = { .a = a, .cat = cat, .types = types, .err = err, .alone = true, .plain_rte = rte, .condition = x, .row_name = row };
	const char *text = emit_expr(&e, x) < 0 ? NULL : arena_strndup(a, (const char *)e.out.data, e.out.len);
	buf_free(&e.out);
	return text;
}
