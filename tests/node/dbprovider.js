// The data-access layer of a small subscription application: 20 methods, written once for node-postgres.
//
//   node dbprovider.js URL            run every method, print one JSON line per method: its result and the command tags
//   node dbprovider.js URL HTTP       the same, asking understudy at HTTP to change sides in the middle of each method
//
// Ids and times come from counters, so two runs against equal servers print equal lines.
'use strict';
const http = require('http');
const { Pool, types } = require('pg');

types.setTypeParser(1184, (s) => s); // timestamptz as the server prints it

const [url, control] = process.argv.slice(2);
const pool = new Pool({ connectionString: url, max: 3, options: '-c timezone=UTC' });
let tags = [];
let counter = 0;
let clock = Date.UTC(2024, 0, 31, 12, 0, 0, 123);
let onSqlite = false;

const nextId = () => `00000000-0000-4000-8000-${String(++counter).padStart(12, '0')}`;
const now = () => new Date((clock += 1000)).toISOString();

function post(path) {
  return new Promise((resolve, reject) => {
    const req = http.request(control + path, { method: 'POST' }, (res) => {
      let body = '';
      res.on('data', (d) => (body += d));
      res.on('end', () => (res.statusCode === 200 ? resolve(JSON.parse(body)) : reject(new Error(`${path}: ${res.statusCode} ${body}`))));
    });
    req.on('error', reject);
    req.end();
  });
}

// The middle of a method. With a control address the server changes sides here, whatever this program is doing.
async function middle() {
  if (!control) return;
  await post(onSqlite ? '/db/retry-primary' : '/db/force-sqlite');
  onSqlite = !onSqlite;
}

async function run(client, text, values) {
  const r = await client.query(text, values);
  tags.push(`${r.command} ${r.rowCount}`);
  return r.rows;
}
const q = (text, values) => run(pool, text, values);

// BEGIN ... COMMIT, tried again when the server asks for it (40001), as PostgreSQL's documentation tells applications to do.
async function transaction(work) {
  for (let attempt = 0; ; attempt++) {
    const client = await pool.connect();
    const mark = tags.length;
    const ids = counter;
    const time = clock;
    try {
      await client.query('BEGIN');
      const result = await work((text, values) => run(client, text, values), attempt);
      await client.query('COMMIT');
      return result;
    } catch (e) {
      await client.query('ROLLBACK');
      if (e.code !== '40001' || attempt > 5) throw e;
      tags.length = mark;
      counter = ids;
      clock = time;
    } finally {
      client.release();
    }
  }
}

const provider = {
  async getUserByProvider(p, sub) {
    const first = await q('SELECT * FROM users WHERE provider = $1 AND provider_subject = $2', [p, sub]);
    await middle();
    const again = await q('SELECT * FROM users WHERE provider = $1 AND provider_subject = $2', [p, sub]);
    return [first[0], again[0]];
  },
  async upsertUser(p, sub, email, name) {
    const sql = `INSERT INTO users (id, provider, provider_subject, email, display_name, created_at, updated_at)
      VALUES ($1, $2, $3, $4, $5, $6, $6)
      ON CONFLICT (provider, provider_subject) DO UPDATE SET email = EXCLUDED.email, display_name = EXCLUDED.display_name, updated_at = EXCLUDED.updated_at
      RETURNING *`;
    const first = await q(sql, [nextId(), p, sub, email, name, now()]);
    await middle();
    const second = await q(sql, [nextId(), p, sub, email, `${name} II`, now()]);
    return [first[0], second[0]];
  },
  async createUser(p, sub, email, name) {
    await middle();
    const rows = await q('INSERT INTO users (id, provider, provider_subject, email, display_name, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$6) RETURNING *', [
      nextId(), p, sub, email, name, now()]);
    return rows[0];
  },
  async getUserById(id) {
    const a = await q('SELECT id, email, display_name, is_admin FROM users WHERE id = $1', [id]);
    await middle();
    const b = await q('SELECT id, email, display_name, is_admin FROM users WHERE id = $1', [nextId()]);
    return [a[0], b.length];
  },
  async issueRefreshToken(userId, ttlDays, fp) {
    const token = `token-${++counter}`;
    await middle();
    const rows = await q(
      `INSERT INTO refresh_tokens (token, user_id, fingerprint, created_at, expires_at)
       VALUES ($1, $2, $3, $4::timestamptz, $4::timestamptz + make_interval(days => $5)) RETURNING *`,
      [token, userId, fp, now(), ttlDays]);
    return rows[0];
  },
  async findValidRefreshToken(token) {
    const at = now();
    const sql = 'SELECT token, user_id, expires_at FROM refresh_tokens WHERE token = $1 AND revoked_at IS NULL AND expires_at > $2';
    const a = await q(sql, [token, at]);
    await middle();
    const b = await q(sql, [token, at]);
    return [a, b];
  },
  async rotateRefreshToken(oldToken, userId) {
    return transaction(async (tq, attempt) => {
      const gone = await tq('UPDATE refresh_tokens SET revoked_at = $1 WHERE token = $2 AND user_id = $3 AND revoked_at IS NULL RETURNING token', [now(), oldToken, userId]);
      if (attempt === 0) await middle();
      if (gone.length === 0) return null;
      const fresh = await tq('INSERT INTO refresh_tokens (token, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4) RETURNING *', [
        `token-${++counter}`, userId, now(), '2025-01-01T00:00:00Z']);
      return fresh[0];
    });
  },
  async revokeRefreshToken(token) {
    await q('UPDATE refresh_tokens SET revoked_at = $1 WHERE token = $2', [now(), token]);
    await middle();
    return q('SELECT revoked_at FROM refresh_tokens WHERE token = $1', [token]);
  },
  async revokeAllRefreshTokensForUser(userId) {
    await q('UPDATE refresh_tokens SET revoked_at = $1 WHERE user_id = $2 AND revoked_at IS NULL', [now(), userId]);
    await middle();
    return q('SELECT count(*) FILTER (WHERE revoked_at IS NULL) AS live, count(*) AS all FROM refresh_tokens WHERE user_id = $1', [userId]);
  },
  async addSubscriptionEvent(userId, type, payload) {
    const a = await q('INSERT INTO subscription_events (user_id, type, payload, created_at) VALUES ($1, $2, $3, $4) RETURNING *', [userId, type, payload, now()]);
    await middle();
    const b = await q("SELECT payload->>'plan' AS plan, payload->'items' AS items, payload @> '{\"trial\": true}' AS trial FROM subscription_events WHERE user_id = $1 ORDER BY created_at", [userId]);
    return [a.map(({ id, ...rest }) => [typeof id, rest]), b];
  },
  async upsertActiveSubscription(userId, plan, until) {
    return transaction(async (tq, attempt) => {
      await tq("UPDATE subscriptions SET status = 'replaced', updated_at = $1 WHERE user_id = $2 AND status = 'active'", [now(), userId]);
      if (attempt === 0) await middle();
      const rows = await tq("INSERT INTO subscriptions (id, user_id, plan, price, status, current_period_end, created_at, updated_at) VALUES ($1, $2, $3, $4, 'active', $5, $6, $6) RETURNING *", [
        nextId(), userId, plan, '12.50', until, now()]);
      await tq('INSERT INTO subscription_events (user_id, type, payload, created_at) VALUES ($1, $2, $3, $4)', [userId, 'activated', { plan }, now()]);
      return rows[0];
    });
  },
  async getActiveSubscriptionForUser(userId) {
    const a = await q("SELECT * FROM subscriptions WHERE user_id = $1 AND status = 'active' LIMIT 1", [userId]);
    await middle();
    const b = await q("SELECT plan, price * 12 AS yearly, current_period_end - interval '3 days' AS warn_at FROM subscriptions WHERE user_id = $1 AND status = 'active'", [userId]);
    return [a[0], b[0]];
  },
  async getLatestSubscriptionForUser(userId) {
    const sql = 'SELECT id, status, plan FROM subscriptions WHERE user_id = $1 ORDER BY updated_at DESC, id LIMIT 1';
    const a = await q(sql, [userId]);
    await middle();
    const b = await q(sql, [userId]);
    return [a, b];
  },
  async runExpirySweep(at) {
    const expired = await q("UPDATE subscriptions SET status = 'expired', updated_at = $1 WHERE status = 'active' AND current_period_end < $2 RETURNING id", [now(), at]);
    await middle();
    const by = await q('SELECT status, count(*)::int AS n FROM subscriptions GROUP BY status ORDER BY status', []);
    return { expired: expired.length, by };
  },
  async insertJournalEntry(userId, content) {
    const a = await q('INSERT INTO journal_entries (id, user_id, content, created_at) VALUES ($1, $2, $3, $4) RETURNING *', [nextId(), userId, content, now()]);
    await middle();
    const b = await q('INSERT INTO journal_entries (id, user_id, content, created_at) VALUES ($1, $2, $3, $4) RETURNING length(content) AS n', [nextId(), userId, `${content} again`, now()]);
    return [a[0], b[0]];
  },
  async listJournalEntries(userId, limit = 10, offset = 0) {
    const sql = 'SELECT id, content, created_at FROM journal_entries WHERE user_id = $1 ORDER BY created_at DESC LIMIT $2 OFFSET $3';
    const a = await q(sql, [userId, limit, offset]);
    await middle();
    const b = await q(sql, [userId, 1, 1]);
    return [a, b];
  },
  async deleteJournalEntry(userId, entryId) {
    await q('DELETE FROM journal_entries WHERE user_id = $1 AND id = $2', [userId, entryId]);
    await middle();
    await q('DELETE FROM journal_entries WHERE user_id = $1 AND id = $2', [userId, entryId]);
    return null;
  },
  async totalJournalBytes(userId) {
    const sql = 'SELECT COALESCE(SUM(octet_length(content)), 0) AS bytes FROM journal_entries WHERE user_id = $1';
    const a = await q(sql, [userId]);
    await middle();
    const b = await q(sql, [nextId()]);
    return [a[0].bytes, b[0].bytes];
  },
  async revokeJti(jti, userId) {
    const sql = 'INSERT INTO revoked_jtis (jti, user_id, revoked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
    await q(sql, [jti, userId, now()]);
    await middle();
    await q(sql, [jti, userId, now()]);
    return null;
  },
  async isJtiRevoked(jti) {
    const a = await q('SELECT EXISTS (SELECT 1 FROM revoked_jtis WHERE jti = $1) AS yes', [jti]);
    await middle();
    const b = await q('SELECT EXISTS (SELECT 1 FROM revoked_jtis WHERE jti = $1) AS yes', ['other']);
    return [a[0].yes, b[0].yes];
  },
};

async function call(name, ...args) {
  tags = [];
  const result = await provider[name](...args);
  if (onSqlite) await middle(); // every method begins on the same side
  console.log(JSON.stringify({ method: name, tags, result: result === undefined ? null : result }));
  return result;
}

async function main() {
  await call('upsertUser', 'github', 'sub-1', 'ann@example.com', 'Ann Ünïcode');
  const user = (await call('getUserByProvider', 'github', 'sub-1'))[0];
  const bob = await call('createUser', 'google', 'sub-2', 'bob@example.com', null);
  await call('getUserById', user.id);
  const issued = await call('issueRefreshToken', user.id, 30, 'fp-1');
  await call('findValidRefreshToken', issued.token);
  const rotated = await call('rotateRefreshToken', issued.token, user.id);
  await call('rotateRefreshToken', issued.token, user.id);
  await call('revokeRefreshToken', rotated.token);
  await call('issueRefreshToken', user.id, 7, null);
  await call('revokeAllRefreshTokensForUser', user.id);
  await call('addSubscriptionEvent', bob.id, 'created', { plan: 'pro', items: [1, 2.5, 'x'], trial: true });
  await call('upsertActiveSubscription', user.id, 'basic', '2024-02-29T00:00:00Z');
  await call('upsertActiveSubscription', user.id, 'pro', '2024-03-31T00:00:00Z');
  await call('upsertActiveSubscription', bob.id, 'pro', '2024-02-01T00:00:00Z');
  await call('getActiveSubscriptionForUser', user.id);
  await call('getLatestSubscriptionForUser', user.id);
  await call('runExpirySweep', '2024-02-15T00:00:00Z');
  const entry = (await call('insertJournalEntry', user.id, "It's a \u{1F600} day\nwith lines"))[0];
  await call('listJournalEntries', user.id);
  await call('totalJournalBytes', user.id);
  await call('deleteJournalEntry', user.id, entry.id);
  await call('listJournalEntries', user.id, 5, 0);
  await call('revokeJti', 'jti-1', user.id);
  await call('isJtiRevoked', 'jti-1');
  await pool.end();
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
