#!/usr/bin/env python3
"""Statements served from SQLite against the same on PostgreSQL 15, in the same run: interleaved rounds, medians.

A second table has queries that read many rows, as seconds on SQLite over seconds on PostgreSQL.

The last line's ratio is the prepared point select at 8 clients: understudy's tps over PostgreSQL's.
"""
import os
import sys
import tempfile
import time

import psycopg

from common import finish, median, table
from harness import Postgres, Understudy, pgbench

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = os.environ.get("SECONDS_EACH", "3")
SELECT1 = "select 1;\n"
WANTED = os.environ.get("CELLS", "")  # only cells whose name contains this

TABLES = [
    "create table customer (id int primary key, region int not null, name text)",
    "create table orders (id int primary key, customer_id int not null, placed timestamptz, status text)",
    "create table item (id int primary key, order_id int not null, qty int, price numeric(12,2), w float8)",
    "insert into customer select i, i % 20, 'c' || i from generate_series(1, 10000) i",
    "insert into orders select i, 1 + i % 10000, timestamptz '2024-01-01' + (i % 365) * interval '1 day', case i % 3 when 0 then 'open' else 'sent' end"
    " from generate_series(1, 200000) i",
    "insert into item select i, 1 + (i * 7) % 200000, i % 10, (i % 10000) / 100.0, i * 0.5 from generate_series(1, 1000000) i",
    "create index on orders (customer_id)",
    "create index on item (order_id)",
    "analyze",
]
QUERIES = {
    "1M rows GROUP BY": "select qty, count(*), sum(id), min(w), max(w), avg(w) from item group by qty order by qty",
    "1M numerics summed": "select sum(price), avg(price) from item",
    "1M numerics summed by group": "select qty, sum(price), sum(price * qty) from item group by qty order by qty",
    "join of three on indexes": "select c.region, count(*), sum(i.qty) from customer c join orders o on o.customer_id = c.id join item i on i.order_id = o.id"
                                " where c.id between 100 and 600 group by c.region order by 1",
    "join of three, all rows": "select c.region, count(*), sum(i.qty) from customer c join orders o on o.customer_id = c.id join item i on i.order_id = o.id"
                               " group by c.region order by 1",
}


def timed(conn, sql):
    start = time.perf_counter()
    rows = conn.execute(sql).fetchall()
    return time.perf_counter() - start, rows


def long_queries(pg, us):
    """Seconds on SQLite over seconds on PostgreSQL (one process, no JIT): medians of interleaved rounds."""
    sides = [psycopg.connect(host="127.0.0.1", port=s.port, user="postgres", dbname="postgres", autocommit=True) for s in (pg, us)]
    for c in sides:
        for sql in TABLES:
            c.execute(sql)
    sides[0].execute("set max_parallel_workers_per_gather = 0")
    sides[0].execute("set jit = off")
    rows = []
    for name, sql in QUERIES.items():
        if WANTED not in name:
            continue
        times = [[], []]
        for _ in range(ROUNDS):
            answers = [timed(c, sql) for c in sides]
            if answers[0][1] != answers[1][1]:
                sys.exit("%s: the answers differ" % name)
            for t, (seconds, _) in zip(times, answers):
                t.append(seconds)
        p, u = median(times[0]), median(times[1])
        rows.append([name, p * 1000, u * 1000, u / p])
    for c in sides:
        c.close()
    table(["query", "PostgreSQL ms", "SQLite ms", "time ratio"], rows)


def main():
    pg, us = Postgres(), Understudy()
    script = tempfile.NamedTemporaryFile("w", suffix=".sql")
    script.write(SELECT1)
    script.flush()
    cells = [("select 1, prepared", ["-f", script.name, "-M", "prepared"], c) for c in (1, 8, 32)]
    cells += [("point select, prepared", ["-S", "-M", "prepared"], c) for c in (1, 8, 32)]
    cells += [("point select, simple", ["-S", "-M", "simple"], c) for c in (1, 8, 32)]
    cells += [("TPC-B, prepared", ["-M", "prepared"], c) for c in (1, 8, 32)]
    cells = [c for c in cells if WANTED in c[0]]
    try:
        for side in (pg, us):
            r = pgbench(side.port, "-i", "-q", "-s", "10")
            if r.code:
                sys.exit(r.out)
        pg.sql("vacuum analyze")
        result = {}
        for _ in range(ROUNDS):
            for name, args, clients in cells:
                for label, side in (("postgres", pg), ("understudy", us)):
                    r = pgbench(side.port, "-n", "-c", str(clients), "-T", SECONDS, "--max-tries=100", *args)
                    if r.code or r.aborted:
                        sys.exit("%s on %s:\n%s" % (name, label, r.out))
                    result.setdefault((name, clients, label), []).append(r.tps)
        rows, ratio = [], 0.0
        for name, _, clients in cells:
            p, u = median(result[name, clients, "postgres"]), median(result[name, clients, "understudy"])
            rows.append([name, str(clients), p, u, u / p])
            if name == "point select, prepared" and clients == 8:
                ratio = u / p
        table(["statement", "clients", "PostgreSQL tps", "SQLite tps", "ratio"], rows)
        long_queries(pg, us)
        finish("sqlite", ratio)
    finally:
        us.close()
        pg.close()


if __name__ == "__main__":
    main()
