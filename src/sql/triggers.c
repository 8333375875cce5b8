/* Triggers as the planners of changes see them. See triggers.h. */
#include "sql/triggers.h"

#include "sql/emit.h"

bool has_triggers(const CatRel *r, int events)
{
	for (size_t i = 0; i < r->ntriggers; i++)
		if (r->triggers[i]->events & events)
			return true;
	return false;
}

bool writes_rows(const CatRel *r, int events)
{
	return has_triggers(r, events);
}

bool has_row_triggers(const CatRel *r, int events)
{
	for (size_t i = 0; i < r->ntriggers; i++)
		if (r->triggers[i]->row && r->triggers[i]->events & events)
			return true;
	return false;
}

static const CatRel *cascade(const Catalog *cat, const CatRel *r, int event, int depth)
{
	enum { MAX_CASCADES = 20 };
	for (size_t i = 0; i < cat->nrels && depth < MAX_CASCADES; i++) {
		const CatRel *child = cat->rels[i];
		for (size_t k = 0; k < child->nconstraints; k++) {
			const CatConstraint *c = child->constraints[k];
			char action = event == TRIGGER_DELETE ? c->on_delete : c->on_update;
			if (c->type != 'f' || c->ref != r || !action || !strchr("cnd", action))
				continue;
			int then = event == TRIGGER_DELETE && action == 'c' ? TRIGGER_DELETE : TRIGGER_UPDATE;
			if (has_row_triggers(child, then) || has_triggers(child, then))
				return child;
			const CatRel *below = child == r ? NULL : cascade(cat, child, then, depth + 1);
			if (below)
				return below;
		}
	}
	return NULL;
}

const CatRel *cascades_to_triggers(const Catalog *cat, const CatRel *r, int event)
{
	return cat->ntriggers && event != TRIGGER_INSERT ? cascade(cat, r, event, 0) : NULL;
}

static int find_row(void *ctx, const char *label, const char *name)
{
	return label ? -1 : streq(name, "new") ? 0 : streq(name, "old") ? 1 : -1;
}

void trigger_when_vars(const CatTrigger *t, Arena *a, SqlVars *out)
{
	*out = (SqlVars){ .find = find_row, .nvars = 2, .conflict = 'v' };
	out->vars = arena_array(a, SqlVar, 2);
	for (size_t i = 0; i < 2; i++)
		out->vars[i] = (SqlVar){ .type = t->table->rowtype, .typmod = -1 };
}

static const char *text_of(Arena *a, Buf *b)
{
	const char *s = arena_strndup(a, (const char *)b->data, b->len);
	buf_free(b);
	return s;
}

static void put_value(Buf *b, const CatRel *r, const CatColumn *c, size_t param)
{
	if (r->rowid_col == c->attnum)
		buf_printf(b, "pg_notnull(%u, %d, ?%zu)", r->oid, c->attnum, param);
	else
		buf_printf(b, "?%zu", param);
}

static const char *write_text(Arena *a, const CatRel *r, int event, const struct PlanWrite *w)
{
	Buf b = { 0 };
	buf_puts(&b, event == TRIGGER_INSERT ? "INSERT INTO " : event == TRIGGER_UPDATE ? "UPDATE " : "DELETE FROM ");
	emit_ident(&b, r->sqlite_name);
	if (event == TRIGGER_DELETE) {
		buf_puts(&b, " WHERE rowid = ?1");
		return text_of(a, &b);
	}
	buf_puts(&b, event == TRIGGER_INSERT ? " (" : " SET ");
	for (size_t i = 0; i < w->nwritten; i++) {
		const CatColumn *c = &r->cols[w->written[i] - 1];
		buf_puts(&b, i ? ", " : "");
		emit_ident(&b, c->sqlite_name);
		if (event == TRIGGER_UPDATE) {
			buf_puts(&b, " = ");
			put_value(&b, r, c, i + 1);
		}
	}
	if (event == TRIGGER_UPDATE) {
		buf_printf(&b, " WHERE rowid = ?%zu", w->nwritten + 1);
		return text_of(a, &b);
	}
	buf_puts(&b, ") VALUES (");
	for (size_t i = 0; i < w->nwritten; i++) {
		buf_puts(&b, i ? ", " : "");
		put_value(&b, r, &r->cols[w->written[i] - 1], i + 1);
	}
	buf_puts(&b, ")");
	return text_of(a, &b);
}

struct PlanWrite *plan_write_new(Arena *a, const CatRel *r, int event)
{
	struct PlanWrite *w = arena_new_of(a, struct PlanWrite);
	int16_t *written = arena_array(a, int16_t, r->ncols + 1);
	Buf b = { 0 };
	*w = (struct PlanWrite){ .rel = r, .event = event };
	buf_puts(&b, "SELECT ");
	for (size_t i = 0, n = 0; i < r->ncols; i++) {
		const CatColumn *c = &r->cols[i];
		if (c->dropped)
			continue;
		if (!c->generated)
			written[w->nwritten++] = c->attnum;
		buf_puts(&b, n++ ? ", " : "");
		emit_ident(&b, c->sqlite_name);
	}
	buf_puts(&b, " FROM ");
	emit_ident(&b, r->sqlite_name);
	buf_puts(&b, " WHERE rowid = ?1");
	w->written = written;
	w->read_sql = text_of(a, &b);
	w->write_sql = write_text(a, r, event, w);
	return w;
}
