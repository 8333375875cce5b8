/* unnest, generate_subscripts and pg_options_to_table. */
#include "sqlite/vtab_set.h"

#include "sqlite/fn_array.h"

typedef struct Unnest {
	PgArray x;
	size_t at;
} Unnest;

/* pg_unnest(element type, array) */
static int unnest_start(SetCall *c)
{
	Unnest *u = arena_new_of(c->a, Unnest);
	c->state = u;
	const PgType *elem = fn_env_type(c->env, (uint32_t)set_arg_int(c, 0));
	if (!elem)
		return err_set(&c->env->error, "XX000", "cache lookup failed for type %u", (uint32_t)set_arg_int(c, 0));
	return fn_array_read(elem, set_arg_text(c, 1), c->a, &u->x, &c->env->error);
}

static int unnest_next(SetCall *c)
{
	Unnest *u = c->state;
	if (u->at >= u->x.n)
		return 0;
	c->value = u->x.items[u->at++];
	return 1;
}

typedef struct Subscripts {
	int64_t at, last;
	int step;
} Subscripts;

/* pg_generate_subscripts(array, dimension[, reverse]); bounds do not depend on the element type. */
static int subscripts_start(SetCall *c)
{
	Subscripts *s = arena_new_of(c->a, Subscripts);
	PgArray x;
	c->state = s;
	*s = (Subscripts){ .at = 1, .last = 0, .step = 1 };
	if (fn_array_read(pgtype_builtin(25), set_arg_text(c, 0), c->a, &x, &c->env->error))
		return -1;
	int64_t dim = set_arg_int(c, 1);
	if (dim < 1 || dim > x.ndim)
		return 0;
	s->at = x.lower[dim - 1];
	s->last = s->at + x.dims[dim - 1] - 1;
	if (c->argc > 2 && set_arg_int(c, 2)) {
		int64_t first = s->at;
		*s = (Subscripts){ .at = s->last, .last = first, .step = -1 };
	}
	return 0;
}

static int subscripts_next(SetCall *c)
{
	Subscripts *s = c->state;
	if (s->step > 0 ? s->at > s->last : s->at < s->last)
		return 0;
	c->value = val_int(s->at);
	s->at += s->step;
	return 1;
}

/* pg_options_to_table(array of name=value) */
static int options_start(SetCall *c)
{
	Unnest *u = arena_new_of(c->a, Unnest);
	c->state = u;
	c->row = arena_array(c->a, Val, 2);
	return fn_array_read(pgtype_builtin(25), set_arg_text(c, 0), c->a, &u->x, &c->env->error);
}

static int options_next(SetCall *c)
{
	Unnest *u = c->state;
	if (u->at >= u->x.n)
		return 0;
	Str s = u->x.items[u->at++].s;
	const char *eq = memchr(s.p, '=', s.n);
	size_t n = eq ? (size_t)(eq - s.p) : s.n;
	c->row[0] = val_text((Str){ s.p, n });
	c->row[1] = eq ? val_text((Str){ eq + 1, s.n - n - 1 }) : val_null();
	return 1;
}

/* pg_expandarray(element type, array): the elements and their numbers from 1. */
static int expand_start(SetCall *c)
{
	c->row = arena_array(c->a, Val, 2);
	return unnest_start(c);
}

static int expand_next(SetCall *c)
{
	Unnest *u = c->state;
	if (u->at >= u->x.n)
		return 0;
	c->row[0] = u->x.items[u->at++];
	c->row[1] = val_int((int64_t)u->at);
	return 1;
}

const SetFn set_fns_array[] = {
	{ "pg_expandarray", 2, 2, expand_start, expand_next, NULL, "x,n", 2 },
	{ "pg_unnest", 2, 2, unnest_start, unnest_next, NULL },
	{ "pg_generate_subscripts", 2, 3, subscripts_start, subscripts_next, NULL },
	{ "pg_options_to_table", 1, 1, options_start, options_next, NULL, "option_name,option_value", 2 },
	{ NULL },
};
