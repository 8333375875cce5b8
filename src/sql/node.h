/*
 * The analysed form of a statement: PostgreSQL's names resolved, every expression typed. Made by the analyser from
 * libpg_query's parse tree, read by the emitter that writes SQLite text. Everything lives in the statement's arena.
 *
 * The shapes are those of PostgreSQL's own Query and primitive expression nodes (src/include/nodes/parsenodes.h and
 * primnodes.h), reduced to what this program uses. An operator is a call of its function; a cast is a call, a relabel
 * or a conversion through text, exactly as PostgreSQL decides.
 */
#ifndef US_SQL_NODE_H
#define US_SQL_NODE_H

#include "catalog/builtin.h"
#include "catalog/catalog.h"

typedef struct Expr Expr;
typedef struct Query Query;
typedef struct Rte Rte;
typedef struct SortItem SortItem;
typedef struct WindowDef WindowDef;

typedef struct ExprList {
	Expr **items;
	size_t n, cap;
} ExprList;
void expr_list_add(Arena *a, ExprList *l, Expr *e);

typedef enum ExprKind {
	X_CONST,	/* val */
	X_PARAM,	/* param: 1-based */
	X_VAR,		/* rte, column */
	X_FUNC,		/* proc, args (operators too); op = operator row when written as one */
	X_AGG,		/* proc, args, order, distinct, filter, star, direct args in args2 */
	X_WINDOW,	/* proc, args, filter, window */
	X_BOOL,		/* boolop, args */
	X_NULLTEST,	/* args[0], negated: IS NOT NULL; over a row when row_test */
	X_BOOLTEST,	/* args[0], booltest */
	X_DISTINCT,	/* IS DISTINCT FROM: proc = equality function, args[0..1], negated = IS NOT DISTINCT FROM */
	X_NULLIF,	/* proc = equality function, args[0..1] */
	X_SCALAR_ARRAY, /* args[0] op ANY/ALL (args[1] array): proc, use_or */
	X_IN_LIST,	/* args[0] op any of args[1..] when no array is needed (all elements are scalars of one type): proc, use_or */
	X_CASE,	     /* whens pairs in args (cond, result, cond, result ...); defresult. CASE x WHEN y has conditions x = y; when x must be
			computed once      it is in arg, and X_CASE_TEST in the conditions */
	X_CASE_TEST, /* the value of the innermost CASE's arg */
	X_COALESCE,  /* args */
	X_MINMAX,    /* args; is_least */
	X_ARRAY,     /* ARRAY[...]: args; type = array type; multidims when elements are arrays */
	X_ROW, /* ROW(...): args; names or NULL for f1, f2 ...; rte: whose whole row it is, NULL where a join found none. For a function of
		  an RTE_SRFS that returns records, column is the function's place */
	X_ROW_COMPARE, /* (a,b) op (c,d): args left, args2 right, procs in args order; rowop < <= > >= (= and <> become X_BOOL) */
	X_SUBLINK,     /* sublink kind, query, args = test expressions, proc = comparison (procs: one per column), rowop = its name */
	X_RELABEL,     /* args[0] with another type, same stored form */
	X_VIA_IO,      /* args[0] through its text form: type, typmod -1 */
	X_ARRAY_CAST,  /* args[0] element by element: arg is the cast of one, which is parameter 1 there */
	X_TYPMOD,      /* args[0] with typmod applied; is_explicit */
	X_VIEW_CHECK,  /* args[0], when args[1] holds; else the error of WITH CHECK OPTION of the view `name`, with the rest as the row */
	X_DOMAIN,      /* args[0] as a value of a domain, checked; deep: every domain inside of it too, for text and binary input */
	X_SUBSCRIPT,   /* args[0] array; subs upper in args2, lower in args3 when slice; an omitted bound of a slice is X_DEFAULT */
	X_ASSIGN_PART, /* args[0] with the part that args2 (and args3, as in X_SUBSCRIPT) names replaced by arg; jsonb: negated when the
			  first subscript is an integer */
	X_FIELD,       /* (composite).field: args[0], column */
	X_SQLVALUE,    /* CURRENT_DATE and kin: svf name in name */
	X_COLLATE,     /* args[0], name */
	X_DEFAULT,     /* DEFAULT in VALUES or SET */
	X_CONTENT,     /* args[0], a row's number, is among the candidates that the index table `name` has for args[1]; rowop: see
			  sqlite/content_search.c */
	X_ROWID,       /* the row identity of a relation's row: rte. Never from a user's text */
	X_GROUPING,    /* GROUPING(args) */
	X_CURRENT_OF,  /* WHERE CURRENT OF name: rte is the target */
} ExprKind;

typedef enum { BOOL_AND, BOOL_OR, BOOL_NOT } BoolOp;
typedef enum { TEST_TRUE, TEST_NOT_TRUE, TEST_FALSE, TEST_NOT_FALSE, TEST_UNKNOWN, TEST_NOT_UNKNOWN } BoolTest;
typedef enum { SUBLINK_EXISTS, SUBLINK_ALL, SUBLINK_ANY, SUBLINK_EXPR, SUBLINK_ARRAY, SUBLINK_ROWCOMPARE } SubLinkKind;

struct Expr {
	ExprKind kind;
	uint32_t type;	/* PostgreSQL type OID, never 0 after analysis; 705 (unknown) only before coercion */
	int32_t typmod; /* -1 = none */
	uint32_t collation;
	int location; /* byte offset in the source text, -1 = none */
	Val val;      /* X_CONST, in stored form; for type unknown, the literal's text */
	int param;
	Rte *rte;
	int column; /* 1-based: attnum for relations, output column number otherwise; 0 = whole row */
	const PgProc *proc;
	const PgOperator *op;
	const PgProc **procs; /* X_ROW_COMPARE and X_SUBLINK over rows: the operator's function, one per column */
	ExprList args, args2, args3;
	BoolOp boolop;
	BoolTest booltest;
	bool negated, use_or, star, is_distinct, is_explicit, is_least, multidims, row_test;
	bool variadic_array; /* f(VARIADIC array) */
	bool deep;	     /* X_DOMAIN */
	Expr *arg, *defresult, *filter;
	SortItem *order; /* aggregates */
	size_t norder;
	WindowDef *window;
	SubLinkKind sublink;
	Query *query;
	const char *name;
	const char *rowop;
	const char **names;
	/* How PostgreSQL shows a cast: the expression it was applied to, and 'i' implicit or 'e' explicit. NULL and 0: not a cast. Set on
	 * constants too that were converted at once. For deparse.h only; expr_walk and expr_equal do not look at it. */
	const Expr *cast_from;
	char cast;
};

struct SortItem {
	Expr *expr;
	bool desc, nulls_first;
	int target; /* 1-based output column when the item is one, else 0 */
};

struct WindowDef {
	const char *name;
	ExprList partition;
	SortItem *order;
	size_t norder;
	bool has_frame;
	char mode;	 /* 'r' rows, 'n' range, 'g' groups */
	char start, end; /* 'u' unbounded preceding, 'p' offset preceding, 'c' current, 'f' offset following, 'U' unbounded following */
	Expr *start_offset, *end_offset;
	char exclude; /* 0, 'c' current row, 'g' group, 't' ties */
};

typedef struct Column { /* an output column of a query or of an Rte */
	const char *name;
	uint32_t type;
	int32_t typmod;
	uint32_t collation;
} Column;

typedef enum RteKind {
	RTE_RELATION,
	RTE_SUBQUERY,
	RTE_FUNCTION,
	RTE_VALUES,
	RTE_CTE,
	RTE_RESULT,
	RTE_STORE,  /* rows kept by an earlier step of the plan: store, cols */
	RTE_GROUPS, /* the groups of a query, made by the emitter: grouped, group_aggs */
	RTE_SRFS,   /* set-returning functions of a select list: funcs */
} RteKind;

typedef struct Cte {
	const char *name;
	Query *query;
	bool recursive;	   /* refers to itself */
	char materialized; /* 0 default, 'm', 'n' */
	Column *cols;
	size_t ncols;
	int id; /* unique in the statement; emitted as cte<id> */
	int refs;
	bool modifying; /* INSERT, UPDATE, DELETE */
	char phase;	/* of a recursive query's analysis: 'n' its non-recursive term, 'r' its recursive term */
	bool loops;	/* SQLite cannot run its recursion: one step after the other */
	int location;
	bool stored; /* its rows are in `store` already (parts.h) */
	int store;
	size_t npath;	 /* how many of its last columns SEARCH and CYCLE add (cte_path.c) */
	bool *uses;	 /* which of the CTEs before it in the same WITH it refers to */
	int refs_within; /* how many of `refs` come from the same WITH */
} Cte;

struct Rte {
	RteKind kind;
	int id;		   /* unique in the statement; emitted as alias t<id> */
	const char *alias; /* as the user sees it */
	const CatRel *rel; /* RTE_RELATION */
	bool only;
	Query *query;	    /* RTE_SUBQUERY (views are expanded to this) */
	const CatRel *view; /* RTE_SUBQUERY that was a view */
	bool lateral;
	Expr *func; /* RTE_FUNCTION: an X_FUNC that returns a set or a value */
	bool with_ordinality;
	/* RTE_FUNCTION whose values are rows, one column for each of theirs: the type, record for a column definition list. json_rows: 1
	 * json, 2 jsonb objects that are to fill such a row, starting from row_base when there is one. */
	uint32_t row_type;
	int json_rows;
	Expr *row_base;
	ExprList funcs; /* RTE_SRFS: set-returning calls side by side, one column each, or those of a record */
	ExprList *rows; /* RTE_VALUES */
	size_t nrows;
	Cte *cte;
	int store;	      /* RTE_STORE */
	const Query *grouped; /* RTE_GROUPS: columns are its keys, then the aggregates */
	ExprList group_aggs;
	Column *cols; /* for relations: one per attnum, name NULL when dropped */
	size_t ncols;
	bool nullable;	     /* on the nullable side of an outer join */
	bool wants_presence; /* a row reference must see whether an outer join found a row of it */
	int location;
};

/* FROM is a tree of joins. USING and NATURAL are already turned into `on` and merged columns (COALESCE for FULL). */
typedef enum { JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL, JOIN_CROSS } JoinKind;
typedef struct FromItem {
	Rte *rte; /* leaf, or NULL for a join */
	JoinKind join;
	struct FromItem *left, *right;
	Expr *on;
} FromItem;

typedef struct Target {
	Expr *expr;
	const char *name;   /* output name */
	bool junk;	    /* only for ORDER BY; not sent */
	bool part;	    /* UPDATE: a part of the column was assigned, another may follow */
	int attnum;	    /* INSERT and UPDATE: the column assigned */
	uint32_t table_oid; /* RowDescription: set when the expression is a plain column */
	int16_t table_attnum;
} Target;

typedef struct TargetList {
	Target *items;
	size_t n, cap;
} TargetList;

typedef struct GroupSet { /* of GROUPING SETS: places in Query.group_by */
	int *keys;
	size_t n;
} GroupSet;

typedef enum { CMD_SELECT, CMD_INSERT, CMD_UPDATE, CMD_DELETE, CMD_MERGE } CmdKind;
typedef enum { SETOP_NONE, SETOP_UNION, SETOP_INTERSECT, SETOP_EXCEPT } SetOp;
typedef enum { LOCK_NONE, LOCK_KEY_SHARE, LOCK_SHARE, LOCK_NO_KEY_UPDATE, LOCK_UPDATE } LockStrength;

typedef struct OnConflict {
	bool do_update;	       /* else DO NOTHING */
	const CatIndex *index; /* arbiter; NULL = any (DO NOTHING without target) */
	ExprList targets;      /* index expressions or columns, for emission */
	Expr *target_where;
	TargetList set;
	Expr *where;
	Rte *excluded; /* columns of EXCLUDED */
} OnConflict;

typedef struct MergeAction {
	bool matched;
	Expr *when;		 /* NULL: always */
	Query *change;		 /* INSERT of one row of values, UPDATE or DELETE of the target; NULL = DO NOTHING */
	int store;		 /* of its values (parts_merge.c) */
	struct PlanWrite *write; /* rows are written one by one */
} MergeAction;

struct Query {
	CmdKind cmd;
	Cte **ctes;
	size_t nctes;
	bool with_recursive;
	bool has_modifying; /* one of the CTEs is */

	FromItem **from; /* comma list */
	size_t nfrom;
	Expr *where;
	TargetList targets; /* SELECT list; INSERT: source columns by attnum when there is no SELECT/VALUES; UPDATE: SET list */
	bool distinct;
	ExprList distinct_on;
	ExprList group_by;
	int *group_targets; /* the target that each key of grouping sets is, 1-based */
	bool has_grouping_sets;
	bool rewritten; /* not as it was written: set-returning functions have been moved */
	GroupSet *group_sets;
	size_t ngroup_sets;
	Expr *having;
	WindowDef **windows;
	size_t nwindows;
	bool has_aggs, has_windows, has_srfs, has_sublinks;
	SortItem *order;
	size_t norder;
	Expr *limit, *offset;
	bool with_ties;
	bool contents_used; /* content.c has been here */
	LockStrength lock;

	/* Set operations: `setop` of two queries; targets then describe the output columns (X_VAR over no rte is not used;
	 * names and types are in `cols`). ORDER BY and LIMIT of this level apply to the result. */
	SetOp setop;
	bool setop_all;
	Query *larg, *rarg;

	/* VALUES as a statement or INSERT source with several rows */
	ExprList *values;
	size_t nvalues;

	/* INSERT, UPDATE, DELETE */
	Rte *result;	     /* target relation */
	int *insert_attnums; /* INSERT: the columns given, in order */
	size_t ninsert;
	Query *source;	 /* INSERT ... SELECT or VALUES; NULL = DEFAULT VALUES */
	char overriding; /* 0, 's' system, 'u' user */
	OnConflict *conflict;
	TargetList returning;
	MergeAction *actions; /* MERGE: from[0] is the source, `where` the join condition */
	size_t nactions;

	Column *cols; /* output columns (after junk removal) */
	size_t ncols;
};

#endif
