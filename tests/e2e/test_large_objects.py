"""Large objects as libpq offers them: the fast path's function calls."""
import struct
import threading
import time

import psycopg2
import pytest

from test_autocommit import Raw


def connect(us):
    return psycopg2.connect(host="127.0.0.1", port=us.port, user="postgres", dbname="postgres")


def test_driver_api(us):
    with connect(us) as c:
        lo = c.lobject(0, "wb")
        data = bytes(range(256)) * 2000  # answers of more than one buffer
        assert lo.write(data) == len(data)
        assert lo.seek(0, 2) == len(data)
        oid = lo.oid
        lo.close()
        c.commit()
        lo = c.lobject(oid, "rb")
        assert lo.read() == data
        assert lo.seek(100000) == 100000 and lo.read(5) == data[100000:100005] and lo.tell() == 100005
        with pytest.raises(psycopg2.Error):
            lo.write(b"x")
        c.rollback()
        lo = c.lobject(oid, "rwb")
        lo.truncate(3)
        lo.seek(0)
        assert lo.read() == data[:3]
        lo.unlink()
        c.commit()
        with pytest.raises(psycopg2.OperationalError, match="large object %d does not exist" % oid):
            c.lobject(oid, "rb")
        c.rollback()
        cur = c.cursor()
        cur.execute("select 1")
        assert cur.fetchone() == (1,)
    c.close()


def test_a_call_waits_for_its_turn(us):
    a, b = connect(us), connect(us)
    first = a.lobject(0, "wb")
    first.write(b"first")
    got = []

    def work():
        got.append(b.lobject(0, "wb").oid)
        b.commit()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)
    assert not got
    a.commit()
    thread.join(10)
    assert got and got[0] != first.oid
    a.close()
    b.close()


def call(function, formats, args, result):
    body = struct.pack("!IH", function, len(formats)) + b"".join(struct.pack("!h", f) for f in formats)
    body += struct.pack("!H", len(args))
    for v in args:
        body += struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v
    return body + struct.pack("!h", result)


@pytest.mark.parametrize(
    "body, want",
    [
        (call(1317, [], [b"text"], 0), b"4"),  # length(text)
        (call(1317, [1], [b"text"], 1), b"\0\0\0\4"),
        (call(1317, [], [None], 1), None),
        (call(177, [0, 1], [b"40", b"\0\0\0\2"], 0), b"42"),  # int4pl
        (call(177, [], [b"40"], 0), "08P01"),
        (call(177, [], [b"x", b"1"], 0), "22P02"),
        (call(154, [], [b"1", b"0"], 0), "22012"),  # int4div
        (call(2147, [], [], 0), "0A000"),  # count
        (call(99999, [], [], 0), "42883"),
        (call(1317, [2], [b"text"], 0), "22023"),
    ],
)
def test_function_call(us, body, want):
    c = Raw(us.port)
    for _ in range(2):
        c.sock.sendall(b"F" + struct.pack("!I", len(body) + 4) + body)
        (kind, got), (ready, status) = c.answer()
        assert (ready, status) == ("Z", b"I")
        if isinstance(want, str):
            assert kind == "E" and b"C" + want.encode() in got.split(b"\0")
        else:
            assert kind == "V"
            assert got == (struct.pack("!i", -1) if want is None else struct.pack("!i", len(want)) + want)
    assert [k for k, _ in c.query("select 1")] == ["T", "D", "C", "Z"]
    c.close()
