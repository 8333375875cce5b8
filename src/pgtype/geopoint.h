/*
 * PostGIS's geometry and geography, for points. Stored as PostgreSQL prints them: the well-known binary form with the SRID, in hexadecimal
 * digits. Whatever is not a point with two coordinates is refused.
 */
#ifndef US_PGTYPE_GEOPOINT_H
#define US_PGTYPE_GEOPOINT_H

#include "pgtype/pgtype.h"

enum { SRID_WGS84 = 4326 };

typedef struct GeoPoint {
	double x, y; /* both NaN: POINT EMPTY */
	int32_t srid;
} GeoPoint;

/* Well-known text with or without SRID, GeoJSON, hexadecimal or (`bytes`) binary form. */
int geopoint_parse(Str text, GeoPoint *out, Error *err);
int geopoint_parse_json(Str text, GeoPoint *out, Error *err);
int geopoint_parse_wkb(Str bytes, GeoPoint *out, Error *err);
/* As a geography: SRID 4326, degrees. */
int geopoint_to_geography(GeoPoint *p, Error *err);

bool geopoint_is_empty(const GeoPoint *p);
void geopoint_print(const GeoPoint *p, Buf *out); /* the stored form */
void geopoint_print_wkb(const GeoPoint *p, bool with_srid, bool big_endian, Buf *out);
void geopoint_print_text(const GeoPoint *p, int digits, Buf *out);
void geopoint_print_json(const GeoPoint *p, int digits, Buf *out);

/* Metres on the WGS 84 ellipsoid, or on the sphere of its mean radius. */
double geodesic_distance(const GeoPoint *x, const GeoPoint *y);
double sphere_distance(const GeoPoint *x, const GeoPoint *y);

#endif
