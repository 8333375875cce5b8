#!/usr/bin/env python3
"""Sessions and databases on SQLite beside PostgreSQL 15: databases made from a template, idle sessions, \\d with many tables, and what a point
select waits while another session runs a long query.

The last line's ratio is the point select's p99 beside a long query over its p99 alone.
"""
import socket
import struct
import threading
import time

import psycopg

from common import finish, median, table
from harness import Postgres, Understudy, psql, rss_kib

IDLE = 900
ROUNDS = 9
LONG = "select count(*) from generate_series(1, 1000000000) a"


def ms(f):
    start = time.perf_counter()
    f()
    return (time.perf_counter() - start) * 1000


def template(side):
    side.sql("create database base")
    with side.connect("base") as c:
        c.execute("create table t (id int primary key, b text)")
        c.execute("insert into t select i, repeat('x', 900) from generate_series(1, 10000) i")
        c.execute("checkpoint")


def create(side):
    times = []
    with side.connect() as c:
        for i in range(ROUNDS):
            times.append(ms(lambda: c.execute("create database copy%d template base" % i)))
        for i in range(ROUNDS):
            c.execute("drop database copy%d" % i)
    return median(times)


def workers(side):
    def worker(i):
        side.sql("create database w%d" % i)
        with side.connect("w%d" % i) as c:
            c.execute("create table t (id int primary key, b text)")
            for k in range(20):
                c.execute("insert into t values (%s, 'x')", [k])
        side.sql("drop database w%d" % i)

    def all_of_them():
        threads = [threading.Thread(target=worker, args=(i,)) for i in range(50)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    return ms(all_of_them)


def login(port):
    s = socket.create_connection(("127.0.0.1", port))
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    s.sendall(struct.pack("!I", len(body) + 4) + body)
    while not s.recv(4096).endswith(b"Z\0\0\0\5I"):
        pass
    return s


def idle_kib(us):
    login(us.port).close()
    before = rss_kib(us.proc.pid)
    sessions = [login(us.port) for _ in range(IDLE)]
    size = (rss_kib(us.proc.pid) - before) / IDLE
    for s in sessions:
        s.close()
    return size


def describe(side):
    with side.connect() as c:
        for i in range(500):
            c.execute("create table t%d (id serial primary key, b text not null default 'x', c int references t%d)" % (i, max(i - 1, 0)))
    run = [ms(lambda: psql("127.0.0.1", side.port, "postgres", "\\d t250")) for _ in range(ROUNDS)]
    empty = [ms(lambda: psql("127.0.0.1", side.port, "postgres", "select 1")) for _ in range(ROUNDS)]
    return median(run) - median(empty)


def p99(side, seconds=4):
    times = []
    with side.connect() as c:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            times.append(ms(lambda: c.execute("select b from p where id = %s", [len(times) % 1000], prepare=True)))
    return sorted(times)[len(times) * 99 // 100]


def beside_long_query(side):
    side.sql("create table p (id int primary key, b text)")
    side.sql("insert into p select i, 'x' from generate_series(0, 999) i")
    alone = p99(side)
    long = side.connect()

    def run():
        try:
            long.execute(LONG)
        except psycopg.errors.QueryCanceled:
            pass
    t = threading.Thread(target=run)
    t.start()
    time.sleep(0.3)
    beside = p99(side)
    long.cancel()
    t.join()
    long.close()
    return alone, beside


def main():
    pg, us = Postgres(), Understudy()
    try:
        rows = []
        for what, f in (("CREATE DATABASE of 10 MB, ms", lambda s: (template(s), create(s))[1]), ("50 workers with a database each, ms", workers),
                        ("\\d with 500 tables, ms", describe)):
            rows.append([what, f(pg), f(us)])
        p, u = beside_long_query(pg), beside_long_query(us)
        rows.append(["point select p99, ms", p[0], u[0]])
        rows.append(["the same beside a long query, ms", p[1], u[1]])
        rows.append(["an idle session, KiB", "", idle_kib(us)])
        table(["", "PostgreSQL", "SQLite"], rows)
        finish("sessions", u[1] / u[0])
    finally:
        us.close()
        pg.close()


if __name__ == "__main__":
    main()
