-- What pg_index says of keys.
create type mood as enum ('a','b'); create domain dd as varchar(5);
create table oc(a text, b varchar(5), c int, d int8, e jsonb, f int[], g int4range, h mood, i dd, j bpchar, k name, l oid, m inet, n cidr, o timestamptz, p uuid, q tsvector, r numeric, s bytea, t bool, u cidr, v date, w interval, x point, y bit(3), z time);
create index oc1 on oc(a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,y,z);
create index oc2 on oc using hash(b);
create index oc3 on oc using gin(e jsonb_path_ops, f, q);
create index oc4 on oc(a text_pattern_ops desc, b varchar_pattern_ops, j bpchar_pattern_ops);
create index oc6 on oc using gist(g, q);
create index oc7 on oc using gin(e);
select relname, indcollation, (select array_agg(opcname || '/' || opcintype::regtype order by k) from unnest(indclass) with ordinality u(o,k) join pg_opclass p on p.oid = o) from pg_index join pg_class c on c.oid=indexrelid where indrelid='oc'::regclass order by 1;
select opcname, c.relname from pg_opclass as oc join pg_index as i on oc.oid = any(i.indclass) join pg_class as c on c.oid = i.indexrelid where c.relname = 'oc4' order by 1;
drop table oc; drop domain dd; drop type mood;
