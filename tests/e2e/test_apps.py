"""Programs on the drivers and ORMs that people use: the same output on PostgreSQL and on SQLite, line by line."""
import os
import subprocess

import pytest

from harness import ROOT, Postgres, Understudy

CLIENTS = os.path.join(ROOT, "tests", "clients")
NODE = os.path.join(ROOT, "tests", "node")


def compiled(compiler, source, *libraries):
    def build(tmp):
        program = str(tmp / "program")
        subprocess.run([compiler, "-w", "-O0", os.path.join(CLIENTS, source), "-o", program] + ["-l" + x for x in libraries], check=True)
        return [program]
    return build


def script(*argv):
    return lambda tmp: list(argv)


PROGRAMS = {
    "sequelize": script("node", NODE + "/sequelize.js"),
    "knex": script("node", NODE + "/knex.js"),
    "typeorm": script("node", NODE + "/typeorm.js"),
    "drizzle": script("node", NODE + "/drizzle.js"),
    "postgres.js": script("node", NODE + "/postgresjs.js"),
    "services": script("node", NODE + "/services.js"),
    "calls": script("node", NODE + "/calls.js"),
    "hrms": script("/usr/bin/python3", "-W", "ignore", CLIENTS + "/hrms_app.py"),
    "harvest": script("/usr/bin/python3", "-W", "ignore", CLIENTS + "/harvest_app.py"),
    "sqlalchemy": script("/usr/bin/python3", "-W", "ignore", CLIENTS + "/sqlalchemy_app.py"),
    "django": script("/usr/bin/python3", "-W", "ignore", CLIENTS + "/django_app.py"),
    "jdbc": script("java", "-cp", "/usr/share/java/postgresql.jar", CLIENTS + "/Jdbc.java"),
    "pdo": script("php", CLIENTS + "/pdo.php"),
    "ruby": script("ruby", CLIENTS + "/ruby_pg.rb"),
    "perl": script("perl", CLIENTS + "/dbi.pl"),
    "libpqxx": compiled("g++", "pqxx.cc", "pqxx", "pq"),
    "odbc": compiled("gcc", "odbc.c", "odbc"),
}


@pytest.fixture(scope="module")
def servers():
    both = Postgres(), Understudy()
    yield both
    for s in both:
        s.close()


def run(argv, server, name):
    database = "p_" + "".join(c for c in name if c.isalnum())
    if isinstance(server, Postgres):
        server.sql("CREATE DATABASE %s TEMPLATE template0" % database)
    url = "postgres://postgres@127.0.0.1:%d/%s" % (server.port, database)
    if name == "odbc":
        url = "Driver=PostgreSQL Unicode;Server=127.0.0.1;Port=%d;Database=%s;Uid=postgres;" % (server.port, database)
    env = dict(os.environ, TZ="UTC", LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1")
    p = subprocess.run(argv + [url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, env=env)
    return p.stdout.splitlines() + ["exit %d" % p.returncode] + (p.stderr.splitlines()[-30:] if p.returncode else [])


@pytest.mark.heavy
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, servers, tmp_path):
    argv = PROGRAMS[name](tmp_path)
    theirs, ours = (run(argv, s, name) for s in servers)
    assert theirs[-1] == "exit 0", "\n".join(theirs[-40:])
    different = ["PostgreSQL: %s\nunderstudy: %s" % pair for pair in zip(theirs, ours) if pair[0] != pair[1]]
    assert ours == theirs, "\n".join(different[:6]) or "\n".join(ours[-40:])
