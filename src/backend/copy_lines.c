#include "backend/copy_lines.h"

static LineResult wrong_break(const CopyLines *l, bool newline, Error *err)
{
	const char *what = newline ? "newline" : "carriage return";
	if (l->o->csv) {
		err_set(err, "22P04", "unquoted %s found in data", what);
		err_hint(err, "Use quoted CSV field to represent %s.", what);
	} else {
		err_set(err, "22P04", "literal %s found in data", what);
		err_hint(err, "Use \"\\%c\" to represent %s.", newline ? 'n' : 'r', what);
	}
	return LINE_ERROR;
}

static LineResult found(CopyLines *l, size_t at, size_t length, size_t *end, size_t *next)
{
	*end = at;
	*next = at + length;
	l->scanned = 0;
	l->in_quote = l->after_escape = false;
	return LINE_RECORD;
}

static LineResult carriage_return(CopyLines *l, Str data, size_t i, bool eof, size_t *end, size_t *next, Error *err)
{
	if (l->eol == EOL_NL)
		return wrong_break(l, false, err);
	if (l->eol != EOL_CR) {
		if (i + 1 >= data.n && !eof)
			return LINE_MORE;
		if (i + 1 < data.n && data.p[i + 1] == '\n') {
			l->eol = EOL_CRNL;
			return found(l, i, 2, end, next);
		}
		if (l->eol == EOL_CRNL)
			return wrong_break(l, false, err);
		l->eol = EOL_CR;
	}
	return found(l, i, 1, end, next);
}

static LineResult newline(CopyLines *l, size_t i, size_t *end, size_t *next, Error *err)
{
	if (l->eol == EOL_CR || l->eol == EOL_CRNL)
		return wrong_break(l, true, err);
	l->eol = EOL_NL;
	return found(l, i, 1, end, next);
}

/* "\." at i. LINE_RECORD: it is data after all (csv). */
static LineResult end_marker(CopyLines *l, Str data, size_t i, bool eof, size_t *end, size_t *next, Error *err)
{
	size_t after = i + 2;
	if (after >= data.n && !eof)
		return LINE_MORE;
	bool alone = after >= data.n || data.p[after] == '\n' || data.p[after] == '\r';
	if (!alone && l->o->csv)
		return LINE_RECORD;
	if (!alone) {
		err_set(err, "22P04", "end-of-copy marker corrupt");
		return LINE_ERROR;
	}
	if (after < data.n && l->eol != EOL_UNKNOWN && (data.p[after] == '\n') != (l->eol == EOL_NL)) {
		err_set(err, "22P04", "end-of-copy marker does not match previous newline style");
		return LINE_ERROR;
	}
	found(l, i, data.n - i, end, next);
	return LINE_LAST;
}

static void track_quotes(CopyLines *l, char c)
{
	const CopyOptions *o = l->o;
	bool is_escape = o->escape != o->quote && c == o->escape;
	if (l->in_quote && is_escape)
		l->after_escape = !l->after_escape;
	if (c == o->quote && !l->after_escape)
		l->in_quote = !l->in_quote;
	if (!is_escape)
		l->after_escape = false;
	if (l->in_quote && c == (l->eol == EOL_NL ? '\n' : '\r'))
		l->breaks++;
}

LineResult copy_lines_next(CopyLines *l, Str data, bool eof, size_t *end, size_t *next, Error *err)
{
	if (l->scanned == 0)
		l->breaks = 0;
	for (size_t i = l->scanned; i < data.n; i++) {
		char c = data.p[i];
		l->scanned = i; /* when more is needed to tell, it is this byte that is looked at again */
		if (c == '\r' && !l->in_quote)
			return carriage_return(l, data, i, eof, end, next, err);
		if (c == '\n' && !l->in_quote)
			return newline(l, i, end, next, err);
		if (c == '\\' && (!l->o->csv || i == 0)) {
			if (i + 1 >= data.n && !eof)
				return LINE_MORE;
			if (i + 1 < data.n && data.p[i + 1] == '.') {
				LineResult rc = end_marker(l, data, i, eof, end, next, err);
				if (rc != LINE_RECORD)
					return rc;
			}
			if (!l->o->csv) {
				i++; /* whatever it is, it is data */
				continue;
			}
		}
		if (l->o->csv)
			track_quotes(l, c);
	}
	l->scanned = data.n;
	if (!eof)
		return LINE_MORE;
	return found(l, data.n, 0, end, next);
}
