-- Functions, procedures and DO blocks.
create table pr_t (id serial primary key, name text, n int);
create function pr_add(a int, b int default 2) returns int language sql as 'select a + b';
select pr_add(1), pr_add(1, 5), pr_add(b => 10, a => 1);
select pr_add(1, 2, 3);
select pr_add('x');
create function pr_add(a int, b int default 2) returns int language sql as 'select a + b';
create or replace function pr_add(a int, b int default 2) returns int language sql immutable as 'select a + b';
create or replace function pr_add(a int, b int default 2) returns text language sql as 'select ''x''';
create function pr_add(a text) returns text language sql as $$ select a || '!' $$;
select pr_add('x'::text), pr_add(4);
select pr_add('x');
create function pr_bad() returns int language sql as 'select ''a''::date';
create function pr_bad() returns int language sql as 'select 1, 2';
create function pr_bad() returns int language sql as 'insert into pr_t (name) values (''a'')';
create function pr_bad() returns int language sql as 'select * from pr_missing';
create function pr_bad() returns int as 'select 1';
create function pr_bad() language sql as 'select 1';
create function pr_bad(a int, a int) returns int language sql as 'select 1';
create function pr_bad(a int default 1, b int) returns int language sql as 'select 1';
create function pr_atomic(a int) returns int return a * 2;
select pr_atomic(21);
create function pr_ins(p text) returns int language sql as $$ insert into pr_t (name, n) values (p, length(p)) returning id $$;
select pr_ins('one'), pr_ins('three');
select * from pr_t order by id;
create function pr_all() returns setof pr_t language sql stable as 'select * from pr_t order by id';
select * from pr_all();
select name from pr_all() where n > 3;
select (pr_all()).name;
create function pr_tab(x int) returns table (a int, b text) language sql as $$ select i, 'v' || i from generate_series(1, x) i $$;
select * from pr_tab(3);
select a, b from pr_tab(2) with ordinality;
select t.id, f.* from pr_t t, pr_tab(t.id) f order by 1, 2;
create function pr_none() returns void language sql as '';
select pr_none();
create function pr_strict(a int) returns text language sql strict as $$ select 'not null' $$;
select pr_strict(null), pr_strict(1);

-- PL/pgSQL: values and branches
create function pr_fact(n int) returns int language plpgsql as $$
begin
  if n <= 1 then return 1; end if;
  return n * pr_fact(n - 1);
end $$;
select pr_fact(10);
select pr_fact(100);
create function pr_kind(n int) returns text language plpgsql as $$
begin
  case n
    when 1, 2 then return 'small';
    when 3 then return 'three';
    else return 'big';
  end case;
end $$;
select pr_kind(2), pr_kind(3), pr_kind(9), pr_kind(null);
create function pr_sign(n int) returns text language plpgsql as $$
declare
  r text := 'zero';
begin
  if n > 0 then r := 'plus'; elsif n < 0 then r := 'minus'; else null; end if;
  return r;
end $$;
select pr_sign(1), pr_sign(-1), pr_sign(0), pr_sign(null);
create function pr_loop(n int) returns text language plpgsql as $$
declare
  s text := '';
  i int := 0;
begin
  <<outer>> loop
    i := i + 1;
    continue when i % 2 = 0;
    exit when i > n;
    for k in reverse 3..1 by 2 loop
      s := s || i || ':' || k || ' ';
      exit outer when i = 5;
    end loop;
  end loop;
  while length(s) < 5 loop s := s || '.'; end loop;
  return s;
end $$;
select pr_loop(4), pr_loop(9), pr_loop(0);
create function pr_arr(a int[]) returns int language plpgsql as $$
declare x int; s int := 0;
begin
  foreach x in array a loop s := s + coalesce(x, 100); end loop;
  return s;
end $$;
select pr_arr('{1,2,3}'), pr_arr('{}'), pr_arr('{null,1}');
select pr_arr(null);
create function pr_types() returns text language plpgsql as $$
declare
  a pr_t.name%type := 'abc';
  r pr_t%rowtype;
  x record;
  d date := '2024-01-31';
  v varchar(3);
  n numeric(5,2) := 1.005;
  arr int[] := '{1,2,3}';
  j jsonb := '{"a": 1}';
begin
  r.name := upper(a);
  r.n := 7.6;
  select id, n as m into x from pr_t order by id limit 1;
  arr[2] := 20;
  arr[5] := 50;
  v := 'xyz';
  return concat_ws('|', r, r.name, x.id, x.m, d + 1, n, arr, v, j->>'a', x is null, r.id is null);
end $$;
select pr_types();
create function pr_long() returns text language plpgsql as $$ declare v varchar(3); begin v := 'abcd'; return v; end $$;
select pr_long();
create function pr_const() returns int language plpgsql as $$ declare c constant int := 1; begin c := 2; return c; end $$;
create function pr_nn() returns int language plpgsql as $$ declare c int not null := 1; begin c := null; return c; end $$;
select pr_nn();
create function pr_unassigned() returns int language plpgsql as $$ declare r record; begin return r.x; end $$;
select pr_unassigned();
create function pr_field() returns int language plpgsql as $$ declare r record; begin select 1 as a into r; return r.b; end $$;
select pr_field();
create function pr_amb(id int) returns int language plpgsql as $$ begin return (select n from pr_t where id = id); end $$;
select pr_amb(1);
create function pr_amb2(id int) returns int language plpgsql as $$ #variable_conflict use_column
begin return (select count(*) from pr_t where pr_t.id = id); end $$;
select pr_amb2(1);
create function pr_noret(n int) returns int language plpgsql as $$ begin if n > 0 then return n; end if; end $$;
select pr_noret(1);
select pr_noret(0);

-- SQL in PL/pgSQL
create function pr_into(p int) returns text language plpgsql as $$
declare v_name text; v_n int; cnt bigint;
begin
  select name, n into v_name, v_n from pr_t where id = p;
  if not found then return 'none'; end if;
  update pr_t set n = n + 1 where id = p returning n into v_n;
  get diagnostics cnt = row_count;
  return v_name || v_n || '/' || cnt;
end $$;
select pr_into(1), pr_into(99);
create function pr_strict_into(p int) returns text language plpgsql as $$
declare v text;
begin
  select name into strict v from pr_t where id >= p;
  return v;
end $$;
select pr_strict_into(2);
select pr_strict_into(1);
select pr_strict_into(50);
create function pr_dyn(tab text, val int) returns int language plpgsql as $$
declare r int;
begin
  execute format('select count(*) from %I where id <= $1', tab) into r using val;
  return r;
end $$;
select pr_dyn('pr_t', 1), pr_dyn('pr_t', 100);
select pr_dyn('pr_nothing', 1);
create function pr_sets(n int) returns setof int language plpgsql as $$
begin
  for i in 1..n loop return next i * i; end loop;
  return query select 1000 union all select 2000 order by 1;
  return query execute 'select $1 + 1' using n;
end $$;
select * from pr_sets(2);
select sum(x) from pr_sets(3) x;
create function pr_rows() returns table (k int, v text) language plpgsql as $$
declare r record;
begin
  for r in select t.id, t.name from pr_t t order by t.id desc loop
    k := r.id; v := r.name;
    return next;
  end loop;
end $$;
select * from pr_rows();
create function pr_discard() returns int language plpgsql as $$ begin select 1; return 1; end $$;
select pr_discard();
create function pr_out(in a int, out b int, out c text) language plpgsql as $$ begin b := a + 1; c := 'c' || a; end $$;
select pr_out(1);
select * from pr_out(2);
select (pr_out(3)).c;
create function pr_poly(a anyelement, b anyelement) returns anyelement language plpgsql as $$ begin return coalesce(a, b); end $$;
select pr_poly(null::int, 3), pr_poly('a'::text, 'b');
create function pr_var(variadic a int[]) returns int language sql as 'select coalesce(sum(x), 0)::int from unnest(a) x';
select pr_var(1, 2, 3), pr_var(variadic array[4, 5]);

-- RAISE and EXCEPTION
create function pr_raise(how text) returns text language plpgsql as $$
begin
  if how = 'plain' then raise exception 'value % is % bad', how, 1 + 1; end if;
  if how = 'code' then raise exception 'coded' using errcode = '22012', hint = 'a hint', detail = 'a detail'; end if;
  if how = 'name' then raise unique_violation using message = 'own message', constraint = 'c', table = 't'; end if;
  if how = 'state' then raise sqlstate '12345'; end if;
  if how = 'zero' then return 1 / 0; end if;
  if how = 'assert' then assert 1 = 2, 'not equal'; end if;
  return 'fine';
end $$;
select pr_raise('plain');
select pr_raise('code');
select pr_raise('name');
select pr_raise('state');
select pr_raise('zero');
select pr_raise('assert');
select pr_raise('ok');
create function pr_catch(how text) returns text language plpgsql as $$
declare d text; h text; s text; m text;
begin
  begin
    insert into pr_t (name) values ('undone');
    return pr_raise(how);
  exception
    when division_by_zero then
      get stacked diagnostics d = pg_exception_detail, h = pg_exception_hint, s = returned_sqlstate, m = message_text;
      return concat_ws('|', 'zero', s, m, d, h);
    when unique_violation or sqlstate '12345' then
      return 'named ' || sqlstate || ' ' || sqlerrm;
    when others then
      raise notice 'other: %', sqlerrm;
      return 'other ' || sqlstate;
  end;
end $$;
select pr_catch('plain');
select pr_catch('code');
select pr_catch('name');
select pr_catch('state');
select pr_catch('zero');
select pr_catch('assert');
select pr_catch('ok');
select count(*) from pr_t where name = 'undone';
do $$ begin raise exception 'a'; exception when others then raise; end $$;
do $$ begin begin perform 1/0; exception when division_by_zero then raise exception 'again %', sqlerrm; end; exception when others then raise notice 'outer %', sqlerrm; end $$;
do $$ begin create type pr_mood as enum ('sad', 'ok'); exception when duplicate_object then null; end $$;
do $$ begin create type pr_mood as enum ('sad', 'ok'); exception when duplicate_object then null; end $$;
select 'ok'::pr_mood;
do $$
declare t text;
begin
  foreach t in array array['pr_x1', 'pr_x2'] loop
    execute format('create table %I (id int primary key, note text default %L)', t, 'n/a');
    execute format('insert into %I values ($1)', t) using 7;
  end loop;
end $$;
select * from pr_x1 union all select * from pr_x2;
do $$ begin if not exists (select 1 from pg_class where relname = 'pr_x1') then create table pr_x1 (a int); else drop table pr_x1; end if; end $$;
select * from pr_x1;
do $$ begin alter table pr_x2 add column extra int default 5; update pr_x2 set extra = extra + 1; end $$;
select * from pr_x2;
do 'begin perform pr_missing(); end';
do $$ begin foo bar; end $$;
do $$ declare x int; begin x = ; end $$;
do $$ begin return 1; end $$;
do $$ begin if true then end; end $$;
do language sql 'select 1';

-- Procedures
create procedure pr_proc(a int, inout b int default 0) language plpgsql as $$ begin b := a * 2; insert into pr_t (name, n) values ('proc', b); end $$;
call pr_proc(4);
call pr_proc(5, 1);
select pr_proc(1);
call pr_fact(1);
call pr_nothing(1);
do $$ declare x int := 3; begin call pr_proc(10, x); raise notice 'x is %', x; end $$;
create procedure pr_sqlproc(a text) language sql as $$ insert into pr_t (name) values (a); update pr_t set n = -1 where name = a $$;
call pr_sqlproc('by sql');
select name, n from pr_t order by id;

-- Used by tables
create table pr_d (a int default pr_fact(3), b int check (pr_add(b, 0) > 0), c int generated always as (pr_add(a, 1)) stored);
insert into pr_d (b) values (1);
insert into pr_d (b) values (-1);
insert into pr_d (a, b) values (1, pr_fact(4)), (2, 3);
select * from pr_d order by a, b;
create index pr_di on pr_d (pr_add(a, b));
select a from pr_d where pr_add(a, b) = 5;
create view pr_v as select a, pr_kind(a) as kind from pr_d;
select * from pr_v order by a;
drop function pr_add(int, int);
drop function pr_kind(int);
update pr_d set b = pr_fact(b) where b < 5;
select b from pr_d order by b;

-- As the catalogs show them
select proname, pronargs, proargnames, proargmodes::text, proallargtypes::text, provolatile, proisstrict, proretset, pronargdefaults, prokind, prorettype::regtype, pg_get_function_arguments(oid), pg_get_function_identity_arguments(oid), pg_get_function_result(oid) from pg_proc where proname like 'pr\_%' and proname <> 'pr_bad' order by proname, pronargs;
select l.lanname, count(*) from pg_proc p join pg_language l on l.oid = p.prolang where proname in ('pr_fact', 'pr_atomic', 'pr_ins') group by 1 order by 1;
select pg_get_functiondef('pr_fact'::regproc), pg_get_functiondef('pr_tab(int)'::regprocedure);
select 'pr_add(int,int)'::regprocedure, 'pr_fact'::regproc, to_regproc('pr_nothing'), 'pr_out(int)'::regprocedure::text;

-- Changing and dropping
alter function pr_sign(int) rename to pr_signum;
select pr_signum(3);
select pr_sign(3);
create schema pr_s;
alter function pr_signum(int) set schema pr_s;
select pr_s.pr_signum(-3);
comment on function pr_s.pr_signum(int) is 'the sign';
drop function pr_loop;
drop function pr_loop;
drop function if exists pr_loop(int);
drop function if exists pr_loop(int, text);
drop function pr_add(int);
drop procedure pr_proc(int, int);
drop function pr_arr(int[]), pr_types();
select pr_arr('{1}');
drop schema pr_s cascade;
