/* Lists side by side: pg_zip of pack.h. */
#include "sqlite/vtab_set.h"

#include "sqlite/pack.h"

typedef struct Zip {
	Str *lists;
	size_t n;
	Buf row;
} Zip;

static int malformed(SetCall *c)
{
	return err_set(&c->env->error, "XX000", "malformed lists of set-returning functions");
}

static int zip_start(SetCall *c)
{
	Zip *z = arena_new_of(c->a, Zip);
	Str all = set_arg_text(c, 0), body;
	char kind;
	c->state = z;
	z->lists = arena_array(c->a, Str, all.n + 1);
	while (all.n) {
		if (!pack_take(&all, &kind, &body))
			return malformed(c);
		z->lists[z->n++] = kind == 'T' ? body : (Str){ 0 };
	}
	return 0;
}

static int zip_next(SetCall *c)
{
	Zip *z = c->state;
	bool any = false;
	buf_clear(&z->row);
	for (size_t i = 0; i < z->n; i++) {
		Str *list = &z->lists[i], before = *list, body;
		char kind;
		if (!list->n) {
			buf_puts(&z->row, "N");
			continue;
		}
		if (!pack_take(list, &kind, &body))
			return malformed(c);
		buf_put(&z->row, before.p, before.n - list->n);
		any = true;
	}
	c->value = val_text(buf_str(&z->row));
	return any;
}

static void zip_finish(SetCall *c)
{
	Zip *z = c->state;
	if (z)
		buf_free(&z->row);
}

const SetFn set_fns_zip[] = {
	{ "pg_zip", 1, 1, zip_start, zip_next, zip_finish },
	{ NULL },
};
