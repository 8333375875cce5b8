/* Rows of pg_catalog's relations about the server itself: roles, databases, builtin functions, operators, casts, settings, sessions. */
#include "catalog/acl.h"
#include "catalog/producers_program.h"
#include "catalog/extension.h"
#include "catalog/vtab.h"

#include "pgtype/range.h"

static void role_row(RowSink *s, const CatRole *r, bool known)
{
	const struct {
		const char *column;
		bool value;
	} powers[] = { { "rolsuper", r->super },	   { "rolinherit", !known || r->inherit },
		       { "rolcreaterole", r->createrole }, { "rolcreatedb", r->createdb },
		       { "rolcanlogin", r->login },	   { "rolreplication", r->replication },
		       { "rolbypassrls", r->bypassrls } };
	row_new(s);
	row_int(s, "oid", r->oid);
	row_text(s, "rolname", r->name);
	for (size_t k = 0; k < ARRAY_LEN(powers); k++)
		row_int(s, powers[k].column, powers[k].value);
	row_int(s, "rolconnlimit", known ? r->connlimit : -1);
	row_text(s, "rolpassword", streq(s->rel->name, "pg_roles") ? "********" : r->password);
	row_text(s, "rolvaliduntil", r->valid_until);
}

static void produce_roles(RowSink *s)
{
	size_t n;
	const CatRole *builtin = catalog_builtin_roles(&n);
	for (size_t i = 0; i < s->cat->nroles; i++)
		role_row(s, &s->cat->roles[i], true);
	for (size_t i = 0; i < n; i++)
		role_row(s, &builtin[i], false);
}

static void member_row(RowSink *s, uint32_t role, uint32_t member, uint32_t grantor, bool admin)
{
	row_new(s);
	row_int(s, "roleid", role);
	row_int(s, "member", member);
	row_int(s, "grantor", grantor);
	row_int(s, "admin_option", admin);
}

static void produce_auth_members(RowSink *s)
{
	static const uint32_t of_pg_monitor[] = { 3374, 3375, 3377 };
	for (size_t i = 0; i < ARRAY_LEN(of_pg_monitor); i++)
		member_row(s, of_pg_monitor[i], 3373, 10, false);
	for (size_t i = 0; i < s->cat->nmembers; i++) {
		const CatMember *m = &s->cat->members[i];
		member_row(s, m->role, m->member, m->grantor, m->admin);
	}
}

/* pg_user and pg_shadow show the roles that can log in. */
static void produce_user(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nroles; i++) {
		const CatRole *r = &s->cat->roles[i];
		if (!r->login)
			continue;
		row_new(s);
		row_text(s, "usename", r->name);
		row_int(s, "usesysid", r->oid);
		row_int(s, "usecreatedb", r->createdb);
		row_int(s, "usesuper", r->super);
		row_int(s, "userepl", r->replication);
		row_int(s, "usebypassrls", r->bypassrls);
		row_text(s, "passwd", streq(s->rel->name, "pg_user") ? "********" : r->password);
		row_text(s, "valuntil", r->valid_until);
	}
}

static void produce_group(RowSink *s)
{
	for (size_t i = 0; i < s->cat->nroles; i++) {
		const CatRole *r = &s->cat->roles[i];
		if (r->login)
			continue;
		Buf b = { 0 };
		for (size_t k = 0; k < s->cat->nmembers; k++)
			if (s->cat->members[k].role == r->oid)
				buf_printf(&b, "%s%u", b.len ? "," : "", s->cat->members[k].member);
		row_new(s);
		row_text(s, "groname", r->name);
		row_int(s, "grosysid", r->oid);
		row_text(s, "grolist", arena_printf(s->a, "{%s}", b.len ? buf_cstr(&b) : ""));
		buf_free(&b);
	}
}

static void database_row(RowSink *s, const char *name, uint32_t oid)
{
	bool template0 = streq(name, "template0");
	row_new(s);
	row_int(s, "oid", oid);
	row_text(s, "datname", name);
	row_int(s, "datdba", 10);
	row_int(s, "encoding", 6);
	row_char(s, "datlocprovider", 'c');
	row_int(s, "datistemplate", template0 || streq(name, "template1"));
	row_int(s, "datallowconn", !template0);
	row_int(s, "datconnlimit", -1);
	row_int(s, "datfrozenxid", 0);
	row_int(s, "datminmxid", 0);
	row_int(s, "dattablespace", 1663);
	row_text(s, "datcollate", "C.UTF-8");
	row_text(s, "datctype", "C.UTF-8");
	AclObject o = acl_of_database(s->cat);
	row_text(s, "datacl", acl_text(s->cat, &o, s->a));
}

static void produce_database(RowSink *s)
{
	static const char *const templates[] = { "template0", "template1" };
	const SessionVars *v = s->session;
	const char *own = v && v->database ? v->database : s->cat->db_name;
	size_t n = 0;
	const DatabaseRow *all = v && v->list_databases ? v->list_databases(v->arg, s->a, &n) : NULL;
	database_row(s, own, s->cat->db_oid);
	for (size_t i = 0; i < n; i++)
		if (!streq(all[i].name, own))
			database_row(s, all[i].name, all[i].oid);
	for (size_t k = 0; k < ARRAY_LEN(templates); k++) {
		bool listed = streq(own, templates[k]);
		for (size_t i = 0; i < n; i++)
			listed = listed || streq(all[i].name, templates[k]);
		if (!listed)
			database_row(s, templates[k], catalog_database_oid(templates[k]));
	}
}

static void produce_tablespace(RowSink *s)
{
	static const char *const names[] = { "pg_default", "pg_global" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		row_new(s);
		row_int(s, "oid", 1663 + (int64_t)i);
		row_text(s, "spcname", names[i]);
		row_int(s, "spcowner", 10);
	}
}

static void produce_language(RowSink *s)
{
	static const struct {
		uint32_t oid;
		const char *name;
		bool trusted;
		uint32_t validator;
	} all[] = {
		{ 12, "internal", false, 2246 }, { 13, "c", false, 2247 }, { 14, "sql", true, 2248 }, { 13563, "plpgsql", true, 13562 }
	};
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		row_new(s);
		row_int(s, "oid", all[i].oid);
		row_text(s, "lanname", all[i].name);
		row_int(s, "lanowner", 10);
		row_int(s, "lanispl", all[i].oid > 14);
		row_int(s, "lanpltrusted", all[i].trusted);
		row_int(s, "lanplcallfoid", all[i].oid > 14 ? 13560 : 0);
		row_int(s, "laninline", all[i].oid > 14 ? 13561 : 0);
		row_int(s, "lanvalidator", all[i].validator);
	}
}

static const char *oid_list(RowSink *s, const uint32_t *v, size_t n, const char *open, const char *sep, const char *close)
{
	Buf b = { 0 };
	buf_puts(&b, open);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%u", i ? sep : "", v[i]);
	buf_puts(&b, close);
	const char *t = arena_strdup(s->a, buf_cstr(&b));
	buf_free(&b);
	return t;
}

static const char *name_list(RowSink *s, const PgProc *p)
{
	Buf b = { 0 };
	buf_puts(&b, "{");
	for (uint8_t i = 0; i < p->nargs + p->nout; i++) {
		const char *name = i < p->nargs ? (p->argnames ? p->argnames[i] : NULL) : p->out_names[i - p->nargs];
		buf_printf(&b, "%s%s", i ? "," : "", name && *name ? name : "\"\"");
	}
	buf_puts(&b, "}");
	const char *t = arena_strdup(s->a, buf_cstr(&b));
	buf_free(&b);
	return t;
}

static void proc_outputs(RowSink *s, const PgProc *p)
{
	size_t n = (size_t)p->nargs + p->nout;
	uint32_t *types = arena_array(s->a, uint32_t, n);
	char *modes = arena_alloc(s->a, 2 * n + 3);
	modes[0] = '{';
	for (size_t i = 0; i < n; i++) {
		types[i] = i < p->nargs ? p->args[i] : p->out_types[i - p->nargs];
		modes[1 + 2 * i] = i < p->nargs ? 'i' : 'o';
		modes[2 + 2 * i] = i + 1 < n ? ',' : '}';
	}
	row_text(s, "proallargtypes", oid_list(s, types, n, "{", ",", "}"));
	row_text(s, "proargmodes", modes);
}

static void put_procs(RowSink *s, const PgProc *p, size_t n, uint32_t schema)
{
	for (size_t i = 0; i < n; i++, p++) {
		row_new(s);
		row_int(s, "oid", p->oid);
		row_text(s, "proname", p->name);
		row_int(s, "pronamespace", schema);
		row_int(s, "proowner", 10);
		row_int(s, "prolang", !*p->src ? 14 : schema == NS_PG_CATALOG ? 12 : 13);
		row_int(s, "provariadic", p->variadic);
		row_int(s, "prosupport", 0);
		row_char(s, "prokind", p->kind);
		row_int(s, "prosecdef", 0);
		row_int(s, "proleakproof", 0);
		row_int(s, "proisstrict", p->strict);
		row_int(s, "proretset", p->retset);
		row_char(s, "provolatile", p->volatility);
		row_char(s, "proparallel", p->volatility == 'v' ? 'r' : 's');
		row_int(s, "pronargs", p->nargs);
		row_int(s, "pronargdefaults", p->ndefaults);
		row_int(s, "prorettype", p->rettype);
		row_text(s, "proargtypes", oid_list(s, p->args, p->nargs, "", " ", ""));
		if (p->nout)
			proc_outputs(s, p);
		if (p->argnames || p->nout)
			row_text(s, "proargnames", name_list(s, p));
		row_text(s, "prosrc", p->src);
	}
}

static void produce_proc(RowSink *s)
{
	size_t n;
	const PgProc *p = pgproc_all(&n);
	put_procs(s, p, n, NS_PG_CATALOG);
	for (size_t i = 0; i < s->cat->nextensions; i++) {
		const CatExtension *x = &s->cat->extensions[i];
		put_procs(s, x->procs, x->def->nprocs, x->schema);
	}
	catalog_put_functions(s);
}

static void put_operators(RowSink *s, const PgOperator *o, size_t n, uint32_t schema)
{
	for (size_t i = 0; i < n; i++, o++) {
		row_new(s);
		row_int(s, "oid", o->oid);
		row_text(s, "oprname", o->name);
		row_int(s, "oprnamespace", schema);
		row_int(s, "oprowner", 10);
		row_char(s, "oprkind", o->left ? 'b' : 'l');
		row_int(s, "oprcanmerge", o->merges);
		row_int(s, "oprcanhash", o->hashes);
		row_int(s, "oprleft", o->left);
		row_int(s, "oprright", o->right);
		row_int(s, "oprresult", o->result);
		row_int(s, "oprcom", o->commutator);
		row_int(s, "oprnegate", o->negator);
		row_int(s, "oprcode", o->proc);
	}
}

static void produce_operator(RowSink *s)
{
	size_t n;
	const PgOperator *o = pgoperator_all(&n);
	put_operators(s, o, n, NS_PG_CATALOG);
	for (size_t i = 0; i < s->cat->nextensions; i++) {
		const CatExtension *x = &s->cat->extensions[i];
		put_operators(s, x->operators, x->def->noperators, x->schema);
	}
}

static void put_casts(RowSink *s, const PgCast *c, size_t n)
{
	for (size_t i = 0; i < n; i++, c++) {
		row_new(s);
		row_int(s, "oid", c->oid);
		row_int(s, "castsource", c->source);
		row_int(s, "casttarget", c->target);
		row_int(s, "castfunc", c->func);
		row_char(s, "castcontext", c->context);
		row_char(s, "castmethod", c->method);
	}
}

static void produce_cast(RowSink *s)
{
	size_t n;
	const PgCast *c = pgcast_all(&n);
	put_casts(s, c, n);
	for (size_t i = 0; i < s->cat->nextensions; i++)
		put_casts(s, s->cat->extensions[i].casts, s->cat->extensions[i].def->ncasts);
}

static void produce_aggregate(RowSink *s)
{
	size_t n;
	const PgProc *p = pgproc_all(&n);
	for (size_t i = 0; i < n; i++, p++) {
		const PgAggregate *g = p->kind == 'a' ? pgaggregate_of(p->oid) : NULL;
		if (!g)
			continue;
		row_new(s);
		row_int(s, "aggfnoid", p->oid);
		row_char(s, "aggkind", g->kind);
		row_int(s, "aggnumdirectargs", g->ndirect);
	}
}

static void range_row(RowSink *s, uint32_t range, uint32_t sub, uint32_t multi, uint32_t collation, const char *canonical, const char *diff)
{
	size_t n;
	const PgProc *c = pgproc_named(canonical, &n);
	row_new(s);
	row_int(s, "rngtypid", range);
	row_int(s, "rngsubtype", sub);
	row_int(s, "rngmultitypid", multi);
	row_int(s, "rngcollation", collation);
	row_int(s, "rngcanonical", n ? c->oid : 0);
	const PgProc *d = pgproc_named(diff, &n);
	row_int(s, "rngsubdiff", n ? d->oid : 0);
}

static void produce_range(RowSink *s)
{
	static const struct {
		const char *name;
		uint32_t range, sub, multi;
	} builtin[] = { { "int4range", 3904, 23, 4451 },   { "numrange", 3906, 1700, 4532 },  { "tsrange", 3908, 1114, 4533 },
			{ "tstzrange", 3910, 1184, 4534 }, { "daterange", 3912, 1082, 4535 }, { "int8range", 3926, 20, 4536 } };
	for (size_t i = 0; i < ARRAY_LEN(builtin); i++)
		range_row(s, builtin[i].range, builtin[i].sub, builtin[i].multi, 0, arena_printf(s->a, "%s_canonical", builtin[i].name),
			  arena_printf(s->a, "%s_subdiff", builtin[i].name));
	for (size_t i = 0; i < s->cat->ntypes; i++) {
		const RangeType *k = s->cat->types[i]->range;
		if (s->cat->types[i]->typtype == 'r')
			range_row(s, k->range, k->subtype, k->multirange, k->collation, "", k->diff ? k->diff : "");
	}
}

static void produce_settings(RowSink *s)
{
	size_t n = 0;
	const SettingRow *r = s->session && s->session->list_settings ? s->session->list_settings(s->session->arg, s->a, &n) : NULL;
	for (size_t i = 0; i < n; i++, r++) {
		row_new(s);
		const struct {
			const char *column, *value;
		} cells[] = { { "name", r->name },	     { "setting", r->setting },	      { "unit", r->unit },
			      { "category", r->category },   { "short_desc", r->short_desc }, { "context", r->context },
			      { "vartype", r->vartype },     { "source", r->source },	      { "boot_val", r->boot_val },
			      { "reset_val", r->reset_val }, { "extra_desc", r->extra_desc }, { "min_val", r->min_val },
			      { "max_val", r->max_val },     { "enumvals", r->enumvals } };
		for (size_t k = 0; k < ARRAY_LEN(cells); k++)
			row_text(s, cells[k].column, cells[k].value);
		row_int(s, "pending_restart", 0);
	}
}

static void produce_activity(RowSink *s)
{
	const SessionVars *v = s->session;
	size_t n = 0;
	const ActivityRow *r = v && v->list_sessions ? v->list_sessions(v->arg, s->a, &n) : NULL;
	for (size_t i = 0; i < n; i++, r++) {
		row_new(s);
		if (streq(r->database, v->database))
			row_int(s, "datid", s->cat->db_oid);
		row_text(s, "datname", r->database);
		row_int(s, "pid", r->pid);
		row_int(s, "usesysid", catalog_role_oid(s->cat, r->user) ? catalog_role_oid(s->cat, r->user) : 10);
		row_text(s, "usename", r->user);
		row_text(s, "application_name", r->application_name ? r->application_name : "");
		row_text(s, "client_addr", r->client_addr);
		row_int(s, "client_port", r->client_port);
		row_time(s, "backend_start", r->session_start_us);
		row_time(s, "xact_start", r->xact_start_us);
		row_time(s, "query_start", r->query_start_us);
		row_time(s, "state_change", r->state_change_us);
		row_text(s, "wait_event_type", r->wait_type);
		row_text(s, "wait_event", r->wait);
		row_text(s, "state", r->state);
		row_text(s, "query", r->query);
		row_text(s, "backend_type", "client backend");
	}
}

static void produce_prepared(RowSink *s)
{
	const SessionVars *v = s->session;
	size_t n = 0;
	const PreparedRow *p = v && v->list_prepared ? v->list_prepared(v->arg, s->a, &n) : NULL;
	for (size_t i = 0; i < n; i++, p++) {
		row_new(s);
		row_text(s, "name", p->name);
		row_text(s, "statement", p->statement);
		row_time(s, "prepare_time", p->made_us);
		row_text(s, "parameter_types", oid_list(s, p->types, p->ntypes, "{", ",", "}"));
		row_int(s, "from_sql", p->from_sql);
		row_int(s, "generic_plans", p->uses); /* a plan here does not depend on the values */
		row_int(s, "custom_plans", 0);
	}
}

static void produce_cursors(RowSink *s)
{
	const SessionVars *v = s->session;
	CursorRow c;
	for (size_t i = 0; v && v->list_cursors && v->list_cursors(v->arg, i, &c); i++) {
		row_new(s);
		row_text(s, "name", arena_strdup(s->a, c.name));
		row_text(s, "statement", arena_strndup(s->a, c.statement.p, c.statement.n));
		row_int(s, "is_holdable", c.holdable);
		row_int(s, "is_binary", c.binary);
		row_int(s, "is_scrollable", c.scrollable);
		row_time(s, "creation_time", c.made_us);
	}
}

/* Advisory locks; others are not kept per object. */
static void produce_locks(RowSink *s)
{
	const SessionVars *v = s->session;
	size_t n = 0;
	const LockRow *l = v && v->list_locks ? v->list_locks(v->arg, s->a, &n) : NULL;
	for (size_t i = 0; i < n; i++, l++) {
		row_new(s);
		row_text(s, "locktype", "advisory");
		row_int(s, "database", s->cat->db_oid);
		row_int(s, "classid", l->key.hi);
		row_int(s, "objid", l->key.lo);
		row_int(s, "objsubid", l->key.kind);
		row_text(s, "virtualtransaction", arena_printf(s->a, "%d/1", l->pid));
		row_int(s, "pid", l->pid);
		row_text(s, "mode", l->shared ? "ShareLock" : "ExclusiveLock");
		row_int(s, "granted", l->granted);
		row_int(s, "fastpath", 0);
		row_time(s, "waitstart", l->wait_since_us);
	}
}

const NamedProducer catalog_producers_server[] = {
	{ "pg_authid", produce_roles },
	{ "pg_roles", produce_roles },
	{ "pg_auth_members", produce_auth_members },
	{ "pg_user", produce_user },
	{ "pg_group", produce_group },
	{ "pg_shadow", produce_user },
	{ "pg_tablespace", produce_tablespace },
	{ "pg_language", produce_language },
	{ "pg_proc", produce_proc },
	{ "pg_trigger", catalog_produce_trigger },
	{ "pg_operator", produce_operator },
	{ "pg_cast", produce_cast },
	{ "pg_aggregate", produce_aggregate },
	{ "pg_range", produce_range },
	{ NULL, NULL },
};

/* Rows that depend on the session that asks. */
static const NamedProducer of_session[] = {
	{ "pg_database", produce_database },
	{ "pg_settings", produce_settings },
	{ "pg_stat_activity", produce_activity },
	{ "pg_cursors", produce_cursors },
	{ "pg_prepared_statements", produce_prepared },
	{ "pg_locks", produce_locks },
	{ NULL, NULL },
};

static RowProducer find_producer(const NamedProducer *list, const char *relation)
{
	for (; list->name; list++) {
		if (streq(list->name, relation))
			return list->fn;
	}
	return NULL;
}

RowProducer catalog_producer(const char *relation, bool *empty, bool *lasting)
{
	static const char *const without_rows[] = {
		"pg_policy",
		"pg_statistic_ext",
		"pg_publication",
		"pg_publication_rel",
		"pg_publication_namespace",
		"pg_publication_tables",
		"pg_foreign_table",
		"pg_foreign_server",
		"pg_foreign_data_wrapper",
		"pg_user_mapping",
		"pg_subscription",
		"pg_subscription_rel",
		"pg_event_trigger",
		"pg_default_acl",
		"pg_db_role_setting",
		"pg_shdescription",
		"pg_seclabel",
		"pg_shseclabel",
		"pg_largeobject_metadata",
		"pg_policies",
		"pg_prepared_xacts",
		"pg_stats_ext",
		"pg_transform",
		"pg_replication_slots",
		"pg_stat_replication",
		"pg_rules",
		"pg_stats",
		"pg_parameter_acl",
		"pg_seclabels",
		"pg_user_mappings",
		"pg_stats_ext_exprs",
		"pg_stat_progress_analyze",
		"pg_stat_progress_vacuum",
		"pg_stat_progress_cluster",
		"pg_stat_progress_create_index",
		"pg_stat_progress_basebackup",
		"pg_stat_progress_copy",
		"pg_stat_subscription",
		"pg_stat_subscription_stats",
		"pg_stat_wal_receiver",
		"pg_stat_replication_slots",
		"pg_stat_user_functions",
		"pg_stat_xact_user_functions",
		"pg_replication_origin_status",
		"pg_largeobject",
		"pg_replication_origin",
		"pg_statistic",
		"pg_statistic_ext_data",
	};
	static const NamedProducer *const lists[] = { catalog_producers, catalog_producers_server, catalog_producers_ts,
						      catalog_producers_depend, catalog_producers_extension };
	RowProducer p = pgcatrows_of(relation) ? catalog_produce_shown : NULL;
	for (size_t i = 0; !p && i < ARRAY_LEN(lists); i++)
		p = find_producer(lists[i], relation);
	*lasting = p != NULL;
	p = p ? p : find_producer(of_session, relation);
	p = p ? p : find_producer(catalog_producers_zone, relation);
	*empty = false;
	for (size_t i = 0; !p && i < ARRAY_LEN(without_rows); i++)
		*empty = *empty || streq(without_rows[i], relation);
	return p;
}
