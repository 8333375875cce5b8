/* Translates SQLite's constraint failures. */
#include "catalog/constraint.h"

#include "catalog/partition.h"

#include <stdio.h>
#include <stdlib.h>

/* "Key (a, b)=(1, x)": the columns of a key with the values of a row. False when a value is not known. */
static bool key_text(const CatRel *rel, const int16_t *cols, size_t n, const FailedRow *row, const TypeEnv *types, Buf *out)
{
	buf_puts(out, "Key (");
	for (size_t i = 0; i < n; i++) {
		const CatColumn *c = catrel_attnum(rel, cols[i]);
		if (!c)
			return false;
		buf_printf(out, "%s%s", i ? ", " : "", c->name);
	}
	buf_puts(out, ")=(");
	for (size_t i = 0; i < n; i++) {
		const CatColumn *c = catrel_attnum(rel, cols[i]);
		if (!row || (size_t)cols[i] > row->ncols)
			return false;
		const Val *v = &row->vals[cols[i] - 1];
		Error ignored;
		buf_puts(out, i ? ", " : "");
		if (v->kind == VAL_NULL)
			buf_puts(out, "null");
		else if (type_out(c->type, c->typmod, v, types, out, &ignored))
			return false;
	}
	buf_puts(out, ")");
	return true;
}

/* The relation in the file with this SQLite name. */
static const CatRel *rel_by_sqlite_name(const Catalog *cat, Str name)
{
	for (size_t i = 0; i < cat->nrels; i++) {
		if (catrel_has_rows(cat->rels[i]) && str_ieq(str_of(cat->rels[i]->sqlite_name), name))
			return cat->rels[i];
	}
	return NULL;
}

/* Splits "table.column" at the dot that makes the left part a known table. */
static const CatRel *split_column(const Catalog *cat, Str item, const CatColumn **col)
{
	for (size_t i = item.n; i-- > 0;) {
		if (item.p[i] != '.')
			continue;
		const CatRel *r = rel_by_sqlite_name(cat, (Str){ item.p, i });
		Str name = { item.p + i + 1, item.n - i - 1 };
		for (size_t k = 0; r && k < r->ncols; k++) {
			if (!r->cols[k].dropped && str_ieq(str_of(r->cols[k].sqlite_name), name)) {
				*col = &r->cols[k];
				return r;
			}
		}
	}
	return NULL;
}

typedef struct ColumnSet {
	const CatRel *rel;
	int16_t cols[64];
	size_t n;
} ColumnSet;

static bool parse_columns(const Catalog *cat, const char *list, ColumnSet *set)
{
	for (const char *p = list; *p;) {
		const char *end = strstr(p, ", ");
		size_t n = end ? (size_t)(end - p) : strlen(p);
		const CatColumn *col = NULL;
		const CatRel *r = split_column(cat, (Str){ p, n }, &col);
		if (!r || set->n == ARRAY_LEN(set->cols))
			return false;
		set->rel = r;
		set->cols[set->n++] = col->attnum;
		p = end ? end + 2 : p + n;
	}
	return set->n > 0;
}

static const CatIndex *unique_index_of(const ColumnSet *set)
{
	for (size_t i = 0; i < set->rel->nindexes; i++) {
		const CatIndex *x = set->rel->indexes[i];
		if (x->unique && x->nkeys == set->n && memcmp(x->keys, set->cols, set->n * sizeof *x->keys) == 0)
			return x;
	}
	return NULL;
}

static const CatIndex *index_by_sqlite_name(const Catalog *cat, Str name)
{
	for (size_t i = 0; i < cat->nrels; i++) {
		for (size_t k = 0; k < cat->rels[i]->nindexes; k++) {
			if (str_ieq(str_of(cat->rels[i]->indexes[k]->sqlite_name), name))
				return cat->rels[i]->indexes[k];
		}
	}
	return NULL;
}

static const char *schema_name(const Catalog *cat, const CatRel *r)
{
	const CatSchema *s = catalog_schema_by_oid(cat, r->schema);
	return s ? s->name : NULL;
}

enum { MAX_KEY_COLUMNS = 64 };

static void quote(Buf *b, const char *name)
{
	buf_puts(b, "\"");
	for (; *name; name++)
		buf_printf(b, *name == '"' ? "\"\"" : "%c", *name);
	buf_puts(b, "\"");
}

/* Whether `rel` has a row whose columns have these values. */
static bool has_row(Db *db, const CatRel *rel, const int16_t *cols, size_t n, const Val *vals)
{
	Buf sql = { 0 };
	buf_puts(&sql, "SELECT 1 FROM ");
	quote(&sql, rel->sqlite_name);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&sql, i ? " AND " : " WHERE ");
		quote(&sql, catrel_attnum(rel, cols[i])->sqlite_name);
		buf_printf(&sql, " = ?%zu", i + 1);
	}
	sqlite3_stmt *st = NULL;
	bool found = false;
	if (sqlite3_prepare_v2(db->h, buf_cstr(&sql), -1, &st, NULL) == SQLITE_OK) {
		for (size_t i = 0; i < n; i++)
			db_bind(st, (int)i + 1, &vals[i]);
		found = sqlite3_step(st) == SQLITE_ROW;
	}
	sqlite3_finalize(st);
	buf_free(&sql);
	return found;
}

/* The values of a key in a row, into vals. False when there is no such row or one of them is NULL. */
static bool key_of(const FailedRow *row, const Val *from, const int16_t *cols, size_t n, Val *vals)
{
	if (!from || n > MAX_KEY_COLUMNS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((size_t)cols[i] > row->ncols || from[cols[i] - 1].kind == VAL_NULL)
			return false;
		vals[i] = from[cols[i] - 1];
	}
	return true;
}

static bool plain_keys(const CatIndex *x)
{
	for (size_t i = 0; i < x->nkeys; i++)
		if (x->keys[i] <= 0)
			return false;
	return true;
}

/* PostgreSQL looks at the indexes of a table in the order of their OIDs, SQLite in another. */
static const CatIndex *first_violated(Db *db, const CatIndex *found, const FailedRow *row)
{
	const CatIndex *first = found;
	Val vals[MAX_KEY_COLUMNS];
	if (!row || !row->only_inserts || row->rel->oid != found->table->oid)
		return found;
	for (size_t i = 0; i < found->table->nindexes; i++) {
		const CatIndex *x = found->table->indexes[i];
		if (x->unique && x->oid < first->oid && !x->predicate && plain_keys(x) && key_of(row, row->vals, x->keys, x->nkeys, vals) &&
		    has_row(db, x->table, x->keys, x->nkeys, vals))
			first = x;
	}
	return first;
}

/* Whether DETAIL takes the text: one that is cut off would show another value. */
static bool fits(const Buf *key, const char *table, const Error *err)
{
	return key->len + strlen(table) + sizeof " is still referenced from table \"\"." <= sizeof err->detail;
}

static int unique_error(const Catalog *cat, Db *db, const char *what, const FailedRow *row, const TypeEnv *types, Error *err)
{
	ColumnSet set = { 0 };
	const CatIndex *x = NULL;
	if (strncmp(what, "index '", 7) == 0)
		x = index_by_sqlite_name(cat, (Str){ what + 7, strlen(what + 7) - 1 });
	else if (parse_columns(cat, what, &set))
		x = unique_index_of(&set);
	if (!x)
		return err_set(err, "23505", "duplicate key value violates unique constraint");
	x = first_violated(db, x, row);
	err_set(err, "23505", "duplicate key value violates unique constraint \"%s\"", x->name);
	err_object(err, schema_name(cat, x->table), x->table->name, NULL, x->name);
	Buf key = { 0 };
	if (row && row->vals && row->rel->oid == x->table->oid && constraint_index_key(cat, db, x, row, types, &key) && fits(&key, "", err))
		err_detail(err, "%s already exists.", buf_cstr(&key));
	buf_free(&key);
	return -1;
}

static int not_null_error(const Catalog *cat, const char *what, Error *err)
{
	const CatColumn *col = NULL;
	const CatRel *r = split_column(cat, str_of(what), &col);
	if (!r)
		return err_set(err, "23502", "null value violates not-null constraint");
	err_set(err, "23502", "null value in column \"%s\" of relation \"%s\" violates not-null constraint", col->name, r->name);
	return err_object(err, schema_name(cat, r), r->name, col->name, NULL);
}

/* The CHECK of a partition (partition.h) has the OID of the table in its name. */
static int partition_error(const Catalog *cat, const char *name, Error *err)
{
	const CatRel *r = catalog_rel_by_oid(cat, (uint32_t)strtoul(name + strlen(PARTITION_CHECK), NULL, 10));
	err_set(err, "23514", "new row for relation \"%s\" violates partition constraint", r ? r->name : "");
	return err_object(err, r ? schema_name(cat, r) : NULL, r ? r->name : NULL, NULL, NULL);
}

static int check_error(const Catalog *cat, const char *name, uint32_t target_oid, Error *err)
{
	if (strncmp(name, PARTITION_CHECK, strlen(PARTITION_CHECK)) == 0)
		return partition_error(cat, name, err);
	const CatRel *r = target_oid ? catalog_rel_by_oid(cat, target_oid) : NULL;
	for (size_t i = 0; !r && i < cat->nrels; i++) {
		for (size_t k = 0; k < cat->rels[i]->nconstraints; k++) {
			const CatConstraint *c = cat->rels[i]->constraints[k];
			if (c->type == 'c' && streq(c->name, name))
				r = cat->rels[i];
		}
	}
	err_set(err, "23514", "new row for relation \"%s\" violates check constraint \"%s\"", r ? r->name : "", name);
	return err_object(err, r ? schema_name(cat, r) : NULL, r ? r->name : NULL, NULL, name);
}

/* SELECT the key columns of a row of the child table that has no parent. */
static void orphan_query(const CatConstraint *k, Buf *b)
{
	buf_puts(b, "SELECT ");
	for (size_t i = 0; i < k->ncols; i++) {
		buf_puts(b, i ? ", c." : "c.");
		quote(b, catrel_attnum(k->table, k->cols[i])->sqlite_name);
	}
	buf_puts(b, " FROM ");
	quote(b, k->table->sqlite_name);
	buf_puts(b, " AS c WHERE NOT EXISTS (SELECT 1 FROM ");
	quote(b, k->ref->sqlite_name);
	buf_puts(b, " AS p WHERE ");
	for (size_t i = 0; i < k->ncols; i++) {
		buf_puts(b, i ? " AND p." : "p.");
		quote(b, catrel_attnum(k->ref, k->ref_cols[i])->sqlite_name);
		buf_puts(b, " = c.");
		quote(b, catrel_attnum(k->table, k->cols[i])->sqlite_name);
	}
	buf_puts(b, ")");
	for (size_t i = 0; i < k->ncols; i++) {
		buf_puts(b, " AND c.");
		quote(b, catrel_attnum(k->table, k->cols[i])->sqlite_name);
		buf_puts(b, " IS NOT NULL");
	}
	buf_puts(b, " LIMIT 1");
}

/* Whether the file holds a row that violates the key now; its values go to vals. */
static bool find_orphan(Db *db, const CatConstraint *k, Arena *a, Val *vals)
{
	Buf sql = { 0 };
	orphan_query(k, &sql);
	sqlite3_stmt *st = NULL;
	bool found = sqlite3_prepare_v2(db->h, buf_cstr(&sql), -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;
	for (size_t i = 0; found && i < k->ncols; i++) {
		Val v = db_column(st, (int)i);
		if (v.kind == VAL_TEXT || v.kind == VAL_BLOB)
			v.s.p = arena_dup(a, v.s.p, v.s.n);
		vals[i] = v;
	}
	sqlite3_finalize(st);
	buf_free(&sql);
	return found;
}

/* As key_text, for values in the order of the key. */
static bool key_values_text(const CatRel *rel, const int16_t *cols, size_t n, const Val *vals, Arena *a, const TypeEnv *types, Buf *out)
{
	Val *row = arena_array(a, Val, rel->ncols);
	for (size_t i = 0; i < n; i++)
		row[cols[i] - 1] = vals[i];
	return key_text(rel, cols, n, &(FailedRow){ .rel = rel, .vals = row, .ncols = rel->ncols }, types, out);
}

static int child_error(const Catalog *cat, const CatConstraint *k, const Val *vals, Arena *a, const TypeEnv *types, Error *err)
{
	Buf key = { 0 };
	err_set(err, "23503", "insert or update on table \"%s\" violates foreign key constraint \"%s\"", k->table->name, k->name);
	if (vals && key_values_text(k->table, k->cols, k->ncols, vals, a, types, &key) && fits(&key, k->ref->name, err))
		err_detail(err, "%s is not present in table \"%s\".", buf_cstr(&key), k->ref->name);
	buf_free(&key);
	return err_object(err, schema_name(cat, k->table), k->table->name, NULL, k->name);
}

static int parent_error(const Catalog *cat, const CatConstraint *k, const Val *vals, Arena *a, const TypeEnv *types, Error *err)
{
	Buf key = { 0 };
	while (k->parent) /* the key of a partition is its table's */
		k = k->parent;
	err_set(err, "23503", "update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"", k->ref->name,
		k->name, k->table->name);
	if (vals && key_values_text(k->ref, k->ref_cols, k->ncols, vals, a, types, &key) && fits(&key, k->table->name, err))
		err_detail(err, "%s is still referenced from table \"%s\".", buf_cstr(&key), k->table->name);
	buf_free(&key);
	return err_object(err, schema_name(cat, k->table), k->table->name, NULL, k->name);
}

/* The only foreign key the statement can have violated, when there is just one. */
static const CatConstraint *only_candidate(const Catalog *cat, uint32_t target, size_t *n)
{
	const CatConstraint *found = NULL;
	*n = 0;
	for (size_t i = 0; i < cat->nrels; i++) {
		for (size_t k = 0; k < cat->rels[i]->nconstraints; k++) {
			const CatConstraint *c = cat->rels[i]->constraints[k];
			if (c->type == 'f' && (!target || c->table->oid == target || c->ref->oid == target)) {
				found = c;
				++*n;
			}
		}
	}
	return found;
}

static int foreign_key_error(const Catalog *cat, Db *db, uint32_t target, const TypeEnv *types, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val vals[64];
	for (size_t i = 0; i < cat->nrels; i++) {
		for (size_t j = 0; j < cat->rels[i]->nconstraints; j++) {
			const CatConstraint *k = cat->rels[i]->constraints[j];
			if (k->type != 'f' || k->ncols > ARRAY_LEN(vals))
				continue;
			if (find_orphan(db, k, a, vals)) {
				bool parent = k->ref->oid == target && k->table->oid != target;
				return parent ? parent_error(cat, k, vals, a, types, err) : child_error(cat, k, vals, a, types, err);
			}
		}
	}
	size_t n;
	const CatConstraint *k = only_candidate(cat, target, &n);
	if (n != 1)
		return err_set(err, "23503", "foreign key constraint violated");
	return k->table->oid == target ? child_error(cat, k, NULL, a, types, err) : parent_error(cat, k, NULL, a, types, err);
}

static bool val_same(const Val *x, const Val *y)
{
	if (x->kind != y->kind)
		return false;
	switch (x->kind) {
	case VAL_NULL:
		return true;
	case VAL_INT:
		return x->i == y->i;
	case VAL_REAL:
		return x->r == y->r;
	default:
		return str_eq(x->s, y->s);
	}
}

static bool key_unchanged(const FailedRow *row, const int16_t *cols, size_t n)
{
	if (!row->old || !row->vals)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((size_t)cols[i] > row->ncols || !val_same(&row->old[cols[i] - 1], &row->vals[cols[i] - 1]))
			return false;
	return true;
}

/* The row's old key is gone and still referenced. */
static bool breaks_parent(Db *db, const CatConstraint *k, const FailedRow *row, bool refused, Val *vals)
{
	if (k->ref->oid != row->rel->oid || k->deferred || key_unchanged(row, k->ref_cols, k->ncols) ||
	    !key_of(row, row->old, k->ref_cols, k->ncols, vals) || !has_row(db, k->table, k->cols, k->ncols, vals))
		return false;
	char action = row->vals ? k->on_update : k->on_delete;
	return refused ? action == 'r' : !has_row(db, k->ref, k->ref_cols, k->ncols, vals);
}

static bool breaks_child(Db *db, const CatConstraint *k, const FailedRow *row, Val *vals)
{
	return k->table->oid == row->rel->oid && !k->deferred && !key_unchanged(row, k->cols, k->ncols) &&
	       key_of(row, row->vals, k->cols, k->ncols, vals) && !has_row(db, k->ref, k->ref_cols, k->ncols, vals);
}

typedef struct RowCheck {
	const Catalog *cat;
	Db *db;
	const TypeEnv *types;
	Arena *arena;
	bool refused;
} RowCheck;

/* The constraint with the smallest OID that the row violates, as the one referenced or as the one that refers. */
static const CatConstraint *broken_by(const RowCheck *c, const FailedRow *row, bool parent, Val *vals)
{
	const CatConstraint *first = NULL;
	Val tried[MAX_KEY_COLUMNS];
	for (size_t i = 0; i < c->cat->nrels; i++) {
		for (size_t j = 0; j < c->cat->rels[i]->nconstraints; j++) {
			const CatConstraint *k = c->cat->rels[i]->constraints[j];
			if (k->type != 'f' || (first && first->oid < k->oid))
				continue;
			if (parent ? breaks_parent(c->db, k, row, c->refused, tried) : breaks_child(c->db, k, row, tried)) {
				first = k;
				memcpy(vals, tried, k->ncols * sizeof *vals);
			}
		}
	}
	return first;
}

static int check_row(const RowCheck *c, const FailedRow *row, Error *err)
{
	Val vals[MAX_KEY_COLUMNS];
	const CatConstraint *k = broken_by(c, row, true, vals);
	if (k)
		return parent_error(c->cat, k, vals, c->arena, c->types, err);
	k = c->refused ? NULL : broken_by(c, row, false, vals);
	return k ? child_error(c->cat, k, vals, c->arena, c->types, err) : 0;
}

int constraint_foreign_key_rows(const Catalog *cat, Db *db, const FailedRow *rows, size_t n, bool refused, const TypeEnv *types, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	RowCheck c = { cat, db, types, a, refused };
	int rc = 0;
	for (size_t i = refused && n ? n - 1 : 0; i < n && rc == 0; i++)
		rc = check_row(&c, &rows[i], err);
	return rc;
}

int constraint_error(const Catalog *cat, Db *db, int extended_rc, const char *msg, uint32_t target_oid, const FailedRow *row,
		     const TypeEnv *types, Error *err)
{
	const char *what = strstr(msg, "constraint failed: ");
	what = what ? what + strlen("constraint failed: ") : "";
	switch (extended_rc) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return unique_error(cat, db, what, row, types, err);
	case SQLITE_CONSTRAINT_NOTNULL:
		return not_null_error(cat, what, err);
	case SQLITE_CONSTRAINT_CHECK:
		return check_error(cat, what, target_oid, err);
	case SQLITE_CONSTRAINT_TRIGGER: /* only RESTRICT: the file has no triggers */
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return foreign_key_error(cat, db, target_oid, types, err);
	default:
		return err_set(err, "23000", "%s", msg);
	}
}
