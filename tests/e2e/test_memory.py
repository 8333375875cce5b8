"""Large results pass through in constant memory, also when the client reads slowly or not at all; idle sessions cost little."""
import os
import socket
import struct
import threading
import time

import pytest

from harness import rss_kib

pytestmark = pytest.mark.heavy  # a sanitizer's memory is not ours

ROWS = 300_000
QUERY = "select i, 'row number ' || i, i * 2.5 from generate_series(1, %d) i" % ROWS


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def login(us):
    s = socket.create_connection(("127.0.0.1", us.port))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    s.settimeout(60)
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    s.sendall(struct.pack("!I", len(body) + 4) + body)
    got = b""
    while not got.endswith(b"Z\0\0\0\5I"):
        got += s.recv(4096)
    return s


def drain(s, pause=None):
    """Reads to ReadyForQuery; the number of bytes. `pause` is called once, after the first megabyte."""
    total, tail = 0, b""
    while not tail.endswith(b"Z\0\0\0\5I"):
        piece = s.recv(1 << 16)
        assert piece, "the server closed the connection"
        total += len(piece)
        tail = (tail + piece)[-6:]
        if pause and total > 1 << 20:
            pause()
            pause = None
    return total


class Peak:
    """The process's largest resident size while the block runs, over what it was before, in KiB."""

    def __init__(self, us):
        self.pid, self.stop = us.proc.pid, threading.Event()

    def watch(self):
        while not self.stop.wait(0.01):
            self.top = max(self.top, rss_kib(self.pid))

    def __enter__(self):
        self.before = self.top = rss_kib(self.pid)
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()
        self.grown = self.top - self.before


def grown(us, bytes_to_send, pause=None):
    with login(us) as s:
        s.sendall(message(b"Q", b"select 1\0"))
        drain(s)
        with Peak(us) as peak:
            s.sendall(bytes_to_send)
            assert drain(s, pause) > 8 << 20
    return peak.grown


def extended(query, binary):
    formats = struct.pack("!HH", 1, 1) if binary else struct.pack("!H", 0)
    return (message(b"P", b"\0" + query.encode() + b"\0\0\0") + message(b"B", b"\0\0\0\0\0\0" + formats) + message(b"E", b"\0\0\0\0\0") +
            message(b"S", b""))


def test_large_results_stream(us):
    text = message(b"Q", QUERY.encode() + b"\0")
    for what in (text, extended(QUERY, False), extended(QUERY, True), message(b"Q", ("copy (%s) to stdout\0" % QUERY).encode())):
        assert grown(us, what) < 4096
    assert grown(us, text, lambda: time.sleep(0.3)) < 4096


def wal_mib(us):
    return os.path.getsize(os.path.join(us.data, "postgres.db-wal")) >> 20


def test_a_client_that_stops_reading_does_not_hold_the_wal(us):
    us.sql("create table churn (id int primary key, b text); insert into churn values (1, 'x')")
    stalled = []
    query = QUERY.replace("generate_series", "churn, generate_series")
    for ask in (message(b"Q", query.encode() + b"\0"), extended(query, False), message(b"Q", ("copy (%s) to stdout\0" % query).encode())):
        stalled.append(login(us))
        stalled[-1].sendall(ask)
    with us.connect() as c:
        for i in range(260):
            c.execute("update churn set b = repeat(%s, 1000000)", [chr(65 + i % 26)])
            if i == 100:
                time.sleep(2.5)
    assert wal_mib(us) < 180
    for s in stalled:
        assert drain(s) > 8 << 20
        s.sendall(message(b"Q", b"select 1\0"))
        drain(s)
        s.close()


def test_idle_sessions_are_small(us):
    with login(us):
        before = rss_kib(us.proc.pid)
        sessions = [login(us) for _ in range(400)]
        for s in sessions:
            s.sendall(message(b"Q", b"select 1\0"))
            drain(s)
        assert (rss_kib(us.proc.pid) - before) / len(sessions) < 10
        for s in sessions:
            s.close()
