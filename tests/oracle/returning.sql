-- RETURNING compares columns by their own types, not by that of the table's first column.
create table r1 (id int, code text, price numeric, c char(4), c1 text, value text);
insert into r1 values (1, '01', 1.50, 'ab', 'x', 'v1') returning code = '1', code in ('1'), code = any (array['1']), case code when '1' then 'equal' end, nullif(code, '1'), code is distinct from '1';
insert into r1 values (2, '2', 2, 'cd', 'y', 'v2') returning price = 2.0, price in (2.00, 3), price between 2.0 and 2.00, least(price, 2.0), greatest(price, 2.0), (price, code) = (2.0, '2'), (price, code) in ((2.0, '2'));
insert into r1 values (3, '1e0', 1, 'ef', 'z', 'v3') returning code > '1', code < '11', id = 3.0, c = 'ef  ', c = 'ef   '::text, c || '!';
insert into r1 values (4, '4', 4, 'gh', 'w', 'v4') returning c1 like any (array['y', 'w%']), value like any (array['v%']), c1 > any (array['a']), (select c1 from (select 'q' as c1) s where r1.c1 = 'w'), exists (select from r1 where code = '01');
insert into r1 values (5, '5', 5.0, 'a', 'b', 'c'), (6, '6', 6.00, 'd', 'e', 'f') returning code = '5', price = 6, c = 'd';
update r1 set price = price + 0.00 where code = '2' returning code = '02', price = 2, least(price, 2), row(price, code) = row(2.0, '2');
delete from r1 where code in ('5', '6') returning code = '05', price in (5, 6.000), c in ('a', 'd   '), r1 is null;
create table r2 (price numeric primary key, n int, t text);
insert into r2 values (1.0, 1, 'a') on conflict (price) do update set n = r2.n + 1 returning price = 1.00, t = 'A', n = '1';
insert into r2 values (1.00, 1, 'b') on conflict (price) do update set n = r2.n + 1, t = excluded.t returning price = 1.000, t in ('b', 'c'), n;
with x as (delete from r2 returning price = 1.0 as one, t) select * from x;
