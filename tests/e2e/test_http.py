"""The HTTP face and the commands that use it."""
import json
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import BINARY


def fetch(us, path, method="GET", **headers):
    req = urllib.request.Request("http://127.0.0.1:%d%s" % (us.http, path), method=method, headers=headers, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(req, timeout=10) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def test_standalone_is_healthy_and_says_sqlite(us):
    status = us.get("/db/status")
    assert status["currentSource"] == "sqlite" and status["sourceEmoji"] == "💾" and status["state"] == "STANDALONE"
    assert status["databases"]["activeSource"] == "sqlite" and status["databases"]["sqlite"] == {"available": True, "message": "Connected"}
    assert {"currentSource", "sourceEmoji", "sourceName", "databases", "message", "state", "since", "stalenessSeconds", "pendingWrites", "conflicts", "inDoubt",
            "capabilities", "services"} <= set(status)
    health = us.get("/db/healthz")
    assert health["status"] == "healthy" and health["databases"]["sqlite"]["emoji"] == "✅"
    assert set(us.get("/health/database")) == {"connected", "dialect", "fallback", "serviceName", "retryAttempts", "warning"}
    for path in ("/health", "/livez"):
        assert us.get(path) == {"status": "ok"}


def test_metrics_are_prometheus_text(us):
    text = us.get("/metrics")
    assert 'understudy_fallback_active{database="postgres"} 0\n' in text
    for line in text.splitlines():
        assert line.startswith("#") or " " in line


@pytest.mark.parametrize("path,method,code", [("/db/force-sqlite", "GET", 405), ("/db/status", "POST", 405), ("/nope", "GET", 404), ("/../etc/passwd", "GET", 404),
                                              ("/db/force-sqlite?database=nope", "POST", 404), ("/db/force-sqlite", "POST", 409)])
def test_wrong_requests(us, path, method, code):
    assert fetch(us, path, method)[0] == code


def test_foreign_pages_may_not_switch(us):
    assert fetch(us, "/db/force-sqlite", "POST", Origin="http://evil.example")[0] == 403
    assert fetch(us, "/db/force-sqlite", "POST", Host="evil.example")[0] == 403


def test_garbage_and_slow_requests_do_not_hurt(us):
    with socket.create_connection(("127.0.0.1", us.http), 5) as slow, socket.create_connection(("127.0.0.1", us.http), 5) as s:
        slow.sendall(b"GET /db/status HT")
        s.sendall(b"\x00\x01\x02 garbage\r\n\r\n" + b"A" * 100000)
        assert us.get("/health") == {"status": "ok"}


def run(us, *args):
    return subprocess.run([BINARY, *args, "--http-addr", "127.0.0.1:%d" % us.http], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20)


def test_status_command(us):
    p = run(us, "status")
    assert p.returncode == 0 and "postgres" in p.stdout and "STANDALONE" in p.stdout
    assert json.loads(run(us, "status", "--json").stdout)["currentSource"] == "sqlite"
    assert run(us, "status", "--check").returncode == 0
    assert run(us, "switch", "fallback").returncode == 1
    assert run(us, "switch", "nonsense").returncode == 2
    p = subprocess.run([BINARY, "status", "--check", "--http-addr", "127.0.0.1:1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert p.returncode == 1 and "127.0.0.1:1" in p.stderr


def test_a_public_address_needs_a_token():
    p = subprocess.run([BINARY, "serve", "--http-addr", "0.0.0.0:0", "--data-dir", "/tmp"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    assert p.returncode == 1 and "token" in p.stdout
