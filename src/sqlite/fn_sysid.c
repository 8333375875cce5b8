/* xid, cid, xid8 and pg_lsn: what is more than comparing stored values. */
#include "sqlite/fn_numeric_math.h"
#include "sqlite/fn_text.h"

#include "pgtype/sysid.h"

#include <stdio.h>

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

/* The place that a ctid names: the row's number, 65535 of them in a block. */
FN(ctid)
{
	enum { PER_BLOCK = UINT16_MAX };
	int64_t row = sqlite3_value_int64(argv[0]) - 1;
	if (row < 0 || row / PER_BLOCK > UINT32_MAX) {
		fn_raise(ctx, "0A000", "the ctid of a row with the number %lld is not available in SQLite mode", (long long)row + 1);
		return;
	}
	char text[32];
	snprintf(text, sizeof text, "(%lld,%lld)", (long long)row / PER_BLOCK, (long long)row % PER_BLOCK + 1);
	sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
}

/* The number of the row with the ctid; one that no row has when it is no such place. */
FN(ctid_number)
{
	Tid t = tid_read(fn_arg_str(argv[0]));
	if (t.offset == 0)
		sqlite3_result_double(ctx, 0.5);
	else
		sqlite3_result_int64(ctx, (int64_t)t.block * UINT16_MAX + t.offset);
}

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* row_version(row number, values ...): a number that is another one when a value is. NULL where an outer join found no row. */
FN(row_version)
{
	enum { FIRST_NORMAL_XID = 3 };
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	if (sqlite3_value_type(argv[0]) == SQLITE_NULL)
		return;
	for (int i = 0; i < argc; i++) {
		Val v = fn_arg(argv[i]);
		unsigned char kind = (unsigned char)v.kind;
		h = mix(h, &kind, 1);
		if (v.kind == VAL_INT)
			h = mix(h, &v.i, sizeof v.i);
		else if (v.kind == VAL_REAL)
			h = mix(h, &v.r, sizeof v.r);
		else if (v.kind != VAL_NULL)
			h = mix(mix(h, &v.s.n, sizeof v.s.n), v.s.p, v.s.n);
	}
	uint32_t version = (uint32_t)(h ^ h >> 32);
	sqlite3_result_int64(ctx, version < FIRST_NORMAL_XID ? version + FIRST_NORMAL_XID : version);
}

const SqliteFn fn_table_sysid[] = {
	{ "ctid", 1, PURE, ctid },
	{ "ctid_number", 1, PURE, ctid_number },
	{ "row_version", -1, FN_IMMUTABLE, row_version },
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
