/* CREATE, DROP and ALTER DATABASE: what they say, checked as far as that needs no look at other databases. */
#include "sql/ddl.h"
#include "sql/plan_internal.h"

#include <pg_query.h>

#define NODE(x) PG_QUERY__NODE__NODE_##x

/* The option's value as text; NULL for DEFAULT or none. */
static const char *option_text(ParseState *ps, const PgQuery__DefElem *e)
{
	const PgQuery__Node *v = e->arg;
	if (!v)
		return NULL;
	switch (v->node_case) {
	case NODE(STRING):
		return v->string->sval;
	case NODE(INTEGER):
		return arena_printf(ps->a, "%d", v->integer->ival);
	case NODE(FLOAT):
		return v->float_->fval;
	case NODE(BOOLEAN):
		return v->boolean->boolval ? "true" : "false";
	case NODE(TYPE_NAME):
		return v->type_name->n_names ? v->type_name->names[v->type_name->n_names - 1]->string->sval : NULL;
	default:
		return NULL;
	}
}

static bool is_byte_order(const char *locale)
{
	static const char *const names[] = { "C", "POSIX", "C.UTF-8", "C.UTF8", "C.utf8", "C.utf-8" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (streq(locale, names[i]))
			return true;
	return false;
}

static bool is_utf8(const char *encoding)
{
	return strcasecmp(encoding, "UTF8") == 0 || strcasecmp(encoding, "UTF-8") == 0 || strcasecmp(encoding, "UNICODE") == 0 ||
	       streq(encoding, "6");
}

static int check_bool(ParseState *ps, const PgQuery__DefElem *e, const char *text, bool want)
{
	static const char *const yes[] = { "true", "on", "1" }, *const no[] = { "false", "off", "0" };
	for (size_t i = 0; text && i < ARRAY_LEN(yes); i++) {
		if (strcasecmp(text, want ? yes[i] : no[i]) == 0)
			return 0;
		if (strcasecmp(text, want ? no[i] : yes[i]) == 0)
			return an_refuse(ps, e->location, "%s %s", e->defname, text);
	}
	return text ? an_error(ps, -1, "42601", "%s requires a Boolean value", e->defname) : 0;
}

/* One option of CREATE DATABASE. */
static int read_option(ParseState *ps, const PgQuery__DefElem *e, DatabasePlan *p)
{
	const char *name = e->defname, *text = option_text(ps, e);
	if (streq(name, "template")) {
		p->template = text ? arena_strdup(ps->a, text) : NULL;
		return 0;
	}
	if (streq(name, "owner")) {
		if (text && !catalog_role_oid(ps->env->cat, text) && !streq(text, ps->env->user))
			return an_error(ps, -1, "42704", "role \"%s\" does not exist", text);
		return 0;
	}
	if (streq(name, "encoding"))
		return !text || is_utf8(text) ? 0 : an_refuse(ps, e->location, "encoding %s", text);
	if (streq(name, "locale") || streq(name, "lc_collate") || streq(name, "lc_ctype"))
		return !text || is_byte_order(text) ? 0 : an_error(ps, -1, "22023", "invalid locale name: \"%s\"", text);
	if (streq(name, "locale_provider"))
		return !text || strcasecmp(text, "libc") == 0 ? 0 : an_refuse(ps, e->location, "locale provider %s", text);
	if (streq(name, "tablespace"))
		return !text || streq(text, "pg_default") ? 0 : an_error(ps, -1, "42704", "tablespace \"%s\" does not exist", text);
	if (streq(name, "allow_connections"))
		return check_bool(ps, e, text, true);
	if (streq(name, "is_template"))
		return check_bool(ps, e, text, false);
	if (streq(name, "connection_limit") && text && text[0] == '-' && !streq(text, "-1"))
		return an_error(ps, -1, "22023", "invalid connection limit: %s", text);
	if (streq(name, "connection_limit"))
		return !text || streq(text, "-1") ? 0 : an_refuse(ps, e->location, "CONNECTION LIMIT");
	if (streq(name, "strategy")) {
		if (!text || strcasecmp(text, "wal_log") == 0 || strcasecmp(text, "file_copy") == 0)
			return 0;
		an_error(ps, -1, "22023", "invalid create database strategy \"%s\"", text);
		return err_hint(ps->err, "Valid strategies are \"wal_log\", and \"file_copy\".");
	}
	if (streq(name, "icu_locale") || streq(name, "collation_version") || streq(name, "oid") || streq(name, "location"))
		return an_refuse(ps, e->location, "%s", name);
	return an_error(ps, e->location, "42601", "option \"%s\" not recognized", name);
}

static int plan_create(ParseState *ps, const PgQuery__CreatedbStmt *s, DatabasePlan *p)
{
	p->name = arena_strdup(ps->a, s->dbname);
	for (size_t i = 0; i < s->n_options; i++) {
		const PgQuery__DefElem *e = s->options[i]->def_elem;
		for (size_t k = 0; k < i; k++)
			if (streq(s->options[k]->def_elem->defname, e->defname))
				return an_error(ps, e->location, "42601", "conflicting or redundant options");
		if (read_option(ps, e, p))
			return -1;
	}
	return 0;
}

static int plan_drop_database(ParseState *ps, const PgQuery__DropdbStmt *s, DatabasePlan *p)
{
	p->name = arena_strdup(ps->a, s->dbname);
	p->missing_ok = s->missing_ok;
	for (size_t i = 0; i < s->n_options; i++) {
		const PgQuery__DefElem *e = s->options[i]->def_elem;
		if (!streq(e->defname, "force"))
			return an_error(ps, e->location, "42601", "unrecognized DROP DATABASE option \"%s\"", e->defname);
		p->force = true;
	}
	return 0;
}

int plan_database(ParseState *ps, const PgNode *n, Plan *plan)
{
	bool rename = n->node_case == NODE(RENAME_STMT);
	if (rename && n->rename_stmt->rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE)
		return 1;
	DatabasePlan *p = arena_new_of(ps->a, DatabasePlan);
	plan->kind = PLAN_DATABASE;
	plan->database = p;
	if (rename) {
		p->what = 'r';
		p->name = arena_strdup(ps->a, n->rename_stmt->subname);
		p->new_name = arena_strdup(ps->a, n->rename_stmt->newname);
		plan->tag = "ALTER DATABASE";
		return 0;
	}
	bool create = n->node_case == NODE(CREATEDB_STMT);
	p->what = create ? 'c' : 'd';
	plan->tag = create ? "CREATE DATABASE" : "DROP DATABASE";
	return create ? plan_create(ps, n->createdb_stmt, p) : plan_drop_database(ps, n->dropdb_stmt, p);
}
