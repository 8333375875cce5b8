/*
 * Conditions that an index for contents can serve. "tags @> '{a}'" becomes "rowid IN (candidates) AND tags @> '{a}'": the index finds rows,
 * the condition decides. Only where the value searched for is the same for the whole statement: a search for each row of another table
 * could be made for each pair of rows.
 */
#include "sql/content.h"
#include "sql/tree.h"

#include "pgtype/content.h"
#include "sql/query.h"

typedef struct Served {
	const char *kinds; /* letters of ContentKind */
	const char *src;   /* the operator's function */
	const char *left;  /* the search when the indexed value is its left argument, NULL when there is none */
	const char *right;
} Served;

static const Served served[] = {
	{ "t", "ts_match_vq", "@@", NULL },
	{ "t", "ts_match_qv", NULL, "@@" },
	{ "an", "arraycontains", "@>", "<@" },
	{ "an", "arraycontained", "<@", "@>" },
	{ "an", "arrayoverlap", "&&", "&&" },
	{ "an", "array_eq", "=", "=" },
	{ "jp", "jsonb_contains", "@>", NULL },
	{ "jp", "jsonb_contained", NULL, "@>" },
	{ "j", "jsonb_exists", "?", NULL },
	{ "j", "jsonb_exists_any", "?|", NULL },
	{ "j", "jsonb_exists_all", "?&", NULL },
	{ "h", "hstore_contains", "@>", NULL },
	{ "h", "hstore_contained", NULL, "@>" },
	{ "h", "hstore_exists", "?", NULL },
	{ "h", "hstore_exists_any", "?|", NULL },
	{ "h", "hstore_exists_all", "?&", NULL },
	{ "g", "textlike", "~~", NULL },
	{ "g", "texticlike", "~~*", NULL },
	{ "g", "texteq", "=", "=" },
	{ "g", "similarity_op", "%", "%" },
};

/* A condition with its neighbours, which partial indexes ask for. */
typedef struct Condition {
	ParseState *ps;
	const Expr *whole;
	Expr *x;
} Condition;

static Expr *plain(Expr *x)
{
	while (x->kind == X_RELABEL)
		x = x->args.items[0];
	return x;
}

typedef struct Shape {
	Rte *rte;
	bool several, other;
} Shape;

static bool note_shape(Expr *x, void *arg)
{
	Shape *s = arg;
	if (x->kind == X_VAR) {
		s->several |= s->rte && s->rte != x->rte;
		s->rte = x->rte;
	}
	s->other |= x->kind == X_SUBLINK || x->kind == X_AGG || x->kind == X_WINDOW || x->kind == X_ROWID || x->kind == X_CONTENT ||
		    (x->proc && x->proc->volatility == 'v');
	return true;
}

static Shape shape_of(Expr *x)
{
	Shape s = { 0 };
	expr_walk(x, note_shape, &s);
	return s;
}

static bool rebind_var(Expr *x, void *arg)
{
	Rte *to = arg;
	if (x->kind == X_VAR && x->rte->kind == RTE_RELATION && x->rte->rel == to->rel)
		x->rte = to;
	return true;
}

/* An expression of the index over the query's own entry for the table. NULL when it cannot be read. */
static Expr *index_expr(ParseState *ps, const char *text, Rte *rte, ExprPlace place, uint32_t type)
{
	Error ignored;
	Expr *e = an_expr_text(ps->env, ps->a, text, rte->rel, place, type, -1, &ignored);
	if (e)
		expr_walk(e, rebind_var, rte);
	return e;
}

static bool same_key(ParseState *ps, const CatIndex *ix, size_t k, Expr *x, Rte *rte)
{
	if (ix->keys[k])
		return x->kind == X_VAR && x->column == ix->keys[k];
	Expr *key = x->kind == X_VAR ? NULL : index_expr(ps, ix->exprs[k], rte, AT_INDEX_EXPR, 0);
	return key && expr_equal(plain(key), x);
}

static bool is_conjunct(const Expr *whole, const Expr *x)
{
	if (whole->kind == X_BOOL && whole->boolop == BOOL_AND) {
		for (size_t i = 0; i < whole->args.n; i++)
			if (is_conjunct(whole->args.items[i], x))
				return true;
		return false;
	}
	return expr_equal(whole, x);
}

/* Whether the condition says what the index's own WHERE says, part by part. The indexed value is not NULL where it is found. */
static bool implied(const Condition *c, const Expr *predicate, Expr *key)
{
	if (predicate->kind == X_BOOL && predicate->boolop == BOOL_AND) {
		for (size_t i = 0; i < predicate->args.n; i++)
			if (!implied(c, predicate->args.items[i], key))
				return false;
		return true;
	}
	if (predicate->kind == X_NULLTEST && predicate->negated && expr_equal(plain(predicate->args.items[0]), key))
		return true;
	return is_conjunct(c->whole, predicate);
}

static bool fits_predicate(const Condition *c, const CatIndex *ix, Rte *rte, Expr *key)
{
	if (!ix->predicate)
		return true;
	const Expr *p = index_expr(c->ps, ix->predicate, rte, AT_INDEX_WHERE, 16);
	return p && implied(c, p, key);
}

/* A constant for which every row is a candidate needs no index. */
static bool selective(ParseState *ps, char kind, const char *op, const Expr *value)
{
	Error ignored;
	if (value->kind != X_CONST || value->val.kind != VAL_TEXT)
		return value->kind != X_CONST;
	const ContentSearch *s = content_search((ContentKind)kind, op, value->val.s, ps->a, &ignored);
	return s && s->kind != SEARCH_ALL;
}

const char *content_table(const CatIndex *x, size_t key, Arena *a)
{
	return arena_printf(a, "_understudy_content_%u_%zu", x->oid, key + 1);
}

static Expr *candidates(const Condition *c, const CatIndex *ix, size_t k, Rte *rte, const char *op, Expr *value)
{
	Expr *rowid = expr_new(c->ps, X_ROWID, 20, -1), *x = expr_new(c->ps, X_CONTENT, 16, -1);
	rowid->rte = rte;
	x->name = content_table(ix, k, c->ps->a);
	x->rowop = arena_printf(c->ps->a, "%c%s", ix->contents[k], op);
	expr_list_add(c->ps->a, &x->args, rowid);
	expr_list_add(c->ps->a, &x->args, value);
	return x;
}

/* The condition that names candidates for "key OP value", or NULL. */
static Expr *find_index(const Condition *c, Expr *key, Expr *value, const Served *s, const char *op)
{
	key = plain(key);
	Shape of_key = shape_of(key), of_value = shape_of(value);
	Rte *rte = of_key.rte;
	if (!op || !rte || of_key.several || of_key.other || of_value.rte || of_value.other || rte->kind != RTE_RELATION ||
	    rte_is_tree(rte))
		return NULL;
	for (size_t i = 0; i < rte->rel->nindexes; i++) {
		const CatIndex *ix = rte->rel->indexes[i];
		for (size_t k = 0; ix->storage == 'c' && k < ix->nkeys; k++)
			if (ix->contents[k] != ' ' && strchr(s->kinds, ix->contents[k]) &&
			    selective(c->ps, ix->contents[k], op, plain(value)) && same_key(c->ps, ix, k, key, rte) &&
			    fits_predicate(c, ix, rte, key))
				return candidates(c, ix, k, rte, op, value);
	}
	return NULL;
}

static Expr *served_by(const Condition *c)
{
	const Expr *x = c->x;
	if (x->kind != X_FUNC || !x->op || x->args.n != 2)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(served); i++) {
		if (!streq(served[i].src, x->proc->src))
			continue;
		Expr *found = find_index(c, x->args.items[0], x->args.items[1], &served[i], served[i].left);
		return found ? found : find_index(c, x->args.items[1], x->args.items[0], &served[i], served[i].right);
	}
	return NULL;
}

static Expr *use_in(const Condition *c)
{
	Expr *x = c->x;
	if (x && x->kind == X_BOOL && x->boolop != BOOL_NOT) {
		ExprList parts = { 0 };
		for (size_t i = 0; i < x->args.n; i++) {
			Condition part = { c->ps, c->whole, x->args.items[i] };
			expr_list_add(c->ps->a, &parts, use_in(&part));
		}
		x = arena_dup(c->ps->a, x, sizeof *x);
		x->args = parts;
		return x;
	}
	Expr *more = x ? served_by(c) : NULL;
	if (!more)
		return x;
	Expr *both = expr_new(c->ps, X_BOOL, 16, x->location);
	both->boolop = BOOL_AND;
	expr_list_add(c->ps->a, &both->args, more);
	expr_list_add(c->ps->a, &both->args, x);
	return both;
}

static void use_in_from(ParseState *ps, FromItem *f)
{
	if (f->rte) {
		if (f->rte->query && f->rte->kind == RTE_SUBQUERY)
			content_use(ps, f->rte->query);
		return;
	}
	use_in_from(ps, f->left);
	use_in_from(ps, f->right);
	Condition c = { ps, f->on, f->on };
	f->on = use_in(&c);
}

static bool visit_sublink(Expr *x, void *arg)
{
	if (x->kind == X_SUBLINK && x->query)
		content_use(arg, x->query);
	return true;
}

static void visit_targets(ParseState *ps, const TargetList *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i].expr)
			expr_walk(l->items[i].expr, visit_sublink, ps);
}

static bool any_content(const Catalog *cat)
{
	for (size_t i = 0; i < cat->nrels; i++)
		for (size_t k = 0; k < cat->rels[i]->nindexes; k++)
			if (cat->rels[i]->indexes[k]->storage == 'c')
				return true;
	return false;
}

void content_use(ParseState *ps, Query *q)
{
	if (q->contents_used || !any_content(ps->env->cat))
		return;
	q->contents_used = true;
	for (size_t i = 0; i < q->nctes; i++)
		if (q->ctes[i]->query)
			content_use(ps, q->ctes[i]->query);
	if (q->larg)
		content_use(ps, q->larg);
	if (q->rarg)
		content_use(ps, q->rarg);
	if (q->source)
		content_use(ps, q->source);
	for (size_t i = 0; i < q->nfrom; i++)
		use_in_from(ps, q->from[i]);
	visit_targets(ps, &q->targets);
	if (q->where)
		expr_walk(q->where, visit_sublink, ps);
	Condition c = { ps, q->where, q->where };
	q->where = use_in(&c);
}
