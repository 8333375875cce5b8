/* string_agg over text and bytea, as aggregate and as window function. */
#include "sqlite/fn_text.h"

/* The pieces in order; a moving frame drops them from the front. The first piece's delimiter is not shown. */
typedef struct Piece {
	size_t delimiter, value;
} Piece;

typedef struct Pieces {
	Buf text;
	Piece *items;
	size_t first, n, cap, dropped;
} Pieces;

enum { COMPACT_BYTES = 65536 };

static void step(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Pieces *p = sqlite3_aggregate_context(ctx, sizeof *p);
	if (!p || sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	Str delimiter = sqlite3_value_type(argv[1]) == SQLITE_NULL ? (Str){ "", 0 } : fn_arg_str(argv[1]), value = fn_arg_str(argv[0]);
	p->items = mem_grow(p->items, &p->cap, p->n + 1, sizeof *p->items);
	p->items[p->n++] = (Piece){ delimiter.n, value.n };
	buf_put_str(&p->text, delimiter);
	buf_put_str(&p->text, value);
}

static void inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Pieces *p = sqlite3_aggregate_context(ctx, sizeof *p);
	if (!p || sqlite3_value_type(argv[0]) == SQLITE_NULL || p->first >= p->n)
		return;
	p->dropped += p->items[p->first].delimiter + p->items[p->first].value;
	p->first++;
	if (p->dropped < COMPACT_BYTES)
		return;
	buf_consume(&p->text, p->dropped);
	memmove(p->items, p->items + p->first, (p->n - p->first) * sizeof *p->items);
	p->n -= p->first;
	p->first = p->dropped = 0;
}

static bool current(sqlite3_context *ctx, Str *out)
{
	const Pieces *p = sqlite3_aggregate_context(ctx, 0);
	if (!p || p->first >= p->n)
		return false;
	size_t from = p->dropped + p->items[p->first].delimiter;
	*out = (Str){ p->text.data ? (const char *)p->text.data + from : "", p->text.len - from };
	return true;
}

static void clear(sqlite3_context *ctx)
{
	Pieces *p = sqlite3_aggregate_context(ctx, 0);
	if (!p)
		return;
	buf_free(&p->text);
	free(p->items);
	*p = (Pieces){ 0 };
}

static void text_value(sqlite3_context *ctx)
{
	Str s;
	if (current(ctx, &s))
		fn_result_str(ctx, s);
}

static void text_final(sqlite3_context *ctx)
{
	text_value(ctx);
	clear(ctx);
}

static void bytea_value(sqlite3_context *ctx)
{
	Str s;
	if (!current(ctx, &s))
		return;
	Val v = val_blob(s);
	fn_result(ctx, &v);
}

static void bytea_final(sqlite3_context *ctx)
{
	bytea_value(ctx);
	clear(ctx);
}

const SqliteAgg agg_table_text[] = {
	{ "string_agg.text,text", 2, 0, step, text_final, text_value, inverse },
	{ "string_agg.bytea,bytea", 2, 0, step, bytea_final, bytea_value, inverse },
	{ NULL },
};
