"""Writes that commit by themselves, scripts, savepoints: the client sees what PostgreSQL says, and what was acknowledged is on SQLite at once."""
import contextlib
import os
import signal
import socket
import struct
import threading
import time

import psycopg
import psycopg2
import pytest

from harness import Postgres, Understudy, wait_until


class Raw:
    """The simple protocol, message by message."""

    def __init__(self, port, **params):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.buf = b""
        body = struct.pack("!I", 196608) + b"".join(k.encode() + b"\0" + v.encode() + b"\0"
                                                    for k, v in {"user": "postgres", "database": "postgres", **params}.items()) + b"\0"
        self.sock.sendall(struct.pack("!I", len(body) + 4) + body)
        self.answer()

    def message(self):
        while len(self.buf) < 5 or len(self.buf) < 1 + struct.unpack("!I", self.buf[1:5])[0]:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError
            self.buf += got
        n = 1 + struct.unpack("!I", self.buf[1:5])[0]
        m, self.buf = self.buf[:n], self.buf[n:]
        return chr(m[0]), m[5:]

    def send(self, text):
        body = text.encode() + b"\0"
        self.sock.sendall(b"Q" + struct.pack("!I", len(body) + 4) + body)

    def answer(self):
        out = []
        while not out or out[-1][0] != "Z":
            kind, body = self.message()
            if kind in "EN":  # the lines of PostgreSQL's source are no part of it
                body = b"\0".join(f for f in body.split(b"\0") if f[:1] not in b"FLR")
            if kind not in "SKR":
                out.append((kind, body))
        return out

    def query(self, text):
        self.send(text)
        return self.answer()

    def close(self):
        self.sock.close()


TABLES = """create table t (id int primary key, v text, n int default 0);
    create table parent (id int primary key);
    create table child (id int primary key, p int references parent (id) deferrable initially deferred);
    create function noisy() returns trigger language plpgsql as $$ begin raise notice 'row %', new.id; return new; end $$;
    create table loud (id int primary key);
    create trigger n after insert on loud for each row execute function noisy();
    create constraint trigger d after insert on loud deferrable initially deferred for each row execute function noisy();
    create table ruled (id int); create table other (id int);
    create rule r as on insert to ruled do instead nothing;
    create rule s as on delete to ruled do also insert into other values (1);
    create function syntax() returns int language plpgsql as $$ begin execute 'selec 1'; return 1; end $$"""

TEXTS = [
    "insert into t values (1, 'a')",
    "insert into t values (2, 'a;b -- c') returning *;",
    "INSERT INTO t VALUES (3, 'x') -- the end",
    "insert into t values (4, 'x') /* a /* nested */ comment ; */ ;; ; ",
    "insert into t values (5, $$ ; ' $$), (6, $q$ $$ ; $q$)",
    r"insert into t values (7, E'it\'s; so') returning v",
    r"insert into t values (8, 'back\') returning v",
    'update t set "v" = \'w\' where "t".id = 1 returning id as "semi;colon"',
    "delete from t where id = 2; insert into t values (2, 'again'); update t set n = n + 1",
    "select 1; insert into t values (10); select count(*) from t",
    "with x as (insert into t values (11) returning id) select * from x",
    "with x as (select 1 as a) select * from x",
    "begin; insert into t values (12); commit",
    "begin; insert into t values (13); end work;",
    "BEGIN; insert into t values (14); ROLLBACK",
    "begin; insert into t values (15)",
    "insert into t values (16); commit",
    "commit",
    "begin; insert into t values (17); commit and chain",
    "rollback",
    "insert into t values (1)",
    "insert into t values (20); insert into t values (1)",
    "insert into t values (21); selec 1",
    "insert into t values (22",
    "insert into t",
    "delete from",
    "update t set v = ",
    "insert into t values (23) returning",
    "insert into t values ('",
    "insert into t values (24) /* open",
    "insert into t values (25, $a$ open $b$)",
    "begin; insert into t values (26); commit nonsense",
    "begin; insert into t values (27); commit; insert into t values (28)",
    "rollback",
    "insert into t values (30, 'ä ö ü', 'x')",
    "insert into t values (31, nosuch)",
    "insert into nosuch values (1)",
    "insert into child values (1, 99)",
    "insert into child values (1, 99); select 1",
    "begin; insert into child values (1, 99); commit",
    "insert into loud values (1), (2)",
    "insert into loud values (3); insert into loud values (4)",
    "insert into ruled values (1)",
    "delete from ruled; delete from other",
    "update t set n = syntax()",
    "insert into t values ($1)",
    ";",
    "",
    "  -- nothing\n",
    "set application_name = 'x'; insert into t values (40); show application_name",
    "savepoint a; insert into t values (41)",
    "begin; savepoint a; insert into t values (42); rollback to a; insert into t values (43); commit",
    "begin; savepoint a; insert into t values (44); release a; commit",
    "truncate other; insert into other values (7)",
    "vacuum other",
    "create table made (id int); insert into made values (1)",
    "create index concurrently on made (id)",
    "drop table made",
    "prepare p as insert into t values ($1) returning id",
    "execute p(50)",
    "execute p(50)",
    "deallocate p",
    "merge into t using (values (1)) as s (id) on t.id = s.id when matched then update set n = 99 when not matched then do nothing",
    "insert into t select g, 'bulk' from generate_series(1000, 1200) g returning id",
    "set standard_conforming_strings = off",
    r"insert into t values (60, 'it\'s; here')",
    "set standard_conforming_strings = on",
    "insert into t values (61, '%s')" % ("long; " * 20000),
    "explain (costs off) insert into t values (1)",
    "copy other to stdout; insert into other values (8)",
    "insert into other values (9); do $$ begin perform 1; end $$; insert into other values (10)",
    "select * from t order by id",
    "select * from other order by id",
]


@pytest.fixture(scope="module")
def pair():
    pg = Postgres()
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    yield pg, us
    us.close()
    pg.close()


def test_the_client_sees_what_postgresql_says(pair):
    pg, us = pair
    answers = []
    pg.sql("drop schema public cascade; create schema public")
    pg.sql(TABLES)
    for port in (pg.port, us.port):
        pg.sql("truncate t, parent, child, loud, ruled, other")
        c = Raw(port)
        answers.append([c.query(t) for t in TEXTS])
        c.close()
    for text, direct, through in zip(TEXTS, *answers):
        assert direct == through, text[:200]


def test_pipelined_queries_are_answered_in_order(pair):
    pg, us = pair
    answers = []
    texts = ["insert into t values (1)", "insert into t values ()", "insert into t values (2)", "select id from t order by 1"]
    pg.sql("drop schema public cascade; create schema public; create table t (id int primary key)")
    for port in (pg.port, us.port):
        pg.sql("truncate t")
        c = Raw(port)
        for t in texts:
            c.send(t)
        answers.append([c.answer() for _ in texts])
        c.close()
    assert answers[0] == answers[1]


class Writer(threading.Thread):
    """Single inserts, each acknowledged or not; the next number is never used twice."""

    def __init__(self, us, which):
        super().__init__(daemon=True)
        self.us, self.which = us, which
        self.acknowledged, self.unknown = [], []
        self.stop, self.paused = threading.Event(), threading.Event()
        self.offline = 0

    def insert(self, number):
        raise NotImplementedError

    def run(self):
        self.open()
        number = self.which * 1000000
        while not self.stop.is_set():
            number += 1
            try:
                self.insert(number)
                self.acknowledged.append(number)
            except Exception:  # noqa: BLE001 - whatever the driver says, the row may be there
                self.unknown.append(number)
                with contextlib.suppress(Exception):
                    self.open()
                time.sleep(0.01)


class Psycopg2(Writer):
    def open(self):
        self.conn = psycopg2.connect(host="127.0.0.1", port=self.us.port, user="postgres", dbname="postgres", connect_timeout=5)
        self.conn.autocommit = True

    def insert(self, number):
        with self.conn.cursor() as c:
            c.execute("insert into w values (%s, %s)", (number, "it's; " + "\\"))


class Scripts(Writer):
    """As node-postgres sends text without parameters: one Query message."""

    def open(self):
        self.conn = Raw(self.us.port)

    def insert(self, number):
        texts = ("insert into w values (%d, 'one')", "insert into w values (%d, 'two'); update w set v = v || '!' where id = %d",
                 "begin; insert into w values (%d, 'three'); commit", "insert into w values (%d, 'four') returning id; -- the end")
        text = texts[number % len(texts)]
        answer = self.conn.query(text % ((number,) * text.count("%d")))
        if any(kind == "E" for kind, _ in answer):
            raise RuntimeError(answer)


class Savepoints(Writer):
    """A statement that fails is left by way of a savepoint, and one transaction is chained to the next."""

    def open(self):
        self.conn = psycopg.connect(host="127.0.0.1", port=self.us.port, user="postgres", dbname="postgres", connect_timeout=5, autocommit=True)

    def insert(self, number):
        try:
            with self.conn.transaction():
                self.conn.execute("insert into w values (%s, 'first')", (number,))
                with contextlib.suppress(psycopg.errors.UniqueViolation), self.conn.transaction():
                    self.conn.execute("insert into w values (%s, 'undone')", (-number,))
                    self.conn.execute("insert into w values (%s, 'again')", (number,))
                self.conn.execute("update w set v = v || ' kept' where id = %s", (number,))
            self.conn.execute("begin")
            self.conn.execute("insert into w values (%s, 'chained')", (-number - 1000000000,))
            self.conn.execute("commit and chain")
            self.conn.execute("update w set v = v || ' twice' where id = %s", (-number - 1000000000,))
            self.conn.execute("commit")
        except psycopg.Error:
            with contextlib.suppress(psycopg.Error):
                self.conn.execute("rollback")
            raise


@pytest.mark.threads
@pytest.mark.parametrize("stream", ["running", "stopped"])
def test_acknowledged_rows_are_on_sqlite_at_once(pair, stream):
    pg, us = pair
    pg.sql("drop schema public cascade; create schema public; create table w (id bigint primary key, v text)")
    with us.connect() as c:
        def known():
            us.post("/db/force-sqlite")
            try:
                return c.execute("select count(*) from w").fetchone() == (0,)
            finally:
                us.post("/db/retry-primary")
                us.wait_state("PRIMARY", 30)
        wait_until("the table on SQLite", known, 30, interval=1)
    writers = [(Psycopg2, Scripts, Savepoints)[i % 3](us, i + 1) for i in range(9)]
    for w in writers:
        w.start()
    time.sleep(1)
    before = [len(w.acknowledged) for w in writers]
    walsender = pg.sql("select active_pid from pg_replication_slots")[0][0]
    if stream == "stopped":
        os.kill(walsender, signal.SIGSTOP)
        time.sleep(0.7)
    pg.kill9()
    if stream == "stopped":
        os.kill(walsender, signal.SIGKILL)
    us.wait_state("SQLITE", 20)
    acknowledged = set().union(*(set(w.acknowledged) for w in writers))
    acknowledged |= {-n - 1000000000 for n in acknowledged if n // 1000000 in [w.which for w in writers if isinstance(w, Savepoints)]}
    here = {r[0] for r in us.sql("select id from w")}
    undone, chained = "select count(*) from w where v in ('first', 'undone', 'again')", "select count(*) from w where v like 'chained twice%twice'"
    assert us.sql(undone) == [(0,)] and us.sql(chained) == [(0,)]
    assert not acknowledged - here, "acknowledged and not on SQLite: %s" % sorted(acknowledged - here)[:20]
    assert min(before) > 10, before
    time.sleep(0.5)
    for w in writers:
        w.stop.set()
    for w in writers:
        w.join(30)
    pg.wait_gone()
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    acknowledged = set().union(*(set(w.acknowledged) for w in writers))
    unknown = set().union(*(set(w.unknown) for w in writers))
    there = {r[0] for r in pg.sql("select id from w")}
    assert not acknowledged - there
    assert not {n for n in there if n > 0} - acknowledged - unknown
    assert pg.sql(undone) == [(0,)] and pg.sql(chained) == [(0,)]
    assert pg.sql("select count(*) from w where v in ('two', 'two!!')") == [(0,)]
    assert us.get("/db/status")["conflicts"] == 0
