/* random and setseed: after setseed the numbers are PostgreSQL's own for that seed (xoroshiro128**, seeded by splitmix64). */
#include "catalog/vtab.h"

#include <math.h>
#include <stdio.h>

static uint64_t rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static uint64_t split_mix(uint64_t *state)
{
	uint64_t v = *state += UINT64_C(0x9E3779B97F4A7C15);
	v = (v ^ v >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	v = (v ^ v >> 27) * UINT64_C(0x94D049BB133111EB);
	return v ^ v >> 31;
}

static uint64_t next_bits(SessionVars *v)
{
	uint64_t s0 = v->random[0], sx = v->random[1] ^ s0;
	v->random[0] = rotate(s0, 24) ^ sx ^ sx << 16;
	v->random[1] = rotate(sx, 37);
	return rotate(s0 * 5, 7) * 9;
}

static void fn_random(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v = fn_env(ctx)->session;
	uint64_t bits;
	if (fn_drawn(ctx))
		return;
	if (v && v->random_seeded)
		bits = next_bits(v);
	else
		sqlite3_randomness(sizeof bits, &bits);
	fn_draw(ctx, &(Val){ .kind = VAL_REAL, .r = ldexp((double)(bits >> 12), -52) });
}

static void fn_setseed(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SessionVars *v = fn_env(ctx)->session;
	bool number = sqlite3_value_type(argv[0]) != SQLITE_TEXT; /* NaN is a text */
	double seed = number ? sqlite3_value_double(argv[0]) : NAN;
	if (!(seed >= -1 && seed <= 1)) {
		char given[32];
		snprintf(given, sizeof given, "%g", seed);
		fn_raise(ctx, "22023", "setseed parameter %s is out of allowed range [-1,1]", isnan(seed) ? "NaN" : given);
		return;
	}
	if (v) {
		uint64_t state = (uint64_t)(int64_t)((double)((UINT64_C(1) << 52) - 1) * seed);
		v->random[0] = split_mix(&state);
		v->random[1] = split_mix(&state);
		v->random_seeded = true;
	}
	sqlite3_result_text(ctx, "", 0, SQLITE_STATIC);
}

const SqliteFn catalog_fn_random[] = {
	{ "drandom", 0, 0, fn_random },
	{ "setseed", 1, FN_STRICT, fn_setseed },
	{ NULL },
};
