#include "sync/type_copy.h"

#include "base/log.h"
#include "sync/schema_copy.h"
#include "sync/state.h"

#include <stdio.h>

#define USER_NS "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'understudy')"

#define ENUM_SQL                                                                                                                           \
	"format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname, (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY "     \
	"e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))"
#define COMPOSITE_SQL                                                                                                                      \
	"format('CREATE TYPE %I.%I AS (%s)', n.nspname, t.typname, (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, " \
	"a.atttypmod)), ', ' ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT "               \
	"a.attisdropped))"
#define DOMAIN_SQL                                                                                                                         \
	"format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod))"                               \
	" || coalesce((SELECT format(' COLLATE %I', o.collname) FROM pg_collation o WHERE o.oid = t.typcollation AND o.oid <> (SELECT "    \
	"b.typcollation FROM pg_type b WHERE b.oid = t.typbasetype)), '')"                                                                 \
	" || coalesce(' DEFAULT ' || t.typdefault, '') || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END"                             \
	" || coalesce((SELECT string_agg(format(' CONSTRAINT %I %s', k.conname, regexp_replace(pg_get_constraintdef(k.oid), ' NOT "        \
	"VALID$', '')), '' ORDER BY k.oid) FROM pg_constraint k WHERE k.contypid = t.oid), '')"
#define RANGE_SQL                                                                                                                          \
	"format('CREATE TYPE %I.%I AS RANGE (SUBTYPE = %s, MULTIRANGE_TYPE_NAME = %s%s%s%s)', n.nspname, t.typname, "                      \
	"format_type(g.rngsubtype, NULL), (SELECT format('%I.%I', mn.nspname, m.typname) FROM pg_type m JOIN pg_namespace mn ON mn.oid = " \
	"m.typnamespace WHERE m.oid = g.rngmultitypid), (SELECT format(', COLLATION = %I', o.collname) FROM pg_collation o WHERE o.oid = " \
	"g.rngcollation), CASE WHEN g.rngcanonical <> 0 THEN ', CANONICAL = ' || g.rngcanonical::regproc END, CASE WHEN g.rngsubdiff <> "  \
	"0 "                                                                                                                               \
	"THEN ', SUBTYPE_DIFF = ' || g.rngsubdiff::regproc END)"

/* The last columns: array type, relation of a composite type, multirange type and its array type. */
const char type_copy_query[] =
	"SELECT t.oid, n.nspname || '.' || t.typname, CASE t.typtype WHEN 'e' THEN " ENUM_SQL " WHEN 'd' THEN " DOMAIN_SQL
	" WHEN 'r' THEN " RANGE_SQL " ELSE " COMPOSITE_SQL
	" END, t.typarray, t.typrelid, coalesce(g.rngmultitypid, 0), coalesce((SELECT m.typarray FROM pg_type m WHERE "
	"m.oid = g.rngmultitypid), 0) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = "
	"t.typrelid "
	"LEFT JOIN pg_range g ON g.rngtypid = t.oid WHERE (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c') AND " USER_NS " ORDER BY t.oid";

uint32_t source_oid(const PGresult *r, int row, int col)
{
	return (uint32_t)strtoul(PQgetvalue(r, row, col), NULL, 10);
}

int type_move_oid(Db *db, uint32_t from, uint32_t to, bool type, Error *err)
{
	static const char *const table_sql[] = { "UPDATE _understudy_relation SET oid = ?2 WHERE oid = ?1",
						 "UPDATE _understudy_column SET rel = ?2 WHERE rel = ?1",
						 "UPDATE _understudy_index SET rel = ?2 WHERE rel = ?1",
						 "UPDATE _understudy_constraint SET rel = ?2 WHERE rel = ?1",
						 "UPDATE _understudy_constraint SET ref = ?2 WHERE ref = ?1",
						 "UPDATE _understudy_sequence SET owner_table = ?2 WHERE owner_table = ?1",
						 "UPDATE _understudy_type SET relid = ?2 WHERE relid = ?1",
						 "UPDATE _understudy_comment SET objoid = ?2 WHERE objoid = ?1 AND classoid = 1259" };
	static const char *const type_sql[] = { "UPDATE _understudy_type SET oid = ?2 WHERE oid = ?1",
						"UPDATE _understudy_type SET elem = ?2 WHERE elem = ?1",
						"UPDATE _understudy_type SET array_oid = ?2 WHERE array_oid = ?1",
						"UPDATE _understudy_enum SET type = ?2 WHERE type = ?1",
						"UPDATE _understudy_domain SET type = ?2 WHERE type = ?1",
						"UPDATE _understudy_domain SET base = ?2 WHERE base = ?1",
						"UPDATE _understudy_domain_check SET domain = ?2 WHERE domain = ?1",
						"UPDATE _understudy_range SET type = ?2 WHERE type = ?1",
						"UPDATE _understudy_range SET subtype = ?2 WHERE subtype = ?1",
						"UPDATE _understudy_range SET multirange = ?2 WHERE multirange = ?1",
						"UPDATE _understudy_column SET type = ?2 WHERE type = ?1",
						"UPDATE _understudy_relation SET rowtype = ?2 WHERE rowtype = ?1",
						"UPDATE _understudy_relation SET arraytype = ?2 WHERE arraytype = ?1" };
	const char *const *list = type ? type_sql : table_sql;
	size_t n = type ? ARRAY_LEN(type_sql) : ARRAY_LEN(table_sql);
	Val v[2] = { val_int(from), val_int(to) };
	for (size_t i = 0; from != to && i < n; i++)
		if (state_run(db, list[i], v, 2, err) < 0)
			return -1;
	return 0;
}

/* The number that a query gives, 0 when there is no row. */
static uint32_t one_oid(Db *db, const char *sql)
{
	sqlite3_stmt *st;
	Error ignored;
	if (db_prepare(db, str_of(sql), &st, &ignored) < 0)
		return 0;
	uint32_t oid = sqlite3_step(st) == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(st, 0) : 0;
	db_done(db, st);
	return oid;
}

/* The newest type of this kind and its array type. */
static int move_newest(Db *db, char kind, uint32_t to, uint32_t array_to, Error *err)
{
	char sql[200];
	snprintf(sql, sizeof sql, "SELECT oid FROM _understudy_type WHERE kind = '%c' ORDER BY oid DESC LIMIT 1", kind);
	uint32_t made = one_oid(db, sql);
	snprintf(sql, sizeof sql, "SELECT array_oid FROM _understudy_type WHERE oid = %u", made);
	uint32_t array = one_oid(db, sql);
	if (!made)
		return err_set(err, "XX000", "a type of kind %c was not made", kind);
	if (type_move_oid(db, made, to, true, err) < 0)
		return -1;
	return array ? type_move_oid(db, array, array_to, true, err) : 0;
}

int type_copy_made(Db *db, const PGresult *r, int row, Error *err)
{
	uint32_t rel = source_oid(r, row, 4), multi = source_oid(r, row, 5);
	const char *sql = PQgetvalue(r, row, 2);
	char kind = rel ? 'c' : multi ? 'r' : strncmp(sql, "CREATE DOMAIN", 13) == 0 ? 'd' : 'e';
	if (move_newest(db, kind, source_oid(r, row, 0), source_oid(r, row, 3), err) < 0)
		return -1;
	if (multi && move_newest(db, 'm', multi, source_oid(r, row, 6), err) < 0)
		return -1;
	if (!rel)
		return 0;
	return type_move_oid(db, one_oid(db, "SELECT oid FROM _understudy_relation WHERE kind = 'c' ORDER BY oid DESC LIMIT 1"), rel, false,
			     err);
}

static int copy_enum_labels(PGconn *c, Db *db, Error *err)
{
	_cleanup_(source_clearp) PGresult *r =
		source_query(c, "SELECT e.oid, e.enumtypid, e.enumlabel, e.enumsortorder FROM pg_enum e", err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		Val v[4];
		for (int k = 0; k < 4; k++)
			v[k] = val_text(str_of(PQgetvalue(r, i, k)));
		if (state_run(db,
			      "INSERT INTO _understudy_enum(oid, type, label, sort) SELECT CAST(?1 AS INTEGER), CAST(?2 AS INTEGER), ?3, "
			      "CAST(?4 AS REAL)"
			      " WHERE EXISTS (SELECT 1 FROM _understudy_type WHERE oid = CAST(?2 AS INTEGER)) ON CONFLICT DO NOTHING",
			      v, 4, err) < 0)
			return -1;
	}
	return 0;
}

/* The columns of composite types, as they are now. */
static int copy_composite_columns(PGconn *c, Db *db, Error *err)
{
	_cleanup_(source_clearp) PGresult *r =
		source_query(c,
			     "SELECT a.attrelid, a.attnum, a.attname, CASE WHEN a.attisdropped THEN 25 ELSE a.atttypid END, a.atttypmod, "
			     "a.attisdropped::int"
			     " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relkind = 'c' AND a.attnum > 0",
			     err);
	if (!r)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		Val v[6];
		for (int k = 0; k < 6; k++)
			v[k] = k == 2 ? val_text(str_of(PQgetvalue(r, i, k))) : val_int(strtoll(PQgetvalue(r, i, k), NULL, 10));
		if (state_run(db,
			      "INSERT INTO _understudy_column(rel, attnum, name, type, typmod, dropped, sqlite_name) SELECT ?1, ?2, ?3, "
			      "?4, ?5, ?6, ?3"
			      " WHERE EXISTS (SELECT 1 FROM _understudy_relation WHERE oid = ?1 AND kind = 'c') ON CONFLICT (rel, attnum) "
			      "DO UPDATE "
			      "SET name = excluded.name, type = excluded.type, typmod = excluded.typmod, dropped = excluded.dropped",
			      v, 6, err) < 0)
			return -1;
	}
	return 0;
}

static const char sql_domains[] =
	"SELECT t.oid, n.nspname || '.' || t.typname, t.typdefault, t.typnotnull::int FROM pg_type t JOIN pg_namespace n ON n.oid = "
	"t.typnamespace WHERE t.typtype = 'd' AND " USER_NS;
static const char sql_domain_checks[] = "SELECT t.oid, n.nspname || '.' || t.typname || '.' || k.conname, format('ALTER DOMAIN %I.%I ADD "
					"CONSTRAINT %I %s NOT VALID', n.nspname, "
					"t.typname, k.conname, regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')) FROM "
					"pg_constraint k JOIN pg_type t ON t.oid = "
					"k.contypid JOIN pg_namespace n ON n.oid = t.typnamespace WHERE " USER_NS " ORDER BY k.oid";

static bool has_domain(Db *db, const char *oid)
{
	char sql[120];
	snprintf(sql, sizeof sql, "SELECT 1 FROM _understudy_domain WHERE type = %u", (uint32_t)strtoul(oid, NULL, 10));
	return one_oid(db, sql) == 1;
}

/* Defaults and NOT NULL as they are, and all checks anew: stored rows have passed them on the primary. */
static int copy_domain_rules(PGconn *c, Db *db, const char *database, Error *err)
{
	_cleanup_(source_clearp) PGresult *r = source_query(c, sql_domains, err), *k = r ? source_query(c, sql_domain_checks, err) : NULL;
	if (!k)
		return -1;
	for (int i = 0; i < PQntuples(r); i++) {
		Val v[3] = { val_int(source_oid(r, i, 0)), PQgetisnull(r, i, 2) ? val_null() : val_text(str_of(PQgetvalue(r, i, 2))),
			     val_int(*PQgetvalue(r, i, 3) == '1') };
		if (state_run(db, "UPDATE _understudy_domain SET default_sql = ?2, not_null = ?3 WHERE type = ?1", v, 3, err) < 0 ||
		    state_run(db, "DELETE FROM _understudy_domain_check WHERE domain = ?1", v, 1, err) < 0)
			return -1;
	}
	for (int i = 0; i < PQntuples(k); i++) {
		Error why;
		if (!has_domain(db, PQgetvalue(k, i, 0)) || schema_run_ddl(db, database, PQgetvalue(k, i, 2), &why) == 0)
			continue;
		log_warn("not mirrored: domain constraint %s: %s", PQgetvalue(k, i, 1), why.message);
		if (state_add_unmirrored(db, "domain constraint", PQgetvalue(k, i, 1), why.message, err) < 0)
			return -1;
	}
	return 0;
}

int type_copy_changes(PGconn *c, Db *db, const char *database, Error *err)
{
	return copy_enum_labels(c, db, err) < 0 || copy_composite_columns(c, db, err) < 0 ? -1 : copy_domain_rules(c, db, database, err);
}
