/* Row-level security: the policies of tables in the queries of roles that they limit. */
#include "sql/row_security.h"

#include "catalog/acl.h"
#include "sql/acl_check.h"
#include "sql/emit.h"
#include "sql/expr.h"
#include "sql/oids.h"

enum { MAX_POLICIES_DEEP = 20, MAX_CHECKS = 64 };

typedef struct Secure {
	ParseState *ps;
	const CatRel *within[MAX_POLICIES_DEEP]; /* whose policies are being put in */
	size_t depth;
	bool failed;
} Secure;

static int secure_query(Secure *s, Query *q, uint32_t role);

static uint32_t session_role(const ParseState *ps)
{
	return ps->env->user ? catalog_role_oid(ps->env->cat, ps->env->user) : 0;
}

static int limits(ParseState *ps, const CatRel *r, uint32_t role)
{
	const Catalog *c = ps->env->cat;
	const CatRole *k = catalog_role(c, role);
	if (!r->row_security || role_is_super(c, role) || (k && k->bypassrls))
		return 0;
	bool owner = role_has(c, role, r->owner);
	if (owner && !r->force_row_security)
		return 0;
	if (!ps->env->row_security_off)
		return 1;
	an_error(ps, -1, "42501", "query would be affected by row-level security policy for table \"%s\"", r->name);
	return owner ? err_hint(ps->err, "To disable the policy for the table's owner, use ALTER TABLE NO FORCE ROW LEVEL SECURITY.") : -1;
}

int row_security_limits(ParseState *ps, const CatRel *r)
{
	return limits(ps, r, session_role(ps));
}

/* --- expressions --- */

Expr *row_security_condition(ParseState *ps, Rte *rte, const PgNode *node)
{
	NsItem item = { .alias = rte->rel->name, .rte = rte, .rel_visible = true, .cols_visible = true };
	item.cols = arena_array(ps->a, NsColumn, rte->rel->ncols + 1);
	for (size_t i = 0; i < rte->rel->ncols; i++)
		if (!rte->rel->cols[i].dropped)
			item.cols[item.ncols++] = (NsColumn){ .name = rte->rel->cols[i].name, .expr = var_new(ps, rte, (int)i + 1, -1) };
	ns_add_item(ps, &item);
	Expr *e = an_expr(ps, node, AT_POLICY);
	return e ? coerce_to_boolean(ps, e, "POLICY") : NULL;
}

Expr *row_security_expr(ParseState *ps, Rte *rte, const char *text)
{
	ParsedSql parsed;
	if (sql_parse(str_of(arena_printf(ps->a, "SELECT %s", text)), ps->a, &parsed, ps->err) < 0)
		return NULL;
	ParseState *own = an_state_apart(ps, &parsed);
	const PgNode *n = parsed.stmts[0].node;
	Expr *e = row_security_condition(own, rte, n->select_stmt->target_list[0]->res_target->val);
	sql_parsed_free(&parsed);
	return e;
}

typedef struct Below {
	Secure *s;
	uint32_t role;
	bool acl;
} Below;

static bool secure_sublink(Expr *x, void *arg)
{
	Below *b = arg;
	if (!x->query || b->s->failed)
		return !b->s->failed;
	if ((b->acl && acl_check_query(b->s->ps, x->query) < 0) || secure_query(b->s, x->query, b->role) < 0)
		b->s->failed = true;
	return false;
}

/* One policy's condition, and what its subqueries read in turn. */
static Expr *condition(Secure *s, Rte *rte, const char *text, uint32_t role)
{
	ParseState *ps = s->ps;
	const CatRel *r = rte->rel;
	for (size_t i = 0; i < s->depth; i++)
		if (s->within[i] == r)
			return an_error(ps, -1, "42P17", "infinite recursion detected in policy for relation \"%s\"", r->name), NULL;
	if (s->depth == MAX_POLICIES_DEEP)
		return an_error(ps, -1, "54001", "stack depth limit exceeded"), NULL;
	Expr *e = row_security_expr(ps, rte, text);
	if (!e)
		return NULL;
	Below b = { s, role, true };
	s->within[s->depth++] = r;
	expr_walk(e, secure_sublink, &b);
	s->depth--;
	return s->failed ? NULL : e;
}

/* --- which policies --- */

static bool applies(const Catalog *c, const CatPolicy *p, char command, uint32_t role)
{
	if (p->command != '*' && p->command != command)
		return false;
	for (size_t i = 0; i < p->nroles; i++)
		if (p->roles[i] == 0 || role_has(c, role, p->roles[i]))
			return true;
	return false;
}

static const char *text_of(const CatPolicy *p, bool check)
{
	return check && p->check_sql ? p->check_sql : p->using_sql;
}

static Expr *constant(ParseState *ps, bool yes)
{
	return expr_const(ps, T_BOOL, val_int(yes));
}

/* One of the permissive policies; none: nothing is allowed. */
static Expr *permitted(Secure *s, Rte *rte, char command, bool check, uint32_t role)
{
	const CatRel *r = rte->rel;
	Expr *any = NULL;
	for (size_t i = 0; i < r->npolicies; i++) {
		const CatPolicy *p = r->policies[i];
		if (!p->permissive || !applies(s->ps->env->cat, p, command, role) || !text_of(p, check))
			continue;
		Expr *e = condition(s, rte, text_of(p, check), role);
		if (!e)
			return NULL;
		any = any ? make_bool(s->ps, BOOL_OR, any, e, -1) : e;
	}
	return any ? any : constant(s->ps, false);
}

/* What may be seen of the table for a command: r, w or d. */
static Expr *visible(Secure *s, Rte *rte, char command, uint32_t role)
{
	const CatRel *r = rte->rel;
	Expr *all = permitted(s, rte, command, false, role);
	for (size_t i = 0; all && i < r->npolicies; i++) {
		const CatPolicy *p = r->policies[i];
		if (p->permissive || !applies(s->ps->env->cat, p, command, role) || !p->using_sql)
			continue;
		Expr *e = condition(s, rte, p->using_sql, role);
		all = e ? make_bool(s->ps, BOOL_AND, all, e, -1) : NULL;
	}
	return all;
}

/* --- reading --- */

static int secure_rte(Secure *s, Rte *rte, const Query *q, uint32_t role)
{
	int limited = rte->filter ? 0 : limits(s->ps, rte->rel, role);
	if (limited <= 0)
		return limited;
	rte->filter = visible(s, rte, 'r', role);
	if (!rte->filter || q->lock == LOCK_NONE)
		return rte->filter ? 0 : -1;
	Expr *locked = visible(s, rte, 'w', role);
	rte->filter = locked ? make_bool(s->ps, BOOL_AND, rte->filter, locked, -1) : NULL;
	return rte->filter ? 0 : -1;
}

static int secure_from(Secure *s, const FromItem *f, const Query *q, uint32_t role)
{
	if (!f->rte)
		return secure_from(s, f->left, q, role) < 0 || secure_from(s, f->right, q, role) < 0 ? -1 : 0;
	if (f->rte->kind == RTE_RELATION)
		return secure_rte(s, f->rte, q, role);
	if (f->rte->kind == RTE_SUBQUERY)
		return secure_query(s, f->rte->query, f->rte->view ? f->rte->view->owner : role);
	return 0;
}

/* --- writing --- */

typedef struct Reads {
	const Rte *rte;
	bool any;
} Reads;

static bool note_read(Expr *x, void *arg)
{
	Reads *r = arg;
	r->any |= x->rte == r->rte && (x->kind == X_VAR || x->kind == X_ROW);
	return true;
}

/* A condition that a written row must meet, and the restrictive policy that it is of. */
typedef struct Check {
	Expr *e;
	const char *policy;
} Check;

static int add_checks(Secure *s, Rte *rte, char command, bool check, uint32_t role, Check *out, size_t *n)
{
	const CatRel *r = rte->rel;
	Expr *e = permitted(s, rte, command, check, role);
	if (!e)
		return -1;
	out[(*n)++] = (Check){ e, "" };
	for (size_t i = 0; i < r->npolicies; i++) {
		const CatPolicy *p = r->policies[i];
		if (p->permissive || !applies(s->ps->env->cat, p, command, role) || !text_of(p, check))
			continue;
		if (*n == MAX_CHECKS)
			return an_refuse(s->ps, -1, "more than %d policies of a table", MAX_CHECKS);
		e = condition(s, rte, text_of(p, check), role);
		if (!e)
			return -1;
		out[(*n)++] = (Check){ e, p->name };
	}
	return 0;
}

/* SELECT the name of the policy that the row with the number ?1 does not meet; no row when it meets all. */
static const char *check_text(ParseState *ps, const Rte *rte, const Check *checks, size_t n)
{
	Emitter e = { .a = ps->a, .cat = ps->env->cat, .types = ps->env->types, .source = ps->source, .err = ps->err };
	const char *text = NULL;
	buf_puts(&e.out, "SELECT p FROM (SELECT CASE");
	for (size_t i = 0; i < n; i++) {
		buf_puts(&e.out, " WHEN (");
		if (emit_expr(&e, checks[i].e) < 0)
			goto done;
		buf_puts(&e.out, ") IS NOT 1 THEN ");
		emit_text(&e.out, str_of(checks[i].policy));
	}
	buf_puts(&e.out, " END AS p FROM ");
	emit_ident(&e.out, rte->rel->sqlite_name);
	buf_printf(&e.out, " AS t%d WHERE t%d.rowid = ?1) WHERE p IS NOT NULL", rte->id, rte->id);
	text = arena_strndup(ps->a, (const char *)e.out.data, e.out.len);
done:
	buf_free(&e.out);
	return text;
}

static int secure_written(Secure *s, Query *q, uint32_t role, bool reads)
{
	ParseState *ps = s->ps;
	Check checks[MAX_CHECKS + 1];
	size_t n = 0;
	Rte *rte = rte_relation(ps, q->result->rel, q->result->rel->name, -1);
	if (add_checks(s, rte, q->cmd == CMD_INSERT ? 'a' : 'w', true, role, checks, &n) < 0 ||
	    (reads && add_checks(s, rte, 'r', false, role, checks, &n) < 0))
		return -1;
	q->row_check = check_text(ps, rte, checks, n);
	return q->row_check ? 0 : -1;
}

static int secure_change(Secure *s, Query *q, uint32_t role)
{
	ParseState *ps = s->ps;
	const CatRel *view = q->result->view;
	Reads reads = { .rte = q->result };
	role = view ? view->owner : role;
	int limited = limits(ps, q->result->rel, role);
	if (limited <= 0)
		return limited;
	if (q->cmd == CMD_MERGE || q->conflict)
		return an_refuse(ps, q->result->location, "%s on a table with row-level security", q->conflict ? "ON CONFLICT" : "MERGE");
	if (catrel_is_tree(q->result->rel))
		return an_refuse(ps, q->result->location, "a change of a partitioned or inherited table with row-level security");
	if (q->cmd == CMD_INSERT)
		return secure_written(s, q, role, q->returning.n > 0);
	query_walk_own(q, note_read, &reads);
	Expr *own = visible(s, q->result, q->cmd == CMD_UPDATE ? 'w' : 'd', role);
	Expr *seen = own && reads.any ? visible(s, q->result, 'r', role) : NULL;
	if (!own || (reads.any && !seen))
		return -1;
	q->where = q->where ? make_bool(ps, BOOL_AND, own, q->where, -1) : own;
	if (seen)
		q->where = make_bool(ps, BOOL_AND, seen, q->where, -1);
	return q->cmd == CMD_UPDATE ? secure_written(s, q, role, reads.any) : 0;
}

/* --- queries --- */

static int secure_query(Secure *s, Query *q, uint32_t role)
{
	if (!q || q->row_secured)
		return 0;
	q->row_secured = true;
	for (size_t i = 0; i < q->nctes; i++)
		if (secure_query(s, q->ctes[i]->query, role) < 0)
			return -1;
	for (size_t i = 0; i < q->nfrom; i++)
		if (secure_from(s, q->from[i], q, role) < 0)
			return -1;
	if (secure_query(s, q->larg, role) < 0 || secure_query(s, q->rarg, role) < 0 || secure_query(s, q->source, role) < 0)
		return -1;
	Below b = { .s = s, .role = role };
	query_walk_own(q, secure_sublink, &b);
	if (s->failed)
		return -1;
	return q->result ? secure_change(s, q, role) : 0;
}

int row_security_apply(ParseState *ps, Query *q)
{
	Secure s = { .ps = ps };
	uint32_t role = session_role(ps);
	return ps->env->cat->row_secured ? secure_query(&s, q, role) : 0;
}
