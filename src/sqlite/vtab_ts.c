/* Set-returning functions of full-text search: unnest(tsvector), ts_token_type, ts_parse, ts_debug. */
#include "pgtype/array.h"
#include "sqlite/fn_ts.h"
#include "sqlite/vtab_set.h"

enum { OID_INT2 = 21, OID_TEXT = 25, OID_REGDICTIONARY = 3769, OID_PARSER = 3722 };

/* ---- unnest ---- */

typedef struct Unnest {
	TsVector v;
	size_t at;
} Unnest;

static int unnest_start(SetCall *c)
{
	Unnest *u = arena_new_of(c->a, Unnest);
	c->state = u;
	c->row = arena_array(c->a, Val, 3);
	return ts_vector_parse(set_arg_text(c, 0), c->a, &u->v, &c->env->error);
}

static int unnest_next(SetCall *c)
{
	static const char *const letters[] = { "D", "C", "B", "A" };
	Unnest *u = c->state;
	if (u->at >= u->v.n)
		return 0;
	const TsLexeme *l = &u->v.items[u->at++];
	c->row[0] = val_text(l->s);
	c->row[1] = c->row[2] = val_null();
	if (l->npos == 0)
		return 1;
	Val *pos = arena_array(c->a, Val, l->npos), *weights = arena_array(c->a, Val, l->npos);
	for (size_t i = 0; i < l->npos; i++) {
		pos[i] = val_int(l->pos[i].pos);
		weights[i] = val_text(str_of(letters[l->pos[i].weight]));
	}
	PgArray p = array_of(pgtype_builtin(OID_INT2), pos, l->npos), w = array_of(pgtype_builtin(OID_TEXT), weights, l->npos);
	c->row[1] = array_val(&p, c->a);
	c->row[2] = array_val(&w, c->a);
	return 1;
}

/* ---- token types ---- */

static const struct {
	const char *alias, *description;
} token_types[] = { { "asciiword", "Word, all ASCII" },
		    { "word", "Word, all letters" },
		    { "numword", "Word, letters and digits" },
		    { "email", "Email address" },
		    { "url", "URL" },
		    { "host", "Host" },
		    { "sfloat", "Scientific notation" },
		    { "version", "Version number" },
		    { "hword_numpart", "Hyphenated word part, letters and digits" },
		    { "hword_part", "Hyphenated word part, all letters" },
		    { "hword_asciipart", "Hyphenated word part, all ASCII" },
		    { "blank", "Space symbols" },
		    { "tag", "XML tag" },
		    { "protocol", "Protocol head" },
		    { "numhword", "Hyphenated word, letters and digits" },
		    { "asciihword", "Hyphenated word, all ASCII" },
		    { "hword", "Hyphenated word, all letters" },
		    { "url_path", "URL path" },
		    { "file", "File or path name" },
		    { "float", "Decimal notation" },
		    { "int", "Signed integer" },
		    { "uint", "Unsigned integer" },
		    { "entity", "XML entity" } };

/* There is one parser; it is named or given by its OID. */
static int check_parser(SetCall *c)
{
	Error *err = &c->env->error;
	if (c->argv[0].kind == VAL_INT)
		return c->argv[0].i == OID_PARSER
			       ? 0
			       : err_set(err, "XX000", "cache lookup failed for text search parser %u", (uint32_t)c->argv[0].i);
	Str name = set_arg_text(c, 0);
	return str_is(name, "default") || str_is(name, "pg_catalog.default")
		       ? 0
		       : err_set(err, "42704", "text search parser \"%.*s\" does not exist", STR_ARG(name));
}

static int types_start(SetCall *c)
{
	c->row = arena_array(c->a, Val, 3);
	c->state = arena_new_of(c->a, size_t);
	return check_parser(c);
}

static int types_next(SetCall *c)
{
	size_t *at = c->state;
	if (*at >= ARRAY_LEN(token_types))
		return 0;
	c->row[0] = val_int((int64_t)*at + 1);
	c->row[1] = val_text(str_of(token_types[*at].alias));
	c->row[2] = val_text(str_of(token_types[*at].description));
	++*at;
	return 1;
}

/* ---- ts_parse ---- */

static int parse_start(SetCall *c)
{
	TsParser *p = arena_new_of(c->a, TsParser);
	ts_parser_init(p, set_arg_text(c, 1));
	c->row = arena_array(c->a, Val, 2);
	c->state = p;
	return check_parser(c);
}

static int parse_next(SetCall *c)
{
	TsToken t;
	if (!ts_parser_next(c->state, &t))
		return 0;
	c->row[0] = val_int(t.type);
	c->row[1] = val_text(t.s);
	return 1;
}

/* ---- ts_debug ---- */

typedef struct Debug {
	TsParser parser;
	TsConfig config;
	TsStemmers stemmers;
} Debug;

static int debug_start(SetCall *c)
{
	Debug *d = arena_new_of(c->a, Debug);
	uint32_t oid = c->argc > 1 ? (uint32_t)set_arg_int(c, 0) : 0;
	c->state = d;
	c->row = arena_array(c->a, Val, 6);
	if (c->argc == 1 && !c->env->text_search_config)
		return err_refuse(&c->env->error, 0, "text search without a configuration is not available here");
	if (c->argc == 1 && c->env->text_search_config(c->env->session, &oid, &c->env->error) < 0)
		return -1;
	ts_parser_init(&d->parser, set_arg_text(c, c->argc - 1));
	if (!ts_config_by_oid(oid, &d->config))
		d->parser.p = d->parser.end; /* no such configuration: no rows */
	else if (ts_dict_load(d->config.word, &c->env->error) < 0)
		return -1;
	return 0;
}

static int debug_next(SetCall *c)
{
	Debug *d = c->state;
	TsToken t;
	if (!ts_parser_next(&d->parser, &t))
		return 0;
	const TsDict *dict = ts_config_dict(&d->config, t.type);
	Val item = dict ? val_int(dict->oid) : val_null(), *kept = arena_dup(c->a, &item, sizeof item);
	PgArray dicts = array_of(pgtype_builtin(OID_REGDICTIONARY), kept, dict != NULL);
	c->row[0] = val_text(str_of(token_types[t.type - 1].alias));
	c->row[1] = val_text(str_of(token_types[t.type - 1].description));
	c->row[2] = val_text(t.s);
	c->row[3] = array_val(&dicts, c->a);
	c->row[4] = item;
	c->row[5] = val_null();
	if (dict) {
		Val lexeme = val_text(ts_lexize(&d->stemmers, dict, t.s, c->a));
		PgArray lexemes = array_of(pgtype_builtin(OID_TEXT), &lexeme, lexeme.s.p != NULL);
		c->row[5] = array_val(&lexemes, c->a);
	}
	return 1;
}

static void debug_finish(SetCall *c)
{
	ts_stemmers_clear(&((Debug *)c->state)->stemmers);
}

const SetFn set_fns_ts[] = {
	{ "pg_tsvector_unnest", 1, 1, unnest_start, unnest_next, NULL, "lexeme, positions, weights", 3 },
	{ "pg_ts_token_type", 1, 1, types_start, types_next, NULL, "tokid, alias, description", 3 },
	{ "pg_ts_parse", 2, 2, parse_start, parse_next, NULL, "tokid, token", 2 },
	{ "pg_ts_debug", 1, 2, debug_start, debug_next, debug_finish, "alias, description, token, dictionaries, dictionary, lexemes", 6 },
	{ NULL },
};
