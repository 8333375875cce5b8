#include "sqlite/collation.h"

#include "pgtype/array.h"
#include "pgtype/numeric.h"

static int compare_numeric(void *arg, int nx, const void *x, int ny, const void *y)
{
	return numeric_compare_text((Str){ x, (size_t)nx }, (Str){ y, (size_t)ny });
}

static int compare_typed(void *arg, int nx, const void *x, int ny, const void *y)
{
	Val a = val_text((Str){ x, (size_t)nx }), b = val_text((Str){ y, (size_t)ny });
	return type_compare(arg, &a, &b);
}

static int compare_arrays(void *arg, int nx, const void *x, int ny, const void *y)
{
	return array_compare_text(arg, (Str){ x, (size_t)nx }, (Str){ y, (size_t)ny });
}

static const PgType *type_by_oid(FnEnv *env, uint32_t oid)
{
	const PgType *t = pgtype_builtin(oid);
	return t || !env->type_lookup ? t : env->type_lookup(env->catalog, oid);
}

/* An enum may get labels while this connection lives, so its type is looked up again by each comparison. */
typedef struct EnumOrder {
	FnEnv *env;
	uint32_t oid;
	bool array;
} EnumOrder;

static int compare_enums(void *arg, int nx, const void *x, int ny, const void *y)
{
	const EnumOrder *o = arg;
	const PgType *t = type_by_oid(o->env, o->oid);
	Str a = { x, (size_t)nx }, b = { y, (size_t)ny };
	Val va = val_text(a), vb = val_text(b);
	if (!t)
		return type_compare(pgtype_builtin(25), &va, &vb);
	return o->array ? array_compare_text(t, a, b) : type_compare(t, &va, &vb);
}

static void on_needed(void *arg, sqlite3 *db, int encoding, const char *name)
{
	FnEnv *env = arg;
	if (strcmp(name, "pgnumeric") == 0) {
		sqlite3_create_collation_v2(db, name, SQLITE_UTF8, NULL, compare_numeric, NULL);
		return;
	}
	const PgType *own = strncmp(name, "pg", 2) == 0 ? pgtype_builtin_named(name + 2) : NULL;
	if (own) {
		sqlite3_create_collation_v2(db, name, SQLITE_UTF8, (void *)(uintptr_t)own, compare_typed, NULL);
		return;
	}
	bool array = strncmp(name, "pgarray_", 8) == 0;
	if (!array && strncmp(name, "pgenum_", 7) != 0)
		return;
	const char *what = name + (array ? 8 : 7);
	if (array && !(*what >= '0' && *what <= '9')) {
		const PgType *t = pgtype_builtin_named(what);
		if (t && type_is_supported(t))
			sqlite3_create_collation_v2(db, name, SQLITE_UTF8, (void *)(uintptr_t)t, compare_arrays, NULL);
		return;
	}
	EnumOrder *o = mem_alloc(sizeof *o);
	*o = (EnumOrder){ env, (uint32_t)strtoul(what, NULL, 10), array };
	sqlite3_create_collation_v2(db, name, SQLITE_UTF8, o, compare_enums, free);
}

int collations_register(sqlite3 *db, FnEnv *env)
{
	return sqlite3_collation_needed(db, env, on_needed);
}
