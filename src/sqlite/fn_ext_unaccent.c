/* unaccent: text without its accents. */
#include "sqlite/fn_text.h"
#include "sqlite/unaccent.h"

#include "pgtype/text.h"

static uint32_t code_point(const char *p, size_t n)
{
	unsigned char c = (unsigned char)*p;
	uint32_t v = n == 1 ? c : n == 2 ? c & 0x1fu : n == 3 ? c & 0x0fu : c & 0x07u;
	for (size_t i = 1; i < n; i++)
		v = v << 6 | ((unsigned char)p[i] & 0x3f);
	return v;
}

static const char *replacement(uint32_t code)
{
	size_t lo = 0, hi = unaccent_count;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (unaccent_table[mid].code == code)
			return unaccent_table[mid].text;
		if (unaccent_table[mid].code < code)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static void unaccent(sqlite3_context *ctx, Str s)
{
	Buf b = { 0 };
	for (size_t i = 0, n; i < s.n; i += n) {
		n = utf8_char_bytes(s.p + i, s.n - i);
		const char *other = n > 1 ? replacement(code_point(s.p + i, n)) : NULL;
		if (other)
			buf_puts(&b, other);
		else
			buf_put(&b, s.p + i, n);
	}
	fn_result_buf(ctx, &b);
}

/* With one argument its text; with two the dictionary comes first, and there is only one. */
static void fn_unaccent(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	unaccent(ctx, fn_arg_str(argv[argc - 1]));
}

const SqliteFn fn_table_ext_unaccent[] = {
	{ "unaccent_dict", -1, FN_STRICT | FN_IMMUTABLE, fn_unaccent },
	{ NULL },
};
