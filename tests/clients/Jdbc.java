import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.net.URI;
import java.sql.*;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;

/** What applications on JDBC do: types both ways, batches, fetch size, generated keys, metadata, transactions, COPY, notifications, cancel. */
public class Jdbc {
	private static String url;

	private static void line(String step, Object... values) {
		System.out.println(step + ": " + Arrays.deepToString(values));
	}

	private interface Action {
		void run() throws Exception;
	}

	private static void fails(String step, Action action) {
		try {
			action.run();
			line(step, "no error");
		} catch (PSQLException e) {
			var m = e.getServerErrorMessage();
			line(step, e.getSQLState(), m == null ? e.getMessage() : m.getMessage(), m == null ? null : m.getConstraint());
		} catch (Exception e) {
			line(step, e.getClass().getName());
		}
	}

	private static Connection open(String... options) throws Exception {
		URI u = URI.create(url);
		Properties p = new Properties();
		p.put("user", u.getUserInfo());
		for (int i = 0; i < options.length; i += 2)
			p.put(options[i], options[i + 1]);
		return DriverManager.getConnection("jdbc:postgresql://" + u.getHost() + ":" + u.getPort() + u.getPath(), p);
	}

	private static void rows(String step, ResultSet r, String... columns) throws Exception {
		var out = new StringBuilder();
		while (r.next())
			for (String c : columns)
				out.append(r.getObject(c)).append(c.equals(columns[columns.length - 1]) ? "; " : ", ");
		line(step, out.toString());
	}

	private static void types(Connection c) throws Exception {
		try (Statement s = c.createStatement()) {
			s.execute("CREATE TYPE mood AS ENUM ('sad', 'happy')");
			s.execute("CREATE TABLE all_types (id bigserial PRIMARY KEY, b boolean, i2 smallint, i4 int, i8 bigint, n numeric(12,3), f4 real, f8 double precision, t text, v varchar(9), c char(4),"
				+ " y bytea, d date, ti time, ts timestamp, tz timestamptz, u uuid, j jsonb, a int[], ta text[], m mood, iv interval)");
		}
		String insert = "INSERT INTO all_types (b, i2, i4, i8, n, f4, f8, t, v, c, y, d, ti, ts, tz, u, j, a, ta, m, iv) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?::jsonb,?,?,?::mood,?::interval)";
		try (PreparedStatement p = c.prepareStatement(insert, Statement.RETURN_GENERATED_KEYS)) {
			for (int round = 0; round < 8; round++) { // beyond prepareThreshold: binary transfer
				p.setBoolean(1, true);
				p.setShort(2, (short) -7);
				p.setInt(3, round);
				p.setLong(4, 1L << 60);
				p.setBigDecimal(5, new BigDecimal("12.345"));
				p.setFloat(6, 1.5f);
				p.setDouble(7, 0.1);
				p.setString(8, "täxt 'q'");
				p.setString(9, "v");
				p.setString(10, "c");
				p.setBytes(11, new byte[] { 0, 1, -1 });
				p.setObject(12, LocalDate.of(2024, 2, 29));
				p.setTime(13, Time.valueOf("12:34:56"));
				p.setObject(14, LocalDateTime.of(2024, 2, 29, 1, 2, 3, 456000000));
				p.setObject(15, OffsetDateTime.of(2024, 2, 29, 1, 2, 3, 0, ZoneOffset.ofHours(2)));
				p.setObject(16, new UUID(1, 2));
				p.setString(17, "{\"a\": [1, null]}");
				p.setArray(18, c.createArrayOf("int4", new Integer[] { 1, null, 3 }));
				p.setArray(19, c.createArrayOf("text", new String[] { "a,b", "\"", null }));
				p.setString(20, "happy");
				p.setString(21, "1 day 02:03:04");
				p.executeUpdate();
				try (ResultSet k = p.getGeneratedKeys()) {
					k.next();
					if (round == 7)
						line("key", k.getLong("id"), k.getMetaData().getColumnCount());
				}
			}
		}
		try (PreparedStatement p = c.prepareStatement("SELECT * FROM all_types WHERE i4 = ?")) {
			for (int round = 0; round < 7; round++) {
				p.setInt(1, round);
				try (ResultSet r = p.executeQuery()) {
					ResultSetMetaData m = r.getMetaData();
					r.next();
					for (int i = 2; round >= 5 && i <= m.getColumnCount(); i++) {
						Object v = r.getObject(i);
						if (v instanceof byte[])
							v = Arrays.toString((byte[]) v);
						if (v instanceof java.sql.Array)
							v = Arrays.deepToString((Object[]) ((java.sql.Array) v).getArray());
						line("value", m.getColumnName(i), m.getColumnTypeName(i), m.getColumnType(i), m.getPrecision(i), m.getScale(i), m.isNullable(i), m.isAutoIncrement(i), m.getTableName(i), v);
					}
					if (round == 6)
						line("typed", r.getObject("tz", OffsetDateTime.class), r.getObject("d", LocalDate.class), r.getObject("ts", LocalDateTime.class), r.getBigDecimal("n"), r.getObject("u", UUID.class));
				}
			}
			line("parameters", p.getParameterMetaData().getParameterTypeName(1));
		}
	}

	private static void writes(Connection c) throws Exception {
		try (Statement s = c.createStatement()) {
			s.execute("CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(10) NOT NULL UNIQUE)");
			s.execute("CREATE TABLE child (id serial PRIMARY KEY, parent int NOT NULL REFERENCES parent ON DELETE CASCADE, amount numeric CHECK (amount > 0))");
			line("multi", s.execute("INSERT INTO parent (name) VALUES ('a'); SELECT 1; SELECT 2"), s.getUpdateCount(), s.getMoreResults(), s.getMoreResults());
		}
		try (PreparedStatement p = c.prepareStatement("INSERT INTO parent (name) VALUES (?)", new String[] { "id" })) {
			for (String n : new String[] { "b", "c", "d" }) {
				p.setString(1, n);
				p.addBatch();
			}
			line("batch", p.executeBatch());
			rows("batch keys", p.getGeneratedKeys(), "id");
			p.setString(1, "e");
			p.addBatch();
			p.setString(1, "a");
			p.addBatch();
			try {
				p.executeBatch();
			} catch (BatchUpdateException e) {
				line("batch fails", e.getSQLState(), e.getUpdateCounts());
			}
		}
		try (Connection fast = open("reWriteBatchedInserts", "true"); PreparedStatement p = fast.prepareStatement("INSERT INTO child (parent, amount) VALUES (?, ?)")) {
			for (int i = 1; i <= 5; i++) {
				p.setInt(1, 1 + i % 3);
				p.setBigDecimal(2, new BigDecimal(i));
				p.addBatch();
			}
			line("rewritten", p.executeBatch());
		}
		fails("unique", () -> c.createStatement().executeUpdate("INSERT INTO parent (name) VALUES ('a')"));
		fails("check", () -> c.createStatement().executeUpdate("INSERT INTO child (parent, amount) VALUES (1, 0)"));
		fails("foreign key", () -> c.createStatement().executeUpdate("INSERT INTO child (parent, amount) VALUES (99, 1)"));
		fails("too long", () -> c.createStatement().executeUpdate("INSERT INTO parent (name) VALUES ('12345678901')"));
		fails("syntax", () -> c.createStatement().executeQuery("SELECT FROM WHERE"));
		try (Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
			ResultSet r = s.executeQuery("SELECT id, name FROM parent ORDER BY id");
			r.absolute(2);
			r.updateString("name", "bb");
			r.updateRow();
			r.last();
			r.deleteRow();
			rows("updated", c.createStatement().executeQuery("SELECT id, name FROM parent ORDER BY id"), "id", "name");
		}
		rows("escapes", c.createStatement().executeQuery("SELECT {fn ucase('x')} AS a, {d '2024-01-02'} AS b, {fn concat('a', 'b')} AS c, {ts '2024-01-02 03:04:05'} AS d"), "a", "b", "c", "d");
	}

	private static void transactions(Connection c) throws Exception {
		c.setAutoCommit(false);
		c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
		try (Statement s = c.createStatement()) {
			s.executeUpdate("INSERT INTO parent (name) VALUES ('tx')");
			Savepoint p = c.setSavepoint("here");
			fails("in transaction", () -> s.executeUpdate("INSERT INTO parent (name) VALUES ('tx')"));
			fails("aborted", () -> s.executeQuery("SELECT 1"));
			c.rollback(p);
			rows("after savepoint", s.executeQuery("SELECT count(*) AS n FROM parent WHERE name = 'tx'"), "n");
			c.rollback();
			rows("after rollback", s.executeQuery("SELECT count(*) AS n FROM parent WHERE name = 'tx'"), "n");
			c.commit();
		}
		c.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
		try (Statement s = c.createStatement()) {
			s.setFetchSize(7);
			ResultSet r = s.executeQuery("SELECT i FROM generate_series(1, 30) i");
			long sum = 0;
			while (r.next())
				sum += r.getInt(1);
			line("fetch size", sum);
		}
		c.commit();
		c.setReadOnly(true);
		fails("read only", () -> c.createStatement().executeUpdate("DELETE FROM child"));
		c.rollback();
		c.setReadOnly(false);
		c.setAutoCommit(true);
		try (Statement s = c.createStatement()) {
			s.setQueryTimeout(1);
			fails("timeout", () -> s.executeQuery("SELECT pg_sleep(20)"));
		}
	}

	private static void metadata(Connection c) throws Exception {
		DatabaseMetaData m = c.getMetaData();
		line("product", m.getDatabaseProductName(), m.getDatabaseMajorVersion());
		c.createStatement().execute("COMMENT ON TABLE parent IS 'the parent'; CREATE INDEX child_amount ON child (amount DESC) WHERE amount > 2; CREATE VIEW both_sides AS SELECT p.name, c.amount FROM parent p JOIN child c ON c.parent = p.id");
		rows("schemas", m.getSchemas(), "TABLE_SCHEM");
		rows("tables", m.getTables(null, "public", "%", new String[] { "TABLE", "VIEW" }), "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS");
		rows("columns", m.getColumns(null, "public", "%", "%"), "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS", "NULLABLE", "COLUMN_DEF", "ORDINAL_POSITION", "IS_AUTOINCREMENT", "IS_GENERATEDCOLUMN");
		rows("primary keys", m.getPrimaryKeys(null, "public", "child"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME");
		rows("imported", m.getImportedKeys(null, "public", "child"), "PKTABLE_NAME", "PKCOLUMN_NAME", "FKCOLUMN_NAME", "UPDATE_RULE", "DELETE_RULE", "FK_NAME", "PK_NAME", "DEFERRABILITY");
		rows("exported", m.getExportedKeys(null, "public", "parent"), "FKTABLE_NAME", "FKCOLUMN_NAME");
		rows("indexes", m.getIndexInfo(null, "public", "child", false, false), "INDEX_NAME", "NON_UNIQUE", "TYPE", "COLUMN_NAME", "ASC_OR_DESC", "FILTER_CONDITION");
		rows("types", m.getUDTs(null, "public", "%", null), "TYPE_NAME", "DATA_TYPE");
		rows("sequences", m.getTables(null, "public", "%", new String[] { "SEQUENCE" }), "TABLE_NAME");
		rows("privileges", m.getTablePrivileges(null, "public", "child"), "GRANTEE", "PRIVILEGE", "IS_GRANTABLE");
		var infos = new TreeMap<String, Object>();
		for (ResultSet r = m.getTypeInfo(); r.next();)
			if (r.getString("TYPE_NAME").matches("int4|text|numeric|bool|uuid|mood|_int4|jsonb"))
				infos.put(r.getString("TYPE_NAME"), r.getInt("DATA_TYPE") + "/" + r.getInt("PRECISION"));
		line("type info", infos);
		line("limits", m.getMaxColumnNameLength(), m.getDefaultTransactionIsolation(), m.supportsBatchUpdates());
		rows("functions", m.getFunctions(null, "pg_catalog", "lower"), "FUNCTION_NAME", "SPECIFIC_NAME");
	}

	private static void special(Connection c) throws Exception {
		PGConnection pg = c.unwrap(PGConnection.class);
		var copy = pg.getCopyAPI();
		line("copy in", copy.copyIn("COPY child (parent, amount) FROM STDIN WITH (FORMAT csv)", new StringReader("1,5.5\n2,6\n")));
		var out = new StringWriter();
		copy.copyOut("COPY (SELECT parent, amount FROM child ORDER BY id) TO STDOUT", out);
		line("copy out", out.toString());
		try (Connection other = open(); Statement s = c.createStatement()) {
			s.execute("LISTEN news");
			other.createStatement().execute("NOTIFY news, 'hello'");
			var n = pg.getNotifications(5000);
			line("notified", n.length, n[0].getName(), n[0].getParameter());
		}
		try (CallableStatement f = c.prepareCall("{? = call upper(?)}")) {
			f.registerOutParameter(1, Types.VARCHAR);
			f.setString(2, "call");
			f.execute();
			line("call", f.getString(1));
		}
	}

	public static void main(String[] args) throws Exception {
		url = args[0];
		java.util.TimeZone.setDefault(java.util.TimeZone.getTimeZone("UTC"));
		try (Connection c = open()) {
			types(c);
			writes(c);
			transactions(c);
			metadata(c);
			special(c);
		}
		try (Connection simple = open("preferQueryMode", "simple"); PreparedStatement p = simple.prepareStatement("SELECT ?::int + 1 AS n, ? AS t")) {
			p.setInt(1, 41);
			p.setString(2, "it's");
			rows("simple mode", p.executeQuery(), "n", "t");
		}
	}
}
