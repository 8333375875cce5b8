/* From text, json and jsonb to tsvector and tsquery, and back to headlines. */
#include "pgtype/array.h"
#include "pgtype/json.h"
#include "sqlite/fn_ts.h"

bool ts_arg_config(sqlite3_context *ctx, sqlite3_value *v, TsConfig *out)
{
	FnEnv *env = fn_env(ctx);
	uint32_t oid = v ? (uint32_t)sqlite3_value_int64(v) : 0;
	if (!v && !env->text_search_config) {
		err_refuse(&env->error, 0, "text search without a configuration is not available here");
	} else if (!v && env->text_search_config(env->session, &oid, &env->error) < 0) {
		/* the error is there */
	} else if (ts_config_by_oid(oid, out)) {
		if (ts_dict_load(out->word, &env->error) == 0)
			return true;
	} else {
		err_set(&env->error, "XX000", "cache lookup failed for text search configuration %u", oid);
	}
	fn_fail(ctx);
	return false;
}

static void finish_vector(sqlite3_context *ctx, TsMaker *m)
{
	TsVector v;
	int rc = ts_maker_vector(m, &v, &fn_env(ctx)->error);
	ts_maker_clear(m);
	if (rc < 0)
		fn_fail(ctx);
	else
		ts_result_vector(ctx, &v);
}

static void to_tsvector(sqlite3_context *ctx, sqlite3_value *config, sqlite3_value *text)
{
	TS_ARENA(a);
	TsConfig c;
	TsMaker m;
	if (!ts_arg_config(ctx, config, &c))
		return;
	ts_maker_init(&m, &c, a);
	ts_maker_text(&m, fn_arg_str(text));
	finish_vector(ctx, &m);
}
TS_FN(fn_to_tsvector)
{
	to_tsvector(ctx, argc > 1 ? argv[0] : NULL, argv[argc - 1]);
}

static void to_tsquery(sqlite3_context *ctx, int argc, sqlite3_value **argv, TsQueryForm form)
{
	TS_ARENA(a);
	TsConfig c;
	TsNode *q;
	if (!ts_arg_config(ctx, argc > 1 ? argv[0] : NULL, &c))
		return;
	if (ts_make_query(&c, form, fn_arg_str(argv[argc - 1]), a, &q, &fn_env(ctx)->error) < 0)
		fn_fail(ctx);
	else
		ts_result_query(ctx, q);
}
TS_FN(fn_to_tsquery)
{
	to_tsquery(ctx, argc, argv, TS_TO_QUERY);
}
TS_FN(fn_plainto)
{
	to_tsquery(ctx, argc, argv, TS_PLAIN);
}
TS_FN(fn_phraseto)
{
	to_tsquery(ctx, argc, argv, TS_PHRASE);
}
TS_FN(fn_websearch)
{
	to_tsquery(ctx, argc, argv, TS_WEBSEARCH);
}

TS_FN(fn_current_config)
{
	TsConfig c;
	if (ts_arg_config(ctx, NULL, &c))
		sqlite3_result_int64(ctx, c.oid);
}

TS_FN(fn_lexize)
{
	TS_ARENA(a);
	TsStemmers stemmers = { 0 };
	const TsDict *d = ts_dict_by_oid((uint32_t)sqlite3_value_int64(argv[0]));
	if (!d) {
		fn_raise(ctx, "XX000", "cache lookup failed for text search dictionary %u", (uint32_t)sqlite3_value_int64(argv[0]));
		return;
	}
	if (ts_dict_load(d, &fn_env(ctx)->error) < 0) {
		fn_fail(ctx);
		return;
	}
	Str s = ts_lexize(&stemmers, d, fn_arg_str(argv[1]), a);
	ts_stemmers_clear(&stemmers);
	Val item = val_text(s);
	PgArray x = array_of(pgtype_builtin(25), &item, s.p != NULL);
	Val r = array_val(&x, a);
	fn_result(ctx, &r);
}

/* ---- json ---- */

enum { IN_STRINGS = 1, IN_NUMBERS = 2, IN_BOOLEANS = 4, IN_KEYS = 8 };

static void add_values(TsMaker *m, const Json *j, unsigned which)
{
	switch (j->kind) {
	case JSON_STRING:
		if (which & IN_STRINGS)
			ts_maker_value(m, j->s);
		return;
	case JSON_NUMBER:
		if (which & IN_NUMBERS)
			ts_maker_value(m, j->s);
		return;
	case JSON_BOOL:
		if (which & IN_BOOLEANS)
			ts_maker_value(m, str_of(j->b ? "true" : "false"));
		return;
	default:
		break;
	}
	for (size_t i = 0; i < j->n && j->kind >= JSON_ARRAY; i++) {
		if (j->kind == JSON_OBJECT && which & IN_KEYS)
			ts_maker_value(m, j->pairs[i].key);
		add_values(m, j->kind == JSON_OBJECT ? j->pairs[i].value : j->items[i], which);
	}
}

static int flag(const Json *j, unsigned *which, Error *err)
{
	static const struct {
		const char *name;
		unsigned bits;
	} flags[] = { { "all", 15 }, { "key", IN_KEYS }, { "string", IN_STRINGS }, { "numeric", IN_NUMBERS }, { "boolean", IN_BOOLEANS } };
	if (j->kind != JSON_STRING) {
		err_set(err, "22023", "flag array element is not a string");
	} else {
		for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
			if (str_is(j->s, flags[i].name)) {
				*which |= flags[i].bits;
				return 0;
			}
		}
		err_set(err, "22023", "wrong flag in flag array: \"%.*s\"", STR_ARG(j->s));
	}
	return err_hint(err, "Possible values are: \"string\", \"numeric\", \"boolean\", \"key\", and \"all\".");
}

static int flags_of(const Json *j, unsigned *which, Error *err)
{
	if (j->kind == JSON_OBJECT)
		return err_set(err, "22023", "wrong flag type, only arrays and scalars are allowed");
	if (j->kind != JSON_ARRAY)
		return flag(j, which, err);
	for (size_t i = 0; i < j->n; i++)
		if (flag(j->items[i], which, err) < 0)
			return -1;
	return 0;
}

static void json_vector(sqlite3_context *ctx, sqlite3_value *config, sqlite3_value *doc, sqlite3_value *flags, bool canonical)
{
	TS_ARENA(a);
	TsConfig c;
	TsMaker m;
	unsigned which = flags ? 0 : IN_STRINGS;
	Error *err = &fn_env(ctx)->error;
	if (!ts_arg_config(ctx, config, &c))
		return;
	const Json *f = flags ? json_parse(fn_arg_str(flags), true, a, err) : NULL;
	const Json *j = json_parse(fn_arg_str(doc), canonical, a, err);
	if (!j || (flags && (!f || flags_of(f, &which, err) < 0))) {
		fn_fail(ctx);
		return;
	}
	ts_maker_init(&m, &c, a);
	add_values(&m, j, which);
	finish_vector(ctx, &m);
}
TS_FN(fn_json_strings)
{
	json_vector(ctx, argc > 1 ? argv[0] : NULL, argv[argc - 1], NULL, false);
}
TS_FN(fn_jsonb_strings)
{
	json_vector(ctx, argc > 1 ? argv[0] : NULL, argv[argc - 1], NULL, true);
}
TS_FN(fn_json_vector)
{
	json_vector(ctx, argc > 2 ? argv[0] : NULL, argv[argc - 2], argv[argc - 1], false);
}
TS_FN(fn_jsonb_vector)
{
	json_vector(ctx, argc > 2 ? argv[0] : NULL, argv[argc - 2], argv[argc - 1], true);
}

/* ---- headlines ---- */

typedef struct Headlines {
	TsConfig config;
	TsNode *q;
	Str options;
	Arena *a;
	Error *err;
} Headlines;

static int text_headline(const Headlines *h, Str text, Buf *out)
{
	return ts_headline(&h->config, text, h->q, h->options, h->a, out, h->err);
}

/* A document with headlines in place of its strings; json is written without blanks, jsonb as it is printed. */
static int json_headlines(const Headlines *h, Json *j, bool canonical, Buf *out)
{
	_cleanup_(buf_free) Buf b = { 0 };
	bool array = j->kind == JSON_ARRAY;
	if (j->kind == JSON_STRING) {
		if (text_headline(h, j->s, &b) < 0)
			return -1;
		json_print_string(buf_str(&b), out);
		return 0;
	}
	if (j->kind < JSON_ARRAY) {
		if (canonical)
			json_print(j, out);
		else
			buf_put_str(out, j->raw);
		return 0;
	}
	buf_puts(out, array ? "[" : "{");
	for (size_t i = 0; i < j->n; i++) {
		buf_puts(out, !i ? "" : canonical ? ", " : ",");
		if (!array) {
			json_print_string(j->pairs[i].key, out);
			buf_puts(out, canonical ? ": " : ":");
		}
		if (json_headlines(h, array ? j->items[i] : j->pairs[i].value, canonical, out) < 0)
			return -1;
	}
	buf_puts(out, array ? "]" : "}");
	return 0;
}

typedef enum { HEADLINE_TEXT, HEADLINE_JSON, HEADLINE_JSONB } HeadlineOf;

static int document_headline(const Headlines *h, Str doc, HeadlineOf of, Buf *out)
{
	if (of == HEADLINE_TEXT)
		return text_headline(h, doc, out);
	Json *j = json_parse(doc, of == HEADLINE_JSONB, h->a, h->err);
	return j ? json_headlines(h, j, of == HEADLINE_JSONB, out) : -1;
}

static void headline(sqlite3_context *ctx, sqlite3_value *config, sqlite3_value **argv, sqlite3_value *options, HeadlineOf of)
{
	TS_ARENA(a);
	_cleanup_(buf_free) Buf b = { 0 };
	Headlines h = { .options = options ? fn_arg_str(options) : (Str){ "", 0 }, .a = a, .err = &fn_env(ctx)->error };
	if (!ts_arg_config(ctx, config, &h.config) || !ts_arg_query(ctx, argv[1], a, &h.q))
		return;
	if (document_headline(&h, fn_arg_str(argv[0]), of, &b) < 0)
		fn_fail(ctx);
	else
		ts_result_buf(ctx, &b);
}
/* With and without a configuration first, with and without options last. */
#define HEADLINES(name, of)                                                                                                                \
	TS_FN(name)                                                                                                                        \
	{                                                                                                                                  \
		headline(ctx, NULL, argv, NULL, of);                                                                                       \
	}                                                                                                                                  \
	TS_FN(name##_opt)                                                                                                                  \
	{                                                                                                                                  \
		headline(ctx, NULL, argv, argv[2], of);                                                                                    \
	}                                                                                                                                  \
	TS_FN(name##_byid)                                                                                                                 \
	{                                                                                                                                  \
		headline(ctx, argv[0], argv + 1, NULL, of);                                                                                \
	}                                                                                                                                  \
	TS_FN(name##_byid_opt)                                                                                                             \
	{                                                                                                                                  \
		headline(ctx, argv[0], argv + 1, argv[3], of);                                                                             \
	}
HEADLINES(fn_headline, HEADLINE_TEXT)
HEADLINES(fn_headline_json, HEADLINE_JSON)
HEADLINES(fn_headline_jsonb, HEADLINE_JSONB)

#define PURE (FN_STRICT | FN_IMMUTABLE)

/* Without a configuration the setting decides: not immutable. */
const SqliteFn fn_table_ts_text[] = {
	{ "to_tsvector", 1, FN_STRICT, fn_to_tsvector },
	{ "to_tsvector_byid", 2, PURE, fn_to_tsvector },
	{ "to_tsquery", 1, FN_STRICT, fn_to_tsquery },
	{ "to_tsquery_byid", 2, PURE, fn_to_tsquery },
	{ "plainto_tsquery", 1, FN_STRICT, fn_plainto },
	{ "plainto_tsquery_byid", 2, PURE, fn_plainto },
	{ "phraseto_tsquery", 1, FN_STRICT, fn_phraseto },
	{ "phraseto_tsquery_byid", 2, PURE, fn_phraseto },
	{ "websearch_to_tsquery", 1, FN_STRICT, fn_websearch },
	{ "websearch_to_tsquery_byid", 2, PURE, fn_websearch },
	{ "get_current_ts_config", 0, 0, fn_current_config },
	{ "ts_lexize", 2, PURE, fn_lexize },
	{ "json_string_to_tsvector", 1, FN_STRICT, fn_json_strings },
	{ "json_string_to_tsvector_byid", 2, PURE, fn_json_strings },
	{ "jsonb_string_to_tsvector", 1, FN_STRICT, fn_jsonb_strings },
	{ "jsonb_string_to_tsvector_byid", 2, PURE, fn_jsonb_strings },
	{ "json_to_tsvector", 2, FN_STRICT, fn_json_vector },
	{ "json_to_tsvector_byid", 3, PURE, fn_json_vector },
	{ "jsonb_to_tsvector", 2, FN_STRICT, fn_jsonb_vector },
	{ "jsonb_to_tsvector_byid", 3, PURE, fn_jsonb_vector },
	{ "ts_headline", 2, FN_STRICT, fn_headline },
	{ "ts_headline_opt", 3, FN_STRICT, fn_headline_opt },
	{ "ts_headline_byid", 3, PURE, fn_headline_byid },
	{ "ts_headline_byid_opt", 4, PURE, fn_headline_byid_opt },
	{ "ts_headline_json", 2, FN_STRICT, fn_headline_json },
	{ "ts_headline_json_opt", 3, FN_STRICT, fn_headline_json_opt },
	{ "ts_headline_json_byid", 3, PURE, fn_headline_json_byid },
	{ "ts_headline_json_byid_opt", 4, PURE, fn_headline_json_byid_opt },
	{ "ts_headline_jsonb", 2, FN_STRICT, fn_headline_jsonb },
	{ "ts_headline_jsonb_opt", 3, FN_STRICT, fn_headline_jsonb_opt },
	{ "ts_headline_jsonb_byid", 3, PURE, fn_headline_jsonb_byid },
	{ "ts_headline_jsonb_byid_opt", 4, PURE, fn_headline_jsonb_byid_opt },
	{ 0 },
};
