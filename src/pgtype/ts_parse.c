#include "pgtype/ts_parse.h"

#include "base/buf.h"

#include <locale.h>
#include <pthread.h>
#include <wctype.h>

/* ---- characters ---- */

static locale_t text_locale;
static pthread_once_t locale_once = PTHREAD_ONCE_INIT;

static void make_locale(void)
{
	text_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

/* The locale of PostgreSQL's C.UTF-8 databases; (locale_t)0, that is ASCII only, where libc lacks it. */
static locale_t c_utf8(void)
{
	pthread_once(&locale_once, make_locale);
	return text_locale;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_ascii_alnum(char c)
{
	return is_digit(c) || is_ascii_letter(c);
}

typedef enum { CHAR_OTHER, CHAR_LETTER, CHAR_WIDE_LETTER, CHAR_DIGIT } CharClass;

/* The class of the character at p and its length. Marks without a width of their own belong to the word before them. */
static CharClass class_at(const char *p, const char *end, size_t *len)
{
	*len = 1;
	if (p >= end)
		return CHAR_OTHER;
	if ((unsigned char)*p < 0x80)
		return is_digit(*p) ? CHAR_DIGIT : is_ascii_letter(*p) ? CHAR_LETTER : CHAR_OTHER;
	uint32_t c = utf8_decode(p, (size_t)(end - p), len);
	if (c >= 0x300 && c <= 0x36F)
		return CHAR_WIDE_LETTER;
	if (!c_utf8() || !iswalnum_l((wint_t)c, c_utf8()))
		return CHAR_OTHER;
	return iswalpha_l((wint_t)c, c_utf8()) ? CHAR_WIDE_LETTER : CHAR_DIGIT;
}

bool ts_in_word(const char *p, const char *end, size_t *len)
{
	return class_at(p, end, len) != CHAR_OTHER;
}

void ts_lower(Str s, Buf *out)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		char utf8[4];
		uint32_t c = utf8_decode(s.p + i, s.n - i, &n);
		if (c < 0x80)
			c = c >= 'A' && c <= 'Z' ? c + 32 : c;
		else if (c_utf8())
			c = (uint32_t)towlower_l((wint_t)c, c_utf8());
		buf_put(out, utf8, utf8_encode(c, utf8));
	}
}

/* ---- pieces. Each gives the end of what it recognises at p, or NULL ---- */

typedef struct Word {
	const char *end;
	bool wide, digit, letter;
} Word;

static Word scan_word(const char *p, const char *end)
{
	Word w = { .end = p };
	size_t n;
	for (CharClass c; (c = class_at(w.end, end, &n)) != CHAR_OTHER; w.end += n) {
		w.digit |= c == CHAR_DIGIT;
		w.letter |= c != CHAR_DIGIT;
		w.wide |= c == CHAR_WIDE_LETTER;
	}
	return w;
}

static const char *scan_digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* A label of a host name: letters and digits, single - or _ between them. */
static const char *scan_label(const char *p, const char *end)
{
	if (p >= end || !is_ascii_alnum(*p))
		return NULL;
	for (;;) {
		while (p < end && is_ascii_alnum(*p))
			p++;
		if (end - p < 2 || (*p != '-' && *p != '_') || !is_ascii_alnum(p[1]))
			return p;
		p++;
	}
}

/* Two or more letters at the end of a name: a domain. */
static const char *scan_domain(const char *p, const char *end)
{
	const char *q = p;
	while (q < end && is_ascii_letter(*q))
		q++;
	return q - p >= 2 && !(q < end && is_digit(*q)) ? q : NULL;
}

/* The longest host name; its last label is a domain, which - and _ end. */
static const char *scan_host_name(const char *p, const char *end)
{
	const char *best = NULL, *label = scan_label(p, end);
	while (label && label < end && *label == '.') {
		const char *next = label + 1, *domain = scan_domain(next, end);
		if (domain)
			best = domain;
		label = scan_label(next, end);
	}
	return best;
}

static const char *scan_host(const char *p, const char *end)
{
	const char *h = scan_host_name(p, end);
	if (!h || end - h < 2 || *h != ':' || !is_digit(h[1]))
		return h;
	return scan_digits(h + 1, end);
}

static bool is_url_char(char c)
{
	return c > 0x20 && c < 0x7F && !strchr("\"<>\\^`{|}", c);
}

static const char *scan_url_path(const char *p, const char *end)
{
	if (p >= end || *p != '/')
		return NULL;
	const char *q = p + 1;
	while (q < end && is_url_char(*q))
		q++;
	return q > p + 1 ? q : NULL;
}

/* Letters and digits with single . _ - between them, then @ and a host. */
static const char *scan_email(const char *p, const char *end)
{
	while (p < end && is_ascii_alnum(*p)) {
		while (p < end && is_ascii_alnum(*p))
			p++;
		if (p < end && *p == '@')
			return scan_host_name(p + 1, end);
		if (p == end || !strchr("._-", *p))
			return NULL;
		p++;
	}
	return NULL;
}

static const char *scan_protocol(const char *p, const char *end)
{
	const char *q = p;
	while (q < end && is_ascii_letter(*q))
		q++;
	return q > p && end - q >= 3 && memcmp(q, "://", 3) == 0 ? q + 3 : NULL;
}

static bool may_follow(char separator, const char *p, const char *end)
{
	if (p >= end)
		return false;
	if (is_ascii_alnum(*p) || *p == '_')
		return true;
	if (separator != '/' || (*p != '.' && *p != '~'))
		return false;
	return p + 1 < end && (is_ascii_alnum(p[1]) || p[1] == '_');
}

/* The rest of a file name, behind its first word or slash. */
static const char *scan_file_rest(const char *p, const char *end)
{
	for (;;) {
		while (p < end && (is_ascii_alnum(*p) || *p == '_' || *p == '-'))
			p++;
		if (p == end || (*p != '.' && *p != '/') || !may_follow(*p, p + 1, end))
			return p;
		p += *p == '/' && (p[1] == '.' || p[1] == '~') ? 2 : 1;
	}
}

/* word.word, word/word, /word, ~word, ~/word, ./word, ../word. A plain number is no start of word.word. */
static const char *scan_file(const char *p, const char *end)
{
	const char *q = p;
	if (*p == '.' || *p == '~') {
		p += end - p >= 2 && *p == '.' && p[1] == '.' ? 2 : 1;
		if (*q == '~' && may_follow(*q, p, end))
			return scan_file_rest(p, end);
		q = p;
		if (p == end || *p != '/')
			return NULL;
	}
	if (*p == '/') {
		if (!may_follow(*p, p + 1, end))
			return NULL;
		return scan_file_rest(p + 1 + (p[1] == '.' || p[1] == '~'), end);
	}
	while (q < end && is_ascii_alnum(*q))
		q++;
	if (q == p || q == end || (*q != '.' && *q != '/') || !may_follow(*q, q + 1, end))
		return NULL;
	if (*q == '.' && scan_digits(p, end) == q)
		return NULL;
	return scan_file_rest(q, end);
}

static const char *scan_exponent(const char *p, const char *end)
{
	if (p >= end || (*p != 'e' && *p != 'E'))
		return NULL;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	const char *q = scan_digits(p, end);
	return q > p ? q : NULL;
}

/* Behind the sign, if there is one. Numbers that letters follow are words, but for those with a point or an exponent. */
static const char *scan_number(const char *p, const char *end, bool sign, TsTokenType *type)
{
	const char *q = scan_digits(p, end), *e;
	if (q == p)
		return NULL;
	*type = sign ? TS_INT : TS_UINT;
	if (end - q >= 2 && *q == '.' && is_digit(q[1])) {
		q = scan_digits(q + 1, end);
		*type = TS_FLOAT;
		if (end - q >= 2 && *q == '.' && is_digit(q[1])) {
			while (end - q >= 2 && *q == '.' && is_digit(q[1]))
				q = scan_digits(q + 1, end);
			*type = TS_VERSION;
			return sign ? NULL : q;
		}
	}
	if ((e = scan_exponent(q, end))) {
		*type = TS_SFLOAT;
		return e;
	}
	size_t n;
	return *type == TS_UINT && class_at(q, end, &n) != CHAR_OTHER ? NULL : q;
}

/* The part of a compound behind a hyphen: it has a letter. */
static bool is_part(const Word *w, const char *from)
{
	return w->end > from && w->letter;
}

static const char *scan_compound(const char *p, const char *end, TsTokenType *type)
{
	Word all = scan_word(p, end);
	const char *last = NULL;
	if (!is_part(&all, p))
		return NULL;
	const char *q = all.end;
	while (q < end && *q == '-') {
		Word w = scan_word(q + 1, end);
		if (!is_part(&w, q + 1))
			break;
		all.wide |= w.wide;
		all.digit |= w.digit;
		last = q = w.end;
	}
	*type = all.digit ? TS_NUMHWORD : all.wide ? TS_HWORD : TS_ASCIIHWORD;
	return last;
}

/* ---- markup ---- */

static const char *scan_comment(const char *p, const char *end)
{
	for (const char *q = p + 4; end - q >= 3; q++)
		if (memcmp(q, "-->", 3) == 0)
			return q + 3;
	return NULL;
}

static const char *scan_tag(const char *p, const char *end)
{
	if (end - p >= 7 && memcmp(p, "<!--", 4) == 0)
		return scan_comment(p, end);
	const char *q = p + 1;
	if (q < end && (*q == '/' || *q == '!' || *q == '?'))
		q++;
	if (q >= end || !is_ascii_letter(*q))
		return NULL;
	/* a quote opens a value only where one may begin */
	char before = 0;
	for (; q < end && *q != '>'; before = *q++) {
		if (*q == '<' || strchr("#;,", *q) || (*q == '/' && !(end - q >= 2 && q[1] == '>')))
			return NULL;
		if (*q != '"' && *q != '\'')
			continue;
		if (before != '=' && !strchr(" \t\r\n", before))
			return NULL;
		const char *close = memchr(q + 1, *q, (size_t)(end - q - 1));
		if (!close)
			return NULL;
		q = close;
	}
	return q < end ? q + 1 : NULL;
}

static const char *scan_entity(const char *p, const char *end)
{
	const char *q = p + 1, *start;
	if (q < end && *q == '#') {
		bool hex = ++q < end && (*q == 'x' || *q == 'X');
		start = q += hex;
		while (q < end && (is_digit(*q) || (hex && strchr("abcdefABCDEF", *q))))
			q++;
	} else {
		start = q;
		if (q < end && (is_ascii_letter(*q) || *q == '_' || *q == ':'))
			while (q < end && (is_ascii_alnum(*q) || strchr("_:-.", *q)))
				q++;
	}
	return q > start && q < end && *q == ';' ? q + 1 : NULL;
}

/* ---- tokens ---- */

void ts_parser_init(TsParser *ps, Str text)
{
	*ps = (TsParser){ .p = text.p, .end = text.p + text.n };
}

static bool take(TsParser *ps, const char *end, TsTokenType type, TsToken *out)
{
	*out = (TsToken){ type, { ps->p, (size_t)(end - ps->p) } };
	ps->p = end;
	ps->after_compound = false;
	return true;
}

/* The whole of a compound was given; its parts follow. */
static bool take_whole(TsParser *ps, const char *end, TsTokenType type, TsToken *out)
{
	const char *start = ps->p;
	take(ps, end, type, out);
	ps->part = start;
	ps->part_end = end;
	ps->url = type == TS_URL;
	return true;
}

static TsTokenType word_type(const Word *w, TsTokenType ascii, TsTokenType wide, TsTokenType num)
{
	return w->digit ? num : w->wide ? wide : ascii;
}

static bool next_part(TsParser *ps, TsToken *out)
{
	const char *p = ps->part, *q;
	if (ps->url) {
		bool path = *p == '/';
		q = path ? ps->part_end : scan_host(p, ps->part_end);
		*out = (TsToken){ path ? TS_URL_PATH : TS_HOST, { p, (size_t)(q - p) } };
	} else if (*p == '-') {
		q = p + 1;
		*out = (TsToken){ TS_BLANK, { p, 1 } };
	} else {
		Word w = scan_word(p, ps->part_end);
		q = w.end;
		*out = (TsToken){ word_type(&w, TS_HWORD_ASCIIPART, TS_HWORD_PART, TS_HWORD_NUMPART), { p, (size_t)(q - p) } };
	}
	ps->part = q < ps->part_end ? q : NULL;
	ps->after_compound = !ps->part && !ps->url;
	return true;
}

static bool next_wordlike(TsParser *ps, TsToken *out)
{
	const char *p = ps->p, *end = ps->end, *q;
	TsTokenType type;
	if ((q = scan_protocol(p, end)))
		return take(ps, q, TS_PROTOCOL, out);
	if ((q = scan_email(p, end)))
		return take(ps, q, TS_EMAIL, out);
	if ((q = scan_host(p, end))) {
		const char *path = scan_url_path(q, end);
		return path ? take_whole(ps, path, TS_URL, out) : take(ps, q, TS_HOST, out);
	}
	if ((q = scan_number(p, end, false, &type)) && type == TS_SFLOAT)
		return take(ps, q, type, out);
	if (is_ascii_alnum(*p) && (q = scan_file(p, end)))
		return take(ps, q, TS_FILE, out);
	if ((q = scan_number(p, end, false, &type)))
		return take(ps, q, type, out);
	if ((q = scan_compound(p, end, &type)))
		return take_whole(ps, q, type, out);
	Word w = scan_word(p, end);
	return take(ps, w.end, word_type(&w, TS_ASCIIWORD, TS_WORD, TS_NUMWORD), out);
}

/* One character that is no other token, and all that follow it but for those that may begin one. */
static bool take_blank(TsParser *ps, TsToken *out)
{
	const char *q = ps->p;
	size_t n;
	do {
		class_at(q, ps->end, &n);
		q += n;
	} while (q < ps->end && class_at(q, ps->end, &n) == CHAR_OTHER && !strchr("-+/<&", *q));
	return take(ps, q, TS_BLANK, out);
}

/* Whether what follows a tag is text: not behind <script> and <style>, until they are closed. */
static void note_tag(TsParser *ps, Str tag)
{
	static const char *const names[] = { "script", "style" };
	bool close = tag.n > 1 && tag.p[1] == '/';
	const char *name = tag.p + 1 + close, *end = name;
	while (is_ascii_alnum(*end))
		end++;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_iis((Str){ name, (size_t)(end - name) }, names[i]) && tag.p[tag.n - 2] != '/')
			ps->silent = !close;
}

static bool next_silent(TsParser *ps, TsToken *out)
{
	const char *q = *ps->p == '<' ? scan_tag(ps->p, ps->end) : NULL;
	if (q) {
		take(ps, q, TS_TAG, out);
		note_tag(ps, out->s);
		return true;
	}
	q = memchr(ps->p + 1, '<', (size_t)(ps->end - ps->p - 1));
	return take(ps, q ? q : ps->end, TS_BLANK, out);
}

static bool next_sign(TsParser *ps, TsToken *out)
{
	TsTokenType type;
	const char *p = ps->p, *q = NULL;
	switch (*p) {
	case '<':
		q = scan_tag(p, ps->end);
		type = TS_TAG;
		break;
	case '&':
		q = scan_entity(p, ps->end);
		type = TS_ENTITY;
		break;
	case '.':
	case '~':
	case '/':
		q = scan_file(p, ps->end);
		type = TS_FILE;
		break;
	case '+':
	case '-':
		q = ps->after_compound ? NULL : scan_number(p + 1, ps->end, true, &type);
		break;
	default:
		break;
	}
	if (!q)
		return take_blank(ps, out);
	take(ps, q, type, out);
	if (type == TS_TAG)
		note_tag(ps, out->s);
	return true;
}

bool ts_parser_next(TsParser *ps, TsToken *out)
{
	size_t n;
	if (ps->part)
		return next_part(ps, out);
	if (ps->p >= ps->end)
		return false;
	if (ps->silent)
		return next_silent(ps, out);
	if (class_at(ps->p, ps->end, &n) != CHAR_OTHER)
		return next_wordlike(ps, out);
	if (n > 1)
		return take_blank(ps, out);
	return next_sign(ps, out);
}
