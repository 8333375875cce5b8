/*
 * Where rows belong, as SQLite functions:
 *
 *   pg_partition_leaf(table, key ...)         the partition at the bottom of the tree; 23514 when there is none
 *   pg_partition_holds(table, part, key ...)  whether a row of that key belongs into this partition of the table: for CHECK
 *
 * The keys of pg_partition_leaf are those of the table, then those of each partitioned table below it as partition_tree lists them.
 */
#include "catalog/partition.h"
#include "catalog/vtab.h"

static const CatRel *rel_arg(sqlite3_context *ctx, sqlite3_value *v)
{
	const Catalog *cat = fn_env(ctx)->catalog;
	return cat ? catalog_rel_by_oid(cat, (uint32_t)sqlite3_value_int64(v)) : NULL;
}

static void put_key(const CatRel *r, Buf *b)
{
	for (size_t i = 0; i < r->part->n; i++) {
		const CatColumn *c = catrel_attnum(r, r->part->cols[i]);
		buf_puts(b, i ? ", " : "");
		buf_puts(b, c ? c->name : r->part->exprs[i]);
	}
}

static void no_partition(sqlite3_context *ctx, const CatRel *r, const Val *key)
{
	FnEnv *env = fn_env(ctx);
	const Catalog *cat = env->catalog;
	const CatSchema *ns = catalog_schema_by_oid(cat, r->schema);
	Buf b = { 0 };
	buf_puts(&b, "Partition key of the failing row contains (");
	put_key(r, &b);
	buf_puts(&b, ") = (");
	for (size_t i = 0; i < r->part->n; i++) {
		Error ignored;
		buf_puts(&b, i ? ", " : "");
		if (key[i].kind == VAL_NULL)
			buf_puts(&b, "null");
		else
			type_out(r->part->types[i], -1, &key[i], env->types, &b, &ignored);
	}
	buf_puts(&b, ").");
	err_set(&env->error, "23514", "no partition of relation \"%s\" found for row", r->name);
	err_detail(&env->error, "%s", buf_cstr(&b));
	err_object(&env->error, ns ? ns->name : NULL, r->name, NULL, NULL);
	buf_free(&b);
	fn_fail(ctx);
}

/* How many values stand before those of `of` among the keys of the tree below `r`. */
static size_t keys_before(const CatRel *r, const CatRel *of, Arena *a)
{
	size_t n, before = 0;
	const CatRel **all = partition_tree(r, a, &n);
	for (size_t i = 0; i < n && all[i] != of; i++)
		before += all[i]->part ? all[i]->part->n : 0;
	return before;
}

static void fn_leaf(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const CatRel *root = rel_arg(ctx, argv[0]), *r = root;
	Val *vals = arena_array(a, Val, argc);
	for (int i = 1; i < argc; i++)
		vals[i - 1] = fn_arg(argv[i]);
	while (r && r->part) {
		const size_t at = r == root ? 0 : keys_before(root, r, a);
		if (at + r->part->n > (size_t)argc - 1) {
			fn_raise(ctx, "XX000", "the partitions of table \"%s\" have changed", root->name);
			return;
		}
		const CatRel *child = partition_child(r, vals + at);
		if (!child) {
			no_partition(ctx, r, vals + at);
			return;
		}
		r = child;
	}
	if (r)
		sqlite3_result_int64(ctx, r->oid);
}

static void fn_holds(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const CatRel *r = rel_arg(ctx, argv[0]);
	const uint32_t part = (uint32_t)sqlite3_value_int64(argv[1]);
	Val vals[32]; /* PostgreSQL's PARTITION_MAX_KEYS */
	if (!r || !r->part || r->part->n + 2 != (size_t)argc || r->part->n > ARRAY_LEN(vals)) {
		sqlite3_result_int(ctx, 1);
		return;
	}
	for (size_t i = 0; i < r->part->n; i++)
		vals[i] = fn_arg(argv[i + 2]);
	const CatRel *child = partition_child(r, vals);
	sqlite3_result_int(ctx, child && child->oid == part);
}

static void fn_root(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const CatRel *r = rel_arg(ctx, argv[0]);
	const CatIndex *x = r ? NULL : catalog_index(fn_env(ctx)->catalog, (uint32_t)sqlite3_value_int64(argv[0]));
	for (; x && x->parent;)
		x = x->parent;
	if (x && (x->table->part || x->table->bound))
		sqlite3_result_int64(ctx, x->oid);
	if (r && (r->part || r->bound))
		sqlite3_result_int64(ctx, partition_root(r)->oid);
}

static void put_item(Buf *b, uint32_t oid)
{
	buf_printf(b, b->len > 1 ? ",%u" : "%u", oid);
}

/* As the text of an array. */
static void fn_ancestors(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const CatRel *r = rel_arg(ctx, argv[0]);
	const CatIndex *x = r ? NULL : catalog_index(fn_env(ctx)->catalog, (uint32_t)sqlite3_value_int64(argv[0]));
	Buf b = { 0 };
	buf_puts(&b, "{");
	for (; x && (x->table->part || x->table->bound); x = x->parent)
		put_item(&b, x->oid);
	for (; r && (r->part || r->bound); r = r->bound ? r->parents[0] : NULL)
		put_item(&b, r->oid);
	buf_puts(&b, "}");
	sqlite3_result_text(ctx, (const char *)b.data, (int)b.len, SQLITE_TRANSIENT);
	buf_free(&b);
}

static int level_of(const CatRel *r, const CatRel *top)
{
	int n = 0;
	for (; r != top; r = r->parents[0])
		n++;
	return n;
}

static const CatIndex *index_of_part(const CatRel *r, const CatIndex *parent, const CatRel *top)
{
	for (size_t i = 0; i < r->nindexes; i++) {
		const CatIndex *x = r->indexes[i];
		for (const CatIndex *up = x; up; up = up->parent)
			if (up == parent)
				return x;
	}
	return NULL;
}

/* "relid parent isleaf level" of each, in lines: rows of pg_partition_tree (sqlite/vtab_lines.c). */
static void fn_tree(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const CatRel *r = rel_arg(ctx, argv[0]);
	const CatIndex *x = r ? NULL : catalog_index(fn_env(ctx)->catalog, (uint32_t)sqlite3_value_int64(argv[0]));
	const CatRel *top = x ? x->table : r;
	size_t n = 0;
	const CatRel **all = top && (top->part || top->bound) ? partition_tree(top, a, &n) : NULL;
	Buf b = { 0 };
	for (size_t i = 0; i < n; i++) {
		const CatIndex *own = x ? index_of_part(all[i], x, top) : NULL;
		if (x && !own)
			continue;
		uint32_t parent = x ? (own->parent ? own->parent->oid : 0) : all[i]->bound ? all[i]->parents[0]->oid : 0;
		buf_printf(&b, "%u %u %d %d\n", own ? own->oid : all[i]->oid, parent, all[i]->part == NULL, level_of(all[i], top));
	}
	sqlite3_result_text(ctx, (const char *)b.data, (int)b.len, SQLITE_TRANSIENT);
	buf_free(&b);
}

const SqliteFn catalog_fn_partition[] = {
	{ "partition_leaf", -1, FN_IMMUTABLE, fn_leaf },   { "partition_holds", -1, FN_IMMUTABLE, fn_holds },
	{ "pg_partition_root", 1, FN_STRICT, fn_root },	   { "partition_ancestors", 1, FN_STRICT, fn_ancestors },
	{ "partition_tree_lines", 1, FN_STRICT, fn_tree }, { NULL, 0, 0, NULL },
};
