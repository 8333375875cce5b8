/* Accessors, literals and the sequence of items. */
#include "pgtype/jsonpath_exec.h"

#include "pgtype/numeric.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_EVAL_DEPTH = 4000 };

static JpResult fill_error(JpExec *x, const char *sqlstate, const char *fmt, va_list ap)
{
	char message[1024];
	if (x->raised)
		return JP_FAILED;
	vsnprintf(message, sizeof message, fmt, ap);
	err_set(x->err, sqlstate, "%s", message);
	x->raised = true;
	return JP_FAILED;
}

JpResult jp_error(JpExec *x, const char *sqlstate, const char *fmt, ...)
{
	va_list ap;
	if (!x->throws)
		return JP_FAILED;
	va_start(ap, fmt);
	fill_error(x, sqlstate, fmt, ap);
	va_end(ap);
	return JP_FAILED;
}

JpResult jp_hard_error(JpExec *x, const char *sqlstate, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fill_error(x, sqlstate, fmt, ap);
	va_end(ap);
	return JP_FAILED;
}

Json *jp_sequence(JpExec *x)
{
	return json_new(JSON_ARRAY, x->a);
}

JpResult jp_next_item(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	if (i && i->next)
		return jp_item(x, i->next, v, found);
	if (found)
		json_append(found, (Json *)(uintptr_t)v, x->a);
	return JP_OK;
}

JpResult jp_item(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	return jp_item_unwrap(x, i, v, found, x->lax);
}

/* ---- all members, at one level or several ---- */

typedef struct Levels {
	const JpItem *next; /* applied to each; NULL: each is a result */
	uint32_t first, last;
	bool ignore_structure, unwrap_next;
} Levels;

static JpResult apply_to_member(JpExec *x, const Levels *l, const Json *v, Json *found)
{
	if (!l->next) {
		if (found)
			json_append(found, (Json *)(uintptr_t)v, x->a);
		return JP_OK;
	}
	bool saved = x->ignore_structure;
	x->ignore_structure |= l->ignore_structure;
	JpResult r = jp_item_unwrap(x, l->next, v, found, l->unwrap_next);
	x->ignore_structure = saved;
	return r;
}

static JpResult members(JpExec *x, const Levels *l, const Json *container, uint32_t level, Json *found)
{
	JpResult r = JP_NOT_FOUND;
	if (level > l->last)
		return r;
	for (size_t k = 0; k < container->n; k++) {
		const Json *v = container->kind == JSON_ARRAY ? container->items[k] : container->pairs[k].value;
		bool inner = v->kind == JSON_ARRAY || v->kind == JSON_OBJECT;
		if (level >= l->first || (l->first == JP_LEVEL_LAST && l->last == JP_LEVEL_LAST && !inner)) {
			r = apply_to_member(x, l, v, found);
			if (r == JP_FAILED || (r == JP_OK && !found))
				return r;
		}
		if (level < l->last && inner) {
			r = members(x, l, v, level + 1, found);
			if (r == JP_FAILED || (r == JP_OK && !found))
				return r;
		}
	}
	return r;
}

JpResult jp_unwrap_array(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	Levels l = { .next = i, .first = 1, .last = 1 };
	return members(x, &l, v, 1, found);
}

JpResult jp_item_result(JpExec *x, const JpItem *i, const Json *v, bool unwrap, Json *found)
{
	if (!unwrap || !x->lax)
		return jp_item(x, i, v, found);
	Json *seq = jp_sequence(x);
	JpResult r = jp_item(x, i, v, seq);
	if (r == JP_FAILED)
		return r;
	for (size_t k = 0; k < seq->n; k++) {
		if (seq->items[k]->kind == JSON_ARRAY)
			jp_unwrap_array(x, NULL, seq->items[k], found);
		else if (found)
			json_append(found, seq->items[k], x->a);
	}
	return JP_OK;
}

/* .* and [*] */
static JpResult all_members(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap)
{
	bool array = i->kind == JP_ANY_ARRAY;
	Levels l = { .next = i->next, .first = 1, .last = 1, .unwrap_next = x->lax };
	if (v->kind == (array ? JSON_ARRAY : JSON_OBJECT))
		return members(x, &l, v, 1, found);
	if (array && x->lax)
		return jp_next_item(x, i, v, found);
	if (!array && unwrap && v->kind == JSON_ARRAY)
		return jp_unwrap_array(x, i, v, found);
	if (x->ignore_structure)
		return JP_NOT_FOUND;
	return array ? jp_error(x, "22039", "jsonpath wildcard array accessor can only be applied to an array")
		     : jp_error(x, "2203C", "jsonpath wildcard member accessor can only be applied to an object");
}

/* .** */
static JpResult any_level(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	JpResult r = JP_NOT_FOUND;
	if (i->first == 0) {
		bool saved = x->ignore_structure;
		x->ignore_structure = true;
		r = jp_next_item(x, i, v, found);
		x->ignore_structure = saved;
		if (r == JP_OK && !found)
			return r;
	}
	Levels l = { .next = i->next, .first = i->first, .last = i->last, .ignore_structure = true, .unwrap_next = x->lax };
	return v->kind == JSON_ARRAY || v->kind == JSON_OBJECT ? members(x, &l, v, 1, found) : r;
}

static JpResult key(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap)
{
	if (v->kind == JSON_OBJECT) {
		const Json *member = json_get(v, i->s);
		if (member)
			return jp_next_item(x, i, member, found);
		return x->ignore_structure ? JP_NOT_FOUND
					   : jp_error(x, "2203A", "JSON object does not contain key \"%.*s\"", STR_ARG(i->s));
	}
	if (unwrap && v->kind == JSON_ARRAY)
		return jp_unwrap_array(x, i, v, found);
	return x->ignore_structure ? JP_NOT_FOUND : jp_error(x, "2203A", "jsonpath member accessor can only be applied to an object");
}

/* ---- subscripts ---- */

static JpResult array_index(JpExec *x, const JpItem *i, const Json *v, int64_t *out)
{
	Json *seq = jp_sequence(x);
	JpResult r = jp_item(x, i, v, seq);
	if (r == JP_FAILED)
		return r;
	if (seq->n != 1 || seq->items[0]->kind != JSON_NUMBER)
		return jp_error(x, "22033", "jsonpath array subscript is not a single numeric value");
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_read(seq->items[0]->s, &n);
	numeric_trunc(&n, 0, &n);
	if (numeric_to_int(&n, "integer", INT32_MIN, INT32_MAX, out, NULL) < 0)
		return jp_error(x, "22033", "jsonpath array subscript is out of integer range");
	return JP_OK;
}

static JpResult subscript(JpExec *x, const JpItem *i, const JpRange *range, const Json *v, Json *found)
{
	int64_t from, to, size = x->array_size;
	JpResult r = array_index(x, range->from, v, &from);
	to = from;
	if (r != JP_FAILED && range->to)
		r = array_index(x, range->to, v, &to);
	if (r == JP_FAILED)
		return r;
	if (!x->ignore_structure && (from < 0 || from > to || to >= size))
		return jp_error(x, "22033", "jsonpath array subscript is out of bounds");
	r = JP_NOT_FOUND;
	for (int64_t k = from < 0 ? 0 : from; k <= to && k < size; k++) {
		r = jp_next_item(x, i, v->kind == JSON_ARRAY ? v->items[k] : v, found);
		if (r == JP_FAILED || (r == JP_OK && !found))
			return r;
	}
	return r;
}

static JpResult index_array(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	if (v->kind != JSON_ARRAY && !x->lax)
		return x->ignore_structure ? JP_NOT_FOUND : jp_error(x, "22039", "jsonpath array accessor can only be applied to an array");
	int64_t saved = x->array_size;
	JpResult r = JP_NOT_FOUND;
	for (size_t k = 0; k < i->nsubs; k++) {
		x->array_size = v->kind == JSON_ARRAY ? (int64_t)v->n : 1;
		r = subscript(x, i, &i->subs[k], v, found);
		if (r == JP_FAILED || (r == JP_OK && !found))
			break;
	}
	x->array_size = saved;
	return r;
}

/* ---- what stands for itself ---- */

static JpResult with_base(JpExec *x, const JpItem *i, const Json *v, const Json *base, int base_id, Json *found)
{
	const Json *saved = x->base;
	int saved_id = x->base_id;
	x->base = base;
	x->base_id = base_id;
	JpResult r = jp_next_item(x, i, v, found);
	x->base = saved;
	x->base_id = saved_id;
	return r;
}

static JpResult literal(JpExec *x, const JpItem *i, Json *found)
{
	if (!i->next && !found)
		return JP_OK;
	if (i->kind == JP_VARIABLE) {
		const Json *v = x->call->vars ? json_get(x->call->vars, i->s) : NULL;
		if (!v)
			return jp_hard_error(x, "42704", "could not find jsonpath variable \"%.*s\"", STR_ARG(i->s));
		return with_base(x, i, v, x->call->vars, 1, found);
	}
	Json *v = json_new(i->kind == JP_NULL	   ? JSON_NULL
			   : i->kind == JP_BOOL	   ? JSON_BOOL
			   : i->kind == JP_NUMERIC ? JSON_NUMBER
						   : JSON_STRING,
			   x->a);
	v->b = i->b;
	v->s = i->s;
	if (i->kind == JP_LAST) {
		v->kind = JSON_NUMBER;
		v->s = str_of(arena_printf(x->a, "%lld", (long long)x->array_size - 1));
	}
	return jp_next_item(x, i, v, found);
}

static JpResult predicate_value(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	JpBool b = jp_bool(x, i, v);
	if (x->raised)
		return JP_FAILED;
	if (!i->next && !found)
		return JP_OK;
	Json *r = json_new(b == JP_UNKNOWN ? JSON_NULL : JSON_BOOL, x->a);
	r->b = b == JP_TRUE;
	return jp_next_item(x, i, r, found);
}

static JpResult filter(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap)
{
	if (unwrap && v->kind == JSON_ARRAY)
		return jp_unwrap_array(x, i, v, found);
	JpBool b = jp_bool_nested(x, i->left, v);
	if (x->raised)
		return JP_FAILED;
	return b == JP_TRUE ? jp_next_item(x, i, v, found) : JP_NOT_FOUND;
}

static JpResult apply(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap)
{
	switch (i->kind) {
	case JP_NULL:
	case JP_STRING:
	case JP_NUMERIC:
	case JP_BOOL:
	case JP_VARIABLE:
	case JP_LAST:
		return literal(x, i, found);
	case JP_ROOT:
		return with_base(x, i, x->call->doc, x->call->doc, 0, found);
	case JP_CURRENT:
		return jp_next_item(x, i, x->current, found);
	case JP_KEY:
		return key(x, i, v, found, unwrap);
	case JP_ANY_KEY:
	case JP_ANY_ARRAY:
		return all_members(x, i, v, found, unwrap);
	case JP_INDEX_ARRAY:
		return index_array(x, i, v, found);
	case JP_ANY:
		return any_level(x, i, v, found);
	case JP_FILTER:
		return filter(x, i, v, found, unwrap);
	case JP_ADD:
	case JP_SUB:
	case JP_MUL:
	case JP_DIV:
	case JP_MOD:
		return jp_arithmetic(x, i, v, found);
	case JP_PLUS:
	case JP_MINUS:
		return jp_sign(x, i, v, found);
	default:
		return i->kind >= JP_TYPE ? jp_method(x, i, v, found, unwrap) : predicate_value(x, i, v, found);
	}
}

JpResult jp_item_unwrap(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap)
{
	if (x->raised)
		return JP_FAILED;
	if (x->depth >= MAX_EVAL_DEPTH)
		return jp_hard_error(x, "54001", "stack depth limit exceeded");
	x->depth++;
	JpResult r = apply(x, i, v, found, unwrap);
	x->depth--;
	return r;
}

/* Moments leave as strings. */
static void finish(JpExec *x, Json *found)
{
	for (size_t k = 0; found && k < found->n; k++) {
		_cleanup_(buf_free) Buf b = { 0 };
		if (found->items[k]->kind != JSON_DATETIME)
			continue;
		jp_date_print((const JpDate *)found->items[k], &b);
		found->items[k] = json_new_string((Str){ arena_strndup(x->a, (const char *)b.data, b.len), b.len }, x->a);
	}
}

JpResult jsonpath_run(const JsonPath *p, const JpCall *call, Json *found, bool *raised, Error *err)
{
	JpExec x = { .call = call,
		     .a = call->a,
		     .current = call->doc,
		     .base = call->doc,
		     .last_id = call->vars ? 2 : 1,
		     .array_size = -1,
		     .lax = !p->strict,
		     .ignore_structure = !p->strict,
		     .throws = !call->silent,
		     .err = err };
	/* In strict mode an error anywhere counts, so every value must be looked at. */
	Json *all = !found && p->strict ? jp_sequence(&x) : found;
	JpResult r = jp_item(&x, p->root, call->doc, all);
	if (x.raised)
		r = JP_FAILED;
	else if (r != JP_FAILED && all && !found)
		r = all->n ? JP_OK : JP_NOT_FOUND;
	*raised = x.raised;
	finish(&x, found);
	return r;
}
