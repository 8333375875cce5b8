/* regexp_matches: the groups of every match as an array of text. */
#include "sqlite/fn_regex.h"
#include "sqlite/vtab_set.h"

#include "pgtype/array.h"

typedef struct Matches {
	Val *items; /* in the call's arena */
	size_t n, cap, at;
} Matches;

static void add_match(SetCall *c, Matches *all, const RegexText *text, const RegexMatch *m, int groups)
{
	size_t n = groups ? (size_t)groups : 1;
	Val *parts = arena_array(c->a, Val, n);
	for (size_t i = 0; i < n; i++) {
		size_t g = groups ? i + 1 : 0;
		parts[i] = m->start[g] < 0 ? val_null() : val_text(regex_slice(text, m->start[g], m->end[g]));
	}
	if (all->n == all->cap) {
		size_t cap = all->cap ? all->cap * 2 : 8;
		Val *grown = arena_array(c->a, Val, cap);
		if (all->n)
			memcpy(grown, all->items, all->n * sizeof *grown);
		all->items = grown;
		all->cap = cap;
	}
	PgArray x = array_of(pgtype_builtin(25), parts, n);
	all->items[all->n++] = array_val(&x, c->a);
}

/* All at once: an expression belongs to the thread that compiled it, and the next row may be asked for by another one. */
static int find_all(SetCall *c, Matches *all, const Regex *re, const RegexText *text, bool global)
{
	RegexMatch m;
	int groups = regex_groups(re), rc = 0;
	if (groups >= REGEX_MAX_GROUPS)
		return err_refuse(&c->env->error, 0, "regular expressions with more than %d groups are not available in SQLite mode",
				  REGEX_MAX_GROUPS - 1);
	for (int from = 0; from <= text->chars && (rc = regex_search(re, text, from, &m, &c->env->error)) == 1;) {
		add_match(c, all, text, &m, groups);
		from = m.start[0] == m.end[0] ? m.end[0] + 1 : m.end[0];
		if (!global)
			break;
	}
	return rc < 0 ? -1 : 0;
}

static int matches_start(SetCall *c)
{
	RegexFlags flags;
	RegexText text;
	Matches *all = arena_new_of(c->a, Matches);
	c->state = all;
	if (regex_flags(c->argc > 2 ? set_arg_text(c, 2) : (Str){ "", 0 }, &flags, &c->env->error))
		return -1;
	regex_text_init(&text, set_arg_text(c, 0));
	const Regex *re = regex_compile(set_arg_text(c, 1), flags, &c->env->error);
	int rc = re ? find_all(c, all, re, &text, flags.global) : -1;
	regex_text_clear(&text);
	return rc;
}

static int matches_next(SetCall *c)
{
	Matches *all = c->state;
	if (all->at == all->n)
		return 0;
	c->value = all->items[all->at++];
	return 1;
}

const SetFn set_fns_regexp[] = {
	{ "pg_regexp_matches", 2, 3, matches_start, matches_next, NULL },
	{ NULL },
};
