/* Prepared statements: the protocol's and SQL's share one namespace. */
#include "session/internal.h"

#include "base/clock.h"

#include <stdio.h>

static void prepared_free(Prepared *p)
{
	plan_unref(p->plan);
	free(p->text);
	free(p->types);
	free(p->shown);
	free(p);
}

Prepared *prepared_find(Session *s, Str name, Error *err)
{
	Prepared *p = map_get(&s->prepared, name);
	if (!p && name.n == 0)
		err_set(err, "26000", "unnamed prepared statement does not exist");
	else if (!p)
		err_set(err, "26000", "prepared statement \"%.*s\" does not exist", STR_ARG(name));
	return p;
}

static bool same_rows(const Plan *x, const Plan *y)
{
	if (x->ncols != y->ncols)
		return false;
	for (size_t i = 0; i < x->ncols; i++)
		if (x->cols[i].type->oid != y->cols[i].type->oid || x->cols[i].typmod != y->cols[i].typmod ||
		    !streq(x->cols[i].name, y->cols[i].name))
			return false;
	return true;
}

static CachedPlan *plan_again(Session *s, Prepared *p, Error *err)
{
	SqlEnv env = settings_env(s);
	uint64_t key = guc_plan_key(s->guc);
	if (!p->plan)
		return database_plan(&s->txn, (Str){ p->text, p->text_len }, p->types, p->ntypes, &env, key, err);
	CachedPlan *old = p->plan;
	CachedPlan *plan = database_plan(&s->txn, old->text, old->declared, old->ndeclared, &env, key, err);
	if (!plan)
		return NULL;
	/* The client relies on the row type it was told. */
	if (old->plan && plan->plan && !same_rows(old->plan, plan->plan)) {
		plan_unref(plan);
		err_set(err, "0A000", "cached plan must not change result type");
		return NULL;
	}
	return plan;
}

CachedPlan *prepared_plan(Session *s, Prepared *p, Error *err)
{
	txn_refresh_catalog(&s->txn);
	p->uses++;
	if (p->plan && plan_is_current(&s->txn, p->plan, guc_plan_key(s->guc)))
		return p->plan;
	CachedPlan *plan = plan_again(s, p, err);
	if (!plan)
		return NULL;
	plan_unref(p->plan);
	p->plan = plan;
	return plan;
}

int prepared_add(Session *s, Str name, CachedPlan *plan, Str from_sql, Error *err)
{
	if (name.n && map_get(&s->prepared, name))
		return err_set(err, "42P05", "prepared statement \"%.*s\" already exists", STR_ARG(name));
	Prepared *old = name.n ? NULL : map_get(&s->prepared, name);
	if (old) {
		plan_unref(old->plan);
		old->plan = plan_ref(plan);
		return 0;
	}
	Prepared *p = mem_alloc(sizeof *p);
	p->plan = plan_ref(plan);
	p->from_sql = from_sql.p != NULL;
	p->shown = from_sql.p ? mem_strndup(from_sql.p, from_sql.n) : NULL;
	p->made_us = clock_wall_us() - 946684800000000LL;
	map_put(&s->prepared, name, p);
	return 0;
}

void prepared_drop(Session *s, Str name)
{
	Prepared *p = map_remove(&s->prepared, name);
	if (p)
		prepared_free(p);
}

void prepared_drop_all(Session *s)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&s->prepared, &at));)
		prepared_free(e->value);
	map_free(&s->prepared);
	s->prepared = (Map){ 0 };
}

void session_adopt_prepared(Session *s, Str name, Str text, const uint32_t *types, size_t ntypes)
{
	Prepared *p = mem_alloc(sizeof *p);
	_cleanup_(arena_freep) Arena *a = arena_new();
	/* What cannot be read is refused when it is used. */
	Str read;
	if (s->types.client && type_recv_text(text, &s->types, a, &read, NULL) == 0)
		text = read;
	if (s->types.client && type_recv_text(name, &s->types, a, &read, NULL) == 0)
		name = read;
	p->text = mem_strndup(text.p, text.n);
	p->text_len = text.n;
	p->types = mem_alloc(ntypes * sizeof *types);
	if (ntypes)
		memcpy(p->types, types, ntypes * sizeof *types);
	p->ntypes = ntypes;
	Prepared *old = map_put(&s->prepared, name, p);
	if (old)
		prepared_free(old);
}

const PreparedRow *prepared_list(void *session, Arena *a, size_t *n)
{
	Session *s = session;
	size_t at = 0;
	*n = 0;
	PreparedRow *rows = arena_array(a, PreparedRow, s->prepared.count + 1);
	for (MapEntry *e; (e = map_next(&s->prepared, &at));) {
		const Prepared *p = e->value;
		Str text = p->plan ? p->plan->text : (Str){ p->text, p->text_len };
		if (e->key_len == 0)
			continue;
		rows[*n] = (PreparedRow){ .name = arena_strdup(a, e->key),
					  .statement = p->shown ? p->shown : arena_strndup(a, text.p, text.n),
					  .made_us = p->made_us,
					  .from_sql = p->from_sql,
					  .uses = p->uses,
					  .types = p->plan && p->plan->plan ? p->plan->plan->param_types : p->types,
					  .ntypes = p->plan && p->plan->plan ? p->plan->plan->nparams : p->ntypes };
		++*n;
	}
	return rows;
}
