-- Sums and products of numerics around the size of a machine word, and their display scales.
create table sums (id int primary key, g int, v numeric, p numeric(12,2));
insert into sums select i, i % 3, (i * 7919)::numeric / 1000, i / 100.0 from generate_series(1, 200) i;
select sum(v), avg(v), sum(p), avg(p), sum(v * p), sum(v - p), sum(-v) from sums;
select g, sum(v), avg(p) from sums group by g order by g;
select sum(v * 999999999999999999), sum(v * 1e-20), sum(v + 0.000000000000000000000000000001) from sums;
select sum(x), avg(x) from (values (999999999999999999.5), (-0.00000000000000000001), (2)) t(x);
select sum(x), avg(x) from (values (999999999999999999), (999999999999999999), (1.50), (-1.5)) t(x);
select sum(x), avg(x) from (values (1.5), ('NaN'), (2)) t(x);
select sum(x), avg(x) from (values (1.5), ('Infinity'), (2)) t(x);
select sum(x), avg(x) from (values ('-Infinity'::numeric), ('Infinity'), (2)) t(x);
select sum(x) from (values (null::numeric), (null)) t(x);
select id, sum(v) over (order by id rows between 2 preceding and current row) from sums where id < 8 order by id;
select x + y, x - y, x * y, y - x from (values (999999999999999999, 1), (0.1, 0.02), (-0.5, 0.5), (123456789.123456789, 1000000000.1), (0.000000000000000001, 0.000000000000000001), (-1, 0.00)) t(x, y);
select 0.00 * -1, -0.5 + 0.5, 1.10 + 2.20, 1e17 * 10, 1e18 - 1, 0.1 * 0.1 * 0.1;
select 9383777755555555555::numeric + 1, 9999999999999999999 * 10.0, -9383777755555555555::numeric - 938377775555555555.5, sum(x) from (values (9383777755555555555::numeric), (9999999999999999999)) v (x);
