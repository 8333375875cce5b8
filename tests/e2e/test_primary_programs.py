"""Functions and triggers of the primary during an outage: they run on SQLite, once, and what comes back are rows."""
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from harness import Postgres, Understudy, wait_until

PROGRAMS = """
create schema app;
create table app.item (id serial primary key, name text not null, total numeric(10,2) default 0, updated_at timestamptz);
create table app.audit (id serial primary key, op text, item int, old_name text, new_name text);
create table app.part (id int primary key, item int references app.item on delete cascade);
create function app.touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
create function app.note() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then insert into app.audit (op, item, old_name) values (tg_op, old.id, old.name); return old; end if;
  insert into app.audit (op, item, old_name, new_name) values (tg_op, new.id, case when tg_op = 'UPDATE' then old.name end, new.name);
  return new;
end $$;
create trigger a_touch before insert or update on app.item for each row execute function app.touch();
create trigger b_note after insert or update or delete on app.item for each row execute function app.note();
create trigger asleep after insert on app.item for each row execute function app.note();
alter table app.item disable trigger asleep;
create function app.double(int) returns int language sql immutable as 'select $1 * 2';
create function app.names(out n int, out all_names text) language sql stable as 'select count(*)::int, string_agg(name, '','' order by id) from app.item';
create procedure app.add(p text) language plpgsql as $$ begin insert into app.item (name) values (p); end $$;
create function app.of_item(app.item) returns text language sql immutable as 'select $1.name || ''!''';
create table app.computed (a int primary key, b int default app.double(2), c int default app.double(21), check (app.double(a) < 1000));
create index on app.computed (app.double(c));
create table app.made (a int primary key, b int generated always as (app.double(a)) stored);
insert into app.item (name) values ('one'), ('two');
insert into app.computed (a) values (1);
create table ruled (id int primary key);
create rule r as on insert to ruled do also insert into app.audit (op) values ('rule');
create table strange (id int primary key, v text);
insert into strange values (1, 'x');
create function odd() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger odd after update on strange referencing new table as n for each statement execute function odd();
create rule odder as on delete to strange do also insert into app.audit (op) values ('rule');
"""


@pytest.fixture
def pair():
    pg = Postgres()
    pg.sql(PROGRAMS)
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    yield pg, us
    us.close()
    pg.close()


def lose(pg, us):
    pg.kill9()
    us.wait_state("SQLITE", 20)


def come_back(pg, us):
    pg.wait_gone()
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)


def on_sqlite(us, sql):
    us.post("/db/force-sqlite")
    try:
        with us.connect() as c:
            return c.execute(sql).fetchall()
    finally:
        us.post("/db/retry-primary")
        us.wait_state("PRIMARY", 60)


EVERYTHING = "select array(select i::text from app.item i order by id), array(select a::text from app.audit a order by id), array(select p::text from app.part p order by id)"


def test_triggers_fire_once(pair):
    pg, us = pair
    pg.sql("insert into app.part values (1, 1), (2, 2)")
    wait_until("the rows", lambda: on_sqlite(us, "select count(*) from app.part") == [(2,)])
    lose(pg, us)
    with us.connect() as c:
        c.execute("set timezone = 'UTC'")
        c.execute("insert into app.item (name) values ('three')")
        c.execute("update app.item set name = 'zwei' where id = 2")
        c.execute("call app.add('four')")
        assert c.execute("select updated_at > now() - interval '1 minute' from app.item where id > 1").fetchall() == [(True,)] * 3
        assert c.execute("select op, old_name, new_name from app.audit where id > 2 order by id").fetchall() == [
            ("INSERT", None, "three"), ("UPDATE", "two", "zwei"), ("INSERT", None, "four")]
        assert c.execute("select * from app.names()").fetchone() == (4, "one,zwei,three,four")
        assert c.execute("select app.of_item(i) from app.item i where name = 'three'").fetchone() == ("three!",)
        assert c.execute("insert into app.computed (a) values (4) returning b, c").fetchone() == (4, 42)
        with pytest.raises(psycopg.errors.CheckViolation):
            c.execute("insert into app.computed (a) values (4000)")
        local = c.execute(EVERYTHING).fetchone()
        oids = "select p.oid::int, proname from pg_proc p where pronamespace = 'app'::regnamespace order by 1"
        functions = c.execute(oids).fetchall()
        triggers = "select oid::int, tgname, tgenabled from pg_trigger where tgrelid = 'app.item'::regclass and not tgisinternal order by 1"
        known = c.execute(triggers).fetchall()
    come_back(pg, us)
    with psycopg.connect(pg.url(), options="-c timezone=UTC") as p:
        assert p.execute(EVERYTHING).fetchone() == local
    assert pg.sql(oids) == functions
    assert pg.sql(triggers) == known
    assert us.get("/db/status")["conflicts"] == 0


def test_foreign_keys_are_looked_at_without_their_triggers(pair):
    pg, us = pair
    pg.sql("create function app.part_note() returns trigger language plpgsql as $$ begin insert into app.audit (op, item) values ('part', new.id); return new; end $$;"
           "create trigger t after insert on app.part for each row execute function app.part_note()")
    wait_until("the trigger", lambda: on_sqlite(us, "select count(*) from pg_trigger where tgname = 't'") == [(1,)], interval=0.5)
    us.post("/db/force-sqlite")
    with us.connect() as c:
        c.execute("insert into app.part values (10, 1)")
        c.execute("insert into app.part values (20, 2)")
    # Somebody else takes one of the items away meanwhile.
    pg.sql("delete from app.item where id = 2")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select id, item from app.part") == [(10, 1)]
    assert pg.sql("select item from app.audit where op = 'part'") == [(10,)]
    assert us.get("/db/status")["conflicts"] == 1


def test_what_cannot_run_is_refused_and_listed(pair):
    pg, us = pair
    wait_until("the number of what is missing", lambda: us.get("/db/status")["unmirrored"] >= 3)
    lose(pg, us)
    with us.connect() as c:
        for sql in ("insert into ruled values (1)", "delete from strange"):
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="not available in SQLite mode"):
                c.execute(sql)
        assert c.execute("select v from strange").fetchone() == ("x",)
        rows = c.execute("select kind, name from understudy.unmirrored where kind in ('trigger', 'rule') order by 2").fetchall()
        assert ("rule", "public.ruled.r") in rows and ("rule", "public.strange.odder") in rows


def test_changes_of_programs_come_along(pair):
    pg, us = pair
    with us.connect() as c:
        c.execute("create or replace function app.double(int) returns int language sql immutable as 'select $1 * 2 + 0 * 1'")
        c.execute("create function app.later(text) returns text language plpgsql as $$ begin return upper($1); end $$")
        c.execute("drop trigger b_note on app.item; drop function app.note() cascade")
        c.execute("create function app.note2() returns trigger language plpgsql as $$ begin new.name := new.name || '+'; return new; end $$")
        c.execute("create trigger c_note before insert on app.item for each row when (new.name <> 'plain') execute function app.note2()")
    wait_until("the function", lambda: on_sqlite(us, "select count(*) from pg_proc where proname = 'later'") == [(1,)], 20, interval=1)
    lose(pg, us)
    with us.connect() as c:
        assert c.execute("select app.later('a'), app.double(3)").fetchone() == ("A", 6)
        assert c.execute("insert into app.item (name) values ('x'), ('plain') returning name").fetchall() == [("x+",), ("plain",)]
        assert c.execute("select count(*) from app.audit").fetchone() == (2,)
    come_back(pg, us)
    assert pg.sql("select name from app.item where id > 2 order by id") == [("x+",), ("plain",)]
    assert us.get("/db/status")["conflicts"] == 0


RIGHTS = """
create role app login; create role reader login; create role team; create role boss login; grant team to app; create role asleep;
create schema priv;
create table priv.doc (id int primary key, v text, secret text);
insert into priv.doc values (1, 'one', 'hidden');
create table priv.own (id serial primary key, v text);
alter table priv.own owner to app;
grant usage on schema priv to team, reader;
grant select (id, v) on priv.doc to reader;
grant select, insert on priv.doc to team with grant option;
create function priv.peek() returns text language sql security definer as 'select secret from priv.doc where id = 1';
create view priv.seen as select id from priv.doc;
grant select on priv.seen to public;
"""


@pytest.fixture
def roles():
    pg = Postgres()
    pg.sql(RIGHTS)
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    yield pg, us
    us.close()
    pg.close()


CATALOG = ["select oid::int, rolname::text, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin from pg_roles where oid >= 16384 or oid = 10 order by 1",
           "select roleid::int, member::int, admin_option from pg_auth_members where roleid >= 16384 order by 1, 2",
           "select relname::text, relowner::int, relacl::text from pg_class where relnamespace = 'priv'::regnamespace and relkind in ('r', 'v', 'S') order by 1",
           "select nspname::text, nspacl::text from pg_namespace where nspname in ('public', 'priv') order by 1",
           "select attname::text, attacl::text from pg_attribute where attrelid = 'priv.doc'::regclass and attnum > 0 order by 1"]


def refused(c, sql):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        c.execute(sql)


def test_rights_of_the_primary_hold(roles):
    pg, us = roles
    there = [pg.sql(sql) for sql in CATALOG]
    us.post("/db/force-sqlite")
    with us.connect() as c:
        assert [c.execute(sql).fetchall() for sql in CATALOG] == there
    with us.connect(user="app") as c:
        assert c.execute("select v from priv.doc").fetchall() == [("one",)]
        c.execute("insert into priv.doc values (2, 'two', 'x')")
        c.execute("insert into priv.own (v) values ('mine')")
        refused(c, "update priv.doc set v = 'x'")
        refused(c, "delete from priv.doc")
    with us.connect(user="reader") as c:
        assert c.execute("select id, v from priv.doc where id = 1").fetchone() == (1, "one")
        refused(c, "select secret from priv.doc")
        refused(c, "select * from priv.own")
        assert c.execute("select priv.peek()").fetchone() == ("hidden",)
        assert c.execute("select count(*) from priv.seen").fetchone() == (2,)
    with us.connect(user="boss") as c:
        refused(c, "select v from priv.doc")
    for name in ("asleep", "nobody"):
        with pytest.raises(psycopg.OperationalError):
            us.connect(user=name)
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 60)
    pg.sql("create role late login; grant usage on schema priv to late; grant select on priv.own to late; revoke insert on priv.doc from team; alter role reader nologin")
    probe = "select has_table_privilege('late', 'priv.own', 'select')"
    wait_until("the grants", lambda: on_sqlite(us, probe) == [(True,)], 20, interval=1)
    us.post("/db/force-sqlite")
    with us.connect(user="late") as c:
        assert c.execute("select v from priv.own").fetchall() == [("mine",)]
    with us.connect(user="app") as c:
        refused(c, "insert into priv.doc values (3, 'three', 'x')")
    with pytest.raises(psycopg.OperationalError):
        us.connect(user="reader")


def test_an_index_is_built_concurrently_while_its_table_is_to_be_copied(pair):
    """CREATE INDEX CONCURRENTLY waits for every older transaction; that of the copy waits for the table, and must not wait for long."""
    pg, us = pair
    waiting = "select count(*) from pg_locks where relation = 'made'::regclass and mode = 'ShareLock' and not granted"
    with pg.connect() as c, pg.connect(autocommit=False) as writer, ThreadPoolExecutor(1) as pool:
        c.execute("create table made (id int primary key, v text)")
        writer.execute("insert into made values (1, 'x')")
        building = pool.submit(pg.sql, "create index concurrently on made (v)")
        wait_until("the copy to ask for its lock", lambda: c.execute(waiting).fetchone() == (1,), 20, interval=0.02)
        writer.commit()
        building.result(30)
    wait_until("the index", lambda: on_sqlite(us, "select count(*) from pg_indexes where indexname = 'made_v_idx'") == [(1,)], 30, interval=1)


POLICIES = """
create table priv.note (id int primary key, writer text not null default current_user, v text);
insert into priv.note values (1, 'app', 'mine'), (2, 'reader', 'theirs');
grant select, insert, update on priv.note to app, reader;
alter table priv.note enable row level security;
create policy own_rows on priv.note to app, reader using (writer = current_user) with check (writer = current_user and v <> 'forbidden');
create policy fenced on priv.note as restrictive for select using (id < 100);
"""
POLICY_CATALOG = "select oid::int, polname::text, polcmd::text, polpermissive, polroles::text, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) from pg_policy order by 1"


def test_policies_of_the_primary_hold(roles):
    pg, us = roles
    pg.sql(POLICIES)
    wait_until("the policies", lambda: on_sqlite(us, "select count(*) from pg_policy") == [(2,)], 20, interval=1)
    there = pg.sql(POLICY_CATALOG)
    us.post("/db/force-sqlite")
    with us.connect() as c:
        assert c.execute(POLICY_CATALOG).fetchall() == there
        assert c.execute("select count(*) from priv.note").fetchone() == (2,)
    with us.connect(user="app") as c:
        assert c.execute("select id, v from priv.note").fetchall() == [(1, "mine")]
        assert c.execute("update priv.note set v = v || '!'").rowcount == 1
        c.execute("insert into priv.note (id, v) values (3, 'new')")
        refused(c, "insert into priv.note values (4, 'reader', 'forged')")
        refused(c, "insert into priv.note (id, v) values (5, 'forbidden')")
    us.post("/db/retry-primary")
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select id, writer, v from priv.note order by 1") == [(1, "app", "mine!"), (2, "reader", "theirs"), (3, "app", "new")]
    pg.sql("drop policy own_rows on priv.note")
    wait_until("the change", lambda: on_sqlite(us, "select count(*) from pg_policy") == [(1,)], 20, interval=1)
    us.post("/db/force-sqlite")
    with us.connect(user="app") as c:
        assert c.execute("select count(*) from priv.note").fetchone() == (0,)
