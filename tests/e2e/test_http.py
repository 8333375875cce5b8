"""The HTTP face and the commands that use it."""
import json
import socket
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import BINARY, wait_until


def fetch(us, path, method="GET", **headers):
    req = urllib.request.Request("http://127.0.0.1:%d%s" % (us.http, path), method=method, headers=headers, data=b"" if method == "POST" else None)
    try:
        with urllib.request.urlopen(req, timeout=10) as r:
            return r.status, r.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


@pytest.mark.threads
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
    us.sql("create table counted (a int)")
    assert 'understudy_wal_pages{database="postgres"} 0\n' not in us.get("/metrics")
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


def test_a_public_address_needs_a_token(tmp_path):
    p = subprocess.run([BINARY, "serve", "--http-addr", "0.0.0.0:0", "--data-dir", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
    assert p.returncode == 1 and "token" in p.stdout


def raw(us, request):
    """The whole answer to the bytes of a request."""
    with socket.create_connection(("127.0.0.1", us.http), 5) as s:
        s.sendall(request)
        data = b""
        while part := s.recv(65536):
            data += part
        return data


@pytest.mark.parametrize("request_bytes,code", [
    (b"GET /health HTTP/1.0\r\n\r\n", 200),
    (b"GET /health HTTP/1.1\r\n\r\n", 400),
    (b"GET  /health HTTP/1.0\r\n\r\n", 400),
    (b"DELETE /health HTTP/1.0\r\n\r\n", 405),
    (b"GET /health HTTP/1.0\r\nX: " + b"a" * 20000 + b"\r\n\r\n", 431),
    (b"POST /db/force-sqlite HTTP/1.0\r\nHost: localhost\r\nContent-Length: 65537\r\n\r\n" + b"a" * 65537, 413),
    (b"POST /db/force-sqlite HTTP/1.0\r\nHost: localhost\r\nContent-Length: 65536\r\n\r\n" + b"a" * 65536, 409),
    (b"POST /db/force-sqlite HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    (b"GET /health HTTP/3.0\r\n\r\n", 505),
])
def test_requests_are_read_strictly(us, request_bytes, code):
    answer = raw(us, request_bytes)
    assert answer.startswith(b"HTTP/1.1 %d " % code) and b"\r\nConnection: close\r\n" in answer


def test_head_has_the_length_but_no_body(us):
    head, _, body = raw(us, b"HEAD /health HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
    assert b"Content-Length: 16" in head and body == b""
    assert b"\r\nAllow: POST" in raw(us, b"GET /db/force-sqlite HTTP/1.0\r\n\r\n")


@pytest.mark.threads
def test_too_many_connections_are_told_so(us):
    held = [socket.create_connection(("127.0.0.1", us.http), 5) for _ in range(32)]
    try:
        assert raw(us, b"").startswith(b"HTTP/1.1 503 ")
    finally:
        for s in held:
            s.close()
    wait_until("a free place", lambda: us.get("/health") == {"status": "ok"}, 5)
