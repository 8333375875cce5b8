/*
 * has_..._privilege and pg_has_role. Each exists for roles and objects by name and by OID: prosrc says which, as in
 * has_table_privilege_name_id (role by name, table by OID). Without a role it is the session's own.
 *
 * Superusers may do everything. Grants are kept for relations, columns, schemas and the database (catalog/acl.h); on all else everybody has
 * what PostgreSQL grants to "public" at first.
 */
#include "catalog/acl.h"
#include "sql/fn_catdef.h"
#include "sql/regname.h"
#include "sql/plan_internal.h"

#include <strings.h>

typedef struct Asked {
	sqlite3_context *ctx;
	SqlEnv env;
	Arena *a;
	bool for_public;
	uint32_t role; /* 0: a superuser that the file does not know */
	int column;
	uint32_t oid; /* of the object; 0 when it is not known by OID */
} Asked;

/* -1 with an error; 0: there is no such object, and the answer is NULL; 1 found. */
typedef int FindObject(Asked *q, sqlite3_value *v, bool by_name);

typedef struct Privilege {
	const char *name;
	bool of_public;
} Privilege;

typedef struct ObjectKind {
	const char *function; /* up to the arguments */
	FindObject *find;
	const Privilege *privileges;
	bool has_column; /* one more argument names a column */
} ObjectKind;

static int fail(Asked *q, const char *sqlstate, const char *what, Str name)
{
	fn_raise(q->ctx, sqlstate, "%s \"%.*s\" does not exist", what, (int)name.n, name.p);
	return -1;
}

static int find_by_text(Asked *q, uint32_t type, sqlite3_value *v)
{
	Error *err = &fn_env(q->ctx)->error;
	ParseState *ps = plan_state(&q->env, q->a, (Str){ "", 0 }, err);
	if (reg_lookup(ps, type, fn_arg_str(v), -1, &q->oid) == 0)
		return 1;
	err->position = 0;
	fn_fail(q->ctx);
	return -1;
}

static int find_relation(Asked *q, sqlite3_value *v, bool by_name)
{
	if (by_name)
		return find_by_text(q, T_REGCLASS, v);
	q->oid = (uint32_t)sqlite3_value_int64(v);
	return catalog_rel_by_oid(q->env.cat, q->oid) || catalog_index(q->env.cat, q->oid);
}

static int find_sequence(Asked *q, sqlite3_value *v, bool by_name)
{
	int found = find_relation(q, v, by_name);
	const CatRel *r = found > 0 ? catalog_rel_by_oid(q->env.cat, q->oid) : NULL;
	if (found > 0 && !(r && r->kind == REL_SEQUENCE)) {
		fn_raise(q->ctx, "42809", "\"%s\" is not a sequence", r ? r->name : catalog_index(q->env.cat, q->oid)->name);
		return -1;
	}
	return found;
}

static int find_function(Asked *q, sqlite3_value *v, bool by_name)
{
	if (by_name)
		return find_by_text(q, T_REGPROCEDURE, v);
	q->oid = (uint32_t)sqlite3_value_int64(v);
	return catalog_proc(q->env.cat, q->oid) || catalog_function(q->env.cat, q->oid);
}

static int find_type(Asked *q, sqlite3_value *v, bool by_name)
{
	if (by_name)
		return find_by_text(q, T_REGTYPE, v);
	return catalog_type(q->env.cat, (uint32_t)sqlite3_value_int64(v)) != NULL;
}

static int find_schema(Asked *q, sqlite3_value *v, bool by_name)
{
	uint32_t oid = (uint32_t)sqlite3_value_int64(v);
	Str name = fn_arg_str(v);
	const CatSchema *s =
		by_name ? catalog_schema(q->env.cat, arena_strndup(q->a, name.p, name.n)) : catalog_schema_by_oid(q->env.cat, oid);
	q->oid = s ? s->oid : 0;
	return s ? 1 : by_name ? fail(q, "3F000", "schema", name) : 0;
}

typedef struct Fixed {
	const char *name;
	uint32_t oid;
} Fixed;

static int find_fixed(Asked *q, sqlite3_value *v, bool by_name, const char *what, const Fixed *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (by_name ? str_is(fn_arg_str(v), all[i].name) : all[i].oid == (uint32_t)sqlite3_value_int64(v))
			return 1;
	return by_name ? fail(q, "42704", what, fn_arg_str(v)) : 0;
}

static int find_language(Asked *q, sqlite3_value *v, bool by_name)
{
	static const Fixed all[] = { { "internal", 12 }, { "c", 13 }, { "sql", 14 } };
	return find_fixed(q, v, by_name, "language", all, ARRAY_LEN(all));
}

static int find_tablespace(Asked *q, sqlite3_value *v, bool by_name)
{
	static const Fixed all[] = { { "pg_default", 1663 }, { "pg_global", 1664 } };
	return find_fixed(q, v, by_name, "tablespace", all, ARRAY_LEN(all));
}

static int find_server(Asked *q, sqlite3_value *v, bool by_name)
{
	return find_fixed(q, v, by_name, "server", NULL, 0);
}

static int find_wrapper(Asked *q, sqlite3_value *v, bool by_name)
{
	return find_fixed(q, v, by_name, "foreign-data wrapper", NULL, 0);
}

/* pg_database as the session sees it. */
static int find_database(Asked *q, sqlite3_value *v, bool by_name)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db = sqlite3_context_db_handle(q->ctx);
	if (sqlite3_prepare_v2(db, "SELECT 1 FROM \"pg_catalog.pg_database\" WHERE datname = ?1 OR oid = ?1", -1, &st, NULL) != SQLITE_OK) {
		fn_raise(q->ctx, "XX000", "%s", sqlite3_errmsg(db));
		return -1;
	}
	sqlite3_bind_value(st, 1, v);
	int found = sqlite3_step(st) == SQLITE_ROW;
	sqlite3_finalize(st);
	return found || !by_name ? found : fail(q, "3D000", "database", fn_arg_str(v));
}

static int find_anything(Asked *q, sqlite3_value *v, bool by_name)
{
	return 1;
}

static int find_role(Asked *q, sqlite3_value *v, bool by_name)
{
	Str name = fn_arg_str(v);
	q->oid = by_name ? catalog_role_oid(q->env.cat, arena_strndup(q->a, name.p, name.n)) : (uint32_t)sqlite3_value_int64(v);
	bool known = !by_name || q->oid || (q->env.user && str_is(name, q->env.user));
	return known ? 1 : fail(q, "42704", "role", name);
}

static const Privilege on_table[] = { { "SELECT" },	{ "INSERT" },  { "UPDATE" }, { "DELETE" }, { "TRUNCATE" },
				      { "REFERENCES" }, { "TRIGGER" }, { "RULE" },   { NULL } };
static const Privilege on_column[] = { { "SELECT" }, { "INSERT" }, { "UPDATE" }, { "REFERENCES" }, { NULL } };
static const Privilege on_sequence[] = { { "USAGE" }, { "SELECT" }, { "UPDATE" }, { NULL } };
static const Privilege on_schema[] = { { "CREATE" }, { "USAGE", true }, { NULL } };
static const Privilege on_database[] = { { "CREATE" }, { "TEMPORARY", true }, { "TEMP", true }, { "CONNECT", true }, { NULL } };
static const Privilege on_function[] = { { "EXECUTE", true }, { NULL } };
static const Privilege on_type[] = { { "USAGE", true }, { NULL } };
static const Privilege on_server[] = { { "USAGE" }, { NULL } };
static const Privilege on_tablespace[] = { { "CREATE" }, { NULL } };
static const Privilege on_parameter[] = { { "SET" }, { "ALTER SYSTEM" }, { NULL } };
static const Privilege on_role[] = { { "USAGE" }, { "MEMBER" }, { NULL } };

static const ObjectKind kinds[] = {
	{ "has_table_privilege_", find_relation, on_table },
	{ "has_any_column_privilege_", find_relation, on_column },
	{ "has_column_privilege_", find_relation, on_column, true },
	{ "has_sequence_privilege_", find_sequence, on_sequence },
	{ "has_schema_privilege_", find_schema, on_schema },
	{ "has_database_privilege_", find_database, on_database },
	{ "has_function_privilege_", find_function, on_function },
	{ "has_language_privilege_", find_language, on_type },
	{ "has_type_privilege_", find_type, on_type },
	{ "has_tablespace_privilege_", find_tablespace, on_tablespace },
	{ "has_server_privilege_", find_server, on_server },
	{ "has_foreign_data_wrapper_privilege_", find_wrapper, on_server },
	{ "has_parameter_privilege_", find_anything, on_parameter },
	{ "pg_has_role_", find_role, on_role },
};

/* A column by name or number: as find_relation. */
static int find_column(Asked *q, sqlite3_value *v, bool by_name)
{
	const CatRel *r = catalog_rel_by_oid(q->env.cat, q->oid);
	int number = sqlite3_value_int(v);
	q->column = number;
	if (!by_name)
		return r && number >= 1 && (size_t)number <= r->ncols && !r->cols[number - 1].dropped;
	Str name = fn_arg_str(v);
	const CatColumn *c = r ? catrel_column(r, arena_strndup(q->a, name.p, name.n)) : NULL;
	q->column = c ? c->attnum : 0;
	if (c)
		return 1;
	fn_raise(q->ctx, "42703", "column \"%.*s\" of relation \"%s\" does not exist", (int)name.n, name.p, r ? r->name : "");
	return -1;
}

static bool object_of(const Asked *q, const ObjectKind *k, AclObject *o);

/* What "public" may do with the very object, where that is not the same for all of its kind. */
static bool public_holds(const Asked *q, const ObjectKind *k, const Privilege *p)
{
	AclObject o;
	if (object_of(q, k, &o) && !(k->find == find_relation && o.objoid < FIRST_USER_OID))
		return acl_held_by_public(q->env.cat, &o, acl_privilege(p->name)) != 0;
	const CatRel *r = k->find == find_relation ? catalog_rel_by_oid(q->env.cat, q->oid) : NULL;
	if (k->find == find_relation)
		return r && r->kind == REL_VIRTUAL && streq(p->name, "SELECT") && !streq(r->name, "pg_authid");
	if (k->find == find_schema) {
		const CatSchema *s = catalog_schema_by_oid(q->env.cat, q->oid);
		bool open = s && (streq(s->name, "public") || streq(s->name, "pg_catalog") || streq(s->name, "information_schema"));
		return open && p->of_public;
	}
	return p->of_public;
}

/* What is granted on; false for kinds whose grants are not kept: what public holds is then all that others have. */
static bool object_of(const Asked *q, const ObjectKind *k, AclObject *o)
{
	const CatRel *r = k->find == find_relation || k->find == find_sequence ? catalog_rel_by_oid(q->env.cat, q->oid) : NULL;
	const CatSchema *s = k->find == find_schema ? catalog_schema_by_oid(q->env.cat, q->oid) : NULL;
	if (r)
		*o = acl_of_rel(r);
	else if (s)
		*o = acl_of_schema(s);
	else if (k->find == find_database)
		*o = acl_of_database(q->env.cat);
	return r || s || k->find == find_database;
}

static bool column_holds(const Asked *q, const ObjectKind *k, uint32_t bit, bool option)
{
	const CatRel *r = catalog_rel_by_oid(q->env.cat, q->oid);
	for (size_t i = 0; r && i < r->ncols; i++) {
		AclObject o = acl_of_column(r, r->cols[i].attnum);
		if ((!k->has_column || q->column == r->cols[i].attnum) && acl_held(q->env.cat, q->role, &o, bit, option))
			return true;
	}
	return false;
}

static bool role_holds(const Asked *q, const ObjectKind *k, const Privilege *p, bool option)
{
	AclObject o;
	uint32_t bit = acl_privilege(p->name);
	if (role_is_super(q->env.cat, q->role))
		return true;
	if (k->find == find_role) {
		if (option)
			return false;
		return streq(p->name, "USAGE") ? role_has(q->env.cat, q->role, q->oid) : role_is_member(q->env.cat, q->role, q->oid);
	}
	if (!object_of(q, k, &o))
		return public_holds(q, k, p) && !option;
	if (!bit)
		return false;
	return acl_held(q->env.cat, q->role, &o, bit, option) || (k->privileges == on_column && column_holds(q, k, bit, option));
}

static const Privilege *privilege_named(const ObjectKind *k, Str word, bool *option)
{
	static const char *const options[] = { " WITH GRANT OPTION", " WITH ADMIN OPTION" };
	*option = false;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		size_t n = strlen(options[i]);
		if ((i == 0 || k->find == find_role) && word.n > n && strncasecmp(word.p + word.n - n, options[i], n) == 0) {
			word.n -= n;
			*option = true;
		}
	}
	for (const Privilege *p = k->privileges; p->name; p++)
		if (str_iis(word, p->name))
			return p;
	return NULL;
}

/* One of the privileges listed is enough. */
static void answer(Asked *q, const ObjectKind *k, Str list)
{
	bool held = false, option, more = true;
	while (more) {
		const char *comma = memchr(list.p, ',', list.n);
		Str word = { list.p, comma ? (size_t)(comma - list.p) : list.n };
		more = comma != NULL;
		if (more)
			list = (Str){ comma + 1, list.n - word.n - 1 };
		word = str_trim(word);
		const Privilege *p = privilege_named(k, word, &option);
		if (!p) {
			fn_raise(q->ctx, "22023", "unrecognized privilege type: \"%.*s\"", (int)word.n, word.p);
			return;
		}
		held |= q->for_public ? public_holds(q, k, p) && !option : role_holds(q, k, p, option);
	}
	sqlite3_result_int(q->ctx, held);
}

static bool by_name(const char **forms)
{
	bool name = strncmp(*forms, "name", 4) == 0;
	const char *next = strchr(*forms, '_');
	*forms = next ? next + 1 : "";
	return name;
}

/* The role of the first argument: false when it does not exist. */
static bool read_role(Asked *q, const ObjectKind *k, sqlite3_value *v, bool named)
{
	if (!named) {
		q->role = (uint32_t)sqlite3_value_int64(v);
		q->for_public = q->role == 0;
		return true;
	}
	q->for_public = k->find != find_role && str_is(fn_arg_str(v), "public");
	if (q->for_public)
		return true;
	bool known = find_role(q, v, true) > 0;
	q->role = q->oid;
	return known;
}

static void has_privilege(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char *name = fn_name(ctx), *forms = "";
	const ObjectKind *k = NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds) && !k; i++)
		if (strncmp(name, kinds[i].function, strlen(kinds[i].function)) == 0)
			k = &kinds[i];
	_cleanup_(arena_freep) Arena *a = arena_new();
	Asked q = { .ctx = ctx, .a = a };
	if (!k || !fn_sql_env(ctx, &q.env))
		return;
	forms = name + strlen(k->function);
	q.role = q.env.user ? catalog_role_oid(q.env.cat, q.env.user) : 0;
	if (argc > (k->has_column ? 3 : 2) && !read_role(&q, k, *argv++, by_name(&forms)))
		return;
	if (k->find(&q, *argv++, by_name(&forms)) <= 0)
		return;
	if (k->has_column && find_column(&q, *argv++, by_name(&forms)) <= 0)
		return;
	answer(&q, k, fn_arg_str(*argv));
}

/* No table has row security here. */
static void row_security_active(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Asked q = { .ctx = ctx, .a = a };
	if (fn_sql_env(ctx, &q.env) && find_relation(&q, argv[0], sqlite3_value_type(argv[0]) == SQLITE_TEXT) >= 0)
		sqlite3_result_int(ctx, 0);
}

#define ASKED(kind, forms, nargs)                                                                                                          \
	{                                                                                                                                  \
		kind "_" forms, nargs, FN_STRICT, has_privilege                                                                            \
	}
#define ASKED_OF(kind)                                                                                                                     \
	ASKED(kind, "name", 2), ASKED(kind, "id", 2), ASKED(kind, "name_name", 3), ASKED(kind, "name_id", 3), ASKED(kind, "id_name", 3),   \
		ASKED(kind, "id_id", 3)

const SqliteFn fn_table_privilege[] = {
	ASKED_OF("has_table_privilege"),
	ASKED_OF("has_any_column_privilege"),
	ASKED_OF("has_sequence_privilege"),
	ASKED_OF("has_schema_privilege"),
	ASKED_OF("has_database_privilege"),
	ASKED_OF("has_function_privilege"),
	ASKED_OF("has_language_privilege"),
	ASKED_OF("has_type_privilege"),
	ASKED_OF("has_tablespace_privilege"),
	ASKED_OF("has_server_privilege"),
	ASKED_OF("has_foreign_data_wrapper_privilege"),
	ASKED_OF("pg_has_role"),
	ASKED("has_parameter_privilege", "name", 2),
	ASKED("has_parameter_privilege", "name_name", 3),
	ASKED("has_parameter_privilege", "id_name", 3),
	ASKED("has_column_privilege", "name_name", 3),
	ASKED("has_column_privilege", "name_attnum", 3),
	ASKED("has_column_privilege", "id_name", 3),
	ASKED("has_column_privilege", "id_attnum", 3),
	ASKED("has_column_privilege", "name_name_name", 4),
	ASKED("has_column_privilege", "name_name_attnum", 4),
	ASKED("has_column_privilege", "name_id_name", 4),
	ASKED("has_column_privilege", "name_id_attnum", 4),
	ASKED("has_column_privilege", "id_name_name", 4),
	ASKED("has_column_privilege", "id_name_attnum", 4),
	ASKED("has_column_privilege", "id_id_name", 4),
	ASKED("has_column_privilege", "id_id_attnum", 4),
	{ "row_security_active", 1, FN_STRICT, row_security_active },
	{ "row_security_active_name", 1, FN_STRICT, row_security_active },
	{ NULL },
};
