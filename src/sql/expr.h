/* Inside the expression half of the analyser: what its files call of each other. */
#ifndef US_SQL_EXPR_H
#define US_SQL_EXPR_H

#include "sql/analyze.h"
#include "sql/oids.h"

/* Builtin or the user's type; NULL when there is none. */
const PgType *type_lookup(const Catalog *cat, uint32_t oid);
/* format_type of a type, for messages: "integer", "unknown". */
const char *type_name(ParseState *ps, uint32_t oid);
/* typcategory and typispreferred; 'X' for unknown. */
char type_category(const Catalog *cat, uint32_t oid, bool *preferred);
/* The type below a domain; any other type itself. */
uint32_t type_base(const Catalog *cat, uint32_t oid);
/* Element type of a true array type or of a domain over one, else 0. */
uint32_t type_element(const Catalog *cat, uint32_t oid);
/* The array type over a type, else 0. */
uint32_t type_array(const Catalog *cat, uint32_t oid);

/* coerce.c */
typedef enum CoercePath { PATH_NONE, PATH_RELABEL, PATH_FUNC, PATH_VIA_IO, PATH_ARRAY } CoercePath;
CoercePath coercion_path(const Catalog *cat, uint32_t from, uint32_t to, CoerceContext ctx, const PgProc **func);
bool is_binary_coercible(const Catalog *cat, uint32_t from, uint32_t to);
/* To the type that common_type chose; 42846 in the words of the context. */
Expr *coerce_to_common(ParseState *ps, Expr *e, uint32_t type, const char *context);
/* All at once, polymorphic arguments checked for consistency: PostgreSQL's can_coerce_type. */
bool can_coerce_args(const Catalog *cat, const uint32_t *from, const uint32_t *to, size_t n, CoerceContext ctx);
/* To a type without its typmod: PostgreSQL's coerce_type. The way must exist (can_coerce). */
Expr *coerce_type(ParseState *ps, Expr *e, uint32_t type, int32_t typmod, CoerceContext ctx, int location);
bool is_unknown_param(const Expr *e);

/* coerce_domain.c: a value of a domain as one of the type below it; any other expression itself. */
Expr *domain_value(ParseState *ps, Expr *e);
/* To a domain, which the expression is not of: to the type below it, then checked. */
Expr *domain_coerce(ParseState *ps, Expr *e, const PgType *domain, CoerceContext ctx, int location);
/* A value that input made: every domain in it is checked when the statement runs. */
Expr *domain_check_input(ParseState *ps, Expr *e);
/* coerce.c: the length or precision applied where it says something */
Expr *coerce_typmod(ParseState *ps, Expr *e, int32_t typmod, CoerceContext ctx);

/* coerce_const.c: an unknown literal (not NULL) as a constant of the type, which is no domain. */
Expr *const_of_type(ParseState *ps, const Expr *literal, const PgType *t, int32_t typmod);
/* A cast of a constant that can be done now without any change of meaning, or NULL. */
Expr *fold_cast(ParseState *ps, const Expr *c, uint32_t type);
/* regname.c: text -> OID of regclass, regtype ... */
int reg_lookup(ParseState *ps, uint32_t regtype, Str text, int location, uint32_t *oid);

/* polymorph.c */
bool is_polymorphic(uint32_t oid);
/* Whether actual argument types (0 or unknown ones are skipped) can be those of the declared polymorphic ones. */
/* A function's polymorphic result is known only from arguments of its family: which it wants, or NULL when one of `inputs` is one. */
const char *polymorphic_inputs_for(uint32_t result, const uint32_t *inputs, size_t n);
bool polymorphic_ok(const Catalog *cat, const uint32_t *actual, const uint32_t *declared, size_t n);
/* Replaces the polymorphic types in `declared` by real ones and returns the real result type; 0 on error. */
uint32_t polymorphic_resolve(ParseState *ps, const uint32_t *actual, uint32_t *declared, size_t n, uint32_t rettype, int location);

enum { FUNC_MAX_ARGS = 100 };

/* candidate.c: choosing among functions or operators of one name. */
typedef struct Candidate {
	uint32_t *args; /* effective argument types, one per actual argument */
	const PgProc *proc;
	const PgOperator *op;
	bool variadic; /* the last declared argument was expanded */
	int ndefaults; /* arguments taken from defaults */
	int *order;    /* named notation: declared position of each actual argument; NULL = as given */
} Candidate;
/* Keeps those that accept the arguments; returns how many. */
size_t candidates_match(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs);
/* PostgreSQL's func_select_candidate: the best one, or NULL when it is ambiguous. */
Candidate *candidates_select(const Catalog *cat, Candidate *c, size_t ncand, const uint32_t *args, size_t nargs);

/* fn_regname.c: "name(type,type)" of a function, NULL when there is none */
const char *sql_proc_signature(const SqlEnv *env, uint32_t oid, Arena *a);

/* extension.c: whether names without a schema, or with this one, can mean objects of the extension */
bool extension_visible(ParseState *ps, const CatExtension *x, const char *schema);
/* The functions of that name, PostgreSQL's own and those of extensions. schema may be NULL. */
const PgProc *procs_named(ParseState *ps, const char *schema, const char *name, size_t *n);

/* oper.c */
const PgOperator *find_operator(ParseState *ps, const char *name, const char *schema, uint32_t left, uint32_t right, int location);
int operator_name(ParseState *ps, PgQuery__Node *const *names, size_t n, const char **schema, const char **name);

/* func_range.c: the functions that have the name of a user's range or multirange type */
const PgProc *range_constructors(ParseState *ps, const char *schema, const char *name, size_t *n);
/* The cast of a user's range to its multirange; NULL when it is none. */
Expr *range_to_multirange(ParseState *ps, Expr *e, const PgType *t, int location);
bool is_range_to_multirange(const Catalog *cat, uint32_t from, uint32_t to);

/* func.c, func_agg.c */
Expr **an_args(ParseState *ps, PgQuery__Node *const *nodes, size_t n, ExprPlace place);
int finish_aggregate(ParseState *ps, Expr *f, const PgQuery__FuncCall *call, bool nested_agg, bool nested_window);
int finish_window(ParseState *ps, Expr *f, const PgQuery__FuncCall *call);
int inner_location(const Expr *f, ExprKind kind); /* of the first such call among the arguments, else of f */
int check_call_form(ParseState *ps, const PgProc *proc, const PgQuery__FuncCall *call, const char *name);
const char *place_name(ExprPlace place);
bool aggregates_allowed(ExprPlace place);
/* group_sets.c */
Expr *an_grouping(ParseState *ps, const PgQuery__GroupingFunc *g);
/* 0A000 with this message when the expression calls a set-returning function, subqueries aside. */
int refuse_srf(ParseState *ps, Expr *e, const char *what);
/* 42804 when it does: "argument of AND must not return a set". */
int forbid_set(ParseState *ps, Expr *e, const char *construct);

/* expr_op.c, expr_row.c, expr_sublink.c, expr_array.c, expr_misc.c */
Expr *an_a_expr(ParseState *ps, const PgQuery__AExpr *x);
Expr *an_row_compare(ParseState *ps, const char *op, const char *schema, ExprList *left, ExprList *right, int location);
Expr *an_sublink(ParseState *ps, const PgQuery__SubLink *s);
Expr *an_array(ParseState *ps, const PgQuery__AArrayExpr *x, uint32_t array_type, uint32_t elem_type, int32_t typmod);
Expr *an_indirection(ParseState *ps, const PgQuery__AIndirection *x);
/* One or more subscripts of an array, a jsonb or a point. */
Expr *an_subscripts(ParseState *ps, Expr *arg, PgQuery__Node *const *nodes, size_t n);
/* expr_json.c */
/* The document with the part that the subscripts name replaced by a jsonb. */
Expr *jsonb_assign(ParseState *ps, Expr *doc, PgQuery__Node *const *nodes, size_t n, Expr *value, int location);
Expr *an_jsonb_subscript(ParseState *ps, Expr *doc, PgQuery__Node *const *nodes, size_t n);
Expr *an_case(ParseState *ps, const PgQuery__CaseExpr *x);
Expr *an_sqlvalue(ParseState *ps, const PgQuery__SQLValueFunction *f);
Expr *an_collate(ParseState *ps, const PgQuery__CollateClause *c);
/* row_shape.c */
Expr *an_field(ParseState *ps, Expr *e, const char *name, int location);
Expr *row_to_type(ParseState *ps, Expr *e, const PgType *t, CoerceContext ctx, int location);
Expr *an_row(ParseState *ps, const PgQuery__RowExpr *r);
Expr *an_param(ParseState *ps, const PgQuery__ParamRef *r);
Expr *an_const(ParseState *ps, const PgQuery__AConst *c);
Expr *an_type_cast(ParseState *ps, const PgQuery__TypeCast *c);
Expr *make_bool(ParseState *ps, BoolOp op, Expr *x, Expr *y, int location); /* y NULL for NOT */
bool is_null_const(const Expr *e);
/* PostgreSQL's exprLocation: the leftmost position in an expression. */
int expr_location(const Expr *e);
/* The typmod that all of them share (and their type is the one given), else -1. */
int32_t shared_typmod(const ExprList *l, uint32_t type);

#endif
