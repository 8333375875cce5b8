/* Relations about PostgreSQL's own objects that are only shown: operator classes, conversions ... */
#include "catalog/vtab.h"

#include <stdlib.h>

enum { TYPE_BOOL = 16, TYPE_CHAR = 18, TYPE_NAME = 19, TYPE_TEXT = 25 };

static Val shown_value(const PgCatColumn *c, Str text)
{
	if (str_is(text, "-") && !c->not_null)
		return val_null();
	if (c->type == TYPE_CHAR || c->type == TYPE_NAME || c->type == TYPE_TEXT)
		return val_text(text);
	return val_int(c->type == TYPE_BOOL ? text.p[0] == 't' : strtoll(text.p, NULL, 10));
}

void catalog_produce_shown(RowSink *s)
{
	const PgCatRows *r = pgcatrows_of(s->rel->name);
	for (size_t i = 0; r && i < r->n; i++) {
		const char *p = r->rows[i];
		row_new(s);
		for (size_t k = 0; k < s->rel->ncols; k++) {
			size_t n = strcspn(p, " ");
			s->rows[s->n - 1][k] = shown_value(&s->rel->cols[k], (Str){ p, n });
			p += n + (p[n] == ' ');
		}
	}
}
