#include "pgtype/json.h"
#include "pgtype/numeric.h"

Json *json_new(JsonKind kind, Arena *a)
{
	Json *j = arena_new_of(a, Json);
	j->kind = kind;
	return j;
}

Json *json_new_string(Str s, Arena *a)
{
	Json *j = json_new(JSON_STRING, a);
	j->s = s;
	return j;
}

Json *json_new_bool(bool b, Arena *a)
{
	Json *j = json_new(JSON_BOOL, a);
	j->b = b;
	return j;
}

/* Arena memory does not shrink or move: doubling keeps what is left behind small. */
static void *grown(const void *old, size_t n, size_t *cap, size_t size, Arena *a)
{
	*cap = *cap ? *cap * 2 : 4;
	void *p = arena_alloc(a, *cap * size);
	if (n)
		memcpy(p, old, n * size);
	return p;
}

void json_append(Json *array, Json *item, Arena *a)
{
	if (array->n == array->cap)
		array->items = grown(array->items, array->n, &array->cap, sizeof *array->items, a);
	array->items[array->n++] = item;
}

void json_add_pair(Json *object, Str key, Json *value, Arena *a)
{
	if (object->n == object->cap)
		object->pairs = grown(object->pairs, object->n, &object->cap, sizeof *object->pairs, a);
	object->pairs[object->n++] = (JsonPair){ key, value };
}

static int compare_bytes(Str x, Str y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int c = n ? memcmp(x.p, y.p, n) : 0;
	return c ? c : (x.n > y.n) - (x.n < y.n);
}

static int compare_keys(Str x, Str y)
{
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return x.n ? memcmp(x.p, y.p, x.n) : 0;
}

typedef struct Ordered {
	JsonPair pair;
	size_t at;
} Ordered;

static int compare_ordered(const void *x, const void *y)
{
	const Ordered *a = x, *b = y;
	int c = compare_keys(a->pair.key, b->pair.key);
	return c ? c : (a->at > b->at) - (a->at < b->at);
}

void json_sort_keys(Json *o)
{
	bool sorted = true;
	for (size_t i = 1; i < o->n && sorted; i++)
		sorted = compare_keys(o->pairs[i - 1].key, o->pairs[i].key) < 0;
	if (sorted)
		return;
	Ordered *tmp = mem_alloc(o->n * sizeof *tmp);
	for (size_t i = 0; i < o->n; i++)
		tmp[i] = (Ordered){ o->pairs[i], i };
	qsort(tmp, o->n, sizeof *tmp, compare_ordered);
	size_t n = 0;
	for (size_t i = 0; i < o->n; i++)
		if (i + 1 == o->n || compare_keys(tmp[i].pair.key, tmp[i + 1].pair.key) != 0)
			o->pairs[n++] = tmp[i].pair;
	o->n = n;
	free(tmp);
}

Json *json_get(const Json *object, Str key)
{
	for (size_t i = object->n; i-- > 0;)
		if (str_eq(object->pairs[i].key, key))
			return object->pairs[i].value;
	return NULL;
}

Json *json_at(const Json *array, int64_t index)
{
	if (index < 0)
		index += (int64_t)array->n;
	return index >= 0 && (uint64_t)index < array->n ? array->items[index] : NULL;
}

const char *json_kind_name(JsonKind k)
{
	static const char *const names[] = { "null", "string", "number", "boolean", "array", "object" };
	return names[k];
}

/* ---- printing ---- */

void json_print_string(Str s, Buf *out)
{
	static const char plain[] = "\b\f\n\r\t\"\\", letter[] = "bfnrt\"\\";
	buf_put_u8(out, '"');
	for (size_t i = 0, from = 0; i <= s.n; i++) {
		unsigned char c = i < s.n ? (unsigned char)s.p[i] : 0;
		if (i < s.n && c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_put(out, s.p + from, i - from);
		from = i + 1;
		const char *at = c ? strchr(plain, c) : NULL;
		if (at)
			buf_printf(out, "\\%c", letter[at - plain]);
		else if (i < s.n)
			buf_printf(out, "\\u%04x", c);
	}
	buf_put_u8(out, '"');
}

static void print_scalar(const Json *j, Buf *out)
{
	if (j->kind == JSON_STRING)
		json_print_string(j->s, out);
	else if (j->kind == JSON_NUMBER)
		buf_put_str(out, j->s);
	else
		buf_puts(out, j->kind == JSON_NULL ? "null" : j->b ? "true" : "false");
}

/* level < 0 prints on one line */
static void print_node(const Json *j, int level, Buf *out)
{
	if (j->kind < JSON_ARRAY) {
		print_scalar(j, out);
		return;
	}
	bool array = j->kind == JSON_ARRAY;
	int inner = level < 0 ? -1 : level + 1;
	buf_put_u8(out, array ? '[' : '{');
	for (size_t i = 0; i < j->n; i++) {
		if (i)
			buf_puts(out, level < 0 ? ", " : ",");
		if (level >= 0)
			buf_printf(out, "\n%*s", inner * 4, "");
		if (!array) {
			json_print_string(j->pairs[i].key, out);
			buf_puts(out, ": ");
		}
		print_node(array ? j->items[i] : j->pairs[i].value, inner, out);
	}
	if (level >= 0)
		buf_printf(out, "\n%*s", level * 4, "");
	buf_put_u8(out, array ? ']' : '}');
}

void json_print(const Json *j, Buf *out)
{
	print_node(j, -1, out);
}

void json_print_pretty(const Json *j, Buf *out)
{
	print_node(j, 0, out);
}

/* ---- order and containment ---- */

static int compare_scalars(const Json *x, const Json *y)
{
	switch (x->kind) {
	case JSON_STRING:
		return compare_bytes(x->s, y->s);
	case JSON_NUMBER:
		return numeric_compare_text(x->s, y->s);
	case JSON_BOOL:
		return (int)x->b - (int)y->b;
	default:
		return 0;
	}
}

static int compare_nodes(const Json *x, const Json *y)
{
	int c = 0;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->kind < JSON_ARRAY)
		return compare_scalars(x, y);
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	for (size_t i = 0; i < x->n && c == 0; i++) {
		if (x->kind == JSON_ARRAY) {
			c = compare_nodes(x->items[i], y->items[i]);
			continue;
		}
		c = compare_bytes(x->pairs[i].key, y->pairs[i].key);
		if (c == 0)
			c = compare_nodes(x->pairs[i].value, y->pairs[i].value);
	}
	return c;
}

/* A document that is a scalar counts as an array of one, a little less than the real one. */
int json_compare(const Json *x, const Json *y)
{
	bool sx = x->kind < JSON_ARRAY, sy = y->kind < JSON_ARRAY;
	if (sx == sy)
		return compare_nodes(x, y);
	const Json *other = sx ? y : x;
	int scalar_is_less = other->kind == JSON_OBJECT || other->n >= 1 ? -1 : 1;
	return sx ? scalar_is_less : -scalar_is_less;
}

static bool contains_node(const Json *x, const Json *y)
{
	if (x->kind != y->kind)
		return false;
	if (x->kind < JSON_ARRAY)
		return compare_scalars(x, y) == 0;
	for (size_t i = 0; i < y->n; i++) {
		bool found = false;
		if (x->kind == JSON_OBJECT) {
			const Json *v = json_get(x, y->pairs[i].key);
			found = v && contains_node(v, y->pairs[i].value);
		} else {
			for (size_t k = 0; k < x->n && !found; k++)
				found = contains_node(x->items[k], y->items[i]);
		}
		if (!found)
			return false;
	}
	return true;
}

bool json_contains(const Json *x, const Json *y)
{
	if (x->kind == JSON_ARRAY && y->kind < JSON_ARRAY) {
		for (size_t i = 0; i < x->n; i++)
			if (contains_node(x->items[i], y))
				return true;
		return false;
	}
	return contains_node(x, y);
}
