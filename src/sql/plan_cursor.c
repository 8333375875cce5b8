/* DECLARE, FETCH, MOVE and CLOSE; the checks are those of PostgreSQL's portalcmds.c and transformDeclareCursorStmt. */
#include "sql/tree.h"
#include "sql/plan_internal.h"

#include "sql/parts.h"

#define NODE(x) PG_QUERY__NODE__NODE_##x

/* DeclareCursorStmt.options (parsenodes.h) */
enum { OPT_BINARY = 1, OPT_SCROLL = 2, OPT_NO_SCROLL = 4, OPT_INSENSITIVE = 8, OPT_ASENSITIVE = 16, OPT_HOLD = 32 };

static int conflicting(ParseState *ps, const char *one, const char *other)
{
	return an_error(ps, -1, "42P11", "cannot specify both %s and %s", one, other);
}

static const char *lock_name(LockStrength strength)
{
	static const char *const names[] = { [LOCK_KEY_SHARE] = "FOR KEY SHARE",
					     [LOCK_SHARE] = "FOR SHARE",
					     [LOCK_NO_KEY_UPDATE] = "FOR NO KEY UPDATE",
					     [LOCK_UPDATE] = "FOR UPDATE" };
	return names[strength];
}

static int check_options(ParseState *ps, int options)
{
	if ((options & OPT_SCROLL) && (options & OPT_NO_SCROLL))
		return conflicting(ps, "SCROLL", "NO SCROLL");
	if ((options & OPT_INSENSITIVE) && (options & OPT_ASENSITIVE))
		return conflicting(ps, "ASENSITIVE", "INSENSITIVE");
	return 0;
}

static int check_query(ParseState *ps, const Query *q, int options)
{
	static const struct {
		int option;
		const char *code, *words, *detail;
	} rules[] = {
		{ OPT_HOLD, "0A000", "DECLARE CURSOR WITH HOLD ... %s is not supported", "Holdable cursors must be READ ONLY." },
		{ OPT_SCROLL, "0A000", "DECLARE SCROLL CURSOR ... %s is not supported", "Scrollable cursors must be READ ONLY." },
		{ OPT_INSENSITIVE, "42P11", "DECLARE INSENSITIVE CURSOR ... %s is not valid", "Insensitive cursors must be READ ONLY." },
	};
	if (q->has_modifying)
		return an_error(ps, -1, "0A000", "DECLARE CURSOR must not contain data-modifying statements in WITH");
	for (size_t i = 0; i < ARRAY_LEN(rules) && q->lock; i++) {
		if (!(options & rules[i].option))
			continue;
		const char *words = rules[i].words, *mark = strstr(words, "%s");
		an_error(ps, -1, rules[i].code, "%.*s%s%s", (int)(mark - words), words, lock_name(q->lock), mark + 2);
		return err_detail(ps->err, "%s", rules[i].detail);
	}
	return 0;
}

/* Whether PostgreSQL's plan of the query can run backwards without a SCROLL: a plain scan, or a sort on top. */
static bool runs_backwards(const Query *q)
{
	if (q->lock || q->distinct || q->distinct_on.n)
		return false;
	if (q->norder)
		return true;
	bool plain = !q->setop && !q->has_aggs && !q->group_by.n && !q->has_grouping_sets && !q->has_windows && !q->having && !q->has_srfs;
	return plain && (q->nvalues > 1 || (q->nfrom == 1 && q->from[0]->rte));
}

static bool has_row_identity(const Query *q)
{
	return q->cmd == CMD_SELECT && !q->setop && !q->has_aggs && !q->group_by.n && !q->has_grouping_sets && !q->has_windows &&
	       !q->having && !q->distinct && !q->distinct_on.n && !q->has_srfs && !q->with_ties && !q->values && !q->rewritten && q->nfrom;
}

static void add_rows_of(ParseState *ps, Query *q, const FromItem *f, CursorPlan *c)
{
	if (!f->rte) {
		add_rows_of(ps, q, f->left, c);
		add_rows_of(ps, q, f->right, c);
		return;
	}
	if (f->rte->kind != RTE_RELATION || f->rte->rel->kind != REL_TABLE || rte_is_tree(f->rte) || c->ntables == CURSOR_TABLES_MAX)
		return;
	Expr *rowid = expr_new(ps, X_ROWID, 20, -1);
	rowid->rte = f->rte;
	if (target_add(ps, &q->targets, rowid, "") == 0)
		c->tables[c->ntables++] = f->rte->rel->oid;
}

/* The numbers of the rows that WHERE CURRENT OF may ask for follow the columns. */
static void add_row_identity(ParseState *ps, Query *q, CursorPlan *c)
{
	if (!has_row_identity(q) || parts_needed(q))
		return;
	/* Without a lock PostgreSQL wants a plain scan of one table. */
	if (!q->lock && (q->nfrom > 1 || !q->from[0]->rte))
		return;
	for (size_t i = 0; i < q->nfrom; i++)
		add_rows_of(ps, q, q->from[i], c);
}

int plan_declare(ParseState *ps, const PgQuery__DeclareCursorStmt *s, Plan *plan)
{
	int options = s->options;
	if (check_options(ps, options))
		return -1;
	Query *q = an_query(ps, s->query);
	if (!q || check_query(ps, q, options))
		return -1;
	CursorPlan *c = arena_new_of(ps->a, CursorPlan);
	c->binary = options & OPT_BINARY;
	c->hold = options & OPT_HOLD;
	c->scroll = (options & OPT_SCROLL) || (!(options & OPT_NO_SCROLL) && runs_backwards(q));
	c->keep = options & OPT_SCROLL;
	c->locks = q->lock != LOCK_NONE;
	if (plan_columns(ps, q, plan) < 0)
		return -1;
	add_row_identity(ps, q, c);
	if (plan_analysed(ps, q, plan) < 0)
		return -1;
	plan->kind = PLAN_DECLARE;
	plan->tag = "DECLARE CURSOR";
	plan->tag_rows = plan->returns_rows = false;
	plan->name = s->portalname;
	plan->cursor = c;
	return 0;
}

int plan_fetch(ParseState *ps, const PgQuery__FetchStmt *s, Plan *plan)
{
	static const char directions[] = {
		[PG_QUERY__FETCH_DIRECTION__FETCH_FORWARD] = 'f',
		[PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD] = 'b',
		[PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE] = 'a',
		[PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE] = 'r',
	};
	FetchPlan *f = arena_new_of(ps->a, FetchPlan);
	f->direction = (size_t)s->direction < sizeof directions ? directions[s->direction] : 0;
	if (!f->direction)
		return an_refuse(ps, -1, "this direction of FETCH");
	f->count = s->how_many;
	f->move = s->ismove;
	plan->kind = PLAN_FETCH;
	plan->tag = f->move ? "MOVE" : "FETCH";
	plan->tag_rows = true;
	plan->returns_rows = !f->move;
	plan->name = s->portalname;
	plan->fetch = f;
	return 0;
}

int plan_close_cursor(const PgQuery__ClosePortalStmt *s, Plan *plan)
{
	plan->kind = PLAN_CLOSE;
	plan->name = s->portalname && *s->portalname ? s->portalname : NULL;
	plan->tag = plan->name ? "CLOSE CURSOR" : "CLOSE CURSOR ALL";
	return 0;
}
