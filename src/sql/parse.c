/*
 * PostgreSQL text -> libpg_query's tree. libpg_query keeps its memory per thread, so this may run on any thread.
 * Its output functions and the protobuf reader recurse without a limit of their own: texts that could nest too deep are refused before.
 * The limits below fit a stack of 4 MB, for parsing and for the analysis of what comes out.
 */
#include "pgtype/family.h"
#include "sql/lexer.h"
#include "sql/plan.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <string.h>

enum {
	MAX_CHAIN = 10000, /* tokens in one run without comma; half of them can be levels of the tree */
	MAX_PARENS = 5000,
	MAX_LEVELS = 3000, /* nested messages; an operator takes two */
};

static bool word_byte(unsigned char c)
{
	return c >= 0x80 || c == '_' || c == '$' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* After a dollar quote's opening at p, the byte after its end; p itself when this is no dollar quote. */
static const char *skip_dollar(const char *p, const char *end)
{
	const char *t = p + 1;

	while (t < end && word_byte((unsigned char)*t) && *t != '$')
		t++;
	if (t >= end || *t != '$' || (p[1] >= '0' && p[1] <= '9'))
		return p;
	size_t n = (size_t)(t + 1 - p);
	const char *close = memmem(t + 1, (size_t)(end - t - 1), p, n);
	return close ? close + n : end;
}

const char *lex_quote(const char *p, const char *end, bool escapes)
{
	char q = *p++;

	while (p < end && *p != q)
		p += escapes && *p == '\\' && p + 1 < end ? 2 : 1;
	return p < end ? p + 1 : end;
}

static const char *skip_comment(const char *p, const char *end)
{
	if (p[0] == '-') {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		return nl ? nl : end;
	}
	int depth = 0;
	while (p < end) {
		if (p + 1 < end && p[0] == '/' && p[1] == '*') {
			depth++;
			p += 2;
		} else if (p + 1 < end && p[0] == '*' && p[1] == '/') {
			depth--;
			p += 2;
			if (depth == 0)
				return p;
		} else {
			p++;
		}
	}
	return end;
}

const char *lex_token(const char *p, const char *end, Str *word)
{
	*word = (Str){ p, 0 };
	if (p + 1 < end && ((p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*')))
		return skip_comment(p, end);
	if (*p == '\'' || *p == '"')
		return lex_quote(p, end, false);
	if ((*p == 'e' || *p == 'E') && p + 1 < end && p[1] == '\'')
		return lex_quote(p + 1, end, true);
	if (*p == '$') {
		const char *after = skip_dollar(p, end);
		if (after > p)
			return after;
	}
	if (!word_byte((unsigned char)*p))
		return p + 1;
	while (p < end && word_byte((unsigned char)*p))
		p++;
	word->n = (size_t)(p - word->p);
	return p;
}

Str sql_skip_blank(Str text)
{
	const char *p = text.p, *end = p + text.n;
	while (p < end) {
		bool comment = p + 1 < end && ((p[0] == '-' && p[1] == '-') || (p[0] == '/' && p[1] == '*'));
		if (!comment && !strchr(" \t\r\n\f\v", *p))
			break;
		p = comment ? skip_comment(p, end) : p + 1;
	}
	return (Str){ p, (size_t)(end - p) };
}

size_t sql_statement_length(Str script)
{
	const char *p = script.p, *end = p + script.n;
	while (p < end) {
		Str word;
		if (*p == ';')
			return (size_t)(p - script.p) + 1;
		p = lex_token(p, end, &word);
	}
	return script.n;
}

/* True when the text may nest deeper than the stack allows: an upper bound made of token counts, since every level of
 * the tree takes a token of its own; commas, semicolons, AND and OR (which are kept flat) begin a new run. */
static bool nests_too_deep(Str text)
{
	const char *p = text.p, *end = text.p + text.n;
	unsigned *outer = mem_alloc(sizeof(unsigned) * (MAX_PARENS + 1));
	size_t parens = 0;
	unsigned run = 0;
	bool deep = false;

	while (p < end && !deep) {
		if (strchr(" \t\r\n\f\v", *p)) {
			p++;
			continue;
		}
		char c = *p;
		Str word;
		p = lex_token(p, end, &word);
		run++;
		if (c == '(' || c == '[') {
			deep = parens >= MAX_PARENS;
			if (!deep)
				outer[parens++] = run;
		} else if ((c == ')' || c == ']') && parens > 0) {
			run = outer[--parens];
		} else if (c == ',' || c == ';' || str_iis(word, "or") || str_iis(word, "and")) {
			run = parens > 0 ? outer[parens - 1] : 0;
		}
		deep = deep || run > MAX_CHAIN;
	}
	free(outer);
	return deep;
}

static bool read_varint(const uint8_t **p, const uint8_t *end, uint64_t *v)
{
	*v = 0;
	for (int shift = 0; shift < 64 && *p < end; shift += 7) {
		uint8_t b = *(*p)++;
		*v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return true;
	}
	return false;
}

typedef struct Level {
	const ProtobufCMessageDescriptor *type;
	const uint8_t *end;
} Level;

/* Walks the packed tree without recursion; false when messages nest deeper than MAX_LEVELS. */
static bool levels_ok(const uint8_t *p, size_t n)
{
	Level *stack = mem_alloc(sizeof(Level) * (MAX_LEVELS + 1));
	size_t depth = 0;
	uint64_t tag, len;
	bool ok = true;

	stack[0] = (Level){ &pg_query__parse_result__descriptor, p + n };
	while (ok) {
		if (p >= stack[depth].end) {
			if (depth == 0)
				break;
			depth--;
			continue;
		}
		ok = read_varint(&p, stack[depth].end, &tag);
		unsigned wire = tag & 7;
		if (ok && wire == 0) {
			ok = read_varint(&p, stack[depth].end, &len);
		} else if (ok && (wire == 1 || wire == 5)) {
			p += wire == 1 ? 8 : 4;
		} else if (ok) {
			ok = wire == 2 && read_varint(&p, stack[depth].end, &len) && len <= (uint64_t)(stack[depth].end - p);
			if (!ok)
				break;
			const ProtobufCFieldDescriptor *f =
				protobuf_c_message_descriptor_get_field(stack[depth].type, (unsigned)(tag >> 3));
			if (f && f->type == PROTOBUF_C_TYPE_MESSAGE) {
				ok = depth < MAX_LEVELS;
				if (ok)
					stack[++depth] = (Level){ f->descriptor, p + len };
			} else {
				p += len;
			}
		}
	}
	free(stack);
	return ok;
}

/* In U&'' and in E''. */
static void unicode_error(const PgQueryError *e, Error *err)
{
	bool ampersand = e->funcname && streq(e->funcname, "str_udeescape");
	err_set(err, ampersand ? "42601" : "22025", "%s", e->message);
	err_hint(err, "Unicode escapes must be %s.", ampersand ? "\\XXXX or \\+XXXXXX" : "\\uXXXX or \\UXXXXXXXX");
}

static int parse_error(const PgQueryError *e, Error *err)
{
	const char *state = "42601";

	if (streq(e->message, "invalid Unicode escape"))
		unicode_error(e, err);
	else if (strstr(e->message, "Unicode") && strstr(e->message, "nvalid Unicode"))
		err_set(err, state, "%s", e->message);
	else if (strstr(e->message, "byte sequence for encoding"))
		err_set(err, "22021", "%s", e->message);
	else if (strncmp(e->message, "stack depth", 11) == 0)
		err_set(err, "54001", "%s", e->message);
	else if (strncmp(e->message, "frame ", 6) == 0)
		err_set(err, "42P20", "%s", e->message);
	else if (strstr(e->message, "is not supported") || strstr(e->message, "not yet supported") || strstr(e->message, "implemented"))
		err_set(err, "0A000", "%s", e->message);
	else
		err_set(err, state, "%s", e->message);
	return err_at(err, e->cursorpos);
}

static Str statement_text(Str source, const PgQuery__RawStmt *r)
{
	size_t at = (size_t)r->stmt_location;
	size_t n = r->stmt_len > 0 ? (size_t)r->stmt_len : source.n - at;

	return str_trim((Str){ source.p + at, n });
}

static void split(ParsedSql *out, const PgQuery__ParseResult *tree, Arena *a)
{
	out->stmts = arena_array(a, RawStmt, tree->n_stmts ? tree->n_stmts : 1);
	out->n = tree->n_stmts;
	for (size_t i = 0; i < tree->n_stmts; i++) {
		RawStmt *s = &out->stmts[i];
		s->node = tree->stmts[i]->stmt;
		s->text = statement_text(out->source, tree->stmts[i]);
		s->location = (int)(s->text.p - out->source.p);
	}
}

static int too_complex(Error *err)
{
	err_set(err, "54001", "stack depth limit exceeded");
	return err_hint(err, "The statement nests too deep; split it into simpler ones.");
}

int sql_parse(Str text, Arena *a, ParsedSql *out, Error *err)
{
	if (family_check_utf8(text, err) != 0)
		return -1;
	if (nests_too_deep(text))
		return too_complex(err);
	char *copy = arena_strndup(a, text.p, text.n);
	PgQueryProtobufParseResult r = pg_query_parse_protobuf(copy);
	int rc = -1;

	*out = (ParsedSql){ .source = { copy, text.n } };
	if (r.error) {
		parse_error(r.error, err);
	} else if (!levels_ok((const uint8_t *)r.parse_tree.data, r.parse_tree.len)) {
		too_complex(err);
	} else {
		PgQuery__ParseResult *tree = pg_query__parse_result__unpack(NULL, r.parse_tree.len, (const uint8_t *)r.parse_tree.data);
		if (tree) {
			out->tree = tree;
			split(out, tree, a);
			rc = 0;
		} else {
			err_set(err, "XX000", "the parser's result cannot be read");
		}
	}
	pg_query_free_protobuf_parse_result(r);
	return rc;
}

void sql_parsed_free(ParsedSql *p)
{
	if (p->tree)
		pg_query__parse_result__free_unpacked(p->tree, NULL);
	*p = (ParsedSql){ 0 };
}
