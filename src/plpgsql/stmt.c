/* Statements: blocks, assignment, IF, CASE; the others by their first word. */
#include "plpgsql/parse.h"

#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

enum { MAX_NESTING = 200 };

static const char *const semicolon[] = { ";", NULL };
static const char *const then[] = { "then", NULL };

PlStmt *pl_stmt_new(Parser *p, PlKind kind, int line)
{
	PlStmt *s = arena_new_of(p->a, PlStmt);
	s->kind = kind;
	s->line = line;
	s->var = s->sqlstate_var = s->sqlerrm_var = -1;
	return s;
}

void pl_body_add(Parser *p, PlBody *b, PlStmt *s)
{
	if (b->n == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 8;
		PlStmt **more = arena_array(p->a, PlStmt *, b->cap);
		if (b->n)
			memcpy(more, b->items, b->n * sizeof *more);
		b->items = more;
	}
	b->items[b->n++] = s;
}

static bool at_stop(const Parser *p, const char *const *stop)
{
	for (; *stop; stop++)
		if (pl_is(p, p->at, *stop))
			return true;
	return false;
}

int pl_statements(Parser *p, PlBody *out, const char *const *stop)
{
	while (!at_stop(p, stop)) {
		if (!pl_now(p)->kind)
			return pl_syntax_error(p);
		if (++p->depth > MAX_NESTING)
			return pl_error(p, pl_now(p), "54001", "stack depth limit exceeded");
		PlStmt *s = pl_statement(p);
		p->depth--;
		if (!s)
			return -1;
		pl_body_add(p, out, s);
	}
	return 0;
}

static PlArm *add_arm(Parser *p, PlStmt *s)
{
	if ((s->narms & (s->narms - 1)) == 0) {
		PlArm *more = arena_array(p->a, PlArm, s->narms ? s->narms * 2 : 1);
		if (s->narms)
			memcpy(more, s->arms, s->narms * sizeof *more);
		s->arms = more;
	}
	return &s->arms[s->narms++];
}

static PlStmt *if_statement(Parser *p)
{
	static const char *const stop[] = { "elsif", "elseif", "else", "end", NULL }, *const end[] = { "end", NULL };
	PlStmt *s = pl_stmt_new(p, PL_IF, pl_now(p)->line);
	do {
		p->at++;
		PlArm *arm = add_arm(p, s);
		PlExpr *when = pl_expr(p, then);
		if (!when || pl_need(p, "then") < 0)
			return NULL;
		PlBody body = { 0 };
		if (pl_statements(p, &body, stop) < 0)
			return NULL;
		arm->when = when;
		arm->body = body;
	} while (pl_is(p, p->at, "elsif") || pl_is(p, p->at, "elseif"));
	if (pl_take(p, "else")) {
		s->has_else = true;
		if (pl_statements(p, &s->else_body, end) < 0)
			return NULL;
	}
	return pl_need(p, "end") < 0 || pl_need(p, "if") < 0 || pl_need(p, ";") < 0 ? NULL : s;
}

/* CASE x WHEN a, b THEN: the conditions compare a hidden variable that holds x. */
static PlStmt *case_statement(Parser *p)
{
	static const char *const when[] = { "when", NULL }, *const stop[] = { "when", "else", "end", NULL }, *const end[] = { "end", NULL };
	PlStmt *s = pl_stmt_new(p, PL_CASE, pl_now(p)->line);
	p->at++;
	const char *hidden = NULL;
	pl_scope_push(p, NULL);
	if (!pl_is(p, p->at, "when")) {
		s->expr = pl_expr(p, when);
		if (!s->expr)
			return NULL;
		hidden = arena_printf(p->a, "__Case__Variable_%d__", s->expr->id);
		s->var = pl_var_new(p, hidden, (PlType){ .kind = PL_TYPE_RECORD }, s->line)->index;
	}
	while (pl_take(p, "when")) {
		PlExpr *cond = pl_expr(p, then);
		if (!cond || pl_need(p, "then") < 0)
			return NULL;
		if (hidden)
			cond->sql = arena_printf(p->a, "SELECT \"%s\" IN (%s)", hidden, cond->text);
		PlBody body = { 0 };
		if (pl_statements(p, &body, stop) < 0)
			return NULL;
		*add_arm(p, s) = (PlArm){ .when = cond, .body = body };
	}
	if (pl_take(p, "else")) {
		s->has_else = true;
		if (pl_statements(p, &s->else_body, end) < 0)
			return NULL;
	}
	pl_scope_pop(p);
	return pl_need(p, "end") < 0 || pl_need(p, "case") < 0 || pl_need(p, ";") < 0 ? NULL : s;
}

static int add_condition(Parser *p, PlArm *arm, size_t *cap)
{
	const Token *t = pl_now(p);
	const char *state = NULL;
	size_t n = 1;
	const char *name = pl_name(p);
	if (!name)
		return -1;
	if (streq(name, "others")) {
		state = "OTHERS";
	} else if (streq(name, "sqlstate")) {
		if (!(state = pl_string(p)))
			return -1;
		if (strlen(state) != 5)
			return pl_error(p, t, "42601", "invalid SQLSTATE code");
	} else if (!pl_condition(name, &n)) {
		return pl_error(p, NULL, "42704", "unrecognized exception condition \"%s\"", name);
	}
	for (size_t i = 0; i < n; i++) {
		if (arm->nstates == *cap) {
			*cap = *cap ? *cap * 2 : 4;
			const char **more = arena_array(p->a, const char *, *cap);
			if (arm->nstates)
				memcpy(more, arm->states, arm->nstates * sizeof *more);
			arm->states = more;
		}
		arm->states[arm->nstates++] = state ? state : pl_condition_state(name, i);
	}
	return 0;
}

static int exception_part(Parser *p, PlStmt *s)
{
	static const char *const stop[] = { "when", "end", NULL };
	const PlType text = { .kind = PL_TYPE_SQL, .text = "text" };
	s->has_handlers = true;
	pl_scope_push(p, NULL);
	s->sqlstate_var = pl_var_new(p, "sqlstate", text, s->line)->index;
	s->sqlerrm_var = pl_var_new(p, "sqlerrm", text, s->line)->index;
	if (!pl_is(p, p->at, "when"))
		return pl_syntax_error(p);
	while (pl_take(p, "when")) {
		PlArm arm = { 0 };
		size_t cap = 0;
		do
			if (add_condition(p, &arm, &cap) < 0)
				return -1;
		while (pl_take(p, "or"));
		if (pl_need(p, "then") < 0 || pl_statements(p, &arm.body, stop) < 0)
			return -1;
		*add_arm(p, s) = arm;
	}
	pl_scope_pop(p);
	return 0;
}

static int check_end_label(Parser *p, const char *label)
{
	if (!pl_is_name(p, p->at))
		return 0;
	const Token *t = pl_now(p);
	const char *end = pl_name(p);
	if (!label)
		return pl_error(p, t, "42601", "end label \"%s\" specified for unlabeled block", end);
	if (!streq(label, end))
		return pl_error(p, t, "42601", "end label \"%s\" differs from block's label \"%s\"", end, label);
	return 0;
}

PlStmt *pl_block(Parser *p, const char *label)
{
	static const char *const stop[] = { "end", "exception", NULL };
	PlStmt *s = pl_stmt_new(p, PL_BLOCK, pl_now(p)->line);
	s->label = label;
	pl_scope_push(p, label);
	if (pl_take(p, "declare") && pl_declare(p, s) < 0)
		return NULL;
	s->line = pl_now(p)->line;
	if (pl_need(p, "begin") < 0 || pl_statements(p, &s->body, stop) < 0)
		return NULL;
	if (pl_take(p, "exception") && exception_part(p, s) < 0)
		return NULL;
	pl_scope_pop(p);
	return pl_need(p, "end") < 0 || check_end_label(p, label) < 0 ? NULL : s;
}

static PlStmt *exit_statement(Parser *p, bool is_continue)
{
	PlStmt *s = pl_stmt_new(p, PL_EXIT, pl_now(p)->line);
	s->is_continue = is_continue;
	p->at++;
	if (!pl_is(p, p->at, ";") && !pl_is(p, p->at, "when")) {
		const Token *t = pl_now(p);
		s->label = pl_name(p);
		if (!s->label)
			return NULL;
		if (!pl_find_label(p, s->label)) {
			pl_error(p, t, "42601", "there is no label \"%s\" attached to any block or loop enclosing this statement",
				 s->label);
			return NULL;
		}
	}
	if (pl_take(p, "when") && !(s->expr = pl_expr(p, semicolon)))
		return NULL;
	return pl_need(p, ";") < 0 ? NULL : s;
}

static PlStmt *assign_statement(Parser *p)
{
	PlStmt *s = pl_stmt_new(p, PL_ASSIGN, pl_now(p)->line);
	s->targets = arena_new_of(p->a, PlTarget);
	s->ntargets = 1;
	if (pl_target(p, s->targets) < 0)
		return NULL;
	if (!pl_take(p, ":=") && pl_need(p, "=") < 0)
		return NULL;
	s->expr = pl_expr(p, semicolon);
	if (!s->expr)
		return NULL;
	if (s->targets->update)
		s->targets->update->sql = arena_printf(p->a, "UPDATE v SET v%s = (%s)", s->targets->path, s->expr->text);
	return pl_need(p, ";") < 0 ? NULL : s;
}

/* A name, fields and subscripts, and then := or =. */
static bool at_assignment(const Parser *p)
{
	size_t i = p->at + 1;
	if (!pl_is_name(p, p->at) && pl_now(p)->kind != PG_QUERY__TOKEN__PARAM)
		return false;
	for (int depth = 0; p->tokens[i].kind && !pl_is(p, i, ";"); i++) {
		if (depth == 0 && (pl_is(p, i, ":=") || pl_is(p, i, "=")))
			return pl_is(p, i, ":=") || pl_at_variable(p);
		depth += pl_is(p, i, "[") - pl_is(p, i, "]");
		if (depth == 0 && !pl_is(p, i, "]") && !pl_is(p, i, ".") && !(pl_is(p, i - 1, ".") && pl_is_name(p, i)))
			return false;
	}
	return false;
}

static PlStmt *simple(Parser *p, PlKind kind, bool with_expr)
{
	PlStmt *s = pl_stmt_new(p, kind, pl_now(p)->line);
	p->at++;
	if (with_expr && !(s->expr = pl_expr(p, semicolon)))
		return NULL;
	return pl_need(p, ";") < 0 ? NULL : s;
}

static PlStmt *assert_statement(Parser *p)
{
	static const char *const stop[] = { ",", ";", NULL };
	PlStmt *s = pl_stmt_new(p, PL_ASSERT, pl_now(p)->line);
	p->at++;
	s->expr = pl_expr(p, stop);
	if (!s->expr || (pl_take(p, ",") && !(s->expr2 = pl_expr(p, semicolon))))
		return NULL;
	return pl_need(p, ";") < 0 ? NULL : s;
}

static PlStmt *transaction_statement(Parser *p)
{
	PlStmt *s = pl_stmt_new(p, PL_TRANSACTION, pl_now(p)->line);
	s->is_rollback = pl_is(p, p->at++, "rollback");
	if (pl_take(p, "and")) {
		s->chain = !pl_take(p, "no");
		if (pl_need(p, "chain") < 0)
			return NULL;
	}
	return pl_need(p, ";") < 0 ? NULL : s;
}

static PlStmt *block_statement(Parser *p, const char *label)
{
	PlStmt *s = pl_block(p, label);
	return s && pl_need(p, ";") < 0 ? NULL : s;
}

static const char *take_label(Parser *p)
{
	p->at++;
	const char *label = pl_name(p);
	return label && pl_need(p, ">>") == 0 ? label : NULL;
}

static bool at_loop(const Parser *p)
{
	return pl_is(p, p->at, "loop") || pl_is(p, p->at, "while") || pl_is(p, p->at, "for") || pl_is(p, p->at, "foreach");
}

static PlStmt *labelled(Parser *p)
{
	const char *label = take_label(p);
	if (!label)
		return NULL;
	PlStmt *s = at_loop(p) ? pl_loop(p, label) : block_statement(p, label);
	return s;
}

PlStmt *pl_statement(Parser *p)
{
	if (at_assignment(p))
		return assign_statement(p);
	if (pl_is(p, p->at, "<<"))
		return labelled(p);
	if (pl_is(p, p->at, "begin") || pl_is(p, p->at, "declare"))
		return block_statement(p, NULL);
	if (at_loop(p))
		return pl_loop(p, NULL);
	if (pl_is(p, p->at, "if"))
		return if_statement(p);
	if (pl_is(p, p->at, "case"))
		return case_statement(p);
	if (pl_is(p, p->at, "exit") || pl_is(p, p->at, "continue"))
		return exit_statement(p, pl_is(p, p->at, "continue"));
	if (pl_is(p, p->at, "return"))
		return pl_return(p);
	if (pl_is(p, p->at, "raise"))
		return pl_raise(p);
	if (pl_is(p, p->at, "assert"))
		return assert_statement(p);
	if (pl_is(p, p->at, "perform"))
		return simple(p, PL_PERFORM, true);
	if (pl_is(p, p->at, "null"))
		return simple(p, PL_NULL, false);
	if (pl_is(p, p->at, "commit") || pl_is(p, p->at, "rollback"))
		return transaction_statement(p);
	if (pl_is(p, p->at, "execute"))
		return pl_execute(p);
	if (pl_is(p, p->at, "get"))
		return pl_diagnostics(p);
	if (pl_is(p, p->at, "open") || pl_is(p, p->at, "fetch") || pl_is(p, p->at, "move") || pl_is(p, p->at, "close"))
		return pl_cursor_statement(p);
	return pl_is_name(p, p->at) || pl_is(p, p->at, "(") ? pl_sql(p) : (pl_syntax_error(p), NULL);
}

/* --- the whole --- */

const char *const pl_trigger_vars[PL_TRIGGER_VARS] = {
	"new",	    "old",	  "tg_name",	   "tg_when",	      "tg_level", "tg_op",
	"tg_relid", "tg_relname", "tg_table_name", "tg_table_schema", "tg_nargs", "tg_argv"
};

static int options(Parser *p)
{
	p->fn->conflict = 'e';
	while (pl_take(p, "#")) {
		if (pl_take(p, "variable_conflict")) {
			p->fn->conflict = pl_is(p, p->at, "use_variable") ? 'v' : pl_is(p, p->at, "use_column") ? 'c' : 'e';
			if (p->fn->conflict == 'e' && !pl_is(p, p->at, "error"))
				return pl_syntax_error(p);
		} else if (!pl_take(p, "option") && !pl_take(p, "print_strict_params")) {
			return pl_syntax_error(p);
		}
		p->at++;
	}
	return 0;
}

static void make_parameters(Parser *p)
{
	PlFunction *f = p->fn;
	const PlType of_signature = { .kind = PL_TYPE_ARG }, boolean = { .kind = PL_TYPE_SQL, .text = "boolean" };
	PlScope *s = pl_scope_push(p, p->sig->name);
	for (size_t i = 0; i < p->sig->nargs; i++)
		pl_var_new(p, p->sig->arg_names[i], of_signature, 0);
	for (size_t i = 0; p->sig->is_trigger && i < PL_TRIGGER_VARS; i++)
		pl_var_new(p, pl_trigger_vars[i], of_signature, 0);
	f->found = pl_var_new(p, "found", boolean, 0)->index;
	f->scope = s;
}

int pl_parse(Str body, const PlSignature *sig, Arena *a, PlFunction **out, Error *err)
{
	Parser p = { .body = body, .a = a, .err = err, .sig = sig };
	if (pl_lex(&p) < 0)
		return -1;
	p.fn = arena_new_of(a, PlFunction);
	p.fn->name = sig->name;
	make_parameters(&p);
	if (options(&p) < 0)
		return -1;
	const char *label = NULL;
	if (pl_is(&p, p.at, "<<") && !(label = take_label(&p)))
		return -1;
	if (!pl_is(&p, p.at, "declare") && !pl_is(&p, p.at, "begin"))
		return pl_syntax_error(&p);
	p.fn->body = pl_block(&p, label);
	if (!p.fn->body)
		return -1;
	pl_take(&p, ";");
	if (pl_now(&p)->kind)
		return pl_syntax_error(&p);
	*out = p.fn;
	return 0;
}
