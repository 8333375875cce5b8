/* What applications on ODBC do: parameters, descriptors, catalog functions, transactions, errors. argv[1] is a connection string. */
#include <sql.h>
#include <sqlext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SQLHDBC db;

static void report(const char *step, SQLSMALLINT kind, SQLHANDLE h)
{
	SQLCHAR state[6], text[300];
	SQLINTEGER native;
	SQLSMALLINT n;
	if (SQLGetDiagRec(kind, h, 1, state, &native, text, sizeof text, &n) == SQL_SUCCESS) {
		text[strcspn((char *)text, "\n;")] = 0;
		printf("%s: %s %s\n", step, state, text);
	} else {
		printf("%s: no error\n", step);
	}
}

static SQLHSTMT statement(void)
{
	SQLHSTMT s;
	SQLAllocHandle(SQL_HANDLE_STMT, db, &s);
	return s;
}

static void print_rows(const char *step, SQLHSTMT s, const int *columns, int n)
{
	SQLSMALLINT ncols;
	SQLNumResultCols(s, &ncols);
	printf("%s (%d columns):", step, ncols);
	while (SQL_SUCCEEDED(SQLFetch(s))) {
		for (int i = 0; i < (n ? n : ncols); i++) {
			char buf[200];
			SQLLEN len;
			SQLGetData(s, (SQLUSMALLINT)(n ? columns[i] : i + 1), SQL_C_CHAR, buf, sizeof buf, &len);
			printf(" %s", len == SQL_NULL_DATA ? "null" : buf);
		}
		printf(";");
	}
	printf("\n");
	SQLFreeHandle(SQL_HANDLE_STMT, s);
}

static void run(const char *step, const char *sql)
{
	SQLHSTMT s = statement();
	if (SQL_SUCCEEDED(SQLExecDirect(s, (SQLCHAR *)sql, SQL_NTS))) {
		SQLLEN rows = 0;
		SQLSMALLINT ncols = 0;
		SQLNumResultCols(s, &ncols);
		SQLRowCount(s, &rows);
		if (ncols) {
			print_rows(step, s, NULL, 0);
			return;
		}
		printf("%s: %ld\n", step, (long)rows);
	} else {
		report(step, SQL_HANDLE_STMT, s);
	}
	SQLFreeHandle(SQL_HANDLE_STMT, s);
}

static void parameters(void)
{
	SQLHSTMT s = statement();
	SQLINTEGER id;
	char name[20];
	double price;
	SQL_TIMESTAMP_STRUCT at = { 2024, 2, 29, 1, 2, 3, 0 };
	SQLLEN null = SQL_NULL_DATA, nts = SQL_NTS, size = 0;
	SQLPrepare(s, (SQLCHAR *)"INSERT INTO things (id, name, price, at, note) VALUES (?, ?, ?, ?, ?)", SQL_NTS);
	SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &id, 0, &size);
	SQLBindParameter(s, 2, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_VARCHAR, 20, 0, name, sizeof name, &nts);
	SQLBindParameter(s, 3, SQL_PARAM_INPUT, SQL_C_DOUBLE, SQL_NUMERIC, 8, 2, &price, 0, &size);
	SQLBindParameter(s, 4, SQL_PARAM_INPUT, SQL_C_TYPE_TIMESTAMP, SQL_TYPE_TIMESTAMP, 26, 6, &at, 0, &size);
	SQLBindParameter(s, 5, SQL_PARAM_INPUT, SQL_C_CHAR, SQL_LONGVARCHAR, 100, 0, name, 0, &null);
	for (id = 1; id <= 3; id++) {
		snprintf(name, sizeof name, "it's %d?", id);
		price = id * 1.25;
		if (!SQL_SUCCEEDED(SQLExecute(s)))
			report("insert", SQL_HANDLE_STMT, s);
	}
	SQLFreeHandle(SQL_HANDLE_STMT, s);
	s = statement();
	SQLPrepare(s, (SQLCHAR *)"SELECT id, name, price, at, ok, note FROM things WHERE id >= ? ORDER BY id", SQL_NTS);
	SQLSMALLINT n, type, digits, nullable, len;
	SQLULEN width;
	SQLNumParams(s, &n);
	printf("parameters: %d\n", n);
	id = 2;
	SQLBindParameter(s, 1, SQL_PARAM_INPUT, SQL_C_LONG, SQL_INTEGER, 0, 0, &id, 0, &size);
	SQLExecute(s);
	for (SQLUSMALLINT i = 1; i <= 6; i++) {
		SQLDescribeCol(s, i, (SQLCHAR *)name, sizeof name, &len, &type, &width, &digits, &nullable);
		printf("column: %s %d %lu %d %d\n", name, type, (unsigned long)width, digits, nullable);
	}
	print_rows("rows", s, NULL, 0);
}

static void catalog(void)
{
	SQLHSTMT s = statement();
	SQLTables(s, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"%", SQL_NTS, (SQLCHAR *)"TABLE,VIEW", SQL_NTS);
	print_rows("tables", s, (int[]){ 2, 3, 4 }, 3);
	s = statement();
	SQLColumns(s, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"things", SQL_NTS, (SQLCHAR *)"%", SQL_NTS);
	print_rows("columns", s, (int[]){ 4, 5, 6, 7, 9, 11, 13 }, 7);
	s = statement();
	SQLPrimaryKeys(s, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"parts", SQL_NTS);
	print_rows("primary key", s, (int[]){ 3, 4, 5, 6 }, 4);
	s = statement();
	SQLForeignKeys(s, NULL, 0, NULL, 0, NULL, 0, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"parts", SQL_NTS);
	print_rows("foreign key", s, (int[]){ 3, 4, 7, 8, 10, 11, 12 }, 7);
	s = statement();
	SQLStatistics(s, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"things", SQL_NTS, SQL_INDEX_ALL, SQL_QUICK);
	print_rows("indexes", s, (int[]){ 4, 6, 8, 9 }, 4);
	s = statement();
	SQLSpecialColumns(s, SQL_BEST_ROWID, NULL, 0, (SQLCHAR *)"public", SQL_NTS, (SQLCHAR *)"things", SQL_NTS, SQL_SCOPE_SESSION,
			  SQL_NULLABLE);
	print_rows("row id", s, (int[]){ 2, 3, 4 }, 3);
}

int main(int argc, char **argv)
{
	SQLHENV env;
	SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
	SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (void *)SQL_OV_ODBC3, 0);
	SQLAllocHandle(SQL_HANDLE_DBC, env, &db);
	if (argc < 2 || !SQL_SUCCEEDED(SQLDriverConnect(db, NULL, (SQLCHAR *)argv[1], SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT))) {
		report("connect", SQL_HANDLE_DBC, db);
		return 1;
	}
	run("create", "CREATE TABLE things (id int PRIMARY KEY, name varchar(20) NOT NULL UNIQUE, price numeric(8,2), at timestamp, ok "
		      "bool DEFAULT true, note text)");
	run("create", "CREATE TABLE parts (thing int REFERENCES things ON DELETE CASCADE, n int, PRIMARY KEY (thing, n))");
	parameters();
	catalog();
	run("unique", "INSERT INTO things (id, name) VALUES (1, 'x')");
	run("foreign", "INSERT INTO parts VALUES (9, 9)");
	run("syntax", "SELECT FROM FROM");
	run("missing", "SELECT * FROM missing");
	run("escape", "SELECT {fn ucase('a')}, {d '2024-01-02'}, {fn length('abc')}");
	SQLSetConnectAttr(db, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
	run("insert", "INSERT INTO parts VALUES (1, 1), (2, 2)");
	SQLEndTran(SQL_HANDLE_DBC, db, SQL_ROLLBACK);
	run("rolled back", "SELECT count(*) FROM parts");
	run("update", "UPDATE things SET ok = NOT ok WHERE id < 3");
	SQLEndTran(SQL_HANDLE_DBC, db, SQL_COMMIT);
	SQLSetConnectAttr(db, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_ON, 0);
	run("committed", "SELECT id, ok FROM things ORDER BY id");
	run("drop", "DROP TABLE parts");
	run("drop", "DROP TABLE things");
	SQLDisconnect(db);
	return 0;
}
