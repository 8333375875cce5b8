/* PRIMARY KEY, UNIQUE, CHECK and FOREIGN KEY, added to a relation in the making. */
#include "sql/ddl.h"

#include <stdio.h>

#define APPEND_PTR(d, arr, n, item)                                                                                                        \
	do {                                                                                                                               \
		void *more_ = arena_array((d)->a, void *, (n) + 1);                                                                        \
		if (n)                                                                                                                     \
			memcpy(more_, (arr), (n) * sizeof(void *));                                                                        \
		(arr) = more_;                                                                                                             \
		(arr)[(n)++] = (item);                                                                                                     \
	} while (0)

CatIndex *ddl_new_index(Ddl *d, CatRel *r, const char *name, size_t nkeys)
{
	CatIndex *x = arena_new_of(d->a, CatIndex);
	x->oid = ddl_oid(d);
	x->name = arena_strdup(d->a, name);
	x->sqlite_name = (char *)ddl_sqlite_name(d, r->schema, name, x->oid);
	x->table = r;
	x->method = arena_strdup(d->a, "btree");
	x->nkeys = nkeys;
	x->keys = arena_array(d->a, int16_t, nkeys);
	x->exprs = arena_array(d->a, char *, nkeys);
	x->options = arena_array(d->a, uint8_t, nkeys);
	x->opclasses = arena_array(d->a, char *, nkeys);
	x->contents = arena_alloc(d->a, nkeys + 1);
	memset(x->contents, ' ', nkeys);
	x->storage = 'b';
	ddl_take_name(d, r->schema, x->name);
	APPEND_PTR(d, r->indexes, r->nindexes, x);
	return x;
}

CatConstraint *ddl_new_constraint(Ddl *d, CatRel *r, char type, const char *name, size_t ncols)
{
	CatConstraint *k = arena_new_of(d->a, CatConstraint);
	k->oid = ddl_oid(d);
	k->name = arena_strdup(d->a, name);
	k->type = type;
	k->table = r;
	k->ncols = ncols;
	k->cols = arena_array(d->a, int16_t, ncols ? ncols : 1);
	APPEND_PTR(d, r->constraints, r->nconstraints, k);
	return k;
}

static bool is_integer(const PgType *t)
{
	return t->oid == 20 || t->oid == 21 || t->oid == 23;
}

bool ddl_has_primary(const CatRel *r)
{
	for (size_t i = 0; i < r->nindexes; i++)
		if (r->indexes[i]->primary)
			return true;
	return false;
}

/* A primary key over one integer column is SQLite's rowid: the fastest form. */
void ddl_choose_rowid(CatRel *r)
{
	r->rowid_col = 0;
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *x = r->indexes[i];
		if (!x->primary || x->nkeys != 1)
			continue;
		const CatColumn *c = catrel_attnum(r, x->keys[0]);
		if (is_integer(c->type) && !c->generated)
			r->rowid_col = c->attnum;
	}
}

static int find_columns(Ddl *d, CatRel *r, PgQuery__Node *const *names, size_t n, bool key, int16_t *out)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = node_string(names[i]);
		const CatColumn *c = name ? catrel_column(r, name) : NULL;
		if (!c && key)
			return an_error(d->ps, -1, "42703", "column \"%s\" named in key does not exist", name ? name : "");
		if (!c)
			return an_error(d->ps, -1, "42703", "column \"%s\" referenced in foreign key constraint does not exist",
					name ? name : "");
		for (size_t k = 0; key && k < i; k++) {
			if (out[k] == c->attnum)
				return an_error(d->ps, -1, "42701", "column \"%s\" appears twice in unique constraint", name);
		}
		out[i] = c->attnum;
	}
	return 0;
}

/* "a_b" for the columns (a, b): the middle of a generated name. */
static const char *join_names(Ddl *d, const CatRel *r, const int16_t *cols, size_t n)
{
	const char *s = "";
	for (size_t i = 0; i < n; i++)
		s = arena_printf(d->a, "%s%s%s", s, i ? "_" : "", catrel_attnum(r, cols[i])->name);
	return s;
}

static bool has_constraint(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->nconstraints; i++) {
		if (streq(r->constraints[i]->name, name))
			return true;
	}
	return false;
}

static int refuse_key_options(Ddl *d, const PgQuery__Constraint *k)
{
	if (k->deferrable)
		return an_refuse(d->ps, k->location, "DEFERRABLE unique constraint");
	if (k->n_including)
		return an_refuse(d->ps, k->location, "INCLUDE columns of a unique constraint");
	return ddl_check_tablespace(d, k->indexspace) || ddl_check_parameters(d, k->options, k->n_options, true) ? -1 : 0;
}

static const char *key_name(Ddl *d, CatRel *r, const PgQuery__Constraint *k, bool primary, const char *given, const int16_t *cols, size_t n)
{
	if (given && *given) {
		if (has_constraint(r, given))
			an_error(d->ps, -1, "42710", "constraint \"%s\" for relation \"%s\" already exists", given, r->name);
		else if (ddl_name_taken(d, r->schema, given))
			an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", given);
		else
			return given;
		return NULL;
	}
	if (primary)
		return ddl_choose_name(d, r->schema, r->name, NULL, "pkey", r);
	return ddl_choose_name(d, r->schema, r->name, join_names(d, r, cols, n), "key", r);
}

/* ADD CONSTRAINT ... USING INDEX: the index becomes the constraint's. */
static int add_key_using_index(Ddl *d, CatRel *r, const PgQuery__Constraint *k, bool primary)
{
	CatIndex *x = NULL;
	for (size_t i = 0; i < r->nindexes; i++) {
		if (streq(r->indexes[i]->name, k->indexname))
			x = r->indexes[i];
	}
	if (!x)
		return an_error(d->ps, k->location, "42704", "index \"%s\" does not exist", k->indexname);
	if (!x->unique || x->predicate)
		return an_error(d->ps, k->location, "42809", "\"%s\" is not a unique index", k->indexname);
	CatConstraint *c = ddl_new_constraint(d, r, primary ? 'p' : 'u', k->conname && *k->conname ? k->conname : x->name, x->nkeys);
	memcpy(c->cols, x->keys, x->nkeys * sizeof *c->cols);
	c->index = x;
	x->name = c->name;
	x->primary = primary;
	for (size_t i = 0; primary && i < x->nkeys; i++)
		((CatColumn *)catrel_attnum(r, x->keys[i]))->not_null = true;
	ddl_choose_rowid(r);
	return 0;
}

static int add_key(Ddl *d, CatRel *r, const PgQuery__Constraint *k, const CatColumn *column, bool primary)
{
	if (primary && ddl_has_primary(r))
		return an_error(d->ps, -1, "42P16", "multiple primary keys for table \"%s\" are not allowed", r->name);
	if (refuse_key_options(d, k))
		return -1;
	if (k->indexname && *k->indexname)
		return add_key_using_index(d, r, k, primary);
	size_t n = column ? 1 : k->n_keys;
	int16_t *cols = arena_array(d->a, int16_t, n);
	if (column)
		cols[0] = column->attnum;
	else if (find_columns(d, r, k->keys, n, true, cols))
		return -1;
	const char *name = key_name(d, r, k, primary, k->conname, cols, n);
	if (!name)
		return -1;
	CatIndex *x = ddl_new_index(d, r, name, n);
	x->unique = true;
	x->primary = primary;
	x->nulls_not_distinct = k->nulls_not_distinct;
	CatConstraint *c = ddl_new_constraint(d, r, primary ? 'p' : 'u', name, n);
	c->index = x;
	for (size_t i = 0; i < n; i++) {
		if (ddl_check_key_type(d, catrel_attnum(r, cols[i])->type->oid, "btree"))
			return -1;
		x->keys[i] = c->cols[i] = cols[i];
		if (primary)
			((CatColumn *)catrel_attnum(r, cols[i]))->not_null = true;
	}
	ddl_choose_rowid(r);
	return 0;
}

typedef struct UsedColumns {
	int16_t cols[64];
	size_t n;
} UsedColumns;

static bool note_column(Expr *x, void *arg)
{
	UsedColumns *u = arg;
	if (x->kind != X_VAR)
		return true;
	for (size_t i = 0; i < u->n; i++) {
		if (u->cols[i] == x->column)
			return true;
	}
	if (u->n < ARRAY_LEN(u->cols))
		u->cols[u->n++] = (int16_t)x->column;
	return true;
}

/* Not one that this statement makes. */
static bool is_old(const Ddl *d, const CatRel *r)
{
	return catalog_rel_by_oid(d->cat, r->oid) != NULL;
}

static int add_check(Ddl *d, CatRel *r, const PgQuery__Constraint *k)
{
	const char *text = ddl_expr_sql(d, k->raw_expr);
	Expr *x = text ? an_expr_text(d->ps->env, d->a, text, r, AT_CHECK, 16, -1, d->err) : NULL;
	if (!x)
		return -1;
	UsedColumns used = { 0 };
	expr_walk(x, note_column, &used);
	const char *name = k->conname;
	int merged = name && *name ? ddl_merge_check(d, r, name, text) : 0;
	if (merged)
		return merged < 0 ? -1 : 0;
	if (name && *name && has_constraint(r, name))
		return an_error(d->ps, -1, "42710", "constraint \"%s\" for relation \"%s\" already exists", name, r->name);
	if (!name || !*name)
		name = ddl_choose_name(d, 0, r->name, used.n == 1 ? catrel_attnum(r, used.cols[0])->name : NULL, "check", r);
	CatConstraint *c = ddl_new_constraint(d, r, 'c', name, used.n);
	memcpy(c->cols, used.cols, used.n * sizeof *c->cols);
	c->check_sql = arena_strdup(d->a, text);
	c->not_valid = is_old(d, r) && k->skip_validation;
	c->no_inherit = k->is_no_inherit;
	return 0;
}

/* The unique index of the referenced table over exactly these columns, in any order. */
static CatIndex *referenced_index(const CatRel *ref, const int16_t *cols, size_t n)
{
	for (size_t i = 0; i < ref->nindexes; i++) {
		CatIndex *x = ref->indexes[i];
		if (!x->unique || x->predicate || x->nkeys != n)
			continue;
		size_t hit = 0;
		for (size_t a = 0; a < n; a++) {
			for (size_t b = 0; b < n; b++)
				hit += x->keys[a] == cols[b];
		}
		if (hit == n)
			return x;
	}
	return NULL;
}

static int referenced_columns(Ddl *d, CatRel *ref, const PgQuery__Constraint *k, size_t n, CatConstraint *c)
{
	c->ref_cols = arena_array(d->a, int16_t, n);
	if (k->n_pk_attrs) {
		if (k->n_pk_attrs != n)
			return an_error(d->ps, -1, "42830", "number of referencing and referenced columns for foreign key disagree");
		if (find_columns(d, ref, k->pk_attrs, n, false, c->ref_cols))
			return -1;
		c->index = referenced_index(ref, c->ref_cols, n);
		if (c->index && c->index->nulls_not_distinct)
			return an_refuse(d->ps, k->location, "a foreign key to a constraint whose NULLs are not distinct");
		if (!c->index)
			return an_error(d->ps, -1, "42830", "there is no unique constraint matching given keys for referenced table \"%s\"",
					ref->name);
		return 0;
	}
	for (size_t i = 0; i < ref->nindexes; i++) {
		if (ref->indexes[i]->primary)
			c->index = ref->indexes[i];
	}
	if (!c->index)
		return an_error(d->ps, -1, "42704", "there is no primary key for referenced table \"%s\"", ref->name);
	if (c->index->nkeys != n)
		return an_error(d->ps, -1, "42830", "number of referencing and referenced columns for foreign key disagree");
	memcpy(c->ref_cols, c->index->keys, n * sizeof *c->ref_cols);
	return 0;
}

static int check_key_types(Ddl *d, const CatConstraint *c)
{
	for (size_t i = 0; i < c->ncols; i++) {
		const CatColumn *x = catrel_attnum(c->table, c->cols[i]), *y = catrel_attnum(c->ref, c->ref_cols[i]);
		bool numbers = is_integer(x->type) && is_integer(y->type);
		bool text = x->type->category == 'S' && y->type->category == 'S';
		if (x->type == y->type || numbers || text)
			continue;
		an_error(d->ps, -1, "42804", "foreign key constraint \"%s\" cannot be implemented", c->name);
		return err_detail(d->err, "Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", x->name, y->name,
				  type_format(x->type, -1, d->a), type_format(y->type, -1, d->a));
	}
	return 0;
}

static int add_foreign_key(Ddl *d, CatRel *r, const PgQuery__Constraint *k, const CatColumn *column)
{
	const PgQuery__RangeVar *rv = k->pktable;
	bool self = streq(rv->relname, r->name) &&
		    (!rv->schemaname || !*rv->schemaname || streq(rv->schemaname, ddl_schema_name(d, r->schema)));
	CatRel *ref = self ? r : (CatRel *)ddl_find_rel(d, rv);
	if (!ref)
		return an_error(d->ps, -1, "42P01", "relation \"%s\" does not exist", rv->relname);
	if (ref->kind != REL_TABLE)
		return an_error(d->ps, -1, "42809", "referenced relation \"%s\" is not a table", rv->relname);
	if (ref->part)
		return an_refuse(d->ps, k->location, "a foreign key to a partitioned table");
	if ((r->persistence == 't') != (ref->persistence == 't'))
		return an_error(d->ps, -1, "42P16", "constraints on %s tables may reference only %s tables",
				r->persistence == 't' ? "temporary" : "permanent", r->persistence == 't' ? "temporary" : "permanent");
	if (k->n_fk_del_set_cols)
		return an_refuse(d->ps, k->location, "SET NULL or SET DEFAULT with a column list");
	size_t n = column ? 1 : k->n_fk_attrs;
	if (n > 1 && k->fk_matchtype && *k->fk_matchtype == 'f')
		return an_refuse(d->ps, k->location, "MATCH FULL");
	int16_t *cols = arena_array(d->a, int16_t, n);
	if (column)
		cols[0] = column->attnum;
	else if (find_columns(d, r, k->fk_attrs, n, false, cols))
		return -1;
	const char *name = k->conname;
	if (name && *name && has_constraint(r, name))
		return an_error(d->ps, -1, "42710", "constraint \"%s\" for relation \"%s\" already exists", name, r->name);
	if (!name || !*name)
		name = ddl_choose_name(d, 0, r->name, join_names(d, r, cols, n), "fkey", r);
	CatConstraint *c = ddl_new_constraint(d, r, 'f', name, n);
	memcpy(c->cols, cols, n * sizeof *cols);
	c->ref = ref;
	c->on_update = k->fk_upd_action && *k->fk_upd_action ? *k->fk_upd_action : 'a';
	c->on_delete = k->fk_del_action && *k->fk_del_action ? *k->fk_del_action : 'a';
	c->match = k->fk_matchtype && *k->fk_matchtype ? *k->fk_matchtype : 's';
	c->not_valid = is_old(d, r) && k->skip_validation;
	c->deferrable = k->deferrable;
	c->deferred = k->initdeferred;
	return referenced_columns(d, ref, k, n, c) ? -1 : check_key_types(d, c);
}

int ddl_add_constraint(Ddl *d, CatRel *r, const PgQuery__Constraint *k, const CatColumn *column)
{
	switch (k->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
		return add_key(d, r, k, column, true);
	case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
		return add_key(d, r, k, column, false);
	case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
		return add_check(d, r, k);
	case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
		return add_foreign_key(d, r, k, column);
	case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION:
		return an_refuse(d->ps, k->location, "EXCLUDE constraint");
	default:
		return an_refuse(d->ps, k->location, "this kind of constraint");
	}
}
