"""Roles over several sessions: logging in, COPY, and plans that are shared between roles."""
import psycopg
import pytest


@pytest.fixture(scope="module", autouse=True)
def roles(us):
    us.sql("""create role reader login; create role nobody_in nologin; create table t (a int, b int); insert into t values (1, 2);
              grant select (a) on t to reader""")


def test_a_role_without_login_stays_out(us):
    with pytest.raises(psycopg.OperationalError, match='role "nobody_in" is not permitted to log in'):
        us.connect(user="nobody_in")
    # Any other name is let in on loopback, and may do everything, as long as nobody has made it a role.
    with us.connect(user="somebody") as conn:
        assert conn.execute("select current_user, b from t").fetchone() == ("somebody", 2)


def test_plans_are_not_shared_between_roles(us):
    with us.connect() as a, us.connect(user="reader") as b:
        for sql in ("select b from t", "select b from t where a = 1"):
            assert a.execute(sql).fetchone() == (2,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                b.execute(sql)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                b.execute(sql, prepare=True)
        assert b.execute("select a from t").fetchone() == (1,)
        a.execute("revoke select (a) on t from reader")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            b.execute("select a from t")
        a.execute("grant select on t to reader")
        assert b.execute("select b from t").fetchone() == (2,)
        a.execute("revoke all on t from reader; grant select (a) on t to reader")


def test_copy_and_cursors_are_checked(us):
    with us.connect(user="reader") as b:
        for sql in ("copy t to stdout", "copy (select b from t) to stdout", "copy t from stdin"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                with b.cursor().copy(sql) as copy:
                    list(copy) if "to stdout" in sql else copy.write("1\t2\n")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            b.execute("declare c cursor with hold for select b from t")


def test_parameters_follow_the_role(us):
    with us.connect() as conn:
        assert conn.info.parameter_status("is_superuser") == "on"
        conn.execute("set role reader")
        assert conn.info.parameter_status("is_superuser") == "off"
        conn.execute("set session authorization reader")
        assert conn.info.parameter_status("session_authorization") == "reader"
        conn.execute("discard all")
        assert conn.execute("select current_user, session_user").fetchone() == ("postgres", "postgres")
        assert conn.info.parameter_status("is_superuser") == "on"


def test_views_that_ask_for_the_readers_rights_are_refused(us):
    with us.connect() as c:
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            c.execute("create view invoked with (security_invoker) as select 1 as a")
        c.execute("create view owned with (security_invoker = false) as select 1 as a; drop view owned")


def test_settings_of_roles_and_the_database_begin_a_session(us):
    with us.connect(autocommit=True) as c:
        c.execute("create role set_ann login")
        c.execute("alter role set_ann set work_mem = '7MB'")
        c.execute("alter role set_ann set search_path = public, pg_catalog")
        c.execute("alter role set_ann in database %s set statement_timeout = '9s'" % c.info.dbname)
        c.execute("alter database %s set work_mem = '6MB'" % c.info.dbname)
        c.execute("alter database %s set lock_timeout = '5s'" % c.info.dbname)
    with us.connect(autocommit=True, user="set_ann") as c:
        shown = [c.execute("show " + name).fetchone()[0] for name in ("work_mem", "search_path", "statement_timeout", "lock_timeout")]
        assert shown == ["7MB", "public, pg_catalog", "9s", "5s"]
        c.execute("set work_mem = '1MB'")
        c.execute("reset work_mem")
        assert c.execute("show work_mem").fetchone() == ("7MB",)
    with us.connect(autocommit=True, user="set_ann", options="-c work_mem=3MB") as c:
        assert c.execute("show work_mem").fetchone() == ("3MB",)
    with us.connect(autocommit=True) as c:
        assert c.execute("show work_mem").fetchone() == ("6MB",)
        c.execute("alter database %s reset all" % c.info.dbname)
        c.execute("drop role set_ann")
