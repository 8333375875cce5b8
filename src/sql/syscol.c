/*
 * The system columns of tables. What a SQLite file keeps of a row is its number and its values, so
 *
 *   tableoid  is known from the relation; of a tree of tables, from the member that the row is in (tree.h)
 *   ctid      is made of the row's number: it finds the row, and unlike PostgreSQL's it stays when the row is updated
 *   xmin      is a number computed from the row: as PostgreSQL's it is another one when the row has changed
 *   xmax      is 0, as of a row that nobody deletes or locks, except where INSERT ... ON CONFLICT returns a row that it has updated
 *
 * cmin and cmax are refused.
 */
#include "sql/expr.h"
#include "sql/query.h"

enum { VERSION_ARGS = 100 }; /* SQLite allows 127 */

static const PgProc row_version = { .name = "xmin", .src = "row_version", .kind = 'f', .volatility = 'v', .rettype = T_XID };
static const PgProc upserted_xmax = { .name = "xmax", .src = "upserted_xmax", .kind = 'f', .volatility = 'v', .rettype = T_XID };

static Expr *row_number(ParseState *ps, Rte *rte, uint32_t type, const char *name, int location)
{
	Expr *e = expr_new(ps, X_ROWID, type, location);
	e->rte = rte;
	e->name = name;
	return e;
}

static Expr *call(ParseState *ps, const PgProc *p, int location)
{
	Expr *f = expr_new(ps, X_FUNC, p->rettype, location);
	f->proc = p;
	return f;
}

static Expr *tableoid(ParseState *ps, Rte *rte, int location)
{
	if (catrel_is_tree(rte->rel))
		return row_number(ps, rte, T_OID, "tableoid", location);
	Expr *oid = expr_const(ps, T_OID, val_int(rte->rel->oid));
	oid->location = location;
	if (!rte->nullable)
		return oid;
	Expr *test = expr_new(ps, X_NULLTEST, T_BOOL, location), *e = expr_new(ps, X_CASE, T_OID, location);
	test->negated = true;
	expr_list_add(ps->a, &test->args, row_number(ps, rte, T_INT8, "tableoid", location));
	expr_list_add(ps->a, &e->args, test);
	expr_list_add(ps->a, &e->args, oid);
	return e;
}

static Expr *xmin(ParseState *ps, Rte *rte, int location)
{
	Expr *f = call(ps, &row_version, location);
	expr_list_add(ps->a, &f->args, row_number(ps, rte, T_INT8, "xmin", location));
	for (size_t i = 0; i < rte->ncols; i++) {
		if (!rte->cols[i].name)
			continue;
		if (f->args.n == VERSION_ARGS) {
			Expr *outer = call(ps, &row_version, location);
			expr_list_add(ps->a, &outer->args, f);
			f = outer;
		}
		expr_list_add(ps->a, &f->args, var_new(ps, rte, (int)i + 1, location));
	}
	return f;
}

static Expr *xmax(ParseState *ps, Rte *rte, int location)
{
	const Query *q = ps->query;
	bool own = q && q->result == rte && ps->place == AT_RETURNING;
	if (own && q->cmd == CMD_DELETE)
		return an_refuse(ps, location, "the system column \"xmax\" of a deleted row is not available in SQLite mode"), NULL;
	if (own && q->conflict && q->conflict->do_update) {
		Expr *f = call(ps, &upserted_xmax, location);
		expr_list_add(ps->a, &f->args, row_number(ps, rte, T_INT8, "xmax", location));
		return f;
	}
	Expr *zero = expr_const(ps, T_XID, val_int(0));
	zero->location = location;
	return zero;
}

bool is_upserted_xmax(const Expr *x)
{
	return x->kind == X_FUNC && x->proc == &upserted_xmax;
}

static bool is_about_stored_rows(ParseState *ps)
{
	switch (ps->place) {
	case AT_CHECK:
	case AT_DEFAULT:
	case AT_INDEX_EXPR:
	case AT_INDEX_WHERE:
		return false;
	default:
		return true;
	}
}

int an_system_column(ParseState *ps, Rte *rte, const char *name, int location, Expr **out)
{
	static const char *const names[] = { "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax" };
	size_t at = 0;
	while (at < ARRAY_LEN(names) && !streq(name, names[at]))
		at++;
	if (at == ARRAY_LEN(names) || !rte || rte->kind != RTE_RELATION || (at && rte->rel->kind == REL_VIRTUAL))
		return 0;
	*out = NULL;
	if (at == 0)
		*out = tableoid(ps, rte, location);
	else if (at == 1 && is_about_stored_rows(ps))
		*out = row_number(ps, rte, T_TID, "ctid", location);
	else if (at == 2 && is_about_stored_rows(ps))
		*out = xmin(ps, rte, location);
	else if (at == 3 && is_about_stored_rows(ps))
		*out = xmax(ps, rte, location);
	else
		return an_refuse(ps, location, "the system column \"%s\" is not available %sin SQLite mode", name, at < 4 ? "here " : "");
	return *out ? 1 : -1;
}

bool is_ctid(const Expr *x)
{
	return x->kind == X_ROWID && x->type == T_TID;
}

bool is_tableoid(const Expr *x)
{
	return x->kind == X_ROWID && x->type == T_OID;
}

void ctid_to_row_number(Expr *sublink)
{
	Query *q = sublink->query;
	bool plain = sublink->args.n == 1 && is_ctid(sublink->args.items[0]) && q->setop == SETOP_NONE && !q->values && q->ncols == 1;
	for (size_t i = 0; plain && i < q->targets.n; i++)
		plain = q->targets.items[i].junk || is_ctid(q->targets.items[i].expr);
	if (!plain || q->distinct)
		return;
	sublink->args.items[0]->type = T_INT8;
	for (size_t i = 0; i < q->targets.n; i++)
		if (!q->targets.items[i].junk)
			q->targets.items[i].expr->type = q->cols[0].type = T_INT8;
	size_t n;
	for (const PgProc *p = pgproc_named("int8eq", &n); n; p++, n--)
		sublink->proc = p;
}
