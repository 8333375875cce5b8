/* COPY: columns, options, and the INSERT or SELECT behind it. */
#include "sql/plan_copy.h"

#include "sql/plan_internal.h"

typedef struct Copy {
	ParseState *ps;
	const PgQuery__CopyStmt *s;
	Plan *plan;
	CopyOptions *o;
	const CatRel *rel;
	const CatColumn **cols;
	size_t ncols;
	bool delimiter_set, quote_set, escape_set;
} Copy;

static int find_columns(Copy *c)
{
	ParseState *ps = c->ps;
	size_t cap = c->rel->ncols > c->s->n_attlist ? c->rel->ncols : c->s->n_attlist;
	c->cols = arena_array(ps->a, const CatColumn *, cap + 1);
	for (size_t i = 0; !c->s->n_attlist && i < c->rel->ncols; i++)
		if (!c->rel->cols[i].dropped && !c->rel->cols[i].generated)
			c->cols[c->ncols++] = &c->rel->cols[i];
	for (size_t i = 0; i < c->s->n_attlist; i++) {
		const char *name = c->s->attlist[i]->string->sval;
		const CatColumn *col = catrel_column(c->rel, name);
		if (!col)
			return an_error(ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, c->rel->name);
		if (col->generated) {
			an_error(ps, -1, "42P10", "column \"%s\" is a generated column", name);
			return err_detail(ps->err, "Generated columns cannot be used in COPY.");
		}
		for (size_t k = 0; k < c->ncols; k++)
			if (c->cols[k] == col)
				return an_error(ps, -1, "42701", "column \"%s\" specified more than once", name);
		c->cols[c->ncols++] = col;
	}
	return 0;
}

static const char *option_text(const PgQuery__DefElem *d)
{
	if (!d->arg)
		return NULL;
	switch (d->arg->node_case) {
	case PG_QUERY__NODE__NODE_STRING:
		return d->arg->string->sval;
	case PG_QUERY__NODE__NODE_BOOLEAN:
		return d->arg->boolean->boolval ? "true" : "false";
	case PG_QUERY__NODE__NODE_INTEGER:
		return d->arg->integer->ival ? "1" : "0";
	default:
		return NULL;
	}
}

static int option_bool(Copy *c, const PgQuery__DefElem *d, bool *out)
{
	const char *t = option_text(d);
	if (!d->arg || (t && (str_iis(str_of(t), "true") || str_iis(str_of(t), "on") || streq(t, "1"))))
		*out = true;
	else if (t && (str_iis(str_of(t), "false") || str_iis(str_of(t), "off") || streq(t, "0")))
		*out = false;
	else
		return an_error(c->ps, d->location, "42601", "%s requires a Boolean value", d->defname);
	return 0;
}

static int option_char(Copy *c, const PgQuery__DefElem *d, char *out)
{
	const char *t = option_text(d);
	if (!t || strlen(t) != 1)
		return an_error(c->ps, d->location, "0A000", "COPY %s must be a single one-byte character", d->defname);
	*out = *t;
	return 0;
}

static int option_columns(Copy *c, const PgQuery__DefElem *d, bool **out)
{
	*out = arena_array(c->ps->a, bool, c->ncols + 1);
	if (!d->arg || d->arg->node_case != PG_QUERY__NODE__NODE_LIST)
		return an_error(c->ps, d->location, "22023", "argument to option \"%s\" must be a list of column names", d->defname);
	const PgQuery__List *l = d->arg->list;
	for (size_t i = 0; i < l->n_items; i++) {
		size_t k = 0;
		while (k < c->ncols && !streq(c->plan->cols[k].name, l->items[i]->string->sval))
			k++;
		if (k == c->ncols)
			return an_error(c->ps, d->location, "42703", "column \"%s\" does not exist", l->items[i]->string->sval);
		(*out)[k] = true;
	}
	return 0;
}

static int option_format(Copy *c, const PgQuery__DefElem *d)
{
	const char *t = option_text(d);
	if (t && streq(t, "csv"))
		c->o->csv = true;
	else if (t && streq(t, "binary"))
		return an_refuse(c->ps, d->location, "COPY in binary format is not available in SQLite mode");
	else if (!t || !streq(t, "text"))
		return an_error(c->ps, d->location, "22023", "COPY format \"%s\" not recognized", t ? t : "");
	return 0;
}

static int option_encoding(Copy *c, const PgQuery__DefElem *d)
{
	const char *t = option_text(d);
	if (t && (str_iis(str_of(t), "utf8") || str_iis(str_of(t), "utf-8") || str_iis(str_of(t), "unicode")))
		return 0;
	return an_refuse(c->ps, d->location, "COPY with an encoding other than UTF8 is not available in SQLite mode");
}

static int one_option(Copy *c, const PgQuery__DefElem *d)
{
	const char *n = d->defname;
	if (streq(n, "format"))
		return option_format(c, d);
	if (streq(n, "freeze"))
		return option_bool(c, d, &c->o->freeze);
	if (streq(n, "header")) {
		const char *t = option_text(d);
		if (t && str_iis(str_of(t), "match"))
			return an_refuse(c->ps, d->location, "COPY HEADER MATCH is not available in SQLite mode");
		return option_bool(c, d, &c->o->header);
	}
	if (streq(n, "null")) {
		c->o->null_text = arena_strdup(c->ps->a, option_text(d));
		return 0;
	}
	if (streq(n, "delimiter")) {
		c->delimiter_set = true;
		return option_char(c, d, &c->o->delimiter);
	}
	if (streq(n, "quote")) {
		c->quote_set = true;
		return option_char(c, d, &c->o->quote);
	}
	if (streq(n, "escape")) {
		c->escape_set = true;
		return option_char(c, d, &c->o->escape);
	}
	if (streq(n, "force_quote")) {
		c->o->force_quote_all = d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_A_STAR;
		return c->o->force_quote_all ? 0 : option_columns(c, d, &c->o->force_quote);
	}
	if (streq(n, "force_not_null"))
		return option_columns(c, d, &c->o->force_not_null);
	if (streq(n, "force_null"))
		return option_columns(c, d, &c->o->force_null);
	if (streq(n, "encoding"))
		return option_encoding(c, d);
	return an_error(c->ps, d->location, "42601", "option \"%s\" not recognized", n);
}

static int check_options(Copy *c)
{
	CopyOptions *o = c->o;
	ParseState *ps = c->ps;
	if (!c->delimiter_set)
		o->delimiter = o->csv ? ',' : '\t';
	if (!o->null_text)
		o->null_text = o->csv ? "" : "\\N";
	if (!o->csv && c->quote_set)
		return an_error(ps, -1, "0A000", "COPY quote available only in CSV mode");
	if (!o->csv && c->escape_set)
		return an_error(ps, -1, "0A000", "COPY escape available only in CSV mode");
	if (!o->csv && (o->force_quote || o->force_quote_all))
		return an_error(ps, -1, "0A000", "COPY force quote available only in CSV mode");
	if (!o->csv && o->force_not_null)
		return an_error(ps, -1, "0A000", "COPY force not null available only in CSV mode");
	if (!o->csv && o->force_null)
		return an_error(ps, -1, "0A000", "COPY force null available only in CSV mode");
	if (!c->quote_set)
		o->quote = '"';
	if (!c->escape_set)
		o->escape = o->quote;
	if (o->delimiter == '\r' || o->delimiter == '\n')
		return an_error(ps, -1, "22023", "COPY delimiter cannot be newline or carriage return");
	if (strpbrk(o->null_text, "\r\n"))
		return an_error(ps, -1, "22023", "COPY null representation cannot use newline or carriage return");
	if (!o->csv && strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", o->delimiter))
		return an_error(ps, -1, "22023", "COPY delimiter cannot be \"%c\"", o->delimiter);
	if (o->csv && o->delimiter == o->quote)
		return an_error(ps, -1, "22023", "COPY delimiter and quote must be different");
	if (strchr(o->null_text, o->delimiter))
		return an_error(ps, -1, "22023", "COPY delimiter must not appear in the NULL specification");
	return 0;
}

static int copy_options(Copy *c)
{
	for (size_t i = 0; i < c->s->n_options; i++)
		if (one_option(c, c->s->options[i]->def_elem) < 0)
			return -1;
	return check_options(c);
}

static void describe_columns(Copy *c)
{
	c->plan->ncols = c->ncols;
	c->plan->cols = arena_array(c->ps->a, PlanColumn, c->ncols + 1);
	for (size_t i = 0; i < c->ncols; i++)
		c->plan->cols[i] = (PlanColumn){ arena_strdup(c->ps->a, c->cols[i]->name), c->cols[i]->type, c->cols[i]->typmod,
						 c->rel->oid, c->cols[i]->attnum };
}

static bool is_copied(const Copy *c, const CatColumn *col)
{
	for (size_t i = 0; i < c->ncols; i++)
		if (c->cols[i] == col)
			return true;
	return false;
}

/* INSERT of one row: a parameter per copied column, defaults for the rest. */
static int copy_insert(Copy *c)
{
	ParseState *ps = c->ps;
	Query *q = query_new(ps, CMD_INSERT);
	q->result = rte_relation(ps, c->rel, c->rel->name, -1);
	q->insert_attnums = arena_array(ps->a, int, c->rel->ncols + 1);
	q->values = arena_new_of(ps->a, ExprList);
	q->nvalues = 1;
	ps->params->types = arena_array(ps->a, uint32_t, c->ncols + 1);
	for (size_t i = 0; i < c->ncols; i++) {
		Expr *p = expr_new(ps, X_PARAM, c->cols[i]->type->oid, -1);
		p->param = (int)i + 1;
		ps->params->types[i] = c->cols[i]->type->oid;
		q->insert_attnums[q->ninsert++] = c->cols[i]->attnum;
		expr_list_add(ps->a, &q->values[0], p);
	}
	ps->params->n = ps->params->cap = c->ncols;
	for (size_t i = 0; i < c->rel->ncols; i++) {
		const CatColumn *col = &c->rel->cols[i];
		if (col->dropped || col->generated || is_copied(c, col) ||
		    (!col->default_sql && !(col->identity && col->sequence) && col->attnum != c->rel->rowid_col))
			continue;
		Expr *e = column_default(ps, c->rel, col);
		if (!e)
			return -1;
		q->insert_attnums[q->ninsert++] = col->attnum;
		expr_list_add(ps->a, &q->values[0], e);
	}
	c->plan->sql = plan_emit(ps, q);
	return c->plan->sql ? 0 : -1;
}

static int copy_select(Copy *c)
{
	ParseState *ps = c->ps;
	Query *q = query_new(ps, CMD_SELECT);
	FromItem *f = from_leaf(ps, rte_relation(ps, c->rel, c->rel->name, -1));
	q->from = arena_array(ps->a, FromItem *, 1);
	q->from[q->nfrom++] = f;
	for (size_t i = 0; i < c->ncols; i++)
		if (target_add(ps, &q->targets, var_new(ps, f->rte, c->cols[i]->attnum, -1), c->cols[i]->name) < 0)
			return -1;
	query_set_columns(ps, q, &q->targets);
	c->plan->sql = plan_emit(ps, q);
	return c->plan->sql ? 0 : -1;
}

static int copy_relation(Copy *c)
{
	ParseState *ps = c->ps;
	const PgQuery__CopyStmt *s = c->s;
	c->rel = an_relation(ps, s->relation, false);
	if (!c->rel)
		return -1;
	if (s->is_from && !dml_target(ps, s->relation, "copying to"))
		return -1;
	if (c->rel->kind == REL_VIEW) {
		an_error(ps, -1, "42809", "cannot copy from view \"%s\"", c->rel->name);
		return err_hint(ps->err, "Try the COPY (SELECT ...) TO variant.");
	}
	if (c->rel->kind == REL_SEQUENCE || c->rel->kind == REL_INDEX)
		return an_error(ps, -1, "42809", "cannot copy from %s \"%s\"", c->rel->kind == REL_INDEX ? "index" : "sequence",
				c->rel->name);
	if (s->where_clause)
		return an_refuse(ps, -1, "COPY FROM ... WHERE is not available in SQLite mode");
	if (find_columns(c) < 0)
		return -1;
	describe_columns(c);
	return copy_options(c) < 0 || (s->is_from ? copy_insert(c) : copy_select(c)) < 0 ? -1 : 0;
}

static int copy_query(Copy *c)
{
	Query *q;
	if (plan_query(c->ps, c->s->query, c->plan, &q) < 0)
		return -1;
	if (!c->plan->returns_rows)
		return an_error(c->ps, -1, "0A000", "COPY query must have a RETURNING clause");
	c->ncols = c->plan->ncols;
	return copy_options(c);
}

int plan_copy(ParseState *ps, const PgQuery__CopyStmt *s, Plan *plan)
{
	Copy c = { .ps = ps, .s = s, .plan = plan, .o = &plan->copy };
	if (s->is_program || *s->filename) {
		an_error(ps, -1, "42501", "COPY %s %s is not available in SQLite mode", s->is_from ? "FROM" : "TO",
			 s->is_program ? "PROGRAM" : "a file");
		return err_hint(ps->err, "Anyone can COPY to stdout or from stdin. psql's \\copy command also works for anyone.");
	}
	if ((s->relation ? copy_relation(&c) : copy_query(&c)) < 0)
		return -1;
	plan->kind = PLAN_COPY;
	plan->tag = "COPY";
	plan->tag_rows = true;
	plan->returns_rows = false;
	plan->copy_from = s->is_from;
	plan->writes = *ps->writes;
	plan->volatile_fn = *ps->volatile_fn;
	plan->target_oid = s->is_from ? c.rel->oid : 0;
	return 0;
}
