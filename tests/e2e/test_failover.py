"""Loss and return of the primary, seen by ordinary clients."""
import signal
import time

import psycopg
import pytest

from harness import Postgres, Understudy, wait_until


@pytest.fixture
def pair():
    pg = Postgres()
    pg.sql("create table t (id serial primary key, v text, n int not null default 0); insert into t (v) select 'row ' || g from generate_series(1, 20) g;"
           "create table log (line text); create table parent (id int primary key); create table child (id int primary key, p int references parent (id))")
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    yield pg, us
    us.close()
    pg.close()


def source(c):
    return c.execute("show understudy.source").fetchone()[0]


@pytest.mark.threads
def test_idle_prepared_and_settings_cross_both_ways(pair):
    pg, us = pair
    c = us.connect(prepare_threshold=1)
    c.execute("set application_name = 'crossing'")
    c.execute("set timezone = 'Europe/Berlin'")
    for i in (1, 2, 3):
        assert c.execute("select v from t where id = %s", (i,)).fetchone() == ("row %d" % i,)
    assert c.info.parameter_status("understudy.source") == "postgres"
    pg.kill9()
    us.wait_state("SQLITE", 20)
    assert c.execute("select v from t where id = %s", (4,)).fetchone() == ("row 4",)
    assert source(c) == "sqlite" and c.info.parameter_status("understudy.source") == "sqlite"
    assert c.execute("show timezone").fetchone() == ("Europe/Berlin",)
    c.execute("insert into t (v) values ('offline')")
    new_id = c.execute("select max(id) from t where v = 'offline'").fetchone()[0]
    c.execute("insert into log values ('a'), ('a')")
    pg.wait_gone()
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    assert source(c) == "postgres"
    assert c.execute("select v from t where id = %s", (5,)).fetchone() == ("row 5",)
    assert c.execute("show timezone").fetchone() == ("Europe/Berlin",)
    assert pg.sql("select id from t where v = 'offline'") == [(new_id,)]
    assert pg.sql("select count(*) from log") == [(2,)]
    assert c.execute("insert into t (v) values ('back') returning id").fetchone()[0] > new_id
    us.post("/db/force-sqlite")
    assert c.execute("select count(*) from log").fetchone() == (2,)
    c.close()


@pytest.mark.threads
def test_open_transaction_gets_40001_and_the_session_stays(pair):
    pg, us = pair
    c = us.connect()
    c.execute("begin")
    c.execute("update t set n = 1 where id = 1")
    pg.kill9()
    with pytest.raises(psycopg.errors.SerializationFailure):
        for _ in range(100):
            c.execute("update t set n = 2 where id = 2")
            time.sleep(0.05)
    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        c.execute("select 1")
    c.execute("rollback")
    us.wait_state("SQLITE", 20)
    assert c.execute("select sum(n) from t").fetchone() == (0,)
    c.execute("update t set n = 5 where id = 1")
    assert source(c) == "sqlite"
    c.close()


def test_a_silent_primary_is_noticed(pair):
    pg, us = pair
    c = us.connect()
    assert source(c) == "postgres"
    pg.stop_all(signal.SIGSTOP)
    try:
        t = time.monotonic()
        us.wait_state("SQLITE", 15)
        assert c.execute("select count(*) from t").fetchone() == (20,)
        assert time.monotonic() - t < 12
    finally:
        pg.stop_all(signal.SIGCONT)
    us.wait_state("PRIMARY", 60)
    assert source(c) == "postgres"
    c.close()


@pytest.mark.threads
def test_force_and_retry(pair):
    pg, us = pair
    c = us.connect()
    r = us.post("/db/force-sqlite")
    assert r["source"] == "sqlite"
    assert source(c) == "sqlite"
    c.execute("update t set v = 'forced' where id = 7")
    c.execute("delete from t where id = 8")
    r = us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)
    assert source(c) == "postgres"
    assert pg.sql("select v from t where id = 7") == [("forced",)]
    assert pg.sql("select count(*) from t where id = 8") == [(0,)]
    c.close()


@pytest.mark.threads
def test_a_conflict_is_kept_with_both_images_and_stops_nothing_else(pair):
    pg, us = pair
    us.post("/db/force-sqlite")
    with us.connect() as c:
        c.execute("update t set v = 'mine' where id = 1")
        c.execute("update t set v = 'also mine' where id = 2")
        c.execute("insert into t (v) values ('new one')")
    pg.sql("update t set v = 'theirs' where id = 1")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)
    assert pg.sql("select v from t where id in (1, 2) order by id") == [("theirs",), ("also mine",)]
    assert pg.sql("select count(*) from t where v = 'new one'") == [(1,)]
    status = us.get("/db/status")
    assert status["conflicts"] == 1 and status["pendingWrites"] == 0, status
    us.post("/db/force-sqlite")
    with us.connect() as c:
        assert source(c) == "sqlite"
        row = c.execute("select \"table\", base, local, remote from understudy.conflicts").fetchone()
        assert "row 1" in str(row[1]) and "mine" in str(row[2]) and "theirs" in str(row[3]), row
        assert c.execute("select v from t where id = 1").fetchone() == ("theirs",)


def test_start_with_the_primary_away_serves_the_last_file(pair):
    pg, us = pair
    us.stop()
    pg.kill9()
    pg.wait_gone()
    us.start()
    us.wait_state("SQLITE", 20)
    with us.connect() as c:
        assert c.execute("select count(*) from t").fetchone() == (20,)
        c.execute("update t set n = 9 where id = 9")
    us.kill9()
    us.start()
    with us.connect() as c:
        assert c.execute("select n from t where id = 9").fetchone() == (9,)
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select n from t where id = 9") == [(9,)]


def test_changes_made_elsewhere_are_followed(pair):
    pg, us = pair
    pg.sql("insert into t (v, n) values ('direct', 77); update t set v = repeat('x', 5000) where id = 3; update t set n = 1 where id = 3; delete from t where id = 4;"
           "update t set id = 1000 where id = 5; insert into log values ('one'); truncate child; insert into parent values (1); insert into child values (1, 1)")
    mark = pg.sql("select count(*), sum(id), sum(n), sum(length(v)) from t")
    def same():
        us.post("/db/force-sqlite")
        with us.connect() as c:
            got = c.execute("select count(*), sum(id), sum(n), sum(length(v)) from t").fetchall()
            ok = got == mark and c.execute("select count(*) from log").fetchone() == (1,) and c.execute("select p from child").fetchall() == [(1,)]
        us.post("/db/retry-primary")
        us.wait_state("PRIMARY", 30)
        return ok
    wait_until("the copy to be in step", same, 20, interval=0.5)


def test_status_and_health(pair):
    pg, us = pair
    s = us.get("/db/status")
    assert s["currentSource"] == "postgres" and s["state"] == "PRIMARY" and s["databases"]["sqlite"]["available"]
    assert us.get("/db/healthz")["status"] == "healthy"
    pg.kill9()
    us.wait_state("SQLITE", 20)
    s = us.get("/db/status")
    assert s["currentSource"] == "sqlite" and not s["databases"]["postgres"]["available"]
    assert us.get("/db/healthz")["status"] == "degraded"
    m = us.get("/metrics")
    assert 'understudy_fallback_active{database="postgres"} 1' in m and "understudy_failovers_total" in m


def on_sqlite(us, query):
    """The query's rows from the copy, by the operator's switch and back."""
    us.post("/db/force-sqlite")
    try:
        with us.connect() as c:
            assert source(c) == "sqlite"
            return c.execute(query).fetchall()
    finally:
        us.post("/db/retry-primary")
        us.wait_state("PRIMARY", 30)


@pytest.mark.threads
def test_structure_made_on_the_primary_is_mirrored(pair):
    pg, us = pair
    with us.connect() as c:
        c.execute("create type colour as enum ('red', 'green')")
        c.execute("create table made (id serial primary key, c colour, v numeric(10,2) default 1.5)")
        c.execute("insert into made (c) values ('red'), ('green')")
        c.execute("create view dear as select id from made where v > 1")
        c.execute("create domain small as int default 3 check (value < 100)")
        c.execute("create type span as range (subtype = float8, subtype_diff = float8mi)")
        c.execute("create table sized (id serial primary key, n small, s span, ns span[])")
        c.execute("insert into sized (n, s, ns) values (7, '[1,5)', array[span(1, 2)])")
    wait_until("the new table", lambda: on_sqlite(us, "select c::text, v::text from made order by id") == [("red", "1.50"), ("green", "1.50")], 20, interval=1.5)
    assert on_sqlite(us, "select count(*) from dear") == [(2,)]
    sized = "select n, s::text, ns::text, pg_typeof(n)::text, 'small'::regtype::oid::int from sized"
    assert on_sqlite(us, sized) == pg.sql(sized)
    with us.connect() as c:
        c.execute("alter domain small add constraint positive check (value > 0)")
        c.execute("alter table t add column extra text default 'new'")
        c.execute("update t set extra = 'changed' where id = 2")
        c.execute("insert into made (c) values ('green')")
        c.execute("alter table parent add unique (id)")
        c.execute("insert into parent values (1)")
        c.execute("insert into child values (1, 1)")
        c.execute("drop table log")
    wait_until("the new column", lambda: on_sqlite(us, "select extra from t where id in (1, 2) order by id") == [("new",), ("changed",)], 20, interval=1.5)
    assert on_sqlite(us, "select count(*) from made") == [(3,)]
    assert on_sqlite(us, "select p from child") == [(1,)]
    pg.kill9()
    us.wait_state("SQLITE", 20)
    with us.connect() as c:
        assert c.execute("insert into made (c, v) values ('red', 7) returning v").fetchone()[0] == 7
        c.execute("insert into t (v, extra) values ('later', 'x')")
        with pytest.raises(psycopg.errors.UndefinedTable):
            c.execute("select * from log")
        for bad in ("100", "-1"):
            with pytest.raises(psycopg.errors.CheckViolation):
                c.execute("insert into sized (n) values (%s)" % bad)
        c.execute("insert into sized (s) values ('[2,3]')")
    pg.wait_gone()
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select count(*) from made") == [(4,)]
    assert pg.sql("select extra from t where v = 'later'") == [("x",)]
    assert pg.sql("select n, s::text from sized order by id") == [(7, "[1,5)"), (3, "[2,3]")]
    assert us.get("/db/status")["conflicts"] == 0


def test_ddl_is_refused_while_sqlite_stands_in(pair):
    pg, us = pair
    us.post("/db/force-sqlite")
    with us.connect() as c:
        with pytest.raises(psycopg.errors.FeatureNotSupported) as e:
            c.execute("create table nowhere (id int)")
        assert e.value.diag.message_hint
        c.execute("insert into t (v) values ('still works')")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)


def hold_in_returning(pg, us):
    """Writes on SQLite that cannot be replayed until the returned connection is closed: the route stays RETURNING."""
    us.post("/db/force-sqlite")
    us.sql("update t set v = 'waits' where id = 6; insert into log values ('waits')")
    blocker = pg.connect(autocommit=False)
    blocker.execute("lock table t in exclusive mode")
    us.post("/db/retry-primary")
    us.wait_state("RETURNING", 20)
    return blocker


@pytest.mark.threads
def test_forcing_breaks_a_return_off(pair):
    pg, us = pair
    blocker = hold_in_returning(pg, us)
    r = us.post("/db/force-sqlite")
    assert r["source"] == "sqlite" and us.state() == "FORCED"
    with us.connect() as c:
        assert source(c) == "sqlite"
        assert c.execute("update t set v = v || ' and goes on' where id = 6").rowcount == 1
        c.execute("insert into log values ('later')")
    blocker.close()
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)
    assert pg.sql("select v from t where id = 6") == [("waits and goes on",)]
    assert pg.sql("select line, count(*) from log group by 1 order by 1") == [("later", 1), ("waits", 1)]
    assert us.get("/db/status")["conflicts"] == 0


@pytest.mark.threads
def test_sigterm_ends_it_while_returning(pair):
    pg, us = pair
    blocker = hold_in_returning(pg, us)
    c = us.connect()
    assert us.stop(12) == 0
    blocker.close()
    c.close()
    us.start()
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select v from t where id = 6") == [("waits",)]
    assert pg.sql("select count(*) from log") == [(1,)]


def test_sigterm_ends_it_while_starting(pair):
    pg, us = pair
    us.stop()
    pg.stop_all(signal.SIGSTOP)
    try:
        us.start()
        assert us.state() == "STARTING"
        assert us.stop(12) == 0
    finally:
        pg.stop_all(signal.SIGCONT)


@pytest.mark.parametrize("state", ["PRIMARY", "SQLITE", "HOLD", "FORCED", "SILENT"])
def test_sigterm_ends_it_in_every_state(pair, state):
    pg, us = pair
    c = us.connect()
    c.execute("begin")
    c.execute("update t set n = 3 where id = 3")
    if state == "FORCED":
        us.post("/db/force-sqlite")
    elif state == "SILENT":
        pg.stop_all(signal.SIGSTOP)
    elif state != "PRIMARY":
        pg.kill9()
        if state == "SQLITE":
            us.wait_state("SQLITE", 20)
    t = time.monotonic()
    us.proc.terminate()
    try:
        us.proc.wait(12)
    finally:
        pg.stop_all(signal.SIGCONT)
    assert us.proc.returncode == 0 and time.monotonic() - t < 12
    c.close()


@pytest.mark.threads
def test_a_forced_switch_takes_the_last_change_along(pair):
    pg, us = pair
    for i in range(3):
        with us.connect() as c:
            c.execute("create table fresh%d (id int primary key, v text)" % i)
            c.execute("create table keyless%d (v text)" % i)
            c.execute("insert into fresh%d select g, 'x' from generate_series(1, 1000) g" % i)
            c.execute("insert into keyless%d values ('a')" % i)
            c.execute("update t set n = %d where id = 1" % (100 + i))
            us.post("/db/force-sqlite")
            assert source(c) == "sqlite"
            assert c.execute("select count(*) from fresh%d" % i).fetchone() == (1000,)
            assert c.execute("select count(*) from keyless%d" % i).fetchone() == (1,)
            assert c.execute("select n from t where id = 1").fetchone() == (100 + i,)
            assert c.execute("insert into keyless%d values ('b')" % i).rowcount == 1
        us.post("/db/retry-primary")
        us.wait_state("PRIMARY", 30)
        assert pg.sql("select v from keyless%d order by 1" % i) == [("a",), ("b",)]


def test_what_came_with_a_table_is_not_done_again(pair):
    """A transaction that the stream never brings, because its table was not followed yet, is part of the table's copy."""
    pg, us = pair
    with us.connect() as c:
        c.execute("create table late (v text)")
        c.execute("insert into late values ('once')")
        c.execute("begin")
        c.execute("select * from t where id = 1 for update")
        c.execute("commit")
    time.sleep(5)
    pg.kill9()
    us.wait_state("SQLITE", 20)
    assert us.sql("select count(*) from late") == [(1,)]
    assert "were done again" not in us.log_text()


def test_a_forced_switch_does_not_wait_for_ever(pair):
    pg, us = pair
    with us.connect() as c:
        c.execute("select 1")
    blocker = pg.connect(autocommit=False)
    blocker.execute("create table held (id int primary key)")
    blocker.commit()
    blocker.execute("insert into held values (1)")
    t = time.monotonic()
    assert us.post("/db/force-sqlite")["source"] == "sqlite"
    assert time.monotonic() - t < 10
    blocker.close()
    us.sql("update t set n = 5 where id = 5")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)
    assert pg.sql("select n from t where id = 5") == [(5,)]


def lose_slot(pg):
    def dropped():
        pg.sql("select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null")
        pg.sql("select pg_drop_replication_slot(slot_name) from pg_replication_slots")
        return True
    wait_until("the slot to be dropped", dropped, 20)


@pytest.mark.threads
def test_a_lost_slot_is_made_again_while_the_primary_serves(pair):
    pg, us = pair
    us.post("/db/force-sqlite")
    us.sql("update t set v = 'mine' where id = 1")
    pg.sql("update t set v = 'theirs' where id = 1")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)
    c = us.connect()
    lose_slot(pg)
    pg.sql("insert into t (v) values ('missed'); insert into log values ('missed')")
    c.execute("insert into t (v) values ('through')")
    wait_until("the new copy", lambda: "copy complete" in us.log_text().split("is gone or lost")[-1] and "is gone or lost" in us.log_text(), 30)
    us.wait_state("PRIMARY", 30)
    c.execute("insert into t (v) values ('followed')")
    wait_until("the new slot in use", lambda: pg.sql("select count(*) from pg_replication_slots where active") == [(1,)], 20)
    assert pg.sql("select count(*) from pg_publication") == [(2,)]
    pg.kill9()
    us.wait_state("SQLITE", 20)
    assert source(c) == "sqlite"
    assert c.execute("select v from t where id > 20 order by id").fetchall() == [("missed",), ("through",), ("followed",)]
    assert c.execute("select count(*) from log").fetchone() == (1,)
    assert c.execute("select count(*) from understudy.conflicts").fetchone() == (1,)
    c.execute("insert into t (v) values ('offline')")
    pg.wait_gone()
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select v from t where id > 20 order by id") == [("missed",), ("through",), ("followed",), ("offline",)]
    c.close()


def test_a_slot_lost_during_an_outage_does_not_keep_the_writes_from_returning(pair):
    pg, us = pair
    us.post("/db/force-sqlite")
    us.sql("insert into t (v) values ('offline'); insert into log values ('offline')")
    lose_slot(pg)
    pg.sql("update t set v = 'theirs' where id = 3")
    us.post("/db/retry-primary")
    wait_until("the new copy", lambda: us.log_text().count("copy complete") == 2, 30)
    us.wait_state("PRIMARY", 30)
    assert pg.sql("select count(*) from log") == [(1,)]
    us.post("/db/force-sqlite")
    assert us.sql("select v from t where v in ('offline', 'theirs') order by 1") == [("offline",), ("theirs",)]
    assert us.sql("select count(*) from log") == [(1,)]


def test_a_copy_behind_a_lost_slot_is_not_served(pair):
    """Not even by the next process: nobody knows what it has missed."""
    pg, us = pair
    us.stop()
    lose_slot(pg)
    pg.sql("insert into t (v) values ('missed')")
    blocker = pg.connect(autocommit=False)
    blocker.execute("lock table t in access exclusive mode")
    us.start()
    wait_until("the loss to be seen", lambda: "is gone or lost" in us.log_text(), 30)
    us.kill9()
    pg.kill9()
    blocker.close()
    pg.wait_gone()
    us.start()
    us.wait_state("SQLITE", 20)
    with pytest.raises(psycopg.Error):
        us.sql("select count(*) from t")
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    us.post("/db/force-sqlite")
    assert us.sql("select count(*) from t") == [(21,)]


def test_an_invalidated_slot_is_made_again():
    pg = Postgres(["max_slot_wal_keep_size=16MB", "max_wal_size=32MB", "min_wal_size=32MB"])
    pg.sql("create table t (id int primary key, v text)")
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    us.stop()
    pg.sql("create table filler as select g, repeat('x', 1000) as v from generate_series(1, 60000) g; drop table filler; insert into t values (1, 'missed')")
    for _ in range(3):
        pg.sql("select pg_switch_wal()")
        pg.sql("checkpoint")
    assert pg.sql("select wal_status from pg_replication_slots") == [("lost",)]
    us.start()
    wait_until("the new copy", lambda: us.log_text().count("copy complete") == 2, 30)
    us.wait_state("PRIMARY", 60)
    us.post("/db/force-sqlite")
    assert us.sql("select v from t") == [("missed",)]
    assert pg.sql("select count(*) from pg_replication_slots") == [(1,)]
    us.close()
    pg.close()


MEANWHILE = {
    "nothing else": [],
    "there and back": ["update t set n = 7 where id = 1", "update t set n = 0 where id = 1"],
    "rows of its own": ["insert into t (id, v) values (500, 'theirs'); delete from t where id = 9; update t set v = 'theirs' where id = 8", "update t set id = 600 where id = 500"],
    "come and gone": ["insert into t (id, v) values (100, 'theirs')", "delete from t where id = 100"],
    "lines": ["insert into log values ('theirs')", "insert into log values ('mine')"],
    "truncate": ["insert into log values ('theirs')", "truncate log"],
    "unique": ["insert into u values (1, 'a')", "delete from u where id = 1"],
    "wide": ["update t set v = repeat('wide', 5000) where id = 7", "update t set n = 3 where id = 7"],
    "trigger": ["create function shout() returns trigger language plpgsql as $$ begin new.v = upper(new.v); return new; end $$;"
                "create trigger s before insert or update on t for each row execute function shout()"],
    "rule": ["create rule r as on insert to log do also insert into audit values (1)"],
    "many": ["insert into t (id, v) select g, 'theirs' from generate_series(1000, 4000) g"],
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_others_did_meanwhile_is_there_once(pair, what):
    """On both sides the same, whatever was done on the primary while SQLite served and its writes were brought back."""
    pg, us = pair
    pg.sql("create table u (id int primary key, name text unique); create table audit (id int); insert into parent values (1), (2); insert into child values (1, 1), (2, 2);"
           "create table cascaded (id int primary key, p int references parent (id) on delete cascade)")
    us.post("/db/force-sqlite")
    before, after = MEANWHILE[what][:1], MEANWHILE[what][1:]
    with us.connect() as c:
        for text in before:
            pg.sql(text)
        c.execute("update t set n = 5 where id = 1")
        c.execute("insert into log values ('mine'), ('mine')")
        c.execute("insert into parent values (3)")
        c.execute("insert into cascaded values (1, 3), (2, 3)")
        for text in after:
            pg.sql(text)
        c.execute("insert into t (id, v) values (100, 'mine')")
        c.execute("insert into u values (2, 'a')")
        c.execute("delete from t where id = 2")
        for n in range(100):
            c.execute("update t set n = n + 1 where id = 3")
        if what == "lines":
            c.execute("delete from log where line = 'mine'")
            c.execute("insert into log values ('last')")
        if what == "rows of its own":
            c.execute("delete from parent where id = 3")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 30)
    # What a trigger makes of a row is not what the next change of it was made on.
    conflicts = us.get("/db/status")["conflicts"]
    assert conflicts == 0 or what == "trigger"
    tables = ["t", "log", "u", "parent", "child", "cascaded"]
    there = [pg.sql("select * from %s order by 1, 2" % t if t not in ("log", "parent") else "select * from %s order by 1" % t) for t in tables]
    us.post("/db/force-sqlite")
    with us.connect() as c:
        assert source(c) == "sqlite"
        here = [c.execute("select * from %s order by 1, 2" % t if t not in ("log", "parent") else "select * from %s order by 1" % t).fetchall() for t in tables]
    assert here == there
    assert conflicts or dict((r[0], r[2]) for r in there[0])[3] == 100
