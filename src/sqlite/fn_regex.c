#include "sqlite/fn_regex.h"
#include "sqlite/fn_text.h"

#include "base/mem.h"

#include <ctype.h>
#include <pthread.h>
#include <tcl.h>

enum { CACHE_SIZE = 64, STANDIN_FIRST = 0xE000, STANDIN_COUNT = 6400 };

struct Regex {
	char *pattern;
	size_t n;
	int flags, groups;
	bool looks_back; /* \A, \y and their kin: what stands before the starting point matters */
	Tcl_Obj *obj, *after_obj;
	Tcl_RegExp re, after_re; /* after_re: the expression behind one character of any kind; made when first needed */
	uint64_t used;
};

/* Everything of one thread. Tcl's objects must stay with the thread that made them. */
typedef struct RegexThread {
	Regex cache[CACHE_SIZE];
	uint64_t clock;
	uint32_t standin[STANDIN_COUNT]; /* the characters that the stand-ins mean */
	int standins;
} RegexThread;

static pthread_key_t thread_key;
static pthread_once_t tcl_once = PTHREAD_ONCE_INIT;

static void drop(Regex *r)
{
	if (r->obj)
		Tcl_DecrRefCount(r->obj);
	if (r->after_obj)
		Tcl_DecrRefCount(r->after_obj);
	free(r->pattern);
	*r = (Regex){ 0 };
}

static void thread_end(void *p)
{
	RegexThread *t = p;
	for (int i = 0; i < CACHE_SIZE; i++)
		drop(&t->cache[i]);
	free(t);
	Tcl_FinalizeThread();
}

static void start_tcl(void)
{
	Tcl_FindExecutable(NULL);
	pthread_key_create(&thread_key, thread_end);
}

static RegexThread *this_thread(void)
{
	pthread_once(&tcl_once, start_tcl);
	RegexThread *t = pthread_getspecific(thread_key);
	if (!t) {
		t = mem_alloc(sizeof *t);
		pthread_setspecific(thread_key, t);
	}
	return t;
}

static Tcl_UniChar standin(RegexThread *t, uint32_t c)
{
	for (int i = 0; i < t->standins; i++)
		if (t->standin[i] == c)
			return (Tcl_UniChar)(STANDIN_FIRST + i);
	if (t->standins == STANDIN_COUNT) {
		/* Cached patterns hold the old stand-ins. The text at hand still agrees with itself. */
		for (int i = 0; i < CACHE_SIZE; i++)
			t->cache[i].used = 0;
		t->standins = 0;
	}
	t->standin[t->standins] = c;
	return (Tcl_UniChar)(STANDIN_FIRST + t->standins++);
}

static bool needs_standin(uint32_t c)
{
	return c > 0xFFFF || (c >= STANDIN_FIRST && c < STANDIN_FIRST + STANDIN_COUNT);
}

/* The characters of `s`; offset, when not NULL, takes their byte offsets and the end's. */
static int to_unichars(RegexThread *t, Str s, Tcl_UniChar *out, uint32_t *offset)
{
	int chars = 0;
	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t c = utf8_decode(s.p + i, s.n - i, &n);
		if (offset)
			offset[chars] = (uint32_t)i;
		out[chars++] = needs_standin(c) ? standin(t, c) : (Tcl_UniChar)c;
	}
	if (offset)
		offset[chars] = (uint32_t)s.n;
	return chars;
}

static Tcl_Obj *new_unicode(Str s, int *chars, uint32_t *offset)
{
	Tcl_UniChar *u = mem_alloc((s.n + 1) * sizeof *u);
	*chars = to_unichars(this_thread(), s, u, offset);
	Tcl_Obj *obj = Tcl_NewUnicodeObj(u, *chars);
	Tcl_IncrRefCount(obj);
	free(u);
	return obj;
}

int regex_flags(Str letters, RegexFlags *out, Error *err)
{
	int f = TCL_REG_ADVANCED;
	out->global = false;
	for (size_t i = 0; i < letters.n; i++) {
		switch (letters.p[i]) {
		case 'g':
			out->global = true;
			break;
		case 'b':
		case 'e': /* documented as extended, but PostgreSQL 15 clears that bit again: both mean basic */
			f &= ~(TCL_REG_ADVANCED | TCL_REG_QUOTE);
			break;
		case 'c':
			f &= ~TCL_REG_NOCASE;
			break;
		case 'i':
			f |= TCL_REG_NOCASE;
			break;
		case 'm':
		case 'n':
			f |= TCL_REG_NEWLINE;
			break;
		case 'p':
			f = (f | TCL_REG_NLSTOP) & ~TCL_REG_NLANCH;
			break;
		case 'q':
			f = (f & ~TCL_REG_ADVANCED) | TCL_REG_QUOTE;
			break;
		case 's':
			f &= ~TCL_REG_NEWLINE;
			break;
		case 't':
			f &= ~TCL_REG_EXPANDED;
			break;
		case 'w':
			f = (f & ~TCL_REG_NLSTOP) | TCL_REG_NLANCH;
			break;
		case 'x':
			f |= TCL_REG_EXPANDED;
			break;
		default: {
			size_t n = 1;
			while (i + n < letters.n && ((unsigned char)letters.p[i + n] & 0xC0) == 0x80)
				n++;
			return err_set(err, "22023", "invalid regular expression option: \"%.*s\"", (int)n, letters.p + i);
		}
		}
	}
	out->tcl = f;
	return 0;
}

/* What the pattern has that must be known before it is compiled. */
typedef struct Survey {
	bool lookbehind, looks_back, wide;
	bool back_reference, branches; /* branches: what Tcl's engine does not follow a back reference through */
	int quantifiers;
	bool once; /* {1,1} decides on greediness, which Tcl's engine does not know */
} Survey;

enum { MAX_QUANTIFIERS = 400 }; /* with some more the engine takes minutes to compile */

/* \x and \U of a character beyond U+FFFF, which has a stand-in only where it is written out. */
static bool is_wide_escape(Str p, size_t at)
{
	uint64_t c = 0;
	size_t most = p.p[at] == 'U' ? 8 : 255;
	if (p.p[at] != 'x' && p.p[at] != 'U')
		return false;
	for (size_t i = at + 1; i < p.n && i <= at + most && isxdigit((unsigned char)p.p[i]) && c <= 0xFFFF; i++)
		c = c * 16 + (uint64_t)(p.p[i] <= '9' ? p.p[i] - '0' : (p.p[i] | 32) - 'a' + 10);
	return c > 0xFFFF;
}

static bool follows(Str p, size_t at, const char *s)
{
	return str_starts((Str){ p.p + at, p.n - at }, s);
}

static Survey survey(Str p)
{
	Survey s = { 0 };
	for (size_t i = 0; i < p.n; i++) {
		unsigned char c = (unsigned char)p.p[i];
		if (c == '\\' && i + 1 < p.n) {
			i++;
			s.looks_back |= strchr("AmMyY", p.p[i]) != NULL && p.p[i];
			s.back_reference |= p.p[i] >= '1' && p.p[i] <= '9';
			s.wide |= is_wide_escape(p, i);
		} else if (c == '[' && (follows(p, i, "[[:<:]]") || follows(p, i, "[[:>:]]"))) {
			s.looks_back = true;
		} else if (c == '(' && (follows(p, i, "(?<=") || follows(p, i, "(?<!"))) {
			s.lookbehind = true;
		} else if (c == '|' || follows(p, i, "()") || follows(p, i, "{0") || follows(p, i, "(?=") || follows(p, i, "(?!")) {
			s.branches = true;
		} else if (strchr("*+?{", c) && c) {
			s.quantifiers++;
			s.once |= follows(p, i, "{1,1}");
		} else if (c >= 0xF0 && ((i && p.p[i - 1] == '-') || (i + 4 < p.n && p.p[i + 4] == '-'))) {
			s.wide = true;
		}
	}
	return s;
}

/* PostgreSQL and Tcl have the same messages but for one. */
static int compile_error(Tcl_Obj *pattern, int flags, Error *err)
{
	static const char prefix[] = "couldn't compile regular expression pattern: ";
	Tcl_Interp *interp = Tcl_CreateInterp();
	Tcl_GetRegExpFromObj(interp, pattern, flags);
	const char *why = Tcl_GetStringResult(interp);
	if (str_starts(str_of(why), prefix))
		why += sizeof prefix - 1;
	if (streq(why, "nfa has too many states"))
		why = "regular expression is too complex";
	err_set(err, "2201B", "invalid regular expression: %s", why);
	Tcl_DeleteInterp(interp);
	return -1;
}

static int compile(Regex *r, Str pattern, int flags, Error *err)
{
	Survey s = flags & TCL_REG_ADVF ? survey(pattern) : (Survey){ 0 };
	if (s.lookbehind)
		return err_set(err, "0A000", "lookbehind in regular expressions is not available in SQLite mode");
	if (s.wide)
		return err_set(err, "0A000",
			       "character ranges and escapes beyond U+FFFF in regular expressions are not available in SQLite mode");
	if (s.back_reference && s.branches)
		return err_set(err, "0A000",
			       "back references together with alternatives, empty groups or lookahead in regular expressions are not "
			       "available in SQLite mode");
	if (s.once)
		return err_set(err, "0A000", "the quantifier {1,1} in regular expressions is not available in SQLite mode");
	if (s.quantifiers > MAX_QUANTIFIERS)
		return err_set(err, "0A000", "regular expressions with more than %d quantifiers are not available in SQLite mode",
			       MAX_QUANTIFIERS);
	int chars;
	Tcl_Obj *obj = new_unicode(pattern, &chars, NULL);
	Tcl_RegExp re = Tcl_GetRegExpFromObj(NULL, obj, flags);
	if (!re) {
		compile_error(obj, flags, err);
		Tcl_DecrRefCount(obj);
		return -1;
	}
	Tcl_RegExpInfo info;
	Tcl_RegExpGetInfo(re, &info);
	*r = (Regex){ .pattern = mem_strndup(pattern.p, pattern.n),
		      .n = pattern.n,
		      .flags = flags,
		      .groups = info.nsubs,
		      .looks_back = s.looks_back,
		      .obj = obj,
		      .re = re };
	return 0;
}

const Regex *regex_compile(Str pattern, RegexFlags flags, Error *err)
{
	RegexThread *t = this_thread();
	Regex *oldest = &t->cache[0];
	for (int i = 0; i < CACHE_SIZE; i++) {
		Regex *r = &t->cache[i];
		if (r->used && r->flags == flags.tcl && r->n == pattern.n && memcmp(r->pattern, pattern.p, pattern.n) == 0) {
			r->used = ++t->clock;
			return r;
		}
		if (r->used < oldest->used)
			oldest = r;
	}
	drop(oldest);
	if (compile(oldest, pattern, flags.tcl, err))
		return NULL;
	oldest->used = ++t->clock;
	return oldest;
}

int regex_groups(const Regex *re)
{
	return re->groups;
}

void regex_text_init(RegexText *t, Str text)
{
	bool ascii = true;
	for (size_t i = 0; ascii && i < text.n; i++)
		ascii = (unsigned char)text.p[i] < 0x80;
	t->text = text;
	t->offset = ascii ? NULL : mem_alloc((text.n + 1) * sizeof *t->offset);
	t->obj = new_unicode(text, &t->chars, t->offset);
}

void regex_text_clear(RegexText *t)
{
	if (t->obj)
		Tcl_DecrRefCount((Tcl_Obj *)t->obj);
	free(t->offset);
	t->obj = t->offset = NULL;
}

Str regex_slice(const RegexText *t, int start, int end)
{
	size_t from = t->offset ? t->offset[start] : (size_t)start, to = t->offset ? t->offset[end] : (size_t)end;
	return (Str){ t->text.p + from, to - from };
}

static int exec(Tcl_RegExp re, const RegexText *t, int from, int flags, RegexMatch *m, int shift, int groups, Error *err)
{
	int rc = Tcl_RegExpExecObj(NULL, re, t->obj, from, -1, flags);
	if (rc < 0)
		return err_set(err, "2201B", "regular expression failed");
	if (rc == 0)
		return 0;
	Tcl_RegExpInfo info;
	Tcl_RegExpGetInfo(re, &info);
	for (int i = 0; i <= groups && i < REGEX_MAX_GROUPS; i++) {
		bool took_part = i + shift <= info.nsubs && info.matches[i + shift].start >= 0;
		m->start[i] = took_part ? (int)info.matches[i + shift].start + from : -1;
		m->end[i] = took_part ? (int)info.matches[i + shift].end + from : -1;
	}
	return 1;
}

static int start_flags(const Regex *re, const RegexText *t, int from)
{
	if (from == 0)
		return 0;
	return re->flags & TCL_REG_NLANCH && *regex_slice(t, from - 1, from).p == '\n' ? 0 : TCL_REG_NOTBOL;
}

static bool has_options(Str p)
{
	return str_starts(p, "***") || (p.n > 2 && p.p[0] == '(' && p.p[1] == '?' && p.p[2] >= 'a' && p.p[2] <= 'z');
}

static bool has_back_reference(Str p)
{
	for (size_t i = 0; i + 1 < p.n; i++)
		if (p.p[i] == '\\' && p.p[++i] >= '1' && p.p[i] <= '9')
			return true;
	return false;
}

static int make_after(Regex *re, Error *err)
{
	Str p = { re->pattern, re->n };
	if (has_options(p) || has_back_reference(p))
		return err_set(err, "0A000", "repeated matching of \"%.*s\" is not available in SQLite mode", STR_ARG(p));
	_cleanup_(buf_free) Buf b = { 0 };
	buf_puts(&b, "\\A(?:.|\\n)(");
	buf_put_str(&b, p);
	buf_puts(&b, re->flags & TCL_REG_EXPANDED ? "\n)" : ")"); /* the newline ends a comment */
	int chars;
	re->after_obj = new_unicode(buf_str(&b), &chars, NULL);
	re->after_re = Tcl_GetRegExpFromObj(NULL, re->after_obj, re->flags);
	if (re->after_re)
		return 0;
	compile_error(re->after_obj, re->flags, err);
	Tcl_DecrRefCount(re->after_obj);
	re->after_obj = NULL;
	return -1;
}

/*
 * Tcl's engine does not look at what stands before its starting point, PostgreSQL's does; it matters to \y and its kin, and only when
 * the match begins exactly there. So such a match is asked for again, with the character before it as part of the expression.
 */
static int match_here(const Regex *re, const RegexText *t, int at, RegexMatch *m, Error *err)
{
	Regex *own = (Regex *)(uintptr_t)re;
	if (!re->after_re && make_after(own, err))
		return -1;
	return exec(re->after_re, t, at - 1, 0, m, 1, re->groups, err);
}

int regex_search(const Regex *re, const RegexText *t, int from, RegexMatch *m, Error *err)
{
	for (;; from++) {
		if (from > t->chars)
			return 0;
		int rc = exec(re->re, t, from, start_flags(re, t, from), m, 0, re->groups, err);
		if (rc < 0)
			return rc;
		if (!re->looks_back || from == 0)
			return rc;
		/* A match that begins later has been judged with what stands before it. */
		RegexMatch here;
		int found = match_here(re, t, from, &here, err);
		if (found < 0)
			return -1;
		if (found) {
			*m = here;
			return 1;
		}
		if (rc == 0 || m->start[0] > from)
			return rc;
	}
}
