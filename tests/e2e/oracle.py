"""Runs statements on PostgreSQL and on understudy and compares everything a client can see."""
import psycopg
from psycopg import pq

SAME, SAME_ERROR, REFUSED, DIFFERENT = "identical", "same error", "refused", "different"


def split(text):
    """Statements of a .sql file: each ends with a semicolon at the end of a line (not inside a dollar-quoted body)."""
    out, part, dollar = [], [], False
    for line in text.splitlines():
        if not part and (not line.strip() or line.lstrip().startswith("--")):
            continue
        part.append(line)
        if line.count("$$") % 2:
            dollar = not dollar
        if not dollar and line.rstrip().endswith(";"):
            out.append("\n".join(part))
            part = []
    assert not part, part
    return out


def describe(res):
    if res.status == pq.ExecStatus.FATAL_ERROR:
        return {"error": (res.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode(), "message": (res.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode(),
                "position": res.error_field(pq.DiagnosticField.STATEMENT_POSITION), "constraint": res.error_field(pq.DiagnosticField.CONSTRAINT_NAME), "detail": res.error_field(pq.DiagnosticField.MESSAGE_DETAIL)}
    cols = [((res.fname(i) or b"").decode(), res.ftype(i) if res.ftype(i) < 16384 else "user", res.fmod(i)) for i in range(res.nfields)]
    rows = [tuple(res.get_value(i, j) for j in range(res.nfields)) for i in range(res.ntuples)]
    return {"cols": cols, "rows": rows, "tag": (res.command_status or b"").decode()}


def run(conn, sql, extended):
    pg = conn.pgconn
    if extended:
        res = [pg.exec_params(sql.encode(), None)]
    else:
        pg.send_query(sql.encode())
        res = []
        while True:
            r = pg.get_result()
            if r is None:
                break
            res.append(r)
    return [describe(r) for r in res], pg.transaction_status


def judge(sql, ours, theirs, ordered=None):
    """`ordered`: the order of rows is defined; None = when the text has an ORDER BY."""
    (a, status_a), (b, status_b) = ours, theirs
    refused = any(r.get("error") == "0A000" for r in a)
    if refused and not any(r.get("error") == "0A000" for r in b):
        return REFUSED
    if status_a != status_b or len(a) != len(b):
        return DIFFERENT
    if ordered is None:
        ordered = "order by" in sql.lower()
    for x, y in zip(a, b):
        if "error" in x or "error" in y:
            if x.get("error") != y.get("error") or x.get("constraint") != y.get("constraint"):
                return DIFFERENT
            if x["error"].startswith("23") and y["detail"] and x["detail"] != y["detail"]:
                return DIFFERENT
            continue
        if x["cols"] != y["cols"] or x["tag"] != y["tag"]:
            return DIFFERENT
        if (x["rows"] != y["rows"]) if ordered else sorted(map(repr, x["rows"])) != sorted(map(repr, y["rows"])):
            return DIFFERENT
    return SAME_ERROR if any("error" in r for r in a) else SAME


def compare_file(path, us, pg, extended, database):
    """Counts by verdict, and the list of what differs or is refused. Each file has a database of its own on both sides."""
    score, notes = {SAME: 0, SAME_ERROR: 0, REFUSED: 0, DIFFERENT: 0}, []
    pg.sql('create database "%s" template template0' % database)
    options = "-c timezone=UTC -c client_min_messages=error"
    with us.connect(db=database, options=options) as a, pg.connect(db=database, options=options) as b:
        with open(path, encoding="utf-8") as f:
            statements = split(f.read())
        for sql in statements:
            use_extended = extended and ";" not in sql.rstrip().rstrip(";")
            ours, theirs = run(a, sql, use_extended), run(b, sql, use_extended)
            verdict = judge(sql, ours, theirs)
            score[verdict] += 1
            if verdict in (REFUSED, DIFFERENT):
                notes.append((verdict, sql, ours, theirs))
            if ours[1] != theirs[1]:
                for c in (a, b):
                    c.pgconn.exec_(b"rollback")
    return score, notes


__all__ = ["compare_file", "psycopg", "split", "SAME", "SAME_ERROR", "REFUSED", "DIFFERENT"]
