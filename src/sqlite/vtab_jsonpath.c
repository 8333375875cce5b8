/* jsonb_path_query and jsonb_path_query_tz. */
#include "sqlite/vtab_set.h"

#include "sqlite/fn_jsonpath.h"

typedef struct Query {
	Json *found;
	size_t at;
} Query;

static int start(SetCall *c, bool use_tz)
{
	bool raised;
	Query *q = arena_new_of(c->a, Query);
	JsonPathArgs args = { set_arg_text(c, 0), set_arg_text(c, 1), set_arg_text(c, 2), set_arg_int(c, 3) != 0, use_tz };
	q->found = json_new(JSON_ARRAY, c->a);
	c->state = q;
	return fn_jsonpath_run(&args, c->env, c->a, q->found, &raised) == JP_FAILED && raised ? -1 : 0;
}

static int query_start(SetCall *c)
{
	return start(c, false);
}

static int query_tz_start(SetCall *c)
{
	return start(c, true);
}

static int query_next(SetCall *c)
{
	Query *q = c->state;
	_cleanup_(buf_free) Buf b = { 0 };
	if (q->at >= q->found->n)
		return 0;
	json_print(q->found->items[q->at++], &b);
	c->value = val_text((Str){ arena_strndup(c->a, (const char *)b.data, b.len), b.len });
	return 1;
}

const SetFn set_fns_jsonpath[] = {
	{ "pg_jsonb_path_query", 4, 4, query_start, query_next, NULL },
	{ "pg_jsonb_path_query_tz", 4, 4, query_tz_start, query_next, NULL },
	{ NULL },
};
