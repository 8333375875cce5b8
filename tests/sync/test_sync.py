"""Copy, follow, journal, replay, without a server: tests/unit/sync_driver against a PostgreSQL of our own.

Run with /usr/bin/python3 -m pytest; SYNC_DRIVER names the executable (ninja tests/sync_driver).
"""
import os
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import psycopg
import pytest

BIN = "/usr/lib/postgresql/15/bin"
DRIVER = os.environ.get("SYNC_DRIVER", "build/tests/sync_driver")


def as_postgres(cmd):
    return ["su", "postgres", "-c", cmd] if os.getuid() == 0 else ["sh", "-c", cmd]


@pytest.fixture(scope="session")
def cluster():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory() as tmp:
        os.chmod(tmp, 0o777)
        subprocess.run(as_postgres(f"{BIN}/initdb -D {tmp}/d -A trust -U postgres --locale=C.UTF-8"), check=True, stdout=subprocess.DEVNULL)
        options = f"-p {port} -k {tmp} -c listen_addresses=127.0.0.1 -c wal_level=logical -c fsync=off -c max_replication_slots=40 -c max_wal_senders=40"
        subprocess.run(as_postgres(f"{BIN}/pg_ctl -w -D {tmp}/d -o '{options}' -l {tmp}/log start"), check=True, stdout=subprocess.DEVNULL)
        try:
            yield port
        finally:
            subprocess.run(as_postgres(f"{BIN}/pg_ctl -m immediate -D {tmp}/d stop"), stdout=subprocess.DEVNULL)


class Pair:
    def __init__(self, port, name, path):
        self.url = f"host=127.0.0.1 port={port} user=postgres dbname={name}"
        self.file = str(path)
        self.pg = psycopg.connect(self.url, autocommit=True)

    def run(self, *args):
        return subprocess.run([DRIVER, *args], check=True, capture_output=True, text=True).stdout

    def copy(self):
        self.run("copy", self.url, self.file)

    def follow(self, seconds=1):
        return self.run("follow", self.url, self.file, str(seconds))

    def offline(self, *sql):
        self.run("offline", self.file, *sql)

    def replay(self):
        return self.run("replay", self.url, self.file)

    def here(self, sql):
        with sqlite3.connect(self.file) as db:
            return db.execute(sql).fetchall()

    def there(self, sql):
        return self.pg.execute(sql).fetchall()


@pytest.fixture
def pair(cluster, tmp_path, request):
    name = f"t{abs(hash(request.node.name)) % 10**8}"
    with psycopg.connect(f"host=127.0.0.1 port={cluster} user=postgres dbname=postgres", autocommit=True) as c:
        c.execute(f"CREATE DATABASE {name}")
    p = Pair(cluster, name, tmp_path / "f.db")
    p.pg.execute("CREATE TABLE acct(id int PRIMARY KEY, owner text NOT NULL, bal numeric(12,2), note varchar(20));"
                 "CREATE TABLE hist(id int, delta int);"
                 "INSERT INTO acct SELECT g, 'o' || g, g FROM generate_series(1, 1000) g; INSERT INTO hist VALUES (1, 1)")
    yield p
    p.pg.close()


def test_follows_every_kind_of_change(pair):
    pair.copy()
    assert pair.here("SELECT count(*), sum(bal) FROM acct") == [(1000, 500500)]
    pair.pg.execute("UPDATE acct SET bal = bal + 1 WHERE id <= 500")
    pair.pg.execute("DELETE FROM acct WHERE id = 3")
    pair.pg.execute("UPDATE acct SET id = 5000 WHERE id = 4")
    pair.pg.execute("INSERT INTO hist VALUES (2, 2)")
    with pair.pg.transaction(), pytest.raises(psycopg.errors.DivisionByZero), pair.pg.transaction():
        pair.pg.execute("INSERT INTO hist VALUES (3, 3); SELECT 1/0")
    pair.follow()
    assert pair.here("SELECT count(*), sum(bal), max(id) FROM acct") == [(999, 500996, 5000)]
    assert pair.here("SELECT * FROM hist ORDER BY id") == [(1, 1), (2, 2)]
    pair.pg.execute("TRUNCATE acct, hist")
    pair.follow()
    assert pair.here("SELECT (SELECT count(*) FROM acct) + (SELECT count(*) FROM hist)") == [(0,)]


def test_unchanged_toast_is_kept(pair):
    pair.pg.execute("ALTER TABLE acct ADD big text; ALTER TABLE acct ALTER big SET STORAGE EXTERNAL; UPDATE acct SET big = repeat('x', 9000) WHERE id = 1")
    pair.copy()
    pair.pg.execute("UPDATE acct SET bal = 7 WHERE id = 1")
    pair.follow()
    assert pair.here("SELECT bal, length(big) FROM acct WHERE id = 1") == [("7.00", 9000)]


def test_changed_structure_is_copied_again(pair):
    pair.copy()
    pair.pg.execute("ALTER TABLE acct ADD extra int DEFAULT 7; UPDATE acct SET bal = 0 WHERE id = 1; INSERT INTO hist VALUES (9, 9)")
    pair.follow()
    pair.follow()
    assert pair.here("SELECT tbl FROM _understudy_stale") == []
    assert pair.here("SELECT bal, extra FROM acct WHERE id = 1") == [("0.00", 7)]
    assert pair.here("SELECT count(*) FROM hist") == [(2,)]


def test_values_survive_the_round_trip(pair):
    pair.pg.execute("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE v(id int PRIMARY KEY, b bool, f4 real, f8 float8, n numeric, c char(5), by bytea,"
                    " u uuid, j json, jb jsonb, d date, t time, tz timetz, ts timestamp(3), tstz timestamptz, iv interval, ia int[], ta text[], m mood)")
    pair.pg.execute(r"""INSERT INTO v VALUES
      (1, true, 1.1, 0.1, 1.500, 'ab', '\x00ff', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 1.0, "a":2}', '{"b":[1,2.50]}', '2024-02-29', '12:34:56.789',
       '12:34:56+05:30', '2024-01-01 00:00:00.123', '2024-06-01 12:00:00.000001+02', '1 year -3 days 04:05', '{1,NULL,3}', '{"a b","c\"d",NULL,""}', 'ok'),
      (2, false, 'NaN', 'NaN', 'NaN', '', '', null, 'null', 'null', 'infinity', '24:00', '00:00-15:59', 'infinity', '-infinity', '-1 days', '[2:3]={7,8}', '{}', 'sad'),
      (3, null, 'Infinity', '-Infinity', '1e130', null, null, null, null, null, '0044-03-15 BC', null, null, '4713-01-01 BC', '294276-12-31 23:59:59.999999+00', '0', null, null, null)""")
    before = pair.there("SELECT v::text FROM v ORDER BY id")
    pair.copy()
    # Gone and back: the whole row is deleted and inserted again, on SQLite alone.
    pair.offline("CREATE TEMP TABLE k AS SELECT * FROM v; DELETE FROM v; INSERT INTO v SELECT * FROM k")
    pair.pg.execute("SET TimeZone = 'UTC'")
    assert "replayed 1 conflicts 0" in pair.replay()
    assert pair.there("SELECT count(*) FROM v WHERE xmin::text = (SELECT max(xmin::text) FROM v)") == [(3,)]
    assert pair.there("SELECT v::text FROM v ORDER BY id") == before


def test_replay_conflicts_and_tables_without_key(pair):
    pair.copy()
    pair.offline("UPDATE acct SET owner = 'mine' WHERE id = 20", "UPDATE acct SET note = 'later' WHERE id = 20", "UPDATE acct SET owner = 'fine' WHERE id = 21",
                 "DELETE FROM acct WHERE id = 11", "INSERT INTO acct VALUES (7000, 'new', '1.00', NULL)", "INSERT INTO hist VALUES (900, 1)",
                 "INSERT INTO hist VALUES (901, 5); UPDATE hist SET delta = 6 WHERE id = 901")
    pair.pg.execute("UPDATE acct SET owner = 'theirs' WHERE id = 20; UPDATE acct SET owner = 'other' WHERE id = 30")
    assert "replayed 5 conflicts 2" in pair.replay()
    check = "SELECT id, owner, note FROM acct WHERE id IN (11, 20, 21, 30, 7000) ORDER BY id"
    assert pair.there(check) == pair.here(check) == [(20, "theirs", None), (21, "fine", None), (30, "other", None), (7000, "new", None)]
    assert pair.there("SELECT * FROM hist ORDER BY id") == pair.here("SELECT * FROM hist ORDER BY id") == [(1, 1), (900, 1), (901, 6)]
    kept = pair.here("SELECT base ->> 'owner', local ->> 'owner', remote ->> 'owner' FROM _understudy_conflict ORDER BY id")
    assert kept == [("o20", "mine", "theirs"), ("mine", "mine", "theirs")]
    assert pair.here("SELECT count(*) FROM _understudy_journal") == [(0,)]


def test_replay_is_exactly_once_under_kill(pair):
    pair.copy()
    for _ in range(4):
        pair.offline(*["UPDATE acct SET bal = bal + 1 WHERE id = 1; INSERT INTO hist VALUES (50, 1)"] * 400)
    for i in range(8):
        p = subprocess.Popen([DRIVER, "replay", pair.url, pair.file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02 + 0.015 * i)
        p.send_signal(signal.SIGKILL)
        p.wait()
    pair.replay()
    assert pair.there("SELECT bal FROM acct WHERE id = 1")[0][0] == 1601
    assert pair.there("SELECT count(*) FROM hist") == [(1601,)]
    assert pair.here("SELECT count(*), (SELECT CAST(bal AS INTEGER) FROM acct WHERE id = 1) FROM hist") == [(1601, 1601)]


def test_another_cluster_is_refused(pair):
    pair.copy()
    with sqlite3.connect(pair.file) as db:
        db.execute("UPDATE _understudy_sync SET value = '1' WHERE key = 'system_id'")
    r = subprocess.run([DRIVER, "replay", pair.url, pair.file], capture_output=True, text=True)
    assert r.returncode == 1 and "another cluster" in r.stderr and "Nothing was written" in r.stderr
    assert pair.there("SELECT to_regnamespace('understudy') IS NULL") == [(True,)]
