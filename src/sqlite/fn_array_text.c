/* array_to_string and string_to_array. */
#include "sqlite/fn_array.h"

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

static void join(sqlite3_context *ctx, sqlite3_value *type, sqlite3_value **v, bool show_nulls)
{
	FnEnv *env = fn_env(ctx);
	_cleanup_(arena_freep) Arena *a = arena_new();
	const PgType *elem = fn_array_elem(env, (uint32_t)sqlite3_value_int64(type));
	PgArray x;
	if (!elem || fn_array_read(elem, fn_arg_str(v[0]), a, &x, &env->error)) {
		fn_fail(ctx);
		return;
	}
	Buf b = { 0 };
	bool first = true;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < x.n; i++) {
		bool missing = x.items[i].kind == VAL_NULL;
		if (missing && !show_nulls)
			continue;
		if (!first)
			buf_put_str(&b, fn_arg_str(v[1]));
		first = false;
		if (missing)
			buf_put_str(&b, fn_arg_str(v[2]));
		else
			rc = type_out(elem, -1, &x.items[i], env->types, &b, &env->error);
	}
	Val r = val_text(buf_str(&b));
	if (rc)
		fn_fail(ctx);
	else
		fn_result(ctx, &r);
	buf_free(&b);
}

static void f_array_to_text(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	join(ctx, argv[0], argv + 2, false);
}

static void f_array_to_text_null(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (!is_null(argv[3]) && !is_null(argv[4]))
		join(ctx, argv[0], argv + 3, !is_null(argv[5]));
}

typedef struct Pieces {
	Val *items;
	size_t n, cap;
	bool has_null;
	Str null;
} Pieces;

static void add_piece(Pieces *p, Str s)
{
	p->items = mem_grow(p->items, &p->cap, p->n + 1, sizeof *p->items);
	p->items[p->n++] = p->has_null && str_eq(s, p->null) ? val_null() : val_text(s);
}

static size_t char_length(Str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return n < s.n ? n : s.n;
}

static void split_chars(Pieces *p, Str s)
{
	while (s.n) {
		size_t n = char_length(s);
		add_piece(p, (Str){ s.p, n });
		s.p += n;
		s.n -= n;
	}
}

static void split(Pieces *p, Str s, Str sep)
{
	for (;;) {
		const char *at = sep.n ? memmem(s.p, s.n, sep.p, sep.n) : NULL;
		if (!at)
			break;
		add_piece(p, (Str){ s.p, (size_t)(at - s.p) });
		s.n -= (size_t)(at - s.p) + sep.n;
		s.p = at + sep.n;
	}
	add_piece(p, s);
}

/* Without a separator the text falls into its characters. */
static void split_text(sqlite3_context *ctx, sqlite3_value **argv, sqlite3_value *null)
{
	if (is_null(argv[0]))
		return;
	Pieces p = { .has_null = null && !is_null(null) };
	if (p.has_null)
		p.null = fn_arg_str(null);
	Str s = fn_arg_str(argv[0]);
	if (s.n && is_null(argv[1]))
		split_chars(&p, s);
	else if (s.n)
		split(&p, s, fn_arg_str(argv[1]));
	_cleanup_(arena_freep) Arena *a = arena_new();
	PgArray x = array_of(pgtype_builtin(25), p.items, p.n);
	fn_array_result(ctx, &x, a);
	free(p.items);
}

static void f_text_to_array(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	split_text(ctx, argv, NULL);
}

static void f_text_to_array_null(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	split_text(ctx, argv, argv[2]);
}

const SqliteFn fn_table_array_text[] = {
	{ "array_to_text", 2, FN_TYPED | FN_STRICT, f_array_to_text },
	{ "array_to_text_null", 3, FN_TYPED, f_array_to_text_null },
	{ "text_to_array", 2, FN_IMMUTABLE, f_text_to_array },
	{ "text_to_array_null", 3, FN_IMMUTABLE, f_text_to_array_null },
	{ NULL },
};
