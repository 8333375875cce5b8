"""The oracle suite: tests/oracle/*.sql run on PostgreSQL 15 and on SQLite; rows, names, type OIDs, tags, SQLSTATEs and status must agree.

A statement may be refused with 0A000 only in a file whose first line says `-- refused: n` (at most n of them).
"""
import glob
import os
import re

import pytest

from harness import ROOT
from oracle import DIFFERENT, REFUSED, compare_file

FILES = sorted(glob.glob(os.path.join(ROOT, "tests", "oracle", "*.sql")))


@pytest.mark.parametrize("mode", ["simple", "extended"])
@pytest.mark.parametrize("path", FILES, ids=lambda p: os.path.basename(p)[:-4])
def test_oracle(path, mode, us, pg, record_property):
    database = "o_%s_%s" % (os.path.basename(path)[:-4], mode)
    score, notes = compare_file(path, us, pg, mode == "extended", database)
    with open(path) as f:
        m = re.match(r"-- refused: (\d+)", f.readline())
    line = "%-12s %-8s %s" % (os.path.basename(path)[:-4], mode, ", ".join("%d %s" % (n, k) for k, n in score.items() if n))
    record_property("oracle", line)
    wrong = ["%s\n   ours:   %s\n   theirs: %s" % (sql, ours, theirs) for verdict, sql, ours, theirs in notes if verdict == DIFFERENT]
    assert not wrong, "\n".join(wrong)[:8000]
    refused = ["%s\n   %s" % (sql, ours) for verdict, sql, ours, theirs in notes if verdict == REFUSED]
    assert len(refused) <= (int(m.group(1)) if m else 0), "\n".join(refused)[:8000]
