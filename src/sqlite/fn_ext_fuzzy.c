/* fuzzystrmatch: the distance of Levenshtein, and Soundex. */
#include "sqlite/fn_text.h"

#include "pgtype/text.h"

enum { MAX_CHARS = 255, PURE = FN_STRICT | FN_IMMUTABLE };

typedef struct Costs {
	int64_t insert, remove, change;
} Costs;

/* Byte offsets of the characters of `s`, and its end. -1 when there are too many. */
static int split(Str s, size_t at[MAX_CHARS + 2])
{
	int n = 0;
	for (size_t i = 0; i < s.n; i += utf8_char_bytes(s.p + i, s.n - i)) {
		if (n == MAX_CHARS)
			return -1;
		at[n++] = i;
	}
	at[n] = s.n;
	return n;
}

static bool same(Str x, const size_t *ax, int i, Str y, const size_t *ay, int k)
{
	size_t n = ax[i + 1] - ax[i];
	return n == ay[k + 1] - ay[k] && memcmp(x.p + ax[i], y.p + ay[k], n) == 0;
}

static int64_t least(int64_t a, int64_t b, int64_t c)
{
	int64_t m = a < b ? a : b;
	return m < c ? m : c;
}

static void distance(sqlite3_context *ctx, sqlite3_value **argv, Costs c, int64_t most)
{
	size_t ax[MAX_CHARS + 2], ay[MAX_CHARS + 2];
	int64_t row[MAX_CHARS + 1];
	Str x = fn_arg_str(argv[0]), y = fn_arg_str(argv[1]);
	int nx = split(x, ax), ny = split(y, ay);
	if (nx < 0 || ny < 0) {
		fn_raise(ctx, "22023", "levenshtein argument exceeds maximum length of %d characters", MAX_CHARS);
		return;
	}
	for (int k = 0; k <= ny; k++)
		row[k] = k * c.insert;
	for (int i = 0; i < nx; i++) {
		int64_t corner = row[0];
		row[0] += c.remove;
		for (int k = 0; k < ny; k++) {
			int64_t above = row[k + 1];
			row[k + 1] = least(above + c.remove, row[k] + c.insert, corner + (same(x, ax, i, y, ay, k) ? 0 : c.change));
			corner = above;
		}
	}
	int64_t d = row[ny];
	sqlite3_result_int64(ctx, most >= 0 && d > most ? most + 1 : d);
}

static Costs costs(sqlite3_value **argv)
{
	return (Costs){ sqlite3_value_int(argv[2]), sqlite3_value_int(argv[3]), sqlite3_value_int(argv[4]) };
}

static void levenshtein(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	distance(ctx, argv, (Costs){ 1, 1, 1 }, -1);
}

static void levenshtein_costs(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	distance(ctx, argv, costs(argv), -1);
}

static void levenshtein_most(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	distance(ctx, argv, (Costs){ 1, 1, 1 }, sqlite3_value_int(argv[2]));
}

static void levenshtein_costs_most(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	distance(ctx, argv, costs(argv), sqlite3_value_int(argv[5]));
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char code_of(char c)
{
	static const char codes[] = "01230120022455012623010202";
	return is_letter(c) ? codes[(c | 32) - 'a'] : 0;
}

/* A letter and three digits; "" when there is no letter. */
static void soundex_of(Str s, char out[5])
{
	size_t at = 0, n = 0;
	while (at < s.n && !is_letter(s.p[at]))
		at++;
	memset(out, 0, 5);
	if (at == s.n)
		return;
	out[n++] = (char)(s.p[at] & ~32);
	for (at++; at < s.n && n < 4; at++)
		if (is_letter(s.p[at]) && code_of(s.p[at]) != code_of(s.p[at - 1]) && code_of(s.p[at]) != '0')
			out[n++] = code_of(s.p[at]);
	while (n < 4)
		out[n++] = '0';
}

static void soundex(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	char code[5];
	soundex_of(fn_arg_str(argv[0]), code);
	fn_result_str(ctx, str_of(code));
}

static void difference(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	char x[5], y[5];
	int n = 0;
	soundex_of(fn_arg_str(argv[0]), x);
	soundex_of(fn_arg_str(argv[1]), y);
	for (int i = 0; i < 4; i++)
		n += x[i] == y[i];
	sqlite3_result_int(ctx, n);
}

const SqliteFn fn_table_ext_fuzzy[] = {
	{ "levenshtein", 2, PURE, levenshtein },
	{ "levenshtein_with_costs", 5, PURE, levenshtein_costs },
	{ "levenshtein_less_equal", 3, PURE, levenshtein_most },
	{ "levenshtein_less_equal_with_costs", 6, PURE, levenshtein_costs_most },
	{ "soundex", 1, PURE, soundex },
	{ "difference", 2, PURE, difference },
	{ NULL },
};
