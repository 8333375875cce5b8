/* xid, cid, xid8 and pg_lsn: what is more than comparing stored values. */
#include "sqlite/fn_numeric_math.h"
#include "sqlite/fn_text.h"

#include "pgtype/sysid.h"

#define FN(name) static void name(sqlite3_context *ctx, int argc, sqlite3_value **argv)

enum { PURE = FN_STRICT | FN_IMMUTABLE };

/* The other side may be an integer, which has a sign. */
static bool same_id(sqlite3_value **argv)
{
	return (uint32_t)sqlite3_value_int64(argv[0]) == (uint32_t)sqlite3_value_int64(argv[1]);
}

FN(id_equal)
{
	sqlite3_result_int(ctx, same_id(argv));
}

FN(id_differs)
{
	sqlite3_result_int(ctx, !same_id(argv));
}

FN(xid8_to_xid)
{
	sqlite3_result_int64(ctx, (uint32_t)xid8_read(fn_arg_str(argv[0])));
}

FN(xid8_compare)
{
	uint64_t x = xid8_read(fn_arg_str(argv[0])), y = xid8_read(fn_arg_str(argv[1]));
	sqlite3_result_int(ctx, (x > y) - (x < y));
}

static void lsn_number(sqlite3_value *v, Numeric *n)
{
	uint64_t lsn = 0;
	lsn_parse(fn_arg_str(v), &lsn, NULL);
	numeric_init(n);
	n->kind = NUM_FINITE;
	n->scale = 0;
	mpz_set_ui(n->coef, lsn);
}

static void lsn_of_number(sqlite3_context *ctx, const Numeric *n)
{
	_cleanup_(numeric_clear) Numeric whole;
	numeric_init(&whole);
	if (n->kind != NUM_FINITE) {
		fn_raise(ctx, "0A000", "cannot convert infinity to pg_lsn");
		return;
	}
	numeric_round(n, 0, &whole);
	if (mpz_sgn(whole.coef) < 0 || mpz_sizeinbase(whole.coef, 2) > 64) {
		fn_raise(ctx, "22023", "pg_lsn out of range");
		return;
	}
	Buf b = { 0 };
	lsn_print(mpz_get_ui(whole.coef), &b);
	fn_result_buf(ctx, &b);
}

FN(lsn_difference)
{
	_cleanup_(numeric_clear) Numeric x;
	lsn_number(argv[0], &x);
	_cleanup_(numeric_clear) Numeric y;
	lsn_number(argv[1], &y);
	mpz_sub(x.coef, x.coef, y.coef);
	fn_numeric_result(ctx, &x);
}

static void lsn_move(sqlite3_context *ctx, sqlite3_value **argv, bool forth)
{
	_cleanup_(numeric_clear) Numeric x;
	lsn_number(argv[0], &x);
	_cleanup_(numeric_clear) Numeric by;
	fn_numeric_arg(argv[1], &by);
	Error *err = &fn_env(ctx)->error;
	if (by.kind == NUM_NAN)
		fn_raise(ctx, "0A000", forth ? "cannot add NaN to pg_lsn" : "cannot subtract NaN from pg_lsn");
	else if (forth ? numeric_add(&x, &by, &x, err) : numeric_sub(&x, &by, &x, err))
		fn_fail(ctx);
	else
		lsn_of_number(ctx, &x);
}

FN(lsn_plus)
{
	lsn_move(ctx, argv, true);
}

FN(lsn_minus)
{
	lsn_move(ctx, argv, false);
}

FN(number_to_lsn)
{
	_cleanup_(numeric_clear) Numeric n;
	fn_numeric_arg(argv[0], &n);
	if (n.kind == NUM_NAN)
		fn_raise(ctx, "0A000", "cannot convert NaN to pg_lsn");
	else
		lsn_of_number(ctx, &n);
}

const SqliteFn fn_table_sysid[] = {
	{ "xideq", 2, PURE, id_equal },
	{ "xidneq", 2, PURE, id_differs },
	{ "xid8toxid", 1, PURE, xid8_to_xid },
	{ "xid8cmp", 2, PURE, xid8_compare },
	{ "pg_lsn_mi", 2, PURE, lsn_difference },
	{ "pg_wal_lsn_diff", 2, PURE, lsn_difference },
	{ "pg_lsn_pli", 2, PURE, lsn_plus },
	{ "pg_lsn_mii", 2, PURE, lsn_minus },
	{ "numeric_pg_lsn", 1, PURE, number_to_lsn },
	{ NULL },
};
