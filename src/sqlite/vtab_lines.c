/* Set-returning functions whose rows come as the lines of a text, numbers separated by blanks; 0 stands for NULL in the second column. */
#include "sqlite/vtab_set.h"

#include <stdlib.h>

enum { TREE_COLUMNS = 4 };

static int start(SetCall *c)
{
	char **at = arena_new_of(c->a, char *);
	Str s = set_arg_text(c, 0);
	*at = arena_strndup(c->a, s.p, s.n);
	c->state = at;
	c->row = arena_array(c->a, Val, TREE_COLUMNS);
	return 0;
}

static int next(SetCall *c)
{
	char **at = c->state;
	if (!**at)
		return 0;
	for (int i = 0; i < TREE_COLUMNS; i++) {
		c->row[i] = val_int(strtoll(*at, at, 10));
		if (i == 1 && c->row[i].i == 0)
			c->row[i] = val_null();
	}
	*at += **at == '\n';
	return 1;
}

const SetFn set_fns_lines[] = {
	{ "pg_partition_tree", 1, 1, start, next, NULL, "relid,parentrelid,isleaf,level", TREE_COLUMNS },
	{ NULL, 0, 0, NULL, NULL, NULL },
};
