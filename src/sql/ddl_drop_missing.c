/* DROP of kinds of objects of which users cannot make any: what is named does not exist, which IF EXISTS allows. */
#include "sql/ddl_alter.h"

#define OBJECT(kind) PG_QUERY__OBJECT_TYPE__OBJECT_##kind

typedef struct MissingKind {
	PgQuery__ObjectType type;
	const char *noun, *tag;
	char names;	      /* 'n' a name, 'q' perhaps a schema and a name, 'r' a relation and a name */
	const char *builtins; /* names that do exist, each between blanks; what they are is not dropped */
} MissingKind;

static const MissingKind kinds[] = {
	{ OBJECT(TRIGGER), "trigger", "DROP TRIGGER", 'r', " " },
	{ OBJECT(RULE), "rule", "DROP RULE", 'r', " _RETURN " },
	{ OBJECT(POLICY), "policy", "DROP POLICY", 'r', " " },
	{ OBJECT(EVENT_TRIGGER), "event trigger", "DROP EVENT TRIGGER", 'n', " " },
	{ OBJECT(PUBLICATION), "publication", "DROP PUBLICATION", 'n', " understudy understudy_inserts " },
	{ OBJECT(FOREIGN_SERVER), "server", "DROP SERVER", 'n', " " },
	{ OBJECT(FDW), "foreign-data wrapper", "DROP FOREIGN DATA WRAPPER", 'n', " " },
	{ OBJECT(ACCESS_METHOD), "access method", "DROP ACCESS METHOD", 'n', " heap btree hash gist gin spgist brin " },
	{ OBJECT(LANGUAGE), "language", "DROP LANGUAGE", 'n', " internal c sql plpgsql " },
	{ OBJECT(FOREIGN_TABLE), "foreign table", "DROP FOREIGN TABLE", 'q', " " },
	{ OBJECT(STATISTIC_EXT), "statistics object", "DROP STATISTICS", 'q', " " },
};

static int missing(Ddl *d, const PgQuery__DropStmt *s, const char *code, const char *what)
{
	if (!s->missing_ok)
		return an_error(d->ps, -1, code, "%s does not exist", what);
	ddl_notice(d, "00000", "%s does not exist, skipping", what);
	return 0;
}

/* A rule, trigger or policy: the last name is its own, those before it are its table's. */
static int missing_of_relation(Ddl *d, const PgQuery__DropStmt *s, const MissingKind *k, const PgQuery__List *names)
{
	size_t n = names->n_items;
	const char *own = node_string(names->items[n - 1]);
	PgQuery__RangeVar rv;
	pg_query__range_var__init(&rv);
	rv.relname = (char *)(n > 1 ? node_string(names->items[n - 2]) : "");
	rv.schemaname = (char *)(n > 2 ? node_string(names->items[n - 3]) : "");
	if (*rv.schemaname && !catalog_schema(d->cat, rv.schemaname))
		return missing(d, s, "3F000", arena_printf(d->a, "schema \"%s\"", rv.schemaname));
	if (!ddl_find_rel(d, &rv))
		return missing(d, s, "42P01", arena_printf(d->a, "relation \"%s\"", rv.relname));
	return missing(d, s, "42704",
		       arena_printf(d->a, "%s \"%s\" for %s \"%s\"", k->noun, own,
				    k->type == OBJECT(RULE) || s->missing_ok ? "relation" : "table", rv.relname));
}

static int missing_object(Ddl *d, const PgQuery__DropStmt *s, const MissingKind *k, const PgNode *object)
{
	bool list = object->node_case == PG_QUERY__NODE__NODE_LIST;
	size_t n = list ? object->list->n_items : 1;
	const char *name = node_string(list ? object->list->items[n - 1] : object);
	const char *schema = list && n > 1 ? node_string(object->list->items[n - 2]) : NULL;
	if (strstr(k->builtins, arena_printf(d->a, " %s ", name)))
		return an_refuse(d->ps, -1, "%s of a built-in object", k->tag);
	if (k->names == 'r' && list)
		return missing_of_relation(d, s, k, object->list);
	if (schema && !catalog_schema(d->cat, schema))
		return missing(d, s, "3F000", arena_printf(d->a, "schema \"%s\"", schema));
	if (schema && k->type == OBJECT(STATISTIC_EXT))
		name = arena_printf(d->a, "%s.%s", schema, name);
	return missing(d, s, "42704", arena_printf(d->a, "%s \"%s\"", k->noun, name));
}

int plan_drop_missing(Ddl *d, const PgQuery__DropStmt *s)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].type != s->remove_type)
			continue;
		for (size_t k = 0; k < s->n_objects; k++)
			if (missing_object(d, s, &kinds[i], s->objects[k]) < 0)
				return -1;
		return ddl_finish(d, kinds[i].tag);
	}
	return an_refuse(d->ps, -1, "DROP of this kind of object");
}
