#include "pgtype/ts_dict.h"

#include "base/buf.h"

#include <dlfcn.h>
#include <libstemmer.h>
#include <pthread.h>

#define SNOWBALL "libstemmer.so.0d"

enum { OID_SIMPLE_DICT = 3765, OID_SIMPLE_CONFIG = 3748, FIRST_DICT = 13151, MAX_STEMMED = 1000 };

static const TsDict simple = { OID_SIMPLE_DICT, "simple", NULL };

/* initdb numbers them in this order: dictionary, configuration, dictionary ... */
#define DICT(i, language)                                                                                                                  \
	{                                                                                                                                  \
		FIRST_DICT + 2 * (i), language "_stem", language                                                                           \
	}
static const TsDict dicts[] = {
	DICT(0, "arabic"),    DICT(1, "armenian"),    DICT(2, "basque"),     DICT(3, "catalan"),     DICT(4, "danish"),
	DICT(5, "dutch"),     DICT(6, "english"),     DICT(7, "finnish"),    DICT(8, "french"),	     DICT(9, "german"),
	DICT(10, "greek"),    DICT(11, "hindi"),      DICT(12, "hungarian"), DICT(13, "indonesian"), DICT(14, "irish"),
	DICT(15, "italian"),  DICT(16, "lithuanian"), DICT(17, "nepali"),    DICT(18, "norwegian"),  DICT(19, "portuguese"),
	DICT(20, "romanian"), DICT(21, "russian"),    DICT(22, "serbian"),   DICT(23, "spanish"),    DICT(24, "swedish"),
	DICT(25, "tamil"),    DICT(26, "turkish"),    DICT(27, "yiddish"),
};
enum { ENGLISH = 6 };

size_t ts_config_count(void)
{
	return ARRAY_LEN(dicts) + 1;
}

TsConfig ts_config_at(size_t i)
{
	if (i == 0)
		return (TsConfig){ OID_SIMPLE_CONFIG, "simple", &simple, &simple };
	const TsDict *d = &dicts[i - 1];
	/* Where the language has no ASCII letters, words of these are taken for English. */
	bool other_script = streq(d->language, "russian") || streq(d->language, "hindi");
	return (TsConfig){ d->oid + 1, d->language, d, other_script ? &dicts[ENGLISH] : d };
}

bool ts_config_by_oid(uint32_t oid, TsConfig *out)
{
	for (size_t i = 0; i < ts_config_count(); i++) {
		*out = ts_config_at(i);
		if (out->oid == oid)
			return true;
	}
	return false;
}

bool ts_config_by_name(Str name, TsConfig *out)
{
	for (size_t i = 0; i < ts_config_count(); i++) {
		*out = ts_config_at(i);
		if (str_is(name, out->name))
			return true;
	}
	return false;
}

const TsDict *ts_dict_by_oid(uint32_t oid)
{
	for (size_t i = 0; i < ARRAY_LEN(dicts); i++)
		if (dicts[i].oid == oid)
			return &dicts[i];
	return oid == simple.oid ? &simple : NULL;
}

const TsDict *ts_dict_by_name(Str name)
{
	for (size_t i = 0; i < ARRAY_LEN(dicts); i++)
		if (str_is(name, dicts[i].name))
			return &dicts[i];
	return str_is(name, simple.name) ? &simple : NULL;
}

const TsDict *ts_config_dict(const TsConfig *c, TsTokenType type)
{
	switch (type) {
	case TS_ASCIIWORD:
	case TS_ASCIIHWORD:
	case TS_HWORD_ASCIIPART:
		return c->ascii;
	case TS_WORD:
	case TS_HWORD:
	case TS_HWORD_PART:
		return c->word;
	case TS_BLANK:
	case TS_TAG:
	case TS_PROTOCOL:
	case TS_ENTITY:
		return NULL;
	default:
		return &simple;
	}
}

static int compare_word(const void *key, const void *item)
{
	const Str *k = key;
	Str w = str_of(*(const char *const *)item);
	int c = memcmp(k->p, w.p, k->n < w.n ? k->n : w.n);
	return c ? c : (k->n > w.n) - (k->n < w.n);
}

static bool is_stop_word(const char *language, Str word)
{
	for (size_t i = 0; i < ts_stop_lists_count; i++)
		if (streq(ts_stop_lists[i].language, language))
			return bsearch(&word, ts_stop_lists[i].words, ts_stop_lists[i].n, sizeof(char *), compare_word) != NULL;
	return false;
}

/* The library's tables take 600 KB of memory as soon as it is loaded. */
static struct {
	bool loaded;
	__typeof__(sb_stemmer_new) *open;
	__typeof__(sb_stemmer_delete) *close;
	__typeof__(sb_stemmer_stem) *stem;
	__typeof__(sb_stemmer_length) *length;
} snowball;

static void load_snowball(void)
{
#define FIND(field, name) ((snowball.field = (__typeof__(snowball.field))dlsym(handle, name)) != NULL)
	void *handle = dlopen(SNOWBALL, RTLD_NOW | RTLD_LOCAL);
	snowball.loaded = handle && FIND(open, "sb_stemmer_new") && FIND(close, "sb_stemmer_delete") && FIND(stem, "sb_stemmer_stem") &&
			  FIND(length, "sb_stemmer_length");
}

int ts_dict_load(const TsDict *d, Error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (!d->language)
		return 0;
	pthread_once(&once, load_snowball);
	return snowball.loaded ? 0 : err_set(err, "58P01", "could not load library \"%s\"", SNOWBALL);
}

static struct sb_stemmer *stemmer_of(TsStemmers *s, const TsDict *d)
{
	Error ignored;
	int i = s->dict[0] && s->dict[0] != d;
	if (ts_dict_load(d, &ignored) < 0)
		return NULL;
	if (s->dict[i] != d) {
		snowball.close(s->stemmer[i]);
		s->stemmer[i] = snowball.open(d->language, NULL);
		s->dict[i] = d;
	}
	return s->stemmer[i];
}

void ts_stemmers_clear(TsStemmers *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->stemmer); i++)
		if (s->stemmer[i])
			snowball.close(s->stemmer[i]);
	*s = (TsStemmers){ 0 };
}

Str ts_lexize(TsStemmers *s, const TsDict *d, Str word, Arena *a)
{
	_cleanup_(buf_free) Buf b = { 0 };
	ts_lower(word, &b);
	Str low = { arena_strndup(a, b.data ? (const char *)b.data : "", b.len), b.len };
	if (!d->language)
		return low;
	if (low.n > MAX_STEMMED)
		return low;
	if (low.n == 0 || is_stop_word(d->language, low))
		return (Str){ 0 };
	struct sb_stemmer *stemmer = stemmer_of(s, d);
	if (!stemmer)
		return low;
	const sb_symbol *stem = snowball.stem(stemmer, (const sb_symbol *)low.p, (int)low.n);
	size_t n = (size_t)snowball.length(stemmer);
	return stem ? (Str){ arena_strndup(a, (const char *)stem, n), n } : low;
}
