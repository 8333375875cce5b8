/* Calls: a frame set up, the body run, what comes out. */
#include "program/internal.h"

#include "catalog/sessionvars.h"
#include "pgtype/array.h"

#include <stdio.h>

enum { MAX_STACK = 3 * 1024 * 1024 };

static int enter(SqliteTxn *t, Frame *f, Error *err)
{
	Programs *all = programs_of(t);
	const char *here = __builtin_frame_address(0);
	if (!all->depth)
		all->stack = here;
	if (all->stack - here > MAX_STACK) {
		err_set(err, "54001", "stack depth limit exceeded");
		return err_hint(err, "Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the "
				     "platform's stack depth limit is adequate.");
	}
	const CatFunction *fn = f->p->fn;
	f->outer = all->innermost;
	f->may_commit = (f->outer ? f->outer->calling && f->outer->may_commit : t->may_commit) &&
			(!fn || (fn->proc.kind == 'p' && !fn->config && !fn->security_definer && f->p->pl));
	all->depth++;
	all->innermost = f;
	return 0;
}

static void leave(SqliteTxn *t, Frame *f)
{
	Programs *all = programs_of(t);
	all->depth--;
	all->innermost = f->outer;
}

static void trigger_variables(Frame *f)
{
	const TriggerCall *c = f->trigger;
	const CatTrigger *tg = c->trigger;
	const CatSchema *ns = catalog_schema_by_oid(f->t->cat, tg->table->schema);
	const char *when = tg->timing == 'b' ? "BEFORE" : tg->timing == 'a' ? "AFTER" : "INSTEAD OF";
	Val args[100];
	size_t n = 0;
	for (; n < tg->nargs && n < ARRAY_LEN(args); n++)
		args[n] = val_text(str_of(tg->args[n]));
	frame_set(f, 0, c->new_row);
	frame_set(f, 1, c->old_row);
	frame_set(f, 2, val_text(str_of(tg->name)));
	frame_set(f, 3, val_text(str_of(when)));
	frame_set(f, 4, val_text(str_of(tg->row ? "ROW" : "STATEMENT")));
	frame_set(f, 5, val_text(str_of(c->op)));
	frame_set(f, 6, val_int(tg->table->oid));
	frame_set(f, 7, val_text(str_of(tg->table->name)));
	frame_set(f, 8, val_text(str_of(tg->table->name)));
	frame_set(f, 9, val_text(str_of(ns ? ns->name : "")));
	frame_set(f, 10, val_int((int64_t)tg->nargs));
	PgArray array = array_of(pgtype_builtin(T_TEXT), args, n);
	if (n) { /* TG_ARGV counts from 0 */
		array.lower[0] = 0;
		frame_set(f, 11, array_val(&array, f->keep));
	}
}

static int set_arguments(Frame *f, const Val *args, size_t nargs, Error *err)
{
	const CatFunction *fn = f->p->fn;
	size_t k = 0;
	if (!f->p->pl) {
		for (size_t i = 0; i < nargs && i < f->p->nargs; i++)
			frame_set(f, (int)i, args[i]);
		return 0;
	}
	for (size_t i = 0; fn && i < fn->nargs; i++) {
		bool slot = strchr("ibv", fn->args[i].mode) || (fn->proc.kind == 'p' && fn->args[i].mode == 'o');
		const PgType *type = catalog_type(f->t->cat, fn->args[i].type);
		const PlTarget target = { .var = (int)i };
		if (!slot)
			continue;
		Val v = k < nargs && fn->args[i].mode != 'o' ? args[k] : val_null();
		k++;
		if (f->p->vars[i].type)
			frame_set(f, (int)i, v);
		else if (frame_assign(f, &target, v, type, -1, err) != 0)
			return -1;
	}
	if (f->trigger)
		trigger_variables(f);
	frame_set(f, f->p->pl->found, val_int(0));
	return 0;
}

/* What the OUT parameters hold: the one, or all as a record. */
static int out_result(Frame *f, Val *out_vars, Error *err)
{
	const CatFunction *fn = f->p->fn;
	PgField *fields = arena_array(f->keep, PgField, fn->nargs + 1);
	Val *vals = arena_array(f->keep, Val, fn->nargs + 1);
	size_t n = 0;
	for (size_t i = 0; i < fn->nargs; i++) {
		if (!strchr("obt", fn->args[i].mode))
			continue;
		fields[n] = (PgField){ fn->proc.out_names[n], f->p->vars[i].type ? f->p->vars[i].type : pgtype_builtin(T_RECORD), -1 };
		vals[n++] = frame_keep(f->keep, f->vals[i]);
	}
	for (size_t i = 0; out_vars && i < n; i++)
		out_vars[i] = vals[i];
	if (n == 1 && fn->proc.kind != 'p')
		f->result = vals[0];
	else if (n)
		f->result = row_val(&(PgRow){ .n = n, .fields = fields, .vals = vals }, true, f->keep);
	return 0;
}

static bool has_out(const CatFunction *fn)
{
	return fn && fn->proc.out_names;
}

static int run_plpgsql(Frame *f, Val *out_vars, Error *err)
{
	const CatFunction *fn = f->p->fn;
	Flow flow = frame_exec(f, f->p->pl->body, err);
	if (flow == FLOW_ERROR)
		return -1;
	f->at = NULL;
	if (flow == FLOW_EXIT || flow == FLOW_CONTINUE)
		return err_set(err, "42601", "%s cannot be used outside a loop", flow == FLOW_EXIT ? "EXIT" : "CONTINUE");
	if (has_out(fn) && !fn->proc.retset)
		return out_result(f, out_vars, err);
	bool value = fn && !fn->proc.retset && fn->proc.kind != 'p' && f->p->rettype != T_VOID;
	if (value && !f->returned)
		return err_set(err, "2F005",
			       f->trigger ? "control reached end of trigger procedure without RETURN"
					  : "control reached end of function without RETURN");
	return 0;
}

typedef struct SqlRows {
	Frame *f;
	const Plan *plan;
	const PgType *type;
	bool packs;
	bool any;
} SqlRows;

static int take_sql_row(void *ctx, sqlite3_stmt *st, Error *err)
{
	SqlRows *r = ctx;
	Frame *f = r->f;
	size_t n = r->plan->ncols;
	Val *vals = arena_array(f->scratch, Val, n + 1), one = val_null();
	for (size_t i = 0; i < n; i++)
		vals[i] = db_column(st, (int)i);
	bool whole = n == 1 && r->type && r->plan->cols[0].type->oid == r->type->oid;
	if (r->packs && !whole) {
		int rc = r->type->oid == T_RECORD ? frame_record_value(f, r->plan, vals, &one, NULL, err)
						  : frame_row_value(f, r->type, r->plan, vals, &one, err);
		if (rc != 0)
			return -1;
	} else {
		one = vals[0];
	}
	if (!f->p->fn->proc.retset) {
		f->result = frame_keep(f->keep, one);
		r->any = true;
		return 1;
	}
	bool split = f->p->fn->proc.nout > 0;
	f->rows->width = split ? (int)n : 1;
	fn_rows_add(f->rows, split ? vals : &one);
	return 0;
}

static int run_sql(Frame *f, Val *out_vars, Error *err)
{
	Program *p = f->p;
	const PgType *type = catalog_type(f->t->cat, p->rettype);
	for (size_t i = 0; i < p->nplans; i++) {
		bool last = i + 1 == p->nplans;
		f->row_count = i + 1;
		CachedPlan *plan = frame_plan_sql(f, i, last, err);
		if (!plan)
			return -1;
		plan_ref(plan);
		SqlRows r = { .f = f, .plan = plan->plan, .type = type, .packs = p->returns_row };
		bool wanted = last && p->rettype != T_VOID && plan->plan && plan->plan->returns_rows;
		int rc = last && p->rettype != T_VOID && plan->plan && p->fn->proc.kind != 'p'
				 ? sql_function_check(f->t->cat, p->proc, p->rettype, plan->plan, f->scratch, err)
				 : 0;
		if (rc == 0)
			rc = frame_run(f, plan, wanted ? take_sql_row : NULL, wanted ? &r : NULL, NULL, err);
		plan_unref(plan);
		arena_reset(f->scratch);
		if (rc != 0)
			return -1;
	}
	if (out_vars && has_out(p->fn)) {
		PgRow row;
		if (f->result.kind == VAL_NULL)
			return 0;
		if (row_read(pgtype_builtin(T_RECORD), f->result.s, program_types(f), f->keep, &row, err) != 0)
			return -1;
		for (size_t i = 0; i < row.n && i < p->fn->proc.nout; i++)
			out_vars[i] = row.vals[i];
	}
	return 0;
}

/* The settings of a function hold while it runs. `old` keeps what they were. */
static int apply_config(Frame *f, char **old, size_t max, size_t *n, Error *err)
{
	const SessionVars *v = f->t->vars;
	const char *line = f->p->fn ? f->p->fn->config : NULL;
	while (line && *line && *n < max) {
		const char *end = strchrnul(line, '\n'), *eq = memchr(line, '=', (size_t)(end - line));
		if (!eq || !v || !v->set_setting)
			break;
		const char *name = arena_strndup(f->keep, line, (size_t)(eq - line));
		const char *value = arena_strndup(f->keep, eq + 1, (size_t)(end - eq - 1)), *now = v->get_setting(v->arg, name);
		old[(*n)++] = arena_printf(f->keep, "%s=%s", name, now ? now : "");
		if (v->set_setting(v->arg, name, value, true, err) != 0)
			return -1;
		line = *end ? end + 1 : end;
	}
	return 0;
}

static void restore_config(Frame *f, char **old, size_t n)
{
	const SessionVars *v = f->t->vars;
	Error ignored;
	while (n--) {
		char *eq = strchr(old[n], '=');
		*eq = '\0';
		v->set_setting(v->arg, old[n], eq + 1, true, &ignored);
	}
}

static int run_frame(Frame *f, const Val *args, size_t nargs, Val *out_vars, Error *err)
{
	enum { MAX_CONFIG = 20 };
	char *old[MAX_CONFIG];
	size_t nold = 0;
	const CatFunction *fn = f->p->fn;
	bool definer = fn && fn->security_definer && f->t->set_definer;
	const char *before = definer ? f->t->set_definer(f->t->session, catalog_role_name(f->p->cat, fn->owner)) : NULL;
	int rc = apply_config(f, old, MAX_CONFIG, &nold, err);
	if (rc == 0)
		rc = set_arguments(f, args, nargs, err);
	if (rc == 0)
		rc = f->p->pl ? run_plpgsql(f, out_vars, err) : run_sql(f, out_vars, err);
	restore_config(f, old, nold);
	if (definer)
		f->t->set_definer(f->t->session, before);
	return rc;
}

int program_run(SqliteTxn *t, Program *p, const Val *args, size_t nargs, const TriggerCall *trigger, FnRows *rows, Val *out, Arena *a,
		Val *out_vars, Error *err)
{
	size_t nvars = p->pl ? p->pl->nvars : p->nargs;
	Frame f = { .t = t, .p = p, .rows = rows, .trigger = trigger };
	f.writes = !p->fn || p->fn->proc.volatility == 'v';
	if (enter(t, &f, err) != 0)
		return -1;
	f.keep = arena_new();
	f.scratch = arena_new();
	f.vals = mem_alloc((nvars + 1) * sizeof *f.vals);
	f.shapes = mem_alloc((nvars + 1) * sizeof *f.shapes);
	int rc = run_frame(&f, args, nargs, out_vars, err);
	if (rc != 0) {
		frame_context(&f, err);
		err->position = 0;
	}
	if (rc == 0 && out)
		*out = frame_keep(a, f.result);
	for (size_t i = 0; rc == 0 && out_vars && p->fn && i < p->fn->proc.nout; i++)
		out_vars[i] = frame_keep(a, out_vars[i]);
	for (size_t i = 0; i < nvars; i++) {
		frame_set(&f, (int)i, val_null());
		free(f.shapes[i]);
	}
	free(f.vals);
	free(f.shapes);
	arena_free(f.scratch);
	arena_free(f.keep);
	leave(t, &f);
	return rc;
}

/* --- from SQL --- */

static const CatFunction *function_of(SqliteTxn *t, uint32_t oid, Error *err)
{
	const CatFunction *fn = t ? catalog_function(t->cat, oid) : NULL;
	if (!fn)
		err_set(err, "42883", "function with OID %u does not exist", oid);
	return fn;
}

static bool any_null(const Val *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (args[i].kind == VAL_NULL)
			return true;
	return false;
}

static int call_scalar(FnEnv *env, uint32_t oid, Str types, const Val *args, size_t n, Arena *a, Val *out, Error *err)
{
	SqliteTxn *t = env->txn;
	const CatFunction *fn = function_of(t, oid, err);
	*out = val_null();
	if (!fn)
		return -1;
	if (fn->proc.strict && any_null(args, n))
		return 0;
	if (fn->proc.rettype == T_TRIGGER)
		return err_set(err, "0A000", "trigger functions can only be called as triggers");
	Program *p = program_find(t, fn, NULL, types, err);
	if (!p)
		return -1;
	int rc = program_run(t, p, args, n, NULL, NULL, out, a, NULL, err);
	if (rc == 0 && p->rettype == T_VOID && p->pl)
		*out = val_text((Str){ "", 0 });
	program_unref(p);
	return rc;
}

static void fn_user_call(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	Arena *a = arena_new();
	Val *args = arena_array(a, Val, (size_t)argc), out;
	Error err;
	for (int i = 2; i < argc; i++)
		args[i - 2] = fn_arg(argv[i]);
	int rc = call_scalar(env, (uint32_t)sqlite3_value_int64(argv[0]), fn_arg_str(argv[1]), args, (size_t)argc - 2, a, &out, &err);
	if (rc == 0) {
		fn_result(ctx, &out);
	} else {
		env->error = err;
		fn_fail(ctx);
	}
	arena_free(a);
}

static int split_record(SqliteTxn *t, const CatFunction *fn, const Val *v, FnRows *out, Error *err)
{
	PgRow row = { 0 };
	Val *none = arena_array(out->a, Val, fn->proc.nout + 1);
	const TypeSource types = { (const PgType *(*)(void *, uint32_t))catalog_type, t->cat };
	if (v->kind != VAL_NULL && row_read(pgtype_builtin(T_RECORD), v->s, types, out->a, &row, err) != 0)
		return -1;
	out->width = fn->proc.nout;
	fn_rows_add(out, v->kind != VAL_NULL ? row.vals : none);
	return 0;
}

static int call_rows(FnEnv *env, uint32_t oid, Str types, const Val *args, size_t n, FnRows *out)
{
	SqliteTxn *t = env->txn;
	Error err;
	const CatFunction *fn = function_of(t, oid, &err);
	int rc = -1;
	out->width = 1;
	if (fn && fn->proc.retset) {
		Program *p = fn->proc.strict && any_null(args, n) ? NULL : program_find(t, fn, NULL, types, &err);
		rc = p ? program_run(t, p, args, n, NULL, out, NULL, out->a, NULL, &err) : fn->proc.strict && any_null(args, n) ? 0 : -1;
		program_unref(p);
	} else if (fn) {
		Val v;
		rc = call_scalar(env, oid, types, args, n, out->a, &v, &err);
		if (rc == 0 && fn->proc.nout)
			rc = split_record(t, fn, &v, out, &err);
		else if (rc == 0)
			fn_rows_add(out, &v);
	}
	if (rc != 0)
		env->error = err;
	return rc;
}

/* --- DO and CALL --- */

RunResult program_do(SqliteTxn *t, CachedPlan *p, Error *err)
{
	ProgramRun run;
	RunResult rc = program_open(t, p, &run, err);
	if (rc != RUN_DONE)
		return rc;
	t->wrote |= t->writer;
	Program *program = program_inline(t, p->plan->inner_text, err);
	Arena *a = arena_new();
	int failed = program ? program_run(t, program, NULL, 0, NULL, NULL, NULL, a, NULL, err) : -1;
	program_unref(program);
	arena_free(a);
	program_close(t, &run);
	return failed ? RUN_ERROR : RUN_DONE;
}

typedef struct CallArgs {
	Arena *a;
	Val *vals;
	size_t n;
} CallArgs;

static int take_args(void *ctx, sqlite3_stmt *st, Error *err)
{
	CallArgs *c = ctx;
	for (size_t i = 0; i < c->n; i++)
		c->vals[i] = frame_keep(c->a, db_column(st, (int)i));
	return 0;
}

/* Runs the procedure of a CALL; the values that come out are in *out_vars. */
static int call_procedure(SqliteTxn *t, CachedPlan *p, const Val *params, size_t nparams, Arena *a, Val **out_vars, Error *err)
{
	const CatFunction *fn = function_of(t, p->plan->target_oid, err);
	if (!fn)
		return -1;
	Plan query = *p->plan;
	CachedPlan args_plan = { .cat = p->cat, .plan = &query };
	query.kind = PLAN_QUERY;
	query.returns_rows = true;
	query.writes = false;
	CallArgs args = { .a = a, .n = fn->proc.nargs };
	args.vals = arena_array(a, Val, args.n + 1);
	*out_vars = arena_array(a, Val, fn->proc.nout + 1u);
	if (nested_execute(t, &args_plan, params, nparams, a, take_args, &args, NULL, err) != 0)
		return -1;
	Program *program = program_find(t, fn, NULL, (Str){ "", 0 }, err);
	if (!program)
		return -1;
	int rc = program_run(t, program, args.vals, args.n, NULL, NULL, NULL, a, *out_vars, err);
	program_unref(program);
	return rc;
}

RunResult program_call(SqliteTxn *t, CachedPlan *p, const Val *params, size_t nparams, const uint8_t *formats, size_t nformats, Buf *out,
		       Error *err)
{
	ProgramRun run;
	RunResult rc = program_open(t, p, &run, err);
	if (rc != RUN_DONE)
		return rc;
	Arena *a = arena_new();
	Val *vals;
	t->wrote |= t->writer;
	int failed = call_procedure(t, p, params, nparams, a, &vals, err);
	if (!failed && p->plan->returns_rows)
		failed = program_put_row(t, p->plan, vals, formats, nformats, out, err);
	arena_free(a);
	program_close(t, &run);
	return failed ? RUN_ERROR : RUN_DONE;
}

int program_call_inside(Frame *f, CachedPlan *plan, Error *err)
{
	Val *vals;
	const Plan *p = plan->plan;
	const CatFunction *fn = function_of(f->t, p->target_oid, err);
	size_t k = 0, arg = 0;
	f->calling = true;
	int called = fn ? call_procedure(f->t, plan, f->vals, f->p->pl ? f->p->pl->nvars : f->p->nargs, f->scratch, &vals, err) : -1;
	f->calling = false;
	if (called != 0)
		return -1;
	for (size_t i = 0; i < fn->nargs; i++) {
		char mode = fn->args[i].mode;
		size_t at = arg++;
		if (!strchr("ob", mode))
			continue;
		uint32_t param = at < p->ninner_types ? p->inner_types[at] : 0;
		if (!param || !f->p->pl)
			return err_set(err, "42601",
				       "procedure parameter \"%s\" is an output parameter but corresponding argument is not "
				       "writable",
				       fn->args[i].name);
		const PlTarget target = { .var = (int)param - 1 };
		const PgType *type = catalog_type(f->t->cat, fn->proc.out_types[k]);
		if (frame_assign(f, &target, vals[k++], type, -1, err) != 0)
			return -1;
	}
	return 0;
}

static const SqliteFn fn_table_program[] = {
	{ "user_call", -1, 0, fn_user_call },
	{ "user_constant", -1, FN_IMMUTABLE, fn_user_call },
	{ 0 },
};

static void free_programs(struct Programs *p)
{
	programs_free(p);
}

void program_install(void)
{
	static const ProgramHooks hooks = { .free = free_programs,
					    .write_row = program_write_row,
					    .fire_statement = program_fire_statement,
					    .fire_queue = program_fire_after,
					    .free_events = program_events_free };
	fn_add_table(fn_table_program);
	fn_set_call_rows(call_rows);
	backend_set_programs(&hooks);
}
