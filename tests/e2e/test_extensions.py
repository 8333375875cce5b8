"""Extensions of the primary and its GIN indexes on SQLite: copied, followed, used after a loss, and written to."""
import pytest

from harness import Postgres, Understudy, wait_until


@pytest.fixture
def pair():
    pg = Postgres()
    pg.sql('create extension citext; create extension "uuid-ossp"; create extension pg_trgm;'
           "create table people (id int primary key, mail citext unique, tags text[], key uuid default uuid_generate_v4(), j jsonb);"
           "create index on people using gin (tags); create index on people using gin (j jsonb_path_ops);"
           "create index on people using gin ((mail::text) gin_trgm_ops);"
           "insert into people (id, mail, tags, j) values (1, 'Ann@Example.org', '{a,b}', '{\"n\": 1}'), (2, 'bob@example.org', '{b}', null)")
    us = Understudy(primary=pg.url(), options=["--hold", "200ms", "--probe-interval", "200ms", "--min-dwell", "0"])
    us.wait_state("PRIMARY", 60)
    yield pg, us
    us.close()
    pg.close()


def ids(c, where):
    return [r[0] for r in c.execute("select id from people where " + where + " order by id").fetchall()]


def test_extensions_and_indexes_follow_and_serve(pair):
    pg, us = pair
    c = us.connect(autocommit=True)
    c.execute("insert into people (id, mail, tags) values (3, 'Carl@Example.org', '{c,b}')")
    c.execute("update people set tags = '{moved}' where id = 2")
    assert c.execute("show understudy.source").fetchone() == ("postgres",)
    oid = c.execute("select mail from people").description[0].type_code
    pg.kill9()
    us.wait_state("SQLITE", 20)
    assert c.execute("select mail from people where mail = 'ANN@example.ORG'").description[0].type_code == oid
    assert ids(c, "mail = 'ANN@example.ORG'") == [1]
    assert ids(c, "tags @> '{b}'") == [1, 3]
    assert ids(c, "tags && '{moved,a}'") == [1, 2]
    assert ids(c, "j @> '{\"n\": 1}'") == [1]
    assert ids(c, "mail::text ilike '%CARL%'") == [3]
    plan = "\n".join(r[0] for r in c.execute("explain select id from people where tags @> '{b}'").fetchall())
    assert "pg_content" in plan
    c.execute("insert into people (id, mail, tags) values (4, 'Dora', '{local}')")
    c.execute("delete from people where tags @> '{moved}'")
    assert ids(c, "tags @> '{local}'") == [4] and ids(c, "tags @> '{moved}'") == []
    pg.wait_gone()
    pg.restart_after_kill()
    us.wait_state("PRIMARY", 60)
    assert pg.sql("select id, mail from people order by id") == [(1, "Ann@Example.org"), (3, "Carl@Example.org"), (4, "Dora")]
    assert pg.sql("select count(*) from people where key is null") == [(0,)]
    pg.sql("insert into people (id, mail, tags) values (5, 'Eve', '{later}')")

    us.post("/db/force-sqlite")
    wait_until("the row made on the primary is found by the index", lambda: ids(c, "tags @> '{later}'") == [5])
    c.close()
