"""CREATE, DROP and ALTER DATABASE on SQLite."""
import os
import threading
import time

import psycopg
import pytest


def names(us):
    return [n for (n,) in us.sql("select datname from pg_database order by 1")]


def fails(us, sql, state, db="postgres"):
    with us.connect(db) as c, pytest.raises(psycopg.Error) as e:
        c.execute(sql)
    assert e.value.sqlstate == state
    return e.value


def test_create_and_drop(us):
    us.sql("create database first owner postgres encoding 'UTF8' lc_collate 'C' template template0 connection limit -1")
    assert names(us) == ["first", "postgres", "template0", "template1"]
    us.sql("create table t (a int)", db="first")
    assert us.sql("select to_regclass('t')") == [(None,)]
    assert us.sql("select datname, oid = (select oid from pg_database where datname = current_database()) from pg_database"
                  " where datname = 'first'", db="first") == [("first", True)]
    assert us.sql("select pg_database_size('first') > 10000, pg_database_size(oid) = pg_database_size('first'), pg_database_size(99999) is null"
                  " from pg_database where datname = 'first'") == [(True, True, True)]
    fails(us, "select pg_database_size('nothing')", "3D000")
    us.sql("drop database first")
    assert names(us) == ["postgres", "template0", "template1"]
    assert not [f for f in os.listdir(us.data) if f.startswith("first")]
    assert 'NOTICE:  database "first" does not exist, skipping' in us.psql("drop database if exists first")


def test_template(us):
    us.sql("create database base")
    us.sql("create table t (id serial primary key, b text unique); insert into t (b) select 'row ' || i from generate_series(1, 1000) i", db="base")
    us.sql("create database copy template base")
    assert us.sql("select count(*), max(b) from t", db="copy") == [(1000, "row 999")]
    us.sql("insert into t (b) values ('new')", db="copy")
    assert us.sql("select max(id) from t", db="copy") == [(1001,)]
    assert us.sql("select max(id) from t", db="base") == [(1000,)]
    with us.connect("copy") as c:  # from the own database
        c.execute("create database copy2 template copy")
    assert us.sql("select max(id) from t", db="copy2") == [(1001,)]
    us.sql("alter database copy2 rename to copy3")
    assert us.sql("select max(id) from t", db="copy3") == [(1001,)]
    assert "copy2" not in names(us)
    for name in ("base", "copy", "copy3"):
        us.sql("drop database " + name)


def test_errors(us):
    us.sql("create database taken")
    fails(us, "create database taken", "42P04")
    fails(us, "create database postgres", "42P04")
    fails(us, "create database x template nothing", "3D000")
    fails(us, "create database x encoding 'LATIN1'", "0A000")
    fails(us, "create database x lc_collate 'xx_YY.UTF-8'", "22023")
    fails(us, "create database x owner nobody_at_all", "42704")
    fails(us, "create database x tablespace nowhere", "42704")
    fails(us, "create database x encoding 'UTF8' encoding 'UTF8'", "42601")
    fails(us, "create database x what 'UTF8'", "42601")
    fails(us, "create database x is_template 7", "42601")
    fails(us, "create database x connection limit -5", "22023")
    fails(us, "create database x connection limit 5", "0A000")
    fails(us, 'create database "a/b"', "0A000")
    fails(us, "drop database nothing", "3D000")
    fails(us, "drop database template1", "42809")
    fails(us, "drop database taken", "55006", db="taken")
    fails(us, "alter database taken rename to taken2", "0A000", db="taken")
    fails(us, "alter database nothing rename to taken2", "3D000")
    fails(us, "alter database taken rename to postgres", "42P04")
    fails(us, "select 1; create database x", "25001")
    with us.connect(autocommit=False) as c, pytest.raises(psycopg.errors.ActiveSqlTransaction):
        c.execute("create database x")
    assert names(us) == ["postgres", "taken", "template0", "template1"]
    us.sql("drop database taken")


def test_a_database_in_use(us):
    us.sql("create database busy")
    other = us.connect("busy")
    other.execute("create temp table t (a int)")
    started = time.monotonic()
    leave = threading.Timer(0.5, other.close)
    leave.start()
    us.sql("drop database busy")  # waits for the other to leave
    leave.join()
    assert 0.4 < time.monotonic() - started < 4
    us.sql("create database busy")
    idle, waiting = us.connect("busy"), us.connect("busy")
    result = []

    def work():
        try:
            waiting.execute("select count(*) from generate_series(1, 1000000000)")
        except psycopg.Error as e:
            result.append(str(e))
    t = threading.Thread(target=work)
    t.start()
    time.sleep(0.2)
    us.sql("drop database busy with (force)")
    t.join()
    assert len(result) == 1 and "terminating connection due to administrator command" in result[0]
    with pytest.raises(psycopg.OperationalError, match="terminating connection due to administrator command"):
        idle.execute("select 1")
    assert "busy" not in names(us)
    idle.close()
    waiting.close()


def test_a_database_per_worker(us):
    us.sql("create database base")
    us.sql("create table t (id int primary key, b text); insert into t select i, 'x' || i from generate_series(1, 500) i", db="base")
    failed = []

    def worker(i):
        try:
            us.sql("create database w%d template base" % i)
            with us.connect("w%d" % i) as c:
                c.execute("insert into t values (%s, 'own')", [1000 + i])
                assert c.execute("select count(*), max(id) from t").fetchone() == (501, 1000 + i)
            us.sql("drop database w%d" % i)
        except Exception as e:  # noqa: BLE001 - whatever went wrong in a thread
            failed.append(repr(e))
    threads = [threading.Thread(target=worker, args=(i,)) for i in range(50)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert us.sql("select count(*) from t", db="base") == [(500,)]
    us.sql("drop database base")
    assert names(us) == ["postgres", "template0", "template1"]
