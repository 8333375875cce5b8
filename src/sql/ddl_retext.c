/* Expressions and queries that the catalog keeps as text: finding those that name a type, and writing the new name into them. */
#include "sql/ddl.h"

#include <pg_query/pg_query.pb-c.h>

enum { MAX_TREE_DEPTH = 2000 };

typedef struct TreeWalk {
	void (*visit)(ProtobufCMessage *m, void *arg);
	void *arg;
	int depth;
} TreeWalk;

static void walk(TreeWalk *w, ProtobufCMessage *m)
{
	if (!m || ++w->depth > MAX_TREE_DEPTH)
		return;
	w->visit(m, w->arg);
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		char *at = (char *)m + f->offset;
		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			size_t n = *(size_t *)(void *)((char *)m + f->quantifier_offset);
			for (size_t k = 0; k < n; k++)
				walk(w, (*(ProtobufCMessage ***)(void *)at)[k]);
		} else if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || *(uint32_t *)(void *)((char *)m + f->quantifier_offset) == f->id) {
			walk(w, *(ProtobufCMessage **)(void *)at);
		}
	}
	w->depth--;
}

typedef struct Rename {
	Ddl *d;
	const PgType *type;
	const char *name, *schema; /* the new ones; schema NULL: it stays */
	bool changed;
} Rename;

/* The tree's strings belong to the parser's allocator, malloc. */
static void set_string(char **s, const char *text)
{
	free(*s);
	*s = mem_strdup(text);
}

static void set_schema(PgQuery__TypeName *tn, const char *schema)
{
	if (tn->n_names > 1) {
		set_string(&tn->names[tn->n_names - 2]->string->sval, schema);
		return;
	}
	PgQuery__Node *n = mem_alloc(sizeof *n), **names = mem_alloc(2 * sizeof *names);
	pg_query__node__init(n);
	n->node_case = PG_QUERY__NODE__NODE_STRING;
	n->string = mem_alloc(sizeof *n->string);
	pg_query__string__init(n->string);
	n->string->sval = mem_strdup(schema);
	names[0] = n;
	names[1] = tn->names[0];
	free(tn->names);
	tn->names = names;
	tn->n_names = 2;
}

static void rename_type_name(ProtobufCMessage *m, void *arg)
{
	Rename *r = arg;
	if (m->descriptor != &pg_query__type_name__descriptor)
		return;
	PgQuery__TypeName *tn = (PgQuery__TypeName *)m;
	const char *name = tn->n_names ? node_string(tn->names[tn->n_names - 1]) : NULL;
	if (!name || !streq(name, r->type->name) || ddl_find_type(r->d, tn->names, tn->n_names) != r->type)
		return;
	set_string(&tn->names[tn->n_names - 1]->string->sval, r->name);
	if (r->schema)
		set_schema(tn, r->schema);
	r->changed = true;
}

/* The text with the new name, or the text itself when it does not name the type; NULL on error. */
static const char *renamed(Rename *r, const char *text, bool query)
{
	Ddl *d = r->d;
	ParsedSql parsed;
	Error ignored;
	if (!text || !strstr(text, r->type->name))
		return text;
	const char *sql = query ? text : arena_printf(d->a, "SELECT %s", text);
	if (sql_parse(str_of(sql), d->a, &parsed, &ignored))
		return text;
	PgQuery__Node *n = parsed.n == 1 ? (PgQuery__Node *)(uintptr_t)parsed.stmts[0].node : NULL;
	TreeWalk w = { rename_type_name, r, 0 };
	Error *err = d->ps->err;
	d->ps->err = &ignored;
	r->changed = false;
	if (n)
		walk(&w, (ProtobufCMessage *)n->select_stmt);
	d->ps->err = err;
	if (r->changed)
		text = query ? ddl_query_sql(d, n) : ddl_expr_sql(d, n->select_stmt->target_list[0]->res_target->val);
	sql_parsed_free(&parsed);
	return text;
}

/* One text of the catalog: the statement that replaces it is `before`, the text, `after`. -1 stops. */
typedef int (*TextFn)(void *arg, const char *text, bool query, const char *before, const char *after);

static int each_of_relation(Ddl *d, const CatRel *rel, TextFn fn, void *arg)
{
	int rc = fn(arg, rel->view_sql, true,
		    "UPDATE _understudy_relation SET view_sql = ", arena_printf(d->a, " WHERE oid = %u", rel->oid));
	for (size_t i = 0; rc == 0 && i < rel->ncols; i++)
		rc = fn(arg, rel->cols[i].default_sql, false, "UPDATE _understudy_column SET default_sql = ",
			arena_printf(d->a, " WHERE rel = %u AND attnum = %d", rel->oid, rel->cols[i].attnum));
	for (size_t i = 0; rc == 0 && i < rel->nconstraints; i++)
		rc = fn(arg, rel->constraints[i]->check_sql, false,
			"UPDATE _understudy_constraint SET check_sql = ", arena_printf(d->a, " WHERE oid = %u", rel->constraints[i]->oid));
	for (size_t i = 0; rc == 0 && rel->part && i < rel->part->n; i++)
		rc = fn(arg, rel->part->exprs[i], false,
			"UPDATE _understudy_partition_key SET expr = ", arena_printf(d->a, " WHERE rel = %u AND pos = %zu", rel->oid, i));
	for (size_t i = 0; rc == 0 && i < rel->nindexes; i++) {
		const CatIndex *x = rel->indexes[i];
		rc = fn(arg, x->predicate, false,
			"UPDATE _understudy_index SET predicate = ", arena_printf(d->a, " WHERE oid = %u", x->oid));
		for (size_t k = 0; rc == 0 && k < x->nkeys; k++)
			rc = fn(arg, x->exprs[k], false, "UPDATE _understudy_index_key SET expr = ",
				arena_printf(d->a, " WHERE idx = %u AND pos = %zu", x->oid, k + 1));
	}
	return rc;
}

static int each_of_domain(Ddl *d, const PgType *t, TextFn fn, void *arg)
{
	int rc = fn(arg, t->domain->default_sql, false,
		    "UPDATE _understudy_domain SET default_sql = ", arena_printf(d->a, " WHERE type = %u", t->oid));
	for (size_t i = 0; rc == 0 && i < t->domain->nchecks; i++)
		rc = fn(arg, t->domain->checks[i].sql, false, "UPDATE _understudy_domain_check SET check_sql = ",
			arena_printf(d->a, " WHERE oid = %u", t->domain->checks[i].oid));
	return rc;
}

static int each_text(Ddl *d, TextFn fn, void *arg)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < d->cat->nrels; i++)
		rc = each_of_relation(d, d->cat->rels[i], fn, arg);
	for (size_t i = 0; rc == 0 && i < d->cat->ntypes; i++)
		if (d->cat->types[i]->domain)
			rc = each_of_domain(d, d->cat->types[i], fn, arg);
	return rc;
}

static int update_text(void *arg, const char *text, bool query, const char *before, const char *after)
{
	Rename *r = arg;
	const char *now = renamed(r, text, query);
	if (text && !now)
		return -1;
	if (now != text)
		ddl_sql(r->d, "%s%s%s", before, ddl_lit(r->d, now), after);
	return 0;
}

int ddl_rename_in_texts(Ddl *d, const PgType *t, const char *name, const char *schema)
{
	Rename r = { .d = d, .type = t, .name = name, .schema = schema };
	return each_text(d, update_text, &r);
}

static int find_text(void *arg, const char *text, bool query, const char *before, const char *after)
{
	return text && strstr(text, arg) ? 1 : 0;
}

bool ddl_in_texts(Ddl *d, const char *what)
{
	return each_text(d, find_text, (void *)(uintptr_t)what) != 0;
}
