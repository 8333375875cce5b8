/* EXPLAIN: its options, and what of the statement its output names. */
#include "sql/ddl.h"
#include "sql/explain.h"
#include "sql/oids.h"
#include "sql/query.h"

#include <pg_query.h>

#define NODE(x) PG_QUERY__NODE__NODE_##x

enum { VARYING_WIDTH = 32 }; /* of a value that has no fixed length */

/* 1, 0, or -1 and an error. */
static int option_bool(ParseState *ps, const PgQuery__DefElem *e)
{
	const PgNode *n = e->arg;
	const char *text = !n ? "true" : NULL;
	if (n && n->node_case == NODE(STRING))
		text = n->string->sval;
	else if (n && n->node_case == NODE(BOOLEAN))
		text = n->boolean->boolval ? "true" : "false";
	else if (n && n->node_case == NODE(INTEGER) && (n->integer->ival == 0 || n->integer->ival == 1))
		text = n->integer->ival ? "true" : "false";
	if (text && (str_iis(str_of(text), "true") || str_iis(str_of(text), "on")))
		return 1;
	if (text && (str_iis(str_of(text), "false") || str_iis(str_of(text), "off")))
		return 0;
	return an_error(ps, -1, "42601", "%s requires a Boolean value", e->defname);
}

static int option_format(ParseState *ps, const PgQuery__DefElem *e, ExplainPlan *x)
{
	static const char *const formats[] = { [EXPLAIN_TEXT] = "text", [EXPLAIN_JSON] = "json", [EXPLAIN_YAML] = "yaml" };
	const char *text = e->arg && e->arg->node_case == NODE(STRING) ? e->arg->string->sval : "";
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (streq(text, formats[i])) {
			x->format = (ExplainFormat)i;
			return 0;
		}
	}
	if (!e->arg)
		return an_error(ps, -1, "42601", "%s requires a parameter", e->defname);
	if (streq(text, "xml"))
		return an_refuse(ps, e->location, "EXPLAIN (FORMAT XML)");
	return an_error(ps, e->location, "22023", "unrecognized value for EXPLAIN option \"%s\": \"%s\"", e->defname, text);
}

static int read_options(ParseState *ps, const PgQuery__ExplainStmt *s, ExplainPlan *x)
{
	const struct {
		const char *name;
		bool *to;
	} options[] = { { "analyze", &x->analyze },   { "verbose", &x->verbose }, { "costs", &x->costs },   { "buffers", &x->buffers },
			{ "settings", &x->settings }, { "wal", &x->wal },	  { "timing", &x->timing }, { "summary", &x->summary } };
	bool timing_said = false, summary_said = false;
	x->costs = true;
	for (size_t i = 0; i < s->n_options; i++) {
		const PgQuery__DefElem *e = s->options[i]->def_elem;
		bool *to = NULL;
		for (size_t k = 0; k < ARRAY_LEN(options); k++)
			to = streq(e->defname, options[k].name) ? options[k].to : to;
		if (!to && !streq(e->defname, "format"))
			return an_error(ps, e->location, "42601", "unrecognized EXPLAIN option \"%s\"", e->defname);
		int value = to ? option_bool(ps, e) : option_format(ps, e, x);
		if (value < 0)
			return -1;
		if (to)
			*to = value;
		timing_said |= to == &x->timing;
		summary_said |= to == &x->summary;
	}
	if (x->wal && !x->analyze)
		return an_error(ps, -1, "22023", "EXPLAIN option WAL requires ANALYZE");
	if (!timing_said)
		x->timing = x->analyze;
	if (x->timing && !x->analyze)
		return an_error(ps, -1, "22023", "EXPLAIN option TIMING requires ANALYZE");
	if (!summary_said)
		x->summary = x->analyze;
	return 0;
}

/* --- names --- */

static int type_width(const PgType *t)
{
	return t && t->len > 0 ? t->len : VARYING_WIDTH;
}

static int row_width(const Catalog *c, const Column *cols, size_t n)
{
	int width = 0;
	for (size_t i = 0; i < n; i++)
		width += cols[i].name ? type_width(catalog_type(c, cols[i].type)) : 0;
	return width;
}

typedef struct Naming {
	ParseState *ps;
	ExplainPlan *x;
	size_t cap;
} Naming;

static ExplainName *name_new(Naming *n)
{
	ExplainPlan *x = n->x;
	if (x->nnames == n->cap) {
		size_t cap = n->cap * 2 + 8;
		ExplainName *more = arena_array(n->ps->a, ExplainName, cap);
		if (x->nnames)
			memcpy(more, x->names, x->nnames * sizeof *more);
		x->names = more;
		n->cap = cap;
	}
	return &x->names[x->nnames++];
}

static void name_relation(Naming *n, ExplainName *to, const CatRel *rel)
{
	const CatSchema *s = catalog_schema_by_oid(n->ps->env->cat, rel->schema);
	to->kind = 'r';
	to->name = rel->name;
	to->schema = s ? s->name : NULL;
	to->rel = catrel_has_rows(rel) ? rel : NULL;
	const CatColumn *key = rel->rowid_col ? catrel_attnum(rel, rel->rowid_col) : NULL;
	to->key_column = key ? key->name : NULL;
	for (size_t i = 0; i < rel->nindexes; i++)
		if (rel->indexes[i]->primary)
			to->key_index = rel->indexes[i]->name;
}

static void note_rte(Rte *r, void *arg)
{
	Naming *n = arg;
	ExplainName *to = name_new(n);
	*to = (ExplainName){ .key = arena_printf(n->ps->a, "t%d", r->id),
			     .kind = 's',
			     .alias = r->alias,
			     .width = row_width(n->ps->env->cat, r->cols, r->ncols) };
	switch (r->kind) {
	case RTE_RELATION:
		name_relation(n, to, r->rel);
		break;
	case RTE_SUBQUERY:
		to->name = r->view ? r->view->name : NULL;
		if (r->view && r->query)
			query_each_rte(r->query, note_rte, n);
		break;
	case RTE_FUNCTION:
		to->kind = 'f';
		to->name = r->func && r->func->proc ? r->func->proc->name : r->alias;
		break;
	case RTE_VALUES:
		to->kind = 'v';
		to->rows = (int64_t)r->nrows;
		break;
	case RTE_CTE:
		to->kind = 'c';
		to->name = r->cte->name;
		to = name_new(n);
		*to = (ExplainName){ .key = arena_printf(n->ps->a, "cte%d", r->cte->id), .kind = 'c', .name = r->cte->name };
		break;
	default:
		break;
	}
}

static int note_query(ParseState *ps, Query *q, ExplainPlan *x)
{
	static const char *const changes[] = {
		[CMD_INSERT] = "Insert", [CMD_UPDATE] = "Update", [CMD_DELETE] = "Delete", [CMD_MERGE] = "Merge"
	};
	Naming n = { ps, x, 0 };
	query_each_rte(q, note_rte, &n);
	if (q->result) {
		note_rte(q->result, &n);
		x->target = &x->names[x->nnames - 1];
	}
	x->change = (size_t)q->cmd < ARRAY_LEN(changes) ? changes[q->cmd] : NULL;
	x->aggregates = q->has_aggs;
	x->grouped = q->group_by.n > 0;
	x->windows = q->has_windows;
	x->limited = q->limit || q->offset;
	x->width = row_width(ps->env->cat, q->cols, q->ncols);
	return 0;
}

/* --- statements --- */

/* The query of a statement that makes a table of it; NULL: it is no such statement. */
static PgNode *query_within(const PgNode *n)
{
	if (n->node_case == NODE(CREATE_TABLE_AS_STMT))
		return n->create_table_as_stmt->query;
	return n->node_case == NODE(REFRESH_MAT_VIEW_STMT) ? NULL : (PgNode *)(uintptr_t)n;
}

static int plan_shown(ParseState *ps, const PgNode *n, ExplainPlan *x)
{
	PgNode *query = query_within(n);
	Plan *shown = arena_new_of(ps->a, Plan);
	Query *q;
	if (!query)
		return 0;
	ParseState *own = query == n ? ps : plan_state(ps->env, ps->a, ps->source, ps->err);
	if (plan_query(own, query, shown, &q) || note_query(ps, q, x))
		return -1;
	x->shown = shown;
	return 0;
}

static int plan_explained(ParseState *ps, const PgQuery__ExplainStmt *s, const RawStmt *raw, ExplainPlan *x)
{
	const PgNode *n = s->query;
	RawStmt inner = { .node = n, .text = raw->text, .location = raw->location };
	switch (n->node_case) {
	case NODE(SELECT_STMT):
	case NODE(INSERT_STMT):
	case NODE(UPDATE_STMT):
	case NODE(DELETE_STMT):
	case NODE(MERGE_STMT):
		if (plan_shown(ps, n, x))
			return -1;
		x->run = (Plan *)(uintptr_t)x->shown;
		return 0;
	case NODE(CREATE_TABLE_AS_STMT):
	case NODE(REFRESH_MAT_VIEW_STMT):
		x->run = arena_new_of(ps->a, Plan);
		x->run->catalog_version = ps->env->cat->version;
		if (plan_shown(ps, n, x) || plan_other(ps, &inner, x->run))
			return -1;
		return 0;
	default:
		return an_refuse(ps, -1, "EXPLAIN of this statement");
	}
}

int plan_explain(ParseState *ps, const PgQuery__ExplainStmt *s, const RawStmt *raw, Plan *plan)
{
	ExplainPlan *x = arena_new_of(ps->a, ExplainPlan);
	if (read_options(ps, s, x))
		return -1;
	if (s->query->node_case == NODE(EXECUTE_STMT)) {
		RawStmt inner = { .node = s->query, .text = raw->text, .location = raw->location };
		x->execute = arena_new_of(ps->a, Plan);
		x->execute->catalog_version = ps->env->cat->version;
		if (plan_other(ps, &inner, x->execute))
			return -1;
	} else if (plan_explained(ps, s, raw, x)) {
		return -1;
	}
	plan->kind = PLAN_EXPLAIN;
	plan->tag = "EXPLAIN";
	plan->explain = x;
	plan->writes = x->analyze && x->run && x->run->writes;
	plan->is_ddl = x->analyze && x->run && x->run->is_ddl;
	plan->volatile_fn = x->analyze && x->run && x->run->volatile_fn;
	plan->returns_rows = true;
	plan->ncols = 1;
	plan->cols = arena_new_of(ps->a, PlanColumn);
	plan->cols[0] = (PlanColumn){ .name = "QUERY PLAN",
				      .type = catalog_type(ps->env->cat, x->format == EXPLAIN_JSON ? T_JSON : T_TEXT),
				      .typmod = -1 };
	plan->inner = arena_dup(ps->a, raw, sizeof *raw);
	return 0;
}

const char *explain_execute_word(Str text)
{
	Arena *a = arena_new();
	PgQueryScanResult scan = pg_query_scan(arena_strndup(a, text.p, text.n));
	PgQuery__ScanResult *r = scan.error ? NULL : pg_query__scan_result__unpack(NULL, scan.pbuf.len, (uint8_t *)scan.pbuf.data);
	const char *found = NULL;
	for (size_t i = 0; r && i < r->n_tokens && !found; i++)
		if (r->tokens[i]->token == PG_QUERY__TOKEN__EXECUTE)
			found = text.p + r->tokens[i]->start;
	if (r)
		pg_query__scan_result__free_unpacked(r, NULL);
	pg_query_free_scan_result(scan);
	arena_free(a);
	return found;
}
