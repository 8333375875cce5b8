/* acldefault: the privileges of an object that nobody has granted or revoked anything on. */
#include "catalog/vtab.h"

/* By the letter that acldefault takes: what everybody and what the owner may do. */
static const struct {
	char kind;
	const char *everybody, *owner;
} defaults[] = {
	{ 'c', "", "" },   { 'r', "", "arwdDxt" }, { 's', "", "rwU" }, { 'd', "Tc", "CTc" }, { 'f', "X", "X" },
	{ 'l', "U", "U" }, { 'L', "", "rw" },	   { 'n', "", "UC" },  { 'p', "", "sA" },    { 't', "", "C" },
	{ 'F', "", "U" },  { 'S', "", "U" },	   { 'T', "U", "U" },
};

static void f_acldefault(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	const char *kind = (const char *)sqlite3_value_text(argv[0]);
	uint32_t oid = (uint32_t)sqlite3_value_int64(argv[1]);
	const char *name = catalog_role_name(fn_env(ctx)->catalog, oid);
	_cleanup_(mem_freep) char *owner = name ? mem_printf("%s", name) : mem_printf("%u", oid);
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		const char *all = defaults[i].everybody, *own = defaults[i].owner;
		if (defaults[i].kind != *kind)
			continue;
		_cleanup_(mem_freep) char *mine = *own ? mem_printf("%s=%s/%s", owner, own, owner) : mem_printf("%s", "");
		_cleanup_(mem_freep) char *text = *all ? mem_printf("{=%s/%s,%s}", all, owner, mine) : mem_printf("{%s}", mine);
		sqlite3_result_text(ctx, text, -1, SQLITE_TRANSIENT);
		return;
	}
	fn_raise(ctx, "XX000", "unrecognized objtype abbreviation: %s", kind);
}

const SqliteFn catalog_fn_acl[] = {
	{ "acldefault_sql", 2, FN_STRICT, f_acldefault },
	{ NULL },
};
