/* pg_trgm: how alike texts are, by the trigrams they share. Its thresholds are settings of the session. */
#include "catalog/vtab.h"

#include "pgtype/array.h"
#include "pgtype/content.h"

#include <stdio.h>

static int compare(Str x, Str y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int c = n ? memcmp(x.p, y.p, n) : 0;
	return c ? c : (x.n > y.n) - (x.n < y.n);
}

static double threshold(sqlite3_context *ctx, const char *name, double normal)
{
	const SessionVars *v = fn_env(ctx)->session;
	const char *set = v && v->get_setting ? v->get_setting(v->arg, name) : NULL;
	return set ? strtod(set, NULL) : normal;
}

static float ratio(size_t shared, size_t nx, size_t ny)
{
	return nx + ny == shared ? 0 : (float)shared / (float)(nx + ny - shared);
}

static float similarity(Str x, Str y)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Trigrams tx, ty;
	size_t shared = 0;
	trigrams_of(x, true, a, &tx);
	trigrams_of(y, true, a, &ty);
	for (size_t i = 0, k = 0; i < tx.n && k < ty.n;) {
		int c = compare(tx.items[i], ty.items[k]);
		shared += c == 0;
		i += c <= 0;
		k += c >= 0;
	}
	return tx.n && ty.n ? ratio(shared, tx.n, ty.n) : 0;
}

/* The search for the extent of a text that is most like a word. */
typedef struct Extent {
	const size_t *at; /* per place: the number of its trigram */
	const bool *found;
	ptrdiff_t *last; /* per trigram: its last place in the extent, or -1 */
	size_t words;	 /* trigrams of the word */
	ptrdiff_t lower; /* -1: not begun */
	size_t count, unique;
} Extent;

/* The extent now ends at `upper`, with a trigram of the word: the best begin for it, and how alike it is then. */
static float best_begin(Extent *e, ptrdiff_t upper)
{
	size_t count = e->count, unique = e->unique;
	ptrdiff_t from = e->lower;
	float best = ratio(count, e->words, unique);
	for (ptrdiff_t i = from; i <= upper; i++) {
		float r = ratio(count, e->words, unique);
		if (r > best) {
			best = r;
			e->unique = unique;
			e->count = count;
			e->lower = i;
		}
		if (e->last[e->at[i]] == i) {
			unique--;
			count -= e->found[e->at[i]];
		}
	}
	for (ptrdiff_t i = from; i < e->lower; i++)
		if (e->last[e->at[i]] == i)
			e->last[e->at[i]] = -1;
	return best;
}

static size_t place_of(const Trigrams *t, Str s)
{
	size_t lo = 0, hi = t->n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (compare(t->items[mid], s) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static float word_similarity(Str word, Str text)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Trigrams w, ordered, unique;
	trigrams_of(word, true, a, &w);
	trigrams_of(text, false, a, &ordered);
	trigrams_of(text, true, a, &unique);
	size_t *at = arena_array(a, size_t, ordered.n + 1);
	bool *found = arena_array(a, bool, unique.n + 1);
	Extent e = { .at = at, .found = found, .last = arena_array(a, ptrdiff_t, unique.n + 1), .words = w.n, .lower = -1 };
	for (size_t i = 0; i < unique.n; i++) {
		size_t k = place_of(&w, unique.items[i]);
		found[i] = k < w.n && compare(w.items[k], unique.items[i]) == 0;
		e.last[i] = -1;
	}
	float best = 0;
	for (size_t i = 0; i < ordered.n; i++) {
		size_t t = at[i] = place_of(&unique, ordered.items[i]);
		if (e.lower >= 0 || found[t]) {
			if (e.last[t] < 0) {
				e.unique++;
				e.count += found[t];
			}
			e.last[t] = (ptrdiff_t)i;
		}
		if (!found[t])
			continue;
		if (e.lower < 0) {
			e.lower = (ptrdiff_t)i;
			e.unique = 1;
		}
		float r = best_begin(&e, (ptrdiff_t)i);
		best = r > best ? r : best;
	}
	return best;
}

static void fn_similarity(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, similarity(fn_arg_str(argv[0]), fn_arg_str(argv[1])));
}

static void fn_distance(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, 1.0f - similarity(fn_arg_str(argv[0]), fn_arg_str(argv[1])));
}

static void fn_similar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_int(ctx,
			   similarity(fn_arg_str(argv[0]), fn_arg_str(argv[1])) >= threshold(ctx, "pg_trgm.similarity_threshold", 0.3));
}

static void fn_word(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, word_similarity(fn_arg_str(argv[0]), fn_arg_str(argv[1])));
}

static void fn_word_distance(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, 1.0f - word_similarity(fn_arg_str(argv[0]), fn_arg_str(argv[1])));
}

static void fn_word_distance_other(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, 1.0f - word_similarity(fn_arg_str(argv[1]), fn_arg_str(argv[0])));
}

static void word_similar(sqlite3_context *ctx, sqlite3_value *word, sqlite3_value *text)
{
	sqlite3_result_int(ctx,
			   word_similarity(fn_arg_str(word), fn_arg_str(text)) >= threshold(ctx, "pg_trgm.word_similarity_threshold", 0.6));
}

static void fn_word_similar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	word_similar(ctx, argv[0], argv[1]);
}

static void fn_word_similar_other(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	word_similar(ctx, argv[1], argv[0]);
}

/* PostgreSQL shows a trigram with other characters than ASCII as a hash of it. */
static void fn_show(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Trigrams t;
	trigrams_of(fn_arg_str(argv[0]), true, a, &t);
	Val *items = arena_array(a, Val, t.n + 1);
	for (size_t i = 0; i < t.n; i++) {
		items[i] = val_text(t.items[i]);
		if (t.items[i].n != 3) {
			fn_raise(ctx, "0A000", "show_trgm of characters that are not ASCII is not available in SQLite mode");
			return;
		}
	}
	PgArray array = array_of(pgtype_builtin(25), items, t.n);
	Val v = array_val(&array, a);
	fn_result(ctx, &v);
}

static void fn_show_limit(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	sqlite3_result_double(ctx, (float)threshold(ctx, "pg_trgm.similarity_threshold", 0.3));
}

static void fn_set_limit(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	FnEnv *env = fn_env(ctx);
	SessionVars *v = env->session;
	double limit = sqlite3_value_double(argv[0]);
	char text[40];
	snprintf(text, sizeof text, "%g", limit);
	if (limit < 0 || limit > 1)
		fn_raise(ctx, "22023", "%s is outside the valid range for parameter \"pg_trgm.similarity_threshold\" (0 .. 1)", text);
	else if (!v || !v->set_setting)
		fn_raise(ctx, "0A000", "set_limit is not available here in SQLite mode");
	else if (v->set_setting(v->arg, "pg_trgm.similarity_threshold", text, false, &env->error))
		fn_fail(ctx);
	else
		sqlite3_result_double(ctx, (float)limit);
}

enum { PURE = FN_STRICT | FN_IMMUTABLE };

const SqliteFn catalog_fn_trigram[] = {
	{ "similarity", 2, PURE, fn_similarity },
	{ "similarity_dist", 2, PURE, fn_distance },
	{ "similarity_op", 2, FN_STRICT, fn_similar },
	{ "word_similarity", 2, PURE, fn_word },
	{ "word_similarity_op", 2, FN_STRICT, fn_word_similar },
	{ "word_similarity_commutator_op", 2, FN_STRICT, fn_word_similar_other },
	{ "word_similarity_dist_op", 2, PURE, fn_word_distance },
	{ "word_similarity_dist_commutator_op", 2, PURE, fn_word_distance_other },
	{ "show_trgm", 1, PURE, fn_show },
	{ "show_limit", 0, FN_STRICT, fn_show_limit },
	{ "set_limit", 1, FN_STRICT, fn_set_limit },
	{ NULL },
};
