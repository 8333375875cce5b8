/* lo_open, loread, lowrite and kin. Messages and limits are those of PostgreSQL. */
#include "backend/large_object.h"

#include "backend/sqlite_internal.h"

enum { INV_WRITE = 0x20000, INV_READ = 0x40000 };
enum { SEEK_TO_START, SEEK_FROM_HERE, SEEK_FROM_END };

void lo_rollback_to(SqliteTxn *t, int level)
{
	for (size_t i = 0; i < t->nlos; i++)
		if (t->los[i].level >= level)
			t->los[i].oid = 0;
}

void lo_release_savepoint(SqliteTxn *t, int level)
{
	for (size_t i = 0; i < t->nlos; i++)
		if (t->los[i].level > level)
			t->los[i].level = level;
}

void lo_end_transaction(SqliteTxn *t)
{
	free(t->los);
	t->los = NULL;
	t->nlos = t->los_cap = 0;
}

/* The transaction of the statement, or NULL with the statement failed. */
static SqliteTxn *reader(sqlite3_context *ctx)
{
	SqliteTxn *t = fn_env(ctx)->txn;
	if (!t)
		fn_raise(ctx, "0A000", "large objects can be used only in a session");
	return t;
}

static SqliteTxn *writer(sqlite3_context *ctx)
{
	SqliteTxn *t = reader(ctx);
	const char *name = fn_name(ctx) + strlen("be_");
	if (!t)
		return NULL;
	if (t->db->hooks && t->db->hooks->refuse_ddl)
		fn_raise(ctx, "0A000", "%s while a primary is configured: PostgreSQL does not replicate large objects", name);
	else if (t->read_only)
		fn_raise(ctx, "25006", "cannot execute %s() in a read-only transaction", name);
	else if (!t->writer)
		fn_raise(ctx, "0A000", "%s() is not available here in SQLite mode", name);
	else
		return t;
	return NULL;
}

static Error *fn_error(sqlite3_context *ctx)
{
	return &fn_env(ctx)->error;
}

/* Gives the result, or fails the statement with the error that fn_error holds. */
static void finish_int(sqlite3_context *ctx, int rc, int64_t value)
{
	if (rc != 0)
		fn_fail(ctx);
	else
		sqlite3_result_int64(ctx, value);
}

static LoOpen *descriptor(sqlite3_context *ctx, SqliteTxn *t, sqlite3_value *arg)
{
	int64_t fd = sqlite3_value_int64(arg);
	if (fd >= 0 && fd < (int64_t)t->nlos && t->los[fd].oid)
		return &t->los[fd];
	fn_raise(ctx, "42704", "invalid large-object descriptor: %d", (int)fd);
	return NULL;
}

static int open_one(SqliteTxn *t, uint32_t oid, int mode, int64_t *fd, Error *err)
{
	size_t i = 0;
	if (!(mode & (INV_READ | INV_WRITE)))
		return err_set(err, "22023", "invalid flags for opening a large object: %d", mode);
	if (lo_check(t, oid, err) != 0)
		return -1;
	while (i < t->nlos && t->los[i].oid)
		i++;
	if (i == t->nlos) {
		t->los = mem_grow(t->los, &t->los_cap, t->nlos + 1, sizeof *t->los);
		t->nlos++;
	}
	/* Writing implies reading. */
	t->los[i] = (LoOpen){ .oid = oid, .reads = true, .writes = mode & INV_WRITE, .level = t->nsavepoints };
	*fd = (int64_t)i;
	return 0;
}

static void f_open(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = reader(ctx);
	int64_t fd = 0;
	if (!t)
		return;
	int rc = open_one(t, (uint32_t)sqlite3_value_int64(argv[0]), sqlite3_value_int(argv[1]), &fd, fn_error(ctx));
	finish_int(ctx, rc, fd);
}

static void f_close(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = reader(ctx);
	LoOpen *lo = t ? descriptor(ctx, t, argv[0]) : NULL;
	if (!lo)
		return;
	lo->oid = 0;
	sqlite3_result_int(ctx, 0);
}

static void f_creat(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = writer(ctx);
	uint32_t oid = streq(fn_name(ctx), "be_lo_creat") ? 0 : (uint32_t)sqlite3_value_int64(argv[0]);
	if (!t)
		return;
	int rc = lo_make(t, &oid, fn_error(ctx));
	finish_int(ctx, rc, oid);
}

static void f_from_bytea(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = writer(ctx);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	if (!t)
		return;
	int rc = lo_make(t, &oid, fn_error(ctx));
	if (rc == 0)
		rc = lo_write(t, oid, 0, fn_arg_str(argv[1]), fn_error(ctx));
	finish_int(ctx, rc, oid);
}

static void f_unlink(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = writer(ctx);
	if (t)
		finish_int(ctx, lo_drop(t, (uint32_t)sqlite3_value_int64(argv[0]), fn_error(ctx)), 1);
}

static void read_bytes(sqlite3_context *ctx, SqliteTxn *t, uint32_t oid, int64_t *at, int64_t n)
{
	Buf out = { 0 };
	int rc = lo_read(t, oid, *at, n, &out, fn_error(ctx));
	if (rc != 0)
		fn_fail(ctx);
	else
		sqlite3_result_blob64(ctx, out.len ? (const char *)out.data : "", out.len, SQLITE_TRANSIENT);
	*at += (int64_t)out.len;
	buf_free(&out);
}

static void f_read(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = reader(ctx);
	LoOpen *lo = t ? descriptor(ctx, t, argv[0]) : NULL;
	if (lo)
		read_bytes(ctx, t, lo->oid, &lo->at, sqlite3_value_int64(argv[1]));
}

static LoOpen *written_descriptor(sqlite3_context *ctx, SqliteTxn *t, sqlite3_value *arg)
{
	LoOpen *lo = descriptor(ctx, t, arg);
	if (!lo || lo->writes)
		return lo;
	fn_raise(ctx, "55000", "large object descriptor %d was not opened for writing", sqlite3_value_int(arg));
	return NULL;
}

static void f_write(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = writer(ctx);
	LoOpen *lo = t ? written_descriptor(ctx, t, argv[0]) : NULL;
	Str data = fn_arg_str(argv[1]);
	if (!lo)
		return;
	int rc = lo_write(t, lo->oid, lo->at, data, fn_error(ctx));
	if (rc == 0)
		lo->at += (int64_t)data.n;
	finish_int(ctx, rc, (int64_t)data.n);
}

static int seek(SqliteTxn *t, LoOpen *lo, int64_t offset, int whence, bool narrow, int fd, Error *err)
{
	int64_t base = 0, to;
	if (whence < SEEK_TO_START || whence > SEEK_FROM_END)
		return err_set(err, "22023", "invalid whence setting: %d", whence);
	if (whence == SEEK_FROM_HERE)
		base = lo->at;
	else if (whence == SEEK_FROM_END && lo_size(t, lo->oid, &base, err) != 0)
		return -1;
	if (__builtin_add_overflow(base, offset, &to) || to < 0 || to > LO_MAX)
		return err_set(err, "22023", "invalid large object seek target: %lld", (long long)to);
	if (narrow && to > INT32_MAX)
		return err_set(err, "22003", "lo_lseek result out of range for large-object descriptor %d", fd);
	lo->at = to;
	return 0;
}

static void f_seek(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = reader(ctx);
	LoOpen *lo = t ? descriptor(ctx, t, argv[0]) : NULL;
	if (!lo)
		return;
	bool narrow = streq(fn_name(ctx), "be_lo_lseek");
	int rc = seek(t, lo, sqlite3_value_int64(argv[1]), sqlite3_value_int(argv[2]), narrow, sqlite3_value_int(argv[0]), fn_error(ctx));
	finish_int(ctx, rc, lo->at);
}

static void f_tell(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = reader(ctx);
	LoOpen *lo = t ? descriptor(ctx, t, argv[0]) : NULL;
	if (!lo)
		return;
	if (lo->at > INT32_MAX && streq(fn_name(ctx), "be_lo_tell"))
		fn_raise(ctx, "22003", "lo_tell result out of range for large-object descriptor %d", sqlite3_value_int(argv[0]));
	else
		sqlite3_result_int64(ctx, lo->at);
}

static void f_truncate(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = writer(ctx);
	LoOpen *lo = t ? written_descriptor(ctx, t, argv[0]) : NULL;
	int64_t size = sqlite3_value_int64(argv[1]);
	if (!lo)
		return;
	if (size < 0 || size > LO_MAX)
		fn_raise(ctx, "22023", "invalid large object truncation target: %lld", (long long)size);
	else
		finish_int(ctx, lo_cut(t, lo->oid, size, fn_error(ctx)), 0);
}

static bool valid_place(sqlite3_context *ctx, int64_t at)
{
	if (at >= 0 && at <= LO_MAX)
		return true;
	fn_raise(ctx, "22023", "invalid large object seek target: %lld", (long long)at);
	return false;
}

/* lo_get(oid), lo_get(oid, from, length) */
static void f_get(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = reader(ctx);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	int64_t at = argc > 1 ? sqlite3_value_int64(argv[1]) : 0, n = argc > 1 ? sqlite3_value_int64(argv[2]) : 0, size;
	if (!t)
		return;
	if (n < 0) {
		fn_raise(ctx, "22023", "requested length cannot be negative");
		return;
	}
	if (lo_check(t, oid, fn_error(ctx)) != 0 || lo_size(t, oid, &size, fn_error(ctx)) != 0) {
		fn_fail(ctx);
		return;
	}
	if (!valid_place(ctx, at))
		return;
	if (argc == 1 || n > size - at)
		n = size > at ? size - at : 0;
	if (n > 0x3fffffff - 4)
		fn_raise(ctx, "22023", "large object read request is too large");
	else
		read_bytes(ctx, t, oid, &at, n);
}

static void f_put(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	SqliteTxn *t = writer(ctx);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[0]);
	int64_t at = sqlite3_value_int64(argv[1]);
	if (!t)
		return;
	if (lo_check(t, oid, fn_error(ctx)) != 0)
		fn_fail(ctx);
	else if (valid_place(ctx, at) && lo_write(t, oid, at, fn_arg_str(argv[2]), fn_error(ctx)) != 0)
		fn_fail(ctx);
	else
		sqlite3_result_text(ctx, "", 0, SQLITE_STATIC);
}

const SqliteFn fn_table_large_object[] = {
	{ "be_lo_close", 1, FN_STRICT, f_close },	{ "be_lo_creat", 1, FN_STRICT, f_creat },
	{ "be_lo_create", 1, FN_STRICT, f_creat },	{ "be_lo_from_bytea", 2, FN_STRICT, f_from_bytea },
	{ "be_lo_get", 1, FN_STRICT, f_get },		{ "be_lo_get_fragment", 3, FN_STRICT, f_get },
	{ "be_lo_lseek", 3, FN_STRICT, f_seek },	{ "be_lo_lseek64", 3, FN_STRICT, f_seek },
	{ "be_lo_open", 2, FN_STRICT, f_open },		{ "be_lo_put", 3, FN_STRICT, f_put },
	{ "be_lo_tell", 1, FN_STRICT, f_tell },		{ "be_lo_tell64", 1, FN_STRICT, f_tell },
	{ "be_lo_truncate", 2, FN_STRICT, f_truncate }, { "be_lo_truncate64", 2, FN_STRICT, f_truncate },
	{ "be_lo_unlink", 1, FN_STRICT, f_unlink },	{ "be_loread", 2, FN_STRICT, f_read },
	{ "be_lowrite", 2, FN_STRICT, f_write },	{ 0 },
};
