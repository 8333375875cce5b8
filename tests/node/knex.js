// An application on Knex: schema builder, migrations with their lock table, query builder, transactions, streams.
'use strict';
const knex = require('knex');
const { line, fails } = require('./lines');

const db = knex({ client: 'pg', connection: process.argv[2], pool: { min: 0, max: 4 } });

const migrations = [
	{
		name: '001_shop',
		up: async (k) => {
			await k.schema.createTable('shops', (t) => {
				t.increments('id');
				t.string('name', 80).notNullable().unique();
				t.uuid('token').defaultTo(k.raw('gen_random_uuid()'));
				t.jsonb('settings').notNullable().defaultTo('{}');
				t.specificType('labels', 'text[]');
				t.enu('state', ['open', 'closed'], { useNative: true, enumName: 'shop_state' }).defaultTo('open');
				t.timestamps(true, true);
			});
			await k.schema.createTable('sales', (t) => {
				t.bigIncrements('id');
				t.integer('shop_id').notNullable().references('id').inTable('shops').onDelete('CASCADE').index();
				t.decimal('amount', 10, 2).notNullable().checkPositive();
				t.enu('kind', ['cash', 'card']).notNullable();
				t.date('day');
				t.boolean('refunded').defaultTo(false);
				t.unique(['shop_id', 'day', 'kind'], { indexName: 'one_a_day' });
			});
			await k.schema.raw('CREATE VIEW totals AS SELECT shop_id, count(*) AS amount FROM sales GROUP BY 1');
		},
		down: (k) => k.schema.raw('DROP VIEW totals').then(() => k.schema.dropTable('sales')).then(() => k.schema.dropTable('shops')).then(() => k.raw('DROP TYPE shop_state')),
	},
	{
		name: '002_change',
		up: (k) => k.schema.alterTable('sales', (t) => {
			t.text('note');
			t.string('currency', 3).notNullable().defaultTo('EUR');
			t.decimal('amount', 12, 3).notNullable().alter({ alterNullable: false });
			t.string('note', 200).alter();
			t.renameColumn('refunded', 'returned');
			t.index(['day', 'amount'], 'sales_day', { indexType: 'btree' });
		}),
		down: (k) => k.schema.alterTable('sales', (t) => {
			t.dropIndex([], 'sales_day');
			t.renameColumn('returned', 'refunded');
			t.dropColumns('note', 'currency');
		}),
	},
];
const migrationSource = {
	getMigrations: async () => migrations,
	getMigrationName: (m) => m.name,
	getMigration: async (m) => m,
};

async function schema() {
	line('latest', await db.migrate.latest({ migrationSource }));
	line('version', await db.migrate.currentVersion({ migrationSource }));
	line('rollback', await db.migrate.rollback({ migrationSource }, true));
	line('again', await db.migrate.latest({ migrationSource }));
	line('hasTable', [await db.schema.hasTable('sales'), await db.schema.hasTable('nope'), await db.schema.hasColumn('sales', 'note')]);
	line('columnInfo', await db('sales').columnInfo());
}

async function writes() {
	line('insert', await db('shops').insert([{ name: 'North', labels: ['a', 'b'], settings: { open: [8, 18] } }, { name: 'South' }]).returning(['id', 'name', 'labels', 'settings', 'state']));
	const day = '2024-02-29';
	await db('sales').insert([{ shop_id: 1, amount: '10.50', kind: 'cash', day }, { shop_id: 1, amount: 3, kind: 'card', day }, { shop_id: 2, amount: 99.99, kind: 'card', day: null }]);
	line('merge', await db('sales').insert({ shop_id: 1, amount: 11, kind: 'cash', day }).onConflict(['shop_id', 'day', 'kind']).merge(['amount']).returning(['id', 'amount']));
	line('ignore', await db('shops').insert({ name: 'North' }).onConflict('name').ignore().returning('id'));
	line('update', await db('sales').where('kind', 'card').update({ amount: db.raw('?? * ?', ['amount', 2]) }, ['id', 'amount']));
	line('update from', await db('sales').updateFrom('shops').where('sales.shop_id', '=', db.ref('shops.id')).where('shops.name', 'North').update({ note: db.ref('shops.name') }));
	line('increment', await db('sales').where({ id: 1 }).increment('amount', 0.25));
	line('delete', await db('sales').where('amount', '>', 150).del().returning('amount'));
	await fails('check', () => db('sales').insert({ shop_id: 1, amount: -1, kind: 'cash' }));
	await fails('enum check', () => db('sales').insert({ shop_id: 1, amount: 1, kind: 'gold' }));
	await fails('type', () => db('sales').where('id', 'x'));
	await fails('column', () => db('sales').select('nope'));
}

async function queries() {
	line('join', await db('sales as s').join('shops as h', 'h.id', 's.shop_id').leftJoin('totals as t', 't.shop_id', 'h.id').select('h.name', 's.amount', 't.amount as total', 's.returned').orderBy([{ column: 's.id', order: 'desc', nulls: 'last' }]));
	line('where', await db('shops').whereJsonPath('settings', '$.open[0]', '=', 8).orWhereILike('name', 's%').pluck('name'));
	line('where json', await db('shops').whereJsonSupersetOf('settings', { open: [8] }).pluck('name'));
	line('jsonExtract', await db('shops').jsonExtract('settings', '$.open[1]', 'closes').orderBy('id'));
	line('aggregate', await db('sales').count('* as n').sum('amount as s').avg('amount as a').min('day as d').first());
	line('group', await db('sales').select('kind').countDistinct('shop_id as shops').groupBy('kind').having(db.raw('count(*)'), '>=', 1).orderBy('kind'));
	line('with', await db.withRecursive('n', db.raw('select 1 as i union all select i + 1 from n where i < ?', [4])).select(db.raw('sum(i)::int as total')).from('n').first());
	line('window', await db('sales').select('id').rowNumber('rank', (w) => w.orderBy('amount', 'desc').partitionBy('shop_id')).orderBy('id'));
	line('sets', await db('shops').select('name').union([db('sales').select('kind')], true).orderBy('name'));
	line('exists', await db('shops').whereExists(db('sales').whereRaw('sales.shop_id = shops.id')).distinct('name').orderBy('name'));
	line('raw', (await db.raw('select :a::int[] as a, :c: from :t: order by 2 limit 1', { a: [1, 2], c: 'name', t: 'shops' })).rows);
	const seen = [];
	for await (const row of db('sales').select('id').orderBy('id').stream({ batchSize: 1 })) {
		seen.push(row.id);
	}
	line('stream', seen);
	line('distinctOn', await db('sales').distinctOn('shop_id').select('shop_id', 'kind').orderBy(['shop_id', 'kind']));
}

async function transactions() {
	await fails('rollback', () => db.transaction(async (t) => {
		await t('shops').insert({ name: 'West' });
		await t.transaction((inner) => inner('shops').insert({ name: 'East' }));
		await t('shops').insert({ name: 'West' });
	}));
	line('after', await db('shops').pluck('name'));
	const t = await db.transaction({ isolationLevel: 'repeatable read', readOnly: true });
	line('locked', await t('shops').select('id').orderBy('id'));
	await fails('read only', () => t('shops').insert({ name: 'x' }));
	await t.rollback();
	await db.transaction(async (x) => line('for update', await x('shops').forUpdate().noWait().where('id', 1).pluck('name')));
	await db('shops').truncate().catch((e) => line('truncate', e.code));
}

(async () => {
	await schema();
	await writes();
	await queries();
	await transactions();
	line('down', await db.migrate.rollback({ migrationSource }, true));
	await db.schema.dropTable('knex_migrations').dropTable('knex_migrations_lock');
	await db.destroy();
})().catch((e) => {
	console.log(e.stack);
	process.exit(1);
});
