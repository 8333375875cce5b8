/* Texts with a grammar of their own: parse_ident, pg_size_bytes, and pg_size_pretty of numeric. */
#include "pgtype/array.h"
#include "pgtype/numeric.h"
#include "sqlite/fn_text.h"

#include <ctype.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE };

/* ---- parse_ident ---- */

typedef struct Ident {
	Arena *a;
	const char *p; /* NUL-terminated */
	Val *parts;
	size_t n, cap;
} Ident;

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static void skip_spaces(Ident *d)
{
	while (is_space(*d->p))
		d->p++;
}

static bool begins_ident(char c)
{
	return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static void add_part(Ident *d, const char *s, size_t n)
{
	if (d->n == d->cap) {
		size_t cap = d->cap ? d->cap * 2 : 4;
		Val *grown = arena_array(d->a, Val, cap);
		if (d->n)
			memcpy(grown, d->parts, d->n * sizeof *grown);
		d->parts = grown;
		d->cap = cap;
	}
	d->parts[d->n++] = val_text((Str){ s, n });
}

/* "quoted"; NULL, or why it is none. */
static const char *quoted_part(Ident *d)
{
	char *out = arena_alloc(d->a, strlen(d->p) + 1);
	size_t n = 0;
	for (d->p++; *d->p; d->p++) {
		if (*d->p == '"' && *++d->p != '"') {
			add_part(d, out, n);
			return n ? NULL : "Quoted identifier must not be empty.";
		}
		out[n++] = *d->p;
	}
	return "String has unclosed double quotes.";
}

static void plain_part(Ident *d)
{
	size_t n = 0;
	while (begins_ident(d->p[n]) || isdigit((unsigned char)d->p[n]) || d->p[n] == '$')
		n++;
	char *out = arena_strndup(d->a, d->p, n);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)out[i] < 0x80)
			out[i] = (char)tolower(out[i]);
	add_part(d, out, n);
	d->p += n;
}

/* NULL, or why the text is no name ("" when there is nothing more to say). */
static const char *read_name(Ident *d, bool strict)
{
	bool after_dot = false;
	for (;;) {
		skip_spaces(d);
		if (*d->p == '"') {
			const char *why = quoted_part(d);
			if (why)
				return why;
		} else if (begins_ident(*d->p)) {
			plain_part(d);
		} else {
			return *d->p == '.' ? "No valid identifier before \".\"." : after_dot ? "No valid identifier after \".\"." : "";
		}
		skip_spaces(d);
		if (*d->p != '.')
			return *d->p && strict ? "" : NULL;
		after_dot = true;
		d->p++;
	}
}

static void parse_ident(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Str s = fn_arg_str(argv[0]);
	Ident d = { .a = a, .p = arena_strndup(a, s.p, s.n) };
	const char *why = read_name(&d, sqlite3_value_int(argv[1]));
	if (why) {
		Error *err = &fn_env(ctx)->error;
		err_set(err, "22023", "string is not a valid identifier: \"%.*s\"", STR_ARG(s));
		if (*why)
			err_detail(err, "%s", why);
		fn_fail(ctx);
		return;
	}
	PgArray x = array_of(pgtype_builtin(25), d.parts, d.n);
	Val v = array_val(&x, a);
	fn_result(ctx, &v);
}

/* ---- sizes ---- */

static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB", "PB" };

/* Length of the number at the start of s; an exponent counts only when digits follow. 0 when there are no digits. */
static size_t number_length(const char *s)
{
	size_t i = *s == '-' || *s == '+', digits = strspn(s + i, "0123456789");
	i += digits;
	if (s[i] == '.') {
		size_t more = strspn(s + i + 1, "0123456789");
		digits += more;
		i += 1 + more;
	}
	if (!digits)
		return 0;
	if (s[i] == 'e' || s[i] == 'E') {
		size_t k = i + 1 + (s[i + 1] == '-' || s[i + 1] == '+'), power = strspn(s + k, "0123456789");
		if (power)
			i = k + power;
	}
	return i;
}

static int unit_named(const char *s)
{
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_iis(str_of(s), units[i]))
			return (int)i;
	return -1;
}

static void scale_by_unit(sqlite3_context *ctx, Str number, int unit)
{
	Error *err = &fn_env(ctx)->error;
	int64_t r;
	_cleanup_(numeric_clear) Numeric n, by;
	numeric_init(&n);
	numeric_init(&by);
	numeric_from_int8((int64_t)1 << (10 * unit), &by);
	if (numeric_parse(number, &n, err) || numeric_mul(&n, &by, &n, err) || numeric_to_int(&n, "bigint", INT64_MIN, INT64_MAX, &r, err))
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, r);
}

static void size_bytes(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Error *err = &fn_env(ctx)->error;
	Str given = fn_arg_str(argv[0]);
	_cleanup_(mem_freep) char *copy = mem_strndup(given.p, given.n);
	char *s = copy;
	while (is_space(*s))
		s++;
	size_t n = number_length(s);
	char *unit = s + n;
	while (is_space(*unit))
		unit++;
	for (size_t end = strlen(unit); end && is_space(unit[end - 1]); end--)
		unit[end - 1] = '\0';
	int u = *unit ? unit_named(unit) : 0;
	if (n && u >= 0) {
		scale_by_unit(ctx, (Str){ s, n }, u);
		return;
	}
	err_set(err, "22023", "invalid size: \"%.*s\"", STR_ARG(given));
	if (n) {
		err_detail(err, "Invalid size unit: \"%s\".", unit);
		err_hint(err, "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".");
	}
	fn_fail(ctx);
}

/* x / 2^bits, cut */
static void shift_right(Numeric *x, unsigned bits)
{
	numeric_trunc(x, 0, x);
	mpz_tdiv_q_2exp(x->coef, x->coef, bits);
}

static void size_pretty(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(numeric_clear) Numeric n, size, limit;
	numeric_init(&n);
	numeric_init(&size);
	numeric_init(&limit);
	numeric_read(fn_arg_str(argv[0]), &n);
	size_t u = 0;
	for (;; u++) {
		numeric_from_int8(u == 0 ? 10 * 1024 : 20 * 1024 - 1, &limit);
		numeric_abs(&n, &size);
		if (u + 1 == ARRAY_LEN(units) || numeric_compare(&size, &limit) < 0)
			break;
		if (n.kind == NUM_FINITE)
			shift_right(&n, u == 0 ? 9 : 10); /* from here on twice the size, to round by the last bit */
	}
	if (u > 0 && n.kind == NUM_FINITE) {
		numeric_from_int8(numeric_sign(&n) < 0 ? -1 : 1, &limit);
		if (numeric_add(&n, &limit, &n, &fn_env(ctx)->error)) {
			fn_fail(ctx);
			return;
		}
		shift_right(&n, 1);
	}
	Buf b = { 0 };
	numeric_print(&n, &b);
	buf_printf(&b, " %s", units[u]);
	fn_result_buf(ctx, &b);
}

const SqliteFn fn_table_text_parse[] = {
	{ "parse_ident", 2, PURE, parse_ident },
	{ "pg_size_bytes", 1, PURE, size_bytes },
	{ "pg_size_pretty_numeric", 1, PURE, size_pretty },
	{ NULL },
};
