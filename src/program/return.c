/* RETURN, RETURN NEXT, RETURN QUERY. */
#include "program/internal.h"

/* A value that is a row keeps the columns it has: those of a record, or of its type. */
static int result_row(Frame *f, const PlExpr *e, Val *out, Error *err)
{
	const PgType *type, *want = catalog_type(f->t->cat, f->p->rettype);
	if (frame_eval(f, e, NULL, -1, out, &type, err) != 0)
		return -1;
	if (out->kind == VAL_NULL)
		return 0;
	if (type->typtype != 'c' && type->oid != T_RECORD)
		return err_set(err, "42804", "cannot return non-composite value from function returning composite type");
	return frame_cast(f, out, type, want, -1, err);
}

static int trigger_row(Frame *f, const PlExpr *e, Val *out, Error *err)
{
	const PgType *type, *row = catalog_type(f->t->cat, f->trigger->trigger->table->rowtype);
	if (frame_eval(f, e, NULL, -1, out, &type, err) != 0)
		return -1;
	if (out->kind == VAL_NULL)
		return 0;
	if (type->typtype != 'c' && type->oid != T_RECORD)
		return err_set(err, "42804", "cannot return non-composite value from function returning composite type");
	return type->oid == row->oid ? 0 : frame_cast(f, out, type, row, -1, err);
}

static int result_of(Frame *f, const PlExpr *e, Val *out, Error *err)
{
	if (f->trigger)
		return trigger_row(f, e, out, err);
	if (f->p->returns_row)
		return result_row(f, e, out, err);
	return frame_eval(f, e, catalog_type(f->t->cat, f->p->rettype), -1, out, NULL, err);
}

/* The row of what the OUT parameters hold now. */
static int add_out_row(Frame *f, Error *err)
{
	const CatFunction *fn = f->p->fn;
	Val *row = arena_array(f->scratch, Val, fn->nargs + 1);
	int n = 0;
	for (size_t i = 0; i < fn->nargs; i++)
		if (strchr("obt", fn->args[i].mode))
			row[n++] = f->vals[i];
	f->rows->width = n;
	fn_rows_add(f->rows, row);
	return 0;
}

static int return_next(Frame *f, const PlStmt *s, Error *err)
{
	Val v;
	if (!s->expr)
		return add_out_row(f, err);
	if (result_of(f, s->expr, &v, err) != 0)
		return -1;
	f->rows->width = 1;
	fn_rows_add(f->rows, &v);
	return 0;
}

static int mismatch(Error *err, size_t got, size_t want)
{
	err_set(err, "42804", "structure of query does not match function result type");
	return err_detail(err, "Number of returned columns (%zu) does not match expected column count (%zu).", got, want);
}

static int check_types(Frame *f, const Plan *plan, const SqlWants *w, Error *err)
{
	for (size_t i = 0; i < w->n; i++) {
		const PgType *have = plan->cols[i].type, *want = catalog_type(f->t->cat, w->types[i]);
		if (have->oid == want->oid || (have->oid == T_UNKNOWN && want->oid == T_TEXT))
			continue;
		err_set(err, "42804", "structure of query does not match function result type");
		return err_detail(err, "Returned type %s does not match expected type %s in column %zu.", type_format(have, -1, f->scratch),
				  type_format(want, -1, f->scratch), i + 1);
	}
	return 0;
}

/* PostgreSQL takes the columns as they are; only their types must be those declared. */
static int return_query(Frame *f, const PlStmt *s, Error *err)
{
	const PgType *type = catalog_type(f->t->cat, f->p->rettype);
	SqlWants w;
	Rows r = { .a = f->scratch };
	CachedPlan *plan = NULL;
	PgProc actual = f->p->fn->proc;
	sql_function_wants(f->t->cat, &actual, f->p->rettype, f->scratch, &w);
	if (frame_query(f, s, NULL, &r, &plan, err) != 0)
		return -1;
	int rc = !plan->plan || !plan->plan->returns_rows
			 ? err_set(err, "42601", "cannot open %s query as cursor", plan->plan ? plan->plan->tag : "empty")
		 : w.n && plan->plan->ncols != w.n ? mismatch(err, plan->plan->ncols, w.n)
						   : check_types(f, plan->plan, &w, err);
	bool packs = type->typtype == 'c' || (type->oid == T_RECORD && !actual.nout);
	for (size_t i = 0; rc == 0 && i < r.n; i++) {
		Val one;
		f->rows->width = packs ? 1 : (int)w.n;
		if (packs)
			rc = type->oid == T_RECORD ? frame_record_value(f, plan->plan, r.items[i], &one, NULL, err)
						   : frame_row_value(f, type, plan->plan, r.items[i], &one, err);
		if (rc == 0)
			fn_rows_add(f->rows, packs ? &one : r.items[i]);
	}
	f->row_count = r.n;
	frame_set(f, f->p->pl->found, val_int(r.n > 0));
	plan_unref(plan);
	return rc;
}

Flow frame_return(Frame *f, const PlStmt *s, Error *err)
{
	if (s->kind == PL_RETURN_NEXT)
		return return_next(f, s, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
	if (s->kind == PL_RETURN_QUERY)
		return return_query(f, s, err) == 0 ? FLOW_NEXT : FLOW_ERROR;
	f->returned = true;
	if (!s->expr)
		return FLOW_RETURN;
	Val v;
	if (result_of(f, s->expr, &v, err) != 0)
		return FLOW_ERROR;
	f->result = frame_keep(f->keep, v);
	return FLOW_RETURN;
}
