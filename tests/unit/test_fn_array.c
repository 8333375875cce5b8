/* Arrays, unnest and generate_series. */
#include "fn_case.h"

static const FnCase array_cases[] = {
#include "fn_array_cases.h"
};

static void arrays_as_postgres_has_them(void **state)
{
	case_run_all(array_cases, ARRAY_LEN(array_cases));
}

/* The argument may come from a table on either side of the join. */
static void arguments_may_be_correlated(void **state)
{
	static const FnCase cases[] = {
		{ "select a.column1, v.value from pg_generate_series_int8(1, a.column1) v, (values (1),(2)) a", "V:1|1;2|1;2|2" },
		{ "select (select count(*) from pg_unnest(23, a.column1)) from (values ('{1,2}'),('{}'),(NULL)) a", "V:2;0;0" },
		{ "select group_concat(value) from pg_unnest(23, '{5,6,7}') where ordinality > 1", "V:6,7" },
	};
	case_run_all(cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arrays_as_postgres_has_them),
		cmocka_unit_test(arguments_may_be_correlated),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
