#include "pgtype/icu.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <unicode/ucol.h>
#include <unicode/uloc.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

/* ICU's functions have its version in their names; its headers know which. */
#define QUOTED(x) #x
#define NAME_OF(f) QUOTED(f)
#define LIBRARY(name) "lib" name ".so." NAME_OF(U_ICU_VERSION_MAJOR_NUM)
#define LIBRARY_NAME(name) LIBRARY(name)

typedef struct Icu {
	bool loaded;
	UCollator *(*col_open)(const char *, UErrorCode *);
	void (*col_close)(UCollator *);
	UCollationResult (*col_compare)(const UCollator *, const char *, int32_t, const char *, int32_t, UErrorCode *);
	void (*col_version)(const UCollator *, UVersionInfo);
	int32_t (*loc_count)(void);
	const char *(*loc_available)(int32_t);
	int32_t (*loc_to_tag)(const char *, char *, int32_t, UBool, UErrorCode *);
	int32_t (*loc_from_tag)(const char *, char *, int32_t, int32_t *, UErrorCode *);
	const UNormalizer2 *(*norm_instance)(const char *, const char *, UNormalization2Mode, UErrorCode *);
	int32_t (*norm)(const UNormalizer2 *, const UChar *, int32_t, UChar *, int32_t, UErrorCode *);
	UChar *(*from_utf8)(UChar *, int32_t, int32_t *, const char *, int32_t, UErrorCode *);
	char *(*to_utf8)(char *, int32_t, int32_t *, const UChar *, int32_t, UErrorCode *);
} Icu;

static const struct {
	const char *name;
	size_t at;
} functions[] = {
	{ NAME_OF(ucol_open), offsetof(Icu, col_open) },
	{ NAME_OF(ucol_close), offsetof(Icu, col_close) },
	{ NAME_OF(ucol_strcollUTF8), offsetof(Icu, col_compare) },
	{ NAME_OF(ucol_getVersion), offsetof(Icu, col_version) },
	{ NAME_OF(uloc_countAvailable), offsetof(Icu, loc_count) },
	{ NAME_OF(uloc_getAvailable), offsetof(Icu, loc_available) },
	{ NAME_OF(uloc_toLanguageTag), offsetof(Icu, loc_to_tag) },
	{ NAME_OF(uloc_forLanguageTag), offsetof(Icu, loc_from_tag) },
	{ NAME_OF(unorm2_getInstance), offsetof(Icu, norm_instance) },
	{ NAME_OF(unorm2_normalize), offsetof(Icu, norm) },
	{ NAME_OF(u_strFromUTF8), offsetof(Icu, from_utf8) },
	{ NAME_OF(u_strToUTF8), offsetof(Icu, to_utf8) },
};

static Icu icu_functions;
static pthread_once_t icu_once = PTHREAD_ONCE_INIT;

static void load(void)
{
	void *uc = dlopen(LIBRARY_NAME("icuuc"), RTLD_NOW | RTLD_GLOBAL), *i18n = uc ? dlopen(LIBRARY_NAME("icui18n"), RTLD_NOW) : NULL;
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *f = i18n ? dlsym(i18n, functions[i].name) : NULL;
		f = f || !uc ? f : dlsym(uc, functions[i].name);
		if (!f)
			return;
		memcpy((char *)&icu_functions + functions[i].at, &f, sizeof f);
	}
	icu_functions.loaded = true;
}

static const Icu *icu(void)
{
	pthread_once(&icu_once, load);
	return icu_functions.loaded ? &icu_functions : NULL;
}

static int no_library(Error *err)
{
	return err_set(err, "0A000", "ICU's library (%s) is not installed", LIBRARY_NAME("icui18n"));
}

/* ---- collations ---- */

enum { LOCALE_SIZE = 160 };

const char *icu_language(const char *collation, Arena *a)
{
	static const char suffix[] = "-x-icu";
	size_t n = strlen(collation), m = sizeof suffix - 1;
	return n > m && streq(collation + n - m, suffix) ? arena_strndup(a, collation, n - m) : NULL;
}

static bool tag_of(const Icu *u, const char *locale, char tag[LOCALE_SIZE])
{
	UErrorCode status = U_ZERO_ERROR;
	if (!*locale) {
		memcpy(tag, "und", 4);
		return true;
	}
	u->loc_to_tag(locale, tag, LOCALE_SIZE, true, &status);
	return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}

void icu_each_language(void (*put)(void *arg, const char *language), void *arg)
{
	const Icu *u = icu();
	char tag[LOCALE_SIZE];
	for (int32_t i = -1; u && i < u->loc_count(); i++)
		if (tag_of(u, i < 0 ? "" : u->loc_available(i), tag))
			put(arg, tag);
}

typedef struct Search {
	const char *language;
	int at, found;
} Search;

static void compare_language(void *arg, const char *language)
{
	Search *s = arg;
	if (s->found < 0 && streq(language, s->language))
		s->found = s->at;
	s->at++;
}

int icu_language_number(const char *language)
{
	Search s = { language, 0, -1 };
	icu_each_language(compare_language, &s);
	return s.found;
}

IcuCollator *icu_collator_open(const char *language, Error *err)
{
	const Icu *u = icu();
	char locale[LOCALE_SIZE] = "";
	UErrorCode status = U_ZERO_ERROR;
	if (!u) {
		no_library(err);
		return NULL;
	}
	if (!streq(language, "und"))
		u->loc_from_tag(language, locale, LOCALE_SIZE, NULL, &status);
	UCollator *c = U_SUCCESS(status) ? u->col_open(locale, &status) : NULL;
	if (U_FAILURE(status)) {
		err_set(err, "22023", "could not open collator for locale \"%s\"", language);
		return NULL;
	}
	return (IcuCollator *)c;
}

const char *icu_version(const char *language, Arena *a)
{
	Error scratch;
	UVersionInfo v;
	IcuCollator *c = icu_collator_open(language, &scratch);
	if (!c)
		return NULL;
	icu_functions.col_version((const UCollator *)c, v);
	icu_collator_close(c);
	const char *two = arena_printf(a, "%d.%d", v[0], v[1]);
	return v[3] ? arena_printf(a, "%s.%d.%d", two, v[2], v[3]) : v[2] ? arena_printf(a, "%s.%d", two, v[2]) : two;
}

void icu_collator_close(void *collator)
{
	if (collator)
		icu_functions.col_close(collator);
}

static int bytes_compare(Str x, Str y)
{
	int c = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
	return c ? c : (x.n > y.n) - (x.n < y.n);
}

int icu_compare(const IcuCollator *c, Str x, Str y)
{
	UErrorCode status = U_ZERO_ERROR;
	UCollationResult r = icu_functions.col_compare((const UCollator *)c, x.p, (int32_t)x.n, y.p, (int32_t)y.n, &status);
	return U_SUCCESS(status) && r != UCOL_EQUAL ? (int)r : bytes_compare(x, y);
}

/* ---- normal forms ---- */

int icu_normalize(IcuForm form, Str text, Arena *a, Str *out, Error *err)
{
	const Icu *u = icu();
	UErrorCode status = U_ZERO_ERROR;
	int32_t n = 0, m = 0;
	if (!u)
		return no_library(err);
	if (text.n > INT32_MAX / 8)
		return err_set(err, "54000", "text is too long to be normalized");
	bool k = form == ICU_NFKC || form == ICU_NFKD, compose = form == ICU_NFC || form == ICU_NFKC;
	const UNormalizer2 *rule = u->norm_instance(NULL, k ? "nfkc" : "nfc", compose ? UNORM2_COMPOSE : UNORM2_DECOMPOSE, &status);
	UChar *wide = arena_array(a, UChar, text.n + 1);
	u->from_utf8(wide, (int32_t)text.n + 1, &n, text.p, (int32_t)text.n, &status);
	if (U_FAILURE(status))
		return err_set(err, "22021", "invalid byte sequence for encoding \"UTF8\"");
	m = u->norm(rule, wide, n, NULL, 0, &status);
	status = U_ZERO_ERROR;
	UChar *normal = arena_array(a, UChar, (size_t)m + 1);
	u->norm(rule, wide, n, normal, m + 1, &status);
	size_t room = (size_t)m * 3 + 1;
	char *bytes = arena_alloc(a, room);
	int32_t used = 0;
	u->to_utf8(bytes, (int32_t)room, &used, normal, m, &status);
	if (U_FAILURE(status))
		return err_set(err, "XX000", "could not normalize text");
	*out = (Str){ bytes, (size_t)used };
	return 0;
}
