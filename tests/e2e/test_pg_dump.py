"""pg_dump of the SQLite side: the text that PostgreSQL gives for the same objects, and it restores into PostgreSQL 15."""
import subprocess

import pytest

from harness import Postgres, Understudy

SCHEMA = open(__file__.replace("test_pg_dump.py", "pg_dump.sql")).read()


@pytest.fixture(scope="module")
def servers():
    both = Postgres(), Understudy()
    both[0].sql("CREATE DATABASE shop TEMPLATE template0")
    for s in both:
        psql(s, "shop", SCHEMA)
    yield both
    for s in both:
        s.close()


def client(tool, server, *argv, **kw):
    return subprocess.run([tool, "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"] + list(argv), stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **kw)


def psql(server, database, text):
    p = client("psql", server, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", database, input=text.encode())
    assert p.returncode == 0, p.stderr.decode()


def dump(server, database, *options):
    p = client("pg_dump", server, "-d", database, *options)
    assert p.returncode == 0, p.stderr.decode()
    lines = p.stdout.decode().splitlines()
    return [x for x in lines if not x.startswith(("-- Dumped", "\\restrict", "\\unrestrict"))]


def test_the_same_text(servers):
    pg, us = servers
    assert dump(us, "shop") == dump(pg, "shop")


def test_inserts_and_single_tables(servers):
    pg, us = servers
    for options in (["--inserts", "--column-inserts", "-t", "item*"], ["--data-only", "--rows-per-insert=2", "--inserts"], ["--schema-only", "-n", "odd names"]):
        assert dump(us, "shop", *options) == dump(pg, "shop", *options)


def test_restores_into_postgresql(servers, tmp_path):
    pg, us = servers
    archive = str(tmp_path / "shop.dump")
    assert client("pg_dump", us, "-Fc", "-d", "shop", "-f", archive).returncode == 0
    pg.sql("CREATE DATABASE restored TEMPLATE template0")
    p = client("pg_restore", pg, "--exit-on-error", "-d", "restored", archive)
    assert p.returncode == 0, p.stderr.decode()
    assert dump(pg, "restored") == dump(pg, "shop")


def test_restores_into_sqlite(servers, tmp_path):
    pg, us = servers
    archive = str(tmp_path / "shop.dump")
    assert client("pg_dump", pg, "-Fc", "-d", "shop", "-f", archive).returncode == 0
    us.sql("select 1", db="back")
    p = client("pg_restore", us, "--exit-on-error", "-d", "back", archive)
    assert p.returncode == 0, p.stderr.decode()
    assert dump(us, "back") == dump(us, "shop")
