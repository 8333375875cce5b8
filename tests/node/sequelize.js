// An application on Sequelize: models with UUID, JSONB, ARRAY and ENUM, associations, migrations, transactions.
'use strict';
const { Sequelize, DataTypes, Op } = require('sequelize');
const { line, fails } = require('./lines');

const db = new Sequelize(process.argv[2], { logging: false, dialect: 'postgres' });

const User = db.define('User', {
	id: { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true },
	email: { type: DataTypes.STRING(120), allowNull: false, unique: true, validate: { isEmail: true } },
	role: { type: DataTypes.ENUM('admin', 'member', 'guest'), defaultValue: 'member' },
	profile: { type: DataTypes.JSONB, defaultValue: {} },
	tags: { type: DataTypes.ARRAY(DataTypes.STRING), defaultValue: [] },
	balance: { type: DataTypes.DECIMAL(12, 2), defaultValue: 0 },
	logins: { type: DataTypes.INTEGER, defaultValue: 0 },
	bornOn: DataTypes.DATEONLY,
	active: { type: DataTypes.BOOLEAN, defaultValue: true },
}, { tableName: 'users', paranoid: true, indexes: [{ fields: ['role'] }, { fields: ['profile'], using: 'gin' }] });

const Post = db.define('Post', {
	title: { type: DataTypes.STRING, allowNull: false },
	body: DataTypes.TEXT,
	score: { type: DataTypes.DOUBLE, defaultValue: 0 },
	size: DataTypes.BIGINT,
	data: DataTypes.BLOB,
}, { tableName: 'posts', underscored: true });
const Label = db.define('Label', { name: { type: DataTypes.STRING, unique: true } }, { tableName: 'labels', timestamps: false });
User.hasMany(Post, { foreignKey: { name: 'userId', allowNull: false }, onDelete: 'CASCADE' });
Post.belongsTo(User, { foreignKey: 'userId' });
Post.belongsToMany(Label, { through: 'post_labels', timestamps: false });
Label.belongsToMany(Post, { through: 'post_labels', timestamps: false });

const id = (n) => `00000000-0000-4000-8000-00000000000${n}`;

async function models() {
	await db.authenticate();
	await db.sync({ force: true });
	await db.sync({ alter: true });
	const ann = await User.create({ id: id(1), email: 'ann@example.org', role: 'admin', profile: { city: 'Oslo', langs: ['no', 'en'] }, tags: ['a', 'b c'], balance: '12.50', bornOn: '1990-02-03' });
	await User.bulkCreate([{ id: id(2), email: 'bob@example.org', tags: ['b'] }, { id: id(3), email: 'cy@example.org', profile: { city: 'Rome' }, balance: 7 }]);
	await Post.bulkCreate([{ title: 'One', userId: id(1), size: '9007199254740993', data: Buffer.from([0, 255]) }, { title: 'Two', userId: id(1), score: 1.5 }, { title: 'Three', userId: id(2), score: 2.25 }]);
	const [red] = await Label.findOrCreate({ where: { name: 'red' } });
	const [, again] = await Label.findOrCreate({ where: { name: 'red' } });
	line('findOrCreate', again);
	const post = await Post.findOne({ where: { title: 'One' } });
	await post.addLabel(red);
	line('types', [ann.balance, ann.tags, ann.profile, ann.bornOn, post.size, post.data]);
}

const show = (rows) => rows.map((r) => {
	const { createdAt, updatedAt, deletedAt, ...rest } = r.toJSON();
	return rest;
});

async function queries() {
	const attributes = ['email'];
	const order = [['email', 'ASC']];
	line('jsonb path', show(await User.findAll({ attributes, where: { profile: { city: 'Oslo' } }, order })));
	line('jsonb contains', show(await User.findAll({ attributes, where: { profile: { [Op.contains]: { langs: ['en'] } } }, order })));
	line('array contains', show(await User.findAll({ attributes, where: { tags: { [Op.contains]: ['b'] } }, order })));
	line('array overlap', show(await User.findAll({ attributes, where: { tags: { [Op.overlap]: ['b', 'b c'] } }, order })));
	line('ilike', show(await User.findAll({ attributes, where: { email: { [Op.iLike]: 'B%' } } })));
	line('and or', show(await User.findAll({ attributes, where: { [Op.or]: [{ balance: { [Op.gte]: 7 } }, { role: 'guest' }], active: true, logins: { [Op.between]: [0, 5] } }, order })));
	const withPosts = await User.findAll({ attributes, include: [{ model: Post, attributes: ['title', 'score'], include: [{ model: Label, attributes: ['name'], through: { attributes: [] } }] }], order: [['email'], [Post, 'title']] });
	line('include', show(withPosts));
	line('include, limit', show(await User.findAll({ attributes, include: [{ model: Post, attributes: ['title'], required: true, where: { score: { [Op.gt]: 1 } } }], order, limit: 1, offset: 1 })));
	line('findAndCountAll', (await Post.findAndCountAll({ limit: 2, order: ['id'] })).count);
	line('group', (await Post.findAll({ attributes: ['userId', [db.fn('COUNT', db.col('id')), 'n'], [db.fn('max', db.col('score')), 'best']], group: ['userId'], having: db.literal('count(id) > 0'), order: ['userId'], raw: true })));
	line('sums', [await Post.sum('score'), await Post.max('score'), await User.count({ distinct: true, col: 'role' }), await User.min('balance')]);
	line('bind', await db.query('SELECT $1::int + $2::int AS s, $3::text[] AS t', { bind: [1, 2, ['x', 'y']], type: 'SELECT' }));
	line('replacements', await db.query('SELECT email FROM users WHERE email IN (:e) ORDER BY 1', { replacements: { e: ['ann@example.org', 'cy@example.org'] }, type: 'SELECT' }));
	line('literal', await User.findAll({ attributes: ['email', [db.literal('(SELECT count(*)::int FROM posts p WHERE p.user_id = "User".id)'), 'posts']], order, raw: true }));
}

async function writes() {
	const [user, created] = await User.upsert({ id: id(3), email: 'cy@example.org', logins: 4, role: 'guest' });
	line('upsert', [user.logins, created]);
	await User.increment({ logins: 2 }, { where: { role: 'guest' } });
	await User.decrement('logins', { by: 1, where: { id: id(3) } });
	line('increment', (await User.findByPk(id(3))).logins);
	line('update', (await User.update({ active: false }, { where: { tags: [] }, returning: ['email', 'active'] })).map((x) => (Array.isArray(x) ? show(x) : x)));
	line('updateOnDuplicate', show(await Label.bulkCreate([{ name: 'red' }, { name: 'blue' }], { updateOnDuplicate: ['name'] })));
	line('ignoreDuplicates', (await Label.bulkCreate([{ name: 'blue' }], { ignoreDuplicates: true })).length);
	line('destroy', await User.destroy({ where: { id: id(2) } }));
	line('paranoid', [await User.count(), await User.count({ paranoid: false })]);
	await User.restore({ where: { id: id(2) } });
	line('restored', await User.count());
	await fails('unique', () => User.create({ email: 'ann@example.org' }));
	await fails('foreign key', () => Post.create({ title: 'x', userId: id(7) }));
	await fails('not null', () => db.query("INSERT INTO posts (title, user_id) VALUES ('x', 'x')"));
	await fails('enum', () => db.query("UPDATE users SET role = 'king'"));
	await fails('too long', () => User.update({ email: `${'x'.repeat(130)}@example.org` }, { where: { id: id(1) } }));
}

async function transactions() {
	await db.transaction({ isolationLevel: 'SERIALIZABLE' }, async (t) => {
		const u = await User.findByPk(id(1), { transaction: t, lock: t.LOCK.UPDATE });
		await u.update({ balance: db.literal('balance + 1') }, { transaction: t });
	});
	line('committed', (await User.findByPk(id(1))).balance);
	await fails('rolled back', () => db.transaction(async (t) => {
		await Label.create({ name: 'lost' }, { transaction: t });
		await db.transaction({ transaction: t }, (inner) => Label.create({ name: 'kept?' }, { transaction: inner }));
		throw new Error('no');
	}));
	line('after rollback', await Label.count());
}

async function migrations() {
	const q = db.getQueryInterface();
	await q.addColumn('posts', 'status', { type: DataTypes.ENUM('draft', 'live'), allowNull: false, defaultValue: 'draft' });
	await q.addColumn('posts', 'slug', { type: DataTypes.STRING(40) });
	await q.changeColumn('posts', 'slug', { type: DataTypes.TEXT, allowNull: true, comment: 'for addresses' });
	await q.changeColumn('posts', 'score', { type: DataTypes.FLOAT, allowNull: false, defaultValue: 1 });
	await q.renameColumn('posts', 'slug', 'address');
	await q.addIndex('posts', ['address'], { unique: true, name: 'posts_address', where: { status: 'live' } });
	await q.addConstraint('posts', { fields: ['score'], type: 'check', name: 'posts_score', where: { score: { [Op.gte]: 0 } } });
	await fails('check', () => db.query('UPDATE posts SET score = -1'));
	line('describe', await q.describeTable('posts'));
	line('indexes', (await q.showIndex('posts')).map((i) => [i.name, i.primary, i.unique, i.fields.map((f) => f.attribute), i.definition]));
	line('foreign keys', await q.getForeignKeyReferencesForTable('posts'));
	line('tables', (await q.showAllTables()).sort());
	await q.removeConstraint('posts', 'posts_score');
	await q.removeIndex('posts', 'posts_address');
	await q.removeColumn('posts', 'status');
	await q.renameTable('labels', 'marks');
	line('renamed', (await q.showAllTables()).sort());
	line('columns', Object.keys(await q.describeTable('posts')));
	line('enums', await db.query("SELECT t.typname, array_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels FROM pg_type t JOIN pg_enum e ON e.enumtypid = t.oid GROUP BY 1 ORDER BY 1", { type: 'SELECT' }));
	await q.dropAllTables();
	line('dropped', await q.showAllTables());
}

(async () => {
	await models();
	await queries();
	await writes();
	await transactions();
	await migrations();
	await db.close();
})().catch((e) => {
	console.log(e.stack, e.sql || '', e.original || '');
	process.exit(1);
});
