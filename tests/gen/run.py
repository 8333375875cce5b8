#!/usr/bin/env python3
"""Runs generated statements on PostgreSQL 15 and on understudy and compares: run.py SECONDS [SEED] [ours-URL theirs-URL]. Exit code 1 on a difference."""
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "e2e")]
import harness  # noqa: E402
import oracle  # noqa: E402
from queries import Generator, reduce  # noqa: E402

OPTIONS = "-c timezone=UTC -c client_min_messages=error -c statement_timeout=10s"


def either_error(ours, theirs):
    """Both fail, for reasons of values alone (class 22): which row comes first is not defined, nor which part is evaluated."""
    a, b = ours[0][-1].get("error", ""), theirs[0][-1].get("error", "")
    return a[:2] == "22" and b[:2] == "22"


def two_errors(ours, theirs):
    """Both refuse it for errors at two places: which is found first says nothing."""
    a, b = ours[0][-1], theirs[0][-1]
    return a.get("error", "")[:2] == "42" and b.get("error", "")[:2] == "42" and a["position"] != b["position"]


def without_typmod(side):
    """PostgreSQL folds constants before it tells a column's typmod: coalesce(1::numeric(5,1), x) has one."""
    results, status = side
    return [dict(r, cols=[c[:2] + (0,) for c in r["cols"]]) if "cols" in r else r for r in results], status


def one_failed(ours, theirs):
    """One side fails on a value and the other never evaluates that part: PostgreSQL promises neither."""
    a, b = ours[0][-1].get("error", ""), theirs[0][-1].get("error", "")
    return (a[:2] == "22") != (b[:2] == "22") and not (a and b)


def by_value(sql, ours, theirs):
    """Of equal numbers with another scale (0 and 0.0), which one stands for a group or comes first is not defined."""
    def plain(res):
        kinds = [c[1] for c in res["cols"]]
        return sorted(repr([v if v is None or k != 1700 or b"." not in v else v.rstrip(b"0").rstrip(b".") for v, k in zip(row, kinds)]) for row in res["rows"])

    a, b = ours[0][-1], theirs[0][-1]
    return "rows" in a and "rows" in b and a["cols"] == b["cols"] and a["tag"] == b["tag"] and plain(a) == plain(b) and plain(a) != sorted(map(repr, a["rows"]))


class Comparison:
    def __init__(self, ours, theirs, log=print):
        self.ours, self.theirs, self.log = ours, theirs, log
        self.score = {}
        self.differences = []
        self.refusals = {}

    def both(self, sql, extended=False):
        return oracle.run(self.ours, sql, extended), oracle.run(self.theirs, sql, extended)

    def verdict(self, sql, extended=False, ordered=False):
        ours, theirs = map(without_typmod, self.both(sql, extended))
        v = oracle.judge(sql, ours, theirs, ordered)
        if v == oracle.DIFFERENT and (either_error(ours, theirs) or two_errors(ours, theirs)):
            v = oracle.SAME_ERROR
        if v == oracle.DIFFERENT and one_failed(ours, theirs):
            v = "evaluation order"
        if v == oracle.DIFFERENT and by_value(sql, ours, theirs):
            v = oracle.SAME
        if v == oracle.REFUSED:
            message = ours[0][-1]["message"]
            self.refusals[message] = self.refusals.get(message, 0) + 1
        return v, ours, theirs

    def still_differs(self, sql, extended, ordered):
        """Made smaller, a statement may become wrong: that is another difference."""
        v, _, theirs = self.verdict(sql, extended, ordered)
        return v == oracle.DIFFERENT and theirs[0][-1].get("error", "")[:2] != "42"

    def world(self, seed):
        """A new schema on both sides, and statements until the caller has enough."""
        g = Generator(seed)
        for sql in ["drop table if exists t0, t1, t2"] + g.schema():
            v, ours, theirs = self.verdict(sql)
            if v == oracle.DIFFERENT:
                self.differ(seed, sql, ours, theirs)
        return g

    def differ(self, seed, sql, ours, theirs):
        self.differences.append(sql)
        self.log("seed %s\n  %s\n   ours:   %s\n   theirs: %s" % (seed, sql, ours, theirs))

    def statement(self, g, seed, k):
        node = g.statement()
        sql = str(node)
        write = sql.split()[0] in ("insert", "update", "delete")
        if write:
            self.both("begin")
        v, ours, theirs = self.verdict(sql, k % 2 == 1, node.ordered)
        if write:
            self.both("commit" if v in (oracle.SAME, oracle.SAME_ERROR) else "rollback")
        self.score[v] = self.score.get(v, 0) + 1
        if v == oracle.DIFFERENT:
            ordered = node.ordered  # the query itself may be what is replaced; then its rows are compared as a set
            small = sql if write else reduce(node, lambda text: self.still_differs(text, k % 2 == 1, ordered and text[-40:] == sql[-40:]))
            if small != sql:
                _, ours, theirs = self.verdict(small, k % 2 == 1, ordered and small[-40:] == sql[-40:])
            self.differ(seed, small, ours, theirs)

    def run(self, seconds, seed, per_world=60, limit=None):
        end = time.monotonic() + seconds
        done = 0
        while time.monotonic() < end and (limit is None or done < limit):
            g = self.world(seed)
            for k in range(per_world):
                if time.monotonic() >= end:
                    break
                self.statement(g, seed, k)
                done += 1
            seed += 1


def main():
    seconds = float(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    print("seed %d" % seed, flush=True)
    if len(sys.argv) > 4:
        ours, theirs = (oracle.psycopg.connect(u, options=OPTIONS, autocommit=True) for u in sys.argv[3:5])
    else:
        pg, us = harness.Postgres(), harness.Understudy()
        ours, theirs = us.connect(options=OPTIONS), pg.connect(options=OPTIONS)
    c = Comparison(ours, theirs, lambda text: print(text, flush=True))
    c.run(seconds, seed)
    print(", ".join("%d %s" % (n, v) for v, n in sorted(c.score.items())))
    for message, n in sorted(c.refusals.items(), key=lambda x: -x[1])[:20]:
        print("  refused %d times: %s" % (n, message))
    return 1 if c.differences else 0


if __name__ == "__main__":
    sys.exit(main())
