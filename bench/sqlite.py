#!/usr/bin/env python3
"""Statements served from SQLite against the same on PostgreSQL 15, in the same run: interleaved rounds, medians.

The last line's ratio is the prepared point select at 8 clients: understudy's tps over PostgreSQL's.
"""
import os
import sys
import tempfile

from common import finish, median, table
from harness import Postgres, Understudy, pgbench

ROUNDS = int(os.environ.get("ROUNDS", "3"))
SECONDS = os.environ.get("SECONDS_EACH", "3")
SELECT1 = "select 1;\n"


def main():
    pg, us = Postgres(), Understudy()
    script = tempfile.NamedTemporaryFile("w", suffix=".sql")
    script.write(SELECT1)
    script.flush()
    cells = [("select 1, prepared", ["-f", script.name, "-M", "prepared"], c) for c in (1, 8, 32)]
    cells += [("point select, prepared", ["-S", "-M", "prepared"], c) for c in (1, 8, 32)]
    cells += [("point select, simple", ["-S", "-M", "simple"], c) for c in (1, 8)]
    cells += [("TPC-B, prepared", ["-M", "prepared"], c) for c in (1, 8)]
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
        finish("sqlite", ratio)
    finally:
        us.close()
        pg.close()


if __name__ == "__main__":
    main()
