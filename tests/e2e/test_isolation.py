"""What one session does stays out of the others, and what belongs to a session ends with it: eleven checks, one test each."""
import subprocess
import time

import psycopg
import pytest

from harness import PGBIN


@pytest.fixture
def a(us):
    with us.connect() as conn:
        yield conn


@pytest.fixture
def b(us):
    with us.connect() as conn:
        yield conn


def test_set_is_not_seen_by_another(a, b):
    a.execute("set work_mem = '7MB'; set search_path = pg_catalog; set my.own = 'a'")
    assert b.execute("show work_mem").fetchone() == ("4MB",)
    assert b.execute("show search_path").fetchone() == ('"$user", public',)
    assert b.execute("select current_setting('my.own', true)").fetchone() == (None,)


def test_temporary_tables_are_private(a, b):
    a.execute("create temp table mine (x int); insert into mine values (1)")
    with pytest.raises(psycopg.errors.UndefinedTable):
        b.execute("select * from mine")
    b.execute("create temp table mine (y text)")
    assert a.execute("select * from mine").fetchall() == [(1,)]


def test_process_ids_differ(a, b):
    pids = {c.execute("select pg_backend_pid()").fetchone()[0] for c in (a, b)}
    assert pids == {a.info.backend_pid, b.info.backend_pid} and len(pids) == 2


def test_statement_names_are_private(a, b):
    a.execute("prepare p as select 'a'")
    b.execute("prepare p as select 'b'")
    assert [c.execute("execute p").fetchone()[0] for c in (a, b)] == ["a", "b"]
    for c, value in ((a, b"1"), (b, b"2")):
        assert c.pgconn.prepare(b"q", b"select %s" % value).status == psycopg.pq.ExecStatus.COMMAND_OK
    assert [c.pgconn.exec_prepared(b"q", None).get_value(0, 0) for c in (a, b)] == [b"1", b"2"]


def test_notify_reaches_the_listener(a, b):
    heard = []
    a.add_notify_handler(lambda n: heard.append((n.pid, n.channel, n.payload)))
    a.execute("listen ch")
    b.execute("notify ch, 'hello'")
    time.sleep(0.1)
    a.execute("select 1")
    assert heard == [(b.info.backend_pid, "ch", "hello")]


def test_an_open_update_does_not_stop_readers(us, a, b):
    us.sql("create table held (x int); insert into held values (1)")
    a.execute("begin; update held set x = 2")
    assert b.execute("select x from held").fetchone() == (1,)
    a.execute("commit")
    assert b.execute("select x from held").fetchone() == (2,)


def test_statement_timeout_is_on_time(a):
    a.execute("set statement_timeout = '300ms'")
    at = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled):
        a.execute("with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000000000) select count(*) from t")
    assert 0.25 < time.monotonic() - at < 2


def test_pgbench_fills_its_tables(us):
    p = subprocess.run([PGBIN + "/pgbench", "-h", "127.0.0.1", "-p", str(us.port), "-U", "postgres", "-i", "-q", "postgres"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert p.returncode == 0, p.stdout
    assert us.sql("select count(*) from pgbench_accounts") == [(100000,)]


@pytest.fixture
def gone(us):
    """The process id of a session that has left."""
    with us.connect() as conn:
        conn.execute("prepare kept as select 1; create temp table kept (x int); set work_mem = '9MB'; select pg_advisory_lock(99); listen kept")
        return conn.info.backend_pid


def test_prepared_names_end_with_their_session(gone, a):
    with pytest.raises(psycopg.errors.InvalidSqlStatementName):
        a.execute("execute kept")


def test_temporary_tables_end_with_their_session(gone, a):
    with pytest.raises(psycopg.errors.UndefinedTable):
        a.execute("select * from kept")
    end = time.monotonic() + 5
    while a.execute("select count(*) from pg_class where relname = 'kept'").fetchone() != (0,):
        assert time.monotonic() < end


def test_settings_and_locks_end_with_their_session(gone, a):
    assert a.execute("show work_mem").fetchone() == ("4MB",)
    assert a.execute("select pg_try_advisory_lock(99)").fetchone() == (True,)
