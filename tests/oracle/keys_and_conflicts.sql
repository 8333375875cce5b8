-- Columns that two tables of ON CONFLICT share.
create table up (id int primary key, name text, n int);
insert into up values (1, 'a', 1), (2, 'b', 2);
insert into up values (1, 'x', 5) on conflict (id) do update set name = concat('new', name);
insert into up values (1, 'x', 5) on conflict (id) do update set name = concat('new', excluded.name);
insert into up values (1, 'x', 5) on conflict (id) do update set n = up.n + excluded.n where up.n < 100;
insert into up values (1, 'x', 5) on conflict (id) do update set n = 7 where n < 100;
insert into up as u values (1, 'y', 5) on conflict (id) do update set n = u.n + excluded.n, name = default returning *;
select * from up order by id;
create table keyed (j json primary key);
create table keyed (id int primary key, j json, b jsonb, x text);
create index on keyed (j);
create unique index on keyed ((j -> 'a'));
create index on keyed ((j ->> 'a'));
create unique index on keyed (b);
alter table keyed add unique (j);
select pg_function_is_visible(1242), pg_function_is_visible(22), pg_operator_is_visible(96), pg_operator_is_visible(22);
