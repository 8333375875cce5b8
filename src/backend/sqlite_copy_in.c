/* COPY FROM STDIN: bytes in any pieces -> records -> rows. */
#include "backend/copy_binary.h"
#include "backend/copy_fields.h"
#include "backend/copy_lines.h"
#include "backend/sqlite_internal.h"
#include "pgtype/encoding.h"
#include "pgtype/family.h"
#include "sql/triggers.h"

#include <stdio.h>

struct SqliteCopy {
	CachedPlan *plan;
	sqlite3_stmt *stmt;
	Buf pending;			       /* bytes of records not yet whole, in UTF-8 */
	Buf coded;			       /* the beginning of a character in `recoder`'s encoding */
	struct Recoder *recoder, *own_recoder; /* NULL: UTF-8 */
	CopyLines lines;
	bool ended; /* "\\." or the trailer was read */
	bool begun; /* the binary header was read */
	uint64_t line, rows;
	CopyFields fields;
	Val *vals;
	Arena *arena;
	int column;	   /* being converted; -1 = none */
	Str field, record; /* for the context of an error; p == NULL: not shown */
	Str *binary;	   /* the fields of a binary row */
	char context[512];
	struct ProgramEvents *events; /* of triggers that come after */
};

static int choose_recoder(const SqliteTxn *t, const CopyOptions *o, SqliteCopy *c, Error *err)
{
	if (o->binary || o->encoding == ENCODING_UTF8 || o->encoding == ENCODING_SQL_ASCII)
		return 0;
	if (o->encoding != ENCODING_NONE)
		c->own_recoder = recoder_new(o->encoding, err);
	c->recoder = o->encoding == ENCODING_NONE ? t->types->client : c->own_recoder;
	return o->encoding != ENCODING_NONE && !c->recoder ? -1 : 0;
}

/* The triggers of the statement. */
static int fire(SqliteTxn *t, SqliteCopy *c, char timing, Error *err)
{
	const struct PlanWrite *w = c->plan->plan->copy_write;
	FnEnv *env = &t->conn->db->env;
	Arena *scratch = env->scratch;
	const ProgramHooks *h = program_hooks();
	int rc = w ? h->fire_statement(t, w, timing, &c->events, err) : 0;
	if (rc == 0 && timing == 'a' && c->events)
		rc = h->fire_queue(t, &c->events, err);
	env->scratch = scratch;
	return rc;
}

RunResult copy_in_begin(SqliteTxn *t, CachedPlan *plan, SqliteCopy **out, Error *err)
{
	RunResult rc = txn_need_writer(t, "COPY FROM", err);
	if (rc != RUN_DONE)
		return rc;
	if (plan->cat != t->cat)
		return RUN_STALE;
	sqlite3_stmt *stmt;
	conn_enter(t->conn, t);
	if (db_prepare(t->conn->db, str_of(plan->plan->sql), &stmt, err) != 0) {
		conn_leave(t->conn);
		return RUN_ERROR;
	}
	SqliteCopy *c = mem_alloc(sizeof *c);
	if (choose_recoder(t, &plan->plan->copy, c, err) != 0) {
		free(c);
		db_done(t->conn->db, stmt);
		conn_leave(t->conn);
		return RUN_ERROR;
	}
	c->plan = plan_ref(plan);
	c->lines.o = &plan->plan->copy;
	c->binary = mem_alloc((plan->plan->ncols + 1) * sizeof *c->binary);
	c->stmt = stmt;
	c->arena = arena_new();
	c->vals = mem_alloc((plan->plan->ncols + 1) * sizeof *c->vals);
	c->column = -1;
	t->wrote = true;
	if (fire(t, c, 'b', err) != 0) {
		copy_in_free(t, c);
		return RUN_ERROR;
	}
	*out = c;
	return RUN_DONE;
}

void copy_in_free(SqliteTxn *t, SqliteCopy *c)
{
	if (t->conn) {
		db_done(t->conn->db, c->stmt);
		conn_leave(t->conn);
	}
	if (c->events)
		program_hooks()->free_events(c->events);
	plan_unref(c->plan);
	free(c->binary);
	buf_free(&c->pending);
	buf_free(&c->coded);
	recoder_free(c->own_recoder);
	copy_fields_free(&c->fields);
	arena_free(c->arena);
	free(c->vals);
	free(c);
}

const char *copy_in_context(const SqliteCopy *c)
{
	return c->context;
}

/* PostgreSQL shows at most 100 bytes of what was wrong. */
static void set_context(SqliteTxn *t, SqliteCopy *c)
{
	const Plan *plan = c->plan->plan;
	const CatRel *rel = catalog_rel_by_oid(t->cat, plan->target_oid);
	const char *table = rel ? rel->name : "?";
	Str shown = c->column >= 0 ? c->field : c->record;
	unsigned long long line = c->line;
	const char *column = c->column >= 0 ? plan->cols[c->column].name : NULL;
	int n = shown.n > 100 ? 100 : (int)shown.n;
	while (n < (int)shown.n && n > 0 && ((unsigned char)shown.p[n] & 0xc0) == 0x80)
		n--;
	const char *dots = shown.n > 100 ? "..." : "";
	if (plan->copy.binary && column)
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu, column %s", table, line, column);
	else if (column && !shown.p)
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu, column %s: null input", table, line, column);
	else if (column)
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu, column %s: \"%.*s%s\"", table, line, column, n, shown.p, dots);
	else if (shown.p)
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu: \"%.*s%s\"", table, line, n, shown.p, dots);
	else
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu", table, line);
}

static bool field_is_null(const CopyOptions *o, const CopyField *f, size_t i, const char *text)
{
	if (o->force_not_null && o->force_not_null[i])
		return false;
	if (o->force_null && o->force_null[i] && f->quoted && streq(text, o->null_text))
		return true;
	return f->is_null;
}

static int convert(SqliteTxn *t, SqliteCopy *c, Error *err)
{
	const Plan *plan = c->plan->plan;
	for (size_t i = 0; i < plan->ncols; i++) {
		c->column = -1;
		if (i >= c->fields.n)
			return err_set(err, "22P04", "missing data for column \"%s\"", plan->cols[i].name);
		const CopyField *f = &c->fields.items[i];
		const char *text = (const char *)c->fields.text.data + f->at;
		c->vals[i] = val_null();
		if (field_is_null(&plan->copy, f, i, text))
			continue;
		c->column = (int)i;
		c->field = (Str){ text, f->n };
		if (type_in(plan->cols[i].type, plan->cols[i].typmod, c->field, t->types, c->arena, &c->vals[i], err) != 0)
			return -1;
	}
	c->column = -1;
	return 0;
}

/* The row that the statement gives, if WHERE leaves it in, is written between its triggers. */
static int write_row(SqliteTxn *t, SqliteCopy *c, Error *err)
{
	const struct PlanWrite *w = c->plan->plan->copy_write;
	FnEnv *env = &t->conn->db->env;
	Arena *scratch = env->scratch;
	int rc = sqlite3_step(c->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return conn_write_error(t->conn, t, rc, c->plan->plan->target_oid, c->stmt, err);
	Val *row = arena_array(c->arena, Val, w->n + 1);
	for (size_t i = 0; rc == SQLITE_ROW && i < w->n; i++) {
		row[i] = db_column(c->stmt, (int)i);
		if (row[i].kind == VAL_TEXT || row[i].kind == VAL_BLOB)
			row[i].s.p = arena_strndup(c->arena, row[i].s.p, row[i].s.n);
	}
	sqlite3_reset(c->stmt);
	if (rc == SQLITE_DONE)
		return 0;
	rc = program_hooks()->write_row(t, w, row, c->arena, NULL, &c->events, err);
	env->scratch = scratch;
	c->rows += rc > 0;
	return rc < 0 ? -1 : 0;
}

static int insert(SqliteTxn *t, SqliteCopy *c, Error *err)
{
	const Plan *plan = c->plan->plan;
	for (size_t i = 0; i < plan->ncols; i++)
		db_bind(c->stmt, (int)i + 1, &c->vals[i]);
	fn_draws_begin(&t->conn->db->env);
	if (plan->copy_write)
		return write_row(t, c, err);
	int rc;
	do
		rc = sqlite3_step(c->stmt);
	while (rc == SQLITE_ROW);
	if (rc != SQLITE_DONE)
		return conn_write_error(t->conn, t, rc, plan->target_oid, c->stmt, err);
	c->rows += (uint64_t)sqlite3_changes64(t->conn->db->h); /* WHERE may have left it out */
	sqlite3_reset(c->stmt);
	return 0;
}

/* The first line under HEADER MATCH. */
static int match_header(SqliteCopy *c, Str line, Error *err)
{
	const Plan *plan = c->plan->plan;
	if ((plan->copy.csv ? copy_split_csv : copy_split_text)(&plan->copy, line, &c->fields, err) != 0)
		return -1;
	if (c->fields.n != plan->ncols)
		return err_set(err, "22P04", "wrong number of fields in header line: got %zu, expected %zu", c->fields.n, plan->ncols);
	for (size_t i = 0; i < plan->ncols; i++) {
		const CopyField *f = &c->fields.items[i];
		const char *name = (const char *)c->fields.text.data + f->at;
		if (f->is_null)
			return err_set(err, "22P04",
				       "column name mismatch in header line field %zu: got null value (\"%s\"), expected \"%s\"", i + 1,
				       plan->copy.null_text, plan->cols[i].name);
		if (!streq(name, plan->cols[i].name))
			return err_set(err, "22P04", "column name mismatch in header line field %zu: got \"%s\", expected \"%s\"", i + 1,
				       name, plan->cols[i].name);
	}
	return 0;
}

static int insert_row(SqliteTxn *t, SqliteCopy *c, Error *err)
{
	if (insert(t, c, err) != 0)
		return -1;
	if (arena_size(c->arena) > 64 * 1024)
		arena_reset(c->arena);
	return 0;
}

static int one_record(SqliteTxn *t, SqliteCopy *c, Str line, Error *err)
{
	const Plan *plan = c->plan->plan;
	const CopyOptions *o = &plan->copy;
	bool first = c->line == 0;
	c->line += 1 + c->lines.breaks;
	c->record = line;
	c->column = -1;
	if (family_check_utf8(line, err) != 0) {
		c->record = (Str){ 0 };
		return -1;
	}
	if (o->header && first)
		return o->header_match ? match_header(c, line, err) : 0;
	if ((o->csv ? copy_split_csv : copy_split_text)(o, line, &c->fields, err) != 0)
		return -1;
	/* A table without columns takes empty lines. */
	size_t n = c->fields.n == 1 && line.n == 0 && plan->ncols == 0 ? 0 : c->fields.n;
	if (n > plan->ncols)
		return err_set(err, "22P04", "extra data after last expected column");
	if (!o->csv && memchr(line.p, '\\', line.n)) /* an escape may have made a wrong byte */
		for (size_t i = 0; i < n; i++)
			if (family_check_utf8((Str){ (char *)c->fields.text.data + c->fields.items[i].at, c->fields.items[i].n }, err) != 0)
				return -1;
	return convert(t, c, err) != 0 ? -1 : insert_row(t, c, err);
}

static int binary_row(SqliteTxn *t, SqliteCopy *c, Error *err)
{
	const Plan *plan = c->plan->plan;
	for (size_t i = 0; i < plan->ncols; i++) {
		c->vals[i] = val_null();
		c->column = (int)i;
		if (c->binary[i].p &&
		    type_recv(plan->cols[i].type, plan->cols[i].typmod, c->binary[i], t->types, c->arena, &c->vals[i], err) != 0)
			return -1;
	}
	c->column = -1;
	return insert_row(t, c, err);
}

/* Takes one record off the front of `data`: its length, 0 when it is not whole, -1 on error. */
static ssize_t take_binary(SqliteTxn *t, SqliteCopy *c, Str data, bool eof, Error *err)
{
	bool last = false;
	ssize_t n;
	if (!c->begun) {
		n = copy_binary_header(data, eof, err);
		c->begun = n > 0;
		return n;
	}
	if (c->ended && data.n)
		return err_set(err, "22P04", "received copy data after EOF marker");
	if (data.n == 0)
		return 0;
	c->column = -1;
	c->line++;
	n = copy_binary_row(data, eof, c->binary, c->plan->plan->ncols, &last, &c->column, err);
	c->line -= n == 0;
	c->ended = last;
	return n > 0 && !last && binary_row(t, c, err) != 0 ? -1 : n;
}

static ssize_t take_line(SqliteTxn *t, SqliteCopy *c, Str data, bool eof, Error *err)
{
	size_t end = 0, next = 0;
	if (data.n == 0)
		return 0;
	c->column = -1;
	c->record = (Str){ 0 };
	LineResult rc = copy_lines_next(&c->lines, data, eof, &end, &next, err);
	if (rc == LINE_ERROR)
		c->line += 1 + c->lines.breaks;
	if (rc == LINE_ERROR || rc == LINE_MORE)
		return rc;
	c->ended = rc == LINE_LAST;
	if (rc == LINE_LAST && end == 0)
		return (ssize_t)next;
	return one_record(t, c, (Str){ data.p, end }, err) != 0 ? -1 : (ssize_t)next;
}

/* Works off what has come. */
static int take_all(SqliteTxn *t, SqliteCopy *c, bool eof, Error *err)
{
	bool binary = c->plan->plan->copy.binary;
	size_t from = 0;
	while (binary || !c->ended) {
		Str data = { (char *)c->pending.data + from, c->pending.len - from };
		ssize_t n = (binary ? take_binary : take_line)(t, c, data, eof, err);
		if (n < 0) {
			if (!binary || c->begun) /* a wrong header belongs to no line */
				set_context(t, c);
			return -1;
		}
		if (n == 0)
			break;
		from += (size_t)n;
	}
	buf_consume(&c->pending, from);
	return 0;
}

static int decode(SqliteCopy *c, Str data, Error *err)
{
	buf_put_str(&c->coded, data);
	Str whole = buf_str(&c->coded);
	whole.n = recoder_whole(c->recoder, whole);
	if (recoder_decode(c->recoder, whole, &c->pending, err) != 0)
		return -1;
	buf_consume(&c->coded, whole.n);
	return 0;
}

int copy_in_data(SqliteTxn *t, SqliteCopy *c, Str data, Error *err)
{
	bool binary = c->plan->plan->copy.binary;
	if (c->ended && !binary)
		return 0;
	if (atomic_load(&t->cancel)) {
		atomic_store(&t->cancel, false);
		return err_set(err, "57014", "canceling statement due to user request");
	}
	if (!c->recoder)
		buf_put_str(&c->pending, data);
	else if (decode(c, data, err) != 0)
		return -1;
	return take_all(t, c, false, err);
}

int copy_in_finish(SqliteTxn *t, SqliteCopy *c, uint64_t *rows, Error *err)
{
	if (c->recoder && recoder_decode(c->recoder, buf_str(&c->coded), &c->pending, err) != 0)
		return -1;
	if (take_all(t, c, true, err) != 0)
		return -1;
	if (c->plan->plan->copy.binary && !c->begun)
		return copy_binary_header((Str){ "", 0 }, true, err) < 0 ? -1 : 0;
	if (fire(t, c, 'a', err) != 0)
		return -1;
	*rows = c->rows;
	return 0;
}
