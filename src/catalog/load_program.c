/* Reads the functions and triggers of a file into its Catalog. */
#include "catalog/load.h"

static char *text_at(Catalog *c, sqlite3_stmt *s, int i)
{
	return arena_strdup(c->arena, (const char *)sqlite3_column_text(s, i));
}

static char char_at(sqlite3_stmt *s, int i)
{
	const char *t = (const char *)sqlite3_column_text(s, i);
	return t ? t[0] : 0;
}

int catalog_load_function(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatFunction *f = arena_new_of(c->arena, CatFunction);
	f->proc.oid = (uint32_t)sqlite3_column_int64(s, 0);
	f->schema = (uint32_t)sqlite3_column_int64(s, 1);
	f->proc.name = text_at(c, s, 2);
	f->proc.kind = char_at(s, 3);
	f->language = text_at(c, s, 4);
	f->owner = (uint32_t)sqlite3_column_int64(s, 5);
	f->proc.rettype = (uint32_t)sqlite3_column_int64(s, 6);
	f->proc.retset = sqlite3_column_int(s, 7);
	f->proc.volatility = char_at(s, 8);
	f->proc.strict = sqlite3_column_int(s, 9);
	f->security_definer = sqlite3_column_int(s, 10);
	f->leakproof = sqlite3_column_int(s, 11);
	f->parallel = char_at(s, 12);
	f->cost = sqlite3_column_double(s, 13);
	f->rows = sqlite3_column_double(s, 14);
	f->sql_body = sqlite3_column_int(s, 15);
	f->config = text_at(c, s, 16);
	f->body = text_at(c, s, 17);
	f->proc.src = "user";
	c->functions = catalog_grow(c, c->functions, c->nfunctions, sizeof *c->functions);
	c->functions[c->nfunctions++] = f;
	return 0;
}

int catalog_load_function_arg(Catalog *c, sqlite3_stmt *s, Error *err)
{
	uint32_t oid = (uint32_t)sqlite3_column_int64(s, 0);
	CatFunction *f = (CatFunction *)(uintptr_t)catalog_function(c, oid);
	if (!f)
		return catalog_damaged(err, "parameter of function", oid);
	f->args = catalog_grow(c, f->args, f->nargs, sizeof *f->args);
	f->args[f->nargs++] = (CatArg){ .name = text_at(c, s, 1),
					.mode = char_at(s, 2),
					.type = (uint32_t)sqlite3_column_int64(s, 3),
					.default_sql = text_at(c, s, 4) };
	return 0;
}

/* What the analyser wants of the parameters: those that go in, and what comes out. */
static void finish(Catalog *c, CatFunction *f)
{
	PgProc *p = &f->proc;
	uint32_t *in = arena_array(c->arena, uint32_t, f->nargs + 1), *out = arena_array(c->arena, uint32_t, f->nargs + 1);
	const char **in_names = arena_array(c->arena, const char *, f->nargs + 1);
	const char **out_names = arena_array(c->arena, const char *, f->nargs + 1);
	const char **defaults = arena_array(c->arena, const char *, f->nargs + 1);
	size_t nout = 0;
	for (size_t i = 0; i < f->nargs; i++) {
		const CatArg *a = &f->args[i];
		/* CALL names the OUT parameters of a procedure, too. */
		if (strchr("ibv", a->mode) || (p->kind == 'p' && a->mode == 'o')) {
			in[p->nargs] = a->type;
			in_names[p->nargs++] = a->name;
			if (a->default_sql)
				defaults[p->ndefaults++] = a->default_sql;
		}
		if (strchr("obt", a->mode)) {
			out[nout] = a->type;
			out_names[nout] = *a->name ? a->name : arena_printf(c->arena, "column%zu", nout + 1);
			nout++;
		}
		if (a->mode == 'v') {
			const PgType *t = catalog_type(c, a->type);
			p->variadic = a->type == 2276 ? 2276 : a->type == 2277 ? 2283 : a->type == 5078 ? 5077 : t ? t->elem_oid : 0;
		}
	}
	p->args = in;
	p->argnames = in_names;
	p->defaults = defaults;
	p->out_types = out;
	p->out_names = nout ? out_names : NULL;
	p->nout = p->rettype == 2249 ? (uint8_t)nout : 0;
}

void catalog_finish_functions(Catalog *c)
{
	for (size_t i = 0; i < c->nfunctions; i++)
		finish(c, c->functions[i]);
}

int catalog_load_trigger(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatTrigger *t = arena_new_of(c->arena, CatTrigger);
	t->oid = (uint32_t)sqlite3_column_int64(s, 0);
	t->table = catalog_find_rel(c, (uint32_t)sqlite3_column_int64(s, 1));
	if (!t->table)
		return catalog_damaged(err, "trigger", t->oid);
	t->name = text_at(c, s, 2);
	t->function = (uint32_t)sqlite3_column_int64(s, 3);
	t->timing = char_at(s, 4);
	t->row = sqlite3_column_int(s, 5);
	t->events = sqlite3_column_int(s, 6);
	t->cols = catalog_attnums(c, (const char *)sqlite3_column_text(s, 7), &t->ncols);
	t->when_sql = text_at(c, s, 8);
	t->enabled = char_at(s, 9);
	t->constraint = sqlite3_column_int(s, 10);
	t->deferrable = sqlite3_column_int(s, 11);
	t->deferred = sqlite3_column_int(s, 12);
	t->old_table = text_at(c, s, 13);
	t->new_table = text_at(c, s, 14);
	CatRel *r = t->table;
	r->triggers = catalog_grow(c, r->triggers, r->ntriggers, sizeof *r->triggers);
	r->triggers[r->ntriggers++] = t;
	c->triggers = catalog_grow(c, c->triggers, c->ntriggers, sizeof *c->triggers);
	c->triggers[c->ntriggers++] = t;
	return 0;
}

int catalog_load_trigger_arg(Catalog *c, sqlite3_stmt *s, Error *err)
{
	uint32_t oid = (uint32_t)sqlite3_column_int64(s, 0);
	for (size_t i = 0; i < c->ntriggers; i++) {
		CatTrigger *t = c->triggers[i];
		if (t->oid != oid)
			continue;
		t->args = catalog_grow(c, t->args, t->nargs, sizeof *t->args);
		t->args[t->nargs++] = text_at(c, s, 1);
		return 0;
	}
	return catalog_damaged(err, "argument of trigger", oid);
}
