/* GRANT and REVOKE of privileges (PostgreSQL's aclchk.c and acl.c). */
#include "catalog/acl.h"
#include "sql/ddl_grant.h"

int grant_read_grantees(Grant *g)
{
	Ddl *d = g->d;
	g->grantees = arena_array(d->a, uint32_t, g->s->n_grantees);
	for (size_t i = 0; i < g->s->n_grantees; i++) {
		const PgQuery__RoleSpec *r = g->s->grantees[i]->role_spec;
		bool everyone = r->roletype == PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC;
		uint32_t oid = everyone ? 0 : ddl_role_oid(d, r);
		if (!everyone && !oid)
			return -1;
		if (everyone && g->s->is_grant && g->s->grant_option)
			return an_error(d->ps, -1, "0LP01", "grant options can only be granted to roles");
		g->grantees[g->ngrantees++] = oid;
	}
	return 0;
}

static int wrong_privilege(Grant *g, const char *name)
{
	const char *shown = name;
	return an_error(g->d->ps, -1, "0LP01", "invalid privilege type %s for %s", shown, g->what);
}

static const char *upper(Arena *a, const char *s)
{
	char *t = arena_strdup(a, s);
	for (char *p = t; *p; p++)
		*p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
	return t;
}

/* The privileges for whole objects; those for columns are read per table. */
int grant_read_privileges(Grant *g, uint32_t possible)
{
	const PgQuery__GrantStmt *s = g->s;
	g->every = s->n_privileges == 0;
	g->all = g->every ? possible : 0;
	for (size_t i = 0; i < s->n_privileges; i++) {
		const PgQuery__AccessPriv *p = s->privileges[i]->access_priv;
		if (p->n_cols)
			continue;
		uint32_t bit = acl_privilege(p->priv_name);
		if (!bit)
			return an_error(g->d->ps, -1, "42601", "unrecognized privilege type \"%s\"", p->priv_name);
		if (!(bit & possible))
			return wrong_privilege(g, upper(g->d->a, p->priv_name));
		g->all |= bit;
	}
	return 0;
}

/* In whose name: the owner's, when the role may act for it, otherwise that of a role that may grant. */
static uint32_t best_grantor(const Grant *g, const AclObject *o, const Items *x, uint32_t wanted, uint32_t *options)
{
	const Catalog *c = g->d->cat;
	uint32_t me = ddl_current_role(g->d), best = me;
	*options = 0;
	if (role_has(c, me, o->owner)) {
		*options = wanted;
		return o->owner;
	}
	for (size_t i = 0; i < x->n; i++) {
		uint32_t bits = x->items[i].options & wanted;
		if (bits && role_has(c, me, x->items[i].grantee) && __builtin_popcount(bits) > __builtin_popcount(*options)) {
			*options = bits;
			best = x->items[i].grantee;
		}
	}
	return best;
}

static AclItem *find_item(Items *x, uint32_t grantee, uint32_t grantor)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->items[i].grantee == grantee && x->items[i].grantor == grantor)
			return &x->items[i];
	return NULL;
}

void grant_add(Grant *g, Items *x, uint32_t grantee, uint32_t grantor, uint32_t bits, uint32_t options)
{
	AclItem *item = find_item(x, grantee, grantor);
	if (!item) {
		if (x->n == x->cap) {
			size_t cap = x->cap * 2 + 4;
			AclItem *more = arena_array(g->d->a, AclItem, cap);
			if (x->n)
				memcpy(more, x->items, x->n * sizeof *more);
			x->items = more;
			x->cap = cap;
		}
		item = &x->items[x->n++];
		*item = (AclItem){ grantee, grantor, 0, 0 };
	}
	item->privs |= bits;
	item->options |= options;
}

enum { DEEPEST_CHAIN = 50 };

/* Takes away, and from those who had it from there. -1 when there are such and CASCADE was not said. */
int grant_take(Grant *g, Items *x, uint32_t grantee, uint32_t grantor, uint32_t bits, bool options_only, int depth)
{
	AclItem *item = find_item(x, grantee, grantor);
	if (!item || depth > DEEPEST_CHAIN)
		return 0;
	uint32_t lost = item->options & bits;
	item->options &= ~bits;
	if (!options_only)
		item->privs &= ~bits;
	for (size_t i = 0; i < x->n; i++)
		if (x->items[i].grantee == grantee && grantee)
			lost &= ~x->items[i].options;
	for (size_t i = 0; lost && grantee && i < x->n; i++) {
		if (x->items[i].grantor != grantee || !(x->items[i].privs & lost) || x->items[i].grantee == grantee)
			continue;
		if (g->s->behavior != PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
			an_error(g->d->ps, -1, "2BP01", "dependent privileges exist");
			return err_hint(g->d->err, "Use CASCADE to revoke them too.");
		}
		if (grant_take(g, x, x->items[i].grantee, grantee, lost, false, depth + 1))
			return -1;
	}
	return 0;
}

static void save(Grant *g, const AclObject *o, Items *x)
{
	size_t kept = 0;
	for (size_t i = 0; i < x->n; i++)
		if (x->items[i].privs)
			x->items[kept++] = x->items[i];
	x->n = kept;
	if (o->kind == 'c' && !kept)
		ddl_sql(g->d, "DELETE FROM _understudy_acl WHERE classoid = %u AND objoid = %u AND objsubid = %d", o->classoid, o->objoid,
			o->objsubid);
	else
		ddl_sql(g->d, "INSERT OR REPLACE INTO _understudy_acl VALUES (%u, %u, %d, '%s')", o->classoid, o->objoid, o->objsubid,
			acl_stored(x->items, x->n, g->d->a));
}

/* Whether the role may grant any, some or all of it, with PostgreSQL's warnings. 1: go on, 0: nothing to do. */
static int check_options(Grant *g, const AclObject *o, uint32_t options, uint32_t wanted, const char *name)
{
	static const char *const words[] = { "no privileges could be revoked for \"%s\"", "no privileges were granted for \"%s\"",
					     "not all privileges could be revoked for \"%s\"",
					     "not all privileges were granted for \"%s\"" };
	bool grant = g->s->is_grant;
	if (!options && !acl_held(g->d->cat, ddl_current_role(g->d), o, acl_all(o->kind), false))
		return an_error(g->d->ps, -1, "42501", "permission denied for %s %s", g->what, name);
	if (!options)
		ddl_warning(g->d, grant ? "01007" : "01006", words[grant], name);
	else if (options != wanted && !g->every)
		ddl_warning(g->d, grant ? "01007" : "01006", words[2 + grant], name);
	return options != 0;
}

static Items *items_of(Grant *g, const AclObject *o)
{
	for (Items *x = g->changed; x; x = x->next)
		if (x->classoid == o->classoid && x->objoid == o->objoid && x->objsubid == o->objsubid)
			return x;
	Items *x = arena_new_of(g->d->a, Items);
	*x = (Items){ .next = g->changed, .classoid = o->classoid, .objoid = o->objoid, .objsubid = o->objsubid };
	x->items = acl_items(g->d->cat, o, g->d->a, &x->n);
	x->cap = x->n;
	g->changed = x;
	return x;
}

int grant_change(Grant *g, const AclObject *o, uint32_t wanted, const char *name)
{
	Items *x = items_of(g, o);
	uint32_t options;
	uint32_t grantor = best_grantor(g, o, x, wanted, &options);
	int rc = check_options(g, o, options, wanted, name);
	if (rc <= 0)
		return rc;
	for (size_t i = 0; i < g->ngrantees; i++) {
		if (g->s->is_grant)
			grant_add(g, x, g->grantees[i], grantor, options, g->s->grant_option ? options : 0);
		else if (grant_take(g, x, g->grantees[i], grantor, options, g->s->grant_option, 0))
			return -1;
	}
	save(g, o, x);
	return 0;
}

/* --- relations --- */

static bool has_acl(const Catalog *c, uint32_t oid, int32_t sub)
{
	for (size_t i = 0; i < c->nacls; i++)
		if (c->acls[i].classoid == CLASS_RELATION && c->acls[i].objoid == oid && c->acls[i].objsubid == sub)
			return true;
	return false;
}

static int change_columns(Grant *g, const CatRel *r, const PgQuery__AccessPriv *p)
{
	uint32_t bit = *p->priv_name ? acl_privilege(p->priv_name) : acl_all('c');
	if (!(bit & acl_all('c')))
		return an_error(g->d->ps, -1, "0LP01", "invalid privilege type %s for column", upper(g->d->a, p->priv_name));
	for (size_t i = 0; i < p->n_cols; i++) {
		const CatColumn *col = catrel_column(r, node_string(p->cols[i]));
		if (!col)
			return an_error(g->d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", node_string(p->cols[i]),
					r->name);
		AclObject o = acl_of_column(r, col->attnum);
		if (grant_change(g, &o, bit & acl_all('c'), col->name))
			return -1;
	}
	return 0;
}

static int change_relation(Grant *g, const CatRel *r)
{
	AclObject o = acl_of_rel(r);
	uint32_t bits = g->all & acl_all(o.kind);
	if (!g->every && o.kind == 'r' && (g->all & ~acl_all('r')))
		return an_error(g->d->ps, -1, "0LP01", "invalid privilege type USAGE for table");
	if (bits && grant_change(g, &o, bits, r->name))
		return -1;
	/* What is taken from the whole table is taken from its columns too. */
	for (size_t i = 0; !g->s->is_grant && bits && i < r->ncols; i++) {
		AclObject column = acl_of_column(r, r->cols[i].attnum);
		uint32_t held = bits & acl_all('c');
		if (held && has_acl(g->d->cat, r->oid, r->cols[i].attnum) && grant_change(g, &column, held, r->cols[i].name))
			return -1;
	}
	for (size_t i = 0; i < g->s->n_privileges; i++)
		if (g->s->privileges[i]->access_priv->n_cols && change_columns(g, r, g->s->privileges[i]->access_priv))
			return -1;
	return 0;
}

static int on_relations(Grant *g, bool sequences)
{
	for (size_t i = 0; i < g->s->n_objects; i++) {
		const CatRel *r = an_relation(g->d->ps, g->s->objects[i]->range_var, false);
		if (!r)
			return err_at(g->d->err, 0);
		if (sequences && r->kind != REL_SEQUENCE)
			return an_error(g->d->ps, -1, "42809", "\"%s\" is not a sequence", r->name);
		if (change_relation(g, r))
			return -1;
	}
	return 0;
}

const CatSchema *grant_schema(Grant *g, const PgNode *n)
{
	const CatSchema *s = catalog_schema(g->d->cat, node_string(n));
	if (!s)
		an_error(g->d->ps, -1, "3F000", "schema \"%s\" does not exist", node_string(n));
	return s;
}

static int all_in_schemas(Grant *g, bool sequences)
{
	const Catalog *c = g->d->cat;
	for (size_t i = 0; i < g->s->n_objects; i++) {
		const CatSchema *s = grant_schema(g, g->s->objects[i]);
		if (!s)
			return -1;
		for (size_t k = 0; k < c->nrels; k++) {
			const CatRel *r = c->rels[k];
			bool is = sequences ? r->kind == REL_SEQUENCE : r->kind == REL_TABLE || r->kind == REL_VIEW;
			if (r->schema == s->oid && is && change_relation(g, r))
				return -1;
		}
	}
	return 0;
}

/* --- other objects --- */

static int on_schemas(Grant *g)
{
	for (size_t i = 0; i < g->s->n_objects; i++) {
		const CatSchema *s = grant_schema(g, g->s->objects[i]);
		AclObject o = s ? acl_of_schema(s) : (AclObject){ 0 };
		if (!s || grant_change(g, &o, g->all, s->name))
			return -1;
	}
	return 0;
}

static int on_databases(Grant *g)
{
	for (size_t i = 0; i < g->s->n_objects; i++) {
		const char *name = node_string(g->s->objects[i]);
		AclObject o = acl_of_database(g->d->cat);
		if (!g->d->ps->env->database || !streq(name, g->d->ps->env->database))
			return an_refuse(g->d->ps, -1, "%s on another database than the current one", g->s->is_grant ? "GRANT" : "REVOKE");
		if (grant_change(g, &o, g->all, name))
			return -1;
	}
	return 0;
}

void ddl_change_owner(Ddl *d, const AclObject *o, uint32_t to)
{
	Grant g = { .d = d };
	Items x = { 0 }, out = { 0 };
	if (!acl_text(d->cat, o, d->a))
		return;
	x.items = acl_items(d->cat, o, d->a, &x.n);
	for (size_t i = 0; i < x.n; i++) {
		AclItem k = x.items[i];
		k.grantee = k.grantee == o->owner ? to : k.grantee;
		k.grantor = k.grantor == o->owner ? to : k.grantor;
		grant_add(&g, &out, k.grantee, k.grantor, k.privs, k.options);
	}
	save(&g, o, &out);
}

typedef struct GrantKind {
	PgQuery__ObjectType type;
	const char *what;
	char kind;
} GrantKind;

static int dispatch(Grant *g, const GrantKind *k)
{
	bool in_schema = g->s->targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA;
	switch (k->kind) {
	case 'r':
	case 'S':
		return in_schema ? all_in_schemas(g, k->kind == 'S') : on_relations(g, k->kind == 'S');
	case 'n':
		return on_schemas(g);
	case 'd':
		return on_databases(g);
	default:
		return grant_on_others(g, k->kind, in_schema);
	}
}

/* Only the current role can be named. */
static int check_grantor(Ddl *d, const PgQuery__RoleSpec *grantor)
{
	uint32_t oid = grantor ? ddl_role_oid(d, grantor) : 0;
	if (!grantor)
		return 0;
	if (!oid)
		return -1;
	return oid == (ddl_current_role(d) ? ddl_current_role(d) : d->owner) ? 0
									     : an_error(d->ps, -1, "0A000", "grantor must be current user");
}

int plan_grant(Ddl *d, const PgQuery__GrantStmt *s)
{
	static const GrantKind kinds[] = {
		{ PG_QUERY__OBJECT_TYPE__OBJECT_TABLE, "table", 'r' },	     { PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE, "sequence", 'S' },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA, "schema", 'n' },     { PG_QUERY__OBJECT_TYPE__OBJECT_DATABASE, "database", 'd' },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION, "function", 'f' }, { PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE, "procedure", 'f' },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE, "routine", 'f' },   { PG_QUERY__OBJECT_TYPE__OBJECT_TYPE, "type", 'T' },
		{ PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN, "domain", 'T' },     { PG_QUERY__OBJECT_TYPE__OBJECT_LANGUAGE, "language", 'l' }
	};
	Grant g = { .d = d, .s = s };
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].type != s->objtype)
			continue;
		g.what = kinds[i].what == kinds[0].what ? "relation" : kinds[i].what;
		uint32_t possible = acl_all(kinds[i].kind) | (kinds[i].kind == 'r' ? acl_all('S') : 0);
		if (check_grantor(d, s->grantor))
			return -1;
		if (grant_read_grantees(&g) || grant_read_privileges(&g, possible))
			return -1;
		g.what = kinds[i].what;
		if (dispatch(&g, &kinds[i]))
			return -1;
		return ddl_finish(d, s->is_grant ? "GRANT" : "REVOKE");
	}
	return an_refuse(d->ps, -1, "%s on this kind of object", s->is_grant ? "GRANT" : "REVOKE");
}
