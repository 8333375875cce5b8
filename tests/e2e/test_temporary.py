"""Temporary objects between sessions: seen by their own only, gone with it, also after a crash."""
import psycopg
import pytest

from harness import Postgres, Understudy, wait_until


def connect(us, **more):
    return psycopg.connect("host=127.0.0.1 port=%d user=postgres dbname=postgres" % us.port, autocommit=True, **more)


def count_temporary(us):
    with connect(us) as c:
        return c.execute("select count(*) from pg_class where relpersistence = 't'").fetchone()[0]


def test_same_name_other_columns(us):
    """Two sessions use the same text for tables of their own; neither gets the plan of the other."""
    with connect(us) as a, connect(us) as b, connect(us) as c:
        c.execute("create table shared (p int)")
        c.execute("insert into shared values (7)")
        a.execute("create temp table shared (x int)")
        b.execute("create temp table shared (y text, z int)")
        a.execute("insert into shared values (1)")
        b.execute("insert into shared values ('b', 2)")
        for _ in range(3):
            assert a.execute("select * from shared").fetchall() == [(1,)]
            assert b.execute("select * from shared").fetchall() == [("b", 2)]
            assert c.execute("select * from shared").fetchall() == [(7,)]
        schema = a.execute("select nspname from pg_namespace where oid = pg_my_temp_schema()").fetchone()[0]
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            b.execute("select * from %s.shared" % schema)
        a.execute("drop table shared")
        assert a.execute("select * from shared").fetchall() == [(7,)]
        c.execute("drop table shared")


def test_gone_with_the_session(us):
    with connect(us) as a:
        a.execute("create temp table t (id serial primary key, a int[])")
        a.execute("create temp view v as select * from t")
        a.execute("create temp sequence s")
        assert count_temporary(us) == 5
    wait_until("the session's objects to go", lambda: count_temporary(us) == 0)
    with connect(us) as a:
        assert a.execute("select count(*) from pg_namespace where nspname like 'pg_temp%'").fetchone() == (0,)


def test_session_ends_while_another_writes(us):
    """What it leaves goes when the write connection is free, and nobody waits for that."""
    with connect(us) as writer:
        writer.execute("create table busy (a int)")
        a = connect(us)
        a.execute("create temp table t (a int)")
        writer.execute("begin")
        writer.execute("insert into busy values (1)")
        a.close()
        assert count_temporary(us) == 1
        writer.execute("commit")
        wait_until("the session's objects to go", lambda: count_temporary(us) == 0)


def test_gone_after_a_crash():
    us = Understudy()
    try:
        with connect(us) as c:
            c.execute("create table stays (a int)")
        a = connect(us)
        a.execute("create temp table t (a int primary key)")
        a.execute("insert into t select generate_series(1, 10)")
        us.kill9()
        us.start()
        assert count_temporary(us) == 0
        with connect(us) as c:
            c.execute("insert into stays values (1)")
            c.execute("create temp table t (another text)")
            assert c.execute("select * from t").fetchall() == []
    finally:
        us.close()


def test_temporary_tables_are_not_replayed():
    """While SQLite stands in, temporary tables can be made; neither they nor their rows go to the primary."""
    pg = Postgres()
    pg.sql("create table t (id serial primary key, v text)")
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    try:
        us.wait_state("PRIMARY", 60)
        c = us.connect()
        pg.kill9()
        us.wait_state("SQLITE", 20)
        c.execute("create temp table mine (id serial, v text)")
        c.execute("insert into mine (v) values ('a'), ('b')")
        c.execute("alter table mine add column n int default 3")
        c.execute("insert into t (v) select v || n from mine order by id")
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            c.execute("create table refused (a int)")
        pg.wait_gone()
        pg.restart_after_kill()
        us.wait_state("PRIMARY", 60)
        assert pg.sql("select v from t order by id") == [("a3",), ("b3",)]
        assert pg.sql("select count(*) from pg_class where relname like 'mine%'") == [(0,)]
        c.close()
    finally:
        us.close()
        pg.close()
