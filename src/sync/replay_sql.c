#include "sync/replay_sql.h"

#include "sync/source.h"

#include <stdio.h>

static bool lacks_equality(const PgType *t)
{
	if (t->elem && t->category == 'A')
		t = t->elem;
	return t->category == 'G' || streq(t->name, "json") || streq(t->name, "xml");
}

static char *text_of(Buf *b, Arena *a)
{
	char *s = arena_strdup(a, buf_cstr(b));
	buf_free(b);
	return s;
}

static void describe_column(ReplayCol *out, const CatColumn *col, Arena *a)
{
	Buf b = { 0 };
	out->col = col;
	source_put_ident(&b, col->name);
	out->name = text_of(&b, a);
	buf_puts(&b, "::");
	source_put_ident(&b, col->type->schema);
	buf_puts(&b, ".");
	source_put_ident(&b, col->type->name);
	out->cast = text_of(&b, a);
	out->as_text = lacks_equality(col->type);
}

static const CatColumn *column_in_file(const CatRel *rel, const char *name)
{
	for (size_t i = 0; i < rel->ncols; i++)
		if (!rel->cols[i].dropped && streq(rel->cols[i].sqlite_name, name))
			return &rel->cols[i];
	return NULL;
}

static void mark_key(ReplayRel *r)
{
	for (size_t i = 0; i < r->rel->nconstraints; i++) {
		const CatConstraint *k = r->rel->constraints[i];
		if (k->type != 'p')
			continue;
		r->has_key = true;
		for (size_t c = 0; c < r->ncols; c++)
			for (size_t j = 0; j < k->ncols; j++)
				r->cols[c].key |= r->cols[c].col && r->cols[c].col->attnum == k->cols[j];
	}
}

static int read_columns(Db *db, ReplayRel *r, Arena *a, Error *err)
{
	sqlite3_stmt *st;
	if (db_prepare(db, str_of("SELECT name FROM pragma_table_xinfo(?1) WHERE hidden <> 2 ORDER BY cid"), &st, err) < 0)
		return -1;
	Val name = val_text(str_of(r->rel->sqlite_name));
	db_bind(st, 1, &name);
	r->cols = arena_array(a, ReplayCol, r->rel->ncols + 8);
	while (sqlite3_step(st) == SQLITE_ROW && r->ncols < r->rel->ncols + 8) {
		const CatColumn *col = column_in_file(r->rel, (const char *)sqlite3_column_text(st, 0));
		if (col)
			describe_column(&r->cols[r->ncols], col, a);
		r->ncols++;
	}
	db_done(db, st);
	return 0;
}

ReplayRel *replay_rel(Db *db, const Catalog *cat, const char *table, Arena *a, Error *err)
{
	ReplayRel *r = arena_new_of(a, ReplayRel);
	for (size_t i = 0; i < cat->nrels && !r->rel; i++)
		if (cat->rels[i]->kind == REL_TABLE && streq(cat->rels[i]->sqlite_name, table))
			r->rel = cat->rels[i];
	const CatSchema *ns = r->rel ? catalog_schema_by_oid(cat, r->rel->schema) : NULL;
	if (!ns) {
		err_set(err, "42P01", "table \"%s\" of the journal is not in the catalog of the file", table);
		return NULL;
	}
	Buf b = { 0 };
	source_put_ident(&b, ns->name);
	buf_puts(&b, ".");
	source_put_ident(&b, r->rel->name);
	r->name = text_of(&b, a);
	if (read_columns(db, r, a, err) < 0)
		return NULL;
	mark_key(r);
	return r;
}

const char *replay_value_text(const ReplayCol *c, const Val *v, Arena *a)
{
	if (v->kind == VAL_NULL)
		return NULL;
	Buf b = { 0 };
	Error ignored;
	if (type_out(c->col->type, c->col->typmod, v, &type_env_stored, &b, &ignored) < 0)
		buf_printf(&b, "<%s>", ignored.message);
	return text_of(&b, a);
}

static const char *param(ReplayCommand *cmd, const ReplayCol *c, const Val *v, Arena *a)
{
	cmd->params[cmd->nparams++] = replay_value_text(c, v, a);
	return c->cast;
}

static bool wanted(const ReplayCol *c)
{
	return c->col && !c->col->generated;
}

/* The row as it was: found by its key, and all of its values as remembered. */
static void put_where(Buf *b, const ReplayRel *r, const Val *row, bool verify, ReplayCommand *cmd, Arena *a)
{
	if (!r->has_key)
		buf_printf(b, " WHERE ctid = (SELECT ctid FROM %s", r->name);
	const char *sep = " WHERE ";
	for (size_t i = 0; i < r->ncols; i++) {
		const ReplayCol *c = &r->cols[i];
		if (!wanted(c) || (!verify && r->has_key && !c->key))
			continue;
		const char *cast = param(cmd, c, &row[i], a);
		if (c->key)
			buf_printf(b, "%s%s = $%d%s", sep, c->name, cmd->nparams, cast);
		else if (c->as_text)
			buf_printf(b, "%s%s::text IS NOT DISTINCT FROM $%d::text", sep, c->name, cmd->nparams);
		else
			buf_printf(b, "%s%s IS NOT DISTINCT FROM $%d%s", sep, c->name, cmd->nparams, cast);
		sep = " AND ";
	}
	if (!r->has_key)
		buf_puts(b, " LIMIT 1)");
}

static void put_insert(Buf *b, const ReplayRel *r, const Val *row, ReplayCommand *cmd, Arena *a)
{
	buf_printf(b, "INSERT INTO %s ", r->name);
	const char *sep = "(";
	for (size_t i = 0; i < r->ncols; i++) {
		if (!wanted(&r->cols[i]))
			continue;
		buf_printf(b, "%s%s", sep, r->cols[i].name);
		sep = ", ";
	}
	buf_puts(b, ") OVERRIDING SYSTEM VALUE VALUES ");
	sep = "(";
	for (size_t i = 0; i < r->ncols; i++) {
		if (!wanted(&r->cols[i]))
			continue;
		const char *cast = param(cmd, &r->cols[i], &row[i], a);
		buf_printf(b, "%s$%d%s", sep, cmd->nparams, cast);
		sep = ", ";
	}
	buf_puts(b, ")");
}

/* False when no column changed. */
static bool put_update(Buf *b, const ReplayRel *r, const JournalChange *c, ReplayCommand *cmd, Arena *a)
{
	buf_printf(b, "UPDATE %s SET ", r->name);
	bool any = false;
	for (size_t i = 0; i < r->ncols; i++) {
		if (!wanted(&r->cols[i]) || val_identical(&c->before[i], &c->after[i]))
			continue;
		const char *cast = param(cmd, &r->cols[i], &c->after[i], a);
		buf_printf(b, "%s%s = $%d%s", any ? ", " : "", r->cols[i].name, cmd->nparams, cast);
		any = true;
	}
	if (any)
		put_where(b, r, c->before, true, cmd, a);
	return any;
}

int replay_command(const ReplayRel *r, const JournalChange *c, Arena *a, ReplayCommand *out, Error *err)
{
	if (c->ncols != r->ncols)
		return err_set(err, "42P10", "table %s has another number of columns than when it was changed", r->name);
	Buf b = { 0 };
	*out = (ReplayCommand){ .params = arena_array(a, const char *, 2 * r->ncols + 1) };
	bool any = true;
	if (c->op == 'I') {
		put_insert(&b, r, c->after, out, a);
	} else if (c->op == 'U') {
		any = put_update(&b, r, c, out, a);
	} else {
		buf_printf(&b, "DELETE FROM %s", r->name);
		put_where(&b, r, c->before, true, out, a);
	}
	const char *sql = text_of(&b, a);
	out->sql = any ? sql : NULL;
	return 0;
}

int replay_select(const ReplayRel *r, const Val *row, bool json, Arena *a, ReplayCommand *out, Error *err)
{
	Buf b = { 0 };
	*out = (ReplayCommand){ .params = arena_array(a, const char *, r->ncols + 1) };
	buf_puts(&b, json ? "SELECT row_to_json(x.*)::text" : "SELECT ");
	const char *sep = "";
	for (size_t i = 0; !json && i < r->ncols; i++) {
		if (!wanted(&r->cols[i]))
			continue;
		buf_printf(&b, "%s%s::text AS %s", sep, r->cols[i].name, r->cols[i].name);
		sep = ", ";
	}
	buf_printf(&b, " FROM %s x", r->name);
	put_where(&b, r, row, false, out, a);
	out->sql = text_of(&b, a);
	return 0;
}

static void put_json_text(Buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s; s++) {
		unsigned char ch = (unsigned char)*s;
		if (ch == '"' || ch == '\\')
			buf_printf(b, "\\%c", ch);
		else if (ch < 0x20)
			buf_printf(b, "\\u%04x", ch);
		else
			buf_put_u8(b, ch);
	}
	buf_puts(b, "\"");
}

static const char *row_json(const ReplayRel *r, const Val *row, bool key_only, Arena *a)
{
	Buf b = { 0 };
	const char *sep = "{";
	for (size_t i = 0; i < r->ncols; i++) {
		const ReplayCol *c = &r->cols[i];
		if (!wanted(c) || (key_only && r->has_key && !c->key))
			continue;
		buf_puts(&b, sep);
		put_json_text(&b, c->col->name);
		buf_puts(&b, ":");
		const char *text = replay_value_text(c, &row[i], a);
		if (text)
			put_json_text(&b, text);
		else
			buf_puts(&b, "null");
		sep = ",";
	}
	buf_puts(&b, *sep == '{' ? "{}" : "}");
	return text_of(&b, a);
}

const char *replay_key_text(const ReplayRel *r, const Val *row, Arena *a)
{
	return row_json(r, row, true, a);
}

const char *replay_row_json(const ReplayRel *r, const Val *row, Arena *a)
{
	return row_json(r, row, false, a);
}
