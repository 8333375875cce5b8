/* What functions that give another value at each call gave to the statement that runs. */
#include "sqlite/fn.h"

enum { MAX_DRAWS = 10000 }; /* per statement; one that draws more cannot be run again */

void fn_draws_begin(FnEnv *env)
{
	env->draws.n = 0;
	env->draws.lost = !env->draws.keep;
	env->draws.again = false;
}

bool fn_draws_repeat(FnEnv *env)
{
	env->draws.at = 0;
	env->draws.again = !env->draws.lost;
	return env->draws.again;
}

void fn_draws_free(FnEnv *env)
{
	free(env->draws.items);
	env->draws = (FnDraws){ 0 };
}

bool fn_drawn(sqlite3_context *ctx)
{
	FnDraws *d = &fn_env(ctx)->draws;
	if (!d->again)
		return false;
	if (!d->n) {
		sqlite3_result_null(ctx);
		return true;
	}
	/* SQLite computes the row number of a single row once more after BEFORE triggers: it is the last value drawn. */
	const FnDraw *x = &d->items[d->at < d->n ? d->at++ : d->n - 1];
	Val v = x->v;
	if (v.kind == VAL_TEXT)
		v.s.p = x->text;
	fn_result(ctx, &v);
	return true;
}

void fn_draw(sqlite3_context *ctx, const Val *v)
{
	FnDraws *d = &fn_env(ctx)->draws;
	fn_result(ctx, v);
	if (!d->keep || d->n == MAX_DRAWS || (v->kind == VAL_TEXT && v->s.n > sizeof d->items->text)) {
		d->lost = true;
		return;
	}
	d->items = mem_grow(d->items, &d->cap, d->n + 1, sizeof *d->items);
	FnDraw *x = &d->items[d->n++];
	x->v = *v;
	if (v->kind == VAL_TEXT)
		memcpy(x->text, v->s.p, v->s.n);
}
