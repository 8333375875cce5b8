/* The plan cache of a database, shared by its sessions. */
#include "backend/sqlite_internal.h"

#include <assert.h>

CachedPlan *plan_ref(CachedPlan *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void plan_unref(CachedPlan *p)
{
	if (!p || atomic_fetch_sub(&p->refs, 1) > 1)
		return;
	if (p->parsed.tree)
		sql_parsed_free(&p->parsed);
	catalog_unref(p->cat);
	arena_free(p->arena);
}

static CachedPlan *plan_new(const SqliteTxn *t, uint64_t key)
{
	Arena *a = arena_new();
	CachedPlan *p = arena_new_of(a, CachedPlan);
	atomic_init(&p->refs, 1);
	p->arena = a;
	p->settings_key = key;
	p->cat = catalog_ref(t->cat);
	return p;
}

bool plan_is_current(const SqliteTxn *t, const CachedPlan *p, uint64_t key)
{
	return p->cat == t->cat && p->settings_key == key;
}

static const char *own(Arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

/* The tree is several times as large as the plan: only plans that are made of it (PREPARE, EXPLAIN, COPY, DDL) keep it. */
static void drop_tree(CachedPlan *p)
{
	Plan *plan = p->plan;
	if (plan && (plan->inner || plan->kind == PLAN_SCRIPT || plan->kind == PLAN_COPY || plan->kind == PLAN_EXPLAIN ||
		     plan->kind == PLAN_PREPARE))
		return;
	if (plan) {
		plan->name = own(p->arena, plan->name);
		plan->isolation = own(p->arena, plan->isolation);
		for (size_t i = 0; i < plan->nvalues; i++)
			plan->values[i] = own(p->arena, plan->values[i]);
		for (size_t i = 0; i < plan->ncols; i++)
			plan->cols[i].name = own(p->arena, plan->cols[i].name);
	}
	if (p->parsed.tree)
		sql_parsed_free(&p->parsed);
	p->parsed = (ParsedSql){ 0 };
}

static CachedPlan *make(SqliteTxn *t, Str text, const uint32_t *types, size_t ntypes, const SqlEnv *env, uint64_t key, Error *err)
{
	CachedPlan *p = plan_new(t, key);
	p->text = (Str){ arena_strndup(p->arena, text.p, text.n), text.n };
	p->declared = arena_dup(p->arena, types, ntypes * sizeof *types);
	p->ndeclared = ntypes;
	if (sql_parse(p->text, p->arena, &p->parsed, err) != 0)
		goto fail;
	if (p->parsed.n > 1) {
		err_set(err, "42601", "cannot insert multiple commands into a prepared statement");
		goto fail;
	}
	if (p->parsed.n == 1 && sql_plan(env, &p->parsed, 0, p->declared, ntypes, p->arena, &p->plan, err) != 0)
		goto fail;
	drop_tree(p);
	return p;
fail:
	plan_unref(p);
	return NULL;
}

/* Key of the cache: settings, declared types, text. */
static void cache_key(Buf *b, Str text, const uint32_t *types, size_t ntypes, uint64_t key)
{
	buf_clear(b);
	buf_put(b, &key, sizeof key);
	buf_put_u16(b, (uint16_t)ntypes);
	buf_put(b, types, ntypes * sizeof *types);
	buf_put_str(b, text);
}

static CachedPlan *look_up(Database *d, const SqliteTxn *t, Str key)
{
	pthread_mutex_lock(&d->lock);
	CachedPlan *p = map_get(&d->plans, key);
	if (p && p->cat != t->cat)
		p = NULL;
	if (p) {
		p->last_use = ++d->plan_clock;
		plan_ref(p);
	}
	pthread_mutex_unlock(&d->lock);
	return p;
}

/* Drops the older half when the cache is full: one pass now and then instead of bookkeeping at every use. Under lock. */
static void make_room(Database *d)
{
	uint64_t limit = d->plan_clock > PLANS_KEPT / 2 ? d->plan_clock - PLANS_KEPT / 2 : 0;
	Map kept = { 0 };
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&d->plans, &at));) {
		CachedPlan *p = e->value;
		if (p->last_use > limit)
			map_put(&kept, (Str){ e->key, e->key_len }, p);
		else
			plan_unref(p);
	}
	map_free(&d->plans);
	d->plans = kept;
}

static void remember(Database *d, Str key, CachedPlan *p)
{
	pthread_mutex_lock(&d->lock);
	if (p->cat == atomic_load(&d->cat)) {
		if (d->plans.count >= PLANS_KEPT)
			make_room(d);
		p->last_use = ++d->plan_clock;
		CachedPlan *old = map_put(&d->plans, key, plan_ref(p));
		plan_unref(old);
	}
	pthread_mutex_unlock(&d->lock);
}

void plans_clear(Database *d)
{
	pthread_mutex_lock(&d->lock);
	Map old = d->plans;
	d->plans = (Map){ 0 };
	pthread_mutex_unlock(&d->lock);
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&old, &at));)
		plan_unref(e->value);
	map_free(&old);
}

CachedPlan *database_plan(SqliteTxn *t, Str text, const uint32_t *types, size_t ntypes, const SqlEnv *env, uint64_t key, Error *err)
{
	Buf *text_key = &t->plan_key;
	assert(env->cat == t->cat);
	cache_key(text_key, text, types, ntypes, key);
	CachedPlan *p = look_up(t->db, t, buf_str(text_key));
	if (p)
		return p;
	p = make(t, text, types, ntypes, env, key, err);
	if (p && p->plan && p->plan->cacheable && !t->ddl)
		remember(t->db, buf_str(text_key), p);
	if (text_key->cap > 1024)
		buf_free(text_key);
	return p;
}

CachedPlan *database_plan_apart(SqliteTxn *t, Str text, const uint32_t *types, size_t ntypes, const SqlEnv *env, uint64_t key, Error *err)
{
	return make(t, text, types, ntypes, env, key, err);
}

CachedPlan *plan_adopt(SqliteTxn *t, uint64_t key)
{
	return plan_new(t, key);
}

CachedPlan *database_plan_one(SqliteTxn *t, const ParsedSql *parsed, size_t which, const SqlEnv *env, uint64_t key, Error *err)
{
	CachedPlan *p = plan_new(t, key);
	p->text = parsed->stmts[which].text;
	if (sql_plan(env, parsed, which, NULL, 0, p->arena, &p->plan, err) == 0)
		return p;
	plan_unref(p);
	return NULL;
}
