/*
 * Nothing that PostgreSQL's grammar accepts is ignored.
 *
 * Every statement of tests/unit/fields.sql is planned; then, one at a time, every field of every node of its tree that says something is
 * cleared (an enumeration takes each other value), and the statement is planned again. A field that is read makes it another plan or an
 * error. A field that never makes a difference at its place was accepted and ignored: the test fails, unless src/sql/fields.txt says that
 * it has no meaning. It fails, too, when fields.txt names a field that no statement sets, and when a field that it does not name is not
 * refused.
 */
#include "../world.h"
#include "sql/fields.h"

#include <pg_query/pg_query.pb-c.h>
#include <setjmp.h>
#include <signal.h>

static World world;
static sigjmp_buf crashed;

static void on_crash(int sig)
{
	siglongjmp(crashed, sig);
}

static void put_text(Buf *b, const char *name, const char *s)
{
	if (s)
		buf_printf(b, "%s=%s\n", name, s);
}

static void put_flags(Buf *b, const Plan *p)
{
	put_text(b, "nowait", p->nowait);
	buf_printf(b, "%d %d %d %d %d %d %d %u %d %d %d %d %d\n", p->kind, p->tag_rows, p->writes, p->is_ddl, p->returns_rows,
		   p->volatile_fn, p->has_limit_ties, p->target_oid, p->local, p->is_default, p->read_only, p->deferrable, p->chain);
}

static void put_copy(Buf *b, const Plan *p)
{
	const CopyOptions *c = &p->copy;
	const bool *lists[] = { c->force_quote, c->force_not_null, c->force_null };
	buf_printf(b, "encoding %d ", c->encoding);
	buf_printf(b, "%d %d %d %d %d %d %d %d %d %d\n", p->copy_from, c->header_match, c->csv, c->header, c->freeze, c->binary,
		   c->delimiter, c->quote, c->escape, c->force_quote_all);
	put_text(b, "null", c->null_text);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t k = 0; lists[i] && k < p->ncols; k++)
			buf_printf(b, "%d,", lists[i][k]);
}

/* All that a plan says, as text. */
static void put_plan(Buf *b, const Plan *p)
{
	put_flags(b, p);
	put_text(b, "tag", p->tag);
	put_text(b, "sql", p->sql);
	put_text(b, "name", p->name);
	put_text(b, "isolation", p->isolation);
	for (size_t i = 0; i < p->nvalues; i++)
		put_text(b, "value", p->values[i]);
	for (size_t i = 0; i < p->ncols; i++)
		buf_printf(b, "%s %u %d %u %d\n", p->cols[i].name, p->cols[i].type->oid, p->cols[i].typmod, p->cols[i].table_oid,
			   p->cols[i].attnum);
	for (size_t i = 0; i < p->nparams; i++)
		buf_printf(b, "$%u\n", p->param_types[i]);
	for (size_t i = 0; i < p->ninner_types; i++)
		buf_printf(b, "$%u\n", p->inner_types[i]);
	for (size_t i = 0; i < p->nsteps; i++) {
		const PlanStep *s = &p->steps[i];
		buf_printf(b, "step %d %u %lld\n", s->kind, s->oid, (long long)s->value);
		put_text(b, "sql", s->sql);
		put_text(b, "code", s->code);
		put_text(b, "message", s->message);
		put_text(b, "detail", s->detail);
		put_text(b, "constraint", s->constraint);
	}
	put_copy(b, p);
	if (p->cursor)
		buf_printf(b, "cursor %d %d %d %d %d %zu\n", p->cursor->binary, p->cursor->hold, p->cursor->locks, p->cursor->scroll,
			   p->cursor->keep, p->cursor->ntables);
	if (p->fetch)
		buf_printf(b, "fetch %c %lld %d\n", p->fetch->direction, (long long)p->fetch->count, p->fetch->move);
	if (p->database) {
		const DatabasePlan *d = p->database;
		buf_printf(b, "database %c %d %d\n", d->what, d->missing_ok, d->force);
		put_text(b, "database", d->name);
		put_text(b, "new name", d->new_name);
		put_text(b, "template", d->template);
	}
	buf_put_str(b, p->inner_text);
}

/* The plan as text, or the error that came instead. */
static bool outcome(const ParsedSql *parsed, size_t which, Buf *out)
{
	Arena *a = arena_new();
	Error err = { 0 };
	SqlEnv env = world_env(&world);
	Plan *plan = NULL;
	bool ok = false;
	buf_clear(out);
	int sig = sigsetjmp(crashed, 1);
	if (sig) {
		buf_printf(out, "signal %d", sig);
		return false; /* the arena is lost: it may be in any state */
	}
	if (sql_plan(&env, parsed, which, NULL, 0, a, &plan, &err) == 0) {
		put_plan(out, plan);
		ok = true;
	} else {
		buf_printf(out, "%s %s", err.sqlstate, err.message);
	}
	arena_free(a);
	return ok;
}

/* What the variations of one field at one place have shown. */
typedef struct Seen {
	int mattered, ignored;
	char *example;
} Seen;

typedef struct Walk {
	const ParsedSql *parsed;
	size_t which;
	const char *place; /* the field that holds the message being visited */
	bool refused;	   /* the statement is: its fields are seen, and not varied */
	Buf before, after;
	Map seen;     /* "Parent.field>Node.field" or, of an enumeration, "...=value": Seen */
	Map set;      /* "Node.field" that a statement sets */
	Map guards;   /* "Node": the refusal of its other fields was tried */
	int mattered; /* variations so far that made a difference */
	int failures;
} Walk;

static void fail_with(Walk *w, const char *what, const char *where, const char *text)
{
	fprintf(stderr, "%s: %s%s%.200s\n", where, what, text ? ": " : "", text ? text : "");
	w->failures++;
}

static const char *statement(const Walk *w)
{
	static char text[200];
	Str t = w->parsed->stmts[w->which].text;
	snprintf(text, sizeof text, "%.*s", (int)t.n, t.p);
	return text;
}

static const NodeRules *rules_named(const char *name)
{
	for (size_t i = 0; i < node_rules_count; i++)
		if (node_rules[i] && strcmp(node_rules[i]->name, name) == 0)
			return node_rules[i];
	return NULL;
}

static const FieldRule *rule_named(const NodeRules *r, const char *name)
{
	for (size_t i = 0; r && i < r->nfields; i++)
		if (strcmp(r->fields[i].name, name) == 0)
			return &r->fields[i];
	return NULL;
}

/* Whether a field that is not empty says something: its rule does not call it meaningless, and `value` is not the one that says nothing. */
static bool means_something(Walk *w, const ProtobufCMessageDescriptor *type, const char *field, const char *value)
{
	const FieldRule *f = rule_named(rules_named(type->short_name), field);
	char key[200];
	if (f && (f->use == FIELD_MEANINGLESS || (f->none && value && strcmp(f->none, value) == 0)))
		return false;
	snprintf(key, sizeof key, "%s.%s", type->short_name, field);
	map_put(&w->set, str_of(key), w);
	return !w->refused;
}

static Seen *compare(Walk *w, const ProtobufCMessageDescriptor *type, const char *field, int value)
{
	char key[300];
	outcome(w->parsed, w->which, &w->after);
	snprintf(key, sizeof key, value ? "%s>%s.%s=%d" : "%s>%s.%s", w->place, type->short_name, field, value);
	Seen *s = map_get(&w->seen, str_of(key));
	if (!s) {
		s = mem_alloc(sizeof *s);
		map_put(&w->seen, str_of(key), s);
	}
	if (w->before.len != w->after.len || memcmp(w->before.data, w->after.data, w->before.len) != 0) {
		s->mattered++;
		w->mattered++;
		return s;
	}
	s->ignored++;
	if (!s->example)
		s->example = mem_strdup(statement(w));
	return s;
}

static bool is_position(const char *name)
{
	return strcmp(name, "location") == 0;
}

static void visit(Walk *w, ProtobufCMessage *m);

static void visit_in(Walk *w, const ProtobufCMessage *parent, const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
	char place[200];
	const char *was = w->place;
	snprintf(place, sizeof place, "%s.%s", parent->descriptor->short_name, f->name);
	w->place = place;
	visit(w, m);
	w->place = was;
}

static void vary_enum(Walk *w, const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *f, int *at)
{
	const ProtobufCEnumDescriptor *e = f->descriptor;
	int was = *at;
	if (!means_something(w, type, f->name, NULL) || was <= 1)
		return;
	for (unsigned i = 0; i < e->n_values; i++)
		if (e->values[i].value != was && e->values[i].value != 0) {
			*at = e->values[i].value;
			compare(w, type, f->name, was);
		}
	*at = was;
}

static void vary_bool(Walk *w, const ProtobufCMessageDescriptor *type, const char *name, protobuf_c_boolean *at)
{
	if (!*at || !means_something(w, type, name, NULL))
		return;
	*at = false;
	compare(w, type, name, 0);
	*at = true;
}

static void vary_string(Walk *w, const ProtobufCMessageDescriptor *type, const char *name, char **at)
{
	char *was = *at;
	if (!was || !*was || !means_something(w, type, name, was))
		return;
	*at = (char *)(uintptr_t)protobuf_c_empty_string;
	compare(w, type, name, 0);
	*at = (char *)(uintptr_t) "no such name";
	compare(w, type, name, 0);
	*at = was;
}

static void vary_int(Walk *w, const ProtobufCMessageDescriptor *type, const char *name, void *at, size_t size)
{
	char value[24], was[8];
	memcpy(was, at, size);
	long long n = size == 8 ? (long long)*(int64_t *)at : *(int32_t *)at;
	snprintf(value, sizeof value, "%lld", n);
	if (!n || is_position(name) || !means_something(w, type, name, value))
		return;
	memset(at, 0, size);
	compare(w, type, name, 0);
	memcpy(at, was, size);
}

static void vary_field(Walk *w, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	void *at = (char *)m + f->offset;
	if (f->type == PROTOBUF_C_TYPE_ENUM)
		vary_enum(w, m->descriptor, f, at);
	else if (f->type == PROTOBUF_C_TYPE_BOOL)
		vary_bool(w, m->descriptor, f->name, at);
	else if (f->type == PROTOBUF_C_TYPE_STRING)
		vary_string(w, m->descriptor, f->name, at);
	else
		vary_int(w, m->descriptor, f->name, at, f->type == PROTOBUF_C_TYPE_INT64 || f->type == PROTOBUF_C_TYPE_UINT64 ? 8 : 4);
}

static bool is_meaningless(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	const FieldRule *r = rule_named(rules_named(m->descriptor->short_name), f->name);
	return r && r->use == FIELD_MEANINGLESS;
}

static void vary_message(Walk *w, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	ProtobufCMessage **at = (void *)((char *)m + f->offset), *was = *at;
	if (!was || is_meaningless(m, f))
		return;
	Seen *s = NULL;
	if (means_something(w, m->descriptor, f->name, NULL)) {
		*at = NULL;
		s = compare(w, m->descriptor, f->name, 0);
		*at = was;
	}
	int before = w->mattered;
	visit_in(w, m, f, was);
	if (s && w->mattered > before) /* it says what nothing would say, but another thing below it would be seen */
		s->mattered++;
}

static void vary_list(Walk *w, ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	size_t *n = (void *)((char *)m + f->quantifier_offset), was = *n;
	ProtobufCMessage ***at = (void *)((char *)m + f->offset), **items = *at;
	if (!was || is_meaningless(m, f))
		return;
	Seen *s = NULL;
	if (means_something(w, m->descriptor, f->name, NULL)) {
		*n = 0;
		*at = NULL;
		s = compare(w, m->descriptor, f->name, 0);
		*n = was;
		*at = items;
	}
	int before = w->mattered;
	for (size_t i = 0; i < was; i++)
		visit_in(w, m, f, items[i]);
	if (s && w->mattered > before)
		s->mattered++;
}

/* Sets each field of a node that has to be refused, and looks whether it is. */
static void try_guards(Walk *w, ProtobufCMessage *m)
{
	const NodeRules *r = rules_named(m->descriptor->short_name);
	if (!r || w->refused || map_put(&w->guards, str_of(r->name), w))
		return;
	for (size_t i = 0; i < r->nfields; i++) {
		const FieldRule *f = &r->fields[i];
		char *at = (char *)m + f->offset, was[8] = { 0 }, name[100];
		static const uint64_t number = 2;
		static const char *const word = "x";
		PgQuery__Node empty = PG_QUERY__NODE__INIT, *node = &empty;
		size_t size = f->type == FIELD_BOOL ? sizeof(protobuf_c_boolean) : f->type == FIELD_INT || f->type == FIELD_ENUM ? 4 : 8;
		if (f->use != FIELD_REFUSED)
			continue;
		memcpy(was, at, size);
		memcpy(at,
		       f->type == FIELD_STRING					  ? (const void *)&word
		       : f->type <= FIELD_MESSAGE /* the first three are nodes */ ? (const void *)&node
										  : (const void *)&number,
		       size);
		if (f->type == FIELD_BOOL)
			*(protobuf_c_boolean *)at = true;
		outcome(w->parsed, w->which, &w->after);
		memcpy(at, was, size);
		snprintf(name, sizeof name, "%s.%s", r->name, f->name);
		if (strncmp(buf_cstr(&w->after), "0A000", 5) != 0)
			fail_with(w, "not in fields.txt, and not refused", name, statement(w));
	}
}

static void visit(Walk *w, ProtobufCMessage *m)
{
	if (m->descriptor == &pg_query__node__descriptor) {
		PgQuery__Node *n = (void *)m;
		if (n->node_case)
			visit(w, (ProtobufCMessage *)n->alias);
		return;
	}
	try_guards(w, m);
	for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			const int *which = (void *)((char *)m + f->quantifier_offset);
			if ((unsigned)*which == f->id && f->type == PROTOBUF_C_TYPE_MESSAGE)
				vary_message(w, m, f);
		} else if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			vary_list(w, m, f);
		} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
			vary_message(w, m, f);
		} else {
			vary_field(w, m, f);
		}
	}
}

static void apply(Walk *w)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	SqlEnv env = world_env(&world);
	Plan *plan;
	if (sql_plan(&env, w->parsed, w->which, NULL, 0, a, &plan, &err) != 0)
		fail_with(w, err.message, "it is another statement after its variation", statement(w));
	else if (plan->kind == PLAN_SCRIPT && world_apply(&world, plan, &err) != 0)
		fail_with(w, err.message, "its steps fail", statement(w));
}

static void vary_statement(Walk *w)
{
	ProtobufCMessage *m = (void *)(uintptr_t)w->parsed->stmts[w->which].node;
	w->refused = !outcome(w->parsed, w->which, &w->before);
	/* a refusal proves something of a construct; an error says that fields.sql is wrong */
	if (w->refused && strncmp(buf_cstr(&w->before), "0A000", 5) != 0 && strncmp(buf_cstr(&w->before), "42501", 5) != 0)
		fail_with(w, statement(w), buf_cstr(&w->before), NULL);
	if (w->refused && getenv("FIELDS_SHOW_REFUSED"))
		printf("%s: %s\n", buf_cstr(&w->before), statement(w));
	visit(w, m);
	if (!w->refused)
		apply(w);
}

/* Places where a field that is read elsewhere has no meaning. */
static const char *const harmless[] = {
	"CreateStmt.relation>RangeVar.relpersistence",	       /* UNLOGGED promises less than the file keeps */
	"SelectStmt.from_clause>RangeVar.catalogname",	       /* the current database's name, or an error */
	"TypeName.array_bounds>Integer.ival",		       /* int[3]: PostgreSQL ignores it, too */
	"AlterTableCmd.def>Integer.ival",		       /* SET STATISTICS */
	"AlterTableCmd.def>ReplicaIdentityStmt.identity_type", /* no changes are published from SQLite */
	"AlterTableStmt.cmds>AlterTableCmd.num",	       /* SET STATISTICS of an index */
	"CreateStmt.options>DefElem.arg",		       /* storage parameters */
	"IntoClause.options>DefElem.arg",
	"IndexStmt.options>DefElem.arg",
	"List.items>DefElem.arg",
	">SelectStmt.group_distinct",		       /* of plain columns */
	"AlterTableStmt.cmds>AlterTableCmd.behavior",  /* what CASCADE would drop is refused */
	"MultiAssignRef.source>SubLink.sub_link_type", /* the only one there */
	"PrepareStmt.query",			       /* kept as text and analysed as a statement of its own */
	"ResTarget.val>ParamRef.number",
	">PrepareStmt.query",
};

static bool is_harmless(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (strncmp(key, harmless[i], strlen(harmless[i])) == 0)
			return true;
	return false;
}

static void judge_seen(Walk *w)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&w->seen, &at));) {
		Seen *s = e->value;
		if (!s->mattered && !is_harmless(e->key))
			fail_with(w, "accepted and ignored", e->key, s->example);
		free(s->example);
		free(s);
	}
}

static void judge_table(Walk *w)
{
	for (size_t i = 0; i < node_rules_count; i++)
		for (size_t k = 0; node_rules[i] && k < node_rules[i]->nfields; k++) {
			const FieldRule *f = &node_rules[i]->fields[k];
			char key[200];
			snprintf(key, sizeof key, "%s.%s", node_rules[i]->name, f->name);
			if (f->use == FIELD_READ && !map_get(&w->set, str_of(key)))
				fail_with(w, "no statement of fields.sql sets it", key, NULL);
		}
}

static char *read_text(const char *path, size_t *n)
{
	size_t cap = 1 << 20;
	char *text = mem_alloc(cap);
	FILE *f = fopen(path, "r");
	if (!f)
		world_die(path, "cannot be read");
	*n = fread(text, 1, cap, f);
	fclose(f);
	return text;
}

static void run_file(Walk *w, const char *path)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	size_t n;
	char *text = read_text(path, &n);
	if (sql_parse((Str){ text, n }, a, &parsed, &err)) {
		fprintf(stderr, "at %.60s\n", text + err.position - 1);
		world_die(path, err.message);
	}
	w->parsed = &parsed;
	for (w->which = 0; w->which < parsed.n; w->which++)
		vary_statement(w);
	sql_parsed_free(&parsed);
	free(text);
}

int main(int argc, char **argv)
{
#ifdef __SANITIZE_ADDRESS__
	return 77; /* a cleared field that nobody expects is a null pointer: sanitizers end the program there */
#endif
	Walk w = { .place = "" };
	world_open(&world);
	signal(SIGSEGV, on_crash);
	for (int i = 1; i < argc; i++)
		run_file(&w, argv[i]);
	judge_seen(&w);
	judge_table(&w);
	map_free(&w.seen);
	map_free(&w.set);
	map_free(&w.guards);
	buf_free(&w.before);
	buf_free(&w.after);
	world_close(&world);
	printf("%d failures\n", w.failures);
	return w.failures != 0;
}
