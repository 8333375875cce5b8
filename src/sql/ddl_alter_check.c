/*
 * ALTER TABLE looks at the rows that are there before it changes anything: each step finds one row that the new definition does not allow.
 * The rows are seen as they will be: with the columns that are added and the types that are changed.
 */
#include "sql/ddl_alter.h"

static void check_empty(Alter *al, const char *sql, const char *code, const char *message, const char *detail, const char *constraint)
{
	PlanStep *s = ddl_step(al->d, STEP_CHECK_EMPTY);
	s->sql = sql;
	s->code = code;
	s->message = message;
	s->detail = detail;
	s->constraint = constraint;
	s->table = al->r->name;
	s->schema = ddl_schema_name(al->d, al->r->schema);
}

/* The rows as they will be, as an item of FROM; NULL on error. */
static const char *new_rows(Alter *al)
{
	Ddl *d = al->d;
	const char *cols = "", *generated = "";
	for (size_t i = 0; i < al->r->ncols; i++) {
		const CatColumn *c = &al->r->cols[i];
		const char *name = ddl_id(d, c->sqlite_name), *from = al->source[i];
		if (c->dropped)
			continue;
		if (c->generated) {
			const char *sql = ddl_table_expr(d, al->r, c->default_sql, AT_CHECK, c->type->oid, c->typmod);
			if (!sql)
				return NULL;
			generated = arena_printf(d->a, "%s, %s AS %s", generated, sql, name);
			continue;
		}
		if (!from)
			from = i < al->old->ncols ? ddl_id(d, al->old->cols[i].sqlite_name) : "NULL";
		cols = arena_printf(d->a, "%s, %s AS %s", cols, from, name);
	}
	return arena_printf(d->a, "(SELECT *%s FROM (SELECT rowid AS _understudy_row%s FROM %s))", generated, cols,
			    ddl_id(d, al->old->sqlite_name));
}

static void check_not_null(Alter *al, const CatColumn *c, const char *rows)
{
	Ddl *d = al->d;
	size_t i = (size_t)c->attnum - 1;
	bool was = i < al->old->ncols && al->old->cols[i].not_null && !al->source[i];
	if (!c->not_null || c->dropped || was)
		return;
	check_empty(al, arena_printf(d->a, "SELECT 1 FROM %s WHERE %s IS NULL LIMIT 1", rows, ddl_id(d, c->sqlite_name)), "23502",
		    arena_printf(d->a, "column \"%s\" of relation \"%s\" contains null values", c->name, al->r->name), NULL, NULL);
}

/* "Key (a, b)=(%s) is duplicated." and the SQL that finds such a key. */
static int check_unique(Alter *al, const CatIndex *x, const char *rows)
{
	Ddl *d = al->d;
	const char *cols = "", *names = "", *shown = "", *known = "", *where = "";
	for (size_t i = 0; i < x->nkeys; i++) {
		const CatColumn *c = x->keys[i] ? catrel_attnum(al->r, x->keys[i]) : NULL;
		const char *id = c ? ddl_id(d, c->sqlite_name) : ddl_table_expr(d, al->r, x->exprs[i], AT_INDEX_EXPR, 0, -1);
		if (!id)
			return -1;
		cols = arena_printf(d->a, "%s%s%s", cols, i ? ", " : "", id);
		names = arena_printf(d->a, "%s%s%s", names, i ? ", " : "", c ? c->name : x->exprs[i]);
		shown = arena_printf(d->a, "%s%scoalesce(%s, 'null')", shown, i ? " || ', ' || " : "", id);
		if (!x->nulls_not_distinct)
			known = arena_printf(d->a, "%s AND %s IS NOT NULL", known, id);
	}
	if (x->predicate) {
		const char *sql = ddl_table_expr(d, al->r, x->predicate, AT_INDEX_WHERE, 16, -1);
		if (!sql)
			return -1;
		where = arena_printf(d->a, " AND (%s)", sql);
	}
	check_empty(al,
		    arena_printf(d->a, "SELECT %s FROM %s WHERE true%s%s GROUP BY %s HAVING count(*) > 1 LIMIT 1", shown, rows, known,
				 where, cols),
		    "23505", arena_printf(d->a, "could not create unique index \"%s\"", x->name),
		    arena_printf(d->a, "Key (%s)=(%%s) is duplicated.", names), x->name);
	return 0;
}

static void check_match_full(Alter *al, const CatConstraint *k, const char *rows)
{
	Ddl *d = al->d;
	const char *nulls = "0";
	for (size_t i = 0; i < k->ncols; i++)
		nulls = arena_printf(d->a, "%s + (%s IS NULL)", nulls, ddl_id(d, catrel_attnum(al->r, k->cols[i])->sqlite_name));
	check_empty(al, arena_printf(d->a, "SELECT 1 FROM %s WHERE %s NOT IN (0, %zu) LIMIT 1", rows, nulls, k->ncols), "23503",
		    arena_printf(d->a, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", al->r->name, k->name),
		    "MATCH FULL does not allow mixing of null and nonnull key values.", k->name);
}

static void check_foreign_key(Alter *al, const CatConstraint *k, const char *rows)
{
	Ddl *d = al->d;
	const char *names = "", *shown = "", *known = "", *match = "";
	for (size_t i = 0; i < k->ncols; i++) {
		const CatColumn *c = catrel_attnum(al->r, k->cols[i]);
		const char *id = ddl_id(d, c->sqlite_name);
		names = arena_printf(d->a, "%s%s%s", names, i ? ", " : "", c->name);
		shown = arena_printf(d->a, "%s%sc.%s", shown, i ? " || ', ' || " : "", id);
		known = arena_printf(d->a, "%s%sc.%s IS NOT NULL", known, i ? " AND " : "", id);
		match = arena_printf(d->a, "%s%sp.%s = c.%s", match, i ? " AND " : "",
				     ddl_id(d, catrel_attnum(k->ref, k->ref_cols[i])->sqlite_name), id);
	}
	if (k->match == 'f')
		check_match_full(al, k, rows);
	const char *ref = k->ref == al->r ? rows : ddl_id(d, k->ref->sqlite_name);
	check_empty(al,
		    arena_printf(d->a, "SELECT %s FROM %s AS c WHERE %s AND NOT EXISTS (SELECT 1 FROM %s AS p WHERE %s) LIMIT 1", shown,
				 rows, known, ref, match),
		    "23503",
		    arena_printf(d->a, "insert or update on table \"%s\" violates foreign key constraint \"%s\"", al->r->name, k->name),
		    arena_printf(d->a, "Key (%s)=(%%s) is not present in table \"%s\".", names, k->ref->name), k->name);
}

static int check_check(Alter *al, const CatConstraint *k, const char *rows)
{
	Ddl *d = al->d;
	const char *sql = ddl_table_expr(d, al->r, k->check_sql, AT_CHECK, 16, -1);
	if (!sql)
		return -1;
	check_empty(al, arena_printf(d->a, "SELECT 1 FROM %s WHERE NOT (%s) LIMIT 1", rows, sql), "23514",
		    arena_printf(d->a, "check constraint \"%s\" of relation \"%s\" is violated by some row", k->name, al->r->name), NULL,
		    k->name);
	return 0;
}

/* The same constraint was there, and valid. */
static bool had(const Alter *al, uint32_t oid)
{
	for (size_t i = 0; i < al->old->nindexes; i++)
		if (al->old->indexes[i]->oid == oid)
			return true;
	for (size_t i = 0; i < al->old->nconstraints; i++)
		if (al->old->constraints[i]->oid == oid && !al->old->constraints[i]->not_valid)
			return true;
	return false;
}

/* A constraint has to be looked at when it is new, was not valid before, or when a column of it changes. */
static bool must_check(const Alter *al, uint32_t oid, const int16_t *cols, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cols[i] > 0 && al->source[cols[i] - 1])
			return true;
	return !had(al, oid);
}

bool alter_must_check(const Alter *al, const CatIndex *x)
{
	return must_check(al, x->oid, x->keys, x->nkeys);
}

int alter_check_rows(Alter *al)
{
	const char *rows = new_rows(al);
	if (!rows)
		return -1;
	for (size_t i = 0; i < al->r->ncols; i++)
		check_not_null(al, &al->r->cols[i], rows);
	for (size_t i = 0; i < al->r->nindexes; i++) {
		const CatIndex *x = al->r->indexes[i];
		if (x->unique && must_check(al, x->oid, x->keys, x->nkeys) && check_unique(al, x, rows))
			return -1;
	}
	for (size_t i = 0; i < al->r->nconstraints; i++) {
		const CatConstraint *k = al->r->constraints[i];
		if (k->not_valid || !must_check(al, k->oid, k->cols, k->ncols))
			continue;
		if (k->type == 'f')
			check_foreign_key(al, k, rows);
		if (k->type == 'c' && check_check(al, k, rows))
			return -1;
	}
	return 0;
}
