/* The state machine of the primary, with a clock of the test's own. */
#include "route/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MS 1000LL

static RouteConfig config(int hold_ms)
{
	RouteConfig c;
	route_config_defaults(&c);
	c.primary = "host=nowhere";
	c.hold_ms = hold_ms;
	c.min_dwell_ms = 2000;
	return c;
}

static void test_start_and_blip(void **state)
{
	Machine m;
	RouteConfig c = config(1000);
	machine_init(&m, &c, false, 0);
	assert_int_equal(machine_go(&m, false), GO_WAIT);
	assert_int_equal(machine_probe(&m, 1 * MS, PROBE_OK, "ok"), DO_FIRST);
	assert_int_equal(m.state, ROUTE_PRIMARY);
	assert_int_equal(machine_go(&m, false), GO_PRIMARY);
	assert_int_equal(machine_probe(&m, 100 * MS, PROBE_REFUSED, "refused"), DO_NOTHING);
	assert_int_equal(m.state, ROUTE_HOLD);
	assert_int_equal(machine_go(&m, false), GO_WAIT);
	assert_int_equal(machine_probe(&m, 900 * MS, PROBE_OK, "ok"), DO_NOTHING);
	assert_int_equal(m.state, ROUTE_PRIMARY);
	assert_int_equal(m.failovers, 0);
}

static void test_silence_needs_several_misses(void **state)
{
	Machine m;
	RouteConfig c = config(1000);
	machine_init(&m, &c, false, 0);
	machine_probe(&m, 0, PROBE_OK, "ok");
	machine_probe(&m, 1000 * MS, PROBE_MISS, "silent");
	machine_probe(&m, 2000 * MS, PROBE_MISS, "silent");
	assert_int_equal(m.state, ROUTE_PRIMARY);
	machine_probe(&m, 2500 * MS, PROBE_UNUSABLE, "53300");
	machine_probe(&m, 3000 * MS, PROBE_MISS, "silent");
	machine_probe(&m, 4000 * MS, PROBE_MISS, "silent");
	assert_int_equal(m.state, ROUTE_PRIMARY);
	machine_probe(&m, 5000 * MS, PROBE_MISS, "silent");
	assert_int_equal(m.state, ROUTE_HOLD);
}

static void test_outage_and_return(void **state)
{
	Machine m;
	RouteConfig c = config(0);
	machine_init(&m, &c, false, 0);
	machine_probe(&m, 0, PROBE_OK, "ok");
	assert_int_equal(machine_probe(&m, 10 * MS, PROBE_REFUSED, "refused"), DO_LEAVE);
	assert_int_equal(machine_tick(&m, 11 * MS), DO_NOTHING); /* it is already being left */
	assert_int_equal(machine_probe(&m, 12 * MS, PROBE_OK, "ok"), DO_NOTHING);
	assert_int_equal(m.state, ROUTE_HOLD);
	machine_left(&m, 20 * MS, true);
	assert_int_equal(m.state, ROUTE_SQLITE);
	assert_int_equal(machine_go(&m, false), GO_SQLITE);
	assert_true(machine_delay(&m, 20 * MS) <= 200 * MS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(machine_probe(&m, (100 + i) * MS, PROBE_OK, "ok"), DO_NOTHING); /* not before min_dwell */
	machine_probe(&m, 1900 * MS, PROBE_STARTING, "starting");
	assert_int_equal(machine_probe(&m, 2100 * MS, PROBE_OK, "ok"), DO_NOTHING);
	assert_int_equal(machine_probe(&m, 2200 * MS, PROBE_OK, "ok"), DO_NOTHING);
	assert_int_equal(machine_probe(&m, 2300 * MS, PROBE_OK, "ok"), DO_RECOVER);
	assert_int_equal(m.state, ROUTE_RETURNING);
	assert_int_equal(machine_go(&m, false), GO_SQLITE);
	assert_int_equal(machine_go(&m, true), GO_WAIT);
	assert_true(machine_returned(&m, 2400 * MS));
	assert_int_equal(m.state, ROUTE_PRIMARY);
	assert_int_equal(m.recoveries, 1);
	assert_int_equal(m.outage_us, 2390 * MS);
	machine_probe(&m, 3000 * MS, PROBE_REFUSED, "refused");
	assert_int_equal(m.flaps, 1);
}

static void test_lost_while_returning(void **state)
{
	Machine m;
	RouteConfig c = config(0);
	machine_init(&m, &c, true, 0);
	assert_int_equal(m.state, ROUTE_SQLITE);
	for (int i = 0; i < 2; i++)
		machine_probe(&m, (3000 + i) * MS, PROBE_OK, "ok");
	assert_int_equal(machine_probe(&m, 3010 * MS, PROBE_OK, "ok"), DO_RECOVER);
	machine_probe(&m, 3020 * MS, PROBE_REFUSED, "refused");
	assert_int_equal(m.state, ROUTE_SQLITE);
	assert_false(machine_returned(&m, 3030 * MS));
}

static void test_fallback_off_and_no_copy(void **state)
{
	Machine m;
	RouteConfig c = config(0);
	machine_init(&m, &c, false, 0);
	machine_probe(&m, 0, PROBE_REFUSED, "refused");
	machine_left(&m, 1, false);
	assert_int_equal(machine_go(&m, false), GO_REFUSE);
	c.fallback = FALLBACK_OFF;
	machine_init(&m, &c, true, 0);
	assert_int_equal(machine_go(&m, false), GO_REFUSE);
}

static void test_forced(void **state)
{
	Machine m;
	RouteConfig c = config(0);
	machine_init(&m, &c, false, 0);
	machine_probe(&m, 0, PROBE_OK, "ok");
	machine_forced(&m, 10 * MS, 600 * MS, true);
	for (int i = 0; i < 9; i++)
		machine_probe(&m, (20 + i) * MS, PROBE_OK, "ok");
	assert_int_equal(m.state, ROUTE_FORCED);
	machine_tick(&m, 610 * MS);
	assert_int_equal(m.state, ROUTE_SQLITE);
}

static void test_what_is_a_loss(void **state)
{
	assert_true(route_is_loss("08006"));
	assert_true(route_is_loss("57P03"));
	assert_false(route_is_loss("53300"));
	assert_false(route_is_loss("28P01"));
	assert_false(route_is_loss("57014"));
	assert_false(route_is_loss("57P05"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_and_blip),		 cmocka_unit_test(test_silence_needs_several_misses),
		cmocka_unit_test(test_outage_and_return),	 cmocka_unit_test(test_lost_while_returning),
		cmocka_unit_test(test_fallback_off_and_no_copy), cmocka_unit_test(test_forced),
		cmocka_unit_test(test_what_is_a_loss),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
