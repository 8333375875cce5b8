// An application on postgres.js: tagged queries, types, dynamic fragments, cursors, transactions, LISTEN, COPY.
'use strict';
const postgres = require('postgres');
const { line, fails } = require('./lines');

const sql = postgres(process.argv[2], { max: 3, onnotice: (n) => line('notice', [n.severity, n.code, n.message]), types: { bigint: postgres.BigInt } });

async function types() {
	const [row] = await sql`select ${1}::int4 as i, ${2n}::int8 as b, ${'x'} as t, ${true}::bool as f, ${null}::text as n, ${sql.json({ a: [1, { b: 'ü' }] })}::jsonb as j,
		${[1, 2, 3]}::int[] as a, ${['a', 'b"c', null]}::text[] as ta, ${new Date(Date.UTC(2001, 1, 3))}::timestamptz as d, ${Buffer.from([0, 1, 255])}::bytea as y, 1.50::numeric as num, 'NaN'::float8 as nan`;
	line('types', row);
	line('columns', (await sql`select 1::int2 as a, 'x'::varchar(3) as b, now()::date as c limit 0`).columns.map((c) => [c.name, c.type]));
	line('unsafe', await sql.unsafe('select 1 as one; select 2 as two'));
}

async function writes() {
	await sql`drop table if exists items`;
	await sql`create table items (id bigint generated always as identity primary key, name text not null unique, price numeric(8,2), tags text[] default '{}', doc jsonb, made date default '2020-02-02')`;
	const rows = [{ name: 'a', price: 1.5, tags: ['x'] }, { name: 'b', price: 2, tags: [] }, { name: 'c', price: null, tags: ['x', 'y'] }];
	line('insert', await sql`insert into items ${sql(rows, 'name', 'price', 'tags')} returning id, name, price, tags`);
	line('update', await sql`update items set ${sql({ price: 9, doc: sql.json({ k: 1 }) })} where name = ${'b'} returning *`);
	line('update values', (await sql`update items set price = v.price::numeric from (values ${sql([['a', 5], ['c', 6]])}) as v (name, price) where items.name = v.name`).count);
	line('in', await sql`select name from items where name in ${sql(['a', 'c'])} order by ${sql('name')} desc`);
	line('any', await sql`select name from items where id = any(${[1, 3]}) order by id`);
	const filter = (tag) => (tag ? sql`where ${tag} = any(tags)` : sql``);
	line('fragment', await sql`select count(*)::int as n from items ${filter('x')}`);
	line('upsert', await sql`insert into items (name, price) values ('a', 7) on conflict (name) do update set price = excluded.price + items.price returning id, price`);
	await fails('unique', () => sql`insert into items (name) values ('a')`);
	await fails('null', () => sql`insert into items (price) values (1)`);
	await fails('identity', () => sql`insert into items (id, name) values (1, 'z')`);
	await fails('syntax', () => sql`selec 1`);
	await fails('parameter', () => sql`select ${'x'}::int`);
	await fails('division', () => sql`select 1 / ${0}::int`);
}

async function flow() {
	const seen = [];
	await sql`select i from generate_series(1, 25) i`.cursor(10, (rows) => {
		seen.push(rows.length);
	});
	line('cursor', seen);
	let sum = 0;
	await sql`select i from generate_series(1, 100) i`.forEach((row) => {
		sum += row.i;
	});
	line('forEach', sum);
	line('begin', await sql.begin(async (t) => {
		const [a] = await t`insert into items (name) values ('t') returning name`;
		await t.savepoint(async (s) => {
			await s`insert into items (name) values ('u')`;
			throw new Error('undo');
		}).catch((e) => line('savepoint', e.message));
		return [a.name, ...(await t`select name from items where name in ('t', 'u')`)];
	}));
	await fails('begin fails', () => sql.begin('isolation level serializable read only', (t) => t`delete from items`));
	line('pipeline', await sql.begin((t) => [t`select 1 as a`, t`select 2 as b`, t`select name from items order by id`]));
	const out = [];
	for await (const chunk of await sql`copy (select id, name, tags from items order by id) to stdout`.readable()) {
		out.push(chunk.toString());
	}
	line('copy out', out.join(''));
	const input = await sql`copy items (name, price) from stdin`.writable();
	await new Promise((resolve, reject) => {
		input.on('finish', resolve).on('error', reject);
		input.end('k\t1.25\nl\t\\N\n');
	});
	line('copied', await sql`select name, price from items where name in ('k', 'l') order by 1`);
	const heard = new Promise((resolve) => {
		sql.listen('news', resolve, () => sql.notify('news', 'hello'));
	});
	line('listen', await heard);
	const slow = sql`select pg_sleep(30)`;
	setTimeout(() => slow.cancel(), 200);
	await fails('cancel', () => slow);
	await sql`do $$ begin raise notice 'done %', 1 + 1; end $$`;
	await sql`drop table items`;
}

(async () => {
	await types();
	await writes();
	await flow();
	await sql.end();
})().catch((e) => {
	console.log(e.stack);
	process.exit(1);
});
