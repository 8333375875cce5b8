/* Names of objects to OIDs and back: the text forms of regclass, regtype and their kin, and functions that take such names. */
#include "sql/fn_catdef.h"
#include "sql/regname.h"
#include "sql/plan_internal.h"

#include "pgtype/collation.h"
#include "pgtype/ts_dict.h"

static uint32_t arg_oid(sqlite3_value *v)
{
	return (uint32_t)sqlite3_value_int64(v);
}

/* False with the error in *err. */
static bool find_oid(const SqlEnv *env, Arena *a, uint32_t type, Str text, uint32_t *oid, Error *err)
{
	ParseState *ps = plan_state(env, a, (Str){ "", 0 }, err);
	if (reg_lookup(ps, type, text, -1, oid) == 0)
		return true;
	err->position = 0;
	return false;
}

static void look_up(sqlite3_context *ctx, uint32_t type, sqlite3_value *v, bool missing_ok)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	Error err;
	uint32_t oid;
	if (!fn_sql_env(ctx, &env))
		return;
	Str text = fn_arg_str(v);
	bool number = text.n && strspn(text.p, "0123456789") == text.n;
	if (missing_ok && number) { /* only a name is looked for */
		if (type == T_REGTYPE)
			fn_raise(ctx, "42601", "syntax error at or near \"%.*s\"", STR_ARG(text));
	} else if (find_oid(&env, a, type, text, &oid, &err)) {
		sqlite3_result_int64(ctx, oid);
	} else if (!missing_ok || !(err_is(&err, "42P01") || err_is(&err, "42704") || err_is(&err, "42883") || err_is(&err, "3F000"))) {
		fn_env(ctx)->error = err;
		fn_fail(ctx);
	}
}

#define IN_FUNCTION(word, type)                                                                                                            \
	static void in_##word(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                        \
	{                                                                                                                                  \
		look_up(ctx, type, argv[0], false);                                                                                        \
	}
#define REG_FUNCTIONS(word, type)                                                                                                          \
	IN_FUNCTION(word, type)                                                                                                            \
	static void to_##word(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                        \
	{                                                                                                                                  \
		look_up(ctx, type, argv[0], true);                                                                                         \
	}

REG_FUNCTIONS(regclass, T_REGCLASS)
REG_FUNCTIONS(regtype, T_REGTYPE)
REG_FUNCTIONS(regnamespace, T_REGNAMESPACE)
REG_FUNCTIONS(regproc, T_REGPROC)
REG_FUNCTIONS(regprocedure, T_REGPROCEDURE)
REG_FUNCTIONS(regoper, T_REGOPER)
REG_FUNCTIONS(regoperator, T_REGOPERATOR)
REG_FUNCTIONS(regcollation, T_REGCOLLATION)
REG_FUNCTIONS(regrole, T_REGROLE)
IN_FUNCTION(regconfig, T_REGCONFIG)
IN_FUNCTION(regdictionary, T_REGDICTIONARY)

static const char *index_shown(const SqlEnv *env, const CatIndex *x, Arena *a)
{
	const CatSchema *s = catalog_schema_by_oid(env->cat, x->table->schema);
	bool visible = false;
	for (size_t i = 0; s && i < env->nsearch_path; i++)
		visible = visible || streq(env->search_path[i], s->name);
	return qualified_name(env, s ? s->name : "", x->name, !visible, a);
}

static const char *class_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const CatRel *r = catalog_rel_by_oid(env->cat, oid);
	const CatIndex *x = r ? NULL : catalog_index(env->cat, oid);
	return r ? relation_name(env, r, a) : x ? index_shown(env, x, a) : NULL;
}

static const char *proc_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	size_t n = 0;
	const PgProc *p = catalog_proc(env->cat, oid);
	if (oid >= FIRST_USER_OID)
		return p ? quote_name(a, p->name) : NULL;
	if (p)
		pgproc_named(p->name, &n);
	return !p ? NULL : n == 1 ? quote_name(a, p->name) : arena_printf(a, "pg_catalog.%s", quote_name(a, p->name));
}

const char *sql_proc_signature(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const PgProc *p = catalog_proc(env->cat, oid);
	const char *t = p ? arena_printf(a, "%s(", quote_name(a, p->name)) : NULL;
	for (uint8_t i = 0; p && i < p->nargs; i++)
		t = arena_printf(a, "%s%s%s", t, i ? "," : "", type_text(env, p->args[i], -1, a));
	return p ? arena_printf(a, "%s)", t) : NULL;
}

static const char *operator_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	size_t n = 0;
	if (!oid)
		return "0";
	const PgOperator *o = catalog_operator(env->cat, oid);
	if (o)
		pgoperator_named(o->name, &n);
	return !o ? NULL : n == 1 ? o->name : arena_printf(a, "pg_catalog.%s", o->name);
}

static const char *operand_shown(const SqlEnv *env, uint32_t type, Arena *a)
{
	return type ? type_text(env, type, -1, a) : "NONE";
}

static const char *signature_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const PgOperator *o = catalog_operator(env->cat, oid);
	if (!oid)
		return "0";
	return o ? arena_printf(a, "%s(%s,%s)", o->name, operand_shown(env, o->left, a), operand_shown(env, o->right, a)) : NULL;
}

static const char *collation_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const char *name = collation_name(oid, a);
	return name ? quote_name(a, name) : NULL;
}

static const char *typed_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	return catalog_type(env->cat, oid) ? type_text(env, oid, -1, a) : NULL;
}

static const char *schema_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const CatSchema *s = catalog_schema_by_oid(env->cat, oid);
	return s ? quote_name(a, s->name) : NULL;
}

static const char *role_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const char *name = catalog_role_name(env->cat, oid);
	return name ? quote_name(a, name) : NULL;
}

static const char *config_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	TsConfig c;
	return ts_config_by_oid(oid, &c) ? c.name : NULL;
}

static const char *dictionary_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const TsDict *d = ts_dict_by_oid(oid);
	return d ? d->name : NULL;
}

typedef const char *(*NameOf)(const SqlEnv *env, uint32_t oid, Arena *a);

/* No operator is shown as 0: a dash is one. */
static bool is_operator_name(NameOf name_of)
{
	return name_of == operator_shown || name_of == signature_shown;
}

static void show_name(sqlite3_context *ctx, NameOf name_of, sqlite3_value *v)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	uint32_t oid = arg_oid(v);
	if (!fn_sql_env(ctx, &env))
		return;
	const char *name = oid || is_operator_name(name_of) ? name_of(&env, oid, a) : "-";
	fn_result_cstr(ctx, name ? name : arena_printf(a, "%u", oid));
}

#define OUT_FUNCTION(word, name_of)                                                                                                        \
	static void out_##word(sqlite3_context *ctx, int argc, sqlite3_value **argv)                                                       \
	{                                                                                                                                  \
		show_name(ctx, name_of, argv[0]);                                                                                          \
	}

OUT_FUNCTION(regclass, class_shown)
OUT_FUNCTION(regtype, typed_shown)
OUT_FUNCTION(regproc, proc_shown)
OUT_FUNCTION(regprocedure, sql_proc_signature)
OUT_FUNCTION(regoper, operator_shown)
OUT_FUNCTION(regoperator, signature_shown)
OUT_FUNCTION(regcollation, collation_shown)
OUT_FUNCTION(regnamespace, schema_shown)
OUT_FUNCTION(regrole, role_shown)
OUT_FUNCTION(regconfig, config_shown)
OUT_FUNCTION(regdictionary, dictionary_shown)

static const struct {
	uint32_t type;
	NameOf name_of;
} shown[] = {
	{ T_REGCLASS, class_shown },
	{ T_REGTYPE, typed_shown },
	{ T_REGPROC, proc_shown },
	{ T_REGPROCEDURE, sql_proc_signature },
	{ T_REGOPER, operator_shown },
	{ T_REGOPERATOR, signature_shown },
	{ T_REGCOLLATION, collation_shown },
	{ T_REGNAMESPACE, schema_shown },
	{ T_REGROLE, role_shown },
	{ T_REGCONFIG, config_shown },
	{ T_REGDICTIONARY, dictionary_shown },
};

bool sql_put_regname(const SqlEnv *env, uint32_t type, uint32_t oid, Buf *out)
{
	size_t i = 0;
	while (i < ARRAY_LEN(shown) && shown[i].type != type)
		i++;
	if (i == ARRAY_LEN(shown))
		return false;
	_cleanup_(arena_freep) Arena *a = arena_new();
	const char *name = oid || is_operator_name(shown[i].name_of) ? shown[i].name_of(env, oid, a) : "-";
	if (name)
		buf_puts(out, name);
	else
		buf_printf(out, "%u", oid);
	return true;
}

int sql_find_regname(const SqlEnv *env, uint32_t type, Str name, uint32_t *oid, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	return find_oid(env, a, type, name, oid, err) ? 0 : -1;
}

/* format_type with the schema of types outside of the search path. */
static void f_format_type(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL || !fn_sql_env(ctx, &env))
		return;
	uint32_t oid = arg_oid(argv[0]);
	int32_t typmod = sqlite3_value_type(argv[1]) == SQLITE_NULL ? -1 : sqlite3_value_int(argv[1]);
	fn_result_cstr(ctx, oid ? type_text(&env, oid, typmod, a) : "-");
}

static void f_serial_sequence(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	Error err;
	uint32_t oid;
	if (!fn_sql_env(ctx, &env))
		return;
	if (!find_oid(&env, a, T_REGCLASS, fn_arg_str(argv[0]), &oid, &err)) {
		fn_env(ctx)->error = err;
		fn_fail(ctx);
		return;
	}
	const char *column = (const char *)sqlite3_value_text(argv[1]);
	const CatRel *r = catalog_rel_by_oid(env.cat, oid);
	const CatColumn *c = r ? catrel_column(r, column) : NULL;
	if (!c) {
		fn_raise(ctx, "42703", "column \"%s\" of relation \"%s\" does not exist", column, r ? r->name : "");
		return;
	}
	for (size_t i = 0; i < env.cat->nseqs; i++) {
		const CatSequence *q = env.cat->seqs[i];
		const CatSchema *s = catalog_schema_by_oid(env.cat, q->rel->schema);
		if (q->owner_table == r->oid && q->owner_attnum == c->attnum && s) {
			fn_result_cstr(ctx, qualified_name(&env, s->name, q->rel->name, true, a));
			return;
		}
	}
}

static const char *set_prefix(const PgProc *p)
{
	return p->retset ? "SETOF " : "";
}

static const char *result_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const PgProc *p = catalog_proc(env->cat, oid);
	const CatFunction *own = catalog_function(env->cat, oid);
	if (own)
		return function_result(env, own, a);
	return p && p->kind != 'p' ? arena_printf(a, "%s%s", set_prefix(p), type_text(env, p->rettype, -1, a)) : NULL;
}

static const char *one_argument(const SqlEnv *env, const PgProc *p, uint8_t i, Arena *a)
{
	const char *name = p->argnames && p->argnames[i] && *p->argnames[i] ? quote_name(a, p->argnames[i]) : NULL;
	bool variadic = p->variadic && i + 1 == p->nargs;
	return arena_printf(a, "%s%s%s%s", variadic ? "VARIADIC " : "", name ? name : "", name ? " " : "",
			    type_text(env, p->args[i], -1, a));
}

static const char *arguments(const SqlEnv *env, uint32_t oid, bool identity, Arena *a)
{
	const PgProc *p = catalog_proc(env->cat, oid);
	const CatFunction *own = catalog_function(env->cat, oid);
	const char *t = p ? "" : NULL;
	if (own)
		return function_arguments(env, own, identity, a);
	for (uint8_t i = 0; p && i < p->nargs; i++) {
		t = arena_printf(a, "%s%s%s", t, i ? ", " : "", one_argument(env, p, i, a));
		if (!identity && i >= p->nargs - p->ndefaults && p->defaults)
			t = arena_printf(a, "%s DEFAULT %s", t, p->defaults[i - (p->nargs - p->ndefaults)]);
	}
	for (uint8_t i = 0; p && !identity && i < p->nout; i++)
		t = arena_printf(a, "%s%sOUT %s %s", t, *t ? ", " : "", quote_name(a, p->out_names[i]),
				 type_text(env, p->out_types[i], -1, a));
	return t;
}

static const char *arguments_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	return arguments(env, oid, false, a);
}

static const char *identity_shown(const SqlEnv *env, uint32_t oid, Arena *a)
{
	return arguments(env, oid, true, a);
}

static void show_or_null(sqlite3_context *ctx, NameOf name_of, sqlite3_value *v)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	if (fn_sql_env(ctx, &env))
		fn_result_cstr(ctx, name_of(&env, arg_oid(v), a));
}

static void f_result(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	show_or_null(ctx, result_shown, argv[0]);
}

static void f_arguments(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	show_or_null(ctx, arguments_shown, argv[0]);
}

static void f_identity_arguments(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	show_or_null(ctx, identity_shown, argv[0]);
}

const SqliteFn fn_table_regname[] = {
	{ "regclassin", 1, FN_STRICT, in_regclass },
	{ "text_regclass", 1, FN_STRICT, in_regclass },
	{ "to_regclass", 1, FN_STRICT, to_regclass },
	{ "regclassout", 1, FN_STRICT, out_regclass },
	{ "regtypein", 1, FN_STRICT, in_regtype },
	{ "to_regtype", 1, FN_STRICT, to_regtype },
	{ "regtypeout", 1, FN_STRICT, out_regtype },
	{ "regnamespacein", 1, FN_STRICT, in_regnamespace },
	{ "to_regnamespace", 1, FN_STRICT, to_regnamespace },
	{ "regnamespaceout", 1, FN_STRICT, out_regnamespace },
	{ "regprocin", 1, FN_STRICT, in_regproc },
	{ "to_regproc", 1, FN_STRICT, to_regproc },
	{ "regprocout", 1, FN_STRICT, out_regproc },
	{ "regprocedurein", 1, FN_STRICT, in_regprocedure },
	{ "to_regprocedure", 1, FN_STRICT, to_regprocedure },
	{ "regoperin", 1, FN_STRICT, in_regoper },
	{ "to_regoper", 1, FN_STRICT, to_regoper },
	{ "regoperatorin", 1, FN_STRICT, in_regoperator },
	{ "to_regoperator", 1, FN_STRICT, to_regoperator },
	{ "regoperatorout", 1, FN_STRICT, out_regoperator },
	{ "regcollationin", 1, FN_STRICT, in_regcollation },
	{ "to_regcollation", 1, FN_STRICT, to_regcollation },
	{ "regcollationout", 1, FN_STRICT, out_regcollation },
	{ "regprocedureout", 1, FN_STRICT, out_regprocedure },
	{ "regoperout", 1, FN_STRICT, out_regoper },
	{ "regrolein", 1, FN_STRICT, in_regrole },
	{ "to_regrole", 1, FN_STRICT, to_regrole },
	{ "regroleout", 1, FN_STRICT, out_regrole },
	{ "regconfigin", 1, FN_STRICT, in_regconfig },
	{ "regconfigout", 1, FN_STRICT, out_regconfig },
	{ "regdictionaryin", 1, FN_STRICT, in_regdictionary },
	{ "regdictionaryout", 1, FN_STRICT, out_regdictionary },
	{ "format_type", 2, 0, f_format_type },
	{ "pg_get_serial_sequence", 2, FN_STRICT, f_serial_sequence },
	{ "pg_get_function_result", 1, FN_STRICT, f_result },
	{ "pg_get_function_arguments", 1, FN_STRICT, f_arguments },
	{ "pg_get_function_identity_arguments", 1, FN_STRICT, f_identity_arguments },
	{ NULL },
};
