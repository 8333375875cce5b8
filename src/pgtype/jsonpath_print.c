#include "pgtype/family.h"
#include "pgtype/jsonpath.h"

#define JSONPATH_VERSION 1

static JsonPathRegex regex_fn; /* set at start */

void jsonpath_set_regex(JsonPathRegex fn)
{
	regex_fn = fn;
}

int jsonpath_regex(const JpItem *like, Str subject, Error *err)
{
	char letters[4], *w = letters;
	bool dot_all = like->flags & JP_FLAG_S, lines = like->flags & JP_FLAG_M;
	if (!regex_fn)
		return err_refuse(err, 0, "regular expressions are not available here");
	if (like->flags & JP_FLAG_I)
		*w++ = 'i';
	if (like->flags & JP_FLAG_Q)
		*w++ = 'q';
	else
		*w++ = dot_all ? lines ? 'w' : 's' : lines ? 'n' : 'p';
	*w = '\0';
	return regex_fn(like->s, letters, subject, err);
}

const char *jsonpath_word(JpKind k)
{
	static const char *const words[] = { [JP_OR] = "||",
					     [JP_AND] = "&&",
					     [JP_EQ] = "==",
					     [JP_NE] = "!=",
					     [JP_LT] = "<",
					     [JP_GT] = ">",
					     [JP_LE] = "<=",
					     [JP_GE] = ">=",
					     [JP_STARTS_WITH] = "starts with",
					     [JP_ADD] = "+",
					     [JP_SUB] = "-",
					     [JP_MUL] = "*",
					     [JP_DIV] = "/",
					     [JP_MOD] = "%",
					     [JP_PLUS] = "+",
					     [JP_MINUS] = "-",
					     [JP_TYPE] = "type",
					     [JP_SIZE] = "size",
					     [JP_ABS] = "abs",
					     [JP_FLOOR] = "floor",
					     [JP_CEILING] = "ceiling",
					     [JP_DOUBLE] = "double",
					     [JP_KEYVALUE] = "keyvalue",
					     [JP_DATETIME] = "datetime" };
	return k < ARRAY_LEN(words) && words[k] ? words[k] : "";
}

static int priority(JpKind k)
{
	if (k == JP_OR)
		return 0;
	if (k == JP_AND)
		return 1;
	if (k >= JP_EQ && k <= JP_STARTS_WITH)
		return 2;
	if (k == JP_ADD || k == JP_SUB)
		return 3;
	if (k >= JP_MUL && k <= JP_MOD)
		return 4;
	return k == JP_PLUS || k == JP_MINUS ? 5 : 6;
}

static void print_item(const JpItem *i, bool in_key, bool brackets, Buf *out);

static void print_operand(const JpItem *i, const JpItem *of, Buf *out)
{
	print_item(i, false, priority(i->kind) <= priority(of->kind), out);
}

static void print_around(const char *before, const JpItem *i, const char *after, Buf *out)
{
	buf_puts(out, before);
	print_item(i, false, false, out);
	buf_puts(out, after);
}

static void print_levels(const JpItem *i, Buf *out)
{
	buf_puts(out, "**");
	if (i->first == 0 && i->last == JP_LEVEL_LAST)
		return;
	buf_puts(out, "{");
	if (i->first == JP_LEVEL_LAST)
		buf_puts(out, "last");
	else
		buf_printf(out, "%u", i->first);
	if (i->last != i->first && i->last == JP_LEVEL_LAST)
		buf_puts(out, " to last");
	else if (i->last != i->first)
		buf_printf(out, " to %u", i->last);
	buf_puts(out, "}");
}

static void print_subscripts(const JpItem *i, Buf *out)
{
	for (size_t k = 0; k < i->nsubs; k++) {
		print_around(k ? "," : "[", i->subs[k].from, "", out);
		if (i->subs[k].to)
			print_around(" to ", i->subs[k].to, "", out);
	}
	buf_puts(out, "]");
}

static void print_operator(const JpItem *i, bool brackets, Buf *out)
{
	static const char letters[] = "ismxq";
	buf_puts(out, brackets ? "(" : "");
	if (!i->right && i->kind != JP_LIKE_REGEX) {
		buf_puts(out, jsonpath_word(i->kind));
		print_operand(i->left, i, out);
	} else {
		print_operand(i->left, i, out);
	}
	if (i->right) {
		buf_printf(out, " %s ", jsonpath_word(i->kind));
		print_operand(i->right, i, out);
	} else if (i->kind == JP_LIKE_REGEX) {
		buf_puts(out, " like_regex ");
		json_print_string(i->s, out);
		buf_puts(out, i->flags ? " flag \"" : "");
		for (int k = 0; k < 5; k++)
			if (i->flags & 1u << k)
				buf_put_u8(out, (uint8_t)letters[k]);
		buf_puts(out, i->flags ? "\"" : "");
	}
	buf_puts(out, brackets ? ")" : "");
}

static void print_scalar(const JpItem *i, bool in_key, Buf *out)
{
	switch (i->kind) {
	case JP_NULL:
		buf_puts(out, "null");
		return;
	case JP_BOOL:
		buf_puts(out, i->b ? "true" : "false");
		return;
	case JP_NUMERIC:
		buf_puts(out, i->next ? "(" : "");
		buf_put_str(out, i->s);
		buf_puts(out, i->next ? ")" : "");
		return;
	case JP_VARIABLE:
		buf_puts(out, "$");
		break;
	case JP_KEY:
		buf_puts(out, in_key ? "." : "");
		break;
	default:
		break;
	}
	json_print_string(i->s, out);
}

static void print_accessor(const JpItem *i, bool in_key, Buf *out)
{
	switch (i->kind) {
	case JP_ROOT:
		buf_puts(out, "$");
		return;
	case JP_CURRENT:
		buf_puts(out, "@");
		return;
	case JP_LAST:
		buf_puts(out, "last");
		return;
	case JP_ANY_KEY:
		buf_puts(out, in_key ? ".*" : "*");
		return;
	case JP_ANY_ARRAY:
		buf_puts(out, "[*]");
		return;
	case JP_INDEX_ARRAY:
		print_subscripts(i, out);
		return;
	case JP_ANY:
		buf_puts(out, in_key ? "." : "");
		print_levels(i, out);
		return;
	case JP_FILTER:
		print_around("?(", i->left, ")", out);
		return;
	case JP_DATETIME:
		buf_puts(out, ".datetime(");
		if (i->left)
			print_item(i->left, false, false, out);
		buf_puts(out, ")");
		return;
	default:
		buf_printf(out, ".%s()", jsonpath_word(i->kind));
	}
}

static void print_one(const JpItem *i, bool in_key, bool brackets, Buf *out)
{
	if (i->kind <= JP_VARIABLE || i->kind == JP_KEY)
		print_scalar(i, in_key, out);
	else if (i->kind < JP_OR || i->kind >= JP_TYPE)
		print_accessor(i, in_key, out);
	else if (i->kind == JP_NOT)
		print_around("!(", i->left, ")", out);
	else if (i->kind == JP_IS_UNKNOWN)
		print_around("(", i->left, ") is unknown", out);
	else if (i->kind == JP_EXISTS)
		print_around("exists (", i->left, ")", out);
	else
		print_operator(i, brackets, out);
}

static void print_item(const JpItem *i, bool in_key, bool brackets, Buf *out)
{
	print_one(i, in_key, brackets, out);
	while ((i = i->next))
		print_one(i, true, true, out);
}

void jsonpath_print(const JsonPath *p, Buf *out)
{
	buf_puts(out, p->strict ? "strict " : "");
	print_item(p->root, false, true, out);
}

/* ---- the type ---- */

static int jsonpath_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tree = arena_new();
	_cleanup_(buf_free) Buf b = { 0 };
	const JsonPath *p = jsonpath_parse(text, tree, err);
	if (!p)
		return -1;
	jsonpath_print(p, &b);
	*out = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	return 0;
}

static int jsonpath_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	if (bytes.n == 0)
		return err_set(err, "08P01", "no data left in message");
	if (bytes.p[0] != JSONPATH_VERSION)
		return err_set(err, "XX000", "unsupported jsonpath version number: %d", (unsigned char)bytes.p[0]);
	Str text = { bytes.p + 1, bytes.n - 1 };
	if (family_check_utf8(text, err) < 0)
		return -1;
	return jsonpath_in(t, typmod, text, env, a, out, err);
}

static int jsonpath_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	buf_put_u8(out, JSONPATH_VERSION);
	buf_put_str(out, v->s);
	return 0;
}

const TypeFamily family_jsonpath = { .in = jsonpath_in,
				     .out = family_text_out,
				     .recv = jsonpath_recv,
				     .send = jsonpath_send,
				     .compare = family_text_compare,
				     .storage = "TEXT" };
