/* Names, types and constants as PostgreSQL prints them. */
#include "sql/deparse.h"

#include "sqlite/keywords.h"

#include "sql/oids.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <stdarg.h>
#include <stdio.h>

int dp_refuse(Deparser *d, const char *fmt, ...)
{
	char what[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_refuse(d->err, 0, "showing %s as text", what);
}

static bool is_plain_name(const char *s)
{
	if (!((*s >= 'a' && *s <= 'z') || *s == '_'))
		return false;
	for (; *s; s++) {
		if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_'))
			return false;
	}
	return true;
}

const char *quote_name(Arena *a, const char *name)
{
	if (is_plain_name(name) && !keyword_needs_quotes(str_of(name)))
		return name;
	Buf b = { 0 };
	buf_puts(&b, "\"");
	for (; *name; name++) {
		if (*name == '"')
			buf_puts(&b, "\"");
		buf_put(&b, name, 1);
	}
	buf_puts(&b, "\"");
	const char *s = arena_strdup(a, buf_cstr(&b));
	buf_free(&b);
	return s;
}

const char *qualified_name(const SqlEnv *env, const char *schema, const char *name, bool force, Arena *a)
{
	return force ? arena_printf(a, "%s.%s", quote_name(a, schema), quote_name(a, name)) : quote_name(a, name);
}

static bool on_path(const SqlEnv *env, const char *schema)
{
	for (size_t i = 0; i < env->nsearch_path; i++) {
		if (streq(env->search_path[i], schema))
			return true;
	}
	return false;
}

/* Whether the plain name finds this relation: first pg_catalog, then the path in order. */
static bool rel_visible(const SqlEnv *env, const CatRel *r)
{
	const CatRel *hit = catalog_rel(env->cat, NS_PG_CATALOG, r->name);
	for (size_t i = 0; i < env->nsearch_path && !hit; i++) {
		const CatSchema *s = catalog_schema(env->cat, env->search_path[i]);
		hit = s ? catalog_rel(env->cat, s->oid, r->name) : NULL;
	}
	return hit && hit->oid == r->oid;
}

const char *relation_name(const SqlEnv *env, const CatRel *r, Arena *a)
{
	const CatSchema *s = catalog_schema_by_oid(env->cat, r->schema);
	return qualified_name(env, s ? s->name : "", r->name, !rel_visible(env, r), a);
}

const char *type_text(const SqlEnv *env, uint32_t type, int32_t typmod, Arena *a)
{
	const PgType *t = catalog_type(env->cat, type);
	if (!t)
		return "???";
	const PgType *base = t->elem && t->len == -1 && t->category == 'A' ? t->elem : t;
	if (base->oid < FIRST_USER_OID)
		return type_format(t, typmod, a);
	const char *name = qualified_name(env, base->schema, base->name, !on_path(env, base->schema), a);
	name = arena_printf(a, "%s%s", name, type_own_typmod_text(base, typmod, a));
	return base == t ? name : arena_printf(a, "%s[]", name);
}

static void put_literal(Deparser *d, Str s)
{
	bool escape = memchr(s.p ? s.p : "", '\\', s.n) != NULL;
	buf_puts(&d->out, escape ? "E'" : "'");
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'' || (s.p[i] == '\\' && escape))
			buf_put(&d->out, &s.p[i], 1);
		buf_put(&d->out, &s.p[i], 1);
	}
	buf_puts(&d->out, "'");
}

static const char *reg_text(Deparser *d, uint32_t type, uint32_t oid)
{
	if (type == T_REGCLASS) {
		const CatRel *r = catalog_rel_by_oid(d->env->cat, oid);
		return r ? relation_name(d->env, r, d->a) : NULL;
	}
	if (type == T_REGTYPE)
		return catalog_type(d->env->cat, oid) ? type_text(d->env, oid, -1, d->a) : NULL;
	if (type == T_REGPROC) {
		const PgProc *p = catalog_proc(d->env->cat, oid);
		return p ? quote_name(d->a, p->name) : NULL;
	}
	const CatSchema *s = type == T_REGNAMESPACE ? catalog_schema_by_oid(d->env->cat, oid) : NULL;
	return s ? quote_name(d->a, s->name) : NULL;
}

/* The value's text form, and in *plain whether it stands without quotes. */
static int const_text(Deparser *d, const Expr *x, Buf *text, bool *plain)
{
	const PgType *t = catalog_type(d->env->cat, x->type);
	const char *reg = x->val.kind == VAL_INT ? reg_text(d, x->type, (uint32_t)x->val.i) : NULL;
	if (reg)
		buf_puts(text, reg);
	else if (x->type == T_UNKNOWN)
		buf_put_str(text, x->val.s);
	else if (!t || type_out(t, -1, &x->val, d->env->types, text, d->err) < 0)
		return t ? -1 : dp_refuse(d, "a constant of an unknown type");
	const char *s = buf_cstr(text);
	*plain = (x->type == T_INT4 && *s != '-') || (x->type == T_NUMERIC && *s >= '0' && *s <= '9' && strpbrk(s, "eE."));
	return 0;
}

int dp_const(Deparser *d, const Expr *x, int showtype)
{
	if (x->val.kind == VAL_NULL) {
		buf_puts(&d->out, "NULL");
		if (showtype >= 0)
			buf_printf(&d->out, "::%s", type_text(d->env, x->type == T_UNKNOWN ? T_TEXT : x->type, x->typmod, d->a));
		return 0;
	}
	if (x->type == T_BOOL) {
		buf_puts(&d->out, x->val.i ? "true" : "false");
		return 0;
	}
	Buf text = { 0 };
	bool plain = false;
	int rc = const_text(d, x, &text, &plain);
	if (rc == 0 && plain)
		buf_put_str(&d->out, buf_str(&text));
	else if (rc == 0)
		put_literal(d, buf_str(&text));
	buf_free(&text);
	if (rc < 0 || showtype < 0)
		return rc;
	bool label = x->type != T_UNKNOWN && (!plain || (x->type == T_NUMERIC && x->typmod >= 0));
	if (label || showtype > 0)
		buf_printf(&d->out, "::%s", type_text(d->env, x->type, x->typmod, d->a));
	return 0;
}

/* A line break, as PostgreSQL's pretty printer makes one before a keyword. */
void dp_line(Deparser *d, const char *text, int before, int after, int plus)
{
	enum { INDENT_LIMIT = 40 };
	d->indent += before;
	while (d->out.len && d->out.data[d->out.len - 1] == ' ')
		d->out.len--;
	int amount = (d->indent > 0 ? d->indent : 0) + plus;
	if (d->indent >= INDENT_LIMIT)
		amount = (INDENT_LIMIT + (d->indent - INDENT_LIMIT) / 4) % INDENT_LIMIT + plus;
	buf_printf(&d->out, "\n%*s%s", amount, "", text);
	d->indent += after;
	if (d->indent < 0)
		d->indent = 0;
}

static const char *take_text(Deparser *d, int rc)
{
	const char *s = rc < 0 ? NULL : arena_strndup(d->a, (const char *)d->out.data, d->out.len);
	buf_free(&d->out);
	return s;
}

const char *deparse_expr(const SqlEnv *env, const Expr *x, bool pretty, Arena *a, Error *err)
{
	Deparser d = { .a = a, .env = env, .err = err, .pretty = pretty };
	return take_text(&d, dp_expr(&d, x, false));
}

const char *deparse_query(const SqlEnv *env, const Query *q, const char *const *names, bool pretty, Arena *a, Error *err)
{
	Deparser d = { .a = a, .env = env, .err = err, .pretty = pretty };
	return take_text(&d, dp_query(&d, q, names, NULL));
}
