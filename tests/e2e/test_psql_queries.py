"""What psql's backslash commands ask, as psql -E shows it (tests/psql/, one file per command): SQLite mode refuses none of it."""
import glob
import os

import psycopg
import pytest

from oracle import split

HERE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "psql")


@pytest.fixture(scope="module", autouse=True)
def objects(us):
    us.sql("create view active_people as select 1 as id")  # \\sv asks for it by name


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(HERE, "*.sql"))), ids=os.path.basename)
def test_not_refused(us, path):
    with open(path, encoding="utf-8") as f:
        statements = split(f.read())
    assert statements
    with us.connect() as c:
        for sql in statements:
            try:
                c.execute(sql)
            except psycopg.Error as e:
                pytest.fail("%s\n%s" % (e, sql))
