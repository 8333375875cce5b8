"""Ordinary drivers on SQLite: protocol details that they rely on."""
import os
import subprocess
import threading
import time

import psycopg
import psycopg2
import pytest

from harness import PGBIN, ROOT


def test_psycopg2(us):
    conn = psycopg2.connect(host="127.0.0.1", port=us.port, user="postgres", dbname="postgres")
    cur = conn.cursor()
    cur.execute("create table p2 (id serial primary key, n numeric(6,2), d date, j jsonb, a int[], b bytea)")
    cur.execute("insert into p2 (n, d, j, a, b) values (%s, %s, %s, %s, %s) returning id", (1.5, "2024-02-29", '{"a": 1}', [1, 2], psycopg2.Binary(b"\0\xff")))
    assert cur.fetchone() == (1,)
    conn.commit()
    cur.execute("select n, d, j, a, b from p2")
    n, d, j, a, b = cur.fetchone()
    assert (str(n), str(d), j, a, bytes(b)) == ("1.50", "2024-02-29", {"a": 1}, [1, 2], b"\0\xff")
    with pytest.raises(psycopg2.errors.DivisionByZero):
        cur.execute("select 1/0")
    with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
        cur.execute("select 1")
    conn.rollback()
    cur.execute("select count(*) from p2")
    assert cur.fetchone() == (1,)
    cur.executemany("insert into p2 (n) values (%s)", [(i,) for i in range(5)])
    conn.commit()
    conn.close()


def test_psycopg3_binary_prepared_pipeline(us):
    with us.connect(autocommit=False) as c:
        c.execute("create table p3 (id int primary key, v text, at timestamptz, f float8, u uuid)")
        for i in range(10):
            c.execute("insert into p3 values (%b, %b, now(), %b, gen_random_uuid())", (i, "v%d" % i, i / 3), prepare=True)
        rows = c.execute("select id, v, f from p3 where id = any(%b) order by id", ([1, 3],), binary=True).fetchall()
        assert rows == [(1, "v1", 1 / 3), (3, "v3", 1.0)]
        with c.pipeline():
            cursors = [c.execute("select %s::int + 1", (i,)) for i in range(20)]
        assert [x.fetchone()[0] for x in cursors] == list(range(1, 21))
        with c.transaction():
            c.execute("delete from p3 where id = 1")
        with pytest.raises(psycopg.errors.UniqueViolation) as e, c.transaction():
            c.execute("insert into p3 (id) values (2)")
        assert e.value.diag.constraint_name == "p3_pkey" and e.value.diag.message_detail == "Key (id)=(2) already exists."
        assert c.execute("select count(*) from p3").fetchone() == (9,)


def detail_of(c, sql, params=None, prepare=None):
    with pytest.raises(psycopg.errors.IntegrityError) as e:
        c.execute(sql, params, prepare=prepare)
    return e.value.diag.message_detail


def copy_detail(c, sql, data):
    with pytest.raises(psycopg.errors.IntegrityError) as e, c.cursor().copy(sql) as copy:
        copy.write(data)
    return e.value.diag.message_detail


def test_constraint_detail_with_parameters_and_copy(us, pg):
    """The values in DETAIL are those the statement bound, copied or drew from a sequence."""
    for server in (pg, us):
        with server.connect() as c:
            c.execute("drop table if exists cd_emp, cd_dept")
            c.execute("create table cd_dept (id int primary key, code text unique not null)")
            c.execute("create table cd_emp (id serial primary key, dept_id int references cd_dept, email text unique, n int check (n > 0))")
            c.execute("insert into cd_dept values (1, 'a'), (2, 'b')")
            c.execute("insert into cd_emp (dept_id, email, n) values (1, 'x@y', 1)")
            for prepare in (False, True, True):
                assert detail_of(c, "insert into cd_dept values (%s, %s)", (2, "z"), prepare) == "Key (id)=(2) already exists."
                assert detail_of(c, "insert into cd_dept values (%s, %b), (%s, %t)", (5, "v", 6, "b"), prepare) == "Key (code)=(b) already exists."
                assert detail_of(c, "insert into cd_emp (dept_id) values (%s)", (99,), prepare) == 'Key (dept_id)=(99) is not present in table "cd_dept".'
                assert detail_of(c, "insert into cd_emp (email) values (%s)", ("x@y",), prepare) == "Key (email)=(x@y) already exists."
                assert detail_of(c, "update cd_dept set code = %s where id = %s", ("a", 2), prepare) == "Key (code)=(a) already exists."
                assert detail_of(c, "update cd_dept set code = %s where id = %s", (None, 2), prepare) == "Failing row contains (2, null)."
                assert detail_of(c, "delete from cd_dept where id = %s", (1,), prepare) == 'Key (id)=(1) is still referenced from table "cd_emp".'
            assert detail_of(c, "insert into cd_emp (n) values (%s)", (-1,)) == "Failing row contains (8, null, null, -1)."
            assert detail_of(c, "insert into cd_emp (n) values (1), (-2), (3)") == "Failing row contains (10, null, null, -2)."
            assert c.execute("select nextval('cd_emp_id_seq') >= 11").fetchone() == (True,)
            assert copy_detail(c, "copy cd_dept from stdin", b"7\tg\n2\th\n") == "Key (id)=(2) already exists."
            assert copy_detail(c, "copy cd_dept from stdin", b"7\tg\n8\t\\N\n") == "Failing row contains (8, null)."
            assert copy_detail(c, "copy cd_emp (id, n) from stdin (format csv)", b"70,1\n71,-5\n") == "Failing row contains (71, null, null, -5)."
            assert copy_detail(c, "copy cd_emp (id, dept_id) from stdin", b"72\t1\n73\t44\n") == 'Key (dept_id)=(44) is not present in table "cd_dept".'
            assert c.execute("select (select count(*) from cd_dept), (select count(*) from cd_emp)").fetchone() == (2, 1)


def test_failed_insert_draws_one_sequence_value(us):
    with us.connect() as c:
        c.execute("create table draws (id serial primary key, k text unique)")
        c.execute("insert into draws (k) values ('a')")
        for _ in range(3):
            assert detail_of(c, "insert into draws (k) values ('a')") == "Key (k)=(a) already exists."
        assert c.execute("insert into draws (k) values ('b') returning id").fetchone() == (5,)
        assert c.execute("select currval('draws_id_seq'), lastval()").fetchone() == (5, 5)


def test_constraint_detail_inside_a_transaction(us):
    """Finding the values leaves the transaction and its savepoints as they were."""
    with us.connect(autocommit=False) as c:
        c.execute("create table ct (id int primary key, up int references ct)")
        c.execute("insert into ct values (1, null), (2, 1)")
        c.commit()
        c.execute("insert into ct values (3, 2)")
        for sql, detail in (("insert into ct values (4, 3), (3, 3)", "Key (id)=(3) already exists."),
                            ("insert into ct values (6, 7)", 'Key (up)=(7) is not present in table "ct".'),
                            ("delete from ct where id < 3", 'Key (id)=(2) is still referenced from table "ct".')):
            with pytest.raises(psycopg.errors.IntegrityError) as e, c.transaction():
                c.execute(sql)
            assert e.value.diag.message_detail == detail
        assert c.execute("select id from ct order by id").fetchall() == [(1,), (2,), (3,)]
        c.commit()
        assert c.execute("select count(*) from ct").fetchone() == (3,)


def test_copy_in_and_out(us):
    with us.connect() as c:
        c.execute("create table cp (a int, b text, c numeric(8,2))")
        with c.cursor().copy("copy cp from stdin") as copy:
            for i in range(3000):
                copy.write_row((i, "line\twith\nspecials \\ %d" % i, None if i % 2 else i / 4))
        assert c.execute("select count(*), count(c), sum(a) from cp").fetchone()[0] == 3000
        with c.cursor().copy("copy cp (a, b) to stdout with (format csv, header)") as copy:
            data = b"".join(bytes(x) for x in copy)
        assert data.startswith(b"a,b\n0,\"line\twith\nspecials \\ 0\"\n")
        c.execute("create table cp2 (a int primary key, b text)")
        with c.cursor().copy("copy cp2 from stdin (format csv, header true)") as copy:
            copy.write(data)
        assert c.execute("select count(*) from cp2 join cp using (a, b)").fetchone() == (3000,)
        with pytest.raises(psycopg.errors.UniqueViolation), c.cursor().copy("copy cp2 from stdin (format csv)") as copy:
            copy.write(b"9999,new\n1,dup\n")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation), c.cursor().copy("copy cp2 from stdin") as copy:
            copy.write(b"x\ty\n")
        assert c.execute("select count(*) from cp2").fetchone() == (3000,)


def test_portal_with_row_limit(us):
    """PortalSuspended through psql's FETCH_COUNT needs cursors; the protocol's own row limit is used by JDBC and this test."""
    code = """
const { Client } = require('pg');
(async () => {
  const c = new Client({ connectionString: process.argv[1] });
  await c.connect();
  let suspended = 0;
  c.connection.on('portalSuspended', () => suspended++);
  const r = await c.query({ text: 'select n from generate_series(1, 25) n', rows: 10 });
  console.log(r.rows.length, suspended);
  await c.end();
})().catch((e) => { console.error(e); process.exit(1); });
"""
    p = subprocess.run(["node", "-e", code, us.url()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=os.path.join(ROOT, "tests", "node"), timeout=30)
    assert p.returncode == 0 and p.stdout.split()[1] != "0", p.stdout


def test_cancel(us):
    with us.connect() as c:
        timer = threading.Timer(0.5, c.cancel)
        timer.start()
        t = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            c.execute("with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000000000) select count(*) from t")
        assert time.monotonic() - t < 10
        assert c.execute("select 1").fetchone() == (1,)


def test_a_long_statement_does_not_stall_others(us):
    done = threading.Event()

    def long():
        with us.connect() as c:
            c.execute("set statement_timeout = '3s'")
            try:
                c.execute("with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000000000) select count(*) from t")
            except psycopg.errors.QueryCanceled:
                pass
        done.set()
    t = threading.Thread(target=long)
    t.start()
    time.sleep(0.3)
    with us.connect() as c:
        worst = 0
        while not done.is_set():
            at = time.monotonic()
            c.execute("select 1")
            worst = max(worst, time.monotonic() - at)
            time.sleep(0.01)
    t.join()
    assert worst < 1.5, worst


def test_a_held_write_does_not_stop_readers_and_writers_queue(us):
    us.sql("create table q (a int primary key, b int); insert into q values (1, 0)")
    with us.connect() as a, us.connect() as b, us.connect() as r:
        a.execute("begin")
        a.execute("update q set b = b + 1")
        assert r.execute("select b from q").fetchone() == (0,)
        got = []
        t = threading.Thread(target=lambda: got.append(b.execute("update q set b = b + 10 returning b").fetchone()))
        t.start()
        time.sleep(0.3)
        assert not got
        assert r.execute("select b from q").fetchone() == (0,)
        a.execute("commit")
        t.join(10)
        assert got == [(11,)]


def test_a_client_that_vanishes_in_a_transaction_frees_the_writer(us):
    us.sql("create table gone (a int)")
    c = us.connect()
    c.execute("begin")
    c.execute("insert into gone values (1)")
    os.close(os.dup(c.fileno()))
    c.pgconn.finish()
    with us.connect() as d:
        d.execute("insert into gone values (2)")
        assert d.execute("select a from gone").fetchall() == [(2,)]


def test_sessions_are_separate(us):
    with us.connect() as a, us.connect() as b:
        a.execute("set timezone = 'Asia/Tokyo'")
        assert b.execute("show timezone").fetchone() != ("Asia/Tokyo",)
        assert a.info.backend_pid != b.info.backend_pid
        a.execute("prepare s as select 1")
        b.execute("prepare s as select 2")
        assert a.execute("execute s").fetchone() == (1,)
        assert b.execute("execute s").fetchone() == (2,)


def test_commit_survives_kill9(us):
    from harness import Understudy
    u = Understudy()
    u.sql("create table k (a serial primary key, b int)")
    seen = []

    def client(n):
        with u.connect() as c:
            i = 0
            while True:
                try:
                    seen.append(c.execute("insert into k (b) values (%s) returning a", (n * 100000 + i,)).fetchone()[0])
                except psycopg.Error:
                    return
                i += 1
    threads = [threading.Thread(target=client, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    time.sleep(1.5)
    u.kill9()
    for t in threads:
        t.join(10)
    u.start()
    kept = {r[0] for r in u.sql("select a from k")}
    assert len(seen) == len(set(seen)) and set(seen) <= kept
    assert len(kept) <= len(seen) + 4
    u.sql("insert into k (b) values (-1)")
    u.close()


def test_psql_session(us):
    out = us.psql("create table ps (a int, b text);\ninsert into ps values (1, 'x'), (2, null);\n\\pset null (null)\nselect * from ps order by a;\n"
                  "select * form ps;\n\\echo :LAST_ERROR_SQLSTATE\nbegin;\nselect 1/0;\nselect 1;\nrollback;\n")
    assert " a |   b    \n---+--------\n 1 | x\n 2 | (null)\n(2 rows)\n" in out
    assert 'syntax error at or near "form"\nLINE 1: select * form ps;\n                 ^' in out
    assert "42601" in out and "current transaction is aborted, commands ignored until end of transaction block" in out


def test_unix_socket(us):
    p = subprocess.run([PGBIN + "/psql", "-X", "-h", us.dir, "-p", str(us.port), "-U", "postgres", "-d", "postgres", "-Atc", "show understudy.source"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    assert p.stdout == "sqlite\n"


def test_client_min_messages(us):
    with us.connect(autocommit=True) as c:
        got = []
        c.add_notice_handler(lambda d: got.append((d.severity, d.message_primary)))
        for level, want in (("notice", 2), ("warning", 1), ("error", 0)):
            c.execute("set client_min_messages = %s" % level)
            c.execute("drop table if exists nowhere")
            c.execute("commit")
            assert len(got) == want, got
            got.clear()
        c.execute("set client_min_messages = notice; set standard_conforming_strings = off")
        c.execute(r"select 'a\'b', 'c\\', 'd\n'")
        c.execute(r"select 'a\nb\\'")
        assert [m for _, m in got] == [
            "nonstandard use of \\' in a string literal", "nonstandard use of \\\\ in a string literal",
            "nonstandard use of escape in a string literal", "nonstandard use of escape in a string literal"]


def test_transaction_numbers(us):
    with us.connect() as c, us.connect() as d:
        c.autocommit = False
        first = c.execute("select txid_current(), txid_current(), pg_current_xact_id()::text, txid_current_if_assigned()").fetchone()
        assert len({str(v) for v in first}) == 1
        assert c.execute("select txid_current()").fetchone()[0] == first[0]
        assert d.execute("select txid_current()").fetchone()[0] > first[0]
        c.commit()
        assert c.execute("select txid_current_if_assigned()").fetchone() == (None,)
        assert c.execute("select txid_current()").fetchone()[0] > first[0]


def test_backslashes_in_programs_are_refused(us):
    with us.connect(autocommit=True) as c:
        c.execute("set standard_conforming_strings = off")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="backslash in a program"):
            c.execute(r"do $$ begin raise notice 'a\\b'; end $$")
        c.execute("do $$ begin perform 1; end $$")
        assert c.execute(r"select $$a\\b$$").fetchone() == (r"a\\b",)
