/* The functions and operators over regular expressions. */
#include "sqlite/fn_regex.h"
#include "sqlite/fn_text.h"

#include "pgtype/array.h"

#include <limits.h>
#include <tcl.h>

enum { PURE = FN_STRICT | FN_IMMUTABLE };

static const RegexFlags plain = { TCL_REG_ADVANCED, false }, nocase = { TCL_REG_ADVANCED | TCL_REG_NOCASE, false };

/* One call: the subject, its expression, the latest match. */
typedef struct Search {
	sqlite3_context *ctx;
	Error *err;
	RegexFlags flags;
	const Regex *re;
	RegexText text;
	RegexMatch m;
} Search;

static void search_end(Search *s)
{
	regex_text_clear(&s->text);
}

static int search_start(Search *s, sqlite3_context *ctx, RegexFlags flags, sqlite3_value *text, sqlite3_value *pattern)
{
	*s = (Search){ .ctx = ctx, .err = &fn_env(ctx)->error, .flags = flags };
	/* The subject first: its stand-ins for wide characters must be those that the expression is compiled with. */
	regex_text_init(&s->text, fn_arg_str(text));
	s->re = regex_compile(fn_arg_str(pattern), flags, s->err);
	if (s->re)
		return 0;
	fn_fail(ctx);
	return -1;
}

static int search_next(Search *s, int from)
{
	int rc = regex_search(s->re, &s->text, from, &s->m, s->err);
	if (rc < 0)
		fn_fail(s->ctx);
	return rc;
}

/* With option letters. `function` names a function that refuses "global". */
static int search_start_flags(Search *s, sqlite3_context *ctx, sqlite3_value **argv, sqlite3_value *letters, const char *function)
{
	RegexFlags flags = plain;
	Error *err = &fn_env(ctx)->error;
	*s = (Search){ 0 };
	if (letters && regex_flags(fn_arg_str(letters), &flags, err)) {
		fn_fail(ctx);
		return -1;
	}
	if (flags.global && function) {
		err_set(err, "22023", "%s does not support the \"global\" option", function);
		if (streq(function, "regexp_match()"))
			err_hint(err, "Use the regexp_matches function instead.");
		fn_fail(ctx);
		return -1;
	}
	return search_start(s, ctx, flags, argv[0], argv[1]);
}

static void test(sqlite3_context *ctx, sqlite3_value **argv, RegexFlags flags, bool wanted)
{
	_cleanup_(search_end) Search s;
	if (search_start(&s, ctx, flags, argv[0], argv[1]))
		return;
	int rc = search_next(&s, 0);
	if (rc >= 0)
		sqlite3_result_int(ctx, rc == wanted);
}

static void matches(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	test(ctx, argv, plain, true);
}

static void matches_not(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	test(ctx, argv, plain, false);
}

static void imatches(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	test(ctx, argv, nocase, true);
}

static void imatches_not(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	test(ctx, argv, nocase, false);
}

static void like(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s;
	if (search_start_flags(&s, ctx, argv, argc > 2 ? argv[2] : NULL, "regexp_like()"))
		return;
	int rc = search_next(&s, 0);
	if (rc >= 0)
		sqlite3_result_int(ctx, rc);
}

static void result_group(Search *s, int group)
{
	if (s->m.start[group] >= 0)
		fn_result_str(s->ctx, regex_slice(&s->text, s->m.start[group], s->m.end[group]));
}

/* substring(text from pattern): the first group, or the whole match when there is none. */
static void substring(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s;
	if (search_start(&s, ctx, plain, argv[0], argv[1]) == 0 && search_next(&s, 0) == 1)
		result_group(&s, regex_groups(s.re) > 0 ? 1 : 0);
}

/* substring(text similar pattern escape e) */
static void substring_similar(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(buf_free) Buf pattern = { 0 };
	_cleanup_(search_end) Search s = { .ctx = ctx, .err = &fn_env(ctx)->error };
	Str escape = fn_arg_str(argv[2]);
	if (similar_to_regex(fn_arg_str(argv[1]), &escape, true, &pattern, s.err)) {
		fn_fail(ctx);
		return;
	}
	regex_text_init(&s.text, fn_arg_str(argv[0]));
	s.re = regex_compile(buf_str(&pattern), plain, s.err);
	if (!s.re)
		fn_fail(ctx);
	else if (search_next(&s, 0) == 1)
		result_group(&s, regex_groups(s.re) > 0 ? 1 : 0);
}

static void result_texts(sqlite3_context *ctx, Val *items, size_t n, Arena *a)
{
	PgArray x = array_of(pgtype_builtin(25), items, n);
	Val v = array_val(&x, a);
	fn_result(ctx, &v);
}

static Val group_val(const Search *s, int group)
{
	return s->m.start[group] < 0 ? val_null() : val_text(regex_slice(&s->text, s->m.start[group], s->m.end[group]));
}

static bool too_many_groups(Search *s)
{
	if (regex_groups(s->re) < REGEX_MAX_GROUPS)
		return false;
	fn_raise(s->ctx, "0A000", "regular expressions with more than %d groups are not available in SQLite mode", REGEX_MAX_GROUPS - 1);
	return true;
}

static void match(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s;
	if (search_start_flags(&s, ctx, argv, argc > 2 ? argv[2] : NULL, "regexp_match()") || too_many_groups(&s) ||
	    search_next(&s, 0) != 1)
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	int groups = regex_groups(s.re);
	Val items[REGEX_MAX_GROUPS];
	items[0] = group_val(&s, 0);
	for (int i = 1; i <= groups; i++)
		items[i - 1] = group_val(&s, i);
	result_texts(ctx, items, groups ? (size_t)groups : 1, a);
}

/* \1 to \9, \& and \\ stand for something; a backslash before anything else is itself. */
static void put_replacement(const Search *s, Str by, Buf *out)
{
	for (size_t i = 0; i < by.n; i++) {
		char c = by.p[i], next = i + 1 < by.n ? by.p[i + 1] : 0;
		if (c != '\\') {
			buf_put_u8(out, (uint8_t)c);
			continue;
		}
		int group = next == '&' ? 0 : next >= '1' && next <= '9' ? next - '0' : -1;
		if (group >= 0 || next == '\\')
			i++;
		if (group < 0)
			buf_put_u8(out, '\\');
		else if (group <= regex_groups(s->re) && s->m.start[group] >= 0)
			buf_put_str(out, regex_slice(&s->text, s->m.start[group], s->m.end[group]));
	}
}

/* Replaces match number n, counted from character `from` on; n = 0 replaces every one. */
static void replace_matches(Search *s, Str by, int from, int64_t n)
{
	Buf out = { 0 };
	int copied = 0, rc = 0;
	for (int64_t seen = 0; from <= s->text.chars && (rc = search_next(s, from)) == 1;) {
		int start = s->m.start[0], end = s->m.end[0];
		from = start == end ? end + 1 : end;
		if (n > 0 && ++seen < n)
			continue;
		buf_put_str(&out, regex_slice(&s->text, copied, start));
		put_replacement(s, by, &out);
		copied = end;
		if (n > 0)
			break;
	}
	if (rc < 0) {
		buf_free(&out);
		return;
	}
	buf_put_str(&out, regex_slice(&s->text, copied, s->text.chars));
	fn_result_buf(s->ctx, &out);
}

static void replace_first(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s;
	if (search_start(&s, ctx, plain, argv[0], argv[1]) == 0)
		replace_matches(&s, fn_arg_str(argv[2]), 0, 1);
}

static void replace(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s = { 0 };
	Str letters = fn_arg_str(argv[3]);
	if (letters.n && letters.p[0] >= '0' && letters.p[0] <= '9') {
		Error *err = &fn_env(ctx)->error;
		err_set(err, "22023", "invalid regular expression option: \"%c\"", letters.p[0]);
		err_hint(err,
			 "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer explicitly.");
		fn_fail(ctx);
	} else if (search_start_flags(&s, ctx, argv, argv[3], NULL) == 0) {
		replace_matches(&s, fn_arg_str(argv[2]), 0, s.flags.global ? 0 : 1);
	}
}

/* An integer argument of the newer functions; at least `least`. */
static int number_arg(sqlite3_context *ctx, int argc, sqlite3_value **argv, int i, const char *name, int64_t least, int64_t absent,
		      int64_t *out)
{
	*out = argc > i ? sqlite3_value_int64(argv[i]) : absent;
	if (argc <= i || *out >= least)
		return 0;
	fn_raise(ctx, "22023", "invalid value for parameter \"%s\": %d", name, (int)*out);
	return -1;
}

static int start_of(int64_t start)
{
	return start > INT_MAX - 1 ? INT_MAX - 1 : (int)start - 1;
}

static void replace_extended(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s = { 0 };
	int64_t start, n;
	if (number_arg(ctx, argc, argv, 3, "start", 1, 1, &start) || number_arg(ctx, argc, argv, 4, "n", 0, 1, &n))
		return;
	if (search_start_flags(&s, ctx, argv, argc > 5 ? argv[5] : NULL, NULL) == 0)
		replace_matches(&s, fn_arg_str(argv[2]), start_of(start), n);
}

static void count(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s = { 0 };
	int64_t start, n = 0;
	if (number_arg(ctx, argc, argv, 2, "start", 1, 1, &start))
		return;
	if (search_start_flags(&s, ctx, argv, argc > 3 ? argv[3] : NULL, "regexp_count()"))
		return;
	int rc = 0;
	for (int from = start_of(start); from <= s.text.chars && (rc = search_next(&s, from)) == 1; n++)
		from = s.m.start[0] == s.m.end[0] ? s.m.end[0] + 1 : s.m.end[0];
	if (rc >= 0)
		sqlite3_result_int64(ctx, n);
}

/* Finds match number n at or after `start`: 1, 0 or -1 as search_next. */
static int nth_match(Search *s, int64_t start, int64_t n)
{
	for (int from = start_of(start); from <= s->text.chars;) {
		int rc = search_next(s, from);
		if (rc != 1 || --n == 0)
			return rc;
		from = s->m.start[0] == s->m.end[0] ? s->m.end[0] + 1 : s->m.end[0];
	}
	return 0;
}

static void instr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s = { 0 };
	int64_t start, n, at_end, group;
	if (number_arg(ctx, argc, argv, 2, "start", 1, 1, &start) || number_arg(ctx, argc, argv, 3, "n", 1, 1, &n) ||
	    number_arg(ctx, argc, argv, 4, "endoption", 0, 0, &at_end))
		return;
	if (at_end > 1) {
		fn_raise(ctx, "22023", "invalid value for parameter \"endoption\": %d", (int)at_end);
		return;
	}
	if (number_arg(ctx, argc, argv, 6, "subexpr", 0, 0, &group) ||
	    search_start_flags(&s, ctx, argv, argc > 5 ? argv[5] : NULL, "regexp_instr()"))
		return;
	int rc = nth_match(&s, start, n);
	if (rc < 0)
		return;
	bool found = rc == 1 && group <= regex_groups(s.re) && group < REGEX_MAX_GROUPS && s.m.start[group] >= 0;
	sqlite3_result_int64(ctx, !found ? 0 : (at_end ? s.m.end[group] : s.m.start[group]) + 1);
}

static void substr(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s = { 0 };
	int64_t start, n, group;
	if (number_arg(ctx, argc, argv, 2, "start", 1, 1, &start) || number_arg(ctx, argc, argv, 3, "n", 1, 1, &n) ||
	    number_arg(ctx, argc, argv, 5, "subexpr", 0, 0, &group))
		return;
	if (search_start_flags(&s, ctx, argv, argc > 4 ? argv[4] : NULL, "regexp_substr()"))
		return;
	if (nth_match(&s, start, n) == 1 && group <= regex_groups(s.re) && group < REGEX_MAX_GROUPS)
		result_group(&s, (int)group);
}

/* Empty matches at the ends of the string, and right after a match, divide nothing. */
static void split(sqlite3_context *ctx, int argc, sqlite3_value **argv)
{
	_cleanup_(search_end) Search s;
	if (search_start_flags(&s, ctx, argv, argc > 2 ? argv[2] : NULL, "regexp_split_to_array()"))
		return;
	_cleanup_(arena_freep) Arena *a = arena_new();
	Val *items = NULL;
	size_t n = 0, cap = 0;
	int copied = 0, last_end = 0, rc = 0;
	for (int from = 0; from <= s.text.chars && (rc = search_next(&s, from)) == 1;) {
		int start = s.m.start[0], end = s.m.end[0];
		if (start < s.text.chars && end > last_end) {
			items = mem_grow(items, &cap, n + 2, sizeof *items);
			items[n++] = val_text(regex_slice(&s.text, copied, start));
			copied = end;
		}
		last_end = end;
		from = start == end ? end + 1 : end;
	}
	items = mem_grow(items, &cap, n + 1, sizeof *items);
	items[n++] = val_text(regex_slice(&s.text, copied, s.text.chars));
	if (rc >= 0)
		result_texts(ctx, items, n, a);
	free(items);
}

const SqliteFn fn_table_regex[] = {
	{ "textregexeq", 2, PURE, matches },
	{ "textregexne", 2, PURE, matches_not },
	{ "texticregexeq", 2, PURE, imatches },
	{ "texticregexne", 2, PURE, imatches_not },
	{ "nameregexeq", 2, PURE, matches },
	{ "nameregexne", 2, PURE, matches_not },
	{ "nameicregexeq", 2, PURE, imatches },
	{ "nameicregexne", 2, PURE, imatches_not },
	{ "textregexsubstr", 2, PURE, substring },
	{ "textregexsubstr_similar", 3, PURE, substring_similar },
	{ "textregexreplace_noopt", 3, PURE, replace_first },
	{ "textregexreplace", 4, PURE, replace },
	{ "textregexreplace_extended_no_n", 4, PURE, replace_extended },
	{ "textregexreplace_extended_no_flags", 5, PURE, replace_extended },
	{ "textregexreplace_extended", 6, PURE, replace_extended },
	{ "regexp_match_no_flags", 2, PURE, match },
	{ "regexp_match", 3, PURE, match },
	{ "regexp_like_no_flags", 2, PURE, like },
	{ "regexp_like", 3, PURE, like },
	{ "regexp_count_no_start", 2, PURE, count },
	{ "regexp_count_no_flags", 3, PURE, count },
	{ "regexp_count", 4, PURE, count },
	{ "regexp_instr_no_start", 2, PURE, instr },
	{ "regexp_instr_no_n", 3, PURE, instr },
	{ "regexp_instr_no_endoption", 4, PURE, instr },
	{ "regexp_instr_no_flags", 5, PURE, instr },
	{ "regexp_instr_no_subexpr", 6, PURE, instr },
	{ "regexp_instr", 7, PURE, instr },
	{ "regexp_substr_no_start", 2, PURE, substr },
	{ "regexp_substr_no_n", 3, PURE, substr },
	{ "regexp_substr_no_flags", 4, PURE, substr },
	{ "regexp_substr_no_subexpr", 5, PURE, substr },
	{ "regexp_substr", 6, PURE, substr },
	{ "regexp_split_to_array_no_flags", 2, PURE, split },
	{ "regexp_split_to_array", 3, PURE, split },
	{ NULL },
};
