#include "backend/stmts.h"

#include <ctype.h>
#include <stdio.h>

/* --- looking at the first words --- */

static const char *skip_blank(const char *p, const char *end)
{
	for (;;) {
		while (p < end && (isspace((unsigned char)*p) || *p == '\0'))
			p++;
		if (end - p >= 2 && p[0] == '-' && p[1] == '-') {
			while (p < end && *p != '\n')
				p++;
			continue;
		}
		if (end - p < 2 || p[0] != '/' || p[1] != '*')
			return p;
		int depth = 0;
		while (p < end) {
			if (end - p >= 2 && p[0] == '/' && p[1] == '*') {
				depth++;
				p += 2;
			} else if (end - p >= 2 && p[0] == '*' && p[1] == '/') {
				p += 2;
				if (--depth == 0)
					break;
			} else {
				p++;
			}
		}
	}
}

static Str next_word(const char **at, const char *end)
{
	const char *p = skip_blank(*at, end), *q = p;
	if (q < end && *q == '"') {
		for (q++; q < end && *q != '"'; q++)
			;
		q += q < end;
	} else {
		while (q < end && (isalnum((unsigned char)*q) || *q == '_' || *q == '.' || (unsigned char)*q >= 0x80))
			q++;
	}
	*at = q;
	return (Str){ p, (size_t)(q - p) };
}

static const struct {
	const char *word;
	StmtKind kind;
} first_words[] = {
	{ "select", STMT_SELECT },     { "values", STMT_SELECT },
	{ "table", STMT_SELECT },      { "show", STMT_SELECT },
	{ "begin", STMT_BEGIN },       { "start", STMT_BEGIN },
	{ "commit", STMT_COMMIT },     { "end", STMT_COMMIT },
	{ "rollback", STMT_ROLLBACK }, { "abort", STMT_ROLLBACK },
	{ "set", STMT_SET },	       { "reset", STMT_SET },
	{ "prepare", STMT_PREPARE },   { "deallocate", STMT_DEALLOCATE },
	{ "discard", STMT_DISCARD },   { "insert", STMT_WRITE },
	{ "update", STMT_WRITE },      { "delete", STMT_WRITE },
	{ "merge", STMT_WRITE },       { "with", STMT_WRITE },
	{ "truncate", STMT_WRITE },    { "copy", STMT_WRITE },
	{ "create", STMT_WRITE },      { "alter", STMT_WRITE },
	{ "drop", STMT_WRITE },	       { "execute", STMT_WRITE },
	{ "do", STMT_WRITE },	       { "call", STMT_WRITE },
	{ "grant", STMT_WRITE },       { "revoke", STMT_WRITE },
};

static StmtKind refine(StmtKind kind, const char *p, const char *end)
{
	Str second = next_word(&p, end);
	if ((kind == STMT_COMMIT || kind == STMT_ROLLBACK || kind == STMT_PREPARE) && str_iis(second, "prepared"))
		return STMT_WRITE;
	if (kind == STMT_PREPARE && str_iis(second, "transaction"))
		return STMT_WRITE;
	if (kind == STMT_ROLLBACK) {
		if (str_iis(second, "transaction") || str_iis(second, "work"))
			second = next_word(&p, end);
		return str_iis(second, "to") ? STMT_OTHER : STMT_ROLLBACK;
	}
	if (kind == STMT_SET && (str_iis(second, "local") || str_iis(second, "transaction") || str_iis(second, "constraints")))
		return STMT_OTHER;
	return kind;
}

/* Whether a semicolon is followed by more than blanks. Quotes are not followed: a `;` inside them makes the answer "not alone", which is
 * the careful one. */
static bool is_alone(const char *p, const char *end)
{
	const char *semi = memchr(p, ';', (size_t)(end - p));
	while (semi) {
		const char *rest = skip_blank(semi + 1, end);
		if (rest >= end)
			return true;
		if (*rest != ';')
			return false;
		semi = rest;
	}
	return true;
}

StmtKind stmt_classify(Str text, bool *alone)
{
	const char *p = text.p, *end = text.p + text.n;
	if (alone)
		*alone = true;
	p = skip_blank(p, end);
	if (p >= end)
		return STMT_EMPTY;
	if (*p == '(')
		p++;
	Str word = next_word(&p, end);
	if (alone)
		*alone = is_alone(p, end);
	for (size_t i = 0; i < ARRAY_LEN(first_words); i++)
		if (str_iis(word, first_words[i].word))
			return refine(first_words[i].kind, p, end);
	return STMT_OTHER;
}

bool stmt_may_end_transaction(Str text)
{
	static const char *const words[] = { "commit", "end", "rollback", "abort", "prepare" };
	const char *p = text.p, *end = text.p + text.n;
	while (p < end) {
		const char *word = p;
		while (p < end && (isalpha((unsigned char)*p) || *p == '_'))
			p++;
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (str_iis((Str){ word, (size_t)(p - word) }, words[i]))
				return true;
		if (p == word)
			p++;
	}
	return false;
}

bool stmt_prepares_transaction(Str text)
{
	const char *p = text.p, *end = text.p + text.n;
	return str_iis(next_word(&p, end), "prepare") && str_iis(next_word(&p, end), "transaction");
}

Str stmt_object_name(Str text, char *space, size_t size)
{
	const char *p = text.p, *end = text.p + text.n;
	next_word(&p, end);
	Str w = next_word(&p, end);
	while (str_iis(w, "session")) {
		w = next_word(&p, end);
		if (str_iis(w, "authorization"))
			w = str_of("session_authorization");
	}
	if (str_iis(w, "time"))
		w = str_of("timezone");
	if (w.n == 0 || str_iis(w, "all") || w.n >= size)
		return (Str){ NULL, 0 };
	bool quoted = w.p[0] == '"' && w.n >= 2;
	size_t n = 0;
	for (size_t i = quoted; i < w.n - quoted; i++)
		space[n++] = quoted ? w.p[i] : (char)tolower((unsigned char)w.p[i]);
	space[n] = '\0';
	return (Str){ space, n };
}

static bool copy_value(const char *p, const char *end, char *out, size_t size)
{
	size_t n = 0;
	bool quoted = p < end && *p == '\'';
	for (p += quoted; p < end && n + 1 < size; p++) {
		if (quoted && *p == '\'') {
			if (p + 1 >= end || p[1] != '\'')
				break;
			p++;
		} else if (!quoted && (isspace((unsigned char)*p) || *p == ';')) {
			break;
		}
		out[n++] = *p;
	}
	out[n] = '\0';
	if (quoted)
		p++;
	p = skip_blank(p, end);
	return p >= end || *p == ';';
}

bool stmt_setting(Str text, char *name, size_t name_size, char *value, size_t value_size)
{
	const char *p = text.p, *end = text.p + text.n;
	Str n = stmt_object_name(text, name, name_size);
	if (n.p == NULL)
		return false;
	next_word(&p, end);
	Str w = next_word(&p, end);
	if (str_iis(w, "session"))
		w = next_word(&p, end);
	if (str_iis(w, "time"))
		next_word(&p, end);
	p = skip_blank(p, end);
	if (p < end && *p == '=') {
		p++;
	} else {
		const char *q = p;
		if (str_iis(next_word(&q, end), "to"))
			p = q;
	}
	return copy_value(skip_blank(p, end), end, value, value_size);
}

/* --- prepared statements --- */

PrepStmt *prep_new(const uint8_t *message, size_t len)
{
	if (len < 5 + 4 || message[0] != 'P')
		return NULL;
	const uint8_t *name = message + 5, *end = message + len;
	const uint8_t *nul = memchr(name, 0, (size_t)(end - name));
	const uint8_t *text = nul ? nul + 1 : NULL;
	const uint8_t *nul2 = text ? memchr(text, 0, (size_t)(end - text)) : NULL;
	if (!nul2 || end - nul2 < 3)
		return NULL;
	uint16_t noids = get_u16(nul2 + 1);
	if (end - nul2 - 3 != 4 * (ptrdiff_t)noids)
		return NULL;
	PrepStmt *st = mem_alloc(sizeof *st);
	atomic_init(&st->refs, 1);
	st->message = mem_alloc(len);
	memcpy(st->message, message, len);
	st->message_len = len;
	st->name = mem_strdup((const char *)name);
	st->text = (Str){ (const char *)st->message + (text - message), (size_t)(nul2 - text) };
	st->noids = noids;
	st->oids = st->message + (nul2 + 3 - message);
	st->kind = stmt_classify(st->text, &st->alone);
	return st;
}

PrepStmt *prep_make(const char *name, Str text, const uint32_t *oids, uint16_t noids)
{
	_cleanup_(buf_free) Buf b = { 0 };
	buf_put_u8(&b, 'P');
	buf_put_u32(&b, 0);
	buf_put_cstr(&b, name);
	buf_put_str(&b, text);
	buf_put_u8(&b, 0);
	buf_put_u16(&b, noids);
	for (uint16_t i = 0; i < noids; i++)
		buf_put_u32(&b, oids[i]);
	buf_set_u32(&b, 1, (uint32_t)(b.len - 1));
	return prep_new(b.data, b.len);
}

PrepStmt *prep_ref(PrepStmt *st)
{
	if (st)
		atomic_fetch_add_explicit(&st->refs, 1, memory_order_relaxed);
	return st;
}

void prep_unref(PrepStmt *st)
{
	if (!st || atomic_fetch_sub_explicit(&st->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (st->plan && st->free_plan)
		st->free_plan(st->plan);
	free(st->name);
	free(st->message);
	free(st);
}

PrepStmt *stmts_get(const StmtTable *t, Str name)
{
	return name.n == 0 ? t->unnamed : map_get(&t->named, name);
}

void stmts_put(StmtTable *t, PrepStmt *st)
{
	if (st->name[0] == '\0') {
		prep_unref(t->unnamed);
		t->unnamed = st;
		return;
	}
	prep_unref(map_put(&t->named, str_of(st->name), st));
}

void stmts_remove(StmtTable *t, Str name)
{
	if (name.n == 0) {
		prep_unref(t->unnamed);
		t->unnamed = NULL;
		return;
	}
	prep_unref(map_remove(&t->named, name));
}

void stmts_clear(StmtTable *t)
{
	size_t at = 0;
	for (MapEntry *e; (e = map_next(&t->named, &at));)
		prep_unref(e->value);
	map_free(&t->named);
	t->named = (Map){ 0 };
	stmts_remove(t, (Str){ NULL, 0 });
}

/* --- settings --- */

void settings_clear(Settings *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(map_remove(&s->by_name, str_of(s->order[i])));
		free(s->order[i]);
	}
	free(s->order);
	map_free(&s->by_name);
	*s = (Settings){ 0 };
}

static void settings_forget(Settings *s, Str name)
{
	char *old = map_remove(&s->by_name, name);
	if (!old)
		return;
	free(old);
	for (size_t i = 0; i < s->n; i++)
		if (str_is(name, s->order[i])) {
			free(s->order[i]);
			memmove(s->order + i, s->order + i + 1, (s->n - i - 1) * sizeof *s->order);
			s->n--;
			return;
		}
}

static void settings_put(Settings *s, Str name, Str statement)
{
	Str text = str_trim(statement);
	while (text.n && (text.p[text.n - 1] == ';' || isspace((unsigned char)text.p[text.n - 1])))
		text.n--;
	s->order = mem_grow(s->order, &s->cap, s->n + 1, sizeof *s->order);
	s->order[s->n++] = mem_strndup(name.p, name.n);
	map_put(&s->by_name, name, mem_strndup(text.p, text.n));
}

void settings_note_prepare(Settings *s, StmtKind kind, Str statement)
{
	char space[128], key[140];
	Str name = stmt_object_name(statement, space, sizeof space);
	if (name.p == NULL)
		return;
	int n = snprintf(key, sizeof key, "prepare %.*s", STR_ARG(name));
	Str k = { key, (size_t)n };
	settings_forget(s, k);
	if (kind == STMT_PREPARE)
		settings_put(s, k, statement);
}

void settings_note(Settings *s, Str statement)
{
	char space[128];
	const char *p = statement.p;
	Str verb = next_word(&p, statement.p + statement.n);
	Str name = stmt_object_name(statement, space, sizeof space);
	if (name.p == NULL) {
		if (str_iis(verb, "reset"))
			settings_clear(s);
		return;
	}
	settings_forget(s, name);
	if (str_iis(verb, "reset"))
		return;
	settings_put(s, name, statement);
}

void settings_text(const Settings *s, Buf *out)
{
	for (size_t i = 0; i < s->n; i++) {
		if (i)
			buf_puts(out, "; ");
		buf_puts(out, map_get(&s->by_name, str_of(s->order[i])));
	}
}
