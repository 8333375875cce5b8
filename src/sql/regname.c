/* Text of regclass, regtype, regproc and regnamespace constants -> OIDs, as their input functions in PostgreSQL do. */
#include "sql/regname.h"

#include "pgtype/ts_dict.h"

#include <ctype.h>

size_t reg_split_name(ParseState *ps, Str text, const char **parts, size_t max)
{
	const char *p = text.p, *end = text.p + text.n;
	size_t n = 0;

	while (n < max) {
		char *out = arena_alloc(ps->a, text.n + 1);
		size_t at = 0;
		while (p < end && isspace((unsigned char)*p))
			p++;
		bool quoted = p < end && *p == '"';
		for (p += quoted; p < end && (quoted || (*p != '.' && !isspace((unsigned char)*p))); p++) {
			if (quoted && *p == '"' && !(p + 1 < end && p[1] == '"'))
				break;
			p += quoted && *p == '"';
			out[at++] = quoted || (unsigned char)*p >= 0x80 ? *p : (char)tolower((unsigned char)*p);
		}
		if (quoted && p++ >= end)
			return 0;
		if (at == 0)
			return 0;
		parts[n++] = out;
		while (p < end && isspace((unsigned char)*p))
			p++;
		if (p == end)
			return n;
		if (*p++ != '.')
			return 0;
	}
	return 0;
}

uint32_t reg_schema_oid(ParseState *ps, const char *name)
{
	if (streq(name, "pg_catalog"))
		return NS_PG_CATALOG;
	const CatSchema *s = env_schema(ps->env, name);
	return s ? s->oid : 0;
}

static const CatIndex *index_in(const Catalog *cat, uint32_t ns, const char *name)
{
	for (size_t i = 0; ns && i < cat->nrels; i++) {
		const CatRel *r = cat->rels[i];
		for (size_t k = 0; r->schema == ns && k < r->nindexes; k++) {
			if (streq(r->indexes[k]->name, name))
				return r->indexes[k];
		}
	}
	return NULL;
}

/* schema NULL: through the search path. */
static const CatIndex *index_named(ParseState *ps, const char *schema, const char *name)
{
	const Catalog *cat = ps->env->cat;
	const CatIndex *x = NULL;
	if (!cat)
		return NULL;
	if (schema)
		return index_in(cat, reg_schema_oid(ps, schema), name);
	for (size_t i = 0; !x && i < ps->env->nsearch_path; i++)
		x = index_in(cat, reg_schema_oid(ps, ps->env->search_path[i]), name);
	return x;
}

static int class_lookup(ParseState *ps, Str text, const char **part, size_t n, int location, uint32_t *oid)
{
	const Catalog *cat = ps->env->cat;
	const CatRel *r = NULL;
	uint32_t ns;

	if (n == 2) {
		ns = reg_schema_oid(ps, part[0]);
		if (!ns)
			return an_error(ps, location, "3F000", "schema \"%s\" does not exist", part[0]);
		r = ns && cat ? catalog_rel(cat, ns, part[1]) : NULL;
	} else if (cat) {
		r = catalog_rel(cat, NS_PG_CATALOG, part[0]);
		for (size_t i = 0; !r && i < ps->env->nsearch_path; i++) {
			ns = reg_schema_oid(ps, ps->env->search_path[i]);
			r = ns ? catalog_rel(cat, ns, part[0]) : NULL;
		}
	}
	const CatIndex *x = r ? NULL : index_named(ps, n == 2 ? part[0] : NULL, part[n - 1]);
	if (x) {
		*oid = x->oid;
		return 0;
	}
	if (!r && n == 2)
		return an_error(ps, location, "42P01", "relation \"%s.%s\" does not exist", part[0], part[1]);
	if (!r)
		return an_error(ps, location, "42P01", "relation \"%s\" does not exist", part[0]);
	*oid = r->oid;
	return 0;
}

/* The type's name goes through the parser, as part of a cast. */
static int type_lookup_text(ParseState *ps, Str text, int location, uint32_t *oid)
{
	ParsedSql parsed;
	int32_t typmod;
	int rc = -1;
	const char *sql = arena_printf(ps->a, "SELECT NULL::%.*s", STR_ARG(text));

	if (sql_parse(str_of(sql), ps->a, &parsed, ps->err))
		return err_at(ps->err, char_position(ps->source, location));
	const PgNode *n = parsed.n == 1 ? parsed.stmts[0].node : NULL;
	const PgQuery__SelectStmt *s = n && n->node_case == PG_QUERY__NODE__NODE_SELECT_STMT ? n->select_stmt : NULL;
	const PgNode *v = s && s->n_target_list == 1 && s->n_from_clause == 0 ? s->target_list[0]->res_target->val : NULL;
	const char *alias = v ? s->target_list[0]->res_target->name : NULL;
	if (v && v->node_case == PG_QUERY__NODE__NODE_TYPE_CAST && !(alias && *alias) &&
	    v->type_cast->arg->node_case == PG_QUERY__NODE__NODE_A_CONST) {
		const PgType *t = an_typename(ps, v->type_cast->type_name, &typmod);
		if (t)
			*oid = t->oid;
		rc = t ? 0 : err_at(ps->err, char_position(ps->source, location));
	} else {
		an_error(ps, location, "42601", "invalid type name \"%.*s\"", STR_ARG(text));
	}
	sql_parsed_free(&parsed);
	return rc;
}

static int proc_lookup(ParseState *ps, Str text, const char **part, size_t n, int location, uint32_t *oid)
{
	size_t found = 0;
	if (n == 2 && !reg_schema_oid(ps, part[0]))
		return an_error(ps, location, "3F000", "schema \"%s\" does not exist", part[0]);
	const PgProc *p = procs_named(ps, n == 2 ? part[0] : NULL, part[n - 1], &found);

	if (found == 0)
		return an_error(ps, location, "42883", "function \"%.*s\" does not exist", STR_ARG(text));
	if (found > 1)
		return an_error(ps, location, "42725", "more than one function named \"%.*s\"", STR_ARG(text));
	*oid = p->oid;
	return 0;
}

static int text_search_lookup(ParseState *ps, uint32_t regtype, Str text, const char **part, size_t n, int location, uint32_t *oid)
{
	TsConfig c;
	bool ours = n == 1 || streq(part[0], "pg_catalog"), config = regtype == T_REGCONFIG;
	const TsDict *d = ours && !config ? ts_dict_by_name(str_of(part[n - 1])) : NULL;
	bool found = config ? ours && ts_config_by_name(str_of(part[n - 1]), &c) : d != NULL;

	if (!found)
		return an_error(ps, location, "42704", "text search %s \"%.*s\" does not exist", config ? "configuration" : "dictionary",
				STR_ARG(text));
	*oid = config ? c.oid : d->oid;
	return 0;
}

static bool all_digits(Str s, uint32_t *oid)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (!isdigit((unsigned char)s.p[i]) || v > UINT32_MAX)
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*oid = (uint32_t)v;
	return s.n > 0 && v <= UINT32_MAX;
}

int reg_lookup(ParseState *ps, uint32_t regtype, Str text, int location, uint32_t *oid)
{
	const char *parts[8], **part = parts;
	bool is_operator = regtype == T_REGOPER || regtype == T_REGOPERATOR;

	if (str_is(text, "-") && !is_operator) {
		*oid = 0;
		return 0;
	}
	if (all_digits(text, oid))
		return 0;
	if (regtype == T_REGTYPE)
		return type_lookup_text(ps, text, location, oid);
	if (is_operator)
		return regtype == T_REGOPER ? reg_operator_named(ps, text, location, oid) : reg_operator(ps, text, location, oid);
	if (regtype == T_REGPROCEDURE)
		return reg_procedure(ps, text, location, oid);
	if (regtype == T_REGCOLLATION)
		return reg_collation(ps, text, location, oid);
	size_t n = reg_split_name(ps, text, part, ARRAY_LEN(parts));
	if (n == 0)
		return an_error(ps, location, "42602", "invalid name syntax");
	if (n > 3)
		return an_error(ps, location, "42601", "improper %s name (too many dotted names): %.*s",
				regtype == T_REGCLASS ? "relation" : "qualified", STR_ARG(text));
	if (n == 3 && !streq(part[0], ps->env->database))
		return an_cross_database(ps, location, arena_printf(ps->a, "\"%.*s\"", STR_ARG(text)));
	part += n == 3;
	n -= n == 3;
	if (regtype == T_REGCLASS)
		return class_lookup(ps, text, part, n, location, oid);
	if (regtype == T_REGPROC)
		return proc_lookup(ps, text, part, n, location, oid);
	if (regtype == T_REGCONFIG || regtype == T_REGDICTIONARY)
		return text_search_lookup(ps, regtype, text, part, n, location, oid);
	if (n != 1)
		return an_error(ps, location, "42602", "invalid name syntax");
	if (regtype == T_REGROLE) {
		*oid = catalog_role_oid(ps->env->cat, part[0]);
		return *oid ? 0 : an_error(ps, location, "42704", "role \"%s\" does not exist", part[0]);
	}
	*oid = reg_schema_oid(ps, part[0]);
	return *oid ? 0 : an_error(ps, location, "3F000", "schema \"%s\" does not exist", part[0]);
}
