#include "pgtype/encoding.h"

#include <ctype.h>

/* By number. `libc` is what the C library calls those that are converted here (recode.c). */
static const struct {
	const char *name, *libc;
} encodings[ENCODING_COUNT] = {
	{ "SQL_ASCII", NULL },
	{ "EUC_JP", "EUC-JP-MS" },
	{ "EUC_CN", "EUC-CN" },
	{ "EUC_KR", "EUC-KR" },
	{ "EUC_TW", NULL },
	{ "EUC_JIS_2004", NULL },
	{ "UTF8", NULL },
	{ "MULE_INTERNAL", NULL },
	{ "LATIN1", "ISO-8859-1" },
	{ "LATIN2", "ISO-8859-2" },
	{ "LATIN3", "ISO-8859-3" },
	{ "LATIN4", "ISO-8859-4" },
	{ "LATIN5", "ISO-8859-9" },
	{ "LATIN6", "ISO-8859-10" },
	{ "LATIN7", "ISO-8859-13" },
	{ "LATIN8", "ISO-8859-14" },
	{ "LATIN9", "ISO-8859-15" },
	{ "LATIN10", "ISO-8859-16" },
	{ "WIN1256", "CP1256" },
	{ "WIN1258", "CP1258" },
	{ "WIN866", "CP866" },
	{ "WIN874", "CP874" },
	{ "KOI8R", "KOI8-R" },
	{ "WIN1251", "CP1251" },
	{ "WIN1252", "CP1252" },
	{ "ISO_8859_5", "ISO-8859-5" },
	{ "ISO_8859_6", "ISO-8859-6" },
	{ "ISO_8859_7", "ISO-8859-7" },
	{ "ISO_8859_8", "ISO-8859-8" },
	{ "WIN1250", "CP1250" },
	{ "WIN1253", "CP1253" },
	{ "WIN1254", "CP1254" },
	{ "WIN1255", "CP1255" },
	{ "WIN1257", "CP1257" },
	{ "KOI8U", "KOI8-U" },
	{ "SJIS", "CP932" },
	{ "BIG5", NULL },
	{ "GBK", "GBK" },
	{ "UHC", "CP949" },
	{ "GB18030", "GB18030" },
	{ "JOHAB", NULL },
	{ "SHIFT_JIS_2004", NULL },
};

/* Other names, in lower case and without punctuation. */
static const struct {
	const char *name;
	int number;
} aliases[] = {
	{ "abc", 19 },	       { "alt", 20 },	      { "iso88591", 8 },     { "iso885910", 13 },   { "iso885913", 14 },
	{ "iso885914", 15 },   { "iso885915", 16 },   { "iso885916", 17 },   { "iso88592", 9 },	    { "iso88593", 10 },
	{ "iso88594", 11 },    { "iso88599", 12 },    { "koi8", 22 },	     { "mskanji", 35 },	    { "shiftjis", 35 },
	{ "tcvn", 19 },	       { "tcvn5712", 19 },    { "unicode", 6 },	     { "vscii", 19 },	    { "win", 23 },
	{ "win932", 35 },      { "win936", 37 },      { "win949", 38 },	     { "win950", 36 },	    { "windows1250", 29 },
	{ "windows1251", 23 }, { "windows1252", 24 }, { "windows1253", 30 }, { "windows1254", 31 }, { "windows1255", 32 },
	{ "windows1256", 18 }, { "windows1257", 33 }, { "windows1258", 19 }, { "windows866", 20 },  { "windows874", 21 },
	{ "windows932", 35 },  { "windows936", 37 },  { "windows949", 38 },  { "windows950", 36 },
};

enum { NAME_MAX_CLEAN = 64 };

static void clean_name(Str name, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < name.n && n + 1 < NAME_MAX_CLEAN; i++)
		if (isalnum((unsigned char)name.p[i]))
			out[n++] = (char)tolower((unsigned char)name.p[i]);
	out[n] = '\0';
}

int encoding_named(Str name)
{
	char wanted[NAME_MAX_CLEAN], have[NAME_MAX_CLEAN];
	clean_name(name, wanted);
	for (int i = 0; i < ENCODING_COUNT; i++) {
		clean_name(str_of(encodings[i].name), have);
		if (streq(have, wanted))
			return i;
	}
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (streq(aliases[i].name, wanted))
			return aliases[i].number;
	return ENCODING_NONE;
}

const char *encoding_name(int encoding)
{
	return encoding >= 0 && encoding < ENCODING_COUNT ? encodings[encoding].name : "";
}

const char *encoding_libc_name(int encoding)
{
	return encoding >= 0 && encoding < ENCODING_COUNT ? encodings[encoding].libc : NULL;
}

bool encoding_is_known(int encoding)
{
	return encoding == ENCODING_UTF8 || encoding_libc_name(encoding) != NULL;
}
