/* regconfig and regdictionary: numbers that are written as names. What can be named is fixed, so no catalog is needed. */
#include "pgtype/family.h"
#include "pgtype/ts_dict.h"

static bool is_config(const PgType *t)
{
	return streq(t->name, "regconfig");
}

static bool number_of(const PgType *t, Str name, uint32_t *oid)
{
	TsConfig c;
	if (str_starts(name, "pg_catalog."))
		name = (Str){ name.p + 11, name.n - 11 };
	if (is_config(t) && ts_config_by_name(name, &c)) {
		*oid = c.oid;
		return true;
	}
	const TsDict *d = is_config(t) ? NULL : ts_dict_by_name(name);
	if (d)
		*oid = d->oid;
	return d != NULL;
}

static int reg_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	uint32_t oid;
	Str name = str_trim(text);
	bool digits = name.n && name.p[0] >= '0' && name.p[0] <= '9';
	if (digits || str_is(name, "-"))
		return family_oid.in(t, typmod, text, env, a, out, err);
	if (!number_of(t, name, &oid))
		return err_set(err, "42704", "text search %s \"%.*s\" does not exist", is_config(t) ? "configuration" : "dictionary",
			       STR_ARG(name));
	*out = val_int(oid);
	return 0;
}

static int reg_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	TsConfig c;
	const TsDict *d = is_config(t) ? NULL : ts_dict_by_oid((uint32_t)v->i);
	if (is_config(t) ? !ts_config_by_oid((uint32_t)v->i, &c) : !d)
		return family_oid.out(t, typmod, v, env, out, err);
	buf_puts(out, d ? d->name : c.name);
	return 0;
}

static int reg_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	return family_oid.recv(t, typmod, bytes, env, a, out, err);
}

static int reg_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	return family_oid.send(t, typmod, v, env, out, err);
}

static int reg_compare(const PgType *t, const Val *x, const Val *y)
{
	return family_oid.compare(t, x, y);
}

const TypeFamily family_regtext = {
	.in = reg_in, .out = reg_out, .recv = reg_recv, .send = reg_send, .compare = reg_compare, .storage = "INTEGER"
};
