/* Inside the catalog room: rows of the user's functions and triggers. */
#ifndef US_CATALOG_PRODUCERS_PROGRAM_H
#define US_CATALOG_PRODUCERS_PROGRAM_H

#include "catalog/vtab.h"

#include <strings.h>

void catalog_put_functions(RowSink *s); /* into pg_proc */
void catalog_produce_trigger(RowSink *s);

#endif
