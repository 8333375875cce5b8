/* Writes a relation out: its rows in the _understudy_* tables, its CREATE TABLE and CREATE INDEX. */
#include "sql/ddl.h"

static void save_columns(Ddl *d, const CatRel *r)
{
	for (size_t i = 0; i < r->ncols; i++) {
		const CatColumn *c = &r->cols[i];
		char identity[2] = { c->identity, 0 }, generated[2] = { c->generated, 0 };
		ddl_sql(d, "INSERT INTO _understudy_column VALUES (%u, %d, %s, %u, %d, %d, %d, %s, %s, %s, %u, %s)", r->oid, c->attnum,
			ddl_lit(d, c->name), c->type->oid, c->typmod, c->not_null, c->dropped, ddl_lit(d, c->identity ? identity : NULL),
			ddl_lit(d, c->generated ? generated : NULL), ddl_lit(d, c->default_sql), c->sequence, ddl_lit(d, c->sqlite_name));
		if (c->inherited)
			ddl_sql(d, "INSERT INTO _understudy_inherited VALUES (%u, %d)", r->oid, c->attnum);
	}
}

void ddl_save_index(Ddl *d, const CatIndex *x)
{
	char storage[2] = { x->storage, 0 };
	ddl_touch(d, x->table->schema);
	ddl_sql(d, "INSERT INTO _understudy_index VALUES (%u, %u, %s, %s, %d, %d, %d, %s, %s, %s)", x->oid, x->table->oid,
		ddl_lit(d, x->name), ddl_lit(d, x->sqlite_name), x->unique, x->primary, x->nulls_not_distinct, ddl_lit(d, x->predicate),
		ddl_lit(d, x->method), ddl_lit(d, storage));
	for (size_t i = 0; i < x->nkeys; i++)
		ddl_sql(d, "INSERT INTO _understudy_index_key VALUES (%u, %zu, %d, %s, %d, %s, '%c')", x->oid, i + 1, x->keys[i],
			ddl_lit(d, x->exprs[i]), x->options[i], ddl_lit(d, x->opclasses[i]), x->contents[i]);
	if (x->parent)
		ddl_sql(d, "INSERT INTO _understudy_inherits VALUES (%u, 1, %u)", x->oid, x->parent->oid);
	if (x->only)
		ddl_sql(d, "INSERT INTO _understudy_inherited VALUES (%u, -1)", x->oid);
}

static const char *attnum_list(Ddl *d, const int16_t *cols, size_t n)
{
	const char *s = "";
	for (size_t i = 0; i < n; i++)
		s = arena_printf(d->a, "%s%s%d", s, i ? " " : "", cols[i]);
	return s;
}

void ddl_save_constraint(Ddl *d, const CatConstraint *k)
{
	char type[2] = { k->type, 0 }, upd[2] = { k->on_update, 0 }, del[2] = { k->on_delete, 0 }, match[2] = { k->match, 0 };
	bool fk = k->type == 'f';
	ddl_sql(d, "INSERT INTO _understudy_constraint VALUES (%u, %u, %s, '%s', %s, %u, %u, %s, %s, %s, %s, %d, %d, %s, %d, %d)", k->oid,
		k->table->oid, ddl_lit(d, k->name), type, ddl_lit(d, attnum_list(d, k->cols, k->ncols)), k->index ? k->index->oid : 0,
		fk ? k->ref->oid : 0, fk ? ddl_lit(d, attnum_list(d, k->ref_cols, k->ncols)) : "NULL", ddl_lit(d, fk ? upd : NULL),
		ddl_lit(d, fk ? del : NULL), ddl_lit(d, fk ? match : NULL), k->deferrable, k->deferred, ddl_lit(d, k->check_sql),
		k->not_valid, k->no_inherit);
	if (k->parent)
		ddl_sql(d, "INSERT INTO _understudy_inherits VALUES (%u, 1, %u)", k->oid, k->parent->oid);
	if (k->inherited)
		ddl_sql(d, "INSERT INTO _understudy_inherited VALUES (%u, 0)", k->oid);
}

static void save_row_types(Ddl *d, const CatRel *r)
{
	if (!r->rowtype)
		return;
	ddl_sql(d, "INSERT INTO _understudy_type VALUES (%u, %u, %s, 'c', %u, %u, 0, %u)", r->rowtype, r->schema, ddl_lit(d, r->name),
		r->owner, r->arraytype, r->oid);
	if (r->arraytype)
		ddl_sql(d, "INSERT INTO _understudy_type VALUES (%u, %u, %s, 'a', %u, 0, %u, 0)", r->arraytype, r->schema,
			ddl_lit(d, arena_printf(d->a, "_%.62s", r->name)), r->owner, r->rowtype);
}

static void save_view_names(Ddl *d, const CatRel *r)
{
	for (size_t i = 0; i < r->nview_names; i++) {
		const CatViewName *n = &r->view_names[i];
		ddl_sql(d, "INSERT INTO _understudy_view_name VALUES (%u, %zu, 0, %s, %s, %u)", r->oid, i, ddl_lit(d, n->name),
			ddl_lit(d, n->schema), n->oid);
		for (size_t k = 0; k < n->ncols; k++)
			if (n->cols[k])
				ddl_sql(d, "INSERT INTO _understudy_view_name VALUES (%u, %zu, %zu, %s, NULL, NULL)", r->oid, i, k + 1,
					ddl_lit(d, n->cols[k]));
	}
}

void ddl_save_rel(Ddl *d, const CatRel *r)
{
	char kind[2] = { (char)r->kind, 0 };
	char persistence = ddl_is_temp(d, r->schema) ? 't' : r->persistence ? r->persistence : 'p', on_commit[2] = { r->on_commit, 0 };
	char check_option[2] = { r->check_option, 0 };
	ddl_touch(d, r->schema);
	ddl_sql(d,
		"INSERT INTO _understudy_relation (oid, schema, name, kind, owner, sqlite_name, view_sql, rowid_col, rowtype, arraytype, "
		"persistence, on_commit, check_option, populated) VALUES (%u, %u, %s, '%s', %u, %s, %s, %d, %u, %u, '%c', %s, %s, %d)",
		r->oid, r->schema, ddl_lit(d, r->name), kind, r->owner, ddl_lit(d, r->sqlite_name), ddl_lit(d, r->view_sql), r->rowid_col,
		r->rowtype, r->arraytype, persistence, ddl_lit(d, r->on_commit ? on_commit : NULL),
		ddl_lit(d, r->check_option ? check_option : NULL), r->kind != REL_MATVIEW || r->populated);
	save_row_types(d, r);
	save_columns(d, r);
	save_view_names(d, r);
	ddl_save_inheritance(d, r);
	for (size_t i = 0; i < r->nindexes; i++)
		ddl_save_index(d, r->indexes[i]);
	for (size_t i = 0; i < r->nconstraints; i++)
		ddl_save_constraint(d, r->constraints[i]);
}

void ddl_forget_rel(Ddl *d, const CatRel *r)
{
	ddl_touch(d, r->schema);
	ddl_forget_inheritance(d, r);
	ddl_sql(d, "DELETE FROM _understudy_column WHERE rel = %u", r->oid);
	if (catrel_is_view(r))
		ddl_sql(d, "DELETE FROM _understudy_view_name WHERE view = %u", r->oid);
	ddl_sql(d, "DELETE FROM _understudy_index_key WHERE idx IN (SELECT oid FROM _understudy_index WHERE rel = %u)", r->oid);
	ddl_sql(d, "DELETE FROM _understudy_index WHERE rel = %u", r->oid);
	ddl_sql(d, "DELETE FROM _understudy_constraint WHERE rel = %u", r->oid);
	if (r->rowtype)
		ddl_sql(d, "DELETE FROM _understudy_type WHERE oid IN (%u, %u)", r->rowtype, r->arraytype);
	ddl_sql(d, "DELETE FROM _understudy_relation WHERE oid = %u", r->oid);
}

static bool find_rte(Expr *x, void *arg)
{
	const Rte **rte = arg;
	if (x->kind == X_VAR && !*rte)
		*rte = x->rte;
	return !*rte;
}

/* SQLite text of an expression over the columns of r; *type receives its type. */
static const char *typed_expr(Ddl *d, const CatRel *r, const char *pg, ExprPlace place, uint32_t want, int32_t typmod, const PgType **type)
{
	Expr *x = an_expr_text(d->ps->env, d->a, pg, r, place, want, typmod, d->err);
	if (!x)
		return NULL;
	const Rte *rte = NULL;
	expr_walk(x, find_rte, &rte);
	if (!rte) {
		Rte *none = arena_new_of(d->a, Rte);
		none->kind = RTE_RELATION;
		none->rel = r;
		rte = none;
	}
	if (type)
		*type = catalog_type(d->cat, x->type);
	return emit_table_expr(d->cat, d->ps->env->types, x, rte, d->a, d->err);
}

const char *ddl_table_expr(Ddl *d, const CatRel *r, const char *pg, ExprPlace place, uint32_t want, int32_t typmod)
{
	return typed_expr(d, r, pg, place, want, typmod, NULL);
}

static int column_sql(Ddl *d, const CatRel *r, const CatColumn *c, Buf *b)
{
	char coll[64];
	const char *collation = type_collation(c->type, coll, sizeof coll);
	emit_ident(b, c->sqlite_name);
	buf_printf(b, " %s", type_storage(c->type));
	if (collation)
		buf_printf(b, " COLLATE %s", ddl_id(d, collation));
	if (r->rowid_col == c->attnum)
		buf_puts(b, " PRIMARY KEY");
	if (c->not_null)
		buf_puts(b, " NOT NULL");
	if (c->generated) {
		const char *sql = ddl_table_expr(d, r, c->default_sql, AT_CHECK, c->type->oid, c->typmod);
		if (!sql)
			return -1;
		buf_printf(b, " GENERATED ALWAYS AS (%s) STORED", sql);
	}
	return 0;
}

static void column_list(Ddl *d, const CatRel *r, const int16_t *cols, size_t n, Buf *b)
{
	buf_puts(b, "(");
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i ? ", " : "");
		emit_ident(b, catrel_attnum(r, cols[i])->sqlite_name);
	}
	buf_puts(b, ")");
}

static const char *action_sql(char a)
{
	return a == 'c' ? "CASCADE" : a == 'n' ? "SET NULL" : a == 'd' ? "SET DEFAULT" : a == 'r' ? "RESTRICT" : "NO ACTION";
}

static int constraint_sql(Ddl *d, const CatRel *r, const CatConstraint *k, Buf *b)
{
	if (k->type == 'c') {
		const char *sql = ddl_table_expr(d, r, k->check_sql, AT_CHECK, 16, -1);
		if (!sql)
			return -1;
		buf_printf(b, ", CONSTRAINT %s CHECK (%s)", ddl_id(d, k->name), sql);
	} else if (k->type == 'f') {
		const CatRel *ref = k->ref->oid == r->oid ? r : k->ref;
		buf_printf(b, ", CONSTRAINT %s FOREIGN KEY ", ddl_id(d, k->name));
		column_list(d, r, k->cols, k->ncols, b);
		buf_puts(b, " REFERENCES ");
		emit_ident(b, ref->sqlite_name);
		column_list(d, ref, k->ref_cols, k->ncols, b);
		buf_printf(b, " ON UPDATE %s ON DELETE %s", action_sql(k->on_update), action_sql(k->on_delete));
		if (k->deferrable)
			buf_printf(b, " DEFERRABLE INITIALLY %s", k->deferred ? "DEFERRED" : "IMMEDIATE");
	}
	return 0;
}

int ddl_make_table(Ddl *d, const CatRel *r, const char *sqlite_name)
{
	Buf b = { 0 };
	int failed = 0;
	size_t shown = 0;
	buf_puts(&b, "CREATE TABLE ");
	emit_ident(&b, sqlite_name);
	buf_puts(&b, " (");
	for (size_t i = 0; i < r->ncols && !failed; i++) {
		if (r->cols[i].dropped)
			continue;
		buf_puts(&b, shown++ ? ", " : "");
		failed = column_sql(d, r, &r->cols[i], &b);
	}
	if (!shown)
		buf_puts(&b, "_understudy_empty INTEGER"); /* SQLite has no table without columns */
	for (size_t i = 0; i < r->nconstraints && !failed; i++)
		failed = constraint_sql(d, r, r->constraints[i], &b);
	if (!failed)
		failed = ddl_put_partition_check(d, r, &b);
	buf_puts(&b, ")");
	if (!failed)
		ddl_sql(d, "%s", buf_cstr(&b));
	buf_free(&b);
	return failed;
}

int ddl_add_file_column(Ddl *d, const CatRel *r, const CatColumn *c)
{
	Buf b = { 0 };
	int failed = column_sql(d, r, c, &b);
	if (!failed)
		ddl_sql(d, "ALTER TABLE %s ADD COLUMN %s", ddl_id(d, r->sqlite_name), buf_cstr(&b));
	buf_free(&b);
	return failed;
}

void ddl_forget_comments(Ddl *d, uint32_t oid, uint32_t class)
{
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = %u", oid, class);
}

bool index_has_sqlite(const CatIndex *x)
{
	if (x->primary && x->table->rowid_col)
		return false;
	return x->storage == 'b';
}

static int null_key_sql(Ddl *d, const CatIndex *x, size_t i, Buf *b)
{
	const CatColumn *c = x->keys[i] ? catrel_attnum(x->table, x->keys[i]) : NULL;
	const PgType *type = c ? c->type : NULL;
	const char *sql = c ? ddl_id(d, c->sqlite_name) : typed_expr(d, x->table, x->exprs[i], AT_INDEX_EXPR, 0, -1, &type);
	char coll[64];
	const char *collation = sql && type ? type_collation(type, coll, sizeof coll) : NULL;
	if (!sql)
		return -1;
	buf_printf(b, "(%s IS NULL), (ifnull(%s, 0))", sql, sql);
	if (collation)
		buf_printf(b, " COLLATE %s", ddl_id(d, collation));
	return 0;
}

static int index_key_sql(Ddl *d, const CatIndex *x, size_t i, Buf *b)
{
	/* To SQLite two NULLs are different: whether it is one, and what stands for it, are not. */
	if (x->nulls_not_distinct && x->unique)
		return null_key_sql(d, x, i, b);
	if (x->keys[i]) {
		emit_ident(b, catrel_attnum(x->table, x->keys[i])->sqlite_name);
	} else {
		const PgType *type;
		char coll[64];
		const char *sql = typed_expr(d, x->table, x->exprs[i], AT_INDEX_EXPR, 0, -1, &type);
		if (!sql)
			return -1;
		const char *collation = type ? type_collation(type, coll, sizeof coll) : NULL;
		buf_printf(b, "(%s)", sql);
		if (collation)
			buf_printf(b, " COLLATE %s", ddl_id(d, collation));
	}
	if (x->options[i] & 1)
		buf_puts(b, " DESC");
	return 0;
}

int ddl_make_index(Ddl *d, const CatIndex *x)
{
	if (x->storage == 'c')
		return ddl_make_content(d, x);
	if (!index_has_sqlite(x))
		return 0;
	Buf b = { 0 };
	int failed = 0;
	buf_printf(&b, "CREATE %sINDEX %s ON %s (", x->unique ? "UNIQUE " : "", ddl_id(d, x->sqlite_name),
		   ddl_id(d, x->table->sqlite_name));
	for (size_t i = 0; i < x->nkeys && !failed; i++) {
		buf_puts(&b, i ? ", " : "");
		failed = index_key_sql(d, x, i, &b);
	}
	buf_puts(&b, ")");
	if (x->predicate && !failed) {
		const char *sql = ddl_table_expr(d, x->table, x->predicate, AT_INDEX_WHERE, 16, -1);
		failed = sql ? 0 : -1;
		if (sql)
			buf_printf(&b, " WHERE %s", sql);
	}
	if (!failed)
		ddl_sql(d, "%s", buf_cstr(&b));
	buf_free(&b);
	return failed;
}
