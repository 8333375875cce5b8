/*
 * Foreign keys' actions on tables that have triggers.
 *
 * SQLite would change the rows without asking the triggers. So the row that is referred to is written with SQLite's foreign keys off, and
 * here follows what they would have done: each action is a statement on the other table, as in PostgreSQL, whose AFTER triggers wait with
 * those of the statement around. Then what else refers to the row, and what the row refers to, is checked.
 */
#include "program/internal.h"

#include "catalog/constraint.h"
#include "pgtype/row.h"
#include "sql/triggers.h"

static const PgType *find_type(void *arg, uint32_t oid)
{
	return catalog_type(arg, oid);
}

/* The values of a row image by attnum - 1. */
static int unpack(SqliteTxn *t, const CatRel *r, const Val *image, Arena *a, Val **out, Error *err)
{
	const PgType *type = catalog_type(t->cat, r->rowtype);
	PgRow row;
	*out = NULL;
	if (image->kind == VAL_NULL)
		return 0;
	if (row_read(type, image->s, (TypeSource){ find_type, t->cat }, a, &row, err) != 0)
		return -1;
	*out = arena_array(a, Val, r->ncols + 1);
	for (size_t i = 0, k = 0; i < r->ncols; i++)
		if (!r->cols[i].dropped)
			(*out)[i] = row.vals[k++];
	return 0;
}

static void put_name(Buf *b, const char *name)
{
	buf_puts(b, "\"");
	for (; *name; name++)
		buf_printf(b, *name == '"' ? "\"\"" : "%c", *name);
	buf_puts(b, "\"");
}

static bool is_set(const CatConstraint *k, char event, int16_t attnum)
{
	if (event != 'd' || !k->nset_cols)
		return true;
	for (size_t i = 0; i < k->nset_cols; i++)
		if (k->set_cols[i] == attnum)
			return true;
	return false;
}

/* The statement of an action: $1 ... are the old key, behind them the new one. */
static void action_text(const Catalog *cat, const CatConstraint *k, char event, char action, Buf *b)
{
	const CatSchema *ns = catalog_schema_by_oid(cat, k->table->schema);
	bool any = false;
	buf_puts(b, event == 'd' && action == 'c' ? "DELETE FROM ONLY " : "UPDATE ONLY ");
	put_name(b, ns ? ns->name : "public");
	buf_puts(b, ".");
	put_name(b, k->table->name);
	for (size_t i = 0; i < k->ncols && !(event == 'd' && action == 'c'); i++) {
		if (!is_set(k, event, k->cols[i]))
			continue;
		buf_puts(b, any ? ", " : " SET ");
		any = true;
		put_name(b, catrel_attnum(k->table, k->cols[i])->name);
		if (action == 'c')
			buf_printf(b, " = $%zu", k->ncols + i + 1);
		else
			buf_puts(b, action == 'n' ? " = NULL" : " = DEFAULT");
	}
	for (size_t i = 0; i < k->ncols; i++) {
		buf_puts(b, i ? " AND " : " WHERE ");
		put_name(b, catrel_attnum(k->table, k->cols[i])->name);
		buf_printf(b, " = $%zu", i + 1);
	}
}

static CachedPlan *action_plan(SqliteTxn *t, const CatConstraint *k, char event, char action, Arena *a, Error *err)
{
	SqlEnv env;
	uint64_t key;
	if (program_env(t, &env, &key, err) != 0)
		return NULL;
	const char *name = arena_printf(a, "action %u %c", k->oid, event);
	CachedPlan *plan = program_kept(t, name, key);
	if (plan)
		return plan;
	uint32_t *types = arena_array(a, uint32_t, 2 * k->ncols + 1);
	for (size_t i = 0; i < k->ncols; i++)
		types[i] = types[k->ncols + i] = catrel_attnum(k->ref, k->ref_cols[i])->type->oid;
	const char *owner = catalog_role_name(t->cat, k->table->owner);
	Buf b = { 0 };
	env.vars = NULL;
	env.fixed_params = false;
	env.user = owner ? owner : env.user;
	action_text(t->cat, k, event, action, &b);
	plan = database_plan_apart(t, buf_str(&b), types, action == 'c' && event == 'u' ? 2 * k->ncols : k->ncols, &env, key, err);
	buf_free(&b);
	if (plan)
		program_keep(t, name, key, plan);
	return plan;
}

static bool same_val(const Val *x, const Val *y)
{
	return x->kind == y->kind && (x->kind == VAL_NULL || val_identical(x, y));
}

/* Runs the action for a row that is gone or has another key. */
static int act(SqliteTxn *t, const CatConstraint *k, const Val *old_row, const Val *new_row, struct ProgramEvents *outer, Arena *a,
	       Error *err)
{
	char event = new_row ? 'u' : 'd', action = new_row ? k->on_update : k->on_delete;
	Val *params = arena_array(a, Val, 2 * k->ncols + 1);
	bool changed = !new_row;
	if (!strchr("cnd", action))
		return 0;
	for (size_t i = 0; i < k->ncols; i++) {
		size_t at = (size_t)k->ref_cols[i] - 1;
		params[i] = old_row[at];
		if (params[i].kind == VAL_NULL)
			return 0;
		if (new_row)
			params[k->ncols + i] = new_row[at];
		changed = changed || !same_val(&old_row[at], &new_row[at]);
	}
	CachedPlan *plan = changed ? action_plan(t, k, event, action, a, err) : NULL;
	if (!plan)
		return changed ? -1 : 0;
	plan_ref(plan);
	t->outer_events = outer;
	int rc = nested_execute(t, plan, params, action == 'c' && new_row ? 2 * k->ncols : k->ncols, a, NULL, NULL, NULL, err);
	t->outer_events = NULL;
	plan_unref(plan);
	return rc;
}

int program_cascade(SqliteTxn *t, const CatRel *r, const Val *new_image, const Val *old_image, struct ProgramEvents *outer, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val *new_row, *old_row;
	if (unpack(t, r, new_image, a, &new_row, err) != 0 || unpack(t, r, old_image, a, &old_row, err) != 0)
		return -1;
	for (size_t i = 0; i < t->cat->nrels; i++)
		for (size_t j = 0; j < t->cat->rels[i]->nconstraints; j++) {
			const CatConstraint *k = t->cat->rels[i]->constraints[j];
			if (k->type == 'f' && k->ref == r && act(t, k, old_row, new_row, outer, a, err) != 0)
				return -1;
		}
	const FailedRow row = { .rel = r, .vals = new_row, .old = old_row, .ncols = r->ncols };
	return nested_check_row(t, &row, err);
}
