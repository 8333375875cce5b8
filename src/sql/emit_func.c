/* Calls: functions and operators, casts. Aggregates are in emit_agg.c. */
#include "sql/emit_internal.h"
#include "sql/expr.h"
#include "sql/query.h"

#include "pgtype/collation.h"

uint32_t emit_type_of(Emitter *e, const Expr *x)
{
	const PgType *t = type_base_of(catalog_type(e->cat, x->type));
	return x->type == 705 || !t ? 25 : t->oid;
}

/* The types whose text is a name (regclass and its kin) have functions of their own, for they need the catalog. */
static const char *own_io(Emitter *e, uint32_t type, bool in)
{
	const PgType *t = catalog_type(e->cat, type);
	const char *name = !t ? NULL : in ? t->input : t->output;
	return name && strncmp(name, "reg", 3) == 0 && fn_find(name) ? name : NULL;
}

static int emit_typed_args(Emitter *e, Expr *const *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(&e->out, "%u, ", emit_type_of(e, args[i]));
	return emit_list(e, args, n);
}

/* f(a, b, VARIADIC array) of a function whose other arguments may be of any type: pg_variadic(f, element type, types of a and b, array, a,
 * b) */
static int emit_variadic(Emitter *e, const PgProc *p, Expr *const *args, size_t n, int location)
{
	const Expr *array = args[n - 1];
	const PgType *t = catalog_type(e->cat, array->type);
	if (!fn_find(p->src) || !t || !t->elem_oid)
		return emit_refuse(e, location, "this VARIADIC call of %s is not available in SQLite mode", p->name);
	buf_printf(&e->out, "pg_variadic('%s', %u, ", p->src, t->elem_oid);
	for (size_t i = 0; i + 1 < n; i++)
		buf_printf(&e->out, "%u, ", emit_type_of(e, args[i]));
	if (emit_expr(e, array) < 0)
		return -1;
	for (size_t i = 0; i + 1 < n; i++)
		if (emit_around(e, ", ", args[i], "") < 0)
			return -1;
	buf_puts(&e->out, ")");
	return 0;
}

enum { MAX_CALL = 127, HALF_CALL = 60 }; /* SQLite allows 127 arguments */

static int emit_own_call(Emitter *e, const PgProc *p, Expr *const *args, size_t n, int location);

/* A call with more arguments than SQLite takes, as two whose results are put together. PostgreSQL allows 100. */
static int emit_halves(Emitter *e, const PgProc *p, Expr *const *args, size_t n, int location)
{
	static const struct {
		const char *src, *join;
	} joins[] = { { "text_concat", NULL },
		      { "jsonb_build_object", "pg_jsonb_concat" },
		      { "jsonb_build_array", "pg_jsonb_concat" },
		      { "json_build_object", "pg_json_splice" },
		      { "json_build_array", "pg_json_splice" } };
	for (size_t i = 0; i < ARRAY_LEN(joins) && n <= 2 * HALF_CALL; i++) {
		if (!streq(joins[i].src, p->src))
			continue;
		bool infix = !joins[i].join;
		buf_printf(&e->out, "%s(", infix ? "" : joins[i].join);
		if (emit_own_call(e, p, args, HALF_CALL, location) < 0)
			return -1;
		buf_puts(&e->out, infix ? " || " : ", ");
		if (emit_own_call(e, p, args + HALF_CALL, n - HALF_CALL, location) < 0)
			return -1;
		buf_puts(&e->out, ")");
		return 0;
	}
	return emit_refuse(e, location, "a call of %s with %zu arguments is not available in SQLite mode", p->name, n);
}

static int emit_own_call(Emitter *e, const PgProc *p, Expr *const *args, size_t n, int location)
{
	const char *src = *p->src ? p->src : sql_function_form(p->oid);
	if (!src) /* written in SQL by PostgreSQL: here a C function named after the call */
		src = arena_printf(e->a, "sql_%s_%u", p->name, p->nargs);
	const SqliteFn *fn = fn_find(src);
	if (!fn)
		return emit_inline(e, p, args, n, location);
	if (n * (fn->flags & FN_TYPED ? 2 : 1) > MAX_CALL)
		return emit_halves(e, p, args, n, location);
	emit_ident(&e->out, arena_printf(e->a, "pg_%s", src));
	buf_puts(&e->out, "(");
	if (fn->flags & FN_RESULT)
		buf_printf(&e->out, "%u, ", p->rettype);
	if ((fn->flags & FN_TYPED ? emit_typed_args(e, args, n) : emit_list(e, args, n)) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

int emit_around(Emitter *e, const char *before, const Expr *x, const char *after)
{
	buf_puts(&e->out, before);
	if (emit_expr(e, x) < 0)
		return -1;
	buf_puts(&e->out, after);
	return 0;
}

static int emit_native(Emitter *e, Native f, Expr *const *args, size_t n)
{
	switch (f.form) {
	case NATIVE_COMPARE:
		return emit_compare(e, f.text, args[0], args[1]);
	case NATIVE_INFIX:
		buf_puts(&e->out, "(");
		if (emit_expr(e, args[0]) < 0)
			return -1;
		buf_printf(&e->out, " %s ", f.text);
		return emit_around(e, "", args[1], ")");
	case NATIVE_PREFIX:
		buf_printf(&e->out, "(%s", f.text);
		return emit_around(e, "", args[0], ")");
	case NATIVE_SAME:
		return emit_expr(e, args[0]);
	case NATIVE_CAST:
		if (emit_around(e, "CAST(", args[0], " AS ") < 0)
			return -1;
		buf_printf(&e->out, "%s)", f.text);
		return 0;
	default:
		buf_printf(&e->out, "%s(", f.text);
		if (emit_list(e, args, n) < 0)
			return -1;
		buf_puts(&e->out, ")");
		return 0;
	}
}

/* Length of the part of a LIKE pattern before its first wildcard. */
static size_t like_prefix(Str p)
{
	size_t n = 0;
	while (n < p.n && p.p[n] != '%' && p.p[n] != '_' && p.p[n] != '\\')
		n++;
	return n;
}

/* x LIKE 'abc%' is also x >= 'abc' AND x < 'abd', which an index can serve. */
static int emit_like(Emitter *e, const PgProc *p, Expr *const *args, int location)
{
	Str pattern = args[1]->kind == X_CONST && args[1]->val.kind == VAL_TEXT ? args[1]->val.s : (Str){ 0 };
	size_t n = like_prefix(pattern);
	if (!n || args[0]->kind != X_VAR || args[0]->type == 1042)
		return emit_own_call(e, p, args, 2, location);
	if (emit_around(e, "(", args[0], " >= ") < 0)
		return -1;
	emit_text(&e->out, (Str){ pattern.p, n });
	unsigned char last = (unsigned char)pattern.p[n - 1];
	if (last < 0x7f) {
		char *upper = arena_strndup(e->a, pattern.p, n);
		upper[n - 1]++;
		if (emit_around(e, " AND ", args[0], " < ") < 0)
			return -1;
		emit_text(&e->out, (Str){ upper, n });
	}
	buf_puts(&e->out, " AND ");
	if (emit_own_call(e, p, args, 2, location) < 0)
		return -1;
	buf_puts(&e->out, ")");
	return 0;
}

/* Input and output functions that depend on no setting may stand in generated columns and indexes, as in PostgreSQL. */
static const char *fixed_io(Emitter *e, uint32_t type, bool in)
{
	const PgType *t = catalog_type(e->cat, type);
	size_t n = 0;
	const PgProc *p = t ? pgproc_named(in ? t->input : t->output, &n) : NULL;
	return n == 1 && p->volatility == 'i' ? "_fixed" : "";
}

/* x as its output function writes it. */
static int emit_out(Emitter *e, const Expr *x)
{
	uint32_t type = emit_type_of(e, x);
	if (type == 20 || type == 21 || type == 23)
		return emit_around(e, "CAST(", x, " AS TEXT)");
	buf_printf(&e->out, "pg_cast_out%s(%u, %d, ", fixed_io(e, type, false), type, x->typmod);
	return emit_around(e, "", x, ")");
}

/* The other side of text || anything: as its cast to text gives it, which for boolean is not what it prints. */
static int emit_as_text(Emitter *e, const Expr *x)
{
	uint32_t type = emit_type_of(e, x);
	if (type == 16)
		return emit_around(e, "(CASE ", x, " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)");
	if (type == 25 || type == 1043)
		return emit_expr(e, x);
	if (type == 1042)
		return emit_around(e, "pg_rtrim1(", x, ")");
	return emit_out(e, x);
}

static int emit_concat_any(Emitter *e, Expr *const *args, size_t other)
{
	buf_puts(&e->out, "(");
	for (size_t i = 0; i < 2; i++) {
		buf_puts(&e->out, i ? " || " : "");
		if ((i == other ? emit_as_text(e, args[i]) : emit_expr(e, args[i])) < 0)
			return -1;
	}
	buf_puts(&e->out, ")");
	return 0;
}

/* ctid = value finds the row by its number. */
static int emit_tid_equality(Emitter *e, Expr *const *args)
{
	int own = !is_ctid(args[0]);
	Expr number = *args[own];
	number.type = 20;
	return emit_around(e, "(", &number, " = pg_ctid_number(") < 0 ? -1 : emit_around(e, "", args[!own], "))");
}

/* The collation that a COLLATE in the value or in what it is computed from gives it; 0 = none is written. */
static uint32_t explicit_collation(const Expr *x)
{
	if (x->kind == X_COLLATE)
		return x->collation;
	uint32_t found = 0;
	for (size_t i = 0; i < x->args.n && !x->query && !found; i++)
		found = explicit_collation(x->args.items[i]);
	return found;
}

/* Functions for which the collation says what a letter is. */
static const char *letters_function(const PgProc *p, Expr *const *args, size_t n)
{
	static const char *const names[][2] = { { "lower", "lower_ascii" },
						{ "upper", "upper_ascii" },
						{ "initcap", "initcap_ascii" },
						{ "texticlike", NULL },
						{ "texticnlike", NULL } };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!streq(p->src, names[i][0]))
			continue;
		uint32_t collation = explicit_collation(args[0]);
		collation = collation || n < 2 ? collation : explicit_collation(args[1]);
		return !collation_is_ascii(collation) ? p->src : names[i][1];
	}
	return p->src;
}

int emit_proc_call(Emitter *e, const PgProc *p, Expr *const *args, size_t n, bool variadic_array, int location)
{
	if (p->retset)
		return emit_refuse(e, location, "the set-returning function %s is not available here in SQLite mode", p->name);
	if (variadic_array && p->variadic == 2276)
		return emit_variadic(e, p, args, n, location);
	if (streq(p->src, "tideq") && (is_ctid(args[0]) || is_ctid(args[1])))
		return emit_tid_equality(e, args);
	const char *src = n ? letters_function(p, args, n) : p->src;
	if (!src)
		return emit_refuse(e, location, "ILIKE with this collation is not available in SQLite mode");
	if (!streq(src, p->src)) {
		buf_printf(&e->out, "pg_%s(", src);
		return emit_around(e, "", args[0], ")");
	}
	if (streq(p->src, "textlike") && n == 2)
		return emit_like(e, p, args, location);
	if (!*p->src && n == 2 && (streq(p->name, "textanycat") || streq(p->name, "anytextcat")))
		return emit_concat_any(e, args, streq(p->name, "textanycat"));
	if (streq(p->src, "pg_typeof") && n == 1) {
		buf_printf(&e->out, "%u", args[0]->type);
		return 0;
	}
	Native f = native_form(p->src);
	if (f.form != NATIVE_NONE)
		return emit_native(e, f, args, n);
	return emit_own_call(e, p, args, n, location);
}

static bool has_polymorphic(const PgProc *p)
{
	bool any = is_polymorphic(p->rettype);
	for (size_t i = 0; i < p->nargs; i++)
		any = any || is_polymorphic(p->args[i]) || p->args[i] == 2276;
	return any;
}

/* "oid, 'result type,argument types'": the types only where the function's own do not tell them. */
void emit_user_head(Emitter *e, const Expr *x)
{
	buf_printf(&e->out, "%u, '", x->proc->oid);
	if (has_polymorphic(x->proc)) {
		buf_printf(&e->out, "%u", x->type);
		for (size_t i = 0; i < x->args.n; i++)
			buf_printf(&e->out, ",%u", emit_type_of(e, x->args.items[i]));
	}
	buf_puts(&e->out, "'");
}

/* Functions of the user are run by the interpreter (program/). */
static int emit_user_call(Emitter *e, const Expr *x)
{
	if (x->proc->retset)
		return emit_refuse(e, x->location, "the set-returning function %s is not available here in SQLite mode", x->proc->name);
	buf_puts(&e->out, x->proc->volatility == 'i' ? "pg_user_constant(" : "pg_user_call(");
	emit_user_head(e, x);
	for (size_t i = 0; i < x->args.n; i++)
		if (emit_around(e, ", ", x->args.items[i], "") < 0)
			return -1;
	buf_puts(&e->out, ")");
	return 0;
}

int emit_func(Emitter *e, const Expr *x)
{
	if (is_user_proc(x->proc))
		return emit_user_call(e, x);
	return emit_proc_call(e, x->proc, x->args.items, x->args.n, x->variadic_array, x->location);
}

static bool is_text(uint32_t type)
{
	return type == 25 || type == 1043 || type == 705 || type == 1042;
}

static int emit_via_io(Emitter *e, const Expr *x, const Expr *arg)
{
	bool out = !is_text(emit_type_of(e, arg)), in = !is_text(x->type);
	int rc;
	const char *own_in = own_io(e, x->type, true), *own_out = own_io(e, emit_type_of(e, arg), false);
	if (own_in)
		buf_printf(&e->out, "pg_%s(", own_in);
	else if (in)
		buf_printf(&e->out, "pg_cast_in%s(%u, -1, ", fixed_io(e, x->type, true), x->type);
	if (own_out)
		rc = emit_around(e, arena_printf(e->a, "pg_%s(", own_out), arg, ")");
	else
		rc = out ? emit_out(e, arg) : emit_expr(e, arg);
	buf_puts(&e->out, in ? ")" : "");
	return rc;
}

int emit_cast(Emitter *e, const Expr *x)
{
	const Expr *arg = x->args.items[0];
	if (x->kind == X_VIA_IO)
		return emit_via_io(e, x, arg);
	if (x->kind == X_TYPMOD) {
		buf_printf(&e->out, "pg_typmod(%u, %d, %d, ", x->type, x->typmod, x->is_explicit);
		return emit_around(e, "", arg, ")");
	}
	const PgType *from = catalog_type(e->cat, arg->type), *to = catalog_type(e->cat, x->type);
	if (!from || !to)
		return emit_refuse(e, x->location, "this array cast is not available in SQLite mode");
	Buf outer = e->out;
	e->out = (Buf){ 0 };
	int rc = emit_around(e, "SELECT ", x->arg, "");
	const char *cast = arena_strndup(e->a, buf_cstr(&e->out), e->out.len);
	buf_free(&e->out);
	e->out = outer;
	if (rc < 0)
		return -1;
	buf_printf(&e->out, "pg_array_cast(%u, %u, ", from->elem_oid, to->elem_oid);
	emit_text(&e->out, str_of(cast));
	return emit_around(e, ", ", arg, ")");
}

/* pg_domain(type, deep, value) */
int emit_domain(Emitter *e, const Expr *x)
{
	buf_printf(&e->out, "pg_domain(%u, %d, ", x->type, x->deep);
	return emit_around(e, "", x->args.items[0], ")");
}

/* CASE WHEN condition THEN value ELSE pg_view_check('view', row ...) END */
int emit_view_check(Emitter *e, const Expr *x)
{
	if (emit_around(e, "CASE WHEN ", x->args.items[1], " THEN ") < 0 ||
	    emit_around(e, "", x->args.items[0], " ELSE pg_view_check(") < 0)
		return -1;
	emit_text(&e->out, str_of(x->name));
	for (size_t i = 2; i < x->args.n; i++)
		if (emit_around(e, ", ", x->args.items[i], "") < 0)
			return -1;
	buf_puts(&e->out, ") END");
	return 0;
}

int emit_sqlvalue(Emitter *e, const Expr *x)
{
	static const struct {
		const char *name, *text;
	} values[] = { { "current_date", "pg_timestamptz_date(pg_now())" },
		       { "current_timestamp", "pg_now()" },
		       { "current_time", "pg_timestamptz_timetz(pg_now())" },
		       { "localtimestamp", "pg_timestamptz_timestamp(pg_now())" },
		       { "localtime", "pg_timestamptz_time(pg_now())" },
		       { "current_user", "pg_current_user()" },
		       { "user", "pg_current_user()" },
		       { "current_role", "pg_current_user()" },
		       { "session_user", "pg_session_user()" },
		       { "current_catalog", "pg_current_database()" },
		       { "current_schema", "pg_current_schema()" } };
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		if (!str_iis(str_of(x->name), values[i].name))
			continue;
		if (x->typmod >= 0)
			buf_printf(&e->out, "pg_typmod(%u, %d, 1, %s)", x->type, x->typmod, values[i].text);
		else
			buf_puts(&e->out, values[i].text);
		return 0;
	}
	return emit_refuse(e, x->location, "%s is not available in SQLite mode", x->name);
}

enum { MAX_MINMAX_ARGS = 100 }; /* SQLite allows 127 arguments */

/* Of the first n arguments; more than SQLite takes at once are nested. */
static int emit_minmax_call(Emitter *e, const Expr *x, size_t n)
{
	size_t inner = n > MAX_MINMAX_ARGS ? n - MAX_MINMAX_ARGS + 1 : 0;
	if (emit_enter(e, x->location) < 0)
		return -1;
	buf_printf(&e->out, "pg_minmax(%u, %d", emit_type_of(e, x), x->is_least);
	if (inner) {
		buf_puts(&e->out, ", ");
		if (emit_minmax_call(e, x, inner) < 0)
			return -1;
	}
	for (size_t i = inner; i < n; i++)
		if (emit_around(e, ", ", x->args.items[i], "") < 0)
			return -1;
	buf_puts(&e->out, ")");
	e->depth--;
	return 0;
}

static bool is_leaf(const Expr *x)
{
	return x->kind == X_VAR || x->kind == X_CONST || x->kind == X_PARAM;
}

/* GREATEST and LEAST ignore NULLs; SQLite's two-argument max and min do not. That form writes its arguments twice. */
int emit_minmax(Emitter *e, const Expr *x)
{
	const char *fn = x->is_least ? "min" : "max";
	if (x->args.n == 1)
		return emit_expr(e, x->args.items[0]);
	if (x->args.n == 2 && is_leaf(x->args.items[0]) && is_leaf(x->args.items[1])) {
		/* Of equals PostgreSQL answers the first, SQLite's max too, and its min the last. */
		const Expr *first = x->args.items[x->is_least], *second = x->args.items[!x->is_least];
		buf_printf(&e->out, "ifnull(%s(", fn);
		if (emit_collated(e, first) < 0 || emit_around(e, ", ", second, "), ifnull(") < 0 || emit_list(e, x->args.items, 2) < 0)
			return -1;
		buf_puts(&e->out, "))");
		return 0;
	}
	return emit_minmax_call(e, x, x->args.n);
}
