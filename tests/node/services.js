// Services that share a migration helper: UUID keys made by the database, JSONB and ARRAY(STRING) columns, a search vector, one schema each.
'use strict';
const { Sequelize, DataTypes, Op, QueryTypes } = require('sequelize');
const { line, fails } = require('./lines');

const db = new Sequelize(process.argv[2], { logging: false, dialect: 'postgres', pool: { max: 4 }, retry: { max: 2 } });
const q = db.getQueryInterface();

const isPostgreSQL = () => db.getDialect() === 'postgres';
const types = () => ({ UUID: DataTypes.UUID, JSONB: isPostgreSQL() ? DataTypes.JSONB : DataTypes.JSON, ARRAY_STRING: isPostgreSQL() ? DataTypes.ARRAY(DataTypes.STRING) : DataTypes.TEXT });

async function createTableSafe(table, columns) {
	const there = (await q.showAllTables()).some((t) => (t.tableName || t) === table.tableName && t.schema === table.schema);
	if (!there) await q.createTable(table, columns);
	return !there;
}

async function addIndexSafe(table, fields, options) {
	const there = (await q.showIndex(table)).some((i) => i.name === options.name);
	if (!there) await q.addIndex(table, fields, options);
	return !there;
}

const columns = () => ({
	id: { type: types().UUID, defaultValue: Sequelize.literal('uuid_generate_v4()'), primaryKey: true },
	name: { type: DataTypes.STRING(80), allowNull: false },
	status: { type: DataTypes.ENUM('active', 'revoked', 'expired'), allowNull: false, defaultValue: 'active' },
	metadata: { type: types().JSONB, allowNull: false, defaultValue: {} },
	tags: { type: types().ARRAY_STRING, allowNull: false, defaultValue: [] },
	lat: DataTypes.DOUBLE,
	lon: DataTypes.DOUBLE,
	expires_at: DataTypes.DATE,
	created_at: { type: DataTypes.DATE, allowNull: false, defaultValue: Sequelize.literal('CURRENT_TIMESTAMP') },
	updated_at: { type: DataTypes.DATE, allowNull: false, defaultValue: Sequelize.fn('now') },
});

async function up(schema) {
	const table = { tableName: 'certificates', schema };
	await q.createSchema(schema);
	line(`${schema} created`, await createTableSafe(table, columns()));
	line(`${schema} again`, await createTableSafe(table, columns()));
	for (const [name, fields, using] of [['certificates_tags', ['tags'], 'gin'], ['certificates_metadata', ['metadata'], 'gin'], ['certificates_status', ['status', 'created_at'], 'btree']]) {
		line(`${schema} index ${name}`, [await addIndexSafe(table, fields, { name, using }), await addIndexSafe(table, fields, { name, using })]);
	}
	await q.addColumn(table, 'search', { type: DataTypes.TSVECTOR });
	await db.query(`CREATE INDEX certificates_search ON "${schema}".certificates USING gin (search)`);
	await q.addConstraint(table, { fields: ['name'], type: 'unique', name: 'certificates_name_key' });
	await q.addConstraint(table, { fields: ['lat'], type: 'check', name: 'certificates_lat_check', where: { lat: { [Op.between]: [-90, 90] } } });
	const described = await q.describeTable(table);
	line(`${schema} described`, Object.keys(described).sort().map((k) => [k, described[k].type, described[k].allowNull, described[k].defaultValue, described[k].primaryKey, described[k].special]));
}

const model = (schema) => db.define('Certificate', {
	id: { type: DataTypes.UUID, primaryKey: true, defaultValue: Sequelize.literal('uuid_generate_v4()') },
	name: { type: DataTypes.STRING(80), allowNull: false, validate: { len: [2, 80] } },
	status: { type: DataTypes.ENUM('active', 'revoked', 'expired'), defaultValue: 'active' },
	metadata: { type: DataTypes.JSONB, defaultValue: {} },
	tags: { type: DataTypes.ARRAY(DataTypes.STRING), defaultValue: [] },
	lat: DataTypes.DOUBLE,
	lon: DataTypes.DOUBLE,
	expires_at: DataTypes.DATE,
}, { schema, tableName: 'certificates', underscored: true });

const names = (rows) => rows.map((r) => r.name);

async function use(schema) {
	const C = model(schema);
	const first = await C.create({ name: 'root', metadata: { issuer: { cn: 'Root', ou: ['a', 'b'] }, bits: 4096 }, tags: ['ca', 'root'], lat: 59.91, lon: 10.75 });
	line('made by the database', /^[0-9a-f-]{36}$/.test(first.id));
	await C.bulkCreate([{ name: 'leaf', metadata: { bits: 2048 }, tags: ['tls'], expires_at: '2021-01-02T03:04:05Z' }, { name: 'old', status: 'expired', tags: [] }, { name: "o'brien \"x\"", metadata: { note: 'ünï', nested: { deep: [1, { two: 2 }] } }, tags: ['a,b', '{c}', 'NULL', ''] }]);
	const order = [['name', 'ASC']];
	line('contains', names(await C.findAll({ where: { tags: { [Op.contains]: ['tls'] } }, order })));
	line('overlap', names(await C.findAll({ where: { tags: { [Op.overlap]: ['root', 'a,b'] } }, order })));
	line('path', names(await C.findAll({ where: { 'metadata.issuer.cn': 'Root' }, order })));
	line('number in json', names(await C.findAll({ where: { metadata: { bits: { [Op.gte]: 2048 } } }, order })));
	line('json contains', names(await C.findAll({ where: { metadata: { [Op.contains]: { nested: { deep: [{ two: 2 }] } } } }, order })));
	line('strings', (await C.findOne({ where: { name: { [Op.like]: "o'%" } } })).toJSON().tags);
	line('counts', await C.findAll({ attributes: ['status', [Sequelize.fn('COUNT', Sequelize.col('id')), 'n'], [Sequelize.fn('array_agg', Sequelize.literal('name ORDER BY name')), 'names']], group: ['status'], order: ['status'], raw: true }));
	await db.query(`UPDATE "${schema}".certificates SET search = to_tsvector('english', name || ' ' || coalesce(metadata->>'note', '')), metadata = jsonb_set(metadata, '{seen}', 'true'), tags = array_append(tags, 'seen') WHERE status = 'active'`);
	line('search', await db.query(`SELECT name, ts_rank(search, query) > 0 AS ranked FROM "${schema}".certificates, plainto_tsquery('english', :words) query WHERE search @@ query`, { replacements: { words: 'leaf' }, type: QueryTypes.SELECT }));
	line('changed', (await C.findAll({ where: { status: 'active' }, attributes: ['name', 'metadata', 'tags'], order, raw: true })));
	line('upsert', (await C.upsert({ id: first.id, name: 'root', status: 'revoked' }))[1] !== undefined);
	await fails('same name', () => C.create({ name: 'leaf' }));
	await fails('latitude', () => C.create({ name: 'far', lat: 91 }));
	await fails('status', () => db.query(`UPDATE "${schema}".certificates SET status = 'lost'`));
	await fails('in a transaction', () => db.transaction(async (transaction) => {
		await C.update({ status: 'revoked' }, { where: {}, transaction });
		throw new Error('changed my mind');
	}));
	line('after rollback', await C.count({ where: { status: 'revoked' } }));
	line('paged', (await C.findAndCountAll({ where: { status: 'active' }, order, limit: 1, offset: 1 })).count);
}

async function down(schema) {
	const table = { tableName: 'certificates', schema };
	await q.removeIndex(table, 'certificates_tags');
	await q.removeConstraint(table, 'certificates_name_key');
	await q.renameColumn(table, 'lon', 'longitude');
	await q.changeColumn(table, 'name', { type: DataTypes.TEXT, allowNull: true });
	line(`${schema} left`, [(await q.showIndex(table)).map((i) => i.name).sort(), Object.keys(await q.describeTable(table)).sort()]);
	await q.dropTable(table);
	await q.dropSchema(schema);
	line(`${schema} gone`, (await q.showAllSchemas()).includes(schema));
}

(async () => {
	await db.authenticate();
	await db.query('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"');
	const services = ['exprsn_ca', 'exprsn_auth', 'exprsn_vault'];
	await Promise.all(services.slice(1).map((s) => q.createSchema(s)));
	for (const s of services) await up(s);
	await use('exprsn_ca');
	await Promise.all(services.slice(1).map(async (s) => model(s).schema(s).bulkCreate([...Array(20).keys()].map((i) => ({ name: `c${i}`, tags: [s] })))));
	line('side by side', await Promise.all(services.map((s) => db.query(`SELECT count(*)::int AS n FROM "${s}".certificates`, { type: QueryTypes.SELECT, plain: true }))));
	for (const s of services) await down(s);
	await db.close();
})().catch((e) => {
	console.error(e);
	process.exit(1);
});
