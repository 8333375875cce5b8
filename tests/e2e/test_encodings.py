"""Clients in other encodings than UTF-8, and what the extended protocol answers when: the same on PostgreSQL and on SQLite."""
import psycopg
import pytest

# An encoding, a text in it, and a text that it does not have.
ENCODINGS = [("LATIN1", "né", "€"), ("LATIN9", "prix: 5 €", "ж"), ("WIN1251", "привет", "é"), ("SJIS", "ソフト", "é"),
             ("EUC_JP", "日本é", "가"), ("GB18030", "中é😀", None)]
PYTHON = {"LATIN1": "latin1", "LATIN9": "latin9", "WIN1251": "cp1251", "SJIS": "cp932", "EUC_JP": "euc_jp", "GB18030": "gb18030"}


def told(r):
    """All that a result says, as bytes."""
    rows = [[r.get_value(i, j) for j in range(r.nfields)] for i in range(r.ntuples)]
    names = [r.fname(i) for i in range(r.nfields)]
    return r.status, r.command_status, names, rows, [r.error_field(ord(f)) for f in "SCMDHP"]


def conversation(conn, encoding, text, missing):
    """What a client in that encoding is told, step by step."""
    pg, coded = conn.pgconn, text.encode(PYTHON[encoding])
    out = [told(pg.exec_(b"set client_encoding to " + encoding.encode())), pg.parameter_status(b"client_encoding")]
    out.append(told(pg.exec_(b"select '" + coded + b"' as \"" + coded + b"\", length('" + coded + b"'), octet_length('" + coded + b"')")))
    for formats in ([0, 0], [1, 1]):
        out.append(told(pg.exec_params(b"select $1::text, upper($2::varchar), array[$1], row($2)", [coded, coded],
                                       param_formats=formats, result_format=formats[0])))
    out.append(told(pg.exec_(b'select "' + coded + b'"')))
    out.append(told(pg.exec_(b"do $$ begin raise exception using message = '" + coded + b"', hint = '" + coded + b"'; end $$")))
    out.append(told(pg.exec_(b"create temp table coded (a text, b text); insert into coded values ('" + coded + b"', 'x')")))
    out.append(told(pg.prepare(b"p" + coded, b"select a from coded where a = $1")))
    out.append(told(pg.exec_prepared(b"p" + coded, [coded])))
    out.append(told(pg.describe_prepared(b"no" + coded)))
    for form in (b"", b" (format csv)", b" (format binary)", b" (encoding 'UTF8')"):
        data = copied(pg, b"copy coded to stdout" + form)
        out.append(data)
        # In pieces that cut characters in two.
        out.append(told(copy_in(pg, b"copy coded from stdin" + form, data, 3)))
    out.append(told(pg.exec_(b"select count(*), count(distinct a) from coded")))
    if missing:
        out.append(told(pg.exec_params(b"select chr($1)", [str(ord(missing)).encode()])))
        out.append(told(pg.exec_(b'select 1 as U&"\\%04X"' % ord(missing))))
        out.append(told(pg.exec_params(b"select chr($1)", [str(ord(missing)).encode()], result_format=1)))
    out.append(told(pg.exec_(b"select '\xff\xff\xff'")))
    out.append(told(pg.exec_params(b"select $1::text", [b"\xff\xff\xff"], param_formats=[1])))
    out.append(told(pg.exec_(b"reset client_encoding; drop table coded; deallocate all")))
    return out


def copied(pg, query):
    assert pg.exec_(query).status == psycopg.pq.ExecStatus.COPY_OUT
    data = b""
    while True:
        n, piece = pg.get_copy_data(0)
        if n < 0:
            break
        data += bytes(piece)
    pg.get_result()
    while pg.get_result():
        pass
    return data


def copy_in(pg, query, data, size):
    assert pg.exec_(query).status == psycopg.pq.ExecStatus.COPY_IN
    for at in range(0, len(data), size):
        pg.put_copy_data(data[at:at + size])
    pg.put_copy_end()
    result = pg.get_result()
    while pg.get_result():
        pass
    return result


@pytest.mark.parametrize("encoding,text,missing", ENCODINGS, ids=[e[0] for e in ENCODINGS])
def test_conversation(us, pg, encoding, text, missing):
    with us.connect() as ours, pg.connect() as theirs:
        assert conversation(ours, encoding, text, missing) == conversation(theirs, encoding, text, missing)


def test_startup_and_notifications(us):
    with us.connect(client_encoding="latin9") as conn, us.connect() as other:
        assert conn.execute("select '€', pg_client_encoding()").fetchone() == ("€", "LATIN9")
        conn.execute('listen "€"')
        other.execute("select pg_notify('€', 'ž')")
        message = next(conn.notifies())
        assert (message.channel, message.payload) == ("€", "ž")


def test_parameters_keep_their_types(us, pg):
    """A prepared statement that is planned anew takes the values that its client sends."""
    results = []
    for server in (us, pg):
        with server.connect() as conn:
            conn.execute("create table changing (a int)")
            conn.pgconn.prepare(b"p", b"insert into changing values ($1)")
            said = [told(conn.pgconn.exec_prepared(b"p", [b"\0\0\0\1"], param_formats=[1]))]
            conn.execute("alter table changing alter a type text")
            said.append(told(conn.pgconn.exec_prepared(b"p", [b"\0\0\0\2"], param_formats=[1])))
            said.append(conn.execute("select a from changing order by a").fetchall())
            conn.execute("alter table changing alter a type boolean using a is null")
            r = conn.pgconn.exec_prepared(b"p", [b"\0\0\0\2"], param_formats=[1])
            said += [told(r), r.error_field(ord("R"))]
            results.append(said)
    assert results[0] == results[1]
