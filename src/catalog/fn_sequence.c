/* nextval, currval, setval and lastval as SQLite functions. */
#include "catalog/acl.h"
#include "catalog/sequence.h"
#include "pgtype/ts_dict.h"

#include <assert.h>

void sessionvars_reset(SessionVars *v)
{
	free(v->current);
	v->current = NULL;
	v->ncurrent = v->current_cap = 0;
	v->last_sequence = 0;
}

static SeqCurrent *current_find(SessionVars *v, uint32_t oid)
{
	for (size_t i = 0; i < v->ncurrent; i++) {
		if (v->current[i].oid == oid)
			return &v->current[i];
	}
	return NULL;
}

static void current_put(SessionVars *v, uint32_t oid, int64_t value)
{
	SeqCurrent *c = current_find(v, oid);
	if (!c) {
		v->current = mem_grow(v->current, &v->current_cap, v->ncurrent + 1, sizeof *v->current);
		c = &v->current[v->ncurrent++];
		c->oid = oid;
	}
	c->value = value;
}

/* The sequence that the first argument names, or NULL with the statement failed. */
static const CatSequence *sequence_arg(sqlite3_context *ctx, sqlite3_value *v, SessionVars **vars)
{
	FnEnv *env = fn_env(ctx);
	uint32_t oid = (uint32_t)sqlite3_value_int64(v);
	*vars = env->session;
	const Catalog *cat = env->catalog;
	if (!*vars || !cat || !(*vars)->sequences) {
		fn_raise(ctx, "0A000", "sequences can be used only in a session");
		return NULL;
	}
	const CatSequence *q = catalog_sequence(cat, oid);
	if (q)
		return q;
	const CatRel *r = catalog_rel_by_oid(cat, oid);
	if (r)
		fn_raise(ctx, "42809", "\"%s\" is not a sequence", r->name);
	else
		fn_raise(ctx, "42P01", "could not open relation with OID %u", oid);
	return NULL;
}

/* 42501. Identity columns draw their numbers in their own right. */
static bool may_use(sqlite3_context *ctx, const CatSequence *q, const SessionVars *v, uint32_t any_of)
{
	const Catalog *cat = fn_env(ctx)->catalog;
	uint32_t role = v->user ? catalog_role_oid(cat, v->user) : 0;
	const CatRel *table = q->owner_table ? catalog_rel_by_oid(cat, q->owner_table) : NULL;
	const CatColumn *c = table ? catrel_attnum(table, q->owner_attnum) : NULL;
	AclObject o = acl_of_rel(q->rel);
	if (role_is_super(cat, role) || (c && c->identity) || acl_held(cat, role, &o, any_of, false))
		return true;
	fn_raise(ctx, "42501", "permission denied for sequence %s", q->rel->name);
	return false;
}

static void draw_int(sqlite3_context *ctx, int64_t value)
{
	Val v = val_int(value);
	fn_draw(ctx, &v);
}

static void fn_nextval(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v;
	if (fn_drawn(ctx))
		return;
	const CatSequence *q = sequence_arg(ctx, argv[0], &v);
	int64_t value;
	if (!q || !may_use(ctx, q, v, ACL_USAGE | ACL_UPDATE))
		return;
	if (sequence_next(v->sequences, q, &value, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return;
	}
	current_put(v, q->oid, value);
	v->last_sequence = q->oid;
	draw_int(ctx, value);
}

static void fn_currval(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v;
	if (fn_drawn(ctx))
		return;
	const CatSequence *q = sequence_arg(ctx, argv[0], &v);
	if (!q)
		return;
	const SeqCurrent *c = current_find(v, q->oid);
	if (!c)
		fn_raise(ctx, "55000", "currval of sequence \"%s\" is not yet defined in this session", q->rel->name);
	else
		draw_int(ctx, c->value);
}

static void fn_setval(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v;
	if (fn_drawn(ctx))
		return;
	const CatSequence *q = sequence_arg(ctx, argv[0], &v);
	if (!q)
		return;
	int64_t value = sqlite3_value_int64(argv[1]);
	bool is_called = argc < 3 || sqlite3_value_int(argv[2]);
	if (sequence_set(v->sequences, q, value, is_called, &fn_env(ctx)->error)) {
		fn_fail(ctx);
		return;
	}
	if (is_called)
		current_put(v, q->oid, value);
	draw_int(ctx, value);
}

static void fn_lastval(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (fn_drawn(ctx))
		return;
	SessionVars *v = fn_env(ctx)->session;
	const SeqCurrent *c = v && v->last_sequence ? current_find(v, v->last_sequence) : NULL;
	if (!c)
		fn_raise(ctx, "55000", "lastval is not yet defined in this session");
	else
		draw_int(ctx, c->value);
}

static void fn_last_value(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v;
	if (fn_drawn(ctx))
		return;
	const CatSequence *q = sequence_arg(ctx, argv[0], &v);
	if (!q)
		return;
	int64_t value;
	bool is_called;
	sequence_state(v->sequences, q, &value, &is_called);
	Val result = is_called ? val_int(value) : val_null();
	fn_draw(ctx, &result);
}

/* pg_sequence_state(oid, 0 = last_value, 1 = is_called) */
static void fn_state(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v;
	const CatSequence *q = sequence_arg(ctx, argv[0], &v);
	int64_t last;
	bool called;
	if (!q)
		return;
	sequence_state(v->sequences, q, &last, &called);
	sqlite3_result_int64(ctx, sqlite3_value_int(argv[1]) ? called : last);
}

const SqliteFn catalog_fn_sequence[] = {
	{ "nextval_oid", 1, FN_STRICT, fn_nextval },
	{ "currval_oid", 1, FN_STRICT, fn_currval },
	{ "setval_oid", 2, FN_STRICT, fn_setval },
	{ "setval3_oid", 3, FN_STRICT, fn_setval },
	{ "lastval", 0, FN_STRICT, fn_lastval },
	{ "sequence_state", 2, FN_STRICT, fn_state },
	{ "pg_sequence_last_value", 1, FN_STRICT, fn_last_value },
	{ NULL },
};

int sessionvars_text_search_config(void *session, uint32_t *oid, Error *err)
{
	const SessionVars *v = session;
	const char *name = v && v->get_setting ? v->get_setting(v->arg, "default_text_search_config") : NULL;
	TsConfig c;
	if (!name || !*name)
		name = "simple";
	if (strncmp(name, "pg_catalog.", 11) == 0)
		name += 11;
	if (!ts_config_by_name(str_of(name), &c))
		return err_set(err, "42704", "text search configuration \"%s\" does not exist", name);
	*oid = c.oid;
	return 0;
}
