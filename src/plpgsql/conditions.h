/* Inside the plpgsql room: the generated table of conditions, ordered by name. */
#ifndef US_PLPGSQL_CONDITIONS_H
#define US_PLPGSQL_CONDITIONS_H

#include <stddef.h>

typedef struct PlCondition {
	const char *name, *state;
} PlCondition;
extern const PlCondition pl_conditions[];
extern const size_t pl_condition_count;

#endif
