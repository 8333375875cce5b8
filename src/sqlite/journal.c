#define SQLITE_ENABLE_PREUPDATE_HOOK /* declares the hook; Debian's library has it */
#include "sqlite/journal.h"

#include "base/clock.h"

#include <assert.h>
#include <xxhash.h>

enum { JOURNAL_MAX_BYTES = 512 << 20 };

/* Kinds of encoded values; the first five equal ValKind. */
enum { ENC_SAME = 5 };

typedef struct SeqValue {
	char *name;
	int64_t value;
} SeqValue;

struct Journal {
	sqlite3 *db;
	bool capture;
	bool failed; /* a value could not be read in the hook: the transaction must not commit */
	Buf buf;
	SeqValue *seqs;
	size_t nseqs, cap_seqs;
};

int journal_create_table(sqlite3 *db, Error *err)
{
	char *msg = NULL;
	int rc = sqlite3_exec(
		db,
		"CREATE TABLE IF NOT EXISTS _understudy_journal(txid INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL,"
		" session TEXT, kind TEXT NOT NULL CHECK (kind IN ('local', 'redo')), xid INTEGER NOT NULL DEFAULT 0,"
		" n INTEGER NOT NULL, state TEXT NOT NULL DEFAULT 'new', changes BLOB NOT NULL, checksum INTEGER NOT NULL);"
		"CREATE INDEX IF NOT EXISTS _understudy_journal_new ON _understudy_journal(txid) WHERE kind = 'local' AND state = 'new'",
		NULL, NULL, &msg);
	if (rc == SQLITE_OK)
		return 0;
	err_set(err, "58030", "could not create the journal: %s", msg ? msg : sqlite3_errstr(rc));
	sqlite3_free(msg);
	return -1;
}

/* ---- writing ---- */

static void put_bytes(Buf *b, const void *p, int n)
{
	buf_put_u32(b, (uint32_t)n);
	if (n)
		buf_put(b, p, (size_t)n);
}

static void put_value(Buf *b, sqlite3_value *v)
{
	switch (sqlite3_value_type(v)) {
	case SQLITE_INTEGER:
		buf_put_u8(b, VAL_INT);
		buf_put_u64(b, (uint64_t)sqlite3_value_int64(v));
		return;
	case SQLITE_FLOAT: {
		double d = sqlite3_value_double(v);
		uint64_t u;
		memcpy(&u, &d, sizeof u);
		buf_put_u8(b, VAL_REAL);
		buf_put_u64(b, u);
		return;
	}
	case SQLITE_TEXT:
		buf_put_u8(b, VAL_TEXT);
		const unsigned char *text = sqlite3_value_text(v);
		put_bytes(b, text, sqlite3_value_bytes(v));
		return;
	case SQLITE_BLOB:
		buf_put_u8(b, VAL_BLOB);
		const void *blob = sqlite3_value_blob(v);
		put_bytes(b, blob, sqlite3_value_bytes(v));
		return;
	default:
		buf_put_u8(b, VAL_NULL);
	}
}

/* Puts the new value, or a mark that it equals the old one, whose encoding starts at `old_at`. */
static void put_new_value(Buf *b, size_t old_at, size_t old_len, sqlite3_value *v)
{
	size_t at = b->len;
	put_value(b, v);
	size_t len = b->len - at;
	if (len > 1 && len == old_len && memcmp(b->data + at, b->data + old_at, len) == 0) {
		b->len = at;
		buf_put_u8(b, ENC_SAME);
	}
}

static void put_row(Journal *j, int op, int ncols)
{
	Buf *b = &j->buf;
	size_t *starts = op == SQLITE_UPDATE ? mem_alloc(sizeof(size_t) * (size_t)(ncols + 1)) : NULL;
	sqlite3_value *v;
	for (int i = 0; op != SQLITE_INSERT && i < ncols; i++) {
		if (starts)
			starts[i] = b->len;
		if (sqlite3_preupdate_old(j->db, i, &v) != SQLITE_OK)
			j->failed = true;
		else
			put_value(b, v);
	}
	if (starts)
		starts[ncols] = b->len;
	for (int i = 0; op != SQLITE_DELETE && i < ncols; i++) {
		if (sqlite3_preupdate_new(j->db, i, &v) != SQLITE_OK)
			j->failed = true;
		else if (starts)
			put_new_value(b, starts[i], starts[i + 1] - starts[i], v);
		else
			put_value(b, v);
	}
	free(starts);
}

/* The schema of a session's temporary objects (TEMP_SCHEMA_PREFIX of the catalog). */
static bool is_temporary(const char *name)
{
	return strncmp(name, "pg_temp_", 8) == 0;
}

static void on_preupdate(void *ctx, sqlite3 *db, int op, const char *schema, const char *table, sqlite3_int64 old_rowid,
			 sqlite3_int64 new_rowid)
{
	Journal *j = ctx;
	if (!j->capture || strncmp(table, "_understudy_", 12) == 0 || strncmp(table, "sqlite_", 7) == 0 || is_temporary(table) ||
	    !streq(schema, "main"))
		return;
	if (j->buf.len > JOURNAL_MAX_BYTES)
		return; /* journal_before_commit refuses the transaction */
	int ncols = sqlite3_preupdate_count(db), depth = sqlite3_preupdate_depth(db);
	Buf *b = &j->buf;
	buf_put_u8(b, op == SQLITE_INSERT ? 'I' : op == SQLITE_DELETE ? 'D' : 'U');
	buf_put_u16(b, (uint16_t)(depth > 0xffff ? 0xffff : depth));
	buf_put_u16(b, (uint16_t)ncols);
	buf_put_u64(b, (uint64_t)old_rowid);
	buf_put_u64(b, (uint64_t)new_rowid);
	buf_put_cstr(b, table);
	put_row(j, op, ncols);
}

Journal *journal_attach(sqlite3 *db)
{
	Journal *j = mem_alloc(sizeof *j);
	j->db = db;
	sqlite3_preupdate_hook(db, on_preupdate, j);
	return j;
}

static void forget_sequences(Journal *j)
{
	for (size_t i = 0; i < j->nseqs; i++)
		free(j->seqs[i].name);
	j->nseqs = 0;
}

void journal_detach(Journal *j)
{
	if (!j)
		return;
	sqlite3_preupdate_hook(j->db, NULL, NULL);
	forget_sequences(j);
	free(j->seqs);
	buf_free(&j->buf);
	free(j);
}

void journal_set_capture(Journal *j, bool on)
{
	j->capture = on;
}

bool journal_capturing(const Journal *j)
{
	return j->capture;
}

size_t journal_mark(const Journal *j)
{
	return j->buf.len;
}

void journal_cut(Journal *j, size_t mark)
{
	assert(mark <= j->buf.len);
	j->buf.len = mark;
}

void journal_reset(Journal *j)
{
	j->failed = false;
	forget_sequences(j);
	if (j->buf.cap > 1 << 20)
		buf_free(&j->buf);
	buf_clear(&j->buf);
}

bool journal_dirty(const Journal *j)
{
	return j->buf.len > 0 || j->nseqs > 0;
}

void journal_sequence(Journal *j, const char *name, int64_t last_value)
{
	if (!j->capture || is_temporary(name))
		return;
	for (size_t i = 0; i < j->nseqs; i++) {
		if (streq(j->seqs[i].name, name)) {
			j->seqs[i].value = last_value;
			return;
		}
	}
	j->seqs = mem_grow(j->seqs, &j->cap_seqs, j->nseqs + 1, sizeof *j->seqs);
	j->seqs[j->nseqs++] = (SeqValue){ mem_strdup(name), last_value };
}

uint64_t journal_checksum(Str bytes, int64_t at_us)
{
	return XXH3_64bits_withSeed(bytes.p, bytes.n, (uint64_t)at_us);
}

static void put_sequences(Journal *j)
{
	for (size_t i = 0; i < j->nseqs; i++) {
		buf_put_u8(&j->buf, 'S');
		buf_put_u16(&j->buf, 0);
		buf_put_u16(&j->buf, 0);
		buf_put_u64(&j->buf, 0);
		buf_put_u64(&j->buf, (uint64_t)j->seqs[i].value);
		buf_put_cstr(&j->buf, j->seqs[i].name);
	}
}

static int insert_row(Journal *j, JournalKind kind, const char *session, uint64_t xid, int64_t *txid, Error *err)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(
		j->db,
		"INSERT INTO _understudy_journal(at_us, session, kind, xid, n, changes, checksum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", -1,
		&st, NULL);
	if (rc == SQLITE_OK) {
		int64_t now = clock_wall_us();
		sqlite3_bind_int64(st, 1, now);
		sqlite3_bind_text(st, 2, session, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 3, kind == JOURNAL_REDO ? "redo" : "local", -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 4, (int64_t)xid);
		sqlite3_bind_int64(st, 5, (int64_t)j->buf.len);
		sqlite3_bind_blob64(st, 6, j->buf.data, j->buf.len, SQLITE_STATIC);
		sqlite3_bind_int64(st, 7, (int64_t)journal_checksum(buf_str(&j->buf), now));
		sqlite3_step(st);
		rc = sqlite3_finalize(st);
	}
	if (rc != SQLITE_OK)
		return err_set(err, rc == SQLITE_FULL ? "53100" : "58030", "could not write the journal: %s", sqlite3_errmsg(j->db));
	if (txid)
		*txid = sqlite3_last_insert_rowid(j->db);
	return 0;
}

int journal_before_commit(Journal *j, JournalKind kind, const char *session, uint64_t xid, int64_t *txid, Error *err)
{
	if (txid)
		*txid = 0;
	if (!journal_dirty(j))
		return 0;
	if (j->failed)
		return err_set(err, "58030", "a changed row could not be recorded in the journal");
	if (j->buf.len > JOURNAL_MAX_BYTES) {
		err_set(err, "54000", "transaction is too large for the journal");
		return err_hint(err, "Changes of more than 512 MiB in one transaction can be made when the primary is back.");
	}
	put_sequences(j);
	return insert_row(j, kind, session, xid, txid, err);
}

/* ---- reading ---- */

typedef struct Reader {
	const uint8_t *p, *end;
	bool bad;
} Reader;

static const uint8_t *take(Reader *r, size_t n)
{
	if (r->bad || (size_t)(r->end - r->p) < n) {
		r->bad = true;
		return NULL;
	}
	const uint8_t *p = r->p;
	r->p += n;
	return p;
}

static uint64_t take_u64(Reader *r)
{
	const uint8_t *p = take(r, 8);
	return p ? get_u64(p) : 0;
}

static const char *take_name(Reader *r)
{
	const uint8_t *nul = r->bad ? NULL : memchr(r->p, 0, (size_t)(r->end - r->p));
	if (!nul) {
		r->bad = true;
		return "";
	}
	const char *s = (const char *)r->p;
	r->p = nul + 1;
	return s;
}

static Val take_value(Reader *r, const Val *before)
{
	const uint8_t *kind = take(r, 1);
	if (!kind)
		return val_null();
	switch (*kind) {
	case VAL_NULL:
		return val_null();
	case VAL_INT:
		return val_int((int64_t)take_u64(r));
	case VAL_REAL: {
		uint64_t u = take_u64(r);
		double d;
		memcpy(&d, &u, sizeof d);
		return val_real(d);
	}
	case VAL_TEXT:
	case VAL_BLOB: {
		const uint8_t *len = take(r, 4);
		uint32_t n = len ? get_u32(len) : 0;
		const uint8_t *p = take(r, n);
		return (Val){ .kind = (ValKind)*kind, .s = { (const char *)p, p ? n : 0 } };
	}
	case ENC_SAME:
		if (before)
			return *before;
		/* fall through */
	default:
		r->bad = true;
		return val_null();
	}
}

static void take_change(Reader *r, Arena *a, JournalChange *c)
{
	const uint8_t *head = take(r, 5);
	if (!head)
		return;
	c->op = (char)head[0];
	c->depth = get_u16(head + 1);
	c->ncols = get_u16(head + 3);
	c->old_rowid = (int64_t)take_u64(r);
	c->new_rowid = (int64_t)take_u64(r);
	c->table = take_name(r);
	if (c->op == 'S')
		return;
	if (c->op != 'I' && c->op != 'U' && c->op != 'D') {
		r->bad = true;
		return;
	}
	if (c->op != 'I') {
		c->before = arena_array(a, Val, c->ncols);
		for (size_t i = 0; i < c->ncols; i++)
			c->before[i] = take_value(r, NULL);
	}
	if (c->op != 'D') {
		c->after = arena_array(a, Val, c->ncols);
		for (size_t i = 0; i < c->ncols; i++)
			c->after[i] = take_value(r, c->before ? &c->before[i] : NULL);
	}
}

int journal_decode(Str bytes, Arena *a, JournalChange **out, size_t *n, Error *err)
{
	Reader r = { (const uint8_t *)bytes.p, (const uint8_t *)bytes.p + bytes.n, false };
	size_t cap = 0, count = 0;
	JournalChange *list = NULL;
	while (r.p < r.end && !r.bad) {
		list = mem_grow(list, &cap, count + 1, sizeof *list);
		list[count] = (JournalChange){ 0 };
		take_change(&r, a, &list[count++]);
	}
	*out = arena_dup(a, list, count * sizeof *list);
	*n = count;
	free(list);
	if (r.bad)
		return err_set(err, "XX001", "journal record is malformed");
	return 0;
}

static int read_tx(sqlite3_stmt *st, Arena *a, JournalTx *out, Error *err)
{
	memset(out, 0, sizeof *out);
	out->txid = sqlite3_column_int64(st, 0);
	out->at_us = sqlite3_column_int64(st, 1);
	out->session = arena_strdup(a, (const char *)sqlite3_column_text(st, 2));
	out->kind = streq((const char *)sqlite3_column_text(st, 3), "redo") ? JOURNAL_REDO : JOURNAL_LOCAL;
	out->xid = (uint64_t)sqlite3_column_int64(st, 4);
	sqlite3_snprintf(sizeof out->state, out->state, "%s", (const char *)sqlite3_column_text(st, 5));
	const void *p = sqlite3_column_blob(st, 6);
	size_t n = (size_t)sqlite3_column_bytes(st, 6);
	Str bytes = { n ? arena_dup(a, p, n) : "", n };
	if (journal_checksum(bytes, out->at_us) != (uint64_t)sqlite3_column_int64(st, 7))
		return err_set(err, "XX001", "checksum of journal record %lld is wrong", (long long)out->txid);
	return journal_decode(bytes, a, &out->changes, &out->n, err);
}

int journal_next(sqlite3 *db, int64_t after_txid, Arena *a, JournalTx *out, Error *err)
{
	sqlite3_stmt *st;
	int result = 0;
	if (sqlite3_prepare_v2(db,
			       "SELECT txid, at_us, session, kind, xid, state, changes, checksum FROM _understudy_journal"
			       " WHERE txid > ?1 ORDER BY txid LIMIT 1",
			       -1, &st, NULL) != SQLITE_OK)
		return err_set(err, "58030", "could not read the journal: %s", sqlite3_errmsg(db));
	sqlite3_bind_int64(st, 1, after_txid);
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		result = read_tx(st, a, out, err) < 0 ? -1 : 1;
	else if (rc != SQLITE_DONE)
		result = err_set(err, "58030", "could not read the journal: %s", sqlite3_errmsg(db));
	sqlite3_finalize(st);
	return result;
}

int journal_backlog(sqlite3 *db, int64_t *n, Error *err)
{
	sqlite3_stmt *st;
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM _understudy_journal WHERE kind = 'local' AND state = 'new'", -1, &st, NULL) !=
	    SQLITE_OK)
		return err_set(err, "58030", "could not read the journal: %s", sqlite3_errmsg(db));
	int rc = sqlite3_step(st);
	*n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 0 : err_set(err, "58030", "could not read the journal: %s", sqlite3_errmsg(db));
}
