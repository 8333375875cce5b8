/* Rows of a SQLite statement as DataRow messages. */
#include "backend/sqlite_internal.h"

#include "pgtype/array.h"
#include "pgtype/encoding.h"
#include "catalog/sessionvars.h"
#include "wire/proto.h"

enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043 };

static void put_int_text(Buf *out, int64_t v)
{
	char digits[24];
	char *end = digits + sizeof digits, *p = end;
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	wire_put_value(out, p, (size_t)(end - p));
}

static bool put_common(const SqliteTxn *t, uint32_t type, int format, const Val *v, Buf *out)
{
	switch (type) {
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		if (format != 0 || v->kind != VAL_INT)
			return false;
		put_int_text(out, v->i);
		return true;
	case OID_TEXT:
	case OID_VARCHAR:
		if (v->kind != VAL_TEXT || t->types->client)
			return false;
		wire_put_value(out, v->s.p, v->s.n);
		return true;
	default:
		return false;
	}
}

static SqlEnv name_env(const SqliteTxn *t)
{
	const struct SessionVars *vars = t->vars;
	SqlEnv env = { .cat = t->cat, .types = t->types };
	if (vars) {
		env.search_path = vars->search_path;
		env.nsearch_path = vars->nsearch_path;
		env.user = vars->user;
		env.database = vars->database;
		env.temp_schema = vars->temp_schema;
	}
	return env;
}

bool row_reg_name(void *txn, uint32_t type, uint32_t oid, Buf *out)
{
	SqlEnv env = name_env(txn);
	return sql_put_regname(&env, type, oid, out);
}

int row_reg_oid(void *txn, uint32_t type, Str name, uint32_t *oid, Error *err)
{
	SqlEnv env = name_env(txn);
	return sql_find_regname(&env, type, name, oid, err);
}

static int put_value(const SqliteTxn *t, const PlanColumn *c, int format, const Val *v, Buf *out, Error *err)
{
	if (format)
		return type_send(c->type, c->typmod, v, t->types, out, err);
	if (!t->types->client)
		return type_out(c->type, c->typmod, v, t->types, out, err);
	Buf text = { 0 };
	int rc = type_out(c->type, c->typmod, v, t->types, &text, err);
	if (rc == 0)
		rc = type_send_text(buf_str(&text), t->types, out, err);
	buf_free(&text);
	return rc;
}

static int put_column(const SqliteTxn *t, const PlanColumn *c, int format, const Val *v, Buf *out, Error *err)
{
	if (v->kind == VAL_NULL) {
		wire_put_null(out);
		return 0;
	}
	if (put_common(t, c->type->oid, format, v, out))
		return 0;
	size_t value = wire_value_begin(out);
	if (put_value(t, c, format, v, out, err) != 0)
		return -1;
	wire_value_end(out, value);
	return 0;
}

int row_encode(const SqliteTxn *t, sqlite3_stmt *stmt, const Plan *plan, const uint8_t *formats, size_t nformats, Buf *out, Error *err)
{
	size_t at = wire_data_row_begin(out, plan->ncols);
	for (size_t i = 0; i < plan->ncols; i++) {
		Val v = db_column(stmt, (int)i);
		if (put_column(t, &plan->cols[i], wire_format_of(formats, nformats, i), &v, out, err) != 0) {
			out->len = at - 1;
			return -1;
		}
	}
	wire_end(out, at);
	return 0;
}

int row_encode_values(const SqliteTxn *t, const Val *v, const Plan *plan, const uint8_t *formats, size_t nformats, Buf *out, Error *err)
{
	size_t at = wire_data_row_begin(out, plan->ncols);
	for (size_t i = 0; i < plan->ncols; i++) {
		if (put_column(t, &plan->cols[i], wire_format_of(formats, nformats, i), &v[i], out, err) != 0) {
			out->len = at - 1;
			return -1;
		}
	}
	wire_end(out, at);
	return 0;
}

int run_notice(const SqliteTxn *txn, const Error *notice, const char *severity, Buf *out, Error *err)
{
	struct Recoder *client = txn->types->client;
	if (!client) {
		wire_put_notice(out, notice, severity);
		return 0;
	}
	Error coded = *notice;
	recoder_encode_error(client, &coded);
	if (!streq(coded.sqlstate, notice->sqlstate)) {
		*err = coded;
		return -1;
	}
	wire_put_notice(out, &coded, severity);
	return 0;
}

int run_describe(const SqliteTxn *txn, const Plan *plan, const uint8_t *formats, size_t nformats, Buf *out, Error *err)
{
	_cleanup_(buf_free) Buf name = { 0 };
	size_t at = wire_row_description_begin(out, plan->ncols);
	for (size_t i = 0; i < plan->ncols; i++) {
		const PlanColumn *c = &plan->cols[i];
		const PgType *t = type_base_of(c->type);
		buf_clear(&name);
		if (txn->types->client && type_send_text(str_of(c->name), txn->types, &name, err) != 0) {
			out->len = at - 1;
			return -1;
		}
		WireField f = { txn->types->client ? buf_cstr(&name) : c->name,
				c->table_oid,
				c->attnum,
				t->oid,
				t->len,
				type_base_typmod(c->type, c->typmod),
				(int16_t)wire_format_of(formats, nformats, i) };
		wire_put_field(out, &f);
	}
	wire_end(out, at);
	return 0;
}

void run_command_complete(const SqliteRun *r, Buf *out)
{
	const Plan *plan = r->plan->plan;
	if (plan->tag_rows)
		wire_put_command_rows(out, plan->tag, r->rows);
	else
		wire_put_command_complete(out, plan->tag);
}
