/* PARTITION BY and FOR VALUES: the key of a partitioned table, the bounds of its partitions. */
#include "catalog/partition.h"
#include "pgtype/hash.h"
#include "sql/ddl.h"

#include <ctype.h>
#include <strings.h>

enum { MAX_KEYS = 32 };

static bool note_var(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_VAR;
	return true;
}

static bool note_volatile(Expr *x, void *arg)
{
	*(bool *)arg |= x->kind == X_SQLVALUE || (x->kind == X_FUNC && x->proc->volatility != 'i');
	return true;
}

static int key_column(Ddl *d, CatRel *r, const PgQuery__PartitionElem *e, size_t i)
{
	const CatColumn *c = catrel_column(r, e->name);
	if (!c && ddl_is_system_column(e->name))
		return an_error(d->ps, e->location, "42P17", "cannot use system column \"%s\" in partition key", e->name);
	if (!c)
		return an_error(d->ps, e->location, "42703", "column \"%s\" named in partition key does not exist", e->name);
	if (c->generated) {
		an_error(d->ps, e->location, "42P17", "cannot use generated column in partition key");
		return err_detail(d->err, "Column \"%s\" is a generated column.", e->name);
	}
	r->part->cols[i] = c->attnum;
	r->part->types[i] = c->type;
	return 0;
}

static int key_expression(Ddl *d, CatRel *r, const PgQuery__PartitionElem *e, size_t i)
{
	const char *text = ddl_expr_sql(d, e->expr);
	Expr *x = text ? an_expr_text(d->ps->env, d->a, text, r, AT_INDEX_EXPR, 0, -1, d->err) : NULL;
	bool var = false, changes = false;
	if (!x)
		return -1;
	if (x->kind == X_VAR) {
		r->part->cols[i] = (int16_t)x->column;
		r->part->types[i] = catrel_attnum(r, x->column)->type;
		return 0;
	}
	expr_walk(x, note_var, &var);
	expr_walk(x, note_volatile, &changes);
	if (changes)
		return an_error(d->ps, -1, "42P17", "functions in partition key expression must be marked IMMUTABLE");
	if (!var)
		return an_error(d->ps, -1, "42P17", "cannot use constant expression as partition key");
	r->part->exprs[i] = arena_strdup(d->a, text);
	r->part->types[i] = catalog_type(d->cat, x->type);
	return 0;
}

static int key_element(Ddl *d, CatRel *r, const PgQuery__PartitionElem *e, size_t i)
{
	CatPartKey *key = r->part;
	if (e->name && *e->name ? key_column(d, r, e, i) : key_expression(d, r, e, i))
		return -1;
	if (ddl_check_collation(d, e->collation, e->n_collation, e->location, "a partition key"))
		return -1;
	if (e->n_opclass)
		return an_refuse(d->ps, e->location, "an operator class of a partition key");
	const PgType *t = key->types[i];
	if (key->strategy == 'h' && !type_is_hashable(type_base_of(t)))
		return an_refuse(d->ps, e->location, "a partition key of type %s by hash", type_format(t, -1, d->a));
	if (key->strategy != 'h' && !ordering_for(d->ps, t->oid, -1)) {
		an_error(d->ps, -1, "42704", "data type %s has no default operator class for access method \"btree\"", t->name);
		return err_hint(d->err,
				"You must specify a btree operator class or define a default btree operator class for the data type.");
	}
	return 0;
}

int ddl_partition_by(Ddl *d, CatRel *r, const PgQuery__PartitionSpec *s)
{
	static const char *const words[] = { "range", "list", "hash" };
	CatPartKey *key = r->part = arena_new_of(d->a, CatPartKey);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(words[i], s->strategy) == 0)
			key->strategy = words[i][0];
	if (!key->strategy)
		return an_error(d->ps, -1, "22023", "unrecognized partitioning strategy \"%s\"", s->strategy);
	if (key->strategy == 'l' && s->n_part_params > 1)
		return an_error(d->ps, s->location, "42P17", "cannot use \"list\" partition strategy with more than one column");
	if (s->n_part_params > MAX_KEYS)
		return an_error(d->ps, -1, "54011", "cannot partition using more than %d columns", MAX_KEYS);
	key->n = s->n_part_params;
	key->cols = arena_array(d->a, int16_t, key->n);
	key->exprs = arena_array(d->a, char *, key->n);
	key->opclasses = arena_array(d->a, char *, key->n);
	key->types = arena_array(d->a, const PgType *, key->n);
	for (size_t i = 0; i < key->n; i++)
		if (key_element(d, r, s->part_params[i]->partition_elem, i))
			return -1;
	return 0;
}

static int check_unique(Ddl *d, const CatRel *r, const CatIndex *x)
{
	const char *what = x->primary ? "PRIMARY KEY" : "UNIQUE";
	for (size_t i = 0; i < r->part->n; i++) {
		const int16_t col = r->part->cols[i];
		bool has = false;
		if (!col) {
			an_error(d->ps, -1, "0A000", "unsupported %s constraint with partition key definition", what);
			return err_detail(d->err, "%s constraints cannot be used when partition keys include expressions.", what);
		}
		for (size_t k = 0; k < x->nkeys && !has; k++)
			has = x->keys[k] == col;
		if (has)
			continue;
		an_error(d->ps, -1, "0A000", "unique constraint on partitioned table must include all partitioning columns");
		return err_detail(d->err, "%s constraint on table \"%s\" lacks column \"%s\" which is part of the partition key.", what,
				  r->name, catrel_attnum(r, col)->name);
	}
	return 0;
}

int ddl_check_partition_keys(Ddl *d, const CatRel *r)
{
	for (size_t i = 0; r->part && i < r->nindexes; i++)
		if (r->indexes[i]->unique && check_unique(d, r, r->indexes[i]))
			return -1;
	for (size_t i = 0; r->part && i < r->nconstraints; i++)
		if (r->constraints[i]->type == 'c' && r->constraints[i]->no_inherit)
			return an_error(d->ps, -1, "42P16", "cannot add NO INHERIT constraint to partitioned table \"%s\"", r->name);
	return 0;
}

/* --- bounds --- */

static const char *column_word(const PgNode *n)
{
	const PgQuery__ColumnRef *c = n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ? n->column_ref : NULL;
	return c && c->n_fields == 1 ? node_string(c->fields[0]) : NULL;
}

/* A number with a sign is a literal of any type. */
static const char *literal_text(Ddl *d, const char *text)
{
	size_t n = strspn(text, "+-0123456789.");
	return n && !text[n] && isdigit((unsigned char)text[n - 1]) ? arena_printf(d->a, "'%s'", text) : text;
}

static const char *key_name(const CatRel *parent, size_t i)
{
	const CatColumn *c = catrel_attnum(parent, parent->part->cols[i]);
	return c ? c->name : parent->part->exprs[i];
}

static int bound_value(Ddl *d, const CatRel *parent, size_t i, const PgNode *n, CatDatum *out)
{
	const PgType *t = parent->part->types[i], *base = type_base_of(t);
	const CatColumn *c = catrel_attnum(parent, parent->part->cols[i]);
	const char *text = ddl_expr_sql(d, n);
	if (!text)
		return -1;
	Expr *x = an_expr_text(d->ps->env, d->a, literal_text(d, text), NULL, AT_DEFAULT, base ? base->oid : t->oid, c ? c->typmod : -1,
			       d->err);
	if (!x && streq(d->err->sqlstate, "42804"))
		return an_error(d->ps, -1, "42804", "specified value cannot be cast to type %s for column \"%s\"", type_format(t, -1, d->a),
				key_name(parent, i));
	if (!x)
		return -1;
	while (x->kind == X_RELABEL)
		x = x->args.items[0];
	if (x->kind != X_CONST)
		return an_refuse(d->ps, -1, "the expression %s as a partition bound", text);
	*out = (CatDatum){ x->val.kind == VAL_NULL ? 'n' : 'v', x->val };
	return 0;
}

static int range_side(Ddl *d, const CatRel *parent, PgQuery__Node *const *nodes, size_t n, CatDatum *out)
{
	char open = 0;
	for (size_t i = 0; i < n; i++) {
		const char *word = column_word(nodes[i]);
		char kind = word && streq(word, "minvalue") ? 'a' : word && streq(word, "maxvalue") ? 'z' : 0;
		if (word && !kind)
			return an_error(d->ps, -1, "42P17", "cannot use column reference in partition bound expression");
		out[i] = (CatDatum){ kind, val_null() };
		if (open && kind != open)
			return an_error(d->ps, -1, "42804",
					open == 'a' ? "every bound following MINVALUE must also be MINVALUE"
						    : "every bound following MAXVALUE must also be MAXVALUE");
		open = kind;
		if (!kind && bound_value(d, parent, i, nodes[i], &out[i]))
			return -1;
		if (out[i].kind == 'n')
			return an_error(d->ps, -1, "42P16", "cannot specify NULL in range bound");
	}
	return 0;
}

static const char *range_text(Ddl *d, const CatPartKey *key, const CatDatum *x)
{
	Buf b = { 0 };
	for (size_t i = 0; i < key->n; i++) {
		buf_puts(&b, i ? ", " : "(");
		partition_put_value(key->types[i], &x[i], d->ps->env->types, &b);
	}
	buf_puts(&b, ")");
	const char *s = arena_strndup(d->a, (const char *)b.data, b.len);
	buf_free(&b);
	return s;
}

static int datum_location(const PgNode *n, int otherwise)
{
	return n && n->node_case == PG_QUERY__NODE__NODE_A_CONST      ? n->a_const->location
	       : n && n->node_case == PG_QUERY__NODE__NODE_COLUMN_REF ? n->column_ref->location
								      : otherwise;
}

static int range_bound(Ddl *d, const CatRel *parent, const char *name, const PgQuery__PartitionBoundSpec *s, CatBound *b)
{
	const CatPartKey *key = parent->part;
	if (!s->n_lowerdatums)
		return an_error(d->ps, s->location, "42P16", "invalid bound specification for a range partition");
	if (s->n_lowerdatums != key->n)
		return an_error(d->ps, -1, "42P16", "FROM must specify exactly one value per partitioning column");
	if (s->n_upperdatums != key->n)
		return an_error(d->ps, -1, "42P16", "TO must specify exactly one value per partitioning column");
	b->from = arena_array(d->a, CatDatum, key->n);
	b->to = arena_array(d->a, CatDatum, key->n);
	if (range_side(d, parent, s->lowerdatums, key->n, b->from) || range_side(d, parent, s->upperdatums, key->n, b->to))
		return -1;
	if (partition_compare(key, b->from, b->to) < 0)
		return 0;
	an_error(d->ps, datum_location(s->lowerdatums[0], s->location), "42P17", "empty range bound specified for partition \"%s\"", name);
	return err_detail(d->err, "Specified lower bound %s is greater than or equal to upper bound %s.", range_text(d, key, b->from),
			  range_text(d, key, b->to));
}

static int list_bound(Ddl *d, const CatRel *parent, const PgQuery__PartitionBoundSpec *s, CatBound *b)
{
	if (!s->n_listdatums)
		return an_error(d->ps, s->location, "42P16", "invalid bound specification for a list partition");
	b->list = arena_array(d->a, CatDatum, s->n_listdatums);
	for (size_t i = 0; i < s->n_listdatums; i++) {
		CatDatum v;
		bool there = false;
		if (column_word(s->listdatums[i]))
			return an_error(d->ps, -1, "42P17", "cannot use column reference in partition bound expression");
		if (bound_value(d, parent, 0, s->listdatums[i], &v))
			return -1;
		for (size_t k = 0; k < b->nlist && !there; k++)
			there = b->list[k].kind == v.kind &&
				(v.kind == 'n' || type_compare(type_base_of(parent->part->types[0]), &v.val, &b->list[k].val) == 0);
		if (!there)
			b->list[b->nlist++] = v;
	}
	return 0;
}

/* Each modulus must divide the next larger one. */
static int check_moduli(Ddl *d, const CatRel *parent, const CatBound *b)
{
	for (size_t i = 0; i < parent->nchildren; i++) {
		const CatBound *o = parent->children[i]->bound;
		int64_t small = o->modulus < b->modulus ? o->modulus : b->modulus, big = o->modulus < b->modulus ? b->modulus : o->modulus;
		if (!small || big % small == 0)
			continue;
		an_error(d->ps, -1, "42P16", "every hash partition modulus must be a factor of the next larger modulus");
		return err_detail(d->err,
				  b->modulus == big
					  ? "The new modulus %lld is not divisible by %lld, the modulus of existing partition \"%s\"."
					  : "The new modulus %lld is not a factor of %lld, the modulus of existing partition \"%s\".",
				  (long long)b->modulus, (long long)o->modulus, parent->children[i]->name);
	}
	return 0;
}

static int hash_bound(Ddl *d, const CatRel *parent, const PgQuery__PartitionBoundSpec *s, CatBound *b)
{
	if (!s->modulus && !s->remainder && (s->n_listdatums || s->n_lowerdatums))
		return an_error(d->ps, s->location, "42P16", "invalid bound specification for a hash partition");
	if (s->modulus <= 0)
		return an_error(d->ps, -1, "42P16", "modulus for hash partition must be an integer value greater than zero");
	if (s->remainder < 0)
		return an_error(d->ps, -1, "42P16", "remainder for hash partition must be an integer value greater than or equal to zero");
	if (s->remainder >= s->modulus)
		return an_error(d->ps, -1, "42P16", "remainder for hash partition must be less than modulus");
	b->modulus = s->modulus;
	b->remainder = s->remainder;
	return check_moduli(d, parent, b);
}

CatBound *ddl_partition_bound(Ddl *d, const CatRel *parent, const char *name, const PgQuery__PartitionBoundSpec *s)
{
	CatBound *b = arena_new_of(d->a, CatBound);
	const char strategy = parent->part->strategy;
	b->is_default = s->is_default;
	if (s->is_default && strategy == 'h')
		return an_error(d->ps, -1, "42P16", "a hash-partitioned table may not have a default partition"), NULL;
	if (!s->is_default && *s->strategy != strategy) {
		an_error(d->ps, s->location, "42P16", "invalid bound specification for a %s partition",
			 strategy == 'r'   ? "range"
			 : strategy == 'l' ? "list"
					   : "hash");
		return NULL;
	}
	int rc = s->is_default	   ? 0
		 : strategy == 'r' ? range_bound(d, parent, name, s, b)
		 : strategy == 'l' ? list_bound(d, parent, s, b)
				   : hash_bound(d, parent, s, b);
	if (rc)
		return NULL;
	const CatRel *other = partition_overlap(parent, b, NULL);
	if (!other)
		return b;
	if (b->is_default)
		an_error(d->ps, s->location, "42P17", "partition \"%s\" conflicts with existing default partition \"%s\"", name,
			 other->name);
	else
		an_error(d->ps,
			 datum_location(s->n_lowerdatums  ? s->lowerdatums[0]
					: s->n_listdatums ? s->listdatums[0]
							  : NULL,
					s->location),
			 "42P17", "partition \"%s\" would overlap partition \"%s\"", name, other->name);
	return NULL;
}

/* Runs when the catalog knows of the new partition. */
int ddl_check_default(Ddl *d, const CatRel *parent)
{
	const CatRel *rest = partition_default(parent);
	size_t n, any = 0;
	const CatRel **all = rest ? partition_tree(rest, d->a, &n) : NULL;
	for (size_t i = 0; rest && i < n; i++) {
		const char *test = all[i]->part ? NULL : ddl_partition_test(d, all[i], parent, rest);
		if (all[i]->part)
			continue;
		if (!test)
			return -1;
		if (!any++)
			ddl_step(d, STEP_RELOAD);
		PlanStep *s = ddl_step(d, STEP_CHECK_EMPTY);
		s->sql = arena_printf(d->a, "SELECT 1 FROM %s WHERE NOT %s LIMIT 1", ddl_id(d, all[i]->sqlite_name), test);
		s->code = "23514";
		s->message = arena_printf(d->a, "updated partition constraint for default partition \"%s\" would be violated by some row",
					  all[i]->name);
		s->table = all[i]->name;
		s->schema = ddl_schema_name(d, all[i]->schema);
	}
	return 0;
}
