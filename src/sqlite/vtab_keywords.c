/* pg_get_keywords. */
#include "sqlite/keywords.h"
#include "sqlite/vtab_set.h"

enum { COLUMNS = 5 };

typedef struct Walk {
	size_t at;
	Val row[COLUMNS];
} Walk;

static int keywords_start(SetCall *c)
{
	c->state = arena_new_of(c->a, Walk);
	return 0;
}

static const char *kind_text(char kind)
{
	switch (kind) {
	case 'U':
		return "unreserved";
	case 'C':
		return "unreserved (cannot be function or type name)";
	case 'T':
		return "reserved (can be function or type name)";
	default:
		return "reserved";
	}
}

static int keywords_next(SetCall *c)
{
	Walk *w = c->state;
	if (w->at == keywords_count)
		return 0;
	const Keyword *k = &keywords[w->at++];
	w->row[0] = val_text(str_of(k->word));
	w->row[1] = val_text((Str){ &k->kind, 1 });
	w->row[2] = val_int(k->bare);
	w->row[3] = val_text(str_of(kind_text(k->kind)));
	w->row[4] = val_text(str_of(k->bare ? "can be bare label" : "requires AS"));
	c->row = w->row;
	return 1;
}

const SetFn set_fns_keywords[] = {
	{ "pg_pg_get_keywords", 0, 0, keywords_start, keywords_next, NULL, "word, catcode, barelabel, catdesc, baredesc", COLUMNS },
	{ NULL },
};
