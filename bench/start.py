#!/usr/bin/env python3
"""Process start to the first answer of a statement, and memory when idle, with no primary. PostgreSQL's own start stands beside it.

The last line's ratio is understudy's start over PostgreSQL's (pg_ctl -w start of an existing cluster to the first answer).
"""
import os
import socket
import struct
import time

from common import finish, median, table
from harness import Postgres, Understudy, rss_kib, wait_until

ROUNDS = int(os.environ.get("ROUNDS", "9"))


def answer(port):
    """Connects, logs in and runs `select 1` over the raw protocol; raises until the server answers."""
    with socket.create_connection(("127.0.0.1", port), 1) as s:
        body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
        s.sendall(struct.pack("!I", len(body) + 4) + body)
        q = b"select 1\0"
        s.sendall(b"Q" + struct.pack("!I", len(q) + 4) + q)
        data = b""
        while b"SELECT 1\0" not in data:
            part = s.recv(65536)
            if not part:
                raise ConnectionError("closed")
            data += part


def timed(start, port):
    t = time.monotonic()
    start()
    wait_until("an answer", lambda: answer(port) is None, 60, interval=0.0002)
    return (time.monotonic() - t) * 1000


def main():
    us = Understudy(start=False)
    pg = Postgres()
    ours, theirs, rss = [], [], []
    try:
        us.start()
        us.stop()
        for _ in range(ROUNDS):
            ours.append(timed(lambda: us.start(wait=False), us.port))
            rss.append(rss_kib(us.proc.pid) / 1024)
            us.stop()
            pg.stop("fast")
            theirs.append(timed(lambda: pg.start(wait=False), pg.port))
        table(["", "median", "max"], [["understudy, start to first answer, ms", median(ours), max(ours)], ["PostgreSQL, the same, ms", median(theirs), max(theirs)],
                                      ["understudy, idle memory after it, MiB", median(rss), max(rss)]])
        finish("start", median(ours) / median(theirs), start_ms=round(median(ours), 2), idle_mib=round(median(rss), 2))
    finally:
        us.close()
        pg.close()


if __name__ == "__main__":
    main()
