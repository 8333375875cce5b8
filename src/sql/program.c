/* What functions of the user look like from inside. See program.h. */
#include "sql/program.h"

#include "sql/expr.h"

static int find_param(void *ctx, const char *label, const char *name)
{
	const PgProc *p = ctx;
	if (label && !streq(label, p->name))
		return -1;
	for (int i = 0; i < p->nargs; i++)
		if (*p->argnames[i] && streq(p->argnames[i], name))
			return i;
	return -1;
}

void sql_function_vars(const PgProc *p, const uint32_t *types, Arena *a, SqlVars *out)
{
	*out = (SqlVars){ .find = find_param, .ctx = (void *)(uintptr_t)p, .nvars = p->nargs, .nparams = p->nargs, .conflict = 'c' };
	out->vars = arena_array(a, SqlVar, p->nargs + 1);
	for (size_t i = 0; i < p->nargs; i++)
		out->vars[i] = (SqlVar){ .type = types[i], .typmod = -1 };
}

void sql_function_wants(const Catalog *cat, const PgProc *p, uint32_t rettype, Arena *a, SqlWants *out)
{
	const PgType *t = catalog_type(cat, rettype);
	bool row = t && t->typtype == 'c' && t->fields;
	size_t n = p->nout ? p->nout : row ? t->nfields : 1;
	uint32_t *types = arena_array(a, uint32_t, n + 1);
	int32_t *typmods = arena_array(a, int32_t, n + 1);
	for (size_t i = 0; i < n; i++) {
		types[i] = p->nout ? p->out_types[i] : row ? t->fields[i].type->oid : rettype;
		typmods[i] = row && !p->nout ? t->fields[i].typmod : -1;
	}
	if (rettype == T_VOID || (rettype == T_RECORD && !p->nout))
		n = 0;
	*out = (SqlWants){ .types = types, .typmods = typmods, .n = n, .returns = true, .row = row && !p->nout ? rettype : 0 };
}

static int mismatch(const Catalog *cat, uint32_t rettype, Arena *a, Error *err, const char *detail)
{
	const PgType *t = catalog_type(cat, rettype);
	err_set(err, "42P13", "return type mismatch in function declared to return %s", t ? type_format(t, -1, a) : "?");
	return err_detail(err, "%s", detail);
}

int sql_function_check(const Catalog *cat, const PgProc *p, uint32_t rettype, const Plan *last, Arena *a, Error *err)
{
	const PgType *t = catalog_type(cat, rettype);
	if (rettype == T_VOID || (rettype == T_RECORD && !p->nout))
		return 0;
	if (!last || !last->returns_rows)
		return mismatch(cat, rettype, a, err, "Function's final statement must be SELECT or INSERT/UPDATE/DELETE RETURNING.");
	bool row = t && t->typtype == 'c' && t->fields;
	size_t n = p->nout ? p->nout : row ? t->nfields : 1;
	if (row && last->ncols == 1 && last->cols[0].type->oid == rettype)
		return 0;
	if (!p->nout && !row && last->ncols != 1)
		return mismatch(cat, rettype, a, err, "Final statement must return exactly one column.");
	if (last->ncols < n)
		return mismatch(cat, rettype, a, err, "Final statement returns too few columns.");
	return last->ncols > n ? mismatch(cat, rettype, a, err, "Final statement returns too many columns.") : 0;
}

void sql_function_signature(const CatFunction *f, Arena *a, PlSignature *out)
{
	const char **names = arena_array(a, const char *, f->nargs + 1);
	*out = (PlSignature){ .name = f->proc.name, .arg_names = names, .nargs = f->nargs, .checks_return = true };
	for (size_t i = 0; i < f->nargs; i++) {
		names[i] = f->args[i].name;
		out->has_out = out->has_out || strchr("obt", f->args[i].mode);
	}
	out->is_procedure = f->proc.kind == 'p';
	out->is_trigger = f->proc.rettype == T_TRIGGER;
	out->returns_void = f->proc.rettype == T_VOID;
	out->returns_set = f->proc.retset;
}

const char *sql_function_name(const Catalog *cat, const CatFunction *f, bool qualified, Arena *a)
{
	const CatSchema *ns = catalog_schema_by_oid(cat, f->schema);
	Buf b = { 0 };
	if (qualified && ns)
		buf_printf(&b, "%s.", ns->name);
	buf_printf(&b, "%s(", f->proc.name);
	size_t n = 0;
	for (size_t i = 0; i < f->nargs; i++) {
		const PgType *t = catalog_type(cat, f->args[i].type);
		if (strchr("ibv", f->args[i].mode))
			buf_printf(&b, "%s%s", n++ ? "," : "", t ? type_format(t, -1, a) : "?");
	}
	buf_puts(&b, ")");
	const char *s = arena_strndup(a, (const char *)b.data, b.len);
	buf_free(&b);
	return s;
}
