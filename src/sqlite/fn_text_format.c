/* Text from values of any type: concat, format, quoting. */
#include "sqlite/fn_text.h"
#include "sqlite/keywords.h"

#include <limits.h>
#include <stdlib.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE };

static bool is_plain_ident(Str s)
{
	if (s.n == 0 || (s.p[0] >= '0' && s.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!(s.p[i] == '_' || (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return !keyword_needs_quotes(s);
}

static void put_doubled(Buf *out, Str s, char quote, bool backslashes)
{
	buf_put_u8(out, (uint8_t)quote);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == quote || (backslashes && s.p[i] == '\\'))
			buf_put_u8(out, (uint8_t)s.p[i]);
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_put_u8(out, (uint8_t)quote);
}

void text_quote_ident(Str s, Buf *out)
{
	if (is_plain_ident(s))
		buf_put_str(out, s);
	else
		put_doubled(out, s, '"', false);
}

void text_quote_literal(Str s, Buf *out)
{
	bool escapes = s.n && memchr(s.p, '\\', s.n);
	if (escapes)
		buf_put_u8(out, 'E');
	put_doubled(out, s, '\'', escapes);
}

static void quote_ident(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	text_quote_ident(fn_arg_str(argv[0]), &b);
	fn_result_buf(ctx, &b);
}

static void quote_literal(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	text_quote_literal(fn_arg_str(argv[0]), &b);
	fn_result_buf(ctx, &b);
}

static void quote_nullable(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		sqlite3_result_text(ctx, "NULL", 4, SQLITE_STATIC);
	else
		quote_literal(ctx, argc, argv);
}

static bool is_null(sqlite3_value *v)
{
	return sqlite3_value_type(v) == SQLITE_NULL;
}

/* Appends the text form of a value whose type OID is in `oid`. */
static int put_text(sqlite3_context *ctx, sqlite3_value *oid, sqlite3_value *v, Buf *out)
{
	FnEnv *env = fn_env(ctx);
	uint32_t id = (uint32_t)sqlite3_value_int64(oid);
	if (id == 25 || id == 1043 || id == 1042 || id == 19 || id == 705) {
		buf_put_str(out, fn_arg_str(v));
		return 0;
	}
	const PgType *t = fn_type(ctx, id);
	if (!t)
		return err_set(&env->error, "XX000", "cache lookup failed for type %u", id);
	Val x = fn_arg(v);
	return type_out(t, -1, &x, env->types, out, &env->error);
}

static void finish(sqlite3_context *ctx, int rc, Buf *b)
{
	if (rc == 0) {
		fn_result_buf(ctx, b);
		return;
	}
	buf_free(b);
	fn_fail(ctx);
}

static int quote_any(sqlite3_context *ctx, sqlite3_value **argv, Buf *out)
{
	_cleanup_(buf_free) Buf b = { 0 };
	if (sqlite3_value_int64(argv[0]) == 16) /* the SQL function casts to text, where a bool is a whole word */
		buf_puts(&b, sqlite3_value_int(argv[1]) ? "true" : "false");
	else if (put_text(ctx, argv[0], argv[1], &b))
		return -1;
	text_quote_literal(buf_str(&b), out);
	return 0;
}

static void quote_literal_any(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	finish(ctx, quote_any(ctx, argv, &b), &b);
}

static void quote_nullable_any(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (is_null(argv[1]))
		sqlite3_result_text(ctx, "NULL", 4, SQLITE_STATIC);
	else
		quote_literal_any(ctx, argc, argv);
}

static int concat_from(sqlite3_context *ctx, int argc, sqlite3_value **argv, int first, Str sep, Buf *out)
{
	int n = argc / 2;
	bool any = false;
	for (int i = first; i < n; i++) {
		if (is_null(argv[n + i]))
			continue;
		if (any)
			buf_put_str(out, sep);
		any = true;
		if (put_text(ctx, argv[i], argv[n + i], out))
			return -1;
	}
	return 0;
}

static void concat(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Buf b = { 0 };
	finish(ctx, concat_from(ctx, argc, argv, 0, (Str){ "", 0 }, &b), &b);
}

static void concat_ws(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int n = argc / 2;
	if (n == 0 || is_null(argv[n]))
		return;
	Buf b = { 0 };
	finish(ctx, concat_from(ctx, argc, argv, 1, fn_arg_str(argv[n]), &b), &b);
}

/* One run of format(). Arguments are numbered from 1; 0 is the format string itself. */
typedef struct Format {
	sqlite3_context *ctx;
	sqlite3_value **types, **values;
	int n, next;
	Str f;
	size_t at;
	Buf *out;
	Error *err;
} Format;

typedef struct FormatSpec {
	int arg;       /* 0 = the next one */
	int width_arg; /* -1 = the width is a constant, 0 = the next argument */
	int width;
	bool left;
} FormatSpec;

static int unterminated(Format *x)
{
	err_set(x->err, "22023", "unterminated format() type specifier");
	return err_hint(x->err, "For a single \"%%\" use \"%%%%\".");
}

/* Reads digits; *got tells whether there were any. */
static int read_number(Format *x, int *number, bool *got)
{
	int64_t v = 0;
	*got = false;
	while (x->at < x->f.n && x->f.p[x->at] >= '0' && x->f.p[x->at] <= '9') {
		v = v * 10 + (x->f.p[x->at++] - '0');
		if (v > INT_MAX)
			return err_set(x->err, "22003", "number is out of range");
		*got = true;
	}
	if (x->at >= x->f.n)
		return unterminated(x);
	*number = (int)v;
	return 0;
}

static int argument_zero(Format *x)
{
	return err_set(x->err, "22023", "format specifies argument 0, but arguments are numbered from 1");
}

static int read_width_argument(Format *x, FormatSpec *spec)
{
	bool got;
	x->at++;
	spec->width_arg = 0;
	if (x->at >= x->f.n)
		return unterminated(x);
	if (read_number(x, &spec->width_arg, &got))
		return -1;
	if (!got)
		return 0;
	if (x->f.p[x->at] != '$')
		return err_set(x->err, "22023", "width argument position must be ended by \"$\"");
	x->at++;
	if (spec->width_arg == 0)
		return argument_zero(x);
	return x->at >= x->f.n ? unterminated(x) : 0;
}

/* [n$][-][width | *[n$]], up to the type letter. */
static int read_spec(Format *x, FormatSpec *spec)
{
	int number;
	bool got;
	*spec = (FormatSpec){ .width_arg = -1 };
	if (read_number(x, &number, &got))
		return -1;
	if (got && x->f.p[x->at] != '$') {
		spec->width = number;
		return 0;
	}
	if (got) {
		if (number == 0)
			return argument_zero(x);
		spec->arg = number;
		x->at++;
		if (x->at >= x->f.n)
			return unterminated(x);
	}
	while (x->f.p[x->at] == '-') {
		spec->left = true;
		if (++x->at >= x->f.n)
			return unterminated(x);
	}
	if (x->f.p[x->at] == '*')
		return read_width_argument(x, spec);
	return read_number(x, &spec->width, &got);
}

static int take_argument(Format *x, int wanted)
{
	int arg = wanted ? wanted : x->next;
	if (arg >= x->n)
		return err_set(x->err, "22023", "too few arguments for format()");
	x->next = arg + 1;
	return arg;
}

static int resolve_width(Format *x, FormatSpec *spec)
{
	if (spec->width_arg < 0)
		return 0;
	int arg = take_argument(x, spec->width_arg);
	if (arg < 0)
		return -1;
	spec->width = 0;
	if (is_null(x->values[arg]))
		return 0;
	_cleanup_(buf_free) Buf b = { 0 };
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val v;
	if (put_text(x->ctx, x->types[arg], x->values[arg], &b) ||
	    type_in(pgtype_builtin(23), -1, buf_str(&b), fn_env(x->ctx)->types, a, &v, x->err))
		return -1;
	if (v.i == INT_MIN)
		return err_set(x->err, "22003", "number is out of range");
	spec->width = (int)v.i;
	return 0;
}

static void put_padded(Format *x, FormatSpec *spec, Str s)
{
	bool at_left = spec->left || spec->width < 0;
	size_t width = (size_t)(spec->width < 0 ? -(int64_t)spec->width : spec->width);
	size_t have = utf8_length(s.p, s.n), missing = width > have ? width - have : 0;
	if (at_left)
		buf_put_str(x->out, s);
	memset(buf_reserve(x->out, missing + 1), ' ', missing);
	x->out->len += missing;
	if (!at_left)
		buf_put_str(x->out, s);
}

static int put_conversion(Format *x, char type, FormatSpec *spec)
{
	int arg = take_argument(x, spec->arg);
	if (arg < 0)
		return -1;
	_cleanup_(buf_free) Buf plain = { 0 };
	_cleanup_(buf_free) Buf quoted = { 0 };
	if (is_null(x->values[arg])) {
		if (type == 'I')
			return err_set(x->err, "22004", "null values cannot be formatted as an SQL identifier");
		put_padded(x, spec, type == 'L' ? (Str){ "NULL", 4 } : (Str){ "", 0 });
		return 0;
	}
	if (put_text(x->ctx, x->types[arg], x->values[arg], &plain))
		return -1;
	if (type == 'I')
		text_quote_ident(buf_str(&plain), &quoted);
	else if (type == 'L')
		text_quote_literal(buf_str(&plain), &quoted);
	put_padded(x, spec, buf_str(type == 's' ? &plain : &quoted));
	return 0;
}

static int format_one(Format *x)
{
	FormatSpec spec;
	if (++x->at >= x->f.n)
		return unterminated(x);
	if (x->f.p[x->at] == '%') {
		buf_put_u8(x->out, '%');
		x->at++;
		return 0;
	}
	if (read_spec(x, &spec))
		return -1;
	const char *type = x->f.p + x->at;
	if (*type != 's' && *type != 'I' && *type != 'L') {
		size_t n = 1;
		while (x->at + n < x->f.n && ((unsigned char)type[n] & 0xC0) == 0x80)
			n++;
		err_set(x->err, "22023", "unrecognized format() type specifier \"%.*s\"", (int)n, type);
		return err_hint(x->err, "For a single \"%%\" use \"%%%%\".");
	}
	if (resolve_width(x, &spec) || put_conversion(x, *type, &spec))
		return -1;
	x->at++;
	return 0;
}

static int format_all(Format *x)
{
	while (x->at < x->f.n) {
		const char *p = x->f.p + x->at, *percent = memchr(p, '%', x->f.n - x->at);
		size_t n = percent ? (size_t)(percent - p) : x->f.n - x->at;
		buf_put(x->out, p, n);
		x->at += n;
		if (percent && format_one(x))
			return -1;
	}
	return 0;
}

static void format(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	int n = argc / 2;
	if (n == 0 || is_null(argv[n]))
		return;
	Buf b = { 0 };
	Format x = { .ctx = ctx,
		     .types = argv,
		     .values = argv + n,
		     .n = n,
		     .next = 1,
		     .f = fn_arg_str(argv[n]),
		     .out = &b,
		     .err = &fn_env(ctx)->error };
	finish(ctx, format_all(&x), &b);
}

static void format_nv(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	if (is_null(argv[0]))
		return;
	Buf b = { 0 };
	Format x = { .ctx = ctx,
		     .types = argv,
		     .values = argv,
		     .n = 1,
		     .next = 1,
		     .f = fn_arg_str(argv[0]),
		     .out = &b,
		     .err = &fn_env(ctx)->error };
	finish(ctx, format_all(&x), &b);
}

const SqliteFn fn_table_text_format[] = {
	{ "quote_ident", 1, PURE, quote_ident },
	{ "quote_literal", 1, PURE, quote_literal },
	{ "quote_nullable", 1, FN_IMMUTABLE, quote_nullable },
	{ "quote_literal_any", 1, FN_STRICT | FN_TYPED, quote_literal_any },
	{ "quote_nullable_any", 1, FN_TYPED, quote_nullable_any },
	{ "text_concat", -1, FN_TYPED, concat },
	{ "text_concat_ws", -1, FN_TYPED, concat_ws },
	{ "text_format", -1, FN_TYPED, format },
	{ "text_format_nv", 1, FN_IMMUTABLE, format_nv },
	{ NULL },
};
