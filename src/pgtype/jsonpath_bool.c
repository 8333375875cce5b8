/* Predicates: three-valued, and errors inside are "unknown". */
#include "pgtype/jsonpath_exec.h"

#include "pgtype/numeric.h"

static JpResult quietly(JpExec *x, const JpItem *i, const Json *v, bool unwrap, Json *found)
{
	bool saved = x->throws;
	x->throws = false;
	JpResult r = jp_item_result(x, i, v, unwrap, found);
	x->throws = saved;
	return r;
}

static JpBool truth(JpKind op, int cmp)
{
	switch (op) {
	case JP_EQ:
		return cmp == 0;
	case JP_NE:
		return cmp != 0;
	case JP_LT:
		return cmp < 0;
	case JP_GT:
		return cmp > 0;
	case JP_LE:
		return cmp <= 0;
	default:
		return cmp >= 0;
	}
}

static int compare_text(Str p, Str q)
{
	int c = memcmp(p.p, q.p, p.n < q.n ? p.n : q.n);
	return c ? c : (p.n > q.n) - (p.n < q.n);
}

static JpBool compare(JpExec *x, const JpItem *i, const Json *p, const Json *q)
{
	int cmp = 0;
	if (p->kind != q->kind) {
		/* null differs from everything; other kinds cannot be compared */
		if (p->kind == JSON_NULL || q->kind == JSON_NULL)
			return i->kind == JP_NE;
		return JP_UNKNOWN;
	}
	switch (p->kind) {
	case JSON_NULL:
		break;
	case JSON_BOOL:
		cmp = (int)p->b - (int)q->b;
		break;
	case JSON_NUMBER:
		cmp = numeric_compare_text(p->s, q->s);
		break;
	case JSON_STRING:
		cmp = compare_text(p->s, q->s);
		break;
	case JSON_DATETIME:
		if (jp_date_compare(x, (const JpDate *)p, (const JpDate *)q, &cmp) == JP_UNKNOWN)
			return JP_UNKNOWN;
		break;
	default:
		return JP_UNKNOWN;
	}
	return truth(i->kind, cmp);
}

static JpBool test(JpExec *x, const JpItem *i, const Json *p, const Json *q)
{
	if (i->kind == JP_LIKE_REGEX) {
		if (p->kind != JSON_STRING)
			return JP_UNKNOWN;
		int rc = x->raised ? -1 : jsonpath_regex(i, p->s.p ? p->s : str_of(""), x->err);
		x->raised |= rc < 0;
		return rc < 0 ? JP_UNKNOWN : rc ? JP_TRUE : JP_FALSE;
	}
	if (i->kind != JP_STARTS_WITH)
		return compare(x, i, p, q);
	if (p->kind != JSON_STRING || q->kind != JSON_STRING)
		return JP_UNKNOWN;
	return p->s.n >= q->s.n && memcmp(p->s.p, q->s.p, q->s.n) == 0;
}

/* True when the test holds for one pair of the two sides' values. */
static JpBool pairs(JpExec *x, const JpItem *i, const Json *v)
{
	Json *left = jp_sequence(x), *right = jp_sequence(x);
	bool error = false, hit = false, compares = i->kind >= JP_EQ && i->kind <= JP_GE;
	if (quietly(x, i->left, v, true, left) == JP_FAILED)
		return JP_UNKNOWN;
	if (!i->right)
		json_append(right, NULL, x->a);
	else if (quietly(x, i->right, v, compares, right) == JP_FAILED)
		return JP_UNKNOWN;
	for (size_t k = 0; k < left->n; k++) {
		for (size_t m = 0; m < right->n; m++) {
			JpBool b = test(x, i, left->items[k], right->items[m]);
			if (x->raised || (b == JP_UNKNOWN && !x->lax))
				return JP_UNKNOWN;
			if (b == JP_TRUE && x->lax)
				return JP_TRUE;
			error |= b == JP_UNKNOWN;
			hit |= b == JP_TRUE;
		}
	}
	return hit ? JP_TRUE : error ? JP_UNKNOWN : JP_FALSE;
}

static JpBool exists(JpExec *x, const JpItem *i, const Json *v)
{
	Json *all = x->lax ? NULL : jp_sequence(x);
	JpResult r = quietly(x, i->left, v, false, all);
	if (r == JP_FAILED)
		return JP_UNKNOWN;
	return all ? all->n > 0 : r == JP_OK;
}

JpBool jp_bool(JpExec *x, const JpItem *i, const Json *v)
{
	JpBool p, q;
	switch (i->kind) {
	case JP_AND:
		p = jp_bool(x, i->left, v);
		if (p == JP_FALSE)
			return p;
		q = jp_bool(x, i->right, v);
		return q == JP_TRUE ? p : q;
	case JP_OR:
		p = jp_bool(x, i->left, v);
		if (p == JP_TRUE)
			return p;
		q = jp_bool(x, i->right, v);
		return q == JP_FALSE ? p : q;
	case JP_NOT:
		p = jp_bool(x, i->left, v);
		return p == JP_UNKNOWN ? p : !p;
	case JP_IS_UNKNOWN:
		return jp_bool(x, i->left, v) == JP_UNKNOWN;
	case JP_EXISTS:
		return exists(x, i, v);
	default:
		return pairs(x, i, v);
	}
}

JpBool jp_bool_nested(JpExec *x, const JpItem *i, const Json *v)
{
	const Json *saved = x->current;
	x->current = v;
	JpBool b = jp_bool(x, i, v);
	x->current = saved;
	return b;
}
