#include "cli/script.h"

#include "base/buf.h"
#include "sql/plan.h"

#include <jansson.h>

typedef struct Reader {
	Arena *a;
	Script *out;
	const char *at, *end;
	int line;
} Reader;

static void add(Reader *r, Str text, int line)
{
	Script *s = r->out;
	text = str_trim(text);
	while (text.n && text.p[text.n - 1] == ';')
		text = str_trim((Str){ text.p, text.n - 1 });
	if (text.n == 0)
		return;
	if (s->n == s->cap) {
		ScriptStatement *more = arena_array(r->a, ScriptStatement, s->cap * 2 + 64);
		if (s->n)
			memcpy(more, s->items, s->n * sizeof *more);
		s->items = more;
		s->cap = s->cap * 2 + 64;
	}
	s->items[s->n++] = (ScriptStatement){ { arena_strndup(r->a, text.p, text.n), text.n }, line };
}

static bool starts_with(Str s, const char *word)
{
	size_t n = strlen(word);
	return s.n >= n && strncasecmp(s.p, word, n) == 0;
}

static const char *find(Str in, const char *what)
{
	return memmem(in.p, in.n, what, strlen(what));
}

static int count_lines(const char *from, const char *to)
{
	int n = 0;
	for (; from < to; from++)
		n += *from == '\n';
	return n;
}

/* The next line without its end; false at the end of the file. */
static bool next_line(Reader *r, Str *line)
{
	if (r->at >= r->end)
		return false;
	const char *nl = memchr(r->at, '\n', (size_t)(r->end - r->at));
	const char *stop = nl ? nl : r->end;
	*line = (Str){ r->at, (size_t)(stop - r->at) };
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	r->at = nl ? nl + 1 : r->end;
	r->line++;
	return true;
}

/* --- a script --- */

static bool copies_from_stdin(Str text)
{
	if (!starts_with(text, "copy"))
		return false;
	for (const char *p = text.p; p + 10 <= text.p + text.n; p++)
		if (strncasecmp(p, "from stdin", 10) == 0)
			return true;
	return false;
}

static Str skip_comments(Str text)
{
	for (;;) {
		text = str_trim(text);
		const char *stop = NULL;
		if (starts_with(text, "--"))
			stop = memchr(text.p, '\n', text.n);
		else if (starts_with(text, "/*"))
			stop = find(text, "*/") ? find(text, "*/") + 2 : NULL;
		else
			return text;
		size_t used = stop ? (size_t)(stop - text.p) : text.n;
		text = (Str){ text.p + used, text.n - used };
	}
}

static void read_script(Reader *r, Str text, int line)
{
	const char *p = text.p, *end = p + text.n, *counted = p;
	while (p < end) {
		if (strchr(" \t\r\n", *p)) {
			p++;
			continue;
		}
		size_t n;
		if (*p == '\\') {
			const char *nl = memchr(p, '\n', (size_t)(end - p));
			p = nl ? nl + 1 : end;
			continue;
		}
		n = sql_statement_length((Str){ p, (size_t)(end - p) });
		Str one = skip_comments((Str){ p, n });
		line += count_lines(counted, one.p);
		counted = one.p;
		add(r, one, line);
		p += n;
		if (copies_from_stdin(one)) {
			const char *stop = find((Str){ p, (size_t)(end - p) }, "\n\\.");
			p = stop ? stop + 3 : p;
		}
	}
}

/* --- logs --- */

/* The statement of a log message: "statement: ...", "duration: 1.2 ms  execute name: ...". Parse and bind steps are not executions. */
static bool message_statement(Str m, Str *out)
{
	if (starts_with(m, "duration: ")) {
		const char *ms = find(m, " ms  ");
		if (!ms)
			return false;
		m = (Str){ ms + 5, m.n - (size_t)(ms + 5 - m.p) };
	}
	const char *colon = NULL;
	if (starts_with(m, "statement: "))
		colon = m.p + 9;
	else if (starts_with(m, "execute ") && !starts_with(m, "execute fetch from "))
		colon = find(m, ": ");
	if (!colon)
		return false;
	*out = (Str){ colon + 2, m.n - (size_t)(colon + 2 - m.p) };
	return true;
}

static void add_message(Reader *r, Str message, int line)
{
	Str text;
	if (message_statement(message, &text))
		read_script(r, text, line);
}

static void read_log(Reader *r)
{
	Buf message = { 0 };
	Str line;
	int began = 0;
	while (next_line(r, &line)) {
		if (line.n && line.p[0] == '\t') { /* the message goes on */
			if (message.len) {
				buf_put_u8(&message, '\n');
				buf_put(&message, line.p + 1, line.n - 1);
			}
			continue;
		}
		if (message.len)
			add_message(r, buf_str(&message), began);
		buf_clear(&message);
		const char *log = find(line, "LOG:  ");
		if (log) {
			buf_put(&message, log + 6, line.n - (size_t)(log + 6 - line.p));
			began = r->line;
		}
	}
	if (message.len)
		add_message(r, buf_str(&message), began);
	buf_free(&message);
}

/* One record of a csvlog: its fields from `from` on are left in `fields`, unquoted. False at the end. */
static bool csv_record(Reader *r, Buf *fields, size_t nfields)
{
	bool quoted = false;
	size_t at = 0;
	if (r->at >= r->end)
		return false;
	for (size_t i = 0; i < nfields; i++)
		buf_clear(&fields[i]);
	while (r->at < r->end) {
		char c = *r->at++;
		r->line += c == '\n';
		if (c == '"') {
			if (quoted && r->at < r->end && *r->at == '"') {
				r->at++;
				buf_put_u8(&fields[at], '"');
			} else {
				quoted = !quoted;
			}
		} else if (c == ',' && !quoted) {
			at += at + 1 < nfields;
		} else if (c == '\n' && !quoted) {
			break;
		} else {
			buf_put_u8(&fields[at], (uint8_t)c);
		}
	}
	return true;
}

enum { CSV_SEVERITY = 11, CSV_MESSAGE = 13, CSV_FIELDS = 27 };

static void read_csvlog(Reader *r)
{
	Buf fields[CSV_FIELDS] = { 0 };
	for (int began = r->line + 1; csv_record(r, fields, CSV_FIELDS); began = r->line + 1)
		if (streq(buf_cstr(&fields[CSV_SEVERITY]), "LOG"))
			add_message(r, buf_str(&fields[CSV_MESSAGE]), began);
	for (size_t i = 0; i < CSV_FIELDS; i++)
		buf_free(&fields[i]);
}

static void read_jsonlog(Reader *r)
{
	Str line;
	while (next_line(r, &line)) {
		json_t *o = json_loadb(line.p, line.n, 0, NULL);
		const char *severity = json_string_value(json_object_get(o, "error_severity"));
		const char *message = json_string_value(json_object_get(o, "message"));
		if (message && (!severity || streq(severity, "LOG")))
			add_message(r, str_of(message), r->line);
		json_decref(o);
	}
}

/* The form of a file, by its first line that says it. */
static const char *form_of(Str file)
{
	Reader r = { .at = file.p, .end = file.p + file.n };
	Str line;
	while (r.line < 200 && next_line(&r, &line)) {
		Str t = str_trim(line);
		if (t.n && t.p[0] == '{' && find(t, "\"message\""))
			return "jsonlog";
		if (find(line, "LOG:  "))
			return "log";
		if (t.n && t.p[0] >= '0' && t.p[0] <= '9' && find(line, ",LOG,"))
			return "csvlog";
	}
	return "script";
}

void script_read(Str file, Arena *a, Script *out)
{
	*out = (Script){ .form = form_of(file) };
	Reader r = { .a = a, .out = out, .at = file.p, .end = file.p + file.n };
	if (streq(out->form, "jsonlog"))
		read_jsonlog(&r);
	else if (streq(out->form, "csvlog"))
		read_csvlog(&r);
	else if (streq(out->form, "log"))
		read_log(&r);
	else
		read_script(&r, file, 1);
}
