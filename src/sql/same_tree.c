/* Subqueries that were written alike: of libpg_query's trees everything is compared but where it stands in the text. */
#include "sql/query.h"

#include <string.h>

enum { MAX_DEPTH = 1000 };

static bool same_message(const ProtobufCMessage *x, const ProtobufCMessage *y, int depth);

static size_t scalar_size(ProtobufCType t)
{
	switch (t) {
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	default:
		return 4;
	}
}

static bool same_bytes(const ProtobufCBinaryData *x, const ProtobufCBinaryData *y)
{
	return x->len == y->len && (!x->len || memcmp(x->data, y->data, x->len) == 0);
}

static bool same_text(const char *x, const char *y)
{
	return x == y || (x && y && strcmp(x, y) == 0);
}

/* One value, each at its place in the message or in an array. */
static bool same_value(ProtobufCType type, const char *x, const char *y, int depth)
{
	switch (type) {
	case PROTOBUF_C_TYPE_MESSAGE:
		return same_message(*(ProtobufCMessage *const *)(const void *)x, *(ProtobufCMessage *const *)(const void *)y, depth);
	case PROTOBUF_C_TYPE_STRING:
		return same_text(*(char *const *)(const void *)x, *(char *const *)(const void *)y);
	case PROTOBUF_C_TYPE_BYTES:
		return same_bytes((const ProtobufCBinaryData *)(const void *)x, (const ProtobufCBinaryData *)(const void *)y);
	default:
		return memcmp(x, y, scalar_size(type)) == 0;
	}
}

static bool same_items(const ProtobufCFieldDescriptor *f, const char *x, const char *y, size_t n, int depth)
{
	size_t size = f->type == PROTOBUF_C_TYPE_MESSAGE || f->type == PROTOBUF_C_TYPE_STRING ? sizeof(void *)
		      : f->type == PROTOBUF_C_TYPE_BYTES				      ? sizeof(ProtobufCBinaryData)
											      : scalar_size(f->type);
	const char *px = *(char *const *)(const void *)(x + f->offset), *py = *(char *const *)(const void *)(y + f->offset);
	for (size_t i = 0; i < n; i++)
		if (!same_value(f->type, px + i * size, py + i * size, depth))
			return false;
	return true;
}

static bool is_place(const char *field)
{
	const char *end = strrchr(field, '_');
	return strcmp(end ? end + 1 : field, "location") == 0 || strcmp(field, "stmt_len") == 0;
}

static bool same_field(const ProtobufCFieldDescriptor *f, const char *x, const char *y, int depth)
{
	if (is_place(f->name))
		return true;
	bool one_of = f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t nx = *(const size_t *)(const void *)(x + f->quantifier_offset);
		return nx == *(const size_t *)(const void *)(y + f->quantifier_offset) && same_items(f, x, y, nx, depth);
	}
	if (one_of) {
		uint32_t set = *(const uint32_t *)(const void *)(x + f->quantifier_offset);
		if (set != *(const uint32_t *)(const void *)(y + f->quantifier_offset))
			return false;
		if (set != f->id)
			return true;
	}
	return same_value(f->type, x + f->offset, y + f->offset, depth);
}

static bool same_message(const ProtobufCMessage *x, const ProtobufCMessage *y, int depth)
{
	if (x == y)
		return true;
	if (!x || !y || x->descriptor != y->descriptor || depth == MAX_DEPTH)
		return false;
	for (unsigned i = 0; i < x->descriptor->n_fields; i++)
		if (!same_field(&x->descriptor->fields[i], (const char *)x, (const char *)y, depth + 1))
			return false;
	return true;
}

typedef struct Sublinks {
	Expr *items[16];
	size_t n;
} Sublinks;

static bool note_sublink(Expr *x, void *arg)
{
	Sublinks *l = arg;
	if (x->kind != X_SUBLINK)
		return true;
	if (l->n < ARRAY_LEN(l->items))
		l->items[l->n] = x;
	l->n++;
	return false;
}

static bool same_sublink(const Expr *x, const Expr *y)
{
	const void *px = x->query->parsed, *py = y->query->parsed;
	return x->query == y->query || (x->sublink == y->sublink && px && py && same_message(px, py, 0));
}

bool expr_same(const Expr *x, Expr *y)
{
	Sublinks lx = { 0 }, ly = { 0 };
	Query *own[ARRAY_LEN(lx.items)];
	if (expr_equal(x, y))
		return true;
	expr_walk((Expr *)x, note_sublink, &lx);
	expr_walk(y, note_sublink, &ly);
	if (!lx.n || lx.n != ly.n || lx.n > ARRAY_LEN(lx.items))
		return false;
	for (size_t i = 0; i < lx.n; i++)
		if (!same_sublink(lx.items[i], ly.items[i]))
			return false;
	for (size_t i = 0; i < ly.n; i++) {
		own[i] = ly.items[i]->query;
		ly.items[i]->query = lx.items[i]->query;
	}
	bool same = expr_equal(x, y);
	for (size_t i = 0; i < ly.n && !same; i++)
		ly.items[i]->query = own[i];
	return same;
}
