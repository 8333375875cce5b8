"""Programs between sessions and against the clock: notices, CONTEXT, parameters, recursion, cancelling, rollback."""
import threading
import time

import psycopg
import pytest


@pytest.fixture(scope="module")
def sides(pg, us):
    pair = [psycopg.connect(side.url(), autocommit=True) for side in (us, pg)]
    for c in pair:
        c.execute("create table prog (id int primary key, v text)")
        c.execute("create table prog_log (v text)")
        c.execute("create function prog_endless() returns int language plpgsql as 'begin loop null; end loop; end'")
        c.execute("create function prog_deep(n int) returns int language plpgsql as 'begin return prog_deep(n + 1); end'")
        c.execute("""create function prog_put(a int, b text) returns text language plpgsql as $$
begin
  insert into prog values (a, b);
  raise notice 'put %', a using hint = 'look';
  return b || '!';
end $$""")
        c.execute("""create function prog_log() returns trigger language plpgsql as $$
begin
  insert into prog_log values (tg_op || ' ' || coalesce(new.v, old.v));
  return null;
end $$""")
        c.execute("create trigger t after insert or update or delete on prog for each row execute function prog_log()")
    yield pair
    for c in pair:
        c.close()


def error(c, sql, params=None):
    with pytest.raises(psycopg.Error) as e:
        c.execute(sql, params)
    d = e.value.diag
    return d.sqlstate, d.message_primary, d.message_detail, d.context


def test_notices_and_parameters(sides):
    seen = []
    for c in sides:
        got = []
        c.add_notice_handler(lambda d, got=got: got.append((d.severity, d.message_primary, d.message_hint, d.context)))
        row = c.execute("select prog_put(%s, %s)", (1, "one")).fetchall()
        seen.append((row, got, c.execute("select v from prog_log order by 1").fetchall()))
    assert seen[0] == seen[1]
    assert seen[0][0] == [("one!",)] and seen[0][1][0][1] == "put 1"


@pytest.mark.parametrize("sql", [
    "do $$ begin insert into prog values (1, 'again'); end $$",
    "do $$ begin perform 1 / 0; end $$",
    "do $$ declare x int; begin\n x := 'abc'; end $$",
    "do $$ begin\n\n raise exception 'bad %', 1 using detail = 'why'; end $$",
    "do $$ begin execute 'select nothing from nowhere'; end $$",
])
def test_context(sides, sql):
    ours, theirs = (error(c, sql) for c in sides)
    assert ours[:3] == theirs[:3]
    assert ours[3].splitlines()[-1] == theirs[3].splitlines()[-1]


def test_rollback_takes_everything(sides):
    seen = []
    for c in sides:
        c.execute("begin")
        c.execute("select prog_put(7, 'seven')")
        c.execute("update prog set v = 'changed' where id = 7")
        c.execute("do $$ begin insert into prog values (8, 'eight'); raise exception 'no'; exception when others then null; end $$")
        inside = c.execute("select v from prog_log where v like '%seven' or v like '%changed' or v like '%eight' order by 1").fetchall()
        c.execute("rollback")
        seen.append((inside, c.execute("select count(*) from prog where id in (7, 8)").fetchall()))
    assert seen[0] == seen[1]
    assert len(seen[0][0]) == 2 and seen[0][1] == [(0,)]


def test_recursion_ends(sides):
    us = sides[0]
    assert error(us, "select prog_deep(1)")[0] == "54001"
    assert us.execute("select 1").fetchone() == (1,)


def test_timeout_and_cancel(us, sides):
    c = sides[0]
    c.execute("set statement_timeout = 200")
    began = time.monotonic()
    assert error(c, "select prog_endless()")[0] == "57014"
    assert error(c, "do 'begin begin loop null; end loop; exception when others then null; end; end'")[0] == "57014"
    assert time.monotonic() - began < 5
    c.execute("set statement_timeout = 0")
    timer = threading.Timer(0.3, c.cancel)
    timer.start()
    assert error(c, "select prog_endless()")[0] == "57014"
    timer.join()
    with psycopg.connect(us.url(), autocommit=True) as other:
        other.execute("insert into prog values (100, 'free')")
        other.execute("delete from prog where id = 100")
