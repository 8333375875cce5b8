/* aclexplode: the text of aclitem[] as rows. */
#include "catalog/acl.h"
#include "catalog/vtab.h"
#include "sqlite/vtab_set.h"

enum { COLUMNS = 4 };

typedef struct Explode {
	const AclItem *items;
	size_t n, at;
	uint32_t bit;
	Val row[COLUMNS];
} Explode;

/* A role's name, quoted or not, up to `end`. */
static uint32_t read_role(const Catalog *c, const char **p, char end, Arena *a)
{
	Buf name = { 0 };
	bool quoted = false;
	for (; **p && (quoted || (**p != end && **p != ',' && **p != '}')); (*p)++) {
		if (**p == '\\' && (*p)[1])
			(*p)++;
		if (**p != '"')
			buf_put_u8(&name, (uint8_t) * *p);
		else if (quoted && (*p)[1] == '\\' && (*p)[2] == '"')
			buf_put_u8(&name, *(*p += 2));
		else
			quoted = !quoted;
	}
	uint32_t oid = name.len ? catalog_role_oid(c, arena_strndup(a, (char *)name.data, name.len)) : 0;
	buf_free(&name);
	return oid;
}

/* {role=arw*d/grantor,...} */
static void read_items(const Catalog *c, const char *p, Arena *a, Explode *x)
{
	static const char letters[] = "arwdDxtXUCTc";
	size_t max = 1;
	for (const char *q = p; *q; q++)
		max += *q == ',';
	AclItem *items = arena_array(a, AclItem, max);
	for (p += *p == '{'; *p && *p != '}' && x->n < max; p += *p == ',') {
		bool quoted = *p == '"';
		p += quoted;
		AclItem *item = &items[x->n++];
		item->grantee = read_role(c, &p, '=', a);
		for (p += *p == '='; *p && *p != '/'; p++) {
			const char *letter = strchr(letters, *p);
			uint32_t bit = letter ? 1u << (letter - letters) : 0;
			item->privs |= bit;
			item->options |= p[1] == '*' ? bit : 0;
		}
		p += *p == '/';
		item->grantor = read_role(c, &p, quoted ? '"' : ',', a);
		p += quoted && *p == '"';
	}
	x->items = items;
}

static int explode_start(SetCall *c)
{
	Explode *x = arena_new_of(c->a, Explode);
	Str text = set_arg_text(c, 0);
	c->state = x;
	if (c->env->catalog)
		read_items(c->env->catalog, arena_strndup(c->a, text.p, text.n), c->a, x);
	return 0;
}

static int explode_next(SetCall *c)
{
	static const char *const words[] = { "INSERT",	"SELECT",  "UPDATE", "DELETE", "TRUNCATE",  "REFERENCES",
					     "TRIGGER", "EXECUTE", "USAGE",  "CREATE", "TEMPORARY", "CONNECT" };
	Explode *x = c->state;
	for (; x->at < x->n; x->at++, x->bit = 0) {
		const AclItem *item = &x->items[x->at];
		while (x->bit < ARRAY_LEN(words) && !(item->privs & 1u << x->bit))
			x->bit++;
		if (x->bit == ARRAY_LEN(words))
			continue;
		x->row[0] = val_int(item->grantor);
		x->row[1] = val_int(item->grantee);
		x->row[2] = val_text(str_of(words[x->bit]));
		x->row[3] = val_int((item->options & 1u << x->bit) != 0);
		c->row = x->row;
		x->bit++;
		return 1;
	}
	return 0;
}

const SetFn catalog_sets[] = {
	{ "pg_aclexplode", 1, 1, explode_start, explode_next, NULL, "grantor, grantee, privilege_type, is_grantable", COLUMNS },
	{ NULL },
};
