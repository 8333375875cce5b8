/* PostGIS's functions, for points. Both types have one stored form (pgtype/geopoint.h). */
#include "sqlite/fn_float.h"
#include "sqlite/fn_text.h"

#include "pgtype/geopoint.h"
#include "pgtype/json.h"

#include <math.h>
#include <strings.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE, TEXT_DIGITS = 15 };

static bool read_point(sqlite3_context *ctx, sqlite3_value *v, GeoPoint *p)
{
	FnEnv *env = fn_env(ctx);
	int rc = sqlite3_value_type(v) == SQLITE_BLOB ? geopoint_parse_wkb(fn_arg_str(v), p, &env->error)
						      : geopoint_parse(fn_arg_str(v), p, &env->error);
	if (rc)
		fn_fail(ctx);
	return rc == 0;
}

static void give_point(sqlite3_context *ctx, const GeoPoint *p)
{
	Buf b = { 0 };
	geopoint_print(p, &b);
	fn_result_buf(ctx, &b);
}

static void give_geography(sqlite3_context *ctx, GeoPoint *p)
{
	if (geopoint_to_geography(p, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		give_point(ctx, p);
}

static void make_point(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p = { fn_float_arg(argv[0]), fn_float_arg(argv[1]), argc > 2 ? sqlite3_value_int(argv[2]) : 0 };
	if (p.srid < 0)
		fn_raise(ctx, "0A000", "SRID %d is not available in SQLite mode", (int)p.srid);
	else
		give_point(ctx, &p);
}

static void set_srid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (!read_point(ctx, argv[0], &p))
		return;
	int64_t srid = sqlite3_value_int64(argv[1]);
	if (srid < 0 || srid > 998999)
		fn_raise(ctx, "0A000", "SRID %d is not available in SQLite mode", (int)srid);
	else
		give_point(ctx, &(GeoPoint){ p.x, p.y, (int32_t)srid });
}

/* From text, GeoJSON or WKB; as it is. */
static void as_geometry(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (!read_point(ctx, argv[0], &p))
		return;
	if (argc > 1)
		p.srid = sqlite3_value_int(argv[1]);
	give_point(ctx, &p);
}

static void geojson_to_geometry(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (geopoint_parse_json(fn_arg_str(argv[0]), &p, &fn_env(ctx)->error))
		fn_fail(ctx);
	else
		give_point(ctx, &p);
}

static void as_geography(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (read_point(ctx, argv[0], &p))
		give_geography(ctx, &p);
}

static void coordinate(sqlite3_context *ctx, sqlite3_value *v, bool y)
{
	GeoPoint p;
	if (read_point(ctx, v, &p) && !geopoint_is_empty(&p))
		fn_float_result(ctx, y ? p.y : p.x);
}

static void x_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	coordinate(ctx, argv[0], false);
}

static void y_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	coordinate(ctx, argv[0], true);
}

static void srid_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (read_point(ctx, argv[0], &p))
		sqlite3_result_int(ctx, p.srid);
}

static void is_empty(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (read_point(ctx, argv[0], &p))
		sqlite3_result_int(ctx, geopoint_is_empty(&p));
}

static void type_upper(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (read_point(ctx, argv[0], &p))
		fn_result_str(ctx, str_of("POINT"));
}

static void type_name(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	if (read_point(ctx, argv[0], &p))
		fn_result_str(ctx, str_of("ST_Point"));
}

static int digits_of(int argc, sqlite3_value **argv, int most)
{
	int digits = argc > 1 ? sqlite3_value_int(argv[1]) : most;
	return digits < 0 ? 0 : digits > TEXT_DIGITS ? TEXT_DIGITS : digits;
}

static void text_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	Buf b = { 0 };
	if (!read_point(ctx, argv[0], &p))
		return;
	geopoint_print_text(&p, digits_of(argc, argv, TEXT_DIGITS), &b);
	fn_result_buf(ctx, &b);
}

static void ewkt_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	Buf b = { 0 };
	if (!read_point(ctx, argv[0], &p))
		return;
	if (p.srid)
		buf_printf(&b, "SRID=%d;", (int)p.srid);
	geopoint_print_text(&p, digits_of(argc, argv, TEXT_DIGITS), &b);
	fn_result_buf(ctx, &b);
}

/* The option 8, which is the default, names a coordinate system other than that of longitude and latitude. */
static void geojson_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	Buf b = { 0 };
	if (!read_point(ctx, argv[0], &p))
		return;
	int options = argc > 2 ? sqlite3_value_int(argv[2]) : 8;
	if ((options & ~8) || (options && p.srid && p.srid != SRID_WGS84)) {
		fn_raise(ctx, "0A000", "ST_AsGeoJSON with these options and SRID is not available in SQLite mode");
		return;
	}
	geopoint_print_json(&p, digits_of(argc, argv, 9), &b);
	fn_result_buf(ctx, &b);
}

/* A cast to json; jsonb's own form has blanks. */
static void json_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	geojson_of(ctx, 1, argv);
}

static void jsonb_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint p;
	Buf text = { 0 }, b = { 0 };
	if (!read_point(ctx, argv[0], &p))
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	geopoint_print_json(&p, TEXT_DIGITS, &text);
	const Json *j = json_parse(buf_str(&text), true, a, &fn_env(ctx)->error);
	if (j) {
		json_print(j, &b);
		fn_result_buf(ctx, &b);
	} else {
		fn_fail(ctx);
	}
	buf_free(&text);
}

static void give_wkb(sqlite3_context *ctx, int argc, sqlite3_value **argv, bool srid)
{
	GeoPoint p;
	Buf b = { 0 };
	Str order = argc > 1 ? fn_arg_str(argv[1]) : str_of("NDR");
	if (!read_point(ctx, argv[0], &p))
		return;
	geopoint_print_wkb(&p, srid, order.n == 3 && strncasecmp(order.p, "xdr", 3) == 0, &b);
	sqlite3_result_blob(ctx, b.data, (int)b.len, SQLITE_TRANSIENT);
	buf_free(&b);
}

static void wkb_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	give_wkb(ctx, argc, argv, false);
}

static void ewkb_of(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	give_wkb(ctx, argc, argv, true);
}

static bool read_pair(sqlite3_context *ctx, sqlite3_value **argv, const char *function, GeoPoint *x, GeoPoint *y)
{
	if (!read_point(ctx, argv[0], x) || !read_point(ctx, argv[1], y))
		return false;
	if (x->srid == y->srid)
		return true;
	fn_raise(ctx, "XX000", "%s: Operation on mixed SRID geometries (Point, %d) != (Point, %d)", function, (int)x->srid, (int)y->srid);
	return false;
}

static bool any_empty(const GeoPoint *x, const GeoPoint *y)
{
	return geopoint_is_empty(x) || geopoint_is_empty(y);
}

static double plane_distance(const GeoPoint *x, const GeoPoint *y)
{
	double dx = x->x - y->x, dy = x->y - y->y;
	return sqrt(dx * dx + dy * dy);
}

static void distance(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint x, y;
	if (read_pair(ctx, argv, "ST_Distance", &x, &y) && !any_empty(&x, &y))
		fn_float_result(ctx, plane_distance(&x, &y));
}

static void within(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint x, y;
	double most = fn_float_arg(argv[2]);
	if (most < 0)
		fn_raise(ctx, "XX000", "Tolerance cannot be less than zero");
	else if (read_pair(ctx, argv, "LWGEOM_dwithin", &x, &y))
		sqlite3_result_int(ctx, !any_empty(&x, &y) && plane_distance(&x, &y) <= most);
}

static void equals(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint x, y;
	if (read_pair(ctx, argv, "ST_Equals", &x, &y))
		sqlite3_result_int(ctx, any_empty(&x, &y) ? geopoint_is_empty(&x) && geopoint_is_empty(&y) : x.x == y.x && x.y == y.y);
}

/* PostGIS rounds to tens of nanometres where it says so. */
static double earth_distance(const GeoPoint *x, const GeoPoint *y, bool spheroid)
{
	return round((spheroid ? geodesic_distance(x, y) : sphere_distance(x, y)) * 1e8) / 1e8;
}

static void geography_distance(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint x, y;
	if (read_pair(ctx, argv, "geography_distance", &x, &y) && !any_empty(&x, &y))
		fn_float_result(ctx, earth_distance(&x, &y, argc < 3 || sqlite3_value_int(argv[2])));
}

static void geography_within(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint x, y;
	if (read_pair(ctx, argv, "geography_dwithin", &x, &y))
		sqlite3_result_int(ctx, !any_empty(&x, &y) && earth_distance(&x, &y, sqlite3_value_int(argv[3])) <= fn_float_arg(argv[2]));
}

/* The order of neighbours is that on the sphere. */
static void geography_near(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	GeoPoint x, y;
	if (read_pair(ctx, argv, "geography_distance_knn", &x, &y) && !any_empty(&x, &y))
		fn_float_result(ctx, sphere_distance(&x, &y));
}

/* Of geometries in degrees, as if they were geographies. */
static void degrees_distance(sqlite3_context *ctx, sqlite3_value **argv, bool spheroid)
{
	GeoPoint x, y;
	Error *err = &fn_env(ctx)->error;
	if (!read_pair(ctx, argv, "geography_distance", &x, &y) || any_empty(&x, &y))
		return;
	if (geopoint_to_geography(&x, err) || geopoint_to_geography(&y, err))
		fn_fail(ctx);
	else
		fn_float_result(ctx, spheroid ? geodesic_distance(&x, &y) : earth_distance(&x, &y, false));
}

static void distance_sphere(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	degrees_distance(ctx, argv, false);
}

static void distance_spheroid(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	degrees_distance(ctx, argv, true);
}

static void same(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	Str x = fn_arg_str(argv[0]), y = fn_arg_str(argv[1]);
	sqlite3_result_int(ctx, x.n == y.n && memcmp(x.p, y.p, x.n) == 0);
}

static void lib_version(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	fn_result_str(ctx, str_of("3.3.2"));
}

const SqliteFn fn_table_ext_postgis[] = {
	{ "LWGEOM_makepoint", 2, PURE, make_point },
	{ "ST_Point", 3, PURE, make_point },
	{ "LWGEOM_set_srid", 2, PURE, set_srid },
	{ "parse_WKT_lwgeom", 1, PURE, as_geometry },
	{ "LWGEOM_from_text", 1, PURE, as_geometry },
	{ "LWGEOM_from_text", 2, PURE, as_geometry },
	{ "LWGEOM_from_WKB", 1, PURE, as_geometry },
	{ "LWGEOM_from_bytea", 1, PURE, as_geometry },
	{ "LWGEOMFromEWKB", 1, PURE, as_geometry },
	{ "st_geomfromwkb", 2, PURE, as_geometry },
	{ "st_pointfromtext", 1, PURE, as_geometry },
	{ "st_pointfromtext", 2, PURE, as_geometry },
	{ "geometry_from_geography", 1, PURE, as_geometry },
	{ "geom_from_geojson", 1, PURE, geojson_to_geometry },
	{ "st_geomfromgeojson", 1, PURE, geojson_to_geometry },
	{ "geography_from_text", 1, PURE, as_geography },
	{ "geography_from_binary", 1, PURE, as_geography },
	{ "geography_from_geometry", 1, PURE, as_geography },
	{ "LWGEOM_x_point", 1, PURE, x_of },
	{ "LWGEOM_y_point", 1, PURE, y_of },
	{ "LWGEOM_get_srid", 1, PURE, srid_of },
	{ "LWGEOM_isempty", 1, PURE, is_empty },
	{ "LWGEOM_getTYPE", 1, PURE, type_upper },
	{ "geometry_geometrytype", 1, PURE, type_name },
	{ "LWGEOM_asText", 1, PURE, text_of },
	{ "LWGEOM_asText", 2, PURE, text_of },
	{ "st_astext", 1, PURE, text_of },
	{ "LWGEOM_asEWKT", 1, PURE, ewkt_of },
	{ "LWGEOM_asEWKT", 2, PURE, ewkt_of },
	{ "st_asewkt", 1, PURE, ewkt_of },
	{ "LWGEOM_to_text", 1, PURE, as_geometry },
	{ "LWGEOM_asHEXEWKB", 1, PURE, as_geometry },
	{ "LWGEOM_asGeoJson", 3, PURE, geojson_of },
	{ "geography_as_geojson", 3, PURE, geojson_of },
	{ "st_asgeojson", 1, PURE, json_of },
	{ "geometry_to_json", 1, PURE, json_of },
	{ "geometry_to_jsonb", 1, PURE, jsonb_of },
	{ "LWGEOM_asBinary", 1, PURE, wkb_of },
	{ "LWGEOM_asBinary", 2, PURE, wkb_of },
	{ "LWGEOM_to_bytea", 1, PURE, ewkb_of },
	{ "WKBFromLWGEOM", 1, PURE, ewkb_of },
	{ "WKBFromLWGEOM", 2, PURE, ewkb_of },
	{ "ST_Distance", 2, PURE, distance },
	{ "st_distance", 2, PURE, distance },
	{ "LWGEOM_dwithin", 3, PURE, within },
	{ "st_dwithin", 3, PURE, within },
	{ "ST_Equals", 2, PURE, equals },
	{ "geography_distance", 3, PURE, geography_distance },
	{ "geography_distance_knn", 2, PURE, geography_near },
	{ "geography_dwithin", 4, PURE, geography_within },
	{ "st_distancesphere", 2, PURE, distance_sphere },
	{ "LWGEOM_distance_ellipsoid", 2, PURE, distance_spheroid },
	{ "lwgeom_eq", 2, PURE, same },
	{ "geography_eq", 2, PURE, same },
	{ "postgis_lib_version", 0, FN_IMMUTABLE, lib_version },
	{ NULL },
};
