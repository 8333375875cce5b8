/* COPY FROM STDIN: bytes in any pieces -> records -> rows. */
#include "backend/copy_fields.h"
#include "backend/sqlite_internal.h"

#include <stdio.h>

struct SqliteCopy {
	CachedPlan *plan;
	sqlite3_stmt *stmt;
	Buf pending;	/* bytes of records not yet whole */
	size_t scanned; /* of pending: known to hold no end of a record */
	bool in_quote, escaped;
	bool ended; /* "\." was read */
	bool crlf, eol_known;
	uint64_t line, rows;
	CopyFields fields;
	Val *vals;
	Arena *arena;
	int column;	   /* being converted; -1 = none */
	Str field, record; /* for the context of an error */
	char context[512];
};

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
	c->plan = plan_ref(plan);
	c->stmt = stmt;
	c->arena = arena_new();
	c->vals = mem_alloc((plan->plan->ncols + 1) * sizeof *c->vals);
	c->column = -1;
	t->wrote = true;
	*out = c;
	return RUN_DONE;
}

void copy_in_free(SqliteTxn *t, SqliteCopy *c)
{
	if (t->conn) {
		db_done(t->conn->db, c->stmt);
		conn_leave(t->conn);
	}
	plan_unref(c->plan);
	buf_free(&c->pending);
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
	const char *dots = shown.n > 100 ? "..." : "";
	int n = shown.n > 100 ? 100 : (int)shown.n;
	if (c->column >= 0)
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu, column %s: \"%.*s%s\"", table, (unsigned long long)c->line,
			 plan->cols[c->column].name, n, shown.p, dots);
	else if (shown.p)
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu: \"%.*s%s\"", table, (unsigned long long)c->line, n, shown.p,
			 dots);
	else
		snprintf(c->context, sizeof c->context, "COPY %s, line %llu", table, (unsigned long long)c->line);
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
		const CopyField *f = &c->fields.items[i];
		const char *text = (const char *)c->fields.text.data + f->at;
		c->vals[i] = val_null();
		if (field_is_null(&plan->copy, f, i, text))
			continue;
		c->column = (int)i;
		c->field = (Str){ text, f->n };
		if (!utf8_valid(text, f->n))
			return err_set(err, "22021", "invalid byte sequence for encoding \"UTF8\"");
		if (type_in(plan->cols[i].type, plan->cols[i].typmod, c->field, t->types, c->arena, &c->vals[i], err) != 0)
			return -1;
	}
	c->column = -1;
	return 0;
}

static int insert(SqliteTxn *t, SqliteCopy *c, Error *err)
{
	const Plan *plan = c->plan->plan;
	for (size_t i = 0; i < plan->ncols; i++)
		db_bind(c->stmt, (int)i + 1, &c->vals[i]);
	fn_draws_begin(&t->conn->db->env);
	int rc;
	do
		rc = sqlite3_step(c->stmt);
	while (rc == SQLITE_ROW);
	if (rc != SQLITE_DONE)
		return conn_write_error(t->conn, t, rc, plan->target_oid, c->stmt, err);
	sqlite3_reset(c->stmt);
	c->rows++;
	return 0;
}

static int one_record(SqliteTxn *t, SqliteCopy *c, Str line, Error *err)
{
	const Plan *plan = c->plan->plan;
	const CopyOptions *o = &plan->copy;
	c->line++;
	c->record = line;
	c->column = -1;
	if (o->header && c->line == 1)
		return 0;
	if ((o->csv ? copy_split_csv : copy_split_text)(o, line, &c->fields, err) != 0)
		return -1;
	/* A table without columns takes empty lines. */
	size_t n = c->fields.n == 1 && line.n == 0 && plan->ncols == 0 ? 0 : c->fields.n;
	if (n > plan->ncols)
		return err_set(err, "22P04", "extra data after last expected column");
	if (n < plan->ncols)
		return err_set(err, "22P04", "missing data for column \"%s\"", plan->cols[n].name);
	if (convert(t, c, err) != 0 || insert(t, c, err) != 0)
		return -1;
	if (arena_size(c->arena) > 64 * 1024)
		arena_reset(c->arena);
	return 0;
}

/* Finds the newline that ends the record at the front of `pending`; -1 when it has not come yet. */
static ssize_t find_end(SqliteCopy *c, size_t from)
{
	const CopyOptions *o = &c->plan->plan->copy;
	const uint8_t *p = c->pending.data;
	for (size_t i = from + c->scanned; i < c->pending.len; i++) {
		char ch = (char)p[i];
		if (o->csv) {
			/* An escape that is not the quote itself protects the next character inside quotes. */
			if (c->escaped)
				c->escaped = false;
			else if (c->in_quote && ch == o->escape && o->escape != o->quote)
				c->escaped = true;
			else if (ch == o->quote)
				c->in_quote = !c->in_quote;
			else if (ch == '\n' && !c->in_quote)
				return (ssize_t)i;
		} else if (c->escaped) {
			c->escaped = false;
		} else if (ch == '\\') {
			c->escaped = true;
		} else if (ch == '\n') {
			return (ssize_t)i;
		}
	}
	c->scanned = c->pending.len - from;
	return -1;
}

static int take_line(SqliteTxn *t, SqliteCopy *c, Str line, Error *err)
{
	if (line.n && line.p[line.n - 1] == '\r' && (!c->eol_known || c->crlf)) {
		c->crlf = true;
		line.n--;
	}
	c->eol_known = true;
	if (line.n == 2 && memcmp(line.p, "\\.", 2) == 0) {
		c->ended = true;
		return 0;
	}
	return one_record(t, c, line, err);
}

int copy_in_data(SqliteTxn *t, SqliteCopy *c, Str data, Error *err)
{
	if (c->ended)
		return 0;
	if (atomic_load(&t->cancel)) {
		atomic_store(&t->cancel, false);
		return err_set(err, "57014", "canceling statement due to user request");
	}
	buf_put_str(&c->pending, data);
	size_t from = 0;
	for (ssize_t end; !c->ended && (end = find_end(c, from)) >= 0;) {
		Str line = { (char *)c->pending.data + from, (size_t)end - from };
		c->scanned = 0;
		if (take_line(t, c, line, err) != 0) {
			set_context(t, c);
			return -1;
		}
		from = (size_t)end + 1;
	}
	buf_consume(&c->pending, from);
	return 0;
}

int copy_in_finish(SqliteTxn *t, SqliteCopy *c, uint64_t *rows, Error *err)
{
	if (c->pending.len && !c->ended) {
		Str line = { (char *)c->pending.data, c->pending.len };
		if (take_line(t, c, line, err) != 0) {
			set_context(t, c);
			return -1;
		}
	}
	*rows = c->rows;
	return 0;
}
