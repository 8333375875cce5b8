#include "pgtype/geopoint.h"

#include "pgtype/bytea.h"
#include "pgtype/family.h"
#include "pgtype/floats.h"
#include "pgtype/json.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>

enum { WKB_POINT = 1, WKB_SRID = 0x20000000, MAX_SRID = 998999, POINT_CODE = 1 };

static int refuse_kind(Error *err, const char *name, int len)
{
	return err_set(err, "0A000", "geometries other than POINT(x y), such as %.*s, are not available in SQLite mode", len, name);
}

static int bad_text(Error *err)
{
	return err_set(err, "XX000", "parse error - invalid geometry");
}

bool geopoint_is_empty(const GeoPoint *p)
{
	return isnan(p->x) && isnan(p->y);
}

/* ---- text ---- */

static void skip_blanks(const char **s)
{
	while (isspace((unsigned char)**s))
		++*s;
}

static bool take_word(const char **s, const char *word)
{
	size_t n = strlen(word);
	if (strncasecmp(*s, word, n) != 0 || isalpha((unsigned char)(*s)[n]))
		return false;
	*s += n;
	skip_blanks(s);
	return true;
}

static bool take_number(const char **s, double *out)
{
	const char *start = *s;
	if (*start != '-' && *start != '+' && *start != '.' && !isdigit((unsigned char)*start))
		return take_word(s, "nan") ? (*out = NAN, true) : false;
	char *end;
	*out = strtod(start, &end);
	*s = end;
	return end > start;
}

static int take_srid(const char **s, int32_t *srid, Error *err)
{
	if (strncasecmp(*s, "srid=", 5) != 0)
		return 0;
	char *end;
	long n = strtol(*s + 5, &end, 10);
	if (*end != ';' || end == *s + 5)
		return bad_text(err);
	if (n < 0 || n > MAX_SRID)
		return err_set(err, "0A000", "SRID %ld is not available in SQLite mode", n);
	*srid = (int32_t)n;
	*s = end + 1;
	skip_blanks(s);
	return 0;
}

static int parse_text(const char *s, GeoPoint *out, Error *err)
{
	static const char *const others[] = { "LINESTRING",	    "POLYGON",	      "MULTIPOINT",    "MULTILINESTRING",  "MULTIPOLYGON",
					      "GEOMETRYCOLLECTION", "CIRCULARSTRING", "COMPOUNDCURVE", "CURVEPOLYGON",	   "MULTICURVE",
					      "MULTISURFACE",	    "TRIANGLE",	      "TIN",	       "POLYHEDRALSURFACE" };
	if (take_srid(&s, &out->srid, err))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (strncasecmp(s, others[i], strlen(others[i])) == 0)
			return refuse_kind(err, others[i], (int)strlen(others[i]));
	if (strncasecmp(s, "POINTZ", 6) == 0 || strncasecmp(s, "POINTM", 6) == 0)
		return refuse_kind(err, s, 6);
	if (!take_word(&s, "POINT"))
		return bad_text(err);
	if (take_word(&s, "Z") || take_word(&s, "M") || take_word(&s, "ZM"))
		return refuse_kind(err, "POINT Z", 7);
	if (take_word(&s, "EMPTY")) {
		out->x = out->y = NAN;
		return *s ? bad_text(err) : 0;
	}
	if (*s++ != '(')
		return bad_text(err);
	skip_blanks(&s);
	if (!take_number(&s, &out->x) || !isspace((unsigned char)*s))
		return bad_text(err);
	skip_blanks(&s);
	if (!take_number(&s, &out->y))
		return bad_text(err);
	skip_blanks(&s);
	double third;
	if (take_number(&s, &third))
		return refuse_kind(err, "POINT Z", 7);
	if (*s++ != ')')
		return bad_text(err);
	skip_blanks(&s);
	return *s ? bad_text(err) : 0;
}

static int json_number(const Json *j, double *out, Error *err)
{
	if (!j || j->kind != JSON_NUMBER)
		return err_set(err, "XX000", "The 'coordinates' in GeoJSON are not sufficiently nested");
	return float8_parse(j->s, out, err);
}

int geopoint_parse_json(Str text, GeoPoint *out, Error *err)
{
	_cleanup_(arena_freep) Arena *a = arena_new();
	const Json *j = json_parse(text, true, a, err);
	if (!j)
		return -1;
	const Json *type = j->kind == JSON_OBJECT ? json_get(j, str_of("type")) : NULL,
		   *at = type ? json_get(j, str_of("coordinates")) : NULL;
	if (!type || type->kind != JSON_STRING)
		return err_set(err, "XX000", "unknown GeoJSON type");
	if (!str_is(type->s, "Point"))
		return refuse_kind(err, type->s.p, (int)type->s.n);
	if (json_get(j, str_of("crs")))
		return err_set(err, "0A000", "\"crs\" in GeoJSON is not available in SQLite mode");
	if (!at || at->kind != JSON_ARRAY)
		return err_set(err, "XX000", "Unable to find 'coordinates' in GeoJSON string");
	out->srid = SRID_WGS84;
	out->x = out->y = NAN;
	if (at->n == 0)
		return 0;
	if (at->n > 2)
		return refuse_kind(err, "POINT Z", 7);
	return json_number(at->items[0], &out->x, err) || json_number(at->n > 1 ? at->items[1] : NULL, &out->y, err) ? -1 : 0;
}

int geopoint_parse(Str text, GeoPoint *out, Error *err)
{
	*out = (GeoPoint){ 0 };
	size_t i = 0;
	while (i < text.n && isspace((unsigned char)text.p[i]))
		i++;
	Str s = { text.p + i, text.n - i };
	if (s.n && *s.p == '{') {
		int rc = geopoint_parse_json(s, out, err);
		out->srid = 0;
		return rc;
	}
	_cleanup_(arena_freep) Arena *a = arena_new();
	if (s.n && *s.p == '0') {
		Buf b = { 0 };
		Error ignored;
		int rc = hex_decode(s, &b, &ignored) ? bad_text(err) : geopoint_parse_wkb(buf_str(&b), out, err);
		buf_free(&b);
		return rc;
	}
	return parse_text(arena_strndup(a, s.p ? s.p : "", s.n), out, err);
}

/* ---- binary ---- */

static uint64_t take_bytes(const uint8_t *p, size_t n, bool little)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[little ? n - 1 - i : i];
	return v;
}

static double take_double(const uint8_t *p, bool little)
{
	uint64_t bits = take_bytes(p, 8, little);
	double d;
	memcpy(&d, &bits, sizeof d);
	return d;
}

int geopoint_parse_wkb(Str bytes, GeoPoint *out, Error *err)
{
	const uint8_t *p = (const uint8_t *)bytes.p;
	*out = (GeoPoint){ 0 };
	if (bytes.n < 5 || *p > 1)
		return err_set(err, "XX000", "Invalid endian flag value encountered.");
	bool little = *p == 1;
	uint32_t type = (uint32_t)take_bytes(p + 1, 4, little);
	size_t at = 5, want = 21 + (type & WKB_SRID ? 4 : 0);
	if ((type & ~(uint32_t)WKB_SRID) != WKB_POINT)
		return refuse_kind(err, "those of another type in WKB", 28);
	if (bytes.n != want)
		return err_set(err, "XX000",
			       bytes.n < want ? "WKB structure does not match expected size!" : "parse error - invalid geometry");
	if (type & WKB_SRID) {
		uint32_t srid = (uint32_t)take_bytes(p + at, 4, little);
		if (srid > MAX_SRID)
			return err_set(err, "0A000", "SRID %d is not available in SQLite mode", (int)srid);
		out->srid = (int32_t)srid;
		at += 4;
	}
	out->x = take_double(p + at, little);
	out->y = take_double(p + at + 8, little);
	return 0;
}

static void put_bytes(Buf *b, uint64_t v, size_t n, bool big)
{
	for (size_t i = 0; i < n; i++)
		buf_put_u8(b, (uint8_t)(v >> 8 * (big ? n - 1 - i : i)));
}

void geopoint_print_wkb(const GeoPoint *p, bool with_srid, bool big_endian, Buf *out)
{
	bool srid = with_srid && p->srid;
	uint64_t x, y;
	memcpy(&x, &p->x, sizeof x);
	memcpy(&y, &p->y, sizeof y);
	if (geopoint_is_empty(p))
		x = y = UINT64_C(0x7ff8000000000000);
	buf_put_u8(out, !big_endian);
	put_bytes(out, WKB_POINT | (srid ? (uint32_t)WKB_SRID : 0), 4, big_endian);
	if (srid)
		put_bytes(out, (uint32_t)p->srid, 4, big_endian);
	put_bytes(out, x, 8, big_endian);
	put_bytes(out, y, 8, big_endian);
}

void geopoint_print(const GeoPoint *p, Buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	Buf b = { 0 };
	geopoint_print_wkb(p, true, false, &b);
	for (size_t i = 0; i < b.len; i++) {
		buf_put_u8(out, (uint8_t)digits[b.data[i] >> 4]);
		buf_put_u8(out, (uint8_t)digits[b.data[i] & 15]);
	}
	buf_free(&b);
}

/* ---- numbers ---- */

typedef struct Decimal {
	char digits[32]; /* 0.DIGITS * 10 ^ exponent */
	int n, exponent;
} Decimal;

static Decimal decimal_of(double v)
{
	Decimal d = { .exponent = 0 };
	Buf b = { 0 };
	float8_print(fabs(v), 1, &b);
	const char *s = buf_cstr(&b);
	bool fraction = false;
	for (; *s && *s != 'e'; s++) {
		fraction |= *s == '.';
		if (*s == '.' || (*s == '0' && !d.n && !fraction))
			continue;
		if (*s == '0' && !d.n) {
			d.exponent--;
			continue;
		}
		if (d.n < 31)
			d.digits[d.n++] = *s;
		d.exponent += !fraction;
	}
	if (*s == 'e')
		d.exponent += (int)strtol(s + 1, NULL, 10);
	buf_free(&b);
	while (d.n && d.digits[d.n - 1] == '0')
		d.n--;
	return d;
}

/* To `keep` digits; of two that are equally near the even one. */
static void round_decimal(Decimal *d, int keep)
{
	if (keep >= d->n)
		return;
	bool up =
		keep >= 0 && (d->digits[keep] > '5' || (d->digits[keep] == '5' && (keep + 1 < d->n || (keep && d->digits[keep - 1] % 2))));
	d->n = keep < 0 ? 0 : keep;
	int i = d->n;
	while (up && i > 0 && d->digits[i - 1] == '9')
		i--;
	if (up && i > 0) {
		d->digits[i - 1]++;
		d->n = i;
	} else if (up) {
		d->digits[0] = '1';
		d->n = 1;
		d->exponent++;
	}
	while (d->n && d->digits[d->n - 1] == '0')
		d->n--;
}

static void print_number(double v, int digits, Buf *out)
{
	Decimal d = decimal_of(v);
	if (isnan(v) || isinf(v)) {
		buf_puts(out, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
		return;
	}
	bool scientific = v != 0 && (fabs(v) <= 1e-8 || fabs(v) >= 1e15);
	round_decimal(&d, scientific ? digits + 1 : d.exponent + digits);
	if (v < 0 && d.n)
		buf_put_u8(out, '-');
	int whole = scientific ? 1 : d.exponent;
	if (whole <= 0 || !d.n)
		buf_put_u8(out, '0');
	for (int i = 0; i < whole && d.n; i++)
		buf_put_u8(out, (uint8_t)(i < d.n ? d.digits[i] : '0'));
	if (d.n && d.n > whole)
		buf_put_u8(out, '.');
	for (int i = whole; i < 0 && d.n; i++)
		buf_put_u8(out, '0');
	for (int i = whole > 0 ? whole : 0; i < d.n; i++)
		buf_put_u8(out, (uint8_t)d.digits[i]);
	if (scientific)
		buf_printf(out, "e%+d", d.exponent - 1);
}

void geopoint_print_text(const GeoPoint *p, int digits, Buf *out)
{
	if (geopoint_is_empty(p)) {
		buf_puts(out, "POINT EMPTY");
		return;
	}
	buf_puts(out, "POINT(");
	print_number(p->x, digits, out);
	buf_put_u8(out, ' ');
	print_number(p->y, digits, out);
	buf_put_u8(out, ')');
}

void geopoint_print_json(const GeoPoint *p, int digits, Buf *out)
{
	buf_puts(out, "{\"type\":\"Point\",\"coordinates\":[");
	if (!geopoint_is_empty(p)) {
		print_number(p->x, digits, out);
		buf_put_u8(out, ',');
		print_number(p->y, digits, out);
	}
	buf_puts(out, "]}");
}

/* ---- the types ---- */

int geopoint_to_geography(GeoPoint *p, Error *err)
{
	if (p->srid == 0)
		p->srid = SRID_WGS84;
	if (p->srid != SRID_WGS84)
		return err_set(err, "0A000", "geography with SRID %d is not available in SQLite mode", (int)p->srid);
	if (fabs(p->x) > 180 || fabs(p->y) > 90)
		return err_set(err, "0A000", "geography beyond 180 degrees of longitude or 90 of latitude is not available in SQLite mode");
	return 0;
}

static bool is_geography(const PgType *t)
{
	return streq(t->name, "geography");
}

/* A column's SRID becomes that of a point without one. */
static int checked(const PgType *t, int32_t typmod, GeoPoint *p, Error *err)
{
	int32_t srid = typmod >> 8;
	if (is_geography(t))
		return geopoint_to_geography(p, err);
	if (typmod >= 0 && srid && !p->srid)
		p->srid = srid;
	if (typmod >= 0 && srid && p->srid != srid)
		return err_set(err, "22023", "Geometry SRID (%d) does not match column SRID (%d)", (int)p->srid, (int)srid);
	return 0;
}

static Val stored(const GeoPoint *p, Arena *a)
{
	Buf b = { 0 };
	geopoint_print(p, &b);
	Val v = val_text((Str){ arena_strndup(a, (const char *)b.data, b.len), b.len });
	buf_free(&b);
	return v;
}

static int geo_in(const PgType *t, int32_t typmod, Str text, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	GeoPoint p;
	if (geopoint_parse(text, &p, err) || checked(t, typmod, &p, err))
		return -1;
	*out = stored(&p, a);
	return 0;
}

static int geo_recv(const PgType *t, int32_t typmod, Str bytes, const TypeEnv *env, Arena *a, Val *out, Error *err)
{
	GeoPoint p;
	if (geopoint_parse_wkb(bytes, &p, err) || checked(t, typmod, &p, err))
		return -1;
	*out = stored(&p, a);
	return 0;
}

static int geo_send(const PgType *t, int32_t typmod, const Val *v, const TypeEnv *env, Buf *out, Error *err)
{
	return hex_decode(v->s, out, err);
}

static int geo_apply_typmod(const PgType *t, int32_t typmod, bool is_explicit, const Val *v, Arena *a, Val *out, Error *err)
{
	GeoPoint p;
	if (geopoint_parse(v->s, &p, err) || checked(t, typmod, &p, err))
		return -1;
	*out = stored(&p, a);
	return 0;
}

/* (Point, 4326): the SRID above 8 bits, then 6 bits for the kind, and 2 for Z and M. */
static int geo_typmod_in(const PgType *t, const char *const *words, size_t n, int32_t *out, Error *err)
{
	int32_t srid = 0, kind = 0;
	if (n > 2)
		return err_set(err, "22023", "Invalid geometry type modifier");
	if (strcasecmp(words[0], "point") == 0)
		kind = POINT_CODE;
	else if (strcasecmp(words[0], "geometry") != 0)
		return refuse_kind(err, words[0], (int)strlen(words[0]));
	if (n == 2) {
		char *end;
		long v = strtol(words[1], &end, 10);
		if (*end || end == words[1])
			return err_set(err, "22P02", "invalid input syntax for type integer: \"%s\"", words[1]);
		if (v < 0 || v > MAX_SRID)
			return err_set(err, "0A000", "SRID %ld is not available in SQLite mode", v);
		srid = (int32_t)v;
	}
	if (is_geography(t) && srid == 0)
		srid = SRID_WGS84;
	if (is_geography(t) && srid != SRID_WGS84)
		return err_set(err, "0A000", "geography with SRID %d is not available in SQLite mode", (int)srid);
	*out = srid << 8 | kind << 2;
	return 0;
}

static void geo_typmod_out(int32_t typmod, Buf *out)
{
	int32_t srid = typmod >> 8;
	bool point = typmod >> 2 & 63;
	if (!srid && !point)
		return;
	buf_puts(out, point ? "(Point" : "(Geometry");
	if (srid)
		buf_printf(out, ",%d", (int)srid);
	buf_put_u8(out, ')');
}

const TypeFamily family_geopoint = {
	.in = geo_in,
	.out = family_text_out,
	.recv = geo_recv,
	.send = geo_send,
	.compare = family_text_compare,
	.apply_typmod = geo_apply_typmod,
	.typmod_in = geo_typmod_in,
	.typmod_out = geo_typmod_out,
	.no_order = true,
	.storage = "TEXT",
};
