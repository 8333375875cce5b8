/* Default privileges, settings of roles and the database, policies. */
#include "catalog/acl.h"
#include "catalog/vtab.h"

static void produce_default_acl(RowSink *s)
{
	for (size_t i = 0; i < s->cat->ndefault_acls; i++) {
		const CatDefaultAcl *k = &s->cat->default_acls[i];
		row_new(s);
		row_int(s, "oid", k->oid);
		row_int(s, "defaclrole", k->role);
		row_int(s, "defaclnamespace", k->schema);
		row_char(s, "defaclobjtype", k->kind);
		row_text(s, "defaclacl", acl_items_text(s->cat, k->items, k->n, s->a));
	}
}

/* An element of an array's text, quoted. */
static void put_element(Buf *b, const char *name, const char *value)
{
	buf_puts(b, b->len > 1 ? ",\"" : "\"");
	for (const char *part = name; part; part = part == name ? value : NULL) {
		for (const char *p = part; *p; p++)
			buf_printf(b, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
		buf_puts(b, part == name ? "=" : "");
	}
	buf_puts(b, "\"");
}

/* Those of one role follow each other. */
static void produce_settings_kept(RowSink *s)
{
	const Catalog *c = s->cat;
	for (size_t i = 0; i < c->nsettings;) {
		const CatSetting *first = &c->settings[i];
		Buf b = { 0 };
		buf_puts(&b, "{");
		for (; i < c->nsettings && c->settings[i].role == first->role && c->settings[i].in_database == first->in_database; i++)
			put_element(&b, c->settings[i].name, c->settings[i].value);
		buf_puts(&b, "}");
		row_new(s);
		row_int(s, "setdatabase", first->in_database ? c->db_oid : 0);
		row_int(s, "setrole", first->role);
		row_text(s, "setconfig", arena_strdup(s->a, buf_cstr(&b)));
		buf_free(&b);
	}
}

static const char *role_list(RowSink *s, const CatPolicy *p)
{
	Buf b = { 0 };
	for (size_t i = 0; i < p->nroles; i++)
		buf_printf(&b, "%s%u", i ? "," : "{", p->roles[i]);
	buf_puts(&b, "}");
	const char *text = arena_strdup(s->a, buf_cstr(&b));
	buf_free(&b);
	return text;
}

static void produce_policy(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nrels; i++) {
		const CatRel *r = s->cat->rels[i];
		for (size_t k = 0; k < r->npolicies; k++) {
			const CatPolicy *p = r->policies[k];
			row_new(s);
			row_int(s, "oid", p->oid);
			row_text(s, "polname", p->name);
			row_int(s, "polrelid", r->oid);
			row_char(s, "polcmd", p->command);
			row_int(s, "polpermissive", p->permissive);
			row_text(s, "polroles", role_list(s, p));
			row_text(s, "polqual", p->using_sql ? arena_printf(s->a, "{POLICY %u using}", p->oid) : NULL);
			row_text(s, "polwithcheck", p->check_sql ? arena_printf(s->a, "{POLICY %u check}", p->oid) : NULL);
		}
	}
}

const NamedProducer catalog_producers_rights[] = {
	{ "pg_default_acl", produce_default_acl },
	{ "pg_db_role_setting", produce_settings_kept },
	{ "pg_policy", produce_policy },
	{ NULL, NULL },
};
