/* Column definitions of CREATE TABLE and ALTER TABLE ADD COLUMN. */
#include "sql/ddl.h"

#include <strings.h>

enum { OID_INT2 = 21, OID_INT4 = 23, OID_INT8 = 20, MAX_COLUMNS = 1600 };

static uint32_t serial_type(const PgQuery__TypeName *tn)
{
	static const struct {
		const char *name;
		uint32_t type;
	} serials[] = { { "serial", OID_INT4 },	 { "serial4", OID_INT4 },     { "bigserial", OID_INT8 },
			{ "serial8", OID_INT8 }, { "smallserial", OID_INT2 }, { "serial2", OID_INT2 } };
	const char *name = tn->n_names == 1 ? node_string(tn->names[0]) : NULL;
	for (size_t i = 0; name && i < ARRAY_LEN(serials); i++) {
		if (streq(serials[i].name, name))
			return serials[i].type;
	}
	return 0;
}

bool ddl_is_system_column(const char *name)
{
	static const char *const names[] = { "tableoid", "cmax", "xmax", "cmin", "xmin", "ctid" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (streq(names[i], name))
			return true;
	}
	return false;
}

static char *column_sqlite_name(Ddl *d, const CatRel *r, const char *name, int attnum)
{
	bool clash = strncasecmp(name, "_understudy_", 12) == 0;
	for (size_t i = 0; i < r->ncols; i++)
		clash = clash || str_ieq(str_of(r->cols[i].sqlite_name), str_of(name));
	return clash ? arena_printf(d->a, "~%s~%d", name, attnum) : arena_strdup(d->a, name);
}

/* The name in SEQUENCE NAME schema.name, which pg_dump writes; NULL with the error set. */
static const char *given_name(Ddl *d, const CatRel *r, const PgQuery__DefElem *e)
{
	const PgQuery__List *l = e->arg->list;
	const char *name = l->items[l->n_items - 1]->string->sval;
	const CatSchema *s = l->n_items > 1 ? catalog_schema(d->cat, l->items[l->n_items - 2]->string->sval) : NULL;
	if (l->n_items > 1 && (!s || s->oid != r->schema))
		return an_refuse(d->ps, e->location, "a sequence in another schema than its table"), NULL;
	return ddl_name_clash(d, r->schema, name, false, "CREATE SEQUENCE") ? NULL : name;
}

/* Makes the sequence that a serial or identity column owns. */
static int own_sequence(Ddl *d, CatRel *r, CatColumn *c, PgQuery__Node *const *opts, size_t nopts)
{
	const char *name = NULL;
	PgQuery__Node **others = arena_array(d->a, PgQuery__Node *, nopts + 1);
	size_t n = 0;
	for (size_t i = 0; i < nopts; i++) {
		const PgQuery__DefElem *e = opts[i]->def_elem;
		bool names = streq(e->defname, "sequence_name");
		if (names && !(name = given_name(d, r, e)))
			return -1;
		if (!names)
			others[n++] = opts[i];
	}
	if (!name)
		name = ddl_choose_name(d, r->schema, r->name, c->name, "seq", NULL);
	CatSequence *q = ddl_new_sequence(d, r->schema, name, c->type->oid);
	if (!q || ddl_sequence_options(d, q, others, n, false, NULL, NULL))
		return -1;
	q->owner_table = r->oid;
	q->owner_attnum = c->attnum;
	c->sequence = q->oid;
	d->new_sequence = q;
	ddl_save_sequence(d, q);
	return 0;
}

/* By its OID, so that the sequence may get another name or schema. */
static char *nextval_text(Ddl *d, uint32_t sequence)
{
	return arena_printf(d->a, "nextval('%u'::regclass)", sequence);
}

static bool note_sequence(Expr *x, void *arg)
{
	uint32_t *oid = arg;
	enum { OID_REGCLASS = 2205 };
	if (x->kind == X_CONST && x->type == OID_REGCLASS && x->val.kind == VAL_INT)
		*oid = (uint32_t)x->val.i;
	return true;
}

/* nextval('name') alone, as PostgreSQL's own tools write it. */
static bool is_nextval(const PgNode *n)
{
	return n->node_case == PG_QUERY__NODE__NODE_FUNC_CALL && n->func_call->n_args == 1 &&
	       streq(node_string(n->func_call->funcname[n->func_call->n_funcname - 1]), "nextval");
}

static int refuse_column_options(Ddl *d, const PgQuery__ColumnDef *def)
{
	if (def->compression && *def->compression)
		return an_refuse(d->ps, def->location, "COMPRESSION of a column");
	if (def->n_fdwoptions)
		return an_refuse(d->ps, def->location, "OPTIONS of a column");
	if (!def->coll_clause)
		return 0;
	const PgQuery__CollateClause *cc = def->coll_clause;
	return ddl_check_collation(d, cc->collname, cc->n_collname, cc->location, "a column");
}

CatColumn *ddl_append_column(Ddl *d, CatRel *r, const char *name)
{
	char *file = column_sqlite_name(d, r, name, (int)r->ncols + 1);
	CatColumn *more = arena_array(d->a, CatColumn, r->ncols + 1);
	if (r->ncols)
		memcpy(more, r->cols, r->ncols * sizeof *more);
	r->cols = more;
	CatColumn *c = &more[r->ncols++];
	*c = (CatColumn){ .name = arena_strdup(d->a, name), .attnum = (int16_t)r->ncols, .sqlite_name = file, .typmod = -1 };
	return c;
}

int ddl_add_column(Ddl *d, CatRel *r, const PgQuery__ColumnDef *def)
{
	if (ddl_is_system_column(def->colname))
		return an_error(d->ps, -1, "42701", "column name \"%s\" conflicts with a system column name", def->colname);
	if (catrel_column(r, def->colname))
		return an_error(d->ps, -1, "42701", "column \"%s\" specified more than once", def->colname);
	if (r->ncols >= MAX_COLUMNS)
		return an_error(d->ps, -1, "54011", "tables can have at most %d columns", MAX_COLUMNS);
	if (!def->type_name || refuse_column_options(d, def))
		return def->type_name ? -1 : an_refuse(d->ps, def->location, "column without a type");
	int32_t typmod = -1;
	uint32_t serial = serial_type(def->type_name);
	if (serial && def->type_name->n_array_bounds)
		return an_error(d->ps, def->type_name->location, "0A000",
				"array of serial is not "
				"implemented");
	const PgType *t = serial ? pgtype_builtin(serial) : an_typename(d->ps, def->type_name, &typmod);
	if (!t)
		return -1;
	if (t->typtype == 'p')
		return an_error(d->ps, -1, "42P16", "column \"%s\" has pseudo-type %s", def->colname, t->name);
	if (!type_is_supported(t))
		return an_refuse(d->ps, def->type_name->location, "type %s of column \"%s\"", type_format(t, typmod, d->a), def->colname);
	CatColumn *c = ddl_append_column(d, r, def->colname);
	c->type = t;
	c->typmod = typmod;
	c->not_null = def->is_not_null;
	if (!serial)
		return 0;
	c->not_null = true;
	if (own_sequence(d, r, c, NULL, 0))
		return -1;
	c->default_sql = nextval_text(d, c->sequence);
	return 0;
}

int ddl_set_default(Ddl *d, CatRel *r, CatColumn *c, const PgNode *expr)
{
	const char *text = ddl_expr_sql(d, expr);
	const Expr *x = text ? an_expr_text(d->ps->env, d->a, text, NULL, AT_DEFAULT, c->type->oid, c->typmod, d->err) : NULL;
	if (!x)
		return -1;
	uint32_t sequence = 0;
	if (is_nextval(expr))
		expr_walk((Expr *)x, note_sequence, &sequence);
	if (sequence >= FIRST_USER_OID)
		text = nextval_text(d, sequence);
	/* DEFAULT NULL is no default to PostgreSQL. */
	c->default_sql = x->kind == X_CONST && x->val.kind == VAL_NULL ? NULL : arena_strdup(d->a, text);
	return 0;
}

static int set_generated(Ddl *d, CatRel *r, CatColumn *c, const PgQuery__Constraint *k)
{
	if (c->default_sql)
		return an_error(d->ps, k->location, "42601",
				"both default and generation expression specified for column \"%s\" of table \"%s\"", c->name, r->name);
	const char *text = ddl_expr_sql(d, k->raw_expr);
	if (!text)
		return -1;
	c->generated = 's';
	c->default_sql = arena_strdup(d->a, text);
	return 0;
}

int ddl_set_identity(Ddl *d, CatRel *r, CatColumn *c, const PgQuery__Constraint *k)
{
	if (c->identity)
		return an_error(d->ps, k->location, "42601", "multiple identity specifications for column \"%s\" of table \"%s\"", c->name,
				r->name);
	if (c->default_sql)
		return an_error(d->ps, k->location, "42601", "both default and identity specified for column \"%s\" of table \"%s\"",
				c->name, r->name);
	if (c->type->oid != OID_INT2 && c->type->oid != OID_INT4 && c->type->oid != OID_INT8)
		return an_error(d->ps, -1, "22023", "identity column type must be smallint, integer, or bigint");
	c->identity = k->generated_when && *k->generated_when ? *k->generated_when : 'a';
	c->not_null = true;
	return own_sequence(d, r, c, k->options, k->n_options);
}

static int column_constraint(Ddl *d, CatRel *r, CatColumn *c, const PgQuery__Constraint *k)
{
	switch (k->contype) {
	case PG_QUERY__CONSTR_TYPE__CONSTR_NULL:
		if (c->not_null)
			return an_error(d->ps, k->location, "42601",
					"conflicting NULL/NOT NULL declarations for column \"%s\" of table \"%s\"", c->name, r->name);
		return 0;
	case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
		c->not_null = true;
		return 0;
	case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
		if (c->default_sql)
			return an_error(d->ps, k->location, "42601", "multiple default values specified for column \"%s\" of table \"%s\"",
					c->name, r->name);
		return ddl_set_default(d, r, c, k->raw_expr);
	case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
		return ddl_set_identity(d, r, c, k);
	case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
		return set_generated(d, r, c, k);
	default:
		return ddl_add_constraint(d, r, k, c);
	}
}

#define CONSTR(x) PG_QUERY__CONSTR_TYPE__CONSTR_##x

static bool is_attribute(const PgQuery__Constraint *k)
{
	return k->contype == CONSTR(ATTR_DEFERRABLE) || k->contype == CONSTR(ATTR_NOT_DEFERRABLE) || k->contype == CONSTR(ATTR_DEFERRED) ||
	       k->contype == CONSTR(ATTR_IMMEDIATE);
}

static bool takes_attributes(const PgQuery__Constraint *k)
{
	return k && (k->contype == CONSTR(PRIMARY) || k->contype == CONSTR(UNIQUE) || k->contype == CONSTR(EXCLUSION) ||
		     k->contype == CONSTR(FOREIGN));
}

/* DEFERRABLE and the like stand after the constraint they belong to, as nodes of their own. */
static int constraint_attribute(Ddl *d, PgQuery__Constraint *to, const PgQuery__Constraint *k, bool *saw_deferrable, bool *saw_initially)
{
	bool initially = k->contype == CONSTR(ATTR_DEFERRED) || k->contype == CONSTR(ATTR_IMMEDIATE);
	bool on = k->contype == CONSTR(ATTR_DEFERRABLE) || k->contype == CONSTR(ATTR_DEFERRED);
	if (!takes_attributes(to))
		return an_error(d->ps, k->location, "42601", "misplaced %s clause",
				initially ? (on ? "INITIALLY DEFERRED" : "INITIALLY IMMEDIATE") : (on ? "DEFERRABLE" : "NOT DEFERRABLE"));
	if (initially ? *saw_initially : *saw_deferrable)
		return an_error(d->ps, k->location, "42601", "multiple %s clauses not allowed",
				initially ? "INITIALLY IMMEDIATE/DEFERRED" : "DEFERRABLE/NOT DEFERRABLE");
	if (initially)
		*saw_initially = true, to->initdeferred = on;
	else
		*saw_deferrable = true, to->deferrable = on;
	if (initially && on && !*saw_deferrable)
		to->deferrable = true;
	if (*saw_deferrable && to->initdeferred && !to->deferrable)
		return an_error(d->ps, k->location, "42601", "constraint declared INITIALLY DEFERRED must be DEFERRABLE");
	return 0;
}

int ddl_add_column_constraints(Ddl *d, CatRel *r, const PgQuery__ColumnDef *def)
{
	CatColumn *c = (CatColumn *)catrel_column(r, def->colname);
	for (size_t i = 0; i < def->n_constraints;) {
		PgQuery__Constraint k = *def->constraints[i++]->constraint;
		bool deferrable = false, initially = false;
		if (is_attribute(&k)) /* it follows none */
			return constraint_attribute(d, NULL, &k, &deferrable, &initially);
		for (; i < def->n_constraints && is_attribute(def->constraints[i]->constraint); i++)
			if (constraint_attribute(d, &k, def->constraints[i]->constraint, &deferrable, &initially))
				return -1;
		if (column_constraint(d, r, c, &k))
			return -1;
	}
	return 0;
}
