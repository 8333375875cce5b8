/* Statements that are neither queries nor COPY: transactions, prepared statements, maintenance; and the way to the DDL planners. */
#include "pgtype/datetime.h"
#include "sql/ddl.h"
#include "sql/fields.h"
#include "sql/row_security.h"

#include <pg_query.h>

#define NODE(x) PG_QUERY__NODE__NODE_##x

static void read_transaction_modes(PgQuery__Node *const *opts, size_t n, Plan *plan)
{
	plan->read_only = plan->deferrable = -1;
	for (size_t i = 0; i < n; i++) {
		const PgQuery__DefElem *e = opts[i]->def_elem;
		const PgQuery__AConst *k = e->arg && e->arg->node_case == NODE(A_CONST) ? e->arg->a_const : NULL;
		if (!k)
			continue;
		bool yes = k->val_case == PG_QUERY__A__CONST__VAL_IVAL && k->ival->ival != 0;
		if (streq(e->defname, "transaction_isolation") && k->val_case == PG_QUERY__A__CONST__VAL_SVAL)
			plan->isolation = k->sval->sval;
		else if (streq(e->defname, "transaction_read_only"))
			plan->read_only = yes;
		else if (streq(e->defname, "transaction_deferrable"))
			plan->deferrable = yes;
	}
}

int plan_transaction(ParseState *ps, const PgQuery__TransactionStmt *s, Plan *plan)
{
	static const struct {
		PgQuery__TransactionStmtKind kind;
		PlanKind plan;
		const char *tag;
	} kinds[] = {
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN, PLAN_BEGIN, "BEGIN" },
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START, PLAN_BEGIN, "START TRANSACTION" },
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT, PLAN_COMMIT, "COMMIT" },
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK, PLAN_ROLLBACK, "ROLLBACK" },
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT, PLAN_SAVEPOINT, "SAVEPOINT" },
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE, PLAN_RELEASE, "RELEASE" },
		{ PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO, PLAN_ROLLBACK_TO, "ROLLBACK" },
	};
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (kinds[i].kind != s->kind)
			continue;
		plan->kind = kinds[i].plan;
		plan->tag = kinds[i].tag;
		plan->name = s->savepoint_name && *s->savepoint_name ? s->savepoint_name : NULL;
		plan->chain = s->chain;
		read_transaction_modes(s->options, s->n_options, plan);
		return 0;
	}
	bool prepare = s->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE;
	bool commits = s->kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED;
	plan->kind = PLAN_TWO_PHASE;
	plan->tag = prepare ? "PREPARE TRANSACTION" : commits ? "COMMIT PREPARED" : "ROLLBACK PREPARED";
	plan->name = prepare ? NULL : s->gid;
	plan->values = arena_array(ps->a, const char *, 1);
	plan->values[plan->nvalues++] = s->gid;
	return 0;
}

/* SET TIME ZONE INTERVAL '…' [fields], the only cast that SET's grammar has, as the text that the setting takes. NULL with the error set.
 */
static const char *set_interval(ParseState *ps, const PgQuery__TypeCast *c)
{
	int32_t typmod;
	Interval iv;
	char text[DT_BUF];
	TypeEnv env = { .tz = &tz_utc };
	if (!an_typename(ps, c->type_name, &typmod))
		return NULL;
	if (interval_in(str_of(c->arg->a_const->sval->sval), &env, typmod, &iv, ps->err) < 0)
		return NULL;
	interval_out(&iv, INTERVALSTYLE_POSTGRES, text);
	return arena_printf(ps->a, "INTERVAL '%s'", text);
}

/* A SET value as text; NULL with the error set. */
static const char *set_value(ParseState *ps, const PgNode *n)
{
	if (n->node_case == NODE(TYPE_CAST))
		return set_interval(ps, n->type_cast);
	if (n->node_case != NODE(A_CONST))
		return NULL;
	const PgQuery__AConst *k = n->a_const;
	switch (k->val_case) {
	case PG_QUERY__A__CONST__VAL_IVAL:
		return arena_printf(ps->a, "%d", k->ival->ival);
	case PG_QUERY__A__CONST__VAL_FVAL:
		return k->fval->fval;
	case PG_QUERY__A__CONST__VAL_SVAL:
		return k->sval->sval;
	case PG_QUERY__A__CONST__VAL_BOOLVAL:
		return k->boolval->boolval ? "true" : "false";
	default:
		an_refuse(ps, 0, "this value in SET");
		return NULL;
	}
}

int plan_variable_set(ParseState *ps, const PgQuery__VariableSetStmt *s, Plan *plan)
{
	plan->kind = PLAN_SET;
	plan->tag = "SET";
	plan->local = s->is_local;
	plan->read_only = plan->deferrable = -1;
	plan->name = s->name && *s->name ? s->name : NULL;
	switch (s->kind) {
	case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE:
		plan->values = arena_array(ps->a, const char *, s->n_args);
		for (size_t i = 0; i < s->n_args; i++) {
			plan->values[plan->nvalues++] = set_value(ps, s->args[i]);
			if (!plan->values[i])
				return -1;
		}
		return 0;
	case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT:
		plan->is_default = true;
		return 0;
	case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI:
		if (streq(s->name, "TRANSACTION SNAPSHOT"))
			return an_refuse(ps, 0, "SET TRANSACTION SNAPSHOT");
		read_transaction_modes(s->args, s->n_args, plan);
		return 0;
	case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET:
	case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL:
		plan->tag = "RESET";
		return 0;
	default:
		return an_refuse(ps, 0, "SET ... FROM CURRENT");
	}
}

/* Byte offset of the query in "PREPARE name (types) AS query"; -1 when there is none. */
static int prepared_query_offset(ParseState *ps, Str text)
{
	const char *copy = arena_strndup(ps->a, text.p, text.n);
	PgQueryScanResult scan = pg_query_scan(copy);
	int at = -1, depth = 0;
	PgQuery__ScanResult *r = scan.error ? NULL : pg_query__scan_result__unpack(NULL, scan.pbuf.len, (uint8_t *)scan.pbuf.data);
	for (size_t i = 0; r && i < r->n_tokens && at < 0; i++) {
		int t = (int)r->tokens[i]->token;
		depth += t == PG_QUERY__TOKEN__ASCII_40 ? 1 : t == PG_QUERY__TOKEN__ASCII_41 ? -1 : 0;
		if (depth == 0 && t == PG_QUERY__TOKEN__AS && i >= 2)
			at = r->tokens[i]->end;
	}
	if (r)
		pg_query__scan_result__free_unpacked(r, NULL);
	pg_query_free_scan_result(scan);
	return at;
}

static int plan_prepare(ParseState *ps, const PgQuery__PrepareStmt *s, const RawStmt *raw, Plan *plan)
{
	int at = prepared_query_offset(ps, raw->text);
	if (at < 0)
		return an_error(ps, -1, "42601", "the query of PREPARE was not found");
	plan->kind = PLAN_PREPARE;
	plan->tag = "PREPARE";
	plan->name = s->name;
	while ((size_t)at < raw->text.n && strchr(" \t\r\n", raw->text.p[at]))
		at++;
	plan->inner_text = (Str){ raw->text.p + at, raw->text.n - (size_t)at };
	RawStmt *inner = arena_new_of(ps->a, RawStmt);
	*inner = (RawStmt){ .node = s->query, .text = plan->inner_text, .location = raw->location + at };
	plan->inner = inner;
	uint32_t *types = arena_array(ps->a, uint32_t, s->n_argtypes + 1);
	plan->inner_types = types;
	plan->ninner_types = s->n_argtypes;
	for (size_t i = 0; i < s->n_argtypes; i++) {
		int32_t typmod;
		const PgType *t = an_typename(ps, s->argtypes[i]->type_name, &typmod);
		if (!t)
			return -1;
		types[i] = t->oid;
	}
	return 0;
}

static int plan_execute(ParseState *ps, const PgQuery__ExecuteStmt *s, Plan *plan)
{
	if (s->n_params) {
		PgQuery__SelectStmt select;
		PgQuery__Node node;
		pg_query__select_stmt__init(&select);
		pg_query__node__init(&node);
		select.n_target_list = s->n_params;
		select.target_list = arena_array(ps->a, PgQuery__Node *, s->n_params);
		select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
		select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
		for (size_t i = 0; i < s->n_params; i++) {
			PgQuery__ResTarget *t = arena_new_of(ps->a, PgQuery__ResTarget);
			PgQuery__Node *n = arena_new_of(ps->a, PgQuery__Node);
			pg_query__res_target__init(t);
			pg_query__node__init(n);
			t->val = s->params[i];
			n->node_case = NODE(RES_TARGET);
			n->res_target = t;
			select.target_list[i] = n;
		}
		node.node_case = NODE(SELECT_STMT);
		node.select_stmt = &select;
		if (plan_query(ps, &node, plan, NULL))
			return -1;
	}
	plan->kind = PLAN_EXECUTE;
	plan->tag = "EXECUTE";
	plan->name = s->name;
	return 0;
}

static int plan_nothing(Plan *plan, const char *tag)
{
	plan->kind = PLAN_NOTHING;
	plan->tag = tag;
	return 0;
}

static int check_relations(ParseState *ps, PgQuery__Node *const *rels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const PgQuery__Node *r = rels[i];
		const PgQuery__RangeVar *rv = r->node_case == NODE(RANGE_VAR)	      ? r->range_var
					      : r->node_case == NODE(VACUUM_RELATION) ? r->vacuum_relation->relation
										      : NULL;
		if (rv && !an_relation(ps, rv, false))
			return -1;
	}
	return 0;
}

static int check_vacuum(ParseState *ps, const PgQuery__VacuumStmt *s)
{
	static const char options[] =
		" verbose analyze freeze full disable_page_skipping index_cleanup process_toast truncate parallel skip_locked ";
	for (size_t i = 0; i < s->n_options; i++) {
		const char *name = s->options[i]->def_elem->defname, *at = strstr(options, name);
		if (!at || at[-1] != ' ' || at[strlen(name)] != ' ')
			return an_error(ps, s->options[i]->def_elem->location, "42601", "unrecognized %s option \"%s\"",
					s->is_vacuumcmd ? "VACUUM" : "ANALYZE", name);
	}
	bool analyze = !s->is_vacuumcmd;
	for (size_t i = 0; i < s->n_options; i++)
		analyze = analyze || streq(s->options[i]->def_elem->defname, "analyze");
	for (size_t i = 0; i < s->n_rels && !analyze; i++)
		if (s->rels[i]->vacuum_relation->n_va_cols)
			return an_error(ps, -1, "0A000", "ANALYZE option must be specified when a column list is provided");
	if (check_relations(ps, s->rels, s->n_rels))
		return -1;
	for (size_t i = 0; i < s->n_rels; i++) {
		const PgQuery__VacuumRelation *v = s->rels[i]->vacuum_relation;
		const CatRel *r = v->relation ? an_relation(ps, v->relation, false) : NULL;
		for (size_t k = 0; r && k < v->n_va_cols; k++)
			if (!catrel_column(r, v->va_cols[k]->string->sval))
				return an_error(ps, -1, "42703", "column \"%s\" of relation \"%s\" does not exist",
						v->va_cols[k]->string->sval, r->name);
	}
	return 0;
}

static int check_reindex(ParseState *ps, const PgQuery__ReindexStmt *s)
{
	if (!s->relation && s->kind == PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA && !catalog_schema(ps->env->cat, s->name))
		return an_error(ps, -1, "3F000", "schema \"%s\" does not exist", s->name);
	if (!s->relation && s->kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_SCHEMA && *s->name &&
	    !streq(s->name, ps->env->database))
		return an_error(ps, -1, "0A000", "can only reindex the currently open database");
	if (!s->relation)
		return 0;
	if (s->kind != PG_QUERY__REINDEX_OBJECT_TYPE__REINDEX_OBJECT_INDEX)
		return an_relation(ps, s->relation, false) ? 0 : -1;
	Ddl d = { .ps = ps, .cat = ps->env->cat };
	if (ddl_find_index(&d, s->relation->schemaname, s->relation->relname))
		return 0;
	return an_error(ps, -1, "42P01", "relation \"%s\" does not exist", s->relation->relname);
}

static int check_cluster(ParseState *ps, const PgQuery__ClusterStmt *s)
{
	const CatRel *r = s->relation ? an_relation(ps, s->relation, false) : NULL;
	if (!r)
		return s->relation ? -1 : 0;
	if (!*s->indexname)
		return 0;
	for (size_t i = 0; i < r->nindexes; i++)
		if (streq(r->indexes[i]->name, s->indexname))
			return 0;
	return an_error(ps, -1, "42704", "index \"%s\" for table \"%s\" does not exist", s->indexname, r->name);
}

static int plan_discard(const PgQuery__DiscardStmt *s, Plan *plan)
{
	plan->kind = PLAN_DISCARD;
	plan->name = s->target == PG_QUERY__DISCARD_MODE__DISCARD_PLANS	      ? "PLANS"
		     : s->target == PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES ? "SEQUENCES"
		     : s->target == PG_QUERY__DISCARD_MODE__DISCARD_TEMP      ? "TEMP"
									      : "ALL";
	plan->tag = streq(plan->name, "PLANS")	     ? "DISCARD PLANS"
		    : streq(plan->name, "SEQUENCES") ? "DISCARD SEQUENCES"
		    : streq(plan->name, "TEMP")	     ? "DISCARD TEMP"
						     : "DISCARD ALL";
	return 0;
}

static int plan_notify(ParseState *ps, const PgNode *n, Plan *plan)
{
	if (n->node_case == NODE(LISTEN_STMT)) {
		plan->kind = PLAN_LISTEN;
		plan->tag = "LISTEN";
		plan->name = n->listen_stmt->conditionname;
	} else if (n->node_case == NODE(UNLISTEN_STMT)) {
		const char *name = n->unlisten_stmt->conditionname;
		plan->kind = PLAN_UNLISTEN;
		plan->tag = "UNLISTEN";
		plan->name = name && *name ? name : NULL;
	} else {
		plan->kind = PLAN_NOTIFY;
		plan->tag = "NOTIFY";
		plan->name = n->notify_stmt->conditionname;
		plan->values = arena_array(ps->a, const char *, 1);
		plan->values[0] = n->notify_stmt->payload ? n->notify_stmt->payload : "";
		plan->nvalues = 1;
	}
	return 0;
}

/* Statements without any change of the catalog. 1 = not one of them. */
static int plan_utility(ParseState *ps, const PgNode *n, const RawStmt *raw, Plan *plan)
{
	switch (n->node_case) {
	case NODE(TRANSACTION_STMT):
		return plan_transaction(ps, n->transaction_stmt, plan);
	case NODE(VARIABLE_SET_STMT):
		return plan_variable_set(ps, n->variable_set_stmt, plan);
	case NODE(VARIABLE_SHOW_STMT):
		plan->kind = PLAN_SHOW;
		plan->tag = "SHOW";
		plan->name = n->variable_show_stmt->name;
		plan->returns_rows = true;
		return 0;
	case NODE(PREPARE_STMT):
		return plan_prepare(ps, n->prepare_stmt, raw, plan);
	case NODE(EXECUTE_STMT):
		return plan_execute(ps, n->execute_stmt, plan);
	case NODE(DEALLOCATE_STMT):
		plan->kind = PLAN_DEALLOCATE;
		plan->name = n->deallocate_stmt->name && *n->deallocate_stmt->name ? n->deallocate_stmt->name : NULL;
		plan->tag = plan->name ? "DEALLOCATE" : "DEALLOCATE ALL";
		return 0;
	case NODE(DISCARD_STMT):
		return plan_discard(n->discard_stmt, plan);
	case NODE(DECLARE_CURSOR_STMT):
		return plan_declare(ps, n->declare_cursor_stmt, plan);
	case NODE(FETCH_STMT):
		return plan_fetch(ps, n->fetch_stmt, plan);
	case NODE(CLOSE_PORTAL_STMT):
		return plan_close_cursor(n->close_portal_stmt, plan);
	case NODE(LISTEN_STMT):
	case NODE(UNLISTEN_STMT):
	case NODE(NOTIFY_STMT):
		return plan_notify(ps, n, plan);
	case NODE(VACUUM_STMT):
		if (check_vacuum(ps, n->vacuum_stmt))
			return -1;
		return plan_nothing(plan, n->vacuum_stmt->is_vacuumcmd ? "VACUUM" : "ANALYZE");
	case NODE(CHECK_POINT_STMT):
		return plan_nothing(plan, "CHECKPOINT");
	case NODE(REINDEX_STMT):
		return check_reindex(ps, n->reindex_stmt) ? -1 : plan_nothing(plan, "REINDEX");
	case NODE(CLUSTER_STMT):
		return check_cluster(ps, n->cluster_stmt) ? -1 : plan_nothing(plan, "CLUSTER");
	case NODE(DO_STMT):
		return plan_do(ps, n->do_stmt, plan);
	case NODE(CALL_STMT):
		return plan_call(ps, n->call_stmt, plan);
	case NODE(LOCK_STMT):
		if (check_relations(ps, n->lock_stmt->relations, n->lock_stmt->n_relations))
			return -1;
		/* Up to ROW EXCLUSIVE (3) locks keep nobody from writing; beyond it only holding the one writer does. */
		plan->writes = n->lock_stmt->mode > 3;
		if (n->lock_stmt->nowait)
			plan->nowait = arena_printf(ps->a, "relation \"%s\"", n->lock_stmt->relations[0]->range_var->relname);
		return plan_nothing(plan, "LOCK TABLE");
	case NODE(CREATEDB_STMT):
	case NODE(DROPDB_STMT):
	case NODE(RENAME_STMT):
		return plan_database(ps, n, plan);
	default:
		return 1;
	}
}

/* 1 = not one of them. */
static int plan_roles(Ddl *d, const PgNode *n)
{
	switch (n->node_case) {
	case NODE(CREATE_ROLE_STMT):
		return plan_create_role(d, n->create_role_stmt);
	case NODE(ALTER_ROLE_STMT):
		return plan_alter_role(d, n->alter_role_stmt);
	case NODE(DROP_ROLE_STMT):
		return plan_drop_role(d, n->drop_role_stmt);
	case NODE(GRANT_ROLE_STMT):
		return plan_grant_role(d, n->grant_role_stmt);
	case NODE(GRANT_STMT):
		return plan_grant(d, n->grant_stmt);
	case NODE(CREATE_POLICY_STMT):
		return plan_create_policy(d, n->create_policy_stmt);
	case NODE(ALTER_POLICY_STMT):
		return plan_alter_policy(d, n->alter_policy_stmt);
	case NODE(ALTER_DEFAULT_PRIVILEGES_STMT):
		return plan_default_privileges(d, n->alter_default_privileges_stmt);
	case NODE(ALTER_ROLE_SET_STMT):
		return plan_role_setting(d, n->alter_role_set_stmt);
	case NODE(ALTER_DATABASE_SET_STMT):
		return plan_database_setting(d, n->alter_database_set_stmt);
	case NODE(REASSIGN_OWNED_STMT):
	case NODE(DROP_OWNED_STMT):
		return plan_owned(d, n);
	default:
		return 1;
	}
}

/* Types and extensions. 1 = not one of them. */
static int plan_type_ddl(Ddl *d, const PgNode *n)
{
	switch (n->node_case) {
	case NODE(CREATE_ENUM_STMT):
		return plan_create_enum(d, n->create_enum_stmt);
	case NODE(ALTER_ENUM_STMT):
		return plan_alter_enum(d, n->alter_enum_stmt);
	case NODE(COMPOSITE_TYPE_STMT):
		return plan_create_composite(d, n->composite_type_stmt);
	case NODE(CREATE_RANGE_STMT):
		return plan_create_range(d, n->create_range_stmt);
	case NODE(CREATE_EXTENSION_STMT):
		return plan_create_extension(d, n->create_extension_stmt);
	case NODE(ALTER_EXTENSION_STMT):
		return plan_alter_extension(d, n->alter_extension_stmt);
	case NODE(CREATE_DOMAIN_STMT):
		return plan_create_domain(d, n->create_domain_stmt);
	case NODE(ALTER_DOMAIN_STMT):
		return plan_alter_domain(d, n->alter_domain_stmt);
	default:
		return 1;
	}
}

static int plan_ddl(Ddl *d, const PgNode *n, Str text)
{
	int rc;
	switch (n->node_case) {
	case NODE(CREATE_STMT):
		return plan_create_table(d, n->create_stmt);
	case NODE(CREATE_TABLE_AS_STMT):
		return plan_create_table_as(d, n->create_table_as_stmt);
	case NODE(SELECT_STMT):
		return plan_select_into(d, n);
	case NODE(CONSTRAINTS_SET_STMT):
		return plan_set_constraints(d, n->constraints_set_stmt);
	case NODE(REFRESH_MAT_VIEW_STMT):
		return plan_refresh(d, n->refresh_mat_view_stmt);
	case NODE(INDEX_STMT):
		return plan_create_index(d, n->index_stmt);
	case NODE(CREATE_SEQ_STMT):
		return plan_create_sequence(d, n->create_seq_stmt);
	case NODE(ALTER_SEQ_STMT):
		return plan_alter_sequence(d, n->alter_seq_stmt);
	case NODE(CREATE_SCHEMA_STMT):
		return plan_create_schema(d, n->create_schema_stmt);
	case NODE(VIEW_STMT):
		return plan_create_view(d, n->view_stmt);
	case NODE(CREATE_FUNCTION_STMT):
		return plan_create_function(d, n->create_function_stmt, text);
	case NODE(CREATE_TRIG_STMT):
		return plan_create_trigger(d, n->create_trig_stmt);
	case NODE(ALTER_FUNCTION_STMT):
		return plan_alter_function(d, n->alter_function_stmt);
	case NODE(DROP_STMT):
		return plan_drop(d, n->drop_stmt);
	case NODE(TRUNCATE_STMT):
		return plan_truncate(d, n->truncate_stmt);
	case NODE(ALTER_TABLE_STMT):
		if (n->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)
			return plan_alter_composite(d, n->alter_table_stmt);
		return plan_alter_table(d, n->alter_table_stmt);
	case NODE(RENAME_STMT):
		if (n->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_ROLE)
			return plan_rename_role(d, n->rename_stmt);
		if (n->rename_stmt->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_POLICY)
			return plan_rename_policy(d, n->rename_stmt);
		return plan_rename(d, n->rename_stmt);
	case NODE(ALTER_OBJECT_SCHEMA_STMT):
		return plan_set_schema(d, n->alter_object_schema_stmt);
	case NODE(COMMENT_STMT):
		return plan_comment(d, n->comment_stmt);
	case NODE(ALTER_OWNER_STMT):
		return plan_alter_owner(d, n->alter_owner_stmt);
	default:
		rc = plan_type_ddl(d, n);
		return rc <= 0 ? rc : plan_roles(d, n);
	}
}

int plan_other(ParseState *ps, const RawStmt *raw, Plan *plan)
{
	const PgNode *n = raw->node;
	int rc = plan_utility(ps, n, raw, plan);
	if (rc <= 0)
		return rc;
	Ddl d;
	ddl_begin(&d, ps, plan);
	d.owner = catalog_role_oid(d.cat, ps->env->user ? ps->env->user : "postgres");
	if (!d.owner) {
		d.owner = ddl_oid(&d);
		ddl_sql(&d, "INSERT INTO _understudy_role (oid, name) VALUES (%u, %s)", d.owner, ddl_lit(&d, ps->env->user));
	}
	rc = plan_ddl(&d, n, raw->text);
	return rc <= 0 ? rc : fields_refuse_statement(ps, raw);
}
