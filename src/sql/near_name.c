/* The hint of a column that does not exist: a column whose name is nearly the same. */
#include "sql/query.h"

enum { MAX_DISTANCE = 3, MAX_NAME = 255 };

typedef struct Near {
	const NsItem *first, *second;
	const char *first_column, *second_column;
	int distance; /* of the best so far; MAX_DISTANCE + 1 when there is none */
} Near;

/* Number of characters to insert, delete or replace; more than MAX_DISTANCE is not told apart. */
static int edit_distance(const char *x, const char *y)
{
	size_t nx = strlen(x), ny = strlen(y);
	int row[MAX_NAME + 1];
	if (nx > MAX_NAME || ny > MAX_NAME)
		return MAX_DISTANCE + 1;
	for (size_t k = 0; k <= ny; k++)
		row[k] = (int)k;
	for (size_t i = 1; i <= nx; i++) {
		int diagonal = row[0];
		row[0] = (int)i;
		for (size_t k = 1; k <= ny; k++) {
			int replaced = diagonal + (x[i - 1] != y[k - 1]), shorter = row[k] + 1, longer = row[k - 1] + 1;
			diagonal = row[k];
			row[k] = replaced < shorter ? replaced : shorter;
			if (longer < row[k])
				row[k] = longer;
		}
	}
	return row[ny];
}

/* Keeps the two best; more than two that are equally near are as good as none. */
static void consider(Near *n, int penalty, const NsItem *item, const char *actual, const char *wanted)
{
	if (penalty > n->distance)
		return;
	int distance = edit_distance(actual, wanted);
	if (distance > (int)strlen(wanted) / 2)
		return;
	distance += penalty;
	if (distance < n->distance) {
		*n = (Near){ .first = item, .first_column = actual, .distance = distance };
	} else if (distance > n->distance) {
		return;
	} else if (n->second) {
		*n = (Near){ .distance = distance - 1 };
	} else if (n->first) {
		n->second = item;
		n->second_column = actual;
	} else if (n->distance <= MAX_DISTANCE) {
		n->first = item;
		n->first_column = actual;
	}
}

/* True when the column exists under this very name, but not where it was asked for. */
static bool search_item(Near *n, const NsItem *item, const char *alias, const char *name)
{
	int penalty = alias ? edit_distance(alias, item->alias) : 0;
	bool exact = false;
	for (size_t i = 0; i < item->ncols; i++) {
		const char *column = item->cols[i].name;
		if (!column || !*column)
			continue;
		exact = exact || streq(column, name);
		consider(n, penalty, item, column, name);
	}
	if (!exact || penalty)
		return false;
	*n = (Near){ .first = item };
	return true;
}

void hint_near_column(ParseState *ps, const char *alias, const char *name)
{
	Near n = { .distance = MAX_DISTANCE + 1 };
	bool exact = false;
	for (const ParseState *l = ps; l && !exact; l = l->parent)
		for (size_t i = 0; i < l->nns && !exact; i++)
			if (l->ns[i]->rte && l->ns[i]->alias && *l->ns[i]->alias)
				exact = search_item(&n, l->ns[i], alias, name);
	if (exact)
		err_hint(ps->err,
			 "There is a column named \"%s\" in table \"%s\", but it cannot be referenced from this part of the query.", name,
			 n.first->alias);
	else if (n.second)
		err_hint(ps->err, "Perhaps you meant to reference the column \"%s.%s\" or the column \"%s.%s\".", n.first->alias,
			 n.first_column, n.second->alias, n.second_column);
	else if (n.first)
		err_hint(ps->err, "Perhaps you meant to reference the column \"%s.%s\".", n.first->alias, n.first_column);
}
