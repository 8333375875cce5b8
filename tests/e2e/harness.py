"""What end-to-end tests and benches share: PostgreSQL clusters of their own, understudy processes, pgbench.

Everything lives in a temporary directory and listens on loopback or a Unix socket; `close()` stops and removes it.
"""
import atexit
import contextlib
import itertools
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PGBIN = "/usr/lib/postgresql/15/bin"
BINARY = os.environ.get("UNDERSTUDY_BIN", os.path.join(ROOT, "build", "understudy"))
SANITIZED = "asan" in BINARY


LIVE = []  # whatever a failed fixture did not close


@atexit.register
def close_all():
    for thing in reversed(LIVE[:]):
        with contextlib.suppress(Exception):
            thing.close()


# Below the range from which the system takes the ports of clients, so that none of them gets one between the look and its use. Processes that
# run side by side begin at different places.
_ports = itertools.count(os.getpid() * 4099)


def free_port():
    while True:
        port = 10000 + next(_ports) % 22000
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def unprivileged():
    """Arguments that run a command as somebody who is not root (PostgreSQL refuses root)."""
    if os.getuid() != 0:
        return []
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"]


def scratch(prefix):
    path = tempfile.mkdtemp(prefix="understudy-%s-" % prefix)
    if os.getuid() == 0:
        who = pwd.getpwnam("postgres")
        os.chown(path, who.pw_uid, who.pw_gid)
    return path


def wait_until(what, probe, timeout=20.0, interval=0.02):
    """Polls until probe() is true; its exceptions count as false. Fails with `what` after `timeout` seconds."""
    end, last = time.monotonic() + timeout, None
    while time.monotonic() < end:
        try:
            value = probe()
            if value:
                return value
        except Exception as e:  # noqa: BLE001 - whatever keeps it from being ready
            last = e
        time.sleep(interval)
    raise AssertionError("timed out after %gs waiting for %s (last: %r)" % (timeout, what, last))


class Postgres:
    """A PostgreSQL 15 cluster of its own, wal_level=logical, trust on loopback."""

    SETTINGS = ["wal_level=logical", "max_wal_senders=10", "max_replication_slots=10", "max_connections=120", "shared_buffers=128MB",
                "listen_addresses=127.0.0.1", "fsync=on", "wal_sender_timeout=10s", "max_wal_size=2GB", "checkpoint_timeout=30min"]

    def __init__(self, settings=(), locale="C.UTF-8"):
        LIVE.append(self)
        self.dir = scratch("pg")
        self.data = os.path.join(self.dir, "data")
        self.port = free_port()
        self.log = os.path.join(self.dir, "log")
        self._run(["%s/initdb" % PGBIN, "-D", self.data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=" + locale, "--no-sync"])
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a") as f:
            for line in self.SETTINGS + list(settings):
                key, value = line.split("=", 1)
                f.write("%s = '%s'\n" % (key, value))
            f.write("unix_socket_directories = '%s'\n" % self.dir)
        self.start()

    def _run(self, argv, check=True):
        p = subprocess.run(unprivileged() + argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd="/", text=True)
        if check and p.returncode:
            raise AssertionError("%s failed:\n%s" % (argv[0], p.stdout))
        return p

    def start(self, wait=True):
        # pg_ctl hands its output files to the server, so it must not get a pipe of ours.
        argv = unprivileged() + ["%s/pg_ctl" % PGBIN, "-D", self.data, "-o", "-p %d" % self.port, "-l", self.log, "-t", "60", "-w" if wait else "-W", "start"]
        p = subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd="/")
        if wait and p.returncode:
            raise AssertionError("PostgreSQL did not start:\n" + open(self.log).read()[-3000:])

    def pid(self):
        with open(os.path.join(self.data, "postmaster.pid")) as f:
            return int(f.readline())

    def children(self):
        out = subprocess.run(["pgrep", "-P", str(self.pid())], stdout=subprocess.PIPE, text=True).stdout
        return [int(x) for x in out.split()]

    def kill9(self):
        """kill -9 of the postmaster alone, as a machine's out-of-memory killer would."""
        os.kill(self.pid(), signal.SIGKILL)

    def stop_all(self, sig):
        """Sends a signal to the postmaster and every child (SIGSTOP makes a silent server)."""
        for pid in [self.pid()] + self.children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)

    def wait_gone(self):
        """After kill9: waits until the old backends are gone, so that a start finds the shared memory free."""
        def gone():
            out = subprocess.run(["pgrep", "-f", self.data], stdout=subprocess.PIPE, text=True).stdout
            return not out.split()
        wait_until("old backends to exit", gone, timeout=30)

    def restart_after_kill(self):
        """Starts again after kill9; the stale postmaster.pid is PostgreSQL's own business."""
        end = time.monotonic() + 60
        while True:
            try:
                self.start()
                return
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def stop(self, mode="immediate"):
        self._run(["%s/pg_ctl" % PGBIN, "-D", self.data, "-m", mode, "-w", "stop"], check=False)

    def url(self, db="postgres", user="postgres"):
        return "postgres://%s@127.0.0.1:%d/%s" % (user, self.port, db)

    def connect(self, db="postgres", **kw):
        import psycopg
        kw.setdefault("autocommit", True)
        return psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", dbname=db, **kw)

    def sql(self, text, db="postgres"):
        with self.connect(db) as c:
            cur = c.execute(text)
            return cur.fetchall() if cur.description else None

    def close(self):
        if self in LIVE:
            LIVE.remove(self)
        with contextlib.suppress(Exception):
            self.stop_all(signal.SIGCONT)
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)


class Understudy:
    """One `understudy serve` process."""

    def __init__(self, primary=None, options=(), data_dir=None, env=None, start=True, wait=True):
        LIVE.append(self)
        self.dir = scratch("us")
        self.data = data_dir or os.path.join(self.dir, "data")
        self.port = free_port()
        self.http = free_port()
        self.primary = primary
        self.options = list(options)
        self.env = dict(env or {})
        self.log = os.path.join(self.dir, "log")
        self.proc = None
        if start:
            self.start(wait=wait)

    def argv(self):
        argv = [BINARY, "serve", "--listen-port", str(self.port), "--http-addr", "127.0.0.1:%d" % self.http, "--unix-socket-dir", self.dir,
                "--data-dir", self.data]
        if self.primary:
            argv += ["--primary", self.primary]
        return argv + self.options

    def start(self, wait=True, timeout=60):
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "DB_", "DATABASE_URL", "NODE_ENV"))}
        if SANITIZED:
            env["LSAN_OPTIONS"] = "suppressions=%s/tests/lsan.supp:print_suppressions=0" % ROOT
        env.update(self.env)
        self.log_before = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        self.out = open(self.log, "ab")
        self.proc = subprocess.Popen(self.argv(), stdout=self.out, stderr=self.out, stdin=subprocess.DEVNULL, env=env, cwd=self.dir)
        if wait:
            self.wait_ready(timeout)

    def wait_ready(self, timeout=60):
        def ready():
            if self.proc.poll() is not None:
                raise SystemExit("understudy exited with %d:\n%s" % (self.proc.returncode, self.log_text()[-4000:]))
            # The line is written when every port is open, the one for HTTP too.
            with open(self.log, "rb") as f:
                f.seek(self.log_before)
                return b"listening on" in f.read()
        wait_until("understudy to listen", ready, timeout)

    def log_text(self):
        with open(self.log, errors="replace") as f:
            return f.read()

    def kill9(self):
        self.proc.kill()
        self.proc.wait()

    def stop(self, timeout=20):
        if self.proc and self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(timeout)
            except subprocess.TimeoutExpired:
                self.proc.kill()
                self.proc.wait()
                raise AssertionError("understudy did not stop on SIGTERM:\n" + self.log_text()[-3000:])
        return self.proc.returncode if self.proc else None

    def url(self, db="postgres", user="postgres"):
        return "postgres://%s@127.0.0.1:%d/%s" % (user, self.port, db)

    def connect(self, db="postgres", user="postgres", **kw):
        import psycopg
        kw.setdefault("autocommit", True)
        return psycopg.connect(host="127.0.0.1", port=self.port, user=user, dbname=db, **kw)

    def sql(self, text, db="postgres"):
        with self.connect(db) as c:
            cur = c.execute(text)
            return cur.fetchall() if cur.description else None

    def psql(self, text, db="postgres", extra=()):
        return psql("127.0.0.1", self.port, db, text, extra)

    def get(self, path):
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.http, path), timeout=5) as r:
            body = r.read().decode()
        return json.loads(body) if body.startswith(("{", "[")) else body

    def post(self, path):
        req = urllib.request.Request("http://127.0.0.1:%d%s" % (self.http, path), data=b"", method="POST")
        with urllib.request.urlopen(req, timeout=30) as r:
            return json.loads(r.read().decode())

    def state(self):
        return self.get("/db/status")["state"]

    def wait_state(self, state, timeout=60):
        """PRIMARY means also that SQLite could take over: the copy is complete and the file follows."""
        if state == "PRIMARY" and "off" not in self.options:
            def in_step():
                s = self.get("/db/status")
                return s["state"] == state and s["databases"]["sqlite"]["available"]
            return wait_until("PRIMARY with a complete copy (log: %s)" % self.log, in_step, timeout)
        wait_until("state %s (log: %s)" % (state, self.log), lambda: self.state() == state, timeout)

    def close(self):
        if self in LIVE:
            LIVE.remove(self)
        code = None
        try:
            code = self.stop()
        finally:
            text = self.log_text() if os.path.exists(self.log) else ""
            shutil.rmtree(self.dir, ignore_errors=True)
        for mark in ("ERROR: AddressSanitizer", "runtime error:", "ERROR: LeakSanitizer", "WARNING: ThreadSanitizer"):
            assert mark not in text, text[max(0, text.index(mark) - 200):][:6000]
        return code


def psql(host, port, db, text, extra=()):
    p = subprocess.run([PGBIN + "/psql", "-X", "-h", host, "-p", str(port), "-U", "postgres", "-d", db, *extra], input=text, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, timeout=120, env={**os.environ, "PGCONNECT_TIMEOUT": "20"})
    return p.stdout


class PgbenchResult:
    def __init__(self, code, out):
        self.code, self.out = code, out
        m = re.search(r"number of transactions actually processed: (\d+)", out)
        self.transactions = int(m.group(1)) if m else None
        m = re.search(r"tps = ([0-9.]+)", out)
        self.tps = float(m.group(1)) if m else None
        m = re.search(r"number of failed transactions: (\d+)", out)
        self.failed = int(m.group(1)) if m else 0
        self.aborted = "aborted" in out


def pgbench(port, *args, db="postgres", timeout=600, host="127.0.0.1"):
    p = subprocess.run([PGBIN + "/pgbench", "-h", host, "-p", str(port), "-U", "postgres", *args, db], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    return PgbenchResult(p.returncode, p.stdout)


def tpcb_sums(connection):
    """The four sums that TPC-B keeps equal, and the number of history rows."""
    q = """select (select coalesce(sum(abalance),0) from pgbench_accounts), (select coalesce(sum(bbalance),0) from pgbench_branches),
                  (select coalesce(sum(tbalance),0) from pgbench_tellers), (select coalesce(sum(delta),0) from pgbench_history),
                  (select count(*) from pgbench_history)"""
    row = connection.execute(q).fetchone()
    return [int(x) for x in row]


def cpu_seconds(pid):
    """User plus system CPU seconds of a process with all its threads."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_kib(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))
