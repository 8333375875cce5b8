#include "sync/role_copy.h"

#include "sync/state.h"

#define USER_NS "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'understudy')"

/* An aclitem[] as catalog/acl.h keeps it: grantee, grantor, privileges, those with grant option. */
#define BIT                                                                                                                                \
	"CASE x.privilege_type WHEN 'INSERT' THEN 1 WHEN 'SELECT' THEN 2 WHEN 'UPDATE' THEN 4 WHEN 'DELETE' THEN 8 WHEN 'TRUNCATE' THEN "  \
	"16"                                                                                                                               \
	" WHEN 'REFERENCES' THEN 32 WHEN 'TRIGGER' THEN 64 WHEN 'EXECUTE' THEN 128 WHEN 'USAGE' THEN 256 WHEN 'CREATE' THEN 512 WHEN"      \
	" 'TEMPORARY' THEN 1024 WHEN 'CONNECT' THEN 2048 ELSE 0 END"
#define ITEMS(acl)                                                                                                                         \
	"coalesce((SELECT string_agg(concat_ws(' ', g.grantee, g.grantor, g.privs, g.options), ',' ORDER BY g.pos) FROM (SELECT "          \
	"x.grantee,"                                                                                                                       \
	" x.grantor, bit_or(" BIT ") AS privs, bit_or(CASE WHEN x.is_grantable THEN " BIT " ELSE 0 END) AS options, min(x.pos) AS pos"     \
	" FROM aclexplode(" acl ") WITH ORDINALITY x(grantor, grantee, privilege_type, is_grantable, pos) GROUP BY 1, 2) g), '')"

/* A query on the primary, and the command that puts each of its rows into the file. */
typedef struct Part {
	const char *query, *command;
	int ncols;
} Part;

#define RELATION                                                                                                                           \
	"(SELECT r.oid FROM _understudy_relation r JOIN _understudy_schema s ON s.oid = r.schema WHERE s.name = ?1 AND r.name = ?2)"

static const Part parts[ROLE_RESULTS] = {
	{ "SELECT oid, rolname, rolsuper::int, rolinherit::int, rolcreaterole::int, rolcreatedb::int, rolcanlogin::int, "
	  "rolreplication::int,"
	  " rolbypassrls::int, rolconnlimit, rolvaliduntil FROM pg_roles WHERE oid >= 16384 OR oid = 10 ORDER BY oid",
	  "INSERT INTO _understudy_role (oid, name, super, inherit, createrole, createdb, login, replication, bypassrls, connlimit, "
	  "valid_until)"
	  " VALUES (CAST(?1 AS INTEGER), ?2, CAST(?3 AS INTEGER), CAST(?4 AS INTEGER), CAST(?5 AS INTEGER), CAST(?6 AS INTEGER),"
	  " CAST(?7 AS INTEGER), CAST(?8 AS INTEGER), CAST(?9 AS INTEGER), CAST(?10 AS INTEGER), ?11)",
	  11 },
	{ "SELECT roleid, member, min(grantor), max(admin_option::int) FROM pg_auth_members GROUP BY 1, 2",
	  "INSERT INTO _understudy_role_member VALUES (CAST(?1 AS INTEGER), CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), CAST(?4 AS INTEGER))",
	  4 },
	{ "SELECT n.nspname, n.nspowner, n.nspacl IS NOT NULL, " ITEMS("n.nspacl") " FROM pg_namespace n WHERE " USER_NS,
	  "INSERT INTO _understudy_acl SELECT 2615, oid, 0, ?4 FROM _understudy_schema WHERE name = ?1 AND ?3 = 't'", 4 },
	{ "SELECT n.nspname, c.relname, c.relowner, c.relacl IS NOT NULL, " ITEMS(
		  "c.relacl") " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') "
			      "AND " USER_NS,
	  "INSERT INTO _understudy_acl SELECT 1259, o.oid, 0, ?5 FROM " RELATION " o WHERE ?4 = 't'", 5 },
	{ "SELECT n.nspname, c.relname, a.attname, " ITEMS(
		  "a.attacl") " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
			      "WHERE a.attacl IS NOT NULL AND"
			      " a.attnum > 0 AND NOT a.attisdropped AND " USER_NS,
	  "INSERT INTO _understudy_acl SELECT 1259, c.rel, c.attnum, ?4 FROM " RELATION
	  " o JOIN _understudy_column c ON c.rel = o.oid WHERE c.name = ?3 AND NOT c.dropped",
	  4 },
	{ "SELECT " ITEMS("datacl") " FROM pg_database WHERE datname = current_database() AND datacl IS NOT NULL",
	  "INSERT INTO _understudy_acl SELECT 1262, value, 0, ?1 FROM _understudy_meta WHERE key = 'database_oid'", 1 },
	{ "SELECT p.oid, p.proowner, p.proacl IS NOT NULL, " ITEMS(
		  "p.proacl") " FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE " USER_NS,
	  "INSERT INTO _understudy_acl SELECT 1255, oid, 0, ?4 FROM _understudy_function WHERE oid = CAST(?1 AS INTEGER) AND ?3 = 't'", 4 },
	{ "SELECT n.nspname, c.relname, c.relrowsecurity::int, c.relforcerowsecurity::int FROM pg_class c JOIN pg_namespace n ON "
	  "n.oid = c.relnamespace WHERE (c.relrowsecurity OR c.relforcerowsecurity) AND " USER_NS,
	  "INSERT INTO _understudy_row_security SELECT o.oid, CAST(?3 AS INTEGER), CAST(?4 AS INTEGER) FROM " RELATION " o", 4 },
	{ "SELECT n.nspname, c.relname, p.oid, p.polname, p.polcmd, p.polpermissive::int, array_to_string(p.polroles, ' '),"
	  " pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid) FROM pg_policy p JOIN pg_class c ON c.oid = "
	  "p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE " USER_NS,
	  "INSERT INTO _understudy_policy SELECT CAST(?3 AS INTEGER), o.oid, ?4, ?5, CAST(?6 AS INTEGER), ?7, ?8, ?9 FROM " RELATION " o",
	  9 },
};

/* Owners come with the rows of these parts. */
static const struct {
	size_t part;
	const char *command;
} owners[] = {
	{ 2, "UPDATE _understudy_schema SET owner = CAST(?2 AS INTEGER) WHERE name = ?1" },
	{ 3, "UPDATE _understudy_relation SET owner = CAST(?3 AS INTEGER) WHERE oid = " RELATION },
	{ 6, "UPDATE _understudy_function SET owner = CAST(?2 AS INTEGER) WHERE oid = CAST(?1 AS INTEGER)" },
};

int role_copy_read(PGconn *c, PGresult *out[ROLE_RESULTS], Error *err)
{
	for (size_t i = 0; i < ROLE_RESULTS; i++)
		if (!(out[i] = source_query(c, parts[i].query, err)))
			return -1;
	return 0;
}

static int put_rows(Db *db, const PGresult *r, const char *command, int ncols, Error *err)
{
	for (int i = 0; i < PQntuples(r); i++) {
		Val v[11];
		for (int k = 0; k < ncols; k++)
			v[k] = PQgetisnull(r, i, k) ? val_null() : val_text(str_of(PQgetvalue(r, i, k)));
		if (state_run(db, command, v, (size_t)ncols, err) < 0)
			return -1;
	}
	return 0;
}

int role_copy_apply(PGresult *const in[ROLE_RESULTS], Db *db, Error *err)
{
	static const char forget_policies[] =
		"DELETE FROM _understudy_row_security WHERE rel NOT IN (SELECT oid FROM _understudy_relation WHERE persistence = 't');"
		"DELETE FROM _understudy_policy WHERE rel NOT IN (SELECT oid FROM _understudy_relation WHERE persistence = 't')";
	if (db_exec(db, forget_policies, err) < 0 ||
	    db_exec(db,
		    "DELETE FROM _understudy_role; DELETE FROM _understudy_role_member; DELETE FROM _understudy_acl WHERE classoid <> 1259 "
		    "OR"
		    " objoid NOT IN (SELECT oid FROM _understudy_relation WHERE persistence = 't')",
		    err) < 0)
		return -1;
	for (size_t i = 0; i < ROLE_RESULTS; i++)
		if (put_rows(db, in[i], parts[i].command, parts[i].ncols, err) < 0)
			return -1;
	for (size_t i = 0; i < ARRAY_LEN(owners); i++)
		if (put_rows(db, in[owners[i].part], owners[i].command, parts[owners[i].part].ncols, err) < 0)
			return -1;
	return db_exec(db, "INSERT OR REPLACE INTO _understudy_meta VALUES ('all_roles', 1)", err);
}
