#include "session/guc.h"

#include "base/map.h"
#include "pgtype/datetime.h"
#include "pgtype/encoding.h"
#include "session/guc_value.h"

#include <xxhash.h>

/* One change, undone from the newest to the oldest. */
typedef struct Change {
	char *name;
	char *old; /* value before; NULL = the start value */
	int level; /* savepoints open when it was made */
	bool local;
} Change;

struct Guc {
	TypeEnv *types;
	GucListener on;
	Map start; /* name -> char *: differs from boot */
	Map now;   /* name -> char *: differs from start */
	Change *changes;
	size_t nchanges, cap;
	int level;
	uint64_t plan_key, plan_mark;
};

const GucDef *guc_def(const char *name)
{
	size_t lo = 0, hi = guc_ndefs;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcasecmp(name, guc_defs[mid].name);
		if (c == 0)
			return &guc_defs[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* The name as the table writes it; custom names are lower case. */
static const char *canonical(const char *name, char *buf, size_t cap)
{
	const GucDef *d = guc_def(name);
	if (d)
		return d->name;
	size_t n = 0;
	for (; name[n] && n + 1 < cap; n++)
		buf[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] + 32) : name[n];
	buf[n] = '\0';
	return buf;
}

static const char *start_value(const Guc *g, const char *name)
{
	const char *v = map_get(&g->start, str_of(name));
	const GucDef *d = v ? NULL : guc_def(name);
	return v ? v : d ? d->boot : NULL;
}

static const char *value_of(const Guc *g, const char *name)
{
	const char *v = map_get(&g->now, str_of(name));
	return v ? v : start_value(g, name);
}

static void new_plan_key(Guc *g)
{
	static const char *const matter[] = { "search_path",	    "TimeZone",	    "DateStyle", "IntervalStyle",
					      "extra_float_digits", "bytea_output", "role",	 "session_authorization" };
	XXH64_hash_t h = 1 + g->plan_mark;
	for (size_t i = 0; i < ARRAY_LEN(matter); i++) {
		const char *v = value_of(g, matter[i]);
		h = XXH3_64bits_withSeed(v ? v : "", v ? strlen(v) : 0, h + i);
	}
	g->plan_key = h;
}

/* Makes the session follow a new value; the value has been checked. */
static void apply(Guc *g, const char *name)
{
	const char *value = value_of(g, name);
	const GucDef *d = guc_def(name);
	guc_apply_types(g->types, name, value ? value : "");
	new_plan_key(g);
	if (g->on.changed)
		g->on.changed(g->on.ctx, name, value ? value : "");
	if (d && d->report && g->on.report)
		g->on.report(g->on.ctx, name, value ? value : "");
}

static void store(Map *m, const char *name, const char *value)
{
	char *old = value ? map_put(m, str_of(name), mem_strdup(value)) : map_remove(m, str_of(name));
	free(old);
}

Guc *guc_new(TypeEnv *types, GucListener listener)
{
	Guc *g = mem_alloc(sizeof *g);
	g->types = types;
	g->on = listener;
	*types = type_env_stored;
	new_plan_key(g);
	return g;
}

static void free_map(Map *m)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(m, &at));)
		free(e->value);
	map_free(m);
}

static void forget_changes(Guc *g, size_t keep)
{
	while (g->nchanges > keep) {
		Change *c = &g->changes[--g->nchanges];
		free(c->name);
		free(c->old);
	}
	if (keep == 0) {
		free(g->changes);
		g->changes = NULL;
		g->cap = 0;
	}
}

void guc_free(Guc *g)
{
	if (!g)
		return;
	forget_changes(g, 0);
	recoder_free(g->types->client);
	g->types->client = NULL;
	free_map(&g->start);
	free_map(&g->now);
	free(g);
}

static int unknown(const char *name, Error *err)
{
	return err_set(err, "42704", "unrecognized configuration parameter \"%s\"", name);
}

static bool is_name_byte(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) ||
	       (!first && ((c >= '0' && c <= '9') || c == '$'));
}

/* Two or more simple identifiers with dots between them. */
static bool is_custom(const char *name)
{
	bool first = true, dot = false;
	for (const char *p = name; *p; p++) {
		if (*p == '.' && first)
			return false;
		dot = dot || *p == '.';
		if (*p != '.' && !is_name_byte(*p, first))
			return false;
		first = *p == '.';
	}
	return dot && !first;
}

static int check_custom(const char *name, Error *err)
{
	if (!strchr(name, '.') || strncmp(name, "understudy.", 11) == 0)
		return unknown(name, err);
	if (is_custom(name))
		return 0;
	err_set(err, "42602", "invalid configuration parameter name \"%s\"", name);
	return err_detail(err, "Custom parameter names must be two or more simple identifiers separated by dots.");
}

/* `starting`: in the startup packet, which may set a little more than SET. */
static int check_context(const GucDef *d, bool starting, Error *err)
{
	switch (d->context) {
	case GUC_INTERNAL:
		return err_set(err, "55P02", "parameter \"%s\" cannot be changed", d->name);
	case GUC_POSTMASTER:
		return err_set(err, "55P02", "parameter \"%s\" cannot be changed without restarting the server", d->name);
	case GUC_SIGHUP:
		return err_set(err, "55P02", "parameter \"%s\" cannot be changed now", d->name);
	case GUC_BACKEND:
		return starting ? 0 : err_set(err, "55P02", "parameter \"%s\" cannot be set after connection start", d->name);
	default:
		return 0;
	}
}

static int check(Guc *g, const char *name, const char *value, bool starting, Buf *canon, Error *err)
{
	const GucDef *d = guc_def(name);
	if (!d && check_custom(name, err) != 0)
		return -1;
	if (d && check_context(d, starting, err) != 0)
		return -1;
	if (!value)
		return 0;
	if (d)
		return guc_check_value(d, value, value_of(g, d->name), canon, err);
	buf_puts(canon, value);
	return 0;
}

int guc_set_start(Guc *g, const char *name, const char *value, Error *err)
{
	char lower[64];
	Buf canon = { 0 };
	if (check(g, name, value, true, &canon, err) != 0) {
		buf_free(&canon);
		return -1;
	}
	name = canonical(name, lower, sizeof lower);
	store(&g->start, name, buf_cstr(&canon));
	buf_free(&canon);
	apply(g, name);
	return 0;
}

static void note_change(Guc *g, const char *name, bool local)
{
	g->changes = mem_grow(g->changes, &g->cap, g->nchanges + 1, sizeof *g->changes);
	const char *old = map_get(&g->now, str_of(name));
	g->changes[g->nchanges++] = (Change){ mem_strdup(name), old ? mem_strdup(old) : NULL, g->level, local };
}

int guc_set(Guc *g, const char *name, const char *value, bool local, Error *err)
{
	char lower[64];
	Buf canon = { 0 };
	int rc = check(g, name, value, false, &canon, err);
	if (rc == 0) {
		name = canonical(name, lower, sizeof lower);
		/* One that was named once is there from then on, whatever becomes of its value. */
		if (!start_value(g, name))
			store(&g->start, name, "");
		note_change(g, name, local);
		store(&g->now, name, value ? buf_cstr(&canon) : NULL);
		apply(g, name);
	}
	buf_free(&canon);
	return rc;
}

int guc_reset_all(Guc *g, Error *err)
{
	for (;;) {
		size_t at = 0;
		MapEntry *e = map_next(&g->now, &at);
		/* Who somebody is has a RESET of its own. */
		while (e && (str_is((Str){ e->key, e->key_len }, "role") || str_is((Str){ e->key, e->key_len }, "session_authorization")))
			e = map_next(&g->now, &at);
		if (!e)
			return 0;
		char name[64];
		size_t n = e->key_len < sizeof name - 1 ? e->key_len : sizeof name - 1;
		memcpy(name, e->key, n);
		name[n] = '\0';
		if (guc_set(g, name, NULL, false, err) != 0)
			return -1;
	}
}

const char *guc_source(const Guc *g, const char *name)
{
	return map_get(&g->now, str_of(name)) ? "session" : map_get(&g->start, str_of(name)) ? "client" : "default";
}

const char *guc_start(const Guc *g, const char *name)
{
	return start_value(g, name);
}

const char *guc_get(Guc *g, const char *name, Error *err)
{
	char lower[64];
	const char *v = value_of(g, canonical(name, lower, sizeof lower));
	if (!v)
		unknown(name, err);
	return v;
}

const char *guc_show(Guc *g, const char *name, Arena *a, Error *err)
{
	const char *v = guc_get(g, name, err);
	const GucDef *d = guc_def(name);
	return v && d && d->unit ? guc_show_unit(d, v, a) : v;
}

bool guc_bool(Guc *g, const char *name)
{
	const char *v = value_of(g, name);
	return v && streq(v, "on");
}

int64_t guc_int(Guc *g, const char *name)
{
	const char *v = value_of(g, name);
	return v ? strtoll(v, NULL, 10) : 0;
}

void guc_mark_plans(Guc *g, const char *mark)
{
	g->plan_mark = *mark ? XXH3_64bits(mark, strlen(mark)) : 0;
	new_plan_key(g);
}

uint64_t guc_plan_key(const Guc *g)
{
	return g->plan_key;
}

static void undo(Guc *g, const Change *c)
{
	store(&g->now, c->name, c->old);
	apply(g, c->name);
}

/* Among the changes from the newest back to `keep`: takes back what `which` says. */
static void undo_down_to(Guc *g, size_t keep)
{
	for (size_t i = g->nchanges; i > keep; i--)
		undo(g, &g->changes[i - 1]);
	forget_changes(g, keep);
}

/* At commit a SET LOCAL gives way to the last plain SET of the same name, or to the value before the transaction. */
void guc_commit(Guc *g)
{
	for (size_t i = g->nchanges; i > 0; i--) {
		Change *c = &g->changes[i - 1];
		if (!c->local)
			continue;
		bool newer_plain = false;
		for (size_t j = i; j < g->nchanges; j++)
			if (!g->changes[j].local && streq(g->changes[j].name, c->name))
				newer_plain = true;
		if (!newer_plain)
			undo(g, c);
	}
	forget_changes(g, 0);
	g->level = 0;
}

void guc_rollback(Guc *g)
{
	undo_down_to(g, 0);
	g->level = 0;
}

void guc_savepoint(Guc *g, int level)
{
	g->level = level;
}

void guc_rollback_to(Guc *g, int level)
{
	size_t keep = g->nchanges;
	while (keep > 0 && g->changes[keep - 1].level >= level)
		keep--;
	undo_down_to(g, keep);
	g->level = level;
}
