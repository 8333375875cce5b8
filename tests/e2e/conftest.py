import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "heavy: takes long or much CPU; left out of the sanitizer run")
    config.addinivalue_line("markers", "threads: where threads meet; run with the thread sanitizer too")


@pytest.fixture(scope="module")
def pg():
    """A PostgreSQL 15 cluster for the tests of one file."""
    p = harness.Postgres()
    yield p
    p.close()


@pytest.fixture(scope="module")
def us():
    """An understudy with no primary, for the tests of one file."""
    u = harness.Understudy()
    yield u
    u.close()


def pytest_terminal_summary(terminalreporter):
    """The score of the oracle suite, per file and protocol."""
    reports = terminalreporter.stats.get("passed", []) + terminalreporter.stats.get("failed", [])
    lines = sorted(value for r in reports for key, value in getattr(r, "user_properties", []) if key == "oracle")
    if lines:
        terminalreporter.section("oracle: understudy on SQLite against PostgreSQL 15")
        for line in lines:
            terminalreporter.write_line(line)
