#include "sync/program_copy.h"

#include "base/log.h"
#include "catalog/catalog.h"
#include "sync/schema_copy.h"
#include "sync/state.h"
#include "sync/type_copy.h"

#include <stdio.h>

#define USER_NS "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'understudy')"
#define NOT_FROM_EXTENSION(class, oid)                                                                                                     \
	"NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = '" class "'::regclass AND x.objid = " oid " AND x.deptype = 'e')"

enum { FN_OID, FN_NAME, FN_SQL, FN_NOUN };

static const char sql_functions[] =
	"SELECT p.oid, format('%s.%s(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),"
	" CASE WHEN p.prokind IN ('f', 'p') AND l.lanname NOT IN ('c', 'internal') THEN pg_get_functiondef(p.oid) END,"
	" CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END"
	" FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE " USER_NS
	" AND " NOT_FROM_EXTENSION("pg_proc", "p.oid") " ORDER BY p.oid";

enum { TG_OID, TG_NAME, TG_SQL, TG_ENABLED, TG_SCHEMA, TG_TABLE, TG_TRIGGER, TG_TYPE, TG_KIND, TG_PART, TG_SILENT };

/* A trigger that runs on SQLite must not run again when its rows are replayed: that takes the right to say so (sync/replay_quiet.c). */
static const char sql_triggers[] =
	"SELECT t.oid, format('%s.%s.%s', n.nspname, c.relname, t.tgname), pg_get_triggerdef(t.oid), t.tgenabled, n.nspname, c.relname, "
	"t.tgname,"
	" t.tgtype, c.relkind, o.relispartition, has_parameter_privilege('session_replication_role', 'SET')"
	" FROM pg_trigger t JOIN pg_class o ON o.oid = t.tgrelid JOIN pg_class c ON c.oid = CASE WHEN o.relispartition THEN"
	" pg_partition_root(o.oid)::oid ELSE o.oid END JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND "
	"t.tgparentid = 0"
	" AND c.relkind IN ('r', 'p', 'v') AND c.relpersistence = 'p' AND " USER_NS
	" AND " NOT_FROM_EXTENSION("pg_class", "c.oid") " ORDER BY t.oid";

/* The same columns. ev_type: 2 UPDATE, 3 INSERT, 4 DELETE; as bits of pg_trigger.tgtype, before each row. */
static const char sql_rules[] =
	"SELECT w.oid, format('%s.%s.%s', n.nspname, c.relname, w.rulename), '', w.ev_enabled, n.nspname, c.relname, w.rulename,"
	" 3 + CASE w.ev_type WHEN '2' THEN 16 WHEN '3' THEN 4 ELSE 8 END, c.relkind, c.relispartition, true"
	" FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE w.rulename <> '_RETURN' AND c.relkind IN ('r', 'p', 'v') AND c.relpersistence = 'p' AND " USER_NS
	" AND " NOT_FROM_EXTENSION("pg_class", "c.oid") " ORDER BY w.oid";

static int leave_out(Db *db, const char *kind, const char *name, const char *why, Error *err)
{
	log_warn("not mirrored: %s %s: %s", kind, name, why);
	return state_add_unmirrored(db, kind, name, why, err);
}

/* The number that a query gives, 0 when there is no row. */
static int64_t one_number(Db *db, const char *sql, const Val *params, size_t n)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of(sql), &st, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		db_bind(st, (int)i + 1, &params[i]);
	int64_t v = sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	db_done(db, st);
	return v;
}

/* --- functions --- */

static int take_oid(Db *db, uint32_t oid, Error *err)
{
	const Val v[2] = { val_int(one_number(db, "SELECT max(oid) FROM _understudy_function", NULL, 0)), val_int(oid) };
	return state_run(db, "UPDATE _understudy_function SET oid = ?2 WHERE oid = ?1", v, 2, err) < 0
		       ? -1
		       : state_run(db, "UPDATE _understudy_function_arg SET function = ?2 WHERE function = ?1", v, 2, err);
}

/* A body that SQLite cannot run is kept all the same: calls of it are refused by name. Other complaints about it may only mean that its
 * tables are not there yet, or are found along another search path. */
static int make_function(Db *db, const char *database, const PGresult *r, int i, bool last, Error *err)
{
	const char *sql = PQgetvalue(r, i, FN_SQL), *name = PQgetvalue(r, i, FN_NAME), *noun = PQgetvalue(r, i, FN_NOUN);
	Error why, ignored;
	if (PQgetisnull(r, i, FN_SQL))
		return last ? leave_out(db, noun, name, "its language is not available in SQLite mode", err) : 0;
	int rc = schema_run_ddl(db, database, sql, &why);
	bool checked = rc == 0;
	if (!checked)
		rc = schema_run_unchecked(db, database, sql, &ignored);
	if (rc < 0)
		return last ? leave_out(db, noun, name, why.message, err) : 0;
	if (!checked && (err_is(&why, "0A000") || err_is(&why, "42704")) && leave_out(db, noun, name, why.message, err) < 0)
		return -1;
	return take_oid(db, source_oid(r, i, FN_OID), err);
}

int program_copy_functions(PGconn *c, Db *db, const char *database, bool last, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, sql_functions, err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		const Val oid = val_int(source_oid(r, i, FN_OID));
		if (one_number(db, "SELECT oid FROM _understudy_function WHERE oid = ?1", &oid, 1))
			continue;
		if (make_function(db, database, r, i, last, err) < 0)
			return -1;
	}
	return 0;
}

bool program_copy_computes(Db *db, const char *schema, const char *table)
{
	const Val v[2] = { val_text(str_of(schema)), val_text(str_of(table)) };
	return one_number(
		db,
		"SELECT 1 FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema JOIN sqlite_schema m ON m.name ="
		" r.sqlite_name WHERE s.name = ?1 AND r.name = ?2 AND m.sql LIKE '%pg\\_user\\_%' ESCAPE '\\'",
		v, 2);
}

int program_copy_drop_indexes(Db *db, const char *database, Error *err)
{
	static const char sql[] =
		"SELECT s.name, i.name FROM _understudy_index i JOIN sqlite_schema m ON m.name = i.sqlite_name JOIN"
		" _understudy_relation r ON r.oid = i.rel JOIN _understudy_schema s ON s.oid = r.schema WHERE m.type = 'index'"
		" AND m.sql LIKE '%pg\\_user\\_%' ESCAPE '\\' ORDER BY i.oid LIMIT 1";
	for (;;) {
		sqlite3_stmt *st;
		Buf drop = { 0 }, name = { 0 };
		if (db_prepare(db, str_of(sql), &st, err) < 0)
			return -1;
		bool found = sqlite3_step(st) == SQLITE_ROW;
		if (found) {
			const char *schema = (const char *)sqlite3_column_text(st, 0), *index = (const char *)sqlite3_column_text(st, 1);
			buf_printf(&name, "%s.%s", schema, index);
			buf_puts(&drop, "DROP INDEX ");
			source_put_ident(&drop, schema);
			buf_puts(&drop, ".");
			source_put_ident(&drop, index);
		}
		db_done(db, st);
		int rc = found ? schema_run_ddl(db, database, buf_cstr(&drop), err) : 0;
		if (found && rc == 0)
			rc = leave_out(db, "index or view", buf_cstr(&name), "an index over a function of the user cannot be followed",
				       err);
		buf_free(&drop);
		buf_free(&name);
		if (rc < 0 || !found)
			return rc;
	}
}

/* --- triggers and rules --- */

int program_read_triggers(PGconn *c, PGresult **triggers, PGresult **rules, Error *err)
{
	*triggers = source_query(c, sql_triggers, err);
	*rules = *triggers ? source_query(c, sql_rules, err) : NULL;
	return *rules ? 0 : -1;
}

static int64_t find_table(Db *db, const PGresult *r, int i)
{
	const Val v[2] = { val_text(str_of(PQgetvalue(r, i, TG_SCHEMA))), val_text(str_of(PQgetvalue(r, i, TG_TABLE))) };
	return one_number(
		db,
		"SELECT r.oid FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE s.name = ?1 AND r.name = ?2",
		v, 2);
}

/* The place of one that cannot be run: a write that would fire it is refused. */
static int put_refusal(Db *db, const PGresult *r, int i, int64_t table, Error *err)
{
	enum { ROW = 1, INSERT = 4, DELETE = 8, UPDATE = 16, TRUNCATE = 32 };
	long bits = strtol(PQgetvalue(r, i, TG_TYPE), NULL, 10);
	int events = (bits & INSERT ? TRIGGER_INSERT : 0) | (bits & DELETE ? TRIGGER_DELETE : 0) | (bits & UPDATE ? TRIGGER_UPDATE : 0) |
		     (bits & TRUNCATE ? TRIGGER_TRUNCATE : 0);
	const Val v[] = { val_int(source_oid(r, i, TG_OID)),
			  val_int(table),
			  val_text(str_of(PQgetvalue(r, i, TG_TRIGGER))),
			  val_int(bits & ROW),
			  val_int(events),
			  val_text(str_of(PQgetvalue(r, i, TG_ENABLED))) };
	return state_run(
		db,
		"INSERT OR REPLACE INTO _understudy_trigger (oid, rel, name, function, timing, is_row, events, cols, when_sql, enabled,"
		" is_constraint, is_deferrable, is_deferred, old_table, new_table)"
		" VALUES (?1, ?2, ?3, 0, 'b', ?4, ?5, '', NULL, ?6, 0, 0, 0, NULL, NULL)",
		v, ARRAY_LEN(v), err);
}

/* A view whose writes go another way than SQLite would take is left out. */
static int drop_view(Db *db, const char *database, const PGresult *r, int i, Error *err)
{
	Buf b = { 0 };
	buf_puts(&b, "DROP VIEW IF EXISTS ");
	source_put_ident(&b, PQgetvalue(r, i, TG_SCHEMA));
	buf_puts(&b, ".");
	source_put_ident(&b, PQgetvalue(r, i, TG_TABLE));
	buf_puts(&b, " CASCADE");
	int rc = schema_run_ddl(db, database, buf_cstr(&b), err);
	buf_free(&b);
	return rc;
}

static int refuse_writes(Db *db, const char *database, const PGresult *r, int i, const char *kind, const char *why, Error *err)
{
	int64_t table = find_table(db, r, i);
	if (!table || *PQgetvalue(r, i, TG_ENABLED) == 'D')
		return 0;
	if (leave_out(db, kind, PQgetvalue(r, i, TG_NAME), why, err) < 0)
		return -1;
	return *PQgetvalue(r, i, TG_KIND) == 'v' ? drop_view(db, database, r, i, err) : put_refusal(db, r, i, table, err);
}

static int finish_trigger(Db *db, const PGresult *r, int i, Error *err)
{
	const Val v[3] = { val_int(one_number(db, "SELECT max(oid) FROM _understudy_trigger", NULL, 0)), val_int(source_oid(r, i, TG_OID)),
			   val_text(str_of(PQgetvalue(r, i, TG_ENABLED))) };
	return state_run(db, "UPDATE _understudy_trigger SET oid = ?2, enabled = ?3 WHERE oid = ?1", v, 3, err) < 0
		       ? -1
		       : state_run(db, "UPDATE _understudy_trigger_arg SET trigger = ?2 WHERE trigger = ?1", v, 2, err);
}

static int make_trigger(Db *db, const char *database, const PGresult *r, int i, Error *err)
{
	Error why;
	bool enabled = *PQgetvalue(r, i, TG_ENABLED) != 'D';
	if (enabled && *PQgetvalue(r, i, TG_SILENT) != 't')
		return refuse_writes(
			db, database, r, i, "trigger",
			"its rows could not be replayed without firing it again: GRANT SET ON PARAMETER session_replication_role to "
			"understudy's role on the primary",
			err);
	if (*PQgetvalue(r, i, TG_PART) == 't')
		return refuse_writes(db, database, r, i, "trigger", "a trigger of one partition is not available in SQLite mode", err);
	if (schema_run_ddl(db, database, PQgetvalue(r, i, TG_SQL), &why) < 0)
		return refuse_writes(db, database, r, i, "trigger", why.message, err);
	return finish_trigger(db, r, i, err);
}

int program_copy_triggers(const PGresult *triggers, const PGresult *rules, Db *db, const char *database, Error *err)
{
	for (int i = 0; i < PQntuples(triggers); i++)
		if (make_trigger(db, database, triggers, i, err) < 0)
			return -1;
	for (int i = 0; i < PQntuples(rules); i++)
		if (refuse_writes(db, database, rules, i, "rule", "rules are not available in SQLite mode", err) < 0)
			return -1;
	return 0;
}

int program_copy_forget(Db *db, Error *err)
{
	static const char sql[] =
		"DELETE FROM _understudy_trigger WHERE rel NOT IN (SELECT oid FROM _understudy_relation WHERE persistence = 't');"
		"DELETE FROM _understudy_trigger_arg WHERE trigger NOT IN (SELECT oid FROM _understudy_trigger);"
		"DELETE FROM _understudy_function WHERE schema NOT IN (SELECT oid FROM _understudy_schema WHERE name GLOB 'pg_temp_*');"
		"DELETE FROM _understudy_function_arg WHERE function NOT IN (SELECT oid FROM _understudy_function);"
		"DELETE FROM _understudy_unmirrored WHERE kind IN ('function', 'procedure', 'aggregate', 'trigger', 'rule')";
	return db_exec(db, sql, err);
}
