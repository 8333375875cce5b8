"""Values of every family cross PostgreSQL -> SQLite -> PostgreSQL unchanged, and the stock sqlite3 shell shows what PostgreSQL prints."""
import subprocess

import pytest

from harness import Postgres, Understudy, wait_until

COLUMNS = {
    "bool": ["true", "false"],
    "int2": ["-32768", "32767", "0"],
    "int4": ["-2147483648", "2147483647"],
    "int8": ["-9223372036854775808", "9223372036854775807"],
    "float4": ["1.1", "3.4028235e38", "1e-45", "NaN", "-0", "Infinity", "-Infinity", "16777216"],
    "float8": ["0.1", "1.7976931348623157e308", "5e-324", "NaN", "-0", "Infinity", "-Infinity", "123456789012345680", "1e15", "1e16", "0.00001"],
    "numeric": ["0", "-0.000", "1.10", "NaN", "Infinity", "-Infinity", "9" * 600 + "." + "8" * 400, "1e-400", "12345678901234567890.123456789"],
    "numeric(30,4)": ["12345678901234567890.1235", "-1"],
    "text": ["", "plain", "it''s", "tab\tnewline\nquote\" back\\slash", "Ünïcödé \U0001F600 \U0002070E", "NULL", "{}"],
    "varchar(10)": ["0123456789", "\U0001F600" * 10, "trail   "],
    "char(8)": ["abc", "", "12345678"],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "1e100000-0000-0000-0000-000000000000"],
    "bytea": ["\\x" + bytes(range(256)).hex(), "\\x", "\\x00"],
    "json": ['{"b": 1, "a": [1,2, 3.00], "b": 2}', "12345678901234567890.1234567890123", '"\\u00e9"', "null", " [ ] "],
    "jsonb": ['{"b": 1, "aa": 2, "a": 1.00, "b": 12345678901234567890.12345678901234567890}', "1e5", '"\\ud83d\\ude00"', "null", '{"k": {"x": [true, null, ""]}}'],
    "date": ["2024-02-29", "0001-01-01", "0044-03-15 BC", "4713-01-01 BC", "10000-01-01", "5874897-12-31", "infinity", "-infinity"],
    "time": ["00:00:00", "23:59:59.999999", "24:00:00", "04:05:06.5"],
    "timestamp": ["2024-02-29 12:34:56.123456", "0044-03-15 10:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity", "1999-12-31 23:59:59.9"],
    "timestamptz": ["2024-02-29 12:34:56.123456+05:30", "0044-03-15 10:00:00+00 BC", "294276-12-31 23:59:59.999999+00", "infinity", "-infinity", "2024-03-31 02:30:00+01"],
    "interval": ["1 year 2 mons -3 days +04:05:06.789012", "-1 mon +1 day -00:00:00.000001", "00:00:00", "178000000 years", "1 day -24:00:00"],
    "money": ["1234.5", "-0.01", "92233720368547758.07", "-92233720368547758.08"],
    "money[]": ["{1,NULL,\"$1,000\"}"],
    "int4range": ["[1,5)", "(,)", "empty", "[-2147483648,0]"],
    "int8range": ["[1,9223372036854775806]"],
    "numrange": ["[1.10,2.500]", "(,-1e-20)"],
    "daterange": ["[2024-01-01,2024-02-29]", "[0044-03-15 BC,infinity]", "(,10000-01-01)"],
    "tsrange": ['[2024-01-01 10:00:00.5,infinity)', '["0044-03-15 10:00:00 BC",)'],
    "tstzrange": ['[2024-01-01 10:00:00+05,2024-01-01 10:00:00+00]'],
    "int4multirange": ["{}", "{[1,3),[5,7)}"],
    "tstzmultirange": ['{[2024-01-01 10:00:00+05,2024-01-01 10:00:00+00],(2025-01-01,)}'],
    "int4range[]": ['{"[1,5)",empty,NULL}'],
    "\"char\"": ["a", "", "\\377"],
    "xid8": ["0", "18446744073709551615"],
    "tid": ["(0,0)", "(4294967295,65535)"],
    "pg_lsn": ["0/0", "16/B374D848"],
    "point": ["(1,2)", "(-0,1e300)", "(NaN,Infinity)", "1.5,0.1"],
    "lseg": ["[(1,2),(3,4)]"],
    "box": ["(3,1),(1,4)"],
    "line": ["{1,2,3}", "(0,0),(1,3)"],
    "path": ["[(1,2),(3,4)]", "((1,2),(3,4),(0,0))"],
    "polygon": ["((0,0),(1,3),(2,0))"],
    "circle": ["<(1,2),0.5>"],
    "point[]": ['{"(1,2)",NULL}'],
    "box[]": ["{(3,4),(1,2);(1,1),(0,0)}"],
    "bit(3)": ["101", "000"],
    "varbit(9)": ["", "1", "010101010"],
    "bit varying": ["x1f", "1" * 77],
    "inet": ["10.1.2.3", "10.1.2.3/8", "::ffff:1.2.3.4", "2001:db8::1/64", "0.0.0.0/0", "::"],
    "cidr": ["10.1.2.3/32", "10/8", "2001:db8::/32", "::/0"],
    "macaddr": ["08:00:2b:01:02:03", "FFFFFFFFFFFF"],
    "macaddr8": ["08:00:2b:01:02:03:04:05", "08:00:2b:01:02:03"],
    "varbit[]": ["{1,01,NULL}"],
    "inet[]": ["{10.1.2.3,::1/64,NULL}"],
    "int4[]": ["{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[0:2]={7,8,9}", "[-1:0][2:3]={{1,2},{3,4}}"],
    "text[]": ['{"",NULL,"NULL","a,b","q\\"uote","back\\\\slash"," sp "}', "{Ünï,\U0001F600}"],
    "numeric[]": ["{1.10,NaN,-0.0}"],
    "timestamptz[]": ['{"2024-01-01 00:00:00+00",infinity}'],
    "mood": ["happy", "very sad"],
    "mood[]": ['{happy,"very sad",NULL}'],
}
SCHEMA = "create type mood as enum ('very sad', 'ok', 'happy');\n"


def name(t):
    return "v_" + "".join(c if c.isalnum() else "_" for c in t)


def literal(t, v):
    return "E'%s'::%s" % (v.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n"), t)


def fill(conn):
    conn.execute(SCHEMA)
    for t, values in COLUMNS.items():
        conn.execute("create table %s (id int primary key, v %s)" % (name(t), t))
        for i, v in enumerate(values + [None]):
            conn.execute("insert into %s values (%d, %s)" % (name(t), i, "NULL" if v is None else literal(t, v)))


def stream(pg, us):
    """The same values once more, over the replication stream."""
    with pg.connect() as c:
        for t in COLUMNS:
            c.execute("insert into %s select id + 500, v from %s" % (name(t), name(t)))
            c.execute("update %s set v = v where id = 500" % name(t))
    last = list(COLUMNS)[-1]
    count = "select count(*) from %s where id >= 500" % name(last)
    wait_until("the stream is applied", lambda: int(subprocess.run(["sqlite3", us.data + "/postgres.db", count], stdout=subprocess.PIPE, text=True).stdout or 0)
               > len(COLUMNS[last]))


def read_all(conn, t):
    return conn.execute("select id, v::text from %s order by id" % name(t)).fetchall()


def copied(conn, t):
    with conn.cursor().copy("copy (select v from %s order by id) to stdout" % name(t)) as c:
        return b"".join(bytes(x) for x in c)


@pytest.fixture(scope="module")
def pair():
    pg = Postgres()
    with pg.connect() as c:
        fill(c)
    us = Understudy(primary=pg.url(), options=["--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    stream(pg, us)
    us.post("/db/force-sqlite")
    yield pg, us
    us.close()
    pg.close()


@pytest.mark.parametrize("t", list(COLUMNS))
def test_copied_values_read_the_same(pair, t):
    pg, us = pair
    with pg.connect(options="-c timezone=UTC") as a, us.connect(options="-c timezone=UTC") as b:
        assert b.execute("show understudy.source").fetchone()[0] == "sqlite"
        assert read_all(b, t) == read_all(a, t)
        assert copied(b, t) == copied(a, t)


@pytest.mark.parametrize("t", list(COLUMNS))
def test_binary_results_are_the_same_bytes(pair, t):
    import psycopg
    pg, us = pair
    raw = []
    for side in (pg, us):
        with side.connect() as c:
            cur = psycopg.RawCursor(c) if hasattr(psycopg, "RawCursor") else c.cursor(binary=True)
            cur.execute("select v from %s order by id" % name(t), binary=True)
            res = cur.pgresult
            raw.append([(res.ftype(0), res.fformat(0))] + [res.get_value(i, 0) for i in range(res.ntuples)])
    user_type = raw[0][0][0] >= 16384
    assert raw[1][1:] == raw[0][1:]
    assert raw[1][0] == raw[0][0], "type OIDs of %s (user type: %s)" % (t, user_type)


def test_round_trip_back_to_postgres(pair):
    """Rows written on SQLite during an outage arrive on PostgreSQL equal to the same rows written there directly."""
    pg, us = pair
    with us.connect() as c:
        for t, values in COLUMNS.items():
            for i, v in enumerate(values):
                c.execute("insert into %s values (%d, %s)" % (name(t), 1000 + i, literal(t, v)))
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 60)
    status = us.get("/db/status")
    assert (status["pendingWrites"], status["conflicts"]) == (0, 0), status
    with pg.connect() as c:
        for t, values in COLUMNS.items():
            rows = c.execute("select a.id, a.v::text, b.v::text from %s a left join %s b on b.id = a.id + 1000 where a.id < %d order by 1" % (
                name(t), name(t), len(values))).fetchall()
            assert len(rows) == len(values)
            for i, direct, replayed in rows:
                assert replayed == direct, (t, i)
    us.post("/db/force-sqlite")
    wait_until("SQLite", lambda: us.state() in ("SQLITE", "FORCED"))


def test_stock_shell_shows_what_postgres_prints(pair):
    pg, us = pair
    path = us.data + "/postgres.db"
    dump = subprocess.run(["sqlite3", path, ".dump"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert dump.returncode == 0 and not dump.stderr, dump.stderr
    assert "Parse error" not in dump.stdout and "COMMIT;" in dump.stdout
    with pg.connect(options="-c timezone=UTC") as c:
        for t in ("numeric", "uuid", "jsonb", "interval", "int4[]", "text[]", "mood", "time", "cidr", "macaddr", "varbit(9)"):
            want = [v for i, v in read_all(c, t) if v is not None and i < 1000]
            got = subprocess.run(["sqlite3", "-json", path, "select v from %s where id < 1000 and v is not null order by id" % name(t)], stdout=subprocess.PIPE,
                                 text=True).stdout
            import json
            assert [r["v"] for r in json.loads(got)] == want, t
