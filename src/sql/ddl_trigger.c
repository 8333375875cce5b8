/* CREATE TRIGGER, DROP TRIGGER, ENABLE and DISABLE. */
#include "catalog/acl.h"
#include "sql/acl_check.h"
#include "sql/ddl.h"
#include "sql/expr.h"
#include "sql/program.h"
#include "sql/query.h"
#include "sql/triggers.h"

enum { TIMING_BEFORE = 2, TIMING_INSTEAD = 64, EVENT_INSERT = 4, EVENT_DELETE = 8, EVENT_UPDATE = 16, EVENT_TRUNCATE = 32, MAX_ARGS = 99 };

static int events_of(int bits)
{
	return (bits & EVENT_INSERT ? TRIGGER_INSERT : 0) | (bits & EVENT_DELETE ? TRIGGER_DELETE : 0) |
	       (bits & EVENT_UPDATE ? TRIGGER_UPDATE : 0) | (bits & EVENT_TRUNCATE ? TRIGGER_TRUNCATE : 0);
}

static const CatFunction *trigger_function(Ddl *d, const PgQuery__CreateTrigStmt *s)
{
	const char *name = node_string(s->funcname[s->n_funcname - 1]);
	const char *schema = s->n_funcname > 1 ? node_string(s->funcname[0]) : NULL;
	size_t npath = schema ? 1 : d->ps->env->nsearch_path;
	for (size_t k = 0; k < npath; k++) {
		const CatSchema *ns = catalog_schema(d->cat, schema ? schema : d->ps->env->search_path[k]);
		for (size_t i = 0; ns && i < d->cat->nfunctions; i++) {
			const CatFunction *f = d->cat->functions[i];
			if (f->schema == ns->oid && streq(f->proc.name, name) && f->proc.nargs == 0)
				return f;
		}
	}
	size_t n = 0;
	if (!schema && pgproc_named(name, &n) && n)
		return an_refuse(d->ps, -1, "a trigger with PostgreSQL's own function %s", name), NULL;
	an_error(d->ps, -1, "42883", "function %s%s%s() does not exist", schema ? schema : "", schema ? "." : "", name);
	return NULL;
}

typedef struct WhenRefs {
	int at[2]; /* where NEW and OLD are first named; -1 nowhere */
} WhenRefs;

static bool note_row(Expr *x, void *arg)
{
	WhenRefs *w = arg;
	if (x->kind == X_PARAM && (x->param == 1 || x->param == 2) && w->at[x->param - 1] < 0)
		w->at[x->param - 1] = x->location;
	return true;
}

static int check_rows(Ddl *d, const CatTrigger *t, const WhenRefs *w)
{
	int first = w->at[0] >= 0 ? w->at[0] : w->at[1];
	if (!t->row && first >= 0)
		return an_error(d->ps, first, "42P17", "statement trigger's WHEN condition cannot reference column values");
	if (t->events & TRIGGER_INSERT && w->at[1] >= 0)
		return an_error(d->ps, w->at[1], "42P17", "INSERT trigger's WHEN condition cannot reference OLD values");
	if (t->events & TRIGGER_DELETE && w->at[0] >= 0)
		return an_error(d->ps, w->at[0], "42P17", "DELETE trigger's WHEN condition cannot reference NEW values");
	return 0;
}

/* WHEN may name the columns of OLD and NEW. */
static int check_when(Ddl *d, const PgQuery__CreateTrigStmt *s, CatTrigger *t)
{
	if (!s->when_clause)
		return 0;
	SqlVars vars;
	WhenRefs refs = { { -1, -1 } };
	trigger_when_vars(t, d->a, &vars);
	d->ps->vars = &vars;
	Expr *e = an_expr(d->ps, s->when_clause, AT_CHECK);
	e = e ? coerce_to_boolean(d->ps, e, "WHEN") : NULL;
	d->ps->vars = NULL;
	if (!e)
		return -1;
	expr_walk(e, note_row, &refs);
	t->when_sql = (char *)(uintptr_t)ddl_expr_sql(d, s->when_clause);
	return t->when_sql ? check_rows(d, t, &refs) : -1;
}

static int check_form(Ddl *d, const PgQuery__CreateTrigStmt *s, const CatRel *r)
{
	ParseState *ps = d->ps;
	if (r->kind == REL_VIEW && s->row)
		return an_refuse(ps, s->relation->location, "a row trigger on a view");
	if (r->kind != REL_TABLE && r->kind != REL_VIEW)
		return an_error(ps, -1, "42809", "relation \"%s\" cannot have triggers", r->name);
	if (r->kind == REL_VIEW)
		return an_refuse(ps, s->relation->location, "a trigger on a view");
	if (s->timing == TIMING_INSTEAD) {
		an_error(ps, -1, "42809", "\"%s\" is a table", r->name);
		return err_detail(ps->err, "Tables cannot have INSTEAD OF triggers.");
	}
	if (s->row && s->events & EVENT_TRUNCATE)
		return an_error(ps, -1, "0A000", "TRUNCATE FOR EACH ROW triggers are not supported");
	if (s->n_transition_rels)
		return an_refuse(ps, s->relation->location, "a trigger with REFERENCING");
	if (s->initdeferred || s->deferrable)
		return an_refuse(ps, s->relation->location, "a DEFERRABLE trigger");
	if (s->constrrel)
		return an_refuse(ps, s->relation->location, "a constraint trigger FROM another table");
	return s->n_args > MAX_ARGS ? an_refuse(ps, s->relation->location, "a trigger with more than %d arguments", MAX_ARGS) : 0;
}

static int take_columns(Ddl *d, const PgQuery__CreateTrigStmt *s, const CatRel *r, CatTrigger *t)
{
	t->cols = arena_array(d->a, int16_t, s->n_columns + 1);
	for (size_t i = 0; i < s->n_columns; i++) {
		const CatColumn *c = catrel_column(r, node_string(s->columns[i]));
		if (!c)
			return an_error(d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", node_string(s->columns[i]),
					r->name);
		for (size_t k = 0; k < t->ncols; k++)
			if (t->cols[k] == c->attnum)
				return an_error(d->ps, -1, "42701", "column \"%s\" specified more than once", c->name);
		t->cols[t->ncols++] = c->attnum;
	}
	return 0;
}

static void save(Ddl *d, const CatTrigger *t, const PgQuery__CreateTrigStmt *s)
{
	Buf cols = { 0 };
	for (size_t i = 0; i < t->ncols; i++)
		buf_printf(&cols, i ? " %d" : "%d", t->cols[i]);
	ddl_sql(d,
		"INSERT INTO _understudy_trigger (oid, rel, name, function, timing, is_row, events, cols, when_sql, enabled, "
		"is_constraint, "
		"is_deferrable, is_deferred, old_table, new_table) VALUES (%u, %u, %s, %u, '%c', %d, %d, '%s', %s, 'O', %d, 0, 0, NULL, "
		"NULL)",
		t->oid, t->table->oid, ddl_lit(d, t->name), t->function, t->timing, t->row, t->events, buf_cstr(&cols),
		ddl_lit(d, t->when_sql), t->constraint);
	buf_free(&cols);
	for (size_t i = 0; i < s->n_args; i++)
		ddl_sql(d, "INSERT INTO _understudy_trigger_arg VALUES (%u, %zu, %s)", t->oid, i + 1, ddl_lit(d, node_string(s->args[i])));
}

const CatTrigger *ddl_find_trigger(const CatRel *r, const char *name)
{
	for (size_t i = 0; i < r->ntriggers; i++)
		if (streq(r->triggers[i]->name, name))
			return r->triggers[i];
	return NULL;
}

static void take_args(Ddl *d, const PgQuery__CreateTrigStmt *s, CatTrigger *t)
{
	t->args = arena_array(d->a, char *, s->n_args + 1);
	for (size_t i = 0; i < s->n_args; i++)
		t->args[t->nargs++] = arena_strdup(d->a, node_string(s->args[i]));
}

static void forget(Ddl *d, const CatTrigger *t, const char *arg)
{
	ddl_forget_trigger(d, t->oid);
}

static void enable(Ddl *d, const CatTrigger *t, const char *state)
{
	ddl_sql(d, "UPDATE _understudy_trigger SET enabled = '%s' WHERE oid = %u", state, t->oid);
}

static void rename_to(Ddl *d, const CatTrigger *t, const char *name)
{
	ddl_sql(d, "UPDATE _understudy_trigger SET name = %s WHERE oid = %u", ddl_lit(d, name), t->oid);
}

int plan_create_trigger(Ddl *d, const PgQuery__CreateTrigStmt *s)
{
	const CatRel *r = an_relation(d->ps, s->relation, false);
	if (!r || ddl_check_user_rel(d, r, s->relation->location) || acl_check_rel(d->ps, r, ACL_TRIGGER) || check_form(d, s, r))
		return -1;
	CatTrigger t = { .table = (CatRel *)(uintptr_t)r,
			 .name = arena_strdup(d->a, s->trigname),
			 .row = s->row,
			 .events = events_of(s->events),
			 .timing = s->timing == TIMING_BEFORE ? 'b' : 'a',
			 .constraint = s->isconstraint };
	if (take_columns(d, s, r, &t) || check_when(d, s, &t))
		return -1;
	const CatFunction *f = trigger_function(d, s);
	if (!f)
		return -1;
	if (f->proc.rettype != T_TRIGGER)
		return an_error(d->ps, -1, "42P17", "function %s must return type %s", f->proc.name, "trigger");
	t.function = f->proc.oid;
	const CatTrigger *old = ddl_find_trigger(r, s->trigname);
	if (old && !s->replace)
		return an_error(d->ps, -1, "42710", "trigger \"%s\" for relation \"%s\" already exists", s->trigname, r->name);
	t.oid = old ? old->oid : ddl_oid(d);
	if (old)
		ddl_forget_trigger(d, old->oid);
	save(d, &t, s);
	take_args(d, s, &t);
	return ddl_spread_trigger(d, &t) ? -1 : ddl_finish(d, "CREATE TRIGGER");
}

int ddl_named_part(Ddl *d, const PgQuery__DropStmt *s, size_t i, const CatRel **r, const char **name)
{
	const PgQuery__List *l = s->objects[i]->list;
	PgQuery__RangeVar rv;
	pg_query__range_var__init(&rv);
	rv.location = -1;
	*name = node_string(l->items[l->n_items - 1]);
	if (l->n_items > 1)
		rv.relname = (char *)(uintptr_t)node_string(l->items[l->n_items - 2]);
	if (l->n_items > 2)
		rv.schemaname = (char *)(uintptr_t)node_string(l->items[l->n_items - 3]);
	*r = an_relation(d->ps, &rv, s->missing_ok);
	if (*r)
		return 1;
	if (!s->missing_ok)
		return -1;
	ddl_notice(d, "00000", "relation \"%s\" does not exist, skipping", rv.relname);
	return 0;
}

int plan_drop_trigger(Ddl *d, const PgQuery__DropStmt *s)
{
	for (size_t i = 0; i < s->n_objects; i++) {
		const CatRel *r;
		const char *name;
		int rc = ddl_named_part(d, s, i, &r, &name);
		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		const CatTrigger *t = ddl_find_trigger(r, name);
		if (!t && !s->missing_ok)
			return an_error(d->ps, -1, "42704", "trigger \"%s\" for table \"%s\" does not exist", name, r->name);
		if (t && ddl_check_clone(d, t))
			return -1;
		if (t) {
			forget(d, t, NULL);
			ddl_each_clone(d, t, forget, NULL);
		} else
			ddl_notice(d, "00000", "trigger \"%s\" for relation \"%s\" does not exist, skipping", name, r->name);
	}
	return ddl_finish(d, "DROP TRIGGER");
}

int plan_rename_trigger(Ddl *d, const PgQuery__RenameStmt *s)
{
	const CatRel *r = an_relation(d->ps, s->relation, false);
	if (!r)
		return -1;
	const CatTrigger *t = ddl_find_trigger(r, s->subname);
	if (!t)
		return an_error(d->ps, -1, "42704", "trigger \"%s\" for table \"%s\" does not exist", s->subname, r->name);
	if (ddl_find_trigger(r, s->newname))
		return an_error(d->ps, -1, "42710", "trigger \"%s\" for relation \"%s\" already exists", s->newname, r->name);
	const CatTrigger *up = catalog_trigger_parent(t);
	if (up) {
		an_error(d->ps, -1, "0A000", "cannot rename trigger \"%s\" on table \"%s\"", t->name, r->name);
		return err_hint(d->err, "Rename the trigger on the partitioned table \"%s\" instead.", up->table->name);
	}
	rename_to(d, t, s->newname);
	ddl_each_clone(d, t, rename_to, s->newname);
	return ddl_finish(d, "ALTER TRIGGER");
}

/* ALTER TABLE ... ENABLE and DISABLE TRIGGER: `state` is O, D, R or A; name NULL: all. */
int ddl_enable_triggers(Ddl *d, const CatRel *r, const char *name, char state)
{
	if (name && !ddl_find_trigger(r, name))
		return an_error(d->ps, -1, "42704", "trigger \"%s\" for table \"%s\" does not exist", name, r->name);
	const char *text = arena_printf(d->a, "%c", state);
	for (size_t i = 0; i < r->ntriggers; i++) {
		if (name && !streq(r->triggers[i]->name, name))
			continue;
		enable(d, r->triggers[i], text);
		ddl_each_clone(d, r->triggers[i], enable, text);
	}
	return 0;
}
