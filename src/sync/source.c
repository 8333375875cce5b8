#include "sync/source.h"

#include <stdio.h>

/* What makes the text form of every type equal to its stored form. */
static const char session_options[] = "-c DateStyle=ISO,MDY -c TimeZone=UTC -c IntervalStyle=postgres -c extra_float_digits=1"
				      " -c bytea_output=hex -c statement_timeout=0 -c lock_timeout=0 -c search_path=pg_catalog"
				      " -c idle_in_transaction_session_timeout=0";

PGconn *source_connect(const char *conninfo, bool replication, Error *err)
{
	const char *keys[] = { "dbname", "options", "application_name", "client_encoding", "connect_timeout", "keepalives_idle", "keepalives_interval",
			       "keepalives_count", "tcp_user_timeout", replication ? "replication" : NULL, NULL };
	const char *values[] = { conninfo, session_options, "understudy", "UTF8", "10", "5", "2", "3", "15000", "database", NULL };
	PGconn *c = PQconnectdbParams(keys, values, 1);
	if (c && PQstatus(c) == CONNECTION_OK)
		return c;
	err_set(err, "08001", "could not connect to the primary: %s", c ? PQerrorMessage(c) : "out of memory");
	PQfinish(c);
	return NULL;
}

void source_closep(PGconn **c)
{
	PQfinish(*c);
	*c = NULL;
}

void source_clearp(PGresult **r)
{
	PQclear(*r);
	*r = NULL;
}

int source_error(PGconn *c, const PGresult *r, Error *err)
{
	const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
	const char *text = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *detail = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_DETAIL) : NULL;
	const char *hint = r ? PQresultErrorField(r, PG_DIAG_MESSAGE_HINT) : NULL;
	err_set(err, state ? state : "08006", "%s", text ? text : PQerrorMessage(c));
	if (detail)
		err_detail(err, "%s", detail);
	if (hint)
		err_hint(err, "%s", hint);
	return -1;
}

bool source_is_lost(PGconn *c, const Error *err)
{
	return PQstatus(c) != CONNECTION_OK || strncmp(err->sqlstate, "08", 2) == 0 || strncmp(err->sqlstate, "57P", 3) == 0;
}

static PGresult *checked(PGconn *c, PGresult *r, Error *err)
{
	ExecStatusType s = PQresultStatus(r);
	if (s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH)
		return r;
	source_error(c, r, err);
	PQclear(r);
	return NULL;
}

PGresult *source_query(PGconn *c, const char *sql, Error *err)
{
	return checked(c, PQexec(c, sql), err);
}

PGresult *source_query_params(PGconn *c, const char *sql, int n, const char *const *params, Error *err)
{
	return checked(c, PQexecParams(c, sql, n, NULL, params, NULL, NULL, 0), err);
}

int source_exec(PGconn *c, const char *sql, Error *err)
{
	PGresult *r = source_query(c, sql, err);
	if (!r)
		return -1;
	PQclear(r);
	return 0;
}

void source_put_ident(Buf *b, const char *name)
{
	buf_put_u8(b, '"');
	for (; *name; name++) {
		if (*name == '"')
			buf_put_u8(b, '"');
		buf_put_u8(b, (uint8_t)*name);
	}
	buf_put_u8(b, '"');
}

void source_put_literal(Buf *b, const char *text)
{
	bool backslash = strchr(text, '\\') != NULL;
	buf_puts(b, backslash ? " E'" : "'");
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_put_u8(b, (uint8_t)*text);
		buf_put_u8(b, (uint8_t)*text);
	}
	buf_put_u8(b, '\'');
}

uint64_t source_lsn(const char *text)
{
	unsigned hi, lo;
	return sscanf(text, "%X/%X", &hi, &lo) == 2 ? (uint64_t)hi << 32 | lo : 0;
}

void source_lsn_text(uint64_t lsn, char out[24])
{
	snprintf(out, 24, "%X/%X", (unsigned)(lsn >> 32), (unsigned)lsn);
}
