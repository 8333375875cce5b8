"""The 20 data-access methods of a small application: the same results and command tags on every side and across switches."""
import os
import subprocess

import pytest

from harness import ROOT, Postgres, Understudy

SCHEMA = open(os.path.join(os.path.dirname(__file__), "dbprovider.sql")).read()


def run(url, control=None):
    argv = ["node", os.path.join(ROOT, "tests", "node", "dbprovider.js"), url] + ([control] if control else [])
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=180)
    assert p.returncode == 0, p.stdout[-2000:] + p.stderr
    return p.stdout.splitlines()


@pytest.fixture(scope="module")
def expected():
    pg = Postgres()
    pg.sql(SCHEMA)
    lines = run(pg.url())
    pg.close()
    assert len(lines) == 25
    return lines


def compare(got, expected):
    for g, e in zip(got, expected):
        assert g == e
    assert len(got) == len(expected)


def test_on_sqlite_alone(expected, us):
    us.sql(SCHEMA)
    compare(run(us.url()), expected)


def test_through_the_relay(expected):
    pg = Postgres()
    pg.sql(SCHEMA)
    u = Understudy(primary=pg.url())
    u.wait_state("PRIMARY", 60)
    compare(run(u.url()), expected)
    u.close()
    pg.close()


def test_with_a_switch_in_the_middle_of_each_method(expected):
    pg = Postgres()
    pg.sql(SCHEMA)
    u = Understudy(primary=pg.url(), options=["--min-dwell", "0"])
    u.wait_state("PRIMARY", 60)
    compare(run(u.url(), "http://127.0.0.1:%d" % u.http), expected)
    assert u.get("/db/status")["conflicts"] == 0
    u.close()
    pg.close()
