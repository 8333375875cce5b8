"""Row-level security where a script of statements cannot look: COPY, prepared statements of a session that changes its role, psql."""
import subprocess

import psycopg
import pytest


def test_row_security_of_copy_and_prepared_statements(us):
    with us.connect(autocommit=True) as c:
        c.execute("create role rsx_ann login")
        c.execute("create table rsx (id int primary key, who text)")
        c.execute("insert into rsx values (1, 'rsx_ann'), (2, 'other')")
        c.execute("create policy own on rsx using (who = current_setting('app.who', true) or who = current_user)")
        c.execute("alter table rsx enable row level security")
        c.execute("grant all on rsx to rsx_ann")
    with us.connect(autocommit=True, user="rsx_ann") as c:
        with c.cursor().copy("copy rsx to stdout") as copy:
            assert b"".join(copy) == b"1\trsx_ann\n"
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="COPY FROM not supported with row-level security"):
            with c.cursor().copy("copy rsx from stdin") as copy:
                copy.write("3\tx\n")
        for _ in range(3):
            assert c.execute("select id from rsx order by id", prepare=True).fetchall() == [(1,)]
        c.execute("set app.who = 'other'")
        assert c.execute("select id from rsx order by id", prepare=True).fetchall() == [(1,), (2,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match='new row violates row-level security policy for table "rsx"'):
            c.execute("insert into rsx values (%s, %s)", (4, "somebody"))
        c.execute("insert into rsx values (%s, %s)", (4, "other"))
    with us.connect(autocommit=True) as c:
        assert c.execute("select id from rsx order by id").fetchall() == [(1,), (2,), (4,)]
        c.execute("set role rsx_ann")
        assert c.execute("select id from rsx order by id").fetchall() == [(1,)]


def test_psql_shows_policies(us):
    with us.connect(autocommit=True) as c:
        c.execute("create table rsy (a int)")
        c.execute("create policy some_rows on rsy as restrictive for update using (a > 0) with check (a > 1)")
        c.execute("alter table rsy enable row level security")
        dsn = "host=127.0.0.1 port=%d user=postgres dbname=%s" % (c.info.port, c.info.dbname)
    out = subprocess.run(["psql", "-X", dsn, "-c", "\\d rsy"], capture_output=True, text=True, timeout=20).stdout
    assert 'Policies:\n    POLICY "some_rows" AS RESTRICTIVE FOR UPDATE\n      USING ((a > 0))\n      WITH CHECK ((a > 1))' in out
