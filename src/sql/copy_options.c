/* The options of COPY: PostgreSQL's checks in PostgreSQL's order. */
#include "sql/plan_copy.h"

#include "pgtype/encoding.h"

typedef enum OptionForm {
	FORM_FORMAT,
	FORM_BOOL,
	FORM_HEADER,
	FORM_TEXT,
	FORM_CHAR,
	FORM_COLUMNS,
	FORM_COLUMNS_OR_ALL,
	FORM_ENCODING
} OptionForm;
typedef enum OptionId {
	COPY_FORMAT,
	COPY_FREEZE,
	COPY_DELIMITER,
	COPY_NULL,
	COPY_HEADER,
	COPY_QUOTE,
	COPY_ESCAPE,
	COPY_FORCE_QUOTE,
	COPY_FORCE_NOT_NULL,
	COPY_FORCE_NULL,
	COPY_ENCODING,
	COPY_OPTIONS,
} OptionId;

static const struct {
	const char *name;
	OptionForm form;
} known[COPY_OPTIONS] = {
	[COPY_FORMAT] = { "format", FORM_FORMAT },
	[COPY_FREEZE] = { "freeze", FORM_BOOL },
	[COPY_DELIMITER] = { "delimiter", FORM_CHAR },
	[COPY_NULL] = { "null", FORM_TEXT },
	[COPY_HEADER] = { "header", FORM_HEADER },
	[COPY_QUOTE] = { "quote", FORM_CHAR },
	[COPY_ESCAPE] = { "escape", FORM_CHAR },
	[COPY_FORCE_QUOTE] = { "force_quote", FORM_COLUMNS_OR_ALL },
	[COPY_FORCE_NOT_NULL] = { "force_not_null", FORM_COLUMNS },
	[COPY_FORCE_NULL] = { "force_null", FORM_COLUMNS },
	[COPY_ENCODING] = { "encoding", FORM_ENCODING },
};

static const char *option_text(CopyParse *c, const PgQuery__DefElem *d)
{
	if (!d->arg)
		return NULL;
	switch (d->arg->node_case) {
	case PG_QUERY__NODE__NODE_STRING:
		return d->arg->string->sval;
	case PG_QUERY__NODE__NODE_BOOLEAN:
		return d->arg->boolean->boolval ? "true" : "false";
	case PG_QUERY__NODE__NODE_INTEGER:
		return arena_printf(c->ps->a, "%d", d->arg->integer->ival);
	case PG_QUERY__NODE__NODE_FLOAT:
		return d->arg->float_->fval;
	default:
		return NULL;
	}
}

/* 1, 0, or -1 for what is no Boolean. */
static int boolean_of(CopyParse *c, const PgQuery__DefElem *d)
{
	static const char *const words[] = { "false", "true", "off", "on", "0", "1" };
	const char *t = option_text(c, d);
	if (!d->arg)
		return 1;
	for (int i = 0; t && i < 6; i++)
		if (str_iis(str_of(t), words[i]))
			return i % 2;
	return -1;
}

static int set_format(CopyParse *c, const PgQuery__DefElem *d)
{
	const char *t = option_text(c, d);
	if (t && streq(t, "csv"))
		c->o->csv = true;
	else if (t && streq(t, "binary"))
		c->o->binary = true;
	else if (!t || !streq(t, "text"))
		return an_error(c->ps, d->location, "22023", "COPY format \"%s\" not recognized", t ? t : "");
	return 0;
}

static int set_header(CopyParse *c, const PgQuery__DefElem *d)
{
	const char *t = option_text(c, d);
	int yes = boolean_of(c, d);
	c->o->header_match = yes < 0 && t && str_iis(str_of(t), "match");
	if (yes < 0 && !c->o->header_match)
		return an_error(c->ps, -1, "42601", "%s requires a Boolean value or \"match\"", d->defname);
	c->o->header = yes != 0;
	if (c->o->header_match && !c->s->is_from)
		return an_error(c->ps, -1, "0A000", "cannot use \"match\" with HEADER in COPY TO");
	return 0;
}

static int set_encoding(CopyParse *c, const PgQuery__DefElem *d)
{
	const char *t = option_text(c, d);
	int n = t ? encoding_named(str_of(t)) : ENCODING_NONE;
	if (n == ENCODING_NONE)
		return an_error(c->ps, d->location, "22023", "argument to option \"%s\" must be a valid encoding name", d->defname);
	if (!encoding_is_known(n) && n != ENCODING_SQL_ASCII)
		return an_refuse(c->ps, d->location, "COPY in the encoding \"%s\" is not available in SQLite mode", t);
	c->o->encoding = n;
	return 0;
}

static int set_columns(CopyParse *c, OptionId id, const PgQuery__DefElem *d)
{
	if (id == COPY_FORCE_QUOTE && d->arg && d->arg->node_case == PG_QUERY__NODE__NODE_A_STAR)
		c->o->force_quote_all = true;
	else if (!d->arg || d->arg->node_case != PG_QUERY__NODE__NODE_LIST)
		return an_error(c->ps, d->location, "22023", "argument to option \"%s\" must be a list of column names", d->defname);
	return 0;
}

static int one_option(CopyParse *c, OptionId id, const PgQuery__DefElem *d, const PgQuery__DefElem **seen)
{
	if (seen[id])
		return an_error(c->ps, d->location, "42601", "conflicting or redundant options");
	seen[id] = d;
	switch (known[id].form) {
	case FORM_FORMAT:
		return set_format(c, d);
	case FORM_HEADER:
		return set_header(c, d);
	case FORM_ENCODING:
		return set_encoding(c, d);
	case FORM_COLUMNS:
	case FORM_COLUMNS_OR_ALL:
		return set_columns(c, id, d);
	case FORM_BOOL:
		if (boolean_of(c, d) < 0)
			return an_error(c->ps, -1, "42601", "%s requires a Boolean value", d->defname);
		c->o->freeze = boolean_of(c, d);
		return 0;
	case FORM_TEXT:
	case FORM_CHAR:
		if (!option_text(c, d))
			return an_error(c->ps, -1, "42601", "%s requires a parameter", d->defname);
		return 0;
	}
	return 0;
}

static int check_char(CopyParse *c, const PgQuery__DefElem *d, char *out)
{
	const char *t = d ? option_text(c, d) : NULL;
	if (t && strlen(t) != 1)
		return an_error(c->ps, -1, "0A000", "COPY %s must be a single one-byte character", d->defname);
	*out = t ? *t : *out;
	return 0;
}

static int check_delimiter(CopyParse *c)
{
	const CopyOptions *o = c->o;
	if (o->delimiter == '\r' || o->delimiter == '\n')
		return an_error(c->ps, -1, "22023", "COPY delimiter cannot be newline or carriage return");
	if (strpbrk(o->null_text, "\r\n"))
		return an_error(c->ps, -1, "22023", "COPY null representation cannot use newline or carriage return");
	if (!o->csv && strchr("\\.abcdefghijklmnopqrstuvwxyz0123456789", o->delimiter))
		return an_error(c->ps, -1, "22023", "COPY delimiter cannot be \"%c\"", o->delimiter);
	return 0;
}

/* What stands in the wrong mode or direction. */
static int check_modes(CopyParse *c, const PgQuery__DefElem *const *seen)
{
	static const struct {
		OptionId id;
		const char *name;
		int direction; /* 0 both, 1 COPY FROM only, 2 COPY TO only */
	} csv_only[] = { { COPY_QUOTE, "quote", 0 },
			 { COPY_ESCAPE, "escape", 0 },
			 { COPY_FORCE_QUOTE, "force quote", 2 },
			 { COPY_FORCE_NOT_NULL, "force not null", 1 },
			 { COPY_FORCE_NULL, "force null", 1 } };
	for (size_t i = 0; i < ARRAY_LEN(csv_only); i++) {
		if (!seen[csv_only[i].id])
			continue;
		if (!c->o->csv)
			return an_error(c->ps, -1, "0A000", "COPY %s available only in CSV mode", csv_only[i].name);
		if (csv_only[i].direction == (c->s->is_from ? 2 : 1))
			return an_error(c->ps, -1, "0A000", "COPY %s only available using COPY %s", csv_only[i].name,
					c->s->is_from ? "TO" : "FROM");
		if (csv_only[i].id == COPY_QUOTE && check_char(c, seen[COPY_QUOTE], &c->o->quote))
			return -1;
		if (csv_only[i].id == COPY_QUOTE && c->o->delimiter == c->o->quote)
			return an_error(c->ps, -1, "22023", "COPY delimiter and quote must be different");
		if (csv_only[i].id == COPY_ESCAPE && check_char(c, seen[COPY_ESCAPE], &c->o->escape))
			return -1;
	}
	return 0;
}

static int check_options(CopyParse *c, const PgQuery__DefElem *const *seen)
{
	CopyOptions *o = c->o;
	ParseState *ps = c->ps;
	if (o->binary && seen[COPY_DELIMITER])
		return an_error(ps, -1, "42601", "cannot specify DELIMITER in BINARY mode");
	if (o->binary && seen[COPY_NULL])
		return an_error(ps, -1, "42601", "cannot specify NULL in BINARY mode");
	if (!seen[COPY_ENCODING])
		o->encoding = ENCODING_NONE;
	o->delimiter = o->csv ? ',' : '\t';
	o->quote = '"';
	o->null_text = seen[COPY_NULL] ? arena_strdup(ps->a, option_text(c, seen[COPY_NULL])) : o->csv ? "" : "\\N";
	if (check_char(c, seen[COPY_DELIMITER], &o->delimiter) || check_delimiter(c))
		return -1;
	if (o->binary && o->header)
		return an_error(ps, -1, "0A000", "cannot specify HEADER in BINARY mode");
	if (o->csv && !seen[COPY_QUOTE] && o->delimiter == o->quote)
		return an_error(ps, -1, "22023", "COPY delimiter and quote must be different");
	if (check_modes(c, seen))
		return -1;
	if (!seen[COPY_ESCAPE])
		o->escape = o->quote;
	if (strchr(o->null_text, o->delimiter))
		return an_error(ps, -1, "0A000", "COPY delimiter must not appear in the NULL specification");
	if (o->csv && strchr(o->null_text, o->quote))
		return an_error(ps, -1, "0A000", "CSV quote character must not appear in the NULL specification");
	return 0;
}

static bool relation_has(const CatRel *rel, const char *name)
{
	return rel && catrel_column(rel, name);
}

/* A list of FORCE_...: which of the copied columns it names. */
static int forced_columns(CopyParse *c, const PgQuery__DefElem *d, const char *option, bool **out)
{
	if (!d || d->arg->node_case != PG_QUERY__NODE__NODE_LIST)
		return 0;
	*out = arena_array(c->ps->a, bool, c->plan->ncols + 1);
	for (size_t i = 0; i < d->arg->list->n_items; i++) {
		const char *name = d->arg->list->items[i]->string->sval;
		size_t k = 0;
		while (k < c->plan->ncols && !streq(c->plan->cols[k].name, name))
			k++;
		if (k < c->plan->ncols && (*out)[k])
			return an_error(c->ps, -1, "42701", "column \"%s\" specified more than once", name);
		if (k == c->plan->ncols && relation_has(c->rel, name))
			return an_error(c->ps, -1, "42P10", "%s column \"%s\" not referenced by COPY", option, name);
		if (k == c->plan->ncols && c->rel)
			return an_error(c->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, c->rel->name);
		if (k == c->plan->ncols)
			return an_error(c->ps, -1, "42703", "column \"%s\" does not exist", name);
		(*out)[k] = true;
	}
	return 0;
}

int copy_options(CopyParse *c)
{
	const PgQuery__DefElem *seen[COPY_OPTIONS] = { NULL };
	for (size_t i = 0; i < c->s->n_options; i++) {
		const PgQuery__DefElem *d = c->s->options[i]->def_elem;
		size_t id = 0;
		while (id < COPY_OPTIONS && !streq(known[id].name, d->defname))
			id++;
		if (id == COPY_OPTIONS)
			return an_error(c->ps, d->location, "42601", "option \"%s\" not recognized", d->defname);
		if (one_option(c, (OptionId)id, d, seen))
			return -1;
	}
	if (check_options(c, seen))
		return -1;
	return forced_columns(c, seen[COPY_FORCE_QUOTE], "FORCE_QUOTE", &c->o->force_quote) ||
			       forced_columns(c, seen[COPY_FORCE_NOT_NULL], "FORCE_NOT_NULL", &c->o->force_not_null) ||
			       forced_columns(c, seen[COPY_FORCE_NULL], "FORCE_NULL", &c->o->force_null)
		       ? -1
		       : 0;
}
