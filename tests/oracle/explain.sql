-- What EXPLAIN accepts; the plans themselves are SQLite's.
create table ex (id int primary key, t text);
explain (fooo) select 1;
explain (costs 2) select 1;
explain (costs maybe) select 1;
explain (format foo) select 1;
explain (format) select 1;
explain (wal) select 1;
explain (timing) select 1;
explain (analyze off, wal on) select 1;
explain (costs off) select nothing from ex;
explain (costs off) execute missing(1);
prepare ex_p (int) as select * from ex where id = $1;
explain (costs off) execute ex_p;
explain (costs off) execute ex_p(1, 2);
do $$ begin execute 'explain (analyze, verbose, costs off, buffers on, timing off, summary on, settings on, wal on) insert into ex values (1, ''x'')'; end $$;
select * from ex;
do $$ declare j json; begin execute 'explain (analyze, format json) select * from ex' into j;
  raise notice '% % %', json_array_length(j), j->0->'Plan'->>'Actual Rows', j->0->'Plan' ? 'Node Type';
exception when undefined_function then
  raise notice '% %', json_array_length(j), j->0->'Plan'->>'Actual Rows'; end $$;
do $$ declare j json; begin execute 'explain (format json) select * from ex where id = 1' into j;
  raise notice '% %', j->0->'Plan'->>'Relation Name', (j->0->'Plan'->>'Total Cost')::float > 0; end $$;
do $$ declare j json; begin execute 'explain (analyze, format json) update ex set t = ''y'' returning *' into j;
  raise notice '% % % %', j->0->'Plan'->>'Node Type', j->0->'Plan'->>'Operation', j->0->'Plan'->>'Actual Rows', j->0->'Plan'->'Plans'->0->>'Node Type'; end $$;
select * from ex;
do $$ declare n int := 0; l text; begin for l in explain (costs off) select * from ex order by t loop n := n + 1; end loop; raise notice '%', n > 0; end $$;
drop table ex;
