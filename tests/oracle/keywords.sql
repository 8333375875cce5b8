select * from pg_get_keywords() order by word;
select count(*) from pg_get_keywords() where word <> all ('{select,from,abs}'::text[]);
select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> all ('{a,abs,absolute,action,ada,add,admin,after,all}'::text[]);
select word from pg_get_keywords() k where catcode = 'T' and not barelabel order by 1;
select quote_ident('select'), quote_ident('abort'), quote_ident('between'), quote_ident('selec'), quote_ident('selects'), quote_ident('zone'), quote_ident('left'), quote_ident('');
