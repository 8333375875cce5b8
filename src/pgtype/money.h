/* money. Stored: INTEGER cents. Text as PostgreSQL has it with lc_monetary C. */
#ifndef US_PGTYPE_MONEY_H
#define US_PGTYPE_MONEY_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

int money_parse(Str text, int64_t *out, Error *err); /* 22P02, 22003 */
void money_print(int64_t cents, Buf *out);
void money_words(int64_t cents, Buf *out);

#endif
