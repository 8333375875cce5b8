/* Functions that PostgreSQL itself defines in SQL: written as their body, with the arguments in place of $1, $2 ... */
#include "sql/emit_internal.h"
#include "sql/plan_internal.h"

static const char *body_of(uint32_t oid)
{
	static const struct {
		uint32_t oid;
		const char *text;
	} bodies[] = {
		{ 1176, "($1 + $2)::timestamptz" },
		{ 1296, "$2 + $1" },
		{ 1298, "$2 + $1" },
		{ 1305, "($1, $1 + $2) OVERLAPS ($3, $3 + $4)" },
		{ 1306, "($1, $2) OVERLAPS ($3, $3 + $4)" },
		{ 1307, "($1, $1 + $2) OVERLAPS ($3, $4)" },
		{ 1309, "($1, $1 + $2) OVERLAPS ($3, $3 + $4)" },
		{ 1310, "($1, $2) OVERLAPS ($3, $3 + $4)" },
		{ 1311, "($1, $1 + $2) OVERLAPS ($3, $4)" },
		{ 1384, "date_part($1, $2::timestamp)" },
		{ 1386, "age(CURRENT_DATE::timestamptz, $1)" },
		{ 1481, "log(10::numeric, $1)" },
		{ 1708, "round($1, 0)" },
		{ 1710, "trunc($1, 0)" },
		{ 1741, "log(10::numeric, $1)" },
		{ 1848, "$2 + $1" },
		{ 1812, "length($1)" },
		{ 2042, "($1, $1 + $2) OVERLAPS ($3, $3 + $4)" },
		{ 2043, "($1, $2) OVERLAPS ($3, $3 + $4)" },
		{ 2044, "($1, $1 + $2) OVERLAPS ($3, $4)" },
		{ 2059, "age(CURRENT_DATE::timestamp, $1)" },
		{ 2546, "$2 + $1" },
		{ 2631, "$2 + $1" },
		{ 3935, "pg_sleep(extract(epoch from clock_timestamp() + $1) - extract(epoch from clock_timestamp()))" },
		{ 3936, "pg_sleep(extract(epoch from $1) - extract(epoch from clock_timestamp()))" },
		{ 5023, "$2 + $1" },
		{ 2547, "$2 + $1" },
		{ 2548, "$2 + $1" },
		{ 2549, "$2 + $1" },
		{ 2550, "$2 + $1" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (bodies[i].oid == oid)
			return bodies[i].text;
	return NULL;
}

#define QUOTED(x) "regexp_replace(" x "::text, '([^a-zA-Z_0-9])', E'\\\\\\1', 'g')"
#define FLAGS(x) "CASE WHEN strpos(" x ", 'c') = 0 THEN " x " || 'i' ELSE " x " END"

/* citext's: those of text, without regard to case. */
static const char *extension_body(const PgProc *p)
{
	static const struct {
		const char *name;
		int nargs;
		const char *text;
	} bodies[] = {
		{ "regexp_match", 2, "regexp_match($1::text, $2::text, 'i')" },
		{ "regexp_match", 3, "regexp_match($1::text, $2::text, " FLAGS("$3") ")" },
		{ "regexp_replace", 3, "regexp_replace($1::text, $2::text, $3, 'i')" },
		{ "regexp_replace", 4, "regexp_replace($1::text, $2::text, $3, " FLAGS("$4") ")" },
		{ "regexp_split_to_array", 2, "regexp_split_to_array($1::text, $2::text, 'i')" },
		{ "regexp_split_to_array", 3, "regexp_split_to_array($1::text, $2::text, " FLAGS("$3") ")" },
		{ "strpos", 2, "strpos(lower($1::text), lower($2::text))" },
		{ "replace", 3, "regexp_replace($1::text, " QUOTED("$2") ", $3::text, 'gi')" },
		{ "split_part", 3, "coalesce((regexp_split_to_array($1::text, " QUOTED("$2") ", 'i'))[$3], '')" },
		{ "translate", 3, "translate(translate($1::text, lower($2::text), $3), upper($2::text), $3)" },
	};
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		if (bodies[i].nargs == p->nargs && streq(bodies[i].name, p->name))
			return bodies[i].text;
	return NULL;
}

typedef struct Replace {
	Expr *const *args;
	size_t n;
} Replace;

static bool put_argument(Expr *x, void *arg)
{
	const Replace *r = arg;
	if (x->kind != X_PARAM)
		return true;
	if (x->param >= 1 && (size_t)x->param <= r->n)
		*x = *r->args[x->param - 1];
	return false;
}

static Expr *analyse_body(Emitter *e, const PgProc *p, const char *text)
{
	static const char *const path[] = { "pg_catalog" };
	SqlEnv *env = arena_new_of(e->a, SqlEnv);
	*env = (SqlEnv){ .cat = e->cat, .types = e->types, .search_path = path, .nsearch_path = 1, .user = "", .database = "" };
	ParsedSql parsed;
	if (sql_parse(str_of(arena_printf(e->a, "SELECT %s", text)), e->a, &parsed, e->err) < 0)
		return NULL;
	ParseState *ps = plan_state(env, e->a, parsed.source, e->err);
	ps->params->types = arena_dup(e->a, p->args, p->nargs * sizeof *p->args);
	ps->params->n = ps->params->cap = p->nargs;
	const PgQuery__SelectStmt *s = ((const PgNode *)parsed.stmts[0].node)->select_stmt;
	Expr *x = an_expr(ps, s->target_list[0]->res_target->val, AT_SELECT);
	sql_parsed_free(&parsed);
	return x;
}

int emit_inline(Emitter *e, const PgProc *p, Expr *const *args, size_t n, int location)
{
	const char *text = *p->src ? NULL : p->oid < FIRST_USER_OID ? body_of(p->oid) : extension_body(p);
	if (!text)
		return emit_refuse(e, location, "the function %s is not available in SQLite mode", p->name);
	Expr *x = analyse_body(e, p, text);
	Replace r = { args, n };
	if (!x)
		return -1;
	expr_walk(x, put_argument, &r);
	return emit_expr(e, x);
}
