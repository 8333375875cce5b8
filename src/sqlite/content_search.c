/*
 * Searches in the indexes for contents (pgtype/content.h). Such an index is a table (k, id) WITHOUT ROWID beside the indexed one, kept by
 * its triggers: pg_content_keys(kind, value) gives what a value has there, pg_content(table, index, kind || operator, value) the row
 * numbers of the candidates.
 */
#include "sqlite/vtab_set.h"

#include "pgtype/content.h"

#include <stdlib.h>

typedef struct Ids {
	int64_t *v; /* ascending, unique */
	size_t n, cap;
} Ids;

typedef struct Search {
	SetCall *call;
	const char *table, *index; /* quoted */
	sqlite3_stmt *probe;
} Search;

typedef struct Rows {
	Ids ids;
	ContentKeys keys;
	size_t at;
} Rows;

/* ---- pg_content_keys ---- */

static int keys_start(SetCall *c)
{
	Rows *r = arena_new_of(c->a, Rows);
	c->state = r;
	return content_keys((ContentKind)set_arg_text(c, 0).p[0], set_arg_text(c, 1), c->a, &r->keys, &c->env->error);
}

static int keys_next(SetCall *c)
{
	Rows *r = c->state;
	if (r->at >= r->keys.n)
		return 0;
	c->value = r->keys.items[r->at++];
	return 1;
}

/* ---- pg_content ---- */

static void add_id(Ids *l, int64_t id)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->v = mem_realloc(l->v, l->cap * sizeof *l->v);
	}
	l->v[l->n++] = id;
}

static int failed(Search *s, sqlite3_stmt *st)
{
	err_set(&s->call->env->error, sqlite3_errcode(s->call->db) == SQLITE_INTERRUPT ? "57014" : "XX000", "%s",
		sqlite3_errmsg(s->call->db));
	sqlite3_finalize(st);
	return -1;
}

static sqlite3_stmt *prepare(Search *s, const char *sql)
{
	sqlite3_stmt *st = NULL;
	return sqlite3_prepare_v2(s->call->db, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

static void bind(sqlite3_stmt *st, int at, const Val *v)
{
	if (v->kind == VAL_INT)
		sqlite3_bind_int64(st, at, v->i);
	else
		sqlite3_bind_text64(st, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8);
}

static int compare_ids(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return (a > b) - (a < b);
}

/* Those that occur at least `need` times. */
static void keep_frequent(Ids *l, size_t need)
{
	size_t kept = 0;
	if (l->n)
		qsort(l->v, l->n, sizeof *l->v, compare_ids);
	for (size_t i = 0, end; i < l->n; i = end) {
		for (end = i + 1; end < l->n && l->v[end] == l->v[i];)
			end++;
		if (end - i >= need)
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
}

static int read_all(Search *s, sqlite3_stmt *st, Ids *out)
{
	int rc;
	if (!st)
		return failed(s, st);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW)
		add_id(out, sqlite3_column_int64(st, 0));
	if (rc != SQLITE_DONE)
		return failed(s, st);
	sqlite3_finalize(st);
	return 0;
}

static sqlite3_stmt *open_key(Search *s, const ContentSearch *q)
{
	sqlite3_stmt *st = prepare(s, arena_printf(s->call->a, "SELECT id FROM %s WHERE k = ?1", s->index));
	if (st)
		bind(st, 1, &q->key);
	return st;
}

/* The first text behind all that begin with the prefix, or NULL. */
static const char *after_prefix(Str s, Arena *a, size_t *n)
{
	char *p = arena_strndup(a, s.p, s.n);
	*n = s.n;
	while (*n && (unsigned char)p[*n - 1] == 0xff)
		--*n;
	if (*n)
		p[*n - 1]++;
	return *n ? p : NULL;
}

static int read_prefix(Search *s, const ContentSearch *q, Ids *out)
{
	size_t n;
	const char *end = after_prefix(q->key.s, s->call->a, &n);
	sqlite3_stmt *st = prepare(s, arena_printf(s->call->a, "SELECT id FROM %s WHERE k >= ?1%s", s->index, end ? " AND k < ?2" : ""));
	if (st) {
		bind(st, 1, &q->key);
		if (end)
			sqlite3_bind_text64(st, 2, end, n, SQLITE_STATIC, SQLITE_UTF8);
	}
	if (read_all(s, st, out))
		return -1;
	keep_frequent(out, 1);
	return 0;
}

static int evaluate(Search *s, const ContentSearch *q, Ids *out);

/* Reads the lists of all keys side by side until the shortest has ended: *shortest is its place and *out has it. */
static int read_shortest(Search *s, ContentSearch *const *keys, size_t n, size_t *shortest, Ids *out)
{
	sqlite3_stmt **st = arena_array(s->call->a, sqlite3_stmt *, n);
	Ids *lists = arena_array(s->call->a, Ids, n);
	int rc = 0;
	size_t found = n;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = (st[i] = open_key(s, keys[i])) ? 0 : failed(s, NULL);
	for (size_t i = 0; rc == 0 && found == n; i = (i + 1) % n) {
		int step = SQLITE_ROW;
		for (int k = 0; k < 64 && (step = sqlite3_step(st[i])) == SQLITE_ROW; k++)
			add_id(&lists[i], sqlite3_column_int64(st[i], 0));
		if (step == SQLITE_DONE)
			found = i;
		else if (step != SQLITE_ROW)
			rc = failed(s, NULL);
	}
	for (size_t i = 0; i < n; i++) {
		sqlite3_finalize(st[i]);
		if (i != found || rc)
			free(lists[i].v);
	}
	*shortest = found;
	if (rc == 0)
		*out = lists[found];
	return rc;
}

/* Keeps the rows that have the key, too. */
static int keep_with_key(Search *s, const ContentSearch *q, Ids *l)
{
	size_t kept = 0;
	if (!s->probe && !(s->probe = prepare(s, arena_printf(s->call->a, "SELECT 1 FROM %s WHERE k = ?1 AND id = ?2", s->index))))
		return failed(s, NULL);
	bind(s->probe, 1, &q->key);
	for (size_t i = 0; i < l->n; i++) {
		sqlite3_bind_int64(s->probe, 2, l->v[i]);
		int rc = sqlite3_step(s->probe);
		sqlite3_reset(s->probe);
		if (rc == SQLITE_ROW)
			l->v[kept++] = l->v[i];
		else if (rc != SQLITE_DONE)
			return failed(s, NULL);
	}
	l->n = kept;
	return 0;
}

static void intersect(Ids *l, const Ids *other)
{
	size_t kept = 0;
	for (size_t i = 0, k = 0; i < l->n; i++) {
		while (k < other->n && other->v[k] < l->v[i])
			k++;
		if (k < other->n && other->v[k] == l->v[i])
			l->v[kept++] = l->v[i];
	}
	l->n = kept;
}

static int keep_with_part(Search *s, const ContentSearch *q, Ids *l)
{
	Ids other = { 0 };
	if (q->kind == SEARCH_KEY)
		return keep_with_key(s, q, l);
	int rc = evaluate(s, q, &other);
	if (rc == 0)
		intersect(l, &other);
	free(other.v);
	return rc;
}

static int evaluate_all(Search *s, const ContentSearch *q, Ids *out)
{
	ContentSearch **keys = arena_array(s->call->a, ContentSearch *, q->n);
	size_t n = 0, first = 0;
	for (size_t i = 0; i < q->n; i++)
		if (q->parts[i]->kind == SEARCH_KEY)
			keys[n++] = q->parts[i];
	if (n ? read_shortest(s, keys, n, &first, out) : evaluate(s, q->parts[0], out))
		return -1;
	for (size_t i = 0; i < q->n && out->n; i++)
		if (q->parts[i] != (n ? keys[first] : q->parts[0]) && keep_with_part(s, q->parts[i], out))
			return -1;
	return 0;
}

static int evaluate_some(Search *s, const ContentSearch *q, Ids *out)
{
	if (q->n && q->need == q->n)
		return evaluate_all(s, q, out);
	for (size_t i = 0; i < q->n; i++) {
		Ids one = { 0 };
		if (evaluate(s, q->parts[i], &one)) {
			free(one.v);
			return -1;
		}
		for (size_t k = 0; k < one.n; k++)
			add_id(out, one.v[k]);
		free(one.v);
	}
	keep_frequent(out, q->need);
	return 0;
}

static int evaluate(Search *s, const ContentSearch *q, Ids *out)
{
	switch (q->kind) {
	case SEARCH_KEY:
		return read_all(s, open_key(s, q), out);
	case SEARCH_PREFIX:
		return read_prefix(s, q, out);
	case SEARCH_SOME:
		return evaluate_some(s, q, out);
	default:
		return read_all(s, prepare(s, arena_printf(s->call->a, "SELECT rowid FROM %s", s->table)), out);
	}
}

static const char *quoted(Str name, Arena *a)
{
	char *out = arena_alloc(a, 2 * name.n + 3), *p = out;
	*p++ = '"';
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"')
			*p++ = '"';
		*p++ = name.p[i];
	}
	*p++ = '"';
	*p = 0;
	return out;
}

static int search_start(SetCall *c)
{
	Rows *r = arena_new_of(c->a, Rows);
	Search s = { .call = c, .table = quoted(set_arg_text(c, 0), c->a), .index = quoted(set_arg_text(c, 1), c->a) };
	Str mode = set_arg_text(c, 2);
	c->state = r;
	const ContentSearch *q = content_search((ContentKind)mode.p[0], arena_strndup(c->a, mode.p + 1, mode.n - 1), set_arg_text(c, 3),
						c->a, &c->env->error);
	int rc = q ? evaluate(&s, q, &r->ids) : -1;
	sqlite3_finalize(s.probe);
	return rc;
}

static int search_next(SetCall *c)
{
	Rows *r = c->state;
	if (r->at >= r->ids.n)
		return 0;
	c->value = val_int(r->ids.v[r->at++]);
	return 1;
}

static void search_finish(SetCall *c)
{
	Rows *r = c->state;
	if (r)
		free(r->ids.v);
}

const SetFn set_fns_content[] = {
	{ "pg_content_keys", 2, 2, keys_start, keys_next, NULL, NULL, 0 },
	{ "pg_content", 4, 4, search_start, search_next, search_finish, NULL, 0 },
	{ NULL },
};
