/* The check against syntax that nobody reads; it runs on every statement before the analysis and has to be quick. */
#include "sql/fields.h"

typedef struct Check {
	ParseState *ps;
	int location; /* of the nearest node around that has one */
} Check;

static int check_node(Check *c, const PgNode *n);

static int refuse_field(const Check *c, const NodeRules *r, const FieldRule *f)
{
	return an_refuse(c->ps, c->location, "%s of %s is not available in SQLite mode", f->name, r->name);
}

static bool is_set(const FieldRule *f, const char *at)
{
	switch (f->type) {
	case FIELD_BOOL:
		return *(const protobuf_c_boolean *)at;
	case FIELD_INT:
		return *(const int32_t *)(const void *)at != 0;
	case FIELD_INT64:
		return *(const int64_t *)(const void *)at != 0;
	case FIELD_ENUM: /* 1 is the first real value: the ordinary one */
		return *(const int *)(const void *)at > 1;
	case FIELD_STRING:
		return **(const char *const *)(const void *)at != 0;
	default:
		return *(const void *const *)(const void *)at != NULL;
	}
}

static int check_message(Check *c, const NodeRules *r, const void *message)
{
	const int outer = c->location;
	if (r->location_offset != NO_LOCATION) {
		int at = *(const int32_t *)(const void *)((const char *)message + r->location_offset);
		c->location = at > 0 ? at : c->location;
	}
	for (size_t i = 0; i < r->nchecked; i++) {
		const FieldRule *f = &r->fields[i];
		const char *at = (const char *)message + f->offset;
		if (f->use == FIELD_REFUSED || (f->type == FIELD_MESSAGE && !f->message)) {
			if (is_set(f, at))
				return refuse_field(c, r, f);
			continue;
		}
		const void *below = *(const void *const *)(const void *)at;
		if (!below)
			continue;
		if (f->type == FIELD_MESSAGE ? check_message(c, f->message, below) < 0 : f->type == FIELD_NODE && check_node(c, below) < 0)
			return -1;
		if (f->type != FIELD_NODES)
			continue;
		size_t n = *(const size_t *)(const void *)((const char *)message + f->count_offset);
		for (size_t k = 0; k < n; k++)
			if (check_node(c, ((const PgNode *const *)below)[k]) < 0)
				return -1;
	}
	c->location = outer;
	return 0;
}

static const NodeRules *rules_of(const PgNode *n)
{
	return (size_t)n->node_case < node_rules_count ? node_rules[n->node_case] : NULL;
}

static int check_node(Check *c, const PgNode *n)
{
	if (n->node_case == PG_QUERY__NODE__NODE__NOT_SET)
		return 0;
	const NodeRules *r = rules_of(n);
	if (r)
		return check_message(c, r, n->alias); /* every member of the union is a pointer to the message */
	const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field(&pg_query__node__descriptor, n->node_case);
	return an_refuse(c->ps, c->location, "%s is not available in SQLite mode", f ? f->name : "this syntax");
}

/* "create policy p on t ..." as "CREATE POLICY": the statement's name for a refusal. */
static const char *statement_name(ParseState *ps, Str text)
{
	Str t = sql_skip_blank(text);
	size_t n = 0, words = 0;
	while (n < t.n && n < 60) {
		char c = t.p[n];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (c == ' ' && ++words == 2)
			break;
		if (!letter && c != ' ')
			break;
		n++;
	}
	char *s = arena_strndup(ps->a, t.p, n);
	for (char *c = s; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
	return s;
}

int fields_refuse_statement(ParseState *ps, const RawStmt *raw)
{
	return an_refuse(ps, raw->location, "%s is not available in SQLite mode", statement_name(ps, raw->text));
}

int fields_check(ParseState *ps, const RawStmt *raw)
{
	Check c = { ps, raw->location };
	const PgNode *n = raw->node;
	return rules_of(n) ? check_node(&c, n) : fields_refuse_statement(ps, raw);
}
