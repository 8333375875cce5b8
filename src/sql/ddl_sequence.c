/* CREATE SEQUENCE and ALTER SEQUENCE. */
#include "sql/ddl.h"

#include <errno.h>
#include <inttypes.h>

static void type_bounds(uint32_t type, int64_t *min, int64_t *max)
{
	*max = type == 21 ? INT16_MAX : type == 23 ? INT32_MAX : INT64_MAX;
	*min = type == 21 ? INT16_MIN : type == 23 ? INT32_MIN : INT64_MIN;
}

CatSequence *ddl_new_sequence(Ddl *d, uint32_t schema, const char *name, uint32_t type_oid)
{
	CatSequence *q = arena_new_of(d->a, CatSequence);
	CatRel *r = arena_new_of(d->a, CatRel);
	r->oid = q->oid = ddl_oid(d);
	r->schema = schema;
	r->owner = d->owner;
	r->name = arena_strdup(d->a, name);
	r->kind = REL_SEQUENCE;
	r->sqlite_name = (char *)ddl_sqlite_name(d, schema, name, r->oid);
	q->rel = r;
	q->type_oid = type_oid;
	q->increment = q->cache = 1;
	ddl_take_name(d, schema, r->name);
	return q;
}

void ddl_save_sequence(Ddl *d, const CatSequence *q)
{
	ddl_save_rel(d, q->rel);
	ddl_sql(d,
		"INSERT INTO _understudy_sequence VALUES (%u, %u, %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64
		", %d, %u, %d, %" PRId64 ", 0)",
		q->oid, q->type_oid, q->start, q->increment, q->min, q->max, q->cache, q->cycle, q->owner_table, q->owner_attnum, q->start);
}

static bool option_number(const PgQuery__DefElem *e, int64_t *v)
{
	const PgNode *n = e->arg;
	if (!n)
		return false;
	if (n->node_case == PG_QUERY__NODE__NODE_INTEGER) {
		*v = n->integer->ival;
		return true;
	}
	if (n->node_case != PG_QUERY__NODE__NODE_FLOAT)
		return false;
	char *end;
	errno = 0;
	*v = strtoll(n->float_->fval, &end, 10);
	return errno == 0 && *end == 0;
}

typedef struct SeqOptions {
	bool has_start, has_min, has_max, no_min, no_max, has_type, has_increment;
} SeqOptions;

static int sequence_owner(Ddl *d, CatSequence *q, const PgQuery__DefElem *e)
{
	const PgQuery__List *l = e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_LIST ? e->arg->list : NULL;
	size_t n = l ? l->n_items : 0;
	if (n == 1 && streq(node_string(l->items[0]), "none")) {
		q->owner_table = 0;
		q->owner_attnum = 0;
		return 0;
	}
	if (n < 2)
		return an_error(d->ps, e->location, "42601", "invalid OWNED BY option");
	PgQuery__RangeVar rv;
	pg_query__range_var__init(&rv);
	rv.relname = (char *)node_string(l->items[n - 2]);
	rv.schemaname = n > 2 ? (char *)node_string(l->items[n - 3]) : rv.schemaname;
	const CatRel *r = an_relation(d->ps, &rv, false);
	if (!r)
		return -1;
	const CatColumn *c = catrel_column(r, node_string(l->items[n - 1]));
	if (!c)
		return an_error(d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", node_string(l->items[n - 1]),
				r->name);
	if (r->schema != q->rel->schema)
		return an_error(d->ps, -1, "55000", "sequence must be in same schema as table it is linked to");
	q->owner_table = r->oid;
	q->owner_attnum = c->attnum;
	ddl_sql(d, "UPDATE _understudy_column SET sequence = %u WHERE rel = %u AND attnum = %d", q->oid, r->oid, c->attnum);
	return 0;
}

static int sequence_type(Ddl *d, CatSequence *q, const PgQuery__DefElem *e)
{
	int32_t typmod;
	const PgType *t = an_typename(d->ps, e->arg->type_name, &typmod);
	if (!t)
		return -1;
	if (t->oid != 20 && t->oid != 21 && t->oid != 23)
		return an_error(d->ps, e->location, "22023", "sequence type must be smallint, integer, or bigint");
	q->type_oid = t->oid;
	return 0;
}

static int number_option(Ddl *d, CatSequence *q, const PgQuery__DefElem *e, SeqOptions *o)
{
	int64_t v = 0;
	bool given = option_number(e, &v);
	const char *name = e->defname;
	if (!given && e->arg)
		return an_error(d->ps, e->location, "22003", "value of %s is out of range for type bigint", name);
	if (streq(name, "increment")) {
		if (v == 0)
			return an_error(d->ps, -1, "22023", "INCREMENT must not be zero");
		q->increment = v;
		o->has_increment = true;
	} else if (streq(name, "start")) {
		q->start = v;
		o->has_start = true;
	} else if (streq(name, "minvalue")) {
		q->min = v;
		o->has_min = given;
		o->no_min = !given;
	} else if (streq(name, "maxvalue")) {
		q->max = v;
		o->has_max = given;
		o->no_max = !given;
	} else {
		if (v < 1)
			return an_error(d->ps, -1, "22023", "CACHE (%" PRId64 ") must be greater than zero", v);
		q->cache = v;
	}
	return 0;
}

static int one_option(Ddl *d, CatSequence *q, const PgQuery__DefElem *e, SeqOptions *o, bool *restart, int64_t *restart_at)
{
	static const char *const numbers[] = { "increment", "start", "minvalue", "maxvalue", "cache" };
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (streq(e->defname, numbers[i]))
			return number_option(d, q, e, o);
	}
	if (streq(e->defname, "as")) {
		o->has_type = true;
		return sequence_type(d, q, e);
	}
	if (streq(e->defname, "cycle")) {
		q->cycle = e->arg && e->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN && e->arg->boolean->boolval;
		return 0;
	}
	if (streq(e->defname, "owned_by"))
		return sequence_owner(d, q, e);
	if (streq(e->defname, "restart") && restart) {
		*restart = true;
		if (!option_number(e, restart_at))
			*restart_at = q->start;
		return 0;
	}
	return an_refuse(d->ps, e->location, "sequence option %s", e->defname);
}

static int check_bounds(Ddl *d, CatSequence *q)
{
	int64_t lo, hi;
	type_bounds(q->type_oid, &lo, &hi);
	const char *type = type_format(pgtype_builtin(q->type_oid), -1, d->a);
	if (q->max > hi || q->max < lo)
		return an_error(d->ps, -1, "22023", "MAXVALUE (%" PRId64 ") is out of range for sequence data type %s", q->max, type);
	if (q->min > hi || q->min < lo)
		return an_error(d->ps, -1, "22023", "MINVALUE (%" PRId64 ") is out of range for sequence data type %s", q->min, type);
	if (q->min >= q->max)
		return an_error(d->ps, -1, "22023", "MINVALUE (%" PRId64 ") must be less than MAXVALUE (%" PRId64 ")", q->min, q->max);
	if (q->start < q->min)
		return an_error(d->ps, -1, "22023", "START value (%" PRId64 ") cannot be less than MINVALUE (%" PRId64 ")", q->start,
				q->min);
	if (q->start > q->max)
		return an_error(d->ps, -1, "22023", "START value (%" PRId64 ") cannot be greater than MAXVALUE (%" PRId64 ")", q->start,
				q->max);
	return 0;
}

int ddl_sequence_options(Ddl *d, CatSequence *q, PgQuery__Node *const *opts, size_t n, bool altering, bool *restart, int64_t *restart_at)
{
	SeqOptions o = { 0 };
	int64_t lo, hi;
	for (size_t i = 0; i < n; i++) {
		if (one_option(d, q, opts[i]->def_elem, &o, restart, restart_at))
			return -1;
	}
	type_bounds(q->type_oid, &lo, &hi);
	if (!o.has_max && (!altering || o.no_max || o.has_type))
		q->max = q->increment > 0 ? hi : -1;
	if (!o.has_min && (!altering || o.no_min || o.has_type))
		q->min = q->increment > 0 ? 1 : lo;
	if (!o.has_start && !altering)
		q->start = q->increment > 0 ? q->min : q->max;
	return check_bounds(d, q);
}

int plan_create_sequence(Ddl *d, const PgQuery__CreateSeqStmt *s)
{
	uint32_t schema = ddl_target_schema(d, s->sequence);
	if (!schema || !ddl_persistence(d, s->sequence, schema))
		return -1;
	int clash = ddl_name_clash(d, schema, s->sequence->relname, s->if_not_exists, "CREATE SEQUENCE");
	if (clash)
		return clash > 0 ? 0 : -1;
	CatSequence *q = ddl_new_sequence(d, schema, s->sequence->relname, 20);
	if (ddl_sequence_options(d, q, s->options, s->n_options, false, NULL, NULL))
		return -1;
	ddl_save_sequence(d, q);
	return ddl_finish(d, "CREATE SEQUENCE");
}

int ddl_change_sequence(Ddl *d, uint32_t oid, PgQuery__Node *const *opts, size_t n)
{
	const CatSequence *old = catalog_sequence(d->cat, oid);
	if (!old)
		return an_error(d->ps, -1, "XX000", "sequence with OID %u is not in the catalog", oid);
	CatSequence *q = arena_dup(d->a, old, sizeof *old);
	bool restart = false;
	int64_t at = 0;
	if (ddl_sequence_options(d, q, opts, n, true, &restart, &at))
		return -1;
	if (restart && (at < q->min || at > q->max))
		return an_error(d->ps, -1, "22023", "RESTART value (%" PRId64 ") cannot be %s (%" PRId64 ")", at,
				at < q->min ? "less than MINVALUE" : "greater than MAXVALUE", at < q->min ? q->min : q->max);
	ddl_sql(d,
		"UPDATE _understudy_sequence SET type = %u, start = %" PRId64 ", increment = %" PRId64 ", min = %" PRId64 ", max = %" PRId64
		", cache = %" PRId64 ", cycle = %d, owner_table = %u, owner_attnum = %d WHERE oid = %u",
		q->type_oid, q->start, q->increment, q->min, q->max, q->cache, q->cycle, q->owner_table, q->owner_attnum, q->oid);
	if (restart) {
		PlanStep *st = ddl_step(d, STEP_SET_SEQUENCE);
		st->oid = q->oid;
		st->value = at;
	}
	return 0;
}

int plan_alter_sequence(Ddl *d, const PgQuery__AlterSeqStmt *s)
{
	const CatRel *r = an_relation(d->ps, s->sequence, s->missing_ok);
	if (!r && s->missing_ok) {
		ddl_notice(d, "00000", "relation \"%s\" does not exist, skipping", s->sequence->relname);
		return ddl_finish(d, "ALTER SEQUENCE");
	}
	if (!r)
		return -1;
	const CatSequence *old = catalog_sequence(d->cat, r->oid);
	if (!old)
		return an_error(d->ps, -1, "42809", "\"%s\" is not a sequence", r->name);
	if (ddl_change_sequence(d, old->oid, s->options, s->n_options))
		return -1;
	return ddl_finish(d, "ALTER SEQUENCE");
}
