/* Times the planning of ordinary statements: libpg_query's parse, and what comes after it. bench/analyse.py prints the result. */
#include "../world.h"

#include <stdio.h>
#include <time.h>

static const char *const schema[] = {
	"create table dept (id int primary key, name varchar(20) not null, budget numeric(12,2))",
	"create table emp (id serial primary key, name text not null, dept_id int references dept, salary numeric(10,2), hired date, info "
	"jsonb, tags text[])",
	"create table sale (id bigserial primary key, emp_id int references emp, at timestamptz default now(), amount numeric(10,2), note "
	"text)",
};

static const char *const statements[] = {
	"select * from emp where id = $1",
	"select id, name from emp where dept_id = $1 order by name limit 10",
	"insert into sale (emp_id, amount, note) values ($1, $2, $3) returning id",
	"update emp set salary = salary * 1.05, name = $1 where id = $2",
	"delete from sale where id = $1",
	"select count(*) from sale where at >= $1 and at < $2",
	"select d.name, count(*), sum(s.amount) from dept d join emp e on e.dept_id = d.id join sale s on s.emp_id = e.id group by d.name "
	"order by 3 desc",
	"select e.name, (select max(amount) from sale where emp_id = e.id) as best from emp e where e.hired > '2020-01-01' and e.info ->> "
	"'level' = '3'",
	"insert into dept values ($1, $2, $3) on conflict (id) do update set name = excluded.name",
	"with top as (select emp_id, sum(amount) as total from sale group by emp_id) select e.name, t.total from top t join emp e on e.id "
	"= t.emp_id where t.total > 100",
	"select name, rank() over (partition by dept_id order by salary desc) from emp",
	"select \"emp\".\"id\", \"emp\".\"name\", \"emp\".\"salary\" from \"emp\" where \"emp\".\"id\" in ($1, $2, $3) order by "
	"\"emp\".\"id\" asc",
	"select 1",
	"begin",
	"select case when salary > 1000 then 'high' when salary > 500 then 'middle' else 'low' end, coalesce(name, '-') from emp",
	"select distinct dept_id from emp where name like 'A%' or name ilike '%b%'",
};

enum { ROUNDS = 200, N = sizeof statements / sizeof *statements };

static int ascending(const void *x, const void *y)
{
	const double a = *(const double *)x, b = *(const double *)y;
	return a < b ? -1 : a > b;
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, ascending);
	return v[n / 2];
}

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Microseconds of parsing and of planning. */
static void time_one(const World *w, const char *sql, double *parse, double *plan_us)
{
	Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	Plan *plan;
	SqlEnv env = world_env(w);
	double t0 = now_us();
	if (sql_parse(str_of(sql), a, &parsed, &err) != 0)
		world_die(sql, err.message);
	double t1 = now_us();
	if (sql_plan(&env, &parsed, 0, NULL, 0, a, &plan, &err) != 0)
		world_die(sql, err.message);
	double t2 = now_us();
	sql_parsed_free(&parsed);
	arena_free(a);
	*parse = t1 - t0;
	*plan_us = t2 - t1;
}

static void make_table(World *w, const char *sql)
{
	Arena *a = arena_new();
	Error err = { 0 };
	ParsedSql parsed;
	Plan *plan;
	SqlEnv env = world_env(w);
	if (sql_parse(str_of(sql), a, &parsed, &err) || sql_plan(&env, &parsed, 0, NULL, 0, a, &plan, &err) || world_apply(w, plan, &err))
		world_die(sql, err.message);
	sql_parsed_free(&parsed);
	arena_free(a);
}

/* One line per statement: median microseconds of parsing, of planning, and the statement. */
int main(void)
{
	static double parse[N][ROUNDS], plan[N][ROUNDS];
	World w;
	world_open(&w);
	for (size_t i = 0; i < sizeof schema / sizeof *schema; i++)
		make_table(&w, schema[i]);
	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < N; i++)
			time_one(&w, statements[i], &parse[i][r], &plan[i][r]);
	for (size_t i = 0; i < N; i++)
		printf("%.1f\t%.1f\t%s\n", median(parse[i], ROUNDS), median(plan[i], ROUNDS), statements[i]);
	world_close(&w);
	return 0;
}
