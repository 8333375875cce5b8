/* What groups can compute, and how. */
#include "sqlite/group.h"

#include "pgtype/floats.h"

#include <stdio.h>

static int count_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	s->n++;
	return 0;
}

static int count_result(const GroupState *s, Arena *a, Val *out, Error *err)
{
	*out = val_int(s->n);
	return 0;
}

static int int_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	int_total_add(&s->ints, sqlite3_value_int64(v), 1);
	return 0;
}

static int int_sum(const GroupState *s, Arena *a, Val *out, Error *err)
{
	return int_total_whole(&s->ints, "bigint", out, err);
}

static int int8_sum(const GroupState *s, Arena *a, Val *out, Error *err)
{
	return int_total_numeric(&s->ints, a, out);
}

static int int_average(const GroupState *s, Arena *a, Val *out, Error *err)
{
	return int_total_average(&s->ints, a, out, err);
}

static int num_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	if (!s->nums)
		s->nums = mem_alloc(sizeof *s->nums);
	return num_total_add(s->nums, fn_arg_str(v), 1, err);
}

static int num_sum(const GroupState *s, Arena *a, Val *out, Error *err)
{
	*out = val_null();
	return s->nums ? num_total_sum(s->nums, a, out, err) : 0;
}

static int num_average(const GroupState *s, Arena *a, Val *out, Error *err)
{
	*out = val_null();
	return s->nums ? num_total_average(s->nums, a, out, err) : 0;
}

static void num_clear(GroupState *s)
{
	if (s->nums)
		num_total_clear(s->nums);
	free(s->nums);
}

static int float_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	Val x = fn_arg(v);
	return float_total_add(&s->floats, float8_of(&x), err);
}

static int float4_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	Val x = fn_arg(v);
	return float_total_add4(&s->floats, (float)float8_of(&x), err);
}

static int float_sum(const GroupState *s, Arena *a, Val *out, Error *err)
{
	*out = float_total_sum(&s->floats);
	return 0;
}

static int float_average(const GroupState *s, Arena *a, Val *out, Error *err)
{
	*out = float_total_average(&s->floats);
	return 0;
}

static int compare(const PgType *type, const Val *x, const Val *y)
{
	if (x->kind == VAL_INT && y->kind == VAL_INT)
		return (x->i > y->i) - (x->i < y->i);
	if (x->kind == VAL_REAL && y->kind == VAL_REAL)
		return (x->r > y->r) - (x->r < y->r);
	return type_compare(type, x, y);
}

static void keep(GroupState *s, const Val *v)
{
	if (v->kind != VAL_TEXT && v->kind != VAL_BLOB) {
		if (s->cap)
			free((char *)s->best.s.p);
		s->cap = 0;
		s->best = *v;
		return;
	}
	char *p = s->cap ? (char *)s->best.s.p : NULL;
	if (v->s.n + 1 > s->cap) {
		s->cap = v->s.n + 16;
		p = mem_realloc(p, s->cap);
	}
	memcpy(p, v->s.p, v->s.n);
	s->best = *v;
	s->best.s.p = p;
}

/* Of equal values that look different (1.5 and 1.50) PostgreSQL keeps the last, but of char(n) the first. */
static int extreme_step(GroupState *s, sqlite3_value *arg, const PgType *type, int sign)
{
	Val v = fn_arg(arg);
	if (s->best.kind == VAL_NULL || compare(type, &v, &s->best) * sign >= (type->oid == 1042))
		keep(s, &v);
	return 0;
}

static int max_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	return extreme_step(s, v, type, 1);
}

static int min_step(GroupState *s, sqlite3_value *v, const PgType *type, Error *err)
{
	return extreme_step(s, v, type, -1);
}

static int extreme_result(const GroupState *s, Arena *a, Val *out, Error *err)
{
	*out = s->best;
	return 0;
}

static void extreme_clear(GroupState *s)
{
	if (s->cap)
		free((char *)s->best.s.p);
}

static const GroupAgg aggs[] = {
	{ "rows", true, count_step, count_result, NULL },
	{ "count", false, count_step, count_result, NULL },
	{ "sum.int2", false, int_step, int_sum, NULL },
	{ "sum.int4", false, int_step, int_sum, NULL },
	{ "sum.int8", false, int_step, int8_sum, NULL },
	{ "sum.numeric", false, num_step, num_sum, num_clear },
	{ "sum.float4", false, float4_step, float_sum, NULL },
	{ "sum.float8", false, float_step, float_sum, NULL },
	{ "avg.int2", false, int_step, int_average, NULL },
	{ "avg.int4", false, int_step, int_average, NULL },
	{ "avg.int8", false, int_step, int_average, NULL },
	{ "avg.numeric", false, num_step, num_average, num_clear },
	{ "avg.float4", false, float4_step, float_average, NULL },
	{ "avg.float8", false, float_step, float_average, NULL },
	{ "min", false, min_step, extreme_result, extreme_clear },
	{ "max", false, max_step, extreme_result, extreme_clear },
};

/* Types whose type_compare is the order that min and max follow. */
static bool has_extremes(const PgType *t)
{
	static const uint32_t types[] = { 20, 21, 23, 25, 26, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 1700 };
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i] == t->oid)
			return true;
	return false;
}

const GroupAgg *group_agg_find(Str word)
{
	for (size_t i = 0; i < ARRAY_LEN(aggs); i++)
		if (str_is(word, aggs[i].word))
			return &aggs[i];
	return NULL;
}

bool group_agg_word(const char *proname, const PgType *arg, char word[GROUP_WORD])
{
	if (streq(proname, "count")) {
		snprintf(word, GROUP_WORD, "%s", arg ? "count" : "rows");
		return true;
	}
	if (!arg)
		return false;
	if (streq(proname, "min") || streq(proname, "max")) {
		snprintf(word, GROUP_WORD, "%s:%u", proname, arg->oid);
		return has_extremes(arg);
	}
	if (!streq(proname, "sum") && !streq(proname, "avg"))
		return false;
	int n = snprintf(word, GROUP_WORD, "%s.%s", proname, arg->name);
	return n < GROUP_WORD && group_agg_find(str_of(word));
}

char group_key_letter(const PgType *t)
{
	static const uint32_t bytes[] = { 16, 17, 19, 20, 21, 23, 25, 26, 700, 701, 1043, 1082, 1083, 1114, 1184, 2950 };
	if (t->oid == 1700)
		return 'n';
	if (t->typtype == 'e')
		return 'b';
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
		if (bytes[i] == t->oid)
			return 'b';
	return 0;
}
