/* The grammar of jsonpath, by recursive descent. A subexpression is a value or a predicate; where one of them must stand, the other is a
 * syntax error. */
#include "pgtype/jsonpath_lex.h"

#include "pgtype/numeric.h"

enum { MAX_DEPTH = 1000, MAX_CHAIN = 5000 };

typedef struct Parser {
	JpLexer lx;
	int depth;
	bool predicate; /* what the last subexpression was */
	int filters;	/* how many ?( ) are open: @ is allowed inside */
	bool subscript; /* inside [ ]: last is allowed */
} Parser;

static JpItem *parse_or(Parser *p);

static JpItem *item(Parser *p, JpKind kind, JpItem *left, JpItem *right)
{
	JpItem *i = arena_new_of(p->lx.a, JpItem);
	*i = (JpItem){ .kind = kind, .left = left, .right = right };
	return i;
}

static JpItem *syntax_error(Parser *p)
{
	jp_syntax_error(&p->lx);
	return NULL;
}

static bool advance(Parser *p)
{
	return jp_next(&p->lx) == 0;
}

static bool expect(Parser *p, int token)
{
	if (p->lx.token != token)
		return syntax_error(p) != NULL;
	return advance(p);
}

/* Checks the kind of what was just parsed. */
static JpItem *want(Parser *p, JpItem *i, bool predicate)
{
	if (i && p->predicate != predicate)
		return syntax_error(p);
	return i;
}

static JpItem *value(Parser *p, JpItem *i)
{
	p->predicate = false;
	return i;
}

static JpItem *predicate(Parser *p, JpItem *i)
{
	p->predicate = true;
	return i;
}

static JpItem *number(Parser *p)
{
	_cleanup_(numeric_clear) Numeric n;
	_cleanup_(buf_free) Buf b = { 0 };
	numeric_init(&n);
	Str s = p->lx.value;
	/* numeric's input does not take every form that the lexer does */
	if (s.n && s.p[0] == '.')
		s = str_of(arena_printf(p->lx.a, "0%.*s", STR_ARG(s)));
	if (numeric_parse(s, &n, p->lx.err) < 0)
		return NULL;
	numeric_print(&n, &b);
	JpItem *i = item(p, JP_NUMERIC, NULL, NULL);
	i->s = (Str){ arena_strndup(p->lx.a, (const char *)b.data, b.len), b.len };
	return i;
}

/* `( predicate )` behind `!` and `?`. */
static JpItem *in_parens(Parser *p, bool want_predicate)
{
	if (!expect(p, '('))
		return NULL;
	JpItem *i = want(p, parse_or(p), want_predicate);
	return i && expect(p, ')') ? i : NULL;
}

static JpItem *exists(Parser *p)
{
	if (!advance(p))
		return NULL;
	JpItem *arg = in_parens(p, false);
	return arg ? predicate(p, item(p, JP_EXISTS, arg, NULL)) : NULL;
}

/* ---- accessors ---- */

static bool level(Parser *p, uint32_t *out)
{
	Str s = p->lx.value;
	if (p->lx.token == TOK_LAST) {
		*out = JP_LEVEL_LAST;
		return advance(p);
	}
	if (p->lx.token != TOK_INT)
		return syntax_error(p) != NULL;
	uint64_t v = 0;
	for (size_t i = 0; i < s.n && v <= INT32_MAX; i++)
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	if (v > INT32_MAX)
		return err_set(p->lx.err, "22003", "value \"%.*s\" is out of range for type integer", STR_ARG(s)) == 0;
	*out = (uint32_t)v;
	return advance(p);
}

static JpItem *any_path(Parser *p)
{
	JpItem *i = item(p, JP_ANY, NULL, NULL);
	i->last = JP_LEVEL_LAST;
	if (!advance(p))
		return NULL;
	if (p->lx.token != '{')
		return i;
	if (!advance(p) || !level(p, &i->first))
		return NULL;
	i->last = i->first;
	if (p->lx.token == TOK_TO && (!advance(p) || !level(p, &i->last)))
		return NULL;
	return expect(p, '}') ? i : NULL;
}

static JpItem *method(Parser *p, JpKind kind)
{
	JpItem *i = item(p, kind, NULL, NULL);
	if (!advance(p))
		return NULL;
	if (kind == JP_DATETIME && p->lx.token == TOK_STRING) {
		i->left = item(p, JP_STRING, NULL, NULL);
		i->left->s = p->lx.value;
		if (!advance(p))
			return NULL;
	}
	return expect(p, ')') ? i : NULL;
}

static JpItem *key(Parser *p, Str name)
{
	JpItem *i = item(p, JP_KEY, NULL, NULL);
	i->s = name;
	return i;
}

/* Behind a point. */
static JpItem *member(Parser *p)
{
	if (p->lx.token == '*')
		return advance(p) ? item(p, JP_ANY_KEY, NULL, NULL) : NULL;
	if (p->lx.token == TOK_ANY)
		return any_path(p);
	bool is_method = p->lx.token == TOK_METHOD, word = p->lx.token == TOK_IDENT || p->lx.token == TOK_STRING || p->lx.token >= TOK_NULL;
	Str name = p->lx.value;
	JpKind kind = p->lx.method;
	if (!word)
		return syntax_error(p);
	if (!advance(p))
		return NULL;
	return is_method && p->lx.token == '(' ? method(p, kind) : key(p, name);
}

/* Behind an opening bracket. */
static JpItem *subscripts(Parser *p)
{
	size_t cap = 0;
	if (p->lx.token == '*') {
		if (!advance(p) || !expect(p, ']'))
			return NULL;
		return item(p, JP_ANY_ARRAY, NULL, NULL);
	}
	JpItem *i = item(p, JP_INDEX_ARRAY, NULL, NULL);
	bool outer = p->subscript;
	p->subscript = true;
	for (;;) {
		if (i->nsubs == cap) {
			JpRange *grown = arena_array(p->lx.a, JpRange, cap = cap ? cap * 2 : 2);
			if (i->nsubs)
				memcpy(grown, i->subs, i->nsubs * sizeof *grown);
			i->subs = grown;
		}
		JpRange *r = &i->subs[i->nsubs++];
		if (!(r->from = want(p, parse_or(p), false)))
			return NULL;
		if (p->lx.token == TOK_TO && (!advance(p) || !(r->to = want(p, parse_or(p), false))))
			return NULL;
		if (p->lx.token != ',')
			break;
		if (!advance(p))
			return NULL;
	}
	p->subscript = outer;
	return expect(p, ']') ? i : NULL;
}

static JpItem *filter(Parser *p)
{
	p->filters++;
	JpItem *arg = in_parens(p, true);
	p->filters--;
	return arg ? item(p, JP_FILTER, arg, NULL) : NULL;
}

static bool at_accessor(const Parser *p)
{
	return p->lx.token == '.' || p->lx.token == '[' || p->lx.token == '?';
}

static JpItem *accessors(Parser *p, JpItem *head)
{
	JpItem *end = head;
	while (end->next)
		end = end->next;
	while (at_accessor(p)) {
		int token = p->lx.token;
		if (!advance(p))
			return NULL;
		JpItem *i = token == '.' ? member(p) : token == '[' ? subscripts(p) : filter(p);
		if (!i)
			return NULL;
		end->next = i;
		end = i;
	}
	return value(p, head);
}

/* ---- expressions ---- */

static JpItem *parenthesised(Parser *p)
{
	if (!advance(p))
		return NULL;
	JpItem *i = parse_or(p);
	if (!i || !expect(p, ')'))
		return NULL;
	if (at_accessor(p))
		return accessors(p, i);
	if (p->predicate && p->lx.token == TOK_IS) {
		if (!advance(p) || !expect(p, TOK_UNKNOWN))
			return NULL;
		return item(p, JP_IS_UNKNOWN, i, NULL);
	}
	return i;
}

static JpItem *scalar(Parser *p)
{
	static const struct {
		int token;
		JpKind kind;
	} scalars[] = { { TOK_STRING, JP_STRING },     { TOK_NULL, JP_NULL }, { TOK_TRUE, JP_BOOL }, { TOK_FALSE, JP_BOOL },
			{ TOK_VARIABLE, JP_VARIABLE }, { '$', JP_ROOT },      { '@', JP_CURRENT },   { TOK_LAST, JP_LAST } };
	JpItem *i = NULL;
	if (p->lx.token == TOK_INT || p->lx.token == TOK_NUMERIC) {
		i = number(p);
	} else {
		for (size_t k = 0; k < ARRAY_LEN(scalars) && !i; k++)
			if (scalars[k].token == p->lx.token)
				i = item(p, scalars[k].kind, NULL, NULL);
		if (!i)
			return syntax_error(p);
		i->s = p->lx.value;
		i->b = p->lx.token == TOK_TRUE;
	}
	if (!i || !advance(p))
		return NULL;
	if (i->kind == JP_CURRENT && p->filters == 0)
		return err_set(p->lx.err, "42601", "@ is not allowed in root expressions"), NULL;
	if (i->kind == JP_LAST && !p->subscript)
		return err_set(p->lx.err, "42601", "LAST is allowed only in array subscripts"), NULL;
	return accessors(p, i);
}

static JpItem *sign(Parser *p);

static JpItem *not_predicate(Parser *p)
{
	if (!advance(p))
		return NULL;
	JpItem *arg = p->lx.token == TOK_EXISTS ? exists(p) : in_parens(p, true);
	return arg ? predicate(p, item(p, JP_NOT, arg, NULL)) : NULL;
}

static JpItem *unary(Parser *p)
{
	if (++p->depth > MAX_DEPTH) {
		err_set(p->lx.err, "54001", "stack depth limit exceeded");
		return NULL;
	}
	JpItem *i;
	switch (p->lx.token) {
	case '+':
	case '-':
		i = sign(p);
		break;
	case '!':
		i = not_predicate(p);
		break;
	case TOK_EXISTS:
		i = exists(p);
		break;
	case '(':
		i = parenthesised(p);
		break;
	default:
		i = scalar(p);
	}
	p->depth--;
	return i;
}

/* A sign before a plain number becomes part of it. */
static JpItem *sign(Parser *p)
{
	JpKind kind = p->lx.token == '+' ? JP_PLUS : JP_MINUS;
	if (!advance(p))
		return NULL;
	JpItem *arg = want(p, unary(p), false);
	if (!arg)
		return NULL;
	if (arg->kind != JP_NUMERIC || arg->next)
		return value(p, item(p, kind, arg, NULL));
	if (kind == JP_MINUS) {
		bool zero = true;
		for (size_t i = 0; i < arg->s.n; i++)
			zero &= arg->s.p[i] == '0' || arg->s.p[i] == '.' || arg->s.p[i] == '-';
		if (arg->s.p[0] == '-')
			arg->s = (Str){ arg->s.p + 1, arg->s.n - 1 };
		else if (!zero)
			arg->s = str_of(arena_printf(p->lx.a, "-%.*s", STR_ARG(arg->s)));
	}
	return arg;
}

static JpKind arithmetic(int token)
{
	switch (token) {
	case '+':
		return JP_ADD;
	case '-':
		return JP_SUB;
	case '*':
		return JP_MUL;
	case '/':
		return JP_DIV;
	case '%':
		return JP_MOD;
	default:
		return JP_NULL;
	}
}

/* A chain of operators hangs to the left, and is as deep as it is long. */
static bool too_long(Parser *p, int n)
{
	return n > MAX_CHAIN && err_set(p->lx.err, "54001", "stack depth limit exceeded");
}

static JpItem *infix(Parser *p, bool product)
{
	JpItem *left = product ? unary(p) : infix(p, true);
	for (int n = 1;; n++) {
		JpKind kind = arithmetic(p->lx.token);
		if (!left || kind == JP_NULL || (kind > JP_SUB) != product)
			return left;
		if (too_long(p, n) || !want(p, left, false) || !advance(p))
			return NULL;
		JpItem *right = want(p, product ? unary(p) : infix(p, true), false);
		if (!right)
			return NULL;
		left = value(p, item(p, kind, left, right));
	}
}

static bool regex_flags(Parser *p, JpItem *i)
{
	static const char letters[] = "ismxq";
	Str s = p->lx.value;
	for (size_t k = 0; k < s.n; k++) {
		const char *at = s.p[k] ? strchr(letters, s.p[k]) : NULL;
		if (!at) {
			err_set(p->lx.err, "42601", "invalid input syntax for type jsonpath");
			return err_detail(p->lx.err, "Unrecognized flag character \"%.1s\" in LIKE_REGEX predicate.", s.p + k) == 0;
		}
		i->flags |= 1u << (at - letters);
	}
	if ((i->flags & JP_FLAG_X) && !(i->flags & JP_FLAG_Q))
		return err_set(p->lx.err, "0A000",
			       "XQuery \"x\" flag (expanded regular expressions) is not "
			       "implemented") == 0;
	return true;
}

static JpItem *like_regex(Parser *p, JpItem *left)
{
	JpItem *i = item(p, JP_LIKE_REGEX, left, NULL);
	if (!advance(p))
		return NULL;
	if (p->lx.token != TOK_STRING)
		return syntax_error(p);
	i->s = p->lx.value;
	if (!advance(p))
		return NULL;
	if (p->lx.token == TOK_FLAG) {
		if (!advance(p))
			return NULL;
		if (p->lx.token != TOK_STRING)
			return syntax_error(p);
		if (!regex_flags(p, i) || !advance(p))
			return NULL;
	}
	return jsonpath_regex(i, (Str){ 0 }, p->lx.err) < 0 ? NULL : predicate(p, i);
}

static JpItem *starts_with(Parser *p, JpItem *left)
{
	if (!advance(p) || !expect(p, TOK_WITH))
		return NULL;
	if (p->lx.token != TOK_STRING && p->lx.token != TOK_VARIABLE)
		return syntax_error(p);
	JpItem *right = item(p, p->lx.token == TOK_STRING ? JP_STRING : JP_VARIABLE, NULL, NULL);
	right->s = p->lx.value;
	return advance(p) ? predicate(p, item(p, JP_STARTS_WITH, left, right)) : NULL;
}

static JpKind comparison(int token)
{
	switch (token) {
	case TOK_EQ:
		return JP_EQ;
	case TOK_NE:
		return JP_NE;
	case TOK_LE:
		return JP_LE;
	case TOK_GE:
		return JP_GE;
	case '<':
		return JP_LT;
	case '>':
		return JP_GT;
	default:
		return JP_NULL;
	}
}

static JpItem *parse_comparison(Parser *p)
{
	JpItem *left = infix(p, false);
	if (!left || p->predicate)
		return left;
	if (p->lx.token == TOK_STARTS)
		return starts_with(p, left);
	if (p->lx.token == TOK_LIKE_REGEX)
		return like_regex(p, left);
	JpKind kind = comparison(p->lx.token);
	if (kind == JP_NULL)
		return left;
	if (!advance(p))
		return NULL;
	JpItem *right = want(p, infix(p, false), false);
	return right ? predicate(p, item(p, kind, left, right)) : NULL;
}

static JpItem *parse_logic(Parser *p, bool and)
{
	JpItem *left = and? parse_comparison(p) : parse_logic(p, true);
	for (int n = 1; left && p->lx.token == (and? TOK_AND : TOK_OR); n++) {
		if (too_long(p, n) || !want(p, left, true) || !advance(p))
			return NULL;
		JpItem *right = want(p, and? parse_comparison(p) : parse_logic(p, true), true);
		if (!right)
			return NULL;
		left = predicate(p, item(p, and? JP_AND : JP_OR, left, right));
	}
	return left;
}

static JpItem *parse_or(Parser *p)
{
	return parse_logic(p, false);
}

JsonPath *jsonpath_parse(Str text, Arena *a, Error *err)
{
	Parser p = { .lx = { .p = text.p, .end = text.p + text.n, .a = a, .err = err } };
	JsonPath *path = arena_new_of(a, JsonPath);
	if (!advance(&p))
		return NULL;
	if (p.lx.token == TOK_END) {
		err_set(err, "22P02", "invalid input syntax for type jsonpath: \"%.*s\"", STR_ARG(text));
		return NULL;
	}
	if (p.lx.token == TOK_STRICT || p.lx.token == TOK_LAX) {
		path->strict = p.lx.token == TOK_STRICT;
		if (!advance(&p))
			return NULL;
	}
	path->root = parse_or(&p);
	if (path->root && p.lx.token != TOK_END)
		path->root = syntax_error(&p);
	return path->root ? path : NULL;
}
