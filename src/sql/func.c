/* Function calls: which function PostgreSQL would call, with which arguments. */
#include "sql/expr.h"

typedef struct Call {
	const char *schema, *name;
	Expr **args;
	const char **argnames; /* NULL for positional ones */
	size_t n;
	bool named;
	bool is_call; /* CALL */
	bool func_variadic;
	int location;
} Call;

static bool has_placed(const Call *call, size_t upto)
{
	for (size_t i = 0; i < upto; i++)
		if (call->argnames[i])
			return true;
	return false;
}

/* Declared position of each actual argument in named notation; false when the function does not fit. */
static bool match_names(ParseState *ps, const Call *call, const PgProc *p, int **order)
{
	int *at = arena_array(ps->a, int, call->n);
	bool *used = arena_array(ps->a, bool, p->nargs + 1);

	if (!p->argnames || call->n > p->nargs)
		return false;
	for (size_t i = 0; i < call->n; i++) {
		at[i] = call->argnames[i] ? -1 : (int)i;
		for (int k = 0; call->argnames[i] && k < p->nargs; k++)
			if (streq(p->argnames[k], call->argnames[i]))
				at[i] = k;
		if (at[i] < 0 || used[at[i]])
			return false;
		used[at[i]] = true;
	}
	for (int k = 0; k < p->nargs - p->ndefaults; k++)
		if (!used[k])
			return false;
	*order = at;
	return true;
}

static bool make_candidate(ParseState *ps, const Call *call, const PgProc *p, bool expand, Candidate *c)
{
	size_t fixed = expand ? (size_t)p->nargs - 1 : p->nargs;

	*c = (Candidate){ .proc = p, .variadic = expand };
	if (call->named && (expand || !match_names(ps, call, p, &c->order)))
		return false;
	if (expand ? call->n <= fixed : call->n > fixed)
		return false;
	if (!expand && call->n < fixed) {
		if (call->n + p->ndefaults < fixed)
			return false;
		c->ndefaults = (int)(fixed - call->n);
	}
	c->args = arena_array(ps->a, uint32_t, call->n + 1);
	for (size_t i = 0; i < call->n; i++)
		c->args[i] = expand && i >= fixed ? p->variadic : p->args[c->order ? c->order[i] : (int)i];
	return true;
}

/* Of two candidates with the same arguments, the plain one beats the variadic one and fewer defaults beat more. */
static size_t add_candidate(Candidate *c, size_t n, const Candidate *next, size_t nargs)
{
	for (size_t i = 0; i < n; i++) {
		if (memcmp(c[i].args, next->args, nargs * sizeof *next->args) != 0)
			continue;
		if ((c[i].variadic && !next->variadic) || (c[i].variadic == next->variadic && next->ndefaults < c[i].ndefaults))
			c[i] = *next;
		return n;
	}
	c[n] = *next;
	return n + 1;
}

static size_t add_proc(ParseState *ps, const Call *call, const PgProc *p, Candidate *c, size_t at)
{
	Candidate next;
	bool wants_array = !p->variadic || call->func_variadic || p->variadic == T_ANY;
	if ((wants_array || call->named) && make_candidate(ps, call, p, false, &next))
		at = add_candidate(c, at, &next, call->n);
	if (p->variadic && !call->func_variadic && make_candidate(ps, call, p, true, &next))
		at = add_candidate(c, at, &next, call->n);
	return at;
}

static size_t collect(ParseState *ps, const Call *call, Candidate **out)
{
	size_t n, at = 0;
	const PgProc *p = procs_named(ps, call->schema, call->name, &n);

	if (!n)
		p = range_constructors(ps, call->schema, call->name, &n);
	Candidate *c = arena_array(ps->a, Candidate, 2 * n + 1);
	for (size_t i = 0; i < n; i++)
		if (p[i].kind != 'p' || is_user_proc(&p[i]))
			at = add_proc(ps, call, &p[i], c, at);
	*out = c;
	return at;
}

static const char *signature(ParseState *ps, const Call *call)
{
	Buf b = { 0 };

	if (call->schema)
		buf_printf(&b, "%s.", call->schema);
	buf_printf(&b, "%s(", call->name);
	for (size_t i = 0; i < call->n; i++) {
		buf_puts(&b, i ? ", " : "");
		if (call->argnames && call->argnames[i])
			buf_printf(&b, "%s => ", call->argnames[i]);
		buf_puts(&b, type_name(ps, call->args[i]->type));
	}
	buf_puts(&b, ")");
	const char *s = arena_strndup(ps->a, (const char *)b.data, b.len);
	buf_free(&b);
	return s;
}

static int no_function(ParseState *ps, const Call *call, bool ambiguous)
{
	const char *noun = call->is_call ? "procedure" : "function";
	if (ambiguous) {
		an_error(ps, call->location, "42725", "%s %s is not unique", noun, signature(ps, call));
		return err_hint(ps->err, "Could not choose a best candidate %s. You might need to add explicit type casts.", noun);
	}
	an_error(ps, call->location, "42883", "%s %s does not exist", noun, signature(ps, call));
	if (call->is_call)
		return err_hint(ps->err, "No procedure matches the given name and argument types. You might need to add explicit type "
					 "casts.");
	return err_hint(ps->err, "No function matches the given name and argument types. You might need to add explicit type casts.");
}

/* int4('5') and date(ts) are casts when no function fits exactly. */
static const PgType *cast_target(ParseState *ps, const Call *call)
{
	const PgProc *func;

	if (call->n != 1 || call->named || call->func_variadic || (call->schema && !streq(call->schema, "pg_catalog")))
		return NULL;
	const PgType *t = pgtype_builtin_named(call->name);
	if (!t || t->typtype == 'p')
		return NULL;
	if (call->args[0]->type == T_UNKNOWN)
		return t;
	const PgType *from = type_lookup(ps->env->cat, call->args[0]->type);
	if (from && (from->oid == T_RECORD || from->typtype == 'c'))
		return NULL; /* rows are cast in the syntax of casts only */
	CoercePath path = coercion_path(ps->env->cat, call->args[0]->type, t->oid, COERCE_EXPLICIT, &func);
	return path == PATH_RELABEL || path == PATH_VIA_IO ? t : NULL;
}

static Candidate *resolve(ParseState *ps, const Call *call, const PgType **cast)
{
	const Catalog *cat = ps->env->cat;
	uint32_t *types = arena_array(ps->a, uint32_t, call->n + 1);
	Candidate *c;
	size_t n = collect(ps, call, &c);

	*cast = NULL;
	for (size_t i = 0; i < call->n; i++)
		types[i] = call->args[i]->type;
	for (size_t i = 0; i < n; i++)
		if (memcmp(c[i].args, types, call->n * sizeof *types) == 0)
			return &c[i];
	*cast = cast_target(ps, call);
	if (*cast)
		return NULL;
	size_t kept = candidates_match(cat, c, n, types, call->n);
	Candidate *best = kept == 1 ? c : kept > 1 ? candidates_select(cat, c, kept, types, call->n) : NULL;
	if (!best)
		no_function(ps, call, kept > 1);
	return best;
}

/* A default of the generated tables is a small constant expression in PostgreSQL's syntax. */
static Expr *default_arg(ParseState *ps, const PgProc *p, int at)
{
	const char *text = p->defaults[at - (p->nargs - p->ndefaults)];

	return an_expr_text(ps->env, ps->a, text, NULL, AT_DEFAULT, p->args[at], -1, ps->err);
}

/* Puts the arguments in declared order with defaults filled in. */
static int place_args(ParseState *ps, const Call *call, const Candidate *c, Expr ***out, size_t *nout)
{
	const PgProc *p = c->proc;
	size_t n = c->variadic ? call->n : p->nargs;
	Expr **args = arena_array(ps->a, Expr *, n + 1);

	for (size_t i = 0; i < call->n; i++)
		args[c->order ? (size_t)c->order[i] : i] = call->args[i];
	for (size_t i = 0; i < n; i++)
		if (!args[i] && !(args[i] = default_arg(ps, p, (int)i)))
			return -1;
	*out = args;
	*nout = n;
	return 0;
}

/* The arguments of a parameter VARIADIC type[] become one array. */
static int gather_variadic(ParseState *ps, const PgProc *p, Expr **args, size_t *n)
{
	size_t fixed = p->nargs - 1u;
	Expr *array = expr_new(ps, X_ARRAY, p->args[fixed], -1);
	for (size_t i = fixed; i < *n; i++) {
		Expr *e = coerce_type(ps, args[i], p->variadic, -1, COERCE_IMPLICIT, -1);
		if (!e)
			return -1;
		expr_list_add(ps->a, &array->args, e);
	}
	args[fixed] = array;
	*n = fixed + 1;
	return 0;
}

bool writes_large_object(const PgProc *p)
{
	static const char *const writers[] = { "be_lo_creat",  "be_lo_create",	 "be_lo_from_bytea", "be_lo_put",
					       "be_lo_unlink", "be_lo_truncate", "be_lo_truncate64", "be_lowrite" };
	for (size_t i = 0; i < ARRAY_LEN(writers); i++)
		if (streq(p->src, writers[i]))
			return true;
	return false;
}

static bool writes_something(const PgProc *p)
{
	return streq(p->name, "nextval") || streq(p->name, "setval");
}

/* A function whose output columns are polymorphic, with the types they have in this call. */
static const PgProc *real_outputs(ParseState *ps, const PgProc *p, const uint32_t *actual, const uint32_t *declared, size_t n, int location)
{
	PgProc *real = NULL;
	for (size_t i = 0; i < p->nout; i++) {
		uint32_t *again = arena_dup_more(ps->a, declared, n * sizeof *declared, sizeof *declared);
		if (!is_polymorphic(p->out_types[i]))
			continue;
		if (!real) {
			real = arena_dup(ps->a, p, sizeof *p);
			real->out_types = arena_dup(ps->a, p->out_types, p->nout * sizeof *p->out_types);
		}
		uint32_t type = polymorphic_resolve(ps, actual, again, n, p->out_types[i], location);
		if (!type)
			return NULL;
		((uint32_t *)(uintptr_t)real->out_types)[i] = type;
	}
	return real ? real : p;
}

static Expr *build_call(ParseState *ps, const Call *call, const Candidate *c)
{
	const PgProc *p = c->proc;
	Expr **args;
	size_t n;

	const Expr *last = call->func_variadic && call->n ? call->args[call->n - 1] : NULL;
	if (last && p->variadic == T_ANY && !type_element(ps->env->cat, last->type))
		return an_error(ps, expr_location(last), "42804", "VARIADIC argument must be an array"), NULL;
	bool gathers = c->variadic && p->variadic != T_ANY && !is_polymorphic(p->variadic);
	if (place_args(ps, call, c, &args, &n) || (gathers && gather_variadic(ps, p, args, &n)))
		return NULL;
	uint32_t *actual = arena_array(ps->a, uint32_t, n + 1), *declared = arena_array(ps->a, uint32_t, n + 1);
	for (size_t i = 0; i < n; i++) {
		actual[i] = args[i]->type;
		declared[i] = c->variadic && !gathers && i + 1 >= p->nargs ? p->variadic : p->args[i];
	}
	p = real_outputs(ps, p, actual, declared, n, call->location);
	uint32_t result = p ? polymorphic_resolve(ps, actual, declared, n, p->rettype, call->location) : 0;
	if (!result)
		return NULL;
	Expr *f = expr_new(ps, X_FUNC, result, call->location);
	f->proc = p;
	f->variadic_array = call->func_variadic || gathers;
	for (size_t i = 0; i < n; i++) {
		Expr *arg = coerce_type(ps, args[i], declared[i], -1, COERCE_IMPLICIT, -1);
		if (arg && arg->type == T_UNKNOWN && arg->kind == X_CONST && !streq(p->src, "pg_typeof"))
			arg = coerce_unknown_to_text(ps, arg);
		if (!arg)
			return NULL;
		expr_list_add(ps->a, &f->args, arg);
	}
	if (streq(p->src, "json_populate_record") || streq(p->src, "jsonb_populate_record") || streq(p->src, "hstore_populate_record"))
		f = domain_check_input(ps, f);
	*ps->volatile_fn = *ps->volatile_fn || p->volatility == 'v';
	*ps->writes = *ps->writes || writes_something(p);
	return f;
}

static Expr *call_function(ParseState *ps, const Call *call)
{
	const PgType *cast;
	Candidate *best = resolve(ps, call, &cast);

	if (cast)
		return coerce_to(ps, call->args[0], cast->oid, -1, COERCE_EXPLICIT, call->location);
	if (best && (best->proc->kind == 'p') != call->is_call) {
		bool procedure = best->proc->kind == 'p';
		an_error(ps, call->location, "42809", procedure ? "%s is a procedure" : "%s is not a procedure", signature(ps, call));
		return err_hint(ps->err, procedure ? "To call a procedure, use CALL." : "To call a function, use SELECT."), NULL;
	}
	return best ? build_call(ps, call, best) : NULL;
}

Expr *make_func(ParseState *ps, const char *schema, const char *name, Expr **args, size_t nargs, int location)
{
	Call call = { .schema = schema, .name = name, .args = args, .n = nargs, .location = location };

	return call_function(ps, &call);
}

static int call_name(ParseState *ps, const PgQuery__FuncCall *c, Call *call)
{
	size_t n = c->n_funcname;

	if (n == 0 || n > 2)
		return an_error(ps, c->location, "42601", "improper qualified name (too many dotted names)");
	call->schema = n == 2 ? c->funcname[0]->string->sval : NULL;
	call->name = c->funcname[n - 1]->string->sval;
	const CatSchema *s = call->schema ? env_schema(ps->env, call->schema) : NULL;
	if (s)
		call->schema = s->name;
	else if (call->schema && !streq(call->schema, "pg_catalog"))
		return an_error(ps, c->location, "3F000", "schema \"%s\" does not exist", call->schema);
	return 0;
}

static int call_args(ParseState *ps, const PgQuery__FuncCall *c, Call *call)
{
	if (c->n_args > FUNC_MAX_ARGS)
		return an_error(ps, c->location, "54023", "cannot pass more than 100 arguments to a function");
	call->args = arena_array(ps->a, Expr *, c->n_args + 1);
	call->argnames = arena_array(ps->a, const char *, c->n_args + 1);
	for (size_t k = 0; k < c->n_args; k++) {
		size_t i = call->n;
		const PgNode *node = c->args[k];
		if (node->node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR) {
			call->argnames[i] = node->named_arg_expr->name;
			call->named = true;
			for (size_t other = 0; other < i; other++)
				if (call->argnames[other] && streq(call->argnames[other], call->argnames[i]))
					return an_error(ps, node->named_arg_expr->location, "42601",
							"argument name \"%s\" used more than once", call->argnames[i]);
			node = node->named_arg_expr->arg;
		}
		call->args[i] = an_expr(ps, node, ps->place);
		if (!call->args[i])
			return -1;
		if (!call->argnames[i] && has_placed(call, i))
			return an_error(ps, expr_location(call->args[i]), "42601", "positional argument cannot follow named argument");
		/* Drivers pass the OUT parameters of a call along so. */
		if (call->args[i]->type == T_VOID && call->args[i]->kind == X_PARAM && !call->argnames[i])
			continue;
		if (call->args[i]->type == T_VOID)
			return an_refuse(ps, call->args[i]->location, "an argument of type void is not supported in SQLite mode");
		call->n++;
	}
	return 0;
}

static bool is_hypothetical(const char *name)
{
	size_t n;
	for (const PgProc *p = pgproc_named(name, &n); n--; p++) {
		const PgAggregate *agg = pgaggregate_of(p->oid);
		if (agg && agg->kind == 'h')
			return true;
	}
	return false;
}

/* The hypothetical row and the sort keys have common types, pair by pair. */
static int unify_hypothetical(ParseState *ps, Call *call, size_t nkeys)
{
	size_t ndirect = call->n - nkeys;
	if (ndirect != nkeys) {
		no_function(ps, call, false);
		return err_hint(
			ps->err,
			"To use the hypothetical-set aggregate %s, the number of hypothetical direct arguments (here %zu) must match the "
			"number of ordering columns (here %zu).",
			call->name, ndirect, nkeys);
	}
	for (size_t i = 0; i < nkeys; i++) {
		Expr *pair[2] = { call->args[i], call->args[ndirect + i] };
		uint32_t type = common_type(ps, pair, 2, "WITHIN GROUP", call->location);
		if (!type || !(call->args[i] = coerce_to(ps, pair[0], type, -1, COERCE_IMPLICIT, pair[0]->location)) ||
		    !(call->args[ndirect + i] = coerce_to(ps, pair[1], type, -1, COERCE_IMPLICIT, pair[1]->location)))
			return -1;
	}
	return 0;
}

/* The sort keys of WITHIN GROUP are arguments too, after the direct ones. */
static int within_args(ParseState *ps, const PgQuery__FuncCall *c, Call *call)
{
	Expr **args = arena_array(ps->a, Expr *, call->n + c->n_agg_order + 1);
	const char **names = arena_array(ps->a, const char *, call->n + c->n_agg_order + 1);
	memcpy(args, call->args, call->n * sizeof *args);
	call->args = args;
	call->argnames = names;
	for (size_t i = 0; i < c->n_agg_order; i++) {
		args[call->n] = an_expr(ps, c->agg_order[i]->sort_by->node, ps->place);
		if (!args[call->n++])
			return -1;
	}
	return is_hypothetical(call->name) ? unify_hypothetical(ps, call, c->n_agg_order) : 0;
}

static int set_place(ParseState *ps, const Expr *f)
{
	for (size_t i = 0; i < f->args.n && ps->place == AT_FROM_FUNCTION; i++)
		if (refuse_srf(ps, f->args.items[i], "set-returning functions must appear at top level of FROM"))
			return -1;
	switch (ps->place) {
	case AT_SELECT:
	case AT_FROM_FUNCTION:
	case AT_ORDER_BY:
	case AT_GROUP_BY:
	case AT_DISTINCT_ON:
	case AT_INSERT:
		if (ps->place != AT_FROM_FUNCTION)
			ps->has_srfs = true;
		return 0;
	default:
		return an_error(ps, f->location, "0A000", "set-returning functions are not allowed in %s", place_name(ps->place));
	}
}

Expr *an_func_call(ParseState *ps, const PgQuery__FuncCall *c)
{
	Call call = { .location = c->location, .func_variadic = c->func_variadic };
	bool outer_aggs = ps->has_aggs, outer_windows = ps->has_windows;

	ps->has_aggs = ps->has_windows = false;
	int rc = call_name(ps, c, &call) || call_args(ps, c, &call) || (c->agg_within_group && within_args(ps, c, &call)) ? -1 : 0;
	bool nested_agg = ps->has_aggs, nested_window = ps->has_windows;
	ps->has_aggs = outer_aggs || nested_agg;
	ps->has_windows = outer_windows || nested_window;
	if (rc)
		return NULL;
	Expr *f = call_function(ps, &call);
	if (!f)
		return NULL;
	const PgProc *p = f->kind == X_FUNC ? f->proc : NULL;
	if (check_call_form(ps, p, c, call.name))
		return NULL;
	if (p && p->kind == 'a' && !c->over && finish_aggregate(ps, f, c, nested_agg, nested_window))
		return NULL;
	if (c->over) {
		if (nested_window)
			return an_error(ps, inner_location(f, X_WINDOW), "42P20", "window function calls cannot be nested"), NULL;
		if (finish_window(ps, f, c))
			return NULL;
	}
	if (p && p->retset && set_place(ps, f))
		return NULL;
	return f;
}

Expr *an_call(ParseState *ps, const PgQuery__FuncCall *c)
{
	Call call = { .location = c->location, .func_variadic = c->func_variadic, .is_call = true };
	ps->place = AT_EXECUTE;
	return call_name(ps, c, &call) || call_args(ps, c, &call) ? NULL : call_function(ps, &call);
}
