"""What a session does while it waits, sleeps or is told to stop. Every expectation is PostgreSQL 15's behaviour unless it says otherwise."""
import socket
import struct
import threading
import time

import psycopg
import pytest
from psycopg import pq

from harness import Understudy, rss_kib

ENDLESS = "with recursive t(n) as (select 1 union all select n + 1 from t where n < 1000000000) select count(*) from t"


@pytest.fixture(scope="module", autouse=True)
def table(us):
    us.sql("create table w (a int primary key, b int); insert into w values (1, 0), (2, 0)")


def startup(s, **params):
    body = struct.pack("!I", 196608) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in params.items()) + b"\0"
    s.sendall(struct.pack("!I", len(body) + 4) + body)


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def connect_raw(us):
    s = socket.create_connection(("127.0.0.1", us.port), 10)
    startup(s, user="postgres", database="postgres")
    read_until(s, b"Z")
    return s


def read_until(s, kind):
    """Reads whole messages until one of this type; returns [(type, body)]."""
    got, buf = [], b""
    while True:
        while len(buf) < 5 or len(buf) < 1 + struct.unpack_from("!I", buf, 1)[0]:
            part = s.recv(65536)
            if not part:
                return got
            buf += part
        size = 1 + struct.unpack_from("!I", buf, 1)[0]
        got.append((buf[:1], buf[5:size]))
        buf = buf[size:]
        if got[-1][0] == kind and not buf:
            return got


def states(messages):
    return [f[1:].decode() for t, body in messages if t == b"E" for f in body.split(b"\0") if f.startswith(b"C")]


def tags(messages):
    return [body.rstrip(b"\0").decode() for t, body in messages if t == b"C"]


# --- waiting for the write connection ---

def test_statement_timeout_counts_while_waiting_for_the_writer(us):
    with us.connect() as a, us.connect() as b:
        a.execute("begin")
        a.execute("update w set b = b + 1 where a = 1")
        b.execute("set statement_timeout = '300ms'")
        at = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
            b.execute("update w set b = b + 1 where a = 2")
        assert 0.25 < time.monotonic() - at < 3
        # Its place in the queue is free: the next one gets its turn, and b itself works again.
        a.execute("rollback")
        b.execute("update w set b = 7 where a = 2")
        assert b.execute("select b from w where a = 2").fetchone() == (7,)


def test_timeout_while_waiting_fails_a_block_and_frees_it(us):
    with us.connect() as a, us.connect() as b:
        a.execute("begin; update w set b = 1 where a = 1")
        b.execute("begin; set local statement_timeout = '200ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            b.execute("update w set b = 2 where a = 1")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            b.execute("select 1")
        a.execute("commit")
        b.execute("rollback")
        assert b.execute("show statement_timeout").fetchone() == ("0",)
        assert us.sql("select b from w where a = 1") == [(1,)]


@pytest.mark.threads
def test_a_client_that_vanishes_in_the_queue_frees_its_place(us):
    with us.connect() as a, us.connect() as c:
        a.execute("begin; update w set b = 10 where a = 1")
        gone = connect_raw(us)
        gone.sendall(message(b"Q", b"update w set b = 666 where a = 1\0"))
        time.sleep(0.2)
        gone.close()
        time.sleep(0.2)
        result = []
        t = threading.Thread(target=lambda: result.append(c.execute("update w set b = b + 1 where a = 1 returning b").fetchone()))
        t.start()
        time.sleep(0.2)
        a.execute("commit")
        t.join(10)
        assert result == [(11,)]


@pytest.mark.threads
def test_cancel_while_waiting_for_the_writer(us):
    with us.connect() as a, us.connect() as b:
        a.execute("begin; update w set b = 20 where a = 1")
        threading.Timer(0.3, b.cancel).start()
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            b.execute("update w set b = 21 where a = 1")
        a.execute("commit")
        b.execute("update w set b = b + 1 where a = 1")
        assert b.execute("select b from w where a = 1").fetchone() == (21,)


def test_a_failed_block_does_not_keep_the_writer(us):
    """PostgreSQL releases locks when the transaction fails, not when the client says ROLLBACK."""
    with us.connect() as a, us.connect() as b:
        a.execute("begin; update w set b = 30 where a = 1")
        with pytest.raises(psycopg.errors.DivisionByZero):
            a.execute("select 1/0")
        b.execute("set statement_timeout = '2s'")
        b.execute("update w set b = 31 where a = 1")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            a.execute("select 1")
        assert a.execute("commit").statusmessage == "ROLLBACK"
        assert a.execute("select b from w where a = 1").fetchone() == (31,)


def test_a_failed_subtransaction_keeps_the_writes_before_the_savepoint(us):
    with us.connect() as a:
        a.execute("begin; update w set b = 40 where a = 1; savepoint s; update w set b = 41 where a = 1")
        with pytest.raises(psycopg.errors.DivisionByZero):
            a.execute("select 1/0")
        a.execute("rollback to s")
        assert a.execute("select b from w where a = 1").fetchone() == (40,)
        a.execute("commit")
    assert us.sql("select b from w where a = 1") == [(40,)]


# --- idle ---

def fatal_of(s):
    got = read_until(s, b"never")
    return states(got)


def test_idle_in_transaction_session_timeout(us):
    s = connect_raw(us)
    s.sendall(message(b"Q", b"set idle_in_transaction_session_timeout = '300ms'; begin; update w set b = 50 where a = 1\0"))
    # A Query message is one transaction block for its statements; the explicit BEGIN stays open.
    read_until(s, b"Z")
    at = time.monotonic()
    assert fatal_of(s) == ["25P03"]
    assert 0.2 < time.monotonic() - at < 3
    with us.connect() as b:
        b.execute("set statement_timeout = '2s'")
        b.execute("update w set b = 51 where a = 1")


def test_idle_in_transaction_timeout_spares_the_busy_and_those_outside(us):
    with us.connect() as c:
        c.execute("set idle_in_transaction_session_timeout = '400ms'")
        time.sleep(0.8)
        c.execute("begin")
        for _ in range(6):
            time.sleep(0.15)
            c.execute("select 1")
        c.execute("commit")
        time.sleep(0.8)
        assert c.execute("select 1").fetchone() == (1,)


def test_idle_in_a_failed_transaction_counts_too(us):
    s = connect_raw(us)
    s.sendall(message(b"Q", b"set idle_in_transaction_session_timeout = '200ms'\0"))
    read_until(s, b"Z")
    s.sendall(message(b"Q", b"begin; select 1/0\0"))
    assert read_until(s, b"Z")[-1][1] == b"E"
    assert fatal_of(s) == ["25P03"]


def test_idle_session_timeout(us):
    s = connect_raw(us)
    s.sendall(message(b"Q", b"set idle_session_timeout = '200ms'\0"))
    read_until(s, b"Z")
    assert fatal_of(s) == ["57P05"]


# --- CancelRequest in each state ---

def test_cancel_of_an_idle_session_has_no_effect(us):
    with us.connect() as c:
        c.cancel()
        time.sleep(0.1)
        assert c.execute("select 1").fetchone() == (1,)


def test_cancel_with_a_wrong_key_has_no_effect(us):
    with us.connect() as c:
        timer = threading.Timer(0.8, c.cancel)
        with socket.create_connection(("127.0.0.1", us.port)) as s:
            threading.Timer(0.2, lambda: s.sendall(struct.pack("!IIII", 16, 80877102, c.info.backend_pid, 12345))).start()
            timer.start()
            at = time.monotonic()
            with pytest.raises(psycopg.errors.QueryCanceled):
                c.execute(ENDLESS)
            assert time.monotonic() - at > 0.6


@pytest.mark.threads
def test_cancel_in_a_block_fails_the_block(us):
    with us.connect() as c:
        c.execute("begin")
        threading.Timer(0.3, c.cancel).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            c.execute(ENDLESS)
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            c.execute("select 1")
        c.execute("rollback")
        assert c.execute("select 1").fetchone() == (1,)


def test_cancel_of_a_write_undoes_it(us):
    with us.connect() as c:
        c.execute("create table cw (n int)")
        threading.Timer(0.3, c.cancel).start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            c.execute("insert into cw " + ENDLESS.replace("select count(*)", "select n"))
        assert c.execute("select count(*) from cw").fetchone() == (0,)


# --- portals and slow clients ---

def test_row_limited_portals(us):
    s = connect_raw(us)

    def execute(rows):
        return message(b"E", b"p\0" + struct.pack("!I", rows))
    s.sendall(message(b"Q", b"begin\0"))
    read_until(s, b"Z")
    s.sendall(message(b"P", b"\0select n from generate_series(1, 25) n\0\0\0") + message(b"B", b"p\0\0\0\0\0\0\0\0") + execute(10) + execute(10) +
              message(b"S"))
    got = read_until(s, b"Z")
    assert [t for t, _ in got] == [b"1", b"2"] + [b"D"] * 10 + [b"s"] + [b"D"] * 10 + [b"s", b"Z"]
    s.sendall(execute(10) + execute(10) + message(b"S"))
    got = read_until(s, b"Z")
    assert [t for t, _ in got] == [b"D"] * 5 + [b"C", b"C", b"Z"]
    assert tags(got) == ["SELECT 5", "SELECT 0"]
    s.sendall(message(b"Q", b"commit\0"))
    read_until(s, b"Z")
    s.sendall(execute(1) + message(b"S"))
    assert states(read_until(s, b"Z")) == ["34000"]
    s.close()


def test_row_limited_returning_of_a_write(us):
    s = connect_raw(us)
    s.sendall(message(b"Q", b"create table rl (n int); begin\0"))
    read_until(s, b"Z")
    s.sendall(message(b"P", b"\0insert into rl select n from generate_series(1, 5) n returning n\0\0\0") + message(b"B", b"p\0\0\0\0\0\0\0\0") +
              message(b"E", b"p\0" + struct.pack("!I", 2)) + message(b"E", b"p\0" + struct.pack("!I", 0)) + message(b"S"))
    got = read_until(s, b"Z")
    assert [t for t, _ in got] == [b"1", b"2", b"D", b"D", b"s", b"D", b"D", b"D", b"C", b"Z"]
    s.sendall(message(b"Q", b"commit\0"))
    read_until(s, b"Z")
    s.close()
    assert us.sql("select count(*) from rl") == [(5,)]


def test_a_client_that_does_not_read_costs_little_and_stalls_nobody(us):
    us.sql("create table wide (a int primary key, b text)")
    us.sql("insert into wide select g, '%s' from generate_series(1, 60000) g" % ("x" * 1000))
    before = rss_kib(us.proc.pid)
    slow = [connect_raw(us) for _ in range(4)]
    for s in slow:
        s.sendall(message(b"Q", b"select * from wide\0"))
    time.sleep(1)
    assert rss_kib(us.proc.pid) - before < 40 * 1024
    with us.connect() as c:
        at = time.monotonic()
        for _ in range(20):
            c.execute("select 1")
        c.execute("update w set b = 1 where a = 1")
        assert time.monotonic() - at < 2
    for s in slow[1:]:
        s.close()
    got = read_until(slow[0], b"Z")
    assert tags(got) == ["SELECT 60000"] and sum(1 for t, _ in got if t == b"D") == 60000
    slow[0].close()
    with us.connect() as c:
        assert c.execute("select count(*) from wide").fetchone() == (60000,)


def test_a_fast_reader_of_a_huge_result_does_not_stall_others(us):
    stop = threading.Event()

    def reader():
        with us.connect() as c:
            while not stop.is_set():
                c.execute("select * from wide")
    t = threading.Thread(target=reader)
    t.start()
    try:
        worst = 0
        with us.connect() as c:
            end = time.monotonic() + 2
            while time.monotonic() < end:
                at = time.monotonic()
                c.execute("select 1")
                worst = max(worst, time.monotonic() - at)
        assert worst < 1.0, worst
    finally:
        stop.set()
        t.join()


# --- isolation ---

def test_repeatable_read_sees_one_state_and_refuses_lost_updates(us):
    us.sql("update w set b = 100 where a = 1")
    with us.connect() as a, us.connect() as b:
        a.execute("begin isolation level repeatable read")
        assert a.execute("select b from w where a = 1").fetchone() == (100,)
        b.execute("update w set b = 101 where a = 1")
        assert a.execute("select b from w where a = 1").fetchone() == (100,)
        with pytest.raises(psycopg.errors.SerializationFailure):
            a.execute("update w set b = b + 1 where a = 1")
        a.execute("rollback")
        a.execute("begin isolation level repeatable read")
        a.execute("update w set b = b + 1 where a = 1")
        a.execute("commit")
    assert us.sql("select b from w where a = 1") == [(102,)]


def test_read_committed_sees_each_commit(us):
    us.sql("update w set b = 1 where a = 2")
    with us.connect() as a, us.connect() as b:
        a.execute("begin")
        assert a.execute("select b from w where a = 2").fetchone() == (1,)
        b.execute("update w set b = 2 where a = 2")
        assert a.execute("select b from w where a = 2").fetchone() == (2,)
        a.execute("update w set b = b + 1 where a = 2")
        a.execute("commit")
    assert us.sql("select b from w where a = 2") == [(3,)]


def test_chained_commits(us):
    with us.connect() as c:
        c.execute("create table ch (n int)")
        c.execute("begin isolation level repeatable read")
        c.execute("insert into ch values (1)")
        c.execute("commit and chain")
        assert c.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
        assert c.execute("show transaction_isolation").fetchone() == ("repeatable read",)
        assert us.sql("select count(*) from ch") == [(1,)]
        c.execute("insert into ch values (2)")
        c.execute("rollback and chain")
        c.execute("insert into ch values (3)")
        c.execute("commit")
        assert c.execute("select n from ch order by n").fetchall() == [(1,), (3,)]
        with pytest.raises(psycopg.errors.NoActiveSqlTransaction):
            c.execute("commit and chain")


# --- load ---

@pytest.mark.threads
def test_promotion_under_load():
    """Long statements on every core while short ones and writes go on; all answers are right and the server ends cleanly."""
    u = Understudy()
    u.sql("create table l (a int primary key, b int); insert into l select g, 0 from generate_series(1, 50) g")
    stop, errors = time.monotonic() + 4, []

    def work(i):
        try:
            with u.connect() as c:
                n = 0
                while time.monotonic() < stop:
                    if i % 3 == 0:
                        assert c.execute("select count(*) from generate_series(1, 20000) g where g % 7 = 0").fetchone() == (2857,)
                    elif i % 3 == 1:
                        c.execute("update l set b = b + 1 where a = %s", (i,))
                        n += 1
                    else:
                        assert c.execute("select count(*) from l").fetchone() == (50,)
                if i % 3 == 1:
                    assert c.execute("select b from l where a = %s", (i,)).fetchone() == (n,)
        except Exception as e:  # noqa: BLE001 - told to the main thread
            errors.append(e)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(1, 13)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors
    assert u.close() == 0


@pytest.mark.threads
def test_stop_with_sessions_in_every_state():
    u = Understudy()
    u.sql("create table s (a int primary key, b int); insert into s values (1, 0)")
    holder = u.connect()
    holder.execute("begin; update s set b = 1")
    raw = [connect_raw(u) for _ in range(3)]
    raw[0].sendall(message(b"Q", b"update s set b = 2\0"))
    raw[1].sendall(message(b"Q", ENDLESS.encode() + b"\0"))
    raw[2].sendall(message(b"Q", b"copy s from stdin\0"))
    half = socket.create_connection(("127.0.0.1", u.port))
    half.sendall(b"\0\0")
    time.sleep(0.3)
    assert u.close() == 0
    for s in raw[1:]:
        assert states(read_until(s, b"never"))[-1:] == ["57P01"]
    half.close()
    holder.close()


def test_simple_query_has_no_parameters(us):
    with us.connect() as c:
        c.pgconn.exec_(b"create table params (id int primary key)")
        for sql, position in ((b"select $1", b"8"), (b"insert into params values ($1)", b"28"), (b"select 1; select * from params where id = $2", b"43")):
            r = c.pgconn.exec_(sql)
            assert r.error_field(pq.DiagnosticField.SQLSTATE) == b"42P02"
            assert r.error_field(pq.DiagnosticField.STATEMENT_POSITION) == position
        r = c.pgconn.exec_params(b"select $1::int", [b"7"])
        assert r.get_value(0, 0) == b"7"
        r = c.pgconn.exec_(b"prepare p as select $1::int + 1; execute p (2)")
        assert r.get_value(0, 0) == b"3"


def test_explain_does_not_run_the_statement(us):
    with us.connect(autocommit=True) as c:
        c.execute("create table explained (id int primary key, t text)")
        for sql in ("insert into explained values (1, 'a')", "delete from explained", "update explained set t = 'x' where id = 1"):
            c.execute("explain " + sql)
        assert c.execute("select count(*) from explained").fetchone() == (0,)
        assert "Index Scan" in c.execute("explain select * from explained where id = 1").fetchall()[0][0]


@pytest.mark.heavy
def test_more_groups_than_fit_their_memory(us):
    with us.connect(autocommit=True) as c:
        rows = c.execute("select count(*), sum(n), max(g) from (select g % 2500000 as g, count(*) as n from generate_series(1, 2600000) g group by g % 2500000) s").fetchall()
        assert rows == [(2500000, 2600000, 2499999)]


def test_sleep_lets_others_go_on_and_can_be_cancelled(us):
    with us.connect() as a, us.connect() as b:
        worker = threading.Thread(target=lambda: a.execute("select pg_sleep(0.6), pg_sleep_for('10 ms')"))
        worker.start()
        time.sleep(0.1)
        begin = time.monotonic()
        for _ in range(5):
            assert b.execute("select count(*) from w").fetchone()[0] == 2
        assert time.monotonic() - begin < 0.4
        worker.join()
        canceller = threading.Timer(0.2, a.cancel)
        canceller.start()
        begin = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            a.execute("select pg_sleep(20)")
        assert time.monotonic() - begin < 5
        canceller.join()


def test_skip_locked_takes_no_row_twice_and_does_not_wait_for_long(us):
    us.sql("create table jobs (id int primary key, state text); insert into jobs select x, 'new' from generate_series(1, 6) x")
    take = "select id from jobs where state = 'new' order by id for update skip locked limit 1"
    with us.connect() as a, us.connect() as b:
        a.execute("begin")
        assert a.execute(take).fetchone() == (1,)
        begin = time.monotonic()
        b.execute("begin")
        assert b.execute(take).fetchall() == []
        assert time.monotonic() - begin < 2
        a.execute("update jobs set state = 'done' where id = 1")
        a.execute("commit")
        assert b.execute(take).fetchone() == (2,)
        b.execute("rollback")

        claim = "update jobs set state = %s where id = (" + take + ") returning id"
        got = []

        def work(c, name):
            for row in iter(lambda: c.execute(claim, (name,)).fetchone(), None):
                got.append(row[0])

        workers = [threading.Thread(target=work, args=(c, n)) for c, n in ((a, "a"), (b, "b"))]
        for w in workers:
            w.start()
        for w in workers:
            w.join(20)
        assert sorted(got) == [2, 3, 4, 5, 6]
    us.sql("drop table jobs")
