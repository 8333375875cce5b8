"""Generated statements (tests/gen) on PostgreSQL 15 and on SQLite, for a bounded time from a fixed seed: no difference."""
import os
import sys

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "gen"))
import run  # noqa: E402

SEED, SECONDS, STATEMENTS = 20240501, 20, 900


def test_generated(us, pg, record_property):
    with us.connect(options=run.OPTIONS) as ours, pg.connect(options=run.OPTIONS) as theirs:
        differences = []
        c = run.Comparison(ours, theirs, differences.append)
        c.run(SECONDS, SEED, limit=STATEMENTS)
        record_property("oracle", "%-12s %-8s %s" % ("generated", "", ", ".join("%d %s" % (n, v) for v, n in sorted(c.score.items()))))
        assert not differences, "\n".join(differences)[:8000]
        assert sum(c.score.values()) > 100
