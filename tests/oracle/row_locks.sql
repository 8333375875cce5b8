create table j(id int primary key, s text);
insert into j values (1,'a'),(2,'b'),(3,'c');
select id from j where s <> 'b' order by id for update skip locked limit 1;
update j set s = 'x' where id = (select id from j where s = 'b' for update skip locked limit 1) returning *;
with n as (select id from j order by id limit 2 for update skip locked) update j set s = 'y' from n where n.id = j.id returning j.*;
delete from j where id in (select id from j order by id for no key update of j skip locked limit 1) returning *;
select * from j order by id for share skip locked;
select * from j order by id for update nowait;
