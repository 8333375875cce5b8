/* COPY TO STDOUT in text and csv. Behaviour of PostgreSQL's copyto.c. */
#include "backend/sqlite_internal.h"

#include "wire/proto.h"

static void put_text_field(const CopyOptions *o, Str s, Buf *out)
{
	static const char special[] = "\b\f\n\r\t\v", letters[] = "bfnrtv";
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		const char *at = c ? memchr(special, c, sizeof special - 1) : NULL;
		if (at) {
			buf_put_u8(out, '\\');
			buf_put_u8(out, (uint8_t)letters[at - special]);
			continue;
		}
		if (c == '\\' || c == o->delimiter)
			buf_put_u8(out, '\\');
		buf_put_u8(out, (uint8_t)c);
	}
}

static bool needs_quote(const CopyOptions *o, Str s, bool only_column)
{
	if (str_is(s, o->null_text) || (only_column && str_is(s, "\\.")))
		return true;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == o->delimiter || s.p[i] == o->quote || s.p[i] == '\n' || s.p[i] == '\r')
			return true;
	return false;
}

static void put_csv_field(const CopyOptions *o, Str s, bool force, bool only_column, Buf *out)
{
	if (!force && !needs_quote(o, s, only_column)) {
		buf_put_str(out, s);
		return;
	}
	buf_put_u8(out, (uint8_t)o->quote);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == o->quote || s.p[i] == o->escape)
			buf_put_u8(out, (uint8_t)o->escape);
		buf_put_u8(out, (uint8_t)s.p[i]);
	}
	buf_put_u8(out, (uint8_t)o->quote);
}

static void put_field(const Plan *plan, size_t i, Str s, Buf *out)
{
	const CopyOptions *o = &plan->copy;
	bool force = o->force_quote_all || (o->force_quote && o->force_quote[i]);
	if (o->csv)
		put_csv_field(o, s, force, plan->ncols == 1, out);
	else
		put_text_field(o, s, out);
}

static int put_row(SqliteTxn *t, SqliteRun *r, Buf *value, Buf *out, Error *err)
{
	const Plan *plan = r->plan->plan;
	size_t at = wire_copy_data_begin(out);
	for (size_t i = 0; i < plan->ncols; i++) {
		if (i)
			buf_put_u8(out, (uint8_t)plan->copy.delimiter);
		Val v = db_column(r->stmt, (int)i);
		if (v.kind == VAL_NULL) {
			buf_puts(out, plan->copy.null_text);
			continue;
		}
		buf_clear(value);
		if (type_out(plan->cols[i].type, plan->cols[i].typmod, &v, t->types, value, err) != 0) {
			out->len = at - 1;
			return -1;
		}
		put_field(plan, i, buf_str(value), out);
	}
	buf_put_u8(out, '\n');
	wire_end(out, at);
	return 0;
}

static void put_header(const Plan *plan, Buf *out)
{
	size_t at = wire_copy_data_begin(out);
	for (size_t i = 0; i < plan->ncols; i++) {
		if (i)
			buf_put_u8(out, (uint8_t)plan->copy.delimiter);
		put_field(plan, i, str_of(plan->cols[i].name), out);
	}
	buf_put_u8(out, '\n');
	wire_end(out, at);
}

static int open_copy(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	const Plan *plan = r->plan->plan;
	if (txn_read_conn(t, &r->conn, &r->own_conn, err) != 0)
		return -1;
	r->open = true;
	r->rows = 0;
	conn_enter(r->conn, t);
	if (db_prepare(r->conn->db, str_of(plan->sql), &r->stmt, err) != 0) {
		r->stmt = NULL;
		return -1;
	}
	wire_put_copy_response(out, 'H', 0, plan->ncols);
	if (plan->copy.header)
		put_header(plan, out);
	return 0;
}

static RunResult rows(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	Buf value = { 0 };
	RunResult result = RUN_FULL;
	while (out->len < RUN_OUT_HIGH) {
		int rc = sqlite3_step(r->stmt);
		if (rc == SQLITE_DONE) {
			wire_put_copy_done(out);
			result = RUN_DONE;
			break;
		}
		if (rc != SQLITE_ROW)
			conn_error(r->conn, t, rc, 0, err);
		if (rc != SQLITE_ROW || put_row(t, r, &value, out, err) != 0) {
			result = RUN_ERROR;
			break;
		}
		r->rows++;
	}
	buf_free(&value);
	return result;
}

RunResult copy_out(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	RunResult rc = RUN_ERROR;
	if (r->plan->plan->writes) {
		err_refuse(err, 0, "COPY of a statement that writes is not supported on SQLite");
		return RUN_ERROR;
	}
	if (r->open)
		conn_enter(r->conn, t);
	if (r->open || open_copy(t, r, out, err) == 0)
		rc = rows(t, r, out, err);
	if (rc == RUN_FULL) {
		conn_leave(r->conn);
		return rc;
	}
	uint64_t n = r->rows;
	run_close(t, r);
	r->rows = n;
	return rc;
}
