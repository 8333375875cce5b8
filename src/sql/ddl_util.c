/* What every DDL planner needs: steps, names, OIDs, texts. */
#include "catalog/acl.h"
#include "sql/acl_check.h"
#include "sql/ddl.h"

#include <pg_query.h>

#include <stdarg.h>
#include <stdio.h>

enum { NAME_MAX_BYTES = 63 };

void ddl_begin(Ddl *d, ParseState *ps, Plan *plan)
{
	*d = (Ddl){ .ps = ps, .plan = plan, .cat = ps->env->cat, .a = ps->a, .err = ps->err };
	d->next_oid = d->cat->next_oid;
	d->next_temp_oid = d->cat->next_temp_oid;
}

uint32_t ddl_oid(Ddl *d)
{
	return d->temp_oids ? d->next_temp_oid++ : d->next_oid++;
}

PlanStep *ddl_step(Ddl *d, StepKind kind)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 16;
		PlanStep *more = arena_array(d->a, PlanStep, cap);
		if (d->n)
			memcpy(more, d->steps, d->n * sizeof *more);
		d->steps = more;
		d->cap = cap;
	}
	PlanStep *s = &d->steps[d->n++];
	*s = (PlanStep){ .kind = kind };
	return s;
}

static char *vformat(Arena *a, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	char *s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	return s;
}

void ddl_sql(Ddl *d, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	ddl_step(d, STEP_SQL)->sql = vformat(d->a, fmt, ap);
	va_end(ap);
}

void ddl_notice(Ddl *d, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	PlanStep *s = ddl_step(d, STEP_NOTICE);
	s->code = code;
	s->message = vformat(d->a, fmt, ap);
	va_end(ap);
}

void ddl_warning(Ddl *d, const char *code, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	PlanStep *s = ddl_step(d, STEP_NOTICE);
	s->code = code;
	s->message = vformat(d->a, fmt, ap);
	s->value = 1;
	va_end(ap);
}

void ddl_fk_off(Ddl *d)
{
	if (!d->fk_off)
		ddl_step(d, STEP_FK_OFF);
	d->fk_off = true;
}

/* What was granted on objects that are no more, and said about them. */
static void forget_rights(Ddl *d)
{
	static const struct {
		int classoid;
		const char *table;
	} classes[] = { { 1259, "relation" }, { 2615, "schema" }, { 1255, "function" }, { 1247, "type" } };
	const Catalog *c = d->cat;
	for (size_t i = 0; c->nacls && i < ARRAY_LEN(classes); i++)
		ddl_sql(d,
			"DELETE FROM _understudy_acl WHERE classoid = %d AND objoid >= %d AND objoid NOT IN (SELECT oid FROM "
			"_understudy_%s)",
			classes[i].classoid, FIRST_USER_OID, classes[i].table);
	if (c->ndefault_acls)
		ddl_sql(d,
			"DELETE FROM _understudy_default_acl WHERE schema <> 0 AND schema <> %d AND schema NOT IN (SELECT oid FROM "
			"_understudy_schema)",
			NS_PUBLIC);
	if (c->nsettings)
		ddl_sql(d, "DELETE FROM _understudy_setting WHERE role <> 0 AND role NOT IN (SELECT oid FROM _understudy_role)");
	if (c->row_secured) {
		ddl_sql(d, "DELETE FROM _understudy_row_security WHERE rel NOT IN (SELECT oid FROM _understudy_relation)");
		ddl_sql(d, "DELETE FROM _understudy_policy WHERE rel NOT IN (SELECT oid FROM _understudy_relation)");
	}
}

int ddl_finish(Ddl *d, const char *tag)
{
	bool changes = false;
	for (size_t i = 0; i < d->n; i++)
		changes = changes || d->steps[i].kind != STEP_NOTICE;
	if (d->next_oid != d->cat->next_oid)
		ddl_sql(d, "UPDATE _understudy_meta SET value = %u WHERE key = 'next_oid'", d->next_oid);
	/* What was granted on objects that are no more. */
	if (changes)
		forget_rights(d);
	if (changes)
		ddl_sql(d, "UPDATE _understudy_meta SET value = value + 1 WHERE key = 'catalog_version'");
	d->plan->kind = PLAN_SCRIPT;
	d->plan->tag = tag;
	d->plan->steps = d->steps;
	d->plan->nsteps = d->n;
	d->plan->writes = d->plan->is_ddl = changes;
	d->plan->only_temp = d->uses_temp && !d->uses_other;
	return 0;
}

static const char *with_buf(Ddl *d, Buf *b)
{
	const char *s = arena_strndup(d->a, (const char *)b->data, b->len);
	buf_free(b);
	return s;
}

const char *ddl_id(Ddl *d, const char *name)
{
	Buf b = { 0 };
	emit_ident(&b, name);
	return with_buf(d, &b);
}

const char *ddl_lit(Ddl *d, const char *text)
{
	if (!text)
		return "NULL";
	Buf b = { 0 };
	emit_text(&b, str_of(text));
	return with_buf(d, &b);
}

const char *node_string(const PgNode *n)
{
	return n && n->node_case == PG_QUERY__NODE__NODE_STRING ? n->string->sval : NULL;
}

const char *ddl_statement_sql(Ddl *d, const PgNode *stmt)
{
	PgQuery__RawStmt raw;
	PgQuery__RawStmt *raws[1] = { &raw };
	PgQuery__ParseResult result;
	pg_query__raw_stmt__init(&raw);
	pg_query__parse_result__init(&result);
	raw.stmt = (PgQuery__Node *)(uintptr_t)stmt;
	result.n_stmts = 1;
	result.stmts = raws;
	size_t n = pg_query__parse_result__get_packed_size(&result);
	PgQueryProtobuf packed = { .len = n, .data = arena_alloc(d->a, n) };
	pg_query__parse_result__pack(&result, (uint8_t *)packed.data);
	PgQueryDeparseResult out = pg_query_deparse_protobuf(packed);
	const char *text = NULL;
	if (out.error)
		err_refuse(d->err, 0, "statement cannot be kept: %s", out.error->message);
	else
		text = arena_strdup(d->a, out.query);
	pg_query_free_deparse_result(out);
	return text;
}

const char *ddl_expr_sql(Ddl *d, const PgNode *node)
{
	PgQuery__ResTarget target;
	PgQuery__Node target_node, stmt_node;
	PgQuery__Node *targets[1] = { &target_node };
	PgQuery__SelectStmt select;
	pg_query__res_target__init(&target);
	pg_query__node__init(&target_node);
	pg_query__node__init(&stmt_node);
	pg_query__select_stmt__init(&select);
	target.val = (PgQuery__Node *)node;
	target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
	target_node.res_target = &target;
	select.n_target_list = 1;
	select.target_list = targets;
	select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
	select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
	stmt_node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
	stmt_node.select_stmt = &select;
	const char *text = ddl_statement_sql(d, &stmt_node);
	if (text && strncmp(text, "SELECT ", 7) != 0)
		return err_refuse(d->err, 0, "expression cannot be kept: %s", text), NULL;
	return text ? text + 7 : NULL;
}

static bool is_builtin_schema(uint32_t oid)
{
	return oid < FIRST_USER_OID && oid != NS_PUBLIC;
}

/* From here on objects get the OIDs of temporary ones. */
static uint32_t use_temp(Ddl *d, uint32_t schema)
{
	d->temp_oids = true;
	d->plan->makes_temp = true;
	return schema;
}

uint32_t ddl_temp_schema(Ddl *d)
{
	const char *name = d->ps->env->temp_schema;
	if (!name || !*name) {
		an_refuse(d->ps, -1, "a temporary object outside of a session");
		return 0;
	}
	const CatSchema *s = catalog_schema(d->cat, name);
	if (s)
		return use_temp(d, s->oid);
	if (d->temp_schema)
		return d->temp_schema;
	use_temp(d, 0);
	d->temp_schema = ddl_oid(d);
	ddl_sql(d, "INSERT INTO _understudy_schema (oid, name, owner) VALUES (%u, %s, 10)", d->temp_schema, ddl_lit(d, name));
	return d->temp_schema;
}

bool ddl_is_temp(Ddl *d, uint32_t schema)
{
	return schema && strncmp(ddl_schema_name(d, schema), TEMP_SCHEMA_PREFIX, strlen(TEMP_SCHEMA_PREFIX)) == 0;
}

void ddl_touch(Ddl *d, uint32_t schema)
{
	*(ddl_is_temp(d, schema) ? &d->uses_temp : &d->uses_other) = true;
}

char ddl_persistence(Ddl *d, const PgQuery__RangeVar *rv, uint32_t schema)
{
	char asked = *rv->relpersistence ? *rv->relpersistence : 'p';
	bool temp = ddl_is_temp(d, schema);
	if (asked == 't' && !temp)
		return (char)(an_error(d->ps, rv->location, "42P16", "cannot create temporary relation in non-temporary schema"), 0);
	if (asked == 'u' && temp)
		return (char)(an_error(d->ps, rv->location, "42P16", "only temporary relations may be created in temporary schemas"), 0);
	return temp ? 't' : asked;
}

static uint32_t find_target_schema(Ddl *d, const PgQuery__RangeVar *rv)
{
	const SqlEnv *env = d->ps->env;
	bool temp = *rv->relpersistence == 't';
	if (rv->catalogname && *rv->catalogname && !streq(rv->catalogname, env->database)) {
		an_cross_database(d->ps, rv->location, an_qualified(d->ps, rv));
		return 0;
	}
	if (rv->schemaname && *rv->schemaname) {
		const CatSchema *s = env_schema(env, rv->schemaname);
		if (streq(rv->schemaname, "pg_temp") || (s && env->temp_schema && streq(s->name, env->temp_schema)))
			return ddl_temp_schema(d);
		if (s && ddl_is_temp(d, s->oid)) {
			an_error(d->ps, rv->location, "42P16", "cannot create relations in temporary schemas of other sessions");
			return 0;
		}
		if (!s)
			an_error(d->ps, rv->location, "3F000", "schema \"%s\" does not exist", rv->schemaname);
		else if (is_builtin_schema(s->oid))
			an_error(d->ps, 0, "42501", "permission denied to create \"%s.%s\"", s->name, rv->relname);
		return s && !is_builtin_schema(s->oid) ? s->oid : 0;
	}
	if (temp || env->temp_named)
		return ddl_temp_schema(d);
	for (size_t i = 0; i < env->nsearch_path; i++) {
		const CatSchema *s = catalog_schema(d->cat, env->search_path[i]);
		if (s && !is_builtin_schema(s->oid) && !ddl_is_temp(d, s->oid))
			return s->oid;
	}
	an_error(d->ps, rv->location, "3F000", "no schema has been selected to create in");
	return 0;
}

uint32_t ddl_target_schema(Ddl *d, const PgQuery__RangeVar *rv)
{
	uint32_t oid = find_target_schema(d, rv);
	const CatSchema *s = oid && !ddl_is_temp(d, oid) ? catalog_schema_by_oid(d->cat, oid) : NULL;
	return s && acl_check_schema(d->ps, s, ACL_CREATE, rv->location) < 0 ? 0 : oid;
}

const char *ddl_schema_name(Ddl *d, uint32_t schema)
{
	const CatSchema *s = catalog_schema_by_oid(d->cat, schema);
	return s ? s->name : schema && schema == d->temp_schema ? d->ps->env->temp_schema : "";
}

void ddl_take_name(Ddl *d, uint32_t schema, const char *name)
{
	if (d->ntaken == d->taken_cap) {
		size_t cap = d->taken_cap ? d->taken_cap * 2 : 8;
		DdlName *more = arena_array(d->a, DdlName, cap);
		if (d->ntaken)
			memcpy(more, d->taken, d->ntaken * sizeof *more);
		d->taken = more;
		d->taken_cap = cap;
	}
	d->taken[d->ntaken++] = (DdlName){ schema, name };
}

static const CatIndex *index_in_schema(const Catalog *cat, uint32_t schema, const char *name)
{
	for (size_t i = 0; i < cat->nrels; i++) {
		const CatRel *r = cat->rels[i];
		for (size_t k = 0; r->schema == schema && k < r->nindexes; k++) {
			if (streq(r->indexes[k]->name, name))
				return r->indexes[k];
		}
	}
	return NULL;
}

bool ddl_name_taken(Ddl *d, uint32_t schema, const char *name)
{
	for (size_t i = 0; i < d->ntaken; i++) {
		if (d->taken[i].schema == schema && streq(d->taken[i].name, name))
			return true;
	}
	return catalog_rel(d->cat, schema, name) || index_in_schema(d->cat, schema, name);
}

int ddl_name_clash(Ddl *d, uint32_t schema, const char *name, bool if_not_exists, const char *tag)
{
	if (!ddl_name_taken(d, schema, name))
		return 0;
	if (!if_not_exists)
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", name);
	ddl_notice(d, "42P07", "relation \"%s\" already exists, skipping", name);
	return ddl_finish(d, tag) ? -1 : 1;
}

/* Longest prefix of at most n bytes that does not cut a character. */
static size_t clip(const char *s, size_t n)
{
	size_t len = strlen(s);
	if (len <= n)
		return len;
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static char *make_name(Arena *a, const char *name1, const char *name2, const char *label)
{
	size_t over = (name2 ? 1 : 0) + (label ? strlen(label) + 1 : 0);
	size_t avail = NAME_MAX_BYTES - over;
	size_t n1 = strlen(name1), n2 = name2 ? strlen(name2) : 0;
	while (n1 + n2 > avail) {
		if (n1 > n2)
			n1--;
		else
			n2--;
	}
	n1 = clip(name1, n1);
	n2 = name2 ? clip(name2, n2) : 0;
	return arena_printf(a, "%.*s%s%.*s%s%s", (int)n1, name1, name2 ? "_" : "", (int)n2, name2 ? name2 : "", label ? "_" : "",
			    label ? label : "");
}

static bool constraint_taken(const CatRel *rel, const char *name)
{
	for (size_t i = 0; rel && i < rel->nconstraints; i++) {
		if (streq(rel->constraints[i]->name, name))
			return true;
	}
	return false;
}

const char *ddl_choose_name(Ddl *d, uint32_t schema, const char *name1, const char *name2, const char *label, const CatRel *rel)
{
	for (int pass = 0;; pass++) {
		const char *mod = pass ? arena_printf(d->a, "%s%d", label, pass) : label;
		const char *name = make_name(d->a, name1, name2, mod);
		if (!(schema && ddl_name_taken(d, schema, name)) && !constraint_taken(rel, name))
			return name;
	}
}

static bool sqlite_name_taken(Ddl *d, const char *name)
{
	Str want = str_of(name);
	for (size_t i = 0; i < d->ntaken; i++) {
		if (d->taken[i].schema == 0 && str_ieq(str_of(d->taken[i].name), want))
			return true;
	}
	for (size_t i = 0; i < d->cat->nrels; i++) {
		const CatRel *r = d->cat->rels[i];
		if (str_ieq(str_of(r->sqlite_name), want))
			return true;
		for (size_t k = 0; k < r->nindexes; k++) {
			if (str_ieq(str_of(r->indexes[k]->sqlite_name), want))
				return true;
		}
	}
	return strncasecmp(name, "sqlite_", 7) == 0 || strncasecmp(name, "_understudy_", 12) == 0 ||
	       strncasecmp(name, "pg_catalog.", 11) == 0;
}

const char *ddl_sqlite_name(Ddl *d, uint32_t schema, const char *name, uint32_t oid)
{
	const char *plain = schema == NS_PUBLIC ? name : arena_printf(d->a, "%s.%s", ddl_schema_name(d, schema), name);
	bool reserved = schema == NS_PUBLIC && strncasecmp(name, TEMP_SCHEMA_PREFIX, strlen(TEMP_SCHEMA_PREFIX)) == 0;
	if (reserved || sqlite_name_taken(d, plain))
		plain = arena_printf(d->a, ddl_is_temp(d, schema) ? "%s~%u" : "~%s~%u", plain, oid);
	ddl_take_name(d, 0, plain);
	return plain;
}

const CatRel *ddl_find_rel(Ddl *d, const PgQuery__RangeVar *rv)
{
	const SqlEnv *env = d->ps->env;
	if (rv->schemaname && *rv->schemaname) {
		const CatSchema *s = env_schema(env, rv->schemaname);
		return s ? catalog_rel(d->cat, s->oid, rv->relname) : NULL;
	}
	const CatRel *r = NULL;
	for (size_t i = 0; i < env->nsearch_path && !r; i++) {
		const CatSchema *s = catalog_schema(d->cat, env->search_path[i]);
		r = s ? catalog_rel(d->cat, s->oid, rv->relname) : NULL;
	}
	return r ? r : catalog_rel(d->cat, NS_PG_CATALOG, rv->relname);
}

const CatIndex *ddl_find_index(Ddl *d, const char *schema, const char *name)
{
	const SqlEnv *env = d->ps->env;
	if (schema && *schema) {
		const CatSchema *s = env_schema(env, schema);
		return s ? index_in_schema(d->cat, s->oid, name) : NULL;
	}
	for (size_t i = 0; i < env->nsearch_path; i++) {
		const CatSchema *s = catalog_schema(d->cat, env->search_path[i]);
		const CatIndex *x = s ? index_in_schema(d->cat, s->oid, name) : NULL;
		if (x)
			return x;
	}
	return NULL;
}

int ddl_check_owner(Ddl *d, const CatRel *r, int location)
{
	return ddl_check_user_rel(d, r, location) < 0 || acl_check_owner(d->ps, r) < 0 ? -1 : 0;
}

int ddl_check_user_rel(Ddl *d, const CatRel *r, int location)
{
	if (r->oid < FIRST_USER_OID)
		return an_error(d->ps, -1, "42501", "permission denied: \"%s\" is a system catalog", r->name);
	return 0;
}
