/* Names of conditions. */
#include "plpgsql/conditions.h"
#include "plpgsql/tree.h"

static size_t first_of(const char *name)
{
	size_t i = 0;
	while (i < pl_condition_count && !streq(pl_conditions[i].name, name))
		i++;
	return i;
}

const char *pl_condition(const char *name, size_t *n)
{
	size_t at = first_of(name);
	*n = 0;
	while (at + *n < pl_condition_count && streq(pl_conditions[at + *n].name, name))
		++*n;
	return *n ? pl_conditions[at].state : NULL;
}

const char *pl_condition_state(const char *name, size_t i)
{
	return pl_conditions[first_of(name) + i].state;
}
