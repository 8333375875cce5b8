#include "sqlite/keywords.h"

#include <stdlib.h>

static int compare_word(const void *key, const void *item)
{
	const Str *k = key;
	const char *w = ((const Keyword *)item)->word;
	int c = strncmp(k->p, w, k->n);
	return c ? c : w[k->n] ? -1 : 0;
}

const Keyword *keyword_find(Str word)
{
	return bsearch(&word, keywords, keywords_count, sizeof *keywords, compare_word);
}
