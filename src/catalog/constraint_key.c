/* The values of rows and index keys in the DETAIL of an error. */
#include "catalog/constraint.h"

#include <stdlib.h>

/* One value of a statement of our own with two integer parameters, as text in the arena; NULL when there is none. */
static const char *ask(Db *db, const char *sql, uint32_t oid, size_t column, Arena *a)
{
	sqlite3_stmt *st = NULL;
	const char *text = NULL;
	if (sqlite3_prepare_v2(db->h, sql, -1, &st, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(st, 1, oid);
		sqlite3_bind_int64(st, 2, (int64_t)column);
		if (sqlite3_step(st) == SQLITE_ROW)
			text = arena_strdup(a, (const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	return text;
}

/* SELECT the expression over one row, whose values are parameters. */
static void put_select(Buf *b, const char *expr, const CatRel *rel)
{
	bool any = false;
	buf_printf(b, "SELECT %s FROM (SELECT ", expr);
	for (size_t i = 0; i < rel->ncols; i++) {
		if (rel->cols[i].dropped)
			continue;
		buf_printf(b, "%s?%zu AS \"", any ? ", " : "", i + 1);
		any = true;
		for (const char *p = rel->cols[i].sqlite_name; *p; p++)
			buf_printf(b, *p == '"' ? "\"\"" : "%c", *p);
		buf_puts(b, "\"");
	}
	buf_puts(b, ")");
}

static bool put_val(const PgType *type, int32_t typmod, const Val *v, const TypeEnv *types, Buf *out)
{
	Error ignored;
	if (v->kind != VAL_NULL)
		return type && type_out(type, typmod, v, types, out, &ignored) == 0;
	buf_puts(out, "null");
	return true;
}

/* The value of expression `column` (1-based) of an index for a row. */
static bool put_expression(const Catalog *cat, Db *db, const CatIndex *x, size_t column, const FailedRow *row, const TypeEnv *types,
			   Arena *a, Buf *out)
{
	const char *expr = ask(db, "SELECT pg_index_key_sql(?1, ?2)", x->oid, column, a);
	const char *oid = ask(db, "SELECT pg_index_key_type(?1, ?2)", x->oid, column, a);
	if (!expr || !oid)
		return false;
	Buf sql = { 0 };
	put_select(&sql, expr, row->rel);
	sqlite3_stmt *st = NULL;
	bool known = false;
	if (sqlite3_prepare_v2(db->h, buf_cstr(&sql), -1, &st, NULL) == SQLITE_OK) {
		for (size_t i = 0; i < row->ncols; i++)
			if (!row->rel->cols[i].dropped)
				db_bind(st, (int)i + 1, &row->vals[i]);
		if (sqlite3_step(st) == SQLITE_ROW) {
			Val v = db_column(st, 0);
			known = put_val(catalog_type(cat, (uint32_t)strtoul(oid, NULL, 10)), -1, &v, types, out);
		}
	}
	sqlite3_finalize(st);
	buf_free(&sql);
	return known;
}

bool constraint_index_key(const Catalog *cat, Db *db, const CatIndex *x, const FailedRow *row, const TypeEnv *types, Buf *out)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	bool known = true;
	buf_puts(out, "Key (");
	for (size_t i = 0; i < x->nkeys && known; i++) {
		const char *shown = ask(db, "SELECT pg_pg_get_indexdef_ext(?1, ?2, 1)", x->oid, i + 1, a);
		known = shown != NULL;
		buf_printf(out, "%s%s", i ? ", " : "", shown ? shown : "");
	}
	buf_puts(out, ")=(");
	for (size_t i = 0; i < x->nkeys && known; i++) {
		const CatColumn *c = x->keys[i] ? catrel_attnum(x->table, x->keys[i]) : NULL;
		buf_puts(out, i ? ", " : "");
		if (c)
			known = put_val(c->type, c->typmod, &row->vals[c->attnum - 1], types, out);
		else
			known = put_expression(cat, db, x, i + 1, row, types, a, out);
	}
	buf_puts(out, ")");
	return known;
}

/* At most 64 bytes of a value, whole characters. */
static int put_shown(const CatColumn *c, const Val *v, const TypeEnv *types, Buf *out)
{
	enum { SHOWN = 64 };
	Error ignored;
	size_t at = out->len, end;
	if (v->kind == VAL_NULL) {
		buf_puts(out, "null");
		return 0;
	}
	if (type_out(c->type, c->typmod, v, types, out, &ignored) != 0)
		return -1;
	if (out->len - at <= SHOWN)
		return 0;
	for (end = at + SHOWN; end > at && (out->data[end] & 0xc0) == 0x80; end--)
		;
	out->len = end;
	buf_puts(out, "...");
	return 0;
}

void constraint_failing_row(const FailedRow *row, const TypeEnv *types, Error *err)
{
	if (!(err_is(err, "23502") || err_is(err, "23514")) || !row->vals || !streq(err->table, row->rel->name))
		return;
	Buf b = { 0 };
	bool known = true, any = false;
	for (size_t i = 0; i < row->ncols && known; i++) {
		const CatColumn *c = &row->rel->cols[i];
		if (c->dropped)
			continue;
		buf_puts(&b, any ? ", " : "");
		any = true;
		known = put_shown(c, &row->vals[i], types, &b) == 0;
	}
	/* A longer one would be cut off in the middle. */
	if (known && b.len + sizeof "Failing row contains ()." <= sizeof err->detail)
		err_detail(err, "Failing row contains (%s).", buf_cstr(&b));
	buf_free(&b);
}
