-- A comparison inside of an expression does not decide how the expression is compared.
create type ic_mood as enum ('sad', 'ok', 'happy');
create table ic (id int, m ic_mood, n numeric);
insert into ic values (1, 'sad', 1.50), (2, 'happy', 2), (3, 'ok', 10.0), (12, 'happy', 1.5), (20, null, 3);
select concat('', id, ('happy'::ic_mood < m)) as x, 'sad'::ic_mood from ic order by 1, 2 nulls first offset 1;
select concat(n < 2.0, id) from ic where concat(n < 2.0, id) > 'f1' and 'f2' < concat(n < 2, id) order by concat(n < 2.0, id);
select concat(m = 'ok', '.') as k, count(*), max(concat(n < 2.0, id)), string_agg(concat(m > 'sad', id), ',' order by concat(m > 'sad', id)) from ic group by concat(m = 'ok', '.') order by 1;
select distinct concat(n < 2.0), nullif(lower('T'), concat(n < 2.0)), (lower('T'), id) = (concat(n < 2.0), 1) from ic order by 1, 2, 3;
select id, rank() over (order by concat(m < 'happy', id)) from ic order by 1;
select concat(n < 2.0, id) union select concat(m < 'ok', id) from ic order by 1;
select concat(n < 2.0, id) from ic union select concat(m < 'ok', id) from ic order by 1;
select case concat(n < 2.0) when 't' then 1 else 0 end, concat(n < 2.0) in ('t', 'x'), concat(n < 2.0) between 'a' and 'g', 'f' is distinct from concat(n < 2.0), greatest('g', concat(n < 2.0)), least(concat(n < 2.0), 'g') from ic order by id;
create table ic_t (t text primary key, k text generated always as ('x' || (1.0 < 2.0)::text) stored);
create index on ic_t ((t || (1.5 < 2.0)::text));
insert into ic_t values ('1.0'), ('1.00'), ('01') returning t = concat('1.', (1.0 < 2.0)::int - 1), t;
select t from ic_t where t = concat('1.', (1.0 < 2.0)::int - 1) order by t || (1.5 < 2.0)::text;
