-- A row that a function returns as one column.
create type fr_ct as (arr text[]);
create function fr_f1() returns setof fr_ct language sql stable as $$ select row(array['hello','world']::text[])::fr_ct $$;
create function fr_f2() returns fr_ct language sql as $$ select row(array['hello'])::fr_ct $$;
create function fr_f3() returns fr_ct language sql as $$ select array['x'] $$;
create type fr_c1 as (a int);
create function fr_f4() returns fr_c1 language sql as $$ select row(1)::fr_c1 $$;
create function fr_f5() returns fr_c1 language sql as $$ select 1 $$;
create table fr_t1(id int); insert into fr_t1 values (1);
create function fr_f6() returns fr_t1 language sql as $$ select * from fr_t1 $$;
create function fr_f7() returns setof fr_t1 language sql as $$ select fr_t1 from fr_t1 $$;
create function fr_f8() returns table(x fr_c1) language sql as $$ select row(1)::fr_c1 $$;
create function fr_f9(out x fr_c1) language sql as $$ select row(1)::fr_c1 $$;
select fr_f1(), fr_f2(), fr_f3(), fr_f4(), fr_f5(), fr_f6(), fr_f7(), fr_f8(), fr_f9();
select * from fr_f1(), fr_f2(), fr_f3(), fr_f4(), fr_f5(), fr_f6(), fr_f7(), fr_f8(), fr_f9();
select (fr_f4()).a, (fr_f2()).arr, (fr_f6()).*;
