/*
 * PL/pgSQL: the text of a function's body -> its tree. Pure; nothing here knows a catalog or a database.
 *
 * Names of variables are resolved while the text is read, as PostgreSQL does it: each variable has an index in PlFunction.vars. SQL
 * expressions and statements stay texts, together with the scope in which their names are to be looked up; sql/ analyses them.
 * Everything lives in the arena given.
 */
#ifndef US_PLPGSQL_TREE_H
#define US_PLPGSQL_TREE_H

#include "base/mem.h"
#include "base/str.h"

typedef struct PlVar PlVar;
typedef struct PlScope PlScope;
typedef struct PlStmt PlStmt;

/* A SQL expression or statement inside a program. */
typedef struct PlExpr {
	const char *sql;  /* a statement: expressions are written as SELECT ... */
	const char *text; /* as it is written */
	int line;
	int offset; /* of `text` in the body */
	int id;	    /* its place in PlFunction.exprs */
	const PlScope *scope;
	size_t visible; /* variables of the innermost scope that are declared before it */
} PlExpr;

/* A type as it is written: a SQL type's name, or the type of something else. */
typedef enum PlTypeKind {
	PL_TYPE_SQL,	 /* text */
	PL_TYPE_RECORD,	 /* record: whatever is assigned */
	PL_TYPE_OF_NAME, /* text.text%TYPE: a column */
	PL_TYPE_OF_ROW,	 /* text%ROWTYPE */
	PL_TYPE_OF_VAR,	 /* variable%TYPE */
	PL_TYPE_ARG,	 /* told by the function's signature */
} PlTypeKind;
typedef struct PlType {
	PlTypeKind kind;
	const char *text;
	int var; /* PL_TYPE_OF_VAR */
} PlType;

struct PlVar {
	const char *name;
	int index;
	int line;
	PlType type;
	bool constant, not_null;
	PlExpr *init;
	/* a cursor variable bound to a query */
	PlExpr *query;
	const int *args;
	size_t nargs;
	char scroll; /* 0, 's', 'n' */
};

struct PlScope {
	const PlScope *outer;
	const char *label;
	PlVar **vars;
	const char **names; /* under which each is known here: ALIAS FOR gives another */
	size_t n, cap;
};

/* Where a value goes: a variable, or a field or element of it. */
typedef struct PlTarget {
	int var;
	const char *path; /* what follows the name: ".a", "[i + 1]"; NULL for the whole */
	PlExpr *update;	  /* with a path: the new whole value, in which $0 stands for the value assigned */
} PlTarget;

typedef struct PlBody {
	PlStmt **items;
	size_t n, cap;
} PlBody;

/* One branch: of IF and CASE with a condition, of EXCEPTION with the names of conditions. */
typedef struct PlArm {
	PlExpr *when;
	const char **states; /* SQLSTATEs; class wide ones end in 000; "OTHERS" */
	size_t nstates;
	PlBody body;
} PlArm;

typedef enum PlKind {
	PL_BLOCK,
	PL_ASSIGN,
	PL_IF,
	PL_CASE,
	PL_LOOP,
	PL_WHILE,
	PL_FOR_INT,
	PL_FOR_QUERY,
	PL_FOR_CURSOR,
	PL_FOREACH,
	PL_EXIT,
	PL_RETURN,
	PL_RETURN_NEXT,
	PL_RETURN_QUERY,
	PL_RAISE,
	PL_ASSERT,
	PL_SQL,
	PL_EXECUTE,
	PL_PERFORM,
	PL_DIAGNOSTICS,
	PL_OPEN,
	PL_FETCH,
	PL_CLOSE,
	PL_NULL,
	PL_TRANSACTION,
} PlKind;

/* USING ERRCODE = ..., and the items of GET DIAGNOSTICS. */
typedef struct PlOption {
	const char *name; /* lower case */
	PlExpr *expr;
	PlTarget target;
} PlOption;

struct PlStmt {
	PlKind kind;
	int line;
	const char *label;
	PlExpr *expr;	   /* value, condition, query, message of ASSERT's second */
	PlExpr *expr2;	   /* upper bound of FOR, message of ASSERT */
	PlExpr *step;	   /* BY */
	PlTarget *targets; /* assignment, INTO, loop variables */
	size_t ntargets;
	bool into, strict; /* of SQL and EXECUTE */
	bool dynamic;	   /* the query is the value of `expr` */
	bool reverse, is_continue, stacked, is_move, is_rollback, chain;
	bool has_else;
	PlExpr **args; /* of RAISE's format, of USING, of a cursor */
	const char **arg_names;
	size_t nargs;
	PlBody body, else_body;
	PlArm *arms; /* ELSIF and WHEN; EXCEPTION WHEN of a block */
	size_t narms;
	bool has_handlers;
	/* RAISE */
	const char *level, *format, *state, *condition; /* the message, when there is no other, is the condition's name */
	PlOption *options;
	size_t noptions;
	/* blocks: variables to be set up anew each time */
	PlVar **vars;
	size_t nvars;
	int var; /* counter of FOR, cursor */
	int slice;
	int sqlstate_var, sqlerrm_var; /* blocks with handlers */
	char scroll;		       /* OPEN: 0, 's', 'n' */
	const char *direction;	       /* FETCH: next, prior, first, last, absolute, relative, forward, backward, all, backward all */
};

typedef struct PlFunction {
	const char *name;
	PlVar **vars;
	size_t nvars, vars_cap;
	PlExpr **exprs;
	size_t nexprs, exprs_cap;
	PlStmt *body;
	const PlScope *scope; /* the parameters */
	char conflict;	      /* #variable_conflict: 'e'rror, 'v'ariable, 'c'olumn */
	int found;	      /* variable FOUND */
} PlFunction;

/* What the function's signature says to the reader of its body. */
typedef struct PlSignature {
	const char *name;
	const char *const *arg_names; /* "" for none; they are the first variables */
	size_t nargs;
	bool is_trigger;
	bool is_procedure, returns_void, returns_set, has_out;
	bool checks_return; /* the three above are known: a body is read for a function, not for DO */
} PlSignature;

/* 42601 and kin; err->position counts the characters of the body. */
int pl_parse(Str body, const PlSignature *sig, Arena *a, PlFunction **out, Error *err);

/* The SQLSTATE of a condition's name ("division_by_zero"); NULL when there is none. Several names have several: n is how many. */
const char *pl_condition(const char *name, size_t *n);
/* The i-th SQLSTATE of a name. */
const char *pl_condition_state(const char *name, size_t i);

/* The variables that a trigger function has beside its own. */
enum { PL_TRIGGER_VARS = 12 };
extern const char *const pl_trigger_vars[PL_TRIGGER_VARS];

#endif
