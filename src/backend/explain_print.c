/* A plan's tree as text, JSON or YAML, in PostgreSQL's layout. */
#include "backend/explain_tree.h"

enum { MAX_SHOWN = 200 };

/* --- text --- */

static void put_target(const ExplainPlan *x, const PlanNode *n, Buf *out)
{
	const ExplainName *e = n->name;
	const char *name = e->name && e->kind != 's' ? e->name : e->alias ? e->alias : "subquery";
	buf_puts(out, " on ");
	if (x->verbose && e->schema)
		buf_printf(out, "%s.", e->schema);
	buf_printf(out, "%s", name);
	if (e->alias && !streq(e->alias, name))
		buf_printf(out, " %s", e->alias);
}

static void put_label(const ExplainPlan *x, const PlanNode *n, Buf *out)
{
	if (n->operation)
		buf_puts(out, n->operation);
	else if (n->strategy && streq(n->type, "Aggregate"))
		buf_printf(out, "%s%s", streq(n->strategy, "Hashed") ? "Hash" : streq(n->strategy, "Sorted") ? "Group" : "", n->type);
	else if (n->strategy && streq(n->type, "SetOp"))
		buf_puts(out, "HashSetOp");
	else if (n->join_type && !streq(n->join_type, "Inner"))
		buf_printf(out, "%s %s Join", n->type, n->join_type);
	else
		buf_puts(out, n->type);
	if (n->index)
		buf_printf(out, " using %s", n->index);
	if (n->name)
		put_target(x, n, out);
	else if (n->function)
		buf_printf(out, " on %s", n->function);
}

static void put_text(const ExplainPlan *x, const PlanNode *n, const ExplainTimes *times, int depth, Buf *out)
{
	int indent = depth ? 6 * (depth - 1) + 2 : 0;
	if (depth > MAX_SHOWN)
		return;
	if (n->subplan) {
		buf_printf(out, "%*s%s\n", indent, "", n->subplan);
		indent += 2;
	}
	buf_printf(out, "%*s%s", indent, "", depth ? "->  " : "");
	put_label(x, n, out);
	if (x->costs)
		buf_printf(out, "  (cost=%.2f..%.2f rows=%.0f width=%d)", n->startup, n->total, n->rows, n->width);
	if (x->analyze && depth == 0 && x->timing)
		buf_printf(out, " (actual time=%.3f..%.3f rows=%llu loops=1)", times->first_ms, times->total_ms,
			   (unsigned long long)times->rows);
	else if (x->analyze && depth == 0)
		buf_printf(out, " (actual rows=%llu loops=1)", (unsigned long long)times->rows);
	buf_puts(out, "\n");
	if (n->condition)
		buf_printf(out, "%*sIndex Cond: %s\n", depth ? indent + 6 : 2, "", n->condition);
	for (const PlanNode *k = n->kids; k; k = k->next)
		put_text(x, k, times, depth + 1 + (n->subplan && depth == 0), out);
}

static void print_text(const ExplainPlan *x, const PlanNode *top, const ExplainTimes *times, Buf *out)
{
	if (top)
		put_text(x, top, times, 0, out);
	else
		buf_puts(out, "Utility Statement\n");
	if (x->summary)
		buf_printf(out, "Planning Time: %.3f ms\n", times->planning_ms);
	if (x->summary && x->analyze)
		buf_printf(out, "Execution Time: %.3f ms\n", times->total_ms);
}

/* --- JSON and YAML: the same properties --- */

typedef struct Writer {
	Buf *out;
	bool yaml;
	int depth;  /* indentation, in steps of two */
	bool first; /* nothing yet at this level */
	bool item;  /* YAML: the next property stands behind "- " */
} Writer;

static void put_quoted(Buf *out, const char *s)
{
	buf_put_u8(out, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_printf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			buf_printf(out, "\\u%04x", (unsigned char)*s);
		else
			buf_put_u8(out, (uint8_t)*s);
	}
	buf_put_u8(out, '"');
}

static void begin_property(Writer *w, const char *name)
{
	if (w->yaml) {
		if (w->item)
			w->item = false;
		else
			buf_printf(w->out, "\n%*s", w->depth * 2, "");
		buf_printf(w->out, "%s: ", name);
		return;
	}
	buf_printf(w->out, "%s\n%*s", w->first ? "" : ",", w->depth * 2, "");
	w->first = false;
	buf_printf(w->out, "\"%s\": ", name);
}

static void put_string(Writer *w, const char *name, const char *value)
{
	if (!value)
		return;
	begin_property(w, name);
	put_quoted(w->out, value);
}

static void put_number(Writer *w, const char *name, int decimals, double value)
{
	begin_property(w, name);
	buf_printf(w->out, "%.*f", decimals, value);
}

static void put_bool(Writer *w, const char *name, bool value)
{
	begin_property(w, name);
	buf_puts(w->out, value ? "true" : "false");
}

static void open_group(Writer *w, const char *name, char bracket)
{
	if (name)
		begin_property(w, name);
	else if (w->yaml)
		buf_printf(w->out, "%s%*s- ", w->out->len ? "\n" : "", w->depth * 2, "");
	else
		buf_printf(w->out, "%s\n%*s", w->first ? "" : ",", w->depth * 2, "");
	if (!w->yaml)
		buf_put_u8(w->out, (uint8_t)bracket);
	w->depth++;
	w->item = w->yaml && !name;
	w->first = true;
}

static void close_group(Writer *w, char bracket)
{
	w->depth--;
	if (!w->yaml)
		buf_printf(w->out, "\n%*s%c", w->depth * 2, "", bracket);
	w->first = w->item = false;
}

static void put_names(Writer *w, const ExplainPlan *x, const PlanNode *n)
{
	const ExplainName *e = n->name;
	put_string(w, "Index Name", n->index);
	put_string(w, "Function Name", n->function);
	if (!e)
		return;
	if (e->kind != 's' && e->kind != 'v')
		put_string(w, e->kind == 'r' ? "Relation Name" : e->kind == 'f' ? "Function Name" : "CTE Name", e->name);
	if (x->verbose)
		put_string(w, "Schema", e->schema);
	put_string(w, "Alias", e->alias ? e->alias : e->name);
}

static void put_node(Writer *w, const ExplainPlan *x, const PlanNode *n, const ExplainTimes *times, int depth)
{
	put_string(w, "Node Type", n->type);
	put_string(w, "Operation", n->operation);
	put_string(w, "Strategy", n->strategy);
	put_string(w, "Parent Relationship", n->relationship);
	put_string(w, "Subplan Name", n->subplan);
	put_bool(w, "Parallel Aware", false);
	put_bool(w, "Async Capable", false);
	put_string(w, "Scan Direction", n->index ? "Forward" : NULL);
	put_names(w, x, n);
	put_string(w, "Join Type", n->join_type);
	if (x->costs) {
		put_number(w, "Startup Cost", 2, n->startup);
		put_number(w, "Total Cost", 2, n->total);
		put_number(w, "Plan Rows", 0, n->rows);
		put_number(w, "Plan Width", 0, n->width);
	}
	if (x->analyze && depth == 0 && x->timing) {
		put_number(w, "Actual Startup Time", 3, times->first_ms);
		put_number(w, "Actual Total Time", 3, times->total_ms);
	}
	if (x->analyze && depth == 0) {
		put_number(w, "Actual Rows", 0, (double)times->rows);
		put_number(w, "Actual Loops", 0, 1);
	}
	put_string(w, "Index Cond", n->condition);
	if (!n->kids || depth > MAX_SHOWN)
		return;
	open_group(w, "Plans", '[');
	for (const PlanNode *k = n->kids; k; k = k->next) {
		bool first = w->first;
		w->item = false;
		w->first = first;
		open_group(w, NULL, '{');
		put_node(w, x, k, times, depth + 1);
		close_group(w, '}');
	}
	close_group(w, ']');
}

static void print_structured(const ExplainPlan *x, const PlanNode *top, const ExplainTimes *times, Buf *out)
{
	Writer w = { .out = out, .yaml = x->format == EXPLAIN_YAML, .first = true };
	if (!w.yaml)
		buf_puts(out, "[");
	w.depth = w.yaml ? 0 : 1;
	if (!top) {
		buf_puts(out, w.yaml ? "- \"Utility Statement\"" : "\n  \"Utility Statement\"");
	} else {
		open_group(&w, NULL, '{');
		open_group(&w, "Plan", '{');
		w.item = false;
		put_node(&w, x, top, times, 0);
		close_group(&w, '}');
		if (x->summary)
			put_number(&w, "Planning Time", 3, times->planning_ms);
		if (x->analyze)
			open_group(&w, "Triggers", '['), close_group(&w, ']');
		if (x->summary && x->analyze)
			put_number(&w, "Execution Time", 3, times->total_ms);
		close_group(&w, '}');
	}
	if (!w.yaml)
		buf_puts(out, "\n]");
}

void explain_print(const ExplainPlan *x, const PlanNode *top, const ExplainTimes *times, Buf *out)
{
	if (x->format != EXPLAIN_TEXT) {
		print_structured(x, top, times, out);
		return;
	}
	print_text(x, top, times, out);
	if (out->len && out->data[out->len - 1] == '\n')
		out->len--;
}
