/* Operators: finding the one that PostgreSQL would use, and making the call of its function. */
#include "sql/expr.h"

int operator_name(ParseState *ps, PgQuery__Node *const *names, size_t n, const char **schema, const char **name)
{
	*schema = NULL;
	if (n == 0 || n > 2)
		return an_error(ps, -1, "42601", "improper qualified name (too many dotted names)");
	if (n == 2)
		*schema = names[0]->string->sval;
	*name = names[n - 1]->string->sval;
	return 0;
}

static const PgOperator *exact(const PgOperator *ops, size_t n, uint32_t left, uint32_t right)
{
	for (size_t i = 0; i < n; i++)
		if (ops[i].left == left && ops[i].right == right)
			return &ops[i];
	return NULL;
}

static const PgOperator *exact_match(const Catalog *cat, const PgOperator *ops, size_t n, uint32_t left, uint32_t right)
{
	bool unknown = left == T_UNKNOWN || right == T_UNKNOWN;

	if (left == T_UNKNOWN && right != T_UNKNOWN)
		left = right;
	else if (right == T_UNKNOWN && left != T_UNKNOWN && left != 0)
		right = left;
	const PgOperator *op = exact(ops, n, left, right);
	return op || !unknown ? op : exact(ops, n, type_base(cat, left), type_base(cat, right));
}

static size_t collect(ParseState *ps, const PgOperator *ops, size_t n, bool prefix, Candidate *c)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if ((ops[i].left == 0) != prefix)
			continue;
		uint32_t *args = arena_array(ps->a, uint32_t, 2);
		args[0] = prefix ? ops[i].right : ops[i].left;
		args[1] = ops[i].right;
		c[at++] = (Candidate){ .args = args, .op = &ops[i] };
	}
	return at;
}

/* Extensions' operators beside PostgreSQL's own. */
static const PgOperator *operators_named(ParseState *ps, const char *schema, const char *name, size_t *n)
{
	const Catalog *cat = ps->env->cat;
	const PgOperator *all = NULL;

	*n = 0;
	if (!schema || streq(schema, "pg_catalog"))
		all = pgoperator_named(name, n);
	for (size_t i = 0; cat && i < cat->nextensions; i++) {
		size_t more;
		const PgOperator *own = extension_operators(&cat->extensions[i], name, &more);
		if (!more || !extension_visible(ps, &cat->extensions[i], schema))
			continue;
		PgOperator *both = arena_array(ps->a, PgOperator, *n + more);
		if (*n)
			memcpy(both, all, *n * sizeof *both);
		memcpy(both + *n, own, more * sizeof *both);
		all = both;
		*n += more;
	}
	return all;
}

static const char *signature(ParseState *ps, const char *name, uint32_t left, uint32_t right)
{
	if (!left)
		return arena_printf(ps->a, "%s %s", name, type_name(ps, right));
	return arena_printf(ps->a, "%s %s %s", type_name(ps, left), name, type_name(ps, right));
}

static int no_operator(ParseState *ps, const char *name, const char *schema, uint32_t left, uint32_t right, bool ambiguous, int location)
{
	if (schema)
		name = arena_printf(ps->a, "%s.%s", schema, name);
	const char *what = signature(ps, name, left, right);
	if (ambiguous) {
		an_error(ps, location, "42725", "operator is not unique: %s", what);
		return err_hint(ps->err, "Could not choose a best candidate operator. You might need to add explicit type casts.");
	}
	an_error(ps, location, "42883", "operator does not exist: %s", what);
	return left ? err_hint(ps->err, "No operator matches the given name and argument types. You might need to add explicit type casts.")
		    : err_hint(ps->err,
			       "No operator matches the given name and argument type. You might need to add an explicit type cast.");
}

const PgOperator *find_operator(ParseState *ps, const char *name, const char *schema, uint32_t left, uint32_t right, int location)
{
	size_t n;

	if (schema && (!ps->env->cat || !catalog_schema(ps->env->cat, schema)))
		return an_error(ps, location, "3F000", "schema \"%s\" does not exist", schema), NULL;
	const PgOperator *ops = operators_named(ps, schema, name, &n);
	const PgOperator *op = exact_match(ps->env->cat, ops, n, left, right);
	if (op)
		return op;
	uint32_t args[2] = { left ? left : right, right };
	size_t nargs = left ? 2 : 1;
	Candidate *c = arena_array(ps->a, Candidate, n + 1);
	size_t ncand = candidates_match(ps->env->cat, c, collect(ps, ops, n, !left, c), args, nargs);
	if (ncand == 1)
		return c->op;
	Candidate *best = ncand > 1 ? candidates_select(ps->env->cat, c, ncand, args, nargs) : NULL;
	if (best)
		return best->op;
	no_operator(ps, name, schema, left, right, ncand > 1, location);
	return NULL;
}

/* The operator's declared types made real, and its arguments coerced to them. */
static const PgType *without_operator(ParseState *ps, const char *name, uint32_t type);

/* Rows and arrays are compared part by part, so every part needs the operator. */
static int check_parts(ParseState *ps, const PgOperator *op, uint32_t type)
{
	static const char *const comparisons[] = { "=", "<>", "<", "<=", ">", ">=" };
	const PgType *lacks = NULL;
	for (size_t i = 0; i < ARRAY_LEN(comparisons) && (op->left == T_RECORD || op->left == T_ANYARRAY); i++)
		if (op->left == op->right && streq(op->name, comparisons[i]))
			lacks = without_operator(ps, i < 2 ? "=" : "<", type);
	if (!lacks)
		return 0;
	bool equality = streq(op->name, "=") || streq(op->name, "<>");
	return an_error(ps, -1, "42883", "could not identify %s for type %s", equality ? "an equality operator" : "a comparison function",
			type_name(ps, lacks->oid));
}

static Expr *call_operator(ParseState *ps, const PgOperator *op, Expr *left, Expr *right, int location)
{
	uint32_t actual[2] = { left ? left->type : right->type, right->type };
	uint32_t declared[2] = { left ? op->left : op->right, op->right };
	size_t n = left ? 2 : 1;
	const PgProc *proc = catalog_proc(ps->env->cat, op->proc);
	Expr *args[2] = { left ? left : right, right };

	if (!proc)
		return an_error(ps, location, "42883", "operator is only a shell: %s", op->name), NULL;
	uint32_t result = polymorphic_resolve(ps, actual, declared, n, op->result, location);
	if (!result)
		return NULL;
	if (left && (check_parts(ps, op, left->type) || check_parts(ps, op, right->type)))
		return NULL;
	Expr *f = expr_new(ps, X_FUNC, result, location);
	f->proc = proc;
	f->op = op;
	if (proc->volatility == 'v')
		*ps->volatile_fn = true;
	for (size_t i = 0; i < n; i++) {
		Expr *arg = coerce_type(ps, args[i], declared[i], -1, COERCE_IMPLICIT, -1);
		if (!arg)
			return NULL;
		expr_list_add(ps->a, &f->args, arg);
	}
	return f;
}

Expr *make_op(ParseState *ps, const char *name, const char *schema, Expr *left, Expr *right, int location)
{
	const PgOperator *op = find_operator(ps, name, schema, left ? left->type : 0, right->type, location);

	return op ? call_operator(ps, op, left, right, location) : NULL;
}

Expr *make_scalar_array_op(ParseState *ps, const char *name, bool use_or, Expr *left, Expr *right, int location)
{
	const Catalog *cat = ps->env->cat;
	uint32_t elem = right->type == T_UNKNOWN ? T_UNKNOWN : type_element(cat, right->type);

	if (!elem)
		return an_error(ps, location, "42809", "op ANY/ALL (array) requires array on right side"), NULL;
	const PgOperator *op = find_operator(ps, name, NULL, left->type, elem, location);
	if (!op)
		return NULL;
	uint32_t actual[2] = { left->type, elem }, declared[2] = { op->left, op->right };
	uint32_t result = polymorphic_resolve(ps, actual, declared, 2, op->result, location);
	if (!result)
		return NULL;
	if (result != T_BOOL)
		return an_error(ps, location, "42809", "op ANY/ALL (array) requires operator to yield boolean"), NULL;
	uint32_t array = type_array(cat, declared[1]);
	if (!array)
		return an_error(ps, location, "42704", "could not find array type for data type %s", type_name(ps, declared[1])), NULL;
	Expr *e = expr_new(ps, X_SCALAR_ARRAY, T_BOOL, location);
	e->proc = catalog_proc(ps->env->cat, op->proc);
	e->op = op;
	e->use_or = use_or;
	left = coerce_type(ps, left, declared[0], -1, COERCE_IMPLICIT, -1);
	right = left ? coerce_type(ps, right, array, -1, COERCE_IMPLICIT, -1) : NULL;
	if (!right)
		return NULL;
	expr_list_add(ps->a, &e->args, left);
	expr_list_add(ps->a, &e->args, right);
	return e;
}

/* The type's own operator, or that of the type it is binary coercible to (varchar has text's). */
static const PgProc *type_operator(ParseState *ps, const char *name, uint32_t type)
{
	size_t n, nc;
	const PgOperator *ops = operators_named(ps, NULL, name, &n), *op = exact(ops, n, type, type);
	const PgCast *casts = pgcast_all(&nc);
	const PgType *t = type_lookup(ps->env->cat, type);

	if (!op && (type == T_VARCHAR || (t && t->category == 'S' && type != T_UNKNOWN && is_binary_coercible(ps->env->cat, type, T_TEXT))))
		op = exact(ops, n, T_TEXT, T_TEXT);
	for (size_t i = 0; !op && i < nc; i++)
		if (casts[i].source == type && casts[i].method == 'b' && casts[i].context == 'i')
			op = exact(ops, n, casts[i].target, casts[i].target);
	if (!op && t && t->typtype == 'e')
		op = exact(ops, n, T_ANYENUM, T_ANYENUM);
	uint32_t elem = type_base(ps->env->cat, type_element(ps->env->cat, type));
	if (!op && elem && type_operator(ps, name, elem))
		op = exact(ops, n, T_ANYARRAY, T_ANYARRAY);
	if (!op && t && (t->typtype == 'c' || type == T_RECORD))
		op = exact(ops, n, T_RECORD, T_RECORD);
	if (!op && t && t->typtype == 'r')
		op = exact(ops, n, T_ANYRANGE, T_ANYRANGE);
	if (!op && t && t->typtype == 'm')
		op = exact(ops, n, T_ANYMULTIRANGE, T_ANYMULTIRANGE);
	if (op && op->result != T_BOOL)
		return NULL;
	return op ? catalog_proc(ps->env->cat, op->proc) : NULL;
}

/* Types whose "=" or "<" is no member of an operator class: geometric ones compare by area. */
static bool has_no_order(uint32_t type)
{
	return type == 603 || type == 718 || type == 601 || type == 602 || type == 604 || type == 628;
}

/* The first type inside a row or an array, at any depth, that the comparison cannot be done with; NULL when there is none. */
static const PgType *without_operator(ParseState *ps, const char *name, uint32_t type)
{
	const PgType *t = type_base_of(type_lookup(ps->env->cat, type));
	for (size_t i = 0; t && i < t->nfields; i++) {
		const PgType *f = type_base_of(t->fields[i].type), *inner = f ? without_operator(ps, name, f->oid) : NULL;
		if (f && (inner || has_no_order(f->oid) || !type_operator(ps, name, f->oid)))
			return inner ? inner : f;
	}
	const PgType *elem = t ? type_base_of(t->elem) : NULL;
	if (!elem)
		return NULL;
	return has_no_order(elem->oid) || !type_operator(ps, name, elem->oid) ? elem : without_operator(ps, name, elem->oid);
}

static bool columns_have(ParseState *ps, const char *name, uint32_t type)
{
	return !without_operator(ps, name, type);
}

const PgProc *equality_for(ParseState *ps, uint32_t type, int location)
{
	uint32_t base = type_base(ps->env->cat, type);
	const PgProc *p = has_no_order(base) || !columns_have(ps, "=", base) ? NULL : type_operator(ps, "=", base);

	if (!p) {
		an_error(ps, location, "42883", "could not identify an equality operator for type %s", type_name(ps, type));
		return NULL;
	}
	return p;
}

bool type_has_ordering(ParseState *ps, uint32_t type)
{
	uint32_t base = type_base(ps->env->cat, type);
	const PgType *t = type_lookup(ps->env->cat, base);
	return !has_no_order(base) && !(t && type_lacks_order(t)) && columns_have(ps, "<", base) && type_operator(ps, "<", base);
}

const PgProc *ordering_for(ParseState *ps, uint32_t type, int location)
{
	uint32_t base = type_base(ps->env->cat, type);
	const PgType *t = type_lookup(ps->env->cat, base);
	if (t && type_lacks_order(t->elem ? t->elem : t))
		return an_refuse(ps, location, "the order of type %s is not available in SQLite mode", type_name(ps, type)), NULL;
	const PgProc *p = has_no_order(base) || !columns_have(ps, "<", base) ? NULL : type_operator(ps, "<", base);

	if (!p) {
		an_error(ps, location, "42883", "could not identify an ordering operator for type %s", type_name(ps, type));
		err_hint(ps->err, "Use an explicit ordering operator or modify the query.");
		return NULL;
	}
	return p;
}
