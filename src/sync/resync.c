#include "sync/resync.h"

#include "base/clock.h"
#include "base/log.h"
#include "sync/apply.h"
#include "sync/copy.h"
#include "sync/program_copy.h"
#include "sync/schema_copy.h"
#include "sync/state.h"
#include "sync/type_copy.h"

#include <stdio.h>

enum { LOCK_WAIT_MS = 700 };

#define USER_NS "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'understudy')"

const char resync_query[] =
	"SELECT c.oid, n.nspname, c.relname, md5(concat_ws(E'\\x01', c.relkind, c.relreplident,"
	" (SELECT string_agg(concat_ws(E'\\x02', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, "
	"a.attgenerated,"
	"   pg_get_expr(d.adbin, d.adrelid)), E'\\x03' ORDER BY a.attnum) FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = "
	"a.attrelid AND d.adnum = a.attnum"
	"   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),"
	" (SELECT string_agg(concat_ws(E'\\x02', f.attrelid, f.attnum, f.attname, f.atttypid, f.atttypmod), E'\\x03' ORDER BY f.attrelid, "
	"f.attnum) FROM pg_attribute f WHERE f.attrelid IN (SELECT t.typrelid FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid"
	"   JOIN pg_type t ON t.oid IN (y.oid, y.typelem) WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND t.typrelid "
	"<> 0)),"
	" (SELECT string_agg(k.conname || pg_get_constraintdef(k.oid), E'\\x03' ORDER BY k.oid) FROM pg_constraint k WHERE k.conrelid = "
	"c.oid),"
	" (SELECT string_agg(pg_get_indexdef(i.indexrelid) || i.indisreplident, E'\\x03' ORDER BY i.indexrelid) FROM pg_index i WHERE "
	"i.indrelid = c.oid AND i.indisvalid)))"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND "
	"c.relpersistence = 'p' AND " USER_NS
	" AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e')"
	" UNION ALL SELECT 0, '', '', md5(concat_ws(E'\\x01',"
	" (SELECT string_agg(c.oid || c.relname || pg_get_viewdef(c.oid), E'\\x03' ORDER BY c.oid) FROM pg_class c JOIN pg_namespace n ON "
	"n.oid = c.relnamespace"
	"   WHERE c.relkind = 'v' AND " USER_NS "),"
	" (SELECT string_agg(c.oid || c.relname, E'\\x03' ORDER BY c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	"WHERE c.relkind = 'S' AND " USER_NS "),"
	" (SELECT string_agg(concat_ws(E'\\x02', p.oid, p.proname, p.pronamespace, p.prorettype, p.proargtypes, p.proallargtypes, "
	"p.proargnames,"
	"   pg_get_expr(p.proargdefaults, 0), p.prosrc, pg_get_function_sqlbody(p.oid), p.provolatile, p.proisstrict, p.prosecdef, "
	"p.proretset,"
	"   p.prolang, p.proconfig), E'\\x03' ORDER BY p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " USER_NS
	"),"
	" (SELECT string_agg(concat_ws(E'\\x02', t.oid, t.tgrelid, t.tgenabled, pg_get_triggerdef(t.oid)), E'\\x03' ORDER BY t.oid) FROM"
	"   pg_trigger t WHERE NOT t.tgisinternal),"
	" (SELECT string_agg(concat_ws(E'\\x02', w.oid, w.ev_class, w.ev_enabled, w.rulename), E'\\x03' ORDER BY w.oid) FROM pg_rewrite w "
	"WHERE"
	"   w.rulename <> '_RETURN' AND w.oid >= 16384), has_parameter_privilege('session_replication_role', 'SET'),"
	" (SELECT string_agg(r::text, E'\\x03' ORDER BY r.oid) FROM pg_roles r), (SELECT string_agg(m::text, E'\\x03' ORDER BY m.roleid, "
	"m.member)"
	"   FROM pg_auth_members m), (SELECT string_agg(concat_ws(' ', c.oid, c.relowner, c.relacl), E'\\x03' ORDER BY c.oid) FROM "
	"pg_class c WHERE"
	"   c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'S')), (SELECT string_agg(concat_ws(' ', a.attrelid, a.attname, "
	"a.attacl), E'\\x03'"
	"   ORDER BY a.attrelid, a.attnum) FROM pg_attribute a WHERE a.attacl IS NOT NULL), (SELECT string_agg(concat_ws(' ', n.oid, "
	"n.nspowner,"
	"   n.nspacl), E'\\x03' ORDER BY n.oid) FROM pg_namespace n WHERE " USER_NS
	"), (SELECT string_agg(concat_ws(' ', p.oid, p.proowner, p.proacl),"
	"   E'\\x03' ORDER BY p.oid) FROM pg_proc p WHERE p.oid >= 16384), (SELECT d.datacl::text FROM pg_database d WHERE d.datname = "
	"current_database()),"
	" (SELECT string_agg(concat_ws(E'\\x02', c.oid, c.relforcerowsecurity), E'\\x03' ORDER BY c.oid) FROM pg_class c WHERE "
	"c.relrowsecurity),"
	" (SELECT string_agg(concat_ws(E'\\x02', p.oid, p.polname, p.polcmd, p.polpermissive, p.polroles, pg_get_expr(p.polqual, "
	"p.polrelid),"
	"   pg_get_expr(p.polwithcheck, p.polrelid)), E'\\x03' ORDER BY p.oid) FROM pg_policy p),"
	" (SELECT string_agg(e.enumtypid || e.enumlabel, E'\\x03' ORDER BY e.oid) FROM pg_enum e),"
	" (SELECT string_agg(concat_ws(E'\\x02', d.oid, d.typnotnull, d.typdefault, (SELECT string_agg(k.conname || "
	"pg_get_constraintdef(k.oid), E'\\x02' ORDER BY k.oid) FROM pg_constraint k WHERE k.contypid = d.oid)), E'\\x03' ORDER BY d.oid) "
	"FROM pg_type d WHERE d.typtype = 'd'),"
	" (SELECT string_agg(concat_ws(E'\\x02', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod), E'\\x03' ORDER BY a.attrelid, "
	"a.attnum) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'c')))"
	" ORDER BY 1";

typedef struct Resync {
	PGconn *c;
	Db *db;
	const char *database, *node;
	Arena *a;
	PGresult *now;	  /* of resync_query */
	const char *oids; /* tables to be copied, comma-separated; "0" is always among them */
	size_t n;
	uint64_t valid_from;
} Resync;

static const char *remembered(Db *db, const char *oid, Arena *a)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of("SELECT fingerprint FROM _understudy_mirror WHERE oid = CAST(?1 AS INTEGER)"), &st, &ignored) < 0)
		return NULL;
	Val v = val_text(str_of(oid));
	db_bind(st, 1, &v);
	const char *fp = sqlite3_step(st) == SQLITE_ROW ? arena_strdup(a, (const char *)sqlite3_column_text(st, 0)) : NULL;
	db_done(db, st);
	return fp;
}

static bool is_changed(const PGresult *r, int i, Db *db, Arena *a)
{
	const char *fp = remembered(db, PQgetvalue(r, i, 0), a);
	return !fp || !streq(fp, PQgetvalue(r, i, 3));
}

bool resync_needed(const PGresult *r, Db *db)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	for (int i = 0; i < PQntuples(r); i++)
		if (is_changed(r, i, db, a))
			return true;
	return state_count(db, "SELECT count(*) FROM _understudy_mirror") != PQntuples(r) ||
	       state_count(db, "SELECT count(*) FROM _understudy_stale") > 0;
}

static int remember(Db *db, const PGresult *r, int i, int64_t valid_from, Error *err)
{
	const char *name = PQgetvalue(r, i, 1);
	char *full = *name ? mem_printf("%s.%s", name, PQgetvalue(r, i, 2)) : mem_strdup("");
	Val v[4] = { val_int(strtoll(PQgetvalue(r, i, 0), NULL, 10)), val_text(str_of(full)), val_text(str_of(PQgetvalue(r, i, 3))),
		     val_int(valid_from) };
	int rc = state_run(db, "INSERT OR REPLACE INTO _understudy_mirror(oid, name, fingerprint, valid_from) VALUES (?1, ?2, ?3, ?4)", v,
			   4, err);
	free(full);
	return rc;
}

int resync_remember(PGconn *c, Db *db, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, resync_query, err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++)
		if (remember(db, r, i, 0, err) < 0)
			return -1;
	return 0;
}

static bool is_stale(Resync *s, int i)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(s->db,
		       str_of("SELECT 1 FROM _understudy_stale t WHERE t.tbl IN (?1, (SELECT r.sqlite_name FROM _understudy_relation r "
			      "WHERE r.oid ="
			      " CAST(?2 AS INTEGER)))"),
		       &st, &ignored) < 0)
		return false;
	const char *full = arena_printf(s->a, "%s.%s", PQgetvalue(s->now, i, 1), PQgetvalue(s->now, i, 2));
	Val v[2] = { val_text(str_of(full)), val_text(str_of(PQgetvalue(s->now, i, 0))) };
	db_bind(st, 1, &v[0]);
	db_bind(st, 2, &v[1]);
	bool stale = sqlite3_step(st) == SQLITE_ROW;
	db_done(s->db, st);
	return stale;
}

/* Changed tables, and those whose foreign keys point to them: these lose the key when the other is made again. */
static int choose(Resync *s, Error *err)
{
	const char *list = "0";
	s->now = source_query(s->c, resync_query, err);
	if (!s->now)
		return -1;
	for (int i = 0; i < PQntuples(s->now); i++)
		if (!streq(PQgetvalue(s->now, i, 0), "0") && (is_changed(s->now, i, s->db, s->a) || is_stale(s, i)))
			list = arena_printf(s->a, "%s,%s", list, PQgetvalue(s->now, i, 0));
	const char *sql =
		arena_printf(s->a,
			     "WITH RECURSIVE x(oid) AS (SELECT unnest('{%s}'::oid[]) UNION SELECT k.conrelid FROM pg_constraint k JOIN x "
			     "ON k.confrelid = x.oid"
			     " WHERE k.contype = 'f' AND k.conparentid = 0) SELECT string_agg(oid::text, ','), count(*) - 1 FROM x",
			     list);
	_cleanup_(source_clearp) PGresult *r = source_query(s->c, sql, err);
	if (!r)
		return -1;
	s->oids = arena_strdup(s->a, PQgetvalue(r, 0, 0));
	s->n = (size_t)strtoull(PQgetvalue(r, 0, 1), NULL, 10);
	return 0;
}

/* The tables: quoted name, whether a key finds its rows, whether it is in the publication of those with a key, and of the others. */
static PGresult *list_tables(Resync *s, Error *err)
{
	const char *sql = arena_printf(s->a,
				       "SELECT format('%%I.%%I', n.nspname, c.relname), k.has_key,"
				       " EXISTS (SELECT 1 FROM pg_publication_rel p JOIN pg_publication u ON u.oid = p.prpubid WHERE "
				       "p.prrelid = c.oid AND u.pubname = 'understudy_%s'),"
				       " EXISTS (SELECT 1 FROM pg_publication_rel p JOIN pg_publication u ON u.oid = p.prpubid WHERE "
				       "p.prrelid = c.oid AND u.pubname = 'understudy_%s_ins')"
				       " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, LATERAL (SELECT CASE "
				       "c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false"
				       " ELSE EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid AND CASE "
				       "c.relreplident WHEN 'i' THEN i.indisreplident ELSE"
				       " i.indisprimary END) END) AS k(has_key) WHERE c.oid IN (%s) ORDER BY c.oid",
				       s->node, s->node, s->oids);
	return source_query(s->c, sql, err);
}

/* All at once, and in less time than after which PostgreSQL looks for deadlocks (1 s): CREATE INDEX CONCURRENTLY waits for transactions
 * such as this one, and it must not be the one that is cancelled. 57014 when the tables are in use. */
static int lock_tables(Resync *s, const PGresult *r, Error *err)
{
	if (!PQntuples(r))
		return 0;
	Buf b = { 0 };
	buf_printf(&b, "SET LOCAL statement_timeout = '%d ms'; LOCK TABLE ", LOCK_WAIT_MS);
	for (int i = 0; i < PQntuples(r); i++)
		buf_printf(&b, "%sONLY %s", i ? ", " : "", PQgetvalue(r, i, 0));
	buf_puts(&b, " IN SHARE MODE; SET LOCAL statement_timeout = 0");
	int rc = source_exec(s->c, buf_cstr(&b), err);
	buf_free(&b);
	return rc;
}

/* Publishes tables that are not. A key gained or lost moves a table to the other publication. */
static int publish_tables(Resync *s, const PGresult *r, Error *err)
{
	for (int i = 0; i < PQntuples(r); i++) {
		bool keyed = *PQgetvalue(r, i, 1) == 't', in_keyed = *PQgetvalue(r, i, 2) == 't', in_other = *PQgetvalue(r, i, 3) == 't';
		const char *name = PQgetvalue(r, i, 0);
		if (keyed ? in_other : in_keyed)
			if (source_exec(s->c,
					arena_printf(s->a, "ALTER PUBLICATION understudy_%s%s DROP TABLE ONLY %s", s->node,
						     keyed ? "_ins" : "", name),
					err) < 0)
				return -1;
		if (keyed ? !in_keyed : !in_other)
			if (source_exec(s->c,
					arena_printf(s->a, "ALTER PUBLICATION understudy_%s%s ADD TABLE ONLY %s", s->node,
						     keyed ? "" : "_ins", name),
					err) < 0)
				return -1;
	}
	return 0;
}

/* Names of the file's relations that a query gives, each dropped. */
static int drop_all(Resync *s, const char *query, const char *what, Error *err)
{
	sqlite3_stmt *st;
	size_t n = 0, cap = 0;
	const char **sql = NULL;
	if (db_prepare(s->db, str_of(query), &st, err) < 0)
		return -1;
	while (sqlite3_step(st) == SQLITE_ROW) {
		Buf b = { 0 };
		buf_printf(&b, "DROP %s IF EXISTS ", what);
		source_put_ident(&b, (const char *)sqlite3_column_text(st, 0));
		buf_puts(&b, ".");
		source_put_ident(&b, (const char *)sqlite3_column_text(st, 1));
		buf_puts(&b, " CASCADE");
		sql = mem_grow(sql, &cap, n + 1, sizeof *sql);
		sql[n++] = arena_strdup(s->a, buf_cstr(&b));
		buf_free(&b);
	}
	db_done(s->db, st);
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = schema_run_ddl(s->db, s->database, sql[i], err);
	free(sql);
	return rc;
}

static int drop_old(Resync *s, Error *err)
{
	Buf gone = { 0 };
	for (int i = 0; i < PQntuples(s->now); i++)
		buf_printf(&gone, "%s%s", i ? "," : "", PQgetvalue(s->now, i, 0));
	const char *known = arena_strdup(s->a, buf_cstr(&gone));
	buf_free(&gone);
	const char *which = arena_printf(s->a, "r.kind = 'r' AND (r.oid IN (%s) OR r.oid NOT IN (%s))", s->oids, known);
	if (db_exec(s->db,
		    arena_printf(s->a,
				 "DELETE FROM _understudy_stale; DELETE FROM _understudy_unmirrored WHERE kind = 'index or view' OR (kind "
				 "= 'table' AND name IN"
				 " (SELECT m.name FROM _understudy_mirror m WHERE m.oid IN (%s))); DELETE FROM _understudy_mirror WHERE "
				 "oid NOT IN (%s)",
				 s->oids, known),
		    err) < 0)
		return -1;
	if (drop_all(s,
		     "SELECT s.name, r.name FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE r.kind = 'v'",
		     "VIEW", err) < 0)
		return -1;
	return drop_all(
		s,
		arena_printf(s->a,
			     "SELECT s.name, r.name FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE %s",
			     which),
		"TABLE", err);
}

static int fill_with(Resync *s, Schema *made, Error *err)
{
	if (program_copy_forget(s->db, err) < 0 || drop_old(s, err) < 0 ||
	    schema_copy_some(s->c, s->db, s->database, s->oids, s->a, made, err) < 0 ||
	    type_copy_changes(s->c, s->db, s->database, err) < 0 || copy_some_rows(s->c, s->db, s->database, made, s->a, err) < 0 ||
	    schema_copy_sequences(s->c, s->db, err) < 0)
		return -1;
	_cleanup_(source_clearp) PGresult *lsn = source_query(s->c, "SELECT pg_current_wal_insert_lsn()", err);
	if (!lsn)
		return -1;
	s->valid_from = source_lsn(PQgetvalue(lsn, 0, 0));
	if (schema_copy_later(s->db, s->database, made, err) < 0)
		return -1;
	char *list = arena_printf(s->a, ",%s,", s->oids);
	for (int i = 0; i < PQntuples(s->now); i++) {
		bool copied = strstr(list, arena_printf(s->a, ",%s,", PQgetvalue(s->now, i, 0))) != NULL;
		if (copied && remember(s->db, s->now, i, (int64_t)s->valid_from, err) < 0)
			return -1;
	}
	return 0;
}

static int fill(Resync *s, Error *err)
{
	Schema made = { 0 };
	int rc = fill_with(s, &made, err);
	schema_clear(&made);
	return rc;
}

/* The primary's transaction ends first: a table that is published and not yet here is found again by the next look; the other way round it
 * would never be followed. */
static int run_locked(Resync *s, Error *err)
{
	Error ignored;
	if (db_exec(s->db, "BEGIN IMMEDIATE", err) < 0)
		return -1;
	int rc = fill(s, err);
	if (rc == 0)
		rc = source_exec(s->c, "COMMIT", err);
	if (rc == 0)
		rc = db_exec(s->db, "COMMIT", err);
	if (rc < 0)
		db_exec(s->db, "ROLLBACK", &ignored);
	return rc;
}

int resync_run(const char *conninfo, Db *db, Database *d, const char *database, const char *node, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Resync s = { .db = db, .database = database, .node = node, .a = a };
	int64_t since = clock_mono_us();
	s.c = source_connect(conninfo, false, err);
	if (!s.c)
		return -1;
	/* Before the transaction begins, for which others could wait. */
	int rc = choose(&s, err);
	_cleanup_(source_clearp) PGresult *tables = rc == 0 ? list_tables(&s, err) : NULL;
	rc = tables ? source_exec(s.c, "SET lock_timeout = '3s'; BEGIN", err) : -1;
	if (rc == 0)
		rc = lock_tables(&s, tables, err);
	if (rc == 0)
		rc = publish_tables(&s, tables, err);
	if (rc == 0) {
		/* What was seen before the locks may have changed until they were there. */
		PQclear(s.now);
		s.now = NULL;
		rc = choose(&s, err);
	}
	if (rc == 0) {
		if (d)
			database_borrow_writer(d);
		rc = run_locked(&s, err);
		if (d)
			database_return_writer(d, rc == 0);
	}
	PQclear(s.now);
	source_closep(&s.c);
	if (rc == 0 && d)
		rc = database_reload(d, err);
	if (rc == 0)
		log_info("structure changed on the primary: %zu tables were copied again, %.1f s", s.n,
			 (double)(clock_mono_us() - since) / 1e6);
	return rc;
}
