/* Partition bounds: which one a row fits, which overlap, how they are shown. See partition.h. */
#include "catalog/partition.h"

#include "pgtype/hash.h"

#include <ctype.h>

static const PgType *plain(const PgType *t)
{
	const PgType *base = type_base_of(t);
	return base ? base : t;
}

static int compare_datum(const PgType *t, const CatDatum *x, const CatDatum *y)
{
	int a = x->kind == 'a' ? -1 : x->kind == 'z', b = y->kind == 'a' ? -1 : y->kind == 'z';
	return a || b ? a - b : type_compare(plain(t), &x->val, &y->val);
}

int partition_compare(const CatPartKey *key, const CatDatum *x, const CatDatum *y)
{
	for (size_t i = 0; i < key->n; i++) {
		int c = compare_datum(key->types[i], &x[i], &y[i]);
		/* what stands behind MINVALUE or MAXVALUE does not count */
		if (c || x[i].kind != 'v')
			return c;
	}
	return 0;
}

static int compare_row(const CatPartKey *key, const Val *row, const CatDatum *bound)
{
	for (size_t i = 0; i < key->n; i++) {
		const CatDatum d = { 'v', row[i] };
		int c = compare_datum(key->types[i], &d, &bound[i]);
		if (c)
			return c;
	}
	return 0;
}

static bool in_list(const PgType *t, const CatBound *b, const Val *v)
{
	for (size_t i = 0; i < b->nlist; i++) {
		const CatDatum *d = &b->list[i];
		if (v->kind == VAL_NULL ? d->kind == 'n' : d->kind == 'v' && type_compare(plain(t), v, &d->val) == 0)
			return true;
	}
	return false;
}

static uint64_t hash_of(const CatPartKey *key, const Val *vals)
{
	uint64_t h = 0;
	for (size_t i = 0; i < key->n; i++)
		if (vals[i].kind != VAL_NULL)
			h = hash_combine(h, type_hash(plain(key->types[i]), &vals[i], HASH_PARTITION_SEED));
	return h;
}

bool partition_holds(const CatPartKey *key, const CatBound *b, const Val *vals)
{
	if (key->strategy == 'l')
		return in_list(key->types[0], b, &vals[0]);
	if (key->strategy == 'h')
		return hash_of(key, vals) % (uint64_t)b->modulus == (uint64_t)b->remainder;
	for (size_t i = 0; i < key->n; i++)
		if (vals[i].kind == VAL_NULL)
			return false;
	return compare_row(key, vals, b->from) >= 0 && compare_row(key, vals, b->to) < 0;
}

CatRel *partition_default(const CatRel *r)
{
	for (size_t i = 0; i < r->nchildren; i++)
		if (r->children[i]->bound && r->children[i]->bound->is_default)
			return r->children[i];
	return NULL;
}

const CatRel *partition_child(const CatRel *r, const Val *key)
{
	for (size_t i = 0; i < r->nchildren; i++) {
		const CatRel *c = r->children[i];
		if (c->bound && !c->bound->is_default && partition_holds(r->part, c->bound, key))
			return c;
	}
	return partition_default(r);
}

static bool lists_overlap(const PgType *t, const CatBound *x, const CatBound *y)
{
	const Val null = val_null();
	for (size_t i = 0; i < x->nlist; i++)
		if (in_list(t, y, x->list[i].kind == 'n' ? &null : &x->list[i].val))
			return true;
	return false;
}

static bool overlap(const CatPartKey *key, const CatBound *x, const CatBound *y)
{
	if (x->is_default || y->is_default)
		return x->is_default && y->is_default;
	if (key->strategy == 'l')
		return lists_overlap(key->types[0], x, y);
	if (key->strategy == 'r')
		return partition_compare(key, x->from, y->to) < 0 && partition_compare(key, y->from, x->to) < 0;
	int64_t least = x->modulus < y->modulus ? x->modulus : y->modulus;
	return x->remainder % least == y->remainder % least;
}

const CatRel *partition_overlap(const CatRel *r, const CatBound *b, const CatRel * not )
{
	for (size_t i = 0; i < r->nchildren; i++)
		if (r->children[i] != not &&r->children[i]->bound && overlap(r->part, b, r->children[i]->bound))
			return r->children[i];
	return NULL;
}

/* --- as text --- */

static void put_quoted(Buf *out, Str s)
{
	buf_puts(out, "'");
	for (size_t i = 0; i < s.n; i++)
		buf_printf(out, s.p[i] == '\'' ? "''" : "%c", s.p[i]);
	buf_puts(out, "'");
}

/* Numbers stand without quotes where PostgreSQL's deparser leaves them out. */
static bool is_bare(const PgType *t, Str s)
{
	enum { OID_BOOL = 16, OID_INT4 = 23, OID_NUMERIC = 1700 };
	bool digit = s.n && isdigit((unsigned char)s.p[0]);
	bool point = memchr(s.p, '.', s.n) || memchr(s.p, 'e', s.n) || memchr(s.p, 'E', s.n);
	return t->oid == OID_BOOL || (t->oid == OID_INT4 && digit) || (t->oid == OID_NUMERIC && digit && point);
}

void partition_put_value(const PgType *t, const CatDatum *d, const TypeEnv *types, Buf *out)
{
	enum { OID_BOOL = 16 };
	Buf text = { 0 };
	Error ignored;
	if (d->kind == 'a' || d->kind == 'z' || d->kind == 'n') {
		buf_puts(out, d->kind == 'a' ? "MINVALUE" : d->kind == 'z' ? "MAXVALUE" : "NULL");
		return;
	}
	t = plain(t);
	if (type_out(t, -1, &d->val, types, &text, &ignored) == 0) {
		Str s = { (const char *)text.data, text.len };
		if (t->oid == OID_BOOL)
			buf_puts(out, d->val.i ? "true" : "false");
		else if (is_bare(t, s))
			buf_put_str(out, s);
		else
			put_quoted(out, s);
	}
	buf_free(&text);
}

static void put_range(const CatPartKey *key, const CatDatum *d, const TypeEnv *types, Buf *out)
{
	buf_puts(out, "(");
	for (size_t i = 0; i < key->n; i++) {
		buf_puts(out, i ? ", " : "");
		partition_put_value(key->types[i], &d[i], types, out);
	}
	buf_puts(out, ")");
}

void partition_put_bound(const CatPartKey *key, const CatBound *b, const TypeEnv *types, Buf *out)
{
	if (b->is_default) {
		buf_puts(out, "DEFAULT");
		return;
	}
	buf_puts(out, "FOR VALUES ");
	if (key->strategy == 'h') {
		buf_printf(out, "WITH (modulus %lld, remainder %lld)", (long long)b->modulus, (long long)b->remainder);
	} else if (key->strategy == 'r') {
		buf_puts(out, "FROM ");
		put_range(key, b->from, types, out);
		buf_puts(out, " TO ");
		put_range(key, b->to, types, out);
	} else {
		buf_puts(out, "IN (");
		for (size_t i = 0; i < b->nlist; i++) {
			buf_puts(out, i ? ", " : "");
			partition_put_value(key->types[0], &b->list[i], types, out);
		}
		buf_puts(out, ")");
	}
}

/* --- trees --- */

const CatRel *partition_root(const CatRel *r)
{
	while (r->bound && r->nparents)
		r = r->parents[0];
	return r;
}

/* Breadth first; a table that inherits in two ways comes once. */
const CatRel **partition_tree(const CatRel *r, Arena *a, size_t *n)
{
	size_t cap = 8;
	const CatRel **all = arena_array(a, const CatRel *, cap + 1);
	*n = 0;
	all[(*n)++] = r;
	for (size_t i = 0; i < *n; i++)
		for (size_t k = 0; k < all[i]->nchildren; k++) {
			bool there = false;
			for (size_t j = 0; j < *n && !there; j++)
				there = all[j] == all[i]->children[k];
			if (there)
				continue;
			if (*n == cap) {
				cap *= 2;
				const CatRel **more = arena_array(a, const CatRel *, cap + 1);
				memcpy(more, all, *n * sizeof *more);
				all = more;
			}
			all[(*n)++] = all[i]->children[k];
		}
	return all;
}
