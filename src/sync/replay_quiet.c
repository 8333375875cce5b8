#include "sync/replay_quiet.h"

/* A constraint that sleeps in a replica. */
typedef struct Rule {
	char type; /* f u p x */
	const char *table, *parent;
	const char **cols, **parent_cols;
	size_t ncols;
} Rule;

struct Quiet {
	Map tables; /* quoted names of tables with triggers or rules */
	Rule *rules;
	size_t n;
};

static const char sql_tables[] =
	"SELECT n.nspname, c.relname FROM pg_trigger t JOIN pg_class o ON o.oid = t.tgrelid JOIN pg_class c ON c.oid = CASE WHEN"
	" o.relispartition THEN pg_partition_root(o.oid)::oid ELSE o.oid END JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE NOT t.tgisinternal AND t.tgenabled = 'O'"
	" UNION SELECT n.nspname, c.relname FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace n ON n.oid ="
	" c.relnamespace WHERE c.relkind IN ('r', 'p') AND w.ev_enabled = 'O'";

#define NAMES(rel, nums)                                                                                                                   \
	"(SELECT string_agg(a.attname, E'\\x01' ORDER BY u.pos) FROM unnest(" nums ") WITH ORDINALITY u(num, pos) JOIN pg_attribute a ON " \
	"a.attrelid = " rel " AND a.attnum = u.num)"

static const char sql_rules[] = "SELECT k.contype, n.nspname, c.relname, coalesce(pn.nspname, ''), coalesce(p.relname, ''), " NAMES(
	"k.conrelid", "k.conkey") ", coalesce(" NAMES("k.confrelid",
						      "k.confkey") ", '') FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
								   " JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class p ON "
								   "p.oid = k.confrelid LEFT JOIN"
								   " pg_namespace pn ON pn.oid = p.relnamespace WHERE k.conparentid = 0 "
								   "AND (k.contype = 'f' OR (k.contype IN"
								   " ('u', 'p', 'x') AND k.condeferrable)) ORDER BY k.oid";

static const char *quoted(Arena *a, const char *schema, const char *name)
{
	Buf b = { 0 };
	if (schema) {
		source_put_ident(&b, schema);
		buf_puts(&b, ".");
	}
	source_put_ident(&b, name);
	const char *s = arena_strdup(a, buf_cstr(&b));
	buf_free(&b);
	return s;
}

static const char **quoted_list(Arena *a, const char *joined, size_t *n)
{
	size_t max = 1;
	for (const char *p = joined; *p; p++)
		max += *p == '\001';
	const char **out = arena_array(a, const char *, max);
	*n = 0;
	for (const char *p = joined; *p && *n < max;) {
		const char *end = strchrnul(p, '\001');
		out[(*n)++] = quoted(a, NULL, arena_strndup(a, p, (size_t)(end - p)));
		p = *end ? end + 1 : end;
	}
	return out;
}

int quiet_load(Replay *r, Error *err)
{
	Quiet *q = arena_new_of(r->arena, Quiet);
	const ReplayCommand tables = { sql_tables, NULL, 0 }, rules = { sql_rules, NULL, 0 };
	_cleanup_(source_clearp) PGresult *t = replay_query(r, &tables, err), *k = t ? replay_query(r, &rules, err) : NULL;
	if (!k)
		return -1;
	for (int i = 0; i < PQntuples(t); i++)
		map_put(&q->tables, str_of(quoted(r->arena, PQgetvalue(t, i, 0), PQgetvalue(t, i, 1))), q);
	q->rules = arena_array(r->arena, Rule, (size_t)PQntuples(k) + 1);
	for (int i = 0; i < PQntuples(k); i++) {
		Rule *x = &q->rules[q->n++];
		size_t ignored;
		x->type = *PQgetvalue(k, i, 0);
		x->table = quoted(r->arena, PQgetvalue(k, i, 1), PQgetvalue(k, i, 2));
		x->parent = quoted(r->arena, PQgetvalue(k, i, 3), PQgetvalue(k, i, 4));
		x->cols = quoted_list(r->arena, PQgetvalue(k, i, 5), &x->ncols);
		x->parent_cols = quoted_list(r->arena, PQgetvalue(k, i, 6), &ignored);
	}
	r->quiet = q;
	return 0;
}

void quiet_free(Quiet *q)
{
	if (q)
		map_free(&q->tables);
}

bool quiet_wanted(Replay *r, const JournalTx *txs, size_t n)
{
	Error ignored;
	for (size_t t = 0; t < n && r->quiet->tables.count; t++)
		for (size_t i = 0; i < txs[t].n; i++) {
			const JournalChange *c = &txs[t].changes[i];
			const ReplayRel *rel = c->op == 'S' ? NULL : replay_find_rel(r, c->table, &ignored);
			if (rel && map_get(&r->quiet->tables, str_of(rel->name)))
				return true;
		}
	return false;
}

typedef struct Asking {
	Replay *r;
	Arena *a;
	QuietCheck *checks;
	size_t n, cap;
	Map seen; /* rows whose last image is known: "table\1key" */
} Asking;

static const ReplayCol *find_column(const ReplayRel *rel, const char *name, size_t *at)
{
	for (*at = 0; *at < rel->ncols; (*at)++)
		if (rel->cols[*at].col && streq(rel->cols[*at].name, name))
			return &rel->cols[*at];
	return NULL;
}

/* "x.col = $1::type AND ..." with the values of a row; false when one of them is NULL or unknown. */
static bool put_match(Buf *b, const char *alias, const char *const *names, const ReplayRel *rel, const char *const *from, size_t n,
		      const Val *row, ReplayCommand *cmd, Arena *a)
{
	cmd->nparams = 0;
	for (size_t i = 0; i < n; i++) {
		size_t at;
		const ReplayCol *c = find_column(rel, from[i], &at);
		if (!c || row[at].kind == VAL_NULL)
			return false;
		cmd->params[cmd->nparams++] = replay_value_text(c, &row[at], a);
		buf_printf(b, "%s%s.%s = $%d%s", i ? " AND " : "", alias, names[i], cmd->nparams, c->cast);
	}
	return n > 0;
}

static void add(Asking *k, ReplayCommand cmd, Buf *b, bool wants_row)
{
	cmd.sql = arena_strdup(k->a, buf_cstr(b));
	if (k->n == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 32;
		QuietCheck *more = arena_array(k->a, QuietCheck, k->cap);
		if (k->n)
			memcpy(more, k->checks, k->n * sizeof *more);
		k->checks = more;
	}
	k->checks[k->n++] = (QuietCheck){ cmd, wants_row };
}

/* A row as it is in the end: what it refers to is there, and is kept; what must be unique is. */
static int ask_for_row(Asking *k, const ReplayRel *rel, const Val *row, Error *err)
{
	const Quiet *q = k->r->quiet;
	for (size_t i = 0; i < q->n; i++) {
		const Rule *x = &q->rules[i];
		ReplayCommand cmd = { .params = arena_array(k->a, const char *, x->ncols + 1) };
		Buf b = { 0 };
		if (!streq(x->table, rel->name))
			continue;
		if (x->type == 'x')
			return err_set(err, "0A000", "a deferrable exclusion constraint of a table with triggers cannot be replayed");
		bool key = x->type == 'f';
		buf_printf(&b, "SELECT 1 FROM %s x WHERE ", key ? x->parent : x->table);
		if (put_match(&b, "x", key ? x->parent_cols : x->cols, rel, x->cols, x->ncols, row, &cmd, k->a)) {
			buf_puts(&b, key ? " FOR KEY SHARE OF x" : " HAVING count(*) > 1");
			add(k, cmd, &b, key);
		}
		buf_free(&b);
	}
	return 0;
}

/* A row that is gone, or has other values now: nothing refers to what it had. */
static void ask_for_references(Asking *k, const ReplayRel *rel, const JournalChange *c)
{
	const Quiet *q = k->r->quiet;
	for (size_t i = 0; i < q->n; i++) {
		const Rule *x = &q->rules[i];
		bool changed = !c->after;
		size_t at;
		if (x->type != 'f' || !streq(x->parent, rel->name))
			continue;
		for (size_t n = 0; n < x->ncols && !changed; n++)
			changed = !find_column(rel, x->parent_cols[n], &at) || !val_identical(&c->before[at], &c->after[at]);
		ReplayCommand cmd = { .params = arena_array(k->a, const char *, x->ncols + 1) };
		Buf b = { 0 };
		buf_printf(&b, "SELECT 1 FROM %s x WHERE ", x->table);
		if (changed && put_match(&b, "x", x->cols, rel, x->parent_cols, x->ncols, c->before, &cmd, k->a)) {
			buf_printf(&b, " AND NOT EXISTS (SELECT 1 FROM %s y WHERE ", x->parent);
			put_match(&b, "y", x->parent_cols, rel, x->parent_cols, x->ncols, c->before, &cmd, k->a);
			buf_puts(&b, ") LIMIT 1");
			add(k, cmd, &b, false);
		}
		buf_free(&b);
	}
}

static bool is_new(Asking *k, const ReplayRel *rel, const Val *row)
{
	Str key = str_of(arena_printf(k->a, "%s\001%s", rel->name, replay_key_text(rel, row, k->a)));
	bool fresh = !map_get(&k->seen, key);
	map_put(&k->seen, key, k);
	return fresh;
}

static int ask_for_change(Asking *k, const JournalChange *c, Error *err)
{
	const ReplayRel *rel = replay_find_rel(k->r, c->table, err);
	if (!rel)
		return -1;
	if (c->ncols != rel->ncols)
		return 0; /* replay_command has said so */
	if (c->after && is_new(k, rel, c->after) && ask_for_row(k, rel, c->after, err) < 0)
		return -1;
	if (c->before) {
		is_new(k, rel, c->before);
		ask_for_references(k, rel, c);
	}
	return 0;
}

int quiet_checks(Replay *r, const JournalTx *txs, size_t n, Arena *a, QuietCheck **out, size_t *nout, Error *err)
{
	Asking k = { .r = r, .a = a };
	int rc = 0;
	/* From the end, so that each row is met first as it is at last. */
	for (size_t t = n; t-- > 0 && rc == 0;)
		for (size_t i = txs[t].n; i-- > 0 && rc == 0;)
			if (txs[t].changes[i].op != 'S')
				rc = ask_for_change(&k, &txs[t].changes[i], err);
	map_free(&k.seen);
	*out = k.checks;
	*nout = k.n;
	return rc;
}
