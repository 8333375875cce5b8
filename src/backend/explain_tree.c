/* Lines of SQLite's plan -> PostgreSQL's plan nodes. */
#include "backend/explain_tree.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_DEPTH = 100, SUBPLANS = 64 };

typedef struct Tree {
	const ExplainPlan *x;
	const EqpLine *lines;
	size_t n;
	Arena *a;
	struct {
		const char *key;
		PlanNode *node;
	} made[SUBPLANS]; /* CO-ROUTINE and MATERIALIZE, to be scanned further down */
	size_t nmade;
	PlanNode *attached; /* subplans of the node in the making */
	int depth;
} Tree;

static PlanNode *build(Tree *t, int parent);

static PlanNode *node_new(Tree *t, const char *type, double rows, int width)
{
	PlanNode *n = arena_new_of(t->a, PlanNode);
	*n = (PlanNode){ .type = type, .rows = rows, .width = width };
	return n;
}

static void add_kid(PlanNode *n, PlanNode *kid, const char *relationship)
{
	PlanNode **end = &n->kids;
	while (*end)
		end = &(*end)->next;
	kid->relationship = relationship;
	*end = kid;
}

/* A node over one other that changes nothing of it but the order or number of rows. */
static PlanNode *over(Tree *t, const char *type, PlanNode *kid)
{
	PlanNode *n = node_new(t, type, kid->rows, kid->width);
	n->startup = kid->startup;
	n->total = kid->total;
	add_kid(n, kid, "Outer");
	return n;
}

static PlanNode *sort(Tree *t, PlanNode *kid)
{
	PlanNode *n = over(t, "Sort", kid);
	n->total += kid->rows * log2(kid->rows + 2) * 0.005;
	n->startup = n->total;
	return n;
}

static const ExplainName *name_of(const Tree *t, Str key)
{
	for (size_t i = 0; i < t->x->nnames; i++)
		if (str_is(key, t->x->names[i].key))
			return &t->x->names[i];
	return NULL;
}

static bool take_word(Str *s, const char *word)
{
	if (!str_starts(*s, word))
		return false;
	s->p += strlen(word);
	s->n -= strlen(word);
	return true;
}

/* --- scans --- */

typedef struct IndexUse {
	bool used, covering, automatic, unique;
	const char *name, *condition;
	int equals, ranges;
} IndexUse;

static const CatIndex *index_named(const ExplainName *name, Str sqlite_name)
{
	for (size_t i = 0; name->rel && i < name->rel->nindexes; i++)
		if (str_is(sqlite_name, name->rel->indexes[i]->sqlite_name))
			return name->rel->indexes[i];
	return NULL;
}

/* "(a=? AND b>?)"; the row's number by the name of its column. */
static void read_condition(Tree *t, const ExplainName *name, Str s, IndexUse *u)
{
	Buf text = { 0 };
	for (size_t i = 0; i < s.n; i++) {
		u->equals += s.p[i] == '=' && s.p[i - 1] != '>' && s.p[i - 1] != '<';
		u->ranges += s.p[i] == '<' || s.p[i] == '>';
		bool rowid =
			name->key_column && s.n - i > 5 && memcmp(s.p + i, "rowid", 5) == 0 && (s.p[i - 1] == '(' || s.p[i - 1] == ' ');
		if (rowid)
			buf_puts(&text, name->key_column);
		else
			buf_put_u8(&text, (uint8_t)s.p[i]);
		i += rowid ? 4 : 0;
	}
	u->condition = arena_strndup(t->a, (char *)text.data, text.len);
	buf_free(&text);
}

/* What follows the name: " USING COVERING INDEX i (a=?)", " USING INTEGER PRIMARY KEY (rowid=?)" ... */
static IndexUse read_index(Tree *t, const ExplainName *name, Str s)
{
	IndexUse u = { 0 };
	if (!take_word(&s, " USING "))
		return u;
	u.used = true;
	if (take_word(&s, "INTEGER PRIMARY KEY") || take_word(&s, "PRIMARY KEY")) {
		u.name = name->key_index;
		u.unique = true;
	} else {
		u.automatic = take_word(&s, "AUTOMATIC ");
		take_word(&s, "PARTIAL ");
		u.covering = take_word(&s, "COVERING ");
		take_word(&s, "INDEX ");
		const char *open = memchr(s.p, '(', s.n);
		Str key = { s.p, open ? (size_t)(open - s.p) : s.n };
		key = str_trim(key);
		const CatIndex *x = u.automatic ? NULL : index_named(name, key);
		u.name = x ? x->name : u.automatic ? NULL : arena_strndup(t->a, key.p, key.n);
		u.unique = x && x->unique;
		s.n -= key.n;
		s.p += key.n;
	}
	s = str_trim(s);
	const char *end = s.n && s.p[0] == '(' ? memrchr(s.p, ')', s.n) : NULL;
	if (end)
		read_condition(t, name, (Str){ s.p, (size_t)(end - s.p) + 1 }, &u);
	return u;
}

static double known_rows(const ExplainName *name)
{
	static const double unknown = 1000;
	return name->rows > 0 ? (double)name->rows : name->rel ? 1 : unknown;
}

static void estimate(PlanNode *n, const ExplainName *name, const IndexUse *u)
{
	double all = known_rows(name), rows = all;
	if (u->unique && u->equals && !u->ranges)
		rows = 1;
	else if (u->condition)
		rows = all * pow(0.1, u->equals) * pow(0.5, u->ranges);
	n->rows = rows < 1 ? 1 : rint(rows);
	n->total = u->condition ? log2(all + 2) * 0.05 + n->rows * 0.015 : 1 + all * 0.01;
}

static PlanNode *relation_scan(Tree *t, const ExplainName *name, Str rest)
{
	IndexUse u = read_index(t, name, rest);
	bool seq = !u.used || (!u.name && !u.automatic);
	PlanNode *n = node_new(t, seq ? "Seq Scan" : u.covering && !u.automatic ? "Index Only Scan" : "Index Scan", 0, name->width);
	n->name = name;
	n->index = u.automatic ? "automatic index" : u.name;
	n->condition = u.condition;
	estimate(n, name, &u);
	return n;
}

static PlanNode *made_before(Tree *t, Str key)
{
	for (size_t i = t->nmade; i-- > 0;)
		if (str_is(key, t->made[i].key))
			return t->made[i].node;
	return NULL;
}

static PlanNode *other_scan(Tree *t, const ExplainName *name, Str key)
{
	static const struct {
		char kind;
		const char *type;
	} types[] = { { 'f', "Function Scan" }, { 'v', "Values Scan" }, { 'c', "CTE Scan" }, { 's', "Subquery Scan" } };
	PlanNode *kid = made_before(t, key);
	double rows = kid ? kid->rows : name ? known_rows(name) : 1;
	if (kid && !name)
		return kid;
	PlanNode *n = node_new(t, "Function Scan", rows, name ? name->width : 0);
	for (size_t i = 0; name && i < ARRAY_LEN(types); i++)
		if (types[i].kind == name->kind)
			n->type = types[i].type;
	n->name = name;
	n->total = rows * 0.01;
	if (kid && !kid->relationship) {
		n->total += kid->total;
		add_kid(n, kid, "Subquery");
	}
	return n;
}

/* SCAN and SEARCH; NULL for what the statement does not name: a look into a table for a foreign key. */
static PlanNode *scan(Tree *t, Str s, bool *left)
{
	size_t at = 0;
	*left = s.n > 10 && memmem(s.p, s.n, " LEFT-JOIN", 10);
	if (str_iis(s, "CONSTANT ROW") || (s.n && s.p[0] >= '0' && s.p[0] <= '9')) {
		PlanNode *n = node_new(t, s.p[0] == 'C' ? "Result" : "Values Scan", s.p[0] == 'C' ? 1 : strtod(s.p, NULL), t->x->width);
		n->total = n->rows * 0.01;
		return n;
	}
	while (at < s.n && s.p[at] != ' ')
		at++;
	Str key = { s.p, at }, rest = { s.p + at, s.n - at };
	const ExplainName *name = name_of(t, key);
	if (name && name->kind == 'r')
		return relation_scan(t, name, rest);
	bool function = !name && str_starts(rest, " VIRTUAL TABLE");
	PlanNode *n = name || function || made_before(t, key) ? other_scan(t, name, key) : NULL;
	if (function)
		n->function = arena_strndup(t->a, key.p, key.n);
	return n;
}

static PlanNode *join(Tree *t, PlanNode *outer, PlanNode *inner, bool left)
{
	if (!outer)
		return inner;
	PlanNode *n = node_new(t, "Nested Loop", outer->rows * inner->rows, outer->width + inner->width);
	n->join_type = left ? "Left" : "Inner";
	n->startup = outer->startup + inner->startup;
	n->total = outer->total + outer->rows * inner->total;
	add_kid(n, outer, "Outer");
	add_kid(n, inner, "Inner");
	return n;
}

/* --- lines --- */

static void attach(Tree *t, PlanNode *sub, const char *relationship, const char *label)
{
	if (!sub)
		return;
	sub->subplan = label;
	sub->relationship = relationship;
	PlanNode **end = &t->attached;
	while (*end)
		end = &(*end)->next;
	*end = sub;
}

static void remember(Tree *t, Str key, PlanNode *node, bool materialized)
{
	if (!node || t->nmade == SUBPLANS)
		return;
	t->made[t->nmade].key = arena_strndup(t->a, key.p, key.n);
	t->made[t->nmade++].node = node;
	const ExplainName *name = name_of(t, key);
	if (materialized && name && name->kind == 'c')
		attach(t, node, "InitPlan", arena_printf(t->a, "CTE %s", name->name));
}

/* "USE TEMP B-TREE FOR ..." */
static PlanNode *ordered(Tree *t, PlanNode *node, Str what)
{
	if (!node)
		return NULL;
	if (str_starts(what, "DISTINCT")) {
		PlanNode *n = over(t, "Aggregate", node);
		n->strategy = "Hashed";
		return n;
	}
	return str_starts(what, "count(") || str_starts(what, "sum(") ? node : sort(t, node);
}

static PlanNode *set_operation(Tree *t, PlanNode *node, Str how, PlanNode *other)
{
	PlanNode *n = node_new(t, "Append", node->rows + other->rows, node->width);
	n->total = node->total + other->total;
	add_kid(n, node, "Member");
	add_kid(n, other, "Member");
	if (str_starts(how, "UNION ALL"))
		return n;
	PlanNode *top = over(t, str_starts(how, "UNION") ? "Aggregate" : "SetOp", n);
	top->strategy = "Hashed";
	return top;
}

static PlanNode *line(Tree *t, PlanNode *node, const EqpLine *l)
{
	Str s = str_of(l->text);
	bool left = false;
	if (take_word(&s, "SCAN ") || take_word(&s, "SEARCH ")) {
		PlanNode *leaf = scan(t, s, &left);
		return leaf ? join(t, node, leaf, left) : node;
	}
	if (take_word(&s, "USE TEMP B-TREE FOR "))
		return ordered(t, node, s);
	bool materialized = take_word(&s, "MATERIALIZE ");
	if (materialized || take_word(&s, "CO-ROUTINE ")) {
		remember(t, s, build(t, l->id), materialized);
		return node;
	}
	if (str_starts(s, "COMPOUND QUERY") || str_starts(s, "LEFT-MOST SUBQUERY") || str_starts(s, "MULTI-INDEX OR") ||
	    str_starts(s, "INDEX ") || str_starts(s, "SETUP") || str_starts(s, "MERGE ("))
		return join(t, node, build(t, l->id), false);
	if (str_starts(s, "UNION") || str_starts(s, "INTERSECT") || str_starts(s, "EXCEPT") || str_starts(s, "RECURSIVE STEP")) {
		PlanNode *other = build(t, l->id);
		PlanNode *n = node && other ? set_operation(t, node, s, other) : node ? node : other;
		if (node && other && str_starts(s, "RECURSIVE"))
			n = n->kids, n = over(t, "Recursive Union", n);
		return n;
	}
	bool correlated = take_word(&s, "CORRELATED ");
	if (str_starts(s, "SCALAR SUBQUERY") || str_starts(s, "LIST SUBQUERY")) {
		const char *number = memrchr(s.p, ' ', s.n);
		const char *label = arena_printf(t->a, "%s%s", correlated ? "SubPlan" : "InitPlan", number ? number : "");
		attach(t, build(t, l->id), correlated ? "SubPlan" : "InitPlan", label);
	}
	return node;
}

/* Ways to the same rows of one table: SQLite's OR by several indexes. */
static PlanNode *either_index(Tree *t, int parent)
{
	PlanNode *n = NULL;
	for (size_t i = 0; i < t->n; i++) {
		if (t->lines[i].parent != parent || !str_starts(str_of(t->lines[i].text), "INDEX "))
			continue;
		PlanNode *kid = build(t, t->lines[i].id);
		if (!kid)
			continue;
		if (!n)
			n = node_new(t, "Append", 0, kid->width);
		n->rows += kid->rows;
		n->total += kid->total;
		add_kid(n, kid, "Member");
	}
	return n;
}

static PlanNode *build(Tree *t, int parent)
{
	PlanNode *node = NULL, *outer_attached = t->attached;
	if (t->depth++ > MAX_DEPTH)
		return NULL;
	t->attached = NULL;
	for (size_t i = 0; i < t->n; i++) {
		if (t->lines[i].parent != parent)
			continue;
		if (str_starts(str_of(t->lines[i].text), "MULTI-INDEX OR"))
			node = join(t, node, either_index(t, t->lines[i].id), false);
		else
			node = line(t, node, &t->lines[i]);
	}
	if (t->attached) {
		if (!node)
			node = node_new(t, "Result", 1, t->x->width);
		PlanNode *kids = node->kids, *last = t->attached;
		for (PlanNode *k = t->attached; k; last = k, k = k->next)
			node->total += k->total;
		/* What is computed once comes first, as PostgreSQL shows it. */
		last->next = kids;
		node->kids = t->attached;
	}
	t->attached = outer_attached;
	t->depth--;
	return node;
}

static PlanNode *change_node(Tree *t, PlanNode *node)
{
	PlanNode *n = node_new(t, "ModifyTable", 0, 0);
	n->operation = t->x->change;
	n->name = t->x->target;
	n->startup = node->startup;
	n->total = node->total;
	add_kid(n, node, "Outer");
	return n;
}

PlanNode *explain_tree(const ExplainPlan *x, const EqpLine *lines, size_t n, int parts, Arena *a)
{
	Tree t = { .x = x, .lines = lines, .n = n, .a = a };
	PlanNode *node = NULL;
	for (int i = 0; i < parts; i++) {
		PlanNode *part = build(&t, -i);
		node = node && part ? set_operation(&t, node, str_of("UNION ALL"), part) : node ? node : part;
	}
	if (!node) {
		node = node_new(&t, "Result", 1, x->width);
		node->total = 0.01;
	}
	if (x->aggregates || x->grouped) {
		double groups = x->grouped ? fmax(1, rint(node->rows / 10)) : 1;
		node = over(&t, "Aggregate", node);
		node->strategy = x->grouped ? "Sorted" : "Plain";
		node->total += 0.01;
		node->rows = groups;
	}
	if (x->windows)
		node = over(&t, "WindowAgg", node);
	if (x->limited)
		node = over(&t, "Limit", node);
	node->width = x->change ? node->width : x->width;
	return x->change ? change_node(&t, node) : node;
}
