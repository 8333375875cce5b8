/* A session's settings: search path, SET, SHOW, and what the rest of the program learns of them. */
#include "session/internal.h"

#include "base/clock.h"
#include "catalog/acl.h"
#include "session/guc_value.h"

#include <stdio.h>

enum { OID_TEXT = 25 };

/* pg_temp in the path is the session's own schema. When it is not named, it comes first, once there is something in it. */
static void use_temp_schema(Session *s)
{
	SessionVars *v = s->vars;
	bool named = false;
	v->temp_named = s->nsearch_path && streq(s->search_path[0], "pg_temp");
	for (size_t i = 0; i < s->nsearch_path; i++) {
		if (!streq(s->search_path[i], "pg_temp"))
			continue;
		s->search_path[i] = v->temp_schema;
		named = true;
	}
	if (!named && v->has_temp) {
		memmove(s->search_path + 1, s->search_path, s->nsearch_path++ * sizeof *s->search_path);
		s->search_path[0] = v->temp_schema;
	}
	if (s->guc)
		guc_mark_plans(s->guc, named || v->has_temp ? v->temp_schema : "");
}

static bool is_superuser(const Session *s)
{
	const Catalog *c = s->txn.cat;
	return !c || role_is_super(c, catalog_role_oid(c, s->vars->user));
}

static void parse_search_path(Session *s, const char *value)
{
	free(s->search_path);
	s->search_path = guc_search_path(value, s->vars->user, &s->nsearch_path);
	use_temp_schema(s);
	s->vars->search_path = s->search_path;
	s->vars->nsearch_path = s->nsearch_path;
}

static void temp_made(void *arg)
{
	Session *s = arg;
	parse_search_path(s, guc_get(s->guc, "search_path", NULL));
}

/* The current role, and the session's, are those that the settings name. */
static void follow_role(Session *s)
{
	const char *authorization = guc_get(s->guc, "session_authorization", NULL), *role = guc_get(s->guc, "role", NULL);
	s->vars->session_user = *authorization ? authorization : s->user;
	s->vars->user = streq(role, "none") ? s->vars->session_user : role;
	parse_search_path(s, guc_get(s->guc, "search_path", NULL));
	if (s->state == SESSION_READY)
		wire_put_parameter_status(&s->out, "is_superuser", is_superuser(s) ? "on" : "off");
}

static void on_changed(void *ctx, const char *name, const char *value)
{
	Session *s = ctx;
	if (streq(name, "search_path")) {
		parse_search_path(s, value);
	} else if (streq(name, "statement_timeout")) {
		s->statement_timeout_us = strtoll(value, NULL, 10) * 1000;
	} else if (streq(name, "role") || streq(name, "session_authorization")) {
		follow_role(s);
	} else if (streq(name, "lock_timeout")) {
		s->lock_timeout_us = strtoll(value, NULL, 10) * 1000;
	} else if (streq(name, "idle_in_transaction_session_timeout")) {
		s->idle_in_transaction_timeout_us = strtoll(value, NULL, 10) * 1000;
	} else if (streq(name, "idle_session_timeout")) {
		s->idle_timeout_us = strtoll(value, NULL, 10) * 1000;
	} else if (streq(name, "default_transaction_read_only")) {
		s->txn.default_read_only = streq(value, "on");
	} else if (streq(name, "default_transaction_isolation")) {
		s->txn.default_isolation = isolation_named(value);
	} else if (streq(name, "default_transaction_deferrable")) {
		s->txn.default_deferrable = streq(value, "on");
	} else if (streq(name, "application_name")) {
		activity_set_application(s, value);
	}
}

static void on_report(void *ctx, const char *name, const char *value)
{
	Session *s = ctx;
	if (s->state == SESSION_READY)
		wire_put_parameter_status(&s->out, name, value);
}

/* What transaction_isolation and kin are: of the transaction under way, or of the next one. */
static const char *transaction_setting(const Session *s, const char *name)
{
	const SqliteTxn *t = &s->txn;
	bool idle = t->status == 'I';
	if (strcasecmp(name, "transaction_isolation") == 0)
		return isolation_name(idle ? t->default_isolation : t->isolation);
	if (strcasecmp(name, "transaction_read_only") == 0)
		return (idle ? t->default_read_only : t->read_only) ? "on" : "off";
	if (strcasecmp(name, "transaction_deferrable") == 0)
		return (idle ? t->default_deferrable : t->deferrable) ? "on" : "off";
	return NULL;
}

static const char *server_setting(const Session *s, const char *name)
{
	const ServerOptions *o = &s->server->opt;
	if (strcasecmp(name, "listen_addresses") == 0)
		return o->listen_addr ? o->listen_addr : "";
	if (strcasecmp(name, "unix_socket_directories") == 0)
		return o->unix_socket_dir ? o->unix_socket_dir : "";
	if (strcasecmp(name, "data_directory") == 0)
		return o->data_dir;
	return NULL;
}

static const char *special(Session *s, const char *name)
{
	const char *v = transaction_setting(s, name);
	v = v ? v : server_setting(s, name);
	if (v)
		return v;
	if (strcasecmp(name, "understudy.source") == 0)
		return s->source == SOURCE_PRIMARY ? "postgres" : "sqlite";
	if (strcasecmp(name, "session_authorization") == 0)
		return s->vars->session_user;
	if (strcasecmp(name, "is_superuser") == 0)
		return is_superuser(s) ? "on" : "off";
	return NULL;
}

static const char *get_setting(void *arg, const char *name)
{
	Session *s = arg;
	const char *v = special(s, name);
	return v ? v : guc_get(s->guc, name, NULL);
}

static const char *show_setting(void *arg, const char *name, Arena *a)
{
	Session *s = arg;
	const char *v = special(s, name);
	return v ? v : guc_show(s->guc, name, a, NULL);
}

/* transaction_isolation and kin belong to the transaction alone. 1 = not one of them. */
static int set_transaction_setting(Session *s, const char *name, const char *value, Error *err)
{
	if (!transaction_setting(s, name))
		return 1;
	const GucDef *d = guc_def(name);
	Buf canon = { 0 };
	if (!value)
		value = streq(d->name, "transaction_isolation")	  ? isolation_name(s->txn.default_isolation)
			: streq(d->name, "transaction_read_only") ? (s->txn.default_read_only ? "on" : "off")
								  : (s->txn.default_deferrable ? "on" : "off");
	int rc = guc_check_value(d, value, NULL, &canon, err);
	const char *v = buf_cstr(&canon);
	if (rc == 0)
		rc = streq(d->name, "transaction_isolation")   ? txn_set_modes(&s->txn, v, -1, -1, err)
		     : streq(d->name, "transaction_read_only") ? txn_set_modes(&s->txn, NULL, streq(v, "on"), -1, err)
							       : txn_set_modes(&s->txn, NULL, -1, streq(v, "on"), err);
	buf_free(&canon);
	return rc;
}

/* SET ROLE and SET SESSION AUTHORIZATION: 22023 and 42501. */
static int check_role(const Session *s, const char *name, const char *value, Error *err)
{
	const Catalog *c = s->txn.cat;
	bool role = strcasecmp(name, "role") == 0;
	if (!value || (role && streq(value, "none")))
		return 0;
	const char *by = role ? s->vars->session_user : s->user;
	if (streq(value, by))
		return 0;
	uint32_t to = catalog_role_oid(c, value), from = catalog_role_oid(c, by);
	if (!to)
		return err_set(err, "22023", "role \"%s\" does not exist", value);
	if (role && !role_is_member(c, from, to))
		return err_set(err, "42501", "permission denied to set role \"%s\"", value);
	if (!role && !role_is_super(c, from))
		return err_set(err, "42501", "permission denied to set session authorization");
	return 0;
}

static int set_setting(void *arg, const char *name, const char *value, bool local, Error *err)
{
	Session *s = arg;
	if ((strcasecmp(name, "role") == 0 || strcasecmp(name, "session_authorization") == 0) && check_role(s, name, value, err) != 0)
		return -1;
	int rc = set_transaction_setting(s, name, value, err);
	return rc <= 0 ? rc : guc_set(s->guc, name, value, local, err);
}

/* --- pg_settings --- */

static const char *number_text(Arena *a, const GucDef *d, double v)
{
	return d->type == GUC_INT ? arena_printf(a, "%.0f", v) : arena_printf(a, "%g", v);
}

static const char *options_text(Arena *a, const GucDef *d)
{
	Buf b = { 0 };
	for (const char *const *o = d->options; *o; o++)
		buf_printf(&b, strpbrk(*o, " ,") ? "%s\"%s\"" : "%s%s", o == d->options ? "{" : ",", *o);
	buf_puts(&b, "}");
	const char *text = arena_strdup(a, buf_cstr(&b));
	buf_free(&b);
	return text;
}

static void fill_row(Session *s, const GucDef *d, Arena *a, SettingRow *r)
{
	static const char *const types[] = { "bool", "integer", "real", "string", "enum" };
	static const char *const contexts[] = { "internal", "postmaster", "sighup", "superuser-backend", "superuser", "user" };
	const char *v = get_setting(s, d->name);
	*r = (SettingRow){ .name = d->name,
			   .setting = v ? arena_strdup(a, v) : NULL,
			   .unit = d->unit,
			   .category = d->category,
			   .short_desc = d->desc,
			   .extra_desc = d->more,
			   .context = contexts[d->context],
			   .vartype = types[d->type],
			   .source = guc_source(s->guc, d->name),
			   .boot_val = d->boot,
			   .reset_val = arena_strdup(a, guc_start(s->guc, d->name)) };
	if (d->type == GUC_INT || d->type == GUC_REAL) {
		r->min_val = number_text(a, d, d->min);
		r->max_val = number_text(a, d, d->max);
	}
	if (d->options)
		r->enumvals = options_text(a, d);
}

static const SettingRow *list_settings(void *arg, Arena *a, size_t *n)
{
	SettingRow *rows = arena_array(a, SettingRow, guc_ndefs);
	*n = 0;
	for (const GucDef *d = guc_defs; d->name; d++)
		if (d->category)
			fill_row(arg, d, a, &rows[(*n)++]);
	return rows;
}

static void plan_env(void *session, SqlEnv *env, uint64_t *key)
{
	Session *s = session;
	*env = settings_env(s);
	*key = guc_plan_key(s->guc);
}

static int program_utility(void *session, const Plan *plan, Error *err)
{
	const char *tag;
	return settings_set(session, plan, false, &tag, err) == RUN_DONE ? 0 : -1;
}

void settings_programs(Session *s)
{
	s->txn.session = s;
	s->txn.plan_env = plan_env;
	s->txn.utility = program_utility;
	s->txn.cursors = &cursor_hooks;
}

int settings_open(Session *s, Error *err)
{
	s->vars = mem_alloc(sizeof *s->vars);
	s->guc = guc_new(&s->types, (GucListener){ s, on_changed, on_report });
	s->vars->user = s->vars->session_user = s->user;
	s->vars->database = s->database;
	s->vars->session_start_us = clock_wall_us() - 946684800000000LL;
	s->vars->client_addr = s->peer.is_unix ? NULL : s->peer.host;
	s->vars->client_port = s->peer.port;
	s->vars->application_name = "";
	s->vars->arg = s;
	s->vars->get_setting = get_setting;
	s->vars->set_setting = set_setting;
	s->vars->show_setting = show_setting;
	s->vars->list_settings = list_settings;
	s->vars->temp_made = temp_made;
	s->vars->cursor_row = cursor_current_row;
	s->vars->list_cursors = cursors_list;
	s->vars->list_prepared = prepared_list;
	s->vars->list_databases = database_list;
	s->vars->lock = advisory_call;
	s->vars->list_locks = advisory_list;
	s->vars->list_sessions = activity_list;
	s->vars->signal = activity_signal;
	s->vars->notify = notify_add;
	s->vars->listening = notify_listening;
	parse_search_path(s, guc_get(s->guc, "search_path", NULL));
	return guc_set_start(s->guc, "session_authorization", s->user, err);
}

int session_set(Session *s, const char *name, const char *value, Error *err)
{
	return guc_set_start(s->guc, name, value, err);
}

SqlEnv settings_env(Session *s)
{
	return (SqlEnv){ .cat = s->txn.cat,
			 .types = &s->types,
			 .search_path = s->search_path,
			 .nsearch_path = s->nsearch_path,
			 .skip_bodies = streq(guc_get(s->guc, "check_function_bodies", NULL), "off"),
			 .temp_schema = s->vars->temp_schema,
			 .temp_named = s->vars->temp_named,
			 .user = s->vars->user,
			 .session_user = s->vars->session_user,
			 .database = s->database };
}

static int set_characteristics(Session *s, const Plan *plan, Error *err)
{
	if (plan->isolation && guc_set(s->guc, "default_transaction_isolation", plan->isolation, false, err) != 0)
		return -1;
	if (plan->read_only >= 0 && guc_set(s->guc, "default_transaction_read_only", plan->read_only ? "on" : "off", false, err) != 0)
		return -1;
	if (plan->deferrable >= 0)
		return guc_set(s->guc, "default_transaction_deferrable", plan->deferrable ? "on" : "off", false, err);
	return 0;
}

static int set_named(Session *s, const Plan *plan, Error *err)
{
	if (plan->nvalues == 0 || plan->is_default)
		return set_setting(s, plan->name, NULL, plan->local, err);
	Buf value = { 0 };
	guc_plan_value(plan, &value);
	int rc = set_setting(s, plan->name, buf_cstr(&value), plan->local, err);
	buf_free(&value);
	return rc;
}

static void only_in_blocks(Session *s, const char *what)
{
	Error e;
	err_set(&e, "25P01", "%s can only be used in transaction blocks", what);
	wire_put_notice(&s->out, &e, "WARNING");
}

RunResult settings_set(Session *s, const Plan *plan, bool several, const char **tag, Error *err)
{
	int rc;
	bool alone = s->txn.implicit && !several;
	bool modes = plan->name && streq(plan->name, "TRANSACTION");
	*tag = plan->tag ? plan->tag : "SET";
	if (alone && (modes || plan->local))
		only_in_blocks(s, modes ? "SET TRANSACTION" : "SET LOCAL");
	if (modes)
		rc = txn_set_modes(&s->txn, plan->isolation, plan->read_only, plan->deferrable, err);
	else if (plan->name && streq(plan->name, "SESSION CHARACTERISTICS"))
		rc = set_characteristics(s, plan, err);
	else if (!plan->name)
		rc = guc_reset_all(s->guc, err);
	else
		rc = set_named(s, plan, err);
	return rc == 0 ? RUN_DONE : RUN_ERROR;
}

static bool shows_all(const Plan *plan)
{
	return !plan->name || strcasecmp(plan->name, "all") == 0;
}

/* The shape of SHOW's result, as a plan that only carries columns. */
const Plan *settings_show_plan(Session *s, const Plan *plan, Arena *a, Error *err)
{
	static const char *const all[] = { "name", "setting", "description" };
	Plan *shape = arena_new_of(a, Plan);
	shape->ncols = shows_all(plan) ? 3 : 1;
	shape->cols = arena_array(a, PlanColumn, shape->ncols);
	const GucDef *d = shows_all(plan) ? NULL : guc_def(plan->name);
	if (!shows_all(plan) && !special(s, plan->name) && !guc_get(s->guc, plan->name, err))
		return NULL;
	for (size_t i = 0; i < shape->ncols; i++)
		shape->cols[i] = (PlanColumn){ .name = shows_all(plan) ? all[i]
						       : d	       ? d->name
								       : plan->name,
					       .type = pgtype_builtin(OID_TEXT),
					       .typmod = -1 };
	return shape;
}

static int put_row(Session *s, const char *const *values, size_t n, Error *err)
{
	size_t at = wire_data_row_begin(&s->out, n);
	for (size_t i = 0; i < n; i++) {
		size_t value = wire_value_begin(&s->out);
		if (type_send_text(str_of(values[i]), &s->types, &s->out, err) != 0) {
			s->out.len = at - 1;
			return -1;
		}
		wire_value_end(&s->out, value);
	}
	wire_end(&s->out, at);
	return 0;
}

RunResult settings_show(Session *s, const Plan *plan, bool describe, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const Plan *shape = settings_show_plan(s, plan, a, err);
	if (!shape)
		return RUN_ERROR;
	if (describe && run_describe(&s->txn, shape, NULL, 0, &s->out, err) != 0)
		return RUN_ERROR;
	if (shows_all(plan)) {
		for (const GucDef *d = guc_defs; d->name; d++) {
			if (!d->category)
				continue;
			const char *v = special(s, d->name);
			const char *row[] = { d->name, v ? v : guc_show(s->guc, d->name, a, err), d->desc };
			if (put_row(s, row, 3, err) != 0)
				return RUN_ERROR;
		}
	} else {
		const char *v = special(s, plan->name);
		const char *row[] = { v ? v : guc_show(s->guc, plan->name, a, err) };
		if (put_row(s, row, 1, err) != 0)
			return RUN_ERROR;
	}
	wire_put_command_complete(&s->out, "SHOW");
	return RUN_DONE;
}
