-- Cursors of PL/pgSQL.
create table pc (id int primary key, v text, n int);
insert into pc select g, 'row ' || g, g * 10 from generate_series(1, 10) g;
create function pc_bound() returns text language plpgsql as $$
declare c cursor for select * from pc order by id; r record; s text := '';
begin
  open c;
  loop
    fetch c into r;
    exit when not found;
    s := s || r.v || ';';
  end loop;
  close c;
  return s;
end $$;
select pc_bound();
select pc_bound();
create function pc_params(a int, b int) returns setof text language plpgsql as $$
declare c cursor (lo int, hi int) for select v from pc where id between lo and hi order by id; t text;
begin
  open c(a, b); fetch c into t; return next t; close c;
  open c(hi := b, lo := a + 1); fetch c into t; return next t; close c;
  open c(a + 2, hi := b); fetch next from c into t; return next t; close c;
  for r in c(a, b) loop return next r.v || '!'; end loop;
  return next coalesce(c::text, 'none');
end $$;
select * from pc_params(3, 6);
create function pc_moves() returns setof text language plpgsql as $$
declare c scroll cursor for select id from pc order by id; i int; k int := 3;
begin
  open c;
  fetch last from c into i; return next 'last ' || i;
  fetch prior from c into i; return next 'prior ' || i;
  fetch first from c into i; return next 'first ' || i;
  fetch absolute 4 from c into i; return next 'absolute ' || i;
  fetch absolute k + 2 from c into i; return next 'absolute ' || i;
  fetch relative -2 from c into i; return next 'relative ' || i;
  fetch relative 0 from c into i; return next 'relative 0 ' || i;
  fetch forward from c into i; return next 'forward ' || i;
  fetch backward from c into i; return next 'backward ' || i;
  move forward 3 from c; fetch c into i; return next 'moved ' || i;
  move last from c; fetch c into i; return next 'behind ' || coalesce(i::text, 'null') || ' ' || found;
  move backward all in c; fetch next in c into i; return next 'again ' || i;
  move absolute -2 from c; get diagnostics k = row_count; return next 'count ' || k;
  fetch c into i; return next 'next ' || i;
  move all from c; get diagnostics k = row_count; return next 'count ' || k || ' ' || found;
  fetch prior from c into i; return next 'prior ' || i;
  close c;
end $$;
select * from pc_moves();
create function pc_forward() returns int language plpgsql as $$
declare c no scroll cursor for select id from pc; i int;
begin open c; fetch c into i; fetch prior from c into i; return i; end $$;
select pc_forward();
create function pc_unbound(kind text) returns text language plpgsql as $$
declare c refcursor; r pc; a int; b text;
begin
  if kind = 'static' then open c for select * from pc where n > 50 order by id;
  elsif kind = 'dynamic' then open c for execute 'select * from pc where n > $1 order by id desc' using 60;
  else open c scroll for execute format('select * from %I order by id', kind); end if;
  fetch c into r;
  fetch c into a, b;
  close c;
  return r::text || ' ' || a || ' ' || b;
end $$;
select pc_unbound('static'), pc_unbound('dynamic'), pc_unbound('pc');
select pc_unbound('nothing');
create function pc_return(refcursor) returns refcursor language plpgsql as $$
begin open $1 for select id, v from pc order by id; return $1; end $$;
begin;
select pc_return('mine');
fetch 2 from mine;
fetch all in mine;
close mine;
select pc_return('"Quoted"');
fetch 1 in """Quoted""";
commit;
fetch 1 from mine;
create function pc_two() returns setof refcursor language plpgsql as $$
declare a refcursor := 'first'; b refcursor := 'second';
begin open a for select 1 as one; return next a; open b for values (2, 'two'); return next b; end $$;
begin;
select pc_two();
fetch all from first;
fetch all from second;
select name, statement is not null as has_statement, is_holdable, is_scrollable from pg_cursors order by 1;
rollback;
create function pc_unnamed() returns boolean language plpgsql as $$
declare c refcursor; begin open c for select 1; return c::text like '<unnamed portal %>'; end $$;
select pc_unnamed();
create function pc_current() returns setof pc language plpgsql as $$
declare c cursor for select * from pc where id in (2, 4, 6) order by id for update; r pc;
begin
  open c;
  loop
    fetch c into r;
    exit when not found;
    if r.id = 4 then delete from pc where current of c;
    else update pc set n = n + 1, v = v || ' seen' where current of c; end if;
  end loop;
  close c;
  for x in c loop update pc set n = -n where current of c; end loop;
  return query select * from pc where id <= 6 order by id;
end $$;
select * from pc_current();
do $$ declare c cursor for select id from pc order by id; begin for r in c loop raise notice '%', r.id; exit when r.id = 3; end loop; open c; close c; end $$;
do $$ declare c cursor for select 1; x int; begin fetch c into x; end $$;
do $$ declare c refcursor; x int; begin fetch c into x; end $$;
do $$ declare c refcursor := 'nothing'; begin close c; end $$;
do $$ declare c cursor for select 1; begin open c; open c; end $$;
do $$ declare c cursor for select 1; begin for r in c loop open c; end loop; end $$;
do $$ declare c cursor (a int) for select a; begin open c; end $$;
do $$ declare c cursor (a int) for select a; begin open c(1, 2); end $$;
do $$ declare c cursor (a int, b int) for select a; begin open c(1); end $$;
do $$ declare c cursor (a int, b int) for select a; begin open c(1, a := 2); end $$;
do $$ declare c cursor (a int, b int) for select a; begin open c(x := 1, b := 2); end $$;
do $$ declare c cursor for select 1; begin open c(1); end $$;
do $$ declare c cursor for select 1; begin open c for select 2; end $$;
do $$ declare c refcursor; begin open c; end $$;
do $$ declare c refcursor; x int; begin open c for select 1; fetch all from c into x; end $$;
do $$ declare c refcursor; x int; begin open c for select 1; fetch forward 2 from c into x; end $$;
do $$ declare c int; begin open c for select 1; end $$;
do $$ declare x int; begin fetch unknown into x; end $$;
do $$ declare c refcursor; begin open c for execute null; end $$;
do $$ declare c constant refcursor := 'name'; x int; begin open c for select 7; fetch c into x; raise notice '%', x; end $$;
do $$ declare c constant refcursor; begin open c for select 7; end $$;
do $$ declare c refcursor; x int; n int := null; begin open c scroll for select 7; fetch absolute n from c into x; end $$;
do $$
declare c refcursor := 'inner'; x int;
begin
  begin
    open c for select 1;
    raise exception 'out';
  exception when others then null;
  end;
  open c for select 2;
  fetch c into x;
  raise notice 'got %', x;
end $$;
do $$ declare c cursor for select generate_series(1, 3) g; r record; begin open c; loop fetch c into r; exit when r is null; raise notice '%', r.g; end loop; end $$;
do $$ declare a int; b text; r record; c cursor for select 1, 'x'; begin open c; fetch c into a, b; raise notice '% %', a, b; fetch c into a, b; raise notice '% % %', a, b, found; end $$;
create function pc_pass(c refcursor) returns int language plpgsql as $$ declare i int; begin fetch c into i; return i; end $$;
begin;
declare outside scroll cursor for select id from pc order by id;
select pc_pass('outside'), pc_pass('outside');
fetch next from outside;
select pc_pass('outside');
rollback;
drop table pc cascade;
