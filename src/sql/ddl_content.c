/* Indexes for contents in the file: a table (k, id) for each such key, filled once and kept by triggers of the indexed table. */
#include "sql/content.h"

#include "pgtype/content.h"

/* Elements whose stored texts are equal when they are. */
static ContentKind array_kind(const PgType *elem)
{
	char buf[80];
	if (elem->oid == 1700)
		return CONTENT_NUMERIC_ARRAY;
	return elem->oid == 700 || elem->oid == 701 || elem->oid == 114 || type_collation(elem, buf, sizeof buf) ? CONTENT_NONE
														 : CONTENT_ARRAY;
}

static ContentKind kind_of(const CatIndex *x, const char *opclass, const PgType *t)
{
	bool gin = streq(x->method, "gin");
	if (!gin && !streq(x->method, "gist"))
		return CONTENT_NONE;
	if (opclass && (streq(opclass, "gin_trgm_ops") || streq(opclass, "gist_trgm_ops")))
		return CONTENT_TRIGRAM;
	if (t->oid == 3614)
		return CONTENT_TSVECTOR;
	if (gin && t->oid == 3802)
		return opclass && streq(opclass, "jsonb_path_ops") ? CONTENT_JSONB_PATH : CONTENT_JSONB;
	if (t->elem && t->category == 'A' && (gin || opclass))
		return array_kind(t->elem);
	return CONTENT_NONE;
}

/* Types that a B-tree serves whatever method was asked for. */
static bool has_order(const PgType *t)
{
	return strchr("NDSTBEI", t->category) || t->oid == 2950 || t->oid == 17;
}

/* What becomes of a key: served by its contents, by its order, or not at all. */
typedef struct Keys {
	bool content, order;
} Keys;

static int look_at_key(Ddl *d, CatIndex *x, size_t i, Keys *keys)
{
	const PgType *t;
	if (x->keys[i]) {
		t = type_base_of(catrel_attnum(x->table, x->keys[i])->type);
	} else {
		const Expr *e = an_expr_text(d->ps->env, d->a, x->exprs[i], x->table, AT_INDEX_EXPR, 0, -1, d->err);
		if (!e)
			return -1;
		t = type_base_of(catalog_type(d->cat, e->type));
	}
	ContentKind kind = t ? kind_of(x, x->opclasses[i], t) : CONTENT_NONE;
	x->contents[i] = kind ? (char)kind : ' ';
	keys->content |= kind != CONTENT_NONE;
	keys->order &= t && has_order(t);
	return 0;
}

int ddl_choose_index_storage(Ddl *d, CatIndex *x)
{
	Keys keys = { .order = true };
	if (streq(x->method, "btree") || streq(x->method, "hash"))
		return 0;
	for (size_t i = 0; i < x->nkeys; i++)
		if (look_at_key(d, x, i, &keys))
			return -1;
	bool temporary = x->table->persistence == 't';
	x->storage = keys.content && !temporary ? 'c' : keys.order ? 'b' : 0;
	if (x->storage == 'b')
		ddl_notice(d, "00000", "index \"%s\" is kept as a B-tree: SQLite has no \"%s\" indexes", x->name, x->method);
	else if (!x->storage)
		ddl_notice(d, "00000", "index \"%s\" is recorded but not used: SQLite has no \"%s\" indexes", x->name, x->method);
	return 0;
}

static bool find_rte(Expr *x, void *arg)
{
	const Rte **rte = arg;
	if (x->kind == X_VAR && !*rte)
		*rte = x->rte;
	return !*rte;
}

/* The expression for the row that SQLite calls `row`: a table's alias, NEW or OLD. */
static const char *row_expr(Ddl *d, const CatIndex *x, const char *text, ExprPlace place, uint32_t type, const char *row)
{
	Expr *e = an_expr_text(d->ps->env, d->a, text, x->table, place, type, -1, d->err);
	const Rte *rte = NULL;
	if (!e)
		return NULL;
	expr_walk(e, find_rte, &rte);
	return emit_row_expr(d->cat, d->ps->env->types, e, rte, row, d->a, d->err);
}

/* "pg_content_keys('t', value)" of a key, and in *when the index's WHERE for that row. */
static const char *keys_of(Ddl *d, const CatIndex *x, size_t i, const char *row, const char **when)
{
	const char *value = x->keys[i] ? arena_printf(d->a, "%s.%s", row, ddl_id(d, catrel_attnum(x->table, x->keys[i])->sqlite_name))
				       : row_expr(d, x, x->exprs[i], AT_INDEX_EXPR, 0, row);
	*when = x->predicate ? row_expr(d, x, x->predicate, AT_INDEX_WHERE, 16, row) : "1";
	return value && *when ? arena_printf(d->a, "pg_content_keys('%c', %s)", x->contents[i], value) : NULL;
}

typedef struct Columns {
	Ddl *d;
	const CatIndex *x;
	const char *changed; /* "OLD.a IS NOT NEW.a OR ..." */
} Columns;

static void add_column(Columns *c, const CatColumn *col)
{
	const char *id = ddl_id(c->d, col->sqlite_name);
	c->changed = arena_printf(c->d->a, "%s OR OLD.%s COLLATE BINARY IS NOT NEW.%s", c->changed, id, id);
}

static bool note_column(Expr *e, void *arg)
{
	Columns *c = arg;
	if (e->kind == X_VAR && e->column > 0)
		add_column(c, catrel_attnum(c->x->table, e->column));
	return true;
}

static int note_columns(Columns *c, const char *text, ExprPlace place, uint32_t type)
{
	Expr *e = text ? an_expr_text(c->d->ps->env, c->d->a, text, c->x->table, place, type, -1, c->d->err) : NULL;
	if (e)
		expr_walk(e, note_column, c);
	return text && !e ? -1 : 0;
}

/* When an update changes what the index has. */
static const char *changed(Ddl *d, const CatIndex *x, size_t i)
{
	Columns c = { d, x, "OLD.rowid IS NOT NEW.rowid" };
	if (x->keys[i])
		add_column(&c, catrel_attnum(x->table, x->keys[i]));
	else if (note_columns(&c, x->exprs[i], AT_INDEX_EXPR, 0))
		return NULL;
	return note_columns(&c, x->predicate, AT_INDEX_WHERE, 16) ? NULL : c.changed;
}

static const char *trigger_name(Ddl *d, const CatIndex *x, size_t i, char event)
{
	return ddl_id(d, arena_printf(d->a, "%s_%c", content_table(x, i, d->a), event));
}

static int make_key(Ddl *d, const CatIndex *x, size_t i)
{
	const char *side = ddl_id(d, content_table(x, i, d->a)), *table = ddl_id(d, x->table->sqlite_name), *when_t, *when_new, *when_old;
	const char *of_t = keys_of(d, x, i, "t", &when_t), *of_new = keys_of(d, x, i, "NEW", &when_new),
		   *of_old = keys_of(d, x, i, "OLD", &when_old), *changes = changed(d, x, i);
	if (!of_t || !of_new || !of_old || !changes)
		return -1;
	const char *add = arena_printf(d->a, "INSERT INTO %s SELECT value, NEW.rowid FROM %s WHERE %s;", side, of_new, when_new);
	const char *take =
		arena_printf(d->a, "DELETE FROM %s WHERE id = OLD.rowid AND %s AND k IN (SELECT value FROM %s);", side, when_old, of_old);
	ddl_sql(d, "DROP TABLE IF EXISTS %s", side);
	ddl_sql(d, "CREATE TABLE %s (k, id INTEGER, PRIMARY KEY (k, id)) WITHOUT ROWID", side);
	ddl_sql(d, "INSERT INTO %s SELECT c.value, t.rowid FROM %s AS t, %s AS c WHERE %s ORDER BY 1, 2", side, table, of_t, when_t);
	ddl_sql(d, "CREATE TRIGGER %s AFTER INSERT ON %s BEGIN %s END", trigger_name(d, x, i, 'i'), table, add);
	ddl_sql(d, "CREATE TRIGGER %s AFTER DELETE ON %s BEGIN %s END", trigger_name(d, x, i, 'd'), table, take);
	ddl_sql(d, "CREATE TRIGGER %s AFTER UPDATE ON %s WHEN %s BEGIN %s %s END", trigger_name(d, x, i, 'u'), table, changes, take, add);
	return 0;
}

int ddl_make_content(Ddl *d, const CatIndex *x)
{
	for (size_t i = 0; i < x->nkeys; i++)
		if (x->contents[i] != ' ' && make_key(d, x, i))
			return -1;
	return 0;
}

void ddl_drop_content(Ddl *d, const CatIndex *x)
{
	for (size_t i = 0; x->storage == 'c' && i < x->nkeys; i++) {
		if (x->contents[i] == ' ')
			continue;
		for (const char *event = "idu"; *event; event++)
			ddl_sql(d, "DROP TRIGGER IF EXISTS %s", trigger_name(d, x, i, *event));
		ddl_sql(d, "DROP TABLE IF EXISTS %s", ddl_id(d, content_table(x, i, d->a)));
	}
}
