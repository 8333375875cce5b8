/* understudy translate: one statement, explained; or the coverage of a file of them. */
#include "cli/translate.h"

#include "cli/script.h"
#include "cli/translate_schema.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

typedef struct TranslateOptions {
	const char *file, *schema, *data_dir, *database;
	bool json;
	const char *sql;
} TranslateOptions;

static const struct option long_options[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "schema", required_argument, NULL, 's' },
	{ "data-dir", required_argument, NULL, 'd' },
	{ "database", required_argument, NULL, 'b' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void usage(FILE *to)
{
	fprintf(to, "usage: understudy translate [--schema FILE | --data-dir DIR [--database NAME]] [--json] SQL\n"
		    "       understudy translate [--schema FILE | --data-dir DIR [--database NAME]] [--json] --file FILE\n"
		    "  SQL        a statement, or - to read it from standard input\n"
		    "  --file     a script, or a PostgreSQL log (plain, csvlog, jsonlog): how many of its statements SQLite can answer\n"
		    "  --schema   a script that makes the tables, such as pg_dump --schema-only writes\n"
		    "  --data-dir a data directory whose database (postgres unless --database says otherwise) has the tables\n");
}

/* 0, 1 when --help was asked for, -1 on wrong usage. */
static int parse_options(int argc, char **argv, TranslateOptions *o)
{
	*o = (TranslateOptions){ .database = "postgres" };
	argv--; /* getopt skips the first word, which is the command's name */
	argc++;
	optind = 0;
	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		switch (c) {
		case 'f':
			o->file = optarg;
			break;
		case 's':
			o->schema = optarg;
			break;
		case 'd':
			o->data_dir = optarg;
			break;
		case 'b':
			o->database = optarg;
			break;
		case 'j':
			o->json = true;
			break;
		case 'h':
			return 1;
		default:
			return -1;
		}
	}
	o->sql = optind < argc ? argv[optind++] : NULL;
	return optind < argc || !o->sql == !o->file || (o->schema && o->data_dir) ? -1 : 0;
}

/* A whole file, - is standard input; NUL-terminated, owned by the caller. */
static char *read_file(const char *path, size_t *n, Error *err)
{
	FILE *f = streq(path, "-") ? stdin : fopen(path, "r");
	if (!f) {
		err_set(err, "58P01", "%s cannot be read: %s", path, strerror(errno));
		return NULL;
	}
	Buf b = { 0 };
	size_t got;
	while ((got = fread(buf_reserve(&b, 65536), 1, 65536, f)) > 0)
		b.len += got;
	if (f != stdin)
		fclose(f);
	*n = b.len;
	char *text = mem_strndup(buf_cstr(&b), b.len);
	buf_free(&b);
	return text;
}

/* --- errors --- */

/* The line of the statement with the error's position, and a caret under it, as psql prints them. */
static void print_caret(FILE *to, Str text, int position)
{
	size_t at = 0;
	for (int i = 1; i < position && at < text.n; i++)
		for (at++; at < text.n && ((unsigned char)text.p[at] & 0xc0) == 0x80; at++)
			;
	int line = 1;
	size_t from = 0, to_at = at;
	for (size_t i = 0; i < at; i++)
		if (text.p[i] == '\n') {
			line++;
			from = i + 1;
		}
	while (to_at < text.n && text.p[to_at] != '\n')
		to_at++;
	/* a long line is cut around the position */
	size_t shown = at > from + 60 ? at - 60 : from;
	while (shown > from && ((unsigned char)text.p[shown] & 0xc0) == 0x80)
		shown--;
	size_t stop = to_at > shown + 140 ? shown + 140 : to_at;
	int head = fprintf(to, "    LINE %d: %s", line, shown > from ? "..." : "");
	for (size_t i = shown; i < stop; i++)
		fputc(text.p[i] == '\t' ? ' ' : text.p[i], to);
	fprintf(to, "\n%*s^\n", head + (int)utf8_length(text.p + shown, at - shown), "");
}

static void print_error(FILE *to, Str text, const Error *err)
{
	fprintf(to, "    %s: %s\n", err->sqlstate, err->message);
	if (err->detail[0])
		fprintf(to, "    DETAIL: %s\n", err->detail);
	if (err->hint[0])
		fprintf(to, "    HINT: %s\n", err->hint);
	if (err->position > 0)
		print_caret(to, text, err->position);
}

static json_t *error_json(const Error *err)
{
	return json_pack("{s:s, s:s, s:i}", "sqlstate", err->sqlstate, "message", err->message, "position", err->position);
}

/* --- one statement --- */

static json_t *type_json(const PgType *t, int32_t typmod, const char *name, Arena *a)
{
	json_t *o = json_pack("{s:s, s:i}", "type", type_format(t, typmod, a), "oid", (int)t->oid);
	if (name)
		json_object_set_new(o, "name", json_string(name));
	return o;
}

/* What a reader of the SQLite text should know. */
static json_t *notes_of(const Plan *plan)
{
	json_t *notes = json_array();
	if (plan->writes || plan->is_ddl)
		json_array_append_new(notes, json_string("takes the write connection of the file"));
	if (plan->volatile_fn)
		json_array_append_new(notes, json_string("calls a function that gives another answer each time"));
	if (plan->sql && (strstr(plan->sql, "pg_") || strstr(plan->sql, "COLLATE pg")))
		json_array_append_new(notes, json_string("uses functions or collations that only understudy adds to SQLite"));
	if (plan->kind == PLAN_NOTHING)
		json_array_append_new(notes, json_string("has nothing to do on SQLite"));
	else if (!plan->sql && plan->kind != PLAN_SCRIPT)
		json_array_append_new(notes, json_string("is carried out by the session, without SQL"));
	return notes;
}

static json_t *plan_json(const Schema *s, const Plan *plan, Arena *a)
{
	json_t *o = json_object(), *sql = json_array(), *params = json_array(), *cols = json_array();
	if (plan->sql)
		json_array_append_new(sql, json_string(plan->sql));
	for (size_t i = 0; i < plan->nsteps; i++)
		if (plan->steps[i].sql)
			json_array_append_new(sql, json_string(plan->steps[i].sql));
	for (size_t i = 0; i < plan->nparams; i++)
		json_array_append_new(params, type_json(catalog_type(s->cat, plan->param_types[i]), -1, NULL, a));
	for (size_t i = 0; plan->returns_rows && i < plan->ncols; i++)
		json_array_append_new(cols, type_json(plan->cols[i].type, plan->cols[i].typmod, plan->cols[i].name, a));
	json_object_set_new(o, "tag", json_string(plan->tag ? plan->tag : ""));
	json_object_set_new(o, "sql", sql);
	json_object_set_new(o, "parameters", params);
	json_object_set_new(o, "columns", cols);
	json_object_set_new(o, "notes", notes_of(plan));
	return o;
}

static const char *member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s ? s : "";
}

static void print_plan(const json_t *o)
{
	size_t i;
	json_t *x;
	printf("statement  %s\n", member(o, "tag"));
	json_array_foreach(json_object_get(o, "sql"), i, x) printf("%s%s\n", i ? "           " : "sqlite     ", json_string_value(x));
	json_array_foreach(json_object_get(o, "parameters"), i, x)
		printf("%s$%zu %s\n", i ? "           " : "parameters ", i + 1, member(x, "type"));
	json_array_foreach(json_object_get(o, "columns"), i, x)
		printf("%s%s %s\n", i ? "           " : "columns    ", member(x, "name"), member(x, "type"));
	json_array_foreach(json_object_get(o, "notes"), i, x) printf("%s%s\n", i ? "           " : "notes      ", json_string_value(x));
}

static void print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int translate_one(Schema *s, Str sql, bool json)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	int rc = 0;
	if (sql_parse(sql, a, &parsed, &err) != 0) {
		if (json) {
			json_t *o = error_json(&err);
			print_json(o);
			json_decref(o);
		} else {
			print_error(stdout, sql, &err);
		}
		return 1;
	}
	for (size_t i = 0; i < parsed.n; i++) {
		Plan *plan = schema_plan(s, &parsed, i, a, &err);
		bool ok = plan && schema_apply(s, plan, &err) == 0;
		json_t *o = ok ? plan_json(s, plan, a) : error_json(&err);
		if (json)
			print_json(o);
		else if (ok)
			print_plan(o);
		else
			print_error(stdout, sql, &err);
		json_decref(o);
		rc = ok ? rc : 1;
		if (!json && i + 1 < parsed.n)
			putchar('\n');
	}
	sql_parsed_free(&parsed);
	return rc;
}

/* --- a file --- */

typedef struct Failure {
	Str text;
	int line, times;
	Error err;
} Failure;

typedef struct Coverage {
	Arena *a;
	Map by_text; /* Failure */
	Failure **failures;
	size_t n, cap;
	size_t total, run, refused;
} Coverage;

static void add_failure(Coverage *c, const ScriptStatement *st, const Error *err)
{
	Failure *f = map_get(&c->by_text, st->text);
	c->refused += err_is(err, "0A000");
	if (f) {
		f->times++;
		return;
	}
	f = arena_new_of(c->a, Failure);
	*f = (Failure){ st->text, st->line, 1, *err };
	map_put(&c->by_text, st->text, f);
	c->failures = mem_grow(c->failures, &c->cap, c->n + 1, sizeof *c->failures);
	c->failures[c->n++] = f;
}

static int try_statement(Schema *s, Str text, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	ParsedSql parsed;
	int rc = 0;
	if (sql_parse(text, a, &parsed, err) != 0)
		return -1;
	for (size_t i = 0; i < parsed.n && rc == 0; i++) {
		Plan *plan = schema_plan(s, &parsed, i, a, err);
		rc = plan ? schema_apply(s, plan, err) : -1;
	}
	sql_parsed_free(&parsed);
	return rc;
}

static void cover(Coverage *c, Schema *s, const Script *script)
{
	for (size_t i = 0; i < script->n; i++) {
		Error err = { 0 };
		c->total++;
		if (try_statement(s, script->items[i].text, &err) == 0)
			c->run++;
		else
			add_failure(c, &script->items[i], &err);
	}
}

static void print_coverage(const Coverage *c, const char *path, const char *form)
{
	printf("%zu of %zu statements of %s (%s) run on SQLite", c->run, c->total, path, form);
	if (c->total)
		printf(" (%.1f %%)", 100.0 * (double)c->run / (double)c->total);
	printf("; %zu refused, %zu with other errors\n", c->refused, c->total - c->run - c->refused);
	for (size_t i = 0; i < c->n; i++) {
		const Failure *f = c->failures[i];
		printf("\n%s:%d", path, f->line);
		if (f->times > 1)
			printf(" (%d times)", f->times);
		putchar('\n');
		print_error(stdout, f->text, &f->err);
	}
}

static void print_coverage_json(const Coverage *c, const char *path, const char *form)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:i, s:i, s:[]}", "file", path, "form", form, "statements", (int)c->total, "run",
			      (int)c->run, "refused", (int)c->refused, "failures");
	for (size_t i = 0; i < c->n; i++) {
		json_t *x = error_json(&c->failures[i]->err);
		json_object_set_new(x, "statement", json_stringn(c->failures[i]->text.p, c->failures[i]->text.n));
		json_object_set_new(x, "line", json_integer(c->failures[i]->line));
		json_object_set_new(x, "times", json_integer(c->failures[i]->times));
		json_array_append_new(json_object_get(o, "failures"), x);
	}
	print_json(o);
	json_decref(o);
}

static int translate_file(Schema *s, Str text, const TranslateOptions *o)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Coverage c = { .a = a };
	Script script;
	script_read(text, a, &script);
	cover(&c, s, &script);
	if (o->json)
		print_coverage_json(&c, o->file, script.form);
	else
		print_coverage(&c, o->file, script.form);
	map_free(&c.by_text);
	free(c.failures);
	return c.run == c.total ? 0 : 1;
}

/* --- the command --- */

static int load_schema(Schema *s, const char *path, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Coverage c = { .a = a };
	Script script;
	size_t n;
	char *text = read_file(path, &n, err);
	if (!text)
		return -1;
	script_read((Str){ text, n }, a, &script);
	cover(&c, s, &script);
	for (size_t i = 0; i < c.n; i++) {
		fprintf(stderr, "understudy: %s:%d: not in the schema\n", path, c.failures[i]->line);
		print_error(stderr, c.failures[i]->text, &c.failures[i]->err);
	}
	map_free(&c.by_text);
	free(c.failures);
	free(text);
	return 0;
}

static int run(const TranslateOptions *o, Schema *s, Error *err)
{
	if (o->data_dir ? schema_open_database(s, o->data_dir, o->database, err) : schema_open_scratch(s, err))
		return -1;
	if (o->schema && load_schema(s, o->schema, err) != 0)
		return -1;
	size_t n = o->sql ? strlen(o->sql) : 0;
	bool given = o->sql && !streq(o->sql, "-");
	char *text = given ? mem_strdup(o->sql) : read_file(o->sql ? o->sql : o->file, &n, err);
	if (!text)
		return -1;
	int rc = o->file ? translate_file(s, (Str){ text, n }, o) : translate_one(s, (Str){ text, n }, o->json);
	free(text);
	return rc;
}

int cmd_translate(int argc, char **argv)
{
	TranslateOptions o;
	int rc = parse_options(argc, argv, &o);
	if (rc != 0) {
		usage(rc > 0 ? stdout : stderr);
		return rc > 0 ? 0 : 2;
	}
	Schema s = { 0 };
	Error err = { 0 };
	rc = run(&o, &s, &err);
	schema_close(&s);
	if (rc < 0) {
		fprintf(stderr, "understudy: %s\n", err.message);
		return 2;
	}
	return rc;
}
