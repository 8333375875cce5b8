"""The queue for the one write connection."""
import threading
import time

import psycopg
import pytest

pytestmark = pytest.mark.threads


def test_writers_go_in_the_order_of_their_arrival(us):
    us.sql("create table fair (n serial, who int)")
    holder = us.connect(autocommit=False)
    holder.execute("insert into fair (who) values (-1)")
    others, threads = [us.connect() for _ in range(12)], []
    for i, c in enumerate(others):
        threads.append(threading.Thread(target=c.execute, args=("insert into fair (who) values (%s)", [i])))
        threads[-1].start()
        time.sleep(0.03)
    holder.commit()
    for t in threads:
        t.join()
    assert [w for (w,) in us.sql("select who from fair order by n")] == list(range(-1, 12))
    for c in others + [holder]:
        c.close()


def test_no_writer_ever_finds_the_file_locked(us):
    us.sql("create table sums (id int primary key, n int); insert into sums select i, 0 from generate_series(1, 5) i")
    end, done, failed = time.monotonic() + 1.5, [0] * 8, []

    def work(k):
        try:
            with us.connect(autocommit=k % 2 == 0) as c:
                while time.monotonic() < end:
                    c.execute("update sums set n = n + 1 where id = %s", [k % 5 + 1])
                    c.execute("select sum(n) from sums")
                    if k % 2:
                        c.execute("update sums set n = n + 1 where id = %s", [(k + 1) % 5 + 1])
                        c.commit()
                    done[k] += 2 if k % 2 else 1
        except psycopg.Error as e:
            failed.append(repr(e))
    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert us.sql("select sum(n) from sums") == [(sum(done),)]
    assert min(done) > 0
