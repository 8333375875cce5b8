/* The text search relations of pg_catalog: what initdb makes. */
#include "catalog/vtab.h"

#include "pgtype/ts_dict.h"

enum { OID_PARSER = 3722, OID_TEMPLATE_SIMPLE = 3727, OID_TEMPLATE_SNOWBALL = 13150, NAMESPACE = 11, OWNER = 10 };

static void produce_config(RowSink *s)
{
	for (size_t i = 0; i < ts_config_count(); i++) {
		TsConfig c = ts_config_at(i);
		row_new(s);
		row_int(s, "oid", c.oid);
		row_text(s, "cfgname", c.name);
		row_int(s, "cfgnamespace", NAMESPACE);
		row_int(s, "cfgowner", OWNER);
		row_int(s, "cfgparser", OID_PARSER);
	}
}

static void produce_config_map(RowSink *s)
{
	for (size_t i = 0; i < ts_config_count(); i++) {
		TsConfig c = ts_config_at(i);
		for (int type = TS_ASCIIWORD; type <= TS_ENTITY; type++) {
			const TsDict *d = ts_config_dict(&c, (TsTokenType)type);
			if (!d)
				continue;
			row_new(s);
			row_int(s, "mapcfg", c.oid);
			row_int(s, "maptokentype", type);
			row_int(s, "mapseqno", 1);
			row_int(s, "mapdict", d->oid);
		}
	}
}

static void produce_dict(RowSink *s)
{
	for (size_t i = 0; i < ts_config_count(); i++) {
		const TsDict *d = ts_config_at(i).word;
		row_new(s);
		row_int(s, "oid", d->oid);
		row_text(s, "dictname", d->name);
		row_int(s, "dictnamespace", NAMESPACE);
		row_int(s, "dictowner", OWNER);
		row_int(s, "dicttemplate", d->language ? OID_TEMPLATE_SNOWBALL : OID_TEMPLATE_SIMPLE);
		bool stops = false;
		for (size_t k = 0; d->language && k < ts_stop_lists_count; k++)
			stops |= streq(ts_stop_lists[k].language, d->language);
		const char *language = d->language ? arena_printf(s->a, "language = '%s'", d->language) : NULL;
		row_text(s, "dictinitoption", stops ? arena_printf(s->a, "%s, stopwords = '%s'", language, d->language) : language);
	}
}

static void produce_parser(RowSink *s)
{
	row_new(s);
	row_int(s, "oid", OID_PARSER);
	row_text(s, "prsname", "default");
	row_int(s, "prsnamespace", NAMESPACE);
	row_int(s, "prsstart", 3717);
	row_int(s, "prstoken", 3718);
	row_int(s, "prsend", 3719);
	row_int(s, "prsheadline", 3720);
	row_int(s, "prslextype", 3721);
}

const NamedProducer catalog_producers_ts[] = {
	{ "pg_ts_config", produce_config },
	{ "pg_ts_config_map", produce_config_map },
	{ "pg_ts_dict", produce_dict },
	{ "pg_ts_parser", produce_parser },
	{ NULL, NULL },
};
