/* CREATE, ALTER, DROP EXTENSION and COMMENT ON EXTENSION: of those that this program has built in (catalog/extension.h). */
#include "sql/ddl.h"
#include "sql/expr.h"

#include "catalog/extension.h"

enum { CLASS_EXTENSION = 3079 };

/* Of what CREATE EXTENSION says after the name. */
typedef struct Options {
	const char *schema, *version;
} Options;

/* CASCADE says nothing: none of these extensions needs another one. */
static int read_options(Ddl *d, PgQuery__Node *const *list, size_t n, Options *o)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *e = list[i]->def_elem;
		if (streq(e->defname, "schema"))
			o->schema = node_string(e->arg);
		else if (streq(e->defname, "new_version"))
			o->version = node_string(e->arg);
		else if (!streq(e->defname, "cascade"))
			return an_refuse(d->ps, 0, "the option \"%s\" of an extension", e->defname);
	}
	return 0;
}

static int not_available(Ddl *d, const char *name)
{
	if (extension_is_known(name))
		return an_refuse(d->ps, 0, "extension \"%s\" is not available in SQLite mode", name);
	an_error(d->ps, -1, "0A000", "extension \"%s\" is not available", name);
	err_detail(d->err,
		   "Could not open extension control file \"/usr/share/postgresql/15/extension/%s.control\": No such file or directory.",
		   name);
	return err_hint(d->err, "The extension must first be installed on the system where PostgreSQL is running.");
}

static uint32_t target_schema(Ddl *d, const char *name)
{
	PgQuery__RangeVar rv;
	pg_query__range_var__init(&rv);
	const CatSchema *s = name ? catalog_schema(d->cat, name) : NULL;
	if (!name)
		return ddl_target_schema(d, &rv);
	if (!s)
		an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", name);
	return s ? s->oid : 0;
}

/* The OIDs of its types and of their arrays, as text. */
static const char *type_oids(Ddl *d, const Extension *x, uint32_t first)
{
	const char *t = "";
	for (size_t i = 0; i < 2 * x->ntypes; i++)
		t = arena_printf(d->a, "%s%s%u", t, i ? " " : "", first + (uint32_t)i);
	return t;
}

static int check_types(Ddl *d, const Extension *x, uint32_t schema)
{
	for (size_t i = 0; i < x->ntypes; i++)
		if (catalog_type_named(d->cat, schema, x->types[i].name))
			return an_error(d->ps, -1, "42710", "type \"%s\" already exists", x->types[i].name);
	return 0;
}

int plan_create_extension(Ddl *d, const PgQuery__CreateExtensionStmt *s)
{
	const char *name = s->extname;
	Options o = { 0 };
	if (streq(name, "plpgsql") || catalog_extension(d->cat, name)) {
		if (!s->if_not_exists)
			return an_error(d->ps, -1, "42710", "extension \"%s\" already exists", name);
		ddl_notice(d, "42710", "extension \"%s\" already exists, skipping", name);
		return ddl_finish(d, "CREATE EXTENSION");
	}
	const Extension *x = extension_named(name);
	if (!x)
		return not_available(d, name);
	if (read_options(d, s->options, s->n_options, &o))
		return -1;
	if (o.version && !streq(o.version, x->version))
		return an_refuse(d->ps, 0, "version \"%s\" of extension \"%s\"", o.version, name);
	uint32_t schema = target_schema(d, o.schema);
	if (!schema || check_types(d, x, schema))
		return -1;
	uint32_t oid = ddl_oid(d), first = d->next_oid;
	d->next_oid += x->noids;
	ddl_sql(d, "INSERT INTO _understudy_extension VALUES (%u, %s, %u, %u, %s, %u, %s)", oid, ddl_lit(d, name), schema, d->owner,
		ddl_lit(d, x->version), first, ddl_lit(d, type_oids(d, x, first)));
	ddl_sql(d, "INSERT INTO _understudy_comment VALUES (%u, %d, 0, %s)", oid, CLASS_EXTENSION, ddl_lit(d, x->comment));
	return ddl_finish(d, "CREATE EXTENSION");
}

/* ---- what depends on one ---- */

typedef struct Use {
	Ddl *d;
	const CatExtension *x;
	const char *what;
} Use;

static bool is_own(const CatExtension *x, uint32_t oid)
{
	return oid >= x->first_oid && oid < x->first_oid + x->def->noids;
}

static bool find_use(Expr *e, void *arg)
{
	Use *u = arg;
	if (e->proc && is_own(u->x, e->proc->oid) && !u->what)
		u->what = arena_printf(u->d->a, "function %s", sql_proc_signature(u->d->ps->env, e->proc->oid, u->d->a));
	return !u->what;
}

static const char *used_in(Ddl *d, const CatExtension *x, const CatRel *r, const char *text, ExprPlace place)
{
	Error ignored;
	Use u = { d, x, NULL };
	Expr *e = text ? an_expr_text(d->ps->env, d->a, text, r, place, 0, -1, &ignored) : NULL;
	if (e)
		expr_walk(e, find_use, &u);
	return u.what;
}

static const char *table_use(Ddl *d, const CatExtension *x, const CatRel *r)
{
	const char *what;
	for (size_t i = 0; i < r->ncols; i++) {
		const CatColumn *c = &r->cols[i];
		if (!c->dropped && (what = used_in(d, x, c->generated ? r : NULL, c->default_sql, c->generated ? AT_CHECK : AT_DEFAULT)))
			return arena_printf(d->a, "default value for column %s of table %s depends on %s", c->name, r->name, what);
	}
	for (size_t i = 0; i < r->nconstraints; i++)
		if ((what = used_in(d, x, r, r->constraints[i]->check_sql, AT_CHECK)))
			return arena_printf(d->a, "constraint %s on table %s depends on %s", r->constraints[i]->name, r->name, what);
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *k = r->indexes[i];
		for (size_t p = 0; p < k->nkeys; p++) {
			if ((what = used_in(d, x, r, k->exprs[p], AT_INDEX_EXPR)))
				return arena_printf(d->a, "index %s depends on %s", k->name, what);
			if (ddl_opclass_extension(k->method, k->opclasses[p]) == x->def)
				return arena_printf(d->a, "index %s depends on operator class %s for access method %s", k->name,
						    k->opclasses[p], k->method);
		}
		if ((what = used_in(d, x, r, k->predicate, AT_INDEX_WHERE)))
			return arena_printf(d->a, "index %s depends on %s", k->name, what);
	}
	return NULL;
}

static const char *extension_use(Ddl *d, const CatExtension *x)
{
	for (size_t i = 0; i < x->def->ntypes; i++) {
		const char *user = ddl_type_user(d, x->type_oids[2 * i], NULL, 0);
		if (user)
			return arena_printf(d->a, "%s depends on type %s", user, x->def->types[i].name);
	}
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const char *user = d->cat->rels[i]->kind == REL_TABLE ? table_use(d, x, d->cat->rels[i]) : NULL;
		if (user)
			return user;
	}
	return NULL;
}

static int drop_one(Ddl *d, const CatExtension *x, bool cascade)
{
	const char *name = x->def->name, *user = extension_use(d, x);
	if (user && cascade)
		return an_refuse(d->ps, 0, "DROP EXTENSION ... CASCADE where %s", user);
	if (user) {
		an_error(d->ps, -1, "2BP01", "cannot drop extension %s because other objects depend on it", name);
		err_detail(d->err, "%s", user);
		return err_hint(d->err, "Use DROP ... CASCADE to drop the dependent objects too.");
	}
	ddl_sql(d, "DELETE FROM _understudy_extension WHERE oid = %u", x->oid);
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = %d", x->oid, CLASS_EXTENSION);
	return 0;
}

int plan_drop_extension(Ddl *d, const PgQuery__DropStmt *s)
{
	bool cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	for (size_t i = 0; i < s->n_objects; i++) {
		const char *name = node_string(s->objects[i]);
		const CatExtension *x = catalog_extension(d->cat, name);
		if (streq(name, "plpgsql"))
			return an_refuse(d->ps, 0, "DROP EXTENSION plpgsql");
		if (!x && !s->missing_ok)
			return an_error(d->ps, -1, "42704", "extension \"%s\" does not exist", name);
		if (!x)
			ddl_notice(d, "00000", "extension \"%s\" does not exist, skipping", name);
		else if (drop_one(d, x, cascade))
			return -1;
	}
	return ddl_finish(d, "DROP EXTENSION");
}

int plan_alter_extension(Ddl *d, const PgQuery__AlterExtensionStmt *s)
{
	const CatExtension *x = catalog_extension(d->cat, s->extname);
	Options o = { 0 };
	if (!x && !streq(s->extname, "plpgsql"))
		return an_error(d->ps, -1, "42704", "extension \"%s\" does not exist", s->extname);
	if (read_options(d, s->options, s->n_options, &o))
		return -1;
	const char *version = x ? x->version : "1.0";
	if (o.version && !streq(o.version, version))
		return an_error(d->ps, -1, "22023", "extension \"%s\" has no update path from version \"%s\" to version \"%s\"", s->extname,
				version, o.version);
	ddl_notice(d, "00000", "version \"%s\" of extension \"%s\" is already installed", version, s->extname);
	return ddl_finish(d, "ALTER EXTENSION");
}

uint32_t ddl_extension_oid(Ddl *d, const char *name)
{
	const CatExtension *x = catalog_extension(d->cat, name);
	if (!x)
		an_error(d->ps, -1, "42704", "extension \"%s\" does not exist", name);
	return x ? x->oid : 0;
}
