"""SQL's cursors as drivers use them: over the extended protocol, with parameters and binary rows, large, and held."""
import psycopg
import psycopg2
import pytest

from harness import SANITIZED, rss_kib


@pytest.fixture(scope="module", autouse=True)
def table(us):
    us.sql("create table many (a int primary key, b text); insert into many select i, 'row ' || i from generate_series(1, 20000) i")


def test_psycopg3_server_side_cursor(us):
    with us.connect(autocommit=False) as conn:
        with conn.cursor(name="c") as cur:
            cur.execute("select a, b from many where a > %s order by a", (10,))
            assert cur.fetchone() == (11, "row 11")
            assert [d.name for d in cur.description] == ["a", "b"]
            assert len(cur.fetchmany(100)) == 100
            cur.scroll(10)
            assert cur.fetchone() == (122, "row 122")
            assert sum(1 for _ in cur) == 20000 - 122
        with conn.cursor(name="d", scrollable=True) as cur:
            cur.execute("select a from many order by a")
            assert len(cur.fetchall()) == 20000
            cur.scroll(0, mode="absolute")
            assert cur.fetchmany(2) == [(1,), (2,)]
        with conn.cursor(name="e", withhold=True, binary=True) as cur:
            cur.execute("select a, b from many order by a")
            assert cur.fetchone() == (1, "row 1")
            conn.commit()
            assert cur.fetchone() == (2, "row 2")
        with conn.cursor(name="f") as cur:
            with pytest.raises(psycopg.errors.UndefinedTable):
                cur.execute("select * from nothing")
        conn.rollback()


def test_psycopg2_named_cursor(us):
    conn = psycopg2.connect(host="127.0.0.1", port=us.port, user="postgres", dbname="postgres")
    with conn, conn.cursor("c") as cur:
        cur.itersize = 1000
        cur.execute("select a from many order by a")
        assert [r[0] for r in cur] == list(range(1, 20001))
    with conn, conn.cursor("h", withhold=True, scrollable=True) as cur:
        cur.execute("select a from many order by a")
        conn.commit()
        cur.scroll(19999, mode="absolute")
        assert cur.fetchone() == (20000,)
        cur.scroll(-2)
        assert cur.fetchone() == (19999,)
    conn.close()


def test_fetch_is_described_and_delivered_in_parts(us):
    with us.connect() as conn:
        conn.execute("begin; declare c cursor for select a, b from many order by a")
        res = conn.pgconn.exec_params(b"fetch 3 from c", None, result_format=1)
        assert [res.get_value(i, 0) for i in range(3)] == [i.to_bytes(4, "big") for i in (1, 2, 3)]
        conn.execute("fetch all from c", prepare=True)
        conn.execute("move backward all in c")
        with conn.cursor() as cur:
            assert len(list(cur.stream("fetch 500 from c"))) == 500
        conn.execute("rollback")


@pytest.mark.skipif(SANITIZED, reason="a sanitizer keeps memory that was freed")
def test_a_cursor_that_goes_forward_keeps_no_rows(us):
    with us.connect() as conn:
        conn.execute("begin; declare c cursor for select i, repeat('x', 1000) from generate_series(1, 100000) i")
        conn.execute("move 1000 in c")
        before = rss_kib(us.proc.pid)
        for _ in range(9):
            conn.execute("move 11000 in c")
        assert rss_kib(us.proc.pid) - before < 20000
        assert conn.execute("fetch c").fetchone() is None
        conn.execute("rollback")


def test_sessions_do_not_see_each_others_cursors(us):
    with us.connect() as a, us.connect() as b:
        a.execute("begin; declare c cursor for select 1")
        assert b.execute("select count(*) from pg_cursors").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InvalidCursorName):
            b.execute("fetch c")
        # A cursor of its own keeps its snapshot while others write.
        a.execute("declare d cursor for select b from many where a in (1, 2) order by a")
        b.execute("update many set b = 'new' where a = 2")
        assert a.execute("fetch all d").fetchall() == [("row 1",), ("row 2",)]
        a.execute("commit")
        b.execute("update many set b = 'row 2' where a = 2")
