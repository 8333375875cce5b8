"""pgbench in every protocol mode, on SQLite alone and through the relay; the four sums of TPC-B must agree afterwards."""
import pytest

from harness import SANITIZED, Postgres, Understudy, pgbench, tpcb_sums

SCALE = "1" if SANITIZED else "10"
SECONDS = "1" if SANITIZED else "2"
SCRIPTS = {"tpcb": [], "simple-update": ["-N"], "select-only": ["-S"]}


@pytest.fixture(scope="module", params=["sqlite", "primary"])
def server(request):
    primary = Postgres() if request.param == "primary" else None
    u = Understudy(primary=primary.url() if primary else None, options=["--follow", "off"] if primary else [])
    r = pgbench(u.port, "-i", "-q", "-s", SCALE)
    assert r.code == 0, r.out
    yield u
    u.close()
    if primary:
        primary.close()


def test_init_made_all_rows(server):
    with server.connect() as c:
        assert c.execute("select count(*) from pgbench_accounts").fetchone()[0] == 100000 * int(SCALE)
        assert c.execute("select count(*), sum(tbalance) from pgbench_tellers").fetchone() == (10 * int(SCALE), 0)


@pytest.mark.parametrize("clients", ["1", "8"])
@pytest.mark.parametrize("mode", ["simple", "extended", "prepared"])
@pytest.mark.parametrize("script", list(SCRIPTS))
def test_pgbench(server, script, mode, clients):
    with server.connect() as c:
        before = tpcb_sums(c)
    r = pgbench(server.port, "-n", "-M", mode, "-c", clients, "-T", SECONDS, "--max-tries=10", *SCRIPTS[script])
    assert r.code == 0 and not r.aborted and r.failed == 0, r.out
    assert r.transactions > 0
    with server.connect() as c:
        after = tpcb_sums(c)
    made = [b - a for a, b in zip(before, after)]
    if script == "tpcb":
        assert made[0] == made[1] == made[2] == made[3], made
    if script == "simple-update":
        assert made[0] == made[3] and made[1] == made[2] == 0, made
    assert made[4] == (0 if script == "select-only" else r.transactions)
