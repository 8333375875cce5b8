/* COPY TO STDOUT. Behaviour of PostgreSQL's copyto.c. */
#include "backend/sqlite_internal.h"

#include "pgtype/encoding.h"
#include "wire/proto.h"

/* Brings what was added to `out` since `from` into the encoding of the copy. */
static int encode_from(const SqliteTxn *t, const CopyOptions *o, size_t from, Buf *out, Error *err)
{
	bool clients = o->encoding == ENCODING_NONE;
	if (o->binary || o->encoding == ENCODING_UTF8 || o->encoding == ENCODING_SQL_ASCII || (clients && !t->types->client))
		return 0;
	Buf coded = { 0 };
	Str text = { (char *)out->data + from, out->len - from };
	int rc = clients ? recoder_encode(t->types->client, text, &coded, err) : encoding_from_utf8(o->encoding, text, &coded, err);
	out->len = from;
	buf_put_str(out, buf_str(&coded));
	buf_free(&coded);
	return rc;
}

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

static int put_binary_field(SqliteTxn *t, const PlanColumn *col, const Val *v, Buf *out, Error *err)
{
	if (v->kind == VAL_NULL) {
		buf_put_u32(out, UINT32_MAX);
		return 0;
	}
	size_t at = out->len;
	buf_put_u32(out, 0);
	if (type_send(col->type, col->typmod, v, t->types, out, err) != 0)
		return -1;
	buf_set_u32(out, at, (uint32_t)(out->len - at - 4));
	return 0;
}

static int put_text_row(SqliteTxn *t, SqliteRun *r, Buf *value, Buf *out, Error *err)
{
	const Plan *plan = r->plan->plan;
	for (size_t i = 0; i < plan->ncols; i++) {
		if (i)
			buf_put_u8(out, (uint8_t)plan->copy.delimiter);
		Val v = db_column(r->stmt, (int)i);
		if (v.kind == VAL_NULL) {
			buf_puts(out, plan->copy.null_text);
			continue;
		}
		buf_clear(value);
		if (type_out(plan->cols[i].type, plan->cols[i].typmod, &v, t->types, value, err) != 0)
			return -1;
		put_field(plan, i, buf_str(value), out);
	}
	buf_put_u8(out, '\n');
	return 0;
}

/* Comes in one message with the first row, or with the end when there is none. */
static void put_binary_header(Buf *out)
{
	buf_put(out, "PGCOPY\n\377\r\n", 11);
	buf_put_u32(out, 0); /* flags */
	buf_put_u32(out, 0); /* length of the extension */
}

static int put_row(SqliteTxn *t, SqliteRun *r, Buf *value, Buf *out, Error *err)
{
	const Plan *plan = r->plan->plan;
	size_t at = wire_copy_data_begin(out);
	if (plan->copy.binary && r->rows == 0)
		put_binary_header(out);
	size_t from = out->len;
	int rc = 0;
	if (plan->copy.binary) {
		buf_put_u16(out, (uint16_t)plan->ncols);
		for (size_t i = 0; i < plan->ncols && rc == 0; i++) {
			Val v = db_column(r->stmt, (int)i);
			rc = put_binary_field(t, &plan->cols[i], &v, out, err);
		}
	} else {
		rc = put_text_row(t, r, value, out, err);
	}
	if (rc == 0)
		rc = encode_from(t, &plan->copy, from, out, err);
	if (rc != 0) {
		out->len = at - 1;
		return -1;
	}
	wire_end(out, at);
	return 0;
}

static int put_header(const SqliteTxn *t, const Plan *plan, Buf *out, Error *err)
{
	size_t at = wire_copy_data_begin(out), from = out->len;
	for (size_t i = 0; i < plan->ncols; i++) {
		if (i)
			buf_put_u8(out, (uint8_t)plan->copy.delimiter);
		put_field(plan, i, str_of(plan->cols[i].name), out);
	}
	buf_put_u8(out, '\n');
	if (encode_from(t, &plan->copy, from, out, err) != 0)
		return -1;
	wire_end(out, at);
	return 0;
}

static void put_end(const SqliteRun *r, Buf *out)
{
	if (r->plan->plan->copy.binary) {
		size_t at = wire_copy_data_begin(out);
		if (r->rows == 0)
			put_binary_header(out);
		buf_put_u16(out, UINT16_MAX);
		wire_end(out, at);
	}
	wire_put_copy_done(out);
}

static RunResult open_copy(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	const Plan *plan = r->plan->plan;
	r->own_conn = false;
	if (plan->writes) {
		RunResult rc = txn_need_writer_for(t, plan, "COPY TO", err);
		if (rc != RUN_DONE)
			return rc;
		if (r->plan->cat != t->cat)
			return RUN_STALE;
		r->conn = t->conn;
		t->wrote = true;
	} else if (txn_read_conn(t, &r->conn, &r->own_conn, err) != 0) {
		return RUN_ERROR;
	}
	r->open = true;
	r->rows = 0;
	conn_enter(r->conn, t);
	if (db_prepare(r->conn->db, str_of(plan->sql), &r->stmt, err) != 0) {
		r->stmt = NULL;
		return RUN_ERROR;
	}
	wire_put_copy_response(out, 'H', plan->copy.binary, plan->ncols);
	return plan->copy.header && put_header(t, plan, out, err) != 0 ? RUN_ERROR : RUN_DONE;
}

static RunResult rows(SqliteTxn *t, SqliteRun *r, Buf *out, Error *err)
{
	Buf value = { 0 };
	RunResult result = RUN_FULL;
	/* SQLite has made all changes of a statement that writes at the first step; it goes to its end at once. */
	while (out->len < RUN_OUT_HIGH || r->plan->plan->writes) {
		int rc = sqlite3_step(r->stmt);
		if (rc == SQLITE_DONE) {
			put_end(r, out);
			result = RUN_DONE;
			break;
		}
		if (rc != SQLITE_ROW)
			conn_write_error(r->conn, t, rc, r->plan->plan->target_oid, r->stmt, err);
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
	RunResult rc = RUN_DONE;
	if (r->open)
		conn_enter(r->conn, t);
	else
		rc = open_copy(t, r, out, err);
	if (rc == RUN_DONE)
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
