// An application on Drizzle: typed tables, relational queries, migrations from files, transactions.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const { Pool } = require('pg');
const { drizzle } = require('drizzle-orm/node-postgres');
const { migrate } = require('drizzle-orm/node-postgres/migrator');
const { sql, eq, and, or, gt, ilike, inArray, desc, asc, count, sum, relations, arrayContains, exists, isNull, between } = require('drizzle-orm');
const { pgTable, pgEnum, serial, integer, text, varchar, numeric, boolean, timestamp, jsonb, uuid, date, primaryKey, unionAll, alias } = require('drizzle-orm/pg-core');
const { line, fails } = require('./lines');

const level = pgEnum('level', ['low', 'high']);
const teams = pgTable('teams', { id: serial('id').primaryKey(), name: varchar('name', { length: 40 }).notNull().unique(), settings: jsonb('settings').default({}) });
const people = pgTable('people', {
	id: uuid('id').primaryKey().defaultRandom(),
	name: text('name').notNull(),
	team: integer('team_id').references(() => teams.id, { onDelete: 'set null' }),
	level: level('level').default('low'),
	pay: numeric('pay', { precision: 10, scale: 2 }),
	skills: text('skills').array(),
	hired: date('hired'),
	active: boolean('active').default(true),
	seen: timestamp('seen', { withTimezone: true }),
});
const links = pgTable('links', { a: uuid('a').notNull().references(() => people.id), b: uuid('b').notNull().references(() => people.id) }, (t) => [primaryKey({ columns: [t.a, t.b] })]);
const teamRelations = relations(teams, ({ many }) => ({ people: many(people) }));
const peopleRelations = relations(people, ({ one }) => ({ team: one(teams, { fields: [people.team], references: [teams.id] }) }));

const files = {
	'0000_start': `CREATE TYPE "public"."level" AS ENUM('low', 'high');
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "teams" ("id" serial PRIMARY KEY NOT NULL, "name" varchar(40) NOT NULL, "settings" jsonb DEFAULT '{}'::jsonb, CONSTRAINT "teams_name_unique" UNIQUE("name"));
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "people" ("id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL, "name" text NOT NULL, "team_id" integer, "level" "level" DEFAULT 'low', "pay" numeric(10, 2), "skills" text[], "hired" date, "active" boolean DEFAULT true, "seen" timestamp with time zone);
--> statement-breakpoint
CREATE TABLE IF NOT EXISTS "links" ("a" uuid NOT NULL, "b" uuid NOT NULL, CONSTRAINT "links_a_b_pk" PRIMARY KEY("a","b"));`,
	'0001_keys': `DO $$ BEGIN
 ALTER TABLE "people" ADD CONSTRAINT "people_team_id_teams_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."teams"("id") ON DELETE set null ON UPDATE no action;
EXCEPTION
 WHEN duplicate_object THEN null;
END $$;
--> statement-breakpoint
ALTER TABLE "links" ADD CONSTRAINT "links_a_fk" FOREIGN KEY ("a") REFERENCES "public"."people"("id") ON DELETE no action ON UPDATE no action;
--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "people_name" ON "people" USING btree ("name","hired" DESC NULLS LAST);
--> statement-breakpoint
ALTER TYPE "public"."level" ADD VALUE 'top';
--> statement-breakpoint
ALTER TABLE "people" ALTER COLUMN "active" SET NOT NULL;`,
};

function folder() {
	const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'understudy-drizzle-'));
	fs.mkdirSync(path.join(dir, 'meta'));
	const entries = Object.keys(files).map((tag, idx) => ({ idx, version: '7', when: 1700000000000 + idx, tag, breakpoints: true }));
	fs.writeFileSync(path.join(dir, 'meta', '_journal.json'), JSON.stringify({ version: '7', dialect: 'postgresql', entries }));
	for (const [tag, text] of Object.entries(files)) {
		fs.writeFileSync(path.join(dir, `${tag}.sql`), text);
	}
	return dir;
}

const id = (n) => `00000000-0000-4000-8000-00000000000${n}`;

async function work(db) {
	line('insert', await db.insert(teams).values([{ name: 'red', settings: { a: 1 } }, { name: 'blue' }]).returning());
	await db.insert(people).values([{ id: id(1), name: 'Ann', team: 1, pay: '10.5', skills: ['c', 'sql'], hired: '2020-01-02', level: 'high' }, { id: id(2), name: 'bob', team: 1, seen: new Date(0) }, { id: id(3), name: 'Cy' }]);
	line('select', await db.select().from(people).where(and(gt(people.pay, '1'), eq(people.active, true))));
	line('partial', await db.select({ n: people.name, up: sql`upper(${people.name})` }).from(people).where(or(ilike(people.name, 'B%'), isNull(people.team))).orderBy(asc(people.name)));
	line('join', await db.select().from(teams).leftJoin(people, eq(people.team, teams.id)).orderBy(desc(teams.id), people.name));
	line('group', await db.select({ team: people.team, n: count(), pay: sum(people.pay) }).from(people).groupBy(people.team).having(({ n }) => gt(n, 0)).orderBy(people.team));
	line('in, between', await db.select({ id: people.id }).from(people).where(and(inArray(people.name, ['Ann', 'Cy']), or(isNull(people.hired), between(people.hired, '2020-01-01', '2020-12-31')))).orderBy(people.id));
	line('array', await db.select({ name: people.name }).from(people).where(arrayContains(people.skills, ['sql'])));
	const q = alias(people, 'q');
	line('exists', await db.select({ name: teams.name }).from(teams).where(exists(db.select().from(q).where(eq(q.team, teams.id)))));
	const cte = db.$with('c').as(db.select({ name: people.name }).from(people).where(eq(people.level, 'low')));
	line('with', await db.with(cte).select().from(cte).orderBy(cte.name));
	line('union', await unionAll(db.select({ name: teams.name }).from(teams), db.select({ name: people.name }).from(people)).orderBy(sql`1`).limit(3));
	line('relations', await db.query.teams.findMany({ with: { people: { columns: { name: true, skills: true, pay: true }, orderBy: (p, o) => [o.desc(p.name)], limit: 2 } }, orderBy: (t, o) => [o.asc(t.id)] }));
	line('one', await db.query.people.findFirst({ where: (p, o) => o.eq(p.name, 'Ann'), with: { team: true }, extras: { loud: sql`upper(${people.name})`.as('loud') } }));
	line('upsert', await db.insert(teams).values({ name: 'red' }).onConflictDoUpdate({ target: teams.name, set: { settings: sql`${teams.settings} || '{"b": 2}'` } }).returning());
	line('nothing', await db.insert(teams).values({ name: 'red' }).onConflictDoNothing().returning());
	line('update', await db.update(people).set({ pay: sql`coalesce(${people.pay}, 0) * 2 + 1`, level: 'top' }).where(inArray(people.name, ['Ann', 'bob'])).returning({ name: people.name, pay: people.pay, level: people.level }));
	line('delete', await db.delete(people).where(eq(people.id, id(3))).returning({ name: people.name }));
	await fails('unique', () => db.insert(teams).values({ name: 'red' }));
	await fails('foreign key', () => db.insert(people).values({ name: 'x', team: 77 }));
	await fails('transaction', () => db.transaction(async (t) => {
		await t.delete(people);
		await t.transaction(async (inner) => {
			await inner.delete(teams);
			inner.rollback();
		}).catch(() => line('inner', 'rolled back'));
		line('inside', await t.$count(teams));
		t.rollback();
	}, { isolationLevel: 'serializable' }));
	line('count', await db.$count(people));
	const prepared = db.select().from(teams).where(eq(teams.id, sql.placeholder('id'))).prepare('one_team');
	line('prepared', [await prepared.execute({ id: 1 }), await prepared.execute({ id: 2 })]);
}

(async () => {
	const pool = new Pool({ connectionString: process.argv[2] });
	const db = drizzle(pool, { schema: { teams, people, links, teamRelations, peopleRelations } });
	const dir = folder();
	await migrate(db, { migrationsFolder: dir });
	await migrate(db, { migrationsFolder: dir });
	fs.rmSync(dir, { recursive: true });
	line('migrations', (await db.execute(sql`select count(*)::int as n from drizzle.__drizzle_migrations`)).rows);
	await work(db);
	await pool.end();
})().catch((e) => {
	console.log(e.stack, e.cause);
	process.exit(1);
});
