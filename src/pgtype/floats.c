#include "pgtype/floats.h"
#include "pgtype/family.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

double float8_of(const Val *v)
{
	if (v->kind == VAL_REAL)
		return v->r;
	return v->kind == VAL_INT ? (double)v->i : NAN;
}

Val float8_val(double v)
{
	return isnan(v) ? val_text(str_of("NaN")) : val_real(v);
}

int float8_compare(double x, double y)
{
	if (isnan(x) || isnan(y))
		return (isnan(x) != 0) - (isnan(y) != 0);
	return (x > y) - (x < y);
}

static bool print_special(double v, Buf *out)
{
	if (isnan(v))
		buf_puts(out, "NaN");
	else if (isinf(v))
		buf_puts(out, v < 0 ? "-Infinity" : "Infinity");
	else
		return false;
	return true;
}

/* Whether the decimal text lies strictly nearer to v than to v's neighbours. A decimal exactly half way reads back as the even
 * neighbour, yet PostgreSQL does not use it. Half-way points have one bit more than v, which the wider type holds exactly. */
static bool reads_back(const char *text, double v, bool single)
{
	if (single) {
		float f = (float)v;
		if (strtof(text, NULL) != f)
			return false;
		double exact = strtod(text, NULL);
		return exact != ((double)f + nextafterf(f, INFINITY)) / 2 && exact != ((double)f + nextafterf(f, -INFINITY)) / 2;
	}
	if (strtod(text, NULL) != v)
		return false;
	if (fabs(v) < 9007199254740992.0)
		return true;
	long double exact = strtold(text, NULL);
	return exact != ((long double)v + nextafter(v, INFINITY)) / 2 && exact != ((long double)v + nextafter(v, -INFINITY)) / 2;
}

/* Adds one to the last digit of a "d.ddde+xx" text; false when that carries into a new digit. */
static bool bump_last_digit(char *text)
{
	char *p = strchr(text, 'e') - 1;
	for (; p >= text; p--) {
		if (*p == '.')
			continue;
		if (*p < '0' || *p > '9')
			return false;
		if (*p < '9') {
			(*p)++;
			return true;
		}
		*p = '0';
	}
	return false;
}

static void shortest_digits(double v, bool single, char *text, size_t cap)
{
	int most = single ? 8 : 16;
	int unused;
	/* Just above a power of two the neighbours are unequally far, so the shortest text may not be the nearest of its length. */
	bool power = single ? fabsf(frexpf((float)v, &unused)) == 0.5F : fabs(frexp(v, &unused)) == 0.5;
	for (int n = 0; n <= most; n++) {
		snprintf(text, cap, "%.*e", n, v);
		if (reads_back(text, v, single))
			return;
		if (power && bump_last_digit(text) && reads_back(text, v, single))
			return;
	}
	snprintf(text, cap, "%.*e", most, v);
}

/* From "d.ddde+xx" to PostgreSQL's form: plain digits while the exponent lies between -4 and `limit`. */
static void print_shortest(double v, bool single, int limit, Buf *out)
{
	char text[40];
	shortest_digits(fabs(v), single, text, sizeof text);
	char *e = strchr(text, 'e');
	int exponent = (int)strtol(e + 1, NULL, 10);
	char digits[32];
	int n = 0;
	for (char *p = text; p < e; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (signbit(v))
		buf_put_u8(out, '-');
	if (exponent < -4 || exponent >= limit) {
		buf_put(out, digits, 1);
		if (n > 1) {
			buf_put_u8(out, '.');
			buf_put(out, digits + 1, (size_t)n - 1);
		}
		buf_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
	} else if (exponent < 0) {
		buf_puts(out, "0.");
		for (int i = -1; i > exponent; i--)
			buf_put_u8(out, '0');
		buf_put(out, digits, (size_t)n);
	} else {
		for (int i = 0; i <= exponent || i < n; i++) {
			if (i == exponent + 1)
				buf_put_u8(out, '.');
			buf_put_u8(out, i < n ? (uint8_t)digits[i] : '0');
		}
	}
}

static int limited_digits(int most, int extra)
{
	int n = most + extra;
	return n < 1 ? 1 : n;
}

void float8_print(double v, int extra_float_digits, Buf *out)
{
	if (print_special(v, out))
		return;
	if (extra_float_digits > 0) {
		print_shortest(v, false, 15, out);
		return;
	}
	buf_printf(out, "%.*g", limited_digits(15, extra_float_digits), v);
}

void float4_print(float v, int extra_float_digits, Buf *out)
{
	if (print_special(v, out))
		return;
	if (extra_float_digits > 0) {
		print_shortest(v, true, 6, out);
		return;
	}
	buf_printf(out, "%.*g", limited_digits(6, extra_float_digits), (double)v);
}

/* NaN and Infinity in PostgreSQL's spellings, whatever else the C library would take. */
static bool parse_special(Str s, double *out)
{
	bool negative = s.n && s.p[0] == '-';
	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s.p++, s.n--;
	if (str_iis(s, "nan")) {
		*out = NAN;
		return true;
	}
	if (str_iis(s, "infinity") || str_iis(s, "inf")) {
		*out = negative ? -INFINITY : INFINITY;
		return true;
	}
	return false;
}

static int parse_float(Str text, bool single, double *out, Error *err)
{
	const char *name = single ? "real" : "double precision";
	Str s = str_trim(text);
	if (parse_special(s, out))
		return 0;
	_cleanup_(mem_freep) char *copy = mem_strndup(s.p ? s.p : "", s.n);
	char *end;
	errno = 0;
	double v = single ? (double)strtof(copy, &end) : strtod(copy, &end);
	/* The C library knows more spellings of NaN and infinity than PostgreSQL; those arrive here without ERANGE. */
	if (end == copy || (size_t)(end - copy) != s.n || (!isfinite(v) && errno != ERANGE))
		return family_bad_text(err, name, text);
	if (errno == ERANGE && (v == 0 || isinf(v)))
		return err_set(err, "22003", "\"%s\" is out of range for type %s", copy, name);
	*out = v;
	return 0;
}

int float8_parse(Str text, double *out, Error *err)
{
	return parse_float(text, false, out, err);
}

int float4_parse(Str text, float *out, Error *err)
{
	double v;
	if (parse_float(text, true, &v, err))
		return -1;
	*out = (float)v;
	return 0;
}

static int float8_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	double v;
	if (float8_parse(text, &v, err))
		return -1;
	*out = float8_val(v);
	return 0;
}

static int float4_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	float v;
	if (float4_parse(text, &v, err))
		return -1;
	*out = float8_val(v);
	return 0;
}

static int float8_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	float8_print(float8_of(v), env->extra_float_digits, out);
	return 0;
}

static int float4_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	float4_print((float)float8_of(v), env->extra_float_digits, out);
	return 0;
}

static int float8_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 8, err))
		return -1;
	uint64_t bits = get_u64(bytes.p);
	double v;
	memcpy(&v, &bits, sizeof v);
	*out = float8_val(v);
	return 0;
}

static int float4_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (family_check_length(bytes, 4, err))
		return -1;
	uint32_t bits = get_u32(bytes.p);
	float v;
	memcpy(&v, &bits, sizeof v);
	*out = float8_val(v);
	return 0;
}

static int float8_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	double d = float8_of(v);
	uint64_t bits;
	memcpy(&bits, &d, sizeof bits);
	buf_put_u64(out, bits);
	return 0;
}

static int float4_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	float f = (float)float8_of(v);
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	buf_put_u32(out, bits);
	return 0;
}

static int float_compare(const PgType *t, const Val *x, const Val *y)
{
	return float8_compare(float8_of(x), float8_of(y));
}

/* Declared BLOB, so that SQLite applies no affinity: REAL would store whole numbers as integers and lose the sign of -0. */
const TypeFamily family_float4 = { float4_in, float4_out, float4_recv, float4_send, float_compare, NULL, "BLOB", NULL };
const TypeFamily family_float8 = { float8_in, float8_out, float8_recv, float8_send, float_compare, NULL, "BLOB", NULL };
