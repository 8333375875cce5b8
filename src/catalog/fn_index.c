/* What an index and its access method can do: pg_indexam_has_property, pg_index_has_property, pg_index_column_has_property. */
#include "catalog/vtab.h"

#include <strings.h>

typedef struct Method {
	const char *name;
	uint32_t oid; /* pg_am.oid */
	/* Properties, separated by blanks, of the method, of an index, of a key column; '?' after one: it depends on the operator class. */
	const char *method, *index, *column;
} Method;

static const Method methods[] = {
	{ "btree", 403, "can_order can_unique can_multi_col can_exclude can_include", "clusterable index_scan bitmap_scan backward_scan",
	  "orderable returnable search_array search_nulls" },
	{ "hash", 405, "can_exclude", "index_scan bitmap_scan backward_scan", "" },
	{ "gist", 783, "can_multi_col can_exclude can_include", "clusterable index_scan bitmap_scan",
	  "distance_orderable? returnable? search_nulls" },
	{ "gin", 2742, "can_multi_col", "bitmap_scan", "" },
	{ "spgist", 4000, "can_exclude can_include", "index_scan bitmap_scan", "distance_orderable? returnable? search_nulls" },
	{ "brin", 3580, "can_multi_col", "bitmap_scan", "search_nulls" },
};

uint32_t catalog_method_oid(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (streq(methods[i].name, name))
			return methods[i].oid;
	return methods[0].oid;
}

static const char method_words[] = "can_order can_unique can_multi_col can_exclude can_include";
static const char index_words[] = "clusterable index_scan bitmap_scan backward_scan";
static const char column_words[] = "orderable distance_orderable returnable search_array search_nulls";

typedef enum { NO, YES, UNKNOWN } Answer;

static Answer has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = list; n && *p;) {
		size_t len = strcspn(p, " ");
		bool open = p[len - 1] == '?';
		if (len - open == n && strncasecmp(p, word, n) == 0)
			return open ? UNKNOWN : YES;
		p += len + (p[len] == ' ');
	}
	return NO;
}

/* NULL for a property that no method has. */
static void answer(sqlite3_context *ctx, const char *known, const char *list, const char *property)
{
	Answer a = has_word(list, property);
	if (a != UNKNOWN && has_word(known, property) == YES)
		sqlite3_result_int(ctx, a == YES);
}

static const CatIndex *the_index(sqlite3_context *ctx, sqlite3_value *oid, const Method **m)
{
	const CatIndex *x = catalog_index(fn_env(ctx)->catalog, (uint32_t)sqlite3_value_int64(oid));
	for (size_t i = 0; x && i < ARRAY_LEN(methods); i++)
		if (streq(methods[i].name, x->method ? x->method : "btree")) {
			*m = &methods[i];
			return x;
		}
	return NULL;
}

static void f_method(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (methods[i].oid == (uint32_t)sqlite3_value_int64(argv[0]))
			answer(ctx, method_words, methods[i].method, (const char *)sqlite3_value_text(argv[1]));
}

static void f_index(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const Method *m;
	if (the_index(ctx, argv[0], &m))
		answer(ctx, index_words, m->index, (const char *)sqlite3_value_text(argv[1]));
}

static void f_column(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	static const struct {
		const char *word;
		int mask, value; /* of the column's indoption */
	} orders[] = { { "asc", 1, 0 }, { "desc", 1, 1 }, { "nulls_first", 2, 2 }, { "nulls_last", 2, 0 } };
	const Method *m;
	const CatIndex *x = the_index(ctx, argv[0], &m);
	const char *property = (const char *)sqlite3_value_text(argv[2]);
	int64_t k = sqlite3_value_int64(argv[1]);
	if (!x || k < 1 || k > (int64_t)x->nkeys)
		return;
	for (size_t i = 0; i < ARRAY_LEN(orders); i++)
		if (strcasecmp(orders[i].word, property) == 0)
			sqlite3_result_int(ctx, m == methods && (x->options[k - 1] & orders[i].mask) == orders[i].value);
	answer(ctx, column_words, m->column, property);
}

const SqliteFn catalog_fn_index[] = {
	{ "pg_indexam_has_property", 2, FN_STRICT, f_method },
	{ "pg_index_has_property", 2, FN_STRICT, f_index },
	{ "pg_index_column_has_property", 3, FN_STRICT, f_column },
	{ NULL },
};
