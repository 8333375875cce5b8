/* DROP TABLE, VIEW, INDEX, SEQUENCE, TYPE, SCHEMA; TRUNCATE. */
#include "catalog/acl.h"
#include "catalog/partition.h"
#include "sql/acl_check.h"
#include "sql/ddl.h"
#include "sql/program.h"
#include "sql/triggers.h"
#include "sql/ddl_alter.h"

typedef struct DropList {
	const CatRel *rels[256];
	size_t n;
} DropList;

static bool listed(const DropList *l, const CatRel *r)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->rels[i] == r)
			return true;
	}
	return false;
}

static int list_add(Ddl *d, DropList *l, const CatRel *r)
{
	if (listed(l, r))
		return 0;
	if (l->n == ARRAY_LEN(l->rels))
		return an_refuse(d->ps, -1, "more than %zu relations in one statement", ARRAY_LEN(l->rels));
	l->rels[l->n++] = r;
	return 0;
}

/* The name parts of an object in a DROP list as a RangeVar. */
static void object_name(const PgNode *n, PgQuery__RangeVar *rv)
{
	pg_query__range_var__init(rv);
	if (n->node_case == PG_QUERY__NODE__NODE_LIST) {
		size_t k = n->list->n_items;
		rv->relname = (char *)node_string(n->list->items[k - 1]);
		if (k > 1)
			rv->schemaname = (char *)node_string(n->list->items[k - 2]);
	} else if (n->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
		const PgQuery__TypeName *t = n->type_name;
		rv->relname = (char *)node_string(t->names[t->n_names - 1]);
		if (t->n_names > 1)
			rv->schemaname = (char *)node_string(t->names[t->n_names - 2]);
	} else {
		rv->relname = (char *)node_string(n);
	}
}

int ddl_depend_error(Ddl *d, const char *what, const char *detail)
{
	an_error(d->ps, -1, "2BP01", "cannot drop %s because other objects depend on it", what);
	err_detail(d->err, "%s", detail);
	return err_hint(d->err, "Use DROP ... CASCADE to drop the dependent objects too.");
}

int ddl_alter_within(Ddl *d, const CatRel *r, PgQuery__AlterTableCmd *cmds, size_t n)
{
	PgQuery__AlterTableStmt alter;
	PgQuery__RangeVar rv;
	PgQuery__Node *nodes = arena_array(d->a, PgQuery__Node, n), **list = arena_array(d->a, PgQuery__Node *, n);
	pg_query__alter_table_stmt__init(&alter);
	pg_query__range_var__init(&rv);
	for (size_t i = 0; i < n; i++) {
		pg_query__node__init(&nodes[i]);
		nodes[i].node_case = PG_QUERY__NODE__NODE_ALTER_TABLE_CMD;
		nodes[i].alter_table_cmd = &cmds[i];
		list[i] = &nodes[i];
	}
	rv.relname = r->name;
	rv.schemaname = (char *)ddl_schema_name(d, r->schema);
	alter.relation = &rv;
	alter.n_cmds = n;
	alter.cmds = list;
	alter.objtype = r->kind == REL_COMPOSITE ? PG_QUERY__OBJECT_TYPE__OBJECT_TYPE : PG_QUERY__OBJECT_TYPE__OBJECT_TABLE;
	Ddl sub;
	ddl_begin(&sub, d->ps, d->plan);
	sub.next_oid = d->next_oid;
	sub.next_temp_oid = d->next_temp_oid;
	sub.owner = d->owner;
	if (r->kind == REL_COMPOSITE ? plan_alter_composite(&sub, &alter) : plan_alter_table(&sub, &alter))
		return -1;
	for (size_t i = 0; i < sub.n; i++)
		*ddl_step(d, sub.steps[i].kind) = sub.steps[i];
	d->next_oid = sub.next_oid;
	d->next_temp_oid = sub.next_temp_oid;
	d->uses_temp |= sub.uses_temp;
	d->uses_other |= sub.uses_other;
	return 0;
}

int ddl_drop_foreign_keys(Ddl *d, const CatRel *r, bool (*match)(const CatConstraint *k, void *arg), void *arg)
{
	Alter al;
	alter_begin(&al, d, r);
	bool any = false;
	for (size_t i = al.r->nconstraints; i-- > 0;) {
		const CatConstraint *k = al.r->constraints[i];
		if (k->type != 'f' || !match(k, arg))
			continue;
		any = true;
		ddl_notice(d, "00000", "drop cascades to constraint %s on table %s", k->name, r->name);
		if (alter_drop_constraint_at(&al, i, "", false))
			return -1;
	}
	return any ? alter_finish(&al) : 0;
}

static bool refers_to_listed(const CatConstraint *k, void *list)
{
	return listed(list, k->ref);
}

static int release_foreign_keys(Ddl *d, DropList *l, bool cascade)
{
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *o = d->cat->rels[i];
		for (size_t k = 0; k < o->nconstraints && !listed(l, o) && !cascade; k++) {
			const CatConstraint *c = o->constraints[k];
			if (c->type == 'f' && listed(l, c->ref))
				return ddl_depend_error(d, arena_printf(d->a, "table %s", c->ref->name),
							arena_printf(d->a, "constraint %s on table %s depends on table %s", c->name,
								     o->name, c->ref->name));
		}
		if (cascade && !listed(l, o) && ddl_drop_foreign_keys(d, o, refers_to_listed, l))
			return -1;
	}
	return 0;
}

static void forget_sequence(Ddl *d, const CatRel *r)
{
	ddl_sql(d, "DELETE FROM _understudy_sequence WHERE oid = %u", r->oid);
	ddl_forget_rel(d, r);
}

static void drop_owned_sequences(Ddl *d, const CatRel *r, const DropList *l)
{
	for (size_t i = 0; i < d->cat->nseqs; i++) {
		if (d->cat->seqs[i]->owner_table == r->oid && !listed(l, d->cat->seqs[i]->rel))
			forget_sequence(d, d->cat->seqs[i]->rel);
	}
}

static int sequence_in_use(Ddl *d, const CatRel *r, const DropList *l)
{
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *t = d->cat->rels[i];
		for (size_t k = 0; k < t->ncols && !listed(l, t); k++) {
			if (t->cols[k].dropped || t->cols[k].sequence != r->oid)
				continue;
			return ddl_depend_error(d, arena_printf(d->a, "sequence %s", r->name),
						arena_printf(d->a, "default value for column %s of table %s depends on sequence %s",
							     t->cols[k].name, t->name, r->name));
		}
	}
	return 0;
}

static const char *kind_noun(const CatRel *r)
{
	return r->kind == REL_VIEW ? "view" : r->kind == REL_MATVIEW ? "materialized view" : r->kind == REL_SEQUENCE ? "sequence" : "table";
}

/* Views over what is dropped, and views over those; the list grows while it is gone through. */
static int collect_views(Ddl *d, DropList *l, bool cascade)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < d->cat->nrels; k++) {
			const CatRel *v = d->cat->rels[k], *r = l->rels[i];
			if (!catrel_is_view(v) || listed(l, v) || !ddl_view_uses(d, v, r))
				continue;
			if (!cascade)
				return ddl_depend_error(
					d, arena_printf(d->a, "%s %s", kind_noun(r), r->name),
					arena_printf(d->a, "%s %s depends on %s %s", kind_noun(v), v->name, kind_noun(r), r->name));
			ddl_notice(d, "00000", "drop cascades to %s %s", kind_noun(v), v->name);
			if (list_add(d, l, v))
				return -1;
		}
	}
	return 0;
}

/* Partitions go with their table, children only when they are told to. */
static int collect_children(Ddl *d, DropList *l, bool cascade)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->rels[i]->nchildren; k++) {
			const CatRel *r = l->rels[i], *c = r->children[k];
			if (listed(l, c))
				continue;
			if (!cascade && !c->bound)
				return ddl_depend_error(d, arena_printf(d->a, "table %s", r->name),
							arena_printf(d->a, "table %s depends on table %s", c->name, r->name));
			if (!c->bound)
				ddl_notice(d, "00000", "drop cascades to table %s", c->name);
			if (list_add(d, l, c))
				return -1;
		}
	return 0;
}

/* By a relation that is not dropped together with it. */
static int type_in_use(Ddl *d, const PgType *t, const DropList *l, bool cascade)
{
	const char *user = ddl_type_user(d, t->oid, l->rels, l->n);
	if (user && cascade)
		return an_refuse(d->ps, -1, "DROP ... CASCADE of type \"%s\", which %s uses,", t->name, user);
	return user ? ddl_depend_error(d, arena_printf(d->a, "type %s", t->name),
				       arena_printf(d->a, "%s depends on type %s", user, t->name))
		    : 0;
}

static int drop_relations(Ddl *d, DropList *l, bool cascade)
{
	if (collect_children(d, l, cascade) || collect_views(d, l, cascade))
		return -1;
	if (release_foreign_keys(d, l, cascade))
		return -1;
	for (size_t i = 0; i < l->n; i++) {
		const CatRel *r = l->rels[i];
		ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = 1259", r->oid);
		if (r->kind == REL_SEQUENCE) {
			if (sequence_in_use(d, r, l))
				return -1;
			forget_sequence(d, r);
			continue;
		}
		const PgType *row = r->rowtype ? catalog_type(d->cat, r->rowtype) : NULL;
		if (row && (ddl_release_functions(d, row, arena_printf(d->a, "%s %s", kind_noun(r), r->name), cascade) ||
			    type_in_use(d, row, l, cascade)))
			return -1;
		for (size_t k = 0; k < r->ntriggers; k++)
			ddl_forget_trigger(d, r->triggers[k]->oid);
		if (catrel_has_rows(r)) {
			ddl_fk_off(d);
			for (size_t k = 0; k < r->nindexes; k++)
				ddl_drop_content(d, r->indexes[k]);
			ddl_sql(d, "DROP TABLE %s", ddl_id(d, r->sqlite_name));
			drop_owned_sequences(d, r, l);
		}
		ddl_forget_rel(d, r);
	}
	return 0;
}

int ddl_drop_view(Ddl *d, const CatRel *view)
{
	DropList l = { .rels = { view }, .n = 1 };
	return drop_relations(d, &l, true);
}

static int collect_relations(Ddl *d, const PgQuery__DropStmt *s, char kind, const char *noun, DropList *l)
{
	for (size_t i = 0; i < s->n_objects; i++) {
		PgQuery__RangeVar rv;
		object_name(s->objects[i], &rv);
		if (!*rv.schemaname && catalog_rel(d->cat, NS_PG_CATALOG, rv.relname))
			return an_error(d->ps, -1, "42501", "permission denied: \"%s\" is a system catalog", rv.relname);
		const CatRel *r = ddl_find_rel(d, &rv);
		if (r && ddl_check_owner(d, r, -1))
			return -1;
		if (r && (char)r->kind != kind)
			return an_error(d->ps, -1, "42809", "\"%s\" is not a %s", rv.relname, noun);
		if (r && list_add(d, l, r))
			return -1;
		if (r)
			continue;
		if (!s->missing_ok)
			return an_error(d->ps, -1, "42P01", "%s \"%s\" does not exist", noun, rv.relname);
		ddl_notice(d, "00000", "%s \"%s\" does not exist, skipping", noun, rv.relname);
	}
	return 0;
}

/* With its parts on the partitions. */
static void drop_index_tree(Ddl *d, const CatIndex *x)
{
	ddl_touch(d, x->table->schema);
	ddl_drop_content(d, x);
	if (index_has_sqlite(x))
		ddl_sql(d, "DROP INDEX %s", ddl_id(d, x->sqlite_name));
	ddl_sql(d, "DELETE FROM _understudy_index_key WHERE idx = %u", x->oid);
	ddl_sql(d, "DELETE FROM _understudy_index WHERE oid = %u", x->oid);
	ddl_sql(d, "DELETE FROM _understudy_inherits WHERE child = %u", x->oid);
	ddl_sql(d, "DELETE FROM _understudy_inherited WHERE obj = %u", x->oid);
	for (size_t i = 0; i < x->table->nchildren; i++)
		for (size_t k = 0; k < x->table->children[i]->nindexes; k++)
			if (x->table->children[i]->indexes[k]->parent == x)
				drop_index_tree(d, x->table->children[i]->indexes[k]);
}

static int drop_index(Ddl *d, const PgQuery__DropStmt *s)
{
	for (size_t i = 0; i < s->n_objects; i++) {
		PgQuery__RangeVar rv;
		object_name(s->objects[i], &rv);
		const CatIndex *x = ddl_find_index(d, rv.schemaname, rv.relname);
		if (!x && !s->missing_ok)
			return an_error(d->ps, -1, "42704", "index \"%s\" does not exist", rv.relname);
		if (!x) {
			ddl_notice(d, "00000", "index \"%s\" does not exist, skipping", rv.relname);
			continue;
		}
		if (x->parent) {
			an_error(d->ps, -1, "2BP01", "cannot drop index %s because index %s requires it", x->name, x->parent->name);
			return err_hint(d->err, "You can drop index %s instead.", x->parent->name);
		}
		for (size_t k = 0; k < x->table->nconstraints; k++) {
			const CatConstraint *c = x->table->constraints[k];
			if (c->index != x || c->type == 'f')
				continue;
			an_error(d->ps, -1, "2BP01", "cannot drop index %s because constraint %s on table %s requires it", x->name, c->name,
				 x->table->name);
			return err_hint(d->err, "You can drop constraint %s on table %s instead.", c->name, x->table->name);
		}
		drop_index_tree(d, x);
	}
	return ddl_finish(d, "DROP INDEX");
}

static int drop_functions(Ddl *d, const CatSchema *ns, bool cascade)
{
	for (size_t i = 0; i < d->cat->nfunctions; i++) {
		const CatFunction *f = d->cat->functions[i];
		if (f->schema != ns->oid)
			continue;
		const char *name = sql_function_name(d->cat, f, true, d->a);
		if (!cascade)
			return ddl_depend_error(d, arena_printf(d->a, "schema %s", ns->name),
						arena_printf(d->a, "function %s depends on schema %s", name, ns->name));
		const char *user = ddl_function_user(d, f);
		if (user)
			return an_refuse(d->ps, -1, "DROP ... CASCADE of a function that %s uses", user);
		ddl_notice(d, "00000", "drop cascades to function %s", name);
		ddl_forget_function(d, f->proc.oid);
	}
	return 0;
}

static int drop_one_schema(Ddl *d, const CatSchema *ns, bool cascade)
{
	DropList l = { 0 };
	if (ddl_must_own(d, ns->owner, "schema", ns->name) || drop_functions(d, ns, cascade))
		return -1;
	ddl_touch(d, ns->oid);
	for (size_t k = 0; k < d->cat->nrels; k++) {
		if (d->cat->rels[k]->schema != ns->oid)
			continue;
		if (!cascade)
			return ddl_depend_error(
				d, arena_printf(d->a, "schema %s", ns->name),
				arena_printf(d->a, "table %s.%s depends on schema %s", ns->name, d->cat->rels[k]->name, ns->name));
		if (list_add(d, &l, d->cat->rels[k]))
			return -1;
	}
	for (size_t k = 0; k < d->cat->ntypes; k++)
		if (streq(d->cat->types[k]->schema, ns->name) && type_in_use(d, d->cat->types[k], &l, cascade))
			return -1;
	if (drop_relations(d, &l, cascade))
		return -1;
	for (size_t k = 0; k < d->cat->ntypes; k++)
		if (streq(d->cat->types[k]->schema, ns->name))
			ddl_forget_type(d, d->cat->types[k]);
	ddl_sql(d, "DELETE FROM _understudy_schema WHERE oid = %u", ns->oid);
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = 2615", ns->oid);
	return 0;
}

static int drop_schema(Ddl *d, const PgQuery__DropStmt *s)
{
	for (size_t i = 0; i < s->n_objects; i++) {
		const char *name = node_string(s->objects[i]);
		const CatSchema *ns = catalog_schema(d->cat, name);
		if (!ns && !s->missing_ok)
			return an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", name);
		if (!ns) {
			ddl_notice(d, "00000", "schema \"%s\" does not exist, skipping", name);
			continue;
		}
		if (ns->oid < FIRST_USER_OID && ns->oid != NS_PUBLIC)
			return an_error(d->ps, -1, "2BP01", "cannot drop schema %s because it is required by the database system", name);
		if (drop_one_schema(d, ns, s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE))
			return -1;
	}
	return ddl_finish(d, "DROP SCHEMA");
}

int plan_drop(Ddl *d, const PgQuery__DropStmt *s)
{
	static const struct {
		PgQuery__ObjectType type;
		char kind;
		const char *noun, *tag;
	} kinds[] = {
		{ PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, REL_TABLE, "table", "DROP TABLE" },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_VIEW, REL_VIEW, "view", "DROP VIEW" },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW, REL_MATVIEW, "materialized view", "DROP MATERIALIZED VIEW" },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, REL_SEQUENCE, "sequence", "DROP SEQUENCE" },
	};
	if (s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX)
		return drop_index(d, s);
	if (s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)
		return plan_drop_type(d, s);
	if (s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION)
		return plan_drop_extension(d, s);
	if (s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA)
		return drop_schema(d, s);
	if (s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_TRIGGER)
		return plan_drop_trigger(d, s);
	if (s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION || s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE ||
	    s->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE)
		return plan_drop_function(d, s);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		DropList l = { 0 };
		if (kinds[i].type != s->remove_type)
			continue;
		if (collect_relations(d, s, kinds[i].kind, kinds[i].noun, &l) ||
		    drop_relations(d, &l, s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE))
			return -1;
		return ddl_finish(d, kinds[i].tag);
	}
	return plan_drop_missing(d, s);
}

/* TRUNCATE must name, or cascade to, every table that refers to one of the list. */
static int truncate_referrers(Ddl *d, DropList *l, bool cascade)
{
	for (size_t i = 0; i < l->n; i++) {
		for (size_t k = 0; k < d->cat->nrels; k++) {
			const CatRel *o = d->cat->rels[k];
			for (size_t c = 0; c < o->nconstraints; c++) {
				const CatConstraint *f = o->constraints[c];
				if (f->type != 'f' || f->ref != l->rels[i] || listed(l, o))
					continue;
				if (!cascade) {
					an_error(d->ps, -1, "0A000", "cannot truncate a table referenced in a foreign key constraint");
					err_detail(d->err, "Table \"%s\" references \"%s\".", o->name, f->ref->name);
					return err_hint(d->err, "Truncate table \"%s\" at the same time, or use TRUNCATE ... CASCADE.",
							o->name);
				}
				ddl_notice(d, "00000", "truncate cascades to table \"%s\"", o->name);
				if (list_add(d, l, o))
					return -1;
			}
		}
	}
	return 0;
}

static bool fire_truncate(Ddl *d, const DropList *l, StepKind kind)
{
	bool any = false;
	for (size_t i = 0; i < l->n; i++) {
		if (!has_triggers(l->rels[i], TRIGGER_TRUNCATE))
			continue;
		ddl_step(d, kind)->write = plan_write_new(d->a, l->rels[i], TRIGGER_TRUNCATE);
		any = true;
	}
	return any;
}

static int add_below(Ddl *d, DropList *l, const CatRel *r)
{
	size_t n;
	const CatRel **all = partition_tree(r, d->a, &n);
	for (size_t i = 1; i < n; i++)
		if (list_add(d, l, all[i]))
			return -1;
	return 0;
}

int plan_truncate(Ddl *d, const PgQuery__TruncateStmt *s)
{
	DropList l = { 0 };
	for (size_t i = 0; i < s->n_relations; i++) {
		const PgQuery__RangeVar *rv = s->relations[i]->range_var;
		const CatRel *r = an_relation(d->ps, rv, false);
		if (!r || ddl_check_user_rel(d, r, rv->location))
			return -1;
		if (r->kind != REL_TABLE)
			return an_error(d->ps, -1, "42809", "\"%s\" is not a table", r->name);
		if (r->part && !rv->inh) {
			an_error(d->ps, -1, "42809", "cannot truncate only a partitioned table");
			return err_hint(d->err, "Do not specify the ONLY keyword, or use TRUNCATE ONLY on the partitions directly.");
		}
		if (acl_check_rel(d->ps, r, ACL_TRUNCATE) || list_add(d, &l, r))
			return -1;
	}
	for (size_t i = 0; i < s->n_relations; i++)
		for (size_t k = 0; s->relations[i]->range_var->inh && k < l.rels[i]->nchildren; k++)
			if (add_below(d, &l, l.rels[i]))
				return -1;
	if (truncate_referrers(d, &l, s->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE))
		return -1;
	if (fire_truncate(d, &l, STEP_FIRE_BEFORE))
		d->plan->volatile_fn = true;
	ddl_fk_off(d);
	for (size_t i = 0; i < l.n; i++) {
		ddl_sql(d, "DELETE FROM %s", ddl_id(d, l.rels[i]->sqlite_name));
		for (size_t k = 0; s->restart_seqs && k < d->cat->nseqs; k++) {
			if (d->cat->seqs[k]->owner_table == l.rels[i]->oid)
				ddl_step(d, STEP_RESTART_SEQUENCE)->oid = d->cat->seqs[k]->oid;
		}
	}
	if (fire_truncate(d, &l, STEP_FIRE_AFTER))
		ddl_step(d, STEP_FIRE_QUEUE);
	d->plan->kind = PLAN_SCRIPT;
	d->plan->tag = "TRUNCATE TABLE";
	d->plan->steps = d->steps;
	d->plan->nsteps = d->n;
	d->plan->writes = true;
	return 0;
}
