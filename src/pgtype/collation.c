#include "pgtype/collation.h"

enum { ENCODING_UTF8 = 6 };

const Collation collations_of_bytes[] = {
	{ COLL_DEFAULT, "default", NULL, -1 },
	{ COLL_C, "C", "C", -1 },
	{ COLL_POSIX, "POSIX", "POSIX", -1 },
	{ COLL_UCS_BASIC, "ucs_basic", "C", ENCODING_UTF8 },
	{ COLL_C_UTF8, "C.utf8", "C.utf8", ENCODING_UTF8 },
};
const size_t collations_of_bytes_count = ARRAY_LEN(collations_of_bytes);

/* ICU's have the places of their languages as numbers, as PostgreSQL gives them when a cluster is made. */
uint32_t collation_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(collations_of_bytes); i++)
		if (streq(collations_of_bytes[i].name, name))
			return collations_of_bytes[i].oid;
	_cleanup_(arena_freep) Arena *a = arena_new();
	const char *language = icu_language(name, a);
	int at = language ? icu_language_number(language) : -1;
	return at < 0 ? 0 : COLL_FIRST_ICU + (uint32_t)at;
}

typedef struct Nth {
	uint32_t left;
	Arena *a;
	const char *name;
} Nth;

static void take_nth(void *arg, const char *language)
{
	Nth *n = arg;
	if (n->left-- == 0)
		n->name = arena_printf(n->a, "%s-x-icu", language);
}

const char *collation_name(uint32_t oid, Arena *a)
{
	for (size_t i = 0; i < ARRAY_LEN(collations_of_bytes); i++)
		if (collations_of_bytes[i].oid == oid)
			return collations_of_bytes[i].name;
	Nth n = { oid - COLL_FIRST_ICU, a, NULL };
	if (collation_is_icu(oid))
		icu_each_language(take_nth, &n);
	return n.name;
}
