-- DROP of kinds of objects that nobody made.
create table dm (id int primary key);
create schema dms;
drop trigger if exists t on dm;
drop trigger if exists t on nothing_here;
drop trigger t on dm;
drop trigger t on nothing_here;
drop rule if exists r on dm;
drop rule r on dm;
drop rule r on public.dm;
drop rule if exists r on nothing_here.dm;
drop policy if exists p on dm;
drop policy p on dm;
drop policy p on nothing_here;
drop event trigger if exists nope;
drop event trigger nope;
drop publication if exists nope, nope2;
drop publication nope;
drop server if exists nope cascade;
drop server nope;
drop foreign data wrapper if exists nope;
drop foreign data wrapper nope;
drop access method if exists nope;
drop access method nope;
drop language if exists nope;
drop language nope;
drop procedural language nope;
drop foreign table if exists nope, dms.nope, nothing_here.nope;
drop foreign table nope;
drop foreign table nothing_here.nope;
drop statistics if exists nope, dms.nope;
drop statistics nope;
drop statistics nothing_here.nope;
-- A relation of pg_catalog is found before a user's of the same name.
create table public.pg_class (a int);
drop table pg_class;
drop table pg_attribute;
select * from public.pg_class;
drop table public.pg_class;
-- Numbers are not names.
select to_regclass('12'), to_regproc('12'), to_regrole('12'), to_regnamespace('12'), to_regoper('12'), to_regcollation('12');
select to_regtype('12');
select '12'::regtype::oid, '12'::regclass::oid;
-- age takes infinity for a moment.
select age(timestamp 'infinity', timestamp '2000-01-01'), age(timestamp '2000-01-01', timestamp 'infinity');
select age(timestamp 'infinity', timestamp 'infinity');
select age(timestamp '-infinity', timestamp '2000-01-01');
select age(timestamp '2000-01-01', timestamp '-infinity');
