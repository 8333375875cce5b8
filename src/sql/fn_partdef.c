/* Partitions as PostgreSQL shows them: their bounds, the keys of their tables, and what is true of their rows. */
#include "catalog/partition.h"
#include "sql/analyze.h"
#include "sql/fn_catdef.h"

static const char *taken(Arena *a, Buf *b)
{
	const char *s = arena_strndup(a, (const char *)b->data, b->len);
	buf_free(b);
	return s;
}

const char *fn_bound_text(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const CatRel *r = catalog_rel_by_oid(env->cat, oid);
	Buf b = { 0 };
	if (!r || !r->bound)
		return NULL;
	partition_put_bound(r->parents[0]->part, r->bound, env->types, &b);
	return taken(a, &b);
}

static const char *key_shown(const SqlEnv *env, const CatRel *r, size_t i, Arena *a)
{
	Error ignored;
	if (r->part->cols[i])
		return quote_name(a, catrel_attnum(r, r->part->cols[i])->name);
	const char *text = r->part->exprs[i];
	const Expr *x = an_expr_text(env, a, text, r, AT_INDEX_EXPR, 0, -1, &ignored);
	const char *shown = x ? deparse_expr(env, x, false, a, &ignored) : NULL;
	bool call = x && x->kind == X_FUNC && !x->op && !x->cast;
	return arena_printf(a, call ? "%s" : "(%s)", shown ? shown : text);
}

const char *fn_partition_key(const SqlEnv *env, uint32_t oid, bool strategy, Arena *a)
{
	const CatRel *r = catalog_rel_by_oid(env->cat, oid);
	const char *t = "";
	if (!r || !r->part)
		return NULL;
	for (size_t i = 0; i < r->part->n; i++)
		if (strategy || !r->part->cols[i])
			t = arena_printf(a, "%s%s%s", t, *t ? ", " : "", key_shown(env, r, i, a));
	const char *word = r->part->strategy == 'r' ? "RANGE" : r->part->strategy == 'l' ? "LIST" : "HASH";
	return strategy ? arena_printf(a, "%s (%s)", word, t) : t;
}

/* --- the condition of a partition, as PostgreSQL text --- */

typedef struct Cond {
	const SqlEnv *env;
	const CatRel *parent;
	Arena *a;
} Cond;

static const char *value_of(const Cond *c, size_t i, const CatDatum *d)
{
	Buf b = { 0 };
	const PgType *t = type_base_of(c->parent->part->types[i]);
	partition_put_value(t, d, &type_env_stored, &b);
	return arena_printf(c->a, "%s::%s", taken(c->a, &b), type_format(t, -1, c->a));
}

static const char *joined(const Cond *c, const char *x, const char *word, const char *y)
{
	return !*x ? y : !*y ? x : arena_printf(c->a, "%s %s %s", x, word, y);
}

/* The row is not before the lower bound, or is before the upper one: the first key that differs decides. */
static const char *side_of(const Cond *c, const CatDatum *d, size_t from, bool upper)
{
	const CatPartKey *key = c->parent->part;
	const char *arms = "", *same = "";
	size_t n = 0;
	for (size_t i = from; i < key->n && d[i].kind == 'v'; i++, n++) {
		const char *k = key_shown(c->env, c->parent, i, c->a), *v = value_of(c, i, &d[i]);
		bool last = i + 1 == key->n, open = !last && d[i + 1].kind != 'v';
		const char *op = upper ? (!last && d[i + 1].kind == 'z' ? "<=" : "<") : last || (open && d[i + 1].kind == 'a') ? ">=" : ">";
		const char *arm = joined(c, same, "AND", arena_printf(c->a, "(%s %s %s)", k, op, v));
		arms = joined(c, arms, "OR", *same ? arena_printf(c->a, "(%s)", arm) : arm);
		same = joined(c, same, "AND", arena_printf(c->a, "(%s = %s)", k, v));
	}
	return n > 1 ? arena_printf(c->a, "(%s)", arms) : arms;
}

static const char *range_condition(const Cond *c, const CatBound *b)
{
	const CatPartKey *key = c->parent->part;
	const char *t = "";
	size_t same = 0;
	for (size_t i = 0; i < key->n; i++)
		t = joined(c, t, "AND", arena_printf(c->a, "(%s IS NOT NULL)", key_shown(c->env, c->parent, i, c->a)));
	for (; same + 1 < key->n && b->from[same].kind == 'v' && b->to[same].kind == 'v' &&
	       type_compare(type_base_of(key->types[same]), &b->from[same].val, &b->to[same].val) == 0;
	     same++)
		t = joined(c, t, "AND",
			   arena_printf(c->a, "(%s = %s)", key_shown(c->env, c->parent, same, c->a), value_of(c, same, &b->from[same])));
	t = joined(c, t, "AND", side_of(c, b->from, same, false));
	return joined(c, t, "AND", side_of(c, b->to, same, true));
}

static const char *list_condition(const Cond *c, const CatBound *b)
{
	const char *k = key_shown(c->env, c->parent, 0, c->a), *items = "", *test = "";
	size_t n = 0;
	bool null = false;
	for (size_t i = 0; i < b->nlist; i++) {
		null |= b->list[i].kind == 'n';
		if (b->list[i].kind == 'v') {
			n++;
			items = joined(c, items, ",", value_of(c, 0, &b->list[i]));
		}
	}
	if (n == 1)
		test = arena_printf(c->a, "(%s = %s)", k, items);
	else if (n)
		test = arena_printf(c->a, "(%s = ANY (ARRAY[%s]))", k, items);
	if (null)
		return joined(c, arena_printf(c->a, "(%s IS NULL)", k), "OR", test);
	return arena_printf(c->a, "(%s IS NOT NULL) AND %s", k, test);
}

static const char *hash_condition(const Cond *c, const CatBound *b)
{
	const char *keys = "";
	for (size_t i = 0; i < c->parent->part->n; i++)
		keys = joined(c, keys, ",", key_shown(c->env, c->parent, i, c->a));
	return arena_printf(c->a, "satisfies_hash_partition('%u'::oid, %lld, %lld, %s)", c->parent->oid, (long long)b->modulus,
			    (long long)b->remainder, keys);
}

static const char *condition(const Cond *c, const CatBound *b)
{
	char strategy = c->parent->part->strategy;
	return strategy == 'r' ? range_condition(c, b) : strategy == 'l' ? list_condition(c, b) : hash_condition(c, b);
}

static const char *default_condition(const Cond *c)
{
	const char *t = "";
	for (size_t i = 0; i < c->parent->nchildren; i++) {
		const CatBound *b = c->parent->children[i]->bound;
		if (b && !b->is_default)
			t = joined(c, t, "OR", arena_printf(c->a, "(%s)", condition(c, b)));
	}
	return *t ? arena_printf(c->a, "(NOT (%s))", t) : "";
}

static const char *constraint_text(const SqlEnv *env, const CatRel *r, Arena *a)
{
	const char *t = "";
	Error ignored;
	for (const CatRel *p = r; p->bound; p = p->parents[0]) {
		const Cond c = { env, p->parents[0], a };
		const char *one = p->bound->is_default ? default_condition(&c) : condition(&c, p->bound);
		bool list = c.parent->part->strategy == 'l' && !p->bound->is_default;
		t = joined(&c, list && r->parents[0]->bound ? arena_printf(a, "(%s)", one) : one, "AND", t);
	}
	if (!*t)
		return NULL;
	const Expr *x = an_expr_text(env, a, t, r, AT_CHECK, 16, -1, &ignored);
	const char *shown = x ? deparse_expr(env, x, false, a, &ignored) : NULL;
	return shown ? shown : arena_printf(a, "(%s)", t);
}

typedef const char *(*Show)(const SqlEnv *env, uint32_t oid, Arena *a);

static void run(sqlite3_context *ctx, sqlite3_value **argv, Show show)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env;
	if (fn_sql_env(ctx, &env))
		fn_result_cstr(ctx, show(&env, (uint32_t)sqlite3_value_int64(argv[0]), a));
}

static const char *show_key(const SqlEnv *env, uint32_t oid, Arena *a)
{
	return fn_partition_key(env, oid, true, a);
}

static const char *show_constraint(const SqlEnv *env, uint32_t oid, Arena *a)
{
	const CatRel *r = catalog_rel_by_oid(env->cat, oid);
	return r && r->bound ? constraint_text(env, r, a) : NULL;
}

static void f_key(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, argv, show_key);
}

static void f_constraint(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	run(ctx, argv, show_constraint);
}

const SqliteFn fn_table_partdef[] = {
	{ "pg_get_partkeydef", 1, FN_STRICT, f_key },
	{ "pg_get_partition_constraintdef", 1, FN_STRICT, f_constraint },
	{ NULL, 0, 0, NULL },
};
