// Prints what a client saw, one JSON line per step, so that two servers can be compared as text.
'use strict';

const stable = (key, value) => {
	if (value && typeof value === 'object' && !Array.isArray(value) && Object.getPrototypeOf(value) === Object.prototype) {
		return Object.fromEntries(Object.keys(value).sort().map((k) => [k, value[k]]));
	}
	return typeof value === 'bigint' ? `${value}n` : value;
};

function line(step, value) {
	const now = new RegExp(`${new Date().getUTCFullYear()}-\\d\\d-\\d\\d[ T]\\d\\d:[0-9:.]+(Z|\\+00)?`, 'g');
	console.log(`${step}: ${JSON.stringify(value, stable)}`.replace(now, '<now>').replace(/(?!0{8}-)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g, '<uuid>'));
}

// What a driver's error says: the parts that applications look at.
async function fails(step, action) {
	try {
		await action();
		line(step, 'no error');
	} catch (e) {
		const pg = e.original || e.driverError || e.cause || e;
		line(step, { name: e.constructor.name, code: pg.code, message: pg.message, detail: pg.detail, table: pg.table || pg.table_name, constraint: pg.constraint || pg.constraint_name });
	}
}

module.exports = { line, fails };
