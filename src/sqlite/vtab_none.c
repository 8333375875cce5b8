/* Set-returning functions that have no rows here, because nothing that they list can exist in a file. */
#include "sqlite/vtab_set.h"

static int start(SetCall *c)
{
	return 0;
}

static int next(SetCall *c)
{
	return 0;
}

const SetFn set_fns_none[] = {
	{ "pg_partition_ancestors", 1, 1, start, next, NULL },
	{ NULL, 0, 0, NULL, NULL, NULL },
};
