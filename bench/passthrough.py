#!/usr/bin/env python3
"""What it costs to stand in front of a healthy primary: direct, through pgbouncer, through understudy; interleaved rounds, medians. The two
proxies run next to each other in every round, and the CPU ratio is the median of the rounds' ratios: what else the machine does hits both alike.

Clients come by TCP on loopback; both proxies go to PostgreSQL by its Unix socket (WAY=tcp: by loopback). pgbouncer pools sessions, because 1.18
cannot pool transactions of prepared statements. The CPU columns are seconds of the proxy's process per 100,000 transactions; what the logins of
the round cost is measured by a round of one transaction per client and taken off.
The last line's ratio is understudy's CPU over pgbouncer's for prepared point selects at 8 clients.
"""
import os
import shutil
import socket
import subprocess
import sys

from common import finish, median, table
from harness import Postgres, Understudy, cpu_seconds, free_port, pgbench, scratch, unprivileged, wait_until

ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = os.environ.get("SECONDS_EACH", "3")
CLIENTS = [int(c) for c in os.environ.get("CLIENTS", "1,8,32").split(",")]
MODES = os.environ.get("MODES", "simple,prepared").split(",")
WAY = os.environ.get("WAY", "unix")
PGBOUNCER = os.environ.get("PGBOUNCER", "/usr/sbin/pgbouncer")

INI = """[databases]
postgres = host=%(host)s port=%(port)d dbname=postgres user=postgres

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %(listen)d
unix_socket_dir =
auth_type = any
pool_mode = session
default_pool_size = 100
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
logfile = %(dir)s/log
pidfile = %(dir)s/pid
"""


class Pgbouncer:
    def __init__(self, pg, host):
        self.dir = scratch("pgb")
        self.port = free_port()
        ini = os.path.join(self.dir, "pgbouncer.ini")
        with open(ini, "w") as f:
            f.write(INI % {"host": host, "port": pg.port, "listen": self.port, "dir": self.dir})
        os.chmod(ini, 0o644)
        self.proc = subprocess.Popen(unprivileged() + [PGBOUNCER, "-q", ini], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, cwd="/")
        wait_until("pgbouncer to listen", lambda: socket.create_connection(("127.0.0.1", self.port), 0.5).close() or True)

    def close(self):
        self.proc.terminate()
        self.proc.wait(20)
        shutil.rmtree(self.dir, ignore_errors=True)


class Side:
    """One way to the server: where pgbench connects, and whose CPU is counted."""

    def __init__(self, name, port, pid=None):
        self.name, self.port, self.pid = name, port, pid
        self.tps, self.cpu = {}, {}

    def run(self, mode, clients, *length):
        """(tps, transactions, CPU seconds of the proxy)"""
        before = cpu_seconds(self.pid) if self.pid else 0
        r = pgbench(self.port, "-n", "-S", "-M", mode, "-c", str(clients), *length)
        if r.code or r.aborted or r.failed or not r.transactions:
            sys.exit("%s, %s, %d clients:\n%s" % (self.name, mode, clients, r.out))
        return r.tps, r.transactions, cpu_seconds(self.pid) - before if self.pid else 0

    def measure(self, mode, clients):
        tps, transactions, used = self.run(mode, clients, "-T", SECONDS)
        if self.pid:
            _, few, logins = self.run(mode, clients, "-t", "1")
            used, transactions = used - logins, transactions - few
        self.tps.setdefault((mode, clients), []).append(tps)
        self.cpu.setdefault((mode, clients), []).append(used * 1e5 / transactions)


def report(direct, bouncer, ours):
    rows = []
    for mode, clients in direct.tps:
        cell = mode, clients
        base = median(direct.tps[cell])
        ratio = median([u / b for u, b in zip(ours.cpu[cell], bouncer.cpu[cell])])
        rows.append([mode, str(clients), base, median(bouncer.tps[cell]) / base, median(ours.tps[cell]) / base, median(bouncer.cpu[cell]),
                     median(ours.cpu[cell]), ratio])
    table(["mode", "clients", "direct tps", "pgbouncer", "understudy", "pgbouncer CPU", "understudy CPU", "CPU ratio"], rows)
    wanted = [r for r in rows if r[:2] == ["prepared", "8"]] or rows[-1:]
    worst = max(rows, key=lambda r: r[-1])
    finish("passthrough", wanted[0][-1], worst=round(worst[-1], 4), worst_cell="%s, %s clients" % tuple(worst[:2]))


def main():
    pg, bouncer, us = Postgres(), None, None
    try:
        r = pgbench(pg.port, "-i", "-q", "-s", "10")
        if r.code:
            sys.exit(r.out)
        pg.sql("vacuum analyze")
        host = pg.dir if WAY == "unix" else "127.0.0.1"
        bouncer = Pgbouncer(pg, host)
        us = Understudy(primary="host=%s port=%d user=postgres dbname=postgres" % (host, pg.port), options=["--follow", "off", "--http-addr", ""])
        sides = [Side("direct", pg.port), Side("pgbouncer", bouncer.port, bouncer.proc.pid), Side("understudy", us.port, us.proc.pid)]
        wait_until("understudy to relay", lambda: us.sql("select current_setting('port')") == [(str(pg.port),)])
        for side in sides:
            side.run("prepared", max(CLIENTS), "-T", "1")  # opens the pool, warms the cache
        for n in range(ROUNDS):
            for mode in MODES:
                for clients in CLIENTS:
                    for side in sides if n % 2 == 0 else sides[::-1]:
                        side.measure(mode, clients)
        report(*sides)
    finally:
        for part in (us, bouncer, pg):
            if part:
                part.close()


if __name__ == "__main__":
    main()
