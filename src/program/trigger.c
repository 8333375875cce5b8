/* Triggers fired: rows written one by one between them, and what comes after the statement. */
#include "program/internal.h"

#include "catalog/sessionvars.h"
#include "sql/triggers.h"

/* A row that was written, for the triggers that come after. */
typedef struct Event {
	const CatTrigger *trigger;
	const char *op;
	Val new_row, old_row;
} Event;

struct ProgramEvents {
	Arena *a;
	Event *items;
	size_t n, cap;
};

static struct ProgramEvents *events_of(struct ProgramEvents **slot)
{
	if (!*slot) {
		*slot = mem_alloc(sizeof **slot);
		(*slot)->a = arena_new();
	}
	return *slot;
}

void program_events_free(struct ProgramEvents *e)
{
	if (!e)
		return;
	arena_free(e->a);
	free(e->items);
	free(e);
}

static const char *op_name(int event)
{
	return event == TRIGGER_INSERT ? "INSERT" : event == TRIGGER_UPDATE ? "UPDATE" : event == TRIGGER_DELETE ? "DELETE" : "TRUNCATE";
}

/* session_replication_role decides which of them are asleep. */
static bool is_awake(SqliteTxn *t, const CatTrigger *tg)
{
	const SessionVars *v = t->vars;
	const char *role = v && v->get_setting ? v->get_setting(v->arg, "session_replication_role") : NULL;
	bool replica = role && streq(role, "replica");
	return tg->enabled == 'A' || (replica ? tg->enabled == 'R' : tg->enabled == 'O');
}

static bool names_columns(const CatTrigger *tg, int event, const int16_t *set, size_t nset)
{
	if (event != TRIGGER_UPDATE || !tg->ncols)
		return true;
	for (size_t i = 0; i < tg->ncols; i++)
		for (size_t k = 0; k < nset; k++)
			if (tg->cols[i] == set[k])
				return true;
	return false;
}

static bool applies(SqliteTxn *t, const CatTrigger *tg, char timing, bool row, int event, const int16_t *set, size_t nset)
{
	return tg->timing == timing && tg->row == row && tg->events & event && names_columns(tg, event, set, nset) && is_awake(t, tg);
}

static int take_bool(void *ctx, sqlite3_stmt *st, Error *err)
{
	Val v = db_column(st, 0);
	*(bool *)ctx = v.kind == VAL_INT && v.i;
	return 0;
}

/* The condition of WHEN. Its plan is kept like a program. */
static int check_when(SqliteTxn *t, const TriggerCall *c, Arena *a, bool *yes, Error *err)
{
	const CatTrigger *tg = c->trigger;
	*yes = true;
	if (!tg->when_sql)
		return 0;
	SqlEnv env;
	uint64_t key;
	SqlVars vars;
	if (program_env(t, &env, &key, err) != 0)
		return -1;
	CachedPlan *plan = program_kept(t, arena_printf(a, "when %u", tg->oid), key);
	if (!plan) {
		trigger_when_vars(tg, a, &vars);
		env.vars = &vars;
		env.fixed_params = true;
		plan = database_plan_apart(t, str_of(arena_printf(a, "SELECT (%s)", tg->when_sql)), NULL, 0, &env, key, err);
		if (!plan)
			return -1;
		program_keep(t, arena_printf(a, "when %u", tg->oid), key, plan);
	}
	const Val rows[2] = { c->new_row, c->old_row };
	plan_ref(plan);
	int rc = nested_execute(t, plan, rows, 2, a, take_bool, yes, NULL, err);
	plan_unref(plan);
	return rc;
}

static int fire(SqliteTxn *t, const TriggerCall *c, Arena *a, Val *out, Error *err)
{
	const CatFunction *fn = catalog_function(t->cat, c->trigger->function);
	if (!fn) /* one that the copy of a primary could not make */
		return err_refuse(err, 0, "trigger or rule \"%s\" of table \"%s\" is not available in SQLite mode", c->trigger->name,
				  c->trigger->table->name);
	Program *p = program_find(t, fn, c->trigger->table, (Str){ "", 0 }, err);
	if (!p)
		return -1;
	int rc = program_run(t, p, NULL, 0, c, NULL, out, a, NULL, err);
	program_unref(p);
	return rc;
}

/* --- of the statement --- */

int program_fire_statement(SqliteTxn *t, const struct PlanWrite *w, char timing, struct ProgramEvents **events, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	for (size_t i = 0; i < w->rel->ntriggers; i++) {
		const TriggerCall c = { .trigger = w->rel->triggers[i], .op = op_name(w->event) };
		bool yes;
		Val ignored;
		if (!applies(t, c.trigger, timing, false, w->event, w->set, w->nset))
			continue;
		if (check_when(t, &c, a, &yes, err) != 0)
			return -1;
		if (yes && timing == 'b' && fire(t, &c, a, &ignored, err) != 0)
			return -1;
		if (!yes || timing == 'b')
			continue;
		struct ProgramEvents *e = events_of(events);
		e->items = mem_grow(e->items, &e->cap, e->n + 1, sizeof *e->items);
		e->items[e->n++] = (Event){ .trigger = c.trigger, .op = c.op };
	}
	return 0;
}

/* What has been waiting for the end of the statement. */
int program_fire_after(SqliteTxn *t, struct ProgramEvents **events, Error *err)
{
	struct ProgramEvents *e = *events;
	int rc = 0;
	*events = NULL;
	for (size_t i = 0; e && rc == 0 && i < e->n; i++) {
		const Event *ev = &e->items[i];
		const TriggerCall c = { .trigger = ev->trigger, .op = ev->op, .new_row = ev->new_row, .old_row = ev->old_row };
		Arena *a = arena_new();
		Val ignored;
		rc = nested_check(t, err);
		if (rc == 0)
			rc = fire(t, &c, a, &ignored, err);
		arena_free(a);
	}
	program_events_free(e);
	return rc;
}

/* --- of rows --- */

typedef struct Writing {
	SqliteTxn *t;
	const struct PlanWrite *w;
	const PgType *type; /* of the row */
	struct ProgramEvents **events;
	Arena *a; /* of one row */
	bool wants_new, wants_old;
} Writing;

typedef struct Image {
	Writing *wr;
	Val *vals;
	bool found;
} Image;

static int take_image(void *ctx, sqlite3_stmt *st, Error *err)
{
	Image *im = ctx;
	for (size_t i = 0; i < im->wr->type->nfields; i++)
		im->vals[i] = frame_keep(im->wr->a, db_column(st, (int)i));
	im->found = true;
	return 1;
}

/* The row as it is in the file now; NULL value when it is gone. */
static int read_image(Writing *wr, int64_t rowid, Val *out, Error *err)
{
	Image im = { .wr = wr, .vals = arena_array(wr->a, Val, wr->type->nfields + 1) };
	const Val id = val_int(rowid);
	*out = val_null();
	if (nested_sql(wr->t, wr->w->read_sql, &id, 1, wr->w->rel->oid, take_image, &im, NULL, err) != 0)
		return -1;
	if (im.found)
		*out = row_val(&(PgRow){ .n = wr->type->nfields, .fields = wr->type->fields, .vals = im.vals }, false, wr->a);
	return 0;
}

/* The place of a column among those of the row type, which leaves out dropped ones. */
static size_t field_of(const CatRel *r, int attnum)
{
	size_t k = 0;
	for (int i = 0; i < attnum - 1; i++)
		k += !r->cols[i].dropped;
	return k;
}

/* The row that the store has, as NEW: generated columns are not computed yet. */
static Val new_image(Writing *wr, const Val *row)
{
	Val *vals = arena_array(wr->a, Val, wr->type->nfields + 1);
	for (size_t i = 0; i < wr->w->n; i++)
		if (wr->w->attnums[i])
			vals[field_of(wr->w->rel, wr->w->attnums[i])] = row[i];
	return row_val(&(PgRow){ .n = wr->type->nfields, .fields = wr->type->fields, .vals = vals }, false, wr->a);
}

static const PgType *find_type(void *arg, uint32_t oid)
{
	return catalog_type(arg, oid);
}

/* What the triggers made of it goes back to the store, from which it is written and RETURNING reads. */
static int take_changes(Writing *wr, const Val *image, Val *row, Arena *store, Error *err)
{
	PgRow r;
	if (row_read(wr->type, image->s, (TypeSource){ find_type, wr->t->cat }, wr->a, &r, err) != 0)
		return -1;
	for (size_t i = 0; i < wr->w->n; i++)
		if (wr->w->attnums[i])
			row[i] = frame_keep(store, r.vals[field_of(wr->w->rel, wr->w->attnums[i])]);
	return 0;
}

/* 1: the row is to be written, 0: a trigger said no. */
static int fire_before(Writing *wr, Val *new_row, const Val *old_row, Error *err)
{
	const struct PlanWrite *w = wr->w;
	for (size_t i = 0; i < w->rel->ntriggers; i++) {
		const TriggerCall c = { .trigger = w->rel->triggers[i], .op = op_name(w->event), .new_row = *new_row, .old_row = *old_row };
		bool yes;
		Val out;
		if (!applies(wr->t, c.trigger, 'b', true, w->event, w->set, w->nset))
			continue;
		if (check_when(wr->t, &c, wr->a, &yes, err) != 0)
			return -1;
		if (!yes)
			continue;
		if (fire(wr->t, &c, wr->a, &out, err) != 0)
			return -1;
		if (out.kind == VAL_NULL)
			return 0;
		if (w->event != TRIGGER_DELETE)
			*new_row = out;
	}
	return 1;
}

static int note_after(Writing *wr, const Val *new_row, const Val *old_row, Error *err)
{
	const struct PlanWrite *w = wr->w;
	for (size_t i = 0; i < w->rel->ntriggers; i++) {
		const TriggerCall c = { .trigger = w->rel->triggers[i], .op = op_name(w->event), .new_row = *new_row, .old_row = *old_row };
		bool yes;
		if (!applies(wr->t, c.trigger, 'a', true, w->event, w->set, w->nset))
			continue;
		if (check_when(wr->t, &c, wr->a, &yes, err) != 0)
			return -1;
		if (!yes)
			continue;
		struct ProgramEvents *e = events_of(wr->events);
		e->items = mem_grow(e->items, &e->cap, e->n + 1, sizeof *e->items);
		e->items[e->n++] = (Event){
			.trigger = c.trigger, .op = c.op, .new_row = frame_keep(e->a, *new_row), .old_row = frame_keep(e->a, *old_row)
		};
	}
	return 0;
}

/* Writes it; *rowid is the new row's number. */
static int write_row(Writing *wr, const Val *row, int64_t *rowid, int64_t *changes, Error *err)
{
	const struct PlanWrite *w = wr->w;
	Val *params = arena_array(wr->a, Val, w->nwritten + 1);
	size_t n = 0;
	for (size_t i = 0; i < w->nwritten && w->event != TRIGGER_DELETE; i++, n++)
		for (size_t k = 0; k < w->n; k++)
			if (w->attnums[k] == w->written[i])
				params[i] = row[k];
	if (w->event != TRIGGER_INSERT)
		params[n++] = val_int(*rowid);
	if (nested_sql(wr->t, w->write_sql, params, n, w->rel->oid, NULL, NULL, changes, err) != 0)
		return -1;
	if (w->event == TRIGGER_INSERT)
		*rowid = nested_last_rowid(wr->t);
	for (size_t i = 0; i < w->nwritten && w->event == TRIGGER_UPDATE; i++)
		if (w->written[i] == w->rel->rowid_col)
			*rowid = params[i].kind == VAL_INT ? params[i].i : *rowid;
	return 0;
}

static bool any_after(Writing *wr)
{
	for (size_t i = 0; i < wr->w->rel->ntriggers; i++)
		if (applies(wr->t, wr->w->rel->triggers[i], 'a', true, wr->w->event, wr->w->set, wr->w->nset))
			return true;
	return false;
}

/* One row of the store: 1 written, 0 left out. */
int program_write_row(SqliteTxn *t, const struct PlanWrite *w, Val *row, Arena *store, const RowInTheWay *way,
		      struct ProgramEvents **events, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Writing wr = { .t = t, .w = w, .type = catalog_type(t->cat, w->rel->rowtype), .events = events, .a = a };
	int64_t rowid = w->event == TRIGGER_INSERT ? 0 : row[0].i, changes = 0;
	Val old_row = val_null(), new_row = val_null();
	if (nested_check(t, err) != 0)
		return -1;
	if (w->event != TRIGGER_INSERT && read_image(&wr, rowid, &old_row, err) != 0)
		return -1;
	if (w->event != TRIGGER_INSERT && old_row.kind == VAL_NULL)
		return 0; /* a trigger has deleted it meanwhile */
	if (w->event != TRIGGER_DELETE)
		new_row = new_image(&wr, row);
	const Val before = new_row;
	int rc = fire_before(&wr, &new_row, &old_row, err);
	if (rc <= 0)
		return rc;
	bool changed = w->event != TRIGGER_DELETE && !val_identical(&before, &new_row);
	if (changed && take_changes(&wr, &new_row, row, store, err) != 0)
		return -1;
	rc = way ? way->find(way->ctx, row, err) : 0;
	if (rc)
		return rc < 0 ? -1 : 0;
	if (write_row(&wr, row, &rowid, &changes, err) != 0)
		return -1;
	if (!changes)
		return 0;
	if (!any_after(&wr))
		return 1;
	if (w->event != TRIGGER_DELETE && read_image(&wr, rowid, &new_row, err) != 0)
		return -1;
	return note_after(&wr, &new_row, &old_row, err) != 0 ? -1 : 1;
}
