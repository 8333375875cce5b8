-- standard_conforming_strings off: a backslash escapes in ordinary strings.
select '\\a\b', E'\\a';
set standard_conforming_strings = off;
set escape_string_warning = off;
select 'a\\b', 'it\'s', 'tab\tnew\nline', '\101\x42\u0043\U00000044', '\u00e9\u20ac', '\ud83d\ude00';
select '\q\'\"', '\8', '\x', '\xg', 'a''b\\''c';
select 'a\\'
'b\'c'
  'd', E'x\\'
'y\\', 1 / 0;
select 'a\\'
'b\'c'
  'd', E'x\\'
'y\\';
select $$a\\b$$, "a\\b" from (select 1 as "a\\b") t /* '\' */;
select b'101', x'1f', n'a\tb', length('\\\\');
select 'é\\é', nosuch;
select '\\\\\\', '\u00e9\u00e9', nosuch;
select '\', 1;
select 'abc\;
select '\u12';
select '\ud83d';
select '\ud83dx';
select '\ude00';
select '\U00110000';
select '\u0000';
select '\0';
select '\xff';
select '\xc3\xa9';
select U&'\00e9';
select U&"\0061" from (select 1 as a) t;
create table escaped (t text check (t <> 'a\\b'), d text default 'x\ty');
insert into escaped (t) values ('c:\\temp\\'), ('a\\b');
insert into escaped (t) values ('c:\\temp\\') returning *;
select * from escaped where t like 'c:\\\\%';
create view escaping as select 'a\\b'::text as v;
prepare p as select 'a\\b' || $1;
execute p('\\');
set standard_conforming_strings = on;
select '\\a\b', E'\\a';
select * from escaping;
select * from escaped where t = 'c:\temp\';
execute p('\\');
select U&'\00e9', U&'\00e';
select E'\u12';
select E'\u00e9';
