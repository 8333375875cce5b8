/* Inside the catalog room: relations that are views over others, in pg_catalog and information_schema. */
#ifndef US_CATALOG_VIEWS_H
#define US_CATALOG_VIEWS_H

#include <stdint.h>

typedef struct BuiltinView {
	uint32_t schema;
	const char *name;
	const char *sql; /* PostgreSQL SELECT; every name qualified */
} BuiltinView;

/* Ended by a NULL name. */
extern const BuiltinView catalog_views[];

#endif
