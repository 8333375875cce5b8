/*
 * The shortest way between two points of the WGS 84 ellipsoid. The ellipsoid is mapped to the auxiliary sphere of reduced latitudes, where
 * the way is a great circle; which one is found from the difference of longitudes, which grows with the azimuth at the first point. The two
 * integrals along the way are computed by Gauss and Legendre's quadrature, which is exact here to the last digits of a long double.
 */
#include "pgtype/geopoint.h"

#include <math.h>

#define RADIUS 6378137.0L
#define FLATTENING (1.0L / 298.257223563L)
#define PI_L 3.14159265358979323846264338327950288L

enum { NODES = 16, ROUNDS = 120 };

typedef struct Way {
	long double sin1, cos1, sin2, cos2; /* of the reduced latitudes; 1 is farther from the equator, and south of it */
	long double node[NODES], weight[NODES];
	long double sigma1, sigma2, k2, sin0; /* of the azimuth that was tried last */
} Way;

static void find_nodes(Way *w)
{
	for (int i = 0; i < NODES; i++) {
		long double x = cosl(PI_L * (i + 0.75L) / (NODES + 0.5L)), slope = 1;
		for (int round = 0; round < 8; round++) {
			long double p = x, before = 1;
			for (int k = 2; k <= NODES; k++) {
				long double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
				before = p;
				p = next;
			}
			slope = NODES * (x * p - before) / (x * x - 1);
			x -= p / slope;
		}
		w->node[i] = x;
		w->weight[i] = 2 / ((1 - x * x) * slope * slope);
	}
}

static long double length_step(long double root)
{
	return root;
}

static long double longitude_step(long double root)
{
	return (2 - FLATTENING) / (1 + (1 - FLATTENING) * root);
}

static long double integral(const Way *w, long double (*step)(long double root))
{
	long double half = (w->sigma2 - w->sigma1) / 2, middle = (w->sigma2 + w->sigma1) / 2, sum = 0;
	for (int i = 0; i < NODES; i++) {
		long double s = sinl(middle + half * w->node[i]);
		sum += w->weight[i] * step(sqrtl(1 + w->k2 * s * s));
	}
	return sum * half;
}

/* The difference of longitudes of the way that leaves point 1 at the azimuth. */
static long double try_azimuth(Way *w, long double sin_a, long double cos_a)
{
	const long double second = FLATTENING * (2 - FLATTENING) / ((1 - FLATTENING) * (1 - FLATTENING));
	long double north1 = cos_a * w->cos1, cos0 = hypotl(cos_a, sin_a * w->sin1);
	long double more = w->cos1 < -w->sin1 ? (w->cos2 - w->cos1) * (w->cos2 + w->cos1) : (w->sin1 - w->sin2) * (w->sin1 + w->sin2);
	long double north2 = sqrtl(fmaxl(0, north1 * north1 + more));
	w->sin0 = sin_a * w->cos1;
	w->k2 = second * cos0 * cos0;
	w->sigma1 = atan2l(w->sin1, north1);
	w->sigma2 = atan2l(w->sin2, north2);
	long double turn = atan2l(w->sin0 * w->sin2, north2) - atan2l(w->sin0 * w->sin1, north1);
	if (turn < 0)
		turn += 2 * PI_L;
	return turn - FLATTENING * w->sin0 * integral(w, longitude_step);
}

/* Regula falsi, with the weight of an end that stays halved, and halving of the interval where that is slow. */
static void solve(Way *w, long double longitude)
{
	long double low = 0, high = PI_L, at_low = -longitude, at_high = PI_L - longitude;
	for (int round = 0, side = 0; round < ROUNDS; round++) {
		long double a = round % 3 == 2 ? (low + high) / 2 : (low * at_high - high * at_low) / (at_high - at_low);
		if (!(a > low && a < high))
			a = (low + high) / 2;
		if (a <= low || a >= high)
			return;
		long double miss = try_azimuth(w, sinl(a), cosl(a)) - longitude;
		if (miss == 0)
			return;
		if (miss < 0) {
			low = a;
			at_low = miss;
			at_high = side < 0 ? at_high / 2 : at_high;
			side = -1;
		} else {
			high = a;
			at_high = miss;
			at_low = side > 0 ? at_low / 2 : at_low;
			side = 1;
		}
	}
}

static void reduced(double degrees, long double *s, long double *c)
{
	long double phi = degrees * PI_L / 180, y = (1 - FLATTENING) * sinl(phi), x = fabs(degrees) == 90 ? 0 : cosl(phi);
	*s = y / hypotl(x, y);
	*c = x / hypotl(x, y);
}

static long double longitude_between(const GeoPoint *x, const GeoPoint *y)
{
	long double d = fabsl((long double)x->x - y->x);
	return d > 180 ? 360 - d : d;
}

double geodesic_distance(const GeoPoint *x, const GeoPoint *y)
{
	Way w = { 0 };
	double north = x->y, south = y->y;
	long double degrees = longitude_between(x, y);
	if (degrees == 0 && north == south)
		return 0;
	if (fabs(north) > fabs(south)) {
		double t = north;
		north = south;
		south = t;
	}
	if (south > 0) {
		north = -north;
		south = -south;
	}
	reduced(south, &w.sin1, &w.cos1);
	reduced(north, &w.sin2, &w.cos2);
	if (south == 0) /* where the equator is left must show in the sign */
		w.sin1 = w.sin2 = -1e-300L;
	find_nodes(&w);
	if (south == 0 && degrees <= (1 - FLATTENING) * 180)
		return (double)(RADIUS * degrees * PI_L / 180);
	if (degrees == 0 || w.cos1 == 0)
		try_azimuth(&w, 0, 1);
	else if (degrees == 180)
		try_azimuth(&w, 0, -1);
	else
		solve(&w, degrees * PI_L / 180);
	return (double)(RADIUS * (1 - FLATTENING) * integral(&w, length_step));
}

double sphere_distance(const GeoPoint *x, const GeoPoint *y)
{
	double radius = (2 * (double)RADIUS + (double)(RADIUS * (1 - FLATTENING))) / 3;
	double lat1 = x->y * M_PI / 180, lat2 = y->y * M_PI / 180, turn = (y->x - x->x) * M_PI / 180;
	double across = cos(lat2) * sin(turn), along = cos(lat1) * sin(lat2) - sin(lat1) * cos(lat2) * cos(turn);
	double angle = atan2(sqrt(across * across + along * along), sin(lat1) * sin(lat2) + cos(lat1) * cos(lat2) * cos(turn));
	return angle * radius;
}
