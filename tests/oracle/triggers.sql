-- Triggers on tables.
create table tr_log (n int generated always as identity, what text);
create table tr_t (id serial primary key, name text not null, qty int default 1, total numeric(10,2), updated_at timestamptz, twice int generated always as (qty * 2) stored);
create function tr_touch() returns trigger language plpgsql as $$
begin
  new.updated_at := '2024-01-02 03:04:05+00';
  new.name := trim(new.name);
  return new;
end $$;
create trigger tr_touch before insert or update on tr_t for each row execute function tr_touch();
insert into tr_t (name, total) values ('  one ', 1.005), ('two', 2) returning id, name, total, updated_at at time zone 'UTC', twice;
update tr_t set qty = qty + 1 where id = 1 returning id, name, qty, twice, updated_at is not null;
select id, name, qty, total, twice from tr_t order by id;
create function tr_audit() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into tr_log (what) values (tg_op || ' ' || to_jsonb(new)::text);
  elsif tg_op = 'UPDATE' then
    insert into tr_log (what) values (tg_op || ' ' || old.qty || '->' || new.qty || ' ' || new.twice);
  else
    insert into tr_log (what) values (tg_op || ' ' || old.name);
  end if;
  return null;
end $$;
create trigger tr_audit after insert or update or delete on tr_t for each row execute function tr_audit();
insert into tr_t (name, qty) values ('three', 3);
update tr_t set qty = 10 where id in (1, 2);
delete from tr_t where id = 2;
select what from tr_log order by n;
create function tr_state() returns trigger language plpgsql as $$
begin
  insert into tr_log (what) values (concat_ws(',', tg_name, tg_when, tg_level, tg_op, tg_table_name, tg_table_schema, tg_relname, tg_nargs, tg_argv[0], tg_argv[1], tg_argv[2]));
  return null;
end $$;
create trigger tr_stmt_before before update on tr_t execute function tr_state('a', 'b c');
create trigger tr_stmt_after after update on tr_t for each statement execute procedure tr_state();
truncate tr_log;
update tr_t set qty = 0 where false;
update tr_t set qty = qty where id = 1;
select what from tr_log order by n;
drop trigger tr_stmt_before on tr_t;
drop trigger tr_stmt_after on tr_t;

select tgname, tgtype, tgenabled, tgnargs, tgisinternal, pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'tr_t'::regclass order by tgname;
select relhastriggers from pg_class where relname = 'tr_t';

-- WHEN, UPDATE OF, the order by name, and rows left out
create table tr_w (a int, b int, c text);
create function tr_note() returns trigger language plpgsql as $$
begin
  insert into tr_log (what) values (tg_name || ' ' || coalesce(new.a::text, '-'));
  if new.a = 13 then return null; end if;
  return new;
end $$;
create trigger tr_b before update of b on tr_w for each row execute function tr_note();
create trigger tr_a before update on tr_w for each row when (old.a is distinct from new.a) execute function tr_note();
create trigger tr_c before insert on tr_w for each row when (new.c = 'log') execute function tr_note();
create trigger tr_bad before insert on tr_w for each row when (old.a = 1) execute function tr_missing();
create trigger tr_bad before insert on tr_w for each row when (new.nothing = 1) execute function tr_note();
create trigger tr_bad before insert on tr_w for each row when (new.a) execute function tr_note();
create trigger tr_a before insert on tr_w for each row execute function tr_note();
create trigger tr_bad before update of nothing on tr_w for each row execute function tr_note();
create function tr_int() returns int language sql as 'select 1';
create trigger tr_bad before insert on tr_w for each row execute function tr_int();
truncate tr_log;
insert into tr_w values (1, 1, 'log'), (2, 2, 'no'), (13, 3, 'log') returning a;
update tr_w set b = 5 where a = 1;
update tr_w set a = a + 10, b = 0;
update tr_w set a = 13;
update tr_w set c = 'x' where a = 11 returning *;
select what from tr_log order by what;
select * from tr_w order by a;
alter table tr_w disable trigger tr_a;
update tr_w set a = 100;
alter table tr_w enable trigger tr_a;
alter table tr_w disable trigger all;
update tr_w set a = 13, b = 13;
alter table tr_w enable trigger all;
alter table tr_w enable trigger tr_nothing;
select a, b from tr_w order by a, b;
set session_replication_role = replica;
update tr_w set a = 1;
reset session_replication_role;
drop trigger tr_a on tr_w;
drop trigger tr_a on tr_w;
drop trigger if exists tr_a on tr_w;
alter trigger tr_b on tr_w rename to tr_z;
drop trigger tr_z on tr_w;

-- Errors, deletes that are forbidden, and triggers that write their own table
create function tr_guard() returns trigger language plpgsql as $$
begin
  if old.qty > 5 then raise exception 'cannot delete %', old.name using errcode = 'P0099'; end if;
  return old;
end $$;
create trigger tr_guard before delete on tr_t for each row execute function tr_guard();
delete from tr_t;
delete from tr_t where qty <= 5;
select id, name from tr_t order by id;
create table tr_tree (id int primary key, parent int, depth int);
create function tr_depth() returns trigger language plpgsql as $$
begin
  select coalesce(max(depth), 0) + 1 into new.depth from tr_tree where id = new.parent;
  return new;
end $$;
create trigger tr_depth before insert or update on tr_tree for each row execute function tr_depth();
insert into tr_tree values (1, null), (2, 1), (3, 2), (4, 2);
select * from tr_tree order by id;
insert into tr_tree values (1, null);
create function tr_count() returns trigger language plpgsql as $$
begin
  update tr_w set b = (select count(*) from tr_tree) where c = 'count';
  if tg_op = 'DELETE' then return old; end if;
  return new;
end $$;
insert into tr_w values (0, 0, 'count');
create trigger tr_count after insert or delete on tr_tree for each row execute function tr_count();
insert into tr_tree select i, 1 from generate_series(10, 12) i;
delete from tr_tree where id = 10;
select b from tr_w where c = 'count';
create function tr_endless() returns trigger language plpgsql as $$ begin update tr_tree set depth = depth where id = new.id; return null; end $$;
create trigger tr_endless after update on tr_tree for each row execute function tr_endless();
update tr_tree set depth = 0 where id = 1;
drop trigger tr_endless on tr_tree;
create function tr_noreturn() returns trigger language plpgsql as $$ begin null; end $$;
create trigger tr_noreturn before update on tr_tree for each row execute function tr_noreturn();
update tr_tree set depth = 0 where id = 1;
drop trigger tr_noreturn on tr_tree;
select tr_touch();

-- Inside other statements
with x as (insert into tr_tree values (20, 1, 0) returning id, depth) select * from x;
with gone as (delete from tr_tree where id > 10 returning id) select count(*) from gone;
update tr_tree t set parent = w.a from tr_w w where w.c = 'count' and t.id = 4 returning t.id, t.parent, t.depth;
insert into tr_tree (id, parent) values (50, 50);
do $$ begin insert into tr_tree values (60, 1); exception when unique_violation then null; end $$;
select count(*) from tr_tree where depth = 2;
create trigger tr_trunc after truncate on tr_tree for each statement execute function tr_state('gone');
truncate tr_log;
truncate tr_tree;
select what from tr_log;
create constraint trigger tr_check after insert on tr_tree for each row execute function tr_guard2();
create function tr_guard2() returns trigger language plpgsql as $$ begin if new.id < 0 then raise check_violation using message = 'negative'; end if; return null; end $$;
create constraint trigger tr_check after insert on tr_tree for each row execute function tr_guard2();
insert into tr_tree values (-1, null);
insert into tr_tree values (1, null);
drop function tr_guard2();
drop function tr_guard2() cascade;
insert into tr_tree values (-1, null);
drop table tr_tree;
drop function tr_depth();
create or replace trigger tr_c after insert on tr_w for each row execute function tr_state();
truncate tr_log;
insert into tr_w values (1);
select what from tr_log;
