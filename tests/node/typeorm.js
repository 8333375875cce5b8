// An application on TypeORM: entities, synchronisation, migrations, repositories, query builder, transactions.
'use strict';
require('reflect-metadata');
const { DataSource, EntitySchema, In, ILike, Between, IsNull, Not, MoreThan, Raw, ArrayContains, Table, TableColumn, TableIndex, TableForeignKey } = require('typeorm');
const { line, fails } = require('./lines');

const Author = new EntitySchema({
	name: 'Author',
	tableName: 'authors',
	columns: {
		id: { type: 'uuid', primary: true, generated: 'uuid' },
		name: { type: 'varchar', length: 60 },
		email: { type: 'varchar', unique: true, nullable: true },
		kind: { type: 'enum', enum: ['human', 'robot'], default: 'human' },
		meta: { type: 'jsonb', default: {} },
		tags: { type: 'text', array: true, default: [] },
		joined: { type: 'timestamptz', createDate: true },
		left: { type: 'timestamptz', deleteDate: true, nullable: true },
		version: { type: 'int', version: true },
	},
	relations: { books: { type: 'one-to-many', target: 'Book', inverseSide: 'author', cascade: true } },
	checks: [{ name: 'named', expression: `length("name") > 0` }],
});
const Book = new EntitySchema({
	name: 'Book',
	tableName: 'books',
	columns: {
		id: { type: 'int', primary: true, generated: 'increment' },
		title: { type: 'varchar' },
		price: { type: 'numeric', precision: 8, scale: 2, default: 0 },
		pages: { type: 'bigint', nullable: true },
		published: { type: 'date', nullable: true },
	},
	relations: {
		author: { type: 'many-to-one', target: 'Author', inverseSide: 'books', onDelete: 'CASCADE', joinColumn: { name: 'author_id' } },
		genres: { type: 'many-to-many', target: 'Genre', joinTable: { name: 'book_genres' } },
	},
	indices: [{ name: 'books_title', columns: ['title'] }, { name: 'books_new', columns: ['published'], where: '"published" IS NOT NULL' }],
	uniques: [{ columns: ['title', 'author'] }],
});
const Genre = new EntitySchema({ name: 'Genre', tableName: 'genres', columns: { id: { type: 'int', primary: true, generated: 'identity' }, name: { type: 'varchar', unique: true } } });

class Change1700000000000 {
	name = 'Change1700000000000';

	async up(q) {
		await q.addColumn('books', new TableColumn({ name: 'state', type: 'varchar', length: '10', default: "'new'", isNullable: false }));
		await q.createTable(new Table({ name: 'loans', columns: [{ name: 'id', type: 'bigint', isPrimary: true, isGenerated: true, generationStrategy: 'increment' }, { name: 'book_id', type: 'int' }, { name: 'until', type: 'timestamp', default: 'now()' }] }), true);
		await q.createForeignKey('loans', new TableForeignKey({ columnNames: ['book_id'], referencedTableName: 'books', referencedColumnNames: ['id'], onDelete: 'CASCADE' }));
		await q.createIndex('loans', new TableIndex({ name: 'loans_until', columnNames: ['until'] }));
		await q.changeColumn('books', 'state', new TableColumn({ name: 'status', type: 'varchar', length: '12', default: "'new'", isNullable: false }));
		await q.renameColumn('loans', 'until', 'due');
	}

	async down(q) {
		await q.dropTable('loans');
		await q.dropColumn('books', 'status');
	}
}

const db = new DataSource({ type: 'postgres', url: process.argv[2], entities: [Author, Book, Genre], migrations: [Change1700000000000], uuidExtension: 'pgcrypto', installExtensions: false });
const id = (n) => `00000000-0000-4000-8000-00000000000${n}`;

async function schema() {
	await db.initialize();
	await db.synchronize(true);
	line('pending after sync', (await db.driver.createSchemaBuilder().log()).upQueries.map((q) => q.query));
	line('migrated', (await db.runMigrations()).map((m) => m.name));
	line('reverted', await db.undoLastMigration().then(() => db.showMigrations()));
	await db.runMigrations({ transaction: 'all' });
	const q = db.createQueryRunner();
	const t = await q.getTable('books');
	line('table', [t.columns.map((c) => [c.name, c.type, c.length, c.precision, c.scale, c.isNullable, c.default, c.isGenerated]), t.indices.map((i) => [i.name, i.columnNames, i.isUnique, i.where]).sort(), t.uniques.map((u) => u.columnNames), t.foreignKeys.map((f) => [f.columnNames, f.referencedTableName, f.onDelete])]);
	await q.release();
}

async function work() {
	const authors = db.getRepository('Author');
	const books = db.getRepository('Book');
	await authors.save([{ id: id(1), name: 'Ann', email: 'a@x', meta: { city: 'Oslo' }, tags: ['x', 'y'], books: [{ title: 'One', price: '3.50', pages: '12' }, { title: 'Two', published: '2001-02-03' }] }, { id: id(2), name: 'Bot', kind: 'robot' }]);
	const g = await db.getRepository('Genre').save([{ name: 'poetry' }, { name: 'prose' }]);
	const one = await books.findOneBy({ title: 'One' });
	await books.save({ ...one, genres: g });
	const strip = (rows) => rows.map(({ joined, ...r }) => r);
	line('find', strip(await authors.find({ relations: { books: { genres: true } }, order: { name: 'ASC', books: { title: 'ASC', genres: { name: 'ASC' } } } })));
	line('where', await books.find({ select: { title: true }, where: [{ title: ILike('o%'), price: MoreThan(1) }, { published: Not(IsNull()), author: { name: In(['Ann']) } }], order: { id: 'ASC' } }));
	line('more', await authors.find({ select: { name: true }, where: { tags: ArrayContains(['x']), meta: Raw((c) => `${c} @> '{"city":"Oslo"}'`) } }));
	line('page', await books.findAndCount({ order: { id: 'DESC' }, skip: 1, take: 1 }));
	line('builder', await db.createQueryBuilder('Author', 'a').leftJoin('a.books', 'b').select('a.name', 'name').addSelect('count(b.id)::int', 'n').addSelect('sum(b.price)', 'total').groupBy('a.name').having('count(b.id) >= :n', { n: 0 }).orderBy('a.name').getRawMany());
	line('sub', await books.createQueryBuilder('b').where((q) => `b.author_id IN ${q.subQuery().select('x.id').from('Author', 'x').where('x.kind = :k').getQuery()}`).setParameter('k', 'human').orderBy('b.id').getMany());
	line('skip take join', (await authors.createQueryBuilder('a').leftJoinAndSelect('a.books', 'b').orderBy('a.name').skip(0).take(1).getMany()).map((a) => a.name));
	line('update', (await db.createQueryBuilder().update('Book').set({ price: () => 'price + 1' }).where('title = :t', { t: 'One' }).returning(['id', 'price']).execute()).raw);
	line('upsert', (await db.getRepository('Genre').upsert([{ name: 'prose' }, { name: 'drama' }], ['name'])).identifiers);
	line('orIgnore', (await db.createQueryBuilder().insert().into('Genre').values({ name: 'prose' }).orIgnore().execute()).raw);
	const ann = await authors.findOneBy({ name: 'Ann' });
	ann.name = 'Anna';
	await authors.save(ann);
	line('version', (await authors.findOneBy({ id: id(1) })).version);
	await authors.softDelete({ id: id(2) });
	line('soft', [await authors.count(), await authors.count({ withDeleted: true })]);
	line('sum', [await books.sum('price'), await books.maximum('price'), await books.average('price'), await books.existsBy({ title: 'Two' })]);
	await fails('unique', () => authors.insert({ name: 'x', email: 'a@x' }));
	await fails('check', () => authors.insert({ name: '' }));
	await fails('enum', () => authors.insert({ name: 'x', kind: 'cat' }));
	await fails('foreign key', () => db.query('insert into loans (book_id) values ($1)', [99]));
	await fails('transaction', () => db.transaction('SERIALIZABLE', async (m) => {
		await m.findOne('Book', { where: { id: 1 }, lock: { mode: 'pessimistic_write' } });
		await m.insert('Genre', { name: 'lost' });
		await m.transaction((n) => n.delete('Book', { title: Between('A', 'Z') }));
		throw new Error('undo');
	}));
	line('kept', [await books.count(), await db.getRepository('Genre').count()]);
	await authors.delete({ id: id(1) });
	line('cascaded', await books.count());
	await db.dropDatabase();
	await db.destroy();
}

schema().then(work).catch((e) => {
	console.log(e.stack, e.query || '');
	process.exit(1);
});
