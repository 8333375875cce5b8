#include "pgtype/geo.h"
#include "pgtype/family.h"
#include "pgtype/floats.h"

#include <ctype.h>
#include <math.h>

/* `s` is NUL-terminated, `whole` is what errors show. */
typedef struct Reader {
	const char *s;
	const char *type;
	Str whole;
	Error *err;
} Reader;

static int malformed(const Reader *r)
{
	return family_bad_text(r->err, r->type, r->whole);
}

static void skip_blanks(Reader *r)
{
	while (isspace((unsigned char)*r->s))
		r->s++;
}

static bool take(Reader *r, char c)
{
	if (*r->s != c)
		return false;
	r->s++;
	return true;
}

/* The next character that is no blank, behind the one at the front. */
static const char *behind(const Reader *r)
{
	const char *p = r->s + 1;
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

static int read_number(Reader *r, double *out)
{
	char *end;
	skip_blanks(r);
	strtod(r->s, &end);
	if (end == r->s)
		return malformed(r);
	if (float8_parse((Str){ r->s, (size_t)(end - r->s) }, out, r->err))
		return -1;
	r->s = end;
	skip_blanks(r);
	return 0;
}

/* x,y with or without parentheses around. */
static int read_pair(Reader *r, double *xy)
{
	skip_blanks(r);
	bool inside = take(r, '(');
	if (read_number(r, &xy[0]))
		return -1;
	if (!take(r, ','))
		return malformed(r);
	if (read_number(r, &xy[1]))
		return -1;
	if (inside && !take(r, ')'))
		return malformed(r);
	if (inside)
		skip_blanks(r);
	return 0;
}

/* Points with commas between them, the whole in parentheses, in brackets (an open path) or bare. */
static int read_points(Reader *r, bool may_be_open, size_t points, double *v, bool *open)
{
	int depth = 0;
	skip_blanks(r);
	*open = *r->s == '[';
	if (*open && !may_be_open)
		return malformed(r);
	if (*open) {
		depth = 1;
		r->s++;
	} else if (*r->s == '(') {
		const char *next = behind(r);
		if (*next == '(' || strrchr(r->s, '(') == r->s) {
			depth = 1;
			r->s = next;
		}
	}
	for (size_t i = 0; i < points; i++) {
		if (read_pair(r, v + 2 * i))
			return -1;
		take(r, ',');
	}
	for (; depth > 0; depth--) {
		if (!take(r, ')') && !(*open && take(r, ']')))
			return malformed(r);
		skip_blanks(r);
	}
	return *r->s ? malformed(r) : 0;
}

static int read_circle(Reader *r, double *v)
{
	int depth = 0;
	skip_blanks(r);
	bool angle = take(r, '<');
	if (angle) {
		depth = 1;
	} else if (*r->s == '(' && *behind(r) == '(') {
		depth = 1;
		r->s = behind(r);
	}
	if (read_pair(r, v))
		return -1;
	take(r, ',');
	if (read_number(r, &v[2]))
		return -1;
	if (v[2] < 0)
		return malformed(r);
	for (; depth > 0; depth--) {
		if (!take(r, ')') && !take(r, '>'))
			return malformed(r);
		skip_blanks(r);
	}
	return *r->s ? malformed(r) : 0;
}

static bool same_number(double x, double y)
{
	return x == y || fabs(x - y) <= 1.0e-6;
}

bool geo_line_of_points(const double p[4], double v[3])
{
	bool upright = same_number(p[0], p[2]), flat = same_number(p[1], p[3]);
	if (upright && flat)
		return false;
	double slope = upright ? INFINITY : flat ? 0 : (p[1] - p[3]) / (p[0] - p[2]);
	v[0] = upright ? -1 : slope;
	v[1] = upright ? 0 : -1;
	v[2] = upright ? p[0] : flat ? p[1] : p[1] - slope * p[0];
	if (v[2] == 0)
		v[2] = 0; /* not -0 */
	return true;
}

static int line_of_text(Reader *r, double *v)
{
	double p[4];
	bool open;
	if (read_points(r, true, 2, p, &open))
		return -1;
	if (geo_line_of_points(p, v))
		return 0;
	return err_set(r->err, "22P02", "invalid line specification: must be two distinct points");
}

static int read_line(Reader *r, double *v)
{
	skip_blanks(r);
	if (!take(r, '{'))
		return line_of_text(r, v);
	if (read_number(r, &v[0]) || (take(r, ',') ? read_number(r, &v[1]) : malformed(r)) ||
	    (take(r, ',') ? read_number(r, &v[2]) : malformed(r)))
		return -1;
	if (!take(r, '}'))
		return malformed(r);
	skip_blanks(r);
	if (*r->s)
		return malformed(r);
	if (fabs(v[0]) <= 1.0e-6 && fabs(v[1]) <= 1.0e-6)
		return err_set(r->err, "22P02", "invalid line specification: A and B cannot both be zero");
	return 0;
}

void geo_order_corners(double v[4])
{
	for (int i = 0; i < 2; i++) {
		double x = v[i], y = v[i + 2];
		if (float8_compare(x, y) < 0) {
			v[i] = y;
			v[i + 2] = x;
		}
	}
}

double geo_hypot(double x, double y)
{
	if (isinf(x) || isinf(y))
		return INFINITY;
	if (isnan(x) || isnan(y))
		return NAN;
	x = fabs(x);
	y = fabs(y);
	double large = x < y ? y : x, small = x < y ? x : y;
	if (small == 0)
		return large;
	double ratio = small / large;
	return large * sqrt(1.0 + ratio * ratio);
}

static size_t count_commas(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += *s == ',';
	return n;
}

static int parse_points(Reader *r, Geo *g, Arena *a)
{
	size_t commas = count_commas(r->s);
	bool open;
	if (commas % 2 == 0)
		return malformed(r);
	g->n = commas + 1;
	g->v = arena_array(a, double, g->n);
	if (read_points(r, g->type == OID_PATH, g->n / 2, g->v, &open))
		return -1;
	g->closed = !open;
	return 0;
}

int geo_parse(uint32_t type, Str text, Arena *a, Geo *out, Error *err)
{
	const PgType *t = pgtype_builtin(type);
	Reader r = { arena_strndup(a, text.p, text.n), t->name, text, err };
	bool open;
	*out = (Geo){ .type = type, .closed = true, .n = type == OID_POINT ? 2 : type == OID_LINE || type == OID_CIRCLE ? 3 : 4 };
	if (type == OID_PATH || type == OID_POLYGON)
		return parse_points(&r, out, a);
	out->v = arena_array(a, double, 4);
	switch (type) {
	case OID_POINT:
		return read_pair(&r, out->v) ? -1 : *r.s ? malformed(&r) : 0;
	case OID_LINE:
		return read_line(&r, out->v);
	case OID_CIRCLE:
		return read_circle(&r, out->v);
	default:
		if (read_points(&r, type == OID_LSEG, 2, out->v, &open))
			return -1;
		if (type == OID_BOX)
			geo_order_corners(out->v);
		return 0;
	}
}

static void print_numbers(const double *v, size_t n, int digits, const char *around, Buf *out)
{
	buf_put_u8(out, (uint8_t)around[0]);
	for (size_t i = 0; i < n; i++) {
		buf_puts(out, i ? "," : "");
		float8_print(v[i], digits, out);
	}
	buf_put_u8(out, (uint8_t)around[1]);
}

void geo_print(const Geo *g, int digits, Buf *out)
{
	bool open = g->type == OID_LSEG || (g->type == OID_PATH && !g->closed);
	if (g->type == OID_POINT || g->type == OID_LINE) {
		print_numbers(g->v, g->n, digits, g->type == OID_POINT ? "()" : "{}", out);
		return;
	}
	if (g->type == OID_CIRCLE) {
		buf_puts(out, "<");
		print_numbers(g->v, 2, digits, "()", out);
		buf_puts(out, ",");
		float8_print(g->v[2], digits, out);
		buf_puts(out, ">");
		return;
	}
	buf_puts(out, g->type == OID_BOX ? "" : open ? "[" : "(");
	for (size_t i = 0; i < g->n; i += 2) {
		buf_puts(out, i ? "," : "");
		print_numbers(g->v + i, 2, digits, "()", out);
	}
	buf_puts(out, g->type == OID_BOX ? "" : open ? "]" : ")");
}

static Val geo_val(const Geo *g, Arena *a)
{
	Buf b = { 0 };
	geo_print(g, 1, &b);
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

static int geo_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	Geo g;
	if (geo_parse(t->oid, text, a, &g, err))
		return -1;
	*out = geo_val(&g, a);
	return 0;
}

static int geo_out(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	if (env->extra_float_digits == type_env_stored.extra_float_digits)
		return family_text_out(t, typmod, v, env, out, err);
	_cleanup_(arena_freep) Arena *a = arena_new();
	Geo g;
	if (geo_parse(t->oid, v->s, a, &g, err))
		return -1;
	geo_print(&g, env->extra_float_digits, out);
	return 0;
}

static bool has_count(uint32_t type)
{
	return type == OID_PATH || type == OID_POLYGON;
}

static int geo_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	size_t head = t->oid == OID_PATH ? 5 : t->oid == OID_POLYGON ? 4 : 0;
	Geo g = { .type = t->oid, .closed = true, .n = (size_t)(t->len > 0 ? t->len : 0) / 8 };
	if (bytes.n < head)
		return family_check_length(bytes, head, err);
	if (has_count(t->oid)) {
		uint32_t points = get_u32(bytes.p + head - 4);
		if (points == 0 || points > bytes.n / 16)
			return err_set(err, "22P03", "invalid number of points in external \"%s\" value", t->name);
		g.n = (size_t)points * 2;
		g.closed = t->oid == OID_POLYGON || bytes.p[0];
	}
	if (family_check_length(bytes, head + g.n * 8, err))
		return -1;
	g.v = arena_array(a, double, g.n + 1);
	for (size_t i = 0; i < g.n; i++) {
		uint64_t bits = get_u64(bytes.p + head + 8 * i);
		memcpy(&g.v[i], &bits, sizeof bits);
	}
	if (t->oid == OID_BOX)
		geo_order_corners(g.v);
	if (t->oid == OID_CIRCLE && g.v[2] < 0)
		return err_set(err, "22P03", "invalid radius in external \"circle\" value");
	if (t->oid == OID_LINE && fabs(g.v[0]) <= 1.0e-6 && fabs(g.v[1]) <= 1.0e-6)
		return err_set(err, "22P03", "invalid line specification: A and B cannot both be zero");
	*out = geo_val(&g, a);
	return 0;
}

static int geo_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	Geo g;
	if (geo_parse(t->oid, v->s, a, &g, err))
		return -1;
	if (t->oid == OID_PATH)
		buf_put_u8(out, g.closed);
	if (has_count(t->oid))
		buf_put_u32(out, (uint32_t)(g.n / 2));
	for (size_t i = 0; i < g.n; i++) {
		uint64_t bits;
		memcpy(&bits, &g.v[i], sizeof bits);
		buf_put_u64(out, bits);
	}
	return 0;
}

const TypeFamily family_geo = { geo_in, geo_out, geo_recv, geo_send, family_text_compare, NULL, "TEXT", NULL };
