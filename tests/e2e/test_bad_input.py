"""Bad input gets a clear message, loses nothing and lets nobody in."""
import os
import shutil
import sqlite3
import socket
import struct
import subprocess

import psycopg
import pytest

from harness import BINARY, Postgres, Understudy, free_port, scratch


def raw(us, data, timeout=5):
    """Sends bytes on a new connection and returns everything until the server closes (or the time is up)."""
    with socket.create_connection(("127.0.0.1", us.port), timeout) as s:
        s.settimeout(timeout)
        s.sendall(data)
        out = b""
        try:
            while True:
                part = s.recv(65536)
                if not part:
                    return out, True
                out += part
        except (socket.timeout, ConnectionResetError) as e:
            return out, isinstance(e, ConnectionResetError)


def startup(version=196608, **params):
    body = struct.pack("!I", version) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in params.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def sqlstate(data):
    at = data.find(b"\0C") if not data.startswith(b"E") else data.find(b"C", 5)
    for field in data[5:].split(b"\0"):
        if field.startswith(b"C") and len(field) == 6:
            return field[1:].decode()
    return None if at < 0 else None


@pytest.mark.parametrize("data", [
    struct.pack("!I", 4), struct.pack("!I", 7) + b"abc", struct.pack("!II", 0x7fffffff, 196608), struct.pack("!II", 20000, 196608) + b"x" * 100,
    struct.pack("!I", 0), struct.pack("!I", 0xffffffff), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    startup(user="a")[:-1][:4].replace(b"", b"") + b"", struct.pack("!II", 12, 196608) + b"user",
])
def test_malformed_startup_closes_and_server_lives(us, data):
    if data:
        out, closed = raw(us, data, 2)
        assert b"R\0\0\0\x08\0\0\0\0" not in out
    assert us.sql("select 1") == [(1,)]


def test_no_user_is_refused(us):
    out, closed = raw(us, startup(database="postgres"))
    assert closed and out.startswith(b"E") and sqlstate(out) == "28000"


def test_old_protocol_is_refused(us):
    out, closed = raw(us, startup(version=131072, user="a"))
    assert closed and out.startswith(b"E") and sqlstate(out) == "0A000"


def test_second_startup_is_a_protocol_violation(us):
    out, closed = raw(us, startup(user="postgres", database="postgres") + startup(user="root", database="postgres"), 2)
    assert closed
    assert us.sql("select current_user") == [("postgres",)]


@pytest.mark.parametrize("bad", [message(b"Q", b"select 1"), b"Q" + struct.pack("!I", 3), b"Q" + struct.pack("!I", 0x7fffffff) + b"x", message(b"?", b""),
                                 message(b"B", b"\0"), message(b"P", b"x"), message(b"D", b"Xab\0"), message(b"E", b""), message(b"B", b"\0\0\xff\xff")])
def test_malformed_messages_are_refused(us, bad):
    out, _ = raw(us, startup(user="postgres", database="postgres") + bad + message(b"S", b""), 2)
    assert b"08P01" in out or b"XX000" in out or b"26000" in out or b"54000" in out, out[-300:]
    assert us.sql("select 1") == [(1,)]


def test_unknown_database(pg):
    u = Understudy(options=["--auto-create-database", "off"])
    with pytest.raises(psycopg.OperationalError, match='database "nope" does not exist'):
        u.connect(db="nope")
    u.close()


@pytest.mark.parametrize("db", ["../etc/passwd", "a/b", "..", ".", "a\\b", "-rf", "a b", "UPPER/../x"])
def test_database_names_never_become_paths(us, db):
    before = sorted(os.listdir(os.path.dirname(us.data)))
    with pytest.raises(psycopg.OperationalError, match="does not exist|invalid"):
        us.connect(db=db)
    assert sorted(os.listdir(os.path.dirname(us.data))) == before


@pytest.mark.parametrize("sql,state,position", [
    ("selec 1", "42601", 1), ("select 1 from", "42601", 14), ("select 'é', * form t", "42601", None), ("select nope", "42703", 8), ("select * from nope", "42P01", 15),
    ("select 'x'::int4", "22P02", 8), ("select nope(1)", "42883", 8), ("select 1 + 'x'::text", "42883", 10), ("select 1; selec 2", "42601", 11),
    ("select 'unfinished", "42601", 8)])
def test_errors_have_position(us, pg, sql, state, position):
    got = []
    for side in (pg, us):
        with side.connect() as c, pytest.raises(psycopg.Error) as e:
            c.execute(sql)
        d = e.value.diag
        got.append((d.sqlstate, d.message_primary, d.statement_position))
    assert got[1] == got[0]
    assert got[1][0] == state
    if position:
        assert got[1][2] == str(position)


def test_long_database_names_are_cut_as_postgresql_cuts_them(us, pg):
    pg.sql('create database "%s"' % ("x" * 63))
    for side in (pg, us):
        with side.connect(db="x" * 200) as c:
            assert c.execute("select current_database()").fetchone() == ("x" * 63,)


def serve_fails(*options, env=None):
    p = subprocess.run([BINARY, "serve", "--listen-port", str(free_port()), "--http-addr", "127.0.0.1:%d" % free_port(), *options], stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=30, cwd="/")
    return p.returncode, p.stdout


def test_port_in_use(us):
    d = scratch("dd")
    p = subprocess.run([BINARY, "serve", "--listen-port", str(us.port), "--http-addr", "127.0.0.1:%d" % free_port(), "--data-dir", d + "/data"],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    shutil.rmtree(d)
    assert p.returncode == 1 and str(us.port) in p.stdout and "in use" in p.stdout, p.stdout


def test_data_directory_missing_parent_or_file():
    code, out = serve_fails("--data-dir", "/nonexistent/dir/data")
    assert code == 1 and "/nonexistent/dir/data" in out
    code, out = serve_fails("--data-dir", "/dev/null")
    assert code == 1 and "/dev/null" in out


def test_wrong_usage_is_exit_2():
    p = subprocess.run([BINARY, "serve", "--no-such-option"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert p.returncode == 2 and "--no-such-option" in p.stdout
    p = subprocess.run([BINARY, "nonsense"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert p.returncode == 2 and "nonsense" in p.stdout


@pytest.mark.parametrize("damage", ["header", "middle", "text"])
def test_corrupt_file_is_refused_and_left_alone(damage):
    u = Understudy()
    u.sql("create table t (a int primary key, b text)")
    u.sql("insert into t select g, repeat('x', 300) from generate_series(1, 500) g")
    u.stop()
    path = os.path.join(u.data, "postgres.db")
    with open(path, "r+b") as f:
        if damage == "header":
            f.write(b"garbage garbage garbage")
        elif damage == "middle":
            f.seek(100)
            f.write(b"\xff" * 3000)
        else:
            f.truncate(0)
            f.write(b"this is not a database\n" * 100)
    before = open(path, "rb").read()
    code, out = serve_fails("--data-dir", u.data)
    assert code == 1 and path in out and "corrupt" in out or "not a database" in out, out
    assert open(path, "rb").read() == before
    shutil.rmtree(u.dir)


def test_a_file_of_another_format_is_refused_and_left_alone():
    u = Understudy()
    u.sql("create table t (a int primary key)")
    u.stop()
    path = os.path.join(u.data, "postgres.db")
    with sqlite3.connect(path) as db:
        db.execute("update _understudy_meta set value = 1 where key = 'format_version'")
    db.close()
    code, out = serve_fails("--data-dir", u.data)
    assert code == 1 and path in out and "format 1" in out, out
    with sqlite3.connect(path) as db:
        assert db.execute("select value from _understudy_meta where key = 'format_version'").fetchone() == (1,)
    db.close()
    shutil.rmtree(u.dir)


@pytest.mark.skipif(not os.path.exists("/dev/shm"), reason="needs tmpfs")
def test_full_disk_is_an_error_and_loses_nothing():
    """A data directory on a full filesystem: the write gets 53100 and what was acknowledged before is there afterwards."""
    if os.getuid() != 0:
        pytest.skip("mounting a small filesystem needs root")
    d = scratch("full")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", d], stderr=subprocess.DEVNULL).returncode:
        shutil.rmtree(d)
        pytest.skip("mount is not permitted here")
    try:
        u = Understudy(data_dir=d + "/data")
        u.sql("create table t (a serial primary key, b text)")
        done = 0
        with u.connect() as c, pytest.raises(psycopg.Error) as e:
            while done < 100000:
                c.execute("insert into t (b) values (repeat('x', 5000))")
                done += 1
        assert e.value.sqlstate == "53100", e.value
        assert u.sql("select count(*) from t") == [(done,)]
        u.kill9()
        os.unlink(os.path.join(d, "data", "x")) if os.path.exists(os.path.join(d, "data", "x")) else None
        subprocess.run(["mount", "-o", "remount,size=40m", d], check=True)
        u.start()
        assert u.sql("select count(*) from t") == [(done,)]
        u.close()
    finally:
        subprocess.run(["umount", d])
        shutil.rmtree(d, ignore_errors=True)


def test_a_different_cluster_is_refused_and_nothing_written():
    one, two = Postgres(), Postgres()
    one.sql("create table t (a int primary key); insert into t values (1)")
    two.sql("create table t (a int primary key)")
    u = Understudy(primary=one.url())
    u.wait_state("PRIMARY", 60)
    u.stop()
    u.primary = two.url()
    before = two.sql("select count(*) from pg_replication_slots")
    u.start(wait=False)
    code = u.proc.wait(30)
    assert code == 1
    assert "different" in u.log_text()
    assert two.sql("select count(*) from pg_replication_slots") == before
    assert two.sql("select count(*) from t") == [(0,)]
    assert two.sql("select count(*) from pg_namespace where nspname = 'understudy'") == [(0,)]
    u.primary = one.url()
    u.start()
    u.wait_state("PRIMARY", 60)
    u.close()
    one.close()
    two.close()
