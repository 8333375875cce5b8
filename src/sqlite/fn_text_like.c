/* LIKE, ILIKE, their escapes, and SIMILAR TO. */
#include "sqlite/fn_text.h"

#include "pgtype/text.h"

static size_t step_of(Str s, size_t at, bool utf8)
{
	return utf8 ? utf8_char_bytes(s.p + at, s.n - at) : 1;
}

/* Every % remembers where it stood, and only the last one is ever tried again: what precedes it cannot need another choice. */
int like_match(Str s, Str p, bool utf8)
{
	size_t i = 0, j = 0, star_i = 0, star_j = SIZE_MAX;
	while (i < s.n) {
		if (j < p.n && p.p[j] == '%') {
			star_i = i;
			star_j = ++j;
			continue;
		}
		if (j < p.n && p.p[j] == '_') {
			i += step_of(s, i, utf8);
			j++;
			continue;
		}
		size_t at = j < p.n && p.p[j] == '\\' ? j + 1 : j;
		if (j < p.n && at == p.n)
			return -1;
		if (at < p.n && s.p[i] == p.p[at]) {
			i++;
			j = at + 1;
			continue;
		}
		if (star_j == SIZE_MAX)
			return 0;
		star_i += step_of(s, star_i, utf8);
		i = star_i;
		j = star_j;
	}
	while (j < p.n && p.p[j] == '%')
		j++;
	return j == p.n;
}

static void result_match(sqlite3_context *ctx, int match, bool wanted)
{
	if (match < 0)
		fn_raise(ctx, "22025", "LIKE pattern must not end with escape character");
	else
		sqlite3_result_int(ctx, match == wanted);
}

static void like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_match(ctx, like_match(fn_arg_str(argv[0]), fn_arg_str(argv[1]), true), true);
}

static void not_like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_match(ctx, like_match(fn_arg_str(argv[0]), fn_arg_str(argv[1]), true), false);
}

static void bytea_like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_match(ctx, like_match(fn_arg_str(argv[0]), fn_arg_str(argv[1]), false), true);
}

static void bytea_not_like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_match(ctx, like_match(fn_arg_str(argv[0]), fn_arg_str(argv[1]), false), false);
}

static int match_folded(sqlite3_value **argv)
{
	_cleanup_(buf_free) Buf s = { 0 };
	_cleanup_(buf_free) Buf p = { 0 };
	text_lower(fn_arg_str(argv[0]), &s);
	text_lower(fn_arg_str(argv[1]), &p);
	return like_match(buf_str(&s), buf_str(&p), true);
}

static void ilike(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_match(ctx, match_folded(argv), true);
}

static void not_ilike(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	result_match(ctx, match_folded(argv), false);
}

static int bad_escape(Error *err)
{
	err_set(err, "22025", "invalid escape string");
	return err_hint(err, "Escape string must be empty or one character.");
}

static int escape_pattern(Str p, Str e, bool utf8, Buf *out, Error *err)
{
	if (e.n && step_of(e, 0, utf8) != e.n)
		return bad_escape(err);
	bool escaped = false;
	for (size_t i = 0; i < p.n;) {
		size_t n = step_of(p, i, utf8);
		Str c = { p.p + i, n };
		i += n;
		if (str_is(e, "\\")) {
			buf_put_str(out, c);
		} else if (e.n && str_eq(c, e) && !escaped) {
			buf_put_u8(out, '\\');
			escaped = true;
		} else {
			if (str_is(c, "\\") && !escaped)
				buf_put_u8(out, '\\');
			buf_put_str(out, c);
			escaped = false;
		}
	}
	return 0;
}

static void like_escape(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf out = { 0 };
	if (escape_pattern(fn_arg_str(argv[0]), fn_arg_str(argv[1]), true, &out, &fn_env(ctx)->error)) {
		buf_free(&out);
		fn_fail(ctx);
	} else {
		fn_result_buf(ctx, &out);
	}
}

static void like_escape_bytea(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf out = { 0 };
	if (escape_pattern(fn_arg_str(argv[0]), fn_arg_str(argv[1]), false, &out, &fn_env(ctx)->error)) {
		buf_free(&out);
		fn_fail(ctx);
	} else {
		fn_result_blob_buf(ctx, &out);
	}
}

typedef struct Similar {
	Buf *out;
	bool escaped, in_class;
	bool parts; /* for substring(): in a form that this program's engine runs */
	int quotes;
} Similar;

/* Closes the part before a separator and opens the next one. The part before the first matches as little as it can, the middle one is what
 * substring() returns. PostgreSQL says so by {1,1}? and {1,1}, which Tcl's engine leaves out; there a character that no text has stands
 * first and decides. */
static void similar_separator(Similar *x)
{
	if (!x->parts) {
		buf_puts(x->out, x->quotes == 0 ? "){1,1}?(" : "){1,1}(?:");
	} else if (x->quotes == 0) {
		Buf first = *x->out;
		*x->out = (Buf){ 0 };
		buf_puts(x->out, "^(?:\\uFFFF?\?(?:");
		buf_put(x->out, first.data + strlen("^(?:"), first.len - strlen("^(?:"));
		buf_puts(x->out, "))(\\uFFFF?(?:");
		buf_free(&first);
	} else {
		buf_puts(x->out, "))(?:");
	}
	x->quotes++;
}

static int similar_escaped(Similar *x, Str c, Error *err)
{
	x->escaped = false;
	if (!str_is(c, "\"") || x->in_class) {
		buf_put_u8(x->out, '\\');
		buf_put_str(x->out, c);
		return 0;
	}
	if (x->quotes == 2)
		return err_set(err, "2200C", "SQL regular expression may not contain more than two escape-double-quote separators");
	similar_separator(x);
	return 0;
}

static void similar_plain(Similar *x, Str c)
{
	char ch = c.p[0];
	if (x->in_class) {
		if (ch == '\\')
			buf_put_u8(x->out, '\\');
		buf_put_str(x->out, c);
		x->in_class = ch != ']';
	} else if (ch == '[') {
		buf_put_u8(x->out, '[');
		x->in_class = true;
	} else if (ch == '%') {
		buf_puts(x->out, ".*");
	} else if (ch == '_') {
		buf_put_u8(x->out, '.');
	} else if (ch == '(') {
		buf_puts(x->out, "(?:");
	} else {
		if (ch == '\\' || ch == '.' || ch == '^' || ch == '$')
			buf_put_u8(x->out, '\\');
		buf_put_str(x->out, c);
	}
}

int similar_to_regex(Str p, const Str *escape, bool parts, Buf *out, Error *err)
{
	Str e = escape ? *escape : (Str){ "\\", 1 };
	if (e.n && utf8_char_bytes(e.p, e.n) != e.n)
		return bad_escape(err);
	Similar x = { .out = out, .parts = parts };
	buf_puts(out, "^(?:");
	for (size_t i = 0; i < p.n;) {
		Str c = { p.p + i, utf8_char_bytes(p.p + i, p.n - i) };
		i += c.n;
		if (x.escaped) {
			if (similar_escaped(&x, c, err))
				return -1;
		} else if (e.n && str_eq(c, e)) {
			x.escaped = true;
		} else {
			similar_plain(&x, c);
		}
	}
	buf_puts(out, parts && x.quotes == 1 ? "))$" : ")$");
	return 0;
}

static void similar(sqlite3_context *ctx, sqlite3_value **argv, const Str *escape)
{
	Buf out = { 0 };
	if (similar_to_regex(fn_arg_str(argv[0]), escape, false, &out, &fn_env(ctx)->error)) {
		buf_free(&out);
		fn_fail(ctx);
	} else {
		fn_result_buf(ctx, &out);
	}
}

static void similar_1(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	similar(ctx, argv, NULL);
}

static void similar_2(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str e = fn_arg_str(argv[1]);
	similar(ctx, argv, &e);
}

/* The older form takes a NULL escape for the default one. */
static void similar_old(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	Str e = fn_arg_str(argv[1]);
	similar(ctx, argv, sqlite3_value_type(argv[1]) == SQLITE_NULL ? NULL : &e);
}

enum { PURE = FN_STRICT | FN_IMMUTABLE };

const SqliteFn fn_table_like[] = {
	{ "textlike", 2, PURE, like },
	{ "textnlike", 2, PURE, not_like },
	{ "texticlike", 2, PURE, ilike },
	{ "texticnlike", 2, PURE, not_ilike },
	{ "namelike", 2, PURE, like },
	{ "namenlike", 2, PURE, not_like },
	{ "nameiclike", 2, PURE, ilike },
	{ "nameicnlike", 2, PURE, not_ilike },
	{ "bytealike", 2, PURE, bytea_like },
	{ "byteanlike", 2, PURE, bytea_not_like },
	{ "like_escape", 2, PURE, like_escape },
	{ "like_escape_bytea", 2, PURE, like_escape_bytea },
	{ "similar_to_escape_1", 1, PURE, similar_1 },
	{ "similar_to_escape_2", 2, PURE, similar_2 },
	{ "similar_escape", 2, FN_IMMUTABLE, similar_old },
	{ NULL },
};
