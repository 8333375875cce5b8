#include "sync/schema_copy.h"

#include "base/log.h"
#include "sql/plan.h"
#include "sync/program_copy.h"
#include "sync/state.h"
#include "sync/type_copy.h"

#include <stdio.h>

/* Tables that belong to users. */
#define USER_NS "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'understudy')"
#define NOT_FROM_EXTENSION(class, oid)                                                                                                     \
	"NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '" class "'::regclass AND x.objid = " oid " AND x.deptype = 'e')"

static const char sql_schemas[] = "SELECT 0, n.nspname, format('CREATE SCHEMA %I', n.nspname) FROM pg_namespace n WHERE " USER_NS
				  " AND n.nspname <> 'public' ORDER BY n.oid";

/* Extensions, with the OIDs that their types and the arrays of these have there. */
static const char sql_extensions[] =
	"SELECT e.oid, e.extname, format('CREATE EXTENSION IF NOT EXISTS %I WITH SCHEMA %I', e.extname, n.nspname),"
	" (SELECT string_agg(t.oid || ' ' || t.typarray, ' ' ORDER BY t.typname COLLATE \"C\") FROM pg_type t JOIN pg_depend d ON d.objid "
	"= t.oid"
	"  WHERE d.classid = 'pg_type'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND t.typname IN ('citext', 'hstore'))"
	" FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql' ORDER BY e.oid";

#define SEQ_OPTIONS                                                                                                                        \
	"format('START WITH %s INCREMENT BY %s MINVALUE %s MAXVALUE %s CACHE %s%s', s.seqstart, s.seqincrement, s.seqmin, s.seqmax,"       \
	" s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)"

static const char sql_sequences[] =
	"SELECT c.oid, n.nspname || '.' || c.relname, format('CREATE SEQUENCE %I.%I AS %s ', n.nspname, c.relname, format_type(s.seqtypid, "
	"NULL)) || " SEQ_OPTIONS
	" FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " USER_NS
	" AND c.relpersistence <> 't' AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid "
	"AND d.deptype = 'i')"
	" ORDER BY c.oid";

static const char sql_tables[] =
	"SELECT c.oid, n.nspname || '.' || c.relname, format('CREATE TABLE %I.%I (%s)', n.nspname, c.relname,"
	" (SELECT string_agg(format('%I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),"
	"   CASE WHEN a.attgenerated <> '' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'"
	"        WHEN a.attidentity <> '' THEN ' GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END || ' AS "
	"IDENTITY ('"
	"          || (SELECT CASE WHEN sc.relname = c.relname || '_' || a.attname || '_seq' THEN '' ELSE format('SEQUENCE NAME %I.%I ', "
	"sn.nspname, sc.relname) END || " SEQ_OPTIONS " FROM pg_sequence s JOIN pg_class sc ON sc.oid = s.seqrelid"
	"              JOIN pg_namespace sn ON sn.oid = sc.relnamespace WHERE s.seqrelid = pg_get_serial_sequence(format('%I.%I', "
	"n.nspname, c.relname), a.attname)::regclass) || ')'"
	"        WHEN d.adbin IS NOT NULL THEN ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid) ELSE '' END,"
	"   CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END), ', ' ORDER BY a.attnum)"
	"  FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
	"  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)),"
	" c.relkind, n.nspname, c.relname,"
	" CASE c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false ELSE EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND "
	"i.indisvalid"
	"   AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END) END,"
	" (SELECT string_agg(a.attname, E'\\x01' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT "
	"a.attisdropped"
	"   AND a.attgenerated = '')"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
	" AND c.relpersistence = 'p' AND " USER_NS " AND " NOT_FROM_EXTENSION("pg_class", "c.oid") " ORDER BY c.oid";

static const char sql_left_out[] =
	"SELECT 0, n.nspname || '.' || c.relname, CASE WHEN c.relkind = 'm' THEN 'materialized view' WHEN c.relkind = 'f' THEN 'foreign "
	"table'"
	" ELSE 'unlogged or temporary table' END FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE (c.relkind IN ('m', 'f') OR (c.relkind = 'r' AND c.relpersistence = 'u')) AND " USER_NS " ORDER BY c.oid";

static const char sql_owned[] =
	"SELECT c.oid, sn.nspname || '.' || sc.relname, format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', sn.nspname, sc.relname, "
	"n.nspname, c.relname, a.attname)"
	" FROM pg_depend d JOIN pg_class sc ON sc.oid = d.objid AND sc.relkind = 'S' JOIN pg_namespace sn ON sn.oid = sc.relnamespace"
	" JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid "
	"AND a.attnum = d.refobjsubid"
	" WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND " USER_NS
	" ORDER BY sc.oid";

/* Keys before foreign keys, which need them. */
static const char sql_constraints[] =
	"SELECT c.oid, n.nspname || '.' || c.relname || '.' || k.conname, format('ALTER TABLE %I.%I ADD CONSTRAINT %I %s', n.nspname, "
	"c.relname, k.conname,"
	" pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = "
	"c.relnamespace"
	" WHERE k.contype IN ('p', 'u', 'c', 'f', 'x') AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND k.conparentid = 0 AND "
	"c.relpersistence = 'p' AND " USER_NS " ORDER BY CASE k.contype WHEN 'p' THEN 0 WHEN 'u' THEN 1 WHEN 'f' THEN 3 ELSE 2 END, k.oid";

static const char sql_indexes[] =
	"SELECT c.oid, n.nspname || '.' || ic.relname, pg_get_indexdef(i.indexrelid), 'i' FROM pg_index i JOIN pg_class ic ON ic.oid = "
	"i.indexrelid"
	" JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT "
	"c.relispartition"
	" AND i.indisvalid AND c.relpersistence = 'p' AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND "
	"k.contype IN ('p', 'u', 'x')) AND " USER_NS " UNION ALL "
	"SELECT c.oid, n.nspname || '.' || c.relname, format('CREATE VIEW %I.%I AS %s', n.nspname, c.relname, pg_get_viewdef(c.oid)), 'v'"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v' AND " USER_NS
	" AND " NOT_FROM_EXTENSION("pg_class", "c.oid") " ORDER BY 4, 1, 2";

const char schema_sequence_query[] =
	"SELECT schemaname, sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences";

static int check_empty(Db *db, const PlanStep *step, Error *err)
{
	sqlite3_stmt *st;
	if (db_prepare(db, str_of(step->sql), &st, err) < 0)
		return -1;
	int rc = sqlite3_step(st), result = 0;
	if (rc == SQLITE_ROW)
		result = err_set(err, step->code, "%s", step->message);
	else if (rc != SQLITE_DONE)
		result = db_error(db, rc, err);
	db_done(db, st);
	return result;
}

static int run_steps(Db *db, const Plan *plan, Error *err)
{
	for (size_t i = 0; i < plan->nsteps; i++) {
		const PlanStep *step = &plan->steps[i];
		int rc = 0;
		if (step->kind == STEP_SQL || step->kind == STEP_ROWS)
			rc = db_exec(db, step->sql, err);
		else if (step->kind == STEP_CHECK_EMPTY)
			rc = check_empty(db, step, err);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static int plan_and_run(Db *db, Catalog *cat, const char *sql, bool unchecked, Error *err)
{
	static const char *const path[] = { "pg_catalog" };
	_cleanup_(arena_freep) Arena *a = arena_new();
	SqlEnv env = { .cat = cat,
		       .types = &type_env_stored,
		       .search_path = path,
		       .nsearch_path = 1,
		       .user = "postgres",
		       .database = cat->db_name,
		       .skip_bodies = unchecked,
		       .any_language = unchecked };
	ParsedSql parsed;
	Plan *plan;
	if (sql_parse(str_of(sql), a, &parsed, err) < 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; i < parsed.n && rc == 0; i++) {
		rc = sql_plan(&env, &parsed, i, NULL, 0, a, &plan, err);
		if (rc == 0 && plan->kind != PLAN_SCRIPT)
			rc = err_refuse(err, 0, "%s is not a statement of the schema copy", plan->tag);
		if (rc == 0)
			rc = run_steps(db, plan, err);
	}
	sql_parsed_free(&parsed);
	return rc;
}

static const PgType *lookup_type(void *catalog, uint32_t oid)
{
	const PgType *t = pgtype_builtin(oid);
	return t ? t : catalog_type(catalog, oid);
}

static int run_ddl(Db *db, const char *database, const char *sql, bool unchecked, Error *err)
{
	Catalog *cat;
	if (catalog_load(db, database, &cat, err) < 0)
		return -1;
	db->env.types = &type_env_stored;
	db->env.catalog = cat;
	db->env.type_lookup = lookup_type;
	Arena *scratch = db->env.scratch ? NULL : arena_new();
	if (scratch)
		db->env.scratch = scratch;
	bool inner = !sqlite3_get_autocommit(db->h);
	int rc = db_exec(db, inner ? "SAVEPOINT ddl" : "BEGIN IMMEDIATE", err);
	if (rc == 0) {
		rc = plan_and_run(db, cat, sql, unchecked, err);
		if (rc == 0)
			rc = db_exec(db, inner ? "RELEASE ddl" : "COMMIT", err);
		Error ignored;
		if (rc < 0)
			db_exec(db, inner ? "ROLLBACK TO ddl; RELEASE ddl" : "ROLLBACK", &ignored);
	}
	db->env.catalog = NULL;
	if (scratch) {
		db->env.scratch = NULL;
		arena_free(scratch);
	}
	catalog_unref(cat);
	return rc;
}

int schema_run_ddl(Db *db, const char *database, const char *sql, Error *err)
{
	return run_ddl(db, database, sql, false, err);
}

int schema_run_unchecked(Db *db, const char *database, const char *sql, Error *err)
{
	return run_ddl(db, database, sql, true, err);
}

static int leave_out(Db *db, const char *kind, const char *name, const Error *why, Error *err)
{
	log_warn("not mirrored: %s %s: %s", kind, name, why->message);
	return state_add_unmirrored(db, kind, name, why->message, err);
}

/* The types of an extension get the OIDs that they have on the primary. */
static int set_types(Db *db, const PGresult *r, int i, Error *err)
{
	Val v[2] = { val_text(str_of(PQgetvalue(r, i, 1))), val_text(str_of(PQgetvalue(r, i, 3))) };
	return state_run(db, "UPDATE _understudy_extension SET types = ?2 WHERE name = ?1", v, 2, err);
}

/* Runs every row's statement; objects that fail are left out. `after` may finish an object, `done` learns of each success. */
typedef int (*AfterObject)(Db *db, const PGresult *r, int row, Error *err);

static int make_objects(PGconn *c, Db *db, const char *database, const char *query, const char *kind, AfterObject after, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, query, err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		Error why;
		int rc = schema_run_ddl(db, database, PQgetvalue(r, i, 2), &why);
		if (rc < 0 && leave_out(db, kind, PQgetvalue(r, i, 1), &why, err) < 0)
			return -1;
		if (rc == 0 && after && after(db, r, i, err) < 0)
			return -1;
	}
	return 0;
}

static int split_columns(const char *joined, Arena *a, const char ***out)
{
	char *copy = arena_strdup(a, joined);
	size_t n = 1, i = 0;
	for (char *p = copy; *p; p++)
		n += *p == '\001';
	const char **cols = arena_array(a, const char *, n);
	for (char *p = copy; p; i++) {
		cols[i] = p;
		p = strchr(p, '\001');
		if (p)
			*p++ = 0;
	}
	*out = cols;
	return *joined ? (int)n : 0;
}

static uint32_t table_oid(Db *db, const char *schema, const char *name)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db,
		       str_of("SELECT r.oid FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE s.name = ?1 "
			      "AND r.name = ?2"),
		       &st, &ignored) < 0)
		return 0;
	Val v[2] = { val_text(str_of(schema)), val_text(str_of(name)) };
	db_bind(st, 1, &v[0]);
	db_bind(st, 2, &v[1]);
	uint32_t oid = sqlite3_step(st) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(st, 0) : 0;
	db_done(db, st);
	return oid;
}

/* Always -1, with the reason why the table is left out. */
static int drop_computed(Db *db, const char *database, const char *schema, const char *table, Error *why)
{
	Buf b = { 0 };
	buf_puts(&b, "DROP TABLE ");
	source_put_ident(&b, schema);
	buf_puts(&b, ".");
	source_put_ident(&b, table);
	int rc = schema_run_ddl(db, database, buf_cstr(&b), why);
	buf_free(&b);
	return rc < 0 ? rc : err_set(why, "0A000", "a generated column that calls a function of the user cannot be followed");
}

static int make_tables(PGconn *c, Db *db, const char *database, const char *query, Arena *a, Schema *out, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, query, err);
	if (!r)
		return -1;
	out->tables = arena_array(a, SchemaTable, PQntuples(r));
	for (int i = 0; i < PQntuples(r); i++) {
		Error why;
		int made = schema_run_ddl(db, database, PQgetvalue(r, i, 2), &why);
		if (made == 0 && program_copy_computes(db, PQgetvalue(r, i, 4), PQgetvalue(r, i, 5)))
			made = drop_computed(db, database, PQgetvalue(r, i, 4), PQgetvalue(r, i, 5), &why);
		if (made < 0) {
			if (leave_out(db, "table", PQgetvalue(r, i, 1), &why, err) < 0)
				return -1;
			continue;
		}
		SchemaTable *t = &out->tables[out->n++];
		*t = (SchemaTable){ .oid = source_oid(r, i, 0),
				    .partitioned = *PQgetvalue(r, i, 3) == 'p',
				    .schema = arena_strdup(a, PQgetvalue(r, i, 4)),
				    .name = arena_strdup(a, PQgetvalue(r, i, 5)),
				    .has_key = *PQgetvalue(r, i, 6) == 't' };
		t->ncols = (size_t)split_columns(PQgetvalue(r, i, 7), a, &t->cols);
		if (type_move_oid(db, table_oid(db, t->schema, t->name), t->oid, false, err) < 0)
			return -1;
		if (!t->has_key) {
			err_set(&why, "00000",
				"has no key: only INSERT and TRUNCATE are followed, UPDATE and DELETE on the primary are not");
			err_hint(&why, "ALTER TABLE ... ADD PRIMARY KEY, or REPLICA IDENTITY FULL, on the primary");
			if (leave_out(db, "changes of table", PQgetvalue(r, i, 1), &why, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* The file's own OIDs start above all of the primary's, so that the two never meet. */
static int reserve_oids(PGconn *c, Db *db, Error *err)
{
	_cleanup_(source_clearp) PGresult *r =
		source_query(c,
			     "SELECT greatest(16384, (SELECT max(oid::int8) FROM pg_class), (SELECT max(oid::int8) FROM pg_type), (SELECT "
			     "max(oid::int8) FROM pg_constraint), (SELECT max(oid::int8) FROM pg_proc), (SELECT max(oid::int8) FROM "
			     "pg_trigger), (SELECT max(oid::int8) FROM pg_rewrite)) + 100000",
			     err);
	if (!r)
		return -1;
	Val v = val_int(strtoll(PQgetvalue(r, 0, 0), NULL, 10));
	return state_run(db, "UPDATE _understudy_meta SET value = max(value, ?1) WHERE key = 'next_oid'", &v, 1, err);
}

static int list_left_out(PGconn *c, Db *db, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, sql_left_out, err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		Error why;
		err_set(&why, "0A000", "objects of this kind are not mirrored");
		if (leave_out(db, PQgetvalue(r, i, 2), PQgetvalue(r, i, 1), &why, err) < 0)
			return -1;
	}
	return 0;
}

static int read_later(PGconn *c, const char *query, Arena *a, Schema *out, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, query, err);
	if (!r)
		return -1;
	out->nlater = (size_t)PQntuples(r);
	out->later = arena_array(a, const char *, out->nlater);
	out->later_names = arena_array(a, const char *, out->nlater);
	for (size_t i = 0; i < out->nlater; i++) {
		out->later_names[i] = arena_strdup(a, PQgetvalue(r, (int)i, 1));
		out->later[i] = arena_strdup(a, PQgetvalue(r, (int)i, 2));
	}
	return program_read_triggers(c, &out->triggers, &out->rules, err);
}

int schema_copy(PGconn *c, Db *db, const char *database, Arena *a, Schema *out, Error *err)
{
	memset(out, 0, sizeof *out);
	if (reserve_oids(c, db, err) < 0 || make_objects(c, db, database, sql_schemas, "schema", NULL, err) < 0 ||
	    make_objects(c, db, database, sql_extensions, "extension", set_types, err) < 0 ||
	    make_objects(c, db, database, type_copy_query, "type", type_copy_made, err) < 0 ||
	    make_objects(c, db, database, sql_sequences, "sequence", NULL, err) < 0 ||
	    program_copy_functions(c, db, database, false, err) < 0 || make_tables(c, db, database, sql_tables, a, out, err) < 0 ||
	    program_copy_functions(c, db, database, true, err) < 0 ||
	    make_objects(c, db, database, sql_owned, "sequence owner", NULL, err) < 0 ||
	    make_objects(c, db, database, sql_constraints, "constraint", NULL, err) < 0 || list_left_out(c, db, err) < 0)
		return -1;
	return read_later(c, sql_indexes, a, out, err);
}

/* A query's rows for some tables only: the first column of all of these is the table's OID. */
static const char *only(const char *query, const char *oids, const char *more, Arena *a)
{
	return arena_printf(a, "SELECT * FROM (%s) AS q(oid, name, sql%s", query,
			    more ? more : arena_printf(a, ") WHERE q.oid IN (%s)", oids));
}

static bool exists(Db *db, const char *sql, const char *value)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of(sql), &st, &ignored) < 0)
		return false;
	Val v = val_text(str_of(value));
	db_bind(st, 1, &v);
	bool there = sqlite3_step(st) == SQLITE_ROW;
	db_done(db, st);
	return there;
}

/* A kind of objects of which a file may lack some: how one is recognised by a column of its row, and what finishes it. */
typedef struct ObjectKind {
	const char *noun, *query, *exists;
	int column;
	AfterObject after;
} ObjectKind;

static const ObjectKind kind_schema = { "schema", sql_schemas, "SELECT 1 FROM _understudy_schema WHERE name = ?1", 1, NULL };
static const ObjectKind kind_extension = { "extension", sql_extensions, "SELECT 1 FROM _understudy_extension WHERE name = ?1", 1,
					   set_types };
static const ObjectKind kind_type = { "type", type_copy_query, "SELECT 1 FROM _understudy_type WHERE oid = CAST(?1 AS INTEGER)", 0,
				      type_copy_made };
static const ObjectKind kind_sequence = { "sequence", sql_sequences,
					  "SELECT 1 FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE "
					  "s.name || '.' || r.name = ?1",
					  1, NULL };

static int make_missing(PGconn *c, Db *db, const char *database, const ObjectKind *kind, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, kind->query, err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		Error why;
		if (exists(db, kind->exists, PQgetvalue(r, i, kind->column)))
			continue;
		int rc = schema_run_ddl(db, database, PQgetvalue(r, i, 2), &why);
		if (rc < 0 && leave_out(db, kind->noun, PQgetvalue(r, i, 1), &why, err) < 0)
			return -1;
		if (rc == 0 && kind->after && kind->after(db, r, i, err) < 0)
			return -1;
	}
	return 0;
}

int schema_copy_some(PGconn *c, Db *db, const char *database, const char *oids, Arena *a, Schema *out, Error *err)
{
	memset(out, 0, sizeof *out);
	const char *some = arena_printf(a, ") WHERE q.oid IN (%s)", oids);
	const char *tables = only(sql_tables, oids, arena_printf(a, ", kind, schema, rel, has_key, cols%s", some), a);
	const char *later =
		only(sql_indexes, oids, arena_printf(a, ", kind) WHERE q.kind = 'v' OR q.oid IN (%s) ORDER BY 4, 1, 2", oids), a);
	if (reserve_oids(c, db, err) < 0 || make_missing(c, db, database, &kind_schema, err) < 0 ||
	    make_missing(c, db, database, &kind_extension, err) < 0 || make_missing(c, db, database, &kind_type, err) < 0 ||
	    make_missing(c, db, database, &kind_sequence, err) < 0 || program_copy_functions(c, db, database, false, err) < 0 ||
	    make_tables(c, db, database, tables, a, out, err) < 0 || program_copy_functions(c, db, database, true, err) < 0 ||
	    make_objects(c, db, database, only(sql_owned, oids, NULL, a), "sequence owner", NULL, err) < 0 ||
	    make_objects(c, db, database, only(sql_constraints, oids, NULL, a), "constraint", NULL, err) < 0)
		return -1;
	return read_later(c, later, a, out, err);
}

int schema_copy_later(Db *db, const char *database, const Schema *s, Error *err)
{
	for (size_t i = 0; i < s->nlater; i++) {
		Error why;
		if (schema_run_ddl(db, database, s->later[i], &why) < 0 && leave_out(db, "index or view", s->later_names[i], &why, err) < 0)
			return -1;
	}
	if (program_copy_drop_indexes(db, database, err) < 0)
		return -1;
	return program_copy_triggers(s->triggers, s->rules, db, database, err);
}

void schema_clear(Schema *s)
{
	PQclear(s->triggers);
	PQclear(s->rules);
	s->triggers = s->rules = NULL;
}

int schema_apply_sequences(const PGresult *r, Db *db, Error *err)
{
	for (int i = 0; i < PQntuples(r); i++) {
		Val v[4] = { val_text(str_of(PQgetvalue(r, i, 0))), val_text(str_of(PQgetvalue(r, i, 1))),
			     val_int(strtoll(PQgetvalue(r, i, 2), NULL, 10)), val_int(*PQgetvalue(r, i, 3) == 't') };
		if (state_run(db,
			      "UPDATE _understudy_sequence SET last_value = ?3, is_called = ?4 WHERE (last_value <> ?3 OR is_called <> ?4) "
			      "AND oid ="
			      " (SELECT r.oid FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE s.name = ?1 "
			      "AND r.name = ?2)",
			      v, 4, err) < 0)
			return -1;
	}
	return 0;
}

int schema_copy_sequences(PGconn *c, Db *db, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, schema_sequence_query, err);
	return r ? schema_apply_sequences(r, db, err) : -1;
}
