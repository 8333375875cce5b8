#include "pgtype/family.h"
#include "pgtype/numeric.h"

enum {
	SIGN_NEG = 0x4000,
	SIGN_NAN = 0xC000,
	SIGN_PINF = 0xD000,
	SIGN_NINF = 0xF000,
	MAX_SCALE = 0x3FFF,
	INFINITE_SCALE = 0x20 /* as PostgreSQL sends it */
};

static Val numeric_val(const Numeric *n, Arena *a)
{
	Buf b = { 0 };
	numeric_print(n, &b);
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

static int numeric_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	if (numeric_parse(text, &n, err) || numeric_apply_typmod(&n, typmod, err))
		return -1;
	*out = numeric_val(&n, a);
	return 0;
}

static int numeric_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (bytes.n < 8)
		return family_check_length(bytes, 8, err);
	const char *p = bytes.p;
	int ndigits = get_u16(p), weight = (int16_t)get_u16(p + 2), sign = get_u16(p + 4), scale = get_u16(p + 6);
	if (family_check_length(bytes, 8 + 2 * (size_t)ndigits, err))
		return -1;
	if (sign != 0 && sign != SIGN_NEG && sign != SIGN_NAN && sign != SIGN_PINF && sign != SIGN_NINF)
		return err_set(err, "22P03", "invalid sign in external \"numeric\" value");
	if (scale > MAX_SCALE)
		return err_set(err, "22P03", "invalid scale in external \"numeric\" value");
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	for (int i = 0; i < ndigits; i++) {
		unsigned d = get_u16(p + 8 + 2 * i);
		if (d >= 10000)
			return err_set(err, "22P03", "invalid digit in external \"numeric\" value");
		mpz_mul_ui(n.coef, n.coef, 10000);
		mpz_add_ui(n.coef, n.coef, d);
	}
	if (sign >= SIGN_NAN) {
		numeric_set_special(&n, sign == SIGN_NAN ? NUM_NAN : sign == SIGN_PINF ? NUM_PINF : NUM_NINF);
	} else {
		n.scale = 4 * (ndigits - 1 - weight);
		if (n.scale < 0) {
			numeric_scale_up(n.coef, -n.scale);
			n.scale = 0;
		}
		numeric_rescale(&n, scale, false);
		if (sign == SIGN_NEG)
			mpz_neg(n.coef, n.coef);
	}
	if (numeric_check(&n, err) || numeric_apply_typmod(&n, typmod, err))
		return -1;
	*out = numeric_val(&n, a);
	return 0;
}

static int send_special(NumKind kind, Buf *out)
{
	buf_put_u32(out, 0);
	buf_put_u16(out, kind == NUM_NAN ? SIGN_NAN : kind == NUM_PINF ? SIGN_PINF : SIGN_NINF);
	buf_put_u16(out, kind == NUM_NAN ? 0 : INFINITE_SCALE);
	return 0;
}

static int numeric_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_read(v->s, &n);
	if (n.kind != NUM_FINITE)
		return send_special(n.kind, out);
	int scale = n.scale, sign = mpz_sgn(n.coef);
	numeric_rescale(&n, (scale + 3) / 4 * 4, false);
	mpz_abs(n.coef, n.coef);
	/* Base-10000 digits come out last one first. */
	size_t cap = mpz_sizeinbase(n.coef, 10) / 4 + 2, count = 0;
	_cleanup_(mem_freep) uint16_t *digits = mem_alloc(cap * sizeof *digits);
	while (mpz_sgn(n.coef) != 0)
		digits[count++] = (uint16_t)mpz_tdiv_q_ui(n.coef, n.coef, 10000);
	int weight = (int)count - 1 - n.scale / 4;
	size_t low = 0;
	while (low < count && digits[low] == 0)
		low++;
	buf_put_u16(out, (uint16_t)(count - low));
	buf_put_u16(out, count ? (uint16_t)weight : 0);
	buf_put_u16(out, sign < 0 ? SIGN_NEG : 0);
	buf_put_u16(out, (uint16_t)scale);
	for (size_t i = count; i > low; i--)
		buf_put_u16(out, digits[i - 1]);
	return 0;
}

static int numeric_compare_vals(const PgType *t, const Val *x, const Val *y)
{
	return numeric_compare_text(x->s, y->s);
}

static int numeric_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_read(v->s, &n);
	if (numeric_apply_typmod(&n, typmod, err))
		return -1;
	*out = numeric_val(&n, a);
	return 0;
}

const TypeFamily family_numeric = { numeric_in,		  family_text_out, numeric_recv, numeric_send,
				    numeric_compare_vals, numeric_typmod,  "TEXT",	 "pgnumeric" };
