#include "fn_case.h"

#include "fn_datetime_cases.h"

static void test_calls(void **state)
{
	(void)state;
	case_run_all(cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_calls) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
