#include "sqlite/collation.h"

#include "pgtype/array.h"
#include "pgtype/icu.h"
#include "pgtype/family.h"
#include "pgtype/numeric.h"
#include "pgtype/row.h"

static int compare_numeric(void *arg, int nx, const void *x, int ny, const void *y)
{
	return numeric_compare_text((Str){ x, (size_t)nx }, (Str){ y, (size_t)ny });
}

static int compare_typed(void *arg, int nx, const void *x, int ny, const void *y)
{
	Val a = val_text((Str){ x, (size_t)nx }), b = val_text((Str){ y, (size_t)ny });
	return type_compare(arg, &a, &b);
}

/* Values of an extension's type, which have the same order whatever its OID. */
static int compare_extension(void *arg, int nx, const void *x, int ny, const void *y)
{
	Val a = val_text((Str){ x, (size_t)nx }), b = val_text((Str){ y, (size_t)ny });
	return ((const TypeFamily *)arg)->compare(NULL, &a, &b);
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

/* A type may change while this connection lives (a new label of an enum), so it is looked up again by each comparison. */
typedef struct UserType {
	FnEnv *env;
	uint32_t oid;
	bool array;
} UserType;

static const PgType *find_type(void *env, uint32_t oid)
{
	return type_by_oid(env, oid);
}

/* Rows that are not alike cannot meet here: they come from one column. */
static int compare_rows(FnEnv *env, const PgType *t, Str x, Str y)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	TypeSource src = { find_type, env };
	PgRow rx, ry;
	Error err;
	int order;
	if (row_read(t, x, src, a, &rx, &err) || row_read(t, y, src, a, &ry, &err) || row_compare(&rx, &ry, &order, &err)) {
		Val vx = val_text(x), vy = val_text(y);
		return type_compare(pgtype_builtin(25), &vx, &vy);
	}
	return order;
}

static int compare_records(void *arg, int nx, const void *x, int ny, const void *y)
{
	return compare_rows(arg, pgtype_builtin(OID_RECORD), (Str){ x, (size_t)nx }, (Str){ y, (size_t)ny });
}

static int compare_user_types(void *arg, int nx, const void *x, int ny, const void *y)
{
	const UserType *o = arg;
	const PgType *t = type_by_oid(o->env, o->oid);
	Str a = { x, (size_t)nx }, b = { y, (size_t)ny };
	Val va = val_text(a), vb = val_text(b);
	if (!t)
		return type_compare(pgtype_builtin(25), &va, &vb);
	if (t->typtype == 'c' && !o->array)
		return compare_rows(o->env, t, a, b);
	return o->array ? array_compare_text(t, a, b) : type_compare(t, &va, &vb);
}

static int compare_icu(void *arg, int nx, const void *x, int ny, const void *y)
{
	return icu_compare(arg, (Str){ x, (size_t)nx }, (Str){ y, (size_t)ny });
}

static void on_needed(void *arg, sqlite3 *db, int encoding, const char *name)
{
	FnEnv *env = arg;
	if (strcmp(name, "pgnumeric") == 0) {
		sqlite3_create_collation_v2(db, name, SQLITE_UTF8, NULL, compare_numeric, NULL);
		return;
	}
	if (strncmp(name, "pgicu_", 6) == 0) {
		IcuCollator *c = icu_collator_open(name + 6, &env->error);
		if (c)
			sqlite3_create_collation_v2(db, name, SQLITE_UTF8, c, compare_icu, icu_collator_close);
		return;
	}
	const PgType *own = strncmp(name, "pg", 2) == 0 ? pgtype_builtin_named(name + 2) : NULL;
	if (own) {
		sqlite3_create_collation_v2(db, name, SQLITE_UTF8, (void *)(uintptr_t)own, compare_typed, NULL);
		return;
	}
	const TypeFamily *family = strncmp(name, "pg", 2) == 0 ? pgtype_extension_family(name + 2) : NULL;
	if (family) {
		sqlite3_create_collation_v2(db, name, SQLITE_UTF8, (void *)(uintptr_t)family, compare_extension, NULL);
		return;
	}
	if (strcmp(name, "pgrecord") == 0)
		sqlite3_create_collation_v2(db, name, SQLITE_UTF8, env, compare_records, NULL);
	static const char *const kinds[] = { "pgarray_", "pgrow_", "pgenum_", "pgrange_" };
	const char *what = NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strncmp(name, kinds[i], strlen(kinds[i])) == 0)
			what = name + strlen(kinds[i]);
	if (!what)
		return;
	bool array = strncmp(name, kinds[0], strlen(kinds[0])) == 0;
	if (array && !(*what >= '0' && *what <= '9')) {
		const PgType *t = pgtype_builtin_named(what);
		if (t && type_is_supported(t))
			sqlite3_create_collation_v2(db, name, SQLITE_UTF8, (void *)(uintptr_t)t, compare_arrays, NULL);
		return;
	}
	UserType *o = mem_alloc(sizeof *o);
	*o = (UserType){ env, (uint32_t)strtoul(what, NULL, 10), array };
	sqlite3_create_collation_v2(db, name, SQLITE_UTF8, o, compare_user_types, free);
}

int collations_register(sqlite3 *db, FnEnv *env)
{
	return sqlite3_collation_needed(db, env, on_needed);
}
