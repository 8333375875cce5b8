"""The headline: pgbench goes on while the postmaster is killed with -9 and started again; nothing is lost or doubled."""
import subprocess
import time

import pytest

from harness import PGBIN, Postgres, PgbenchResult, Understudy, pgbench, tpcb_sums, wait_until

pytestmark = pytest.mark.heavy


def start_pgbench(port, *args, db="postgres"):
    return subprocess.Popen([PGBIN + "/pgbench", "-h", "127.0.0.1", "-p", str(port), "-U", "postgres", *args, db], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)


def finish(proc, timeout=240):
    out, _ = proc.communicate(timeout=timeout)
    return PgbenchResult(proc.returncode, out)


@pytest.fixture
def pair():
    pg = Postgres()
    assert pgbench(pg.port, "-i", "-q", "-s", "10").code == 0
    us = Understudy(primary=pg.url())
    us.wait_state("PRIMARY", 120)
    yield pg, us
    us.close()
    pg.close()


def check_books(pg, us, counted):
    """On PostgreSQL: the four sums agree, and history has one row per counted transaction plus only those listed in doubt."""
    us.wait_state("PRIMARY", 240)
    status = us.get("/db/status")
    assert status["pendingWrites"] == 0, status
    assert status["conflicts"] == 0, status
    with pg.connect() as c:
        a, b, t, h, rows = tpcb_sums(c)
    assert a == b == t == h, (a, b, t, h)
    assert counted <= rows <= counted + status["inDoubt"], (rows, counted, status["inDoubt"])
    # The file is in step again: the same books on SQLite.
    us.post("/db/force-sqlite")
    try:
        with us.connect() as c:
            assert c.execute("show understudy.source").fetchone()[0] == "sqlite"
            assert tpcb_sums(c) == [a, b, t, h, rows]
    finally:
        us.post("/db/retry-primary")


def test_postmaster_killed_and_restarted(pair):
    pg, us = pair
    bench = start_pgbench(us.port, "-n", "-M", "prepared", "-c", "8", "--max-tries=20", "-T", "60")
    time.sleep(15)
    pg.kill9()
    us.wait_state("SQLITE", 20)
    time.sleep(20)
    pg.restart_after_kill()
    r = finish(bench)
    assert r.code == 0 and not r.aborted, r.out
    check_books(pg, us, r.transactions)


def counting_client(us, seconds, started):
    """A client that reconnects: TPC-B transactions one after the other; returns (acknowledged, unknown)."""
    import psycopg
    end, done, unknown, n = time.monotonic() + seconds, 0, 0, 0
    conn = None
    while time.monotonic() < end:
        n += 1
        sent_commit = False
        try:
            if conn is None or conn.closed:
                conn = psycopg.connect(host="127.0.0.1", port=us.port, user="postgres", dbname="postgres", autocommit=True, connect_timeout=5)
            aid, bid, tid, delta = n * 7919 % 1000000 + 1, n % 10 + 1, n % 100 + 1, n % 5000 - 2500
            conn.execute("begin")
            conn.execute("update pgbench_accounts set abalance = abalance + %s where aid = %s", (delta, aid))
            conn.execute("update pgbench_tellers set tbalance = tbalance + %s where tid = %s", (delta, tid))
            conn.execute("update pgbench_branches set bbalance = bbalance + %s where bid = %s", (delta, bid))
            conn.execute("insert into pgbench_history (tid, bid, aid, delta, mtime) values (%s, %s, %s, %s, current_timestamp)", (tid, bid, aid, delta))
            sent_commit = True
            conn.execute("commit")
            done += 1
        except psycopg.Error:
            unknown += sent_commit
            if conn is not None:
                try:
                    conn.execute("rollback")
                except psycopg.Error:
                    conn.close()
                    conn = None
            time.sleep(0.02)
        started.append(n)
    return done, unknown


@pytest.mark.parametrize("when", ["outage", "replay"])
def test_understudy_killed_too(pair, when):
    """understudy itself is killed with -9 during the outage, or during the replay, and started again."""
    import threading
    pg, us = pair
    result, started = {}, []
    client = threading.Thread(target=lambda: result.update(zip(("done", "unknown"), counting_client(us, 40, started))))
    client.start()
    time.sleep(5)
    pg.kill9()
    us.wait_state("SQLITE", 20)
    time.sleep(6)
    if when == "outage":
        us.kill9()
        us.start()
        time.sleep(5)
        pg.restart_after_kill()
    else:
        pg.restart_after_kill()
        wait_until("the replay", lambda: us.state() in ("RETURNING", "PRIMARY"), 30, interval=0.005)
        us.kill9()
        us.start()
    client.join(120)
    assert result["done"] > 0
    us.wait_state("PRIMARY", 120)
    with pg.connect() as c:
        a, b, t, h, rows = tpcb_sums(c)
    assert a == b == t == h, (a, b, t, h)
    assert result["done"] <= rows <= result["done"] + result["unknown"], (rows, result)
    assert us.get("/db/status")["conflicts"] == 0
