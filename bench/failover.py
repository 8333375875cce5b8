#!/usr/bin/env python3
"""What clients notice when the primary dies: dropped connections, errors, the longest gap between successes.

Two deaths: kill -9 of the postmaster (with hold = 0), and SIGSTOP of the postmaster and all its children (a server that is silent but
still there). 16 clients: 6 run autocommit statements, 4 run explicit transactions, 6 are idle and ask once a second. They are Python
threads that disturb each other, so the longest gap before the death is shown too. Then once more with pgbench, one thread for 6 clients
that read and one for 4 that run TPC-B, where the longest latency (with the time a transaction was late) is the gap.
The last line's ratio is the longest latency of pgbench's reading clients around kill -9 over the 50 ms that is the target.
"""
import glob
import os
import re
import shutil
import signal
import subprocess
import threading
import time

import psycopg

from common import finish, table
from harness import PGBIN, Postgres, Understudy, pgbench, scratch


class Client(threading.Thread):
    def __init__(self, us, kind, stop):
        super().__init__(daemon=True)
        self.us, self.kind, self.stop = us, kind, stop
        self.times, self.errors, self.drops, self.in_transaction = [], [], 0, 0
        self.conn = us.connect()

    def once(self):
        if self.kind == "transaction":
            with self.conn.transaction():
                self.conn.execute("update pgbench_tellers set tbalance = tbalance + 1 where tid = 1 + (random() * 9)::int")
                self.conn.execute("select 1")
        else:
            self.conn.execute("select abalance from pgbench_accounts where aid = 1 + (random() * 99999)::int")

    def run(self):
        pause = {"autocommit": 0.005, "transaction": 0.01, "idle": 1.0}[self.kind]
        while not self.stop.is_set():
            try:
                self.once()
                self.times.append(time.monotonic())
            except psycopg.Error as e:
                self.errors.append((time.monotonic(), e.sqlstate))
                if self.conn.closed:
                    self.drops += 1
                    try:
                        self.conn = self.us.connect(connect_timeout=5)
                    except psycopg.Error:
                        time.sleep(0.05)
            time.sleep(pause)

    def gap_ms(self, since):
        seen = [t for t in self.times if t >= since]
        return self.longest_ms([t for t in self.times if t < since][-1:] + seen)

    def usual_ms(self, until):
        return self.longest_ms([t for t in self.times if t < until])

    @staticmethod
    def longest_ms(points):
        return max((b - a for a, b in zip(points, points[1:])), default=float("inf")) * 1000


def scenario(death):
    pg = Postgres()
    pgbench(pg.port, "-i", "-q", "-s", "1")
    us = Understudy(primary=pg.url(), options=["--hold", "0", "--probe-interval", "500ms"])
    us.wait_state("PRIMARY", 60)
    stop = threading.Event()
    clients = [Client(us, k, stop) for k in ["autocommit"] * 6 + ["transaction"] * 4 + ["idle"] * 6]
    for c in clients:
        c.start()
    time.sleep(3)
    t = time.monotonic()
    if death == "kill -9":
        pg.kill9()
    else:
        pg.stop_all(signal.SIGSTOP)
    time.sleep(8)
    stop.set()
    for c in clients:
        c.join(20)
    rows = []
    for kind in ("autocommit", "transaction", "idle"):
        group = [c for c in clients if c.kind == kind]
        errors = sorted({s for c in group for _, s in c.errors if s})
        rows.append([death + ", " + kind, str(sum(c.drops for c in group)), str(sum(len(c.errors) for c in group)), ",".join(errors) or "-",
                     max(c.gap_ms(t) - (1000 if kind == "idle" else 0) for c in group),
                     max(c.usual_ms(t) - (1000 if kind == "idle" else 0) for c in group)])
    us.close()
    pg.close()
    return rows


def read_log(directory, prefix, died):
    """(milliseconds after the death, latency) of each transaction in pgbench's log; with -R the latency begins when it was due."""
    for name in glob.glob(os.path.join(directory, prefix + ".*")):
        with open(name) as f:
            for line in f:
                w = line.split()
                if w[2].isdigit():
                    yield (int(w[4]) + int(w[5]) / 1e6 - died) * 1000, int(w[2]) / 1000


def single_threads():
    pg = Postgres()
    pgbench(pg.port, "-i", "-q", "-s", "1")
    us = Understudy(primary=pg.url(), options=["--hold", "0", "--probe-interval", "500ms"])
    us.wait_state("PRIMARY", 60)
    logs = scratch("bench")
    kinds = {"read": ["-S", "-c", "6", "-R", "400"], "tpcb": ["-c", "4", "-R", "60", "--max-tries=20"]}
    procs = {}
    for kind, options in kinds.items():
        argv = [PGBIN + "/pgbench", "-n", "-h", "127.0.0.1", "-p", str(us.port), "-U", "postgres", "-j", "1", "-T", "7", "--log",
                "--log-prefix=" + kind, *options, "postgres"]
        procs[kind] = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=logs)
    time.sleep(3)
    died = time.time()
    pg.kill9()
    rows = []
    for kind, proc in procs.items():
        out = proc.communicate(timeout=60)[0]
        seen = list(read_log(logs, kind, died))
        rows.append(["kill -9, pgbench " + kind, str(len(set(re.findall(r"client (\d+) (?:script \d+ )?aborted", out)))), "0", "-",
                     max(ms for at, ms in seen if at >= 0), max(ms for at, ms in seen if at < 0)])
    shutil.rmtree(logs, ignore_errors=True)
    us.close()
    pg.close()
    return rows


def main():
    rows = single_threads() + scenario("kill -9") + scenario("SIGSTOP")
    table(["death of the primary, client", "dropped", "errors", "SQLSTATE", "longest gap ms", "before ms"], rows)
    finish("failover", rows[0][4] / 50, gap_ms=round(rows[0][4], 1), python_gap_ms=round(rows[2][4], 1), dropped=sum(int(r[1]) for r in rows))


if __name__ == "__main__":
    main()
