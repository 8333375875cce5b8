"""understudy killed with -9 at twenty moments of its life: every acknowledged transaction is on PostgreSQL exactly once."""
import contextlib
import random
import threading
import time

import psycopg
import pytest

from harness import Postgres, Understudy, wait_until

pytestmark = pytest.mark.heavy

SEED = 20240131
OPTIONS = ["--hold", "0", "--probe-interval", "200ms", "--min-dwell", "0"]


class Writer(threading.Thread):
    """One row with a key and one without per transaction, under a number that is used once."""

    def __init__(self, us, which):
        super().__init__(daemon=True)
        self.us, self.which = us, which
        self.acknowledged, self.unknown, self.failed = set(), set(), set()
        self.stop = threading.Event()

    def write(self, conn, number):
        committing = False
        try:
            conn.execute("begin")
            conn.execute("insert into keyed values (%s, %s)", (number, self.which))
            conn.execute("insert into keyless values (%s, %s)", (number, self.which))
            committing = True
            conn.execute("commit")
            self.acknowledged.add(number)
        except psycopg.Error:
            (self.unknown if committing else self.failed).add(number)
            with contextlib.suppress(psycopg.Error):
                conn.execute("rollback")

    def run(self):
        conn, number = None, self.which * 1000000
        while not self.stop.is_set():
            try:
                if conn is None or conn.closed:
                    conn = self.us.connect(connect_timeout=3)
            except psycopg.Error:
                time.sleep(0.02)
                continue
            number += 1
            self.write(conn, number)
            time.sleep(0.002)
        if conn is not None:
            conn.close()


class Sweep:
    def __init__(self, pg, us):
        self.pg, self.us, self.random, self.kills = pg, us, random.Random(SEED), []

    def kill(self, phase, longest):
        """Kills at a random moment within `longest` seconds, notes in which state that was, and starts again."""
        time.sleep(self.random.uniform(0, longest))
        state = "?"
        with contextlib.suppress(Exception):
            state = self.us.state()
        self.us.kill9()
        self.kills.append((phase, state))
        self.us.start()

    def outage(self):
        self.kill("following", 0.5)
        self.us.wait_state("PRIMARY", 30)
        self.pg.kill9()
        self.us.wait_state("SQLITE", 20)
        self.kill("outage", 0.5)
        self.us.wait_state("SQLITE", 20)
        time.sleep(0.3)
        self.pg.restart_after_kill()
        wait_until("the replay", lambda: self.us.state() in ("RETURNING", "PRIMARY"), 30, interval=0.005)
        self.kill("replay", 0.05)
        wait_until("the drain", lambda: self.us.state() in ("RETURNING", "PRIMARY"), 30, interval=0.005)
        self.kill("drain", 0.15)
        self.us.wait_state("PRIMARY", 60)


def check(pg, writers):
    acknowledged = set().union(*(w.acknowledged for w in writers))
    unknown = set().union(*(w.unknown for w in writers))
    keyed = [r[0] for r in pg.sql("select id from keyed")]
    keyless = [r[0] for r in pg.sql("select id from keyless")]
    assert len(keyless) == len(set(keyless)), "doubled: %s" % sorted(n for n in set(keyless) if keyless.count(n) > 1)[:20]
    assert set(keyed) == set(keyless)
    assert not acknowledged - set(keyed), "lost: %s" % sorted(acknowledged - set(keyed))[:20]
    assert not set(keyed) - acknowledged - unknown, "never committed: %s" % sorted(set(keyed) - acknowledged - unknown)[:20]
    assert len(acknowledged) > 200


def test_twenty_kills():
    pg = Postgres()
    pg.sql("create table keyed (id bigint primary key, w int); create table keyless (id bigint, w int);"
           "create table bulk (id int primary key, v text); insert into bulk select g, repeat('x', 100) from generate_series(1, 100000) g")
    us = Understudy(primary=pg.url(), options=OPTIONS)
    sweep = Sweep(pg, us)
    writers = [Writer(us, i) for i in (1, 2)]
    for w in writers:
        w.start()
    for _ in range(4):
        sweep.kill("copy", 0.5)
    us.wait_state("PRIMARY", 60)
    for _ in range(4):
        sweep.outage()
    for w in writers:
        w.stop.set()
        w.join(20)
    assert len(sweep.kills) == 20
    wait_until("all writes to be back", lambda: us.state() == "PRIMARY" and us.get("/db/status")["pendingWrites"] == 0, 30)
    check(pg, writers)
    assert us.get("/db/status")["conflicts"] == 0
    in_step = lambda: us.sql("select (select count(*) from keyed), (select count(*) from keyless), (select count(distinct id) from keyless)")
    on_primary = in_step()
    us.post("/db/force-sqlite")
    assert in_step() == on_primary
    us.close()
    pg.close()
