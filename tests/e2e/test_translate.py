"""understudy translate: one statement, scripts and the logs of a PostgreSQL server."""
import json
import subprocess

import harness
import pytest

BIN = harness.BINARY

LOG = """2024-05-01 10:00:00.000 UTC [1] u@d LOG:  statement: create table t (a int,
\tb text)
2024-05-01 10:00:00.001 UTC [1] u@d LOG:  duration: 0.110 ms  parse <unnamed>: select a from t where a = $1
2024-05-01 10:00:00.001 UTC [1] u@d LOG:  duration: 0.110 ms  execute <unnamed>: select a from t where a = $1
2024-05-01 10:00:00.001 UTC [1] u@d DETAIL:  parameters: $1 = '1'
2024-05-01 10:00:00.002 UTC [1] u@d LOG:  duration: 1.5 ms  statement: select 1; select xmlparse(document b) from t
2024-05-01 10:00:00.003 UTC [1] u@d ERROR:  relation "x" does not exist at character 15
2024-05-01 10:00:00.003 UTC [1] u@d STATEMENT:  select * from x
2024-05-01 10:00:00.004 UTC [1] LOG:  checkpoint complete: wrote 3 buffers
"""
CSV = '''2024-05-01 10:00:00.000 UTC,"u","d",12,"[local]",6632,1,"CREATE TABLE",2024-05-01 10:00:00 UTC,3/4,0,LOG,00000,"statement: create table t (a int,
b text default ""q"".x)",,,,,,,,,"psql","client backend",,0
2024-05-01 10:00:00.000 UTC,"u","d",12,"[local]",6632,2,"SELECT",2024-05-01 10:00:00 UTC,3/4,0,LOG,00000,"duration: 1.2 ms  execute p/c: select 'a,""b""' as x",,,,,,,,,"psql","client backend",,0
2024-05-01 10:00:00.000 UTC,"u","d",12,"[local]",6632,3,"SELECT",2024-05-01 10:00:00 UTC,3/4,0,ERROR,42601,"statement: not taken",,,,,,,,,"psql","client backend",,0
'''
SCRIPT = r"""-- a comment; with a semicolon
create table t (a int, b text); \echo x
\d t
copy t from stdin;
1	a;b
\.
select 'a;b', $$;$$, "a" from t;
select nothing
  from t;
select nothing
  from t;
create function f() returns int language c as $x$ select 1; $x$;
"""


def run(*args, stdin=None):
    p = subprocess.run([BIN, "translate", *args], input=stdin, capture_output=True, text=True, timeout=20)
    return p.returncode, p.stdout, p.stderr


def test_statement():
    rc, out, _ = run("select a + $1 as b, b::varchar(3) from (values (1, 'x')) v (a, b)")
    assert rc == 0
    assert "sqlite     SELECT" in out and "parameters $1 integer" in out and "b character varying(3)" in out
    rc, out, _ = run("--json", "-", stdin="insert into t values ($1)")
    assert rc == 1 and json.loads(out) == {"sqlstate": "42P01", "message": 'relation "t" does not exist', "position": 13}


def test_refusal_has_a_caret():
    rc, out, _ = run("select 1,\n\txmlparse(document 'é')")
    assert rc == 1
    lines = out.splitlines()
    assert lines[0].startswith("    0A000: ")
    assert lines[1].startswith("    LINE 2: ") and lines[1][lines[2].index("^"):].startswith("xmlparse")


def test_wrong_usage():
    assert run()[0] == 2
    assert run("select 1", "--file", "x")[0] == 2
    assert run("--file", "/nonexistent")[0] == 2
    assert run("--help")[0] == 0


def coverage(tmp_path, text, *args):
    path = tmp_path / "file"
    path.write_text(text)
    rc, out, _ = run("--json", "--file", str(path), *args)
    return rc, json.loads(out)


def test_script(tmp_path):
    rc, c = coverage(tmp_path, SCRIPT)
    assert rc == 1 and c["form"] == "script"
    assert (c["statements"], c["run"], c["refused"]) == (6, 3, 1)
    wrong, function = c["failures"]
    assert (wrong["line"], wrong["times"], wrong["sqlstate"], wrong["position"]) == (8, 2, "42703", 8)
    assert function["line"] == 12 and function["sqlstate"] == "0A000"
    rc, out, _ = run("--file", str(tmp_path / "file"))
    assert out.startswith("3 of 6 statements of ") and "(50.0 %); 1 refused, 2 with other errors" in out and "    LINE 1: select nothing\n" in out


def test_server_log(tmp_path):
    rc, c = coverage(tmp_path, LOG)
    assert c["form"] == "log" and (c["statements"], c["run"], c["refused"]) == (4, 3, 1)
    assert c["failures"][0]["statement"] == "select xmlparse(document b) from t" and c["failures"][0]["line"] == 6


def test_csvlog(tmp_path):
    rc, c = coverage(tmp_path, CSV)
    assert c["form"] == "csvlog" and c["statements"] == 2 and c["run"] == 1
    assert c["failures"][0]["statement"].endswith('default "q".x)') and c["failures"][0]["line"] == 1


def test_jsonlog(tmp_path):
    lines = [{"error_severity": "LOG", "message": "statement: select 1"}, {"error_severity": "LOG", "message": "duration: 1 ms  execute s: select 2"},
             {"error_severity": "ERROR", "message": "statement: x"}]
    rc, c = coverage(tmp_path, "\n".join(json.dumps(x) for x in lines))
    assert rc == 0 and c["form"] == "jsonlog" and c["statements"] == 2 and c["run"] == 2


def test_schema_from_a_file(tmp_path):
    schema = tmp_path / "schema.sql"
    schema.write_text("SET search_path = s;\ncreate schema s;\ncreate table t (a int primary key);\ncreate table broken (a nothing);\n")
    rc, out, err = run("--schema", str(schema), "select * from t")
    assert rc == 0 and '"s.t"' in out and "schema.sql:4: not in the schema" in err


@pytest.mark.parametrize("name,rc", [("postgres", 0), ("nothing", 2)])
def test_schema_from_a_data_directory(us, name, rc):
    us.sql("create table if not exists translated (a int)")
    got, out, err = run("--data-dir", us.data, "--database", name, "select * from translated")
    assert got == rc and ("a integer" in out if rc == 0 else "does not exist" in err)
