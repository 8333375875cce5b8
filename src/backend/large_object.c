/* The pages of large objects. See large_object.h. */
#include "backend/large_object.h"

#include "backend/sqlite_internal.h"
#include "catalog/acl.h"
#include "catalog/sessionvars.h"

typedef struct Found {
	bool any;
	int64_t value;
} Found;

static int take_value(void *ctx, sqlite3_stmt *row, Error *err)
{
	Found *f = ctx;
	*f = (Found){ true, sqlite3_column_int64(row, 0) };
	return 1;
}

static int owner_of(SqliteTxn *t, uint32_t oid, Found *owner, Error *err)
{
	const Val key = val_int(oid);
	*owner = (Found){ 0 };
	return nested_sql(t, "SELECT owner FROM _understudy_large_object WHERE oid = ?1", &key, 1, 0, take_value, owner, NULL, err);
}

static uint32_t current_role(const SqliteTxn *t)
{
	return t->vars && t->vars->user ? catalog_role_oid(t->cat, t->vars->user) : 0;
}

static int check(SqliteTxn *t, uint32_t oid, const char *denied, Error *err)
{
	Found owner;
	uint32_t role = current_role(t);
	if (owner_of(t, oid, &owner, err) != 0)
		return -1;
	if (!owner.any)
		return err_set(err, "42704", "large object %u does not exist", oid);
	if (role_is_super(t->cat, role) || owner.value == role)
		return 0;
	return err_set(err, "42501", "%s large object %u", denied, oid);
}

int lo_check(SqliteTxn *t, uint32_t oid, Error *err)
{
	return check(t, oid, "permission denied for", err);
}

/* Numbers are not given out again soon, as PostgreSQL does not. */
static int free_number(SqliteTxn *t, uint32_t *oid, Error *err)
{
	Found next = { 0 }, owner;
	if (nested_sql(t, "SELECT value FROM _understudy_meta WHERE key = 'next_large_object'", NULL, 0, 0, take_value, &next, NULL, err) !=
	    0)
		return -1;
	do {
		*oid = (uint32_t)next.value;
		next.value = next.value >= UINT32_MAX ? 16384 : next.value + 1;
		if (owner_of(t, *oid, &owner, err) != 0)
			return -1;
	} while (owner.any);
	const Val value = val_int(next.value);
	return nested_sql(t, "UPDATE _understudy_meta SET value = ?1 WHERE key = 'next_large_object'", &value, 1, 0, NULL, NULL, NULL, err);
}

int lo_make(SqliteTxn *t, uint32_t *oid, Error *err)
{
	Found owner;
	if (*oid == 0 && free_number(t, oid, err) != 0)
		return -1;
	if (owner_of(t, *oid, &owner, err) != 0)
		return -1;
	if (owner.any) {
		err_set(err, "23505", "duplicate key value violates unique constraint \"pg_largeobject_metadata_oid_index\"");
		err_object(err, "pg_catalog", "pg_largeobject_metadata", NULL, "pg_largeobject_metadata_oid_index");
		return err_detail(err, "Key (oid)=(%u) already exists.", *oid);
	}
	const Val row[] = { val_int(*oid), val_int(current_role(t)) };
	return nested_sql(t, "INSERT INTO _understudy_large_object (oid, owner) VALUES (?1, ?2)", row, 2, 0, NULL, NULL, NULL, err);
}

int lo_drop(SqliteTxn *t, uint32_t oid, Error *err)
{
	const Val key = val_int(oid);
	if (check(t, oid, "must be owner of", err) != 0 ||
	    nested_sql(t, "DELETE FROM _understudy_large_object_page WHERE oid = ?1", &key, 1, 0, NULL, NULL, NULL, err) != 0)
		return -1;
	for (size_t i = 0; i < t->nlos; i++)
		if (t->los[i].oid == oid)
			t->los[i].oid = 0;
	return nested_sql(t, "DELETE FROM _understudy_large_object WHERE oid = ?1", &key, 1, 0, NULL, NULL, NULL, err);
}

int lo_size(SqliteTxn *t, uint32_t oid, int64_t *size, Error *err)
{
	Found end = { 0 };
	const Val params[] = { val_int(oid), val_int(LO_PAGE) };
	int rc = nested_sql(t,
			    "SELECT page * ?2 + length(data) FROM _understudy_large_object_page WHERE oid = ?1 ORDER BY page DESC LIMIT 1",
			    params, 2, 0, take_value, &end, NULL, err);
	*size = end.value;
	return rc;
}

typedef struct Reading {
	Buf *out;
	int64_t at, end; /* bytes still wanted */
} Reading;

static void put_zeros(Reading *r, int64_t until)
{
	for (; r->at < until; r->at++)
		buf_put_u8(r->out, 0);
}

static int take_page(void *ctx, sqlite3_stmt *row, Error *err)
{
	Reading *r = ctx;
	int64_t start = sqlite3_column_int64(row, 0) * LO_PAGE;
	const char *data = sqlite3_column_blob(row, 1);
	int64_t end = start + sqlite3_column_bytes(row, 1);
	put_zeros(r, start);
	if (end > r->end)
		end = r->end;
	if (end > r->at) {
		buf_put(r->out, data + (r->at - start), (size_t)(end - r->at));
		r->at = end;
	}
	return 0;
}

/* What the pages before the last lack reads as zeros. */
int lo_read(SqliteTxn *t, uint32_t oid, int64_t at, int64_t n, Buf *out, Error *err)
{
	int64_t size;
	if (lo_size(t, oid, &size, err) != 0)
		return -1;
	if (n <= 0 || at >= size)
		return 0;
	Reading r = { .out = out, .at = at, .end = n < size - at ? at + n : size };
	const Val params[] = { val_int(oid), val_int(at / LO_PAGE), val_int((r.end - 1) / LO_PAGE) };
	if (nested_sql(t, "SELECT page, data FROM _understudy_large_object_page WHERE oid = ?1 AND page BETWEEN ?2 AND ?3 ORDER BY page",
		       params, 3, 0, take_page, &r, NULL, err) != 0)
		return -1;
	put_zeros(&r, r.end);
	return 0;
}

static int put_page(SqliteTxn *t, uint32_t oid, int64_t page, const Buf *data, Error *err)
{
	const Val params[] = { val_int(oid), val_int(page), val_blob(buf_str(data)) };
	return nested_sql(t, "INSERT OR REPLACE INTO _understudy_large_object_page (oid, page, data) VALUES (?1, ?2, ?3)", params, 3, 0,
			  NULL, NULL, NULL, err);
}

/* The page with `data` written over it from byte `from`. */
static int write_page(SqliteTxn *t, uint32_t oid, int64_t page, size_t from, Str data, Error *err)
{
	Buf old = { 0 };
	int rc = data.n == LO_PAGE ? 0 : lo_read(t, oid, page * LO_PAGE, LO_PAGE, &old, err);
	while (old.len < from)
		buf_put_u8(&old, 0);
	size_t over = old.len - from < data.n ? old.len - from : data.n;
	if (over)
		memcpy(old.data + from, data.p, over);
	buf_put(&old, data.p + over, data.n - over);
	if (rc == 0)
		rc = put_page(t, oid, page, &old, err);
	buf_free(&old);
	return rc;
}

int lo_write(SqliteTxn *t, uint32_t oid, int64_t at, Str data, Error *err)
{
	if (at > LO_MAX - (int64_t)data.n)
		return err_set(err, "22023", "invalid large object write request size: %zu", data.n);
	while (data.n) {
		size_t from = (size_t)(at % LO_PAGE), n = LO_PAGE - from < data.n ? LO_PAGE - from : data.n;
		if (write_page(t, oid, at / LO_PAGE, from, (Str){ data.p, n }, err) != 0)
			return -1;
		at += (int64_t)n;
		data = (Str){ data.p + n, data.n - n };
	}
	return 0;
}

int lo_cut(SqliteTxn *t, uint32_t oid, int64_t size, Error *err)
{
	Buf last = { 0 };
	const Val params[] = { val_int(oid), val_int(size / LO_PAGE) };
	size_t keep = (size_t)(size % LO_PAGE);
	int rc = lo_read(t, oid, size - (int64_t)keep, (int64_t)keep, &last, err);
	while (last.len < keep)
		buf_put_u8(&last, 0);
	if (rc == 0)
		rc = nested_sql(t, "DELETE FROM _understudy_large_object_page WHERE oid = ?1 AND page >= ?2", params, 2, 0, NULL, NULL,
				NULL, err);
	if (rc == 0)
		rc = put_page(t, oid, size / LO_PAGE, &last, err);
	buf_free(&last);
	return rc;
}
