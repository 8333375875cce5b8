/*
 * ICU: the order of languages, and Unicode's normal forms. The library is loaded when the first value needs it.
 */
#ifndef US_PGTYPE_ICU_H
#define US_PGTYPE_ICU_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

typedef struct IcuCollator IcuCollator;
typedef enum { ICU_NFC, ICU_NFD, ICU_NFKC, ICU_NFKD } IcuForm;

/* The language of a collation such as "en-US-x-icu", or NULL when the name has not that form. */
const char *icu_language(const char *collation, Arena *a);
/* The place of a language ("en-US") in ICU's list, in which "und" is the first; -1 when it is not there. Without the library it is empty.
 */
int icu_language_number(const char *language);
/* NULL with an error: no library, or it does not know the language. */
IcuCollator *icu_collator_open(const char *language, Error *err);
void icu_collator_close(void *collator);
/* Texts that ICU finds equal are in the order of their bytes, as in PostgreSQL's deterministic collations. From any thread. */
int icu_compare(const IcuCollator *c, Str x, Str y);

/* The result is in `a`. */
int icu_normalize(IcuForm form, Str text, Arena *a, Str *out, Error *err);

/* Calls put for all languages of the list. */
void icu_each_language(void (*put)(void *arg, const char *language), void *arg);
/* The version of its order, as PostgreSQL shows it; it changes when ICU sorts otherwise. NULL when the language is not known. */
const char *icu_version(const char *language, Arena *a);

#endif
