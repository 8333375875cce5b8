/* Enum types, schemas, views, comments, renames and owners. */
#include "catalog/acl.h"
#include "sql/acl_check.h"
#include "sql/ddl.h"
#include "sql/query.h"

uint32_t ddl_names_schema(Ddl *d, PgQuery__Node *const *names, size_t n, const char **name)
{
	PgQuery__RangeVar rv;
	pg_query__range_var__init(&rv);
	*name = rv.relname = (char *)node_string(names[n - 1]);
	if (n > 1)
		rv.schemaname = (char *)node_string(names[n - 2]);
	return ddl_target_schema(d, &rv);
}

static int check_label(Ddl *d, const char *label)
{
	if (strlen(label) <= 63)
		return 0;
	an_error(d->ps, -1, "42602", "invalid enum label \"%s\"", label);
	return err_detail(d->err, "Labels must be 63 bytes or less.");
}

int plan_create_enum(Ddl *d, const PgQuery__CreateEnumStmt *s)
{
	const char *name;
	uint32_t schema = ddl_names_schema(d, s->type_name, s->n_type_name, &name);
	if (!schema)
		return -1;
	if (catalog_type_named(d->cat, schema, name))
		return an_error(d->ps, -1, "42710", "type \"%s\" already exists", name);
	uint32_t array, oid = ddl_new_type(d, schema, name, 'e', &array);
	for (size_t i = 0; i < s->n_vals; i++) {
		const char *label = node_string(s->vals[i]);
		if (check_label(d, label) < 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			if (streq(node_string(s->vals[k]), label))
				return an_error(d->ps, -1, "23505", "enum label \"%s\" used more than once", label);
		}
		ddl_sql(d, "INSERT INTO _understudy_enum VALUES (%u, %u, %s, %zu)", ddl_oid(d), oid, ddl_lit(d, label), i + 1);
	}
	return ddl_finish(d, "CREATE TYPE");
}

const PgType *ddl_find_type(Ddl *d, PgQuery__Node *const *names, size_t n)
{
	PgQuery__TypeName tn;
	int32_t typmod;
	pg_query__type_name__init(&tn);
	tn.n_names = n;
	tn.names = (PgQuery__Node **)names;
	tn.typemod = -1;
	tn.location = -1;
	return an_typename(d->ps, &tn, &typmod);
}

static const PgType *find_enum(Ddl *d, PgQuery__Node *const *names, size_t n)
{
	const PgType *t = ddl_find_type(d, names, n);
	if (t && t->typtype != 'e') {
		an_error(d->ps, -1, "42809", "%s is not an enum", t->name);
		return NULL;
	}
	return t;
}

static bool has_label(const PgType *t, const char *label)
{
	for (size_t i = 0; i < t->nlabels; i++) {
		if (streq(t->labels[i], label))
			return true;
	}
	return false;
}

/* enumsortorder of a new label. It is a float4: when none is left between two neighbours, all are numbered anew. */
static float place_label(Ddl *d, const PgType *t, const char *near, bool after)
{
	size_t at = 0, n = t->nlabels;
	if (!near)
		return n ? (float)t->label_sorts[n - 1] + 1 : 1;
	while (at < n && !streq(t->labels[at], near))
		at++;
	if (after ? at + 1 == n : at == 0)
		return (float)t->label_sorts[at] + (after ? 1 : -1);
	float self = (float)t->label_sorts[at], other = (float)t->label_sorts[after ? at + 1 : at - 1], between = (self + other) / 2;
	if (between != self && between != other)
		return between;
	for (size_t i = 0; i < n; i++)
		ddl_sql(d, "UPDATE _understudy_enum SET sort = %zu WHERE oid = %u", i + 1, t->label_oids[i]);
	return (float)at + (after ? 1.5F : 0.5F);
}

static int add_enum_value(Ddl *d, const PgQuery__AlterEnumStmt *s, const PgType *t)
{
	if (check_label(d, s->new_val) < 0)
		return -1;
	if (has_label(t, s->new_val)) {
		if (!s->skip_if_new_val_exists)
			return an_error(d->ps, -1, "42710", "enum label \"%s\" already exists", s->new_val);
		ddl_notice(d, "42710", "enum label \"%s\" already exists, skipping", s->new_val);
		return 0;
	}
	const char *near = s->new_val_neighbor && *s->new_val_neighbor ? s->new_val_neighbor : NULL;
	if (near && !has_label(t, near))
		return an_error(d->ps, -1, "22023", "\"%s\" is not an existing enum label", near);
	ddl_sql(d, "INSERT INTO _understudy_enum VALUES (%u, %u, %s, %.9g)", ddl_oid(d), t->oid, ddl_lit(d, s->new_val),
		(double)place_label(d, t, near, s->new_val_is_after));
	return 0;
}

static int check_renamed(Ddl *d, const PgQuery__AlterEnumStmt *s, const PgType *t)
{
	if (!has_label(t, s->old_val))
		return an_error(d->ps, -1, "22023", "\"%s\" is not an existing enum label", s->old_val);
	if (has_label(t, s->new_val))
		return an_error(d->ps, -1, "42710", "enum label \"%s\" already exists", s->new_val);
	return 0;
}

int plan_alter_enum(Ddl *d, const PgQuery__AlterEnumStmt *s)
{
	const PgType *t = find_enum(d, s->type_name, s->n_type_name);
	if (!t)
		return -1;
	if (s->old_val && *s->old_val)
		return check_label(d, s->new_val) || check_renamed(d, s, t) ? -1 : plan_rename_enum_value(d, s, t);
	return add_enum_value(d, s, t) ? -1 : ddl_finish(d, "ALTER TYPE");
}

int plan_create_schema(Ddl *d, const PgQuery__CreateSchemaStmt *s)
{
	const char *name = s->schemaname && *s->schemaname ? s->schemaname : s->authrole ? ddl_role_name(d, s->authrole) : "";
	if (s->n_schema_elts)
		return an_refuse(d->ps, -1, "elements of CREATE SCHEMA");
	if (strncmp(name, "pg_", 3) == 0)
		return an_error(d->ps, -1, "42939", "unacceptable schema name \"%s\"", name);
	if (catalog_schema(d->cat, name)) {
		if (!s->if_not_exists)
			return an_error(d->ps, -1, "42P06", "schema \"%s\" already exists", name);
		ddl_notice(d, "42P06", "schema \"%s\" already exists, skipping", name);
		return ddl_finish(d, "CREATE SCHEMA");
	}
	if (acl_check_create_schema(d->ps) < 0)
		return -1;
	/* Tables of public have plain names in the file, by this OID: it keeps it when it is made again. */
	uint32_t oid = streq(name, "public") ? NS_PUBLIC : ddl_oid(d);
	uint32_t owner = s->authrole ? ddl_role_oid(d, s->authrole) : d->owner;
	if (!owner)
		return -1;
	AclObject o = { 'n', CLASS_SCHEMA, oid, owner, 0 };
	ddl_give_defaults(d, &o, 0);
	ddl_sql(d, "INSERT INTO _understudy_schema VALUES (%u, %s, %u)", oid, ddl_lit(d, name), owner);
	return ddl_finish(d, "CREATE SCHEMA");
}

/* PostgreSQL text of the view's query. */
const char *ddl_query_sql(Ddl *d, const PgNode *query)
{
	PgQuery__SubLink sub;
	PgQuery__Node node;
	pg_query__sub_link__init(&sub);
	pg_query__node__init(&node);
	sub.sub_link_type = PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK;
	sub.subselect = (PgQuery__Node *)query;
	node.node_case = PG_QUERY__NODE__NODE_SUB_LINK;
	node.sub_link = &sub;
	const char *text = ddl_expr_sql(d, &node);
	if (!text)
		return NULL;
	size_t n = strlen(text);
	return n > 2 && text[0] == '(' ? arena_strndup(d->a, text + 1, n - 2) : text;
}

static int view_columns(Ddl *d, const PgQuery__ViewStmt *s, const Plan *q, CatRel *r)
{
	if (s->n_aliases > q->ncols)
		return an_error(d->ps, -1, "42601", "CREATE VIEW specifies more column names than columns");
	r->cols = arena_array(d->a, CatColumn, q->ncols + 1);
	for (size_t i = 0; i < q->ncols; i++) {
		const char *name = i < s->n_aliases ? node_string(s->aliases[i]) : q->cols[i].name;
		if (catrel_column(r, name))
			return an_error(d->ps, -1, "42701", "column \"%s\" specified more than once", name);
		if (q->cols[i].type->typtype == 'p')
			return an_error(d->ps, -1, "42P16", "column \"%s\" has pseudo-type %s", name,
					type_format(q->cols[i].type, -1, d->a));
		CatColumn *c = &r->cols[r->ncols++];
		*c = (CatColumn){
			.name = arena_strdup(d->a, name), .attnum = (int16_t)r->ncols, .type = q->cols[i].type, .typmod = q->cols[i].typmod
		};
		c->sqlite_name = c->name;
	}
	return 0;
}

/* A view over something temporary is temporary itself. */
static uint32_t view_schema(Ddl *d, const PgQuery__RangeVar *rv, const Query *q)
{
	if (*rv->relpersistence == 't' || *rv->schemaname || !ddl_query_is_temp(q))
		return ddl_target_schema(d, rv);
	ddl_notice(d, "00000", "view \"%s\" will be a temporary view", rv->relname);
	return ddl_temp_schema(d);
}

static int view_options(Ddl *d, const PgQuery__ViewStmt *s, char *check_option)
{
	*check_option = s->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__LOCAL_CHECK_OPTION	     ? 'l'
			: s->with_check_option == PG_QUERY__VIEW_CHECK_OPTION__CASCADED_CHECK_OPTION ? 'c'
												     : 0;
	for (size_t i = 0; i < s->n_options; i++) {
		const PgQuery__DefElem *e = s->options[i]->def_elem;
		const char *value = e->arg ? node_string(e->arg) : NULL;
		/* Whose rights count decides who sees what; a barrier is about the order of conditions. */
		if (streq(e->defname, "security_invoker") &&
		    !(value && (streq(value, "false") || streq(value, "off") || streq(value, "0"))))
			return an_refuse(d->ps, e->location, "views with security_invoker");
		if (streq(e->defname, "security_barrier") || streq(e->defname, "security_invoker"))
			continue;
		if (!streq(e->defname, "check_option"))
			return an_error(d->ps, -1, "22023", "unrecognized parameter \"%s\"", e->defname);
		if (!value || (!streq(value, "local") && !streq(value, "cascaded"))) {
			an_error(d->ps, -1, "22023", "invalid value for enum option \"check_option\": %s", value ? value : "true");
			return err_detail(d->err, "Valid values are \"local\" and \"cascaded\".");
		}
		*check_option = *value;
	}
	return 0;
}

/* CREATE OR REPLACE may add columns behind those that there are. */
static int check_replaced(Ddl *d, const CatRel *old, const CatRel *r)
{
	if (r->ncols < old->ncols)
		return an_error(d->ps, -1, "42P16", "cannot drop columns from view");
	for (size_t i = 0; i < old->ncols; i++) {
		const CatColumn *was = &old->cols[i], *is = &r->cols[i];
		if (!streq(was->name, is->name)) {
			an_error(d->ps, -1, "42P16", "cannot change name of view column \"%s\" to \"%s\"", was->name, is->name);
			return err_hint(d->err, "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.");
		}
		if (was->type != is->type || was->typmod != is->typmod)
			return an_error(d->ps, -1, "42P16", "cannot change data type of view column \"%s\" from %s to %s", was->name,
					type_format(was->type, was->typmod, d->a), type_format(is->type, is->typmod, d->a));
	}
	return 0;
}

int plan_create_view(Ddl *d, const PgQuery__ViewStmt *s)
{
	char check_option;
	if (view_options(d, s, &check_option))
		return -1;
	Plan q = { 0 };
	Query *query;
	ViewNames names = { 0 };
	const char *text = ddl_query_sql(d, s->query);
	d->ps->record = &names;
	if (!text || plan_query(d->ps, s->query, &q, &query))
		return -1;
	uint32_t schema = view_schema(d, s->view, query);
	if (!schema || !ddl_persistence(d, s->view, schema))
		return -1;
	const CatRel *old = catalog_rel(d->cat, schema, s->view->relname);
	if (!(old && s->replace) && ddl_name_taken(d, schema, s->view->relname))
		return an_error(d->ps, -1, "42P07", "relation \"%s\" already exists", s->view->relname);
	if (old && old->kind != REL_VIEW)
		return an_error(d->ps, -1, "42809", "\"%s\" is not a view", old->name);
	if (q.nsteps)
		return an_refuse(d->ps, -1, "a view whose query runs in several steps");
	CatRel *r = arena_new_of(d->a, CatRel);
	r->oid = old ? old->oid : ddl_oid(d);
	r->rowtype = old ? old->rowtype : ddl_oid(d);
	r->arraytype = old ? old->arraytype : ddl_oid(d);
	r->schema = schema;
	r->owner = d->owner;
	r->name = arena_strdup(d->a, s->view->relname);
	r->kind = REL_VIEW;
	r->sqlite_name = old ? old->sqlite_name : (char *)ddl_sqlite_name(d, schema, r->name, r->oid);
	r->view_sql = arena_strdup(d->a, text);
	r->check_option = check_option;
	r->view_names = names.items;
	r->nview_names = names.n;
	if (view_columns(d, s, &q, r) || (old && check_replaced(d, old, r)))
		return -1;
	if (check_option && !view_dml_open(d->ps, r, "updating", -1)) {
		err_clear(d->err);
		return an_error(d->ps, -1, "0A000", "WITH CHECK OPTION is supported only on automatically updatable views");
	}
	if (old)
		ddl_forget_rel(d, old);
	ddl_save_rel(d, r);
	return ddl_finish(d, "CREATE VIEW");
}

static int save_comment(Ddl *d, uint32_t oid, uint32_t class, int sub, const char *text)
{
	ddl_sql(d, "DELETE FROM _understudy_comment WHERE objoid = %u AND classoid = %u AND objsubid = %d", oid, class, sub);
	if (text && *text)
		ddl_sql(d, "INSERT INTO _understudy_comment VALUES (%u, %u, %d, %s)", oid, class, sub, ddl_lit(d, text));
	return ddl_finish(d, "COMMENT");
}

static void list_rangevar(const PgNode *n, size_t drop, PgQuery__RangeVar *rv)
{
	size_t k = n->node_case == PG_QUERY__NODE__NODE_LIST ? n->list->n_items - drop : 0;
	pg_query__range_var__init(rv);
	rv->location = -1;
	if (k > 0)
		rv->relname = (char *)node_string(n->list->items[k - 1]);
	if (k > 1)
		rv->schemaname = (char *)node_string(n->list->items[k - 2]);
}

static int comment_on_constraint(Ddl *d, const PgQuery__CommentStmt *s)
{
	enum { CLASS_CONSTRAINT = 2606 };
	PgQuery__RangeVar rv;
	list_rangevar(s->object, 1, &rv);
	const char *name = node_string(s->object->list->items[s->object->list->n_items - 1]);
	const CatRel *r = an_relation(d->ps, &rv, false);
	for (size_t i = 0; r && i < r->nconstraints; i++)
		if (streq(r->constraints[i]->name, name))
			return save_comment(d, r->constraints[i]->oid, CLASS_CONSTRAINT, 0, s->comment);
	return r ? an_error(d->ps, -1, "42704", "constraint \"%s\" for table \"%s\" does not exist", name, r->name) : -1;
}

int plan_comment(Ddl *d, const PgQuery__CommentStmt *s)
{
	enum { CLASS_REL = 1259, CLASS_NS = 2615, CLASS_EXTENSION = 3079, CLASS_PROC = 1255 };
	PgQuery__RangeVar rv;
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN ||
	    s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_DOMCONSTRAINT) {
		uint32_t class, oid = ddl_type_object(d, s, &class);
		return oid ? save_comment(d, oid, class, 0, s->comment) : -1;
	}
	bool column = s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN;
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA) {
		const CatSchema *ns = catalog_schema(d->cat, node_string(s->object));
		return ns ? save_comment(d, ns->oid, CLASS_NS, 0, s->comment)
			  : an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", node_string(s->object));
	}
	if (ddl_is_routine((int)s->objtype)) {
		uint32_t oid = ddl_routine_oid(d, s->object->object_with_args, (int)s->objtype);
		return oid ? save_comment(d, oid, CLASS_PROC, 0, s->comment) : -1;
	}
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_EXTENSION) {
		uint32_t oid = ddl_extension_oid(d, node_string(s->object));
		return oid ? save_comment(d, oid, CLASS_EXTENSION, 0, s->comment) : -1;
	}
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_INDEX) {
		list_rangevar(s->object, 0, &rv);
		const CatIndex *x = ddl_find_index(d, rv.schemaname, rv.relname);
		return x ? save_comment(d, x->oid, CLASS_REL, 0, s->comment)
			 : an_error(d->ps, -1, "42P01", "relation \"%s\" does not exist", rv.relname);
	}
	if (s->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABCONSTRAINT)
		return comment_on_constraint(d, s);
	if (!column && s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW && s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE &&
	    s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_VIEW && s->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE)
		return an_refuse(d->ps, -1, "COMMENT ON this kind of object");
	list_rangevar(s->object, column ? 1 : 0, &rv);
	const CatRel *r = an_relation(d->ps, &rv, false);
	if (!r || ddl_check_owner(d, r, -1))
		return -1;
	const char *name = column ? node_string(s->object->list->items[s->object->list->n_items - 1]) : NULL;
	const CatColumn *c = name ? catrel_column(r, name) : NULL;
	if (column && !c)
		return an_error(d->ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist", name, r->name);
	return save_comment(d, r->oid, CLASS_REL, c ? c->attnum : 0, s->comment);
}

int plan_alter_owner(Ddl *d, const PgQuery__AlterOwnerStmt *s)
{
	if (ddl_is_routine((int)s->object_type)) {
		uint32_t owner = ddl_role_oid(d, s->newowner);
		return owner ? plan_function_owner(d, s, owner) : -1;
	}
	if (s->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || s->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN)
		return plan_set_type_owner(d, s);
	if (s->object_type != PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA)
		return an_refuse(d->ps, -1, "OWNER TO of this kind of object");
	const CatSchema *ns = catalog_schema(d->cat, node_string(s->object));
	if (!ns || ns->oid < NS_PUBLIC)
		return an_error(d->ps, -1, "3F000", "schema \"%s\" does not exist", node_string(s->object));
	uint32_t oid = ddl_role_oid(d, s->newowner);
	if (!oid || ddl_must_own(d, ns->owner, "schema", ns->name))
		return -1;
	AclObject o = acl_of_schema(ns);
	ddl_change_owner(d, &o, oid);
	ddl_sql(d, "UPDATE _understudy_schema SET owner = %u WHERE oid = %u", oid, ns->oid);
	return ddl_finish(d, "ALTER SCHEMA");
}
