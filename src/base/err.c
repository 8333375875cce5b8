#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts a truncated UTF-8 sequence off the end, so that a client never receives half a character. */
static void trim_partial_utf8(char *s, size_t cap)
{
	size_t n = strlen(s);
	if (n + 1 < cap)
		return;
	size_t i = n;
	while (i > 0 && ((unsigned char)s[i - 1] & 0xC0) == 0x80)
		i--;
	if (i > 0 && ((unsigned char)s[i - 1] & 0xC0) == 0xC0)
		s[i - 1] = '\0';
}

static void format_into(char *dst, size_t cap, const char *fmt, va_list ap)
{
	vsnprintf(dst, cap, fmt, ap);
	trim_partial_utf8(dst, cap);
}

static void copy_into(char *dst, size_t cap, const char *src)
{
	if (src) {
		snprintf(dst, cap, "%s", src);
		trim_partial_utf8(dst, cap);
	}
}

void err_clear(Error *err)
{
	if (!err)
		return;
	err->sqlstate[0] = err->message[0] = err->detail[0] = err->hint[0] = '\0';
	err->schema[0] = err->table[0] = err->column[0] = err->datatype[0] = err->constraint[0] = '\0';
	err->context[0] = '\0';
	err->internal = false;
	err->routine = NULL;
	err->position = 0;
}

int err_set(Error *err, const char *sqlstate, const char *fmt, ...)
{
	if (!err)
		return -1;
	err_clear(err);
	copy_into(err->sqlstate, sizeof err->sqlstate, sqlstate);
	va_list ap;
	va_start(ap, fmt);
	format_into(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	return -1;
}

int err_detail(Error *err, const char *fmt, ...)
{
	if (!err)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	format_into(err->detail, sizeof err->detail, fmt, ap);
	va_end(ap);
	return -1;
}

int err_hint(Error *err, const char *fmt, ...)
{
	if (!err)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	format_into(err->hint, sizeof err->hint, fmt, ap);
	va_end(ap);
	return -1;
}

int err_routine(Error *err, const char *routine)
{
	if (err)
		err->routine = routine;
	return -1;
}

int err_at(Error *err, int position)
{
	if (err)
		err->position = position;
	return -1;
}

int err_object(Error *err, const char *schema, const char *table, const char *column, const char *constraint)
{
	if (!err)
		return -1;
	copy_into(err->schema, sizeof err->schema, schema);
	copy_into(err->table, sizeof err->table, table);
	copy_into(err->column, sizeof err->column, column);
	copy_into(err->constraint, sizeof err->constraint, constraint);
	return -1;
}

int err_datatype(Error *err, const char *name)
{
	if (err)
		copy_into(err->datatype, sizeof err->datatype, name);
	return -1;
}

int err_refuse(Error *err, int position, const char *fmt, ...)
{
	if (!err)
		return -1;
	err_clear(err);
	copy_into(err->sqlstate, sizeof err->sqlstate, "0A000");
	err->position = position;
	va_list ap;
	va_start(ap, fmt);
	format_into(err->message, sizeof err->message, fmt, ap);
	va_end(ap);
	return -1;
}

bool err_is(const Error *err, const char *sqlstate)
{
	return strcmp(err->sqlstate, sqlstate) == 0;
}
