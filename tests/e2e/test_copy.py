"""COPY on SQLite: the same bytes, rows and errors as PostgreSQL 15."""
import psycopg
import pytest

TABLES = """
create table t (a int, b text, c numeric(6,2) default 1.5);
create table k (id int primary key, name varchar(5) not null, n int check (n > 0));
create table g (id int generated always as identity, v text default 'd', up int generated always as (3) stored);
create table w (b bytea, ts timestamptz, f float8, j jsonb, l int[], u uuid, o bool);
create table nothing ();
create table tg (id int default 7, a text primary key, n int default 3, up text generated always as (upper(a)) stored);
create table tg_log (n serial, line text);
create function tg_note() returns trigger language plpgsql as $$
begin
  if tg_level = 'STATEMENT' then
    insert into tg_log (line) values (tg_when || ' statement');
    return null;
  end if;
  insert into tg_log (line) values (tg_when || ' ' || new);
  if new.a = 'skip' then return null; end if;
  if tg_when = 'BEFORE' then new.n := new.n * 2; end if;
  return new;
end $$;
create trigger a before insert on tg for each row execute function tg_note();
create trigger b after insert on tg for each row execute function tg_note();
create trigger c before insert on tg execute function tg_note();
create trigger d after insert on tg execute function tg_note();
insert into t values (1, 'x', 2), (2, null, null), (null, E'tab\\there "quoted", and\\nmore\\\\', 0.10), (4, '', 5), (5, '\\.', 6), (6, 'é€', 7);
insert into w values ('\\x00ff', '2024-05-01 10:00:00+02', 1.5, '{"a": [1]}', '{1,null,3}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', true),
  (null, null, 'NaN', null, null, null, null);
"""

OUT = [
    "copy t to stdout", "copy t (b, a) to stdout", "copy t to stdout csv", "copy t to stdout csv header", "copy t to stdout (header)",
    "copy t to stdout (format csv, force_quote *)", "copy t to stdout (format csv, force_quote (b), delimiter ';', quote '''', escape '~', null 'nil')",
    "copy t to stdout (delimiter '|', null '')", "copy t to stdout binary", "copy w to stdout", "copy w to stdout (format binary)",
    "copy (select 1 as x, 'a,b' as y) to stdout csv header", "copy (select 1 as x where false) to stdout (format binary)",
    "copy (values (1), (2)) to stdout", "copy t (a) to stdout (format csv)", "copy (select 'é') to stdout (encoding 'latin1')",
    "copy (select '€') to stdout (encoding 'latin1')", "copy (select '€') to stdout (encoding 'win1252')",
    "copy (insert into k values (100, 'ret', 1), (101, 'ret', 2) returning id, name) to stdout",
    "copy (update k set n = n + 1 where id >= 100 returning *) to stdout csv header", "copy (delete from k where id >= 100 returning id) to stdout (format binary)",
    "copy (insert into k values (100, null, 1) returning id) to stdout", "copy (insert into k values (1, 'a', 1)) to stdout",
    "copy nothing to stdout", "copy (select 1/0) to stdout", "copy g to stdout", "copy g (up) to stdout", "copy t to stdout where a > 1",
]

# statement, data, table whose rows are compared
IN = [
    ("copy t from stdin", "1\ta\t2\n2\t\\N\t\\N\n", "t"),
    ("copy t from stdin", "1\ta\t2\r\n2\tb\t3\r\n", "t"),
    ("copy tg (a, n) from stdin", "x\t1\nskip\t2\ny\t\\N\n", "tg_log"),
    ("copy tg (a) from stdin where a <> 'x'", "x\nskip\ny\n", "tg"),
    ("copy tg from stdin", "1\tm\t2\n1\tm\t3\n", "tg_log"),
    ("copy tg (a, n) from stdin", "1\ta\n", "tg_log"),
    ("copy t from stdin", "1\ta\t2\r2\tb\t3\r", "t"),
    ("copy t from stdin", "1\ta\t2\r\n2\tb\t3\n", "t"),
    ("copy t from stdin", "1\ta\t2\n2\tb\t3\r\n", "t"),
    ("copy t from stdin", "1\ta\\\nb\t2\n", "t"),
    ("copy t from stdin", "1\ta\\tb\\x41\\101\\q\\\\\t2\n\\.\nrubbish\n", "t"),
    ("copy t from stdin", "1\ta\t2\n\\.x\n", "t"),
    ("copy t from stdin", "1\ta\t2", "t"),
    ("copy t (b, a) from stdin", "x\t1\n", "t"),
    ("copy t from stdin", "1\ta\n", "t"),
    ("copy t from stdin", "1\ta\t2\t3\n", "t"),
    ("copy t from stdin", "1\ta\t2\nx\ta\t2\n", "t"),
    ("copy t from stdin", "1\ta\t2\n" + "9" * 200 + "\ta\t2\n", "t"),
    ("copy t from stdin", "1\ta\t12345.678\n", "t"),
    ("copy t from stdin", b"1\ta\xff\t2\n", "t"),
    ("copy t from stdin", "1\ta\\xff\t2\n", "t"),
    ("copy t from stdin", "\n", "t"),
    ("copy t from stdin (header)", "anything\n1\ta\t2\n", "t"),
    ("copy t from stdin (header match)", "a\tb\tc\n1\ta\t2\n", "t"),
    ("copy t from stdin (header match)", "a\tx\tc\n1\ta\t2\n", "t"),
    ("copy t from stdin (header match)", "a\tb\n1\ta\t2\n", "t"),
    ("copy t from stdin (header match)", "a\t\\N\tc\n", "t"),
    ("copy t from stdin (format csv, header match)", 'a,"b",c\n1,a,2\n', "t"),
    ("copy t from stdin csv", '1,"a ""q"" b",2\n2,,\n3,"",3\n', "t"),
    ("copy t from stdin csv", '1,"a\nb\nc",2\nx,y,z\n', "t"),
    ("copy t from stdin csv", '1,"a\r\nb",2\r\n2,b,3\r\n', "t"),
    ("copy t from stdin csv", '1,"a\n', "t"),
    ("copy t from stdin csv", '1,a\rb,2\n', "t"),
    ("copy t from stdin csv", "1,a,2\n\\.\n2,b,3\n", "t"),
    ("copy t from stdin csv", "1,\\.,2\n", "t"),
    ("copy t from stdin (format csv, quote '''', escape '~', delimiter ';', null 'nil')", "1;'a~'b~~';nil\nnil;'nil';3\n", "t"),
    ("copy t from stdin (format csv, force_not_null (b), force_null (c))", '1,,""\n', "t"),
    ("copy t from stdin (format csv, null 'n', force_null (b))", '1,"n",2\n2,n,3\n', "t"),
    ("copy t from stdin (encoding 'latin1')", b"1\t\xe9\t2\n", "t"),
    ("copy t from stdin where a > 1", "1\ta\t2\n2\tb\t3\n3\tc\t4\n", "t"),
    ("copy t (a) from stdin where c = 1.5 and t.b is null and a <> 2", "1\n2\n3\n", "t"),
    ("copy t from stdin where b = 'x' or c > 3.0", "1\tx\t2\n2\tb\t3\n3\tc\t10\n", "t"),
    ("copy t from stdin where zz > 1", "", "t"),
    ("copy t from stdin where a", "", "t"),
    ("copy t from stdin where sum(a) > 1", "", "t"),
    ("copy t from stdin where a in (select 1)", "", "t"),
    ("copy k from stdin", "1\tann\t1\n2\tbob\t2\n", "k"),
    ("copy k from stdin", "10\tann\t1\n11\ttoolong\t2\n", "k"),
    ("copy k from stdin", "10\tann\t1\n11\t\\N\t2\n", "k"),
    ("copy k from stdin", "10\tann\t1\n11\tann\t0\n", "k"),
    ("copy g from stdin", "7\tx\n", "g"),
    ("copy g (v) from stdin", "y\nz\n", "g"),
    ("copy g (up) from stdin", "", "g"),
    ("copy g (id, id) from stdin", "", "g"),
    ("copy g (zz) from stdin", "", "g"),
    ("copy nothing from stdin", "\n\n", "nothing"),
    ("copy nothing from stdin", "x\n", "nothing"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3\0\0\0\4\0\0\0\7\0\0\0\1x\xff\xff\xff\xff" + b"\xff\xff", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3\0\0\0\4\0\0\0\7\0\0\0\1x\xff\xff\xff\xff", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\2\0\0\0\4\0\0\0\7", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3\0\0\0\3\0\0\0\0\0\0\1x\xff\xff\xff\xff", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3\0\0\0\4\0\0\0\7\0\0\0", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\3\xff\xff\xff\xf0", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\xff\xffx", "t"),
    ("copy t from stdin binary", b"PGCOPY\n\xff\r\n\0" + b"\0\1\0\0" + bytes(4), "t"),
    ("copy t from stdin binary", b"not a signature", "t"),
    ("copy t from stdin binary", b"", "t"),
    ("copy nowhere from stdin", "", "t"),
]

OPTIONS = [
    "format nope", "format 1", "header maybe", "delimiter 'ab'", "delimiter ''", "delimiter 'a'", "delimiter E'\\n'", "format binary, delimiter ','",
    "format binary, null ''", "format binary, header", "format binary, quote 'a'", "format csv, quote 'ab'", "quote 'a'", "escape 'x'",
    "format csv, escape ''", "header true, header false", "format csv, format csv", "force_quote *", "format csv, force_quote *",
    "format csv, force_quote (zz)", "format csv, force_not_null (zz)", "format csv, force_not_null (c)", "format csv, force_null *", "force_null (a)",
    "format csv, force_null (b, b)", "encoding 'nope'", "null E'a\\nb'", "format csv, delimiter '\"'", "format csv, null '\"'", "format csv, null ','",
    "freeze 2", "foo", "null",
]


@pytest.fixture(scope="module")
def sides(pg, us):
    pair = []
    for side in (pg, us):
        c = psycopg.connect(side.url(), autocommit=True)
        c.execute(TABLES)
        c.execute("set timezone = 'UTC'")
        pair.append(c)
    yield pair
    for c in pair:
        c.close()


def error_of(e):
    d = e.diag
    return (d.sqlstate, d.message_primary, d.message_detail, d.message_hint, d.context, d.statement_position, d.constraint_name, d.column_name)


def copy_out(c, sql):
    cur = c.cursor()
    try:
        with cur.copy(sql) as copy:
            data = b"".join(bytes(part) for part in copy)
        return data, cur.statusmessage
    except psycopg.Error as e:
        return error_of(e)


def copy_in(c, sql, data, table, piece):
    cur = c.cursor()
    data = data.encode() if isinstance(data, str) else data
    result = None
    c.execute("begin")
    try:
        with cur.copy(sql) as copy:
            for i in range(0, len(data), piece):
                copy.write(data[i:i + piece])
        result = cur.statusmessage
        rows = c.execute("select * from %s" % table).fetchall()
    except psycopg.Error as e:
        result, rows = error_of(e), None
    c.execute("rollback")
    return result, rows and sorted(rows, key=str)


@pytest.mark.parametrize("sql", OUT)
def test_copy_to(sides, sql):
    pg, us = (copy_out(c, sql) for c in sides)
    assert us == pg


@pytest.mark.parametrize("piece", [100000, 1])
@pytest.mark.parametrize("sql,data,table", IN)
def test_copy_from(sides, sql, data, table, piece):
    pg, us = (copy_in(c, sql, data, table, piece) for c in sides)
    assert us == pg


@pytest.mark.parametrize("options", OPTIONS)
def test_options(sides, options):
    pg, us = (copy_in(c, "copy t (a, b) from stdin (%s)" % options, "", "t", 100) for c in sides)
    assert us == pg


def test_binary_round_trip(sides):
    for c in sides:
        cur = c.cursor()
        with cur.copy("copy w to stdout binary") as copy:
            data = b"".join(bytes(part) for part in copy)
        before = c.execute("select * from w order by f").fetchall()
        c.execute("truncate w")
        with cur.copy("copy w from stdin binary") as copy:
            copy.write(data)
        assert repr(c.execute("select * from w order by f").fetchall()) == repr(before)


@pytest.mark.parametrize("sql", ["copy t to '/tmp/understudy-copy'", "copy t from '/etc/passwd'", "copy t to program 'cat'", "copy t from program 'cat /etc/passwd'"])
def test_files_and_programs_are_out_of_reach(us, sql):
    with psycopg.connect(us.url()) as c:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            c.execute(sql)
