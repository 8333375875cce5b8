/* Functions and triggers of the user in pg_proc and pg_trigger. */
#include "catalog/acl.h"
#include "catalog/producers_program.h"

static const char *text_of(RowSink *s, Buf *b)
{
	const char *t = arena_strndup(s->a, (const char *)b->data, b->len);
	buf_free(b);
	return t;
}

static void put_element(Buf *b, const char *text)
{
	buf_puts(b, b->len > 1 ? ",\"" : "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buf_puts(b, "\\");
		buf_put_u8(b, (uint8_t)*text);
	}
	buf_puts(b, "\"");
}

static bool plain_name(const char *name)
{
	return *name && name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")] == '\0' && strcasecmp(name, "null") != 0;
}

static void put_arguments(RowSink *s, const CatFunction *f)
{
	Buf in = { 0 }, all = { 0 }, modes = { 0 }, names = { 0 };
	bool outputs = false, named = false;
	size_t n = 0;
	buf_puts(&all, "{");
	buf_puts(&modes, "{");
	buf_puts(&names, "{");
	for (size_t i = 0; i < f->nargs; i++) {
		const CatArg *x = &f->args[i];
		if (strchr("ibv", x->mode))
			buf_printf(&in, n++ ? " %u" : "%u", x->type);
		buf_printf(&all, i ? ",%u" : "%u", x->type);
		buf_printf(&modes, i ? ",%c" : "%c", x->mode);
		if (plain_name(x->name))
			buf_printf(&names, i ? ",%s" : "%s", x->name);
		else
			put_element(&names, x->name);
		outputs = outputs || x->mode != 'i';
		named = named || *x->name;
	}
	buf_puts(&all, "}");
	buf_puts(&modes, "}");
	buf_puts(&names, "}");
	row_int(s, "pronargs", (int64_t)n);
	row_text(s, "proargtypes", n ? text_of(s, &in) : "");
	const char *types = text_of(s, &all), *m = text_of(s, &modes), *list = text_of(s, &names);
	if (outputs) {
		row_text(s, "proallargtypes", types);
		row_text(s, "proargmodes", m);
	}
	if (named)
		row_text(s, "proargnames", list);
}

static const char *config_list(RowSink *s, const CatFunction *f)
{
	Buf b = { 0 };
	buf_puts(&b, "{");
	for (const char *line = f->config; *line;) {
		const char *end = strchrnul(line, '\n');
		put_element(&b, arena_strndup(s->a, line, (size_t)(end - line)));
		line = *end ? end + 1 : end;
	}
	buf_puts(&b, "}");
	return text_of(s, &b);
}

void catalog_put_functions(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nfunctions; i++) {
		const CatFunction *f = s->cat->functions[i];
		const PgProc *p = &f->proc;
		size_t defaults = 0;
		for (size_t k = 0; k < f->nargs; k++)
			defaults += f->args[k].default_sql != NULL;
		row_new(s);
		row_int(s, "oid", p->oid);
		row_text(s, "proname", p->name);
		row_int(s, "pronamespace", f->schema);
		row_int(s, "proowner", f->owner);
		row_int(s, "prolang", streq(f->language, "sql") ? 14 : 13563);
		row_int(s, "procost", (int64_t)f->cost);
		row_int(s, "prorows", (int64_t)f->rows);
		row_int(s, "provariadic", p->variadic);
		row_int(s, "prosupport", 0);
		row_char(s, "prokind", p->kind);
		row_int(s, "prosecdef", f->security_definer);
		row_int(s, "proleakproof", f->leakproof);
		row_int(s, "proisstrict", p->strict);
		row_int(s, "proretset", p->retset);
		row_char(s, "provolatile", p->volatility);
		row_char(s, "proparallel", f->parallel);
		row_int(s, "pronargdefaults", (int64_t)defaults);
		row_int(s, "prorettype", p->rettype);
		put_arguments(s, f);
		row_text(s, "prosrc", f->sql_body ? "" : f->body);
		if (f->config)
			row_text(s, "proconfig", config_list(s, f));
		AclObject o = acl_of_function(s->cat, p->oid);
		row_text(s, "proacl", acl_text(s->cat, &o, s->a));
	}
}

/* pg_trigger.tgtype */
static int type_bits(const CatTrigger *t)
{
	enum { ROW = 1, BEFORE = 2, INSERT = 4, DELETE = 8, UPDATE = 16, TRUNCATE = 32 };
	return (t->row ? ROW : 0) | (t->timing == 'b' ? BEFORE : 0) | (t->events & TRIGGER_INSERT ? INSERT : 0) |
	       (t->events & TRIGGER_DELETE ? DELETE : 0) | (t->events & TRIGGER_UPDATE ? UPDATE : 0) |
	       (t->events & TRIGGER_TRUNCATE ? TRUNCATE : 0);
}

void catalog_produce_trigger(RowSink *s)
{
	for (size_t i = 0; i < s->cat->ntriggers; i++) {
		const CatTrigger *t = s->cat->triggers[i];
		Buf cols = { 0 };
		for (size_t k = 0; k < t->ncols; k++)
			buf_printf(&cols, k ? " %d" : "%d", t->cols[k]);
		row_new(s);
		row_int(s, "oid", t->oid);
		row_int(s, "tgrelid", t->table->oid);
		const CatTrigger *parent = catalog_trigger_parent(t);
		row_int(s, "tgparentid", parent ? parent->oid : 0);
		row_text(s, "tgname", t->name);
		row_int(s, "tgfoid", t->function);
		row_int(s, "tgtype", type_bits(t));
		row_char(s, "tgenabled", t->enabled);
		row_int(s, "tgisinternal", 0);
		row_int(s, "tgconstrrelid", 0);
		row_int(s, "tgconstrindid", 0);
		row_int(s, "tgconstraint", 0);
		row_int(s, "tgdeferrable", t->deferrable);
		row_int(s, "tginitdeferred", t->deferred);
		row_int(s, "tgnargs", (int64_t)t->nargs);
		row_text(s, "tgattr", t->ncols ? text_of(s, &cols) : "");
		row_text(s, "tgqual", t->when_sql);
		row_text(s, "tgoldtable", t->old_table);
		row_text(s, "tgnewtable", t->new_table);
	}
}
