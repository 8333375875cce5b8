#include "pgtype/family.h"
#include "pgtype/ts.h"

#include <ctype.h>

enum { MAX_DEPTH = 1000, MAX_OPERANDS = 10000 };

typedef struct Parser {
	TsReader r;
	int depth;
	size_t count;
} Parser;

TsNode *ts_node(TsqKind kind, TsNode *left, TsNode *right, Arena *a)
{
	TsNode *n = arena_new_of(a, TsNode);
	*n = (TsNode){ .kind = kind, .left = left, .right = right, .distance = kind == TSQ_PHRASE };
	return n;
}

TsNode *ts_join(TsqKind kind, int distance, TsNode *left, TsNode *right, Arena *a)
{
	if (!left || !right)
		return left ? left : right;
	TsNode *n = ts_node(kind, left, right, a);
	n->distance = distance;
	return n;
}

int ts_check_distance(int64_t distance, Error *err)
{
	if (distance >= 0 && distance <= TS_MAX_DISTANCE)
		return 0;
	return err_set(err, "22023", "distance in phrase operator must be an integer value between zero and %d inclusive", TS_MAX_DISTANCE);
}

/* ---- reading ---- */

static void blanks(Parser *p)
{
	while (p->r.p < p->r.end && isspace((unsigned char)*p->r.p))
		p->r.p++;
}

static bool at(Parser *p, char c)
{
	blanks(p);
	return p->r.p < p->r.end && *p->r.p == c;
}

static TsNode *error(Parser *p, const char *what)
{
	err_set(p->r.err, "42601", "%s in tsquery: \"%.*s\"", what, STR_ARG(p->r.text));
	return NULL;
}

static TsNode *parse_or(Parser *p);

static void flags(Parser *p, TsNode *n)
{
	if (p->r.p == p->r.end || *p->r.p != ':')
		return;
	for (p->r.p++; p->r.p < p->r.end; p->r.p++) {
		int w = ts_weight(*p->r.p);
		if (w >= 0)
			n->weights |= 1u << w;
		else if (*p->r.p == '*')
			n->prefix = true;
		else
			return;
	}
}

static TsNode *operand(Parser *p)
{
	TsLexeme l;
	blanks(p);
	if (p->r.p == p->r.end)
		return error(p, "no operand");
	if (++p->count > MAX_OPERANDS)
		return err_set(p->r.err, "54000", "tsquery is too large"), NULL;
	if (at(p, '(')) {
		p->r.p++;
		TsNode *n = parse_or(p);
		if (n && !at(p, ')'))
			return error(p, "syntax error");
		p->r.p += n != NULL;
		return n;
	}
	int rc = at(p, ':') ? -2 : ts_read_word(&p->r, &l);
	if (rc == -2)
		return error(p, "syntax error");
	if (rc < 0)
		return NULL;
	TsNode *n = ts_node(TSQ_VAL, NULL, NULL, p->r.a);
	n->s = l.s;
	flags(p, n);
	return n;
}

static TsNode *parse_not(Parser *p)
{
	TsNode *n;
	if (++p->depth > MAX_DEPTH)
		return err_set(p->r.err, "54001", "stack depth limit exceeded"), NULL;
	if (at(p, '!')) {
		p->r.p++;
		n = parse_not(p);
		n = n ? ts_node(TSQ_NOT, NULL, n, p->r.a) : NULL;
	} else {
		n = operand(p);
	}
	p->depth--;
	return n;
}

/* <-> or <n>: 1 and the distance, 0 when something else stands here, -1 error. */
static int phrase_operator(Parser *p, int *distance)
{
	if (!at(p, '<'))
		return 0;
	const char *q = p->r.p + 1;
	int64_t d = 0;
	if (q + 1 < p->r.end && q[0] == '-' && q[1] == '>') {
		*distance = 1;
		p->r.p = q + 2;
		return 1;
	}
	const char *digits = q;
	for (; q < p->r.end && isdigit((unsigned char)*q); q++)
		d = d > TS_MAX_DISTANCE ? d : d * 10 + (*q - '0');
	if (q == digits || q == p->r.end || *q != '>')
		return 0;
	*distance = (int)d;
	p->r.p = q + 1;
	return ts_check_distance(d, p->r.err) < 0 ? -1 : 1;
}

static TsNode *parse_phrase(Parser *p)
{
	TsNode *left = parse_not(p);
	int distance = 1, rc = 0;
	while (left && (rc = phrase_operator(p, &distance)) > 0) {
		TsNode *right = parse_not(p);
		if (!right)
			return NULL;
		left = ts_join(TSQ_PHRASE, distance, left, right, p->r.a);
	}
	return rc < 0 ? NULL : left;
}

static TsNode *parse_and(Parser *p)
{
	TsNode *left = parse_phrase(p);
	while (left && at(p, '&')) {
		p->r.p++;
		TsNode *right = parse_phrase(p);
		if (!right)
			return NULL;
		left = ts_node(TSQ_AND, left, right, p->r.a);
	}
	return left;
}

static TsNode *parse_or(Parser *p)
{
	TsNode *left = parse_and(p);
	while (left && at(p, '|')) {
		p->r.p++;
		TsNode *right = parse_and(p);
		if (!right)
			return NULL;
		left = ts_node(TSQ_OR, left, right, p->r.a);
	}
	return left;
}

int ts_query_parse(Str text, Arena *a, TsNode **out, Error *err)
{
	Parser p = { .r = { .p = text.p, .end = text.p + text.n, .query = true, .a = a, .err = err, .text = text } };
	*out = NULL;
	blanks(&p);
	if (p.r.p == p.r.end)
		return 0;
	*out = parse_or(&p);
	if (!*out)
		return -1;
	blanks(&p);
	return p.r.p == p.r.end ? 0 : (error(&p, "syntax error"), -1);
}

/* ---- printing ---- */

static int priority(TsqKind k)
{
	static const int of[] = { [TSQ_OR] = 1, [TSQ_AND] = 2, [TSQ_PHRASE] = 3, [TSQ_NOT] = 4 };
	return of[k];
}

static void print_value(const TsNode *q, Buf *out)
{
	buf_put_u8(out, '\'');
	for (size_t i = 0; i < q->s.n; i++) {
		if (q->s.p[i] == '\'' || q->s.p[i] == '\\')
			buf_put_u8(out, (uint8_t)q->s.p[i]);
		buf_put_u8(out, (uint8_t)q->s.p[i]);
	}
	buf_put_u8(out, '\'');
	if (q->prefix || q->weights)
		buf_puts(out, q->prefix ? ":*" : ":");
	for (int w = 3; w >= 0; w--)
		if (q->weights & 1u << w)
			buf_put_u8(out, (uint8_t) "DCBA"[w]);
}

static void print(const TsNode *q, int outer, bool right_of_phrase, Buf *out)
{
	if (q->kind == TSQ_VAL) {
		print_value(q, out);
		return;
	}
	int own = priority(q->kind);
	bool parens = own < outer || (q->kind == TSQ_PHRASE && right_of_phrase);
	buf_puts(out, parens ? "( " : "");
	if (q->kind == TSQ_NOT) {
		buf_puts(out, "!");
	} else {
		print(q->left, own, false, out);
		if (q->kind == TSQ_PHRASE && q->distance != 1)
			buf_printf(out, " <%d> ", q->distance);
		else
			buf_puts(out, q->kind == TSQ_PHRASE ? " <-> " : q->kind == TSQ_AND ? " & " : " | ");
	}
	print(q->right, own, q->kind == TSQ_PHRASE, out);
	buf_puts(out, parens ? " )" : "");
}

void ts_query_print(const TsNode *q, Buf *out)
{
	if (q)
		print(q, -1, false, out);
}

size_t ts_query_nodes(const TsNode *q)
{
	return q ? 1 + ts_query_nodes(q->left) + ts_query_nodes(q->right) : 0;
}

/* PostgreSQL drops every NOT, and with it the OR that it is part of: then everything must be looked at. */
static const TsNode *searchable(const TsNode *q, Arena *a, bool *everything)
{
	bool l = false, r = false;
	if (q->kind == TSQ_VAL)
		return q;
	if (q->kind == TSQ_NOT) {
		*everything = true;
		return NULL;
	}
	const TsNode *left = searchable(q->left, a, &l), *right = searchable(q->right, a, &r);
	if (q->kind == TSQ_OR ? l || r : l && r) {
		*everything = true;
		return NULL;
	}
	return ts_join(q->kind, q->distance, (TsNode *)(uintptr_t)left, (TsNode *)(uintptr_t)right, a);
}

void ts_query_tree(const TsNode *q, Arena *a, Buf *out)
{
	bool everything = false;
	const TsNode *s = q ? searchable(q, a, &everything) : NULL;
	if (everything)
		buf_puts(out, "T");
	else
		ts_query_print(s, out);
}

/* ---- comparing ---- */

static size_t text_bytes(const TsNode *q)
{
	return q ? (q->kind == TSQ_VAL ? q->s.n + 1 : 0) + text_bytes(q->left) + text_bytes(q->right) : 0;
}

/* PostgreSQL's numbers of the operators. */
static int operator_number(TsqKind k)
{
	return k == TSQ_NOT ? 1 : k == TSQ_AND ? 2 : k == TSQ_OR ? 3 : 4;
}

/* PostgreSQL keeps a checksum of each word, and orders by it: a CRC-32 whose shift goes the other way round than its table is made for. */
static int32_t word_checksum(Str s)
{
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < s.n; i++) {
		uint32_t entry = (crc >> 24 ^ (unsigned char)s.p[i]) & 0xFF;
		for (int bit = 0; bit < 8; bit++)
			entry = entry >> 1 ^ (entry & 1 ? 0xEDB88320 : 0);
		crc = entry ^ crc << 8;
	}
	return (int32_t)~crc;
}

static int compare_words(Str x, Str y)
{
	int32_t cx = word_checksum(x), cy = word_checksum(y);
	return cx != cy ? cx > cy ? -1 : 1 : ts_compare_bytes(x, y);
}

static int compare_nodes(const TsNode *x, const TsNode *y)
{
	bool vx = x->kind == TSQ_VAL, vy = y->kind == TSQ_VAL;
	if (vx != vy)
		return vx ? 1 : -1; /* operators have the higher item type, and what is higher comes first */
	if (vx)
		return compare_words(x->s, y->s);
	if (x->kind != y->kind)
		return operator_number(x->kind) > operator_number(y->kind) ? -1 : 1;
	int c = compare_nodes(x->right, y->right);
	if (c == 0 && x->left)
		c = compare_nodes(x->left, y->left);
	if (c == 0 && x->kind == TSQ_PHRASE && x->distance != y->distance)
		c = x->distance > y->distance ? -1 : 1;
	return c;
}

int ts_query_compare(const TsNode *x, const TsNode *y)
{
	size_t nx = ts_query_nodes(x), ny = ts_query_nodes(y), bx = text_bytes(x), by = text_bytes(y);
	if (nx != ny)
		return nx < ny ? -1 : 1;
	if (bx != by)
		return bx < by ? -1 : 1;
	return nx ? compare_nodes(x, y) : 0;
}

/* ---- the type ---- */

static Val stored(const TsNode *q, Arena *a)
{
	_cleanup_(buf_free) Buf b = { 0 };
	ts_query_print(q, &b);
	return val_text((Str){ arena_strndup(a, b.data ? (const char *)b.data : "", b.len), b.len });
}

static int query_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	TsNode *q;
	if (ts_query_parse(text, tmp, &q, err) < 0)
		return -1;
	*out = stored(q, a);
	return 0;
}

enum { ITEM_VALUE = 1, ITEM_OPERATOR = 2 };

static void send_node(const TsNode *q, Buf *out)
{
	if (q->kind == TSQ_VAL) {
		buf_put_u8(out, ITEM_VALUE);
		buf_put_u8(out, (uint8_t)q->weights);
		buf_put_u8(out, q->prefix);
		buf_put_str(out, q->s);
		buf_put_u8(out, 0);
		return;
	}
	buf_put_u8(out, ITEM_OPERATOR);
	buf_put_u8(out, (uint8_t)operator_number(q->kind));
	if (q->kind == TSQ_PHRASE)
		buf_put_u16(out, (uint16_t)q->distance);
	send_node(q->right, out);
	if (q->left)
		send_node(q->left, out);
}

/* Its words stand between numbers that look like characters. */
static int only_utf8(const TypeEnv *env, Error *err)
{
	return env->client ? err_refuse(err, 0, "tsquery in binary is available for the client encoding UTF8 only in SQLite mode") : 0;
}

static int query_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	TsNode *q;
	if (only_utf8(env, err) < 0 || ts_query_parse(v->s, tmp, &q, err) < 0)
		return -1;
	buf_put_u32(out, (uint32_t)ts_query_nodes(q));
	if (q)
		send_node(q, out);
	return 0;
}

static int malformed(Error *err)
{
	return err_set(err, "XX000", "malformed tsquery");
}

static int recv_value(Str *b, TsNode *n, Error *err)
{
	const char *nul = b->n > 2 ? memchr(b->p + 2, 0, b->n - 2) : NULL;
	if (!nul || (unsigned char)b->p[0] > 0xF || nul - b->p - 2 >= TS_MAX_LEXEME)
		return malformed(err);
	n->kind = TSQ_VAL;
	n->weights = (unsigned char)b->p[0];
	n->prefix = b->p[1];
	n->s = (Str){ b->p + 2, (size_t)(nul - b->p - 2) };
	b->n -= (size_t)(nul + 1 - b->p);
	b->p = nul + 1;
	return family_check_utf8(n->s, err);
}

static TsNode *recv_node(Str *b, int depth, Arena *a, Error *err)
{
	static const TsqKind kinds[] = { TSQ_VAL, TSQ_NOT, TSQ_AND, TSQ_OR, TSQ_PHRASE };
	TsNode *n = arena_new_of(a, TsNode);
	if (b->n < 2 || depth > MAX_DEPTH)
		return malformed(err), NULL;
	uint8_t item = (uint8_t)*b->p++;
	b->n--;
	if (item == ITEM_VALUE)
		return recv_value(b, n, err) < 0 ? NULL : n;
	uint8_t op = (uint8_t)*b->p++;
	b->n--;
	if (item != ITEM_OPERATOR || op < 1 || op > 4 || (op == 4 && b->n < 2))
		return malformed(err), NULL;
	n->kind = kinds[op];
	if (op == 4) {
		n->distance = get_u16(b->p);
		b->p += 2;
		b->n -= 2;
	}
	if (!(n->right = recv_node(b, depth + 1, a, err)))
		return NULL;
	if (n->kind != TSQ_NOT && !(n->left = recv_node(b, depth + 1, a, err)))
		return NULL;
	return n;
}

static int query_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	if (only_utf8(env, err) < 0)
		return -1;
	if (bytes.n < 4)
		return err_set(err, "08P01", "insufficient data left in message");
	uint32_t count = get_u32(bytes.p);
	Str rest = { bytes.p + 4, bytes.n - 4 };
	TsNode *q = count ? recv_node(&rest, 0, tmp, err) : NULL;
	if (count && !q)
		return -1;
	if (rest.n || ts_query_nodes(q) != count)
		return malformed(err);
	*out = stored(q, a);
	return 0;
}

static int query_compare(const PgType *t, const Val *x, const Val *y)
{
	_cleanup_(arena_freep) Arena *tmp = arena_new();
	TsNode *p, *q;
	if (ts_query_parse(x->s, tmp, &p, NULL) < 0 || ts_query_parse(y->s, tmp, &q, NULL) < 0)
		return family_text_compare(t, x, y);
	return ts_query_compare(p, q);
}

const TypeFamily family_tsquery = { .in = query_in,
				    .out = family_text_out,
				    .recv = query_recv,
				    .send = query_send,
				    .compare = query_compare,
				    .storage = "TEXT",
				    .collation = "pgtsquery" };
