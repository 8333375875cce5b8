/* Arithmetic, mathematics and statistics. */
#include "fn_case.h"

static const FnCase numeric_cases[] = {
#include "fn_numeric_cases.h"
};

static const FnCase float_cases[] = {
#include "fn_float_cases.h"
};

static void numbers_as_postgres_has_them(void **state)
{
	case_run_all(numeric_cases, ARRAY_LEN(numeric_cases));
}

static void floats_and_aggregates_as_postgres_has_them(void **state)
{
	case_run_all(float_cases, ARRAY_LEN(float_cases));
}

/* What a moving window frame would need of an aggregate that cannot forget is refused, never approximated. */
static void moving_frames_of_floats_are_refused(void **state)
{
	static const FnCase cases[] = {
		{ "select \"sum.float8\"(column1) over (rows between 1 preceding and current row) from (values (1.5),(2.5),(3.5))",
		  "E:0A000 sum and avg of floating point values over a window frame whose start moves are not available in SQLite mode" },
		{ "select \"sum.float8\"(column1) over (rows between unbounded preceding and current row) from (values (1.5),(2.5),(3.5))",
		  "V:1.5;4;7.5" },
	};
	case_run_all(cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_as_postgres_has_them),
		cmocka_unit_test(floats_and_aggregates_as_postgres_has_them),
		cmocka_unit_test(moving_frames_of_floats_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
