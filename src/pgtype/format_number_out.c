/* to_char of numbers: each type brings its value to digits in its own way. */
#include "pgtype/format_number.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

static const char *hashes(Arena *a, int n, int point)
{
	char *s = arena_alloc(a, (size_t)n + 1);
	memset(s, '#', (size_t)n);
	s[point] = '.';
	return s;
}

/* NaN and the infinities have no exponent. */
static const char *hashes_exponent(const FormatNumber *f, Arena *a)
{
	int n = f->pre + f->post + 6, point = f->pre + 1;
	char *s = arena_alloc(a, (size_t)n + 1);
	memset(s, '#', (size_t)n);
	s[0] = ' ';
	s[point] = '.';
	return s;
}

/* Digits with their sign -> the template. What does not fit is shown as #. */
static int print_fitted(const FormatNumber *f, const char *digits, Arena *a, Buf *out, Error *err)
{
	char sign = *digits == '-' ? '-' : '+';
	int spaces = 0;
	if (sign == '-')
		digits++;
	const char *point = strchr(digits, '.');
	int n = (int)(point ? (size_t)(point - digits) : strlen(digits));
	if (n < f->pre)
		spaces = f->pre - n;
	else if (n > f->pre)
		digits = hashes(a, f->pre + f->post + 1, f->pre);
	return format_number_print(f, digits, spaces, sign, out, err);
}

static int print_roman(const FormatNumber *f, int64_t v, Buf *out, Error *err)
{
	static const struct {
		int value;
		const char *text;
	} parts[] = { { 1000, "M" }, { 900, "CM" }, { 500, "D" }, { 400, "CD" }, { 100, "C" }, { 90, "XC" }, { 50, "L" },
		      { 40, "XL" },  { 10, "X" },   { 9, "IX" },  { 5, "V" },	 { 4, "IV" },  { 1, "I" } };
	_cleanup_(buf_free) Buf b = { 0 };
	if (v < 1 || v > 3999)
		buf_puts(&b, "###############");
	for (size_t i = 0; v >= 1 && v <= 3999 && i < ARRAY_LEN(parts);) {
		if (v < parts[i].value) {
			i++;
			continue;
		}
		buf_puts(&b, parts[i].text);
		v -= parts[i].value;
		if (v == 0)
			break;
	}
	return format_number_print(f, buf_cstr(&b), 0, 0, out, err);
}

/* Divides by a power of ten that leaves exactly `scale` digits after the point. */
static void move_point(Numeric *r, int exponent, int scale)
{
	r->scale += exponent;
	if (r->scale < 0) {
		numeric_scale_up(r->coef, -r->scale);
		r->scale = 0;
	}
	numeric_rescale(r, scale, false);
}

/* d.ddde+xx with a blank or a minus before it. */
static int print_scientific(const FormatNumber *f, const Numeric *v, Arena *a, Buf *out, Error *err)
{
	if (v->kind != NUM_FINITE) {
		return format_number_print(f, hashes_exponent(f, a), 0, '+', out, err);
	}
	_cleanup_(numeric_clear) Numeric r;
	_cleanup_(buf_free) Buf b = { 0 };
	numeric_init(&r);
	int exponent = numeric_sign(v) ? (int)numeric_digits(v) - 1 - v->scale : 0;
	numeric_abs(v, &r);
	numeric_round(&r, f->post - exponent, &r);
	/* a carry stays before the point: 9.99 gives 10.0e+00 */
	move_point(&r, exponent, f->post);
	buf_put_u8(&b, numeric_sign(v) < 0 ? '-' : ' ');
	numeric_print(&r, &b);
	buf_printf(&b, "e%c%02d", exponent < 0 ? '-' : '+', exponent < 0 ? -exponent : exponent);
	return format_number_print(f, buf_cstr(&b), 0, '+', out, err);
}

static int print_double_scientific(const FormatNumber *f, double v, Arena *a, Buf *out, Error *err)
{
	char *s = arena_printf(a, "%+.*e", f->post, v);
	if (*s == '+')
		*s = ' ';
	return format_number_print(f, isfinite(v) ? s : hashes_exponent(f, a), 0, '+', out, err);
}

static void power_of_ten(int n, Numeric *r)
{
	numeric_from_int8(1, r);
	numeric_scale_up(r->coef, n);
}

static int print_numeric(FormatNumber *f, const Numeric *v, Arena *a, Buf *out, Error *err)
{
	_cleanup_(numeric_clear) Numeric x, power;
	_cleanup_(buf_free) Buf b = { 0 };
	int64_t roman;
	numeric_init(&x);
	numeric_init(&power);
	numeric_set(&x, v);
	if (f->flags & NF_ROMAN) {
		numeric_round(&x, 0, &x);
		if (numeric_to_int(&x, "integer", INT32_MIN, INT32_MAX, &roman, err) < 0)
			return -1;
		return print_roman(f, roman, out, err);
	}
	if (f->flags & NF_EXPONENT) {
		return print_scientific(f, v, a, out, err);
	}
	if (f->flags & NF_SHIFT) {
		power_of_ten(f->shift, &power);
		if (numeric_mul(&x, &power, &x, err) < 0)
			return -1;
		f->pre += f->shift;
	}
	numeric_round(&x, f->post, &x);
	numeric_print(&x, &b);
	return print_fitted(f, buf_cstr(&b), a, out, err);
}

int format_numeric(const Numeric *v, Str tpl, Arena *a, Buf *out, Error *err)
{
	FormatNumber f;
	if (format_number_template(tpl, a, &f, err) < 0)
		return -1;
	return print_numeric(&f, v, a, out, err);
}

int format_int(int64_t v, int bits, Str tpl, Arena *a, Buf *out, Error *err)
{
	FormatNumber f;
	if (format_number_template(tpl, a, &f, err) < 0)
		return -1;
	if (f.flags & NF_ROMAN) {
		return print_roman(&f, v, out, err);
	}
	if (f.flags & NF_EXPONENT && bits == 32) {
		return print_double_scientific(&f, (double)v, a, out, err);
	}
	_cleanup_(numeric_clear) Numeric x;
	numeric_init(&x);
	numeric_from_int8(v, &x);
	if (f.flags & NF_SHIFT) {
		int64_t power = 1, product;
		bool over = false;
		for (int i = 0; i < f.shift; i++)
			over |= __builtin_mul_overflow(power, 10, &power);
		over |= __builtin_mul_overflow(v, power, &product);
		if (over || (bits == 32 && (product < INT32_MIN || product > INT32_MAX)))
			return err_set(err, "22003", bits == 32 ? "integer out of range" : "bigint out of range");
	}
	return print_numeric(&f, &x, a, out, err);
}

static const char *float_digits(FormatNumber *f, double v, int digits, Arena *a)
{
	if (isnan(v))
		return "NaN";
	if (isinf(v))
		return v < 0 ? "-Infinity" : "Infinity";
	int whole = (int)strlen(arena_printf(a, "%.0f", fabs(v)));
	if (whole >= digits)
		f->post = 0;
	else if (whole + f->post > digits)
		f->post = digits - whole;
	return arena_printf(a, "%.*f", f->post, v);
}

int format_float(double v, int digits, Str tpl, Arena *a, Buf *out, Error *err)
{
	FormatNumber f;
	if (format_number_template(tpl, a, &f, err) < 0)
		return -1;
	if (f.flags & NF_ROMAN) {
		double r = rint(v);
		return print_roman(&f, r >= 1 && r <= 3999 ? (int64_t)r : 0, out, err);
	}
	if (f.flags & NF_EXPONENT) {
		return print_double_scientific(&f, v, a, out, err);
	}
	if (f.flags & NF_SHIFT) {
		v *= pow(10, f.shift);
		if (digits == 6)
			v = (float)v;
		f.pre += f.shift;
	}
	return print_fitted(&f, float_digits(&f, v, digits, a), a, out, err);
}
