"""EXPLAIN: formats that tools read, ANALYZE, and plans that follow the schema."""


def test_json_is_read_by_drivers(us):
    with us.connect(autocommit=True) as c:
        c.execute("create table ex_json (id int primary key, t text)")
        (plan,) = c.execute("explain (analyze, format json) select * from ex_json where id = 1").fetchone()
        top = plan[0]["Plan"]
        assert (top["Node Type"], top["Relation Name"], top["Index Name"], top["Actual Rows"]) == ("Index Scan", "ex_json", "ex_json_pkey", 0)
        assert {"Startup Cost", "Total Cost", "Plan Rows", "Plan Width"} <= top.keys() and "Execution Time" in plan[0]
        (plan,) = c.execute("explain (format json) select * from ex_json where id = %s", (1,)).fetchone()
        assert plan[0]["Plan"]["Relation Name"] == "ex_json"


def test_analyze_runs_the_statement(us):
    with us.connect(autocommit=True) as c:
        c.execute("create table ex_run (id int primary key)")
        lines = [r[0] for r in c.execute("explain analyze insert into ex_run select generate_series(1, 3) returning *").fetchall()]
        assert lines[0].startswith("Insert on ex_run") and "rows=3 loops=1" in lines[0] and lines[-1].startswith("Execution Time: ")
        assert c.execute("select count(*) from ex_run").fetchone() == (3,)
        c.execute("explain (analyze) create table ex_copy as select * from ex_run")
        assert c.execute("select count(*) from ex_copy").fetchone() == (3,)


def test_the_plan_follows_the_schema(us):
    query = "explain (costs off) select * from ex_new where a = 3"
    with us.connect(autocommit=True) as c, us.connect(autocommit=True) as other:
        c.execute("create table ex_new (id int primary key, a int, b text)")
        assert c.execute(query).fetchall() == [("Seq Scan on ex_new",)]
        other.execute("create index ex_new_a on ex_new (a)")
        for session in (c, other):
            assert session.execute(query).fetchone() == ("Index Scan using ex_new_a on ex_new",)
        c.execute("drop index ex_new_a")
        for session in (c, other):
            assert session.execute(query).fetchone() == ("Seq Scan on ex_new",)
