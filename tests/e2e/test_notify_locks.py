"""Sessions that meet: notifications and advisory locks, waiting for them, and deadlocks."""
import select
import threading
import time

import psycopg
import pytest


def later(fn):
    out = []

    def call():
        try:
            out.append(fn())
        except Exception as e:  # noqa: BLE001 - the test looks at it
            out.append(e)
    t = threading.Thread(target=call)
    t.start()
    time.sleep(0.15)
    return t, out


def listener(us):
    """A connection that keeps what it hears; psycopg takes notifications that come beside an answer away from notifies()."""
    conn = us.connect()
    conn.heard = []
    conn.add_notify_handler(lambda n: conn.heard.append((n.pid, n.channel, n.payload)))
    return conn


def notifications(conn, timeout=5, n=1):
    """The next n that are heard, or what has come when the time is over."""
    pg, end = conn.pgconn, time.monotonic() + timeout
    while len(conn.heard) < n and time.monotonic() < end:
        select.select([pg.socket], [], [], max(0, end - time.monotonic()))
        pg.consume_input()
        for m in iter(pg.notifies, None):
            conn.heard.append((m.be_pid, m.relname.decode(), m.extra.decode()))
    got, conn.heard[:] = conn.heard[:], []
    return got


# --- notifications ---

def test_idle_sessions_hear_at_once_and_in_order(us):
    with listener(us) as a, us.connect() as b, listener(us) as c:
        a.execute("listen one; listen two")
        c.execute("listen other")
        t, got = later(lambda: notifications(a, n=4))
        at = time.monotonic()
        b.execute("begin; notify one, 'x'; notify two; notify one, 'x'; select pg_notify('one', 'y'); notify other, 'z'")
        time.sleep(0.2)
        assert not got
        b.execute("savepoint s; notify one, 'undone'; rollback to s; notify one, 'last'; commit")
        t.join(5)
        assert time.monotonic() - at < 2
        pid = b.info.backend_pid
        assert got == [[(pid, "one", "x"), (pid, "two", ""), (pid, "one", "y"), (pid, "one", "last")]]
        assert notifications(c) == [(pid, "other", "z")]


def test_nothing_comes_of_a_rollback_in_a_block_or_from_another_database(us):
    with listener(us) as a, us.connect() as b, us.connect(db="elsewhere") as other:
        a.execute("listen ch")
        b.execute("begin; notify ch, 'no'; rollback")
        other.execute("notify ch, 'no'")
        a.execute("begin")
        b.execute("notify ch, 'yes'")
        assert notifications(a, timeout=0.3) == []
        a.execute("commit")
        assert notifications(a, timeout=1) == [(b.info.backend_pid, "ch", "yes")]
        a.execute("unlisten ch")
        b.execute("notify ch, 'no'")
        assert notifications(a, timeout=0.2) == []


def test_own_notifications_come_before_the_answer_ends(us):
    with listener(us) as a:
        a.execute("listen me")
        a.execute("notify me, 'hello'")
        assert a.heard == [(a.info.backend_pid, "me", "hello")]
        a.heard.clear()
        a.execute("select pg_notify('me', i::text) from generate_series(1, 3) i")
        assert notifications(a, timeout=1, n=3) == [(a.info.backend_pid, "me", str(i)) for i in (1, 2, 3)]


def test_many_listeners(us):
    conns = [listener(us) for _ in range(30)]
    try:
        for c in conns:
            c.execute("listen many")
        for i in range(5):
            conns[i].execute("select pg_notify('many', %s)", (str(i),))
        for c in conns:
            assert [p for _, _, p in notifications(c, n=5)] == ["0", "1", "2", "3", "4"]
    finally:
        for c in conns:
            c.close()


# --- advisory locks ---

def test_a_lock_is_waited_for_and_given_in_order(us):
    with us.connect() as a, us.connect() as b, us.connect() as c:
        a.execute("select pg_advisory_lock(1)")
        assert b.execute("select pg_try_advisory_lock(1)").fetchone() == (False,)
        tb, got_b = later(lambda: b.execute("select 7, pg_advisory_lock(1)").fetchone())
        tc, got_c = later(lambda: c.execute("select pg_advisory_lock_shared(1)").fetchone())
        rows = a.execute("select pid, mode, granted, waitstart is not null from pg_locks where locktype = 'advisory' order by granted desc, mode").fetchall()
        assert rows == [(a.info.backend_pid, "ExclusiveLock", True, False), (b.info.backend_pid, "ExclusiveLock", False, True),
                        (c.info.backend_pid, "ShareLock", False, True)]
        a.execute("select pg_advisory_unlock(1)")
        tb.join(5)
        assert got_b == [(7, "")] and not got_c
        b.close()
        tc.join(5)
        assert got_c == [("",)]
        c.execute("select pg_advisory_unlock_all()")


def test_shared_locks_go_together_and_transaction_locks_end_with_it(us):
    with us.connect() as a, us.connect() as b:
        a.execute("begin; select pg_advisory_xact_lock_shared(2, 3)")
        assert b.execute("select pg_try_advisory_lock_shared(2, 3), pg_try_advisory_lock(2, 3)").fetchone() == (True, False)
        b.execute("select pg_advisory_unlock_shared(2, 3)")
        t, got = later(lambda: b.execute("select pg_advisory_xact_lock(2, 3)").fetchone())
        assert not got
        a.execute("commit")
        t.join(5)
        assert got == [("",)]
        assert a.execute("select pg_try_advisory_lock(2, 3)").fetchone() == (True,)


def test_waiting_ends_by_timeouts_and_cancel(us):
    with us.connect() as a, us.connect() as b:
        a.execute("select pg_advisory_lock(4)")
        b.execute("set lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable, match="canceling statement due to lock timeout"):
            b.execute("select pg_advisory_lock(4)")
        b.execute("set lock_timeout = 0; set statement_timeout = '200ms'")
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            b.execute("select pg_advisory_lock(4)")
        b.execute("set statement_timeout = 0")
        threading.Timer(0.2, b.cancel).start()
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            b.execute("select pg_advisory_lock(4)")
        assert b.execute("select count(*) from pg_locks where not granted").fetchone() == (0,)
        # A statement that has sent rows already cannot begin again: its thread waits.
        b.execute("set lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            b.execute("select i, repeat('x', 1000), case when i = 5000 then pg_advisory_lock(4) end from generate_series(1, 5000) i")
        t, got = later(lambda: b.execute("set lock_timeout = 0; select i, repeat('x', 1000), case when i = 5000 then pg_advisory_lock(4) end from generate_series(1, 5000) i"))
        a.execute("select pg_advisory_unlock(4)")
        t.join(5)
        assert b.execute("select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'").fetchone() == (1,)


def test_lock_timeout_while_waiting_for_the_writer(us):
    us.sql("create table if not exists waits (a int primary key, b int); insert into waits values (1, 0) on conflict do nothing")
    with us.connect() as a, us.connect() as b:
        a.execute("begin; update waits set b = 1")
        b.execute("set lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable, match="lock timeout"):
            b.execute("update waits set b = 2")
        a.execute("commit")
        b.execute("update waits set b = 3")


def test_deadlock_of_advisory_locks(us):
    with us.connect() as a, us.connect() as b:
        a.execute("select pg_advisory_lock(10)")
        b.execute("select pg_advisory_lock(11)")
        t, got = later(lambda: a.execute("select pg_advisory_lock(11)").fetchone())
        with pytest.raises(psycopg.errors.DeadlockDetected) as e:
            b.execute("select pg_advisory_lock(10)")
        assert e.value.diag.message_primary == "deadlock detected"
        assert "blocked by process %d." % a.info.backend_pid in e.value.diag.message_detail
        assert not got
        b.execute("select pg_advisory_unlock(11)")
        t.join(5)
        assert got == [("",)]


def test_deadlock_of_a_lock_and_the_writer(us):
    us.sql("create table if not exists dead (a int)")
    with us.connect() as a, us.connect() as b:
        a.execute("begin; insert into dead values (1)")
        b.execute("begin; select pg_advisory_xact_lock(12)")
        t, got = later(lambda: a.execute("select pg_advisory_xact_lock(12)").fetchone())
        with pytest.raises(psycopg.errors.DeadlockDetected):
            b.execute("insert into dead values (2)")
        t.join(5)
        assert got == [("",)]
        a.execute("commit")
        b.execute("rollback")
        assert us.sql("select * from dead") == [(1,)]


def test_several_locks_of_one_statement_are_not_taken_twice(us):
    with us.connect() as a, us.connect() as b:
        a.execute("select pg_advisory_lock(21)")
        t, got = later(lambda: b.execute("select pg_advisory_lock(20), pg_advisory_lock(21), pg_advisory_lock(22)").fetchone())
        assert a.execute("select pg_try_advisory_lock(20)").fetchone() == (False,)
        a.execute("select pg_advisory_unlock_all()")
        t.join(5)
        assert b.execute("select pg_advisory_unlock(i), pg_advisory_unlock(i) from generate_series(20, 22) i").fetchall() == [(True, False)] * 3


def test_a_session_that_ends_gives_its_locks_back(us):
    with us.connect() as a:
        gone = us.connect()
        gone.execute("select pg_advisory_lock(30)")
        t, got = later(lambda: a.execute("select pg_advisory_lock(30)").fetchone())
        gone.close()
        t.join(5)
        assert got == [("",)]


# --- pg_stat_activity and signals ---

def test_activity_shows_all_sessions(us):
    with us.connect(application_name="first") as a, us.connect(db="elsewhere") as b, us.connect() as c:
        a.execute("begin; select 'last of a'")
        c.execute("select pg_advisory_lock(40)")
        t, _ = later(lambda: us.connect(application_name="waits").execute("select pg_advisory_lock(40)"))
        rows = dict((r[0], r[1:]) for r in c.execute("""select pid, datname, usename, application_name, state, query, xact_start is not null, wait_event_type, wait_event,
            backend_start <= query_start, backend_type from pg_stat_activity""").fetchall())
        assert rows[a.info.backend_pid] == ("postgres", "postgres", "first", "idle in transaction", "begin; select 'last of a'", True, "Client", "ClientRead", True, "client backend")
        assert rows[b.info.backend_pid][:4] == ("elsewhere", "postgres", "", "idle")
        assert rows[c.info.backend_pid][3] == "active" and "pg_stat_activity" in rows[c.info.backend_pid][4]
        waiting = [r for r in rows.values() if r[2] == "waits"]
        assert [r[3:8] for r in waiting] == [("active", "select pg_advisory_lock(40)", True, "Lock", "advisory")]
        c.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'waits'")
        t.join(5)
        assert c.execute("select count(*) from pg_locks where not granted").fetchone() == (0,)


ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000000000) select count(*) from t"


def test_cancel_and_terminate(us):
    with us.connect() as a, us.connect() as b:
        t, got = later(lambda: b.execute(ENDLESS))
        assert a.execute("select pg_cancel_backend(%s)", (b.info.backend_pid,)).fetchone() == (True,)
        t.join(5)
        assert isinstance(got[0], psycopg.errors.QueryCanceled)
        # An idle one hears nothing of it.
        a.execute("select pg_cancel_backend(%s)", (b.info.backend_pid,))
        assert b.execute("select 1").fetchone() == (1,)
        t, got = later(lambda: b.execute(ENDLESS))
        assert a.execute("select pg_terminate_backend(%s)", (b.info.backend_pid,)).fetchone() == (True,)
        t.join(5)
        assert "terminating connection due to administrator command" in str(got[0])
        notices = []
        a.add_notice_handler(lambda n: notices.append(n.message_primary))
        assert a.execute("select pg_terminate_backend(%s)", (b.info.backend_pid,)).fetchone() == (False,)
        assert notices == ["PID %d is not a PostgreSQL server process" % b.info.backend_pid]


def test_terminate_an_idle_session_rolls_it_back(us):
    us.sql("create table ended (a int)")
    with us.connect() as a:
        b = us.connect()
        b.execute("begin; insert into ended values (1)")
        a.execute("select pg_terminate_backend(%s)", (b.info.backend_pid,))
        a.execute("insert into ended values (2)")
        assert a.execute("select * from ended").fetchall() == [(2,)]
        with pytest.raises(psycopg.OperationalError):
            b.execute("commit")
