/* Methods and arithmetic. */
#include "pgtype/jsonpath_exec.h"

#include "pgtype/numeric.h"

#include <math.h>

static Json *number_of(JpExec *x, const Numeric *n)
{
	_cleanup_(buf_free) Buf b = { 0 };
	Json *j = json_new(JSON_NUMBER, x->a);
	numeric_print(n, &b);
	j->s = (Str){ arena_strndup(x->a, (const char *)b.data, b.len), b.len };
	return j;
}

/* ---- operators ---- */

static JpResult operand(JpExec *x, const JpItem *i, const Json *seq, const char *side, Numeric *out)
{
	if (seq->n != 1 || seq->items[0]->kind != JSON_NUMBER)
		return jp_error(x, "22038", "%s operand of jsonpath operator %s is not a single numeric value", side,
				jsonpath_word(i->kind));
	numeric_read(seq->items[0]->s, out);
	return JP_OK;
}

JpResult jp_arithmetic(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	static int (*const ops[])(const Numeric *, const Numeric *, Numeric *, Error *) = { numeric_add, numeric_sub, numeric_mul,
											    numeric_div, numeric_mod };
	_cleanup_(numeric_clear) Numeric p;
	_cleanup_(numeric_clear) Numeric q;
	Json *left = jp_sequence(x), *right = jp_sequence(x);
	Error err;
	numeric_init(&p);
	numeric_init(&q);
	if (jp_item_result(x, i->left, v, true, left) == JP_FAILED || jp_item_result(x, i->right, v, true, right) == JP_FAILED ||
	    operand(x, i, left, "left", &p) == JP_FAILED || operand(x, i, right, "right", &q) == JP_FAILED)
		return JP_FAILED;
	if (ops[i->kind - JP_ADD](&p, &q, &p, &err) < 0)
		return jp_error(x, err.sqlstate, "%s", err.message);
	if (!i->next && !found)
		return JP_OK;
	return jp_next_item(x, i, number_of(x, &p), found);
}

static Json *negative(JpExec *x, const Json *v)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_read(v->s, &n);
	numeric_neg(&n, &n);
	return number_of(x, &n);
}

JpResult jp_sign(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	Json *seq = jp_sequence(x);
	JpResult r = jp_item_result(x, i->left, v, true, seq), result = JP_NOT_FOUND;
	if (r == JP_FAILED)
		return r;
	for (size_t k = 0; k < seq->n; k++) {
		const Json *e = seq->items[k];
		bool number = e->kind == JSON_NUMBER;
		if (!found && !i->next) {
			if (number)
				return JP_OK;
			continue;
		}
		if (!number)
			return jp_error(x, "2203B", "operand of unary jsonpath operator %s is not a numeric value", jsonpath_word(i->kind));
		r = jp_next_item(x, i, i->kind == JP_MINUS ? negative(x, e) : e, found);
		if (r == JP_FAILED || (r == JP_OK && !found))
			return r;
		result = r == JP_OK ? r : result;
	}
	return result;
}

/* ---- methods of numbers ---- */

static JpResult numeric_method(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	if (v->kind != JSON_NUMBER)
		return jp_error(x, "22036", "jsonpath item method .%s() can only be applied to a numeric value", jsonpath_word(i->kind));
	numeric_read(v->s, &n);
	if (i->kind == JP_ABS)
		numeric_abs(&n, &n);
	else if (i->kind == JP_FLOOR)
		numeric_floor(&n, &n);
	else
		numeric_ceil(&n, &n);
	return jp_next_item(x, i, number_of(x, &n), found);
}

static JpResult to_double(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	Val d;
	const char *word = jsonpath_word(i->kind);
	if (v->kind != JSON_NUMBER && v->kind != JSON_STRING)
		return jp_error(x, "22036", "jsonpath item method .%s() can only be applied to a string or numeric value", word);
	bool bad = type_in(pgtype_builtin(701), -1, v->s, x->call->env, x->a, &d, NULL) < 0 || d.kind != VAL_REAL || isinf(d.r);
	if (bad && v->kind == JSON_NUMBER)
		return jp_error(x, "22036", "numeric argument of jsonpath item method .%s() is out of range for type double precision",
				word);
	if (bad)
		return jp_error(x, "22036",
				"string argument of jsonpath item method .%s() is not a valid representation of a double precision number",
				word);
	if (v->kind == JSON_NUMBER)
		return jp_next_item(x, i, v, found);
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_from_float8(d.r, 15, &n);
	return jp_next_item(x, i, number_of(x, &n), found);
}

/* ---- keyvalue ---- */

/* An id is the object's place in PostgreSQL's binary form of the document, so its sizes must be counted. */
static size_t numeric_size(Str text)
{
	_cleanup_(numeric_clear) Numeric n;
	numeric_init(&n);
	numeric_read(text, &n);
	if (numeric_sign(&n) == 0)
		return n.scale <= 63 ? 6 : 8;
	/* digits in base 10000, aligned at the point, without zeros at either end */
	int weight, first;
	numeric_first_digit(&n, &weight, &first);
	mpz_t z;
	mpz_init_set(z, n.coef);
	int pad = (4 - n.scale % 4) % 4, low = -((n.scale + pad) / 4);
	numeric_scale_up(z, pad);
	while (mpz_divisible_ui_p(z, 10000)) {
		mpz_divexact_ui(z, z, 10000);
		low++;
	}
	mpz_clear(z);
	bool brief = n.scale <= 63 && weight >= -64 && weight <= 63;
	return 4 + (brief ? 2 : 4) + 2 * (size_t)(weight - low + 1);
}

static size_t aligned(size_t at)
{
	return (at + 3) & ~(size_t)3;
}

/* The end of a value that is put at `at`. When it holds the object that is looked for, *where is its place. */
static size_t value_end(const Json *v, size_t at, const Json *wanted, size_t *where)
{
	switch (v->kind) {
	case JSON_STRING:
		return at + v->s.n;
	case JSON_NUMBER:
		return aligned(at) + numeric_size(v->s);
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	default:
		return at;
	}
	at = aligned(at);
	if (v == wanted)
		*where = at;
	at += 4 + v->n * (v->kind == JSON_OBJECT ? 8 : 4);
	for (size_t k = 0; v->kind == JSON_OBJECT && k < v->n; k++)
		at += v->pairs[k].key.n;
	for (size_t k = 0; k < v->n; k++)
		at = value_end(v->kind == JSON_OBJECT ? v->pairs[k].value : v->items[k], at, wanted, where);
	return at;
}

static JpResult keyvalue(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	size_t where = 0;
	if (v->kind != JSON_OBJECT)
		return jp_error(x, "2203C", "jsonpath item method .%s() can only be applied to an object", jsonpath_word(i->kind));
	if (v->n == 0)
		return JP_NOT_FOUND;
	if (!i->next && !found)
		return JP_OK;
	value_end(x->base, 0, v, &where);
	Str id = str_of(arena_printf(x->a, "%lld", (long long)x->base_id * 10000000000LL + (long long)where));
	JpResult r = JP_NOT_FOUND;
	for (size_t k = 0; k < v->n; k++) {
		Json *o = json_new(JSON_OBJECT, x->a), *n = json_new(JSON_NUMBER, x->a);
		n->s = id;
		json_add_pair(o, str_of("id"), n, x->a);
		json_add_pair(o, str_of("key"), json_new_string(v->pairs[k].key, x->a), x->a);
		json_add_pair(o, str_of("value"), v->pairs[k].value, x->a);
		const Json *saved = x->base;
		int saved_id = x->base_id;
		x->base = o;
		x->base_id = x->last_id++;
		r = jp_next_item(x, i, o, found);
		x->base = saved;
		x->base_id = saved_id;
		if (r == JP_FAILED || (r == JP_OK && !found))
			return r;
	}
	return r;
}

/* ---- the others ---- */

static JpResult datetime(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	if (v->kind != JSON_STRING)
		return jp_error(x, "22031", "jsonpath item method .%s() can only be applied to a string", jsonpath_word(i->kind));
	if (i->left) {
		Error err;
		JpDate *as = jp_date_parse_as(v->s, i->left->s, x->a, &err);
		if (as)
			return jp_next_item(x, i, &as->base, found);
		if (x->throws)
			*x->err = err;
		x->raised |= x->throws;
		return JP_FAILED;
	}
	JpDate *d = jp_date_parse(v->s, x->call->env, x->a);
	if (d)
		return jp_next_item(x, i, &d->base, found);
	jp_error(x, "22031", "datetime format is not recognized: \"%.*s\"", STR_ARG(v->s));
	if (x->raised)
		err_hint(x->err, "Use a datetime template argument to specify the input data format.");
	return JP_FAILED;
}

static JpResult size(JpExec *x, const JpItem *i, const Json *v, Json *found)
{
	if (v->kind != JSON_ARRAY && !x->lax)
		return x->ignore_structure
			       ? JP_NOT_FOUND
			       : jp_error(x, "22039", "jsonpath item method .%s() can only be applied to an array", jsonpath_word(i->kind));
	Json *n = json_new(JSON_NUMBER, x->a);
	n->s = str_of(arena_printf(x->a, "%zu", v->kind == JSON_ARRAY ? v->n : 1));
	return jp_next_item(x, i, n, found);
}

JpResult jp_method(JpExec *x, const JpItem *i, const Json *v, Json *found, bool unwrap)
{
	if (i->kind == JP_TYPE) {
		const char *name = v->kind == JSON_DATETIME ? jp_date_type((const JpDate *)v) : json_kind_name(v->kind);
		return jp_next_item(x, i, json_new_string(str_of(name), x->a), found);
	}
	if (i->kind == JP_SIZE)
		return size(x, i, v, found);
	if (unwrap && v->kind == JSON_ARRAY)
		return jp_unwrap_array(x, i, v, found);
	switch (i->kind) {
	case JP_DOUBLE:
		return to_double(x, i, v, found);
	case JP_KEYVALUE:
		return keyvalue(x, i, v, found);
	case JP_DATETIME:
		return datetime(x, i, v, found);
	default:
		return numeric_method(x, i, v, found);
	}
}
