/* Whether the role may do what a statement does (42501). Superusers are not looked at any further. */
#include "sql/acl_check.h"

#include "catalog/acl.h"

typedef struct Use {
	const CatRel *rel;
	const Rte *rte;		  /* whose columns are noted; NULL for a view */
	uint32_t role, wanted;	  /* wanted: of the whole relation, or of each column noted */
	bool *selected, *written; /* by attnum - 1 */
	bool reads;
} Use;

typedef struct AclCheck {
	ParseState *ps;
	Use *uses;
	size_t n, cap;
	const Query **visited;
	size_t nvisited, visited_cap;
	bool refused; /* a function may not be called; the error is set */
} AclCheck;

static uint32_t current_role(const ParseState *ps)
{
	return ps->env->user ? catalog_role_oid(ps->env->cat, ps->env->user) : 0;
}

bool acl_is_super(const ParseState *ps)
{
	return role_is_super(ps->env->cat, current_role(ps));
}

static const char *rel_word(const CatRel *r)
{
	return r->kind == REL_VIEW ? "view" : r->kind == REL_SEQUENCE ? "sequence" : "table";
}

static int denied(ParseState *ps, const CatRel *r)
{
	return an_error(ps, -1, "42501", "permission denied for %s %s", rel_word(r), r->name);
}

int acl_check_rel(ParseState *ps, const CatRel *r, uint32_t wanted)
{
	AclObject o = acl_of_rel(r);
	return acl_held(ps->env->cat, current_role(ps), &o, wanted, false) == wanted ? 0 : denied(ps, r);
}

int acl_check_schema(ParseState *ps, const CatSchema *s, uint32_t wanted, int location)
{
	AclObject o = acl_of_schema(s);
	if (acl_held(ps->env->cat, current_role(ps), &o, wanted, false) == wanted)
		return 0;
	return an_error(ps, location, "42501", "permission denied for schema %s", s->name);
}

int acl_check_create_schema(ParseState *ps)
{
	AclObject o = acl_of_database(ps->env->cat);
	if (acl_held(ps->env->cat, current_role(ps), &o, ACL_CREATE, false))
		return 0;
	return an_error(ps, -1, "42501", "permission denied for database %s", ps->env->database);
}

int acl_check_call(ParseState *ps, const PgProc *p)
{
	AclObject o = acl_of_function(ps->env->cat, p->oid);
	if (acl_held(ps->env->cat, current_role(ps), &o, ACL_EXECUTE, false))
		return 0;
	const char *word = p->kind == 'p' ? "procedure" : p->kind == 'a' ? "aggregate" : "function";
	return an_error(ps, -1, "42501", "permission denied for %s %s", word, p->name);
}

int acl_check_owner(ParseState *ps, const CatRel *r)
{
	const CatSchema *s = catalog_schema_by_oid(ps->env->cat, r->schema);
	uint32_t role = current_role(ps);
	if (role_has(ps->env->cat, role, r->owner) || (s && s->oid >= FIRST_USER_OID && role_has(ps->env->cat, role, s->owner)))
		return 0;
	return an_error(ps, -1, "42501", "must be owner of %s %s", rel_word(r), r->name);
}

/* --- queries --- */

static Use *note(AclCheck *k, const CatRel *rel, const Rte *rte, uint32_t role, uint32_t wanted)
{
	ParseState *ps = k->ps;
	if (k->n == k->cap) {
		size_t cap = k->cap * 2 + 8;
		Use *more = arena_array(ps->a, Use, cap);
		if (k->n)
			memcpy(more, k->uses, k->n * sizeof *more);
		k->uses = more;
		k->cap = cap;
	}
	Use *u = &k->uses[k->n++];
	*u = (Use){ .rel = rel,
		    .rte = rte,
		    .role = role,
		    .wanted = wanted,
		    .selected = arena_array(ps->a, bool, rel->ncols + 1),
		    .written = arena_array(ps->a, bool, rel->ncols + 1),
		    .reads = wanted & ACL_SELECT };
	return u;
}

static void visit(AclCheck *k, const Query *q, uint32_t role);

static void visit_from(AclCheck *k, const FromItem *f, uint32_t role)
{
	if (!f->rte) {
		visit_from(k, f->left, role);
		visit_from(k, f->right, role);
		return;
	}
	const Rte *r = f->rte;
	if (r->kind == RTE_RELATION)
		note(k, r->rel, r, role, ACL_SELECT);
	if (r->view)
		note(k, r->view, NULL, role, ACL_SELECT);
	if (r->kind == RTE_SUBQUERY)
		visit(k, r->query, r->view ? r->view->owner : role);
}

static void mark_targets(Use *u, const TargetList *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].attnum > 0 && (size_t)l->items[i].attnum <= u->rel->ncols)
			u->written[l->items[i].attnum - 1] = true;
}

static void visit_result(AclCheck *k, const Query *q, uint32_t role)
{
	static const uint32_t wanted[] = { [CMD_INSERT] = ACL_INSERT, [CMD_UPDATE] = ACL_UPDATE, [CMD_DELETE] = ACL_DELETE };
	const CatRel *rel = q->result->rel;
	if (!rel || (size_t)q->cmd >= ARRAY_LEN(wanted))
		return;
	Use *u = note(k, rel, q->result, role, wanted[q->cmd]);
	for (size_t i = 0; q->cmd == CMD_INSERT && i < q->ninsert; i++)
		u->written[q->insert_attnums[i] - 1] = true;
	if (q->cmd == CMD_UPDATE)
		mark_targets(u, &q->targets);
	if (q->conflict && q->conflict->do_update)
		mark_targets(note(k, rel, NULL, role, ACL_UPDATE), &q->conflict->set);
}

static bool seen(AclCheck *k, const Query *q)
{
	for (size_t i = 0; i < k->nvisited; i++)
		if (k->visited[i] == q)
			return true;
	if (k->nvisited == k->visited_cap) {
		size_t cap = k->visited_cap * 2 + 8;
		const Query **more = arena_array(k->ps->a, const Query *, cap);
		if (k->nvisited)
			memcpy(more, k->visited, k->nvisited * sizeof *more);
		k->visited = more;
		k->visited_cap = cap;
	}
	k->visited[k->nvisited++] = q;
	return false;
}

typedef struct Below {
	AclCheck *k;
	uint32_t role;
} Below;

static bool visit_sublink(Expr *x, void *arg)
{
	Below *b = arg;
	if (x->query)
		visit(b->k, x->query, b->role);
	return !x->query;
}

static void visit(AclCheck *k, const Query *q, uint32_t role)
{
	if (!q || seen(k, q))
		return;
	for (size_t i = 0; i < q->nctes; i++)
		visit(k, q->ctes[i]->query, role);
	for (size_t i = 0; i < q->nfrom; i++)
		visit_from(k, q->from[i], role);
	visit(k, q->larg, role);
	visit(k, q->rarg, role);
	visit(k, q->source, role);
	if (q->result)
		visit_result(k, q, role);
	for (size_t i = 0; i < q->nactions; i++)
		visit(k, q->actions[i].change, role);
	Below b = { k, role };
	query_walk((Query *)(uintptr_t)q, visit_sublink, &b);
}

static bool note_columns(Expr *x, void *arg)
{
	AclCheck *k = arg;
	bool calls = x->kind == X_FUNC || x->kind == X_AGG || x->kind == X_WINDOW;
	if (calls && x->proc && x->proc->oid >= FIRST_USER_OID && !k->refused && acl_check_call(k->ps, x->proc))
		k->refused = true;
	bool row = x->kind == X_ROW && x->rte;
	if (!x->rte || (x->kind != X_VAR && !row))
		return true;
	for (size_t i = 0; i < k->n; i++) {
		Use *u = &k->uses[i];
		if (u->rte != x->rte)
			continue;
		u->reads = true;
		for (size_t c = 0; c < u->rel->ncols; c++)
			if ((row || x->column == 0 || x->column == (int)c + 1) && !u->rel->cols[c].dropped)
				u->selected[c] = true;
	}
	return true;
}

/* `bit` on the whole relation, or on each of the columns; on any column when none is noted. */
static bool may(const Catalog *c, const Use *u, uint32_t bit, const bool *columns)
{
	AclObject o = acl_of_rel(u->rel);
	bool any = false, none = true;
	if (acl_held(c, u->role, &o, bit, false))
		return true;
	if (!(bit & acl_all('c')) || u->rel->kind == REL_SEQUENCE)
		return false;
	for (size_t i = 0; i < u->rel->ncols; i++) {
		AclObject col = acl_of_column(u->rel, u->rel->cols[i].attnum);
		bool held = acl_held(c, u->role, &col, bit, false) != 0;
		if (columns[i] && !held)
			return false;
		none = none && !columns[i];
		any = any || held;
	}
	return none ? any : true;
}

int acl_check_query(ParseState *ps, Query *q)
{
	if (acl_is_super(ps))
		return 0;
	AclCheck k = { .ps = ps };
	visit(&k, q, current_role(ps));
	query_walk(q, note_columns, &k);
	if (k.refused)
		return -1;
	for (size_t i = 0; i < k.n; i++) {
		const Use *u = &k.uses[i];
		uint32_t write = u->wanted & ~(uint32_t)ACL_SELECT;
		if ((u->reads && !may(ps->env->cat, u, ACL_SELECT, u->selected)) || (write && !may(ps->env->cat, u, write, u->written)))
			return denied(ps, u->rel);
	}
	return 0;
}
