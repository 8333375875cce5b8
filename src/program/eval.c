/* Expressions and statements of a program run, and their values converted. */
#include "program/internal.h"

Val frame_keep(Arena *a, Val v)
{
	if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
		v.s.p = arena_strndup(a, v.s.p, v.s.n);
	return v;
}

int frame_run(Frame *f, CachedPlan *plan, NestedRow fn, void *ctx, uint64_t *rows, Error *err)
{
	if (!plan->plan)
		return err_set(err, "22004", "query string argument of EXECUTE is null");
	switch (plan->plan->kind) {
	case PLAN_QUERY:
	case PLAN_SCRIPT:
	case PLAN_NOTHING:
	case PLAN_EXPLAIN:
		break;
	default:
		return frame_utility(f, plan, err);
	}
	if (!f->writes && plan->plan->writes && !plan->plan->may_write)
		return err_set(err, "0A000", "%s is not allowed in a non-volatile function", plan->plan->tag);
	size_t n = f->p->pl ? f->p->pl->nvars : f->p->nargs;
	return nested_execute(f->t, plan, f->vals, n, f->scratch, fn, ctx, rows, err);
}

typedef struct One {
	Frame *f;
	Val v;
	bool any;
} One;

static int take_one(void *ctx, sqlite3_stmt *row, Error *err)
{
	One *o = ctx;
	if (o->any)
		return err_set(err, "21000", "query returned more than one row");
	o->v = frame_keep(o->f->scratch, db_column(row, 0));
	o->any = true;
	return 0;
}

int frame_eval(Frame *f, const PlExpr *e, const PgType *want, int32_t typmod, Val *out, const PgType **type, Error *err)
{
	bool scalar = want && want->typtype != 'c';
	CachedPlan *plan = frame_plan(f, e, scalar ? want->oid : 0, typmod, err);
	One one = { .f = f };
	if (!plan)
		return -1;
	if (!plan->plan || plan->plan->ncols != 1)
		return err_set(err, "42601", "query returned %zu columns", plan->plan ? plan->plan->ncols : 0);
	plan_ref(plan);
	int rc = frame_run(f, plan, take_one, &one, NULL, err);
	*out = one.any ? one.v : val_null();
	if (type)
		*type = plan->plan->cols[0].type;
	if (rc == 0 && want && plan->plan->cols[0].type->oid != want->oid)
		rc = frame_cast(f, out, plan->plan->cols[0].type, want, typmod, err);
	plan_unref(plan);
	return rc;
}

int frame_eval_bool(Frame *f, const PlExpr *e, bool *out, bool *is_null, Error *err)
{
	Val v;
	if (frame_eval(f, e, pgtype_builtin(T_BOOL), -1, &v, NULL, err) != 0)
		return -1;
	if (is_null)
		*is_null = v.kind == VAL_NULL;
	*out = v.kind == VAL_INT && v.i;
	return 0;
}

int frame_text(Frame *f, const Val *v, const PgType *type, Str *out, Error *err)
{
	Buf text = { 0 };
	int rc = type_out(type, -1, v, f->t->types, &text, err);
	*out = (Str){ arena_strndup(f->scratch, (const char *)text.data, text.len), text.len };
	buf_free(&text);
	return rc;
}

int frame_eval_text(Frame *f, const PlExpr *e, Val *out, Error *err)
{
	const PgType *type;
	Str s;
	if (frame_eval(f, e, NULL, -1, out, &type, err) != 0)
		return -1;
	if (out->kind == VAL_NULL)
		return 0;
	if (frame_text(f, out, type, &s, err) != 0)
		return -1;
	*out = val_text(s);
	return 0;
}

/* "SELECT $1" that wants another type, kept by the session. */
static CachedPlan *cast_plan(Frame *f, const PgType *from, const PgType *to, int32_t typmod, Error *err)
{
	SqlEnv env;
	uint64_t key;
	uint32_t want = to->oid, have = from->oid == T_UNKNOWN ? T_TEXT : from->oid;
	if (program_env(f->t, &env, &key, err) != 0)
		return NULL;
	const char *name = arena_printf(f->scratch, "cast %u,%u,%d", have, want, typmod);
	CachedPlan *plan = program_kept(f->t, name, key);
	if (plan)
		return plan;
	const SqlWants wants = { .types = &want, .typmods = &typmod, .n = 1 };
	env.wants = &wants;
	plan = database_plan_apart(f->t, str_of("SELECT $1"), &have, 1, &env, key, err);
	if (plan)
		program_keep(f->t, name, key, plan);
	return plan;
}

int frame_cast(Frame *f, Val *v, const PgType *from, const PgType *to, int32_t typmod, Error *err)
{
	One one = { .f = f };
	if (v->kind == VAL_NULL || (from->oid == to->oid && typmod < 0))
		return 0;
	if (to->typtype == 'c' || to->oid == T_RECORD || from->typtype == 'c' || from->oid == T_RECORD)
		if (to->typtype == 'c' || to->oid == T_RECORD)
			return frame_row_cast(f, v, from, to, err);
	if (from->typtype == 'c' || from->oid == T_RECORD) {
		Str text;
		return frame_text(f, v, from, &text, err) != 0 ? -1 : type_in(to, typmod, text, f->t->types, f->scratch, v, err);
	}
	CachedPlan *plan = cast_plan(f, from, to, typmod, err);
	if (!plan)
		return -1;
	const Val in = *v;
	plan_ref(plan);
	int rc = nested_execute(f->t, plan, &in, 1, f->scratch, take_one, &one, NULL, err);
	plan_unref(plan);
	*v = one.v;
	return rc;
}
