/* DROP TYPE and DROP DOMAIN: what uses a type, and taking it out of there. */
#include "sql/ddl.h"

#include "pgtype/range.h"

typedef struct TypeUse {
	const CatRel *rel; /* a column of it; NULL: a type */
	const CatColumn *col;
	const PgType *type; /* the domain, range or row type that uses it */
} TypeUse;

typedef struct TypeDrop {
	Ddl *d;
	const PgType **types;
	TypeUse *uses;
	size_t n, asked, nuses; /* types to go, those that the statement names come first */
	const char *lines;
} TypeDrop;

void ddl_forget_type(Ddl *d, const PgType *t)
{
	ddl_sql(d, "DELETE FROM _understudy_enum WHERE type = %u", t->oid);
	ddl_sql(d,
		"DELETE FROM _understudy_comment WHERE classoid = 2606 AND objoid IN (SELECT oid FROM _understudy_domain_check WHERE "
		"domain = %u)",
		t->oid);
	ddl_sql(d, "DELETE FROM _understudy_domain_check WHERE domain = %u", t->oid);
	ddl_sql(d, "DELETE FROM _understudy_domain WHERE type = %u", t->oid);
	ddl_sql(d, "DELETE FROM _understudy_range WHERE type = %u", t->oid);
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = 1247", t->oid);
	ddl_sql(d, "DELETE FROM _understudy_type WHERE oid IN (%u, %u)", t->oid, t->array_oid);
}

static bool is_going(const TypeDrop *td, const PgType *t)
{
	for (size_t i = 0; i < td->n; i++)
		if (td->types[i] == t)
			return true;
	return false;
}

/* The type itself or an array of it. */
static bool is_of(const PgType *t, const PgType *what)
{
	return t == what || t->elem == what;
}

static const char *rel_noun(const CatRel *r)
{
	return r->kind == REL_COMPOSITE ? "composite type" : r->kind == REL_VIEW ? "view" : "table";
}

static void add_use(TypeDrop *td, TypeUse use, const PgType *of)
{
	Arena *a = td->d->a;
	const char *what = use.rel ? arena_printf(a, "column %s of %s %s", use.col->name, rel_noun(use.rel), use.rel->name)
				   : arena_printf(a, "type %s", use.type->name);
	const char *line = of ? arena_printf(a, "%s depends on type %s", what, of->name) : arena_printf(a, "drop cascades to %s", what);
	td->lines = *td->lines ? arena_printf(a, "%s\n%s", td->lines, line) : line;
	td->uses[td->nuses++] = use;
}

/* A row type goes with its relation; a column of a relation that goes is none of interest. */
static bool rel_is_going(const TypeDrop *td, const CatRel *r)
{
	for (size_t i = 0; i < td->n; i++)
		if (td->types[i]->relid == r->oid)
			return true;
	return false;
}

/* What uses the i-th type; the list of types grows by those that cannot be without it. */
static void find_uses(TypeDrop *td, const PgType *t, bool cascade)
{
	const Catalog *cat = td->d->cat;
	const PgType *of = cascade ? NULL : t;
	for (size_t i = 0; i < cat->nrels; i++) {
		const CatRel *r = cat->rels[i];
		for (size_t k = 0; k < r->ncols && !rel_is_going(td, r); k++)
			if (!r->cols[k].dropped && is_of(r->cols[k].type, t))
				add_use(td, (TypeUse){ .rel = r, .col = &r->cols[k] }, of);
	}
	for (size_t i = 0; i < cat->ntypes; i++) {
		const PgType *user = cat->types[i];
		bool over = (user->base && is_of(user->base, t)) || (user->range && is_of(user->range->user_subtype, t));
		bool pair = t->range && user->range == t->range;
		if ((!over && !pair) || is_going(td, user))
			continue;
		if (!pair && user->typtype != 'm')
			add_use(td, (TypeUse){ .type = user }, of);
		td->types[td->n++] = user;
	}
}

static int drop_columns(TypeDrop *td, const CatRel *r)
{
	PgQuery__AlterTableCmd *cmds = arena_array(td->d->a, PgQuery__AlterTableCmd, td->nuses);
	size_t n = 0;
	for (size_t i = 0; i < td->nuses; i++) {
		if (td->uses[i].rel != r)
			continue;
		pg_query__alter_table_cmd__init(&cmds[n]);
		cmds[n].subtype = PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn;
		cmds[n].name = td->uses[i].col->name;
		cmds[n++].behavior = PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	}
	return r->kind == REL_VIEW ? ddl_drop_view(td->d, r) : ddl_alter_within(td->d, r, cmds, n);
}

/* Relation by relation: all columns of one go together. */
static int drop_uses(TypeDrop *td)
{
	if (td->nuses > 1) {
		PlanStep *s = ddl_step(td->d, STEP_NOTICE);
		s->code = "00000";
		s->message = arena_printf(td->d->a, "drop cascades to %zu other objects", td->nuses);
		s->detail = td->lines;
	} else if (td->nuses) {
		ddl_notice(td->d, "00000", "%s", td->lines);
	}
	for (size_t i = 0; i < td->nuses; i++) {
		bool first = td->uses[i].rel != NULL;
		for (size_t k = 0; k < i && first; k++)
			first = td->uses[k].rel != td->uses[i].rel;
		if (first && drop_columns(td, td->uses[i].rel))
			return -1;
	}
	return 0;
}

/* 1 found, 0 skipped. */
static int find_named(Ddl *d, const PgQuery__DropStmt *s, const PgQuery__TypeName *tn, const PgType **out)
{
	bool domain = s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN;
	int32_t typmod;
	const PgType *t = an_typename(d->ps, tn, &typmod);
	if (!t && s->missing_ok && (err_is(d->err, "42704") || err_is(d->err, "3F000"))) {
		if (err_is(d->err, "3F000"))
			ddl_notice(d, "00000", "schema \"%s\" does not exist, skipping", node_string(tn->names[0]));
		else
			ddl_notice(d, "00000", "%s, skipping", d->err->message);
		err_clear(d->err);
		return 0;
	}
	if (!t)
		return err_at(d->err, 0);
	if (domain && t->typtype != 'd')
		return an_error(d->ps, -1, "42809", "%s is not a domain", type_format(t, -1, d->a));
	if (t->oid < FIRST_USER_OID)
		return an_error(d->ps, -1, "2BP01", "cannot drop type %s because it is required by the database system",
				type_format(t, -1, d->a));
	if (t->elem) {
		const char *elem = type_format(t->elem, -1, d->a);
		an_error(d->ps, -1, "2BP01", "cannot drop type %s[] because type %s requires it", elem, elem);
		return err_hint(d->err, "You can drop type %s instead.", elem);
	}
	if (t->typtype == 'm') {
		const char *range = type_format(catalog_type(d->cat, t->range->range), -1, d->a);
		an_error(d->ps, -1, "2BP01", "cannot drop type %s because type %s requires it", type_format(t, -1, d->a), range);
		return err_hint(d->err, "You can drop type %s instead.", range);
	}
	*out = t;
	return 1;
}

static int collect(TypeDrop *td, const PgQuery__DropStmt *s)
{
	for (size_t i = 0; i < s->n_objects; i++) {
		const PgType *t = NULL;
		int rc = find_named(td->d, s, s->objects[i]->type_name, &t);
		if (rc < 0)
			return -1;
		if (t && !is_going(td, t))
			td->types[td->n++] = t;
	}
	td->asked = td->n;
	return 0;
}

int plan_drop_type(Ddl *d, const PgQuery__DropStmt *s)
{
	bool cascade = s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE;
	size_t columns = 0;
	for (size_t i = 0; i < d->cat->nrels; i++)
		columns += d->cat->rels[i]->ncols;
	TypeDrop td = { .d = d, .lines = "" };
	td.types = arena_array(d->a, const PgType *, d->cat->ntypes + 1);
	td.uses = arena_array(d->a, TypeUse, d->cat->ntypes + columns + 1);
	if (collect(&td, s))
		return -1;
	for (size_t i = 0; i < td.n; i++) {
		find_uses(&td, td.types[i], cascade);
		if (td.nuses && !cascade)
			return ddl_depend_error(d, arena_printf(d->a, "type %s", type_format(td.types[i], -1, d->a)), td.lines);
		if (ddl_release_functions(d, td.types[i], arena_printf(d->a, "type %s", type_format(td.types[i], -1, d->a)), cascade))
			return -1;
	}
	if (drop_uses(&td))
		return -1;
	for (size_t i = 0; i < td.n; i++) {
		if (td.types[i]->typtype == 'c' && ddl_drop_composite(d, td.types[i]))
			return -1;
		ddl_forget_type(d, td.types[i]);
	}
	return ddl_finish(d, s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN ? "DROP DOMAIN" : "DROP TYPE");
}
