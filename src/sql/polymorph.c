/* Polymorphic types: anyelement and its family must agree, anycompatible and its family find a common type. */
#include "sql/expr.h"

#include "pgtype/range.h"

static bool simple_family(uint32_t t)
{
	return t == T_ANYELEMENT || t == T_ANYARRAY || t == T_ANYNONARRAY || t == T_ANYENUM || t == T_ANYRANGE || t == T_ANYMULTIRANGE;
}

static bool compatible_family(uint32_t t)
{
	return t == T_ANYCOMPATIBLE || t == T_ANYCOMPATIBLEARRAY || t == T_ANYCOMPATIBLENONARRAY || t == T_ANYCOMPATIBLERANGE ||
	       t == T_ANYCOMPATIBLEMULTIRANGE;
}

bool is_polymorphic(uint32_t oid)
{
	return simple_family(oid) || compatible_family(oid);
}

const char *polymorphic_inputs_for(uint32_t result, const uint32_t *inputs, size_t n)
{
	bool compatible = compatible_family(result), ranges = result == T_ANYRANGE || result == T_ANYMULTIRANGE ||
							      result == T_ANYCOMPATIBLERANGE || result == T_ANYCOMPATIBLEMULTIRANGE;
	for (size_t i = 0; i < n; i++) {
		uint32_t t = inputs[i];
		bool range =
			compatible ? t == T_ANYCOMPATIBLERANGE || t == T_ANYCOMPATIBLEMULTIRANGE : t == T_ANYRANGE || t == T_ANYMULTIRANGE;
		if (ranges ? range : compatible ? compatible_family(t) : simple_family(t))
			return NULL;
	}
	if (ranges)
		return compatible ? "anycompatiblerange or anycompatiblemultirange" : "anyrange or anymultirange";
	return compatible ? "anycompatible, anycompatiblearray, anycompatiblenonarray, anycompatiblerange, or anycompatiblemultirange"
			  : "anyelement, anyarray, anynonarray, anyenum, anyrange, or anymultirange";
}

typedef struct Poly {
	uint32_t elem, array; /* anyelement's family */
	uint32_t range, multirange;
	uint32_t common; /* anycompatible's */
	bool nonarray, enumerated, compat_nonarray;
	bool has_simple, has_compat;
	const char *problem; /* NULL while consistent */
	uint32_t x, y;	     /* types that the problem is about */
} Poly;

static void clash(Poly *p, const char *problem, uint32_t x, uint32_t y)
{
	if (!p->problem) {
		p->problem = problem;
		p->x = x;
		p->y = y;
	}
}

static void agree(Poly *p, uint32_t *have, uint32_t actual, const char *problem)
{
	if (*have && *have != actual)
		clash(p, problem, *have, actual);
	*have = actual;
}

static void add_simple(const Catalog *cat, Poly *p, uint32_t actual, uint32_t declared)
{
	p->has_simple = true;
	p->nonarray = p->nonarray || declared == T_ANYNONARRAY;
	p->enumerated = p->enumerated || declared == T_ANYENUM;
	if (actual == T_UNKNOWN || actual == 0)
		return;
	if (declared == T_ANYARRAY || declared == T_ANYRANGE || declared == T_ANYMULTIRANGE)
		actual = type_base(cat, actual);
	if (declared == T_ANYARRAY)
		agree(p, &p->array, actual, "arguments declared \"anyarray\" are not all alike");
	else if (declared == T_ANYRANGE)
		agree(p, &p->range, actual, "arguments declared \"anyrange\" are not all alike");
	else if (declared == T_ANYMULTIRANGE)
		agree(p, &p->multirange, actual, "arguments declared \"anymultirange\" are not all alike");
	else
		agree(p, &p->elem, actual, "arguments declared \"anyelement\" are not all alike");
	if (p->array && !type_element(cat, p->array))
		clash(p, "argument declared anyarray is not an array", p->array, p->array);
}

/* A range gives its multirange and the elements, a multirange its range. */
static void finish_ranges(const Catalog *cat, Poly *p)
{
	const RangeType *range = range_type_of(type_lookup(cat, p->range)), *multi = range_type_of(type_lookup(cat, p->multirange));

	if (p->problem || (!p->range && !p->multirange))
		return;
	if (p->range && (!range || range->range != p->range)) {
		clash(p, "argument declared anyrange is not a range type", p->range, p->range);
	} else if (p->multirange && (!multi || multi->multirange != p->multirange)) {
		clash(p, "argument declared anymultirange is not a multirange type", p->multirange, p->multirange);
	} else if (range && multi && range != multi) {
		clash(p, "argument declared anymultirange is not consistent with argument declared anyrange", p->multirange, p->range);
	} else {
		const RangeType *k = range ? range : multi;
		p->range = k->range;
		p->multirange = k->multirange;
		if (p->elem && p->elem != k->subtype)
			clash(p, "argument declared anyrange is not consistent with argument declared anyelement", p->range, p->elem);
		p->elem = k->subtype;
	}
}

static void finish_simple(const Catalog *cat, Poly *p)
{
	finish_ranges(cat, p);
	if (p->array && !p->problem) {
		uint32_t elem = type_element(cat, p->array);
		if (p->elem && p->elem != elem)
			clash(p, "argument declared anyarray is not consistent with argument declared anyelement", p->array, p->elem);
		p->elem = elem;
	}
	if (!p->elem || p->problem)
		return;
	const PgType *t = type_lookup(cat, p->elem);
	if (p->nonarray && type_element(cat, p->elem))
		clash(p, "type matched to anynonarray is an array type", p->elem, p->elem);
	if (p->enumerated && (!t || t->typtype != 'e'))
		clash(p, "type matched to anyenum is not an enum type", p->elem, p->elem);
}

/* One more type into the common one, by the rules of common_type. */
static bool merge_common(const Catalog *cat, uint32_t *common, uint32_t next)
{
	bool preferred, next_preferred;

	if (*common == 0 || *common == next) {
		*common = next;
		return true;
	}
	if (type_category(cat, *common, &preferred) != type_category(cat, next, &next_preferred))
		return false;
	if (!preferred && can_coerce(cat, *common, next, COERCE_IMPLICIT) && !can_coerce(cat, next, *common, COERCE_IMPLICIT))
		*common = next;
	return true;
}

static void add_compatible(const Catalog *cat, Poly *p, uint32_t actual, uint32_t declared)
{
	p->has_compat = true;
	p->compat_nonarray = p->compat_nonarray || declared == T_ANYCOMPATIBLENONARRAY;
	if (actual == T_UNKNOWN || actual == 0)
		return;
	uint32_t t = actual;
	if (declared == T_ANYCOMPATIBLEARRAY) {
		t = type_element(cat, actual);
		if (!t) {
			clash(p, "argument declared anycompatiblearray is not an array", actual, actual);
			return;
		}
	} else if (declared == T_ANYCOMPATIBLERANGE || declared == T_ANYCOMPATIBLEMULTIRANGE) {
		clash(p, "argument declared is not a range type", actual, actual);
		return;
	}
	uint32_t before = p->common;
	if (!merge_common(cat, &p->common, t))
		clash(p, "arguments of anycompatible family cannot be cast to a common type", before, t);
}

static void finish_compatible(const Catalog *cat, Poly *p, const uint32_t *actual, const uint32_t *declared, size_t n)
{
	if (!p->common || p->problem)
		return;
	if (p->compat_nonarray && type_element(cat, p->common))
		clash(p, "type matched to anycompatiblenonarray is an array type", p->common, p->common);
	for (size_t i = 0; i < n; i++) {
		uint32_t t = actual[i];
		if (!compatible_family(declared[i]) || t == T_UNKNOWN || t == 0)
			continue;
		if (declared[i] == T_ANYCOMPATIBLEARRAY)
			t = type_element(cat, t);
		if (!can_coerce(cat, t, p->common, COERCE_IMPLICIT))
			clash(p, "arguments of anycompatible family cannot be cast to a common type", t, p->common);
	}
}

static Poly examine(const Catalog *cat, const uint32_t *actual, const uint32_t *declared, size_t n)
{
	Poly p = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (simple_family(declared[i]))
			add_simple(cat, &p, actual[i], declared[i]);
		else if (compatible_family(declared[i]))
			add_compatible(cat, &p, actual[i], declared[i]);
	}
	finish_simple(cat, &p);
	finish_compatible(cat, &p, actual, declared, n);
	return p;
}

bool polymorphic_ok(const Catalog *cat, const uint32_t *actual, const uint32_t *declared, size_t n)
{
	return !examine(cat, actual, declared, n).problem;
}

static uint32_t real_type(ParseState *ps, Poly *p, uint32_t declared, int location)
{
	bool compat = compatible_family(declared), array = declared == T_ANYARRAY || declared == T_ANYCOMPATIBLEARRAY;
	uint32_t elem = compat ? p->common : p->elem;

	if (!is_polymorphic(declared))
		return declared;
	if (declared == T_ANYRANGE || declared == T_ANYMULTIRANGE) {
		uint32_t t = declared == T_ANYRANGE ? p->range : p->multirange;
		if (!t)
			an_error(ps, location, "42804", "could not determine polymorphic type because input has type unknown");
		return t;
	}
	if (!array)
		return elem;
	if (!compat && p->array)
		return p->array;
	uint32_t a = type_array(ps->env->cat, elem);
	if (!a)
		an_error(ps, location, "42704", "could not find array type for data type %s", type_name(ps, elem));
	return a;
}

uint32_t polymorphic_resolve(ParseState *ps, const uint32_t *actual, uint32_t *declared, size_t n, uint32_t rettype, int location)
{
	Poly p = examine(ps->env->cat, actual, declared, n);

	if (p.problem) {
		an_error(ps, location, "42804", "%s", p.problem);
		if (p.x != p.y)
			err_detail(ps->err, "%s versus %s", type_name(ps, p.x), type_name(ps, p.y));
		return 0;
	}
	if (p.has_simple && !p.elem) {
		an_error(ps, location, "42804", "could not determine polymorphic type because input has type unknown");
		return 0;
	}
	if (p.has_compat && !p.common)
		p.common = T_TEXT;
	for (size_t i = 0; i < n; i++) {
		declared[i] = real_type(ps, &p, declared[i], location);
		if (!declared[i])
			return 0;
	}
	return real_type(ps, &p, rettype, location);
}
