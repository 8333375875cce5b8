#include "pgtype/encoding.h"

#include <ctype.h>
#include <iconv.h>

/* By number. `libc` is what the C library calls those that are converted here. */
static const struct {
	const char *name, *libc;
} encodings[ENCODING_COUNT] = {
	{ "SQL_ASCII", NULL },
	{ "EUC_JP", NULL },
	{ "EUC_CN", NULL },
	{ "EUC_KR", NULL },
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
	{ "WIN1258", NULL },
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
	{ "WIN1255", NULL },
	{ "WIN1257", "CP1257" },
	{ "KOI8U", "KOI8-U" },
	{ "SJIS", NULL },
	{ "BIG5", NULL },
	{ "GBK", NULL },
	{ "UHC", NULL },
	{ "GB18030", NULL },
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

bool encoding_is_single_byte(int encoding)
{
	return encoding_libc_name(encoding) != NULL;
}

/* 22P05 for the character of n bytes at p. */
static int no_equivalent(const char *p, size_t n, int from, int to, Error *err)
{
	Buf b = { 0 };
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s0x%02x", i ? " " : "", (uint8_t)p[i]);
	err_set(err, "22P05", "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", buf_cstr(&b),
		encoding_name(from), encoding_name(to));
	buf_free(&b);
	return -1;
}

static size_t char_bytes(int encoding, const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;
	size_t n = encoding != ENCODING_UTF8 || c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return n < left ? n : left;
}

/* One character at a time, so that the one which cannot be converted is known. ASCII is the same everywhere. */
static int convert(int from, int to, const char *libc_from, const char *libc_to, Str s, Buf *out, Error *err)
{
	iconv_t cd = iconv_open(libc_to, libc_from);
	if (cd == (iconv_t)-1)
		return err_refuse(err, 0, "conversion between %s and %s is not available in SQLite mode", encoding_name(from),
				  encoding_name(to));
	int rc = 0;
	for (size_t i = 0, n; rc == 0 && i < s.n; i += n) {
		char to_char[8], *in = (char *)(uintptr_t)(s.p + i), *o = to_char;
		n = char_bytes(from, s.p + i, s.n - i);
		size_t in_left = n, out_left = sizeof to_char;
		if (s.p[i] == '\0')
			rc = err_set(err, "22021", "invalid byte sequence for encoding \"%s\": 0x00", encoding_name(from));
		else if (n == 1 && (unsigned char)s.p[i] < 0x80)
			buf_put_u8(out, (uint8_t)s.p[i]);
		else if (iconv(cd, &in, &in_left, &o, &out_left) == (size_t)-1 || in_left)
			rc = no_equivalent(s.p + i, n, from, to, err);
		else
			buf_put(out, to_char, sizeof to_char - out_left);
	}
	iconv_close(cd);
	return rc;
}

int encoding_to_utf8(int encoding, Str s, Buf *out, Error *err)
{
	return convert(encoding, ENCODING_UTF8, encodings[encoding].libc, "UTF-8", s, out, err);
}

int encoding_from_utf8(int encoding, Str s, Buf *out, Error *err)
{
	return convert(ENCODING_UTF8, encoding, "UTF-8", encodings[encoding].libc, s, out, err);
}
