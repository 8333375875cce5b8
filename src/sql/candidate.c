/* PostgreSQL's choice among functions (or operators) of one name: func_match_argtypes and func_select_candidate. */
#include "sql/expr.h"

#include <assert.h>

size_t candidates_match(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs)
{
	size_t kept = 0;

	for (size_t i = 0; i < ncand; i++)
		if (can_coerce_args(cat, args, c[i].args, nargs, COERCE_IMPLICIT))
			c[kept++] = c[i];
	return kept;
}

typedef int (*Scorer)(const Catalog *cat, const Candidate *c, const uint32_t *args, size_t nargs);

static int score_exact(const Catalog *cat, const Candidate *c, const uint32_t *args, size_t nargs)
{
	int n = 0;

	for (size_t i = 0; i < nargs; i++)
		n += args[i] != T_UNKNOWN && c->args[i] == args[i];
	return n;
}

static int score_preferred(const Catalog *cat, const Candidate *c, const uint32_t *args, size_t nargs)
{
	int n = 0;
	bool preferred, ignored;

	for (size_t i = 0; i < nargs; i++) {
		if (args[i] == T_UNKNOWN)
			continue;
		char category = type_category(cat, c->args[i], &preferred);
		n += c->args[i] == args[i] || (preferred && category == type_category(cat, args[i], &ignored));
	}
	return n;
}

/* Keeps the candidates with the highest score. */
static size_t keep_best(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs, Scorer score)
{
	int best = 0;
	size_t kept = 0;

	for (size_t i = 0; i < ncand; i++) {
		int s = score(cat, &c[i], args, nargs);
		if (s > best) {
			best = s;
			kept = 0;
		}
		if (s == best)
			c[kept++] = c[i];
	}
	return kept;
}

typedef struct Slot {
	char category;
	bool has_preferred;
} Slot;

/* The category that the unknown argument at `at` is taken to have; false when the candidates disagree. */
static bool slot_category(const Catalog *cat, const Candidate *c, size_t ncand, size_t at, Slot *slot)
{
	bool conflict = false, preferred;

	*slot = (Slot){ 0, false };
	for (size_t i = 0; i < ncand; i++) {
		char category = type_category(cat, c[i].args[at], &preferred);
		if (slot->category == 0) {
			*slot = (Slot){ category, preferred };
		} else if (category == slot->category) {
			slot->has_preferred = slot->has_preferred || preferred;
		} else if (category == 'S') {
			*slot = (Slot){ 'S', preferred };
		} else {
			conflict = true;
		}
	}
	return !conflict || slot->category == 'S';
}

static bool fits_slot(const Catalog *cat, uint32_t type, Slot slot)
{
	bool preferred;

	return type_category(cat, type, &preferred) == slot.category && (preferred || !slot.has_preferred);
}

static size_t keep_by_category(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs)
{
	Slot *slots = mem_alloc(sizeof(Slot) * (nargs + 1));
	bool *fits = mem_alloc(ncand + 1);
	size_t kept = 0;
	bool resolved = true;

	for (size_t i = 0; i < nargs && resolved; i++)
		if (args[i] == T_UNKNOWN)
			resolved = slot_category(cat, c, ncand, i, &slots[i]);
	for (size_t k = 0; k < ncand && resolved; k++) {
		fits[k] = true;
		for (size_t i = 0; i < nargs; i++)
			if (args[i] == T_UNKNOWN && !fits_slot(cat, c[k].args[i], slots[i]))
				fits[k] = false;
		kept += fits[k];
	}
	if (kept > 0) {
		size_t at = 0;
		for (size_t k = 0; k < ncand; k++)
			if (fits[k])
				c[at++] = c[k];
	}
	free(slots);
	free(fits);
	return kept > 0 ? kept : ncand;
}

/* The last rule: if all known arguments have one type, suppose that the unknown ones have it too. */
static Candidate *same_known_type(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs)
{
	uint32_t known = 0;
	Candidate *found = NULL;

	for (size_t i = 0; i < nargs; i++) {
		if (args[i] == T_UNKNOWN)
			continue;
		if (known && known != args[i])
			return NULL;
		known = args[i];
	}
	if (!known)
		return NULL;
	uint32_t *supposed = mem_alloc(sizeof(uint32_t) * nargs);
	for (size_t i = 0; i < nargs; i++)
		supposed[i] = known;
	size_t n = 0;
	for (size_t k = 0; k < ncand; k++) {
		if (can_coerce_args(cat, supposed, c[k].args, nargs, COERCE_IMPLICIT)) {
			found = &c[k];
			n++;
		}
	}
	free(supposed);
	return n == 1 ? found : NULL;
}

Candidate *candidates_select(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs)
{
	size_t unknowns = 0;
	uint32_t base[FUNC_MAX_ARGS];

	assert(nargs <= FUNC_MAX_ARGS);
	for (size_t i = 0; i < nargs; i++) {
		base[i] = type_base(cat, args[i]);
		unknowns += args[i] == T_UNKNOWN;
	}
	args = base;
	if (unknowns < nargs)
		ncand = keep_best(cat, c, ncand, args, nargs, score_exact);
	if (ncand == 1)
		return c;
	ncand = keep_best(cat, c, ncand, args, nargs, score_preferred);
	if (ncand == 1)
		return c;
	if (unknowns == 0)
		return NULL;
	ncand = keep_by_category(cat, c, ncand, args, nargs);
	if (ncand == 1)
		return c;
	return unknowns < nargs ? same_known_type(cat, c, ncand, args, nargs) : NULL;
}
