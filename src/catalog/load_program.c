/* Reads the functions and triggers of a file into its Catalog. */
#include "catalog/load.h"

int load_function(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatFunction *f = arena_new_of(c->arena, CatFunction);
	f->proc.oid = (uint32_t)sqlite3_column_int64(s, 0);
	f->schema = (uint32_t)sqlite3_column_int64(s, 1);
	f->proc.name = load_text(c, s, 2);
	f->proc.kind = load_char(s, 3);
	f->language = load_text(c, s, 4);
	f->owner = (uint32_t)sqlite3_column_int64(s, 5);
	f->proc.rettype = (uint32_t)sqlite3_column_int64(s, 6);
	f->proc.retset = sqlite3_column_int(s, 7);
	f->proc.volatility = load_char(s, 8);
	f->proc.strict = sqlite3_column_int(s, 9);
	f->security_definer = sqlite3_column_int(s, 10);
	f->leakproof = sqlite3_column_int(s, 11);
	f->parallel = load_char(s, 12);
	f->cost = sqlite3_column_double(s, 13);
	f->rows = sqlite3_column_double(s, 14);
	f->sql_body = sqlite3_column_int(s, 15);
	f->config = load_text(c, s, 16);
	f->body = load_text(c, s, 17);
	f->proc.src = "user";
	load_note_oid(c, f->proc.oid);
	c->functions = load_grow(c, c->functions, c->nfunctions, sizeof *c->functions);
	c->functions[c->nfunctions++] = f;
	return 0;
}

int load_function_arg(Catalog *c, sqlite3_stmt *s, Error *err)
{
	uint32_t oid = (uint32_t)sqlite3_column_int64(s, 0);
	CatFunction *f = (CatFunction *)(uintptr_t)catalog_function(c, oid);
	if (!f)
		return load_damaged(err, "parameter of function", oid);
	f->args = load_grow(c, f->args, f->nargs, sizeof *f->args);
	f->args[f->nargs++] = (CatArg){ .name = load_text(c, s, 1),
					.mode = load_char(s, 2),
					.type = (uint32_t)sqlite3_column_int64(s, 3),
					.default_sql = load_text(c, s, 4) };
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

void load_finish_functions(Catalog *c)
{
	for (size_t i = 0; i < c->nfunctions; i++)
		finish(c, c->functions[i]);
}

int load_trigger(Catalog *c, sqlite3_stmt *s, Error *err)
{
	CatTrigger *t = arena_new_of(c->arena, CatTrigger);
	t->oid = (uint32_t)sqlite3_column_int64(s, 0);
	t->table = catalog_find_rel(c, (uint32_t)sqlite3_column_int64(s, 1));
	if (!t->table)
		return load_damaged(err, "trigger", t->oid);
	load_note_oid(c, t->oid);
	t->name = load_text(c, s, 2);
	t->function = (uint32_t)sqlite3_column_int64(s, 3);
	t->timing = load_char(s, 4);
	t->row = sqlite3_column_int(s, 5);
	t->events = sqlite3_column_int(s, 6);
	t->cols = load_attnums(c, (const char *)sqlite3_column_text(s, 7), &t->ncols);
	t->when_sql = load_text(c, s, 8);
	t->enabled = load_char(s, 9);
	t->constraint = sqlite3_column_int(s, 10);
	t->deferrable = sqlite3_column_int(s, 11);
	t->deferred = sqlite3_column_int(s, 12);
	t->old_table = load_text(c, s, 13);
	t->new_table = load_text(c, s, 14);
	CatRel *r = t->table;
	r->triggers = load_grow(c, r->triggers, r->ntriggers, sizeof *r->triggers);
	r->triggers[r->ntriggers++] = t;
	c->triggers = load_grow(c, c->triggers, c->ntriggers, sizeof *c->triggers);
	c->triggers[c->ntriggers++] = t;
	return 0;
}

int load_trigger_arg(Catalog *c, sqlite3_stmt *s, Error *err)
{
	uint32_t oid = (uint32_t)sqlite3_column_int64(s, 0);
	for (size_t i = 0; i < c->ntriggers; i++) {
		CatTrigger *t = c->triggers[i];
		if (t->oid != oid)
			continue;
		t->args = load_grow(c, t->args, t->nargs, sizeof *t->args);
		t->args[t->nargs++] = load_text(c, s, 1);
		return 0;
	}
	return load_damaged(err, "argument of trigger", oid);
}
