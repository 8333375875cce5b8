/* Text of regprocedure, regoper, regoperator and regcollation -> OIDs. */
#include "pgtype/collation.h"
#include "sql/regname.h"

#include <ctype.h>

enum { MAX_TYPES = 100 };

typedef struct Signature {
	Str name;
	uint32_t types[MAX_TYPES]; /* 0 for NONE */
	size_t n;
} Signature;

/* Where c is, outside of quotes; s.n when nowhere. */
static size_t unquoted(Str s, size_t from, char c)
{
	bool quoted = false;
	size_t depth = 0;
	for (size_t i = from; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && depth == 0 && s.p[i] == c)
			return i;
		else if (!quoted && s.p[i] == '(')
			depth++;
		else if (!quoted && s.p[i] == ')' && depth)
			depth--;
	}
	return s.n;
}

/* name(type, type ...). NONE stands for a missing operand. */
static int read_signature(ParseState *ps, Str text, bool none, int location, Signature *out)
{
	size_t open = unquoted(text, 0, '(');
	*out = (Signature){ .name = { text.p, open } };
	if (open == text.n)
		return an_error(ps, location, "22P02", "expected a left parenthesis");
	Str inner = str_trim(text);
	if (inner.p[inner.n - 1] != ')')
		return an_error(ps, location, "22P02", "expected a right parenthesis");
	inner = str_trim((Str){ text.p + open + 1, (size_t)(inner.p + inner.n - 1 - (text.p + open + 1)) });
	for (size_t at = 0, end; inner.n && at <= inner.n; at = end + 1) {
		end = unquoted(inner, at, ',');
		Str type = str_trim((Str){ inner.p + at, end - at });
		if (type.n == 0)
			return an_error(ps, location, "22P02", "expected a type name");
		if (out->n == MAX_TYPES)
			return an_error(ps, location, "54023", "too many arguments");
		bool missing = none && str_iis(type, "none");
		if (!missing && reg_lookup(ps, T_REGTYPE, type, location, &out->types[out->n]))
			return -1;
		out->n++;
	}
	return 0;
}

/* The last part of a name that is in pg_catalog, by the path or by its schema; NULL when it is elsewhere. 3F000, 42602. */
static int builtin_name(ParseState *ps, Str text, int location, const char **name)
{
	const char *part[2];
	size_t n = reg_split_name(ps, text, part, 2);
	if (n == 0)
		return an_error(ps, location, "42602", "invalid name syntax");
	if (n == 2 && !reg_schema_oid(ps, part[0]))
		return an_error(ps, location, "3F000", "schema \"%s\" does not exist", part[0]);
	*name = n == 1 || streq(part[0], "pg_catalog") ? part[n - 1] : NULL;
	return 0;
}

/* A function without arguments has no list to compare. */
static bool same_args(const PgProc *p, const Signature *s)
{
	return p->nargs == s->n && (s->n == 0 || memcmp(p->args, s->types, s->n * sizeof *s->types) == 0);
}

int reg_procedure(ParseState *ps, Str text, int location, uint32_t *oid)
{
	Signature s;
	const char *part[2];
	size_t n = 0;
	if (read_signature(ps, text, false, location, &s))
		return -1;
	size_t parts = reg_split_name(ps, s.name, part, 2);
	if (parts == 0)
		return an_error(ps, location, "42602", "invalid name syntax");
	if (parts == 2 && !reg_schema_oid(ps, part[0]))
		return an_error(ps, location, "3F000", "schema \"%s\" does not exist", part[0]);
	const PgProc *p = procs_named(ps, parts == 2 ? part[0] : NULL, part[parts - 1], &n);
	for (size_t i = 0; i < n; i++) {
		if (same_args(&p[i], &s)) {
			*oid = p[i].oid;
			return 0;
		}
	}
	return an_error(ps, location, "42883", "function \"%.*s\" does not exist", STR_ARG(text));
}

static int no_operator(ParseState *ps, Str text, int location)
{
	return an_error(ps, location, "42883", "operator does not exist: %.*s", STR_ARG(text));
}

int reg_operator_named(ParseState *ps, Str text, int location, uint32_t *oid)
{
	const char *name;
	size_t n = 0;
	if (builtin_name(ps, text, location, &name))
		return -1;
	const PgOperator *o = name ? pgoperator_named(name, &n) : NULL;
	if (n > 1)
		return an_error(ps, location, "42725", "more than one operator named %.*s", STR_ARG(text));
	if (n == 0)
		return no_operator(ps, text, location);
	*oid = o->oid;
	return 0;
}

int reg_operator(ParseState *ps, Str text, int location, uint32_t *oid)
{
	Signature s;
	const char *part[2];
	size_t n = 0;
	if (read_signature(ps, text, true, location, &s))
		return -1;
	if (s.n == 1) {
		an_error(ps, location, "42P02", "missing argument");
		return err_hint(ps->err, "Use NONE to denote the missing argument of a unary operator.");
	}
	if (s.n != 2) {
		an_error(ps, location, "54023", "too many arguments");
		return err_hint(ps->err, "Provide two argument types for operator.");
	}
	size_t parts = reg_split_name(ps, s.name, part, 2);
	if (parts == 0)
		return an_error(ps, location, "42602", "invalid name syntax");
	bool ours = parts == 1 || streq(part[0], "pg_catalog");
	const PgOperator *o = ours ? pgoperator_named(part[parts - 1], &n) : NULL;
	for (size_t i = 0; i < n; i++) {
		if (o[i].left == s.types[0] && o[i].right == s.types[1]) {
			*oid = o[i].oid;
			return 0;
		}
	}
	return no_operator(ps, text, location);
}

int reg_collation(ParseState *ps, Str text, int location, uint32_t *oid)
{
	const char *name;
	if (builtin_name(ps, text, location, &name))
		return -1;
	*oid = name ? collation_named(name) : 0;
	if (*oid)
		return 0;
	return an_error(ps, location, "42704", "collation \"%.*s\" for encoding \"UTF8\" does not exist", STR_ARG(text));
}
